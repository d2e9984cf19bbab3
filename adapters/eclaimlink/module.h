/* The module's entry, and its insurer side. The functions are those of struct zf_adapter, where they are described. */
#ifndef ECLAIMLINK_MODULE_H
#define ECLAIMLINK_MODULE_H

#include "zhifu_adapter.h"

int32_t eclaim_insurer_decode_claims(const void *context, void *call, const uint8_t *bytes, uint64_t len,
	struct zf_arena *arena, const struct zf_claim *const **ret_claims, uint32_t *ret_count,
	const struct zf_fault *const **ret_faults, uint32_t *ret_fault_count);
int32_t eclaim_insurer_encode_adjudication(const void *context, void *call, const struct zf_claim *claim,
	const struct zf_adjudication *adjudication, const uint8_t *request, uint64_t request_len,
	struct zf_arena *arena, const uint8_t **ret_bytes, uint64_t *ret_len, const char **ret_content_type);

#endif

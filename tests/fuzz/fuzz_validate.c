/* Whatever the FHIR reader hands over, faults or not, can be validated, worded and fingerprinted. */
#include <assert.h>

#include "base/mem.h"
#include "model/fingerprint.h"
#include "model/validate_document.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	struct fault_list faults;
	struct fhir_document document;
	struct validate_result *results;
	struct validate_options options = {.now_ms = INT64_C(1795000000000)};
	arena_init(&arena, 64u << 20);
	fault_list_init(&faults, &arena.zf, 0);
	uint32_t accept = FHIR_ACCEPT_CLAIM | FHIR_ACCEPT_BUNDLE | FHIR_ACCEPT_CONSENT | FHIR_ACCEPT_TASK;
	if (fhir_document_read((const char *)data, size, NULL, accept, &arena.zf, &faults, &document) == 0 &&
		validate_document(&document, &options, &arena.zf, &faults, &results) == 0) {
		for (uint32_t i = 0; i < document.claim_count; i++) {
			struct fingerprint_identity identities[FINGERPRINT_IDENTITIES_MAX];
			struct bytes content;
			const struct zf_claim *claim = document.claims[i];
			size_t count = fingerprint_identities(claim->patient, identities);
			/* Who has no identity is refused: consent could not be found. */
			assert(count > 0 || fault_refuses(&faults));
			assert(results[i].total.present || fault_refuses(&faults));
			int rc = fingerprint_claim(
				claim, results[i].service_day, &results[i].total, &arena.zf, &content);
			assert(rc == 0 || rc == ERR_NOMEM);
		}
	}
	for (uint32_t i = 0; i < faults.count; i++) {
		const char *en = fault_text_en(&arena.zf, &faults.items[i]);
		const char *zh = fault_text_zh(&arena.zf, &faults.items[i]);
		assert((en != NULL && zh != NULL) || arena.used_bytes > (32u << 20));
	}
	arena_free(&arena);
	return 0;
}

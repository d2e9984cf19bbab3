/* The side as the insurer: submissions read, advices written. */
#ifndef ECLAIMLINK_INSURER_H
#define ECLAIMLINK_INSURER_H

#include "eclaimlink/wire.h"

/* What a hospital uploaded: a Claim.Submission or Prior.Request by itself, or the UploadTransaction that holds it. */
struct eclaim_submission {
	const struct xml_element *root;
	const char *sender; /* Header/SenderID */
	const struct zf_claim *const *claims;
	const struct xml_element *const *elements; /* of each claim */
	uint32_t count;
};

/* LIB_INVALID with faults, LIB_NOMEM. */
int eclaim_submission_read(const struct eclaim_profile *profile, const void *bytes, size_t len, struct zf_arena *arena,
	struct fault_list *faults, struct eclaim_submission *ret) LIB_MUSTUSE;

/* ---- remittance_write.c ---- */

/* One Claim of an advice: what was decided about `request`, the Claim that was submitted. Gaps that are known only when
 * it is paid, the reference and the day, are left in it for eclaim_advice_write to fill. */
int eclaim_advice_claim_write(const struct eclaim_profile *profile, const struct xml_element *request,
	const struct zf_adjudication *adjudication, struct zf_arena *arena, struct text_span *ret_xml) LIB_MUSTUSE;
/* The same taken back: amounts negated, with a take-back's code. */
int eclaim_advice_claim_reverse(const struct eclaim_profile *profile, struct text_span claim, struct zf_arena *arena,
	struct text_span *ret_xml) LIB_MUSTUSE;
/* The advice for these claims; references: of each. */
int eclaim_advice_write(const struct eclaim_profile *profile, const char *receiver, int64_t now_ms,
	const struct text_span *claims, const char *const *references, uint32_t count, struct zf_arena *arena,
	struct text_span *ret_xml) LIB_MUSTUSE;
/* The answer to one Authorization of a Prior.Request, as a whole file. */
int eclaim_authorization_write(const struct eclaim_profile *profile, const char *receiver, int64_t now_ms,
	const struct xml_element *request, const struct zf_adjudication *adjudication, struct zf_arena *arena,
	struct text_span *ret_xml) LIB_MUSTUSE;

#endif

/* Files that go to the insurer: Claim.Submission, Prior.Request and Person.Register. The first follows the regulator's
 * schema; of the others no schema could be had, they follow what is known of their elements and order. */
#ifndef ECLAIMLINK_CLAIM_WRITE_H
#define ECLAIMLINK_CLAIM_WRITE_H

#include "eclaimlink/wire.h"

struct eclaim_writing {
	const struct eclaim_profile *profile;
	int64_t now_ms;
	struct zf_arena *arena;
	struct fault_list *faults;    /* what is missing or cannot be said, all of it */
	const struct zf_event *event; /* attachments; may be NULL */
};

/* Claims of use claim as Claim.Submission, others as Prior.Request; all of one use. LIB_INVALID with faults, LIB_NOMEM,
 * LIB_LIMIT. */
int eclaim_claims_write(const struct eclaim_writing *writing, const struct zf_claim *const *claims, uint32_t count,
	struct text_span *ret_xml) LIB_MUSTUSE;
/* Takes a Prior.Request back; needs no more than the claim's ref. */
int eclaim_cancel_write(
	const struct eclaim_writing *writing, const struct zf_claim *claim, struct text_span *ret_xml) LIB_MUSTUSE;
/* The claim's patient. */
int eclaim_person_write(
	const struct eclaim_writing *writing, const struct zf_claim *claim, struct text_span *ret_xml) LIB_MUSTUSE;
bool eclaim_is_claim(const struct zf_claim *claim);

/* ---- claim_fields.c: what of a claim becomes which element ---- */

#define ECLAIM_LINE_PATH 64

struct eclaim_amounts {
	struct zf_money gross, share, net;
};

/* Each adds a fault where the insurer demands what the claim has not, and returns "" or zero then. */
const char *eclaim_emirates_id(const struct eclaim_writing *writing, const struct zf_claim *claim);
const char *eclaim_member_id(const struct zf_claim *claim); /* NULL: none */
const char *eclaim_patient_id(const struct eclaim_writing *writing, const struct zf_claim *claim);
const char *eclaim_encounter_type(const struct eclaim_writing *writing, const struct zf_claim *claim);
struct zf_time eclaim_encounter_start(const struct zf_claim *claim);
struct zf_time eclaim_encounter_end(const struct zf_claim *claim);
const char *eclaim_diagnosis_type(const struct eclaim_writing *writing, const struct zf_claim *claim, uint32_t index);
const char *eclaim_diagnosis_code(const struct eclaim_writing *writing, const struct zf_claim *claim, uint32_t index);
/* ret_code: what ActivityCode says. */
const char *eclaim_activity_type(
	const struct eclaim_writing *writing, const struct zf_claim_line *line, uint32_t index, const char **ret_code);
const char *eclaim_clinician(const struct eclaim_writing *writing, const struct zf_claim *claim,
	const struct zf_claim_line *line, uint32_t index, bool ordering);
const char *eclaim_preauth_ref(const struct zf_claim *claim); /* NULL: none */
struct eclaim_amounts eclaim_line_amounts(
	const struct eclaim_writing *writing, const struct zf_claim *claim, uint32_t index);
/* The line's extension of that URL (extension.c); absent when it has none. */
struct zf_money eclaim_line_money(
	const struct eclaim_writing *writing, const struct zf_claim *claim, uint32_t index, const char *url);
/* The claim's sums; checked against its total and currency. */
struct eclaim_amounts eclaim_claim_amounts(const struct eclaim_writing *writing, const struct zf_claim *claim);
/* "correction", "internal complaint", ...; NULL: it corrects nothing. ret_comment: why. */
const char *eclaim_resubmission(
	const struct eclaim_writing *writing, const struct zf_claim *claim, const char **ret_comment);
/* Claim/ID: ours, or that of the claim that this one corrects. */
const char *eclaim_claim_id(const struct eclaim_profile *profile, const struct zf_claim *claim);

#endif

/* From a row of the database to the resource that a hospital reads: opened with the patient's key, with our id and
 * meta, and built where it was never stored as such. */
#ifndef INTAKE_RESOURCE_ANSWER_H
#define INTAKE_RESOURCE_ANSWER_H

#include "intake/intake.h"
#include "lib/text.h"

struct pg_result;
struct zf_claim;

enum resource_kind {
	RESOURCE_CLAIM,
	RESOURCE_CLAIM_RESPONSE,
	RESOURCE_EXPLANATION,
	RESOURCE_TASK,
	RESOURCE_CONSENT,
	RESOURCE_PAYMENT,
	RESOURCE_KINDS
};

struct resource {
	struct text_span text; /* in the arena */
	struct uuid id;
	int64_t updated_ms;
	int32_t version;
};

/* Makes the resource of one row (columns: enum read_column). ERR_NOTFOUND: the patient's key was erased; ERR_AGAIN: the
 * hospital's key is not open yet; ERR_NOMEM; ERR_DENIED, ERR_INVALID: what is stored does not open (logged by its id).
 */
int resource_make(struct intake *intake, const struct uuid *hospital, enum resource_kind kind,
	const struct pg_result *rows, int row, struct arena *arena, struct resource *ret_resource) MUSTUSE;

/* A patient's key out of its row; to be wiped. Errors likewise. */
int resource_patient_key(struct intake *intake, const struct uuid *hospital, const struct uuid *patient_key_id,
	struct bytes wrapped, int32_t version, struct key *ret_key) MUSTUSE;

/* What the insurer left out of its decision, patient and insurer, as the claim names them. ERR_NOMEM, ERR_INVALID.
 * Pure. */
int resource_name_parties(const struct zf_claim *claim, struct zf_arena *arena, struct text_span *answer) MUSTUSE;

/* A text of ours in both languages. */
struct resource_words {
	const char *english, *chinese;
};
/* How a claim in these states of transport and adjudication was cancelled; NULL: it was not. */
struct resource_words resource_cancelled_words(int transport, int adjudication);
/* What was decided about a cancelled claim is still shown, but not as what counts: status cancelled, and these words
 * before the disposition. NULL: leaves it alone. ERR_NOMEM, ERR_INVALID. */
int resource_mark_cancelled(struct resource_words words, struct arena *arena, struct text_span *text) MUSTUSE;

/* The raw value of a top-level member of a JSON object; {NULL, 0} when absent or when it is no object. Pure. */
struct text_span resource_member(struct text_span object, const char *name, struct zf_arena *arena);
/* The resource of the first entry of a Bundle. ERR_INVALID. Pure. */
int resource_first_entry(struct text_span bundle, struct zf_arena *arena, struct text_span *ret_resource) MUSTUSE;

/* The submitted Task with the status of now: for the answer to a new one as for reads. */
struct task_facts {
	struct uuid id;
	int64_t updated_ms;
	const char *status;
	const char *outcome; /* model/task_outcome.h; or NULL */
};
int resource_task(struct text_span submitted, const struct task_facts *facts, struct zf_arena *arena,
	struct text_span *ret_text) MUSTUSE;
int32_t resource_task_version(const char *status);

#endif

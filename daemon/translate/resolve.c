/* Which claims the facts of a round are about. */
#include <openssl/evp.h>
#include <string.h>

#include "translate/state.h"

#define EACH_FACT(job, fact, translate)                                                                                \
	for (struct job *job = (translate)->jobs; job < (translate)->jobs + (translate)->count; job++)                 \
		for (struct job_fact *fact = job->facts; fact != NULL; fact = fact->next)
/* The facts that look for a claim, in a fixed order: the ordinal of translate_resolve counts them from 1. */
#define EACH_UNRESOLVED(job, fact, translate)                                                                          \
	EACH_FACT(job, fact, translate)                                                                                \
	if (!fact->resolved && fact->same == NULL)

bool resolve_ask(struct translate *translate, struct db_params *params)
{
	struct db_array *hospital, *insurer, *ref, *kind, *hash;
	size_t n = 0;

	EACH_UNRESOLVED(job, fact, translate) n++;
	if (n == 0) return false;
	hospital = db_params_array(params, DB_UUID, n, 0);
	insurer = db_params_array(params, DB_TEXT, n, 0);
	ref = db_params_array(params, DB_TEXT, n, 0);
	kind = db_params_array(params, DB_TEXT, n, 0);
	hash = db_params_array(params, DB_BYTEA, n, n * 32);
	EACH_UNRESOLVED(job, fact, translate)
	{
		uint8_t digest[32];
		unsigned len;
		bool numbered = fact->wire_kind != NULL && fact->wire != NULL &&
				EVP_Digest(fact->wire, strlen(fact->wire), digest, &len, EVP_sha256(), NULL) == 1;

		db_array_uuid(hospital, &job->item.hospital_id);
		db_array_text(insurer, job->insurer->code);
		db_array_text(ref, fact->ref);
		db_array_text(kind, numbered ? fact->wire_kind : NULL);
		db_array_bytes(hash, numbered ? (struct bytes){digest, sizeof(digest)} : (struct bytes){NULL, 0});
	}
	return true;
}

static int text_keep(struct job *job, const char *text, const char **ret_text)
{
	*ret_text = text == NULL ? NULL : zf_strdup(&job->arena.zf, text);
	return text != NULL && *ret_text == NULL ? ERR_NOMEM : 0;
}

static void claim_take(const struct translate *translate, struct job *job, struct job_fact *fact,
	const struct pg_result *rows, int row)
{
	const struct room *room = &translate->room;
	struct job_claim claim = {.id = db_rows_uuid(rows, row, 1),
		.use = (int)db_rows_int(rows, row, 4),
		.transport = (int)db_rows_int(rows, row, 5)};
	struct uuid patient_key = db_rows_uuid(rows, row, 9);
	const char *currency = db_rows_text(rows, row, 7);

	claim.total = (struct zf_money){
		.minor = db_rows_int(rows, row, 6), .exponent = (uint8_t)db_rows_int(rows, row, 8), .present = 1};
	if (currency != NULL && strlen(currency) == 3) memcpy(claim.total.currency, currency, 4);
	if (!db_rows_null(rows, row, 10))
		claim.has_key = vault_patient(room->vault, room->keyring, &job->item.hospital_id,
					db_rows_bytes(rows, row, 12), (int)db_rows_int(rows, row, 11), &patient_key,
					db_rows_bytes(rows, row, 10), &claim.key) == 0;
	if (!db_rows_null(rows, row, 13)) claim.doubt_message = db_rows_uuid(rows, row, 13);
	if (text_keep(job, db_rows_text(rows, row, 2), &claim.ref) < 0 ||
		text_keep(job, db_rows_text(rows, row, 3), &claim.insurer) < 0) {
		job->harvest.err = err_set(ERR_NOMEM, "no memory for a claim");
		return;
	}
	fact->claim = claim;
}

void resolve_take(struct translate *translate, const struct pg_result *rows)
{
	int row = 0;
	int n = 0;
	int count = db_rows_count(rows);

	/* The function's rows come in the order of its ordinals or nearly so: walk both, and start over where not. */
	EACH_UNRESOLVED(job, fact, translate)
	{
		n++;
		if (row >= count || db_rows_int(rows, row, 0) != n) {
			for (row = 0; row < count && db_rows_int(rows, row, 0) != n; row++) {
			}
		}
		if (row < count) claim_take(translate, job, fact, rows, row++);
	}
	EACH_UNRESOLVED(job, fact, translate) fact->resolved = true;
	/* Whose ref led nowhere has a number of its own to be found by: it looks for itself. */
	EACH_FACT(job, fact, translate)
	{
		if (fact->same == NULL) continue;
		fact->claim = fact->same->claim;
		fact->resolved = !uuid_is_nil(&fact->claim.id);
		fact->same = NULL;
	}
}

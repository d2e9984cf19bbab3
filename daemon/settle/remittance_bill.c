/* Some hundred details at a time: each is asked for in all its readings. */
#include "settle/remittance_bill.h"

#include "db/sync.h"
#include "model/directory.h"
#include "settle/bill_number.h"

#define DETAILS_AT_ONCE 200
#define VERSIONS_MAX 64
#define ASKED_BYTES_MAX (256u << 20)

/* What is asked for at once. */
struct asking {
	const struct remittance_books *books;
	const struct advice *advice;
	uint16_t versions[VERSIONS_MAX];
	size_t version_count;
	struct db_params params;
	struct db_array *rows, *readings, *carriers, *hashes;
};

static void asking_begin(struct asking *asking, struct arena *arena)
{
	arena_reset(arena);
	db_params_init(&asking->params, arena);
	db_params_uuid(&asking->params, &asking->books->hospital->id);
	asking->rows = db_params_array(&asking->params, DB_INT4, DETAILS_AT_ONCE, 0);
	asking->readings = db_params_array(&asking->params, DB_INT4, DETAILS_AT_ONCE, 0);
	asking->carriers = db_params_array(&asking->params, DB_TEXT, DETAILS_AT_ONCE, 0);
	asking->hashes = db_params_array(&asking->params, DB_BYTEA, DETAILS_AT_ONCE, 0);
}

/* Who bears what does not say it: a remitter that is an insurer pays its own. NULL: any. */
static const char *carrier_of(const struct asking *asking, const struct advice_detail *detail)
{
	const char *remitter = asking->advice->remitter;

	if (detail->carrier != NULL) return detail->carrier;
	return directory_insurer(asking->books->directory, remitter) != NULL ? remitter : NULL;
}

/* A detail in all readings of its number, each as one of each system. */
static int detail_ask(struct asking *asking, uint32_t no, struct arena *arena)
{
	const struct advice_detail *detail = &asking->advice->details[no];
	const struct hospital *hospital = asking->books->hospital;
	const char *readings[BILL_READINGS_MAX];
	uint8_t hash[LOOKUP_HASH_BYTES];
	uint32_t count = 0;
	int r = bill_number_readings(detail->bill, &arena->zf, readings, &count);

	if (r < 0) return err_set(r, "no memory for a remittance");
	for (uint32_t i = 0; i < count; i++) {
		for (size_t n = 0; n < hospital->bill_system_count * asking->version_count; n++) {
			r = bill_number_hash(asking->books->keyring, asking->versions[n % asking->version_count],
				hospital, (uint32_t)(n / asking->version_count), readings[i], hash);
			if (r < 0) return r;
			db_array_int4(asking->rows, (int32_t)no);
			db_array_int4(asking->readings, (int32_t)i);
			db_array_text(asking->carriers, carrier_of(asking, detail));
			db_array_bytes(asking->hashes, (struct bytes){hash, sizeof(hash)});
		}
	}
	return 0;
}

/* Takes what the database answers. */
static int answers_take(struct asking *asking, struct arena *arena, const char **refs, uint32_t *several, bool *ret_any)
{
	struct pg_result *rows = NULL;
	int r = db_sync_query(asking->books->db,
		"SELECT no, ref, claims FROM zhifu.remittance_bills($1, $2, $3, $4, $5)", &asking->params, &rows);

	for (int row = 0; r == 0 && row < db_rows_count(rows); row++) {
		int64_t no = db_rows_int(rows, row, 0);

		if (db_rows_null(rows, row, 1)) {
			several[no] = (uint32_t)db_rows_int(rows, row, 2);
			continue;
		}
		refs[no] = zf_strdup(&arena->zf, db_rows_text(rows, row, 1));
		if (refs[no] == NULL) r = err_set(ERR_NOMEM, "no memory for a remittance");
		*ret_any = true;
	}
	db_sync_rows_free(rows);
	return r;
}

int remittance_bills_find(const struct remittance_books *books, const struct advice *advice, const bool *found,
	struct arena *arena, const char **refs, uint32_t *several, bool *ret_any)
{
	struct asking asking = {.books = books, .advice = advice};
	struct arena asked CLEANUP(arena_free);
	uint32_t count = 0;
	int r = 0;

	*ret_any = false;
	arena_init(&asked, ASKED_BYTES_MAX);
	if (books->hospital->bill_system_count == 0) return 0;
	asking.version_count = keyring_versions(books->keyring, KEY_LOOKUP, asking.versions, VERSIONS_MAX);
	for (uint32_t i = 0; r == 0 && i < advice->detail_count; i++) {
		const struct advice_detail *detail = &advice->details[i];

		if (detail->kind == ADVICE_OF_CLAIM && detail->bill != NULL && !found[i]) {
			if (count++ == 0) asking_begin(&asking, &asked);
			r = detail_ask(&asking, i, &asked);
		}
		if (r == 0 && count > 0 && (count == DETAILS_AT_ONCE || i + 1 == advice->detail_count)) {
			r = answers_take(&asking, arena, refs, several, ret_any);
			count = 0;
		}
	}
	return r;
}

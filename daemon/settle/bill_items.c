/* A claim is opened with its patient's key, as translate does, and only where the contract asks for its items. */
#include "settle/bill_items.h"

#include "base/key.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/seal.h"
#include "db/batch.h"
#include "db/keyhold.h"
#include "fhir/document.h"
#include "model/contract_price.h"

/* Columns of settle_bill_contents. */
enum { COLUMN_CONTENT = 1, COLUMN_PATIENT_KEY, COLUMN_WRAPPED, COLUMN_VERSION };

static int content_open(const struct keyhold *hold, struct sealer *sealer, const struct uuid *hospital,
	const struct uuid *claim, const struct pg_result *rows, int row, struct arena *arena, struct bytes *ret_plain)
{
	struct uuid patient = db_rows_uuid(rows, row, COLUMN_PATIENT_KEY);
	struct key key;
	int r = keyhold_patient(hold, hospital, &patient, (int)db_rows_int(rows, row, COLUMN_VERSION),
		db_rows_bytes(rows, row, COLUMN_WRAPPED), &key);

	if (r < 0) return r;
	r = seal_open(sealer, &key, claim, SEAL_CLAIM, db_rows_bytes(rows, row, COLUMN_CONTENT), SEAL_PLAIN_BYTES_MAX,
		arena, ret_plain);
	key_wipe(&key);
	return r;
}

static void bill_log(enum log_level level, const char *what, const struct uuid *claim, int r)
{
	char id[UUID_TEXT_LEN];

	uuid_format(claim, id);
	log_fields(level, what, "claim", id, "error", r == 0 ? NULL : err_name(r), NULL);
}

/* The claim of a row; 1: the patient was erased. Errors are logged. */
static int claim_open(const struct keyhold *hold, struct sealer *sealer, const struct uuid *hospital,
	const struct uuid *claim, const struct pg_result *rows, int row, struct arena *arena,
	const struct zf_claim **ret_claim)
{
	const char *waits = "a bill waits: its claim can't be opened";
	struct fhir_document document = {0};
	struct fault_list faults;
	struct bytes plain;
	int r;

	if (db_rows_null(rows, row, COLUMN_WRAPPED)) {
		bill_log(LOG_WARN, "a bill's patient is erased: nothing is taken off it", claim, 0);
		return 1;
	}
	r = content_open(hold, sealer, hospital, claim, rows, row, arena, &plain);
	if (r == 0) {
		waits = "a bill waits: its claim can't be read";
		fault_list_init(&faults, &arena->zf, 0);
		r = fhir_document_read((const char *)plain.ptr, plain.len, NULL, FHIR_ACCEPT_CLAIM | FHIR_ACCEPT_BUNDLE,
			&arena->zf, &faults, &document);
		if (r == 0 && document.claim_count == 0) r = ERR_INVALID;
		if (r == 0) *ret_claim = document.claims[0];
	}
	if (r < 0) bill_log(LOG_ERROR, waits, claim, r);
	return r;
}

int bill_items_allowance(const struct keyhold *hold, struct sealer *sealer, const struct uuid *hospital,
	const struct uuid *claim, const struct contract *contract, struct zf_money billed, const struct pg_result *rows,
	int row, struct arena *arena, struct zf_money *ret_off)
{
	const struct zf_claim *opened = NULL;
	int r = claim_open(hold, sealer, hospital, claim, rows, row, arena, &opened);

	if (r == 1) {
		*ret_off = billed;
		ret_off->minor = 0;
		return 0;
	}
	if (r < 0) return r;
	r = contract_items_allowance(contract, opened, billed, ret_off);
	if (r < 0)
		bill_log(
			LOG_ERROR, "a bill waits: what the contract takes off its items can't be worked out", claim, r);
	return r;
}

int bill_items_take(const struct keyhold *hold, struct sealer *sealer, const struct uuid *hospital,
	const struct uuid *claim, const struct contract *contract, struct zf_money billed, const struct zone *zone,
	int32_t day, const struct pg_result *rows, int row, struct arena *arena, struct arena *kept,
	struct contract_items *ret)
{
	const struct zf_claim *opened = NULL;
	int r = claim_open(hold, sealer, hospital, claim, rows, row, arena, &opened);

	if (r != 0) return r;
	r = contract_items_take(contract, opened, billed, zone, day, &kept->zf, ret);
	if (r < 0) bill_log(LOG_ERROR, "a bill waits: there is no memory for its items", claim, r);
	return r;
}

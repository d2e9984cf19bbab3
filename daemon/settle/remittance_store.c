/* An advice to the parameters of remittance_put(). */
#include "settle/remittance_store.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/point.h"
#include "db/sync.h"
#include "fhir/encode.h"
#include "lib/date.h"
#include "lib/money.h"
#include "lib/text.h"
#include "model/directory.h"
#include "model/lifecycle.h"
#include "settle/remittance_bill.h"

#define TOLD_BYTES_MAX (32u << 20) /* an answer of /v1 */

/* One that is under way. */
struct storing {
	const struct remittance_books *books;
	struct remittance_put *put;
	struct arena *arena;
	struct sealer *sealer;
	struct uuid id;
	const char **refs;        /* by detail: our ref of its claim; NULL: it says none, and no number found one */
	uint32_t *several;        /* by detail: claims of which its number of a bill is, if more than one */
	struct pg_result *claims; /* rows of remittance_claims, by ordinal */
	struct db_params params;
};

/* A row of remittance_claims. */
enum { C_ORDINAL, C_CLAIM, C_REF, C_INSURER, C_FITS, C_BOOKS, C_TOTAL, C_CURRENCY, C_PATIENT, C_WRAPPED };

const struct advice_profile *remittance_profile(const struct hospital *hospital, const char *name)
{
	for (uint32_t i = 0; i < hospital->advice_profile_count; i++)
		if (strcmp(hospital->advice_profiles[i].name, name) == 0) return &hospital->advice_profiles[i];
	return NULL;
}

void remittance_check(const struct advice *advice, const struct directory *directory, struct fault_list *faults,
	struct advice_sums *ret_sums)
{
	for (uint32_t i = 0; i < advice->detail_count; i++) {
		const struct advice_detail *detail = &advice->details[i];
		char place[32] = "";

		if (detail->carrier == NULL || directory_insurer(directory, detail->carrier) != NULL) continue;
		if (detail->row > 0) (void)snprintf(place, sizeof(place), "%u", detail->row);
		fault_add(faults, FAULT_CONTRACT_STRANGER, place, detail->carrier, NULL);
	}
	if (advice_sums(advice, ret_sums) != 0) fault_add(faults, FAULT_AMOUNT_ABSURD, "", "?", "2^63");
}

static int no_memory(void)
{
	return err_set(ERR_NOMEM, "no memory for a remittance");
}

static int seal_one(struct storing *storing, const struct key *key, const struct uuid *id, enum seal_kind kind,
	struct bytes plain, struct bytes *ret)
{
	return seal(storing->sealer, key, id, kind, plain, storing->arena, ret);
}

static struct bytes bytes_of(struct text_span text)
{
	return (struct bytes){(const uint8_t *)text.ptr, text.len};
}

/* Our ref as it is stored, however it was written; NULL: it is none. */
static const char *ref_of(const char *claim, char ref[REF_TEXT_LEN])
{
	size_t n = 0;

	for (const char *p = claim; p != NULL && *p != '\0'; p++) {
		if (*p == ' ' || *p == '-') continue;
		if (n + 1 >= REF_TEXT_LEN) return NULL;
		ref[n++] = (char)toupper((unsigned char)*p);
	}
	ref[n] = '\0';
	return ref_valid(ref) ? ref : NULL;
}

/* ---- the claims ---- */

/* By our refs and the insurers' numbers. */
static int claims_ask(struct storing *storing)
{
	const struct advice *advice = storing->put->advice;
	struct db_params params;
	struct db_array *carriers;
	struct db_array *refs;
	struct db_array *numbers;

	db_params_init(&params, storing->arena);
	db_params_uuid(&params, &storing->books->hospital->id);
	db_params_text(&params, advice->remitter);
	carriers = db_params_array(&params, DB_TEXT, advice->detail_count, 0);
	refs = db_params_array(&params, DB_TEXT, advice->detail_count, 0);
	numbers = db_params_array(&params, DB_TEXT, advice->detail_count, 0);
	for (uint32_t i = 0; i < advice->detail_count; i++) {
		const struct advice_detail *detail = &advice->details[i];

		db_array_text(carriers, detail->carrier);
		db_array_text(refs, storing->refs[i]);
		db_array_text(numbers, detail->insurer_claim);
	}
	db_sync_rows_free(storing->claims);
	storing->claims = NULL;
	return db_sync_query(storing->books->db,
		"SELECT ordinal, claim_id, ref, insurer, fits, books, total_minor, currency, patient_key_id, patient_wrapped"
		" FROM zhifu.remittance_claims($1, $2, $3, $4, $5) ORDER BY ordinal",
		&params, &storing->claims);
}

static void several_tell(struct storing *storing)
{
	const struct advice *advice = storing->put->advice;

	for (uint32_t i = 0; i < advice->detail_count; i++) {
		char place[32], count[16];

		if (storing->several[i] == 0) continue;
		if (advice->details[i].row > 0)
			(void)snprintf(place, sizeof(place), "%u", advice->details[i].row);
		else
			(void)snprintf(place, sizeof(place), "claims[%u].bill", i);
		(void)snprintf(count, sizeof(count), "%u", storing->several[i]);
		fault_add(storing->put->faults, FAULT_ADVICE_BILL, place, count, NULL);
	}
}

/* Where it has none of our refs and no number of the insurer's finds one, by the hospital's own number of the bill: a
 * ref that is not here names another claim than the bill does. */
static int claims_find(struct storing *storing)
{
	const struct advice *advice = storing->put->advice;
	size_t n = (size_t)advice->detail_count + 1;
	bool *found = zf_alloc_array(&storing->arena->zf, n, sizeof(*found));
	bool any = false;
	int r;

	storing->refs = zf_alloc_array(&storing->arena->zf, n, sizeof(*storing->refs));
	storing->several = zf_alloc_array(&storing->arena->zf, n, sizeof(*storing->several));
	if (found == NULL || storing->refs == NULL || storing->several == NULL) return no_memory();
	for (uint32_t i = 0; i < advice->detail_count; i++) {
		char ref[REF_TEXT_LEN];

		if (ref_of(advice->details[i].claim, ref) == NULL) continue;
		storing->refs[i] = zf_strdup(&storing->arena->zf, ref);
		if (storing->refs[i] == NULL) return no_memory();
		found[i] = true;
	}
	r = claims_ask(storing);
	for (int row = 0; r == 0 && row < db_rows_count(storing->claims); row++)
		found[db_rows_int(storing->claims, row, C_ORDINAL) - 1] = true;
	if (r == 0)
		r = remittance_bills_find(
			storing->books, advice, found, storing->arena, storing->refs, storing->several, &any);
	if (r == 0) several_tell(storing);
	return r == 0 && any ? claims_ask(storing) : r;
}

/* ---- what it decides ---- */

static bool decides(const struct storing *storing, int row)
{
	const struct advice_detail *detail =
		&storing->put->advice->details[db_rows_int(storing->claims, row, C_ORDINAL) - 1];

	return detail->kind == ADVICE_OF_CLAIM && db_rows_bool(storing->claims, row, C_FITS) &&
	       db_rows_int(storing->claims, row, C_BOOKS) == BOOKS_BILLED && detail->amount.minor >= 0 &&
	       detail->billed.present && detail->billed.minor == db_rows_int(storing->claims, row, C_TOTAL) &&
	       detail->amount.minor <= detail->billed.minor &&
	       strcmp(detail->amount.currency, db_rows_text(storing->claims, row, C_CURRENCY)) == 0 &&
	       !db_rows_null(storing->claims, row, C_WRAPPED);
}

/* As schema/051_remittance.sql has it in adjudication.adjustments. */
static struct zf_adjustment adjustment_of(const struct advice_detail *detail)
{
	struct zf_adjustment adjustment = {.group = ZF_GROUP_PI, .reason = ZF_REASON_OTHER, .amount = detail->billed};

	adjustment.amount.minor -= detail->amount.minor;
	if (detail->difference == ADVICE_PATIENT) {
		adjustment.group = ZF_GROUP_PR;
		adjustment.reason = ZF_REASON_COINSURANCE;
	} else if (detail->difference == ADVICE_CONTRACT) {
		adjustment.group = ZF_GROUP_CO;
		adjustment.reason = ZF_REASON_CONTRACT_PRICE;
	}
	return adjustment;
}

static int decision_encode(struct storing *storing, int row, const struct uuid *id, struct text_span *ret_json)
{
	const struct advice_detail *detail =
		&storing->put->advice->details[db_rows_int(storing->claims, row, C_ORDINAL) - 1];
	struct zf_adjustment adjustment = adjustment_of(detail);
	const struct zf_adjustment *adjustments[] = {&adjustment};
	struct zf_line_result line = {.adjustments = adjustments, .adjustment_count = adjustment.amount.minor > 0};
	const struct zf_line_result *lines[] = {&line};
	struct zf_adjudication told = {.size = sizeof(told),
		.outcome = ZF_OUTCOME_COMPLETE,
		.use = ZF_USE_CLAIM,
		.insurer_claim_no = detail->insurer_claim,
		.disposition = detail->remark,
		.submitted = detail->billed,
		.benefit = detail->amount,
		.lines = lines,
		.line_count = line.adjustment_count};
	struct zf_claim claim = {.size = sizeof(claim), .use = ZF_USE_CLAIM};
	struct uuid claim_id = db_rows_uuid(storing->claims, row, C_CLAIM);
	char id_text[UUID_TEXT_LEN];
	char claim_text[UUID_TEXT_LEN];
	char now[CLOCK_TEXT_LEN];
	struct fhir_answer_options options = {.id = id_text, .last_updated = now};

	uuid_format(id, id_text);
	uuid_format(&claim_id, claim_text);
	clock_format(clock_wall_ms(), now);
	memcpy(claim.id, claim_text, sizeof(claim_text));
	(void)text_copy_cut(text_of(db_rows_text(storing->claims, row, C_REF)), claim.ref, sizeof(claim.ref));
	options.request_reference = arena_printf(storing->arena, "Claim/%s", claim_text);
	if (options.request_reference == NULL ||
		fhir_encode_claim_response(&claim, &told, &options, &storing->arena->zf, ret_json) != 0)
		return no_memory();
	return 0;
}

/* The arrays j_detail, j_id, j_content. */
static int decisions_add(struct storing *storing)
{
	struct db_array *detail = db_params_array(&storing->params, DB_INT4, 64, 0);
	struct db_array *ids = db_params_array(&storing->params, DB_UUID, 64, 0);
	struct db_array *contents = db_params_array(&storing->params, DB_BYTEA, 64, 0);
	int r = 0;

	for (int row = 0; r == 0 && row < db_rows_count(storing->claims); row++) {
		struct uuid id = uuid_new();
		struct text_span json = {NULL, 0};
		struct bytes sealed = {NULL, 0};
		struct uuid patient;
		struct key key;

		if (!decides(storing, row)) continue;
		patient = db_rows_uuid(storing->claims, row, C_PATIENT);
		r = decision_encode(storing, row, &id, &json);
		if (r == 0)
			r = key_set_unwrap(
				storing->books->keys, &patient, db_rows_bytes(storing->claims, row, C_WRAPPED), &key);
		if (r < 0) break;
		r = seal_one(storing, &key, &id, SEAL_FACT, bytes_of(json), &sealed);
		key_wipe(&key);
		if (r < 0) break;
		db_array_int4(detail, (int32_t)db_rows_int(storing->claims, row, C_ORDINAL));
		db_array_uuid(ids, &id);
		db_array_bytes(contents, sealed);
	}
	return r;
}

/* ---- the remittance ---- */

/* As FHIR has it, for those who read it there. */
static int content_encode(struct storing *storing, struct text_span *ret_json)
{
	const struct advice *advice = storing->put->advice;
	struct zf_remittance_detail *details =
		zf_alloc_array(&storing->arena->zf, (size_t)advice->detail_count + 1, sizeof(*details));
	const struct zf_remittance_detail **list =
		zf_alloc_array(&storing->arena->zf, (size_t)advice->detail_count + 1, sizeof(*list));
	struct zf_remittance told = {.size = sizeof(told),
		.identifier = advice->identifier,
		.amount = advice->amount,
		.payment_reference = advice->payment_reference,
		.details = list,
		.detail_count = advice->detail_count};
	char id_text[UUID_TEXT_LEN];
	struct fhir_answer_options options = {.id = id_text};
	struct date date;

	if (details == NULL || list == NULL) return no_memory();
	for (uint32_t i = 0; i < advice->detail_count; i++) {
		const struct advice_detail *detail = &advice->details[i];

		details[i].claim_ref = storing->refs[i] != NULL ? storing->refs[i] : detail->claim;
		details[i].insurer_claim_no = detail->insurer_claim;
		details[i].amount = detail->amount;
		if (detail->fee.minor != 0) details[i].fee = detail->fee;
		details[i].type = detail->kind == ADVICE_OF_CLAIM ? "payment" : "adjustment";
		list[i] = &details[i];
	}
	uuid_format(&storing->id, id_text);
	if (advice->payment_day != ADVICE_NO_DAY && date_from_day(advice->payment_day, &date) == 0)
		told.payment_date = date_to_time(&date);
	return fhir_encode_remittance(&told, &options, NULL, &storing->arena->zf, ret_json) == 0 ? 0 : no_memory();
}

static void details_add(struct storing *storing)
{
	const struct advice *advice = storing->put->advice;
	uint32_t n = advice->detail_count;
	struct db_array *kind = db_params_array(&storing->params, DB_INT2, n, 0);
	struct db_array *carrier = db_params_array(&storing->params, DB_TEXT, n, 0);
	struct db_array *ref = db_params_array(&storing->params, DB_TEXT, n, 0);
	struct db_array *number = db_params_array(&storing->params, DB_TEXT, n, 0);
	struct db_array *billed = db_params_array(&storing->params, DB_INT8, n, 0);
	struct db_array *amount = db_params_array(&storing->params, DB_INT8, n, 0);
	struct db_array *fee = db_params_array(&storing->params, DB_INT8, n, 0);
	struct db_array *tax = db_params_array(&storing->params, DB_INT8, n, 0);
	struct db_array *difference = db_params_array(&storing->params, DB_INT2, n, 0);

	for (uint32_t i = 0; i < n; i++) {
		const struct advice_detail *detail = &advice->details[i];
		const char *own = storing->refs[i];

		db_array_int2(kind, detail->kind);
		db_array_text(carrier, detail->carrier);
		db_array_text(ref, own != NULL ? own : detail->claim);
		db_array_text(number, detail->insurer_claim);
		if (detail->billed.present)
			db_array_int8(billed, detail->billed.minor);
		else
			db_array_null(billed);
		db_array_int8(amount, detail->amount.minor);
		db_array_int8(fee, detail->fee.minor);
		db_array_int8(tax, detail->tax.minor);
		db_array_int2(difference, detail->difference);
	}
}

/* $1 to $15: the advice as a whole. */
static int whole_add(struct storing *storing)
{
	const struct remittance_put *put = storing->put;
	const struct advice *advice = put->advice;
	const struct key *key = &storing->books->keys->items[0];
	struct db_params *params = &storing->params;
	struct text_span document = {NULL, 0};
	struct text_span content = {NULL, 0};
	struct bytes sealed_content = {NULL, 0};
	struct bytes sealed_document = {NULL, 0};
	struct bytes sealed_file = {NULL, 0};
	uint8_t hash[32];
	int r = advice_write_document(advice, &storing->arena->zf, &document) == 0 ? 0 : no_memory();

	if (r == 0) r = content_encode(storing, &content);
	if (r == 0 && EVP_Digest(document.ptr, document.len, hash, NULL, EVP_sha256(), NULL) != 1) r = no_memory();
	if (r == 0) r = seal_one(storing, key, &storing->id, SEAL_FACT, bytes_of(content), &sealed_content);
	if (r == 0) r = seal_one(storing, key, &storing->id, SEAL_FACT, bytes_of(document), &sealed_document);
	if (r == 0 && put->file.ptr != NULL)
		r = seal_one(storing, key, &storing->id, SEAL_FILE, put->file, &sealed_file);
	if (r < 0) return r;
	db_params_uuid(params, &storing->books->hospital->id);
	db_params_uuid(params, &storing->id);
	db_params_text(params, advice->remitter);
	db_params_text(params, advice->identifier);
	db_params_int8(params, advice->amount.minor);
	db_params_text(params, advice->amount.currency);
	db_params_int2(params, advice->amount.exponent);
	if (advice->payment_day == ADVICE_NO_DAY)
		db_params_null(params);
	else
		db_params_date(params, advice->payment_day);
	db_params_text(params, advice->payment_reference);
	db_params_int2(params, (int16_t)put->form);
	db_params_text(params, put->profile);
	db_params_bytes(params, (struct bytes){hash, sizeof(hash)});
	db_params_bytes(params, sealed_content);
	db_params_bytes(params, sealed_document);
	db_params_bytes(params, sealed_file);
	return 0;
}

static void result_take(struct remittance_put *put, struct pg_result *rows)
{
	put->outcome = (enum remittance_outcome)db_rows_int(rows, 0, 0);
	put->id = db_rows_uuid(rows, 0, 1);
	put->version = (int)db_rows_int(rows, 0, 2);
	put->decided = (uint32_t)db_rows_int(rows, 0, 7);
	if (db_rows_null(rows, 0, 3)) return;
	put->standing = (enum remittance_standing)db_rows_int(rows, 0, 3);
	(void)!money_make(db_rows_int(rows, 0, 4), text_of(db_rows_text(rows, 0, 5)), &put->other);
	put->other_count = (int)db_rows_int(rows, 0, 6);
}

/* Under which name and number the one that is there counts. */
static int other_name(struct storing *storing)
{
	struct remittance_put *put = storing->put;
	struct pg_result *rows = NULL;
	struct db_params params;
	int r;

	db_params_init(&params, storing->arena);
	db_params_uuid(&params, &storing->books->hospital->id);
	db_params_uuid(&params, &put->id);
	r = db_sync_query(storing->books->db,
		"SELECT insurer, identifier FROM zhifu.remittance WHERE hospital_id = $1 AND remittance_id = $2",
		&params, &rows);
	if (r == 0) {
		put->other_remitter = zf_strdup(&storing->arena->zf, db_rows_text(rows, 0, 0));
		put->other_identifier = zf_strdup(&storing->arena->zf, db_rows_text(rows, 0, 1));
	}
	db_sync_rows_free(rows);
	return r;
}

/* The key and the hash of a request of /v1 behind the hospital. */
static void key_params(struct storing *storing, struct db_params *params)
{
	db_params_init(params, storing->arena);
	db_params_uuid(params, &storing->books->hospital->id);
	db_params_bytes(params, storing->books->key_hash);
	db_params_bytes(params, storing->books->body_hash);
}

/* What was answered to the first of its kind. */
static int told_open(struct storing *storing, struct bytes sealed)
{
	struct remittance_put *put = storing->put;
	struct bytes plain = {NULL, 0};
	int r = sealer_new(&storing->sealer);

	if (r == 0)
		r = key_set_open(storing->books->keys, storing->sealer, &put->id, SEAL_FACT, sealed, TOLD_BYTES_MAX,
			storing->arena, &plain);
	sealer_free(storing->sealer);
	if (r == 0) put->told = (struct text_span){(const char *)plain.ptr, plain.len};
	return r;
}

int remittance_seen(const struct remittance_books *books, struct arena *arena, struct remittance_put *put)
{
	struct storing storing = {.books = books, .put = put, .arena = arena};
	struct pg_result *rows = NULL;
	struct db_params params;
	int r;

	put->outcome = REMITTANCE_COUNTS;
	if (books->key_hash.ptr == NULL) return 0;
	key_params(&storing, &params);
	r = db_sync_query(books->db, "SELECT outcome, id, told FROM zhifu.api_key_seen($1, $2, $3)", &params, &rows);
	if (r == 0 && !db_rows_null(rows, 0, 0)) {
		put->outcome = (enum remittance_outcome)db_rows_int(rows, 0, 0);
		if (!db_rows_null(rows, 0, 1)) put->id = db_rows_uuid(rows, 0, 1);
		if (!db_rows_null(rows, 0, 2)) r = told_open(&storing, db_rows_bytes(rows, 0, 2));
	}
	db_sync_rows_free(rows);
	return r;
}

/* Tells what became of it, and keeps that for whoever asks the same again. */
static int key_done(struct storing *storing)
{
	struct remittance_put *put = storing->put;
	const struct remittance_books *books = storing->books;
	struct bytes sealed = {NULL, 0};
	struct db_params params;
	int r = 0;

	if (put->outcome < 0) return 0;
	if (put->tell != NULL) r = put->tell(put, put->tell_ctx);
	if (r < 0 || books->key_hash.ptr == NULL) return r;
	if (put->told.ptr != NULL)
		r = seal_one(storing, &books->keys->items[0], &put->id, SEAL_FACT, bytes_of(put->told), &sealed);
	if (r < 0) return r;
	key_params(storing, &params);
	db_params_uuid(&params, &put->id);
	db_params_bytes(&params, sealed);
	return db_sync_query(books->db, "SELECT zhifu.api_key_done($1, $2, $3, $4, $5)", &params, NULL);
}

/* Why, sealed, in hex; NULL: nothing is said. */
static int why_seal(struct storing *storing, const char **ret)
{
	struct text_span why = storing->put->why == NULL ? (struct text_span){NULL, 0} : text_of(storing->put->why);
	struct bytes sealed;
	char *hex;
	int r;

	*ret = NULL;
	if (text_trim(why).len == 0) return 0;
	r = seal_one(storing, &storing->books->keys->items[0], &storing->id, SEAL_FACT, bytes_of(why), &sealed);
	if (r < 0) return r;
	hex = zf_alloc(&storing->arena->zf, 2 * sealed.len + 1);
	if (hex == NULL) return no_memory();
	text_hex_encode(sealed.ptr, sealed.len, hex);
	*ret = hex;
	return 0;
}

static int run(struct storing *storing)
{
	struct remittance_put *put = storing->put;
	struct pg_result *rows = NULL;
	struct db_array *several;
	const char *why = NULL;
	uint32_t found = 0;
	int r = sealer_new(&storing->sealer);

	if (r == 0) r = claims_find(storing);
	if (r < 0) return r;
	storing->id = uuid_new();
	for (uint32_t i = 0; i < put->advice->detail_count; i++)
		put->strangers += put->advice->details[i].kind == ADVICE_OF_CLAIM;
	for (int row = 0; row < db_rows_count(storing->claims); row++)
		found += put->advice->details[db_rows_int(storing->claims, row, C_ORDINAL) - 1].kind ==
				 ADVICE_OF_CLAIM &&
			 db_rows_bool(storing->claims, row, C_FITS);
	put->strangers -= found;
	db_params_init(&storing->params, storing->arena);
	r = whole_add(storing);
	if (r < 0) return r;
	details_add(storing);
	r = decisions_add(storing);
	if (r == 0) r = why_seal(storing, &why);
	if (r < 0) return r;
	db_params_uuid(&storing->params, put->replaces);
	db_params_bool(&storing->params, put->another);
	db_params_text(&storing->params, storing->books->who);
	db_params_text(&storing->params, why);
	several = db_params_array(&storing->params, DB_INT4, 16, 0);
	for (uint32_t i = 0; i < put->advice->detail_count; i++)
		if (storing->several[i] > 0) db_array_int4(several, (int32_t)i + 1);
	r = db_sync_query(storing->books->db,
		"SELECT outcome, advice_id, version, other_standing, other_amount, other_currency, other_count, decided "
		"FROM zhifu.remittance_put("
		"$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26,"
		" $27, $28, $29, $30, $31, $32)",
		&storing->params, &rows);
	if (r == 0) result_take(put, rows);
	db_sync_rows_free(rows);
	return r == 0 && put->outcome == REMITTANCE_REPEAT ? other_name(storing) : r;
}

int remittance_store(const struct remittance_books *books, struct arena *arena, struct remittance_put *put)
{
	struct storing storing = {.books = books, .put = put, .arena = arena};
	int r = db_sync_script(books->db, "BEGIN");

	if (r < 0) return r;
	r = db_sync_tenant(books->db, &books->hospital->id);
	if (r == 0) r = remittance_seen(books, arena, put);
	if (r == 0 && put->outcome == REMITTANCE_COUNTS) {
		r = run(&storing);
		if (r == 0) r = key_done(&storing);
	}
	if (r == 0) {
		POINT("remittance.before_commit");
		r = db_sync_script(books->db, "COMMIT");
		if (r == ERR_CLOSED) r = err_set(ERR_UNKNOWN, "the connection was lost in COMMIT");
	} else {
		(void)!db_sync_script(books->db, "ROLLBACK");
	}
	if (r == 0) POINT("remittance.after_commit");
	db_sync_rows_free(storing.claims);
	sealer_free(storing.sealer);
	return r;
}

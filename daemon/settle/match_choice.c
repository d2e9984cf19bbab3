/* Choices to JSON and back, and into the parameters of their posting. */
#include "settle/match_choice.h"

#include <jansson.h>
#include <openssl/evp.h>
#include <string.h>

#include "db/params.h"
#include "lib/currency.h"
#include "lib/json_write.h"
#include "lib/money.h"

/* ---- writing ---- */

static void member_uuid(struct json_writer *json, const char *key, const struct uuid *id)
{
	char text[UUID_TEXT_LEN];

	uuid_format(id, text);
	json_write_member(json, key, text);
}

/* Zeros are left out. */
static void member_int(struct json_writer *json, const char *key, int64_t number)
{
	if (number != 0) json_write_member_int64(json, key, number);
}

static void member_sum(struct json_writer *json, const char *key, struct match_sum sum)
{
	if (sum.minor == 0 && sum.book == 0) return;
	json_write_key(json, key);
	json_write_array_begin(json);
	json_write_int64(json, sum.minor);
	json_write_int64(json, sum.book);
	json_write_array_end(json);
}

static void reason_write(struct json_writer *json, const struct match_reason *reason)
{
	json_write_object_begin(json);
	json_write_member_int64(json, "code", reason->code);
	member_int(json, "number", reason->number);
	member_int(json, "times", reason->times);
	if (reason->amount.present) {
		json_write_member_int64(json, "amount", reason->amount.minor);
		json_write_member(json, "currency", reason->amount.currency);
	}
	json_write_object_end(json);
}

void match_conversion_take(const struct rate_conversion *made, const struct stored_rates *rates, bool of_owed,
	struct match_conversion *ret)
{
	*ret = (struct match_conversion){.from = made->from.minor,
		.to = made->to.minor,
		.of_owed = of_owed,
		.rule = made->rule,
		.count = made->path.count};
	for (uint8_t i = 0; i < ret->count; i++) {
		const struct rate_step *step = &made->path.steps[i];

		ret->steps[i].rate = *rate_rows_id(rates, &step->rate);
		ret->steps[i].multiplied = step->direction == MONEY_TARGET_PER_SOURCE;
	}
}

/* As match_post() takes it, too. */
static void conversion_write(struct json_writer *json, const struct match_conversion *conversion)
{
	json_write_member_int64(json, "from", conversion->from);
	json_write_member_int64(json, "to", conversion->to);
	json_write_member_bool(json, "of_owed", conversion->of_owed);
	json_write_member_int64(json, "rule", conversion->rule);
	json_write_key(json, "steps");
	json_write_array_begin(json);
	for (uint8_t i = 0; i < conversion->count; i++) {
		json_write_object_begin(json);
		member_uuid(json, "rate", &conversion->steps[i].rate);
		json_write_member_bool(json, "multiplied", conversion->steps[i].multiplied);
		json_write_object_end(json);
	}
	json_write_array_end(json);
}

static void part_write(struct json_writer *json, const struct match_allot *part)
{
	json_write_object_begin(json);
	json_write_member_int64(json, "kind", part->kind);
	if (part->has_claim) {
		member_uuid(json, "claim", &part->claim);
		json_write_member(json, "ref", part->ref);
		json_write_member(json, "plan", part->plan);
		json_write_member(json, "owed", part->owed);
		json_write_member_int64(json, "version", part->version);
	}
	if (part->has_remittance) {
		member_uuid(json, "remittance", &part->remittance);
		member_int(json, "detail", part->detail);
	}
	member_int(json, "amount", part->amount);
	member_int(json, "cleared", part->cleared);
	member_int(json, "over", part->over);
	member_int(json, "short", part->short_by);
	member_int(json, "fx", part->fx);
	member_sum(json, "charge", part->charge);
	member_sum(json, "discount", part->discount);
	member_sum(json, "fee", part->fee);
	member_sum(json, "unexplained", part->unexplained);
	if (part->conversion.count > 0) {
		json_write_key(json, "conversion");
		json_write_object_begin(json);
		conversion_write(json, &part->conversion);
		json_write_object_end(json);
	}
	json_write_object_end(json);
}

int match_choice_write(const struct match_choice *choice, struct zf_arena *arena, struct text_span *ret_json)
{
	struct json_writer json;

	json_write_init(&json, arena, MATCH_CHOICE_BYTES_MAX);
	json_write_object_begin(&json);
	json_write_member_int64(&json, "kind", choice->kind);
	json_write_member_int64(&json, "score", choice->score);
	json_write_member_bool(&json, "sound", choice->sound);
	if (choice->kind == MATCH_REVERSAL) {
		member_uuid(&json, "credit", &choice->credit);
		member_int(&json, "credit_part", choice->credit_part);
	}
	json_write_member(&json, "line_kind", choice->line_kind);
	json_write_member(&json, "account", choice->account);
	json_write_key(&json, "reasons");
	json_write_array_begin(&json);
	for (uint32_t i = 0; i < choice->reason_count; i++) reason_write(&json, &choice->reasons[i]);
	json_write_array_end(&json);
	json_write_key(&json, "parts");
	json_write_array_begin(&json);
	for (uint32_t i = 0; i < choice->part_count; i++) part_write(&json, &choice->parts[i]);
	json_write_array_end(&json);
	json_write_object_end(&json);
	return json_write_finish(&json, ret_json);
}

/* ---- reading: it was written above, so what is missing is zero ---- */

static int64_t take_int(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static bool take_uuid(const json_t *object, const char *key, struct uuid *ret)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL && uuid_parse(text, ret) == 0;
}

static struct match_sum take_sum(const json_t *object, const char *key)
{
	const json_t *pair = json_object_get(object, key);

	return (struct match_sum){
		json_integer_value(json_array_get(pair, 0)), json_integer_value(json_array_get(pair, 1))};
}

static void text_copy(const char *text, char *to, size_t size)
{
	if (text != NULL && strlen(text) < size) memcpy(to, text, strlen(text) + 1);
}

static void conversion_read(const json_t *object, struct match_conversion *ret)
{
	const json_t *steps = json_object_get(object, "steps");

	if (json_array_size(steps) > RATE_STEPS_MAX) return;
	ret->from = take_int(object, "from");
	ret->to = take_int(object, "to");
	ret->of_owed = json_is_true(json_object_get(object, "of_owed"));
	ret->rule = (uint8_t)take_int(object, "rule");
	for (size_t i = 0; i < json_array_size(steps); i++) {
		const json_t *step = json_array_get(steps, i);

		if (!take_uuid(step, "rate", &ret->steps[i].rate)) return;
		ret->steps[i].multiplied = json_is_true(json_object_get(step, "multiplied"));
		ret->count = (uint8_t)(i + 1);
	}
}

/* ERR_NOMEM. */
static int part_read(const json_t *object, struct zf_arena *arena, struct match_allot *part)
{
	const char *plan = json_string_value(json_object_get(object, "plan"));
	int digits;

	*part = (struct match_allot){
		.kind = (uint8_t)take_int(object, "kind"),
		.version = (int32_t)take_int(object, "version"),
		.detail = (int32_t)take_int(object, "detail"),
		.amount = take_int(object, "amount"),
		.cleared = take_int(object, "cleared"),
		.over = take_int(object, "over"),
		.short_by = take_int(object, "short"),
		.fx = take_int(object, "fx"),
		.charge = take_sum(object, "charge"),
		.discount = take_sum(object, "discount"),
		.fee = take_sum(object, "fee"),
		.unexplained = take_sum(object, "unexplained"),
	};
	conversion_read(json_object_get(object, "conversion"), &part->conversion);
	part->has_claim = take_uuid(object, "claim", &part->claim);
	part->has_remittance = take_uuid(object, "remittance", &part->remittance);
	text_copy(json_string_value(json_object_get(object, "ref")), part->ref, sizeof(part->ref));
	text_copy(json_string_value(json_object_get(object, "owed")), part->owed, sizeof(part->owed));
	digits = part->owed[0] != '\0' ? currency_exponent(part->owed) : 0;
	part->owed_exponent = (uint8_t)(digits < 0 ? 0 : digits);
	part->plan = plan == NULL ? NULL : zf_strdup(arena, plan);
	return plan != NULL && part->plan == NULL ? ERR_NOMEM : 0;
}

static void reason_read(const json_t *object, struct match_reason *reason)
{
	const char *currency = json_string_value(json_object_get(object, "currency"));

	*reason = (struct match_reason){.code = (uint8_t)take_int(object, "code"),
		.number = (uint8_t)take_int(object, "number"),
		.times = (uint32_t)take_int(object, "times")};
	if (currency != NULL && money_make(take_int(object, "amount"), text_of(currency), &reason->amount) != 0)
		reason->amount = (struct zf_money){0};
}

/* What it is by the chart. ERR_NOMEM, ERR_INVALID. */
static int own_read(const json_t *root, struct zf_arena *arena, struct match_choice *choice)
{
	const char *kind = json_string_value(json_object_get(root, "line_kind"));
	const char *account = json_string_value(json_object_get(root, "account"));

	if (kind == NULL || account == NULL || choice->part_count != 1) return ERR_INVALID;
	choice->line_kind = zf_strdup(arena, kind);
	choice->account = zf_strdup(arena, account);
	return choice->line_kind == NULL || choice->account == NULL ? ERR_NOMEM : 0;
}

int match_choice_read(struct text_span text, struct zf_arena *arena, struct match_choice *ret)
{
	json_t *root = json_loadb(text.ptr, text.len, 0, NULL);
	const json_t *reasons = json_object_get(root, "reasons");
	const json_t *parts = json_object_get(root, "parts");
	struct match_choice choice = {.kind = (uint8_t)take_int(root, "kind"),
		.score = (uint16_t)take_int(root, "score"),
		.sound = json_is_true(json_object_get(root, "sound")),
		.credit_part = (int32_t)take_int(root, "credit_part"),
		.reason_count = (uint32_t)json_array_size(reasons),
		.part_count = (uint32_t)json_array_size(parts)};
	int r = 0;

	if (root == NULL || choice.kind > MATCH_OWN || choice.reason_count > MATCH_REASONS_MAX ||
		(choice.kind == MATCH_REVERSAL && !take_uuid(root, "credit", &choice.credit)))
		r = ERR_INVALID;
	if (r == 0 && choice.kind == MATCH_OWN) r = own_read(root, arena, &choice);
	if (r == 0) choice.parts = zf_alloc_array(arena, choice.part_count + 1, sizeof(*choice.parts));
	if (r == 0 && choice.parts == NULL) r = ERR_NOMEM;
	for (uint32_t i = 0; r == 0 && i < choice.reason_count; i++)
		reason_read(json_array_get(reasons, i), &choice.reasons[i]);
	for (uint32_t i = 0; r == 0 && i < choice.part_count; i++)
		r = part_read(json_array_get(parts, i), arena, &choice.parts[i]);
	json_decref(root);
	if (r == 0) *ret = choice;
	return r;
}

void match_choice_print(const struct match_choice *choice, uint8_t ret[MATCH_PRINT_BYTES])
{
	EVP_MD_CTX *digest = EVP_MD_CTX_new();
	bool good = digest != NULL && EVP_DigestInit_ex(digest, EVP_sha256(), NULL) == 1 &&
		    EVP_DigestUpdate(digest, &choice->kind, 1) == 1;

	if (choice->kind == MATCH_REVERSAL)
		good = good && EVP_DigestUpdate(digest, &choice->credit, sizeof(choice->credit)) == 1;
	if (choice->kind == MATCH_OWN)
		good = good && EVP_DigestUpdate(digest, choice->line_kind, strlen(choice->line_kind)) == 1;
	for (uint32_t i = 0; good && i < choice->part_count; i++) {
		const struct match_allot *part = &choice->parts[i];

		/* what is kept of the money by the way is no other answer */
		if (!part->has_claim && !part->has_remittance) continue;
		good = EVP_DigestUpdate(digest, &part->kind, 1) == 1 &&
		       EVP_DigestUpdate(digest, &part->claim, sizeof(part->claim)) == 1 &&
		       EVP_DigestUpdate(digest, &part->remittance, sizeof(part->remittance)) == 1;
	}
	good = good && EVP_DigestFinal_ex(digest, ret, NULL) == 1;
	EVP_MD_CTX_free(digest);
	assert(good);
}

/* ---- posting ---- */

/* The arrays of the parts, in the order of match_post(). */
enum { PART_AMOUNTS = 11 };

static void part_amounts(const struct match_allot *part, int64_t ret[PART_AMOUNTS])
{
	const int64_t all[PART_AMOUNTS] = {part->amount, part->cleared, part->over, part->charge.minor,
		part->charge.book, part->discount.minor, part->discount.book, part->fee.minor, part->fee.book,
		part->unexplained.minor, part->unexplained.book};

	memcpy(ret, all, sizeof(all));
}

void match_choice_digest(const struct match_choice *choice, uint8_t ret[MATCH_PRINT_BYTES])
{
	const int32_t head[] = {choice->kind, choice->sound, choice->credit_part};
	EVP_MD_CTX *digest = EVP_MD_CTX_new();
	bool good = digest != NULL && EVP_DigestInit_ex(digest, EVP_sha256(), NULL) == 1 &&
		    EVP_DigestUpdate(digest, head, sizeof(head)) == 1 &&
		    EVP_DigestUpdate(digest, &choice->credit, sizeof(choice->credit)) == 1;

	if (choice->kind == MATCH_OWN)
		good = good && EVP_DigestUpdate(digest, choice->line_kind, strlen(choice->line_kind)) == 1 &&
		       EVP_DigestUpdate(digest, choice->account, strlen(choice->account)) == 1;
	for (uint32_t i = 0; good && i < choice->part_count; i++) {
		const struct match_allot *part = &choice->parts[i];
		const int32_t of[] = {part->kind, part->detail, part->owed_exponent};
		int64_t amounts[PART_AMOUNTS];

		part_amounts(part, amounts);
		good = EVP_DigestUpdate(digest, of, sizeof(of)) == 1 &&
		       EVP_DigestUpdate(digest, &part->claim, sizeof(part->claim)) == 1 &&
		       EVP_DigestUpdate(digest, &part->remittance, sizeof(part->remittance)) == 1 &&
		       EVP_DigestUpdate(digest, part->owed, sizeof(part->owed)) == 1 &&
		       EVP_DigestUpdate(digest, amounts, sizeof(amounts)) == 1;
	}
	good = good && EVP_DigestFinal_ex(digest, ret, NULL) == 1;
	EVP_MD_CTX_free(digest);
	assert(good);
}

/* The conversions of the parts, by their numbers among those that are posted; null: there are none. */
static void conversions_bind(struct db_params *params, const struct match_posting *postings, size_t count)
{
	struct json_writer json;
	struct text_span text;
	int64_t number = 0;
	bool any = false;

	json_write_init(&json, &params->arena->zf, DB_PARAM_BYTES_MAX); /* of a round's postings, each may be large */
	for (size_t i = 0; i < count; i++) {
		for (uint32_t j = 0; j < postings[i].choice->part_count; j++) {
			const struct match_allot *part = &postings[i].choice->parts[j];

			if (part->kind == MATCH_PART_STAYS) continue;
			number++;
			if (part->conversion.count == 0) continue;
			if (!any) json_write_array_begin(&json);
			any = true;
			json_write_object_begin(&json);
			json_write_member_int64(&json, "part", number);
			conversion_write(&json, &part->conversion);
			json_write_object_end(&json);
		}
	}
	if (!any) {
		db_params_text(params, NULL);
		return;
	}
	json_write_array_end(&json);
	if (json_write_finish(&json, &text) == 0) {
		db_params_text(params, text.ptr);
	} else {
		db_params_text(params, NULL);
		params->err = ERR_NOMEM;
	}
}

void match_post_params(struct db_params *params, const struct uuid *hospital, const char *who, const char *why,
	bool by_hand, const struct match_posting *postings, size_t count)
{
	struct db_array *allocation, *line, *part, *version, *of, *kind, *claim, *receivable, *remittance, *detail;
	struct db_array *amounts[PART_AMOUNTS];
	size_t parts = 0;

	for (size_t i = 0; i < count; i++) parts += postings[i].choice->part_count;
	db_params_uuid(params, hospital);
	db_params_text(params, who);
	db_params_text(params, why);
	db_params_bool(params, by_hand);
	allocation = db_params_array(params, DB_UUID, count, 0);
	line = db_params_array(params, DB_UUID, count, 0);
	part = db_params_array(params, DB_INT4, count, 0);
	version = db_params_array(params, DB_INT4, count, 0);
	of = db_params_array(params, DB_INT4, parts, 0);
	kind = db_params_array(params, DB_INT2, parts, 0);
	claim = db_params_array(params, DB_UUID, parts, 0);
	receivable = db_params_array(params, DB_INT4, parts, 0);
	remittance = db_params_array(params, DB_UUID, parts, 0);
	detail = db_params_array(params, DB_INT4, parts, 0);
	for (int k = 0; k < PART_AMOUNTS; k++) amounts[k] = db_params_array(params, DB_INT8, parts, 0);
	for (size_t i = 0; i < count; i++) {
		db_array_uuid(allocation, &postings[i].allocation);
		db_array_uuid(line, &postings[i].line);
		db_array_int4(part, postings[i].part);
		db_array_int4(version, postings[i].version);
		for (uint32_t j = 0; j < postings[i].choice->part_count; j++) {
			const struct match_allot *one = &postings[i].choice->parts[j];
			int64_t values[PART_AMOUNTS];

			if (one->kind == MATCH_PART_STAYS) continue;
			db_array_int4(of, (int32_t)i + 1);
			db_array_int2(kind, one->kind);
			db_array_uuid(claim, one->has_claim ? &one->claim : NULL);
			db_array_int4(receivable, one->version);
			db_array_uuid(remittance, one->has_remittance ? &one->remittance : NULL);
			if (one->detail > 0)
				db_array_int4(detail, one->detail);
			else
				db_array_null(detail);
			part_amounts(one, values);
			for (int k = 0; k < PART_AMOUNTS; k++) db_array_int8(amounts[k], values[k]);
		}
	}
	conversions_bind(params, postings, count);
}

void match_classify_params(struct db_params *params, const struct uuid *hospital, const char *who, const char *why,
	bool by_hand, const struct match_posting *postings, size_t count)
{
	struct db_array *allocation, *line, *part, *version, *amount, *kind, *account;

	db_params_uuid(params, hospital);
	db_params_text(params, who);
	db_params_text(params, why);
	db_params_bool(params, by_hand);
	allocation = db_params_array(params, DB_UUID, count, 0);
	line = db_params_array(params, DB_UUID, count, 0);
	part = db_params_array(params, DB_INT4, count, 0);
	version = db_params_array(params, DB_INT4, count, 0);
	amount = db_params_array(params, DB_INT8, count, 0);
	kind = db_params_array(params, DB_TEXT, count, 24);
	account = db_params_array(params, DB_TEXT, count, 24);
	for (size_t i = 0; i < count; i++) {
		db_array_uuid(allocation, &postings[i].allocation);
		db_array_uuid(line, &postings[i].line);
		db_array_int4(part, postings[i].part);
		db_array_int4(version, postings[i].version);
		db_array_int8(amount, postings[i].choice->parts[0].amount);
		db_array_text(kind, postings[i].choice->line_kind);
		db_array_text(account, postings[i].choice->account);
	}
}

/* From the stored JSON of a line to what is matched. */
#include "settle/match_content.h"

#include <jansson.h>
#include <string.h>

#include "lib/date.h"
#include "lib/money.h"

#define STRUCTURED_MAX 64

/* A copy; NULL for what is not there. ERR_NOMEM goes into *err. */
static const char *keep(const char *text, struct zf_arena *arena, int *err)
{
	const char *copy;

	if (text == NULL || *text == '\0') return NULL;
	copy = zf_strdup(arena, text);
	if (copy == NULL) *err = ERR_NOMEM;
	return copy;
}

/* Banks cut texts into lines wherever these are full: what belongs together is put together again. */
static const char *keep_joined(const char *text, struct zf_arena *arena, int *err)
{
	char *copy = (char *)(uintptr_t)keep(text, arena, err);
	char *to = copy;

	if (copy == NULL) return NULL;
	for (const char *from = copy; *from != '\0'; from++)
		if (*from != '\n' && *from != '\r') *to++ = *from;
	*to = '\0';
	return copy;
}

static const char *text_at(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

/* The debtor's, else that of whom it pays for. When a credit is taken back some banks name who sent it as who gets it.
 */
static const char *party_at(const json_t *detail, const char *key, bool back)
{
	const char *text = text_at(json_object_get(detail, "debtor"), key);

	if (text == NULL) text = text_at(json_object_get(detail, "ultimate_debtor"), key);
	return text == NULL && back ? text_at(json_object_get(detail, "creditor"), key) : text;
}

/* "25.00 USD". */
static int money_at(const char *text, struct zf_money *ret)
{
	const char *blank = text != NULL ? strchr(text, ' ') : NULL;
	struct zf_decimal value;

	if (blank == NULL || decimal_parse((struct text_span){text, (size_t)(blank - text)}, &value) != 0)
		return ERR_INVALID;
	return money_from_decimal(value, text_of(blank + 1), ret);
}

/* The day of an order: what stands before the hour. */
static void ordered_take(const json_t *detail, struct match_line *line)
{
	const char *text = text_at(detail, "accepted_at");
	int64_t day;

	if (text != NULL && strlen(text) >= 10 &&
		date_parse_form((struct text_span){text, 10}, "YYYY-MM-DD", &day) == 0)
		line->order_day = (int32_t)day;
}

/* The sum, where the bank states charges and all are in the currency of the line. */
static void charges_add(const json_t *object, struct match_line *line)
{
	const json_t *charges = json_object_get(object, "charges");
	struct zf_money sum = line->amount;

	sum.minor = 0;
	if (json_array_size(charges) == 0 || line->charge.present) return;
	for (size_t i = 0; i < json_array_size(charges); i++) {
		const json_t *charge = json_array_get(charges, i);
		struct zf_money one;

		if (json_is_false(json_object_get(charge, "included"))) continue; /* booked apart */
		/* what the account pays is negative */
		if (money_at(text_at(charge, "amount"), &one) != 0 || !money_same_currency(one, sum) || one.minor > 0 ||
			money_subtract(sum, one, &sum) != 0)
			return;
	}
	line->charge = sum;
}

static int references_add(const json_t *root, const json_t *detail, struct zf_arena *arena, struct match_line *line)
{
	const json_t *references = json_object_get(detail, "references");
	const char **all = zf_alloc_array(arena, STRUCTURED_MAX + 1, sizeof(*all));
	int err = all == NULL ? ERR_NOMEM : 0;

	for (size_t i = 0; err == 0 && i < json_array_size(references) && line->structured_count < STRUCTURED_MAX;
		i++) {
		const char *value = keep(text_at(json_array_get(references, i), "value"), arena, &err);

		if (value != NULL) all[line->structured_count++] = value;
	}
	if (err == 0) {
		const char *own = keep(text_at(root, "customer_reference"), arena, &err);

		if (own != NULL) all[line->structured_count++] = own;
	}
	line->structured = all;
	return err;
}

/* How the bank names what kind of line it is. */
static void kind_take(
	const json_t *root, const json_t *detail, struct zf_arena *arena, struct match_line *line, int *err)
{
	line->codes[0] = keep(text_at(root, "code"), arena, err);
	line->codes[1] = keep(text_at(root, "bank_code"), arena, err);
	line->codes[2] = keep(text_at(detail, "code"), arena, err);
	line->words[0] = keep(text_at(root, "posting"), arena, err);
	line->words[1] = keep(text_at(root, "additional"), arena, err);
	line->words[2] = keep(text_at(root, "supplementary"), arena, err);
	line->words[3] = keep(text_at(detail, "additional"), arena, err);
}

/* What programs on the way call it; of one of several transactions not what its whole batch is called. */
static void ids_take(
	const json_t *root, const json_t *detail, bool alone, struct zf_arena *arena, struct match_line *line, int *err)
{
	static const char *const of_detail[] = {"message_id", "payment_id", "instruction_id", "uetr", "transaction_id",
		"clearing_reference", "servicer_reference", "other_reference", "cheque_number"};
	static const char *const of_line[] = {
		"entry_reference", "servicer_reference", "batch_message_id", "batch_payment_id"};
	_Static_assert(ARRAY_LEN(of_detail) + ARRAY_LEN(of_line) == MATCH_LINE_IDS, "all have a place");
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_LEN(of_detail); i++)
		line->ids[count++] = keep(text_at(detail, of_detail[i]), arena, err);
	for (size_t i = 0; alone && i < ARRAY_LEN(of_line); i++)
		line->ids[count++] = keep(text_at(root, of_line[i]), arena, err);
}

static int content_take(
	const json_t *root, const json_t *detail, bool alone, struct zf_arena *arena, struct match_line *line)
{
	const char *text = text_at(detail, "text");
	int err = references_add(root, detail, arena, line);

	if (text == NULL) text = text_at(detail, "additional");
	if (text == NULL) text = text_at(root, "additional");
	if (text == NULL) text = text_at(root, "supplementary");
	line->payer_name = keep(party_at(detail, "name", line->amount.minor < 0), arena, &err);
	line->payer_account = keep(party_at(detail, "account", line->amount.minor < 0), arena, &err);
	line->payer_bank = keep(party_at(detail, "agent", line->amount.minor < 0), arena, &err);
	line->end_to_end = keep(text_at(detail, "end_to_end_id"), arena, &err);
	line->text = keep_joined(text, arena, &err);
	line->ultimate_name = keep(text_at(json_object_get(detail, "ultimate_debtor"), "name"), arena, &err);
	ids_take(root, detail, alone, arena, line, &err);
	kind_take(root, detail, arena, line, &err);
	ordered_take(detail, line);
	charges_add(detail, line);
	charges_add(root, line);
	return err;
}

int match_content_read(struct bytes line, struct bytes detail, struct zf_arena *arena, struct match_line *ret_line)
{
	json_t *root = json_loadb((const char *)line.ptr, line.len, 0, NULL);
	json_t *own = detail.ptr != NULL ? json_loadb((const char *)detail.ptr, detail.len, 0, NULL) : NULL;
	struct match_line made = *ret_line;
	int err = ERR_INVALID;

	if (json_is_object(root) && (detail.ptr == NULL || json_is_object(own)))
		err = content_take(
			root, own != NULL ? own : json_object_get(root, "detail"), own == NULL, arena, &made);
	json_decref(root);
	json_decref(own);
	if (err == 0) *ret_line = made;
	return err;
}

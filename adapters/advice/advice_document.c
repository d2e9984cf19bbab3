/* The document of an advice: what a person types in for a letter, and what is stored of any. One table of keys says
 * what may stand in it. */
#include "advice/advice.h"

#include <stdio.h>

#include "lib/currency.h"
#include "lib/date.h"
#include "lib/fault_json.h"
#include "lib/json_write.h"
#include "lib/money.h"

#define DEPTH_MAX 4
#define PATH_SIZE 64

enum section { WHOLE, CLAIM, OTHER };
enum form {
	FORM_TEXT,
	FORM_NUMBER,
	FORM_REMARK,
	FORM_CODE,
	FORM_DAY,
	FORM_AMOUNT,
	FORM_CURRENCY,
	FORM_WORD,
	FORM_LIST
};

/* Amounts wait for the currency. */
struct detail_draft {
	struct advice_detail made;
	struct zf_decimal billed, amount, fee, tax;
};

struct draft {
	struct advice made;
	char currency[4];
	struct zf_decimal amount;
	struct detail_draft *details;
	uint32_t count, room;
};

/* The word's place in the list is its value. */
static const char *const differences[] = {"", "patient", "contract", "denied", "disputed", NULL};
static const char *const kinds[] = {"", "claim", "fee", "adjustment", "netting", NULL};

struct entry {
	struct advice_key key;
	enum section section;
	enum form form;
	size_t offset;
	const char *const *words;
};

#define IN_WHOLE(field) offsetof(struct draft, field)
#define IN_DETAIL(field) offsetof(struct detail_draft, field)

static const struct entry entries[] = {
	{{"remitter", "A text of one line, at most 200 bytes",
		 "Who sends the money: an insurer's code or another company's name, as contracts have it.", true},
		WHOLE, FORM_TEXT, IN_WHOLE(made.remitter), NULL},
	{{"identifier", "A text of one line, at most 200 bytes", "The remitter's number of the advice or statement.",
		 true},
		WHOLE, FORM_TEXT, IN_WHOLE(made.identifier), NULL},
	{{"amount", "An amount", "What is transferred, as the letter says.", true}, WHOLE, FORM_AMOUNT,
		IN_WHOLE(amount), NULL},
	{{"currency", "An ISO 4217 code", "Of all amounts.", true}, WHOLE, FORM_CURRENCY, IN_WHOLE(currency), NULL},
	{{"payment_date", "A day as \"2026-01-31\"", "When it is or was paid.", false}, WHOLE, FORM_DAY,
		IN_WHOLE(made.payment_day), NULL},
	{{"payment_reference", "A text of one line, at most 200 bytes", "What the transfer's text will say.", false},
		WHOLE, FORM_TEXT, IN_WHOLE(made.payment_reference), NULL},
	{{"claims", "A list of objects", "What is said of each claim.", false}, WHOLE, FORM_LIST, CLAIM, NULL},
	{{"claims[].claim", "A text of one line with a digit in it, at most 200 bytes",
		 "Our ref of the claim. This, insurer_claim or bill is needed.", false},
		CLAIM, FORM_NUMBER, IN_DETAIL(made.claim), NULL},
	{{"claims[].insurer_claim", "A text of one line with a digit in it, at most 200 bytes",
		 "The insurer's own number of the claim.", false},
		CLAIM, FORM_NUMBER, IN_DETAIL(made.insurer_claim), NULL},
	{{"claims[].bill", "A text of one line with a digit in it, at most 200 bytes",
		 "The hospital's own number of the bill, of one of its bill_systems; looked for where the other two name no claim.",
		 false},
		CLAIM, FORM_NUMBER, IN_DETAIL(made.bill), NULL},
	{{"claims[].carrier", "Small letters, digits and hyphens, at most 32",
		 "Who bears it: an insurer's code. Without it the claim's own.", false},
		CLAIM, FORM_CODE, IN_DETAIL(made.carrier), NULL},
	{{"claims[].billed", "An amount",
		 "What was billed. Given in full, the advice is also the decision on the claim, where "
		 "nobody has told one.",
		 false},
		CLAIM, FORM_AMOUNT, IN_DETAIL(billed), NULL},
	{{"claims[].paid", "An amount",
		 "What is paid: 0 where it is denied, below zero where an earlier payment is taken back.", true},
		CLAIM, FORM_AMOUNT, IN_DETAIL(amount), NULL},
	{{"claims[].fee", "An amount", "Below zero: a fee that is kept of this claim beside what is paid.", false},
		CLAIM, FORM_AMOUNT, IN_DETAIL(fee), NULL},
	{{"claims[].tax", "An amount", "The tax within that fee, below zero as it is.", false}, CLAIM, FORM_AMOUNT,
		IN_DETAIL(tax), NULL},
	{{"claims[].difference", "One of patient, contract, denied, disputed",
		 "Why less is paid than billed: the patient's share, the contract's discount, or the claim is denied; disputed of a "
		 "take-back that the hospital does not accept.",
		 false},
		CLAIM, FORM_WORD, IN_DETAIL(made.difference), differences},
	{{"claims[].remark", "A text, at most 1000 bytes", "What the letter says of it.", false}, CLAIM, FORM_REMARK,
		IN_DETAIL(made.remark), NULL},
	{{"other", "A list of objects", "What moves the transfer and is of no single claim.", false}, WHOLE, FORM_LIST,
		OTHER, NULL},
	{{"other[].kind", "One of fee, adjustment, netting",
		 "A fee that the remitter keeps, a correction of either sign, or what is set off against a debt of the hospital.",
		 true},
		OTHER, FORM_WORD, IN_DETAIL(made.kind), kinds},
	{{"other[].amount", "An amount", "As it moves the transfer: below zero what makes it smaller.", true}, OTHER,
		FORM_AMOUNT, IN_DETAIL(amount), NULL},
	{{"other[].tax", "An amount", "The tax within it, with its sign.", false}, OTHER, FORM_AMOUNT, IN_DETAIL(tax),
		NULL},
	{{"other[].carrier", "Small letters, digits and hyphens, at most 32",
		 "Who bears it: an insurer's code. Without it it is shared among those whose claims are paid.", false},
		OTHER, FORM_CODE, IN_DETAIL(made.carrier), NULL},
	{{"other[].remark", "A text, at most 1000 bytes", "What the letter says of it.", false}, OTHER, FORM_REMARK,
		IN_DETAIL(made.remark), NULL},
};
#define ENTRIES (sizeof(entries) / sizeof(entries[0]))

const struct advice_key *advice_key(size_t n)
{
	return n < ENTRIES ? &entries[n].key : NULL;
}

bool advice_is_number(struct text_span text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] >= '0' && text.ptr[i] <= '9') return true;
	}
	return false;
}

const char *advice_kind_word(uint8_t kind)
{
	return kind <= ADVICE_NETTING ? kinds[kind] : "";
}

const char *advice_difference_word(uint8_t difference)
{
	return difference <= ADVICE_DISPUTED ? differences[difference] : "";
}

/* The key within its section. */
static const char *name_of(const struct entry *entry)
{
	const char *point = strchr(entry->key.name, '.');
	return point == NULL ? entry->key.name : point + 1;
}

/* ---- reading ---- */

struct reader {
	struct json_reader json;
	struct zf_arena *arena;
	struct fault_list *faults;
	struct draft draft;
	enum section section;
	char path[PATH_SIZE]; /* of the object at hand, with its point */
	bool no_memory;
};

static void tell(struct reader *reader, const char *key, enum fault_code code, const char *arg1, const char *arg2)
{
	fault_addf(reader->faults, code, arg1, arg2, "%s%s", reader->path, key);
}

static bool is_line(struct text_span text)
{
	if (text_trim(text).len != text.len || text.len == 0) return false;
	for (size_t i = 0; i < text.len; i++) {
		if ((unsigned char)text.ptr[i] < 0x20 || text.ptr[i] == 0x7f) return false;
	}
	return true;
}

static void read_text(struct reader *reader, const struct entry *entry, struct text_span text, const char **at)
{
	size_t most = entry->form == FORM_REMARK ? ADVICE_REMARK_BYTES_MAX : ADVICE_TEXT_BYTES_MAX;
	bool code = entry->form == FORM_CODE, number = entry->form == FORM_NUMBER;
	if (text.len > most || (entry->form != FORM_REMARK && !is_line(text)) || text.len == 0 ||
		(number && !advice_is_number(text)) ||
		(code && (text.len > 32 || text_match("[a-z0-9][a-z0-9-]*", text) != 1))) {
		tell(reader, name_of(entry), FAULT_ADVICE_VALUE, "?", entry->key.form);
		return;
	}
	*at = zf_strndup(reader->arena, text.ptr, text.len);
	if (*at == NULL) reader->no_memory = true;
}

static bool word_of(const char *const *words, struct text_span text, uint8_t *ret)
{
	for (uint8_t i = 1; words[i] != NULL; i++) {
		if (!text_is(text, words[i])) continue;
		*ret = i;
		return true;
	}
	return false;
}

static void read_scalar(struct reader *reader, const struct entry *entry, struct text_span text, char *base)
{
	void *at = base + entry->offset;
	bool ok = true;
	int64_t day;
	switch (entry->form) {
	case FORM_TEXT:
	case FORM_NUMBER:
	case FORM_REMARK:
	case FORM_CODE:
		read_text(reader, entry, text, at);
		return;
	case FORM_DAY:
		ok = date_parse_form(text, "YYYY-MM-DD", &day) == 0;
		if (ok) *(int32_t *)at = (int32_t)day;
		break;
	case FORM_AMOUNT:
		ok = decimal_parse(text, at) == 0 && memchr(text.ptr, 'e', text.len) == NULL &&
		     memchr(text.ptr, 'E', text.len) == NULL;
		break;
	case FORM_CURRENCY:
		if (!currency_is_money(text)) {
			tell(reader, name_of(entry), FAULT_CURRENCY_UNKNOWN,
				text.len <= 3 ? text_printf(reader->arena, "%.*s", (int)text.len, text.ptr) : "?",
				NULL);
			memcpy(at, "???", 4);
			return;
		}
		memcpy(at, text.ptr, 3);
		break;
	case FORM_WORD:
		ok = word_of(entry->words, text, at) && !(entry->words == kinds && *(uint8_t *)at == ADVICE_OF_CLAIM);
		break;
	case FORM_LIST:
		return;
	}
	if (!ok) tell(reader, name_of(entry), FAULT_ADVICE_VALUE, "?", entry->key.form);
}

static const struct entry *entry_find(enum section section, struct text_span name)
{
	for (size_t i = 0; i < ENTRIES; i++) {
		if (entries[i].section == section && text_is(name, name_of(&entries[i]))) return &entries[i];
	}
	return NULL;
}

/* What is needed and not there. */
static void check_needed(struct reader *reader, const bool seen[ENTRIES])
{
	for (size_t i = 0; i < ENTRIES; i++) {
		if (entries[i].section != reader->section || !entries[i].key.needed || seen[i]) continue;
		fault_addf(reader->faults, FAULT_ADVICE_MISSING, name_of(&entries[i]), NULL, "%.*s",
			(int)(reader->path[0] == '\0' ? 0 : strlen(reader->path) - 1), reader->path);
	}
}

static int read_list(struct reader *reader, const struct entry *entry);

/* An object whose brace was read. */
static int read_object(struct reader *reader, char *base)
{
	struct json_token token;
	bool seen[ENTRIES] = {false};
	enum json_type type;
	while ((type = json_next(&reader->json, &token)) == JSON_KEY) {
		const struct entry *entry = entry_find(reader->section, token.text);
		if (entry == NULL) {
			char name[PATH_SIZE];
			(void)text_copy_cut(token.text, name, sizeof(name));
			tell(reader, "", FAULT_ADVICE_KEY,
				text_match("[A-Za-z0-9_-]+", text_of(name)) == 1 ? name : "?", NULL);
			if (json_skip(&reader->json, NULL) == JSON_ERROR) return LIB_INVALID;
			continue;
		}
		seen[entry - entries] = true;
		type = json_next(&reader->json, &token);
		if (type == JSON_ERROR) return LIB_INVALID;
		bool list = entry->form == FORM_LIST;
		if (type != (list ? JSON_ARRAY_BEGIN : JSON_STRING)) {
			tell(reader, name_of(entry), FAULT_ELEMENT_TYPE, list ? "array" : "string", NULL);
			if (json_skip_from(&reader->json, &token, NULL) == JSON_ERROR) return LIB_INVALID;
		} else if (list) {
			int rc = read_list(reader, entry);
			if (rc != 0) return rc;
		} else {
			read_scalar(reader, entry, token.text, base);
		}
	}
	if (type == JSON_ERROR) return LIB_INVALID;
	check_needed(reader, seen);
	return 0;
}

static struct detail_draft *detail_add(struct reader *reader)
{
	struct draft *draft = &reader->draft;
	if (draft->count == draft->room) {
		uint32_t room = draft->room == 0 ? 64 : 2 * draft->room;
		struct detail_draft *more = zf_alloc_array(reader->arena, room, sizeof(*more));
		if (more == NULL) return NULL;
		if (draft->count > 0) memcpy(more, draft->details, draft->count * sizeof(*more));
		draft->details = more;
		draft->room = room;
	}
	return &draft->details[draft->count++];
}

/* A list whose bracket was read; the section of its entries stands where others have an offset. */
static int read_list(struct reader *reader, const struct entry *entry)
{
	struct json_token token;
	enum json_type type;
	int rc = 0;
	for (unsigned n = 0; rc == 0 && (type = json_next(&reader->json, &token)) != JSON_ARRAY_END; n++) {
		if (type == JSON_ERROR) return LIB_INVALID;
		(void)snprintf(reader->path, sizeof(reader->path), "%s[%u].", entry->key.name, n);
		if (type != JSON_OBJECT_BEGIN) {
			tell(reader, "", FAULT_ELEMENT_TYPE, "object", NULL);
			if (json_skip_from(&reader->json, &token, NULL) == JSON_ERROR) return LIB_INVALID;
			continue;
		}
		if (reader->draft.count == ADVICE_DETAILS_MAX) {
			tell(reader, "", FAULT_TOO_MANY, "20000", NULL);
			return LIB_LIMIT;
		}
		struct detail_draft *detail = detail_add(reader);
		if (detail == NULL) return LIB_NOMEM;
		reader->section = (enum section)entry->offset;
		detail->made.kind = reader->section == CLAIM ? ADVICE_OF_CLAIM : 0;
		rc = read_object(reader, (char *)detail);
		if (rc == 0 && reader->section == CLAIM && detail->made.claim == NULL &&
			detail->made.insurer_claim == NULL && detail->made.bill == NULL) {
			tell(reader, "claim", FAULT_ADVICE_MISSING, "claim", NULL);
		}
	}
	reader->section = WHOLE;
	reader->path[0] = '\0';
	return rc;
}

/* ---- amounts ---- */

static void take_amount(
	struct reader *reader, const char *key, struct zf_decimal value, bool otherwise_zero, struct zf_money *ret)
{
	struct text_span currency = text_of(reader->draft.currency);
	char text[DECIMAL_TEXT_SIZE], decimals[16];
	if (!value.present && !otherwise_zero) return;
	if (!value.present) value = decimal_of(0, 0);
	int rc = money_from_decimal(value, currency, ret);
	if (rc == 0) return;
	(void)decimal_format(value, text);
	(void)snprintf(decimals, sizeof(decimals), "%d", currency_exponent(reader->draft.currency));
	if (rc == LIB_INEXACT) {
		tell(reader, key, FAULT_AMOUNT_PRECISION, text, decimals);
	} else {
		tell(reader, key, FAULT_AMOUNT_ABSURD, text, "2^63");
	}
}

static int take_details(struct reader *reader)
{
	struct draft *draft = &reader->draft;
	uint32_t n = 0, claims = 0, others = 0;
	draft->made.details = zf_alloc_array(reader->arena, (size_t)draft->count + 1, sizeof(*draft->made.details));
	if (draft->made.details == NULL) return LIB_NOMEM;
	for (uint32_t i = 0; i < draft->count; i++) {
		struct detail_draft *from = &draft->details[i];
		struct advice_detail *detail = &from->made;
		bool claim = detail->kind == ADVICE_OF_CLAIM;
		(void)snprintf(reader->path, sizeof(reader->path), "%s[%u].", claim ? "claims" : "other",
			claim ? claims++ : others++);
		take_amount(reader, "billed", from->billed, false, &detail->billed);
		take_amount(reader, claim ? "paid" : "amount", from->amount, true, &detail->amount);
		take_amount(reader, "fee", from->fee, true, &detail->fee);
		take_amount(reader, "tax", from->tax, true, &detail->tax);
		int64_t whole = claim ? detail->fee.minor : detail->amount.minor;
		bool inside = whole < 0 ? detail->tax.minor <= 0 && detail->tax.minor >= whole
					: detail->tax.minor >= 0 && detail->tax.minor <= whole;
		if (!inside) tell(reader, "tax", FAULT_ADVICE_TAX, NULL, NULL);
		if (detail->billed.present && detail->billed.minor < 0)
			tell(reader, "billed", FAULT_AMOUNT_NEGATIVE, "?", NULL);
	}
	/* As files have them: claims first. */
	for (int claim = 1; claim >= 0; claim--) {
		for (uint32_t i = 0; i < draft->count; i++) {
			if ((draft->details[i].made.kind == ADVICE_OF_CLAIM) == (claim == 1))
				draft->made.details[n++] = draft->details[i].made;
		}
	}
	draft->made.detail_count = n;
	reader->path[0] = '\0';
	if (n == 0) tell(reader, "claims", FAULT_ADVICE_MISSING, "claims", NULL);
	return 0;
}

static int read_all(struct reader *reader)
{
	struct json_token token;
	enum json_type type = json_next(&reader->json, &token);
	int rc = 0;
	if (type == JSON_ERROR) return LIB_INVALID;
	if (type != JSON_OBJECT_BEGIN) {
		tell(reader, "", FAULT_ELEMENT_TYPE, "object", NULL);
		return LIB_INVALID;
	}
	rc = read_object(reader, (char *)&reader->draft);
	if (rc == 0 && json_next(&reader->json, &token) != JSON_END) rc = LIB_INVALID;
	if (rc != 0) return rc;
	if (strcmp(reader->draft.currency, "???") == 0 || reader->draft.currency[0] == '\0') return LIB_INVALID;
	take_amount(reader, "amount", reader->draft.amount, true, &reader->draft.made.amount);
	return take_details(reader);
}

int advice_read_document(struct text_span text, struct zf_arena *arena, struct fault_list *faults, struct advice *ret)
{
	struct reader reader = {.arena = arena, .faults = faults, .draft = {.made = {.payment_day = ADVICE_NO_DAY}}};
	if (text.ptr == NULL) text = TEXT("");
	json_reader_init(&reader.json, text.ptr, text.len, arena, DEPTH_MAX, ADVICE_DOCUMENT_BYTES_MAX);
	int rc = read_all(&reader);
	if (rc == LIB_INVALID && reader.json.error.code == LIB_NOMEM) rc = LIB_NOMEM;
	if (rc == LIB_INVALID && reader.json.error.code != 0) {
		struct fault_json fault;
		fault_json(&reader.json.error, &fault);
		fault_addf(faults, fault.code, fault.arg1[0] == '\0' ? NULL : fault.arg1, fault.arg2, "%u:%u",
			reader.json.error.line, reader.json.error.column);
	}
	if (rc == 0 && (reader.no_memory || faults->no_memory)) rc = LIB_NOMEM;
	if (rc == 0 && fault_refuses(faults)) rc = LIB_INVALID;
	if (rc == 0) *ret = reader.draft.made;
	return rc;
}

/* ---- writing ---- */

static void write_money(struct json_writer *writer, const char *key, struct zf_money money, bool zero_too)
{
	char text[MONEY_TEXT_SIZE];
	if (!money.present || (money.minor == 0 && !zero_too)) return;
	(void)money_format(money, text);
	json_write_member(writer, key, text);
}

static void write_detail(struct json_writer *writer, const struct advice_detail *detail)
{
	bool claim = detail->kind == ADVICE_OF_CLAIM;
	json_write_object_begin(writer);
	if (!claim) json_write_member(writer, "kind", advice_kind_word(detail->kind));
	json_write_member(writer, "claim", detail->claim);
	json_write_member(writer, "insurer_claim", detail->insurer_claim);
	json_write_member(writer, "bill", detail->bill);
	json_write_member(writer, "carrier", detail->carrier);
	write_money(writer, "billed", detail->billed, true);
	write_money(writer, claim ? "paid" : "amount", detail->amount, true);
	write_money(writer, "fee", detail->fee, false);
	write_money(writer, "tax", detail->tax, false);
	json_write_member(writer, "difference", advice_difference_word(detail->difference));
	json_write_member(writer, "remark", detail->remark);
	json_write_object_end(writer);
}

int advice_write_document(const struct advice *advice, struct zf_arena *arena, struct text_span *ret)
{
	struct json_writer writer;
	char day[DATE_TEXT_SIZE];
	json_write_init(&writer, arena, ADVICE_DOCUMENT_BYTES_MAX);
	json_write_object_begin(&writer);
	json_write_member(&writer, "remitter", advice->remitter);
	json_write_member(&writer, "identifier", advice->identifier);
	write_money(&writer, "amount", advice->amount, true);
	json_write_member(&writer, "currency", advice->amount.currency);
	if (advice->payment_day != ADVICE_NO_DAY && date_format_day(advice->payment_day, day) > 0) {
		json_write_member(&writer, "payment_date", day);
	}
	json_write_member(&writer, "payment_reference", advice->payment_reference);
	for (int claims = 1; claims >= 0; claims--) {
		bool begun = false;
		for (uint32_t i = 0; i < advice->detail_count; i++) {
			if ((advice->details[i].kind == ADVICE_OF_CLAIM) != (claims == 1)) continue;
			if (!begun) {
				json_write_key(&writer, claims == 1 ? "claims" : "other");
				json_write_array_begin(&writer);
				begun = true;
			}
			write_detail(&writer, &advice->details[i]);
		}
		if (begun) json_write_array_end(&writer);
	}
	json_write_object_end(&writer);
	return json_write_finish(&writer, ret);
}

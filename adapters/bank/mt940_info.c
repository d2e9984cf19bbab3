/* :86:, the free text of MT940, of which there are three dialects: the German one with numbered parts
 * ("166?00...?20..."), the Dutch and SWIFT one with words between slashes ("/EREF/.../NAME/..."), and text that is only
 * text. Lines are wrapped at 65 characters wherever that falls, so in the first two the lines are put together without
 * a space. */
#include <stdio.h>

#include "lib/money.h"
#include "mt940.h"

/* A numbered part has 27 characters: one that is shorter was cut at a space, or ended. */
#define PART_LEN 27

/* ---- text ---- */

/* The text without line ends, in the part's memory. */
static bool unwrap(struct bank_mt940 *mt940, struct text_span text, struct text_span *ret)
{
	struct scratch *scratch = &mt940->reader->part;
	char *joined = zf_alloc(&scratch->zf, text.len + 1);
	size_t len = 0;
	if (joined == NULL) {
		mt940->reader->result = bank_scratch_fault(mt940->reader, scratch, mt940->field_line);
		return false;
	}
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] != '\n' && text.ptr[i] != '\r') joined[len++] = text.ptr[i];
	}
	*ret = (struct text_span){joined, len};
	return true;
}

static bool keep(struct bank_mt940 *mt940, struct text_span text, const char **target)
{
	text = text_trim(text);
	if (*target != NULL || text.len == 0) return true;
	return bank_copy(mt940->reader, &mt940->reader->part, text, target);
}

static bool keep_reference(struct bank_mt940 *mt940, struct text_span text, const char **target)
{
	return !bank_is_reference(text) || keep(mt940, text, target);
}

static bool keep_account(struct bank_mt940 *mt940, struct text_span text, const char **target)
{
	text = text_trim(text);
	if (*target != NULL || text.len == 0) return true;
	*target = bank_account_id(&mt940->reader->part.zf, text);
	if (*target != NULL) return true;
	mt940->reader->result = bank_scratch_fault(mt940->reader, &mt940->reader->part, mt940->field_line);
	return false;
}

static bool join(struct bank_mt940 *mt940, const char **text, struct text_span more, const char *between)
{
	return mt940_join(mt940, &mt940->reader->part, text, more, between);
}

/* "EUR4,5", "EUR 100,00": an amount that says what it is in; anything else is left alone. */
static bool money_in(struct text_span text, struct zf_money *ret)
{
	struct bank_number_style style = {.decimal = ','};
	struct zf_decimal value;
	text = text_trim(text);
	if (text.len < 4) return false;
	struct text_span amount = text_trim((struct text_span){text.ptr + 3, text.len - 3});
	return bank_decimal(amount, style, &value) == 0 &&
	       money_from_decimal(value, (struct text_span){text.ptr, 3}, ret) == 0;
}

static bool add_charge(struct bank_mt940 *mt940, struct text_span text)
{
	struct bank_reader *reader = mt940->reader;
	struct zf_money amount;
	if (!money_in(text, &amount) || mt940->charges.count == BANK_CHARGES_MAX) return true;
	struct bank_charge *charge = scratch_add(&reader->part, &mt940->charges, sizeof(*charge));
	if (charge == NULL) {
		reader->result = bank_scratch_fault(reader, &reader->part, mt940->field_line);
		return false;
	}
	*charge = (struct bank_charge){.amount = bank_negated(amount, true), .included = -1};
	return true;
}

static struct bank_party *party_of(struct bank_mt940 *mt940, struct bank_detail *detail)
{
	return mt940->reader->entry.amount.minor >= 0 ? &detail->debtor : &detail->creditor;
}

/* ---- words with a plus: EREF+... ---- */

static const char *const keywords[] = {"EREF+", "KREF+", "MREF+", "CRED+", "DEBT+", "SVWZ+", "VWZ+", "OAMT+", "COAM+",
	"ABWA+", "ABWE+", "PURP+", "RREF+", "IBAN+", "BIC+"};

/* The length of the keyword at the begin, or 0. */
static size_t keyword_at(struct text_span text)
{
	for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
		if (text_has_prefix(text, keywords[i])) return strlen(keywords[i]);
	}
	return 0;
}

static struct text_span from(struct text_span text, size_t at)
{
	return (struct text_span){text.ptr + at, text.len - at};
}

/* The next keyword behind a space; the end when there is none. */
static size_t next_keyword(struct text_span text, size_t at)
{
	for (; at < text.len; at++) {
		if (text.ptr[at] == ' ' && keyword_at(from(text, at + 1)) > 0) return at + 1;
	}
	return text.len;
}

static bool take_keyword(
	struct bank_mt940 *mt940, struct bank_detail *detail, struct text_span word, struct text_span value)
{
	if (text_is(word, "EREF+")) return keep_reference(mt940, value, &detail->end_to_end_id);
	if (text_is(word, "KREF+")) return keep_reference(mt940, value, &detail->instruction_id);
	if (text_is(word, "MREF+")) return keep_reference(mt940, value, &detail->mandate_id);
	if (text_is(word, "CRED+")) return keep(mt940, value, &detail->creditor_id);
	if (text_is(word, "PURP+")) return keep(mt940, value, &detail->purpose);
	if (text_is(word, "RREF+")) return keep_reference(mt940, value, &detail->other_reference);
	if (text_is(word, "ABWA+")) return keep(mt940, value, &detail->ultimate_debtor.name);
	if (text_is(word, "ABWE+")) return keep(mt940, value, &detail->ultimate_creditor.name);
	if (text_is(word, "IBAN+")) return keep_account(mt940, value, &party_of(mt940, detail)->account);
	if (text_is(word, "BIC+")) return keep(mt940, value, &party_of(mt940, detail)->agent);
	if (text_is(word, "COAM+")) return add_charge(mt940, value);
	if (text_is(word, "OAMT+")) {
		(void)money_in(value, &detail->amounts.instructed);
		return true;
	}
	/* SVWZ+, VWZ+, DEBT+: what it is for. */
	value = text_trim(value);
	return value.len == 0 || join(mt940, &detail->text, value, "\n");
}

/* Text before the first keyword is remittance text. */
static bool take_purpose(struct bank_mt940 *mt940, struct bank_detail *detail, struct text_span purpose)
{
	size_t at = keyword_at(purpose) > 0 ? 0 : next_keyword(purpose, 0);
	struct text_span before = text_trim((struct text_span){purpose.ptr, at});
	if (before.len > 0 && !join(mt940, &detail->text, before, "\n")) return false;
	while (at < purpose.len) {
		size_t word = keyword_at(from(purpose, at)), end = next_keyword(purpose, at + word);
		if (word == 0) break;
		struct text_span value = {purpose.ptr + at + word, end - at - word};
		if (!take_keyword(mt940, detail, (struct text_span){purpose.ptr + at, word}, value)) return false;
		at = end;
	}
	return true;
}

/* ---- words between slashes: /EREF/... ---- */

static const char *const codes[] = {"/EREF/", "/MARF/", "/CSID/", "/BENM/", "/ORDP/", "/NAME/", "/IBAN/", "/ACCW/",
	"/ACCT/", "/BIC/", "/ADDR/", "/REMI/", "/ISDT/", "/PREF/", "/RTRN/", "/ID/", "/OCMT/", "/CHGS/", "/EXCH/",
	"/TRTP/", "/CNTP/", "/KREF/", "/PURP/", "/ULTC/", "/ULTD/", "/TR/", "/IACC/", "/SVCL/", "/CHGS1/"};

static size_t code_at(struct text_span text)
{
	if (text.len == 0 || text.ptr[0] != '/') return 0;
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (text_has_prefix(text, codes[i])) return strlen(codes[i]);
	}
	return 0;
}

static size_t next_code(struct text_span text, size_t at)
{
	while (at < text.len && code_at(from(text, at)) == 0) at++;
	return at;
}

/* The account's currency is what the original amount was changed into. */
static void take_rate(struct bank_mt940 *mt940, struct bank_detail *detail, struct text_span value)
{
	struct bank_number_style style = {.decimal = ','};
	if (bank_decimal(value, style, &detail->amounts.exchange.rate) == 0) {
		memcpy(detail->amounts.exchange.target, mt940->reader->currency,
			sizeof(detail->amounts.exchange.target));
	}
}

/* IBAN, BIC, name and town with a slash after each. */
static bool take_counterparty(struct bank_mt940 *mt940, struct bank_party *party, struct text_span value)
{
	const char **targets[] = {&party->account, &party->agent, &party->name, &party->address};
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]) && value.len > 0; i++) {
		const char *slash = memchr(value.ptr, '/', value.len);
		size_t len = slash == NULL ? value.len : (size_t)(slash - value.ptr);
		struct text_span piece = {value.ptr, len};
		bool ok = i == 0 ? keep_account(mt940, piece, targets[i]) : keep(mt940, piece, targets[i]);
		if (!ok) return false;
		value = from(value, slash == NULL ? value.len : len + 1);
	}
	return true;
}

static bool take_code(struct bank_mt940 *mt940, struct bank_detail *detail, struct bank_party **party,
	struct text_span code, struct text_span value)
{
	if (text_is(code, "/EREF/")) return keep_reference(mt940, value, &detail->end_to_end_id);
	if (text_is(code, "/MARF/")) return keep_reference(mt940, value, &detail->mandate_id);
	if (text_is(code, "/CSID/")) return keep(mt940, value, &detail->creditor_id);
	if (text_is(code, "/PREF/")) return keep_reference(mt940, value, &detail->payment_id);
	if (text_is(code, "/KREF/")) return keep_reference(mt940, value, &detail->instruction_id);
	if (text_is(code, "/TR/")) return keep_reference(mt940, value, &detail->transaction_id);
	if (text_is(code, "/PURP/")) return keep(mt940, value, &detail->purpose);
	if (text_is(code, "/RTRN/")) return keep(mt940, value, &detail->return_reason);
	if (text_is(code, "/NAME/")) return keep(mt940, value, &(*party)->name);
	if (text_is(code, "/ADDR/")) return keep(mt940, value, &(*party)->address);
	if (text_is(code, "/BIC/")) return keep(mt940, value, &(*party)->agent);
	if (text_is(code, "/ID/")) return keep(mt940, value, &(*party)->identifier);
	if (text_is(code, "/IBAN/") || text_is(code, "/ACCW/") || text_is(code, "/ACCT/"))
		return keep_account(mt940, value, &(*party)->account);
	if (text_is(code, "/CNTP/")) return take_counterparty(mt940, *party, value);
	if (text_is(code, "/ULTC/")) return keep(mt940, value, &detail->ultimate_creditor.name);
	if (text_is(code, "/ULTD/")) return keep(mt940, value, &detail->ultimate_debtor.name);
	if (text_is(code, "/CHGS/") || text_is(code, "/CHGS1/")) return add_charge(mt940, value);
	if (text_is(code, "/ORDP/")) {
		*party = &detail->debtor;
	} else if (text_is(code, "/BENM/")) {
		*party = &detail->creditor;
	} else if (text_is(code, "/OCMT/")) {
		if (money_in(value, &detail->amounts.instructed) &&
			strcmp(detail->amounts.instructed.currency, mt940->reader->currency) != 0) {
			memcpy(detail->amounts.exchange.source, detail->amounts.instructed.currency,
				sizeof(detail->amounts.exchange.source));
		}
	} else if (text_is(code, "/EXCH/")) {
		take_rate(mt940, detail, value);
	} else if (text_is(code, "/REMI/")) {
		if (text_has_prefix(value, "USTD//")) value = from(value, 6);
		value = text_trim(value);
		return value.len == 0 || join(mt940, &detail->text, value, "\n");
	}
	return true;
}

static bool take_codes(struct bank_mt940 *mt940, struct bank_detail *detail, struct text_span text)
{
	struct bank_party *party = party_of(mt940, detail);
	size_t at = next_code(text, 0);
	while (at < text.len) {
		size_t code = code_at(from(text, at)), begin = at + code;
		/* The slash that ends a word may begin the next. */
		size_t end = next_code(text, begin > 0 ? begin - 1 : begin);
		if (end < begin) begin = end;
		struct text_span value = {text.ptr + begin, end - begin};
		while (value.len > 0 && value.ptr[value.len - 1] == '/') value.len--;
		if (!take_code(mt940, detail, &party, (struct text_span){text.ptr + at, code}, value)) return false;
		at = end;
	}
	return true;
}

/* ---- numbered parts: 166?00...?20... ---- */

/* The separator, when the text is made of numbered parts; ret_at is where the first one begins. */
static char separator_of(struct text_span text, size_t *ret_at)
{
	size_t at = 0;
	while (at < text.len && text.ptr[at] == ' ') at++;
	if (text.len >= at + 6 && text_is_digit(text.ptr[at]) && text_is_digit(text.ptr[at + 1]) &&
		text_is_digit(text.ptr[at + 2]))
		at += 3;
	if (text.len < at + 3 || strchr("?>~^<|", text.ptr[at]) == NULL || text.ptr[at] == '\0') return '\0';
	if (!text_is_digit(text.ptr[at + 1]) || !text_is_digit(text.ptr[at + 2])) return '\0';
	*ret_at = at;
	return text.ptr[at];
}

struct parts {
	const char *purpose;    /* 20 to 29 */
	const char *additional; /* 60 to 65 */
	const char *name;       /* 32, 33 */
	size_t last_len;        /* of the purpose's last part */
};

/* A keyword begins behind a full part, unless it is SVWZ+ that was cut behind its S. */
static bool begins_word(const char *before, struct text_span value)
{
	size_t len = before == NULL ? 0 : strlen(before);
	if (len > 0 && before[len - 1] == 'S' && text_has_prefix(value, "VWZ+")) return false;
	return keyword_at(value) > 0;
}

static bool take_part(
	struct bank_mt940 *mt940, struct bank_detail *detail, struct parts *parts, int number, struct text_span value)
{
	struct bank_party *party = party_of(mt940, detail);
	if (number >= 20 && number <= 29) {
		bool apart = parts->last_len < PART_LEN || begins_word(parts->purpose, value);
		parts->last_len = text_codepoints(value.ptr, value.len);
		bool codes_inside = text_has_prefix(value, "/OCMT/") || text_has_prefix(value, "/CHGS/") ||
				    text_has_prefix(value, "/EXCH/");
		if (codes_inside && !take_codes(mt940, detail, value)) return false;
		return join(mt940, &parts->purpose, value, apart ? " " : "");
	}
	if (number >= 60 && number <= 65) return join(mt940, &parts->additional, value, "");
	switch (number) {
	case 0:
		return mt940->reader->entry.posting != NULL ||
		       bank_copy_trimmed(mt940->reader, &mt940->reader->body, value, &mt940->reader->entry.posting);
	case 30:
		return keep(mt940, value, &party->agent);
	case 31:
		return keep_account(mt940, value, &party->account);
	case 32:
	case 33:
		return join(mt940, &parts->name, value, "");
	case 34:
		return keep(mt940, value, &detail->return_reason);
	case 38:
		/* The IBAN says more than ?31. */
		party->account = NULL;
		return keep_account(mt940, value, &party->account);
	default:
		return true;
	}
}

static bool take_parts(
	struct bank_mt940 *mt940, struct bank_detail *detail, struct text_span text, size_t at, char separator)
{
	struct bank_reader *reader = mt940->reader;
	struct parts parts = {.last_len = PART_LEN};
	struct text_span code = text_trim((struct text_span){text.ptr, at});
	if (code.len == 3 && reader->entry.bank_code != NULL) {
		/* ours to change: the type was copied for this entry */
		if (!mt940_join(mt940, &reader->body, &reader->entry.bank_code, code, "+")) return false;
	}
	while (at < text.len) {
		int number = 0;
		size_t end = at + 3;
		(void)bank_digits(text.ptr + at + 1, 2, &number);
		while (end < text.len &&
			!(text.ptr[end] == separator && text.len - end >= 3 && text_is_digit(text.ptr[end + 1]) &&
				text_is_digit(text.ptr[end + 2]))) {
			end++;
		}
		struct text_span value = {text.ptr + at + 3, end - at - 3};
		if (!take_part(mt940, detail, &parts, number, value)) return false;
		at = end;
	}
	if (parts.name != NULL && !keep(mt940, text_of(parts.name), &party_of(mt940, detail)->name)) return false;
	if (parts.additional != NULL && !keep(mt940, text_of(parts.additional), &detail->additional)) return false;
	return parts.purpose == NULL || take_purpose(mt940, detail, text_of(parts.purpose));
}

bool mt940_codes(struct bank_mt940 *mt940, struct bank_detail *detail, struct text_span text)
{
	struct text_span joined;
	if (text.len == 0 || code_at(text) == 0) return true;
	return unwrap(mt940, text, &joined) && take_codes(mt940, detail, joined);
}

/* ---- lines with two digits in front, of :NS: ---- */

static bool take_numbered_lines(struct bank_mt940 *mt940, struct bank_detail *detail, struct text_span text)
{
	while (text.len > 0) {
		const char *newline = memchr(text.ptr, '\n', text.len);
		struct text_span line = {text.ptr, newline == NULL ? text.len : (size_t)(newline - text.ptr)};
		int number = 0;
		bool ok = true;
		if (line.len > 2 && bank_digits(line.ptr, 2, &number)) {
			struct text_span value = from(line, 2);
			if (number >= 1 && number <= 14) {
				ok = join(mt940, &detail->text, value, "\n");
			} else if (number == 15 || number == 16) {
				ok = keep(mt940, value, &party_of(mt940, detail)->name);
			} else if (number == 17 && mt940->reader->entry.posting == NULL) {
				ok = bank_copy_trimmed(
					mt940->reader, &mt940->reader->body, value, &mt940->reader->entry.posting);
			}
		}
		if (!ok) return false;
		text = from(text, newline == NULL ? text.len : line.len + 1);
	}
	return true;
}

bool mt940_info(struct bank_mt940 *mt940, struct bank_detail *detail, struct text_span info)
{
	struct text_span joined;
	size_t at = 0;
	int number;
	if (mt940->raw != NULL && info.ptr == mt940->raw && info.len > 2 && bank_digits(info.ptr, 2, &number)) {
		return take_numbered_lines(mt940, detail, info);
	}
	if (!unwrap(mt940, info, &joined)) return false;
	char separator = separator_of(joined, &at);
	if (separator != '\0') return take_parts(mt940, detail, joined, at, separator);
	if (code_at(joined) > 0) return take_codes(mt940, detail, joined);
	if (keyword_at(joined) > 0) return take_purpose(mt940, detail, joined);
	info = text_trim(info);
	return info.len == 0 || join(mt940, &detail->text, info, "\n");
}

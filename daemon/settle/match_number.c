/* The numbers in a line: whole ones, and what damaged ones may mean. */
#include <ctype.h>
#include <string.h>

#include "lib/text.h"
#include "settle/match_find.h"
#include "settle/match_form.h"

#define RUN_MIN 8 /* characters of what may be a number with a slip in it */
#define RUN_MAX 18
#define RUN_DIGITS_MIN 2   /* digits that tell it from a word */
#define CUT_MIN 6          /* characters that a cut-off number must have left */
#define CUT_RANGE_MAX 4096 /* entries that begin so and are looked at */
#define STRAY_MIN 9        /* characters that look like a number of ours */
#define STRAY_DIGITS_MIN 4
#define PIECES_MAX 6 /* that blanks and marks may have made of a number */

static void named_add(struct match_find *find, const struct match_entry *entry)
{
	bool advice = match_of_advice(entry->kind);
	for (uint32_t i = 0; i < find->named_count; i++) {
		struct match_hint *named = &find->named[i];
		if (named->thing != entry->value || match_of_advice(named->number) != advice) continue;
		if (entry->kind < named->number) named->number = (uint8_t)entry->kind;
		return;
	}
	if (find->named_count == MATCH_NAMED_MAX) return;
	find->named[find->named_count++] =
		(struct match_hint){.thing = entry->value, .number = (uint8_t)entry->kind, .code = MATCH_NAMES};
}

/* What of an entry's number its key had no room for; "": nothing. */
static const char *rest_of(const struct match_index *index, const struct match_entry *entry)
{
	if (!match_of_advice(entry->kind)) return "";
	const char *rest = index->notices[entry->value].numbers[entry->kind - MATCH_ADVICE_NUMBER].rest;
	return rest == NULL ? "" : rest;
}

/* Does the text go on like this from `at` on, to the end of a word? */
static bool goes_on(const struct match_text *text, size_t at, const char *rest, size_t len)
{
	if (at + len > text->len || memcmp(text->folded + at, rest, len) != 0) return false;
	for (size_t i = at; i < at + len; i++) {
		if (text->marks[i - 1] & MATCH_FIELD_END) return false;
	}
	return (text->marks[at + len - 1] & MATCH_END) != 0;
}

/* In what programs write a short number may be there by chance, unless it is all of the field. */
static bool says_enough(const struct match_find *find, size_t at, size_t len)
{
	const uint8_t *marks = find->text.marks;
	if (find->written == 0 || at < find->written || len >= RUN_MIN) return true;
	return (at == find->written || (marks[at - 1] & MATCH_FIELD_END)) && (marks[at + len - 1] & MATCH_FIELD_END);
}

/* Enters what has this number. A number inside a longer word counts only when it is a ref. */
static bool named_at(struct match_find *find, size_t at, size_t len)
{
	const struct match_index *index = find->index;
	struct match_key key = match_key_of(find->text.folded + at, len);
	size_t end = at + len;
	if (!match_order_maybe(&index->numbers, key)) return false;
	const struct match_entry *entry;
	bool found = false;
	struct match_walk walk = match_order_range(&index->numbers, key, key);
	while ((entry = match_walk_next(&walk)) != NULL) {
		const char *rest = rest_of(index, entry);
		size_t more = strlen(rest);
		bool whole = (find->text.marks[at] & MATCH_BEGIN) && goes_on(&find->text, at + len, rest, more) &&
			     says_enough(find, at, len + more);
		if ((!whole && entry->kind != MATCH_REF) || match_number_gone(index, entry)) continue;
		named_add(find, entry);
		if (at + len + more > end) end = at + len + more;
		found = true;
	}
	for (size_t i = at; found && i < end; i++) find->text.marks[i] |= MATCH_USED;
	return found;
}

static uint32_t front_at(const struct match_text *text, size_t at)
{
	return match_front(match_key_of(text->folded + at, MATCH_FRONT));
}

/* How many characters from `at` on are within its field. */
static size_t field_rest(const struct match_text *text, size_t at)
{
	size_t len = 0;
	while (at + len < text->len && len <= MATCH_KEY_CHARS) {
		if (text->marks[at + len++] & MATCH_FIELD_END) break;
	}
	return len;
}

/* What has a number that begins at `from` or behind. */
static void named_from(struct match_find *find, size_t from)
{
	const struct match_text *text = &find->text;
	for (size_t at = from; at + MATCH_FRONT <= text->len; at++) {
		if (text->marks[at] & MATCH_USED) continue;
		uint32_t lengths = find->index->lengths[front_at(text, at)];
		if (lengths == 0) continue;
		size_t rest = field_rest(text, at);
		for (size_t len = rest < MATCH_KEY_CHARS ? rest : MATCH_KEY_CHARS; len >= MATCH_FRONT; len--) {
			if ((lengths >> len & 1) && named_at(find, at, len)) break;
		}
	}
}

/* Where a number begins that is all of some words of the text from `from` on; -1: nowhere. */
static ptrdiff_t word_at(const struct match_find *find, size_t from, const char *folded, size_t len)
{
	const struct match_text *text = &find->text;
	for (size_t at = from; at + len <= text->len; at++) {
		if ((text->marks[at] & MATCH_BEGIN) == 0 || !goes_on(text, at + 1, folded + 1, len - 1)) continue;
		if (text->folded[at] == folded[0] && says_enough(find, at, len)) return (ptrdiff_t)at;
	}
	return -1;
}

/* What the hospital calls by numbers in the text from `from` on: they were found by their hashes. */
static void bills_from(struct match_find *find, size_t from)
{
	for (uint32_t i = 0; i < find->line->bill_count; i++) {
		const struct match_bill *bill = &find->line->bills[i];
		char folded[MATCH_NUMBER_MAX];
		size_t len = match_key_fold(bill->number, folded, sizeof(folded));
		ptrdiff_t at = len < MATCH_FRONT ? -1 : word_at(find, from, folded, len);
		if (at < 0) continue;
		for (size_t k = 0; k < len; k++) find->text.marks[(size_t)at + k] |= MATCH_USED;
		named_add(find, &(struct match_entry){.value = bill->claim, .kind = MATCH_CLAIM_NUMBER});
	}
}

void match_find_named(struct match_find *find)
{
	const struct match_line *line = find->line;
	struct match_text *text = &find->text;
	match_text_add(text, line->letter);
	for (uint32_t i = 0; i < line->structured_count; i++) match_text_add(text, line->structured[i]);
	match_text_add(text, line->text);
	match_text_add(text, line->end_to_end);
	named_from(find, 0);
	bills_from(find, 0);
	find->written = text->len;
	for (int i = 0; i < MATCH_LINE_TEXTS; i++) match_text_add(text, line->words[i]);
	for (int i = 0; i < MATCH_LINE_IDS; i++) match_text_add(text, line->ids[i]);
	named_from(find, find->written);
	bills_from(find, find->written);
	text->len = find->written;
}

static void hint_put(struct match_find *find, const struct match_entry *entry, uint8_t code, size_t len)
{
	const struct match_index *index = find->index;
	bool advice = match_of_advice(entry->kind);
	uint32_t payer = advice ? index->notices[entry->value].payer : match_claim_payer(index, entry->value);
	if (!match_find_is_payer(find, payer)) return;
	for (uint32_t i = 0; i < find->hint_count; i++) {
		struct match_hint *hint = &find->hints[i];
		if (hint->thing != entry->value || match_of_advice(hint->number) != advice) continue;
		if (code < hint->code) hint->code = code;
		if (entry->kind < hint->number) hint->number = (uint8_t)entry->kind;
		if (len > hint->len) hint->len = (uint8_t)len;
		return;
	}
	if (find->hint_count == MATCH_HINTS_MAX) {
		find->hints_many = true;
		return;
	}
	find->hints[find->hint_count++] = (struct match_hint){
		.thing = entry->value, .number = (uint8_t)entry->kind, .code = code, .len = (uint8_t)len};
}

static void hint_add(struct match_find *find, const struct match_entry *entry, uint8_t code, size_t len)
{
	if (!match_number_gone(find->index, entry)) hint_put(find, entry, code, len);
}

struct slip_search {
	struct match_find *find;
	size_t len;
	bool found;
};

static void slip_told(void *context, struct match_key key, size_t len)
{
	struct slip_search *search = context;
	const struct match_index *index = search->find->index;
	if (!(index->lengths[match_front(key)] >> len & 1)) return;
	if (!match_order_maybe(&index->numbers, key)) return;
	const struct match_entry *entry;
	struct match_walk walk = match_order_range(&index->numbers, key, key);
	while ((entry = match_walk_next(&walk)) != NULL) {
		uint32_t before = search->find->hint_count;
		hint_add(search->find, entry, MATCH_SLIP, search->len);
		if (search->find->hint_count > before) search->found = true;
	}
}

/* The piece of text from `at` on to the end of a word; false when a recognised number is in it. */
static bool piece_end(const struct match_text *text, size_t *at)
{
	while (*at < text->len) {
		if (text->marks[*at] & MATCH_USED) return false;
		if (text->marks[(*at)++] & MATCH_END) return true;
	}
	return false;
}

/* What begins like one of our numbers, and no number of ours is like it. */
static bool looks_ours(const struct match_find *find, size_t at, size_t len, size_t digits)
{
	return len >= STRAY_MIN && digits >= STRAY_DIGITS_MIN && find->index->lengths[front_at(&find->text, at)] != 0;
}

/* All runs of words from `at` on that may be a number with a slip in it. */
static void slips_at(struct match_find *find, size_t at)
{
	const struct match_text *text = &find->text;
	size_t end = at, digits = 0, last = at;
	for (int pieces = 0; pieces < PIECES_MAX; pieces++) {
		if (!piece_end(text, &end)) break;
		for (; last < end; last++) digits += (text->marks[last] & MATCH_DIGIT) != 0;
		size_t len = end - at;
		if (len > RUN_MAX) break;
		if (len >= RUN_MIN && digits >= RUN_DIGITS_MIN) {
			struct slip_search search = {.find = find, .len = len};
			/* where no number begins so, only a slip in the begin can lead to one */
			bool known = find->index->lengths[front_at(text, at)] != 0;
			match_slips(text->folded + at, len, known ? len + 1 : MATCH_FRONT, slip_told, &search);
			if (!search.found && pieces == 0 && looks_ours(find, at, len, digits)) find->stray = true;
		}
		if (text->marks[end - 1] & MATCH_FIELD_END) break;
	}
}

/* Does a run of words from `at` on have the form of the hospital's own numbers? Those that are any claim's are used. */
static bool form_at(const struct match_find *find, size_t at)
{
	const struct match_text *text = &find->text;
	const struct match_forms *forms = find->index->setting.forms;
	size_t end = at;
	for (int pieces = 0; pieces < PIECES_MAX; pieces++) {
		if (!piece_end(text, &end) || end - at > MATCH_FORM_CHARS_MAX + 1) return false;
		if (match_forms_like(forms, text->folded + at, end - at, pieces > 0)) return true;
		if (text->marks[end - 1] & MATCH_FIELD_END) return false;
	}
	return false;
}

/* Does the number begin so? Of a claim's no more is known than its key. */
static bool begins_so(const struct match_index *index, const struct match_entry *entry, const char *folded, size_t len)
{
	if (len <= MATCH_KEY_CHARS) return true;
	return strncmp(rest_of(index, entry), folded + MATCH_KEY_CHARS, len - MATCH_KEY_CHARS) == 0;
}

/* What begins like the last words of a field. */
static void cuts_before(struct match_find *find, size_t field_end)
{
	const struct match_index *index = find->index;
	const struct match_text *text = &find->text;
	size_t digits = 0, at = field_end;
	for (int pieces = 0; at > 0 && pieces < PIECES_MAX;) {
		at--;
		if ((text->marks[at] & MATCH_USED) || ((text->marks[at] & MATCH_FIELD_END) && at + 1 < field_end))
			break;
		digits += (text->marks[at] & MATCH_DIGIT) != 0;
		size_t len = field_end - at;
		if (len > MATCH_NUMBER_MAX) break;
		if (!(text->marks[at] & MATCH_BEGIN)) continue;
		pieces++;
		if (len < CUT_MIN || digits == 0 || index->lengths[front_at(text, at)] == 0) continue;
		const struct match_entry *entry;
		uint32_t looked = 0, before = find->hint_count;
		size_t keyed = len < MATCH_KEY_CHARS ? len : MATCH_KEY_CHARS;
		struct match_walk walk = match_order_range(&index->numbers, match_key_of(text->folded + at, keyed),
			match_key_last(text->folded + at, keyed));
		while ((entry = match_walk_next(&walk)) != NULL && !find->hints_many) {
			if (match_number_gone(index, entry) || !begins_so(index, entry, text->folded + at, len))
				continue;
			if (++looked > CUT_RANGE_MAX) find->hints_many = true;
			bool advice = match_of_advice(entry->kind);
			uint32_t payer =
				advice ? index->notices[entry->value].payer : match_claim_payer(index, entry->value);
			bool open = advice ? index->notices[entry->value].waits : index->items[entry->value].open > 0;
			if (open) hint_add(find, entry, MATCH_CUT, len);
			if (!advice && match_find_is_payer(find, payer)) find->cut_known = true;
		}
		if ((find->hint_count > before || find->hints_many) && len <= MATCH_KEY_CHARS &&
			find->cut_count < MATCH_CUTS_MAX) {
			find->cuts[find->cut_count].at = (uint16_t)at;
			find->cuts[find->cut_count++].len = (uint16_t)len;
		}
	}
}

void match_find_hints(struct match_find *find)
{
	const struct match_text *text = &find->text;
	if (find->hinted) return;
	find->hinted = true;
	for (size_t at = 0; at < text->len; at++) {
		if (!(text->marks[at] & MATCH_BEGIN) || (text->marks[at] & MATCH_USED)) continue;
		slips_at(find, at);
		find->nobodys = find->nobodys || form_at(find, at);
	}
	for (uint32_t i = 0; i < find->line->slip_count; i++) {
		const struct match_bill *slip = &find->line->slips[i];
		const struct match_entry entry = {.value = slip->claim, .kind = MATCH_CLAIM_NUMBER};
		hint_put(find, &entry, MATCH_SLIP, strlen(slip->number));
	}
	for (size_t at = 0; at < text->len; at++) {
		if (text->marks[at] & MATCH_FIELD_END) cuts_before(find, at + 1);
	}
	if (find->cut_count > 0 || find->hint_count > 0) find->stray = false;
}

const struct match_hint *match_find_hint_of(const struct match_find *find, uint32_t thing, bool advice)
{
	for (uint32_t i = 0; i < find->hint_count; i++) {
		const struct match_hint *hint = &find->hints[i];
		if (hint->thing == thing && match_of_advice(hint->number) == advice) return hint;
	}
	return NULL;
}

bool match_find_cut_of(const struct match_find *find, uint32_t claim)
{
	const struct match_item *item = &find->index->items[claim];
	for (uint32_t i = 0; i < find->cut_count; i++) {
		const char *folded = find->text.folded + find->cuts[i].at;
		for (int j = 0; j < MATCH_NUMBERS; j++) {
			if (match_key_begins(item->keys[j], folded, find->cuts[i].len)) return true;
		}
	}
	return false;
}

/* The number of the latest advice of a payer of the line that has one; NULL: there is none. */
static const struct match_notice_number *latest(const struct match_find *find)
{
	const struct match_index *index = find->index;
	for (uint32_t i = index->notice_count; i > 0; i--) {
		const struct match_notice *notice = &index->notices[i - 1];
		const struct match_notice_number *number = &notice->numbers[0];
		if (!match_key_none(number->key) && match_find_is_payer(find, notice->payer)) return number;
	}
	return NULL;
}

/* Are these the begin of such a number, and not all of it: its letters, and digits where it has any? */
static bool begins_like(const struct match_notice_number *like, const char *folded, size_t len)
{
	size_t more = like->rest == NULL ? 0 : strlen(like->rest);
	for (size_t i = 0; i <= len; i++) {
		char own = '\0';
		if (i < MATCH_KEY_CHARS)
			own = match_key_char(like->key, i);
		else if (i - MATCH_KEY_CHARS < more)
			own = like->rest[i - MATCH_KEY_CHARS];
		if (i == len || own == '\0') return own != '\0';
		if (own != folded[i] && !(text_is_digit(own) && text_is_digit(folded[i]))) return false;
	}
	return false;
}

/* Where no number of this payer is known: a sign for one, and next to nothing behind it. */
static bool ends_at_once(const char *text)
{
	const char *sign = text == NULL ? NULL : strrchr(text, '#');
	size_t len = 0;
	if (sign == NULL) return false;
	while (isalnum((unsigned char)sign[1 + len])) len++;
	return sign[1 + len] == '\0' && len < MATCH_FRONT;
}

bool match_find_cut_off(const struct match_find *find)
{
	const struct match_text *text = &find->text;
	const struct match_notice_number *like = latest(find);
	if (like == NULL) return ends_at_once(find->line->text) || ends_at_once(find->line->end_to_end);
	for (size_t end = 1; end <= text->len; end++) {
		if (!(text->marks[end - 1] & MATCH_FIELD_END)) continue;
		for (size_t at = end; at > 0 && end - at < MATCH_NUMBER_MAX; at--) {
			if (at < end && (text->marks[at - 1] & MATCH_FIELD_END)) break;
			if (!(text->marks[at - 1] & MATCH_BEGIN) || end - at + 1 < CUT_MIN) continue;
			if (begins_like(like, text->folded + at - 1, end - at + 1)) return true;
		}
	}
	return false;
}

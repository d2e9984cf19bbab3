/* By hand: the claims as they stand, the rates of the line's day where one is needed, and the arithmetic of
 * settle/match_hand.h. */
#include "ctl/match_allocate.h"

#include <string.h>

#include "ctl/rate_desk.h"
#include "db/sync.h"
#include "lib/money.h"
#include "model/directory.h"
#include "settle/book_rate.h"
#include "settle/match_hand.h"

#define RESTS_MAX 8 /* of one claim */

/* All that is said. */
struct hand {
	struct match_desk *desk;
	struct match_hand money;
	struct rate_desk rates;
	bool rates_known;
	const struct match_rest_sum *rest; /* of those that say nothing; NULL: none */
	struct match_made *made;
};

static int kind_read(struct text_span word, uint8_t *ret)
{
	for (uint8_t i = 0; match_rest_words[i] != NULL; i++) {
		if (!text_is(word, match_rest_words[i])) continue;
		*ret = i;
		return 0;
	}
	return err_set(ERR_INVALID, "what is missing is short, charge, fee, discount, difference or fx, not \"%.*s\"",
		(int)word.len, word.ptr);
}

/* The next of what stands between commas; {NULL, 0} behind the last. */
static struct text_span next_word(const char **at)
{
	struct text_span word = {*at, strcspn(*at, ",")};

	if (**at == '\0') return (struct text_span){NULL, 0};
	*at += word.len + ((*at)[word.len] == ',');
	return word;
}

static int amount_read(const struct hand *hand, struct text_span text, int64_t *ret)
{
	const char *copy = zf_strndup(&hand->desk->arena.zf, text.ptr, text.len);

	return copy == NULL ? err_set(ERR_NOMEM, "no memory for an amount") : match_desk_amount(hand->desk, copy, ret);
}

static int rests_read(
	const struct hand *hand, const char *at, struct match_rest_sum rests[RESTS_MAX], size_t *ret_count)
{
	size_t count = 0;
	int r = 0;

	for (struct text_span word = next_word(&at); r == 0 && word.ptr != NULL; word = next_word(&at)) {
		const char *equals = memchr(word.ptr, '=', word.len);
		struct text_span kind = {word.ptr, equals == NULL ? word.len : (size_t)(equals - word.ptr)};

		if (count == RESTS_MAX)
			return err_set(ERR_LIMIT, "of a claim at most %d things are missing", RESTS_MAX);
		rests[count].minor = 0;
		r = kind_read(kind, &rests[count].kind);
		if (r == 0 && equals != NULL)
			r = amount_read(
				hand, (struct text_span){equals + 1, word.len - kind.len - 1}, &rests[count].minor);
		count++;
	}
	if (count == 0 && hand->rest != NULL) rests[count++] = *hand->rest;
	*ret_count = count;
	return r;
}

static int claim_read(const struct hand *hand, struct match_hand_claim *claim)
{
	struct pg_result *rows = NULL;
	int r = ctl_query(hand->desk->ctl, &rows,
		"SELECT r.claim_id, r.version, r.currency, r.open_minor FROM claim_state c JOIN receivable r"
		" ON r.hospital_id = c.hospital_id AND r.claim_id = c.claim_id WHERE c.hospital_id = $1 AND c.ref = $2",
		"ut", &hand->desk->hospital->id, claim->ref);

	if (r == 0 && db_rows_count(rows) == 0)
		r = err_set(ERR_NOTFOUND, "nothing was ever owed for \"%s\"", claim->ref);
	if (r == 0) {
		claim->id = db_rows_uuid(rows, 0, 0);
		claim->version = (int32_t)db_rows_int(rows, 0, 1);
		r = money_make(db_rows_int(rows, 0, 3), text_of(db_rows_text(rows, 0, 2)), &claim->open);
	}
	db_sync_rows_free(rows);
	return r;
}

/* The ways between the line's currency and what is owed, where neither is that of the books, or only the line's. */
static int ways_find(struct hand *hand, struct match_hand_claim *claim, struct rate_path ways[2])
{
	const struct match_desk *desk = hand->desk;
	const char *line = desk->zero.currency, *owed = claim->open.currency;
	int32_t day = desk->booked_day, today = ctl_today(desk->hospital);
	struct rate_gap gaps[RATE_SOURCE_COUNT];
	int r = 0;

	if (strcmp(owed, line) == 0 || strcmp(owed, desk->hospital->book_currency) == 0) return 0;
	if (!hand->rates_known) r = rate_desk_know(&hand->rates, NULL, day - desk->hospital->rate_reach_days, day);
	if (r < 0) return r;
	hand->rates_known = true;
	if (book_rate_find(desk->hospital, &hand->rates.known.rates.table, line, owed, day, today, &ways[0], gaps) == 0)
		claim->from_line = &ways[0];
	if (book_rate_find(desk->hospital, &hand->rates.known.rates.table, owed, line, day, today, &ways[1], gaps) == 0)
		claim->to_line = &ways[1];
	if (claim->from_line != NULL) hand->made->rate = ways[0];
	return 0;
}

/* "REF=AMOUNT,charge=25.00,short" */
static int part_read(struct hand *hand, const char *text, struct match_allot *part)
{
	struct match_hand_claim claim = {.version = 0};
	struct match_rest_sum rests[RESTS_MAX];
	struct rate_path ways[2];
	enum match_hand_fault fault;
	const char *at = text;
	struct text_span first = next_word(&at);
	const char *equals = first.ptr == NULL ? NULL : memchr(first.ptr, '=', first.len);
	size_t len = equals != NULL ? (size_t)(equals - text) : 0, count = 0;
	int64_t amount = 0;

	if (equals == NULL || len >= sizeof(claim.ref)) return err_set(ERR_INVALID, "\"%s\" is not REF=AMOUNT", text);
	memcpy(claim.ref, text, len);
	int r = amount_read(hand, (struct text_span){equals + 1, first.len - len - 1}, &amount);
	if (r == 0) r = rests_read(hand, at, rests, &count);
	if (r == 0) r = claim_read(hand, &claim);
	if (r == 0) r = ways_find(hand, &claim, ways);
	if (r < 0) return r;
	r = match_hand_part(&hand->money, &claim, amount, rests, count, part, &fault);
	if (r == ERR_DENIED)
		r = err_set(ERR_INVALID, "%s (%s): %s", claim.ref, claim.open.currency,
			match_hand_fault_text(fault, hand->desk->ctl->chinese));
	return r == ERR_LIMIT ? err_set(r, "an amount does not fit") : r;
}

static int parts_read(struct hand *hand, const char *const *words, int count)
{
	struct match_choice *choice = &hand->made->choice;
	int r = 0;

	for (int i = 0; r == 0 && i < count; i++) {
		r = part_read(hand, words[i], &choice->parts[i]);
		for (int k = 0; r == 0 && k < i; k++)
			if (uuid_equal(&choice->parts[k].claim, &choice->parts[i].claim))
				r = err_set(ERR_INVALID, "%s is named twice", choice->parts[i].ref);
		choice->part_count++;
	}
	return r;
}

static int money_read(struct hand *hand)
{
	struct match_desk *desk = hand->desk;
	int r = match_desk_item(desk);

	if (r == 0 && !desk->valued)
		r = err_set(
			ERR_AGAIN, "there is no rate yet that says what it is worth in the books: money waiting tells");
	if (r == 0) r = money_make(desk->book, text_of(desk->hospital->book_currency), &hand->money.book);
	hand->money.zero = desk->zero;
	hand->money.whole = desk->whole;
	hand->money.open = desk->open;
	return r;
}

int match_allocate_read(
	struct match_desk *desk, const char *const *words, int count, const char *rest, struct match_made *ret)
{
	struct hand hand = {.desk = desk, .made = ret};
	struct match_rest_sum all = {.minor = 0};
	int r = 0;

	*ret = (struct match_made){.choice = {.kind = MATCH_PAYMENT, .sound = true}};
	if (rest != NULL && kind_read(text_of(rest), &all.kind) < 0) return ctl_usage("--rest: %s", err_text());
	if (rest != NULL) hand.rest = &all;
	ret->choice.parts = zf_alloc_array(&desk->arena.zf, (size_t)count, sizeof(*ret->choice.parts));
	if (ret->choice.parts == NULL) return err_set(ERR_NOMEM, "no memory for what is allocated");
	rate_desk_open(desk->ctl, &hand.rates);
	r = ctl_begin(desk->ctl, &desk->hospital->id, false);
	if (r == 0) r = money_read(&hand);
	if (r == 0) r = parts_read(&hand, words, count);
	if (r == 0) r = ctl_commit(desk->ctl);
	rate_desk_close(&hand.rates);
	return r;
}

void match_allocate_rates(struct match_desk *desk, struct report *report)
{
	static const struct column columns[] = {{"rate", "rate"}, {"source", "source"}, {"day", "day"}};
	struct table table;

	if (desk->made.rate.count == 0) return;
	table_begin(&table, columns, ARRAY_LEN(columns));
	for (uint8_t i = 0; i < desk->made.rate.count; i++) {
		const struct rate *rate = &desk->made.rate.steps[i].rate;

		table_add(&table, cell_rate(rate));
		table_add(&table, cell_rate_source(rate->source, ""));
		table_add(&table, cell_day(rate->day));
	}
	table_end(&table, report, "rates", say(desk->ctl, "by these rates", "所用汇率"), NULL);
}

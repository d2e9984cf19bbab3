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

static int claim_read(const struct hand *hand, const char *name, struct match_hand_claim *claim)
{
	struct pg_result *rows = NULL;
	int r = ctl_query(hand->desk->ctl, &rows,
		"SELECT r.claim_id, r.version, r.currency, r.open_minor FROM claim_state c JOIN receivable r"
		" ON r.hospital_id = c.hospital_id AND r.claim_id = " MATCH_HAND_RECEIVABLE(
			"$2") " WHERE c.hospital_id = $1 AND c.ref = split_part($2, ':', 1)",
		"ut", &hand->desk->hospital->id, name);

	if (r == 0 && db_rows_count(rows) == 0) r = err_set(ERR_NOTFOUND, "nothing was ever owed for \"%s\"", name);
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
	const char *equals = first.ptr == NULL ? NULL : memchr(first.ptr, '=', first.len), *name;
	size_t len = equals != NULL ? (size_t)(equals - text) : 0, count = 0, ref_len = 0;
	int64_t amount = 0;

	while (ref_len < len && text[ref_len] != ':') ref_len++;
	/* of a plan the code alone stands behind the ref */
	bool of_plan = ref_len + 1 < len && memchr(text + ref_len + 1, ':', len - ref_len - 1) == NULL;
	if (equals == NULL || ref_len == 0 || ref_len >= sizeof(claim.ref) || (ref_len < len && !of_plan))
		return err_set(
			ERR_INVALID, "\"%s\" is not REF=AMOUNT, nor REF:CODE=AMOUNT of a group plan or si", text);
	name = zf_strndup(&hand->desk->arena.zf, text, len);
	if (name == NULL) return err_set(ERR_NOMEM, "no memory for what is allocated");
	memcpy(claim.ref, text, ref_len);
	claim.plan = ref_len < len ? name + ref_len + 1 : NULL;
	int r = amount_read(hand, (struct text_span){equals + 1, first.len - len - 1}, &amount);
	if (r == 0) r = rests_read(hand, at, rests, &count);
	if (r == 0) r = claim_read(hand, name, &claim);
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
	hand->money.rates = &hand->rates.known.rates;
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

/* ---- by an advice ---- */

/* One of its details that is meant. */
struct advice_detail {
	struct match_hand_detail said;
	struct match_hand_claim claim;
	struct rate_path ways[2];
	bool is_named; /* a claim that is here */
};

/* "4=REF,back": which detail, of which claim, and whether it is taken back. */
static int detail_word(const struct hand *hand, const char *text, struct advice_detail *detail)
{
	const char *at = text;
	struct text_span first = next_word(&at), more = next_word(&at);
	const char *equals = first.ptr == NULL ? NULL : memchr(first.ptr, '=', first.len);
	size_t len = equals == NULL ? first.len : (size_t)(equals - first.ptr);
	int64_t no = 0;

	if (text_to_int64((struct text_span){first.ptr, len}, &no) != 0 || no < 1 || no > INT32_MAX || *at != '\0' ||
		(more.ptr != NULL && !text_is(more, "back")))
		return err_set(ERR_INVALID, "\"%s\" is not NO or NO=REF, with \",back\" where it is taken back", text);
	detail->said.no = (int32_t)no;
	detail->said.taken_back = more.ptr != NULL;
	if (equals == NULL) return 0;
	if (first.len - len - 1 >= sizeof(detail->claim.ref))
		return err_set(ERR_INVALID, "\"%s\" is no ref", equals + 1);
	memcpy(detail->claim.ref, equals + 1, first.len - len - 1);
	detail->is_named = true;
	return claim_read(hand, detail->claim.ref, &detail->claim);
}

/* What the advice says of it. */
static int detail_read(const struct hand *hand, const struct pg_result *rows, int row, struct advice_detail *detail)
{
	const char *currency = db_rows_text(rows, row, 4);

	if (strcmp(currency, hand->desk->zero.currency) != 0)
		return err_set(
			ERR_INVALID, "the advice is of %s, and the money of %s", currency, hand->desk->zero.currency);
	detail->said.no = (int32_t)db_rows_int(rows, row, 0);
	detail->said.kind = (uint8_t)db_rows_int(rows, row, 1);
	detail->said.amount = db_rows_int(rows, row, 2);
	detail->said.fee = db_rows_int(rows, row, 3);
	if (detail->is_named || db_rows_null(rows, row, 5)) return 0;
	detail->is_named = true;
	(void)text_copy_cut(text_of(db_rows_text(rows, row, 5)), detail->claim.ref, sizeof(detail->claim.ref));
	return claim_read(hand, detail->claim.ref, &detail->claim);
}

/* What is open of its claim after those before it. */
static void claim_follow(struct advice_detail *details, int at)
{
	for (int i = at - 1; details[at].is_named && i >= 0; i--) {
		if (!details[i].is_named || !uuid_equal(&details[i].claim.id, &details[at].claim.id)) continue;
		details[at].claim.open = details[i].claim.open;
		return;
	}
}

static int detail_parts(struct hand *hand, struct advice_detail *details, int at)
{
	struct match_choice *choice = &hand->made->choice;
	struct advice_detail *detail = &details[at];
	enum match_hand_fault fault;
	uint32_t count = 0;
	int r = detail->is_named ? ways_find(hand, &detail->claim, detail->ways) : 0;

	if (r < 0) return r;
	claim_follow(details, at);
	r = match_hand_detail(&hand->money, detail->is_named ? &detail->claim : NULL, &detail->said,
		&choice->parts[choice->part_count], &count, &fault);
	choice->part_count += count;
	if (r == ERR_DENIED)
		r = err_set(ERR_INVALID, "%s %d: %s", say(hand->desk->ctl, "detail", "明细"), (int)detail->said.no,
			match_hand_fault_text(fault, hand->desk->ctl->chinese));
	return r == ERR_LIMIT ? err_set(r, "an amount does not fit") : r;
}

/* What they come to, against what is open of the money. */
static int advice_rest(struct hand *hand)
{
	struct match_choice *choice = &hand->made->choice;
	int64_t sum = 0, open = hand->money.open;
	struct zf_money money = hand->desk->zero;
	char text[2][MONEY_TEXT_SIZE];
	int r = match_hand_whole(
		&hand->money, hand->rest == NULL ? 0 : hand->rest->kind, choice->parts, &choice->part_count, &sum);

	if (r == ERR_LIMIT) return err_set(r, "an amount does not fit");
	if (r != ERR_DENIED) return r;
	money.minor = sum;
	(void)money_format(money, text[0]);
	money.minor = open;
	(void)money_format(money, text[1]);
	return err_set(ERR_INVALID,
		"the details come to %s %s, and %s %s is open of the money: name those that it is, or say with --rest what is "
		"missing",
		text[0], money.currency, text[1], money.currency);
}

static int advice_ask(struct hand *hand, const char *word, const struct advice_detail *said, int count,
	struct uuid *ret_id, struct pg_result **ret_rows)
{
	struct db_params params;
	struct db_array *numbers;
	int r;

	if (uuid_parse(word, ret_id) < 0)
		return err_set(ERR_INVALID, "\"%s\" is no advice's id: money remittance list shows them", word);
	db_params_init(&params, &hand->desk->arena);
	db_params_uuid(&params, &hand->desk->hospital->id);
	db_params_uuid(&params, ret_id);
	numbers = db_params_array(&params, DB_INT4, (size_t)count, 0);
	for (int i = 0; i < count; i++) db_array_int4(numbers, said[i].said.no);
	r = db_sync_query(hand->desk->ctl->db,
		"SELECT d.no::int4, d.kind::int4, d.amount_minor, d.fee_minor, d.currency, c.ref FROM remittance_detail d"
		" LEFT JOIN claim_state c ON c.hospital_id = d.hospital_id AND c.claim_id = d.claim_id"
		" LEFT JOIN unnest($3::int4[]) WITH ORDINALITY AS t (no, n) ON t.no = d.no"
		" WHERE d.hospital_id = $1 AND d.remittance_id = $2 AND CASE WHEN cardinality($3::int4[]) > 0 THEN t.no IS NOT NULL"
		" ELSE NOT EXISTS (SELECT 1 FROM remittance_paid p JOIN allocation a ON a.hospital_id = p.hospital_id"
		"  AND a.allocation_id = p.allocation_id WHERE p.hospital_id = d.hospital_id AND p.remittance_id = d.remittance_id"
		"  AND a.remittance_id = d.remittance_id AND a.detail = d.no) END ORDER BY t.n, d.no",
		&params, ret_rows);
	if (r == 0 && (db_rows_count(*ret_rows) == 0 || (count > 0 && db_rows_count(*ret_rows) != count)))
		r = err_set(ERR_NOTFOUND,
			"there is no such advice, or not all of these details of it, or all are allocated");
	return r;
}

/* Zeroed, at least one. NULL: there is no memory. */
static struct advice_detail *details_new(const struct hand *hand, int count)
{
	size_t size = (size_t)(count > 0 ? count : 1);
	struct advice_detail *details = zf_alloc_array(&hand->desk->arena.zf, size, sizeof(*details));

	if (details == NULL)
		(void)err_set(ERR_NOMEM, "no memory for an advice");
	else
		memset(details, 0, size * sizeof(*details));
	return details;
}

static int advice_parts(struct hand *hand, const char *const *words, int count)
{
	struct match_choice *choice = &hand->made->choice;
	struct advice_detail *details = details_new(hand, count - 1);
	struct pg_result *rows = NULL;
	struct uuid id = {{0}};
	int r = details == NULL ? ERR_NOMEM : 0, found = 0;

	for (int i = 1; r == 0 && i < count; i++) {
		r = detail_word(hand, words[i], &details[i - 1]);
		for (int k = 0; r == 0 && k < i - 1; k++)
			if (details[k].said.no == details[i - 1].said.no)
				r = err_set(ERR_INVALID, "detail %d is named twice", (int)details[k].said.no);
	}
	if (r == 0) r = advice_ask(hand, words[0], details, count - 1, &id, &rows);
	if (r == 0) {
		found = db_rows_count(rows);
		if (count == 1) details = details_new(hand, found);
		choice->parts = zf_alloc_array(
			&hand->desk->arena.zf, MATCH_DETAIL_PARTS * (size_t)found + 1, sizeof(*choice->parts));
		if (details == NULL || choice->parts == NULL) r = err_set(ERR_NOMEM, "no memory for an advice");
	}
	for (int i = 0; r == 0 && i < found; i++) {
		details[i].said.remittance = id;
		r = detail_read(hand, rows, i, &details[i]);
		if (r == 0) r = detail_parts(hand, details, i);
	}
	db_sync_rows_free(rows);
	return r == 0 ? advice_rest(hand) : r;
}

int match_allocate_advice(
	struct match_desk *desk, const char *const *words, int count, const char *rest, struct match_made *ret)
{
	struct hand hand = {.desk = desk, .made = ret};
	struct match_rest_sum kept = {.minor = 0};
	int r;

	*ret = (struct match_made){.choice = {.kind = MATCH_REMITTANCE, .sound = true}};
	if (rest != NULL && (kind_read(text_of(rest), &kept.kind) < 0 ||
				    (kept.kind != MATCH_REST_CHARGE && kept.kind != MATCH_REST_DIFFERENCE)))
		return ctl_usage("--rest: what is missing of an advice's money is a charge or a difference");
	if (rest != NULL) hand.rest = &kept;
	rate_desk_open(desk->ctl, &hand.rates);
	r = ctl_begin(desk->ctl, &desk->hospital->id, false);
	if (r == 0) r = money_read(&hand);
	if (r == 0) r = advice_parts(&hand, words, count);
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

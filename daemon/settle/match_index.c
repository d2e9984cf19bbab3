/* Filling the index and keeping it up to date. */
#include "settle/match_find.h"

#include <string.h>

#include "base/mem.h"

#define COUNT_FIRST 64  /* of a list that grows */
#define REFERENCE_MIN 6 /* characters of a payment reference that tell it from a word */

int match_grow(void **list, uint32_t count, uint32_t *cap, size_t size)
{
	if (count < *cap) return 0;
	if (*cap > UINT32_MAX / 2 - 1) return ERR_NOMEM;
	uint32_t more = *cap == 0 ? COUNT_FIRST : *cap * 2;
	void *grown = mem_realloc(*list, more * size);
	if (grown == NULL) return ERR_NOMEM;
	*list = grown;
	*cap = more;
	return 0;
}

/* Enters a number under which a thing is known. */
static int number_add(
	struct match_index *index, const char *number, uint8_t kind, uint32_t value, struct match_key *ret)
{
	char folded[MATCH_KEY_CHARS];
	size_t len = match_key_fold(number, folded, sizeof(folded));
	*ret = (struct match_key){0, 0};
	if (len < MATCH_FRONT) return 0; /* too short to be told from a word */
	*ret = match_key_of(folded, len);
	index->lengths[match_front(*ret)] |= UINT32_C(1) << len;
	return match_order_add(&index->numbers, *ret, value, kind);
}

bool match_number_gone(const struct match_index *index, const struct match_entry *entry)
{
	if (match_of_advice(entry->kind)) return false;
	const struct match_item *item = &index->items[entry->value];
	return item->owed == 0 || match_key_compare(item->keys[entry->kind], entry->key) != 0;
}

bool match_amount_gone(const void *ctx, const struct match_entry *entry)
{
	const struct match_index *index = ctx;
	const struct match_item *item = &index->items[entry->value];
	return (uint64_t)(entry->key.hi % 2 != 0 ? item->fixed : item->open) != entry->key.lo;
}

/* What may come back is still looked for. */
static bool amount_useless(const void *ctx, const struct match_entry *entry)
{
	const struct match_index *index = ctx;
	return match_amount_gone(index, entry) && !match_uncommitted(index, index->items[entry->value].moved);
}

bool match_credit_gone(const void *ctx, const struct match_entry *entry)
{
	const struct match_index *index = ctx;
	return index->credits[entry->value].reversed || index->credits[entry->value].forgotten;
}

/* Folded names (or accounts) of all payers into one list. */
static int names_add(const struct match_setting *setting, bool accounts, struct match_name **ret, uint32_t *ret_count)
{
	uint32_t total = 0, count = 0;
	for (uint32_t i = 0; i < setting->payer_count; i++) {
		total += accounts ? setting->payers[i].account_count : setting->payers[i].name_count;
	}
	struct match_name *names = mem_alloc((total + 1) * sizeof(*names));
	if (names == NULL) return ERR_NOMEM;
	*ret = names;
	for (uint32_t i = 0; i < setting->payer_count; i++) {
		const struct match_payer *payer = &setting->payers[i];
		uint32_t own = accounts ? payer->account_count : payer->name_count;
		for (uint32_t j = 0; j < own; j++) {
			char folded[MATCH_NAME_SIZE];
			size_t weight = match_name_fold(accounts ? payer->accounts[j] : payer->names[j], folded);
			if (weight == 0 || (!accounts && weight < MATCH_NAME_WEIGHT)) continue;
			char *copy = mem_strdup(folded);
			if (copy == NULL) return ERR_NOMEM;
			names[count] = (struct match_name){copy, strlen(copy), i};
			*ret_count = ++count;
		}
	}
	return 0;
}

static int terms_fill(struct match_index *index)
{
	const struct match_setting *setting = &index->setting;
	if (money_make(0, text_of(setting->book), &index->book) != 0) return ERR_INVALID;
	for (uint32_t i = 0; i < setting->payer_count; i++) {
		const struct match_payer *payer = &setting->payers[i];
		if (payer->claims_max > MATCH_CLAIMS_MAX || payer->advices_max > 2) return ERR_INVALID;
	}
	for (uint32_t i = 0; i < setting->contract_count; i++) {
		const struct match_contract *contract = &setting->contracts[i];
		struct match_terms *terms = &index->terms[i];
		terms->contract = contract;
		if (contract->payer >= setting->payer_count) return ERR_INVALID;
		if (money_make(0, text_of(contract->owed), &terms->owed) != 0) return ERR_INVALID;
		if (money_make(0, text_of(contract->pay), &terms->pay) != 0) return ERR_INVALID;
	}
	return 0;
}

static int setting_take(struct match_index *index, const struct match_setting *setting)
{
	index->setting = *setting;
	if (setting->certain == 0) index->setting.certain = MATCH_CERTAIN_DEFAULT;
	index->terms = mem_alloc((setting->contract_count + 1) * sizeof(*index->terms));
	int err = index->terms == NULL ? ERR_NOMEM : terms_fill(index);
	if (err == 0) err = names_add(setting, false, &index->names, &index->name_count);
	if (err == 0) err = names_add(setting, true, &index->accounts, &index->account_count);
	return err;
}

int match_index_new(const struct match_setting *setting, struct match_index **ret)
{
	struct match_index *index = mem_alloc(sizeof(*index));
	if (index == NULL) return ERR_NOMEM;
	index->magic = MATCH_INDEX_MAGIC;
	index->numbers.filtered = true;
	int err = setting_take(index, setting);
	if (err != 0) {
		match_index_free(index);
		return err;
	}
	*ret = index;
	return 0;
}

/* What follows from the setting. */
static void setting_free(struct match_index *index)
{
	for (uint32_t i = 0; i < index->name_count; i++) mem_free((char *)(uintptr_t)index->names[i].folded);
	for (uint32_t i = 0; i < index->account_count; i++) mem_free((char *)(uintptr_t)index->accounts[i].folded);
	mem_free(index->names);
	mem_free(index->accounts);
	mem_free(index->terms);
	index->names = index->accounts = NULL;
	index->terms = NULL;
	index->name_count = index->account_count = 0;
}

int match_index_renew(struct match_index *index, const struct match_setting *setting)
{
	CHECK_MAGIC(index, MATCH_INDEX_MAGIC);
	if (setting->contract_count != index->setting.contract_count ||
		setting->payer_count != index->setting.payer_count)
		return ERR_INVALID;
	setting_free(index);
	return setting_take(index, setting);
}

void match_index_free(struct match_index *index)
{
	if (index == NULL) return;
	CHECK_MAGIC(index, MATCH_INDEX_MAGIC);
	setting_free(index);
	for (uint32_t i = 0; i < index->notice_count; i++) {
		for (uint32_t j = 0; j < MATCH_ADVICE_NUMBERS; j++) mem_free(index->notices[i].numbers[j].rest);
		mem_free(index->notices[i].rows);
	}
	mem_free(index->items);
	mem_free(index->notices);
	mem_free(index->credits);
	mem_free(index->places);
	match_order_free(&index->listed);
	match_order_free(&index->numbers);
	match_order_free(&index->amounts);
	match_order_free(&index->waiting);
	match_order_free(&index->taken);
	match_order_free(&index->seen);
	index->magic = 0;
	mem_free(index);
}

int match_terms_path(const struct match_index *index, const struct match_contract *contract, struct zf_money from,
	struct zf_money to, int32_t day, struct rate_path *ret_path)
{
	if (contract->rate_source == 0) return match_parity_path(index, from, to, day, ret_path);
	struct rate_query query = {
		.source = contract->rate_source,
		.bank = contract->rate_bank,
		.reach_days = contract->reach_days,
		.day = day,
	};
	memcpy(query.from, from.currency, sizeof(query.from));
	memcpy(query.to, to.currency, sizeof(query.to));
	memcpy(query.pivot, contract->pivot, sizeof(query.pivot));
	struct rate_gap gap;
	return rate_route(&index->setting.rates, &query, ret_path, &gap) == 0 ? 0 : ERR_NOTFOUND;
}

int match_parity_path(const struct match_index *index, struct zf_money from, struct zf_money to, int32_t day,
	struct rate_path *ret_path)
{
	struct rate_gap gaps[RATE_SOURCE_COUNT];
	return book_rate_way(
		&index->setting.booked, &index->setting.rates, from.currency, to.currency, day, ret_path, gaps);
}

/* What settles what is open, where a day of the claim fixes it. */
static int64_t fixed_of(const struct match_index *index, const struct match_item *item, int64_t open)
{
	const struct match_terms *terms = &index->terms[item->contract];
	struct rate_path path;
	struct rate_conversion conversion;
	if (open == 0 || terms->contract->rate_day != MATCH_FIXED) return 0;
	if (money_same_currency(terms->owed, terms->pay)) return 0;
	if (match_terms_path(index, terms->contract, terms->owed, terms->pay, item->fixing_day, &path) != 0) return 0;
	if (rate_convert(match_money(terms->owed, open), &path, (enum decimal_rule)terms->contract->rule,
		    &conversion) != 0) {
		return 0;
	}
	return conversion.to.minor;
}

/* Enters what is open by its amounts. */
static int amounts_add(struct match_index *index, uint32_t claim, int64_t open, int64_t fixed)
{
	uint32_t contract = index->items[claim].contract;
	if (open == 0) return 0;
	int err = match_order_add(&index->amounts, match_amount_key(contract, false, open), claim, 0);
	if (err == 0 && fixed > 0) {
		err = match_order_add(&index->amounts, match_amount_key(contract, true, fixed), claim, 0);
	}
	return err;
}

static bool claim_valid(const struct match_index *index, const struct match_claim *claim)
{
	if (claim->contract >= index->setting.contract_count) return false;
	const struct match_terms *terms = &index->terms[claim->contract];
	const struct receivable *made = &claim->made;
	return money_same_currency(made->owed, terms->owed) && money_same_currency(claim->open, terms->owed) &&
	       money_same_currency(made->book, index->book) && made->owed.minor > 0 && made->book.minor >= 0 &&
	       claim->open.minor >= 0 && claim->open.minor <= made->owed.minor;
}

/* Advices that list this number may be told otherwise now. */
static void listed_stale(struct match_index *index, struct match_key key)
{
	const struct match_entry *entry;
	if (match_key_none(key)) return;
	struct match_walk walk = match_order_range(&index->listed, key, key);
	while ((entry = match_walk_next(&walk)) != NULL) {
		if (entry->value >= index->notice_count || !index->notices[entry->value].waits) continue;
		index->notices[entry->value].stale = index->stale = true;
	}
}

static int32_t fixing_day(const struct match_claim *claim)
{
	return claim->fixing_day != 0 ? claim->fixing_day : claim->billed_day;
}

int match_index_add(struct match_index *index, const struct match_claim *claim, uint32_t *ret_claim)
{
	CHECK_MAGIC(index, MATCH_INDEX_MAGIC);
	if (!claim_valid(index, claim)) return ERR_INVALID;
	const struct receivable *made = &claim->made;
	int err = match_grow((void **)&index->items, index->item_count, &index->item_cap, sizeof(*index->items));
	if (err != 0) return err;
	uint32_t id = index->item_count;
	struct match_item *item = &index->items[id];
	*item = (struct match_item){
		.owed = made->owed.minor,
		.book = made->book.minor,
		.open = claim->open.minor,
		.contract = claim->contract,
		.billed_day = claim->billed_day,
		.due_day = claim->due_day,
		.fixing_day = fixing_day(claim),
		.of_plan = claim->of_plan,
	};
	item->fixed = fixed_of(index, item, item->open);
	/* Counted at once: should memory end below, an entry that is in must not lead to nothing. */
	index->item_count++;
	for (uint8_t i = 0; i < MATCH_NUMBERS && err == 0; i++) {
		err = number_add(index, claim->numbers[i], i, id, &item->keys[i]);
		listed_stale(index, item->keys[i]);
	}
	if (err == 0) err = amounts_add(index, id, item->open, item->fixed);
	if (err != 0) {
		item->open = item->owed = 0; /* nothing finds it any more */
		return err;
	}
	*ret_claim = id;
	return 0;
}

int match_index_change(struct match_index *index, uint32_t claim, const struct match_claim *now)
{
	CHECK_MAGIC(index, MATCH_INDEX_MAGIC);
	if (claim >= index->item_count || !claim_valid(index, now)) return ERR_INVALID;
	struct match_item *item = &index->items[claim];
	if (now->contract != item->contract || now->of_plan != item->of_plan) return ERR_INVALID;
	for (uint8_t i = 0; i < MATCH_NUMBERS; i++) {
		char folded[MATCH_KEY_CHARS];
		size_t len = match_key_fold(now->numbers[i], folded, sizeof(folded));
		struct match_key key = len < MATCH_FRONT ? (struct match_key){0, 0} : match_key_of(folded, len);
		if (match_key_compare(key, item->keys[i]) == 0) continue;
		listed_stale(index, item->keys[i]);
		listed_stale(index, key);
		int err = number_add(index, now->numbers[i], i, claim, &item->keys[i]);
		if (err != 0) return err;
	}
	item->owed = now->made.owed.minor;
	item->book = now->made.book.minor;
	item->billed_day = now->billed_day;
	item->due_day = now->due_day;
	item->fixing_day = fixing_day(now);
	item->moved = 0;
	return match_index_open(index, claim, now->open);
}

int match_index_open(struct match_index *index, uint32_t claim, struct zf_money open)
{
	CHECK_MAGIC(index, MATCH_INDEX_MAGIC);
	if (claim >= index->item_count) return ERR_INVALID;
	struct match_item *item = &index->items[claim];
	if (!money_same_currency(open, index->terms[item->contract].owed) || open.minor < 0 ||
		open.minor > item->owed) {
		return ERR_INVALID;
	}
	int64_t fixed = fixed_of(index, item, open.minor);
	if (open.minor == item->open && fixed == item->fixed) return 0;
	int err = amounts_add(index, claim, open.minor, fixed);
	if (err != 0) return err;
	if (open.minor < item->open) {
		item->before = item->open;
		item->moved = index->round;
	}
	item->open = open.minor;
	item->fixed = fixed;
	return 0;
}

void match_index_round(struct match_index *index, uint32_t round, uint32_t oldest)
{
	CHECK_MAGIC(index, MATCH_INDEX_MAGIC);
	index->round = round;
	index->oldest = oldest;
}

struct zf_money match_index_opened(const struct match_index *index, uint32_t claim)
{
	CHECK_MAGIC(index, MATCH_INDEX_MAGIC);
	assert(claim < index->item_count);
	const struct match_item *item = &index->items[claim];
	return match_money(index->terms[item->contract].owed, item->open);
}

/* Is a row exactly what is open of an item? */
static bool row_fits(
	const struct match_index *index, const struct match_row *row, const struct match_notice *notice, uint32_t claim)
{
	const struct match_item *item = &index->items[claim];
	return row->amount == item->open && money_same_currency(index->terms[item->contract].owed, notice->total);
}

/* The claim of a row: that of this number which this payer pays for. Where it pays for a plan's share of the claim,
 * too, the claim itself, unless the row is exactly what is open of the share only. MATCH_NONE: none, or several. */
static uint32_t row_claim(
	const struct match_index *index, const struct match_row *row, const struct match_notice *notice)
{
	uint32_t found[2] = {MATCH_NONE, MATCH_NONE}; /* the claim, its share */
	const struct match_entry *entry;
	if (match_key_none(row->key)) return MATCH_NONE;
	struct match_walk walk = match_order_range(&index->numbers, row->key, row->key);
	while ((entry = match_walk_next(&walk)) != NULL) {
		if (match_of_advice(entry->kind)) continue;
		if (match_number_gone(index, entry) || match_claim_payer(index, entry->value) != notice->payer)
			continue;
		uint32_t *which = &found[index->items[entry->value].of_plan ? 1 : 0];
		if (*which != MATCH_NONE && *which != entry->value) return MATCH_NONE;
		*which = entry->value;
	}
	if (found[0] == MATCH_NONE || found[1] == MATCH_NONE) return found[found[0] == MATCH_NONE ? 1 : 0];
	return !row_fits(index, row, notice, found[0]) && row_fits(index, row, notice, found[1]) ? found[1] : found[0];
}

static bool of_claim(uint8_t kind)
{
	return kind == MATCH_PAID || kind == MATCH_TAKE_BACK || kind == MATCH_NETTED;
}

/* Finds the claims of an advice's rows. */
static void rows_resolve(const struct match_index *index, struct match_notice *notice)
{
	notice->strangers = 0;
	notice->stale = false;
	for (uint32_t i = 0; i < notice->row_count; i++) {
		struct match_row *row = &notice->rows[i];
		if (!of_claim(row->kind)) continue;
		row->claim = row_claim(index, row, notice);
		if (row->claim == MATCH_NONE) notice->strangers++;
	}
}

/* The rows of an advice, their claims not found yet. */
static int rows_fill(
	struct match_index *index, const struct match_advice *advice, uint32_t notice, struct match_row *rows)
{
	for (uint32_t i = 0; i < advice->detail_count; i++) {
		const struct match_detail *detail = &advice->details[i];
		if (!money_same_currency(detail->amount, advice->total) || detail->kind > MATCH_NETTED)
			return ERR_INVALID;
		rows[i] = (struct match_row){.amount = detail->amount.minor, .claim = MATCH_NONE, .kind = detail->kind};
		if (!of_claim(detail->kind)) continue;
		char folded[MATCH_KEY_CHARS];
		size_t len = match_key_fold(detail->number, folded, sizeof(folded));
		if (len < MATCH_FRONT) continue;
		rows[i].key = match_key_of(folded, len);
		if (match_order_add(&index->listed, rows[i].key, notice, 0) != 0) return ERR_NOMEM;
	}
	return 0;
}

int match_notices_compare(const struct match_notice *a, const struct match_notice *b)
{
	const struct match_notice_number *x = &a->numbers[0], *y = &b->numbers[0];
	int by_key = match_key_compare(x->key, y->key);
	return by_key != 0 ? by_key : strcmp(x->rest == NULL ? "" : x->rest, y->rest == NULL ? "" : y->rest);
}

/* Enters what an advice is known by, with what the key has no room for. ERR_NOMEM. */
static int notice_number_add(struct match_index *index, const char *number, uint8_t kind, uint32_t notice)
{
	struct match_notice_number *made = &index->notices[notice].numbers[kind - MATCH_ADVICE_NUMBER];
	char folded[MATCH_NUMBER_MAX + 1];
	size_t len = match_key_fold(number, folded, MATCH_NUMBER_MAX);
	/* CLAIMS and OCTOBER name no advice */
	if (kind == MATCH_ADVICE_REFERENCE && (len < REFERENCE_MIN || strpbrk(number, "0123456789") == NULL)) return 0;
	if (len > MATCH_KEY_CHARS) {
		folded[len] = '\0';
		made->rest = mem_strdup(folded + MATCH_KEY_CHARS);
		if (made->rest == NULL) return ERR_NOMEM;
	}
	return number_add(index, number, kind, notice, &made->key);
}

/* The advice that this one takes the place of. */
static void replaced(struct match_index *index, const struct match_notice *notice)
{
	const struct match_entry *entry;
	struct match_key key = notice->numbers[0].key;
	if (match_key_none(key)) return;
	struct match_walk walk = match_order_range(&index->numbers, key, key);
	while ((entry = match_walk_next(&walk)) != NULL) {
		if (entry->kind != MATCH_ADVICE_NUMBER) continue;
		struct match_notice *old = &index->notices[entry->value];
		if (old != notice && old->payer == notice->payer && match_notices_compare(old, notice) == 0)
			old->waits = false;
	}
}

int match_index_advise(struct match_index *index, const struct match_advice *advice, uint32_t *ret_advice)
{
	CHECK_MAGIC(index, MATCH_INDEX_MAGIC);
	if (advice->payer >= index->setting.payer_count || !advice->total.present) return ERR_INVALID;
	int err = match_index_settle(index);
	if (err == 0)
		err = match_grow(
			(void **)&index->notices, index->notice_count, &index->notice_cap, sizeof(*index->notices));
	if (err != 0) return err;
	uint32_t id = index->notice_count;
	struct match_row *rows = mem_alloc((advice->detail_count + 1) * sizeof(*rows));
	err = rows == NULL ? ERR_NOMEM : rows_fill(index, advice, id, rows);
	if (err != 0) {
		mem_free(rows);
		return err;
	}
	struct match_notice *notice = &index->notices[id];
	*notice = (struct match_notice){
		.rows = rows,
		.row_count = advice->detail_count,
		.total = advice->total,
		.payer = advice->payer,
		.order_day = advice->order_day,
		.adds_up = advice->balanced,
	};
	index->notice_count++;
	rows_resolve(index, notice);
	err = notice_number_add(index, advice->number, MATCH_ADVICE_NUMBER, id);
	if (err == 0) err = notice_number_add(index, advice->reference, MATCH_ADVICE_REFERENCE, id);
	if (err == 0) {
		struct match_key key = {advice->payer, (uint64_t)advice->total.minor};
		err = match_order_add(&index->waiting, key, id, 0);
	}
	if (err == 0) err = match_index_settle(index);
	if (err != 0) return err;
	notice->waits = true;
	replaced(index, notice);
	*ret_advice = id;
	return 0;
}

void match_index_advice_paid(struct match_index *index, uint32_t advice, bool paid)
{
	CHECK_MAGIC(index, MATCH_INDEX_MAGIC);
	assert(advice < index->notice_count);
	index->notices[advice].waits = !paid;
	index->notices[advice].moved = paid ? index->round : 0;
	if (!paid) index->notices[advice].stale = index->stale = true;
}

int match_index_settle(struct match_index *index)
{
	CHECK_MAGIC(index, MATCH_INDEX_MAGIC);
	if (match_order_settle(&index->numbers) != 0 || match_order_settle(&index->amounts) != 0 ||
		match_order_settle(&index->waiting) != 0 || match_order_settle(&index->taken) != 0 ||
		match_order_settle(&index->seen) != 0 || match_order_settle(&index->listed) != 0) {
		return ERR_NOMEM;
	}
	match_order_sweep(&index->amounts, amount_useless, index);
	match_order_sweep(&index->taken, match_credit_gone, index);
	for (uint32_t i = 0; i < index->notice_count && index->stale; i++) {
		if (index->notices[i].stale) rows_resolve(index, &index->notices[i]);
	}
	index->stale = false;
	return 0;
}

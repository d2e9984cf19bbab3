/* What must hold of every match, on random payers, claims and lines: sums, splits, that neither the order of adding nor
 * an unrelated claim changes anything, that the sorted list is one, and that any allocation may fail. */
#include <stdlib.h>

#include "match_lab.h"
#include "settle/match_order.h"

#define CLAIMS 40
#define LINES 60
#define WORLDS 30

static uint64_t dice_state;

static uint32_t dice(uint32_t sides)
{
	dice_state = dice_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(dice_state >> 33) % sides;
}

/* A month of one hospital: what is to be added, before it is added in some order. */
struct world {
	char refs[CLAIMS][REF_TEXT_LEN];
	char own[CLAIMS][16];
	int64_t owed[CLAIMS];
	uint32_t contract[CLAIMS];
	bool paid[CLAIMS];
	uint32_t id[CLAIMS]; /* in the index */
	char texts[LINES][120];
	struct match_line lines[LINES];
};

static const char *const payer_names[] = {"ALPHA HEALTH INSURANCE", "BETA MUTUAL SOCIETY LONDON", "GAMMA LIFE COMPANY"};

static void contracts_make(struct match_lab *lab)
{
	lab_payer(lab, payer_names[0], NULL, MATCH_SINGLE);
	lab_payer(lab, payer_names[1], NULL, MATCH_SEVERAL);
	lab_payer(lab, payer_names[2], NULL, MATCH_SINGLE);
	lab_contract(lab, 0, "USD", "USD", 20)->discount = 200;
	lab->contracts[0].discount_days = 90;
	lab_usual(lab, "25.00", "USD", 4);
	lab_contract(lab, 1, "CNY", "CNY", 10);
	lab_usual(lab, "50.00", "CNY", 2);
	lab_contract(lab, 2, "CNY", "USD", 20);
	lab_contract(lab, 2, "USD", "USD", 20);
}

static void world_make(struct world *world, struct match_lab *lab)
{
	for (uint32_t i = 0; i < CLAIMS; i++) {
		ref_from_number("HZ1", (UINT64_C(57346900000000) + dice(1000000)) * (1 + dice(40000)), world->refs[i]);
		(void)snprintf(world->own[i], sizeof(world->own[i]), "MZ2610%06u", dice(1000000));
		world->contract[i] = dice(4);
		/* few amounts, so that equal ones occur */
		world->owed[i] = dice(3) == 0 ? 320000 : 1000 + (int64_t)dice(90000000);
		world->paid[i] = dice(8) == 0;
	}
	for (uint32_t i = 0; i < LINES; i++) {
		uint32_t claim = dice(CLAIMS), payer = lab->contracts[world->contract[claim]].payer;
		char *text = world->texts[i];
		int64_t amount = world->owed[claim];
		const char *currency = lab->contracts[world->contract[claim]].pay;
		if (world->contract[claim] == 2) amount = amount * 10 / 71 + dice(5);
		if (dice(4) == 0) amount -= amount * 2 / 100;
		if (dice(4) == 0) amount -= 2500;
		if (dice(6) == 0) amount += dice(5000);
		if (dice(5) == 0) amount = -amount;
		(void)snprintf(text, 120, "%s %.*s", dice(2) ? "CLAIM" : "PAYMENT FOR", (int)dice(REF_LEN + 4),
			dice(3) ? world->refs[claim] : world->own[claim]);
		uint32_t other = dice(CLAIMS);
		if (world->contract[claim] == 1 && world->contract[other] == 1 && other != claim) {
			amount += world->owed[other];
			if (dice(2)) (void)snprintf(text + strlen(text), 30, " + %s", world->refs[other]);
		}
		if (dice(5) == 0 && strlen(text) > 12) text[dice(8) + 5] = 'K';
		world->lines[i] = lab_line(lab, "1.00", currency, "2026-10-30", payer_names[payer], text);
		world->lines[i].amount.minor = amount == 0 ? 1 : amount;
		if (dice(4) == 0) world->lines[i].charge = lab_money("10.00", currency);
		if (dice(9) == 0) world->lines[i].payer_name = "SOMEBODY ELSE ENTIRELY";
	}
}

/* Adds the claims in the order of a shuffle. */
static void world_fill(struct world *world, struct match_lab *lab, uint32_t step)
{
	for (uint32_t i = 0; i < CLAIMS; i++) {
		uint32_t at = (i * step + step) % CLAIMS;
		const char *owed = lab->contracts[world->contract[at]].owed;
		struct match_claim claim = {
			.numbers = {world->refs[at], world->own[at]},
			.contract = world->contract[at],
			.made = {lab_money("1.00", owed), lab_money("1.00", "CNY")},
			.open = lab_money("0.00", owed),
			.billed_day = lab_day("2026-09-20"),
			.due_day = lab_day("2026-11-20"),
		};
		claim.made.owed.minor = world->owed[at];
		claim.made.book.minor = strcmp(owed, "CNY") == 0 ? world->owed[at] : world->owed[at] * 7;
		if (!world->paid[at]) claim.open.minor = world->owed[at];
		assert_int_equal(match_index_add(lab->index, &claim, &world->id[at]), 0);
	}
}

/* What came out, without numbers that depend on the order of adding. */
static uint64_t result_hash(const struct world *world, const struct match_result *result)
{
	uint64_t hash = result->wait + UINT64_C(1469598103934665603);
	for (uint32_t i = 0; i < result->count; i++) {
		const struct match_candidate *candidate = &result->candidates[i];
		hash = hash * 31 + candidate->score;
		hash = hash * 31 + candidate->posts;
		for (uint32_t j = 0; j < candidate->part_count; j++) {
			const struct match_part *part = &candidate->parts[j];
			uint32_t claim = CLAIMS;
			for (uint32_t k = 0; k < CLAIMS; k++) {
				if (part->claim == world->id[k]) claim = k;
			}
			hash = (hash * 31 + claim) * 31 + (uint64_t)part->amount;
		}
	}
	return hash;
}

static void check_result(const struct match_line *line, const struct match_result *result)
{
	assert_true(result->count <= MATCH_CANDIDATES_MAX);
	for (uint32_t i = 0; i < result->count; i++) {
		const struct match_candidate *candidate = &result->candidates[i];
		int64_t sum = 0;
		assert_true(candidate->score <= 1000 && candidate->reason_count > 0);
		assert_true(i == 0 || !candidate->posts);
		assert_int_equal(candidate->posts, i == 0 && result->wait == MATCH_POSTS);
		for (uint32_t j = 0; j < candidate->part_count; j++) {
			const struct match_part *part = &candidate->parts[j];
			const struct match_split *split = &part->split;
			sum += part->amount;
			assert_int_equal(part->due - part->amount, split->fx + split->charge + split->discount +
									   split->fee + split->short_by - split->over +
									   split->unexplained);
			if (!part->booked) continue;
			const struct settlement *books = &part->books;
			assert_int_equal(books->bank.minor + books->charge.minor + books->discount.minor +
						 books->fee.minor + books->unexplained.minor + books->fx.minor,
				books->cleared_book.minor + books->over.minor);
		}
		if (candidate->kind != MATCH_REVERSAL) assert_int_equal(sum, line->amount.minor);
	}
	if (result->wait == MATCH_POSTS) assert_true(result->count > 0);
}

static void test_sums_and_orders(void **state)
{
	(void)state;
	uint32_t posted = 0, split = 0;
	for (dice_state = 1; dice_state <= WORLDS; dice_state++) {
		uint64_t seed = dice_state, hashes[LINES];
		static const uint32_t steps[] = {1, 7, 13};
		for (size_t order = 0; order < ARRAY_LEN(steps) + 1; order++) {
			struct match_lab lab = {.payer_count = 0};
			struct world world;
			dice_state = seed * 7919;
			contracts_make(&lab);
			lab_open(&lab);
			world_make(&world, &lab);
			world_fill(&world, &lab, steps[order % ARRAY_LEN(steps)]);
			/* a claim of another payer's, of an amount that occurs */
			if (order == ARRAY_LEN(steps))
				lab_claim(&lab, 1, "HZ9UNRELATED0007", "3333.33", "3333.33", "2026-09-01");
			for (uint32_t i = 0; i < LINES; i++) {
				const struct match_line *line = &world.lines[i];
				uint8_t wait = lab_match(&lab, line);
				check_result(line, &lab.result);
				uint64_t hash = result_hash(&world, &lab.result);
				if (order == 0) hashes[i] = hash;
				bool unrelated = order < ARRAY_LEN(steps) || line->payer_name != payer_names[1];
				if (unrelated) assert_int_equal(hashes[i], hash);
				posted += wait == MATCH_POSTS;
				split += lab.result.count > 0 && lab.result.candidates[0].part_count > 1;
				arena_reset(&lab.arena);
			}
			lab_close(&lab);
		}
		dice_state = seed;
	}
	assert_true(posted > WORLDS * LINES / 2);
	assert_true(split > WORLDS / 4);
}

/* Opening and closing brings back what was. */
static void test_reopening_brings_back(void **state)
{
	(void)state;
	struct match_lab lab = {.payer_count = 0};
	struct world world;
	uint64_t before[LINES];
	dice_state = 4711;
	contracts_make(&lab);
	lab_open(&lab);
	world_make(&world, &lab);
	world_fill(&world, &lab, 7);
	for (uint32_t i = 0; i < LINES; i++) {
		(void)lab_match(&lab, &world.lines[i]);
		before[i] = result_hash(&world, &lab.result);
	}
	for (uint32_t round = 0; round < 300; round++) {
		uint32_t claim = dice(CLAIMS);
		struct zf_money open = match_index_opened(lab.index, claim), part = open;
		if (open.minor == 0) continue;
		part.minor = dice((uint32_t)open.minor);
		assert_int_equal(match_index_open(lab.index, claim, part), 0);
		assert_int_equal(match_index_settle(lab.index), 0);
		part.minor = 0;
		assert_int_equal(match_index_open(lab.index, claim, part), 0);
		assert_int_equal(match_index_open(lab.index, claim, open), 0);
	}
	for (uint32_t i = 0; i < LINES; i++) {
		(void)lab_match(&lab, &world.lines[i]);
		assert_int_equal(before[i], result_hash(&world, &lab.result));
	}
	lab_close(&lab);
}

/* All of it with the n-th allocation failing: told as ERR_NOMEM, or it succeeds; never half, never a leak. */
static int whole_story(struct world *world)
{
	struct match_lab lab = {.payer_count = 0};
	struct match_result result;
	uint32_t claim, advice;
	contracts_make(&lab);
	lab.payers[2].settles = MATCH_ADVICE;
	struct match_setting setting = lab_setting(&lab);
	arena_init(&lab.arena, LAB_ARENA_BYTES);
	int err = match_index_new(&setting, &lab.index);
	for (uint32_t i = 0; i < CLAIMS && err == 0; i++) {
		const char *owed = lab.contracts[world->contract[i]].owed;
		struct match_claim made = {
			.numbers = {world->refs[i]},
			.contract = world->contract[i],
			.made = {lab_money("1000.00", owed), lab_money("7000.00", "CNY")},
			.open = lab_money("1000.00", owed),
		};
		err = match_index_add(lab.index, &made, &claim);
	}
	const struct match_detail detail = {.number = world->refs[0], .amount = lab_money("1000.00", "USD")};
	const struct match_advice advised = {.number = "STMT-1",
		.details = &detail,
		.detail_count = 1,
		.payer = 2,
		.total = detail.amount,
		.balanced = true};
	if (err == 0) err = match_index_advise(lab.index, &advised, &advice);
	for (uint32_t i = 0; i < 8 && err == 0; i++) {
		err = match_line(lab.index, &world->lines[i], &lab.arena.zf, &result);
		if (err == 0 && world->lines[i].amount.minor > 0) {
			err = match_index_credit(lab.index, &world->lines[i], &result);
		}
	}
	if (err == 0) err = match_index_open(lab.index, 0, lab_money("10.00", lab.contracts[world->contract[0]].owed));
	if (err == 0) err = match_line(lab.index, &world->lines[0], &lab.arena.zf, &result);
	if (lab.index != NULL) match_index_free(lab.index);
	arena_free(&lab.arena);
	return err;
}

static void test_any_allocation_may_fail(void **state)
{
	(void)state;
	struct match_lab lab = {.payer_count = 0};
	struct world world;
	dice_state = 99;
	contracts_make(&lab);
	world_make(&world, &lab);
	long n = 0;
	for (;; n++) {
		mem_fail_at(n, true);
		int err = whole_story(&world);
		long failures = mem_failures();
		mem_fail_at(-1, false);
		if (failures == 0) {
			assert_int_equal(err, 0);
			break;
		}
		assert_int_equal(err, ERR_NOMEM);
	}
	assert_true(n > 20);
}

/* Bytes that are no text, and texts that are too long, end well. */
static void test_hostile_texts(void **state)
{
	(void)state;
	struct match_lab lab = {.payer_count = 0};
	struct world world;
	static char texts[4][3000];
	dice_state = 17;
	contracts_make(&lab);
	lab_open(&lab);
	world_make(&world, &lab);
	world_fill(&world, &lab, 1);
	for (uint32_t round = 0; round < 400; round++) {
		for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
			uint32_t len = dice(dice(10) == 0 ? sizeof(texts[i]) - 1 : 60), kind = dice(4);
			for (uint32_t j = 0; j < len; j++) {
				static const char marks[] = "HZ1 -O0I\xe8\xb4\xa6";
				switch (kind) {
				case 0:
					texts[i][j] = (char)(1 + dice(255));
					break;
				case 1:
					texts[i][j] = (char)('0' + dice(10));
					break;
				case 2:
					texts[i][j] = world.refs[dice(CLAIMS)][j % REF_LEN];
					break;
				default:
					texts[i][j] = marks[dice(sizeof(marks) - 1)];
				}
			}
			texts[i][len] = '\0';
		}
		const char *structured[] = {texts[3], texts[2], NULL};
		struct match_line line = world.lines[dice(LINES)];
		line.payer_name = dice(2) ? texts[0] : line.payer_name;
		line.payer_account = texts[0];
		line.text = texts[1];
		line.end_to_end = texts[2];
		line.structured = structured;
		line.structured_count = dice(4);
		(void)lab_match(&lab, &line);
		check_result(&line, &lab.result);
		assert_int_equal(match_index_credit(lab.index, &line, &lab.result), 0);
		arena_reset(&lab.arena);
	}
	lab_close(&lab);
}

static int key_compare(const void *a, const void *b)
{
	return match_key_compare(*(const struct match_key *)a, *(const struct match_key *)b);
}

/* The sorted list against a sorted array, with additions between the look-ups. */
static void test_order_is_sorted(void **state)
{
	(void)state;
	struct match_order order = {.filtered = true};
	static struct match_key keys[30000];
	uint32_t count = 0;
	dice_state = 5;
	while (count < ARRAY_LEN(keys)) {
		for (uint32_t i = 1 + dice(dice(4) == 0 ? 6000 : 10); i > 0 && count < ARRAY_LEN(keys); i--) {
			keys[count] = (struct match_key){dice(50), dice(1000)};
			assert_int_equal(match_order_add(&order, keys[count], count, 0), 0);
			count++;
		}
		assert_int_equal(match_order_settle(&order), 0);
		if (dice(20) != 0) continue;
		static struct match_key sorted[ARRAY_LEN(keys)];
		memcpy(sorted, keys, count * sizeof(*keys));
		qsort(sorted, count, sizeof(*sorted), key_compare);
		struct match_key first = {dice(50), dice(1000)}, last = {first.hi + dice(3), dice(1000)};
		struct match_walk walk = match_order_range(&order, first, last);
		for (uint32_t i = 0; i < count; i++) {
			if (match_key_compare(sorted[i], first) < 0 || match_key_compare(sorted[i], last) > 0) continue;
			const struct match_entry *entry = match_walk_next(&walk);
			assert_non_null(entry);
			assert_int_equal(match_key_compare(entry->key, sorted[i]), 0);
			assert_int_equal(match_key_compare(keys[entry->value], sorted[i]), 0);
			assert_true(match_order_maybe(&order, entry->key));
		}
		assert_null(match_walk_next(&walk));
	}
	uint32_t maybe = 0;
	for (uint32_t i = 0; i < 1000; i++) maybe += match_order_maybe(&order, (struct match_key){1000 + i, i});
	assert_true(maybe < 200);
	match_order_free(&order);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sums_and_orders),
		cmocka_unit_test(test_reopening_brings_back),
		cmocka_unit_test(test_any_allocation_may_fail),
		cmocka_unit_test(test_hostile_texts),
		cmocka_unit_test(test_order_is_sorted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

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

/* What an index was brought to by changes, as one that is made of what came of them. */
#define ADVICES 8

struct book {
	int64_t open[CLAIMS];
	struct match_detail details[ADVICES][2];
	char numbers[ADVICES][16], listed[ADVICES][2][REF_TEXT_LEN];
	struct match_advice advices[ADVICES];
	uint32_t id[ADVICES]; /* in the index */
	bool come[ADVICES], paid[ADVICES];
	uint32_t seen[LINES]; /* claim that a line paid or may have paid, from 1; 0: it is not remembered */
	bool waits[LINES];
};

static struct match_claim book_claim(
	const struct world *world, const struct match_lab *lab, const struct book *book, uint32_t at)
{
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
	claim.open.minor = book->open[at];
	return claim;
}

static void advice_make(struct world *world, struct book *book, uint32_t at)
{
	struct match_advice *advice = &book->advices[at];
	const char *currency = "CNY";
	int64_t total = 0;

	(void)snprintf(book->numbers[at], sizeof(book->numbers[at]), "STMT26%04u", at);
	*advice = (struct match_advice){.number = book->numbers[at],
		.details = book->details[at],
		.detail_count = 2,
		.payer = 1,
		.balanced = true};
	for (uint32_t i = 0; i < 2; i++) {
		uint32_t claim = dice(CLAIMS);

		for (uint32_t tries = 0; tries < CLAIMS && world->contract[claim] != 1; tries++)
			claim = (claim + 1) % CLAIMS;
		/* as the claim is called now, whatever it is called later */
		(void)snprintf(
			book->listed[at][i], REF_TEXT_LEN, "%s", dice(2) ? world->refs[claim] : world->own[claim]);
		book->details[at][i] = (struct match_detail){
			.number = book->listed[at][i], .amount = lab_money("1.00", currency), .kind = MATCH_PAID};
		total += book->details[at][i].amount.minor = world->owed[claim];
	}
	advice->total = lab_money("1.00", currency);
	advice->total.minor = total;
}

static void credit_tell(struct world *world, struct match_lab *lab, const struct book *book, uint32_t line, bool again)
{
	struct match_part part = {.claim = world->id[book->seen[line] - 1]};
	struct match_result result = {.wait = book->waits[line] ? MATCH_WAIT_NOTHING : MATCH_POSTS, .count = 1};
	int r = ERR_NOTFOUND;

	result.candidates[0] = (struct match_candidate){
		.kind = MATCH_PAYMENT, .posts = !book->waits[line], .part_count = 1, .parts = &part};
	if (again) r = match_index_credit_again(lab->index, &world->lines[line], &result);
	if (r == ERR_NOTFOUND) r = match_index_credit(lab->index, &world->lines[line], &result);
	assert_int_equal(r, 0);
}

/* The one claim of the first answer, or any. */
static uint32_t answer_of(const struct world *world, const struct match_result *result)
{
	for (uint32_t i = 0; i < CLAIMS; i++)
		if (result->count > 0 && result->candidates[0].part_count == 1 &&
			result->candidates[0].parts[0].claim == world->id[i])
			return i;
	return dice(CLAIMS);
}

/* Something happens, in the book and in the index that is kept. */
static void happens(struct world *world, struct match_lab *lab, struct book *book)
{
	uint32_t claim = dice(CLAIMS), advice = dice(ADVICES), line = dice(LINES);
	struct match_claim now;

	switch (dice(6)) {
	case 0: /* paid, in part or reopened */
		book->open[claim] = dice(2) ? 0 : (int64_t)(dice(2) ? world->owed[claim] : 1 + world->owed[claim] / 2);
		break;
	case 1: /* known by another number */
		(void)snprintf(world->own[claim], sizeof(world->own[claim]), "MZ2610%06u", dice(1000000));
		break;
	case 2: /* decided lower */
		world->owed[claim] = 1 + world->owed[claim] * 9 / 10;
		if (book->open[claim] > 0) book->open[claim] = world->owed[claim];
		break;
	case 3:
		if (!book->come[advice])
			assert_int_equal(match_index_advise(lab->index, &book->advices[advice], &book->id[advice]), 0);
		book->come[advice] = true;
		return;
	case 4:
		if (!book->come[advice]) return;
		book->paid[advice] = !book->paid[advice];
		match_index_advice_paid(lab->index, book->id[advice], book->paid[advice]);
		return;
	default:
		if (world->lines[line].amount.minor < 0) return;
		(void)lab_match(lab, &world->lines[line]);
		book->seen[line] = dice(3) == 0 ? 0 : 1 + answer_of(world, &lab->result);
		book->waits[line] = dice(2);
		if (book->seen[line] == 0)
			match_index_credit_forget(lab->index, world->lines[line].id);
		else
			credit_tell(world, lab, book, line, true);
		return;
	}
	now = book_claim(world, lab, book, claim);
	assert_int_equal(match_index_change(lab->index, world->id[claim], &now), 0);
	assert_int_equal(match_index_settle(lab->index), 0);
}

static void index_anew(struct world *world, struct match_lab *lab, struct book *book)
{
	struct match_setting setting = lab_setting(lab);

	assert_int_equal(match_index_new(&setting, &lab->index), 0);
	for (uint32_t i = 0; i < CLAIMS; i++) {
		uint32_t at = (i * 13 + 13) % CLAIMS;
		struct match_claim claim = book_claim(world, lab, book, at);

		assert_int_equal(match_index_add(lab->index, &claim, &world->id[at]), 0);
	}
	for (uint32_t i = 0; i < ADVICES; i++) {
		if (!book->come[i]) continue;
		assert_int_equal(match_index_advise(lab->index, &book->advices[i], &book->id[i]), 0);
		if (book->paid[i]) match_index_advice_paid(lab->index, book->id[i], true);
	}
	for (uint32_t i = 0; i < LINES; i++)
		if (book->seen[i] > 0) credit_tell(world, lab, book, i, false);
}

static void test_kept_is_as_made_anew(void **state)
{
	(void)state;
	uint32_t posted = 0, twins = 0, advised = 0;

	for (uint64_t seed = 1; seed <= WORLDS / 3; seed++) {
		struct match_lab lab = {.payer_count = 0}, other;
		struct world world, copy;
		struct book book = {.open = {0}}, copied;

		dice_state = seed * 104729;
		contracts_make(&lab);
		lab.payers[1].settles = MATCH_ADVICE;
		lab_open(&lab);
		world_make(&world, &lab);
		world_fill(&world, &lab, 7);
		for (uint32_t i = 0; i < CLAIMS; i++) book.open[i] = world.paid[i] ? 0 : world.owed[i];
		for (uint32_t i = 0; i < ADVICES; i++) {
			advice_make(&world, &book, i);
			uint32_t line = dice(LINES); /* its money */
			world.lines[line] =
				lab_line(&lab, "1.00", "CNY", "2026-10-30", payer_names[1], world.texts[line]);
			world.lines[line].id = line;
			world.lines[line].amount = book.advices[i].total;
			(void)snprintf(world.texts[line], 120, "PAYMENT %s", book.numbers[i]);
		}
		for (uint32_t i = 1; i < LINES; i += 3) { /* the same again */
			world.lines[i] = world.lines[i - 1];
			world.lines[i].id = i;
		}
		for (uint32_t round = 0; round < 12; round++) {
			for (uint32_t i = 0; i < 12; i++) happens(&world, &lab, &book);
			struct match_setting setting = lab_setting(&lab);
			assert_int_equal(match_index_renew(lab.index, &setting), 0);
			other = lab;
			arena_init(&other.arena, LAB_ARENA_BYTES);
			copy = world;
			copied = book;
			index_anew(&copy, &other, &copied);
			for (uint32_t i = 0; i < LINES; i++) {
				uint8_t wait = lab_match(&lab, &world.lines[i]);

				assert_int_equal(lab_match(&other, &world.lines[i]), wait);
				assert_int_equal(result_hash(&world, &lab.result), result_hash(&copy, &other.result));
				posted += wait == MATCH_POSTS;
				twins += wait == MATCH_WAIT_TWIN;
				advised += wait == MATCH_POSTS && lab.result.candidates[0].kind == MATCH_REMITTANCE;
			}
			lab_close(&other);
		}
		lab_close(&lab);
	}
	assert_true(posted > 500 && twins > 10 && advised > 10);
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
		cmocka_unit_test(test_kept_is_as_made_anew),
		cmocka_unit_test(test_any_allocation_may_fail),
		cmocka_unit_test(test_hostile_texts),
		cmocka_unit_test(test_order_is_sorted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

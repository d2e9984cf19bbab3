/* The matcher on stdin and stdout, for tests/bench/score_match: a record a line, fields between tabs.
 *
 *     match_probe DIR CERTAIN    with the rates of a month of tests/bench/make_month; CERTAIN of 1000, 0: the default
 *
 *   P settles claims-max advices-max          a payer; its N name and A account follow
 *   K payer owed pay rate-day source bound bound-other discount days    a contract; its T currency minor (tolerance)
 *                                             and U currency minor times (usual charge) follow
 *   C ref number payer-number contract owed book open billed due        a claim
 *   F count seed                              so many made-up open claims of all contracts
 *   D number payer currency total balanced day order-day    an advice; its R kind number amount follow, then E
 *   L currency amount charge booked order name account end-to-end text structured...    a bank line
 *
 * A line that waits is looked at again when an advice of its payer comes. What is posted counts as done. In the end it
 * prints of each line "LINE n wait posts" and its candidates "CANDIDATE score kind" with their parts "PART kind claim
 * amount cleared over fx charge discount fee short unexplained", and "TIME lines-looked-at ns, first-settling-ns". */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/id.h"
#include "base/mem.h"
#include "model/rate_csv.h"
#include "settle/match.h"

#define ARENA_BYTES_MAX (1u << 30)
#define FIELDS_MAX 24
#define LIST_MAX 100000 /* payers, names, contracts */

/* What a line came to. */
struct done {
	struct match_line line;
	struct arena arena;
	struct match_result result;
	bool waits;
};

struct probe {
	struct arena arena;
	struct rate_table rates;
	struct match_payer payers[LIST_MAX];
	struct match_contract contracts[LIST_MAX];
	uint32_t payer_count, contract_count, claim_count, advice_count, done_count, done_cap;
	struct match_index *index;
	char (*refs)[REF_TEXT_LEN];
	uint32_t ref_cap;
	struct match_advice advice;
	struct match_detail details[LIST_MAX];
	struct done *done;
	int64_t spent_ns, settled_ns;
	uint64_t looked;
	uint16_t certain;
};

static void need(bool good, const char *what)
{
	if (good) return;
	(void)fprintf(stderr, "match_probe: %s\n", what);
	exit(2);
}

static int64_t now_ns(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void *take(struct probe *probe, size_t count, size_t size)
{
	void *got = zf_alloc_array(&probe->arena.zf, count, size);
	need(got != NULL, "no memory");
	return got;
}

static const char *keep(struct probe *probe, const char *text)
{
	if (*text == '\0') return NULL;
	char *copy = zf_strdup(&probe->arena.zf, text);
	need(copy != NULL, "no memory");
	return copy;
}

static int64_t number(const char *text)
{
	return strtoll(text, NULL, 10);
}

static struct zf_money money(const char *minor, const char *currency)
{
	struct zf_money made;
	need(money_make(number(minor), text_of(currency), &made) == 0, "currency");
	return made;
}

static struct rate_table read_csv(
	struct probe *probe, const char *folder, const char *name, const struct rate_csv_profile *profile)
{
	char path[4096];
	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *file = fopen(path, "rb");
	need(file != NULL && fseek(file, 0, SEEK_END) == 0, path);
	long len = ftell(file);
	rewind(file);
	char *bytes = take(probe, (size_t)len + 1, 1);
	need(fread(bytes, 1, (size_t)len, file) == (size_t)len, path);
	(void)fclose(file);
	struct fault_list faults;
	struct rate_table table;
	struct rate_reading reading = {.today = INT32_MAX};
	fault_list_init(&faults, &probe->arena.zf, 0);
	need(rate_csv_read(
		     (struct text_span){bytes, (size_t)len}, profile, &reading, &probe->arena.zf, &faults, &table) == 0,
		path);
	return table;
}

static void read_rates(struct probe *probe, const char *folder)
{
	struct rate_table a = read_csv(probe, folder, "rates-cfets.csv", &rate_csv_cfets);
	struct rate_table b = read_csv(probe, folder, "rates-bank.csv", &rate_csv_board);
	struct rate *both = take(probe, a.count + b.count, sizeof(*both));
	memcpy(both, a.rates, a.count * sizeof(*both));
	memcpy(both + a.count, b.rates, b.count * sizeof(*both));
	rate_sort(both, a.count + b.count);
	probe->rates = (struct rate_table){both, a.count + b.count};
}

/* Appends one element to a borrowed list, which is copied: these lists are short. */
static void *append(struct probe *probe, const void *list, uint32_t count, size_t size, const void *element)
{
	char *grown = take(probe, count + 1, size);
	if (count > 0) memcpy(grown, list, count * size);
	memcpy(grown + count * size, element, size);
	return grown;
}

static void add_terms(struct probe *probe, char **field)
{
	struct match_payer *payer = &probe->payers[probe->payer_count - (probe->payer_count > 0)];
	struct match_contract *contract = &probe->contracts[probe->contract_count - (probe->contract_count > 0)];
	const char *text = keep(probe, field[1]);
	if (field[0][0] == 'N') {
		payer->names = append(probe, payer->names, payer->name_count++, sizeof(text), &text);
	} else if (field[0][0] == 'A') {
		payer->accounts = append(probe, payer->accounts, payer->account_count++, sizeof(text), &text);
	} else if (field[0][0] == 'T') {
		struct zf_money tolerance = money(field[2], field[1]);
		contract->tolerances =
			append(probe, contract->tolerances, contract->tolerance_count++, sizeof(tolerance), &tolerance);
	} else {
		struct match_usual usual = {.kept = money(field[2], field[1]), .times = (uint32_t)number(field[3])};
		contract->usual = append(probe, contract->usual, contract->usual_count++, sizeof(usual), &usual);
	}
}

static void add_payer(struct probe *probe, char **field)
{
	need(probe->payer_count < LIST_MAX, "too many payers");
	probe->payers[probe->payer_count++] = (struct match_payer){
		.settles = (uint8_t)number(field[1]),
		.claims_max = (uint8_t)number(field[2]),
		.advices_max = (uint8_t)number(field[3]),
	};
}

static void add_contract(struct probe *probe, char **field)
{
	need(probe->contract_count < LIST_MAX, "too many contracts");
	struct match_contract *contract = &probe->contracts[probe->contract_count++];
	*contract = (struct match_contract){
		.payer = (uint32_t)number(field[1]),
		.rate_day = (uint8_t)number(field[4]),
		.rate_source = (uint8_t)number(field[5]),
		.pivot = "CNY",
		.reach_days = RATE_REACH_DAYS,
		.bound = (uint16_t)number(field[6]),
		.bound_other = (uint16_t)number(field[7]),
		.discount = (uint16_t)number(field[8]),
		.discount_days = (uint16_t)number(field[9]),
	};
	(void)snprintf(contract->owed, sizeof(contract->owed), "%s", field[2]);
	(void)snprintf(contract->pay, sizeof(contract->pay), "%s", field[3]);
}

static void index_make(struct probe *probe)
{
	struct match_setting setting = {
		.payers = probe->payers,
		.contracts = probe->contracts,
		.payer_count = probe->payer_count,
		.contract_count = probe->contract_count,
		.rates = probe->rates,
		.book = "CNY",
		.booked = {{RATE_CFETS}, 1, RATE_REACH_DAYS, INT32_MAX},
		.certain = probe->certain,
	};
	if (probe->index == NULL) need(match_index_new(&setting, &probe->index) == 0, "index");
}

static void add_claim(struct probe *probe, const struct match_claim *claim)
{
	uint32_t id;
	if (probe->claim_count == probe->ref_cap) {
		probe->ref_cap = probe->ref_cap == 0 ? 1024 : probe->ref_cap * 2;
		probe->refs = realloc(probe->refs, probe->ref_cap * sizeof(*probe->refs));
		need(probe->refs != NULL, "no memory");
	}
	need(match_index_add(probe->index, claim, &id) == 0 && id == probe->claim_count, "claim");
	(void)snprintf(probe->refs[probe->claim_count++], REF_TEXT_LEN, "%s", claim->numbers[0]);
}

static void read_claim(struct probe *probe, char **field)
{
	index_make(probe);
	const struct match_contract *contract = &probe->contracts[number(field[4])];
	struct match_claim claim = {
		.numbers = {field[1], field[2], field[3]},
		.contract = (uint32_t)number(field[4]),
		.made = {money(field[5], contract->owed), money(field[6], "CNY")},
		.open = money(field[7], contract->owed),
		.billed_day = (int32_t)number(field[8]),
		.due_day = (int32_t)number(field[9]),
	};
	add_claim(probe, &claim);
}

/* Claims of nobody in particular: their amounts are spread like those of bills, their refs like those of years. */
static void fill(struct probe *probe, uint32_t count, uint64_t seed)
{
	index_make(probe);
	for (uint32_t i = 0; i < count; i++) {
		char ref[REF_TEXT_LEN], own[32], theirs[32], minor[32];
		uint64_t dice = (seed + i + 1) * UINT64_C(0x9e3779b97f4a7c15);
		dice = (dice ^ dice >> 31) * UINT64_C(0xbf58476d1ce4e5b9);
		dice ^= dice >> 29;
		const struct match_contract *contract = &probe->contracts[dice % probe->contract_count];
		ref_from_number("HZ1", UINT64_C(55000000000) << 20 | (dice >> 8 & 0xfffffffffffff), ref);
		(void)snprintf(own, sizeof(own), "MZ25%09u", i);
		(void)snprintf(theirs, sizeof(theirs), "QX%" PRIu64, 100000000 + dice % 900000000);
		(void)snprintf(minor, sizeof(minor), "%" PRIu64, (1000 + dice % 9000) << (dice >> 40 & 15));
		struct match_claim claim = {
			.numbers = {ref, own, theirs},
			.contract = (uint32_t)(dice % probe->contract_count),
			.made = {money(minor, contract->owed), money(minor, "CNY")},
			.open = money(minor, contract->owed),
			.billed_day = 20600,
			.due_day = 20660,
		};
		add_claim(probe, &claim);
	}
}

/* Does what comes out: closes and reopens claims, takes advices off. */
static void apply(struct probe *probe, struct done *done, bool back)
{
	const struct match_candidate *first = &done->result.candidates[0];
	if (first->kind == MATCH_REVERSAL) {
		apply(probe, &probe->done[first->credit], true);
		need(match_index_reversed(probe->index, &probe->done[first->credit].line) == 0, "reversed");
		return;
	}
	if (back && done->waits) return; /* nothing was done with it */
	for (int i = 0; i < 2; i++) {
		if (first->advices[i] != MATCH_NONE) match_index_advice_paid(probe->index, first->advices[i], !back);
	}
	for (uint32_t i = 0; i < first->part_count; i++) {
		const struct match_part *part = &first->parts[i];
		if (part->kind != MATCH_PART_PAYMENT || !part->booked) continue;
		struct zf_money open = match_index_opened(probe->index, part->claim);
		open.minor += back ? part->books.cleared.minor : -part->books.cleared.minor;
		need(match_index_open(probe->index, part->claim, open) == 0, "open");
	}
}

/* The first time takes long, and is told apart. */
static void settle(struct probe *probe)
{
	if (probe->settled_ns != 0) return;
	int64_t before = now_ns();
	need(match_index_settle(probe->index) == 0, "settle");
	probe->settled_ns = now_ns() - before + 1;
}

static void look(struct probe *probe, uint32_t at)
{
	struct done *done = &probe->done[at];
	arena_reset(&done->arena);
	settle(probe);
	int64_t before = now_ns();
	need(match_line(probe->index, &done->line, &done->arena.zf, &done->result) == 0, "line");
	done->waits = done->result.wait != MATCH_POSTS;
	if (!done->waits) apply(probe, done, false);
	if (done->line.amount.minor > 0) {
		need(match_index_credit(probe->index, &done->line, &done->result) == 0, "credit");
	}
	probe->spent_ns += now_ns() - before;
	probe->looked++;
}

static void read_line(struct probe *probe, char **field, int count)
{
	if (probe->done_count == probe->done_cap) {
		probe->done_cap = probe->done_cap == 0 ? 1024 : probe->done_cap * 2;
		probe->done = realloc(probe->done, probe->done_cap * sizeof(*probe->done));
		need(probe->done != NULL, "no memory");
	}
	struct done *done = &probe->done[probe->done_count++];
	*done = (struct done){.waits = true};
	arena_init(&done->arena, ARENA_BYTES_MAX);
	const char **structured = take(probe, FIELDS_MAX, sizeof(*structured));
	done->line = (struct match_line){
		.id = probe->done_count - 1,
		.amount = money(field[2], field[1]),
		.booked_day = (int32_t)number(field[4]),
		.order_day = (int32_t)number(field[5]),
		.payer_name = keep(probe, field[6]),
		.payer_account = keep(probe, field[7]),
		.end_to_end = keep(probe, field[8]),
		.text = keep(probe, field[9]),
		.structured = structured,
	};
	if (field[3][0] != '\0') done->line.charge = money(field[3], field[1]);
	for (int i = 10; i < count; i++) {
		const char *reference = keep(probe, field[i]);
		if (reference != NULL) structured[done->line.structured_count++] = reference;
	}
	look(probe, probe->done_count - 1);
}

static void read_advice(struct probe *probe, char **field)
{
	if (field[0][0] == 'D') {
		probe->advice = (struct match_advice){
			.number = keep(probe, field[1]),
			.details = probe->details,
			.payer = (uint32_t)number(field[2]),
			.total = money(field[4], field[3]),
			.balanced = field[5][0] == '1',
			.day = (int32_t)number(field[6]),
			.order_day = (int32_t)number(field[7]),
		};
	} else if (field[0][0] == 'R') {
		need(probe->advice.detail_count < LIST_MAX, "too many rows");
		probe->details[probe->advice.detail_count++] = (struct match_detail){
			.kind = (uint8_t)number(field[1]),
			.number = keep(probe, field[2]),
			.amount = money(field[3], probe->advice.total.currency),
		};
	} else {
		uint32_t id;
		settle(probe);
		need(match_index_advise(probe->index, &probe->advice, &id) == 0, "advice");
		for (uint32_t i = 0; i < probe->done_count; i++) {
			const struct match_result *result = &probe->done[i].result;
			bool may = false;
			for (uint32_t j = 0; j < result->payer_count; j++)
				may |= result->payers[j] == probe->advice.payer;
			if (probe->done[i].waits && may) look(probe, i);
		}
	}
}

static void print_part(const struct probe *probe, const struct match_part *part)
{
	printf("PART\t%u\t%s\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64
	       "\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\n",
		part->kind, part->claim == MATCH_NONE ? "" : probe->refs[part->claim], part->amount,
		part->booked ? part->books.cleared.minor : 0, part->split.over, part->split.fx, part->split.charge,
		part->split.discount, part->split.fee, part->split.short_by, part->split.unexplained,
		part->booked ? part->books.cleared_book.minor : 0, part->booked ? part->books.fx.minor : 0);
}

static void print_all(struct probe *probe)
{
	for (uint32_t i = 0; i < probe->done_count; i++) {
		struct done *done = &probe->done[i];
		printf("LINE\t%u\t%s\t%d\n", i, match_wait_text(done->result.wait, false), !done->waits);
		for (uint32_t j = 0; j < done->result.count; j++) {
			const struct match_candidate *candidate = &done->result.candidates[j];
			printf("CANDIDATE\t%u\t%u\t%u", candidate->score, candidate->kind, candidate->credit);
			for (uint32_t k = 0; k < candidate->reason_count; k++) {
				printf("\t%s", match_reason_text(&candidate->reasons[k], false, &done->arena.zf));
			}
			printf("\n");
			for (uint32_t k = 0; k < candidate->part_count; k++) print_part(probe, &candidate->parts[k]);
		}
		arena_free(&done->arena);
	}
	printf("TIME\t%" PRIu64 "\t%" PRId64 "\t%" PRId64 "\n", probe->looked, probe->spent_ns, probe->settled_ns);
}

static void read_record(struct probe *probe, char **field, int count)
{
	switch (field[0][0]) {
	case 'P':
		add_payer(probe, field);
		break;
	case 'K':
		add_contract(probe, field);
		break;
	case 'C':
		read_claim(probe, field);
		break;
	case 'F':
		fill(probe, (uint32_t)number(field[1]), (uint64_t)number(field[2]));
		break;
	case 'L':
		read_line(probe, field, count);
		break;
	case 'D':
	case 'R':
	case 'E':
		read_advice(probe, field);
		break;
	default:
		add_terms(probe, field);
	}
}

int main(int argc, char **argv)
{
	char *line = NULL, *fields[FIELDS_MAX];
	size_t cap = 0;
	ssize_t len;
	struct probe *probe = calloc(1, sizeof(*probe));
	need(argc == 3 && probe != NULL, "use: match_probe DIR CERTAIN");
	probe->certain = (uint16_t)number(argv[2]);
	arena_init(&probe->arena, ARENA_BYTES_MAX);
	read_rates(probe, argv[1]);
	while ((len = getline(&line, &cap, stdin)) > 0) {
		char *rest = line;
		int count = 0;
		line[strcspn(line, "\n")] = '\0';
		while (rest != NULL && count < FIELDS_MAX) fields[count++] = strsep(&rest, "\t");
		for (int i = count; i < FIELDS_MAX; i++) fields[i] = (char *)(uintptr_t) "";
		read_record(probe, fields, count);
	}
	print_all(probe);
	match_index_free(probe->index);
	arena_free(&probe->arena);
	free(probe->refs);
	free(probe->done);
	free(probe);
	free(line);
	return 0;
}

/* The arithmetic and the readers of rates on stdin and stdout, for tests/golden/test_rate.py, which does the same with
 * Python's fractions and XML reader.
 *
 *     rate_probe convert            a line "MINOR CURRENCY RULE STEPS [BASE PER UNSCALED SCALE QUOTE]..." each;
 *                                   answers "MINOR CURRENCY", "limit" or "invalid"
 *     rate_probe money              a line "AMOUNT CURRENCY" each, read and written again;
 *                                   answers "MINOR AMOUNT", "limit", "inexact" or "invalid"
 *     rate_probe ecb FILE TODAY     answers "DAY BASE PER VALUE QUOTE" for each rate; faults on stderr, status 1
 *     rate_probe month DIR TODAY    with the rates of a month of tests/bench/make_month; a line each of
 *        "on SOURCE DAY MINOR CURRENCY TO"    answers the amount in that currency, through CNY
 *        "settle BOOK OWED CURRENCY OPEN DUE CURRENCY DAY RECEIVED OVER CHARGE DISCOUNT FEE DRIFT UNEXPLAINED"
 *                                   answers "SHORT CLEARED CLEARED-BOOK FX"; the books are in CNY, DAY is of the credit
 *     rate_probe contract DIR TODAY FILE   the same with contracts of zhifu_contract(5); a line each of
 *        "bill NUMBER BILLED MINOR"        answers what of a bill in CNY is owed: "MINOR CURRENCY"
 *        "due NUMBER BILLED CREDITED MINOR"   answers what settles so much of what is owed: "MINOR CURRENCY"
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "lib/date.h"
#include "model/contract.h"
#include "model/rate_csv.h"
#include "model/rate_ecb.h"
#include "model/settlement.h"

#define ARENA_BYTES_MAX (512u << 20)

static bool read_step(struct rate_path *path)
{
	struct rate rate = {.source = RATE_ECB};
	unsigned scale;
	if (scanf("%3s %u %" SCNd64 " %u %3s", rate.base, &rate.per, &rate.value.unscaled, &scale, rate.quote) != 5) {
		exit(2);
	}
	rate.value.scale = (uint8_t)scale;
	rate.value.present = 1;
	return rate_path_add(path, &rate) == 0;
}

static int convert(void)
{
	int64_t minor;
	char currency[4];
	unsigned rule, steps;
	while (scanf("%" SCNd64 " %3s %u %u", &minor, currency, &rule, &steps) == 4) {
		struct zf_money amount;
		struct rate_path path;
		struct rate_conversion got;
		bool good = money_make(minor, text_of(currency), &amount) == 0 &&
			    rate_path_init(&path, text_of(currency)) == 0;
		if (!good) return 2;
		for (unsigned i = 0; i < steps; i++) good = read_step(&path) && good;
		int rc = good ? rate_convert(amount, &path, (enum decimal_rule)rule, &got) : LIB_INVALID;
		if (rc == 0) {
			printf("%" PRId64 " %s\n", got.to.minor, got.to.currency);
		} else {
			puts(rc == LIB_LIMIT ? "limit" : "invalid");
		}
	}
	return feof(stdin) ? 0 : 2;
}

static const char *refusal(int error)
{
	return error == LIB_LIMIT ? "limit" : error == LIB_INEXACT ? "inexact" : "invalid";
}

static int money(void)
{
	char text[96], currency[4], written[MONEY_TEXT_SIZE];
	while (scanf("%95s %3s", text, currency) == 2) {
		struct zf_decimal value;
		struct zf_money amount;
		int rc = decimal_parse(text_of(text), &value);
		if (rc == 0) rc = money_from_decimal(value, text_of(currency), &amount);
		if (rc == 0) {
			money_format(amount, written);
			printf("%" PRId64 " %s\n", amount.minor, written);
		} else {
			puts(refusal(rc));
		}
	}
	return feof(stdin) ? 0 : 2;
}

/* The whole file; exits when it can't be read. */
static struct text_span slurp(const char *path)
{
	FILE *file = fopen(path, "rb");
	if (file == NULL || fseek(file, 0, SEEK_END) != 0) exit(2);
	long len = ftell(file);
	char *bytes = len < 0 ? NULL : malloc((size_t)len + 1);
	rewind(file);
	if (bytes == NULL || fread(bytes, 1, (size_t)len, file) != (size_t)len) exit(2);
	fclose(file);
	return (struct text_span){bytes, (size_t)len};
}

static void print_rate(const struct rate *rate)
{
	char day[DATE_TEXT_SIZE], value[DECIMAL_TEXT_SIZE];
	date_format_day(rate->day, day);
	decimal_format(rate->value, value);
	printf("%s %s %u %s %s\n", day, rate->base, rate->per, value, rate->quote);
}

static void print_faults(const struct fault_list *faults, struct zf_arena *arena)
{
	for (uint32_t i = 0; i < faults->count; i++) {
		const struct fault *fault = &faults->items[i];
		fprintf(stderr, "%s: %s %s\n", fault->path, fault_lookup(fault->code)->name,
			fault_text_en(arena, fault));
	}
}

static int32_t day_of(const char *text)
{
	int64_t day;
	if (date_parse_form(text_of(text), "YYYY-MM-DD", &day) != 0) exit(2);
	return (int32_t)day;
}

static int ecb(const char *path, const char *today)
{
	struct arena arena;
	struct fault_list faults;
	struct rate_table table = {0};
	struct rate_reading reading = {.today = day_of(today), .far_allowed = true};
	struct text_span text = slurp(path);
	arena_init(&arena, ARENA_BYTES_MAX);
	fault_list_init(&faults, &arena.zf, 0);
	int err = rate_ecb_read(text, &reading, &arena.zf, &faults, &table);
	print_faults(&faults, &arena.zf);
	for (size_t i = 0; i < table.count; i++) print_rate(&table.rates[i]);
	arena_free(&arena);
	free((char *)(uintptr_t)text.ptr);
	return err == 0 ? 0 : 1;
}

/* The rates of one of the month's files, in the arena. */
static struct rate_table read_csv(const char *folder, const char *name, const struct rate_csv_profile *profile,
	int32_t today, struct zf_arena *arena)
{
	char path[4096];
	struct fault_list faults;
	struct rate_table table = {0};
	struct rate_reading reading = {.today = today};
	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	struct text_span text = slurp(path);
	fault_list_init(&faults, arena, 0);
	int err = rate_csv_read(text, profile, &reading, arena, &faults, &table);
	print_faults(&faults, arena);
	if (err != 0) exit(1);
	free((char *)(uintptr_t)text.ptr);
	return table;
}

static struct rate_table read_month(const char *folder, int32_t today, struct zf_arena *arena)
{
	struct rate_table a = read_csv(folder, "rates-cfets.csv", &rate_csv_cfets, today, arena);
	struct rate_table b = read_csv(folder, "rates-bank.csv", &rate_csv_board, today, arena);
	struct rate *both = zf_alloc_array(arena, a.count + b.count, sizeof(*both));
	if (both == NULL) exit(2);
	memcpy(both, a.rates, a.count * sizeof(*both));
	memcpy(both + a.count, b.rates, b.count * sizeof(*both));
	rate_sort(both, a.count + b.count);
	return (struct rate_table){both, a.count + b.count};
}

static struct zf_money make(int64_t minor, const char *currency)
{
	struct zf_money money;
	if (money_make(minor, text_of(currency), &money) != 0) exit(2);
	return money;
}

static struct rate_query query_on(const char *source, const char *day, const char *from, const char *to)
{
	struct rate_query query = {.source = (uint8_t)rate_source_find(text_of(source)),
		.pivot = "CNY",
		.reach_days = RATE_REACH_DAYS,
		.day = day_of(day)};
	memcpy(query.from, from, sizeof(query.from));
	memcpy(query.to, to, sizeof(query.to));
	return query;
}

static void convert_on(const struct rate_table *table)
{
	char source[16], day[16], from[4], to[4];
	int64_t minor;
	struct rate_conversion got;
	struct rate_gap gap;
	if (scanf("%15s %15s %" SCNd64 " %3s %3s", source, day, &minor, from, to) != 5) exit(2);
	struct rate_query query = query_on(source, day, from, to);
	int rc = rate_convert_on(table, make(minor, from), &query, DECIMAL_HALF_AWAY, &got, &gap);
	printf("%" PRId64 "\n", rc == 0 ? got.to.minor : rc);
}

static void settle(const struct rate_table *table)
{
	char owes[4], pays[4], day[16];
	int64_t book, owed, open, due, part[7];
	int n = scanf("%" SCNd64 " %" SCNd64 " %3s %" SCNd64 " %" SCNd64 " %3s %15s", &book, &owed, owes, &open, &due,
		pays, day);
	for (int i = 0; i < 7; i++) n += scanf("%" SCNd64, &part[i]);
	if (n != 14) exit(2);
	struct receivable receivable = {make(owed, owes), make(book, "CNY")};
	struct settlement_parts parts = {
		.due = make(due, pays),
		.received = make(part[0], pays),
		.over = make(part[1], pays),
		.charge = make(part[2], pays),
		.discount = make(part[3], pays),
		.fee = make(part[4], pays),
		.drift = make(part[5], pays),
		.unexplained = make(part[6], pays),
	};
	struct rate_query query = query_on("cfets", day, pays, "CNY");
	struct rate_path path;
	struct rate_gap gap;
	struct rate_conversion received;
	struct settlement split;
	int rc = rate_route(table, &query, &path, &gap);
	if (rc == 0) rc = rate_convert(parts.received, &path, DECIMAL_HALF_AWAY, &received);
	if (rc == 0) {
		rc = settlement_split(
			&receivable, make(open, owes), &parts, received.to, &path, DECIMAL_HALF_AWAY, &split);
	}
	if (rc != 0) {
		printf("error %d\n", rc);
		return;
	}
	printf("%" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 "\n", split.short_by.minor, split.cleared.minor,
		split.cleared_book.minor, split.fx.minor);
}

static int month(const char *folder, const char *today)
{
	struct arena arena;
	char word[8];
	arena_init(&arena, ARENA_BYTES_MAX);
	struct rate_table table = read_month(folder, day_of(today), &arena.zf);
	while (scanf("%7s", word) == 1) {
		if (strcmp(word, "on") == 0) {
			convert_on(&table);
		} else {
			settle(&table);
		}
	}
	arena_free(&arena);
	return 0;
}

/* Borrows the text. */
static struct contract_list read_contracts(struct text_span text, struct zf_arena *arena)
{
	struct fault_list faults;
	struct contract_list list = {0};
	fault_list_init(&faults, arena, 0);
	int err = contract_read(text, "CNY", arena, &faults, &list);
	print_faults(&faults, arena);
	if (err != 0) exit(1);
	return list;
}

static int contract(const char *folder, const char *today, const char *path)
{
	struct arena arena;
	char word[8], billed[16], credited[16];
	unsigned number;
	int64_t minor;
	arena_init(&arena, ARENA_BYTES_MAX);
	struct rate_table table = read_month(folder, day_of(today), &arena.zf);
	struct text_span text = slurp(path);
	struct contract_list list = read_contracts(text, &arena.zf);
	while (scanf("%7s %u %15s", word, &number, billed) == 3) {
		struct contract_days days = {
			day_of(billed), CONTRACT_DAY_UNKNOWN, CONTRACT_DAY_UNKNOWN, day_of(billed)};
		struct receivable item = {.owed = {.present = false}};
		struct rate_conversion way = {.from = {.present = false}};
		struct rate_gap gap;
		bool due = strcmp(word, "due") == 0;
		if (number >= list.count || (due && scanf("%15s", credited) != 1)) exit(2);
		if (scanf("%" SCNd64, &minor) != 1) exit(2);
		const struct contract *made = &list.items[number];
		if (due) days.credit = day_of(credited);
		int rc = due ? contract_due(made, make(minor, made->owed), &days, 0, &table, &way, &gap)
			     : contract_bill(made, make(minor, "CNY"), &days, 0, &table, &item, &way, &gap);
		struct zf_money got = due ? way.to : item.owed;
		printf("%" PRId64 " %s\n", rc == 0 ? got.minor : rc, rc == 0 ? got.currency : "-");
	}
	free((char *)(uintptr_t)text.ptr);
	arena_free(&arena);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "convert") == 0) return convert();
	if (argc == 2 && strcmp(argv[1], "money") == 0) return money();
	if (argc == 4 && strcmp(argv[1], "ecb") == 0) return ecb(argv[2], argv[3]);
	if (argc == 4 && strcmp(argv[1], "month") == 0) return month(argv[2], argv[3]);
	if (argc == 5 && strcmp(argv[1], "contract") == 0) return contract(argv[2], argv[3], argv[4]);
	return 2;
}

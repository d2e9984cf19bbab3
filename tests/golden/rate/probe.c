/* The arithmetic and the readers of rates on stdin and stdout, for tests/golden/test_rate.py, which does the same with
 * Python's fractions and XML reader.
 *
 *     rate_probe convert            a line "MINOR CURRENCY RULE STEPS [BASE PER UNSCALED SCALE QUOTE]..." each;
 *                                   answers "MINOR CURRENCY", "limit" or "invalid"
 *     rate_probe ecb FILE TODAY     answers "DAY BASE PER VALUE QUOTE" for each rate; faults on stderr, status 1 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "lib/date.h"
#include "model/rate_ecb.h"

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

static int ecb(const char *path, const char *today)
{
	struct arena arena;
	struct fault_list faults;
	struct rate_table table = {0};
	struct rate_reading reading = {.far_allowed = true};
	int64_t day;
	if (date_parse_form(text_of(today), "YYYY-MM-DD", &day) != 0) return 2;
	reading.today = (int32_t)day;
	struct text_span text = slurp(path);
	arena_init(&arena, ARENA_BYTES_MAX);
	fault_list_init(&faults, &arena.zf, 0);
	int err = rate_ecb_read(text, &reading, &arena.zf, &faults, &table);
	for (uint32_t i = 0; i < faults.count; i++) {
		const struct fault *fault = &faults.items[i];
		fprintf(stderr, "%s: %s %s\n", fault->path, fault_lookup(fault->code)->name,
			fault_text_en(&arena.zf, fault));
	}
	for (size_t i = 0; i < table.count; i++) print_rate(&table.rates[i]);
	arena_free(&arena);
	free((char *)(uintptr_t)text.ptr);
	return err == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "convert") == 0) return convert();
	if (argc == 4 && strcmp(argv[1], "ecb") == 0) return ecb(argv[2], argv[3]);
	return 2;
}

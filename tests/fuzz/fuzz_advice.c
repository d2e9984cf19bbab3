/* Remittance advices: the first byte says whether the rest is a file, read by a profile, or a document. Nothing
 * crashes, what is refused is told, and what is taken adds up or not by exact arithmetic, and is the same when it is
 * written and read again. */
#include <assert.h>

#include "advice/advice.h"
#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct advice_alias carriers[] = {{"Alpha", "alpha"}};
static const char *const total[] = {"transfer"}, *const sum[] = {"sum"}, *const fee[] = {"fee"},
			 *const denied[] = {"denied"};

static struct advice_profile profile_of(void)
{
	struct advice_profile profile = {.name = "f",
		.remitter = "R",
		.thousands = ',',
		.currency = "CNY",
		.carrier = "alpha",
		.carriers = carriers,
		.carrier_count = 1};
	profile.columns[ADVICE_COLUMN_INSURER_CLAIM] = "Claim";
	profile.columns[ADVICE_COLUMN_PAID] = "Paid";
	profile.columns[ADVICE_COLUMN_REMARK] = "Remark";
	profile.labels[ADVICE_LABEL_IDENTIFIER] = "No";
	profile.labels[ADVICE_LABEL_PAYMENT_DAY] = "Day";
	profile.words[ADVICE_WORD_TOTAL] = (struct advice_words){total, 1};
	profile.words[ADVICE_WORD_SUM] = (struct advice_words){sum, 1};
	profile.words[ADVICE_WORD_FEE] = (struct advice_words){fee, 1};
	profile.words[ADVICE_WORD_DENIED] = (struct advice_words){denied, 1};
	return profile;
}

static void check_faults(const struct fault_list *faults, struct arena *arena)
{
	for (uint32_t i = 0; i < faults->count; i++) {
		assert(fault_text_en(&arena->zf, &faults->items[i]) != NULL);
		assert(fault_text_zh(&arena->zf, &faults->items[i]) != NULL);
	}
}

static void check_taken(const struct advice *advice, struct arena *arena)
{
	struct text_span first, second;
	struct fault_list faults;
	struct advice again;
	struct advice_sums sums;

	if (advice_sums(advice, &sums) != 0) return;
	assert(advice_sums_words(advice, &sums, false, &arena->zf) != NULL);
	assert(advice_sums_words(advice, &sums, true, &arena->zf) != NULL);
	fault_list_init(&faults, &arena->zf, 0);
	int rc = advice_write_document(advice, &arena->zf, &first);
	assert(rc == 0);
	rc = advice_read_document(first, &arena->zf, &faults, &again);
	assert(rc == 0);
	rc = advice_write_document(&again, &arena->zf, &second);
	assert(rc == 0 && text_equal(first, second));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct advice_profile profile = profile_of();
	struct arena arena;
	struct fault_list faults;
	struct advice advice;
	enum advice_form form;
	int rc;

	if (size == 0) return 0;
	arena_init(&arena, 512u << 20);
	fault_list_init(&faults, &arena.zf, 0);
	if (data[0] == '{') {
		rc = advice_read_document((struct text_span){(const char *)data, size}, &arena.zf, &faults, &advice);
	} else {
		profile.charset = data[0] % 2 == 0 ? CHARSET_UTF8 : CHARSET_GB18030;
		rc = advice_read_file(data + 1, size - 1, &profile, &arena.zf, &faults, &form, &advice);
	}
	assert((rc != 0) == fault_refuses(&faults) || rc == LIB_NOMEM);
	check_faults(&faults, &arena);
	if (rc == 0) check_taken(&advice, &arena);
	arena_free(&arena);
	return 0;
}

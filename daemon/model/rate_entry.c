/* By hand: the checks of a file of one rate, and four eyes. */
#include "model/rate_entry.h"

#include <string.h>

static void take_code(struct text_span code, const char *path, struct fault_list *faults, char ret[4])
{
	char shown[FAULT_ARG_BYTES_MAX + 1];
	if (currency_is_money(code)) {
		memcpy(ret, code.ptr, 3);
		ret[3] = '\0';
	} else {
		fault_add(faults, FAULT_CURRENCY_UNKNOWN, path, text_copy_cut(code, shown, sizeof(shown)), NULL);
	}
}

/* One rate, with its persons, through what a file's rates go through. */
static int check(const struct rate_entry *entry, const struct rate_reading *reading, struct zf_arena *arena,
	struct fault_list *faults, struct rate *ret_rate)
{
	struct rate rate = {.per = entry->per, .source = entry->corrects != 0 ? entry->corrects : RATE_MANUAL};
	struct rate_batch batch;
	struct rate_table table;
	struct rate_reading own = *reading;
	own.far_allowed = entry->far_approved;
	own.bank = rate.bank = entry->board != NULL;
	own.corrects = true;
	int err = rate_batch_init(&batch, &own, 0, arena, faults);
	if (err != 0) return err;
	take_code(entry->base, "base", faults, rate.base);
	take_code(entry->quote, "quote", faults, rate.quote);
	if (rate.base[0] != '\0' && strcmp(rate.base, rate.quote) == 0) {
		fault_add(faults, FAULT_RATE_PAIR, "quote", rate.quote, NULL);
	}
	if (!rate_is_per(entry->per)) fault_add(faults, FAULT_RATE_PER, "per", NULL, NULL);
	bool dated = rate_batch_day(&batch, entry->day, "YYYY-MM-DD", 0, "day", &rate.day);
	if (text_trim(text_of(entry->maker)).len == 0) fault_add(faults, FAULT_RATE_MAKER, "maker", NULL, NULL);
	bool sound = dated && !fault_refuses(faults);
	(void)rate_batch_add(&batch, &rate, sound, entry->value, RATE_ENTRY_DECIMALS_MAX, 0, "value");
	err = rate_batch_finish(&batch, &table);
	if (err == 0) *ret_rate = table.rates[0];
	return err;
}

int rate_entry_check(const struct rate_entry *entry, const struct rate_reading *reading, struct zf_arena *arena,
	struct fault_list *faults, struct rate *ret_rate)
{
	struct rate_entry shown = *entry;
	shown.far_approved = true; /* a warning, for the second person to decide on */
	return check(&shown, reading, arena, faults, ret_rate);
}

int rate_entry_approve(const struct rate_entry *entry, const struct rate_reading *reading, struct zf_arena *arena,
	struct fault_list *faults, struct rate *ret_rate)
{
	struct rate rate;
	if (text_trim(text_of(entry->checker)).len == 0) {
		fault_add(faults, FAULT_RATE_UNAPPROVED, "checker", NULL, NULL);
	} else if (rate_same_person(entry->maker, entry->checker)) {
		fault_add(faults, FAULT_RATE_SAME_PERSON, "checker", NULL, NULL);
	}
	int err = check(entry, reading, arena, faults, &rate);
	if (err != 0) return err;
	if (rate.source == RATE_MANUAL) {
		rate.maker = entry->maker;
		rate.checker = entry->checker;
	}
	assert(rate_valid(&rate));
	*ret_rate = rate;
	return 0;
}

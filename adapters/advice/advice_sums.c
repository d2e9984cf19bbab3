/* The arithmetic of an advice, and how it is said. */
#include "advice/advice.h"
#include "lib/money.h"

static bool add(int64_t *sum, int64_t value)
{
	return !__builtin_add_overflow(*sum, value, sum);
}

int advice_sums(const struct advice *advice, struct advice_sums *ret)
{
	struct advice_sums sums = {0};
	bool fits = true;
	for (uint32_t i = 0; fits && i < advice->detail_count; i++) {
		const struct advice_detail *detail = &advice->details[i];
		int64_t *part = detail->kind == ADVICE_FEE          ? &sums.fees
				: detail->kind == ADVICE_ADJUSTMENT ? &sums.adjustments
				: detail->kind == ADVICE_NETTING    ? &sums.netted
				: detail->amount.minor < 0          ? &sums.taken_back
								    : &sums.paid;
		fits = add(part, detail->amount.minor) && add(&sums.fees, detail->fee.minor);
	}
	fits = fits && add(&sums.all, sums.paid) && add(&sums.all, sums.taken_back) && add(&sums.all, sums.fees) &&
	       add(&sums.all, sums.adjustments) && add(&sums.all, sums.netted) &&
	       !__builtin_sub_overflow(sums.all, advice->amount.minor, &sums.difference) &&
	       sums.difference != INT64_MIN;
	if (!fits) return LIB_LIMIT;
	*ret = sums;
	return 0;
}

/* "51,493.90" */
static const char *amount(const struct advice *advice, int64_t minor, struct zf_arena *arena)
{
	struct zf_money money = advice->amount;
	char plain[MONEY_TEXT_SIZE];
	money.minor = minor;
	size_t len = money_format(money, plain), whole = strcspn(plain, "."), at = 0;
	char *text = zf_alloc(arena, 2 * MONEY_TEXT_SIZE);
	if (text == NULL) return NULL;
	for (size_t i = 0; i < len; i++) {
		bool begins = i == 0 || (i == 1 && plain[0] == '-');
		if (i < whole && !begins && (whole - i) % 3 == 0) text[at++] = ',';
		text[at++] = plain[i];
	}
	return text;
}

const char *advice_sums_words(
	const struct advice *advice, const struct advice_sums *sums, bool chinese, struct zf_arena *arena)
{
	static const char *const names[][2] = {{"paid", "赔付"}, {"taken back", "追回"}, {"fees", "服务费"},
		{"adjustments", "调整"}, {"netted", "抵扣"}};
	const int64_t parts[] = {sums->paid, sums->taken_back, sums->fees, sums->adjustments, sums->netted};
	const char *text = "", *all = amount(advice, sums->all, arena),
		   *said = amount(advice, advice->amount.minor, arena);
	int64_t apart = sums->difference < 0 ? -sums->difference : sums->difference;
	const char *difference = amount(advice, apart, arena), *currency = advice->amount.currency;
	for (size_t i = 0; text != NULL && i < sizeof(parts) / sizeof(parts[0]); i++) {
		const char *part = parts[i] == 0 && i > 0 ? "" : amount(advice, parts[i], arena);
		if (part == NULL) return NULL;
		if (part[0] != '\0') {
			text = text_printf(arena, "%s%s%s %s", text,
				i == 0    ? ""
				: chinese ? ","
					  : ", ",
				names[i][chinese], part);
		}
	}
	if (text == NULL || all == NULL || said == NULL || difference == NULL) return NULL;
	if (sums->difference == 0) {
		return text_printf(arena,
			chinese ? "%s;合计 %s %s,与通知金额相符" : "%s: together %s %s, as the advice says", text, all,
			currency);
	}
	if (chinese) {
		return text_printf(arena, "%s;合计 %s %s,而通知称转账 %s:明细%s %s", text, all, currency, said,
			sums->difference > 0 ? "多出" : "少了", difference);
	}
	return text_printf(arena,
		"%s: together %s %s, but the advice says that %s is transferred: its details are %s too %s", text, all,
		currency, said, difference, sums->difference > 0 ? "much" : "little");
}

/* The words for contracts, in two languages. */
#include "model/contract_words.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "model/contract_keys.h"

/* A pair of texts. */
struct both {
	const char *english, *chinese;
};

static const char *of(struct both both, bool chinese)
{
	return chinese ? both.chinese : both.english;
}

static struct both day_words(uint8_t day)
{
	switch ((enum contract_day)day) {
	case CONTRACT_DAY_INVOICE:
		return (struct both){"invoice's", "开票日"};
	case CONTRACT_DAY_ORDER:
		return (struct both){"payment order's", "付款指令日"};
	case CONTRACT_DAY_CREDIT:
		return (struct both){"credit's", "入账日"};
	case CONTRACT_DAY_SERVICE:
		return (struct both){"service's", "服务日"};
	}
	return (struct both){"?", "?"};
}

static struct both source_words(uint8_t source)
{
	switch ((enum rate_source)source) {
	case RATE_CFETS:
		return (struct both){"central parity", "人民币汇率中间价"};
	case RATE_ECB:
		return (struct both){"reference rate of the European Central Bank", "欧洲央行参考汇率"};
	case RATE_BANK_BUY:
		return (struct both){"buying rate of the bank", "银行现汇买入价"};
	case RATE_BANK_SELL:
		return (struct both){"selling rate of the bank", "银行现汇卖出价"};
	case RATE_MANUAL:
		return (struct both){"rate that two persons entered", "双人复核的手工汇率"};
	case RATE_SOURCE_NONE:
		break;
	}
	return (struct both){"?", "?"};
}

/* "the central parity of the payment order's day through CNY". */
static const char *rate_words(
	const struct contract_rate *rate, const char *from, const char *to, bool chinese, struct zf_arena *arena)
{
	const char *bank = rate->bank == NULL ? "" : rate->bank;
	const char *pivot = rate->pivot;

	/* A pivot that is one of the two is none. */
	if (strcmp(pivot, from) == 0 || strcmp(pivot, to) == 0) pivot = "";
	if (chinese)
		return text_printf(arena, "%s的%s%s%s%s%s", day_words(rate->day).chinese, bank,
			source_words(rate->source).chinese, pivot[0] == '\0' ? "" : "(经 ", pivot,
			pivot[0] == '\0' ? "" : " 套算)");
	return text_printf(arena, "the %s%s%s of the %s day%s%s", source_words(rate->source).english,
		bank[0] == '\0' ? "" : " ", bank, day_words(rate->day).english, pivot[0] == '\0' ? "" : ", through ",
		pivot);
}

/* What becomes of a day without a rate. */
static const char *reach_words(const struct contract_rate *rate, bool chinese, struct zf_arena *arena)
{
	if (rate->reach_days == 0) return chinese ? "当日必须有汇率。" : "That day must have a rate of its own.";
	return text_printf(arena,
		chinese ? "当日无汇率的,取此前最近一日,至多回溯 %u 天。"
			: "A day without a rate takes the last one before it, at most %u days back.",
		rate->reach_days);
}

const char *contract_owed_words(
	const struct contract *contract, const char *carrier, bool chinese, struct zf_arena *arena)
{
	const struct contract_rate *bill = contract->bill_rate.given ? &contract->bill_rate : NULL;
	const struct contract_rate *payment = contract->payment_rate.given ? &contract->payment_rate : NULL;
	const char *owed = "";
	const char *paid = "";
	const char *reach = "";

	if (bill != NULL) {
		owed = rate_words(bill, contract->billed, contract->owed, chinese, arena);
		reach = reach_words(bill, chinese, arena);
	}
	if (payment != NULL) {
		paid = rate_words(payment, contract->owed, contract->paid, chinese, arena);
		reach = reach_words(payment, chinese, arena);
	}
	if (owed == NULL || paid == NULL || reach == NULL) return NULL;
	if (bill == NULL && payment == NULL)
		return text_printf(arena, chinese ? "%s以 %s 计欠,以 %s 支付。" : "%s owes %s and pays %s.", carrier,
			contract->owed, contract->paid);
	if (bill == NULL)
		return text_printf(arena,
			chinese ? "%s以 %s 计欠,以 %s 支付,按%s折算。%s" : "%s owes %s, pays %s at %s. %s", carrier,
			contract->owed, contract->paid, paid, reach);
	if (payment == NULL)
		return text_printf(arena,
			chinese ? "%s以 %s 计欠,开票时按%s折算固定,以 %s 支付。%s"
				: "%s owes %s, fixed when billed at %s, and pays %s. %s",
			carrier, contract->owed, owed, contract->paid, reach);
	return text_printf(arena,
		chinese ? "%s以 %s 计欠,开票时按%s折算固定,以 %s 支付,按%s折算。%s"
			: "%s owes %s, fixed when billed at %s, pays %s at %s. %s",
		carrier, contract->owed, owed, contract->paid, paid, reach);
}

/* ---- terms ---- */

struct terms {
	struct contract_term *items;
	size_t count;
	struct zf_arena *arena;
	bool chinese, no_memory;
};

/* printf into the arena; "" without memory, which the terms then know. */
static const char *say(struct terms *terms, const char *fmt, ...) PRINTF_LIKE(2, 3);
static const char *say(struct terms *terms, const char *fmt, ...)
{
	char line[2200]; /* the longest note, and room */
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	const char *ret = zf_strndup(terms->arena, line, strlen(line));
	if (ret == NULL) terms->no_memory = true;
	return ret != NULL ? ret : "";
}

static void term(struct terms *terms, const char *key, const char *english, const char *chinese, const char *text)
{
	assert(terms->count < CONTRACT_TERMS_MAX);
	terms->items[terms->count++] =
		(struct contract_term){key, terms->chinese ? chinese : english, text != NULL ? text : "-"};
}

/* "10 %": without the zeros that say nothing. */
static const char *percent(struct terms *terms, struct zf_decimal value)
{
	char digits[DECIMAL_TEXT_SIZE];

	decimal_format(decimal_trim(value), digits);
	return say(terms, "%s %%", digits);
}

static const char *money(struct terms *terms, struct zf_money amount)
{
	char digits[MONEY_TEXT_SIZE];

	money_format(amount, digits);
	return say(terms, "%s %s", digits, amount.currency);
}

static const char *days(struct terms *terms, const struct contract *contract, uint32_t n)
{
	if (terms->chinese) return say(terms, "%u 个%s", n, contract->term_business ? "工作日" : "自然日");
	return say(terms, "%u %s days", n, contract->term_business ? "business" : "calendar");
}

static void party_terms(struct terms *terms, const struct contract *contract)
{
	term(terms, "parties.carrier", "risk carrier", "承保人", contract->carrier);
	if (contract->tpa != NULL) term(terms, "parties.tpa", "administrator", "第三方管理人", contract->tpa);
	term(terms, "parties.remitter", "who pays", "付款人", contract->remitter);
	term(terms, "parties.guarantee_issuer", "guarantees from", "担保函出具人", contract->guarantor);
}

static void price_terms(struct terms *terms, const struct contract *contract)
{
	if (contract->price_list != NULL) term(terms, "prices.list", "price list", "价目表", contract->price_list);
	if (contract->gross)
		term(terms, "prices.billed", "billed", "开单",
			terms->chinese ? "按全价,与约定价的差额随账单核销"
				       : "at full price, what is above the agreed price is written off with the bill");
	if (contract->gross && contract->price_list != NULL) {
		term(terms, "prices.unlisted", "what it does not list", "表外项目",
			contract->unlisted_charged
				? (terms->chinese ? "按收费计欠" : "owed as charged")
				: (terms->chinese ? "按收费减折扣计欠" : "owed as charged, less its discount"));
		term(terms, "prices.lesser_of", "never above the charge", "不高于收费",
			contract->lesser_of_bill ? (terms->chinese ? "按整张账单比较" : "of the bill")
						 : (terms->chinese ? "逐项比较" : "of each item"));
	}
	for (uint32_t i = 0; i < contract->discount_count; i++) {
		const struct contract_discount *discount = &contract->discounts[i];
		const char *off = percent(terms, discount->percent);
		term(terms, "prices.discounts", "discount", "折扣",
			say(terms, terms->chinese ? "%s:减 %s" : "%s: %s off",
				strcmp(discount->category, "*") == 0 ? (terms->chinese ? "其余各类" : "all else")
								     : discount->category,
				off));
	}
}

static void fee_term(struct terms *terms, const struct contract *contract)
{
	static const struct both of_words[] = {
		[CONTRACT_FEE_PAID] = {"what is paid on claims", "赔付金额"},
		[CONTRACT_FEE_NET] = {"what is paid, take-backs deducted", "扣除追回后的赔付金额"},
		[CONTRACT_FEE_BILLED] = {"what was billed", "账单金额"},
	};
	const char *share = percent(terms, contract->fee.percent);
	const char *tax = percent(terms, contract->fee.tax_percent);
	const char *base = of(of_words[contract->fee.of], terms->chinese);

	if (contract->fee.tax_percent.unscaled == 0)
		term(terms, "payment.fee", "network fee", "网络服务费",
			say(terms, terms->chinese ? "%2$s的 %1$s" : "%s of %s", share, base));
	else if (terms->chinese)
		term(terms, "payment.fee", "network fee", "网络服务费",
			say(terms, "%s的 %s,%s税 %s(%s抵扣)", base, share, contract->fee.tax_added ? "另加" : "含", tax,
				contract->fee.deductible ? "可" : "不可"));
	else
		term(terms, "payment.fee", "network fee", "网络服务费",
			say(terms, "%s of %s, %s %s tax (%s)", share, base,
				contract->fee.tax_added ? "to which comes" : "in which is", tax,
				contract->fee.deductible ? "deductible" : "not deductible"));
}

static void payment_terms(struct terms *terms, const struct contract *contract)
{
	static const struct both bearers[] = {
		[CONTRACT_OUR] = {"the payer bears them (OUR)", "由付款人承担 (OUR)"},
		[CONTRACT_SHA] = {"each its own side's (SHA): what is kept on the way is the hospital's",
			"各自承担 (SHA):途中扣费由医院承担"},
		[CONTRACT_BEN] = {"the hospital bears them (BEN)", "由医院承担 (BEN)"},
	};
	const char *term_days = days(terms, contract, contract->term_days);

	term(terms, "payment.term_days", "payment due", "付款期限",
		say(terms, terms->chinese ? "开票后 %s" : "%s after the invoice", term_days));
	term(terms, "payment.charges", "bank charges", "银行费用", of(bearers[contract->bearer], terms->chinese));
	if (contract->early.given) {
		const char *share = percent(terms, contract->early.percent);
		const char *within = days(terms, contract, contract->early.days);
		term(terms, "payment.early_discount", "early payment", "提前付款折扣",
			say(terms, terms->chinese ? "%2$s内付款减 %1$s" : "%s off within %s", share, within));
	}
	if (contract->fee.given) fee_term(terms, contract);
	if (contract->payment_rate.given)
		term(terms, "owed.rate_bound_percent", "payer's rate may be off by", "付款人汇率允许偏差",
			percent(terms, contract->rate_bound));
	term(terms, "owed.other_bound_percent", "other currencies may be off by", "以其他币种支付的允许偏差",
		percent(terms, contract->other_bound));
}

static void residual_terms(struct terms *terms, const struct contract *contract)
{
	for (uint32_t i = 0; i < contract->charge_count; i++) {
		const struct contract_charge *charge = &contract->charges[i];
		const char *amount = money(terms, charge->amount);
		const char *route = charge->route != NULL ? charge->route : terms->chinese ? "任意路径" : "any route";
		term(terms, "usual_charges", "usual charge", "惯常扣费",
			say(terms, terms->chinese ? "%s,%s,%u 次" : "%s, %s, seen %u times", amount, route,
				charge->times));
	}
	for (uint32_t i = 0; i < contract->tolerance_count; i++) {
		const char *residual = money(terms, contract->tolerances[i].residual);
		const char *hard = money(terms, contract->tolerances[i].hard_max);
		term(terms, "tolerances", "residual let go", "余额容差",
			say(terms, terms->chinese ? "至多 %s;人工至多 %s" : "up to %s; by a person up to %s", residual,
				hard));
	}
	if (contract->tolerance_count == 0)
		term(terms, "tolerances", "residual let go", "余额容差", terms->chinese ? "无" : "none");
}

size_t contract_terms(const struct contract *contract, bool chinese, struct zf_arena *arena,
	struct contract_term ret[CONTRACT_TERMS_MAX])
{
	static const struct both roundings[] = {
		[DECIMAL_HALF_AWAY] = {"half away from zero", "四舍五入"},
		[DECIMAL_HALF_EVEN] = {"half to even", "四舍六入五成双"},
		[DECIMAL_UP] = {"up", "进位"},
		[DECIMAL_DOWN] = {"down", "舍去"},
	};
	struct terms terms = {.items = ret, .arena = arena, .chinese = chinese};

	party_terms(&terms, contract);
	price_terms(&terms, contract);
	payment_terms(&terms, contract);
	residual_terms(&terms, contract);
	term(&terms, "owed.rounding", "rounding", "舍入", of(roundings[contract->rounding], chinese));
	term(&terms, "appeal_days", "appeal within", "申诉期限",
		say(&terms, chinese ? "%u 天" : "%u days of a denial", contract->appeal_days));
	term(&terms, "limitation", "limitation", "诉讼时效",
		say(&terms, chinese ? "到期后 %u 年,提前 %u 天提醒" : "%u years after the due day, told %u days before",
			contract->limitation_years, contract->limitation_alert_days));
	term(&terms, "calendar", "business days", "工作日历",
		contract->calendar != NULL ? contract->calendar
		: chinese                  ? "医院日历"
					   : "the hospital's calendar");
	if (contract->notes != NULL) term(&terms, "notes", "notes", "备注", contract->notes);
	return terms.no_memory ? 0 : terms.count;
}

/* Lines: amounts, arithmetic, codes, what they refer to, and how they add up to the total. All arithmetic is exact. */
#include <stdio.h>

#include "lib/money.h"
#include "model/validate_internal.h"

static bool same_currency(const char a[4], const char b[4])
{
	return a[0] == b[0] && a[1] == b[1] && a[2] == b[2];
}

/* Known, and the claim's? */
static void check_currency(struct validation *v, const char currency[4], const struct place *place)
{
	if (v->currency.present && same_currency(currency, v->currency.currency)) return;
	if (currency_exponent(currency) < 0)
		validation_fault(v, FAULT_CURRENCY_UNKNOWN, place, ".currency", currency, NULL);
	else if (v->currency.present)
		validation_fault(v, FAULT_CURRENCY_MIXED, place, ".currency", currency, v->currency.currency);
}

static bool is_absurd(struct zf_decimal amount)
{
	return decimal_compare(amount, decimal_of(VALIDATE_AMOUNT_MAX, 0)) > 0;
}

static void report_absurd(struct validation *v, const char *amount, const struct place *place)
{
	char limit[DECIMAL_TEXT_SIZE];
	decimal_format(decimal_of(VALIDATE_AMOUNT_MAX, 0), limit);
	validation_fault(v, FAULT_AMOUNT_ABSURD, place, NULL, amount, limit);
}

/* An amount of a bill: neither negative nor absurd. False when it must not be reckoned with. */
static bool check_value(struct validation *v, struct zf_decimal value, const struct place *place)
{
	char amount[DECIMAL_TEXT_SIZE];
	if (decimal_sign(value) >= 0 && !is_absurd(value)) return true;
	decimal_format(value, amount);
	if (decimal_sign(value) < 0)
		validation_fault(v, FAULT_AMOUNT_NEGATIVE, place, NULL, amount, NULL);
	else
		report_absurd(v, amount, place);
	return false;
}

/* And in the claim's currency. */
static bool check_amount(struct validation *v, const struct zf_money *money, const struct place *place)
{
	if (!money->present) return true;
	check_currency(v, money->currency, place);
	return check_value(v, money_to_decimal(*money), place);
}

static bool out_of_range(struct zf_decimal value, int64_t max)
{
	return value.present && (decimal_sign(value) < 0 || decimal_compare(value, decimal_of(max, 0)) > 0);
}

/* The numbers that a line's net is made of. False when one of them cannot be reckoned with. */
static bool check_factors(struct validation *v, const struct zf_claim_line *line, const struct line_at *at)
{
	char text[DECIMAL_TEXT_SIZE];
	bool fine = true;
	if (out_of_range(line->quantity, VALIDATE_QUANTITY_MAX)) {
		decimal_format(line->quantity, text);
		validation_fault(v, FAULT_QUANTITY_INVALID, AT_LINE(at, "quantity"), NULL, text, NULL);
		fine = false;
	}
	if (out_of_range(line->factor, VALIDATE_FACTOR_MAX)) {
		decimal_format(line->factor, text);
		validation_fault(v, FAULT_FACTOR_INVALID, AT_LINE(at, "factor"), NULL, text, NULL);
		fine = false;
	}
	if (!line->unit_price.present) return fine;
	if (line->unit_price_currency[0] != '\0')
		check_currency(v, line->unit_price_currency, AT_LINE(at, "unitPrice"));
	return check_value(v, line->unit_price, AT_LINE(at, "unitPrice")) && fine;
}

/* The product to so many decimals; text has room for it. */
static const char *product_text(const struct decimal_product *product, uint8_t scale, char text[DECIMAL_TEXT_SIZE])
{
	struct zf_decimal rounded;
	if (decimal_product_round(product, scale, DECIMAL_HALF_AWAY, &rounded) != 0) return "more than can be written";
	decimal_format(rounded, text);
	return text;
}

/* What is not compared with a net must not be absurd either: it is what an insurer will reckon. */
static void check_product(struct validation *v, const struct decimal_product *product, const struct line_at *at)
{
	char text[DECIMAL_TEXT_SIZE];
	struct zf_decimal rounded;
	if (decimal_product_round(product, 2, DECIMAL_HALF_AWAY, &rounded) == 0 && !is_absurd(rounded)) return;
	report_absurd(v, product_text(product, 2, text), AT_LINE(at, NULL));
}

static void compare_net(struct validation *v, const struct zf_claim_line *line, const struct decimal_product *product,
	const struct line_at *at)
{
	if (decimal_within_half_unit(product, money_to_decimal(line->net), line->net.exponent)) return;
	struct zf_money without_tax;
	if (line->tax.present && money_subtract(line->net, line->tax, &without_tax) == 0 &&
		decimal_within_half_unit(product, money_to_decimal(without_tax), line->net.exponent))
		return;
	char net[MONEY_TEXT_SIZE], text[DECIMAL_TEXT_SIZE];
	money_format(line->net, net);
	validation_fault(v, FAULT_LINE_ARITHMETIC, AT_LINE(at, "net"), NULL, net,
		product_text(product, line->net.exponent, text));
}

/* quantity x unit price x factor = net, to within half a minor unit; some insurers' nets hold the tax as well. An
 * absent quantity or factor is one, as R4 has it; without unit price there is nothing to compare. */
static void check_arithmetic(struct validation *v, const struct zf_claim_line *line, const struct line_at *at)
{
	struct zf_decimal factors[3];
	struct decimal_product product;
	size_t n = 0;
	if (!line->unit_price.present) return;
	/* A price in another currency than the net has been reported; they can't be compared. */
	if (line->net.present && line->unit_price_currency[0] != '\0' &&
		!same_currency(line->unit_price_currency, line->net.currency))
		return;
	factors[n++] = line->unit_price;
	if (line->quantity.present) factors[n++] = line->quantity;
	if (line->factor.present) factors[n++] = line->factor;
	int rc = decimal_multiply(factors, n, &product);
	assert(rc == 0); /* all are present, and three cannot overflow */
	if (line->net.present)
		compare_net(v, line, &product, at);
	else
		check_product(v, &product, at);
}

/* The sum of what a list of lines has as net. */
struct net_sum {
	struct zf_money sum; /* absent: no line has a net */
	bool complete;       /* every line has one, and there is a line */
	bool broken;         /* currencies mixed, a bad amount or too much: not to be compared */
};

static void net_add(struct net_sum *sum, const struct zf_money *net)
{
	if (!net->present) {
		sum->complete = false;
	} else if (!sum->sum.present) {
		sum->sum = *net;
	} else if (money_add(sum->sum, *net, &sum->sum) != 0) {
		sum->broken = true;
	}
}

static void check_details_sum(
	struct validation *v, const struct zf_claim_line *line, const struct net_sum *sum, const struct line_at *at)
{
	if (line->detail_count == 0 || sum->broken || !sum->sum.present || !line->net.present) return;
	if (!money_same_currency(line->net, sum->sum)) return;
	int order = money_compare(sum->sum, line->net);
	if (order == 0 || (order < 0 && !sum->complete)) return;
	char net[MONEY_TEXT_SIZE], details[MONEY_TEXT_SIZE];
	money_format(line->net, net);
	money_format(sum->sum, details);
	validation_fault(v, FAULT_DETAIL_SUM, AT_LINE(at, "net"), NULL, net, details);
}

static void check_references(struct validation *v, const struct zf_claim_line *line, const struct line_at *at)
{
	validation_references(
		v, &v->care_team, line->care_team_sequences, line->care_team_sequence_count, at, "careTeamSequence");
	validation_references(
		v, &v->diagnoses, line->diagnosis_sequences, line->diagnosis_sequence_count, at, "diagnosisSequence");
	validation_references(
		v, &v->procedures, line->procedure_sequences, line->procedure_sequence_count, at, "procedureSequence");
	validation_references(v, &v->information, line->information_sequences, line->information_sequence_count, at,
		"informationSequence");
}

/* One line and, through level 3, its details. ret_fine: its net may be added up. */
static int check_line(struct validation *v, const struct zf_claim_line *line, struct line_at *at, bool *ret_fine)
{
	static const char *const lists[] = {"item", "detail", "subDetail"};
	struct net_sum details = {.complete = true};
	*ret_fine = check_amount(v, &line->net, AT_LINE(at, "net"));
	(void)check_amount(v, &line->tax, AT_LINE(at, "extension"));
	(void)check_amount(v, &line->patient_share, AT_LINE(at, "extension"));
	if (check_factors(v, line, at) && *ret_fine) check_arithmetic(v, line, at);
	validation_concept(v, line->product_or_service, true, AT_LINE(at, "productOrService"));
	validation_line_days(v, line, at);
	check_references(v, line, at);
	if (line->detail_count == 0 || at->level == 3) return 0;

	struct sequence_set unused;
	int rc = validation_sequences(v, at, lists[at->level], (const void *const *)line->details, line->detail_count,
		offsetof(struct zf_claim_line, sequence), &unused);
	at->level++;
	for (uint32_t i = 0; rc == 0 && i < line->detail_count; i++) {
		bool fine = true;
		at->index[at->level - 1] = i;
		rc = check_line(v, line->details[i], at, &fine);
		if (!fine) details.broken = true;
		net_add(&details, &line->details[i]->net);
	}
	at->level--;
	if (rc == 0 && *ret_fine) check_details_sum(v, line, &details, at);
	return rc;
}

static void check_total(struct validation *v, const struct net_sum *sum, struct zf_money *ret_total)
{
	const struct zf_money *total = &v->claim->total;
	char total_text[MONEY_TEXT_SIZE], sum_text[MONEY_TEXT_SIZE];
	*ret_total = *total;
	bool usable = !sum->broken && sum->sum.present;
	if (usable) money_format(sum->sum, sum_text);
	if (!total->present) {
		if (validation_said(v, "total")) return;
		if (usable && sum->complete) {
			*ret_total = sum->sum;
			validation_fault(v, FAULT_TOTAL_DERIVED, AT("total"), NULL, sum_text, NULL);
		} else {
			validation_fault(v, FAULT_TOTAL_MISSING, AT("total"), NULL, NULL, NULL);
		}
		return;
	}
	if (!check_amount(v, total, AT("total")) || !usable || !money_same_currency(*total, sum->sum)) return;
	int order = money_compare(*total, sum->sum);
	if (order == 0 || (order > 0 && !sum->complete)) return;
	money_format(*total, total_text);
	validation_fault(v, sum->complete ? FAULT_TOTAL_MISMATCH : FAULT_TOTAL_BELOW_LINES, AT("total"), NULL,
		total_text, sum_text);
}

/* The currency that all amounts must be in. */
static void choose_currency(struct validation *v)
{
	v->currency = v->claim->total;
	for (uint32_t i = 0; !v->currency.present && i < v->claim->line_count; i++)
		v->currency = v->claim->lines[i]->net;
	if (!v->currency.present || currency_exponent(v->currency.currency) >= 0) return;
	validation_fault(v, FAULT_CURRENCY_UNKNOWN, AT("total.currency"), NULL, v->currency.currency, NULL);
}

int validation_lines(struct validation *v, struct zf_money *ret_total)
{
	const struct zf_claim *claim = v->claim;
	struct net_sum sum = {.complete = claim->line_count > 0};
	struct sequence_set unused;
	choose_currency(v);
	if (claim->line_count == 0) validation_fault(v, FAULT_LINES_MISSING, AT("item"), NULL, NULL, NULL);
	int rc = validation_sequences(v, NULL, "item", (const void *const *)claim->lines, claim->line_count,
		offsetof(struct zf_claim_line, sequence), &unused);
	for (uint32_t i = 0; rc == 0 && i < claim->line_count; i++) {
		struct line_at at = {.index = {i, 0, 0}, .level = 1};
		bool fine = true;
		rc = check_line(v, claim->lines[i], &at, &fine);
		if (!fine) sum.broken = true;
		net_add(&sum, &claim->lines[i]->net);
	}
	check_total(v, &sum, ret_total);
	return rc;
}

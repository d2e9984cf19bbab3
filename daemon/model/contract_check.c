/* What must hold between the values of a contract, and where we are in its document. */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "lib/date.h"
#include "model/contract_reading.h"

/* ---- where we are ---- */

/* Goes in by a key or an entry; returns where to come back to. */
size_t contract_path_in(struct contract_reading *reader, const char *fmt, ...)
{
	size_t was = reader->path_len;
	size_t room = sizeof(reader->path) - was;
	va_list args;

	va_start(args, fmt);
	int n = vsnprintf(reader->path + was, room, fmt, args);
	va_end(args);
	assert(n > 0 && (size_t)n < room); /* all names are from the table */
	reader->path_len += (size_t)n;
	return was;
}

void contract_path_out(struct contract_reading *reader, size_t was)
{
	reader->path_len = was;
	reader->path[was] = '\0';
}

size_t contract_path_key(struct contract_reading *reader, const char *name)
{
	return contract_path_in(reader, reader->path_len == 0 ? "%s" : ".%s", name);
}

void contract_tell(struct contract_reading *reader, enum fault_code code, const char *arg1, const char *arg2)
{
	fault_add(reader->faults, code, reader->path, arg1, arg2);
}

/* The same one key further in. */
void contract_tell_key(
	struct contract_reading *reader, const char *name, enum fault_code code, const char *arg1, const char *arg2)
{
	size_t was = contract_path_key(reader, name);
	contract_tell(reader, code, arg1, arg2);
	contract_path_out(reader, was);
}

/* ---- what must hold between them ---- */

static void check_rate(struct contract_reading *reader, const char *name, struct contract_rate *rate)
{
	bool of_bank = rate->source == RATE_BANK_BUY || rate->source == RATE_BANK_SELL;
	size_t was = contract_path_in(reader, ".%s", name);

	if (of_bank && rate->bank == NULL)
		contract_tell(reader, FAULT_CONTRACT_BANK, rate_source_name(rate->source), NULL);
	if (!of_bank && rate->bank != NULL)
		contract_tell_key(reader, "bank", FAULT_CONTRACT_NO_BANK, rate_source_name(rate->source), NULL);
	if (rate->pivot[0] == '\0' && rate->source == RATE_CFETS) memcpy(rate->pivot, "CNY", 4);
	if (rate->pivot[0] == '\0' && rate->source == RATE_ECB) memcpy(rate->pivot, "EUR", 4);
	if (rate->pivot[0] == '-') rate->pivot[0] = '\0';
	contract_path_out(reader, was);
}

static void check_bill_rate(struct contract_reading *reader, struct contract *made, const char *kind)
{
	struct contract_rate *rate = &made->bill_rate;

	if (made->kind != CONTRACT_C) {
		if (rate->given) contract_tell(reader, FAULT_CONTRACT_HAS_NO, kind, "bill_rate");
		return;
	}
	rate->given = true;
	check_rate(reader, "bill_rate", rate);
}

/* By the kind: which currencies and rates there are. The path is that of the contract. */
static void check_owed(struct contract_reading *reader, struct contract *made)
{
	const char *kind = contract_word(contract_kind_words, made->kind);
	size_t was = contract_path_key(reader, "owed");

	memcpy(made->billed, reader->book, sizeof(made->billed));
	if (made->kind == CONTRACT_C) {
		if (made->owed[0] == '\0') contract_tell(reader, FAULT_CONTRACT_NEEDS, kind, "currency");
		if (strcmp(made->owed, reader->book) == 0)
			contract_tell_key(reader, "currency", FAULT_CONTRACT_OTHER, kind, reader->book);
		if (made->paid[0] == '\0') memcpy(made->paid, made->owed, sizeof(made->paid));
	} else {
		if (made->owed[0] != '\0')
			contract_tell_key(reader, "currency", FAULT_CONTRACT_HAS_NO, kind, "currency");
		memcpy(made->owed, reader->book, sizeof(made->owed));
	}
	if (made->kind == CONTRACT_A) {
		if (made->paid[0] != '\0')
			contract_tell_key(reader, "pay_currency", FAULT_CONTRACT_HAS_NO, kind, "pay_currency");
		memcpy(made->paid, reader->book, sizeof(made->paid));
	}
	if (made->kind == CONTRACT_B) {
		if (made->paid[0] == '\0') contract_tell(reader, FAULT_CONTRACT_NEEDS, kind, "pay_currency");
		if (strcmp(made->paid, reader->book) == 0)
			contract_tell_key(reader, "pay_currency", FAULT_CONTRACT_OTHER, kind, reader->book);
	}
	check_bill_rate(reader, made, kind);
	if (made->payment_rate.given) {
		if (made->kind == CONTRACT_A)
			contract_tell_key(reader, "payment_rate", FAULT_CONTRACT_HAS_NO, kind, "payment_rate");
		else if (made->kind == CONTRACT_C && strcmp(made->owed, made->paid) == 0)
			contract_tell_key(reader, "payment_rate", FAULT_CONTRACT_CURRENCY_SAME, made->owed, NULL);
		check_rate(reader, "payment_rate", &made->payment_rate);
	} else if (strcmp(made->owed, made->paid) != 0) {
		contract_tell(reader, FAULT_CONTRACT_NEEDS, kind, "payment_rate");
	}
	contract_path_out(reader, was);
}

/* An amount with its currency; where one of them is not right that was told already. */
static struct zf_money money_of(
	struct contract_reading *reader, const char *name, struct zf_decimal amount, const char *currency)
{
	struct zf_money money = {0};
	char text[DECIMAL_TEXT_SIZE];
	char digits[8];

	if (!amount.present || !currency_is_money(text_of(currency))) return money;
	int err = money_from_decimal(amount, text_of(currency), &money);
	if (err == 0) return money;
	decimal_format(amount, text);
	(void)snprintf(digits, sizeof(digits), "%d", currency_exponent(currency));
	contract_tell_key(
		reader, name, err == LIB_INEXACT ? FAULT_AMOUNT_PRECISION : FAULT_CONTRACT_AMOUNT, text, digits);
	return money;
}

static void check_discounts(struct contract_reading *reader, struct contract_draft *draft)
{
	const struct contract_discount *rows = (const struct contract_discount *)(void *)draft->discounts.items;

	for (uint32_t i = 0; i < draft->discounts.count; i++) {
		for (uint32_t k = 0; k < i; k++) {
			if (rows[i].category == NULL || rows[k].category == NULL) continue;
			if (strcmp(rows[i].category, rows[k].category) != 0) continue;
			size_t was = contract_path_key(reader, "prices");
			(void)contract_path_in(reader, ".discounts[%u].category", i);
			contract_tell(reader, FAULT_CONTRACT_TWICE, rows[i].category, NULL);
			contract_path_out(reader, was);
			break;
		}
	}
	if (draft->made.gross && draft->discounts.count == 0 && draft->made.price_list == NULL)
		contract_tell_key(reader, "prices.billed", FAULT_CONTRACT_GROSS, NULL, NULL);
	draft->made.discounts = rows;
	draft->made.discount_count = draft->discounts.count;
}

static int check_charges(struct contract_reading *reader, struct contract_draft *draft)
{
	const struct contract_charge_row *rows = (const struct contract_charge_row *)(void *)draft->charges.items;
	struct contract_charge *made;

	if (draft->charges.count == 0) return 0;
	made = zf_alloc_array(reader->arena, draft->charges.count, sizeof(*made));
	if (made == NULL) return ERR_NOMEM;
	for (uint32_t i = 0; i < draft->charges.count; i++) {
		size_t was = contract_path_key(reader, "usual_charges");
		(void)contract_path_in(reader, "[%u]", i);
		made[i] = (struct contract_charge){.route = rows[i].route, .times = rows[i].times};
		made[i].amount = money_of(reader, "amount", rows[i].amount, rows[i].currency);
		for (uint32_t k = 0; k < i; k++) {
			if (!money_same_currency(made[k].amount, made[i].amount)) continue;
			if (made[k].amount.minor != made[i].amount.minor) continue;
			if (!text_equal(text_of(made[k].route), text_of(made[i].route))) continue;
			contract_tell(reader, FAULT_CONTRACT_TWICE, rows[i].currency, NULL);
			break;
		}
		contract_path_out(reader, was);
	}
	draft->made.charges = made;
	draft->made.charge_count = draft->charges.count;
	return 0;
}

static void check_hard_max(
	struct contract_reading *reader, const struct contract_tolerance_row *row, struct contract_tolerance *tolerance)
{
	char hard[MONEY_TEXT_SIZE];
	char residual[MONEY_TEXT_SIZE];

	tolerance->residual = money_of(reader, "residual", row->residual, row->currency);
	tolerance->hard_max = tolerance->residual;
	if (!row->hard_max.present) return;
	tolerance->hard_max = money_of(reader, "hard_max", row->hard_max, row->currency);
	if (!tolerance->residual.present || !tolerance->hard_max.present) return;
	if (tolerance->hard_max.minor >= tolerance->residual.minor) return;
	money_format(tolerance->hard_max, hard);
	money_format(tolerance->residual, residual);
	contract_tell_key(reader, "hard_max", FAULT_CONTRACT_HARD_MAX, hard, residual);
}

static int check_tolerances(struct contract_reading *reader, struct contract_draft *draft)
{
	const struct contract_tolerance_row *rows =
		(const struct contract_tolerance_row *)(void *)draft->tolerances.items;
	struct contract_tolerance *made;

	if (draft->tolerances.count == 0) return 0;
	made = zf_alloc_array(reader->arena, draft->tolerances.count, sizeof(*made));
	if (made == NULL) return ERR_NOMEM;
	for (uint32_t i = 0; i < draft->tolerances.count; i++) {
		size_t was = contract_path_key(reader, "tolerances");
		(void)contract_path_in(reader, "[%u]", i);
		check_hard_max(reader, &rows[i], &made[i]);
		for (uint32_t k = 0; k < i; k++) {
			if (rows[i].currency[0] == '\0' || strcmp(rows[k].currency, rows[i].currency) != 0) continue;
			contract_tell_key(reader, "currency", FAULT_CONTRACT_TWICE, rows[i].currency, NULL);
			break;
		}
		contract_path_out(reader, was);
	}
	draft->made.tolerances = made;
	draft->made.tolerance_count = draft->tolerances.count;
	return 0;
}

int contract_check(struct contract_reading *reader, struct contract_draft *draft)
{
	struct contract *made = &draft->made;

	if (made->to < made->from) {
		char from[DATE_TEXT_SIZE];
		char to[DATE_TEXT_SIZE];
		date_format_day(made->from, from);
		date_format_day(made->to, to);
		contract_tell_key(reader, "valid_to", FAULT_PERIOD_REVERSED, from, to);
	}
	if (made->remitter == NULL) made->remitter = made->tpa != NULL ? made->tpa : made->carrier;
	if (made->guarantor == NULL) made->guarantor = made->tpa != NULL ? made->tpa : made->carrier;
	if (made->kind != 0) check_owed(reader, made);
	if (made->early.given && made->early.days > made->term_days) {
		char early[16];
		char term[16];
		(void)snprintf(early, sizeof(early), "%u", made->early.days);
		(void)snprintf(term, sizeof(term), "%u", made->term_days);
		contract_tell_key(reader, "payment.early_discount.days", FAULT_CONTRACT_LATE, early, term);
	}
	check_discounts(reader, draft);
	int err = check_charges(reader, draft);
	return err == 0 ? check_tolerances(reader, draft) : err;
}

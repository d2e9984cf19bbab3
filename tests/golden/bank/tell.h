/* What the reader of bank statements tells, as one JSON object a line: for the tests that look at it and for bank_dump.
 */
#ifndef TESTS_GOLDEN_BANK_TELL_H
#define TESTS_GOLDEN_BANK_TELL_H

#include <stdio.h>

#include "bank/statement.h"
#include "lib/date.h"
#include "lib/money.h"

static inline void put_text(FILE *out, const char *name, const char *text)
{
	if (text == NULL) return;
	fprintf(out, ", \"%s\": \"", name);
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;
		if (c == '"' || c == '\\') {
			fprintf(out, "\\%c", c);
		} else if (c < 0x20) {
			fprintf(out, "\\u%04x", c);
		} else {
			fputc(c, out);
		}
	}
	fputc('"', out);
}

static inline void put_money(FILE *out, const char *name, struct zf_money money)
{
	char text[MONEY_TEXT_SIZE];
	if (!money.present) return;
	(void)money_format(money, text);
	fprintf(out, ", \"%s\": \"%s %s\"", name, text, money.currency);
}

static inline void put_day(FILE *out, const char *name, int32_t day)
{
	int year;
	unsigned month, in_month;
	if (day == BANK_NO_DAY) return;
	date_civil_from_days(day, &year, &month, &in_month);
	fprintf(out, ", \"%s\": \"%04d-%02u-%02u\"", name, year, month, in_month);
}

static inline void put_time(FILE *out, const char *name, struct zf_time time)
{
	char text[DATE_TEXT_SIZE];
	if (date_format_time(&time, text) > 0) put_text(out, name, text);
}

static inline void put_balance(FILE *out, const char *name, const struct bank_balance *balance)
{
	if (balance->kind == 0) return;
	fprintf(out, ", \"%s\": {\"kind\": %u", name, balance->kind);
	put_text(out, "code", balance->code);
	put_money(out, "amount", balance->amount);
	put_day(out, "day", balance->day);
	fputc('}', out);
}

static inline int tell_statement(void *ctx, const struct bank_statement *s)
{
	FILE *out = ctx;
	fprintf(out,
		"{\"is\": \"statement\", \"number\": %u, \"kind\": %u, \"sequence\": %lld, \"legal\": %lld, \"page\": %lld, "
		"\"last_page\": %d, \"continued\": %d",
		s->number, s->kind, (long long)s->sequence, (long long)s->legal_sequence, (long long)s->page,
		s->last_page, s->continued);
	put_text(out, "version", s->version);
	put_text(out, "message_id", s->message_id);
	put_text(out, "id", s->id);
	put_text(out, "related", s->related);
	put_text(out, "copy", s->copy);
	put_time(out, "created", s->created);
	put_time(out, "from", s->from);
	put_time(out, "to", s->to);
	put_text(out, "account", s->account.id);
	put_text(out, "account_written", s->account.written);
	put_text(out, "account_name", s->account.name);
	put_text(out, "owner", s->account.owner);
	put_text(out, "servicer", s->account.servicer);
	put_text(out, "currency", s->account.currency);
	put_balance(out, "opening", &s->opening);
	fprintf(out, "}\n");
	return 0;
}

static inline void put_party(FILE *out, const char *name, const struct bank_party *party)
{
	if (party->name == NULL && party->account == NULL && party->agent == NULL && party->address == NULL &&
		party->agent_name == NULL && party->identifier == NULL && party->country == NULL) {
		return;
	}
	fprintf(out, ", \"%s\": {\"is\": \"party\"", name);
	put_text(out, "name", party->name);
	put_text(out, "account", party->account);
	put_text(out, "agent", party->agent);
	put_text(out, "agent_name", party->agent_name);
	put_text(out, "country", party->country);
	put_text(out, "address", party->address);
	put_text(out, "identifier", party->identifier);
	fputc('}', out);
}

static inline void put_amounts(FILE *out, const struct bank_amounts *amounts)
{
	char rate[DECIMAL_TEXT_SIZE];
	put_money(out, "instructed", amounts->instructed);
	put_money(out, "transaction", amounts->transaction);
	put_money(out, "counter_value", amounts->counter_value);
	put_money(out, "announced", amounts->announced);
	if (amounts->exchange.source[0] == '\0') return;
	if (amounts->exchange.rate.present) {
		(void)decimal_format(amounts->exchange.rate, rate);
		put_text(out, "rate", rate);
	}
	put_text(out, "source", amounts->exchange.source);
	put_text(out, "target", amounts->exchange.target);
	fprintf(out, ", \"fit\": %u", amounts->exchange.fit);
}

static inline void put_charges(FILE *out, struct zf_money total, const struct bank_charge *charges, uint32_t n)
{
	put_money(out, "charge_total", total);
	if (n == 0) return;
	fprintf(out, ", \"charges\": [");
	for (uint32_t i = 0; i < n; i++) {
		fprintf(out, "%s{\"included\": %d", i > 0 ? ", " : "", charges[i].included);
		put_money(out, "amount", charges[i].amount);
		put_text(out, "code", charges[i].code);
		put_text(out, "bearer", charges[i].bearer);
		fputc('}', out);
	}
	fputc(']', out);
}

static inline void put_detail(FILE *out, const struct bank_detail *d)
{
	char identity[2 * BANK_IDENTITY_BYTES + 1];
	text_hex_encode(d->identity, sizeof(d->identity), identity);
	fprintf(out, "{\"number\": %u", d->number);
	put_money(out, "account_amount", d->account_amount);
	put_money(out, "amount", d->amount);
	put_amounts(out, &d->amounts);
	put_charges(out, d->charge_total, d->charges, d->charge_count);
	put_text(out, "message_id", d->message_id);
	put_text(out, "servicer_reference", d->servicer_reference);
	put_text(out, "payment_id", d->payment_id);
	put_text(out, "instruction_id", d->instruction_id);
	put_text(out, "end_to_end_id", d->end_to_end_id);
	put_text(out, "uetr", d->uetr);
	put_text(out, "transaction_id", d->transaction_id);
	put_text(out, "mandate_id", d->mandate_id);
	put_text(out, "cheque_number", d->cheque_number);
	put_text(out, "clearing_reference", d->clearing_reference);
	put_text(out, "other_reference", d->other_reference);
	put_text(out, "creditor_id", d->creditor_id);
	put_text(out, "code", d->code);
	put_party(out, "debtor", &d->debtor);
	put_party(out, "creditor", &d->creditor);
	put_party(out, "ultimate_debtor", &d->ultimate_debtor);
	put_party(out, "ultimate_creditor", &d->ultimate_creditor);
	put_text(out, "text", d->text);
	put_text(out, "additional", d->additional);
	put_text(out, "purpose", d->purpose);
	put_text(out, "return_reason", d->return_reason);
	if (d->reference_count > 0) fprintf(out, ", \"references\": [");
	for (uint32_t i = 0; i < d->reference_count; i++) {
		fprintf(out, "%s{\"document\": %d", i > 0 ? ", " : "", d->references[i].document);
		put_text(out, "kind", d->references[i].kind);
		put_text(out, "value", d->references[i].value);
		put_money(out, "amount", d->references[i].amount);
		fputc('}', out);
	}
	fprintf(out, "%s, \"occurrence_of\": %u", d->reference_count > 0 ? "]" : "", d->occurrence);
	put_text(out, "identity_of", identity);
	fputc('}', out);
}

static inline int tell_entry(void *ctx, const struct bank_statement *s, const struct bank_entry *e)
{
	FILE *out = ctx;
	char identity[2 * BANK_IDENTITY_BYTES + 1];
	(void)s;
	text_hex_encode(e->identity, sizeof(e->identity), identity);
	fprintf(out,
		"{\"is\": \"entry\", \"number\": %u, \"line\": %u, \"part\": %u, \"last\": %d, \"status\": %u, \"reversal\": %d, "
		"\"credit\": %d, \"occurrence\": %u, \"batch_count\": %u",
		e->number, e->line, e->part, e->last, e->status, e->reversal, e->credit, e->occurrence, e->batch_count);
	put_text(out, "identity", identity);
	put_text(out, "funds", e->funds);
	put_money(out, "amount", e->amount);
	put_day(out, "booking_day", e->booking_day);
	put_day(out, "value_day", e->value_day);
	put_time(out, "booked_at", e->booked_at);
	put_text(out, "entry_reference", e->entry_reference);
	put_text(out, "servicer_reference", e->servicer_reference);
	put_text(out, "customer_reference", e->customer_reference);
	put_text(out, "code", e->code);
	put_text(out, "bank_code", e->bank_code);
	put_text(out, "supplementary", e->supplementary);
	put_text(out, "posting", e->posting);
	put_text(out, "additional", e->additional);
	put_amounts(out, &e->amounts);
	put_charges(out, e->charge_total, e->charges, e->charge_count);
	put_text(out, "batch_message_id", e->batch_message_id);
	put_text(out, "batch_payment_id", e->batch_payment_id);
	fprintf(out, ", \"details\": [");
	for (uint32_t i = 0; i < e->detail_count; i++) {
		if (i > 0) fprintf(out, ", ");
		put_detail(out, &e->details[i]);
	}
	fprintf(out, "]}\n");
	return 0;
}

static inline int tell_end(void *ctx, const struct bank_end *e)
{
	FILE *out = ctx;
	fprintf(out,
		"{\"is\": \"end\", \"entries\": %u, \"credits\": %u, \"debits\": %u, \"proved\": %d, \"refused\": %d",
		e->entry_count, e->credit_count, e->debit_count, e->proved, e->refused);
	put_money(out, "credit_sum", e->credit_sum);
	put_money(out, "debit_sum", e->debit_sum);
	put_text(out, "additional", e->additional);
	put_balance(out, "opening", &e->opening);
	put_balance(out, "closing", &e->closing);
	fprintf(out, ", \"balances\": [");
	for (uint32_t i = 0; i < e->balance_count; i++) {
		fprintf(out, "%s{\"is\": \"balance\"", i > 0 ? ", " : "");
		put_balance(out, "of", &e->balances[i]);
		fputc('}', out);
	}
	fprintf(out, "]}\n");
	return 0;
}

static inline void tell_faults(FILE *out, struct zf_arena *arena, const struct fault_list *faults)
{
	for (uint32_t i = 0; i < faults->count; i++) {
		const struct fault *fault = &faults->items[i];
		fprintf(out, "{\"is\": \"fault\", \"severity\": %u", fault->severity);
		put_text(out, "code", fault_lookup(fault->code)->name);
		put_text(out, "path", fault->path);
		put_text(out, "text", fault_text_en(arena, fault));
		fprintf(out, "}\n");
	}
}

/* The callbacks; their context is the FILE. */
static const struct bank_events tell_events = {tell_statement, tell_entry, tell_end};

#endif

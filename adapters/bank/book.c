/* The book: begins and ends statements, adds them up, and tells the caller what was read. The three formats fill in the
 * same structs and leave the judging to this file. */
#include <stdio.h>

#include "lib/money.h"
#include "reader.h"

/* Longest of "opening + credits - debits = sum CCY". */
#define SUM_TEXT_BYTES 128

static int stop(struct bank_reader *reader, int rc)
{
	if (reader->result == 0) reader->result = rc;
	return reader->result;
}

static int limit_fault(struct bank_reader *reader, uint32_t line, const char *name, uint32_t limit)
{
	char number[16];
	(void)snprintf(number, sizeof(number), "%u", limit);
	bank_fault(reader, FAULT_BANK_LIMIT, line, "", name, number);
	return stop(reader, LIB_LIMIT);
}

int bank_statement_begin(struct bank_reader *reader, uint32_t line)
{
	if (++reader->statement_count > reader->limits.statements_max) {
		return limit_fault(reader, line, "statements_max", reader->limits.statements_max);
	}
	scratch_reset(&reader->head);
	scratch_reset(&reader->body);
	scratch_reset(&reader->part);
	reader->open = true;
	reader->told = false;
	reader->fault_count_before = reader->fault_count;
	reader->balances = (struct scratch_list){0};
	reader->details = (struct scratch_list){0};
	reader->additional = NULL;
	reader->currency[0] = '\0';
	reader->tally = (struct bank_tally){0};
	reader->statement = (struct bank_statement){.number = reader->statement_count,
		.line = line,
		.format = (uint8_t)reader->format,
		.sequence = -1,
		.legal_sequence = -1,
		.page = -1,
		.last_page = -1};
	return 0;
}

int bank_balance_add(struct bank_reader *reader, const struct bank_balance *balance)
{
	if (reader->balances.count == BANK_BALANCES_MAX) {
		return limit_fault(reader, balance->line, "balances", BANK_BALANCES_MAX);
	}
	struct bank_balance *added = scratch_add(&reader->head, &reader->balances, sizeof(*added));
	if (added == NULL) return stop(reader, bank_scratch_fault(reader, &reader->head, balance->line));
	*added = *balance;
	return 0;
}

/* ---- the head ---- */

static const struct bank_balance *find_balance(const struct bank_reader *reader, enum bank_balance_kind kind, bool last)
{
	const struct bank_balance *items = reader->balances.items, *found = NULL;
	for (uint32_t i = 0; i < reader->balances.count; i++) {
		if (items[i].kind != kind) continue;
		found = &items[i];
		if (!last) break;
	}
	return found;
}

/* A page opens and closes with interim balances; a single one is the one that is missing. */
static void choose_balances(
	const struct bank_reader *reader, struct bank_balance *opening, struct bank_balance *closing)
{
	const struct bank_balance *items = reader->balances.items;
	const struct bank_balance *from = find_balance(reader, BANK_BALANCE_OPENING, false);
	const struct bank_balance *to = find_balance(reader, BANK_BALANCE_CLOSING, true);
	const struct bank_balance *first = find_balance(reader, BANK_BALANCE_INTERIM, false);
	const struct bank_balance *last = find_balance(reader, BANK_BALANCE_INTERIM, true);
	if (from == NULL) from = find_balance(reader, BANK_BALANCE_PREVIOUS, false);
	/* MT940's tags say which of the two an interim balance is. */
	for (uint32_t i = 0; reader->format == BANK_FORMAT_MT940 && i < reader->balances.count; i++) {
		if (from == NULL && strcmp(items[i].code, "60M") == 0) from = &items[i];
		if (to == NULL && strcmp(items[i].code, "62M") == 0) to = &items[i];
	}
	if (reader->format == BANK_FORMAT_MT940) first = last = NULL;
	if (from == NULL && first != NULL && (to != NULL || first != last)) from = first;
	if (to == NULL && last != NULL && last != from) to = last;
	if (from != NULL) *opening = *from;
	if (to != NULL) *closing = *to;
}

static bool choose_account(struct bank_reader *reader)
{
	struct bank_account *account = &reader->statement.account;
	const char *own = reader->own_account;
	if (account->written == NULL && own != NULL && reader->format == BANK_FORMAT_CSV) {
		account->written = reader->profile.account;
	}
	if (account->written == NULL) {
		const char *word = reader->format == BANK_FORMAT_CAMT    ? "Acct/Id"
				   : reader->format == BANK_FORMAT_MT940 ? ":25:"
									 : "account";
		bank_fault(reader, FAULT_BANK_MISSING, reader->statement.line, "", word, NULL);
		return true;
	}
	account->id = bank_account_id(&reader->head.zf, text_of(account->written));
	if (account->id == NULL) return false;
	if (own == NULL) return true;
	const char *tail = strrchr(account->id, '/');
	if (strcmp(account->id, own) == 0 || (tail != NULL && strcmp(tail + 1, own) == 0)) {
		account->id = own;
	} else {
		bank_fault(reader, FAULT_BANK_ACCOUNT, reader->statement.line, "", account->id, own);
	}
	return true;
}

static void choose_currency(struct bank_reader *reader, const struct bank_statement *statement)
{
	const char *given = statement->account.currency;
	if (given != NULL && currency_is_money(text_of(given))) {
		memcpy(reader->currency, given, sizeof(reader->currency));
	} else if (given != NULL) {
		bank_currency_fault(reader, text_of(given), statement->line, "Acct/Ccy");
	} else if (statement->opening.kind != 0) {
		memcpy(reader->currency, statement->opening.amount.currency, sizeof(reader->currency));
	} else if (statement->closing.kind != 0) {
		memcpy(reader->currency, statement->closing.amount.currency, sizeof(reader->currency));
	}
}

int bank_statement_tell(struct bank_reader *reader)
{
	struct bank_statement *statement = &reader->statement;
	if (reader->told) return 0;
	reader->told = true;
	choose_balances(reader, &statement->opening, &statement->closing);
	choose_currency(reader, statement);
	if (!choose_account(reader)) return stop(reader, bank_scratch_fault(reader, &reader->head, statement->line));
	if (reader->currency[0] != '\0') statement->account.currency = reader->currency;
	const char *id = statement->id == NULL ? "" : statement->id;
	const char *account = statement->account.id == NULL ? "" : statement->account.id;
	bool interim = statement->opening.kind == BANK_BALANCE_INTERIM || statement->page > 1;
	statement->continued = interim && statement->number > 1 && strcmp(account, reader->last_account) == 0 &&
			       strcmp(id, reader->last_id) == 0;
	if (!statement->continued) bank_seen_reset(&reader->seen);
	(void)snprintf(reader->last_account, sizeof(reader->last_account), "%s", account);
	(void)snprintf(reader->last_id, sizeof(reader->last_id), "%s", id);
	if (reader->events.statement == NULL) return 0;
	return stop(reader, reader->events.statement(reader->ctx, statement));
}

/* ---- entries ---- */

int bank_entry_begin(struct bank_reader *reader, uint32_t line)
{
	int rc = bank_statement_tell(reader);
	if (rc != 0) return rc;
	if (reader->tally.entry_count == reader->limits.entries_max) {
		return limit_fault(reader, line, "entries_max", reader->limits.entries_max);
	}
	scratch_reset(&reader->body);
	scratch_reset(&reader->part);
	reader->details = (struct scratch_list){0};
	reader->detail_count = 0;
	reader->broken = false;
	reader->detail_sum = 0;
	reader->charge_sum = 0;
	reader->detail_sum_known = true;
	reader->entry = (struct bank_entry){.number = ++reader->tally.entry_count,
		.line = line,
		.booking_day = BANK_NO_DAY,
		.value_day = BANK_NO_DAY};
	return 0;
}

/* Adds a booked entry to the sums. */
static void count(struct bank_reader *reader)
{
	const struct bank_entry *entry = &reader->entry;
	struct bank_tally *tally = &reader->tally;
	bool in = entry->amount.minor >= 0;
	int64_t *sum = in ? &tally->credit : &tally->debit;
	if (__builtin_add_overflow(*sum, entry->amount.minor, sum)) {
		bank_fault(reader, FAULT_AMOUNT_ABSURD, entry->line, "", NULL, "2^63");
		tally->broken = true;
	}
	if (entry->reversal && __builtin_add_overflow(tally->reversed, entry->amount.minor, &tally->reversed)) {
		tally->broken = true;
	}
	if (in) {
		tally->credit_count++;
	} else {
		tally->debit_count++;
	}
}

/* An entry is in the account's currency; what it was before is in its amounts. */
static void check_currency(struct bank_reader *reader, const char *where)
{
	const struct bank_entry *entry = &reader->entry;
	if (reader->currency[0] == '\0') {
		memcpy(reader->currency, entry->amount.currency, sizeof(reader->currency));
	} else if (strcmp(reader->currency, entry->amount.currency) != 0) {
		bool counts = entry->status == BANK_STATUS_BOOKED;
		bank_fault_as(reader, FAULT_BANK_CURRENCY, counts ? FAULT_FAULT : FAULT_WARNING, entry->line, where,
			entry->amount.currency, reader->currency);
		if (counts) reader->tally.broken = true;
	}
}

/* What is known before the first part goes out. */
static int first_part(struct bank_reader *reader, const char *where)
{
	struct bank_entry *entry = &reader->entry;
	struct bank_detail *details = reader->details.items;
	check_currency(reader, where);
	if (entry->status == BANK_STATUS_BOOKED) count(reader);
	if (entry->servicer_reference == NULL && reader->details.count == 1) {
		entry->servicer_reference = details[0].servicer_reference;
	}
	struct zf_money own = entry->amount;
	bank_exchange_try(reader, &entry->amounts, &own, 1, entry->line, where);
	bank_identify(reader);
	return bank_seen_count(reader, entry->identity, &entry->occurrence) ? 0 : stop(reader, LIB_NOMEM);
}

/* Those in the entry's currency. */
static void add_charges(int64_t *sum, const struct zf_money *like, const struct bank_charge *charges, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (!money_same_currency(charges[i].amount, *like)) continue;
		if (__builtin_add_overflow(*sum, charges[i].amount.minor, sum)) *sum = 0;
	}
}

static void warn_of_details(struct bank_reader *reader, const char *where)
{
	char sum[MONEY_TEXT_SIZE], amount[MONEY_TEXT_SIZE];
	struct zf_money all = reader->entry.amount;
	if (!reader->detail_sum_known || reader->detail_count == 0 || reader->detail_sum == all.minor) return;
	/* A net entry: the charges are what is missing. */
	int64_t with_charges = reader->charge_sum;
	add_charges(&with_charges, &all, reader->entry.charges, reader->entry.charge_count);
	if (!__builtin_add_overflow(with_charges, reader->detail_sum, &with_charges) && with_charges == all.minor)
		return;
	(void)money_format(all, amount);
	all.minor = reader->detail_sum;
	(void)money_format(all, sum);
	bank_fault(reader, FAULT_BANK_DETAILS, reader->entry.line, where, sum, amount);
}

/* whole: these are all of the entry. */
static bool identify_details(struct bank_reader *reader, bool whole)
{
	struct bank_detail *details = reader->details.items;
	if (whole && reader->details.count == 1) {
		memcpy(details[0].identity, reader->entry.identity, sizeof(details[0].identity));
		details[0].occurrence = reader->entry.occurrence;
		return true;
	}
	for (uint32_t i = 0; i < reader->details.count; i++) {
		bank_detail_identify(reader, &details[i]);
		if (!bank_seen_count(reader, details[i].identity, &details[i].occurrence)) return false;
	}
	return true;
}

static int tell_part(struct bank_reader *reader, bool last, const char *where)
{
	struct bank_entry *entry = &reader->entry;
	struct bank_detail *details = reader->details.items;
	/* A list's growth moved the details; those that point into themselves are set right. */
	for (uint32_t i = 0; i < reader->details.count; i++) {
		if (details[i].counterparty == NULL) continue;
		details[i].counterparty = entry->amount.minor >= 0 ? &details[i].debtor : &details[i].creditor;
	}
	if (reader->broken) {
		reader->tally.broken = true;
	} else {
		int rc = entry->part == 0 ? first_part(reader, where) : 0;
		if (rc != 0) return rc;
		if (!identify_details(reader, entry->part == 0 && last)) return stop(reader, LIB_NOMEM);
		entry->last = last;
		entry->details = reader->details.items;
		entry->detail_count = reader->details.count;
		if (last) warn_of_details(reader, where);
		if (reader->events.entry != NULL) {
			rc = stop(reader, reader->events.entry(reader->ctx, &reader->statement, entry));
		}
		if (rc != 0) return rc;
	}
	entry->part++;
	reader->details = (struct scratch_list){0};
	scratch_reset(&reader->part);
	return 0;
}

struct bank_detail *bank_detail_begin(struct bank_reader *reader, uint32_t line)
{
	if (reader->details.count == BANK_PART_DETAILS && tell_part(reader, false, NULL) != 0) return NULL;
	struct bank_detail *detail = scratch_add(&reader->part, &reader->details, sizeof(*detail));
	if (detail == NULL) {
		(void)stop(reader, bank_scratch_fault(reader, &reader->part, line));
		return NULL;
	}
	detail->number = ++reader->detail_count;
	detail->line = line;
	return detail;
}

/* The share of a detail in the entry: whichever of its amounts is in the entry's currency. */
static void find_share(struct bank_reader *reader, struct bank_detail *detail)
{
	const struct zf_money *candidates[] = {&detail->amount, &detail->amounts.transaction,
		&detail->amounts.counter_value, &detail->amounts.instructed};
	const struct zf_money *whole = &reader->entry.amount;
	size_t n = sizeof(candidates) / sizeof(candidates[0]);
	for (size_t i = 0; i < n; i++) {
		if (!candidates[i]->present || !money_same_currency(*candidates[i], *whole)) continue;
		/* What was ordered may be more than what came. */
		if (i == n - 1) reader->detail_sum_known = false;
		detail->account_amount = *candidates[i];
		/* TxDtls/Amt has a sign of its own, the others go with the entry. */
		bool against = detail->amount.present ? detail->amount.minor < 0 : whole->minor < 0;
		if (i > 0) detail->account_amount = bank_negated(*candidates[i], against);
		return;
	}
}

/* What the entry or its share was before charges: a rate may be about that. */
static struct zf_money before_charges(
	struct zf_money amount, const struct bank_entry *entry, const struct bank_detail *detail)
{
	int64_t charges = 0;
	add_charges(&charges, &amount, detail->charges, detail->charge_count);
	if (charges == 0) add_charges(&charges, &amount, entry->charges, entry->charge_count);
	if (__builtin_sub_overflow(amount.minor, charges, &amount.minor)) amount.present = 0;
	return amount;
}

void bank_detail_end(struct bank_reader *reader, const char *where)
{
	struct bank_detail *detail = (struct bank_detail *)reader->details.items + reader->details.count - 1;
	const struct bank_entry *entry = &reader->entry;
	struct zf_money others[] = {detail->amount, {0}, {0}};
	if (!entry->amount.present) return;
	find_share(reader, detail);
	if (!detail->account_amount.present ||
		__builtin_add_overflow(reader->detail_sum, detail->account_amount.minor, &reader->detail_sum)) {
		reader->detail_sum_known = false;
	}
	/* The entry's amount is the first one's if it stays the only one. */
	others[1] = detail->account_amount.present || detail->number > 1 ? detail->account_amount : entry->amount;
	if (others[1].present) others[2] = before_charges(others[1], entry, detail);
	add_charges(&reader->charge_sum, &entry->amount, detail->charges, detail->charge_count);
	const struct bank_party *party = entry->amount.minor >= 0 ? &detail->debtor : &detail->creditor;
	if (party->name != NULL || party->account != NULL || party->agent != NULL || party->agent_name != NULL) {
		detail->counterparty = party;
	}
	bank_exchange_try(reader, &detail->amounts, others, sizeof(others) / sizeof(others[0]), detail->line, where);
}

int bank_entry_end(struct bank_reader *reader, const char *where)
{
	struct bank_detail *details = reader->details.items;
	if (reader->result != 0) return reader->result;
	/* A single transaction is the whole entry, whatever it was before charges. */
	if (reader->detail_count == 1) details[0].account_amount = reader->entry.amount;
	return tell_part(reader, true, where);
}

/* ---- the end ---- */

static void put_money(char *text, size_t size, const char *sign, int64_t minor, const struct zf_money *like)
{
	char amount[MONEY_TEXT_SIZE];
	struct zf_money money = *like;
	size_t len = strlen(text);
	money.minor = minor;
	(void)money_format(money, amount);
	(void)snprintf(text + len, size - len, "%s%s", sign, amount);
}

/* opening + credits - debits = sum CCY, against what the file says. */
static void refuse_sum(struct bank_reader *reader, uint32_t line, const struct bank_end *end, int64_t sum)
{
	char arithmetic[SUM_TEXT_BYTES] = "", closing[SUM_TEXT_BYTES] = "";
	const struct zf_money *from = &end->opening.amount, *to = &end->closing.amount;
	int64_t difference;
	put_money(arithmetic, sizeof(arithmetic), "", from->minor, from);
	put_money(arithmetic, sizeof(arithmetic), " + ", reader->tally.credit, from);
	put_money(arithmetic, sizeof(arithmetic), " - ", -reader->tally.debit, from);
	put_money(arithmetic, sizeof(arithmetic), " = ", sum, from);
	put_money(closing, sizeof(closing), "", to->minor, to);
	if (!__builtin_sub_overflow(to->minor, sum, &difference)) {
		put_money(closing, sizeof(closing), difference < 0 ? " (" : " (+", difference, to);
		size_t len = strlen(closing);
		(void)snprintf(closing + len, sizeof(closing) - len, " %s)", to->currency);
	}
	bank_fault(reader, FAULT_BANK_BALANCE, line, "", arithmetic, closing);
	/* Reversals counted the other way round would make it right: say so, do not do it. */
	int64_t turned;
	if (reader->tally.reversed != 0 && !__builtin_mul_overflow(reader->tally.reversed, -2, &turned) &&
		turned == to->minor - sum) {
		bank_fault(reader, FAULT_BANK_REVERSAL, line, "", "reversal_negates", NULL);
	}
}

static bool prove(struct bank_reader *reader, uint32_t line, const struct bank_end *end)
{
	int64_t sum;
	if (reader->tally.broken) return false;
	if (strcmp(end->opening.amount.currency, end->closing.amount.currency) != 0) {
		bank_fault(reader, FAULT_BANK_CURRENCY, end->closing.line, end->closing.code,
			end->closing.amount.currency, end->opening.amount.currency);
		return false;
	}
	if (strcmp(end->opening.amount.currency, reader->currency) != 0) {
		bank_fault(reader, FAULT_BANK_CURRENCY, end->opening.line, end->opening.code,
			end->opening.amount.currency, reader->currency);
		return false;
	}
	if (__builtin_add_overflow(end->opening.amount.minor, reader->tally.credit, &sum) ||
		__builtin_add_overflow(sum, reader->tally.debit, &sum)) {
		bank_fault(reader, FAULT_AMOUNT_ABSURD, line, "", NULL, "2^63");
		return false;
	}
	if (sum == end->closing.amount.minor) return true;
	refuse_sum(reader, line, end, sum);
	return false;
}

static struct zf_money sum_money(const struct bank_reader *reader, int64_t minor)
{
	struct zf_money money = {0};
	if (reader->currency[0] == '\0' || money_make(minor, text_of(reader->currency), &money) != 0) {
		return (struct zf_money){0};
	}
	return money;
}

int bank_statement_end(struct bank_reader *reader, uint32_t line, const char *opening, const char *closing)
{
	int rc = bank_statement_tell(reader);
	struct bank_end end = {.statement = &reader->statement};
	if (rc != 0) return rc;
	choose_balances(reader, &end.opening, &end.closing);
	end.balances = reader->balances.items;
	end.balance_count = reader->balances.count;
	end.entry_count = reader->tally.entry_count;
	end.credit_count = reader->tally.credit_count;
	end.debit_count = reader->tally.debit_count;
	end.credit_sum = sum_money(reader, reader->tally.credit);
	end.debit_sum = sum_money(reader, reader->tally.debit);
	end.additional = reader->additional;
	if (reader->statement.kind == BANK_KIND_STATEMENT) {
		bool complete = end.opening.kind != 0 && end.closing.kind != 0;
		if (complete) {
			end.proved = prove(reader, line, &end);
		} else if (!reader->profile.accept_unproved && !reader->tally.broken) {
			bank_fault(
				reader, FAULT_BANK_UNPROVED, line, "", end.opening.kind == 0 ? opening : closing, NULL);
		}
	}
	reader->open = false;
	end.refused = reader->fault_count > reader->fault_count_before;
	if (reader->events.end == NULL) return 0;
	return stop(reader, reader->events.end(reader->ctx, &end));
}

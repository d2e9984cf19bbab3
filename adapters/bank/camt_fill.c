/* What the elements of camt do: they fill in the statement, entry and detail at hand, and begin and end them. */
#include <stdio.h>

#include "camt.h"

#define AMOUNT_STYLE ((struct bank_number_style){.decimal = '.', .sign = false})

static struct text_span trimmed(struct text_span text)
{
	return text_trim(text);
}

/* Keeps the first of those that come more than once. */
static void keep(struct bank_camt *camt, struct scratch *scratch, struct text_span text, const char **target)
{
	if (*target != NULL) return;
	(void)bank_copy_trimmed(camt->reader, scratch, text, target);
}

static void keep_reference(struct bank_camt *camt, struct scratch *scratch, struct text_span text, const char **target)
{
	if (bank_is_reference(text)) keep(camt, scratch, text, target);
}

static void join(struct bank_camt *camt, struct scratch *scratch, struct text_span text, const char **target,
	const char *between)
{
	text = trimmed(text);
	if (text.len == 0) return;
	if (!scratch_join(scratch, target, text, between)) {
		camt_stop(camt, bank_scratch_fault(camt->reader, scratch, camt_line(camt)));
	}
}

static void fault_value(struct bank_camt *camt, struct text_span text, const char *form)
{
	char plain[40];
	bank_fault(camt->reader, FAULT_BANK_VALUE, camt_line(camt), NULL, bank_plain(text, plain), form);
}

static void fault_missing(struct bank_camt *camt, const char *what)
{
	bank_fault(camt->reader, FAULT_BANK_MISSING, camt_line(camt), NULL, what, NULL);
}

static void fault_order(struct bank_camt *camt, const char *what)
{
	bank_fault(camt->reader, FAULT_BANK_ORDER, camt_line(camt), NULL, what, NULL);
}

/* ---- values ---- */

static void take_number(struct bank_camt *camt, struct text_span text, int64_t *target)
{
	text = trimmed(text);
	/* A decimal number in the schema; banks write whole ones. */
	if (text_to_int64(text, target) != 0) fault_value(camt, text, "0-9");
}

static void take_time(struct bank_camt *camt, struct text_span text, struct zf_time *target)
{
	if (bank_iso_time(&camt->reader->profile, text, target) != 0) {
		fault_value(camt, text, "YYYY-MM-DDThh:mm:ss");
	}
}

static void take_date(struct bank_camt *camt, struct text_span text)
{
	if (camt->day == NULL) return;
	if (bank_iso_day(text, camt->day) != 0) {
		fault_value(camt, text, "YYYY-MM-DD");
		if (camt->reader->open && camt->detail == NULL) camt->reader->broken = true;
		return;
	}
	if (camt->time != NULL && trimmed(text).len > 10) take_time(camt, text, camt->time);
}

static bool take_flag(struct bank_camt *camt, struct text_span text, bool *ret)
{
	text = trimmed(text);
	*ret = text_is(text, "true") || text_is(text, "1");
	if (*ret || text_is(text, "false") || text_is(text, "0")) return true;
	fault_value(camt, text, "true, false");
	return false;
}

static void take_currency(struct bank_camt *camt, struct text_span text, uint16_t offset)
{
	struct bank_exchange *exchange = &camt->amounts->exchange;
	text = trimmed(text);
	if (camt->exchange_taken) return;
	if (text.len != 3) {
		fault_value(camt, text, "ISO 4217");
	} else {
		memcpy((char *)exchange + offset, text.ptr, 3);
	}
}

static void take_rate(struct bank_camt *camt, struct text_span text)
{
	if (camt->exchange_taken) return;
	struct bank_number_style style = {.decimal = '.'};
	if (bank_decimal(text, style, &camt->amounts->exchange.rate) != 0) fault_value(camt, text, "9.99");
}

static void take_page(struct bank_camt *camt, struct text_span text)
{
	int64_t *page = camt->reader->open ? &camt->reader->statement.page : &camt->page;
	take_number(camt, text, page);
}

static void take_last_page(struct bank_camt *camt, struct text_span text)
{
	bool last;
	if (!take_flag(camt, text, &last)) return;
	*(camt->reader->open ? &camt->reader->statement.last_page : &camt->last_page) = last ? 1 : 0;
}

/* CdtDbtInd belongs to whatever is open. */
static void take_mark(struct bank_camt *camt, const struct camt_rule *rule, struct text_span text)
{
	int8_t *mark = rule->parent == CAMT_CHARGES  ? &camt->charge_mark
		       : rule->parent == CAMT_DETAIL ? &camt->detail_mark
						     : &camt->mark;
	text = trimmed(text);
	if (text_is(text, "CRDT")) {
		*mark = 1;
	} else if (text_is(text, "DBIT")) {
		*mark = -1;
	} else {
		fault_value(camt, text, "CRDT, DBIT");
		if (rule->parent == CAMT_ENTRY) camt->reader->broken = true;
		*mark = 1;
	}
}

static void take_status(struct bank_camt *camt, struct text_span text, bool proprietary)
{
	static const struct {
		const char *code;
		enum bank_status status;
	} known[] = {{"BOOK", BANK_STATUS_BOOKED}, {"PDNG", BANK_STATUS_PENDING}, {"INFO", BANK_STATUS_INFORMATION},
		{"FUTR", BANK_STATUS_FUTURE}};
	text = trimmed(text);
	if (text.len == 0) return;
	camt->status_seen = true;
	camt->reader->entry.status = BANK_STATUS_OTHER;
	if (proprietary) return;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (!text_is(text, known[i].code)) continue;
		camt->reader->entry.status = (uint8_t)known[i].status;
		return;
	}
	/* Guessing whether it is booked would be guessing whether it is money. */
	fault_value(camt, text, "BOOK, PDNG, INFO, FUTR");
	camt->reader->broken = true;
}

static enum bank_balance_kind balance_kind(struct text_span code)
{
	static const struct {
		const char *code;
		enum bank_balance_kind kind;
	} known[] = {{"OPBD", BANK_BALANCE_OPENING}, {"PRCD", BANK_BALANCE_PREVIOUS}, {"ITBD", BANK_BALANCE_INTERIM},
		{"CLBD", BANK_BALANCE_CLOSING}, {"OPAV", BANK_BALANCE_OPENING_AVAILABLE},
		{"ITAV", BANK_BALANCE_INTERIM_AVAILABLE}, {"CLAV", BANK_BALANCE_CLOSING_AVAILABLE},
		{"FWAV", BANK_BALANCE_FORWARD_AVAILABLE}};
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (text_is(code, known[i].code)) return known[i].kind;
	}
	return BANK_BALANCE_OTHER;
}

static void take_account(struct bank_camt *camt, struct text_span text)
{
	text = trimmed(text);
	if (camt->account == NULL || *camt->account != NULL || text.len == 0) return;
	if (camt->party == NULL) {
		(void)bank_copy(camt->reader, camt->memory, text, camt->account);
		return;
	}
	*camt->account = bank_account_id(&camt->memory->zf, text);
	if (*camt->account == NULL) {
		camt_stop(camt, bank_scratch_fault(camt->reader, camt->memory, camt_line(camt)));
	}
}

/* "PMNT/RCDT/ESCT", else the bank's own code. */
static void end_bank_code(struct bank_camt *camt)
{
	struct bank_entry *entry = &camt->reader->entry;
	char code[32] = "";
	for (size_t i = 0, len = 0; i < 3 && camt->code[i][0] != '\0'; i++) {
		len += (size_t)snprintf(code + len, sizeof(code) - len, "%s%s", i == 0 ? "" : "/", camt->code[i]);
	}
	if (camt->detail != NULL) {
		if (camt->detail->code != NULL) return;
		if (code[0] == '\0') {
			camt->detail->code = camt->other_code;
		} else {
			(void)bank_copy(camt->reader, &camt->reader->part, text_of(code), &camt->detail->code);
		}
		return;
	}
	if (code[0] != '\0') (void)bank_copy(camt->reader, &camt->reader->body, text_of(code), &entry->code);
	if (entry->bank_code == NULL) entry->bank_code = camt->other_code;
}

static void take_code_part(struct bank_camt *camt, struct text_span text, uint16_t index)
{
	text = trimmed(text);
	if (text.len >= sizeof(camt->code[0])) {
		fault_value(camt, text, "ISO 20022 BkTxCd");
		return;
	}
	memcpy(camt->code[index], text.ptr, text.len);
	camt->code[index][text.len] = '\0';
}

/* ---- amounts ---- */

static bool read_money(struct bank_camt *camt, struct text_span text, struct zf_money *ret)
{
	return bank_amount(camt->reader, text, text_of(camt->currency), AMOUNT_STYLE, camt_line(camt), NULL, ret);
}

static void take_entry_amount(struct bank_camt *camt, struct text_span text)
{
	struct bank_entry *entry = &camt->reader->entry;
	if (entry->amount.present) {
		fault_order(camt, "Amt");
		camt->reader->broken = true;
	} else if (!read_money(camt, text, &entry->amount)) {
		camt->reader->broken = true;
	}
}

static void take_part_amount(struct bank_camt *camt, struct text_span text)
{
	struct zf_money amount;
	if (camt->amount != NULL && !camt->amount->present && read_money(camt, text, &amount)) *camt->amount = amount;
}

static void take_amount(struct bank_camt *camt, enum camt_act act, struct text_span text)
{
	struct zf_money total;
	switch (act) {
	case CAMT_BALANCE_AMOUNT:
		(void)read_money(camt, text, &camt->balance.amount);
		break;
	case CAMT_ENTRY_AMOUNT:
		take_entry_amount(camt, text);
		break;
	case CAMT_DETAIL_AMOUNT:
		(void)read_money(camt, text, &camt->detail->amount);
		break;
	case CAMT_PART_AMOUNT:
		take_part_amount(camt, text);
		break;
	case CAMT_CHARGE_AMOUNT:
		(void)read_money(camt, text, &camt->charge.amount);
		break;
	case CAMT_CHARGE_TOTAL:
		if (read_money(camt, text, &total) && !camt->charge_total->present) *camt->charge_total = total;
		break;
	case CAMT_DUE_AMOUNT:
		(void)read_money(camt, text, &camt->due);
		break;
	default:
		(void)read_money(camt, text, &camt->remitted);
		break;
	}
}

/* ---- charges, references ---- */

static void begin_charge(struct bank_camt *camt)
{
	camt->charge = (struct bank_charge){.included = -1};
	camt->charge_mark = 0;
}

/* One record; in version 3 and before Chrgs itself is one. */
static void end_charge(struct bank_camt *camt)
{
	struct bank_reader *reader = camt->reader;
	struct scratch *scratch = camt->detail == NULL ? &reader->body : &reader->part;
	if (!camt->charge.amount.present) return;
	if (camt->charges.count == BANK_CHARGES_MAX) {
		bank_fault(reader, FAULT_BANK_LIMIT, camt_line(camt), NULL, "Chrgs", "32");
		return;
	}
	/* A charge is paid unless it is said to be given back. */
	camt->charge.amount = bank_negated(camt->charge.amount, camt->charge_mark <= 0);
	struct bank_charge *added = scratch_add(scratch, &camt->charges, sizeof(*added));
	if (added == NULL) {
		camt_stop(camt, bank_scratch_fault(reader, scratch, camt_line(camt)));
		return;
	}
	*added = camt->charge;
	camt->charge.amount.present = 0;
	if (camt->detail == NULL) {
		reader->entry.charges = camt->charges.items;
		reader->entry.charge_count = camt->charges.count;
	} else {
		camt->detail->charges = camt->charges.items;
		camt->detail->charge_count = camt->charges.count;
	}
}

static void end_reference(struct bank_camt *camt, bool document)
{
	struct bank_reader *reader = camt->reader;
	if (camt->reference.value == NULL) return;
	if (camt->references.count == BANK_REFERENCES_MAX) {
		bank_fault(reader, FAULT_BANK_LIMIT, camt_line(camt), NULL, "Strd", "64");
		return;
	}
	struct bank_reference *added = scratch_add(&reader->part, &camt->references, sizeof(*added));
	if (added == NULL) {
		camt_stop(camt, bank_scratch_fault(reader, &reader->part, camt_line(camt)));
		return;
	}
	*added = camt->reference;
	added->document = document;
}

static void end_structured(struct bank_camt *camt)
{
	struct bank_reference *items = camt->references.items;
	for (uint32_t i = camt->structured_from; i < camt->references.count; i++) {
		items[i].amount = camt->remitted.present ? camt->remitted : camt->due;
	}
	camt->detail->references = items;
	camt->detail->reference_count = camt->references.count;
}

/* ---- begin and end of the large ones ---- */

static void begin_message(struct bank_camt *camt, const struct camt_rule *rule)
{
	if (rule->offset == camt->kind) return;
	bank_fault(camt->reader, FAULT_BANK_FORMAT, camt_line(camt), NULL, camt->version, NULL);
	camt_stop(camt, LIB_INVALID);
}

static void begin_statement(struct bank_camt *camt)
{
	struct bank_statement *statement = &camt->reader->statement;
	camt->summary_count = -1;
	if (bank_statement_begin(camt->reader, camt_line(camt)) != 0) return;
	statement->kind = camt->kind;
	statement->version = camt->version;
	statement->message_id = camt->message_id[0] == '\0' ? NULL : camt->message_id;
	statement->page = camt->page;
	statement->last_page = camt->last_page;
}

/* What the file says of itself. Banks count differently (entries, booked ones, transactions), so that a statement which
 * its balances prove is not refused for it; one that nothing else proves is. */
static void check_summary(struct bank_camt *camt)
{
	struct bank_reader *reader = camt->reader;
	const struct bank_tally *tally = &reader->tally;
	char said[24], found[24];
	if (camt->summary_count < 0 || tally->broken || camt->summary_count == tally->entry_count ||
		camt->summary_count == (int64_t)tally->credit_count + tally->debit_count) {
		return;
	}
	bool by_balances = reader->statement.kind == BANK_KIND_STATEMENT;
	(void)snprintf(said, sizeof(said), "%lld", (long long)camt->summary_count);
	(void)snprintf(found, sizeof(found), "%u", tally->entry_count);
	bank_fault_as(reader, FAULT_BANK_SUMMARY, by_balances ? FAULT_WARNING : FAULT_FAULT, camt_line(camt), NULL,
		said, found);
}

static void end_statement(struct bank_camt *camt)
{
	struct bank_reader *reader = camt->reader;
	int rc = bank_statement_tell(reader);
	if (rc == 0) {
		check_summary(camt);
		rc = bank_statement_end(reader, camt_line(camt), "Bal OPBD", "Bal CLBD");
	}
	if (rc != 0) camt_stop(camt, rc);
}

static void begin_account(struct bank_camt *camt)
{
	struct bank_reader *reader = camt->reader;
	if (reader->told || reader->statement.account.written != NULL) fault_order(camt, "Acct");
	camt->party = NULL;
	camt->account = &reader->statement.account.written;
	camt->memory = &reader->head;
}

static void end_balance(struct bank_camt *camt)
{
	struct bank_reader *reader = camt->reader;
	if (reader->told) {
		fault_order(camt, "Bal");
		return;
	}
	if (camt->balance.code == NULL) fault_missing(camt, "Tp/CdOrPrtry");
	if (camt->mark == 0) fault_missing(camt, "CdtDbtInd");
	/* A fault was added where the amount is none: without it the balance would be taken for absent. */
	if (!camt->balance.amount.present || camt->balance.code == NULL || camt->mark == 0) {
		reader->tally.broken = true;
		return;
	}
	camt->balance.amount = bank_negated(camt->balance.amount, camt->mark < 0);
	int rc = bank_balance_add(reader, &camt->balance);
	if (rc != 0) camt_stop(camt, rc);
}

static void begin_entry(struct bank_camt *camt)
{
	int rc = bank_entry_begin(camt->reader, camt_line(camt));
	camt->mark = 0;
	camt->status_seen = false;
	camt->settled = false;
	camt->detail = NULL;
	camt->amounts = &camt->reader->entry.amounts;
	if (rc != 0) camt_stop(camt, rc);
}

/* Once its own fields are all there, before its details are read. */
static void settle_entry(struct bank_camt *camt)
{
	struct bank_reader *reader = camt->reader;
	struct bank_entry *entry = &reader->entry;
	if (camt->settled) return; /* settled already */
	camt->settled = true;
	if (reader->broken) return;
	if (!entry->amount.present) fault_missing(camt, "Amt");
	if (camt->mark == 0) fault_missing(camt, "CdtDbtInd");
	if (!camt->status_seen) fault_missing(camt, "Sts");
	if (!entry->amount.present || camt->mark == 0 || !camt->status_seen) {
		reader->broken = true;
		return;
	}
	entry->credit = camt->mark > 0;
	bool out = camt->mark < 0;
	if (entry->reversal && reader->profile.reversal_negates) out = !out;
	entry->amount = bank_negated(entry->amount, out);
}

static void end_entry(struct bank_camt *camt)
{
	settle_entry(camt);
	int rc = bank_entry_end(camt->reader, NULL);
	if (rc != 0) camt_stop(camt, rc);
}

static void begin_detail(struct bank_camt *camt)
{
	settle_entry(camt);
	camt->detail = bank_detail_begin(camt->reader, camt_line(camt));
	camt->detail_mark = 0;
	camt->references = (struct scratch_list){0};
	if (camt->detail == NULL) {
		camt_stop(camt, camt->reader->result);
		return;
	}
	camt->amounts = &camt->detail->amounts;
}

static void end_detail(struct bank_camt *camt)
{
	struct bank_detail *detail = camt->detail;
	const struct bank_entry *entry = &camt->reader->entry;
	bool out = camt->detail_mark == 0 ? entry->amount.minor < 0 : camt->detail_mark < 0;
	if (detail->amount.present) detail->amount = bank_negated(detail->amount, out);
	bank_detail_end(camt->reader, NULL);
	camt->detail = NULL;
	camt->amounts = &camt->reader->entry.amounts;
}

static void begin_party(struct bank_camt *camt, const struct camt_rule *rule)
{
	camt->party = (struct bank_party *)(void *)((char *)camt->detail + rule->offset);
	camt->account = &camt->party->account;
	camt->agent = &camt->party->agent;
	camt->agent_name = &camt->party->agent_name;
	camt->memory = &camt->reader->part;
}

static void begin_charges(struct bank_camt *camt)
{
	bool of_entry = camt->detail == NULL;
	camt->charges = (struct scratch_list){0};
	/* Version 3 and before has several Chrgs: they go on in a list of their own with the earlier ones. */
	const struct bank_charge *earlier = of_entry ? camt->reader->entry.charges : camt->detail->charges;
	uint32_t n = of_entry ? camt->reader->entry.charge_count : camt->detail->charge_count;
	if (n > 0) {
		camt->charges = (struct scratch_list){.items = (void *)(uintptr_t)earlier, .count = n, .capacity = n};
	}
	camt->charge_total = of_entry ? &camt->reader->entry.charge_total : &camt->detail->charge_total;
	begin_charge(camt);
}

/* Elements that only say where their children go. */
static void begin_target(struct bank_camt *camt, const struct camt_rule *rule)
{
	switch ((enum camt_act)rule->act) {
	case CAMT_IS_BALANCE_DAY:
		camt->day = &camt->balance.day;
		camt->time = NULL;
		break;
	case CAMT_IS_BOOKING_DAY:
		camt->day = &camt->reader->entry.booking_day;
		camt->time = &camt->reader->entry.booked_at;
		break;
	case CAMT_IS_VALUE_DAY:
		camt->day = &camt->reader->entry.value_day;
		camt->time = NULL;
		break;
	case CAMT_IS_AMOUNT:
		camt->amount = (struct zf_money *)(void *)((char *)camt->amounts + rule->offset);
		break;
	case CAMT_IS_BANK_CODE:
		memset(camt->code, 0, sizeof(camt->code));
		camt->other_code = NULL;
		break;
	case CAMT_IS_STRUCTURED:
		camt->structured_from = camt->references.count;
		camt->due = camt->remitted = (struct zf_money){0};
		break;
	default:
		break;
	}
}

void camt_begin(struct bank_camt *camt, const struct camt_rule *rule)
{
	switch ((enum camt_act)rule->act) {
	case CAMT_IS_MESSAGE:
		begin_message(camt, rule);
		break;
	case CAMT_IS_STATEMENT:
		begin_statement(camt);
		break;
	case CAMT_IS_ACCOUNT:
		begin_account(camt);
		break;
	case CAMT_IS_SERVICER:
		camt->agent = &camt->reader->statement.account.servicer;
		camt->agent_name = camt->agent;
		camt->memory = &camt->reader->head;
		break;
	case CAMT_IS_BALANCE:
		camt->balance = (struct bank_balance){.day = BANK_NO_DAY, .line = camt_line(camt)};
		camt->mark = 0;
		break;
	case CAMT_IS_ENTRY:
		begin_entry(camt);
		break;
	case CAMT_IS_DETAILS:
		settle_entry(camt);
		break;
	case CAMT_IS_DETAIL:
		begin_detail(camt);
		break;
	case CAMT_IS_EXCHANGE:
		camt->exchange_taken = camt->amounts->exchange.rate.present != 0;
		if (!camt->exchange_taken) camt->amounts->exchange = (struct bank_exchange){0};
		break;
	case CAMT_IS_CHARGES:
		begin_charges(camt);
		break;
	case CAMT_IS_CHARGE:
		begin_charge(camt);
		break;
	case CAMT_IS_PARTY:
	case CAMT_IS_PARTY_ACCOUNT:
	case CAMT_IS_PARTY_AGENT:
		begin_party(camt, rule);
		break;
	case CAMT_IS_PARTY_BANK:
		camt->agent_name = &camt->party->name;
		break;
	case CAMT_IS_DOCUMENT:
	case CAMT_IS_CREDITOR_REFERENCE:
		camt->reference = (struct bank_reference){0};
		break;
	default:
		begin_target(camt, rule);
		break;
	}
}

/* The ends of the large ones; false: it is a leaf. */
static bool end_node(struct bank_camt *camt, const struct camt_rule *rule, struct text_span text)
{
	switch ((enum camt_act)rule->act) {
	case CAMT_IS_STATEMENT:
		end_statement(camt);
		break;
	case CAMT_IS_BALANCE:
		end_balance(camt);
		break;
	case CAMT_IS_ENTRY:
		end_entry(camt);
		break;
	case CAMT_IS_DETAIL:
		end_detail(camt);
		break;
	case CAMT_IS_BANK_CODE:
		end_bank_code(camt);
		break;
	case CAMT_IS_CHARGES:
	case CAMT_IS_CHARGE:
		end_charge(camt);
		break;
	case CAMT_IS_STRUCTURED:
		end_structured(camt);
		break;
	case CAMT_IS_DOCUMENT:
		end_reference(camt, true);
		break;
	case CAMT_IS_CREDITOR_REFERENCE:
		end_reference(camt, false);
		break;
	case CAMT_IS_STATUS:
		take_status(camt, text, false);
		break;
	default:
		return rule->state != CAMT_LEAF;
	}
	return true;
}

/* Text that goes to a field of its own. False: the leaf has a meaning of its own. */
static bool end_field(struct bank_camt *camt, const struct camt_rule *rule, struct text_span text)
{
	struct bank_reader *reader = camt->reader;
	char *statement = (char *)&reader->statement + rule->offset;
	char *entry = (char *)&reader->entry + rule->offset, *detail = (char *)camt->detail + rule->offset;
	switch ((enum camt_act)rule->act) {
	case CAMT_HEAD_TEXT:
		keep(camt, &reader->head, text, (const char **)(void *)statement);
		break;
	case CAMT_HEAD_NUMBER:
		take_number(camt, text, (int64_t *)(void *)statement);
		break;
	case CAMT_HEAD_TIME:
		take_time(camt, text, (struct zf_time *)(void *)statement);
		break;
	case CAMT_ENTRY_TEXT:
		keep(camt, &reader->body, text, (const char **)(void *)entry);
		break;
	case CAMT_ENTRY_REFERENCE:
		keep_reference(camt, &reader->body, text, (const char **)(void *)entry);
		break;
	case CAMT_DETAIL_TEXT:
		keep(camt, &reader->part, text, (const char **)(void *)detail);
		break;
	case CAMT_DETAIL_REFERENCE:
		keep_reference(camt, &reader->part, text, (const char **)(void *)detail);
		break;
	case CAMT_DETAIL_LINE:
		join(camt, &reader->part, text, (const char **)(void *)detail, "\n");
		break;
	case CAMT_PARTY_TEXT:
		keep(camt, &reader->part, text, (const char **)(void *)((char *)camt->party + rule->offset));
		break;
	case CAMT_ADDRESS_LINE:
		join(camt, &reader->part, text, &camt->party->address, ", ");
		break;
	case CAMT_COPY_CURRENCY:
		take_currency(camt, text, rule->offset);
		break;
	default:
		return false;
	}
	return true;
}

/* Leaves of entries and details. */
static void end_leaf(struct bank_camt *camt, const struct camt_rule *rule, struct text_span text)
{
	struct bank_reader *reader = camt->reader;
	struct scratch *here = camt->detail == NULL ? &reader->body : &reader->part;
	bool flag;
	int64_t number;
	switch ((enum camt_act)rule->act) {
	case CAMT_MARK:
		take_mark(camt, rule, text);
		break;
	case CAMT_DATE:
		take_date(camt, text);
		break;
	case CAMT_REVERSAL:
		if (take_flag(camt, text, &flag)) {
			reader->entry.reversal = flag;
		} else {
			reader->broken = true;
		}
		break;
	case CAMT_STATUS_CODE:
	case CAMT_STATUS_OTHER:
		take_status(camt, text, rule->act == CAMT_STATUS_OTHER);
		break;
	case CAMT_CODE_PART:
		take_code_part(camt, text, rule->offset);
		break;
	case CAMT_CODE_OTHER:
		keep(camt, here, text, &camt->other_code);
		break;
	case CAMT_RATE:
		take_rate(camt, text);
		break;
	case CAMT_CONTRACT:
		keep(camt, here, text, &camt->amounts->exchange.contract);
		break;
	case CAMT_CHARGE_INCLUDED:
		if (take_flag(camt, text, &flag)) camt->charge.included = flag ? 1 : 0;
		break;
	case CAMT_CHARGE_CODE:
		keep(camt, here, text, &camt->charge.code);
		break;
	case CAMT_CHARGE_BEARER:
		keep(camt, here, text, &camt->charge.bearer);
		break;
	case CAMT_BATCH_COUNT:
		if (text_to_int64(trimmed(text), &number) == 0 && number <= UINT32_MAX) {
			reader->entry.batch_count = (uint32_t)number;
		} else {
			fault_value(camt, text, "0-9");
		}
		break;
	case CAMT_REFERENCE_KIND:
		keep(camt, here, text, &camt->reference.kind);
		break;
	case CAMT_REFERENCE_VALUE:
		keep(camt, here, text, &camt->reference.value);
		break;
	default:
		take_amount(camt, (enum camt_act)rule->act, text);
		break;
	}
}

void camt_end(struct bank_camt *camt, const struct camt_rule *rule, struct text_span text)
{
	struct bank_reader *reader = camt->reader;
	if (end_node(camt, rule, text) || end_field(camt, rule, text)) return;
	switch ((enum camt_act)rule->act) {
	case CAMT_MESSAGE_ID:
		text = trimmed(text);
		(void)snprintf(camt->message_id, sizeof(camt->message_id), "%.*s", (int)text.len, text.ptr);
		break;
	case CAMT_PAGE:
		take_page(camt, text);
		break;
	case CAMT_LAST_PAGE:
		take_last_page(camt, text);
		break;
	case CAMT_ACCOUNT_NUMBER:
		take_account(camt, text);
		break;
	case CAMT_ACCOUNT_CURRENCY:
		keep(camt, &reader->head, text, &reader->statement.account.currency);
		break;
	case CAMT_BIC:
	case CAMT_MEMBER_ID:
		keep(camt, camt->memory, text, camt->agent);
		break;
	case CAMT_AGENT_NAME:
		keep(camt, camt->memory, text, camt->agent_name);
		break;
	case CAMT_CODE_OF_BALANCE:
		keep(camt, &reader->head, text, &camt->balance.code);
		camt->balance.kind = (uint8_t)balance_kind(trimmed(text));
		break;
	case CAMT_SUBTYPE_OF_BALANCE:
		keep(camt, &reader->head, text, &camt->balance.subtype);
		break;
	case CAMT_SUMMARY_COUNT:
		take_number(camt, text, &camt->summary_count);
		break;
	case CAMT_ADDITIONAL:
		join(camt, &reader->head, text, &reader->additional, "\n");
		break;
	default:
		end_leaf(camt, rule, text);
		break;
	}
}

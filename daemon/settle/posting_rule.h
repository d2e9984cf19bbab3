/* The posting rules: what each business event moves between which accounts, as one table that finance can read.
 * Accounts are short names (a chart of accounts maps them: 应收医疗款, 医疗收入, ...); {INSURER} becomes the insurer's
 * code in upper case, {ACCOUNT} the bank account's, {ITEM} the account of what is revalued, or any other. One rule is
 * one row of the ledger: debit, credit, one positive amount, one currency. */
#ifndef SETTLE_POSTING_RULE_H
#define SETTLE_POSTING_RULE_H

#include "base/core.h"

#define ACCOUNT_LEN 64

enum posting_event {
	POSTING_BILLED,     /* the insurer has the claim */
	POSTING_DECIDED,    /* an adjudication: patient's share and contractual write-off */
	POSTING_ANNOUNCED,  /* a remittance names the claim */
	POSTING_FEE,        /* and a fee that is kept from it */
	POSTING_OWED,       /* what carriers owe, by contracts and by what was decided about it */
	POSTING_BANKED,     /* a bank statement: what was on the account, what came in, what went out */
	POSTING_CLOSED,     /* the end of a month */
	POSTING_SOLD,       /* the bank bought foreign currency */
	POSTING_ORDERED,    /* money goes back to who sent it */
	POSTING_GIVEN_UP,   /* a receivable is uncollectable */
	POSTING_CONCEDED,   /* or nobody owed it: a take-back accepted, a dispute lost */
	POSTING_MATCHED,    /* money in suspense has found its home */
	POSTING_CLASSIFIED, /* it is for no claim: a charge of the bank, interest, a transfer between own accounts */
	POSTING_CARED,      /* the hospital's own system charges for care */
	POSTING_PATIENT,    /* what a patient owes, pays and gets back, and what acquirers settle of it */
	POSTING_DIVIDED,    /* several payers share a stay */
};

struct posting_rule {
	const char *name; /* stored with each posting */
	enum posting_event event;
	const char *debit, *credit; /* account templates */
	const char *why, *why_zh;
	/* Templates that stand in the one's or the other's place where the comments of the table say so, with blanks
	 * between; NULL: none. */
	const char *debit_or, *credit_or;
	bool one_way; /* never the other way round, which else corrections and undoing are */
};

const struct posting_rule *posting_rules(size_t *ret_count);
/* The rule by its name; aborts when there is none, for names are constants of the program. */
const struct posting_rule *posting_rule(const char *name);
/* May the rule have posted between these accounts? What SQL posts is held to the table by it. */
bool posting_fits(const struct posting_rule *rule, const char *debit, const char *credit);
/* The same by the rule's name. False: there is no such rule, or it does not post so. */
bool posting_known(const char *name, const char *debit, const char *credit);
/* What was posted between which accounts by which rule, how often, and an entry of it; $1 is the hospital. A value that
 * came later repeats the accounts of what it is of. */
#define POSTING_RULES_SQL                                                                                              \
	"SELECT p.rule, p.debit, p.credit, count(*), min(p.entry_id::text)::uuid FROM zhifu.posting p"                 \
	" WHERE p.hospital_id = $1 AND NOT (p.rule = 'value' AND EXISTS (SELECT 1 FROM zhifu.posting o"                \
	" WHERE o.hospital_id = p.hospital_id AND o.entry_id = p.entry_id AND o.no = p.no - 10000"                     \
	" AND (o.debit, o.credit) = (p.debit, p.credit))) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
/* Fills {INSURER}, {ACCOUNT} or {ITEM} with the code, of which a rule has one; account holds ACCOUNT_LEN bytes. */
void posting_account(const char *template, const char *code, char account[ACCOUNT_LEN]);

#endif

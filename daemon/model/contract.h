/* An agreement between the hospital and a payer: who bears the risk, who sends the money, what of a bill is owed in
 * which currency, by which rate, when and with what taken off. Read from JSON (zhifu_contract(5)), one contract or a
 * list of them; bills are in the currency of the hospital's books. All that has a default below may be left out. Pure:
 * no clock, no database. Source: issue "every cent explained" §1, scenarios S3 to S5. */
#ifndef MODEL_CONTRACT_H
#define MODEL_CONTRACT_H

#include "lib/fault.h"
#include "model/receivable.h"

struct calendar;

#define CONTRACT_BYTES_MAX (1u << 20) /* of one file */
#define CONTRACTS_MAX 200             /* in one file */
#define CONTRACT_LIST_MAX 64          /* entries of each list */
#define CONTRACT_OPEN INT32_MAX       /* as the last day: it has no end */

/* What is owed; see model/receivable.h. */
enum contract_kind {
	CONTRACT_A = 1, /* the bill, paid in its currency */
	CONTRACT_B = 2, /* the bill, paid in another currency at the rate of a stated day */
	CONTRACT_C = 3, /* an amount of another currency, fixed when it is billed */
};

/* The day whose rate counts. */
enum contract_day {
	CONTRACT_DAY_INVOICE = 1, /* of the bill */
	CONTRACT_DAY_ORDER = 2,   /* on which the payer's bank took the payment order */
	CONTRACT_DAY_CREDIT = 3,  /* on which the money was credited to the hospital */
	CONTRACT_DAY_SERVICE = 4, /* of the care; of a stay, its last day */
};

/* Who pays what banks keep on the way, in the words of payment orders. */
enum contract_bearer {
	CONTRACT_OUR = 1, /* the payer: what arrives is whole */
	CONTRACT_SHA = 2, /* the payer its own bank, the hospital the others */
	CONTRACT_BEN = 3, /* the hospital all of it */
};

/* What a transfer of the payer is for. */
enum contract_settles {
	CONTRACT_ANY = 0,     /* not agreed: advices, where it ever sent one, else what the transfer names */
	CONTRACT_SINGLE = 1,  /* one claim */
	CONTRACT_SEVERAL = 2, /* claims that it names */
	CONTRACT_ADVICE = 3,  /* what an advice lists */
};
#define CONTRACT_CLAIMS_MAX 6  /* that a transfer may name */
#define CONTRACT_ADVICES_MAX 2 /* that a transfer may be for */

/* What a fee is a share of. */
enum contract_fee_base {
	CONTRACT_FEE_PAID = 1,   /* what is paid on claims, before take-backs */
	CONTRACT_FEE_NET = 2,    /* that after take-backs */
	CONTRACT_FEE_BILLED = 3, /* what was billed */
};

/* A rate that the parties agreed on. */
struct contract_rate {
	bool given;
	uint8_t day;         /* enum contract_day; default of the bill's: the invoice, of the payment's: none */
	uint8_t source;      /* enum rate_source; default RATE_CFETS */
	uint32_t reach_days; /* how far back a day without a rate may go; default RATE_REACH_DAYS */
	char pivot[4];       /* "": none; default CNY for RATE_CFETS, EUR for RATE_ECB, else none */
	const char *bank;    /* exactly where the source is a bank's: its code; else NULL */
};

/* Off the price of a category of care. */
struct contract_discount {
	const char *category; /* "*": each that has none of its own */
	struct zf_decimal percent;
};

/* What was seen to be kept on the way, and how often. */
struct contract_charge {
	const char *route; /* of banks, such as "CITIUS33"; NULL: any */
	struct zf_money amount;
	uint32_t times; /* default 1 */
};

/* How much of a residual is let go. Never tested on gross amounts. */
struct contract_tolerance {
	struct zf_money residual; /* up to it by itself */
	struct zf_money hard_max; /* up to it by a person, beyond it by nobody; default the same */
};

struct contract {
	const char *name; /* unique in the hospital: the same name again is a new version */
	int32_t from, to; /* first and last day, as days since 1970-01-01; to: default CONTRACT_OPEN */

	/* The parties: an insurer by its code, another company by its name. */
	const char *carrier;   /* who bears the risk: an insurer. A denial is the carrier's */
	const char *tpa;       /* who handles the claims; default NULL: the carrier itself */
	const char *remitter;  /* who sends the money, also for other carriers; default the TPA, else the carrier */
	const char *guarantor; /* who issues guarantees; default the TPA, else the carrier */

	uint8_t kind;                      /* enum contract_kind */
	char billed[4];                    /* the currency of bills: that of the books */
	char owed[4];                      /* the currency that is owed: the books' for A and B */
	char paid[4];                      /* the currency of payment: the books' for A; default for C what is owed */
	struct contract_rate bill_rate;    /* C: from the bill to what is owed. Default: all of the rate's defaults */
	struct contract_rate payment_rate; /* where another currency is paid than is owed: from that to this */
	/* Per cent by which what arrives may be off by the payer's rate: in the currency of payment where another one
	 * is owed, default 0.5, and in one that the contract doesn't foresee, default 1. */
	struct zf_decimal rate_bound, other_bound;
	uint8_t rounding; /* enum decimal_rule; default DECIMAL_HALF_AWAY */

	const char *price_list; /* default NULL: the hospital's own prices */
	bool unlisted_charged;  /* what it does not have is owed as charged; default: less its discount */
	bool lesser_of_bill;    /* never more than charged is owed of the bill; default: of each item */
	const struct contract_discount *discounts;
	uint32_t discount_count;
	bool gross; /* bills come at full price: contract_allowance() is written off with the bill */

	uint32_t term_days;               /* from the invoice; default 30 */
	bool term_business;               /* business days of the calendar; default: calendar days */
	uint8_t bearer;                   /* enum contract_bearer; default CONTRACT_SHA */
	uint8_t settles;                  /* enum contract_settles; default CONTRACT_ANY */
	uint32_t claims_max, advices_max; /* of one transfer; default CONTRACT_CLAIMS_MAX, CONTRACT_ADVICES_MAX */
	struct {
		bool given;
		struct zf_decimal percent; /* of what is paid */
		uint32_t days;             /* within so many, counted as the term */
	} early;
	struct {
		bool given;
		struct zf_decimal percent;
		uint8_t of;                    /* enum contract_fee_base; default CONTRACT_FEE_PAID */
		struct zf_decimal tax_percent; /* of the fee without tax; default 0 */
		bool tax_added;                /* the tax comes on top; default: the percentage includes it */
		bool deductible;               /* as input tax; default: not, so that it is part of the cost */
	} fee;
	const struct contract_charge *charges;
	uint32_t charge_count;
	const struct contract_tolerance *tolerances; /* a currency without one: nothing is let go */
	uint32_t tolerance_count;

	uint32_t appeal_days;           /* from the answer; default 30 */
	uint32_t limitation_years;      /* from the due day; default 3 */
	uint32_t limitation_alert_days; /* before its end; default 90 */
	const char *calendar;           /* whose business days count, by name; default NULL: the hospital's */
	const char *notes;              /* default NULL */
	struct text_span document;      /* the JSON object it was read from */
};

/* The contracts of a file. */
struct contract_list {
	const struct contract *items;
	uint32_t count;
};

/* Reads a file's text. book: the hospital's book currency. Everything is in the arena or borrowed from the text; all
 * faults are told at once, their paths such as "[1].owed.kind". ERR_INVALID: there are some, ret untouched; ERR_NOMEM.
 */
int contract_read(struct text_span text, const char *book, struct zf_arena *arena, struct fault_list *faults,
	struct contract_list *ret) MUSTUSE;

struct directory;
/* Claims name the carrier by its code, so it must be configured. Another party that looks like a code and is none may
 * be a company that writes itself so: a warning. Paths as contract_read has them, without "[0]" where there is but one.
 */
void contract_parties_check(
	const struct contract_list *list, const struct directory *directory, struct fault_list *faults);

/* ---- what is owed ---- */

/* The days of a bill and of its payment; DAY_UNKNOWN while one is not known. */
#define CONTRACT_DAY_UNKNOWN INT32_MIN
struct contract_days {
	int32_t invoice, order, credit, service;
};

/* The receivable of a bill (receivable_bill with its errors). bank: the caller's number of bill_rate.bank, 0 without.
 * ERR_NOTFOUND with a gap of no source: the day that counts is not known. */
int contract_bill(const struct contract *contract, struct zf_money billed, const struct contract_days *days,
	uint16_t bank, const struct rate_table *rates, struct receivable *ret, struct rate_conversion *ret_conversion,
	struct rate_gap *ret_gap) MUSTUSE;
/* What a discount takes off an amount, rounded as the contract says; NULL: nothing. Errors of money_share. */
int contract_off(const struct contract *contract, const struct contract_discount *discount, struct zf_money amount,
	struct zf_money *ret) MUSTUSE;
/* What of a bill is not owed, since it came at full price; zero where it did not, or nothing is off: by the discount of
 * all categories, once. Where it is by item (model/contract_price.h) only what that discount alone would be. */
int contract_allowance(const struct contract *contract, struct zf_money billed, struct zf_money *ret) MUSTUSE;
/* What settles an open amount of what is owed, in the currency of payment. bank: of payment_rate.bank. Errors as above.
 */
int contract_due(const struct contract *contract, struct zf_money open, const struct contract_days *days, uint16_t bank,
	const struct rate_table *rates, struct rate_conversion *ret, struct rate_gap *ret_gap) MUSTUSE;
/* The day on which a bill of that day is due. calendar: of the hospital's working days; NULL: Monday to Friday. */
int32_t contract_due_day(const struct contract *contract, const struct calendar *calendar, int32_t invoice);
/* The tolerance in a currency; NULL: nothing is let go. */
const struct contract_tolerance *contract_tolerance(const struct contract *contract, const char *currency);
/* A category's discount, its own or that of all; NULL: none. */
const struct contract_discount *contract_discount(const struct contract *contract, const char *category);

#endif

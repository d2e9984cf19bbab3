/* Matching money to what it is for, the way a cashier does: bank line, remittance advice and claims, n:m and across
 * currencies. For a line it finds what it may be for, says of each why in words and how sure that is, splits the
 * difference into its causes, and says whether it can be posted without a person. Pure: no SQL, no files, no clock, no
 * threads; the caller fills the index once, keeps it up to date as lines are decided, and does what comes out.
 *
 * The rules, in the order in which a cashier asks:
 *  - Who paid? By the account on the wire, else by a name that was accepted before, cut or whole; of a stranger by whom
 *    it says that it pays for. Another stranger's money waits, whatever it names.
 *  - What does it name? Our ref, the hospital's and the insurer's claim number, an advice's number or payment
 * reference, in any field, with other blanks, marks and case, O for 0 and I for 1. Only when that doesn't explain the
 * amount: what is one slip of the keyboard away, or cut off at the end of a field, among what this payer owes; not in
 * the ids and the bank's words that stand besides, which programs write.
 *  - Does the amount fit? What is due (by the contract's rate where it is paid in another currency), less a discount in
 *    time or none, less a usual charge or none (none when the bank says what it kept), to within the tolerance and the
 *    bound of the rate.
 *  - Is it the only answer? Two equal ones wait. What nobody names is decided by amount only when one answer is left,
 *    no other would be within twice the bounds, and no number stands there that looks like one of ours and is nobody's:
 *    the payer named something, and a person sees what.
 *  - Named by our own ref (which has a check character) it is that claim even when the amount is another: short stays
 *    open, too much is a liability. A claim that is paid already makes a double payment, never another claim. */
#ifndef SETTLE_MATCH_H
#define SETTLE_MATCH_H

#include "base/core.h"
#include "lib/arena.h"
#include "lib/rate_table.h"
#include "model/settlement.h"
#include "settle/book_rate.h"

#define MATCH_NONE UINT32_MAX  /* no payer, contract, claim, advice or credit */
#define MATCH_PAYERS_MAX 8     /* who a cut name may be */
#define MATCH_CANDIDATES_MAX 8 /* of a line that are told */
#define MATCH_CLAIMS_MAX 6     /* a transfer for several claims names at most so many (advices may list any number) */
/* Of 1000: from there on a line is posted by itself. An answer that stands alone has 999 when all of it is named and
 * the amount fits, 985 when a number has a slip in it, 975 when one is cut off, 965 when the amount tells a part of it,
 * 950 when our ref names it and the amount is another, 930 when only the amount tells it; a little less where a charge,
 * a discount or a rate explains a difference. */
#define MATCH_CERTAIN_DEFAULT 900

/* ---- what is known ---- */

enum match_settles {
	MATCH_SINGLE = 0, /* one claim a transfer */
	MATCH_SEVERAL,    /* up to claims_max, which its text names */
	MATCH_ADVICE,     /* what its advices list */
};

/* Who pays. All borrowed for as long as the index lives. */
struct match_payer {
	const char *const *names; /* as accepted from earlier payments, UTF-8 */
	uint32_t name_count;
	uint32_t account_count;
	const char *const *accounts; /* likewise: numbers, IBANs */
	uint8_t settles;             /* enum match_settles */
	uint8_t claims_max;          /* MATCH_SEVERAL: of one transfer, 1 to MATCH_CLAIMS_MAX */
	uint8_t advices_max;         /* MATCH_ADVICE: of one transfer, 1 or 2 */
};

/* Which day's rate a payment in another currency than owed is made at. */
enum match_rate_day {
	MATCH_FIXED = 0, /* of the bill, or of the care: told by the claim */
	MATCH_CREDIT,    /* of the booking of the money */
	MATCH_ORDER,     /* of the order of payment */
};

/* What was kept on the way before. */
struct match_usual {
	struct zf_money kept; /* above zero */
	uint32_t times;       /* how often that was seen */
	const char *route;    /* the payer's bank on whose transfers; NULL: any */
};

/* Of a risk carrier, by the one who pays for it. Borrowed as payers are. */
struct match_contract {
	uint32_t payer;      /* who remits: index among the payers */
	char owed[4];        /* ISO 4217: the currency in which claims are owed (kinds A and B the books', C another) */
	char pay[4];         /* the currency in which they are to be paid */
	uint8_t rate_day;    /* enum match_rate_day; counts where pay is not owed */
	uint8_t rate_source; /* enum rate_source, likewise; 0: as money is booked */
	uint8_t rule;        /* enum decimal_rule of what is due and cleared by it */
	char pivot[4];       /* as in struct rate_query */
	uint16_t rate_bank;  /* as in struct rate */
	uint16_t reach_days; /* as in struct rate_query */
	uint16_t bound;      /* basis points of what is due by which a rate may differ from ours */
	uint16_t bound_other;              /* likewise in a currency that the contract doesn't foresee */
	uint16_t discount;                 /* basis points for paying early; 0: none */
	uint16_t discount_days;            /* from the bill, for that */
	bool discount_business;            /* these are working days */
	const struct calendar *calendar;   /* of them; NULL: Monday to Friday */
	bool payer_bears;                  /* what banks keep on the way is missing, and still owed */
	const struct zf_money *tolerances; /* of the residual, one a currency; none: exactly */
	uint32_t tolerance_count;
	uint32_t usual_count;
	const struct match_usual *usual;
};

/* The numbers under which a claim is known. */
enum match_number {
	MATCH_REF = 0,          /* ours, with a check character */
	MATCH_CLAIM_NUMBER,     /* the hospital's */
	MATCH_PAYER_NUMBER,     /* the insurer's */
	MATCH_ADVICE_NUMBER,    /* of an advice */
	MATCH_ADVICE_REFERENCE, /* what an advice says that the text of the transfer will say */
};
#define MATCH_NUMBERS 3        /* of a claim */
#define MATCH_ADVICE_NUMBERS 2 /* of an advice, from MATCH_ADVICE_NUMBER on */

/* What is owed for a bill. */
struct match_claim {
	const char *numbers[MATCH_NUMBERS]; /* by enum match_number; NULL: it has none. Not kept */
	uint32_t contract;                  /* index among the contracts */
	struct receivable made;             /* as it was billed; book is in the currency of the books */
	struct zf_money open;               /* of it, not paid yet; zero: paid, but may be paid again */
	int32_t billed_day;                 /* days since 1970-01-01 */
	int32_t due_day;
	int32_t fixing_day; /* of MATCH_FIXED: whose rate counts; 0: that of the bill */
	bool of_plan;       /* a group plan's share of it, beside the claim itself */
};

enum match_detail_kind {
	MATCH_PAID = 0,  /* of a claim; 0 where it is denied */
	MATCH_TAKE_BACK, /* negative: an older payment of a claim is taken back */
	MATCH_FEE,       /* negative: kept by the payer, as agreed */
	MATCH_ADJUSTED,  /* anything else, of either sign, without a claim */
	MATCH_NETTED,    /* negative: set off against what came too much of a claim */
};

/* A row of an advice. */
struct match_detail {
	const char *number;     /* of the claim, any of its three; NULL for those without. Not kept */
	struct zf_money amount; /* in the currency of the advice, signed */
	uint8_t kind;           /* enum match_detail_kind */
};

/* A remittance advice. */
struct match_advice {
	const char *number;                 /* the payer's. Not kept */
	const char *reference;              /* what the transfer's text will say; NULL: it doesn't tell. Not kept */
	const struct match_detail *details; /* not kept */
	uint32_t detail_count;
	uint32_t payer;        /* index among the payers */
	struct zf_money total; /* what is transferred, as it says */
	bool balanced;         /* do its rows come to that? Another is shown, and never posted */
	int32_t day;           /* of arrival */
	int32_t order_day; /* when it says that it was or will be paid: that day's rates count; 0: it does not say */
};

#define MATCH_LINE_CODES 3
#define MATCH_LINE_TEXTS 4
#define MATCH_LINE_IDS 13

/* A number of the hospital's own that stands in a line, and whose it is. */
struct match_bill {
	const char *number;
	uint32_t claim;
};

/* A line of a bank statement. Nothing of it is kept. */
struct match_line {
	uint32_t id;            /* the caller's, of this line for ever */
	struct zf_money amount; /* signed: money in is positive */
	struct zf_money charge; /* what the bank says was kept of it; absent: it says nothing */
	struct zf_money book;   /* what it is carried at, such as in suspense; absent: by the rate of booked_day */
	int32_t booked_day;     /* days since 1970-01-01 */
	int32_t order_day;      /* when it was ordered, or the value day where that is not told */
	const char *payer_name; /* UTF-8, may be cut; this and all texts below may be NULL */
	const char *payer_account;
	const char *payer_bank;        /* its BIC or clearing number */
	const char *ultimate_name;     /* whom it is paid for, where that is another than the payer */
	const char *end_to_end;        /* the payer's id of it */
	const char *const *structured; /* creditor references */
	uint32_t structured_count;
	const char *text;                    /* free text, its lines joined as the bank's format says */
	const char *letter;                  /* what a person adds from a letter or a call: read like the text */
	const char *codes[MATCH_LINE_CODES]; /* the bank's, of what kind of line it is */
	const char *words[MATCH_LINE_TEXTS]; /* the bank's own, besides what a payer wrote */
	const char *ids[MATCH_LINE_IDS];     /* what else programs of banks and payers call it */
	struct match_bill *bills;            /* what of it the hospital calls claims; several may have one number */
	uint32_t bill_count;
	struct match_bill *slips; /* likewise what is one slip away from a number in it that is nobody's */
	uint32_t slip_count;
	bool bills_many; /* it has more numbers than were looked up, or names more claims than these */
};

/* What a line may be that is for no claim, as a charge of the bank, and how the bank names it. A code has * for any
 * letters and ? for one; words are looked for whatever their case. */
struct match_own {
	const char *const *codes, *const *texts;
	uint32_t code_count, text_count;
	bool in, out; /* does money of it come in, go out? */
};

/* ---- the index ---- */

struct match_index;
struct match_forms;

/* How it is to decide. Borrowed contents as above. */
struct match_setting {
	const struct match_payer *payers;
	const struct match_contract *contracts;
	const struct match_own *owns;
	uint32_t payer_count, contract_count, own_count;
	struct rate_table rates; /* of all sources */
	char book[4];            /* the currency of the books */
	struct book_rates
		booked;   /* by which rates money is booked, and a currency converted that no contract foresees */
	uint16_t certain; /* of 1000: posted by itself from there on; 0: MATCH_CERTAIN_DEFAULT */
	const struct match_forms *forms; /* of the hospital's own numbers, see match_form.h; NULL: none */
};

/* ERR_NOMEM; ERR_INVALID: a payer, currency or number among the contracts is out of range. */
int match_index_new(const struct match_setting *setting, struct match_index **ret) MUSTUSE;
void match_index_free(struct match_index *index); /* NULL allowed */
/* Another setting of as many payers and contracts, in the same order; what was worked out by rates stays, so these must
 * be the same. ERR_INVALID as above, ERR_NOMEM: the index is of no use any more. */
int match_index_renew(struct match_index *index, const struct match_setting *setting) MUSTUSE;
/* Adds a claim, open or paid; its number counts up from 0. ERR_INVALID: no such contract, or amounts in other
 * currencies than that says, or more open than owed; ERR_NOMEM: it is not in. */
int match_index_add(struct match_index *index, const struct match_claim *claim, uint32_t *ret_claim) MUSTUSE;
/* A claim as it is now, other numbers too. ERR_INVALID as above, or another contract; ERR_NOMEM: the index is of no use
 * any more. */
int match_index_change(struct match_index *index, uint32_t claim, const struct match_claim *now) MUSTUSE;
/* Sets what is open of a claim now: less after a payment, zero closes it, more after a reversal reopens it. ERR_INVALID
 * as above; ERR_NOMEM: as it was. */
int match_index_open(struct match_index *index, uint32_t claim, struct zf_money open) MUSTUSE;
/* What is open of it. */
struct zf_money match_index_opened(const struct match_index *index, uint32_t claim);
/* Adds an advice, waiting for its money; one of the same payer and number takes the place of an earlier one that still
 * waits. Its number counts up from 0. ERR_INVALID, ERR_NOMEM as above. Rows whose claim is not known make it one that
 * does not balance. */
int match_index_advise(struct match_index *index, const struct match_advice *advice, uint32_t *ret_advice) MUSTUSE;
/* Its money has come (false: waits again, after a reversal). */
void match_index_advice_paid(struct match_index *index, uint32_t advice, bool paid);
/* Remembers a credit and what came out for it, so that the bank's taking it back is recognised, and a line of the same
 * amount is not posted for a claim that this one may have paid. Again whenever the line was looked at again; result
 * NULL: a person decided it. ERR_NOMEM: some of it is not remembered; try again. */
struct match_result;
int match_index_credit(
	struct match_index *index, const struct match_line *line, const struct match_result *result) MUSTUSE;
/* What came out for a line that is remembered is this now; only its id and amount are looked at. ERR_NOTFOUND: it is
 * not, or with another amount; ERR_NOMEM: the index is of no use any more. */
int match_index_credit_again(
	struct match_index *index, const struct match_line *line, const struct match_result *result) MUSTUSE;
/* As if the line had never been remembered. */
void match_index_credit_forget(struct match_index *index, uint32_t id);
/* It was taken back: no second one is matched to it. ERR_NOTFOUND: it is not remembered; ERR_NOMEM: try again. */
int match_index_reversed(struct match_index *index, const struct match_line *line) MUSTUSE;
/* What is paid from now on is of this round. oldest: the first one that is not committed yet, or this. */
void match_index_round(struct match_index *index, uint32_t round, uint32_t oldest);
/* Brings all that was added into order; match_line does it too, but the first time takes long. ERR_NOMEM. */
int match_index_settle(struct match_index *index) MUSTUSE;

/* ---- what comes out ---- */

enum match_reason_code {
	MATCH_BY_ACCOUNT = 0, /* the payer's account is on record */
	MATCH_BY_NAME,        /* the payer's name is on record */
	MATCH_OTHER_PAYER,    /* it is another's claim than the payer's */
	MATCH_NAMES,          /* the line names the claim or advice; number: which of its numbers */
	MATCH_SLIP,           /* one slip away from it; number */
	MATCH_CUT,            /* begins so, cut off; number */
	MATCH_UNNAMED,        /* nothing names it: by amount alone */
	MATCH_EXACT,          /* the amount is what is due */
	MATCH_STATED_CHARGE,  /* amount: the bank says that was kept */
	MATCH_USUAL_CHARGE,   /* amount: short by a usual charge; times: so often before */
	MATCH_DISCOUNT,       /* amount: taken for paying early */
	MATCH_RATE,           /* amount: off by that, within the bound of the rate */
	MATCH_WITHIN,         /* amount: off by that, within the tolerance */
	MATCH_SHORT,          /* amount: that is missing */
	MATCH_OVER,           /* amount: that is too much */
	MATCH_PAID_BEFORE,    /* the claim is paid: all of it is a liability */
	MATCH_LISTS,          /* times: the advice lists so many rows and balances */
	MATCH_UNBALANCED,     /* the advice does not balance */
	MATCH_TOGETHER,       /* times: the sum of so many claims */
	MATCH_SAME_CREDIT,    /* same amount, name and references as the credit that the bank takes back */
	MATCH_LIKE_OTHERS,    /* times: so many answers are as good as this one */
	MATCH_BANK_CODE,      /* the bank's code says what it is */
	MATCH_BANK_WORDS,     /* words of the bank do */
	MATCH_BY_ULTIMATE,    /* the payer is not on record, whom it pays for is */
	MATCH_STRANGERS,      /* times: so many rows of the advice are of claims that are not here */
	MATCH_REASON_COUNT,
};

/* One of the words that say why. */
struct match_reason {
	uint8_t code;           /* enum match_reason_code */
	uint8_t number;         /* enum match_number, where the code says so */
	uint32_t times;         /* where the code says so */
	struct zf_money amount; /* where the code says so; not negative */
};
#define MATCH_REASONS_MAX 8

enum match_kind {
	MATCH_PAYMENT = 0, /* of the claims listed */
	MATCH_DOUBLE,      /* of a claim that is paid: all a liability */
	MATCH_REMITTANCE,  /* what one or two advices list */
	MATCH_REVERSAL,    /* the bank takes a credit back */
	MATCH_OWN,         /* of no claim: a charge of the bank and the like */
};

enum match_part_kind {
	MATCH_PART_PAYMENT = 0, /* of a claim */
	MATCH_PART_DOUBLE,      /* too much: a liability; negative: that was set off */
	MATCH_PART_DENIED,      /* of a claim: nothing, by the advice; stays open */
	MATCH_PART_TAKE_BACK,   /* negative, of a claim */
	MATCH_PART_FEE,         /* negative, no claim */
	MATCH_PART_ADJUSTED,    /* either sign, no claim */
	MATCH_PART_RESIDUAL, /* either sign, no claim: what was kept of a transfer for several, or differs within bounds
			      */
	MATCH_PART_RETURNED, /* offset against a line that the bank took back; never of a candidate */
	MATCH_PART_OWN,      /* either sign, no claim: all of MATCH_OWN */
	MATCH_PART_TRANSFER, /* either sign, no claim: between own accounts; never of a candidate */
	MATCH_PART_STAYS,    /* of a claim that is not here, by the advice: told only, it stays in suspense */
};

/* The difference between what was due and what came, in the currency of the line:
 * due - amount = fx + charge + discount + fee + short_by - over + unexplained. */
struct match_split {
	int64_t fx;          /* what another rate than ours made of it; signed */
	int64_t charge;      /* kept by banks on the way */
	int64_t discount;    /* for early payment, as agreed */
	int64_t fee;         /* kept by the payer, as agreed */
	int64_t short_by;    /* stays open */
	int64_t over;        /* a liability */
	int64_t unexplained; /* within the tolerance; signed */
};

/* An allocation of a part of the line. */
struct match_part {
	uint32_t claim;           /* or MATCH_NONE */
	uint32_t advice;          /* that lists it, or MATCH_NONE */
	uint8_t kind;             /* enum match_part_kind */
	bool booked;              /* is `books` there? Only of payments of claims, and when the rates are known */
	int64_t amount;           /* of the line, minor units of its currency; all parts sum up to it */
	int64_t due;              /* what was open of the claim, in the currency of the line */
	struct match_split split; /* due - amount */
	struct settlement books; /* in the currency that is owed and that of the books: the realised difference is fx */
};

/* What a line may be for. */
struct match_candidate {
	uint8_t kind;        /* enum match_kind */
	bool posts;          /* is it good enough to be posted, did it stand alone? */
	bool no_rate;        /* what it settles of a claim can't be told: a rate is missing */
	bool thin;           /* not all of it is named: another that is as good would be in doubt with it */
	uint16_t score;      /* of 1000 */
	uint32_t advices[2]; /* MATCH_REMITTANCE: the second may be MATCH_NONE */
	uint32_t credit;     /* MATCH_REVERSAL: the id of the line that is taken back */
	uint32_t own;        /* MATCH_OWN: which of the setting */
	uint32_t part_count; /* 0 of MATCH_REVERSAL: undo what was done with the credit */
	struct match_part *parts;
	uint32_t reason_count;
	struct match_reason reasons[MATCH_REASONS_MAX];
};

/* Why a line waits. */
enum match_wait {
	MATCH_POSTS = 0,        /* it doesn't: the first candidate is posted */
	MATCH_WAIT_TIE,         /* two answers are as good */
	MATCH_WAIT_TOO_MANY,    /* more answers than can be told */
	MATCH_WAIT_PAYER,       /* the payer is not on record */
	MATCH_WAIT_OTHER_PAYER, /* what it names is another payer's */
	MATCH_WAIT_ADVICE,      /* the advice has not come */
	MATCH_WAIT_PARKED,      /* the advice does not balance */
	MATCH_WAIT_AMOUNT,      /* it names what its amount doesn't fit */
	MATCH_WAIT_PAID,        /* it names what is paid, with another amount */
	MATCH_WAIT_NOTHING,     /* nothing fits */
	MATCH_WAIT_OUT,         /* money out that takes back no known credit */
	MATCH_WAIT_TWIN,        /* another line of the same amount waits, or was posted, that may be the same payment */
	MATCH_WAIT_CERTAINTY,   /* the best answer is below the configured certainty */
	MATCH_WAIT_RATE,        /* a rate is missing that its amount would be told by */
	MATCH_WAIT_CUT,         /* the advice has not come, and its number is cut off in the text */
	MATCH_WAIT_STRANGERS,   /* the advice names claims that are not here */
	MATCH_WAIT_BEYOND,      /* its advice, which a person brought in, takes off more than anybody may let go */
	MATCH_WAIT_NUMBERS,     /* not all that may be numbers of bills in it was looked up */
	MATCH_WAIT_NOBODYS,     /* it names what looks like a number of ours, and is nobody's */
	MATCH_WAIT_COUNT,
};

/* What comes out for a line; owned by the arena. */
struct match_result {
	uint8_t wait; /* enum match_wait */
	uint32_t payer_count;
	uint32_t payers[MATCH_PAYERS_MAX]; /* who paid, or may have: a name that is cut may be several */
	uint32_t count;
	struct match_candidate candidates[MATCH_CANDIDATES_MAX]; /* best first; the order of adding never counts */
	/* Claims that were not looked at, since a round that is not committed has paid them: */
	const uint32_t *moved;
	uint32_t moved_count;
	bool moved_many; /* there are more, or it is so with an advice */
};

/* Finds what a line is for. ERR_NOMEM; ERR_INVALID: no amount, or its currency or that of another part of it is wrong.
 * Changes nothing but the order inside the index. */
int match_line(struct match_index *index, const struct match_line *line, struct zf_arena *arena,
	struct match_result *ret) MUSTUSE;

/* Would a line be for something else, were what is not committed (match_index_round) not paid? Only of an answer that
 * is posted, and thin: one that names it all does not hang on others. ERR_NOMEM. */
int match_line_hangs(struct match_index *index, const struct match_line *line, struct zf_arena *arena,
	const struct match_result *result, bool *ret) MUSTUSE;

/* Says why, a sentence a reason, in English or in Chinese; in the arena, NULL on no memory. */
const char *match_reason_text(const struct match_reason *reason, bool chinese, struct zf_arena *arena);
/* Likewise why it waits; constant. "" for MATCH_POSTS. */
const char *match_wait_text(uint8_t wait, bool chinese);

#endif

/* What a person says of money in suspense: so much of it is for that claim, and what is missing is a charge, a fee, a
 * discount, a difference that is let go, what a rate made of it, or stays open. From that to a part of a decision. */
#ifndef SETTLE_MATCH_HAND_H
#define SETTLE_MATCH_HAND_H

#include "lib/rate_convert.h"
#include "settle/match_choice.h"

/* What is missing of a claim. */
enum match_rest {
	MATCH_REST_SHORT,
	MATCH_REST_CHARGE,
	MATCH_REST_FEE,
	MATCH_REST_DISCOUNT,
	MATCH_REST_DIFFERENCE,
	MATCH_REST_FX
};
extern const char *const match_rest_words[]; /* by number, ended by NULL */

struct match_rest_sum {
	uint8_t kind;  /* enum match_rest */
	int64_t minor; /* of the line's currency; 0: all that is left */
};

/* The money at hand. */
struct match_hand {
	struct zf_money zero;             /* of its currency */
	struct zf_money book;             /* what the whole line is carried at */
	int64_t whole;                    /* the line's amount */
	int64_t open;                     /* of the item; its sign is that of all amounts */
	const struct stored_rates *rates; /* those of the ways below; NULL: there are none */
};

/* What is owed for the claim. The ways are needed where that is in a currency that is neither the line's nor that of
 * the books. */
struct match_hand_claim {
	struct uuid id;
	char ref[REF_TEXT_LEN];
	const char *plan; /* the group plan (or si) that owes this share of the claim; NULL: it is the claim's */
	int32_t version;
	struct zf_money open;
	const struct rate_path *from_line, *to_line; /* by the line's day; NULL: no rate */
};

/* The receivable that `name` means, beside the claim c that has its ref: REF, or REF:CODE of the group plan CODE, or of
 * the social insurance, si. */
#define MATCH_HAND_RECEIVABLE(name)                                                                                    \
	"CASE split_part(" name ", ':', 2) WHEN '' THEN c.claim_id ELSE (SELECT s.claim_id FROM zhifu.receivable s"    \
	" WHERE s.of_claim = c.claim_id AND s.hospital_id = c.hospital_id AND s.carrier = split_part(" name            \
	", ':', 2)) END"

enum match_hand_fault {
	MATCH_HAND_FITS,
	MATCH_HAND_RATE,    /* there is no rate */
	MATCH_HAND_ALL,     /* two of them take all that is left, or what a rate made is said with an amount */
	MATCH_HAND_MORE,    /* with what is said to be missing it comes to more than is open */
	MATCH_HAND_OTHER,   /* what is said to stay open is not what is left */
	MATCH_HAND_NO_RATE, /* no rate lies between: it is owed in the line's currency */
	MATCH_HAND_NOTHING, /* nothing is owed, or the money goes out: nothing can be missing */
	MATCH_HAND_SMALL,   /* in the currency that is owed it comes to nothing */
	MATCH_HAND_UNNAMED, /* of a detail: it is of no claim that is here */
};

/* amount: of the line, with its sign. ERR_DENIED with the fault; ERR_LIMIT: an amount does not fit. */
int match_hand_part(const struct match_hand *hand, const struct match_hand_claim *claim, int64_t amount,
	const struct match_rest_sum *rests, size_t rest_count, struct match_allot *ret,
	enum match_hand_fault *ret_fault) MUSTUSE;

/* What an advice says of a claim, or of itself: a row of remittance_detail. */
struct match_hand_detail {
	struct uuid remittance;
	int32_t no;
	uint8_t kind;        /* enum advice_detail_kind */
	int64_t amount, fee; /* of the line's currency: what is taken off is negative */
	bool taken_back;     /* what it sets off had not come too much: it is taken back */
};
/* remittance_detail.kind (schema/002_tables.sql). */
enum advice_detail_kind { ADVICE_DETAIL_CLAIM = 1, ADVICE_DETAIL_FEE = 2, ADVICE_DETAIL_NETTED = 4 };
#define MATCH_DETAIL_PARTS 2
/* The parts of one, which are as it says, and what is open of its claim after them. claim NULL: there is none. Errors
 * as of match_hand_part. */
int match_hand_detail(const struct match_hand *hand, struct match_hand_claim *claim,
	const struct match_hand_detail *detail, struct match_allot ret[MATCH_DETAIL_PARTS], uint32_t *ret_count,
	enum match_hand_fault *ret_fault) MUSTUSE;
/* What is kept of a transfer for several: minor of the line's currency is missing, a charge or a difference that is let
 * go (kind). */
int match_hand_residual(const struct match_hand *hand, uint8_t kind, int64_t minor, struct match_allot *ret) MUSTUSE;
/* Holds parts against what is open of the money; where they come to more and `kept` (a kind as above; 0: none) is said,
 * adds what is missing as one part, for which there is room. ret_sum: what they came to. ERR_DENIED: they are not of
 * this money, ERR_LIMIT. */
int match_hand_whole(const struct match_hand *hand, uint8_t kept, struct match_allot *parts, uint32_t *count,
	int64_t *ret_sum) MUSTUSE;
/* In words; constant. "" for MATCH_HAND_FITS. */
const char *match_hand_fault_text(enum match_hand_fault fault, bool chinese);

#endif

/* A line while it is looked at: what is known of it, and the answers so far. For the match_*.c files only. */
#ifndef SETTLE_MATCH_FIND_H
#define SETTLE_MATCH_FIND_H

#include "settle/match_index.h"

#define MATCH_NAMED_MAX 24   /* numbers that are found in a line */
#define MATCH_HINTS_MAX 96   /* things that a damaged number may mean */
#define MATCH_CUTS_MAX 12    /* ends of fields that may be cut off */
#define MATCH_ANSWERS_MAX 48 /* that are kept; more are too many for a person as well */
#define MATCH_PATHS_MAX 24   /* rates that are kept while the line is looked at */
#define MATCH_LOOKED_MAX 512 /* entries by amount that are looked at for a line */
#define MATCH_MOVED_MAX 256  /* claims passed by since they are as good as paid */

/* How an amount compares with what is due, in minor units of the line's currency. */
struct match_fit {
	int64_t due, bound, tolerance;
	int64_t rest;     /* due less what came, what the bank kept, and the two below */
	int64_t discount; /* taken */
	int64_t charge;   /* a usual one, taken for it */
	uint32_t times;   /* how often that was seen */
	int64_t stated;   /* what the bank says it kept, taken for it */
	bool bears;       /* the payer bears both: they stay open */
	bool fits, near;  /* within the bounds; within twice the bounds */
};

/* What the evidence is, the strongest first. */
enum match_level {
	MATCH_LEVEL_NAMED = 0, /* all of it is named, and the amount fits */
	MATCH_LEVEL_SLIP,      /* hinted by a slip */
	MATCH_LEVEL_CUT,       /* hinted by a cut-off number */
	MATCH_LEVEL_PART,      /* some are named, the amount tells the rest */
	MATCH_LEVEL_APART,     /* named, but the amount is another */
	MATCH_LEVEL_AMOUNT,    /* by amount alone */
	MATCH_LEVEL_SHOWN,     /* only to be shown: nothing speaks for it but a hint */
	MATCH_LEVEL_WORDS,     /* of no claim, by words of the bank alone */
};

/* A possible answer. */
struct match_answer {
	uint32_t things[MATCH_CLAIMS_MAX]; /* claims or advices, in an order that does not depend on that of adding */
	uint32_t count;
	uint32_t credit;
	uint8_t kind;   /* enum match_kind */
	uint8_t level;  /* enum match_level */
	uint8_t number; /* enum match_number that names or hints the first */
	uint8_t wait;   /* enum match_wait: it must not be posted, because; 0: it may */
	struct match_fit fit;
};

/* A number found in the line, or what a damaged one may mean. */
struct match_hint {
	uint32_t thing; /* claim or advice */
	uint8_t number; /* enum match_number */
	uint8_t code;   /* MATCH_NAMES, MATCH_SLIP or MATCH_CUT */
	uint8_t len;    /* of the run that hints at it */
};

struct match_find {
	struct match_index *index;
	const struct match_line *line;
	struct zf_money zero;   /* of the line's currency */
	int64_t amount, stated; /* of the line, positive; what the bank says it kept */
	int32_t order_day;      /* of the line, or of the advice whose rows are looked at */
	uint32_t payers[MATCH_PAYERS_MAX];
	uint32_t payer_count;
	uint8_t payer_code; /* MATCH_BY_ACCOUNT or MATCH_BY_NAME */
	struct match_text text;
	size_t written; /* of it, by people: what is behind only names whole numbers; 0: not known yet */
	struct match_hint named[MATCH_NAMED_MAX], hints[MATCH_HINTS_MAX];
	uint32_t named_count, hint_count;
	struct {
		uint16_t at, len;
	} cuts[MATCH_CUTS_MAX]; /* of the text */
	uint32_t cut_count;
	bool hints_many; /* more than are told in hints */
	bool stray;      /* something stands there that looks like a number of ours and is none */
	bool nobodys;    /* something stands there that has the form of the hospital's own numbers, and is none */
	bool cut_known;  /* something that is cut off begins like a number of this payer, open or paid */
	bool hinted;     /* were hints looked for? */
	struct match_answer answers[MATCH_ANSWERS_MAX];
	uint32_t answer_count;
	bool answers_many;
	uint32_t looked;
	uint32_t moved[MATCH_MOVED_MAX]; /* claims that were passed by, paid by what is not committed yet */
	uint32_t moved_count;
	bool moved_many; /* more than these, or an advice */
	bool no_rate;    /* a rate was missing */
	struct {
		uint32_t contract;
		int32_t day;
		bool good;
		struct rate_path path;
	} paths[MATCH_PATHS_MAX];
	uint32_t path_count;
};

/* match_payer.c: fills payers. */
void match_find_payers(struct match_find *find);
bool match_find_is_payer(const struct match_find *find, uint32_t payer);
static inline uint32_t match_claim_payer(const struct match_index *index, uint32_t claim)
{
	return index->terms[index->items[claim].contract].contract->payer;
}

/* match_number.c: fills text, named and stray; then, when they are wanted, hints. */
void match_find_named(struct match_find *find);
void match_find_hints(struct match_find *find);
/* Is it among the hints, or does one of its numbers begin as something that was cut off? */
const struct match_hint *match_find_hint_of(const struct match_find *find, uint32_t thing, bool advice);
bool match_find_cut_of(const struct match_find *find, uint32_t claim);
/* Does the text end within what looks like the number of an advice of this payer? */
bool match_find_cut_off(const struct match_find *find);

/* match_amount.c */
/* What settles an open amount (of it, in minor units owed) in the line's currency, and the bound of its rate. False:
 * there is no rate. */
bool match_due(struct match_find *find, uint32_t claim, int64_t open, int64_t *ret_due, int64_t *ret_bound);
/* The discount in time on what is due; 0: none. */
int64_t match_discount(const struct match_find *find, uint32_t claim, int64_t due);
/* Compares the line's amount with what is due for claims (open[i] of each; NULL: all that is open). False: no rate. */
bool match_fit_claims(
	struct match_find *find, const uint32_t *claims, const int64_t *open, uint32_t count, struct match_fit *ret);
/* The same with a sum that an advice lists. contract: any of those it lists, for the charges. */
void match_fit_sum(struct match_find *find, uint32_t contract, int64_t due, struct match_fit *ret);
/* Tells of all open claims of the payers whose amount would explain what is left beside `beside` (of what is due, with
 * its bound), within twice the bounds; false from tell ends it. */
typedef bool match_amount_fn(struct match_find *find, void *context, uint32_t claim);
void match_amounts(struct match_find *find, int64_t beside, match_amount_fn *tell, void *context);

/* match_claim.c, match_remittance.c, match_reversal in match.c: add answers. */
/* A claim with an amount that it has no more is passed by. */
void match_find_passed(struct match_find *find, uint32_t claim);
void match_find_claims(struct match_find *find);
void match_find_advices(struct match_find *find);
/* match_own.c: adds what a line is that is for no claim. */
void match_find_own(struct match_find *find);
/* Adds an answer, unless it is there already or there are too many. */
void match_answer_add(struct match_find *find, const struct match_answer *answer);
/* Orders claims so that neither the order of adding nor that of the text counts. */
void match_claims_sort(const struct match_index *index, uint32_t *claims, uint32_t count);
int match_claims_compare(const struct match_index *index, uint32_t a, uint32_t b);

/* match_part.c: the parts of an answer; owned by the arena. ERR_NOMEM. */
int match_parts(struct match_find *find, const struct match_answer *answer, struct zf_arena *arena,
	struct match_candidate *candidate) MUSTUSE;

#endif

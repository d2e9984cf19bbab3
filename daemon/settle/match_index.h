/* What the matcher knows, inside: for the match_*.c files only. */
#ifndef SETTLE_MATCH_INDEX_H
#define SETTLE_MATCH_INDEX_H

#include <string.h>

#include "settle/match.h"
#include "settle/match_text.h"

#define MATCH_INDEX_MAGIC 0x6d617463u
#define MATCH_FRONT 3 /* characters of a number that tell which kinds of numbers begin so */
#define MATCH_FRONTS (1u << 18)

/* A claim. Amounts are minor units. */
struct match_item {
	struct match_key keys[MATCH_NUMBERS]; /* by enum match_number; hi 0: it has none */
	int64_t owed, book, open;
	int64_t fixed; /* what settles `open` in the contract's currency of payment, where that is fixed by a day of the
			* claim; 0: it is not, or there is no rate */
	uint32_t contract;
	int32_t billed_day, due_day, fixing_day;
	uint32_t moved; /* the round that paid of it last; 0: none */
	bool of_plan;   /* a group plan's share */
	int64_t before; /* what was open until then */
};

/* A row of an advice, its claim found. */
struct match_row {
	struct match_key key; /* of its claim; hi 0: it has none, or one too short */
	int64_t amount;
	uint32_t claim; /* or MATCH_NONE */
	uint8_t kind;   /* enum match_detail_kind */
};

/* What an advice is known by. */
struct match_notice_number {
	struct match_key key; /* hi 0: nothing */
	char *rest;           /* owned: the folded characters behind those of the key; NULL: none */
};

struct match_notice {
	struct match_notice_number numbers[MATCH_ADVICE_NUMBERS]; /* from MATCH_ADVICE_NUMBER on */
	struct match_row *rows;                                   /* owned */
	struct zf_money total;
	uint32_t row_count, payer;
	uint32_t strangers; /* rows of claims that are not known */
	uint32_t moved;     /* the round that paid it; 0: none */
	int32_t order_day;  /* 0: not told */
	bool adds_up;       /* as it says */
	bool waits;
	bool stale; /* a claim of such a number came: its rows are to be looked up again */
};

/* A credit that the bank may take back. */
struct match_credit {
	struct match_key key;            /* in taken */
	uint64_t references, end_to_end; /* hashes; 0: none */
	uint32_t id;
	bool reversed, waits;
	bool forgotten; /* another record counts for this line, or none */
};

/* A folded name or account of a payer. */
struct match_name {
	const char *folded; /* owned, NUL-terminated */
	size_t len;
	uint32_t payer;
};

/* A contract with what is worked out once. */
struct match_terms {
	const struct match_contract *contract;
	struct zf_money owed, pay; /* zero of these currencies */
};

struct match_index {
	uint32_t magic;
	struct match_setting setting;
	struct zf_money book; /* zero of the currency of the books */
	struct match_terms *terms;
	struct match_name *names, *accounts;
	uint32_t name_count, account_count;
	struct match_item *items;
	uint32_t item_count, item_cap;
	struct match_notice *notices;
	uint32_t notice_count, notice_cap;
	struct match_credit *credits;
	uint32_t credit_count, credit_cap;
	uint32_t *places; /* by the lines' ids: which credit, from 1; 0: none */
	uint32_t place_count;
	uint32_t round, oldest;     /* of match_index_round */
	bool stale;                 /* one of the notices is */
	struct match_order numbers; /* of claims and advices; kind: enum match_number */
	struct match_order amounts; /* of open claims: key.hi is contract * 2 + (0 owed, 1 fixed), key.lo the amount */
	struct match_order listed;  /* advices by the numbers of their claims */
	struct match_order waiting; /* advices: key.hi is the payer, key.lo the total */
	struct match_order taken;   /* credits by what match_credit_key says */
	struct match_order seen;    /* credits by the claims they paid or may have paid, as match_seen_key says */
	uint32_t lengths[MATCH_FRONTS]; /* bit N: a number of N characters begins with these */
};

/* Makes room for one more element. ERR_NOMEM. */
int match_grow(void **list, uint32_t count, uint32_t *cap, size_t size) MUSTUSE;
/* Is it one of an advice? */
static inline bool match_of_advice(uint32_t number)
{
	return number >= MATCH_ADVICE_NUMBER;
}
/* Orders advices by their own numbers; 0: they have the same. */
int match_notices_compare(const struct match_notice *a, const struct match_notice *b);
/* Can an entry of the numbers lead to nothing any more, since it was never added whole, or has another number by now?
 */
bool match_number_gone(const struct match_index *index, const struct match_entry *entry);
/* The same of an amount, which a claim had, and of a credit (match_order_sweep; ctx: the index). */
bool match_amount_gone(const void *ctx, const struct match_entry *entry);
bool match_credit_gone(const void *ctx, const struct match_entry *entry);
/* Is what a round did, as in `moved`, not committed yet? */
static inline bool match_uncommitted(const struct match_index *index, uint32_t moved)
{
	return moved != 0 && moved >= index->oldest;
}
/* The front of a number, for lengths. */
static inline uint32_t match_front(struct match_key key)
{
	return (uint32_t)(key.hi >> 42);
}
static inline struct match_key match_amount_key(uint32_t contract, bool fixed, int64_t minor)
{
	return (struct match_key){(uint64_t)contract * 2 + fixed, (uint64_t)minor};
}
/* What settles an amount of the contract in another currency on a day; the way there in ret_path. ERR_NOTFOUND: no
 * rate. */
int match_terms_path(const struct match_index *index, const struct match_contract *contract, struct zf_money from,
	struct zf_money to, int32_t day, struct rate_path *ret_path) MUSTUSE;
/* The conversion by which a payment of a claim that is owed in another currency than the line's was found to be due.
 * ERR_NOTFOUND: by none of the rates that there are. */
int match_converted(const struct match_index *index, const struct match_line *line, const struct match_part *part,
	struct rate_conversion *ret) MUSTUSE;
/* The rate that money is booked by. */
int match_parity_path(const struct match_index *index, struct zf_money from, struct zf_money to, int32_t day,
	struct rate_path *ret_path) MUSTUSE;
/* The line's hashes, for recognising its reversal. */
struct match_key match_credit_key(const struct match_line *line, struct match_credit *ret);
/* A claim and the amount of a line for it. */
static inline struct match_key match_seen_key(uint32_t claim, struct zf_money amount)
{
	uint32_t currency;
	memcpy(&currency, amount.currency, sizeof(currency));
	return (struct match_key){(uint64_t)claim << 32 | currency, (uint64_t)amount.minor};
}
/* Does another credit of the same amount wait that may have paid the claim? posted: or was one posted for it? */
bool match_credit_twin(const struct match_index *index, const struct match_line *line, uint32_t claim, bool posted);
/* An amount in minor units of a currency. */
static inline struct zf_money match_money(struct zf_money like, int64_t minor)
{
	like.minor = minor;
	return like;
}

#endif

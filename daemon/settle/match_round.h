/* One round of a turn of matching: some items of money in suspense, what the matcher says of them, and what of that
 * goes to the database together. Items whose claims are moved in this very round, or in one that is not committed
 * yet, are left for the next; so are those that nothing names and that would be in doubt, did such a round fail. */
#ifndef SETTLE_MATCH_ROUND_H
#define SETTLE_MATCH_ROUND_H

#include "settle/match_bill.h"
#include "settle/match_know.h"

struct db_batch;
struct db_params;

#define ROUND_ITEMS 400       /* to be looked at, */
#define ROUND_ITEMS_FIRST 100 /* of the first round of a turn, so that it is written soon; then twice as many each */
#define ROUND_EARLIER 2000    /* to be remembered */
#define ROUND_EARLIER_DAYS 150
#define ROUND_BYTES_MAX (256u << 20)
#define ROUND_AGAIN_S (6 * 3600) /* what waits is looked at again so often in any case */

/* An item and what comes out for it. */
struct round_line {
	struct uuid line, allocation;
	int32_t part, version;
	uint8_t wait;    /* enum match_wait */
	bool posts;      /* its first choice */
	bool parked;     /* it could not be posted: a person looks why */
	bool beyond;     /* it was not posted, for it lets more go than anybody may */
	int32_t again_s; /* it is looked at again then, whatever comes */
	const char *payer, *reason;
	uint32_t choice_count;
	struct match_choice choices[MATCH_CANDIDATES_MAX];
};

/* Members are private, but for arena.is_full, count, single, earlier, stale, beyond, ended, number, oldest and
 * bills.count. */
struct match_round {
	struct arena arena;
	struct round_line *lines; /* of this round */
	struct match_line
		*read; /* the rows' lines, where they were read before they are looked at; NULL: they were not */
	int *read_errors;
	struct bill_search bills; /* what of them may be numbers of the hospital's own */
	uint32_t count;
	bool single;     /* one at a time */
	bool stale;      /* what is known is not what is any more: the turn must end */
	bool beyond;     /* the rest of it lets more go than anybody may: it is committed again, to wait for a person */
	bool ended;      /* there is nothing behind these */
	bool earlier;    /* it is still about what came before */
	uint32_t number; /* of the round, from 1 and never again */
	uint32_t oldest; /* the first one that is not committed yet; 0: this */
	int limit;       /* items to be looked at */
	int32_t day, part; /* the last item that was taken */
	int32_t first;     /* day of what is remembered */
	struct uuid line;
	bool post_asked, own_asked, return_asked; /* in the batch, in this order */
};

/* first: the first day of what came before and is remembered. */
void match_round_begin(struct match_round *round, bool single, int32_t first);
/* Goes on behind another one, which is not committed yet. */
void match_round_next(struct match_round *round, const struct match_round *before);
void match_round_free(struct match_round *round); /* zeroed is fine */
/* It may undo anything: nothing else is under way while it is written. */
bool match_round_alone(const struct match_round *round);
/* The parameters of SETTLE_MATCH_ITEMS: what comes next. */
void match_round_ask(const struct match_round *round, const struct match_know *know, struct db_params *params);
/* Reads the lines of its rows, before they are taken, for the numbers of bills in them: bills.count words are to be
 * looked up. ERR_NOMEM. */
int match_round_read(struct match_round *round, struct match_know *know, const struct keyhold *hold,
	struct sealer *sealer, const struct pg_result *rows) MUSTUSE;
/* Takes its rows. count 0 and not ended: ask on. ERR_NOMEM (arena.is_full: that many are too much for its memory), or
 * what the matcher says. */
int match_round_take(struct match_round *round, struct match_know *know, const struct keyhold *hold,
	struct sealer *sealer, const struct pg_result *rows) MUSTUSE;
/* Adds what came out to an empty batch. ERR_NOMEM, ERR_NOTFOUND (no key to seal with). */
int match_round_commit(struct match_round *round, const struct match_know *know, const struct keyhold *hold,
	struct sealer *sealer, struct db_batch *batch) MUSTUSE;
/* It was committed. Tells how many were posted. ERR_NOMEM. */
int match_round_done(struct match_round *round, struct match_know *know, const struct pg_result *const *results,
	uint32_t *ret_posted) MUSTUSE;
/* Its one item can't be posted: it waits for a person. The round's memory is its own again. ERR_NOMEM. */
int match_round_park(struct match_round *round) MUSTUSE;

#endif

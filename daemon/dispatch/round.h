/* Rounds: many messages' intents, or many messages' ends, in one transaction. While a round is under way the next one
 * gathers, so nobody waits for a timer and a burst needs few commits. */
#ifndef DISPATCH_ROUND_H
#define DISPATCH_ROUND_H

#include "base/list.h"
#include "db/batch.h"

struct route;
struct sending;

#define ROUND_ITEMS_MAX 64
#define ROUND_BYTES_MAX (16u << 20) /* of answers in one round; one larger answer goes alone */
#define ROUND_FLIGHTS_MAX 1         /* of each kind and route: what waits meanwhile makes the next round larger */
#define CONSENT_DAYS 7              /* an emergency that went out without consent: ask for it within */

enum round_kind { ROUND_BEGIN, ROUND_END, ROUND_KINDS };

struct round {
	uint32_t magic;
	struct list node; /* in dispatch->rounds */
	struct route *route;
	enum round_kind kind;
	struct db_batch *batch;
	struct sending *items[ROUND_ITEMS_MAX];
	size_t count;
	unsigned tries;
	bool stuck;   /* could not be run: the tick tries again */
	bool whole;   /* has been run once: its batch has all parameters */
	bool trouble; /* has ended other than committed */
};

/* Starts rounds of a kind for what waits on the route, as far as flights are free. */
void round_start(struct route *route, enum round_kind kind);
/* Runs a stuck one again. */
void round_retry(struct round *round);
/* At the end of the process: frees without a word to its items. */
void round_free(struct round *round);

#endif

/* A sorted list of keys with what each stands for: exact and range look-ups among millions at the cost of a binary
 * search, and adding at the cost of an append. Who looks up asks whether what he found still counts, and says so of
 * what does not: that is swept out when as much of it was passed by as there is in the list. A small filter in front
 * answers most questions for keys that are not there. */
#ifndef SETTLE_MATCH_ORDER_H
#define SETTLE_MATCH_ORDER_H

#include "base/core.h"

/* Compared by hi, then by lo. */
struct match_key {
	uint64_t hi, lo;
};

static inline int match_key_compare(struct match_key a, struct match_key b)
{
	if (a.hi != b.hi) return a.hi < b.hi ? -1 : 1;
	return a.lo == b.lo ? 0 : a.lo < b.lo ? -1 : 1;
}

struct match_entry {
	struct match_key key;
	uint32_t value; /* the caller's number of the thing */
	uint32_t kind;  /* the caller's kind of thing */
};

/* Zeroed it is empty. */
struct match_order {
	struct match_entry *main; /* sorted */
	struct match_entry *tail; /* came later; the first tail_sorted of them are sorted */
	uint32_t main_count, main_cap, tail_count, tail_cap, tail_sorted;
	uint64_t *filter;     /* bits of the keys' hashes; NULL while not wanted */
	uint64_t filter_mask; /* words of it, a power of two, less one */
	bool filtered;        /* is one wanted? */
	uint64_t passed;      /* entries that were found since the last sweep and do not count any more */
};

void match_order_free(struct match_order *order);
/* Adds an entry. ERR_NOMEM: it is not in. */
int match_order_add(struct match_order *order, struct match_key key, uint32_t value, uint32_t kind) MUSTUSE;
/* Brings what was added into order; must be called between adding and looking up. ERR_NOMEM: try again before looking
 * up. */
int match_order_settle(struct match_order *order) MUSTUSE;
/* Takes out what does not count any more, where enough of it was passed by; not while somebody walks. */
void match_order_sweep(
	struct match_order *order, bool (*gone)(const void *ctx, const struct match_entry *entry), const void *ctx);
/* False when no entry has this key; true: one may. Only of an order with a filter. */
bool match_order_maybe(const struct match_order *order, struct match_key key);

/* Walks over the entries from one key to another, both included, in order. */
struct match_walk {
	const struct match_entry *main, *main_end, *tail, *tail_end;
	struct match_key last;
};
struct match_walk match_order_range(const struct match_order *order, struct match_key first, struct match_key last);
/* The next entry, or NULL. */
const struct match_entry *match_walk_next(struct match_walk *walk);

#endif

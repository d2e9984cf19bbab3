/* Memory that is used over and over: an arena inside the arena whose blocks stay and are filled anew after each reset,
 * so that a file of any length needs no more than its largest entry. */
#ifndef ADAPTERS_BANK_SCRATCH_H
#define ADAPTERS_BANK_SCRATCH_H

#include "lib/text.h"

struct scratch_block;

struct scratch {
	struct zf_arena zf;                /* first: it is an arena itself */
	struct zf_arena *parent;           /* borrowed; owns the blocks */
	struct scratch_block *blocks, *at; /* all, and the one that is being filled */
	size_t used, max;                  /* bytes since the reset, and how many may be */
	bool over;                         /* NULL was returned because of max, not for want of memory */
};

void scratch_init(struct scratch *scratch, struct zf_arena *parent, size_t max);
/* Everything that came from it is gone; its blocks are kept. */
void scratch_reset(struct scratch *scratch);
/* What a NULL of it means: LIB_LIMIT or LIB_NOMEM. */
int scratch_error(const struct scratch *scratch);

/* A list of equal things that grows in a scratch. Zeroed it is empty. */
struct scratch_list {
	void *items;
	uint32_t count, capacity;
};

/* Room for one more at the end, zeroed; NULL as scratch_error() says. The items move. */
void *scratch_add(struct scratch *scratch, struct scratch_list *list, size_t size);
/* The text behind what is in *text already, in a line of its own. False as scratch_error() says. */
bool scratch_join(struct scratch *scratch, const char **text, struct text_span more, const char *between);

#endif

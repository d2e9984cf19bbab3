/* The queue as numbers: what waits, per role, kind and route, and what waits for a person. */
#ifndef CTL_QUEUE_H
#define CTL_QUEUE_H

#include "ctl/ctl.h"
#include "ctl/report.h"

struct queue_totals {
	int64_t waiting, held, quarantined, orphans, unknown, refused_facts, unmatched_payments;
	int64_t oldest_ms; /* when the oldest waiting work was made; 0: none waits */
};

/* One row per hospital, role, kind and route into the table (columns: queue_columns), sums into ret_totals. role,
 * route, hospital: NULL for all. */
int queue_collect(struct ctl *ctl, const char *hospital, const char *role, const char *route, struct table *table,
	struct queue_totals *ret_totals) MUSTUSE;
#define QUEUE_COLUMNS 8
extern const struct column queue_columns[QUEUE_COLUMNS];

#endif

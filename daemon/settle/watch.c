/* The gauges of what waits for a person. The subjects are those of settle_watch() in schema/040_settle.sql. */
#include "settle/watch.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "settle/settle_sql.h"

static const char *const subjects[] = {"claims_no_route", "claims_waiting_consent", "claims_held", "claims_unknown",
	"claims_failed", "messages_quarantined", "messages_orphan", "facts_refused", "facts_orphan", "facts_doubted",
	"work_held", "postings_without_rate", "bills_without_rate", "bills_without_price_list"};

struct watch {
	struct db_pool *pool;
	struct metric *gauges[ARRAY_LEN(subjects)];
};

int watch_new(struct metrics *metrics, struct db_pool *pool, struct watch **ret_watch)
{
	struct watch *watch = mem_alloc(sizeof(*watch));

	if (watch == NULL) return ERR_NOMEM;
	watch->pool = pool;
	for (size_t i = 0; i < ARRAY_LEN(subjects); i++) {
		char labels[64];

		(void)snprintf(labels, sizeof(labels), "subject=\"%s\"", subjects[i]);
		watch->gauges[i] = metrics_gauge(metrics, "zhifu_attention", "What waits for a person.", labels);
	}
	*ret_watch = watch;
	return 0;
}

void watch_free(struct watch *watch)
{
	if (watch == NULL) return;
	db_forget(watch->pool, watch);
	mem_free(watch);
}

static void on_seen(void *ctx, const struct db_outcome *outcome)
{
	struct watch *watch = ctx;
	const struct pg_result *rows;

	if (outcome->ending == DB_REFUSED)
		log_fields(LOG_ERROR, "what waits could not be counted", "sqlstate", outcome->sqlstate, "why",
			outcome->message, NULL);
	if (outcome->ending != DB_COMMITTED) return;
	rows = outcome->results[0]; /* there is none before: the database may have gone while it was asked */
	for (int row = 0; row < db_rows_count(rows); row++) {
		for (size_t i = 0; i < ARRAY_LEN(subjects); i++) {
			if (strcmp(subjects[i], db_rows_text(rows, row, 0)) == 0)
				metric_set(watch->gauges[i], db_rows_int(rows, row, 1));
		}
	}
}

void watch_look(struct watch *watch)
{
	if (db_pool_up(watch->pool)) (void)!db_query(watch->pool, &settle_sql[SETTLE_WATCH], NULL, 0, on_seen, watch);
}

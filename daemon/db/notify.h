/* Waking other processes: NOTIFY is a hint, polling the guarantee. One connection per process listens; hints that this
 * process gives are coalesced and sent at most every DB_NOTIFY_EVERY_MS in a transaction of their own (never inside an
 * intake transaction: measured 10 k -> 3 k commits/s). */
#ifndef DB_NOTIFY_H
#define DB_NOTIFY_H

#include "base/list.h"
#include "db/pool.h"

#define DB_NOTIFY_EVERY_MS 20
/* While more work than this comes a second, whoever is at work finds it without a hint, and each hint wakes every
 * process: they cost 3 % of a full machine. */
#define DB_NOTIFY_BUSY_ITEMS 1000
#define DB_NOTIFY_BUSY_MS 80
#define DB_NOTIFY_TOPICS_MAX 32
#define DB_NOTIFY_TOPIC_LEN 32 /* with NUL */

struct db_notify;
struct event;

/* One per process. Opens one more connection with the pool's conninfo for LISTEN; hints go out through `pool`.
 * Returns owned: db_notify_free, before the pool. ERR_NOMEM, ERR_INVALID. */
int db_notify_new(struct db_pool *pool, struct db_notify **ret_notify) MUSTUSE;
void db_notify_free(struct db_notify *notify);
/* Tells every process that waits for `topic` ("outbox", "inbox", ...; a constant of at most 31 characters) that there
 * is work. items: how much, for how often it is worth telling; 0: those who wait for it are not at work. Cheap: call it
 * after each commit. Lost when the database is away; the other side polls anyway. */
void db_notify_send(struct db_notify *notify, const char *topic, size_t items);

/* A reader's alarm clock; members are private. */
struct db_wake {
	struct list node;
	struct db_notify *notify;
	struct event *timer;
	char topic[DB_NOTIFY_TOPIC_LEN];
	int64_t poll_ms;
	void (*fire)(void *ctx);
	void *ctx;
	bool pending;
};
/* Calls fire from the loop: soon after start, on each hint for `topic` (several may come as one), when listening starts
 * again after a loss, and at the latest poll_ms (50..1,000) after the last call. `wake` is caller-owned memory. */
int db_wake_init(struct db_wake *wake, struct db_notify *notify, const char *topic, int64_t poll_ms,
	void (*fire)(void *ctx), void *ctx) MUSTUSE;
/* Fires on the next turn of the loop: for a reader that found a full batch and wants to go on. */
void db_wake_now(struct db_wake *wake);
void db_wake_poll(struct db_wake *wake, int64_t poll_ms); /* another interval, from now on */
void db_wake_stop(struct db_wake *wake);

#endif

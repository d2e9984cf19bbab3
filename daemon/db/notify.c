/* Hints between processes. All topics share one channel, with the topic as payload, so that a process needs a single
 * LISTEN; the rate limit keeps that cheap. */
#include "db/notify.h"

#include <event2/event.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "db/pool_private.h"

#define POLL_MIN_MS 10
#define POLL_MAX_MS 60000

struct db_notify {
	uint32_t magic;
	struct db_pool *pool;   /* for sending; borrowed */
	struct db_pool *listen; /* one connection of our own */
	struct list wakes;
	struct event *timer; /* runs while a hint is young: the next ones gather */
	char topics[DB_NOTIFY_TOPICS_MAX][DB_NOTIFY_TOPIC_LEN];
	size_t topic_count;
	size_t items; /* hinted at since */
	int64_t since_ms;
	int busy; /* hints in a row before which there was so much */
	bool sending;
};
#define NOTIFY_MAGIC 0x6e6f7466u

static void timer_ms(struct event *timer, int64_t ms)
{
	struct timeval after = {.tv_sec = ms / 1000, .tv_usec = (ms % 1000) * 1000};
	event_add(timer, &after);
}

static void on_notified(void *ctx, const char *topic)
{
	struct db_notify *notify = ctx;
	LIST_EACH(&notify->wakes, node)
	{
		struct db_wake *wake = CONTAINER_OF(node, struct db_wake, node);
		if (strcmp(wake->topic, topic) == 0) db_wake_now(wake);
	}
}

/* Hints given while nobody listened are lost: look once. */
static void on_listening(void *ctx, bool up)
{
	struct db_notify *notify = ctx;
	if (!up) return;
	LIST_EACH(&notify->wakes, node) db_wake_now(CONTAINER_OF(node, struct db_wake, node));
}

static void on_sent(void *ctx, const struct db_outcome *outcome)
{
	struct db_notify *notify = ctx;
	notify->sending = false;
	if (outcome->ending != DB_COMMITTED)
		log_fields(LOG_WARN, "a wake-up could not be sent", "ending", db_ending_name(outcome->ending),
			"sqlstate", outcome->sqlstate, NULL);
	/* What gathered meanwhile goes when the timer is over. */
	if (notify->topic_count > 0 && !event_pending(notify->timer, EV_TIMEOUT, NULL))
		timer_ms(notify->timer, DB_NOTIFY_EVERY_MS);
}

static void notify_flush(struct db_notify *notify)
{
	struct arena arena;
	struct db_params params;
	arena_init(&arena, DB_NOTIFY_TOPICS_MAX * 1024);
	db_params_init(&params, &arena);
	struct db_array *topics = db_params_array(&params, DB_TEXT, notify->topic_count, 0);
	for (size_t i = 0; i < notify->topic_count; i++) db_array_text(topics, notify->topics[i]);
	notify->topic_count = 0;
	int64_t deadline_ms = clock_mono_ms() + 1000;
	if (db_query(notify->pool, &db_builtin[DB_BUILTIN_NOTIFY], &params, deadline_ms, on_sent, notify) == 0)
		notify->sending = true;
	arena_free(&arena);
}

/* When the next hint may go. */
static int64_t next_ms(struct db_notify *notify)
{
	int64_t now_ms = clock_mono_ms(), took_ms = now_ms - notify->since_ms;

	if ((int64_t)notify->items * 1000 > took_ms * DB_NOTIFY_BUSY_ITEMS)
		notify->busy++;
	else
		notify->busy = 0;
	notify->items = 0;
	notify->since_ms = now_ms;
	return notify->busy > DB_NOTIFY_BUSY_MS / DB_NOTIFY_EVERY_MS ? DB_NOTIFY_BUSY_MS : DB_NOTIFY_EVERY_MS;
}

static void on_timer(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd, (void)what;
	struct db_notify *notify = ctx;
	CHECK_MAGIC(notify, NOTIFY_MAGIC);
	if (notify->topic_count == 0 || notify->sending) return;
	notify_flush(notify);
	timer_ms(notify->timer, next_ms(notify));
}

void db_notify_send(struct db_notify *notify, const char *topic, size_t items)
{
	CHECK_MAGIC(notify, NOTIFY_MAGIC);
	notify->items += items;
	assert(strlen(topic) < DB_NOTIFY_TOPIC_LEN);
	for (size_t i = 0; i < notify->topic_count; i++)
		if (strcmp(notify->topics[i], topic) == 0) return;
	assert(notify->topic_count < DB_NOTIFY_TOPICS_MAX);
	snprintf(notify->topics[notify->topic_count++], DB_NOTIFY_TOPIC_LEN, "%s", topic);
	/* Quiet so far: at the end of this turn of the loop. */
	if (!notify->sending && !event_pending(notify->timer, EV_TIMEOUT, NULL)) timer_ms(notify->timer, 0);
}

int db_notify_new(struct db_pool *pool, struct db_notify **ret_notify)
{
	struct db_notify *notify = mem_alloc(sizeof(*notify));
	if (notify == NULL) return err_set(ERR_NOMEM, "no memory for wake-ups");
	notify->magic = NOTIFY_MAGIC;
	notify->pool = pool;
	list_init(&notify->wakes);
	notify->timer = event_new(pool->loop, -1, 0, on_timer, notify);
	struct db_pool_conf conf = {
		.conninfo = pool->conf.conninfo,
		.role = pool->conf.role,
		.connections = 1,
		.changed = on_listening,
		.ctx = notify,
	};
	int r = notify->timer == NULL ? err_set(ERR_NOMEM, "no memory for wake-ups")
				      : db_pool_make(pool->loop, &conf, true, on_notified, &notify->listen);
	if (r < 0) {
		db_notify_free(notify);
		return r;
	}
	*ret_notify = notify;
	return 0;
}

void db_notify_free(struct db_notify *notify)
{
	if (notify == NULL) return;
	CHECK_MAGIC(notify, NOTIFY_MAGIC);
	LIST_EACH(&notify->wakes, node) db_wake_stop(CONTAINER_OF(node, struct db_wake, node));
	db_forget(notify->pool, notify);
	db_pool_free(notify->listen);
	if (notify->timer != NULL) event_free(notify->timer);
	notify->magic = 0;
	mem_free(notify);
}

static void on_wake(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd, (void)what;
	struct db_wake *wake = ctx;
	wake->pending = false;
	timer_ms(wake->timer, wake->poll_ms);
	wake->fire(wake->ctx);
}

int db_wake_init(struct db_wake *wake, struct db_notify *notify, const char *topic, int64_t poll_ms,
	void (*fire)(void *ctx), void *ctx)
{
	CHECK_MAGIC(notify, NOTIFY_MAGIC);
	assert(strlen(topic) < DB_NOTIFY_TOPIC_LEN);
	assert(poll_ms >= POLL_MIN_MS && poll_ms <= POLL_MAX_MS);
	*wake = (struct db_wake){.notify = notify, .poll_ms = poll_ms, .fire = fire, .ctx = ctx};
	snprintf(wake->topic, sizeof(wake->topic), "%s", topic);
	list_init(&wake->node);
	wake->timer = event_new(db_pool_loop(notify->pool), -1, 0, on_wake, wake);
	if (wake->timer == NULL) return err_set(ERR_NOMEM, "no memory for a wake-up");
	list_append(&notify->wakes, &wake->node);
	db_wake_now(wake);
	return 0;
}

void db_wake_now(struct db_wake *wake)
{
	if (wake->pending) return;
	wake->pending = true;
	/* Also moves a poll that is still to come: on_wake sets the next one. */
	timer_ms(wake->timer, 0);
}

void db_wake_poll(struct db_wake *wake, int64_t poll_ms)
{
	assert(poll_ms >= POLL_MIN_MS && poll_ms <= POLL_MAX_MS);
	wake->poll_ms = poll_ms;
	db_wake_now(wake); /* the poll that is set may be far away */
}

void db_wake_stop(struct db_wake *wake)
{
	if (wake->timer == NULL) return;
	list_remove(&wake->node);
	event_free(wake->timer);
	wake->timer = NULL;
}

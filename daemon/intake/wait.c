/* One list, one query in flight, one timer. */
#include "intake/wait.h"

#include <event2/event.h>
#include <string.h>

#include "base/clock.h"
#include "db/keyhold.h"
#include "intake/intake_sql.h"

#define WAITS_ASKED_MAX 512 /* claims in one query */
#define TICK_MS 100         /* how exactly deadlines are met */
#define LOOK_MS 2000        /* who does not want to wait has an answer by then */

enum column {
	C_CLAIM,
	C_TRANSPORT,
	C_ACKNOWLEDGEMENT,
	C_ADJUDICATION,
	C_ADJUDICATION_ID,
	C_CONTENT,
	C_KEY_ID,
	C_WRAPPED,
	C_VERSION,
	C_WHY,
	C_UPDATED,
	C_ANSWER_VERSION
};

struct waits {
	struct intake *intake;
	struct list list;
	size_t count;
	bool flying, again;
	struct db_wake wake;
	bool has_wake;
	struct event *tick;
};

static void end(struct wait *wait, const struct wait_news *news)
{
	list_remove(&wait->node);
	wait->waits->count--;
	wait->done(wait->ctx, news);
}

static bool news_read(
	struct waits *waits, const struct wait *wait, const struct pg_result *rows, int row, struct wait_news *news)
{
	*news = (struct wait_news){.transport = (int)db_rows_int(rows, row, C_TRANSPORT),
		.acknowledgement = (int)db_rows_int(rows, row, C_ACKNOWLEDGEMENT),
		.adjudication = (int)db_rows_int(rows, row, C_ADJUDICATION),
		.why = db_rows_text(rows, row, C_WHY),
		.updated_ms = db_rows_time_ms(rows, row, C_UPDATED),
		.version = (int32_t)db_rows_int(rows, row, C_ANSWER_VERSION)};
	if (db_rows_null(rows, row, C_CONTENT) || db_rows_null(rows, row, C_WRAPPED)) return true;
	struct uuid key_id = db_rows_uuid(rows, row, C_KEY_ID);
	struct bytes wrapped = db_rows_bytes(rows, row, C_WRAPPED);
	const struct key *outer =
		keyhold_version(waits->intake->keys, &wait->hospital_id, (int32_t)db_rows_int(rows, row, C_VERSION));
	if (outer == NULL || key_unwrap(outer, &key_id, wrapped.ptr, wrapped.len, &news->key) < 0) return true;
	news->adjudication_id = db_rows_uuid(rows, row, C_ADJUDICATION_ID);
	news->content = db_rows_bytes(rows, row, C_CONTENT);
	return true;
}

static void on_rows(void *ctx, const struct db_outcome *outcome)
{
	struct waits *waits = ctx;
	waits->flying = false;
	const struct pg_result *rows = outcome->ending == DB_COMMITTED ? outcome->results[0] : NULL;
	for (int row = 0; row < db_rows_count(rows); row++) {
		struct uuid id = db_rows_uuid(rows, row, C_CLAIM);
		LIST_EACH(&waits->list, node)
		{
			struct wait *wait = CONTAINER_OF(node, struct wait, node);
			struct wait_news news;
			if (!wait->asked || !uuid_equal(&wait->claim_id, &id)) continue;
			if (!news_read(waits, wait, rows, row, &news)) continue;
			end(wait, &news);
			key_wipe(&news.key);
		}
	}
	LIST_EACH(&waits->list, node)
	{
		struct wait *wait = CONTAINER_OF(node, struct wait, node);
		if (wait->asked && wait->once) end(wait, NULL);
	}
	if (waits->again) db_wake_now(&waits->wake);
}

static void on_wake(void *ctx)
{
	struct waits *waits = ctx;
	struct arena arena CLEANUP(arena_free);
	struct db_params params;
	size_t asked = 0;
	arena_init(&arena, 1u << 20);
	waits->again = waits->flying;
	if (waits->flying || list_empty(&waits->list)) return;
	db_params_init(&params, &arena);
	struct db_array *hospitals = db_params_array(&params, DB_UUID, waits->count, 0);
	LIST_EACH(&waits->list, node)
	{
		struct wait *wait = CONTAINER_OF(node, struct wait, node);
		wait->asked = asked < WAITS_ASKED_MAX;
		if (!wait->asked) continue;
		asked++;
		db_array_uuid(hospitals, &wait->hospital_id);
	}
	struct db_array *claims = db_params_array(&params, DB_UUID, waits->count, 0);
	LIST_EACH(&waits->list, node)
	{
		struct wait *wait = CONTAINER_OF(node, struct wait, node);
		if (wait->asked) db_array_uuid(claims, &wait->claim_id);
	}
	struct db_array *once = db_params_array(&params, DB_BOOL, waits->count, 0);
	LIST_EACH(&waits->list, node)
	{
		struct wait *wait = CONTAINER_OF(node, struct wait, node);
		if (wait->asked) db_array_bool(once, wait->once);
	}
	if (db_query(waits->intake->pool, &intake_sql[INTAKE_WAITS], &params, 0, on_rows, waits) < 0) return;
	waits->flying = true;
	/* Those behind the first ones come next time. */
	for (; asked > 0 && asked < waits->count; asked--) {
		struct list *first = list_first(&waits->list);
		list_remove(first);
		list_append(&waits->list, first);
	}
}

static void on_tick(evutil_socket_t fd, short what, void *ctx)
{
	struct waits *waits = ctx;
	int64_t now_ms = clock_mono_ms();
	(void)fd, (void)what;
	LIST_EACH(&waits->list, node)
	{
		struct wait *wait = CONTAINER_OF(node, struct wait, node);
		if (wait->deadline_ms <= now_ms) end(wait, NULL);
	}
	if (list_empty(&waits->list)) (void)event_del(waits->tick);
}

/* Somebody waits for each answer: not too rarely, and not too often either, whatever else is polled. */
static int64_t poll_ms_of(const struct intake *intake)
{
	int64_t poll_ms = intake->worker->options->poll_ms;
	if (poll_ms < 50) return 50;
	return poll_ms > 1000 ? 1000 : poll_ms;
}

void waits_reload(struct waits *waits)
{
	db_wake_poll(&waits->wake, poll_ms_of(waits->intake));
}

int waits_new(struct intake *intake, struct waits **ret_waits)
{
	struct waits *waits = mem_alloc(sizeof(*waits));
	if (waits == NULL) return err_set(ERR_NOMEM, "no memory for waiting requests");
	waits->intake = intake;
	list_init(&waits->list);
	waits->tick = event_new(intake->worker->base, -1, EV_PERSIST, on_tick, waits);
	int r = waits->tick == NULL ? err_set(ERR_NOMEM, "no memory for waiting requests") : 0;
	if (r == 0) r = db_wake_init(&waits->wake, intake->notify, "settled", poll_ms_of(intake), on_wake, waits);
	if (r < 0) {
		waits_free(waits);
		return r;
	}
	waits->has_wake = true;
	*ret_waits = waits;
	return 0;
}

void waits_free(struct waits *waits)
{
	if (waits == NULL) return;
	if (waits->has_wake) db_wake_stop(&waits->wake);
	if (waits->tick != NULL) event_free(waits->tick);
	db_forget(waits->intake->pool, waits);
	mem_free(waits);
}

int wait_begin(struct waits *waits, struct wait *wait, int64_t deadline_ms)
{
	static const struct timeval interval = {.tv_usec = TICK_MS * 1000};
	if (waits->count >= WAITS_MAX) return err_set(ERR_LIMIT, "too many requests wait");
	wait->waits = waits;
	wait->deadline_ms = deadline_ms;
	wait->asked = false;
	wait->once = false;
	list_append(&waits->list, &wait->node);
	if (waits->count++ == 0) (void)event_add(waits->tick, &interval);
	return 0;
}

int wait_look(struct waits *waits, struct wait *wait)
{
	int r = wait_begin(waits, wait, clock_mono_ms() + LOOK_MS);
	if (r < 0) return r;
	wait->once = true;
	db_wake_now(&waits->wake);
	return 0;
}

void wait_cancel(struct wait *wait)
{
	wait->deadline_ms = 0;
}

void waits_hurry(struct waits *waits)
{
	LIST_EACH(&waits->list, node)
	{
		CONTAINER_OF(node, struct wait, node)->deadline_ms = 0;
	}
}

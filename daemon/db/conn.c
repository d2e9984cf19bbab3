/* One connection's life: which host, resolving, connecting, set-up, loss and the way back. */
#include <arpa/inet.h>
#include <event2/dns.h>
#include <event2/event.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/log.h"
#include "db/pool_private.h"

/* Judging, settings and preparing of all tables. */
#define SETUP_TIMEOUT_MS 5000
#define LOOKUP_ADDRESSES_MAX 8

static void conn_open(struct db_conn *conn);
static void conn_start(struct db_conn *conn, const char *address);

/* A name being looked up. evdns calls back also after a cancel, maybe when the connection has gone on: then conn is
 * NULL. */
struct conn_lookup {
	struct db_conn *conn;
	struct evdns_getaddrinfo_request *request;
};

static void timer_set(struct db_conn *conn, int64_t ms)
{
	struct timeval after = {.tv_sec = ms / 1000, .tv_usec = (ms % 1000) * 1000};
	event_add(conn->timer, &after);
}

void db_conn_move(struct db_conn *conn, enum conn_state state)
{
	struct db_pool *pool = conn->pool;
	bool was_up = pool->ready > 0;
	if (conn->state == CONN_READY) pool->ready--;
	list_remove(&conn->node);
	conn->state = state;
	list_append(&pool->conn_lists[state], &conn->node);
	if (state == CONN_READY) {
		pool->ready++;
		pool->host_good = conn->host;
		pool->stats.connects++;
		conn->tried = 0;
		conn->retry_ms = DB_RETRY_MIN_MS;
		conn->complained = pool->schema_told = false;
		event_del(conn->timer);
		db_pool_turn_soon(pool);
	}
	bool up = pool->ready > 0;
	if (up == was_up) return;
	log_line(up ? LOG_INFO : LOG_WARN, up ? "the database is there" : "the database is lost");
	if (pool->conf.changed != NULL) pool->conf.changed(pool->conf.ctx, up);
}

void db_conn_complain(struct db_conn *conn, const char *what, const char *detail)
{
	/* Once per outage, not once per attempt. */
	if (conn->complained) return;
	conn->complained = true;
	int len = (int)strcspn(detail, "\n");
	const struct db_host *host = &conn->pool->hosts.list[conn->host];
	log_line(LOG_WARN, "database host \"%s\" port %s: %s%s%.*s", host->name != NULL ? host->name : "local",
		host->port != NULL ? host->port : "default", what, len > 0 ? ": " : "", len, detail);
}

static void lookup_drop(struct db_conn *conn)
{
	if (conn->lookup == NULL) return;
	conn->lookup->conn = NULL;
	if (conn->lookup->request != NULL) evdns_getaddrinfo_cancel(conn->lookup->request);
	conn->lookup = NULL;
}

static void conn_close(struct db_conn *conn)
{
	lookup_drop(conn);
	event_del(conn->timer);
	if (conn->io != NULL) event_free(conn->io);
	if (conn->writer != NULL) event_free(conn->writer);
	conn->io = conn->writer = NULL;
	if (conn->pg == NULL) return;
	/* PQfinish would try once more to send what is left in the buffer, and that may be a Sync whose batch is about
	 * to be called not sent. */
	int fd = PQsocket(conn->pg);
	if (fd >= 0 && conn->flying_count > 0) shutdown(fd, SHUT_RDWR);
	PQfinish(conn->pg);
	conn->pg = NULL;
}

/* The endings of what flew. What the server certainly did not commit is RETRYABLE, all else is UNKNOWN. */
static void flying_end(struct db_conn *conn, const char *reason)
{
	bool first = true, nothing = conn->fatal;
	LIST_EACH(&conn->flying, node)
	{
		struct db_batch *batch = CONTAINER_OF(node, struct db_batch, node);
		if (first && batch->error != NULL) /* Its transaction was refused before the connection went. */
			db_batch_end(batch, conn, db_ending_of(PQresultErrorField(batch->error, PG_DIAG_SQLSTATE)), "");
		else
			db_batch_end(batch, conn, nothing || !batch->sync_left ? DB_RETRYABLE : DB_UNKNOWN, reason);
		first = false;
	}
	assert(conn->flying_count == 0);
}

/* The host did not serve: the next one at once, or after all of them a pause with decorrelated jitter. */
static void conn_next(struct db_conn *conn)
{
	struct db_pool *pool = conn->pool;
	conn->host = (conn->host + 1) % pool->hosts.count;
	db_conn_move(conn, CONN_WAITING);
	if (++conn->tried < pool->hosts.count) {
		timer_set(conn, 0);
		return;
	}
	conn->tried = 0;
	conn->retry_ms = db_jitter(DB_RETRY_MIN_MS, 3 * conn->retry_ms);
	if (conn->retry_ms > DB_RETRY_MAX_MS) conn->retry_ms = DB_RETRY_MAX_MS;
	timer_set(conn, conn->retry_ms);
}

static void conn_fail(struct db_conn *conn, const char *what)
{
	db_conn_complain(conn, what, conn->pg != NULL ? PQerrorMessage(conn->pg) : "");
	conn->pool->stats.connect_failures++;
	conn_close(conn);
	conn_next(conn);
}

void db_conn_lose(struct db_conn *conn, const char *reason)
{
	CHECK_MAGIC(conn, CONN_MAGIC);
	if (conn->state != CONN_READY) {
		conn_fail(conn, "cannot be used");
		return;
	}
	struct db_pool *pool = conn->pool;
	pool->stats.losses++;
	db_conn_complain(conn, reason, PQerrorMessage(conn->pg));
	conn_close(conn);
	flying_end(conn, reason);
	db_conn_move(conn, CONN_WAITING);
	/* A server that lost its role is left; else the same host first. A little jitter, so that all processes do not
	 * come back in one moment. */
	if (conn->stale) pool->host_good = (conn->host + 1) % pool->hosts.count;
	conn->tried = 0;
	conn->retry_ms = db_jitter(DB_RETRY_MIN_MS, 3 * DB_RETRY_MIN_MS);
	timer_set(conn, conn->retry_ms);
}

static void on_readable(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd, (void)what;
	struct db_conn *conn = ctx;
	CHECK_MAGIC(conn, CONN_MAGIC);
	if (!db_pipeline_read(conn)) db_conn_lose(conn, conn->stale ? "the session is stale" : "connection lost");
	db_pool_turn_soon(conn->pool);
}

static void on_writable(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd, (void)what;
	struct db_conn *conn = ctx;
	CHECK_MAGIC(conn, CONN_MAGIC);
	if (!db_pipeline_flush(conn)) db_conn_lose(conn, "connection lost");
}

static void conn_connected(struct db_conn *conn)
{
	struct db_pool *pool = conn->pool;
	db_conn_move(conn, CONN_PREPARING);
	conn->io = event_new(pool->loop, PQsocket(conn->pg), EV_READ | EV_PERSIST, on_readable, conn);
	conn->writer = event_new(pool->loop, PQsocket(conn->pg), EV_WRITE, on_writable, conn);
	if (conn->io == NULL || conn->writer == NULL || event_add(conn->io, NULL) < 0 || !db_pipeline_prepare(conn) ||
		!db_pipeline_flush(conn)) {
		conn_fail(conn, "cannot be prepared");
		return;
	}
	timer_set(conn, SETUP_TIMEOUT_MS);
}

static void on_poll(evutil_socket_t fd, short what, void *ctx);

/* libpq may have changed its socket: the event is made anew each time. */
static void poll_again(struct db_conn *conn, PostgresPollingStatusType want)
{
	if (conn->io != NULL) event_free(conn->io);
	conn->io = NULL;
	if (want == PGRES_POLLING_FAILED) {
		conn_fail(conn, "cannot connect");
	} else if (want == PGRES_POLLING_OK) {
		conn_connected(conn);
	} else {
		short interest = want == PGRES_POLLING_READING ? EV_READ : EV_WRITE;
		conn->io = event_new(conn->pool->loop, PQsocket(conn->pg), interest, on_poll, conn);
		if (conn->io == NULL || event_add(conn->io, NULL) < 0) conn_fail(conn, "cannot be watched");
	}
}

static void on_poll(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd, (void)what;
	struct db_conn *conn = ctx;
	CHECK_MAGIC(conn, CONN_MAGIC);
	poll_again(conn, PQconnectPoll(conn->pg));
}

/* Connects to the current host; address: numeric, of a name that was looked up. */
static void conn_start(struct db_conn *conn, const char *address)
{
	struct db_pool *pool = conn->pool;
	db_conn_move(conn, CONN_CONNECTING);
	conn->pg = db_host_connect(&pool->hosts, &pool->hosts.list[conn->host], address);
	if (conn->pg != NULL) PQsetNoticeReceiver(conn->pg, db_pipeline_notice, conn);
	if (conn->pg == NULL || PQstatus(conn->pg) == CONNECTION_BAD)
		conn_fail(conn, "cannot connect");
	else
		poll_again(conn, PGRES_POLLING_WRITING);
}

/* One of the addresses, another at each attempt. */
static bool address_text(struct evutil_addrinfo *addresses, unsigned attempt, char text[INET6_ADDRSTRLEN])
{
	const struct evutil_addrinfo *list[LOOKUP_ADDRESSES_MAX];
	unsigned count = 0;
	for (struct evutil_addrinfo *a = addresses; a != NULL && count < LOOKUP_ADDRESSES_MAX; a = a->ai_next)
		if (a->ai_family == AF_INET || a->ai_family == AF_INET6) list[count++] = a;
	if (count == 0) return false;
	const struct evutil_addrinfo *chosen = list[attempt % count];
	return getnameinfo(chosen->ai_addr, (socklen_t)chosen->ai_addrlen, text, INET6_ADDRSTRLEN, NULL, 0,
		       NI_NUMERICHOST) == 0;
}

static void on_lookup(int result, struct evutil_addrinfo *addresses, void *ctx)
{
	struct conn_lookup *lookup = ctx;
	struct db_conn *conn = lookup->conn;
	char text[INET6_ADDRSTRLEN];
	bool found = conn != NULL && result == 0 && address_text(addresses, conn->attempts, text);
	mem_free(lookup);
	if (addresses != NULL) evutil_freeaddrinfo(addresses);
	if (conn == NULL) return;
	conn->lookup = NULL;
	if (found)
		conn_start(conn, text);
	else
		conn_fail(conn, "its name cannot be resolved");
}

static void conn_resolve(struct db_conn *conn)
{
	struct db_pool *pool = conn->pool;
	struct evutil_addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
	db_conn_move(conn, CONN_RESOLVING);
	if (pool->dns == NULL)
		pool->dns = evdns_base_new(
			pool->loop, EVDNS_BASE_INITIALIZE_NAMESERVERS | EVDNS_BASE_DISABLE_WHEN_INACTIVE);
	struct conn_lookup *lookup = pool->dns == NULL ? NULL : mem_alloc(sizeof(*lookup));
	if (lookup == NULL) {
		conn_fail(conn, "no resolver");
		return;
	}
	lookup->conn = conn;
	conn->lookup = lookup;
	/* NULL: on_lookup has been called already, and lookup is gone. */
	struct evdns_getaddrinfo_request *request =
		evdns_getaddrinfo(pool->dns, pool->hosts.list[conn->host].name, NULL, &hints, on_lookup, lookup);
	if (request != NULL) lookup->request = request;
}

static void conn_open(struct db_conn *conn)
{
	conn->attempts++;
	timer_set(conn, DB_HOST_TIMEOUT_MS);
	if (db_host_is_name(&conn->pool->hosts.list[conn->host]))
		conn_resolve(conn);
	else
		conn_start(conn, NULL);
}

static void on_timer(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd, (void)what;
	struct db_conn *conn = ctx;
	CHECK_MAGIC(conn, CONN_MAGIC);
	switch (conn->state) {
	case CONN_WAITING:
		if (conn->tried == 0) conn->host = conn->pool->host_good;
		conn_open(conn);
		break;
	case CONN_RESOLVING:
	case CONN_CONNECTING:
	case CONN_PREPARING:
		conn_fail(conn, "does not answer in time");
		break;
	case CONN_READY:
	case CONN_STATES:
		assert(!"a ready connection has no timer");
	}
}

int db_conn_init(struct db_conn *conn, struct db_pool *pool)
{
	conn->magic = CONN_MAGIC;
	conn->pool = pool;
	conn->retry_ms = DB_RETRY_MIN_MS;
	list_init(&conn->node);
	list_init(&conn->flying);
	conn->timer = event_new(pool->loop, -1, 0, on_timer, conn);
	if (conn->timer == NULL) return err_set(ERR_NOMEM, "no memory for a database connection");
	conn->state = CONN_WAITING;
	list_append(&pool->conn_lists[CONN_WAITING], &conn->node);
	timer_set(conn, 0);
	return 0;
}

void db_conn_stop(struct db_conn *conn)
{
	if (conn->timer == NULL) return;
	conn_close(conn);
	flying_end(conn, "closing");
	event_free(conn->timer);
	conn->timer = NULL;
	conn->magic = 0;
}

/* Faults between us and PostgreSQL: a proxy that cuts at the Sync, hosts that are dead, mute or read-only, a failover,
 * a standby that does not confirm. */
#include "test_db_items.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/un.h>

/* What the proxy does with the next Sync of a client after its mode was set. The cutting modes act once. */
enum proxy_mode {
	PROXY_PASS,
	PROXY_CUT_AFTER,  /* forward it, wait for PostgreSQL's answer, cut without passing that on */
	PROXY_CUT_BEFORE, /* cut instead of forwarding it */
	PROXY_STALL,      /* read nothing from clients */
	PROXY_CUT_ALL,    /* cut every connection */
};

#define PROXY_PAIRS 8

struct pair_state {
	int client, server;  /* -1: free */
	size_t message_left; /* bytes left of the client's current message */
	uint8_t header[5];   /* of the next message */
	size_t header_len;
	bool started; /* the start-up message, which has no type byte, is through */
};

struct proxy {
	int listener;
	uint16_t port;
	char target[96];
	atomic_int mode, cuts, connects;
	atomic_bool stop;
	pthread_t thread;
	struct pair_state pairs[PROXY_PAIRS];
};

static void pair_close(struct pair_state *pair)
{
	close(pair->client);
	close(pair->server);
	*pair = (struct pair_state){.client = -1, .server = -1};
}

static void write_all(int fd, const uint8_t *ptr, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, ptr, len, MSG_NOSIGNAL);
		if (n <= 0) return;
		ptr += n;
		len -= (size_t)n;
	}
}

/* Where in these bytes of the client the first Sync starts and ends; false: none ends here. */
static bool find_sync(struct pair_state *pair, const uint8_t *ptr, size_t len, size_t *ret_start, size_t *ret_end)
{
	for (size_t i = 0; i < len;) {
		if (pair->message_left > 0) {
			size_t step = pair->message_left < len - i ? pair->message_left : len - i;
			pair->message_left -= step;
			i += step;
			continue;
		}
		pair->header[pair->header_len++] = ptr[i++];
		size_t need = pair->started ? 5 : 4;
		if (pair->header_len < need) continue;
		const uint8_t *word = pair->header + need - 4;
		pair->message_left =
			((size_t)word[0] << 24 | (size_t)word[1] << 16 | (size_t)word[2] << 8 | word[3]) - 4;
		bool sync = pair->started && pair->header[0] == 'S';
		pair->started = true;
		pair->header_len = 0;
		if (!sync) continue;
		*ret_end = i;
		*ret_start = i >= 5 ? i - 5 : 0;
		return true;
	}
	return false;
}

/* Reads PostgreSQL's answer up to its ReadyForQuery and throws it away. */
static void swallow_answer(int server)
{
	uint8_t buf[65536], tail[6] = {0};
	for (;;) {
		ssize_t n = recv(server, buf, sizeof(buf), 0);
		if (n <= 0) return;
		for (ssize_t i = 0; i < n; i++) {
			memmove(tail, tail + 1, 5);
			tail[5] = buf[i];
		}
		if (memcmp(tail, "Z\0\0\0\5", 5) == 0) return;
	}
}

static void from_client(struct proxy *proxy, struct pair_state *pair)
{
	uint8_t buf[65536];
	ssize_t n = recv(pair->client, buf, sizeof(buf), 0);
	if (n <= 0) {
		pair_close(pair);
		return;
	}
	size_t start, end, from = 0, len = (size_t)n;
	while (find_sync(pair, buf + from, len - from, &start, &end)) {
		int mode = atomic_load(&proxy->mode);
		if (mode != PROXY_CUT_AFTER && mode != PROXY_CUT_BEFORE) {
			write_all(pair->server, buf + from, end);
			from += end;
			continue;
		}
		write_all(pair->server, buf + from, mode == PROXY_CUT_AFTER ? end : start);
		if (mode == PROXY_CUT_AFTER) swallow_answer(pair->server);
		atomic_store(&proxy->mode, PROXY_PASS);
		atomic_fetch_add(&proxy->cuts, 1);
		pair_close(pair);
		return;
	}
	write_all(pair->server, buf + from, len - from);
}

static void from_server(struct pair_state *pair)
{
	uint8_t buf[65536];
	ssize_t n = recv(pair->server, buf, sizeof(buf), 0);
	if (n <= 0)
		pair_close(pair);
	else
		write_all(pair->client, buf, (size_t)n);
}

static void proxy_accept(struct proxy *proxy)
{
	int client = accept(proxy->listener, NULL, NULL);
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	memcpy(address.sun_path, proxy->target, sizeof(proxy->target));
	for (size_t i = 0; i < PROXY_PAIRS; i++) {
		struct pair_state *pair = &proxy->pairs[i];
		if (pair->client >= 0) continue;
		pair->client = client;
		pair->server = socket(AF_UNIX, SOCK_STREAM, 0);
		atomic_fetch_add(&proxy->connects, 1);
		if (connect(pair->server, (struct sockaddr *)&address, sizeof(address)) != 0) pair_close(pair);
		return;
	}
	close(client);
}

static void *proxy_run(void *ctx)
{
	struct proxy *proxy = ctx;
	while (!atomic_load(&proxy->stop)) {
		struct pollfd fds[1 + 2 * PROXY_PAIRS];
		int mode = atomic_load(&proxy->mode);
		fds[0] = (struct pollfd){.fd = proxy->listener, .events = POLLIN};
		for (size_t i = 0; i < PROXY_PAIRS; i++) {
			struct pair_state *pair = &proxy->pairs[i];
			if (mode == PROXY_CUT_ALL && pair->client >= 0) pair_close(pair);
			fds[1 + 2 * i] =
				(struct pollfd){.fd = mode == PROXY_STALL ? -1 : pair->client, .events = POLLIN};
			fds[2 + 2 * i] = (struct pollfd){.fd = pair->server, .events = POLLIN};
		}
		if (mode == PROXY_CUT_ALL) {
			atomic_store(&proxy->mode, PROXY_PASS);
			continue;
		}
		poll(fds, ARRAY_LEN(fds), 5);
		for (size_t i = 0; i < PROXY_PAIRS; i++) {
			struct pair_state *pair = &proxy->pairs[i];
			if (pair->client >= 0 && fds[1 + 2 * i].revents != 0) from_client(proxy, pair);
			if (pair->client >= 0 && fds[2 + 2 * i].revents != 0) from_server(pair);
		}
		if (fds[0].revents != 0) proxy_accept(proxy);
	}
	return NULL;
}

/* conninfo for the way through the proxy; host: "127.0.0.1", or a name for it. */
static struct proxy *proxy_start(const char *host, char conninfo[200])
{
	struct proxy *proxy = calloc(1, sizeof(*proxy));
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	for (size_t i = 0; i < PROXY_PAIRS; i++) proxy->pairs[i].client = proxy->pairs[i].server = -1;
	snprintf(proxy->target, sizeof(proxy->target), "%s/.s.PGSQL.5432", fix.dir);
	proxy->listener = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(proxy->listener, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(proxy->listener, 16), 0);
	assert_int_equal(getsockname(proxy->listener, (struct sockaddr *)&address, &len), 0);
	proxy->port = ntohs(address.sin_port);
	snprintf(conninfo, 200, "host=%s port=%u user=postgres dbname=postgres sslmode=disable", host, proxy->port);
	assert_int_equal(pthread_create(&proxy->thread, NULL, proxy_run, proxy), 0);
	return proxy;
}

static void proxy_stop(struct proxy *proxy)
{
	atomic_store(&proxy->stop, true);
	pthread_join(proxy->thread, NULL);
	for (size_t i = 0; i < PROXY_PAIRS; i++)
		if (proxy->pairs[i].client >= 0) pair_close(&proxy->pairs[i]);
	close(proxy->listener);
	free(proxy);
}

static int suite_start(void **state)
{
	(void)state;
	return fixture_start("test-db-faults", item_schema);
}

static int suite_stop(void **state)
{
	(void)state;
	return fixture_stop();
}

static struct db_batch *insert_batch(struct db_pool *pool, int64_t id)
{
	struct db_batch *batch;
	struct item item = {.id = id, .note = "x"};
	void *items[] = {&item};
	assert_int_equal(db_batch_new(pool, &batch), 0);
	item_fill(batch, ITEM_INSERT, items, 1);
	return batch;
}

static void run_batch(struct db_batch *batch, struct ended *ended)
{
	ended->calls = 0;
	assert_int_equal(db_batch_run(batch, 0, on_end, ended), 0);
	LOOP_UNTIL(ended->calls == 1, 8000);
}

/* Cut around the Sync, with and without PostgreSQL having got it: we cannot tell, so both are UNKNOWN, and the same
 * batch again leaves one row in both cases. */
static void test_cut_at_sync(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	static const enum proxy_mode modes[] = {PROXY_CUT_AFTER, PROXY_CUT_BEFORE};
	char conninfo[200];
	struct proxy *proxy = proxy_start("127.0.0.1", conninfo);
	struct db_pool *pool = ITEM_POOL(.connections = 1, .conninfo = conninfo);
	LOOP_UNTIL(db_pool_up(pool), 3000);
	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		admin("truncate item, item_log");
		struct ended ended = {0};
		struct db_batch *batch = insert_batch(pool, 1);
		LOOP_UNTIL(db_pool_up(pool), 3000);
		atomic_store(&proxy->mode, modes[i]);
		run_batch(batch, &ended);
		assert_int_equal(ended.ending, DB_UNKNOWN);
		/* The server's side of a cut connection may take a moment to be rolled back. */
		assert_int_equal(admin_int("select count(*) from item"), modes[i] == PROXY_CUT_AFTER);
		run_batch(batch, &ended);
		assert_int_equal(ended.ending, DB_COMMITTED);
		assert_int_equal(ended.first, modes[i] == PROXY_CUT_AFTER ? -1 : 1);
		assert_int_equal(admin_int("select count(*) from item_log"), 1);
		db_batch_free(batch);
	}
	assert_int_equal(atomic_load(&proxy->cuts), 2);
	db_pool_free(pool);
	proxy_stop(proxy);
}

/* The Sync cannot have left: most of the batch is still in our buffer when the connection dies. */
static void test_cut_before_sent(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	enum { BLOB = 1 << 20, BLOBS = 40 };
	char conninfo[200];
	struct proxy *proxy = proxy_start("127.0.0.1", conninfo);
	struct db_pool *pool = ITEM_POOL(.connections = 1, .conninfo = conninfo);
	struct ended ended = {0};
	struct db_batch *batch;
	uint8_t *blob = calloc(1, BLOB);
	assert_int_equal(db_batch_new(pool, &batch), 0);
	struct db_array *blobs =
		db_params_array(db_batch_add(batch, &item_sql[ITEM_BLOB]), DB_BYTEA, BLOBS, BLOB * BLOBS);
	for (int i = 0; i < BLOBS; i++) db_array_bytes(blobs, (struct bytes){blob, BLOB});
	free(blob);
	LOOP_UNTIL(db_pool_up(pool), 3000);
	atomic_store(&proxy->mode, PROXY_STALL);
	assert_int_equal(db_batch_run(batch, 0, on_end, &ended), 0);
	int64_t until_ms = clock_mono_ms() + 300;
	LOOP_UNTIL(clock_mono_ms() > until_ms, 1000);
	assert_int_equal(ended.calls, 0);
	assert_int_equal(db_pool_running(pool), 1);
	atomic_store(&proxy->mode, PROXY_CUT_ALL);
	LOOP_UNTIL(ended.calls == 1, 3000);
	assert_int_equal(ended.ending, DB_RETRYABLE);
	assert_int_equal(admin_int("select count(*) from blob"), 0);
	run_batch(batch, &ended);
	assert_int_equal(ended.ending, DB_COMMITTED);
	assert_int_equal(admin_int("select count(*) from blob"), BLOBS);
	/* The same stall, given up by the deadline: the rest must not leave while the connection is closed. */
	atomic_store(&proxy->mode, PROXY_STALL);
	ended.calls = 0;
	assert_int_equal(db_batch_run(batch, clock_mono_ms() + 200, on_end, &ended), 0);
	LOOP_UNTIL(ended.calls == 1, 3000);
	assert_int_equal(ended.ending, DB_RETRYABLE);
	atomic_store(&proxy->mode, PROXY_PASS);
	LOOP_UNTIL(db_pool_up(pool), 8000);
	assert_int_equal(admin_int("select count(*) from blob"), BLOBS);
	db_batch_free(batch);
	db_pool_free(pool);
	proxy_stop(proxy);
}

/* The group resolves the unknown by itself. */
static void test_group_through_cuts(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	enum { ROUNDS = 20, PER_ROUND = 100 };
	admin("truncate item, item_log");
	char conninfo[200];
	struct proxy *proxy = proxy_start("127.0.0.1", conninfo);
	struct db_pool *pool = ITEM_POOL(.connections = 2, .conninfo = conninfo);
	struct tally tally = {0};
	struct item *items = calloc(ROUNDS * PER_ROUND, sizeof(*items));
	item_group(pool, &tally, (struct db_group_conf){0});
	for (size_t round = 0; round < ROUNDS; round++) {
		LOOP_UNTIL(db_pool_up(pool), 8000);
		atomic_store(&proxy->mode, round % 2 ? PROXY_CUT_AFTER : PROXY_CUT_BEFORE);
		for (size_t i = round * PER_ROUND; i < (round + 1) * PER_ROUND; i++)
			item_submit(&tally, &items[i], (int64_t)i, "x");
		LOOP_UNTIL(tally.ended == (round + 1) * PER_ROUND, 8000);
	}
	assert_int_equal(tally.committed, ROUNDS * PER_ROUND);
	assert_int_equal(admin_int("select count(*) from item_log"), ROUNDS * PER_ROUND);
	assert_int_equal(admin_int("select count(distinct id) from item_log"), ROUNDS * PER_ROUND);
	assert_true(db_group_stats(tally.group).unknowns >= ROUNDS / 2);
	db_group_free(tally.group);
	db_pool_free(pool);
	proxy_stop(proxy);
	free(items);
}

struct updown {
	int ups, downs;
};

static void on_changed(void *ctx, bool up)
{
	struct updown *updown = ctx;
	if (up)
		updown->ups++;
	else
		updown->downs++;
}

static void test_stop_and_start(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	struct updown updown = {0};
	struct ended ended = {0};
	struct db_pool *pool = ITEM_POOL(.connections = 2, .changed = on_changed, .ctx = &updown);
	struct db_batch *batch = insert_batch(pool, 77);
	LOOP_UNTIL(db_pool_ready(pool) == 2, 3000);
	db_sync_close(fix.admin);
	assert_int_equal(pg_cluster("stop", fix.dir, ""), 0);
	LOOP_UNTIL(!db_pool_up(pool), 3000);
	assert_int_equal(updown.downs, 1);
	/* Waits for the server to come back. */
	assert_int_equal(db_batch_run(batch, 0, on_end, &ended), 0);
	assert_int_equal(pg_cluster("start", fix.dir, ""), 0);
	LOOP_UNTIL(ended.calls == 1, 8000);
	assert_int_equal(ended.ending, DB_COMMITTED);
	assert_int_equal(updown.ups, 2);
	assert_int_equal(db_sync_open(fix.conninfo, "admin", &fix.admin), 0);
	db_batch_free(batch);
	db_pool_free(pool);
}

/* A host that is nobody, one that accepts and says nothing, and a name that evdns finds in the hosts file. */
static void test_dead_hosts(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	char conninfo[300], direct[200];
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	int mute = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(mute, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(mute, 4), 0);
	assert_int_equal(getsockname(mute, (struct sockaddr *)&address, &len), 0);
	struct proxy *proxy = proxy_start("localhost", direct);
	snprintf(conninfo, sizeof(conninfo),
		"host=/tmp/zf-nowhere,127.0.0.1,localhost port=1,%u,%u user=postgres dbname=postgres sslmode=disable",
		ntohs(address.sin_port), proxy->port);
	int64_t start_ms = clock_mono_ms();
	struct db_pool *pool = ITEM_POOL(.connections = 1, .conninfo = conninfo);
	LOOP_UNTIL(db_pool_up(pool), 9000);
	/* The mute one costs its two seconds; a name may first give the address that nobody listens at. */
	assert_in_range(clock_mono_ms() - start_ms, DB_HOST_TIMEOUT_MS - 50, 2 * DB_HOST_TIMEOUT_MS + 1500);
	/* After a loss the good host comes first. */
	start_ms = clock_mono_ms();
	atomic_store(&proxy->mode, PROXY_CUT_ALL);
	LOOP_UNTIL(!db_pool_up(pool), 3000);
	LOOP_UNTIL(db_pool_up(pool), 9000);
	assert_true(clock_mono_ms() - start_ms < DB_HOST_TIMEOUT_MS);
	db_pool_free(pool);
	proxy_stop(proxy);
	close(mute);
}

/* Two servers: the first is read-only, then they change roles while we work. */
static void test_failover(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	char dir[64], conninfo[300], other[160];
	struct db_sync *second;
	assert_int_equal(pg_cluster_start("test-db-second", dir, other), 0);
	assert_int_equal(db_sync_open(other, "admin", &second), 0);
	assert_int_equal(db_sync_script(second, item_schema), 0);
	assert_int_equal(db_sync_script(second, "alter system set default_transaction_read_only = on"), 0);
	assert_int_equal(db_sync_script(second, "select pg_reload_conf()"), 0);
	snprintf(conninfo, sizeof(conninfo), "host=%s,%s user=postgres dbname=postgres", dir, fix.dir);
	admin("truncate item, item_log");
	struct db_pool *pool = ITEM_POOL(.connections = 2, .conninfo = conninfo);
	struct ended ended = {0};
	struct db_batch *batch = insert_batch(pool, 5);
	run_batch(batch, &ended);
	assert_int_equal(ended.ending, DB_COMMITTED);
	assert_int_equal(admin_int("select count(*) from item"), 1);
	/* The roles change under our sessions. */
	LOOP_UNTIL(db_pool_ready(pool) == 2, 3000);
	admin("alter system set default_transaction_read_only = on");
	admin("select pg_reload_conf()");
	assert_int_equal(db_sync_script(second, "set default_transaction_read_only = off"), 0);
	assert_int_equal(db_sync_script(second, "alter system reset default_transaction_read_only"), 0);
	assert_int_equal(db_sync_script(second, "select pg_reload_conf()"), 0);
	usleep(100000);
	int64_t end_ms = clock_mono_ms() + 8000;
	do {
		run_batch(batch, &ended);
	} while (ended.ending == DB_RETRYABLE && clock_mono_ms() < end_ms);
	assert_int_equal(ended.ending, DB_COMMITTED);
	struct pg_result *rows;
	assert_int_equal(db_sync_query(second, "select count(*) from item", NULL, &rows), 0);
	assert_int_equal(db_rows_int(rows, 0, 0), 1);
	db_sync_rows_free(rows);
	admin("alter system reset default_transaction_read_only");
	admin("select pg_reload_conf()");
	db_batch_free(batch);
	db_pool_free(pool);
	db_sync_close(second);
	assert_int_equal(pg_cluster("destroy", dir, ""), 0);
}

static int64_t waiting_for_standby(void)
{
	return admin_int("select count(*) from pg_stat_activity where wait_event = 'SyncRep'");
}

/* The standby does not confirm: UNKNOWN, although the Sync was answered. And the run after that may not say committed
 * just because it found nothing left to write. */
static void test_standby(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	admin("truncate item, item_log");
	struct db_pool *pool = ITEM_POOL(.connections = 1);
	struct ended ended = {0};
	struct db_batch *batch = insert_batch(pool, 9);
	LOOP_UNTIL(db_pool_up(pool), 3000);
	admin("set synchronous_commit = local");
	admin("alter system set synchronous_standby_names = 'nobody'");
	admin("select pg_reload_conf()");
	usleep(200000);
	assert_int_equal(db_batch_run(batch, 0, on_end, &ended), 0);
	LOOP_UNTIL(waiting_for_standby() == 1, 3000);
	assert_int_equal(ended.calls, 0);
	admin("select pg_cancel_backend(pid) from pg_stat_activity where wait_event = 'SyncRep'");
	LOOP_UNTIL(ended.calls == 1, 3000);
	assert_int_equal(ended.ending, DB_UNKNOWN);
	assert_int_equal(admin_int("select count(*) from item"), 1);
	assert_int_equal(db_batch_run(batch, 0, on_end, &ended), 0);
	LOOP_UNTIL(waiting_for_standby() == 1, 3000);
	int64_t until_ms = clock_mono_ms() + 300;
	LOOP_UNTIL(clock_mono_ms() > until_ms, 1000);
	assert_int_equal(ended.calls, 1);
	admin("alter system reset synchronous_standby_names");
	admin("select pg_reload_conf()");
	LOOP_UNTIL(ended.calls == 2, 3000);
	assert_int_equal(ended.ending, DB_COMMITTED);
	assert_int_equal(admin_int("select count(*) from item_log"), 1);
	db_batch_free(batch);
	db_pool_free(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cut_at_sync),
		cmocka_unit_test(test_cut_before_sent),
		cmocka_unit_test(test_group_through_cuts),
		cmocka_unit_test(test_stop_and_start),
		cmocka_unit_test(test_dead_hosts),
		cmocka_unit_test(test_failover),
		cmocka_unit_test(test_standby),
	};
	return cmocka_run_group_tests_name("db_faults", tests, suite_start, suite_stop);
}

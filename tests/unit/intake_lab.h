/* A laboratory for intake: a private PostgreSQL with the schema, certificates, two hospitals and an insurer, the role
 * in a process of its own, and hospitals' systems as blocking clients. */
#ifndef TESTS_UNIT_INTAKE_LAB_H
#define TESTS_UNIT_INTAKE_LAB_H

#include <arpa/inet.h>
#include <event2/event.h>
#include <fcntl.h>
#include <glob.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/log.h"
#include "db/sync.h"
#include "intake/intake.h"
#include "model/config.h"
#include "model/reload.h"
#include "pg_cluster.h"

#define LAB_TIMEOUT_MS 90000
#define LAB_BODY_MAX 2000000

/* Which allocation of the role is to fail at the next signal, and what came of it. */
struct lab_memory {
	atomic_int toggles;   /* how often failing memory was switched */
	atomic_long at;       /* mem_fail_at; -1: none */
	atomic_bool once;     /* it alone */
	atomic_long failures; /* allocations that failed until it was switched off */
	atomic_bool reload;   /* it is to fail at the next reload, from the role's part on */
	atomic_bool reading;  /* or already in the reading of the files */
	atomic_int reloads;   /* how often the process was told to reload */
};

struct lab {
	char cluster[64], conninfo[160];
	char dir[64];
	char config[128];
	struct db_sync *admin;
	struct lab_memory *memory; /* shared with the role */
	int listener, port;
	pid_t pid;
	bool absent; /* no PostgreSQL here */
};
static struct lab lab;

#define LAB_NEEDED()                                                                                                   \
	do {                                                                                                           \
		if (lab.absent) {                                                                                      \
			print_message("skipped: PostgreSQL 15 is not installed\n");                                    \
			skip();                                                                                        \
		}                                                                                                      \
	} while (0)

static inline void lab_sql(const char *sql)
{
	if (db_sync_script(lab.admin, sql) < 0) fail_msg("%s: %s", sql, err_text());
}

static inline int64_t lab_number(const char *sql)
{
	struct pg_result *rows = NULL;
	if (db_sync_query(lab.admin, sql, NULL, &rows) < 0) fail_msg("%s: %s", sql, err_text());
	int64_t value = db_rows_count(rows) == 0 ? -1 : db_rows_int(rows, 0, 0);
	db_sync_rows_free(rows);
	return value;
}

static inline char *lab_read(const char *path)
{
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	char *text = calloc(1, 1 << 20);
	size_t len = fread(text, 1, (1 << 20) - 1, file);
	assert_true(len < (1 << 20) - 1);
	(void)fclose(file);
	return text;
}

static inline void lab_write(const char *name, const char *fmt, ...) PRINTF_LIKE(2, 3);
static inline void lab_write(const char *name, const char *fmt, ...)
{
	char path[160];
	va_list args;
	(void)snprintf(path, sizeof(path), "%s/%s", lab.dir, name);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	va_start(args, fmt);
	(void)vfprintf(file, fmt, args);
	va_end(args);
	(void)fclose(file);
	(void)chmod(path, 0600);
}

static inline const char *lab_path(const char *name)
{
	static char paths[8][192];
	static unsigned next;
	char *path = paths[next++ % 8];
	(void)snprintf(path, 192, "%s/%s", lab.dir, name);
	return path;
}

/* ---- set-up ---- */

static inline void lab_migrate(void)
{
	glob_t files;
	assert_int_equal(glob("schema/0*.sql", 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		char *sql = lab_read(files.gl_pathv[i]);
		lab_sql("begin; set search_path = public");
		if (db_sync_script(lab.admin, sql) < 0) fail_msg("%s: %s", files.gl_pathv[i], err_text());
		lab_sql("commit");
		free(sql);
	}
	globfree(&files);
}

static inline void lab_fingerprint(const char *certificate, char hex[65])
{
	char line[320];
	(void)snprintf(line, sizeof(line), "openssl x509 -in '%s' -outform DER | sha256sum", lab_path(certificate));
	FILE *pipe = popen(line, "r");
	assert_non_null(pipe);
	assert_int_equal(fread(hex, 1, 64, pipe), 64);
	hex[64] = '\0';
	(void)pclose(pipe);
}

/* The public half of a P-256 key as a JWK set. */
static inline void lab_jwks(const char *key, const char *name)
{
	char line[400];
	(void)snprintf(line, sizeof(line),
		"p=$(openssl pkey -in '%s' -pubout -outform DER | tail -c 64 | base64 -w0 | tr -d =); "
		"x=$(openssl pkey -in '%s' -pubout -outform DER | tail -c 64 | head -c 32 | base64 -w0 | tr '+/' '-_' | tr -d =); "
		"echo $x",
		lab_path(key), lab_path(key));
	char x[64] = "", y[64] = "";
	FILE *pipe = popen(line, "r");
	assert_non_null(pipe);
	assert_non_null(fgets(x, sizeof(x), pipe));
	(void)pclose(pipe);
	(void)snprintf(line, sizeof(line),
		"openssl pkey -in '%s' -pubout -outform DER | tail -c 32 | base64 -w0 | tr '+/' '-_' | tr -d =",
		lab_path(key));
	pipe = popen(line, "r");
	assert_non_null(pipe);
	assert_non_null(fgets(y, sizeof(y), pipe));
	(void)pclose(pipe);
	x[strcspn(x, "\n")] = y[strcspn(y, "\n")] = '\0';
	lab_write(name,
		"{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"k\",\"use\":\"sig\",\"x\":\"%s\",\"y\":\"%s\"}]}",
		x, y);
}

static inline void lab_configure(void)
{
	char hex[65], other[65];
	(void)mkdir(lab_path("hospitals.d"), 0700);
	(void)mkdir(lab_path("insurers.d"), 0700);
	lab_fingerprint("client.pem", hex);
	lab_fingerprint("client2.pem", other);
	lab_jwks("client.key", "jwks.json");
	lab_write("hospitals.d/one.conf",
		"id = \"019ab2c4-5a00-7000-8000-000000000001\"; code = \"HZ1\"; name = \"One\"; zone = \"Asia/Shanghai\";\n"
		"book_currency = \"CNY\"; identifiers = ( { system = \"urn:h\"; value = \"1\"; } );\n"
		"clients = ( { id = \"his\"; certificates = [ \"%s\" ]; jwks_file = \"%s/jwks.json\";\n"
		"  scopes = [ \"submit\", \"read\", \"consent\", \"cancel\" ]; } );\n",
		hex, lab.dir);
	lab_write("hospitals.d/two.conf",
		"id = \"019ab2c4-5a00-7000-8000-000000000002\"; code = \"HZ2\"; name = \"Two\"; zone = \"Europe/Berlin\";\n"
		"book_currency = \"EUR\"; identifiers = ( { system = \"urn:h\"; value = \"2\"; } );\n"
		"clients = ( { id = \"two\"; certificates = [ \"%s\" ]; scopes = [ \"submit\" ]; } );\n",
		other);
	lab_write("insurers.d/alpha.conf",
		"name = \"Alpha\"; module = \"fhir\"; names = [ \"Alpha\" ]; wait_max_s = 10; allowed_fields = \"*\";\n"
		"payer_identifiers = ( { system = \"urn:payer\"; value = \"A\"; } );\n"
		"endpoints = ( { name = \"fhir\"; url = \"https://localhost:9/fhir\"; ca_file = "
		"\"%s/ca.pem\"; } );\n",
		lab.dir);
	char text[4096];
	size_t len = 0;
	static const char *const roles[] = {"intake", "translate", "dispatch", "settle", "ctl"};
	for (size_t i = 0; i < ARRAY_LEN(roles); i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
			"database_%s = \"host=%s dbname=postgres user=%s%s\";\n", roles[i], lab.cluster,
			i < 4 ? "zhifu_" : "postgres", i < 4 ? roles[i] : "");
	lab_write("zhifud.conf",
		"listen = [\"127.0.0.1:%d\"]; base_url = \"https://localhost:%d\";\ntls_certificate = \"%s/server.pem\"; tls_key = "
		"\"%s/server.key\"; tls_client_ca = \"%s/ca.pem\";\nkey_file = \"%s/keys\"; hospitals_dir = \"%s/hospitals.d\"; "
		"insurers_dir = \"%s/insurers.d\";\nadapters_dir = \"/tmp\"; poll_ms = 100; body_bytes_max "
		"= %d; cpu_threads = 1;\n%s",
		lab.port, lab.port, lab.dir, lab.dir, lab.dir, lab.dir, lab.dir, lab.dir, LAB_BODY_MAX, text);
}

static inline void lab_listen(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	lab.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(lab.listener >= 0);
	assert_int_equal(bind(lab.listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(lab.listener, 512), 0);
	assert_int_equal(getsockname(lab.listener, (struct sockaddr *)&address, &len), 0);
	lab.port = ntohs(address.sin_port);
}

/* ---- the role's process ---- */

struct lab_worker {
	struct worker worker;
	void *state;
	struct reload reload;
};

static inline void lab_drained(struct worker *worker)
{
	(void)event_base_loopexit(worker->base, NULL);
}

static inline void lab_heartbeat(struct worker *worker)
{
	(void)worker;
}

static inline void lab_on_term(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd, (void)what;
	struct lab_worker *process = ctx;
	intake_role.drain(process->state);
}

/* The role's own part of a reload is what a test's failing allocations are counted in, or, where it asks for that, the
 * reading before it too. */
static inline void lab_memory_fails(void)
{
	if (atomic_exchange(&lab.memory->reload, false))
		mem_fail_at(atomic_load(&lab.memory->at), atomic_load(&lab.memory->once));
}

static inline int lab_role_reload(void *state)
{
	lab_memory_fails();
	return intake_role.reload(state);
}

static inline void lab_reloaded(bool good)
{
	if (!good) exit(4);
	atomic_store(&lab.memory->failures, mem_failures());
	(void)atomic_fetch_add(&lab.memory->reloads, 1);
}

static inline void lab_on_hup(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd, (void)what;
	struct lab_worker *process = ctx;
	if (atomic_load(&lab.memory->reading)) lab_memory_fails();
	lab_reloaded(reload_begin(&process->reload));
}

static inline void lab_on_tick(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd, (void)what;
	struct lab_worker *process = ctx;
	if (!reload_tick(&process->reload)) exit(4);
}

static inline void lab_on_usr1(evutil_socket_t fd, short what, void *ctx)
{
	struct lab_memory *memory = lab.memory;
	(void)fd, (void)what, (void)ctx;
	if (atomic_load(&memory->at) >= 0) {
		mem_fail_at(atomic_load(&memory->at), atomic_load(&memory->once));
	} else {
		atomic_store(&memory->failures, mem_failures());
		mem_fail_after(-1);
	}
	(void)atomic_fetch_add(&memory->toggles, 1);
}

static inline void lab_serve(int ready_fd)
{
	struct lab_worker process = {.state = NULL};
	struct worker *worker = &process.worker;
	struct role role = intake_role;
	struct config *config = NULL;
	int listeners[] = {lab.listener, -1};
	log_init(2, "intake", LOG_INFO);
	if (config_load(lab.config, &config) < 0) exit(3);
	role.reload = lab_role_reload;
	reload_open(&process.reload, worker, &role, config);
	worker->base = event_base_new();
	if (worker->base == NULL || metrics_new(&worker->metrics) < 0) exit(3);
	worker->role = "intake";
	worker->listen_fds = listeners;
	worker->drained = lab_drained;
	worker->heartbeat = lab_heartbeat;
	struct event *term = evsignal_new(worker->base, SIGTERM, lab_on_term, &process);
	struct event *hup = evsignal_new(worker->base, SIGHUP, lab_on_hup, &process);
	struct event *usr1 = evsignal_new(worker->base, SIGUSR1, lab_on_usr1, NULL);
	struct event *tick = event_new(worker->base, -1, EV_PERSIST, lab_on_tick, &process);
	if (event_add(term, NULL) != 0 || event_add(hup, NULL) != 0 || event_add(usr1, NULL) != 0 ||
		event_add(tick, &(struct timeval){.tv_usec = 50000}) != 0)
		exit(3);
	if (intake_role.start(worker, &process.state) < 0) {
		log_line(LOG_ERROR, "%s", err_text());
		exit(3);
	}
	process.reload.state = process.state;
	while (!intake_role.ready(process.state)) (void)event_base_loop(worker->base, EVLOOP_ONCE);
	if (write(ready_fd, "1", 1) != 1) exit(3);
	(void)close(ready_fd);
	(void)event_base_dispatch(worker->base);
	intake_role.stop(process.state);
	event_free(term);
	event_free(hup);
	event_free(usr1);
	event_free(tick);
	metrics_free(worker->metrics);
	event_base_free(worker->base);
	reload_close(&process.reload);
	exit(0);
}

/* Lets the role's n-th allocation from now on fail, alone or with all behind it, or, with -1, none any more; waits
 * until the role has seen it: two signals in a row may become one. */
static inline void lab_fail_memory(long n, bool once)
{
	int before = atomic_load(&lab.memory->toggles);
	atomic_store(&lab.memory->at, n);
	atomic_store(&lab.memory->once, once);
	assert_int_equal(kill(lab.pid, SIGUSR1), 0);
	for (int i = 0; atomic_load(&lab.memory->toggles) == before; i++) {
		assert_true(i < LAB_TIMEOUT_MS);
		(void)poll(NULL, 0, 1);
	}
}

static inline void lab_spawn(void)
{
	int pipe_fds[2];
	char byte;
	assert_int_equal(pipe(pipe_fds), 0);
	lab.pid = fork();
	assert_true(lab.pid >= 0);
	if (lab.pid == 0) {
		int log_fd = open(lab_path("log"), O_CREAT | O_APPEND | O_WRONLY, 0600);
		(void)dup2(log_fd, 2);
		(void)close(pipe_fds[0]);
		lab_serve(pipe_fds[1]);
	}
	(void)close(pipe_fds[1]);
	struct pollfd ready = {pipe_fds[0], POLLIN, 0};
	assert_int_equal(poll(&ready, 1, LAB_TIMEOUT_MS), 1);
	if (read(pipe_fds[0], &byte, 1) != 1) {
		char *log = lab_read(lab_path("log"));
		print_message("%s\n", log);
		fail_msg("the role did not start");
	}
	(void)close(pipe_fds[0]);
}

/* Ends the role as the supervisor does; it must end by itself and without a complaint. */
static inline void lab_drain(void)
{
	int status = 0;
	assert_int_equal(kill(lab.pid, SIGTERM), 0);
	assert_int_equal(waitpid(lab.pid, &status, 0), lab.pid);
	lab.pid = 0;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		char *log = lab_read(lab_path("log"));
		print_message("%s\n", log);
		free(log);
		fail_msg("the role ended with %d", status);
	}
}

static inline int lab_start(void **state)
{
	(void)state;
	char line[512], keys[128];
	int status = pg_cluster_start("test-intake", lab.cluster, lab.conninfo);
	if (status == PG_CLUSTER_MISSING) {
		lab.absent = true;
		return 0;
	}
	assert_int_equal(status, 0);
	log_init(2, "test", LOG_ERROR);
	(void)snprintf(lab.dir, sizeof(lab.dir), "/tmp/zf-intake-lab-XXXXXX");
	assert_non_null(mkdtemp(lab.dir));
	(void)snprintf(line, sizeof(line),
		"conf/pki %s >/dev/null && conf/pki %s client client2 && conf/pki %s client client3", lab.dir, lab.dir,
		lab.dir);
	assert_int_equal(system(line), 0);
	assert_int_equal(db_sync_open(lab.conninfo, "test", &lab.admin), 0);
	lab.memory = mmap(NULL, sizeof(*lab.memory), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(lab.memory, MAP_FAILED);
	lab_migrate();
	lab_listen();
	lab_configure();
	(void)snprintf(keys, sizeof(keys), "%s/keys", lab.dir);
	(void)snprintf(lab.config, sizeof(lab.config), "%s/zhifud.conf", lab.dir);
	assert_int_equal(keyring_create(keys), 0);
	lab_spawn();
	return 0;
}

static inline int lab_stop(void **state)
{
	(void)state;
	if (lab.absent) return 0;
	char line[160];
	if (lab.pid > 0) lab_drain();
	(void)close(lab.listener);
	db_sync_close(lab.admin);
	(void)snprintf(line, sizeof(line), "rm -rf '%s'", lab.dir);
	assert_int_equal(system(line), 0);
	return pg_cluster("destroy", lab.cluster, "");
}

/* ---- a hospital's system ---- */

struct caller {
	SSL_CTX *ctx;
	SSL *ssl;
	int fd;
};

struct reply {
	int status;
	char *text; /* head and body */
	const char *body;
};

/* name: "client", "client2", ... or NULL: without a certificate. */
static inline struct caller caller_open(const char *name)
{
	struct caller client = {.ctx = SSL_CTX_new(TLS_client_method())};
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct timeval limit = {.tv_sec = LAB_TIMEOUT_MS / 1000};
	int one = 1;
	char file[64];
	address.sin_port = htons((uint16_t)lab.port);
	if (name != NULL) {
		(void)snprintf(file, sizeof(file), "%s.pem", name);
		assert_int_equal(SSL_CTX_use_certificate_file(client.ctx, lab_path(file), SSL_FILETYPE_PEM), 1);
		(void)snprintf(file, sizeof(file), "%s.key", name);
		assert_int_equal(SSL_CTX_use_PrivateKey_file(client.ctx, lab_path(file), SSL_FILETYPE_PEM), 1);
	}
	assert_int_equal(SSL_CTX_load_verify_file(client.ctx, lab_path("ca.pem")), 1);
	SSL_CTX_set_verify(client.ctx, SSL_VERIFY_PEER, NULL);
	client.fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(client.fd, (struct sockaddr *)&address, sizeof(address)), 0);
	(void)setsockopt(client.fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	(void)setsockopt(client.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	client.ssl = SSL_new(client.ctx);
	assert_int_equal(SSL_set_fd(client.ssl, client.fd), 1);
	assert_int_equal(SSL_connect(client.ssl), 1);
	return client;
}

static inline void caller_close(struct caller *client)
{
	SSL_free(client->ssl);
	SSL_CTX_free(client->ctx);
	(void)close(client->fd);
}

static inline void caller_send(
	struct caller *client, const char *method, const char *path, const char *headers, const char *body)
{
	size_t len = body == NULL ? 0 : strlen(body);
	char *text = malloc(len + 2048);
	bool typed = headers != NULL && strcasestr(headers, "content-type:") != NULL;
	int n = snprintf(text, 2048, "%s %s HTTP/1.1\r\nHost: localhost\r\n%s%s", method, path,
		headers == NULL ? "" : headers, len == 0 || typed ? "" : "Content-Type: application/fhir+json\r\n");
	n += sprintf(text + n, "Content-Length: %zu\r\n\r\n", len);
	if (len > 0) memcpy(text + n, body, len);
	assert_int_equal(SSL_write(client->ssl, text, (int)(len + (size_t)n)), (int)(len + (size_t)n));
	free(text);
}

static inline struct reply caller_receive(struct caller *client)
{
	size_t cap = 1 << 22, len = 0;
	struct reply reply = {.text = calloc(1, cap)};
	for (;;) {
		int n = SSL_read(client->ssl, reply.text + len, (int)(cap - len - 1));
		if (n <= 0) break;
		len += (size_t)n;
		char *end = strstr(reply.text, "\r\n\r\n");
		if (end == NULL) continue;
		char *field = strcasestr(reply.text, "content-length:");
		size_t body = field == NULL || field > end ? 0 : strtoul(field + 15, NULL, 10);
		reply.body = end + 4;
		if (len >= (size_t)(reply.body - reply.text) + body) break;
	}
	assert_non_null(reply.body);
	reply.status = atoi(reply.text + 9);
	return reply;
}

static inline struct reply caller_call(
	struct caller *client, const char *method, const char *path, const char *headers, const char *body)
{
	caller_send(client, method, path, headers, body);
	return caller_receive(client);
}

static inline void reply_free(struct reply *reply)
{
	free(reply->text);
	*reply = (struct reply){.status = 0};
}

#define EXPECT(reply, wanted)                                                                                          \
	do {                                                                                                           \
		if ((reply).status != (wanted))                                                                        \
			fail_msg("%d instead of %d: %.2000s", (reply).status, wanted, (reply).text);                   \
	} while (0)
#define EXPECT_TEXT(reply, part)                                                                                       \
	do {                                                                                                           \
		if (strstr((reply).text, part) == NULL) fail_msg("no %s in %.3000s", part, (reply).text);              \
	} while (0)

/* The id in the Location of an answer. */
static inline void reply_id(const struct reply *reply, const char *type, char id[37])
{
	char prefix[64];
	(void)snprintf(prefix, sizeof(prefix), "/fhir/%s/", type);
	const char *at = strstr(reply->text, prefix);
	assert_non_null(at);
	memcpy(id, at + strlen(prefix), 36);
	id[36] = '\0';
}

/* ---- claims ---- */

/* What the tests vary; NULL or 0: a default. */
struct claim_spec {
	const char *number; /* the bill's identifier; "" leaves it out */
	const char *person; /* the patient's record number */
	const char *day;
	const char *payor;
	const char *total;
	const char *extra; /* further members, with a comma behind */
};

/* A claim of one line. The caller frees it. */
static inline char *claim_text(struct claim_spec spec)
{
	char *text = malloc(8192);
	char identifier[200] = "";
	if (spec.number == NULL) spec.number = "B1";
	if (spec.number[0] != '\0')
		(void)snprintf(identifier, sizeof(identifier),
			"\"identifier\":[{\"system\":\"urn:bill\",\"value\":\"%s\"}],", spec.number);
	const char *total = spec.total == NULL ? "100.00" : spec.total;
	const char *day = spec.day == NULL ? "2026-10-17" : spec.day;
	(void)snprintf(text, 8192,
		"{\"resourceType\":\"Claim\",%s%s\"status\":\"active\",\"type\":{\"coding\":[{\"system\":"
		"\"http://terminology.hl7.org/CodeSystem/claim-type\",\"code\":\"professional\"}]},\"use\":\"claim\","
		"\"contained\":[{\"resourceType\":\"Patient\",\"id\":\"p\",\"identifier\":[{\"system\":\"urn:mrn\",\"value\":\"%s\"}],"
		"\"name\":[{\"family\":\"Geheimnis\"}]}],\"patient\":{\"reference\":\"#p\"},\"created\":\"2026-10-18\","
		"\"billablePeriod\":{\"start\":\"%s\",\"end\":\"%s\"},\"provider\":{\"display\":\"One\"},\"priority\":{\"coding\":[{\"code\":"
		"\"normal\"}]},\"insurance\":[{\"sequence\":1,\"focal\":true,\"coverage\":{\"display\":\"%s\"}}],\"item\":[{\"sequence\":1,"
		"\"productOrService\":{\"text\":\"visit\"},\"servicedDate\":\"%s\",\"net\":{\"value\":%s,\"currency\":\"CNY\"}}],"
		"\"total\":{\"value\":%s,\"currency\":\"CNY\"}}",
		identifier, spec.extra == NULL ? "" : spec.extra, spec.person == NULL ? "M1" : spec.person, day, day,
		spec.payor == NULL ? "Alpha" : spec.payor, day, total, total);
	return text;
}
#define CLAIM(...) claim_text((struct claim_spec){__VA_ARGS__})

static inline struct reply claim_send(struct caller *client, const char *path, const char *headers, char *text)
{
	struct reply reply = caller_call(client, "POST", path, headers, text);
	free(text);
	return reply;
}

/* A Bundle of these claims, which it frees, each to be posted; more: further entries, with a comma before. */
static inline char *bundle_of(const char *type, char *const *claims, size_t count, const char *more)
{
	char *text = malloc(count * 8192 + 4096);
	int n = sprintf(text, "{\"resourceType\":\"Bundle\",\"type\":\"%s\",\"entry\":[", type);
	for (size_t i = 0; i < count; i++) {
		n += sprintf(text + n, "%s{\"resource\":%s,\"request\":{\"method\":\"POST\",\"url\":\"Claim\"}}",
			i > 0 ? "," : "", claims[i]);
		free(claims[i]);
	}
	(void)sprintf(text + n, "%s]}", more == NULL ? "" : more);
	return text;
}

static inline size_t count_text(const char *text, const char *part)
{
	size_t count = 0;
	for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part)) count++;
	return count;
}

/* Puts an insurer's answer to the one claim of that day into the database as translate and settle do. */
static inline void lab_decide(const char *day, const char *answer)
{
	struct keyring *ring = NULL;
	struct sealer *sealer = NULL;
	struct pg_result *rows = NULL;
	struct arena arena CLEANUP(arena_free);
	struct key hospital_key, patient_key;
	struct bytes sealed, plain;
	char sql[1024];
	arena_init(&arena, 1 << 22);
	assert_int_equal(keyring_load(lab_path("keys"), false, &ring), 0);
	assert_int_equal(sealer_new(&sealer), 0);
	(void)snprintf(sql, sizeof(sql),
		"select c.hospital_id, c.claim_id, c.patient_key_id, h.wrapped, p.wrapped, c.content from zhifu.claim c join "
		"zhifu.hospital_key h using (hospital_id) join zhifu.patient_key p using (hospital_id, patient_key_id) where service_day = "
		"'%s'",
		day);
	assert_int_equal(db_sync_query(lab.admin, sql, NULL, &rows), 0);
	assert_int_equal(db_rows_count(rows), 1);
	struct uuid hospital = db_rows_uuid(rows, 0, 0), claim = db_rows_uuid(rows, 0, 1),
		    key_id = db_rows_uuid(rows, 0, 2);
	struct bytes wrapped = db_rows_bytes(rows, 0, 3), inner = db_rows_bytes(rows, 0, 4);
	assert_int_equal(key_unwrap_master(ring, &hospital, wrapped.ptr, wrapped.len, &hospital_key), 0);
	assert_int_equal(key_unwrap(&hospital_key, &key_id, inner.ptr, inner.len, &patient_key), 0);
	/* What is kept of the claim: a Bundle with the claim in front, as it came. */
	assert_int_equal(
		seal_open(sealer, &patient_key, &claim, SEAL_CLAIM, db_rows_bytes(rows, 0, 5), 1 << 20, &arena, &plain),
		0);
	static const char begin[] =
		"{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":[{\"resource\":{\"resourceType\":\"Claim\"";
	assert_memory_equal(plain.ptr, begin, sizeof(begin) - 1);
	assert_non_null(memmem(plain.ptr, plain.len, "Geheimnis", 9));
	struct uuid id = uuid_new();
	assert_int_equal(seal(sealer, &patient_key, &id, SEAL_FACT,
				 (struct bytes){(const uint8_t *)answer, strlen(answer)}, &arena, &sealed),
		0);
	struct db_params params;
	db_params_init(&params, &arena);
	db_params_uuid(&params, &hospital);
	db_params_uuid(&params, &id);
	db_params_uuid(&params, &claim);
	db_params_bytes(&params, sealed);
	assert_int_equal(
		db_sync_query(lab.admin,
			"insert into zhifu.adjudication (hospital_id, adjudication_id, claim_id, insurer, outcome, currency, exponent, "
			"submitted_minor, benefit_minor, patient_minor, contract_minor, open_minor, content) values ($1::uuid, $2::uuid, "
			"$3::uuid, 'alpha', 2, 'CNY', 2, 1, 1, 0, 0, 0, $4::bytea)",
			&params, NULL),
		0);
	(void)snprintf(sql, sizeof(sql),
		"update zhifu.claim_state set adjudication = 3 where claim_id in (select claim_id from zhifu.claim where service_day = "
		"'%s'); notify zhifu, 'settled'",
		day);
	lab_sql(sql);
	db_sync_rows_free(rows);
	sealer_free(sealer);
	keyring_free(ring);
}

/* A permit for payment; status "active" or another; number: its identifier. All are literals. */
#define CONSENT(person, status, number)                                                                                                  \
	"{\"resourceType\":\"Consent\",\"identifier\":[{\"system\":\"urn:c\",\"value\":\"" number                                        \
	"\"}],\"status\":\"" status                                                                                                      \
	"\",\"scope\":{\"coding\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/consentscope\",\"code\":"                         \
	"\"patient-privacy\"}]},\"category\":[{\"text\":\"c\"}],\"patient\":{\"identifier\":{\"system\":\"urn:mrn\",\"value\":\"" person \
	"\"}},\"dateTime\":\"2026-10-01\",\"policyRule\":{\"text\":\"p\"},\"provision\":{\"type\":\"permit\",\"period\":{"               \
	"\"start\":\"2026-01-01\",\"end\":\"2027-01-01\"},\"actor\":[{\"role\":{\"coding\":[{\"system\":"                                \
	"\"http://terminology.hl7.org/CodeSystem/v3-ParticipationType\",\"code\":\"IRCP\"}]},\"reference\":{\"identifier\":"             \
	"{\"system\":\"urn:payer\",\"value\":\"A\"}}}],\"purpose\":[{\"system\":"                                                        \
	"\"http://terminology.hl7.org/CodeSystem/v3-ActReason\",\"code\":\"HPAYMT\"}]}}"

#endif

/* The load generator: N keep-alive connections, over TLS or plain, each with one request under way, in one thread.
 * What it sends is made before the clock starts; a request costs it a copy, two counters, and the encryption.
 *
 *   bench_load --port N [--ca FILE --clients FILE | --plain] [--tokens FILE] [--connections N]
 *              [--milliseconds N | --count N] [--persons N] [--start N] [--turn N] [--post claim|consent] [--minimal]
 *   bench_load --port N --ca FILE --clients FILE --connections N [--count N] --idle
 *
 * --clients: a line per client, the PEM file of its certificate and key. Connection c begins as client c and after
 * --turn requests comes back as client c + connections, so few connections can serve many hospitals.
 * --tokens: a line per bearer token; they take turns from request to request.
 * --start: the first value of the counter that makes every claim another one: runs must not overlap.
 * --idle: opens the connections, sends --count requests if there are any, prints "ready", and holds the connections
 * until its input ends.
 * Prints one JSON line. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"
#include "claim.h"

#define CONNECTIONS_MAX 4096
#define CLIENTS_MAX 1024
#define PERSONS_MAX 20000
#define REQUEST_BYTES_MAX 8192
#define RESPONSE_BYTES_MAX 65536
#define BROKEN_MAX 1000
#define GRACE_US 30000000 /* for the answers that are under way when the time is over */
#define EVENTS 256

enum state { CLOSED, CONNECTING, SHAKING, IDLE, WRITING, READING };

struct connection {
	enum state state;
	int fd;
	SSL *ssl;
	unsigned number, client, served; /* served: since it was opened */
	bool wants_write;
	int64_t sent_us;
	size_t out_len, out_done, in_len;
	char out[REQUEST_BYTES_MAX];
	char in[RESPONSE_BYTES_MAX];
};

struct options {
	uint16_t port;
	const char *ca, *clients, *tokens;
	bool plain, idle, minimal, consents;
	unsigned connections, persons, turn;
	int64_t duration_us;
	uint64_t start, count;
};

static struct {
	struct options options;
	int epoll;
	SSL_CTX *contexts[CLIENTS_MAX];
	size_t context_count;
	char *tokens[CLIENTS_MAX];
	size_t token_count;
	struct claim_text *claims; /* one per person */
	struct connection *connections;
	bool running; /* the clock has started */
	bool over;
	unsigned ready, flying;
	unsigned turn; /* the next connection to send, before holding them all */
	int64_t started_us, ended_us;
	uint64_t sent, answered, broken, opened;
	uint64_t statuses[600];
	struct bench_spread spread;
} load;

static void connection_open(struct connection *connection);

static void connection_break(struct connection *connection, const char *why)
{
	if (++load.broken > BROKEN_MAX) bench_fail("too many broken connections, the last: %s", why);
	if (load.broken == 1) (void)fprintf(stderr, "broken connection: %s\n", why);
	if (connection->state == WRITING || connection->state == READING) load.flying--;
	SSL_free(connection->ssl);
	close(connection->fd);
	connection->state = CLOSED;
	if (!load.over) connection_open(connection);
}

static void connection_watch(struct connection *connection, bool wants_write, int operation)
{
	struct epoll_event event = {.events = EPOLLIN | (wants_write ? EPOLLOUT : 0), .data.ptr = connection};

	if (operation == EPOLL_CTL_MOD && wants_write == connection->wants_write) return;
	connection->wants_write = wants_write;
	if (epoll_ctl(load.epoll, operation, connection->fd, &event) != 0) bench_fail("epoll: %s", strerror(errno));
}

static void connection_open(struct connection *connection)
{
	const struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_port = htons(load.options.port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int one = 1;

	connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (connection->fd < 0) bench_fail("no socket: %s", strerror(errno));
	(void)setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(connection->fd, (const struct sockaddr *)&address, sizeof(address)) != 0 && errno != EINPROGRESS)
		bench_fail("could not connect to port %u: %s", load.options.port, strerror(errno));
	connection->ssl = NULL;
	connection->state = CONNECTING;
	connection->served = 0;
	load.opened++;
	if (!load.options.plain) {
		connection->ssl = SSL_new(load.contexts[connection->client % load.context_count]);
		if (connection->ssl == NULL || SSL_set_fd(connection->ssl, connection->fd) != 1 ||
			SSL_set1_host(connection->ssl, "localhost") != 1 ||
			SSL_set_tlsext_host_name(connection->ssl, "localhost") != 1)
			bench_fail("no TLS");
		SSL_set_connect_state(connection->ssl);
	}
	connection_watch(connection, true, EPOLL_CTL_ADD);
}

/* Moves bytes; returns how many, 0 for "wait" (the watch is set), -1 when the connection broke (and is replaced). */
static int connection_move(struct connection *connection, bool writing, char *bytes, size_t len)
{
	int n, error;

	if (connection->ssl == NULL) {
		n = (int)(writing ? send(connection->fd, bytes, len, MSG_NOSIGNAL)
				  : recv(connection->fd, bytes, len, 0));
		if (n > 0) return n;
		if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
			connection_watch(connection, writing, EPOLL_CTL_MOD);
			return 0;
		}
		connection_break(connection, n == 0 ? "closed by the server" : strerror(errno));
		return -1;
	}
	ERR_clear_error();
	n = writing ? SSL_write(connection->ssl, bytes, (int)len) : SSL_read(connection->ssl, bytes, (int)len);
	if (n > 0) return n;
	error = SSL_get_error(connection->ssl, n);
	if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
		connection_watch(connection, error == SSL_ERROR_WANT_WRITE, EPOLL_CTL_MOD);
		return 0;
	}
	connection_break(connection, error == SSL_ERROR_ZERO_RETURN ? "closed by the server" : "TLS error");
	return -1;
}

/* Every hospital has patients of its own; all of them together are as many as one hospital alone would have. */
static unsigned person_of(const struct connection *connection, uint64_t counter)
{
	unsigned hospitals = load.context_count > 1 ? (unsigned)load.context_count : 1;
	unsigned share = load.options.persons / hospitals;

	if (share == 0) share = 1;
	return (unsigned)(connection->client % hospitals * share + counter % share) % load.options.persons;
}

static void request_make(struct connection *connection)
{
	uint64_t counter = load.options.start + load.sent;
	struct claim_text *claim = &load.claims[person_of(connection, counter)];
	char token[4096] = "";
	char *body;
	int n;

	if (load.token_count > 0)
		(void)snprintf(token, sizeof(token), "Authorization: Bearer %s\r\n",
			load.tokens[load.sent % load.token_count]);
	n = snprintf(connection->out, sizeof(connection->out),
		"POST /fhir/%s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/fhir+json\r\n%s%s"
		"Content-Length: %zu\r\n\r\n",
		load.options.consents ? "Consent" : "Claim", load.options.minimal ? "Prefer: return=minimal\r\n" : "",
		token, claim->len);
	if (n <= 0 || (size_t)n + claim->len > sizeof(connection->out)) bench_fail("a request has too many bytes");
	body = connection->out + n;
	memcpy(body, claim->text, claim->len);
	if (!load.options.consents) {
		claim_counter_set(body + claim->number_at, counter);
		claim_counter_set(body + claim->code_at, counter);
	}
	connection->out_len = (size_t)n + claim->len;
	connection->out_done = 0;
}

static bool load_done(void)
{
	if (load.options.count > 0) return load.sent >= load.options.count;
	return bench_now_us() - load.started_us >= load.options.duration_us;
}

static void request_write(struct connection *connection)
{
	while (connection->out_done < connection->out_len) {
		int n = connection_move(connection, true, connection->out + connection->out_done,
			connection->out_len - connection->out_done);

		if (n <= 0) return;
		connection->out_done += (size_t)n;
	}
	connection->state = READING;
	connection->in_len = 0;
	connection_watch(connection, false, EPOLL_CTL_MOD);
}

static void request_begin(struct connection *connection)
{
	connection->state = IDLE;
	if (load_done()) load.over = true;
	if (load.over) return;
	if (load.options.turn > 0 && connection->served >= load.options.turn) {
		if (connection->ssl != NULL) (void)SSL_shutdown(connection->ssl);
		SSL_free(connection->ssl);
		close(connection->fd);
		connection->client += load.options.connections;
		connection_open(connection);
		return;
	}
	request_make(connection);
	load.sent++;
	load.flying++;
	connection->state = WRITING;
	connection->sent_us = bench_now_us();
	request_write(connection);
}

/* The connection goes on; before holding them all, each has its turn, a few at a time. */
static void request_next(struct connection *connection)
{
	if (!load.options.idle)
		request_begin(connection);
	else if (load.turn < load.options.connections)
		request_begin(&load.connections[load.turn++]);
}

/* The length of the whole answer once its head is there, else 0; -1 when it is none. */
static long response_len(const struct connection *connection, int *ret_status)
{
	const char *end = memmem(connection->in, connection->in_len, "\r\n\r\n", 4);
	const char *field = connection->in;
	size_t head;

	if (end == NULL) return connection->in_len == sizeof(connection->in) ? -1 : 0;
	head = (size_t)(end - connection->in) + 4;
	if (connection->in_len < 12 || memcmp(connection->in, "HTTP/1.1 ", 9) != 0) return -1;
	*ret_status = atoi(connection->in + 9);
	while ((field = memchr(field, '\n', (size_t)(end + 2 - field))) != NULL && ++field < end) {
		if (strncasecmp(field, "content-length:", 15) == 0) return (long)head + atol(field + 15);
	}
	return *ret_status == 204 || *ret_status == 304 ? (long)head : -1;
}

static void response_read(struct connection *connection)
{
	for (;;) {
		int status = 0;
		long whole;
		int n = connection_move(connection, false, connection->in + connection->in_len,
			sizeof(connection->in) - connection->in_len);

		if (n <= 0) return;
		connection->in_len += (size_t)n;
		whole = response_len(connection, &status);
		if (whole < 0 || (size_t)whole > sizeof(connection->in) || status < 100 || status > 599)
			bench_fail("no answer that can be read: %.*s", (int)connection->in_len, connection->in);
		if (whole == 0 || connection->in_len < (size_t)whole) continue;
		load.ended_us = bench_now_us();
		bench_spread_add(&load.spread, load.ended_us - connection->sent_us);
		if ((status < 200 || status > 299) && load.statuses[status] == 0)
			(void)fprintf(stderr, "first %d: %.*s\n", status, (int)connection->in_len, connection->in);
		load.statuses[status]++;
		load.answered++;
		load.flying--;
		connection->served++;
		connection->state = IDLE;
		request_next(connection);
		return;
	}
}

static void handshake_go_on(struct connection *connection)
{
	if (connection->ssl != NULL) {
		int n, error;

		ERR_clear_error();
		n = SSL_do_handshake(connection->ssl);
		error = n == 1 ? 0 : SSL_get_error(connection->ssl, n);
		if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
			connection->state = SHAKING;
			connection_watch(connection, error == SSL_ERROR_WANT_WRITE, EPOLL_CTL_MOD);
			return;
		}
		if (error != 0) {
			if (!load.running)
				bench_fail("handshake failed: %s", ERR_reason_error_string(ERR_peek_last_error()));
			connection_break(connection, "handshake failed");
			return;
		}
	}
	connection->state = IDLE;
	connection_watch(connection, false, EPOLL_CTL_MOD);
	if (load.running)
		request_begin(connection);
	else
		load.ready++;
}

static void connection_event(struct connection *connection)
{
	int error = 0;
	socklen_t len = sizeof(error);

	switch (connection->state) {
	case CONNECTING:
		if (getsockopt(connection->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0 || error != 0)
			bench_fail("could not connect to port %u: %s", load.options.port, strerror(error));
		handshake_go_on(connection);
		break;
	case SHAKING:
		handshake_go_on(connection);
		break;
	case WRITING:
		request_write(connection);
		break;
	case READING:
		response_read(connection);
		break;
	case IDLE: /* session tickets, or the end */
		(void)connection_move(connection, false, connection->in, sizeof(connection->in));
		break;
	default:
		break;
	}
}

static void events_take(void)
{
	struct epoll_event events[EVENTS];
	int n = epoll_wait(load.epoll, events, EVENTS, 1000);

	if (n < 0 && errno != EINTR) bench_fail("epoll: %s", strerror(errno));
	for (int i = 0; i < n; i++) connection_event(events[i].data.ptr);
}

static void connections_open(void)
{
	int64_t until_us = bench_now_us() + GRACE_US;

	load.connections = calloc(load.options.connections, sizeof(*load.connections));
	if (load.connections == NULL) bench_fail("out of memory");
	/* By sixteen: the backlog of the server is not what is measured. */
	for (unsigned i = 0; i < load.options.connections; i++) {
		load.connections[i].number = load.connections[i].client = i;
		connection_open(&load.connections[i]);
		while (i + 1 - load.ready >= 16 || (i + 1 == load.options.connections && load.ready <= i)) {
			events_take();
			if (bench_now_us() > until_us) bench_fail("connections take too long");
		}
	}
}

static void run(void)
{
	int64_t until_us;

	load.running = true;
	load.started_us = load.ended_us = bench_now_us();
	load.turn = load.options.idle && load.options.connections > 16 ? 16 : load.options.connections;
	for (unsigned i = 0, n = load.turn; i < n; i++)
		if (load.connections[i].state == IDLE) request_begin(&load.connections[i]);
	while (!load.over) {
		events_take();
		if (load_done()) load.over = true;
	}
	until_us = bench_now_us() + GRACE_US;
	while (load.flying > 0 && bench_now_us() < until_us) events_take();
}

static void report(void)
{
	double seconds = (double)(load.ended_us - load.started_us) / 1e6;
	uint64_t good = 0;
	const char *comma = "";

	for (int i = 200; i < 300; i++) good += load.statuses[i];
	(void)printf("{\"sent\": %llu, \"good\": %llu, \"unanswered\": %u, \"broken\": %llu, \"opened\": %llu, "
		     "\"seconds\": %.6f, \"rate\": %.1f, \"p50_us\": %lld, \"p99_us\": %lld, \"statuses\": {",
		(unsigned long long)load.sent, (unsigned long long)good, load.flying, (unsigned long long)load.broken,
		(unsigned long long)load.opened, seconds, seconds > 0 ? (double)good / seconds : 0.0,
		(long long)bench_spread_at(&load.spread, 500), (long long)bench_spread_at(&load.spread, 990));
	for (int i = 0; i < 600; i++) {
		if (load.statuses[i] == 0) continue;
		(void)printf("%s\"%d\": %llu", comma, i, (unsigned long long)load.statuses[i]);
		comma = ", ";
	}
	(void)printf("}}\n");
}

/* Keeps the connections open until whoever started us has seen enough. */
static void hold(void)
{
	char byte;

	if (load.broken > 0 || load.statuses[201] != load.answered) bench_fail("not every claim was taken");
	(void)printf("ready\n");
	(void)fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0) continue;
}

/* The lines of a file. */
static size_t lines_read(const char *path, char **ret_lines)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t size = 0, count = 0;
	ssize_t n;

	if (file == NULL) bench_fail("could not read \"%s\": %s", path, strerror(errno));
	while ((n = getline(&line, &size, file)) > 0) {
		if (line[n - 1] == '\n') line[n - 1] = '\0';
		if (line[0] == '\0') continue;
		if (count == CLIENTS_MAX) bench_fail("\"%s\" has too many lines", path);
		ret_lines[count] = strdup(line);
		if (ret_lines[count++] == NULL) bench_fail("out of memory");
	}
	free(line);
	(void)fclose(file);
	if (count == 0) bench_fail("\"%s\" is empty", path);
	return count;
}

static void contexts_make(void)
{
	char *files[CLIENTS_MAX];

	if (load.options.plain) return;
	if (load.options.ca == NULL) bench_fail("--ca is missing");
	load.context_count = 1;
	files[0] = NULL;
	if (load.options.clients != NULL) load.context_count = lines_read(load.options.clients, files);
	for (size_t i = 0; i < load.context_count; i++) {
		SSL_CTX *context = SSL_CTX_new(TLS_client_method());

		if (context == NULL || SSL_CTX_load_verify_locations(context, load.options.ca, NULL) != 1)
			bench_fail("could not read \"%s\"", load.options.ca);
		SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
		SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
		if (files[i] != NULL && (SSL_CTX_use_certificate_chain_file(context, files[i]) != 1 ||
						SSL_CTX_use_PrivateKey_file(context, files[i], SSL_FILETYPE_PEM) != 1))
			bench_fail("could not use \"%s\"", files[i]);
		free(files[i]);
		load.contexts[i] = context;
	}
}

static void bodies_make(void)
{
	load.claims = calloc(load.options.persons, sizeof(*load.claims));
	if (load.claims == NULL) bench_fail("out of memory");
	for (unsigned i = 0; i < load.options.persons; i++) {
		struct claim_text *text = &load.claims[i];

		if (load.options.consents)
			text->len = claim_consent_write(text->text, sizeof(text->text), i);
		else
			claim_write(text, i);
	}
}

enum option_name {
	PORT = 1,
	CA,
	CLIENTS,
	TOKENS,
	PLAIN,
	CONNECTIONS,
	MILLISECONDS,
	COUNT,
	PERSONS,
	START,
	TURN,
	POST,
	MINIMAL,
	HOLD
};

/* An option with a value. */
static void option_take(struct options *options, int name, const char *value)
{
	if (name == PORT)
		options->port = (uint16_t)bench_number("--port", value, 1, 65535);
	else if (name == CA)
		options->ca = value;
	else if (name == CLIENTS)
		options->clients = value;
	else if (name == TOKENS)
		options->tokens = value;
	else if (name == CONNECTIONS)
		options->connections = (unsigned)bench_number("--connections", value, 1, CONNECTIONS_MAX);
	else if (name == MILLISECONDS)
		options->duration_us = bench_number("--milliseconds", value, 1, 600000) * 1000;
	else if (name == COUNT)
		options->count = (uint64_t)bench_number("--count", value, 1, 100000000);
	else if (name == PERSONS)
		options->persons = (unsigned)bench_number("--persons", value, 1, PERSONS_MAX);
	else if (name == START)
		options->start = (uint64_t)bench_number("--start", value, 0, 9000000000);
	else if (name == TURN)
		options->turn = (unsigned)bench_number("--turn", value, 0, 1000000);
	else if (name == POST)
		options->consents = strcmp(value, "consent") == 0;
}

static void options_read(int argc, char **argv, struct options *ret)
{
	static const struct option longs[] = {{"port", required_argument, NULL, PORT},
		{"ca", required_argument, NULL, CA}, {"clients", required_argument, NULL, CLIENTS},
		{"tokens", required_argument, NULL, TOKENS}, {"plain", no_argument, NULL, PLAIN},
		{"connections", required_argument, NULL, CONNECTIONS},
		{"milliseconds", required_argument, NULL, MILLISECONDS}, {"count", required_argument, NULL, COUNT},
		{"persons", required_argument, NULL, PERSONS}, {"start", required_argument, NULL, START},
		{"turn", required_argument, NULL, TURN}, {"post", required_argument, NULL, POST},
		{"minimal", no_argument, NULL, MINIMAL}, {"idle", no_argument, NULL, HOLD}, {NULL, 0, NULL, 0}};
	int c;

	*ret = (struct options){.connections = 64, .persons = 2000, .duration_us = 1000000};
	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == '?') exit(2);
		if (c == PLAIN)
			ret->plain = true;
		else if (c == MINIMAL)
			ret->minimal = true;
		else if (c == HOLD)
			ret->idle = true;
		else
			option_take(ret, c, optarg);
	}
	if (ret->port == 0) bench_fail("--port is missing");
}

int main(int argc, char **argv)
{
	const struct rlimit descriptors = {CONNECTIONS_MAX + 64, CONNECTIONS_MAX + 64};

	options_read(argc, argv, &load.options);
	(void)setrlimit(RLIMIT_NOFILE, &descriptors);
	contexts_make();
	if (load.options.tokens != NULL) load.token_count = lines_read(load.options.tokens, load.tokens);
	bodies_make();
	load.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (load.epoll < 0) bench_fail("epoll: %s", strerror(errno));
	connections_open();
	if (!load.options.idle || load.options.count > 0) run();
	if (load.options.idle)
		hold();
	else
		report();
	return 0;
}

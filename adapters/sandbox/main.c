/* zhifu-payer: plays an insurer from a script, with its faults, for tests and for trying Zhifu out. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "net/tls.h"
#include "sandbox/payer.h"

#define TICK_MS 20
#define SCRIPT_ARENA_BYTES (64u * 1024 * 1024)

struct arguments {
	const char *script;
	const char *listen;
	const char *record;
	bool sample;
};

static int use(void)
{
	(void)fprintf(stderr, "use: zhifu-payer --script FILE [--listen HOST:PORT] [--record FILE] [--no-record]\n"
			      "       zhifu-payer --sample\n");
	return 2;
}

static int read_arguments(int argc, char **argv, struct arguments *arguments)
{
	static const struct option options[] = {{"script", required_argument, NULL, 's'},
		{"listen", required_argument, NULL, 'l'}, {"record", required_argument, NULL, 'r'},
		{"no-record", no_argument, NULL, 'n'}, {"sample", no_argument, NULL, 'x'}, {NULL, 0, NULL, 0}};
	for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		switch (c) {
		case 's':
			arguments->script = optarg;
			break;
		case 'l':
			arguments->listen = optarg;
			break;
		case 'r':
			arguments->record = optarg;
			break;
		case 'n':
			arguments->record = NULL;
			break;
		case 'x':
			arguments->sample = true;
			break;
		default:
			return -1;
		}
	}
	return optind == argc && (arguments->script != NULL || arguments->sample) ? 0 : -1;
}

static int read_host(char *text, struct conf_host *ret)
{
	char *colon = strrchr(text, ':');
	char *end = NULL;
	long port = colon == NULL ? 0 : strtol(colon + 1, &end, 10);
	if (port < 1 || port > 65535 || *end != '\0') return err_set(ERR_INVALID, "\"%s\" is not HOST:PORT", text);
	*colon = '\0';
	if (text[0] == '[' && colon[-1] == ']') {
		colon[-1] = '\0';
		text++;
	}
	*ret = (struct conf_host){text, (uint16_t)port};
	return 0;
}

static int add_listeners(struct payer *payer, const char *listen)
{
	const struct conf_hosts *hosts = &payer->script.listen;
	struct conf_host one;
	char *text = NULL;
	int err = 0;
	if (listen != NULL) {
		text = mem_strdup(listen);
		err = text == NULL ? ERR_NOMEM : read_host(text, &one);
		if (err == 0) err = wire_add(payer->wire, &one, false);
		mem_free(text);
	} else if (hosts->count == 0) {
		err = err_set(ERR_INVALID, "no address to listen on: give listen in the script or --listen");
	}
	for (size_t i = 0; err == 0 && listen == NULL && i < hosts->count; i++) {
		err = wire_add(payer->wire, &hosts->items[i], false);
	}
	const struct conf_hosts *control = &payer->script.control_listen;
	for (size_t i = 0; err == 0 && i < control->count; i++) err = wire_add(payer->wire, &control->items[i], true);
	return err;
}

static int set_up(struct payer *payer, const struct arguments *arguments)
{
	struct tls_server_conf conf = {.cert_file = payer->script.tls_certificate,
		.key_file = payer->script.tls_key,
		.client_ca_file = payer->script.tls_client_ca,
		.client_cert_required = payer->script.tls_client_ca != NULL,
		.expired_allowed = true};
	const struct wire_conf wire = {payer->base, payer_handle, payer_refuse, payer};
	int err = wire_new(&wire, &payer->wire);
	SSL_CTX *tls = NULL;
	if (err == 0 && conf.cert_file != NULL) err = tls_server_new(&conf, &tls);
	if (err != 0) return err;
	wire_tls(payer->wire, tls);
	SSL_CTX_free(tls);
	if (arguments->record != NULL) {
		payer->record = fopen(arguments->record, "ae");
		if (payer->record == NULL) {
			return err_set(ERR_SYS, "could not open \"%s\": %s", arguments->record, strerror(errno));
		}
	}
	return add_listeners(payer, arguments->listen);
}

static void on_tick(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	payer_tick(ctx);
}

static void on_signal(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	struct payer *payer = ctx;
	(void)event_base_loopbreak(payer->base);
}

/* Runs until SIGTERM or SIGINT. */
static int run(struct payer *payer)
{
	struct timeval tick = {.tv_usec = TICK_MS * 1000};
	struct event *events[] = {event_new(payer->base, -1, EV_PERSIST, on_tick, payer),
		evsignal_new(payer->base, SIGTERM, on_signal, payer),
		evsignal_new(payer->base, SIGINT, on_signal, payer)};
	bool made = events[0] != NULL && events[1] != NULL && events[2] != NULL;
	int err = made ? 0 : err_set(ERR_NOMEM, "no memory for the loop");
	/* Control last: who finds it open finds the rest open too, but for an insurer that is down at first. */
	if (err == 0) err = wire_open(payer->wire, payer_is_down(payer));
	if (err == 0) {
		(void)event_add(events[0], &tick);
		(void)event_add(events[1], NULL);
		(void)event_add(events[2], NULL);
		log_fields(LOG_INFO, "started", "insurer", payer->script.name, "version", ZHIFU_VERSION, NULL);
		(void)event_base_dispatch(payer->base);
	}
	for (size_t i = 0; i < ARRAY_LEN(events); i++) {
		if (events[i] != NULL) event_free(events[i]);
	}
	return err;
}

int main(int argc, char **argv)
{
	struct arguments arguments = {0};
	struct payer payer = {0};
	struct conf_faults faults = {0};
	(void)signal(SIGPIPE, SIG_IGN);
	log_init(2, "payer", LOG_INFO);
	/* 1. What is asked for. */
	if (read_arguments(argc, argv, &arguments) != 0) return use();
	if (arguments.sample) {
		conf_print_sample(stdout, &script_table);
		return 0;
	}
	/* 2. The script, with all its mistakes at once. */
	arena_init(&payer.script_arena, SCRIPT_ARENA_BYTES);
	int err = script_load(arguments.script, &payer.script_arena, &payer.script, &faults);
	if (err != 0) {
		for (size_t i = 0; i < faults.count; i++) (void)fprintf(stderr, "%s\n", faults.items[i]);
		if (faults.count == 0) (void)fprintf(stderr, "%s\n", err_text());
		arena_free(&payer.script_arena);
		return 1;
	}
	/* 3. The loop, the sockets and the record. */
	payer.base = event_base_new();
	if (payer.base == NULL) return 1;
	payer_begin(&payer);
	err = set_up(&payer, &arguments);
	/* 4. The work. */
	if (err == 0) err = run(&payer);
	if (err != 0) (void)fprintf(stderr, "zhifu-payer: %s\n", err_text());
	/* 5. The end. */
	wire_free(payer.wire);
	payer_end(&payer);
	/* A connection whose callbacks were still due is freed by the loop's next turn. */
	(void)event_base_loop(payer.base, EVLOOP_NONBLOCK);
	event_base_free(payer.base);
	if (payer.record != NULL) (void)fclose(payer.record);
	arena_free(&payer.script_arena);
	return err == 0 ? 0 : 1;
}

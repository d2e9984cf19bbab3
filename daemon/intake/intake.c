/* The role intake: opens what it needs, in order, serves, reloads, drains. */
#include "intake/intake.h"

#include <event2/event.h>
#include <stdio.h>
#include <string.h>

#include "base/cpu_pool.h"
#include "base/log.h"
#include "db/keyhold.h"
#include "intake/auth.h"
#include "intake/client_keys.h"
#include "intake/intake_sql.h"
#include "intake/outcome.h"
#include "intake/patient_cache.h"
#include "intake/read.h"
#include "intake/read_sql.h"
#include "intake/submission.h"
#include "intake/task.h"
#include "intake/token.h"
#include "intake/wait.h"
#include "net/tls.h"

#define CPU_QUEUE_MAX 1024
#define KEYS_ARENA_BYTES_MAX (16u << 20)
#define TOKEN_BODY_BYTES_MAX 65536
#define CONNS_OVER_MAX 64
#define HANDLE_SPARE_MS 20000 /* beyond the longest wait: the commit's own deadline and a margin */
#define ARENA_PER_BODY 12     /* a request may use so many times the longest body: decoded structs, content, answer */

#define BODY_MAX (64u << 20) /* the server's own limit, from the configuration, is what counts */

static const struct http_route routes[] = {
	{HTTP_POST, "/fhir/Claim", HTTP_ROUTE_BODY, BODY_MAX, FHIR_BODY_TYPES, NULL, submission_handle, "claim_create",
		SUBMIT_CREATE},
	{HTTP_POST, "/fhir/Claim/$submit", HTTP_ROUTE_BODY, BODY_MAX, FHIR_BODY_TYPES, NULL, submission_handle,
		"claim_submit", SUBMIT_OPERATION},
	{HTTP_POST, "/fhir", HTTP_ROUTE_BODY, BODY_MAX, FHIR_BODY_TYPES, NULL, submission_handle, "bundle",
		SUBMIT_BATCH},
	/* Clients append the resource's path to the base with a slash, also when it is empty. */
	{HTTP_POST, "/fhir/", HTTP_ROUTE_BODY, BODY_MAX, FHIR_BODY_TYPES, NULL, submission_handle, "bundle",
		SUBMIT_BATCH},
	{HTTP_POST, "/fhir/Consent", HTTP_ROUTE_BODY, BODY_MAX, FHIR_BODY_TYPES, NULL, submission_handle,
		"consent_create", SUBMIT_CONSENT},
	{HTTP_POST, "/oauth2/token", HTTP_ROUTE_PUBLIC | HTTP_ROUTE_BODY, TOKEN_BODY_BYTES_MAX,
		"application/x-www-form-urlencoded", NULL, token_handle, "token", 0},
	{HTTP_GET, "/.well-known/smart-configuration", HTTP_ROUTE_PUBLIC, 0, NULL, NULL, smart_configuration_handle,
		"smart_configuration", 0},
	{HTTP_GET, "/fhir/.well-known/smart-configuration", HTTP_ROUTE_PUBLIC, 0, NULL, NULL,
		smart_configuration_handle, "smart_configuration", 0},
};

/* Every table of routes of this role. */
static int routes_add(struct intake *intake)
{
	int r = http_router_new(&intake->router);
	if (r == 0) r = http_router_add(intake->router, routes, ARRAY_LEN(routes), intake);
	if (r == 0) r = read_routes(intake);
	if (r == 0) r = task_routes(intake);
	if (r == 0 && intake->guest != NULL) r = intake->guest->start(intake, &intake->guest_state);
	return r;
}

/* ---- metrics and the log ---- */

static const char *const fate_names[FATE_COUNT] = {
	"stored", "no_route", "held", "replayed", "conflict", "faulty", "later"};

void intake_count(struct intake *intake, enum claim_fate fate, const char *ref, const char *insurer, const char *why)
{
	metric_add(intake->claims[fate], 1);
	log_fields(fate <= FATE_REPLAYED ? LOG_INFO : LOG_WARN,
		fate <= FATE_REPLAYED ? "claim accepted" : "claim refused", "claim", ref == NULL ? "-" : ref, "verdict",
		fate_names[fate], "insurer", insurer == NULL ? "-" : insurer, "why", why == NULL ? "-" : why, NULL);
}

static void on_print(void *ctx)
{
	struct intake *intake = ctx;
	metric_set(intake->queued, (int64_t)db_group_queued(intake->group));
}

static void meters_add(struct intake *intake)
{
	static const double sizes[] = {1, 2, 4, 8, 16, 32, 64, 128, 256};
	struct metrics *metrics = intake->worker->metrics;
	char labels[64];
	for (size_t i = 0; i < FATE_COUNT; i++) {
		(void)snprintf(labels, sizeof(labels), "verdict=\"%s\"", fate_names[i]);
		intake->claims[i] =
			metrics_counter(metrics, "zhifu_intake_claims_total", "Claims by what became of them.", labels);
	}
	intake->consents = metrics_counter(metrics, "zhifu_intake_consents_total", "Consents stored.", NULL);
	intake->tokens = metrics_counter(metrics, "zhifu_intake_tokens_total", "Access tokens granted.", NULL);
	intake->tokens_refused =
		metrics_counter(metrics, "zhifu_intake_tokens_refused_total", "Access tokens refused.", NULL);
	intake->batches = metrics_counter(metrics, "zhifu_intake_batches_total", "Group commits.", NULL);
	intake->queued = metrics_gauge(metrics, "zhifu_intake_queued_claims", "Claims waiting for a commit.", NULL);
	intake->batch_claims = metrics_histogram(
		metrics, "zhifu_intake_batch_claims", "Claims in a group commit.", NULL, sizes, ARRAY_LEN(sizes));
	intake->commit_seconds = metrics_histogram(metrics, "zhifu_intake_claim_seconds",
		"From the whole request to the claim's commit.", NULL, METRICS_SECONDS, METRICS_SECONDS_COUNT);
	intake->prepare_seconds = metrics_histogram(metrics, "zhifu_intake_prepare_seconds",
		"Reading, checking and sealing one request.", NULL, METRICS_SECONDS, METRICS_SECONDS_COUNT);
	metrics_on_print(metrics, on_print, intake);
}

/* ---- the server ---- */

static void limits_of(const struct options *options, struct http_limits *limits)
{
	http_limits_default(limits);
	limits->head.head_bytes_max = (size_t)options->head_bytes_max;
	limits->head.target_bytes_max = (size_t)options->uri_bytes_max;
	limits->head.header_count_max = (size_t)options->headers_max;
	limits->body_bytes_max = (size_t)options->body_bytes_max;
	if (limits->body_total_bytes_max < limits->body_bytes_max * 4)
		limits->body_total_bytes_max = limits->body_bytes_max * 4;
	limits->arena_bytes_max = limits->body_bytes_max * ARENA_PER_BODY;
	limits->conns_max = (unsigned)options->connections_max;
	limits->conns_per_address_max = (unsigned)options->connections_per_address_max;
	limits->conns_over_max = CONNS_OVER_MAX;
	limits->requests_max = (unsigned)options->request_queue_max;
	limits->handshake_ms = (unsigned)options->handshake_deadline_ms;
	limits->head_ms = (unsigned)options->head_deadline_ms;
	limits->body_ms = (unsigned)options->body_deadline_ms;
	limits->write_ms = (unsigned)options->response_deadline_ms;
	limits->stream_bytes_max = (uint64_t)options->statement_bytes_max;
	limits->stream_ms = (unsigned)(options->statement_deadline_s * 1000);
	limits->idle_ms = (unsigned)options->idle_deadline_ms;
	limits->handle_ms = (unsigned)(options->wait_max_s * 1000 + HANDLE_SPARE_MS);
}

/* That the certificate was valid was seen when the configuration was taken over. A process that is started again after
 * its end serves those who do not mind, which is better than nobody. */
static int tls_make(const struct options *options, SSL_CTX **ret_tls)
{
	struct tls_server_conf conf = {.cert_file = options->tls_certificate,
		.key_file = options->tls_key,
		.client_ca_file = options->tls_client_ca,
		.expired_allowed = true};
	return tls_server_new(&conf, ret_tls);
}

static int server_start(struct intake *intake)
{
	struct worker *worker = intake->worker;
	struct http_server_conf conf = {.name = "api",
		.base = worker->base,
		.router = intake->router,
		.authenticate = auth_check,
		.error_body = outcome_error_body,
		.sink = intake->guest == NULL ? NULL : intake->guest->sink,
		.ctx = intake,
		.metrics = worker->metrics};
	limits_of(worker->options, &conf.limits);
	int r = tls_make(worker->options, &conf.tls);
	if (r < 0) return r;
	r = http_server_new(&conf, &intake->server);
	SSL_CTX_free(conf.tls);
	for (size_t i = 0; r == 0 && worker->listen_fds[i] >= 0; i++)
		r = http_server_listen(intake->server, worker->listen_fds[i]);
	return r;
}

/* ---- hospitals ---- */

/* The house (the nil id) keeps what no hospital can be named for. */
static int keys_load(struct intake *intake)
{
	const struct directory *directory = intake->worker->directory;
	struct arena arena CLEANUP(arena_free);
	struct keyhold_hospital *hospitals;
	arena_init(&arena, KEYS_ARENA_BYTES_MAX);
	hospitals = zf_alloc_array(&arena.zf, (size_t)directory->hospital_count + 1, sizeof(*hospitals));
	if (hospitals == NULL) return err_set(ERR_NOMEM, "no memory for the hospitals' keys");
	hospitals[0] = (struct keyhold_hospital){
		.code = "000", .name = "Zhifu", .zone = "UTC", .book_currency = "XXX" /* ISO 4217: no currency */};
	for (uint32_t i = 0; i < directory->hospital_count; i++) {
		const struct hospital *hospital = directory->hospitals[i];
		hospitals[i + 1] = (struct keyhold_hospital){.id = hospital->id,
			.code = hospital->code,
			.name = hospital->name,
			.zone = hospital->zone_name,
			.book_currency = hospital->book_currency,
			.accepts_take_backs = hospital->accepts_take_backs};
	}
	return keyhold_load(intake->keys, intake->worker->keyring, hospitals, (size_t)directory->hospital_count + 1);
}

static void on_changed(void *ctx, bool up)
{
	struct intake *intake = ctx;
	if (up == intake->database_up) return;
	intake->database_up = up;
}

/* ---- the role ---- */

void intake_stop(void *state)
{
	struct intake *intake = state;
	if (intake == NULL) return;
	CHECK_MAGIC(intake, INTAKE_MAGIC);
	metrics_off_print(intake->worker->metrics, on_print, intake);
	waits_free(intake->waits);
	cpu_pool_free(intake->cpu);
	db_group_free(intake->group);
	if (intake->guest_state != NULL) intake->guest->halt(intake->guest_state);
	http_server_free(intake->server);
	if (intake->guest != NULL) intake->guest->stop(intake->guest_state);
	http_router_free(intake->router);
	keyhold_free(intake->keys);
	db_notify_free(intake->notify);
	db_pool_free(intake->pool);
	patient_cache_free(intake->patients);
	client_keys_drop(intake->client_keys);
	sealer_free(intake->sealer);
	intake->magic = 0;
	mem_free(intake);
}

static int pool_open(struct intake *intake)
{
	const struct db_table *tables[] = {&intake_table, &read_table, &keyhold_table};
	const struct options *options = intake->worker->options;
	struct db_pool_conf conf = {.conninfo = options->database_intake.text,
		.role = "intake",
		.connections = (size_t)options->db_connections_per_worker,
		.schema_version = intake->worker->schema_version,
		.tables = tables,
		.table_count = ARRAY_LEN(tables),
		.changed = on_changed,
		.ctx = intake};
	int r = db_pool_new(intake->worker->base, &conf, &intake->pool);
	if (r == 0) r = db_notify_new(intake->pool, &intake->notify);
	return r;
}

int intake_open(struct worker *worker, const struct intake_guest *guest, void **ret_state)
{
	struct intake *intake = mem_alloc(sizeof(*intake));
	if (intake == NULL) return err_set(ERR_NOMEM, "no memory for the role");
	intake->magic = INTAKE_MAGIC;
	intake->worker = worker;
	intake->guest = guest;
	meters_add(intake);
	int r = sealer_new(&intake->sealer);
	if (r == 0) r = patient_cache_new(PATIENT_CACHE_MAX, &intake->patients);
	if (r == 0) r = client_keys_new(worker->directory, &intake->client_keys);
	if (r == 0) r = cpu_pool_new(worker->base, (size_t)worker->options->cpu_threads, CPU_QUEUE_MAX, &intake->cpu);
	if (r == 0) r = pool_open(intake);
	if (r == 0) r = keyhold_new(intake->pool, &intake->keys);
	if (r == 0) r = keys_load(intake);
	if (r == 0) r = commit_group_new(intake, &intake->group);
	if (r == 0) r = waits_new(intake, &intake->waits);
	if (r == 0) r = routes_add(intake);
	if (r == 0) r = server_start(intake);
	if (r < 0) {
		intake_stop(intake);
		return r;
	}
	*ret_state = intake;
	return 0;
}

/* All that may fail comes first, so that without memory everything stays as it is, but for the size of batches: the
 * keys come last, since once they are loaded they borrow the new key ring. */
int intake_reload(void *state)
{
	struct intake *intake = state;
	struct worker *worker = intake->worker;
	struct http_limits limits;
	struct client_keys *keys = NULL;
	SSL_CTX *tls = NULL;
	int r = tls_make(worker->options, &tls);
	if (r < 0 && r != ERR_NOMEM)
		log_fields(LOG_ERROR, "the new certificate is not used, the old one stays", "why", err_text(), NULL);
	if (r != ERR_NOMEM) r = client_keys_new(worker->directory, &keys);
	if (r == 0)
		r = db_group_limits(intake->group, (size_t)worker->options->batch_claims_max,
			(size_t)worker->options->batches_in_flight_max);
	if (r == 0) r = keys_load(intake);
	if (r == 0) {
		limits_of(worker->options, &limits);
		http_server_reload(intake->server, &limits, tls);
		client_keys_drop(intake->client_keys);
		intake->client_keys = keys;
		waits_reload(intake->waits);
	} else {
		client_keys_drop(keys);
	}
	SSL_CTX_free(tls);
	return r;
}

static void on_drained(void *ctx)
{
	struct intake *intake = ctx;
	intake->server_drained = true;
	intake->worker->drained(intake->worker);
}

void intake_drain(void *state)
{
	struct intake *intake = state;
	intake->draining = true;
	waits_hurry(intake->waits);
	http_server_drain(
		intake->server, (unsigned)(intake->worker->options->drain_deadline_s * 1000), on_drained, intake);
}

bool intake_ready(void *state)
{
	const struct intake *intake = state;
	return db_pool_up(intake->pool) && keyhold_ready(intake->keys);
}

static int intake_start(struct worker *worker, void **ret_state)
{
	return intake_open(worker, NULL, ret_state);
}

const struct role intake_role = {"intake", intake_start, intake_reload, intake_drain, intake_ready, intake_stop};

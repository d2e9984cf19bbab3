/* The role intake: everything that listens. One struct per process; requests and their claims live in the arenas of
 * their requests. */
#ifndef INTAKE_INTAKE_H
#define INTAKE_INTAKE_H

#include "base/key.h"
#include "base/options.h"
#include "base/seal.h"
#include "base/worker.h"
#include "db/batch.h"
#include "db/group.h"
#include "db/notify.h"
#include "model/directory.h"
#include "net/http_server.h"
#include "net/metrics.h"

struct client_keys;
struct cpu_pool;
struct keyhold;
struct patient_cache;
struct waits;

/* What came of a claim, for the metric's label and the log. */
enum claim_fate {
	FATE_STORED,
	FATE_NO_ROUTE,
	FATE_HELD,
	FATE_REPLAYED,
	FATE_CONFLICT,
	FATE_FAULTY,
	FATE_LATER,
	FATE_COUNT
};

struct intake;

/* Another room's part of the role: what it offers is served by the same server, to the same clients. */
struct intake_guest {
	/* Adds its routes to intake->router, with a state of its own; everything but the server is there. */
	int (*start)(struct intake *intake, void **ret_state);
	void (*halt)(void *state);    /* before the server's end: behind it no thread reads a request */
	void (*stop)(void *state);    /* behind the server's end; NULL allowed */
	const struct http_sink *sink; /* of its routes that stream */
};

struct intake {
	unsigned magic;
	const struct intake_guest *guest; /* NULL: none */
	void *guest_state;
	struct worker *worker; /* borrowed; options, directory and keyring in it change on reload */
	struct db_pool *pool;  /* for reads too: db_query_tenant */
	struct db_notify *notify;
	struct db_group *group; /* the group commit of claims (commit.h) */
	struct http_router *router;
	struct http_server *server;
	struct cpu_pool *cpu;            /* signatures off the loop */
	struct sealer *sealer;           /* of the loop's thread */
	struct keyhold *keys;            /* every hospital's key in the clear (db/keyhold.h) */
	struct patient_cache *patients;  /* patients' keys known to be stored (patient_cache.h) */
	struct client_keys *client_keys; /* public keys of clients, replaced on reload (client_keys.h) */
	struct waits *waits;             /* requests that wait for a decision (wait.h) */
	struct metric *claims[FATE_COUNT];
	struct metric *consents, *tokens, *tokens_refused, *batches, *queued;
	struct metric *batch_claims, *commit_seconds, *prepare_seconds;
	bool draining, server_drained, database_up;
};

#define INTAKE_MAGIC 0x494e5430u
#define FHIR_JSON_TYPE "application/fhir+json; charset=utf-8"
#define FHIR_BODY_TYPES "application/fhir+json application/json"

/* Who asks, as the authenticate hook found out; in the request's arena, valid across a reload. */
struct principal {
	struct uuid hospital_id;
	char hospital_code[HOSPITAL_CODE_LEN + 1];
	const char *client_id;
	uint32_t scope; /* enum client_scope, ORed */
};

/* The principal of a request on a route that is not public; never NULL there. */
const struct principal *intake_principal(const struct http_request *req);
/* True when the request's client may do this; otherwise answers 403 with an OperationOutcome, and req is gone. */
bool intake_may(struct http_request *req, uint32_t scope);
/* The principal's hospital in the directory of now; NULL when a reload took it away. Not to be kept. */
const struct hospital *intake_hospital(const struct intake *intake, const struct principal *principal);
/* Tells the loop that this claim's fate is known: metric and log line. insurer may be NULL; why: a code, or NULL. */
void intake_count(struct intake *intake, enum claim_fate fate, const char *ref, const char *insurer, const char *why);

/* The role with a guest (NULL: none), as struct role's start; and the rest of the role, for who makes one of it. */
int intake_open(struct worker *worker, const struct intake_guest *guest, void **ret_state) MUSTUSE;
int intake_reload(void *state);
void intake_drain(void *state);
bool intake_ready(void *state);
void intake_stop(void *state);

/* Without a guest. */
extern const struct role intake_role;

#endif

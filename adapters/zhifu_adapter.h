/* The adapter ABI, version 0.2: the whole contract between Zhifu and the module that speaks one insurer format.
 *
 * A module is a pure translator: no socket, file, thread, clock, randomness or SQL of its own. It is a shared object
 * that exports one symbol, `const struct zf_adapter *zf_adapter(void)`. The manual is zhifu_adapter.7.
 *
 * An exchange is a machine without I/O: step(state, event) -> new state, actions. The daemon carries the actions out,
 * keeps the state between steps, and comes back with what happened as the next event.
 *
 * Rules: fields are appended, never reordered; `size` comes first and says how much the maker knew; fixed-width
 * members; lists are arrays of pointers; memory only from the call's arena; modules are never unloaded. 0.x may still
 * change. */
#ifndef ZHIFU_ADAPTER_H
#define ZHIFU_ADAPTER_H

#include "lib/arena.h"
#include "zhifu_model.h"

#define ZF_ABI_MAJOR 0
#define ZF_ABI_MINOR 2

/* What a call ended with. */
enum zf_verdict {
	ZF_OK = 0,
	ZF_REJECT = 1,    /* the claim cannot be said in this format; `faults` say why; a person must fix it */
	ZF_RETRY = 2,     /* not now (a control number or key is missing); try the same step again later */
	ZF_MALFORMED = 3, /* what came in cannot be read: it is quarantined, never guessed. With a state in the result
			   * the exchange goes on without it */
	ZF_NOMEM = 4,     /* the arena is full */
	ZF_BUG = 5,       /* a state or event that must not happen */
};

/* Which side of the format is spoken: towards an insurer (the usual one), or from a hospital / as the insurer. */
enum zf_side { ZF_SIDE_TO_INSURER = 1, ZF_SIDE_AS_INSURER = 2 };

/* Capabilities of a module under one profile. */
enum zf_capability {
	ZF_CAP_STATUS = 1 << 0,     /* can be asked what became of a claim */
	ZF_CAP_IDEMPOTENT = 1 << 1, /* the insurer recognises a repeated submission */
	ZF_CAP_PUSH = 1 << 2,       /* the insurer calls us */
	ZF_CAP_POLL = 1 << 3,       /* answers are collected by polling */
	ZF_CAP_CANCEL = 1 << 4,
	ZF_CAP_REMITTANCE = 1 << 5,
	ZF_CAP_FILE = 1 << 6,  /* answers are files: ZF_EVENT_FILE */
	ZF_CAP_TRIAL = 1 << 7, /* what a poll asks first changes nothing at the insurer: it may be asked as a trial */
};

/* ---- events: what happened ---- */

enum zf_event_kind {
	ZF_EVENT_START_CLAIM = 1,      /* submit: claims[0..claim_count) */
	ZF_EVENT_START_STATUS = 2,     /* ask what became of claims[0]; only with ZF_CAP_STATUS */
	ZF_EVENT_START_CANCEL = 3,     /* cancel claims[0]; only with ZF_CAP_CANCEL */
	ZF_EVENT_START_POLL = 4,       /* collect what waits for this hospital; only with ZF_CAP_POLL */
	ZF_EVENT_START_REMITTANCE = 5, /* ask for remittances, where they are fetched; only with ZF_CAP_REMITTANCE */
	ZF_EVENT_REPLY = 6,            /* the HTTP answer to the request named by `token` */
	ZF_EVENT_CALL = 7,             /* the insurer called us: http_method, http_path, body */
	ZF_EVENT_TIMER = 8,            /* the time of a WAIT action has come */
	ZF_EVENT_FAILURE = 9,          /* the request named by `token` failed: failure */
	ZF_EVENT_FILE = 10,            /* a file of the insurer's by itself, as its portal gives it: body; the first and
					* only event of its exchange; only with ZF_CAP_FILE */
};

enum zf_failure {
	ZF_FAILURE_NOT_SENT = 1, /* no byte left: may be sent again */
	ZF_FAILURE_UNKNOWN = 2,  /* it may have arrived: ask, or hold */
	ZF_FAILURE_TIMEOUT = 3,  /* the exchange's own deadline passed */
};

struct zf_header {
	const char *name;
	const char *value;
};

struct zf_event {
	uint32_t size;
	uint32_t kind;  /* enum zf_event_kind */
	uint32_t token; /* of the request this answers; 0 otherwise */
	uint32_t claim_count;
	const struct zf_claim *const *claims;
	const struct zf_header *const *headers;
	uint32_t header_count;
	int32_t http_status;
	const uint8_t *body; /* verbatim bytes; never NUL-terminated */
	uint64_t body_len;
	const char *http_method, *http_path; /* for ZF_EVENT_CALL */
	uint32_t failure;                    /* enum zf_failure */
	uint32_t reserved;
	const char *reason;                             /* for START_CANCEL: a code; for FAILURE: text */
	const struct zf_attachment *const *attachments; /* documents that go with the claims */
	uint32_t attachment_count;
	uint32_t reserved2;
	const char *claim_json; /* the claims' source as a FHIR collection Bundle after the allow-list, or NULL; the
				 * place from which a FHIR module takes what the canonical struct has no field for */
	uint64_t claim_json_len;
};

struct zf_attachment {
	const char *title, *content_type;
	const uint8_t *bytes;
	uint64_t len;
};

/* ---- actions: what the daemon shall do ---- */

enum zf_action_kind {
	ZF_ACTION_HTTP = 1,   /* send a request; its answer comes as REPLY or FAILURE with the same token */
	ZF_ACTION_WAIT = 2,   /* come back with TIMER at wait_until_ms (or earlier, if an answer comes) */
	ZF_ACTION_FACT = 3,   /* something is now known */
	ZF_ACTION_DONE = 4,   /* the exchange has ended */
	ZF_ACTION_ANSWER = 5, /* answer to ZF_EVENT_CALL: http_status, headers, body */
};

enum zf_fact_kind {
	ZF_FACT_ACKNOWLEDGED = 1, /* the insurer has it; a decision, pend or query implies that */
	ZF_FACT_REJECTED = 2,     /* not processed: faults, to be fixed and sent again; moves no money */
	ZF_FACT_ADJUDICATED = 3,  /* decided; with faults, as also REMITTED: not to be booked, a person looks at it */
	ZF_FACT_PENDED = 4,       /* will be decided later */
	ZF_FACT_QUERIED = 5,      /* the insurer asks */
	ZF_FACT_REMITTED = 6,     /* money announced */
	ZF_FACT_CANCELLED = 7,
	ZF_FACT_NOT_FOUND = 8, /* status asked: the insurer has not got it (any more) */
};

struct zf_fact {
	uint32_t size;
	uint32_t kind; /* enum zf_fact_kind */
	const char
		*claim_ref; /* the claim it is about when the insurer echoed it; NULL: route by wire_ref, else orphan */
	const char *wire_ref_kind; /* "message-id", "insurer-claim-no", ...: with wire_ref the other way to find the
				      claim */
	const char *wire_ref;
	const struct zf_adjudication *adjudication;
	const struct zf_remittance *remittance;
	const struct zf_query *query;
	const struct zf_fault *const *faults;
	uint32_t fault_count;
	uint32_t reserved;
};

struct zf_wire_ref {
	const char *kind;
	const char *value;
};

struct zf_action {
	uint32_t size;
	uint32_t kind; /* enum zf_action_kind */
	/* HTTP and ANSWER */
	uint32_t token;      /* chosen by the module, unique within the exchange, > 0 */
	uint32_t submission; /* 1: carries a claim: must never reach the insurer twice */
	const char *method;
	const char *endpoint; /* key of the profile's endpoints map; the daemon knows the URL and the credentials */
	const char *path;     /* appended to the endpoint's URL; may be NULL */
	const struct zf_header *const *headers; /* values may hold ${secret:NAME}, filled while sending, never stored */
	uint32_t header_count;
	int32_t http_status;
	const uint8_t *body;
	uint64_t body_len;
	const struct zf_wire_ref *const *wire_refs; /* numbers under which an answer may come back */
	uint32_t wire_ref_count;
	uint32_t reserved;
	/* WAIT */
	int64_t wait_until_ms; /* wall milliseconds */
	/* FACT */
	const struct zf_fact *fact;
	/* HTTP */
	uint32_t body_secrets; /* 1: the body is XML and holds ${secret:NAME}, filled (and escaped) while sending.
				* Nobody else's text in it may come out as "${" */
	uint32_t reserved2;
};

struct zf_result {
	uint32_t size;
	uint32_t action_count;
	const struct zf_action *const *actions;
	const uint8_t *state; /* opaque, at most ZF_STATE_BYTES_MAX; handed back at the next step of this exchange */
	uint64_t state_len;
	/* For REJECT and MALFORMED. With OK, of a reply: a part of it cannot be read, and a person is shown why; the
	 * rest counts. */
	const struct zf_fault *const *faults;
	uint32_t fault_count;
	uint32_t goes_on; /* with MALFORMED: only this message is lost; state and actions (no facts) count */
	/* 1, with OK and nothing but ACKNOWLEDGED and DONE, of the reply to a submission: under this profile a reply of
	 * the same status, Content-Type and body, to the byte, says the same of any claim. The daemon need not ask
	 * then. */
	uint32_t constant;
	uint32_t reserved;
};

#define ZF_STATE_BYTES_MAX 65536
#define ZF_ACTIONS_MAX 4096

/* ---- what the daemon gives ---- */

/* Host services. Every function may be called only during a call, with that call's `call` handle. */
struct zf_host {
	uint32_t size;
	uint32_t reserved;
	int64_t (*now_ms)(void *call); /* wall milliseconds, the same during one step (so that a replay repeats) */
	int (*new_id)(void *call, char text[40]); /* a UUID; 0 on success */
	int (*control_number)(
		void *call, const char *series, int64_t *ret_number); /* per route; -1: none now -> RETRY */
	int (*sign)(void *call, const char *key_name, const char *algorithm, const uint8_t *data, uint64_t len,
		uint8_t *ret_signature, uint64_t *ret_len);   /* the key stays with the daemon; -1: no such key */
	void (*log)(void *call, int level, const char *text); /* never a person's data; level 0 error .. 3 debug */
};

/* A profile: the insurer's part of conf/insurers.d/NAME.conf, flattened. Lists and maps are read by these functions. */
struct zf_profile {
	uint32_t size;
	uint32_t reserved;
	const char *insurer; /* the insurer's code, e.g. "alpha" */
	const void *impl;
	const char *(*get)(const struct zf_profile *profile, const char *key); /* "module.KEY" as text, or NULL */
	const char *(*map)(
		const struct zf_profile *profile, const char *map, const char *from); /* code maps; NULL: none */
};

/* Declared as data: the module's own configuration keys (group `module` of the insurer's file). */
enum zf_key_type {
	ZF_KEY_TEXT = 1,
	ZF_KEY_INT = 2,
	ZF_KEY_BOOL = 3,
	ZF_KEY_URL = 4,
	ZF_KEY_MAP = 5,
	ZF_KEY_ENDPOINT = 6, /* the name of an endpoint that actions go to; where a module declares any, an insurer's
			      * file has exactly those endpoints */
};
struct zf_key {
	const char *name;
	uint32_t type; /* enum zf_key_type */
	uint32_t required;
	const char *fallback; /* default as text, or NULL */
	const char *help;
};

struct zf_open {
	uint32_t size;
	uint32_t side; /* enum zf_side */
	const struct zf_profile *profile;
	const struct zf_host *host;
	struct zf_arena *arena; /* lives as long as the context */
};

/* ---- what the module gives ---- */

struct zf_adapter {
	uint32_t size;
	uint16_t abi_major, abi_minor;
	const char *name; /* as the file: NAME.so */
	const char *version;
	const char *help;          /* one line */
	const struct zf_key *keys; /* ends with name == NULL */

	/* Reads the profile once. On REJECT `ret_error` says which keys and why, "module.KEY: why", a line for each of
	 * all mistakes (arena memory). The context is const after. */
	int32_t (*open)(const struct zf_open *open, const void **ret_context, const char **ret_error);
	uint32_t (*capabilities)(const void *context); /* enum zf_capability, ORed */

	/* One step of an exchange towards the insurer. state is NULL/0 at the start. Pure: the same input and host
	 * answers give the same output. Returns enum zf_verdict; ret_result is filled on OK, REJECT, MALFORMED. */
	int32_t (*step)(const void *context, void *call, const uint8_t *state, uint64_t state_len,
		const struct zf_event *event, struct zf_arena *arena, struct zf_result *ret_result);

	/* The other side: reads what a hospital (or, in the sandbox, the clearinghouse) sent ... NULL when one-sided.
	 */
	int32_t (*decode_claims)(const void *context, void *call, const uint8_t *bytes, uint64_t len,
		struct zf_arena *arena, const struct zf_claim *const **ret_claims, uint32_t *ret_count,
		const struct zf_fault *const **ret_faults, uint32_t *ret_fault_count);
	/* ... and writes the answer to it. `request` is what decode_claims was given (for correlation). */
	int32_t (*encode_adjudication)(const void *context, void *call, const struct zf_claim *claim,
		const struct zf_adjudication *adjudication, const uint8_t *request, uint64_t request_len,
		struct zf_arena *arena, const uint8_t **ret_bytes, uint64_t *ret_len, const char **ret_content_type);
	int32_t (*encode_remittance)(const void *context, void *call, const struct zf_remittance *remittance,
		struct zf_arena *arena, const uint8_t **ret_bytes, uint64_t *ret_len, const char **ret_content_type);
};

typedef const struct zf_adapter *(*zf_adapter_fn)(void);
#define ZF_ADAPTER_SYMBOL "zf_adapter"
#define ZF_EXPORT __attribute__((visibility("default")))
/* The one symbol of a module; the module defines it. */
ZF_EXPORT const struct zf_adapter *zf_adapter(void);

#endif

/* One request that submits: its document, the claims and consents in it, and how each of them ended. All of it lives in
 * the request's arena.
 *
 *   submission.c        reads the body, decides what is in it, drives the claims through the commit, answers at the end
 *   claim_item.c        makes one claim ready: validation, route, person, keys, content, seal
 *   consent_item.c      the same for a consent
 *   commit.c            group commit, or one transaction of its own
 *   submission_answer.c what the hospital reads */
#ifndef INTAKE_SUBMISSION_H
#define INTAKE_SUBMISSION_H

#include "fhir/document.h"
#include "intake/intake.h"
#include "intake/outcome.h"
#include "intake/person.h"
#include "intake/prefer.h"
#include "model/validate.h"

#define SUBMISSION_FLYING_MAX 64      /* claims of one request in the commit queue at a time */
#define SUBMISSION_VERSIONS_MAX 64    /* look-up keys: what a submission is recognised by is never hashed anew */
#define SUBMISSION_IDENTIFIERS_MAX 16 /* claim identifiers that can be searched for */
#define IDEMPOTENCY_KEY_BYTES_MAX 255

enum submission_mode {
	SUBMIT_CREATE = 1,  /* POST /fhir/Claim */
	SUBMIT_OPERATION,   /* POST /fhir/Claim/$submit */
	SUBMIT_BATCH,       /* POST /fhir: batch, collection, message: each claim for itself */
	SUBMIT_TRANSACTION, /* POST /fhir: all or nothing */
	SUBMIT_CONSENT,     /* POST /fhir/Consent */
};

/* What happened to a claim or consent. */
enum item_state {
	ITEM_NEW,
	ITEM_FAULTY, /* `faults` say why; nothing stored */
	ITEM_READY,  /* sealed, not handed over yet */
	ITEM_FLYING,
	ITEM_STORED,   /* this call stored it; maybe held as a duplicate of `first_id` */
	ITEM_REPLAYED, /* stored by an earlier call: stored_id, stored_ref */
	ITEM_CONFLICT,
	ITEM_REFUSED,   /* by the database: sqlstate */
	ITEM_LATER,     /* nothing stored: try again */
	ITEM_UNKNOWN,   /* neither yes nor no */
	ITEM_UNTOUCHED, /* a consent whose Bundle brought no new claim: not stored */
};

struct hash {
	uint8_t b[LOOKUP_HASH_BYTES];
};

struct submission;
struct wait;

struct consent_item {
	struct submission *submission;
	uint32_t entry;
	enum item_state state;
	struct fault_list faults;
	uint32_t shared_faults; /* the first of them are the document's */
	struct uuid id;
	struct person *person;
	bool in_force;
	const char *recipients;    /* blank-separated insurer codes; NULL: all, only where it is not in force */
	const char *purposes;      /* blank-separated; NULL likewise */
	int64_t from_ms, until_ms; /* INT64_MIN, INT64_MAX: open */
	bool has_identifier;
	struct hash identifier;
	size_t past_count; /* the same under older look-up keys */
	struct hash *past;
	struct hash said;  /* of what it says and whose it is: a repetition is known by it */
	size_t same_count; /* the same under older look-up keys */
	struct hash *same;
	int64_t stated_ms,
		stated_end_ms; /* its dateTime: first instant, and the one after the last; open without one */
	struct bytes content;  /* sealed */
	/* the ending */
	int32_t woken;         /* claims that waited for it */
	bool is_older;         /* not stored: stored_id has its identifier and a later dateTime */
	struct uuid stored_id; /* itself, or what was there already */
};

struct claim_item {
	struct submission *submission;
	uint32_t entry; /* in the document */
	enum item_state state;
	struct fault_list faults;
	uint32_t shared_faults; /* the first of them are the document's */
	const struct zf_claim *claim;
	struct uuid id, work_id;
	char ref[REF_TEXT_LEN];
	int64_t received_ms;
	struct person *person;
	const char *insurer, *insurer_name; /* in the arena; NULL: no route */
	uint32_t insurer_wait_s;
	bool has_key, has_second, has_also;
	struct hash key, body;
	struct hash second;            /* the identifier's key where the header has made one */
	struct hash also, second_also; /* the keys under the look-up key before the newest */
	size_t old_count;              /* and under all older ones, this one too */
	struct hash *old;
	size_t ident_count;
	struct hash idents[SUBMISSION_IDENTIFIERS_MAX];
	size_t print_count; /* under the two newest look-up keys */
	struct hash prints[PERSON_HASHES_MAX];
	size_t seen_count; /* and under the older ones */
	struct hash *seen;
	struct zf_money total;
	int32_t service_day;
	bool has_predecessor;
	struct uuid predecessor;
	int32_t warnings;
	const char *stay;     /* hashes of its number (model/stay.h); NULL: none */
	struct bytes content; /* sealed */
	size_t consent_count; /* consents that go along with this claim */
	struct consent_item *const *consents;
	/* the ending */
	struct uuid stored_id;
	char stored_ref[REF_TEXT_LEN];
	int64_t stored_ms;
	bool is_double;
	struct uuid first_id;
	char first_ref[REF_TEXT_LEN];
	char sqlstate[6];
	bool alone;        /* holds no claim: only its consents are committed */
	struct wait *wait; /* for where a repeated one stands by now */
	struct bytes told; /* the ClaimResponse that says so, of an entry of a Bundle */
};

struct submission {
	struct intake *intake;
	struct http_request *req;
	enum submission_mode mode;
	const struct principal *principal;
	const struct hospital *hospital; /* only while items are made ready: a reload may take it away */
	struct prefer prefer;
	const char *key; /* Idempotency-Key, or NULL */
	int64_t now_ms, started_us;
	struct fhir_limits limits;
	int read; /* what the reader said: LIB_* */
	struct fhir_document document;
	struct fault_list faults; /* of the whole document */
	uint32_t *link_first;     /* document.links sorted by `from`: where each entry's begin; entry_count + 1 */
	uint32_t *link_to;
	uint32_t *fault_first; /* faults sorted by entry: where each entry's begin; entry_count: the whole's */
	uint32_t *fault_index;
	uint32_t *stamps; /* per entry: the claim that has visited it */
	uint32_t stamp;
	struct claim_item *items;
	uint32_t item_count, next, flying, ended;
	struct consent_item *consents;
	struct consent_item **consent_list;
	uint32_t consent_count;
	bool bound;          /* the consents count only when a claim of this document is newly stored */
	bool consents_ready; /* at least one can be committed */
	bool carried;        /* a claim has taken the consents along */
	bool late;           /* items[item_count] brings them behind the claims: who should have was a repetition */
	struct person **persons;
	size_t person_count, person_cap;
	struct db_batch *batch; /* of a transaction */
	int64_t deadline_ms;
	unsigned tries;
	bool unknown; /* a run of the transaction may have committed */
	bool pumping;
	uint32_t looks; /* repeated claims of a Bundle that are being looked up */
};

/* Handler of all five routes; ctx is the intake, the route's tag an enum submission_mode. */
void submission_handle(struct http_request *req, void *ctx);

/* ---- between the files ---- */

/* Makes item ready or faulty; ITEM_LATER without memory or key. */
void claim_item_prepare(struct claim_item *item);
void consent_item_prepare(struct consent_item *item);
/* A person of this request; see person_find. */
int submission_person(
	struct submission *submission, const struct zf_patient *patient, struct person **ret_person) MUSTUSE;
/* The entries that `entry` needs, itself first, in the arena: what a claim is stored with. ERR_NOMEM. */
int submission_closure(
	struct submission *submission, uint32_t entry, uint32_t **ret_entries, size_t *ret_count) MUSTUSE;
/* Copies the document's faults that concern these entries, or no entry at all, into an empty list. Returns its count.
 */
uint32_t submission_faults(
	const struct submission *submission, const uint32_t *entries, size_t count, struct fault_list *faults);
/* The path of an entry: "Claim", "Bundle.entry[4].resource". NULL on no memory. */
const char *submission_path(const struct submission *submission, uint32_t entry);

/* The group of the process. ERR_NOMEM. */
int commit_group_new(struct intake *intake, struct db_group **ret_group) MUSTUSE;
/* Hands a ready item over; it ends by claim_item_ended. */
void commit_item(struct claim_item *item);
/* All ready items in one transaction of their own; ends by submission_ended. */
void commit_whole(struct submission *submission);

/* Called from the loop when an item's fate is known. */
void claim_item_ended(struct claim_item *item);
void submission_ended(struct submission *submission);

/* Answers; the submission is gone afterwards (or waits for a decision first). */
void submission_answer(struct submission *submission);

#endif

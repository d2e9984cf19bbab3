/* The played insurer: its book of claims, its queues, its remittances. Everything is in memory and begins anew with
 * each process; what it was ever sent is also in the record file. */
#ifndef SANDBOX_PAYER_H
#define SANDBOX_PAYER_H

#include <stdio.h>

#include <event2/event.h>

#include "base/mem.h"
#include "eclaimlink/insurer.h"
#include "fhir/document.h"
#include "fhir/encode.h"
#include "sandbox/script.h"
#include "sandbox/table.h"
#include "sandbox/wire.h"

/* Where a claim stands. The first of these are rule_verdict's. */
enum entry_state {
	ENTRY_APPROVED = RULE_APPROVED,
	ENTRY_PARTIAL = RULE_PARTIAL,
	ENTRY_DENIED = RULE_DENIED,
	ENTRY_REJECTED = RULE_REJECTED,
	ENTRY_PENDED,
	ENTRY_QUERIED,
	ENTRY_CANCELLED,
	ENTRY_REFUSED, /* it came, a fault kept it from being carried out */
	ENTRY_STATES,
};

/* One ref that was ever sent. */
struct entry {
	struct entry *next; /* in the order in which they first came */
	char *ref;
	char *claim_id;                 /* of the Claim resource, for references by id; or NULL */
	const char *sender;             /* licence or provider number; borrowed from the sender */
	char *message_id;               /* of the MessageHeader that brought it; NULL: it came by itself */
	char id[40];                    /* of its ClaimResponse */
	char number[40];                /* the insurer's own number */
	uint8_t hash[32];               /* SHA-256 of what is claimed, and for whom */
	uint32_t came, taken, differed; /* how often; with other content than the first */
	enum entry_state state;
	enum entry_state decision; /* what it will be, or is */
	uint8_t use;               /* enum zf_use */
	int64_t due_ms;            /* PENDED, QUERIED: decided then (wall), 0: not by time */
	int64_t polls_left;
	const char *query; /* borrowed from the script's arena */
	struct zf_money submitted, benefit;
	struct zf_money paid; /* in the currency of payment, less take-backs */
	bool is_waiting_pay;
	bool is_paid;
	bool is_twice;   /* the file with its decision is to come twice (post.c) */
	uint8_t *answer; /* the ClaimResponse with the decision, compressed: a long run keeps a hundred thousand of them
			  */
	size_t answer_len, answer_size; /* compressed, and as it goes out */
};

/* What waits to be polled for by one licence. */
struct queue_item {
	struct queue_item *next;
	const char *event;   /* "claim-response", ... */
	struct entry *entry; /* NULL: a remittance */
	struct remittance *remittance;
	bool is_query, is_other; /* a CommunicationRequest; an answer for another hospital */
};

struct sender {
	struct sender *next;
	char *license;
	struct queue_item *queue, **queue_end;
	/* claims that wait to be paid */
	struct entry **unpaid;
	size_t unpaid_count, unpaid_cap;
	int64_t unpaid_since_ms;
	bool by_message; /* it polls */
};

struct remittance {
	struct remittance *next;
	struct sender *sender;
	char identifier[64];
	char id[40];
	struct zf_money amount;
	uint32_t detail_count;
	uint8_t *json; /* NULL: of a post office */
	size_t json_len;
	int64_t delivered_ms; /* first; 0: not yet */
	uint64_t fetch;       /* the number of the question that fetched it first */
};

/* A file at the post office of the eClaimLink format (post.c). */
struct post_file {
	struct post_file *next;
	char id[24];
	char *name;
	char *license; /* of the hospital that sent it, or that it is for */
	char kind; /* 'C' claims, 'R' requests, 'P' persons: sent; 'A' advice, 'N' authorization: for the hospital */
	bool is_fetched; /* its receipt was confirmed */
	uint8_t *bytes;  /* of those for the hospital */
	size_t len;
	int64_t at_ms;
	uint32_t fetches; /* how often it was downloaded */
};

struct payer {
	struct event_base *base;
	struct wire *wire;
	struct arena script_arena;
	struct script script;
	struct misbehave misbehave;
	int64_t loaded_ms; /* monotonic, when the script was loaded */
	bool down_by_hand;
	int64_t down_until_ms;          /* monotonic; of down_by_hand */
	FILE *record;                   /* NULL: none */
	struct ZSTD_CCtx_s *compressor; /* of answers */
	struct ZSTD_DCtx_s *decompressor;
	struct table by_ref, by_claim_id, members, senders;
	struct entry *entries, **entries_end;
	struct sender *sender_list;
	struct remittance *remittances, **remittances_end;
	struct rule_member **member_list;
	size_t member_count, member_cap;
	uint64_t received; /* claims, each time one came */
	uint64_t polls, asks;
	uint64_t serial;                          /* of messages */
	const struct eclaim_profile *profile;     /* NULL: it speaks FHIR */
	struct post_file *files, **files_end;     /* for hospitals */
	struct post_file *uploads, **uploads_end; /* from them */
	uint64_t file_count;
};

/* Begins with a script that has been read into payer->script. */
void payer_begin(struct payer *payer);
/* Forgets every claim, queue and remittance (the record file stays). */
void payer_forget(struct payer *payer);
/* Forgets everything; the payer is not used again. */
void payer_end(struct payer *payer);
/* A new script from memory; on ERR_INVALID the old one stays and ret_faults (in arena) says why. */
int payer_script(
	struct payer *payer, const char *text, size_t len, struct arena *arena, struct conf_faults *ret_faults) MUSTUSE;
/* wire_handle_fn and wire_refuse_fn. */
void payer_handle(void *ctx, const struct wire_request *req, struct wire_reply *reply);
bool payer_refuse(void *ctx);
/* The fault of the next question, which has no key of its own: it gets one by number. ret_key: NULL, or where it goes.
 */
const struct misbehave_fault *payer_asked(struct payer *payer, char ret_key[32]);
/* Is it a time when nothing listens? */
bool payer_is_down(struct payer *payer);
/* Housekeeping, every 20 ms: payments by time, down windows. */
void payer_tick(struct payer *payer);
/* The wall clock as this insurer believes it. */
int64_t payer_now_ms(const struct payer *payer);
/* Milliseconds since the script was loaded. */
int64_t payer_age_ms(const struct payer *payer);

/* ---- book.c: claims ---- */

/* A claim as it came in one of the formats. */
struct brought {
	const struct zf_claim *claim;
	const char *ref;
	const char *claim_id;              /* of the Claim resource, or NULL */
	const char *sender;                /* licence or provider number */
	const char *message_id;            /* of its header, or NULL */
	const struct xml_element *request; /* in eClaimLink: its element; else NULL */
};

/* A claim that came: what became of it. */
struct taken {
	const struct xml_element *request;
	struct zf_claim claim; /* with its ref */
	struct entry *entry;
	const struct misbehave_fault *fault; /* or NULL */
	bool is_new;                         /* the first time that it is carried out */
	bool differs;                        /* same ref, other content */
	struct text_span decided;            /* the answer with the decision, when it was made now */
};
/* Counts it, decides it when it is new, and looks up its fault. message_id: of its header, or NULL. 0 or LIB_NOMEM. */
int book_take(struct payer *payer, const struct fhir_document *document, uint32_t claim_index, const char *sender,
	const char *message_id, struct zf_arena *arena, struct taken *ret) LIB_MUSTUSE;
int book_take_brought(
	struct payer *payer, const struct brought *brought, struct zf_arena *arena, struct taken *ret) LIB_MUSTUSE;
/* What is kept of the decision: a ClaimResponse, or the part of an advice. */
int book_unpack(const struct payer *payer, const struct entry *entry, struct zf_arena *arena,
	struct text_span *ret) LIB_MUSTUSE;
/* The decision, or that there is none yet, as ClaimResponse; as the fault wants it, if it is given. */
int book_answer(
	struct payer *payer, const struct taken *taken, struct zf_arena *arena, struct text_span *ret) LIB_MUSTUSE;
/* The present state of a known claim as ClaimResponse: kept bytes, or "queued". */
int book_present(
	struct payer *payer, const struct entry *entry, struct zf_arena *arena, struct text_span *ret) LIB_MUSTUSE;
/* Pended claims whose time has come are decided. is_poll: counts as one poll or question. */
bool book_ripen(struct payer *payer, struct entry *entry, bool is_poll);
struct entry *book_find(const struct payer *payer, const char *ref_or_id);
struct sender *book_sender(struct payer *payer, const char *license);
/* A UUID from seed and names, always the same. */
void book_id(const struct payer *payer, const char *kind, const char *name, uint64_t number, char ret[40]);
const char *book_state_name(enum entry_state state);

/* ---- pay.c ---- */

/* A decided claim waits for its money. */
void pay_add(struct payer *payer, struct entry *entry);
/* Remittances for what waits. force: also what neither number nor time demands. Returns how many were made. */
unsigned pay_run(struct payer *payer, bool force);
/* What was paid for a claim goes back with the next remittance. ERR_NOTFOUND. */
int pay_take_back(struct payer *payer, struct entry *entry) MUSTUSE;

/* ---- post.c: the post office of the eClaimLink format ---- */

/* Reads what the script says of it. Aborts on what script_table let through and should not have. */
void post_profile(struct payer *payer);
void post_handle(struct payer *payer, const struct wire_request *req, struct wire_reply *reply);
void post_forget(struct payer *payer);
/* A SOAP Fault; code: "Client" or "Server". */
void post_problem(
	const struct wire_request *req, struct wire_reply *reply, int status, const char *code, const char *text);
/* An advice for these decided claims, of which the amounts of `details` are paid now. */
void post_advice(struct payer *payer, struct sender *sender, struct entry *const *entries,
	const struct zf_remittance_detail *details, size_t count, const char *reference);

/* ---- answer.c: what all answers are made of ---- */

void answer_bytes(struct wire_reply *reply, int status, const char *content_type, struct text_span body);
void answer_json(struct wire_reply *reply, int status, struct text_span body);
/* An OperationOutcome with one issue; code: the insurer's own or a FHIR issue type. */
void answer_metadata(struct wire_reply *reply); /* a CapabilityStatement */
void answer_problem(
	const struct wire_request *req, struct wire_reply *reply, int status, const char *code, const char *text);
/* The faults of a document as 400. */
void answer_faults(const struct wire_request *req, struct wire_reply *reply, struct fault_list *faults);
/* Reads a document; false when the reply is made already. */
bool answer_read(
	const struct wire_request *req, struct wire_reply *reply, uint32_t accept, struct fhir_document *ret_document);
/* Applies what a fault does to status and body; reply->fault is set. Returns the reply's status. */
int answer_spoil(const struct payer *payer, const struct wire_request *req, const struct misbehave_fault *fault,
	struct wire_reply *reply);

/* ---- the requests ---- */

void submit_handle(struct payer *payer, const struct wire_request *req, struct wire_reply *reply);
void message_handle(struct payer *payer, const struct wire_request *req, struct wire_reply *reply);
void ask_handle(struct payer *payer, const struct wire_request *req, const char *path, struct wire_reply *reply);
void task_handle(struct payer *payer, const struct wire_request *req, struct wire_reply *reply);
void control_handle(struct payer *payer, const struct wire_request *req, const char *path, struct wire_reply *reply);

/* A CommunicationRequest about a claim. */
int ask_query(
	struct payer *payer, const struct entry *entry, struct zf_arena *arena, struct text_span *ret) LIB_MUSTUSE;
/* Puts something into a sender's queue; aborts on no memory. */
void message_queue(struct sender *sender, struct queue_item item);

#endif

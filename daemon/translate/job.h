/* A job: one leased work item on its way through a round. It is read, run (modules are called), its facts find their
 * claims, and what it leads to is harvested for the commit. */
#ifndef TRANSLATE_JOB_H
#define TRANSLATE_JOB_H

#include "base/options.h"
#include "db/lease.h"
#include "db/rows.h"
#include "lib/text.h"
#include "translate/call.h"
#include "translate/harvest.h"
#include "translate/sums.h"
#include "translate/vault.h"

#define JOB_ARENA_BYTES                                                                                                \
	(192u << 20)        /* a message of MESSAGE_BYTES_MAX, what is read out of it, and what is made of it */
#define JOB_RETRIES_MAX 200 /* a call that says "not now" longer than this is given to a person */

/* What all jobs of a process share. */
struct room {
	const struct options *options;
	const struct keyring *keyring;
	const struct directory *directory;
	struct sealer *sealer;
	struct vault *vault;
	struct adapter_set modules;
	struct contexts *contexts;
	struct numbers numbers;
};

/* A claim as far as a fact needs it. */
struct job_claim {
	struct uuid id; /* nil: none */
	const char *ref, *insurer;
	int use, transport;
	int acknowledgement, adjudication, vouched; /* of the item's own claim; vouched: enum vouched */
	struct zf_money total;
	bool has_key;
	struct key key;            /* the patient's */
	struct uuid doubt_message; /* its submission whose fate is unknown, or nil; of one that is sent and asked about
				    * the last one that was answered */
};

/* A fact that a module stated. A remittance is one per detail. */
struct job_fact {
	struct job_fact *next;
	struct zf_fact fact;
	bool has_adjudication;
	struct zf_adjudication adjudication;
	const struct zf_remittance *remittance; /* our view of it; the same pointer in all its details */
	const struct zf_remittance_detail *detail;
	uint32_t detail_no; /* from 1; 0: a remittance without details */
	const char *ref;    /* what its claim is looked up by; NULL with wire NULL: it is the exchange's own claim */
	const char *wire_kind, *wire;
	const struct job_fact *same; /* an earlier one with this ref: what it finds is this one's claim too; or NULL */
	struct job_claim claim;      /* found */
	bool resolved;               /* the look-up was made, or was not needed */
	const char *refused;         /* why nothing follows from it; or NULL */
};

struct job {
	struct work_item item;
	struct arena arena;
	struct harvest harvest;
	bool alive;  /* its lease held when the round began */
	bool unread; /* there was no memory to read it: it is put off and nothing else */
	/* who it is about */
	const char *insurer_code;
	const struct insurer *insurer;
	const struct hospital *hospital;
	const struct context *context;
	struct bytes hospital_keys;
	struct job_claim claim;
	struct uuid patient_key_id;
	/* the claim */
	struct bytes claim_content;
	int basis; /* of export_basis; -1: not asked */
	/* the exchange that it belongs to */
	int exchange_kind; /* 0: there is none */
	int exchange_status, exchange_step;
	struct bytes exchange_state; /* sealed */
	bool busy;
	/* the message */
	int message_status; /* 0: there is none */
	int message_token, message_http;
	bool message_submission; /* it is one; in a claim's exchange: or it answers one */
	bool message_replay; /* a person has it read again: also when its exchange has ended, then for its facts only */
	struct bytes message_content; /* sealed */
	const char *message_route;
	struct uuid task_id;
	const char *task_reason;
	struct uuid doubt_exchange;
	const char *doubt_route;
	const char *origin_ref; /* of the claim that this one corrects, as the insurer knows it; or NULL */
	bool doubt_older;       /* its last try had ended when the item's exchange began */
	/* while it runs */
	struct uuid exchange_id; /* the item's, or the one that it starts */
	struct job_fact *facts, *facts_last;
	size_t fact_count;
	bool impersonal;         /* the module was given no more of the claim than our ref */
	bool over;               /* the module said that the exchange is done */
	bool pending;            /* it sent something or waits for a time */
	bool starved;            /* it asked for control numbers in vain */
	const char *unread_part; /* why its message goes to a person although it counts; NULL: it does not */
	bool refused;            /* the database refused what was harvested, or there was no memory to send it */
};

/* A fresh job for the item; its arena is kept from the last one. */
void job_init(struct job *job, const struct work_item *item);
/* Takes a row of translate_begin: copies it and finds insurer, hospital and the patient's key. ERR_NOMEM. */
int job_read(const struct room *room, struct job *job, const struct pg_result *rows, int row) MUSTUSE;
/* Calls the module as the item's kind demands and harvests what does not depend on other claims. */
void job_run(struct room *room, struct job *job);
/* After its facts have their claims: makes their rows, and what follows for the exchange. */
void job_finish(struct room *room, struct job *job);

/* ---- for the files that make up the above ---- */

/* Nothing good came of it: what is read goes to quarantine or is held, by kind; replaces what was harvested. */
void job_quarantine(struct job *job, const char *why);
/* Before the commit: rows that are not all there, as when there was no memory to give it to a person, are dropped, and
 * the item is put off. */
void job_make_whole(struct job *job);
/* Tries again later, by attempt; after JOB_RETRIES_MAX it is a quarantine. The turn of a mailbox comes again for ever.
 */
void job_retry(struct job *job, const char *why);
/* The claim for the module: opened, filtered by the insurer's allow-list, decoded; json is its source. 0, or the job
 * has been ended (ERR_*). */
int job_claim_load(
	const struct room *room, struct job *job, struct zf_claim *ret_claim, struct text_span *ret_json) MUSTUSE;
/* One step of the job's exchange. kind: enum exchange_kind of a new one, 0: the item's. Returns true when actions were
 * taken over; else the job has been ended by the verdict. */
bool job_step(struct room *room, struct job *job, struct zf_event *event, int kind);
/* The exchange's row, after job_step and its facts. */
void job_exchange(struct job *job, int kind, int status, struct bytes sealed_state, const char *why);
/* An own fact's claim: that of the item. */
void job_facts_add(struct job *job, const struct zf_fact *fact);
/* How the exchange of a doubt, a cancellation goes on after facts: see job_doubt.c. */
void job_ask(struct room *room, struct job *job);
void job_failure(struct room *room, struct job *job);
void job_status_conclude(struct job *job);
void job_absence_conclude(struct job *job);
void job_cancel(struct room *room, struct job *job);
void job_cancel_conclude(struct job *job);
void job_poll(struct room *room, struct job *job);
/* Insurers' own numbers and codes, cut: never needed whole. NULL stays NULL. */
const char *job_short_text(struct job *job, const char *text);
/* The sealed canonical form of what was read. */
int job_content_seal(const struct room *room, struct job *job, const struct key *key, const struct uuid *id,
	struct text_span json, struct bytes *ret_sealed) MUSTUSE;
/* What an encoder returned, as ERR_*. */
int job_encoded(int r) MUSTUSE;
/* Is it of no claim, but of the transfer as a whole? */
bool job_detail_whole(const struct zf_remittance_detail *detail);
/* Why a remittance can't be taken at its word; NULL: it can, and its details come to ret_sum. */
const char *job_remittance_fault(const struct zf_remittance *remittance, int64_t *ret_sum);
/* A remittance's row, as harvest.remittances.last, its arithmetic done; of one that does not balance with its document.
 * ERR_INVALID with text: it cannot be taken at its word; ERR_NOMEM. */
int job_remittance_add(const struct room *room, struct job *job, const struct zf_remittance *said) MUSTUSE;
/* Why it is parked, with its arithmetic. NULL: no memory. */
const char *job_remittance_parked(struct job *job, const struct harvest_remittance *remittance);
/* The row of one of its details, whose fact has its claim and remittance. */
void job_detail_add(struct job *job, const struct job_fact *fact, struct harvest_fact *row);
/* Rows of all facts. ERR_INVALID with text: one of them cannot be taken at its word; ERR_NOMEM. */
int job_facts_harvest(const struct room *room, struct job *job) MUSTUSE;
/* The key that seals a message or state of this job. */
int job_hospital_key(const struct room *room, const struct job *job, const struct key **ret_key) MUSTUSE;

#endif

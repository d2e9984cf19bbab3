/* The kinds of work in the outbox, exchanges, messages and facts: the numbers in the database and what each means.
 * This is the protocol between the roles; PostgreSQL is all that they share.
 *
 *   intake     claim + WORK_START_CLAIM                         transport: accepted (or no_route, held)
 *   translate  WORK_START_CLAIM -> gate, map -> message(out, ready) + WORK_SEND
 *                                                  transport: accepted -> queued (or waiting_consent, failed)
 *   dispatch   WORK_SEND -> gate again, export ledger, attempt (intent), transport queued -> sending; send; then
 *                answered: message(in, received) + WORK_REPLY
 *                                                              transport: sending -> sent, books: none -> billed
 *                not sent: WORK_SEND due again later           transport: sending -> queued
 *                unknown:  message unknown + WORK_FAILURE      transport: sending -> unknown
 *   translate  WORK_REPLY, WORK_FAILURE, WORK_TIMER -> step -> further messages, facts + WORK_FACT, exchange state
 *                unknown: WORK_START_STATUS where the insurer can be asked; resend where it is idempotent; else held
 *   settle     WORK_FACT -> steps on acknowledgement, adjudication, payment, books; postings */
#ifndef MODEL_WORK_H
#define MODEL_WORK_H

enum work_role { WORK_TRANSLATE = 1, WORK_DISPATCH = 2, WORK_SETTLE = 3 };

enum work_translate {
	WORK_START_CLAIM = 1,  /* claim_id */
	WORK_REPLY = 2,        /* exchange_id, message_id: what came in */
	WORK_FAILURE = 3,      /* exchange_id, message_id: the one that went out; its status says unknown or failed */
	WORK_TIMER = 4,        /* exchange_id: a WAIT action's time has come */
	WORK_START_STATUS = 5, /* claim_id, exchange_id and message_id of the submission in doubt */
	WORK_START_CANCEL = 6, /* claim_id; outbox.fact_id holds the task_id */
	WORK_START_POLL = 7,   /* route holds the insurer's code; recurring per hospital */
	WORK_START_REMITTANCE = 8, /* likewise */
	WORK_CALL = 9,             /* message_id: an insurer called us */
};
enum work_dispatch { WORK_SEND = 1 /* message_id, exchange_id, claim_id, route */ };
enum work_settle {
	WORK_FACT = 1 /* claim_id, and message_id: all new facts that it brings for the claim; or fact_id: that one */
};

enum exchange_kind {
	EXCHANGE_CLAIM = 1,
	EXCHANGE_STATUS = 2,
	EXCHANGE_CANCEL = 3,
	EXCHANGE_POLL = 4,
	EXCHANGE_REMITTANCE = 5,
	EXCHANGE_CALL = 6
};
enum exchange_status { EXCHANGE_OPEN = 1, EXCHANGE_DONE = 2, EXCHANGE_QUARANTINED = 3, EXCHANGE_HELD = 4 };

/* Whether a claim is `sent` by the word of a person: claim_state.vouched. */
enum vouched { VOUCHED_NOT = 0, VOUCHED_FOR = 1, VOUCHED_DENIED = 2 /* and its insurer says that it has nothing */ };

enum message_direction { MESSAGE_OUT = 1, MESSAGE_IN = 2 };
enum message_status {
	MESSAGE_READY = 1,
	MESSAGE_SENDING = 2,
	MESSAGE_UNKNOWN = 3,
	MESSAGE_ANSWERED = 4,
	MESSAGE_FAILED = 5,
	MESSAGE_DROPPED = 6,
	MESSAGE_RECEIVED = 11,
	MESSAGE_READ = 12,
	MESSAGE_QUARANTINED = 13,
	MESSAGE_ORPHAN = 14,
};
enum attempt_outcome { ATTEMPT_BEGUN = 1, ATTEMPT_ANSWERED = 2, ATTEMPT_NOT_SENT = 3, ATTEMPT_UNKNOWN = 4 };

/* fact.kind: enum zf_fact_kind below 100, ours from 100. */
enum fact_kind_own {
	FACT_UNSENDABLE = 101, /* the adapter could not say the claim in its format: faults */
};
enum fact_status {
	FACT_NEW = 1, /* with a reason already: applied, it is doubted for it */
	FACT_APPLIED = 2,
	FACT_REFUSED = 3, /* nothing follows from it */
	FACT_ORPHAN = 4,
	FACT_DOUBTED = 5, /* applied, and its amounts do not add up: for a person */
	FACT_DROPPED = 6, /* a person did away with a refused one or an orphan */
};

/* The plain content of a sealed message (SEAL_MESSAGE), so that any room can read it:
 *   line 1: METHOD SP ENDPOINT SP PATH for one that goes out ("-" for none), STATUS for one that came in
 *   then    Name: value for each header, an empty line, then the body verbatim. Lines end with \n.
 * Secrets are placeholders ${secret:NAME} in header values that dispatch fills while sending; in the body too, escaped
 * as XML, where line 1 ends with MESSAGE_SECRETS_XML.
 * Where line 1 goes on with MESSAGE_TAKEN and a digest in hex (model/taken.h), an answer of that digest says that the
 * claim was taken, and nothing else: dispatch then concludes it by itself.
 * Sealed under the key of the claim's patient; under the hospital's key when message.claim_id is NULL (db/keyhold.h).
 */
#define MESSAGE_HEAD_BYTES_MAX 65536
#define MESSAGE_BYTES_MAX (32u << 20)
#define MESSAGE_SECRETS_XML " xml-secrets"
#define MESSAGE_TAKEN " taken="

#endif

/* A remittance advice that a person brings in, into the books: its claims found, what it decides of them, all sealed,
 * and one function of the database that stores it or says why not. Blocking: for zhifuctl, and for threads of /v1. */
#ifndef SETTLE_REMITTANCE_STORE_H
#define SETTLE_REMITTANCE_STORE_H

#include "advice/advice.h"
#include "base/key_set.h"
#include "base/mem.h"

struct db_sync;
struct directory;
struct hospital;
struct keyring;

/* What remittance_put() of schema/051_remittance.sql says. */
enum remittance_outcome {
	REMITTANCE_KEY_OTHER = -100,  /* the Idempotency-Key was used with other content */
	REMITTANCE_REPEAT = -4,       /* one that counts says the same, under another name or number */
	REMITTANCE_STALE = -3,        /* what was to be corrected is not parked any more */
	REMITTANCE_PARKED_OTHER = -2, /* other content is parked, or was refused, and no reason is given */
	REMITTANCE_OTHER = -1,        /* other content counts */
	REMITTANCE_KNOWN = 0,         /* the very same was taken before */
	REMITTANCE_COUNTS = 1,
	REMITTANCE_PARKED = 2,
};

/* advice.standing */
enum remittance_standing {
	STANDING_COUNTS = 1,
	STANDING_PARKED,
	STANDING_REFUSED,
	STANDING_REPLACED,
	STANDING_WITHDRAWN
};

/* Whose books, and who writes in them. */
struct remittance_books {
	struct db_sync *db;
	const struct hospital *hospital;
	const struct key_set *keys; /* the hospital's */
	/* Of who stores one: by which numbers of bills are known, and whose the remitter may be. */
	const struct keyring *keyring;
	const struct directory *directory;
	const char *who;
	struct bytes key_hash, body_hash; /* of a request of /v1; {NULL, 0}: none */
};

struct remittance_put {
	const struct advice *advice;
	enum advice_form form;
	const char *profile;         /* NULL: none */
	struct bytes file;           /* as it came; ptr NULL: none */
	const struct uuid *replaces; /* the parked one that it corrects; NULL: whichever, if why is given */
	const char *why;             /* NULL: none */
	bool another;                /* it is another one, though one that counts says the same; needs why */
	struct fault_list *faults;   /* to which is added what names several claims */
	/* Writes what is answered, in the transaction that stores it, to be kept under the request's key; NULL: nothing
	 * is. Sets `told`, in the arena. */
	int (*tell)(struct remittance_put *put, void *ctx);
	void *tell_ctx;
	/* results */
	struct text_span told; /* with REMITTANCE_KNOWN by the key: what was answered first */
	enum remittance_outcome outcome;
	struct uuid id; /* of the advice; with an outcome of 0 and below of the one that is there */
	int version;
	enum remittance_standing standing;             /* of what was there before; 0: nothing was */
	struct zf_money other;                         /* its amount */
	int other_count;                               /* its details */
	const char *other_remitter, *other_identifier; /* of a repeat: under which that counts; in the arena */
	uint32_t strangers;                            /* rows of claims that are not here, or another insurer's */
	uint32_t decided;                              /* claims on which it is the first decision */
};

/* By which a file is read; NULL: the hospital has none of this name. */
const struct advice_profile *remittance_profile(const struct hospital *hospital, const char *name);

/* What is wrong with one that was read: carriers must be insurers that are configured, for their accounts in the ledger
 * bear their codes; and the amounts must fit together. */
void remittance_check(const struct advice *advice, const struct directory *directory, struct fault_list *faults,
	struct advice_sums *ret_sums);

/* Was the very request done before? In a transaction of the hospital. The put's outcome is REMITTANCE_KNOWN: it was,
 * and with which id and answer; REMITTANCE_KEY_OTHER; else REMITTANCE_COUNTS. */
int remittance_seen(const struct remittance_books *books, struct arena *arena, struct remittance_put *put) MUSTUSE;

/* Stores it, in a transaction of its own. ERR_*: nothing is stored. */
int remittance_store(const struct remittance_books *books, struct arena *arena, struct remittance_put *put) MUSTUSE;

#endif

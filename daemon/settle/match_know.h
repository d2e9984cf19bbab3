/* What is known of a hospital while its money is matched: contracts, payers, rates, claims and advices, as rows of the
 * database (schema/049_match.sql) and in the matcher's index. It is kept from turn to turn, and brought up to date at
 * the begin of each by what changed since the last, so that a turn costs what is new and not what lies open. What other
 * processes and persons do meanwhile is seen by the next turn, and whatever is posted is compared with what it was. */
#ifndef SETTLE_MATCH_KNOW_H
#define SETTLE_MATCH_KNOW_H

#include "base/key.h"
#include "base/mem.h"
#include "settle/match_choice.h"
#include "settle/match_form.h"
#include "settle/match_order.h"

struct directory;
struct hospital;
struct keyhold;
struct keyring;
struct pg_result;
struct sealer;

#define KNOW_BYTES_MAX (512u << 20) /* besides claims, of which there may be */
#define KNOW_CLAIMS_MAX 5000000u    /* so many at most: others are not looked at */
#define KNOW_ADVICE_ROWS_MAX 20000u /* of one advice: a longer one is not looked at */
#define KNOW_AGAIN_MAX 5000u        /* claims to be read again; where more are, all is */
#define KNOW_OWN_MAX 1024u          /* transactions of its own; what more did is read again */

/* A claim of the index, by its number there. */
struct know_claim {
	struct uuid id;
	int32_t version;  /* of its receivable */
	uint32_t touched; /* the round that moves it last; 0: none */
	char owed[4];
	uint8_t exponent;
	char ref[REF_TEXT_LEN];
};

struct know_advice {
	struct uuid id;
	const int32_t *details; /* of each of its rows: which detail of the remittance */
	uint32_t row_count;
};

struct know_contract {
	struct uuid id; /* nil: what is owed without a contract */
	int32_t version;
	const char *carrier;
	uint32_t index; /* among the matcher's contracts */
	bool by_care;   /* paid at the rate of the day of care */
};

/* A line by its number in the matcher: whose it is. */
struct know_credit {
	struct uuid line;
	int32_t part;
};

/* Of ids. */
enum know_kind { KNOW_CLAIM, KNOW_ADVICE, KNOW_CREDIT };

struct match_know {
	struct arena arena;   /* of the setting: it is read anew each turn */
	struct arena lasting; /* of the advices */
	const struct hospital *hospital;
	const struct keyring *keyring;
	struct match_setting setting;
	struct match_index *index;
	struct know_claim *claims; /* owned, on the heap: they are many */
	uint32_t claim_count, claim_cap;
	struct know_advice *advices;
	uint32_t advice_count, advice_cap;
	struct know_contract *contracts; /* by id and version */
	struct stored_rates rates;       /* those of the setting */
	const char **carriers;           /* by the matcher's contracts: the carrier, or group plan, that owes by it */
	const char **banks;              /* whose boards contracts name, from 1 in the matcher */
	uint16_t bank_count;
	const char **remitters;                 /* of the payers, in the matcher's order */
	uint8_t (*accounts)[LOOKUP_HASH_BYTES]; /* those on record, in order */
	size_t account_count;
	struct know_credit *credits; /* owned */
	uint32_t credit_count, credit_cap;
	struct match_forms forms; /* of the hospital's own numbers of bills */
	struct match_order ids;   /* of claims, advices and lines: what they are here, by enum know_kind */
	struct uuid last_claim;   /* the highest id of them */
	struct uuid *again;       /* owned: claims that are not as they are here */
	uint32_t again_count, again_cap;
	uint64_t print;            /* of what the index was made by, besides what it is made of */
	int64_t own[KNOW_OWN_MAX]; /* transactions that posted what is known already */
	uint32_t own_count;
	int64_t mark;      /* what changed since then is not known (match_begin) */
	int32_t turn;      /* in which it was last used */
	uint32_t rounds;   /* that it was used in */
	bool loaded;       /* all that was to be read has been read once */
	bool broken;       /* it can't be brought up to date: only making it anew helps */
	uint64_t left_out; /* claims and contracts that can't be matched */
};

/* What stands in the first rows of a turn. */
struct know_rows {
	const struct pg_result *contracts, *payers, *charges, *advisers, *forms, *rates;
};
#define KNOW_CONTRACTS_SQL                                                                                             \
	"SELECT contract_id, version, carrier, remitter, document::text FROM zhifu.contract_list($1::uuid, NULL)"      \
	" UNION ALL SELECT NULL, NULL, carrier, carrier, NULL FROM zhifu.match_plans($1::uuid)"
#define KNOW_PAYERS_SQL "SELECT remitter, kind::int4, hash, payer_id, content FROM zhifu.match_payers($1::uuid)"
#define KNOW_CHARGES_SQL "SELECT carrier, currency, exponent::int4, charge, times FROM zhifu.match_charges($1::uuid)"
#define KNOW_CLAIMS_SQL                                                                                                \
	"SELECT claim_id, version, ref, number, insurer_number, carrier, contract_id, contract_version, currency,"     \
	" exponent::int4, owed, open, book, billed_day, due_day, service_day, of_plan"                                 \
	" FROM zhifu.match_claims($1::uuid, $2::uuid, $3::int4, $4::int8, $5::uuid[], $6::int8[])"
#define KNOW_ADVICES_SQL                                                                                               \
	"SELECT remittance_id, no, insurer, identifier, total, currency, exponent::int4, payment_date, balanced,"      \
	" arrived_day, number, amount, fee, kind::int4, paid, payment_reference"                                       \
	" FROM zhifu.match_advices($1::uuid, $2::uuid, $3::int4, $4::int4, $5::int8)"

/* Makes the index, still without claims; one that is kept from an earlier turn stays, with the setting of now, unless
 * the hospital's day, contracts or rates are others: then it is made anew, and not loaded. hold, sealer: open payers'
 * names. All but the rows is borrowed for as long as it lives. ERR_NOMEM, ERR_INVALID. Freed by match_know_free in any
 * case. */
int match_know_begin(struct match_know *know, const struct hospital *hospital, const struct directory *directory,
	const struct keyring *keyring, const struct keyhold *hold, struct sealer *sealer,
	const struct know_rows *rows) MUSTUSE;
void match_know_free(struct match_know *know); /* zeroed is fine */

/* A page of claims, in the order of their ids: new ones, or what changed of others. ERR_NOMEM. */
int match_know_claims(struct match_know *know, const struct pg_result *rows) MUSTUSE;
/* All was read: claims, advices and lines; from now on only what changes after that mark is to be. */
void match_know_loaded(struct match_know *know, int64_t mark);
/* What this transaction settled in whole stands in the index as it is: it is not read again. */
void match_know_own(struct match_know *know, int64_t transaction);
/* The parameter that says so in KNOW_CLAIMS_SQL and of match_items(). */
void match_know_own_put(const struct match_know *know, struct db_params *params);
/* Claims that are not in the index as the database has them, since what was to be posted was not: read again next time.
 */
int match_know_again(struct match_know *know, const struct match_choice *choice) MUSTUSE;
/* The number of a line in the matcher, for ever the same. ERR_NOMEM. */
int match_know_credit(struct match_know *know, const struct uuid *line, int32_t part, uint32_t *ret) MUSTUSE;
/* A page of advices. full: there may be more, and the last one is left for the next page; ret_after is the last one
 * that was taken, with all of its rows, untouched where none was. ERR_NOMEM. */
int match_know_advices(
	struct match_know *know, const struct pg_result *rows, bool full, struct uuid *ret_after) MUSTUSE;

/* What a claim, an advice or a part of a line (0 of the others) is here; MATCH_NONE. */
uint32_t match_know_find(const struct match_know *know, const struct uuid *id, int32_t part, enum know_kind kind);
int match_know_enter(
	struct match_know *know, const struct uuid *id, int32_t part, enum know_kind kind, uint32_t number) MUSTUSE;
/* The claim's number in the index; MATCH_NONE. */
uint32_t match_know_claim(const struct match_know *know, const struct uuid *id);
/* What stands for an account in the matcher, which sees no account: the same for the same one. NULL stays NULL. In the
 * arena. ERR_NOMEM. */
int match_know_account(
	const struct match_know *know, const char *account, struct zf_arena *arena, const char **ret) MUSTUSE;
/* The hash by which an account (kind 2) or name (kind 1) of a payer is known, under a version of the look-up key.
 * ERR_INVALID: nothing of it is left when it is folded; else as lookup_hash. */
int match_payer_hash(const struct keyring *keyring, uint16_t version, const struct uuid *hospital, uint8_t kind,
	const char *text, uint8_t ret[LOOKUP_HASH_BYTES]) MUSTUSE;

/* A candidate of a line as what would be posted. In the arena. ERR_NOMEM. */
int match_know_choice(const struct match_know *know, const struct match_line *line,
	const struct match_candidate *candidate, struct zf_arena *arena, struct match_choice *ret) MUSTUSE;

#endif

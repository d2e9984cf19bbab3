/* A decision on money in suspense as the books take it, whoever makes it: what the matcher found, or a person. It is
 * kept as JSON until somebody accepts it, and posted by match_post() of schema/056_match_decide.sql, which works out
 * what the money and the receivables are carried at. */
#ifndef SETTLE_MATCH_CHOICE_H
#define SETTLE_MATCH_CHOICE_H

#include "base/id.h"
#include "settle/match.h"
#include "settle/rate_rows.h"

struct db_params;

#define MATCH_CHOICE_BYTES_MAX (8u << 20)
#define MATCH_CHOICE_PARTS_MAX 4000 /* an entry of the ledger has no more rows than numbers */
#define MATCH_PRINT_BYTES 32

/* An amount of the line's currency, and of the books. */
struct match_sum {
	int64_t minor, book;
};

/* What a rate made of what is owed in another currency than the line's, or of what came. */
struct match_conversion {
	int64_t from, to;
	bool of_owed;  /* from what is owed to the line's currency, else the other way */
	uint8_t rule;  /* enum decimal_rule */
	uint8_t count; /* of steps; 0: no rate was needed, or the line's own value tells it */
	struct {
		struct uuid rate;
		bool multiplied;
	} steps[RATE_STEPS_MAX];
};

/* A part of it; see struct match_part. */
struct match_allot {
	uint8_t kind; /* enum match_part_kind */
	bool has_claim, has_remittance;
	struct uuid claim, remittance;
	char ref[REF_TEXT_LEN]; /* of the claim; "" none */
	const char *plan;       /* the group plan (or si) that owes this share of the claim; NULL: it is the claim's */
	char owed[4];           /* the currency in which it is owed */
	uint8_t owed_exponent;
	int32_t version;  /* of the receivable, when it was looked at */
	int32_t detail;   /* of the remittance; 0: none */
	int64_t amount;   /* of the line, signed */
	int64_t cleared;  /* of the receivable, in the currency that is owed; negative of a take-back */
	int64_t over;     /* of the amount: too much */
	int64_t short_by; /* told only, as is fx: what stays open, and what a rate made of it */
	int64_t fx;
	struct match_sum charge, discount, fee, unexplained;
	struct match_conversion conversion; /* by which `cleared` was found */
};

/* rates: those that the way is of. */
void match_conversion_take(const struct rate_conversion *made, const struct stored_rates *rates, bool of_owed,
	struct match_conversion *ret);

struct match_choice {
	uint8_t kind;                    /* enum match_kind */
	uint16_t score;                  /* of 1000 */
	bool sound;                      /* can be posted as it is */
	struct uuid credit;              /* MATCH_REVERSAL: whose line the bank takes back */
	const char *line_kind, *account; /* MATCH_OWN: what it is by the chart, and its account */
	int32_t credit_part;
	uint32_t reason_count, part_count;
	struct match_reason reasons[MATCH_REASONS_MAX];
	struct match_allot *parts;
};

/* As JSON, and back. Everything is in the arena. ERR_NOMEM; reading: ERR_INVALID. */
int match_choice_write(const struct match_choice *choice, struct zf_arena *arena, struct text_span *ret_json) MUSTUSE;
int match_choice_read(struct text_span json, struct zf_arena *arena, struct match_choice *ret) MUSTUSE;
/* What it says is paid, whatever the amounts: the same answer to another look has the same. */
void match_choice_print(const struct match_choice *choice, uint8_t ret[MATCH_PRINT_BYTES]);
/* What would be posted, to the last amount: what a person saw is this still while this is the same. */
void match_choice_digest(const struct match_choice *choice, uint8_t ret[MATCH_PRINT_BYTES]);

/* One to be posted. */
struct match_posting {
	struct uuid allocation, line;
	int32_t part, version; /* of the item */
	const struct match_choice *choice;
};
/* The parameters of match_post(). who: whoever decides; why may be NULL. */
void match_post_params(struct db_params *params, const struct uuid *hospital, const char *who, const char *why,
	bool by_hand, const struct match_posting *postings, size_t count);
#define MATCH_POST_PARAMS 26
#define MATCH_POST_SQL                                                                                                                  \
	"SELECT ordinal, outcome, txid_current() FROM zhifu.match_post($1::uuid, $2::text, $3::text, $4::bool, $5::uuid[], $6::uuid[]," \
	" $7::int4[], $8::int4[], $9::int4[], $10::int2[], $11::uuid[], $12::int4[], $13::uuid[], $14::int4[], $15::int8[],"            \
	" $16::int8[], $17::int8[], $18::int8[], $19::int8[], $20::int8[], $21::int8[], $22::int8[], $23::int8[], $24::int8[],"         \
	" $25::int8[], $26::text::jsonb) ORDER BY ordinal"

/* The parameters of match_classify() for postings of MATCH_OWN. */
void match_classify_params(struct db_params *params, const struct uuid *hospital, const char *who, const char *why,
	bool by_hand, const struct match_posting *postings, size_t count);
#define MATCH_CLASSIFY_PARAMS 11
#define MATCH_CLASSIFY_SQL                                                                                                  \
	"SELECT ordinal, outcome FROM zhifu.match_classify($1::uuid, $2::text, $3::text, $4::bool, $5::uuid[], $6::uuid[]," \
	" $7::int4[], $8::int4[], $9::int8[], $10::text[], $11::text[]) ORDER BY ordinal"

#endif

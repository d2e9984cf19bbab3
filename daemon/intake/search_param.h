/* What a client may search for: one table per resource type, from which the parameters are read and the
 * CapabilityStatement is written. And dates with prefixes, as FHIR R4 (hl7.org/fhir/R4/search.html#date) wants them.
 * Pure. */
#ifndef INTAKE_SEARCH_PARAM_H
#define INTAKE_SEARCH_PARAM_H

#include "base/id.h"
#include "lib/arena.h"
#include "lib/fault.h"
#include "lib/text.h"
#include "net/http_query.h"

#define SEARCH_VALUES_MAX 8 /* values of one parameter, over all its repetitions */
#define SEARCH_DATES_MAX 16
#define SEARCH_COUNT_DEFAULT 50

enum search_type { SEARCH_CLAIM, SEARCH_CLAIM_RESPONSE, SEARCH_EXPLANATION, SEARCH_TASK, SEARCH_TYPES };

/* How a parameter is read and what it narrows. */
enum search_kind {
	SEARCH_BY_ID,         /* _id */
	SEARCH_BY_IDENTIFIER, /* the resource's own business identifier */
	SEARCH_BY_CLAIM,      /* a reference to the claim */
	SEARCH_BY_CLAIM_IDENTIFIER,
	SEARCH_BY_PATIENT,            /* an absolute reference */
	SEARCH_BY_PATIENT_IDENTIFIER, /* system|value */
	SEARCH_BY_STATUS,
	SEARCH_BY_USE,
	SEARCH_BY_OUTCOME,
	SEARCH_BY_UPDATED, /* meta.lastUpdated */
	SEARCH_BY_CREATED, /* the element named in `element` */
	SEARCH_COUNT,      /* the rest says how the answer shall look */
	SEARCH_SORT,
	SEARCH_FORMAT,
	SEARCH_CURSOR,
};

struct search_parameter {
	const char *name;
	enum search_kind kind;
	const char *fhir_type;    /* number, date, token, reference; NULL: controls the result */
	const char *element;      /* SEARCH_BY_CREATED: the resource's top-level member */
	const char *const *codes; /* the element's whole value set in the order of the mask's bits; NULL-terminated */
	bool is_post_only;        /* names a person: never in a URL */
	const char *documentation;
};

struct search_type_info {
	const char *name; /* "Claim" */
	const struct search_parameter *parameters;
	size_t parameter_count;
	unsigned count_max;
	bool sorts_by_updated; /* _lastUpdated of a row never changes, so its id sorts like it */
	const char *documentation;
};

const struct search_type_info *search_type_info(enum search_type type);
/* Whether a value of _format asks for JSON. */
bool search_format_is_json(const char *value);
const struct search_parameter *search_parameter_find(enum search_type type, const char *name);

/* Date prefixes; ap is refused, since nobody could say what it finds. */
enum search_prefix {
	SEARCH_EQ,
	SEARCH_NE,
	SEARCH_GT,
	SEARCH_LT,
	SEARCH_GE,
	SEARCH_LE,
	SEARCH_SA,
	SEARCH_EB,
};

/* One condition: the stretch of time that its text names, [begin_ms, end_ms). Conditions with the same `group` are
 * alternatives (comma), groups must all hold (repetition). */
struct search_date {
	int64_t begin_ms, end_ms;
	uint8_t prefix; /* enum search_prefix */
	uint8_t kind;   /* SEARCH_BY_UPDATED or SEARCH_BY_CREATED */
	uint8_t group;
};

/* Reads "ge2026-11" with the zone offset of bare dates in minutes. LIB_INVALID. */
int search_date_parse(struct text_span text, int offset_minutes, struct search_date *ret_date) LIB_MUSTUSE;
/* Whether an element that names the stretch [begin_ms, end_ms) meets the condition. */
bool search_date_meets(const struct search_date *date, int64_t begin_ms, int64_t end_ms);

struct search_token {
	const char *system; /* NULL: none was given; "": given as empty */
	const char *value;
};

/* A list of values with its "was it there": none of several values may match, which is not the same as no condition. */
struct search_tokens {
	bool present;
	uint8_t count;
	struct search_token items[SEARCH_VALUES_MAX];
};

struct search_ids {
	bool present;
	uint8_t count;
	struct uuid items[SEARCH_VALUES_MAX];
};

/* What a client asked for; text lives in the arena of the parse. */
struct search_request {
	enum search_type type;
	struct search_ids ids, claims;
	struct search_tokens identifiers, claim_identifiers, patients;
	/* A bit per code of the parameter; has_*: the condition is there, though no code of ours may fit. */
	uint32_t status, use, outcome;
	bool has_status, has_use, has_outcome;
	uint8_t date_count;
	struct search_date dates[SEARCH_DATES_MAX];
	unsigned count;
	bool is_ascending;
	const char *cursor; /* NULL: the first page */
};

/* Reads the parameters. is_post: they came in a body. is_lenient: unknown parameters become warnings instead of
 * faults. base_url: without a slash at the end; an absolute reference to a claim must begin with it and "/fhir/". All
 * faults are collected; returns 0 or LIB_NOMEM. ret_request is usable when the list does not refuse. */
int search_request_parse(enum search_type type, const struct http_param *params, size_t param_count, bool is_post,
	bool is_lenient, int offset_minutes, const char *base_url, struct zf_arena *arena, struct fault_list *faults,
	struct search_request *ret_request) LIB_MUSTUSE;

#endif

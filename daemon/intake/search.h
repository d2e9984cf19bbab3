/* Searches: GET /fhir/TYPE?... and POST /fhir/TYPE/_search. What was asked for becomes a plan, in which identifiers and
 * persons are keyed hashes only; a page's `next` link carries the whole plan and a position, encrypted. */
#ifndef INTAKE_SEARCH_H
#define INTAKE_SEARCH_H

#include "base/key.h"
#include "intake/intake.h"
#include "intake/search_param.h"

#define SEARCH_VERSIONS_MAX 4 /* look-up keys that are tried */
#define SEARCH_HASHES_MAX (SEARCH_VALUES_MAX * SEARCH_VERSIONS_MAX)
#define SEARCH_SCAN_ROWS 2000 /* looked at for one page: what a search costs at most, in a table of any size */
#define SEARCH_OPEN_ROWS 400  /* opened for one page, where a condition is on sealed content */

struct search_hashes {
	bool present;
	uint8_t count;
	uint8_t items[SEARCH_HASHES_MAX][LOOKUP_HASH_BYTES];
};

struct search_texts {
	bool present;
	uint8_t count;
	struct search_token items[SEARCH_VALUES_MAX];
};

struct search_plan {
	enum search_type type;
	bool is_ascending;
	uint16_t count;
	uint32_t status, use, outcome; /* masks */
	uint8_t date_count;
	struct search_date dates[SEARCH_DATES_MAX];
	struct search_ids ids, claims;
	struct search_hashes named, persons, own; /* claim identifiers; persons; a task's identifiers */
	struct search_texts refs;                 /* Zhifu's refs, in `value` */
	struct search_texts numbers;              /* an insurer's numbers with their systems */
	bool has_position;
	struct uuid position; /* the last id that was looked at */
};

/* Hashes what the request names. ERR_NOMEM, ERR_INVALID: a token that can't be looked up (fault added). */
int search_plan_make(const struct search_request *request, const struct keyring *ring, const struct uuid *hospital,
	struct zf_arena *arena, struct fault_list *faults, struct search_plan *ret_plan) MUSTUSE;
/* The stretch of lastUpdated outside of which no row can meet the plan, [from, until). */
void search_plan_stretch(const struct search_plan *plan, int64_t *ret_from_ms, int64_t *ret_until_ms);
/* All conditions of this kind (SEARCH_BY_UPDATED or SEARCH_BY_CREATED) against a stretch of time. */
bool search_plan_meets(const struct search_plan *plan, enum search_kind kind, int64_t begin_ms, int64_t end_ms);
/* A condition that rows alone can't answer. */
bool search_plan_has(const struct search_plan *plan, enum search_kind kind);
/* How many rows a statement may look at to return `limit`: no more than that when every row fits. */
int32_t search_plan_scan(const struct search_plan *plan, int32_t limit);
/* Begins with names instead of walking ids. */
bool search_plan_is_set(const struct search_plan *plan);

/* The plan as an opaque text of [A-Za-z0-9_-], readable by this hospital's sessions only. ERR_LIMIT: too much for a
 * URL. Pure but for a random nonce. */
int search_cursor_write(const struct search_plan *plan, const struct keyring *ring, const struct uuid *hospital,
	struct zf_arena *arena, const char **ret_text) MUSTUSE;
/* ERR_INVALID: not one of ours, or its key is gone. */
int search_cursor_read(const char *text, const struct keyring *ring, const struct uuid *hospital, enum search_type type,
	struct zf_arena *arena, struct search_plan *ret_plan) MUSTUSE;

/* Handler; tag is an enum search_type, ctx the intake. */
void search_handle(struct http_request *req, void *ctx);

struct db_params;
/* The parameters of the plan's statement. is_set: of the SET statement. */
void search_bind(struct db_params *params, const struct search_plan *plan, const struct uuid *hospital, bool is_set,
	int32_t limit);

#endif

/* What the files of the validator share; for validate*.c only. */
#ifndef MODEL_VALIDATE_INTERNAL_H
#define MODEL_VALIDATE_INTERNAL_H

#include "model/validate.h"

#define VALIDATE_SYSTEMS_SAID_MAX 8
#define VALIDATE_NO_DAY INT64_MIN

/* The sequence numbers of one list, for looking up. */
struct sequence_set {
	const char *list;      /* "diagnosis", for the sentence */
	const int32_t *sorted; /* ascending; NULL when it is 1, 2, 3, ... count */
	uint32_t count;
};

/* Where a line stands: item[i].detail[j].subDetail[k]; level says how many of them count. */
struct line_at {
	uint32_t index[3];
	uint8_t level; /* 1 to 3 */
};

/* Where something stands below the claim, kept in parts: a path is written only when there is a fault to report.
 *	{.element = "total"}  {.list = "diagnosis", .index = 2, .element = "sequence"}  {.line = &at, .element = "net"}
 */
struct place {
	const struct line_at *line;
	const char *list; /* behind the line, when both are given */
	uint32_t index;
	const char *element; /* behind the list; NULL: none */
};
#define AT(name) (&(struct place){.element = (name)})
#define AT_LIST(name, i, part) (&(struct place){.list = (name), .index = (i), .element = (part)})
#define AT_LINE(at, name) (&(struct place){.line = (at), .element = (name)})
/* Writes "item[0].detail[1].net" into path; returns the length. */
size_t place_format(const struct place *place, char path[FAULT_PATH_BYTES_MAX]);

struct validation {
	const struct zf_claim *claim;
	const struct validate_options *options;
	struct fault_list *faults;
	const char *path;
	uint32_t faults_before; /* entries of the list that the decoder made */
	int64_t latest_ms;      /* now and the skew */
	int64_t today;          /* the hospital's day at latest_ms */
	uint8_t unknown_codes;
	struct zf_money currency; /* the claim's currency: the total's, else the first net's; present 0: none */
	struct sequence_set care_team, information, diagnoses, procedures;
	int64_t admission, discharge, bill_start, bill_end, birth; /* days; VALIDATE_NO_DAY: unknown */
	/* the system asked last: most codes of a claim share one */
	const char *last_system;
	const struct validate_system *last_match;
	const char *systems_said[VALIDATE_SYSTEMS_SAID_MAX];
	uint32_t systems_said_count;
};

/* Adds a fault at a place unless the decoder has one there already. `tail` is written behind the place, or NULL. */
void validation_fault(struct validation *v, enum fault_code code, const struct place *place, const char *tail,
	const char *arg1, const char *arg2);
void validation_fault_as(struct validation *v, enum fault_code code, enum fault_severity severity,
	const struct place *place, const char *tail, const char *arg1, const char *arg2);
/* Did the decoder report a fault at PATH.element or below it? */
bool validation_said(const struct validation *v, const char *element);

/* validate_day.c */
/* Claim-level dates; fills the days in v. Returns the day of service. */
int64_t validation_days(struct validation *v);
/* Reports a time beyond now and the skew, or a day beyond the hospital's; true when it did. An absent one is none. */
bool validation_future(
	struct validation *v, const struct zf_time *time, enum fault_code code, const struct place *place);
/* The dates of one line. */
void validation_line_days(struct validation *v, const struct zf_claim_line *line, const struct line_at *at);

/* validate_sequence.c */
/* Reports numbers that are not positive or used twice, at PLACE.LIST[i].sequence, and makes the set. Sequence i is the
 * int32_t at `offset` of items[i]. line: the line that has the list, or NULL. ERR_NOMEM. */
int validation_sequences(struct validation *v, const struct line_at *line, const char *list, const void *const *items,
	uint32_t count, size_t offset, struct sequence_set *ret_set) MUSTUSE;
/* Reports numbers of a line that are not in the set, at LINE.name[i]. */
void validation_references(struct validation *v, const struct sequence_set *set, const int32_t *numbers, uint32_t count,
	const struct line_at *line, const char *name);

/* validate_code.c */
/* Checks the codings of a concept against the known systems; required: a fault when it says nothing at all. */
void validation_concept(
	struct validation *v, const struct zf_concept *concept, bool required, const struct place *place);

/* validate_line.c */
/* All lines with their details, and the claim's total. ERR_NOMEM. */
int validation_lines(struct validation *v, struct zf_money *ret_total) MUSTUSE;

#endif

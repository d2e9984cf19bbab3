/* CSV (RFC 4180) from strangers, whole in memory, one record after the other. Strict: quotes only around a whole field,
 * every quote closed, UTF-8, no NUL. What a program lost on the way is told where it can be seen: a quote that is still
 * open at the end, and a last line without an end, which may have lost digits of a number. */
#ifndef ADAPTERS_LIB_CSV_H
#define ADAPTERS_LIB_CSV_H

#include "lib/fault.h"
#include "lib/result.h"
#include "lib/text.h"

#define CSV_FIELDS_MAX 256 /* of a record */

/* Caller-owned; begins by csv_init. */
struct csv_reader {
	const char *at, *end;
	uint32_t line;             /* of `at`, from 1 */
	char separator;            /* between fields */
	bool open_end;             /* a last line without an end is taken as it is */
	struct zf_arena *arena;    /* borrowed; owns fields that had to be copied, and the array */
	struct fault_list *faults; /* borrowed */
	struct text_span *fields;  /* room for CSV_FIELDS_MAX, used again by each record */
};

/* One record; valid until the next. */
struct csv_record {
	const struct text_span *fields; /* without their quotes; the bytes live as long as the text and the arena */
	uint32_t count;
	uint32_t line; /* on which it begins, from 1 */
};

/* Begins at the first record, behind a byte order mark; separator is mostly ',', ';' or '\t'. The text must outlive the
 * reader. LIB_NOMEM; LIB_INVALID with a fault: not UTF-8, a NUL in it, or its last line has no end and open_end is
 * false. */
int csv_init(struct csv_reader *reader, struct text_span text, char separator, bool open_end, struct zf_arena *arena,
	struct fault_list *faults) LIB_MUSTUSE;
/* The next record that is not an empty line: 1 when there is one, 0 at the end. LIB_INVALID with a fault that has the
 * line as its path: a quote where none may be or that is not closed; LIB_LIMIT likewise: more than CSV_FIELDS_MAX
 * fields; LIB_NOMEM. After an error nothing more is read. */
int csv_next(struct csv_reader *reader, struct csv_record *ret) LIB_MUSTUSE;
/* Of what is written: does a spreadsheet take it for the beginning of a formula (OWASP, "CSV injection")? */
bool csv_formula(const char *text);

#endif

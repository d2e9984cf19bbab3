/* What a command says: fields and tables, printed as aligned text for people, written as CSV (lists; fields only where
 * there is no list) or collected into one JSON object. Text is aligned by what a terminal shows, so Chinese and
 * accented names keep their columns; control characters are replaced.
 */
#ifndef CTL_REPORT_H
#define CTL_REPORT_H

#include <jansson.h>

#include "base/id.h"
#include "base/zone.h"
#include "ctl/ctl.h"
#include "lib/fault.h"

/* One value in both forms. Made by the functions below, taken by report_field and table_add. Memory that runs out ends
 * the program. */
struct cell {
	char *text;   /* owned */
	json_t *json; /* owned */
	bool right;   /* numbers are aligned on their right */
};

struct cell cell_none(void);                               /* "-" and null */
struct cell cell_text(const char *text);                   /* NULL: none */
struct cell cell_word(const char *text, const char *json); /* what a person reads, what a program reads */
struct cell cell_aside(const char *text);                  /* for people only: in JSON it is null */
struct cell cell_int(int64_t number);
struct cell cell_bool(bool value); /* "yes" or "-" */
struct cell cell_money(
	int64_t minor, const char *currency, int exponent); /* 1,878.35 CNY; {"amount":"1878.35","currency":"CNY"} */
struct cell cell_amount(int64_t minor, const char *currency, int exponent); /* likewise, for people without currency */
struct cell cell_share(int64_t part, int64_t whole);                        /* "33.3 %", "33.3"; of nothing: none */
struct cell cell_tenths(int64_t tenths);                                    /* "4.5" */
struct cell cell_time(const struct zone *zone, int64_t wall_ms);            /* in that zone; NULL: UTC */
struct cell cell_day(int32_t days);
struct cell cell_uuid(const struct uuid *uuid);
struct cell cell_age(int64_t from_ms, int64_t to_ms); /* "3 min"; seconds in JSON */

/* Minor units as "1,878.35"; text holds REPORT_AMOUNT_LEN bytes. */
#define REPORT_AMOUNT_LEN 40
void report_amount(int64_t minor, int exponent, bool grouped, char text[REPORT_AMOUNT_LEN]);
/* Columns that a terminal needs for UTF-8 text. */
size_t report_width(const char *text);
/* Writes text without control characters, then spaces up to `width` columns. */
void report_pad(FILE *out, const char *text, size_t width, bool right);

struct report {
	const struct ctl *ctl;
	json_t *root;
	FILE *out;
	bool listed; /* CSV: a list has begun */
};

void report_begin(struct report *report, const struct ctl *ctl);
/* "label   value" and root[key]; takes the cell. */
void report_field(struct report *report, const char *key, const char *label, struct cell cell);
/* A line between parts; nothing in JSON. */
void report_heading(struct report *report, const char *text);
/* What is wrong with a file or an entry, or odd: a line each on standard error, "FILE:LINE:COLUMN: SENTENCE" (file
 * NULL: without it), or in JSON the list root["faults"]. The sentences are made in the arena. */
void report_faults(struct report *report, const char *file, const struct fault_list *faults, struct zf_arena *arena);
/* Prints the JSON value if that is the form, frees, returns status. */
int report_end(struct report *report, int status);

struct column {
	const char *key;   /* in JSON */
	const char *title; /* for people; NULL: in JSON and CSV only */
};

#define TABLE_COLUMNS_MAX 20

struct table {
	const struct column *columns;
	size_t column_count;
	struct cell *cells; /* row by row */
	size_t cell_count, cell_max;
	bool headed; /* CSV: its first line is written */
	/* CSV: columns of amounts, which take two fields. Found by themselves where a row has one; whoever makes the
	 * table says so of the others. */
	bool money[TABLE_COLUMNS_MAX];
};

void table_begin(struct table *table, const struct column *columns, size_t column_count);
/* The next cell, row by row; takes it. */
void table_add(struct table *table, struct cell cell);
/* CSV: writes the rows so far, which then need no memory any more; in other forms they wait for the end. */
void table_flush(struct table *table, struct report *report);
/* Prints it under a heading (NULL: none) or puts it into root[key] as a list of objects; an empty table prints `empty`
 * (NULL: nothing at all). Frees the table. */
void table_end(struct table *table, struct report *report, const char *key, const char *heading, const char *empty);
/* Frees it without printing. */
void table_drop(struct table *table);

#endif

/* CSV as RFC 4180 has it: a line of titles, CRLF, quotes where they are needed. An amount is two fields, digits and
 * currency. A text that a spreadsheet would take for a formula (OWASP, "CSV injection") gets an apostrophe in front;
 * numbers and amounts, which are ours, stay as they are. */
#ifndef CTL_REPORT_CSV_H
#define CTL_REPORT_CSV_H

#include <jansson.h>
#include <stdio.h>

#include "base/core.h"

/* The next title; of a column of amounts "KEY" and "KEY_currency". */
void report_csv_title(FILE *out, const char *key, bool money, bool first);
/* The next value of a line: null, a boolean, a number, a text, or an amount of struct cell. */
void report_csv_value(FILE *out, const json_t *value, bool money, bool first);
/* Ends the line. */
void report_csv_end(FILE *out);
/* What has no list: a line a member, "field,value,currency". */
void report_csv_object(FILE *out, const json_t *object);

#endif

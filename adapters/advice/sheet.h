/* A table of cells from a stranger's file, whole in memory: CSV in a stated charset, or one sheet of an XLSX workbook.
 * Nothing is calculated, numbers keep their digits. */
#ifndef ADAPTERS_ADVICE_SHEET_H
#define ADAPTERS_ADVICE_SHEET_H

#include "lib/charset.h"
#include "lib/fault.h"
#include "lib/result.h"
#include "lib/text.h"

#define SHEET_BYTES_MAX (16u << 20)    /* of the file */
#define SHEET_UNPACKED_MAX (64u << 20) /* of all that is in a workbook */
#define SHEET_ROWS_MAX 50000           /* that are not empty */
#define SHEET_COLUMNS_MAX 128
#define SHEET_MERGES_MAX 256 /* merged ranges */
#define SHEET_PLACE_SIZE 24

enum sheet_kind {
	SHEET_EMPTY = 0,
	SHEET_TEXT,
	SHEET_NUMBER, /* of a workbook: plain decimal digits, a point, a minus */
	SHEET_DAY,    /* of a workbook, by the cell's format */
	SHEET_ERROR, /* the workbook says that the cell has an error, or that its number is a day that does not exist */
	SHEET_UNCOUNTED, /* a formula whose result is not in the file */
};

enum sheet_copy {
	SHEET_OWN = 0,
	SHEET_FROM_LEFT,  /* the cell is merged with the one beside it, which holds the value */
	SHEET_FROM_ABOVE, /* and with one in a row above */
};

struct sheet_cell {
	struct text_span text; /* without white space around it */
	int32_t day;           /* SHEET_DAY: days since 1970-01-01 */
	uint8_t kind;          /* enum sheet_kind */
	uint8_t copied;        /* enum sheet_copy */
};

struct sheet_row {
	uint32_t number; /* of the row, in CSV of its first line, from 1 */
	uint32_t count;
	struct sheet_cell *cells; /* by column; behind the last all are empty */
};

struct sheet {
	bool workbook;
	uint32_t row_count;
	struct sheet_row *rows; /* from the top; empty ones may be missing */
};

/* How the bytes are to be taken. */
struct sheet_form {
	enum charset_kind charset; /* of CSV */
	char separator;            /* of CSV; 0: ',' */
	const char *name;          /* the sheet's; NULL: the first */
};

/* Whichever of the two it is, by its first bytes. LIB_INVALID and LIB_LIMIT with a fault; LIB_NOMEM. */
int sheet_read(const uint8_t *bytes, size_t len, const struct sheet_form *form, struct zf_arena *arena,
	struct fault_list *faults, struct sheet *ret) LIB_MUSTUSE;
/* Where a cell is: "C12", in CSV "12:3" (column from 0). */
void sheet_place(const struct sheet *sheet, uint32_t row, uint32_t column, char ret[SHEET_PLACE_SIZE]);
/* The cell; an empty one behind the last. */
const struct sheet_cell *sheet_cell(const struct sheet_row *row, uint32_t column);

/* ---- the two readers ---- */

int sheet_read_csv(const uint8_t *bytes, size_t len, const struct sheet_form *form, struct zf_arena *arena,
	struct fault_list *faults, struct sheet *ret) LIB_MUSTUSE;
int sheet_read_xlsx(const uint8_t *bytes, size_t len, const struct sheet_form *form, struct zf_arena *arena,
	struct fault_list *faults, struct sheet *ret) LIB_MUSTUSE;

/* What a workbook's number says of an amount or a number: the decimal as it stands, without an exponent; of more than
 * 15 digits, which only binary fractions have, the 15 that a spreadsheet shows. {NULL, 0}: no number (or no memory). */
struct text_span sheet_number(struct text_span text, struct zf_arena *arena);
/* Is a format of numbers one of days? id: of the built-in ones; code: of the workbook's own, else NULL. */
bool sheet_format_is_day(uint32_t id, const char *code);
/* The day of a serial number, whose fraction is the time. LIB_INVALID: no day, such as 29 February 1900. */
int sheet_serial_day(struct text_span number, bool from_1904, int32_t *ret_day) LIB_MUSTUSE;

#endif

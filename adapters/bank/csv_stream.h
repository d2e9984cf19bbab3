/* The reader of CSV by profile: what its files share. */
#ifndef ADAPTERS_BANK_CSV_STREAM_H
#define ADAPTERS_BANK_CSV_STREAM_H

#include "lib/charset.h"
#include "reader.h"

#define CSV_CELLS_MAX 256
#define CSV_FIELDS (BANK_CSV_RATE + 1)
#define CSV_LABEL_BYTES 64

/* An opening or closing balance that a row states, until its currency is known. */
struct csv_label {
	char amount[CSV_LABEL_BYTES];
	uint32_t line; /* 0: none */
};

struct bank_csv {
	struct bank_reader *reader;
	struct bank_csv_profile profile; /* with its defaults filled in */
	struct charset charset;

	/* the row that is being read */
	char *row;
	uint32_t row_len;
	uint32_t begins[CSV_CELLS_MAX]; /* of its cells in row */
	uint32_t cell_count;            /* begun, so at least 1 */
	uint32_t line, row_line;
	enum { CSV_PLAIN, CSV_QUOTED, CSV_QUOTE_SEEN } state;

	bool heading_seen, ended; /* ended: a footer came */
	uint32_t rows_before;     /* the heading */
	uint32_t heading_cells;
	/* for each column of the profile its place in the file; -1 none */
	int16_t *places;

	struct csv_label opening, closing;
	bool opening_added;
	char account[64];        /* of the rows so far */
	struct zf_money balance; /* of the row before; absent: none */
	struct zf_money first_balance;
	struct zf_money last_amount;
	bool chain; /* there is a column of balances and every row had one */
};

/* A whole row (csv_row.c); errors go to the reader. */
void csv_row(struct bank_csv *csv);
/* Ends the statement that is open. */
void csv_end(struct bank_csv *csv);
/* The n-th cell without white space around it. */
struct text_span csv_cell(const struct bank_csv *csv, uint32_t n);
/* Does the text begin with one of the words between '|'? */
bool csv_begins_with(struct text_span text, const char *words);
/* Is the text one of them? */
bool csv_is_one_of(struct text_span text, const char *words);

#endif

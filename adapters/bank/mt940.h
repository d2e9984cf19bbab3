/* The reader of MT940 and MT942: what its files share. */
#ifndef ADAPTERS_BANK_MT940_H
#define ADAPTERS_BANK_MT940_H

#include "lib/charset.h"
#include "reader.h"

struct bank_mt940 {
	struct bank_reader *reader;
	struct charset charset;
	char *line; /* the one that is being read, without its end */
	uint32_t line_len;
	uint32_t line_number; /* of it, from 1 */
	bool colon;           /* a line of nothing but ':' came: it belongs to the next one */

	char tag[8]; /* of the field that is being gathered; "" none */
	char *field; /* its value; lines end with '\n' but the last */
	uint32_t field_len;
	uint32_t field_line;

	bool begun;                                   /* a statement came before in this file */
	bool number_seen, opening_seen, closing_seen; /* of this statement */
	bool currency_missed;                         /* its currency is not known, which was said */
	bool entry_open;                              /* an entry waits for its :86: */
	const char *info;                             /* :86: and :NS: of the entry */
	const char *raw;                              /* :NS: */
	struct scratch_list charges;
	struct {
		bool seen;
		int64_t count;
		struct zf_money sum;
		uint32_t line;
	} said[2]; /* :90C: and :90D: */
};

/* A gathered field (mt940_field.c); errors go to the reader. */
void mt940_field(struct bank_mt940 *mt940, struct text_span value);
/* Ends the statement that is open, if one is. */
void mt940_statement_end(struct bank_mt940 *mt940);
/* :61: into the entry at hand (mt940_entry.c). */
void mt940_entry(struct bank_mt940 *mt940, struct text_span value);
/* Tells the entry that waits, if one does. */
void mt940_entry_end(struct bank_mt940 *mt940);
/* :86: into the detail of the entry at hand (mt940_info.c). False with reader->result set. */
bool mt940_info(struct bank_mt940 *mt940, struct bank_detail *detail, struct text_span info);
/* The codes /OCMT/, /CHGS/ and /EXCH/ of a text. */
bool mt940_codes(struct bank_mt940 *mt940, struct bank_detail *detail, struct text_span text);
/* YYMMDD. False when it is none or there is no such day; 29 and 30 February mean the month's last day, with a warning.
 */
bool mt940_day(struct bank_mt940 *mt940, struct text_span digits, const char *where, int32_t *ret_day);
/* Adds to *text in the scratch; false with reader->result set. */
bool mt940_join(struct bank_mt940 *mt940, struct scratch *scratch, const char **text, struct text_span more,
	const char *between);

#endif

/* Bytes in a bank's charset into UTF-8, as they come: a character may be cut anywhere. */
#ifndef ADAPTERS_BANK_CHARSET_H
#define ADAPTERS_BANK_CHARSET_H

#include "statement.h"

#define CHARSET_OUT_BYTES 4096

/* Caller-owned; charset_open() makes it ready. */
struct charset {
	enum bank_charset kind;
	void *converter; /* iconv_t; NULL where none is needed */
	uint8_t cut[8];  /* a character that is not whole yet */
	size_t cut_len;
	bool begun; /* the byte order mark was looked for */
	char out[CHARSET_OUT_BYTES];
};

/* LIB_INVALID: this system does not know it. */
int charset_open(struct charset *charset, enum bank_charset kind) LIB_MUSTUSE;
void charset_close(struct charset *charset);
/* Converts as much as fits out; *bytes moves on. ret_text is UTF-8 without NUL, in charset->out or in the input.
 * LIB_INVALID: what follows is no character of the charset, or NUL; ret_text has what comes before it. */
int charset_next(struct charset *charset, const char **bytes, size_t *len, struct text_span *ret_text) LIB_MUSTUSE;
/* Is a character cut at the end? */
bool charset_is_cut(const struct charset *charset);
/* "UTF-8", "GB18030". */
const char *charset_name(enum bank_charset kind);
/* The one of that name, in either case. LIB_NOTFOUND. */
int charset_find(struct text_span name, enum bank_charset *ret_kind) LIB_MUSTUSE;

#endif

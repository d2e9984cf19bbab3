/* Bytes in a bank's or payer's charset into UTF-8, as they come: a character may be cut anywhere. */
#ifndef ADAPTERS_LIB_CHARSET_H
#define ADAPTERS_LIB_CHARSET_H

#include "lib/result.h"
#include "lib/text.h"

/* Of files that are no XML. */
enum charset_kind {
	CHARSET_UTF8 = 0, /* strict; a byte order mark is skipped */
	CHARSET_LATIN1,   /* ISO 8859-1 */
	CHARSET_LATIN9,   /* ISO 8859-15 */
	CHARSET_GB18030,
	CHARSET_CP852, /* of DOS in Central Europe, which MT940 from there still comes in */
};

#define CHARSET_OUT_BYTES 4096

/* Caller-owned; charset_open() makes it ready. */
struct charset {
	enum charset_kind kind;
	void *converter; /* iconv_t; NULL where none is needed */
	uint8_t cut[8];  /* a character that is not whole yet */
	size_t cut_len;
	bool begun; /* the byte order mark was looked for */
	char out[CHARSET_OUT_BYTES];
};

/* LIB_INVALID: this system does not know it. */
int charset_open(struct charset *charset, enum charset_kind kind) LIB_MUSTUSE;
void charset_close(struct charset *charset);
/* Converts as much as fits out; *bytes moves on. ret_text is UTF-8 without NUL, in charset->out or in the input.
 * LIB_INVALID: what follows is no character of the charset, or NUL; ret_text has what comes before it. */
int charset_next(struct charset *charset, const char **bytes, size_t *len, struct text_span *ret_text) LIB_MUSTUSE;
/* Is a character cut at the end? */
bool charset_is_cut(const struct charset *charset);
/* "UTF-8", "GB18030". */
const char *charset_name(enum charset_kind kind);
/* The one of that name, in either case. LIB_NOTFOUND. */
int charset_find(struct text_span name, enum charset_kind *ret_kind) LIB_MUSTUSE;

/* Loads what a charset needs from the system, for a process that will not be able to once it has gone to jail; readers
 * of that charset work there as long as it is held. LIB_INVALID: this system does not know it. ret_hold is NULL for
 * charsets that need nothing. */
int charset_hold(enum charset_kind charset, void **ret_hold) LIB_MUSTUSE;
/* NULL is fine. */
void charset_release(void *hold);

#endif

/* Result codes: 0 or a negative ERR_*. The text is set once, where the fact is known, and read where it is handled. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

enum err {
	ERR_OK = 0,
	ERR_NOMEM = -1,   /* allocation failed or an arena's limit was reached */
	ERR_SYS = -2,     /* a system call failed; the text carries strerror */
	ERR_INVALID = -3, /* the input breaks its rules */
	ERR_LIMIT = -4,   /* a named limit was reached: refuse early */
	ERR_NOTFOUND = -5,
	ERR_EXISTS = -6,
	ERR_DENIED = -7,   /* not allowed, or a signature, tag or certificate did not verify */
	ERR_TIMEOUT = -8,  /* an absolute deadline passed */
	ERR_CLOSED = -9,   /* the peer or the database went away */
	ERR_DB = -10,      /* PostgreSQL refused; the text carries SQLSTATE and primary message */
	ERR_UNKNOWN = -11, /* it may or may not have happened (connection lost after COMMIT or after the last byte) */
	ERR_AGAIN = -12,   /* not now: try later */
};

/* Sets the calling thread's error text (at most 511 bytes, lower case, no full stop; never a person's data or a secret)
 * and returns `code`, so that a function can end with `return err_set(ERR_INVALID, "...")`. */
int err_set(int code, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The text set last by this thread; never NULL, "" when none. Borrowed until the next err_set. */
const char *err_text(void);

/* "no memory", "limit reached", ...: the code's name for a log line. */
const char *err_name(int code);

#endif

/* The error text of each thread and the names of the result codes. */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ERR_TEXT_BYTES 1024

static _Thread_local char last_text[ERR_TEXT_BYTES];

int err_set(int code, const char *fmt, ...)
{
	/* Callers pass err_text() itself as an argument to add context, so the old text must survive the formatting. */
	char text[ERR_TEXT_BYTES];
	va_list args;

	va_start(args, fmt);
	if (vsnprintf(text, sizeof(text), fmt, args) < 0) text[0] = '\0';
	va_end(args);
	memcpy(last_text, text, sizeof(text));
	return code;
}

const char *err_text(void)
{
	return last_text;
}

const char *err_name(int code)
{
	switch ((enum err)code) {
	case ERR_OK:
		return "ok";
	case ERR_NOMEM:
		return "no memory";
	case ERR_SYS:
		return "system error";
	case ERR_INVALID:
		return "invalid";
	case ERR_LIMIT:
		return "limit reached";
	case ERR_NOTFOUND:
		return "not found";
	case ERR_EXISTS:
		return "exists already";
	case ERR_DENIED:
		return "denied";
	case ERR_TIMEOUT:
		return "timed out";
	case ERR_CLOSED:
		return "closed";
	case ERR_DB:
		return "database error";
	case ERR_UNKNOWN:
		return "outcome unknown";
	case ERR_AGAIN:
		return "try again later";
	}
	return "unnamed error";
}

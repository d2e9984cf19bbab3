/* Names and values of a query string or an application/x-www-form-urlencoded body. Pure. */
#ifndef NET_HTTP_QUERY_H
#define NET_HTTP_QUERY_H

#include "base/core.h"
#include "lib/arena.h"

/* One decoded name=value of a query or of an application/x-www-form-urlencoded body; NUL-terminated, in the arena. */
struct http_param {
	const char *name;
	const char *value; /* "" when there was no "=" */
};
#define HTTP_PARAMS_MAX 256
/* Decodes "a=b&c=d" ("+" is a space). Errors ERR_INVALID (broken percent-encoding, NUL, not UTF-8), ERR_LIMIT (more
 * than HTTP_PARAMS_MAX), ERR_NOMEM. */
int http_query_parse(const char *text, size_t len, struct zf_arena *arena, struct http_param **ret_params,
	size_t *ret_count) MUSTUSE;
/* The first value of that name; NULL when absent. */
const char *http_param_get(const struct http_param *params, size_t count, const char *name);

/* True when the bytes are UTF-8 (RFC 3629: no overlong forms, no surrogates) and hold no NUL. */
bool http_utf8_valid(const char *text, size_t len);
/* The value of a hexadecimal digit, or -1. */
int http_hex_value(uint8_t c);

#endif

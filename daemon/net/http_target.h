/* The request target: origin-form only, one way to read it. Private to the parser. */
#ifndef NET_HTTP_TARGET_H
#define NET_HTTP_TARGET_H

#include "lib/arena.h"
#include "net/http_bad.h"

struct http_target {
	const char *text;  /* as sent */
	const char *path;  /* decoded */
	const char *query; /* as sent */
};
/* Texts are NUL-terminated in the arena. Returns HTTP_BAD_NONE or the reason. */
enum http_bad http_target_parse(const uint8_t *ptr, size_t len, struct zf_arena *arena, struct http_target *ret_target);
/* True for host [":" port]: a name or IPv4 address of [A-Za-z0-9._~-], or an IPv6 address in brackets. */
bool http_host_valid(const char *host);

#endif

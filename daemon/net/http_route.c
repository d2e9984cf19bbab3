/* The table of routes: patterns cut into segments once, then compared segment by segment. */
#include "net/http_route.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#define ROUTER_MAGIC 0x726f7574u
#define SEGMENTS_MAX 12

enum segment_kind { LITERAL, PARAM, REST }; /* in the order in which they win */

struct segment {
	enum segment_kind kind;
	const char *text; /* of the row's path, not NUL-terminated; literal only */
	size_t len;
};

struct entry {
	const struct http_route *route;
	void *ctx;
	struct segment segments[SEGMENTS_MAX];
	size_t segment_count;
};

struct http_router {
	unsigned magic;
	struct entry *entries;
	size_t count;
};

int http_router_new(struct http_router **ret_router)
{
	struct http_router *router = mem_alloc(sizeof(*router));
	if (router == NULL) return err_set(ERR_NOMEM, "no memory for routes");
	router->magic = ROUTER_MAGIC;
	*ret_router = router;
	return 0;
}

void http_router_free(struct http_router *router)
{
	if (router == NULL) return;
	CHECK_MAGIC(router, ROUTER_MAGIC);
	router->magic = 0;
	mem_free(router->entries);
	mem_free(router);
}

static int pattern_parse(const struct http_route *route, struct entry *entry)
{
	const char *p = route->path;
	size_t params = 0;
	if (p == NULL || *p != '/') return err_set(ERR_INVALID, "a route's path does not begin with a slash");
	while (*p == '/') {
		struct segment *segment = &entry->segments[entry->segment_count];
		size_t len = strcspn(++p, "/");
		if (entry->segment_count++ == SEGMENTS_MAX)
			return err_set(ERR_LIMIT, "route \"%s\" is too deep", route->path);
		*segment = (struct segment){.kind = LITERAL, .text = p, .len = len};
		if (len > 2 && p[0] == '{' && p[len - 1] == '}') {
			segment->kind = len > 5 && strncmp(p + len - 4, "...}", 4) == 0 ? REST : PARAM;
			params++;
		}
		p += len;
		if (segment->kind == REST && *p != '\0')
			return err_set(ERR_INVALID, "route \"%s\" goes on after its rest", route->path);
	}
	if (params > HTTP_ROUTE_PARAMS_MAX)
		return err_set(ERR_LIMIT, "route \"%s\" has too many parameters", route->path);
	return 0;
}

static bool same_pattern(const struct entry *a, const struct entry *b)
{
	if (a->route->method != b->route->method || a->segment_count != b->segment_count) return false;
	for (size_t i = 0; i < a->segment_count; i++) {
		const struct segment *x = &a->segments[i], *y = &b->segments[i];
		if (x->kind != y->kind) return false;
		assert(x->text != NULL && y->text != NULL);
		if (x->kind == LITERAL && (x->len != y->len || memcmp(x->text, y->text, x->len) != 0)) return false;
	}
	return true;
}

int http_router_add(struct http_router *router, const struct http_route *routes, size_t count, void *ctx)
{
	CHECK_MAGIC(router, ROUTER_MAGIC);
	if (count > HTTP_ROUTES_MAX - router->count) return err_set(ERR_LIMIT, "more than %d routes", HTTP_ROUTES_MAX);
	struct entry *entries = mem_realloc(router->entries, (router->count + count) * sizeof(*entries));
	if (entries == NULL) return err_set(ERR_NOMEM, "no memory for routes");
	router->entries = entries;
	size_t total = router->count;
	for (size_t i = 0; i < count; i++) {
		struct entry *entry = &entries[total];
		*entry = (struct entry){.route = &routes[i], .ctx = ctx};
		int rc = pattern_parse(&routes[i], entry);
		if (rc != 0) return rc;
		for (size_t j = 0; j < total; j++)
			if (same_pattern(&entries[j], entry))
				return err_set(ERR_EXISTS, "two routes \"%s %s\"", http_method_name(routes[i].method),
					routes[i].path);
		total++;
	}
	router->count = total; /* all or nothing */
	return 0;
}

/* Walks pattern and path together. Parameters are noted as parts of the path. */
static bool entry_fits(const struct entry *entry, const char *path, struct bytes params[], size_t *ret_count)
{
	const char *p = path;
	*ret_count = 0;
	for (size_t i = 0; i < entry->segment_count; i++) {
		const struct segment *segment = &entry->segments[i];
		if (*p != '/') return false;
		size_t len = strcspn(++p, "/");
		switch (segment->kind) {
		case LITERAL:
			if (len != segment->len || memcmp(p, segment->text, len) != 0) return false;
			break;
		case PARAM:
			if (len == 0) return false;
			params[(*ret_count)++] = (struct bytes){(const uint8_t *)p, len};
			break;
		case REST:
			params[(*ret_count)++] = (struct bytes){(const uint8_t *)p, strlen(p)};
			return true;
		}
		p += len;
	}
	return *p == '\0';
}

/* Which of two fitting patterns is the closer one: the first segment that differs in kind decides. */
static bool is_closer(const struct entry *a, const struct entry *b)
{
	for (size_t i = 0; i < a->segment_count && i < b->segment_count; i++)
		if (a->segments[i].kind != b->segments[i].kind) return a->segments[i].kind < b->segments[i].kind;
	return a->segment_count > b->segment_count;
}

static unsigned method_bits(enum http_method method)
{
	return method == HTTP_GET ? 1u << HTTP_GET | 1u << HTTP_HEAD : 1u << method;
}

int http_router_match(const struct http_router *router, const struct http_head *head, struct zf_arena *arena,
	struct http_match *ret_match)
{
	struct bytes params[HTTP_ROUTE_PARAMS_MAX], best_params[HTTP_ROUTE_PARAMS_MAX];
	size_t param_count, best_count = 0;
	const struct entry *best = NULL;
	unsigned allowed = 0;
	CHECK_MAGIC(router, ROUTER_MAGIC);
	for (size_t i = 0; i < router->count; i++) {
		const struct entry *entry = &router->entries[i];
		if (!entry_fits(entry, head->path, params, &param_count)) continue;
		allowed |= method_bits(entry->route->method);
		if (!(method_bits(entry->route->method) & 1u << head->method)) continue;
		if (best != NULL && !is_closer(entry, best)) continue;
		best = entry;
		best_count = param_count;
		memcpy(best_params, params, sizeof(params));
	}
	struct http_match match = {.allowed = allowed};
	if (best != NULL) {
		match.route = best->route;
		match.ctx = best->ctx;
		match.param_count = best_count;
		for (size_t i = 0; i < best_count; i++) {
			match.params[i] = zf_strndup(arena, (const char *)best_params[i].ptr, best_params[i].len);
			if (match.params[i] == NULL) return err_set(ERR_NOMEM, "no memory for a path");
		}
	}
	*ret_match = match;
	return 0;
}

int http_route_check(const struct http_route *route, const struct http_head *head, const char **ret_text)
{
	bool has_body = head->chunked || head->content_length > 0;
	const char *type = http_head_get(head, "content-type"), *coding = http_head_get(head, "content-encoding");
	if (!has_body && route->flags & HTTP_ROUTE_BODY) {
		*ret_text = "this request needs a body";
		return 400;
	}
	if (has_body && head->content_length > route->body_bytes_max) {
		*ret_text = "the body is longer than this path allows";
		return 413;
	}
	if (has_body && route->body_bytes_max == 0) {
		*ret_text = "this request takes no body";
		return 413;
	}
	if (has_body && coding != NULL && strcmp(coding, "identity") != 0) {
		*ret_text = "content-encoding is not taken";
		return 415;
	}
	if (has_body && route->content_types != NULL && !http_media_in(type, route->content_types)) {
		*ret_text = "this content type is not taken here";
		return 415;
	}
	if (route->accepts != NULL && !http_accepts(http_head_get(head, "accept"), route->accepts)) {
		*ret_text = "none of the accepted types can be sent from here";
		return 406;
	}
	return 0;
}

void http_allowed_text(unsigned allowed, char *text, size_t len)
{
	size_t n = 0;
	assert(len > 0);
	text[0] = '\0';
	for (unsigned i = 0; i < HTTP_METHODS; i++) {
		if (!(allowed & 1u << i)) continue;
		int more =
			snprintf(text + n, len - n, "%s%s", n == 0 ? "" : ", ", http_method_name((enum http_method)i));
		if (more < 0 || (size_t)more >= len - n) return;
		n += (size_t)more;
	}
}

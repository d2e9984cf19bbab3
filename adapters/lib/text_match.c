/* The matcher of code patterns: a list of items, each with a repeat range, run as a set of positions over the text
 * (no back-tracking, so no pattern is slow). */
#include <assert.h>

#include "lib/text.h"

#define REPEAT_MAX 64
#define NO_LIMIT UINT8_MAX

/* One element of the pattern. Counted repeats are unrolled: x{2,3} becomes x x x?. */
struct item {
	uint64_t set[2]; /* ASCII characters that it takes */
	bool any;        /* takes every code point */
	bool non_ascii;  /* a negated class takes all of the rest of Unicode */
	bool optional;   /* may be passed over */
	bool loops;      /* may take any number more */
};

struct program {
	struct item items[TEXT_PATTERN_ITEMS_MAX];
	size_t n;
};

static void set_add(struct item *item, unsigned char c)
{
	item->set[c >> 6] |= UINT64_C(1) << (c & 63);
}

static bool item_takes(const struct item *item, uint32_t code)
{
	if (item->any) return true;
	if (code >= 128) return item->non_ascii;
	return (item->set[code >> 6] >> (code & 63) & 1) != 0;
}

/* p is behind '['. Returns behind ']', or NULL. */
static const char *parse_class(const char *p, struct item *item)
{
	bool negated = *p == '^';
	if (negated) p++;
	if (*p == ']') return NULL;
	while (*p != ']') {
		if (*p == '\\') p++;
		unsigned char from = (unsigned char)*p;
		if (from == '\0' || from >= 128) return NULL;
		p++;
		unsigned char to = from;
		if (p[0] == '-' && p[1] != ']') {
			p++;
			if (*p == '\\') p++;
			to = (unsigned char)*p;
			if (to == '\0' || to >= 128 || to < from) return NULL;
			p++;
		}
		for (unsigned c = from; c <= to; c++) set_add(item, (unsigned char)c);
	}
	if (negated) {
		item->set[0] = ~item->set[0];
		item->set[1] = ~item->set[1];
		item->non_ascii = true;
	}
	return p + 1;
}

/* One character, class or escape. Returns behind it, or NULL. */
static const char *parse_atom(const char *p, struct item *item)
{
	*item = (struct item){0};
	switch (*p) {
	case '\0':
	case '?':
	case '*':
	case '+':
	case '{':
	case '}':
	case ']':
	case '(':
	case ')':
	case '|':
	case '^':
	case '$':
		return NULL;
	case '.':
		item->any = true;
		return p + 1;
	case '[':
		return parse_class(p + 1, item);
	case '\\':
		p++;
		if (*p == 'd') {
			for (unsigned c = '0'; c <= '9'; c++) set_add(item, (unsigned char)c);
			return p + 1;
		}
		/* Other letters and digits are reserved, so that \w or \b is not taken for a plain letter. */
		if ((*p >= '0' && *p <= '9') || (*p >= 'A' && *p <= 'Z') || (*p >= 'a' && *p <= 'z')) return NULL;
		break;
	default:
		break;
	}
	if (*p == '\0' || (unsigned char)*p >= 128) return NULL;
	set_add(item, (unsigned char)*p);
	return p + 1;
}

static const char *parse_count(const char *p, unsigned *ret)
{
	unsigned n = 0;
	if (*p < '0' || *p > '9') return NULL;
	while (*p >= '0' && *p <= '9') {
		n = n * 10 + (unsigned)(*p - '0');
		if (n > REPEAT_MAX) return NULL;
		p++;
	}
	*ret = n;
	return p;
}

static const char *parse_repeat(const char *p, unsigned *ret_min, unsigned *ret_max)
{
	*ret_min = 1;
	*ret_max = 1;
	switch (*p) {
	case '?':
		*ret_min = 0;
		return p + 1;
	case '*':
		*ret_min = 0;
		*ret_max = NO_LIMIT;
		return p + 1;
	case '+':
		*ret_max = NO_LIMIT;
		return p + 1;
	case '{':
		p = parse_count(p + 1, ret_min);
		if (p == NULL) return NULL;
		*ret_max = *ret_min;
		if (*p == ',') p = parse_count(p + 1, ret_max);
		if (p == NULL || *p != '}' || *ret_max < *ret_min) return NULL;
		return p + 1;
	default:
		return p;
	}
}

static int compile(const char *pattern, struct program *program)
{
	const char *p = pattern;
	program->n = 0;
	if (*p == '^') p++;
	while (*p != '\0' && !(p[0] == '$' && p[1] == '\0')) {
		struct item item;
		unsigned min, max;
		p = parse_atom(p, &item);
		if (p != NULL) p = parse_repeat(p, &min, &max);
		if (p == NULL) return LIB_INVALID;
		unsigned copies = max == NO_LIMIT ? (min == 0 ? 1 : min) : max;
		for (unsigned i = 0; i < copies; i++) {
			if (program->n == TEXT_PATTERN_ITEMS_MAX) return LIB_LIMIT;
			item.optional = i >= min;
			item.loops = max == NO_LIMIT && i + 1 == copies;
			program->items[program->n++] = item;
		}
	}
	return 0;
}

/* live[i]: the next code point may be taken by item i; live[n]: all items are done. Spreads over optional items. */
static void spread(const struct program *program, bool *live)
{
	for (size_t i = 0; i < program->n; i++) {
		if (live[i] && program->items[i].optional) live[i + 1] = true;
	}
}

int text_match(const char *pattern, struct text_span text)
{
	struct program program;
	bool live[TEXT_PATTERN_ITEMS_MAX + 1] = {true};

	int error = compile(pattern, &program);
	if (error != 0) return error;
	if (text.len > TEXT_PATTERN_TEXT_MAX) return LIB_LIMIT;
	spread(&program, live);
	const char *p = text.ptr;
	const char *end = text.len == 0 ? p : p + text.len;
	while (p < end) {
		bool next[TEXT_PATTERN_ITEMS_MAX + 1] = {false};
		bool alive = false;
		uint32_t code;
		size_t step = text_utf8_next(p, end, &code);
		if (step == 0) return 0;
		p += step;
		for (size_t i = 0; i < program.n; i++) {
			if (!live[i] || !item_takes(&program.items[i], code)) continue;
			next[i + 1] = true;
			if (program.items[i].loops) next[i] = true;
			alive = true;
		}
		if (!alive) return 0;
		spread(&program, next);
		memcpy(live, next, (program.n + 1) * sizeof(live[0]));
	}
	return live[program.n] ? 1 : 0;
}

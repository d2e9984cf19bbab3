/* The canonical form: the document is read once into a tree in the arena, members are merge-sorted as linked lists, and
 * the tree is walked by parent links. No recursion, n log n. */
#include <assert.h>

#include "lib/json.h"
#include "lib/json_write.h"

struct node {
	struct text_span key;
	struct text_span text;
	struct node *parent;
	struct node *first;
	struct node *next;
	enum json_type type;
};

#define NODES_AT_ONCE 32

/* Small pieces are gathered, so that a hash is fed in runs. */
struct out {
	json_sink sink;
	void *ctx;
	int error;
	size_t len;
	const char *input_begin;
	const char *input_end;
	char bytes[512];
};

static void flush(struct out *out)
{
	if (out->error == 0 && out->len > 0) out->error = out->sink(out->ctx, out->bytes, out->len);
	out->len = 0;
}

static void put_slow(struct out *out, const char *bytes, size_t len)
{
	flush(out);
	if (len <= sizeof(out->bytes)) {
		memcpy(out->bytes, bytes, len);
		out->len = len;
	} else if (out->error == 0) {
		out->error = out->sink(out->ctx, bytes, len);
	}
}

static inline void put(struct out *out, const char *bytes, size_t len)
{
	if (bytes == NULL) return; /* nothing, and memcpy takes no NULL */
	if (len > sizeof(out->bytes) - out->len) {
		put_slow(out, bytes, len);
		return;
	}
	memcpy(out->bytes + out->len, bytes, len);
	out->len += len;
}

static inline void put_char(struct out *out, char c)
{
	if (out->len == sizeof(out->bytes)) flush(out);
	out->bytes[out->len++] = c;
}

static void put_string(struct out *out, struct text_span text)
{
	static const char digits[] = "0123456789abcdef";
	static const char names[] = "\b\t\n\f\r\"\\";
	static const char letters[] = "btnfr\"\\";
	size_t plain = 0;

	/* What the reader did not copy had no escape, and so needs none: it goes with the quotes around it. */
	if (text.ptr >= out->input_begin && text.ptr < out->input_end) {
		put(out, text.ptr - 1, text.len + 2);
		return;
	}
	put_char(out, '"');
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		if (c >= 0x20 && c != '"' && c != '\\') continue;
		put(out, text.ptr + plain, i - plain);
		plain = i + 1;
		const char *name = memchr(names, c, sizeof(names) - 1);
		if (name != NULL) {
			put(out, (char[]){'\\', letters[name - names]}, 2);
		} else {
			put(out, (char[]){'\\', 'u', '0', '0', digits[c >> 4], digits[c & 15]}, 6);
		}
	}
	put(out, text.ptr + plain, text.len - plain);
	put_char(out, '"');
}

/* ---- numbers ---- */

#define PLAIN_DIGITS_MAX 32    /* a number with more before or after its point is written with an exponent */
#define EXPONENT_DIGITS_MAX 15 /* of one beyond that nothing is known but its text */

/* A number as significant digits, the point left out, times 10^exponent: neither leading nor trailing zeros. */
struct decimal {
	bool minus;
	const char *digits, *end; /* in the text; may hold the point */
	size_t count;
	int64_t exponent;
};

/* False: the exponent is out of reach. */
static bool decimal_read(struct text_span text, struct decimal *ret)
{
	const char *at = text.ptr, *end = text.ptr + text.len;
	*ret = (struct decimal){.minus = *at == '-'};
	size_t zeros = 0; /* behind the last digit that is none */
	bool fraction = false;
	for (at += ret->minus; at < end && *at != 'e' && *at != 'E'; at++) {
		if (*at == '.') {
			fraction = true;
			continue;
		}
		ret->exponent -= fraction;
		if (*at == '0') {
			zeros += ret->count > 0;
			continue;
		}
		if (ret->count == 0) ret->digits = at;
		ret->count += zeros + 1;
		zeros = 0;
		ret->end = at + 1;
	}
	ret->exponent += (int64_t)zeros;
	if (at == end || ret->count == 0) return true;
	bool minus = *++at == '-';
	at += *at == '-' || *at == '+';
	while (at < end && *at == '0') at++;
	if (end - at > EXPONENT_DIGITS_MAX) return false;
	int64_t exponent = 0;
	for (; at < end; at++) exponent = exponent * 10 + (*at - '0');
	ret->exponent += minus ? -exponent : exponent;
	return true;
}

static void put_zeros(struct out *out, int64_t count)
{
	for (; count > 0; count--) put_char(out, '0');
}

static void put_int64(struct out *out, int64_t value)
{
	char text[24];
	size_t at = sizeof(text);
	uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
	do text[--at] = (char)('0' + rest % 10);
	while ((rest /= 10) > 0);
	if (value < 0) put_char(out, '-');
	put(out, text + at, sizeof(text) - at);
}

/* By value: of 800, 800.00 and 8e2 the first. */
static void put_number(struct out *out, struct text_span text)
{
	struct decimal number;
	size_t len = 0;
	while (len < text.len && len <= PLAIN_DIGITS_MAX && text.ptr[len] >= '0' && text.ptr[len] <= '9') len++;
	if (len == text.len && len <= PLAIN_DIGITS_MAX) {
		put(out, text.ptr, len); /* mostly */
		return;
	}
	if (!decimal_read(text, &number)) {
		put(out, text.ptr, text.len);
		return;
	}
	if (number.count == 0) {
		put_char(out, '0');
		return;
	}
	if (number.minus) put_char(out, '-');
	int64_t point = (int64_t)number.count + number.exponent; /* digits before it */
	bool plain =
		point <= PLAIN_DIGITS_MAX && number.exponent >= -PLAIN_DIGITS_MAX && number.count <= PLAIN_DIGITS_MAX;
	if (plain && point <= 0) {
		put(out, "0.", 2);
		put_zeros(out, -point);
	}
	int64_t written = 0;
	for (const char *at = number.digits; at < number.end; at++) {
		if (*at == '.') continue;
		if (plain && written > 0 && written == point) put_char(out, '.');
		put_char(out, *at);
		written++;
	}
	if (plain) {
		put_zeros(out, number.exponent);
	} else {
		put_char(out, 'e');
		put_int64(out, number.exponent);
	}
}

static bool key_before(const struct node *a, const struct node *b)
{
	size_t len = a->key.len < b->key.len ? a->key.len : b->key.len;
	if (len > 0 && a->key.ptr[0] != b->key.ptr[0])
		return (unsigned char)a->key.ptr[0] < (unsigned char)b->key.ptr[0];
	int order = len == 0 ? 0 : memcmp(a->key.ptr, b->key.ptr, len);
	return order != 0 ? order < 0 : a->key.len < b->key.len;
}

static struct node *merge(struct node *a, struct node *b)
{
	struct node *head = NULL;
	struct node **tail = &head;
	while (a != NULL && b != NULL) {
		struct node **least = key_before(b, a) ? &b : &a;
		*tail = *least;
		tail = &(*least)->next;
		*least = *tail;
	}
	*tail = a != NULL ? a : b;
	return head;
}

/* Bottom-up merge sort of a list: runs[i] holds a sorted run of 2^i members or nothing. */
static struct node *sort_members(struct node *list)
{
	struct node *runs[32];
	size_t used = 0;
	if (list == NULL || list->next == NULL) return list;
	while (list != NULL) {
		struct node *run = list;
		list = list->next;
		run->next = NULL;
		size_t i = 0;
		while (i < used && runs[i] != NULL) {
			run = merge(runs[i], run);
			runs[i++] = NULL;
		}
		assert(i < sizeof(runs) / sizeof(runs[0]));
		if (i == used) used++;
		runs[i] = run;
	}
	struct node *sorted = NULL;
	for (size_t i = 0; i < used; i++) sorted = merge(runs[i], sorted);
	return sorted;
}

/* The list of children is built backwards while reading; this turns it round (arrays) or sorts it (objects). */
static void order_children(struct node *container)
{
	if (container->type == JSON_OBJECT_BEGIN) {
		container->first = sort_members(container->first);
		return;
	}
	struct node *forward = NULL;
	struct node *list = container->first;
	while (list != NULL) {
		struct node *next = list->next;
		list->next = forward;
		forward = list;
		list = next;
	}
	container->first = forward;
}

static int build(struct json_reader *reader, struct zf_arena *arena, struct node **ret_root)
{
	struct node *nodes = NULL;
	size_t left = 0; /* of nodes */
	struct node *open = NULL;
	struct node *root = NULL;
	struct text_span key = {NULL, 0};
	struct json_token token;

	while (json_next(reader, &token) > JSON_END) {
		if (token.type == JSON_KEY) {
			key = token.text;
			continue;
		}
		if (token.type == JSON_OBJECT_END || token.type == JSON_ARRAY_END) {
			assert(open != NULL);
			order_children(open);
			open = open->parent;
			continue;
		}
		if (left == 0) {
			left = NODES_AT_ONCE;
			nodes = zf_alloc_array(arena, left, sizeof(*nodes));
			if (nodes == NULL) return LIB_NOMEM;
		}
		struct node *node = &nodes[--left];
		*node = (struct node){.key = key, .text = token.text, .parent = open, .type = token.type};
		if (open != NULL) {
			node->next = open->first;
			open->first = node;
		} else {
			root = node;
		}
		if (token.type == JSON_OBJECT_BEGIN || token.type == JSON_ARRAY_BEGIN) open = node;
	}
	if (reader->error.code != 0) return reader->error.code;
	*ret_root = root;
	return 0;
}

static void put_scalar(struct out *out, const struct node *node)
{
	switch (node->type) {
	case JSON_STRING_VALUE:
		put_string(out, node->text);
		break;
	case JSON_NUMBER:
		put_number(out, node->text);
		break;
	case JSON_TRUE_VALUE:
		put(out, "true", 4);
		break;
	case JSON_FALSE_VALUE:
		put(out, "false", 5);
		break;
	default:
		assert(node->type == JSON_NULL_VALUE);
		put(out, "null", 4);
		break;
	}
}

static void emit(struct out *out, const struct node *node)
{
	while (node != NULL && out->error == 0) {
		bool object = node->type == JSON_OBJECT_BEGIN;
		if (node->parent != NULL && node->parent->type == JSON_OBJECT_BEGIN) {
			put_string(out, node->key);
			put_char(out, ':');
		}
		if (object || node->type == JSON_ARRAY_BEGIN) {
			put_char(out, object ? '{' : '[');
			if (node->first != NULL) {
				node = node->first;
				continue;
			}
			put_char(out, object ? '}' : ']');
		} else {
			put_scalar(out, node);
		}
		while (node != NULL && node->next == NULL) {
			node = node->parent;
			if (node != NULL) put_char(out, node->type == JSON_OBJECT_BEGIN ? '}' : ']');
		}
		if (node != NULL) {
			put_char(out, ',');
			node = node->next;
		}
	}
}

int json_canonical(const char *text, size_t len, struct zf_arena *arena, uint32_t depth_max, size_t bytes_max,
	json_sink sink, void *ctx, struct json_error *ret_error)
{
	struct json_reader reader;
	struct node *root = NULL;

	json_reader_init(&reader, text, len, arena, depth_max, bytes_max);
	int error = build(&reader, arena, &root);
	if (ret_error != NULL) *ret_error = reader.error;
	if (error != 0) return error;
	struct out out;
	out.sink = sink;
	out.ctx = ctx;
	out.error = 0;
	out.len = 0;
	out.input_begin = text;
	out.input_end = text + len;
	emit(&out, root);
	flush(&out);
	return out.error;
}

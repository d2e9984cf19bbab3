/* JSON pull reader: strict RFC 8259, one pass, no tree, no recursion, numbers as their text (never a double).
 *
 *	struct json_reader reader;
 *	struct json_token token;
 *	json_reader_init(&reader, body, body_len, arena, JSON_DEPTH_DEFAULT, JSON_BYTES_DEFAULT);
 *	while (json_next(&reader, &token) > JSON_END) ...
 *
 * Stricter than RFC 8259 where it leaves a choice, so that one input has one meaning:
 *   - a byte order mark, text that is not UTF-8 (overlong forms, surrogates, above U+10FFFF) and a lone surrogate
 *escape are refused;
 *   - \u0000 is refused, in strings and keys (FHIR forbids it, C strings and PostgreSQL text cannot hold it);
 *   - two equal keys in one object are refused. Up to 16 keys the second one is refused where it stands, in larger
 *     objects at the object's end: so act on nothing before JSON_END came.
 *   - numbers of any size are accepted as text; the caller's type decides what fits (lib/decimal.h). */
#ifndef ADAPTERS_LIB_JSON_H
#define ADAPTERS_LIB_JSON_H

#include "lib/arena.h"
#include "lib/text.h"

#define JSON_DEPTH_DEFAULT 64 /* nested containers; FHIR needs about 20 */
#define JSON_DEPTH_MAX 128    /* the most that a caller may ask for */
#define JSON_BYTES_DEFAULT (16u * 1024 * 1024)
#define JSON_BYTES_MAX (1024u * 1024 * 1024) /* the most that a caller may ask for */
#define JSON_KEYS_INLINE 64

enum json_type {
	JSON_ERROR = -1, /* reader->error says why; every later call returns it again */
	JSON_END = 0,    /* the whole text was one well-formed value; every later call returns it again */
	JSON_OBJECT_BEGIN,
	JSON_OBJECT_END,
	JSON_ARRAY_BEGIN,
	JSON_ARRAY_END,
	JSON_KEY,          /* text: the key, unescaped; its value is the next token */
	JSON_STRING_VALUE, /* text: the content, unescaped, valid UTF-8 without NUL; not NUL-terminated */
	JSON_NUMBER,       /* text: the number as it was written */
	JSON_TRUE_VALUE,
	JSON_FALSE_VALUE,
	JSON_NULL_VALUE,
};

/* jansson's json_type has enumerators of these shorter names. A file that includes both headers includes jansson.h
 * first and uses the long names above for ours; everybody else may use either. */
#ifndef JANSSON_H
#define JSON_STRING JSON_STRING_VALUE
#define JSON_TRUE JSON_TRUE_VALUE
#define JSON_FALSE JSON_FALSE_VALUE
#define JSON_NULL JSON_NULL_VALUE
#endif

struct json_token {
	enum json_type type;
	struct text_span text; /* of JSON_KEY, JSON_STRING_VALUE, JSON_NUMBER; else {NULL, 0}. Points into the input, or
				* into the arena when the string had an escape */
	size_t begin;          /* the token's first byte in the input, with the quote of a string */
	size_t end;            /* one past its last byte */
};

struct json_error {
	int code;        /* LIB_INVALID; LIB_LIMIT: too deep or too long; LIB_NOMEM; 0: no error */
	size_t offset;   /* byte of the input where it went wrong, from 0 */
	uint32_t line;   /* from 1; lines end with LF */
	uint32_t column; /* from 1, in code points */
	char text[120];  /* lower case, no full stop, without line and column; names no content of the document but at
			  * most a duplicate key made of ASCII letters and digits */
};

/* Private to json.c. */
struct json_key {
	const char *ptr;
	uint64_t hash;
	uint32_t len;
	uint32_t offset;
};

/* Caller-owned (about 2.3 KiB: the stack will do). Borrows the input and the arena until it is done. Fields other than
 * `error` are private. */
struct json_reader {
	const char *begin;
	const char *pos;
	const char *end;
	struct zf_arena *arena;
	struct json_key *keys; /* the keys of all open objects, innermost last */
	uint32_t keys_len;
	uint32_t keys_cap;
	uint32_t depth;
	uint32_t depth_max;
	int state;
	bool checked; /* the text is known to be well formed */
	struct json_error error;
	uint32_t frames[JSON_DEPTH_MAX]; /* first key << 1 | is object */
	struct json_key keys_inline[JSON_KEYS_INLINE];
};

/* Starts reading `len` bytes at `text`. arena: for unescaped strings and the keys of huge objects. depth_max: open
 * containers allowed, 1 to JSON_DEPTH_MAX. bytes_max: the longest text accepted, up to JSON_BYTES_MAX. A text that is
 * too long fails at the first json_next. */
void json_reader_init(struct json_reader *reader, const char *text, size_t len, struct zf_arena *arena,
	uint32_t depth_max, size_t bytes_max);

/* The same for a text that has been read to its end without an error before, whole or as a value of a larger one, and
 * with a limit of depth no higher than this one: json_skip then looks only for brackets and strings, and equal keys are
 * not searched again. Other texts are still read within their bounds, but not refused reliably. */
void json_reader_init_checked(
	struct json_reader *reader, struct text_span text, struct zf_arena *arena, uint32_t depth_max);

/* The next token into *ret_token; returns its type (> 0), JSON_END or JSON_ERROR (*ret_token then holds nothing but its
 * type). */
enum json_type json_next(struct json_reader *reader, struct json_token *ret_token);

/* Reads one whole value (checked like any other) and gives its raw bytes, without the white space around it. To be
 * called where a value may stand: at the start, after JSON_KEY, in an array. Returns the type of the value's first
 * token; JSON_ARRAY_END when the array had no further element (it is consumed, *ret_raw untouched); JSON_ERROR.
 * ret_raw may be NULL. */
enum json_type json_skip(struct json_reader *reader, struct text_span *ret_raw);

/* The rest of the value that `token` (just returned by json_next) began: for scalars nothing is left to read. Gives the
 * raw bytes of the whole value. Returns token->type or JSON_ERROR. ret_raw may be NULL. */
enum json_type json_skip_from(struct json_reader *reader, const struct json_token *token, struct text_span *ret_raw);

/* Line and column (both from 1) of a byte of the input, for faults that the caller finds. Walks the text: not for the
 * good path. */
void json_position(const struct json_reader *reader, size_t offset, uint32_t *ret_line, uint32_t *ret_column);

/* Is the text one well-formed value within the limits? The error, if any, into *ret_error (may be NULL). */
int json_check(const char *text, size_t len, struct zf_arena *arena, uint32_t depth_max, size_t bytes_max,
	struct json_error *ret_error) LIB_MUSTUSE;

#endif

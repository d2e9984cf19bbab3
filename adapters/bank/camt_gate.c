/* A state machine over tags, comments, sections and instructions. libxml2 compares the attributes of an element
 * pairwise, gathers a comment until it ends and reads a document type before it can be asked not to; so none of that
 * reaches it. */
#include "camt_gate.h"

enum gate_state {
	GATE_TEXT = 0,
	GATE_OPEN,    /* behind '<' */
	GATE_TAG,     /* in a tag */
	GATE_QUOTE,   /* in an attribute's value */
	GATE_BANG,    /* behind "<!", until it is known what it is */
	GATE_COMMENT, /* until "-->" */
	GATE_SECTION, /* until "]]>" */
	GATE_ORDER,   /* an instruction, until "?>" */
};

#define REFUSE(code, what)                                                                                             \
	do {                                                                                                           \
		*ret_code = (code);                                                                                    \
		*ret_what = (what);                                                                                    \
		return false;                                                                                          \
	} while (0)

static bool too_long(const struct camt_gate *gate)
{
	return gate->len > gate->text_max;
}

/* "--" begins a comment, "[CDATA[" a section, anything else is no good. */
static bool pass_bang(struct camt_gate *gate, char c, enum fault_code *ret_code, const char **ret_what)
{
	static const char section[] = "[CDATA[";
	gate->tail[gate->len++] = c;
	if (gate->tail[0] == '-') {
		if (gate->len == 1) return true;
		if (c != '-') REFUSE(FAULT_XML_INVALID, "a comment does not begin as one");
		gate->state = GATE_COMMENT;
	} else {
		if (memcmp(gate->tail, section, gate->len) != 0) {
			REFUSE(FAULT_XML_FORBIDDEN, "<!DOCTYPE or <!ENTITY");
		}
		if (gate->len < sizeof(section) - 1) return true;
		gate->state = GATE_SECTION;
	}
	memset(gate->tail, 0, sizeof(gate->tail));
	gate->len = 0;
	return true;
}

static bool pass_tag(struct camt_gate *gate, char c, enum fault_code *ret_code, const char **ret_what)
{
	gate->len++;
	if (c == '>') {
		gate->state = GATE_TEXT;
	} else if (c == '"' || c == '\'') {
		gate->state = GATE_QUOTE;
		gate->quote = (uint8_t)c;
	} else if (c == '=' && ++gate->attributes > gate->attributes_max) {
		REFUSE(FAULT_XML_LIMIT, "attributes of one element");
	}
	if (too_long(gate)) REFUSE(FAULT_XML_LIMIT, "length of a tag");
	return true;
}

static void open_tag(struct camt_gate *gate, char c)
{
	gate->len = 0;
	gate->attributes = 0;
	memset(gate->tail, 0, sizeof(gate->tail));
	gate->state = c == '!' ? GATE_BANG : c == '?' ? GATE_ORDER : GATE_TAG;
}

/* Comment, section, instruction: ends by the last bytes. */
static bool pass_until(struct camt_gate *gate, char c, enum fault_code *ret_code, const char **ret_what)
{
	char a = gate->tail[0], b = gate->tail[1];
	gate->tail[0] = b;
	gate->tail[1] = c;
	if (++gate->len > gate->text_max) REFUSE(FAULT_XML_LIMIT, "length of a comment, section or instruction");
	if (c != '>') return true;
	bool ends = gate->state == GATE_ORDER     ? b == '?'
		    : gate->state == GATE_COMMENT ? a == '-' && b == '-'
						  : a == ']' && b == ']';
	if (ends) gate->state = GATE_TEXT;
	return true;
}

static bool pass_byte(struct camt_gate *gate, char c, enum fault_code *ret_code, const char **ret_what)
{
	switch ((enum gate_state)gate->state) {
	case GATE_TEXT:
		if (c == '<') gate->state = GATE_OPEN;
		return true;
	case GATE_OPEN:
		open_tag(gate, c);
		return gate->state != GATE_TAG || pass_tag(gate, c, ret_code, ret_what);
	case GATE_TAG:
		return pass_tag(gate, c, ret_code, ret_what);
	case GATE_QUOTE:
		if ((uint8_t)c == gate->quote) gate->state = GATE_TAG;
		if (++gate->len > gate->text_max) REFUSE(FAULT_XML_LIMIT, "length of an attribute");
		return true;
	case GATE_BANG:
		return pass_bang(gate, c, ret_code, ret_what);
	case GATE_COMMENT:
	case GATE_SECTION:
	case GATE_ORDER:
		break;
	}
	return pass_until(gate, c, ret_code, ret_what);
}

/* ---- UTF-8 ---- */

/* Completes the character that was cut; how many bytes it took, or SIZE_MAX when it is none. */
static size_t complete(struct camt_gate *gate, const char *bytes, size_t len)
{
	static const uint8_t lengths[16] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 3, 4};
	size_t used = 0, need = lengths[gate->utf8[0] >> 4];
	while (gate->utf8_len < need && used < len) gate->utf8[gate->utf8_len++] = (uint8_t)bytes[used++];
	if (gate->utf8_len < need) return used;
	const char *p = (const char *)gate->utf8;
	gate->utf8_len = 0;
	return text_utf8_next(p, p + need, NULL) == need ? used : SIZE_MAX;
}

/* How many bytes are UTF-8 without NUL; a cut character at the end is kept for the next time. */
static size_t check_utf8(struct camt_gate *gate, const char *bytes, size_t len)
{
	size_t at = 0;
	if (gate->utf8_len > 0) {
		at = complete(gate, bytes, len);
		if (at == SIZE_MAX) return 0;
	}
	const char *zero = memchr(bytes + at, '\0', len - at);
	size_t end = zero == NULL ? len : (size_t)(zero - bytes);
	while (at < end) {
		uint64_t word;
		if (end - at >= 8) {
			memcpy(&word, bytes + at, 8);
			if ((word & UINT64_C(0x8080808080808080)) == 0) {
				at += 8;
				continue;
			}
		}
		size_t step = text_utf8_next(bytes + at, bytes + end, NULL);
		if (step == 0) {
			/* Cut by the end, or wrong: three bytes at most are waited for. */
			if (zero != NULL || end - at > 3 || (uint8_t)bytes[at] < 0xC2) return at;
			gate->utf8_len = (uint32_t)(end - at);
			memcpy(gate->utf8, bytes + at, gate->utf8_len);
			return end;
		}
		at += step;
	}
	return at;
}

static void say_encoding(const struct camt_gate *gate, const char *bytes, size_t at, const char **ret_what)
{
	bool early = gate->bytes + at < 4;
	bool mark = early && ((uint8_t)bytes[at] == 0xff || (uint8_t)bytes[at] == 0xfe);
	if (early && (mark || bytes[at] == '\0')) {
		*ret_what = "it is UTF-16 or UTF-32";
	} else {
		*ret_what = bytes[at] == '\0' ? "there is a NUL in it" : "its bytes are not UTF-8";
	}
}

size_t camt_gate_pass(
	struct camt_gate *gate, const char *bytes, size_t len, enum fault_code *ret_code, const char **ret_what)
{
	size_t good = check_utf8(gate, bytes, len);
	for (size_t i = 0; i < good; i++) {
		if (gate->state == GATE_TEXT) {
			const char *next = memchr(bytes + i, '<', good - i);
			if (next == NULL) break;
			i = (size_t)(next - bytes);
		}
		if (!pass_byte(gate, bytes[i], ret_code, ret_what)) return i;
	}
	if (good < len) {
		*ret_code = FAULT_XML_ENCODING;
		say_encoding(gate, bytes, good, ret_what);
	}
	gate->bytes += good;
	return good;
}

bool camt_gate_is_between(const struct camt_gate *gate)
{
	return gate->state == GATE_TEXT && gate->utf8_len == 0;
}

/* The gate before the XML parser: one pass over the bytes that finds every tag, and refuses what is dangerous or costly
 * to parse. libxml2 compares the attributes of an element pairwise and reads document types before it can be asked not
 * to; so neither reaches it. */
#include <stdio.h>

#include "lib/xml_read.h"

struct gate {
	const char *at, *end;
	uint32_t line;
	const struct xml_limits *limits;
	struct fault_list *faults;
	uint32_t depth, elements;
};

static int refuse(struct gate *gate, enum fault_code code, const char *what)
{
	char line[16];
	(void)snprintf(line, sizeof(line), "%u", gate->line);
	fault_add(gate->faults, code, "", line, what);
	return code == FAULT_XML_LIMIT ? LIB_LIMIT : LIB_INVALID;
}

static bool begins(const struct gate *gate, const char *literal)
{
	return text_has_prefix((struct text_span){gate->at, (size_t)(gate->end - gate->at)}, literal);
}

static void advance(struct gate *gate, const char *to)
{
	for (const char *p = gate->at; p < to && (p = memchr(p, '\n', (size_t)(to - p))) != NULL; p++) gate->line++;
	gate->at = to;
}

/* Behind the literal that ends a comment, a CDATA section or an instruction. */
static int skip_past(struct gate *gate, const char *literal, const char *what)
{
	const char *found = memmem(gate->at, (size_t)(gate->end - gate->at), literal, strlen(literal));
	if (found == NULL) return refuse(gate, FAULT_XML_INVALID, what);
	advance(gate, found + strlen(literal));
	return 0;
}

/* <name a="b" ...>: counts the attributes by their equals signs and finds the end outside of quotes. */
static int pass_tag(struct gate *gate)
{
	bool closing = gate->at + 1 < gate->end && gate->at[1] == '/';
	uint32_t attributes = 0;
	const char *p = gate->at + 1;
	for (; p < gate->end && *p != '>'; p++) {
		if (*p == '=' && ++attributes > gate->limits->attributes_max) {
			return refuse(gate, FAULT_XML_LIMIT, "attributes of one element");
		}
		if (*p != '"' && *p != '\'') continue;
		const char *quote = memchr(p + 1, *p, (size_t)(gate->end - p - 1));
		if (quote == NULL) return refuse(gate, FAULT_XML_INVALID, "a quote is not closed");
		if ((size_t)(quote - p) > gate->limits->text_max) {
			return refuse(gate, FAULT_XML_LIMIT, "length of an attribute");
		}
		p = quote;
	}
	if (p == gate->end) return refuse(gate, FAULT_XML_INVALID, "a tag is not closed");
	if (closing) {
		if (gate->depth > 0) gate->depth--;
	} else {
		if (++gate->elements > gate->limits->elements_max) return refuse(gate, FAULT_XML_LIMIT, "elements");
		if (gate->depth + 1 > gate->limits->depth_max) return refuse(gate, FAULT_XML_LIMIT, "depth");
		if (p[-1] != '/') gate->depth++;
	}
	advance(gate, p + 1);
	return 0;
}

static int pass_markup(struct gate *gate)
{
	if (begins(gate, "<!--")) {
		gate->at += 4;
		return skip_past(gate, "-->", "a comment is not closed");
	}
	if (begins(gate, "<![CDATA[")) {
		gate->at += 9;
		return skip_past(gate, "]]>", "a CDATA section is not closed");
	}
	if (begins(gate, "<!")) return refuse(gate, FAULT_XML_FORBIDDEN, "<!DOCTYPE or <!ENTITY");
	if (begins(gate, "<?")) return skip_past(gate, "?>", "an instruction is not closed");
	return pass_tag(gate);
}

/* The encoding that the declaration names must be one that UTF-8 is read by; no declaration means UTF-8. */
static int check_declaration(struct gate *gate)
{
	static const char word[] = "encoding";
	if (!begins(gate, "<?xml")) return 0;
	const char *stop = memmem(gate->at, (size_t)(gate->end - gate->at), "?>", 2);
	if (stop == NULL) return refuse(gate, FAULT_XML_INVALID, "the declaration is not closed");
	const char *p = memmem(gate->at, (size_t)(stop - gate->at), word, sizeof(word) - 1);
	if (p == NULL) return 0;
	p += sizeof(word) - 1;
	while (p < stop && *p != '"' && *p != '\'') p++;
	const char *close = p < stop ? memchr(p + 1, *p, (size_t)(stop - p - 1)) : NULL;
	if (close == NULL) return refuse(gate, FAULT_XML_INVALID, "the declaration names no encoding");
	struct text_span name = {p + 1, (size_t)(close - p - 1)};
	if (text_equal_nocase(name, TEXT("UTF-8")) || text_equal_nocase(name, TEXT("US-ASCII"))) return 0;
	return refuse(gate, FAULT_XML_ENCODING, "the declaration names another encoding");
}

/* Why the bytes are no UTF-8, in words that tell who has to do something. */
static const char *encoding_fault(const char *bytes, size_t len)
{
	bool wide = len >= 2 && (memcmp(bytes, "\xff\xfe", 2) == 0 || memcmp(bytes, "\xfe\xff", 2) == 0);
	if (wide || (len >= 4 && (memcmp(bytes, "<\0?\0", 4) == 0 || memcmp(bytes, "\0<\0?", 4) == 0))) {
		return "it is UTF-16 or UTF-32";
	}
	if (len > 0 && memchr(bytes, '\0', len) != NULL) return "there is a NUL in it";
	return text_utf8_valid(bytes, len) ? NULL : "its bytes are not UTF-8";
}

int xml_gate(const char *bytes, size_t len, const struct xml_limits *limits, struct fault_list *faults)
{
	struct gate gate = {.at = bytes, .end = bytes + len, .line = 1, .limits = limits, .faults = faults};
	if (len > limits->bytes_max) return refuse(&gate, FAULT_XML_LIMIT, "length of the document");
	const char *why = encoding_fault(bytes, len);
	if (why != NULL) return refuse(&gate, FAULT_XML_ENCODING, why);
	if (begins(&gate, "\xef\xbb\xbf")) gate.at += 3;
	int rc = check_declaration(&gate);
	while (rc == 0 && gate.at < gate.end) {
		const char *next = memchr(gate.at, '<', (size_t)(gate.end - gate.at));
		advance(&gate, next == NULL ? gate.end : next);
		if (next != NULL) rc = pass_markup(&gate);
	}
	if (rc == 0 && gate.elements == 0) rc = refuse(&gate, FAULT_XML_INVALID, "there is no element in it");
	return rc;
}

/* Elements from libxml2's xmlTextReader. Only this file knows libxml2. */
#include "lib/xml_read.h"

#include <stdio.h>
#include <stdlib.h>

#include <libxml/xmlreader.h>

#define BYTES_DEFAULT (16u << 20)
#define TEXT_DEFAULT (8u << 20) /* libxml2 itself refuses a text of ten million bytes */
#define DEPTH_DEFAULT 32
#define ATTRIBUTES_DEFAULT 32
#define ELEMENTS_DEFAULT 1000000

struct xml_reader {
	xmlTextReaderPtr parser;
	struct zf_arena *arena;
	struct fault_list *faults;
	struct xml_limits limits;
	struct xml_element *root, *last; /* last: the root's child before this one */
	struct xml_element *open;        /* the innermost element that is being read */
	struct xml_element *tails[XML_DEPTH_MAX + 1];
	struct text_span text; /* gathered for `open` */
	size_t text_cap;
	char problem[XML_PROBLEM_SIZE]; /* of libxml2, the first */
	uint32_t problem_line;
	bool at_end;
};

void xml_problem(const char *message, int code, char ret[XML_PROBLEM_SIZE])
{
	if (message == NULL) message = "it is not well formed";
	size_t len = strcspn(message, ":'\"\n");
	while (len > 0 && message[len - 1] == ' ') len--;
	(void)snprintf(ret, XML_PROBLEM_SIZE, "%.*s (%d)", (int)(len < 120 ? len : 120), message, code);
}

static void on_problem(void *ctx, xmlErrorPtr error)
{
	struct xml_reader *reader = ctx;
	if (error == NULL || reader->problem[0] != '\0' || error->level < XML_ERR_ERROR) return;
	xml_problem(error->message, error->code, reader->problem);
	reader->problem_line = error->line > 0 ? (uint32_t)error->line : 0;
}

static int refuse_at(struct xml_reader *reader, enum fault_code code, uint32_t line, const char *what, const char *path)
{
	char text[16];
	(void)snprintf(text, sizeof(text), "%u", line);
	fault_add(reader->faults, code, path, text, what);
	return code == FAULT_XML_LIMIT ? LIB_LIMIT : LIB_INVALID;
}

static int refuse(struct xml_reader *reader, enum fault_code code, uint32_t line, const char *what)
{
	const char *path = reader->open == NULL ? "" : xml_path(reader->arena, reader->open);
	return refuse_at(reader, code, line, what, path == NULL ? "" : path);
}

static uint32_t line_of(const struct xml_reader *reader)
{
	xmlNodePtr node = xmlTextReaderCurrentNode(reader->parser);
	long line = node == NULL ? xmlTextReaderGetParserLineNumber(reader->parser) : xmlGetLineNo(node);
	return line > 0 ? (uint32_t)line : 0;
}

/* 1: there is a node; 0: the end. What libxml2 refuses lies further on than what it has handed out, so that its line
 * is known, but not its path. */
static int step(struct xml_reader *reader)
{
	int rc = xmlTextReaderRead(reader->parser);
	if (rc >= 0 && reader->problem[0] == '\0') return rc;
	return refuse_at(reader, FAULT_XML_INVALID, reader->problem_line,
		reader->problem[0] == '\0' ? "it is not well formed" : reader->problem, "");
}

static int copy(struct xml_reader *reader, const xmlChar *text, const char **ret)
{
	*ret = text == NULL ? NULL : zf_strdup(reader->arena, (const char *)text);
	return text != NULL && *ret == NULL ? LIB_NOMEM : 0;
}

static int read_attributes(struct xml_reader *reader, struct xml_element *element)
{
	int count = xmlTextReaderAttributeCount(reader->parser), rc = 0;
	if (count <= 0) return 0;
	struct xml_attribute *list = zf_alloc_array(reader->arena, (size_t)count, sizeof(*list));
	if (list == NULL) return LIB_NOMEM;
	uint32_t n = 0;
	while (rc == 0 && n < (uint32_t)count && xmlTextReaderMoveToNextAttribute(reader->parser) == 1) {
		if (xmlTextReaderIsNamespaceDecl(reader->parser) == 1) continue;
		rc = copy(reader, xmlTextReaderConstNamespaceUri(reader->parser), &list[n].space);
		if (rc == 0) rc = copy(reader, xmlTextReaderConstLocalName(reader->parser), &list[n].name);
		if (rc == 0) rc = copy(reader, xmlTextReaderConstValue(reader->parser), &list[n].value);
		if (rc == 0 && list[n].value == NULL) list[n].value = "";
		n++;
	}
	(void)xmlTextReaderMoveToElement(reader->parser);
	element->attributes = n == 0 ? NULL : list;
	element->attribute_count = n;
	return rc;
}

static bool is_blank(struct text_span text)
{
	return text_trim(text).len == 0;
}

/* Text before or between elements would have two meanings. */
static int no_text_yet(struct xml_reader *reader)
{
	bool blank = is_blank(reader->text);
	reader->text.len = 0;
	return blank ? 0 : refuse(reader, FAULT_XML_INVALID, line_of(reader), "text between elements");
}

static void link_child(struct xml_reader *reader, struct xml_element *parent, struct xml_element *element, int depth)
{
	if (parent == NULL) return;
	if (parent == reader->root) {
		bool same = reader->last != NULL && strcmp(reader->last->name, element->name) == 0;
		element->ordinal = same ? reader->last->ordinal + 1 : 1;
		reader->last = element; /* not linked: the root's children come one by one */
		return;
	}
	if (parent->first == NULL) {
		parent->first = element;
	} else {
		reader->tails[depth]->next = element;
	}
	reader->tails[depth] = element;
}

static int open_element(struct xml_reader *reader)
{
	struct xml_element *element = zf_alloc(reader->arena, sizeof(*element));
	int depth = xmlTextReaderDepth(reader->parser);
	if (element == NULL) return LIB_NOMEM;
	if (depth < 0 || depth >= XML_DEPTH_MAX) return refuse(reader, FAULT_XML_LIMIT, line_of(reader), "depth");
	int rc = no_text_yet(reader);
	if (rc == 0) rc = copy(reader, xmlTextReaderConstLocalName(reader->parser), &element->name);
	if (rc == 0) rc = copy(reader, xmlTextReaderConstNamespaceUri(reader->parser), &element->space);
	if (rc != 0) return rc;
	element->text = "";
	element->line = line_of(reader);
	element->parent = reader->open;
	link_child(reader, reader->open, element, depth);
	bool empty = xmlTextReaderIsEmptyElement(reader->parser) == 1;
	rc = read_attributes(reader, element);
	if (reader->root == NULL) reader->root = element;
	if (!empty || element == reader->root) reader->open = element;
	if (empty && element == reader->root) reader->at_end = true;
	return rc;
}

static int add_text(struct xml_reader *reader)
{
	const char *text = (const char *)xmlTextReaderConstValue(reader->parser);
	size_t len = text == NULL ? 0 : strlen(text);
	if (len > reader->limits.text_max - reader->text.len) {
		return refuse(reader, FAULT_XML_LIMIT, line_of(reader), "length of a text");
	}
	if (len > reader->text_cap - reader->text.len) {
		size_t cap = reader->text_cap < 256 ? 256 : reader->text_cap;
		while (cap - reader->text.len < len) cap *= 2;
		char *more = zf_alloc(reader->arena, cap);
		if (more == NULL) return LIB_NOMEM;
		if (reader->text.len > 0) memcpy(more, reader->text.ptr, reader->text.len);
		reader->text.ptr = more;
		reader->text_cap = cap;
	}
	if (len > 0) memcpy((char *)(uintptr_t)reader->text.ptr + reader->text.len, text, len);
	reader->text.len += len;
	return 0;
}

static int close_element(struct xml_reader *reader)
{
	struct xml_element *element = reader->open;
	if (element == NULL) return LIB_INVALID;
	if (element->first != NULL || element == reader->root) {
		int rc = no_text_yet(reader);
		if (rc != 0) return rc;
	} else if (reader->text.len > 0) {
		element->text = zf_strndup(reader->arena, reader->text.ptr, reader->text.len);
		element->text_len = reader->text.len;
		if (element->text == NULL) return LIB_NOMEM;
		reader->text.len = 0;
	}
	reader->open = (struct xml_element *)(uintptr_t)element->parent;
	return 0;
}

static int take_node(struct xml_reader *reader)
{
	switch (xmlTextReaderNodeType(reader->parser)) {
	case XML_READER_TYPE_ELEMENT:
		return open_element(reader);
	case XML_READER_TYPE_END_ELEMENT:
		return close_element(reader);
	case XML_READER_TYPE_TEXT:
	case XML_READER_TYPE_CDATA:
	case XML_READER_TYPE_WHITESPACE:
	case XML_READER_TYPE_SIGNIFICANT_WHITESPACE:
		return add_text(reader);
	case XML_READER_TYPE_COMMENT:
	case XML_READER_TYPE_PROCESSING_INSTRUCTION:
		return 0;
	default: /* the gate lets none of these through */
		return refuse(reader, FAULT_XML_FORBIDDEN, line_of(reader), "an entity or a document type");
	}
}

/* Reads on until the element that is the root's child (or the root, when child is NULL) has ended. */
static int read_until(struct xml_reader *reader, const struct xml_element *child)
{
	for (;;) {
		int rc = step(reader);
		if (rc == 0) return refuse(reader, FAULT_XML_INVALID, 0, "it ends too early");
		if (rc == 1) rc = take_node(reader);
		if (rc != 0) return rc;
		const struct xml_element *goal = child == NULL ? reader->root : child;
		if (goal != NULL && reader->open == (child == NULL ? goal : goal->parent)) return 0;
	}
}

/* What may stand behind the root is comments; the rest libxml2 refuses. */
static int finish(struct xml_reader *reader)
{
	int rc = 1;
	while (rc == 1) rc = step(reader);
	return rc;
}

static uint32_t at_most(uint32_t value, uint32_t fallback, uint32_t most)
{
	if (value == 0) return fallback;
	return value < most ? value : most;
}

static struct xml_limits limits_of(const struct xml_limits *given)
{
	struct xml_limits limits = {0};
	if (given != NULL) limits = *given;
	if (limits.bytes_max == 0) limits.bytes_max = BYTES_DEFAULT;
	if (limits.text_max == 0 || limits.text_max > TEXT_DEFAULT) limits.text_max = TEXT_DEFAULT;
	limits.depth_max = at_most(limits.depth_max, DEPTH_DEFAULT, XML_DEPTH_MAX);
	limits.attributes_max = at_most(limits.attributes_max, ATTRIBUTES_DEFAULT, 1024);
	limits.elements_max = at_most(limits.elements_max, ELEMENTS_DEFAULT, UINT32_MAX);
	return limits;
}

int xml_read_open(const void *bytes, size_t len, const struct xml_limits *limits, struct zf_arena *arena,
	struct fault_list *faults, struct xml_reader **ret_reader, const struct xml_element **ret_root)
{
	struct xml_limits exact = limits_of(limits);
	if (bytes == NULL) bytes = "";
	int rc = xml_gate(bytes, len, &exact, faults);
	if (rc != 0) return rc;
	if (len > INT32_MAX) return LIB_LIMIT;
	struct xml_reader *reader = zf_alloc(arena, sizeof(*reader));
	if (reader == NULL) return LIB_NOMEM;
	*reader = (struct xml_reader){.arena = arena, .faults = faults, .limits = exact};
	reader->parser = xmlReaderForMemory(bytes, (int)len, NULL, "UTF-8", XML_PARSE_NONET | XML_PARSE_BIG_LINES);
	if (reader->parser == NULL) return LIB_NOMEM;
	xmlTextReaderSetStructuredErrorHandler(reader->parser, on_problem, reader);
	while (rc == 0 && reader->root == NULL) {
		rc = step(reader);
		if (rc == 0) rc = refuse(reader, FAULT_XML_INVALID, 0, "there is no element in it");
		if (rc == 1) rc = take_node(reader);
	}
	if (rc != 0) {
		xml_read_close(reader);
		return rc;
	}
	*ret_reader = reader;
	*ret_root = reader->root;
	return 0;
}

int xml_read_child(struct xml_reader *reader, const struct xml_element **ret_child)
{
	*ret_child = NULL;
	while (!reader->at_end) {
		const struct xml_element *before = reader->last;
		int rc = step(reader);
		if (rc == 0) return refuse(reader, FAULT_XML_INVALID, 0, "it ends too early");
		if (rc == 1) rc = take_node(reader);
		if (rc != 0) return rc;
		if (reader->open == NULL) reader->at_end = true;
		if (reader->last == before) continue;
		const struct xml_element *child = reader->last;
		if (reader->open == child) rc = read_until(reader, child);
		if (rc == 0) *ret_child = child;
		return rc;
	}
	return finish(reader);
}

void xml_read_close(struct xml_reader *reader)
{
	if (reader == NULL || reader->parser == NULL) return;
	xmlFreeTextReader(reader->parser);
	reader->parser = NULL;
}

int xml_read(const void *bytes, size_t len, const struct xml_limits *limits, struct zf_arena *arena,
	struct fault_list *faults, const struct xml_element **ret_root)
{
	struct xml_reader *reader;
	const struct xml_element *root, *child;
	int rc = xml_read_open(bytes, len, limits, arena, faults, &reader, &root);
	if (rc != 0) return rc;
	struct xml_element *tail = NULL;
	for (;;) {
		rc = xml_read_child(reader, &child);
		if (rc != 0 || child == NULL) break;
		if (tail == NULL) {
			reader->root->first = child;
		} else {
			tail->next = child;
		}
		tail = reader->last;
	}
	xml_read_close(reader);
	if (rc == 0) *ret_root = root;
	return rc;
}

/* camt as a stream of libxml2's SAX events: a stack of rules that says where we are, and a text buffer for the leaf. No
 * tree is built. Only this file of the folder knows libxml2. */
#include "camt.h"

#include <stdio.h>

#include <libxml/parser.h>
#include <libxml/parserInternals.h>

#include "lib/xml_read.h"

#define SLICE_BYTES ((size_t)64 << 10) /* pushed at once: libxml2 copies what it is given */
#define VERSION_MAX 13

static xmlParserCtxtPtr parser_of(const struct bank_camt *camt)
{
	return camt->parser;
}

uint32_t camt_line(const struct bank_camt *camt)
{
	int line = xmlSAX2GetLineNumber(camt->parser);
	return line > 0 ? (uint32_t)line : 0;
}

void camt_stop(struct bank_camt *camt, int rc)
{
	if (camt->reader->result == 0) camt->reader->result = rc;
	camt->stopped = true;
	xmlStopParser(parser_of(camt));
}

static void refuse(struct bank_camt *camt, enum fault_code code, uint32_t line, const char *what)
{
	char text[16];
	(void)snprintf(text, sizeof(text), "%u", line);
	bank_fault(camt->reader, code, 0, NULL, text, what);
	camt_stop(camt, code == FAULT_XML_LIMIT ? LIB_LIMIT : LIB_INVALID);
}

/* What libxml2 itself would read on after, such as a strange namespace, ends it here all the same. */
static bool is_over(const struct bank_camt *camt)
{
	return camt->stopped || camt->problem_code != 0;
}

const char *bank_camt_path(const struct bank_camt *camt, char ret[BANK_WHERE_BYTES])
{
	size_t len = 0;
	ret[0] = '\0';
	/* Document and the message are the same for all. */
	for (uint32_t i = 2; i < camt->depth && len < BANK_WHERE_BYTES - 1; i++) {
		const struct camt_rule *rule = camt->frames[i].rule;
		unsigned number = rule == NULL                     ? 0
				  : rule->act == CAMT_IS_STATEMENT ? camt->reader->statement.number
				  : rule->act == CAMT_IS_ENTRY     ? camt->reader->entry.number
				  : rule->act == CAMT_IS_DETAIL    ? camt->reader->detail_count
								   : 0;
		int n = snprintf(ret + len, BANK_WHERE_BYTES - len, number > 0 ? "%s%s[%u]" : "%s%s",
			len > 0 ? "/" : "", camt->frames[i].name, number);
		len += n > 0 ? (size_t)n : 0;
	}
	return ret;
}

/* ---- elements ---- */

/* "...camt.053.001.08" of a namespace. */
static bool read_version(struct bank_camt *camt, const char *space)
{
	static const uint8_t kinds[] = {BANK_KIND_REPORT, BANK_KIND_STATEMENT, BANK_KIND_NOTIFICATION};
	const char *name = space == NULL ? NULL : strstr(space, "camt.05");
	int family, variant, version;
	if (name == NULL || strlen(name) < 15) return false;
	(void)snprintf(camt->version, sizeof(camt->version), "%.15s", name);
	if (!bank_digits(name + 5, 3, &family) || family < 52 || family > 54 || name[8] != '.') return false;
	if (!bank_digits(name + 9, 3, &variant) || variant != 1 || name[12] != '.') return false;
	if (!bank_digits(name + 13, 2, &version) || version < 1 || version > VERSION_MAX) return false;
	camt->kind = kinds[family - 52];
	return true;
}

static bool begin_root(struct bank_camt *camt, const char *name, const char *space)
{
	camt->root_seen = true;
	camt->space = space;
	if (strcmp(name, "Document") == 0 && read_version(camt, space)) return true;
	char plain[40];
	bank_fault(camt->reader, FAULT_BANK_FORMAT, camt_line(camt), "",
		camt->version[0] != '\0' ? camt->version : bank_plain(text_of(name), plain), NULL);
	camt_stop(camt, LIB_INVALID);
	return false;
}

static const struct camt_rule *find_rule(struct bank_camt *camt, uint32_t state, const char *name)
{
	uint32_t at = (uint32_t)(((uintptr_t)name >> 3) * 31 + state * 17) & (CAMT_CACHE - 1);
	if (camt->cache[at].name != name || camt->cache[at].state != state) {
		camt->cache[at].state = state;
		camt->cache[at].name = name;
		camt->cache[at].rule = camt_rule_find((enum camt_state)state, name);
	}
	return camt->cache[at].rule;
}

/* The text so far of an element that has children must be white space: it would have two meanings. */
static bool is_leaf(const struct camt_rule *rule)
{
	return rule->state == CAMT_LEAF || rule->state == CAMT_STATUS;
}

static void read_currency(struct bank_camt *camt, int count, const xmlChar **attributes)
{
	camt->currency[0] = '\0';
	for (int i = 0; i < count; i++, attributes += 5) {
		if (strcmp((const char *)attributes[0], "Ccy") != 0) continue;
		size_t len = (size_t)(attributes[4] - attributes[3]);
		if (len >= sizeof(camt->currency)) len = sizeof(camt->currency) - 1;
		memcpy(camt->currency, attributes[3], len);
		camt->currency[len] = '\0';
	}
}

static void on_begin(void *ctx, const xmlChar *local, const xmlChar *prefix, const xmlChar *uri, int space_count,
	const xmlChar **spaces, int attribute_count, int defaulted, const xmlChar **attributes)
{
	struct bank_camt *camt = ((xmlParserCtxtPtr)ctx)->_private;
	const char *name = (const char *)local;
	(void)prefix, (void)space_count, (void)spaces, (void)defaulted;
	if (is_over(camt)) return;
	if (camt->depth + camt->skipped + 1 > camt->reader->limits.depth_max) {
		refuse(camt, FAULT_XML_LIMIT, camt_line(camt), "depth");
		return;
	}
	if (camt->depth == 0 && !begin_root(camt, name, (const char *)uri)) return;
	if (camt->skipped > 0) {
		camt->skipped++;
		return;
	}
	const struct camt_rule *above = camt->depth == 0 ? NULL : camt->frames[camt->depth - 1].rule;
	uint32_t state = above == NULL ? CAMT_ROOT : above->state;
	/* libxml2 keeps each name once, so equal names have one address. */
	const struct camt_rule *rule = (const char *)uri == camt->space ? find_rule(camt, state, name) : NULL;
	if (rule == NULL) {
		camt->skipped = 1;
		return;
	}
	camt->frames[camt->depth++] = (struct camt_frame){name, rule};
	camt->text_len = 0;
	if (rule->act >= CAMT_AMOUNT_LEAVES) {
		read_currency(camt, attribute_count, attributes);
	} else if (rule->state != CAMT_LEAF) {
		camt_begin(camt, rule);
	}
}

static void on_end(void *ctx, const xmlChar *local, const xmlChar *prefix, const xmlChar *uri)
{
	struct bank_camt *camt = ((xmlParserCtxtPtr)ctx)->_private;
	(void)local, (void)prefix, (void)uri;
	if (is_over(camt)) return;
	if (camt->skipped > 0) {
		camt->skipped--;
		return;
	}
	if (camt->depth == 0) return;
	const struct camt_rule *rule = camt->frames[camt->depth - 1].rule;
	camt_end(camt, rule, (struct text_span){camt->text, camt->text_len});
	camt->text_len = 0;
	camt->depth--;
	if (camt->depth == 0) camt->root_ended = true;
	if (camt->reader->result != 0) camt_stop(camt, camt->reader->result);
}

static void on_text(void *ctx, const xmlChar *text, int len)
{
	struct bank_camt *camt = ((xmlParserCtxtPtr)ctx)->_private;
	if (is_over(camt) || camt->skipped > 0 || camt->depth == 0 || len <= 0) return;
	if (!is_leaf(camt->frames[camt->depth - 1].rule)) {
		for (int i = 0; i < len; i++) {
			if (text[i] > ' ') {
				refuse(camt, FAULT_XML_INVALID, camt_line(camt), "text between elements");
				return;
			}
		}
		return;
	}
	if ((uint32_t)len > camt->reader->limits.text_max - camt->text_len) {
		refuse(camt, FAULT_XML_LIMIT, camt_line(camt), "length of a text");
		return;
	}
	memcpy(camt->text + camt->text_len, text, (size_t)len);
	camt->text_len += (uint32_t)len;
}

static void on_doctype(void *ctx, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
	struct bank_camt *camt = ((xmlParserCtxtPtr)ctx)->_private;
	(void)name, (void)external, (void)system;
	/* The gate does not let one through. */
	if (!camt->stopped) refuse(camt, FAULT_XML_FORBIDDEN, camt_line(camt), "<!DOCTYPE or <!ENTITY");
}

static xmlEntityPtr on_entity(void *ctx, const xmlChar *name)
{
	(void)ctx;
	return xmlGetPredefinedEntity(name);
}

static bool is_utf8(const xmlChar *name)
{
	struct text_span text = text_of((const char *)name);
	return name == NULL || text_equal_nocase(text, TEXT("UTF-8")) || text_equal_nocase(text, TEXT("US-ASCII"));
}

static void on_document(void *ctx)
{
	xmlParserCtxtPtr parser = ctx;
	struct bank_camt *camt = parser->_private;
	if (is_utf8(parser->encoding) && (parser->input == NULL || is_utf8(parser->input->encoding))) return;
	refuse(camt, FAULT_XML_ENCODING, camt_line(camt), "the declaration names another encoding");
}

static void on_problem(void *ctx, xmlErrorPtr error)
{
	xmlParserCtxtPtr parser = ctx;
	struct bank_camt *camt = parser == NULL ? NULL : parser->_private;
	if (camt == NULL || camt->stopped || camt->problem_code != 0 || error->level < XML_ERR_ERROR) return;
	camt->problem_code = error->code;
	camt->problem_line = error->line > 0 ? (uint32_t)error->line : 0;
	xml_problem(error->message, error->code, camt->problem);
}

/* ---- pushing ---- */

int bank_camt_open(struct bank_reader *reader)
{
	struct bank_camt *camt = zf_alloc(reader->arena, sizeof(*camt));
	xmlSAXHandler sax = {.initialized = XML_SAX2_MAGIC,
		.startDocument = on_document,
		.startElementNs = on_begin,
		.endElementNs = on_end,
		.characters = on_text,
		.ignorableWhitespace = on_text,
		.cdataBlock = on_text,
		.internalSubset = on_doctype,
		.getEntity = on_entity,
		.serror = on_problem};
	if (camt == NULL) return LIB_NOMEM;
	camt->reader = reader;
	camt->page = -1;
	camt->last_page = -1;
	camt->gate.attributes_max = reader->limits.attributes_max;
	camt->gate.text_max = reader->limits.text_max;
	camt->text = zf_alloc(reader->arena, reader->limits.text_max);
	if (camt->text == NULL) return LIB_NOMEM;
	xmlParserCtxtPtr parser = xmlCreatePushParserCtxt(&sax, NULL, NULL, 0, NULL);
	if (parser == NULL) return LIB_NOMEM;
	parser->_private = camt;
	(void)xmlCtxtUseOptions(parser, XML_PARSE_NONET);
	camt->parser = parser;
	reader->camt = camt;
	return 0;
}

/* What libxml2 did not like. */
static void report_problem(struct bank_camt *camt)
{
	int code = camt->problem_code;
	if (code == 0 || camt->stopped) return;
	if (code == XML_ERR_NO_MEMORY) {
		camt_stop(camt, LIB_NOMEM);
	} else if (code == XML_ERR_UNKNOWN_ENCODING || code == XML_ERR_UNSUPPORTED_ENCODING) {
		refuse(camt, FAULT_XML_ENCODING, camt->problem_line, "the declaration names another encoding");
	} else {
		refuse(camt, FAULT_XML_INVALID, camt->problem_line, camt->problem);
	}
}

static int push(struct bank_camt *camt, const char *bytes, size_t len)
{
	while (len > 0 && !camt->stopped) {
		size_t slice = len < SLICE_BYTES ? len : SLICE_BYTES;
		(void)xmlParseChunk(camt->parser, bytes, (int)slice, 0);
		report_problem(camt);
		bytes += slice;
		len -= slice;
	}
	return camt->reader->result;
}

/* The line where the bytes end that were pushed: libxml2 may not have looked at all of them. */
static uint32_t line_at_end(const struct bank_camt *camt)
{
	const xmlParserInput *input = parser_of(camt)->input;
	uint32_t line = camt_line(camt);
	if (input == NULL || input->cur == NULL) return line;
	for (const xmlChar *p = input->cur; p < input->end; p++) line += *p == '\n' ? 1 : 0;
	return line;
}

static int feed_slice(struct bank_camt *camt, const char *bytes, size_t len)
{
	struct camt_gate *gate = &camt->gate;
	enum fault_code code = FAULT_XML_INVALID;
	const char *what = NULL;
	char cut[4];
	size_t held = gate->utf8_len;
	memcpy(cut, gate->utf8, sizeof(cut));
	size_t good = camt_gate_pass(gate, bytes, len, &code, &what);
	/* A character that was cut goes to the parser when it is whole. */
	bool whole = held == 0 || (good > 0 && gate->utf8_len != held + len);
	int rc = 0;
	if (whole && held > 0) rc = push(camt, cut, held);
	if (rc == 0 && whole) rc = push(camt, bytes, good == len ? good - gate->utf8_len : good);
	if (rc == 0 && good < len) refuse(camt, code, line_at_end(camt), what);
	return camt->reader->result;
}

int bank_camt_feed(struct bank_reader *reader, const char *bytes, size_t len)
{
	/* In slices that stay in the processor's cache between gate and parser. */
	while (len > 0 && reader->result == 0) {
		size_t slice = len < SLICE_BYTES ? len : SLICE_BYTES;
		(void)feed_slice(reader->camt, bytes, slice);
		bytes += slice;
		len -= slice;
	}
	return reader->result;
}

int bank_camt_finish(struct bank_reader *reader)
{
	struct bank_camt *camt = reader->camt;
	uint32_t line = line_at_end(camt);
	bool cut = !camt_gate_is_between(&camt->gate);
	camt->problem_code = 0;
	(void)xmlParseChunk(camt->parser, NULL, 0, 1);
	if (camt->stopped) return reader->result;
	if (!camt->root_seen && !cut) {
		bank_fault(reader, FAULT_BANK_FORMAT, line, "", "XML", NULL);
		return LIB_INVALID;
	}
	if (!camt->root_ended || cut) {
		const char *name = camt->depth == 0 ? "XML" : camt->frames[camt->depth - 1].name;
		bank_fault(reader, FAULT_BANK_TRUNCATED, line, NULL, name, NULL);
		return LIB_INVALID;
	}
	report_problem(camt);
	if (reader->result != 0) return reader->result;
	if (reader->statement_count == 0) {
		static const char *const names[] = {"", "Stmt", "Rpt", "Ntfctn"};
		bank_fault(reader, FAULT_BANK_MISSING, line, "", names[camt->kind], NULL);
		return LIB_INVALID;
	}
	return 0;
}

void bank_camt_close(struct bank_camt *camt)
{
	if (camt != NULL && camt->parser != NULL) xmlFreeParserCtxt(camt->parser);
}

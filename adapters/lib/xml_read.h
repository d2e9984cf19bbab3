/* XML from strangers, read strictly: what could be an attack is refused before a parser sees it (a document type, so
 * entities and external names; another encoding than UTF-8; NUL; too many attributes, too deep, too large), the rest is
 * read by libxml2 as a stream of elements, each with its line. No network, no file, no entity but the five, no
 * XInclude, no text between elements. Every fault goes to the list with its line and the path of its element. */
#ifndef ADAPTERS_LIB_XML_READ_H
#define ADAPTERS_LIB_XML_READ_H

#include "lib/fault.h"
#include "lib/result.h"
#include "lib/text.h"

#define XML_DEPTH_MAX 200 /* the largest depth_max */

/* 0 anywhere means the default in brackets. */
struct xml_limits {
	size_t bytes_max;   /* of the document [16 MiB] */
	size_t text_max;    /* bytes of one element's text, or of one attribute's value [8 MiB, the most that works] */
	uint32_t depth_max; /* of elements [32] */
	uint32_t attributes_max; /* of one element, namespace declarations among them [32] */
	uint32_t elements_max;   /* in all [1,000,000] */
};

struct xml_attribute {
	const char *space; /* namespace; NULL: none */
	const char *name;  /* without prefix */
	const char *value;
};

/* An element with all that is in it; lives in the arena. */
struct xml_element {
	const char *space; /* namespace; NULL: none */
	const char *name;  /* without prefix */
	const char *text;  /* its own text, CDATA included; "" when there is none or when it has elements */
	size_t text_len;
	uint32_t line;
	uint32_t attribute_count;
	const struct xml_attribute *attributes; /* without namespace declarations */
	const struct xml_element *parent;
	const struct xml_element *first, *next; /* child, sibling */
	uint32_t ordinal;                       /* of a child of the root: the n-th of that name; else 0 */
};

struct xml_reader;

/* Begins; ret_root has its attributes, and its children come by xml_read_child. LIB_INVALID with faults, LIB_LIMIT
 * likewise, LIB_NOMEM. `bytes` must outlive the reader, which must be closed when this returned 0. */
int xml_read_open(const void *bytes, size_t len, const struct xml_limits *limits, struct zf_arena *arena,
	struct fault_list *faults, struct xml_reader **ret_reader, const struct xml_element **ret_root) LIB_MUSTUSE;
/* The root's next child, whole; NULL after the last one, when the document has ended as it must. */
int xml_read_child(struct xml_reader *reader, const struct xml_element **ret_child) LIB_MUSTUSE;
void xml_read_close(struct xml_reader *reader);

/* A whole document at once, for small ones. */
int xml_read(const void *bytes, size_t len, const struct xml_limits *limits, struct zf_arena *arena,
	struct fault_list *faults, const struct xml_element **ret_root) LIB_MUSTUSE;

/* Is it this element? space NULL: in no namespace. */
bool xml_is(const struct xml_element *element, const char *space, const char *name);
/* The first child of that name in the parent's own namespace or in none; NULL: none (also of NULL). */
const struct xml_element *xml_child(const struct xml_element *parent, const char *name);
/* The next sibling of the same name. */
const struct xml_element *xml_next(const struct xml_element *element);
/* The attribute's value; space NULL: in no namespace. NULL: none. */
const char *xml_attribute(const struct xml_element *element, const char *space, const char *name);
/* The text of that child without white space around it; {NULL, 0} when there is no such child or no text in it. */
struct text_span xml_child_text(const struct xml_element *parent, const char *name);
/* "/Remittance.Advice/Claim[2]/Activity[1]/Net": numbers where a name comes more than once. NULL on no memory. */
const char *xml_path(struct zf_arena *arena, const struct xml_element *element);

#define XML_PROBLEM_SIZE 160
/* libxml2's sentence (or NULL) without what it quotes, since names and texts of the document may be a person's. */
void xml_problem(const char *message, int code, char ret[XML_PROBLEM_SIZE]);

/* ---- the gate (xml_gate.c) ---- */

/* Looks at all bytes once and refuses what no insurer has an honest reason to send, with its line. What passes is not
 * yet well formed. */
int xml_gate(const char *bytes, size_t len, const struct xml_limits *limits, struct fault_list *faults) LIB_MUSTUSE;

#endif

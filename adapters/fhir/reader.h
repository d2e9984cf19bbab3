/* The generic reader: walks a JSON text along the element tables, checks it and fills the structs of resource.h.
 * Internal to the FHIR module. */
#ifndef FHIR_READER_H
#define FHIR_READER_H

#include "fhir/element.h"
#include "fhir/resource.h"
#include "lib/fault.h"
#include "lib/json.h"

#define FHIR_FRAMES_MAX (JSON_DEPTH_MAX + 4)
#define FHIR_STACK_INLINE 128
#define FHIR_STRING_BYTES_MAX (1024u * 1024) /* R4: "strings SHALL NOT exceed 1MB in size" */

/* A step of the path to where we are. */
struct fhir_frame {
	const char *name; /* constant text */
	int32_t index;    /* in its list; -1: not in a list */
};

/* A reference to be resolved when the whole document is known. */
struct fhir_pending {
	const struct fhir_reference *reference;
	struct fhir_resource *scope; /* in which it stands */
	const char *targets;         /* resource types it may point to, or NULL */
	const struct fhir_frame *frames;
	uint32_t frame_count;
	struct fhir_resource *found; /* what it points to within the document; NULL: nothing, or not looked for yet */
};

/* A stack of pointers that grows in the arena: elements of the lists that are open. */
struct fhir_stack {
	void **items;
	uint32_t len, cap;
};

struct fhir_reader {
	struct zf_arena *arena;
	struct fault_list *faults;
	const char *text;
	size_t len;
	char *pool; /* room for every string of the text with its NUL: a string takes two quotes in the text */
	uint32_t entries_max, list_max;
	struct fhir_frame frames[FHIR_FRAMES_MAX];
	uint32_t depth;                          /* frames in use */
	uint32_t extension_depth;                /* extensions we are inside of */
	const char *targets;                     /* of the element being read */
	struct fhir_resource *resource;          /* the one being read */
	uint32_t resource_frame;                 /* its first frame */
	const struct zf_concept *extension_code; /* the "code" inside the extension being read */
	struct fhir_stack list;                  /* elements of open lists */
	struct fhir_stack extensions;            /* struct zf_extension * of the resource being read */
	struct fhir_stack pending;               /* struct fhir_pending * */
	struct fhir_stack resources;             /* struct fhir_resource *: all at entry level */
	void *list_inline[FHIR_STACK_INLINE];
	struct json_reader json;
};

/* Borrows everything. Returns 0 or LIB_NOMEM. */
int fhir_reader_init(struct fhir_reader *reader, const char *text, size_t len, size_t bytes_max, uint32_t depth_max,
	struct zf_arena *arena, struct fault_list *faults);

/* Reads the whole document as one resource. LIB_INVALID: not JSON, fault added. LIB_NOMEM. */
int fhir_reader_run(struct fhir_reader *reader, struct fhir_resource **ret_root);

/* Adds a fault at the place where the reader is. */
void fhir_reader_fault(struct fhir_reader *reader, enum fault_code code, const char *arg1, const char *arg2);
/* The same for an element of the object where the reader is. */
void fhir_reader_fault_in(
	struct fhir_reader *reader, const char *element, enum fault_code code, const char *arg1, const char *arg2);

/* "Bundle.entry[4].resource.item[2]" from frames; returns the length, cut to size - 1. */
size_t fhir_path_format(const struct fhir_frame *frames, uint32_t count, char *ret, size_t size);

/* LIB_NOMEM or 0. */
int fhir_stack_push(struct zf_arena *arena, struct fhir_stack *stack, void *item);

/* A NUL-terminated copy from the reader's pool. */
const char *fhir_reader_string(struct fhir_reader *reader, struct text_span text);

/* primitive.c: checks a scalar token against the element's kind and stores it at `at` (may be NULL: only checked).
 * Faults are added; a value with a fault is not stored. Returns 0 or LIB_NOMEM. */
int fhir_primitive_read(
	struct fhir_reader *reader, const struct fhir_element *element, const struct json_token *token, void *at);

/* primitive.c: value and currency of the Money that the path points to become `at` (struct zf_money or fhir_price by
 * the element's kind; NULL: only checked). Returns 0. */
int fhir_money_take(
	struct fhir_reader *reader, const struct fhir_element *element, const struct fhir_price *price, void *at);

/* extension.c: an extension has been read completely. raw: its bytes. */
int fhir_extension_done(struct fhir_reader *reader, const struct fhir_extension *extension, struct text_span raw);

#endif

/* The tables that say what FHIR R4 (hl7.org/fhir/R4, JSON form) allows in each type that we read: element names,
 * primitive kinds, cardinalities, required value sets, and where in our structs a value goes. One generic reader
 * (reader.c) walks them, so checking and decoding are the same pass. */
#ifndef FHIR_ELEMENT_H
#define FHIR_ELEMENT_H

#include <stddef.h>
#include <stdint.h>

/* How the value of an element is read and stored at its offset. */
enum fhir_kind {
	/* text: const char * */
	FHIR_STRING,
	FHIR_MARKDOWN,
	FHIR_URI, /* also canonical, url, oid, uuid: text without white space */
	FHIR_CODE,
	FHIR_ID,
	FHIR_BASE64,
	FHIR_XHTML,
	FHIR_TIME_OF_DAY,
	/* struct zf_time */
	FHIR_DATE,
	FHIR_DATETIME,
	FHIR_INSTANT,
	/* numbers and truth */
	FHIR_DECIMAL,  /* struct zf_decimal */
	FHIR_INTEGER,  /* int32_t */
	FHIR_UNSIGNED, /* int32_t */
	FHIR_POSITIVE, /* int32_t */
	FHIR_BOOLEAN,  /* uint8_t */
	/* objects */
	FHIR_COMPLEX,   /* struct of the type, by pointer; embedded with FHIR_EMBED */
	FHIR_MONEY,     /* struct zf_money, embedded */
	FHIR_PRICE,     /* struct fhir_price, embedded: a Money that keeps its decimals */
	FHIR_RESOURCE,  /* struct fhir_resource * */
	FHIR_EXTENSION, /* kept with its path for resources that collect them */
	FHIR_MODIFIER,  /* modifierExtension: we understand none, so it is a fault */
	FHIR_RULES,     /* implicitRules: likewise */
	FHIR_ANY,       /* an object whose inside is not ours to check */
	FHIR_TYPE_NAME, /* resourceType: a text that was read before */
};

enum fhir_flag {
	FHIR_REQUIRED = 1 << 0,
	FHIR_LIST = 1 << 1,
	FHIR_EMBED = 1 << 2, /* FHIR_COMPLEX lies in its parent's struct instead of behind a pointer */
	FHIR_RAW = 1 << 3,   /* the raw JSON is stored as well: a text_span at raw_offset */
	FHIR_CHOICE = 1 << 4 /* one of value[x]: rows that share a bit exclude each other */
};

/* Where a value is not stored. */
#define FHIR_NOWHERE UINT16_MAX

struct fhir_element {
	const char *name;
	uint8_t len;
	uint8_t kind;          /* enum fhir_kind */
	uint8_t flags;         /* enum fhir_flag, ORed */
	uint8_t bit;           /* of the masks of seen elements; rows of one choice share it */
	uint8_t type;          /* enum fhir_type of a FHIR_COMPLEX */
	uint8_t binding;       /* enum fhir_binding: the value set that a code must be in; 0: none */
	uint16_t offset;       /* FHIR_NOWHERE: checked, not kept */
	uint16_t count_offset; /* uint32_t count of a list; text_span of a FHIR_RAW */
	const char *targets;   /* of a Reference: the resource types it may point to, space separated; NULL: any */
};

struct fhir_reader;

struct fhir_type_info {
	const char *name; /* as in a path: "Claim", "Money"; backbones "Claim.item" */
	const struct fhir_element *elements;
	uint16_t element_count;
	uint16_t struct_size; /* of what a pointer or list element points to; 0: nothing is stored */
	uint64_t required;    /* bits of the required elements */
	/* Called with the filled struct when the object has ended and the path still points to it; or NULL.
	 * Returns 0 or LIB_NOMEM. */
	int (*finish)(struct fhir_reader *reader, void *value);
};

struct fhir_value_set {
	const char *name;         /* of the R4 value set, for the fault */
	const char *const *codes; /* ends with NULL */
};

#include "fhir/element_list.h"

extern const struct fhir_type_info fhir_types[FHIR_T_COUNT];
extern const struct fhir_value_set fhir_value_sets[FHIR_B_COUNT];

/* The type of a resource that we read; FHIR_T_NONE for any other name. */
enum fhir_type fhir_type_of_resource(const char *name, size_t len);

#endif

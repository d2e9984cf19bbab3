/* The keys of a contract's document as one table: what each may be, its default, and the words of zhifu_contract(5),
 * whose list of keys is made from it. */
#ifndef MODEL_CONTRACT_KEYS_H
#define MODEL_CONTRACT_KEYS_H

#include "model/contract.h"

/* What a value may be, and what it becomes. */
enum contract_form {
	FORM_TEXT = 1, /* const char *: one line of at most `high` bytes */
	FORM_CODE,     /* const char *: letters, digits, hyphens, underscores; at most `high` */
	FORM_INSURER,  /* const char *: as a file of conf/insurers.d is called */
	FORM_DAY,      /* int32_t */
	FORM_COUNT,    /* uint32_t from low to high */
	FORM_PERCENT,  /* struct zf_decimal from 0 to `high`, at most 6 decimals */
	FORM_AMOUNT,   /* struct zf_decimal, 0 or above; its currency stands beside it */
	FORM_CURRENCY, /* char[4] */
	FORM_PIVOT,    /* char[4]: a currency, or "-" for "none" */
	FORM_WORD,     /* uint8_t: one of words */
	FORM_BOOL,     /* bool */
	FORM_OBJECT,   /* section, within the same struct when offset is 0 */
	FORM_LIST,     /* struct contract_rows of sections */
};

struct contract_word {
	const char *text; /* NULL ends the list */
	uint8_t value;
};

struct contract_key {
	const char *name;
	enum contract_form form;
	bool needed;
	bool marks; /* FORM_OBJECT: the struct begins with a bool that says that it is there */
	size_t offset;
	int32_t low, high;
	const struct contract_word *words;      /* FORM_WORD */
	const struct contract_section *section; /* FORM_OBJECT, FORM_LIST */
	const char *fallback;                   /* the default, as it would be written; NULL: none, or `otherwise` */
	const char *otherwise;                  /* the default in words; NULL: as fallback, or none */
	const char *help;                       /* in words, for the manual */
};

struct contract_section {
	const struct contract_key *keys;
	uint32_t count;
	uint32_t size; /* of an entry, in lists */
};

/* Entries of a list, one behind the other. */
struct contract_rows {
	char *items;
	uint32_t count;
};

/* Entries as they stand in the document: the amounts without their currency yet. */
struct contract_charge_row {
	const char *route;
	char currency[4];
	struct zf_decimal amount;
	uint32_t times;
};
struct contract_tolerance_row {
	char currency[4];
	struct zf_decimal residual, hard_max; /* hard_max: absent unless given */
};

/* A contract while it is read. */
struct contract_draft {
	struct contract made;
	struct contract_rows discounts, charges, tolerances;
};

/* All of it; offsets are those of struct contract_draft. */
extern const struct contract_section contract_document;
/* The word of a value; "?" when there is none. */
const char *contract_word(const struct contract_word *words, uint8_t value);
/* A, B and C. */
extern const struct contract_word contract_kind_words[];

#endif

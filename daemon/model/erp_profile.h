/* How a hospital's own bookkeeping program wants its journal as CSV: which columns in which order, how they are headed,
 * charset, form of days. Profiles are groups of the hospital's file (erp_profiles). */
#ifndef MODEL_ERP_PROFILE_H
#define MODEL_ERP_PROFILE_H

#include "base/conf.h"

/* What a column may hold. Each posting is two lines of the file, the debit before the credit. */
enum erp_field {
	ERP_POSTING,     /* ENTRY-NO: the posting; a posting and its side are one line */
	ERP_ENTRY,       /* what belongs together, a UUID */
	ERP_NO,          /* of the posting within the entry */
	ERP_DAY,         /* the day of the books */
	ERP_RULE,        /* by which rule it was posted */
	ERP_TEXT,        /* why, in English */
	ERP_TEXT_ZH,     /* and in Chinese */
	ERP_CLAIM,       /* the claim's ref, if it is of one */
	ERP_HOSPITAL,    /* the hospital's code */
	ERP_SHORT,       /* the ledger's short name */
	ERP_ACCOUNT,     /* the account's number in the chart */
	ERP_NAME,        /* and its name */
	ERP_SUB,         /* the sub-ledger, if the account has any */
	ERP_ACCOUNT_SUB, /* number, dot, sub-ledger */
	ERP_SIDE,        /* which side, in the profile's words */
	ERP_DEBIT,       /* the amount in its currency, in two columns */
	ERP_CREDIT,
	ERP_AMOUNT, /* or in one, a credit below zero */
	ERP_CURRENCY,
	ERP_BOOK_DEBIT, /* the same in the book currency */
	ERP_BOOK_CREDIT,
	ERP_BOOK_AMOUNT,
	ERP_BOOK_CURRENCY,
	ERP_CONST, /* a text that stands there */
};

struct erp_column {
	enum erp_field field;
	const char *header;
	const char *text; /* of ERP_CONST */
};

enum erp_charset { ERP_UTF8, ERP_UTF8_BOM, ERP_GB18030 };

/* The profile's group in the file. */
struct erp_profile_file {
	const char *name, *separator, *day, *debit, *credit;
	struct conf_strings columns;
	int charset;
	bool header;
};

struct erp_profile {
	const char *name;
	const struct erp_column *columns;
	uint32_t column_count;
	enum erp_charset charset;
	char separator;
	const char *day;            /* the form of days: date_parse_form */
	const char *debit, *credit; /* the words of ERP_SIDE */
	bool header;
};

extern const struct conf_table erp_profile_table;

/* From its group; texts are borrowed from it. ERR_NOMEM. */
int erp_profile_make(const struct erp_profile_file *file, struct arena *arena, struct erp_profile *ret_profile) MUSTUSE;
/* The profile of which only the name is set: what counts where a hospital has none. */
int erp_profile_plain(struct arena *arena, struct erp_profile *ret_profile) MUSTUSE;

#endif

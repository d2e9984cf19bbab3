/* Remittance advices that come to a person and over no adapter: as CSV or XLSX, read by a profile, or as a letter,
 * typed in as a small JSON document. All three become the same struct, and its canonical document the same bytes, so
 * that one advice that comes in two forms is known again. Pure: no SQL, files, clock or floating point. */
#ifndef ADAPTERS_ADVICE_ADVICE_H
#define ADAPTERS_ADVICE_ADVICE_H

#include "lib/charset.h"
#include "lib/fault.h"
#include "lib/result.h"
#include "lib/text.h"
#include "zhifu_model.h"

#define ADVICE_DETAILS_MAX 20000
#define ADVICE_TEXT_BYTES_MAX 200 /* of a name, number or reference */
#define ADVICE_REMARK_BYTES_MAX 1000
#define ADVICE_DOCUMENT_BYTES_MAX (16u << 20)
#define ADVICE_NO_DAY INT32_MIN

enum advice_form { ADVICE_FORM_CSV = 1, ADVICE_FORM_XLSX, ADVICE_FORM_LETTER };

enum advice_kind {
	ADVICE_OF_CLAIM = 1, /* paid; below zero: an earlier payment is taken back */
	ADVICE_FEE,          /* of the whole transfer, as are the next two */
	ADVICE_ADJUSTMENT,
	ADVICE_NETTING, /* set off against what the hospital owes */
};

/* Why less is paid than billed, as far as it is said. */
enum advice_difference {
	ADVICE_DIFFERENCE_NONE = 0,
	ADVICE_PATIENT,  /* the patient's share */
	ADVICE_CONTRACT, /* the contract's price or discount */
	ADVICE_DENIED,
	ADVICE_DISPUTED, /* of a take-back: the hospital does not accept it */
};

struct advice_detail {
	uint32_t row;       /* of the file; 0 in letters */
	uint8_t kind;       /* enum advice_kind */
	uint8_t difference; /* enum advice_difference */
	const char *claim;  /* our ref; NULL: not said. So are the next three */
	const char *insurer_claim;
	const char *bill;       /* the hospital's own number of the bill */
	const char *carrier;    /* an insurer's code; NULL: not said */
	struct zf_money billed; /* absent: not said */
	struct zf_money amount; /* signed as it moves the transfer */
	struct zf_money fee;    /* kept of this claim, below zero; not part of amount. Zero: none */
	struct zf_money tax;    /* within the fee (of a row that is one: within amount), signed as it */
	const char *remark;     /* may name persons; NULL: none */
};

struct advice {
	const char *remitter;          /* who pays: an insurer's code or a company's name */
	const char *identifier;        /* the remitter's number of it */
	struct zf_money amount;        /* what is transferred */
	int32_t payment_day;           /* days since 1970-01-01; ADVICE_NO_DAY: not said */
	const char *payment_reference; /* what the bank line carries; NULL: not said */
	uint32_t detail_count;
	struct advice_detail *details;
};

/* ---- files by profile ---- */

/* What a column is. */
enum advice_column {
	ADVICE_COLUMN_CLAIM = 0,
	ADVICE_COLUMN_INSURER_CLAIM,
	ADVICE_COLUMN_BILL,
	ADVICE_COLUMN_CARRIER,
	ADVICE_COLUMN_KIND, /* its words tell rows of the whole transfer, instead of the first cell */
	ADVICE_COLUMN_BILLED,
	ADVICE_COLUMN_PAID,
	ADVICE_COLUMN_TAKE_BACK, /* of either sign: taken back */
	ADVICE_COLUMN_FEE,
	ADVICE_COLUMN_TAX,
	ADVICE_COLUMN_REMARK,
	ADVICE_COLUMN_CURRENCY, /* from here on of the whole advice: the same in all rows */
	ADVICE_COLUMN_IDENTIFIER,
	ADVICE_COLUMN_PAYMENT_DAY,
	ADVICE_COLUMN_PAYMENT_REFERENCE,
	ADVICE_COLUMN_REMITTER,
	ADVICE_COLUMNS,
};

/* What stands beside a label, above or below the table. */
enum advice_label {
	ADVICE_LABEL_IDENTIFIER = 0,
	ADVICE_LABEL_PAYMENT_DAY,
	ADVICE_LABEL_PAYMENT_REFERENCE,
	ADVICE_LABEL_CURRENCY,
	ADVICE_LABEL_TOTAL,
	ADVICE_LABELS,
};

/* Words by which rows are known (their first cell begins so) or remarks (which have the word in them). */
enum advice_word {
	ADVICE_WORD_SUM = 0, /* a row with the sum of the rows above */
	ADVICE_WORD_TOTAL,   /* the row with what is transferred, the last one */
	ADVICE_WORD_FEE,     /* rows of the whole transfer */
	ADVICE_WORD_ADJUSTMENT,
	ADVICE_WORD_NETTING,
	ADVICE_WORD_IGNORED, /* notes */
	ADVICE_WORD_PATIENT, /* in remarks, from here on */
	ADVICE_WORD_CONTRACT,
	ADVICE_WORD_DENIED,
	ADVICE_WORD_DISPUTED,
	ADVICE_WORDS,
};

struct advice_words {
	const char *const *items;
	size_t count;
};

/* A carrier as the file calls it. */
struct advice_alias {
	const char *name, *code;
};

/* All texts UTF-8, borrowed. */
struct advice_profile {
	const char *name;
	const char *remitter; /* where no column says it */
	enum charset_kind charset;
	char separator;                      /* of CSV; 0: ',' */
	char decimal;                        /* of amounts that are text; 0: '.' */
	char thousands;                      /* 0: none */
	const char *sheet;                   /* NULL: the first */
	const char *day_form;                /* as date_parse_form() takes it; NULL: YYYY-MM-DD */
	const char *currency;                /* ISO 4217, where no column and no label says it */
	const char *carrier;                 /* of all claims, where no column says it */
	bool fee_unsigned;                   /* fees are written without a minus sign */
	const char *columns[ADVICE_COLUMNS]; /* their headings; NULL: there is none */
	const char *labels[ADVICE_LABELS];
	struct advice_words words[ADVICE_WORDS];
	const struct advice_alias *carriers;
	size_t carrier_count;
};

/* Reads a whole file. Paths of faults are places in it: "C12", "12:3", a line, or none. LIB_INVALID, LIB_LIMIT with all
 * faults that could be found; LIB_NOMEM. A wrong sum that a row states is a warning; whether all of it is right says
 * advice_sums(). */
int advice_read_file(const uint8_t *bytes, size_t len, const struct advice_profile *profile, struct zf_arena *arena,
	struct fault_list *faults, enum advice_form *ret_form, struct advice *ret) LIB_MUSTUSE;

/* ---- documents ---- */

/* A letter that was typed in, or a document that was stored: zhifu_remittance(5). Paths of faults are keys. Errors as
 * above. */
int advice_read_document(
	struct text_span text, struct zf_arena *arena, struct fault_list *faults, struct advice *ret) LIB_MUSTUSE;
/* The canonical document: equal for equal advices. LIB_NOMEM, LIB_LIMIT. */
int advice_write_document(const struct advice *advice, struct zf_arena *arena, struct text_span *ret) LIB_MUSTUSE;

/* A key of the document, for the manual. */
struct advice_key {
	const char *name; /* "claims[].paid" */
	const char *form; /* what it must be */
	const char *help;
	bool needed;
};
/* The n-th from 0; NULL behind the last. */
const struct advice_key *advice_key(size_t n);

/* ---- arithmetic ---- */

/* In minor units of the advice's currency. */
struct advice_sums {
	int64_t paid, taken_back, fees, adjustments, netted; /* as they move the transfer; fees: of claims, too */
	int64_t all;
	int64_t difference; /* all less what the advice says is transferred; 0: it balances */
};

/* LIB_LIMIT: they do not fit. */
int advice_sums(const struct advice *advice, struct advice_sums *ret) LIB_MUSTUSE;
/* "paid 51,493.90, taken back -1,450.00, fees -1,544.82: together 48,499.08 CNY, as the advice says" or by how much it
 * is not. NULL on no memory. */
const char *advice_sums_words(
	const struct advice *advice, const struct advice_sums *sums, bool chinese, struct zf_arena *arena);

/* May it be a claim's number? One without a digit is rather a name from a wrong column, and numbers are not sealed. */
bool advice_is_number(struct text_span text);

const char *advice_kind_word(uint8_t kind);             /* "claim", "fee", "adjustment", "netting" */
const char *advice_difference_word(uint8_t difference); /* "", "patient", "contract", "denied", "disputed" */

#endif

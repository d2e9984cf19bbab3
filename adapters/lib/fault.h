/* Faults: everything that can be wrong with what a hospital or an insurer sent, as one catalogue, and the list in which
 * a decoder or validator collects all of them at once: each with its FHIRPath, a sentence in English and Chinese,
 * and who can fix it. Arguments of a sentence are codes, counts, amounts and element names, never a person's data. */
#ifndef ADAPTERS_LIB_FAULT_H
#define ADAPTERS_LIB_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/arena.h"

/* Ordered: a larger number is worse. */
enum fault_severity {
	FAULT_NONE = 0, /* only as the worst severity of an empty list */
	FAULT_INFORMATION = 1,
	FAULT_WARNING = 2, /* accepted, and said in the answer */
	FAULT_FAULT = 3,   /* refused */
};

/* Who can put it right. */
enum fault_owner {
	FAULT_OWNER_HOSPITAL_IT = 1,    /* the hospital's software sends a wrong form */
	FAULT_OWNER_INSURANCE_DESK = 2, /* the hospital's desk for insured patients */
	FAULT_OWNER_CODER = 3,          /* who codes diagnoses, services and prices */
	FAULT_OWNER_INSURER = 4,
	FAULT_OWNER_ZHIFU = 5,   /* whoever runs this daemon */
	FAULT_OWNER_FINANCE = 6, /* the hospital's finance office: rates, bank statements, books */
};

/* The catalogue. Names in the comment are the stable codes that go out (fault_info.name); the numbers may change.
 * $1 and $2 say what arg1 and arg2 mean; none means NULL. */
enum fault_code {
	FAULT_AND_MORE = 0, /* and-more: $1 how many further ones; added by the list itself */

	/* the text as JSON */
	FAULT_JSON_INVALID,       /* json-invalid: $1 byte offset, $2 what is wrong there */
	FAULT_JSON_UTF8,          /* json-utf8: $1 byte offset */
	FAULT_JSON_DUPLICATE_KEY, /* json-duplicate-key: $1 member name */
	FAULT_JSON_TOO_DEEP,      /* json-too-deep: $1 limit */
	FAULT_TOO_LARGE,          /* too-large: $1 limit in bytes */
	FAULT_TOO_MANY,           /* too-many: $1 limit of entries of this list that we take */

	/* the text as XML */
	FAULT_XML_INVALID,   /* xml-invalid: $1 line, $2 what is wrong there */
	FAULT_XML_FORBIDDEN, /* xml-forbidden: $1 line, $2 what is not let in */
	FAULT_XML_ENCODING,  /* xml-encoding: $1 line, $2 why it is no UTF-8 */
	FAULT_XML_LIMIT,     /* xml-limit: $1 line, $2 what is too large */

	/* the resource as FHIR */
	FAULT_RESOURCE_TYPE_MISSING,      /* resource-type-missing */
	FAULT_RESOURCE_TYPE_NOT_ACCEPTED, /* resource-type-not-accepted: $1 the type */
	FAULT_ELEMENT_UNKNOWN,            /* element-unknown: $1 member name */
	FAULT_ELEMENT_TYPE,               /* element-type: $1 expected (object, array, string, number, boolean) */
	FAULT_ELEMENT_EMPTY,              /* element-empty */
	FAULT_ELEMENT_NULL,               /* element-null */
	FAULT_ELEMENT_MISSING,            /* element-missing: $1 the required element */
	FAULT_ELEMENT_TOO_MANY,           /* element-too-many: $1 the most that FHIR allows */
	FAULT_CHOICE_MANY,                /* choice-many: $1 e.g. "diagnosis[x]" */
	FAULT_VALUE_INVALID,  /* value-invalid: $1 FHIR type (date, dateTime, uri, id, code, decimal, positiveInt) */
	FAULT_VALUE_TOO_LONG, /* value-too-long: $1 limit in bytes */
	FAULT_CODE_NOT_IN_VALUE_SET, /* code-not-in-value-set: $1 the code, $2 the value set */
	FAULT_MODIFIER_EXTENSION,    /* modifier-extension-unknown: $1 its url */
	FAULT_IMPLICIT_RULES,        /* implicit-rules-unknown: $1 its uri */
	FAULT_EXTENSION_URL_MISSING, /* extension-url-missing */

	/* references */
	FAULT_REFERENCE_UNRESOLVED, /* reference-unresolved: $1 what it says if relative or '#' ("Patient/1" has no name
				     * in it; pass NULL for urn: and absolute ones) */
	FAULT_REFERENCE_TYPE,       /* reference-type: $1 type found, $2 types allowed */
	FAULT_REFERENCE_EMPTY,      /* reference-empty: neither reference, identifier nor display */
	FAULT_REFERENCE_INVALID,    /* reference-invalid: not a URI, relative reference or #id */
	FAULT_REFERENCE_AMBIGUOUS,  /* reference-ambiguous: $1 how many resources answer to it */
	FAULT_CONTAINED_UNUSED,     /* contained-unused: $1 the contained id (warning) */
	FAULT_CONTAINED_NESTED,     /* contained-nested */

	/* bundles */
	FAULT_BUNDLE_TYPE,          /* bundle-type: $1 the type */
	FAULT_BUNDLE_EMPTY,         /* bundle-empty: nothing in it that we act on */
	FAULT_BUNDLE_FULLURL_TWICE, /* bundle-fullurl-duplicate */
	FAULT_BUNDLE_REQUEST,       /* bundle-request: $1 method, $2 url type; what we do not do in a Bundle */
	FAULT_BUNDLE_FOCUS,         /* bundle-focus: $1 how many claims, where one is needed */

	/* the claim */
	FAULT_CLAIM_STATUS,       /* claim-status: $1 the status; only active is taken */
	FAULT_IDENTIFIER_MISSING, /* identifier-missing (warning): nothing that makes a resubmission recognisable */
	FAULT_PATIENT_IDENTITY,   /* patient-identity-missing: nothing that identifies the patient */
	FAULT_INSURANCE_MISSING,  /* insurance-missing */
	FAULT_INSURANCE_FOCAL,    /* insurance-focal: $1 how many are focal; exactly one must be */
	FAULT_COVERAGE_PATIENT,   /* coverage-patient: the coverage's beneficiary is not the claim's patient */
	FAULT_SEQUENCE_INVALID,   /* sequence-invalid: $1 the number */
	FAULT_SEQUENCE_DUPLICATE, /* sequence-duplicate: $1 the number */
	FAULT_SEQUENCE_DANGLING,  /* sequence-dangling: $1 the number, $2 the list it should be in */
	FAULT_LINES_MISSING,      /* lines-missing (warning) */

	/* money */
	FAULT_TOTAL_MISSING,  /* total-missing */
	FAULT_TOTAL_DERIVED,  /* total-derived (warning): $1 the sum of the lines, taken as total because all have a net
			       */
	FAULT_TOTAL_MISMATCH, /* total-mismatch: $1 the total, $2 the sum of the lines; every line has a net */
	FAULT_TOTAL_BELOW_LINES, /* total-below-lines: $1 the total, $2 the sum of the nets present */
	FAULT_LINE_ARITHMETIC,   /* line-arithmetic: $1 net as sent, $2 quantity x unit price x factor */
	FAULT_DETAIL_SUM,        /* detail-sum (warning): $1 net of the line, $2 sum of its details */
	FAULT_AMOUNT_NEGATIVE,   /* amount-negative: $1 the amount */
	FAULT_AMOUNT_ABSURD,     /* amount-absurd: $1 the amount, $2 the limit */
	FAULT_AMOUNT_PRECISION,  /* amount-precision: $1 the amount, $2 decimals the currency has */
	FAULT_QUANTITY_INVALID,  /* quantity-invalid: $1 the quantity */
	FAULT_FACTOR_INVALID,    /* factor-invalid: $1 the factor */
	FAULT_CURRENCY_MISSING,  /* currency-missing */
	FAULT_CURRENCY_UNKNOWN,  /* currency-unknown: $1 the code */
	FAULT_CURRENCY_MIXED,    /* currency-mixed: $1 this currency, $2 the total's */
	FAULT_COUNTRY_UNKNOWN,   /* country-unknown: looks like an ISO 3166 code and is none (a name is a warning) */

	/* codes */
	FAULT_CODE_MISSING,        /* code-missing: neither code nor text */
	FAULT_CODE_SYSTEM_MISSING, /* code-system-missing (warning): $1 the code */
	FAULT_CODE_SYSTEM_UNKNOWN, /* code-system-unknown (warning): $1 the system */
	FAULT_CODE_PATTERN,        /* code-pattern (warning): $1 the code, $2 the system */

	/* dates */
	FAULT_PERIOD_REVERSED,          /* period-reversed: $1 start, $2 end */
	FAULT_DATE_FUTURE,              /* date-future: $1 the date */
	FAULT_BIRTH_DATE_FUTURE,        /* birth-date-future */
	FAULT_SERVICE_BEFORE_BIRTH,     /* service-before-birth (warning) */
	FAULT_SERVICE_BEFORE_ADMISSION, /* service-before-admission (warning): $1 service, $2 admission */
	FAULT_SERVICE_AFTER_DISCHARGE,  /* service-after-discharge (warning): $1 service, $2 discharge */
	FAULT_SERVICE_OUTSIDE_BILL,     /* service-outside-bill (warning): $1 service */
	FAULT_SERVICE_DAY_MISSING,      /* service-day-missing (warning): no billable period and no line with a date */

	/* files as CSV; the path has the line */
	FAULT_CSV_ENCODING, /* csv-encoding: not UTF-8 */
	FAULT_CSV_CHARSET,  /* csv-charset: $1 the character set that the file was said to be in */
	FAULT_CSV_CUT,      /* csv-cut: the last line has no end */
	FAULT_CSV_OPEN,     /* csv-quote-open: a quote that is not closed */
	FAULT_CSV_QUOTE,    /* csv-quote: a quote within a field that does not begin with one, or text behind one */
	FAULT_CSV_FIELDS,   /* csv-fields: $1 fields found, $2 as the heading has */

	/* exchange rates; prices as "100 JPY = 4.8120 CNY (2026-08-18)" */
	FAULT_RATE_COLUMN,               /* rate-column: $1 the column that is missing */
	FAULT_RATE_COLUMN_TWICE,         /* rate-column-duplicate: $1 the column */
	FAULT_RATE_QUOTING,              /* rate-quoting: $1 the currency that the quoting table lacks */
	FAULT_RATE_FORM,                 /* rate-form: $1 how the file quotes, $2 how the quoting table has it */
	FAULT_RATE_PAIR,                 /* rate-pair: $1 the currency that is priced in itself */
	FAULT_RATE_PER,                  /* rate-per */
	FAULT_RATE_DAY,                  /* rate-day: $1 the text, $2 the form that it should have */
	FAULT_RATE_FUTURE,               /* rate-future: $1 the day, $2 today */
	FAULT_RATE_VALUE,                /* rate-value: $1 the text */
	FAULT_RATE_NOT_POSITIVE,         /* rate-not-positive: $1 the text */
	FAULT_RATE_DECIMALS,             /* rate-decimals: $1 the text, $2 how many are taken */
	FAULT_RATE_SPREAD,               /* rate-spread: $1 the buying, $2 the lower selling price */
	FAULT_RATE_TWICE,                /* rate-duplicate: $1 this price, $2 the other one and its line */
	FAULT_RATE_CHANGED,              /* rate-changed: $1 this price, $2 the one that is stored */
	FAULT_RATE_SUPERSEDED,           /* rate-superseded (information): $1 this price, $2 when it was corrected */
	FAULT_RATE_FAR,                  /* rate-far: $1 this price, $2 the one it is held against; so the next four */
	FAULT_RATE_UPSIDE_DOWN,          /* rate-upside-down */
	FAULT_RATE_HUNDREDFOLD,          /* rate-hundredfold */
	FAULT_RATE_HUNDREDTH,            /* rate-hundredth */
	FAULT_RATE_UPSIDE_DOWN_HUNDREDS, /* rate-upside-down-hundreds */
	FAULT_RATE_NONE,                 /* rate-none: no rate in the file */
	FAULT_RATE_ECB,                  /* rate-ecb: $1 the element or attribute that should be there */
	FAULT_RATE_WITHDRAWN,            /* rate-withdrawn (information): $1 the currency, $2 how many rates */
	FAULT_RATE_MAKER,                /* rate-maker: not said who typed it in */
	FAULT_RATE_UNAPPROVED,           /* rate-unapproved: by no second person */
	FAULT_RATE_SAME_PERSON,          /* rate-same-person: approved by the one who typed it in */
	FAULT_RATE_GAP,                  /* rate-gap: $1 pair and source, $2 day asked for and last day known */
	FAULT_RATE_NEVER,                /* rate-never: $1 pair and source, $2 the day */

	/* agreements with payers (contracts); the path is that of the key */
	FAULT_CONTRACT_KEY,           /* contract-key: $1 the key */
	FAULT_CONTRACT_MISSING,       /* contract-missing: $1 the key */
	FAULT_CONTRACT_WORD,          /* contract-word: $1 the text, $2 the words that it may be */
	FAULT_CONTRACT_TEXT,          /* contract-text */
	FAULT_CONTRACT_CODE,          /* contract-code: $1 the text */
	FAULT_CONTRACT_INSURER,       /* contract-insurer: $1 the text */
	FAULT_CONTRACT_DAY,           /* contract-day: $1 the text */
	FAULT_CONTRACT_COUNT,         /* contract-count: $1 the number, $2 as "1 to 30" */
	FAULT_CONTRACT_PERCENT,       /* contract-percent: $1 the text, $2 as "0 to 100" */
	FAULT_CONTRACT_AMOUNT,        /* contract-amount: $1 the text */
	FAULT_CONTRACT_TWICE,         /* contract-duplicate: $1 what is there twice */
	FAULT_CONTRACT_NEEDS,         /* contract-kind-needs: $1 the kind, $2 the key */
	FAULT_CONTRACT_HAS_NO,        /* contract-kind-has-no: likewise */
	FAULT_CONTRACT_OTHER,         /* contract-currency-of-books: $1 the kind, $2 the currency */
	FAULT_CONTRACT_CURRENCY_SAME, /* contract-currency-same: $1 the currency that is owed and paid */
	FAULT_CONTRACT_BANK,          /* contract-bank-missing: $1 the source */
	FAULT_CONTRACT_NO_BANK,       /* contract-bank-needless: $1 the source */
	FAULT_CONTRACT_HARD_MAX,      /* contract-hard-max: $1 it, $2 the tolerance */
	FAULT_CONTRACT_LATE,          /* contract-discount-late: $1 its days, $2 the term's */
	FAULT_CONTRACT_GROSS,         /* contract-gross */
	FAULT_CONTRACT_STRANGER,      /* contract-insurer-unknown: $1 the code */

	/* price lists; the path has the line, and the column behind it */
	FAULT_PRICE_COLUMN,       /* price-column: $1 the column that is missing, $2 its Chinese name */
	FAULT_PRICE_COLUMN_TWICE, /* price-column-duplicate: $1 the column */
	FAULT_PRICE_COLUMN_OTHER, /* price-column-unknown: $1 the column */
	FAULT_PRICE_MISSING,      /* price-missing */
	FAULT_PRICE_TEXT,         /* price-text: $1 how many bytes it may have */
	FAULT_PRICE_VALUE,        /* price-value: $1 the text */
	FAULT_PRICE_DECIMALS,     /* price-decimals: $1 the text, $2 how many are taken */
	FAULT_PRICE_CURRENCY,     /* price-currency: $1 this currency, $2 the first one */
	FAULT_PRICE_TWICE,        /* price-duplicate: $1 the code, $2 the line where it stands already */
	FAULT_PRICE_NONE,         /* price-none: no price in the file */

	/* consents and tasks */
	FAULT_CONSENT_PATIENT,   /* consent-patient: no patient in it */
	FAULT_CONSENT_SCOPE,     /* consent-scope: $1 the scope; only patient-privacy is acted on */
	FAULT_CONSENT_DETAIL,    /* consent-detail: $1 the element by which it narrows in a way we can't honour */
	FAULT_CONSENT_ACTION,    /* consent-action (warning): permits something, but not to disclose */
	FAULT_CONSENT_RECIPIENT, /* consent-recipient: permits to disclose and does not say to whom */
	FAULT_CONSENT_PURPOSE,   /* consent-purpose: nor what for */
	FAULT_CONSENT_STRANGER,  /* consent-recipient-unknown (warning): $1 of its $2 recipients are no insurers here */
	FAULT_CONSENT_FUTURE,    /* consent-date-future (warning): $1 the date of what permits nothing */
	FAULT_TASK_CODE,         /* task-code: $1 the code; only cancel is acted on */
	FAULT_TASK_FOCUS,        /* task-focus: names no claim of this hospital */
	FAULT_TASK_STATE,        /* task-state: $1 the state in which the claim can't be cancelled any more */

	/* what an insurer's format cannot say, and what its answers say about ours */
	FAULT_WIRE_CURRENCY, /* wire-currency: $1 the claim's, $2 the one that the insurer takes */
	FAULT_WIRE_UNMAPPED, /* wire-unmapped: $1 the code or its system, $2 the profile's map that lacks it */
	FAULT_WIRE_MISSING,  /* wire-missing: $1 the format's word for what it demands */
	FAULT_WIRE_TEXT,     /* wire-text: $1 the format's word, $2 what it may be */
	FAULT_WIRE_AMOUNT,   /* wire-amount: $1 and $2 amounts that do not fit together */
	FAULT_WIRE_RESULT,   /* wire-result: $1 the insurer's result, $2 operation */
	FAULT_WIRE_RULE,     /* wire-rule: $1 the insurer's rule, $2 its field */
	FAULT_WIRE_WARNING,  /* wire-warning: likewise, a warning */
	FAULT_WIRE_ANSWER,   /* wire-answer: $1 line, $2 what is wrong with the insurer's answer there */
	FAULT_WIRE_OVERPAID, /* wire-overpaid: $1 what is paid, $2 the sum that says how much it may be */

	/* a bank's statement; the path is "line N: element, tag or column" */
	FAULT_BANK_FORMAT,    /* bank-format: $1 what it looks like; no statement that is read */
	FAULT_BANK_MISSING,   /* bank-missing: $1 the element, tag or column */
	FAULT_BANK_VALUE,     /* bank-value: $1 the value, or ? where it may be a person's, $2 what it must be */
	FAULT_BANK_ORDER,     /* bank-order: $1 the element or tag that stands where it can't */
	FAULT_BANK_TRUNCATED, /* bank-truncated: $1 the element or tag in which the file ends */
	FAULT_BANK_BALANCE,   /* bank-balance: $1 opening + booked = sum, $2 the closing balance and the difference */
	FAULT_BANK_REVERSAL,  /* bank-reversal (warning): $1 the profile's key that would make the sum right */
	FAULT_BANK_UNPROVED,  /* bank-unproved: $1 the balance that is missing */
	FAULT_BANK_CURRENCY,  /* bank-currency: $1 this currency, $2 the account's */
	FAULT_BANK_ACCOUNT,   /* bank-account: $1 the statement's account, $2 the one that is expected */
	FAULT_BANK_RATE,      /* bank-rate (warning): $1 the rate, $2 the two amounts */
	FAULT_BANK_DETAILS,   /* bank-details (warning): $1 sum of the details, $2 the entry */
	FAULT_BANK_SUMMARY,   /* bank-summary: $1 what the file says of itself, $2 what is in it */
	FAULT_BANK_DAY,       /* bank-day (warning): $1 a day that does not exist, $2 the one that is taken */
	FAULT_BANK_CHARSET,   /* bank-charset: $1 the charset that the bytes are not in */
	FAULT_BANK_LIMIT,     /* bank-limit: $1 the limit's name, $2 the limit */
	FAULT_BANK_PROFILE,   /* bank-profile: $1 the key that is wrong */
	FAULT_BANK_REPEAT,    /* bank-repeat: $1 amount, $2 day of a line that an overlapping statement has */

	/* remittance advices: files and letters; the path is the cell ("C12", "12:3" line and column) or the key */
	FAULT_ADVICE_FORMAT,       /* advice-format: $1 what it looks like */
	FAULT_ADVICE_CUT,          /* advice-cut: $1 the piece that is broken or missing */
	FAULT_ADVICE_LIMIT,        /* advice-limit: $1 what there is too much of, $2 the limit */
	FAULT_ADVICE_SHEET,        /* advice-sheet: $1 the sheet */
	FAULT_ADVICE_COLUMN,       /* advice-column: $1 the heading, $2 what the profile has it for */
	FAULT_ADVICE_COLUMN_TWICE, /* advice-column-duplicate: $1 the heading */
	FAULT_ADVICE_MISSING,      /* advice-missing: $1 what is not there */
	FAULT_ADVICE_VALUE,        /* advice-value: $1 the value, or ? where it may be a person's, $2 what it must be */
	FAULT_ADVICE_FORMULA,      /* advice-formula: without its result */
	FAULT_ADVICE_ERROR,        /* advice-cell-error */
	FAULT_ADVICE_MERGED,       /* advice-merged: an amount that stands in several cells */
	FAULT_ADVICE_OTHER,        /* advice-contradiction: $1 what is said twice, and differently */
	FAULT_ADVICE_CARRIER,      /* advice-carrier: $1 the name */
	FAULT_ADVICE_TAX,          /* advice-tax */
	FAULT_ADVICE_SUM,          /* advice-sum (warning): $1 the rows' sum, $2 what is stated */
	FAULT_ADVICE_KEY,          /* advice-key: $1 the key */
	FAULT_ADVICE_BILL,         /* advice-bill (warning): $1 how many claims of the carrier have the number */

	/* answers of the API itself */
	FAULT_NOT_FOUND,            /* not-found */
	FAULT_FORBIDDEN,            /* forbidden */
	FAULT_LOGIN,                /* login */
	FAULT_IDEMPOTENCY_CONFLICT, /* idempotency-conflict: same key, other content */
	FAULT_SEARCH_PARAMETER,     /* search-parameter: $1 its name */
	FAULT_SEARCH_VALUE,         /* search-value: $1 the parameter's name */
	FAULT_SEARCH_SYSTEM,        /* search-system: $1 the parameter's name; it wants system|value */
	FAULT_SEARCH_COUNT,         /* search-count: _count=0 */
	FAULT_HEADER_INVALID,       /* header-invalid: $1 the header's name */
	FAULT_MEDIA_TYPE,           /* media-type: $1 what is accepted */
	FAULT_METHOD,               /* method-not-supported: $1 the method */
	FAULT_OVERLOADED,           /* overloaded: try again later */
	FAULT_INTERNAL,             /* internal */
	FAULT_CODE_COUNT
};

/* One row of the catalogue; all text is constant. */
struct fault_info {
	const char *name;       /* stable, kebab case, e.g. "reference-unresolved" */
	const char *issue_type; /* FHIR R4 IssueType (hl7.org/fhir/R4/valueset-issue-type.html) */
	const char *english;    /* a sentence with $1 and $2 */
	const char *chinese;
	uint8_t severity; /* enum fault_severity */
	uint8_t owner;    /* enum fault_owner */
};

/* The catalogue's row; aborts on a number outside of it. */
const struct fault_info *fault_lookup(enum fault_code code);
/* The number of a stable name, or -1. */
int fault_code_from_name(const char *name);

struct fault {
	enum fault_code code;
	uint8_t severity; /* enum fault_severity: the catalogue's, or what configuration made of it */
	const char *path; /* FHIRPath such as "Claim.item[0].net"; "" for the whole */
	const char *arg1; /* or NULL */
	const char *arg2; /* or NULL */
};

#define FAULT_LIST_MAX 200      /* entries kept by default; one more says how many were left off */
#define FAULT_ARG_BYTES_MAX 128 /* longer arguments are cut at a character's border */
#define FAULT_PATH_BYTES_MAX 256

/* All faults of one document. Zeroed or initialised it costs nothing until the first fault. */
struct fault_list {
	struct zf_arena *arena; /* borrowed; owns the entries and their text */
	struct fault *items;
	uint32_t count; /* entries in items, including a final and-more */
	uint32_t capacity;
	uint32_t max;
	uint32_t dropped; /* left off because of max */
	uint8_t worst;    /* enum fault_severity, counts the dropped ones too */
	bool no_memory;   /* the arena was exhausted: the list is not complete, answer 503 instead of 4xx */
};

/* Prepares a list in caller-owned memory; allocates nothing. max 0 means FAULT_LIST_MAX. */
void fault_list_init(struct fault_list *list, struct zf_arena *arena, uint32_t max);
/* Adds one with the catalogue's severity. Copies path and arguments; path NULL means ""; arguments may be NULL. */
void fault_add(struct fault_list *list, enum fault_code code, const char *path, const char *arg1, const char *arg2);
/* The same with a severity that configuration chose. */
void fault_add_as(struct fault_list *list, enum fault_code code, enum fault_severity severity, const char *path,
	const char *arg1, const char *arg2);
/* The same with a path made by printf, so that a decoder builds paths only when something is wrong. */
void fault_addf(struct fault_list *list, enum fault_code code, const char *arg1, const char *arg2, const char *path_fmt,
	...) __attribute__((format(printf, 5, 6)));

/* True when the document must be refused. */
static inline bool fault_refuses(const struct fault_list *list)
{
	return list->worst >= FAULT_FAULT;
}

/* The sentence with its arguments filled in, made in the arena; NULL on no memory. */
const char *fault_text_en(struct zf_arena *arena, const struct fault *fault);
const char *fault_text_zh(struct zf_arena *arena, const struct fault *fault);
/* "error", "warning", "information": FHIR R4 IssueSeverity. */
const char *fault_severity_fhir(uint8_t severity);
/* "hospital-it", "insurance-desk", "coder", "insurer", "zhifu", "finance". */
const char *fault_owner_name(uint8_t owner);
/* The owner in words for a person. */
const char *fault_owner_text_en(uint8_t owner);

#endif

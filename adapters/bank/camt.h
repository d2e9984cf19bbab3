/* The reader of camt.052, .053 and .054: what its files share. */
#ifndef ADAPTERS_BANK_CAMT_H
#define ADAPTERS_BANK_CAMT_H

#include "camt_gate.h"
#include "lib/xml_read.h"
#include "reader.h"

#define CAMT_DEPTH_MAX 64
#define CAMT_CACHE 1024 /* a power of two, well above the number of rules */

/* Where in the message: which children mean something. */
enum camt_state {
	CAMT_ROOT,
	CAMT_DOCUMENT,
	CAMT_MESSAGE,
	CAMT_HEADER,
	CAMT_PAGES,
	CAMT_STATEMENT,
	CAMT_PERIOD,
	CAMT_ACCOUNT,
	CAMT_ACCOUNT_ID,
	CAMT_ACCOUNT_OTHER,
	CAMT_OWNER,
	CAMT_AGENT,
	CAMT_INSTITUTION,
	CAMT_MEMBER,
	CAMT_NAME_AND_ADDRESS,
	CAMT_BALANCE,
	CAMT_BALANCE_TYPE,
	CAMT_BALANCE_CODE,
	CAMT_BALANCE_SUBTYPE,
	CAMT_SUMMARY,
	CAMT_SUMMARY_ALL,
	CAMT_DAY,
	CAMT_ENTRY,
	CAMT_STATUS,
	CAMT_BANK_CODE,
	CAMT_DOMAIN,
	CAMT_FAMILY,
	CAMT_BANK_CODE_OTHER,
	CAMT_AMOUNTS,
	CAMT_AMOUNT,
	CAMT_EXCHANGE,
	CAMT_CHARGES,
	CAMT_CHARGE_TYPE,
	CAMT_CHARGE_OTHER,
	CAMT_BATCH,
	CAMT_DETAILS,
	CAMT_DETAIL,
	CAMT_REFERENCES,
	CAMT_REFERENCE_OTHER,
	CAMT_DATES,
	CAMT_PARTIES,
	CAMT_PARTY_ACCOUNT,
	CAMT_PARTY,
	CAMT_ADDRESS,
	CAMT_PARTY_ID,
	CAMT_PARTY_NUMBER,
	CAMT_AGENTS,
	CAMT_CHOICE_PURPOSE,
	CAMT_REMITTANCE,
	CAMT_STRUCTURED,
	CAMT_REFERRED,
	CAMT_REFERRED_AMOUNT,
	CAMT_CREDITOR_REFERENCE,
	CAMT_REFERENCE_TYPE,
	CAMT_RETURN,
	CAMT_RETURN_REASON,
	CAMT_STATE_COUNT,
	CAMT_LEAF, /* an element with text */
};

/* What an element does, on its begin or, with its text, on its end. */
enum camt_act {
	CAMT_NOTHING,
	/* text to the field at the rule's offset */
	CAMT_HEAD_TEXT,       /* of the statement */
	CAMT_HEAD_NUMBER,     /* int64 of the statement */
	CAMT_HEAD_TIME,       /* struct zf_time of the statement */
	CAMT_ENTRY_TEXT,      /* of the entry */
	CAMT_ENTRY_REFERENCE, /* likewise, unless it is a word for none */
	CAMT_DETAIL_TEXT,
	CAMT_DETAIL_REFERENCE,
	CAMT_DETAIL_LINE, /* one line more of it */
	CAMT_PARTY_TEXT,
	CAMT_ADDRESS_LINE,
	CAMT_COPY_CURRENCY, /* SrcCcy and so on into the exchange */
	/* elements with a meaning of their own; begin and end */
	CAMT_IS_MESSAGE,
	CAMT_IS_STATEMENT,
	CAMT_IS_ACCOUNT,
	CAMT_IS_BALANCE,
	CAMT_IS_ENTRY,
	CAMT_IS_DETAILS,
	CAMT_IS_DETAIL,
	CAMT_IS_BOOKING_DAY,
	CAMT_IS_VALUE_DAY,
	CAMT_IS_BALANCE_DAY,
	CAMT_IS_BANK_CODE,
	CAMT_IS_AMOUNT, /* offset: of the amount in bank_amounts */
	CAMT_IS_EXCHANGE,
	CAMT_IS_CHARGES,
	CAMT_IS_CHARGE,
	CAMT_IS_PARTY, /* offset: of the party in bank_detail */
	CAMT_IS_PARTY_ACCOUNT,
	CAMT_IS_PARTY_AGENT, /* RltdAgts; offset likewise */
	CAMT_IS_PARTY_BANK,  /* a bank in the place of a party */
	CAMT_IS_SERVICER,
	CAMT_IS_STRUCTURED,
	CAMT_IS_DOCUMENT,
	CAMT_IS_CREDITOR_REFERENCE,
	CAMT_IS_STATUS,
	/* leaves with a meaning of their own */
	CAMT_MESSAGE_ID,
	CAMT_PAGE,
	CAMT_LAST_PAGE,
	CAMT_ACCOUNT_NUMBER,
	CAMT_ACCOUNT_CURRENCY,
	CAMT_BIC,
	CAMT_MEMBER_ID,
	CAMT_AGENT_NAME,
	CAMT_CODE_OF_BALANCE,
	CAMT_SUBTYPE_OF_BALANCE,
	CAMT_MARK, /* CdtDbtInd of whatever is open */
	CAMT_SUMMARY_COUNT,
	CAMT_DATE,
	CAMT_REVERSAL,
	CAMT_STATUS_CODE,
	CAMT_STATUS_OTHER,
	CAMT_CODE_PART,
	CAMT_CODE_OTHER,
	CAMT_ADDITIONAL,
	CAMT_RATE,
	CAMT_CONTRACT,
	CAMT_CHARGE_INCLUDED,
	CAMT_CHARGE_CODE,
	CAMT_CHARGE_BEARER,
	CAMT_BATCH_COUNT,
	CAMT_REFERENCE_KIND,
	CAMT_REFERENCE_VALUE,
	/* leaves that are an amount with its currency */
	CAMT_AMOUNT_LEAVES,
	CAMT_BALANCE_AMOUNT = CAMT_AMOUNT_LEAVES,
	CAMT_ENTRY_AMOUNT,
	CAMT_DETAIL_AMOUNT,
	CAMT_PART_AMOUNT,
	CAMT_CHARGE_AMOUNT,
	CAMT_CHARGE_TOTAL,
	CAMT_DUE_AMOUNT,
	CAMT_REMITTED_AMOUNT,
};

struct camt_rule {
	uint8_t parent;  /* enum camt_state */
	uint8_t state;   /* enum camt_state of its own children, or CAMT_LEAF */
	uint8_t act;     /* enum camt_act */
	uint16_t offset; /* see the act */
	const char *name;
};

/* The rule for an element; NULL: it means nothing here. */
const struct camt_rule *camt_rule_find(enum camt_state parent, const char *name);

struct camt_frame {
	const char *name; /* interned by libxml2, without prefix */
	const struct camt_rule *rule;
};

struct bank_camt {
	struct bank_reader *reader;
	void *parser; /* xmlParserCtxtPtr */
	struct camt_gate gate;
	char problem[XML_PROBLEM_SIZE]; /* of libxml2, the first */
	int problem_code;
	uint32_t problem_line;
	bool stopped, root_seen, root_ended;

	const char *space; /* the message's namespace, interned by libxml2 */
	char version[20];  /* "camt.053.001.08" */
	uint8_t kind;      /* enum bank_kind */
	struct camt_frame frames[CAMT_DEPTH_MAX + 1];
	uint32_t depth;   /* frames in use */
	uint32_t skipped; /* elements deep in what means nothing */
	struct {
		uint32_t state;
		const char *name;
		const struct camt_rule *rule;
	} cache[CAMT_CACHE];

	char *text; /* of the leaf */
	uint32_t text_len;
	char currency[8]; /* its attribute Ccy; "" none or too long to be one */

	char message_id[64];
	int64_t page; /* GrpHdr/MsgPgntn */
	int8_t last_page;

	/* the element at hand, where children fill it in */
	struct bank_balance balance;
	int8_t mark; /* CdtDbtInd: 1 credit, -1 debit, 0 not seen */
	bool status_seen;
	bool settled;         /* the entry's own fields were looked at */
	int32_t *day;         /* where Dt or DtTm goes */
	struct zf_time *time; /* and the time; NULL: nowhere */
	char code[3][8];      /* domain, family, sub-family */
	const char *other_code;
	struct bank_amounts *amounts;
	struct zf_money *amount; /* InstdAmt and so on */
	bool exchange_taken;     /* the rate is that of an earlier amount */
	struct bank_charge charge;
	int8_t charge_mark;
	struct scratch_list charges;
	struct zf_money *charge_total;
	struct bank_party *party; /* of the detail at hand */
	const char **account;     /* where the number of an account goes */
	const char **agent, **agent_name;
	struct scratch *memory;     /* that of account and agent */
	int8_t detail_mark;         /* CdtDbtInd of the detail */
	struct bank_detail *detail; /* NULL outside of one */
	struct scratch_list references;
	struct bank_reference reference;
	uint32_t structured_from; /* of the references, those of this Strd */
	struct zf_money due, remitted;
	int64_t summary_count; /* TtlNtries/NbOfNtries; -1 */
};

/* Line of what is being read. */
uint32_t camt_line(const struct bank_camt *camt);
/* Stops the parser; the reader's sticky error is rc. */
void camt_stop(struct bank_camt *camt, int rc);

/* ---- what elements do (camt_fill.c); errors go to the reader ---- */

void camt_begin(struct bank_camt *camt, const struct camt_rule *rule);
/* text: of a leaf, as it stands. */
void camt_end(struct bank_camt *camt, const struct camt_rule *rule, struct text_span text);

#endif

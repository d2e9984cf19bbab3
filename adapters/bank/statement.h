/* Bank statements read as a stream: camt.052, .053 and .054 (versions 1 to 13), MT940 and MT942, and CSV by profile,
 * all into the same four things: a statement's head, its entries with their transaction details, its end with the
 * balances.
 *
 * A pure library: bytes are pushed in as they come, callbacks tell what was read, nothing is kept but the entry at
 * hand. No socket, file, thread, clock or SQL, no floating point. (GB18030 and CP852 go through libc's iconv, whose
 * tables are loaded from the system: see charset_hold().)
 *
 * What the caller may believe. Entries are told before the statement's last word is known: MT940 has its closing
 * balance at the end, XML may break off. So a caller books nothing before bank_reader_finish() has returned 0; it
 * stages what it is told in a transaction of its own and drops that otherwise. Faults are collected, all of an input at
 * once (as far as it can be read on), each with the line and the element, tag or column.
 *
 * Arithmetic. A statement (camt.053, MT940, CSV) stands only when its opening balance plus all booked entries is its
 * closing balance; else it is refused and the fault has the sum. Entries that are pending, informational or expected do
 * not count. Reports (052, MT942) and notifications (054) prove nothing and are not asked to.
 *
 * Signs. Every amount of an entry is signed as it moves the account: positive is money that came in. A reversal is
 * already the other way round in camt (CdtDbtInd says what happened, ISO 20022), and turned round here for MT940's RC
 * and RD. A bank that means it otherwise is a profile's `reversal_negates`; the fault of the sum says when that would
 * help.
 *
 * Identity: how the same line is known again, whether it comes twice or also by another message.
 *   identity = SHA-256 over, each ended by a byte 0x1f:
 *     "1" (the version of this recipe), the currency, the booking day as
 * written (YYYY-MM-DD; the value day where there is none), the signed amount in minor units, and then
 *     - "R" and the bank's own reference, where there is one: Ntry/AcctSvcrRef, else the only TxDtls' Refs/AcctSvcrRef,
 *       :61:'s text behind //, the CSV's column (whatever else is written differently then); or
 *     - "F", and then the value day, the customer's reference (NtryRef is not one: it may count anew in each message),
 *       and of the first detail: end-to-end id, transaction id, the counterparty's account, the remittance text
 *       (white space runs as one space).
 *   Status, message, statement number, page, line and the free information of the entry are not in it, so that 052, 053
 *   and 054, a copy and a repeated file give the same. References like NONREF and NOTPROVIDED count as absent, and so
 *   does here what a bank fills the field with: zeros and signs.
 *   occurrence = 1, 2, ... in the order of the statement for lines of one identity: two truly equal lines of one day
 * are two lines. It counts on over the pages of one statement and begins anew with the next one, so the key of a line
 * is (identity, occurrence): the same statement again, or the notification of the same lines, adds nothing. Where a
 * bank splits one day over several booked statements, equal lines in the second begin at 1 again: the caller, who knows
 * by their days and balances that two statements have no line in common, adds the occurrences that it has from the
 * other. The account is not in it: a line is known again on its account, however its number is written. Lines without a
 * bank reference that come one by one in separate notifications can't be told apart; the booked statement decides how
 * many there are.
 *   Entries and their transactions both have an identity. That of a single transaction is its entry's. In a batch each
 *   transaction has its own, by the same recipe from its share of the amount, its own Refs/AcctSvcrRef and its own
 *   fields (where its share is not known: "D", the entry's identity and its number instead of all), counted together
 *   with the entries'. So a batch in 053 and a 054 that has an entry of its own for each transaction give the same
 * lines, whichever of them a caller stores as lines. What still differs (a 054 without the share,
 * with another text and no reference) is joined by account, currency and `servicer_reference`. */
#ifndef ADAPTERS_BANK_STATEMENT_H
#define ADAPTERS_BANK_STATEMENT_H

#include <stdbool.h>

#include "lib/charset.h"
#include "lib/fault.h"
#include "lib/result.h"
#include "lib/text.h"
#include "zhifu_model.h"

#define BANK_NO_DAY INT32_MIN
#define BANK_IDENTITY_BYTES 32
#define BANK_PART_DETAILS 256  /* details told at once; an entry with more comes in parts */
#define BANK_CHARGES_MAX 32    /* of one entry or detail; more are a fault */
#define BANK_REFERENCES_MAX 64 /* structured references of one detail; more are a fault */
#define BANK_BALANCES_MAX 64   /* of one statement; more are a fault */

enum bank_format {
	BANK_FORMAT_DETECT =
		0, /* by the first bytes: '<' camt, a line with a tag MT940, else CSV when the profile has it */
	BANK_FORMAT_CAMT,
	BANK_FORMAT_MT940,
	BANK_FORMAT_CSV,
};

/* What the message is for. */
enum bank_kind {
	BANK_KIND_STATEMENT = 1, /* booked and proved: camt.053, MT940, CSV */
	BANK_KIND_REPORT,        /* within the day: camt.052, MT942 */
	BANK_KIND_NOTIFICATION,  /* of single movements, or the details of a batch: camt.054 */
};

/* Ntry/Sts (text until version 7, Sts/Cd from 8 on). MT942's EC and ED are pending; all else of MT940 and CSV is
 * booked. */
enum bank_status {
	BANK_STATUS_BOOKED = 1,  /* BOOK: counts */
	BANK_STATUS_PENDING,     /* PDNG */
	BANK_STATUS_INFORMATION, /* INFO */
	BANK_STATUS_FUTURE,      /* FUTR */
	BANK_STATUS_OTHER,       /* Sts/Prtry: never counts */
};

enum bank_balance_kind {
	BANK_BALANCE_OPENING = 1,       /* OPBD, :60F: */
	BANK_BALANCE_PREVIOUS,          /* PRCD: the closing before; stands for the opening where that is not given */
	BANK_BALANCE_INTERIM,           /* ITBD, :60M:, :62M: a page's first or last, or so far within the day */
	BANK_BALANCE_CLOSING,           /* CLBD, :62F: */
	BANK_BALANCE_OPENING_AVAILABLE, /* OPAV */
	BANK_BALANCE_INTERIM_AVAILABLE, /* ITAV */
	BANK_BALANCE_CLOSING_AVAILABLE, /* CLAV, :64: */
	BANK_BALANCE_FORWARD_AVAILABLE, /* FWAV, :65: */
	BANK_BALANCE_OTHER,             /* any other code, proprietary ones too; never used in the sum */
};

/* What a stated exchange rate means, found by trying it on the amounts within rounding; never believed unproved. */
enum bank_rate {
	BANK_RATE_NONE = 0,          /* no rate stated */
	BANK_RATE_TARGET_PER_SOURCE, /* target = source × rate */
	BANK_RATE_SOURCE_PER_TARGET, /* source = target × rate */
	BANK_RATE_BOTH, /* both fit: the rate is 1, or the amounts are too small to tell; either use is within rounding
			 */
	BANK_RATE_NEITHER,  /* neither fits: a warning is in the faults, use the amounts and not the rate */
	BANK_RATE_UNPROVED, /* an amount in one of the two currencies is missing: the direction is not known */
};

/* An account. */
struct bank_account {
	const char *id; /* for comparing: upper case, without spaces and dots; of MT940 without a bank code before '/'
			 * when an IBAN follows, and without a currency at the end; NULL: none */
	const char *written;  /* as it was written */
	const char *currency; /* ISO 4217; Acct/Ccy, else that of the balances, else of the first entry */
	const char *name;     /* Acct/Nm */
	const char *owner;    /* Acct/Ownr/Nm */
	const char *servicer; /* Acct/Svcr: BIC, else clearing member id, else name */
};

/* Someone a transaction names. Every field may be NULL. */
struct bank_party {
	const char *name;    /* Nm or Pty/Nm or Agt/FinInstnId/Nm; ?32?33; /NAME/; CSV */
	const char *account; /* DbtrAcct/CdtrAcct: IBAN or Othr/Id; ?38, else ?31; CSV. Normalised as bank_account.id */
	const char *agent;   /* RltdAgts/DbtrAgt/CdtrAgt: BICFI, BIC or clearing member id; ?30 */
	const char *agent_name; /* FinInstnId/Nm */
	const char *country;    /* PstlAdr/Ctry, else CtryOfRes */
	const char *address;    /* PstlAdr: its lines, else street, number, code and town, joined by ", " */
	const char *identifier; /* Id/OrgId or PrvtId: BIC, LEI or Othr/Id */
};

/* A structured remittance reference. */
struct bank_reference {
	const char *kind;  /* CdtrRefInf/Tp (SCOR, QRR, ...) or RfrdDocInf/Tp (CINV, CREN, ...); NULL: not given */
	const char *value; /* CdtrRefInf/Ref, RfrdDocInf/Nb */
	bool document;     /* true: RfrdDocInf, a document that is paid; false: CdtrRefInf, the creditor's reference */
	struct zf_money amount; /* RfrdDocAmt/RmtdAmt, else DuePyblAmt, of the same Strd; absent: not given */
};

/* A bank's charge; never part of any sum here. */
struct bank_charge {
	struct zf_money amount; /* negative: the account pays it (the default when there is no CdtDbtInd) */
	int8_t included;        /* ChrgInclInd: 1 the entry's amount is net of it, 0 it is booked apart, -1 not said */
	const char *code;       /* Tp/Cd, Tp/Prtry(/Id), /CHGS/ */
	const char *bearer;     /* Br: DEBT, CRED, SHAR, SLEV */
};

/* CcyXchg of one of the amounts, tried against them. */
struct bank_exchange {
	char source[4];         /* SrcCcy; "": no exchange */
	char target[4];         /* TrgtCcy; the other currency of the amounts where it is not given */
	char unit[4];           /* UnitCcy: the currency of which the rate states the price of one; a hint only */
	struct zf_decimal rate; /* XchgRate as written; absent: not given */
	uint8_t fit;            /* enum bank_rate */
	struct zf_money source_amount, target_amount; /* what it was tried on, without sign; absent when not known */
	const char *contract;                         /* CtrctId */
};

/* AmtDtls: what the payment was worth before it became this entry. Without sign; absent where not given. */
struct bank_amounts {
	struct zf_money instructed;    /* InstdAmt: what the payer ordered; /OCMT/, OAMT+; CSV's original amount */
	struct zf_money transaction;   /* TxAmt: what passed between the banks */
	struct zf_money counter_value; /* CntrValAmt */
	struct zf_money announced;     /* AnncdPstngAmt */
	struct bank_exchange exchange; /* the first CcyXchg with a rate, else the first */
};

/* One transaction of an entry: TxDtls; of MT940 and CSV the line itself. */
struct bank_detail {
	uint32_t number;                /* 1, 2, ... within the entry */
	uint32_t line;                  /* where it begins in the file */
	struct zf_money account_amount; /* its share of the entry: signed, in the entry's currency. The entry's amount
					 * when it is the only one; else that of TxDtls/Amt, TxAmt, CntrValAmt, InstdAmt
					 * (in this order) which is in that currency; absent: not known, do not guess */
	struct zf_money
		amount; /* TxDtls/Amt: signed by its CdtDbtInd, else as the entry; may be in the payment's currency */
	struct bank_amounts amounts;
	struct zf_money charge_total; /* TtlChrgsAndTaxAmt, without sign */
	const struct bank_charge *charges;
	uint32_t charge_count;
	uint32_t reference_count;
	const struct bank_reference *references; /* RmtInf/Strd */
	/* Refs; NULL where absent or NOTPROVIDED, NONREF and the like. MT940's keyword or code in brackets. */
	const char *message_id;         /* MsgId */
	const char *servicer_reference; /* AcctSvcrRef */
	const char *payment_id;         /* PmtInfId [PREF] */
	const char *instruction_id;     /* InstrId [KREF+] */
	const char *end_to_end_id;      /* EndToEndId [EREF+, /EREF/] */
	const char *uetr;               /* UETR */
	const char *transaction_id;     /* TxId */
	const char *mandate_id;         /* MndtId [MREF+, /MARF/] */
	const char *cheque_number;      /* ChqNb */
	const char *clearing_reference; /* ClrSysRef */
	const char *other_reference;    /* the first Prtry/Ref */
	const char *creditor_id;        /* the creditor's scheme id [CRED+, /CSID/]; of camt Cdtr/Id is in the party */
	const char *accepted_at;        /* when the payer's bank took the order: RltdDts/AccptncDtTm, as written */
	const char *code;               /* BkTxCd of the detail: "PMNT/RCDT/ESCT", else the proprietary code */
	struct bank_party debtor, creditor, ultimate_debtor, ultimate_creditor;
	const struct bank_party *counterparty; /* the debtor of a credit, the creditor of a debit; NULL: nothing said */
	const char *text; /* RmtInf/Ustrd, one line each; SVWZ+, /REMI/ or all of :86: when it is free; NULL: none */
	const char *additional;                /* Strd/AddtlRmtInf and AddtlTxInf, one line each */
	const char *purpose;                   /* Purp [PURP+, /PURP/] */
	const char *return_reason;             /* RtrInf/Rsn [?34, /RTRN/] */
	uint8_t identity[BANK_IDENTITY_BYTES]; /* see above; the entry's when it is the only one */
	uint32_t occurrence;
};

/* One line of the account. */
struct bank_entry {
	uint32_t number; /* 1, 2, ... within the statement */
	uint32_t line;   /* where it begins in the file */
	uint32_t part;  /* 0, 1, ...: an entry of more than BANK_PART_DETAILS details comes in parts, with other details
			   each */
	bool last;      /* the last part: `additional` is known, and the details were added up */
	uint8_t status; /* enum bank_status */
	bool reversal;  /* RvslInd; RC, RD */
	bool credit;    /* as written: CdtDbtInd CRDT; C, RC. What counts is the sign of amount */
	char funds[2];  /* MT940's third letter of the currency; "" none */
	struct zf_money amount;         /* signed, in the account's currency: Ntry/Amt; :61:; CSV */
	int32_t booking_day;            /* BookgDt; :61:'s entry date, else its value date; as written, days since 1970;
					   BANK_NO_DAY */
	int32_t value_day;              /* ValDt; :61:'s value date; BANK_NO_DAY: not given */
	struct zf_time booked_at;       /* BookgDt/DtTm; absent where only a day is given */
	const char *entry_reference;    /* NtryRef */
	const char *servicer_reference; /* the bank's own: AcctSvcrRef, text behind //, CSV; NULL: none */
	const char *customer_reference; /* :61: field 7, CSV; NULL: none or NONREF */
	const char *code;               /* BkTxCd/Domn: "PMNT/RCDT/ESCT" */
	const char *bank_code;          /* BkTxCd/Prtry/Cd; :61:'s NTRF with :86:'s three digits "NTRF+166"; CSV */
	const char *supplementary;      /* :61: field 9 */
	const char *posting;            /* the bank's word for it: ?00; CSV */
	const char *additional;         /* AddtlNtryInf, with the last part */
	struct bank_amounts amounts;    /* AmtDtls of the entry */
	struct zf_money charge_total;
	const struct bank_charge *charges; /* Chrgs of the entry, /CHGS/ of :61: or :86:, CSV */
	uint32_t charge_count;
	uint32_t batch_count;         /* Btch/NbOfTxs; 0: not given */
	const char *batch_message_id; /* Btch/MsgId */
	const char *batch_payment_id; /* Btch/PmtInfId */
	uint32_t detail_count;        /* in this part */
	const struct bank_detail *details;
	uint8_t identity[BANK_IDENTITY_BYTES]; /* see above */
	bool referenced;                       /* by servicer_reference */
	uint32_t occurrence;
};

struct bank_balance {
	uint8_t kind;           /* enum bank_balance_kind */
	const char *code;       /* as written: OPBD, "60F", a proprietary text */
	const char *subtype;    /* Tp/SubTp, such as INTM for a page's */
	struct zf_money amount; /* signed: negative is overdrawn */
	int32_t day;            /* Dt; BANK_NO_DAY */
	uint32_t line;
};

/* The head of a statement, report or notification. Lives until the end was told. */
struct bank_statement {
	uint32_t number; /* 1, 2, ... within the file */
	uint32_t line;
	uint8_t format;         /* enum bank_format */
	uint8_t kind;           /* enum bank_kind */
	const char *version;    /* "camt.053.001.08", "MT940", "MT942", "CSV" */
	const char *message_id; /* GrpHdr/MsgId; :20: */
	const char *id;         /* Stmt/Id; :28C: before the slash */
	const char *related;    /* :21: */
	int64_t sequence;       /* ElctrncSeqNb; :28C: before the slash; -1: none. For gaps and overlaps */
	int64_t legal_sequence; /* LglSeqNb; -1 */
	int64_t page;     /* StmtPgntn/PgNb (GrpHdr/MsgPgntn where that is not given); :28C: behind the slash; -1 */
	int8_t last_page; /* 1, 0; -1: not said */
	const char *copy; /* CpyDplctInd: CODU, COPY, DUPL */
	struct zf_time created;  /* CreDtTm; :13D: */
	struct zf_time from, to; /* FrToDt */
	struct bank_account account;
	bool continued; /* a further page of the statement before: opens with an interim balance, same account and id */
	struct bank_balance opening; /* kind 0: not known, or not yet; camt's and MT940's is known here */
	struct bank_balance closing; /* kind 0: not known yet; camt's is known here */
};

/* The end of a statement. */
struct bank_end {
	const struct bank_statement *statement;
	struct bank_balance opening, closing; /* what the sum was made with; kind 0: none */
	const struct bank_balance *balances;  /* all, in the file's order */
	uint32_t balance_count;
	uint32_t entry_count;                  /* all */
	uint32_t credit_count, debit_count;    /* booked, by the sign of their amount */
	struct zf_money credit_sum, debit_sum; /* of the booked ones: positive, negative; absent without a currency */
	const char *additional;                /* AddtlStmtInf, AddtlRptInf, AddtlNtfctnInf; :86: behind :62F: */
	bool proved;                           /* opening + booked = closing was tried and holds */
	bool refused;                          /* a fault since its head: nothing of it may be booked */
};

/* What the reader tells. ctx is the caller's; what is pointed to lives until the call returns (the statement until its
 * end was told). A return other than 0 stops the reader, whose functions then return it. Any may be NULL. */
struct bank_events {
	int (*statement)(void *ctx, const struct bank_statement *statement);
	int (*entry)(void *ctx, const struct bank_statement *statement, const struct bank_entry *entry);
	int (*end)(void *ctx, const struct bank_end *end);
};

/* 0 anywhere means the default in brackets. */
struct bank_limits {
	uint64_t bytes_max;      /* of the file [2 GiB] */
	uint32_t statements_max; /* [10,000] */
	uint32_t entries_max;    /* of one statement [2,000,000] */
	uint32_t text_max;       /* bytes of one element, field or CSV row [64 KiB] */
	uint32_t memory_max;     /* bytes of one entry's (or part's) and of one head's text and structs [16 MiB] */
	uint32_t depth_max;      /* XML elements [32] */
	uint32_t attributes_max; /* of one XML element [32] */
};

/* What a CSV column is. */
enum bank_csv_field {
	BANK_CSV_IGNORE = 0,
	BANK_CSV_BOOKING_DAY,
	BANK_CSV_VALUE_DAY,
	BANK_CSV_AMOUNT,         /* signed, or unsigned with MARK */
	BANK_CSV_CREDIT,         /* split columns: money in */
	BANK_CSV_DEBIT,          /* money out */
	BANK_CSV_MARK,           /* says whether AMOUNT is a credit or a debit */
	BANK_CSV_CURRENCY,       /* of AMOUNT and BALANCE; the profile's where there is no such column */
	BANK_CSV_BALANCE,        /* after the line */
	BANK_CSV_ACCOUNT,        /* ours; the profile's where there is no such column */
	BANK_CSV_BANK_REFERENCE, /* bank_entry.servicer_reference */
	BANK_CSV_CUSTOMER_REFERENCE,
	BANK_CSV_END_TO_END,
	BANK_CSV_TEXT, /* remittance text; several columns are joined, one line each */
	BANK_CSV_POSTING,
	BANK_CSV_NAME,            /* the counterparty's */
	BANK_CSV_PARTY_ACCOUNT,   /* the counterparty's */
	BANK_CSV_PARTY_AGENT,     /* its bank */
	BANK_CSV_CODE,            /* bank_entry.bank_code */
	BANK_CSV_CHARGE,          /* in the account's currency, booked apart or not: kept apart */
	BANK_CSV_ORIGINAL_AMOUNT, /* instructed */
	BANK_CSV_ORIGINAL_CURRENCY,
	BANK_CSV_RATE, /* from the original's to the account's currency, direction found by the amounts */
};

struct bank_csv_column {
	const char *header; /* as in the heading row, without white space around it */
	enum bank_csv_field field;
	bool optional; /* the file may lack it */
};

/* How a bank's CSV is to be read. Texts are UTF-8 and borrowed. The heading is the first row that has all columns that
 * are not optional; rows before it are preamble and are skipped (opening and closing rows are looked for there too). */
struct bank_csv_profile {
	const struct bank_csv_column *columns;
	uint32_t column_count;   /* 0: no CSV is read */
	char delimiter;          /* [','] */
	char quote;              /* ['"'] doubled inside; '\x01' for none */
	const char *date_format; /* as date_parse_form() in lib/date.h takes it; what follows in the cell behind a space
				  * or T is a time and left out [YYYY-MM-DD] */
	char decimal;            /* ['.'] */
	char thousands;          /* between digits, left out; 0: none */
	const char *credit_marks; /* of MARK, separated by '|', e.g. "C|贷" */
	const char *debit_marks;
	const char *currency;       /* ISO code; where there is no column */
	const char *currency_words; /* "人民币=CNY|美元=USD": what the column says and means; NULL: ISO codes */
	bool debit_negates;         /* AMOUNT without MARK and columns DEBIT: a DEBIT is written with its minus sign */
	bool newest_first;   /* rows come the youngest first: they are told in the file's order, but the balances run
				upwards */
	const char *footer;  /* rows whose first non-empty cell begins with one of these ('|') end the list, e.g.
				"合计|Total" */
	const char *opening; /* rows whose first non-empty cell begins with one of these state the opening balance, in
			      * the balance column, else in the last cell that is an amount */
	const char *closing;
};

/* What is particular to a bank. Zeroed it is strict and complete; texts are borrowed and must outlive the reader. */
struct bank_profile {
	enum charset_kind charset; /* of MT940 and CSV; XML is UTF-8 always */
	const char *account; /* ours, as we write it: the file must be of it, and a CSV without such a column is. NULL:
				any */
	int16_t offset_minutes; /* the bank's zone, for times without one */
	bool reversal_negates;  /* camt: CdtDbtInd is the original's direction where RvslInd is true */
	bool accept_unproved; /* a statement without opening or closing balance is read (proved = false), not refused */
	struct bank_csv_profile csv;
};

struct bank_reader;

/* Begins. profile, events NULL: none. The arena keeps faults, the reader and its buffers, which are reused: it grows
 * with the largest entry (or part of one) and, to count identities, by 64 to 128 bytes for each line of the largest
 * statement; 500 MB of camt.053 with 830,000 entries took 72 MB in all, as one batch of 1,500,000 transactions 138.
 * LIB_NOMEM, LIB_INVALID (a profile that contradicts itself, with a fault). Close it when this returned 0. */
int bank_reader_open(enum bank_format format, const struct bank_profile *profile, const struct bank_limits *limits,
	const struct bank_events *events, void *ctx, struct zf_arena *arena, struct fault_list *faults,
	struct bank_reader **ret_reader) LIB_MUSTUSE;
/* The next bytes, as many or few as there are. 0: go on, also after a fault that does not hinder reading; LIB_INVALID,
 * LIB_LIMIT: there is no going on; LIB_NOMEM; what a callback returned. Errors are sticky. */
int bank_reader_feed(struct bank_reader *reader, const void *bytes, size_t len) LIB_MUSTUSE;
/* The file has ended. 0: all of it was read and every statement stands; LIB_INVALID: something is refused, see faults.
 */
int bank_reader_finish(struct bank_reader *reader) LIB_MUSTUSE;
/* NULL is fine. */
void bank_reader_close(struct bank_reader *reader);

#endif

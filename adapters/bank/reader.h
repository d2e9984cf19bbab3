/* What the readers of the three formats share: the reader itself, the statement and entry that are being read, and the
 * book, which proves statements and tells the caller. Private to this folder. */
#ifndef ADAPTERS_BANK_READER_H
#define ADAPTERS_BANK_READER_H

#include "lib/date.h"
#include "scratch.h"
#include "statement.h"

#define BANK_WHERE_BYTES 160

struct bank_camt;
struct bank_mt940;
struct bank_csv;
struct bank_decoder;

/* How often each identity came in this statement. */
struct bank_seen {
	struct bank_seen_slot {
		uint64_t key; /* the identity's first bytes; 0: free */
		uint32_t count;
	} * slots;
	uint32_t used, capacity; /* capacity is a power of two */
};

/* The sums of the statement at hand, in minor units. */
struct bank_tally {
	int64_t credit, debit; /* booked, by sign; debit ≤ 0 */
	int64_t reversed;      /* of credit + debit, what reversals make */
	uint32_t credit_count, debit_count, entry_count;
	bool broken; /* an amount could not be read or added: the sum would only repeat that */
};

struct bank_reader {
	uint32_t magic;
	enum bank_format format;
	struct bank_profile profile;
	struct bank_limits limits;
	struct bank_events events;
	void *ctx;
	struct zf_arena *arena;
	struct fault_list *faults;
	int result; /* sticky, of feed */
	bool finished;
	uint64_t bytes;               /* fed */
	uint64_t fault_count;         /* of severity fault, in the whole file */
	char unknown_currency[4];     /* the last that was told; "": none yet */
	struct evp_md_ctx_st *digest; /* of the identities */
	const char *own_account;      /* the profile's, normalised */

	char *start; /* what came before the format was known */
	size_t start_len;
	struct bank_camt *camt;
	struct bank_mt940 *mt940;
	struct bank_csv *csv;

	/* the statement at hand */
	bool open, told; /* one is open; its head was told */
	uint64_t fault_count_before;
	uint32_t statement_count;
	struct scratch head; /* its memory */
	struct bank_statement statement;
	struct scratch_list balances; /* struct bank_balance */
	const char *additional;
	char currency[4]; /* the account's; "" not known yet */
	struct bank_tally tally;
	struct bank_seen seen;
	char last_account[64], last_id[64]; /* of the statement before, to know its next page */

	/* the entry at hand */
	struct scratch body; /* its own memory */
	struct scratch part; /* that of the details of this part */
	struct bank_entry entry;
	struct scratch_list details; /* struct bank_detail, in part */
	uint32_t detail_count;       /* of all parts so far */
	bool broken;                 /* something that makes it a line could not be read: it is not told */
	int64_t detail_sum;          /* of account_amount */
	int64_t charge_sum;          /* of the details' charges in the account's currency */
	bool detail_sum_known;       /* all details so far had one */
};

/* ---- faults (report.c) ---- */

/* Adds one with the path "line N: WHERE". line 0: none; where NULL: the element that camt is in. */
void bank_fault(struct bank_reader *reader, enum fault_code code, uint32_t line, const char *where, const char *arg1,
	const char *arg2);
/* The same with another severity than the catalogue's. */
void bank_fault_as(struct bank_reader *reader, enum fault_code code, enum fault_severity severity, uint32_t line,
	const char *where, const char *arg1, const char *arg2);
/* The text if it is short and of digits, signs and capital letters, as dates, amounts and codes are, in buffer; else
 * "?": what stands in the wrong place may be a person's. */
const char *bank_plain(struct text_span text, char buffer[40]);
/* Told when a scratch ran over its limit; returns scratch_error(). */
int bank_scratch_fault(struct bank_reader *reader, const struct scratch *scratch, uint32_t line);

/* ---- values (value.c) ---- */

/* What stands between and before digits. */
struct bank_number_style {
	char decimal, thousands; /* thousands 0: none */
	bool sign;               /* may have one in front, or behind as in 12.50- */
};

/* LIB_INVALID, LIB_LIMIT. Leading zeros are fine; at least one digit. */
int bank_decimal(struct text_span text, struct bank_number_style style, struct zf_decimal *ret) LIB_MUSTUSE;
/* No currency: told once a file, where it stands first, and not again with each amount. */
void bank_currency_fault(struct bank_reader *reader, struct text_span currency, uint32_t line, const char *where);
/* An amount with a fault where it is none: no number, an unknown currency, more decimals than the currency has. */
bool bank_amount(struct bank_reader *reader, struct text_span text, struct text_span currency,
	struct bank_number_style style, uint32_t line, const char *where, struct zf_money *ret);
struct zf_money bank_negated(struct zf_money amount, bool negate);
struct zf_money bank_absolute(struct zf_money amount);
/* "2014-12-31", with or without a time behind it. LIB_INVALID. */
int bank_iso_day(struct text_span text, int32_t *ret_day) LIB_MUSTUSE;
/* ISODateTime, zone or none (then the profile's). LIB_INVALID. */
int bank_iso_time(const struct bank_profile *profile, struct text_span text, struct zf_time *ret) LIB_MUSTUSE;
/* n digits at p. */
bool bank_digits(const char *p, size_t n, int *ret);
/* "YYYY-MM-DD", "" for none. */
void bank_day_text(int32_t day, char ret[DATE_TEXT_SIZE]);
/* Not one of the words that stand for none. */
bool bank_is_reference(struct text_span text);
/* A copy in the scratch; false after a fault or on no memory (reader->result is set). */
bool bank_copy(struct bank_reader *reader, struct scratch *scratch, struct text_span text, const char **ret);
/* The same with white space around it left out; empty gives NULL. */
bool bank_copy_trimmed(struct bank_reader *reader, struct scratch *scratch, struct text_span text, const char **ret);
/* Upper case without spaces, dots and quotes; see bank_account.id. NULL on no memory. */
const char *bank_account_id(struct zf_arena *arena, struct text_span written);

/* ---- identity (identity.c) ---- */

/* Of the entry at hand, and of a transaction in a batch. */
int bank_identity_open(struct bank_reader *reader) LIB_MUSTUSE; /* LIB_NOMEM */
void bank_identity_close(struct bank_reader *reader);
void bank_identify(struct bank_reader *reader);
void bank_detail_identify(const struct bank_reader *reader, struct bank_detail *detail);
/* Counts an identity. False on no memory. */
bool bank_seen_count(struct bank_reader *reader, const uint8_t identity[BANK_IDENTITY_BYTES], uint32_t *ret_occurrence);
void bank_seen_reset(struct bank_seen *seen);

/* ---- exchange (exchange.c) ---- */

/* Finds what the rate means; others: n further amounts it may be about. Adds the warning when it fits in no direction.
 */
void bank_exchange_try(struct bank_reader *reader, struct bank_amounts *amounts, const struct zf_money *others,
	size_t n, uint32_t line, const char *where);

/* ---- the book (book.c); all return 0 or the reader's sticky error ---- */

int bank_statement_begin(struct bank_reader *reader, uint32_t line) LIB_MUSTUSE;
/* A balance; kept until the end. */
int bank_balance_add(struct bank_reader *reader, const struct bank_balance *balance) LIB_MUSTUSE;
/* Tells the head if that was not done yet. */
int bank_statement_tell(struct bank_reader *reader) LIB_MUSTUSE;
int bank_entry_begin(struct bank_reader *reader, uint32_t line) LIB_MUSTUSE;
/* The next detail, zeroed but for number and line; NULL with reader->result set. Tells a full part first. */
struct bank_detail *bank_detail_begin(struct bank_reader *reader, uint32_t line);
/* What can be said of the last detail once it is whole: its share, counterparty, exchange. */
void bank_detail_end(struct bank_reader *reader, const char *where);
/* The entry is whole. */
int bank_entry_end(struct bank_reader *reader, const char *where) LIB_MUSTUSE;
/* closing: what the file calls its closing balance, for the fault when it is missing. */
int bank_statement_end(struct bank_reader *reader, uint32_t line, const char *opening, const char *closing) LIB_MUSTUSE;

/* ---- the formats ---- */

/* bytes: whole or cut anywhere. */
int bank_camt_open(struct bank_reader *reader) LIB_MUSTUSE;
int bank_camt_feed(struct bank_reader *reader, const char *bytes, size_t len) LIB_MUSTUSE;
int bank_camt_finish(struct bank_reader *reader) LIB_MUSTUSE;
void bank_camt_close(struct bank_camt *camt);
/* "Stmt[1]/Ntry[3]/Amt": the element that is being read, below the message. */
const char *bank_camt_path(const struct bank_camt *camt, char ret[BANK_WHERE_BYTES]);
int bank_mt940_open(struct bank_reader *reader) LIB_MUSTUSE;
int bank_mt940_feed(struct bank_reader *reader, const char *bytes, size_t len) LIB_MUSTUSE;
int bank_mt940_finish(struct bank_reader *reader) LIB_MUSTUSE;
void bank_mt940_close(struct bank_mt940 *mt940);
int bank_csv_open(struct bank_reader *reader) LIB_MUSTUSE;
int bank_csv_feed(struct bank_reader *reader, const char *bytes, size_t len) LIB_MUSTUSE;
int bank_csv_finish(struct bank_reader *reader) LIB_MUSTUSE;
void bank_csv_close(struct bank_csv *csv);

#endif

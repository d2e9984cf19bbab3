/* The journal of a hospital's books as text for other programs: hledger, beancount, and CSV as its own bookkeeping
 * program wants it. Accounts are those of the chart. A posting is one debit and one credit of the same amount, so that
 * each cancels out by itself, in its own currency and in that of the books. */
#ifndef SETTLE_JOURNAL_H
#define SETTLE_JOURNAL_H

#include <stdio.h>

#include "base/id.h"
#include "base/mem.h"
#include "model/chart.h"
#include "model/directory.h"

struct erp_profile;

#define JOURNAL_DAY_FIRST (-700000) /* from the beginning */
#define JOURNAL_DAY_LAST 2900000    /* to the end */

/* An account of the ledger and what it is for the reader. */
struct journal_account {
	const char *account; /* the ledger's short name */
	const struct chart_row *row;
	const char *sub;     /* its sub-ledger, or NULL */
	const char *written; /* as the format writes it */
	int32_t first_day;   /* on which something is posted to it */
};

struct journal_currency {
	char code[4];
	int exponent;
};

/* A posting. */
struct journal_row {
	struct uuid entry;
	int no;
	int32_t day;
	const char *debit, *credit; /* short names */
	int64_t minor;              /* 0: it moves the book value alone */
	const char *currency;
	int exponent;
	bool valued; /* else it waits for a rate */
	int64_t book_minor;
	const char *rule;
	const char *claim; /* ref, or NULL */
};

struct journal {
	FILE *out;
	const struct hospital *hospital;
	const struct erp_profile *profile; /* of CSV */
	const char *chart;                 /* its name */
	int32_t from, to;
	const struct journal_account *accounts; /* by short name */
	uint32_t account_count;
	const struct journal_currency *currencies;
	uint32_t currency_count;
	struct uuid open; /* the entry at hand, and its day */
	int32_t open_day;
};

struct journal_format {
	const char *name;
	bool of_books; /* cannot say what has no value in the books */
	/* As the format writes an account; owned by the arena. ERR_INVALID with text: it cannot; ERR_NOMEM. */
	int (*account)(const struct chart_row *row, const char *sub, struct arena *arena, const char **ret_written);
	void (*begin)(const struct journal *journal);
	void (*row)(struct journal *journal, const struct journal_row *row);
};

extern const struct journal_format journal_hledger, journal_beancount, journal_csv;

/* The account of a short name, which must be among them. */
const struct journal_account *journal_account(const struct journal *journal, const char *account);
/* Is it the first of those that are written alike? Several of the ledger's may be one of the chart's. */
bool journal_account_first(const struct journal *journal, const struct journal_account *account);
/* An amount with all decimals of its currency. ret_text: DECIMAL_TEXT_SIZE. */
void journal_amount(int64_t minor, int exponent, char ret_text[]);
/* A stream that writes what it is given in UTF-8 to `out` in GB18030; fclose of it leaves `out` open and says whether
 * all went well. NULL: this system cannot. */
FILE *journal_gb18030(FILE *out);

#endif

/* The journal for hledger and beancount, plain text accounting programs that check it independently. */
#include "settle/journal.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>

#include "lib/currency.h"
#include "lib/date.h"
#include "lib/decimal.h"

static int account_compare(const void *key, const void *item)
{
	return strcmp(key, ((const struct journal_account *)item)->account);
}

const struct journal_account *journal_account(const struct journal *journal, const char *account)
{
	const struct journal_account *found = bsearch(
		account, journal->accounts, journal->account_count, sizeof(*journal->accounts), account_compare);

	assert(found != NULL);
	return found;
}

bool journal_account_first(const struct journal *journal, const struct journal_account *account)
{
	for (const struct journal_account *other = journal->accounts; other < account; other++)
		if (strcmp(other->written, account->written) == 0) return false;
	return true;
}

static void day_print(const struct journal *journal, int32_t day)
{
	char text[DATE_TEXT_SIZE];

	(void)date_format_day(day, text);
	(void)fputs(text, journal->out);
}

void journal_amount(int64_t minor, int exponent, char ret_text[])
{
	(void)decimal_format(decimal_of(minor, (uint8_t)exponent), ret_text);
}

/* "2026-10-01 to 2026-10-31". */
static void span_print(const struct journal *journal)
{
	if (journal->from == JOURNAL_DAY_FIRST)
		(void)fputs("the beginning", journal->out);
	else
		day_print(journal, journal->from);
	(void)fputs(" to ", journal->out);
	if (journal->to == JOURNAL_DAY_LAST)
		(void)fputs("the end", journal->out);
	else
		day_print(journal, journal->to);
}

/* Does an entry begin with this posting? */
static bool entry_opens(struct journal *journal, const struct journal_row *row)
{
	if (uuid_equal(&row->entry, &journal->open) && row->day == journal->open_day) return false;
	journal->open = row->entry;
	journal->open_day = row->day;
	return true;
}

/* Both lines of a posting: an amount, at what it is carried where it is not of the books' currency; of what moves the
 * book value alone that value. */
static void lines_print(const struct journal *journal, const struct journal_row *row, const char *comment)
{
	const char *book = journal->hospital->book_currency;
	bool alone = row->minor == 0;
	bool cost = !alone && row->valued && strcmp(row->currency, book) != 0;
	char amount[DECIMAL_TEXT_SIZE];
	char value[DECIMAL_TEXT_SIZE] = "";

	if (row->valued) journal_amount(row->book_minor, currency_exponent(book), value);
	if (alone)
		(void)snprintf(amount, sizeof(amount), "%s", value);
	else
		journal_amount(row->minor, row->exponent, amount);
	for (int side = 0; side < 2; side++) {
		const char *account = side == 0 ? row->debit : row->credit;

		(void)fprintf(journal->out, "    %s  %s%s %s", journal_account(journal, account)->written,
			side == 0 ? "" : "-", amount, alone ? book : row->currency);
		if (cost) (void)fprintf(journal->out, " @@ %s %s", value, book);
		(void)fprintf(journal->out, "%s\n", row->valued ? "" : comment);
	}
}

/* ---- hledger ---- */

static int hledger_account(const struct chart_row *row, const char *sub, struct arena *arena, const char **ret_written)
{
	*ret_written = arena_printf(
		arena, "%s %s%s%s", row->number, row->name, sub != NULL ? ":" : "", sub != NULL ? sub : "");
	return *ret_written == NULL ? err_set(ERR_NOMEM, "no memory for the accounts") : 0;
}

static void hledger_begin(const struct journal *journal)
{
	static const char types[] = {[CHART_ASSET] = 'A',
		[CHART_LIABILITY] = 'L',
		[CHART_EQUITY] = 'E',
		[CHART_INCOME] = 'R',
		[CHART_EXPENSE] = 'X'};

	(void)fprintf(journal->out, "; journal of hospital %s, ", journal->hospital->code);
	span_print(journal);
	(void)fprintf(journal->out, "; chart of accounts: %s\ndecimal-mark .\n\n", journal->chart);
	for (uint32_t i = 0; i < journal->currency_count; i++)
		(void)fprintf(journal->out, "commodity 1000.%.*s %s\n", journal->currencies[i].exponent, "000000",
			journal->currencies[i].code);
	for (uint32_t i = 0; i < journal->account_count; i++) {
		const struct journal_account *account = &journal->accounts[i];

		if (journal_account_first(journal, account))
			(void)fprintf(journal->out, "account %s  ; type:%c, ledger:%s\n", account->written,
				types[account->row->type], account->account);
	}
}

static void hledger_row(struct journal *journal, const struct journal_row *row)
{
	char id[UUID_TEXT_LEN];

	if (entry_opens(journal, row)) {
		uuid_format(&row->entry, id);
		(void)fputc('\n', journal->out);
		day_print(journal, row->day);
		(void)fprintf(journal->out, " * %s  ; entry:%s", row->rule, id);
		(void)fprintf(journal->out, "%s%s\n", row->claim != NULL ? ", claim:" : "",
			row->claim != NULL ? row->claim : "");
	}
	lines_print(journal, row, "  ; waits for a rate");
}

const struct journal_format journal_hledger = {"hledger", false, hledger_account, hledger_begin, hledger_row};

/* ---- beancount ---- */

/* It takes letters, digits and hyphens in a name, of which the first is no hyphen, and no blanks: the number stands for
 * the account, which has its name as a note. */
static int beancount_account(
	const struct chart_row *row, const char *sub, struct arena *arena, const char **ret_written)
{
	static const char *const roots[] = {[CHART_ASSET] = "Assets",
		[CHART_LIABILITY] = "Liabilities",
		[CHART_EQUITY] = "Equity",
		[CHART_INCOME] = "Income",
		[CHART_EXPENSE] = "Expenses"};
	char *written;

	if (sub != NULL && (sub[0] == '-' || sub[strspn(sub, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")] != '\0'))
		return err_set(ERR_INVALID, "beancount takes no account with the sub-ledger \"%s\"", sub);
	written = arena_printf(
		arena, "%s:%s%s%s", roots[row->type], row->number, sub != NULL ? ":" : "", sub != NULL ? sub : "");
	for (char *c = written; c != NULL && *c != '\0'; c++)
		if (*c == '.') *c = '-';
	*ret_written = written;
	return written == NULL ? err_set(ERR_NOMEM, "no memory for the accounts") : 0;
}

/* The first day of all that are written like this one. */
static int32_t first_day(const struct journal *journal, const struct journal_account *account)
{
	int32_t first = account->first_day;

	for (uint32_t i = 0; i < journal->account_count; i++)
		if (journal->accounts[i].first_day < first &&
			strcmp(journal->accounts[i].written, account->written) == 0)
			first = journal->accounts[i].first_day;
	return first;
}

static void beancount_begin(const struct journal *journal)
{
	(void)fprintf(journal->out, "option \"title\" \"journal of hospital %s, ", journal->hospital->code);
	span_print(journal);
	(void)fprintf(journal->out, "\"\noption \"operating_currency\" \"%s\"\n; chart of accounts: %s\n\n",
		journal->hospital->book_currency, journal->chart);
	for (uint32_t i = 0; i < journal->account_count; i++) {
		const struct journal_account *account = &journal->accounts[i];

		if (!journal_account_first(journal, account)) continue;
		day_print(journal, first_day(journal, account));
		(void)fprintf(journal->out, " open %s\n  name: \"%s\"\n  ledger: \"%s\"\n", account->written,
			account->row->name, account->account);
	}
}

static void beancount_row(struct journal *journal, const struct journal_row *row)
{
	char id[UUID_TEXT_LEN];

	if (entry_opens(journal, row)) {
		uuid_format(&row->entry, id);
		(void)fputc('\n', journal->out);
		day_print(journal, row->day);
		(void)fprintf(journal->out, " * \"%s\"\n  entry: \"%s\"\n", row->rule, id);
		if (row->claim != NULL) (void)fprintf(journal->out, "  claim: \"%s\"\n", row->claim);
	}
	lines_print(journal, row, " ; waits for a rate");
}

const struct journal_format journal_beancount = {"beancount", false, beancount_account, beancount_begin, beancount_row};

/* ---- GB18030 ---- */

struct recoding {
	FILE *out;
	iconv_t converter;
	char cut[8]; /* a character that is not whole yet */
	size_t cut_len;
};

static ssize_t recoding_write(void *cookie, const char *bytes, size_t len)
{
	struct recoding *recoding = cookie;
	char in[4096 + sizeof(recoding->cut)];
	char out[4 * sizeof(in)];

	for (size_t done = 0; done < len;) {
		size_t piece = len - done < 4096 ? len - done : 4096;
		char *from = in;
		char *to = out;
		size_t left = recoding->cut_len + piece;
		size_t room = sizeof(out);

		memcpy(in, recoding->cut, recoding->cut_len);
		memcpy(in + recoding->cut_len, bytes + done, piece);
		if (iconv(recoding->converter, &from, &left, &to, &room) == (size_t)-1 &&
			(errno != EINVAL || left > sizeof(recoding->cut)))
			return -1;
		memcpy(recoding->cut, from, left);
		recoding->cut_len = left;
		if (fwrite(out, 1, sizeof(out) - room, recoding->out) != sizeof(out) - room) return -1;
		done += piece;
	}
	return (ssize_t)len;
}

static int recoding_close(void *cookie)
{
	struct recoding *recoding = cookie;
	bool whole = recoding->cut_len == 0 && !ferror(recoding->out);

	(void)iconv_close(recoding->converter);
	free(recoding);
	if (!whole) errno = EILSEQ;
	return whole ? 0 : EOF;
}

FILE *journal_gb18030(FILE *out)
{
	static const cookie_io_functions_t functions = {.write = recoding_write, .close = recoding_close};
	struct recoding *recoding = calloc(1, sizeof(*recoding));
	FILE *stream = NULL;

	if (recoding == NULL) return NULL;
	recoding->out = out;
	recoding->converter = iconv_open("GB18030", "UTF-8");
	if (recoding->converter != (iconv_t)-1) stream = fopencookie(recoding, "w", functions);
	if (stream == NULL) {
		if (recoding->converter != (iconv_t)-1) (void)iconv_close(recoding->converter);
		free(recoding);
	}
	return stream;
}

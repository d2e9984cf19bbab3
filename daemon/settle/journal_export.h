/* The journal of a stretch of days as text, whoever asks for it. What it needs is looked at first, in the same state of
 * the database; then postings go from a cursor to the output. Blocking: for zhifuctl, and for threads of /v1. */
#ifndef SETTLE_JOURNAL_EXPORT_H
#define SETTLE_JOURNAL_EXPORT_H

#include "model/erp_profile.h"
#include "settle/journal.h"

struct db_sync;

/* Behind which posting a page begins. */
struct journal_place {
	int32_t day;
	struct uuid entry;
	int32_t no;
};

#define JOURNAL_SEEN_LEN 1600

/* Was a posting there at a moment (posting_moment() of schema/044_books.sql; a null text: now)? What claims to be of a
 * transaction that is still to come was brought from another database, and is old (zhifuctl migrate puts that right).
 */
#define POSTING_SEEN(posting, moment)                                                                                  \
	"(" moment "::text IS NULL OR txid_visible_in_snapshot(" posting                                               \
	".posted, (SELECT zhifu.posting_snapshot(" moment "))) OR " posting                                            \
	".posted >= (SELECT txid_snapshot_xmax(txid_current_snapshot())))"

/* Begin with the first members set, the others zero; members are read freely. End it by journal_export_end. */
struct journal_export {
	struct db_sync *db;              /* borrowed, like the others */
	const struct hospital *hospital; /* with a chart */
	const struct journal_format *format;
	const char *profile; /* of CSV; NULL: the only one there is */
	int32_t from, to;
	int64_t limit;              /* postings of a page; 0: all */
	bool has_place;             /* not the first page */
	struct journal_place place; /* with more, of the next page */
	/* The moment of the first page. The pages behind it tell what was posted by then and nothing else: ids and days
	 * are in no order of commits. */
	char seen[JOURNAL_SEEN_LEN];
	FILE *out; /* in UTF-8, but for the profile's charset */
	/* results */
	const char **missing; /* accounts without a row in the chart */
	uint32_t missing_count;
	int64_t unvalued; /* postings without a value, for a format that needs it; since unvalued_day */
	int32_t unvalued_day;
	bool open; /* into these days more may be posted yet, which a file for bookkeeping would lack */
	bool more;
	/* private */
	struct arena arena;
	struct journal journal;
	struct erp_profile chosen;
};

/* "csv", "hledger", "beancount"; NULL: none of them. */
const struct journal_format *journal_format_find(const char *name);
/* Which profile it is; before the run, and of CSV alone. ERR_NOTFOUND: the hospital has none of this name; ERR_LIMIT:
 * several, so that one must be named; ERR_NOMEM. */
int journal_export_profile(struct journal_export *export) MUSTUSE;
/* ERR_NOTFOUND with nothing written: accounts are missing, or values; ERR_SYS: it could not write; ERR_NOMEM; else the
 * database's. */
int journal_export_run(struct journal_export *export) MUSTUSE;
void journal_export_end(struct journal_export *export); /* usable with CLEANUP */

#endif

/* A chart of accounts: which account of the hospital's own bookkeeping each short name of the ledger is (AR-ALPHA,
 * SUSP). Read from a file (conf/charts has one for public and one for private hospitals). A row's name may end with a
 * parameter, "AR-{INSURER}": it is then the account of all that begin so and have no row of their own, and what stands
 * in the parameter's place is the sub-ledger. */
#ifndef MODEL_CHART_H
#define MODEL_CHART_H

#include "base/core.h"

struct arena;
struct conf_faults;

enum chart_type { CHART_ASSET, CHART_LIABILITY, CHART_EQUITY, CHART_INCOME, CHART_EXPENSE };

struct chart_row {
	const char *account; /* the short name, with its parameter if it has one */
	size_t prefix_len;   /* up to the parameter; all of it without one */
	bool has_sub;
	const char *number; /* in the hospital's chart */
	const char *name;
	enum chart_type type;
};

/* What a line of a statement may be that is for no claim: a charge of the bank, interest. Zhifu books it on that
 * account; `transfer` is its own, see schema/065_classify.sql. */
enum chart_way { CHART_IN = 1, CHART_OUT = 2 };
struct chart_line_kind {
	const char *kind; /* [a-z0-9-]{1,24}; unique in the chart */
	const char *name;
	const char *account;                     /* the ledger's, without a parameter */
	uint8_t ways;                            /* enum chart_way, ORed: does money of it come in, or go out? */
	const char *const *codes, *const *texts; /* by which the bank names it, as settle/match.h reads them */
	uint32_t code_count, text_count;
};

struct chart {
	const char *name;
	const struct chart_row *rows;
	uint32_t row_count, line_kind_count;
	const struct chart_line_kind *line_kinds;
};

/* Reads a file; path NULL: the chart for public hospitals that is built in. All mistakes go to the faults, with file
 * and line; owned by the arena. ERR_INVALID, ERR_SYS: there were some, and *ret_chart has what could be read or is
 * untouched; ERR_NOMEM. */
int chart_load(
	const char *path, struct arena *arena, struct conf_faults *faults, const struct chart **ret_chart) MUSTUSE;

/* The row of a short name: its own, else the longest that it begins like. *ret_sub (borrowed from account): what stands
 * in the place of the parameter, or NULL. NULL: there is none. */
const struct chart_row *chart_find(const struct chart *chart, const char *account, const char **ret_sub);

/* What a line may be, by its name. NULL: the chart has none of that name. */
const struct chart_line_kind *chart_line_kind(const struct chart *chart, const char *kind);

#endif

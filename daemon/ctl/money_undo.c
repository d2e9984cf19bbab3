/* zhifuctl money writeoff undo, sale undo, order unclear, acquirer undo, demand undo: what persons did and take back,
 * by a counter-entry. What was taken back can be done again. */
#include <string.h>

#include "ctl/report.h"
#include "ctl/unseal.h"
#include "db/sync.h"
#include "model/directory.h"

/* What came of it: 1 done, 0 there is no such act, -1 something was built on it. */
struct undone {
	int64_t outcome;
	struct uuid first; /* what is to be taken back before */
	bool first_known;
};

struct undo {
	struct ctl_opens opens;
	/* Asks the database, in a transaction; made: the counter-entry. 2: has said what is wrong. */
	int (*ask)(
		struct ctl *ctl, const struct ctl_opening *act, const struct uuid *made, struct pg_result **ret_rows);
	const char *missing, *built, *built_first; /* why not: the last before the id of what is to be taken back */
	bool entry;                                /* is there a counter-entry? */
};

static struct undone undone_of(const struct pg_result *rows)
{
	struct undone undone = {.outcome = db_rows_int(rows, 0, 0), .first_known = !db_rows_null(rows, 0, 1)};

	if (undone.first_known) undone.first = db_rows_uuid(rows, 0, 1);
	return undone;
}

static int undo_run(struct ctl *ctl, int argc, char **argv, const struct undo *undo)
{
	struct ctl_opening act;
	struct pg_result *rows = NULL;
	struct undone undone = {.outcome = 0};
	struct uuid made = uuid_new();
	struct report report;
	char id[UUID_TEXT_LEN] = "";
	int r = ctl_opening(ctl, argc, argv, &undo->opens, &act);

	if (r != 0) return r;
	r = ctl_begin(ctl, &act.hospital->id, true);
	if (r == 0) r = undo->ask(ctl, &act, &made, &rows);
	if (r == 0) undone = undone_of(rows);
	db_sync_rows_free(rows);
	if (r == 0) r = ctl_commit(ctl);
	if (r == 0 && undone.outcome == 0) r = err_set(ERR_NOTFOUND, "%s", undo->missing);
	if (undone.first_known) uuid_format(&undone.first, id);
	if (r == 0 && undone.outcome < 0)
		r = err_set(ERR_INVALID, "%s%s", undone.first_known ? undo->built_first : undo->built, id);
	if (r != 0) {
		ctl_rollback(ctl);
		return r > 0 ? r : ctl_fail_act(ctl, r, "not undone");
	}
	report_begin(&report, ctl);
	report_field(&report, "undoes", say(ctl, "undoes", "撤销"), cell_uuid(&act.id));
	if (undo->entry) report_field(&report, "entry", say(ctl, "counter-entry", "冲回分录"), cell_uuid(&made));
	return report_end(&report, 0);
}

/* ---- each ---- */

static int write_off_ask(
	struct ctl *ctl, const struct ctl_opening *act, const struct uuid *made, struct pg_result **ret_rows)
{
	struct arena arena CLEANUP(arena_free);
	const struct write_off_role *role;
	const char *sealed = NULL;
	int r = ctl_himself(ctl);

	arena_init(&arena, WORDS_ARENA_BYTES);
	if (r != 0) return r;
	role = hospital_write_off_role(act->hospital, ctl->who);
	if (role == NULL)
		return err_set(ERR_DENIED, "\"%s\" has no role of write_off_roles in the hospital's file", ctl->who);
	r = unseal_words_hex(ctl, &act->hospital->id, &act->id, act->why, &arena, &sealed);
	if (r < 0) return r;
	return ctl_query(ctl, ret_rows, "SELECT outcome::int8, first FROM write_off_undo($1, $2, $3, $4, $5, $6, $7)",
		"uuutitt", &act->hospital->id, &act->id, made, role->role, role->limit.minor, ctl->who, sealed);
}

/* The words sealed for what is undone, and the statement that takes hospital, id, the entry's id, who, and them. */
static int sealed_ask(struct ctl *ctl, const struct ctl_opening *act, const struct uuid *made, const char *statement,
	struct pg_result **ret_rows)
{
	struct arena arena CLEANUP(arena_free);
	const char *sealed = NULL;
	int r;

	arena_init(&arena, WORDS_ARENA_BYTES);
	r = unseal_words_hex(ctl, &act->hospital->id, &act->id, act->why, &arena, &sealed);
	if (r < 0) return r;
	return ctl_query(ctl, ret_rows, statement, "uuutt", &act->hospital->id, &act->id, made, ctl->who, sealed);
}

static int sale_ask(
	struct ctl *ctl, const struct ctl_opening *act, const struct uuid *made, struct pg_result **ret_rows)
{
	return sealed_ask(ctl, act, made, "SELECT outcome::int8, first FROM sale_undo($1, $2, $3, $4, $5)", ret_rows);
}

static int order_ask(
	struct ctl *ctl, const struct ctl_opening *act, const struct uuid *made, struct pg_result **ret_rows)
{
	return sealed_ask(ctl, act, made, "SELECT order_unclear($1, $2, $3, $4, $5)::int8, NULL::uuid", ret_rows);
}

static int acquirer_ask(
	struct ctl *ctl, const struct ctl_opening *act, const struct uuid *made, struct pg_result **ret_rows)
{
	struct arena arena CLEANUP(arena_free) = {.chunks = NULL};
	struct bytes sealed;
	int r;

	arena_init(&arena, WORDS_ARENA_BYTES);
	r = unseal_words_seal(ctl, &act->hospital->id, made, act->why, &arena, &sealed);
	return r != 0 ? r
		      : ctl_query(ctl, ret_rows, "SELECT acquirer_undo($1, $2, $3, $4, $5)::int8, NULL::uuid", "uuuty",
				&act->hospital->id, &act->id, made, ctl->who, sealed);
}

static int demand_ask(
	struct ctl *ctl, const struct ctl_opening *act, const struct uuid *made, struct pg_result **ret_rows)
{
	struct arena arena CLEANUP(arena_free);
	const char *sealed = NULL;
	int r;

	(void)made;
	arena_init(&arena, WORDS_ARENA_BYTES);
	r = unseal_words_hex(ctl, &act->hospital->id, &act->id, act->why, &arena, &sealed);
	if (r < 0) return r;
	return ctl_query(ctl, ret_rows, "SELECT outcome::int8, first FROM demand_undo($1, $2, $3, $4, $5, $6)",
		"uunntt", &act->hospital->id, &act->id, (int)act->hospital->limitation_years,
		(int)act->hospital->limitation_interrupts, ctl->who, sealed);
}

static int writeoff_undo(struct ctl *ctl, int argc, char **argv)
{
	static const struct undo undo = {{"write-off's id: money writeoff list shows them", .min = 1, .max = 1},
		write_off_ask, "there is no such write-off, or it was undone before",
		"it was put back since, because the claim was decided lower",
		"it was put back since, because money came after all: undo that first, with money match undo ", true};

	return undo_run(ctl, argc, argv, &undo);
}

static int sale_undo(struct ctl *ctl, int argc, char **argv)
{
	static const struct undo undo = {{"sale's id: money sale list shows them", .min = 1, .max = 1}, sale_ask,
		"there is no such sale, or it was undone before", "",
		"a later sale found on the account what this one left there: undo that first, with money sale undo ",
		true};

	return undo_run(ctl, argc, argv, &undo);
}

static int order_unclear(struct ctl *ctl, int argc, char **argv)
{
	static const struct undo undo = {{"order's id: money order list --all shows them", .min = 1, .max = 1},
		order_ask, "there is no such order, or it is not one that the bank has debited", "", "", true};

	return undo_run(ctl, argc, argv, &undo);
}

static int acquirer_undo(struct ctl *ctl, int argc, char **argv)
{
	static const struct undo undo = {{"settlement's id: money acquirer settlements shows them", .min = 1, .max = 1},
		acquirer_ask, "there is no such settlement, or it was undone before", "", "", true};

	return undo_run(ctl, argc, argv, &undo);
}

static int demand_undo(struct ctl *ctl, int argc, char **argv)
{
	static const struct undo undo = {{"demand's id: money demand list shows them", .min = 1, .max = 1}, demand_ask,
		"there is no such demand, or it was undone before", "",
		"a later one came in time only because of it: undo that first, with money demand undo ", false};

	return undo_run(ctl, argc, argv, &undo);
}

const struct ctl_command money_undo_commands[] = {
	{"money writeoff undo", "WRITE-OFF --why TEXT [--hospital CODE]",
		"it is owed again after all, within the limit of one's role", CTL_CONFIG | CTL_DB, writeoff_undo},
	{"money sale undo", "SALE --why TEXT [--hospital CODE]", "it was none: both lines wait in suspense again",
		CTL_CONFIG | CTL_DB, sale_undo},
	{"money order unclear", "ORDER --why TEXT [--hospital CODE]",
		"it was not by that line that the bank debited it: the order is in transit again", CTL_CONFIG | CTL_DB,
		order_unclear},
	{"money acquirer undo", "SETTLEMENT --why TEXT [--hospital CODE]",
		"its line waits in suspense again, and its payments for an acquirer", CTL_CONFIG | CTL_DB,
		acquirer_undo},
	{"money demand undo", "DEMAND --why TEXT [--hospital CODE]",
		"it was not delivered, or nothing acknowledged: it interrupts no limitation", CTL_CONFIG | CTL_DB,
		demand_undo},
	{NULL, NULL, NULL, 0, NULL},
};

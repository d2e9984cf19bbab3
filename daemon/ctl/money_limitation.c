/* zhifuctl money limitation, demand, writeoff: until when what is open can be enforced, what begins that anew, and
 * giving up what never comes. */
#include <string.h>

#include "ctl/money_list.h"
#include "ctl/money_owed.h"
#include "ctl/unseal.h"
#include "db/sync.h"
#include "lib/currency.h"
#include "lib/money.h"
#include "model/directory.h"

/* ---- list ---- */

enum { L_REF, L_CARRIER, L_OPEN, L_CURRENCY, L_EXPONENT, L_DUE, L_DEMANDED, L_ALERT, L_ENDS, L_DAYS, L_STATE };

static int limitations_open(struct ctl *ctl, const struct hospital *hospital, const struct money_filter *filter)
{
	return ctl_query(ctl, NULL,
		MONEY_CURSOR
		"SELECT s.ref || CASE WHEN r.of_claim IS NULL THEN '' ELSE ':' || r.carrier END, l.carrier, l.open_minor, l.currency, l.exponent, l.due_day, l.demanded, l.alert_day, l.ends, l.ends - $2, l.state"
		" FROM limitation_list($1, $2, $3, $4, $6, NOT $5) l"
		" LEFT JOIN receivable r ON r.hospital_id = $1 AND r.claim_id = l.claim_id"
		" LEFT JOIN claim_state s ON s.hospital_id = $1 AND s.claim_id = coalesce(r.of_claim, l.claim_id)"
		" WHERE $5 OR l.state > 0 ORDER BY l.ends, s.ref",
		"udnnbn", &hospital->id, filter->day != INT32_MIN ? filter->day : ctl_today(hospital),
		(int)hospital->limitation_years, (int)hospital->limitation_alert_days, (int)filter->all,
		(int)hospital->limitation_interrupts);
}

static struct cell cell_state(const struct ctl *ctl, int64_t state)
{
	return state == 2   ? cell_word(say(ctl, "ENDED", "已过时效"), "ended")
	       : state == 1 ? cell_word(say(ctl, "ENDS SOON", "时效将届满"), "alert")
			    : cell_word(say(ctl, "runs", "时效内"), "runs");
}

static const struct money_column columns[] = {{"hospital", "hospital", "医院", false},
	{"claim", "claim", "理赔单", false}, {"carrier", "carrier", "承保人", false}, {"open", "open", "未结", true},
	{"due", "due", "到期日", false}, {"demanded", "interrupted", "最近中断", false},
	{"alert", "alert from", "预警日", false}, {"ends", "ends", "时效届满", false},
	{"days", "days left", "剩余天数", false}, {"state", "state", "状态", false}};

static void list_row(const struct ctl *ctl, const struct hospital *hospital, const struct pg_result *rows, int row,
	struct table *table, struct money_sums *sums)
{
	const char *currency = db_rows_text(rows, row, L_CURRENCY);
	int exponent = (int)db_rows_int(rows, row, L_EXPONENT);

	(void)hospital;
	table_add(table, cell_text(db_rows_text(rows, row, L_REF)));
	table_add(table, cell_text(db_rows_text(rows, row, L_CARRIER)));
	table_add(table, cell_money(db_rows_int(rows, row, L_OPEN), currency, exponent));
	for (int k = L_DUE; k <= L_ENDS; k++) table_add(table, cell_date(rows, row, k));
	table_add(table, cell_int(db_rows_int(rows, row, L_DAYS)));
	table_add(table, cell_state(ctl, db_rows_int(rows, row, L_STATE)));
	money_sum_add(sums, 1, db_rows_int(rows, row, L_OPEN), currency, exponent);
}

static int limitation_list(struct ctl *ctl, int argc, char **argv)
{
	struct money_list list = {.key = "limitations",
		.empty = "no limitation ends soon",
		.empty_zh = "没有将届满的时效",
		.columns = columns,
		.column_count = ARRAY_LEN(columns),
		.open = limitations_open,
		.row = list_row};
	struct money_filter filter = {.limit = 0};
	const char *day = NULL;
	const struct ctl_option options[] = {{"--hospital", &filter.hospital, NULL}, {"--day", &day, NULL},
		{"--all", NULL, &filter.all}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	int r = ctl_arguments(argc, argv, options, 0, 0, words);

	if (r == 0) r = ctl_day("--day", day, INT32_MIN, &filter.day);
	if (filter.all) {
		list.empty = "nothing is open";
		list.empty_zh = "没有未收款项";
	}
	return r != 0 ? r : money_list_run(ctl, &list, &filter);
}

/* ---- one claim ---- */

/* enum interruption_kind: a demand that was delivered, or an acknowledgement. */
static int demand_take(struct ctl *ctl, int argc, char **argv, enum interruption_kind kind, const char *option)
{
	static const char *const faults[] = {"nothing of it is open",
		"it was between the bill and today, or not at all",
		"its limitation had ended before: nothing brings it back"};
	const char *why = NULL;
	const char *delivered = NULL;
	const struct ctl_option options[] = {{"--why", &why, NULL}, {option, &delivered, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	struct arena arena CLEANUP(arena_free);
	const char *sealed = NULL;
	struct pg_result *rows = NULL;
	struct uuid demand = uuid_new();
	struct report report;
	struct owed owed;
	int32_t day = 0;
	int outcome = 1;
	int r = ctl_arguments(argc, argv, options, 1, 1, words);

	arena_init(&arena, WORDS_ARENA_BYTES);
	if (r == 0 && delivered == NULL) return ctl_usage("say on which day it was, with %s DAY", option);
	if (r == 0) r = ctl_day(option, delivered, 0, &day);
	if (r == 0) r = ctl_accountable(ctl, why);
	if (r == 0) r = owed_read(ctl, words[0], &owed);
	if (r > 0) return r;
	if (r == 0) r = ctl_begin(ctl, &owed.hospital->id, true);
	if (r == 0) r = unseal_words_hex(ctl, &owed.hospital->id, &owed.claim, why, &arena, &sealed);
	if (r == 0)
		r = ctl_query(ctl, &rows, "SELECT demand_add($1, $2, $3, $4, $5, $6, $7, $8, $9)", "uuudnttsn",
			&owed.hospital->id, &demand, &owed.claim, day, (int)owed.hospital->limitation_years, ctl->who,
			sealed, (int)kind, (int)owed.hospital->limitation_interrupts);
	if (r == 0) r = ctl_commit(ctl);
	if (r == 0) outcome = (int)db_rows_int(rows, 0, 0);
	db_sync_rows_free(rows);
	if (r == 0 && outcome < 1) r = err_set(ERR_NOTFOUND, "%s", faults[-outcome]);
	if (r < 0) return ctl_fail("not taken");
	report_begin(&report, ctl);
	report_field(&report, "claim", say(ctl, "claim", "理赔单"), cell_text(words[0]));
	if (kind == INTERRUPTION_DEMAND)
		report_field(&report, "delivered", say(ctl, "delivered", "送达日"), cell_day(day));
	else
		report_field(&report, "acknowledged", say(ctl, "acknowledged", "确认日"), cell_day(day));
	report_field(&report, "demand", say(ctl, "demand", "催收编号"), cell_uuid(&demand));
	return report_end(&report, 0);
}

static int demand_add(struct ctl *ctl, int argc, char **argv)
{
	return demand_take(ctl, argc, argv, INTERRUPTION_DEMAND, "--delivered");
}

static int demand_acknowledge(struct ctl *ctl, int argc, char **argv)
{
	return demand_take(ctl, argc, argv, INTERRUPTION_ACKNOWLEDGEMENT, "--day");
}

static int writeoff_run(struct ctl *ctl, const struct owed *owed, const struct write_off_role *role, const char *why,
	const struct uuid *id, int64_t *ret_worth)
{
	struct arena arena CLEANUP(arena_free);
	const char *sealed = NULL;
	struct pg_result *rows = NULL;
	int r;

	arena_init(&arena, WORDS_ARENA_BYTES);
	r = unseal_words_hex(ctl, &owed->hospital->id, &owed->claim, why, &arena, &sealed);
	if (r == 0)
		r = ctl_query(ctl, &rows, "SELECT write_off_post($1, $2, $3, $4, $5, $6, $7, $8, $9)", "uuuistitt",
			&owed->hospital->id, id, &owed->claim, owed->open.minor, (int)role->limit.exponent, role->role,
			role->limit.minor, ctl->who, sealed);
	if (r == 0 && db_rows_null(rows, 0, 0)) r = err_set(ERR_NOTFOUND, "not as much of it is open");
	if (r == 0) *ret_worth = db_rows_int(rows, 0, 0);
	db_sync_rows_free(rows);
	return r;
}

static int money_writeoff(struct ctl *ctl, int argc, char **argv)
{
	const char *why = NULL;
	const struct ctl_option options[] = {{"--why", &why, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	const struct write_off_role *role;
	struct uuid id = uuid_new();
	struct report report;
	struct owed owed;
	int64_t worth = 0;
	int r = ctl_arguments(argc, argv, options, 1, 2, words);

	if (r == 0) r = ctl_accountable(ctl, why);
	if (r == 0) r = ctl_himself(ctl);
	if (r == 0) r = owed_read(ctl, words[0], &owed);
	if (r > 0) return r;
	if (r < 0) return ctl_fail("not written off");
	r = owed_amount(words[1], &owed);
	if (r != 0) return r;
	role = hospital_write_off_role(owed.hospital, ctl->who);
	if (role == NULL) {
		(void)err_set(ERR_DENIED, "\"%s\" has no role of write_off_roles in the hospital's file", ctl->who);
		return ctl_fail("not written off");
	}
	if (writeoff_run(ctl, &owed, role, why, &id, &worth) < 0) return ctl_fail("not written off");
	report_begin(&report, ctl);
	report_field(&report, "claim", say(ctl, "claim", "理赔单"), cell_text(words[0]));
	report_field(&report, "amount", say(ctl, "written off", "核销"),
		cell_money(owed.open.minor, owed.open.currency, owed.open.exponent));
	report_field(&report, "worth", say(ctl, "in the books", "账面"),
		cell_money(worth, role->limit.currency, role->limit.exponent));
	report_field(&report, "role", say(ctl, "as", "角色"), cell_text(role->role));
	report_field(&report, "entry", say(ctl, "write-off", "核销编号"), cell_uuid(&id));
	return report_end(&report, 0);
}

const struct ctl_command money_limitation_commands[] = {
	{"money limitation list", "[--hospital CODE] [--day DAY] [--all]",
		"receivables that soon can be enforced no more", CTL_CONFIG | CTL_DB, limitation_list},
	{"money demand add", "REF[:PLAN] --delivered DAY --why TEXT",
		"a demand was delivered: the limitation begins anew", CTL_CONFIG | CTL_DB, demand_add},
	{"money demand acknowledge", "REF[:PLAN] --day DAY --why TEXT",
		"who owes it said so: the limitation begins anew", CTL_CONFIG | CTL_DB, demand_acknowledge},
	{"money writeoff", "REF[:PLAN] [AMOUNT] --why TEXT",
		"gives up what is open of a claim, within the limit of one's role", CTL_CONFIG | CTL_DB,
		money_writeoff},
	{NULL, NULL, NULL, 0, NULL},
};

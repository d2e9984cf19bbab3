/* zhifuctl queue: the depth of each queue, routes that a person stops, and the lists of what needs a person. */
#include "ctl/queue.h"

#include <string.h>

#include "base/clock.h"
#include "ctl/claim_list.h"
#include "ctl/unseal.h"
#include "db/sync.h"
#include "model/directory.h"

#define LIST_MAX 500
#define ROUTE_LEN 64

const struct column queue_columns[QUEUE_COLUMNS] = {{"hospital", "hospital"}, {"role", "role"}, {"kind", "work"},
	{"route", "route"}, {"waiting", "waiting"}, {"due", "due"}, {"held", "held"}, {"oldest_s", "oldest"}};

static const char *const depth_sql =
	"SELECT role, kind, route, count(*) FILTER (WHERE NOT held), count(*) FILTER (WHERE NOT held AND greatest(due_at, leased_until) <= now()),"
	" count(*) FILTER (WHERE held), min(created_at) FILTER (WHERE role <> 1 OR kind NOT IN (4, 7, 8)) FROM outbox"
	" WHERE hospital_id = $1 AND ($2::text IS NULL OR role = CASE $2 WHEN 'translate' THEN 1 WHEN 'dispatch' THEN 2 ELSE 3 END)"
	" AND ($3::text IS NULL OR route = $3) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3";
static const char *const trouble_sql =
	"SELECT (SELECT count(*) FROM message WHERE hospital_id = $1 AND problem AND status = 13)"
	" + (SELECT count(*) FROM exchange e WHERE hospital_id = $1 AND status = 3 AND NOT EXISTS (SELECT 1 FROM message m"
	"  WHERE m.hospital_id = $1 AND m.problem AND m.status = 13 AND m.exchange_id = e.exchange_id)),"
	" (SELECT count(*) FROM message WHERE hospital_id = $1 AND problem AND status = 14)"
	" + (SELECT count(*) FROM fact WHERE hospital_id = $1 AND problem AND status = 4),"
	" (SELECT count(*) FROM message WHERE hospital_id = $1 AND problem AND status = 3),"
	" (SELECT count(*) FROM fact WHERE hospital_id = $1 AND problem AND status IN (3, 5)),"
	" (SELECT count(*) FROM remittance_detail d JOIN remittance r ON r.hospital_id = d.hospital_id AND r.remittance_id = d.remittance_id"
	"  WHERE d.hospital_id = $1 AND d.claim_id IS NULL AND d.kind = 1 AND r.withdrawn_at IS NULL)";

static int collect_one(struct ctl *ctl, const struct uuid *hospital, const char *code, const char *role,
	const char *route, struct table *table, struct queue_totals *totals)
{
	struct pg_result *rows = NULL;
	struct pg_result *trouble = NULL;
	int r = ctl_begin(ctl, hospital, false);

	if (r == 0) r = ctl_query(ctl, &rows, depth_sql, "utt", hospital, role, route);
	if (r == 0) r = ctl_query(ctl, &trouble, trouble_sql, "u", hospital);
	if (r == 0) r = ctl_commit(ctl);
	for (int row = 0; r == 0 && row < db_rows_count(rows); row++) {
		/* timers and polls wait for their time: they are not late */
		int64_t oldest = db_rows_null(rows, row, 6) ? 0 : db_rows_time_ms(rows, row, 6);
		int64_t now = clock_wall_ms();

		totals->waiting += db_rows_int(rows, row, 3);
		totals->held += db_rows_int(rows, row, 5);
		if (oldest != 0 && (totals->oldest_ms == 0 || oldest < totals->oldest_ms)) totals->oldest_ms = oldest;
		if (table == NULL) continue;
		table_add(table, cell_text(code));
		table_add(table, cell_text(work_role_name((int)db_rows_int(rows, row, 0))));
		table_add(table,
			cell_text(work_kind_name((int)db_rows_int(rows, row, 0), (int)db_rows_int(rows, row, 1))));
		table_add(table, cell_text(db_rows_text(rows, row, 2)));
		table_add(table, cell_int(db_rows_int(rows, row, 3)));
		table_add(table, cell_int(db_rows_int(rows, row, 4)));
		table_add(table, cell_int(db_rows_int(rows, row, 5)));
		table_add(table, oldest == 0 ? cell_none() : cell_age(oldest, now));
	}
	if (r == 0) {
		totals->quarantined += db_rows_int(trouble, 0, 0);
		totals->orphans += db_rows_int(trouble, 0, 1);
		totals->unknown += db_rows_int(trouble, 0, 2);
		totals->refused_facts += db_rows_int(trouble, 0, 3);
		totals->unmatched_payments += db_rows_int(trouble, 0, 4);
	}
	db_sync_rows_free(rows);
	db_sync_rows_free(trouble);
	return r;
}

int queue_collect(struct ctl *ctl, const char *hospital, const char *role, const char *route, struct table *table,
	struct queue_totals *ret_totals)
{
	static const struct uuid house = {{0}};
	const struct hospital *next;
	uint32_t index = 0;
	int r = 0;

	*ret_totals = (struct queue_totals){0};
	while (r == 0 && (next = ctl_hospital_next(ctl, hospital, &index)) != NULL)
		r = collect_one(ctl, &next->id, next->code, role, route, table, ret_totals);
	/* what no hospital could be named for */
	if (r == 0 && hospital == NULL) r = collect_one(ctl, &house, "-", role, route, table, ret_totals);
	return r;
}

static int queue_list(struct ctl *ctl, int argc, char **argv)
{
	const char *role = NULL;
	const char *route = NULL;
	const char *hospital = NULL;
	const struct ctl_option options[] = {{"--role", &role, NULL}, {"--route", &route, NULL},
		{"--hospital", &hospital, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	struct queue_totals totals;
	struct report report;
	struct table table;
	int r = ctl_arguments(argc, argv, options, 0, 0, words);

	if (r != 0) return r;
	if (role != NULL && strcmp(role, "translate") != 0 && strcmp(role, "dispatch") != 0 &&
		strcmp(role, "settle") != 0)
		return ctl_usage("--role takes translate, dispatch or settle, not \"%s\"", role);
	if (hospital != NULL && ctl_hospital(ctl, hospital) == NULL) return 2;
	report_begin(&report, ctl);
	table_begin(&table, queue_columns, QUEUE_COLUMNS);
	r = queue_collect(ctl, hospital, role, route, &table, &totals);
	table_end(&table, &report, "queues", NULL, "nothing waits");
	if (r < 0) {
		json_decref(report.root);
		return ctl_fail("could not look at the queue");
	}
	report_heading(&report, "For a person to look at");
	report_field(&report, "held", "held", cell_int(totals.held));
	report_field(&report, "quarantined", "quarantined", cell_int(totals.quarantined));
	report_field(&report, "orphans", "orphans", cell_int(totals.orphans));
	report_field(&report, "unknown", "unknown outcome", cell_int(totals.unknown));
	report_field(&report, "refused_facts", "answers that do not fit", cell_int(totals.refused_facts));
	report_field(&report, "unmatched_payments", "payments unmatched", cell_int(totals.unmatched_payments));
	return report_end(&report, 0);
}

/* ---- hold and release ---- */

static bool route_exists(const struct ctl *ctl, const char *route)
{
	for (uint32_t i = 0; i < ctl->directory->insurer_count; i++) {
		const struct insurer *insurer = ctl->directory->insurers[i];

		for (uint32_t e = 0; e < insurer->endpoint_count; e++) {
			char name[ROUTE_LEN + 32];

			(void)snprintf(name, sizeof(name), "%s:%s", insurer->code, insurer->endpoints[e]->channel);
			if (strcmp(name, route) == 0) return true;
		}
	}
	return false;
}

static int work_hold(struct ctl *ctl, const struct uuid *work, bool hold, const char *why)
{
	int r = unseal_act(ctl,
		hold ? "SELECT operator_work_hold($1, $2, true, $3, $4)"
		     : "SELECT operator_work_hold($1, $2, false, $3, $4)",
		work, why);

	return r == ERR_NOTFOUND ? err_set(r, "there is no such work; it may be done") : r;
}

static int queue_stop(struct ctl *ctl, int argc, char **argv, bool hold)
{
	const char *why = NULL;
	const struct ctl_option options[] = {{"--why", &why, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	struct pg_result *rows = NULL;
	struct report report;
	struct uuid work;
	int r = ctl_arguments(argc, argv, options, 1, 1, words);

	if (r == 0) r = ctl_accountable(ctl, why);
	if (r != 0) return r;
	if (uuid_parse(words[0], &work) == 0) {
		r = work_hold(ctl, &work, hold, why);
	} else if (route_exists(ctl, words[0])) {
		r = ctl_query(ctl, &rows, "SELECT operator_route_stop($1, $2, $3, $4)", "tbtt", words[0], (int)hold,
			ctl->who, why);
		if (r == 0 && !db_rows_bool(rows, 0, 0)) r = err_set(ERR_INVALID, "%s is not stopped", words[0]);
		db_sync_rows_free(rows);
	} else {
		return ctl_usage(
			"\"%s\" is neither a route nor a piece of work; zhifuctl insurer list shows the routes",
			words[0]);
	}
	if (r < 0) return ctl_fail("not done");
	report_begin(&report, ctl);
	report_field(&report, "subject", "queue", cell_text(words[0]));
	report_field(&report, "stopped", "stopped", cell_bool(hold));
	return report_end(&report, 0);
}

static int queue_hold(struct ctl *ctl, int argc, char **argv)
{
	return queue_stop(ctl, argc, argv, true);
}

static int queue_release(struct ctl *ctl, int argc, char **argv)
{
	return queue_stop(ctl, argc, argv, false);
}

/* ---- lists of what needs a person ---- */

static const struct column list_columns[] = {{"hospital", "hospital"}, {"id", "id"}, {"what", "what"},
	{"insurer", "insurer"}, {"claim", "claim"}, {"at", "at"}, {"why", "why"}};

/* Each gives id, what, insurer, ref, at, why. An exchange that stands still for a message is that message. */
static const char *const held_sql =
	"SELECT o.work_id, 'work ' || o.role || '/' || o.kind, o.route, s.ref, o.created_at, o.held_why FROM outbox o"
	" LEFT JOIN claim_state s ON s.hospital_id = o.hospital_id AND s.claim_id = o.claim_id"
	" WHERE o.hospital_id = $1 AND o.held ORDER BY o.created_at LIMIT $2";
static const char *const quarantine_sql =
	"SELECT m.message_id, 'message', m.insurer, s.ref, m.created_at, m.why FROM message m"
	" LEFT JOIN claim_state s ON s.hospital_id = m.hospital_id AND s.claim_id = m.claim_id"
	" WHERE m.hospital_id = $1 AND m.problem AND m.status = 13 UNION ALL"
	" SELECT e.exchange_id, 'exchange', e.insurer, s.ref, e.updated_at, e.why FROM exchange e"
	" LEFT JOIN claim_state s ON s.hospital_id = e.hospital_id AND s.claim_id = e.claim_id"
	" WHERE e.hospital_id = $1 AND e.status = 3 AND NOT EXISTS (SELECT 1 FROM message m WHERE m.hospital_id = $1 AND m.problem"
	"  AND m.status = 13 AND m.exchange_id = e.exchange_id) UNION ALL"
	" SELECT f.fact_id, CASE f.kind WHEN 3 THEN 'decision' WHEN 6 THEN 'payment' ELSE 'answer' END, f.insurer, s.ref, f.at, f.why"
	" FROM fact f LEFT JOIN claim_state s ON s.hospital_id = f.hospital_id AND s.claim_id = f.claim_id"
	" WHERE f.hospital_id = $1 AND f.problem AND f.status IN (3, 5) ORDER BY 5 LIMIT $2";
static const char *const orphans_sql =
	"SELECT message_id, 'message', insurer, NULL::text, created_at, why FROM message WHERE hospital_id = $1 AND problem AND status = 14"
	" UNION ALL SELECT fact_id, 'fact', insurer, NULL, at, why FROM fact WHERE hospital_id = $1 AND problem AND status = 4"
	" UNION ALL SELECT d.remittance_id, 'payment', r.insurer, NULL, r.created_at, 'no claim of ours has this number'"
	" FROM remittance_detail d JOIN remittance r ON r.hospital_id = d.hospital_id AND r.remittance_id = d.remittance_id"
	" WHERE d.hospital_id = $1 AND d.claim_id IS NULL AND d.kind = 1 AND r.withdrawn_at IS NULL ORDER BY 5 LIMIT $2";
static const char *const unknown_sql =
	"SELECT m.message_id, CASE WHEN m.submission THEN 'submission' ELSE 'message' END, m.insurer, s.ref, m.created_at, m.why"
	" FROM message m LEFT JOIN claim_state s ON s.hospital_id = m.hospital_id AND s.claim_id = m.claim_id"
	" WHERE m.hospital_id = $1 AND m.problem AND m.status = 3 ORDER BY 5 LIMIT $2";

static int list_one(struct ctl *ctl, const struct uuid *hospital, const char *code, const struct zone *zone,
	const char *sql, struct table *table, bool *ret_cut)
{
	struct pg_result *rows = NULL;
	int r = ctl_begin(ctl, hospital, false);

	if (r == 0) r = ctl_query(ctl, &rows, sql, "ui", hospital, (int64_t)LIST_MAX + 1);
	if (r == 0) r = ctl_commit(ctl);
	if (db_rows_count(rows) > LIST_MAX) *ret_cut = true;
	for (int row = 0; r == 0 && row < db_rows_count(rows) && row < LIST_MAX; row++) {
		struct uuid id = db_rows_uuid(rows, row, 0);

		table_add(table, cell_text(code));
		table_add(table, cell_uuid(&id));
		table_add(table, cell_text(db_rows_text(rows, row, 1)));
		table_add(table, cell_text(db_rows_text(rows, row, 2)));
		table_add(table, cell_text(db_rows_text(rows, row, 3)));
		table_add(table, cell_time(zone, db_rows_time_ms(rows, row, 4)));
		table_add(table, cell_text(db_rows_text(rows, row, 5)));
	}
	db_sync_rows_free(rows);
	return r;
}

static int list_run(struct ctl *ctl, int argc, char **argv, const char *key, const char *sql, const char *empty)
{
	static const struct uuid house = {{0}};
	const char *code = NULL;
	const struct ctl_option options[] = {{"--hospital", &code, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	const struct hospital *hospital;
	struct report report;
	struct table table;
	uint32_t index = 0;
	bool cut = false;
	int r = ctl_arguments(argc, argv, options, 0, 0, words);

	if (r != 0) return r;
	if (code != NULL && ctl_hospital(ctl, code) == NULL) return 2;
	report_begin(&report, ctl);
	table_begin(&table, list_columns, ARRAY_LEN(list_columns));
	while (r == 0 && (hospital = ctl_hospital_next(ctl, code, &index)) != NULL)
		r = list_one(ctl, &hospital->id, hospital->code, hospital->zone, sql, &table, &cut);
	if (r == 0 && code == NULL) r = list_one(ctl, &house, "-", NULL, sql, &table, &cut);
	table_end(&table, &report, key, NULL, empty);
	report_field(&report, "cut", NULL, cell_bool(cut));
	if (cut && ctl_notes(ctl)) (void)fprintf(stderr, "only the oldest %d of a hospital are shown\n", LIST_MAX);
	if (r < 0) {
		json_decref(report.root);
		return ctl_fail("could not look at the queue");
	}
	return report_end(&report, 0);
}

static int queue_held(struct ctl *ctl, int argc, char **argv)
{
	return list_run(ctl, argc, argv, "held", held_sql, "nothing is held");
}

static int queue_quarantine(struct ctl *ctl, int argc, char **argv)
{
	return list_run(ctl, argc, argv, "quarantined", quarantine_sql, "nothing is quarantined");
}

static int queue_orphans(struct ctl *ctl, int argc, char **argv)
{
	return list_run(ctl, argc, argv, "orphans", orphans_sql, "there are no orphans");
}

static int queue_unknown(struct ctl *ctl, int argc, char **argv)
{
	return list_run(ctl, argc, argv, "unknown", unknown_sql, "no message's outcome is unknown");
}

const struct ctl_command queue_commands[] = {
	{"queue list", "[--role ROLE] [--route ROUTE] [--hospital CODE]",
		"what waits, per role, kind of work and route", CTL_CONFIG | CTL_DB, queue_list},
	{"queue hold", "ROUTE|WORK --why TEXT", "stops a route, or holds one piece of work", CTL_CONFIG | CTL_DB,
		queue_hold},
	{"queue release", "ROUTE|WORK --why TEXT", "lets it go on", CTL_CONFIG | CTL_DB, queue_release},
	{"queue held", "[--hospital CODE]", "work that is held, with its reason", CTL_CONFIG | CTL_DB, queue_held},
	{"queue quarantine", "[--hospital CODE]",
		"what no adapter could read, and answers that do not fit or do not add up", CTL_CONFIG | CTL_DB,
		queue_quarantine},
	{"queue orphans", "[--hospital CODE]", "answers and payments that belong to no claim of ours",
		CTL_CONFIG | CTL_DB, queue_orphans},
	{"queue unknown", "[--hospital CODE]", "messages that may or may not have arrived", CTL_CONFIG | CTL_DB,
		queue_unknown},
	{NULL, NULL, NULL, 0, NULL},
};

/* zhifuctl claim list and claim events, and the names of the numbers of daemon/model/work.h. */
#include "ctl/claim_list.h"

#include <string.h>

#include "ctl/claim.h"
#include "ctl/report.h"
#include "db/sync.h"
#include "lib/date.h"
#include "model/work.h"

#define LIMIT_DEFAULT 50
#define LIMIT_MAX 10000

const char *work_role_name(int role)
{
	static const char *const names[] = {"?", "translate", "dispatch", "settle"};

	return names[role >= 1 && role <= 3 ? role : 0];
}

const char *work_kind_name(int role, int kind)
{
	static const char *const names[] = {
		"?", "claim", "reply", "failure", "timer", "status", "cancel", "poll", "remittance", "call"};

	if (role == WORK_DISPATCH) return "send";
	if (role == WORK_SETTLE) return "fact";
	return names[kind >= 1 && kind <= 9 ? kind : 0];
}

const char *message_status_name(int status)
{
	static const char *const names[] = {"?", "ready", "sending", "unknown", "answered", "failed", "dropped", "?",
		"?", "?", "?", "received", "read", "quarantined", "orphan"};

	return names[status >= 1 && status < (int)ARRAY_LEN(names) ? status : 0];
}

struct claim_filter {
	const char *hospital, *insurer;
	enum lifecycle_axis axis; /* 0: any */
	int state;
	bool has_since;
	struct date since;
	const char *after;
	int64_t limit;
};

/* "transport=held" */
static int filter_state(const char *text, struct claim_filter *filter)
{
	const char *equals = strchr(text, '=');
	char axis[32];
	int number;

	if (equals == NULL || (size_t)(equals - text) >= sizeof(axis))
		return ctl_usage("--state takes AXIS=STATE, such as transport=held");
	memcpy(axis, text, (size_t)(equals - text));
	axis[equals - text] = '\0';
	number = lifecycle_axis_from_name(axis);
	if (number < 0)
		return ctl_usage("\"%s\" is no axis: transport, acknowledgement, adjudication, payment, books", axis);
	filter->axis = (enum lifecycle_axis)number;
	filter->state = lifecycle_state_from_name(filter->axis, equals + 1);
	if (filter->state >= 0) return 0;
	(void)ctl_usage("\"%s\" is no state of %s; these are:", equals + 1, axis);
	for (uint8_t s = 0; s < lifecycle_state_count(filter->axis); s++)
		(void)fprintf(stderr, "  %s\n", lifecycle_state_name(filter->axis, s));
	return 2;
}

static const struct column list_columns[] = {{"ref", "ref"}, {"received_at", "received"}, {"insurer", "insurer"},
	{"charged", "charged"}, {"transport", "transport"}, {"acknowledgement", "acknowledged"},
	{"adjudication", "adjudication"}, {"payment", "payment"}, {"books", "books"}, {"next", "due from"}};

static void list_row(struct table *table, const struct hospital *hospital, struct pg_result *rows, int row)
{
	uint8_t states[LIFECYCLE_AXES + 1] = {0};
	const struct lifecycle_action *actions;
	enum lifecycle_axis main_axis;
	size_t count;

	for (int axis = 1; axis <= LIFECYCLE_AXES; axis++) states[axis] = (uint8_t)db_rows_int(rows, row, 5 + axis);
	table_add(table, cell_text(db_rows_text(rows, row, 0)));
	table_add(table, cell_time(hospital->zone, db_rows_time_ms(rows, row, 1)));
	table_add(table, cell_text(db_rows_text(rows, row, 2)));
	table_add(table,
		cell_money(db_rows_int(rows, row, 3), db_rows_text(rows, row, 4), (int)db_rows_int(rows, row, 5)));
	for (int axis = 1; axis <= LIFECYCLE_AXES; axis++) {
		const char *name = lifecycle_state_name((enum lifecycle_axis)axis, states[axis]);

		table_add(table, states[axis] == 0 ? cell_word("-", name) : cell_text(name));
	}
	main_axis = lifecycle_main_axis(states);
	actions = lifecycle_actions(main_axis, states[main_axis], &count);
	table_add(table,
		count == 0 ? cell_none() : cell_text(lifecycle_owner_name((enum lifecycle_owner)actions[0].owner)));
}

/* Adds at most limit rows of one hospital. `after`: only claims older than that one. */
static int list_hospital(struct ctl *ctl, const struct hospital *hospital, const struct claim_filter *filter,
	const char *after, int64_t limit, struct table *table, int *ret_count)
{
	static const char *const columns[] = {"", "transport", "acknowledgement", "adjudication", "payment", "books"};
	struct pg_result *rows = NULL;
	int64_t since_ms = filter->has_since
				   ? zone_day_start_ms(hospital->zone, date_days_from_civil(filter->since.year,
									       filter->since.month, filter->since.day))
				   : 0;
	int r = ctl_begin(ctl, &hospital->id, false);

	if (r == 0)
		r = ctl_query(ctl, &rows,
			"SELECT s.ref, c.received_at, s.insurer, c.total_minor, c.currency, c.exponent, s.transport, s.acknowledgement,"
			" s.adjudication, s.payment, s.books FROM claim_state s"
			" JOIN claim c ON c.hospital_id = s.hospital_id AND c.claim_id = s.claim_id"
			" WHERE s.hospital_id = $1 AND ($2::text IS NULL OR s.insurer = $2)"
			" AND ($3::bool IS FALSE OR s.claim_id >= uuid_floor($4::timestamptz))"
			" AND ($5::text IS NULL OR s.claim_id < (SELECT a.claim_id FROM claim_state a WHERE a.hospital_id = $1 AND a.ref = $5))"
			" AND CASE $6::text WHEN 'transport' THEN s.transport WHEN 'acknowledgement' THEN s.acknowledgement"
			"  WHEN 'adjudication' THEN s.adjudication WHEN 'payment' THEN s.payment WHEN 'books' THEN s.books ELSE $7::int4 END = $7::int4"
			" ORDER BY s.claim_id DESC LIMIT $8::int8",
			"utbmttni", &hospital->id, filter->insurer, (int)filter->has_since, since_ms, after,
			columns[filter->axis], filter->state, limit);
	if (r == 0) r = ctl_commit(ctl);
	if (r < 0) return r;
	*ret_count = db_rows_count(rows);
	for (int row = 0; row < *ret_count; row++) list_row(table, hospital, rows, row);
	db_sync_rows_free(rows);
	return 0;
}

static int list_run(struct ctl *ctl, const struct claim_filter *filter)
{
	const struct hospital *hospital;
	const char *after = filter->after;
	int64_t left = filter->limit;
	struct report report;
	struct table table;
	const char *next = NULL;
	uint32_t index = 0;

	report_begin(&report, ctl);
	table_begin(&table, list_columns, ARRAY_LEN(list_columns));
	while (left > 0 && (hospital = ctl_hospital_next(ctl, filter->hospital, &index)) != NULL) {
		int count = 0;

		/* hospitals before the cursor's are done */
		if (after != NULL && strncmp(after, hospital->code, HOSPITAL_CODE_LEN) != 0) continue;
		if (list_hospital(ctl, hospital, filter, after, left, &table, &count) < 0) {
			table_end(&table, &report, "claims", NULL, NULL);
			json_decref(report.root);
			return ctl_fail("could not list claims");
		}
		after = NULL;
		left -= count;
	}
	/* claims of one that is no longer configured are found; a code that nobody ever had is a slip */
	if (table.cell_count == 0 && filter->insurer != NULL &&
		directory_insurer(ctl->directory, filter->insurer) == NULL) {
		json_decref(report.root);
		return ctl_usage("no insurer with code \"%s\" is configured, and no claim names it", filter->insurer);
	}
	if (left == 0 && table.cell_count > 0) next = table.cells[table.cell_count - ARRAY_LEN(list_columns)].text;
	/* the cell goes with its table */
	report_field(&report, "next", NULL, cell_text(next));
	if (next != NULL && ctl_notes(ctl)) (void)fprintf(stderr, "there may be more: --after %s\n", next);
	table_end(&table, &report, "claims", NULL, "no claims");
	return report_end(&report, 0);
}

int claim_list(struct ctl *ctl, int argc, char **argv)
{
	struct claim_filter filter = {.limit = LIMIT_DEFAULT};
	const char *state = NULL;
	const char *since = NULL;
	const char *limit = NULL;
	const char *words[CTL_WORDS_MAX];
	const struct ctl_option options[] = {{"--hospital", &filter.hospital, NULL}, {"--state", &state, NULL},
		{"--insurer", &filter.insurer, NULL}, {"--since", &since, NULL}, {"--limit", &limit, NULL},
		{"--after", &filter.after, NULL}, {NULL, NULL, NULL}};
	int r = ctl_arguments(argc, argv, options, 0, 0, words);

	if (r == 0) r = ctl_number("--limit", limit, LIMIT_MAX, &filter.limit);
	if (r == 0 && state != NULL) r = filter_state(state, &filter);
	if (r != 0) return r;
	if (since != NULL) {
		if (date_parse(text_of(since), DATE_KIND_DATE, &filter.since) != 0)
			return ctl_usage("--since takes a day like 2026-11-21, not \"%s\"", since);
		filter.has_since = true;
	}
	if (filter.after != NULL && ctl_hospital_of_ref(ctl, filter.after) == NULL) return 2;
	if (filter.hospital != NULL && ctl_hospital(ctl, filter.hospital) == NULL) return 2;
	return list_run(ctl, &filter);
}

static void events_add(
	struct table *table, const struct ctl *ctl, const struct hospital *hospital, struct pg_result *rows)
{
	for (int row = 0; row < db_rows_count(rows); row++) {
		enum lifecycle_axis axis = (enum lifecycle_axis)db_rows_int(rows, row, 1);

		table_add(table, cell_time(hospital->zone, db_rows_time_ms(rows, row, 0)));
		table_add(table, cell_word(claim_axis_title(ctl, axis), lifecycle_axis_name(axis)));
		table_add(table, cell_int(db_rows_int(rows, row, 2)));
		table_add(table, cell_text(db_rows_text(rows, row, 5)));
		table_add(table, cell_text(lifecycle_state_name(axis, (uint8_t)db_rows_int(rows, row, 3))));
		table_add(table, cell_text(lifecycle_state_name(axis, (uint8_t)db_rows_int(rows, row, 4))));
		table_add(table, cell_text(db_rows_text(rows, row, 6)));
		table_add(table, cell_text(db_rows_text(rows, row, 7)));
	}
}

int claim_events(struct ctl *ctl, int argc, char **argv)
{
	static const struct column columns[] = {{"at", "at"}, {"axis", "axis"}, {"seq", "no"}, {"event", "event"},
		{"from", "from"}, {"to", "to"}, {"who", "who"}, {"why", "why"}};
	const char *words[CTL_WORDS_MAX];
	const struct hospital *hospital;
	struct pg_result *rows = NULL;
	struct claim_row claim = {0};
	struct report report;
	struct table table;
	int r = ctl_arguments(argc, argv, NULL, 1, 1, words);

	if (r != 0) return r;
	hospital = ctl_hospital_of_ref(ctl, words[0]);
	if (hospital == NULL) return 2;
	r = ctl_begin(ctl, &hospital->id, false);
	if (r == 0) r = claim_find(ctl, hospital, words[0], &claim);
	if (r == 0)
		r = ctl_query(ctl, &rows,
			"SELECT at, axis, seq, from_state, to_state, event, who, why FROM claim_event"
			" WHERE hospital_id = $1 AND claim_id = $2 ORDER BY at, axis, seq",
			"uu", &hospital->id, &claim.id);
	if (r == 0) r = ctl_commit(ctl);
	if (r < 0) return ctl_fail("could not show the claim's events");
	report_begin(&report, ctl);
	report_field(&report, "ref", NULL, cell_text(words[0]));
	table_begin(&table, columns, ARRAY_LEN(columns));
	events_add(&table, ctl, hospital, rows);
	db_sync_rows_free(rows);
	table_end(&table, &report, "events", NULL, "no events");
	return report_end(&report, 0);
}

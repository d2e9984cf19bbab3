/* zhifuctl export and consent: what left, on what ground, how many persons in a year, and what a patient agreed to. */
#include <inttypes.h>

#include "base/options.h"
#include "ctl/claim.h"
#include "ctl/report.h"
#include "db/sync.h"

#define CLOCKS_MAX 500 /* emergencies that are named of one hospital */

static void counts_add(
	struct table *table, const struct ctl *ctl, const struct hospital *hospital, struct pg_result *rows)
{
	for (int row = 0; row < db_rows_count(rows); row++) {
		int64_t persons = db_rows_int(rows, row, 1);
		const char *level = persons >= ctl->options->person_stop_count   ? "STOP"
				    : persons >= ctl->options->person_warn_count ? "warn"
										 : "ok";

		table_add(table, cell_text(hospital->code));
		table_add(table, cell_int(db_rows_int(rows, row, 0)));
		table_add(table, cell_int(persons));
		table_add(table, cell_int(ctl->options->person_warn_count));
		table_add(table, cell_int(ctl->options->person_stop_count));
		table_add(table, cell_text(level));
	}
}

/* The emergencies that left without consent and still lack one: whom the desk has to ask, the most urgent first. */
static int clocks_add(struct ctl *ctl, const struct hospital *hospital, struct table *table, int64_t *clocks)
{
	struct pg_result *rows = NULL;
	int r = ctl_query(ctl, &rows,
		"SELECT s.ref, c.due_at, c.due_at <= now(), count(*) OVER () FROM consent_clock c"
		" JOIN claim_state s ON s.hospital_id = c.hospital_id AND s.claim_id = c.claim_id"
		" WHERE c.hospital_id = $1 AND c.met_at IS NULL ORDER BY c.due_at, c.claim_id LIMIT $2",
		"ui", &hospital->id, (int64_t)CLOCKS_MAX);

	for (int row = 0; r == 0 && row < db_rows_count(rows); row++) {
		bool late = db_rows_bool(rows, row, 2);

		table_add(table, cell_text(hospital->code));
		table_add(table, cell_text(db_rows_text(rows, row, 0)));
		table_add(table, cell_time(hospital->zone, db_rows_time_ms(rows, row, 1)));
		table_add(table, cell_word(late ? "OVERDUE" : "open", late ? "overdue" : "open"));
		if (row == 0) *clocks += db_rows_int(rows, row, 3);
	}
	db_sync_rows_free(rows);
	return r;
}

static int export_one(struct ctl *ctl, const struct hospital *hospital, struct table *years, struct table *recipients,
	struct table *emergencies, int64_t *clocks)
{
	static const char *const bases[] = {"none", "consent", "emergency", "no person's data"};
	struct pg_result *rows = NULL;
	int r = ctl_begin(ctl, &hospital->id, false);

	if (r == 0)
		r = ctl_query(ctl, &rows, "SELECT year, persons FROM export_count WHERE hospital_id = $1 ORDER BY year",
			"u", &hospital->id);
	if (r < 0) return r;
	counts_add(years, ctl, hospital, rows);
	db_sync_rows_free(rows);
	rows = NULL;
	r = ctl_query(ctl, &rows,
		"SELECT extract(year FROM at AT TIME ZONE $2)::int4, recipient, basis, count(*), count(*) FILTER (WHERE person_new)"
		" FROM export_ledger WHERE hospital_id = $1 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
		"ut", &hospital->id, hospital->zone_name);
	if (r < 0) return r;
	for (int row = 0; row < db_rows_count(rows); row++) {
		int64_t basis = db_rows_int(rows, row, 2);

		table_add(recipients, cell_text(hospital->code));
		table_add(recipients, cell_int(db_rows_int(rows, row, 0)));
		table_add(recipients, cell_text(db_rows_text(rows, row, 1)));
		table_add(recipients, cell_text(basis >= 0 && basis < 4 ? bases[basis] : "?"));
		table_add(recipients, cell_int(db_rows_int(rows, row, 3)));
		table_add(recipients, cell_int(db_rows_int(rows, row, 4)));
	}
	db_sync_rows_free(rows);
	r = clocks_add(ctl, hospital, emergencies, clocks);
	return r == 0 ? ctl_commit(ctl) : r;
}

static int export_show(struct ctl *ctl, int argc, char **argv)
{
	static const struct column year_columns[] = {{"hospital", "hospital"}, {"year", "year"}, {"persons", "persons"},
		{"warn", "warn at"}, {"stop", "stop at"}, {"level", "level"}};
	static const struct column recipient_columns[] = {{"hospital", "hospital"}, {"year", "year"},
		{"recipient", "to"}, {"basis", "on the ground of"}, {"messages", "messages"},
		{"persons_new", "new persons"}};
	static const struct column emergency_columns[] = {
		{"hospital", "hospital"}, {"claim", "claim"}, {"due_at", "consent until"}, {"state", "state"}};
	const char *code = NULL;
	const struct ctl_option options[] = {{"--hospital", &code, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	const struct hospital *hospital;
	struct table recipients;
	struct table emergencies;
	struct table years;
	struct report report;
	uint32_t index = 0;
	int64_t clocks = 0;
	int r = ctl_arguments(argc, argv, options, 0, 0, words);

	if (r != 0) return r;
	if (code != NULL && ctl_hospital(ctl, code) == NULL) return 2;
	report_begin(&report, ctl);
	table_begin(&years, year_columns, ARRAY_LEN(year_columns));
	table_begin(&recipients, recipient_columns, ARRAY_LEN(recipient_columns));
	table_begin(&emergencies, emergency_columns, ARRAY_LEN(emergency_columns));
	while (r == 0 && (hospital = ctl_hospital_next(ctl, code, &index)) != NULL)
		r = export_one(ctl, hospital, &years, &recipients, &emergencies, &clocks);
	table_end(&years, &report, "years", "Persons whose data left, per calendar year", "nothing left yet");
	table_end(&recipients, &report, "recipients", "To whom", NULL);
	table_end(&emergencies, &report, "emergencies", "Emergencies whose patients are to be asked", NULL);
	if (r < 0) {
		json_decref(report.root);
		return ctl_fail("could not read the export ledger");
	}
	report_heading(&report, "");
	report_field(&report, "consents_to_ask", "emergencies to ask for", cell_int(clocks));
	return report_end(&report, 0);
}

/* The consents of the claim's person: of every patient key that shares an identity with it. */
static int consent_list(struct ctl *ctl, int argc, char **argv)
{
	static const struct column columns[] = {{"id", "consent"}, {"says", "says"}, {"in_force", "in force"},
		{"recipients", "to"}, {"purposes", "for"}, {"valid_from", "from"}, {"valid_until", "until"},
		{"created_at", "recorded"}, {"withdrawn_at", "withdrawn"}};
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
			"WITH said AS (SELECT * FROM consent s WHERE s.hospital_id = $1"
			" AND s.patient_key_id IN (SELECT o.patient_key_id FROM claim c"
			"  JOIN patient_lookup i ON i.hospital_id = c.hospital_id AND i.patient_key_id = c.patient_key_id"
			"  JOIN patient_lookup o ON o.hospital_id = i.hospital_id AND o.hash = i.hash"
			"  WHERE c.hospital_id = $1 AND c.claim_id = $2))"
			" SELECT s.consent_id, s.withdrawn_at IS NULL AND s.valid_from <= now() AND now() < s.valid_until"
			"  AND NOT EXISTS (SELECT 1 FROM said l WHERE (l.created_at, l.consent_id) > (s.created_at, s.consent_id)"
			"   AND (l.recipients IS NULL OR l.recipients @> s.recipients) AND (l.purposes IS NULL OR l.purposes @> s.purposes)),"
			" coalesce(array_to_string(s.recipients, ', '), 'all'), coalesce(array_to_string(s.purposes, ', '), 'all'),"
			" s.valid_from, s.valid_until, s.created_at, s.withdrawn_at, CASE WHEN s.in_force THEN 'permits' ELSE 'refuses' END"
			" FROM said s ORDER BY s.created_at DESC, s.consent_id DESC",
			"uu", &hospital->id, &claim.id);
	if (r == 0) r = ctl_commit(ctl);
	if (r < 0) return ctl_fail("could not list consents");
	report_begin(&report, ctl);
	report_field(&report, "ref", NULL, cell_text(words[0]));
	table_begin(&table, columns, ARRAY_LEN(columns));
	for (int row = 0; row < db_rows_count(rows); row++) {
		struct uuid id = db_rows_uuid(rows, row, 0);

		table_add(&table, cell_uuid(&id));
		table_add(&table, cell_text(db_rows_text(rows, row, 8)));
		table_add(&table, cell_bool(db_rows_bool(rows, row, 1)));
		table_add(&table, cell_text(db_rows_text(rows, row, 2)));
		table_add(&table, cell_text(db_rows_text(rows, row, 3)));
		for (int column = 4; column < 8; column++)
			table_add(&table, db_rows_null(rows, row, column)
						  ? cell_none()
						  : cell_time(hospital->zone, db_rows_time_ms(rows, row, column)));
	}
	db_sync_rows_free(rows);
	table_end(&table, &report, "consents", NULL, "no consent of this claim's patient is on record");
	return report_end(&report, 0);
}

const struct ctl_command export_commands[] = {
	{"export show", "[--hospital CODE]",
		"persons and messages that left, per year, against the warn and stop levels", CTL_CONFIG | CTL_DB,
		export_show},
	{"consent list", "REF", "what the patient of a claim agreed to, latest first", CTL_CONFIG | CTL_DB,
		consent_list},
	{NULL, NULL, NULL, 0, NULL},
};

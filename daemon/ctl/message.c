/* zhifuctl message show and replay: what went out or came in, and doing it once more, with lineage, reason and person.
 * The body identifies a patient: it is shown only when asked for in so many words, and that is recorded. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ctl/claim_list.h"
#include "ctl/report.h"
#include "ctl/unseal.h"
#include "db/sync.h"
#include "dispatch/letter.h"
#include "model/directory.h"
#include "model/lifecycle.h"
#include "model/work.h"
#include "translate/envelope.h"

static const struct uuid house = {{0}};

struct message_row {
	const struct uuid *hospital;
	const struct zone *zone; /* NULL: UTC */
	struct uuid id;
	struct pg_result *rows; /* one row, columns below; owned */
};

enum {
	M_CLAIM_REF,
	M_INSURER,
	M_DIRECTION,
	M_STATUS,
	M_SUBMISSION,
	M_HTTP,
	M_WHY,
	M_BYTES,
	M_CREATED,
	M_ANSWERS,
	M_REPLAY_OF,
	M_REPLAY_WHO,
	M_EXCHANGE,
	M_TRANSPORT,
	M_TRIED
};

/* Lists give ids of exchanges too: says what such a one is. ERR_NOTFOUND without text: it is none. */
static int exchange_tell(struct ctl *ctl, const struct uuid *hospital, const struct uuid *id)
{
	struct pg_result *rows = NULL;
	int r = ctl_query(ctl, &rows,
		"SELECT x.insurer, coalesce(x.why, '-'), coalesce((SELECT string_agg(m.message_id::text, ', ' ORDER BY m.message_id)"
		" FROM message m WHERE m.hospital_id = x.hospital_id AND m.exchange_id = x.exchange_id"
		" AND (m.claim_id = x.claim_id OR m.problem)), '-') FROM exchange x WHERE x.hospital_id = $1 AND x.exchange_id = $2",
		"uu", hospital, id);

	if (r < 0) return r;
	r = db_rows_count(rows) == 0
		    ? ERR_NOTFOUND
		    : err_set(ERR_INVALID,
			      "this is no message but an exchange with %s, a conversation of several (%s); its messages: %s",
			      db_rows_text(rows, 0, 0), db_rows_text(rows, 0, 1), db_rows_text(rows, 0, 2));
	db_sync_rows_free(rows);
	return r;
}

static int message_find_in(struct ctl *ctl, const struct uuid *hospital, struct message_row *message)
{
	int r;

	message->hospital = hospital;
	r = ctl_query(ctl, &message->rows,
		"SELECT s.ref, m.insurer, m.direction, m.status, m.submission, m.http_status, m.why, length(m.content), m.created_at,"
		" m.answers, m.replay_of, m.replay_who, m.exchange_id, s.transport,"
		" EXISTS (SELECT 1 FROM attempt a WHERE a.hospital_id = m.hospital_id AND a.message_id = m.message_id)"
		" FROM message m LEFT JOIN claim_state s ON s.hospital_id = m.hospital_id AND s.claim_id = m.claim_id"
		" WHERE m.hospital_id = $1 AND m.message_id = $2",
		"uu", hospital, &message->id);
	if (r < 0) return r;
	if (db_rows_count(message->rows) == 1) return 0;
	db_sync_rows_free(message->rows);
	message->rows = NULL;
	return exchange_tell(ctl, hospital, &message->id);
}

/* Leaves a transaction of the message's hospital open when it is found. */
static int message_find(struct ctl *ctl, const char *text, bool writes, struct message_row *message)
{
	const struct hospital *hospital;
	uint32_t index = 0;
	int r;

	*message = (struct message_row){0};
	if (uuid_parse(text, &message->id) < 0) return err_set(ERR_INVALID, "\"%s\" is no message's id", text);
	do {
		hospital = ctl_hospital_next(ctl, NULL, &index);
		/* the house keeps what no hospital could be named for */
		r = ctl_begin(ctl, hospital != NULL ? &hospital->id : &house, writes);
		if (r == 0) r = message_find_in(ctl, hospital != NULL ? &hospital->id : &house, message);
		if (r == 0) message->zone = hospital != NULL ? hospital->zone : NULL;
		if (r == ERR_NOTFOUND) ctl_rollback(ctl);
	} while (r == ERR_NOTFOUND && hospital != NULL);
	return r == ERR_NOTFOUND ? err_set(ERR_NOTFOUND, "there is no message %s", text) : r;
}

static struct cell cell_uuid_of(struct pg_result *rows, int column)
{
	struct uuid id;

	if (db_rows_null(rows, 0, column)) return cell_none();
	id = db_rows_uuid(rows, 0, column);
	return cell_uuid(&id);
}

static void show_row(struct report *report, const struct message_row *message)
{
	struct pg_result *rows = message->rows;

	report_field(report, "id", "message", cell_uuid(&message->id));
	report_field(report, "claim", "claim", cell_text(db_rows_text(rows, 0, M_CLAIM_REF)));
	report_field(report, "insurer", "insurer", cell_text(db_rows_text(rows, 0, M_INSURER)));
	report_field(
		report, "direction", "way", cell_text(db_rows_int(rows, 0, M_DIRECTION) == MESSAGE_OUT ? "out" : "in"));
	report_field(report, "status", "status", cell_text(message_status_name((int)db_rows_int(rows, 0, M_STATUS))));
	report_field(report, "submission", "carries a claim", cell_bool(db_rows_bool(rows, 0, M_SUBMISSION)));
	report_field(report, "http_status", "HTTP status",
		db_rows_null(rows, 0, M_HTTP) ? cell_none() : cell_int(db_rows_int(rows, 0, M_HTTP)));
	report_field(report, "why", "why", cell_text(db_rows_text(rows, 0, M_WHY)));
	report_field(report, "sealed_bytes", "sealed bytes", cell_int(db_rows_int(rows, 0, M_BYTES)));
	report_field(report, "created_at", "at", cell_time(message->zone, db_rows_time_ms(rows, 0, M_CREATED)));
	report_field(report, "exchange", "exchange", cell_uuid_of(rows, M_EXCHANGE));
	report_field(report, "answers", "answers", cell_uuid_of(rows, M_ANSWERS));
	report_field(report, "replay_of", "replay of", cell_uuid_of(rows, M_REPLAY_OF));
	report_field(report, "replay_who", "replayed by", cell_text(db_rows_text(rows, 0, M_REPLAY_WHO)));
}

static int show_attempts(struct ctl *ctl, struct report *report, const struct message_row *message)
{
	static const struct column columns[] = {{"attempt", "try"}, {"route", "route"}, {"started_at", "begun"},
		{"ended_at", "ended"}, {"outcome", "outcome"}, {"http_status", "HTTP"}, {"error", "error"}};
	static const char *const outcomes[] = {"?", "begun", "answered", "not sent", "unknown"};
	struct pg_result *rows = NULL;
	struct table table;
	int r = ctl_query(ctl, &rows,
		"SELECT attempt, route, started_at, ended_at, outcome, http_status, error FROM attempt"
		" WHERE hospital_id = $1 AND message_id = $2 ORDER BY attempt",
		"uu", message->hospital, &message->id);

	if (r < 0) return r;
	table_begin(&table, columns, ARRAY_LEN(columns));
	for (int row = 0; row < db_rows_count(rows); row++) {
		int64_t outcome = db_rows_int(rows, row, 4);

		table_add(&table, cell_int(db_rows_int(rows, row, 0)));
		table_add(&table, cell_text(db_rows_text(rows, row, 1)));
		table_add(&table, cell_time(message->zone, db_rows_time_ms(rows, row, 2)));
		table_add(&table, db_rows_null(rows, row, 3) ? cell_none()
							     : cell_time(message->zone, db_rows_time_ms(rows, row, 3)));
		table_add(&table, cell_text(outcomes[outcome >= 0 && outcome < 5 ? outcome : 0]));
		table_add(&table, db_rows_null(rows, row, 5) ? cell_none() : cell_int(db_rows_int(rows, row, 5)));
		table_add(&table, cell_text(db_rows_text(rows, row, 6)));
	}
	db_sync_rows_free(rows);
	table_end(&table, report, "attempts", "Tries", NULL);
	return 0;
}

/* The head without its target and headers that could carry an identity: the method and the endpoint's name, or the
 * status; then names of headers and the media type. */
static void show_head(struct report *report, struct bytes plain, bool out)
{
	const char *p = (const char *)plain.ptr;
	const char *end = p + plain.len;
	const char *line_end = memchr(p, '\n', plain.len);
	char line[160];
	int words = out ? 2 : 1;
	size_t n = 0;

	for (const char *c = p; c < end && c != line_end && n + 1 < sizeof(line); c++) {
		if (*c == ' ' && --words == 0) break;
		line[n++] = *c;
	}
	line[n] = '\0';
	report_field(report, "head", out ? "method and endpoint" : "status line", cell_text(line));
	for (p = line_end; p != NULL && p + 1 < end && p[1] != '\n'; p = memchr(p + 1, '\n', (size_t)(end - p - 1))) {
		size_t left = (size_t)(end - p - 1);

		if (left > 13 && strncasecmp(p + 1, "content-type:", 13) == 0) {
			const char *stop = memchr(p + 1, '\n', left);

			(void)snprintf(line, sizeof(line), "%.*s", (int)((stop == NULL ? end : stop) - p - 14), p + 14);
			report_field(report, "content_type", "content type", cell_text(line + (line[0] == ' ')));
		}
	}
	if (p != NULL && p + 1 < end) report_field(report, "body_bytes", "body bytes", cell_int(end - p - 2));
}

static int show_content(struct ctl *ctl, struct report *report, const struct message_row *message, bool raw)
{
	struct arena arena CLEANUP(arena_free);
	struct key key CLEANUP(key_wipe) = {{0}};
	struct sealer *sealer = NULL;
	struct bytes plain = {NULL, 0};
	int r = sealer_new(&sealer);

	arena_init(&arena, MESSAGE_BYTES_MAX + (2u << 20));
	if (r == 0) r = unseal_message(ctl, message->hospital, &message->id, sealer, &arena, &key, &plain);
	sealer_free(sealer);
	if (r < 0 && !raw) {
		report_field(report, "content", "content", cell_text(err_text()));
		return 0;
	}
	if (r < 0) return r;
	assert(plain.ptr != NULL);
	show_head(report, plain, db_rows_int(message->rows, 0, M_DIRECTION) == MESSAGE_OUT);
	if (!raw) return 0;
	if (ctl->json) {
		json_t *text = json_stringn((const char *)plain.ptr, plain.len);

		if (text == NULL) return err_set(ERR_INVALID, "the content is not UTF-8: show it without --json");
		(void)json_object_set_new(report->root, "content", text);
	} else {
		(void)printf("\n");
		(void)fwrite(plain.ptr, 1, plain.len, stdout);
		(void)printf("\n");
	}
	return 0;
}

static int reveal_note(struct ctl *ctl, const struct message_row *message, const char *why)
{
	struct arena arena CLEANUP(arena_free);
	const char *sealed = NULL;
	int r;

	arena_init(&arena, WORDS_ARENA_BYTES);
	r = unseal_words_hex(ctl, message->hospital, &message->id, why, &arena, &sealed);
	return r < 0 ? r
		     : ctl_query(ctl, NULL, "SELECT operator_write($1, $2, 'message.reveal', $3, NULL, $4)", "utut",
			       message->hospital, ctl->who, &message->id, sealed);
}

static int message_show(struct ctl *ctl, int argc, char **argv)
{
	bool raw = false;
	bool reveal = false;
	const char *why = NULL;
	const struct ctl_option options[] = {
		{"--raw", NULL, &raw}, {"--reveal-person", NULL, &reveal}, {"--why", &why, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	struct message_row message;
	struct report report;
	int r = ctl_arguments(argc, argv, options, 1, 1, words);

	if (r != 0) return r;
	if (raw != reveal)
		return ctl_usage(
			"the content identifies a patient: --raw and --reveal-person go together, and are recorded");
	if (raw) r = ctl_accountable(ctl, why);
	if (r != 0) return r;
	r = message_find(ctl, words[0], raw, &message);
	if (r < 0) return ctl_fail("could not show the message");
	report_begin(&report, ctl);
	show_row(&report, &message);
	/* recorded before it is shown */
	if (raw) r = reveal_note(ctl, &message, why);
	if (r == 0) r = show_attempts(ctl, &report, &message);
	if (r == 0 && raw) {
		r = ctl_commit(ctl);
		if (r == 0) r = ctl_begin(ctl, message.hospital, false);
	}
	if (r == 0) r = show_content(ctl, &report, &message, raw);
	if (r == 0) r = ctl_commit(ctl);
	db_sync_rows_free(message.rows);
	if (r < 0) {
		json_decref(report.root);
		return ctl_fail("could not show the message");
	}
	return report_end(&report, 0);
}

/* ---- replay ---- */

/* Whoever edits a message by hand may lose its head; what has none could neither be sent nor read. */
static int edited_check(const char *path, bool out, struct bytes plain, struct arena *arena)
{
	struct envelope envelope;
	struct letter letter;
	char why[256];
	int r = out ? letter_read(plain, arena, &letter) : envelope_read(plain, &arena->zf, &envelope);

	if (r != ERR_INVALID && r != ERR_LIMIT) return r;
	(void)snprintf(why, sizeof(why), "%s", err_text());
	return err_set(r,
		"\"%s\" is not as message show --raw prints a content, %s, headers, an empty line, the body: %s", path,
		out ? "METHOD ENDPOINT PATH" : "the HTTP status", why);
}

/* Whether it may go again at all; the database asks again in the same transaction. */
static int replay_allowed(const struct message_row *message)
{
	struct pg_result *rows = message->rows;
	uint8_t transport;
	uint8_t to;
	uint32_t effects;

	if (db_rows_int(rows, 0, M_DIRECTION) == MESSAGE_IN) return 0;
	if (db_rows_int(rows, 0, M_STATUS) <= MESSAGE_SENDING) return err_set(ERR_EXISTS, "it is on its way");
	if (!db_rows_bool(rows, 0, M_TRIED))
		return err_set(ERR_INVALID, "it was never tried: release its claim or its work instead");
	if (!db_rows_bool(rows, 0, M_SUBMISSION)) return 0;
	if (db_rows_null(rows, 0, M_TRANSPORT)) return err_set(ERR_INVALID, "its claim is not known");
	transport = (uint8_t)db_rows_int(rows, 0, M_TRANSPORT);
	if (transport == TRANSPORT_UNKNOWN && db_rows_int(rows, 0, M_STATUS) == MESSAGE_ANSWERED)
		return err_set(ERR_DENIED, "the insurer answered it: claim resend says the claim anew");
	if (lifecycle_step(AXIS_TRANSPORT, transport, EVENT_RESEND, &to, &effects) == 0) return 0;
	return err_set(ERR_DENIED, "claim %s is %s: a claim is sent again only when its fate is unknown; %s",
		db_rows_text(rows, 0, M_CLAIM_REF), lifecycle_state_name(AXIS_TRANSPORT, transport),
		transport == TRANSPORT_SENT ? "it has arrived" : "use claim release");
}

static int replay_store(
	struct ctl *ctl, const struct message_row *message, const char *edit, const char *why, const struct uuid *fresh)
{
	struct arena arena CLEANUP(arena_free);
	struct key key CLEANUP(key_wipe) = {{0}};
	struct pg_result *rows = NULL;
	struct sealer *sealer = NULL;
	struct uuid work = uuid_new();
	const char *words = NULL;
	struct bytes plain;
	struct bytes sealed;
	int r = sealer_new(&sealer);

	arena_init(&arena, 4u * MESSAGE_BYTES_MAX);
	if (r == 0) r = unseal_message(ctl, message->hospital, &message->id, sealer, &arena, &key, &plain);
	if (r == 0 && edit != NULL) {
		r = ctl_file_read(edit, MESSAGE_BYTES_MAX, &arena, &plain);
		if (r == 0)
			r = edited_check(
				edit, db_rows_int(message->rows, 0, M_DIRECTION) == MESSAGE_OUT, plain, &arena);
	}
	/* a sealed blob belongs to its row: the new row needs one of its own */
	if (r == 0) r = seal(sealer, &key, fresh, SEAL_MESSAGE, plain, &arena, &sealed);
	sealer_free(sealer);
	if (r == 0) r = unseal_words_hex(ctl, message->hospital, &message->id, why, &arena, &words);
	if (r == 0)
		r = ctl_query(ctl, &rows, "SELECT operator_message_replay($1, $2, $3, $4, $5, $6, $7)", "uuuyutt",
			message->hospital, &message->id, fresh, sealed, &work, ctl->who, words);
	if (r < 0) return r;
	if (!db_rows_bool(rows, 0, 0)) r = err_set(ERR_AGAIN, "the message or its claim moved on at this moment");
	db_sync_rows_free(rows);
	return r;
}

static int message_replay(struct ctl *ctl, int argc, char **argv)
{
	bool dry = false;
	const char *why = NULL;
	const char *edit = NULL;
	const struct ctl_option options[] = {
		{"--dry-run", NULL, &dry}, {"--why", &why, NULL}, {"--edit", &edit, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	struct uuid fresh = uuid_new();
	struct message_row message;
	struct report report;
	int r = ctl_arguments(argc, argv, options, 1, 1, words);

	if (r == 0) r = ctl_accountable(ctl, why);
	if (r != 0) return r;
	r = message_find(ctl, words[0], true, &message);
	if (r == 0) r = replay_allowed(&message);
	if (r == 0) r = replay_store(ctl, &message, edit, why, &fresh);
	if (r == 0 && !dry) r = ctl_commit(ctl);
	if (r < 0 || dry) ctl_rollback(ctl);
	if (r < 0) {
		db_sync_rows_free(message.rows);
		return ctl_fail("not replayed");
	}
	report_begin(&report, ctl);
	report_field(&report, "id", "new message", dry ? cell_none() : cell_uuid(&fresh));
	report_field(&report, "replay_of", "replay of", cell_text(words[0]));
	report_field(&report, "insurer",
		db_rows_int(message.rows, 0, M_DIRECTION) == MESSAGE_OUT ? "goes to" : "came from",
		cell_text(db_rows_text(message.rows, 0, M_INSURER)));
	report_field(&report, "edited", "edited", cell_bool(edit != NULL));
	report_field(&report, "dry_run", "only tried", cell_bool(dry));
	db_sync_rows_free(message.rows);
	return report_end(&report, 0);
}

static int message_drop(struct ctl *ctl, int argc, char **argv)
{
	const char *why = NULL;
	const struct ctl_option options[] = {{"--why", &why, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	struct report report;
	struct uuid id;
	int r = ctl_arguments(argc, argv, options, 1, 1, words);

	if (r == 0) r = ctl_accountable(ctl, why);
	if (r != 0) return r;
	if (uuid_parse(words[0], &id) < 0) return ctl_usage("\"%s\" is no message's id", words[0]);
	r = unseal_act(ctl, "SELECT operator_message_drop($1, $2, $3, $4)", &id, why);
	if (r == ERR_NOTFOUND)
		r = err_set(r, "queue quarantine and queue orphans have no message or exchange %s", words[0]);
	if (r < 0) return ctl_fail("not dropped");
	report_begin(&report, ctl);
	report_field(&report, "id", "dropped", cell_text(words[0]));
	return report_end(&report, 0);
}

const struct ctl_command message_commands[] = {
	{"message show", "ID [--raw --reveal-person --why TEXT]",
		"a message's way; its content only when asked for, which is recorded", CTL_CONFIG | CTL_DB,
		message_show},
	{"message replay", "ID [--edit FILE] --why TEXT [--dry-run]",
		"sends a message once more to where it went, or reads one that came in once more", CTL_CONFIG | CTL_DB,
		message_replay},
	{"message drop", "ID --why TEXT", "does away with one that came in and cannot be read or belongs to nothing",
		CTL_CONFIG | CTL_DB, message_drop},
	{NULL, NULL, NULL, 0, NULL},
};

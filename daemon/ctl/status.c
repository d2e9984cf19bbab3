/* zhifuctl status: one page for whoever is on duty at night. What runs, what waits, what is wrong, and what to do. */
#include <curl/curl.h>
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/options.h"
#include "ctl/books.h"
#include "ctl/queue.h"
#include "db/sync.h"
#include "model/directory.h"

#define PAGE_BYTES_MAX (16u << 20) /* of metrics; more than any daemon has */
#define OLD_WORK_MS (15 * 60 * 1000)

struct page {
	struct buf body;
	long status; /* 0: no answer */
};

static size_t page_take(char *ptr, size_t size, size_t count, void *arg)
{
	struct page *page = arg;

	return buf_append(&page->body, ptr, size * count) == 0 ? size * count : 0;
}

/* Asks the monitor of this machine. */
static void page_get(const struct options *options, const char *path, struct page *page)
{
	const struct conf_host *host = options->metrics_listen.count > 0 ? &options->metrics_listen.items[0] : NULL;
	CURL *easy = host == NULL ? NULL : curl_easy_init();
	const char *name;
	char url[512];

	*page = (struct page){.body = BUF_INIT(PAGE_BYTES_MAX)};
	if (easy == NULL) return;
	name = strcmp(host->host, "*") == 0 ? "127.0.0.1" : host->host;
	(void)snprintf(url, sizeof(url), strchr(name, ':') != NULL ? "http://[%s]:%u%s" : "http://%s:%u%s", name,
		host->port, path);
	if (curl_easy_setopt(easy, CURLOPT_URL, url) == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 3000L) == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, page_take) == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_WRITEDATA, page) == CURLE_OK && curl_easy_perform(easy) == CURLE_OK)
		(void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &page->status);
	curl_easy_cleanup(easy);
}

/* Whether the metrics say that the configuration is older than its files. */
static bool reload_failed(const struct options *options)
{
	static const char sample[] = "\nzhifu_reload_failed 1\n";
	struct page page;
	bool failed;

	page_get(options, "/metrics", &page);
	failed = page.status == 200 && memmem(page.body.ptr, page.body.len, sample, sizeof(sample) - 1) != NULL;
	buf_free(&page.body);
	return failed;
}

static const struct column problem_columns[] = {{"problem", "problem"}, {"count", "how many"}, {"do", "what to do"}};

struct problems {
	struct table table;
	int64_t count;
};

static void problem_add(struct problems *problems, const char *problem, int64_t count, const char *todo)
{
	if (count == 0) return;
	table_add(&problems->table, cell_text(problem));
	table_add(&problems->table, cell_int(count));
	table_add(&problems->table, cell_text(todo));
	problems->count++;
}

/* Over all books. */
static int unvalued_count(struct ctl *ctl, struct problems *problems)
{
	struct books books CLEANUP(books_close) = {0};
	int64_t count = 0;
	int64_t bills = 0;
	int r = books_open(ctl, NULL, &books) == 0 ? 0 : ERR_DB;

	for (uint32_t i = 0; r == 0 && i < books.count; i++) {
		const struct uuid *id = &books.hospitals[i].id;
		struct pg_result *rows = NULL;

		r = ctl_begin(ctl, id, false);
		if (r == 0)
			r = ctl_query(ctl, &rows,
				"SELECT count(*), (SELECT count(*) FROM receivable_wait WHERE hospital_id = $1 AND due_at > now())"
				" FROM posting_unvalued WHERE hospital_id = $1",
				"u", id);
		if (r == 0) r = ctl_commit(ctl);
		if (r == 0) {
			count += db_rows_int(rows, 0, 0);
			bills += db_rows_int(rows, 0, 1);
		}
		db_sync_rows_free(rows);
	}
	problem_add(problems, "postings that wait for an exchange rate", count,
		"money waiting says for which; then money rate import FILE");
	problem_add(problems, "bills that wait for an exchange rate or a price list", bills,
		"money waiting says for which; then money rate import FILE, or money price put FILE");
	return r;
}

/* Claims that wait for a person, per state of transport, over all hospitals. */
static int claims_count(struct ctl *ctl, struct problems *problems)
{
	const struct hospital *hospital;
	int64_t no_route = 0;
	int64_t consent = 0;
	int64_t held = 0;
	int64_t unknown = 0;
	int64_t failed = 0;
	uint32_t index = 0;
	int r = 0;

	while (r == 0 && (hospital = ctl_hospital_next(ctl, NULL, &index)) != NULL) {
		struct pg_result *rows = NULL;

		r = ctl_begin(ctl, &hospital->id, false);
		if (r == 0)
			r = ctl_query(ctl, &rows,
				"SELECT count(*) FILTER (WHERE transport = 2), count(*) FILTER (WHERE transport = 3),"
				" count(*) FILTER (WHERE transport = 4), count(*) FILTER (WHERE transport = 7),"
				" count(*) FILTER (WHERE transport = 9) FROM claim_state WHERE hospital_id = $1 AND attention",
				"u", &hospital->id);
		if (r == 0) r = ctl_commit(ctl);
		if (r == 0) {
			no_route += db_rows_int(rows, 0, 0);
			consent += db_rows_int(rows, 0, 1);
			held += db_rows_int(rows, 0, 2);
			unknown += db_rows_int(rows, 0, 3);
			failed += db_rows_int(rows, 0, 4);
		}
		db_sync_rows_free(rows);
	}
	problem_add(problems, "claims that may or may not have arrived", unknown,
		"claim list --state transport=unknown; ask the insurer, then claim arrived or claim resend");
	problem_add(problems, "claims that failed to go out", failed,
		"claim list --state transport=failed; repair the cause, then claim release");
	problem_add(
		problems, "claims held", held, "claim list --state transport=held; then claim release or claim drop");
	problem_add(problems, "claims without a route", no_route,
		"claim list --state transport=no_route; then claim route REF INSURER");
	problem_add(problems, "claims that wait for consent", consent,
		"claim list --state transport=waiting_consent; the insurance desk asks the patient");
	return r;
}

static int routes_show(struct ctl *ctl, struct report *report, struct problems *problems)
{
	static const struct column columns[] = {
		{"route", "route"}, {"state", "state"}, {"since", "since"}, {"why", "why"}};
	struct pg_result *rows = NULL;
	struct table table;
	int64_t stopped = 0;
	int64_t open = 0;
	int64_t idle = 0;
	int r = ctl_query(ctl, &rows,
		"SELECT route, stopped, breaker, coalesce(CASE WHEN stopped THEN stopped_at ELSE breaker_since END, '-infinity'), CASE WHEN stopped THEN concat(stopped_by, ': ', stopped_why) ELSE last_error END,"
		" until > now() FROM route_lease ORDER BY route",
		"");

	if (r < 0) return r;
	table_begin(&table, columns, ARRAY_LEN(columns));
	for (int row = 0; row < db_rows_count(rows); row++) {
		bool is_stopped = db_rows_bool(rows, row, 1);
		bool is_open = strcmp(db_rows_text(rows, row, 2), "closed") != 0;

		stopped += is_stopped;
		open += !is_stopped && is_open;
		idle += !is_stopped && !db_rows_bool(rows, row, 5);
		table_add(&table, cell_text(db_rows_text(rows, row, 0)));
		table_add(&table, is_stopped ? cell_word("STOPPED by a person", "stopped")
				  : is_open  ? cell_word("DOWN", "down")
					     : cell_text("up"));
		table_add(&table, cell_time(NULL, db_rows_time_ms(rows, row, 3)));
		table_add(&table, is_stopped || is_open ? cell_text(db_rows_text(rows, row, 4)) : cell_none());
	}
	db_sync_rows_free(rows);
	table_end(&table, report, "routes", "Insurers", NULL);
	problem_add(problems, "insurers that cannot be reached", open,
		"insurer test CODE; their claims wait and lose nothing");
	problem_add(
		problems, "routes that a person stopped", stopped, "who and why is said above; queue release ROUTE");
	problem_add(problems, "routes without an owner", idle, "is a zhifud with the role dispatch running?");
	return 0;
}

static void queue_show(
	struct ctl *ctl, struct report *report, const struct queue_totals *totals, struct problems *problems)
{
	int64_t now = clock_wall_ms();

	(void)ctl;
	report_field(report, "waiting", "work that waits", cell_int(totals->waiting));
	report_field(report, "oldest_s", "oldest work",
		totals->oldest_ms == 0 ? cell_none() : cell_age(totals->oldest_ms, now));
	if (totals->oldest_ms != 0 && now - totals->oldest_ms > OLD_WORK_MS)
		problem_add(problems, "work older than 15 minutes", 1,
			"queue list shows where; insurer list shows whose line is down");
	problem_add(problems, "work that is held", totals->held, "queue held; then queue release WORK");
	problem_add(problems, "messages that nobody can read", totals->quarantined,
		"queue quarantine; message show ID; with a repaired adapter message replay ID, else message drop ID");
	problem_add(problems, "answers without a claim", totals->orphans,
		"queue orphans; ask the insurer what they belong to");
	problem_add(problems, "payments without a claim", totals->unmatched_payments,
		"queue orphans; finance finds the claim");
	problem_add(problems, "answers that do not fit or do not add up", totals->refused_facts,
		"queue quarantine says why; claim show REF; ask the insurer, then message drop ID");
}

/* What finance must not let pass, over all hospitals. */
static int days_count(struct ctl *ctl, struct problems *problems)
{
	const struct hospital *hospital;
	int64_t near = 0;
	int64_t over = 0;
	int64_t declarations = 0;
	uint32_t index = 0;
	int r = 0;

	while (r == 0 && (hospital = ctl_hospital_next(ctl, NULL, &index)) != NULL) {
		struct pg_result *rows = NULL;
		int32_t today = ctl_today(hospital);

		r = ctl_begin(ctl, &hospital->id, false);
		if (r == 0)
			r = ctl_query(ctl, &rows,
				"SELECT count(*) FILTER (WHERE state = 1), count(*) FILTER (WHERE state = 2),"
				" (SELECT count(*) FROM declaration d WHERE d.hospital_id = $1 AND d.status = 1 AND d.due_day <= $2)"
				" FROM limitation_list($1, $2, $3, $4, $5, true)",
				"udnnn", &hospital->id, today, (int)hospital->limitation_years,
				(int)hospital->limitation_alert_days, (int)hospital->limitation_interrupts);
		if (r == 0) r = ctl_commit(ctl);
		if (r == 0) {
			near += db_rows_int(rows, 0, 0);
			over += db_rows_int(rows, 0, 1);
			declarations += db_rows_int(rows, 0, 2);
		}
		db_sync_rows_free(rows);
	}
	problem_add(problems, "claims that soon can be enforced no more", near,
		"money limitation list; then a demand: money demand add REF");
	problem_add(problems, "claims that can be enforced no more", over, "money limitation list; money writeoff REF");
	problem_add(problems, "receipts from abroad whose declaration is due today or late", declarations,
		"money declaration list says which");
	return r;
}

static int status_run(struct ctl *ctl, int argc, char **argv)
{
	const char *words[CTL_WORDS_MAX];
	struct problems problems = {0};
	struct queue_totals totals;
	struct report report;
	struct page page;
	int r = ctl_arguments(argc, argv, NULL, 0, 0, words);

	if (r != 0) return r;
	report_begin(&report, ctl);
	table_begin(&problems.table, problem_columns, ARRAY_LEN(problem_columns));
	page_get(ctl->options, "/readyz", &page);
	report_field(&report, "ready", "zhifud on this machine",
		page.status == 200 ? cell_word("ready", "ready")
		: page.status != 0 ? cell_word("NOT READY", "not-ready")
				   : cell_word("does not answer", "down"));
	problem_add(&problems, page.status == 0 ? "zhifud does not answer" : "a role is not ready", page.status != 200,
		page.status == 0 ? "systemctl status zhifud; journalctl -u zhifud"
				 : "journalctl -u zhifud; is the database up?");
	buf_free(&page.body);
	problem_add(&problems, "the last reload failed: zhifud goes on with the configuration before it",
		reload_failed(ctl->options),
		"conf check names the mistakes; repair them, then systemctl reload zhifud. Without mistakes it wants memory "
		"and goes on trying");
	r = queue_collect(ctl, NULL, NULL, NULL, NULL, &totals);
	if (r == 0) queue_show(ctl, &report, &totals, &problems);
	if (r == 0) r = routes_show(ctl, &report, &problems);
	if (r == 0) r = claims_count(ctl, &problems);
	if (r == 0) r = unvalued_count(ctl, &problems);
	if (r == 0) r = days_count(ctl, &problems);
	table_end(&problems.table, &report, "problems", "What needs somebody", "\nNothing needs anybody.");
	if (r < 0) {
		json_decref(report.root);
		return ctl_fail("could not look at the database");
	}
	return report_end(&report, 0);
}

const struct ctl_command status_commands[] = {
	{"status", "", "one page: what runs, what waits, what is wrong and what to do", CTL_CONFIG | CTL_DB,
		status_run},
	{NULL, NULL, NULL, 0, NULL},
};

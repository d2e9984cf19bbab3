/* zhifuctl insurer list and test: how each insurer's routes stand, and whether one could be reached right now. The test
 * blocks, sends no claim, and verifies exactly as dispatch does: TLS 1.2 or later, the route's own roots, its pins. It
 * asks what the insurer's module has as a harmless question, once for each hospital, else for FHIR's metadata. */
#include <curl/curl.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/clock.h"
#include "ctl/question.h"
#include "ctl/report.h"
#include "db/sync.h"
#include "model/directory.h"

#define ROUTE_LEN 96
#define ANSWER_BYTES_MAX (4u << 20)
#define CERTIFICATE_WARN_DAYS 30

static void route_name(const struct insurer *insurer, const struct endpoint *endpoint, char name[ROUTE_LEN])
{
	(void)snprintf(name, ROUTE_LEN, "%s:%s", insurer->code, endpoint->channel);
}

/* ---- list ---- */

struct depth {
	int64_t waiting, oldest_ms;
};

/* Summed over hospitals, one at a time, as row-level security wants it. */
static int route_depth(struct ctl *ctl, const char *route, struct depth *ret_depth)
{
	const struct hospital *hospital;
	uint32_t index = 0;
	int r = 0;

	*ret_depth = (struct depth){0};
	while (r == 0 && (hospital = ctl_hospital_next(ctl, NULL, &index)) != NULL) {
		struct pg_result *rows = NULL;

		r = ctl_begin(ctl, &hospital->id, false);
		if (r == 0)
			r = ctl_query(ctl, &rows,
				"SELECT count(*), min(created_at) FROM outbox WHERE hospital_id = $1 AND role = 2 AND route = $2",
				"ut", &hospital->id, route);
		if (r == 0) r = ctl_commit(ctl);
		if (r == 0 && db_rows_int(rows, 0, 0) > 0) {
			int64_t oldest = db_rows_time_ms(rows, 0, 1);

			ret_depth->waiting += db_rows_int(rows, 0, 0);
			if (ret_depth->oldest_ms == 0 || oldest < ret_depth->oldest_ms) ret_depth->oldest_ms = oldest;
		}
		db_sync_rows_free(rows);
	}
	return r;
}

static int list_route(struct ctl *ctl, const struct insurer *insurer, const char *route, struct table *table)
{
	struct pg_result *rows = NULL;
	struct depth depth = {0};
	bool has_row;
	bool stopped;
	int r = ctl_query(ctl, &rows,
		"SELECT CASE WHEN until > now() THEN owner END, breaker, CASE WHEN stopped THEN stopped_at ELSE breaker_since END, stopped, stopped_by, stopped_why, last_error"
		" FROM route_lease WHERE route = $1",
		"t", route);

	if (r == 0) r = route_depth(ctl, route, &depth);
	if (r < 0) {
		db_sync_rows_free(rows);
		return r;
	}
	has_row = db_rows_count(rows) > 0;
	stopped = has_row && db_rows_bool(rows, 0, 3);
	table_add(table, cell_text(insurer->code));
	table_add(table, cell_text(insurer->name));
	table_add(table, cell_text(route));
	table_add(table, stopped   ? cell_word("STOPPED", db_rows_text(rows, 0, 1))
			 : has_row ? cell_text(db_rows_text(rows, 0, 1))
				   : cell_text("never used"));
	table_add(table, cell_bool(stopped));
	table_add(table,
		has_row && !db_rows_null(rows, 0, 2) ? cell_time(NULL, db_rows_time_ms(rows, 0, 2)) : cell_none());
	table_add(table, has_row ? cell_text(db_rows_text(rows, 0, 0)) : cell_none());
	table_add(table, cell_int(insurer->window_max));
	table_add(table, cell_int(depth.waiting));
	table_add(table, depth.waiting == 0 ? cell_none() : cell_age(depth.oldest_ms, clock_wall_ms()));
	table_add(table, has_row ? cell_text(db_rows_text(rows, 0, 4)) : cell_none());
	table_add(table, has_row ? cell_text(db_rows_text(rows, 0, stopped ? 5 : 6)) : cell_none());
	db_sync_rows_free(rows);
	return 0;
}

static int insurer_list(struct ctl *ctl, int argc, char **argv)
{
	static const struct column columns[] = {{"insurer", "insurer"}, {"name", "name"}, {"route", "route"},
		{"breaker", "state"}, {"stopped", NULL}, {"since", NULL}, {"owner", "owner"},
		{"window_max", "window at most"}, {"waiting", "waiting"}, {"oldest_s", "oldest"}, {"stopped_by", NULL},
		{"why", "why / last error"}};
	const char *words[CTL_WORDS_MAX];
	struct report report;
	struct table table;
	int r = ctl_arguments(argc, argv, NULL, 0, 0, words);

	if (r != 0) return r;
	report_begin(&report, ctl);
	table_begin(&table, columns, ARRAY_LEN(columns));
	for (uint32_t i = 0; r == 0 && i < ctl->directory->insurer_count; i++) {
		const struct insurer *insurer = ctl->directory->insurers[i];

		for (uint32_t e = 0; r == 0 && e < insurer->endpoint_count; e++) {
			char route[ROUTE_LEN];
			char earlier[ROUTE_LEN];
			bool again = false;

			route_name(insurer, insurer->endpoints[e], route);
			for (uint32_t k = 0; k < e; k++) {
				route_name(insurer, insurer->endpoints[k], earlier);
				again = again || strcmp(earlier, route) == 0;
			}
			if (!again) r = list_route(ctl, insurer, route, &table);
		}
	}
	table_end(&table, &report, "routes", NULL, "no insurers are configured");
	if (r < 0) {
		json_decref(report.root);
		return ctl_fail("could not list insurers");
	}
	return report_end(&report, 0);
}

/* ---- test ---- */

struct probe {
	CURLcode code;
	char error[CURL_ERROR_SIZE];
	long status;
	int64_t expires_ms; /* of the peer's certificate; 0: unknown */
	int64_t connect_ms, total_ms;
	struct buf answer;
	struct question *question; /* NULL: metadata is asked for */
	const char *refused;       /* why the module finds its question not answered; NULL: it was */
};

static size_t swallow(char *ptr, size_t size, size_t count, void *arg)
{
	struct probe *probe = arg;

	return buf_append(&probe->answer, ptr, size * count) < 0 ? 0 : size * count;
}

/* "Expire date:Nov 21 12:00:00 2027 GMT" of the first certificate of the chain. */
static int64_t certificate_expires(CURL *easy)
{
	const struct curl_certinfo *info = NULL;

	if (curl_easy_getinfo(easy, CURLINFO_CERTINFO, &info) != CURLE_OK || info == NULL || info->num_of_certs < 1)
		return 0;
	for (const struct curl_slist *line = info->certinfo[0]; line != NULL; line = line->next) {
		static const char key[] = "Expire date:";
		time_t when;

		if (strncasecmp(line->data, key, sizeof(key) - 1) != 0) continue;
		when = curl_getdate(line->data + sizeof(key) - 1, NULL);
		return when == -1 ? 0 : (int64_t)when * 1000;
	}
	return 0;
}

static bool set_trust(CURL *easy, const struct endpoint *endpoint, char *pins, size_t pins_len)
{
	size_t n = 0;
	bool ok = true;

	for (uint32_t i = 0; i < endpoint->pin_count && n < pins_len; i++)
		n += (size_t)snprintf(pins + n, pins_len - n, "%s%s", i > 0 ? ";" : "", endpoint->pins[i]);
	ok = ok && curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK;
	ok = ok && curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK;
	ok = ok && curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK;
	ok = ok && curl_easy_setopt(easy, CURLOPT_CAPATH, NULL) == CURLE_OK;
	if (endpoint->ca_file != NULL) ok = ok && curl_easy_setopt(easy, CURLOPT_CAINFO, endpoint->ca_file) == CURLE_OK;
	if (endpoint->certificate != NULL) {
		ok = ok && curl_easy_setopt(easy, CURLOPT_SSLCERT, endpoint->certificate) == CURLE_OK;
		ok = ok && curl_easy_setopt(easy, CURLOPT_SSLKEY, endpoint->private_key) == CURLE_OK;
	}
	if (n > 0) ok = ok && curl_easy_setopt(easy, CURLOPT_PINNEDPUBLICKEY, pins) == CURLE_OK;
	return ok && curl_easy_setopt(easy, CURLOPT_CERTINFO, 1L) == CURLE_OK;
}

/* Where and what: metadata, or the module's own question. */
static bool set_request(
	CURL *easy, const struct endpoint *endpoint, struct question *question, struct curl_slist **headers)
{
	char url[4096];
	size_t len = strlen(endpoint->url);
	bool slash = len > 0 && endpoint->url[len - 1] == '/', ok = true;

	if (question == NULL) {
		(void)snprintf(url, sizeof(url), "%s%smetadata", endpoint->url, slash ? "" : "/");
		return curl_easy_setopt(easy, CURLOPT_URL, url) == CURLE_OK;
	}
	(void)snprintf(url, sizeof(url), "%s%s", endpoint->url, question->letter.path);
	ok = ok && curl_easy_setopt(easy, CURLOPT_URL, url) == CURLE_OK;
	for (size_t i = 0; ok && i < question->letter.header_count; i++) {
		const struct outbound_header *header = &question->letter.headers[i];
		const char *line = arena_printf(&question->arena, "%s: %s", header->name, header->value);
		struct curl_slist *more = line == NULL ? NULL : curl_slist_append(*headers, line);

		ok = more != NULL;
		if (ok) *headers = more;
	}
	ok = ok && curl_easy_setopt(easy, CURLOPT_HTTPHEADER, *headers) == CURLE_OK;
	ok = ok &&
	     curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, outbound_method_name(question->letter.method)) == CURLE_OK;
	if (question->letter.body.len == 0) return ok;
	ok = ok && curl_easy_setopt(easy, CURLOPT_POSTFIELDS, question->letter.body.ptr) == CURLE_OK;
	return ok && curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)question->letter.body.len) == CURLE_OK;
}

static int probe_run(const struct endpoint *endpoint, struct question *question, struct probe *probe)
{
	CURL *easy = curl_easy_init();
	struct curl_slist *headers = NULL;
	char pins[1024] = "";
	curl_off_t connect_us = 0;
	curl_off_t total_us = 0;
	bool ok;

	*probe = (struct probe){.answer = BUF_INIT(ANSWER_BYTES_MAX), .question = question};
	if (easy == NULL) return err_set(ERR_NOMEM, "no memory for a connection");
	ok = set_request(easy, endpoint, question, &headers) && set_trust(easy, endpoint, pins, sizeof(pins));
	ok = ok &&
	     curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, endpoint->allow_plain ? "https,http" : "https") == CURLE_OK;
	ok = ok && curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK;
	ok = ok && curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK;
	ok = ok && curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK;
	ok = ok && curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS,
			   (long)(endpoint->deadline_ms > 0 && endpoint->deadline_ms < 60000 ? endpoint->deadline_ms
											     : 60000)) == CURLE_OK;
	ok = ok && curl_easy_setopt(easy, CURLOPT_USERAGENT, "zhifuctl/" ZHIFU_VERSION) == CURLE_OK;
	ok = ok && curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, probe->error) == CURLE_OK;
	ok = ok && curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, swallow) == CURLE_OK;
	ok = ok && curl_easy_setopt(easy, CURLOPT_WRITEDATA, probe) == CURLE_OK;
	if (!ok) {
		curl_slist_free_all(headers);
		curl_easy_cleanup(easy);
		return err_set(ERR_INVALID, "this libcurl lacks what verification needs");
	}
	probe->code = curl_easy_perform(easy);
	(void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &probe->status);
	(void)curl_easy_getinfo(easy, CURLINFO_APPCONNECT_TIME_T, &connect_us);
	(void)curl_easy_getinfo(easy, CURLINFO_TOTAL_TIME_T, &total_us);
	probe->connect_ms = connect_us / 1000;
	probe->total_ms = total_us / 1000;
	probe->expires_ms = certificate_expires(easy);
	curl_slist_free_all(headers);
	curl_easy_cleanup(easy);
	if (question != NULL && probe->code == CURLE_OK)
		probe->refused =
			question_judge(question, probe->status, (struct bytes){probe->answer.ptr, probe->answer.len});
	return 0;
}

static const char *probe_advice(const struct probe *probe, bool expires_soon)
{
	switch (probe->code) {
	case CURLE_OK:
		if (probe->status >= 500) return "the insurer's server is ill: tell them";
		if (probe->status == 401 || probe->status == 403)
			return "reached; it does not know our certificate or token";
		if (probe->status != 200 && probe->question != NULL)
			return "reached, its certificate is right; its service is not at this URL: check endpoint and path";
		if (probe->refused != NULL)
			return "reached, but its answer is no good: where it refuses, look at login, password and licences";
		if (probe->status != 200)
			return "reached, its certificate is right; without metadata nothing shows that it speaks FHIR";
		return expires_soon ? "its certificate ends soon: ask for the next one and its pin" : "fine";
	case CURLE_COULDNT_RESOLVE_HOST:
		return "the name is not known: check the URL and the resolver";
	case CURLE_COULDNT_CONNECT:
		return "nothing listens there, or a firewall is between";
	case CURLE_OPERATION_TIMEDOUT:
		return "no answer in time: firewall, VPN or an overloaded server";
	case CURLE_PEER_FAILED_VERIFICATION:
		return "its certificate is not the one that ca_file vouches for: do not go on before you know why";
	case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
		return "its key is none of the pinned ones: ask the insurer by telephone before you change the pins";
	case CURLE_SSL_CERTPROBLEM:
		return "our client certificate or its key cannot be used";
	default:
		return "see the error";
	}
}

/* An answer that shows that work can be done there; without one nobody should believe it. */
static bool probe_failed(const struct probe *probe)
{
	return probe->code != CURLE_OK || probe->status >= 500 || probe->refused != NULL ||
	       (probe->question != NULL && probe->status != 200);
}

static const char *probe_error(const struct probe *probe)
{
	if (probe->code == CURLE_OK) return probe->refused;
	return probe->error[0] != '\0' ? probe->error : curl_easy_strerror(probe->code);
}

static void probe_row(const struct endpoint *endpoint, const struct hospital *hospital, const struct probe *probe,
	struct table *table)
{
	const char *error = probe_error(probe);
	bool reached = probe->code == CURLE_OK;
	bool soon = probe->expires_ms != 0 &&
		    probe->expires_ms < clock_wall_ms() + CERTIFICATE_WARN_DAYS * INT64_C(86400000);

	table_add(table, cell_text(endpoint->name));
	table_add(table, hospital == NULL ? cell_none() : cell_text(hospital->code));
	table_add(table, cell_word(reached ? "yes" : "NO", reached ? "yes" : "no"));
	table_add(table, probe->status == 0 ? cell_none() : cell_int(probe->status));
	table_add(table, cell_int(probe->connect_ms));
	table_add(table, cell_int(probe->total_ms));
	table_add(table, probe->expires_ms == 0 ? cell_none() : cell_time(NULL, probe->expires_ms));
	table_add(table, cell_int(endpoint->pin_count));
	table_add(table, error == NULL ? cell_none() : cell_text(error));
	table_add(table, cell_text(probe_advice(probe, soon)));
}

/* What could not even be asked. */
static void mistake_row(const struct endpoint *endpoint, const struct hospital *hospital, struct table *table)
{
	table_add(table, cell_text(endpoint->name));
	table_add(table, cell_text(hospital->code));
	table_add(table, cell_word("NO", "no"));
	for (int i = 0; i < 4; i++) table_add(table, cell_none());
	table_add(table, cell_int(endpoint->pin_count));
	table_add(table, cell_text(err_text()));
	table_add(table, cell_text("mend the insurer's file: nothing was asked"));
}

/* The questions that the module has for this endpoint, of each hospital; *ret_none: it has none. */
static int test_questions(const struct ctl *ctl, const struct questions *questions, const struct insurer *insurer,
	const struct endpoint *endpoint, struct table *table, bool *failed, bool *ret_none)
{
	int r = 0;

	*ret_none = true;
	for (uint32_t h = 0; r == 0 && h < ctl->directory->hospital_count; h++) {
		const struct hospital *hospital = ctl->directory->hospitals[h];
		struct question question;
		struct probe probe = {0};

		r = question_make(questions, hospital, insurer, endpoint->name, &question);
		if (r == 0) r = probe_run(endpoint, &question, &probe);
		if (r == 0) {
			probe_row(endpoint, hospital, &probe, table);
			*failed = *failed || probe_failed(&probe);
		} else if (r == ERR_INVALID) {
			mistake_row(endpoint, hospital, table);
			*failed = true;
		}
		buf_free(&probe.answer);
		question_free(&question);
		if (r == ERR_NOTFOUND) return 0;
		*ret_none = false;
		if (r == ERR_INVALID) r = 0;
	}
	return r;
}

static int test_endpoint(const struct ctl *ctl, const struct questions *questions, const struct insurer *insurer,
	const struct endpoint *endpoint, struct table *table, bool *failed)
{
	struct probe probe;
	bool none;
	int r = test_questions(ctl, questions, insurer, endpoint, table, failed, &none);

	if (r < 0 || !none) return r;
	r = probe_run(endpoint, NULL, &probe);
	if (r == 0) {
		probe_row(endpoint, NULL, &probe, table);
		*failed = *failed || probe_failed(&probe);
	}
	buf_free(&probe.answer);
	return r;
}

static int insurer_test(struct ctl *ctl, int argc, char **argv)
{
	static const struct column columns[] = {{"endpoint", "endpoint"}, {"hospital", "hospital"}, {"ok", "reached"},
		{"http_status", "HTTP"}, {"tls_ms", "TLS ms"}, {"total_ms", "all ms"},
		{"certificate_until", "certificate until"}, {"pins", "pins"}, {"error", "error"},
		{"advice", "what to do"}};
	const char *words[CTL_WORDS_MAX];
	const struct insurer *insurer;
	struct questions questions;
	struct report report;
	struct table table;
	bool failed = false;
	int r = ctl_arguments(argc, argv, NULL, 1, 1, words);

	if (r != 0) return r;
	insurer = directory_insurer(ctl->directory, words[0]);
	if (insurer == NULL) return ctl_usage("no insurer with code \"%s\" is configured", words[0]);
	report_begin(&report, ctl);
	report_field(&report, "insurer", "insurer", cell_word(insurer->name, insurer->code));
	table_begin(&table, columns, ARRAY_LEN(columns));
	questions_open(&questions, ctl);
	for (uint32_t e = 0; r == 0 && e < insurer->endpoint_count; e++)
		r = test_endpoint(ctl, &questions, insurer, insurer->endpoints[e], &table, &failed);
	questions_close(&questions);
	table_end(&table, &report, "endpoints", NULL, "it has no endpoints");
	if (r < 0) {
		json_decref(report.root);
		return ctl_fail("could not test");
	}
	return report_end(&report, failed ? 1 : 0);
}

const struct ctl_command insurer_commands[] = {
	{"insurer list", "", "insurers and how their routes stand", CTL_CONFIG | CTL_DB, insurer_list},
	{"insurer test", "CODE",
		"connects to an insurer, verifies its certificate and asks it something harmless; sends no claim",
		CTL_CONFIG, insurer_test},
	{NULL, NULL, NULL, 0, NULL},
};

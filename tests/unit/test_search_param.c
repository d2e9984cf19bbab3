/* Search parameters: what dates with prefixes find, against a plain model of time; what values are refused; and the
 * cursor, which must give back the plan and nothing to anybody else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cursor.h"
#include "intake/search.h"
#include "lib/date.h"

static struct arena arena;
static struct keyring *ring;
static char key_path[64];
static const struct uuid hospital = {{1, 2, 3}}, stranger = {{1, 2, 4}};

static int set_up(void **state)
{
	(void)state;
	arena_init(&arena, 64u << 20);
	snprintf(key_path, sizeof(key_path), "/tmp/zf-search-%d.keys", (int)getpid());
	(void)unlink(key_path);
	assert_int_equal(keyring_create(key_path), 0);
	assert_int_equal(keyring_load(key_path, false, &ring), 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	keyring_free(ring);
	(void)unlink(key_path);
	arena_free(&arena);
	return 0;
}

/* ---- dates ---- */

static struct search_date date_of(const char *text)
{
	struct search_date date;
	if (search_date_parse(text_of(text), 480, &date) != 0) fail_msg("%s", text);
	return date;
}

static int64_t ms_of(const char *text)
{
	struct date date;
	int64_t ms;
	assert_int_equal(date_parse(text_of(text), DATE_KIND_DATETIME, &date), 0);
	assert_int_equal(date_to_ms(&date, 480, &ms), 0);
	return ms;
}

static bool finds(const char *condition, const char *instant)
{
	struct search_date date = date_of(condition);
	int64_t ms = ms_of(instant);
	return search_date_meets(&date, ms, ms + 1);
}

static void test_prefixes_of_an_instant(void **state)
{
	(void)state;
	/* A bare day is the hospital's: Shanghai's 21 November begins at 16:00 UTC of the 20th. */
	static const char first[] = "2026-11-20T16:00:00Z", last[] = "2026-11-21T15:59:59.999Z";
	static const char before[] = "2026-11-20T15:59:59.999Z", after[] = "2026-11-21T16:00:00Z";
	static const struct {
		const char *condition;
		bool before, first, last, after;
	} rows[] = {
		{"2026-11-21", false, true, true, false},
		{"eq2026-11-21", false, true, true, false},
		{"ne2026-11-21", true, false, false, true},
		{"gt2026-11-21", false, false, false, true},
		{"ge2026-11-21", false, true, true, true},
		{"lt2026-11-21", true, false, false, false},
		{"le2026-11-21", true, true, true, false},
		{"sa2026-11-21", false, false, false, true},
		{"eb2026-11-21", true, false, false, false},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		print_message("%s\n", rows[i].condition);
		assert_int_equal(finds(rows[i].condition, before), rows[i].before);
		assert_int_equal(finds(rows[i].condition, first), rows[i].first);
		assert_int_equal(finds(rows[i].condition, last), rows[i].last);
		assert_int_equal(finds(rows[i].condition, after), rows[i].after);
	}
	assert_true(finds("2026", first) && finds("2026-11", first) && finds("ge2026-11-21T00:00:00+08:00", first));
	assert_false(finds("gt2026-11-21T00:00:00+08:00", first));
	assert_true(finds("gt2026-11-20T23:59:59+08:00", first));
}

static void test_an_element_may_be_vague_too(void **state)
{
	(void)state;
	struct search_date day = date_of("2026-11-21"), ge = date_of("ge2026-11-21"), gt = date_of("gt2026-11-21");
	struct search_date month = date_of("2026-11"), sa = date_of("sa2026-11-21");
	int64_t begin = month.begin_ms, end = month.end_ms;
	/* "2026-11" is not certainly the 21st, is partly after it, and not wholly. */
	assert_false(search_date_meets(&day, begin, end));
	assert_true(search_date_meets(&ge, begin, end));
	assert_true(search_date_meets(&gt, begin, end));
	assert_false(search_date_meets(&sa, begin, end));
	assert_true(search_date_meets(&month, day.begin_ms, day.end_ms));
}

/* For any condition and any instant: eq or ne; and gt, eq, lt divide all time. */
static void test_prefixes_divide_time(void **state)
{
	(void)state;
	srandom(7);
	for (int i = 0; i < 20000; i++) {
		char text[40], condition[48];
		int year = 1999 + (int)(random() % 60), month = 1 + (int)(random() % 12);
		int day = 1 + (int)(random() % date_month_days(year, (unsigned)month));
		switch (random() % 4) {
		case 0:
			snprintf(text, sizeof(text), "%04d", year);
			break;
		case 1:
			snprintf(text, sizeof(text), "%04d-%02d", year, month);
			break;
		case 2:
			snprintf(text, sizeof(text), "%04d-%02d-%02d", year, month, day);
			break;
		default:
			snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02dZ", year, month, day,
				(int)(random() % 24), (int)(random() % 60), (int)(random() % 60));
		}
		struct search_date base = date_of(text);
		int64_t span = base.end_ms - base.begin_ms;
		int64_t at = base.begin_ms - span + random() % (3 * span);
		bool met[8];
		static const char *const prefixes[] = {"eq", "ne", "gt", "lt", "ge", "le", "sa", "eb"};
		for (int p = 0; p < 8; p++) {
			snprintf(condition, sizeof(condition), "%s%s", prefixes[p], text);
			struct search_date date = date_of(condition);
			assert_int_equal(date.prefix, p);
			met[p] = search_date_meets(&date, at, at + 1);
		}
		assert_true(met[SEARCH_EQ] != met[SEARCH_NE]);
		assert_int_equal(met[SEARCH_GT] + met[SEARCH_EQ] + met[SEARCH_LT], 1);
		assert_int_equal(met[SEARCH_GE], met[SEARCH_GT] || met[SEARCH_EQ]);
		assert_int_equal(met[SEARCH_LE], met[SEARCH_LT] || met[SEARCH_EQ]);
		/* Of an instant, after is greater and before is less. */
		assert_int_equal(met[SEARCH_SA], met[SEARCH_GT]);
		assert_int_equal(met[SEARCH_EB], met[SEARCH_LT]);
	}
}

static void test_what_is_no_date(void **state)
{
	(void)state;
	static const char *const bad[] = {"", "ge", "ap2026", "2026-13", "2026-02-30", "2026-1-1", "GE2026", "ge 2026",
		"2026-11-21T10:00", "2026-11-21T25:00:00Z", "gege2026", "yesterday", "2026-11-21 "};
	struct search_date date;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (search_date_parse(text_of(bad[i]), 0, &date) == 0) fail_msg("\"%s\" is taken", bad[i]);
}

/* ---- requests ---- */

static int parse(enum search_type type, const char *query, bool is_post, struct fault_list *faults,
	struct search_request *request)
{
	struct http_param *params;
	size_t count;
	fault_list_init(faults, &arena.zf, 0);
	assert_int_equal(http_query_parse(query, strlen(query), &arena.zf, &params, &count), 0);
	return search_request_parse(
		type, params, count, is_post, false, 480, "https://h.example", &arena.zf, faults, request);
}

static void test_requests(void **state)
{
	(void)state;
	struct fault_list faults;
	struct search_request request;
	assert_int_equal(parse(SEARCH_CLAIM, "", false, &faults, &request), 0);
	assert_int_equal(request.count, SEARCH_COUNT_DEFAULT);
	assert_false(request.ids.present || request.has_status || request.is_ascending);
	assert_int_equal(
		parse(SEARCH_CLAIM,
			"_id=00000000-0000-7000-8000-000000000001,nothing&identifier=s%5C%7Ct%7Cv%5C,w,%7Cx&use=claim&_count=9999&_sort=_lastUpdated&created=ge2026,le2020&created=ne2025",
			false, &faults, &request),
		0);
	assert_false(fault_refuses(&faults));
	assert_int_equal(request.ids.count, 1);
	assert_int_equal(request.identifiers.count, 2);
	assert_string_equal(request.identifiers.items[0].system, "s|t");
	assert_string_equal(request.identifiers.items[0].value, "v,w");
	assert_string_equal(request.identifiers.items[1].system, "");
	assert_int_equal(request.use, 1);
	assert_int_equal(request.count, 200);
	assert_true(request.is_ascending);
	assert_int_equal(request.date_count, 3);
	assert_int_equal(request.dates[0].group, request.dates[1].group);
	assert_int_not_equal(request.dates[0].group, request.dates[2].group);
	/* Repeated means both. */
	assert_int_equal(parse(SEARCH_CLAIM, "use=claim&use=preauthorization", false, &faults, &request), 0);
	assert_int_equal(request.use, 0);
	assert_int_equal(parse(SEARCH_TASK, "focus=https://h.example/fhir/Claim/00000000-0000-7000-8000-000000000001",
				 false, &faults, &request),
		0);
	assert_int_equal(request.claims.count, 1);
	assert_int_equal(parse(SEARCH_EXPLANATION, "_count=200", false, &faults, &request), 0);
	assert_int_equal(request.count, 50);
}

static void test_all_faults_at_once(void **state)
{
	(void)state;
	struct fault_list faults;
	struct search_request request;
	assert_int_equal(
		parse(SEARCH_CLAIM,
			"nothing=1&_count=-1&use=gift&created=soon&_sort=age&patient=https%3A%2F%2Fx%2FPatient%2F1&identifier=&_format=xml",
			false, &faults, &request),
		0);
	assert_int_equal(faults.count, 8);
	assert_int_equal(faults.items[0].code, FAULT_SEARCH_PARAMETER);
	assert_string_equal(faults.items[0].arg1, "nothing");
	for (uint32_t i = 1; i < faults.count; i++) assert_int_equal(faults.items[i].code, FAULT_SEARCH_VALUE);
	/* What is no name is not said again: it may be a value in the wrong place. */
	assert_int_equal(parse(SEARCH_CLAIM, "%E5%BC%A0%E4%B8%89=1", false, &faults, &request), 0);
	assert_string_equal(faults.items[0].arg1, "");
	assert_int_equal(parse(SEARCH_CLAIM, "_id=1,2,3,4,5,6,7,8", false, &faults, &request), 0);
	assert_false(fault_refuses(&faults));
	assert_int_equal(
		parse(SEARCH_CLAIM, "identifier=a|1,a|2,a|3,a|4,a|5,a|6,a|7,a|8,a|9", false, &faults, &request), 0);
	assert_true(fault_refuses(&faults));
	assert_int_equal(
		parse(SEARCH_CLAIM, "patient=https://x/Patient/1&patient.identifier=a|b", true, &faults, &request), 0);
	assert_true(fault_refuses(&faults));
	assert_int_equal(parse(SEARCH_CLAIM, "patient=Patient/1", true, &faults, &request), 0);
	assert_true(fault_refuses(&faults));
}

/* Every parameter of every table is read without a crash, whatever stands behind it. */
static void test_any_bytes(void **state)
{
	(void)state;
	static const char letters[] = "ab1|,\\:/-._%TZ0";
	struct fault_list faults;
	struct search_request request;
	srandom(11);
	for (int i = 0; i < 20000; i++) {
		struct http_param params[3];
		char values[3][24];
		enum search_type type = (enum search_type)(random() % SEARCH_TYPES);
		const struct search_type_info *info = search_type_info(type);
		for (int p = 0; p < 3; p++) {
			size_t len = (size_t)(random() % 23);
			for (size_t k = 0; k < len; k++) values[p][k] = letters[random() % (long)(sizeof(letters) - 1)];
			values[p][len] = '\0';
			params[p].name = info->parameters[random() % (long)info->parameter_count].name;
			params[p].value = values[p];
		}
		struct arena own;
		arena_init(&own, 1u << 20);
		fault_list_init(&faults, &own.zf, 0);
		assert_int_equal(
			search_request_parse(type, params, 3, true, false, 0, "https://h", &own.zf, &faults, &request),
			0);
		arena_free(&own);
	}
}

/* ---- plans and cursors ---- */

static int plan_of(enum search_type type, const char *query, struct search_plan *plan)
{
	struct fault_list faults;
	struct search_request request;
	assert_int_equal(parse(type, query, true, &faults, &request), 0);
	assert_false(fault_refuses(&faults));
	return search_plan_make(&request, ring, &hospital, &arena.zf, &faults, plan);
}

static void test_a_stretch_holds_all_that_is_met(void **state)
{
	(void)state;
	static const char *const queries[] = {"_lastUpdated=2026-11-21",
		"_lastUpdated=ge2026-11&_lastUpdated=lt2026-12", "_lastUpdated=gt2026-11-21",
		"_lastUpdated=ne2026-11-21", "_lastUpdated=2026-01,2026-03",
		"_lastUpdated=le2026-11-21&_lastUpdated=sa2026-11-20", "_lastUpdated=eb2026-11-21"};
	srandom(13);
	for (size_t q = 0; q < ARRAY_LEN(queries); q++) {
		struct search_plan plan;
		int64_t from, until, base = ms_of("2026-01-01");
		unsigned met = 0;
		assert_int_equal(plan_of(SEARCH_CLAIM, queries[q], &plan), 0);
		search_plan_stretch(&plan, &from, &until);
		for (int i = 0; i < 5000; i++) {
			int64_t at = base + random() % (366LL * 86400) * 1000;
			if (!search_plan_meets(&plan, SEARCH_BY_UPDATED, at, at + 1)) continue;
			met++;
			assert_true(at >= from && at < until);
		}
		assert_true(met > 0);
	}
}

static void test_a_cursor_gives_the_plan_back(void **state)
{
	(void)state;
	struct search_plan plan, again;
	const char *text;
	assert_int_equal(
		plan_of(SEARCH_CLAIM,
			"identifier=a|1,a|2&patient.identifier=m|Zhang&created=ge2026&_count=7&_sort=_id&use=claim",
			&plan),
		0);
	plan.has_position = true;
	plan.position = uuid_new();
	assert_int_equal(search_cursor_write(&plan, ring, &hospital, &arena.zf, &text), 0);
	assert_true(strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == strlen(text));
	assert_int_equal(search_cursor_read(text, ring, &hospital, SEARCH_CLAIM, &arena.zf, &again), 0);
	assert_int_equal(again.count, 7);
	assert_true(again.is_ascending && again.persons.present && again.named.present && again.has_position);
	assert_int_equal(again.named.count, plan.named.count);
	assert_memory_equal(again.named.items, plan.named.items, sizeof(plan.named.items[0]) * plan.named.count);
	assert_memory_equal(
		again.persons.items, plan.persons.items, sizeof(plan.persons.items[0]) * plan.persons.count);
	assert_memory_equal(&again.position, &plan.position, sizeof(plan.position));
	assert_int_equal(again.date_count, 1);
	assert_int_equal(again.dates[0].begin_ms, plan.dates[0].begin_ms);
	/* Not another hospital's, not of another search, not with a bit changed, not shorter. */
	assert_int_equal(search_cursor_read(text, ring, &stranger, SEARCH_CLAIM, &arena.zf, &again), ERR_INVALID);
	assert_int_equal(search_cursor_read(text, ring, &hospital, SEARCH_TASK, &arena.zf, &again), ERR_INVALID);
	size_t len = strlen(text);
	char *bent = zf_strdup(&arena.zf, text);
	for (size_t i = 0; i < len; i++) {
		bent[i] = bent[i] == 'A' ? 'B' : 'A';
		assert_int_equal(
			search_cursor_read(bent, ring, &hospital, SEARCH_CLAIM, &arena.zf, &again), ERR_INVALID);
		bent[i] = text[i];
	}
	for (size_t i = 0; i < len; i++) {
		bent[i] = '\0';
		assert_int_equal(
			search_cursor_read(bent, ring, &hospital, SEARCH_CLAIM, &arena.zf, &again), ERR_INVALID);
		bent[i] = text[i];
	}
	/* The same plan has another cursor each time: they can't be compared. */
	const char *second;
	assert_int_equal(search_cursor_write(&plan, ring, &hospital, &arena.zf, &second), 0);
	assert_string_not_equal(text, second);
}

static void test_the_largest_search_fits_a_link(void **state)
{
	(void)state;
	struct search_plan plan;
	const char *text;
	assert_int_equal(
		plan_of(SEARCH_TASK,
			"identifier=s|1,s|2,s|3,s|4,s|5,s|6,s|7,s|8&focus.identifier=s|1,s|2,s|3,s|4,s|5,s|6,s|7,s|8&"
			"patient.identifier=s|1,s|2,s|3,s|4,s|5,s|6,s|7,s|8&_lastUpdated=ge2020&_lastUpdated=lt2030",
			&plan),
		0);
	plan.has_position = true;
	assert_int_equal(search_cursor_write(&plan, ring, &hospital, &arena.zf, &text), 0);
	assert_true(strlen(text) <= CURSOR_TEXT_MAX);
	/* Two look-up keys at a time while hashes are made again. */
	plan.persons.count = plan.named.count = plan.own.count = SEARCH_VALUES_MAX * 2;
	assert_int_equal(search_cursor_write(&plan, ring, &hospital, &arena.zf, &text), 0);
	assert_true(strlen(text) <= CURSOR_TEXT_MAX);
	plan.persons.count = plan.named.count = plan.own.count = SEARCH_HASHES_MAX;
	assert_int_equal(search_cursor_write(&plan, ring, &hospital, &arena.zf, &text), ERR_LIMIT);
}

static void test_a_token_without_system_can_not_be_hashed(void **state)
{
	(void)state;
	struct search_plan plan;
	assert_int_equal(plan_of(SEARCH_CLAIM, "identifier=N-1", &plan), ERR_INVALID);
	char ref[REF_TEXT_LEN], query[64];
	ref_new("HZ1", ref);
	snprintf(query, sizeof(query), "identifier=%s", ref);
	assert_int_equal(plan_of(SEARCH_CLAIM, query, &plan), 0);
	assert_int_equal(plan.refs.count, 1);
	assert_false(plan.named.present);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prefixes_of_an_instant),
		cmocka_unit_test(test_an_element_may_be_vague_too),
		cmocka_unit_test(test_prefixes_divide_time),
		cmocka_unit_test(test_what_is_no_date),
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_all_faults_at_once),
		cmocka_unit_test(test_any_bytes),
		cmocka_unit_test(test_a_stretch_holds_all_that_is_met),
		cmocka_unit_test(test_a_cursor_gives_the_plan_back),
		cmocka_unit_test(test_the_largest_search_fits_a_link),
		cmocka_unit_test(test_a_token_without_system_can_not_be_hashed),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}

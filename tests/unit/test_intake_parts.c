/* The parts of intake that need no database: preferences, stamps, scopes, the cache of patients' keys, threads. */
#include <event2/event.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cpu_pool.h"
#include "base/mem.h"
#include "intake/auth.h"
#include "intake/patient_cache.h"
#include "intake/prefer.h"
#include "intake/stamp.h"

static void test_prefer(void **state)
{
	(void)state;
	static const struct {
		const char *value;
		struct prefer prefer;
	} cases[] = {
		{NULL, {PREFER_DEFAULT, 0, false}},
		{"", {PREFER_DEFAULT, 0, false}},
		{"return=minimal", {PREFER_MINIMAL, 0, false}},
		{"return=representation, wait=10", {PREFER_REPRESENTATION, 10, false}},
		{"wait=10;return=representation", {PREFER_REPRESENTATION, 10, false}},
		{"Return = \"OperationOutcome\"", {PREFER_OUTCOME, 0, false}},
		{"respond-async, wait=100000", {PREFER_DEFAULT, PREFER_WAIT_MAX_S, true}},
		{"wait=-1", {PREFER_DEFAULT, 0, false}},
		{"wait=99999999999999999999999", {PREFER_DEFAULT, 0, false}},
		{"handling=strict, , return=minimal", {PREFER_MINIMAL, 0, false}},
		{"return=\"", {PREFER_DEFAULT, 0, false}},
		{"=,;=", {PREFER_DEFAULT, 0, false}},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct prefer prefer = prefer_parse(cases[i].value);
		assert_int_equal(prefer.what, cases[i].prefer.what);
		assert_int_equal(prefer.wait_s, cases[i].prefer.wait_s);
		assert_int_equal(prefer.async, cases[i].prefer.async);
	}
}

static struct text_span span(const char *text)
{
	return (struct text_span){text, strlen(text)};
}

static void test_strip(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{"{\"a\":1}", "{\"a\":1}"},
		{"{\"id\":\"x\"}", "{}"},
		{"{\"id\":\"x\",\"a\":1}", "{\"a\":1}"},
		{"{\"a\":1,\"id\":\"x\"}", "{\"a\":1}"},
		{"{\"a\":1, \"meta\" : {\"id\":2} ,\n\"b\":2,\"id\":\"x\" , \"c\":3}", "{\"a\":1,\"b\":2,\"c\":3}"},
		{"{\"meta\":{},\"id\":\"x\",\"a\":{\"id\":\"y\",\"meta\":1}}", "{\"a\":{\"id\":\"y\",\"meta\":1}}"},
		{"{\"id\":1,\"meta\":2}", "{}"},
	};
	struct arena arena CLEANUP(arena_free);
	arena_init(&arena, 1 << 20);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct bytes text;
		assert_int_equal(stamp_strip(span(cases[i][0]), &arena.zf, &text), 0);
		assert_int_equal(text.len, strlen(cases[i][1]));
		assert_memory_equal(text.ptr, cases[i][1], text.len);
	}
	struct bytes text;
	assert_int_equal(stamp_strip(span("[1]"), &arena.zf, &text), ERR_INVALID);
	assert_int_equal(stamp_strip(span("{\"a\":"), &arena.zf, &text), ERR_INVALID);
}

static void test_stamp(void **state)
{
	(void)state;
	struct arena arena CLEANUP(arena_free);
	struct uuid id, first;
	struct bytes text;
	struct stamp stamp = {.id = &id, .updated_ms = 1700000000123};
	arena_init(&arena, 1 << 20);
	assert_int_equal(uuid_parse("019ab2c4-5a00-7000-8000-000000000001", &id), 0);
	assert_int_equal(uuid_parse("019ab2c4-5a00-7000-8000-000000000002", &first), 0);
	assert_int_equal(
		stamp_apply(
			span("{\"resourceType\":\"Claim\",\"id\":\"x\",\"meta\":{\"versionId\":\"7\",\"profile\":[\"p\"],"
			     "\"lastUpdated\":\"1999\"},\"n\":1.10}"),
			&stamp, &arena.zf, &text),
		0);
	static const char wanted[] =
		"{\"id\":\"019ab2c4-5a00-7000-8000-000000000001\",\"meta\":{\"versionId\":\"1\",\"lastUpdated\":"
		"\"2023-11-14T22:13:20.123Z\",\"profile\":[\"p\"]},\"resourceType\":\"Claim\",\"n\":1.10}";
	assert_int_equal(text.len, sizeof(wanted) - 1);
	assert_memory_equal(text.ptr, wanted, text.len);
	stamp.duplicate_of = &first;
	assert_int_equal(stamp_apply(span("{\"n\":1}"), &stamp, &arena.zf, &text), 0);
	assert_non_null(memmem(text.ptr, text.len, "urn:zhifu:duplicate-of", 22));
	assert_non_null(memmem(text.ptr, text.len, "Claim/019ab2c4-5a00-7000-8000-000000000002", 42));
}

static void test_scope(void **state)
{
	(void)state;
	char text[AUTH_SCOPE_TEXT_MAX];
	assert_int_equal(auth_scope_read(""), 0);
	assert_int_equal(auth_scope_read("submit"), SCOPE_SUBMIT);
	assert_int_equal(auth_scope_read("  read   cancel "), SCOPE_READ | SCOPE_CANCEL);
	assert_int_equal(
		auth_scope_read("system/*.read system/Claim.write unknown submits"), SCOPE_READ | SCOPE_SUBMIT);
	auth_scope_write(SCOPE_SUBMIT | SCOPE_READ | SCOPE_CONSENT | SCOPE_CANCEL, text);
	assert_string_equal(text, "submit read consent cancel");
	assert_int_equal(auth_scope_read(text), SCOPE_SUBMIT | SCOPE_READ | SCOPE_CONSENT | SCOPE_CANCEL);
	/* Money is none of the FHIR scopes, however wide. */
	assert_int_equal(
		auth_scope_read("system/*.* finance.read") & ~auth_scope_read("system/*.*"), SCOPE_FINANCE_READ);
	auth_scope_write(UINT32_MAX, text);
	assert_int_equal(auth_scope_read(text), SCOPE_SUBMIT | SCOPE_READ | SCOPE_CONSENT | SCOPE_CANCEL |
							SCOPE_FINANCE_READ | SCOPE_FINANCE_WRITE | SCOPE_FINANCE_RATES |
							SCOPE_INSPECTOR);
	auth_scope_write(0, text);
	assert_string_equal(text, "");
}

/* ---- the cache ---- */

static void hash_of(unsigned number, uint8_t hash[LOOKUP_HASH_BYTES])
{
	memset(hash, 0, LOOKUP_HASH_BYTES);
	/* Few buckets, so that chains are long. */
	hash[0] = (uint8_t)(number % 3);
	memcpy(hash + 8, &number, sizeof(number));
}

static void put(struct patient_cache *cache, unsigned number)
{
	uint8_t hash[LOOKUP_HASH_BYTES];
	struct uuid id = {{0}};
	struct key key = {{0}};
	hash_of(number, hash);
	memcpy(id.b, &number, sizeof(number));
	memcpy(key.b, &number, sizeof(number));
	patient_cache_put(cache, hash, &id, &key);
}

static bool has(struct patient_cache *cache, unsigned number)
{
	uint8_t hash[LOOKUP_HASH_BYTES];
	struct uuid id;
	struct key key;
	hash_of(number, hash);
	if (!patient_cache_get(cache, hash, &id, &key)) return false;
	assert_memory_equal(id.b, &number, sizeof(number));
	assert_memory_equal(key.b, &number, sizeof(number));
	return true;
}

static void test_cache(void **state)
{
	(void)state;
	enum { MAX = 8 };
	struct patient_cache *cache = NULL;
	assert_int_equal(patient_cache_new(MAX, &cache), 0);
	assert_false(has(cache, 1));
	for (unsigned i = 0; i < MAX; i++) put(cache, i);
	for (unsigned i = 0; i < MAX; i++) assert_true(has(cache, i));
	/* What was asked for last stays. */
	assert_true(has(cache, 0));
	put(cache, 100);
	assert_true(has(cache, 0));
	assert_false(has(cache, 1));
	/* Putting it again is not a second one. */
	for (unsigned i = 0; i < 5; i++) put(cache, 100);
	for (unsigned i = 2; i < MAX; i++) assert_true(has(cache, i));
	patient_cache_free(cache);
	/* Against a plain model. */
	assert_int_equal(patient_cache_new(MAX, &cache), 0);
	unsigned order[MAX], count = 0, seed = 7;
	for (unsigned round = 0; round < 20000; round++) {
		seed = seed * 1103515245u + 12345u;
		unsigned number = (seed >> 16) % 20, at = 0;
		while (at < count && order[at] != number) at++;
		bool known = at < count;
		assert_int_equal(has(cache, number), known);
		if (!known) {
			put(cache, number);
			if (count < MAX) count++;
			at = count - 1;
		}
		memmove(order + 1, order, at * sizeof(*order));
		order[0] = number;
	}
	patient_cache_free(cache);
}

/* ---- threads ---- */

struct job {
	int number, squared;
	pthread_t worker;
	struct counter *counter;
};
struct counter {
	struct event_base *base;
	int done, wanted;
	pthread_t loop;
};

static void work(void *ctx)
{
	struct job *job = ctx;
	job->worker = pthread_self();
	job->squared = job->number * job->number;
}

static void done(void *ctx)
{
	struct job *job = ctx;
	assert_true(pthread_equal(pthread_self(), job->counter->loop));
	assert_false(pthread_equal(job->worker, job->counter->loop));
	assert_int_equal(job->squared, job->number * job->number);
	if (++job->counter->done == job->counter->wanted) (void)event_base_loopbreak(job->counter->base);
}

static void test_threads(void **state)
{
	(void)state;
	enum { JOBS = 500 };
	struct cpu_pool *pool = NULL;
	struct counter counter = {.base = event_base_new(), .wanted = JOBS, .loop = pthread_self()};
	struct job *jobs = calloc(JOBS + 1, sizeof(*jobs));
	assert_int_equal(cpu_pool_new(counter.base, 3, JOBS, &pool), 0);
	for (int i = 0; i < JOBS; i++) {
		jobs[i] = (struct job){.number = i, .counter = &counter};
		assert_int_equal(cpu_pool_run(pool, work, done, &jobs[i]), 0);
	}
	/* Bounded, and done is called from the loop only. */
	assert_int_equal(cpu_pool_run(pool, work, done, &jobs[JOBS]), ERR_LIMIT);
	assert_int_equal(counter.done, 0);
	(void)event_base_dispatch(counter.base);
	assert_int_equal(counter.done, JOBS);
	/* Freed with work in it: nobody is told. */
	for (int i = 0; i < JOBS; i++) assert_int_equal(cpu_pool_run(pool, work, done, &jobs[i]), 0);
	cpu_pool_free(pool);
	assert_int_equal(counter.done, JOBS);
	event_base_free(counter.base);
	free(jobs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prefer),
		cmocka_unit_test(test_strip),
		cmocka_unit_test(test_stamp),
		cmocka_unit_test(test_scope),
		cmocka_unit_test(test_cache),
		cmocka_unit_test(test_threads),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Adapters are held to the ABI: loading, declared keys, profiles, and the certification of good and bad modules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "translate/adapter.h"
#include "translate/adapter_check.h"
#include "translate/context.h"
#include "translate_probe.h"

static const char *root(void)
{
	const char *path = getenv("ZHIFU_ROOT");
	return path != NULL ? path : ".";
}

/* ---- the table ---- */

static void test_accept(void **state)
{
	(void)state;
	struct zf_adapter table = probe_adapter;
	struct adapter adapter;
	assert_int_equal(adapter_accept(&table, &adapter), 0);
	assert_string_equal(adapter.name, "probe");
	table.abi_minor++;
	assert_int_equal(adapter_accept(&table, &adapter), ERR_INVALID);
	table = probe_adapter;
	table.abi_major++;
	assert_int_equal(adapter_accept(&table, &adapter), ERR_INVALID);
	table = probe_adapter;
	table.step = NULL;
	assert_int_equal(adapter_accept(&table, &adapter), ERR_INVALID);
	/* An older, shorter table: what it did not know is zero. */
	table = probe_adapter;
	table.size = offsetof(struct zf_adapter, decode_claims);
	table.decode_claims = (void *)1;
	assert_int_equal(adapter_accept(&table, &adapter), 0);
	assert_null(adapter.table.decode_claims);
	table.size = offsetof(struct zf_adapter, step);
	assert_int_equal(adapter_accept(&table, &adapter), ERR_INVALID);
	/* A newer, longer one. */
	table = probe_adapter;
	table.size = sizeof(table) + 64;
	assert_int_equal(adapter_accept(&table, &adapter), 0);
	assert_int_equal(adapter_load("/nonexistent.so", &adapter), ERR_NOTFOUND);
}

static const struct zf_key keys[] = {{"name", ZF_KEY_TEXT, 1, NULL, ""}, {"count", ZF_KEY_INT, 0, "5", ""},
	{"fast", ZF_KEY_BOOL, 0, NULL, ""}, {"base", ZF_KEY_URL, 0, NULL, ""}, {"reason", ZF_KEY_MAP, 1, NULL, ""},
	{NULL, 0, 0, NULL, NULL}};

static struct adapter keyed(void)
{
	struct zf_adapter table = probe_adapter;
	struct adapter adapter;
	table.keys = keys;
	assert_int_equal(adapter_accept(&table, &adapter), 0);
	return adapter;
}

static size_t key_faults(const struct conf_pair *given, size_t count, const struct conf_map *maps)
{
	struct arena arena CLEANUP(arena_free);
	struct conf_faults faults = {.arena = &arena};
	struct conf_map map = {given, count};
	struct adapter adapter = keyed();
	struct insurer insurer = {.code = "alpha", .module = "probe", .module_keys = &map, .maps = maps};
	arena_init(&arena, 1u << 20);
	adapter_keys_check(&adapter, &insurer, &faults);
	return faults.count;
}

static void test_keys(void **state)
{
	(void)state;
	static const struct conf_pair entry = {"reason/D1", "deductible"};
	const struct conf_map maps = {&entry, 1};
	const struct conf_pair good[] = {{"name", "x"}, {"count", "-7"}, {"fast", "true"}, {"base", "https://a"}};
	const struct conf_pair bad[] = {{"name", "x"}, {"count", "7x"}, {"fast", "yes"}, {"base", "a"}, {"other", "1"}};
	assert_int_equal(key_faults(good, 4, &maps), 0);
	assert_int_equal(key_faults(bad, 5, &maps), 4);
	assert_int_equal(key_faults(good + 1, 3, &maps), 1); /* name is missing */
	assert_int_equal(key_faults(good, 4, NULL), 1);      /* the map is missing */
}

/* ---- what a module sees ---- */

static const struct zf_profile *seen;
static uint32_t opens;

static int32_t look_open(const struct zf_open *open, const void **ret_context, const char **ret_error)
{
	(void)ret_error;
	seen = open->profile;
	opens++;
	*ret_context = open;
	return ZF_OK;
}

static void assert_sees(const char *key, const char *value)
{
	const char *got = seen->get(seen, key);
	if (value == NULL)
		assert_null(got);
	else
		assert_string_equal(got, value);
}

static void test_profile(void **state)
{
	(void)state;
	const struct conf_pair given[] = {{"name", "${hospital.identifier.urn:b}"}, {"base", "https://a"}};
	const struct conf_pair pairs[] = {{"reason/Z", "z"}, {"reason/A", "a"}, {"reasons/A", "no"}, {"place/A", "p"}};
	const struct conf_map key_map = {given, 2}, maps = {pairs, 4};
	const struct zf_identifier one = {.system = "urn:a", .value = "1"}, two = {.system = "urn:b", .value = "2"};
	const struct zf_identifier *const identifiers[] = {&one, &two};
	struct hospital hospital = {.code = "AB1",
		.name = "Harbour",
		.zone_name = "Asia/Shanghai",
		.book_currency = "CNY",
		.identifiers = identifiers,
		.identifier_count = 2};
	struct insurer insurer = {
		.code = "alpha", .name = "Alpha", .module = "probe", .module_keys = &key_map, .maps = &maps};
	struct directory directory = {0};
	struct adapter_set set = {0};
	struct contexts *contexts;
	const struct context *context, *again;
	struct zf_adapter table = probe_adapter;
	table.keys = keys;
	table.open = look_open;
	opens = 0;
	assert_int_equal(adapter_set_add(&set, &table), 0);
	assert_int_equal(contexts_new(&set, &directory, &contexts), 0);
	assert_int_equal(contexts_get(contexts, &hospital, &insurer, &context), 0);
	assert_sees("name", "2");
	assert_sees("module.base", "https://a");
	assert_sees("count", "5");
	assert_sees("fast", NULL);
	assert_sees("hospital.code", "AB1");
	assert_sees("hospital.identifier", "1");
	assert_sees("hospital.identifier.urn:b", "2");
	assert_sees("hospital.identifier.urn:c", NULL);
	assert_sees("insurer.idempotent", "false");
	assert_sees("what", NULL);
	assert_string_equal(seen->map(seen, "reason", "A"), "a");
	assert_string_equal(seen->map(seen, "reason", "Z"), "z");
	assert_string_equal(seen->map(seen, "place", "A"), "p");
	assert_null(seen->map(seen, "reason", "M"));
	assert_null(seen->map(seen, "rea", "A"));
	assert_int_equal(contexts_get(contexts, &hospital, &insurer, &again), 0);
	assert_ptr_equal(context, again);
	assert_int_equal(opens, 1);
	/* Bounded: many hospitals do not pile up, and each gets its own. */
	struct hospital *many = calloc(CONTEXTS_MAX + 100, sizeof(*many));
	for (size_t i = 0; i < CONTEXTS_MAX + 100; i++) {
		many[i] = hospital;
		assert_int_equal(contexts_get(contexts, &many[i], &insurer, &again), 0);
		assert_ptr_equal(again->hospital, &many[i]);
	}
	assert_int_equal(opens, CONTEXTS_MAX + 101);
	insurer.module = "other";
	assert_int_equal(contexts_get(contexts, &(struct hospital){0}, &insurer, &again), ERR_NOTFOUND);
	contexts_free(contexts);
	adapter_set_free(&set);
	free(many);
}

/* ---- certification ---- */

static int check(const char *so_path, const char *golden_dir, char *report, size_t len)
{
	FILE *out = tmpfile();
	struct adapter_check_conf conf = {
		.so_path = so_path, .golden_dir = golden_dir, .out = out, .fuzz_ms = 300, .seed = 7};
	int r = adapter_check_with(&conf);
	rewind(out);
	size_t n = fread(report, 1, len - 1, out);
	report[n] = '\0';
	fclose(out);
	return r;
}

static void test_fhir_certified(void **state)
{
	(void)state;
	char exe[512], so_path[600], golden[600], report[16384];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	assert_true(n > 0);
	exe[n] = '\0';
	*strrchr(exe, '/') = '\0';
	snprintf(so_path, sizeof(so_path), "%s/../adapters/fhir.so", exe);
	if (access(so_path, R_OK) != 0) {
		print_message("skipped: fhir.so has not been built\n");
		skip();
	}
	snprintf(golden, sizeof(golden), "%s/tests/golden/fhir", root());
	int r = check(so_path, golden, report, sizeof(report));
	if (r != 0) print_error("%s\n", report);
	assert_int_equal(r, 0);
	assert_non_null(strstr(report, "\ncertified\n"));
	assert_non_null(strstr(report, "round trips"));
	assert_int_equal(check(so_path, "/nonexistent", report, sizeof(report)), 2);
}

static const char module_source[] =
	"#include \"zhifu_adapter.h\"\n"
	"static int32_t m_open(const struct zf_open *o, const void **c, const char **e) { (void)e; *c = o; return ZF_OK; }\n"
	"static uint32_t m_caps(const void *c) { (void)c; return 0; }\n"
	"static int32_t m_step(const void *c, void *call, const uint8_t *s, uint64_t n, const struct zf_event *e,\n"
	"	struct zf_arena *a, struct zf_result *r) {\n"
	"	static uint32_t count;\n"
	"	(void)c, (void)call, (void)s, (void)n, (void)count;\n"
	"	struct zf_action *action = zf_alloc(a, sizeof(*action));\n"
	"	const struct zf_action **list = zf_alloc(a, sizeof(*list));\n"
	"	struct zf_fact *fact = zf_alloc(a, sizeof(*fact));\n"
	"#ifndef CARELESS\n"
	"	if (action == NULL || list == NULL || fact == NULL) return ZF_NOMEM;\n"
	"#endif\n"
	"	action->size = sizeof(*action); action->kind = ZF_ACTION_DONE; list[0] = action;\n"
	"	r->actions = list; r->action_count = 1;\n"
	"	if (e->kind != ZF_EVENT_REPLY) return ZF_OK;\n"
	"#ifdef FORGETFUL\n"
	"	if (count++ % 2) return ZF_MALFORMED;\n"
	"#endif\n"
	"#ifdef CRASHING\n"
	"	if (e->body_len == 3) __builtin_trap();\n"
	"#endif\n"
	"#ifdef GUESSING\n"
	"	action->kind = ZF_ACTION_FACT; fact->size = sizeof(*fact); fact->kind = ZF_FACT_ADJUDICATED; action->fact = fact;\n"
	"	return ZF_OK;\n"
	"#endif\n"
	"	return e->body_len == 5 ? ZF_OK : ZF_MALFORMED;\n"
	"}\n"
	"static const struct zf_key m_keys[] = {{0}};\n"
	"static const struct zf_adapter m = {.size = sizeof(m), .abi_major = ZF_ABI_MAJOR, .abi_minor = ZF_ABI_MINOR + ABI_OFF,\n"
	"	.name = \"small\", .version = \"1\", .keys = m_keys, .open = m_open, .capabilities = m_caps, .step = m_step};\n"
	"const struct zf_adapter *zf_adapter(void);\n"
	"const struct zf_adapter *zf_adapter(void) { return &m; }\n";

static const char small_case[] =
	"{\"profile\": {}, \"events\": [{\"kind\": \"start_poll\"}, {\"kind\": \"reply\", \"token\": 1, \"status\": 200,"
	" \"body\": \"hello\"}], \"expect\": [{\"verdict\": \"ok\", \"actions\": [{\"done\": true}]},"
	" {\"verdict\": \"ok\", \"actions\": [{\"done\": true}]}]}";

static void write_file(const char *dir, const char *name, const char *text)
{
	char path[256];
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

/* Each kind of badness is found, and named with the place. */
static void test_bad_modules(void **state)
{
	(void)state;
	static const struct {
		const char *define, *report;
		int status;
	} kinds[] = {{"GOOD", "\ncertified", 0}, {"CRASHING", "body cut at byte 3: the module crashes", 1},
		{"CARELESS", "allocation 1 of", 1}, {"GUESSING", "money is concluded from a part", 1},
		{"FORGETFUL", "something else the second time", 1}};
	char dir[] = "/tmp/zf-adapter-check-XXXXXX", command[1024], so_path[128], report[16384];
	if (system("command -v cc >/dev/null 2>&1") != 0) {
		print_message("skipped: there is no compiler\n");
		skip();
	}
	assert_non_null(mkdtemp(dir));
	write_file(dir, "small.c", module_source);
	write_file(dir, "small.case.json", small_case);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		snprintf(so_path, sizeof(so_path), "%s/%s.so", dir, kinds[i].define);
		snprintf(command, sizeof(command),
			"cc -shared -fPIC -g -D%s -DABI_OFF=0 -I'%s/adapters' -o %s %s/small.c", kinds[i].define,
			root(), so_path, dir);
		assert_int_equal(system(command), 0);
		int r = check(so_path, dir, report, sizeof(report));
		if (r != kinds[i].status || strstr(report, kinds[i].report) == NULL)
			print_error("%s: %d\n%s\n", kinds[i].define, r, report);
		assert_int_equal(r, kinds[i].status);
		assert_non_null(strstr(report, kinds[i].report));
	}
	snprintf(command, sizeof(command), "cc -shared -fPIC -DABI_OFF=1 -I'%s/adapters' -o %s/abi.so %s/small.c",
		root(), dir, dir);
	assert_int_equal(system(command), 0);
	snprintf(so_path, sizeof(so_path), "%s/abi.so", dir);
	assert_int_equal(check(so_path, dir, report, sizeof(report)), 1);
	assert_non_null(strstr(report, "speaks ABI"));
	snprintf(command, sizeof(command), "rm -r %s", dir);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accept),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_profile),
		cmocka_unit_test(test_fhir_certified),
		cmocka_unit_test(test_bad_modules),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

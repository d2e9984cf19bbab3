/* The option tables: what is read, which mistakes are named and how, and that sample file and manual page say what the
 * table of zhifud.conf says. With ZHIFU_UPDATE=1 in the environment the two files are written anew instead. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/options.h"

#define SAMPLE_PATH "conf/zhifud.conf"
#define MAN_PATH "daemon/zhifud.conf.5"
#define MAN_BEGIN ".\\\" options begin\n"
#define MAN_END ".\\\" options end\n"

struct route {
	const char *name;
	int64_t window_max;
};

struct profile {
	bool on;
	int64_t size_bytes;
	const char *title;
	const char *folder;
	struct conf_secret password;
	struct conf_strings tags;
	struct conf_hosts peers;
	int color;
	const void *main;
	struct conf_groups routes;
	struct conf_map codes;
};

static const char *const colors[] = {"red", "green", NULL};

static const struct conf_option route_rows[] = {
	{.name = "name",
		.type = CONF_STRING,
		.offset = offsetof(struct route, name),
		.flags = CONF_REQUIRED,
		.help = "Name."},
	{.name = "window_max",
		.type = CONF_INT,
		.offset = offsetof(struct route, window_max),
		.fallback = "8",
		.min = 1,
		.max = 99,
		.help = "Most at once."},
};

static void route_check(const void *value, const char *file, unsigned line, struct conf_faults *faults)
{
	const struct route *route = value;

	if (route->name == NULL) return;
	if (strcmp(route->name, "none") == 0) conf_fault_add(faults, file, line, "a route must not be called none");
}

static const struct conf_table route_table = {
	"route", route_rows, ARRAY_LEN(route_rows), sizeof(struct route), route_check};

#define AT(member) .offset = offsetof(struct profile, member)
static const struct conf_option profile_rows[] = {
	{.type = CONF_HEADING, .help = "A heading"},
	{.name = "on", .type = CONF_BOOL, AT(on), .fallback = "true", .help = "On."},
	{.name = "size_bytes",
		.type = CONF_INT,
		AT(size_bytes),
		.fallback = "5000000000",
		.min = 1,
		.max = 6000000000,
		.flags = CONF_RELOADABLE,
		.help = "Size."},
	{.name = "title", .type = CONF_STRING, AT(title), .min = 0, .max = 10, .help = "Title."},
	{.name = "folder", .type = CONF_PATH, AT(folder), .help = "Folder."},
	{.name = "password", .type = CONF_SECRET, AT(password), .help = "Password."},
	{.name = "tags", .type = CONF_STRINGS, AT(tags), .max = 3, .help = "Tags."},
	{.name = "peers", .type = CONF_HOSTS, AT(peers), .help = "Peers."},
	{.name = "color", .type = CONF_ENUM, AT(color), .fallback = "\"green\"", .names = colors, .help = "Color."},
	{.name = "main", .type = CONF_GROUP, AT(main), .group = &route_table, .help = "Main."},
	{.name = "routes", .type = CONF_GROUPS, AT(routes), .group = &route_table, .help = "Routes."},
	{.name = "codes", .type = CONF_MAP, AT(codes), .help = "Codes."},
};
static const struct conf_table profile_table = {
	"profile", profile_rows, ARRAY_LEN(profile_rows), sizeof(struct profile), NULL};

static struct arena arena;
static struct conf_faults faults;

static int parse(const char *text, struct profile *ret_profile)
{
	return conf_parse(&profile_table, "x.conf", text, strlen(text), &arena, ret_profile, &faults);
}

/* Exactly these faults, in this order, NULL at the end. */
static void assert_faults(const char *text, const char *const *expected)
{
	struct profile profile;
	size_t n = 0;

	memset(&profile, 0x5a, sizeof(profile));
	assert_int_equal(parse(text, &profile), ERR_INVALID);
	assert_int_equal(((uint8_t *)&profile)[3], 0x5a); /* untouched */
	for (; expected[n] != NULL; n++) {
		if (n >= faults.count) fail_msg("no fault where \"%s\" is due", expected[n]);
		assert_string_equal(faults.items[n], expected[n]);
	}
	if (faults.count > n) fail_msg("an extra fault \"%s\"", faults.items[n]);
	assert_string_equal(err_text(), expected[0]);
	arena_reset(&arena);
}
#define ASSERT_FAULTS(text, ...) assert_faults(text, (const char *const[]){__VA_ARGS__, NULL})

static void defaults_are_taken(void **state)
{
	struct profile profile;

	(void)state;
	assert_int_equal(parse("", &profile), 0);
	assert_true(profile.on);
	assert_int_equal(profile.size_bytes, 5000000000);
	assert_null(profile.title);
	assert_null(profile.password.text);
	assert_int_equal(profile.tags.count, 0);
	assert_int_equal(profile.color, 1);
	assert_null(profile.main);
	assert_int_equal(profile.routes.count, 0);
}

static void every_type_is_read(void **state)
{
	struct profile profile;
	const struct route *route;

	(void)state;
	assert_int_equal(
		parse("# comment\non = false; size_bytes = 7; title = \"\"; folder = \"/var\"; password = \"pa ss\";\n"
		      "tags = [\"a\", \"b\"]; peers = (\"h-1.example:1\", \"[::1]:65535\", \"*:80\"); color = "
		      "\"red\";\n"
		      "main = { name = \"m\"; };\nroutes = ( { name = \"r0\"; window_max = 3; }, { name = \"r1\"; } "
		      ");\n"
		      "codes = ( (\"1-a b\", \"x\"), (23, 4), (\"\", \"\") );",
			&profile),
		0);
	assert_false(profile.on);
	assert_int_equal(profile.size_bytes, 7);
	assert_string_equal(profile.title, "");
	assert_string_equal(profile.folder, "/var");
	assert_int_equal(profile.password.len, 5);
	assert_int_equal(profile.tags.count, 2);
	assert_string_equal(profile.tags.items[1], "b");
	assert_int_equal(profile.peers.count, 3);
	assert_string_equal(profile.peers.items[0].host, "h-1.example");
	assert_string_equal(profile.peers.items[1].host, "::1");
	assert_int_equal(profile.peers.items[1].port, 65535);
	assert_string_equal(profile.peers.items[2].host, "*");
	assert_int_equal(profile.color, 0);
	route = profile.main;
	assert_int_equal(route->window_max, 8);
	assert_int_equal(profile.routes.count, 2);
	route = profile.routes.items[0];
	assert_int_equal(route->window_max, 3);
	assert_string_equal(conf_map_get(&profile.codes, "1-a b"), "x");
	assert_string_equal(conf_map_get(&profile.codes, "23"), "4");
	assert_string_equal(conf_map_get(&profile.codes, ""), "");
	assert_null(conf_map_get(&profile.codes, "none"));
	assert_int_equal(
		parse("codes = { B = \"2\"; a = 1; }; tags = \"one\"; peers = \"a:1\"; routes = ();", &profile), 0);
	assert_string_equal(profile.codes.items[0].name, "B");
	assert_string_equal(conf_map_get(&profile.codes, "a"), "1");
	assert_string_equal(profile.tags.items[0], "one");
	assert_string_equal(profile.peers.items[0].host, "a");
	arena_reset(&arena);
}

static void all_mistakes_at_once(void **state)
{
	(void)state;
	ASSERT_FAULTS("on = 1;\nsize_bytes = 0;\ntitel = \"x\";\n\nroutes = ( { window_max = 100; },\n  { name = 3; "
		      "nam = \"\"; } );\n"
		      "on = true;\ncolor = \"grean\";\npeers = [\"a\", \"b:0\", \"c:1\", \"[::1:5\", \"b "
		      "c:9\"];\nzzzzzzzzz = { };\n",
		"x.conf:1: on must be true or false, not a whole number",
		"x.conf:2: size_bytes = 0 is out of range (1 to 6000000000)",
		"x.conf:3: unknown option \"titel\" (did you mean \"title\"?)",
		"x.conf:5: routes[0].window_max = 100 is out of range (1 to 99)", "x.conf:5: routes[0].name is missing",
		"x.conf:6: routes[1].name must be a string, not a whole number",
		"x.conf:6: unknown option \"routes[1].nam\" (did you mean \"name\"?)",
		"x.conf:7: \"on\" is set twice (first on line 1)",
		"x.conf:8: color = \"grean\" is not one of red, green", "x.conf:9: peers: \"a\" is not HOST:PORT",
		"x.conf:9: peers: \"b:0\" is not HOST:PORT", "x.conf:9: peers: \"[::1:5\" is not HOST:PORT",
		"x.conf:9: peers: \"b c:9\" is not HOST:PORT", "x.conf:10: unknown option \"zzzzzzzzz\"");
}

static void single_mistakes(void **state)
{
	(void)state;
	ASSERT_FAULTS("on = true\n\ntitle = ;", "x.conf:3: syntax error; the rest was not read");
	ASSERT_FAULTS("size_bytes = 10000000000000000000000; /* 5 */\n# 7\nmain = { name = \"a 1\"; window_max = "
		      "4294967297; };",
		"x.conf:1: size_bytes = 9223372036854775807 is out of range (1 to 6000000000)",
		"x.conf:3: main.window_max = 4294967297 is out of range (1 to 99)");
	ASSERT_FAULTS("size_bytes = -0x1F;", "x.conf:1: syntax error; the rest was not read");
	ASSERT_FAULTS("size_bytes = .5;", "x.conf:1: size_bytes must be a whole number, not a number with a fraction");
	ASSERT_FAULTS("size_bytes = -7L;", "x.conf:1: size_bytes = -7 is out of range (1 to 6000000000)");
	ASSERT_FAULTS(
		"on = true;\ntitle = \"a\\\";\non = false;", "x.conf:2: what begins here has no end; nothing was read");
	ASSERT_FAULTS("on = true;\n\n/* on = false; *\n", "x.conf:3: what begins here has no end; nothing was read");
	ASSERT_FAULTS("size_bytes = 1.5;", "x.conf:1: size_bytes must be a whole number, not a number with a fraction");
	ASSERT_FAULTS("size_bytes = \"7\";", "x.conf:1: size_bytes must be a whole number, not a string");
	ASSERT_FAULTS("title = \"12345678901\";", "x.conf:1: title has 11 bytes, allowed are 0 to 10");
	ASSERT_FAULTS("folder = \"\";", "x.conf:1: folder is empty");
	ASSERT_FAULTS("title = \"a\\nb\";", "x.conf:1: title holds a control character");
	ASSERT_FAULTS("tags = [\"1\", \"2\", \"3\", \"4\"];", "x.conf:1: tags has 4 entries, allowed are 0 to 3");
	ASSERT_FAULTS("tags = (\"1\", 2);", "x.conf:1: tags must be a list of strings, not a whole number");
	ASSERT_FAULTS("tags = { };", "x.conf:1: tags must be a list of strings, not a group");
	ASSERT_FAULTS("main = ( );", "x.conf:1: main must be a group { ... }, not a list");
	ASSERT_FAULTS("routes = { };", "x.conf:1: routes must be a list of groups ( { ... }, { ... } ), not a group");
	ASSERT_FAULTS("main = { name = \"none\"; };", "x.conf:1: a route must not be called none");
	ASSERT_FAULTS("main = { name = \"none\";\n window_max = 0; };", "x.conf:1: a route must not be called none",
		"x.conf:2: main.window_max = 0 is out of range (1 to 99)");
	ASSERT_FAULTS("tags = (\n1,\n\"2\", true);", "x.conf:2: tags must be a list of strings, not a whole number",
		"x.conf:3: tags must be a list of strings, not true or false");
	ASSERT_FAULTS("codes = ( (\"a\", \"1\"), (\"a\", \"2\"), \"b\", (true, \"c\") );",
		"x.conf:1: codes: \"a\" is set twice", "x.conf:1: codes: an entry is not (\"name\", \"value\")",
		"x.conf:1: codes must be a map of strings, not true or false");
	ASSERT_FAULTS("codes = { a = \"1\"; a = \"2\"; b = \"3\"; b = \"on = 1\"; };",
		"x.conf:1: an option is set twice; the rest was not read");
	ASSERT_FAULTS("codes = {\n a = \"1\";\n a = \"2\";\n a = \"on = 1\"; };",
		"x.conf:3: \"a\" is set twice (first on line 2)", "x.conf:4: \"a\" is set twice (first on line 2)");
	ASSERT_FAULTS("on = true;\n  @include \"/etc/passwd\"\n", "x.conf:2: @include is not supported");
}

/* A secret's value is in no fault, whatever is wrong with it. */
static void secrets_stay_secret(void **state)
{
	static const char *const texts[] = {"password = \"hunter2\\n\";", "password = [\"hunter2\"];",
		"password = \"\"; pasword = \"hunter2\";", "password = \"hunter2\"; password = \"hunter2\";",
		"password = \"hunter2\" = ;"};
	struct profile profile;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		assert_int_equal(parse(texts[i], &profile), ERR_INVALID);
		for (size_t k = 0; k < faults.count; k++) assert_null(strstr(faults.items[k], "hunter2"));
	}
	arena_reset(&arena);
}

static void faults_have_a_maximum(void **state)
{
	struct buf text = BUF_INIT(100000);
	struct profile profile;

	(void)state;
	for (int i = 0; i < 1000; i++) assert_int_equal(buf_printf(&text, "unknown%d = 1;\n", i), 0);
	assert_int_equal(conf_parse(&profile_table, "x.conf", (char *)text.ptr, text.len, &arena, &profile, &faults),
		ERR_INVALID);
	assert_int_equal(faults.count, CONF_FAULTS_MAX);
	buf_reset(&text);
	for (int i = 0; i < 200; i++) assert_int_equal(buf_printf(&text, "on = true;\n"), 0);
	assert_int_equal(conf_parse(&profile_table, "x.conf", (char *)text.ptr, text.len, &arena, &profile, &faults),
		ERR_INVALID);
	buf_free(&text);
	assert_int_equal(conf_parse(&profile_table, "x.conf", "on\0=", 4, &arena, &profile, &faults), ERR_INVALID);
	arena_reset(&arena);
}

static void memory_can_run_out(void **state)
{
	static const char text[] =
		"tags = [\"a\"]; peers = \"a:1\"; routes = ( { name = \"r\"; } );\ncodes = { a = 1; };";
	struct profile profile;
	int rc = ERR_NOMEM;

	(void)state;
	for (size_t limit = 0; rc != 0 && limit < 10000; limit += 16) {
		struct arena small;
		arena_init(&small, limit);
		rc = conf_parse(&profile_table, "x.conf", text, strlen(text), &small, &profile, &faults);
		assert_true(rc == 0 || rc == ERR_NOMEM);
		arena_free(&small);
	}
	assert_int_equal(rc, 0);
	mem_fail_after(0);
	assert_int_equal(parse(text, &profile), ERR_NOMEM);
	mem_fail_after(-1);
	arena_reset(&arena);
}

static void files(void **state)
{
	struct profile profile;
	char path[] = "/tmp/zhifu-conf-XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	assert_int_equal(write(fd, "on = maybe;\n", 12), 12);
	close(fd);
	assert_int_equal(conf_load(&profile_table, path, &arena, &profile, &faults), ERR_INVALID);
	assert_memory_equal(faults.items[0], path, strlen(path));
	unlink(path);
	assert_int_equal(conf_load(&profile_table, path, &arena, &profile, &faults), ERR_SYS);
	assert_int_equal(faults.count, 1);
	assert_int_equal(conf_load(&profile_table, "/tmp", &arena, &profile, &faults), ERR_SYS);
	assert_int_equal(conf_load(&profile_table, "/dev/zero", &arena, &profile, &faults), ERR_SYS);
	arena_reset(&arena);
}

static void changes_are_found(void **state)
{
	static const char *const texts[] = {"on = false;", "size_bytes = 9;", "title = \"t\";", "password = \"p\";",
		"tags = \"a\";", "peers = \"a:1\";", "color = \"red\";", "main = { name = \"a\"; };",
		"routes = ({ name = \"a\"; });", "codes = { a = 1; };"};
	struct profile before;
	struct profile after;
	const char *names[4];

	(void)state;
	assert_int_equal(parse("", &before), 0);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		assert_int_equal(parse(texts[i], &after), 0);
		assert_false(conf_same(&profile_table, &before, &after));
		assert_int_equal(conf_fixed_changes(&profile_table, &before, &after, names, 4), i == 1 ? 0 : 1);
		if (i != 1) assert_memory_equal(names[0], texts[i], strlen(names[0]));
		assert_int_equal(parse(texts[i], &before), 0);
		assert_true(conf_same(&profile_table, &before, &after));
		assert_int_equal(parse("", &before), 0);
	}
	assert_int_equal(parse("on = false; title = \"a\"; tags = \"b\";", &after), 0);
	assert_int_equal(conf_fixed_changes(&profile_table, &before, &after, names, 2), 3);
	arena_reset(&arena);
}

#define MUST_BE_SET "tls_certificate = \"c\"; tls_key = \"k\"; key_file = \"f\";\n"

static int options_parse(const char *text, struct options *ret_options)
{
	return conf_parse(&options_table, "zhifud.conf", text, strlen(text), &arena, ret_options, &faults);
}

static void options_have_their_defaults(void **state)
{
	struct options options;

	(void)state;
	assert_int_equal(options_parse(MUST_BE_SET, &options), 0);
	assert_string_equal(options.listen.items[0].host, "127.0.0.1");
	assert_int_equal(options.listen.items[0].port, 8443);
	assert_int_equal(options.metrics_listen.items[0].port, 9464);
	assert_int_equal(options.body_bytes_max, 33554432);
	assert_int_equal(options.log_level, LOG_INFO);
	assert_string_equal(options.database_intake.text, "host=/run/postgresql dbname=zhifu user=zhifu_intake");
	assert_false(options.sample_ok);
	assert_int_equal(options_parse("", &options), ERR_INVALID);
	assert_int_equal(faults.count, 3);
	assert_int_equal(options_parse(MUST_BE_SET "\nconnections_max = 0;", &options), ERR_INVALID);
	assert_string_equal(faults.items[0], "zhifud.conf:3: connections_max = 0 is out of range (1 to 65536)");
	assert_int_equal(
		options_parse(MUST_BE_SET "person_warn_count = 10001; uri_bytes_max = 65536;", &options), ERR_INVALID);
	assert_int_equal(faults.count, 2);
	assert_int_equal(options_parse(MUST_BE_SET "metrics_listen = [];", &options), 0);
	arena_reset(&arena);
}

/* The table itself: no name twice, help everywhere, members inside the struct and apart. */
static void options_table_is_sound(void **state)
{
	(void)state;
	for (size_t i = 0; i < options_table.option_count; i++) {
		const struct conf_option *option = &options_table.options[i];
		assert_non_null(option->help);
		if (option->type == CONF_HEADING) continue;
		assert_true(option->offset < options_table.struct_bytes);
		assert_int_equal(option->help[strlen(option->help) - 1], '.');
		if ((option->flags & CONF_REQUIRED) != 0) assert_null(option->fallback);
		assert_true(option->fallback != NULL || option->sample != NULL);
		for (size_t k = 0; k < i; k++) {
			const struct conf_option *other = &options_table.options[k];
			if (other->type == CONF_HEADING) continue;
			assert_string_not_equal(option->name, other->name);
			assert_int_not_equal(option->offset, other->offset);
		}
	}
}

static char *file_text(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = zf_alloc(&arena.zf, 1 << 18);
	size_t len;

	if (file == NULL) fail_msg("no file %s (run from the project's root)", path);
	assert_non_null(text);
	len = fread(text, 1, (1 << 18) - 1, file);
	fclose(file);
	assert_true(len < (1 << 18) - 1);
	return text;
}

static char *printed(void (*print)(FILE *file))
{
	char *text = NULL;
	char *copy;
	size_t len;
	FILE *file = open_memstream(&text, &len);

	assert_non_null(file);
	print(file);
	fclose(file);
	copy = zf_strdup(&arena.zf, text);
	free(text);
	assert_non_null(copy);
	return copy;
}

static void file_update(const char *path, const char *head, const char *text, const char *tail)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fprintf(file, "%s%s%s", head, text, tail);
	assert_int_equal(fclose(file), 0);
}

static bool updating(void)
{
	const char *update = getenv("ZHIFU_UPDATE");

	return update != NULL && strcmp(update, "1") == 0;
}

static void assert_same_text(const char *path, const char *have, const char *want)
{
	size_t at = 0;
	size_t start;

	while (have[at] != '\0' && have[at] == want[at]) at++;
	if (have[at] == want[at]) return;
	for (start = at; start > 0 && want[start - 1] != '\n'; start--) continue;
	fail_msg("%s does not say what the table says; there \"%.60s\", wanted \"%.60s\"; see the head of "
		 "tests/unit/test_conf.c",
		path, have + start, want + start);
}

static void sample_file_is_the_tables(void **state)
{
	char *want = printed(options_print_sample);
	struct options options;
	struct options defaults;

	(void)state;
	if (updating()) file_update(SAMPLE_PATH, want, "", "");
	assert_same_text(SAMPLE_PATH, file_text(SAMPLE_PATH), want);
	assert_int_equal(options_load(SAMPLE_PATH, &arena, &options, &faults), 0);
	/* Every `# name = value;` line uncommented is right as well, and a default there is the default here. */
	for (char *at = want; (at = strstr(at, "\n# ")) != NULL;) at[1] = ' ';
	if (options_parse(want, &defaults) != 0) fail_msg("%s", err_text());
	for (size_t i = 0; i < options_table.option_count; i++) {
		const struct conf_option option = options_table.options[i];
		const struct conf_table one = {"one", &option, 1, 0, NULL};
		if (option.type == CONF_HEADING) continue;
		if (option.fallback != NULL && !conf_same(&one, &options, &defaults)) fail_msg("%s", option.name);
		assert_non_null(strstr(want, option.name));
	}
	arena_reset(&arena);
}

static void manual_lists_every_option(void **state)
{
	char *want = printed(options_print_man);
	char *page = file_text(MAN_PATH);
	char *begin = strstr(page, MAN_BEGIN);
	char *end = strstr(page, MAN_END);

	(void)state;
	assert_non_null(begin);
	assert_non_null(end);
	begin += strlen(MAN_BEGIN);
	if (updating()) {
		char *tail = zf_strdup(&arena.zf, end);
		*begin = '\0';
		file_update(MAN_PATH, page, want, tail);
		page = file_text(MAN_PATH);
		begin = strstr(page, MAN_BEGIN) + strlen(MAN_BEGIN);
		end = strstr(page, MAN_END);
	}
	*end = '\0';
	assert_same_text(MAN_PATH, begin, want);
	arena_reset(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_taken),
		cmocka_unit_test(every_type_is_read),
		cmocka_unit_test(all_mistakes_at_once),
		cmocka_unit_test(single_mistakes),
		cmocka_unit_test(secrets_stay_secret),
		cmocka_unit_test(faults_have_a_maximum),
		cmocka_unit_test(memory_can_run_out),
		cmocka_unit_test(files),
		cmocka_unit_test(changes_are_found),
		cmocka_unit_test(options_have_their_defaults),
		cmocka_unit_test(options_table_is_sound),
		cmocka_unit_test(sample_file_is_the_tables),
		cmocka_unit_test(manual_lists_every_option),
	};
	int failed;

	arena_init(&arena, 64u << 20);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_free(&arena);
	return failed;
}

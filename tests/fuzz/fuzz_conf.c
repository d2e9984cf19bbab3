/* Any bytes as a configuration file: zhifud.conf's table, and one with groups inside groups and maps. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/options.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

const char *__lsan_default_suppressions(void);

/* libconfig 1.5 forgets the text of an unfinished value when it stops at a syntax error: some bytes for each bad file
 * that somebody loads by hand, so it stays. */
const char *__lsan_default_suppressions(void)
{
	return "leak:libconfig";
}

struct route {
	const char *name;
	struct conf_map headers;
	struct conf_groups steps;
};

struct profile {
	struct conf_groups routes;
	const void *main;
	struct conf_map codes;
	struct conf_hosts peers;
	struct conf_secret password;
	int64_t size;
	bool on;
};

static const struct conf_table route_table;
static const struct conf_option route_rows[] = {
	{.name = "name", .type = CONF_STRING, .offset = offsetof(struct route, name), .flags = CONF_REQUIRED},
	{.name = "headers", .type = CONF_MAP, .offset = offsetof(struct route, headers)},
	{.name = "steps",
		.type = CONF_GROUPS,
		.offset = offsetof(struct route, steps),
		.group = &route_table,
		.max = 4},
};
static const struct conf_table route_table = {"route", route_rows, ARRAY_LEN(route_rows), sizeof(struct route), NULL};
static const struct conf_option profile_rows[] = {
	{.name = "routes", .type = CONF_GROUPS, .offset = offsetof(struct profile, routes), .group = &route_table},
	{.name = "main", .type = CONF_GROUP, .offset = offsetof(struct profile, main), .group = &route_table},
	{.name = "codes", .type = CONF_MAP, .offset = offsetof(struct profile, codes)},
	{.name = "peers", .type = CONF_HOSTS, .offset = offsetof(struct profile, peers), .fallback = "[\"a:1\"]"},
	{.name = "password", .type = CONF_SECRET, .offset = offsetof(struct profile, password)},
	{.name = "size", .type = CONF_INT, .offset = offsetof(struct profile, size)},
	{.name = "on", .type = CONF_BOOL, .offset = offsetof(struct profile, on)},
};
static const struct conf_table profile_table = {
	"profile", profile_rows, ARRAY_LEN(profile_rows), sizeof(struct profile), NULL};

/* A verdict is either a value without a fault or faults without a value; the same bytes get the same verdict. */
static void run(const struct conf_table *table, void *values[2], const uint8_t *data, size_t len)
{
	struct conf_faults faults[2];
	struct arena arenas[2];
	int rc[2];

	for (int i = 0; i < 2; i++) {
		arena_init(&arenas[i], 16u << 20);
		rc[i] = conf_parse(table, "f", (const char *)data, len, &arenas[i], values[i], &faults[i]);
		if ((rc[i] == ERR_INVALID) != (faults[i].count > 0 && !faults[i].nomem)) abort();
		for (size_t k = 0; k < faults[i].count; k++) {
			if (strncmp(faults[i].items[k], "f:", 2) != 0) abort();
		}
	}
	if (rc[0] != rc[1] || faults[0].count != faults[1].count) abort();
	if (rc[0] == 0 && !conf_same(table, values[0], values[1])) abort();
	arena_free(&arenas[0]);
	arena_free(&arenas[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct options options[2];
	struct profile profiles[2];

	run(&options_table, (void *[]){&options[0], &options[1]}, data, len);
	run(&profile_table, (void *[]){&profiles[0], &profiles[1]}, data, len);
	return 0;
}

/* Validator and fingerprints give each Synthea claim the ending of tests/golden/synthea.tsv, which an independent
 * program derived: none refused, duplicates held, sums to the cent. The rules of the endings stand in
 * synthea_endings.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <dirent.h>
#include <openssl/sha.h>

#include "base/mem.h"
#include "model/fingerprint.h"
#include "model/validate_document.h"

#define TABLE "tests/golden/synthea.tsv"
#define NOW_MS INT64_C(1795000000000) /* 2026-11-18 */
#define CLAIMS_MAX 8192
#define PATIENTS_MAX 512
#define PATIENT_REFERENCE "\"patient\":{\"reference\":\"urn:uuid:"
#define SLOTS 65536 /* of the set of fingerprints; a power of two, well above four per claim */

enum ending { ADJUDICATED, HELD, NO_ROUTE, ENDINGS };
static const char *const ending_names[] = {"adjudicated", "held", "no_route"};

struct outcome {
	char line[64]; /* "ID ENDING\n" */
	enum ending ending;
	int64_t cents;
};

struct world {
	struct zone *zone;
	struct validate_options options;
	struct arena arena;
	uint8_t (*seen)[SHA256_DIGEST_LENGTH]; /* SLOTS entries, open addressing; all zero is free */
	struct outcome *outcomes;              /* CLAIMS_MAX */
	size_t count;
	char folder[512];
};

static uint8_t *slot_of(struct world *world, const uint8_t hash[SHA256_DIGEST_LENGTH])
{
	static const uint8_t none[SHA256_DIGEST_LENGTH];
	uint32_t at;
	memcpy(&at, hash, sizeof(at));
	for (;; at++) {
		uint8_t *slot = world->seen[at % SLOTS];
		if (memcmp(slot, hash, SHA256_DIGEST_LENGTH) == 0 || memcmp(slot, none, sizeof(none)) == 0) return slot;
	}
}

/* Has this person been billed the same before? Remembers it in any case. */
static bool is_duplicate(struct world *world, const struct zf_claim *claim, const struct validate_result *result)
{
	struct fingerprint_identity identities[FINGERPRINT_IDENTITIES_MAX];
	struct bytes content;
	bool found = false;
	assert_int_equal(fingerprint_claim(claim, result->service_day, &result->total, &world->arena.zf, &content), 0);
	size_t count = fingerprint_identities(claim->patient, identities);
	assert_true(count > 0);
	for (size_t i = 0; i < count; i++) {
		size_t system = strlen(identities[i].system) + 1, value = strlen(identities[i].value) + 1;
		uint8_t *text = malloc(system + value + content.len), hash[SHA256_DIGEST_LENGTH];
		memcpy(text, identities[i].system, system);
		memcpy(text + system, identities[i].value, value);
		memcpy(text + system + value, content.ptr, content.len);
		SHA256(text, system + value + content.len, hash);
		free(text);
		uint8_t *slot = slot_of(world, hash);
		if (memcmp(slot, hash, sizeof(hash)) == 0) found = true;
		memcpy(slot, hash, sizeof(hash));
	}
	return found;
}

static void end(struct world *world, const struct zf_claim *claim, const struct validate_result *result, const char *id)
{
	assert_true(world->count < CLAIMS_MAX);
	struct outcome *outcome = &world->outcomes[world->count++];
	const char *display = claim->insurance[0]->coverage->display;
	assert_string_equal(result->total.currency, "USD");
	outcome->cents = result->total.minor;
	if (display != NULL && strcmp(display, "no_insurance") == 0)
		outcome->ending = NO_ROUTE;
	else
		outcome->ending = is_duplicate(world, claim, result) ? HELD : ADJUDICATED;
	snprintf(outcome->line, sizeof(outcome->line), "%s %s\n", id, ending_names[outcome->ending]);
}

/* Takes in a Bundle: every claim of it must be free of faults. */
static void take(struct world *world, const char *json, size_t len)
{
	struct fault_list faults;
	struct fhir_document document;
	struct validate_result *results;
	arena_reset(&world->arena);
	fault_list_init(&faults, &world->arena.zf, 0);
	assert_int_equal(
		fhir_document_read(json, len, NULL, FHIR_ACCEPT_BUNDLE, &world->arena.zf, &faults, &document), 0);
	assert_int_equal(validate_document(&document, &world->options, &world->arena.zf, &faults, &results), 0);
	for (uint32_t i = 0; i < faults.count; i++)
		if (faults.items[i].severity == FAULT_FAULT)
			fail_msg("%s: %s", faults.items[i].path, fault_lookup(faults.items[i].code)->name);
	for (uint32_t i = 0; i < document.claim_count; i++)
		end(world, document.claims[i], &results[i], document.entries[document.claim_entries[i]].id);
}

static int compare_outcomes(const void *a, const void *b)
{
	return strcmp(((const struct outcome *)a)->line, ((const struct outcome *)b)->line);
}

/* Adds the three rows of a source, as the table has them, and forgets the outcomes. */
static void summarize(struct world *world, const char *source, char *ret, size_t size)
{
	qsort(world->outcomes, world->count, sizeof(*world->outcomes), compare_outcomes);
	for (int ending = 0; ending < ENDINGS; ending++) {
		uint8_t digest[SHA256_DIGEST_LENGTH];
		char *text = calloc(1, world->count * sizeof(world->outcomes->line) + 1);
		size_t len = 0, count = 0;
		int64_t cents = 0;
		for (size_t i = 0; i < world->count; i++) {
			if ((int)world->outcomes[i].ending != ending) continue;
			size_t line = strlen(world->outcomes[i].line);
			memcpy(text + len, world->outcomes[i].line, line);
			len += line;
			count++;
			cents += world->outcomes[i].cents;
		}
		SHA256((const uint8_t *)text, len, digest);
		free(text);
		size_t at = strlen(ret);
		at += (size_t)snprintf(ret + at, size - at, "%s\t%s\t%zu\t%lld\t", source, ending_names[ending], count,
			(long long)cents);
		for (size_t i = 0; i < sizeof(digest); i++)
			at += (size_t)snprintf(ret + at, size - at, "%02x", digest[i]);
		snprintf(ret + at, size - at, "\n");
	}
	world->count = 0;
}

/* The id of a resource on a line: the first "id" of it, as Synthea writes it right behind the type. */
static void id_of(const char *line, char ret[64])
{
	const char *at = strstr(line, "\"id\":\"");
	assert_non_null(at);
	snprintf(ret, 64, "%.*s", (int)strcspn(at + 6, "\""), at + 6);
}

/* The claims of the file, each in a Bundle with its patient. */
static void take_file(struct world *world)
{
	char command[700], id[64];
	static char *patients[PATIENTS_MAX];
	size_t patient_count = 0, cap = 0;
	char *line = NULL, *bundle = NULL;
	ssize_t len;
	snprintf(command, sizeof(command), "gzip -dc '%s/synthea-claims.ndjson.gz'", world->folder);
	FILE *file = popen(command, "r");
	assert_non_null(file);
	while ((len = getline(&line, &cap, file)) > 0) {
		if (strncmp(line, "{\"resourceType\":\"Patient\"", strlen("{\"resourceType\":\"Patient\"")) == 0) {
			assert_true(patient_count < PATIENTS_MAX);
			patients[patient_count++] = strdup(line);
		}
		if (strncmp(line, "{\"resourceType\":\"Claim\"", strlen("{\"resourceType\":\"Claim\"")) != 0) continue;
		const char *reference = strstr(line, PATIENT_REFERENCE);
		assert_non_null(reference);
		const char *patient = NULL;
		for (size_t i = 0; i < patient_count && patient == NULL; i++) {
			id_of(patients[i], id);
			if (strncmp(reference + strlen(PATIENT_REFERENCE), id, strlen(id)) == 0) patient = patients[i];
		}
		assert_non_null(patient);
		int n = asprintf(&bundle,
			"{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":[{\"fullUrl\":\"urn:uuid:%s\",\"resource\":%s},{\"resource\":%s}]}",
			id, patient, line);
		assert_true(n > 0);
		take(world, bundle, (size_t)n);
		free(bundle);
	}
	free(line);
	pclose(file);
	for (size_t i = 0; i < patient_count; i++) free(patients[i]);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void take_bundles(struct world *world)
{
	char path[1024];
	char *names[64];
	size_t count = 0;
	snprintf(path, sizeof(path), "%s/synthea-bundles", world->folder);
	DIR *dir = opendir(path);
	assert_non_null(dir);
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
		if (entry->d_name[0] == '.') continue;
		assert_true(count < 64);
		names[count++] = strdup(entry->d_name);
	}
	closedir(dir);
	qsort(names, count, sizeof(*names), compare_names);
	for (size_t i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/synthea-bundles/%s", world->folder, names[i]);
		FILE *file = fopen(path, "r");
		assert_non_null(file);
		char *text = malloc(16u << 20);
		size_t len = fread(text, 1, 16u << 20, file);
		fclose(file);
		take(world, text, len);
		free(text);
		free(names[i]);
	}
	assert_int_equal(count, 12);
}

static void every_claim_ends_as_the_table_says(void **state)
{
	(void)state;
	static char want[4096], got[4096];
	struct world world = {.options = {.now_ms = NOW_MS}};
	const char *shared = getenv("ZHIFU_SHARED");
	snprintf(world.folder, sizeof(world.folder), "%s/data/fhir", shared != NULL ? shared : "../shared");
	char probe[600];
	snprintf(probe, sizeof(probe), "%s/synthea-claims.ndjson.gz", world.folder);
	FILE *file = fopen(probe, "r");
	if (file == NULL) {
		print_message("no Synthea data in %s\n", world.folder);
		skip();
	}
	fclose(file);
	if (zone_load("Asia/Shanghai", &world.zone) != 0) skip();
	world.options.zone = world.zone;
	arena_init(&world.arena, 256u << 20);
	world.seen = calloc(SLOTS, sizeof(*world.seen));
	world.outcomes = calloc(CLAIMS_MAX, sizeof(*world.outcomes));

	take_file(&world);
	assert_int_equal(world.count, 5422);
	summarize(&world, "file", got, sizeof(got));
	take_bundles(&world);
	summarize(&world, "bundles", got, sizeof(got));

	file = fopen(TABLE, "r");
	assert_non_null(file);
	char line[256];
	while (fgets(line, sizeof(line), file) != NULL)
		if (line[0] != '#') strcat(want, line);
	fclose(file);
	assert_string_equal(got, want);
	free(world.seen);
	free(world.outcomes);
	arena_free(&world.arena);
	zone_free(world.zone);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(every_claim_ends_as_the_table_says)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

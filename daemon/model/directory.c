/* The directory: reads both folders, checks what single files cannot know (ids used twice, files that are missing), and
 * answers who a client is and where a claim goes. */
#include "model/directory.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "model/directory_file.h"
#include "model/directory_read.h"
#include "model/directory_unique.h"

#define DIRECTORY_BYTES_MAX (256u << 20)
#define DIRECTORY_FILES_MAX 4096

/* The names of the .conf files of a folder, sorted, so that faults come in the same order every time. */
static int folder_list(struct reading *reading, const char *folder, const char ***ret_names, size_t *ret_count)
{
	struct dirent **entries = NULL;
	int n = scandir(folder, &entries, NULL, alphasort);
	const char **names;
	size_t count = 0;

	if (n < 0) {
		conf_fault_add(reading->faults, folder, 0, "could not read the folder: %s", strerror(errno));
		return ERR_INVALID;
	}
	names = zf_alloc_array(&reading->arena->zf, (size_t)n + 1, sizeof(*names));
	for (int i = 0; i < n; i++) {
		size_t len = strlen(entries[i]->d_name);

		if (names != NULL && len > 5 && strcmp(entries[i]->d_name + len - 5, ".conf") == 0 &&
			entries[i]->d_name[0] != '.' && count < DIRECTORY_FILES_MAX)
			names[count++] = zf_strdup(&reading->arena->zf, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	if (reading->arena->refused) return ERR_NOMEM;
	*ret_names = names;
	*ret_count = count;
	return 0;
}

static int folder_read(struct reading *reading, const char *folder,
	int (*read_one)(struct reading *reading, const char *path, const char *code, const void **ret_entry),
	const void ***ret_entries, uint32_t *ret_count)
{
	const char **names = NULL;
	const void **entries;
	size_t count = 0;
	uint32_t kept = 0;
	int r = folder_list(reading, folder, &names, &count);

	if (r < 0) return r;
	entries = zf_alloc_array(&reading->arena->zf, count + 1, sizeof(*entries));
	if (entries == NULL) return ERR_NOMEM;
	for (size_t i = 0; i < count; i++) {
		char *path = arena_printf(reading->arena, "%s/%s", folder, names[i]);
		char *code = zf_strndup(&reading->arena->zf, names[i], strlen(names[i]) - 5);

		if (path == NULL || code == NULL) return ERR_NOMEM;
		r = read_one(reading, path, code, &entries[kept]);
		if (r == ERR_NOMEM) return r;
		if (entries[kept] != NULL) kept++;
	}
	*ret_entries = entries;
	*ret_count = kept;
	return 0;
}

struct directory_owned {
	struct directory directory;
	struct arena arena;
	struct reading reading;
	unsigned owners;
};

int directory_load(const char *hospitals_dir, const char *insurers_dir, struct conf_faults *faults,
	struct directory **ret_directory)
{
	struct directory_owned *owned = mem_alloc(sizeof(*owned));
	const void **hospitals = NULL;
	const void **insurers = NULL;
	size_t before = faults->count;
	int r;

	if (owned == NULL) return ERR_NOMEM;
	owned->owners = 1;
	arena_init(&owned->arena, DIRECTORY_BYTES_MAX);
	owned->reading.arena = &owned->arena;
	owned->reading.faults = faults;
	r = folder_read(&owned->reading, hospitals_dir, hospital_read, &hospitals, &owned->directory.hospital_count);
	if (r != ERR_NOMEM)
		r = folder_read(
			&owned->reading, insurers_dir, insurer_read, &insurers, &owned->directory.insurer_count);
	owned->directory.hospitals = (const struct hospital *const *)hospitals;
	owned->directory.insurers = (const struct insurer *const *)insurers;
	if (r != ERR_NOMEM) r = directory_unique_check(&owned->directory, faults);
	/* What there was no memory for would be missing, and what is missing reads like a mistake in a file. */
	if (r == ERR_NOMEM || faults->nomem || owned->arena.refused) {
		bool is_full = owned->arena.is_full;

		directory_free(&owned->directory);
		return is_full ? err_set(ERR_LIMIT, "the hospitals and insurers need more than %u bytes",
					 DIRECTORY_BYTES_MAX)
			       : err_set(ERR_NOMEM, "no memory for the directory");
	}
	*ret_directory = &owned->directory;
	return faults->count > before ? err_set(ERR_INVALID, "%s", faults->items[before]) : 0;
}

/* Is a fault, "file:line: message", in this file? */
static bool fault_in(const char *fault, const char *file)
{
	size_t len = file == NULL ? 0 : strlen(file);

	return len > 0 && strncmp(fault, file, len) == 0 && fault[len] == ':';
}

/* How many of the faults are in the hospital's file, its chart or its calendar; marks them. */
static size_t hospital_faults(const struct hospital *hospital, const struct conf_faults *faults, bool *marked)
{
	size_t n = 0;

	for (size_t i = 0; i < faults->count; i++) {
		if (!fault_in(faults->items[i], hospital->file) && !fault_in(faults->items[i], hospital->chart_file) &&
			!fault_in(faults->items[i], hospital->calendar_file))
			continue;
		marked[i] = true;
		n++;
	}
	return n;
}

static size_t insurer_faults(const struct insurer *insurer, const struct conf_faults *faults, bool *marked)
{
	size_t n = 0;

	for (size_t i = 0; i < faults->count; i++) {
		if (!fault_in(faults->items[i], insurer->file)) continue;
		marked[i] = true;
		n++;
	}
	return n;
}

size_t directory_sound_only(struct directory *directory, const struct conf_faults *faults)
{
	/* the arrays are ours: const is what others see */
	const struct hospital **hospitals = (const struct hospital **)directory->hospitals;
	const struct insurer **insurers = (const struct insurer **)directory->insurers;
	bool marked[CONF_FAULTS_MAX] = {false}; /* of several hospitals' one chart once */
	uint32_t hospital_count = 0;
	uint32_t insurer_count = 0;
	size_t faulty = 0;

	for (uint32_t i = 0; i < directory->hospital_count; i++)
		if (hospital_faults(hospitals[i], faults, marked) == 0) hospitals[hospital_count++] = hospitals[i];
	for (uint32_t i = 0; i < directory->insurer_count; i++)
		if (insurer_faults(insurers[i], faults, marked) == 0) insurers[insurer_count++] = insurers[i];
	directory->hospital_count = hospital_count;
	directory->insurer_count = insurer_count;
	for (size_t i = 0; i < faults->count; i++) faulty += marked[i];
	return faulty;
}

struct directory *directory_hold(const struct directory *directory)
{
	struct directory_owned *owned = CONTAINER_OF((struct directory *)directory, struct directory_owned, directory);

	owned->owners++;
	return &owned->directory;
}

void directory_free(struct directory *directory)
{
	struct directory_owned *owned;

	if (directory == NULL) return;
	owned = CONTAINER_OF(directory, struct directory_owned, directory);
	if (--owned->owners > 0) return;
	for (size_t i = 0; i < owned->reading.zone_count; i++) zone_free(owned->reading.zones[i]);
	arena_free(&owned->arena);
	mem_free(owned);
}

const struct hospital *directory_hospital(const struct directory *directory, const struct uuid *id)
{
	for (uint32_t i = 0; i < directory->hospital_count; i++)
		if (uuid_equal(&directory->hospitals[i]->id, id)) return directory->hospitals[i];
	return NULL;
}

const struct hospital *directory_hospital_code(const struct directory *directory, const char *code)
{
	for (uint32_t i = 0; i < directory->hospital_count; i++)
		if (strncmp(directory->hospitals[i]->code, code, HOSPITAL_CODE_LEN) == 0)
			return directory->hospitals[i];
	return NULL;
}

const struct write_off_role *hospital_write_off_role(const struct hospital *hospital, const char *who)
{
	const struct write_off_role *best = NULL;

	for (uint32_t i = 0; i < hospital->write_off_role_count; i++) {
		const struct write_off_role *role = &hospital->write_off_roles[i];

		for (uint32_t k = 0; k < role->person_count; k++)
			if (strcmp(role->people[k], who) == 0 &&
				(best == NULL || role->limit.minor > best->limit.minor))
				best = role;
	}
	return best;
}

const struct insurer *directory_insurer(const struct directory *directory, const char *code)
{
	for (uint32_t i = 0; i < directory->insurer_count; i++)
		if (strcmp(directory->insurers[i]->code, code) == 0) return directory->insurers[i];
	return NULL;
}

const struct client *directory_client(const struct directory *directory, const char *client_id)
{
	for (uint32_t i = 0; i < directory->hospital_count; i++)
		for (uint32_t c = 0; c < directory->hospitals[i]->client_count; c++)
			if (strcmp(directory->hospitals[i]->clients[c]->id, client_id) == 0)
				return directory->hospitals[i]->clients[c];
	return NULL;
}

const struct client *directory_client_certificate(const struct directory *directory, const char *sha256_hex)
{
	for (uint32_t i = 0; i < directory->hospital_count; i++) {
		const struct hospital *hospital = directory->hospitals[i];

		for (uint32_t c = 0; c < hospital->client_count; c++)
			for (uint32_t k = 0; k < hospital->clients[c]->certificate_count; k++)
				if (strcmp(hospital->clients[c]->certificates[k], sha256_hex) == 0)
					return hospital->clients[c];
	}
	return NULL;
}

/* ---- routing ---- */

static bool identifier_same(const struct zf_identifier *a, const struct zf_identifier *b)
{
	return a->system != NULL && b->system != NULL && a->value != NULL && b->value != NULL &&
	       strcmp(a->system, b->system) == 0 && strcmp(a->value, b->value) == 0;
}

static bool names_organization(const struct insurer *insurer, const struct zf_organization *organization)
{
	if (organization == NULL) return false;
	for (uint32_t i = 0; i < organization->identifier_count; i++)
		for (uint32_t k = 0; k < insurer->payer_identifier_count; k++)
			if (identifier_same(organization->identifiers[i], insurer->payer_identifiers[k])) return true;
	return false;
}

static bool in_ranges(const struct insurer *insurer, const char *number)
{
	if (number == NULL) return false;
	for (uint32_t i = 0; i < insurer->range_count; i++) {
		const struct insurer_range *range = insurer->ranges[i];

		if (range->to == NULL) {
			if (strncmp(number, range->from, strlen(range->from)) == 0) return true;
		} else if (strlen(number) == strlen(range->from) && strcmp(number, range->from) >= 0 &&
			   strcmp(number, range->to) <= 0) {
			return true;
		}
	}
	return false;
}

static bool is_name(const struct insurer *insurer, const char *name)
{
	if (name == NULL) return false;
	for (uint32_t i = 0; i < insurer->name_count; i++)
		if (strcasecmp(insurer->names[i], name) == 0) return true;
	return false;
}

static const struct zf_coverage *focal_coverage(const struct zf_claim *claim)
{
	for (uint32_t i = 0; i < claim->insurance_count; i++)
		if (claim->insurance[i]->focal) return claim->insurance[i]->coverage;
	return claim->insurance_count > 0 ? claim->insurance[0]->coverage : NULL;
}

static bool by_identifier(
	const struct insurer *insurer, const struct zf_claim *claim, const struct zf_coverage *coverage)
{
	for (uint32_t i = 0; coverage != NULL && i < coverage->payor_count; i++)
		if (names_organization(insurer, coverage->payors[i])) return true;
	return names_organization(insurer, claim->insurer);
}

static bool by_number(const struct insurer *insurer, const struct zf_claim *claim, const struct zf_coverage *coverage)
{
	(void)claim;
	if (coverage == NULL) return false;
	if (in_ranges(insurer, coverage->subscriber_id)) return true;
	for (uint32_t i = 0; i < coverage->identifier_count; i++)
		if (in_ranges(insurer, coverage->identifiers[i]->value)) return true;
	return false;
}

static bool by_name(const struct insurer *insurer, const struct zf_claim *claim, const struct zf_coverage *coverage)
{
	if (coverage != NULL && is_name(insurer, coverage->display)) return true;
	for (uint32_t i = 0; coverage != NULL && i < coverage->payor_count; i++)
		if (is_name(insurer, coverage->payors[i]->name)) return true;
	return claim->insurer != NULL && is_name(insurer, claim->insurer->name);
}

const struct insurer *directory_route(
	const struct directory *directory, const struct zf_claim *claim, const char **ret_why)
{
	static bool (*const ways[])(const struct insurer *, const struct zf_claim *, const struct zf_coverage *) = {
		by_identifier, by_number, by_name};
	const struct zf_coverage *coverage = focal_coverage(claim);

	for (size_t way = 0; way < ARRAY_LEN(ways); way++)
		for (uint32_t i = 0; i < directory->insurer_count; i++)
			if (ways[way](directory->insurers[i], claim, coverage)) return directory->insurers[i];
	*ret_why = coverage == NULL
			   ? "the claim has no coverage"
			   : "neither payer identifier, coverage number nor name belongs to a configured insurer";
	return NULL;
}

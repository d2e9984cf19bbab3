/* The table of contexts and what a module sees of its profile. */
#include "translate/context.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS 1024
#define PREFIX_MODULE "module."
#define PREFIX_IDENTIFIER "hospital.identifier."

struct entry {
	struct context context; /* first: what callers hold */
	struct zf_profile profile;
	struct arena arena;
	struct entry *next;            /* of the bucket */
	uint64_t used;                 /* the clock of contexts when it was last asked for */
	const struct conf_pair **maps; /* the insurer's maps, sorted by name */
	size_t map_count;
};

struct contexts {
	const struct adapter_set *set;
	const struct directory *directory;
	struct entry *buckets[BUCKETS];
	size_t count;
	uint64_t clock;
	uint32_t side; /* enum zf_side */
};

/* ---- the profile ---- */

static const char *hospital_fact(const struct hospital *hospital, const char *name)
{
	if (strcmp(name, "hospital.code") == 0) return hospital->code;
	if (strcmp(name, "hospital.name") == 0) return hospital->name;
	if (strcmp(name, "hospital.currency") == 0) return hospital->book_currency;
	if (strcmp(name, "hospital.zone") == 0) return hospital->zone_name;
	if (strcmp(name, "hospital.identifier") == 0)
		return hospital->identifier_count == 0 ? NULL : hospital->identifiers[0]->value;
	if (strncmp(name, PREFIX_IDENTIFIER, sizeof(PREFIX_IDENTIFIER) - 1) != 0) return NULL;
	name += sizeof(PREFIX_IDENTIFIER) - 1;
	for (uint32_t i = 0; i < hospital->identifier_count; i++)
		if (hospital->identifiers[i]->system != NULL && strcmp(hospital->identifiers[i]->system, name) == 0)
			return hospital->identifiers[i]->value;
	return NULL;
}

static const char *insurer_fact(const struct insurer *insurer, const char *name)
{
	if (strcmp(name, "insurer.code") == 0) return insurer->code;
	if (strcmp(name, "insurer.name") == 0) return insurer->name;
	if (strcmp(name, "insurer.idempotent") == 0) return insurer->idempotent ? "true" : "false";
	return NULL;
}

/* ${hospital.NAME} as a whole value. */
static const char *placeholder(struct entry *entry, const char *value)
{
	size_t len = strlen(value);
	char *name;

	if (len < 4 || strncmp(value, "${hospital.", 11) != 0 || value[len - 1] != '}') return value;
	name = zf_strndup(&entry->arena.zf, value + 2, len - 3);
	return name == NULL ? NULL : hospital_fact(entry->context.hospital, name);
}

static const char *profile_get(const struct zf_profile *profile, const char *key)
{
	struct entry *entry = CONTAINER_OF(profile, struct entry, profile);
	const struct insurer *insurer = entry->context.insurer;
	const char *value;

	if (key == NULL) return NULL;
	if (strncmp(key, PREFIX_MODULE, sizeof(PREFIX_MODULE) - 1) == 0) key += sizeof(PREFIX_MODULE) - 1;
	value = insurer->module_keys == NULL ? NULL : conf_map_get(insurer->module_keys, key);
	if (value != NULL) return placeholder(entry, value);
	for (const struct zf_key *declared = entry->context.adapter->table.keys; declared->name != NULL; declared++)
		if (strcmp(declared->name, key) == 0) return declared->fallback;
	value = insurer_fact(insurer, key);
	return value != NULL ? value : hospital_fact(entry->context.hospital, key);
}

static int pair_compare(const void *a, const void *b)
{
	return strcmp((*(const struct conf_pair *const *)a)->name, (*(const struct conf_pair *const *)b)->name);
}

/* How "MAP/FROM" stands to a pair's name, without putting the two together. */
static int name_compare(const char *map, const char *from, const char *name)
{
	size_t len = strlen(map);
	int r = strncmp(map, name, len);

	if (r != 0) return r;
	if (name[len] != '/') return '/' - (unsigned char)name[len];
	return strcmp(from, name + len + 1);
}

static const char *profile_map(const struct zf_profile *profile, const char *map, const char *from)
{
	const struct entry *entry = CONTAINER_OF(profile, struct entry, profile);
	size_t low = 0;
	size_t high = entry->map_count;

	if (map == NULL || from == NULL) return NULL;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int r = name_compare(map, from, entry->maps[middle]->name);

		if (r == 0) return entry->maps[middle]->value;
		if (r < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/* ---- the table ---- */

int contexts_new(const struct adapter_set *set, const struct directory *directory, struct contexts **ret_contexts)
{
	struct contexts *contexts = mem_alloc(sizeof(*contexts));

	if (contexts == NULL) return err_set(ERR_NOMEM, "no memory for contexts");
	contexts->set = set;
	contexts->directory = directory;
	contexts->side = ZF_SIDE_TO_INSURER;
	*ret_contexts = contexts;
	return 0;
}

void contexts_side(struct contexts *contexts, uint32_t side)
{
	contexts->side = side;
}

static void entry_free(struct entry *entry)
{
	arena_free(&entry->arena);
	mem_free(entry);
}

void contexts_free(struct contexts *contexts)
{
	if (contexts == NULL) return;
	for (size_t i = 0; i < BUCKETS; i++)
		while (contexts->buckets[i] != NULL) {
			struct entry *entry = contexts->buckets[i];

			contexts->buckets[i] = entry->next;
			entry_free(entry);
		}
	mem_free(contexts);
}

static size_t bucket_of(const struct hospital *hospital, const struct insurer *insurer)
{
	/* Both live as long as the directory, so their addresses name them. */
	uintptr_t a = (uintptr_t)hospital >> 4;
	uintptr_t b = (uintptr_t)insurer >> 4;

	return (a * 31 + b * 131 + (a >> 10) + (b >> 10)) % BUCKETS;
}

static void make_room(struct contexts *contexts)
{
	struct entry **oldest = NULL;

	for (size_t i = 0; i < BUCKETS; i++)
		for (struct entry **at = &contexts->buckets[i]; *at != NULL; at = &(*at)->next)
			if (oldest == NULL || (*at)->used < (*oldest)->used) oldest = at;
	if (oldest != NULL) {
		struct entry *entry = *oldest;

		*oldest = entry->next;
		entry_free(entry);
		contexts->count--;
	}
}

static int maps_sort(struct entry *entry)
{
	const struct conf_map *maps = entry->context.insurer->maps;

	if (maps == NULL || maps->count == 0) return 0;
	entry->maps = zf_alloc_array(&entry->arena.zf, maps->count, sizeof(const struct conf_pair *));
	if (entry->maps == NULL) return ERR_NOMEM;
	for (size_t i = 0; i < maps->count; i++) entry->maps[i] = &maps->items[i];
	entry->map_count = maps->count;
	qsort(entry->maps, entry->map_count, sizeof(const struct conf_pair *), pair_compare);
	return 0;
}

static int entry_open(struct entry *entry, uint32_t side)
{
	struct zf_open open = {.size = sizeof(open),
		.side = side,
		.profile = &entry->profile,
		.host = &host_services,
		.arena = &entry->arena.zf};
	const char *error = NULL;
	int32_t verdict;

	if (maps_sort(entry) < 0) return err_set(ERR_NOMEM, "no memory for a context");
	entry->profile = (struct zf_profile){.size = sizeof(entry->profile),
		.insurer = entry->context.insurer->code,
		.get = profile_get,
		.map = profile_map};
	verdict = entry->context.adapter->table.open(&open, &entry->context.handle, &error);
	if (verdict == ZF_NOMEM) return err_set(ERR_NOMEM, "no memory for a context");
	if (verdict != ZF_OK)
		return err_set(ERR_INVALID, "module \"%s\" " CONTEXT_REFUSES "%s", entry->context.adapter->name,
			error == NULL ? "no reason given" : error);
	entry->context.capabilities = entry->context.adapter->table.capabilities(entry->context.handle);
	return 0;
}

int contexts_get(struct contexts *contexts, const struct hospital *hospital, const struct insurer *insurer,
	const struct context **ret_context)
{
	struct entry **bucket = &contexts->buckets[bucket_of(hospital, insurer)];
	const struct adapter *adapter;
	struct entry *entry;
	int r;

	for (entry = *bucket; entry != NULL; entry = entry->next)
		if (entry->context.hospital == hospital && entry->context.insurer == insurer) {
			entry->used = ++contexts->clock;
			*ret_context = &entry->context;
			return 0;
		}
	adapter = adapter_set_find(contexts->set, insurer->module);
	if (adapter == NULL) return err_set(ERR_NOTFOUND, "module \"%s\" is not loaded", insurer->module);
	if (contexts->count == CONTEXTS_MAX) make_room(contexts);
	entry = mem_alloc(sizeof(*entry));
	if (entry == NULL) return err_set(ERR_NOMEM, "no memory for a context");
	entry->context = (struct context){.adapter = adapter, .insurer = insurer, .hospital = hospital};
	arena_init(&entry->arena, CONTEXT_ARENA_BYTES);
	r = entry_open(entry, contexts->side);
	if (r < 0) {
		entry_free(entry);
		return r;
	}
	entry->used = ++contexts->clock;
	entry->next = *bucket;
	*bucket = entry;
	contexts->count++;
	*ret_context = &entry->context;
	return 0;
}

void contexts_learn(struct contexts *contexts, const struct context *context, const struct taken *taken)
{
	struct entry *entry = contexts->buckets[bucket_of(context->hospital, context->insurer)];

	while (entry != NULL && &entry->context != context) entry = entry->next;
	if (entry != NULL) entry->context.taken = *taken;
}

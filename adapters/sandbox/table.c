/* Text to object, open addressing with linear steps, at most half full. */
#include "sandbox/table.h"

#include <string.h>

#include "base/mem.h"

struct table_slot {
	const char *key;
	void *object;
	uint64_t hash;
};

static uint64_t hash_of(const char *key)
{
	uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */
	for (; *key != '\0'; key++) hash = (hash ^ (uint8_t)*key) * 0x100000001b3u;
	return hash ^ (hash >> 29);
}

static struct table_slot *find(const struct table *table, const char *key, uint64_t hash)
{
	size_t at = hash & (table->capacity - 1);
	while (table->slots[at].key != NULL) {
		if (table->slots[at].hash == hash && strcmp(table->slots[at].key, key) == 0) break;
		at = (at + 1) & (table->capacity - 1);
	}
	return &table->slots[at];
}

void *table_get(const struct table *table, const char *key)
{
	return table->capacity == 0 ? NULL : find(table, key, hash_of(key))->object;
}

static void grow(struct table *table)
{
	struct table larger = {.capacity = table->capacity == 0 ? 64 : table->capacity * 2, .count = table->count};
	larger.slots = mem_alloc(larger.capacity * sizeof(*larger.slots));
	assert(larger.slots != NULL);
	for (size_t i = 0; i < table->capacity; i++) {
		const struct table_slot *slot = &table->slots[i];
		if (slot->key != NULL) *find(&larger, slot->key, slot->hash) = *slot;
	}
	mem_free(table->slots);
	*table = larger;
}

void table_put(struct table *table, const char *key, void *object)
{
	if (table->count * 2 >= table->capacity) grow(table);
	uint64_t hash = hash_of(key);
	struct table_slot *slot = find(table, key, hash);
	if (slot->key == NULL) table->count++;
	*slot = (struct table_slot){.key = key, .object = object, .hash = hash};
}

void table_clear(struct table *table)
{
	mem_free(table->slots);
	*table = (struct table){0};
}

/* A chained hash table and an LRU ring, both by index into one array that is allocated once. */
#include "intake/patient_cache.h"

#include <string.h>

#include "base/mem.h"

#define CACHE_MAGIC 0x50435430u
#define NONE UINT32_MAX

struct slot {
	uint8_t hash[LOOKUP_HASH_BYTES];
	struct uuid key_id;
	struct key key;
	uint32_t chain;      /* next in the bucket */
	uint32_t prev, next; /* LRU: next is older */
};

struct patient_cache {
	unsigned magic;
	uint32_t max, used, mask;
	uint32_t newest, oldest;
	uint32_t *buckets;
	struct slot *slots;
};

int patient_cache_new(size_t max, struct patient_cache **ret_cache)
{
	assert(max > 0 && max < NONE / 4);
	struct patient_cache *cache = mem_alloc(sizeof(*cache));
	if (cache == NULL) return err_set(ERR_NOMEM, "no memory for the cache of patients");
	cache->magic = CACHE_MAGIC;
	cache->max = (uint32_t)max;
	cache->newest = cache->oldest = NONE;
	uint32_t buckets = 1;
	while (buckets < max) buckets *= 2;
	cache->mask = buckets - 1;
	cache->buckets = mem_alloc(buckets * sizeof(*cache->buckets));
	cache->slots = mem_alloc(max * sizeof(*cache->slots));
	if (cache->buckets == NULL || cache->slots == NULL) {
		patient_cache_free(cache);
		return err_set(ERR_NOMEM, "no memory for the cache of patients");
	}
	memset(cache->buckets, 0xff, buckets * sizeof(*cache->buckets));
	*ret_cache = cache;
	return 0;
}

void patient_cache_free(struct patient_cache *cache)
{
	if (cache == NULL) return;
	CHECK_MAGIC(cache, CACHE_MAGIC);
	if (cache->slots != NULL) mem_wipe(cache->slots, cache->used * sizeof(*cache->slots));
	mem_free(cache->slots);
	mem_free(cache->buckets);
	cache->magic = 0;
	mem_free(cache);
}

/* The hash is a MAC: any four bytes of it are spread well. */
static uint32_t *bucket_of(struct patient_cache *cache, const uint8_t *hash)
{
	uint32_t bits;
	memcpy(&bits, hash, sizeof(bits));
	return &cache->buckets[bits & cache->mask];
}

static uint32_t find(struct patient_cache *cache, const uint8_t *hash)
{
	uint32_t at = *bucket_of(cache, hash);
	while (at != NONE && memcmp(cache->slots[at].hash, hash, LOOKUP_HASH_BYTES) != 0) at = cache->slots[at].chain;
	return at;
}

static void lru_take_out(struct patient_cache *cache, uint32_t at)
{
	const struct slot *slot = &cache->slots[at];
	*(slot->prev == NONE ? &cache->newest : &cache->slots[slot->prev].next) = slot->next;
	*(slot->next == NONE ? &cache->oldest : &cache->slots[slot->next].prev) = slot->prev;
}

static void lru_put_first(struct patient_cache *cache, uint32_t at)
{
	struct slot *slot = &cache->slots[at];
	slot->prev = NONE;
	slot->next = cache->newest;
	*(cache->newest == NONE ? &cache->oldest : &cache->slots[cache->newest].prev) = at;
	cache->newest = at;
}

/* A slot that is in no list: a fresh one, or the oldest's. */
static uint32_t slot_take(struct patient_cache *cache)
{
	if (cache->used < cache->max) return cache->used++;
	uint32_t at = cache->oldest;
	uint32_t *link = bucket_of(cache, cache->slots[at].hash);
	while (*link != at) link = &cache->slots[*link].chain;
	*link = cache->slots[at].chain;
	lru_take_out(cache, at);
	return at;
}

bool patient_cache_get(struct patient_cache *cache, const uint8_t hash[LOOKUP_HASH_BYTES], struct uuid *ret_key_id,
	struct key *ret_key)
{
	CHECK_MAGIC(cache, CACHE_MAGIC);
	uint32_t at = find(cache, hash);
	if (at == NONE) return false;
	lru_take_out(cache, at);
	lru_put_first(cache, at);
	*ret_key_id = cache->slots[at].key_id;
	*ret_key = cache->slots[at].key;
	return true;
}

void patient_cache_put(struct patient_cache *cache, const uint8_t hash[LOOKUP_HASH_BYTES], const struct uuid *key_id,
	const struct key *key)
{
	CHECK_MAGIC(cache, CACHE_MAGIC);
	uint32_t at = find(cache, hash);
	if (at == NONE) {
		at = slot_take(cache);
		uint32_t *bucket = bucket_of(cache, hash);
		memcpy(cache->slots[at].hash, hash, LOOKUP_HASH_BYTES);
		cache->slots[at].chain = *bucket;
		*bucket = at;
	} else {
		lru_take_out(cache, at);
	}
	cache->slots[at].key_id = *key_id;
	cache->slots[at].key = *key;
	lru_put_first(cache, at);
}

/* The sorted list: one large sorted part and a small one of what came later, which is merged into it when it has grown.
 */
#include "settle/match_order.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define TAIL_MAX 4096      /* entries that are looked through beside the sorted ones before they are merged */
#define PASSED_MIN 4096    /* entries that do not count, passed by before a sweep */
#define INSERT_MAX 16      /* so many are inserted one by one, more are sorted */
#define COUNT_FIRST 64     /* entries in the first piece of memory */
#define FILTER_WORDS_MIN 8 /* of 64 bits: a key takes two bits in one of them */

void match_order_free(struct match_order *order)
{
	mem_free(order->main);
	mem_free(order->tail);
	mem_free(order->filter);
	*order = (struct match_order){0};
}

int match_order_add(struct match_order *order, struct match_key key, uint32_t value, uint32_t kind)
{
	if (order->tail_count == order->tail_cap) {
		if (order->tail_cap > UINT32_MAX / 2) return ERR_NOMEM;
		uint32_t cap = order->tail_cap == 0 ? COUNT_FIRST : order->tail_cap * 2;
		struct match_entry *grown = mem_realloc(order->tail, (size_t)cap * sizeof(*grown));
		if (grown == NULL) return ERR_NOMEM;
		order->tail = grown;
		order->tail_cap = cap;
	}
	order->tail[order->tail_count++] = (struct match_entry){key, value, kind};
	return 0;
}

/* By key, then by kind and value, so that the order of adding never shows. */
static int entry_compare(const void *left, const void *right)
{
	const struct match_entry *a = left, *b = right;
	int by_key = match_key_compare(a->key, b->key);
	if (by_key != 0) return by_key;
	if (a->kind != b->kind) return a->kind < b->kind ? -1 : 1;
	return a->value == b->value ? 0 : a->value < b->value ? -1 : 1;
}

static void tail_sort(struct match_order *order)
{
	if (order->tail_count - order->tail_sorted > INSERT_MAX) {
		qsort(order->tail, order->tail_count, sizeof(*order->tail), entry_compare);
	} else {
		for (uint32_t i = order->tail_sorted; i < order->tail_count; i++) {
			struct match_entry entry = order->tail[i];
			uint32_t at = i;
			while (at > 0 && entry_compare(&entry, &order->tail[at - 1]) < 0) {
				order->tail[at] = order->tail[at - 1];
				at--;
			}
			order->tail[at] = entry;
		}
	}
	order->tail_sorted = order->tail_count;
}

static uint32_t sweep(struct match_entry *entries, uint32_t count,
	bool (*gone)(const void *, const struct match_entry *), const void *ctx)
{
	uint32_t left = 0;
	for (uint32_t i = 0; i < count; i++)
		if (!gone(ctx, &entries[i])) entries[left++] = entries[i];
	return left;
}

void match_order_sweep(
	struct match_order *order, bool (*gone)(const void *ctx, const struct match_entry *entry), const void *ctx)
{
	assert(order->tail_sorted == order->tail_count);
	if (order->passed < PASSED_MIN + (uint64_t)order->main_count + order->tail_count) return;
	order->main_count = sweep(order->main, order->main_count, gone, ctx);
	order->tail_count = order->tail_sorted = sweep(order->tail, order->tail_count, gone, ctx);
	order->passed = 0;
}

static uint64_t key_hash(struct match_key key)
{
	uint64_t hash = (key.hi ^ (key.hi >> 29)) * UINT64_C(0x9e3779b97f4a7c15) ^ key.lo;
	hash = (hash ^ (hash >> 32)) * UINT64_C(0xd6e8feb86659fd93);
	return hash ^ (hash >> 32);
}

static uint64_t hash_bits(uint64_t hash)
{
	return UINT64_C(1) << (hash >> 58) | UINT64_C(1) << (hash >> 52 & 63);
}

static void filter_put(struct match_order *order, const struct match_entry *entries, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		uint64_t hash = key_hash(entries[i].key);
		order->filter[hash & order->filter_mask] |= hash_bits(hash);
	}
}

/* Makes room in the filter: a word for two keys at least. */
static int filter_grow(struct match_order *order)
{
	uint64_t count = (uint64_t)order->main_count + order->tail_count, words = FILTER_WORDS_MIN;
	if (order->filter != NULL && count <= 3 * order->filter_mask) return 0;
	while (words < count) words *= 2;
	uint64_t *filter = mem_alloc(words * sizeof(*filter));
	if (filter == NULL) return ERR_NOMEM;
	mem_free(order->filter);
	order->filter = filter;
	order->filter_mask = words - 1;
	filter_put(order, order->main, order->main_count);
	filter_put(order, order->tail, order->tail_count);
	return 0;
}

/* Both parts into the main one, from behind. */
static int merge(struct match_order *order)
{
	uint64_t total = (uint64_t)order->main_count + order->tail_count;
	if (total > UINT32_MAX) return ERR_NOMEM;
	if (total > order->main_cap) {
		uint64_t cap = total + total / 8;
		if (cap > UINT32_MAX) cap = UINT32_MAX;
		struct match_entry *grown = mem_realloc(order->main, cap * sizeof(*grown));
		if (grown == NULL) return ERR_NOMEM;
		order->main = grown;
		order->main_cap = (uint32_t)cap;
	}
	uint32_t left = order->main_count, right = order->tail_count, at = (uint32_t)total;
	while (right > 0) {
		bool main_last = left > 0 && entry_compare(&order->main[left - 1], &order->tail[right - 1]) > 0;
		order->main[--at] = main_last ? order->main[--left] : order->tail[--right];
	}
	order->main_count = (uint32_t)total;
	order->tail_count = order->tail_sorted = 0;
	return 0;
}

int match_order_settle(struct match_order *order)
{
	if (order->tail_sorted == order->tail_count) return 0;
	if (order->filtered) {
		if (filter_grow(order) != 0) return ERR_NOMEM;
		if (order->tail_count - order->tail_sorted > INSERT_MAX) {
			filter_put(order, order->tail, order->tail_count);
		} else {
			filter_put(order, order->tail + order->tail_sorted, order->tail_count - order->tail_sorted);
		}
	}
	tail_sort(order);
	return order->tail_count > TAIL_MAX ? merge(order) : 0;
}

bool match_order_maybe(const struct match_order *order, struct match_key key)
{
	if (order->filter == NULL) return false;
	uint64_t hash = key_hash(key), bits = hash_bits(hash);
	return (order->filter[hash & order->filter_mask] & bits) == bits;
}

/* The first entry that is not before the key. */
static const struct match_entry *lower_bound(const struct match_entry *entries, uint32_t count, struct match_key key)
{
	const struct match_entry *at = entries;
	while (count > 0) {
		uint32_t half = count / 2;
		if (match_key_compare(at[half].key, key) < 0) {
			at += half + 1;
			count -= half + 1;
		} else {
			count = half;
		}
	}
	return at;
}

struct match_walk match_order_range(const struct match_order *order, struct match_key first, struct match_key last)
{
	assert(order->tail_sorted == order->tail_count);
	return (struct match_walk){
		.main = order->main_count == 0 ? NULL : lower_bound(order->main, order->main_count, first),
		.main_end = order->main_count == 0 ? NULL : order->main + order->main_count,
		.tail = order->tail_count == 0 ? NULL : lower_bound(order->tail, order->tail_count, first),
		.tail_end = order->tail_count == 0 ? NULL : order->tail + order->tail_count,
		.last = last,
	};
}

const struct match_entry *match_walk_next(struct match_walk *walk)
{
	bool main = walk->main < walk->main_end && match_key_compare(walk->main->key, walk->last) <= 0;
	bool tail = walk->tail < walk->tail_end && match_key_compare(walk->tail->key, walk->last) <= 0;
	if (main && tail) main = entry_compare(walk->main, walk->tail) < 0;
	if (main) return walk->main++;
	return tail ? walk->tail++ : NULL;
}

/* Blocks that are filled anew. */
#include "scratch.h"

#define BLOCK_BYTES ((size_t)16 << 10)

struct scratch_block {
	struct scratch_block *next;
	size_t len, used;
	/* the bytes follow, aligned to 16 */
	uint64_t pad;
};

static void *take(struct scratch_block *block, size_t len)
{
	char *at = (char *)(block + 1) + block->used;
	block->used += len;
	return memset(at, 0, len);
}

static void *scratch_alloc(struct zf_arena *zf, size_t len)
{
	struct scratch *scratch = (struct scratch *)zf;
	if (len > scratch->max || scratch->used > scratch->max - len) {
		scratch->over = true;
		return NULL;
	}
	len = (len + 15) & ~(size_t)15;
	scratch->used += len;
	for (; scratch->at != NULL; scratch->at = scratch->at->next) {
		if (scratch->at->len - scratch->at->used >= len) return take(scratch->at, len);
		if (scratch->at->next == NULL) break;
	}
	size_t size = len > BLOCK_BYTES ? len : BLOCK_BYTES;
	struct scratch_block *block = zf_alloc(scratch->parent, sizeof(*block) + size);
	if (block == NULL) return NULL;
	*block = (struct scratch_block){.len = size};
	if (scratch->at == NULL) {
		scratch->blocks = block;
	} else {
		scratch->at->next = block;
	}
	scratch->at = block;
	return take(block, len);
}

void scratch_init(struct scratch *scratch, struct zf_arena *parent, size_t max)
{
	*scratch = (struct scratch){.zf = {scratch_alloc}, .parent = parent, .max = max};
}

void scratch_reset(struct scratch *scratch)
{
	if (scratch->used == 0) return;
	/* Those behind `at` were not touched since the last reset. */
	for (struct scratch_block *block = scratch->blocks; block != NULL; block = block->next) {
		block->used = 0;
		if (block == scratch->at) break;
	}
	scratch->at = scratch->blocks;
	scratch->used = 0;
	scratch->over = false;
}

int scratch_error(const struct scratch *scratch)
{
	return scratch->over ? LIB_LIMIT : LIB_NOMEM;
}

void *scratch_add(struct scratch *scratch, struct scratch_list *list, size_t size)
{
	if (list->count == list->capacity) {
		uint32_t capacity = list->capacity == 0 ? 4 : list->capacity * 2;
		void *items = zf_alloc_array(&scratch->zf, capacity, size);
		if (items == NULL) return NULL;
		if (list->count > 0) memcpy(items, list->items, list->count * size);
		list->items = items;
		list->capacity = capacity;
	}
	return (char *)list->items + (size_t)list->count++ * size;
}

bool scratch_join(struct scratch *scratch, const char **text, struct text_span more, const char *between)
{
	size_t len = *text == NULL ? 0 : strlen(*text), gap = len == 0 ? 0 : strlen(between);
	char *joined = zf_alloc(&scratch->zf, len + gap + more.len + 1);
	if (joined == NULL) return false;
	if (len > 0) memcpy(joined, *text, len);
	for (size_t i = 0; i < gap; i++) joined[len + i] = between[i];
	if (more.len > 0) memcpy(joined + len + gap, more.ptr, more.len);
	*text = joined;
	return true;
}

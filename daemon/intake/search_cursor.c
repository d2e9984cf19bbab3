/* A plan as bytes, which base/cursor.h seals. */
#include <string.h>

#include "base/cursor.h"
#include "intake/search.h"

#define CURSOR_FORM 1

/* ---- writing ---- */

struct out {
	uint8_t bytes[CURSOR_BYTES_MAX];
	size_t len;
	bool is_full;
};

static void put(struct out *out, const void *ptr, size_t len)
{
	if (len > sizeof(out->bytes) - out->len) {
		out->is_full = true;
		return;
	}
	if (len > 0) memcpy(out->bytes + out->len, ptr, len);
	out->len += len;
}

static void put_number(struct out *out, uint64_t value, size_t bytes)
{
	uint8_t wire[8];
	for (size_t i = 0; i < bytes; i++) wire[i] = (uint8_t)(value >> (8 * (bytes - 1 - i)));
	put(out, wire, bytes);
}

/* A list's count and presence in one byte: 0 absent, else count + 1. */
static void put_count(struct out *out, bool present, uint8_t count)
{
	put_number(out, present ? count + 1u : 0u, 1);
}

static void put_ids(struct out *out, const struct search_ids *ids)
{
	put_count(out, ids->present, ids->count);
	for (uint8_t i = 0; i < ids->count; i++) put(out, ids->items[i].b, sizeof(ids->items[i].b));
}

static void put_hashes(struct out *out, const struct search_hashes *hashes)
{
	put_count(out, hashes->present, hashes->count);
	for (uint8_t i = 0; i < hashes->count; i++) put(out, hashes->items[i], LOOKUP_HASH_BYTES);
}

static void put_text(struct out *out, const char *text)
{
	size_t len = text == NULL ? 0 : strlen(text);
	if (len > UINT8_MAX - 1) {
		out->is_full = true;
		return;
	}
	put_number(out, text == NULL ? 0 : len + 1, 1);
	put(out, text, len);
}

static void put_texts(struct out *out, const struct search_texts *texts)
{
	put_count(out, texts->present, texts->count);
	for (uint8_t i = 0; i < texts->count; i++) {
		put_text(out, texts->items[i].system);
		put_text(out, texts->items[i].value);
	}
}

static void plan_write(struct out *out, const struct search_plan *plan)
{
	put_number(out, CURSOR_FORM, 1);
	put_number(out, plan->type, 1);
	put_number(out, plan->is_ascending, 1);
	put_number(out, plan->count, 2);
	put_number(out, plan->status, 4);
	put_number(out, plan->use, 4);
	put_number(out, plan->outcome, 4);
	put_number(out, plan->date_count, 1);
	for (uint8_t i = 0; i < plan->date_count; i++) {
		const struct search_date *date = &plan->dates[i];
		put_number(out, (uint64_t)date->begin_ms, 8);
		put_number(out, (uint64_t)date->end_ms, 8);
		put_number(out, date->prefix, 1);
		put_number(out, date->kind, 1);
		put_number(out, date->group, 1);
	}
	put_ids(out, &plan->ids);
	put_ids(out, &plan->claims);
	put_hashes(out, &plan->named);
	put_hashes(out, &plan->persons);
	put_hashes(out, &plan->own);
	put_texts(out, &plan->refs);
	put_texts(out, &plan->numbers);
	put_number(out, plan->has_position, 1);
	if (plan->has_position) put(out, plan->position.b, sizeof(plan->position.b));
}

/* ---- reading ---- */

struct in {
	const uint8_t *ptr;
	size_t len;
	struct zf_arena *arena;
	bool is_bad;
};

static void get(struct in *in, void *ret, size_t len)
{
	if (len > in->len) {
		in->is_bad = true;
		memset(ret, 0, len);
		return;
	}
	memcpy(ret, in->ptr, len);
	in->ptr += len;
	in->len -= len;
}

static uint64_t get_number(struct in *in, size_t bytes)
{
	uint8_t wire[8];
	uint64_t value = 0;
	get(in, wire, bytes);
	for (size_t i = 0; i < bytes; i++) value = value << 8 | wire[i];
	return value;
}

static uint8_t get_count(struct in *in, uint8_t max, bool *ret_present)
{
	uint8_t value = (uint8_t)get_number(in, 1);
	*ret_present = value > 0;
	if (value > max + 1) in->is_bad = true;
	return in->is_bad || value == 0 ? 0 : (uint8_t)(value - 1);
}

static void get_ids(struct in *in, struct search_ids *ids)
{
	ids->count = get_count(in, SEARCH_VALUES_MAX, &ids->present);
	for (uint8_t i = 0; i < ids->count; i++) get(in, ids->items[i].b, sizeof(ids->items[i].b));
}

static void get_hashes(struct in *in, struct search_hashes *hashes)
{
	hashes->count = get_count(in, SEARCH_HASHES_MAX, &hashes->present);
	for (uint8_t i = 0; i < hashes->count; i++) get(in, hashes->items[i], LOOKUP_HASH_BYTES);
}

static const char *get_text(struct in *in)
{
	size_t len = (size_t)get_number(in, 1);
	if (len == 0) return NULL;
	char *text = zf_alloc(in->arena, len);
	if (text == NULL) {
		in->is_bad = true;
		return "";
	}
	get(in, text, len - 1);
	return text;
}

static void get_texts(struct in *in, struct search_texts *texts)
{
	texts->count = get_count(in, SEARCH_VALUES_MAX, &texts->present);
	for (uint8_t i = 0; i < texts->count; i++) {
		texts->items[i].system = get_text(in);
		texts->items[i].value = get_text(in);
	}
}

static bool plan_read(struct in *in, struct search_plan *plan)
{
	bool is_ours = get_number(in, 1) == CURSOR_FORM;
	plan->type = (enum search_type)get_number(in, 1);
	plan->is_ascending = get_number(in, 1) != 0;
	plan->count = (uint16_t)get_number(in, 2);
	plan->status = (uint32_t)get_number(in, 4);
	plan->use = (uint32_t)get_number(in, 4);
	plan->outcome = (uint32_t)get_number(in, 4);
	plan->date_count = (uint8_t)get_number(in, 1);
	if (!is_ours || plan->date_count > SEARCH_DATES_MAX) return false;
	for (uint8_t i = 0; i < plan->date_count; i++) {
		struct search_date *date = &plan->dates[i];
		date->begin_ms = (int64_t)get_number(in, 8);
		date->end_ms = (int64_t)get_number(in, 8);
		date->prefix = (uint8_t)get_number(in, 1);
		date->kind = (uint8_t)get_number(in, 1);
		date->group = (uint8_t)get_number(in, 1);
	}
	get_ids(in, &plan->ids);
	get_ids(in, &plan->claims);
	get_hashes(in, &plan->named);
	get_hashes(in, &plan->persons);
	get_hashes(in, &plan->own);
	get_texts(in, &plan->refs);
	get_texts(in, &plan->numbers);
	plan->has_position = get_number(in, 1) != 0;
	if (plan->has_position) get(in, plan->position.b, sizeof(plan->position.b));
	return !in->is_bad && in->len == 0;
}

/* ---- sealing ---- */

int search_cursor_write(const struct search_plan *plan, const struct keyring *ring, const struct uuid *hospital,
	struct zf_arena *arena, const char **ret_text)
{
	struct out out = {.len = 0};
	plan_write(&out, plan);
	if (out.is_full) return err_set(ERR_LIMIT, "the search has too many values for a link");
	return cursor_seal((struct bytes){out.bytes, out.len}, ring, hospital, arena, ret_text);
}

int search_cursor_read(const char *text, const struct keyring *ring, const struct uuid *hospital, enum search_type type,
	struct zf_arena *arena, struct search_plan *ret_plan)
{
	uint8_t plain[CURSOR_TEXT_MAX];
	struct search_plan plan = {.type = type};
	struct in in = {.ptr = plain, .arena = arena};
	int r = cursor_open(text, ring, hospital, plain, &in.len);
	if (r < 0) return r;
	if (!plan_read(&in, &plan) || plan.type != type || plan.count == 0)
		return err_set(ERR_INVALID, "not a cursor of this search");
	*ret_plan = plan;
	return 0;
}

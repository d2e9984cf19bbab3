/* Elements of a Claim's source without a canonical field. */
#include "fhir/source.h"

#include "lib/json.h"

static const char *const claim_members[FHIR_SOURCE_MEMBERS] = {
	"language", "enterer", "prescription", "originalPrescription", "payee", "referral", "facility", NULL};
static const char *const item_members[FHIR_SOURCE_ITEM_MEMBERS] = {
	"programCode", "locationCodeableConcept", "locationAddress", "subSite", NULL};

static int member_index(const char *const *names, struct text_span key)
{
	for (int i = 0; names[i] != NULL; i++) {
		if (text_is(key, names[i])) return i;
	}
	return -1;
}

static bool refers(struct text_span raw)
{
	return memmem(raw.ptr, raw.len, "\"reference\"", 11) != NULL;
}

/* The members of the object just begun that are wanted. false: stop. */
static bool read_item(struct json_reader *reader, struct fhir_source_item *item)
{
	struct json_token token;
	while (json_next(reader, &token) == JSON_KEY) {
		int index = member_index(item_members, token.text);
		struct text_span raw = {NULL, 0};
		if (json_skip(reader, &raw) == JSON_ERROR) return false;
		if (index >= 0 && !refers(raw)) item->members[index] = raw;
	}
	return token.type == JSON_OBJECT_END;
}

static int add_item(struct fhir_source *source, struct zf_arena *arena, struct fhir_source_item **ret_item)
{
	if (source->item_count == source->item_cap) {
		uint32_t cap = source->item_cap == 0 ? 16 : source->item_cap * 2;
		struct fhir_source_item *items = zf_alloc_array(arena, cap, sizeof(*items));
		if (items == NULL) return LIB_NOMEM;
		if (source->item_count > 0) memcpy(items, source->items, source->item_count * sizeof(*items));
		source->items = items;
		source->item_cap = cap;
	}
	*ret_item = &source->items[source->item_count++];
	return 0;
}

/* 0, LIB_NOMEM, or LIB_INVALID: not a list of objects. */
static int read_items(struct fhir_source *source, struct json_reader *reader, struct zf_arena *arena)
{
	struct json_token token;
	if (json_next(reader, &token) != JSON_ARRAY_BEGIN) return LIB_INVALID;
	while (json_next(reader, &token) == JSON_OBJECT_BEGIN) {
		struct fhir_source_item *item;
		if (add_item(source, arena, &item) != 0) return LIB_NOMEM;
		if (!read_item(reader, item)) return LIB_INVALID;
	}
	return token.type == JSON_ARRAY_END ? 0 : LIB_INVALID;
}

/* Moves the reader, which has just begun an object, to the value of a member; false when it has none. */
static bool seek(struct json_reader *reader, const char *name)
{
	struct json_token token;
	while (json_next(reader, &token) == JSON_KEY) {
		if (text_is(token.text, name)) return true;
		if (json_skip(reader, NULL) <= JSON_END) break;
	}
	return false;
}

static bool is_claim(struct text_span resource, struct zf_arena *arena)
{
	struct json_reader reader;
	struct json_token token;
	json_reader_init_checked(&reader, resource, arena, JSON_DEPTH_MAX);
	return json_next(&reader, &token) == JSON_OBJECT_BEGIN && seek(&reader, "resourceType") &&
	       json_next(&reader, &token) == JSON_STRING_VALUE && text_is(token.text, "Claim");
}

struct text_span fhir_source_find(struct text_span document, uint32_t count, uint32_t index, struct zf_arena *arena)
{
	struct text_span none = {NULL, 0}, found = none, resource;
	struct json_reader reader;
	struct json_token token;
	uint32_t claims = 0;
	if (is_claim(document, arena)) return count == 1 ? document : none;
	json_reader_init_checked(&reader, document, arena, JSON_DEPTH_MAX);
	if (json_next(&reader, &token) != JSON_OBJECT_BEGIN || !seek(&reader, "entry") ||
		json_next(&reader, &token) != JSON_ARRAY_BEGIN)
		return none;
	while (json_next(&reader, &token) == JSON_OBJECT_BEGIN) {
		while (seek(&reader, "resource")) {
			if (json_skip(&reader, &resource) <= JSON_END) return none;
			if (is_claim(resource, arena) && claims++ == index) found = resource;
		}
	}
	return claims == count ? found : none;
}

int fhir_source_read(struct fhir_source *source, struct text_span claim, struct zf_arena *arena)
{
	*source = (struct fhir_source){.item_count = 0};
	if (claim.ptr == NULL) return 0;
	struct json_reader reader;
	struct json_token token;
	json_reader_init_checked(&reader, claim, arena, JSON_DEPTH_MAX);
	bool good = json_next(&reader, &token) == JSON_OBJECT_BEGIN;
	while (good && json_next(&reader, &token) == JSON_KEY) {
		if (text_is(token.text, "item")) {
			int rc = read_items(source, &reader, arena);
			if (rc == LIB_NOMEM) return rc;
			good = rc == 0;
			continue;
		}
		int index = member_index(claim_members, token.text);
		struct text_span raw = {NULL, 0};
		good = json_skip(&reader, &raw) != JSON_ERROR;
		if (good && index >= 0 && !refers(raw)) source->members[index] = raw;
	}
	if (reader.error.code == LIB_NOMEM) return LIB_NOMEM;
	if (!good || token.type != JSON_OBJECT_END) *source = (struct fhir_source){.item_count = 0};
	return 0;
}

void fhir_source_put_claim(struct json_writer *writer, const struct fhir_source *source)
{
	for (int i = 0; claim_members[i] != NULL; i++) {
		json_write_member_raw(writer, claim_members[i], source->members[i]);
	}
}

void fhir_source_put_item(struct json_writer *writer, const struct fhir_source *source, uint32_t index)
{
	if (index >= source->item_count) return;
	for (int i = 0; item_members[i] != NULL; i++) {
		json_write_member_raw(writer, item_members[i], source->items[index].members[i]);
	}
}

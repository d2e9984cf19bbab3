/* One pass over the top level finds id and meta; the rest is copied as it is. */
#include "intake/stamp.h"

#include <string.h>

#include "lib/date.h"
#include "lib/json.h"
#include "lib/json_write.h"

/* Where a member stands in the text: from its key to the end of its value; len 0: absent. */
struct member {
	size_t begin, end;
	struct text_span value;
};

struct parts {
	struct member id, meta;
	size_t body; /* just behind the opening brace */
	size_t end;  /* at the closing brace */
	bool other;  /* there are members besides */
};

static int parts_find(struct text_span raw, struct zf_arena *arena, struct parts *ret)
{
	struct json_reader reader;
	struct json_token token;
	struct parts parts = {.body = 0};
	json_reader_init_checked(&reader, raw, arena, JSON_DEPTH_MAX);
	if (json_next(&reader, &token) != JSON_OBJECT_BEGIN) return err_set(ERR_INVALID, "this is no JSON object");
	parts.body = token.end;
	while (json_next(&reader, &token) == JSON_KEY) {
		struct member *member = text_is(token.text, "id")     ? &parts.id
					: text_is(token.text, "meta") ? &parts.meta
								      : NULL;
		struct text_span value;
		size_t begin = token.begin;
		if (json_skip(&reader, &value) < 0) break;
		if (member == NULL) {
			parts.other = true;
			continue;
		}
		*member = (struct member){begin, (size_t)(value.ptr - raw.ptr) + value.len, value};
	}
	if (token.type != JSON_OBJECT_END)
		return err_set(reader.error.code == LIB_NOMEM ? ERR_NOMEM : ERR_INVALID, "this is no JSON object");
	parts.end = token.begin;
	*ret = parts;
	return 0;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Appends the members of [from, to) with neither leading nor trailing comma, after a comma of our own when something
 * stands there already. */
static size_t members_copy(char *out, size_t len, struct text_span raw, size_t from, size_t to)
{
	while (from < to && (is_space(raw.ptr[from]) || raw.ptr[from] == ',')) from++;
	while (to > from && (is_space(raw.ptr[to - 1]) || raw.ptr[to - 1] == ',')) to--;
	if (from == to) return len;
	if (out[len - 1] != '{') out[len++] = ',';
	memcpy(out + len, raw.ptr + from, to - from);
	return len + (to - from);
}

/* Everything but id and meta, behind what is in `out` already. */
static size_t rest_copy(char *out, size_t len, struct text_span raw, const struct parts *parts)
{
	const struct member *first = &parts->id, *second = &parts->meta;
	size_t from = parts->body;
	if (first->begin > second->begin) {
		first = &parts->meta;
		second = &parts->id;
	}
	if (first->end > 0) {
		len = members_copy(out, len, raw, from, first->begin);
		from = first->end;
	}
	if (second->end > 0) {
		len = members_copy(out, len, raw, from, second->begin);
		from = second->end;
	}
	return members_copy(out, len, raw, from, parts->end);
}

int stamp_strip(struct text_span raw, struct zf_arena *arena, struct bytes *ret_text)
{
	struct parts parts = {.body = 0};
	int r = parts_find(raw, arena, &parts);
	if (r < 0) return r;
	if (parts.id.end == 0 && parts.meta.end == 0) {
		*ret_text = (struct bytes){(const uint8_t *)raw.ptr, raw.len};
		return 0;
	}
	char *out = zf_alloc(arena, raw.len + 8);
	if (out == NULL) return err_set(ERR_NOMEM, "no memory for a resource");
	out[0] = '{';
	size_t len = rest_copy(out, 1, raw, &parts);
	out[len++] = '}';
	*ret_text = (struct bytes){(const uint8_t *)out, len};
	return 0;
}

static void put_duplicate(struct json_writer *writer, const struct uuid *first)
{
	char text[UUID_TEXT_LEN + 6] = "Claim/";
	uuid_format(first, text + 6);
	json_write_key(writer, "extension");
	json_write_array_begin(writer);
	json_write_object_begin(writer);
	json_write_member(writer, "url", "urn:zhifu:duplicate-of");
	json_write_key(writer, "valueReference");
	json_write_object_begin(writer);
	json_write_member(writer, "reference", text);
	json_write_object_end(writer);
	json_write_object_end(writer);
	json_write_array_end(writer);
}

/* The submitted meta's other members stay; an extension list of its own wins over ours, which says the same as the
 * Link header. */
static int meta_write(struct text_span meta, const struct stamp *stamp, struct zf_arena *arena, struct text_span *ret)
{
	struct json_writer writer;
	struct json_reader reader;
	struct json_token token;
	char updated[DATE_TEXT_SIZE];
	bool has_extension = false;
	(void)date_format_ms(stamp->updated_ms, 0, updated);
	json_write_init(&writer, arena, meta.len + 1024);
	json_write_object_begin(&writer);
	json_write_member(&writer, "versionId", stamp->version != NULL ? stamp->version : "1");
	json_write_member(&writer, "lastUpdated", updated);
	if (meta.len > 0) {
		json_reader_init_checked(&reader, meta, arena, JSON_DEPTH_MAX);
		bool is_object = json_next(&reader, &token) == JSON_OBJECT_BEGIN;
		while (is_object && json_next(&reader, &token) == JSON_KEY) {
			struct text_span value, key = token.text;
			if (json_skip(&reader, &value) < 0) break;
			if (text_is(key, "versionId") || text_is(key, "lastUpdated")) continue;
			has_extension = has_extension || text_is(key, "extension");
			json_write_key_span(&writer, key);
			json_write_raw(&writer, value);
		}
	}
	if (stamp->duplicate_of != NULL && !has_extension) put_duplicate(&writer, stamp->duplicate_of);
	json_write_object_end(&writer);
	return json_write_finish(&writer, ret);
}

int stamp_apply(struct text_span raw, const struct stamp *stamp, struct zf_arena *arena, struct bytes *ret_text)
{
	struct parts parts = {.body = 0};
	struct text_span meta = {NULL, 0};
	char id[UUID_TEXT_LEN];
	int r = parts_find(raw, arena, &parts);
	if (r == 0) r = meta_write(parts.meta.value, stamp, arena, &meta);
	if (r != 0) return r;
	char *out = zf_alloc(arena, raw.len + meta.len + UUID_TEXT_LEN + 32);
	if (out == NULL) return err_set(ERR_NOMEM, "no memory for a resource");
	uuid_format(stamp->id, id);
	size_t len = (size_t)(stpcpy(stpcpy(stpcpy(out, "{\"id\":\""), id), "\",\"meta\":") - out);
	memcpy(out + len, meta.ptr, meta.len);
	len = rest_copy(out, len + meta.len, raw, &parts);
	out[len++] = '}';
	*ret_text = (struct bytes){(const uint8_t *)out, len};
	return 0;
}

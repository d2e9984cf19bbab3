/* The allow-list over JSON, in one pass per resource. */
#include "translate/filter.h"

#include <stdio.h>
#include <string.h>

#include "lib/json.h"
#include "lib/json_write.h"

#define PATH_BYTES 256
#define DEPTH_MAX 48
#define LEFT_BYTES_MAX (64u << 20)

static const char *const common_types[] = {"Claim", "Patient", "Coverage", "Organization", "Practitioner",
	"PractitionerRole", "Encounter", "Condition", "Procedure", "Location", "RelatedPerson", "HealthcareService",
	"Account", "EpisodeOfCare", "MedicationRequest", "Medication", "ServiceRequest", "DeviceRequest",
	"VisionPrescription", "Device", "Consent"};

/* What is looked into for genetic marks. */
static const char *const result_types[] = {"Observation", "DiagnosticReport", "ServiceRequest", "Procedure"};

/* LOINC: variant assessment, genes studied, variants, sequencing panels and reports (the HL7 genomics guide's). */
static const char *const genetic_codes[] = {"69548-6", "48018-6", "51969-4", "53041-0", "81247-9", "81252-9", "55233-1",
	"82120-7", "84413-4", "48002-0", "53037-8", "47999-8", "51963-7", "83005-9", "81251-1", "36908-2", "73966-4"};

struct walk {
	const struct filter *filter;
	struct zf_arena *arena;
	struct json_writer writer;
};

static bool is_one_of(const char *type, const char *const *types, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(types[i], type) == 0) return true;
	return false;
}

static bool is_common(const char *type)
{
	return is_one_of(type, common_types, ARRAY_LEN(common_types));
}

static bool is_result(const char *type)
{
	return is_one_of(type, result_types, ARRAY_LEN(result_types));
}

bool filter_passes(const char *type)
{
	return is_common(type) && !is_result(type);
}

/* ---- paths ---- */

enum reach { REACH_NONE, REACH_BELOW, REACH_ALL };

static enum reach reach_of(const struct filter *filter, const char *path)
{
	size_t len = strlen(path);
	enum reach reach = REACH_NONE;

	if (filter->count == 0) return REACH_ALL;
	for (uint32_t i = 0; i < filter->count; i++) {
		const char *prefix = filter->prefixes[i];
		size_t prefix_len = strlen(prefix);

		if (prefix_len <= len && strncmp(prefix, path, prefix_len) == 0 &&
			(path[prefix_len] == '\0' || path[prefix_len] == '.' ||
				(path[prefix_len] >= 'A' && path[prefix_len] <= 'Z')))
			return REACH_ALL;
		if (prefix_len > len && strncmp(prefix, path, len) == 0 && prefix[len] == '.') reach = REACH_BELOW;
	}
	return reach;
}

static bool names_type(const struct filter *filter, const char *type)
{
	return filter->count > 0 && reach_of(filter, type) != REACH_NONE;
}

/* ---- genetic data ---- */

static bool has(struct text_span raw, const char *what)
{
	return memmem(raw.ptr, raw.len, what, strlen(what)) != NULL;
}

static bool is_genetic(struct text_span raw, const char *type)
{
	char quoted[32];

	if (strcmp(type, "MolecularSequence") == 0) return true;
	if (!is_result(type)) return false;
	if (has(raw, "genomics-reporting") || has(raw, "observation-genetics")) return true;
	if (has(raw, "\"GE\"") && has(raw, "0074")) return true;
	for (size_t c = 0; c < ARRAY_LEN(genetic_codes); c++) {
		(void)snprintf(quoted, sizeof(quoted), "\"%s\"", genetic_codes[c]);
		if (has(raw, quoted)) return true;
	}
	return false;
}

/* ---- the walk ---- */

static int json_fault(const struct json_reader *reader)
{
	return reader->error.code == LIB_NOMEM ? err_set(ERR_NOMEM, "no memory to filter a claim")
					       : err_set(ERR_INVALID, "the claim is not well-formed JSON");
}

static int not_resource(void)
{
	return err_set(ERR_INVALID, "the claim holds something else than a resource");
}

/* filter_apply has checked the whole text. */
static int begin(struct json_reader *reader, struct text_span raw, struct zf_arena *arena, enum json_type type)
{
	struct json_token token;

	json_reader_init_checked(reader, raw, arena, JSON_DEPTH_MAX);
	return json_next(reader, &token) == type ? 0 : not_resource();
}

/* Puts a member's name behind the path; false when it does not fit: nothing so long is ever allowed. */
static bool path_push(char *path, size_t len, struct text_span key)
{
	if (key.len > 0 && key.ptr[0] == '_') key = (struct text_span){key.ptr + 1, key.len - 1};
	if (len + key.len + 2 > PATH_BYTES) return false;
	path[len] = '.';
	memcpy(path + len + 1, key.ptr, key.len);
	path[len + 1 + key.len] = '\0';
	return true;
}

static int value_filter(struct walk *walk, struct text_span raw, char *path, size_t path_len, int depth);

static int object_filter(struct walk *walk, struct text_span raw, char *path, size_t path_len, int depth)
{
	struct json_reader reader;
	struct json_token token;
	struct text_span value;
	enum reach reach;
	int r = begin(&reader, raw, walk->arena, JSON_OBJECT_BEGIN);

	json_write_object_begin(&walk->writer);
	while (r == 0 && json_next(&reader, &token) == JSON_KEY) {
		bool fits = path_push(path, path_len, token.text);

		reach = fits ? reach_of(walk->filter, path) : REACH_NONE;
		if (json_skip(&reader, &value) <= JSON_END) return json_fault(&reader);
		if (reach != REACH_NONE) json_write_key_span(&walk->writer, token.text);
		if (reach == REACH_ALL)
			json_write_raw(&walk->writer, value);
		else if (reach == REACH_BELOW)
			r = value_filter(walk, value, path, strlen(path), depth + 1);
		path[path_len] = '\0';
	}
	json_write_object_end(&walk->writer);
	return r;
}

static int array_filter(struct walk *walk, struct text_span raw, char *path, size_t path_len, int depth)
{
	struct json_reader reader;
	struct text_span value;
	enum json_type type;
	int r = begin(&reader, raw, walk->arena, JSON_ARRAY_BEGIN);

	json_write_array_begin(&walk->writer);
	while (r == 0 && (type = json_skip(&reader, &value)) != JSON_ARRAY_END) {
		if (type <= JSON_END) return json_fault(&reader);
		r = value_filter(walk, value, path, path_len, depth + 1);
	}
	json_write_array_end(&walk->writer);
	return r;
}

/* A value of which only something below may stay. */
static int value_filter(struct walk *walk, struct text_span raw, char *path, size_t path_len, int depth)
{
	if (depth > DEPTH_MAX) return err_set(ERR_INVALID, "the claim is nested too deeply");
	if (raw.ptr[0] == '{') return object_filter(walk, raw, path, path_len, depth);
	if (raw.ptr[0] == '[') return array_filter(walk, raw, path, path_len, depth);
	json_write_null(&walk->writer); /* a scalar has nothing below it */
	return 0;
}

static int type_of(struct walk *walk, struct text_span raw, const char **ret_type)
{
	struct json_reader reader;
	struct json_token token;
	int r = begin(&reader, raw, walk->arena, JSON_OBJECT_BEGIN);

	if (r < 0) return r;
	while (json_next(&reader, &token) == JSON_KEY) {
		bool found = text_is(token.text, "resourceType");

		if (!found) {
			if (json_skip(&reader, NULL) <= JSON_END) return json_fault(&reader);
			continue;
		}
		if (json_next(&reader, &token) != JSON_STRING_VALUE) break;
		*ret_type = zf_strndup(walk->arena, token.text.ptr, token.text.len);
		return *ret_type == NULL ? err_set(ERR_NOMEM, "no memory to filter a claim") : 0;
	}
	return not_resource();
}

static bool may_leave(const struct walk *walk, struct text_span raw, const char *type)
{
	if (is_genetic(raw, type)) return false;
	return walk->filter->count == 0 ? is_common(type) : names_type(walk->filter, type);
}

static int resource_filter(struct walk *walk, struct text_span raw, const char *type, int depth);

/* The reader is at the value of "contained". */
static int contained_filter(struct walk *walk, struct json_reader *reader, int depth)
{
	struct json_token token;
	struct text_span value;
	enum json_type kind;
	const char *type = NULL;
	bool any = false;
	int r = json_next(reader, &token) == JSON_ARRAY_BEGIN ? 0 : not_resource();

	while (r == 0 && (kind = json_skip(reader, &value)) != JSON_ARRAY_END) {
		if (kind <= JSON_END) return json_fault(reader);
		r = type_of(walk, value, &type);
		if (r < 0 || !may_leave(walk, value, type)) continue;
		if (!any) {
			json_write_key(&walk->writer, "contained");
			json_write_array_begin(&walk->writer);
			any = true;
		}
		r = resource_filter(walk, value, type, depth + 1);
	}
	if (any) json_write_array_end(&walk->writer);
	return r;
}

static int resource_filter(struct walk *walk, struct text_span raw, const char *type, int depth)
{
	char path[PATH_BYTES];
	size_t path_len = (size_t)snprintf(path, sizeof(path), "%.64s", type);
	struct json_reader reader;
	struct json_token token;
	struct text_span value;
	int r = begin(&reader, raw, walk->arena, JSON_OBJECT_BEGIN);

	if (depth > 3) return err_set(ERR_INVALID, "the claim is nested too deeply");
	json_write_object_begin(&walk->writer);
	while (r == 0 && json_next(&reader, &token) == JSON_KEY) {
		bool always = text_is(token.text, "resourceType") || text_is(token.text, "id");
		bool fits = path_push(path, path_len, token.text);
		enum reach reach = always ? REACH_ALL : fits ? reach_of(walk->filter, path) : REACH_NONE;

		if (text_is(token.text, "contained")) {
			r = contained_filter(walk, &reader, depth);
			path[path_len] = '\0';
			continue;
		}
		if (json_skip(&reader, &value) <= JSON_END) return json_fault(&reader);
		if (reach == REACH_ALL) {
			json_write_key_span(&walk->writer, token.text);
			json_write_raw(&walk->writer, value);
		} else if (reach == REACH_BELOW) {
			json_write_key_span(&walk->writer, token.text);
			r = value_filter(walk, value, path, strlen(path), depth + 1);
		}
		path[path_len] = '\0';
	}
	json_write_object_end(&walk->writer);
	return r;
}

/* The reader has begun an entry. */
static int entry_filter(struct walk *walk, struct json_reader *reader)
{
	struct json_token token;
	struct text_span value, resource = {NULL, 0}, full_url = {NULL, 0};
	const char *type = NULL;
	int r;

	while (json_next(reader, &token) == JSON_KEY) {
		bool is_resource = text_is(token.text, "resource");
		bool is_url = text_is(token.text, "fullUrl");

		if (json_skip(reader, &value) <= JSON_END) return json_fault(reader);
		if (is_resource) resource = value;
		if (is_url) full_url = value;
	}
	if (resource.ptr == NULL) return 0;
	r = type_of(walk, resource, &type);
	if (r < 0 || !may_leave(walk, resource, type)) return r;
	json_write_object_begin(&walk->writer);
	json_write_member_raw(&walk->writer, "fullUrl", full_url);
	json_write_key(&walk->writer, "resource");
	r = resource_filter(walk, resource, type, 0);
	json_write_object_end(&walk->writer);
	return r;
}

/* The reader is at the value of "entry". */
static int entries_filter(struct walk *walk, struct json_reader *reader)
{
	struct json_token token;
	int r = json_next(reader, &token) == JSON_ARRAY_BEGIN ? 0 : not_resource();

	json_write_key(&walk->writer, "entry");
	json_write_array_begin(&walk->writer);
	while (r == 0 && json_next(reader, &token) != JSON_ARRAY_END)
		r = token.type == JSON_OBJECT_BEGIN ? entry_filter(walk, reader) : not_resource();
	json_write_array_end(&walk->writer);
	return r;
}

static int bundle_filter(struct walk *walk, struct text_span raw)
{
	struct json_reader reader;
	struct json_token token;
	struct text_span value;
	int r = begin(&reader, raw, walk->arena, JSON_OBJECT_BEGIN);

	json_write_object_begin(&walk->writer);
	json_write_member(&walk->writer, "resourceType", "Bundle");
	while (r == 0 && json_next(&reader, &token) == JSON_KEY) {
		bool is_type = text_is(token.text, "type");

		if (text_is(token.text, "entry")) {
			r = entries_filter(walk, &reader);
			continue;
		}
		if (json_skip(&reader, &value) <= JSON_END) return json_fault(&reader);
		if (is_type) json_write_member_raw(&walk->writer, "type", value);
	}
	json_write_object_end(&walk->writer);
	return r;
}

int filter_apply(
	const struct filter *filter, struct text_span bundle, struct zf_arena *arena, struct text_span *ret_left)
{
	struct walk walk = {.filter = filter, .arena = arena};
	const char *type = NULL;
	int r;

	r = json_check(bundle.ptr, bundle.len, arena, JSON_DEPTH_MAX, LEFT_BYTES_MAX, NULL);
	if (r < 0) return err_set(r == LIB_NOMEM ? ERR_NOMEM : ERR_INVALID, "the claim is not well-formed JSON");
	bundle = text_trim(bundle);
	json_write_init(&walk.writer, arena, LEFT_BYTES_MAX);
	r = type_of(&walk, bundle, &type);
	if (r == 0 && type != NULL)
		r = strcmp(type, "Bundle") == 0 ? bundle_filter(&walk, bundle)
						: resource_filter(&walk, bundle, type, 0);
	if (r < 0) return r;
	r = json_write_finish(&walk.writer, ret_left);
	if (r < 0) return err_set(r == LIB_NOMEM ? ERR_NOMEM : ERR_INVALID, "the filtered claim cannot be written");
	return 0;
}

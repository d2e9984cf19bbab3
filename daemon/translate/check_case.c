/* Golden cases from files. */
#include "translate/check_case.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "fhir/document.h"

#define NOW_MS_DEFAULT 1790000000000LL
#define FILE_BYTES_MAX (8u << 20)

static int file_read(struct check_case *check, const char *folder, const char *name, struct bytes *ret_bytes)
{
	char path[4096];
	FILE *file;
	struct stat info;
	uint8_t *bytes;
	size_t len;

	if (strchr(name, '/') != NULL || (size_t)snprintf(path, sizeof(path), "%s/%s", folder, name) >= sizeof(path))
		return err_set(ERR_INVALID, "\"%s\" is no file beside the case", name);
	file = fopen(path, "re");
	if (file == NULL || fstat(fileno(file), &info) != 0) {
		int r = err_set(ERR_SYS, "could not read \"%s\": %s", name, strerror(errno));

		if (file != NULL) (void)fclose(file);
		return r;
	}
	bytes = info.st_size > (off_t)FILE_BYTES_MAX ? NULL : zf_alloc(&check->arena.zf, (size_t)info.st_size + 1);
	len = bytes == NULL ? 0 : fread(bytes, 1, (size_t)info.st_size, file);
	(void)fclose(file);
	if (bytes == NULL) return err_set(ERR_LIMIT, "\"%s\" is too large", name);
	*ret_bytes = (struct bytes){bytes, len};
	return 0;
}

/* A JSON object of texts as a map; `prefix` and a slash before the names where it is given. */
static int pairs_add(
	struct check_case *check, const json_t *object, const char *prefix, struct conf_pair *pairs, size_t *count)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, name, value)
	{
		if (!json_is_string(value)) return err_set(ERR_INVALID, "\"%s\" must be a text", name);
		pairs[*count].name = prefix == NULL ? name : arena_printf(&check->arena, "%s/%s", prefix, name);
		pairs[*count].value = json_string_value(value);
		if (pairs[*count].name == NULL) return err_set(ERR_NOMEM, "no memory for a case");
		(*count)++;
	}
	return 0;
}

static int map_make(struct check_case *check, struct conf_pair *pairs, size_t count, const struct conf_map **ret_map)
{
	struct conf_map *map = zf_alloc(&check->arena.zf, sizeof(*map));

	if (map == NULL) return err_set(ERR_NOMEM, "no memory for a case");
	*map = (struct conf_map){pairs, count};
	*ret_map = map;
	return 0;
}

static int profile_read(struct check_case *check, const json_t *profile)
{
	const json_t *maps = json_object_get(profile, "maps");
	const json_t *keys = json_object_get(profile, "keys");
	const char *code = json_string_value(json_object_get(profile, "insurer"));
	const char *name;
	json_t *map;
	size_t n = json_object_size(keys);
	size_t count = 0;
	struct conf_pair *pairs;
	int r;

	check->insurer.code = check->insurer.name = code == NULL ? "insurer" : code;
	check->insurers[0] = &check->insurer;
	pairs = zf_alloc_array(&check->arena.zf, n + 1, sizeof(*pairs));
	if (pairs == NULL) return err_set(ERR_NOMEM, "no memory for a case");
	r = pairs_add(check, keys, NULL, pairs, &count);
	if (r == 0) r = map_make(check, pairs, count, &check->insurer.module_keys);
	if (r < 0) return r;
	n = count = 0;
	json_object_foreach((json_t *)(uintptr_t)maps, name, map) n += json_object_size(map);
	pairs = zf_alloc_array(&check->arena.zf, n + 1, sizeof(*pairs));
	if (pairs == NULL) return err_set(ERR_NOMEM, "no memory for a case");
	json_object_foreach((json_t *)(uintptr_t)maps, name, map)
	{
		r = pairs_add(check, map, name, pairs, &count);
		if (r < 0) return r;
	}
	return map_make(check, pairs, count, &check->insurer.maps);
}

static int hospital_read(struct check_case *check, const json_t *hospital)
{
	const json_t *identifiers = json_object_get(hospital, "identifiers");
	const char *code = json_string_value(json_object_get(hospital, "code"));
	const char *name = json_string_value(json_object_get(hospital, "name"));
	size_t n = json_object_size(identifiers);
	const struct zf_identifier **list = zf_alloc_array(&check->arena.zf, n + 1, sizeof(struct zf_identifier *));
	const char *system;
	json_t *value;

	if (list == NULL) return err_set(ERR_NOMEM, "no memory for a case");
	if (code != NULL && !hospital_code_valid(code)) return err_set(ERR_INVALID, "the hospital's code is none");
	(void)snprintf(check->hospital.code, sizeof(check->hospital.code), "%s", code == NULL ? "AB1" : code);
	check->hospital.name = name == NULL ? "Hospital" : name;
	check->hospital.zone_name = "Asia/Shanghai";
	memcpy(check->hospital.book_currency, "CNY", 4);
	check->hospital.identifiers = list;
	json_object_foreach((json_t *)(uintptr_t)identifiers, system, value)
	{
		struct zf_identifier *identifier = zf_alloc(&check->arena.zf, sizeof(*identifier));

		if (identifier == NULL) return err_set(ERR_NOMEM, "no memory for a case");
		identifier->system = system;
		identifier->value = json_string_value(value);
		list[check->hospital.identifier_count++] = identifier;
	}
	check->hospitals[0] = &check->hospital;
	check->directory = (struct directory){check->hospitals, 1, check->insurers, 1};
	return 0;
}

static int claims_read(struct check_case *check, const char *folder, struct bytes *ret_json)
{
	const json_t *names = json_object_get(check->json, "claims");
	const char *origin = json_string_value(json_object_get(check->json, "origin_ref"));
	int r;

	*ret_json = (struct bytes){NULL, 0};
	for (size_t i = 0; i < json_array_size(names); i++) {
		const char *name = json_string_value(json_array_get(names, i));
		struct fhir_document document;
		struct fault_list faults;
		struct zf_claim *claim = zf_alloc(&check->arena.zf, sizeof(*claim));

		if (name == NULL || i == CASE_CLAIMS_MAX || claim == NULL)
			return err_set(ERR_INVALID, "claims must be at most %d file names", CASE_CLAIMS_MAX);
		r = file_read(check, folder, name, ret_json);
		if (r < 0) return r;
		fault_list_init(&faults, &check->arena.zf, 0);
		if (fhir_document_read((const char *)ret_json->ptr, ret_json->len, NULL,
			    FHIR_ACCEPT_CLAIM | FHIR_ACCEPT_BUNDLE, &check->arena.zf, &faults, &document) < 0 ||
			document.claim_count == 0)
			return err_set(ERR_INVALID, "\"%s\" holds no claim that can be read", name);
		*claim = *document.claims[0];
		(void)snprintf(claim->id, sizeof(claim->id), "00000000-0000-7000-8000-%012u", (unsigned)(i + 1));
		(void)snprintf(claim->ref, sizeof(claim->ref), "%.3s%013u", check->hospital.code, (unsigned)(i + 1));
		if (origin != NULL) (void)snprintf(claim->origin_ref, sizeof(claim->origin_ref), "%s", origin);
		check->claims[check->claim_count++] = claim;
	}
	return 0;
}

/* ---- events ---- */

static const struct {
	const char *name;
	uint32_t kind;
} kinds[] = {{"start_claim", ZF_EVENT_START_CLAIM}, {"start_status", ZF_EVENT_START_STATUS},
	{"start_cancel", ZF_EVENT_START_CANCEL}, {"start_poll", ZF_EVENT_START_POLL},
	{"start_remittance", ZF_EVENT_START_REMITTANCE}, {"reply", ZF_EVENT_REPLY}, {"call", ZF_EVENT_CALL},
	{"timer", ZF_EVENT_TIMER}, {"failure", ZF_EVENT_FAILURE}, {"file", ZF_EVENT_FILE}};

static int headers_read(struct check_case *check, const json_t *headers, struct zf_event *event)
{
	const struct zf_header **list =
		zf_alloc_array(&check->arena.zf, json_object_size(headers) + 1, sizeof(struct zf_header *));
	const char *name;
	json_t *value;

	if (list == NULL) return err_set(ERR_NOMEM, "no memory for a case");
	json_object_foreach((json_t *)(uintptr_t)headers, name, value)
	{
		struct zf_header *header = zf_alloc(&check->arena.zf, sizeof(*header));

		if (header == NULL || !json_is_string(value)) return err_set(ERR_INVALID, "headers must be texts");
		*header = (struct zf_header){name, json_string_value(value)};
		list[event->header_count++] = header;
	}
	event->headers = list;
	return 0;
}

static int event_read(
	struct check_case *check, const char *folder, const json_t *json, struct bytes claim_json, size_t no)
{
	struct zf_event *event = &check->events[no];
	const char *kind = json_string_value(json_object_get(json, "kind"));
	const char *failure = json_string_value(json_object_get(json, "failure"));
	const char *body = json_string_value(json_object_get(json, "body"));
	const char *body_file = json_string_value(json_object_get(json, "body_file"));
	struct bytes bytes = {(const uint8_t *)body, body == NULL ? 0 : strlen(body)};
	int r = 0;

	*event = (struct zf_event){.size = sizeof(*event)};
	for (size_t i = 0; kind != NULL && i < ARRAY_LEN(kinds); i++)
		if (strcmp(kinds[i].name, kind) == 0) event->kind = kinds[i].kind;
	if (event->kind == 0) return err_set(ERR_INVALID, "event %zu is of no known kind", no + 1);
	check->kinds[no] = kind;
	event->token = (uint32_t)json_integer_value(json_object_get(json, "token"));
	event->http_status = (int32_t)json_integer_value(json_object_get(json, "status"));
	event->reason = json_string_value(json_object_get(json, "reason"));
	if (failure != NULL)
		event->failure = strcmp(failure, "not_sent") == 0  ? ZF_FAILURE_NOT_SENT
				 : strcmp(failure, "timeout") == 0 ? ZF_FAILURE_TIMEOUT
								   : ZF_FAILURE_UNKNOWN;
	if (body_file != NULL) r = file_read(check, folder, body_file, &bytes);
	if (r == 0) r = headers_read(check, json_object_get(json, "headers"), event);
	if (r < 0) return r;
	event->body = bytes.ptr;
	event->body_len = bytes.len;
	if (event->kind <= ZF_EVENT_START_CANCEL || event->kind == ZF_EVENT_TIMER) {
		event->claims = check->claims;
		event->claim_count = check->claim_count;
		event->claim_json = check->claim_count == 1 ? (const char *)claim_json.ptr : NULL;
		event->claim_json_len = check->claim_count == 1 ? claim_json.len : 0;
	}
	return 0;
}

static int case_read(struct check_case *check, const char *folder)
{
	const json_t *events = json_object_get(check->json, "events");
	const json_t *now = json_object_get(check->json, "now_ms");
	struct bytes claim_json = {NULL, 0};
	int r = profile_read(check, json_object_get(check->json, "profile"));

	if (r == 0) r = hospital_read(check, json_object_get(json_object_get(check->json, "profile"), "hospital"));
	if (r == 0) r = claims_read(check, folder, &claim_json);
	check->now_ms = now == NULL ? NOW_MS_DEFAULT : json_integer_value(now);
	check->event_count = json_array_size(events);
	if (r == 0 && (check->event_count == 0 || check->event_count > CASE_EVENTS_MAX))
		r = err_set(ERR_INVALID, "a case has 1 to %d events", CASE_EVENTS_MAX);
	for (size_t i = 0; r == 0 && i < check->event_count; i++)
		r = event_read(check, folder, json_array_get(events, i), claim_json, i);
	return r;
}

int check_case_load(const char *folder, const char *name, struct check_case *ret_case)
{
	struct check_case *check = ret_case;
	json_error_t error;
	char path[4096];
	int r;

	*check = (struct check_case){0};
	arena_init(&check->arena, 256u << 20);
	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	check->json = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
	check->path = zf_strdup(&check->arena.zf, path);
	check->name = zf_strdup(&check->arena.zf, name);
	if (check->json == NULL)
		r = err_set(ERR_INVALID, "line %d: %s", error.line, error.text);
	else if (check->path == NULL || check->name == NULL)
		r = err_set(ERR_NOMEM, "no memory for a case");
	else
		r = case_read(check, folder);
	if (r < 0) check_case_free(check);
	return r;
}

void check_case_free(struct check_case *check)
{
	json_decref(check->json);
	check->json = NULL;
	arena_free(&check->arena);
}

/* What the table of operations says, in the words of OpenAPI 3.1 and JSON Schema 2020-12. */
#include "desk/openapi.h"

#include <string.h>

#include "desk/call.h"

#define BYTES_MAX (1u << 20)
#define SHAPES_MAX 256

#define DECIMAL_PATTERN "^-?[0-9]+([.][0-9]+)?$"

/* The shapes that are used, each once. */
struct shapes {
	const struct shape *items[SHAPES_MAX];
	size_t count;
};

static void shapes_add(struct shapes *shapes, const struct shape *shape)
{
	if (shape == NULL) return;
	for (size_t i = 0; i < shapes->count; i++)
		if (shapes->items[i] == shape) return;
	assert(shapes->count < SHAPES_MAX);
	shapes->items[shapes->count++] = shape;
	for (size_t i = 0; i < shape->count; i++)
		if (shape->fields[i].of != NULL) shapes_add(shapes, shape->fields[i].of);
}

static void reference_put(struct json_writer *writer, struct arena *arena, const char *kind, const char *name)
{
	json_write_member(writer, "$ref", arena_printf(arena, "#/components/%s/%s", kind, name));
}

static void words_put(struct json_writer *writer, const char *const *words)
{
	json_write_key(writer, "enum");
	json_write_array_begin(writer);
	for (; *words != NULL; words++)
		if (**words != '\0') json_write_string(writer, *words);
	json_write_array_end(writer);
}

/* The members of a field's schema, without its description. */
static void type_put(struct json_writer *writer, struct arena *arena, const struct field *field)
{
	static const char *const formats[] = {[FIELD_ID] = "uuid", [FIELD_DAY] = "date", [FIELD_TIME] = "date-time"};
	switch (field->type) {
	case FIELD_MONEY:
		reference_put(writer, arena, "schemas", "Money");
		return;
	case FIELD_INT:
		json_write_member(writer, "type", "integer");
		if (!(field->flags & FIELD_SIGNED)) json_write_member_int64(writer, "minimum", 0);
		return;
	case FIELD_BOOL:
		json_write_member(writer, "type", "boolean");
		return;
	case FIELD_DOCUMENT:
		json_write_member(writer, "type", "object");
		return;
	case FIELD_LIST:
		json_write_member(writer, "type", "array");
		if (field->max != 0) json_write_member_int64(writer, "maxItems", field->max);
		json_write_key(writer, "items");
		json_write_object_begin(writer);
		reference_put(writer, arena, "schemas", field->of->name);
		json_write_object_end(writer);
		return;
	case FIELD_WORD:
		json_write_member(writer, "type", "string");
		words_put(writer, field->words);
		return;
	case FIELD_DECIMAL:
		json_write_member(writer, "type", "string");
		json_write_member(writer, "pattern", DECIMAL_PATTERN);
		return;
	case FIELD_TEXT:
	case FIELD_ID:
	case FIELD_DAY:
	case FIELD_TIME:
		break;
	}
	json_write_member(writer, "type", "string");
	if (field->type != FIELD_TEXT) json_write_member(writer, "format", formats[field->type]);
	if (field->max != 0) json_write_member_int64(writer, "maxLength", field->max);
}

static void properties_put(struct json_writer *writer, struct arena *arena, const struct shape *shape)
{
	for (size_t i = 0; i < shape->count; i++) {
		json_write_key(writer, shape->fields[i].name);
		json_write_object_begin(writer);
		type_put(writer, arena, &shape->fields[i]);
		json_write_member(writer, "description", shape->fields[i].about);
		json_write_object_end(writer);
	}
}

static void shape_put(struct json_writer *writer, struct arena *arena, const struct shape *shape)
{
	json_write_key(writer, shape->name);
	json_write_object_begin(writer);
	json_write_member(writer, "type", "object");
	json_write_key(writer, "properties");
	json_write_object_begin(writer);
	properties_put(writer, arena, shape);
	json_write_object_end(writer);
	json_write_key(writer, "required");
	json_write_array_begin(writer);
	for (size_t i = 0; i < shape->count; i++)
		if (shape->fields[i].flags & FIELD_REQUIRED) json_write_string(writer, shape->fields[i].name);
	json_write_array_end(writer);
	json_write_member_bool(writer, "additionalProperties", false);
	json_write_object_end(writer);
}

/* What no operation's table has. */
static const char fixed_schemas[] =
	"\"Money\":{\"type\":\"object\",\"description\":\"an amount: a decimal with all decimals of its currency, and ISO 4217's "
	"code\",\"properties\":{\"value\":{\"type\":\"string\",\"pattern\":\"" DECIMAL_PATTERN "\"},"
	"\"currency\":{\"type\":\"string\",\"pattern\":\"^[A-Z]{3}$\"}},\"required\":[\"value\",\"currency\"],"
	"\"additionalProperties\":false},"
	"\"Problem\":{\"type\":\"object\",\"description\":\"RFC 9457, with all that is wrong\",\"properties\":{"
	"\"type\":{\"type\":\"string\",\"description\":\"urn:zhifu:problem: and a stable code\"},"
	"\"title\":{\"type\":\"string\"},\"title_zh\":{\"type\":\"string\"},\"status\":{\"type\":\"integer\"},"
	"\"errors\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/components/schemas/ProblemError\"}}},"
	"\"required\":[\"type\",\"title\",\"title_zh\",\"status\",\"errors\"],\"additionalProperties\":false},"
	"\"ProblemError\":{\"type\":\"object\",\"properties\":{"
	"\"pointer\":{\"type\":\"string\",\"description\":\"RFC 6901, into the request's body\"},"
	"\"place\":{\"type\":\"string\",\"description\":\"where in what is no JSON body: a parameter, a line\"},"
	"\"code\":{\"type\":\"string\",\"description\":\"stable\"},"
	"\"severity\":{\"type\":\"string\",\"enum\":[\"error\",\"warning\",\"information\"]},"
	"\"detail\":{\"type\":\"string\"},\"detail_zh\":{\"type\":\"string\"}},"
	"\"required\":[\"code\",\"severity\",\"detail\",\"detail_zh\"],\"additionalProperties\":false}";

/* "word":"about", ... */
static const char *scopes_words(struct arena *arena)
{
	const char *text = "";
	for (size_t i = 0; text != NULL && i < operation_scope_count; i++)
		text = arena_printf(arena, "%s%s\"%s\":\"%s\"", text, i == 0 ? "" : ",", operation_scopes[i].word,
			operation_scopes[i].about);
	return text == NULL ? "" : text;
}

static void components_put(struct json_writer *writer, struct arena *arena, const char *base_url)
{
	struct shapes shapes = {.count = 0};
	json_write_key(writer, "components");
	json_write_object_begin(writer);
	json_write_key(writer, "schemas");
	for (size_t i = 0; i < operation_count(); i++) {
		shapes_add(&shapes, operation_at(i)->request);
		shapes_add(&shapes, operation_at(i)->answer);
	}
	struct json_writer own;
	struct text_span text;
	json_write_init(&own, &arena->zf, BYTES_MAX);
	json_write_object_begin(&own);
	for (size_t i = 0; i < shapes.count; i++) shape_put(&own, arena, shapes.items[i]);
	json_write_object_end(&own);
	if (json_write_finish(&own, &text) < 0) return;
	json_write_raw(
		writer, text_of(arena_printf(arena, "{%s,%.*s", fixed_schemas, (int)text.len - 1, text.ptr + 1)));
	json_write_key(writer, "securitySchemes");
	json_write_raw(writer,
		text_of(arena_printf(arena,
			"{\"certificate\":{\"type\":\"mutualTLS\"},\"token\":{\"type\":\"oauth2\",\"flows\":{\"clientCredentials\":{"
			"\"tokenUrl\":\"%s/oauth2/token\",\"scopes\":{%s}}}}}",
			base_url, scopes_words(arena))));
	json_write_object_end(writer);
}

static void parameter_put(struct json_writer *writer, struct arena *arena, const char *where, const struct field *field)
{
	json_write_object_begin(writer);
	json_write_member(writer, "name", field->name);
	json_write_member(writer, "in", where);
	json_write_member_bool(writer, "required", (field->flags & FIELD_REQUIRED) != 0);
	json_write_member(writer, "description", field->about);
	json_write_key(writer, "schema");
	json_write_object_begin(writer);
	type_put(writer, arena, field);
	json_write_object_end(writer);
	json_write_object_end(writer);
}

static const struct field limit[] = {
	{"limit", FIELD_INT, 0, "entries of a page, 1 to 1000; left out: 100", NULL, 0, NULL}};
static const struct field text_limit[] = {
	{"limit", FIELD_INT, 0, "postings of a page, 1 to 10000; left out: 10000", NULL, 0, NULL}};
static const struct shape limit_shape = SHAPE("Limit", limit);

static void key_put(struct json_writer *writer, struct arena *arena, const struct operation *operation)
{
	const char *about = "the same key and body again get the first answer, for ever; another body is refused";
	struct field key = {"Idempotency-Key", FIELD_TEXT, operation_wants_key(operation) ? FIELD_REQUIRED : 0, about,
		NULL, 255, NULL};
	if (operation->once != NULL) key.about = arena_printf(arena, "%s; may be left out: %s", about, operation->once);
	if (key.about != NULL) parameter_put(writer, arena, "header", &key);
}

static void parameters_put(struct json_writer *writer, struct arena *arena, const struct operation *operation)
{
	static const struct field id = {"id", FIELD_ID, FIELD_REQUIRED, "of what is meant", NULL, 0, NULL};
	static const struct field cursor = {
		"cursor", FIELD_TEXT, 0, "of a next link; with no other parameter", NULL, 0, NULL};
	static const struct field match = {"If-Match", FIELD_TEXT, 0,
		"the ETag of what is to be changed: 412 when somebody was faster", NULL, 0, NULL};
	json_write_key(writer, "parameters");
	json_write_array_begin(writer);
	if (strstr(operation->path, "{id}") != NULL) parameter_put(writer, arena, "path", &id);
	bool in_url = operation->query != NULL && !operation_is_search(operation);
	for (size_t i = 0; in_url && i < operation->query->count; i++)
		if (!(operation->query->fields[i].flags & FIELD_PERSONAL))
			parameter_put(writer, arena, "query", &operation->query->fields[i]);
	if (operation_is_paged(operation) && operation->method == HTTP_GET) {
		parameter_put(writer, arena, "query", operation->kind == OPERATION_TEXT ? text_limit : limit);
		parameter_put(writer, arena, "query", &cursor);
	}
	if (operation->kind == OPERATION_ACT) key_put(writer, arena, operation);
	if (operation->kind == OPERATION_ACT && operation->versioned && strstr(operation->path, "{id}") != NULL)
		parameter_put(writer, arena, "header", &match);
	json_write_array_end(writer);
}

/* "application/json": {"schema": {...}} for a shape; for a page of them. */
static void content_put(struct json_writer *writer, struct arena *arena, const char *media, const char *name,
	bool is_items, bool has_next)
{
	json_write_key(writer, "content");
	json_write_object_begin(writer);
	json_write_key(writer, media);
	json_write_object_begin(writer);
	json_write_key(writer, "schema");
	if (is_items)
		json_write_raw(writer,
			text_of(arena_printf(arena,
				"{\"type\":\"object\",\"properties\":{\"items\":{\"type\":\"array\",\"items\":{\"$ref\":"
				"\"#/components/schemas/%s\"}}%s},\"required\":[\"items\"],\"additionalProperties\":false}",
				name, has_next ? ",\"next\":{\"type\":\"string\",\"format\":\"uri\"}" : "")));
	else if (name != NULL)
		json_write_raw(writer, text_of(arena_printf(arena, "{\"$ref\":\"#/components/schemas/%s\"}", name)));
	else
		json_write_raw(writer, TEXT("{\"type\":\"object\"}"));
	json_write_object_end(writer);
	json_write_object_end(writer);
}

/* A text, and where the next page of it is. */
static void text_put(struct json_writer *writer)
{
	json_write_key(writer, "headers");
	json_write_raw(writer,
		TEXT("{\"Link\":{\"description\":\"the next page, rel=\\\"next\\\"; not there: this is the last\","
		     "\"schema\":{\"type\":\"string\"}}}"));
	json_write_key(writer, "content");
	json_write_raw(writer,
		TEXT("{\"text/csv\":{\"schema\":{\"type\":\"string\"}},\"text/plain\":{\"schema\":{\"type\":\"string\"}}}"));
}

static void responses_put(struct json_writer *writer, struct arena *arena, const struct operation *operation)
{
	bool is_page = operation->kind == OPERATION_LIST;
	json_write_key(writer, "responses");
	json_write_object_begin(writer);
	for (int i = 0; i < (operation->creates ? 2 : 1); i++) {
		json_write_key(writer, i == 0 ? "200" : "201");
		json_write_object_begin(writer);
		json_write_member(writer, "description",
			i == 1               ? "done"
			: operation->creates ? "it was so already"
					     : "as asked");
		if (operation->kind == OPERATION_TEXT)
			text_put(writer);
		else
			content_put(writer, arena, "application/json",
				operation->answer == NULL ? NULL : operation->answer->name,
				is_page || operation->kind == OPERATION_WHOLE, is_page);
		json_write_object_end(writer);
	}
	json_write_key(writer, "default");
	json_write_object_begin(writer);
	json_write_member(writer, "description", "refused, and why");
	content_put(writer, arena, PROBLEM_TYPE, "Problem", false, false);
	json_write_object_end(writer);
	json_write_object_end(writer);
}

static void security_put(struct json_writer *writer, const struct operation *operation)
{
	json_write_key(writer, "security");
	json_write_array_begin(writer);
	for (int i = 0; i < 2; i++) {
		json_write_object_begin(writer);
		json_write_key(writer, i == 0 ? "certificate" : "token");
		json_write_array_begin(writer);
		for (size_t k = 0; k < operation_scope_count; k++)
			if (operation->scope & operation_scopes[k].scope)
				json_write_string(writer, operation_scopes[k].word);
		json_write_array_end(writer);
		json_write_object_end(writer);
	}
	json_write_array_end(writer);
}

/* The parameters of a search. */
static void form_put(struct json_writer *writer, struct arena *arena, const struct shape *query)
{
	json_write_key(writer, "requestBody");
	json_write_object_begin(writer);
	json_write_key(writer, "content");
	json_write_object_begin(writer);
	json_write_key(writer, DESK_FORM_TYPE);
	json_write_object_begin(writer);
	json_write_key(writer, "schema");
	json_write_object_begin(writer);
	json_write_member(writer, "type", "object");
	json_write_key(writer, "properties");
	json_write_object_begin(writer);
	properties_put(writer, arena, query);
	properties_put(writer, arena, &limit_shape);
	json_write_object_end(writer);
	json_write_member_bool(writer, "additionalProperties", false);
	for (int depth = 0; depth < 4; depth++) json_write_object_end(writer);
}

static void body_put(struct json_writer *writer, struct arena *arena, const struct operation *operation)
{
	if (operation_is_search(operation)) form_put(writer, arena, operation->query);
	if (operation->request == NULL && operation->media == NULL) return;
	json_write_key(writer, "requestBody");
	json_write_object_begin(writer);
	json_write_member_bool(writer, "required", true);
	if (operation->request != NULL) {
		content_put(writer, arena, "application/json", operation->request->name, false, false);
	} else {
		json_write_key(writer, "content");
		json_write_object_begin(writer);
		for (const char *media = operation->media; *media != '\0';) {
			size_t len = strcspn(media, " ");
			json_write_key_span(writer, (struct text_span){media, len});
			json_write_object_begin(writer);
			json_write_object_end(writer);
			media += len + (media[len] == ' ');
		}
		json_write_object_end(writer);
	}
	json_write_object_end(writer);
}

static void operation_put(struct json_writer *writer, struct arena *arena, const struct operation *operation)
{
	json_write_key(writer, operation->method == HTTP_GET ? "get" : "post");
	json_write_object_begin(writer);
	json_write_member(writer, "operationId", operation->name);
	json_write_member(writer, "summary", operation->summary);
	if (operation_is_file(operation))
		json_write_member(writer, "description",
			arena_printf(arena,
				"Known by its content, and refused with an Idempotency-Key. Sent again it is done once: %s.",
				operation->once));
	parameters_put(writer, arena, operation);
	body_put(writer, arena, operation);
	responses_put(writer, arena, operation);
	security_put(writer, operation);
	json_write_object_end(writer);
}

/* All operations of a path stand together, at the first of them. */
static void paths_put(struct json_writer *writer, struct arena *arena)
{
	json_write_key(writer, "paths");
	json_write_object_begin(writer);
	for (size_t i = 0; i < operation_count(); i++) {
		size_t first = 0;
		while (strcmp(operation_at(first)->path, operation_at(i)->path) != 0) first++;
		if (first < i) continue;
		json_write_key(writer, operation_at(i)->path);
		json_write_object_begin(writer);
		for (size_t k = i; k < operation_count(); k++)
			if (strcmp(operation_at(k)->path, operation_at(i)->path) == 0)
				operation_put(writer, arena, operation_at(k));
		json_write_object_end(writer);
	}
	json_write_object_end(writer);
}

int openapi_write(const char *base_url, struct arena *arena, struct text_span *ret_text)
{
	struct json_writer writer;
	json_write_init(&writer, &arena->zf, BYTES_MAX);
	json_write_object_begin(&writer);
	json_write_member(&writer, "openapi", "3.1.0");
	json_write_key(&writer, "info");
	json_write_object_begin(&writer);
	json_write_member(&writer, "title", "Zhifu: the finance office");
	json_write_member(&writer, "version", ZHIFU_VERSION);
	json_write_object_end(&writer);
	json_write_key(&writer, "servers");
	json_write_array_begin(&writer);
	json_write_object_begin(&writer);
	json_write_member(&writer, "url", base_url);
	json_write_object_end(&writer);
	json_write_array_end(&writer);
	paths_put(&writer, arena);
	components_put(&writer, arena, base_url);
	json_write_object_end(&writer);
	return json_write_finish(&writer, ret_text) < 0 ? err_set(ERR_NOMEM, "no memory for the OpenAPI document") : 0;
}

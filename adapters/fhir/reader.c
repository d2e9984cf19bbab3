/* Walks JSON along the element tables: one function per shape of value (object, list, scalar, resource), each adding
 * its faults where it stands. Recursion is bounded by the JSON reader's depth limit. */
#include "fhir/reader.h"

#include <assert.h>
#include <stdio.h>

#include "lib/fault_json.h"

static int read_object(struct fhir_reader *reader, const struct fhir_type_info *type, void *value);
static int read_resource(struct fhir_reader *reader, const struct json_token *begin, struct fhir_resource **ret);

/* id and extension only: what a primitive's "_name" sibling may hold. */
static const struct fhir_element element_rows[] = {
	{.name = "extension", .len = 9, .kind = FHIR_EXTENSION, .flags = FHIR_LIST, .bit = 0, .offset = FHIR_NOWHERE},
	{.name = "id", .len = 2, .kind = FHIR_STRING, .bit = 1, .offset = FHIR_NOWHERE},
};
static const struct fhir_type_info element_type = {.name = "Element", .elements = element_rows, .element_count = 2};

int fhir_reader_init(struct fhir_reader *reader, const char *text, size_t len, size_t bytes_max, uint32_t depth_max,
	struct zf_arena *arena, struct fault_list *faults)
{
	/* Not zeroed as a whole: the JSON reader is large and initialises itself. */
	memset(reader, 0, offsetof(struct fhir_reader, list_inline));
	reader->arena = arena;
	reader->faults = faults;
	reader->text = text;
	reader->len = len;
	reader->list.items = reader->list_inline;
	reader->list.cap = FHIR_STACK_INLINE;
	json_reader_init(&reader->json, text, len, arena, depth_max, bytes_max);
	if (len > bytes_max) return 0; /* the first token will say so */
	reader->pool = zf_alloc(arena, len + 1);
	return reader->pool == NULL ? LIB_NOMEM : 0;
}

int fhir_stack_push(struct zf_arena *arena, struct fhir_stack *stack, void *item)
{
	if (stack->len == stack->cap) {
		uint32_t cap = stack->cap == 0 ? 16 : stack->cap * 2;
		void **items = zf_alloc_array(arena, cap, sizeof(*items));
		if (items == NULL) return LIB_NOMEM;
		if (stack->len > 0) memcpy(items, stack->items, stack->len * sizeof(*items));
		stack->items = items;
		stack->cap = cap;
	}
	stack->items[stack->len++] = item;
	return 0;
}

const char *fhir_reader_string(struct fhir_reader *reader, struct text_span text)
{
	char *copy = reader->pool;
	memcpy(copy, text.ptr, text.len);
	copy[text.len] = '\0';
	reader->pool += text.len + 1;
	return copy;
}

size_t fhir_path_format(const struct fhir_frame *frames, uint32_t count, char *ret, size_t size)
{
	size_t len = 0;
	ret[0] = '\0';
	for (uint32_t i = 0; i < count; i++) {
		const char *dot = len == 0 ? "" : ".";
		int n = frames[i].index < 0 ? snprintf(ret + len, size - len, "%s%s", dot, frames[i].name)
					    : snprintf(ret + len, size - len, "%s%s[%d]", dot, frames[i].name,
						      (int)frames[i].index);
		if (n < 0) break;
		len += (size_t)n;
		if (len >= size) return size - 1;
	}
	return len;
}

void fhir_reader_fault_in(
	struct fhir_reader *reader, const char *element, enum fault_code code, const char *arg1, const char *arg2)
{
	char path[FAULT_PATH_BYTES_MAX];
	size_t len = fhir_path_format(reader->frames, reader->depth, path, sizeof(path));
	if (element != NULL) snprintf(path + len, sizeof(path) - len, "%s%s", len == 0 ? "" : ".", element);
	fault_add(reader->faults, code, path, arg1, arg2);
}

void fhir_reader_fault(struct fhir_reader *reader, enum fault_code code, const char *arg1, const char *arg2)
{
	fhir_reader_fault_in(reader, NULL, code, arg1, arg2);
}

static void push(struct fhir_reader *reader, const char *name)
{
	assert(reader->depth < FHIR_FRAMES_MAX);
	reader->frames[reader->depth++] = (struct fhir_frame){name, -1};
}

static void pop(struct fhir_reader *reader)
{
	reader->depth--;
}

/* The JSON reader has failed: says so where we are and ends the reading. */
static int json_failed(struct fhir_reader *reader)
{
	const struct json_error *error = &reader->json.error;
	if (error->code == LIB_NOMEM) return LIB_NOMEM;
	struct fault_json fault;
	fault_json(error, &fault);
	const char *arg1 = fault.arg1[0] == '\0' ? NULL : fault.arg1;
	fhir_reader_fault_in(
		reader, fault.code == FAULT_JSON_DUPLICATE_KEY ? arg1 : NULL, fault.code, arg1, fault.arg2);
	return LIB_INVALID;
}

static int next(struct fhir_reader *reader, struct json_token *token)
{
	return json_next(&reader->json, token) == JSON_ERROR ? json_failed(reader) : 0;
}

/* Leaves the rest of the value that `token` began. */
static int skip_from(struct fhir_reader *reader, const struct json_token *token, struct text_span *ret_raw)
{
	return json_skip_from(&reader->json, token, ret_raw) == JSON_ERROR ? json_failed(reader) : 0;
}

static const char *expected_json(const struct fhir_element *element)
{
	switch (element->kind) {
	case FHIR_DECIMAL:
	case FHIR_INTEGER:
	case FHIR_UNSIGNED:
	case FHIR_POSITIVE:
		return "number";
	case FHIR_BOOLEAN:
		return "boolean";
	default:
		return element->kind >= FHIR_COMPLEX && element->kind != FHIR_RULES && element->kind != FHIR_TYPE_NAME
			       ? "object"
			       : "string";
	}
}

static bool is_primitive(const struct fhir_element *element)
{
	return element->kind < FHIR_COMPLEX;
}

/* The element of that name: looked for from where the last one was found, since documents mostly keep R4's order. */
static const struct fhir_element *find(const struct fhir_type_info *type, struct text_span key, uint32_t *cursor)
{
	uint32_t at = *cursor;
	for (uint32_t n = type->element_count; n > 0; n--) {
		const struct fhir_element *element = &type->elements[at];
		if (++at == type->element_count) at = 0;
		if (element->len == key.len && memcmp(element->name, key.ptr, key.len) == 0) {
			*cursor = at;
			return element;
		}
	}
	return NULL;
}

/* A member name that R4 does not have here. Names are quoted only when they look like names. */
static int unknown_element(struct fhir_reader *reader, struct text_span key)
{
	char name[65] = "";
	bool plain = key.len > 0 && key.len < sizeof(name);
	for (size_t i = 0; plain && i < key.len; i++) {
		char c = key.ptr[i];
		plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
	}
	if (plain) memcpy(name, key.ptr, key.len);
	fhir_reader_fault_in(reader, plain ? name : NULL, FAULT_ELEMENT_UNKNOWN, plain ? name : "?", NULL);
	return json_skip(&reader->json, NULL) == JSON_ERROR ? json_failed(reader) : 0;
}

static int read_money(struct fhir_reader *reader, const struct fhir_element *element, void *at)
{
	struct fhir_price price = {.value = {.present = 0}};
	int rc = read_object(reader, &fhir_types[FHIR_T_MONEY], &price);
	if (rc != 0) return rc;
	return fhir_money_take(reader, element, &price, at);
}

static int read_modifier(struct fhir_reader *reader)
{
	struct fhir_extension extension = {0};
	uint32_t faults = reader->faults->count;
	reader->extension_depth++;
	int rc = read_object(reader, &fhir_types[FHIR_T_EXTENSION], &extension);
	reader->extension_depth--;
	if (rc == 0 && reader->faults->count == faults) {
		fhir_reader_fault(reader, FAULT_MODIFIER_EXTENSION, extension.url, NULL);
	}
	return rc;
}

static int read_extension(struct fhir_reader *reader, const struct json_token *token)
{
	struct fhir_extension extension = {0};
	if (reader->extension_depth++ == 0) reader->extension_code = NULL;
	int rc = read_object(reader, &fhir_types[FHIR_T_EXTENSION], &extension);
	reader->extension_depth--;
	if (rc != 0) return rc;
	if (extension.url == NULL) {
		fhir_reader_fault(reader, FAULT_EXTENSION_URL_MISSING, NULL, NULL);
		return 0;
	}
	const char *begin = reader->text + token->begin;
	return fhir_extension_done(reader, &extension, (struct text_span){begin, (size_t)(reader->json.pos - begin)});
}

/* `token` is the begin of an object; its struct, if it is kept, goes to *ret_value or, embedded, to `at`. */
static int read_complex(struct fhir_reader *reader, const struct fhir_element *element, void *at, void **ret_value)
{
	const struct fhir_type_info *type = &fhir_types[element->type];
	void *value = at;
	if (at != NULL && !(element->flags & FHIR_EMBED)) {
		value = zf_alloc(reader->arena, type->struct_size);
		if (value == NULL) return LIB_NOMEM;
		*ret_value = value;
	} else if (at == NULL && element->type == FHIR_T_REFERENCE) {
		/* A reference that nobody keeps must resolve all the same. */
		value = zf_alloc(reader->arena, sizeof(struct fhir_reference));
		if (value == NULL) return LIB_NOMEM;
	}
	const char *targets = reader->targets;
	reader->targets = element->targets;
	int rc = read_object(reader, type, value);
	if (rc == 0 && type->finish != NULL && value != NULL) {
		reader->targets = element->targets;
		rc = type->finish(reader, value);
	}
	reader->targets = targets;
	return rc;
}

/* One value that is no list: `token` began it. Pointers go through ret_pointer, everything else to `at`. */
static int read_one(struct fhir_reader *reader, const struct fhir_element *element, const struct json_token *token,
	void *at, void **ret_pointer)
{
	if (token->type == JSON_NULL) {
		fhir_reader_fault(reader, FAULT_ELEMENT_NULL, NULL, NULL);
		return 0;
	}
	if (is_primitive(element) && token->type != JSON_OBJECT_BEGIN && token->type != JSON_ARRAY_BEGIN) {
		return fhir_primitive_read(reader, element, token, at);
	}
	if (element->kind == FHIR_TYPE_NAME && token->type == JSON_STRING) return 0;
	if (element->kind == FHIR_RULES && token->type == JSON_STRING) {
		fhir_reader_fault(reader, FAULT_IMPLICIT_RULES, fhir_reader_string(reader, token->text), NULL);
		return 0;
	}
	if (is_primitive(element) || token->type != JSON_OBJECT_BEGIN || element->kind == FHIR_TYPE_NAME ||
		element->kind == FHIR_RULES) {
		fhir_reader_fault(reader, FAULT_ELEMENT_TYPE, expected_json(element), NULL);
		return skip_from(reader, token, NULL);
	}
	switch (element->kind) {
	case FHIR_COMPLEX:
		return read_complex(reader, element, at, ret_pointer);
	case FHIR_MONEY:
	case FHIR_PRICE:
		return read_money(reader, element, at);
	case FHIR_EXTENSION:
		return read_extension(reader, token);
	case FHIR_MODIFIER:
		return read_modifier(reader);
	case FHIR_RESOURCE:
		return read_resource(reader, token, (struct fhir_resource **)ret_pointer);
	default:
		return skip_from(reader, token, NULL);
	}
}

/* Copies the list's elements from the stack to their place. */
static int store_list(struct fhir_reader *reader, const struct fhir_element *element, uint32_t first, void *value)
{
	uint32_t count = reader->list.len - first;
	void *items = NULL;
	if (count > 0 && element->kind == FHIR_POSITIVE) {
		int32_t *numbers = zf_alloc_array(reader->arena, count, sizeof(*numbers));
		if (numbers == NULL) return LIB_NOMEM;
		for (uint32_t i = 0; i < count; i++) numbers[i] = (int32_t)(intptr_t)reader->list.items[first + i];
		items = numbers;
	} else if (count > 0) {
		void **pointers = zf_alloc_array(reader->arena, count, sizeof(*pointers));
		if (pointers == NULL) return LIB_NOMEM;
		memcpy(pointers, reader->list.items + first, count * sizeof(*pointers));
		items = pointers;
	}
	memcpy((char *)value + element->offset, &items, sizeof(items));
	memcpy((char *)value + element->count_offset, &count, sizeof(count));
	return 0;
}

/* One element of a list, pushed on the stack when it is kept. */
static int read_list_item(
	struct fhir_reader *reader, const struct fhir_element *element, const struct json_token *token, bool keep)
{
	void *pointer = NULL;
	int32_t number = 0;
	void *at = NULL;
	if (keep) at = element->kind == FHIR_POSITIVE ? (void *)&number : (void *)&pointer;
	if (element->kind == FHIR_EXTENSION || element->kind == FHIR_MODIFIER) at = NULL;
	int rc = read_one(reader, element, token, at, &pointer);
	if (rc != 0 || !keep) return rc;
	if (element->kind == FHIR_POSITIVE && number > 0) pointer = (void *)(intptr_t)number;
	return pointer == NULL ? 0 : fhir_stack_push(reader->arena, &reader->list, pointer);
}

/* `nulls` is set when a list of primitives has a null: then its "_name" sibling must explain it. */
static int read_list(struct fhir_reader *reader, const struct fhir_element *element, void *value, uint64_t *nulls)
{
	bool keep = value != NULL && element->offset != FHIR_NOWHERE;
	uint32_t first = reader->list.len, frame = reader->depth - 1;
	/* "entry" is Bundle.entry in the only table that has it. */
	uint32_t max = element->kind == FHIR_COMPLEX && element->type == FHIR_T_BUNDLE_ENTRY ? reader->entries_max
											     : reader->list_max;
	for (uint32_t index = 0;; index++) {
		struct json_token token;
		reader->frames[frame].index = -1;
		int rc = next(reader, &token);
		if (rc != 0) return rc;
		if (token.type == JSON_ARRAY_END) {
			if (index == 0) fhir_reader_fault(reader, FAULT_ELEMENT_EMPTY, NULL, NULL);
			break;
		}
		if (index >= max) {
			char limit[16];
			snprintf(limit, sizeof(limit), "%u", max);
			if (index == max) fhir_reader_fault(reader, FAULT_TOO_MANY, limit, NULL);
			rc = skip_from(reader, &token, NULL);
			if (rc != 0) return rc;
			continue;
		}
		reader->frames[frame].index = (int32_t)index;
		if (token.type == JSON_NULL && is_primitive(element)) {
			*nulls |= UINT64_C(1) << element->bit;
			continue;
		}
		rc = read_list_item(reader, element, &token, keep);
		if (rc != 0) return rc;
	}
	int rc = keep ? store_list(reader, element, first, value) : 0;
	reader->list.len = first;
	return rc;
}

/* The value of a member whose key named `element`. */
static int read_member(struct fhir_reader *reader, const struct fhir_element *element, void *value, uint64_t *nulls)
{
	struct json_token token;
	int rc = next(reader, &token);
	if (rc != 0) return rc;
	if ((element->flags & FHIR_LIST) && token.type == JSON_ARRAY_BEGIN) {
		return read_list(reader, element, value, nulls);
	}
	if ((element->flags & FHIR_LIST) && token.type != JSON_NULL) {
		fhir_reader_fault(reader, FAULT_ELEMENT_TYPE, "array", NULL);
		return skip_from(reader, &token, NULL);
	}
	void *at = value == NULL || element->offset == FHIR_NOWHERE ? NULL : (char *)value + element->offset;
	void *pointer = NULL;
	rc = read_one(reader, element, &token, at, &pointer);
	if (rc != 0) return rc;
	if (pointer != NULL && at != NULL) memcpy(at, &pointer, sizeof(pointer));
	if ((element->flags & FHIR_RAW) && value != NULL) {
		const char *begin = reader->text + token.begin;
		struct text_span raw = {begin, (size_t)(reader->json.pos - begin)};
		memcpy((char *)value + element->count_offset, &raw, sizeof(raw));
	}
	return 0;
}

/* "_name": id and extensions of the primitive `name`; a list of them, with nulls, beside a list. */
static int read_sibling(struct fhir_reader *reader, const struct fhir_element *element)
{
	struct json_token token;
	int rc = next(reader, &token);
	if (rc != 0) return rc;
	bool list = element->flags & FHIR_LIST;
	if (!list && token.type == JSON_OBJECT_BEGIN) return read_object(reader, &element_type, NULL);
	if (!list || token.type != JSON_ARRAY_BEGIN) {
		fhir_reader_fault(reader, FAULT_ELEMENT_TYPE, list ? "array" : "object", NULL);
		return skip_from(reader, &token, NULL);
	}
	uint32_t frame = reader->depth - 1;
	for (int32_t index = 0;; index++) {
		reader->frames[frame].index = -1;
		rc = next(reader, &token);
		if (rc != 0) return rc;
		if (token.type == JSON_ARRAY_END) return 0;
		reader->frames[frame].index = index;
		if (token.type == JSON_NULL) continue;
		if (token.type == JSON_OBJECT_BEGIN) {
			rc = read_object(reader, &element_type, NULL);
		} else {
			fhir_reader_fault(reader, FAULT_ELEMENT_TYPE, "object", NULL);
			rc = skip_from(reader, &token, NULL);
		}
		if (rc != 0) return rc;
	}
}

/* "value[x]" for the rows of a choice: what their names have in common, up to where all go on with a capital. */
static void choice_name(const struct fhir_type_info *type, uint8_t bit, char ret[40])
{
	const char *first = NULL;
	size_t common = 0;
	for (uint32_t i = 0; i < type->element_count; i++) {
		const struct fhir_element *element = &type->elements[i];
		if (element->bit != bit) continue;
		if (first == NULL) {
			first = element->name;
			common = element->len;
		}
		while (common > 0 && strncmp(first, element->name, common) != 0) common--;
	}
	while (common > 0 && first != NULL && (first[common] < 'A' || first[common] > 'Z')) common--;
	snprintf(ret, 40, "%.*s[x]", (int)(common > 30 ? 30 : common), first == NULL ? "" : first);
}

static void missing_elements(struct fhir_reader *reader, const struct fhir_type_info *type, uint64_t missing)
{
	for (uint32_t i = 0; i < type->element_count && missing != 0; i++) {
		const struct fhir_element *element = &type->elements[i];
		if (!(missing & UINT64_C(1) << element->bit)) continue;
		missing &= ~(UINT64_C(1) << element->bit);
		char name[40];
		snprintf(name, sizeof(name), "%s", element->name);
		if (element->flags & FHIR_CHOICE) choice_name(type, element->bit, name);
		fhir_reader_fault_in(reader, name, FAULT_ELEMENT_MISSING, name, NULL);
	}
}

/* A null in a list of primitives stands for a value that only has extensions; without them it stands for nothing. */
static void unexplained_nulls(struct fhir_reader *reader, const struct fhir_type_info *type, uint64_t nulls)
{
	for (uint32_t i = 0; i < type->element_count; i++) {
		if (!(nulls & UINT64_C(1) << type->elements[i].bit)) continue;
		fhir_reader_fault_in(reader, type->elements[i].name, FAULT_ELEMENT_NULL, NULL, NULL);
	}
}

/* The object whose begin has just been read, up to and with its end. value: its struct, or NULL. */
static int read_object(struct fhir_reader *reader, const struct fhir_type_info *type, void *value)
{
	uint64_t seen = 0, siblings = 0, nulls = 0;
	uint32_t cursor = 0, members = 0;
	for (;; members++) {
		struct json_token token;
		int rc = next(reader, &token);
		if (rc != 0) return rc;
		if (token.type == JSON_OBJECT_END) break;
		struct text_span key = token.text;
		bool sibling = key.len > 1 && key.ptr[0] == '_';
		if (sibling) key = (struct text_span){key.ptr + 1, key.len - 1};
		const struct fhir_element *element = find(type, key, &cursor);
		if (element == NULL || (sibling && !is_primitive(element))) {
			rc = unknown_element(reader, token.text);
			if (rc != 0) return rc;
			continue;
		}
		uint64_t bit = UINT64_C(1) << element->bit;
		if (!sibling && (seen & bit)) {
			char name[40];
			choice_name(type, element->bit, name);
			fhir_reader_fault_in(reader, name, FAULT_CHOICE_MANY, name, NULL);
		}
		push(reader, element->name);
		rc = sibling ? read_sibling(reader, element) : read_member(reader, element, value, &nulls);
		if (rc != 0) return rc;
		pop(reader);
		*(sibling ? &siblings : &seen) |= bit;
	}
	if (members == 0) fhir_reader_fault(reader, FAULT_ELEMENT_EMPTY, NULL, NULL);
	if (members > 0 && (type->required & ~(seen | siblings)) != 0) {
		missing_elements(reader, type, type->required & ~(seen | siblings));
	}
	if ((nulls & ~siblings) != 0) unexplained_nulls(reader, type, nulls & ~siblings);
	return 0;
}

/* ---- resources ---- */

/* Can it be the name of a type? Anything else is not repeated in faults. */
static bool is_name(struct text_span text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))) return false;
	}
	return text.len > 0 && text.len <= 64;
}

/* resourceType of the object that was begun before `offset`. Mostly it comes first and a look is enough; else the
 * object is read ahead and the reader put back. ret_type.ptr stays NULL when there is none. */
static int peek_type(struct fhir_reader *reader, size_t offset, struct text_span *ret_type)
{
	static const char member[] = "\"resourceType\"";
	const char *p = reader->text + offset, *end = reader->text + reader->len;
	while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t')) p++;
	if ((size_t)(end - p) > sizeof(member) && memcmp(p, member, sizeof(member) - 1) == 0) {
		p += sizeof(member) - 1;
		while (p < end && (*p == ' ' || *p == ':')) p++;
		const char *name = p < end && *p == '"' ? p + 1 : end;
		const char *q = name;
		while (q < end && ((*q >= 'A' && *q <= 'Z') || (*q >= 'a' && *q <= 'z'))) q++;
		if (q < end && *q == '"' && q > name && q - name <= 64) {
			*ret_type = (struct text_span){name, (size_t)(q - name)};
			return 0;
		}
	}
	struct json_reader saved = reader->json;
	struct json_token token;
	for (;;) {
		int rc = next(reader, &token);
		if (rc != 0) return rc;
		if (token.type == JSON_OBJECT_END) break;
		bool found = text_is(token.text, "resourceType");
		if (found) {
			rc = next(reader, &token);
			if (rc != 0) return rc;
			if (token.type == JSON_STRING && is_name(token.text)) *ret_type = token.text;
			break;
		}
		if (json_skip(&reader->json, NULL) == JSON_ERROR) return json_failed(reader);
	}
	reader->json = saved;
	return 0;
}

/* A resource that we do not read: only its id, so that references to it resolve. */
static int skip_resource(struct fhir_reader *reader, struct fhir_resource *resource)
{
	for (;;) {
		struct json_token token;
		int rc = next(reader, &token);
		if (rc != 0 || token.type == JSON_OBJECT_END) return rc;
		bool is_id = text_is(token.text, "id");
		rc = next(reader, &token);
		if (rc != 0) return rc;
		if (is_id && token.type == JSON_STRING) {
			resource->id = fhir_reader_string(reader, token.text);
			continue;
		}
		rc = skip_from(reader, &token, NULL);
		if (rc != 0) return rc;
	}
}

static int take_extensions(struct fhir_reader *reader, struct fhir_resource *resource, uint32_t first)
{
	uint32_t count = reader->extensions.len - first;
	if (count == 0) return 0;
	void **items = zf_alloc_array(reader->arena, count, sizeof(*items));
	if (items == NULL) return LIB_NOMEM;
	memcpy(items, reader->extensions.items + first, count * sizeof(*items));
	resource->extensions = (const struct zf_extension *const *)items;
	resource->extension_count = count;
	reader->extensions.len = first;
	return 0;
}

/* Reads the inside of a resource whose type is known. */
static int read_known(struct fhir_reader *reader, struct fhir_resource *resource)
{
	const struct fhir_type_info *type = &fhir_types[resource->type];
	resource->value = zf_alloc(reader->arena, type->struct_size);
	if (resource->value == NULL) return LIB_NOMEM;
	struct fhir_resource *outer = reader->resource;
	uint32_t outer_frame = reader->resource_frame, extensions = reader->extensions.len;
	reader->resource = resource;
	reader->resource_frame = reader->depth - 1;
	int rc = read_object(reader, type, resource->value);
	reader->resource = outer;
	reader->resource_frame = outer_frame;
	if (rc != 0) return rc;
	const struct fhir_base *base = resource->value;
	resource->id = base->id;
	resource->contained = base->contained;
	resource->contained_count = base->contained_count;
	for (uint32_t i = 0; i < base->contained_count; i++) base->contained[i]->container = resource;
	return take_extensions(reader, resource, extensions);
}

/* Where this resource may be read: not a Bundle in a Bundle, nothing contained in something contained. */
static bool may_read(struct fhir_reader *reader, const struct fhir_resource *resource)
{
	if (reader->resource == NULL) return true;
	if (resource->type == FHIR_T_BUNDLE) return false;
	if (resource->in_bundle || reader->resource->container == NULL) return true;
	return false;
}

static int read_resource(struct fhir_reader *reader, const struct json_token *begin, struct fhir_resource **ret)
{
	struct fhir_resource *resource = zf_alloc(reader->arena, sizeof(*resource));
	if (resource == NULL) return LIB_NOMEM;
	struct text_span name = {NULL, 0};
	int rc = peek_type(reader, begin->end, &name);
	if (rc != 0) return rc;
	if (name.ptr == NULL) {
		fhir_reader_fault(reader, FAULT_RESOURCE_TYPE_MISSING, NULL, NULL);
	} else {
		resource->type_name = fhir_reader_string(reader, name);
		resource->type = (uint8_t)fhir_type_of_resource(name.ptr, name.len);
	}
	bool root = reader->resource == NULL;
	if (root) {
		push(reader, resource->type == FHIR_T_NONE ? "Resource" : fhir_types[resource->type].name);
	} else if (reader->resource->type == FHIR_T_BUNDLE) {
		resource->in_bundle = 1;
		resource->index = (uint32_t)(reader->frames[1].index < 0 ? 0 : reader->frames[1].index);
		resource->outcome = reader->depth > 3;
	} else {
		resource->index = (uint32_t)(reader->frames[reader->depth - 1].index < 0
						     ? 0
						     : reader->frames[reader->depth - 1].index);
		if (reader->resource->container != NULL) {
			fhir_reader_fault(reader, FAULT_CONTAINED_NESTED, NULL, NULL);
			resource->type = FHIR_T_NONE;
		}
		/* Known before the owner has been read: a contained one inside would be nested. */
		resource->container = reader->resource;
	}
	if (!may_read(reader, resource)) resource->type = FHIR_T_NONE;
	rc = resource->type == FHIR_T_NONE ? skip_resource(reader, resource) : read_known(reader, resource);
	if (rc != 0) return rc;
	const char *first = reader->text + begin->begin;
	resource->raw = (struct text_span){first, (size_t)(reader->json.pos - first)};
	if (root) pop(reader);
	if (ret != NULL) *ret = resource;
	return resource->in_bundle || root ? fhir_stack_push(reader->arena, &reader->resources, resource) : 0;
}

int fhir_reader_run(struct fhir_reader *reader, struct fhir_resource **ret_root)
{
	struct json_token token;
	int rc = next(reader, &token);
	if (rc != 0) return rc;
	struct fhir_resource *root = NULL;
	if (token.type == JSON_OBJECT_BEGIN) {
		rc = read_resource(reader, &token, &root);
	} else {
		fhir_reader_fault(reader, FAULT_ELEMENT_TYPE, "object", NULL);
		rc = skip_from(reader, &token, NULL);
	}
	if (rc != 0) return rc;
	rc = next(reader, &token); /* JSON_END: nothing behind it */
	if (rc != 0) return rc;
	*ret_root = root;
	return 0;
}

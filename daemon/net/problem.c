/* One object: type, title, status, and `errors`. */
#include "net/problem.h"

#include <string.h>

#include "lib/json_write.h"

#define BYTES_MAX (1u << 20)

static const struct problem problem_memory = {503, {"overloaded", "no memory for the answer", "内存不足,无法答复"}};

/* The text with its argument. NULL on no memory. */
static const char *fill(struct arena *arena, const char *text, const char *arg)
{
	const char *gap = strstr(text, "$1");
	return gap == NULL ? text : arena_printf(arena, "%.*s%s%s", (int)(gap - text), text, arg, gap + 2);
}

static struct problem_item *item_new(struct problem_list *list)
{
	struct problem_item *item = list->count == PROBLEM_ITEMS_MAX ? NULL : zf_alloc(&list->arena->zf, sizeof(*item));
	if (list->count < PROBLEM_ITEMS_MAX && item == NULL) list->no_memory = true;
	if (item == NULL) return NULL;
	if (list->last == NULL)
		list->first = item;
	else
		list->last->next = item;
	list->last = item;
	list->count++;
	return item;
}

static void add(struct problem_list *list, const struct problem_word *word, const char *pointer, const char *place,
	const char *arg)
{
	struct problem_item *item = item_new(list);
	if (item == NULL) return;
	item->pointer = pointer == NULL ? NULL : zf_strdup(&list->arena->zf, pointer);
	item->place = place == NULL ? NULL : zf_strdup(&list->arena->zf, place);
	item->code = word->code;
	item->english = fill(list->arena, word->english, arg);
	item->chinese = fill(list->arena, word->chinese, arg);
	item->severity = fault_severity_fhir(FAULT_FAULT);
	if (item->english == NULL || item->chinese == NULL || (pointer != NULL && item->pointer == NULL))
		list->no_memory = true;
}

void problem_add(struct problem_list *list, const struct problem_word *word, const char *pointer, const char *arg)
{
	add(list, word, pointer, NULL, arg);
}

void problem_add_place(struct problem_list *list, const struct problem_word *word, const char *place, const char *arg)
{
	add(list, word, NULL, place, arg);
}

/* "[1].owed.kind" behind "/contracts" is "/contracts/1/owed/kind". */
static const char *pointer_of(struct arena *arena, const char *prefix, const char *path)
{
	char *text = zf_alloc(&arena->zf, strlen(prefix) + strlen(path) + 2);
	if (text == NULL) return NULL;
	char *out = stpcpy(text, prefix);
	if (*path != '\0' && *path != '[' && *path != '.') *out++ = '/';
	for (; *path != '\0'; path++) {
		if (*path == ']') continue;
		*out++ = *path == '[' || *path == '.' ? '/' : *path;
	}
	*out = '\0';
	return text;
}

void problem_add_faults(struct problem_list *list, const char *prefix, const struct fault_list *faults)
{
	if (faults->no_memory) list->no_memory = true;
	for (uint32_t i = 0; i < faults->count; i++) {
		const struct fault *fault = &faults->items[i];
		struct problem_item *item = item_new(list);
		if (item == NULL) return;
		item->pointer = prefix == NULL ? NULL : pointer_of(list->arena, prefix, fault->path);
		item->place =
			prefix == NULL && fault->path[0] != '\0' ? zf_strdup(&list->arena->zf, fault->path) : NULL;
		item->code = fault_lookup(fault->code)->name;
		item->english = fault_text_en(&list->arena->zf, fault);
		item->chinese = fault_text_zh(&list->arena->zf, fault);
		item->severity = fault_severity_fhir(fault->severity);
		if (item->english == NULL || item->chinese == NULL || (prefix != NULL && item->pointer == NULL))
			list->no_memory = true;
	}
}

int problem_text(
	const struct problem *problem, const struct problem_list *list, struct arena *arena, struct text_span *ret_text)
{
	struct json_writer writer;
	const char *type = arena_printf(arena, "urn:zhifu:problem:%s", problem->word.code);
	if (type == NULL) return ERR_NOMEM;
	json_write_init(&writer, &arena->zf, BYTES_MAX);
	json_write_object_begin(&writer);
	json_write_member(&writer, "type", type);
	json_write_member(&writer, "title", problem->word.english);
	json_write_member(&writer, "title_zh", problem->word.chinese);
	json_write_member_int64(&writer, "status", problem->status);
	json_write_key(&writer, "errors");
	json_write_array_begin(&writer);
	for (const struct problem_item *item = list == NULL ? NULL : list->first; item != NULL; item = item->next) {
		json_write_object_begin(&writer);
		if (item->pointer != NULL) {
			json_write_key(&writer, "pointer");
			json_write_string(&writer, item->pointer);
		}
		json_write_member(&writer, "place", item->place);
		json_write_member(&writer, "code", item->code);
		json_write_member(&writer, "severity", item->severity);
		json_write_member(&writer, "detail", item->english);
		json_write_member(&writer, "detail_zh", item->chinese);
		json_write_object_end(&writer);
	}
	json_write_array_end(&writer);
	json_write_object_end(&writer);
	return json_write_finish(&writer, ret_text) < 0 ? ERR_NOMEM : 0;
}

void problem_respond(struct http_request *req, const struct problem *problem, const struct problem_list *list)
{
	static const struct http_field fields[] = {{"Content-Type", PROBLEM_TYPE}, {"Retry-After", "1"}};
	struct text_span text;
	if (list != NULL && list->no_memory) {
		problem = &problem_memory;
		list = NULL;
	}
	if (problem_text(problem, list, &req->arena, &text) < 0) {
		http_respond_error(req, 503, problem_memory.word.english);
		return;
	}
	http_respond(req, problem->status, fields, problem->status == 503 ? 2 : 1,
		(struct bytes){(const uint8_t *)text.ptr, text.len});
}

/* The list in which all faults of one document are collected, and their sentences. */
#include "lib/fault.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

void fault_list_init(struct fault_list *list, struct zf_arena *arena, uint32_t max)
{
	*list = (struct fault_list){.arena = arena, .max = max != 0 ? max : FAULT_LIST_MAX};
}

/* The length of `text` cut to at most `max` bytes without splitting a UTF-8 character. */
static size_t cut_len(const char *text, size_t max)
{
	size_t len = strnlen(text, max + 1);
	if (len <= max) return len;
	len = max;
	while (len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80) len--;
	return len;
}

static const char *cut_copy(struct fault_list *list, const char *text, size_t max)
{
	if (text == NULL) return NULL;
	const char *ret = zf_strndup(list->arena, text, cut_len(text, max));
	if (ret == NULL) list->no_memory = true;
	return ret;
}

/* Makes room for one more entry (and the final and-more): the array doubles, the old one stays in the arena. */
static bool grow(struct fault_list *list)
{
	if (list->count < list->capacity) return true;
	uint32_t capacity = list->capacity == 0 ? 8 : list->capacity * 2;
	if (capacity > list->max + 1) capacity = list->max + 1;
	struct fault *items = zf_alloc_array(list->arena, capacity, sizeof(*items));
	if (items == NULL) {
		list->no_memory = true;
		return false;
	}
	if (list->count > 0) memcpy(items, list->items, list->count * sizeof(*items));
	list->items = items;
	list->capacity = capacity;
	return true;
}

static void drop(struct fault_list *list)
{
	list->dropped++;
	if (list->dropped == 1) {
		if (!grow(list)) return;
		char *number = zf_alloc(list->arena, 12);
		if (number == NULL) {
			list->no_memory = true;
			return;
		}
		list->items[list->count++] = (struct fault){FAULT_AND_MORE, FAULT_INFORMATION, "", number, NULL};
	}
	if (list->count <= list->max) return; /* the closing entry itself found no memory */
	/* arg1 of the closing entry is our own 12 bytes; it is const only for readers. */
	snprintf((char *)(uintptr_t)list->items[list->max].arg1, 12, "%u", list->dropped);
}

void fault_add_as(struct fault_list *list, enum fault_code code, enum fault_severity severity, const char *path,
	const char *arg1, const char *arg2)
{
	assert((unsigned)code < FAULT_CODE_COUNT && severity >= FAULT_INFORMATION && severity <= FAULT_FAULT);
	if (list->max == 0) list->max = FAULT_LIST_MAX;
	if (severity > (enum fault_severity)list->worst) list->worst = (uint8_t)severity;
	if (list->dropped > 0 || list->count >= list->max) {
		drop(list);
		return;
	}
	if (!grow(list)) return;
	struct fault fault = {code, (uint8_t)severity, cut_copy(list, path == NULL ? "" : path, FAULT_PATH_BYTES_MAX),
		cut_copy(list, arg1, FAULT_ARG_BYTES_MAX), cut_copy(list, arg2, FAULT_ARG_BYTES_MAX)};
	if (fault.path == NULL) fault.path = "";
	list->items[list->count++] = fault;
}

void fault_add(struct fault_list *list, enum fault_code code, const char *path, const char *arg1, const char *arg2)
{
	fault_add_as(list, code, (enum fault_severity)fault_lookup(code)->severity, path, arg1, arg2);
}

void fault_addf(
	struct fault_list *list, enum fault_code code, const char *arg1, const char *arg2, const char *path_fmt, ...)
{
	char path[FAULT_PATH_BYTES_MAX + 1];
	va_list args;
	va_start(args, path_fmt);
	vsnprintf(path, sizeof(path), path_fmt, args);
	va_end(args);
	fault_add(list, code, path, arg1, arg2);
}

/* Replaces $1 and $2; an absent argument becomes "?" so that a sentence never ends in nothing. */
static const char *fill(struct zf_arena *arena, const char *sentence, const struct fault *fault)
{
	const char *args[2] = {fault->arg1 != NULL ? fault->arg1 : "?", fault->arg2 != NULL ? fault->arg2 : "?"};
	size_t len = strlen(sentence) + 1;
	for (const char *p = sentence; (p = strchr(p, '$')) != NULL; p++)
		if (p[1] == '1' || p[1] == '2') len += strlen(args[p[1] - '1']);
	char *text = zf_alloc(arena, len);
	if (text == NULL) return NULL;
	char *out = text;
	for (const char *p = sentence; *p != '\0'; p++) {
		if (*p == '$' && (p[1] == '1' || p[1] == '2')) {
			const char *arg = args[p[1] - '1'];
			size_t arg_len = strlen(arg);
			memcpy(out, arg, arg_len);
			out += arg_len;
			p++;
		} else {
			*out++ = *p;
		}
	}
	*out = '\0';
	return text;
}

const char *fault_text_en(struct zf_arena *arena, const struct fault *fault)
{
	return fill(arena, fault_lookup(fault->code)->english, fault);
}

const char *fault_text_zh(struct zf_arena *arena, const struct fault *fault)
{
	return fill(arena, fault_lookup(fault->code)->chinese, fault);
}

const char *fault_severity_fhir(uint8_t severity)
{
	switch ((enum fault_severity)severity) {
	case FAULT_FAULT:
		return "error";
	case FAULT_WARNING:
		return "warning";
	case FAULT_INFORMATION:
	case FAULT_NONE:
		break;
	}
	return "information";
}

static const struct {
	const char *name, *english;
} owners[] = {
	[FAULT_OWNER_HOSPITAL_IT] = {"hospital-it", "the hospital's IT department"},
	[FAULT_OWNER_INSURANCE_DESK] = {"insurance-desk", "the hospital's insurance desk"},
	[FAULT_OWNER_CODER] = {"coder", "the hospital's coding and billing staff"},
	[FAULT_OWNER_INSURER] = {"insurer", "the insurer"},
	[FAULT_OWNER_ZHIFU] = {"zhifu", "the operator of Zhifu"},
	[FAULT_OWNER_FINANCE] = {"finance", "the hospital's finance office"},
};

static uint8_t owner_checked(uint8_t owner)
{
	assert(owner >= FAULT_OWNER_HOSPITAL_IT && owner <= FAULT_OWNER_FINANCE);
	return owner;
}

const char *fault_owner_name(uint8_t owner)
{
	return owners[owner_checked(owner)].name;
}

const char *fault_owner_text_en(uint8_t owner)
{
	return owners[owner_checked(owner)].english;
}

/* The XML reader: nothing crashes, nothing gets past the limits; what is accepted, written again and read again, is the
 * same tree. */
#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "lib/xml_read.h"
#include "lib/xml_write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define DEPTH 12 /* below what the writer takes */

/* Names get a prefix of ours where they have a namespace: a: with its declaration on each element. */
static void write(struct xml_writer *writer, const struct xml_element *element, struct zf_arena *arena)
{
	const char *name = element->space == NULL ? element->name : text_printf(arena, "a:%s", element->name);
	assert(name != NULL);
	xml_write_begin(writer, name);
	if (element->space != NULL) xml_write_attribute(writer, "xmlns:a", element->space);
	for (uint32_t i = 0; i < element->attribute_count; i++) {
		const struct xml_attribute *attribute = &element->attributes[i];
		if (attribute->space == NULL) xml_write_attribute(writer, attribute->name, attribute->value);
	}
	xml_write_text(writer, (struct text_span){element->text, element->text_len});
	for (const struct xml_element *child = element->first; child != NULL; child = child->next) {
		write(writer, child, arena);
	}
	xml_write_end(writer);
}

static void compare(const struct xml_element *a, const struct xml_element *b)
{
	assert(xml_is(b, a->space, a->name) && a->text_len == b->text_len);
	assert(memcmp(a->text, b->text, a->text_len) == 0);
	for (uint32_t i = 0; i < a->attribute_count; i++) {
		const struct xml_attribute *attribute = &a->attributes[i];
		if (attribute->space != NULL) continue;
		const char *value = xml_attribute(b, NULL, attribute->name);
		assert(value != NULL && strcmp(value, attribute->value) == 0);
	}
	const struct xml_element *x = a->first, *y = b->first;
	for (; x != NULL && y != NULL; x = x->next, y = y->next) compare(x, y);
	assert(x == NULL && y == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	struct fault_list faults;
	const struct xml_element *first, *second;
	struct xml_limits limits = {.bytes_max = 1 << 20, .depth_max = DEPTH};
	struct xml_writer writer;
	struct text_span text;

	arena_init(&arena, 256u << 20);
	fault_list_init(&faults, &arena.zf, 0);
	int rc = xml_read(data, size, &limits, &arena.zf, &faults, &first);
	assert((rc != 0 && rc != LIB_NOMEM) == (faults.count > 0));
	for (uint32_t i = 0; i < faults.count; i++) assert(fault_text_zh(&arena.zf, &faults.items[i]) != NULL);
	if (rc == 0) {
		xml_write_init(&writer, &arena.zf, 64u << 20, true);
		write(&writer, first, &arena.zf);
		rc = xml_write_finish(&writer, &text);
		assert(rc == 0);
		limits = (struct xml_limits){.bytes_max = 64u << 20, .attributes_max = 64};
		rc = xml_read(text.ptr, text.len, &limits, &arena.zf, &faults, &second);
		assert(rc == 0);
		compare(first, second);
	}
	arena_free(&arena);
	return 0;
}

/* Looking into elements that were read. */
#include <stdio.h>

#include "lib/xml_read.h"

static bool same(const char *a, const char *b)
{
	if (a == NULL || b == NULL) return a == b;
	return strcmp(a, b) == 0;
}

bool xml_is(const struct xml_element *element, const char *space, const char *name)
{
	return element != NULL && same(element->space, space) && strcmp(element->name, name) == 0;
}

const struct xml_element *xml_child(const struct xml_element *parent, const char *name)
{
	if (parent == NULL) return NULL;
	for (const struct xml_element *child = parent->first; child != NULL; child = child->next) {
		bool near = child->space == NULL || same(child->space, parent->space);
		if (near && strcmp(child->name, name) == 0) return child;
	}
	return NULL;
}

const struct xml_element *xml_next(const struct xml_element *element)
{
	for (const struct xml_element *next = element->next; next != NULL; next = next->next) {
		if (xml_is(next, element->space, element->name)) return next;
	}
	return NULL;
}

const char *xml_attribute(const struct xml_element *element, const char *space, const char *name)
{
	for (uint32_t i = 0; i < element->attribute_count; i++) {
		const struct xml_attribute *attribute = &element->attributes[i];
		if (same(attribute->space, space) && strcmp(attribute->name, name) == 0) return attribute->value;
	}
	return NULL;
}

struct text_span xml_child_text(const struct xml_element *parent, const char *name)
{
	const struct xml_element *child = xml_child(parent, name);
	struct text_span none = {NULL, 0};
	if (child == NULL) return none;
	struct text_span text = text_trim((struct text_span){child->text, child->text_len});
	return text.len == 0 ? none : text;
}

/* The n-th of its name, or 0 where it is the only one. */
static uint32_t place_of(const struct xml_element *element)
{
	uint32_t before = 0, all = 0;
	if (element->ordinal > 0) return element->ordinal;
	if (element->parent == NULL) return 0;
	for (const struct xml_element *e = element->parent->first; e != NULL; e = e->next) {
		if (strcmp(e->name, element->name) != 0) continue;
		all++;
		if (e == element) before = all;
	}
	return all > 1 ? before : 0;
}

const char *xml_path(struct zf_arena *arena, const struct xml_element *element)
{
	const char *path = "";
	for (; element != NULL && path != NULL; element = element->parent) {
		uint32_t place = place_of(element);
		path = place == 0 ? text_printf(arena, "/%s%s", element->name, path)
				  : text_printf(arena, "/%s[%u]%s", element->name, place, path);
	}
	return path;
}

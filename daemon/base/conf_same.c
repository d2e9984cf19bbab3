/* Compares two loads of a configuration, option by option, for the reload. */
#include <string.h>

#include "base/conf.h"

static bool text_same(const char *a, const char *b)
{
	if (a == NULL || b == NULL) return a == b;
	return strcmp(a, b) == 0;
}

static bool secret_same(const struct conf_secret *a, const struct conf_secret *b)
{
	return a->len == b->len && text_same(a->text, b->text);
}

static bool list_same(enum conf_type type, const void *a, const void *b)
{
	const struct conf_strings *strings[] = {a, b};
	const struct conf_hosts *hosts[] = {a, b};
	const struct conf_map *maps[] = {a, b};
	bool same = true;

	switch (type) {
	case CONF_STRINGS:
		same = strings[0]->count == strings[1]->count;
		for (size_t i = 0; same && i < strings[0]->count; i++) {
			same = text_same(strings[0]->items[i], strings[1]->items[i]);
		}
		return same;
	case CONF_HOSTS:
		same = hosts[0]->count == hosts[1]->count;
		for (size_t i = 0; same && i < hosts[0]->count; i++) {
			same = hosts[0]->items[i].port == hosts[1]->items[i].port &&
			       text_same(hosts[0]->items[i].host, hosts[1]->items[i].host);
		}
		return same;
	default:
		same = maps[0]->count == maps[1]->count;
		for (size_t i = 0; same && i < maps[0]->count; i++) {
			same = text_same(maps[0]->items[i].name, maps[1]->items[i].name) &&
			       text_same(maps[0]->items[i].value, maps[1]->items[i].value);
		}
		return same;
	}
}

static bool group_same(const struct conf_table *table, const void *a, const void *b)
{
	if (a == NULL || b == NULL) return a == b;
	return conf_same(table, a, b);
}

static bool value_same(const struct conf_option *option, const void *a, const void *b)
{
	const struct conf_groups *groups[] = {a, b};
	bool same;

	switch (option->type) {
	case CONF_HEADING:
		return true;
	case CONF_BOOL:
		return *(const bool *)a == *(const bool *)b;
	case CONF_INT:
		return *(const int64_t *)a == *(const int64_t *)b;
	case CONF_ENUM:
		return *(const int *)a == *(const int *)b;
	case CONF_STRING:
	case CONF_PATH:
		return text_same(*(const char *const *)a, *(const char *const *)b);
	case CONF_SECRET:
		return secret_same(a, b);
	case CONF_STRINGS:
	case CONF_HOSTS:
	case CONF_MAP:
		return list_same(option->type, a, b);
	case CONF_GROUP:
		return group_same(option->group, *(const void *const *)a, *(const void *const *)b);
	case CONF_GROUPS:
		same = groups[0]->count == groups[1]->count;
		for (size_t i = 0; same && i < groups[0]->count; i++) {
			same = group_same(option->group, groups[0]->items[i], groups[1]->items[i]);
		}
		return same;
	}
	return false;
}

bool conf_same(const struct conf_table *table, const void *a, const void *b)
{
	for (size_t i = 0; i < table->option_count; i++) {
		const struct conf_option *option = &table->options[i];
		if (!value_same(option, (const char *)a + option->offset, (const char *)b + option->offset))
			return false;
	}
	return true;
}

size_t conf_fixed_changes(
	const struct conf_table *table, const void *before, const void *after, const char **ret_names, size_t max)
{
	size_t count = 0;

	for (size_t i = 0; i < table->option_count; i++) {
		const struct conf_option *option = &table->options[i];
		if ((option->flags & CONF_RELOADABLE) != 0) continue;
		if (value_same(option, (const char *)before + option->offset, (const char *)after + option->offset))
			continue;
		if (count < max) ret_names[count] = option->name;
		count++;
	}
	return count;
}

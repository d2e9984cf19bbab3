/* What a value of each type may be, and comparing values of two loads. */
#include "base/conf_value.h"

#include <string.h>

static void *take(struct conf_reader *reader, size_t count, size_t size)
{
	void *ptr = zf_alloc_array(&reader->arena->zf, count, size);

	if (ptr == NULL) reader->faults->nomem = true;
	return ptr;
}

static unsigned line_of(const config_setting_t *setting)
{
	return (unsigned)config_setting_source_line(setting);
}

static const char *type_text(const config_setting_t *setting)
{
	switch (config_setting_type(setting)) {
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		return "a whole number";
	case CONFIG_TYPE_FLOAT:
		return "a number with a fraction";
	case CONFIG_TYPE_STRING:
		return "a string";
	case CONFIG_TYPE_BOOL:
		return "true or false";
	case CONFIG_TYPE_GROUP:
		return "a group";
	default:
		return "a list";
	}
}

static void type_report(
	struct conf_reader *reader, const char *label, const config_setting_t *setting, const char *wanted)
{
	conf_fault_add(reader->faults, reader->file, line_of(setting), "%s must be %s, not %s", label, wanted,
		type_text(setting));
}

static bool is_int(const config_setting_t *setting)
{
	return config_setting_type(setting) == CONFIG_TYPE_INT64; /* conf_text_widen leaves no others */
}

static bool is_list(const config_setting_t *setting)
{
	int type = config_setting_type(setting);

	return type == CONFIG_TYPE_LIST || type == CONFIG_TYPE_ARRAY;
}

static void int_read(struct conf_reader *reader, const struct conf_option *option, const char *label,
	const config_setting_t *setting, int64_t *member)
{
	bool limited = option->min != 0 || option->max != 0;
	long long value;

	if (!is_int(setting)) {
		type_report(reader, label, setting, "a whole number");
		return;
	}
	value = config_setting_get_int64(setting);
	if (limited && (value < option->min || value > option->max)) {
		conf_fault_add(reader->faults, reader->file, line_of(setting),
			"%s = %lld is out of range (%lld to %lld)", label, value, (long long)option->min,
			(long long)option->max);
		return;
	}
	*member = value;
}

/* A copy of a setting's string in the arena. `wanted` names what it should have been; NULL after a fault. */
static char *text_read(struct conf_reader *reader, const struct conf_option *option, const char *label,
	const config_setting_t *setting, const char *wanted)
{
	size_t min = 1;
	size_t max = CONF_TEXT_BYTES_MAX;
	const char *text;
	const char *wrong;
	size_t len;
	char *copy;

	if (config_setting_type(setting) != CONFIG_TYPE_STRING) {
		type_report(reader, label, setting, wanted);
		return NULL;
	}
	if (option->type == CONF_STRING || option->type == CONF_PATH || option->type == CONF_SECRET) {
		if (option->min != 0 || option->max != 0) min = (size_t)option->min, max = (size_t)option->max;
		if (min == 0 && option->type == CONF_PATH) min = 1;
	} else if (option->type == CONF_MAP) {
		min = 0; /* a code may map to nothing */
	}
	text = config_setting_get_string(setting);
	len = strlen(text);
	if (len < min || len > max) {
		if (len == 0) {
			conf_fault_add(reader->faults, reader->file, line_of(setting), "%s is empty", label);
		} else {
			conf_fault_add(reader->faults, reader->file, line_of(setting),
				"%s has %zu bytes, allowed are %zu to %zu", label, len, min, max);
		}
		return NULL;
	}
	for (size_t i = 0; i < len; i++) {
		/* Line breaks in a value end up in headers, file names or other people's configurations. */
		if ((unsigned char)text[i] >= 0x20 && text[i] != 0x7f) continue;
		conf_fault_add(reader->faults, reader->file, line_of(setting), "%s holds a control character", label);
		return NULL;
	}
	wrong = option->form == NULL ? NULL : option->form(text);
	if (wrong != NULL) {
		conf_fault_add(reader->faults, reader->file, line_of(setting), "%s = \"%.80s\" %s", label, text, wrong);
		return NULL;
	}
	copy = zf_strndup(&reader->arena->zf, text, len);
	if (copy == NULL) reader->faults->nomem = true;
	return copy;
}

/* How many items; a single value counts as a list of one. False after a fault. */
static bool count_read(struct conf_reader *reader, const struct conf_option *option, const char *label,
	const config_setting_t *setting, size_t *ret_count)
{
	int64_t count = config_setting_is_aggregate(setting) == CONFIG_TRUE ? config_setting_length(setting) : 1;
	int64_t max = option->max != 0 ? option->max : CONF_ITEMS_MAX;

	if (count < option->min || count > max) {
		conf_fault_add(reader->faults, reader->file, line_of(setting),
			"%s has %lld entries, allowed are %lld to %lld", label, (long long)count,
			(long long)option->min, (long long)max);
		return false;
	}
	*ret_count = (size_t)count;
	return true;
}

/* The i-th item of a list, or the single value itself. */
static config_setting_t *item_of(config_setting_t *setting, size_t i)
{
	return is_list(setting) ? config_setting_get_elem(setting, (unsigned)i) : setting;
}

static void strings_read(struct conf_reader *reader, const struct conf_option *option, const char *label,
	config_setting_t *setting, struct conf_strings *member)
{
	const char **items;
	size_t count;
	size_t kept = 0;

	if (config_setting_is_group(setting)) {
		type_report(reader, label, setting, "a list of strings");
		return;
	}
	if (!count_read(reader, option, label, setting, &count)) return;
	items = take(reader, count, sizeof(*items));
	if (items == NULL) return;
	for (size_t i = 0; i < count; i++) {
		items[kept] = text_read(reader, option, label, item_of(setting, i), "a list of strings");
		if (items[kept] != NULL) kept++;
		if (reader->faults->nomem) return;
	}
	*member = (struct conf_strings){items, kept};
}

/* Splits HOST:PORT in place; false when it is none. */
static bool host_split(char *text, struct conf_host *ret_host)
{
	static const char host_chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_";
	char *colon = strrchr(text, ':');
	unsigned long port = 0;
	char *host = text;

	if (colon == NULL || colon == text) return false;
	*colon = '\0';
	if (*host == '[') {
		if (colon[-1] != ']' || colon - host < 4) return false;
		host++;
		colon[-1] = '\0';
		if (strspn(host, "0123456789abcdefABCDEF:.%") != strlen(host)) return false;
	} else if (strcmp(host, "*") != 0 && strspn(host, host_chars) != strlen(host)) {
		return false;
	}
	if (colon[1] == '\0' || strlen(colon + 1) > 5) return false;
	for (const char *at = colon + 1; *at != '\0'; at++) {
		if (*at < '0' || *at > '9') return false;
		port = port * 10 + (unsigned long)(*at - '0');
	}
	if (port < 1 || port > UINT16_MAX) return false;
	*ret_host = (struct conf_host){host, (uint16_t)port};
	return true;
}

static void hosts_read(struct conf_reader *reader, const struct conf_option *option, const char *label,
	config_setting_t *setting, struct conf_hosts *member)
{
	struct conf_host *items;
	size_t count;
	bool good = true;

	if (config_setting_is_group(setting)) {
		type_report(reader, label, setting, "a list of \"HOST:PORT\"");
		return;
	}
	if (!count_read(reader, option, label, setting, &count)) return;
	items = take(reader, count, sizeof(*items));
	if (items == NULL) return;
	for (size_t i = 0; i < count; i++) {
		const config_setting_t *item = item_of(setting, i);
		char *text = text_read(reader, option, label, item, "a list of \"HOST:PORT\"");
		if (text == NULL) {
			if (reader->faults->nomem) return;
			good = false;
			continue;
		}
		if (host_split(text, &items[i])) continue;
		conf_fault_add(reader->faults, reader->file, line_of(item), "%s: \"%.80s\" is not HOST:PORT", label,
			config_setting_get_string(item));
		good = false;
	}
	if (good) *member = (struct conf_hosts){items, count};
}

static void enum_read(struct conf_reader *reader, const struct conf_option *option, const char *label,
	const config_setting_t *setting, int *member)
{
	char all[512] = "";
	size_t len = 0;
	const char *text = text_read(reader, option, label, setting, "a string");

	if (text == NULL) return;
	for (int i = 0; option->names[i] != NULL; i++) {
		if (strcmp(option->names[i], text) == 0) {
			*member = i;
			return;
		}
		if (len < sizeof(all)) {
			len += (size_t)snprintf(
				all + len, sizeof(all) - len, "%s%s", i == 0 ? "" : ", ", option->names[i]);
		}
	}
	conf_fault_add(
		reader->faults, reader->file, line_of(setting), "%s = \"%.80s\" is not one of %s", label, text, all);
}

static void *group_read(
	struct conf_reader *reader, const struct conf_option *option, const char *label, config_setting_t *setting)
{
	char *prefix;
	void *value;

	if (!config_setting_is_group(setting)) {
		type_report(reader, label, setting, "a group { ... }");
		return NULL;
	}
	prefix = arena_printf(reader->arena, "%s.", label);
	value = take(reader, 1, option->group->struct_bytes);
	if (prefix == NULL || value == NULL) {
		reader->faults->nomem = true;
		return NULL;
	}
	conf_group_read(reader, option->group, prefix, setting, value);
	return value;
}

static void groups_read(struct conf_reader *reader, const struct conf_option *option, const char *label,
	config_setting_t *setting, struct conf_groups *member)
{
	const void **items;
	size_t count;
	size_t kept = 0;

	if (config_setting_type(setting) != CONFIG_TYPE_LIST) {
		type_report(reader, label, setting, "a list of groups ( { ... }, { ... } )");
		return;
	}
	if (!count_read(reader, option, label, setting, &count)) return;
	items = take(reader, count, sizeof(*items));
	if (items == NULL) return;
	for (size_t i = 0; i < count; i++) {
		char *item_label = arena_printf(reader->arena, "%s[%zu]", label, i);
		if (item_label == NULL) {
			reader->faults->nomem = true;
			return;
		}
		/* On through faults: every group's mistakes are wanted at once. */
		items[kept] = group_read(reader, option, item_label, config_setting_get_elem(setting, (unsigned)i));
		if (items[kept] != NULL) kept++;
		if (reader->faults->nomem) return;
	}
	*member = (struct conf_groups){items, kept};
}

/* A map's value: a string, or a whole number as its text. */
static const char *pair_text(struct conf_reader *reader, const struct conf_option *option, const char *label,
	const config_setting_t *setting)
{
	char *text;

	if (!is_int(setting)) return text_read(reader, option, label, setting, "a map of strings");
	text = arena_printf(reader->arena, "%lld", config_setting_get_int64(setting));
	if (text == NULL) reader->faults->nomem = true;
	return text;
}

static bool pair_read(struct conf_reader *reader, const struct conf_option *option, const char *label,
	config_setting_t *setting, bool named, struct conf_pair *ret_pair)
{
	struct conf_pair pair;

	if (named) {
		pair.name = zf_strdup(&reader->arena->zf, config_setting_name(setting));
		if (pair.name == NULL) reader->faults->nomem = true;
		pair.value = pair.name == NULL ? NULL : pair_text(reader, option, label, setting);
	} else if (is_list(setting) && config_setting_length(setting) == 2) {
		pair.name = pair_text(reader, option, label, config_setting_get_elem(setting, 0));
		pair.value = pair.name == NULL ? NULL
					       : pair_text(reader, option, label, config_setting_get_elem(setting, 1));
	} else {
		conf_fault_add(reader->faults, reader->file, line_of(setting),
			"%s: an entry is not (\"name\", \"value\")", label);
		return false;
	}
	if (pair.value == NULL) return false;
	*ret_pair = pair;
	return true;
}

static void map_read(struct conf_reader *reader, const struct conf_option *option, const char *label,
	config_setting_t *setting, struct conf_map *member)
{
	bool named = config_setting_is_group(setting);
	struct conf_pair *items;
	size_t count;
	size_t kept = 0;

	if (!named && config_setting_type(setting) != CONFIG_TYPE_LIST) {
		type_report(reader, label, setting, "a map { name = \"value\"; }");
		return;
	}
	if (!count_read(reader, option, label, setting, &count)) return;
	items = take(reader, count, sizeof(*items));
	if (items == NULL) return;
	for (size_t i = 0; i < count; i++) {
		config_setting_t *entry = config_setting_get_elem(setting, (unsigned)i);
		struct conf_map so_far = {items, kept};
		if (named && strncmp(config_setting_name(entry), CONF_AGAIN, strlen(CONF_AGAIN)) == 0) continue;
		if (!pair_read(reader, option, label, entry, named, &items[kept])) {
			if (reader->faults->nomem) return;
			continue;
		}
		/* Only lists of pairs can repeat a name here, and only they pay for looking. */
		if (!named && conf_map_get(&so_far, items[kept].name) != NULL) {
			conf_fault_add(reader->faults, reader->file, line_of(entry), "%s: \"%.80s\" is set twice",
				label, items[kept].name);
			continue;
		}
		kept++;
	}
	*member = (struct conf_map){items, kept};
}

void conf_value_read(struct conf_reader *reader, const struct conf_option *option, const char *label,
	config_setting_t *setting, void *member)
{
	const char *text;

	switch (option->type) {
	case CONF_HEADING:
		break;
	case CONF_BOOL:
		if (config_setting_type(setting) == CONFIG_TYPE_BOOL) {
			*(bool *)member = config_setting_get_bool(setting) == CONFIG_TRUE;
		} else {
			type_report(reader, label, setting, "true or false");
		}
		break;
	case CONF_INT:
		int_read(reader, option, label, setting, member);
		break;
	case CONF_STRING:
	case CONF_PATH:
		text = text_read(reader, option, label, setting, "a string");
		if (text != NULL) *(const char **)member = text;
		break;
	case CONF_SECRET:
		text = text_read(reader, option, label, setting, "a string");
		if (text != NULL) *(struct conf_secret *)member = (struct conf_secret){text, strlen(text)};
		break;
	case CONF_STRINGS:
		strings_read(reader, option, label, setting, member);
		break;
	case CONF_HOSTS:
		hosts_read(reader, option, label, setting, member);
		break;
	case CONF_ENUM:
		enum_read(reader, option, label, setting, member);
		break;
	case CONF_GROUP:
		*(const void **)member = group_read(reader, option, label, setting);
		break;
	case CONF_GROUPS:
		groups_read(reader, option, label, setting, member);
		break;
	case CONF_MAP:
		map_read(reader, option, label, setting, member);
		break;
	}
}

const char *conf_map_get(const struct conf_map *map, const char *name)
{
	for (size_t i = 0; i < map->count; i++) {
		if (strcmp(map->items[i].name, name) == 0) return map->items[i].value;
	}
	return NULL;
}

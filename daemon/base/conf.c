/* Reads a configuration file by its table: text, tree, groups; what a single value may be is in conf_value.c. */
#include "base/conf.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/conf_value.h"

#define CANDIDATES_MAX 8 /* names on one line that are tried as the double one */
#define SUGGEST_BYTES_MAX 64

void conf_fault_add(struct conf_faults *faults, const char *file, unsigned line, const char *fmt, ...)
{
	char message[1024];
	const char *text;
	va_list args;

	if (faults->count == CONF_FAULTS_MAX) return;
	va_start(args, fmt);
	if (vsnprintf(message, sizeof(message), fmt, args) < 0) message[0] = '\0';
	va_end(args);
	if (line > 0) {
		text = arena_printf(faults->arena, "%s:%u: %s", file, line, message);
	} else {
		text = arena_printf(faults->arena, "%s: %s", file, message);
	}
	if (text == NULL) {
		faults->nomem = true;
		return;
	}
	faults->items[faults->count++] = text;
}

/* How many single-character edits lie between two names; names longer than SUGGEST_BYTES_MAX are never near. */
static size_t edit_distance(const char *a, const char *b)
{
	size_t row[SUGGEST_BYTES_MAX + 1];
	size_t a_len = strlen(a);
	size_t b_len = strlen(b);

	if (a_len > SUGGEST_BYTES_MAX || b_len > SUGGEST_BYTES_MAX) return SIZE_MAX;
	for (size_t k = 0; k <= b_len; k++) row[k] = k;
	for (size_t i = 1; i <= a_len; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t k = 1; k <= b_len; k++) {
			size_t best = diagonal + (a[i - 1] != b[k - 1]);
			if (row[k] + 1 < best) best = row[k] + 1;
			if (row[k - 1] + 1 < best) best = row[k - 1] + 1;
			diagonal = row[k];
			row[k] = best;
		}
	}
	return row[b_len];
}

static const struct conf_option *option_find(const struct conf_table *table, const char *name)
{
	for (size_t i = 0; i < table->option_count; i++) {
		const struct conf_option *option = &table->options[i];
		if (option->name != NULL && strcmp(option->name, name) == 0) return option;
	}
	return NULL;
}

static void unknown_report(
	struct conf_reader *reader, const struct conf_table *table, const char *prefix, const config_setting_t *setting)
{
	const char *name = config_setting_name(setting);
	const char *nearest = NULL;
	size_t nearest_distance = 2 + strlen(name) / 4; /* further away a suggestion only confuses */

	for (size_t i = 0; i < table->option_count; i++) {
		const char *known = table->options[i].name;
		size_t distance = known == NULL ? SIZE_MAX : edit_distance(name, known);
		if (distance >= nearest_distance) continue;
		nearest = known;
		nearest_distance = distance;
	}
	conf_fault_add(reader->faults, reader->file, (unsigned)config_setting_source_line(setting),
		nearest == NULL ? "unknown option \"%s%.80s\"" : "unknown option \"%s%.80s\" (did you mean \"%s\"?)",
		prefix, name, nearest);
}

/* The default is written as in a file, so it takes the same way as a file's value. */
static void fallback_read(struct conf_reader *reader, const struct conf_option *option, const char *label, void *value)
{
	struct conf_reader inner = *reader;
	size_t faults_before = reader->faults->count;
	config_t config;
	struct buf text CLEANUP(buf_free) = BUF_INIT(CONF_FILE_BYTES_MAX);
	char *line = arena_printf(reader->arena, "value = %s;", option->fallback);

	if (line == NULL || conf_text_widen(line, &text) != 0) {
		reader->faults->nomem = true;
		return;
	}
	inner.file = "default";
	config_init(&config);
	/* A default that cannot be read is a mistake in the table, which the tests of the table find. */
	if (config_read_string(&config, (const char *)text.ptr) != CONFIG_TRUE) {
		conf_fault_add(reader->faults, "default", 0, "%s has the bad default %s", label, option->fallback);
	} else {
		conf_value_read(&inner, option, label, config_lookup(&config, "value"), conf_member(option, value));
	}
	assert(reader->faults->count == faults_before || reader->faults->nomem);
	config_destroy(&config);
}

void conf_group_read(struct conf_reader *reader, const struct conf_table *table, const char *prefix,
	config_setting_t *group, void *value)
{
	size_t faults_before = reader->faults->count;
	unsigned line = config_setting_is_root(group) ? 1 : (unsigned)config_setting_source_line(group);

	for (int i = 0; i < config_setting_length(group); i++) {
		config_setting_t *setting = config_setting_get_elem(group, (unsigned)i);
		const char *name = config_setting_name(setting);
		const struct conf_option *option = option_find(table, name);
		char *label;
		if (strncmp(name, CONF_AGAIN, strlen(CONF_AGAIN)) == 0) continue; /* reported already */
		if (option == NULL) {
			unknown_report(reader, table, prefix, setting);
			continue;
		}
		label = arena_printf(reader->arena, "%s%s", prefix, name);
		if (label == NULL) {
			reader->faults->nomem = true;
			return;
		}
		conf_value_read(reader, option, label, setting, conf_member(option, value));
	}
	for (size_t i = 0; i < table->option_count; i++) {
		const struct conf_option *option = &table->options[i];
		if (option->name == NULL || config_setting_get_member(group, option->name) != NULL) continue;
		if ((option->flags & CONF_REQUIRED) != 0) {
			conf_fault_add(reader->faults, reader->file, line, "%s%s is missing", prefix, option->name);
		} else if (option->fallback != NULL) {
			fallback_read(reader, option, option->name, value);
		}
	}
	if (table->check != NULL && !reader->faults->nomem) {
		reader->faults->group = group;
		reader->faults->group_faulty = reader->faults->count > faults_before;
		table->check(value, reader->file, line, reader->faults);
		reader->faults->group = NULL;
	}
}

/* Reports every marked name in the tree, wherever it is. */
static void again_report(struct conf_reader *reader, const config_setting_t *setting)
{
	if (config_setting_is_aggregate(setting) != CONFIG_TRUE) return;
	for (int i = 0; i < config_setting_length(setting); i++) {
		const config_setting_t *child = config_setting_get_elem(setting, (unsigned)i);
		const char *name = config_setting_name(child);
		if (name != NULL && strncmp(name, CONF_AGAIN, strlen(CONF_AGAIN)) == 0) {
			const config_setting_t *first;
			name = strchr(name + strlen(CONF_AGAIN), '*'); /* behind the number */
			if (name == NULL) continue;
			name++;
			first = config_setting_get_member(setting, name);
			conf_fault_add(reader->faults, reader->file, (unsigned)config_setting_source_line(child),
				"\"%.80s\" is set twice (first on line %d)", name,
				first == NULL ? 0 : config_setting_source_line(first));
		}
		again_report(reader, child);
	}
}

static bool is_name_start(char c)
{
	return isalpha((unsigned char)c) || c == '*';
}

static bool is_name_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '*';
}

/* Where names that are followed by = or : begin on a line; the last ones, in the order of the line. */
static size_t candidates_find(const char *text, int line, size_t ret_at[CANDIDATES_MAX])
{
	const char *at = text;
	const char *end;
	size_t count = 0;

	for (int i = 1; i < line && at != NULL; i++) {
		at = strchr(at, '\n');
		if (at != NULL) at++;
	}
	if (at == NULL) return 0;
	end = at + strcspn(at, "\n");
	while (at < end) {
		const char *start = at;
		if (!is_name_start(*at)) {
			/* A number's letters (0x1F, 5L) begin no name. */
			while (at < end && is_name_char(*at)) at++;
			if (at == start) at++;
			continue;
		}
		while (at < end && is_name_char(*at)) at++;
		while (at < end && (*at == ' ' || *at == '\t')) at++;
		if (at == end || (*at != '=' && *at != ':')) continue;
		if (count == CANDIDATES_MAX) {
			memmove(ret_at, ret_at + 1, (CANDIDATES_MAX - 1) * sizeof(ret_at[0]));
			count--;
		}
		ret_at[count++] = (size_t)(start - text);
	}
	return count;
}

/* The error of the parse is a double name: renames it in the text with the mark and parses again. Returns false when
 * that did not help; then the text is as it was. */
static bool again_mark(config_t *config, struct buf *text, int number, struct conf_faults *faults)
{
	size_t at[CANDIDATES_MAX];
	int line = config_error_line(config);
	size_t count = candidates_find((const char *)text->ptr, line, at);

	while (count > 0) {
		struct buf renamed = BUF_INIT(text->max);
		size_t cut = at[--count];
		int rc = buf_append(&renamed, text->ptr, cut);
		bool parsed;
		if (rc == 0) rc = buf_printf(&renamed, CONF_AGAIN "%d*", number);
		if (rc == 0) rc = buf_append(&renamed, text->ptr + cut, text->len - cut);
		if (rc != 0) {
			faults->nomem = rc == ERR_NOMEM;
			buf_free(&renamed);
			return false;
		}
		parsed = config_read_string(config, (const char *)renamed.ptr) == CONFIG_TRUE;
		if (parsed || config_error_line(config) > line ||
			strstr(config_error_text(config), "duplicate") == NULL) {
			buf_free(text);
			*text = renamed;
			return true;
		}
		buf_free(&renamed);
	}
	return false;
}

/* Parses the text (NUL-terminated in buf) into config, double names marked. */
static bool tree_parse(config_t *config, const char *file, struct buf *text, struct conf_faults *faults)
{
	bool ok = config_read_string(config, (const char *)text->ptr) == CONFIG_TRUE;

	for (int i = 0; !ok && i < CONF_FAULTS_MAX; i++) {
		int line = config_error_line(config);
		if (strstr(config_error_text(config), "duplicate") == NULL) {
			conf_fault_add(
				faults, file, (unsigned)line, "%s; the rest was not read", config_error_text(config));
			return false;
		}
		if (!again_mark(config, text, i, faults)) {
			conf_fault_add(faults, file, (unsigned)line, "an option is set twice; the rest was not read");
			return false;
		}
		ok = config_read_string(config, (const char *)text->ptr) == CONFIG_TRUE;
	}
	if (!ok) conf_fault_add(faults, file, (unsigned)config_error_line(config), "too many options are set twice");
	return ok;
}

/* libconfig would open other files; one file is what the faults, the reload and the fuzzer speak of. */
static bool has_include(const char *file, const char *text, struct conf_faults *faults)
{
	unsigned line = 1;

	for (const char *at = text; at != NULL && *at != '\0'; line++) {
		at += strspn(at, " \t\r\f\v");
		if (strncmp(at, "@include", 8) == 0) {
			conf_fault_add(faults, file, line, "@include is not supported");
			return true;
		}
		at = strchr(at, '\n');
		if (at != NULL) at++;
	}
	return false;
}

/* Secrets in libconfig's heap are overwritten before it is given back; all strings, to miss none. */
static void tree_wipe(config_setting_t *setting)
{
	if (config_setting_type(setting) == CONFIG_TYPE_STRING) {
		const char *text = config_setting_get_string(setting);
		if (text != NULL) mem_wipe((char *)(uintptr_t)text, strlen(text));
		return;
	}
	if (config_setting_is_aggregate(setting) != CONFIG_TRUE) return;
	for (int i = 0; i < config_setting_length(setting); i++)
		tree_wipe(config_setting_get_elem(setting, (unsigned)i));
}

/* An initialised tree of the text; give it to tree_close, whatever is returned. */
static bool tree_open(config_t *config, const char *file, struct buf *text, struct conf_faults *faults)
{
	unsigned open_line = conf_text_open_line((const char *)text->ptr);

	config_init(config);
	if (open_line > 0) {
		conf_fault_add(faults, file, open_line, "what begins here has no end; nothing was read");
		return false;
	}
	return !has_include(file, (const char *)text->ptr, faults) && tree_parse(config, file, text, faults);
}

static void tree_close(config_t *config)
{
	tree_wipe(config_root_setting(config));
	config_destroy(config);
}

static void text_read(struct conf_reader *reader, const struct conf_table *table, struct buf *text, void *value)
{
	config_t config;

	if (tree_open(&config, reader->file, text, reader->faults)) {
		again_report(reader, config_root_setting(&config));
		conf_group_read(reader, table, "", config_root_setting(&config), value);
	}
	tree_close(&config);
}

/* "file:12: ..." before "file:7: ..." would read badly, and checks run group by group: sorts by line, stable. */
static unsigned fault_line(const char *fault, size_t file_len)
{
	if (strlen(fault) <= file_len || !isdigit((unsigned char)fault[file_len + 1])) return UINT32_MAX;
	return (unsigned)strtoul(fault + file_len + 1, NULL, 10);
}

/* Those from `first` on. */
static void faults_sort(struct conf_faults *faults, size_t first, const char *file)
{
	size_t file_len = strlen(file);

	for (size_t i = first + 1; i < faults->count; i++) {
		const char *fault = faults->items[i];
		size_t at = i;
		while (at > first && fault_line(faults->items[at - 1], file_len) > fault_line(fault, file_len)) {
			faults->items[at] = faults->items[at - 1];
			at--;
		}
		faults->items[at] = fault;
	}
}

/* Adds to the faults. partial: what could be read goes into ret_struct also when there were some. */
static int parse(const struct conf_table *table, const char *file, const char *text, size_t len, struct arena *arena,
	bool partial, void *ret_struct, struct conf_faults *faults)
{
	struct buf copy CLEANUP(buf_free) = BUF_INIT(CONF_FILE_BYTES_MAX + 1);
	struct buf wide CLEANUP(buf_free) = BUF_INIT(3 * CONF_FILE_BYTES_MAX);
	struct conf_reader reader = {.file = file, .arena = arena, .faults = faults};
	void *value = zf_alloc(&arena->zf, table->struct_bytes);
	size_t before = faults->count;

	if (value == NULL) return err_set(ERR_NOMEM, "no memory for the configuration");
	if (len > CONF_FILE_BYTES_MAX) {
		conf_fault_add(faults, file, 0, "larger than %u bytes", CONF_FILE_BYTES_MAX);
	} else if (len > 0 && memchr(text, '\0', len) != NULL) {
		conf_fault_add(faults, file, 0, "a zero byte in a text file");
	} else if (buf_append(&copy, text, len) != 0 || buf_append(&copy, "", 1) != 0 ||
		   conf_text_widen((const char *)copy.ptr, &wide) != 0) {
		faults->nomem = true;
	} else {
		text_read(&reader, table, &wide, value);
	}
	if (faults->nomem) return err_set(ERR_NOMEM, "no memory for the configuration \"%s\"", file);
	faults_sort(faults, before, file);
	if (faults->count == before || partial) memcpy(ret_struct, value, table->struct_bytes);
	return faults->count > before ? err_set(ERR_INVALID, "%s", faults->items[before]) : 0;
}

int conf_parse(const struct conf_table *table, const char *file, const char *text, size_t len, struct arena *arena,
	void *ret_struct, struct conf_faults *ret_faults)
{
	*ret_faults = (struct conf_faults){.arena = arena};
	return parse(table, file, text, len, arena, false, ret_struct, ret_faults);
}

static int file_read(const char *path, struct buf *buf)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* NONBLOCK: a pipe must not stop the start */
	uint8_t piece[8192];
	struct stat st;
	int rc = 0;

	if (fd < 0) return err_set(ERR_SYS, "could not read: %s", strerror(errno));
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) rc = err_set(ERR_SYS, "could not read: not a regular file");
	while (rc == 0) {
		ssize_t n = read(fd, piece, sizeof(piece));
		if (n == 0) break;
		if (n > 0) {
			rc = buf_append(buf, piece, (size_t)n);
		} else if (errno != EINTR) {
			rc = err_set(ERR_SYS, "could not read: %s", strerror(errno));
		}
	}
	mem_wipe(piece, sizeof(piece));
	close(fd);
	return rc;
}

static int load(const struct conf_table *table, const char *path, struct arena *arena, bool partial, void *ret_struct,
	struct conf_faults *faults)
{
	struct buf buf CLEANUP(buf_free) = BUF_INIT(CONF_FILE_BYTES_MAX);
	size_t before = faults->count;
	int rc = file_read(path, &buf);

	if (rc != 0) {
		conf_fault_add(faults, path, 0, "%s", err_text());
		return faults->count == before
			       ? rc
			       : err_set(rc == ERR_LIMIT ? ERR_INVALID : rc, "%s", faults->items[before]);
	}
	return parse(table, path, (const char *)buf.ptr, buf.len, arena, partial, ret_struct, faults);
}

int conf_load(const struct conf_table *table, const char *path, struct arena *arena, void *ret_struct,
	struct conf_faults *ret_faults)
{
	*ret_faults = (struct conf_faults){.arena = arena};
	return load(table, path, arena, false, ret_struct, ret_faults);
}

int conf_load_partial(const struct conf_table *table, const char *path, struct arena *arena, void *ret_struct,
	struct conf_faults *faults)
{
	return load(table, path, arena, true, ret_struct, faults);
}

/* The setting of that path below `from`, or the nearest one that it is in; `from` at last. Cuts the path. */
static config_setting_t *setting_find(config_setting_t *from, char *path)
{
	for (;;) {
		config_setting_t *found = config_setting_lookup(from, path);
		char *dot = strrchr(path, '.');

		if (found != NULL) return found;
		if (dot == NULL) return from;
		*dot = '\0';
	}
}

unsigned conf_checked_line(const struct conf_faults *faults, const char *setting_fmt, ...)
{
	config_setting_t *group = (config_setting_t *)(uintptr_t)faults->group;
	const config_setting_t *found;
	char path[256];
	va_list args;

	va_start(args, setting_fmt);
	(void)vsnprintf(path, sizeof(path), setting_fmt, args);
	va_end(args);
	found = setting_find(group, path);
	return found == group ? 0 : (unsigned)config_setting_source_line(found);
}

unsigned conf_setting_line(const char *path, const char *setting_fmt, ...)
{
	struct arena arena CLEANUP(arena_free);
	struct buf buf CLEANUP(buf_free) = BUF_INIT(CONF_FILE_BYTES_MAX + 1);
	struct conf_faults faults = {.arena = &arena};
	const config_setting_t *found;
	char name[256];
	unsigned line = 1;
	config_t config;
	va_list args;

	va_start(args, setting_fmt);
	(void)vsnprintf(name, sizeof(name), setting_fmt, args);
	va_end(args);
	arena_init(&arena, CONF_FILE_BYTES_MAX);
	if (file_read(path, &buf) != 0 || buf_append(&buf, "", 1) != 0) return 0;
	if (tree_open(&config, path, &buf, &faults)) {
		found = setting_find(config_root_setting(&config), name);
		if (config_setting_source_line(found) > 0) line = (unsigned)config_setting_source_line(found);
	}
	tree_close(&config);
	return line;
}

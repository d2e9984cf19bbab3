/* Configuration as tables: a table says which options a file (or a group inside one) has, of what type, with which
 * default and limits, and in which member of a struct each ends. Parsing, reload, the sample file and the manual page
 * all come from the same table. libconfig reads the text and knows the lines; every mistake is collected, not the
 * first.
 *
 * Example: struct shop { const char *name; int64_t seats; };
 *   static const struct conf_option rows[] = {
 *     {.name = "name", .type = CONF_STRING, .offset = offsetof(struct shop, name), .flags = CONF_REQUIRED,
 *      .sample = "\"Corner\"", .help = "What the sign says."},
 *     {.name = "seats", .type = CONF_INT, .offset = offsetof(struct shop, seats), .fallback = "12", .min = 1, .max =
 * 99, .help = "Chairs, not stools."}}; const struct conf_table shop_table = {"shop", rows, ARRAY_LEN(rows),
 * sizeof(struct shop), NULL}; */
#ifndef BASE_CONF_H
#define BASE_CONF_H

#include <stdio.h>

#include "base/core.h"
#include "base/mem.h"

#define CONF_FAULTS_MAX 256
#define CONF_FILE_BYTES_MAX (1u << 20)
#define CONF_TEXT_BYTES_MAX 65536 /* of a string, where the table sets no other maximum */
#define CONF_ITEMS_MAX 65536      /* of a list or map, where the table sets no other maximum */

/* A value that must never be printed, logged or put into an error text; it has a type of its own so that no %s takes
 * it by mistake. */
struct conf_secret {
	const char *text; /* NULL when absent */
	size_t len;
};

struct conf_strings {
	const char *const *items;
	size_t count;
};

/* "127.0.0.1:8443", "name.example:25", "[::1]:8443" (the brackets are not kept) or "*:8443" (every address). */
struct conf_host {
	const char *host;
	uint16_t port; /* 1 to 65535 */
};

struct conf_hosts {
	const struct conf_host *items;
	size_t count;
};

struct conf_pair {
	const char *name;
	const char *value;
};

/* In the order of the file. */
struct conf_map {
	const struct conf_pair *items;
	size_t count;
};

/* Repeated groups: items[i] points to a struct as the option's `group` table describes it. */
struct conf_groups {
	const void *const *items;
	size_t count;
};

/* The type of an option and the type of its member:
 *   BOOL bool; INT int64_t, unit as suffix of the name (_ms, _s, _bytes); STRING and PATH const char * (NULL: absent);
 *   SECRET struct conf_secret; STRINGS struct conf_strings; HOSTS struct conf_hosts;
 *   ENUM int, the index in `names`; GROUP const void * (a struct of the table `group`, NULL: absent);
 *   GROUPS struct conf_groups, in the file a list of groups `( { ... }, { ... } )`;
 *   MAP struct conf_map, in the file a group `{ name = "value"; }` or, for names that libconfig cannot spell, a list of
 *   pairs `( ("0-1", "value"), ... )`; whole numbers are taken as their text.
 * STRINGS and HOSTS take `["a", "b"]`, `("a", "b")` or a single "a". HEADING is no option: it begins a
 * section. */
enum conf_type {
	CONF_HEADING,
	CONF_BOOL,
	CONF_INT,
	CONF_STRING,
	CONF_PATH,
	CONF_SECRET,
	CONF_STRINGS,
	CONF_HOSTS,
	CONF_ENUM,
	CONF_GROUP,
	CONF_GROUPS,
	CONF_MAP,
};

enum conf_flag {
	CONF_RELOADABLE = 1, /* SIGHUP takes the new value over; else it waits for a restart */
	CONF_REQUIRED = 2,   /* absent is a fault; has no fallback */
};

struct conf_table;

struct conf_option {
	const char *name; /* NULL for a heading */
	enum conf_type type;
	size_t offset;        /* of the member in the table's struct */
	const char *fallback; /* the default in libconfig's spelling ("64", "\"info\"", "[\"a\"]", "{ }"); NULL: none */
	const char *sample;   /* what the sample file shows where there is no fallback; same spelling */
	int64_t min,
		max; /* INT: value; STRING, PATH, SECRET: bytes; lists and maps: count. Both 0: the type's own limits */
	unsigned flags;
	const char *const *names;       /* ENUM: NULL-terminated */
	const struct conf_table *group; /* GROUP and GROUPS */
	/* STRING, PATH and each of STRINGS: what is wrong with a text's form ("is not a UUID"), or NULL. NULL: any
	 * form. */
	const char *(*form)(const char *text);
	const char *help; /* English sentences; plain text without line breaks */
};

/* At most CONF_FAULTS_MAX texts "file:line: message" in the arena that conf_load was given. */
struct conf_faults {
	struct arena *arena;
	const char *items[CONF_FAULTS_MAX];
	size_t count;
	bool nomem; /* a fault or value had no room in the arena */
	/* while a table's check runs */
	const void *group; /* the settings that are checked, for conf_checked_line */
	bool group_faulty; /* they have faults already: what could not be read is NULL or zero */
};

struct conf_table {
	const char *name; /* of the file or group, for the manual */
	const struct conf_option *options;
	size_t option_count;
	size_t struct_bytes;
	/* Rules between options, called after all single options, also when some were wrong; reports with
	 * conf_fault_add. line: of the group, 1 for the whole file. NULL: none. */
	void (*check)(const void *value, const char *file, unsigned line, struct conf_faults *faults);
};

/* Reads the file into the struct that the table describes (struct_bytes at ret_struct, untouched on failure; strings
 * and lists are owned by the arena). ret_faults is set in every case, err_text to its first fault.
 * Errors: ERR_SYS (not readable), ERR_INVALID (faults), ERR_NOMEM. */
int conf_load(const struct conf_table *table, const char *path, struct arena *arena, void *ret_struct,
	struct conf_faults *ret_faults) MUSTUSE;
/* The same for who goes on looking for mistakes: adds to the faults, and with ERR_INVALID ret_struct holds what could
 * be read, NULL and zeros elsewhere (it is untouched when the file could not be read at all). Lists leave out the items
 * that are wrong. */
int conf_load_partial(const struct conf_table *table, const char *path, struct arena *arena, void *ret_struct,
	struct conf_faults *faults) MUSTUSE;
/* The same as conf_load from memory; `file` is the name in the faults. Pure: `@include` is refused, nothing is opened.
 */
int conf_parse(const struct conf_table *table, const char *file, const char *text, size_t len, struct arena *arena,
	void *ret_struct, struct conf_faults *ret_faults) MUSTUSE;

/* Adds a fault; line 0 leaves the line out. For a table's check and for callers that look at values further. */
void conf_fault_add(struct conf_faults *faults, const char *file, unsigned line, const char *fmt, ...)
	PRINTF_LIKE(4, 5);

/* The line of a setting ("keys.mode", "clients.[2].id"), for faults that are found later than the file was read. What
 * has no line of its own has that of what it is in, at last 1. 0: the file cannot be read. */
unsigned conf_setting_line(const char *path, const char *setting_fmt, ...) PRINTF_LIKE(2, 3);
/* In a table's check: the line of a setting inside the checked group, "url" or "endpoints.[1].name"; 0: it is not there
 * and has its default. */
unsigned conf_checked_line(const struct conf_faults *faults, const char *setting_fmt, ...) PRINTF_LIKE(2, 3);

/* The value of a name in a map, or NULL. Names are compared exactly. */
const char *conf_map_get(const struct conf_map *map, const char *name);

/* Names the options that differ between two structs of the table and are not RELOADABLE (at most max; returns how many
 * there are). On reload the daemon says that these wait for a restart. */
size_t conf_fixed_changes(
	const struct conf_table *table, const void *before, const void *after, const char **ret_names, size_t max);
/* Whether two structs of the table hold the same values in all options. */
bool conf_same(const struct conf_table *table, const void *a, const void *b);

/* The complete commented sample: `## ` explains, `# name = default;` shows, bare lines are what must be set. */
void conf_print_sample(FILE *file, const struct conf_table *table);
/* The options as an mdoc list. */
void conf_print_man(FILE *file, const struct conf_table *table);
/* Running text of a manual page, escaped, a line a sentence. */
void conf_man_text(FILE *file, const char *text);

#endif

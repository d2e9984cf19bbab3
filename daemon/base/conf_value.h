/* From one libconfig setting to one member of a struct; between conf.c and conf_value.c only. */
#ifndef BASE_CONF_VALUE_H
#define BASE_CONF_VALUE_H

#include <libconfig.h>

#include "base/conf.h"

/* Marks a name that its group has already ("*2*7*name", numbered); conf.c puts it there, since libconfig stops at the
 * first double name. */
#define CONF_AGAIN "*2*"

struct conf_reader {
	const char *file;
	struct arena *arena;
	struct conf_faults *faults;
};

/* Reads the settings of a group into `value` (zeroed, struct_bytes long). prefix: "" or "routes[0]." for the faults. */
void conf_group_read(struct conf_reader *reader, const struct conf_table *table, const char *prefix,
	config_setting_t *group, void *value);
/* Reads one option's setting. label: its name with the prefix. */
void conf_value_read(struct conf_reader *reader, const struct conf_option *option, const char *label,
	config_setting_t *setting, void *member);

/* Appends the text with an L behind every whole number, and a NUL: libconfig 1.5 would silently wrap at 32 bits, so
 * that 4294967297 passed as 1. Lines stay what they are. Errors ERR_NOMEM, ERR_LIMIT. */
int conf_text_widen(const char *text, struct buf *out) MUSTUSE;

/* The line on which a string or comment begins that never ends, or 0. libconfig would name the last line of the file,
 * and leak. */
unsigned conf_text_open_line(const char *text);

/* The member of an option inside its struct. */
static inline void *conf_member(const struct conf_option *option, void *value)
{
	return (char *)value + option->offset;
}

#endif

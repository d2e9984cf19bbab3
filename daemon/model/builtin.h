/* Files of conf/ that are in the program too, as what counts where a hospital names none of its own. */
#ifndef MODEL_BUILTIN_H
#define MODEL_BUILTIN_H

#include "base/conf.h"

extern const unsigned char builtin_chart_public[], builtin_calendar_china[];
extern const size_t builtin_chart_public_len, builtin_calendar_china_len;

/* conf_load_partial of the file, or with path NULL of the text that is built in. */
int builtin_load(const struct conf_table *table, const char *path, const unsigned char *text, size_t len,
	struct arena *arena, void *ret_struct, struct conf_faults *faults) MUSTUSE;

#endif

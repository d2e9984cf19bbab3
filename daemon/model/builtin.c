/* Reading what is built in as what is not. */
#include "model/builtin.h"

int builtin_load(const struct conf_table *table, const char *path, const unsigned char *text, size_t len,
	struct arena *arena, void *ret_struct, struct conf_faults *faults)
{
	struct conf_faults none;
	int r;

	if (path != NULL) return conf_load_partial(table, path, arena, ret_struct, faults);
	r = conf_parse(table, "built in", (const char *)text, len, arena, ret_struct, &none);
	assert(r != ERR_INVALID); /* a test reads the files that it is made from */
	return r;
}

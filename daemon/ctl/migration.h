/* The migrations of schema/, compiled in: NNN_name.sql each, in order. */
#ifndef CTL_MIGRATION_H
#define CTL_MIGRATION_H

#include <stddef.h>

struct migration {
	int version;
	const char *name; /* the file's name */
	const unsigned char *sql;
	size_t len;
};

extern const struct migration migrations[];
extern const size_t migration_count;

#endif

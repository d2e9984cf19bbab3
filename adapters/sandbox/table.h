/* A growing hash table from text to objects that are never removed one by one: the sandbox forgets nothing until it is
 * told to begin anew. */
#ifndef SANDBOX_TABLE_H
#define SANDBOX_TABLE_H

#include "base/core.h"

struct table_slot;

/* Zero-initialised it is empty. Borrows the keys: they must live as long as their entries. */
struct table {
	struct table_slot *slots;
	size_t capacity; /* a power of two, or 0 */
	size_t count;
};

/* The object of a key, or NULL. */
void *table_get(const struct table *table, const char *key);
/* Adds or replaces. Aborts on no memory: a sandbox that cannot count must not go on. */
void table_put(struct table *table, const char *key, void *object);
/* Forgets all entries; the objects stay whose they were. */
void table_clear(struct table *table);

#endif

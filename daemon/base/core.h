/* What every file of the daemon may assume: fixed-width types, the result codes, and a handful of macros. */
#ifndef BASE_CORE_H
#define BASE_CORE_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define MUSTUSE __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define CLEANUP(fn) __attribute__((cleanup(fn)))
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define CONTAINER_OF(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

/* Long-lived structs start with a magic number: CHECK_MAGIC on entry, cleared on free. */
#define CHECK_MAGIC(ptr, value) assert((ptr) != NULL && (ptr)->magic == (value))

/* Bytes that somebody else owns. */
struct bytes {
	const uint8_t *ptr;
	size_t len;
};

#endif

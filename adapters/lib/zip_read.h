/* ZIP archives from strangers, in memory: stored and deflated entries only, no encryption, no ZIP64, sizes believed
 * only as a limit. An archive that unpacks to more than it may is refused before it is unpacked. */
#ifndef ADAPTERS_LIB_ZIP_READ_H
#define ADAPTERS_LIB_ZIP_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/arena.h"
#include "lib/result.h"

struct zip_entry {
	const char *name; /* as it is there: not to be used as a path */
	const uint8_t *bytes;
	size_t len;
};

/* Do the bytes begin like an archive? */
bool zip_is(const uint8_t *bytes, size_t len);
/* All entries, without folders. LIB_INVALID: not a proper archive, or an entry that is not what it says; LIB_LIMIT:
 * more entries than entries_max, or more than bytes_max bytes in all; LIB_NOMEM. */
int zip_read(const uint8_t *bytes, size_t len, uint32_t entries_max, size_t bytes_max, struct zf_arena *arena,
	const struct zip_entry **ret_entries, uint32_t *ret_count) LIB_MUSTUSE;

#endif

/* A large body on its way to who reads it: a file without a name, whose bytes are encrypted under a key that only this
 * process's memory has. Nothing of it is left when the process ends, however that happens. */
#ifndef DESK_SPOOL_H
#define DESK_SPOOL_H

#include "base/core.h"

struct spool;

/* In a folder whose file system has O_TMPFILE. Returns owned: spool_free. ERR_SYS, ERR_NOMEM. */
int spool_new(const char *folder, struct spool **ret_spool) MUSTUSE;
void spool_free(struct spool *spool); /* NULL allowed */
/* Appends, blocking: not on the loop. The bytes are encrypted where they are. ERR_SYS, ERR_NOMEM. */
int spool_write(struct spool *spool, uint8_t *ptr, size_t len) MUSTUSE;
/* Its bytes from `at` on, as many as there are up to len; 0 at its end. ERR_SYS, ERR_NOMEM. */
int spool_read(struct spool *spool, uint64_t at, uint8_t *ret, size_t len, size_t *ret_len) MUSTUSE;

#endif

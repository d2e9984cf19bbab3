/* Whose books there are. */
#ifndef CTL_BOOKS_H
#define CTL_BOOKS_H

#include "ctl/ctl.h"
#include "model/directory.h"

struct books {
	struct hospital *hospitals; /* of those that are not configured only id, code and book currency are known */
	uint32_t count;
};

/* The hospitals that are configured and those that only the database knows: a file that is broken or gone takes nothing
 * out of the books. code: that one only; NULL: all. Returns 0, or an exit status after it has said what is wrong. */
int books_open(struct ctl *ctl, const char *code, struct books *ret_books) MUSTUSE;
/* Usable with CLEANUP. */
void books_close(struct books *books);

#endif

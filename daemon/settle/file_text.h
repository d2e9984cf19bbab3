/* The text of a file that a person brought, in UTF-8. */
#ifndef SETTLE_FILE_TEXT_H
#define SETTLE_FILE_TEXT_H

#include "base/mem.h"
#include "lib/charset.h"
#include "lib/fault.h"

/* Borrowed where it is in UTF-8, which its reader checks, else made in the arena. ERR_INVALID with the line of what is
 * no character; ERR_NOMEM, ERR_SYS. */
int file_text(enum charset_kind kind, struct bytes bytes, struct arena *arena, struct fault_list *faults,
	struct text_span *ret_text) MUSTUSE;

#endif

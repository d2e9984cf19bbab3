/* Text files in another character set, as programs of banks write them (GB18030), into UTF-8. */
#ifndef CTL_CHARSET_H
#define CTL_CHARSET_H

#include "base/mem.h"
#include "lib/fault.h"
#include "lib/text.h"

/* The text in UTF-8, in the arena, or as it is when it is said to be UTF-8 (which the readers check themselves).
 * ERR_NOTFOUND: there is no such character set. ERR_INVALID: the line that is the fault's path holds bytes that are no
 * text in it; nothing is left out or guessed. ERR_NOMEM. */
int charset_to_utf8(const char *charset, struct text_span text, struct arena *arena, struct fault_list *faults,
	struct text_span *ret_text) MUSTUSE;

#endif

/* What a bank said of a line (settle/bank_content.h), as the matcher reads it. */
#ifndef SETTLE_MATCH_CONTENT_H
#define SETTLE_MATCH_CONTENT_H

#include "base/mem.h"
#include "settle/match.h"

/* Fills in names, accounts, references, texts and the stated charge, and the day of the order where that is told;
 * amount and other days are the caller's, and its currency tells which charges count. line: the line's content; detail:
 * that of the one transaction of it that is looked at, or {NULL, 0} where it is all of the line. All is in the arena.
 * ERR_INVALID: it can't be read; ERR_NOMEM. */
int match_content_read(
	struct bytes line, struct bytes detail, struct zf_arena *arena, struct match_line *ret_line) MUSTUSE;

#endif

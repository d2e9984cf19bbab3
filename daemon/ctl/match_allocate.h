/* What zhifuctl money match allocate is told, read into a decision: REF=AMOUNT, and behind it what is missing; and
 * which details of an advice the money is. */
#ifndef CTL_MATCH_ALLOCATE_H
#define CTL_MATCH_ALLOCATE_H

#include "ctl/match_desk.h"
#include "ctl/report.h"

/* words: "REF=AMOUNT", each with ",KIND" or ",KIND=AMOUNT" behind it for what is missing; rest: a kind for those that
 * say nothing of it, or NULL. In a transaction of its own. 0; 2 after it has said what is wrong; or an error with text.
 */
int match_allocate_read(
	struct match_desk *desk, const char *const *words, int count, const char *rest, struct match_made *ret) MUSTUSE;
/* Likewise by an advice: words: its id, and its details, each "NO" or, where it names no claim that is here, "NO=REF",
 * with
 * ",back" behind it where what it sets off had not come too much; none: all that are not allocated yet. rest: what is
 * missing of the money, a charge or a difference, or NULL. */
int match_allocate_advice(
	struct match_desk *desk, const char *const *words, int count, const char *rest, struct match_made *ret) MUSTUSE;
/* Tells the rates that the decision took. */
void match_allocate_rates(struct match_desk *desk, struct report *report);

#endif

/* The part of claim show that says what is due next. */
#ifndef CTL_CLAIM_NEXT_H
#define CTL_CLAIM_NEXT_H

#include "ctl/claim.h"

/* The actions that the life cycle's tables name for the claim's states, the axis on which it is stuck first. Before
 * them the line to the insurer, when the claim has a message that waits for it and it is held, stopped or down. Inside
 * a transaction of its hospital. */
int claim_next_show(struct report *report, struct ctl *ctl, const struct claim_row *claim) MUSTUSE;

#endif

/* The role settle: takes facts from the outbox and turns them into steps of the life cycle and postings, in rounds:
 * read what is known of a round's claims, apply, commit all of it together. */
#ifndef SETTLE_SETTLE_H
#define SETTLE_SETTLE_H

#include "base/worker.h"

extern const struct role settle_role;

#endif

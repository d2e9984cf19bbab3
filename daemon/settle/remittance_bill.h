/* The claims of an advice's details that nothing names but the hospital's own number of the bill. */
#ifndef SETTLE_REMITTANCE_BILL_H
#define SETTLE_REMITTANCE_BILL_H

#include "settle/remittance_store.h"

/* refs: of each detail our ref of the claim; set where it was NULL, `found` is not, and the number names one of the
 * carrier's claims, else left. several: of each detail how many do, if more than one: it is of none of them. Both in
 * the order of the details, the texts in the arena. *ret_any: some was set. In a transaction of the hospital. */
int remittance_bills_find(const struct remittance_books *books, const struct advice *advice, const bool *found,
	struct arena *arena, const char **refs, uint32_t *several, bool *ret_any) MUSTUSE;

#endif

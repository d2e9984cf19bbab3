/* Denial codes and the neutral reasons: the profile's map "denial", then the families of the regulators' list. */
#ifndef ECLAIMLINK_DENIAL_H
#define ECLAIMLINK_DENIAL_H

#include "eclaimlink/profile.h"

struct eclaim_denial {
	uint16_t reason; /* enum zf_reason */
	uint8_t group;   /* enum zf_group */
};

/* What a code means; ZF_REASON_OTHER for one that nobody knows. NULL: a reduction without a code. */
struct eclaim_denial eclaim_denial_read(const struct eclaim_profile *profile, const char *code);
/* A code that says a reason, as the insurer; never NULL. */
const char *eclaim_denial_code(uint16_t reason);

#endif

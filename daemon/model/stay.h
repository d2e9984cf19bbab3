/* What a stay is known by: keyed hashes of the hospital's number of it, which is never stored. Charges bring that
 * number, a claim has it as its Encounter's first identifier. */
#ifndef MODEL_STAY_H
#define MODEL_STAY_H

#include "base/core.h"
#include "base/id.h"
#include "base/key.h"
#include "zhifu_model.h"

#define STAY_VERSIONS_MAX 8 /* look-up keys: a stay is over before there are as many */
#define STAY_TEXT_MAX (STAY_VERSIONS_MAX * (2 * LOOKUP_HASH_BYTES + 8))

/* "VERSION:HEX" under each look-up key, newest first, with commas between them. */
int stay_names(const struct keyring *ring, const struct uuid *hospital, const char *number,
	char ret_text[STAY_TEXT_MAX]) MUSTUSE;

/* The number of the stay that a claim is of; NULL: it has none. Borrowed from the claim. */
const char *stay_number(const struct zf_claim *claim);

#endif

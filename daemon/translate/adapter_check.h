/* Certifying an adapter offline: `zhifuctl adapter check FILE.so`.
 *
 * In a process of its own, so that a crash is a finding and not an end:
 *   abi          the module loads, its table fits, its declared keys are sound
 *   golden       every case of the folder yields what it expects (check_case.h has the form of a case)
 *   repeat       the same step twice yields the same: the module has no clock, randomness or state of its own
 *   truncation   every inbound body cut at every byte: no crash, no BUG, and no money concluded from a part
 *   memory       the N-th allocation of every step fails, for all N: NOMEM or the very same result
 *   round trip   where the module speaks both sides: what it sends it can read, and the answer that it writes as the
 *                insurer it understands as the hospital's side, to the cent
 *   fuzz         inbound bodies changed at random (seeded, so it repeats) for a bounded time: no crash, no BUG */
#ifndef TRANSLATE_ADAPTER_CHECK_H
#define TRANSLATE_ADAPTER_CHECK_H

#include <stdio.h>

#include "base/core.h"

struct adapter_check_conf {
	const char *so_path;
	const char *golden_dir; /* NULL: no cases; then only abi is checked */
	FILE *out;              /* the report */
	bool update;            /* writes what the module yields into the cases instead of comparing */
	int64_t fuzz_ms;        /* of processor time for all cases; 0: none */
	uint64_t seed;
};

/* Prints the report. 0: certified, or without a folder table and keys in order; 1: findings; 2: it could not be checked
 * (a folder or file is missing). */
int adapter_check_with(const struct adapter_check_conf *conf);
/* The same with 5 s of fuzzing, comparing. */
int adapter_check(const char *so_path, const char *golden_dir, FILE *out);

#endif

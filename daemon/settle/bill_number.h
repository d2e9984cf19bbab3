/* The hospital's own numbers of bills, as payers write them. Claims are known by keyed hashes of them alone, each with
 * the system that it is of: those that the hospital's file names (bill_systems). */
#ifndef SETTLE_BILL_NUMBER_H
#define SETTLE_BILL_NUMBER_H

#include "base/key.h"
#include "base/mem.h"

struct hospital;

#define BILL_BYTES_MAX 64
#define BILL_READINGS_MAX 8 /* of one number */

/* A capital; and what is written for a digit by mistake, where one stands before it, as that digit: ret_slip says so
 * then, and is untouched else. */
char bill_number_char(char c, char before, bool *ret_slip);
/* How one may be meant that is said to be a number, each once, the likeliest first: as it stands, without the marks
 * around it, in capitals, put together from groups, with letters that were taken for digits. In the arena. ERR_NOMEM.
 */
int bill_number_readings(const char *said, struct zf_arena *arena, const char *ret_readings[BILL_READINGS_MAX],
	uint32_t *ret_count) MUSTUSE;
/* As a number of one of the hospital's systems, by its place among them. Else as lookup_hash. */
int bill_number_hash(const struct keyring *keyring, uint16_t version, const struct hospital *hospital, uint32_t system,
	const char *number, uint8_t ret[LOOKUP_HASH_BYTES]) MUSTUSE;

#endif

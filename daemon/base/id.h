/* Identifiers: UUIDv7 (RFC 9562 section 5.7) made here, and the claim's short `ref` that every wire and letter carries.
 */
#ifndef BASE_ID_H
#define BASE_ID_H

#include "base/core.h"

struct uuid {
	uint8_t b[16]; /* network order */
};
#define UUID_TEXT_LEN 37 /* with NUL */

/* A new UUIDv7: 48 bits of wall milliseconds, then a 12-bit counter that keeps ids of one process strictly increasing
 * within a millisecond, then 62 random bits. Aborts only if the kernel has no randomness. */
struct uuid uuid_new(void);
void uuid_format(const struct uuid *uuid, char text[UUID_TEXT_LEN]); /* lower case with hyphens */
int uuid_parse(const char *text, struct uuid *ret_uuid) MUSTUSE; /* exactly 36 characters, either case; ERR_INVALID */
bool uuid_equal(const struct uuid *a, const struct uuid *b);
bool uuid_is_nil(const struct uuid *uuid);
int64_t uuid_time_ms(const struct uuid *uuid); /* the millisecond inside a version 7 id */

/* ref: 16 characters of [0-9A-Z], upper case, no separators: 3 of the hospital's code, 12 base-36 characters that are
 * unique per hospital, 1 check character (ISO 7064 MOD 37,36, which catches all single errors; refs of
 * which it would miss a swap of two neighbours, about one in fifty, are not given out).
 * The 12 characters are (milliseconds since 2025-01-01 << 20 | 20 bits) in base 36: 62 bits, enough until year 2164;
 * where such a swap is among them, those of a scattered number instead. */
#define REF_LEN 16
#define REF_TEXT_LEN 17
#define HOSPITAL_CODE_LEN 3
/* Makes a new ref; the low 20 bits are a process-wide counter started at random, so refs of one hospital made in one
 * millisecond by one process differ; the table's unique constraint (hospital_id, ref) catches the rest. */
void ref_new(const char hospital_code[HOSPITAL_CODE_LEN + 1], char ref[REF_TEXT_LEN]);
/* The ref of a number below 2^62, for ref_new and its tests: its 12 digits, or those of another number where a swap of
 * two neighbours would go unseen in them. Takes microseconds whatever the number. */
void ref_from_number(const char hospital_code[HOSPITAL_CODE_LEN + 1], uint64_t number, char ref[REF_TEXT_LEN]);
/* True for 3 characters of [0-9A-Z] that may be a hospital's code: the few in which the check character of a ref cannot
 * see a swap of two neighbours (such as "IJ" in front) are refused. The configuration asks this; ref_new asserts. */
bool hospital_code_valid(const char *text);
/* True when text has the form and its check character is right. Case is significant. */
bool ref_valid(const char *text);

/* Cryptographic randomness (getrandom). Aborts when the kernel has none. */
void random_bytes(void *ptr, size_t len);

#endif

/* What makes two things the same: the identities of a person, the business content of a claim (for suspected
 * duplicates) and the content of a request body (for idempotency). Everything here is in the clear and belongs to a
 * person: it is hashed with a key (base/key.h lookup_hash) before it is stored, and never logged. */
#ifndef MODEL_FINGERPRINT_H
#define MODEL_FINGERPRINT_H

#include "base/core.h"
#include "lib/arena.h"
#include "zhifu_model.h"

#define FINGERPRINT_IDENTITIES_MAX 4
#define FINGERPRINT_HASH_BYTES 32

/* One identity of a person; two records are the same person when they have one in common. Borrows the claim's text. */
struct fingerprint_identity {
	const char *system; /* "" when the sender gave none */
	const char *value;
};

/* The identities of a patient, strongest first: medical record and document numbers by the kind of identifier
 * (v2-0203), then other numbers that have a system, then those without, each kind in byte order of system and value;
 * the last place is kept for the absolute reference (urn:uuid:..., https://...) when there is one. At most
 * FINGERPRINT_IDENTITIES_MAX; returns how many. Identifiers of use "temp" or "old" do not identify. patient may be
 * NULL. */
size_t fingerprint_identities(
	const struct zf_patient *patient, struct fingerprint_identity ret_identities[FINGERPRINT_IDENTITIES_MAX]);

/* The business content of a claim without its patient, as bytes to be hashed together with one identity after the other
 * (LOOKUP_DUPLICATE): use, day of service, the ordered lines with their codes and nets (details as well), total and
 * currency. An interim bill adds its encounter and bill sequence, so bills of one stay differ. A claim that names a
 * predecessor (related, other than "associated") adds that, so a corrected claim is no duplicate of what it corrects.
 * service_day and total are those of struct validate_result. Made in the arena. ERR_NOMEM. */
int fingerprint_claim(const struct zf_claim *claim, int64_t service_day, const struct zf_money *total,
	struct zf_arena *arena, struct bytes *ret_content) MUSTUSE;

/* SHA-256 over the canonical form (lib/json_write.h) of JSON documents one after the other: equal for bodies that
 * differ in white space, member order and escaping only. ERR_INVALID when one is not JSON; ERR_LIMIT, ERR_NOMEM. */
int fingerprint_body(const struct bytes *documents, size_t count, struct zf_arena *arena,
	uint8_t ret_hash[FINGERPRINT_HASH_BYTES]) MUSTUSE;

#endif

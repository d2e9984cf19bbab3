/* The digest of an answer that says no more than that a claim was taken (zf_result.constant). translate learns it from
 * the first such answer and writes it into the messages that follow; dispatch compares, and spares the step. */
#ifndef MODEL_TAKEN_H
#define MODEL_TAKEN_H

#include "base/core.h"

#define TAKEN_BYTES 32
#define TAKEN_TEXT_LEN 64 /* in hex, without the NUL */

struct taken {
	bool known;
	uint8_t digest[TAKEN_BYTES]; /* SHA-256 */
};

/* content_type: as it came, NULL: none. Not known (false) when the digest could not be made. */
struct taken taken_of(int http_status, const char *content_type, struct bytes body);
bool taken_equal(const struct taken *a, const struct taken *b);
/* text has room for TAKEN_TEXT_LEN + 1. */
void taken_format(const struct taken *taken, char *text);
/* false: not a digest in lower case hex. */
bool taken_parse(const char *text, struct taken *ret_taken);

#endif

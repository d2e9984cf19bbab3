/* The plain form of a sealed message (model/work.h): first line, headers, an empty line, the body verbatim. Written for
 * what goes out, read for what came in. Pure. */
#ifndef TRANSLATE_ENVELOPE_H
#define TRANSLATE_ENVELOPE_H

#include "base/core.h"
#include "lib/arena.h"
#include "model/taken.h"
#include "zhifu_adapter.h"

#define ENVELOPE_HEADERS_MAX 256

/* A message that came in. */
struct envelope {
	int32_t http_status;
	const struct zf_header *const *headers; /* arena memory */
	uint32_t header_count;
	struct bytes body; /* borrows the input */
};

/* The form of an HTTP action; arena memory. taken: the answer that is known to mean no more than "taken", or NULL.
 * ERR_INVALID: a method, endpoint, path or header that cannot stand on the wire (white space, a line break, an empty or
 * ill-formed name); ERR_LIMIT: head or body too large; ERR_NOMEM. */
int envelope_write(const struct zf_action *action, const struct taken *taken, struct zf_arena *arena,
	struct bytes *ret_content) MUSTUSE;
/* Reads one that came in. ERR_INVALID: not that form; ERR_LIMIT, ERR_NOMEM. */
int envelope_read(struct bytes content, struct zf_arena *arena, struct envelope *ret_envelope) MUSTUSE;

#endif

/* A resource as it was submitted plus our id and meta: what GET and POST give back. Pure. */
#ifndef INTAKE_STAMP_H
#define INTAKE_STAMP_H

#include "base/id.h"
#include "base/mem.h"
#include "lib/text.h"

struct stamp {
	const struct uuid *id;
	int64_t updated_ms;              /* meta.lastUpdated */
	const char *version;             /* meta.versionId; NULL: "1", since claims are never changed */
	const struct uuid *duplicate_of; /* held as a duplicate of that claim; NULL: not */
};

/* The resource without its top-level members "id" and "meta": what idempotency compares. Points to raw itself when it
 * has neither. raw: a JSON object that was checked before. ERR_NOMEM, ERR_INVALID. */
int stamp_strip(struct text_span raw, struct zf_arena *arena, struct bytes *ret_text) MUSTUSE;
/* The resource with our id in place of its own, and its meta with versionId and lastUpdated set (and, for a suspected
 * duplicate, the extension urn:zhifu:duplicate-of). Errors likewise. */
int stamp_apply(
	struct text_span raw, const struct stamp *stamp, struct zf_arena *arena, struct bytes *ret_text) MUSTUSE;

#endif

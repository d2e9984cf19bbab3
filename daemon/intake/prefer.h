/* The Prefer header (RFC 7240) as FHIR uses it. Pure. */
#ifndef INTAKE_PREFER_H
#define INTAKE_PREFER_H

#include "base/core.h"

enum prefer_return { PREFER_DEFAULT, PREFER_MINIMAL, PREFER_REPRESENTATION, PREFER_OUTCOME };

struct prefer {
	enum prefer_return what;
	uint32_t wait_s; /* 0: do not wait; at most PREFER_WAIT_MAX_S */
	bool async;
};
#define PREFER_WAIT_MAX_S 3600

/* value may be NULL. What is not understood is passed over, as the RFC wants. */
struct prefer prefer_parse(const char *value);

#endif

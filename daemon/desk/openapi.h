/* The OpenAPI 3.1 document of /v1, made of the operations and their shapes. */
#ifndef DESK_OPENAPI_H
#define DESK_OPENAPI_H

#include "base/mem.h"
#include "lib/text.h"

/* The document, in the arena. base_url: without a slash at its end. ERR_NOMEM. */
int openapi_write(const char *base_url, struct arena *arena, struct text_span *ret_text) MUSTUSE;

#endif

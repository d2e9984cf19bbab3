/* Media types: whether a Content-Type or an Accept fits a list. Pure. */
#ifndef NET_HTTP_MEDIA_H
#define NET_HTTP_MEDIA_H

#include "base/core.h"

/* True when media type `type` ("application/fhir+json; charset=utf-8") is in the space-separated list of lower-case
 * types without parameters; case and parameters of `type` are ignored, except that a charset other than utf-8 is
 * refused. */
bool http_media_in(const char *type, const char *list);
/* True when the Accept value allows one of the list (wildcards understood, q=0 honoured); NULL or "" allows all. */
bool http_accepts(const char *accept, const char *list);

#endif

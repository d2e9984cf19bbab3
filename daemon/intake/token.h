/* POST /oauth2/token: OAuth 2 client credentials with a signed assertion (RFC 6749 section 4.4, RFC 7523), and what the
 * outside may know about it. */
#ifndef INTAKE_TOKEN_H
#define INTAKE_TOKEN_H

#include "intake/intake.h"

/* Handlers; ctx is the intake. */
void token_handle(struct http_request *req, void *ctx);
void smart_configuration_handle(struct http_request *req, void *ctx);

#endif

/* Who asks: a client certificate, or an access token that any worker made. */
#ifndef INTAKE_AUTH_H
#define INTAKE_AUTH_H

#include "intake/intake.h"
#include "net/jwt.h"

/* http_authenticate_fn; ctx is the intake. */
int auth_check(struct http_request *req, void *ctx, const char **ret_text);

/* The key under which access tokens of one version are signed: HMAC-SHA-256 of a constant label under the look-up key
 * of that version (base/key.h, LOOKUP_TOKEN), so that all workers and machines with the same key file agree and nothing
 * is stored. ERR_NOTFOUND: no such version. */
int auth_token_key(const struct keyring *ring, uint32_t version, uint8_t ret_key[JWT_TOKEN_KEY_BYTES]) MUSTUSE;

/* Scopes as words: "submit", "read", "consent", "cancel", "finance.read" and the like, and the SMART forms
 * system/Claim.write, system/Consent.write, system/(any).read and the like. text: separated by blanks; words that are
 * not known are passed over. */
uint32_t auth_scope_read(const char *text);
/* The words of a scope, separated by blanks. */
#define AUTH_SCOPE_TEXT_MAX 96
void auth_scope_write(uint32_t scope, char ret_text[AUTH_SCOPE_TEXT_MAX]);

#endif

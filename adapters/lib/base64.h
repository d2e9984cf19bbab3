/* Base64 and base64url, strict (RFC 4648): no white space, no stray bits, one spelling for each value. */
#ifndef ADAPTERS_LIB_BASE64_H
#define ADAPTERS_LIB_BASE64_H

#include <stddef.h>
#include <stdint.h>

#include "lib/result.h"

/* Room for the encoded form of len bytes with padding and NUL. */
#define BASE64_TEXT_SIZE(len) (((len) + 2) / 3 * 4 + 1)
/* The most bytes that len characters decode to. */
#define BASE64_BYTES_MAX(len) (((len) + 3) / 4 * 3)

/* Encode into ret (BASE64_TEXT_SIZE(len)), NUL-terminated; returns the length without NUL. */
size_t base64_encode(const void *bytes, size_t len, char *ret);    /* + / and padding */
size_t base64url_encode(const void *bytes, size_t len, char *ret); /* - _ and no padding */

/* Decode into ret (BASE64_BYTES_MAX(len) bytes; may be the input itself). LIB_INVALID: a foreign character, wrong or
 * (base64url) any padding, or bits set that belong to no byte. ret_len untouched on failure, ret may be scribbled on.
 */
int base64_decode(const char *text, size_t len, uint8_t *ret, size_t *ret_len) LIB_MUSTUSE;
int base64url_decode(const char *text, size_t len, uint8_t *ret, size_t *ret_len) LIB_MUSTUSE;

#endif

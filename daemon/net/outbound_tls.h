/* One route's TLS identity and trust, read from its files once at start and at each reload, so that the loop never
 * touches the disk. Shared by reference: calls under way keep what they began with. */
#ifndef NET_OUTBOUND_TLS_H
#define NET_OUTBOUND_TLS_H

#include "base/core.h"

#define OUTBOUND_PINS_MAX 8
#define OUTBOUND_PEM_BYTES_MAX (1u << 20) /* of one file */

struct outbound_tls_files {
	const char *ca_file;     /* PEM, required: the only roots this route trusts */
	const char *cert_file;   /* PEM, the client certificate first, then its chain; NULL: none */
	const char *key_file;    /* PEM without pass phrase, not readable by others; required with cert_file */
	const char *const *pins; /* "sha256//" and the base64 of the SHA-256 of a SubjectPublicKeyInfo; any one fits */
	size_t pin_count;
};

struct outbound_tls;

/* Reads and checks the files: that they parse, that key and certificate belong together, the pins' form. A certificate
 * that has expired is not an error here (the peer decides). Paths are borrowed. Returns owned, with one reference.
 * Errors ERR_SYS, ERR_INVALID, ERR_DENIED (key file readable by others), ERR_LIMIT, ERR_NOMEM. */
int outbound_tls_load(const struct outbound_tls_files *files, struct outbound_tls **ret_tls) MUSTUSE;
struct outbound_tls *outbound_tls_ref(struct outbound_tls *tls);
void outbound_tls_unref(struct outbound_tls *tls); /* NULL allowed; the last one wipes the key */

#endif

/* The clients' public keys, parsed once per configuration; a signature check that is under way on a thread keeps its
 * set alive across a reload. */
#ifndef INTAKE_CLIENT_KEYS_H
#define INTAKE_CLIENT_KEYS_H

#include "model/directory.h"
#include "net/jwt.h"

struct client_keys;

/* A set with one reference. A client whose key file cannot be used is logged and left out. ERR_NOMEM. */
int client_keys_new(const struct directory *directory, struct client_keys **ret_keys) MUSTUSE;
/* Another reference; and one less. Both on the loop. */
struct client_keys *client_keys_hold(struct client_keys *keys);
void client_keys_drop(struct client_keys *keys);
/* The keys of a client id; NULL when it has none. Lives as long as the set. */
const struct jwt_keys *client_keys_find(const struct client_keys *keys, const char *client_id);

#endif

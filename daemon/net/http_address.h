/* How many connections each client address has open. An IPv6 client owns a /64, so that counts as one address. */
#ifndef NET_HTTP_ADDRESS_H
#define NET_HTTP_ADDRESS_H

#include <sys/socket.h>

#include "base/list.h"

#define HTTP_ADDRESS_BUCKETS 1024
#define HTTP_ADDRESS_TEXT_LEN 64

struct http_address {
	struct list node;
	uint8_t key[16];
	unsigned count;
};
/* The table; its size is bounded by the connection cap. */
struct http_addresses {
	struct list buckets[HTTP_ADDRESS_BUCKETS];
};
void http_addresses_init(struct http_addresses *table);
/* Counts one more connection of that address; NULL on no memory. */
struct http_address *http_address_take(struct http_addresses *table, const struct sockaddr *sockaddr);
void http_address_give(struct http_address *address);
/* The address without port, for people. */
void http_address_text(const struct sockaddr *sockaddr, char text[HTTP_ADDRESS_TEXT_LEN]);

#endif

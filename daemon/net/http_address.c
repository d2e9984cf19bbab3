/* How many connections each client address has open. */
#include "net/http_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#define IPV6_PREFIX_BYTES 8

void http_addresses_init(struct http_addresses *table)
{
	for (size_t i = 0; i < HTTP_ADDRESS_BUCKETS; i++) list_init(&table->buckets[i]);
}

static void key_of(const struct sockaddr *sockaddr, uint8_t key[16])
{
	memset(key, 0, 16);
	if (sockaddr->sa_family == AF_INET) {
		struct sockaddr_in in;
		memcpy(&in, sockaddr, sizeof(in));
		key[10] = key[11] = 0xff;
		memcpy(key + 12, &in.sin_addr, 4);
	} else if (sockaddr->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;
		memcpy(&in6, sockaddr, sizeof(in6));
		memcpy(key, &in6.sin6_addr, IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr) ? 16 : IPV6_PREFIX_BYTES);
	}
}

static size_t bucket_of(const uint8_t key[16])
{
	uint32_t hash = 2166136261u; /* FNV-1a: the table is capped, so collisions made on purpose cost little */
	for (size_t i = 0; i < 16; i++) hash = (hash ^ key[i]) * 16777619u;
	return hash % HTTP_ADDRESS_BUCKETS;
}

struct http_address *http_address_take(struct http_addresses *table, const struct sockaddr *sockaddr)
{
	uint8_t key[16];
	key_of(sockaddr, key);
	struct list *bucket = &table->buckets[bucket_of(key)];
	LIST_EACH(bucket, node)
	{
		struct http_address *address = CONTAINER_OF(node, struct http_address, node);
		if (memcmp(address->key, key, sizeof(key)) != 0) continue;
		address->count++;
		return address;
	}
	struct http_address *address = mem_alloc(sizeof(*address));
	if (address == NULL) return NULL;
	memcpy(address->key, key, sizeof(key));
	address->count = 1;
	list_append(bucket, &address->node);
	return address;
}

void http_address_give(struct http_address *address)
{
	assert(address->count > 0);
	if (--address->count > 0) return;
	list_remove(&address->node);
	mem_free(address);
}

void http_address_text(const struct sockaddr *sockaddr, char text[HTTP_ADDRESS_TEXT_LEN])
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	const char *done = NULL;
	if (sockaddr->sa_family == AF_INET) {
		memcpy(&in, sockaddr, sizeof(in));
		done = inet_ntop(AF_INET, &in.sin_addr, text, HTTP_ADDRESS_TEXT_LEN);
	} else if (sockaddr->sa_family == AF_INET6) {
		memcpy(&in6, sockaddr, sizeof(in6));
		done = inet_ntop(AF_INET6, &in6.sin6_addr, text, HTTP_ADDRESS_TEXT_LEN);
	}
	if (done == NULL) (void)snprintf(text, HTTP_ADDRESS_TEXT_LEN, "local");
}

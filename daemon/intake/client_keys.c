/* An array of clients that have keys, in the order of the directory. */
#include "intake/client_keys.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"

struct client_key {
	char id[JWT_ID_MAX + 1];
	struct jwt_keys keys;
};

struct client_keys {
	unsigned refs;
	size_t count;
	struct client_key *items;
};

static size_t count_clients(const struct directory *directory)
{
	size_t count = 0;
	for (uint32_t i = 0; i < directory->hospital_count; i++) count += directory->hospitals[i]->client_count;
	return count;
}

static void take(struct client_keys *keys, const struct client *client)
{
	struct client_key *item = &keys->items[keys->count];
	if (client->jwks_json == NULL || strlen(client->id) > JWT_ID_MAX) return;
	if (jwt_keys_parse(client->jwks_json, strlen(client->jwks_json), &item->keys) < 0) {
		log_fields(LOG_ERROR, "the key set of a client cannot be used", "client", client->id, "why", err_text(),
			NULL);
		return;
	}
	memcpy(item->id, client->id, strlen(client->id) + 1);
	keys->count++;
}

int client_keys_new(const struct directory *directory, struct client_keys **ret_keys)
{
	struct client_keys *keys = mem_alloc(sizeof(*keys));
	if (keys == NULL) return err_set(ERR_NOMEM, "no memory for clients' keys");
	keys->refs = 1;
	keys->items = mem_alloc((count_clients(directory) + 1) * sizeof(*keys->items));
	if (keys->items == NULL) {
		mem_free(keys);
		return err_set(ERR_NOMEM, "no memory for clients' keys");
	}
	for (uint32_t i = 0; i < directory->hospital_count; i++)
		for (uint32_t k = 0; k < directory->hospitals[i]->client_count; k++)
			take(keys, directory->hospitals[i]->clients[k]);
	*ret_keys = keys;
	return 0;
}

struct client_keys *client_keys_hold(struct client_keys *keys)
{
	keys->refs++;
	return keys;
}

void client_keys_drop(struct client_keys *keys)
{
	if (keys == NULL || --keys->refs > 0) return;
	for (size_t i = 0; i < keys->count; i++) jwt_keys_free(&keys->items[i].keys);
	mem_free(keys->items);
	mem_free(keys);
}

const struct jwt_keys *client_keys_find(const struct client_keys *keys, const char *client_id)
{
	for (size_t i = 0; i < keys->count; i++)
		if (strcmp(keys->items[i].id, client_id) == 0) return &keys->items[i].keys;
	return NULL;
}

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

/* A key set that cannot be used is left out and told; one that there is no memory for would be missing unsaid. */
static int take(struct client_keys *keys, const struct client *client)
{
	struct client_key *item = &keys->items[keys->count];
	if (client->jwks_json == NULL || strlen(client->id) > JWT_ID_MAX) return 0;
	int r = jwt_keys_parse(client->jwks_json, strlen(client->jwks_json), &item->keys);
	if (r == ERR_NOMEM) return r;
	if (r < 0) {
		log_fields(LOG_ERROR, "the key set of a client cannot be used", "client", client->id, "why", err_text(),
			NULL);
		return 0;
	}
	memcpy(item->id, client->id, strlen(client->id) + 1);
	keys->count++;
	return 0;
}

int client_keys_new(const struct directory *directory, struct client_keys **ret_keys)
{
	struct client_keys *keys = mem_alloc(sizeof(*keys));
	if (keys == NULL) return err_set(ERR_NOMEM, "no memory for clients' keys");
	keys->refs = 1;
	keys->items = mem_alloc((count_clients(directory) + 1) * sizeof(*keys->items));
	int r = keys->items == NULL ? ERR_NOMEM : 0;
	for (uint32_t i = 0; r == 0 && i < directory->hospital_count; i++)
		for (uint32_t k = 0; r == 0 && k < directory->hospitals[i]->client_count; k++)
			r = take(keys, directory->hospitals[i]->clients[k]);
	if (r < 0) {
		client_keys_drop(keys);
		return err_set(ERR_NOMEM, "no memory for clients' keys");
	}
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

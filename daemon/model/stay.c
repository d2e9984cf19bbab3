/* The hashes a stay is known by. */
#include "model/stay.h"

#include <stdio.h>
#include <string.h>

#include "lib/text.h"

int stay_names(
	const struct keyring *ring, const struct uuid *hospital, const char *number, char ret_text[STAY_TEXT_MAX])
{
	struct bytes part = {(const uint8_t *)number, strlen(number)};
	uint16_t versions[STAY_VERSIONS_MAX];
	size_t count = keyring_versions(ring, KEY_LOOKUP, versions, STAY_VERSIONS_MAX);
	size_t len = 0;

	ret_text[0] = '\0';
	for (size_t v = 0; v < count && v < STAY_VERSIONS_MAX; v++) {
		uint8_t hash[LOOKUP_HASH_BYTES];
		int r = lookup_hash(ring, versions[v], hospital, LOOKUP_STAY, &part, 1, hash);

		if (r < 0) return r;
		len += (size_t)snprintf(ret_text + len, STAY_TEXT_MAX - len, "%s%u:", v == 0 ? "" : ",", versions[v]);
		text_hex_encode(hash, sizeof(hash), ret_text + len);
		len += 2 * sizeof(hash);
	}
	return 0;
}

const char *stay_number(const struct zf_claim *claim)
{
	for (uint32_t i = 0; claim->encounter != NULL && i < claim->encounter->identifier_count; i++) {
		const char *value = claim->encounter->identifiers[i]->value;

		if (value != NULL && value[0] != '\0') return value;
	}
	return NULL;
}

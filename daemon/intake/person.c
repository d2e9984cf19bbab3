/* Hashing identities and finding the person by any one of them. */
#include "intake/person.h"

#include <string.h>

#include "db/keyhold.h"
#include "intake/patient_cache.h"
#include "lib/json_write.h"

#define IDENTITY_BYTES_MAX 16384
#define KNOWN_LOOK_BACK 16 /* persons of one request that are compared: a Bundle is mostly about one */

static struct bytes bytes_of(const char *text)
{
	return (struct bytes){(const uint8_t *)text, strlen(text)};
}

static int hash_identities(const struct keyring *ring, const struct uuid *hospital, const struct zf_patient *patient,
	struct person *person)
{
	uint16_t versions[PERSON_VERSIONS_MAX];
	size_t version_count = keyring_versions(ring, KEY_LOOKUP, versions, PERSON_VERSIONS_MAX);
	person->identity_count = fingerprint_identities(patient, person->identities);
	if (person->identity_count == 0) return err_set(ERR_NOTFOUND, "nothing identifies the patient");
	if (version_count > PERSON_VERSIONS_MAX) version_count = PERSON_VERSIONS_MAX;
	for (size_t v = 0; v < version_count; v++) {
		for (size_t i = 0; i < person->identity_count; i++) {
			struct person_hash *out = &person->hashes[person->hash_count++];
			struct bytes parts[2] = {
				bytes_of(person->identities[i].system), bytes_of(person->identities[i].value)};
			int r = lookup_hash(ring, versions[v], hospital, LOOKUP_PATIENT, parts, 2, out->hash);
			if (r < 0) return r;
			out->version = (int16_t)versions[v];
		}
	}
	return 0;
}

static bool shares_hash(const struct person *a, const struct person *b)
{
	for (size_t i = 0; i < a->hash_count; i++)
		for (size_t k = 0; k < b->hash_count; k++)
			if (memcmp(a->hashes[i].hash, b->hashes[k].hash, LOOKUP_HASH_BYTES) == 0) return true;
	return false;
}

/* The same identities and none besides: then the earlier struct serves both. */
static bool has_all_hashes(const struct person *has, const struct person *wants)
{
	for (size_t i = 0; i < wants->hash_count; i++) {
		size_t k = 0;
		while (k < has->hash_count &&
			memcmp(has->hashes[k].hash, wants->hashes[i].hash, LOOKUP_HASH_BYTES) != 0)
			k++;
		if (k == has->hash_count) return false;
	}
	return true;
}

/* A key that is stored already under one of the hashes. */
static bool find_cached(struct intake *intake, struct person *person)
{
	size_t i = 0;
	while (i < person->hash_count &&
		!patient_cache_get(intake->patients, person->hashes[i].hash, &person->key_id, &person->key))
		i++;
	if (i == person->hash_count) return false;
	person->stored = true;
	for (size_t k = 0; k < person->hash_count; k++) {
		struct uuid key_id;
		struct key key;
		person->hashes[k].stored = patient_cache_get(intake->patients, person->hashes[k].hash, &key_id, &key) &&
					   uuid_equal(&key_id, &person->key_id);
		key_wipe(&key);
	}
	return true;
}

/* The identities as a JSON list of [system, value], sealed under the new key. */
static int seal_identities(struct intake *intake, struct person *person, struct arena *arena)
{
	struct json_writer writer;
	struct text_span text;
	json_write_init(&writer, &arena->zf, IDENTITY_BYTES_MAX);
	json_write_array_begin(&writer);
	for (size_t i = 0; i < person->identity_count; i++) {
		json_write_array_begin(&writer);
		json_write_string(&writer, person->identities[i].system);
		json_write_string(&writer, person->identities[i].value);
		json_write_array_end(&writer);
	}
	json_write_array_end(&writer);
	int r = json_write_finish(&writer, &text);
	if (r < 0) return err_set(r, "too much to say about who a patient is");
	return seal(intake->sealer, &person->key, &person->key_id, SEAL_IDENTITY,
		(struct bytes){(const uint8_t *)text.ptr, text.len}, arena, &person->identity);
}

static int make_new(struct intake *intake, struct person *person, struct arena *arena)
{
	const struct key *outer = keyhold_newest(intake->keys, &person->hospital_id, &person->hospital_key_version);
	if (outer == NULL) return err_set(ERR_AGAIN, "the hospital's key is not open yet");
	person->key_id = uuid_new();
	key_new(&person->key);
	int r = key_wrap(outer, &person->key_id, &person->key, person->wrapped);
	return r < 0 ? r : seal_identities(intake, person, arena);
}

int person_find(struct intake *intake, const struct uuid *hospital, const struct zf_patient *patient,
	struct person *const *known, size_t known_count, struct arena *arena, struct person **ret_person)
{
	struct person *person = zf_alloc(&arena->zf, sizeof(*person));
	if (person == NULL) return err_set(ERR_NOMEM, "no memory for a person");
	person->hospital_id = *hospital;
	int r = hash_identities(intake->worker->keyring, hospital, patient, person);
	if (r < 0) return r;
	for (size_t i = known_count; i > 0 && known_count - i < KNOWN_LOOK_BACK; i--) {
		struct person *other = known[i - 1];
		if (!shares_hash(other, person)) continue;
		if (has_all_hashes(other, person)) {
			*ret_person = other;
			return 0;
		}
		/* More is known now: the same key, which may still have to go along, under the further hashes too. */
		person->key_id = other->key_id;
		person->key = other->key;
		person->stored = other->stored;
		person->hospital_key_version = other->hospital_key_version;
		memcpy(person->wrapped, other->wrapped, sizeof(person->wrapped));
		person->identity = other->identity;
		*ret_person = person;
		return 0;
	}
	if (!find_cached(intake, person)) r = make_new(intake, person, arena);
	if (r == 0) *ret_person = person;
	return r;
}

void person_stored(struct intake *intake, struct person *person)
{
	if (person->stored) {
		size_t i = 0;
		while (i < person->hash_count && person->hashes[i].stored) i++;
		if (i == person->hash_count) return;
	}
	person->stored = true;
	for (size_t i = 0; i < person->hash_count; i++) {
		person->hashes[i].stored = true;
		patient_cache_put(intake->patients, person->hashes[i].hash, &person->key_id, &person->key);
	}
}

void person_wipe(struct person *person)
{
	key_wipe(&person->key);
}

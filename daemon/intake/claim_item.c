/* Makes one claim ready for the commit. Everything that is somebody's business content is hashed with a key or sealed
 * here; what goes on from here in the clear is codes, amounts and our own numbers. */
#include <string.h>

#include "base/log.h"
#include "intake/stamp.h"
#include "intake/submission.h"
#include "lib/json_write.h"
#include "model/fingerprint.h"
#include "model/stay.h"
#include "model/validate_document.h"

#define CONTENT_BYTES_MAX SEAL_PLAIN_BYTES_MAX

static struct bytes bytes_of(const char *text)
{
	return (struct bytes){(const uint8_t *)text, text == NULL ? 0 : strlen(text)};
}

static struct arena *arena_of(const struct claim_item *item)
{
	return &item->submission->req->arena;
}

static int hash_one(const struct claim_item *item, uint16_t version, enum lookup_purpose purpose,
	const struct bytes *parts, size_t part_count, struct hash *ret)
{
	const struct submission *submission = item->submission;
	return lookup_hash(submission->intake->worker->keyring, version, &submission->principal->hospital_id, purpose,
		parts, part_count, ret->b);
}

/* ---- validation and route ---- */

/* Which codes are known: to a strict insurer its own and the built-in ones, else the hospital's as well. */
static void set_codes(struct validate_options *options, const struct hospital *hospital, const struct insurer *insurer)
{
	bool strict = insurer != NULL && insurer->unknown_codes_fault;
	options->unknown_codes = strict ? FAULT_FAULT : FAULT_WARNING;
	if (!strict && hospital != NULL) {
		options->systems = hospital->code_systems;
		options->system_count = hospital->code_system_count;
	}
	if (insurer == NULL) return;
	options->more_systems = insurer->code_systems;
	options->more_system_count = insurer->code_system_count;
}

static int judge(struct claim_item *item, const struct insurer *insurer, struct validate_result *ret_result)
{
	struct submission *submission = item->submission;
	struct validate_options options = {.now_ms = submission->now_ms,
		.zone = submission->hospital == NULL ? NULL : submission->hospital->zone,
		.has_idempotency_key = submission->key != NULL};
	set_codes(&options, submission->hospital, insurer);
	const char *path = submission_path(submission, item->entry);
	if (path == NULL) return ERR_NOMEM;
	int r = validate_claim(item->claim, path, &options, &item->faults, ret_result);
	if (r == 0 && item->faults.no_memory) r = ERR_NOMEM;
	for (uint32_t i = 0; i < item->faults.count; i++)
		item->warnings += item->faults.items[i].severity == FAULT_WARNING;
	return r;
}

static int route(struct claim_item *item, const struct insurer **ret_insurer)
{
	const char *why = NULL;
	const struct insurer *insurer = directory_route(item->submission->intake->worker->directory, item->claim, &why);
	*ret_insurer = insurer;
	if (insurer == NULL) return 0;
	item->insurer = zf_strdup(&arena_of(item)->zf, insurer->code);
	item->insurer_name = zf_strdup(&arena_of(item)->zf, insurer->name == NULL ? insurer->code : insurer->name);
	item->insurer_wait_s = insurer->wait_max_s;
	return item->insurer == NULL || item->insurer_name == NULL ? ERR_NOMEM : 0;
}

/* ---- what it is recognised by ---- */

/* The key that the header makes; of a request with many claims with the claim's place. 0: none. Here and below the
 * number of parts keeps the kinds of keys apart. */
static size_t header_parts(const struct claim_item *item, struct bytes parts[3], uint8_t place[4])
{
	const struct submission *submission = item->submission;
	if (submission->key == NULL) return 0;
	if (submission->item_count == 1) {
		parts[0] = bytes_of(submission->key);
		return 1;
	}
	for (unsigned i = 0; i < 4; i++) place[i] = (uint8_t)(item->entry >> (8 * (3 - i)));
	parts[0] = bytes_of("entry");
	parts[1] = bytes_of(submission->key);
	parts[2] = (struct bytes){place, 4};
	return 3;
}

/* The key that the first identifier with a value makes. 0: none. */
static size_t identifier_parts(const struct claim_item *item, struct bytes parts[3])
{
	const struct zf_claim *claim = item->claim;
	for (uint32_t i = 0; i < claim->identifier_count; i++) {
		const struct zf_identifier *identifier = claim->identifiers[i];
		if (identifier->value == NULL || identifier->value[0] == '\0') continue;
		parts[0] = bytes_of(identifier->system == NULL ? "" : identifier->system);
		parts[1] = bytes_of(identifier->value);
		return 2;
	}
	return 0;
}

/* One key under all look-up keys. */
static int make_key(struct claim_item *item, const uint16_t *versions, size_t version_count,
	enum lookup_purpose purpose, const struct bytes *parts, size_t count, struct hash *ret_key,
	struct hash *ret_also)
{
	int r = hash_one(item, versions[0], purpose, parts, count, ret_key);
	if (r < 0 || version_count == 1) return r;
	if (item->old == NULL) item->old = zf_alloc_array(&arena_of(item)->zf, version_count * 2, sizeof(*item->old));
	if (item->old == NULL) return ERR_NOMEM;
	struct hash *old = item->old + item->old_count;
	for (size_t v = 1; r == 0 && v < version_count; v++)
		r = hash_one(item, versions[v], purpose, parts, count, &item->old[item->old_count++]);
	item->has_also = true;
	*ret_also = old[0];
	return r;
}

/* The header adds to the identifier: a bill does not come twice because each of its copies has a key of its own. */
static int make_keys(struct claim_item *item, const uint16_t *versions, size_t version_count)
{
	struct bytes parts[3];
	uint8_t place[4];
	int r = 0;
	size_t count = header_parts(item, parts, place);
	if (count > 0) {
		item->has_key = true;
		r = make_key(item, versions, version_count, LOOKUP_IDEMPOTENCY, parts, count, &item->key, &item->also);
	}
	count = r < 0 ? 0 : identifier_parts(item, parts);
	if (count == 0) return r;
	item->has_second = item->has_key;
	item->has_key = true;
	return make_key(item, versions, version_count, LOOKUP_CLAIM_IDENT, parts, count,
		item->has_second ? &item->second : &item->key, item->has_second ? &item->second_also : &item->also);
}

/* Identifiers beside the one that is a key: searches find that one among the keys. */
static int make_idents(struct claim_item *item, uint16_t version)
{
	const struct zf_claim *claim = item->claim;
	const struct hash *key = item->has_second ? &item->second : &item->key;
	bool is_keyed = false;
	for (uint32_t i = 0; i < claim->identifier_count && item->ident_count < SUBMISSION_IDENTIFIERS_MAX; i++) {
		const struct zf_identifier *identifier = claim->identifiers[i];
		if (identifier->value == NULL) continue;
		if (!is_keyed && identifier->value[0] != '\0') {
			is_keyed = true;
			continue;
		}
		struct bytes parts[2] = {
			bytes_of(identifier->system == NULL ? "" : identifier->system), bytes_of(identifier->value)};
		struct hash *ident = &item->idents[item->ident_count];
		int r = hash_one(item, version, LOOKUP_CLAIM_IDENT, parts, 2, ident);
		if (r < 0) return r;
		if (is_keyed && memcmp(key->b, ident->b, sizeof(ident->b)) == 0) continue;
		/* Each once: the database does not look for what is there already. */
		size_t same = 0;
		while (memcmp(item->idents[same].b, ident->b, sizeof(ident->b)) != 0) same++;
		item->ident_count += same == item->ident_count;
	}
	return 0;
}

/* The day of service, which the claim's row has in the clear, takes the place of a fingerprint's first bytes: so those
 * of the days on which claims come now stand together in the index, and not one in each page of all that ever came. */
static void print_begin(struct hash *print, int32_t day)
{
	for (unsigned i = 0; i < 4; i++) print->b[i] = (uint8_t)((uint32_t)day >> (8 * (3 - i)));
}

/* One fingerprint for each identity of the person and look-up key: any one that was there before makes a duplicate. A
 * claim without a route goes nowhere: it is no duplicate and no first one until it has a route, so the database keeps
 * its fingerprints aside until then. */
static int make_prints(struct claim_item *item, const uint16_t *versions, size_t version_count)
{
	const struct person *person = item->person;
	struct bytes content;
	int r = fingerprint_claim(item->claim, item->service_day, &item->total, &arena_of(item)->zf, &content);
	/* The two newest keys' hashes are stored; older ones are only looked for, and of those there may be many. */
	size_t stored = version_count < 2 ? version_count : 2;
	size_t older = (version_count - stored) * person->identity_count;
	if (r == 0 && older > 0) {
		item->seen = zf_alloc_array(&arena_of(item)->zf, older, sizeof(*item->seen));
		if (item->seen == NULL) return ERR_NOMEM;
	}
	for (size_t v = 0; r == 0 && v < version_count; v++) {
		for (size_t i = 0; r == 0 && i < person->identity_count; i++) {
			struct bytes parts[3] = {
				bytes_of(person->identities[i].system), bytes_of(person->identities[i].value), content};
			assert(v >= stored || item->print_count < ARRAY_LEN(item->prints));
			struct hash *hash =
				v < stored ? &item->prints[item->print_count++] : &item->seen[item->seen_count++];
			r = hash_one(item, versions[v], LOOKUP_DUPLICATE, parts, 3, hash);
			print_begin(hash, item->service_day);
		}
	}
	return r;
}

/* The earlier claim that this one corrects or continues, when it is named by our own id. */
static void find_predecessor(struct claim_item *item)
{
	const struct zf_claim *claim = item->claim;
	for (uint32_t i = 0; i < claim->related_count && !item->has_predecessor; i++) {
		const char *reference = claim->related[i]->reference;
		size_t len = reference == NULL ? 0 : strlen(reference);
		if (len < 42 || strncmp(reference + len - 42, "Claim/", 6) != 0) continue;
		item->has_predecessor = uuid_parse(reference + len - 36, &item->predecessor) == 0;
	}
}

/* By which the bill finds what was charged for the stay. */
static int make_stay(struct claim_item *item)
{
	const struct submission *submission = item->submission;
	const char *number = stay_number(item->claim);
	char names[STAY_TEXT_MAX];
	if (number == NULL) return 0;
	int r = stay_names(submission->intake->worker->keyring, &submission->principal->hospital_id, number, names);
	if (r == 0) item->stay = zf_strdup(&arena_of(item)->zf, names);
	return r == 0 && item->stay == NULL ? ERR_NOMEM : r;
}

/* ---- what is kept ---- */

static struct bytes span_bytes(struct text_span text)
{
	return (struct bytes){(const uint8_t *)text.ptr, text.len};
}

/* The claim without the hospital's own id and meta, then what it refers to: equal for a repetition. */
static int hash_body(struct claim_item *item, const uint32_t *entries, size_t count)
{
	const struct fhir_document *document = &item->submission->document;
	struct zf_arena *arena = &arena_of(item)->zf;
	struct bytes *documents = zf_alloc_array(arena, count, sizeof(*documents));
	if (documents == NULL) return ERR_NOMEM;
	const struct fhir_document_entry *own = &document->entries[entries[0]];
	documents[0] = span_bytes(own->raw);
	int r = 0;
	/* Mostly there is neither, and no pass over the text is needed to see that. */
	if (own->id != NULL || memmem(own->raw.ptr, own->raw.len, "\"meta\"", 6) != NULL)
		r = stamp_strip(own->raw, arena, &documents[0]);
	for (size_t i = 1; i < count; i++) documents[i] = span_bytes(document->entries[entries[i]].raw);
	return r < 0 ? r : fingerprint_body(documents, count, arena, item->body.b);
}

/* A collection Bundle: the claim as submitted, then the resources that it refers to. */
static int seal_content(struct claim_item *item, const uint32_t *entries, size_t count)
{
	struct submission *submission = item->submission;
	const struct fhir_document *document = &submission->document;
	struct json_writer writer;
	struct text_span text;
	json_write_init(&writer, &arena_of(item)->zf, CONTENT_BYTES_MAX);
	json_write_object_begin(&writer);
	json_write_member(&writer, "resourceType", "Bundle");
	json_write_member(&writer, "type", "collection");
	json_write_key(&writer, "entry");
	json_write_array_begin(&writer);
	for (size_t i = 0; i < count; i++) {
		const struct fhir_document_entry *entry = &document->entries[entries[i]];
		json_write_object_begin(&writer);
		json_write_member(&writer, "fullUrl", entry->full_url);
		json_write_member_raw(&writer, "resource", entry->raw);
		json_write_object_end(&writer);
	}
	json_write_array_end(&writer);
	json_write_object_end(&writer);
	int r = json_write_finish(&writer, &text);
	if (r < 0) return r;
	return seal(submission->intake->sealer, &item->person->key, &item->id, SEAL_CLAIM, span_bytes(text),
		arena_of(item), &item->content);
}

static int complete(struct claim_item *item, const uint32_t *entries, size_t count)
{
	struct submission *submission = item->submission;
	uint16_t versions[SUBMISSION_VERSIONS_MAX];
	size_t version_count =
		keyring_versions(submission->intake->worker->keyring, KEY_LOOKUP, versions, SUBMISSION_VERSIONS_MAX);
	assert(version_count >= 1 && version_count <= SUBMISSION_VERSIONS_MAX);
	item->id = uuid_new();
	item->work_id = uuid_new();
	item->received_ms = submission->now_ms;
	ref_new(submission->principal->hospital_code, item->ref);
	find_predecessor(item);
	int r = submission_person(submission, item->claim->patient, &item->person);
	if (r == 0) r = make_keys(item, versions, version_count);
	if (r == 0) r = make_idents(item, versions[0]);
	if (r == 0) r = make_prints(item, versions, version_count);
	if (r == 0) r = make_stay(item);
	if (r == 0) r = hash_body(item, entries, count);
	if (r == 0) r = seal_content(item, entries, count);
	return r;
}

void claim_item_prepare(struct claim_item *item)
{
	struct submission *submission = item->submission;
	const struct insurer *insurer = NULL;
	struct validate_result result = {.service_day = 0};
	uint32_t *entries = NULL;
	size_t count = 0;
	item->claim = submission->document.entries[item->entry].claim;
	fault_list_init(&item->faults, &arena_of(item)->zf, 0);
	int r = submission_closure(submission, item->entry, &entries, &count);
	if (r == 0) {
		item->shared_faults = submission_faults(submission, entries, count, &item->faults);
		validate_request(&submission->document, item->entry, &item->faults);
		r = route(item, &insurer);
	}
	if (r == 0) r = judge(item, insurer, &result);
	if (r == 0 && fault_refuses(&item->faults)) {
		item->state = ITEM_FAULTY;
		return;
	}
	item->total = result.total;
	item->service_day = (int32_t)result.service_day;
	if (r == 0) r = complete(item, entries, count);
	item->state = ITEM_READY;
	if (r == ERR_NOTFOUND) {
		/* The validator asks for an identity; this is one that identifies nobody (a temporary number). */
		fault_addf(&item->faults, FAULT_PATIENT_IDENTITY, NULL, NULL, "%s.patient",
			submission_path(submission, item->entry));
		item->state = ITEM_FAULTY;
	} else if (r < 0) {
		if (r != ERR_NOMEM) log_fields(LOG_ERROR, "could not make a claim ready", "why", err_text(), NULL);
		item->state = ITEM_LATER;
	}
}

/* References: "#id" is contained, a fullUrl or "Type/id" is an entry of the Bundle, urn: and absolute URLs that are not
 * in the document are accepted as identities. */
#include "fhir/reference.h"

#include <stdio.h>

#define FNV_OFFSET UINT64_C(14695981039346656037)
#define FNV_PRIME UINT64_C(1099511628211)

static uint64_t hash_more(uint64_t hash, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) hash = (hash ^ (unsigned char)text[i]) * FNV_PRIME;
	return hash;
}

static uint64_t hash_type_id(const char *type, size_t type_len, const char *id, size_t id_len)
{
	uint64_t hash = hash_more(FNV_OFFSET, type, type_len);
	return hash_more(hash_more(hash, "/", 1), id, id_len);
}

static void put(struct fhir_index *index, uint64_t hash, struct fhir_resource *resource, bool by_url)
{
	uint32_t at = (uint32_t)hash & index->mask;
	while (index->slots[at].resource != NULL) at = (at + 1) & index->mask;
	index->slots[at] = (struct fhir_index_slot){hash, resource, by_url};
}

static struct fhir_resource *find_url(const struct fhir_index *index, const char *url, uint64_t hash)
{
	for (uint32_t at = (uint32_t)hash & index->mask; index->slots[at].resource != NULL;
		at = (at + 1) & index->mask) {
		const struct fhir_index_slot *slot = &index->slots[at];
		if (slot->hash != hash || !slot->by_url) continue;
		if (strcmp(slot->resource->full_url, url) == 0) return slot->resource;
	}
	return NULL;
}

static const char *version_of(const struct fhir_resource *resource)
{
	const struct fhir_base *base = resource->value;
	return base == NULL || base->meta == NULL ? NULL : base->meta->version;
}

/* One fullUrl may come twice with different versions (R4 invariant bdl-7). Of resources that we don't read we do not
 * know the version, and let them pass. */
static bool other_version(const struct fhir_resource *a, const struct fhir_resource *b)
{
	if (a->value == NULL || b->value == NULL) return true;
	const char *va = version_of(a), *vb = version_of(b);
	return va != NULL && vb != NULL && strcmp(va, vb) != 0;
}

int fhir_index_build(struct fhir_index *index, struct fhir_reader *reader)
{
	uint32_t count = reader->resources.len, cap = 8;
	while (cap < count * 4) cap *= 2;
	index->slots = zf_alloc_array(reader->arena, cap, sizeof(*index->slots));
	if (index->slots == NULL) return LIB_NOMEM;
	index->mask = cap - 1;
	index->has_urls = false;
	for (uint32_t i = 0; i < count; i++) {
		struct fhir_resource *resource = reader->resources.items[i];
		if (resource->full_url != NULL) {
			index->has_urls = true;
			uint64_t hash = hash_more(FNV_OFFSET, resource->full_url, strlen(resource->full_url));
			const struct fhir_resource *other = find_url(index, resource->full_url, hash);
			if (other != NULL && !other_version(other, resource)) {
				fault_addf(reader->faults, FAULT_BUNDLE_FULLURL_TWICE, NULL, NULL,
					"Bundle.entry[%u].fullUrl", resource->index);
			} else {
				put(index, hash, resource, true);
			}
		}
		if (resource->id != NULL && resource->type_name != NULL) {
			uint64_t hash = hash_type_id(
				resource->type_name, strlen(resource->type_name), resource->id, strlen(resource->id));
			put(index, hash, resource, false);
		}
	}
	return 0;
}

static enum fhir_resolution resolve_contained(
	const struct fhir_resource *scope, const char *id, struct fhir_resource **ret_resource)
{
	const struct fhir_resource *container = scope->container != NULL ? scope->container : scope;
	enum fhir_resolution found = FHIR_MISSING;
	for (uint32_t i = 0; i < container->contained_count; i++) {
		struct fhir_resource *contained = container->contained[i];
		if (contained->id == NULL || strcmp(contained->id, id) != 0) continue;
		if (found == FHIR_FOUND) return FHIR_AMBIGUOUS;
		*ret_resource = contained;
		found = FHIR_FOUND;
	}
	return found;
}

/* "Type/id" or "Type/id/_history/version". */
static enum fhir_resolution resolve_relative(
	const struct fhir_index *index, const char *reference, struct fhir_resource **ret_resource)
{
	const char *slash = strchr(reference, '/');
	if (slash == NULL || slash == reference || reference[0] < 'A' || reference[0] > 'Z') return FHIR_BAD;
	size_t type_len = (size_t)(slash - reference);
	const char *id = slash + 1;
	size_t id_len = strcspn(id, "/|");
	if (id_len == 0) return FHIR_BAD;
	uint64_t hash = hash_type_id(reference, type_len, id, id_len);
	enum fhir_resolution found = FHIR_MISSING;
	for (uint32_t at = (uint32_t)hash & index->mask; index->slots[at].resource != NULL;
		at = (at + 1) & index->mask) {
		const struct fhir_index_slot *slot = &index->slots[at];
		struct fhir_resource *resource = slot->resource;
		if (slot->hash != hash || slot->by_url) continue;
		if (strlen(resource->type_name) != type_len || strncmp(resource->type_name, reference, type_len) != 0 ||
			strlen(resource->id) != id_len || strncmp(resource->id, id, id_len) != 0) {
			continue;
		}
		if (found == FHIR_FOUND) return FHIR_AMBIGUOUS;
		*ret_resource = resource;
		found = FHIR_FOUND;
	}
	return found;
}

/* Does it begin with a URI scheme? */
static bool is_absolute(const char *reference)
{
	if (strncmp(reference, "urn:", 4) == 0 || strncmp(reference, "http://", 7) == 0 ||
		strncmp(reference, "https://", 8) == 0) {
		return true;
	}
	size_t n = strspn(reference, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-");
	return n > 1 && reference[n] == ':';
}

enum fhir_resolution fhir_reference_resolve(const struct fhir_index *index, const struct fhir_resource *scope,
	const char *reference, struct fhir_resource **ret_resource)
{
	if (reference[0] == '#') {
		if (reference[1] != '\0') return resolve_contained(scope, reference + 1, ret_resource);
		if (scope->container == NULL) return FHIR_MISSING;
		*ret_resource = scope->container;
		return FHIR_FOUND;
	}
	if (strpbrk(reference, " \t\r\n") != NULL) return FHIR_BAD;
	if (index->has_urls) {
		uint64_t hash = hash_more(FNV_OFFSET, reference, strlen(reference));
		struct fhir_resource *entry = find_url(index, reference, hash);
		if (entry != NULL) {
			*ret_resource = entry;
			return FHIR_FOUND;
		}
	}
	if (is_absolute(reference) || strchr(reference, '?') != NULL) return FHIR_LOGICAL;
	return resolve_relative(index, reference, ret_resource);
}

/* Is the type one of the blank-separated targets? */
static bool is_target(const char *targets, const char *type)
{
	size_t len = strlen(type);
	for (const char *p = targets; p != NULL; p = strchr(p, ' ')) {
		if (*p == ' ') p++;
		if (strncmp(p, type, len) == 0 && (p[len] == ' ' || p[len] == '\0')) return true;
	}
	return false;
}

/* 8-4-4-4-12 hex digits. */
static bool is_uuid(const char *text)
{
	if (strlen(text) != 36) return false;
	for (int i = 0; i < 36; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		if (dash ? text[i] != '-' : strchr("0123456789abcdefABCDEF", text[i]) == NULL) return false;
	}
	return true;
}

/* Claims, their answers and tasks are what this server itself keeps: a reference to one needs no entry. */
static bool is_served(const char *reference)
{
	static const char *const types[] = {"Claim/", "ClaimResponse/", "Task/"};
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		size_t len = strlen(types[i]);
		if (strncmp(reference, types[i], len) == 0) return is_uuid(reference + len);
	}
	return false;
}

/* Beside an entry whose fullUrl is http(s) a relative reference means "the same server", and so is absolute
 * (hl7.org/fhir/R4/bundle.html#references). */
static bool has_base(const struct fhir_resource *scope)
{
	const struct fhir_resource *entry = scope->container != NULL ? scope->container : scope;
	return entry->full_url != NULL && strncmp(entry->full_url, "http", 4) == 0;
}

static void check_one(
	const struct fhir_index *index, struct fhir_reader *reader, struct fhir_pending *pending, const char *text)
{
	struct fhir_resource *resource = NULL;
	enum fhir_resolution found = fhir_reference_resolve(index, pending->scope, text, &resource);
	if (found == FHIR_LOGICAL) return;
	if (found == FHIR_MISSING && (is_served(text) || (text[0] != '#' && has_base(pending->scope)))) return;
	char path[FAULT_PATH_BYTES_MAX];
	switch (found) {
	case FHIR_FOUND:
		resource->referenced = 1;
		pending->found = resource;
		if (pending->targets == NULL || resource->type_name == NULL ||
			is_target(pending->targets, resource->type_name)) {
			return;
		}
		fhir_path_format(pending->frames, pending->frame_count, path, sizeof(path));
		fault_add(reader->faults, FAULT_REFERENCE_TYPE, path, resource->type_name, pending->targets);
		return;
	case FHIR_MISSING:
		fhir_path_format(pending->frames, pending->frame_count, path, sizeof(path));
		fault_add(reader->faults, FAULT_REFERENCE_UNRESOLVED, path, text, NULL);
		return;
	case FHIR_AMBIGUOUS:
		fhir_path_format(pending->frames, pending->frame_count, path, sizeof(path));
		fault_add(reader->faults, FAULT_REFERENCE_AMBIGUOUS, path, "2", NULL);
		return;
	default:
		fhir_path_format(pending->frames, pending->frame_count, path, sizeof(path));
		fault_add(reader->faults, FAULT_REFERENCE_INVALID, path, NULL, NULL);
	}
}

/* A warning for contained resources that nothing points to, unless one is there that we don't read: it may do so. */
static void check_contained(struct fhir_reader *reader, const struct fhir_resource *resource)
{
	for (uint32_t i = 0; i < resource->contained_count; i++) {
		if (resource->contained[i]->type == FHIR_T_NONE) return;
	}
	for (uint32_t i = 0; i < resource->contained_count; i++) {
		const struct fhir_resource *contained = resource->contained[i];
		if (contained->referenced) continue;
		if (resource->in_bundle) {
			fault_addf(reader->faults, FAULT_CONTAINED_UNUSED, contained->id, NULL,
				"Bundle.entry[%u].resource.contained[%u]", resource->index, i);
		} else {
			fault_addf(reader->faults, FAULT_CONTAINED_UNUSED, contained->id, NULL, "%s.contained[%u]",
				resource->type_name, i);
		}
	}
}

void fhir_reference_check(const struct fhir_index *index, struct fhir_reader *reader)
{
	for (uint32_t i = 0; i < reader->pending.len; i++) {
		struct fhir_pending *pending = reader->pending.items[i];
		check_one(index, reader, pending, pending->reference->reference);
	}
	for (uint32_t i = 0; i < reader->resources.len; i++) {
		const struct fhir_resource *resource = reader->resources.items[i];
		if (resource->contained_count > 0 && resource->type == FHIR_T_CLAIM) check_contained(reader, resource);
	}
}

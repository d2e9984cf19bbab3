/* One FHIR document: reads it, finds its claims, consents and tasks, and lists its entries. */
#include "fhir/document.h"

#include <stdio.h>

#include "fhir/link.h"
#include "fhir/reader.h"
#include "fhir/reference.h"

#define ENTRIES_DEFAULT 5000
#define LIST_DEFAULT 10000

static uint32_t limit_or(uint32_t value, uint32_t fallback)
{
	return value == 0 ? fallback : value;
}

static bool is_one_of(const char *text, const char *const *list)
{
	for (; *list != NULL; list++) {
		if (strcmp(text, *list) == 0) return true;
	}
	return false;
}

static uint32_t acceptance(const struct fhir_resource *root)
{
	switch (root->type) {
	case FHIR_T_CLAIM:
		return FHIR_ACCEPT_CLAIM;
	case FHIR_T_BUNDLE:
		return FHIR_ACCEPT_BUNDLE | FHIR_ACCEPT_ANSWER;
	case FHIR_T_CONSENT:
		return FHIR_ACCEPT_CONSENT;
	case FHIR_T_TASK:
		return FHIR_ACCEPT_TASK | FHIR_ACCEPT_ANSWER;
	case FHIR_T_CLAIM_RESPONSE:
	case FHIR_T_PAYMENT_RECONCILIATION:
	case FHIR_T_OPERATION_OUTCOME:
	case FHIR_T_COMMUNICATION_REQUEST:
		return FHIR_ACCEPT_ANSWER;
	default:
		return 0;
	}
}

static int check_root(const struct fhir_resource *root, uint32_t accept, struct fault_list *faults)
{
	static const char *const requests[] = {"collection", "batch", "transaction", "message", NULL};
	static const char *const answers[] = {"searchset", "batch-response", "transaction-response", NULL};
	if (root == NULL || root->type_name == NULL) return LIB_INVALID; /* its fault has been added */
	if ((acceptance(root) & accept) == 0) {
		fault_add(faults, FAULT_RESOURCE_TYPE_NOT_ACCEPTED, root->type_name, root->type_name, NULL);
		return LIB_INVALID;
	}
	if (root->type != FHIR_T_BUNDLE) return 0;
	const struct fhir_bundle *bundle = root->value;
	if (bundle->type == NULL) return 0;
	if (is_one_of(bundle->type, requests)) return 0;
	if ((accept & FHIR_ACCEPT_ANSWER) && is_one_of(bundle->type, answers)) return 0;
	fault_add(faults, FAULT_BUNDLE_TYPE, "Bundle.type", bundle->type, NULL);
	return LIB_INVALID;
}

static void fill_entry(struct fhir_document_entry *entry, const struct fhir_resource *resource)
{
	entry->resource = resource;
	if (resource == NULL) return;
	entry->type_name = resource->type_name;
	entry->id = resource->id;
	entry->raw = resource->raw;
}

/* Lists the entries and gives each resource its fullUrl. */
static int list_entries(struct fhir_reader *reader, struct fhir_resource *root, struct fhir_document *document,
	struct fhir_document_entry **ret_entries)
{
	const struct fhir_bundle *bundle = root->type == FHIR_T_BUNDLE ? root->value : NULL;
	uint32_t count = bundle == NULL ? 1 : bundle->entry_count;
	struct fhir_document_entry *entries = zf_alloc_array(reader->arena, count + 1, sizeof(*entries));
	if (entries == NULL) return LIB_NOMEM;
	if (bundle == NULL) {
		fill_entry(&entries[0], root);
	} else {
		document->bundle_type = bundle->type;
		for (uint32_t i = 0; i < count; i++) {
			const struct fhir_entry *entry = bundle->entries[i];
			fill_entry(&entries[i], entry->resource);
			entries[i].full_url = entry->full_url;
			if (entry->resource != NULL) entry->resource->full_url = entry->full_url;
			if (entry->request == NULL) continue;
			entries[i].method = entry->request->method;
			entries[i].url = entry->request->url;
		}
	}
	document->entries = entries;
	document->entry_count = count;
	*ret_entries = entries;
	return 0;
}

static int fill_task(
	struct zf_arena *arena, struct fhir_document_entry *entry, uint32_t index, const struct fhir_task *task)
{
	struct fhir_document_task *out = zf_alloc(arena, sizeof(*out));
	if (out == NULL) return LIB_NOMEM;
	out->identifiers = task->identifiers;
	out->identifier_count = task->identifier_count;
	out->entry = index;
	out->status = task->status;
	out->intent = task->intent;
	out->code = fhir_concept_code(task->code);
	out->reason = fhir_concept_code(task->reason_code);
	if (out->reason == NULL && task->reason_code != NULL) out->reason = task->reason_code->text;
	if (task->focus != NULL) {
		out->focus = task->focus->reference;
		out->focus_identifier = task->focus->identifier;
	}
	entry->task = out;
	return 0;
}

static int link_entry(
	const struct fhir_link *link, struct fhir_document *document, struct fhir_document_entry *entry, uint32_t index)
{
	struct fhir_resource *resource = (struct fhir_resource *)entry->resource;
	if (resource == NULL || resource->value == NULL) return 0;
	int rc = 0;
	switch (resource->type) {
	case FHIR_T_CLAIM:
		rc = fhir_link_claim(link, resource);
		entry->claim = &((const struct fhir_claim *)resource->value)->out;
		document->claim_count++;
		break;
	case FHIR_T_CONSENT:
		rc = fhir_link_consent(link, resource);
		entry->consent = &((const struct fhir_consent *)resource->value)->out;
		document->consent_count++;
		break;
	case FHIR_T_TASK:
		rc = fill_task(link->arena, entry, index, resource->value);
		document->task_count++;
		break;
	default:
		break;
	}
	return rc;
}

/* The arrays of claims, consents and tasks from the entries. */
static int gather(struct zf_arena *arena, struct fhir_document *document)
{
	const struct zf_claim **claims = zf_alloc_array(arena, document->claim_count + 1, sizeof(void *));
	uint32_t *claim_entries = zf_alloc_array(arena, document->claim_count + 1, sizeof(*claim_entries));
	const struct zf_consent **consents = zf_alloc_array(arena, document->consent_count + 1, sizeof(void *));
	uint32_t *consent_entries = zf_alloc_array(arena, document->consent_count + 1, sizeof(*consent_entries));
	const struct fhir_document_task **tasks = zf_alloc_array(arena, document->task_count + 1, sizeof(void *));
	if (!claims || !claim_entries || !consents || !consent_entries || !tasks) return LIB_NOMEM;
	uint32_t claim = 0, consent = 0, task = 0;
	for (uint32_t i = 0; i < document->entry_count; i++) {
		const struct fhir_document_entry *entry = &document->entries[i];
		if (entry->claim != NULL) {
			claim_entries[claim] = i;
			claims[claim++] = entry->claim;
		}
		if (entry->consent != NULL) {
			consent_entries[consent] = i;
			consents[consent++] = entry->consent;
		}
		if (entry->task != NULL) tasks[task++] = entry->task;
	}
	document->claims = claims;
	document->claim_entries = claim_entries;
	document->consents = consents;
	document->consent_entries = consent_entries;
	document->tasks = tasks;
	return 0;
}

static uint32_t entry_of(const struct fhir_resource *resource)
{
	return resource->container != NULL ? resource->container->index : resource->index;
}

/* Which entries refer to which, so that a claim can be kept with what belongs to it and nothing else. */
static int list_links(const struct fhir_reader *reader, struct fhir_document *document)
{
	struct fhir_document_link *links = zf_alloc_array(reader->arena, reader->pending.len + 1, sizeof(*links));
	if (links == NULL) return LIB_NOMEM;
	for (uint32_t i = 0; i < reader->pending.len; i++) {
		const struct fhir_pending *pending = reader->pending.items[i];
		if (pending->found == NULL || pending->scope == NULL) continue;
		uint32_t from = entry_of(pending->scope), to = entry_of(pending->found);
		if (from == to || from >= document->entry_count || to >= document->entry_count) continue;
		links[document->link_count++] = (struct fhir_document_link){from, to};
	}
	document->links = links;
	return 0;
}

static int complete(
	struct fhir_reader *reader, struct fhir_resource *root, uint32_t accept, struct fhir_document *document)
{
	struct fhir_document_entry *entries = NULL;
	int rc = list_entries(reader, root, document, &entries);
	if (rc != 0) return rc;
	struct fhir_index index;
	rc = fhir_index_build(&index, reader);
	if (rc != 0) return rc;
	fhir_reference_check(&index, reader);
	struct fhir_link link = {&index, reader->arena, reader->faults};
	for (uint32_t i = 0; i < document->entry_count; i++) {
		rc = link_entry(&link, document, &entries[i], i);
		if (rc != 0) return rc;
	}
	rc = gather(reader->arena, document);
	if (rc == 0 && root->type == FHIR_T_BUNDLE) rc = list_links(reader, document);
	if (rc != 0) return rc;
	document->type_name = root->type_name;
	document->root = root;
	document->resources = (const struct fhir_resource *const *)reader->resources.items;
	document->resource_count = reader->resources.len;
	bool nothing = document->claim_count + document->consent_count + document->task_count == 0;
	if (nothing && root->type == FHIR_T_BUNDLE && !(accept & FHIR_ACCEPT_ANSWER)) {
		fault_add(reader->faults, FAULT_BUNDLE_EMPTY, "Bundle.entry", NULL, NULL);
	}
	return reader->faults->no_memory ? LIB_NOMEM : 0;
}

int fhir_document_read(const char *bytes, size_t len, const struct fhir_limits *limits, uint32_t accept,
	struct zf_arena *arena, struct fault_list *faults, struct fhir_document *ret_document)
{
	static const struct fhir_limits defaults = {0};
	if (limits == NULL) limits = &defaults;
	struct fhir_reader reader;
	struct fhir_resource *root = NULL;
	struct fhir_document document = {0};
	*ret_document = document;
	int rc = fhir_reader_init(&reader, bytes, len, limits->bytes_max == 0 ? JSON_BYTES_DEFAULT : limits->bytes_max,
		limit_or(limits->depth_max, JSON_DEPTH_DEFAULT), arena, faults);
	if (rc != 0) return rc;
	reader.entries_max = limit_or(limits->entries_max, ENTRIES_DEFAULT);
	reader.list_max = limit_or(limits->list_max, LIST_DEFAULT);
	rc = fhir_reader_run(&reader, &root);
	if (rc == 0) rc = check_root(root, accept, faults);
	if (rc == 0) rc = complete(&reader, root, accept, &document);
	if (rc == 0) *ret_document = document;
	return rc;
}

static bool resource_all(const struct fhir_resource *resource, bool (*accept)(const char *type_name))
{
	if (resource->value == NULL || !accept(resource->type_name)) return false;
	for (uint32_t i = 0; i < resource->contained_count; i++) {
		/* What is contained in a contained one has not been read. */
		if (!resource_all(resource->contained[i], accept)) return false;
	}
	return true;
}

bool fhir_document_all(const struct fhir_document *document, bool (*accept)(const char *type_name))
{
	for (uint32_t i = 0; i < document->entry_count; i++) {
		const struct fhir_resource *resource = document->entries[i].resource;
		if (resource == NULL || !resource_all(resource, accept)) return false;
	}
	return true;
}

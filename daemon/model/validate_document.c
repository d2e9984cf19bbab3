/* Every claim, consent and task of a document, each at its path, and the requests of a batch or transaction. */
#include "model/validate_document.h"

#include <stdio.h>
#include <string.h>

#include "lib/arena.h"

/* "Claim", or "Bundle.entry[4].resource". */
static void entry_path(const struct fhir_document *document, uint32_t entry, char path[FAULT_PATH_BYTES_MAX])
{
	if (document->bundle_type == NULL)
		snprintf(path, FAULT_PATH_BYTES_MAX, "%s", document->type_name);
	else
		snprintf(path, FAULT_PATH_BYTES_MAX, "Bundle.entry[%u].resource", entry);
}

/* We create what is posted: POST of the entry's own type, or Claim/$submit. */
static bool is_create(const struct fhir_document_entry *entry)
{
	if (strcmp(entry->method, "POST") != 0 || entry->url == NULL || entry->type_name == NULL) return false;
	if (entry->task != NULL) return false; /* only alone: it would have to see what the entries beside it did */
	const char *url = entry->url[0] == '/' ? entry->url + 1 : entry->url;
	if (entry->claim != NULL && strcmp(url, "Claim/$submit") == 0) return true;
	return strcmp(url, entry->type_name) == 0;
}

void validate_request(const struct fhir_document *document, uint32_t index, struct fault_list *faults)
{
	const struct fhir_document_entry *entry = &document->entries[index];
	const char *type = document->bundle_type;
	char path[FAULT_PATH_BYTES_MAX], target[64];
	if (type == NULL) return;
	snprintf(path, sizeof(path), "Bundle.entry[%u].request", index);
	if (entry->method == NULL && entry->task == NULL) {
		bool asks = strcmp(type, "batch") == 0 || strcmp(type, "transaction") == 0;
		if (asks) fault_add(faults, FAULT_ELEMENT_MISSING, path, "request", NULL); /* R4 invariant bdl-3 */
		return;
	}
	if (entry->method != NULL && is_create(entry)) return;
	/* Only the type: what follows may name a person. */
	const char *url = entry->url == NULL ? "" : entry->url;
	if (*url == '/') url++;
	snprintf(target, sizeof(target), "%.*s", (int)strcspn(url, "/?"), url);
	fault_add(faults, FAULT_BUNDLE_REQUEST, path, entry->method == NULL ? "POST" : entry->method,
		entry->method == NULL ? entry->type_name : target);
}

int validate_document(const struct fhir_document *document, const struct validate_options *options,
	struct zf_arena *arena, struct fault_list *faults, struct validate_result **ret_results)
{
	char path[FAULT_PATH_BYTES_MAX];
	struct validate_result *results = NULL;
	for (uint32_t i = 0; i < document->entry_count; i++) validate_request(document, i, faults);
	if (document->claim_count > 0) {
		results = zf_alloc_array(arena, document->claim_count, sizeof(*results));
		if (results == NULL) return err_set(ERR_NOMEM, "no memory to validate claims");
	}
	for (uint32_t i = 0; i < document->claim_count; i++) {
		entry_path(document, document->claim_entries[i], path);
		int rc = validate_claim(document->claims[i], path, options, faults, &results[i]);
		if (rc != 0) return rc;
	}
	for (uint32_t i = 0; i < document->consent_count; i++) {
		entry_path(document, document->consent_entries[i], path);
		validate_consent(document->consents[i], path, options, faults);
	}
	for (uint32_t i = 0; i < document->task_count; i++) {
		entry_path(document, document->tasks[i]->entry, path);
		validate_task(document->tasks[i]->code, path, faults);
	}
	if (faults->no_memory) return err_set(ERR_NOMEM, "no memory for faults");
	*ret_results = results;
	return 0;
}

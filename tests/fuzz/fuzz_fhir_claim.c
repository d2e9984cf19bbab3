/* Fuzzes the reading of FHIR documents, and what follows from it: a claim that was read without a fault must be
 * writable, and what was written must be readable without a fault. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/lib_arena.h"
#include "fhir/document.h"
#include "fhir/encode.h"

static int new_id(void *ctx, char text[40])
{
	unsigned *count = ctx;
	snprintf(text, 40, "00000000-0000-4000-8000-%012x", ++*count);
	return 0;
}

static void write_and_read(struct lib_arena *arena, const struct fhir_document *document, uint32_t index)
{
	unsigned count = 0;
	struct fhir_claim_options options = {
		.new_id = new_id, .ctx = &count, .source = document->entries[document->claim_entries[index]].raw};
	struct text_span text;
	if (fhir_encode_claim(document->claims[index], &options, NULL, &arena->zf, &text) != 0) return;
	struct fault_list faults;
	struct fhir_document again;
	fault_list_init(&faults, &arena->zf, 0);
	int rc = fhir_document_read(text.ptr, text.len, NULL, FHIR_ACCEPT_BUNDLE, &arena->zf, &faults, &again);
	assert(rc == 0 && again.claim_count == 1);
	assert(again.claims[0]->line_count == document->claims[index]->line_count);
	assert(again.claims[0]->total.minor == document->claims[index]->total.minor);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct fhir_limits limits = {.bytes_max = 1 << 20, .entries_max = 64, .list_max = 64};
	LIB_ARENA(arena);
	struct fault_list faults;
	struct fhir_document document;
	fault_list_init(&faults, &arena.zf, 0);
	uint32_t accept = FHIR_ACCEPT_CLAIM | FHIR_ACCEPT_BUNDLE | FHIR_ACCEPT_CONSENT | FHIR_ACCEPT_TASK;
	int rc = fhir_document_read((const char *)data, size, &limits, accept, &arena.zf, &faults, &document);
	assert(rc == 0 || fault_refuses(&faults) || faults.no_memory);
	for (uint32_t i = 0; i < document.claim_count && !fault_refuses(&faults); i++) {
		write_and_read(&arena, &document, i);
	}
	struct text_span text;
	if (fhir_encode_outcome(&faults, &arena.zf, &text) == 0) assert(text.len > 0);
	return 0;
}

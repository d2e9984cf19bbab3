/* What a claim's FHIR source says that the canonical claim has no field for: taken over word for word. Internal to the
 * FHIR module. */
#ifndef FHIR_SOURCE_H
#define FHIR_SOURCE_H

#include "lib/json_write.h"

#define FHIR_SOURCE_MEMBERS 8
#define FHIR_SOURCE_ITEM_MEMBERS 5

struct fhir_source_item {
	struct text_span members[FHIR_SOURCE_ITEM_MEMBERS];
};

struct fhir_source {
	struct text_span members[FHIR_SOURCE_MEMBERS]; /* raw JSON of the Claim's; {NULL, 0}: none */
	struct fhir_source_item *items;
	uint32_t item_count, item_cap;
};

/* The raw JSON of the index-th Claim of a document (a Claim or a Bundle) that was read before without a fault; {NULL,
 * 0} when it has not exactly `count` Claims. */
struct text_span fhir_source_find(struct text_span document, uint32_t count, uint32_t index, struct zf_arena *arena);

/* claim: a Claim resource's JSON, likewise; {NULL, 0} gives an empty source, and so does a text that can't be read.
 * What refers to another resource is left out: the reference means nothing in a new document. LIB_NOMEM or 0. */
int fhir_source_read(struct fhir_source *source, struct text_span claim, struct zf_arena *arena);

void fhir_source_put_claim(struct json_writer *writer, const struct fhir_source *source);
void fhir_source_put_item(struct json_writer *writer, const struct fhir_source *source, uint32_t index);

#endif

/* Pieces of Bundles that the encoders share. Internal to the FHIR module. */
#ifndef FHIR_ENCODE_MESSAGE_H
#define FHIR_ENCODE_MESSAGE_H

#include "fhir/encode.h"
#include "fhir/write.h"

/* "urn:uuid:ID", or "BASE/Type/ID" with a base URL; NULL on no memory. */
const char *fhir_full_url(struct zf_arena *arena, const char *base_url, const char *type, const char *id);

/* The MessageHeader resource; focus is a fullUrl or NULL. */
void fhir_put_message_header(struct json_writer *writer, const struct fhir_message *message, const char *focus);

/* A Bundle up to its first entry: a message with `message`, else a collection. id may be NULL. */
void fhir_begin_bundle(struct json_writer *writer, const struct fhir_message *message, const char *id);
void fhir_end_bundle(struct json_writer *writer);
/* An entry up to its resource, which must be written next. */
void fhir_begin_entry(struct json_writer *writer, const char *full_url);
void fhir_end_entry(struct json_writer *writer);

#endif

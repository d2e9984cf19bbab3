/* Writes FHIR's data types from canonical values: each writes nothing at all when the value is absent, because FHIR
 * knows no empty elements. */
#ifndef FHIR_WRITE_H
#define FHIR_WRITE_H

#include "lib/json_write.h"
#include "zhifu_adapter.h"
#include "zhifu_model.h"

#define FHIR_DOCUMENT_BYTES_MAX (64u * 1024 * 1024)

void fhir_put_decimal(struct json_writer *writer, const char *key, struct zf_decimal value);
void fhir_put_money(struct json_writer *writer, const char *key, struct zf_money money);
/* A Money whose decimals are kept. */
void fhir_put_price(struct json_writer *writer, const char *key, struct zf_decimal value, const char *currency);
void fhir_put_time(struct json_writer *writer, const char *key, struct zf_time time);
/* As a date where R4 wants a date: a time is cut to its day in its own zone. */
void fhir_put_date(struct json_writer *writer, const char *key, struct zf_time time);
void fhir_put_period(struct json_writer *writer, const char *key, struct zf_period period);
/* A Quantity; unit may be NULL. */
void fhir_put_quantity(struct json_writer *writer, const char *key, struct zf_decimal value, const char *unit);

/* profile: its map "system" replaces code systems; may be NULL. */
void fhir_put_coding(
	struct json_writer *writer, const char *key, const struct zf_profile *profile, const struct zf_coding *coding);
void fhir_put_concept(struct json_writer *writer, const char *key, const struct zf_profile *profile,
	const struct zf_concept *concept);
void fhir_put_concepts(struct json_writer *writer, const char *key, const struct zf_profile *profile,
	const struct zf_concept *const *concepts, uint32_t count);
/* A CodeableConcept of one coding. */
void fhir_put_code(
	struct json_writer *writer, const char *key, const char *system, const char *code, const char *display);

/* An Identifier of its own; key NULL inside a list. */
void fhir_put_identifier(struct json_writer *writer, const char *key, const struct zf_identifier *identifier);
void fhir_put_plain_identifier(struct json_writer *writer, const char *key, const char *system, const char *value);
void fhir_put_identifiers(
	struct json_writer *writer, const char *key, const struct zf_identifier *const *identifiers, uint32_t count);
/* A Reference of what there is; key NULL inside a list. type: Reference.type, or NULL. */
void fhir_put_reference(struct json_writer *writer, const char *key, const char *type, const char *reference,
	const struct zf_identifier *identifier, const char *display);
/* A Reference by identifier only. */
void fhir_put_logical(
	struct json_writer *writer, const char *key, const char *type, const char *system, const char *value);
/* A text in another language, as the extension of R4; the text itself is written before. element: "_text". */
void fhir_put_translation(struct json_writer *writer, const char *element, const char *language, const char *text);
/* enum zf_use as Claim.use. */
const char *fhir_use_name(uint8_t use);

void fhir_put_name(struct json_writer *writer, const struct zf_name *name);
void fhir_put_address(struct json_writer *writer, const struct zf_address *address);
void fhir_put_telecom(struct json_writer *writer, const struct zf_telecom *telecom);
void fhir_put_texts(struct json_writer *writer, const char *key, const char *const *texts, uint32_t count);
void fhir_put_numbers(struct json_writer *writer, const char *key, const int32_t *numbers, uint32_t count);
/* meta with one profile, an instant, or a tag; nothing when all are NULL. */
void fhir_put_meta(struct json_writer *writer, const char *profile, const char *last_updated, const char *tag_system,
	const char *tag);
/* The begin of a resource: the object, resourceType, id (may be NULL) and meta.profile (may be NULL). */
void fhir_begin_resource(struct json_writer *writer, const char *type, const char *id, const char *profile);

#endif

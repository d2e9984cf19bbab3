/* FHIR's data types as JSON, from canonical values. */
#include "fhir/write.h"

#include "lib/date.h"
#include "lib/decimal.h"
#include "lib/money.h"

#define MAP_SYSTEM "system"

static void put_key(struct json_writer *writer, const char *key)
{
	if (key != NULL) json_write_key(writer, key);
}

void fhir_put_decimal(struct json_writer *writer, const char *key, struct zf_decimal value)
{
	char text[DECIMAL_TEXT_SIZE];
	if (!value.present) return;
	size_t len = decimal_format(value, text);
	json_write_member_number(writer, key, (struct text_span){text, len});
}

void fhir_put_price(struct json_writer *writer, const char *key, struct zf_decimal value, const char *currency)
{
	if (!value.present) return;
	put_key(writer, key);
	json_write_object_begin(writer);
	fhir_put_decimal(writer, "value", value);
	json_write_member(writer, "currency", currency);
	json_write_object_end(writer);
}

void fhir_put_money(struct json_writer *writer, const char *key, struct zf_money money)
{
	fhir_put_price(writer, key, money_to_decimal(money), money.currency);
}

void fhir_put_time(struct json_writer *writer, const char *key, struct zf_time time)
{
	char text[DATE_TEXT_SIZE];
	if (date_format_time(&time, text) > 0) json_write_member(writer, key, text);
}

void fhir_put_date(struct json_writer *writer, const char *key, struct zf_time time)
{
	char text[DATE_TEXT_SIZE];
	size_t len = date_format_time(&time, text);
	if (len > 10) text[10] = '\0'; /* YYYY-MM-DD */
	if (len > 0) json_write_member(writer, key, text);
}

void fhir_put_period(struct json_writer *writer, const char *key, struct zf_period period)
{
	if (period.start.precision == ZF_NO_TIME && period.end.precision == ZF_NO_TIME) return;
	put_key(writer, key);
	json_write_object_begin(writer);
	fhir_put_time(writer, "start", period.start);
	fhir_put_time(writer, "end", period.end);
	json_write_object_end(writer);
}

void fhir_put_quantity(struct json_writer *writer, const char *key, struct zf_decimal value, const char *unit)
{
	if (!value.present) return;
	put_key(writer, key);
	json_write_object_begin(writer);
	fhir_put_decimal(writer, "value", value);
	json_write_member(writer, "unit", unit);
	json_write_object_end(writer);
}

void fhir_put_coding(
	struct json_writer *writer, const char *key, const struct zf_profile *profile, const struct zf_coding *coding)
{
	if (coding == NULL) return;
	if (coding->system == NULL && coding->code == NULL && coding->display == NULL) return;
	const char *system = coding->system;
	if (system != NULL && profile != NULL && profile->map != NULL) {
		const char *mapped = profile->map(profile, MAP_SYSTEM, system);
		if (mapped != NULL) system = mapped;
	}
	put_key(writer, key);
	json_write_object_begin(writer);
	json_write_member(writer, "system", system);
	json_write_member(writer, "version", coding->version);
	json_write_member(writer, "code", coding->code);
	json_write_member(writer, "display", coding->display);
	json_write_object_end(writer);
}

static bool has_coding(const struct zf_concept *concept)
{
	for (uint32_t i = 0; i < concept->coding_count; i++) {
		const struct zf_coding *coding = concept->codings[i];
		if (coding->system != NULL || coding->code != NULL || coding->display != NULL) return true;
	}
	return false;
}

void fhir_put_concept(
	struct json_writer *writer, const char *key, const struct zf_profile *profile, const struct zf_concept *concept)
{
	if (concept == NULL || (concept->text == NULL && !has_coding(concept))) return;
	put_key(writer, key);
	json_write_object_begin(writer);
	if (has_coding(concept)) {
		json_write_key(writer, "coding");
		json_write_array_begin(writer);
		for (uint32_t i = 0; i < concept->coding_count; i++) {
			fhir_put_coding(writer, NULL, profile, concept->codings[i]);
		}
		json_write_array_end(writer);
	}
	json_write_member(writer, "text", concept->text);
	json_write_object_end(writer);
}

void fhir_put_concepts(struct json_writer *writer, const char *key, const struct zf_profile *profile,
	const struct zf_concept *const *concepts, uint32_t count)
{
	if (count == 0) return;
	json_write_key(writer, key);
	json_write_array_begin(writer);
	for (uint32_t i = 0; i < count; i++) fhir_put_concept(writer, NULL, profile, concepts[i]);
	json_write_array_end(writer);
}

void fhir_put_code(
	struct json_writer *writer, const char *key, const char *system, const char *code, const char *display)
{
	if (code == NULL) return;
	struct zf_coding coding = {.system = system, .code = code, .display = display};
	const struct zf_coding *codings[] = {&coding};
	struct zf_concept concept = {.codings = codings, .coding_count = 1};
	fhir_put_concept(writer, key, NULL, &concept);
}

void fhir_put_identifier(struct json_writer *writer, const char *key, const struct zf_identifier *identifier)
{
	if (identifier == NULL || identifier->value == NULL) return;
	put_key(writer, key);
	json_write_object_begin(writer);
	json_write_member(writer, "use", identifier->use);
	fhir_put_concept(writer, "type", NULL, identifier->type);
	json_write_member(writer, "system", identifier->system);
	json_write_member(writer, "value", identifier->value);
	json_write_object_end(writer);
}

void fhir_put_plain_identifier(struct json_writer *writer, const char *key, const char *system, const char *value)
{
	struct zf_identifier identifier = {.system = system, .value = value};
	fhir_put_identifier(writer, key, &identifier);
}

void fhir_put_identifiers(
	struct json_writer *writer, const char *key, const struct zf_identifier *const *identifiers, uint32_t count)
{
	bool open = false;
	for (uint32_t i = 0; i < count; i++) {
		if (identifiers[i]->value == NULL) continue;
		if (!open) {
			json_write_key(writer, key);
			json_write_array_begin(writer);
			open = true;
		}
		fhir_put_identifier(writer, NULL, identifiers[i]);
	}
	if (open) json_write_array_end(writer);
}

void fhir_put_reference(struct json_writer *writer, const char *key, const char *type, const char *reference,
	const struct zf_identifier *identifier, const char *display)
{
	bool identified = identifier != NULL && identifier->value != NULL;
	if (reference == NULL && !identified && display == NULL) return;
	put_key(writer, key);
	json_write_object_begin(writer);
	json_write_member(writer, "reference", reference);
	json_write_member(writer, "type", type);
	fhir_put_identifier(writer, "identifier", identifier);
	json_write_member(writer, "display", display);
	json_write_object_end(writer);
}

void fhir_put_logical(
	struct json_writer *writer, const char *key, const char *type, const char *system, const char *value)
{
	struct zf_identifier identifier = {.system = system, .value = value};
	fhir_put_reference(writer, key, type, NULL, &identifier, NULL);
}

void fhir_put_texts(struct json_writer *writer, const char *key, const char *const *texts, uint32_t count)
{
	if (count == 0) return;
	json_write_key(writer, key);
	json_write_array_begin(writer);
	for (uint32_t i = 0; i < count; i++) json_write_string(writer, texts[i]);
	json_write_array_end(writer);
}

void fhir_put_numbers(struct json_writer *writer, const char *key, const int32_t *numbers, uint32_t count)
{
	if (count == 0) return;
	json_write_key(writer, key);
	json_write_array_begin(writer);
	for (uint32_t i = 0; i < count; i++) json_write_int64(writer, numbers[i]);
	json_write_array_end(writer);
}

void fhir_put_name(struct json_writer *writer, const struct zf_name *name)
{
	json_write_object_begin(writer);
	json_write_member(writer, "use", name->use);
	json_write_member(writer, "text", name->text);
	json_write_member(writer, "family", name->family);
	fhir_put_texts(writer, "given", name->given, name->given_count);
	json_write_object_end(writer);
}

void fhir_put_address(struct json_writer *writer, const struct zf_address *address)
{
	json_write_object_begin(writer);
	json_write_member(writer, "text", address->text);
	fhir_put_texts(writer, "line", address->lines, address->line_count);
	json_write_member(writer, "city", address->city);
	json_write_member(writer, "district", address->district);
	json_write_member(writer, "state", address->state);
	json_write_member(writer, "postalCode", address->postal_code);
	json_write_member(writer, "country", address->country);
	json_write_object_end(writer);
}

void fhir_put_telecom(struct json_writer *writer, const struct zf_telecom *telecom)
{
	json_write_object_begin(writer);
	json_write_member(writer, "system", telecom->system);
	json_write_member(writer, "value", telecom->value);
	json_write_member(writer, "use", telecom->use);
	json_write_object_end(writer);
}

void fhir_put_meta(struct json_writer *writer, const char *profile, const char *last_updated, const char *tag_system,
	const char *tag)
{
	if (profile == NULL && last_updated == NULL && tag == NULL) return;
	json_write_key(writer, "meta");
	json_write_object_begin(writer);
	json_write_member(writer, "lastUpdated", last_updated);
	if (profile != NULL) fhir_put_texts(writer, "profile", &profile, 1);
	if (tag != NULL) {
		struct zf_coding coding = {.system = tag_system, .code = tag};
		json_write_key(writer, "tag");
		json_write_array_begin(writer);
		fhir_put_coding(writer, NULL, NULL, &coding);
		json_write_array_end(writer);
	}
	json_write_object_end(writer);
}

void fhir_put_translation(struct json_writer *writer, const char *element, const char *language, const char *text)
{
	json_write_key(writer, element);
	json_write_object_begin(writer);
	json_write_key(writer, "extension");
	json_write_array_begin(writer);
	json_write_object_begin(writer);
	json_write_key(writer, "extension");
	json_write_array_begin(writer);
	json_write_object_begin(writer);
	json_write_member(writer, "url", "lang");
	json_write_member(writer, "valueCode", language);
	json_write_object_end(writer);
	json_write_object_begin(writer);
	json_write_member(writer, "url", "content");
	json_write_member(writer, "valueString", text);
	json_write_object_end(writer);
	json_write_array_end(writer);
	json_write_member(writer, "url", "http://hl7.org/fhir/StructureDefinition/translation");
	json_write_object_end(writer);
	json_write_array_end(writer);
	json_write_object_end(writer);
}

const char *fhir_use_name(uint8_t use)
{
	switch (use) {
	case ZF_USE_PREAUTHORIZATION:
		return "preauthorization";
	case ZF_USE_PREDETERMINATION:
		return "predetermination";
	default:
		return "claim";
	}
}

void fhir_begin_resource(struct json_writer *writer, const char *type, const char *id, const char *profile)
{
	json_write_object_begin(writer);
	json_write_member(writer, "resourceType", type);
	json_write_member(writer, "id", id);
	fhir_put_meta(writer, profile, NULL, NULL, NULL);
}

/* A claim as a Bundle: everything that the canonical claim says, plus, from its source, the elements that it has no
 * field for. */
#include <assert.h>
#include <string.h>

#include "fhir/encode.h"
#include "fhir/encode_message.h"
#include "fhir/encode_party.h"
#include "fhir/reason.h"
#include "fhir/source.h"
#include "fhir/write.h"

#define PATH_BYTES_MAX 128

struct claim_writer {
	struct json_writer json;
	struct fhir_parties parties;
	const struct zf_claim *claim;
	const struct fhir_claim_options *options;
	struct fhir_source source;
};

/* ---- extensions ---- */

/* Is it an extension directly on the element at `path`? One that refers to something in its old document can't go. */
static bool is_on(const struct zf_extension *extension, const char *path, size_t path_len)
{
	static const char member[] = ".extension[";
	if (strncmp(extension->path, path, path_len) != 0) return false;
	const char *rest = extension->path + path_len;
	if (strncmp(rest, member, sizeof(member) - 1) != 0) return false;
	return strchr(rest + 1, '.') == NULL && strstr(extension->json, "\"reference\"") == NULL;
}

static bool has_url(const struct zf_claim *claim, const char *path, const char *url)
{
	for (uint32_t i = 0; i < claim->extension_count; i++) {
		if (is_on(claim->extensions[i], path, strlen(path)) && strcmp(claim->extensions[i]->url, url) == 0)
			return true;
	}
	return false;
}

static void open_list(struct json_writer *writer, const char *key, bool *open)
{
	if (!*open) {
		json_write_key(writer, key);
		json_write_array_begin(writer);
	}
	*open = true;
}

/* Those that came with the claim, left open for more. */
static void put_kept(struct claim_writer *writer, const char *path, bool *open)
{
	size_t len = strlen(path);
	for (uint32_t i = 0; i < writer->claim->extension_count; i++) {
		const struct zf_extension *extension = writer->claim->extensions[i];
		if (!is_on(extension, path, len)) continue;
		open_list(&writer->json, "extension", open);
		json_write_raw(&writer->json, (struct text_span){extension->json, extension->json_len});
	}
}

static void put_extensions(struct claim_writer *writer, const char *path)
{
	bool open = false;
	put_kept(writer, path, &open);
	if (open) json_write_array_end(&writer->json);
}

static void put_money_extension(
	struct claim_writer *writer, const char *path, const char *url, struct zf_money money, bool *open)
{
	if (url == NULL || !money.present || has_url(writer->claim, path, url)) return;
	open_list(&writer->json, "extension", open);
	json_write_object_begin(&writer->json);
	json_write_member(&writer->json, "url", url);
	fhir_put_money(&writer->json, "valueMoney", money);
	json_write_object_end(&writer->json);
}

static void put_line_extensions(struct claim_writer *writer, const struct zf_claim_line *line, const char *path)
{
	const struct fhir_claim_options *options = writer->options;
	bool open = false;
	put_kept(writer, path, &open);
	put_money_extension(writer, path, options->patient_share_extension, line->patient_share, &open);
	put_money_extension(writer, path, options->tax_extension, line->tax, &open);
	if (options->package_extension != NULL && line->level == 1 &&
		!has_url(writer->claim, path, options->package_extension)) {
		open_list(&writer->json, "extension", &open);
		json_write_object_begin(&writer->json);
		json_write_member(&writer->json, "url", options->package_extension);
		json_write_member_bool(&writer->json, "valueBoolean", line->detail_count > 0);
		json_write_object_end(&writer->json);
	}
	if (open) json_write_array_end(&writer->json);
}

static void put_claim_extensions(struct claim_writer *writer)
{
	bool open = false;
	put_kept(writer, "Claim", &open);
	if (writer->claim->bill_sequence > 0 && writer->options->bill_sequence_extension != NULL) {
		open_list(&writer->json, "extension", &open);
		json_write_object_begin(&writer->json);
		json_write_member(&writer->json, "url", writer->options->bill_sequence_extension);
		json_write_member_int64(&writer->json, "valuePositiveInt", writer->claim->bill_sequence);
		json_write_object_end(&writer->json);
	}
	if (open) json_write_array_end(&writer->json);
}

/* ---- the lists of a claim ---- */

static void put_identifiers(struct claim_writer *writer)
{
	const struct zf_claim *claim = writer->claim;
	const char *system = writer->options->claim_system != NULL ? writer->options->claim_system : FHIR_SYSTEM_CLAIM;
	bool open = false;
	if (claim->ref[0] != '\0') {
		open_list(&writer->json, "identifier", &open);
		fhir_put_plain_identifier(&writer->json, NULL, system, claim->ref);
	}
	for (uint32_t i = 0; i < claim->identifier_count; i++) {
		const struct zf_identifier *own = claim->identifiers[i];
		if (own->value == NULL) continue;
		if (strcmp(own->value, claim->ref) == 0 && text_is(text_of(own->system), system)) continue;
		open_list(&writer->json, "identifier", &open);
		fhir_put_identifier(&writer->json, NULL, own);
	}
	if (open) json_write_array_end(&writer->json);
}

/* Claim.type by the map "type", whose right side is "code" or "system|code". */
static void put_type(struct claim_writer *writer)
{
	const struct zf_concept *type = writer->claim->type;
	const struct zf_coding *coding = type != NULL && type->coding_count > 0 ? type->codings[0] : NULL;
	const char *mapped = fhir_profile_map(writer->options->profile, "type", coding);
	if (coding == NULL || mapped == NULL) {
		fhir_put_concept(&writer->json, "type", writer->options->profile, type);
		return;
	}
	const char *bar = strrchr(mapped, '|');
	const char *system =
		bar == NULL ? coding->system : zf_strndup(writer->parties.arena, mapped, (size_t)(bar - mapped));
	fhir_put_code(&writer->json, "type", system, bar == NULL ? mapped : bar + 1, NULL);
}

static void put_related(struct claim_writer *writer)
{
	const struct zf_claim *claim = writer->claim;
	if (claim->related_count == 0) return;
	json_write_key(&writer->json, "related");
	json_write_array_begin(&writer->json);
	for (uint32_t i = 0; i < claim->related_count; i++) {
		const struct zf_related_claim *related = claim->related[i];
		json_write_object_begin(&writer->json);
		fhir_put_reference(&writer->json, "claim", "Claim", fhir_lasting_reference(related->reference),
			related->identifier, NULL);
		fhir_put_concept(&writer->json, "relationship", writer->options->profile, related->relationship);
		json_write_object_end(&writer->json);
	}
	json_write_array_end(&writer->json);
}

static void put_care_team(struct claim_writer *writer)
{
	const struct zf_claim *claim = writer->claim;
	if (claim->care_team_count == 0) return;
	json_write_key(&writer->json, "careTeam");
	json_write_array_begin(&writer->json);
	for (uint32_t i = 0; i < claim->care_team_count; i++) {
		const struct zf_care_team *member = claim->care_team[i];
		json_write_object_begin(&writer->json);
		json_write_member_int64(&writer->json, "sequence", member->sequence);
		if (member->practitioner != NULL) {
			fhir_put_practitioner_ref(&writer->json, "provider", &writer->parties, member->practitioner);
		} else {
			fhir_put_organization_ref(&writer->json, "provider", &writer->parties, member->organization);
		}
		if (member->responsible) json_write_member_bool(&writer->json, "responsible", true);
		fhir_put_concept(&writer->json, "role", writer->options->profile, member->role);
		fhir_put_concept(&writer->json, "qualification", writer->options->profile, member->qualification);
		json_write_object_end(&writer->json);
	}
	json_write_array_end(&writer->json);
}

/* The name of the value[x] whose raw JSON was kept; NULL: it can't be said or would refer to the old document. */
static const char *value_name(const struct zf_supporting_info *info)
{
	const char *json = info->value_json;
	if (json == NULL || info->value_json_len == 0) return NULL;
	if (json[0] == '"') return "valueString";
	if (json[0] == 't' || json[0] == 'f') return "valueBoolean";
	if (info->value_quantity.present) return "valueQuantity";
	if (strstr(json, "\"reference\"") != NULL) return NULL;
	if (strstr(json, "\"identifier\"") != NULL) return "valueReference";
	return strstr(json, "\"contentType\"") != NULL || strstr(json, "\"data\"") != NULL ? "valueAttachment" : NULL;
}

static bool is_day(struct zf_period period)
{
	return period.start.precision != ZF_NO_TIME && period.start.precision <= ZF_DAY &&
	       period.start.precision == period.end.precision && period.start.utc_ms == period.end.utc_ms;
}

/* date_name when the period is one day, else period_name. */
static void put_date_or_period(
	struct json_writer *writer, const char *date_name, const char *period_name, struct zf_period period)
{
	if (is_day(period)) {
		fhir_put_date(writer, date_name, period.start);
	} else {
		fhir_put_period(writer, period_name, period);
	}
}

/* "PARENT.KEY[INDEX]" */
static void item_path(char path[PATH_BYTES_MAX], const char *parent, const char *key, uint32_t index)
{
	assert(strlen(parent) + strlen(key) + sizeof(".[4294967295]") <= PATH_BYTES_MAX);
	char *to = stpcpy(stpcpy(stpcpy(stpcpy(path, parent), "."), key), "[");
	to += text_digits_put(index, 1, to);
	memcpy(to, "]", 2);
}

static void put_supporting_info(struct claim_writer *writer)
{
	const struct zf_claim *claim = writer->claim;
	const struct zf_profile *profile = writer->options->profile;
	if (claim->supporting_info_count == 0) return;
	json_write_key(&writer->json, "supportingInfo");
	json_write_array_begin(&writer->json);
	for (uint32_t i = 0; i < claim->supporting_info_count; i++) {
		const struct zf_supporting_info *info = claim->supporting_info[i];
		char path[PATH_BYTES_MAX];
		item_path(path, "Claim", "supportingInfo", i);
		json_write_object_begin(&writer->json);
		put_extensions(writer, path);
		json_write_member_int64(&writer->json, "sequence", info->sequence);
		fhir_put_concept(&writer->json, "category", profile, info->category);
		fhir_put_concept(&writer->json, "code", profile, info->code);
		put_date_or_period(&writer->json, "timingDate", "timingPeriod", info->timing);
		const char *name = value_name(info);
		struct text_span raw = {info->value_json, info->value_json_len};
		if (name != NULL) {
			json_write_member_raw(&writer->json, name, raw);
		} else if (info->value_json == NULL && info->value_quantity.present) {
			fhir_put_quantity(&writer->json, "valueQuantity", info->value_quantity, info->value_unit);
		} else if (info->value_json == NULL) {
			json_write_member(&writer->json, "valueString", info->value_text);
		}
		if (info->reason != NULL) {
			/* R4 has a Coding here in some elements, but a CodeableConcept in this one. */
			fhir_put_concept(&writer->json, "reason", profile, info->reason);
		}
		json_write_object_end(&writer->json);
	}
	json_write_array_end(&writer->json);
}

static void put_diagnoses(struct claim_writer *writer)
{
	const struct zf_claim *claim = writer->claim;
	const struct zf_profile *profile = writer->options->profile;
	if (claim->diagnosis_count == 0) return;
	json_write_key(&writer->json, "diagnosis");
	json_write_array_begin(&writer->json);
	for (uint32_t i = 0; i < claim->diagnosis_count; i++) {
		const struct zf_diagnosis *diagnosis = claim->diagnoses[i];
		char path[PATH_BYTES_MAX];
		item_path(path, "Claim", "diagnosis", i);
		json_write_object_begin(&writer->json);
		put_extensions(writer, path);
		json_write_member_int64(&writer->json, "sequence", diagnosis->sequence);
		if (diagnosis->concept != NULL) {
			fhir_put_concept(&writer->json, "diagnosisCodeableConcept", profile, diagnosis->concept);
		} else {
			fhir_put_reference(&writer->json, "diagnosisReference", "Condition",
				fhir_lasting_reference(diagnosis->reference), NULL, NULL);
		}
		fhir_put_concepts(&writer->json, "type", profile, diagnosis->types, diagnosis->type_count);
		fhir_put_concept(&writer->json, "onAdmission", profile, diagnosis->on_admission);
		json_write_object_end(&writer->json);
	}
	json_write_array_end(&writer->json);
}

static void put_procedures(struct claim_writer *writer)
{
	const struct zf_claim *claim = writer->claim;
	if (claim->procedure_count == 0) return;
	json_write_key(&writer->json, "procedure");
	json_write_array_begin(&writer->json);
	for (uint32_t i = 0; i < claim->procedure_count; i++) {
		const struct zf_procedure *procedure = claim->procedures[i];
		json_write_object_begin(&writer->json);
		json_write_member_int64(&writer->json, "sequence", procedure->sequence);
		fhir_put_time(&writer->json, "date", procedure->date);
		if (procedure->concept != NULL) {
			fhir_put_concept(&writer->json, "procedureCodeableConcept", writer->options->profile,
				procedure->concept);
		} else {
			fhir_put_reference(&writer->json, "procedureReference", "Procedure",
				fhir_lasting_reference(procedure->reference), NULL, NULL);
		}
		json_write_object_end(&writer->json);
	}
	json_write_array_end(&writer->json);
}

static void put_insurance(struct claim_writer *writer)
{
	const struct zf_claim *claim = writer->claim;
	if (claim->insurance_count == 0) return;
	json_write_key(&writer->json, "insurance");
	json_write_array_begin(&writer->json);
	for (uint32_t i = 0; i < claim->insurance_count; i++) {
		const struct zf_insurance *insurance = claim->insurance[i];
		char path[PATH_BYTES_MAX];
		item_path(path, "Claim", "insurance", i);
		json_write_object_begin(&writer->json);
		put_extensions(writer, path);
		json_write_member_int64(&writer->json, "sequence", insurance->sequence);
		json_write_member_bool(&writer->json, "focal", insurance->focal != 0);
		fhir_put_identifier(&writer->json, "identifier", insurance->identifier);
		fhir_put_coverage_ref(&writer->json, "coverage", &writer->parties, insurance->coverage);
		fhir_put_texts(&writer->json, "preAuthRef", insurance->preauth_refs, insurance->preauth_ref_count);
		json_write_object_end(&writer->json);
	}
	json_write_array_end(&writer->json);
}

/* ---- lines ---- */

static void put_line_head(struct claim_writer *writer, const struct zf_claim_line *line)
{
	struct json_writer *json = &writer->json;
	fhir_put_numbers(json, "careTeamSequence", line->care_team_sequences, line->care_team_sequence_count);
	fhir_put_numbers(json, "diagnosisSequence", line->diagnosis_sequences, line->diagnosis_sequence_count);
	fhir_put_numbers(json, "procedureSequence", line->procedure_sequences, line->procedure_sequence_count);
	fhir_put_numbers(json, "informationSequence", line->information_sequences, line->information_sequence_count);
}

static void put_line_tail(struct claim_writer *writer, const struct zf_claim_line *line)
{
	fhir_put_concept(&writer->json, "bodySite", writer->options->profile, line->body_site);
	if (line->encounter_count == 0) return;
	json_write_key(&writer->json, "encounter");
	json_write_array_begin(&writer->json);
	for (uint32_t i = 0; i < line->encounter_count; i++) {
		fhir_put_encounter_ref(&writer->json, NULL, &writer->parties, line->encounters[i]);
	}
	json_write_array_end(&writer->json);
}

static void put_lines(struct claim_writer *writer, const char *key, const struct zf_claim_line *const *lines,
	uint32_t count, const char *parent, int level)
{
	const struct zf_profile *profile = writer->options->profile;
	struct json_writer *json = &writer->json;
	if (count == 0 || level > 3) return;
	json_write_key(json, key);
	json_write_array_begin(json);
	for (uint32_t i = 0; i < count; i++) {
		const struct zf_claim_line *line = lines[i];
		char path[PATH_BYTES_MAX];
		item_path(path, parent, key, i);
		json_write_object_begin(json);
		put_line_extensions(writer, line, path);
		json_write_member_int64(json, "sequence", line->sequence);
		if (level == 1) put_line_head(writer, line);
		fhir_put_concept(json, "revenue", profile, line->revenue);
		fhir_put_concept(json, "category", profile, line->category);
		fhir_put_concept(json, "productOrService", profile, line->product_or_service);
		fhir_put_concepts(json, "modifier", profile, line->modifiers, line->modifier_count);
		if (level == 1) put_date_or_period(json, "servicedDate", "servicedPeriod", line->serviced);
		fhir_put_quantity(json, "quantity", line->quantity, line->quantity_unit);
		fhir_put_price(json, "unitPrice", line->unit_price,
			line->unit_price_currency[0] == '\0' ? NULL : line->unit_price_currency);
		fhir_put_decimal(json, "factor", line->factor);
		fhir_put_money(json, "net", line->net);
		if (level == 1) put_line_tail(writer, line);
		if (level == 1) fhir_source_put_item(json, &writer->source, i);
		put_lines(writer, level == 1 ? "detail" : "subDetail", line->details, line->detail_count, path,
			level + 1);
		json_write_object_end(json);
	}
	json_write_array_end(json);
}

static void put_accident(struct claim_writer *writer)
{
	const struct zf_claim *claim = writer->claim;
	if (claim->accident_date.precision == ZF_NO_TIME) return;
	json_write_key(&writer->json, "accident");
	json_write_object_begin(&writer->json);
	fhir_put_date(&writer->json, "date", claim->accident_date);
	fhir_put_concept(&writer->json, "type", writer->options->profile, claim->accident_type);
	json_write_object_end(&writer->json);
}

static const char *type_code(const struct zf_claim *claim)
{
	return claim->type != NULL && claim->type->coding_count > 0 ? claim->type->codings[0]->code : NULL;
}

/* The map "profile" for "Claim.TYPE.USE", "Claim.TYPE" or "Claim", whichever it has first. */
static const char *profile_of(struct claim_writer *writer)
{
	const struct zf_profile *profile = writer->options->profile;
	const char *type = type_code(writer->claim);
	if (profile == NULL || profile->map == NULL) return NULL;
	if (type != NULL) {
		const char *key =
			text_printf(writer->parties.arena, "Claim.%s.%s", type, fhir_use_name(writer->claim->use));
		const char *url = key == NULL ? NULL : profile->map(profile, "profile", key);
		if (url != NULL) return url;
	}
	return fhir_profile_url(writer->options, writer->parties.arena, "Claim", type);
}

static void put_claim(struct claim_writer *writer, const char *id)
{
	const struct zf_claim *claim = writer->claim;
	const struct zf_profile *profile = writer->options->profile;
	struct json_writer *json = &writer->json;
	fhir_begin_resource(json, "Claim", id, profile_of(writer));
	put_claim_extensions(writer);
	put_identifiers(writer);
	json_write_member(json, "status", claim->status != NULL ? claim->status : "active");
	put_type(writer);
	fhir_put_concept(json, "subType", profile, claim->sub_type);
	json_write_member(json, "use", fhir_use_name(claim->use));
	fhir_put_patient_ref(json, "patient", &writer->parties, claim->patient);
	fhir_put_period(json, "billablePeriod", claim->billable_period);
	fhir_put_time(json, "created", claim->created);
	fhir_put_organization_ref(json, "insurer", &writer->parties, writer->parties.insurer);
	if (claim->provider != NULL) {
		fhir_put_organization_ref(json, "provider", &writer->parties, claim->provider);
	} else {
		fhir_put_practitioner_ref(json, "provider", &writer->parties, claim->provider_practitioner);
	}
	fhir_put_concept(json, "priority", profile, claim->priority);
	fhir_put_concept(json, "fundsReserve", profile, claim->funds_reserve);
	put_related(writer);
	fhir_source_put_claim(json, &writer->source);
	put_care_team(writer);
	put_supporting_info(writer);
	put_diagnoses(writer);
	put_procedures(writer);
	put_insurance(writer);
	put_accident(writer);
	put_lines(writer, "item", claim->lines, claim->line_count, "Claim", 1);
	fhir_put_money(json, "total", claim->total);
	json_write_object_end(json);
}

int fhir_encode_claim(const struct zf_claim *claim, const struct fhir_claim_options *options,
	const struct fhir_message *message, struct zf_arena *arena, struct text_span *ret)
{
	struct claim_writer writer = {.claim = claim, .options = options};
	int rc = fhir_source_read(&writer.source, options->source, arena);
	if (rc != 0) return rc;
	rc = fhir_parties_collect(&writer.parties, claim, options, arena);
	if (rc != 0) return rc;
	const char *id, *url;
	rc = fhir_party_id(&writer.parties, "Claim", &id, &url);
	if (rc != 0) return rc;
	const char *bundle_id = NULL, *bundle_url;
	if (message != NULL) {
		rc = fhir_party_id(&writer.parties, "Bundle", &bundle_id, &bundle_url);
		if (rc != 0) return rc;
	}
	json_write_init(&writer.json, arena, FHIR_DOCUMENT_BYTES_MAX);
	fhir_begin_bundle(&writer.json, message, bundle_id);
	if (message != NULL) {
		const char *header_url = fhir_full_url(arena, options->base_url, "MessageHeader", message->id);
		if (header_url == NULL) return LIB_NOMEM;
		fhir_begin_entry(&writer.json, header_url);
		fhir_put_message_header(&writer.json, message, url);
		fhir_end_entry(&writer.json);
	}
	fhir_parties_put(&writer.json, &writer.parties, "Organization");
	fhir_begin_entry(&writer.json, url);
	put_claim(&writer, id);
	fhir_end_entry(&writer.json);
	fhir_parties_put(&writer.json, &writer.parties, NULL);
	fhir_end_bundle(&writer.json);
	return json_write_finish(&writer.json, ret);
}

/* Persons, parties, coverages and encounters of a claim as entries of its Bundle. */
#include "fhir/encode_party.h"

#include "fhir/link.h"

/* ---- collecting ---- */

int fhir_party_id(struct fhir_parties *parties, const char *type, const char **ret_id, const char **ret_url)
{
	char text[40] = "";
	if (parties->options->new_id(parties->options->ctx, text) != 0) return LIB_NOMEM;
	*ret_id = zf_strdup(parties->arena, text);
	if (*ret_id == NULL) return LIB_NOMEM;
	*ret_url = fhir_full_url(parties->arena, parties->options->base_url, type, *ret_id);
	return *ret_url == NULL ? LIB_NOMEM : 0;
}

static const struct fhir_party *find(const struct fhir_parties *parties, const void *subject)
{
	for (uint32_t i = 0; i < parties->count; i++) {
		if (parties->items[i].subject == subject) return &parties->items[i];
	}
	return NULL;
}

static int add(struct fhir_parties *parties, const char *type, const void *subject)
{
	if (find(parties, subject) != NULL) return 0;
	if (parties->count == parties->cap) {
		uint32_t cap = parties->cap == 0 ? 16 : parties->cap * 2;
		struct fhir_party *items = zf_alloc_array(parties->arena, cap, sizeof(*items));
		if (items == NULL) return LIB_NOMEM;
		if (parties->count > 0) memcpy(items, parties->items, parties->count * sizeof(*items));
		parties->items = items;
		parties->cap = cap;
	}
	struct fhir_party *party = &parties->items[parties->count];
	int rc = fhir_party_id(parties, type, &party->id, &party->url);
	if (rc != 0) return rc;
	party->subject = subject;
	party->type = type;
	parties->count++;
	return 0;
}

static int add_organization(struct fhir_parties *parties, const struct zf_organization *organization)
{
	if (organization == NULL) return 0;
	if (organization->name == NULL && organization->identifier_count == 0) return 0;
	return add(parties, "Organization", organization);
}

static int add_practitioner(struct fhir_parties *parties, const struct zf_practitioner *practitioner)
{
	if (practitioner == NULL) return 0;
	if (practitioner->name == NULL && practitioner->identifier_count == 0) return 0;
	return add(parties, "Practitioner", practitioner);
}

static int add_patient(struct fhir_parties *parties, const struct zf_patient *patient)
{
	if (patient == NULL || (!patient->resolved && patient->identifier_count == 0)) return 0;
	return add(parties, "Patient", patient);
}

static int add_coverages(struct fhir_parties *parties, const struct zf_claim *claim)
{
	int rc = 0;
	for (uint32_t i = 0; i < claim->insurance_count && rc == 0; i++) {
		const struct zf_coverage *coverage = claim->insurance[i]->coverage;
		if (coverage == NULL) continue;
		for (uint32_t k = 0; k < coverage->payor_count && rc == 0; k++) {
			rc = add_organization(parties, coverage->payors[k]);
		}
		if (rc == 0 && coverage->resolved) rc = add(parties, "Coverage", coverage);
	}
	return rc;
}

static int add_encounters(struct fhir_parties *parties, const struct zf_claim *claim)
{
	int rc = 0;
	for (uint32_t i = 0; i < claim->line_count && rc == 0; i++) {
		const struct zf_claim_line *line = claim->lines[i];
		for (uint32_t k = 0; k < line->encounter_count && rc == 0; k++) {
			if (line->encounters[k]->resolved) rc = add(parties, "Encounter", line->encounters[k]);
		}
	}
	return rc;
}

/* The insurer: named by the claim, else the focal coverage's payor, else made of the options alone. */
static int choose_insurer(struct fhir_parties *parties, const struct zf_claim *claim)
{
	parties->insurer = claim->insurer;
	for (uint32_t i = 0; i < claim->insurance_count && parties->insurer == NULL; i++) {
		const struct zf_coverage *coverage = claim->insurance[i]->coverage;
		if (!claim->insurance[i]->focal || coverage == NULL || coverage->payor_count == 0) continue;
		parties->insurer = coverage->payors[0];
	}
	if (parties->options->receiver_id == NULL) return add_organization(parties, parties->insurer);
	if (parties->insurer == NULL) {
		parties->insurer = zf_alloc(parties->arena, sizeof(struct zf_organization));
		if (parties->insurer == NULL) return LIB_NOMEM;
	}
	return add(parties, "Organization", parties->insurer);
}

int fhir_parties_collect(struct fhir_parties *parties, const struct zf_claim *claim,
	const struct fhir_claim_options *options, struct zf_arena *arena)
{
	*parties =
		(struct fhir_parties){.claim = claim, .options = options, .arena = arena, .provider = claim->provider};
	int rc = parties->provider != NULL && options->sender_id != NULL
			 ? add(parties, "Organization", parties->provider)
			 : add_organization(parties, parties->provider);
	if (rc == 0) rc = choose_insurer(parties, claim);
	if (rc == 0) rc = add_patient(parties, claim->patient);
	if (rc == 0) rc = add_practitioner(parties, claim->provider_practitioner);
	for (uint32_t i = 0; i < claim->care_team_count && rc == 0; i++) {
		rc = add_practitioner(parties, claim->care_team[i]->practitioner);
		if (rc == 0) rc = add_organization(parties, claim->care_team[i]->organization);
	}
	if (rc == 0) rc = add_coverages(parties, claim);
	if (rc == 0) rc = add_encounters(parties, claim);
	return rc;
}

const char *fhir_profile_url(
	const struct fhir_claim_options *options, struct zf_arena *arena, const char *type, const char *detail)
{
	const struct zf_profile *profile = options->profile;
	if (profile == NULL || profile->map == NULL) return NULL;
	if (detail != NULL) {
		const char *key = text_printf(arena, "%s.%s", type, detail);
		const char *url = key == NULL ? NULL : profile->map(profile, "profile", key);
		if (url != NULL) return url;
	}
	return profile->map(profile, "profile", type);
}

/* ---- references ---- */

const char *fhir_lasting_reference(const char *reference)
{
	if (reference == NULL || reference[0] == '#') return NULL;
	if (strncmp(reference, "urn:", 4) == 0 || strstr(reference, "://") != NULL) return reference;
	return NULL;
}

static const struct zf_identifier *first(const struct zf_identifier *const *identifiers, uint32_t count)
{
	return count > 0 ? identifiers[0] : NULL;
}

void fhir_put_patient_ref(struct json_writer *writer, const char *key, const struct fhir_parties *parties,
	const struct zf_patient *patient)
{
	if (patient == NULL) return;
	const struct fhir_party *party = find(parties, patient);
	if (party != NULL) {
		fhir_put_reference(writer, key, "Patient", party->url, NULL, NULL);
		return;
	}
	const char *display = patient->name_count > 0 ? patient->names[0]->text : NULL;
	fhir_put_reference(writer, key, "Patient", fhir_lasting_reference(patient->reference), NULL, display);
}

void fhir_put_organization_ref(struct json_writer *writer, const char *key, const struct fhir_parties *parties,
	const struct zf_organization *organization)
{
	if (organization == NULL) return;
	const struct fhir_party *party = find(parties, organization);
	const char *reference = party != NULL ? party->url : fhir_lasting_reference(organization->reference);
	fhir_put_reference(writer, key, "Organization", reference, NULL, NULL);
}

void fhir_put_practitioner_ref(struct json_writer *writer, const char *key, const struct fhir_parties *parties,
	const struct zf_practitioner *practitioner)
{
	if (practitioner == NULL) return;
	const struct fhir_party *party = find(parties, practitioner);
	const char *reference = party != NULL ? party->url : fhir_lasting_reference(practitioner->reference);
	fhir_put_reference(writer, key, "Practitioner", reference, NULL, NULL);
}

void fhir_put_coverage_ref(struct json_writer *writer, const char *key, const struct fhir_parties *parties,
	const struct zf_coverage *coverage)
{
	if (coverage == NULL) return;
	const struct fhir_party *party = find(parties, coverage);
	const struct zf_identifier *identifier =
		party != NULL ? NULL : first(coverage->identifiers, coverage->identifier_count);
	const char *reference = party != NULL ? party->url : fhir_lasting_reference(coverage->reference);
	fhir_put_reference(writer, key, "Coverage", reference, identifier, coverage->display);
}

void fhir_put_encounter_ref(struct json_writer *writer, const char *key, const struct fhir_parties *parties,
	const struct zf_encounter *encounter)
{
	const struct fhir_party *party = find(parties, encounter);
	const struct zf_identifier *identifier =
		party != NULL ? NULL : first(encounter->identifiers, encounter->identifier_count);
	const char *reference = party != NULL ? party->url : fhir_lasting_reference(encounter->reference);
	fhir_put_reference(writer, key, "Encounter", reference, identifier, NULL);
}

/* ---- resources ---- */

static void put_list_begin(struct json_writer *writer, const char *key, bool *open)
{
	if (*open) return;
	json_write_key(writer, key);
	json_write_array_begin(writer);
	*open = true;
}

/* The identifiers of an organization, the one by which the insurer knows it first. */
static void put_organization_identifiers(
	struct json_writer *writer, const struct fhir_parties *parties, const struct zf_organization *organization)
{
	const struct fhir_claim_options *options = parties->options;
	struct zf_identifier given = {0};
	if (organization == parties->provider) {
		given = (struct zf_identifier){.system = options->sender_system, .value = options->sender_id};
	} else if (organization == parties->insurer) {
		given = (struct zf_identifier){.system = options->receiver_system, .value = options->receiver_id};
	}
	bool open = false;
	if (given.value != NULL) {
		put_list_begin(writer, "identifier", &open);
		fhir_put_identifier(writer, NULL, &given);
	}
	for (uint32_t i = 0; i < organization->identifier_count; i++) {
		const struct zf_identifier *own = organization->identifiers[i];
		if (own->value == NULL) continue;
		if (given.value != NULL && strcmp(own->value, given.value) == 0 &&
			text_equal(text_of(own->system), text_of(given.system))) {
			continue;
		}
		put_list_begin(writer, "identifier", &open);
		fhir_put_identifier(writer, NULL, own);
	}
	if (open) json_write_array_end(writer);
}

static void put_organization(
	struct json_writer *writer, const struct fhir_parties *parties, const struct zf_organization *organization)
{
	put_organization_identifiers(writer, parties, organization);
	json_write_member_bool(writer, "active", true);
	if (organization->type != NULL) {
		fhir_put_concepts(writer, "type", parties->options->profile, &organization->type, 1);
	}
	json_write_member(writer, "name", organization->name);
	if (organization->address != NULL) {
		json_write_key(writer, "address");
		json_write_array_begin(writer);
		fhir_put_address(writer, organization->address);
		json_write_array_end(writer);
	}
}

static void put_practitioner(
	struct json_writer *writer, const struct fhir_parties *parties, const struct zf_practitioner *practitioner)
{
	fhir_put_identifiers(writer, "identifier", practitioner->identifiers, practitioner->identifier_count);
	if (practitioner->name != NULL) {
		json_write_key(writer, "name");
		json_write_array_begin(writer);
		fhir_put_name(writer, practitioner->name);
		json_write_array_end(writer);
	}
	if (practitioner->qualification != NULL) {
		json_write_key(writer, "qualification");
		json_write_array_begin(writer);
		json_write_object_begin(writer);
		fhir_put_concept(writer, "code", parties->options->profile, practitioner->qualification);
		json_write_object_end(writer);
		json_write_array_end(writer);
	}
}

static void put_nationality(struct json_writer *writer, const char *nationality)
{
	if (nationality == NULL) return;
	json_write_key(writer, "extension");
	json_write_array_begin(writer);
	json_write_object_begin(writer);
	json_write_key(writer, "extension");
	json_write_array_begin(writer);
	json_write_object_begin(writer);
	json_write_member(writer, "url", "code");
	fhir_put_code(writer, "valueCodeableConcept", "urn:iso:std:iso:3166", nationality, NULL);
	json_write_object_end(writer);
	json_write_array_end(writer);
	json_write_member(writer, "url", "http://hl7.org/fhir/StructureDefinition/patient-nationality");
	json_write_object_end(writer);
	json_write_array_end(writer);
}

static void put_patient(struct json_writer *writer, const struct zf_patient *patient)
{
	put_nationality(writer, patient->nationality);
	fhir_put_identifiers(writer, "identifier", patient->identifiers, patient->identifier_count);
	bool open = false;
	for (uint32_t i = 0; i < patient->name_count; i++) {
		put_list_begin(writer, "name", &open);
		fhir_put_name(writer, patient->names[i]);
	}
	if (open) json_write_array_end(writer);
	open = false;
	for (uint32_t i = 0; i < patient->telecom_count; i++) {
		put_list_begin(writer, "telecom", &open);
		fhir_put_telecom(writer, patient->telecoms[i]);
	}
	if (open) json_write_array_end(writer);
	json_write_member(writer, "gender", patient->gender);
	fhir_put_date(writer, "birthDate", patient->birth_date);
	if (patient->deceased) json_write_member_bool(writer, "deceasedBoolean", true);
	open = false;
	for (uint32_t i = 0; i < patient->address_count; i++) {
		put_list_begin(writer, "address", &open);
		fhir_put_address(writer, patient->addresses[i]);
	}
	if (open) json_write_array_end(writer);
	if (patient->language != NULL) {
		json_write_key(writer, "communication");
		json_write_array_begin(writer);
		json_write_object_begin(writer);
		fhir_put_code(writer, "language", "urn:ietf:bcp:47", patient->language, NULL);
		json_write_object_end(writer);
		json_write_array_end(writer);
	}
}

static void put_class(struct json_writer *writer, const char *code, const char *value)
{
	if (value == NULL) return;
	json_write_object_begin(writer);
	fhir_put_code(writer, "type", "http://terminology.hl7.org/CodeSystem/coverage-class", code, NULL);
	json_write_member(writer, "value", value);
	json_write_object_end(writer);
}

static void put_coverage(
	struct json_writer *writer, const struct fhir_parties *parties, const struct zf_coverage *coverage)
{
	const struct zf_profile *profile = parties->options->profile;
	fhir_put_identifiers(writer, "identifier", coverage->identifiers, coverage->identifier_count);
	json_write_member(writer, "status", coverage->status != NULL ? coverage->status : "active");
	fhir_put_concept(writer, "type", profile, coverage->type);
	json_write_member(writer, "subscriberId", coverage->subscriber_id);
	fhir_put_patient_ref(writer, "beneficiary", parties, parties->claim->patient);
	json_write_member(writer, "dependent", coverage->dependent);
	fhir_put_concept(writer, "relationship", profile, coverage->relationship);
	fhir_put_period(writer, "period", coverage->period);
	json_write_key(writer, "payor");
	json_write_array_begin(writer);
	for (uint32_t i = 0; i < coverage->payor_count; i++) {
		fhir_put_organization_ref(writer, NULL, parties, coverage->payors[i]);
	}
	if (coverage->payor_count == 0) fhir_put_organization_ref(writer, NULL, parties, parties->insurer);
	json_write_array_end(writer);
	if (coverage->group != NULL || coverage->plan != NULL) {
		json_write_key(writer, "class");
		json_write_array_begin(writer);
		put_class(writer, "group", coverage->group);
		put_class(writer, "plan", coverage->plan);
		json_write_array_end(writer);
	}
}

static void put_encounter(
	struct json_writer *writer, const struct fhir_parties *parties, const struct zf_encounter *encounter)
{
	fhir_put_identifiers(writer, "identifier", encounter->identifiers, encounter->identifier_count);
	json_write_member(writer, "status", encounter->status != NULL ? encounter->status : "unknown");
	fhir_put_coding(writer, "class", parties->options->profile, encounter->klass);
	fhir_put_patient_ref(writer, "subject", parties, parties->claim->patient);
	fhir_put_period(writer, "period", encounter->period);
}

static void put_party(struct json_writer *writer, const struct fhir_parties *parties, const struct fhir_party *party)
{
	const char *detail = NULL;
	if (party->type[0] == 'O') detail = party->subject == parties->insurer ? "insurer" : "provider";
	fhir_begin_entry(writer, party->url);
	fhir_begin_resource(writer, party->type, party->id,
		fhir_profile_url(parties->options, parties->arena, party->type, detail));
	switch (party->type[0]) {
	case 'O':
		put_organization(writer, parties, party->subject);
		break;
	case 'C':
		put_coverage(writer, parties, party->subject);
		break;
	case 'E':
		put_encounter(writer, parties, party->subject);
		break;
	default:
		if (party->type[1] == 'a') {
			put_patient(writer, party->subject);
		} else {
			put_practitioner(writer, parties, party->subject);
		}
	}
	json_write_object_end(writer);
	fhir_end_entry(writer);
}

void fhir_parties_put(struct json_writer *writer, const struct fhir_parties *parties, const char *type)
{
	for (uint32_t i = 0; i < parties->count; i++) {
		const struct fhir_party *party = &parties->items[i];
		bool organization = party->type[0] == 'O';
		if (organization == (type != NULL)) put_party(writer, parties, party);
	}
}

/* Follows references between the resources of a document and completes the canonical claim and consent. */
#include "fhir/link.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

const char *fhir_concept_code(const struct zf_concept *concept)
{
	for (uint32_t i = 0; concept != NULL && i < concept->coding_count; i++) {
		if (concept->codings[i]->code != NULL) return concept->codings[i]->code;
	}
	return NULL;
}

bool fhir_concept_has(const struct zf_concept *concept, const char *code)
{
	for (uint32_t i = 0; concept != NULL && i < concept->coding_count; i++) {
		if (concept->codings[i]->code != NULL && strcmp(concept->codings[i]->code, code) == 0) return true;
	}
	return false;
}

/* The resource of one of the two types that the reference points to, or NULL. */
static struct fhir_resource *follow(const struct fhir_link *link, const struct fhir_resource *scope,
	const struct fhir_reference *reference, enum fhir_type type)
{
	struct fhir_resource *resource = NULL;
	if (reference == NULL || reference->reference == NULL) return NULL;
	if (fhir_reference_resolve(link->index, scope, reference->reference, &resource) != FHIR_FOUND) return NULL;
	return resource->type == type && resource->value != NULL ? resource : NULL;
}

#define URN_UUID "urn:uuid:"
#define CONSENT_ACTION_SYSTEM "http://terminology.hl7.org/CodeSystem/consentaction"

static const char *reference_of(const struct fhir_resource *resource, const struct fhir_reference *reference)
{
	return resource->full_url != NULL ? resource->full_url : reference->reference;
}

/* A urn:uuid fullUrl lives inside one Bundle, and a template uses it again for another person: it identifies the
 * patient only where the hospital made it from the resource's own id, and alone, where nothing else came. */
static bool identifies(const struct fhir_resource *resource, const char *reference)
{
	if (reference == NULL || strncmp(reference, URN_UUID, sizeof(URN_UUID) - 1) != 0) return true;
	return resource->id != NULL && strcasecmp(resource->id, reference + sizeof(URN_UUID) - 1) == 0;
}

/* A list of the one identifier that a reference carries. */
static int one_identifier(const struct fhir_link *link, const struct fhir_reference *reference,
	const struct zf_identifier *const **ret_list, uint32_t *ret_count)
{
	if (reference->identifier == NULL || *ret_count > 0) return 0;
	const struct zf_identifier **list = zf_alloc(link->arena, sizeof(void *));
	if (list == NULL) return LIB_NOMEM;
	list[0] = reference->identifier;
	*ret_list = list;
	*ret_count = 1;
	return 0;
}

int fhir_link_patient(const struct fhir_link *link, const struct fhir_resource *scope,
	const struct fhir_reference *reference, const struct zf_patient **ret_patient)
{
	if (reference == NULL) return 0;
	struct fhir_resource *resource = follow(link, scope, reference, FHIR_T_PATIENT);
	struct zf_patient *out;
	if (resource != NULL) {
		struct fhir_patient *patient = resource->value;
		out = &patient->out;
		out->resolved = 1;
		out->reference = reference_of(resource, reference);
		if (!identifies(resource, out->reference)) out->reference = NULL;
		if (patient->deceased_time.precision != ZF_NO_TIME) out->deceased = 1;
		for (uint32_t i = 0; i < patient->communication_count; i++) {
			const struct fhir_communication *communication = patient->communications[i];
			if (out->language != NULL && !communication->preferred) continue;
			out->language = fhir_concept_code(communication->language);
		}
	} else {
		out = zf_alloc(link->arena, sizeof(*out));
		struct zf_name *name = zf_alloc(link->arena, sizeof(*name));
		const struct zf_name **names = zf_alloc(link->arena, sizeof(void *));
		if (out == NULL || name == NULL || names == NULL) return LIB_NOMEM;
		out->reference = reference->reference;
		if (reference->display != NULL) {
			name->text = reference->display;
			names[0] = name;
			out->names = names;
			out->name_count = 1;
		}
	}
	out->size = sizeof(*out);
	*ret_patient = out;
	return one_identifier(link, reference, &out->identifiers, &out->identifier_count);
}

int fhir_link_organization(const struct fhir_link *link, const struct fhir_resource *scope,
	const struct fhir_reference *reference, const struct zf_organization **ret_organization)
{
	if (reference == NULL) return 0;
	struct fhir_resource *resource = follow(link, scope, reference, FHIR_T_ORGANIZATION);
	struct zf_organization *out;
	if (resource != NULL) {
		struct fhir_organization *organization = resource->value;
		out = &organization->out;
		out->reference = reference_of(resource, reference);
		if (organization->address_count > 0) out->address = organization->addresses[0];
		if (organization->type_count > 0) out->type = organization->types[0];
	} else {
		out = zf_alloc(link->arena, sizeof(*out));
		if (out == NULL) return LIB_NOMEM;
		out->name = reference->display;
		out->reference = reference->reference;
	}
	out->size = sizeof(*out);
	*ret_organization = out;
	return one_identifier(link, reference, &out->identifiers, &out->identifier_count);
}

static int link_practitioner(const struct fhir_link *link, const struct fhir_resource *scope,
	const struct fhir_reference *reference, const struct zf_practitioner **ret_practitioner)
{
	struct fhir_resource *resource = follow(link, scope, reference, FHIR_T_PRACTITIONER);
	struct zf_practitioner *out;
	if (resource != NULL) {
		struct fhir_practitioner *practitioner = resource->value;
		out = &practitioner->out;
		out->reference = reference_of(resource, reference);
		if (practitioner->name_count > 0) out->name = practitioner->names[0];
		if (practitioner->qualification_count > 0) out->qualification = practitioner->qualifications[0]->code;
	} else {
		out = zf_alloc(link->arena, sizeof(*out));
		struct zf_name *name = zf_alloc(link->arena, sizeof(*name));
		if (out == NULL || name == NULL) return LIB_NOMEM;
		name->text = reference->display;
		if (reference->display != NULL) out->name = name;
		out->reference = reference->reference;
	}
	out->size = sizeof(*out);
	*ret_practitioner = out;
	return one_identifier(link, reference, &out->identifiers, &out->identifier_count);
}

/* What type a reference says that it points to, when the resource isn't there. */
static bool says_type(const struct fhir_reference *reference, const char *type)
{
	size_t len = strlen(type);
	if (reference->type != NULL && strcmp(reference->type, type) == 0) return true;
	const char *text = reference->reference;
	if (text == NULL) return false;
	for (const char *p = text; (p = strstr(p, type)) != NULL; p += len) {
		if ((p == text || p[-1] == '/') && (p[len] == '/' || p[len] == '?')) return true;
	}
	return false;
}

/* A provider or team member: a practitioner, an organization, or both through a PractitionerRole. */
static int link_provider(const struct fhir_link *link, const struct fhir_resource *scope,
	const struct fhir_reference *reference, const struct zf_practitioner **ret_practitioner,
	const struct zf_organization **ret_organization)
{
	if (reference == NULL) return 0;
	const struct fhir_resource *role = follow(link, scope, reference, FHIR_T_PRACTITIONER_ROLE);
	if (role != NULL) {
		const struct fhir_practitioner_role *value = role->value;
		int rc = fhir_link_organization(link, role, value->organization, ret_organization);
		if (rc != 0 || value->practitioner == NULL) return rc;
		return link_practitioner(link, role, value->practitioner, ret_practitioner);
	}
	if (follow(link, scope, reference, FHIR_T_PRACTITIONER) != NULL || says_type(reference, "Practitioner") ||
		says_type(reference, "PractitionerRole")) {
		return link_practitioner(link, scope, reference, ret_practitioner);
	}
	return fhir_link_organization(link, scope, reference, ret_organization);
}

static int link_coverage(const struct fhir_link *link, const struct fhir_resource *scope,
	const struct fhir_reference *reference, const struct zf_coverage **ret_coverage)
{
	if (reference == NULL) return 0;
	struct fhir_resource *resource = follow(link, scope, reference, FHIR_T_COVERAGE);
	struct zf_coverage *out;
	if (resource == NULL) {
		out = zf_alloc(link->arena, sizeof(*out));
		if (out == NULL) return LIB_NOMEM;
		out->reference = reference->reference;
	} else {
		struct fhir_coverage *coverage = resource->value;
		out = &coverage->out;
		out->resolved = 1;
		out->reference = reference_of(resource, reference);
		for (uint32_t i = 0; i < coverage->class_count; i++) {
			const struct fhir_coverage_class *klass = coverage->classes[i];
			if (fhir_concept_has(klass->type, "group")) out->group = klass->value;
			if (fhir_concept_has(klass->type, "plan")) out->plan = klass->value;
		}
		if (!coverage->linked && coverage->payor_count > 0) {
			const struct zf_organization **payors =
				zf_alloc_array(link->arena, coverage->payor_count, sizeof(void *));
			if (payors == NULL) return LIB_NOMEM;
			for (uint32_t i = 0; i < coverage->payor_count; i++) {
				int rc = fhir_link_organization(link, resource, coverage->payors[i], &payors[i]);
				if (rc != 0) return rc;
			}
			out->payors = payors;
			out->payor_count = coverage->payor_count;
			coverage->linked = 1;
		}
	}
	out->size = sizeof(*out);
	if (reference->display != NULL) out->display = reference->display;
	*ret_coverage = out;
	return one_identifier(link, reference, &out->identifiers, &out->identifier_count);
}

static int link_encounter(const struct fhir_link *link, const struct fhir_resource *scope,
	const struct fhir_reference *reference, const struct zf_encounter **ret_encounter)
{
	struct fhir_resource *resource = follow(link, scope, reference, FHIR_T_ENCOUNTER);
	struct zf_encounter *out;
	if (resource != NULL) {
		out = &((struct fhir_encounter *)resource->value)->out;
		out->resolved = 1;
		out->reference = reference_of(resource, reference);
	} else {
		out = zf_alloc(link->arena, sizeof(*out));
		if (out == NULL) return LIB_NOMEM;
		out->reference = reference->reference;
	}
	out->size = sizeof(*out);
	*ret_encounter = out;
	return one_identifier(link, reference, &out->identifiers, &out->identifier_count);
}

static int link_item(const struct fhir_link *link, const struct fhir_resource *scope, struct fhir_item *item, int level)
{
	struct zf_claim_line *line = &item->out;
	line->level = (uint8_t)level;
	if (item->encounter_count > 0) {
		const struct zf_encounter **encounters =
			zf_alloc_array(link->arena, item->encounter_count, sizeof(void *));
		if (encounters == NULL) return LIB_NOMEM;
		for (uint32_t i = 0; i < item->encounter_count; i++) {
			int rc = link_encounter(link, scope, item->encounters[i], &encounters[i]);
			if (rc != 0) return rc;
		}
		line->encounters = encounters;
		line->encounter_count = item->encounter_count;
	}
	/* R4 nests two levels below an item, and the tables know no more. */
	for (uint32_t i = 0; i < line->detail_count; i++) {
		int rc = link_item(link, scope, (struct fhir_item *)line->details[i], level + 1);
		if (rc != 0) return rc;
	}
	return 0;
}

/* Codes that came by reference: diagnoses, procedures. */
static void link_codes(const struct fhir_link *link, const struct fhir_resource *scope, const struct zf_claim *claim)
{
	for (uint32_t i = 0; i < claim->diagnosis_count; i++) {
		struct fhir_diagnosis *diagnosis = (struct fhir_diagnosis *)claim->diagnoses[i];
		diagnosis->out.resolved = diagnosis->out.concept != NULL;
		if (diagnosis->reference == NULL) continue;
		diagnosis->out.reference = diagnosis->reference->reference;
		const struct fhir_resource *resource = follow(link, scope, diagnosis->reference, FHIR_T_CONDITION);
		if (resource == NULL) continue;
		diagnosis->out.resolved = 1;
		diagnosis->out.concept = ((const struct fhir_condition *)resource->value)->code;
	}
	for (uint32_t i = 0; i < claim->procedure_count; i++) {
		struct fhir_claim_procedure *procedure = (struct fhir_claim_procedure *)claim->procedures[i];
		procedure->out.resolved = procedure->out.concept != NULL;
		if (procedure->reference == NULL) continue;
		procedure->out.reference = procedure->reference->reference;
		const struct fhir_resource *resource = follow(link, scope, procedure->reference, FHIR_T_PROCEDURE);
		if (resource == NULL) continue;
		const struct fhir_procedure *value = resource->value;
		procedure->out.resolved = 1;
		procedure->out.concept = value->code;
		if (procedure->out.date.precision == ZF_NO_TIME) {
			procedure->out.date = value->performed.precision != ZF_NO_TIME ? value->performed
										       : value->performed_period.start;
		}
	}
}

static void link_related(const struct zf_claim *claim)
{
	for (uint32_t i = 0; i < claim->related_count; i++) {
		struct fhir_related *related = (struct fhir_related *)claim->related[i];
		if (related->claim == NULL) continue;
		related->out.reference = related->claim->reference;
		if (related->out.identifier == NULL) related->out.identifier = related->claim->identifier;
	}
}

static int link_lists(const struct fhir_link *link, const struct fhir_resource *scope, const struct zf_claim *claim)
{
	int rc = 0;
	for (uint32_t i = 0; i < claim->care_team_count && rc == 0; i++) {
		struct fhir_care_team *member = (struct fhir_care_team *)claim->care_team[i];
		rc = link_provider(link, scope, member->provider, &member->out.practitioner, &member->out.organization);
	}
	for (uint32_t i = 0; i < claim->insurance_count && rc == 0; i++) {
		struct fhir_insurance *insurance = (struct fhir_insurance *)claim->insurance[i];
		rc = link_coverage(link, scope, insurance->coverage, &insurance->out.coverage);
	}
	for (uint32_t i = 0; i < claim->line_count && rc == 0; i++) {
		rc = link_item(link, scope, (struct fhir_item *)claim->lines[i], 1);
	}
	return rc;
}

/* A fault at an element of an entry's own resource, or of the one that came alone. */
static void resource_fault(const struct fhir_link *link, const struct fhir_resource *resource, const char *element,
	enum fault_code code, const char *arg)
{
	if (resource->in_bundle) {
		fault_addf(link->faults, code, arg, NULL, "Bundle.entry[%u].resource.%s", resource->index, element);
	} else {
		fault_addf(link->faults, code, arg, NULL, "%s.%s", resource->type_name, element);
	}
}

/* A urn:uuid means what has it as fullUrl, and nothing can be asked for it elsewhere: here is nothing of the name. */
static bool dangles(
	const struct fhir_link *link, const struct fhir_resource *scope, const struct fhir_reference *reference)
{
	struct fhir_resource *resource = NULL;
	if (reference->reference == NULL || reference->identifier != NULL) return false;
	if (strncmp(reference->reference, URN_UUID, sizeof(URN_UUID) - 1) != 0) return false;
	return fhir_reference_resolve(link->index, scope, reference->reference, &resource) == FHIR_LOGICAL;
}

/* Two Patients of one document are one person where a number says so: a Coverage may contain its own. */
static bool share_identifier(const struct zf_patient *a, const struct zf_patient *b)
{
	for (uint32_t i = 0; i < a->identifier_count; i++) {
		const struct zf_identifier *one = a->identifiers[i];
		for (uint32_t k = 0; one->value != NULL && k < b->identifier_count; k++) {
			const struct zf_identifier *other = b->identifiers[k];
			if (other->value == NULL || strcmp(one->value, other->value) != 0) continue;
			if (strcmp(one->system == NULL ? "" : one->system,
				    other->system == NULL ? "" : other->system) == 0)
				return true;
		}
	}
	return false;
}

/* Whose coverage is it? References to what was not sent tell nothing, but a urn:uuid is one of this document. */
static void check_coverage(
	const struct fhir_link *link, const struct fhir_resource *scope, const struct fhir_claim *claim, uint32_t index)
{
	const struct fhir_reference *reference = ((struct fhir_insurance *)claim->out.insurance[index])->coverage;
	char element[64];
	int at = snprintf(element, sizeof(element), "insurance[%u].coverage", index);
	if (reference == NULL) return;
	const struct fhir_resource *coverage = follow(link, scope, reference, FHIR_T_COVERAGE);
	if (coverage == NULL) {
		if (dangles(link, scope, reference))
			resource_fault(link, scope, element, FAULT_REFERENCE_UNRESOLVED, URN_UUID "...");
		return;
	}
	const struct fhir_reference *beneficiary = ((const struct fhir_coverage *)coverage->value)->beneficiary;
	if (beneficiary == NULL || claim->patient == NULL) return;
	snprintf(element + at, sizeof(element) - (size_t)at, ".resolve().beneficiary");
	const struct fhir_resource *insured = follow(link, coverage, beneficiary, FHIR_T_PATIENT);
	const struct fhir_resource *patient = follow(link, scope, claim->patient, FHIR_T_PATIENT);
	if (insured == NULL) {
		/* The patient of a claim may be known by nothing but the hospital's urn:uuid. */
		const char *own = claim->patient->reference;
		bool same = own != NULL && beneficiary->reference != NULL && strcmp(own, beneficiary->reference) == 0;
		if (!same && dangles(link, coverage, beneficiary))
			resource_fault(link, scope, element, FAULT_REFERENCE_UNRESOLVED, URN_UUID "...");
		return;
	}
	if (insured == patient || (patient == NULL && !dangles(link, scope, claim->patient))) return;
	if (share_identifier(&((const struct fhir_patient *)insured->value)->out, claim->out.patient)) return;
	resource_fault(link, scope, element, FAULT_COVERAGE_PATIENT, NULL);
}

static uint8_t use_of(const char *use)
{
	if (use == NULL) return 0;
	switch (use[2]) {
	case 'a':
		return ZF_USE_CLAIM;
	case 'e':
		return use[3] == 'a' ? ZF_USE_PREAUTHORIZATION : ZF_USE_PREDETERMINATION;
	default:
		return 0;
	}
}

static bool is_emergency(const struct zf_claim *claim)
{
	if (fhir_concept_has(claim->priority, "stat")) return true;
	const struct zf_encounter *encounter = claim->encounter;
	return encounter != NULL && encounter->klass != NULL && encounter->klass->code != NULL &&
	       strcmp(encounter->klass->code, "EMER") == 0;
}

int fhir_link_claim(const struct fhir_link *link, struct fhir_resource *resource)
{
	struct fhir_claim *claim = resource->value;
	struct zf_claim *out = &claim->out;
	out->size = sizeof(*out);
	out->use = use_of(claim->use);
	out->accident_type = claim->accident.type;
	out->accident_date = claim->accident.date;
	out->extensions = resource->extensions;
	out->extension_count = resource->extension_count;
	int rc = fhir_link_patient(link, resource, claim->patient, &out->patient);
	if (rc == 0) rc = fhir_link_organization(link, resource, claim->insurer, &out->insurer);
	if (rc == 0) rc = link_provider(link, resource, claim->provider, &out->provider_practitioner, &out->provider);
	if (rc == 0) rc = link_lists(link, resource, out);
	if (rc != 0) return rc;
	for (uint32_t i = 0; i < out->insurance_count; i++) check_coverage(link, resource, claim, i);
	link_codes(link, resource, out);
	link_related(out);
	for (uint32_t i = 0; i < out->line_count && out->encounter == NULL; i++) {
		if (out->lines[i]->encounter_count > 0) out->encounter = out->lines[i]->encounters[0];
	}
	out->emergency = is_emergency(out);
	return 0;
}

/* ---- consent ---- */

/* What narrows a consent in a way that the gate can't honour must not be read as a plain yes. */
static void check_provision(
	const struct fhir_link *link, const struct fhir_resource *resource, const struct fhir_provision *provision)
{
	const struct {
		bool present;
		const char *element;
	} narrowing[] = {
		{provision->provision_count > 0, "provision.provision"},
		{provision->data_count > 0, "provision.data"},
		{provision->code_count > 0, "provision.code"},
		{provision->class_count > 0, "provision.class"},
		{provision->label_count > 0, "provision.securityLabel"},
		{provision->data_period.start.precision != ZF_NO_TIME ||
				provision->data_period.end.precision != ZF_NO_TIME,
			"provision.dataPeriod"},
	};
	for (size_t i = 0; i < sizeof(narrowing) / sizeof(narrowing[0]); i++) {
		if (!narrowing[i].present) continue;
		resource_fault(link, resource, narrowing[i].element, FAULT_CONSENT_DETAIL, narrowing[i].element);
	}
}

/* Without actions a provision controls all of them. Of R4's only disclose hands on what the hospital has: access and
 * use are what somebody does who got it, and a code of another system is not understood. */
static bool covers_disclosing(const struct fhir_provision *provision)
{
	for (uint32_t i = 0; i < provision->action_count; i++) {
		const struct zf_concept *action = provision->actions[i];
		for (uint32_t k = 0; k < action->coding_count; k++) {
			const struct zf_coding *coding = action->codings[k];
			if (coding->code != NULL && coding->system != NULL && strcmp(coding->code, "disclose") == 0 &&
				strcmp(coding->system, CONSENT_ACTION_SYSTEM) == 0)
				return true;
		}
	}
	return provision->action_count == 0;
}

/* Who discloses stands beside who receives, and narrows nothing. */
static bool is_discloser(const struct zf_concept *role)
{
	return fhir_concept_has(role, "CST") || fhir_concept_has(role, "AUT") || fhir_concept_has(role, "INF");
}

static int link_recipients(const struct fhir_link *link, struct fhir_resource *resource, struct fhir_consent *consent)
{
	const struct fhir_provision *provision = &consent->provision;
	const struct zf_organization **recipients =
		zf_alloc_array(link->arena, provision->actor_count + 1, sizeof(void *));
	const char **purposes = zf_alloc_array(link->arena, provision->purpose_count + 1, sizeof(void *));
	if (recipients == NULL || purposes == NULL) return LIB_NOMEM;
	uint32_t recipient_count = 0, purpose_count = 0;
	for (uint32_t i = 0; i < provision->actor_count; i++) {
		const struct fhir_consent_actor *actor = provision->actors[i];
		if (actor->reference == NULL) continue;
		if (!fhir_concept_has(actor->role, "IRCP") && !fhir_concept_has(actor->role, "PRCP")) {
			/* Passed over, a consent for one would become a consent for all. */
			if (!is_discloser(actor->role))
				resource_fault(
					link, resource, "provision.actor", FAULT_CONSENT_DETAIL, "provision.actor");
			continue;
		}
		int rc = fhir_link_organization(link, resource, actor->reference, &recipients[recipient_count++]);
		if (rc != 0) return rc;
	}
	for (uint32_t i = 0; i < provision->purpose_count; i++) {
		if (provision->purposes[i]->code != NULL) purposes[purpose_count++] = provision->purposes[i]->code;
	}
	struct zf_consent *out = &consent->out;
	out->recipients = recipient_count > 0 ? recipients : NULL;
	out->recipient_count = recipient_count;
	out->purposes = purpose_count > 0 ? purposes : NULL;
	out->purpose_count = purpose_count;
	return 0;
}

int fhir_link_consent(const struct fhir_link *link, struct fhir_resource *resource)
{
	struct fhir_consent *consent = resource->value;
	struct zf_consent *out = &consent->out;
	out->size = sizeof(*out);
	out->period = consent->provision.period;
	/* R4 leaves the root provision's type open and lets the policy rule say it; without either nothing is
	 * permitted. */
	if (consent->provision.type != NULL) {
		out->permit = strcmp(consent->provision.type, "permit") == 0;
	} else {
		out->permit = fhir_concept_has(consent->policy_rule, "OPTIN") ||
			      fhir_concept_has(consent->policy_rule, "OPTINR");
	}
	if (consent->scope != NULL && !fhir_concept_has(consent->scope, "patient-privacy")) {
		const char *scope = fhir_concept_code(consent->scope);
		resource_fault(link, resource, "scope", FAULT_CONSENT_SCOPE, scope == NULL ? "?" : scope);
	}
	check_provision(link, resource, &consent->provision);
	out->discloses = covers_disclosing(&consent->provision);
	if (out->permit && !out->discloses)
		resource_fault(link, resource, "provision.action", FAULT_CONSENT_ACTION, NULL);
	int rc = fhir_link_patient(link, resource, consent->patient, &out->patient);
	return rc != 0 ? rc : link_recipients(link, resource, consent);
}

/* Code systems and what their codes look like. No code list is complete, national extensions least of all, so a code
 * that looks wrong is a warning, which an insurer's profile may make a fault. */
#include <stdio.h>
#include <string.h>

#include "lib/text.h"
#include "model/validate_internal.h"

/* WHO ICD-10 with the extensions that national editions add after the category: I10, I10.x00x002 (China), S72.00XA
 * (US), M54.5+ and dagger or asterisk marks (Germany). */
#define ICD10 "[A-Z][0-9][0-9A-Z]\\.?[0-9A-Za-z]{0,10}[-+*!]?"

static const struct validate_system systems[] = {
	{"http://hl7.org/fhir/sid/icd-10", ICD10},
	{"http://hl7.org/fhir/sid/icd-10-*", ICD10},
	{"http://hl7.org/fhir/sid/icd-9-cm", "[0-9EV][0-9]{1,3}\\.?[0-9]{0,2}"},
	{"http://fhir.de/CodeSystem/bfarm/icd-10-gm", ICD10},
	{"http://fhir.de/CodeSystem/bfarm/ops", "[0-9]-[0-9]{2}[0-9a-z]\\.?[0-9a-z]{0,2}"},
	{"http://id.who.int/icd/release/11/mms", "[0-9A-Z]{2}[0-9A-Z]{2}\\.?[0-9A-Z]{0,4}[^ ]*"},
	{"http://www.cms.gov/Medicare/Coding/ICD10", "[0-9A-HJ-NP-Z]{7}"},
	{"http://snomed.info/sct", "[1-9][0-9]{5,17}"},
	{"http://loinc.org", "[0-9]+-[0-9]"},
	{"http://www.nlm.nih.gov/research/umls/rxnorm", "[0-9]{1,8}"},
	{"http://hl7.org/fhir/sid/cvx", "[0-9]{1,4}"},
	{"http://hl7.org/fhir/sid/ndc", "[0-9]{4,5}-?[0-9]{3,4}-?[0-9]{1,2}"},
	{"http://www.whocc.no/atc", "[A-Z][0-9]{0,2}[A-Z]{0,2}[0-9]{0,2}"},
	{"http://www.ama-assn.org/go/cpt", "[0-9]{4}[0-9A-Z]"},
	{"http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets", "[A-Z][0-9]{4}"},
	{"https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets", "[A-Z][0-9]{4}"},
	{"http://www.ada.org/cdt", "D[0-9]{4}"},
	{"http://unitsofmeasure.org", NULL},
	{"http://terminology.hl7.org/CodeSystem/*", NULL},
	{"urn:oid:*", NULL},
};

static const struct validate_system *find_in(const struct validate_system *list, size_t count, const char *system)
{
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(list[i].system);
		bool prefix = len > 0 && list[i].system[len - 1] == '*';
		if (prefix ? strncmp(list[i].system, system, len - 1) == 0 : strcmp(list[i].system, system) == 0)
			return &list[i];
	}
	return NULL;
}

static const struct validate_system *find(struct validation *v, const char *system)
{
	if (v->last_system != NULL && (v->last_system == system || strcmp(v->last_system, system) == 0))
		return v->last_match;
	const struct validate_system *match = find_in(v->options->systems, v->options->system_count, system);
	if (match == NULL) match = find_in(v->options->more_systems, v->options->more_system_count, system);
	if (match == NULL) match = find_in(systems, ARRAY_LEN(systems), system);
	v->last_system = system;
	v->last_match = match;
	return match;
}

/* A warning about an unknown system comes once per system: forty lines of one local tariff are one remark. As a fault
 * it comes at each place. */
static bool say_system(struct validation *v, const char *system)
{
	if (v->unknown_codes >= FAULT_FAULT) return true;
	for (uint32_t i = 0; i < v->systems_said_count; i++)
		if (strcmp(v->systems_said[i], system) == 0) return false;
	if (v->systems_said_count < VALIDATE_SYSTEMS_SAID_MAX) v->systems_said[v->systems_said_count++] = system;
	return true;
}

static void check_coding(struct validation *v, const struct zf_coding *coding, const struct place *place, uint32_t i)
{
	char tail[40];
	enum fault_severity severity = (enum fault_severity)v->unknown_codes;
	if (coding->code == NULL) return;
	if (coding->system == NULL) {
		if (!say_system(v, "")) return;
		snprintf(tail, sizeof(tail), ".coding[%u].system", i);
		validation_fault_as(v, FAULT_CODE_SYSTEM_MISSING, severity, place, tail, coding->code, NULL);
		return;
	}
	const struct validate_system *match = find(v, coding->system);
	if (match == NULL) {
		if (!say_system(v, coding->system)) return;
		snprintf(tail, sizeof(tail), ".coding[%u].system", i);
		validation_fault_as(v, FAULT_CODE_SYSTEM_UNKNOWN, severity, place, tail, coding->system, NULL);
	} else if (match->pattern != NULL && text_match(match->pattern, text_of(coding->code)) != 1) {
		snprintf(tail, sizeof(tail), ".coding[%u].code", i);
		validation_fault_as(v, FAULT_CODE_PATTERN, severity, place, tail, coding->code, coding->system);
	}
}

void validation_concept(
	struct validation *v, const struct zf_concept *concept, bool required, const struct place *place)
{
	bool says = concept != NULL && concept->text != NULL;
	for (uint32_t i = 0; concept != NULL && i < concept->coding_count; i++) {
		const struct zf_coding *coding = concept->codings[i];
		if (coding->code != NULL || coding->display != NULL) says = true;
		check_coding(v, coding, place, i);
	}
	if (!says && required) validation_fault(v, FAULT_CODE_MISSING, place, NULL, NULL, NULL);
}

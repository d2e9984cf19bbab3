/* Validates a claim as a whole: who, with which insurance, and then dates, codes and lines. */
#include "model/validate.h"

#include <stdio.h>
#include <string.h>

#include "lib/country.h"
#include "model/validate_internal.h"

size_t place_format(const struct place *place, char path[FAULT_PATH_BYTES_MAX])
{
	static const char *const names[] = {"item", ".detail", ".subDetail"};
	size_t len = 0;
	path[0] = '\0';
	/* At most 3 x (10 + 12) for the line and 40 each for list and element: well within the path's room. */
	for (uint8_t i = 0; place->line != NULL && i < place->line->level; i++)
		len += (size_t)snprintf(
			path + len, FAULT_PATH_BYTES_MAX - len, "%s[%u]", names[i], place->line->index[i]);
	if (place->list != NULL)
		len += (size_t)snprintf(path + len, FAULT_PATH_BYTES_MAX - len, "%s%s[%u]", len == 0 ? "" : ".",
			place->list, place->index);
	if (place->element != NULL)
		len += (size_t)snprintf(
			path + len, FAULT_PATH_BYTES_MAX - len, "%s%s", len == 0 ? "" : ".", place->element);
	return len;
}

/* PATH, PATH.element or PATH.element tail. */
static void full_path(const struct validation *v, const struct place *place, const char *tail, char *ret, size_t size)
{
	char below[FAULT_PATH_BYTES_MAX];
	size_t len = place_format(place, below);
	snprintf(ret, size, "%s%s%s%s", v->path, len == 0 ? "" : ".", below, tail == NULL ? "" : tail);
}

void validation_fault_as(struct validation *v, enum fault_code code, enum fault_severity severity,
	const struct place *place, const char *tail, const char *arg1, const char *arg2)
{
	char path[2 * FAULT_PATH_BYTES_MAX];
	full_path(v, place, tail, path, sizeof(path));
	for (uint32_t i = 0; i < v->faults_before; i++) {
		const struct fault *said = &v->faults->items[i];
		if (said->severity >= FAULT_FAULT && strcmp(said->path, path) == 0) return;
	}
	fault_add_as(v->faults, code, severity, path, arg1, arg2);
}

void validation_fault(struct validation *v, enum fault_code code, const struct place *place, const char *tail,
	const char *arg1, const char *arg2)
{
	validation_fault_as(v, code, (enum fault_severity)fault_lookup(code)->severity, place, tail, arg1, arg2);
}

bool validation_said(const struct validation *v, const char *element)
{
	char path[2 * FAULT_PATH_BYTES_MAX];
	full_path(v, AT(element), NULL, path, sizeof(path));
	size_t len = strlen(path);
	for (uint32_t i = 0; i < v->faults_before; i++) {
		const struct fault *said = &v->faults->items[i];
		if (said->severity < FAULT_FAULT || strncmp(said->path, path, len) != 0) continue;
		if (said->path[len] == '\0' || said->path[len] == '.' || said->path[len] == '[') return true;
	}
	return false;
}

/* A URI with a scheme, not "Patient/1" and not "#p". */
static bool is_absolute(const char *reference)
{
	return reference != NULL && reference[0] != '#' && strchr(reference, ':') != NULL;
}

static bool has_identity(const struct zf_patient *patient)
{
	if (patient == NULL) return false;
	for (uint32_t i = 0; i < patient->identifier_count; i++)
		if (patient->identifiers[i]->value != NULL) return true;
	return is_absolute(patient->reference);
}

/* Codes that ISO 3166 only reserves; bills carry them all the same. */
static bool is_reserved_country(const char *code)
{
	static const char *const reserved[] = {
		"UK", "EU", "UN", "SU", "FX", "AC", "TA", "IC", "EA", "XK", "XKX", "UNK"};
	for (size_t i = 0; i < ARRAY_LEN(reserved); i++)
		if (strcmp(code, reserved[i]) == 0) return true;
	return false;
}

/* R4 lets a country be a name as well: what looks like a code must be one, anything else is a remark. */
static void check_country(struct validation *v, const char *country, const struct place *place)
{
	if (country == NULL || country_find(text_of(country)) != NULL) return;
	size_t len = strlen(country);
	bool code = (len == 2 || len == 3) && strspn(country, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == len;
	bool fault = code && !is_reserved_country(country);
	validation_fault_as(v, FAULT_COUNTRY_UNKNOWN, fault ? FAULT_FAULT : FAULT_WARNING, place, NULL, NULL, NULL);
}

/* One that the claim leads to by two ways is reported where it stands first: as provider, then as insurer. */
static void check_organization(
	struct validation *v, const struct zf_organization *organization, const struct place *place)
{
	const struct zf_claim *claim = v->claim;
	if (organization == NULL || organization->address == NULL) return;
	if (claim->provider != NULL && claim->provider->address == organization->address && place->list != NULL) return;
	if (claim->insurer != NULL && claim->insurer->address == organization->address && place->list != NULL) return;
	check_country(v, organization->address->country, place);
}

static void check_organizations(struct validation *v)
{
	const struct zf_claim *claim = v->claim;
	char element[96];
	check_organization(v, claim->provider, AT("provider.resolve().address[0].country"));
	check_organization(v, claim->insurer, AT("insurer.resolve().address[0].country"));
	for (uint32_t i = 0; i < claim->care_team_count; i++)
		check_organization(v, claim->care_team[i]->organization,
			AT_LIST("careTeam", i, "provider.resolve().address[0].country"));
	for (uint32_t i = 0; i < claim->insurance_count; i++) {
		const struct zf_coverage *coverage = claim->insurance[i]->coverage;
		for (uint32_t k = 0; coverage != NULL && k < coverage->payor_count; k++) {
			snprintf(element, sizeof(element), "coverage.resolve().payor[%u].resolve().address[0].country",
				k);
			check_organization(v, coverage->payors[k], AT_LIST("insurance", i, element));
		}
	}
}

static void check_parties(struct validation *v)
{
	const struct zf_claim *claim = v->claim;
	const struct zf_patient *patient = claim->patient;
	if (!has_identity(patient)) validation_fault(v, FAULT_PATIENT_IDENTITY, AT("patient"), NULL, NULL, NULL);
	for (uint32_t i = 0; patient != NULL && i < patient->address_count; i++)
		check_country(v, patient->addresses[i]->country, AT_LIST("patient.resolve().address", i, "country"));
	if (patient != NULL) check_country(v, patient->nationality, AT("patient.resolve().extension"));
	check_organizations(v);
}

static void check_insurance(struct validation *v)
{
	const struct zf_claim *claim = v->claim;
	uint32_t focal = 0;
	if (claim->insurance_count == 0) {
		validation_fault(v, FAULT_INSURANCE_MISSING, AT("insurance"), NULL, NULL, NULL);
		return;
	}
	for (uint32_t i = 0; i < claim->insurance_count; i++) focal += claim->insurance[i]->focal != 0;
	if (focal == 1 || validation_said(v, "insurance")) return;
	char count[12];
	snprintf(count, sizeof(count), "%u", focal);
	validation_fault(v, FAULT_INSURANCE_FOCAL, AT("insurance"), NULL, count, NULL);
}

static void check_codes(struct validation *v)
{
	const struct zf_claim *claim = v->claim;
	for (uint32_t i = 0; i < claim->diagnosis_count; i++) {
		const struct zf_diagnosis *diagnosis = claim->diagnoses[i];
		/* A reference without its resource is an identity that the insurer may know. */
		validation_concept(v, diagnosis->concept, diagnosis->reference == NULL,
			AT_LIST("diagnosis", i, "diagnosisCodeableConcept"));
	}
	for (uint32_t i = 0; i < claim->procedure_count; i++) {
		const struct zf_procedure *procedure = claim->procedures[i];
		validation_concept(v, procedure->concept, procedure->reference == NULL,
			AT_LIST("procedure", i, "procedureCodeableConcept"));
	}
}

static int check_sequences(struct validation *v)
{
	const struct zf_claim *claim = v->claim;
	struct sequence_set unused;
	int rc = validation_sequences(v, NULL, "careTeam", (const void *const *)claim->care_team,
		claim->care_team_count, offsetof(struct zf_care_team, sequence), &v->care_team);
	if (rc == 0)
		rc = validation_sequences(v, NULL, "supportingInfo", (const void *const *)claim->supporting_info,
			claim->supporting_info_count, offsetof(struct zf_supporting_info, sequence), &v->information);
	if (rc == 0)
		rc = validation_sequences(v, NULL, "diagnosis", (const void *const *)claim->diagnoses,
			claim->diagnosis_count, offsetof(struct zf_diagnosis, sequence), &v->diagnoses);
	if (rc == 0)
		rc = validation_sequences(v, NULL, "procedure", (const void *const *)claim->procedures,
			claim->procedure_count, offsetof(struct zf_procedure, sequence), &v->procedures);
	if (rc == 0)
		rc = validation_sequences(v, NULL, "insurance", (const void *const *)claim->insurance,
			claim->insurance_count, offsetof(struct zf_insurance, sequence), &unused);
	return rc;
}

static struct validation validation_of(
	const struct validate_options *options, const char *path, struct fault_list *faults)
{
	int64_t latest_ms = options->now_ms + (options->skew_ms != 0 ? options->skew_ms : VALIDATE_SKEW_MS);
	return (struct validation){.options = options,
		.faults = faults,
		.path = path,
		.faults_before = faults->count,
		.latest_ms = latest_ms,
		.today = options->zone != NULL ? zone_day(options->zone, latest_ms) : latest_ms / ZONE_DAY_MS};
}

int validate_claim(const struct zf_claim *claim, const char *path, const struct validate_options *options,
	struct fault_list *faults, struct validate_result *ret_result)
{
	struct validation v = validation_of(options, path, faults);
	v.claim = claim;
	v.unknown_codes = options->unknown_codes != FAULT_NONE ? options->unknown_codes : FAULT_WARNING;

	if (claim->status != NULL && strcmp(claim->status, "active") != 0)
		validation_fault(&v, FAULT_CLAIM_STATUS, AT("status"), NULL, claim->status, NULL);
	if (claim->identifier_count == 0 && !options->has_idempotency_key)
		validation_fault(&v, FAULT_IDENTIFIER_MISSING, AT("identifier"), NULL, NULL, NULL);
	check_parties(&v);
	check_insurance(&v);
	check_codes(&v);
	ret_result->service_day = validation_days(&v);
	int rc = check_sequences(&v);
	struct zf_money total = claim->total;
	if (rc == 0) rc = validation_lines(&v, &total);
	ret_result->total = total;
	if (rc != 0 || faults->no_memory) return err_set(ERR_NOMEM, "no memory to validate a claim");
	return 0;
}

void validate_task(const char *code, const char *path, struct fault_list *faults)
{
	if (code == NULL || strcmp(code, "cancel") != 0)
		fault_addf(faults, FAULT_TASK_CODE, code, NULL, "%s.code", path);
}

/* A refusal, a withdrawal, and what permits other things open nothing. */
static bool is_permission(const struct zf_consent *consent)
{
	return consent->permit && consent->discloses && consent->status != NULL &&
	       strcmp(consent->status, "active") == 0;
}

/* Who permits to disclose says to whom and what for: an open permission is none (PIPL art. 39). A refusal that names
 * neither refuses all, and what permits other things than to disclose says nothing to the gate. */
static void check_permission(const struct zf_consent *consent, const char *path, struct fault_list *faults)
{
	if (!is_permission(consent)) return;
	if (consent->recipient_count == 0)
		fault_addf(faults, FAULT_CONSENT_RECIPIENT, NULL, NULL, "%s.provision.actor", path);
	if (consent->purpose_count == 0)
		fault_addf(faults, FAULT_CONSENT_PURPOSE, NULL, NULL, "%s.provision.purpose", path);
}

void validate_consent(const struct zf_consent *consent, const char *path, const struct validate_options *options,
	struct fault_list *faults)
{
	char at[FAULT_PATH_BYTES_MAX];
	struct validation v = validation_of(options, path, faults);
	check_permission(consent, path, faults);
	/* Nobody has permitted it yet; and no later word of his would count before that day. Who refuses is never
	 * refused for a slip of the pen: it counts at once. */
	(void)validation_future(
		&v, &consent->date, is_permission(consent) ? FAULT_DATE_FUTURE : FAULT_CONSENT_FUTURE, AT("dateTime"));
	if (has_identity(consent->patient)) return;
	snprintf(at, sizeof(at), "%s.patient", path);
	for (uint32_t i = 0; i < faults->count; i++)
		if (strcmp(faults->items[i].path, at) == 0) return;
	fault_add(faults, FAULT_CONSENT_PATIENT, at, NULL, NULL);
}

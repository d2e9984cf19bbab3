/* Forms of single values in hospital and insurer files. */
#include "model/directory_form.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "lib/base64.h"
#include "lib/currency.h"
#include "lib/date.h"
#include "lib/decimal.h"
#include "model/directory.h"

#define DIGITS "0123456789"
#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define NAME_CHARS DIGITS LOWER UPPER "._-"
#define PIN_PREFIX "sha256//"
#define PIN_BYTES 32

/* Resource types of FHIR R4. A type that does not exist allows nothing, and nobody would notice. */
static const char resource_types[] =
	" Account ActivityDefinition AdverseEvent AllergyIntolerance Appointment AppointmentResponse "
	"AuditEvent Basic Binary BiologicallyDerivedProduct BodyStructure Bundle CapabilityStatement "
	"CarePlan CareTeam CatalogEntry ChargeItem ChargeItemDefinition Claim ClaimResponse "
	"ClinicalImpression CodeSystem Communication CommunicationRequest CompartmentDefinition "
	"Composition ConceptMap Condition Consent Contract Coverage CoverageEligibilityRequest "
	"CoverageEligibilityResponse DetectedIssue Device DeviceDefinition DeviceMetric DeviceRequest "
	"DeviceUseStatement DiagnosticReport DocumentManifest DocumentReference EffectEvidenceSynthesis "
	"Encounter Endpoint EnrollmentRequest EnrollmentResponse EpisodeOfCare EventDefinition Evidence "
	"EvidenceVariable ExampleScenario ExplanationOfBenefit FamilyMemberHistory Flag Goal "
	"GraphDefinition Group GuidanceResponse HealthcareService ImagingStudy Immunization "
	"ImmunizationEvaluation ImmunizationRecommendation ImplementationGuide InsurancePlan Invoice "
	"Library Linkage List Location Measure MeasureReport Media Medication MedicationAdministration "
	"MedicationDispense MedicationKnowledge MedicationRequest MedicationStatement MedicinalProduct "
	"MedicinalProductAuthorization MedicinalProductContraindication MedicinalProductIndication "
	"MedicinalProductIngredient MedicinalProductInteraction MedicinalProductManufactured "
	"MedicinalProductPackaged MedicinalProductPharmaceutical MedicinalProductUndesirableEffect "
	"MessageDefinition MessageHeader MolecularSequence NamingSystem NutritionOrder Observation "
	"ObservationDefinition OperationDefinition OperationOutcome Organization OrganizationAffiliation "
	"Parameters Patient PaymentNotice PaymentReconciliation Person PlanDefinition Practitioner "
	"PractitionerRole Procedure Provenance Questionnaire QuestionnaireResponse RelatedPerson "
	"RequestGroup ResearchDefinition ResearchElementDefinition ResearchStudy ResearchSubject "
	"RiskAssessment RiskEvidenceSynthesis Schedule SearchParameter ServiceRequest Slot Specimen "
	"SpecimenDefinition StructureDefinition StructureMap Subscription Substance SubstanceNucleicAcid "
	"SubstancePolymer SubstanceProtein SubstanceReferenceInformation SubstanceSourceMaterial "
	"SubstanceSpecification SupplyDelivery SupplyRequest Task TerminologyCapabilities TestReport "
	"TestScript ValueSet VerificationResult VisionPrescription ";

/* HL7's value set v3-PurposeOfUse as FHIR R4 has it. No consent names what is not in it, and a claim that waits for one
 * would wait for ever. */
static const char purposes_of_use[] =
	" HMARKT HOPERAT CAREMGT DONAT FRAUD GOV HACCRED HCOMPL HDECD HDIRECT HDM HLEGAL HOUTCOMS HPRGRP HQUALIMP "
	"HSYSADMIN LABELING METAMGT MEMADMIN MILCDM PATADMIN PATSFTY PERFMSR RECORDMGT SYSDEV HTEST TRAIN HPAYMT "
	"CLMATTCH COVAUTH COVERAGE ELIGDTRM ELIGVER ENROLLM MILDCRG REMITADV HRESCH BIORCH CLINTRCH CLINTRCHNPC "
	"CLINTRCHPC PRECLINTRCH DSRCH POARCH TRANSRCH PATRQT FAMRQT PWATRNY SUPNWK PUBHLTH DISASTER THREAT TREAT "
	"CLINTRL COC ETREAT BTG ERTREAT POPHLTH ";

static bool is_made_of(const char *text, const char *chars)
{
	return text[0] != '\0' && text[strspn(text, chars)] == '\0';
}

const char *form_uuid(const char *text)
{
	struct uuid id;

	return uuid_parse(text, &id) == 0 && !uuid_is_nil(&id) ? NULL : "is not a UUID";
}

const char *form_hospital_code(const char *text)
{
	if (strlen(text) != HOSPITAL_CODE_LEN || !is_made_of(text, DIGITS UPPER)) return "is not three of 0-9 and A-Z";
	return hospital_code_valid(text) ? NULL
					 : "is one of the few in which a ref's check character cannot see a swap";
}

const char *form_currency(const char *text)
{
	return currency_exponent(text) >= 0 ? NULL : "is not a currency of ISO 4217";
}

const char *form_account(const char *text)
{
	return is_made_of(text, DIGITS UPPER "-") ? NULL : "may have only A-Z, 0-9 and hyphen";
}

const char *form_charset(const char *text)
{
	static const char *const names[] = {"utf-8", "iso-8859-1", "iso-8859-15", "gb18030"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(text, names[i]) == 0) return NULL;
	return "is none of utf-8, iso-8859-1, iso-8859-15, gb18030";
}

const char *form_sign(const char *text)
{
	bool sign = strlen(text) == 1 && text[0] > 0 && strchr(DIGITS LOWER UPPER "-+\"", text[0]) == NULL;

	return sign ? NULL : "is not one sign of punctuation";
}

const char *form_insurer(const char *text)
{
	return is_made_of(text, DIGITS LOWER "-") && text[0] != '-' && strlen(text) <= 32
		       ? NULL
		       : "is no insurer's code of lower case letters, digits and hyphens";
}

/* Written by itself a day of two digits each must be read again. */
const char *form_date_form(const char *text)
{
	char day[64];
	size_t at = 0;
	int64_t ret;

	for (const char *p = text; *p != '\0' && at + 4 < sizeof(day);) {
		bool same = p[1] == p[0];

		if (strncmp(p, "YYYY", 4) == 0) {
			memcpy(day + at, "2026", 4);
			at += 4;
			p += 4;
		} else if (*p == 'Y' || *p == 'M' || *p == 'D') {
			memcpy(day + at, *p == 'Y' ? "26" : "12", 2);
			at += 2;
			p += same ? 2 : 1;
		} else {
			day[at++] = *p++;
		}
	}
	return date_parse_form((struct text_span){day, at}, text, &ret) == 0
		       ? NULL
		       : "is no form of a day, such as YYYY-MM-DD or D.M.YYYY";
}

/* A board's prices are for what a bank bought or sold, not for what is owed. */
const char *form_rate_source(const char *text)
{
	enum rate_source source = rate_source_find(text_of(text));

	return source == RATE_CFETS || source == RATE_ECB || source == RATE_MANUAL ? NULL
										   : "is none of cfets, ecb, manual";
}

const char *form_rate_file(const char *text)
{
	static const char board[] = "board:";
	bool is_bank = strncmp(text, board, sizeof(board) - 1) == 0 && text[sizeof(board) - 1] != '\0' &&
		       strlen(text) < sizeof(board) + 32 && is_made_of(text + sizeof(board) - 1, DIGITS LOWER "-");

	return is_bank || strcmp(text, "cfets") == 0 ? NULL : "is neither cfets nor board:BANK of a-z, 0-9 and hyphen";
}

unsigned revalued_of(const char *name)
{
	static const struct {
		const char *name;
		unsigned kind;
	} kinds[] = {{"receivable", REVALUE_RECEIVABLE}, {"suspense", REVALUE_SUSPENSE}, {"bank", REVALUE_BANK}};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (strcmp(kinds[i].name, name) == 0) return kinds[i].kind;
	return 0;
}

const char *form_revalued(const char *text)
{
	return revalued_of(text) != 0 ? NULL : "is none of receivable, suspense, bank";
}

unsigned interruption_of(const char *name)
{
	static const struct {
		const char *name;
		unsigned kind;
	} kinds[] = {{"demand", INTERRUPTION_DEMAND}, {"acknowledgement", INTERRUPTION_ACKNOWLEDGEMENT},
		{"part-payment", INTERRUPTION_PART_PAYMENT}};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (strcmp(kinds[i].name, name) == 0) return kinds[i].kind;
	return 0;
}

const char *form_interruption(const char *text)
{
	return interruption_of(text) != 0 ? NULL : "is none of demand, acknowledgement, part-payment";
}

const char *form_take_backs(const char *text)
{
	return strcmp(text, "disputed") == 0 || strcmp(text, "accepted") == 0 ? NULL
									      : "is neither disputed nor accepted";
}

bool band_of(const char *text, struct provision_band *ret_band)
{
	size_t digits = strspn(text, DIGITS);
	const char *share = text + digits;
	struct zf_decimal percent;

	if (digits == 0 || digits > 5 || *share != ':') return false;
	share += 1 + strspn(share + 1, " ");
	if (decimal_parse(text_of(share), &percent) != 0 || decimal_sign(percent) < 0 || percent.scale > 2 ||
		decimal_round(percent, 2, DECIMAL_HALF_AWAY, &percent) != 0 || percent.unscaled > 10000)
		return false;
	*ret_band = (struct provision_band){(uint32_t)strtoul(text, NULL, 10), (uint32_t)percent.unscaled};
	return true;
}

const char *form_band(const char *text)
{
	struct provision_band band;

	return band_of(text, &band) ? NULL : "is not DAYS: PER CENT, with at most two decimals and 100";
}

const char *form_limit(const char *text)
{
	struct zf_decimal limit;

	return decimal_parse(text_of(text), &limit) == 0 && decimal_sign(limit) >= 0 ? NULL : "is not an amount";
}

const char *form_declaration_code(const char *text)
{
	return text[0] == '\0' || (strlen(text) == 6 && is_made_of(text, DIGITS)) ? NULL : "is not of six digits";
}

const char *form_client(const char *text)
{
	return is_made_of(text, NAME_CHARS) ? NULL : "may have only letters, digits, dot, hyphen and underscore";
}

const char *form_fingerprint(const char *text)
{
	return strlen(text) == 64 && is_made_of(text, DIGITS "abcdefABCDEF")
		       ? NULL
		       : "is not a SHA-256 fingerprint of 64 hexadecimal digits";
}

uint32_t scope_of(const char *name)
{
	static const struct {
		const char *name;
		uint32_t scope;
	} scopes[] = {{"submit", SCOPE_SUBMIT}, {"read", SCOPE_READ}, {"consent", SCOPE_CONSENT},
		{"cancel", SCOPE_CANCEL}, {"finance.read", SCOPE_FINANCE_READ}, {"finance.write", SCOPE_FINANCE_WRITE},
		{"finance.rates", SCOPE_FINANCE_RATES}, {"inspector", SCOPE_INSPECTOR}};

	for (size_t i = 0; i < ARRAY_LEN(scopes); i++)
		if (strcmp(scopes[i].name, name) == 0) return scopes[i].scope;
	return 0;
}

const char *form_scope(const char *text)
{
	return scope_of(text) != 0
		       ? NULL
		       : "is none of submit, read, consent, cancel, finance.read, finance.write, finance.rates, inspector";
}

const char *form_name(const char *text)
{
	return form_client(text);
}

/* What is behind the scheme, or NULL. */
static const char *authority_of(const char *url)
{
	if (strncmp(url, "https://", 8) == 0) return url + 8;
	return strncmp(url, "http://", 7) == 0 ? url + 7 : NULL;
}

const char *form_url(const char *text)
{
	static const char wrong[] = "is not https://HOST[:PORT][/PATH]";
	const char *host = authority_of(text);
	const char *end;
	size_t len;

	if (host == NULL) return wrong;
	if (host[0] == '[') {
		len = 1 + strspn(host + 1, DIGITS "abcdefABCDEF:.");
		if (len < 3 || host[len] != ']') return wrong;
		len++;
	} else {
		len = strspn(host, NAME_CHARS);
	}
	if (len == 0) return wrong;
	end = host + len;
	if (*end == ':') {
		size_t digits = strspn(end + 1, DIGITS);
		unsigned long port = strtoul(end + 1, NULL, 10);

		if (digits == 0 || digits > 5 || port == 0 || port > UINT16_MAX) return wrong;
		end += 1 + digits;
	}
	/* The module's path goes behind it, so it has no query and no fragment. */
	if (*end != '\0' && *end != '/') return wrong;
	for (; *end != '\0'; end++)
		if ((unsigned char)*end <= ' ' || (unsigned char)*end >= 0x7f || strchr("?#\"<>\\^`{|}", *end) != NULL)
			return wrong;
	return NULL;
}

bool form_url_is_loopback(const char *url)
{
	const char *host = authority_of(url);
	size_t len = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/");

	return (len == 9 && strncmp(host, "localhost", len) == 0) || (len == 5 && strncmp(host, "[::1]", len) == 0) ||
	       (strncmp(host, "127.", 4) == 0 && strspn(host, DIGITS ".") == len);
}

const char *form_pin(const char *text)
{
	uint8_t bytes[BASE64_BYTES_MAX(BASE64_TEXT_SIZE(PIN_BYTES))];
	size_t len = strlen(text);

	if (len == sizeof(PIN_PREFIX) - 1 + BASE64_TEXT_SIZE(PIN_BYTES) - 1 &&
		strncmp(text, PIN_PREFIX, sizeof(PIN_PREFIX) - 1) == 0 &&
		base64_decode(text + sizeof(PIN_PREFIX) - 1, len - (sizeof(PIN_PREFIX) - 1), bytes, &len) == 0 &&
		len == PIN_BYTES)
		return NULL;
	return "is not of the form sha256//BASE64";
}

const char *form_system(const char *text)
{
	const char *colon = strchr(text, ':');
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] <= ' ' || text[i] == '\x7f') return "has a blank in it";
	if (colon == NULL || colon == text || colon[1] == '\0' || len > 256)
		return "is not a URI, such as https://hospital.example/bill";
	return NULL;
}

const char *form_purpose(const char *text)
{
	char word[16]; /* the longest of them, its blanks and some */

	if (is_made_of(text, UPPER) && (size_t)snprintf(word, sizeof(word), " %s ", text) < sizeof(word) &&
		strstr(purposes_of_use, word) != NULL)
		return NULL;
	return "is no purpose of HL7's v3-PurposeOfUse, such as HPAYMT";
}

const char *form_field(const char *text)
{
	static const char wrong[] = "is not a path from a resource type, such as Patient.name";
	size_t type_len = strcspn(text, ".");
	char type[64];

	if (strcmp(text, "*") == 0) return NULL;
	if ((size_t)snprintf(type, sizeof(type), " %.*s ", (int)type_len, text) >= sizeof(type)) return wrong;
	if (strchr(type + 1, ' ') != type + type_len + 1 || strstr(resource_types, type) == NULL) return wrong;
	for (const char *at = text + type_len; *at != '\0';) {
		size_t len = strspn(at + 1, DIGITS LOWER UPPER);

		if (*at != '.' || len == 0 || at[1] < 'a' || at[1] > 'z') return wrong;
		at += 1 + len;
	}
	return NULL;
}

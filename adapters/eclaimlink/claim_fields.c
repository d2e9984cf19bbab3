/* What of a claim becomes which element: the mapping table of eclaimlink(7) in code. */
#include <stdio.h>
#include <string.h>

#include "eclaimlink/claim_write.h"
#include "lib/money.h"

static const struct eclaim_code encounter_types[] = {{"AMB", "1"}, {"EMER", "2"}, {"IMP", "3"}, {"ACUTE", "3"},
	{"NONAC", "3"}, {"SS", "5"}, {"OBSENC", "5"}, {"HH", "12"}, {"FLD", "15"}, {NULL, NULL}};
static const struct eclaim_code diagnosis_types[] = {{"principal", "Principal"}, {"admitting", "Admitting"},
	{"secondary", "Secondary"}, {"clinical", "Secondary"}, {"discharge", "Secondary"}, {NULL, NULL}};
/* Activity types by code system. */
static const struct eclaim_code activity_types[] = {{"http://www.ama-assn.org/go/cpt", "3"},
	{"urn:oid:2.16.840.1.113883.6.12", "3"}, {"https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets", "4"},
	{"http://terminology.hl7.org/CodeSystem/HCPCS-all-codes", "4"}, {"http://www.ada.org/cdt", "6"}, {NULL, NULL}};
static const struct eclaim_code resubmissions[] = {
	{"replaces", "correction"}, {"prior", "correction"}, {"appeal", "internal complaint"}, {NULL, NULL}};

static bool is_one_word(const char *text)
{
	return text != NULL && text[0] != '\0' && strpbrk(text, " \t\r\n") == NULL;
}

static const struct zf_coding *first_coding(const struct zf_concept *concept)
{
	return concept == NULL || concept->coding_count == 0 ? NULL : concept->codings[0];
}

/* The first coding that the map or the table knows. */
static const char *map_concept(const struct eclaim_profile *profile, const char *map, const struct eclaim_code *table,
	const struct zf_concept *concept, const struct zf_coding **ret_coding)
{
	for (uint32_t i = 0; concept != NULL && i < concept->coding_count; i++) {
		const char *to = eclaim_profile_map(profile, map, table, concept->codings[i]);
		if (to == NULL) continue;
		if (ret_coding != NULL) *ret_coding = concept->codings[i];
		return to;
	}
	return NULL;
}

static void missing(const struct eclaim_writing *writing, const char *path, const char *word)
{
	fault_add(writing->faults, FAULT_WIRE_MISSING, path, word, NULL);
}

/* ---- the person ---- */

static bool has_type(const struct zf_identifier *identifier, const char *code)
{
	for (uint32_t i = 0; identifier->type != NULL && i < identifier->type->coding_count; i++) {
		const char *each = identifier->type->codings[i]->code;
		if (each != NULL && strcmp(each, code) == 0) return true;
	}
	return false;
}

/* By the system if one is set, else by the type. */
static const char *patient_number(const struct zf_claim *claim, const char *system, const char *type)
{
	const struct zf_patient *patient = claim->patient;
	for (uint32_t i = 0; patient != NULL && i < patient->identifier_count; i++) {
		const struct zf_identifier *identifier = patient->identifiers[i];
		if (identifier->value == NULL) continue;
		if (system[0] == '\0' ? type != NULL && has_type(identifier, type)
				      : identifier->system != NULL && strcmp(identifier->system, system) == 0) {
			return identifier->value;
		}
	}
	return NULL;
}

/* 784-1980-1234567-8, with or without its dashes. */
static const char *emirates_form(struct zf_arena *arena, const char *text)
{
	char digits[16];
	size_t n = 0;
	for (const char *p = text; *p != '\0'; p++) {
		if (*p == '-') continue;
		if (*p < '0' || *p > '9' || n == 15) return NULL;
		digits[n++] = *p;
	}
	if (n != 15) return NULL;
	return text_printf(arena, "%.3s-%.4s-%.7s-%.1s", digits, digits + 3, digits + 7, digits + 14);
}

const char *eclaim_emirates_id(const struct eclaim_writing *writing, const struct zf_claim *claim)
{
	const struct eclaim_profile *profile = writing->profile;
	const char *number = profile->emirates_id_system[0] == '\0'
				     ? NULL
				     : patient_number(claim, profile->emirates_id_system, NULL);
	if (number == NULL) number = profile->emirates_id_default[0] == '\0' ? NULL : profile->emirates_id_default;
	if (number == NULL) {
		missing(writing, "Claim.patient", "EmiratesIDNumber");
		return "";
	}
	const char *formed = emirates_form(writing->arena, number);
	if (formed != NULL) return formed;
	fault_add(writing->faults, FAULT_WIRE_TEXT, "Claim.patient", "EmiratesIDNumber", "784-YYYY-NNNNNNN-N");
	return "";
}

const char *eclaim_patient_id(const struct eclaim_writing *writing, const struct zf_claim *claim)
{
	const char *number = patient_number(claim, writing->profile->patient_id_system, "MR");
	if (number == NULL && claim->patient != NULL && claim->patient->identifier_count == 1) {
		number = claim->patient->identifiers[0]->value;
	}
	if (number == NULL) {
		missing(writing, "Claim.patient", "Encounter/PatientID");
	} else if (text_codepoints(number, strlen(number)) > 30) {
		fault_add(writing->faults, FAULT_WIRE_TEXT, "Claim.patient", "Encounter/PatientID", "1-30");
	}
	return number == NULL ? "" : number;
}

static const struct zf_insurance *focal(const struct zf_claim *claim)
{
	for (uint32_t i = 0; i < claim->insurance_count; i++) {
		if (claim->insurance[i]->focal) return claim->insurance[i];
	}
	return claim->insurance_count > 0 ? claim->insurance[0] : NULL;
}

const char *eclaim_member_id(const struct zf_claim *claim)
{
	const struct zf_insurance *insurance = focal(claim);
	const struct zf_coverage *coverage = insurance == NULL ? NULL : insurance->coverage;
	if (coverage == NULL) return NULL;
	if (coverage->subscriber_id != NULL) return coverage->subscriber_id;
	return coverage->identifier_count > 0 ? coverage->identifiers[0]->value : NULL;
}

const char *eclaim_preauth_ref(const struct zf_claim *claim)
{
	const struct zf_insurance *insurance = focal(claim);
	return insurance == NULL || insurance->preauth_ref_count == 0 ? NULL : insurance->preauth_refs[0];
}

/* ---- the stay ---- */

const char *eclaim_encounter_type(const struct eclaim_writing *writing, const struct zf_claim *claim)
{
	const struct zf_coding *klass = claim->encounter == NULL ? NULL : claim->encounter->klass;
	struct zf_coding usual = {.code = claim->emergency ? "EMER" : "AMB"};
	/* A class that is there and unknown is not replaced by a guess. */
	const char *type =
		eclaim_profile_map(writing->profile, "encounter-type", encounter_types, klass == NULL ? &usual : klass);
	if (type != NULL) return type;
	fault_add(writing->faults, FAULT_WIRE_UNMAPPED, "Claim.item[0].encounter[0]", klass == NULL ? "" : klass->code,
		"encounter-type");
	return "";
}

struct zf_time eclaim_encounter_start(const struct zf_claim *claim)
{
	if (claim->encounter != NULL && claim->encounter->period.start.precision != ZF_NO_TIME) {
		return claim->encounter->period.start;
	}
	if (claim->billable_period.start.precision != ZF_NO_TIME) return claim->billable_period.start;
	return claim->line_count > 0 ? claim->lines[0]->serviced.start : (struct zf_time){0};
}

struct zf_time eclaim_encounter_end(const struct zf_claim *claim)
{
	if (claim->encounter != NULL && claim->encounter->period.end.precision != ZF_NO_TIME) {
		return claim->encounter->period.end;
	}
	return claim->billable_period.end;
}

/* ---- diagnoses ---- */

static const char *said_type(const struct eclaim_writing *writing, const struct zf_diagnosis *diagnosis)
{
	for (uint32_t i = 0; i < diagnosis->type_count; i++) {
		const char *type =
			map_concept(writing->profile, "diagnosis-type", diagnosis_types, diagnosis->types[i], NULL);
		if (type != NULL) return type;
	}
	return NULL;
}

/* The claim's principal is the first that says so, else the first that says nothing else. */
static uint32_t principal_of(const struct eclaim_writing *writing, const struct zf_claim *claim)
{
	uint32_t silent = UINT32_MAX;
	for (uint32_t i = 0; i < claim->diagnosis_count; i++) {
		const char *type = said_type(writing, claim->diagnoses[i]);
		if (type != NULL && strcmp(type, "Principal") == 0) return i;
		if (type == NULL && silent == UINT32_MAX) silent = i;
	}
	return silent;
}

const char *eclaim_diagnosis_type(const struct eclaim_writing *writing, const struct zf_claim *claim, uint32_t index)
{
	const char *type = said_type(writing, claim->diagnoses[index]);
	if (principal_of(writing, claim) == index) return "Principal";
	return type == NULL || strcmp(type, "Principal") == 0 ? "Secondary" : type;
}

const char *eclaim_diagnosis_code(const struct eclaim_writing *writing, const struct zf_claim *claim, uint32_t index)
{
	const struct zf_coding *coding = first_coding(claim->diagnoses[index]->concept);
	const char *code = coding == NULL ? NULL : coding->code;
	const char *mapped =
		map_concept(writing->profile, "diagnosis-code", NULL, claim->diagnoses[index]->concept, NULL);
	if (mapped != NULL) return mapped;
	if (is_one_word(code)) return code;
	fault_addf(writing->faults, FAULT_WIRE_MISSING, "Diagnosis/Code", NULL,
		"Claim.diagnosis[%u].diagnosisCodeableConcept", index);
	return "";
}

/* ---- lines ---- */

const char *eclaim_activity_type(
	const struct eclaim_writing *writing, const struct zf_claim_line *line, uint32_t index, const char **ret_code)
{
	const struct zf_concept *concept = line->product_or_service;
	const struct zf_coding *coding = NULL, *first = first_coding(concept);
	const char *type = map_concept(writing->profile, "activity-type", activity_types, concept, &coding);
	const char *code = map_concept(writing->profile, "activity-code", NULL, concept, NULL);
	if (code == NULL && coding != NULL) code = coding->code;
	*ret_code = code == NULL ? "" : code;
	if (type == NULL) {
		const char *what = first == NULL ? "-" : first->system != NULL ? first->system : first->code;
		fault_addf(writing->faults, FAULT_WIRE_UNMAPPED, what, "activity-type",
			"Claim.item[%u].productOrService", index);
	} else if (!is_one_word(code)) {
		fault_addf(writing->faults, FAULT_WIRE_MISSING, "Activity/Code", NULL,
			"Claim.item[%u].productOrService", index);
	}
	return type == NULL ? "" : type;
}

static const char *licence_of(const struct eclaim_writing *writing, const struct zf_practitioner *practitioner)
{
	const char *system = writing->profile->clinician_system;
	for (uint32_t i = 0; practitioner != NULL && i < practitioner->identifier_count; i++) {
		const struct zf_identifier *identifier = practitioner->identifiers[i];
		if (!is_one_word(identifier->value)) continue;
		if (system[0] == '\0') return identifier->value;
		if (identifier->system != NULL && strcmp(identifier->system, system) == 0) return identifier->value;
	}
	return NULL;
}

static bool is_of_line(const struct zf_claim_line *line, int32_t sequence)
{
	for (uint32_t i = 0; i < line->care_team_sequence_count; i++) {
		if (line->care_team_sequences[i] == sequence) return true;
	}
	return line->care_team_sequence_count == 0;
}

static bool orders(const struct zf_care_team *member)
{
	const struct zf_coding *role = first_coding(member->role);
	return role != NULL && role->code != NULL && strcmp(role->code, "supervisor") == 0;
}

/* The line's own, the responsible one first; else whoever bills. */
const char *eclaim_clinician(const struct eclaim_writing *writing, const struct zf_claim *claim,
	const struct zf_claim_line *line, uint32_t index, bool ordering)
{
	const char *found = NULL;
	for (uint32_t i = 0; i < claim->care_team_count; i++) {
		const struct zf_care_team *member = claim->care_team[i];
		const char *licence = licence_of(writing, member->practitioner);
		if (licence == NULL || !is_of_line(line, member->sequence) || orders(member) != ordering) continue;
		if (found == NULL || member->responsible) found = licence;
	}
	if (found != NULL || ordering) return found;
	found = licence_of(writing, claim->provider_practitioner);
	if (found == NULL && writing->profile->clinician_default[0] != '\0')
		found = writing->profile->clinician_default;
	if (found != NULL) return found;
	fault_addf(writing->faults, FAULT_WIRE_MISSING, "Activity/Clinician", NULL, "Claim.item[%u].careTeamSequence",
		index);
	return "";
}

/* ---- amounts ---- */

static bool in_currency(const struct eclaim_writing *writing, struct zf_money amount)
{
	return amount.present && strcmp(amount.currency, writing->profile->currency) == 0;
}

struct eclaim_amounts eclaim_line_amounts(
	const struct eclaim_writing *writing, const struct zf_claim *claim, uint32_t index)
{
	const struct zf_claim_line *line = claim->lines[index];
	struct zf_money none = eclaim_money(writing->profile, 0);
	struct eclaim_amounts amounts = {line->net, line->patient_share, none};
	char path[ECLAIM_LINE_PATH];
	(void)snprintf(path, sizeof(path), "Claim.item[%u].net", index);
	if (!amounts.share.present) {
		amounts.share = eclaim_line_money(writing, claim, index, writing->profile->share_extension);
	}
	if (!amounts.share.present) amounts.share = none;
	if (!amounts.gross.present) {
		missing(writing, path, "Activity/Net");
	} else if (!in_currency(writing, amounts.gross)) {
		fault_add(
			writing->faults, FAULT_WIRE_CURRENCY, path, amounts.gross.currency, writing->profile->currency);
	} else if (money_subtract(amounts.gross, amounts.share, &amounts.net) != 0 || amounts.net.minor < 0) {
		char gross[MONEY_TEXT_SIZE], share[MONEY_TEXT_SIZE];
		(void)money_format(amounts.gross, gross);
		(void)money_format(amounts.share, share);
		fault_add(writing->faults, FAULT_WIRE_AMOUNT, path, gross, share);
	} else {
		return amounts;
	}
	return (struct eclaim_amounts){none, none, none};
}

static void check_total(const struct eclaim_writing *writing, const struct zf_claim *claim, struct zf_money sum)
{
	if (!claim->total.present) return;
	if (!in_currency(writing, claim->total)) {
		fault_add(writing->faults, FAULT_WIRE_CURRENCY, "Claim.total", claim->total.currency,
			writing->profile->currency);
	} else if (claim->total.minor != sum.minor) {
		char total[MONEY_TEXT_SIZE], lines[MONEY_TEXT_SIZE];
		(void)money_format(claim->total, total);
		(void)money_format(sum, lines);
		fault_add(writing->faults, FAULT_WIRE_AMOUNT, "Claim.total", total, lines);
	}
}

/* Quiet about its lines, of which the writer of each tells: a wrong line makes no second fault of the total. */
struct eclaim_amounts eclaim_claim_amounts(const struct eclaim_writing *writing, const struct zf_claim *claim)
{
	struct zf_money none = eclaim_money(writing->profile, 0);
	struct eclaim_amounts sums = {none, none, none};
	struct fault_list quiet;
	fault_list_init(&quiet, writing->arena, 1);
	struct eclaim_writing silent = *writing;
	silent.faults = &quiet;
	for (uint32_t i = 0; i < claim->line_count; i++) {
		struct eclaim_amounts line = eclaim_line_amounts(&silent, claim, i);
		if (money_add(sums.gross, line.gross, &sums.gross) != 0 ||
			money_add(sums.share, line.share, &sums.share) != 0 ||
			money_add(sums.net, line.net, &sums.net) != 0) {
			fault_add(writing->faults, FAULT_WIRE_AMOUNT, "Claim.total", "-", "-");
			return sums;
		}
	}
	if (quiet.count == 0) check_total(writing, claim, sums.gross);
	return sums;
}

/* ---- corrections ---- */

const char *eclaim_claim_id(const struct eclaim_profile *profile, const struct zf_claim *claim)
{
	bool corrects = claim->origin_ref[0] != '\0' && claim->bill_sequence == 0 && !profile->own_claim_id;
	return corrects ? claim->origin_ref : claim->ref;
}

static const char *comment_of(const struct eclaim_writing *writing, const struct zf_claim *claim)
{
	for (uint32_t i = 0; i < claim->supporting_info_count; i++) {
		const struct zf_supporting_info *info = claim->supporting_info[i];
		const struct zf_coding *category = first_coding(info->category);
		if (category == NULL || category->code == NULL || info->value_text == NULL) continue;
		if (strcmp(category->code, writing->profile->comment_category) == 0) return info->value_text;
	}
	return text_printf(writing->arena, "replaces %s", claim->origin_ref);
}

/* A claim that refers to an earlier one corrects it, unless both are interim bills of one stay. */
const char *eclaim_resubmission(
	const struct eclaim_writing *writing, const struct zf_claim *claim, const char **ret_comment)
{
	const char *type = NULL;
	if (claim->origin_ref[0] == '\0' || claim->bill_sequence > 0) return NULL;
	for (uint32_t i = 0; i < claim->related_count && type == NULL; i++) {
		type = map_concept(
			writing->profile, "resubmission", resubmissions, claim->related[i]->relationship, NULL);
	}
	*ret_comment = comment_of(writing, claim);
	return type == NULL ? "correction" : type;
}

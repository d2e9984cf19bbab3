/* Files for the insurer, element by element in the order of the schema. */
#include "eclaimlink/claim_write.h"

#include <stdio.h>
#include <string.h>

#include "lib/base64.h"
#include "lib/decimal.h"
#include "lib/money.h"

#define XSI "http://www.w3.org/2001/XMLSchema-instance"
#define COMMENT_BYTES_MAX 2000

static const struct eclaim_code observation_types[] = {{"http://loinc.org", "LOINC"}, {NULL, NULL}};

static const struct eclaim_code on_admission[] = {
	{"y", "Y"}, {"n", "N"}, {"u", "U"}, {"w", "W"}, {"Y", "Y"}, {"N", "N"}, {"W", "W"}, {"1", "1"}, {NULL, NULL}};

bool eclaim_is_claim(const struct zf_claim *claim)
{
	return claim->use != ZF_USE_PREAUTHORIZATION && claim->use != ZF_USE_PREDETERMINATION;
}

static void begin_file(const struct eclaim_writing *writing, struct xml_writer *writer, const char *root,
	const char *schema, uint32_t count)
{
	const struct eclaim_profile *profile = writing->profile;
	char number[16], now[ECLAIM_DATE_SIZE];
	xml_write_init(writer, writing->arena, ECLAIM_FILE_BYTES_MAX, true);
	xml_write_begin(writer, root);
	xml_write_attribute(writer, "xmlns:xsi", XSI);
	if (schema[0] != '\0') xml_write_attribute(writer, "xsi:noNamespaceSchemaLocation", schema);
	(void)snprintf(number, sizeof(number), "%u", count);
	eclaim_date_format_ms(profile, writing->now_ms, now);
	xml_write_begin(writer, "Header");
	xml_write_element(writer, "SenderID", profile->sender_id);
	xml_write_element(writer, "ReceiverID", profile->receiver_id);
	xml_write_element(writer, "TransactionDate", now);
	xml_write_element(writer, "RecordCount", number);
	xml_write_element(writer, "DispositionFlag", profile->disposition);
	xml_write_end(writer);
}

static int end_file(const struct eclaim_writing *writing, struct xml_writer *writer, struct text_span *ret_xml)
{
	xml_write_end(writer);
	if (writing->faults->no_memory) return LIB_NOMEM;
	if (fault_refuses(writing->faults)) return LIB_INVALID;
	int rc = xml_write_finish(writer, ret_xml);
	if (rc == LIB_INVALID) fault_add(writing->faults, FAULT_WIRE_TEXT, "Claim", "XML 1.0", "U+0009-U+FFFD");
	return rc;
}

/* ---- parts that claims and requests share ---- */

static void write_encounter(
	const struct eclaim_writing *writing, struct xml_writer *writer, const struct zf_claim *claim, bool of_claim)
{
	struct zf_time start_time = eclaim_encounter_start(claim), end_time = eclaim_encounter_end(claim);
	char start[ECLAIM_DATE_SIZE], end[ECLAIM_DATE_SIZE];
	xml_write_begin(writer, "Encounter");
	xml_write_element(writer, "FacilityID", writing->profile->facility_id);
	xml_write_element(writer, "Type", eclaim_encounter_type(writing, claim));
	if (of_claim) xml_write_element(writer, "PatientID", eclaim_patient_id(writing, claim));
	if (!eclaim_date_format(writing->profile, &start_time, start)) {
		fault_add(writing->faults, FAULT_WIRE_MISSING, "Claim.billablePeriod", "Encounter/Start", NULL);
	}
	xml_write_element(writer, "Start", start);
	if (eclaim_date_format(writing->profile, &end_time, end)) xml_write_element(writer, "End", end);
	if (of_claim) xml_write_element(writer, "StartType", claim->emergency ? "2" : "1");
	xml_write_end(writer);
}

static void write_diagnoses(
	const struct eclaim_writing *writing, struct xml_writer *writer, const struct zf_claim *claim)
{
	if (claim->diagnosis_count == 0) {
		fault_add(writing->faults, FAULT_WIRE_MISSING, "Claim.diagnosis", "Diagnosis", NULL);
	}
	for (uint32_t i = 0; i < claim->diagnosis_count; i++) {
		const struct zf_concept *admission = claim->diagnoses[i]->on_admission;
		xml_write_begin(writer, "Diagnosis");
		xml_write_element(writer, "Type", eclaim_diagnosis_type(writing, claim, i));
		xml_write_element(writer, "Code", eclaim_diagnosis_code(writing, claim, i));
		if (writing->profile->dx_info && admission != NULL && admission->coding_count > 0) {
			const struct zf_coding *coding = admission->codings[0];
			const char *code = eclaim_profile_map(writing->profile, "on-admission", on_admission, coding);
			xml_write_begin(writer, "DxInfo");
			xml_write_element(writer, "Type", "POA");
			xml_write_element(writer, "Code", code == NULL ? "U" : code);
			xml_write_end(writer);
		}
		xml_write_end(writer);
	}
}

static const struct zf_supporting_info *information(const struct zf_claim *claim, int32_t sequence)
{
	for (uint32_t i = 0; i < claim->supporting_info_count; i++) {
		if (claim->supporting_info[i]->sequence == sequence) return claim->supporting_info[i];
	}
	return NULL;
}

/* LOINC results, and the categories that the map observation-type names; nothing else leaves. */
static void write_observation(
	const struct eclaim_writing *writing, struct xml_writer *writer, const struct zf_supporting_info *info)
{
	const struct zf_concept *code = info->code, *category = info->category;
	const struct zf_coding *coding = code == NULL || code->coding_count == 0 ? NULL : code->codings[0];
	const struct zf_coding *kind = category == NULL || category->coding_count == 0 ? NULL : category->codings[0];
	const char *type = eclaim_profile_map(writing->profile, "observation-type", observation_types, coding);
	char number[DECIMAL_TEXT_SIZE] = "";
	if (type == NULL) type = eclaim_profile_map(writing->profile, "observation-type", NULL, kind);
	if (type == NULL || (coding == NULL && kind == NULL)) return;
	if (info->value_quantity.present) (void)decimal_format(info->value_quantity, number);
	xml_write_begin(writer, "Observation");
	xml_write_element(writer, "Type", type);
	xml_write_element(writer, "Code", coding != NULL ? coding->code : kind->code);
	xml_write_optional(writer, "Value", info->value_text != NULL ? info->value_text : number);
	xml_write_optional(writer, "ValueType", info->value_unit != NULL ? info->value_unit : "");
	xml_write_end(writer);
}

static void write_vat(struct xml_writer *writer, struct zf_money tax, struct eclaim_amounts amounts)
{
	struct zf_money percent = {0};
	if (!tax.present) return;
	eclaim_amount_write(writer, "VAT", tax);
	/* The tax is part of the gross amount. */
	int64_t base = amounts.gross.minor - tax.minor;
	if (base <= 0 || money_share(tax, 10000, base, DECIMAL_HALF_AWAY, &percent) != 0) return;
	percent.exponent = 2; /* hundredths of a percent */
	eclaim_amount_write(writer, "VATPercent", percent);
}

static void write_activity(
	const struct eclaim_writing *writing, struct xml_writer *writer, const struct zf_claim *claim, uint32_t index)
{
	const struct zf_claim_line *line = claim->lines[index];
	const struct eclaim_profile *profile = writing->profile;
	struct eclaim_amounts amounts = eclaim_line_amounts(writing, claim, index);
	const char *code, *type = eclaim_activity_type(writing, line, index, &code);
	struct zf_time start_time = line->serviced.start;
	char start[ECLAIM_DATE_SIZE], quantity[DECIMAL_TEXT_SIZE] = "1";
	if (start_time.precision == ZF_NO_TIME) start_time = eclaim_encounter_start(claim);
	if (line->quantity.present) (void)decimal_format(line->quantity, quantity);
	xml_write_begin(writer, "Activity");
	xml_write_element(writer, "ID", eclaim_activity_id(writing->arena, claim->ref, line->sequence));
	(void)eclaim_date_format(profile, &start_time, start); /* the encounter's start tells when there is none */
	xml_write_element(writer, "Start", start);
	xml_write_element(writer, "Type", type);
	xml_write_element(writer, "Code", code);
	xml_write_element(writer, "Quantity", quantity);
	/* A request has no word for what the patient paid: all of it is asked about. */
	eclaim_amount_write(writer, "Net", eclaim_is_claim(claim) ? amounts.net : amounts.gross);
	if (profile->ordering_clinician) {
		xml_write_optional(writer, "OrderingClinician", eclaim_clinician(writing, claim, line, index, true));
	}
	xml_write_element(writer, "Clinician", eclaim_clinician(writing, claim, line, index, false));
	if (eclaim_is_claim(claim)) xml_write_optional(writer, "PriorAuthorizationID", eclaim_preauth_ref(claim));
	if (profile->vat) write_vat(writer, eclaim_line_money(writing, claim, index, profile->tax_extension), amounts);
	for (uint32_t i = 0; i < line->information_sequence_count; i++) {
		const struct zf_supporting_info *info = information(claim, line->information_sequences[i]);
		if (info != NULL) write_observation(writing, writer, info);
	}
	xml_write_end(writer);
}

static void write_activities(
	const struct eclaim_writing *writing, struct xml_writer *writer, const struct zf_claim *claim)
{
	if (claim->line_count == 0) fault_add(writing->faults, FAULT_WIRE_MISSING, "Claim.item", "Activity", NULL);
	for (uint32_t i = 0; i < claim->line_count; i++) write_activity(writing, writer, claim, i);
}

static void write_attachment(const struct eclaim_writing *writing, struct xml_writer *writer)
{
	const struct zf_event *event = writing->event;
	if (event == NULL || event->attachment_count == 0) return;
	const struct zf_attachment *attachment = event->attachments[0];
	char *text = zf_alloc(writing->arena, BASE64_TEXT_SIZE(attachment->len));
	if (text == NULL) {
		text_buffer_fail(&writer->out, LIB_NOMEM);
		return;
	}
	size_t len = base64_encode(attachment->bytes, attachment->len, text);
	xml_write_span(writer, "Attachment", (struct text_span){text, len});
}

static void write_resubmission(
	const struct eclaim_writing *writing, struct xml_writer *writer, const struct zf_claim *claim)
{
	const char *comment = NULL, *type = eclaim_resubmission(writing, claim, &comment);
	if (type == NULL) return;
	size_t len = comment == NULL ? 0 : text_cut_codepoints(comment, strlen(comment), COMMENT_BYTES_MAX);
	xml_write_begin(writer, "Resubmission");
	xml_write_element(writer, "Type", type);
	xml_write_span(writer, "Comment", (struct text_span){comment, len});
	write_attachment(writing, writer);
	xml_write_end(writer);
}

/* ---- the files ---- */

static void write_claim(const struct eclaim_writing *writing, struct xml_writer *writer, const struct zf_claim *claim)
{
	struct eclaim_amounts sums = eclaim_claim_amounts(writing, claim);
	xml_write_begin(writer, "Claim");
	xml_write_element(writer, "ID", eclaim_claim_id(writing->profile, claim));
	xml_write_optional(writer, "MemberID", eclaim_member_id(claim));
	xml_write_element(writer, "PayerID", writing->profile->payer_id);
	xml_write_element(writer, "ProviderID", writing->profile->provider_id);
	xml_write_element(writer, "EmiratesIDNumber", eclaim_emirates_id(writing, claim));
	eclaim_amount_write(writer, "Gross", sums.gross);
	eclaim_amount_write(writer, "PatientShare", sums.share);
	eclaim_amount_write(writer, "Net", sums.net);
	write_encounter(writing, writer, claim, true);
	write_diagnoses(writing, writer, claim);
	write_activities(writing, writer, claim);
	write_resubmission(writing, writer, claim);
	xml_write_end(writer);
}

static void begin_request(struct xml_writer *writer, const struct zf_claim *claim, const char *type)
{
	xml_write_begin(writer, "Authorization");
	xml_write_element(writer, "Type", type);
	xml_write_element(writer, "ID", claim->ref);
}

static void write_request(const struct eclaim_writing *writing, struct xml_writer *writer, const struct zf_claim *claim)
{
	char day[ECLAIM_DATE_SIZE];
	struct zf_time ordered = claim->created;
	const char *member = eclaim_member_id(claim);
	(void)eclaim_claim_amounts(writing, claim);
	if (member == NULL) fault_add(writing->faults, FAULT_WIRE_MISSING, "Claim.insurance[0]", "MemberID", NULL);
	if (!eclaim_date_format(writing->profile, &ordered, day))
		eclaim_date_format_ms(writing->profile, writing->now_ms, day);
	day[10] = '\0'; /* a day alone */
	begin_request(writer, claim, "Authorization");
	xml_write_element(writer, "MemberID", member);
	xml_write_element(writer, "PayerID", writing->profile->payer_id);
	xml_write_element(writer, "EmiratesIDNumber", eclaim_emirates_id(writing, claim));
	xml_write_element(writer, "DateOrdered", day);
	write_encounter(writing, writer, claim, false);
	write_diagnoses(writing, writer, claim);
	write_activities(writing, writer, claim);
	write_resubmission(writing, writer, claim);
	xml_write_end(writer);
}

int eclaim_claims_write(const struct eclaim_writing *writing, const struct zf_claim *const *claims, uint32_t count,
	struct text_span *ret_xml)
{
	struct xml_writer writer;
	bool of_claims = count > 0 && eclaim_is_claim(claims[0]);
	begin_file(writing, &writer, of_claims ? "Claim.Submission" : "Prior.Request",
		of_claims ? writing->profile->submission_schema : writing->profile->request_schema, count);
	for (uint32_t i = 0; i < count; i++) {
		if (eclaim_is_claim(claims[i]) != of_claims || claims[i]->ref[0] == '\0') return LIB_INVALID;
		if (of_claims) {
			write_claim(writing, &writer, claims[i]);
		} else {
			write_request(writing, &writer, claims[i]);
		}
	}
	return end_file(writing, &writer, ret_xml);
}

int eclaim_cancel_write(const struct eclaim_writing *writing, const struct zf_claim *claim, struct text_span *ret_xml)
{
	struct xml_writer writer;
	char day[ECLAIM_DATE_SIZE];
	eclaim_date_format_ms(writing->profile, writing->now_ms, day);
	day[10] = '\0';
	begin_file(writing, &writer, "Prior.Request", writing->profile->request_schema, 1);
	begin_request(&writer, claim, "Cancellation");
	xml_write_optional(&writer, "MemberID", eclaim_member_id(claim));
	xml_write_element(&writer, "PayerID", writing->profile->payer_id);
	xml_write_element(&writer, "DateOrdered", day);
	xml_write_end(&writer);
	return end_file(writing, &writer, ret_xml);
}

/* ---- the person ---- */

static const char *gender_of(const struct zf_patient *patient)
{
	if (patient->gender != NULL && strcmp(patient->gender, "male") == 0) return "1";
	if (patient->gender != NULL && strcmp(patient->gender, "female") == 0) return "0";
	return "9";
}

static const char *passport_of(const struct eclaim_writing *writing, const struct zf_patient *patient)
{
	const char *system = writing->profile->passport_system;
	for (uint32_t i = 0; i < patient->identifier_count; i++) {
		const struct zf_identifier *identifier = patient->identifiers[i];
		const struct zf_concept *type = identifier->type;
		const char *code = type == NULL || type->coding_count == 0 ? NULL : type->codings[0]->code;
		bool is_it = system[0] == '\0' ? code != NULL && strcmp(code, "PPN") == 0
					       : identifier->system != NULL && strcmp(identifier->system, system) == 0;
		if (is_it) return identifier->value;
	}
	return NULL;
}

static void write_names(struct xml_writer *writer, const struct zf_patient *patient)
{
	const struct zf_name *name = patient->name_count == 0 ? NULL : patient->names[0];
	if (name == NULL) return;
	xml_write_optional(writer, "FirstName", name->given_count > 0 ? name->given[0] : NULL);
	xml_write_optional(writer, "SecondName", name->given_count > 1 ? name->given[1] : NULL);
	xml_write_optional(writer, "FamilyName", name->family != NULL ? name->family : name->text);
}

int eclaim_person_write(const struct eclaim_writing *writing, const struct zf_claim *claim, struct text_span *ret_xml)
{
	const struct zf_patient *patient = claim->patient;
	struct xml_writer writer;
	char birth[ECLAIM_DATE_SIZE];
	if (patient == NULL || !patient->resolved) {
		fault_add(writing->faults, FAULT_WIRE_MISSING, "Claim.patient", "Person", NULL);
		return LIB_INVALID;
	}
	begin_file(writing, &writer, "Person.Register", writing->profile->person_schema, 1);
	xml_write_begin(&writer, "Person");
	write_names(&writer, patient);
	for (uint32_t i = 0; i < patient->telecom_count; i++) {
		const struct zf_telecom *telecom = patient->telecoms[i];
		if (telecom->system == NULL || strcmp(telecom->system, "phone") != 0) continue;
		xml_write_optional(&writer, "ContactNumber", telecom->value);
		break;
	}
	if (!eclaim_date_format(writing->profile, &patient->birth_date, birth)) {
		fault_add(writing->faults, FAULT_WIRE_MISSING, "Claim.patient", "BirthDate", NULL);
	}
	birth[10] = '\0';
	xml_write_element(&writer, "BirthDate", birth);
	xml_write_element(&writer, "Gender", gender_of(patient));
	xml_write_optional(&writer, "Nationality", patient->nationality);
	xml_write_optional(&writer, "PassportNumber", passport_of(writing, patient));
	xml_write_element(&writer, "EmiratesIDNumber", eclaim_emirates_id(writing, claim));
	xml_write_begin(&writer, "Member");
	xml_write_element(&writer, "ID", eclaim_member_id(claim));
	xml_write_begin(&writer, "Contract");
	xml_write_element(&writer, "PayerID", writing->profile->payer_id);
	xml_write_end(&writer);
	xml_write_end(&writer);
	xml_write_end(&writer);
	return end_file(writing, &writer, ret_xml);
}

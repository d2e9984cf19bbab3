/* Submissions into claims. */
#include <string.h>

#include "eclaimlink/insurer.h"
#include "eclaimlink/module.h"
#include "eclaimlink/soap.h"
#include "lib/action.h"
#include "lib/decimal.h"

#define LIST_MAX 10000

struct reading {
	const struct eclaim_profile *profile;
	struct zf_arena *arena;
	struct fault_list *faults;
	bool no_memory;
};

static void *get(struct reading *reading, size_t len)
{
	void *memory = zf_alloc(reading->arena, len);
	if (memory == NULL) reading->no_memory = true;
	return memory;
}

static const char *text(struct reading *reading, const struct xml_element *parent, const char *name, bool required)
{
	struct text_span span = xml_child_text(parent, name);
	bool ok = true;
	if (span.ptr == NULL && required) {
		eclaim_fault_at(reading->faults, reading->arena, FAULT_WIRE_ANSWER, parent, name, "it is missing");
	}
	const char *copy = eclaim_keep(reading->arena, span, &ok);
	if (!ok) reading->no_memory = true;
	return copy;
}

static struct zf_time date(struct reading *reading, const struct xml_element *parent, const char *name)
{
	struct text_span span = xml_child_text(parent, name);
	struct zf_time time = {0};
	if (span.ptr != NULL && eclaim_date_parse(reading->profile, span, &time) != 0) {
		eclaim_fault_at(reading->faults, reading->arena, FAULT_WIRE_ANSWER, parent, name, "it is no date");
	}
	return time;
}

static const struct zf_concept *concept(struct reading *reading, const char *system, const char *code)
{
	struct zf_concept *made = get(reading, sizeof(*made));
	struct zf_coding *coding = get(reading, sizeof(*coding));
	const struct zf_coding **list = get(reading, sizeof(void *));
	if (reading->no_memory || code == NULL) return NULL;
	*coding = (struct zf_coding){.system = system, .code = code};
	list[0] = coding;
	*made = (struct zf_concept){.codings = list, .coding_count = 1};
	return made;
}

static const struct zf_identifier *const *identifier(struct reading *reading, const char *system, const char *value)
{
	struct zf_identifier *made = get(reading, sizeof(*made));
	const struct zf_identifier **list = get(reading, sizeof(void *));
	if (reading->no_memory) return NULL;
	*made = (struct zf_identifier){.system = system, .value = value};
	list[0] = made;
	return list;
}

static const struct zf_organization *organization(struct reading *reading, const char *licence)
{
	struct zf_organization *made = get(reading, sizeof(*made));
	if (reading->no_memory || licence == NULL) return NULL;
	*made = (struct zf_organization){
		.size = sizeof(*made), .identifiers = identifier(reading, NULL, licence), .identifier_count = 1};
	return made;
}

static uint32_t count_of(struct reading *reading, const struct xml_element *parent, const char *name)
{
	uint32_t count = 0;
	for (const struct xml_element *e = xml_child(parent, name); e != NULL; e = xml_next(e)) count++;
	if (count <= LIST_MAX) return count;
	eclaim_fault_at(reading->faults, reading->arena, FAULT_WIRE_ANSWER, parent, name, "there are too many");
	return 0;
}

static void read_diagnoses(struct reading *reading, const struct xml_element *from, struct zf_claim *claim)
{
	uint32_t count = count_of(reading, from, "Diagnosis");
	const struct zf_diagnosis **list = get(reading, ((size_t)count + 1) * sizeof(void *));
	const struct xml_element *element = xml_child(from, "Diagnosis");
	for (uint32_t i = 0; i < count && !reading->no_memory; i++, element = xml_next(element)) {
		struct zf_diagnosis *diagnosis = get(reading, sizeof(*diagnosis));
		if (diagnosis == NULL) return;
		const char *code = text(reading, element, "Code", true);
		*diagnosis = (struct zf_diagnosis){
			.sequence = (int32_t)i + 1, .resolved = 1, .concept = concept(reading, NULL, code)};
		list[i] = diagnosis;
	}
	claim->diagnoses = list;
	claim->diagnosis_count = count;
}

static void read_line(struct reading *reading, const struct xml_element *from, struct zf_claim_line *line)
{
	const char *type = text(reading, from, "Type", true), *code = text(reading, from, "Code", true);
	struct text_span quantity = xml_child_text(from, "Quantity");
	line->serviced.start = line->serviced.end = date(reading, from, "Start");
	line->product_or_service = concept(reading, type, code);
	eclaim_amount_read(reading->profile, from, "Net", true, reading->arena, reading->faults, &line->net);
	if (quantity.ptr != NULL && decimal_parse(quantity, &line->quantity) != 0) {
		eclaim_fault_at(reading->faults, reading->arena, FAULT_WIRE_ANSWER, from, "Quantity",
			"it is not a decimal number");
	}
}

/* Lines have the numbers of their ids where these are ours, else they are counted. */
static void read_lines(struct reading *reading, const struct xml_element *from, struct zf_claim *claim)
{
	uint32_t count = count_of(reading, from, "Activity");
	const struct zf_claim_line **list = get(reading, ((size_t)count + 1) * sizeof(void *));
	const struct xml_element *element = xml_child(from, "Activity");
	for (uint32_t i = 0; i < count && !reading->no_memory; i++, element = xml_next(element)) {
		struct zf_claim_line *line = get(reading, sizeof(*line));
		char ref[20];
		if (line == NULL) return;
		*line = (struct zf_claim_line){.size = sizeof(*line), .sequence = (int32_t)i + 1, .level = 1};
		if (eclaim_activity_read(xml_child_text(element, "ID"), ref, &line->sequence)) {
			memcpy(claim->ref, ref, sizeof(claim->ref));
		}
		read_line(reading, element, line);
		list[i] = line;
	}
	claim->lines = list;
	claim->line_count = count;
}

static void read_insurance(struct reading *reading, const struct xml_element *from, struct zf_claim *claim)
{
	struct zf_insurance *insurance = get(reading, sizeof(*insurance));
	struct zf_coverage *coverage = get(reading, sizeof(*coverage));
	const struct zf_insurance **list = get(reading, sizeof(void *));
	if (reading->no_memory) return;
	*coverage = (struct zf_coverage){
		.size = sizeof(*coverage), .resolved = 1, .subscriber_id = text(reading, from, "MemberID", false)};
	*insurance = (struct zf_insurance){.sequence = 1, .focal = 1, .coverage = coverage};
	list[0] = insurance;
	claim->insurance = list;
	claim->insurance_count = 1;
}

static void read_patient(struct reading *reading, const struct xml_element *from, struct zf_claim *claim)
{
	struct zf_patient *patient = get(reading, sizeof(*patient));
	const char *number = text(reading, xml_child(from, "Encounter"), "PatientID", false);
	if (patient == NULL) return;
	if (number == NULL) number = text(reading, from, "EmiratesIDNumber", false);
	*patient = (struct zf_patient){.size = sizeof(*patient), .resolved = 1};
	if (number != NULL) {
		patient->identifiers = identifier(reading, NULL, number);
		patient->identifier_count = 1;
	}
	claim->patient = patient;
}

static const struct zf_claim *read_claim(
	struct reading *reading, const struct xml_element *from, struct zf_time created)
{
	struct zf_claim *claim = get(reading, sizeof(*claim));
	const char *id = text(reading, from, "ID", true);
	const struct xml_element *stay = xml_child(from, "Encounter");
	bool request = strcmp(from->name, "Authorization") == 0;
	if (claim == NULL || id == NULL) return NULL;
	*claim = (struct zf_claim){.size = sizeof(*claim),
		.use = request ? ZF_USE_PREAUTHORIZATION : ZF_USE_CLAIM,
		.status = "active",
		.created = created};
	claim->identifiers = identifier(reading, NULL, id);
	claim->identifier_count = 1;
	if (strlen(id) < sizeof(claim->ref)) memcpy(claim->ref, id, strlen(id) + 1);
	claim->insurer = organization(reading, text(reading, from, "PayerID", true));
	claim->provider = organization(reading, text(reading, from, "ProviderID", !request));
	claim->billable_period = (struct zf_period){date(reading, stay, "Start"), date(reading, stay, "End")};
	read_patient(reading, from, claim);
	read_insurance(reading, from, claim);
	read_diagnoses(reading, from, claim);
	read_lines(reading, from, claim);
	if (request) {
		claim->total = eclaim_money(reading->profile, 0);
		for (uint32_t i = 0; i < claim->line_count && !reading->no_memory; i++) {
			claim->total.minor += claim->lines[i]->net.minor;
		}
	} else {
		eclaim_amount_read(
			reading->profile, from, "Gross", true, reading->arena, reading->faults, &claim->total);
	}
	return claim;
}

/* The XML file: by itself, or base64 in an envelope. */
static int find_file(const void *bytes, size_t len, struct zf_arena *arena, struct fault_list *faults,
	const struct xml_element **ret_root)
{
	struct xml_limits limits = {.bytes_max = 32u << 20};
	struct text_span file;
	int rc = xml_read(bytes, len, &limits, arena, faults, ret_root);
	if (rc != 0) return rc;
	const struct xml_element *request = eclaim_soap_request(*ret_root);
	if (request == NULL) return 0;
	rc = eclaim_base64_read(xml_child_text(request, "fileContent"), arena, &file);
	if (rc == 0) rc = xml_read(file.ptr, file.len, &limits, arena, faults, ret_root);
	if (rc == LIB_INVALID) {
		eclaim_fault_at(faults, arena, FAULT_WIRE_ANSWER, request, "fileContent", "it is no XML in base64");
	}
	return rc;
}

int eclaim_submission_read(const struct eclaim_profile *profile, const void *bytes, size_t len, struct zf_arena *arena,
	struct fault_list *faults, struct eclaim_submission *ret)
{
	struct reading reading = {.profile = profile, .arena = arena, .faults = faults};
	struct eclaim_submission submission = {0};
	int rc = find_file(bytes, len, arena, faults, &submission.root);
	if (rc != 0) return rc;
	bool claims = xml_is(submission.root, NULL, "Claim.Submission");
	if (!claims && !xml_is(submission.root, NULL, "Prior.Request")) {
		eclaim_fault_at(faults, arena, FAULT_WIRE_ANSWER, submission.root, NULL,
			"it is neither Claim.Submission nor Prior.Request");
		return LIB_INVALID;
	}
	const char *name = claims ? "Claim" : "Authorization";
	const struct xml_element *header = xml_child(submission.root, "Header");
	uint32_t most = count_of(&reading, submission.root, name);
	const struct zf_claim **list = get(&reading, ((size_t)most + 1) * sizeof(void *));
	const struct xml_element **elements = get(&reading, ((size_t)most + 1) * sizeof(void *));
	submission.sender = text(&reading, header, "SenderID", true);
	struct zf_time created = date(&reading, header, "TransactionDate");
	const struct xml_element *element = xml_child(submission.root, name);
	for (; element != NULL && submission.count < most && !reading.no_memory; element = xml_next(element)) {
		const struct zf_claim *claim = read_claim(&reading, element, created);
		if (claim == NULL) continue;
		list[submission.count] = claim;
		elements[submission.count++] = element;
	}
	if (reading.no_memory || faults->no_memory) return LIB_NOMEM;
	if (submission.count == 0)
		eclaim_fault_at(faults, arena, FAULT_WIRE_ANSWER, submission.root, name, "it is missing");
	submission.claims = list;
	submission.elements = elements;
	*ret = submission;
	return fault_refuses(faults) ? LIB_INVALID : 0;
}

int32_t eclaim_insurer_decode_claims(const void *context, void *call, const uint8_t *bytes, uint64_t len,
	struct zf_arena *arena, const struct zf_claim *const **ret_claims, uint32_t *ret_count,
	const struct zf_fault *const **ret_faults, uint32_t *ret_fault_count)
{
	struct eclaim_submission submission = {0};
	struct fault_list faults;
	(void)call;
	fault_list_init(&faults, arena, 0);
	int rc = eclaim_submission_read(context, bytes, len, arena, &faults, &submission);
	if (rc == LIB_NOMEM || faults_export(&faults, true, arena, ret_faults, ret_fault_count) != 0) return ZF_NOMEM;
	*ret_claims = submission.claims;
	*ret_count = submission.count;
	if (rc == 0) return ZF_OK;
	return submission.count > 0 ? ZF_REJECT : ZF_MALFORMED;
}

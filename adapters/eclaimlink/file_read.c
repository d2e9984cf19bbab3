/* A file of the insurer's, record by record. */
#include <string.h>

#include "eclaimlink/remittance_read.h"

static void read_header(struct eclaim_advice *advice, const struct xml_element *header, uint32_t *count)
{
	struct eclaim_step *step = advice->step;
	struct text_span date = xml_child_text(header, "TransactionDate");
	struct text_span records = xml_child_text(header, "RecordCount");
	int64_t number;
	if (date.ptr == NULL || eclaim_date_parse(step->profile, date, &advice->created) != 0) {
		eclaim_fault_at(
			&step->faults, step->arena, FAULT_WIRE_ANSWER, header, "TransactionDate", "it is no date");
	}
	if (records.ptr == NULL || text_to_int64(records, &number) != 0 || number > 1000000) {
		eclaim_fault_at(
			&step->faults, step->arena, FAULT_WIRE_ANSWER, header, "RecordCount", "it is no number");
	} else {
		*count = (uint32_t)number;
	}
}

/* As many as the header says: a file that lost some on its way is not believed. */
static int read_records(struct eclaim_advice *advice, struct xml_reader *reader, const char *name)
{
	struct eclaim_step *step = advice->step;
	bool is_advice = strcmp(name, "Claim") == 0;
	const struct xml_element *child;
	uint32_t wanted = 0, found = 0;
	int rc = xml_read_child(reader, &child);
	if (rc != 0) return rc;
	if (!xml_is(child, NULL, "Header")) {
		eclaim_fault_at(
			&step->faults, step->arena, FAULT_WIRE_ANSWER, child, NULL, "the Header does not come first");
		return LIB_INVALID;
	}
	read_header(advice, child, &wanted);
	while (rc == 0) {
		rc = xml_read_child(reader, &child);
		if (rc != 0 || child == NULL) break;
		if (!xml_is(child, NULL, name)) {
			eclaim_fault_at(
				&step->faults, step->arena, FAULT_WIRE_ANSWER, child, NULL, "it is not known here");
			continue;
		}
		found++;
		rc = is_advice ? eclaim_advice_claim(advice, child) : eclaim_authorization(step, child);
	}
	if (rc == 0 && found != wanted) {
		fault_add(&step->faults, FAULT_WIRE_ANSWER, "/Header/RecordCount", "0",
			"there are more or fewer records");
	}
	return rc;
}

int eclaim_file_read(struct eclaim_step *step, struct text_span file)
{
	struct xml_limits limits = {.bytes_max = ECLAIM_FILE_BYTES_MAX, .elements_max = 1000000};
	struct eclaim_advice advice = {.step = step};
	struct xml_reader *reader;
	const struct xml_element *root;
	uint32_t actions = step->actions.count;
	int rc = xml_read_open(file.ptr, file.len, &limits, step->arena, &step->faults, &reader, &root);
	if (rc != 0) return rc == LIB_LIMIT ? LIB_INVALID : rc;
	if (xml_is(root, NULL, "Remittance.Advice")) {
		rc = read_records(&advice, reader, "Claim");
		if (rc == 0 && !fault_refuses(&step->faults)) rc = eclaim_advice_remittances(&advice);
	} else if (xml_is(root, NULL, "Prior.Authorization")) {
		rc = read_records(&advice, reader, "Authorization");
	} else {
		eclaim_fault_at(&step->faults, step->arena, FAULT_WIRE_ANSWER, root, NULL,
			"it is neither Remittance.Advice nor Prior.Authorization");
		rc = LIB_INVALID;
	}
	xml_read_close(reader);
	if (rc == 0 && fault_refuses(&step->faults)) rc = LIB_INVALID;
	if (rc == LIB_LIMIT) rc = LIB_INVALID;
	if (rc != 0) step->actions.count = actions; /* half understood is not understood */
	return rc;
}

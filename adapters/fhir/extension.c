/* Extensions: the few that we understand go to their field, every other one of a Claim or an answer is kept with its
 * path and raw JSON. Also the completions of objects whose fields need more than a copy. */
#include <string.h>

#include "fhir/reader.h"

#define BILL_SEQUENCE "urn:zhifu:bill-sequence"
#define HL7 "http://hl7.org/fhir/StructureDefinition/"

static bool collects(const struct fhir_resource *resource)
{
	return resource->type == FHIR_T_CLAIM || resource->type == FHIR_T_CLAIM_RESPONSE ||
	       resource->type == FHIR_T_PAYMENT_RECONCILIATION;
}

static const char *first_code(const struct zf_concept *concept)
{
	if (concept == NULL || concept->coding_count == 0) return NULL;
	return concept->codings[0]->code;
}

/* The path of an extension within its resource: "Claim.item[0].extension[0]". */
static const char *own_path(struct fhir_reader *reader)
{
	char path[FAULT_PATH_BYTES_MAX];
	struct fhir_frame *first = &reader->frames[reader->resource_frame];
	struct fhir_frame saved = *first;
	*first = (struct fhir_frame){fhir_types[reader->resource->type].name, -1};
	fhir_path_format(first, reader->depth - reader->resource_frame, path, sizeof(path));
	*first = saved;
	return zf_strdup(reader->arena, path);
}

static int keep(struct fhir_reader *reader, const struct fhir_extension *extension, struct text_span raw)
{
	struct fhir_kept_extension *kept = zf_alloc(reader->arena, sizeof(*kept));
	if (kept == NULL) return LIB_NOMEM;
	kept->value = *extension;
	kept->out.path = own_path(reader);
	kept->out.url = extension->url;
	kept->out.json = zf_strndup(reader->arena, raw.ptr, raw.len);
	kept->out.json_len = (uint32_t)raw.len;
	if (kept->out.path == NULL || kept->out.json == NULL) return LIB_NOMEM;
	return fhir_stack_push(reader->arena, &reader->extensions, kept);
}

int fhir_extension_done(struct fhir_reader *reader, const struct fhir_extension *extension, struct text_span raw)
{
	if (reader->extension_depth > 0) {
		if (strcmp(extension->url, "code") == 0) reader->extension_code = extension->concept;
		return 0;
	}
	struct fhir_resource *resource = reader->resource;
	if (resource == NULL) return 0;
	bool on_resource = reader->depth == reader->resource_frame + 2;
	if (resource->type == FHIR_T_CLAIM && on_resource && strcmp(extension->url, BILL_SEQUENCE) == 0) {
		struct fhir_claim *claim = resource->value;
		if (extension->number < 1) {
			fhir_reader_fault_in(reader, "value[x]", FAULT_VALUE_INVALID, "positiveInt", NULL);
		} else {
			claim->out.bill_sequence = extension->number;
		}
		return 0;
	}
	if (resource->type == FHIR_T_PATIENT && on_resource &&
		(strcmp(extension->url, HL7 "patient-nationality") == 0 ||
			strcmp(extension->url, HL7 "patient-citizenship") == 0)) {
		struct fhir_patient *patient = resource->value;
		const char *code = first_code(extension->concept);
		if (code == NULL) code = extension->text;
		if (code == NULL) code = first_code(reader->extension_code);
		if (code != NULL) patient->out.nationality = code;
		return 0;
	}
	return collects(resource) ? keep(reader, extension, raw) : 0;
}

/* ---- completions ---- */

int fhir_finish_item(struct fhir_reader *reader, void *value)
{
	struct fhir_item *item = value;
	(void)reader;
	struct zf_claim_line *line = &item->out;
	line->size = sizeof(*line);
	line->quantity = item->quantity.value;
	line->quantity_unit = item->quantity.unit != NULL ? item->quantity.unit : item->quantity.code;
	line->unit_price = item->unit_price.value;
	if (item->unit_price.value.present && item->unit_price.currency != NULL) {
		size_t len = strnlen(item->unit_price.currency, sizeof(line->unit_price_currency) - 1);
		memcpy(line->unit_price_currency, item->unit_price.currency, len);
	}
	if (item->serviced_date.precision != ZF_NO_TIME) {
		line->serviced = (struct zf_period){item->serviced_date, item->serviced_date};
	}
	return 0;
}

int fhir_finish_supporting_info(struct fhir_reader *reader, void *value)
{
	struct fhir_supporting_info *info = value;
	struct zf_supporting_info *out = &info->out;
	out->value_quantity = info->quantity.value;
	out->value_unit = info->quantity.unit != NULL ? info->quantity.unit : info->quantity.code;
	if (info->timing_date.precision != ZF_NO_TIME) {
		out->timing = (struct zf_period){info->timing_date, info->timing_date};
	}
	if (info->raw_value.ptr != NULL) {
		out->value_json = zf_strndup(reader->arena, info->raw_value.ptr, info->raw_value.len);
		out->value_json_len = (uint32_t)info->raw_value.len;
		if (out->value_json == NULL) return LIB_NOMEM;
	}
	return 0;
}

/* References to be looked at when the document is known: all of a Claim, Consent or Task, and everywhere those to
 * something contained. */
int fhir_finish_reference(struct fhir_reader *reader, void *value)
{
	struct fhir_reference *reference = value;
	const char *text = reference->reference;
	if (text == NULL) {
		if (reference->identifier == NULL && reference->display == NULL) {
			fhir_reader_fault(reader, FAULT_REFERENCE_EMPTY, NULL, NULL);
		}
		return 0;
	}
	struct fhir_resource *scope = reader->resource;
	if (scope == NULL) return 0;
	bool ours = scope->type == FHIR_T_CLAIM || scope->type == FHIR_T_CONSENT || scope->type == FHIR_T_TASK;
	if (!ours && text[0] != '#') return 0;
	struct fhir_pending *pending = zf_alloc(reader->arena, sizeof(*pending));
	struct fhir_frame *frames = zf_alloc(reader->arena, reader->depth * sizeof(*frames));
	if (pending == NULL || frames == NULL) return LIB_NOMEM;
	memcpy(frames, reader->frames, reader->depth * sizeof(*frames));
	*pending = (struct fhir_pending){
		.reference = reference,
		.scope = scope,
		.targets = reader->targets,
		.frames = frames,
		.frame_count = reader->depth,
	};
	return fhir_stack_push(reader->arena, &reader->pending, pending);
}

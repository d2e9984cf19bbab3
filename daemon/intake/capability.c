/* Asks the router what it has, type by type, and the search tables what they know. */
#include "intake/capability.h"

#include <stdio.h>
#include <string.h>

#include "intake/intake.h"
#include "intake/read.h"
#include "intake/search_param.h"
#include "lib/json_write.h"

#define STATEMENT_BYTES_MAX (256u << 10)
#define STATEMENT_DATE "2026-11-21"

const char *const capability_types[] = {"Claim", "ClaimResponse", "Consent", "ExplanationOfBenefit",
	"PaymentReconciliation", "Task", "Coverage", "CoverageEligibilityRequest", "PaymentNotice", "Communication",
	NULL};

struct capability {
	struct json_writer *writer;
	const struct http_router *router;
	struct zf_arena *arena;
};

/* Whether this method and path lead somewhere. */
static bool leads(const struct capability *capability, enum http_method method, const char *type, const char *rest)
{
	char path[96];
	struct http_match match;
	(void)snprintf(path, sizeof(path), "/fhir%s%s%s", type == NULL ? "" : "/", type == NULL ? "" : type, rest);
	struct http_head head = {.method = method, .path = path};
	return http_router_match(capability->router, &head, capability->arena, &match) == 0 && match.route != NULL;
}

static void begin_list(struct json_writer *writer, const char *key)
{
	json_write_key(writer, key);
	json_write_array_begin(writer);
}

static void begin_object(struct json_writer *writer, const char *key)
{
	json_write_key(writer, key);
	json_write_object_begin(writer);
}

static void put_interaction(struct json_writer *writer, const char *code, const char *documentation)
{
	json_write_object_begin(writer);
	json_write_member(writer, "code", code);
	json_write_member(writer, "documentation", documentation);
	json_write_object_end(writer);
}

static const struct search_type_info *search_of(const char *type, enum search_type *ret)
{
	for (int i = 0; i < SEARCH_TYPES; i++) {
		const struct search_type_info *info = search_type_info((enum search_type)i);
		if (strcmp(info->name, type) != 0) continue;
		*ret = (enum search_type)i;
		return info;
	}
	return NULL;
}

static void put_parameters(struct json_writer *writer, const struct search_type_info *info)
{
	begin_list(writer, "searchParam");
	for (size_t i = 0; i < info->parameter_count; i++) {
		const struct search_parameter *parameter = &info->parameters[i];
		if (parameter->fhir_type == NULL) continue;
		json_write_object_begin(writer);
		json_write_member(writer, "name", parameter->name);
		json_write_member(writer, "type", parameter->fhir_type);
		json_write_member(writer, "documentation", parameter->documentation);
		json_write_object_end(writer);
	}
	json_write_array_end(writer);
}

static void put_operations(const struct capability *capability, const char *type)
{
	if (!leads(capability, HTTP_POST, type, "/$submit")) return;
	begin_list(capability->writer, "operation");
	json_write_object_begin(capability->writer);
	json_write_member(capability->writer, "name", "submit");
	json_write_member(capability->writer, "definition",
		strcmp(type, "Claim") == 0
			? "http://hl7.org/fhir/OperationDefinition/Claim-submit"
			: "http://hl7.org/fhir/OperationDefinition/CoverageEligibilityRequest-submit");
	json_write_member(capability->writer, "documentation",
		"Takes a Claim or a collection Bundle. Answers at once with outcome queued, or with Prefer: "
		"return=representation, wait=N waits so long for the decision.");
	json_write_object_end(capability->writer);
	json_write_array_end(capability->writer);
}

static void put_type(const struct capability *capability, const char *type)
{
	struct json_writer *writer = capability->writer;
	enum search_type search;
	const struct search_type_info *info = search_of(type, &search);
	bool reads = leads(capability, HTTP_GET, type, "/x"), creates = leads(capability, HTTP_POST, type, "");
	bool by_get = leads(capability, HTTP_GET, type, ""), by_post = leads(capability, HTTP_POST, type, "/_search");
	if (!reads && !creates && !by_get && !by_post && !leads(capability, HTTP_POST, type, "/$submit")) return;
	json_write_object_begin(writer);
	json_write_member(writer, "type", type);
	if (info != NULL) json_write_member(writer, "documentation", info->documentation);
	begin_list(writer, "interaction");
	if (reads)
		put_interaction(writer, "read",
			strcmp(type, "PaymentReconciliation") == 0
				? "By the reference in ExplanationOfBenefit.payment, extension urn:zhifu:remittance."
				: NULL);
	if (creates)
		put_interaction(writer, "create",
			strcmp(type, "Task") == 0 ? "An order to cancel a claim."
						  : "Idempotency-Key, or the resource's identifier, makes "
						    "a repetition harmless.");
	if (by_get || by_post)
		put_interaction(writer, "search-type",
			!by_get ? "By POST _search."
				: "By GET, and by POST _search, which alone takes a patient. _count, "
				  "_sort by _id or (where it never changes) _lastUpdated. Pages are linked by next.");
	json_write_array_end(writer);
	json_write_member(writer, "versioning", "versioned");
	json_write_member_bool(writer, "readHistory", false);
	json_write_member_bool(writer, "updateCreate", false);
	json_write_member_bool(writer, "conditionalCreate", false);
	if (reads) json_write_member(writer, "conditionalRead", "not-match");
	if (info != NULL && (by_get || by_post)) put_parameters(writer, info);
	put_operations(capability, type);
	json_write_object_end(writer);
}

static void put_rest(const struct capability *capability)
{
	struct json_writer *writer = capability->writer;
	json_write_object_begin(writer);
	json_write_member(writer, "mode", "server");
	json_write_member(writer, "documentation",
		"What Zhifu takes and shows of the FHIR R4 financial resources. What a claim refers to (Coverage, Patient, "
		"Organization, Practitioner, Encounter, Condition, Procedure) comes contained, in the Bundle, or by identifier.");
	begin_object(writer, "security");
	json_write_member_bool(writer, "cors", false);
	json_write_member(writer, "description",
		"A client certificate, or OAuth 2 client credentials with private_key_jwt (ES256, RS256) at /oauth2/token.");
	json_write_object_end(writer);
	begin_list(writer, "resource");
	for (size_t i = 0; capability_types[i] != NULL; i++) put_type(capability, capability_types[i]);
	json_write_array_end(writer);
	if (leads(capability, HTTP_POST, NULL, "")) {
		begin_list(writer, "interaction");
		put_interaction(writer, "batch",
			"POST of Claim and Consent, each for itself, and of what they refer to, which is kept with them. "
			"Everything else, a Task too, is answered with 405 in its entry.");
		put_interaction(
			writer, "transaction", "The same, all or nothing: with anything else in it nothing is stored.");
		json_write_array_end(writer);
	}
	json_write_object_end(writer);
}

int capability_write(
	const struct http_router *router, const char *base_url, struct zf_arena *arena, struct text_span *ret_text)
{
	struct json_writer writer;
	struct capability capability = {.writer = &writer, .router = router, .arena = arena};
	const char *url = text_printf(arena, "%s/fhir", base_url);
	if (url == NULL) return err_set(ERR_NOMEM, "no memory for the capability statement");
	json_write_init(&writer, arena, STATEMENT_BYTES_MAX);
	json_write_object_begin(&writer);
	json_write_member(&writer, "resourceType", "CapabilityStatement");
	json_write_member(&writer, "status", "active");
	json_write_member(&writer, "date", STATEMENT_DATE);
	json_write_member(&writer, "kind", "instance");
	begin_object(&writer, "software");
	json_write_member(&writer, "name", "Zhifu");
	json_write_member(&writer, "version", ZHIFU_VERSION);
	json_write_object_end(&writer);
	begin_object(&writer, "implementation");
	json_write_member(&writer, "description", "Direct billing between hospitals and insurers");
	json_write_member(&writer, "url", url);
	json_write_object_end(&writer);
	json_write_member(&writer, "fhirVersion", "4.0.1");
	begin_list(&writer, "format");
	json_write_string(&writer, "application/fhir+json");
	json_write_string(&writer, "json");
	json_write_array_end(&writer);
	begin_list(&writer, "rest");
	put_rest(&capability);
	json_write_array_end(&writer);
	json_write_object_end(&writer);
	int r = json_write_finish(&writer, ret_text);
	return r == 0 ? 0 : err_set(ERR_NOMEM, "no memory for the capability statement");
}

void capability_handle(struct http_request *req, void *ctx)
{
	static const struct http_field fields[] = {{"Content-Type", FHIR_JSON_TYPE}};
	const struct intake *intake = ctx;
	struct text_span text = {NULL, 0};
	if (!read_takes_json(req)) return;
	if (capability_write(intake->router, intake->worker->options->base_url, &req->arena.zf, &text) < 0) {
		http_respond_error(req, 503, "no memory for the answer");
		return;
	}
	http_respond(req, 200, fields, ARRAY_LEN(fields), (struct bytes){(const uint8_t *)text.ptr, text.len});
}

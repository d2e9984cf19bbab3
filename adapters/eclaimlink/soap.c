/* Envelopes. */
#include "eclaimlink/soap.h"

#include <stdio.h>
#include <string.h>

#include "lib/base64.h"

#define ENVELOPE_BYTES_MAX (30u << 20)

static void begin_body(struct xml_writer *writer, struct zf_arena *arena)
{
	xml_write_init(writer, arena, ENVELOPE_BYTES_MAX, true);
	xml_write_begin(writer, "soap:Envelope");
	xml_write_attribute(writer, "xmlns:soap", ECLAIM_SOAP_SPACE);
	xml_write_begin(writer, "soap:Body");
}

static void begin_envelope(
	const struct eclaim_profile *profile, struct xml_writer *writer, struct zf_arena *arena, const char *element)
{
	begin_body(writer, arena);
	xml_write_begin(writer, element);
	xml_write_attribute(writer, "xmlns", profile->soap_namespace);
}

static int end_envelope(struct xml_writer *writer, struct text_span *ret_body)
{
	xml_write_end(writer);
	xml_write_end(writer);
	xml_write_end(writer);
	return xml_write_finish(writer, ret_body);
}

static void write_parameters(const struct eclaim_profile *profile, struct xml_writer *writer,
	const struct eclaim_parameter *parameters, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		struct zf_coding word = {.code = parameters[i].name};
		const char *name = eclaim_profile_map(profile, "parameter", NULL, &word);
		xml_write_begin(writer, name == NULL ? parameters[i].name : name);
		if (parameters[i].raw_len > 0) {
			xml_write_raw(writer, (struct text_span){parameters[i].value, parameters[i].raw_len});
		} else {
			xml_write_text(writer, text_of(parameters[i].value));
		}
		xml_write_end(writer);
	}
}

int eclaim_soap_write(const struct eclaim_profile *profile, const char *operation,
	const struct eclaim_parameter *parameters, uint32_t count, struct zf_arena *arena, struct text_span *ret_body)
{
	struct eclaim_parameter who[] = {{"login", profile->login, strlen(profile->login)},
		{"pwd", profile->password, strlen(profile->password)}};
	struct xml_writer writer;
	begin_envelope(profile, &writer, arena, operation);
	write_parameters(profile, &writer, who, 2);
	write_parameters(profile, &writer, parameters, count);
	return end_envelope(&writer, ret_body);
}

int eclaim_soap_answer(const struct eclaim_profile *profile, const char *operation, int64_t result, const char *message,
	const struct eclaim_parameter *parameters, uint32_t count, struct zf_arena *arena, struct text_span *ret_body)
{
	char number[24];
	const char *element = text_printf(arena, "%sResponse", operation);
	const char *name = text_printf(arena, "%sResult", operation);
	struct xml_writer writer;
	if (element == NULL || name == NULL) return LIB_NOMEM;
	(void)snprintf(number, sizeof(number), "%lld", (long long)result);
	begin_envelope(profile, &writer, arena, element);
	xml_write_element(&writer, name, number);
	write_parameters(profile, &writer, parameters, count);
	xml_write_optional(&writer, "errorMessage", message);
	return end_envelope(&writer, ret_body);
}

int eclaim_soap_fault(const char *code, const char *text, struct zf_arena *arena, struct text_span *ret_body)
{
	const char *name = text_printf(arena, "soap:%s", code);
	struct xml_writer writer;
	if (name == NULL) return LIB_NOMEM;
	begin_body(&writer, arena);
	xml_write_begin(&writer, "soap:Fault");
	xml_write_element(&writer, "faultcode", name);
	xml_write_element(&writer, "faultstring", text);
	return end_envelope(&writer, ret_body);
}

const struct xml_element *eclaim_soap_request(const struct xml_element *root)
{
	const struct xml_element *body = xml_is(root, ECLAIM_SOAP_SPACE, "Envelope") ? xml_child(root, "Body") : NULL;
	return body == NULL ? NULL : body->first;
}

/* "0", "-4", "+2" */
static bool read_result(struct text_span text, int64_t *ret)
{
	bool minus = text.len > 0 && text.ptr[0] == '-';
	if (text.len > 0 && (minus || text.ptr[0] == '+')) {
		text.ptr++;
		text.len--;
	}
	if (text_to_int64(text, ret) != 0) return false;
	if (minus) *ret = -*ret;
	return true;
}

static struct text_span result_of(const struct xml_element *response, const char *operation)
{
	size_t len = strlen(operation);
	for (const struct xml_element *child = response->first; child != NULL; child = child->next) {
		bool own = strncmp(child->name, operation, len) == 0 && strcmp(child->name + len, "Result") == 0;
		if (own || strcmp(child->name, "result") == 0) return xml_child_text(response, child->name);
	}
	return (struct text_span){NULL, 0};
}

int eclaim_soap_read(const struct zf_event *event, const char *operation, struct zf_arena *arena,
	struct fault_list *faults, struct eclaim_reply *ret_reply)
{
	const struct xml_element *root;
	struct xml_limits limits = {.bytes_max = 32u << 20, .elements_max = 10000};
	struct eclaim_reply reply = {0};
	size_t len = strlen(operation);
	int rc = xml_read(event->body, event->body_len, &limits, arena, faults, &root);
	if (rc != 0) return rc;
	reply.response = eclaim_soap_request(root);
	if (reply.response == NULL) {
		eclaim_fault_at(faults, arena, FAULT_WIRE_ANSWER, root, NULL, "it is not a SOAP envelope with a body");
		return LIB_INVALID;
	}
	if (xml_is(reply.response, ECLAIM_SOAP_SPACE, "Fault")) {
		reply.is_fault = true;
		reply.message = xml_child_text(reply.response, "faultstring");
		*ret_reply = reply;
		return 0;
	}
	if (strncmp(reply.response->name, operation, len) != 0 || strcmp(reply.response->name + len, "Response") != 0) {
		eclaim_fault_at(faults, arena, FAULT_WIRE_ANSWER, reply.response, NULL, "it answers another operation");
		return LIB_INVALID;
	}
	if (!read_result(result_of(reply.response, operation), &reply.result)) {
		eclaim_fault_at(faults, arena, FAULT_WIRE_ANSWER, reply.response, NULL, "it has no result");
		return LIB_INVALID;
	}
	reply.message = xml_child_text(reply.response, "errorMessage");
	*ret_reply = reply;
	return 0;
}

struct text_span eclaim_reply_content(const struct eclaim_reply *reply, const char *name)
{
	struct text_span text = name == NULL ? (struct text_span){NULL, 0} : xml_child_text(reply->response, name);
	if (text.ptr != NULL || name != NULL) return text;
	for (const struct xml_element *child = reply->response->first; child != NULL; child = child->next) {
		size_t len = strlen(child->name);
		bool other = len >= 6 && strcmp(child->name + len - 6, "Result") == 0;
		if (other || strcmp(child->name, "result") == 0 || strncmp(child->name, "error", 5) == 0) continue;
		text = xml_child_text(reply->response, child->name);
		if (text.ptr != NULL) return text;
	}
	return text;
}

int eclaim_base64_read(struct text_span text, struct zf_arena *arena, struct text_span *ret_bytes)
{
	char *plain = zf_alloc(arena, text.len + 4);
	size_t n = 0, len = 0;
	if (plain == NULL) return LIB_NOMEM;
	int rc = base64_decode(text.ptr, text.len, (uint8_t *)plain, &len);
	if (rc != 0) {
		/* It may be broken into lines. */
		for (size_t i = 0; i < text.len; i++) {
			char c = text.ptr[i];
			if (c != ' ' && c != '\n' && c != '\r' && c != '\t') plain[n++] = c;
		}
		rc = base64_decode(plain, n, (uint8_t *)plain, &len);
	}
	if (rc != 0) return rc;
	*ret_bytes = (struct text_span){plain, len};
	return 0;
}

/* Message Bundles: the MessageHeader, and the Bundle around one resource. */
#include "fhir/encode_message.h"

#include <stdio.h>

const char *fhir_full_url(struct zf_arena *arena, const char *base_url, const char *type, const char *id)
{
	if (base_url == NULL) return text_printf(arena, "urn:uuid:%s", id);
	return text_printf(arena, "%s/%s/%s", base_url, type, id);
}

static void put_party(struct json_writer *writer, const char *key, const char *system, const char *id)
{
	fhir_put_logical(writer, key, "Organization", system, id);
}

void fhir_put_message_header(struct json_writer *writer, const struct fhir_message *message, const char *focus)
{
	fhir_begin_resource(writer, "MessageHeader", message->id, message->profile);
	struct zf_coding event = {.system = message->event_system, .code = message->event};
	fhir_put_coding(writer, "eventCoding", NULL, &event);
	if (message->receiver_id != NULL || message->destination_endpoint != NULL) {
		json_write_key(writer, "destination");
		json_write_array_begin(writer);
		json_write_object_begin(writer);
		json_write_member(writer, "endpoint",
			message->destination_endpoint != NULL ? message->destination_endpoint : "urn:zhifu:insurer");
		put_party(writer, "receiver", message->receiver_system, message->receiver_id);
		json_write_object_end(writer);
		json_write_array_end(writer);
	}
	put_party(writer, "sender", message->sender_system, message->sender_id);
	json_write_key(writer, "source");
	json_write_object_begin(writer);
	json_write_member(
		writer, "endpoint", message->source_endpoint != NULL ? message->source_endpoint : "urn:zhifu");
	json_write_object_end(writer);
	if (message->response_identifier != NULL) {
		json_write_key(writer, "response");
		json_write_object_begin(writer);
		json_write_member(writer, "identifier", message->response_identifier);
		json_write_member(writer, "code", message->response_code != NULL ? message->response_code : "ok");
		json_write_object_end(writer);
	}
	if (focus != NULL) {
		json_write_key(writer, "focus");
		json_write_array_begin(writer);
		fhir_put_reference(writer, NULL, NULL, focus, NULL, NULL);
		json_write_array_end(writer);
	}
	json_write_object_end(writer);
}

void fhir_begin_bundle(struct json_writer *writer, const struct fhir_message *message, const char *id)
{
	fhir_begin_resource(writer, "Bundle", id, message == NULL ? NULL : message->bundle_profile);
	json_write_member(writer, "type", message == NULL ? "collection" : "message");
	if (message != NULL) json_write_member(writer, "timestamp", message->timestamp);
	json_write_key(writer, "entry");
	json_write_array_begin(writer);
}

void fhir_end_bundle(struct json_writer *writer)
{
	json_write_array_end(writer);
	json_write_object_end(writer);
}

void fhir_begin_entry(struct json_writer *writer, const char *full_url)
{
	json_write_object_begin(writer);
	json_write_member(writer, "fullUrl", full_url);
	json_write_key(writer, "resource");
}

void fhir_end_entry(struct json_writer *writer)
{
	json_write_object_end(writer);
}

int fhir_encode_message(const struct fhir_message *message, const char *base_url, const char *type, const char *id,
	struct text_span resource, struct zf_arena *arena, struct text_span *ret)
{
	const char *header_url = fhir_full_url(arena, base_url, "MessageHeader", message->id);
	const char *url = fhir_full_url(arena, base_url, type, id);
	if (header_url == NULL || url == NULL) return LIB_NOMEM;
	struct json_writer writer;
	json_write_init(&writer, arena, FHIR_DOCUMENT_BYTES_MAX);
	fhir_begin_bundle(&writer, message, NULL);
	fhir_begin_entry(&writer, header_url);
	fhir_put_message_header(&writer, message, url);
	fhir_end_entry(&writer);
	fhir_begin_entry(&writer, url);
	json_write_raw(&writer, resource);
	fhir_end_entry(&writer);
	fhir_end_bundle(&writer);
	return json_write_finish(&writer, ret);
}

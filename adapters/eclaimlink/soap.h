/* SOAP 1.1: an operation with its parameters as an envelope, and what came back taken apart. */
#ifndef ECLAIMLINK_SOAP_H
#define ECLAIMLINK_SOAP_H

#include "eclaimlink/wire.h"

#define ECLAIM_SOAP_SPACE "http://schemas.xmlsoap.org/soap/envelope/"
#define ECLAIM_CONTENT_TYPE "text/xml; charset=utf-8"

struct eclaim_parameter {
	const char *name; /* as the manual has it; the profile's map "parameter" may say it otherwise */
	const char *value;
	size_t raw_len; /* > 0: value is base64 of that length, copied as it is */
};

/* login and password come first, as placeholders. LIB_NOMEM, LIB_LIMIT, LIB_INVALID. */
int eclaim_soap_write(const struct eclaim_profile *profile, const char *operation,
	const struct eclaim_parameter *parameters, uint32_t count, struct zf_arena *arena,
	struct text_span *ret_body) LIB_MUSTUSE;

struct eclaim_reply {
	bool is_fault; /* a SOAP Fault */
	int64_t result;
	const struct xml_element *response; /* OPERATIONResponse; of a Fault the Fault */
	struct text_span message;           /* errorMessage, or the Fault's string: never to be logged */
};

/* LIB_INVALID with faults: not an envelope, not this operation's response, or without a result. */
int eclaim_soap_read(const struct zf_event *event, const char *operation, struct zf_arena *arena,
	struct fault_list *faults, struct eclaim_reply *ret_reply) LIB_MUSTUSE;
/* The text of the first child that is neither result nor message nor report and has some; {NULL, 0}: none. */
struct text_span eclaim_reply_content(const struct eclaim_reply *reply, const char *name);
/* Base64, blanks and line breaks in it or not. LIB_INVALID, LIB_NOMEM. */
int eclaim_base64_read(struct text_span text, struct zf_arena *arena, struct text_span *ret_bytes) LIB_MUSTUSE;

/* The request of an envelope, as the insurer: the operation's element; NULL: it is none. */
const struct xml_element *eclaim_soap_request(const struct xml_element *root);
/* An answer, as the insurer: OPERATIONResponse with these children. */
int eclaim_soap_answer(const struct eclaim_profile *profile, const char *operation, int64_t result, const char *message,
	const struct eclaim_parameter *parameters, uint32_t count, struct zf_arena *arena,
	struct text_span *ret_body) LIB_MUSTUSE;
/* A Fault; code: "Client" or "Server". */
int eclaim_soap_fault(
	const char *code, const char *text, struct zf_arena *arena, struct text_span *ret_body) LIB_MUSTUSE;

#endif

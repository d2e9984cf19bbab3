/* OperationOutcome: every refusal and every remark of the API, in English and Chinese, with who can put it right. */
#ifndef INTAKE_OUTCOME_H
#define INTAKE_OUTCOME_H

#include "base/mem.h"
#include "lib/fault.h"
#include "lib/json_write.h"
#include "net/http_server.h"

#define OUTCOME_BYTES_MAX (4u << 20)
#define OUTCOME_FIXED_BY "urn:zhifu:fixed-by"  /* extension of an issue: FAULT_OWNER's name as a code */
#define OUTCOME_FAULT_SYSTEM "urn:zhifu:fault" /* coding of details: the stable name of a fault or remark */

/* A remark that is no fault of the catalogue: what the API itself has to say. Constant texts. */
struct outcome_remark {
	const char *severity; /* information, warning, error */
	const char *type;     /* FHIR IssueType */
	const char *code;     /* stable, kebab case */
	const char *english, *chinese;
	const char *owner; /* who can put it right, as fault_owner_name; NULL: nobody has to */
};

/* Remarks used in more than one place. */
extern const struct outcome_remark outcome_overloaded;
extern const struct outcome_remark outcome_database; /* like outcome_overloaded, when no connection is up */
extern const struct outcome_remark outcome_unknown;  /* neither yes nor no */
extern const struct outcome_remark outcome_refused;  /* the database refused */
extern const struct outcome_remark outcome_conflict;
extern const struct outcome_remark outcome_internal;

/* True when the request wants Chinese first (Accept-Language). */
bool outcome_is_chinese(const struct http_request *req);

/* The pieces, for answers that hold several: begin writes {"resourceType"..."issue":[ , end closes it. */
void outcome_begin(struct json_writer *writer);
void outcome_end(struct json_writer *writer);
/* One issue. expression: FHIRPath, or NULL or "". */
void outcome_add(struct json_writer *writer, bool chinese, const struct outcome_remark *remark, const char *expression);
/* One issue of a fault. Its sentences are made in the arena. */
void outcome_add_fault(struct json_writer *writer, struct zf_arena *arena, bool chinese, const struct fault *fault);

/* Answers with an OperationOutcome of these faults, or of one remark; req is gone afterwards. retry_after_s 0: none. */
void outcome_respond_faults(struct http_request *req, int status, const struct fault_list *faults);
void outcome_respond(struct http_request *req, int status, const struct outcome_remark *remark);

/* http_error_body_fn: what the server itself refuses. */
void outcome_error_body(const struct http_request *req, void *ctx, int status, const char *text, struct buf *ret_body,
	const char **ret_type);

#endif

/* A call of /v1: from the request to what its operation needs, and to the answer. Everything is in the request's arena.
 */
#ifndef DESK_CALL_H
#define DESK_CALL_H

#include "desk/desk.h"
#include "desk/operation.h"
#include "intake/intake.h"

#define DESK_LIMIT_DEFAULT 100
#define DESK_LIMIT_MAX 1000
#define DESK_TEXT_LIMIT_MAX 10000 /* postings of a page of OPERATION_TEXT; also where none is said */
#define DESK_JSON_TYPE "application/json; charset=utf-8"

struct stored_rates;
struct rate_step;

struct desk_call {
	struct desk *desk;
	struct http_request *req;
	const struct operation *operation;
	const struct principal *principal;
	struct problem_list problems;
	struct uuid id;      /* of the path */
	struct value *query; /* of operation->query */
	struct value *body;  /* of operation->request */
	/* lists */
	const char *query_text; /* the parameters that a next link repeats */
	bool has_position;
	int64_t position;
	struct uuid position_id;
	int32_t limit;
	const char *seen; /* of a text: what its first page saw, which its links repeat; "" on the first page */
	/* acts */
	bool has_key;
	uint8_t key_hash[32], body_hash[32];
	int64_t version;      /* of If-Match; -1: none */
	int status;           /* of the answer */
	bool inspects;        /* an inspector's: a look on record, and nothing that a person wrote */
	void *own;            /* what a run keeps between its steps */
	struct desk_ask *ask; /* its turn on the desk's connections (ask.h) */
};

/* http_handler_fn of all operations; the route's tag is the operation's number. ctx: the desk. */
void desk_handle(struct http_request *req, void *ctx);

/* Asks for what the operation's statement says, and answers. From a run, when it has nothing against it. */
void desk_call_go(struct desk_call *call);
/* Answers with what is in call->problems, as 422. */
void desk_call_refuse(struct desk_call *call);
/* Answers with one problem. */
void desk_call_problem(struct desk_call *call, const struct problem *problem);
/* Answers for a database that did not commit; NULL: it could not be asked. */
void desk_call_fail(struct desk_call *call, const struct db_outcome *outcome);
/* Answers with a JSON text. */
void desk_call_answer(struct desk_call *call, int status, struct text_span text);
/* The same with what was written. */
void desk_call_write(struct desk_call *call, int status, struct json_writer *writer);
/* Begins the parameters of a statement with the hospital. NULL: no memory, answered. */
struct db_params *desk_call_params(struct desk_call *call);
/* A statement, as the hospital, when the call's turn has come; done gets the call. On failure it is answered. The next
 * one is asked for from inside done, or not at all. */
void desk_call_ask(struct desk_call *call, enum desk_statement statement, struct db_params *params, db_done *done);
/* The link behind a page that ends at this position: the operation, the position and all parameters, sealed. NULL: too
 * much for a link, or no memory. */
const char *desk_call_link(struct desk_call *call, int64_t position, const struct uuid *id);
/* The parameters of a page or of all rows: hospital, the query's values, and of a page position, id and limit. NULL: no
 * memory, answered. */
struct db_params *desk_call_page_params(struct desk_call *call);
/* Words of a person, sealed for the row of this id (SEAL_FACT), in the request's arena. ERR_NOTFOUND: the hospital's
 * key is not there; ERR_NOMEM. */
int desk_seal(struct desk_call *call, const struct uuid *id, const char *words, struct bytes *ret_sealed) MUSTUSE;
/* The same. False: answered. */
bool desk_seal_or_refuse(struct desk_call *call, const struct uuid *id, const char *words, struct bytes *ret_sealed);
/* The same of the body's "why", for what the path names, as hex. */
bool desk_why_seal(struct desk_call *call);
/* The same of a value, which is their hex then, as statements take it. False: answered. */
bool desk_words_seal(struct desk_call *call, const struct uuid *id, struct value *words);
/* The operation's own statement with these parameters, whose rows are the answer. */
void desk_call_page(struct desk_call *call, struct db_params *params);
/* The next two parameters: the hashes of Idempotency-Key and body, null without a key. */
void desk_call_key_bind(const struct desk_call *call, struct db_params *params);
/* The parameters of an act: hospital, client, hashes, the path's id, the version, and the body's values. NULL: no
 * memory, answered. */
struct db_params *desk_call_act_params(struct desk_call *call);
/* What the stay of this number is known by. NULL on no memory, or a key is gone. */
const char *desk_stay_names(struct desk_call *call, const char *number);
/* Asks for the rates of these days, as rate_rows_read takes them. */
void rates_ask(struct desk_call *call, int32_t from, int32_t to, db_done *done);
/* As the shape RateStep has it. */
void rate_step_write(struct json_writer *writer, const struct stored_rates *known, const struct rate_step *step);
/* A member notes: what is said of a file, each as the shape FileNote has it. */
void file_notes_write(struct json_writer *writer, const struct fault_list *faults, struct arena *arena);
/* The operation's own statement with these parameters, as an act. */
void desk_call_act(struct desk_call *call, struct db_params *params);
/* The hospital in the configuration of now; NULL: it is gone, answered. */
const struct hospital *desk_call_hospital(struct desk_call *call);

extern const struct problem desk_problem_memory, desk_problem_refused, desk_problem_found, desk_problem_keys,
	desk_problem_later, desk_problem_unknown, desk_problem_key, desk_problem_versionless;
extern const struct problem_word desk_word_large;

/* Shapes that runs read values of. */
extern const struct shape rate_new_shape, rate_approval_shape, rate_correction_shape, contract_new_shape,
	charges_query_shape, charge_new_shape, charges_new_shape, rate_of_query, rate_import_query, price_import_query,
	statement_import_query, statement_imported_shape, imported_statement_shape, imported_late_shape,
	file_note_shape, remittance_shape, remittance_import_query, remittance_new_shape, remittance_release_shape;
extern const struct shape payer_row_shape, payer_said_shape;

/* What the table cannot say of some operations. */
void rate_of_run(struct desk_call *call);
void rate_enter_run(struct desk_call *call);
void rate_approve_run(struct desk_call *call);
void rate_correct_run(struct desk_call *call);
void rate_file_run(struct desk_call *call);
void contract_put_run(struct desk_call *call);
void price_file_run(struct desk_call *call);
void accounts_run(struct desk_call *call);
void charge_add_run(struct desk_call *call);
void charges_run(struct desk_call *call);
void candidates_run(struct desk_call *call);
void match_note_run(struct desk_call *call);
void accept_run(struct desk_call *call);
void classify_run(struct desk_call *call);
void reject_run(struct desk_call *call);
void allocate_run(struct desk_call *call);
void allocate_advice_run(struct desk_call *call);
void line_run(struct desk_call *call);
void patient_accounts_run(struct desk_call *call);
void patient_act_run(struct desk_call *call);
void limitations_run(struct desk_call *call);
void demand_run(struct desk_call *call);
void why_sealed_run(struct desk_call *call);
void line_why_sealed_run(struct desk_call *call);
void why_known_run(struct desk_call *call);
void reason_known_run(struct desk_call *call);
void write_off_run(struct desk_call *call);
void declaration_add_run(struct desk_call *call);
void declaration_recount_run(struct desk_call *call);
void dispute_run(struct desk_call *call);
void dispute_lost_run(struct desk_call *call);
void findings_run(struct desk_call *call);
void period_close_run(struct desk_call *call);
void journal_run(struct desk_call *call);
void remittance_import_run(struct desk_call *call);
void remittance_enter_run(struct desk_call *call);
void remittance_release_run(struct desk_call *call);
void remittance_content_run(struct desk_call *call);
void payers_run(struct desk_call *call);
void payer_add_run(struct desk_call *call);
void payer_forget_run(struct desk_call *call);
void rules_run(struct desk_call *call);
void rules_check_run(struct desk_call *call);

#endif

/* By which names and accounts payers are known to matching. */
#include "desk/operation_rows.h"

#include "desk/call.h"

static const char *const kinds[] = {"", "name", "account", NULL};

#define PAYER_FIELDS                                                                                                   \
	{"id", FIELD_ID, NEEDED, "Zhifu's id of what is known", NULL, 0, NULL},                                        \
		{"remitter", FIELD_TEXT, NEEDED, "whose it is, as contracts name who pays", NULL, 0, NULL},            \
		{"kind", FIELD_WORD, NEEDED, "of an account only a hash is kept", kinds, 0, NULL},                     \
		{"times", FIELD_INT, NEEDED, "how often it was accepted or said", NULL, 0, NULL},                      \
		{"who", FIELD_TEXT, NEEDED, "taught it first", NULL, 0, NULL},                                         \
		{"at", FIELD_TIME, NEEDED, "when", NULL, 0, NULL},                                                     \
	{                                                                                                              \
		"allocation", FIELD_ID, 0, "one that taught it; not there: a person said so", NULL, 0, NULL            \
	}
static const struct field row_fields[] = {PAYER_FIELDS};
const struct shape payer_row_shape = SHAPE("PayerRow", row_fields);
/* Written by payer.c. */
static const struct field payer_fields[] = {
	PAYER_FIELDS,
	{"name", FIELD_TEXT, 0, "as it stood on the money, or was said", NULL, 0, NULL},
};
static const struct shape payer_shape = SHAPE("PayerKnown", payer_fields);

static const struct field payers_fields[] = {
	{"remitter", FIELD_TEXT, 0, "whose", NULL, 0, NULL},
	{"kind", FIELD_WORD, 0, "names, or accounts", kinds, 0, NULL},
};
static const struct shape payers_query = SHAPE("PayersQuery", payers_fields);

static const struct field said_fields[] = {
	{"remitter", FIELD_TEXT, NEEDED, "whose, as contracts name who pays", NULL, 200, NULL},
	{"name", FIELD_TEXT, 0, "that stands on its money; this or an account is needed", NULL, 200, NULL},
	{"account", FIELD_TEXT, 0, "from which it pays", NULL, 64, NULL},
	SHAPE_WHY,
};
const struct shape payer_said_shape = SHAPE("PayerSaid", said_fields);
static const struct field done_fields[] = {
	{"done", FIELD_INT, NEEDED, "names and accounts, 1 or 2", NULL, 0, NULL},
};
static const struct shape done_shape = SHAPE("PayerDone", done_fields);

static const struct operation_refusal forget_refusals[] = {
	{-1, {404, {"not-found", "This payer is not known by this.", "该付款人不以此识别。"}}},
	{0, {0, {NULL, NULL, NULL}}},
};

static const struct operation rows[] = {
	{HTTP_GET, "/v1/payers", "payers", OPERATION_LIST, READS,
		"By which names and accounts payers are known, besides the insurers' configured names",
		.query = &payers_query, .answer = &payer_shape, .statement = DESK_PAYERS, .then = DESK_NONE,
		.run = payers_run},
	{HTTP_POST, "/v1/payers", "payer_add", OPERATION_ACT, WRITES,
		"Says by what a payer is known; what persons accept is learned too", .request = &payer_said_shape,
		.answer = &done_shape, .statement = DESK_PAYER_ADD, .then = DESK_NONE, .creates = true,
		.refusals = forget_refusals, .run = payer_add_run},
	{HTTP_POST, "/v1/payers/forget", "payer_forget", OPERATION_ACT, WRITES, "Says by what a payer is not known",
		.request = &payer_said_shape, .answer = &done_shape, .statement = DESK_PAYER_FORGET, .then = DESK_NONE,
		.refusals = forget_refusals, .run = payer_forget_run}, /* it may be said anew since */
	{HTTP_POST, "/v1/payers/{id}/forget", "payer_forget_one", OPERATION_ACT, WRITES,
		"The same of one that the list has", .request = &reason_shape, .answer = &done_shape,
		.statement = DESK_PAYER_FORGET_ONE, .then = DESK_NONE, .refusals = forget_refusals, .once = ONCE_ENDED},
};
const struct operation_group payer_operations = OPERATION_GROUP(rows);

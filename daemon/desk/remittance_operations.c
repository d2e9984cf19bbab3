/* Advices of payers: those that are there, and how files, letters and what a person decides of one come in. */
#include "desk/operation_rows.h"

#include "desk/call.h"
#include "desk/remittance.h"

static const char *const forms[] = {"module", "csv", "xlsx", "letter", NULL};
static const char *const standings[] = {"", "counts", "parked", "refused", "replaced", "withdrawn", NULL};
const char *const shape_detail_kinds[] = {"", "claim", "fee", "adjustment", "netted", NULL};
const char *const shape_differences[] = {"unsaid", "patient", "contract", "denied", "disputed", NULL};
static const char *const reasons[] = {"", "corrected", "reread", "another", NULL}; /* by enum advice_reason */

/* ---- shapes ---- */

#define REMITTANCE_FIELDS                                                                                              \
	{"id", FIELD_ID, NEEDED, "Zhifu's id of it", NULL, 0, NULL},                                                   \
		{"remitter", FIELD_TEXT, NEEDED, "who pays", NULL, 0, NULL},                                           \
		{"identifier", FIELD_TEXT, NEEDED, "the remitter's", NULL, 0, NULL},                                   \
		{"version", FIELD_INT, NEEDED, "each correction is one more", NULL, 0, NULL},                          \
		{"form", FIELD_WORD, NEEDED, "how it came; module: from the insurer's system", forms, 0, NULL},        \
		{"standing", FIELD_WORD, NEEDED, "parked: its arithmetic is wrong, nothing of it is in the books",     \
			standings, 0, NULL},                                                                           \
		{"amount", FIELD_MONEY, NEEDED, "what is transferred, as it says", NULL, 0, NULL},                     \
		{"sum", FIELD_MONEY, NEEDED, "what its details come to", NULL, 0, NULL},                               \
		{"paid", FIELD_BOOL, NEEDED, "its money has come and is allocated", NULL, 0, NULL},                    \
		{"made_at", FIELD_TIME, NEEDED, "when it came", NULL, 0, NULL},                                        \
		{"maker", FIELD_TEXT, 0, "who brought it in", NULL, 0, NULL},                                          \
		{"decided_by", FIELD_TEXT, 0, "who refused, replaced or withdrew it", NULL, 0, NULL},                  \
		{"decided_at", FIELD_TIME, 0, "when", NULL, 0, NULL},                                                  \
	{                                                                                                              \
		"words", FIELD_BOOL, NEEDED,                                                                           \
			"somebody wrote why it was brought in, or refused or withdrawn: its content tells it", NULL,   \
			0, NULL                                                                                        \
	}
/* Of one that was read. */
#define ARITHMETIC_FIELDS                                                                                              \
	{"difference", FIELD_MONEY, NEEDED, "its details less what is transferred; 0: it balances", NULL, 0, NULL},    \
		{"arithmetic", FIELD_TEXT, NEEDED, "the same in words", NULL, 0, NULL},                                \
	{                                                                                                              \
		"arithmetic_zh", FIELD_TEXT, NEEDED, "the same in Chinese", NULL, 0, NULL                              \
	}

static const struct field remittance_fields[] = {REMITTANCE_FIELDS};
const struct shape remittance_shape = SHAPE("Remittance", remittance_fields);

static const struct field remittances_fields[] = {
	{"remitter", FIELD_TEXT, 0, "who pays", NULL, 0, NULL},
	{"identifier", FIELD_TEXT, 0, "the remitter's", NULL, 0, NULL},
	{"standing", FIELD_WORD, 0, "how it stands", standings, 0, NULL},
};
static const struct shape remittances_query = SHAPE("RemittancesQuery", remittances_fields);

#define SAID_FIELDS                                                                                                    \
	{"ref", FIELD_TEXT, 0, "of the claim, as it says", NULL, 0, NULL},                                             \
		{"insurer_number", FIELD_TEXT, 0, "the insurer's number of the claim", NULL, 0, NULL},                 \
		{"carrier", FIELD_TEXT, 0, "who bears it", NULL, 0, NULL},                                             \
		{"billed", FIELD_MONEY, 0, "what it says was billed", NULL, 0, NULL},                                  \
		{"amount", FIELD_MONEY, NEEDED, "negative: taken back", NULL, 0, NULL},                                \
		{"fee", FIELD_MONEY, 0, "kept by the network", NULL, 0, NULL},                                         \
		{"tax", FIELD_MONEY, 0, "within the fee", NULL, 0, NULL},                                              \
	{                                                                                                              \
		"difference", FIELD_WORD, NEEDED, "why less is paid than billed", shape_differences, 0, NULL           \
	}

static const struct field detail_fields[] = {
	{"remittance", FIELD_ID, NEEDED, "whose it is", NULL, 0, NULL},
	{"no", FIELD_INT, NEEDED, "of the detail", NULL, 0, NULL},
	{"kind", FIELD_WORD, NEEDED, "of a claim, or of the whole transfer", shape_detail_kinds, 0, NULL},
	{"claim", FIELD_ID, 0, "not there: none is found", NULL, 0, NULL},
	SAID_FIELDS,
};
static const struct shape remittance_detail_shape = SHAPE("RemittanceDetail", detail_fields);

static const struct field details_fields[] = {
	{"remittance", FIELD_ID, 0, "of this advice", NULL, 0, NULL},
	{"claim", FIELD_ID, 0, "of this claim", NULL, 0, NULL},
};
static const struct shape remittance_details_query = SHAPE("RemittanceDetailsQuery", details_fields);

/* These are written by remittance.c. */
static const struct field said_fields[] = {
	{"no", FIELD_INT, NEEDED, "of the detail", NULL, 0, NULL},
	{"kind", FIELD_WORD, NEEDED, "of a claim, or of the whole transfer", shape_detail_kinds, 0, NULL},
	SAID_FIELDS,
	{"bill_number", FIELD_TEXT, 0, "the hospital's own number of the bill, as it says", NULL, 0, NULL},
	{"remark", FIELD_TEXT, 0, "which may name persons", NULL, 0, NULL},
};
static const struct shape said_shape = SHAPE("RemittanceSaid", said_fields);
static const struct field content_fields[] = {
	REMITTANCE_FIELDS,
	ARITHMETIC_FIELDS,
	{"why", FIELD_TEXT, 0, "what whoever brought it in wrote", NULL, 0, NULL},
	{"decided_why", FIELD_TEXT, 0, "what whoever refused or withdrew it wrote", NULL, 0, NULL},
	{"profile", FIELD_TEXT, 0, "by which a file was read", NULL, 0, NULL},
	{"payment_day", FIELD_DAY, 0, "when it is or was paid", NULL, 0, NULL},
	{"payment_reference", FIELD_TEXT, 0, "what the transfer's text says", NULL, 0, NULL},
	{"details", FIELD_LIST, NEEDED, "what it says, line by line", NULL, 0, &said_shape},
};
static const struct shape content_shape = SHAPE("RemittanceContent", content_fields);

static const struct field note_fields[] = {
	{"place", FIELD_TEXT, 0, "in the file, or the advice", NULL, 0, NULL},
	{"code", FIELD_TEXT, NEEDED, "what it is", NULL, 0, NULL},
	{"detail", FIELD_TEXT, NEEDED, "in words", NULL, 0, NULL},
	{"detail_zh", FIELD_TEXT, NEEDED, "in Chinese", NULL, 0, NULL},
};
const struct shape file_note_shape = SHAPE("FileNote", note_fields);
static const struct field taken_fields[] = {
	REMITTANCE_FIELDS,
	{"known", FIELD_BOOL, NEEDED, "the very same was taken before: nothing was done", NULL, 0, NULL},
	ARITHMETIC_FIELDS,
	{"details", FIELD_INT, NEEDED, "that it has", NULL, 0, NULL},
	{"decisions", FIELD_INT, NEEDED, "claims on which it is the first decision", NULL, 0, NULL},
	{"not_found", FIELD_INT, NEEDED,
		"details of claims that are not here, or another carrier's: they wait for a person", NULL, 0, NULL},
	{"notes", FIELD_LIST, NEEDED, "what is strange about it, and does not stand in its way", NULL, 0,
		&file_note_shape},
};
static const struct shape taken_shape = SHAPE("RemittanceTaken", taken_fields);

static const struct field import_query[] = {
	{"profile", FIELD_TEXT, NEEDED, "one of the hospital's advice_profiles, by which it is read", NULL, 64, NULL},
	{"why", FIELD_WORD, 0,
		"where one is there: corrected by who sent it, reread by a profile that was put right, another: money besides the one that says the same",
		reasons, 0, NULL},
};
const struct shape remittance_import_query = SHAPE("RemittanceImportQuery", import_query);

#define ANOTHER                                                                                                        \
	{                                                                                                              \
		"another", FIELD_BOOL, 0, "it is money besides the one that counts and says the same", NULL, 0, NULL   \
	}
static const struct field new_fields[] = {
	{"advice", FIELD_DOCUMENT, NEEDED, "as zhifu_remittance(5) has it", NULL, 0, NULL},
	SHAPE_WHY,
	ANOTHER,
};
const struct shape remittance_new_shape = SHAPE("RemittanceNew", new_fields);
static const struct field release_fields[] = {SHAPE_WHY, ANOTHER};
const struct shape remittance_release_shape = SHAPE("RemittanceRelease", release_fields);

/* ---- what acts refuse ---- */

static const struct operation_refusal refuse_refusals[] = {
	{-1, {404, {"not-found", "There is no such advice.", "没有该付款通知。"}}},
	{-2, {409, {"not-parked", "It is not parked, or not any more.", "该通知不处于搁置状态。"}}},
	{0, {0, {NULL, NULL, NULL}}},
};
static const struct operation_refusal withdraw_refusals[] = {
	{-1, {404, {"not-found", "There is no such advice.", "没有该付款通知。"}}},
	{-2, {409, {"not-counting", "It does not count: what is parked is refused.",
			   "该通知未入账:搁置的通知请拒绝。"}}},
	{-3, {409, {"money-allocated", "Its money is allocated: undo that first.", "其款项已核销:请先撤销核销。"}}},
	{-4, {409, {"value-missing", "What it announced has no value in the books yet: a rate is missing.",
			   "通知金额在账上尚无价值:缺少汇率。"}}},
	{0, {0, {NULL, NULL, NULL}}},
};

/* ---- operations ---- */

#define TAKES(where, id, words, body, first, reason)                                                                   \
	{                                                                                                              \
		.method = HTTP_POST, .path = (where), .name = (id), .kind = OPERATION_ACT, .scope = WRITES,            \
		.summary = (words), .request = &(body), .answer = &taken_shape, .statement = DESK_NONE,                \
		.then = DESK_NONE, .creates = true, .run = (first), .once = (reason)                                   \
	}
#define ENDS(id, words, sql, wrong)                                                                                    \
	{                                                                                                              \
		.method = HTTP_POST, .path = "/v1/remittances/{id}/" id, .name = "remittance_" id,                     \
		.kind = OPERATION_ACT, .scope = WRITES, .summary = (words), .request = &reason_shape,                  \
		.answer = &remittance_shape, .statement = (sql), .then = DESK_REMITTANCE, .refusals = (wrong),         \
		.run = why_sealed_run, .once = ONCE_ENDED                                                              \
	}

#define FILE_BYTES_MAX ((size_t)16 << 20)
#define ONCE_SAME "the same content under its identifier is the same advice"

static const struct operation rows[] = {
	PAGE("/v1/remittances", "remittances", "Advices of payers, also those that do not balance", remittances_query,
		remittance_shape, DESK_REMITTANCES),
	TAKES("/v1/remittances", "remittance_enter",
		"Takes an advice that came as a letter: it counts, or is parked where its arithmetic is wrong",
		remittance_new_shape, remittance_enter_run, ONCE_SAME),
	{HTTP_POST, "/v1/remittances/import", "remittance_import", OPERATION_FILE, WRITES,
		"Takes an advice as a file, CSV or XLSX, read by a profile: all of it, or nothing and why",
		.query = &remittance_import_query,
		.media =
			"text/csv application/vnd.openxmlformats-officedocument.spreadsheetml.sheet application/octet-stream",
		.answer = &taken_shape, .statement = DESK_NONE, .then = DESK_NONE, .creates = true,
		.file_bytes_max = FILE_BYTES_MAX, .run = remittance_import_run, .once = ONCE_SAME},
	ONE("/v1/remittances/{id}", "remittance", "One advice", remittance_shape, DESK_REMITTANCE),
	{HTTP_GET, "/v1/remittances/{id}/content", "remittance_content", OPERATION_ONE, READS,
		"What an advice says, also one that is parked, which may name persons: who looks is on record",
		.answer = &content_shape, .statement = DESK_NONE, .then = DESK_NONE, .run = remittance_content_run},
	TAKES("/v1/remittances/{id}/correct", "remittance_correct",
		"Takes this advice in place of one that is parked: of the same remitter and identifier",
		remittance_new_shape, remittance_enter_run, ONCE_SAME),
	TAKES("/v1/remittances/{id}/release", "remittance_release",
		"Lets one that is parked count, its difference as an adjustment", remittance_release_shape,
		remittance_release_run, "what was parked is released then, and is so once"),
	ENDS("refuse", "Does away with one that is parked", DESK_REMITTANCE_REFUSE, refuse_refusals),
	ENDS("withdraw", "Takes one that counts back, before its money is allocated", DESK_REMITTANCE_WITHDRAW,
		withdraw_refusals),
	PAGE("/v1/remittance-details", "remittance_details", "What advices say of single claims, and of fees",
		remittance_details_query, remittance_detail_shape, DESK_REMITTANCE_DETAILS),
};
const struct operation_group remittance_operations = OPERATION_GROUP(rows);

/* Configuration keys of the FHIR module, declared as data, and their reading. */
#include "fhir/config.h"

#include <stddef.h>
#include <string.h>

#include "fhir/encode.h"
#include "lib/text.h"

const struct zf_key fhir_config_keys[] = {
	{"mode", ZF_KEY_TEXT, 0, "submit",
		"submit: plain Claim/$submit; message: message Bundles to $process-message, answers by polling"},
	{"endpoint", ZF_KEY_ENDPOINT, 0, "fhir", "name of the endpoint that all requests go to"},
	{"submit_path", ZF_KEY_TEXT, 0, "/Claim/$submit", "where claims are posted in mode submit"},
	{"message_path", ZF_KEY_TEXT, 0, "/$process-message", "where messages are posted in mode message"},
	{"status", ZF_KEY_TEXT, 0, "none", "get: search ClaimResponse by our claim number; task: a status Task; none"},
	{"status_path", ZF_KEY_TEXT, 0, "/ClaimResponse", "where answers are searched"},
	{"claim_path", ZF_KEY_TEXT, 0, "/Claim",
		"where claims are searched when there is no answer yet, and found until they are decided; empty: not at all, "
		"and no answer about a claim in doubt means never received"},
	{"task_path", ZF_KEY_TEXT, 0, "/Task", "where Tasks are posted in mode submit"},
	{"remittance_path", ZF_KEY_TEXT, 0, "", "where PaymentReconciliations are fetched; empty: they are not"},
	{"cancel", ZF_KEY_BOOL, 0, "false", "can claims be cancelled by Task?"},
	{"idempotent", ZF_KEY_BOOL, 0, "false",
		"does the insurer recognise a repeated submission by our claim number?"},
	{"push", ZF_KEY_BOOL, 0, "false", "does the insurer post answers to us?"},
	{"base_url", ZF_KEY_TEXT, 0, "", "base of fullUrl in Bundles; empty: urn:uuid:"},
	{"source_endpoint", ZF_KEY_TEXT, 0, "", "MessageHeader.source.endpoint"},
	{"destination_endpoint", ZF_KEY_TEXT, 0, "", "MessageHeader.destination.endpoint"},
	{"claim_system", ZF_KEY_TEXT, 0, FHIR_SYSTEM_CLAIM, "identifier system of our claim number"},
	{"number_system", ZF_KEY_TEXT, 0, "", "identifier system of the insurer's own claim number"},
	{"sender_system", ZF_KEY_TEXT, 0, "", "identifier system of sender_id"},
	{"sender_id", ZF_KEY_TEXT, 0, "", "the hospital's number at the insurer"},
	{"receiver_system", ZF_KEY_TEXT, 0, "", "identifier system of receiver_id"},
	{"receiver_id", ZF_KEY_TEXT, 0, "", "the insurer's number"},
	{"hub_system", ZF_KEY_TEXT, 0, "", "identifier system of hub_id"},
	{"hub_id", ZF_KEY_TEXT, 0, "", "receiver of polls, where it is not the insurer"},
	{"event_system", ZF_KEY_TEXT, 0, "", "code system of message events; required in mode message"},
	{"event_claim", ZF_KEY_TEXT, 0, "claim-request", "event of a claim"},
	{"event_preauth", ZF_KEY_TEXT, 0, "priorauth-request", "event of a preauthorization or predetermination"},
	{"event_status", ZF_KEY_TEXT, 0, "status-check", "event of a status Task"},
	{"event_cancel", ZF_KEY_TEXT, 0, "cancel-request", "event of a cancel Task"},
	{"event_poll", ZF_KEY_TEXT, 0, "poll-request", "event of a poll Task"},
	{"event_remittance", ZF_KEY_TEXT, 0, "payment-reconciliation", "event of a remittance, as the insurer"},
	{"task_system", ZF_KEY_TEXT, 0, "http://terminology.hl7.org/CodeSystem/financialtaskcode",
		"code system of Task.code and of its inputs"},
	{"reason_system", ZF_KEY_TEXT, 0, "", "code system of a cancellation's reason"},
	{"poll_count", ZF_KEY_INT, 0, "50", "messages asked for by one poll, 1 to 1000"},
	{"poll_include", ZF_KEY_TEXT, 0, "", "message types to poll for, blank-separated; empty: all"},
	{"poll_exclude", ZF_KEY_TEXT, 0, "", "message types not to poll for"},
	{"wait_seconds", ZF_KEY_INT, 0, "60", "time between two questions about a claim that is not decided"},
	{"retry_seconds", ZF_KEY_INT, 0, "60", "time until a request is repeated after the insurer was busy"},
	{"asks_max", ZF_KEY_INT, 0, "1000", "questions about one claim or poll before the exchange ends"},
	{"ext_patient_share", ZF_KEY_TEXT, 0, FHIR_EXTENSION_PATIENT_SHARE, "extension URL of a line's patient share"},
	{"ext_tax", ZF_KEY_TEXT, 0, FHIR_EXTENSION_TAX, "extension URL of a line's tax"},
	{"ext_package", ZF_KEY_TEXT, 0, "", "extension URL that says whether a line is a package; empty: not sent"},
	{"ext_bill_sequence", ZF_KEY_TEXT, 0, FHIR_EXTENSION_BILL_SEQUENCE,
		"extension URL of an interim bill's number; empty: not sent"},
	{"ext_fees", ZF_KEY_TEXT, 0, FHIR_EXTENSION_FEE,
		"extension URLs of a remittance detail that are fees, blank-separated"},
	{NULL, 0, 0, NULL, NULL},
};

struct text_field {
	const char *key;
	size_t offset;
};

#define FIELD(key_, member_)                                                                                           \
	{                                                                                                              \
		key_, offsetof(struct fhir_config, member_)                                                            \
	}

static const struct text_field text_fields[] = {
	FIELD("endpoint", endpoint),
	FIELD("submit_path", submit_path),
	FIELD("message_path", message_path),
	FIELD("status_path", status_path),
	FIELD("claim_path", claim_path),
	FIELD("task_path", task_path),
	FIELD("remittance_path", remittance_path),
	FIELD("base_url", base_url),
	FIELD("source_endpoint", source_endpoint),
	FIELD("destination_endpoint", destination_endpoint),
	FIELD("claim_system", claim_system),
	FIELD("number_system", number_system),
	FIELD("sender_system", sender_system),
	FIELD("sender_id", sender_id),
	FIELD("receiver_system", receiver_system),
	FIELD("receiver_id", receiver_id),
	FIELD("hub_system", hub_system),
	FIELD("hub_id", hub_id),
	FIELD("event_system", event_system),
	FIELD("event_claim", event_claim),
	FIELD("event_preauth", event_preauth),
	FIELD("event_status", event_status),
	FIELD("event_cancel", event_cancel),
	FIELD("event_poll", event_poll),
	FIELD("event_remittance", event_remittance),
	FIELD("task_system", task_system),
	FIELD("reason_system", reason_system),
	FIELD("poll_include", poll_include),
	FIELD("poll_exclude", poll_exclude),
	FIELD("ext_patient_share", patient_share_extension),
	FIELD("ext_tax", tax_extension),
	FIELD("ext_package", package_extension),
	FIELD("ext_bill_sequence", bill_sequence_extension),
	FIELD("ext_fees", fee_extensions),
};

struct number_field {
	const char *key;
	size_t offset;
	int64_t least, most;
};

static const struct number_field number_fields[] = {
	{"poll_count", offsetof(struct fhir_config, poll_count), 1, 1000},
	{"wait_seconds", offsetof(struct fhir_config, wait_seconds), 1, 86400},
	{"retry_seconds", offsetof(struct fhir_config, retry_seconds), 1, 86400},
	{"asks_max", offsetof(struct fhir_config, asks_max), 1, 1000000},
};

/* The value of a key or its default; NULL when it has neither. */
static const char *value_of(const struct zf_profile *profile, const char *name)
{
	const char *value = profile != NULL && profile->get != NULL ? profile->get(profile, name) : NULL;
	if (value != NULL) return value;
	for (const struct zf_key *key = fhir_config_keys; key->name != NULL; key++) {
		if (strcmp(key->name, name) == 0) return key->fallback;
	}
	return NULL;
}

/* What opening goes along with. Each mistake becomes a line of the error; the first without memory ends it. */
struct opening {
	const struct zf_open *open;
	struct fhir_config *config;
	const char *error; /* NULL: no mistake yet */
	bool nomem;
};

static void reject(struct opening *opening, const char *key, const char *why)
{
	const char *before = opening->error == NULL ? "" : opening->error;
	const char *text =
		text_printf(opening->open->arena, "%s%smodule.%s: %s", before, before[0] == '\0' ? "" : "\n", key, why);

	opening->nomem = opening->nomem || text == NULL;
	if (text != NULL) opening->error = text;
}

/* Text lives in the context's arena, whatever the profile's own memory does; "" means absent. */
static void read_texts(struct opening *opening)
{
	for (size_t i = 0; i < sizeof(text_fields) / sizeof(text_fields[0]); i++) {
		const char *value = value_of(opening->open->profile, text_fields[i].key);
		if (value == NULL || value[0] == '\0') continue;
		const char *copy = zf_strdup(opening->open->arena, value);
		opening->nomem = opening->nomem || copy == NULL;
		memcpy((char *)opening->config + text_fields[i].offset, &copy, sizeof(copy));
	}
}

static void read_numbers(struct opening *opening)
{
	for (size_t i = 0; i < sizeof(number_fields) / sizeof(number_fields[0]); i++) {
		const struct number_field *field = &number_fields[i];
		const char *value = value_of(opening->open->profile, field->key);
		int64_t number = 0;
		if (value == NULL || text_to_int64(text_of(value), &number) != 0 || number < field->least ||
			number > field->most) {
			reject(opening, field->key, "not a number within its bounds");
		}
		memcpy((char *)opening->config + field->offset, &number, sizeof(number));
	}
}

static bool read_bool(struct opening *opening, const char *key)
{
	const char *value = value_of(opening->open->profile, key);
	bool yes = value != NULL && (strcmp(value, "true") == 0 || strcmp(value, "1") == 0);
	bool no = value == NULL || strcmp(value, "false") == 0 || strcmp(value, "0") == 0;
	if (!yes && !no) reject(opening, key, "neither true nor false");
	return yes;
}

static void read_modes(struct opening *opening)
{
	struct fhir_config *config = opening->config;
	const char *mode = value_of(opening->open->profile, "mode");
	const char *status = value_of(opening->open->profile, "status");
	config->message = strcmp(mode, "message") == 0;
	if (!config->message && strcmp(mode, "submit") != 0) {
		reject(opening, "mode", "neither \"submit\" nor \"message\"");
	}
	config->get_status = strcmp(status, "get") == 0;
	config->task_status = strcmp(status, "task") == 0;
	if (!config->get_status && !config->task_status && strcmp(status, "none") != 0) {
		reject(opening, "status", "none of \"get\", \"task\", \"none\"");
	}
	config->cancel = read_bool(opening, "cancel");
	config->idempotent = read_bool(opening, "idempotent");
	config->push = read_bool(opening, "push");
}

static void check(struct opening *opening)
{
	const struct fhir_config *config = opening->config;
	if (config->endpoint == NULL) reject(opening, "endpoint", "empty");
	if (config->claim_system == NULL) reject(opening, "claim_system", "empty");
	if (!config->message) return;
	if (config->event_system == NULL) reject(opening, "event_system", "needed in mode message");
	if (opening->open->side == ZF_SIDE_AS_INSURER) return;
	if (config->sender_id == NULL || config->sender_system == NULL) {
		reject(opening, "sender_id", "needed with sender_system in mode message");
	}
	if (config->receiver_id == NULL || config->receiver_system == NULL) {
		reject(opening, "receiver_id", "needed with receiver_system in mode message");
	}
}

int32_t fhir_config_open(const struct zf_open *open, struct fhir_config **ret_config, const char **ret_error)
{
	struct opening opening = {.open = open, .config = zf_alloc(open->arena, sizeof(struct fhir_config))};
	if (opening.config == NULL) return ZF_NOMEM;
	opening.config->profile = open->profile;
	opening.config->host = open->host;
	opening.config->side = open->side;
	read_texts(&opening);
	read_numbers(&opening);
	read_modes(&opening);
	check(&opening);
	if (opening.nomem) return ZF_NOMEM;
	if (opening.error != NULL) {
		*ret_error = opening.error;
		return ZF_REJECT;
	}
	*ret_config = opening.config;
	return ZF_OK;
}

const char *fhir_config_profile(const struct fhir_config *config, const char *type)
{
	if (config->profile == NULL || config->profile->map == NULL) return NULL;
	return config->profile->map(config->profile, "profile", type);
}

/* An assertion is taken apart on the loop, verified on a thread, its jti is used once in the database, and only then is
 * there a token. */
#include "intake/token.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/cpu_pool.h"
#include "base/log.h"
#include "intake/auth.h"
#include "intake/client_keys.h"
#include "intake/intake_sql.h"
#include "lib/json_write.h"

#define ASSERTION_TYPE "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

/* One request for a token; in its request's arena, which outlives the thread's work because only http_respond ends it.
 */
struct token_call {
	struct intake *intake;
	struct http_request *req;
	struct client_keys *keys; /* one reference */
	const struct jwt_keys *client_keys;
	struct jwt_assertion assertion;
	struct jwt_rules rules;
	const char *audience[2];
	const char *client_id;
	struct uuid hospital_id;
	uint32_t scope;
	int64_t now_s;
	int verdict; /* of the thread */
	char why[160];
};

static void respond_json(struct http_request *req, int status, struct json_writer *writer)
{
	static const struct http_field fields[] = {{"Content-Type", "application/json"}, {"Pragma", "no-cache"},
		{"Cache-Control", "no-store"}, {"Retry-After", "1"}};
	struct text_span text;
	if (json_write_finish(writer, &text) < 0) {
		http_respond_error(req, 503, "no memory for the answer");
		return;
	}
	http_respond(req, status, fields, status == 503 ? 4 : 3, (struct bytes){(const uint8_t *)text.ptr, text.len});
}

/* RFC 6749 section 5.2. why: a constant or our own text, nothing of the assertion. */
static void refuse(struct intake *intake, struct http_request *req, int status, const char *error, const char *why)
{
	struct json_writer writer;
	metric_add(intake->tokens_refused, 1);
	json_write_init(&writer, &req->arena.zf, 4096);
	json_write_object_begin(&writer);
	json_write_member(&writer, "error", error);
	json_write_member(&writer, "error_description", why);
	json_write_object_end(&writer);
	respond_json(req, status, &writer);
}

static void refuse_client(struct token_call *call, const char *why)
{
	log_fields(LOG_WARN, "token refused", "client", call->client_id, "why", why, NULL);
	refuse(call->intake, call->req, 401, "invalid_client", why);
}

static void grant(struct token_call *call)
{
	struct intake *intake = call->intake;
	struct http_request *req = call->req;
	struct jwt_token token = {.hospital_id = call->hospital_id, .issued_s = clock_wall_ms() / 1000};
	uint8_t key[JWT_TOKEN_KEY_BYTES];
	char text[JWT_TOKEN_TEXT_MAX], scope[AUTH_SCOPE_TEXT_MAX];
	struct json_writer writer;
	const struct keyring *ring = intake->worker->keyring;
	auth_scope_write(call->scope, scope);
	token.expires_s = token.issued_s + intake->worker->options->token_lifetime_s;
	token.key_version = keyring_newest(ring, KEY_LOOKUP);
	memccpy(token.client_id, call->client_id, '\0', JWT_ID_MAX);
	memccpy(token.scope, scope, '\0', JWT_SCOPE_MAX);
	int r = auth_token_key(ring, token.key_version, key);
	if (r == 0) r = jwt_token_mint(&token, key, text);
	mem_wipe(key, sizeof(key));
	if (r < 0) {
		log_fields(LOG_ERROR, "could not make a token", "client", call->client_id, "why", err_text(), NULL);
		http_respond_error(req, 500, "could not make a token");
		return;
	}
	metric_add(intake->tokens, 1);
	log_fields(LOG_INFO, "token granted", "client", call->client_id, "scope", scope, NULL);
	json_write_init(&writer, &req->arena.zf, 4096);
	json_write_object_begin(&writer);
	json_write_member(&writer, "access_token", text);
	json_write_member(&writer, "token_type", "Bearer");
	json_write_member_int64(&writer, "expires_in", intake->worker->options->token_lifetime_s);
	json_write_member(&writer, "scope", scope);
	json_write_object_end(&writer);
	respond_json(req, 200, &writer);
}

static void on_jti(void *ctx, const struct db_outcome *outcome)
{
	struct token_call *call = ctx;
	if (outcome->ending != DB_COMMITTED) {
		/* UNKNOWN too: the assertion may be used up; the client makes a new one for each request anyway. */
		refuse(call->intake, call->req, 503, "temporarily_unavailable", "the database is not there, try again");
		return;
	}
	if (db_rows_bool(outcome->results[0], 0, 0))
		grant(call);
	else
		refuse_client(call, "this assertion was used before");
}

static void use_jti(struct token_call *call)
{
	struct intake *intake = call->intake;
	uint8_t hash[SHA256_DIGEST_LENGTH];
	struct db_params params;
	(void)SHA256((const unsigned char *)call->assertion.jti, strlen(call->assertion.jti), hash);
	db_params_init(&params, &call->req->arena);
	db_params_text(&params, call->client_id);
	db_params_bytes(&params, (struct bytes){hash, sizeof(hash)});
	db_params_time_ms(&params, (call->assertion.expires_s + call->rules.skew_s) * 1000);
	if (db_query(intake->pool, &intake_sql[INTAKE_JTI], &params, 0, on_jti, call) < 0)
		refuse(intake, call->req, 503, "temporarily_unavailable", "too much to do at this moment, try again");
}

/* On a thread: reads what nobody changes, writes its own two members. */
static void verify(void *ctx)
{
	struct token_call *call = ctx;
	call->verdict = jwt_assertion_verify(&call->assertion, call->client_keys, &call->rules, call->now_s);
	if (call->verdict < 0) (void)snprintf(call->why, sizeof(call->why), "%s", err_text());
}

static void on_verified(void *ctx)
{
	struct token_call *call = ctx;
	client_keys_drop(call->keys);
	call->keys = NULL;
	if (call->verdict == 0)
		use_jti(call);
	else
		refuse_client(call, call->why);
}

/* The form's assertion belongs to a client that has keys: fills the call. Answers otherwise. */
static bool find_client(struct token_call *call, const char *asked_scope)
{
	struct intake *intake = call->intake;
	const struct client *client = directory_client(intake->worker->directory, call->assertion.issuer);
	call->client_keys = client == NULL ? NULL : client_keys_find(intake->client_keys, client->id);
	if (call->client_keys == NULL) {
		refuse(intake, call->req, 401, "invalid_client", "this client is not known here or has no keys");
		return false;
	}
	call->client_id = zf_strdup(&call->req->arena.zf, client->id);
	call->hospital_id = client->hospital->id;
	call->scope = client->scope;
	if (asked_scope != NULL && asked_scope[0] != '\0') {
		call->scope &= auth_scope_read(asked_scope);
		if (call->scope == 0) {
			refuse(intake, call->req, 400, "invalid_scope", "none of these scopes is this client's");
			return false;
		}
	}
	return true;
}

/* What is wrong with the form; NULL: nothing. */
static const char *form_check(const struct http_param *params, size_t count, const char **ret_error)
{
	const char *grant_type = http_param_get(params, count, "grant_type");
	const char *type = http_param_get(params, count, "client_assertion_type");
	*ret_error = "invalid_request";
	for (size_t i = 0; i < count; i++)
		for (size_t k = i + 1; k < count; k++)
			if (strcmp(params[i].name, params[k].name) == 0) return "a parameter is there twice";
	if (grant_type == NULL) return "grant_type is missing";
	if (strcmp(grant_type, "client_credentials") != 0) {
		*ret_error = "unsupported_grant_type";
		return "only client_credentials is granted";
	}
	if (type == NULL || strcmp(type, ASSERTION_TYPE) != 0) return "client_assertion_type must be " ASSERTION_TYPE;
	if (http_param_get(params, count, "client_assertion") == NULL) return "client_assertion is missing";
	return NULL;
}

void token_handle(struct http_request *req, void *ctx)
{
	struct intake *intake = ctx;
	const struct options *options = intake->worker->options;
	struct token_call *call = zf_alloc(&req->arena.zf, sizeof(*call));
	struct http_param *params = NULL;
	size_t count = 0;
	const char *error = "invalid_request";
	if (call == NULL) {
		http_respond_error(req, 503, "no memory for this request now");
		return;
	}
	if (http_query_parse((const char *)req->body.ptr, req->body.len, &req->arena.zf, &params, &count) < 0) {
		refuse(intake, req, 400, error, "the body is no form");
		return;
	}
	const char *why = form_check(params, count, &error);
	if (why != NULL) {
		refuse(intake, req, 400, error, why);
		return;
	}
	const char *text = http_param_get(params, count, "client_assertion");
	call->intake = intake;
	call->req = req;
	call->now_s = clock_wall_ms() / 1000;
	call->audience[0] = arena_printf(&req->arena, "%s/oauth2/token", options->base_url);
	call->audience[1] = zf_strdup(&req->arena.zf, options->base_url);
	call->rules = (struct jwt_rules){.audience = call->audience,
		.audience_count = 2,
		.skew_s = (unsigned)options->jwt_clock_skew_s,
		.lifetime_max_s = (unsigned)options->jwt_lifetime_max_s};
	if (call->audience[0] == NULL || call->audience[1] == NULL ||
		jwt_assertion_parse(text, strlen(text), &req->arena.zf, &call->assertion) < 0) {
		refuse(intake, req, 401, "invalid_client", err_text());
		return;
	}
	if (!find_client(call, http_param_get(params, count, "scope"))) return;
	call->keys = client_keys_hold(intake->client_keys);
	if (call->client_id == NULL || cpu_pool_run(intake->cpu, verify, on_verified, call) < 0) {
		client_keys_drop(call->keys);
		refuse(intake, req, 503, "temporarily_unavailable", "too much to do at this moment, try again");
	}
}

static void put_list(struct json_writer *writer, const char *key, const char *const *values)
{
	json_write_key(writer, key);
	json_write_array_begin(writer);
	for (; *values != NULL; values++) json_write_string(writer, *values);
	json_write_array_end(writer);
}

void smart_configuration_handle(struct http_request *req, void *ctx)
{
	static const char *const grants[] = {"client_credentials", NULL};
	static const char *const methods[] = {"private_key_jwt", "tls_client_auth", NULL};
	static const char *const algorithms[] = {"ES256", "RS256", NULL};
	static const char *const scopes[] = {"submit", "read", "consent", "cancel", "finance.read", "finance.write",
		"finance.rates", "inspector", "system/Claim.write", "system/Consent.write", "system/Task.write",
		"system/*.read", NULL};
	static const char *const capabilities[] = {"client-confidential-asymmetric", "permission-v1", NULL};
	const struct intake *intake = ctx;
	struct json_writer writer;
	json_write_init(&writer, &req->arena.zf, 8192);
	json_write_object_begin(&writer);
	json_write_member(&writer, "token_endpoint",
		arena_printf(&req->arena, "%s/oauth2/token", intake->worker->options->base_url));
	put_list(&writer, "grant_types_supported", grants);
	put_list(&writer, "token_endpoint_auth_methods_supported", methods);
	put_list(&writer, "token_endpoint_auth_signing_alg_values_supported", algorithms);
	put_list(&writer, "scopes_supported", scopes);
	put_list(&writer, "capabilities", capabilities);
	json_write_object_end(&writer);
	respond_json(req, 200, &writer);
}

/* Authentication of each request, before its body is read: no database, no RSA. */
#include "intake/auth.h"

#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "intake/outcome.h"

struct scope_word {
	const char *word;
	uint32_t scope;
};

static const struct scope_word scope_words[] = {{"submit", SCOPE_SUBMIT}, {"read", SCOPE_READ},
	{"consent", SCOPE_CONSENT}, {"cancel", SCOPE_CANCEL}, {"finance.read", SCOPE_FINANCE_READ},
	{"finance.write", SCOPE_FINANCE_WRITE}, {"finance.rates", SCOPE_FINANCE_RATES}, {"inspector", SCOPE_INSPECTOR},
	{"system/Claim.write", SCOPE_SUBMIT}, {"system/Claim.c", SCOPE_SUBMIT}, {"system/Consent.write", SCOPE_CONSENT},
	{"system/Consent.c", SCOPE_CONSENT}, {"system/Task.write", SCOPE_CANCEL}, {"system/Task.c", SCOPE_CANCEL},
	{"system/*.read", SCOPE_READ}, {"system/*.rs", SCOPE_READ},
	{"system/*.write", SCOPE_SUBMIT | SCOPE_CONSENT | SCOPE_CANCEL},
	{"system/*.*", SCOPE_SUBMIT | SCOPE_READ | SCOPE_CONSENT | SCOPE_CANCEL}};
#define SCOPE_OWN_WORDS 8 /* the first ones: what we write */

uint32_t auth_scope_read(const char *text)
{
	uint32_t scope = 0;
	while (*text != '\0') {
		size_t len = strcspn(text, " ");
		for (size_t i = 0; i < ARRAY_LEN(scope_words); i++)
			if (strlen(scope_words[i].word) == len && strncmp(scope_words[i].word, text, len) == 0)
				scope |= scope_words[i].scope;
		text += len;
		text += strspn(text, " ");
	}
	return scope;
}

void auth_scope_write(uint32_t scope, char ret_text[AUTH_SCOPE_TEXT_MAX])
{
	char *end = ret_text;
	*end = '\0';
	for (size_t i = 0; i < SCOPE_OWN_WORDS; i++) {
		if (!(scope & scope_words[i].scope)) continue;
		if (end != ret_text) *end++ = ' ';
		end = stpcpy(end, scope_words[i].word);
	}
}

int auth_token_key(const struct keyring *ring, uint32_t version, uint8_t ret_key[JWT_TOKEN_KEY_BYTES])
{
	static const struct uuid nobody = {{0}};
	static const char label[] = "access token";
	struct bytes part = {(const uint8_t *)label, sizeof(label) - 1};
	if (version > UINT16_MAX) return err_set(ERR_NOTFOUND, "no such key version");
	return lookup_hash(ring, (uint16_t)version, &nobody, LOOKUP_TOKEN, &part, 1, ret_key);
}

static int principal_set(struct http_request *req, const struct client *client, uint32_t scope)
{
	struct principal *principal = zf_alloc(&req->arena.zf, sizeof(*principal));
	char *id = zf_strdup(&req->arena.zf, client->id);
	if (principal == NULL || id == NULL) return 503;
	principal->hospital_id = client->hospital->id;
	memcpy(principal->hospital_code, client->hospital->code, sizeof(principal->hospital_code));
	principal->client_id = id;
	principal->scope = client->scope & scope;
	req->principal = principal;
	return 0;
}

static int check_token(struct http_request *req, const struct intake *intake, const char *text, const char **ret_text)
{
	struct jwt_token token;
	uint8_t key[JWT_TOKEN_KEY_BYTES];
	uint32_t version;
	size_t len = strlen(text);
	req->auth_error = "invalid_token";
	*ret_text = "the access token is not valid";
	if (jwt_token_key_version(text, len, &version) < 0 || auth_token_key(intake->worker->keyring, version, key) < 0)
		return 401;
	int r = jwt_token_verify(text, len, key, clock_wall_ms() / 1000, &token);
	mem_wipe(key, sizeof(key));
	if (r == ERR_TIMEOUT) *ret_text = "the access token has expired";
	if (r < 0) return 401;
	const struct client *client = directory_client(intake->worker->directory, token.client_id);
	/* It may have been taken out of the configuration since. */
	if (client == NULL || !uuid_equal(&client->hospital->id, &token.hospital_id)) return 401;
	req->auth_error = NULL;
	return principal_set(req, client, auth_scope_read(token.scope));
}

int auth_check(struct http_request *req, void *ctx, const char **ret_text)
{
	const struct intake *intake = ctx;
	const char *authorization = http_head_get(&req->head, "authorization");
	*ret_text = "credentials are missing or not accepted";
	if (authorization != NULL) {
		if (strncasecmp(authorization, "Bearer ", 7) != 0) return 401;
		return check_token(req, intake, authorization + 7 + strspn(authorization + 7, " "), ret_text);
	}
	if (req->tls_peer == NULL) return 401;
	const struct client *client =
		directory_client_certificate(intake->worker->directory, req->tls_peer->fingerprint_hex);
	*ret_text = "this client certificate belongs to no configured client";
	return client == NULL ? 401 : principal_set(req, client, UINT32_MAX);
}

const struct principal *intake_principal(const struct http_request *req)
{
	assert(req->principal != NULL);
	return req->principal;
}

bool intake_may(struct http_request *req, uint32_t scope)
{
	static const struct outcome_remark remark = {"error", "forbidden", "forbidden",
		"This client's scope does not cover this request.", "该客户端的授权范围不包含此请求。", "hospital-it"};
	if ((intake_principal(req)->scope & scope) == scope) return true;
	outcome_respond(req, 403, &remark);
	return false;
}

const struct hospital *intake_hospital(const struct intake *intake, const struct principal *principal)
{
	return directory_hospital(intake->worker->directory, &principal->hospital_id);
}

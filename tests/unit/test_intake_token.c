/* Access tokens end to end: assertions signed by a client's key, used once, and what the token opens. */
#include <openssl/ecdsa.h>
#include <openssl/pem.h>

#include "intake_lab.h"

static size_t put_base64url(char *to, const void *bytes, size_t len)
{
	size_t n = (size_t)EVP_EncodeBlock((unsigned char *)to, bytes, (int)len);
	while (n > 0 && to[n - 1] == '=') n--;
	for (size_t i = 0; i < n; i++) to[i] = to[i] == '+' ? '-' : to[i] == '/' ? '_' : to[i];
	to[n] = '\0';
	return n;
}

/* The form with an assertion of the client "his", signed with its key. */
static char *assertion_form(const char *jti, const char *audience, long lifetime_s, const char *more)
{
	static const char head[] = "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"k\"}";
	char claims[512], text[2048];
	unsigned char der[128], raw[64];
	size_t der_len = sizeof(der);
	FILE *file = fopen(lab_path("client.key"), "r");
	EVP_PKEY *key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	(void)fclose(file);
	int n = snprintf(claims, sizeof(claims),
		"{\"iss\":\"his\",\"sub\":\"his\",\"aud\":\"%s\",\"jti\":\"%s\",\"iat\":%ld,\"exp\":%ld}", audience,
		jti, (long)(clock_wall_ms() / 1000), (long)(clock_wall_ms() / 1000) + lifetime_s);
	size_t len = put_base64url(text, head, sizeof(head) - 1);
	text[len++] = '.';
	len += put_base64url(text + len, claims, (size_t)n);
	assert_int_equal(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key), 1);
	assert_int_equal(EVP_DigestSign(ctx, der, &der_len, (const unsigned char *)text, len), 1);
	const unsigned char *at = der;
	ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &at, (long)der_len);
	assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(signature), raw, 32), 32);
	assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(signature), raw + 32, 32), 32);
	text[len++] = '.';
	(void)put_base64url(text + len, raw, sizeof(raw));
	ECDSA_SIG_free(signature);
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	char *form = malloc(4096);
	(void)snprintf(form, 4096,
		"grant_type=client_credentials&client_assertion_type=urn%%3Aietf%%3Aparams%%3Aoauth%%3Aclient-assertion-type%%3Ajwt-"
		"bearer&client_assertion=%s%s",
		text, more);
	return form;
}

#define FORM "Content-Type: application/x-www-form-urlencoded\r\n"

static struct reply token_ask(struct caller *caller, char *form)
{
	struct reply reply = caller_call(caller, "POST", "/oauth2/token", FORM, form);
	free(form);
	return reply;
}

/* The Authorization header that an answer of the token endpoint gives. */
static void token_header(const struct reply *reply, char header[1400])
{
	const char *at = strstr(reply->body, "\"access_token\":\"");
	assert_non_null(at);
	at += strlen("\"access_token\":\"");
	(void)snprintf(header, 1400, "Authorization: Bearer %.*s\r\n", (int)strcspn(at, "\""), at);
}

static void test_token(void **state)
{
	(void)state;
	LAB_NEEDED();
	char audience[64], header[1400], weak[1400];
	struct caller his = caller_open(NULL);
	(void)snprintf(audience, sizeof(audience), "https://localhost:%d/oauth2/token", lab.port);
	struct reply reply = token_ask(&his, assertion_form("j1", audience, 120, ""));
	EXPECT(reply, 200);
	EXPECT_TEXT(reply, "\"token_type\":\"Bearer\"");
	EXPECT_TEXT(reply, "Cache-Control: no-store");
	token_header(&reply, header);
	reply_free(&reply);
	/* Used once. */
	reply = token_ask(&his, assertion_form("j1", audience, 120, ""));
	EXPECT(reply, 401);
	EXPECT_TEXT(reply, "invalid_client");
	EXPECT_TEXT(reply, "used before");
	reply_free(&reply);
	static const struct {
		const char *jti, *audience, *more;
		long lifetime_s;
		int status;
		const char *error;
	} cases[] = {{"j2", "https://elsewhere/token", "", 120, 401, "invalid_client"},
		{"j3", NULL, "", -600, 401, "invalid_client"}, {"j4", NULL, "", 86400, 401, "invalid_client"},
		{"j5", NULL, "&scope=nothing", 120, 400, "invalid_scope"},
		{"j6", NULL, "&grant_type=password", 120, 400, "invalid_request"}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		reply = token_ask(
			&his, assertion_form(cases[i].jti, cases[i].audience == NULL ? audience : cases[i].audience,
				      cases[i].lifetime_s, cases[i].more));
		EXPECT(reply, cases[i].status);
		EXPECT_TEXT(reply, cases[i].error);
		reply_free(&reply);
	}
	reply = token_ask(&his, strdup("grant_type=password&username=a"));
	EXPECT(reply, 400);
	EXPECT_TEXT(reply, "unsupported_grant_type");
	reply_free(&reply);
	char *forged = assertion_form("j7", audience, 120, "");
	size_t len = strlen(forged);
	forged[len - 5] = forged[len - 5] == 'A' ? 'B' : 'A';
	reply = token_ask(&his, forged);
	EXPECT(reply, 401);
	reply_free(&reply);
	/* What it opens. */
	reply = claim_send(&his, "/fhir/Claim", header, CLAIM(.number = "TK1", .day = "2026-01-05"));
	EXPECT(reply, 201);
	reply_free(&reply);
	reply = token_ask(&his, assertion_form("j8", audience, 120, "&scope=system%2F%2A.read"));
	EXPECT(reply, 200);
	EXPECT_TEXT(reply, "\"scope\":\"read\"");
	token_header(&reply, weak);
	reply_free(&reply);
	reply = claim_send(&his, "/fhir/Claim", weak, CLAIM(.number = "TK2", .day = "2026-01-06"));
	EXPECT(reply, 403);
	reply_free(&reply);
	header[40] = header[40] == 'A' ? 'B' : 'A';
	reply = claim_send(&his, "/fhir/Claim", header, CLAIM(.number = "TK3", .day = "2026-01-07"));
	EXPECT(reply, 401);
	EXPECT_TEXT(reply, "invalid_token");
	reply_free(&reply);
	caller_close(&his);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_token)};
	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, lab_start, lab_stop);
}

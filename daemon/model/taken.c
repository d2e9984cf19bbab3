/* One digest over status, content type and body, each with its end. */
#include "model/taken.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

struct taken taken_of(int http_status, const char *content_type, struct bytes body)
{
	struct taken taken = {0};
	EVP_MD_CTX *digest = EVP_MD_CTX_new();
	char head[16];
	int len = snprintf(head, sizeof(head), "%d\n", http_status);

	taken.known = digest != NULL && EVP_DigestInit_ex(digest, EVP_sha256(), NULL) == 1 &&
		      EVP_DigestUpdate(digest, head, (size_t)len) == 1 &&
		      EVP_DigestUpdate(digest, content_type == NULL ? "" : content_type,
			      content_type == NULL ? 1 : strlen(content_type) + 1) == 1 &&
		      EVP_DigestUpdate(digest, body.ptr, body.len) == 1 &&
		      EVP_DigestFinal_ex(digest, taken.digest, NULL) == 1;
	EVP_MD_CTX_free(digest);
	return taken;
}

bool taken_equal(const struct taken *a, const struct taken *b)
{
	return a->known && b->known && memcmp(a->digest, b->digest, TAKEN_BYTES) == 0;
}

void taken_format(const struct taken *taken, char *text)
{
	for (size_t i = 0; i < TAKEN_BYTES; i++) (void)snprintf(text + 2 * i, 3, "%02x", taken->digest[i]);
}

bool taken_parse(const char *text, struct taken *ret_taken)
{
	static const char digits[] = "0123456789abcdef";

	if (strlen(text) != TAKEN_TEXT_LEN || strspn(text, digits) != TAKEN_TEXT_LEN) return false;
	for (size_t i = 0; i < TAKEN_BYTES; i++)
		ret_taken->digest[i] = (uint8_t)((strchr(digits, text[2 * i]) - digits) << 4 |
						 (strchr(digits, text[2 * i + 1]) - digits));
	ret_taken->known = true;
	return true;
}

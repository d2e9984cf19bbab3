/* Amounts that a claim's lines carry as extensions: the patient's share, and the tax. */
#include <stdio.h>
#include <string.h>

#include "eclaimlink/claim_write.h"
#include "lib/json.h"
#include "lib/money.h"

/* {"url": ..., "valueMoney": {"value": 80.00, "currency": "AED"}} */
static bool read_money(const struct zf_extension *extension, struct zf_arena *arena, struct zf_money *ret)
{
	struct json_reader reader;
	struct json_token token;
	struct text_span value = {NULL, 0}, currency = {NULL, 0}, *next = NULL;
	struct zf_decimal decimal;
	json_reader_init(&reader, extension->json, extension->json_len, arena, 8, 1 << 16);
	while (json_next(&reader, &token) > JSON_END) {
		if (token.type == JSON_KEY) {
			next = text_is(token.text, "value")      ? &value
			       : text_is(token.text, "currency") ? &currency
								 : NULL;
		} else if (next != NULL) {
			*next = token.text;
			next = NULL;
		}
	}
	if (token.type != JSON_END || value.ptr == NULL || decimal_parse(value, &decimal) != 0) return false;
	return money_from_decimal(decimal, currency, ret) == 0;
}

struct zf_money eclaim_line_money(
	const struct eclaim_writing *writing, const struct zf_claim *claim, uint32_t index, const char *url)
{
	char prefix[ECLAIM_LINE_PATH];
	struct zf_money money = {0};
	int len = snprintf(prefix, sizeof(prefix), "Claim.item[%u].extension[", index);
	for (uint32_t i = 0; i < claim->extension_count && url[0] != '\0'; i++) {
		const struct zf_extension *extension = claim->extensions[i];
		if (extension->path == NULL || strncmp(extension->path, prefix, (size_t)len) != 0) continue;
		const char *rest = strchr(extension->path + len, ']');
		if (rest == NULL || rest[1] != '\0' || extension->url == NULL || strcmp(extension->url, url) != 0)
			continue;
		if (read_money(extension, writing->arena, &money)) return money;
		fault_add(writing->faults, FAULT_WIRE_TEXT, extension->path, url, "valueMoney");
		break;
	}
	return (struct zf_money){0};
}

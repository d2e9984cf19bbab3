/* What an insurer's answer says of itself beside its body: status, Content-Type, Retry-After. The first byte chooses
 * the outcome of the transport, two digits the status; a line each for the two headers. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dispatch/verdict.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 4) return 0;
	char *text = malloc(size - 3 + 1);
	if (text == NULL) return 0;
	memcpy(text, data + 3, size - 3);
	text[size - 3] = '\0';
	char *wait = strchr(text, '\n');
	if (wait != NULL) *wait++ = '\0';
	struct outbound_header headers[] = {{"Content-Type", text}, {"retry-AFTER", wait == NULL ? "" : wait}};
	struct outbound_result result = {.outcome = (enum outbound_outcome)(data[0] % (OUTBOUND_CANCELLED + 1)),
		.sent = (data[0] & 0x80) != 0,
		.status = 100 + data[1] % 50 * 10 + data[2] % 10,
		.headers = headers,
		.header_count = wait == NULL ? 1 : 2,
		.body = {(const uint8_t *)"{}", 2},
		.text = ""};
	for (int submission = 0; submission < 2; submission++) {
		struct verdict verdict = verdict_judge(&result, submission != 0, 1800000000);
		if (verdict.why == NULL || verdict.pause_ms < 0 || verdict.pause_ms > VERDICT_RETRY_AFTER_S_MAX * 1000)
			abort();
		if (verdict.outcome < VERDICT_ANSWERED || verdict.outcome > VERDICT_FAILED) abort();
	}
	free(text);
	return 0;
}

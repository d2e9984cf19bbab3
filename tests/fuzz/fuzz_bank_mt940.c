/* MT940 and MT942 in each charset: nothing crashes, what is told holds to the header, and however the bytes are cut,
 * the same is told. */
#include "bank.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (int charset = CHARSET_UTF8; charset <= CHARSET_CP852; charset++) {
		struct bank_profile profile = {
			.charset = (enum charset_kind)charset, .accept_unproved = charset % 2 == 1};
		bank_fuzz_both(data, size, BANK_FORMAT_MT940, &profile);
	}
	return 0;
}

/* camt.052, .053, .054: nothing crashes, what is told holds to the header, and however the bytes are cut, the same is
 * told. */
#include "bank.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bank_profile profile = {.accept_unproved = true, .reversal_negates = true, .offset_minutes = 480};
	bank_fuzz_both(data, size, BANK_FORMAT_CAMT, NULL);
	bank_fuzz_both(data, size, BANK_FORMAT_DETECT, &profile);
	return 0;
}

/* CSV by two profiles: nothing crashes, what is told holds to the header, and however the bytes are cut, the same is
 * told. */
#include "bank.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct bank_csv_column one[] = {{"Date", BANK_CSV_BOOKING_DAY, false},
		{"Amount", BANK_CSV_AMOUNT, false}, {"Balance", BANK_CSV_BALANCE, true}, {"Text", BANK_CSV_TEXT, true},
		{"Ref", BANK_CSV_BANK_REFERENCE, true}, {"Ccy", BANK_CSV_CURRENCY, true},
		{"Orig", BANK_CSV_ORIGINAL_AMOUNT, true}, {"OrigCcy", BANK_CSV_ORIGINAL_CURRENCY, true},
		{"Rate", BANK_CSV_RATE, true}, {"Fee", BANK_CSV_CHARGE, true}, {"Name", BANK_CSV_NAME, true}};
	static const struct bank_csv_column two[] = {{"Acct", BANK_CSV_ACCOUNT, false},
		{"Day", BANK_CSV_BOOKING_DAY, false}, {"In", BANK_CSV_CREDIT, false}, {"Out", BANK_CSV_DEBIT, false},
		{"Bal", BANK_CSV_BALANCE, true}};
	struct bank_profile first = {.account = "A",
		.csv = {.columns = one,
			.column_count = 11,
			.currency = "EUR",
			.opening = "Opening",
			.closing = "Closing",
			.footer = "Total"}};
	struct bank_profile second = {.charset = CHARSET_GB18030,
		.csv = {.columns = two,
			.column_count = 5,
			.currency = "JPY",
			.delimiter = ';',
			.decimal = ',',
			.thousands = '.',
			.date_format = "D.M.YY",
			.newest_first = true,
			.debit_negates = true}};
	bank_fuzz_both(data, size, BANK_FORMAT_CSV, &first);
	bank_fuzz_both(data, size, BANK_FORMAT_CSV, &second);
	return 0;
}

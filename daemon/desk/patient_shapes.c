/* What patients are quoted, owe and pay. */
#include "desk/shapes.h"

#define NEEDED FIELD_REQUIRED

static const char *const kinds[] = {"", "payment", "deposit", "refund", "chargeback", NULL};
static const char *const kinds_in[] = {"", "payment", "deposit", NULL};
static const char *const methods[] = {"", "cash", "card", "foreign-card", "wallet", "transfer", NULL};

#define WHOSE                                                                                                          \
	{"claim", FIELD_ID, 0, "whose it is: a claim, or a stay", NULL, 0, NULL},                                      \
	{                                                                                                              \
		"stay", FIELD_TEXT, 0, "the hospital's number of the stay, kept as a keyed hash", NULL, 100, NULL      \
	}
#define DAY                                                                                                            \
	{                                                                                                              \
		"day", FIELD_DAY, 0, "on which it happened; left out: today", NULL, 0, NULL                            \
	}

static const struct field account_fields[] = {
	{"id", FIELD_ID, NEEDED, "Zhifu's id of it", NULL, 0, NULL},
	{"claim", FIELD_ID, 0, "of which claim; left out: of a stay", NULL, 0, NULL},
	{"receivable", FIELD_TEXT, NEEDED, "in which account of the ledger stands what is open", NULL, 0, NULL},
	{"quoted", FIELD_MONEY, 0, "the share that the patient was told before: deposits go as far", NULL, 0, NULL},
	{"medical", FIELD_MONEY, NEEDED | FIELD_SIGNED, "the share of the care", NULL, 0, NULL},
	{"other", FIELD_MONEY, NEEDED, "what is no care, its tax included", NULL, 0, NULL},
	{"vat", FIELD_MONEY, NEEDED, "the tax in that", NULL, 0, NULL},
	{"paid", FIELD_MONEY, NEEDED, "by payments and used deposits", NULL, 0, NULL},
	{"open", FIELD_MONEY, NEEDED | FIELD_SIGNED, "to be paid; below 0: paid too much", NULL, 0, NULL},
	{"deposit", FIELD_MONEY, NEEDED, "held and not used", NULL, 0, NULL},
};
const struct shape patient_account_shape = SHAPE("PatientAccount", account_fields);

static const struct field accounts_query_fields[] = {{"claim", FIELD_ID, 0, "of which claim", NULL, 0, NULL},
	{"stay", FIELD_TEXT, FIELD_PERSONAL, "the hospital's number of the stay", NULL, 100, NULL}};
const struct shape patient_accounts_query = SHAPE("PatientAccountsQuery", accounts_query_fields);

static const struct field payment_fields[] = {
	{"id", FIELD_ID, NEEDED, "Zhifu's id of it", NULL, 0, NULL},
	{"account", FIELD_ID, NEEDED, "of which patient account", NULL, 0, NULL},
	{"kind", FIELD_WORD, NEEDED, "what it is", kinds, 0, NULL},
	{"method", FIELD_WORD, NEEDED, "how it was paid, and is paid back", methods, 0, NULL},
	{"amount", FIELD_MONEY, NEEDED, "of a refund or chargeback: what went back", NULL, 0, NULL},
	{"left", FIELD_MONEY, 0, "of a payment or deposit: what of it did not go back", NULL, 0, NULL},
	{"day", FIELD_DAY, NEEDED, "in the books", NULL, 0, NULL},
	{"acquirer", FIELD_TEXT, 0, "of cards and wallets; of cash: cash", NULL, 0, NULL},
	{"reference", FIELD_TEXT, NEEDED, "the acquirer's, or the number of the receipt", NULL, 0, NULL},
	{"line", FIELD_ID, 0, "the bank line of a transfer", NULL, 0, NULL},
	{"of", FIELD_ID, 0, "the payment that goes back", NULL, 0, NULL},
	{"settled", FIELD_BOOL, NEEDED, "has the bank got it?", NULL, 0, NULL},
	{"version", FIELD_INT, NEEDED, "moves when something goes back, or is settled", NULL, 0, NULL},
};
const struct shape patient_payment_shape = SHAPE("PatientPayment", payment_fields);

static const struct field payments_query_fields[] = {
	{"account", FIELD_ID, 0, "of one patient account", NULL, 0, NULL},
	{"from", FIELD_DAY, 0, "first day", NULL, 0, NULL},
	{"to", FIELD_DAY, 0, "last day", NULL, 0, NULL},
};
const struct shape patient_payments_query = SHAPE("PatientPaymentsQuery", payments_query_fields);

static const struct field quote_fields[] = {
	WHOSE,
	{"amount", FIELD_MONEY, NEEDED, "the share that the patient is told", NULL, 0, NULL},
	SHAPE_WHY_SEALED,
};
const struct shape patient_quote_shape = SHAPE("PatientQuote", quote_fields);

static const struct field bill_fields[] = {
	WHOSE,
	{"medical", FIELD_MONEY, 0, "of a stay: the share of the care in all; of a claim its decision says it", NULL, 0,
		NULL},
	{"other", FIELD_MONEY, 0, "what is no care, in all, its tax included", NULL, 0, NULL},
	{"vat", FIELD_INT, 0, "the tax in that, in hundredths of a per cent", NULL, 0, NULL},
	DAY,
	SHAPE_WHY_SEALED,
};
const struct shape patient_bill_shape = SHAPE("PatientBill", bill_fields);

static const struct field pay_fields[] = {
	WHOSE,
	{"kind", FIELD_WORD, NEEDED, "of what is owed, or before", kinds_in, 0, NULL},
	{"method", FIELD_WORD, NEEDED, "how it was paid", methods, 0, NULL},
	{"amount", FIELD_MONEY, NEEDED, "in the currency of the books", NULL, 0, NULL},
	{"acquirer", FIELD_TEXT, 0, "of cards and wallets", NULL, 64, NULL},
	{"reference", FIELD_TEXT, NEEDED,
		"the acquirer's, of cash and transfers the number of the receipt: by it the same payment is taken once",
		NULL, 64, NULL},
	{"line", FIELD_ID, 0, "of a transfer: the bank line that waits in suspense", NULL, 0, NULL},
	DAY,
};
const struct shape patient_pay_shape = SHAPE("PatientPaid", pay_fields);

static const struct field return_fields[] = {
	{"amount", FIELD_MONEY, NEEDED, "in the currency of the books", NULL, 0, NULL},
	{"reference", FIELD_TEXT, NEEDED, "the acquirer's, or the number of the receipt: by it the same is booked once",
		NULL, 64, NULL},
	DAY,
	SHAPE_WHY_SEALED,
};
const struct shape patient_return_shape = SHAPE("PatientReturn", return_fields);

static const struct field stay_close_fields[] = {
	{"stay", FIELD_TEXT, NEEDED, "the hospital's number of the stay", NULL, 128, NULL},
	DAY,
	SHAPE_WHY_SEALED,
};
const struct shape stay_close_shape = SHAPE("StayClose", stay_close_fields);

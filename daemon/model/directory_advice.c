/* Profiles of remittance advices: their tables of options, and how they become what the reader takes. */
#include <string.h>

#include "lib/charset.h"
#include "model/directory_file.h"
#include "model/directory_form.h"
#include "model/directory_read.h"

#define HEADING(column, label, text)                                                                                   \
	{                                                                                                              \
		.name = label, .offset = offsetof(struct advice_columns_file, headings[ADVICE_COLUMN_##column]),       \
		.type = CONF_STRING, .flags = CONF_RELOADABLE, .min = 1, .max = 200, .help = text                      \
	}
#define LABEL(which, label, text)                                                                                      \
	{                                                                                                              \
		.name = label, .offset = offsetof(struct advice_labels_file, labels[ADVICE_LABEL_##which]),            \
		.type = CONF_STRING, .flags = CONF_RELOADABLE, .min = 1, .max = 200, .help = text                      \
	}
#define WORDS(which, label, text)                                                                                      \
	{                                                                                                              \
		.name = label, .offset = offsetof(struct advice_file, words[ADVICE_WORD_##which]),                     \
		.type = CONF_STRINGS, .flags = CONF_RELOADABLE, .fallback = "[]", .max = 32, .help = text              \
	}

static const struct conf_option column_options[] = {
	HEADING(CLAIM, "claim", "Our ref of the claim."),
	HEADING(INSURER_CLAIM, "insurer_claim",
		"The carrier's own number of the claim, by which it is found when it gives no ref."),
	HEADING(BILL, "bill",
		"The hospital's own number of the bill, of one of its bill_systems, by which the claim is found where no ref is given and no number of the carrier's finds it."),
	HEADING(CARRIER, "carrier", "Who bears the claim, where the remitter pays for several."),
	HEADING(KIND, "kind",
		"What kind of row it is: the words below are looked for here, and not only in the row's first cell."),
	HEADING(BILLED, "billed",
		"What was billed. Where it is the whole bill and nobody has told a decision, the advice is the decision."),
	{.name = "paid",
		.offset = offsetof(struct advice_columns_file, headings[ADVICE_COLUMN_PAID]),
		.type = CONF_STRING,
		.flags = CONF_REQUIRED | CONF_RELOADABLE,
		.min = 1,
		.max = 200,
		.sample = "\"Paid\"",
		.help = "What is paid: 0 where the claim is denied, below zero where an earlier payment is taken back."},
	HEADING(TAKE_BACK, "take_back", "What is taken back, where it has a column of its own, of either sign."),
	HEADING(FEE, "fee", "A fee that is kept of the claim, beside what is paid."),
	HEADING(TAX, "tax", "The tax within the fee."),
	HEADING(REMARK, "remark", "Why it is so: the words below are looked for in it."),
	HEADING(CURRENCY, "currency", "ISO 4217 code; the same in all rows, as in the columns that follow."),
	HEADING(IDENTIFIER, "identifier", "The remitter's number of the advice."),
	HEADING(PAYMENT_DAY, "payment_date", "When it is or was paid."),
	HEADING(PAYMENT_REFERENCE, "payment_reference", "What the transfer's text says."),
	HEADING(REMITTER, "remitter", "Who pays, where one form of file is used by several."),
};

static void columns_check(const void *value, const char *file, unsigned line, struct conf_faults *faults)
{
	const struct advice_columns_file *columns = value;

	if (columns->headings[ADVICE_COLUMN_CLAIM] == NULL && columns->headings[ADVICE_COLUMN_INSURER_CLAIM] == NULL &&
		columns->headings[ADVICE_COLUMN_BILL] == NULL && !faults->group_faulty)
		conf_fault_add(faults, file, line, "columns need claim, insurer_claim or bill: how are claims found?");
}

static const struct conf_table columns_table = {
	"columns", column_options, ARRAY_LEN(column_options), sizeof(struct advice_columns_file), columns_check};

static const struct conf_option label_options[] = {
	LABEL(IDENTIFIER, "identifier", "The remitter's number of the advice."),
	LABEL(PAYMENT_DAY, "payment_date", "When it is or was paid."),
	LABEL(PAYMENT_REFERENCE, "payment_reference", "What the transfer's text says."),
	LABEL(CURRENCY, "currency", "ISO 4217 code."),
	LABEL(TOTAL, "total", "What is transferred, where it stands above the table."),
};
static const struct conf_table labels_table = {
	"labels", label_options, ARRAY_LEN(label_options), sizeof(struct advice_labels_file), NULL};

#define MEMBER(member) .name = #member, .offset = offsetof(struct advice_file, member)

static const struct conf_option advice_options[] = {
	{MEMBER(name), .type = CONF_STRING, .flags = CONF_REQUIRED | CONF_RELOADABLE, .min = 1, .max = 64,
		.sample = "\"meridian\"", .form = form_name, .help = "What the profile is called."},
	{MEMBER(remitter), .type = CONF_STRING, .flags = CONF_RELOADABLE, .min = 1, .max = 140,
		.help = "Who sends such advices and the money, where no column says it: an insurer's code or another company's name, "
			"as the contracts have it."},
	{MEMBER(charset), .type = CONF_STRING, .flags = CONF_RELOADABLE, .fallback = "\"utf-8\"", .form = form_charset,
		.help = "Of CSV: utf-8, iso-8859-1, iso-8859-15, gb18030."},
	{MEMBER(separator), .type = CONF_STRING, .flags = CONF_RELOADABLE, .fallback = "\",\"", .form = form_sign,
		.help = "Of CSV: what stands between its fields."},
	{MEMBER(decimal), .type = CONF_STRING, .flags = CONF_RELOADABLE, .fallback = "\".\"", .form = form_sign,
		.help = "The decimal sign of amounts that are text."},
	{MEMBER(thousands), .type = CONF_STRING, .flags = CONF_RELOADABLE, .fallback = "\",\"", .form = form_sign,
		.help = "What may stand between their groups of three digits."},
	{MEMBER(sheet), .type = CONF_STRING, .flags = CONF_RELOADABLE, .min = 1, .max = 200,
		.help = "Of XLSX: the name of the sheet. Without it the first."},
	{MEMBER(date_form), .type = CONF_STRING, .flags = CONF_RELOADABLE, .fallback = "\"YYYY-MM-DD\"",
		.form = form_date_form,
		.help = "How days are written that are text: YYYY, YY, MM, M, DD, D and what stands between them."},
	{MEMBER(currency), .type = CONF_STRING, .flags = CONF_RELOADABLE, .min = 3, .max = 3, .form = form_currency,
		.help = "ISO 4217 code of the amounts, where neither a column nor a label says it."},
	{MEMBER(carrier), .type = CONF_STRING, .flags = CONF_RELOADABLE, .form = form_insurer,
		.help = "The code of the insurer whose claims they are, where no column says it."},
	{MEMBER(carriers), .type = CONF_MAP, .flags = CONF_RELOADABLE, .fallback = "{ }",
		.help = "From the carriers' names in the file to their codes."},
	{MEMBER(columns), .type = CONF_GROUP, .flags = CONF_REQUIRED | CONF_RELOADABLE, .group = &columns_table,
		.help = "The headings of the columns. The row that has all of them is the heading; case does not matter."},
	{MEMBER(labels), .type = CONF_GROUP, .flags = CONF_RELOADABLE, .group = &labels_table,
		.help = "What is said above the table, or below its total: a cell begins with the label, and the value follows in it or "
			"in the next cell."},
	WORDS(TOTAL, "total_words",
		"Words with which the first cell of the row begins that says what is transferred. It is the last row."),
	WORDS(SUM, "sum_words", "Likewise of rows that add up the rows above."),
	WORDS(FEE, "fee_words", "Likewise of a fee of the whole transfer, such as a network fee."),
	WORDS(ADJUSTMENT, "adjustment_words", "Likewise of an adjustment of the whole transfer."),
	WORDS(NETTING, "netting_words", "Likewise of what is set off against a debt of the hospital."),
	WORDS(IGNORED, "ignored_words", "Likewise of rows that say nothing."),
	{MEMBER(fee_unsigned), .type = CONF_BOOL, .flags = CONF_RELOADABLE, .fallback = "false",
		.help = "Fees are written without a minus sign, though they make the transfer smaller."},
	WORDS(PATIENT, "patient_words", "Words in a remark that say that what is not paid is the patient's share."),
	WORDS(CONTRACT, "contract_words", "That it is the contract's discount."),
	WORDS(DENIED, "denied_words", "That the claim is denied."),
	WORDS(DISPUTED, "disputed_words", "That a take-back is in dispute."),
};

static void advice_check(const void *value, const char *file, unsigned line, struct conf_faults *faults)
{
	const struct advice_file *advice = value;
	const struct advice_columns_file *columns = advice->columns;
	const struct advice_labels_file *labels = advice->labels;

	if (faults->group_faulty || columns == NULL) return;
	if (strcmp(advice->decimal, advice->thousands) == 0)
		conf_fault_add(faults, file, line, "decimal and thousands are the same sign");
	if (advice->remitter == NULL && columns->headings[ADVICE_COLUMN_REMITTER] == NULL)
		conf_fault_add(faults, file, line, "remitter is missing, and there is no column for it");
	if (advice->currency == NULL && columns->headings[ADVICE_COLUMN_CURRENCY] == NULL &&
		(labels == NULL || labels->labels[ADVICE_LABEL_CURRENCY] == NULL))
		conf_fault_add(
			faults, file, line, "currency is missing, and there is neither a column nor a label for it");
	if (columns->headings[ADVICE_COLUMN_IDENTIFIER] == NULL &&
		(labels == NULL || labels->labels[ADVICE_LABEL_IDENTIFIER] == NULL))
		conf_fault_add(faults, file, line, "the identifier needs a column or a label");
	if (advice->words[ADVICE_WORD_TOTAL].count == 0 &&
		(labels == NULL || labels->labels[ADVICE_LABEL_TOTAL] == NULL))
		conf_fault_add(faults, file, line,
			"total_words are missing, and there is no label for the total: nothing would prove the advice");
	for (size_t i = 0; i < advice->carriers.count; i++)
		if (form_insurer(advice->carriers.items[i].value) != NULL)
			conf_fault_add(faults, file, conf_checked_line(faults, "carriers"), "carriers: \"%s\" %s",
				advice->carriers.items[i].value, form_insurer(advice->carriers.items[i].value));
}

const struct conf_table advice_file_table = {
	"advice_profile", advice_options, ARRAY_LEN(advice_options), sizeof(struct advice_file), advice_check};

static int profile_read(struct reading *reading, const struct advice_file *file, struct advice_profile *profile)
{
	const struct advice_columns_file *columns = file->columns;
	const struct advice_labels_file *labels = file->labels;
	struct advice_alias *carriers =
		zf_alloc_array(&reading->arena->zf, file->carriers.count + 1, sizeof(*carriers));

	if (carriers == NULL) return ERR_NOMEM;
	*profile = (struct advice_profile){.name = file->name != NULL ? file->name : "",
		.remitter = file->remitter,
		.separator = file->separator != NULL ? file->separator[0] : ',',
		.decimal = file->decimal != NULL ? file->decimal[0] : '.',
		.thousands = file->thousands != NULL ? file->thousands[0] : ',',
		.sheet = file->sheet,
		.day_form = file->date_form,
		.currency = file->currency,
		.carrier = file->carrier,
		.fee_unsigned = file->fee_unsigned,
		.carriers = carriers,
		.carrier_count = file->carriers.count};
	if (file->charset != NULL && charset_find(text_of(file->charset), &profile->charset) != 0)
		profile->charset = CHARSET_UTF8;
	if (columns != NULL) memcpy(profile->columns, columns->headings, sizeof(profile->columns));
	if (labels != NULL) memcpy(profile->labels, labels->labels, sizeof(profile->labels));
	for (size_t i = 0; i < ADVICE_WORDS; i++)
		profile->words[i] = (struct advice_words){file->words[i].items, file->words[i].count};
	for (size_t i = 0; i < file->carriers.count; i++)
		carriers[i] = (struct advice_alias){file->carriers.items[i].name, file->carriers.items[i].value};
	return 0;
}

int advice_profiles_read(struct reading *reading, const struct conf_groups *groups, struct hospital *hospital)
{
	struct advice_profile *list = zf_alloc_array(&reading->arena->zf, groups->count + 1, sizeof(*list));
	int r = list == NULL ? ERR_NOMEM : 0;

	for (size_t i = 0; r == 0 && i < groups->count; i++) {
		r = profile_read(reading, groups->items[i], &list[i]);
		for (size_t k = 0; r == 0 && k < i; k++)
			if (strcmp(list[k].name, list[i].name) == 0)
				conf_fault_add(reading->faults, hospital->file,
					conf_setting_line(hospital->file, "advice_profiles.[%zu].name", i),
					"two advice profiles are called \"%s\"", list[i].name);
	}
	hospital->advice_profiles = list;
	hospital->advice_profile_count = (uint32_t)groups->count;
	return r;
}

/* zhifuctl money acquirer: what the acquirers of cards and wallets transferred, less what they keep, and what they
 * still have. Cash that was brought to the bank is settled in the same way. */
#include <stdio.h>
#include <string.h>

#include "ctl/report.h"
#include "ctl/unseal.h"
#include "db/sync.h"
#include "lib/money.h"
#include "model/directory.h"

#define REFERENCES_BYTES_MAX 4096

/* Says why it is not settled, around the database's figure: a number, or minor units. Takes the rows. */
static int refuse(const struct ctl *ctl, struct pg_result *rows, const struct zf_money *like)
{
	static const struct {
		const char *before, *after, *before_zh, *after_zh;
	} refusals[] = {[1] = {"nothing of this acquirer waits to be settled", NULL, "该机构没有未结算的收款", NULL},
		[2] = {"of these references only ", " wait to be settled: money acquirer list",
			"这些参考号中未结算的仅 ", " 笔:money acquirer list"},
		[3] = {"they are in several clearing accounts: name the references of one", NULL,
			"分属不同在途科目:请分别列出参考号", NULL},
		[4] = {"the line is not in suspense, is held, or is not in the currency of the books", NULL,
			"该流水不在待查、已冻结或非本位币", NULL},
		[5] = {"less the fee they come to ", " more than the line: name references or say --fee",
			"扣除手续费后比流水多 ", ":请列出参考号或填写 --fee"}};
	int no = -(int)db_rows_int(rows, 0, 0);
	const char *after = ctl->chinese ? refusals[no].after_zh : refusals[no].after;
	char amount[REPORT_AMOUNT_LEN] = "";

	if (after != NULL) report_amount(db_rows_int(rows, 0, 1), no == 5 ? like->exponent : 0, true, amount);
	(void)err_set(ERR_INVALID, "%s%s%s", ctl->chinese ? refusals[no].before_zh : refusals[no].before, amount,
		after == NULL ? "" : after);
	db_sync_rows_free(rows);
	return ctl_fail("not settled");
}

static int acquirer_settle(struct ctl *ctl, int argc, char **argv)
{
	const char *code = NULL, *why = NULL, *fee_text = "0", *until_text = NULL;
	const struct ctl_option options[] = {{"--hospital", &code, NULL}, {"--why", &why, NULL},
		{"--fee", &fee_text, NULL}, {"--until", &until_text, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	char references[REFERENCES_BYTES_MAX] = "";
	const struct hospital *hospital;
	struct uuid id = uuid_new(), line;
	struct pg_result *rows = NULL;
	struct zf_decimal value;
	struct zf_money fee;
	struct arena arena CLEANUP(arena_free) = {.chunks = NULL};
	struct bytes sealed;
	struct report report;
	size_t len = 0;
	int32_t until = 0;
	int r = ctl_arguments(argc, argv, options, 2, CTL_WORDS_MAX, words);

	if (r == 0) r = ctl_known(ctl);
	if (r == 0 && uuid_parse(words[1], &line) < 0)
		r = ctl_usage("\"%s\" is no line's id: money suspense list shows them", words[1]);
	if (r != 0) return r;
	hospital = ctl_hospital(ctl, code);
	if (hospital == NULL) return 2;
	r = ctl_day("--until", until_text, ctl_today(hospital), &until);
	if (r != 0) return r;
	if (decimal_parse(text_of(fee_text), &value) != 0 ||
		money_from_decimal(value, text_of(hospital->book_currency), &fee) != 0 || fee.minor < 0)
		return ctl_usage("\"%s\" is no amount of %s", fee_text, hospital->book_currency);
	for (int i = 2; i < CTL_WORDS_MAX && words[i] != NULL; i++) {
		int n = snprintf(references + len, sizeof(references) - len, "%s%s", len == 0 ? "" : "\n", words[i]);

		if (n < 0 || (size_t)n >= sizeof(references) - len) return ctl_usage("too many references at a time");
		len += (size_t)n;
	}
	arena_init(&arena, WORDS_ARENA_BYTES);
	r = ctl_begin(ctl, &hospital->id, true);
	if (r == 0) r = unseal_words_seal(ctl, &hospital->id, &id, why, &arena, &sealed);
	if (r == 0)
		r = ctl_query(ctl, &rows,
			"SELECT * FROM acquirer_settle($1, $2, $3, string_to_array($4, E'\\n'), $5, $6, $7, $8, $9)",
			"uuttduity", &hospital->id, &id, words[0], len == 0 ? NULL : references, until, &line,
			fee.minor, ctl->who, sealed);
	if (r == 0) r = ctl_commit(ctl);
	if (r < 0) {
		db_sync_rows_free(rows);
		return ctl_fail_act(ctl, r, "not settled");
	}
	if (db_rows_int(rows, 0, 0) < 0) return refuse(ctl, rows, &fee);
	report_begin(&report, ctl);
	report_field(&report, "settlement", say(ctl, "settlement", "结算"), cell_uuid(&id));
	report_field(&report, "gross", say(ctl, "payments", "收款总额"),
		cell_money(db_rows_int(rows, 0, 1), fee.currency, fee.exponent));
	report_field(&report, "fee", say(ctl, "fee", "手续费"), cell_money(fee.minor, fee.currency, fee.exponent));
	report_field(&report, "net", say(ctl, "transferred", "到账净额"),
		cell_money(db_rows_int(rows, 0, 1) - fee.minor, fee.currency, fee.exponent));
	db_sync_rows_free(rows);
	return report_end(&report, 0);
}

static int acquirer_list(struct ctl *ctl, int argc, char **argv)
{
	static const struct column english[] = {{"hospital", "hospital"}, {"acquirer", "acquirer"},
		{"account", "account"}, {"payments", "payments"}, {"since", "since"}, {"amount", "amount"}};
	static const struct column chinese[] = {{"hospital", "医院"}, {"acquirer", "收单机构"}, {"account", "科目"},
		{"payments", "笔数"}, {"since", "自"}, {"amount", "金额"}};
	const char *code = NULL, *day_text = NULL;
	const struct ctl_option options[] = {
		{"--hospital", &code, NULL}, {"--day", &day_text, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	const struct hospital *hospital;
	struct report report;
	struct table table;
	uint32_t index = 0;
	int32_t asked = 0;
	int r = ctl_arguments(argc, argv, options, 0, 0, words);

	if (r == 0) r = ctl_day("--day", day_text, 0, &asked);
	if (r != 0) return r;
	if (code != NULL && ctl_hospital(ctl, code) == NULL) return 2;
	report_begin(&report, ctl);
	table_begin(&table, ctl->chinese ? chinese : english, ARRAY_LEN(english));
	while (r == 0 && (hospital = ctl_hospital_next(ctl, code, &index)) != NULL) {
		struct pg_result *rows = NULL;

		r = ctl_begin(ctl, &hospital->id, false);
		if (r == 0)
			r = ctl_query(ctl, &rows,
				"SELECT acquirer, clearing, payments, since, minor, currency, exponent FROM acquirer_waiting($1, $2)"
				" ORDER BY 1, 2",
				"ud", &hospital->id, day_text == NULL ? ctl_today(hospital) : asked);
		if (r == 0) r = ctl_commit(ctl);
		for (int row = 0; r == 0 && row < db_rows_count(rows); row++) {
			table_add(&table, cell_text(hospital->code));
			table_add(&table, cell_text(db_rows_text(rows, row, 0)));
			table_add(&table, cell_text(db_rows_text(rows, row, 1)));
			table_add(&table, cell_int(db_rows_int(rows, row, 2)));
			table_add(&table, cell_day(db_rows_date(rows, row, 3)));
			table_add(&table, cell_money(db_rows_int(rows, row, 4), db_rows_text(rows, row, 5),
						  (int)db_rows_int(rows, row, 6)));
		}
		db_sync_rows_free(rows);
	}
	table_end(&table, &report, "acquirers", NULL, say(ctl, "nothing waits to be settled", "没有未结算的收款"));
	if (r < 0) {
		json_decref(report.root);
		return ctl_fail("could not read what waits to be settled");
	}
	return report_end(&report, 0);
}

const struct ctl_command money_acquirer_commands[] = {
	{"money acquirer settle",
		"NAME LINE [REFERENCE...] [--fee AMOUNT] [--until DAY] [--hospital CODE] [--why TEXT]",
		"an acquirer's transfer, less its fee, settles payments; of cash NAME is cash", CTL_CONFIG | CTL_DB,
		acquirer_settle},
	{"money acquirer list", "[--hospital CODE] [--day DAY]", "what acquirers have not settled", CTL_CONFIG | CTL_DB,
		acquirer_list},
	{NULL, NULL, NULL, 0, NULL},
};

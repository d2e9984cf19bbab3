/* zhifuctl money patient: what patients are quoted, owe, deposit, pay and get back, for a stay or a claim; and what the
 * acquirers of cards and wallets settle of it. What is allowed is the database's to say: schema/059_patient.sql. */
#include <stdio.h>
#include <string.h>

#include "ctl/report.h"
#include "ctl/unseal.h"
#include "db/sync.h"
#include "lib/money.h"
#include "model/directory.h"
#include "model/stay.h"

#define LIST_MAX 10000

/* ---- whose ---- */

/* A stay or a claim. */
struct patient_case {
	const struct hospital *hospital;
	char names[STAY_TEXT_MAX]; /* of a stay */
	bool of_claim;
	struct uuid claim;
};

static const char *case_names(const struct patient_case *the_case)
{
	return the_case->of_claim ? NULL : the_case->names;
}

static const struct uuid *case_claim(const struct patient_case *the_case)
{
	return the_case->of_claim ? &the_case->claim : NULL;
}

/* By a claim's ref or a stay's number, of which there is one. Returns 0, 2 after it has said what is wrong, or a
 * negative error. */
static int case_read(struct ctl *ctl, const char *code, const char *ref, const char *stay, struct patient_case *ret)
{
	struct pg_result *rows = NULL;
	int r;

	*ret = (struct patient_case){.of_claim = stay == NULL};
	if ((ref == NULL) == (stay == NULL)) return ctl_usage("say whose it is: --claim REF, or --stay NUMBER");
	ret->hospital = stay != NULL ? ctl_hospital(ctl, code) : ctl_hospital_of_ref(ctl, ref);
	if (ret->hospital == NULL) return 2;
	if (stay != NULL) return stay_names(ctl->keyring, &ret->hospital->id, stay, ret->names);
	r = ctl_begin(ctl, &ret->hospital->id, false);
	if (r == 0)
		r = ctl_query(ctl, &rows, "SELECT claim_id FROM claim_state WHERE hospital_id = $1 AND ref = $2", "ut",
			&ret->hospital->id, ref);
	if (r == 0) r = ctl_commit(ctl);
	if (r == 0 && db_rows_count(rows) == 0)
		r = err_set(ERR_NOTFOUND, "%s \"%s\"", say(ctl, "there is no claim", "没有该理赔单"), ref);
	if (r == 0) ret->claim = db_rows_uuid(rows, 0, 0);
	db_sync_rows_free(rows);
	return r;
}

/* What the database did not allow, around its figure. */
struct refusal {
	const char *before, *after, *before_zh, *after_zh;
};

/* Says so; takes the rows. */
static int refuse(const struct ctl *ctl, const struct refusal *refusals, struct pg_result *rows,
	const struct zf_money *like, const char *what)
{
	const struct refusal *refusal = &refusals[-db_rows_int(rows, 0, 0)];
	const char *after = ctl->chinese ? refusal->after_zh : refusal->after;
	char amount[REPORT_AMOUNT_LEN + 8] = "";

	if (after[0] != '\0' && !db_rows_null(rows, 0, 1)) {
		report_amount(db_rows_int(rows, 0, 1), like->exponent, true, amount);
		(void)snprintf(amount + strlen(amount), 8, " %s", like->currency);
	}
	(void)err_set(ERR_DENIED, "%s%s%s", ctl->chinese ? refusal->before_zh : refusal->before, amount, after);
	db_sync_rows_free(rows);
	return ctl_fail(what);
}

/* Begins a change of the hospital's, whose words are sealed for its id. */
static int change_begin(struct ctl *ctl, const struct uuid *hospital, const struct uuid *id, const char *why,
	struct arena *arena, struct bytes *ret_why)
{
	int r = ctl_begin(ctl, hospital, true);

	arena_init(arena, WORDS_ARENA_BYTES);
	return r < 0 ? r : unseal_words_seal(ctl, hospital, id, why, arena, ret_why);
}

/* Says what went wrong; takes the rows. */
static int not_done(const struct ctl *ctl, int code, struct pg_result *rows, const char *what)
{
	db_sync_rows_free(rows);
	return ctl_fail_act(ctl, code, what);
}

static struct cell cell_like(int64_t minor, const struct zf_money *like)
{
	return cell_money(minor, like->currency, like->exponent);
}

/* ---- what is owed ---- */

static int patient_quote(struct ctl *ctl, int argc, char **argv)
{
	const char *code = NULL, *ref = NULL, *stay = NULL, *why = NULL;
	const struct ctl_option options[] = {{"--hospital", &code, NULL}, {"--claim", &ref, NULL},
		{"--stay", &stay, NULL}, {"--why", &why, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	struct uuid id = uuid_new();
	struct pg_result *rows = NULL;
	struct patient_case whose;
	struct zf_money share;
	struct arena arena CLEANUP(arena_free) = {.chunks = NULL};
	struct bytes sealed;
	struct report report;
	int r = ctl_arguments(argc, argv, options, 1, 1, words);

	if (r == 0) r = ctl_accountable(ctl, why);
	if (r == 0) r = case_read(ctl, code, ref, stay, &whose);
	if (r == 0) r = ctl_amount(words[0], whose.hospital->book_currency, &share);
	if (r > 0) return r;
	if (r == 0) r = change_begin(ctl, &whose.hospital->id, &id, why, &arena, &sealed);
	if (r == 0)
		r = ctl_query(ctl, &rows, "SELECT patient_quote($1, $2, $3, $4, $5, $6, $7, $8)", "uutuinty",
			&whose.hospital->id, &id, case_names(&whose), case_claim(&whose), share.minor,
			(int)share.exponent, ctl->who, sealed);
	if (r == 0) r = ctl_commit(ctl);
	if (r < 0) return not_done(ctl, r, rows, "not quoted");
	report_begin(&report, ctl);
	report_field(&report, "quoted", say(ctl, "quoted share", "预估自付"), cell_like(share.minor, &share));
	report_field(&report, "before", say(ctl, "before", "此前"),
		db_rows_null(rows, 0, 0) ? cell_none() : cell_like(db_rows_int(rows, 0, 0), &share));
	db_sync_rows_free(rows);
	return report_end(&report, 0);
}

static int patient_bill(struct ctl *ctl, int argc, char **argv)
{
	static const struct refusal refusals[] = {
		[1] = {"of the stay only ", " is charged and not billed to an insurer",
			"该住院未向保险公司开单的费用仅 ", "。"},
		[2] = {"the insurer has not decided the claim: until then a deposit is taken, up to the quoted share",
			"", "保险公司尚未理算:此前可在预估自付额内收取押金", ""},
		[3] = {"the insurer's decision says the share of a claim: give no amount", "",
			"自付额以理算结果为准,不需填写金额", ""}};
	const char *code = NULL, *ref = NULL, *stay = NULL, *why = NULL, *other_text = "0", *vat_text = NULL,
		   *day_text = NULL;
	const struct ctl_option options[] = {{"--hospital", &code, NULL}, {"--claim", &ref, NULL},
		{"--stay", &stay, NULL}, {"--why", &why, NULL}, {"--other", &other_text, NULL},
		{"--vat", &vat_text, NULL}, {"--day", &day_text, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	char medical_text[24] = "";
	struct uuid id = uuid_new();
	struct pg_result *rows = NULL;
	struct patient_case whose;
	struct zf_money medical, other;
	struct arena arena CLEANUP(arena_free) = {.chunks = NULL};
	struct bytes sealed;
	struct report report;
	int32_t day = 0;
	int vat = 0;
	int r = ctl_arguments(argc, argv, options, 0, 1, words);

	if (r == 0) r = ctl_accountable(ctl, why);
	if (r == 0) r = ctl_percent("--vat", vat_text, &vat);
	if (r == 0) r = case_read(ctl, code, ref, stay, &whose);
	if (r == 0) r = ctl_day("--day", day_text, ctl_today(whose.hospital), &day);
	if (r == 0) r = ctl_amount(other_text, whose.hospital->book_currency, &other);
	if (r == 0 && (words[0] != NULL || stay != NULL)) {
		r = ctl_amount(words[0], whose.hospital->book_currency, &medical);
		if (r == 0) (void)snprintf(medical_text, sizeof(medical_text), "%jd", (intmax_t)medical.minor);
	}
	if (r > 0) return r;
	if (r == 0) r = change_begin(ctl, &whose.hospital->id, &id, why, &arena, &sealed);
	if (r == 0)
		r = ctl_query(ctl, &rows,
			"SELECT * FROM patient_bill($1, $2, $3, $4, nullif($5, '')::bigint, $6, $7, $8, $9, $10, $11)",
			"uututinndty", &whose.hospital->id, &id, case_names(&whose), case_claim(&whose), medical_text,
			other.minor, vat, (int)other.exponent, day, ctl->who, sealed);
	if (r == 0) r = ctl_commit(ctl);
	if (r < 0) return not_done(ctl, r, rows, "not billed");
	if (db_rows_int(rows, 0, 0) < 0) return refuse(ctl, refusals, rows, &other, "not billed");
	report_begin(&report, ctl);
	report_field(&report, "open", say(ctl, "to be paid", "应付"), cell_like(db_rows_int(rows, 0, 1), &other));
	db_sync_rows_free(rows);
	return report_end(&report, 0);
}

/* What moves what is open of a stay: the statement takes hospital, id, names, exponent, day, who and why. */
static int stay_act(struct ctl *ctl, int argc, char **argv, const char *sql, const char *key, const char *label)
{
	const char *code = NULL, *why = NULL, *day_text = NULL;
	const struct ctl_option options[] = {
		{"--hospital", &code, NULL}, {"--why", &why, NULL}, {"--day", &day_text, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	struct uuid id = uuid_new();
	struct pg_result *rows = NULL;
	struct patient_case whose;
	struct zf_money like;
	struct arena arena CLEANUP(arena_free) = {.chunks = NULL};
	struct bytes sealed;
	struct report report;
	int32_t day = 0;
	int r = ctl_arguments(argc, argv, options, 1, 1, words);

	if (r == 0) r = ctl_accountable(ctl, why);
	if (r == 0) r = case_read(ctl, code, NULL, words[0], &whose);
	if (r == 0) r = ctl_day("--day", day_text, ctl_today(whose.hospital), &day);
	if (r == 0) r = ctl_amount("0", whose.hospital->book_currency, &like);
	if (r > 0) return r;
	if (r == 0) r = change_begin(ctl, &whose.hospital->id, &id, why, &arena, &sealed);
	if (r == 0)
		r = ctl_query(ctl, &rows, sql, "uutndty", &whose.hospital->id, &id, case_names(&whose),
			(int)like.exponent, day, ctl->who, sealed);
	if (r == 0) r = ctl_commit(ctl);
	if (r == 0 && db_rows_null(rows, 0, 0))
		r = err_set(ERR_NOTFOUND, "%s",
			say(ctl, "no patient was quoted, billed or paid anything of this stay: money patient bill",
				"该住院尚无患者账户:money patient bill"));
	if (r < 0) return not_done(ctl, r, rows, "not done");
	report_begin(&report, ctl);
	report_field(&report, key, label, cell_like(db_rows_int(rows, 0, 0), &like));
	db_sync_rows_free(rows);
	return report_end(&report, 0);
}

static int patient_owe(struct ctl *ctl, int argc, char **argv)
{
	return stay_act(ctl, argc, argv, "SELECT patient_owe($1, $2, $3, $5, $6, $7) WHERE $4 >= 0", "owed",
		say(ctl, "owed by the patient", "转应收患者款"));
}

static int stay_close(struct ctl *ctl, int argc, char **argv)
{
	return stay_act(ctl, argc, argv, "SELECT stay_close($1, $2, $3, $4, $5, $6, $7)", "rest",
		say(ctl, "no revenue", "冲减收入"));
}

/* ---- payments ---- */

static const struct refusal pay_refusals[] = {
	[1] = {"only the currency of the books is taken: foreign notes are changed at a bank first", "",
		"仅收本位币:外币现钞请先到银行兑换", ""},
	[2] = {"cards and wallets need --acquirer and its --reference, cash and transfers the number of their --receipt: at most 64 characters",
		"", "银行卡和钱包须注明收单机构和交易参考号,现金和转账须注明收据号,最多 64 个字符", ""},
	[3] = {"the reference is the number of a card, which is not kept: give the acquirer's", "",
		"参考号不得为银行卡号,请填写收单机构的参考号", ""},
	[5] = {"only ", " is owed", "应付仅 ", "。"},
	[6] = {"no share was quoted: money patient quote", "", "尚未预估自付额:money patient quote", ""},
	[7] = {"of the quoted share only ", " is left: no more may be deposited", "预估自付额内押金仅余 ", "。"},
	[8] = {"the line has only ", " in suspense, or is held", "该流水待查余额仅 ", ",或已冻结"},
	[9] = {"there is no such payment: money patient show", "", "没有该笔付款:money patient show", ""},
	[10] = {"of the payment only ", " is left", "该笔付款仅余 ", "。"},
	[11] = {"the patient has only ", " to get back: lower what is billed first", "可退金额仅 ", ":请先调低账单"},
	[12] = {"only cards and wallets have chargebacks", "", "仅银行卡和钱包有拒付", ""}};

enum { P_OUTCOME, P_MINOR, P_PAYMENT, P_DIFFERS };

/* The words of patient_differs(). */
static const struct {
	const char *word, *english, *chinese;
} differences[] = {{"account", "whose it is", "所属患者账户"}, {"kind", "payment or deposit", "付款或押金"},
	{"method", "how it was paid", "支付方式"}, {"amount", "the amount", "金额"},
	{"line", "the bank's line", "银行流水"}, {"payment", "the payment that goes back", "被退付款"}};

/* Says which payment has the receipt or reference, and in what that is another; takes the rows. */
static int refuse_other(const struct ctl *ctl, struct pg_result *rows, const char *what)
{
	const char *words = db_rows_text(rows, 0, P_DIFFERS);
	struct uuid earlier = db_rows_uuid(rows, 0, P_PAYMENT);
	char id[UUID_TEXT_LEN], list[256] = "";
	size_t len = 0;

	uuid_format(&earlier, id);
	for (size_t i = 0; i < ARRAY_LEN(differences); i++)
		if (strstr(words, differences[i].word) != NULL)
			len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s",
				len == 0 ? "" : say(ctl, ", ", "、"),
				say(ctl, differences[i].english, differences[i].chinese));
	(void)err_set(ERR_EXISTS, "%s %s%s %s",
		say(ctl, "this receipt or reference was used for another payment,", "该收据号或参考号已用于另一笔交易"),
		id, say(ctl, ", with a difference in:", ",不同之处:"), list);
	db_sync_rows_free(rows);
	return ctl_fail(what);
}

/* Each payment has the number of its receipt, or what the acquirer calls it: by that it is taken once. Returns 0, or 2
 * after it has said what is wrong. */
static int method_check(const char *method, const char *reference, const char *receipt)
{
	static const char *const methods[] = {"cash", "transfer", "card", "foreign-card", "wallet"};
	size_t i = 0;

	while (method != NULL && i < ARRAY_LEN(methods) && strcmp(method, methods[i]) != 0) i++;
	if (method == NULL || i == ARRAY_LEN(methods))
		return ctl_usage("say how: --by cash, card, foreign-card, wallet, or transfer with --line LINE");
	if (i < 2 && (receipt == NULL || reference != NULL))
		return ctl_usage("%s has a receipt: say its number with --receipt, by which it is taken once", method);
	if (i >= 2 && receipt != NULL)
		return ctl_usage("a %s has its acquirer's --reference, and no --receipt", method);
	return 0;
}

/* The payment, and whether it is there since an earlier time. */
static void report_payment(
	struct report *report, const struct ctl *ctl, const struct pg_result *rows, const char *label)
{
	struct uuid id = db_rows_uuid(rows, 0, P_PAYMENT);
	bool known = db_rows_int(rows, 0, P_OUTCOME) == 0;

	report_field(report, "known", NULL, cell_bool(known));
	report_field(report, "payment", label, cell_uuid(&id));
	if (known) report_field(report, "note", NULL, cell_text(say(ctl, "it was there already", "此前已入账")));
}

static int pay(struct ctl *ctl, int argc, char **argv, int kind)
{
	const char *code = NULL, *ref = NULL, *stay = NULL, *why = NULL, *day_text = NULL, *method = NULL,
		   *acquirer = NULL, *reference = NULL, *receipt = NULL, *line_text = NULL, *currency = NULL;
	const struct ctl_option options[] = {{"--hospital", &code, NULL}, {"--claim", &ref, NULL},
		{"--stay", &stay, NULL}, {"--why", &why, NULL}, {"--day", &day_text, NULL}, {"--by", &method, NULL},
		{"--acquirer", &acquirer, NULL}, {"--reference", &reference, NULL}, {"--receipt", &receipt, NULL},
		{"--line", &line_text, NULL}, {"--currency", &currency, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	struct uuid id = uuid_new(), line;
	struct pg_result *rows = NULL;
	struct patient_case whose;
	struct zf_money amount;
	struct arena arena CLEANUP(arena_free) = {.chunks = NULL};
	struct bytes sealed;
	struct report report;
	int32_t day = 0;
	int r = ctl_arguments(argc, argv, options, 1, 1, words);

	if (r == 0) r = ctl_known(ctl);
	if (r == 0) r = method_check(method, reference, receipt);
	if (r == 0 && (strcmp(method, "transfer") == 0) != (line_text != NULL && uuid_parse(line_text, &line) == 0))
		r = ctl_usage("a transfer, and nothing else, has --line LINE: money suspense list shows them");
	if (r == 0) r = case_read(ctl, code, ref, stay, &whose);
	if (r == 0) r = ctl_day("--day", day_text, ctl_today(whose.hospital), &day);
	if (r == 0) r = ctl_amount(words[0], currency == NULL ? whose.hospital->book_currency : currency, &amount);
	if (r > 0) return r;
	if (r == 0) r = change_begin(ctl, &whose.hospital->id, &id, why, &arena, &sealed);
	if (r == 0)
		r = ctl_query(ctl, &rows,
			"SELECT * FROM patient_pay($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
			"uutustitnttudty", &whose.hospital->id, &id, case_names(&whose), case_claim(&whose), kind,
			method, amount.minor, amount.currency, (int)amount.exponent, acquirer,
			receipt != NULL ? receipt : reference, line_text == NULL ? NULL : &line, day, ctl->who, sealed);
	if (r == 0) r = ctl_commit(ctl);
	if (r < 0) return not_done(ctl, r, rows, "not taken");
	if (db_rows_int(rows, 0, P_OUTCOME) == -4) return refuse_other(ctl, rows, "not taken");
	if (db_rows_int(rows, 0, P_OUTCOME) < 0) return refuse(ctl, pay_refusals, rows, &amount, "not taken");
	report_begin(&report, ctl);
	report_payment(&report, ctl, rows, say(ctl, "payment", "付款"));
	report_field(&report, kind == 1 ? "open" : "deposit",
		kind == 1 ? say(ctl, "still to be paid", "尚未付") : say(ctl, "deposits held", "押金余额"),
		cell_like(db_rows_int(rows, 0, P_MINOR), &amount));
	db_sync_rows_free(rows);
	return report_end(&report, 0);
}

static int patient_pay(struct ctl *ctl, int argc, char **argv)
{
	return pay(ctl, argc, argv, 1);
}

static int patient_deposit(struct ctl *ctl, int argc, char **argv)
{
	return pay(ctl, argc, argv, 2);
}

/* What goes back has a receipt or a reference as the payment has. 0, as method_check, or below 0; of what is no payment
 * the database says so. */
static int back_check(
	struct ctl *ctl, const struct uuid *hospital, const struct uuid *of, const char *reference, const char *receipt)
{
	struct pg_result *rows = NULL;
	int r = ctl_query(ctl, &rows, "SELECT method FROM patient_payment WHERE hospital_id = $1 AND payment_id = $2",
		"uu", hospital, of);

	if (r == 0 && db_rows_count(rows) > 0) r = method_check(db_rows_text(rows, 0, 0), reference, receipt);
	db_sync_rows_free(rows);
	return r;
}

static int give_back(struct ctl *ctl, int argc, char **argv, int kind)
{
	const char *day_text = NULL, *reference = NULL, *receipt = NULL;
	const struct ctl_option more[] = {{"--day", &day_text, NULL}, {"--reference", &reference, NULL},
		{"--receipt", &receipt, NULL}, {NULL, NULL, NULL}};
	const struct ctl_opens opens = {
		"payment's id: money patient show shows them", .min = 2, .max = 2, .more = more};
	struct ctl_opening act;
	struct uuid id = uuid_new();
	struct pg_result *rows = NULL;
	struct zf_money amount;
	struct arena arena CLEANUP(arena_free) = {.chunks = NULL};
	struct bytes sealed;
	struct report report;
	int32_t day = 0;
	int r = ctl_opening(ctl, argc, argv, &opens, &act);

	if (r == 0) r = ctl_day("--day", day_text, ctl_today(act.hospital), &day);
	if (r == 0) r = ctl_amount(act.words[1], act.hospital->book_currency, &amount);
	if (r != 0) return r;
	r = change_begin(ctl, &act.hospital->id, &id, act.why, &arena, &sealed);
	if (r == 0) r = back_check(ctl, &act.hospital->id, &act.id, reference, receipt);
	if (r > 0) return r;
	if (r == 0)
		r = ctl_query(ctl, &rows, "SELECT * FROM patient_return($1, $2, $3, $4, $5, $6, $7, $8, $9)",
			"uuusitdty", &act.hospital->id, &id, &act.id, kind, amount.minor,
			receipt != NULL ? receipt : reference, day, ctl->who, sealed);
	if (r == 0) r = ctl_commit(ctl);
	if (r < 0) return not_done(ctl, r, rows, "not booked");
	if (db_rows_int(rows, 0, P_OUTCOME) == -4) return refuse_other(ctl, rows, "not booked");
	if (db_rows_int(rows, 0, P_OUTCOME) < 0) return refuse(ctl, pay_refusals, rows, &amount, "not booked");
	report_begin(&report, ctl);
	report_payment(&report, ctl, rows, say(ctl, kind == 3 ? "refund" : "chargeback", kind == 3 ? "退款" : "拒付"));
	report_field(&report, "left", say(ctl, "left of the payment", "该笔付款余额"),
		cell_like(db_rows_int(rows, 0, P_MINOR), &amount));
	db_sync_rows_free(rows);
	return report_end(&report, 0);
}

static int patient_refund(struct ctl *ctl, int argc, char **argv)
{
	return give_back(ctl, argc, argv, 3);
}

static int patient_chargeback(struct ctl *ctl, int argc, char **argv)
{
	return give_back(ctl, argc, argv, 4);
}

/* ---- the statement ---- */

enum {
	A_ID,
	A_CURRENCY,
	A_EXPONENT,
	A_QUOTED,
	A_MEDICAL,
	A_OTHER,
	A_VAT,
	A_PAID,
	A_DEPOSIT,
	A_OPEN,
	A_RECEIVABLE,
	A_BILL,
	A_WHY /* sealed */
};

static const char *const account_sql =
	"SELECT a.account_id, a.currency, a.exponent, a.quoted_minor, patient_share(a),"
	" a.other_minor, a.vat_minor, a.paid_minor, a.deposit_minor, patient_open(a),"
	" a.receivable, b.bill_id, b.why FROM patient_account a LEFT JOIN LATERAL (SELECT p.bill_id, p.why FROM patient_bill p"
	"  WHERE p.hospital_id = a.hospital_id AND p.account_id = a.account_id AND NOT p.quote ORDER BY p.made_at DESC LIMIT 1) b ON true"
	" WHERE a.hospital_id = $1 AND (a.stay = stay_known($1, $2) OR a.claim_id = $3)";

static const char *const payments_sql =
	"SELECT p.payment_id, p.book_day, p.kind, p.method, p.amount_minor, p.acquirer, p.reference, p.settlement_id IS NOT NULL, p.of_payment"
	" FROM patient_payment p WHERE p.hospital_id = $1 AND p.account_id = $2 ORDER BY p.made_at, p.payment_id LIMIT $3";

static void show_account(const struct ctl *ctl, const struct pg_result *rows, const char *why,
	const struct zf_money *like, struct report *report)
{
	int64_t share = db_rows_int(rows, 0, A_MEDICAL) + db_rows_int(rows, 0, A_OTHER);
	bool quoted = !db_rows_null(rows, 0, A_QUOTED);

	report_field(report, "quoted", say(ctl, "quoted share", "预估自付"),
		quoted ? cell_like(db_rows_int(rows, 0, A_QUOTED), like) : cell_none());
	report_field(report, "medical", say(ctl, "share of the care", "医疗自付"),
		cell_like(db_rows_int(rows, 0, A_MEDICAL), like));
	report_field(report, "other", say(ctl, "not care", "非医疗"), cell_like(db_rows_int(rows, 0, A_OTHER), like));
	report_field(
		report, "vat", say(ctl, "tax in that", "其中增值税"), cell_like(db_rows_int(rows, 0, A_VAT), like));
	report_field(report, "share", say(ctl, "in all", "合计"), cell_like(share, like));
	report_field(report, "difference", say(ctl, "more than quoted", "与预估差额"),
		quoted ? cell_like(share - db_rows_int(rows, 0, A_QUOTED), like) : cell_none());
	report_field(report, "why", say(ctl, "because", "原因"), cell_text(why));
	report_field(report, "paid", say(ctl, "paid", "已付"), cell_like(db_rows_int(rows, 0, A_PAID), like));
	report_field(report, "open", say(ctl, "to be paid", "应付"), cell_like(db_rows_int(rows, 0, A_OPEN), like));
	report_field(report, "deposit", say(ctl, "deposits held", "押金余额"),
		cell_like(db_rows_int(rows, 0, A_DEPOSIT), like));
	report_field(report, "account", NULL, cell_text(db_rows_text(rows, 0, A_RECEIVABLE)));
}

static void show_payments(
	const struct ctl *ctl, const struct pg_result *rows, const struct zf_money *like, struct report *report)
{
	static const struct column english[] = {{"day", "day"}, {"kind", "what"}, {"method", "by"},
		{"amount", "amount"}, {"acquirer", "acquirer"}, {"reference", "reference"}, {"settled", "settled"},
		{"payment", "payment"}, {"of", NULL}};
	static const struct column chinese[] = {{"day", "日期"}, {"kind", "类型"}, {"method", "方式"},
		{"amount", "金额"}, {"acquirer", "收单机构"}, {"reference", "参考号"}, {"settled", "已结算"},
		{"payment", "编号"}, {"of", NULL}};
	static const char *const kinds[] = {"", "payment", "deposit", "refund", "chargeback"};
	static const char *const kinds_zh[] = {"", "付款", "押金", "退款", "拒付"};
	struct table table;

	table_begin(&table, ctl->chinese ? chinese : english, ARRAY_LEN(english));
	for (int row = 0; row < db_rows_count(rows); row++) {
		int kind = (int)db_rows_int(rows, row, 2);
		struct uuid id = db_rows_uuid(rows, row, 0);

		table_add(&table, cell_day(db_rows_date(rows, row, 1)));
		table_add(&table, cell_word(ctl->chinese ? kinds_zh[kind] : kinds[kind], kinds[kind]));
		table_add(&table, cell_text(db_rows_text(rows, row, 3)));
		table_add(&table, cell_like(db_rows_int(rows, row, 4), like));
		table_add(&table, cell_text(db_rows_text(rows, row, 5)));
		table_add(&table, cell_text(db_rows_text(rows, row, 6)));
		table_add(&table, cell_bool(db_rows_bool(rows, row, 7)));
		table_add(&table, cell_uuid(&id));
		if (db_rows_null(rows, row, 8)) {
			table_add(&table, cell_none());
		} else {
			struct uuid of = db_rows_uuid(rows, row, 8);

			table_add(&table, cell_uuid(&of));
		}
	}
	table_end(&table, report, "payments", "", NULL);
}

static int patient_show(struct ctl *ctl, int argc, char **argv)
{
	const char *code = NULL, *ref = NULL, *stay = NULL;
	const struct ctl_option options[] = {
		{"--hospital", &code, NULL}, {"--claim", &ref, NULL}, {"--stay", &stay, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	struct pg_result *rows = NULL;
	struct pg_result *payments = NULL;
	struct patient_case whose;
	struct zf_money like;
	struct arena arena CLEANUP(arena_free) = {.chunks = NULL};
	struct report report;
	const char *why = NULL;
	bool sealed = false;
	struct uuid id;
	int r = ctl_arguments(argc, argv, options, 0, 0, words);

	if (r == 0) r = case_read(ctl, code, ref, stay, &whose);
	if (r == 0) r = ctl_amount("0", whose.hospital->book_currency, &like);
	if (r > 0) return r;
	if (r == 0) r = ctl_begin(ctl, &whose.hospital->id, false);
	if (r == 0)
		r = ctl_query(
			ctl, &rows, account_sql, "utu", &whose.hospital->id, case_names(&whose), case_claim(&whose));
	if (r == 0 && db_rows_count(rows) == 0)
		r = err_set(ERR_NOTFOUND, "%s",
			say(ctl, "no patient was quoted, billed or paid anything of it", "尚无患者账户"));
	if (r == 0) {
		id = db_rows_uuid(rows, 0, A_ID);
		r = ctl_query(ctl, &payments, payments_sql, "uui", &whose.hospital->id, &id, (int64_t)LIST_MAX);
	}
	arena_init(&arena, WORDS_ARENA_BYTES);
	if (r == 0 && !db_rows_null(rows, 0, A_BILL)) {
		id = db_rows_uuid(rows, 0, A_BILL);
		r = unseal_words(ctl, &whose.hospital->id, &id, db_rows_bytes(rows, 0, A_WHY), &arena, &why);
		/* A key that is gone takes what it sealed with it, and not the money. */
		sealed = r < 0 && r != ERR_NOMEM && r != ERR_DB;
		if (sealed) r = 0;
	}
	if (r == 0) r = ctl_commit(ctl);
	if (r == 0) {
		report_begin(&report, ctl);
		show_account(ctl, rows, why, &like, &report);
		report_field(&report, "why_sealed", NULL, cell_bool(sealed));
		show_payments(ctl, payments, &like, &report);
		if (sealed && ctl_notes(ctl))
			(void)fprintf(stderr, "%s\n",
				say(ctl, "why it was billed cannot be told: no key here opens what was written",
					"账单原因无法显示:此处没有可打开它的密钥"));
	}
	db_sync_rows_free(rows);
	db_sync_rows_free(payments);
	return r == 0 ? report_end(&report, 0) : ctl_fail("not shown");
}

#define WHOSE "(--claim REF | --stay NUMBER [--hospital CODE])"

const struct ctl_command money_patient_commands[] = {
	{"money patient quote", "AMOUNT " WHOSE " --why TEXT", "the share that a patient was told: deposits go as far",
		CTL_CONFIG | CTL_DB, patient_quote},
	{"money patient bill", "[AMOUNT] " WHOSE " [--other AMOUNT [--vat PERCENT]] [--day DAY] --why TEXT",
		"what a patient owes in all; uses what was deposited", CTL_CONFIG | CTL_DB, patient_bill},
	{"money patient owe", "STAY [--hospital CODE] [--day DAY] --why TEXT",
		"the patient left and owes what is open of a stay", CTL_CONFIG | CTL_DB, patient_owe},
	{"money patient pay",
		"AMOUNT " WHOSE
		" --by METHOD (--acquirer NAME --reference TEXT | [--line LINE] --receipt NUMBER) [--day DAY]",
		"a patient pays, no more than is owed", CTL_CONFIG | CTL_DB, patient_pay},
	{"money patient deposit",
		"AMOUNT " WHOSE
		" --by METHOD (--acquirer NAME --reference TEXT | [--line LINE] --receipt NUMBER) [--day DAY]",
		"a patient deposits, no more than the quoted share", CTL_CONFIG | CTL_DB, patient_deposit},
	{"money patient refund",
		"PAYMENT AMOUNT (--reference TEXT | --receipt NUMBER) [--day DAY] [--hospital CODE] --why TEXT",
		"pays back, to what it was paid with", CTL_CONFIG | CTL_DB, patient_refund},
	{"money patient chargeback", "PAYMENT AMOUNT --reference TEXT [--day DAY] [--hospital CODE] --why TEXT",
		"an acquirer took a payment back: it is owed again", CTL_CONFIG | CTL_DB, patient_chargeback},
	{"money patient show", WHOSE, "quoted, billed, paid and open, and each payment", CTL_CONFIG | CTL_DB,
		patient_show},
	{"money stay close", "STAY [--hospital CODE] [--day DAY] --why TEXT",
		"nobody will be billed for the rest of a stay: it is no revenue", CTL_CONFIG | CTL_DB, stay_close},
	{NULL, NULL, NULL, 0, NULL},
};

/* zhifuctl money coordination: what each of several payers owes of a stay, worked out and posted for the claim to the
 * policy that comes last. The arithmetic is in model/coordination.h; what may be posted is the database's to say:
 * schema/061_coordination.sql. */
#include <stdio.h>
#include <string.h>

#include "ctl/report.h"
#include "ctl/unseal.h"
#include "db/sync.h"
#include "model/coordination.h"
#include "model/directory.h"
#include "settle/posting_rule.h"

/* ---- what the hospital's system brings ---- */

/* As it was typed. */
struct brought {
	const char *hospital, *total, *fund, *personal, *catalogue, *account, *used, *group, *group_paid, *group_share,
		*group_above, *plan_share, *reasonable, *clause, *rounding, *day, *why;
};

#define BROUGHT_OPTIONS(b)                                                                                             \
	{"--hospital", &(b).hospital, NULL}, {"--total", &(b).total, NULL}, {"--fund", &(b).fund, NULL},               \
		{"--personal", &(b).personal, NULL}, {"--catalogue", &(b).catalogue, NULL},                            \
		{"--account", &(b).account, NULL}, {"--account-used", &(b).used, NULL}, {"--group", &(b).group, NULL}, \
		{"--group-paid", &(b).group_paid, NULL}, {"--group-share", &(b).group_share, NULL},                    \
		{"--group-above", &(b).group_above, NULL}, {"--plan-share", &(b).plan_share, NULL},                    \
		{"--reasonable", &(b).reasonable, NULL}, {"--clause", &(b).clause, NULL},                              \
	{                                                                                                              \
		"--rounding", &(b).rounding, NULL                                                                      \
	}

/* An amount that need not be given. */
static int optional(const char *text, const char *currency, struct zf_money *ret)
{
	return text == NULL ? 0 : ctl_amount(text, currency, ret);
}

static int rule_read(const char *word, enum decimal_rule *ret)
{
	static const char *const words[] = {"half-away", "half-even", "up", "down"}; /* as enum decimal_rule */

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (word == NULL || strcmp(word, words[i]) == 0) {
			*ret = (enum decimal_rule)i;
			return 0;
		}
	return ctl_usage("--rounding: half-away, half-even, up or down");
}

/* Returns 0, or 2 after it has said what is wrong. */
static int stay_read(const struct brought *brought, const char *currency, struct coordination_stay *ret)
{
	struct coordination_stay stay = {.clause = coordination_clause_of(brought->clause)};
	int group = 0, plan = 0, r;

	if (brought->total == NULL || brought->plan_share == NULL)
		return ctl_usage(
			"say with --total what the stay costs, and with --plan-share what the policy pays of it");
	if (brought->fund != NULL && brought->personal == NULL)
		return ctl_usage("say with --personal what the settlement leaves besides --fund");
	if (brought->clause != NULL && stay.clause == COORDINATION_NONE)
		return ctl_usage("--clause: whole, carve-out or percentage, as the policy says");
	if ((brought->group == NULL) != (brought->group_paid == NULL && brought->group_share == NULL) ||
		(brought->group_paid != NULL && brought->group_share != NULL))
		return ctl_usage("a group plan has --group CODE and either --group-paid or --group-share");
	r = ctl_amount(brought->total, currency, &stay.total);
	if (r == 0) r = optional(brought->fund, currency, &stay.fund);
	if (r == 0) r = optional(brought->personal, currency, &stay.personal);
	if (r == 0) r = optional(brought->catalogue, currency, &stay.catalogue);
	if (r == 0) r = optional(brought->account, currency, &stay.account);
	if (r == 0) r = optional(brought->used, currency, &stay.used);
	if (r == 0) r = optional(brought->group_paid, currency, &stay.group);
	if (r == 0) r = optional(brought->group_above, currency, &stay.group_above);
	if (r == 0) r = optional(brought->reasonable, currency, &stay.reasonable);
	if (r == 0) r = ctl_percent("--group-share", brought->group_share, &group);
	if (r == 0) r = ctl_percent("--plan-share", brought->plan_share, &plan);
	stay.group_share = (uint32_t)group;
	stay.plan_share = (uint32_t)plan;
	if (r == 0) *ret = stay;
	return r;
}

/* Works it out. Returns 0, or the status after it has said what is wrong. */
static int shares_make(const struct ctl *ctl, const struct brought *brought, const char *currency,
	struct coordination_stay *ret_stay, struct coordination *ret)
{
	enum coordination_fault fault = COORDINATION_FITS;
	enum decimal_rule rule = DECIMAL_HALF_AWAY;
	int r = rule_read(brought->rounding, &rule);

	if (r == 0) r = stay_read(brought, currency, ret_stay);
	if (r != 0) return r;
	r = coordination_share(ret_stay, rule, ret, &fault);
	if (r == 0) return 0;
	if (r == ERR_DENIED)
		(void)err_set(r, "%s", coordination_fault_text(fault, ctl->chinese));
	else
		(void)err_set(r, "an amount that does not fit");
	return ctl_fail("not worked out");
}

/* ---- what is said ---- */

struct line {
	const char *key, *english, *chinese;
	int64_t minor;
};

static void report_lines(struct report *report, const struct line *lines, size_t count, const struct zf_money *like)
{
	for (size_t i = 0; i < count; i++)
		report_field(report, lines[i].key, say(report->ctl, lines[i].english, lines[i].chinese),
			cell_money(lines[i].minor, like->currency, like->exponent));
}

/* The shares, and the payers as the medical e-bill (医疗收费电子票据) has them. */
static void report_shares(struct report *report, const struct coordination *shares)
{
	int64_t other = shares->group.minor + shares->plan.minor;
	const struct line lines[] = {{"fund", "fund of the social insurance", "医保统筹基金", shares->fund.minor},
		{"group", "group plan", "团体补充险", shares->group.minor},
		{"policy", "policy", "国际医疗险", shares->plan.minor},
		{"patient", "patient", "患者自付", shares->account.minor + shares->cash.minor},
		{"account", "  from the personal account", "  个人账户", shares->account.minor},
		{"cash", "  to be paid", "  现金", shares->cash.minor},
		{"alone", "the policy alone would pay", "保单单独赔付额", shares->benefit.minor}};
	const struct line bill[] = {{"bill_fund", "fund", "医保统筹基金支付", shares->fund.minor},
		{"bill_account", "personal account", "个人账户支付", shares->account.minor},
		{"bill_other", "other", "其他支付", other}, {"bill_cash", "cash", "个人现金支付", shares->cash.minor}};

	report_lines(report, lines, ARRAY_LEN(lines), &shares->fund);
	report_heading(report, say(report->ctl, "on the e-bill", "电子票据"));
	report_lines(report, bill, ARRAY_LEN(bill), &shares->fund);
}

static int coordination_try(struct ctl *ctl, int argc, char **argv)
{
	struct brought brought = {0};
	const struct ctl_option options[] = {BROUGHT_OPTIONS(brought), {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	const struct hospital *hospital;
	struct coordination_stay stay = {0};
	struct coordination shares = {0};
	struct report report;
	int r = ctl_arguments(argc, argv, options, 0, 0, words);

	if (r != 0) return r;
	hospital = ctl_hospital(ctl, brought.hospital);
	if (hospital == NULL) return 2;
	r = shares_make(ctl, &brought, hospital->book_currency, &stay, &shares);
	if (r != 0) return r;
	report_begin(&report, ctl);
	report_shares(&report, &shares);
	return report_end(&report, 0);
}

/* ---- the books ---- */

/* What the database did not allow, by -outcome, before its figure. */
static const struct {
	const char *english, *chinese;
} refusals[] = {[1] = {"the social insurance (医保) has not settled the stay: the policy comes after it",
			"医保尚未结算:国际医疗险须在医保结算之后"},
	[2] = {"the policy's clause on other insurance is not given, and none is assumed",
		"未填写保单的多重保险协调条款,系统不作默认"},
	[3] = {"the claim is not billed to the policy yet, or not in the currency of the books",
		"该理赔单尚未向保险公司开单,或币种不是本位币"},
	[4] = {"the policy has decided the claim, or it was taken back: its decision says the shares",
		"保险公司已理算该理赔单或该单已撤回:分担以理算结果为准"},
	[5] = {"the total is not what the policy was billed: ", "总额与开单金额不符,开单金额为 "},
	[6] = {"the claim is divided already: money coordination undo takes that back",
		"该理赔单已分担入账:如需更正,请先执行 money coordination undo"},
	[7] = {"the group plan's code is none that can be: a-z, 0-9 and hyphens, not the policy's, and none to which claims are billed",
		"团体补充险代码不可用:限 a-z、0-9 和连字符,不得与保单相同,也不得是已有理赔单的保险公司"},
	[8] = {"nothing is divided of the claim", "该理赔单没有分担入账"},
	[9] = {"this payer owes no more than ", "该付款方应付余额为 "},
	[10] = {"the line is held, not in the currency of the books, or has in suspense only ",
		"该流水已冻结、币种不是本位币,或待查余额仅 "},
	[11] = {"of the line was taken for this payer only ", "该流水中已记为该付款方到账的仅 "}};

/* Tells the end of a statement whose first row is an outcome and a figure, or that no claim has the ref; takes the
 * rows. */
static int told(struct ctl *ctl, int code, struct pg_result *rows, const struct zf_money *like,
	const struct coordination *shares, const char *open)
{
	struct report report;
	char figure[REPORT_AMOUNT_LEN] = "";

	if (code == 0 && db_rows_count(rows) == 0) code = err_set(ERR_NOTFOUND, "there is no such claim");
	if (code == 0 && db_rows_int(rows, 0, 0) < 0) {
		size_t which = (size_t)-db_rows_int(rows, 0, 0);

		if (!db_rows_null(rows, 0, 1)) report_amount(db_rows_int(rows, 0, 1), like->exponent, true, figure);
		code = err_set(ERR_DENIED, "%s%s", say(ctl, refusals[which].english, refusals[which].chinese), figure);
	}
	if (code < 0) {
		db_sync_rows_free(rows);
		return ctl_fail("not posted");
	}
	report_begin(&report, ctl);
	report_field(&report, "known", NULL, cell_bool(db_rows_int(rows, 0, 0) == 0));
	if (db_rows_int(rows, 0, 0) == 0)
		report_heading(&report,
			say(ctl, "this very division stands already: nothing was done", "该分担已入账:未作任何更改"));
	if (shares != NULL) report_shares(&report, shares);
	report_field(&report, "open", open, cell_money(db_rows_int(rows, 0, 1), like->currency, like->exponent));
	db_sync_rows_free(rows);
	return report_end(&report, 0);
}

static int coordination_post(struct ctl *ctl, int argc, char **argv)
{
	struct brought brought = {0};
	const struct ctl_option options[] = {BROUGHT_OPTIONS(brought), {"--day", &brought.day, NULL},
		{"--why", &brought.why, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	const struct hospital *hospital;
	struct coordination_stay stay = {0};
	struct coordination shares = {0};
	struct uuid id = uuid_new();
	struct pg_result *rows = NULL;
	struct arena arena CLEANUP(arena_free) = {.chunks = NULL};
	struct bytes why;
	int32_t day = 0;
	int r = ctl_arguments(argc, argv, options, 1, 1, words);

	if (r == 0) r = ctl_accountable(ctl, brought.why);
	if (r != 0) return r;
	hospital = ctl_hospital_of_ref(ctl, words[0]);
	if (hospital == NULL) return 2;
	r = ctl_day("--day", brought.day, ctl_today(hospital), &day);
	if (r == 0) r = shares_make(ctl, &brought, hospital->book_currency, &stay, &shares);
	if (r != 0) return r;
	r = ctl_begin(ctl, &hospital->id, true);
	arena_init(&arena, WORDS_ARENA_BYTES);
	if (r == 0) r = unseal_words_seal(ctl, &hospital->id, &id, brought.why, &arena, &why);
	if (r == 0)
		r = ctl_query(ctl, &rows,
			"SELECT f.* FROM claim_state s CROSS JOIN LATERAL coordination_post($1, $2, s.claim_id, $4, $5, $6, $7, $8, $9,"
			" $10, $11, $12, $13, $14, $15, $16, $17) f WHERE s.hospital_id = $1 AND s.ref = $3",
			"uuttiitiiiiiindty", &hospital->id, &id, words[0], coordination_clause_word(stay.clause),
			stay.total.minor, shares.fund.minor, brought.group, shares.group.minor, shares.benefit.minor,
			shares.plan.minor, stay.account.present ? stay.account.minor : 0, shares.account.minor,
			shares.cash.minor, (int)stay.total.exponent, day, ctl->who, why);
	if (r == 0) r = ctl_commit(ctl);
	return told(ctl, r, rows, &stay.total, &shares, say(ctl, "the patient is to pay", "患者应付"));
}

static int coordination_undo(struct ctl *ctl, int argc, char **argv)
{
	const char *day_text = NULL, *reason = NULL;
	const struct ctl_option options[] = {{"--day", &day_text, NULL}, {"--why", &reason, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	const struct hospital *hospital;
	struct uuid entry = uuid_new();
	struct pg_result *rows = NULL;
	struct zf_money like;
	struct arena arena CLEANUP(arena_free) = {.chunks = NULL};
	struct bytes why;
	int32_t day = 0;
	int r = ctl_arguments(argc, argv, options, 1, 1, words);

	if (r == 0) r = ctl_accountable(ctl, reason);
	if (r != 0) return r;
	hospital = ctl_hospital_of_ref(ctl, words[0]);
	if (hospital == NULL) return 2;
	r = ctl_day("--day", day_text, ctl_today(hospital), &day);
	if (r == 0) r = ctl_amount("0", hospital->book_currency, &like);
	if (r != 0) return r;
	r = ctl_begin(ctl, &hospital->id, true);
	arena_init(&arena, WORDS_ARENA_BYTES);
	if (r == 0) r = unseal_words_seal(ctl, &hospital->id, &entry, reason, &arena, &why);
	if (r == 0)
		r = ctl_query(ctl, &rows,
			"SELECT f.* FROM claim_state s CROSS JOIN LATERAL coordination_undo($1, $2, s.claim_id, $4, $5, $6, $7) f"
			" WHERE s.hospital_id = $1 AND s.ref = $3",
			"uutndty", &hospital->id, &entry, words[0], (int)like.exponent, day, ctl->who, why);
	if (r == 0) r = ctl_commit(ctl);
	return told(ctl, r, rows, &like, NULL, say(ctl, "the patient is to pay", "患者应付"));
}

/* The claim that has this ref. */
static int claim_find(struct ctl *ctl, const struct hospital *hospital, const char *ref, struct uuid *ret)
{
	struct pg_result *rows = NULL;
	int r = ctl_query(ctl, &rows, "SELECT s.claim_id FROM claim_state s WHERE s.hospital_id = $1 AND s.ref = $2",
		"ut", &hospital->id, ref);

	if (r == 0 && db_rows_count(rows) == 0) r = err_set(ERR_NOTFOUND, "there is no such claim");
	if (r == 0) *ret = db_rows_uuid(rows, 0, 0);
	db_sync_rows_free(rows);
	return r;
}

/* Money of the social insurance or a group plan came, or did not after all. */
static int coordination_paid(struct ctl *ctl, int argc, char **argv)
{
	const char *code = NULL, *by = NULL, *reason = NULL, *ref = NULL;
	bool back = false;
	const struct ctl_option options[] = {{"--hospital", &code, NULL}, {"--by", &by, NULL}, {"--why", &reason, NULL},
		{"--claim", &ref, NULL}, {"--back", NULL, &back}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	const struct hospital *hospital;
	struct uuid payment = uuid_new(), line, claim;
	struct pg_result *rows = NULL;
	struct arena arena CLEANUP(arena_free) = {.chunks = NULL};
	struct bytes why;
	struct zf_money amount;
	char account[ACCOUNT_LEN];
	int r = ctl_arguments(argc, argv, options, 2, 2, words);

	if (r == 0) r = back ? ctl_accountable(ctl, reason) : ctl_known(ctl);
	if (r == 0 && by == NULL) r = ctl_usage("say who paid: --by si, si-account, or the group plan's code");
	if (r == 0 && uuid_parse(words[0], &line) < 0)
		r = ctl_usage("\"%s\" is no line's id: money suspense list shows them", words[0]);
	if (r != 0) return r;
	hospital = ctl_hospital(ctl, code);
	if (hospital == NULL) return 2;
	r = ctl_amount(words[1], hospital->book_currency, &amount);
	if (r == 0 && amount.minor == 0) r = ctl_usage("an amount of nothing");
	if (r != 0) return r;
	posting_account("AR-{PAYER}", by, account);
	r = ctl_begin(ctl, &hospital->id, true);
	arena_init(&arena, WORDS_ARENA_BYTES);
	if (r == 0) r = unseal_words_seal(ctl, &hospital->id, &payment, reason, &arena, &why);
	if (r == 0 && ref != NULL) r = claim_find(ctl, hospital, ref, &claim);
	if (r == 0)
		r = ctl_query(ctl, &rows, "SELECT * FROM coordination_pay($1, $2, $3, $4, $5, $6, $7, $8)", "uutuityu",
			&hospital->id, &payment, account, &line, back ? -amount.minor : amount.minor, ctl->who, why,
			ref != NULL ? &claim : NULL);
	if (r == 0) r = ctl_commit(ctl);
	return told(ctl, r, rows, &amount, NULL, say(ctl, "the payer owes", "该付款方应付余额"));
}

#define BROUGHT                                                                                                          \
	"--total AMOUNT --fund AMOUNT --personal AMOUNT [--catalogue AMOUNT] [--account AMOUNT [--account-used AMOUNT]]" \
	" [--group CODE (--group-paid AMOUNT | --group-share PERCENT [--group-above AMOUNT])]"                           \
	" --plan-share PERCENT [--reasonable AMOUNT] --clause whole|carve-out|percentage [--rounding RULE]"

const struct ctl_command money_coordination_commands[] = {
	{"money coordination try", BROUGHT " [--hospital CODE]", "what each of several payers owes of a stay",
		CTL_CONFIG, coordination_try},
	{"money coordination post", "REF " BROUGHT " [--day DAY] --why TEXT",
		"posts that for the claim to the policy that comes last", CTL_CONFIG | CTL_DB, coordination_post},
	{"money coordination undo", "REF [--day DAY] --why TEXT",
		"takes it back, as where the social insurance settles anew", CTL_CONFIG | CTL_DB, coordination_undo},
	{"money coordination paid", "LINE AMOUNT --by CODE [--claim REF] [--back] [--hospital CODE] [--why TEXT]",
		"money of the social insurance or a group plan came, of a line in suspense", CTL_CONFIG | CTL_DB,
		coordination_paid},
	{NULL, NULL, NULL, 0, NULL},
};

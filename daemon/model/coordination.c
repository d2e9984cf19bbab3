/* Who pays what of one stay. The order is the law's and the contracts': fund, group plan, policy, patient. */
#include "model/coordination.h"

#include <string.h>

#define WHOLE_POINTS 10000

static struct zf_money with(struct zf_money like, int64_t minor)
{
	like.minor = minor;
	return like;
}

static struct zf_money smaller(struct zf_money a, struct zf_money b)
{
	return a.minor < b.minor ? a : b;
}

/* Amounts of one sign: the difference fits. Never below zero. */
static struct zf_money less(struct zf_money a, struct zf_money b)
{
	return with(a, a.minor > b.minor ? a.minor - b.minor : 0);
}

/* The stay with what absent amounts stand for. */
static int complete(const struct coordination_stay *stay, struct coordination_stay *ret)
{
	struct coordination_stay full = *stay;
	struct zf_money *const all[] = {&full.total, &full.fund, &full.personal, &full.catalogue, &full.account,
		&full.used, &full.group, &full.group_above, &full.reasonable};

	if (!stay->total.present || (stay->fund.present && !stay->personal.present)) return ERR_INVALID;
	if (stay->group_share > WHOLE_POINTS || stay->plan_share > WHOLE_POINTS) return ERR_INVALID;
	if (stay->clause > COORDINATION_PERCENTAGE) return ERR_INVALID;
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (all[i]->present && (!money_same_currency(*all[i], stay->total) || all[i]->minor < 0))
			return ERR_INVALID;
	if (!stay->account.present) full.account = with(full.total, 0);
	if (!stay->group_above.present) full.group_above = with(full.total, 0);
	if (!stay->reasonable.present) full.reasonable = full.total;
	*ret = full;
	return 0;
}

/* What the hospital's system brings must be right by itself. */
static enum coordination_fault settled(const struct coordination_stay *stay)
{
	int64_t over;

	if (!stay->fund.present) return COORDINATION_NOT_SETTLED;
	if (stay->clause == COORDINATION_NONE) return COORDINATION_NO_CLAUSE;
	if (stay->personal.minor > stay->total.minor) return COORDINATION_SETTLEMENT;
	over = stay->fund.minor - (stay->total.minor - stay->personal.minor);
	if (over > 0 && (over == stay->account.minor || (stay->used.present && over == stay->used.minor)))
		return COORDINATION_ACCOUNT_PAID;
	if (over != 0) return COORDINATION_SETTLEMENT;
	if (stay->catalogue.present &&
		(stay->catalogue.minor > stay->total.minor || stay->fund.minor > stay->catalogue.minor))
		return COORDINATION_SETTLEMENT;
	if (!stay->group.present && stay->group_share > 0 && !stay->catalogue.present) return COORDINATION_GROUP;
	if (stay->group.present && stay->group.minor > stay->personal.minor) return COORDINATION_GROUP;
	return stay->reasonable.minor > stay->total.minor ? COORDINATION_REASONABLE : COORDINATION_FITS;
}

static int group_pays(const struct coordination_stay *stay, enum decimal_rule rule, struct zf_money *ret)
{
	struct zf_money base;

	if (stay->group.present || stay->group_share == 0) {
		*ret = with(stay->total, stay->group.present ? stay->group.minor : 0);
		return 0;
	}
	base = less(less(stay->catalogue, stay->fund), stay->group_above);
	return money_share(base, stay->group_share, WHOLE_POINTS, rule, ret);
}

static int plan_pays(const struct coordination_stay *stay, const struct coordination *shares, enum decimal_rule rule,
	struct zf_money *ret)
{
	switch (stay->clause) {
	case COORDINATION_WHOLE:
		*ret = smaller(shares->benefit, shares->left);
		return 0;
	case COORDINATION_CARVE_OUT:
		*ret = less(less(shares->benefit, shares->fund), shares->group);
		return 0;
	case COORDINATION_PERCENTAGE:
		return money_share(smaller(shares->left, stay->reasonable), stay->plan_share, WHOLE_POINTS, rule, ret);
	case COORDINATION_NONE:
		break;
	}
	return ERR_INVALID;
}

int coordination_share(const struct coordination_stay *given, enum decimal_rule rule, struct coordination *ret,
	enum coordination_fault *ret_fault)
{
	struct coordination_stay stay;
	struct coordination shares;
	struct zf_money patient, used;
	int err = complete(given, &stay);

	if (err != 0) return err;
	*ret_fault = settled(&stay);
	if (*ret_fault != COORDINATION_FITS) return ERR_DENIED;
	shares.fund = stay.fund;
	err = group_pays(&stay, rule, &shares.group);
	if (err == 0) err = money_share(stay.reasonable, stay.plan_share, WHOLE_POINTS, rule, &shares.benefit);
	if (err != 0) return err;
	shares.left = less(stay.personal, shares.group);
	err = plan_pays(&stay, &shares, rule, &shares.plan);
	if (err != 0) return err;
	patient = less(shares.left, shares.plan);
	used = stay.used.present ? stay.used : smaller(stay.account, patient);
	if (used.minor > patient.minor && stay.clause == COORDINATION_WHOLE)
		*ret_fault = COORDINATION_ACCOUNT_SOON;
	else if (used.minor > patient.minor || used.minor > stay.account.minor)
		*ret_fault = COORDINATION_ACCOUNT_MUCH;
	if (*ret_fault != COORDINATION_FITS) return ERR_DENIED;
	shares.account = used;
	shares.cash = less(patient, used);
	*ret = shares;
	return 0;
}

const char *coordination_fault_text(enum coordination_fault fault, bool chinese)
{
	static const char *const texts[][2] = {
		[COORDINATION_FITS] = {"", ""},
		[COORDINATION_NOT_SETTLED] =
			{"the social insurance (医保) has not settled the stay: the international policy comes after it. Say what its fund pays; 0 where it pays nothing",
				"医保尚未结算:国际医疗险须在医保结算之后计算。请填写统筹基金支付额,不支付时填 0"},
		[COORDINATION_NO_CLAUSE] =
			{"the policy's clause on other insurance is not given, and none is assumed: whole, carve-out or percentage, as the policy says",
				"未填写保单的多重保险协调条款,系统不作默认:请按保单填写 whole(补足)、carve-out(不重复给付)或 percentage(剩余部分按比例)"},
		[COORDINATION_ACCOUNT_PAID] =
			{"the settlement counts the personal account as paid by the social insurance: it is the patient's money. Give what the fund alone pays",
				"结算数据把个人账户计入医保支付:个人账户是患者自己的钱。请只填写统筹基金支付额"},
		[COORDINATION_SETTLEMENT] =
			{"the settlement of the social insurance does not add up: fund and personal part must be the total, the fund no more than what is in the catalogue, and that no more than the total",
				"医保结算数据不平:基金支付与个人负担之和须等于总额,基金支付不得超过目录内费用,目录内费用不得超过总额"},
		[COORDINATION_GROUP] =
			{"the group plan pays more than the social insurance leaves, or its rule needs what is in the catalogue",
				"团体补充险赔付超过医保结算后的个人负担,或按规则计算时缺少目录内费用"},
		[COORDINATION_REASONABLE] = {"the reasonable charges are more than the total", "合理费用超过总额"},
		[COORDINATION_ACCOUNT_SOON] =
			{"the personal account is used before the policy, which pays up to the whole: it is the patient's money, and stays untouched as far as the policy pays",
				"保单条款为补足全额,不得先用个人账户:个人账户是患者自己的钱,保单赔付部分不得动用"},
		[COORDINATION_ACCOUNT_MUCH] =
			{"more of the personal account is used than is available or than the patient's share",
				"个人账户使用额超过可用余额或患者自付额"},
	};

	return texts[fault][chinese ? 1 : 0];
}

static const char *const clause_words[] = {"", "whole", "carve-out", "percentage"};

enum coordination_clause coordination_clause_of(const char *word)
{
	for (size_t i = COORDINATION_WHOLE; word != NULL && i < ARRAY_LEN(clause_words); i++)
		if (strcmp(word, clause_words[i]) == 0) return (enum coordination_clause)i;
	return COORDINATION_NONE;
}

const char *coordination_clause_word(enum coordination_clause clause)
{
	return clause_words[clause];
}

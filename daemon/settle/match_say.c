/* Why, in words. */
#include "lib/text.h"
#include "settle/match.h"

enum argument {
	NOTHING = 0,
	NUMBER, /* which of the numbers */
	TIMES,
	AMOUNT,
	AMOUNT_TIMES,
};

struct saying {
	uint8_t argument; /* enum argument: what the texts take, in that order */
	const char *english, *chinese;
};

static const struct saying sayings[MATCH_REASON_COUNT] = {
	[MATCH_BY_ACCOUNT] = {NOTHING, "the payer's account is on record", "付款账户已有记录"},
	[MATCH_BY_NAME] = {NOTHING, "the payer's name is on record", "付款人名称已有记录"},
	[MATCH_OTHER_PAYER] = {NOTHING, "it is owed by another than the payer", "应付款方不是该付款人"},
	[MATCH_NAMES] = {NUMBER, "the payment names %s", "付款附言写有%s"},
	[MATCH_SLIP] = {NUMBER, "the payment names %s with one slip in it", "付款附言写有%s,有一处笔误"},
	[MATCH_CUT] = {NUMBER, "the payment names the begin of %s", "付款附言写有%s的开头部分"},
	[MATCH_UNNAMED] = {NOTHING, "nothing names it: found by amount alone", "附言未提及:仅按金额查得"},
	[MATCH_EXACT] = {NOTHING, "the amount is exactly what is due", "金额与应付款完全一致"},
	[MATCH_STATED_CHARGE] = {AMOUNT, "the bank says that it kept %s", "银行注明扣费 %s"},
	[MATCH_USUAL_CHARGE] = {AMOUNT_TIMES, "short by a usual charge of %s, seen %u times",
		"少付惯常扣费 %s(以往 %u 次)"},
	[MATCH_DISCOUNT] = {AMOUNT, "a discount of %s for early payment", "提前付款折扣 %s"},
	[MATCH_RATE] = {AMOUNT, "off by %s, within the bound of the exchange rate", "差额 %s,在汇率容差内"},
	[MATCH_WITHIN] = {AMOUNT, "off by %s, within the tolerance", "差额 %s,在容差内"},
	[MATCH_SHORT] = {AMOUNT, "%s is missing", "少付 %s"},
	[MATCH_OVER] = {AMOUNT, "%s is too much", "多付 %s"},
	[MATCH_PAID_BEFORE] = {NOTHING, "the claim is paid already: this is owed back",
		"该账单已付清:本款应退还或抵扣"},
	[MATCH_LISTS] = {TIMES, "the advice lists %u rows and balances", "付款通知列有 %u 行且平衡"},
	[MATCH_UNBALANCED] = {TIMES, "the advice lists %u rows and does not balance", "付款通知列有 %u 行但不平衡"},
	[MATCH_TOGETHER] = {TIMES, "the sum of %u claims", "%u 笔账单合计"},
	[MATCH_SAME_CREDIT] = {NOTHING, "same amount, name and references as a credit that came before",
		"与先前一笔入账的金额、名称和参考号相同"},
	[MATCH_LIKE_OTHERS] = {TIMES, "%u other answers are as good", "另有 %u 个同样合适的答案"},
	[MATCH_BANK_CODE] = {NOTHING, "the bank's code says what it is", "银行代码已注明用途"},
	[MATCH_BANK_WORDS] = {NOTHING, "words of the bank say what it is", "银行摘要已注明用途"},
	[MATCH_STRANGERS] = {TIMES, "%u of its rows are of claims that are not here: what they pay stays in suspense",
		"其中 %u 行所列理赔不在本院:所付款项留在待查收款"},
	[MATCH_BY_ULTIMATE] = {NOTHING, "the name of whom it is paid for is on record", "被代付人名称已有记录"},
};

static const char *const numbers[][2] = {
	[MATCH_REF] = {"our reference", "本院参考号"},
	[MATCH_CLAIM_NUMBER] = {"the hospital's number of the claim", "医院账单号"},
	[MATCH_PAYER_NUMBER] = {"the insurer's number of the claim", "保险方案件号"},
	[MATCH_ADVICE_NUMBER] = {"the number of the advice", "付款通知号"},
	[MATCH_ADVICE_REFERENCE] = {"the payment reference of the advice", "付款通知所列的付款附言"},
};

static const char *const waits[MATCH_WAIT_COUNT][2] = {
	[MATCH_POSTS] = {"", ""},
	[MATCH_WAIT_TIE] = {"several answers are equally good", "有多个同样合适的答案"},
	[MATCH_WAIT_TOO_MANY] = {"too many answers are possible", "可能的答案过多"},
	[MATCH_WAIT_PAYER] = {"the payer is not on record", "付款人未有记录"},
	[MATCH_WAIT_OTHER_PAYER] = {"what it names is owed by another than the payer",
		"附言所指款项的应付款方不是该付款人"},
	[MATCH_WAIT_ADVICE] = {"payer known, its advice has not come", "付款人已知,付款通知未到"},
	[MATCH_WAIT_PARKED] = {"its advice does not balance", "付款通知不平衡"},
	[MATCH_WAIT_AMOUNT] = {"the amount does not fit what it names", "金额与附言所指款项不符"},
	[MATCH_WAIT_PAID] = {"what it names is paid already", "附言所指款项已付清"},
	[MATCH_WAIT_NOTHING] = {"nothing open fits", "没有相符的未结款项"},
	[MATCH_WAIT_OUT] = {"money out that takes back no known credit", "付出款项,不对应任何已知入账的退回"},
	[MATCH_WAIT_TWIN] = {"another line of the same amount may be the same payment",
		"另有一笔同额款项,可能是同一笔付款"},
	[MATCH_WAIT_CERTAINTY] = {"the best answer is below the certainty for posting", "最佳答案未达到自动入账的把握"},
	[MATCH_WAIT_RATE] = {"an exchange rate is missing", "缺少汇率"},
	[MATCH_WAIT_STRANGERS] = {"its advice names claims that are not here", "付款通知列有本院没有的理赔"},
	[MATCH_WAIT_BEYOND] = {"its advice takes off more than hard_max of the claim's contract lets anybody let go",
		"付款通知的扣减超过合同允许放弃的限额(hard_max)"},
	[MATCH_WAIT_NUMBERS] = {"it may name more bills than are looked up in one line",
		"附言中的号码过多,未能全部查对"},
	[MATCH_WAIT_NOBODYS] = {"it names a number like ours that is nobody's, so the amount alone decides nothing",
		"附言中的号码形似本院号码但查无此号,不能仅凭金额入账"},
	[MATCH_WAIT_CUT] = {"payer known, statement number cut, no advice", "付款人已知,对账单号被截断,付款通知未到"},
};

const char *match_reason_text(const struct match_reason *reason, bool chinese, struct zf_arena *arena)
{
	assert(reason->code < MATCH_REASON_COUNT && reason->number < ARRAY_LEN(numbers));
	const struct saying *saying = &sayings[reason->code];
	const char *text = chinese ? saying->chinese : saying->english;
	const char *number = numbers[reason->number][chinese];
	char amount[MONEY_TEXT_SIZE + 4] = "";
	if (reason->amount.present) {
		size_t len = money_format(reason->amount, amount);
		amount[len] = ' ';
		memcpy(amount + len + 1, reason->amount.currency, sizeof(reason->amount.currency));
	}
	/* NOLINTBEGIN(clang-diagnostic-format-nonliteral): the texts are the constants above */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	switch (saying->argument) {
	case NUMBER:
		return text_printf(arena, text, number);
	case TIMES:
		return text_printf(arena, text, (unsigned)reason->times);
	case AMOUNT:
		return text_printf(arena, text, amount);
	case AMOUNT_TIMES:
		return text_printf(arena, text, amount, (unsigned)reason->times);
	default:
		return zf_strdup(arena, text);
	}
#pragma GCC diagnostic pop
	/* NOLINTEND(clang-diagnostic-format-nonliteral) */
}

const char *match_wait_text(uint8_t wait, bool chinese)
{
	assert(wait < MATCH_WAIT_COUNT);
	return waits[wait][chinese];
}

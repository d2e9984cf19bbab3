/* The table of posting rules. Read it with the accounts of the hospital beside it. */
#include "settle/posting_rule.h"

#include <ctype.h>
#include <string.h>

/* An amount below zero, a correction and what is undone go the other way round. */
#define EITHER_WAY .one_way = false
#define ONE_WAY .one_way = true

static const struct posting_rule rules[] = {
	/* Posted with the step to sent, by claim_step (schema/004_work.sql); taken back from here. Of a stay that was
	 * charged the other side is AR-INPT: its revenue is there already. */
	{"bill", POSTING_BILLED, "AR-{INSURER}", "REV-MED", "the receivable from the insurer arises when it is billed",
		"向保险公司开单时确认应收医疗款", .credit_or = "AR-INPT", EITHER_WAY},
	/* Posted by stay_post (schema/004_work.sql); the other way round when it is charged after all. */
	{"bill_beyond", POSTING_BILLED, "AR-INPT", "REV-MED",
		"what of a stay is billed and was not charged is revenue with the bill", "开单超出已计费部分的收入",
		EITHER_WAY},
	/* Posted with the charge, by charge_add (schema/055_api.sql); either way round for what is taken back. */
	{"care", POSTING_CARED, "AR-INPT", "REV-MED",
		"revenue arises when care is given, and who is in the house owes it until it is billed",
		"提供医疗服务时确认收入,开单前计入应收在院病人医疗款", EITHER_WAY},
	{"patient_share", POSTING_DECIDED, "AR-PT", "AR-{INSURER}",
		"deductible, co-insurance and what is not covered become the patient's", "自付部分转为应收患者款",
		EITHER_WAY},
	{"write_off", POSTING_DECIDED, "CONTR", "AR-{INSURER}", "the contract's discount is written off",
		"按合同约定核销的差额", EITHER_WAY},
	{"announce", POSTING_ANNOUNCED, "CLR-REM-{INSURER}", "REM-ANN-{INSURER}",
		"a remittance is money announced, not cash: both accounts clear when the bank line comes",
		"付款通知并非到账:收到银行流水时两科目同时结清", EITHER_WAY},
	{"announce_fee", POSTING_FEE, "REM-ANN-{INSURER}", "CLR-REM-{INSURER}",
		"a fee that the payer keeps makes the announced transfer smaller", "付款方扣除的服务费减少通知金额",
		EITHER_WAY},
	/* Posted by schema/051_remittance.sql; either way round. */
	{"withdrawn", POSTING_ANNOUNCED, "REM-ANN-{INSURER}", "CLR-REM-{INSURER}",
		"an advice that was wrong announces nothing: both accounts are as before it",
		"付款通知撤回:冲回通知金额", EITHER_WAY},
	/* Posted by schema/048_receivable.sql; the other way round when a decision says what it is (write_off). */
	{"allowance", POSTING_OWED, "CONTR", "AR-{INSURER}",
		"of a bill at full price what the contract takes off is not owed", "按全价开单时合同折扣部分不计应收",
		EITHER_WAY},
	/* Posted by schema/048_receivable.sql; either way round. CONV is worth nothing when an entry ends. */
	{"fix_billed", POSTING_OWED, "CONV", "AR-{INSURER}",
		"a bill of which the contract fixes an amount in another currency is not owed in its own",
		"合同约定外币结算:账单转出本币应收", EITHER_WAY},
	{"fix_owed", POSTING_OWED, "AR-{INSURER}", "CONV",
		"it is owed in the contract's currency, and carried at the same value as the bill",
		"按合同汇率转入外币应收,账面价值不变", EITHER_WAY},
	{"over_decided", POSTING_OWED, "AR-{INSURER}", "OVERPAID-{INSURER}",
		"what was paid and is by a later decision no longer owed is a liability to the insurer; what is taken "
		"back clears that first",
		"已付款后改判减少的部分为对保险公司的负债,追回款项时先冲减", EITHER_WAY},
	{"fx_decided", POSTING_OWED, "FX", "AR-{INSURER}",
		"what is left of the value of a receivable of which nothing is open", "应收已无余额时账面价值的尾差",
		EITHER_WAY},
	{"fx_over", POSTING_OWED, "FX", "OVERPAID-{INSURER}",
		"what is left of the value of a liability of which nothing is left", "多付负债已无余额时账面价值的尾差",
		EITHER_WAY},
	{"give_up_back", POSTING_OWED, "AR-{INSURER}", "BADDEBT",
		"what was given up and is paid after all, or was never owed, is no loss; CONV where it is foreign",
		"已核销的应收款收回或改判减少:冲回坏账损失", .debit_or = "CONV", EITHER_WAY},
	{"give_up_back_foreign", POSTING_OWED, "AR-{INSURER}", "CONV", "the same of what is owed in another currency",
		"已核销的外币应收款转回", EITHER_WAY},
	/* Posted with the statement that brings them, by schema/046_bank.sql; either way round for what is negative. */
	{"bank_open", POSTING_BANKED, "BANK-{ACCOUNT}", "OPENING", "what was on the account before its first statement",
		"首份对账单之前的账户余额", EITHER_WAY},
	{"bank_in", POSTING_BANKED, "BANK-{ACCOUNT}", "SUSP",
		"money that came in is in suspense until it has found its home", "到账资金在核销前记入待查收款",
		ONE_WAY},
	{"bank_out", POSTING_BANKED, "SUSP", "BANK-{ACCOUNT}",
		"money that went out is in suspense until it is known what for", "付出资金在查明用途前记入待查收款",
		ONE_WAY},
	/* By schema/052_close.sql; either way round, a gain or a loss. */
	{"revalue", POSTING_CLOSED, "{ITEM}", "FX", "what is foreign is worth the closing rate",
		"期末外币项目按期末汇率折算", EITHER_WAY},
	{"revalue_back", POSTING_CLOSED, "FX", "{ITEM}", "and taken back on the first of the next month, as configured",
		"次月一日按设置转回", EITHER_WAY},
	{"provision", POSTING_CLOSED, "BADDEBT", "PROV", "old receivables are provided for", "按账龄计提坏账准备",
		EITHER_WAY},
	{"sale_out", POSTING_SOLD, "CONV", "SUSP", "the foreign money that went out was sold", "付出外币系售予银行",
		EITHER_WAY},
	{"sale_in", POSTING_SOLD, "SUSP", "CONV", "and is what came in for it", "收到结汇款", EITHER_WAY},
	{"sale_carried", POSTING_SOLD, "CONV", "BANK-{ACCOUNT}",
		"it leaves the account at what that is carried at, not at the rate of the day", "按账面价值转出外币",
		EITHER_WAY},
	{"sale_fx", POSTING_SOLD, "FX", "CONV", "the realised loss, or gain", "结汇汇兑损益", EITHER_WAY},
	{"order", POSTING_ORDERED, "SUSP", "BANK-{ACCOUNT}", "money goes back; in transit until the bank debits it",
		"退回款项,银行付出前为未达账项", ONE_WAY},
	{"order_clear", POSTING_ORDERED, "BANK-{ACCOUNT}", "SUSP",
		"the bank debited it: what its line posted is taken back", "银行已付:冲回流水分录", EITHER_WAY},
	{"order_cancel", POSTING_ORDERED, "BANK-{ACCOUNT}", "SUSP", "the bank never executed it: the money waits again",
		"银行未执行付款指令:冲回并重新待查", EITHER_WAY},
	/* By schema/057_limitation.sql; the other way round where it is undone, by schema/067_undo.sql. */
	{"give_up_foreign", POSTING_GIVEN_UP, "CONV", "AR-{INSURER}", "what is owed in another currency",
		"核销外币应收款", EITHER_WAY},
	{"give_up_provided", POSTING_GIVEN_UP, "PROV", "AR-{INSURER}", "what it was provided for",
		"核销:使用已计提坏账准备", .credit_or = "CONV", EITHER_WAY},
	{"give_up", POSTING_GIVEN_UP, "BADDEBT", "AR-{INSURER}", "and what it was not; CONV where it is foreign",
		"核销:未计提部分计入费用", .credit_or = "CONV", EITHER_WAY},
	/* By schema/063_dispute.sql, of what the hospital concedes; the other way round where it is undone, or put back
	 * by schema/048_receivable.sql. A difference is either a loss or, the other way round, a gain. */
	{"give_up_revenue", POSTING_CONCEDED, "REV-MED", "AR-{INSURER}",
		"a take-back was accepted, or a dispute lost: the revenue at its original value; CONV where it is foreign",
		"接受追回或争议败诉:按原入账金额冲减收入", .credit_or = "CONV", EITHER_WAY},
	{"give_up_revenue_foreign", POSTING_CONCEDED, "CONV", "AR-{INSURER}",
		"the same of what is owed in another currency", "冲减收入对应的外币应收款", EITHER_WAY},
	{"give_up_revenue_fx", POSTING_CONCEDED, "FX", "AR-{INSURER}",
		"what it was carried at, owed again at the rate of its day, differs from that",
		"账面价值与原入账金额之间的汇兑差额", .credit_or = "CONV", EITHER_WAY},
	{"give_up_share", POSTING_CONCEDED, "AR-PT", "AR-{INSURER}",
		"a dispute was lost, and the patient owes it: at what was billed for it", "争议败诉,转由患者承担",
		.credit_or = "CONV", EITHER_WAY},
	{"give_up_share_foreign", POSTING_CONCEDED, "CONV", "AR-{INSURER}",
		"the same of what is owed in another currency", "转由患者承担的外币应收款", EITHER_WAY},
	{"give_up_share_fx", POSTING_CONCEDED, "FX", "AR-{INSURER}", "what it was carried at differs from that",
		"账面价值与开单金额之间的汇兑差额", .credit_or = "CONV", EITHER_WAY},
	/* Posted with an allocation, by match_post() of schema/056_match_decide.sql; the other way round for what is
	 * negative. Where an allocation has several currencies, or something is taken off it, SUSP's part is CONV in
	 * all but match_in. */
	{"match_paid", POSTING_MATCHED, "SUSP", "AR-{INSURER}", "money in suspense is for this claim",
		"待查收款核销该理赔应收款", .debit_or = "CONV", EITHER_WAY},
	{"match_in", POSTING_MATCHED, "SUSP", "CONV", "money that is for several, or is changed, passes through CONV",
		"涉及多项或多币种的款项经 CONV 过渡", EITHER_WAY},
	{"match_charge", POSTING_MATCHED, "FEE", "AR-{INSURER}", "a bank on the way kept a charge",
		"中转行扣除的手续费", .credit_or = "CONV SUSP", EITHER_WAY},
	{"match_discount", POSTING_MATCHED, "DISC", "AR-{INSURER}", "the agreed discount for paying early",
		"约定的提前付款折扣", .credit_or = "CONV", EITHER_WAY},
	{"match_fee", POSTING_MATCHED, "FEE-TPA", "AR-{INSURER}", "the payer kept its agreed fee",
		"付款方扣除的约定服务费", .credit_or = "CONV SUSP", EITHER_WAY},
	{"match_fee_tax", POSTING_MATCHED, "VAT-IN", "FEE-TPA",
		"of which the tax that the contract says can be deducted", "其中合同约定可抵扣的进项税额", EITHER_WAY},
	{"match_difference", POSTING_MATCHED, "DIFF", "AR-{INSURER}",
		"a rest within the tolerance that nobody explains", "容差以内、无法说明的差额",
		.credit_or = "CONV SUSP", EITHER_WAY},
	{"match_fx", POSTING_MATCHED, "FX", "AR-{INSURER}",
		"what exchange rates made of it between bill and money; a gain is the other way round",
		"开单至到账之间的汇兑差额", .credit_or = "CONV SUSP", EITHER_WAY},
	{"match_over", POSTING_MATCHED, "SUSP", "OVERPAID-{INSURER}",
		"what was paid too much, or twice, is owed to the payer", "多付或重复支付的款项,为应退负债",
		.debit_or = "CONV", EITHER_WAY},
	{"match_adjusted", POSTING_MATCHED, "ADJ", "CONV", "what an advice adds or takes without naming a claim",
		"付款通知中未指明理赔单的调整", .credit_or = "SUSP", EITHER_WAY},
	{"match_announced", POSTING_MATCHED, "REM-ANN-{INSURER}", "CLR-REM-{INSURER}",
		"the announced money has come: both accounts of the announcement clear", "通知的款项已到账:两科目结清",
		EITHER_WAY},
	{"match_returned", POSTING_MATCHED, "SUSP", "CONV",
		"the bank took money back: both lines leave suspense, the one either way round",
		"银行冲回:两笔流水同时转出待查收款", EITHER_WAY},
	{"match_returned_fx", POSTING_MATCHED, "FX", "CONV", "which was carried at another rate when it came",
		"冲回款项的汇兑差额", EITHER_WAY},
	/* By schema/065_classify.sql. {ITEM}: the account that the chart names for what the line is; the other way
	 * round for what came in. */
	{"classified", POSTING_CLASSIFIED, "{ITEM}", "SUSP",
		"what the bank took, or gave as interest, and what else is for no claim",
		"银行收费、利息及其他与理赔无关的款项", EITHER_WAY},
	{"transfer_out", POSTING_CLASSIFIED, "CONV", "SUSP", "what left one of the hospital's accounts for another",
		"本院账户间划转:转出", EITHER_WAY},
	{"transfer_in", POSTING_CLASSIFIED, "SUSP", "CONV", "and came to that", "本院账户间划转:转入", EITHER_WAY},
	{"transfer_fx", POSTING_CLASSIFIED, "FX", "CONV", "what the bank's rate, or that of the other day, made of it",
		"划转的汇兑差额", EITHER_WAY},
	/* By schema/059_patient.sql. Of a stay whose patient has not left AR-PT is AR-INPT; {ITEM}: CASH, CLR-CARD,
	 * CLR-WALLET, or SUSP of a transfer. */
	{"patient_other", POSTING_PATIENT, "AR-PT", "REV-OTH", "what a patient is billed besides care",
		"非医疗服务收入", .debit_or = "AR-INPT", EITHER_WAY},
	{"patient_vat", POSTING_PATIENT, "AR-PT", "VAT", "and the tax in it", "其中的增值税", .debit_or = "AR-INPT",
		EITHER_WAY},
	{"patient_pay", POSTING_PATIENT, "{ITEM}", "AR-PT", "a patient pays; what an acquirer takes is in transit",
		"患者付款,收单机构结算前为在途资金", .credit_or = "AR-INPT", ONE_WAY},
	{"patient_deposit", POSTING_PATIENT, "{ITEM}", "DEP", "a deposit is a liability", "收取预收医疗款", ONE_WAY},
	{"patient_use", POSTING_PATIENT, "DEP", "AR-PT",
		"a deposit is used for what is billed; what was paid too much is held the other way round",
		"预收医疗款冲抵应收,多付部分反向转回", .credit_or = "AR-INPT", EITHER_WAY},
	{"patient_refund", POSTING_PATIENT, "DEP", "{ITEM}", "money goes back to what it was paid with",
		"原路退回患者款项", ONE_WAY},
	{"patient_chargeback", POSTING_PATIENT, "AR-PT", "{ITEM}",
		"the acquirer took a payment back: it is owed again, or no deposit any more",
		"收单机构拒付,重新计入应收", .debit_or = "AR-INPT DEP", ONE_WAY},
	{"patient_owe", POSTING_PATIENT, "AR-PT", "AR-INPT", "who has left the house and not paid owes it as a patient",
		"出院未结清部分转入应收患者款", EITHER_WAY},
	{"stay_less", POSTING_PATIENT, "REV-MED", "AR-INPT", "what of a stay nobody will be billed for is no revenue",
		"住院费用中不再开单的部分冲减收入", EITHER_WAY},
	{"acquirer_net", POSTING_PATIENT, "SUSP", "{ITEM}", "an acquirer transferred what it had taken",
		"收单机构净额到账", EITHER_WAY},
	{"acquirer_fee", POSTING_PATIENT, "FEE", "{ITEM}", "less what it keeps", "收单手续费", EITHER_WAY},
	/* By schema/061_coordination.sql, of a claim to a policy that comes after others; the patient's part is
	 * patient_share. {ITEM}: the group plan's AR-CODE. */
	{"coordinate_fund", POSTING_DIVIDED, "AR-SI", "AR-{INSURER}",
		"the fund of the social insurance owes it, not the policy that comes after it", "医保统筹基金支付部分",
		EITHER_WAY},
	{"coordinate_group", POSTING_DIVIDED, "{ITEM}", "AR-{INSURER}", "and the group plan this", "团体补充险支付部分",
		EITHER_WAY},
	{"coordinate_account", POSTING_DIVIDED, "AR-SI-ACCOUNT", "AR-PT",
		"of the patient's share, what is paid from the personal account: the patient's money, which the social "
		"insurance hands over",
		"患者自付中由个人账户支付的部分", EITHER_WAY},
	{"coordinate_paid", POSTING_DIVIDED, "SUSP", "{ITEM}",
		"money of a payer that has no claims of its own came, as a person says: AR-SI, AR-SI-ACCOUNT or a group plan's",
		"医保或团体补充险款项到账", EITHER_WAY},
};

const struct posting_rule *posting_rules(size_t *ret_count)
{
	*ret_count = ARRAY_LEN(rules);
	return rules;
}

const struct posting_rule *posting_rule(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		if (strcmp(rules[i].name, name) == 0) return &rules[i];
	assert(!"no such posting rule");
	return NULL;
}

/* Is an account one of a template: the same, or with something in the braces' place? */
static bool template_fits(const char *template, size_t len, const char *account)
{
	const char *brace = memchr(template, '{', len);
	size_t head = brace != NULL ? (size_t)(brace - template) : len;

	if (strncmp(account, template, head) != 0) return false;
	return brace != NULL ? account[head] != '\0' : account[head] == '\0';
}

static bool side_fits(const char *template, const char *others, const char *account)
{
	if (template_fits(template, strlen(template), account)) return true;
	while (others != NULL && *others != '\0') {
		size_t len = strcspn(others, " ");

		if (template_fits(others, len, account)) return true;
		others += len + strspn(others + len, " ");
	}
	return false;
}

bool posting_fits(const struct posting_rule *rule, const char *debit, const char *credit)
{
	if (side_fits(rule->debit, rule->debit_or, debit) && side_fits(rule->credit, rule->credit_or, credit))
		return true;
	return !rule->one_way && side_fits(rule->debit, rule->debit_or, credit) &&
	       side_fits(rule->credit, rule->credit_or, debit);
}

bool posting_known(const char *name, const char *debit, const char *credit)
{
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		if (strcmp(rules[i].name, name) == 0) return posting_fits(&rules[i], debit, credit);
	return false;
}

void posting_account(const char *template, const char *code, char account[ACCOUNT_LEN])
{
	size_t n = 0;

	while (*template != '\0' && n + 1 < ACCOUNT_LEN) {
		if (*template == '{') {
			for (const char *c = code; *c != '\0' && n + 1 < ACCOUNT_LEN; c++)
				account[n++] = (char)toupper((unsigned char)*c);
			template = strchr(template, '}') + 1;
		} else {
			account[n++] = *template ++;
		}
	}
	account[n] = '\0';
}

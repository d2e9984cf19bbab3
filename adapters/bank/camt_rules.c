/* Which elements of camt.052, .053 and .054 are read, in all versions: a row says that an element of that name in that
 * place has these children and does this. What is in no row is passed over with all that is in it. Versions differ in a
 * few names and places; both stand here, since no name means two things in one place. */
#include <stddef.h>

#include "camt.h"

#define HEAD(member) offsetof(struct bank_statement, member)
#define ENTRY(member) offsetof(struct bank_entry, member)
#define DETAIL(member) offsetof(struct bank_detail, member)
#define PARTY(member) offsetof(struct bank_party, member)
#define AMOUNT(member) offsetof(struct bank_amounts, member)
#define EXCHANGE(member) offsetof(struct bank_exchange, member)
#define LEAF(parent, name, act, offset)                                                                                \
	{                                                                                                              \
		CAMT_##parent, CAMT_LEAF, CAMT_##act, (offset), name                                                   \
	}
#define NODE(parent, name, state, act, offset)                                                                         \
	{                                                                                                              \
		CAMT_##parent, CAMT_##state, CAMT_##act, (offset), name                                                \
	}

/* In groups of one parent. */
static const struct camt_rule rules[] = {
	NODE(ROOT, "Document", DOCUMENT, NOTHING, 0),

	NODE(DOCUMENT, "BkToCstmrStmt", MESSAGE, IS_MESSAGE, BANK_KIND_STATEMENT),
	NODE(DOCUMENT, "BkToCstmrStmtV01", MESSAGE, IS_MESSAGE, BANK_KIND_STATEMENT),
	NODE(DOCUMENT, "BkToCstmrAcctRpt", MESSAGE, IS_MESSAGE, BANK_KIND_REPORT),
	NODE(DOCUMENT, "BkToCstmrAcctRptV01", MESSAGE, IS_MESSAGE, BANK_KIND_REPORT),
	NODE(DOCUMENT, "BkToCstmrDbtCdtNtfctn", MESSAGE, IS_MESSAGE, BANK_KIND_NOTIFICATION),
	NODE(DOCUMENT, "BkToCstmrDbtCdtNtfctnV01", MESSAGE, IS_MESSAGE, BANK_KIND_NOTIFICATION),

	NODE(MESSAGE, "GrpHdr", HEADER, NOTHING, 0),
	NODE(MESSAGE, "Stmt", STATEMENT, IS_STATEMENT, 0),
	NODE(MESSAGE, "Rpt", STATEMENT, IS_STATEMENT, 0),
	NODE(MESSAGE, "Ntfctn", STATEMENT, IS_STATEMENT, 0),

	LEAF(HEADER, "MsgId", MESSAGE_ID, 0),
	NODE(HEADER, "MsgPgntn", PAGES, NOTHING, 0),

	LEAF(PAGES, "PgNb", PAGE, 0),
	LEAF(PAGES, "LastPgInd", LAST_PAGE, 0),

	NODE(STATEMENT, "Ntry", ENTRY, IS_ENTRY, 0),
	LEAF(STATEMENT, "Id", HEAD_TEXT, HEAD(id)),
	NODE(STATEMENT, "StmtPgntn", PAGES, NOTHING, 0),
	NODE(STATEMENT, "RptPgntn", PAGES, NOTHING, 0),
	NODE(STATEMENT, "NtfctnPgntn", PAGES, NOTHING, 0),
	LEAF(STATEMENT, "ElctrncSeqNb", HEAD_NUMBER, HEAD(sequence)),
	LEAF(STATEMENT, "LglSeqNb", HEAD_NUMBER, HEAD(legal_sequence)),
	LEAF(STATEMENT, "CreDtTm", HEAD_TIME, HEAD(created)),
	NODE(STATEMENT, "FrToDt", PERIOD, NOTHING, 0),
	LEAF(STATEMENT, "CpyDplctInd", HEAD_TEXT, HEAD(copy)),
	NODE(STATEMENT, "Acct", ACCOUNT, IS_ACCOUNT, 0),
	NODE(STATEMENT, "Bal", BALANCE, IS_BALANCE, 0),
	NODE(STATEMENT, "TxsSummry", SUMMARY, NOTHING, 0),
	LEAF(STATEMENT, "AddtlStmtInf", ADDITIONAL, 0),
	LEAF(STATEMENT, "AddtlRptInf", ADDITIONAL, 0),
	LEAF(STATEMENT, "AddtlNtfctnInf", ADDITIONAL, 0),

	LEAF(PERIOD, "FrDtTm", HEAD_TIME, HEAD(from)),
	LEAF(PERIOD, "ToDtTm", HEAD_TIME, HEAD(to)),

	NODE(ACCOUNT, "Id", ACCOUNT_ID, NOTHING, 0),
	LEAF(ACCOUNT, "Ccy", ACCOUNT_CURRENCY, 0),
	LEAF(ACCOUNT, "Nm", HEAD_TEXT, HEAD(account.name)),
	NODE(ACCOUNT, "Ownr", OWNER, NOTHING, 0),
	NODE(ACCOUNT, "Svcr", AGENT, IS_SERVICER, 0),

	LEAF(ACCOUNT_ID, "IBAN", ACCOUNT_NUMBER, 0),
	LEAF(ACCOUNT_ID, "BBAN", ACCOUNT_NUMBER, 0),
	LEAF(ACCOUNT_ID, "UPIC", ACCOUNT_NUMBER, 0),
	NODE(ACCOUNT_ID, "Othr", ACCOUNT_OTHER, NOTHING, 0),
	NODE(ACCOUNT_ID, "PrtryAcct", ACCOUNT_OTHER, NOTHING, 0),
	LEAF(ACCOUNT_OTHER, "Id", ACCOUNT_NUMBER, 0),

	LEAF(OWNER, "Nm", HEAD_TEXT, HEAD(account.owner)),
	NODE(OWNER, "Pty", OWNER, NOTHING, 0),

	NODE(AGENT, "FinInstnId", INSTITUTION, NOTHING, 0),
	LEAF(INSTITUTION, "BICFI", BIC, 0),
	LEAF(INSTITUTION, "BIC", BIC, 0),
	NODE(INSTITUTION, "ClrSysMmbId", MEMBER, NOTHING, 0),
	LEAF(INSTITUTION, "Nm", AGENT_NAME, 0),
	NODE(INSTITUTION, "NmAndAdr", NAME_AND_ADDRESS, NOTHING, 0),
	NODE(INSTITUTION, "CmbndId", INSTITUTION, NOTHING, 0),
	LEAF(MEMBER, "MmbId", MEMBER_ID, 0),
	LEAF(MEMBER, "Id", MEMBER_ID, 0),
	LEAF(NAME_AND_ADDRESS, "Nm", AGENT_NAME, 0),

	NODE(BALANCE, "Tp", BALANCE_TYPE, NOTHING, 0),
	LEAF(BALANCE, "Amt", BALANCE_AMOUNT, 0),
	LEAF(BALANCE, "CdtDbtInd", MARK, 0),
	NODE(BALANCE, "Dt", DAY, IS_BALANCE_DAY, 0),
	LEAF(BALANCE_TYPE, "Cd", CODE_OF_BALANCE, 0),
	LEAF(BALANCE_TYPE, "Prtry", CODE_OF_BALANCE, 0),
	NODE(BALANCE_TYPE, "CdOrPrtry", BALANCE_CODE, NOTHING, 0),
	NODE(BALANCE_TYPE, "SubTp", BALANCE_SUBTYPE, NOTHING, 0),
	LEAF(BALANCE_CODE, "Cd", CODE_OF_BALANCE, 0),
	LEAF(BALANCE_CODE, "Prtry", CODE_OF_BALANCE, 0),
	LEAF(BALANCE_SUBTYPE, "Cd", SUBTYPE_OF_BALANCE, 0),
	LEAF(BALANCE_SUBTYPE, "Prtry", SUBTYPE_OF_BALANCE, 0),

	NODE(SUMMARY, "TtlNtries", SUMMARY_ALL, NOTHING, 0),
	LEAF(SUMMARY_ALL, "NbOfNtries", SUMMARY_COUNT, 0),

	LEAF(DAY, "Dt", DATE, 0),
	LEAF(DAY, "DtTm", DATE, 0),

	LEAF(ENTRY, "Amt", ENTRY_AMOUNT, 0),
	LEAF(ENTRY, "CdtDbtInd", MARK, 0),
	NODE(ENTRY, "Sts", STATUS, IS_STATUS, 0),
	NODE(ENTRY, "BookgDt", DAY, IS_BOOKING_DAY, 0),
	NODE(ENTRY, "ValDt", DAY, IS_VALUE_DAY, 0),
	LEAF(ENTRY, "AcctSvcrRef", ENTRY_REFERENCE, ENTRY(servicer_reference)),
	NODE(ENTRY, "BkTxCd", BANK_CODE, IS_BANK_CODE, 0),
	NODE(ENTRY, "NtryDtls", DETAILS, IS_DETAILS, 0),
	LEAF(ENTRY, "NtryRef", ENTRY_REFERENCE, ENTRY(entry_reference)),
	LEAF(ENTRY, "RvslInd", REVERSAL, 0),
	LEAF(ENTRY, "AddtlNtryInf", ENTRY_TEXT, ENTRY(additional)),
	NODE(ENTRY, "AmtDtls", AMOUNTS, NOTHING, 0),
	NODE(ENTRY, "Chrgs", CHARGES, IS_CHARGES, 0),
	NODE(ENTRY, "Btch", BATCH, NOTHING, 0),
	NODE(ENTRY, "TxDtls", DETAIL, IS_DETAIL, 0),

	LEAF(STATUS, "Cd", STATUS_CODE, 0),
	LEAF(STATUS, "Prtry", STATUS_OTHER, 0),

	NODE(BANK_CODE, "Domn", DOMAIN, NOTHING, 0),
	NODE(BANK_CODE, "Prtry", BANK_CODE_OTHER, NOTHING, 0),
	LEAF(DOMAIN, "Cd", CODE_PART, 0),
	NODE(DOMAIN, "Fmly", FAMILY, NOTHING, 0),
	LEAF(FAMILY, "Cd", CODE_PART, 1),
	LEAF(FAMILY, "SubFmlyCd", CODE_PART, 2),
	LEAF(BANK_CODE_OTHER, "Cd", CODE_OTHER, 0),

	NODE(AMOUNTS, "InstdAmt", AMOUNT, IS_AMOUNT, AMOUNT(instructed)),
	NODE(AMOUNTS, "TxAmt", AMOUNT, IS_AMOUNT, AMOUNT(transaction)),
	NODE(AMOUNTS, "CntrValAmt", AMOUNT, IS_AMOUNT, AMOUNT(counter_value)),
	NODE(AMOUNTS, "AnncdPstngAmt", AMOUNT, IS_AMOUNT, AMOUNT(announced)),
	LEAF(AMOUNT, "Amt", PART_AMOUNT, 0),
	NODE(AMOUNT, "CcyXchg", EXCHANGE, IS_EXCHANGE, 0),
	LEAF(EXCHANGE, "SrcCcy", COPY_CURRENCY, EXCHANGE(source)),
	LEAF(EXCHANGE, "TrgtCcy", COPY_CURRENCY, EXCHANGE(target)),
	LEAF(EXCHANGE, "UnitCcy", COPY_CURRENCY, EXCHANGE(unit)),
	LEAF(EXCHANGE, "XchgRate", RATE, 0),
	LEAF(EXCHANGE, "CtrctId", CONTRACT, 0),

	LEAF(CHARGES, "TtlChrgsAndTaxAmt", CHARGE_TOTAL, 0),
	NODE(CHARGES, "Rcrd", CHARGES, IS_CHARGE, 0),
	LEAF(CHARGES, "Amt", CHARGE_AMOUNT, 0),
	LEAF(CHARGES, "CdtDbtInd", MARK, 0),
	LEAF(CHARGES, "ChrgInclInd", CHARGE_INCLUDED, 0),
	NODE(CHARGES, "Tp", CHARGE_TYPE, NOTHING, 0),
	LEAF(CHARGES, "Br", CHARGE_BEARER, 0),
	LEAF(CHARGE_TYPE, "Cd", CHARGE_CODE, 0),
	LEAF(CHARGE_TYPE, "PrtryCd", CHARGE_CODE, 0),
	NODE(CHARGE_TYPE, "Prtry", CHARGE_OTHER, NOTHING, 0),
	LEAF(CHARGE_OTHER, "Id", CHARGE_CODE, 0),

	LEAF(BATCH, "MsgId", ENTRY_REFERENCE, ENTRY(batch_message_id)),
	LEAF(BATCH, "PmtInfId", ENTRY_REFERENCE, ENTRY(batch_payment_id)),
	LEAF(BATCH, "NbOfTxs", BATCH_COUNT, 0),

	NODE(DETAILS, "TxDtls", DETAIL, IS_DETAIL, 0),
	NODE(DETAILS, "Btch", BATCH, NOTHING, 0),

	NODE(DETAIL, "Refs", REFERENCES, NOTHING, 0),
	LEAF(DETAIL, "Amt", DETAIL_AMOUNT, 0),
	LEAF(DETAIL, "CdtDbtInd", MARK, 0),
	NODE(DETAIL, "AmtDtls", AMOUNTS, NOTHING, 0),
	NODE(DETAIL, "BkTxCd", BANK_CODE, IS_BANK_CODE, 0),
	NODE(DETAIL, "Chrgs", CHARGES, IS_CHARGES, 0),
	NODE(DETAIL, "RltdDts", DATES, NOTHING, 0),
	NODE(DETAIL, "RltdPties", PARTIES, NOTHING, 0),
	NODE(DETAIL, "RltdAgts", AGENTS, NOTHING, 0),
	NODE(DETAIL, "RmtInf", REMITTANCE, NOTHING, 0),
	NODE(DETAIL, "Purp", CHOICE_PURPOSE, NOTHING, 0),
	NODE(DETAIL, "RtrInf", RETURN, NOTHING, 0),
	LEAF(DETAIL, "AddtlTxInf", DETAIL_LINE, DETAIL(additional)),

	LEAF(REFERENCES, "EndToEndId", DETAIL_REFERENCE, DETAIL(end_to_end_id)),
	LEAF(REFERENCES, "MsgId", DETAIL_REFERENCE, DETAIL(message_id)),
	LEAF(REFERENCES, "AcctSvcrRef", DETAIL_REFERENCE, DETAIL(servicer_reference)),
	LEAF(REFERENCES, "PmtInfId", DETAIL_REFERENCE, DETAIL(payment_id)),
	LEAF(REFERENCES, "InstrId", DETAIL_REFERENCE, DETAIL(instruction_id)),
	LEAF(REFERENCES, "UETR", DETAIL_REFERENCE, DETAIL(uetr)),
	LEAF(REFERENCES, "TxId", DETAIL_REFERENCE, DETAIL(transaction_id)),
	LEAF(REFERENCES, "MndtId", DETAIL_REFERENCE, DETAIL(mandate_id)),
	LEAF(REFERENCES, "ChqNb", DETAIL_REFERENCE, DETAIL(cheque_number)),
	LEAF(REFERENCES, "ClrSysRef", DETAIL_REFERENCE, DETAIL(clearing_reference)),
	NODE(REFERENCES, "Prtry", REFERENCE_OTHER, NOTHING, 0),
	LEAF(REFERENCE_OTHER, "Ref", DETAIL_REFERENCE, DETAIL(other_reference)),

	LEAF(DATES, "AccptncDtTm", DETAIL_REFERENCE, DETAIL(accepted_at)),

	NODE(PARTIES, "Dbtr", PARTY, IS_PARTY, DETAIL(debtor)),
	NODE(PARTIES, "Cdtr", PARTY, IS_PARTY, DETAIL(creditor)),
	NODE(PARTIES, "UltmtDbtr", PARTY, IS_PARTY, DETAIL(ultimate_debtor)),
	NODE(PARTIES, "UltmtCdtr", PARTY, IS_PARTY, DETAIL(ultimate_creditor)),
	NODE(PARTIES, "DbtrAcct", PARTY_ACCOUNT, IS_PARTY_ACCOUNT, DETAIL(debtor)),
	NODE(PARTIES, "CdtrAcct", PARTY_ACCOUNT, IS_PARTY_ACCOUNT, DETAIL(creditor)),
	NODE(PARTY_ACCOUNT, "Id", ACCOUNT_ID, NOTHING, 0),
	LEAF(PARTY, "Nm", PARTY_TEXT, PARTY(name)),
	NODE(PARTY, "Pty", PARTY, NOTHING, 0),
	NODE(PARTY, "Agt", AGENT, IS_PARTY_BANK, 0),
	NODE(PARTY, "PstlAdr", ADDRESS, NOTHING, 0),
	NODE(PARTY, "Id", PARTY_ID, NOTHING, 0),
	LEAF(PARTY, "CtryOfRes", PARTY_TEXT, PARTY(country)),
	LEAF(ADDRESS, "AdrLine", ADDRESS_LINE, 0),
	LEAF(ADDRESS, "StrtNm", ADDRESS_LINE, 0),
	LEAF(ADDRESS, "BldgNb", ADDRESS_LINE, 0),
	LEAF(ADDRESS, "PstCd", ADDRESS_LINE, 0),
	LEAF(ADDRESS, "TwnNm", ADDRESS_LINE, 0),
	LEAF(ADDRESS, "Ctry", PARTY_TEXT, PARTY(country)),
	NODE(PARTY_ID, "OrgId", PARTY_NUMBER, NOTHING, 0),
	NODE(PARTY_ID, "PrvtId", PARTY_NUMBER, NOTHING, 0),
	LEAF(PARTY_NUMBER, "AnyBIC", PARTY_TEXT, PARTY(identifier)),
	LEAF(PARTY_NUMBER, "BICOrBEI", PARTY_TEXT, PARTY(identifier)),
	LEAF(PARTY_NUMBER, "BIC", PARTY_TEXT, PARTY(identifier)),
	LEAF(PARTY_NUMBER, "LEI", PARTY_TEXT, PARTY(identifier)),
	LEAF(PARTY_NUMBER, "Id", PARTY_TEXT, PARTY(identifier)),
	NODE(PARTY_NUMBER, "Othr", PARTY_NUMBER, NOTHING, 0),
	NODE(PARTY_NUMBER, "PrtryId", PARTY_NUMBER, NOTHING, 0),

	NODE(AGENTS, "DbtrAgt", AGENT, IS_PARTY_AGENT, DETAIL(debtor)),
	NODE(AGENTS, "CdtrAgt", AGENT, IS_PARTY_AGENT, DETAIL(creditor)),

	LEAF(CHOICE_PURPOSE, "Cd", DETAIL_TEXT, DETAIL(purpose)),
	LEAF(CHOICE_PURPOSE, "Prtry", DETAIL_TEXT, DETAIL(purpose)),

	LEAF(REMITTANCE, "Ustrd", DETAIL_LINE, DETAIL(text)),
	NODE(REMITTANCE, "Strd", STRUCTURED, IS_STRUCTURED, 0),
	NODE(STRUCTURED, "CdtrRefInf", CREDITOR_REFERENCE, IS_CREDITOR_REFERENCE, 0),
	NODE(STRUCTURED, "RfrdDocInf", REFERRED, IS_DOCUMENT, 0),
	NODE(STRUCTURED, "RfrdDocAmt", REFERRED_AMOUNT, NOTHING, 0),
	LEAF(STRUCTURED, "AddtlRmtInf", DETAIL_LINE, DETAIL(additional)),
	NODE(CREDITOR_REFERENCE, "Tp", REFERENCE_TYPE, NOTHING, 0),
	NODE(CREDITOR_REFERENCE, "CdtrRefTp", REFERENCE_TYPE, NOTHING, 0),
	LEAF(CREDITOR_REFERENCE, "Ref", REFERENCE_VALUE, 0),
	LEAF(CREDITOR_REFERENCE, "CdtrRef", REFERENCE_VALUE, 0),
	NODE(REFERENCE_TYPE, "CdOrPrtry", REFERENCE_TYPE, NOTHING, 0),
	LEAF(REFERENCE_TYPE, "Cd", REFERENCE_KIND, 0),
	LEAF(REFERENCE_TYPE, "Prtry", REFERENCE_KIND, 0),
	NODE(REFERRED, "Tp", REFERENCE_TYPE, NOTHING, 0),
	NODE(REFERRED, "RfrdDocTp", REFERENCE_TYPE, NOTHING, 0),
	LEAF(REFERRED, "Nb", REFERENCE_VALUE, 0),
	LEAF(REFERRED, "RfrdDocNb", REFERENCE_VALUE, 0),
	LEAF(REFERRED_AMOUNT, "DuePyblAmt", DUE_AMOUNT, 0),
	LEAF(REFERRED_AMOUNT, "RmtdAmt", REMITTED_AMOUNT, 0),

	NODE(RETURN, "Rsn", RETURN_REASON, NOTHING, 0),
	NODE(RETURN, "RtrRsn", RETURN_REASON, NOTHING, 0),
	LEAF(RETURN, "AddtlRtrRsnInf", DETAIL_LINE, DETAIL(additional)),
	LEAF(RETURN, "AddtlInf", DETAIL_LINE, DETAIL(additional)),
	LEAF(RETURN_REASON, "Cd", DETAIL_TEXT, DETAIL(return_reason)),
	LEAF(RETURN_REASON, "Prtry", DETAIL_TEXT, DETAIL(return_reason)),
};

const struct camt_rule *camt_rule_find(enum camt_state parent, const char *name)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		if (rules[i].parent == parent && strcmp(rules[i].name, name) == 0) return &rules[i];
	}
	return NULL;
}

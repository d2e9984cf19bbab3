/* The profiles that come with the program. What they call things is data of the publishers, who may change it. */
#include "model/rate_csv.h"

/* Names on boards in China. */
static const struct rate_csv_alias names[] = {
	{"美元", "USD"},
	{"欧元", "EUR"},
	{"日元", "JPY"},
	{"港币", "HKD"},
	{"港元", "HKD"},
	{"英镑", "GBP"},
	{"澳大利亚元", "AUD"},
	{"澳元", "AUD"},
	{"新西兰元", "NZD"},
	{"新加坡元", "SGD"},
	{"瑞士法郎", "CHF"},
	{"加拿大元", "CAD"},
	{"加元", "CAD"},
	{"韩国元", "KRW"},
	{"韩元", "KRW"},
	{"泰国铢", "THB"},
	{"泰铢", "THB"},
	{"阿联酋迪拉姆", "AED"},
	{"沙特里亚尔", "SAR"},
	{"林吉特", "MYR"},
	{"卢布", "RUB"},
	{"南非兰特", "ZAR"},
	{"匈牙利福林", "HUF"},
	{"波兰兹罗提", "PLN"},
	{"丹麦克朗", "DKK"},
	{"瑞典克朗", "SEK"},
	{"挪威克朗", "NOK"},
	{"土耳其里拉", "TRY"},
	{"墨西哥比索", "MXN"},
	{"澳门元", "MOP"},
	{"新台币", "TWD"},
	{"印尼卢比", "IDR"},
	{"印度卢比", "INR"},
	{"菲律宾比索", "PHP"},
	{"巴西里亚尔", "BRL"},
};

const struct rate_csv_profile rate_csv_cfets = {
	.layout = RATE_CSV_WIDE,
	.day_column = "日期",
	.day_form = "YYYY-MM-DD",
	.prices = {{NULL, RATE_CFETS}},
	.quoting = &rate_quoting_cfets,
	.aliases = names,
	.alias_count = ARRAY_LEN(names),
	.footer = "数据来源",
};

const struct rate_csv_profile rate_csv_board = {
	.layout = RATE_CSV_LONG,
	.day_column = "发布日期",
	.day_form = "YYYY-MM-DD",
	.currency_column = "货币名称",
	.prices = {{"现汇买入价", RATE_BANK_BUY}, {"现汇卖出价", RATE_BANK_SELL}},
	.quoting = &rate_quoting_board,
	.aliases = names,
	.alias_count = ARRAY_LEN(names),
};

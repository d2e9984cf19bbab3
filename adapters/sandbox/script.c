/* The script's options, and what they become. */
#include "sandbox/script.h"

#include <stdlib.h>

#include "lib/money.h"
#include "lib/reason.h"

struct raw_match {
	const char *code, *diagnosis;
};

/* One shape for all rules: the tables below say which of its members a rule has. */
struct raw_rule {
	struct raw_match match;
	const char *percent, *amount, *currency, *reason, *original, *text;
	int group;
};

struct raw_fault {
	int kind, scope, taken;
	struct conf_strings ordinals;
	int64_t chance_ppm, from_ms, to_ms, times_max, ms, bytes;
};

#define RULE(member) offsetof(struct raw_rule, member)
#define FAULT(member) offsetof(struct raw_fault, member)
#define SCRIPT(member) offsetof(struct script, member)

static const char *const group_names[] = {"CO", "PR", "OA", "PI", NULL};
static const char *const scope_names[] = {"submit", "ask", "all", NULL};
static const char *const taken_names[] = {"default", "no", "yes", NULL};
static const char *const format_names[] = {"fhir", "eclaimlink", NULL};
static const char *const duplicate_names[] = {"repeat", "reject", NULL};

#define MATCH_ROWS                                                                                                     \
	{.name = "code",                                                                                               \
		.type = CONF_STRING,                                                                                   \
		.offset = RULE(match.code),                                                                            \
		.max = 256,                                                                                            \
		.help = "Pattern of the line's code; absent: any."},                                                   \
	{                                                                                                              \
		.name = "diagnosis", .type = CONF_STRING, .offset = RULE(match.diagnosis), .max = 256,                 \
		.help = "Pattern that one of the diagnosis codes must match; absent: any."                             \
	}

static const struct conf_option price_rows[] = {MATCH_ROWS, {.name = "percent",
								    .type = CONF_STRING,
								    .offset = RULE(percent),
								    .flags = CONF_REQUIRED,
								    .sample = "\"10\"",
								    .help = "Discount by contract."}};
static const struct conf_option limit_rows[] = {MATCH_ROWS,
	{.name = "amount",
		.type = CONF_STRING,
		.offset = RULE(amount),
		.flags = CONF_REQUIRED,
		.sample = "\"20.00\"",
		.help = "The most that is covered for a member in a year."},
	{.name = "currency", .type = CONF_STRING, .offset = RULE(currency), .help = "Absent: the plan's."}};
static const struct conf_option denial_rows[] = {MATCH_ROWS,
	{.name = "percent",
		.type = CONF_STRING,
		.offset = RULE(percent),
		.fallback = "\"100\"",
		.help = "How much is refused; less than 100 is a part payment."},
	{.name = "reason",
		.type = CONF_STRING,
		.offset = RULE(reason),
		.fallback = "\"not-covered\"",
		.help = "Neutral reason, as adapters/fhir names them."},
	{.name = "group",
		.type = CONF_ENUM,
		.offset = RULE(group),
		.names = group_names,
		.fallback = "\"PR\"",
		.help = "Who bears it."},
	{.name = "original",
		.type = CONF_STRING,
		.offset = RULE(original),
		.fallback = "\"NCOV-003\"",
		.help = "The insurer's own code."},
	{.name = "text", .type = CONF_STRING, .offset = RULE(text), .help = "The insurer's words."}};
static const struct conf_option reject_rows[] = {MATCH_ROWS,
	{.name = "original",
		.type = CONF_STRING,
		.offset = RULE(original),
		.fallback = "\"BV-00027\"",
		.help = "The insurer's error code."},
	{.name = "text",
		.type = CONF_STRING,
		.offset = RULE(text),
		.fallback = "\"the claim cannot be processed\"",
		.help = "Its words."}};
static const struct conf_option query_rows[] = {MATCH_ROWS, {.name = "text",
								    .type = CONF_STRING,
								    .offset = RULE(text),
								    .flags = CONF_REQUIRED,
								    .sample = "\"Please send the report.\"",
								    .help = "The question."}};
static const struct conf_option fault_rows[] = {{.name = "kind",
							.type = CONF_ENUM,
							.offset = FAULT(kind),
							.names = misbehave_names,
							.flags = CONF_REQUIRED,
							.sample = "\"hang\"",
							.help = "What goes wrong."},
	{.name = "scope",
		.type = CONF_ENUM,
		.offset = FAULT(scope),
		.names = scope_names,
		.fallback = "\"submit\"",
		.help = "Requests that bring a claim, those that ask for something, or all."},
	{.name = "ordinals",
		.type = CONF_STRINGS,
		.offset = FAULT(ordinals),
		.fallback = "[]",
		.help = "Exactly these requests of the scope, from 1."},
	{.name = "chance_ppm",
		.type = CONF_INT,
		.offset = FAULT(chance_ppm),
		.fallback = "-1",
		.min = -1,
		.max = 1000000,
		.help = "Chance per million; -1: always, or by ordinals."},
	{.name = "from_ms",
		.type = CONF_INT,
		.offset = FAULT(from_ms),
		.fallback = "0",
		.min = 0,
		.max = 86400000,
		.help = "From then on, since the script was loaded."},
	{.name = "to_ms",
		.type = CONF_INT,
		.offset = FAULT(to_ms),
		.fallback = "0",
		.min = 0,
		.max = 86400000,
		.help = "Until then; 0: for ever."},
	{.name = "times_max",
		.type = CONF_INT,
		.offset = FAULT(times_max),
		.fallback = "0",
		.min = 0,
		.max = 1000000000,
		.help = "So often at most; 0: no limit."},
	{.name = "ms",
		.type = CONF_INT,
		.offset = FAULT(ms),
		.fallback = "1000",
		.min = 0,
		.max = 86400000,
		.help = "How late, how long between two bytes, or what Retry-After says."},
	{.name = "bytes",
		.type = CONF_INT,
		.offset = FAULT(bytes),
		.fallback = "-1",
		.min = -1,
		.max = 1 << 30,
		.help = "How much of the answer is sent before reset or truncated; -1: none, or half."},
	{.name = "taken",
		.type = CONF_ENUM,
		.offset = FAULT(taken),
		.names = taken_names,
		.fallback = "\"default\"",
		.help = "Is the request carried out all the same? By default not for 500 and 503."}};
static const struct conf_option down_rows[] = {{.name = "from_ms",
						       .type = CONF_INT,
						       .offset = offsetof(struct script_down, from_ms),
						       .fallback = "0",
						       .min = 0,
						       .max = 86400000,
						       .help = "Since the script was loaded."},
	{.name = "to_ms",
		.type = CONF_INT,
		.offset = offsetof(struct script_down, to_ms),
		.flags = CONF_REQUIRED,
		.min = 1,
		.max = 86400000,
		.sample = "3000",
		.help = "Until then."}};

/* ---- rules of single groups, so that a mistake is told with its line ---- */

static bool is_percent(const char *text)
{
	struct zf_decimal value;
	return decimal_parse(text_of(text), &value) == 0 && decimal_sign(value) >= 0 && value.scale <= 6 &&
	       decimal_compare(value, decimal_of(100, 0)) <= 0;
}

static bool is_pattern(const char *pattern)
{
	return pattern == NULL || text_match(pattern, TEXT("A")) >= 0;
}

static bool is_ordinal(const char *text)
{
	int64_t number;
	return text_to_int64(text_of(text), &number) == 0 && number > 0;
}

static void check_rule(const void *value, const char *file, unsigned line, struct conf_faults *faults)
{
	const struct raw_rule *rule = value;
	if (!is_pattern(rule->match.code)) conf_fault_add(faults, file, line, "\"code\" is not a code pattern");
	if (!is_pattern(rule->match.diagnosis)) {
		conf_fault_add(faults, file, line, "\"diagnosis\" is not a code pattern");
	}
	if (rule->percent != NULL && !is_percent(rule->percent)) {
		conf_fault_add(faults, file, line, "\"percent\" is not a percentage from 0 to 100");
	}
	if (rule->reason != NULL && reason_from_name(rule->reason) == ZF_REASON_NONE) {
		conf_fault_add(faults, file, line, "the reason \"%s\" is not known", rule->reason);
	}
	if (rule->currency != NULL && !currency_is_money(text_of(rule->currency))) {
		conf_fault_add(faults, file, line, "the currency \"%s\" is not known", rule->currency);
	}
	struct zf_decimal amount;
	if (rule->amount != NULL && (decimal_parse(text_of(rule->amount), &amount) != 0 || decimal_sign(amount) < 0)) {
		conf_fault_add(faults, file, line, "\"amount\" is not an amount");
	}
}

static void check_fault(const void *value, const char *file, unsigned line, struct conf_faults *faults)
{
	const struct raw_fault *fault = value;
	for (size_t i = 0; i < fault->ordinals.count; i++) {
		if (is_ordinal(fault->ordinals.items[i])) continue;
		conf_fault_add(faults, file, line, "\"ordinals\" are numbers from 1, as text");
	}
	if (fault->to_ms != 0 && fault->to_ms <= fault->from_ms) {
		conf_fault_add(faults, file, line, "\"to_ms\" must be after \"from_ms\"");
	}
}

static void check_down(const void *value, const char *file, unsigned line, struct conf_faults *faults)
{
	const struct script_down *down = value;
	if (down->to_ms <= down->from_ms) conf_fault_add(faults, file, line, "\"to_ms\" must be after \"from_ms\"");
}

#define TABLE(id, type, check)                                                                                         \
	static const struct conf_table id##_table = {#id, id##_rows, ARRAY_LEN(id##_rows), sizeof(type), check}
TABLE(price, struct raw_rule, check_rule);
TABLE(limit, struct raw_rule, check_rule);
TABLE(denial, struct raw_rule, check_rule);
TABLE(reject, struct raw_rule, check_rule);
TABLE(query, struct raw_rule, check_rule);
TABLE(fault, struct raw_fault, check_fault);
TABLE(down, struct script_down, check_down);

static const struct conf_option script_rows[] = {
	{.type = CONF_HEADING, .help = "Who and where"},
	{.name = "name",
		.type = CONF_STRING,
		.offset = SCRIPT(name),
		.fallback = "\"alpha\"",
		.min = 1,
		.max = 40,
		.help = "Begins its numbers."},
	{.name = "seed",
		.type = CONF_INT,
		.offset = SCRIPT(seed),
		.fallback = "1",
		.min = 0,
		.max = INT64_MAX / 2,
		.help = "The same seed and the same claims give the same answers."},
	{.name = "listen",
		.type = CONF_HOSTS,
		.offset = SCRIPT(listen),
		.fallback = "[]",
		.max = 4,
		.help = "Addresses; may be given on the command line instead."},
	{.name = "control_listen",
		.type = CONF_HOSTS,
		.offset = SCRIPT(control_listen),
		.fallback = "[]",
		.max = 4,
		.help = "Plain HTTP for /_sandbox, which never misbehaves."},
	{.name = "base_path",
		.type = CONF_STRING,
		.offset = SCRIPT(base_path),
		.fallback = "\"/fhir\"",
		.max = 200,
		.help = "Before every path; may be empty."},
	{.name = "tls_certificate",
		.type = CONF_PATH,
		.offset = SCRIPT(tls_certificate),
		.help = "PEM; absent: plain HTTP."},
	{.name = "tls_key", .type = CONF_PATH, .offset = SCRIPT(tls_key), .help = "Its key."},
	{.name = "tls_client_ca",
		.type = CONF_PATH,
		.offset = SCRIPT(tls_client_ca),
		.help = "Clients must show a certificate of it; absent: they need none."},
	{.name = "bearer_token",
		.type = CONF_SECRET,
		.offset = SCRIPT(bearer_token),
		.help = "What Authorization: Bearer must carry; absent: nothing is asked for."},
	{.name = "format",
		.type = CONF_ENUM,
		.offset = SCRIPT(format),
		.names = format_names,
		.fallback = "\"fhir\"",
		.help = "What it speaks: FHIR, or XML files through a post office of its own."},
	{.name = "login", .type = CONF_STRING, .offset = SCRIPT(login), .help = "Of the post office; absent: any."},
	{.name = "password", .type = CONF_STRING, .offset = SCRIPT(password), .help = "Likewise."},
	{.type = CONF_HEADING, .help = "Names on the wire"},
	{.name = "claim_system",
		.type = CONF_STRING,
		.offset = SCRIPT(claim_system),
		.fallback = "\"urn:zhifu:claim\"",
		.help = "Identifier system under which claims carry their ref."},
	{.name = "number_system",
		.type = CONF_STRING,
		.offset = SCRIPT(number_system),
		.fallback = "\"urn:payer:claim\"",
		.help = "Of the insurer's own claim numbers."},
	{.name = "license_system",
		.type = CONF_STRING,
		.offset = SCRIPT(license_system),
		.fallback = "\"http://nphies.sa/license/payer-license\"",
		.help = "Of the insurer's licence."},
	{.name = "license",
		.type = CONF_STRING,
		.offset = SCRIPT(license),
		.fallback = "\"INS-1\"",
		.help = "Who sends the messages."},
	{.name = "event_system",
		.type = CONF_STRING,
		.offset = SCRIPT(event_system),
		.fallback = "\"http://nphies.sa/terminology/CodeSystem/ksa-message-events\"",
		.help = "Of message events."},
	{.name = "task_system",
		.type = CONF_STRING,
		.offset = SCRIPT(task_system),
		.fallback = "\"http://nphies.sa/terminology/CodeSystem/task-code\"",
		.help = "Of Task.code."},
	{.name = "code_system",
		.type = CONF_STRING,
		.offset = SCRIPT(code_system),
		.fallback = "\"urn:payer:reason\"",
		.help = "Of the reasons that it gives."},
	{.name = "fee_extension",
		.type = CONF_STRING,
		.offset = SCRIPT(fee_extension),
		.help = "URL of a remittance detail's fee; absent: urn:zhifu:fee."},
	{.name = "base_url",
		.type = CONF_STRING,
		.offset = SCRIPT(base_url),
		.fallback = "\"https://payer.example/fhir\"",
		.help = "Of the fullUrls in its Bundles."},
	{.type = CONF_HEADING, .help = "What is covered"},
	{.name = "plan_currency",
		.type = CONF_STRING,
		.offset = SCRIPT(plan_currency),
		.fallback = "\"USD\"",
		.min = 3,
		.max = 3,
		.help = "ISO 4217; deductible, cap and limits are in it."},
	{.name = "rates",
		.type = CONF_MAP,
		.offset = SCRIPT(rates_text),
		.fallback = "{ }",
		.help = "Units of a currency for one unit of the plan's, as text: CNY = \"7.1200\"."},
	{.name = "prices",
		.type = CONF_GROUPS,
		.offset = SCRIPT(prices_raw),
		.group = &price_table,
		.fallback = "()",
		.help = "Contract discounts; the first that matches counts."},
	{.name = "limits",
		.type = CONF_GROUPS,
		.offset = SCRIPT(limits_raw),
		.group = &limit_table,
		.fallback = "()",
		.max = RULE_LIMITS_MAX,
		.help = "Yearly sub-limits."},
	{.name = "denials",
		.type = CONF_GROUPS,
		.offset = SCRIPT(denials_raw),
		.group = &denial_table,
		.fallback = "()",
		.help = "What is not paid, or only in part; the first that matches a line counts."},
	{.name = "rejects",
		.type = CONF_GROUPS,
		.offset = SCRIPT(rejects_raw),
		.group = &reject_table,
		.fallback = "()",
		.help = "Claims that are not processed at all."},
	{.name = "queries",
		.type = CONF_GROUPS,
		.offset = SCRIPT(queries_raw),
		.group = &query_table,
		.fallback = "()",
		.help = "Claims about which it asks first."},
	{.name = "deductible", .type = CONF_STRING, .offset = SCRIPT(deductible_text), .help = "A member and year."},
	{.name = "deductible_used",
		.type = CONF_STRING,
		.offset = SCRIPT(deductible_used_text),
		.help = "What every member has used of it beforehand."},
	{.name = "coinsurance", .type = CONF_STRING, .offset = SCRIPT(coinsurance_text), .help = "Percent."},
	{.name = "coinsurance_cap", .type = CONF_STRING, .offset = SCRIPT(coinsurance_cap_text), .help = "A claim."},
	{.name = "duplicates",
		.type = CONF_ENUM,
		.offset = SCRIPT(duplicates),
		.names = duplicate_names,
		.fallback = "\"repeat\"",
		.help = "A claim that came before gets its first answer again, or a rejection."},
	{.type = CONF_HEADING, .help = "When"},
	{.name = "pend_code",
		.type = CONF_STRING,
		.offset = SCRIPT(pend_code),
		.max = 256,
		.help = "Claims with such a line are decided later; absent: all, once one of the next two is set."},
	{.name = "pend_ms",
		.type = CONF_INT,
		.offset = SCRIPT(pend_ms),
		.fallback = "0",
		.min = 0,
		.max = 86400000,
		.help = "Decided after so long."},
	{.name = "pend_polls",
		.type = CONF_INT,
		.offset = SCRIPT(pend_polls),
		.fallback = "0",
		.min = 0,
		.max = 1000,
		.help = "Decided at the poll or question after so many."},
	{.name = "clock_offset_ms",
		.type = CONF_INT,
		.offset = SCRIPT(clock_offset_ms),
		.fallback = "0",
		.min = -315360000000,
		.max = 315360000000,
		.help = "How wrong its clock is."},
	{.type = CONF_HEADING, .help = "How it pays"},
	{.name = "pay_every",
		.type = CONF_INT,
		.offset = SCRIPT(pay_every),
		.fallback = "0",
		.min = 0,
		.max = 10000,
		.help = "A remittance for every so many claims of a provider; 0: not by number."},
	{.name = "pay_after_ms",
		.type = CONF_INT,
		.offset = SCRIPT(pay_after_ms),
		.fallback = "0",
		.min = 0,
		.max = 86400000,
		.help = "A remittance so long after the first unpaid claim; 0: not by time."},
	{.name = "pay_currency",
		.type = CONF_STRING,
		.offset = SCRIPT(pay_currency),
		.min = 3,
		.max = 3,
		.help = "Absent: the plan's. Each claim's amount is converted, half away from zero; the total is their sum."},
	{.name = "fee_percent",
		.type = CONF_STRING,
		.offset = SCRIPT(fee_percent_text),
		.help = "A fee kept of each paid claim: beside its amount, and not transferred."},
	{.type = CONF_HEADING, .help = "How it misbehaves"},
	{.name = "down",
		.type = CONF_GROUPS,
		.offset = SCRIPT(down_raw),
		.group = &down_table,
		.fallback = "()",
		.help = "When nothing listens."},
	{.name = "faults",
		.type = CONF_GROUPS,
		.offset = SCRIPT(faults_raw),
		.group = &fault_table,
		.fallback = "()",
		.max = MISBEHAVE_FAULTS_MAX,
		.help = "The first that is due counts."},
};
const struct conf_table script_table = {"payer", script_rows, ARRAY_LEN(script_rows), sizeof(struct script), NULL};

/* ---- from text to values ---- */

struct reader {
	const char *file;
	struct arena *arena;
	struct conf_faults *faults;
	struct script *script;
};

static void complain(struct reader *reader, const char *key, const char *text)
{
	conf_fault_add(reader->faults, reader->file, 0, "\"%s\" is not right: %s", key, text);
}

static void *make_array(struct reader *reader, size_t count, size_t size)
{
	void *array = zf_alloc_array(&reader->arena->zf, count == 0 ? 1 : count, size);
	if (array == NULL) reader->faults->nomem = true;
	return array;
}

static struct zf_money read_money(struct reader *reader, const char *key, const char *text, const char *currency)
{
	struct zf_money money = {0};
	struct zf_decimal value;
	if (text == NULL) return money;
	if (decimal_parse(text_of(text), &value) != 0 || decimal_sign(value) < 0 ||
		money_from_decimal(value, text_of(currency), &money) != 0) {
		complain(reader, key, "an amount such as \"200.00\" in a known currency is wanted");
		return (struct zf_money){0};
	}
	return money;
}

static struct zf_decimal read_percent(struct reader *reader, const char *key, const char *text)
{
	struct zf_decimal value = {0};
	if (text == NULL) return value;
	if (!is_percent(text)) {
		complain(reader, key, "a percentage from 0 to 100 is wanted");
	} else if (decimal_parse(text_of(text), &value) != 0) {
		value.present = 0;
	}
	return value;
}

static struct rule_match match_of(const struct raw_rule *raw)
{
	return (struct rule_match){raw->match.code, raw->match.diagnosis};
}

static void make_rates(struct reader *reader, struct rules *rules)
{
	const struct conf_map *map = &reader->script->rates_text;
	struct rule_rate *rates = make_array(reader, map->count, sizeof(*rates));
	if (rates == NULL) return;
	for (size_t i = 0; i < map->count; i++) {
		const char *name = map->items[i].name;
		if (!currency_is_money(text_of(name))) {
			complain(reader, "rates", "a currency is not known");
			continue;
		}
		memcpy(rates[i].currency, name, 3);
		if (decimal_parse(text_of(map->items[i].value), &rates[i].rate) != 0 ||
			decimal_sign(rates[i].rate) <= 0) {
			complain(reader, "rates", "a rate is not a number above zero");
		}
	}
	rules->rates = rates;
	rules->rate_count = (uint32_t)map->count;
}

static void make_prices_and_limits(struct reader *reader, struct rules *rules)
{
	const struct conf_groups *raw = &reader->script->prices_raw;
	struct rule_price *prices = make_array(reader, raw->count, sizeof(*prices));
	for (size_t i = 0; prices != NULL && i < raw->count; i++) {
		const struct raw_rule *rule = raw->items[i];
		prices[i] = (struct rule_price){match_of(rule), read_percent(reader, "prices", rule->percent)};
	}
	rules->prices = prices;
	rules->price_count = (uint32_t)raw->count;
	raw = &reader->script->limits_raw;
	struct rule_limit *limits = make_array(reader, raw->count, sizeof(*limits));
	for (size_t i = 0; limits != NULL && i < raw->count; i++) {
		const struct raw_rule *rule = raw->items[i];
		const char *currency = rule->currency != NULL ? rule->currency : rules->plan_currency;
		limits[i] = (struct rule_limit){match_of(rule), read_money(reader, "limits", rule->amount, currency)};
		struct zf_money probe;
		if (limits[i].amount.present &&
			rule_convert(rules, limits[i].amount, rules->plan_currency, &probe) != 0) {
			complain(reader, "limits", "there is no rate for its currency");
		}
	}
	rules->limits = limits;
	rules->limit_count = (uint32_t)raw->count;
}

static void make_denials(struct reader *reader, struct rules *rules)
{
	const struct conf_groups *raw = &reader->script->denials_raw;
	struct rule_denial *denials = make_array(reader, raw->count, sizeof(*denials));
	for (size_t i = 0; denials != NULL && i < raw->count; i++) {
		const struct raw_rule *rule = raw->items[i];
		denials[i] = (struct rule_denial){.match = match_of(rule),
			.percent = read_percent(reader, "denials", rule->percent),
			.reason = reason_from_name(rule->reason),
			.group = (uint8_t)(rule->group + 1),
			.code = rule->original,
			.text = rule->text};
	}
	rules->denials = denials;
	rules->denial_count = (uint32_t)raw->count;
}

static void make_rejects_and_queries(struct reader *reader, struct rules *rules)
{
	const struct conf_groups *raw = &reader->script->rejects_raw;
	struct rule_reject *rejects = make_array(reader, raw->count, sizeof(*rejects));
	for (size_t i = 0; rejects != NULL && i < raw->count; i++) {
		const struct raw_rule *rule = raw->items[i];
		rejects[i] = (struct rule_reject){match_of(rule), rule->original, rule->text};
	}
	rules->rejects = rejects;
	rules->reject_count = (uint32_t)raw->count;
	raw = &reader->script->queries_raw;
	struct rule_query *queries = make_array(reader, raw->count, sizeof(*queries));
	for (size_t i = 0; queries != NULL && i < raw->count; i++) {
		const struct raw_rule *rule = raw->items[i];
		queries[i] = (struct rule_query){match_of(rule), rule->text};
	}
	rules->queries = queries;
	rules->query_count = (uint32_t)raw->count;
}

static void make_fault(struct reader *reader, const struct raw_fault *raw, struct misbehave_fault *out)
{
	int64_t *ordinals = make_array(reader, raw->ordinals.count, sizeof(*ordinals));
	for (size_t i = 0; ordinals != NULL && i < raw->ordinals.count; i++) {
		int err = text_to_int64(text_of(raw->ordinals.items[i]), &ordinals[i]);
		assert(err == 0); /* check_fault has seen it */
	}
	enum fault_kind kind = (enum fault_kind)(raw->kind + 1);
	int taken = kind != MISBEHAVE_500 && kind != MISBEHAVE_503;
	if (raw->taken != 0) taken = raw->taken - 1;
	*out = (struct misbehave_fault){.kind = kind,
		.scope = (enum fault_scope)raw->scope,
		.ordinals = ordinals,
		.ordinal_count = raw->ordinals.count,
		.chance_ppm = raw->chance_ppm,
		.from_ms = raw->from_ms,
		.to_ms = raw->to_ms,
		.times_max = raw->times_max,
		.ms = raw->ms,
		.bytes = raw->bytes,
		.taken = taken};
}

static void make_faults(struct reader *reader)
{
	struct script *script = reader->script;
	struct misbehave_fault *faults = make_array(reader, script->faults_raw.count, sizeof(*faults));
	struct script_down *down = make_array(reader, script->down_raw.count, sizeof(*down));
	if (faults == NULL || down == NULL) return;
	for (size_t i = 0; i < script->faults_raw.count; i++)
		make_fault(reader, script->faults_raw.items[i], &faults[i]);
	for (size_t i = 0; i < script->down_raw.count; i++) {
		down[i] = *(const struct script_down *)script->down_raw.items[i];
	}
	script->faults = faults;
	script->fault_count = script->faults_raw.count;
	script->down = down;
	script->down_count = script->down_raw.count;
}

static void check_rest(struct reader *reader)
{
	struct script *script = reader->script;
	struct zf_money probe = {.currency = "", .present = 1};
	if (!is_pattern(script->pend_code)) complain(reader, "pend_code", "not a code pattern");
	if ((script->tls_certificate == NULL) != (script->tls_key == NULL)) {
		complain(reader, "tls_key", "certificate and key belong together");
	}
	if (script->tls_client_ca != NULL && script->tls_certificate == NULL) {
		complain(reader, "tls_client_ca", "there is no tls_certificate");
	}
	if (script->pay_currency == NULL) script->pay_currency = script->plan_currency;
	memcpy(probe.currency, script->rules.plan_currency, 4);
	if (rule_convert(&script->rules, probe, script->pay_currency, &probe) != 0) {
		complain(reader, "pay_currency", "there is no rate for it");
	}
}

static int make_script(struct reader *reader)
{
	struct script *script = reader->script;
	struct rules *rules = &script->rules;
	if (!currency_is_money(text_of(script->plan_currency))) {
		complain(reader, "plan_currency", "not a currency");
		return err_set(ERR_INVALID, "%s", reader->faults->items[0]);
	}
	memcpy(rules->plan_currency, script->plan_currency, 3);
	rules->code_system = script->code_system;
	make_rates(reader, rules);
	if (reader->faults->count == 0) make_prices_and_limits(reader, rules);
	make_denials(reader, rules);
	make_rejects_and_queries(reader, rules);
	rules->deductible = read_money(reader, "deductible", script->deductible_text, rules->plan_currency);
	rules->deductible_used =
		read_money(reader, "deductible_used", script->deductible_used_text, rules->plan_currency);
	rules->coinsurance = read_percent(reader, "coinsurance", script->coinsurance_text);
	rules->coinsurance_cap =
		read_money(reader, "coinsurance_cap", script->coinsurance_cap_text, rules->plan_currency);
	script->fee_percent = read_percent(reader, "fee_percent", script->fee_percent_text);
	make_faults(reader);
	if (reader->faults->count == 0) check_rest(reader);
	if (reader->faults->nomem) return err_set(ERR_NOMEM, "no memory for the script");
	return reader->faults->count == 0 ? 0 : err_set(ERR_INVALID, "%s", reader->faults->items[0]);
}

int script_load(const char *path, struct arena *arena, struct script *ret_script, struct conf_faults *ret_faults)
{
	int err = conf_load(&script_table, path, arena, ret_script, ret_faults);
	if (err != 0) return err;
	struct reader reader = {path, arena, ret_faults, ret_script};
	return make_script(&reader);
}

int script_parse(
	const char *text, size_t len, struct arena *arena, struct script *ret_script, struct conf_faults *ret_faults)
{
	int err = conf_parse(&script_table, "script", text, len, arena, ret_script, ret_faults);
	if (err != 0) return err;
	struct reader reader = {"script", arena, ret_faults, ret_script};
	return make_script(&reader);
}

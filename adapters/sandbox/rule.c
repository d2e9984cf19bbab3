/* The played insurer's decision, line by line. */
#include "sandbox/rule.h"

#include <assert.h>
#include <stdio.h>

#include "lib/money.h"
#include "lib/text.h"

/* One line on its way through the rules; minor units of the claim's currency. */
struct work {
	const struct zf_claim_line *line; /* NULL in a claim without lines */
	int32_t sequence;
	int64_t submitted, allowed, eligible;
	struct zf_adjustment adjustments[RULE_ADJUSTMENTS_MAX];
	uint32_t adjustment_count;
};

struct decision {
	const struct rules *rules;
	struct rule_member *member;
	const struct zf_claim *claim;
	struct zf_arena *arena;
	struct zf_money unit; /* the claim's currency, with 0 minor */
	struct work *works;
	uint32_t work_count;
	bool refused; /* a denial took something */
};

/* ---- matching ---- */

static bool concept_matches(const char *pattern, const struct zf_concept *concept)
{
	if (concept == NULL) return false;
	for (uint32_t i = 0; i < concept->coding_count; i++) {
		if (concept->codings[i]->code != NULL && text_match(pattern, text_of(concept->codings[i]->code)) == 1) {
			return true;
		}
	}
	return concept->coding_count == 0 && concept->text != NULL && text_match(pattern, text_of(concept->text)) == 1;
}

static bool matches(const struct rule_match *match, const struct zf_claim *claim, const struct zf_claim_line *line)
{
	if (match->code != NULL && (line == NULL || !concept_matches(match->code, line->product_or_service)))
		return false;
	if (match->diagnosis == NULL) return true;
	for (uint32_t i = 0; i < claim->diagnosis_count; i++) {
		if (concept_matches(match->diagnosis, claim->diagnoses[i]->concept)) return true;
	}
	return false;
}

/* A rule about the claim as a whole applies when any line matches. */
static bool any_matches(const struct rule_match *match, const struct zf_claim *claim)
{
	if (claim->line_count == 0) return matches(match, claim, NULL);
	for (uint32_t i = 0; i < claim->line_count; i++) {
		if (matches(match, claim, claim->lines[i])) return true;
	}
	return false;
}

const char *rule_query(const struct rules *rules, const struct zf_claim *claim)
{
	for (uint32_t i = 0; i < rules->query_count; i++) {
		if (any_matches(&rules->queries[i].match, claim)) return rules->queries[i].text;
	}
	return NULL;
}

/* ---- money ---- */

static const struct rule_rate *rate_of(const struct rules *rules, const char *currency)
{
	for (uint32_t i = 0; i < rules->rate_count; i++) {
		if (strcmp(rules->rates[i].currency, currency) == 0) return &rules->rates[i];
	}
	return NULL;
}

int rule_convert(const struct rules *rules, struct zf_money amount, const char *currency, struct zf_money *ret)
{
	if (strcmp(amount.currency, currency) == 0) {
		*ret = amount;
		return 0;
	}
	struct zf_money plan = amount;
	if (strcmp(amount.currency, rules->plan_currency) != 0) {
		const struct rule_rate *rate = rate_of(rules, amount.currency);
		if (rate == NULL) return LIB_INVALID;
		int err = money_convert(amount, rate->rate, MONEY_SOURCE_PER_TARGET, text_of(rules->plan_currency),
			DECIMAL_HALF_AWAY, &plan);
		if (err != 0) return err;
	}
	if (strcmp(currency, rules->plan_currency) == 0) {
		*ret = plan;
		return 0;
	}
	const struct rule_rate *rate = rate_of(rules, currency);
	if (rate == NULL) return LIB_INVALID;
	return money_convert(plan, rate->rate, MONEY_TARGET_PER_SOURCE, text_of(currency), DECIMAL_HALF_AWAY, ret);
}

static struct zf_money money_of(const struct decision *decision, int64_t minor)
{
	struct zf_money money = decision->unit;
	money.minor = minor;
	return money;
}

/* percent of an amount, half away from zero. */
static int64_t percent_of(const struct decision *decision, int64_t minor, struct zf_decimal percent)
{
	int64_t scale = 100;
	for (uint8_t i = 0; i < percent.scale; i++) scale *= 10;
	struct zf_money share;
	int err = money_share(money_of(decision, minor), percent.unscaled, scale, DECIMAL_HALF_AWAY, &share);
	assert(err == 0); /* at most 100 percent of what fits */
	return share.minor;
}

static void adjust(struct decision *decision, struct work *work, const struct zf_adjustment *adjustment, int64_t minor)
{
	assert(minor >= 0 && minor <= work->allowed);
	if (minor == 0) return;
	work->allowed -= minor;
	/* Two sub-limits that cut one line are one adjustment: there is at most one per rule kind. */
	for (uint32_t i = 0; i < work->adjustment_count; i++) {
		struct zf_adjustment *same = &work->adjustments[i];
		if (same->original_code != adjustment->original_code) continue;
		same->amount.minor += minor;
		return;
	}
	assert(work->adjustment_count < RULE_ADJUSTMENTS_MAX);
	struct zf_adjustment *slot = &work->adjustments[work->adjustment_count++];
	*slot = *adjustment;
	slot->amount = money_of(decision, minor);
	slot->original_system = decision->rules->code_system;
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* What is left of `amount` (its own currency) after `used`, in the claim's. */
static int left_of(const struct decision *decision, struct zf_money amount, int64_t used, int64_t *ret_minor)
{
	amount.minor = used >= amount.minor ? 0 : amount.minor - used;
	struct zf_money left;
	int err = rule_convert(decision->rules, amount, decision->unit.currency, &left);
	if (err == 0) *ret_minor = left.minor;
	return err;
}

/* Books `taken` of `left` (claim currency) as used of `amount`: all of it when nothing is left, so that no rest of a
 * conversion stays for ever. */
static int use_up(const struct decision *decision, struct zf_money amount, int64_t taken, int64_t left, int64_t *used)
{
	if (taken >= left) {
		*used = amount.minor > *used ? amount.minor : *used;
		return 0;
	}
	struct zf_money back;
	int err = rule_convert(decision->rules, money_of(decision, taken), amount.currency, &back);
	if (err == 0) *used = least(*used + back.minor, amount.minor);
	return err;
}

/* ---- the steps ---- */

static void refuse_lines(struct decision *decision)
{
	const struct rules *rules = decision->rules;
	for (uint32_t i = 0; i < decision->work_count; i++) {
		struct work *work = &decision->works[i];
		for (uint32_t k = 0; k < rules->denial_count; k++) {
			const struct rule_denial *denial = &rules->denials[k];
			if (!matches(&denial->match, decision->claim, work->line)) continue;
			struct zf_adjustment adjustment = {.group = denial->group,
				.reason = denial->reason,
				.original_code = denial->code,
				.original_text = denial->text};
			adjust(decision, work, &adjustment, percent_of(decision, work->allowed, denial->percent));
			decision->refused = true;
			break;
		}
	}
}

static void apply_prices(struct decision *decision)
{
	static const struct zf_adjustment contract = {
		.group = ZF_GROUP_CO, .reason = ZF_REASON_CONTRACT_PRICE, .original_code = "contract"};
	const struct rules *rules = decision->rules;
	for (uint32_t i = 0; i < decision->work_count; i++) {
		struct work *work = &decision->works[i];
		for (uint32_t k = 0; k < rules->price_count; k++) {
			if (!matches(&rules->prices[k].match, decision->claim, work->line)) continue;
			adjust(decision, work, &contract,
				percent_of(decision, work->allowed, rules->prices[k].percent));
			break;
		}
	}
}

static int apply_limits(struct decision *decision)
{
	static const struct zf_adjustment excess = {
		.group = ZF_GROUP_PR, .reason = ZF_REASON_BENEFIT_LIMIT, .original_code = "limit"};
	const struct rules *rules = decision->rules;
	for (uint32_t k = 0; k < rules->limit_count; k++) {
		const struct rule_limit *limit = &rules->limits[k];
		int64_t left, taken = 0;
		bool touched = false;
		int err = left_of(decision, limit->amount, decision->member->limit_minor[k], &left);
		if (err != 0) return err;
		for (uint32_t i = 0; i < decision->work_count; i++) {
			struct work *work = &decision->works[i];
			if (!matches(&limit->match, decision->claim, work->line)) continue;
			int64_t covered = least(work->allowed, left - taken);
			adjust(decision, work, &excess, work->allowed - covered);
			taken += covered;
			touched = true;
		}
		if (!touched) continue;
		err = use_up(decision, limit->amount, taken, left, &decision->member->limit_minor[k]);
		if (err != 0) return err;
	}
	return 0;
}

static int apply_deductible(struct decision *decision)
{
	static const struct zf_adjustment deductible = {
		.group = ZF_GROUP_PR, .reason = ZF_REASON_DEDUCTIBLE, .original_code = "deductible"};
	const struct rules *rules = decision->rules;
	if (!rules->deductible.present) return 0;
	int64_t left, taken = 0, *used = &decision->member->deductible_minor;
	int64_t before = rules->deductible_used.present ? rules->deductible_used.minor : 0;
	if (*used < before) *used = before;
	int err = left_of(decision, rules->deductible, *used, &left);
	if (err != 0) return err;
	for (uint32_t i = 0; i < decision->work_count && taken < left; i++) {
		struct work *work = &decision->works[i];
		int64_t part = least(work->allowed, left - taken);
		adjust(decision, work, &deductible, part);
		taken += part;
	}
	return taken == 0 ? 0 : use_up(decision, rules->deductible, taken, left, used);
}

/* The claim's co-insurance is found for the claim, capped, and spread over the lines by cumulated rounding: so it adds
 * up exactly, and no line bears more than it has. */
static int apply_coinsurance(struct decision *decision)
{
	static const struct zf_adjustment coinsurance = {
		.group = ZF_GROUP_PR, .reason = ZF_REASON_COINSURANCE, .original_code = "coinsurance"};
	const struct rules *rules = decision->rules;
	int64_t basis = 0, cap, before = 0, reached = 0;
	if (!rules->coinsurance.present) return 0;
	for (uint32_t i = 0; i < decision->work_count; i++) basis += decision->works[i].allowed;
	int64_t whole = percent_of(decision, basis, rules->coinsurance);
	if (rules->coinsurance_cap.present) {
		int err = left_of(decision, rules->coinsurance_cap, 0, &cap);
		if (err != 0) return err;
		whole = least(whole, cap);
	}
	if (whole == 0) return 0;
	for (uint32_t i = 0; i < decision->work_count; i++) {
		struct work *work = &decision->works[i];
		struct zf_money share;
		reached += work->allowed;
		int err = money_share(money_of(decision, whole), reached, basis, DECIMAL_HALF_AWAY, &share);
		if (err != 0) return err;
		adjust(decision, work, &coinsurance, share.minor - before);
		before = share.minor;
	}
	assert(before == whole);
	return 0;
}

/* ---- begin and end ---- */

/* Do the lines carry the claim? Only when each has an amount of its currency and they add up to the total. */
static bool by_line(const struct zf_claim *claim, int64_t *ret_sum)
{
	int64_t sum = 0;
	for (uint32_t i = 0; i < claim->line_count; i++) {
		const struct zf_money *net = &claim->lines[i]->net;
		if (!net->present || net->minor < 0) return false;
		if (strcmp(net->currency, claim->lines[0]->net.currency) != 0) return false;
		if (__builtin_add_overflow(sum, net->minor, &sum)) return false;
	}
	*ret_sum = sum;
	if (claim->line_count == 0) return false;
	if (!claim->total.present) return true;
	return strcmp(claim->total.currency, claim->lines[0]->net.currency) == 0 && claim->total.minor == sum;
}

static int begin(struct decision *decision)
{
	const struct zf_claim *claim = decision->claim;
	int64_t sum;
	bool lines = by_line(claim, &sum);
	decision->unit = lines ? claim->lines[0]->net : claim->total;
	decision->unit.minor = 0;
	if (!decision->unit.present) return LIB_INVALID;
	decision->work_count = lines ? claim->line_count : 1;
	decision->works = zf_alloc_array(decision->arena, decision->work_count, sizeof(struct work));
	if (decision->works == NULL) return LIB_NOMEM;
	for (uint32_t i = 0; i < decision->work_count; i++) {
		struct work *work = &decision->works[i];
		work->line = i < claim->line_count ? claim->lines[i] : NULL;
		work->sequence = lines ? claim->lines[i]->sequence : 0;
		work->submitted = lines ? claim->lines[i]->net.minor : claim->total.minor;
		if (work->submitted < 0) return LIB_INVALID;
		work->allowed = work->submitted;
	}
	return 0;
}

static int finish(struct decision *decision, struct zf_adjudication *out)
{
	int64_t submitted = 0, eligible = 0, benefit = 0, adjusted = 0;
	const struct zf_line_result **lines =
		zf_alloc_array(decision->arena, decision->work_count, sizeof(struct zf_line_result *));
	if (lines == NULL) return LIB_NOMEM;
	for (uint32_t i = 0; i < decision->work_count; i++) {
		struct work *work = &decision->works[i];
		struct zf_line_result *line = zf_alloc(decision->arena, sizeof(*line));
		const struct zf_adjustment **list =
			zf_alloc_array(decision->arena, RULE_ADJUSTMENTS_MAX, sizeof(struct zf_adjustment *));
		if (line == NULL || list == NULL) return LIB_NOMEM;
		int64_t balance = work->allowed;
		for (uint32_t k = 0; k < work->adjustment_count; k++) {
			list[k] = &work->adjustments[k];
			balance += work->adjustments[k].amount.minor;
			adjusted += work->adjustments[k].amount.minor;
		}
		assert(balance == work->submitted);
		*line = (struct zf_line_result){.sequence = work->sequence,
			.adjustment_count = work->adjustment_count,
			.submitted = money_of(decision, work->submitted),
			.eligible = money_of(decision, work->eligible),
			.benefit = money_of(decision, work->allowed),
			.adjustments = work->adjustment_count == 0 ? NULL : list};
		lines[i] = line;
		submitted += work->submitted;
		eligible += work->eligible;
		benefit += work->allowed;
	}
	assert(submitted == benefit + adjusted);
	out->lines = lines;
	out->line_count = decision->work_count;
	out->submitted = money_of(decision, submitted);
	out->eligible = money_of(decision, eligible);
	out->benefit = money_of(decision, benefit);
	return 0;
}

/* An answer that says why nothing was decided. */
static int reject(struct decision *decision, const char *code, const char *text, struct zf_adjudication *out)
{
	struct zf_fault *fault = zf_alloc(decision->arena, sizeof(*fault));
	const struct zf_fault **list = zf_alloc(decision->arena, sizeof(struct zf_fault *));
	if (fault == NULL || list == NULL) return LIB_NOMEM;
	*fault = (struct zf_fault){.path = "Claim", .code = code, .text = text};
	list[0] = fault;
	out->outcome = ZF_OUTCOME_ERROR;
	out->errors = list;
	out->error_count = 1;
	out->disposition = text;
	return 0;
}

static const struct rule_reject *rejection(const struct rules *rules, const struct zf_claim *claim)
{
	for (uint32_t i = 0; i < rules->reject_count; i++) {
		if (any_matches(&rules->rejects[i].match, claim)) return &rules->rejects[i];
	}
	return NULL;
}

static int decide(struct decision *decision)
{
	refuse_lines(decision);
	apply_prices(decision);
	int err = apply_limits(decision);
	if (err != 0) return err;
	for (uint32_t i = 0; i < decision->work_count; i++) decision->works[i].eligible = decision->works[i].allowed;
	err = apply_deductible(decision);
	return err != 0 ? err : apply_coinsurance(decision);
}

int rule_adjudicate(const struct rules *rules, struct rule_member *member, const struct zf_claim *claim,
	struct zf_arena *arena, struct zf_adjudication **ret_adjudication, enum rule_verdict *ret_verdict)
{
	struct decision decision = {.rules = rules, .member = member, .claim = claim, .arena = arena};
	struct zf_adjudication *out = zf_alloc(arena, sizeof(*out));
	if (out == NULL) return LIB_NOMEM;
	*out = (struct zf_adjudication){.size = sizeof(*out), .outcome = ZF_OUTCOME_COMPLETE, .use = claim->use};
	*ret_adjudication = out;
	*ret_verdict = RULE_REJECTED;
	const struct rule_reject *no = rejection(rules, claim);
	if (no != NULL) return reject(&decision, no->code, no->text, out);
	int err = begin(&decision);
	if (err == LIB_INVALID) return reject(&decision, "amount", "the claim has no amount that can be decided", out);
	if (err != 0) return err;
	if (strcmp(decision.unit.currency, rules->plan_currency) != 0 &&
		rate_of(rules, decision.unit.currency) == NULL) {
		return reject(&decision, "currency", "no rate for the currency of the claim", out);
	}
	err = decide(&decision);
	if (err == 0) err = finish(&decision, out);
	if (err != 0) return err;
	if (out->benefit.minor == 0 && out->submitted.minor > 0 && decision.refused) {
		*ret_verdict = RULE_DENIED;
		out->disposition = "denied";
	} else {
		*ret_verdict = decision.refused ? RULE_PARTIAL : RULE_APPROVED;
		out->disposition = decision.refused ? "approved in part" : "approved";
	}
	return 0;
}

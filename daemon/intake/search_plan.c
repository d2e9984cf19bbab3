/* From what was asked for to what the database is asked: hashes, bounds, parameters. */
#include <string.h>

#include "db/params.h"
#include "fhir/encode.h"
#include "intake/search.h"

/* Ids are made a moment before or after the row's own time; an hour covers clocks that differ and batches run again. */
#define ID_MARGIN_MS INT64_C(3600000)
#define YEAR_10000_MS INT64_C(253402300800000)

static struct bytes bytes_of(const char *text)
{
	return (struct bytes){(const uint8_t *)text, strlen(text)};
}

/* ---- hashes ---- */

struct hashing {
	const struct keyring *ring;
	const struct uuid *hospital;
	uint16_t versions[SEARCH_VERSIONS_MAX];
	size_t version_count;
	struct fault_list *faults;
};

static int hash_add(const struct hashing *hashing, enum lookup_purpose purpose, const struct bytes *parts, size_t count,
	struct search_hashes *hashes)
{
	hashes->present = true;
	for (size_t v = 0; v < hashing->version_count; v++) {
		assert(hashes->count < SEARCH_HASHES_MAX);
		int r = lookup_hash(hashing->ring, hashing->versions[v], hashing->hospital, purpose, parts, count,
			hashes->items[hashes->count]);
		if (r < 0) return r;
		hashes->count++;
	}
	return 0;
}

static int refuse(const struct hashing *hashing, const char *parameter)
{
	fault_add(hashing->faults, FAULT_SEARCH_SYSTEM, "", parameter, NULL);
	return err_set(ERR_INVALID, "a token without a system can't be looked up");
}

/* Claims by our ref or by the hospital's identifiers. */
static int name_claims(const struct hashing *hashing, const struct search_tokens *tokens, const char *parameter,
	struct search_plan *plan)
{
	for (uint8_t i = 0; i < tokens->count; i++) {
		const struct search_token *token = &tokens->items[i];
		bool is_ref =
			token->system == NULL ? ref_valid(token->value) : strcmp(token->system, FHIR_SYSTEM_CLAIM) == 0;
		if (is_ref) {
			plan->refs.present = true;
			plan->refs.items[plan->refs.count++] = (struct search_token){NULL, token->value};
			continue;
		}
		/* Hashes cover the system, so that "any system" has no hash. */
		if (token->system == NULL) return refuse(hashing, parameter);
		struct bytes parts[2] = {bytes_of(token->system), bytes_of(token->value)};
		int r = hash_add(hashing, LOOKUP_CLAIM_IDENT, parts, 2, &plan->named);
		if (r < 0) return r;
	}
	return 0;
}

static int name_persons(const struct hashing *hashing, const struct search_tokens *tokens, struct search_plan *plan)
{
	plan->persons.present = tokens->present;
	for (uint8_t i = 0; i < tokens->count; i++) {
		if (tokens->items[i].system == NULL) return refuse(hashing, "patient.identifier");
		struct bytes parts[2] = {bytes_of(tokens->items[i].system), bytes_of(tokens->items[i].value)};
		int r = hash_add(hashing, LOOKUP_PATIENT, parts, 2, &plan->persons);
		if (r < 0) return r;
	}
	return 0;
}

static int name_own(const struct hashing *hashing, const struct search_tokens *tokens, struct search_plan *plan)
{
	if (plan->type == SEARCH_CLAIM) return name_claims(hashing, tokens, "identifier", plan);
	if (plan->type != SEARCH_TASK) {
		plan->numbers.present = tokens->present;
		plan->numbers.count = tokens->count;
		memcpy(plan->numbers.items, tokens->items, sizeof(plan->numbers.items));
		return 0;
	}
	plan->own.present = tokens->present;
	for (uint8_t i = 0; i < tokens->count; i++) {
		if (tokens->items[i].system == NULL) return refuse(hashing, "identifier");
		struct bytes parts[3] = {
			bytes_of("Task"), bytes_of(tokens->items[i].system), bytes_of(tokens->items[i].value)};
		int r = hash_add(hashing, LOOKUP_CLAIM_IDENT, parts, 3, &plan->own);
		if (r < 0) return r;
	}
	return 0;
}

int search_plan_make(const struct search_request *request, const struct keyring *ring, const struct uuid *hospital,
	struct zf_arena *arena, struct fault_list *faults, struct search_plan *ret_plan)
{
	static const char *const parameters[SEARCH_TYPES] = {
		[SEARCH_CLAIM] = "identifier",
		[SEARCH_CLAIM_RESPONSE] = "request.identifier",
		[SEARCH_EXPLANATION] = "claim.identifier",
		[SEARCH_TASK] = "focus.identifier",
	};
	struct search_plan *plan = zf_alloc(arena, sizeof(*plan));
	struct hashing hashing = {.ring = ring, .hospital = hospital, .faults = faults};
	if (plan == NULL) return err_set(ERR_NOMEM, "no memory for a search");
	hashing.version_count = keyring_versions(ring, KEY_LOOKUP, hashing.versions, SEARCH_VERSIONS_MAX);
	if (hashing.version_count > SEARCH_VERSIONS_MAX) hashing.version_count = SEARCH_VERSIONS_MAX;
	plan->type = request->type;
	plan->is_ascending = request->is_ascending;
	plan->count = (uint16_t)request->count;
	plan->status = request->status;
	plan->use = request->use;
	plan->outcome = request->outcome;
	plan->date_count = request->date_count;
	memcpy(plan->dates, request->dates, sizeof(plan->dates));
	plan->ids = request->ids;
	plan->claims = request->claims;
	int r = name_own(&hashing, &request->identifiers, plan);
	if (r == 0) r = name_claims(&hashing, &request->claim_identifiers, parameters[request->type], plan);
	if (r == 0) r = name_persons(&hashing, &request->patients, plan);
	if (r == 0) *ret_plan = *plan;
	return r;
}

/* ---- dates ---- */

static bool has_alternative(const struct search_plan *plan, uint8_t at)
{
	for (uint8_t i = 0; i < plan->date_count; i++)
		if (i != at && plan->dates[i].kind == plan->dates[at].kind &&
			plan->dates[i].group == plan->dates[at].group)
			return true;
	return false;
}

void search_plan_stretch(const struct search_plan *plan, int64_t *ret_from_ms, int64_t *ret_until_ms)
{
	int64_t from = 0, until = YEAR_10000_MS;
	for (uint8_t i = 0; i < plan->date_count; i++) {
		const struct search_date *date = &plan->dates[i];
		int64_t low = 0, high = YEAR_10000_MS;
		if (date->kind != SEARCH_BY_UPDATED || has_alternative(plan, i)) continue;
		switch ((enum search_prefix)date->prefix) {
		case SEARCH_EQ:
			low = date->begin_ms;
			high = date->end_ms;
			break;
		case SEARCH_GT:
		case SEARCH_SA:
			low = date->end_ms;
			break;
		case SEARCH_LT:
		case SEARCH_EB:
			high = date->begin_ms;
			break;
		case SEARCH_GE:
			low = date->begin_ms;
			break;
		case SEARCH_LE:
			high = date->end_ms;
			break;
		case SEARCH_NE:
			break;
		}
		if (low > from) from = low;
		if (high < until) until = high;
	}
	*ret_from_ms = from;
	*ret_until_ms = until < 0 ? 0 : until;
}

bool search_plan_meets(const struct search_plan *plan, enum search_kind kind, int64_t begin_ms, int64_t end_ms)
{
	for (uint8_t i = 0; i < plan->date_count; i++) {
		if (plan->dates[i].kind != kind) continue;
		bool meets = false;
		for (uint8_t k = 0; k < plan->date_count && !meets; k++)
			meets = plan->dates[k].kind == kind && plan->dates[k].group == plan->dates[i].group &&
				search_date_meets(&plan->dates[k], begin_ms, end_ms);
		if (!meets) return false;
	}
	return true;
}

bool search_plan_has(const struct search_plan *plan, enum search_kind kind)
{
	for (uint8_t i = 0; i < plan->date_count; i++)
		if (plan->dates[i].kind == kind) return true;
	return false;
}

bool search_plan_is_set(const struct search_plan *plan)
{
	return plan->ids.present || plan->claims.present || plan->named.present || plan->refs.present ||
	       plan->persons.present || plan->own.present || plan->numbers.present;
}

/* ---- parameters ---- */

/* The first UUIDv7 of a millisecond, as zhifu.uuid_floor. */
static struct uuid id_floor(int64_t ms)
{
	struct uuid id = {{0}};
	ms = ms < 0 ? 0 : ms;
	for (int i = 0; i < 6; i++) id.b[i] = (uint8_t)(ms >> (8 * (5 - i)));
	return id;
}

static void bind_bounds(struct db_params *params, const struct search_plan *plan, int64_t from_ms, int64_t until_ms)
{
	struct uuid low = {{0}}, high;
	memset(high.b, 0xff, sizeof(high.b));
	bool is_arrival = search_type_info(plan->type)->sorts_by_updated;
	/* What was changed later than it came has its time on one side of its id only. A decision is an answer of the
	 * moment, too, whose id is the claim's: no bounds for what is named. */
	if (!search_plan_is_set(plan)) {
		if (is_arrival && from_ms > ID_MARGIN_MS) low = id_floor(from_ms - ID_MARGIN_MS);
		if (until_ms < YEAR_10000_MS) high = id_floor(until_ms + ID_MARGIN_MS);
	}
	if (plan->has_position && plan->is_ascending && memcmp(plan->position.b, low.b, sizeof(low.b)) > 0)
		low = plan->position;
	if (plan->has_position && !plan->is_ascending && memcmp(plan->position.b, high.b, sizeof(high.b)) < 0)
		high = plan->position;
	db_params_uuid(params, &low);
	db_params_uuid(params, &high);
}

static void bind_ids(struct db_params *params, const struct search_ids *ids)
{
	if (!ids->present) {
		db_params_null(params);
		return;
	}
	struct db_array *array = db_params_array(params, DB_UUID, ids->count, 0);
	for (uint8_t i = 0; i < ids->count; i++) db_array_uuid(array, &ids->items[i]);
}

static void bind_hashes(struct db_params *params, const struct search_hashes *hashes)
{
	if (!hashes->present) {
		db_params_null(params);
		return;
	}
	struct db_array *array =
		db_params_array(params, DB_BYTEA, hashes->count, (size_t)hashes->count * LOOKUP_HASH_BYTES);
	for (uint8_t i = 0; i < hashes->count; i++)
		db_array_bytes(array, (struct bytes){hashes->items[i], LOOKUP_HASH_BYTES});
}

static void bind_texts(struct db_params *params, const struct search_texts *texts)
{
	if (!texts->present) {
		db_params_null(params);
		return;
	}
	struct db_array *array = db_params_array(params, DB_TEXT, texts->count, 64);
	for (uint8_t i = 0; i < texts->count; i++) db_array_text(array, texts->items[i].value);
}

int32_t search_plan_scan(const struct search_plan *plan, int32_t limit)
{
	bool all_fit = plan->use == ~0u && plan->status == ~0u && plan->outcome == ~0u &&
		       !search_plan_has(plan, SEARCH_BY_UPDATED) && plan->type != SEARCH_EXPLANATION;
	return all_fit && limit < SEARCH_SCAN_ROWS ? limit : SEARCH_SCAN_ROWS;
}

void search_bind(struct db_params *params, const struct search_plan *plan, const struct uuid *hospital, bool is_set,
	int32_t limit)
{
	int64_t from_ms, until_ms;
	uint32_t mask = plan->type == SEARCH_CLAIM ? plan->use : plan->status;
	search_plan_stretch(plan, &from_ms, &until_ms);
	db_params_uuid(params, hospital);
	bind_bounds(params, plan, from_ms, until_ms);
	db_params_int4(params, search_plan_scan(plan, limit));
	db_params_int4(params, limit);
	db_params_int4(params, (int32_t)(mask & INT32_MAX));
	db_params_time_ms(params, from_ms);
	db_params_time_ms(params, until_ms);
	db_params_int4(params, (int32_t)(plan->outcome & INT32_MAX));
	if (!is_set) return;
	bind_ids(params, &plan->ids);
	bind_hashes(params, &plan->named);
	bind_texts(params, &plan->refs);
	bind_ids(params, &plan->claims);
	bind_hashes(params, &plan->persons);
	if (plan->type == SEARCH_CLAIM || plan->type == SEARCH_TASK)
		bind_hashes(params, &plan->own);
	else
		bind_texts(params, &plan->numbers);
	db_params_bool(params, !plan->is_ascending);
}

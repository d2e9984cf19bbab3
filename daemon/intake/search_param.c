/* The tables of search parameters, and how their values are read. */
#include "intake/search_param.h"

#include <string.h>

#include "lib/date.h"

/* ---- the tables ---- */

static const char *const financial_status[] = {"active", "cancelled", "draft", "entered-in-error", NULL};
static const char *const claim_use[] = {"claim", "preauthorization", "predetermination", NULL};
static const char *const response_outcome[] = {"queued", "complete", "error", "partial", NULL};
static const char *const task_status[] = {"draft", "requested", "received", "accepted", "rejected", "ready",
	"cancelled", "in-progress", "on-hold", "failed", "completed", "entered-in-error", NULL};

#define PARAMETERS_OF_ALL                                                                                              \
	{.name = "_id",                                                                                                \
		.kind = SEARCH_BY_ID,                                                                                  \
		.fhir_type = "token",                                                                                  \
		.documentation = "Zhifu's ids, several by comma."},                                                    \
		{.name = "_lastUpdated",                                                                               \
			.kind = SEARCH_BY_UPDATED,                                                                     \
			.fhir_type = "date",                                                                           \
			.documentation = "meta.lastUpdated, with the prefixes eq ne gt lt ge le sa eb."},              \
		{.name = "_count", .kind = SEARCH_COUNT}, {.name = "_sort", .kind = SEARCH_SORT},                      \
		{.name = "_format", .kind = SEARCH_FORMAT},                                                            \
	{                                                                                                              \
		.name = "_cursor", .kind = SEARCH_CURSOR                                                               \
	}

#define PARAMETERS_OF_PATIENT                                                                                          \
	{.name = "patient",                                                                                            \
		.kind = SEARCH_BY_PATIENT,                                                                             \
		.fhir_type = "reference",                                                                              \
		.is_post_only = true,                                                                                  \
		.documentation = "The absolute reference of the claim's patient. By POST _search only."},              \
	{                                                                                                              \
		.name = "patient.identifier", .kind = SEARCH_BY_PATIENT_IDENTIFIER, .fhir_type = "token",              \
		.is_post_only = true,                                                                                  \
		.documentation = "An identifier of the claim's patient, system|value. By POST _search only."           \
	}

static const struct search_parameter claim_parameters[] = {
	PARAMETERS_OF_ALL,
	{.name = "identifier",
		.kind = SEARCH_BY_IDENTIFIER,
		.fhir_type = "token",
		.documentation = "The hospital's claim identifier, system|value, or Zhifu's ref, urn:zhifu:claim|REF."},
	{.name = "status",
		.kind = SEARCH_BY_STATUS,
		.fhir_type = "token",
		.codes = financial_status,
		.documentation =
			"Claim.status as it was submitted: Zhifu takes active claims only. How far a claim has "
			"come is not its status: see Task, ClaimResponse and /v1/claims."},
	{.name = "use", .kind = SEARCH_BY_USE, .fhir_type = "token", .codes = claim_use, .documentation = "Claim.use."},
	{.name = "created",
		.kind = SEARCH_BY_CREATED,
		.fhir_type = "date",
		.element = "created",
		.documentation =
			"Claim.created. Claims are looked through from the newest arrival on, so pages may hold "
			"fewer entries than _count: follow the next link."},
	PARAMETERS_OF_PATIENT,
};

static const struct search_parameter response_parameters[] = {
	PARAMETERS_OF_ALL,
	{.name = "identifier",
		.kind = SEARCH_BY_IDENTIFIER,
		.fhir_type = "token",
		.documentation = "The insurer's number of the decision."},
	{.name = "request",
		.kind = SEARCH_BY_CLAIM,
		.fhir_type = "reference",
		.documentation =
			"The claim. One without a decision has an answer with outcome queued, or error when it "
			"will not get one."},
	{.name = "request.identifier",
		.kind = SEARCH_BY_CLAIM_IDENTIFIER,
		.fhir_type = "token",
		.documentation = "The claim's identifier or Zhifu's ref, as Claim?identifier."},
	{.name = "status",
		.kind = SEARCH_BY_STATUS,
		.fhir_type = "token",
		.codes = financial_status,
		.documentation = "ClaimResponse.status: active, or cancelled once the claim is cancelled."},
	{.name = "outcome",
		.kind = SEARCH_BY_OUTCOME,
		.fhir_type = "token",
		.codes = response_outcome,
		.documentation = "ClaimResponse.outcome."},
	{.name = "created",
		.kind = SEARCH_BY_CREATED,
		.fhir_type = "date",
		.element = "created",
		.documentation = "ClaimResponse.created. Pages may hold fewer entries than _count."},
	PARAMETERS_OF_PATIENT,
};

static const struct search_parameter explanation_parameters[] = {
	PARAMETERS_OF_ALL,
	{.name = "identifier",
		.kind = SEARCH_BY_IDENTIFIER,
		.fhir_type = "token",
		.documentation = "The insurer's number of the decision."},
	{.name = "claim", .kind = SEARCH_BY_CLAIM, .fhir_type = "reference", .documentation = "The claim."},
	{.name = "claim.identifier",
		.kind = SEARCH_BY_CLAIM_IDENTIFIER,
		.fhir_type = "token",
		.documentation = "The claim's identifier or Zhifu's ref, as Claim?identifier."},
	{.name = "status",
		.kind = SEARCH_BY_STATUS,
		.fhir_type = "token",
		.codes = financial_status,
		.documentation = "active, or cancelled once the insurer has confirmed a cancellation."},
	{.name = "created",
		.kind = SEARCH_BY_CREATED,
		.fhir_type = "date",
		.element = "created",
		.documentation =
			"ExplanationOfBenefit.created: the decision's. Pages may hold fewer entries than _count."},
	PARAMETERS_OF_PATIENT,
};

static const struct search_parameter task_parameters[] = {
	PARAMETERS_OF_ALL,
	{.name = "identifier",
		.kind = SEARCH_BY_IDENTIFIER,
		.fhir_type = "token",
		.documentation = "The hospital's identifier of the task, system|value."},
	{.name = "focus", .kind = SEARCH_BY_CLAIM, .fhir_type = "reference", .documentation = "The claim."},
	{.name = "focus.identifier",
		.kind = SEARCH_BY_CLAIM_IDENTIFIER,
		.fhir_type = "token",
		.documentation = "The claim's identifier or Zhifu's ref, as Claim?identifier."},
	{.name = "status",
		.kind = SEARCH_BY_STATUS,
		.fhir_type = "token",
		.codes = task_status,
		.documentation = "Task.status."},
	{.name = "authored-on",
		.kind = SEARCH_BY_CREATED,
		.fhir_type = "date",
		.element = "authoredOn",
		.documentation = "Task.authoredOn. Pages may hold fewer entries than _count."},
	{.name = "created",
		.kind = SEARCH_BY_CREATED,
		.fhir_type = "date",
		.element = "authoredOn",
		.documentation = "The same as authored-on."},
	PARAMETERS_OF_PATIENT,
};

static const struct search_type_info types[SEARCH_TYPES] = {
	[SEARCH_CLAIM] = {"Claim", claim_parameters, sizeof(claim_parameters) / sizeof(claim_parameters[0]), 200, true,
		"The resource as it was submitted, plus id and meta."},
	[SEARCH_CLAIM_RESPONSE] = {"ClaimResponse", response_parameters,
		sizeof(response_parameters) / sizeof(response_parameters[0]), 200, false,
		"One for each claim, under the claim's id: its answer of the moment. It is queued until there is a decision "
		"(error when there will be none), then the latest one; each step of the claim counts its versionId up. Every "
		"decision can also be read under an id of its own, which searches find by _id only, and never changes."},
	[SEARCH_EXPLANATION] = {"ExplanationOfBenefit", explanation_parameters,
		sizeof(explanation_parameters) / sizeof(explanation_parameters[0]), 50, false,
		"One for each claim that has a decision, under the claim's id: the claim's lines with the latest decision on "
		"each, and what remittances announced for it as payment: in the currency of the latest, whose identifier it has. "
		"Its extensions urn:zhifu:remittance name each PaymentReconciliation."},
	[SEARCH_TASK] = {"Task", task_parameters, sizeof(task_parameters) / sizeof(task_parameters[0]), 200, false,
		"Create one with code cancel and focus Claim/[id] to cancel a claim."},
};

const struct search_type_info *search_type_info(enum search_type type)
{
	return &types[type];
}

const struct search_parameter *search_parameter_find(enum search_type type, const char *name)
{
	const struct search_type_info *info = &types[type];
	for (size_t i = 0; i < info->parameter_count; i++)
		if (strcmp(info->parameters[i].name, name) == 0) return &info->parameters[i];
	return NULL;
}

/* ---- dates ---- */

int search_date_parse(struct text_span text, int offset_minutes, struct search_date *ret_date)
{
	static const char prefixes[][3] = {"eq", "ne", "gt", "lt", "ge", "le", "sa", "eb"};
	struct search_date out = {.prefix = SEARCH_EQ};
	struct date date;
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		if (!text_has_prefix(text, prefixes[i])) continue;
		out.prefix = (uint8_t)i;
		text = (struct text_span){text.ptr + 2, text.len - 2};
		break;
	}
	if (text.len == 0 || date_parse(text, DATE_KIND_DATETIME, &date) < 0) return LIB_INVALID;
	if (date_range_ms(&date, offset_minutes, &out.begin_ms, &out.end_ms) < 0) return LIB_INVALID;
	*ret_date = out;
	return LIB_OK;
}

bool search_date_meets(const struct search_date *date, int64_t begin_ms, int64_t end_ms)
{
	bool inside = begin_ms >= date->begin_ms && end_ms <= date->end_ms;
	switch ((enum search_prefix)date->prefix) {
	case SEARCH_EQ:
		return inside;
	case SEARCH_NE:
		return !inside;
	case SEARCH_GT:
		return end_ms > date->end_ms;
	case SEARCH_LT:
		return begin_ms < date->begin_ms;
	case SEARCH_GE:
		return end_ms > date->end_ms || inside;
	case SEARCH_LE:
		return begin_ms < date->begin_ms || inside;
	case SEARCH_SA:
		return begin_ms >= date->end_ms;
	case SEARCH_EB:
		return end_ms <= date->begin_ms;
	}
	return false;
}

/* ---- values ---- */

struct parsing {
	struct zf_arena *arena;
	struct fault_list *faults;
	const struct search_parameter *parameter;
	const char *base_url;
	int offset_minutes;
	struct search_request *out;
	uint8_t groups; /* of dates */
	bool no_memory;
};

static void refuse(struct parsing *parsing)
{
	fault_add(parsing->faults, FAULT_SEARCH_VALUE, "", parsing->parameter->name, NULL);
}

/* The next part of a comma-separated list, with FHIR's escapes (\, \| \$ \\) kept; false at the end. */
static bool value_next(const char **p, struct text_span *ret)
{
	const char *begin = *p;
	if (begin == NULL) return false;
	const char *end = begin;
	while (*end != '\0' && *end != ',') end += end[0] == '\\' && end[1] != '\0' ? 2 : 1;
	*ret = (struct text_span){begin, (size_t)(end - begin)};
	*p = *end == ',' ? end + 1 : NULL;
	return true;
}

/* A NUL-terminated copy without the escapes. */
static const char *unescaped(struct parsing *parsing, const char *ptr, size_t len)
{
	char *copy = zf_alloc(parsing->arena, len + 1);
	size_t n = 0;
	if (copy == NULL) {
		parsing->no_memory = true;
		return NULL;
	}
	for (size_t i = 0; i < len; i++) {
		if (ptr[i] == '\\' && i + 1 < len) i++;
		copy[n++] = ptr[i];
	}
	copy[n] = '\0';
	return copy;
}

static void token_add(struct parsing *parsing, struct search_tokens *tokens, struct text_span text)
{
	const char *bar = NULL;
	for (size_t i = 0; i < text.len && bar == NULL; i += text.ptr[i] == '\\' ? 2 : 1)
		if (text.ptr[i] == '|') bar = text.ptr + i;
	size_t system_len = bar == NULL ? 0 : (size_t)(bar - text.ptr);
	size_t value_at = bar == NULL ? 0 : system_len + 1;
	tokens->present = true;
	if (tokens->count == SEARCH_VALUES_MAX || text.len == value_at) {
		refuse(parsing);
		return;
	}
	struct search_token *token = &tokens->items[tokens->count++];
	token->system = bar == NULL ? NULL : unescaped(parsing, text.ptr, system_len);
	token->value = unescaped(parsing, text.ptr + value_at, text.len - value_at);
}

static void id_add(struct parsing *parsing, struct search_ids *ids, struct text_span text)
{
	char copy[UUID_TEXT_LEN];
	ids->present = true;
	if (ids->count == SEARCH_VALUES_MAX) {
		refuse(parsing);
		return;
	}
	/* Any other text may be an id in FHIR; it just is none of ours, so nothing has it. */
	if (text.len != UUID_TEXT_LEN - 1) return;
	memcpy(copy, text.ptr, text.len);
	copy[text.len] = '\0';
	if (uuid_parse(copy, &ids->items[ids->count]) == 0) ids->count++;
}

/* "Claim/ID", "ID" or "BASE/fhir/Claim/ID". */
static void claim_add(struct parsing *parsing, struct text_span text)
{
	size_t base_len = parsing->base_url == NULL ? 0 : strlen(parsing->base_url);
	if (base_len > 0 && text_has_prefix(text, parsing->base_url)) {
		text = (struct text_span){text.ptr + base_len, text.len - base_len};
		if (text_has_prefix(text, "/fhir/")) text = (struct text_span){text.ptr + 6, text.len - 6};
	}
	if (text_has_prefix(text, "Claim/")) text = (struct text_span){text.ptr + 6, text.len - 6};
	id_add(parsing, &parsing->out->claims, text);
}

static void patient_add(struct parsing *parsing, struct text_span text)
{
	struct search_tokens *tokens = &parsing->out->patients;
	tokens->present = true;
	/* A relative reference means another patient in every document, so none was ever kept. */
	if (tokens->count == SEARCH_VALUES_MAX || memchr(text.ptr, ':', text.len) == NULL) {
		refuse(parsing);
		return;
	}
	tokens->items[tokens->count].system = "";
	tokens->items[tokens->count++].value = unescaped(parsing, text.ptr, text.len);
}

/* A code, with or without its system, which has one meaning here anyway. */
static void code_add(struct parsing *parsing, bool *has, uint32_t *given, struct text_span text)
{
	const char *bar = memchr(text.ptr, '|', text.len);
	if (bar != NULL) text = (struct text_span){bar + 1, text.len - (size_t)(bar + 1 - text.ptr)};
	*has = true;
	for (uint32_t i = 0; parsing->parameter->codes[i] != NULL; i++) {
		if (!text_is(text, parsing->parameter->codes[i])) continue;
		*given |= UINT32_C(1) << i;
		return;
	}
	refuse(parsing);
}

static void date_add(struct parsing *parsing, struct text_span text)
{
	struct search_request *out = parsing->out;
	if (out->date_count == SEARCH_DATES_MAX ||
		search_date_parse(text, parsing->offset_minutes, &out->dates[out->date_count]) < 0) {
		refuse(parsing);
		return;
	}
	out->dates[out->date_count].kind = (uint8_t)parsing->parameter->kind;
	out->dates[out->date_count++].group = parsing->groups;
}

static void sort_read(struct parsing *parsing, const char *value)
{
	bool ascending = value[0] != '-';
	const char *name = ascending ? value : value + 1;
	if (strcmp(name, "_id") != 0 &&
		!(strcmp(name, "_lastUpdated") == 0 && types[parsing->out->type].sorts_by_updated))
		refuse(parsing);
	parsing->out->is_ascending = ascending;
}

static void count_read(struct parsing *parsing, const char *value)
{
	unsigned max = types[parsing->out->type].count_max;
	int64_t count = 0;
	if (text_to_int64(text_of(value), &count) < 0 || count < 0) {
		refuse(parsing);
		return;
	}
	if (count == 0) fault_add(parsing->faults, FAULT_SEARCH_COUNT, "", NULL, NULL);
	parsing->out->count = count > (int64_t)max ? max : (unsigned)count;
}

static void value_add(struct parsing *parsing, struct text_span text, uint32_t *given, bool *has)
{
	struct search_request *out = parsing->out;
	switch (parsing->parameter->kind) {
	case SEARCH_BY_ID:
		id_add(parsing, &out->ids, text);
		break;
	case SEARCH_BY_IDENTIFIER:
		token_add(parsing, &out->identifiers, text);
		break;
	case SEARCH_BY_CLAIM:
		claim_add(parsing, text);
		break;
	case SEARCH_BY_CLAIM_IDENTIFIER:
		token_add(parsing, &out->claim_identifiers, text);
		break;
	case SEARCH_BY_PATIENT:
		patient_add(parsing, text);
		break;
	case SEARCH_BY_PATIENT_IDENTIFIER:
		token_add(parsing, &out->patients, text);
		break;
	case SEARCH_BY_STATUS:
	case SEARCH_BY_USE:
	case SEARCH_BY_OUTCOME:
		code_add(parsing, has, given, text);
		break;
	case SEARCH_BY_UPDATED:
	case SEARCH_BY_CREATED:
		date_add(parsing, text);
		break;
	case SEARCH_COUNT:
	case SEARCH_SORT:
	case SEARCH_FORMAT:
	case SEARCH_CURSOR:
		break;
	}
}

/* Where the codes of this parameter are kept; NULL for other kinds. */
static uint32_t *mask_of(struct search_request *request, enum search_kind kind, bool **ret_has)
{
	switch (kind) {
	case SEARCH_BY_STATUS:
		*ret_has = &request->has_status;
		return &request->status;
	case SEARCH_BY_USE:
		*ret_has = &request->has_use;
		return &request->use;
	case SEARCH_BY_OUTCOME:
		*ret_has = &request->has_outcome;
		return &request->outcome;
	default:
		*ret_has = NULL;
		return NULL;
	}
}

bool search_format_is_json(const char *value)
{
	/* A plus that was not escaped is a blank. */
	static const char *const names[] = {
		"json", "application/fhir+json", "application/json", "application/fhir json"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(value, names[i]) == 0) return true;
	return false;
}

static void parameter_read(struct parsing *parsing, const char *value)
{
	const struct search_parameter *parameter = parsing->parameter;
	switch (parameter->kind) {
	case SEARCH_COUNT:
		count_read(parsing, value);
		return;
	case SEARCH_SORT:
		sort_read(parsing, value);
		return;
	case SEARCH_FORMAT:
		if (!search_format_is_json(value)) refuse(parsing);
		return;
	case SEARCH_CURSOR:
		parsing->out->cursor = value;
		return;
	default:
		break;
	}
	bool *has = NULL;
	uint32_t given = 0, *mask = mask_of(parsing->out, parameter->kind, &has);
	struct text_span text;
	for (const char *p = value; value_next(&p, &text);) {
		if (text.len == 0)
			refuse(parsing);
		else
			value_add(parsing, text, &given, has);
	}
	parsing->groups++;
	/* A repeated parameter means both at once. */
	if (mask != NULL) *mask &= given;
}

/* Ids, identifiers and references narrow by one list; a second list would mean "both", which no resource is. */
static bool is_list(enum search_kind kind)
{
	return kind <= SEARCH_BY_PATIENT_IDENTIFIER;
}

int search_request_parse(enum search_type type, const struct http_param *params, size_t param_count, bool is_post,
	bool is_lenient, int offset_minutes, const char *base_url, struct zf_arena *arena, struct fault_list *faults,
	struct search_request *ret_request)
{
	struct search_request out = {
		.type = type, .count = SEARCH_COUNT_DEFAULT, .status = ~0u, .use = ~0u, .outcome = ~0u};
	struct parsing parsing = {
		.arena = arena, .faults = faults, .base_url = base_url, .offset_minutes = offset_minutes, .out = &out};
	uint32_t lists = 0;
	for (size_t i = 0; i < param_count; i++) {
		const struct search_parameter *parameter = search_parameter_find(type, params[i].name);
		if (parameter == NULL) {
			char name[FAULT_ARG_BYTES_MAX];
			/* A value may stand in for a name by mistake; only what looks like a name is said again. */
			size_t len = strspn(params[i].name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-.:");
			len = len < sizeof(name) - 1 ? len : sizeof(name) - 1;
			memcpy(name, params[i].name, len);
			name[len] = '\0';
			fault_add_as(faults, FAULT_SEARCH_PARAMETER, is_lenient ? FAULT_WARNING : FAULT_FAULT, "", name,
				NULL);
			continue;
		}
		parsing.parameter = parameter;
		enum search_kind kind =
			parameter->kind == SEARCH_BY_PATIENT_IDENTIFIER ? SEARCH_BY_PATIENT : parameter->kind;
		uint32_t bit = UINT32_C(1) << kind;
		if ((is_list(parameter->kind) && lists & bit) || (parameter->is_post_only && !is_post)) {
			refuse(&parsing);
			continue;
		}
		lists |= bit;
		parameter_read(&parsing, params[i].value);
	}
	if (out.count > types[type].count_max) out.count = types[type].count_max;
	*ret_request = out;
	return parsing.no_memory || faults->no_memory ? LIB_NOMEM : LIB_OK;
}

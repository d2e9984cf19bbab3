/* Rows into the matcher's index. */
#include "settle/match_know.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "db/keyhold.h"
#include "db/params.h"
#include "db/rows.h"
#include "lib/money.h"
#include "model/chart.h"
#include "model/contract.h"
#include "model/directory.h"
#include "settle/match_index.h"
#include "settle/match_text.h"
#include "settle/rate_rows.h"

#define NAME_BYTES_MAX 4096
#define PRINT_PRIME UINT64_C(0x100000001b3)

/* ---- contracts ---- */

static int contract_compare(const void *a, const void *b)
{
	const struct know_contract *x = a, *y = b;
	int by_id = memcmp(&x->id, &y->id, sizeof(x->id));

	if (by_id != 0) return by_id;
	if (x->version != y->version) return x->version < y->version ? -1 : 1;
	return strcmp(x->carrier, y->carrier);
}

/* The payer of that name, a new one if there is none. */
static uint32_t payer_of(struct match_know *know, struct match_payer *payers, const char *remitter)
{
	uint32_t at = 0;

	while (at < know->setting.payer_count && strcmp(know->remitters[at], remitter) != 0) at++;
	if (at == know->setting.payer_count) {
		know->remitters[at] = remitter;
		payers[at] = (struct match_payer){
			.settles = MATCH_SEVERAL, .claims_max = MATCH_CLAIMS_MAX, .advices_max = 2};
		know->setting.payer_count++;
	}
	return at;
}

/* Per cent in basis points, rounded down; at most what fits. */
static uint16_t basis_points(struct zf_decimal percent)
{
	int64_t points = percent.unscaled;

	if (!percent.present) return 0;
	for (uint8_t i = percent.scale; i < 2; i++) points *= 10;
	for (uint8_t i = percent.scale; i > 2; i--) points /= 10;
	return points > UINT16_MAX ? UINT16_MAX : (uint16_t)points;
}

/* Charges of the contract, then those that were seen more than once. */
static int usual_fill(struct match_know *know, const struct contract *contract, const char *carrier,
	const struct pg_result *seen, struct match_contract *made)
{
	size_t max = (contract != NULL ? contract->charge_count : 0) + (size_t)db_rows_count(seen);
	struct match_usual *usual = zf_alloc_array(&know->arena.zf, max + 1, sizeof(*usual));

	if (usual == NULL) return ERR_NOMEM;
	for (uint32_t i = 0; contract != NULL && i < contract->charge_count; i++)
		usual[made->usual_count++] = (struct match_usual){
			contract->charges[i].amount, contract->charges[i].times, contract->charges[i].route};
	for (int row = 0; row < db_rows_count(seen); row++) {
		struct zf_money kept;
		uint32_t times = (uint32_t)db_rows_int(seen, row, 4), k = 0;

		if (strcmp(db_rows_text(seen, row, 0), carrier) != 0 ||
			money_make(db_rows_int(seen, row, 3), text_of(db_rows_text(seen, row, 1)), &kept) != 0)
			continue;
		while (k < made->usual_count &&
			(!money_same_currency(usual[k].kept, kept) || usual[k].kept.minor != kept.minor))
			k++;
		if (k == made->usual_count) usual[made->usual_count++] = (struct match_usual){kept, 0, NULL};
		usual[k].times += times;
	}
	made->usual = usual;
	return 0;
}

static uint8_t rate_day(uint8_t day)
{
	return day == CONTRACT_DAY_ORDER ? MATCH_ORDER : day == CONTRACT_DAY_CREDIT ? MATCH_CREDIT : MATCH_FIXED;
}

/* The number of a bank, a new one if there is none. */
static uint16_t bank_of(struct match_know *know, const char *bank)
{
	uint16_t at = 0;

	while (at < know->bank_count && strcmp(know->banks[at], bank) != 0) at++;
	if (at == know->bank_count) know->banks[know->bank_count++] = bank;
	return (uint16_t)(at + 1);
}

static int terms_fill(struct match_know *know, const struct contract *contract, struct match_contract *made)
{
	const struct contract_rate *rate = &contract->payment_rate;
	struct zf_money *tolerances =
		zf_alloc_array(&know->arena.zf, contract->tolerance_count + 1, sizeof(*tolerances));

	if (tolerances == NULL) return ERR_NOMEM;
	memcpy(made->owed, contract->owed, sizeof(made->owed));
	memcpy(made->pay, contract->paid, sizeof(made->pay));
	made->rate_day = rate->given ? rate_day(rate->day) : MATCH_CREDIT;
	made->rule = contract->rounding;
	if (rate->given) {
		made->rate_source = rate->source;
		made->rate_bank = rate->bank != NULL ? bank_of(know, rate->bank) : 0;
		made->reach_days = (uint16_t)rate->reach_days;
		memcpy(made->pivot, rate->pivot, sizeof(made->pivot));
	}
	made->payer_bears = contract->bearer == CONTRACT_OUR;
	made->bound = basis_points(contract->rate_bound);
	made->bound_other = basis_points(contract->other_bound);
	if (contract->early.given) {
		made->discount = basis_points(contract->early.percent);
		made->discount_days = (uint16_t)contract->early.days;
		made->discount_business = contract->term_business;
		made->calendar = know->hospital->calendar;
	}
	for (uint32_t i = 0; i < contract->tolerance_count; i++) tolerances[i] = contract->tolerances[i].residual;
	made->tolerances = tolerances;
	made->tolerance_count = contract->tolerance_count;
	return 0;
}

/* What a carrier, or a group plan, owes without a contract: the bill, in its currency. */
static int plain_add(struct match_know *know, struct match_payer *payers, struct match_contract *made,
	const struct know_rows *rows, const char *carrier)
{
	struct know_contract *kept = &know->contracts[know->setting.contract_count];

	made = &made[know->setting.contract_count];
	made->payer = payer_of(know, payers, carrier);
	memcpy(made->owed, know->hospital->book_currency, sizeof(made->owed));
	memcpy(made->pay, know->hospital->book_currency, sizeof(made->pay));
	made->rate_day = MATCH_CREDIT;
	made->bound_other = 100;
	*kept = (struct know_contract){.carrier = carrier, .index = know->setting.contract_count++};
	return usual_fill(know, NULL, carrier, rows->charges, made);
}

/* How a payer settles, where its contracts say so. */
static void payer_terms(struct match_payer *payer, const struct contract *contract)
{
	static const uint8_t settles[] = {
		[CONTRACT_SINGLE] = MATCH_SINGLE, [CONTRACT_SEVERAL] = MATCH_SEVERAL, [CONTRACT_ADVICE] = MATCH_ADVICE};

	if (contract->settles == CONTRACT_ANY) return;
	payer->settles = settles[contract->settles];
	payer->claims_max = (uint8_t)contract->claims_max;
	payer->advices_max = (uint8_t)contract->advices_max;
}

static int contract_add(struct match_know *know, struct match_payer *payers, struct match_contract *made,
	const struct know_rows *rows, int row)
{
	const char *document;
	const char *remitter = zf_strdup(&know->arena.zf, db_rows_text(rows->contracts, row, 3));
	const char *carrier = zf_strdup(&know->arena.zf, db_rows_text(rows->contracts, row, 2));
	struct know_contract *kept = &know->contracts[know->setting.contract_count];
	struct contract_list list;
	struct fault_list faults;
	int r;

	if (remitter == NULL || carrier == NULL) return ERR_NOMEM;
	if (db_rows_null(rows->contracts, row, 0)) return plain_add(know, payers, made, rows, carrier);
	document = zf_strdup(&know->arena.zf, db_rows_text(rows->contracts, row, 4));
	if (document == NULL) return ERR_NOMEM;
	fault_list_init(&faults, &know->arena.zf, 0);
	r = contract_read(text_of(document), know->hospital->book_currency, &know->arena.zf, &faults, &list);
	if (r == ERR_NOMEM) return r;
	if (r != 0 || list.count != 1) {
		know->left_out++;
		return 0;
	}
	made = &made[know->setting.contract_count];
	made->payer = payer_of(know, payers, remitter);
	payer_terms(&payers[made->payer], &list.items[0]);
	r = terms_fill(know, &list.items[0], made);
	if (r == 0) r = usual_fill(know, &list.items[0], carrier, rows->charges, made);
	*kept = (struct know_contract){.id = db_rows_uuid(rows->contracts, row, 0),
		.version = (int32_t)db_rows_int(rows->contracts, row, 1),
		.carrier = carrier,
		.index = know->setting.contract_count++,
		.by_care = r == 0 && list.items[0].payment_rate.day == CONTRACT_DAY_SERVICE};
	return r;
}

/* Is it the code of a group plan? */
static bool plan_code(const struct pg_result *contracts, const char *code)
{
	for (int row = 0; row < db_rows_count(contracts); row++)
		if (db_rows_null(contracts, row, 0) && strcmp(db_rows_text(contracts, row, 3), code) == 0) return true;
	return false;
}

static int contracts_fill(struct match_know *know, const struct directory *directory, const struct know_rows *rows,
	struct match_payer *payers, struct match_contract *made)
{
	int r = 0;

	for (int row = 0; r == 0 && row < db_rows_count(rows->contracts); row++)
		r = contract_add(know, payers, made, rows, row);
	for (uint32_t i = 0; r == 0 && i < directory->insurer_count; i++)
		r = plain_add(know, payers, made, rows, directory->insurers[i]->code);
	for (uint32_t i = 0; r == 0 && i < know->setting.contract_count; i++)
		know->carriers[i] = know->contracts[i].carrier;
	if (r == 0) qsort(know->contracts, know->setting.contract_count, sizeof(*know->contracts), contract_compare);
	return r;
}

/* ---- payers ---- */

int match_payer_hash(const struct keyring *keyring, uint16_t version, const struct uuid *hospital, uint8_t kind,
	const char *text, uint8_t ret[LOOKUP_HASH_BYTES])
{
	char folded[MATCH_NAME_SIZE];

	if (match_name_fold(text, folded) == 0) return ERR_INVALID;
	const struct bytes parts[] = {{&kind, 1}, {(const uint8_t *)folded, strlen(folded)}};
	return lookup_hash(keyring, version, hospital, LOOKUP_PAYER, parts, ARRAY_LEN(parts), ret);
}

static const char *account_text(const uint8_t hash[LOOKUP_HASH_BYTES], struct zf_arena *arena)
{
	char *text = zf_alloc(arena, 2 * LOOKUP_HASH_BYTES + 1);

	for (size_t i = 0; text != NULL && i < LOOKUP_HASH_BYTES; i++) {
		text[2 * i] = "0123456789ABCDEF"[hash[i] >> 4];
		text[2 * i + 1] = "0123456789ABCDEF"[hash[i] & 15];
	}
	return text;
}

static int hash_compare(const void *a, const void *b)
{
	return memcmp(a, b, LOOKUP_HASH_BYTES);
}

int match_know_account(const struct match_know *know, const char *account, struct zf_arena *arena, const char **ret)
{
	uint16_t versions[64];
	uint8_t hash[LOOKUP_HASH_BYTES];
	size_t count = keyring_versions(know->keyring, KEY_LOOKUP, versions, ARRAY_LEN(versions));
	const void *found = NULL;

	*ret = NULL;
	if (account == NULL) return 0;
	for (size_t i = 0; found == NULL && i < count; i++) {
		if (match_payer_hash(know->keyring, versions[i], &know->hospital->id, 2, account, hash) != 0) return 0;
		if (know->account_count > 0)
			found = bsearch(
				hash, know->accounts, know->account_count, sizeof(*know->accounts), hash_compare);
	}
	if (found == NULL) return 0; /* nobody's */
	*ret = account_text(hash, arena);
	return *ret == NULL ? ERR_NOMEM : 0;
}

/* A learned name; NULL where it can't be opened. */
static const char *learned_name(struct match_know *know, const struct keyhold *hold, struct sealer *sealer,
	const struct pg_result *rows, int row)
{
	struct uuid id = db_rows_uuid(rows, row, 3);
	struct bytes plain;

	if (keyhold_open(hold, sealer, &know->hospital->id, &id, SEAL_FACT, db_rows_bytes(rows, row, 4), NAME_BYTES_MAX,
		    &know->arena, &plain) != 0)
		return NULL;
	return zf_strndup(&know->arena.zf, (const char *)plain.ptr, plain.len);
}

/* One payer's names and accounts: those of the configuration, then what was learned. */
static int payer_fill(struct match_know *know, const struct directory *directory, const struct keyhold *hold,
	struct sealer *sealer, const struct know_rows *all, struct match_payer *payer, const char *remitter)
{
	const struct pg_result *rows = all->payers;
	const struct insurer *insurer = directory_insurer(directory, remitter);
	size_t max = (size_t)db_rows_count(rows) + (insurer != NULL ? insurer->name_count : 0) + 1;
	const char **names = zf_alloc_array(&know->arena.zf, max, sizeof(*names));
	const char **accounts = zf_alloc_array(&know->arena.zf, max, sizeof(*accounts));

	if (names == NULL || accounts == NULL) return ERR_NOMEM;
	if (insurer != NULL || !plan_code(all->contracts, remitter)) /* a plan's code is no name */
		names[payer->name_count++] = insurer != NULL ? insurer->name : remitter;
	for (uint32_t i = 0; insurer != NULL && i < insurer->name_count; i++)
		names[payer->name_count++] = insurer->names[i];
	for (int row = 0; row < db_rows_count(rows); row++) {
		if (strcmp(db_rows_text(rows, row, 0), remitter) != 0) continue;
		if (db_rows_int(rows, row, 1) == 1) {
			const char *name = learned_name(know, hold, sealer, rows, row);

			if (name != NULL) names[payer->name_count++] = name;
			continue;
		}
		struct bytes hash = db_rows_bytes(rows, row, 2);
		const char *text = account_text(hash.ptr, &know->arena.zf);

		if (text == NULL) return ERR_NOMEM;
		accounts[payer->account_count++] = text;
		memcpy(know->accounts[know->account_count++], hash.ptr, LOOKUP_HASH_BYTES);
	}
	payer->names = names;
	payer->accounts = accounts;
	return 0;
}

static int payers_fill(struct match_know *know, const struct directory *directory, const struct keyhold *hold,
	struct sealer *sealer, const struct know_rows *rows, struct match_payer *payers)
{
	int r = 0;

	/* Who was heard of by advices settles by them, unless a contract says otherwise. */
	for (int row = 0; row < db_rows_count(rows->advisers); row++)
		for (uint32_t i = 0; i < know->setting.payer_count; i++)
			if (strcmp(know->remitters[i], db_rows_text(rows->advisers, row, 0)) == 0 &&
				payers[i].claims_max == MATCH_CLAIMS_MAX && payers[i].settles == MATCH_SEVERAL)
				payers[i].settles = MATCH_ADVICE;
	for (uint32_t i = 0; r == 0 && i < know->setting.payer_count; i++)
		r = payer_fill(know, directory, hold, sealer, rows, &payers[i], know->remitters[i]);
	if (know->account_count > 0) qsort(know->accounts, know->account_count, sizeof(*know->accounts), hash_compare);
	return r;
}

/* ---- all of it ---- */

/* What of the setting the claims in the index were taken in by. */
static uint64_t rows_print(uint64_t print, const struct pg_result *rows)
{
	for (int row = 0; row < db_rows_count(rows); row++)
		for (int column = 0; column < db_rows_columns(rows); column++) {
			struct bytes cell = db_rows_raw(rows, row, column);

			print = (print ^ cell.len) * PRINT_PRIME;
			for (size_t i = 0; i < cell.len; i++) print = (print ^ cell.ptr[i]) * PRINT_PRIME;
		}
	return print;
}

/* What of the chart lines may be that are for no claim, in its order. */
static int owns_fill(struct match_know *know)
{
	const struct chart *chart = know->hospital->chart;
	uint32_t count = chart != NULL ? chart->line_kind_count : 0;
	struct match_own *owns = zf_alloc_array(&know->arena.zf, count + 1, sizeof(*owns));

	if (owns == NULL) return ERR_NOMEM;
	for (uint32_t i = 0; i < count; i++)
		owns[i] = (struct match_own){.codes = chart->line_kinds[i].codes,
			.texts = chart->line_kinds[i].texts,
			.code_count = chart->line_kinds[i].code_count,
			.text_count = chart->line_kinds[i].text_count,
			.in = (chart->line_kinds[i].ways & CHART_IN) != 0,
			.out = (chart->line_kinds[i].ways & CHART_OUT) != 0};
	know->setting.owns = owns;
	know->setting.own_count = count;
	return 0;
}

/* The setting, in the arena; no index. */
static int setting_fill(struct match_know *know, const struct directory *directory, const struct keyhold *hold,
	struct sealer *sealer, const struct know_rows *rows, int32_t today)
{
	const struct hospital *hospital = know->hospital;
	size_t contracts = (size_t)db_rows_count(rows->contracts) + directory->insurer_count + 1;
	struct match_payer *payers = zf_alloc_array(&know->arena.zf, contracts, sizeof(*payers));
	struct match_contract *made = zf_alloc_array(&know->arena.zf, contracts, sizeof(*made));
	int r;

	know->contracts = zf_alloc_array(&know->arena.zf, contracts, sizeof(*know->contracts));
	know->remitters = zf_alloc_array(&know->arena.zf, contracts, sizeof(*know->remitters));
	know->carriers = zf_alloc_array(&know->arena.zf, contracts, sizeof(*know->carriers));
	know->accounts =
		zf_alloc_array(&know->arena.zf, (size_t)db_rows_count(rows->payers) + 1, sizeof(*know->accounts));
	know->banks = zf_alloc_array(&know->arena.zf, contracts, sizeof(*know->banks));
	know->bank_count = 0;
	if (payers == NULL || made == NULL || know->contracts == NULL || know->remitters == NULL ||
		know->carriers == NULL || know->accounts == NULL || know->banks == NULL)
		return ERR_NOMEM;
	know->setting = (struct match_setting){.payers = payers,
		.contracts = made,
		.booked = book_rates_of(hospital, today),
		.certain = hospital->match_certain,
		.forms = &know->forms};
	memcpy(know->setting.book, hospital->book_currency, sizeof(know->setting.book));
	r = owns_fill(know);
	if (r == 0) r = contracts_fill(know, directory, rows, payers, made);
	if (r == 0) r = payers_fill(know, directory, hold, sealer, rows, payers);
	if (r == 0)
		r = rate_rows_read_boards(rows->rates, know->banks, know->bank_count, &know->arena.zf, &know->rates);
	if (r == 0) know->setting.rates = know->rates.table;
	return r;
}

int match_know_begin(struct match_know *know, const struct hospital *hospital, const struct directory *directory,
	const struct keyring *keyring, const struct keyhold *hold, struct sealer *sealer, const struct know_rows *rows)
{
	int32_t today = (int32_t)zone_day(hospital->zone, clock_wall_ms());
	uint64_t print = rows_print(rows_print((uint64_t)today + 1, rows->contracts), rows->rates);
	struct arena old;
	int r;

	if (know->index == NULL || know->print != print || know->broken) {
		match_know_free(know);
		arena_init(&know->lasting, KNOW_BYTES_MAX);
	}
	know->print = print;
	know->hospital = hospital;
	match_forms_read(&know->forms, db_rows_text(rows->forms, 0, 0));
	know->keyring = keyring;
	know->account_count = 0;
	old = know->arena;
	arena_init(&know->arena, KNOW_BYTES_MAX);
	r = setting_fill(know, directory, hold, sealer, rows, today);
	if (r == 0)
		r = know->index == NULL ? match_index_new(&know->setting, &know->index)
					: match_index_renew(know->index, &know->setting);
	arena_free(&old);
	return r;
}

void match_know_free(struct match_know *know)
{
	if (know->index != NULL) match_index_free(know->index);
	match_order_free(&know->ids);
	mem_free(know->claims);
	mem_free(know->advices);
	mem_free(know->credits);
	mem_free(know->again);
	arena_free(&know->arena);
	arena_free(&know->lasting);
	*know = (struct match_know){.hospital = NULL};
}

void match_know_loaded(struct match_know *know, int64_t mark)
{
	uint32_t count = know->own_count;

	know->loaded = true;
	know->mark = mark;
	know->again_count = know->own_count = 0;
	for (uint32_t i = 0; i < count; i++)
		if (know->own[i] >= mark) match_know_own(know, know->own[i]);
}

void match_know_own(struct match_know *know, int64_t transaction)
{
	if (know->own_count < KNOW_OWN_MAX) know->own[know->own_count++] = transaction;
}

void match_know_own_put(const struct match_know *know, struct db_params *params)
{
	struct db_array *own = db_params_array(params, DB_INT8, know->own_count, 0);

	for (uint32_t i = 0; i < know->own_count; i++) db_array_int8(own, know->own[i]);
}

/* ---- ids ---- */

static struct match_key id_key(const struct uuid *id, int32_t part)
{
	struct match_key key = {0, 0};

	for (int i = 0; i < 8; i++) {
		key.hi = key.hi << 8 | id->b[i];
		key.lo = key.lo << 8 | id->b[8 + i];
	}
	key.lo ^= (uint64_t)(uint32_t)part * UINT64_C(0x9e3779b97f4a7c15);
	return key;
}

/* Is it that one, and not another of the same key? */
static bool id_of(const struct match_know *know, const struct match_entry *entry, const struct uuid *id, int32_t part)
{
	switch ((enum know_kind)entry->kind) {
	case KNOW_CLAIM:
		return uuid_equal(&know->claims[entry->value].id, id);
	case KNOW_ADVICE:
		return uuid_equal(&know->advices[entry->value].id, id);
	case KNOW_CREDIT:
		return uuid_equal(&know->credits[entry->value].line, id) && know->credits[entry->value].part == part;
	}
	return false;
}

uint32_t match_know_find(const struct match_know *know, const struct uuid *id, int32_t part, enum know_kind kind)
{
	struct match_key key = id_key(id, part);
	struct match_walk walk = match_order_range(&know->ids, key, key);
	const struct match_entry *entry;
	uint32_t found = MATCH_NONE;

	/* of an advice that came again the last counts */
	while ((entry = match_walk_next(&walk)) != NULL)
		if (entry->kind == kind && id_of(know, entry, id, part)) found = entry->value;
	return found;
}

int match_know_enter(struct match_know *know, const struct uuid *id, int32_t part, enum know_kind kind, uint32_t number)
{
	int r = match_order_add(&know->ids, id_key(id, part), number, kind);

	return r == 0 ? match_order_settle(&know->ids) : r;
}

uint32_t match_know_claim(const struct match_know *know, const struct uuid *id)
{
	return match_know_find(know, id, 0, KNOW_CLAIM);
}

int match_know_credit(struct match_know *know, const struct uuid *line, int32_t part, uint32_t *ret)
{
	uint32_t number = match_know_find(know, line, part, KNOW_CREDIT);

	if (number == MATCH_NONE) {
		if (match_grow((void **)&know->credits, know->credit_count, &know->credit_cap,
			    sizeof(*know->credits)) != 0)
			return ERR_NOMEM;
		number = know->credit_count;
		know->credits[know->credit_count++] = (struct know_credit){*line, part};
		if (match_know_enter(know, line, part, KNOW_CREDIT, number) != 0) return ERR_NOMEM;
	}
	*ret = number;
	return 0;
}

/* ---- claims ---- */

static const struct know_contract *contract_of(const struct match_know *know, const struct pg_result *rows, int row)
{
	struct know_contract key = {.carrier = db_rows_text(rows, row, 5)};
	size_t low = 0, high = know->setting.contract_count;

	if (!db_rows_null(rows, row, 6)) {
		key.id = db_rows_uuid(rows, row, 6);
		key.version = (int32_t)db_rows_int(rows, row, 7);
	}
	while (low < high) {
		size_t mid = (low + high) / 2;
		int order = contract_compare(&key, &know->contracts[mid]);

		if (order == 0) return &know->contracts[mid];
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

static int claims_grow(struct match_know *know)
{
	uint32_t cap = know->claim_cap == 0 ? 4096 : 2 * know->claim_cap;
	struct know_claim *grown = mem_realloc(know->claims, cap * sizeof(*grown));

	if (grown == NULL) return ERR_NOMEM;
	know->claims = grown;
	know->claim_cap = cap;
	return 0;
}

/* False: it can't be matched. */
static bool claim_read(const struct match_know *know, const struct pg_result *rows, int row, struct match_claim *ret)
{
	const struct know_contract *contract = contract_of(know, rows, row);
	struct text_span currency = text_of(db_rows_text(rows, row, 8));

	*ret = (struct match_claim){
		.numbers = {db_rows_text(rows, row, 2), db_rows_text(rows, row, 3), db_rows_text(rows, row, 4)},
		.billed_day = db_rows_date(rows, row, 13),
		.of_plan = db_rows_bool(rows, row, 16)};
	ret->due_day = db_rows_null(rows, row, 14) ? ret->billed_day : db_rows_date(rows, row, 14);
	if (contract == NULL || db_rows_int(rows, row, 10) == 0 ||
		money_make(db_rows_int(rows, row, 10), currency, &ret->made.owed) != 0 ||
		money_make(db_rows_int(rows, row, 11), currency, &ret->open) != 0 ||
		money_make(db_rows_int(rows, row, 12), text_of(know->setting.book), &ret->made.book) != 0)
		return false;
	ret->contract = contract->index;
	if (contract->by_care && !db_rows_null(rows, row, 15)) ret->fixing_day = db_rows_date(rows, row, 15);
	return true;
}

static void claim_keep(struct know_claim *kept, const struct match_claim *claim, const struct pg_result *rows, int row)
{
	*kept = (struct know_claim){.id = db_rows_uuid(rows, row, 0),
		.version = (int32_t)db_rows_int(rows, row, 1),
		.touched = kept->touched,
		.exponent = (uint8_t)db_rows_int(rows, row, 9)};
	memcpy(kept->owed, claim->open.currency, sizeof(kept->owed));
	if (claim->numbers[0] != NULL && strlen(claim->numbers[0]) < sizeof(kept->ref))
		memcpy(kept->ref, claim->numbers[0], strlen(claim->numbers[0]) + 1);
}

/* One that is known already. */
static int claim_change(struct match_know *know, uint32_t number, const struct pg_result *rows, int row)
{
	struct match_claim claim;
	int r = claim_read(know, rows, row, &claim) ? match_index_change(know->index, number, &claim) : ERR_INVALID;

	if (r == ERR_NOMEM) return r;
	if (r != 0)
		know->broken = true; /* it was one that can be matched */
	else
		claim_keep(&know->claims[number], &claim, rows, row);
	return 0;
}

static int claim_add(struct match_know *know, const struct pg_result *rows, int row)
{
	struct uuid id = db_rows_uuid(rows, row, 0);
	struct match_claim claim;
	uint32_t number;
	int r;

	if (memcmp(&id, &know->last_claim, sizeof(id)) > 0) know->last_claim = id;
	number = know->loaded ? match_know_claim(know, &id) : MATCH_NONE;
	if (number != MATCH_NONE) return claim_change(know, number, rows, row);
	if (know->claim_count >= KNOW_CLAIMS_MAX || !claim_read(know, rows, row, &claim)) {
		know->left_out++;
		return 0;
	}
	if (know->claim_count == know->claim_cap && claims_grow(know) != 0) return ERR_NOMEM;
	r = match_index_add(know->index, &claim, &number);
	if (r == ERR_INVALID) know->left_out++;
	if (r != 0) return r == ERR_INVALID ? 0 : r;
	assert(number == know->claim_count);
	know->claims[number].touched = 0;
	claim_keep(&know->claims[know->claim_count++], &claim, rows, row);
	/* many are brought into order together */
	return know->loaded ? match_know_enter(know, &id, 0, KNOW_CLAIM, number)
			    : match_order_add(&know->ids, id_key(&id, 0), number, KNOW_CLAIM);
}

int match_know_claims(struct match_know *know, const struct pg_result *rows)
{
	int r = 0;

	for (int row = 0; r == 0 && row < db_rows_count(rows); row++) r = claim_add(know, rows, row);
	if (r == 0 && know->loaded) r = match_index_settle(know->index);
	return r == 0 ? match_order_settle(&know->ids) : r;
}

/* Rows of the ledger to what a close posts. */
#include "settle/month_end.h"

#include <string.h>

#include "db/rows.h"
#include "lib/arena.h"
#include "model/directory.h"
#include "settle/book_rate.h"
#include "settle/rate_rows.h"

enum { I_KIND, I_ACCOUNT, I_CLAIM, I_LINE, I_CURRENCY, I_EXPONENT, I_AMOUNT, I_CARRIED };
enum { A_CLAIM, A_BILLED, A_CARRIED, A_PROVIDED };

/* ---- rates ---- */

/* The closing rates of currencies that were asked for. Few: there are as many as there are bank accounts. */
struct closing {
	char currency[4];
	bool found;
	struct rate_path path;
};

struct closings {
	struct closing *rows;
	size_t count;
};

static int price_keep(struct month_end *end, const struct closing *closing)
{
	json_t *steps = json_array();

	for (uint8_t i = 0; i < closing->path.count; i++) {
		const struct rate_step *step = &closing->path.steps[i];
		char id[UUID_TEXT_LEN];

		uuid_format(rate_rows_id(end->rates, &step->rate), id);
		(void)json_array_append_new(steps, json_pack("[sb]", id, step->direction == MONEY_TARGET_PER_SOURCE));
	}
	return json_object_set_new(end->prices, closing->currency, steps) == 0 ? 0 : ERR_NOMEM;
}

/* One of a currency that was not asked for before. */
static int closing_add(struct month_end *end, struct closings *closings, const char currency[4])
{
	const struct hospital *hospital = end->hospital;
	struct closing *rows = zf_alloc_array(end->arena, closings->count + 1, sizeof(*rows));
	struct rate_gap gaps[RATE_SOURCE_COUNT];
	struct closing *added;

	if (rows == NULL) return ERR_NOMEM;
	if (closings->count > 0) memcpy(rows, closings->rows, closings->count * sizeof(*rows));
	closings->rows = rows;
	added = &rows[closings->count++];
	memcpy(added->currency, currency, 3);
	added->found = book_rate_find(hospital, &end->rates->table, added->currency, hospital->book_currency,
			       end->last_day, end->today, &added->path, gaps) == 0;
	if (added->found) return price_keep(end, added);
	for (uint32_t i = 0; i < hospital->rate_source_count; i++) rate_gap_fault(end->faults, "", &gaps[i]);
	return 0;
}

/* NULL path: there is none. */
static int closing_path(
	struct month_end *end, struct closings *closings, const char currency[4], const struct rate_path **ret_path)
{
	for (;;) {
		for (size_t i = 0; i < closings->count; i++) {
			if (strcmp(closings->rows[i].currency, currency) != 0) continue;
			*ret_path = closings->rows[i].found ? &closings->rows[i].path : NULL;
			return 0;
		}
		int r = closing_add(end, closings, currency);

		if (r < 0) return r;
	}
}

/* ---- revaluation ---- */

static struct zf_money book_money(const struct month_end *end, int64_t minor)
{
	struct zf_money money = {.present = 0};

	(void)!money_make(minor, text_of(end->hospital->book_currency), &money);
	return money;
}

static int item_read(const struct month_end *end, const struct pg_result *rows, int row, struct month_item *item)
{
	struct zf_money *amount = &item->item.amount;

	item->account = zf_strdup(end->arena, db_rows_text(rows, row, I_ACCOUNT));
	item->has_claim = !db_rows_null(rows, row, I_CLAIM);
	if (item->has_claim) item->claim = db_rows_uuid(rows, row, I_CLAIM);
	item->has_line = !db_rows_null(rows, row, I_LINE);
	if (item->has_line) item->line = db_rows_uuid(rows, row, I_LINE);
	item->item.kind = (uint8_t)db_rows_int(rows, row, I_KIND);
	memcpy(amount->currency, db_rows_text(rows, row, I_CURRENCY), 3);
	amount->exponent = (uint8_t)db_rows_int(rows, row, I_EXPONENT);
	amount->minor = db_rows_int(rows, row, I_AMOUNT);
	amount->present = 1;
	item->item.carried = book_money(end, db_rows_int(rows, row, I_CARRIED));
	return item->account == NULL ? ERR_NOMEM : 0;
}

int month_end_revalue(struct month_end *end, const struct pg_result *rows)
{
	size_t count = (size_t)db_rows_count(rows);
	struct closings closings = {NULL, 0};
	bool missing = false;

	end->prices = json_object();
	end->items = zf_alloc_array(end->arena, count + 1, sizeof(*end->items));
	if (end->items == NULL) return ERR_NOMEM;
	for (size_t i = 0; i < count; i++) {
		struct month_item *item = &end->items[i];
		const struct rate_path *path = NULL;
		int r = item_read(end, rows, (int)i, item);

		if (r == 0) r = closing_path(end, &closings, item->item.amount.currency, &path);
		if (r == 0 && path == NULL) {
			missing = true;
			continue;
		}
		if (r == 0)
			r = revaluation_make(
				&item->item, path, end->hospital->revaluation_reverts, BOOK_RATE_ROUNDING, &item->made);
		if (r < 0) return r;
	}
	end->item_count = count;
	return missing ? ERR_NOTFOUND : 0;
}

/* ---- provision ---- */

int month_end_provide(struct month_end *end, const struct pg_result *rows)
{
	const struct hospital *hospital = end->hospital;
	size_t count = (size_t)db_rows_count(rows);
	size_t next = 0; /* item: both are in the order of their claims */

	end->provisions = zf_alloc_array(end->arena, count + 1, sizeof(*end->provisions));
	if (end->provisions == NULL) return ERR_NOMEM;
	for (size_t i = 0; i < count; i++) {
		struct month_provision *made = &end->provisions[end->provision_count];
		struct uuid claim = db_rows_uuid(rows, (int)i, A_CLAIM);
		int32_t age = end->last_day - db_rows_date(rows, (int)i, A_BILLED);
		int r = 0;

		*made = (struct month_provision){.claim = claim, .age_days = age};
		made->base = book_money(end, db_rows_int(rows, (int)i, A_CARRIED));
		made->before = book_money(end, db_rows_int(rows, (int)i, A_PROVIDED));
		made->after = book_money(end, 0);
		while (next < end->item_count && end->items[next].has_claim &&
			memcmp(&end->items[next].claim, &claim, sizeof(claim)) < 0)
			next++;
		for (; r == 0 && next < end->item_count && end->items[next].has_claim &&
			uuid_equal(&end->items[next].claim, &claim);
			next++)
			if (end->items[next].item.kind == REVALUE_RECEIVABLE)
				r = money_add(made->base, end->items[next].made.difference, &made->base);
		if (r == 0 && made->base.minor > 0 && age > 0) {
			made->basis_points = provision_share(
				(uint32_t)age, hospital->provision_bands, hospital->provision_band_count);
			r = provision_make(made->base, (uint32_t)age, hospital->provision_bands,
				hospital->provision_band_count, BOOK_RATE_ROUNDING, &made->after);
		}
		if (r < 0) return r;
		if (made->after.minor != made->before.minor) end->provision_count++;
	}
	return 0;
}

/* ---- for the database ---- */

/* Takes the value. */
static const char *dumped(const struct month_end *end, json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT);
	const char *kept = text == NULL ? NULL : zf_strdup(end->arena, text);

	json_decref(value);
	free(text);
	return kept;
}

static json_t *json_uuid(bool is, const struct uuid *uuid)
{
	char text[UUID_TEXT_LEN];

	if (!is) return json_null();
	uuid_format(uuid, text);
	return json_string(text);
}

const char *month_end_rates_json(const struct month_end *end)
{
	return dumped(end, json_incref(end->prices));
}

const char *month_end_items_json(const struct month_end *end)
{
	json_t *list = json_array();

	for (size_t i = 0; i < end->item_count; i++) {
		const struct month_item *item = &end->items[i];

		(void)json_array_append_new(
			list, json_pack("{s:s, s:o, s:o, s:s, s:I}", "account", item->account, "claim",
				      json_uuid(item->has_claim, &item->claim), "line",
				      json_uuid(item->has_line, &item->line), "currency", item->item.amount.currency,
				      "closing", (json_int_t)item->made.closing.minor));
	}
	return dumped(end, list);
}

const char *month_end_provisions_json(const struct month_end *end)
{
	json_t *list = json_array();

	for (size_t i = 0; i < end->provision_count; i++) {
		const struct month_provision *made = &end->provisions[i];

		(void)json_array_append_new(
			list, json_pack("{s:o, s:I, s:i, s:i, s:I}", "claim", json_uuid(true, &made->claim), "base",
				      (json_int_t)made->base.minor, "age", (int)made->age_days, "share",
				      (int)made->basis_points, "minor", (json_int_t)made->after.minor));
	}
	return dumped(end, list);
}

void month_end_free(struct month_end *end)
{
	json_decref(end->prices);
	end->prices = NULL;
}

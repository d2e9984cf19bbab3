/* Pages of rows, and sums. */
#include "ctl/money_list.h"

#include <string.h>

#include "db/sync.h"
#include "lib/date.h"
#include "model/directory.h"

#define PAGE_ROWS 10000 /* as many as the database gives at a time */
#define DIGITS(number) #number
#define FETCH(rows) "FETCH " DIGITS(rows) " FROM list"

struct cell cell_date(const struct pg_result *rows, int row, int column)
{
	return db_rows_null(rows, row, column) ? cell_none() : cell_day(db_rows_date(rows, row, column));
}

struct cell money_standing(const struct ctl *ctl, int64_t standing)
{
	static const char *const names[] = {"?", "open", "settled", "denied", "disputed"};
	static const char *const chinese[] = {"?", "未结", "已结", "拒赔", "争议"};
	size_t i = standing > 0 && standing < (int64_t)ARRAY_LEN(names) ? (size_t)standing : 0;

	return cell_word(say(ctl, names[i], chinese[i]), names[i]);
}

void money_sum_add(struct money_sums *sums, int64_t items, int64_t minor, const char *currency, int exponent)
{
	size_t i = 0;

	while (i < sums->count && strcmp(sums->items[i].currency, currency) != 0) i++;
	if (i == MONEY_CURRENCIES_MAX) return; /* more than a hospital ever had: the rows are there */
	if (i == sums->count) {
		sums->items[i] = (struct money_sum){.exponent = exponent};
		(void)snprintf(sums->items[i].currency, sizeof(sums->items[i].currency), "%s", currency);
		sums->count++;
	}
	sums->items[i].items += items;
	if (__builtin_add_overflow(sums->items[i].minor, minor, &sums->items[i].minor)) sums->items[i].overflow = true;
}

void money_sums_show(const struct money_sums *sums, struct report *report)
{
	static const struct column english[] = {{"items", "items"}, {"total", "total"}};
	static const struct column chinese[] = {{"items", "笔数"}, {"total", "合计"}};
	struct table table;

	if (report->ctl->csv) return;
	table_begin(&table, report->ctl->chinese ? chinese : english, 2);
	for (size_t i = 0; i < sums->count; i++) {
		const struct money_sum *sum = &sums->items[i];

		table_add(&table, cell_int(sum->items));
		table_add(&table, sum->overflow ? cell_none() : cell_money(sum->minor, sum->currency, sum->exponent));
	}
	table_end(&table, report, "totals", sums->count > 0 ? "" : NULL, NULL);
}

void money_table_begin(const struct ctl *ctl, const struct money_column *columns, size_t count,
	struct column ret_titles[TABLE_COLUMNS_MAX], struct table *ret_table)
{
	assert(count <= TABLE_COLUMNS_MAX);
	for (size_t i = 0; i < count; i++)
		ret_titles[i] = (struct column){columns[i].key, ctl->chinese ? columns[i].chinese : columns[i].english};
	table_begin(ret_table, ret_titles, count);
	for (size_t i = 0; i < count; i++) ret_table->money[i] = columns[i].money;
}

const char *money_day_text(int32_t day, char text[16])
{
	char whole[DATE_TEXT_SIZE];

	if (day == INT32_MIN) return NULL;
	(void)date_format_day(day, whole);
	(void)snprintf(text, 16, "%.10s", whole);
	return text;
}

int money_hospital(const struct ctl *ctl, const char *code)
{
	/* a pass is of one hospital */
	return (code != NULL || ctl->pass != NULL) && ctl_hospital(ctl, code) == NULL ? 2 : 0;
}

int money_read_begin(struct ctl *ctl, const struct hospital *hospital, const char *report)
{
	struct pg_result *rows = NULL;
	bool may = false;
	int r = 0;

	if (ctl->pass != NULL) {
		/* a transaction of its own: one that is rolled back would leave no trace */
		r = ctl_query(ctl, &rows, "SELECT inspector_look($1, $2, $3, $4)", "uttt", &hospital->id, ctl->pass,
			report, ctl->asked);
		if (r == 0) may = db_rows_bool(rows, 0, 0);
		db_sync_rows_free(rows);
		if (r == 0 && !may)
			r = err_set(ERR_DENIED, "hospital %s knows no such pass, or its time is over", hospital->code);
	}
	return r == 0 ? ctl_begin(ctl, &hospital->id, false) : r;
}

/* Where the next page begins. */
struct place {
	bool first;
	struct uuid after;
	int32_t after_day;
};

static int page_read(struct ctl *ctl, const struct money_list *list, const struct money_filter *filter,
	const struct hospital *hospital, struct place *place, int64_t limit, struct pg_result **ret_rows)
{
	int r = 0;

	if (list->open != NULL) {
		if (place->first) r = list->open(ctl, hospital, filter);
		if (r == 0) r = ctl_query(ctl, ret_rows, FETCH(PAGE_ROWS), "");
	} else {
		r = list->ask(
			ctl, hospital, filter, place->after_day, place->first ? NULL : &place->after, limit, ret_rows);
		if (r == 0 && db_rows_count(*ret_rows) > 0) {
			place->after = db_rows_uuid(*ret_rows, db_rows_count(*ret_rows) - 1, list->id_column);
			place->after_day = db_rows_date(*ret_rows, db_rows_count(*ret_rows) - 1, list->day_column);
		}
	}
	place->first = false;
	return r;
}

/* All pages of one hospital, `left` rows at most. */
static int hospital_list(struct ctl *ctl, const struct money_list *list, const struct money_filter *filter,
	const struct hospital *hospital, int64_t *left, struct report *report, struct table *table,
	struct money_sums *sums)
{
	struct place place = {.first = true};
	bool more = true;
	int r = money_read_begin(ctl, hospital, filter->list != NULL ? filter->list : list->report);

	while (r == 0 && more && *left > 0) {
		int64_t limit = *left < PAGE_ROWS ? *left : PAGE_ROWS;
		struct pg_result *rows = NULL;

		r = page_read(ctl, list, filter, hospital, &place, limit, &rows);
		more = r == 0 && db_rows_count(rows) >= limit;
		for (int row = 0; r == 0 && row < limit && row < db_rows_count(rows); row++, --*left) {
			table_add(table, cell_text(hospital->code));
			list->row(ctl, hospital, rows, row, table, sums);
		}
		table_flush(table, report);
		db_sync_rows_free(rows);
	}
	if (r == 0) return ctl_commit(ctl);
	ctl_rollback(ctl);
	return r;
}

int money_list_run(struct ctl *ctl, const struct money_list *list, const struct money_filter *filter)
{
	int64_t left = filter->limit > 0 ? filter->limit : ctl->csv ? INT64_MAX : MONEY_LIST_MAX;
	struct column titles[TABLE_COLUMNS_MAX];
	struct money_sums sums = {.count = 0};
	const struct hospital *hospital;
	struct report report;
	struct table table;
	uint32_t index = 0;
	bool cut;
	int r = 0;

	if (money_hospital(ctl, filter->hospital) != 0) return 2;
	report_begin(&report, ctl);
	money_table_begin(ctl, list->columns, list->column_count, titles, &table);
	while (r == 0 && left > 0 && (hospital = ctl_hospital_next(ctl, filter->hospital, &index)) != NULL)
		r = hospital_list(ctl, list, filter, hospital, &left, &report, &table, &sums);
	cut = left == 0;
	if (r < 0) {
		table_drop(&table);
		json_decref(report.root);
		return ctl_fail("could not read the list");
	}
	table_end(&table, &report, list->key, NULL, say(ctl, list->empty, list->empty_zh));
	money_sums_show(&sums, &report);
	report_field(&report, "cut", NULL, cell_bool(cut));
	if (cut && ctl_notes(ctl))
		(void)fprintf(stderr, "%s\n",
			say(ctl, "there may be more: only these are listed and summed up; --csv lists all",
				"可能还有更多:仅列示并合计以上各行;--csv 可列出全部"));
	if (sums.remark) report_heading(&report, say(ctl, list->remark, list->remark_zh));
	return report_end(&report, 0);
}

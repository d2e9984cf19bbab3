/* zhifuctl money rate set, correct, approve and refuse: a rate that one person types in and another decides on. */
#include <string.h>

#include "ctl/rate_desk.h"
#include "db/sync.h"
#include "lib/date.h"
#include "model/directory.h"
#include "model/rate_entry.h"
#include "settle/book_rate.h"

/* ---- the first person ---- */

static bool has_far(const struct fault_list *faults)
{
	for (uint32_t i = 0; i < faults->count; i++)
		if (faults->items[i].code == FAULT_RATE_FAR) return true;
	return false;
}

/* The known rate of the same day, typed in, with the same value; NULL: there is none. */
static const struct rate *same_known(const struct rate_desk *desk, const struct rate *rate)
{
	struct rate_query query = {.source = RATE_MANUAL, .day = rate->day};
	const struct rate *known;
	struct rate_gap gap;

	memcpy(query.from, rate->base, sizeof(query.from));
	memcpy(query.to, rate->quote, sizeof(query.to));
	if (rate_find(&desk->known.rates.table, &query, &known, &gap) != 0) return NULL;
	return rate_compare(known, rate) == 0 ? known : NULL;
}

/* Hospitals whose books take a published rate on that day all the same, since its source comes first; the first of them
 * and its rate. */
static int64_t overruled(const struct rate_desk *desk, const struct rate *rate, const struct hospital **ret_hospital,
	struct rate *ret_rate)
{
	const struct hospital *hospital;
	uint32_t index = 0;
	int64_t count = 0;

	while ((hospital = ctl_hospital_next(desk->ctl, NULL, &index)) != NULL) {
		const uint8_t *sources = hospital->rate_sources;
		const uint8_t *manual = memchr(sources, RATE_MANUAL, hospital->rate_source_count);
		struct rate_gap gaps[RATE_SOURCE_COUNT];
		struct rate_path path;

		if (strcmp(hospital->book_currency, rate->base) != 0 &&
			strcmp(hospital->book_currency, rate->quote) != 0)
			continue;
		/* of the very day: what is older counts only where that has none */
		if (book_rate_find(hospital, &desk->known.rates.table, rate->base, rate->quote, rate->day, rate->day,
			    &path, gaps) != 0)
			continue;
		if (manual == NULL || memchr(sources, path.steps[0].rate.source, (size_t)(manual - sources)) == NULL)
			continue;
		if (count++ > 0) continue;
		*ret_hospital = hospital;
		*ret_rate = path.steps[0].rate;
	}
	return count;
}

static void overruled_say(const struct rate_desk *desk, const struct rate *rate, struct report *report)
{
	const struct ctl *ctl = desk->ctl;
	const struct hospital *hospital = NULL;
	struct rate first;
	char text[RATE_TEXT_SIZE];
	char day[DATE_TEXT_SIZE];
	int64_t count = overruled(desk, rate, &hospital, &first);

	report_field(report, "overruled", NULL, cell_int(count));
	if (count == 0 || !ctl_notes(ctl)) return;
	rate_format(&first, text);
	(void)date_format_day(first.day, day);
	if (ctl->chinese)
		(void)fprintf(stderr, "注意:按 rate_sources 的顺序,%s 等 %lld 家医院当日仍用 %s 的 %s(%s)。\n",
			hospital->code, (long long)count, rate_source_name(first.source), text, day);
	else
		(void)fprintf(stderr,
			"note: %s and %lld more hospitals go on taking %s of %s (%s) on that day, which comes first in "
			"rate_sources.\n",
			hospital->code, (long long)count - 1, text, rate_source_name(first.source), day);
}

/* id: of the row; waits: for a second person, who is told what to run. */
static int set_say(struct rate_desk *desk, const struct rate *rate, const struct uuid *id, bool waits)
{
	const struct ctl *ctl = desk->ctl;
	struct report report;
	char text[UUID_TEXT_LEN];
	char next[160];

	uuid_format(id, text);
	(void)snprintf(next, sizeof(next), "zhifuctl money rate approve %s --why TEXT%s", text,
		has_far(&desk->faults) ? " --far" : "");

	report_begin(&report, ctl);
	report_field(&report, "id", say(ctl, "id", "编号"), cell_uuid(id));
	report_field(&report, "rate", say(ctl, "rate", "汇率"), cell_rate(rate));
	report_field(&report, "day", say(ctl, "day", "日期"), cell_day(rate->day));
	report_field(&report, "status", say(ctl, "status", "状态"),
		waits ? cell_word(say(ctl, "waits for a second person, who runs", "待他人复核,由其运行"), "waits")
		      : cell_word(say(ctl, "in force already, nothing is new", "已生效,无变化"), "known"));
	report_field(&report, "approve", waits ? "" : NULL, waits ? cell_text(next) : cell_none());
	overruled_say(desk, rate, &report);
	report_faults(&report, NULL, &desk->faults, &desk->arena.zf);
	return report_end(&report, 0);
}

static int refused_say(struct rate_desk *desk, const char *hint)
{
	struct report report;

	report_begin(&report, desk->ctl);
	report_faults(&report, NULL, &desk->faults, &desk->arena.zf);
	if (ctl_notes(desk->ctl)) (void)fprintf(stderr, "zhifuctl: %s\n", hint);
	return report_end(&report, 1);
}

static int set_store(struct rate_desk *desk, const struct rate *rate, const char *why)
{
	struct pg_result *rows = NULL;
	struct uuid id;
	int r = ctl_query(desk->ctl, &rows, "SELECT rate_enter($1, $2, $3, $4, $5, $6, $7, $8)", "ttnisdtt", rate->base,
		rate->quote, (int)rate->per, rate->value.unscaled, (int)rate->value.scale, rate->day, desk->ctl->who,
		why);

	if (r < 0) return ctl_fail("the rate is not stored");
	id = db_rows_uuid(rows, 0, 0);
	db_sync_rows_free(rows);
	return set_say(desk, rate, &id, true);
}

int money_rate_set(struct ctl *ctl, int argc, char **argv)
{
	struct rate_desk desk CLEANUP(rate_desk_close);
	const char *words[CTL_WORDS_MAX];
	const char *per = NULL;
	const char *why = NULL;
	const struct ctl_option options[] = {{"--per", &per, NULL}, {"--why", &why, NULL}, {NULL, NULL, NULL}};
	const struct rate *known;
	struct rate_entry entry;
	struct rate rate;
	int64_t units = 1;
	int32_t day;
	int r = ctl_arguments(argc, argv, options, 4, 4, words);

	rate_desk_open(ctl, &desk);
	if (r == 0) r = ctl_number("--per", per, RATE_PER_MAX, &units);
	if (r == 0) r = ctl_day("DAY", words[3], 0, &day);
	if (r == 0) r = ctl_accountable(ctl, why);
	if (r == 0) r = ctl_himself(ctl);
	if (r != 0) return r;
	entry = (struct rate_entry){.base = text_of(words[0]),
		.quote = text_of(words[1]),
		.value = text_of(words[2]),
		.per = (uint32_t)units,
		.day = text_of(words[3]),
		.maker = ctl->who};
	r = rate_desk_know(&desk, NULL, day, day);
	if (r < 0) return ctl_fail("could not read the rates that are known");
	r = rate_entry_check(&entry, &desk.reading, &desk.arena.zf, &desk.faults, &rate);
	if (r == ERR_INVALID)
		return refused_say(
			&desk, say(ctl, "the rate is not taken: nobody could approve it", "该汇率未录入:无法通过复核"));
	if (r < 0) return ctl_fail("could not look at the rate");
	known = same_known(&desk, &rate);
	if (known != NULL) return set_say(&desk, known, rate_rows_id(&desk.known.rates, known), false);
	return set_store(&desk, &rate, why);
}

/* ---- a rate that is there ---- */

/* A row of rate. */
struct entered {
	struct pg_result *rows; /* owned */
	struct rate rate;
	const char *maker, *checker; /* checker: "" */
	const char *bank;            /* NULL: no board's */
	int status;
};

static void entered_free(struct entered *entered)
{
	db_sync_rows_free(entered->rows);
}

/* 0, or 1 after it has said that there is none. */
static int entered_read(
	struct ctl *ctl, const struct uuid *id, const char *id_text, const char *what, struct entered *ret)
{
	int r = ctl_query(ctl, &ret->rows,
		"SELECT base, quote, per, digits, scale, day, maker, status, coalesce(checker, ''), source, bank FROM rate"
		" WHERE rate_id = $1",
		"u", id);

	if (r == 0 && db_rows_count(ret->rows) == 0) r = err_set(ERR_NOTFOUND, "there is no rate %s", id_text);
	if (r < 0) return ctl_fail(what);
	rate_rows_price(ret->rows, 0, 0, &ret->rate);
	ret->rate.day = db_rows_date(ret->rows, 0, 5);
	ret->maker = db_rows_text(ret->rows, 0, 6);
	ret->status = (int)db_rows_int(ret->rows, 0, 7);
	ret->checker = db_rows_text(ret->rows, 0, 8);
	ret->rate.source = (uint8_t)db_rows_int(ret->rows, 0, 9);
	ret->bank = *db_rows_text(ret->rows, 0, 10) == '\0' ? NULL : db_rows_text(ret->rows, 0, 10);
	ret->rate.bank = ret->bank != NULL;
	return 0;
}

/* What two persons say of it, beside what is known. The text is the desk's. ERR_NOMEM; else the database's. */
static int entry_open(struct rate_desk *desk, const struct entered *entered, const char *value, struct rate_entry *ret)
{
	const struct rate *rate = &entered->rate;
	char text[DECIMAL_TEXT_SIZE];
	char day[DATE_TEXT_SIZE];
	int r = rate_desk_know(desk, entered->bank, rate->day, rate->day);

	if (r < 0) return r;
	(void)decimal_format(rate->value, text);
	(void)date_format_day(rate->day, day);
	*ret = (struct rate_entry){.base = text_of(rate->base),
		.quote = text_of(rate->quote),
		.value = text_of(zf_strdup(&desk->arena.zf, value != NULL ? value : text)),
		.per = rate->per,
		.day = text_of(zf_strdup(&desk->arena.zf, day)),
		.corrects = rate->source == RATE_MANUAL ? 0 : rate->source,
		.board = entered->bank};
	return ret->value.ptr == NULL || ret->day.ptr == NULL ? err_set(ERR_NOMEM, "no memory for a rate") : 0;
}

/* ---- in place of a wrong one ---- */

static int correct_store(struct rate_desk *desk, const struct uuid *wrong, const struct rate *rate, const char *why)
{
	struct pg_result *rows = NULL;
	struct uuid id;
	int64_t outcome;
	int r = ctl_query(desk->ctl, &rows, "SELECT outcome, id FROM rate_correct($1, $2, $3, $4, $5)", "uistt", wrong,
		rate->value.unscaled, (int)rate->value.scale, desk->ctl->who, why);

	if (r < 0) return ctl_fail("the rate is not corrected");
	outcome = db_rows_int(rows, 0, 0);
	if (outcome == 1) id = db_rows_uuid(rows, 0, 1);
	db_sync_rows_free(rows);
	if (outcome == 1) return set_say(desk, rate, &id, true);
	(void)err_set(ERR_INVALID, outcome == -5 ? "it has that value already"
				   : outcome == -6
					   ? "a correction of it waits for a second person: money rate list --waiting"
					   : "it does not count: it waits, was refused, or was corrected before");
	return ctl_fail("the rate is not corrected");
}

int money_rate_correct(struct ctl *ctl, int argc, char **argv)
{
	struct rate_desk desk CLEANUP(rate_desk_close);
	struct entered entered CLEANUP(entered_free) = {.rows = NULL};
	const char *words[CTL_WORDS_MAX];
	const char *why = NULL;
	const struct ctl_option options[] = {{"--why", &why, NULL}, {NULL, NULL, NULL}};
	struct rate_entry entry;
	struct rate rate;
	struct uuid id;
	int r = ctl_arguments(argc, argv, options, 2, 2, words);

	rate_desk_open(ctl, &desk);
	if (r != 0) return r;
	if (uuid_parse(words[0], &id) != 0) return ctl_usage("\"%s\" is no rate's id", words[0]);
	r = ctl_accountable(ctl, why);
	if (r == 0) r = ctl_himself(ctl);
	if (r == 0) r = entered_read(ctl, &id, words[0], "the rate is not corrected", &entered);
	if (r != 0) return r;
	if (entry_open(&desk, &entered, words[1], &entry) < 0)
		return ctl_fail("could not read the rates that are known");
	entry.maker = ctl->who;
	r = rate_entry_check(&entry, &desk.reading, &desk.arena.zf, &desk.faults, &rate);
	if (r == ERR_INVALID)
		return refused_say(
			&desk, say(ctl, "the rate is not taken: nobody could approve it", "该汇率未录入:无法通过复核"));
	if (r < 0) return ctl_fail("could not look at the rate");
	return correct_store(&desk, &id, &rate, why);
}

/* ---- the second person ---- */

/* Does it wait for somebody? 0, or 1 after it has said why nobody decides on it. */
static int entered_waits(const struct entered *entered)
{
	if (entered->status == 2) return 0;
	if (entered->status == 3)
		(void)err_set(ERR_INVALID, "%s has refused it", entered->checker);
	else if (*entered->checker != '\0')
		(void)err_set(ERR_INVALID, "%s has approved it", entered->checker);
	else
		(void)err_set(ERR_INVALID, "it was published and imported by %s, and is in force", entered->maker);
	return ctl_fail("the rate waits for nobody");
}

/* Is it still plausible beside what is known by now? 0, or 1 after it has said what is wrong. */
static int look_again(struct rate_desk *desk, const struct entered *entered, bool far)
{
	struct rate_entry entry;
	struct rate approved;
	int r = entry_open(desk, entered, NULL, &entry);

	if (r < 0) return ctl_fail("could not read the rates that are known");
	entry.maker = entered->maker;
	entry.checker = desk->ctl->who;
	entry.far_approved = far;
	r = rate_entry_approve(&entry, &desk->reading, &desk->arena.zf, &desk->faults, &approved);
	if (r == 0) return 0;
	if (r != ERR_INVALID) return ctl_fail("could not look at the rate");
	return refused_say(
		desk, has_far(&desk->faults)
			      ? say(desk->ctl, "not approved. --far says that you have seen how far it is, and mean it",
					"未复核。如已确认差额属实,请加 --far")
			      : say(desk->ctl, "not approved", "未复核"));
}

static int decide(struct ctl *ctl, int argc, char **argv, bool approve)
{
	struct rate_desk desk CLEANUP(rate_desk_close);
	struct entered entered CLEANUP(entered_free) = {.rows = NULL};
	const char *words[CTL_WORDS_MAX];
	const char *why = NULL;
	bool far = false;
	const struct ctl_option options[] = {
		{"--why", &why, NULL}, {approve ? "--far" : NULL, NULL, &far}, {NULL, NULL, NULL}};
	struct pg_result *rows = NULL;
	struct report report;
	struct uuid id;
	int64_t done;
	int r = ctl_arguments(argc, argv, options, 1, 1, words);

	rate_desk_open(ctl, &desk);
	if (r != 0) return r;
	if (uuid_parse(words[0], &id) != 0) return ctl_usage("\"%s\" is no rate's id", words[0]);
	r = ctl_accountable(ctl, why);
	if (r == 0) r = ctl_himself(ctl);
	if (r == 0) r = entered_read(ctl, &id, words[0], "could not decide on the rate", &entered);
	if (r == 0) r = entered_waits(&entered);
	if (r != 0) return r;
	if (rate_same_person(entered.maker, ctl->who)) {
		(void)err_set(ERR_DENIED, "%s typed it in, so another person decides", entered.maker);
		return ctl_fail("four eyes");
	}
	if (approve) r = look_again(&desk, &entered, far);
	if (r != 0) return r;
	r = ctl_query(ctl, &rows, "SELECT rate_decide($1, $2, $3, $4)", "ubtt", &id, (int)approve, ctl->who, why);
	if (r < 0) return ctl_fail("could not decide on the rate");
	done = db_rows_int(rows, 0, 0);
	db_sync_rows_free(rows);
	if (done != 1) {
		(void)err_set(ERR_INVALID, "somebody decided on it at this moment");
		return ctl_fail("the rate waits for nobody");
	}
	report_begin(&report, ctl);
	report_field(&report, "id", say(ctl, "id", "编号"), cell_uuid(&id));
	report_field(&report, "rate", say(ctl, "rate", "汇率"), cell_rate(&entered.rate));
	report_field(&report, "day", say(ctl, "day", "日期"), cell_day(entered.rate.day));
	report_field(&report, "status", say(ctl, "status", "状态"),
		approve ? cell_word(say(ctl, "in force", "已生效"), "in-force")
			: cell_word(say(ctl, "refused", "已拒绝"), "refused"));
	report_faults(&report, NULL, &desk.faults, &desk.arena.zf);
	return report_end(&report, 0);
}

int money_rate_approve(struct ctl *ctl, int argc, char **argv)
{
	return decide(ctl, argc, argv, true);
}

int money_rate_refuse(struct ctl *ctl, int argc, char **argv)
{
	return decide(ctl, argc, argv, false);
}

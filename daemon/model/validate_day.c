/* Dates: nothing billed lies in the future, no period ends before it starts, and services outside of the stay are
 * remarked upon (pre-admission tests and take-home drugs are real). Days are the hospital's civil days. */
#include <stdio.h>

#include "lib/date.h"
#include "model/validate_internal.h"

/* The first civil day that a time may mean; VALIDATE_NO_DAY when absent. A bare date is a day of the hospital. */
static int64_t first_day(const struct validation *v, const struct zf_time *time)
{
	return time->precision == ZF_NO_TIME ? VALIDATE_NO_DAY : zone_first_day(v->options->zone, time);
}

static int64_t last_day(const struct validation *v, const struct zf_time *time)
{
	int year;
	unsigned month, day;
	int64_t first = first_day(v, time);
	if (time->precision != ZF_YEAR && time->precision != ZF_MONTH) return first;
	date_civil_from_days(first, &year, &month, &day);
	if (time->precision == ZF_YEAR) return date_days_from_civil(year, 12, 31);
	return first + date_month_days(year, month) - 1;
}

static bool is_claim(const struct validation *v)
{
	return v->claim->use == ZF_USE_CLAIM || v->claim->use == 0;
}

static void check_period(struct validation *v, const struct zf_period *period, const struct place *place)
{
	if (period->start.precision == ZF_NO_TIME || period->end.precision == ZF_NO_TIME) return;
	bool reversed;
	if (period->start.precision >= ZF_SECOND && period->end.precision >= ZF_SECOND)
		reversed = period->end.utc_ms + (period->end.precision == ZF_SECOND ? 999 : 0) < period->start.utc_ms;
	else
		reversed = last_day(v, &period->end) < first_day(v, &period->start);
	if (!reversed) return;
	char start[DATE_TEXT_SIZE], end[DATE_TEXT_SIZE];
	date_format_time(&period->start, start);
	date_format_time(&period->end, end);
	validation_fault(v, FAULT_PERIOD_REVERSED, place, NULL, start, end);
}

bool validation_future(
	struct validation *v, const struct zf_time *time, enum fault_code code, const struct place *place)
{
	if (time->precision == ZF_NO_TIME) return false;
	bool future = time->precision >= ZF_SECOND ? time->utc_ms > v->latest_ms : first_day(v, time) > v->today;
	if (!future) return false;
	char text[DATE_TEXT_SIZE];
	date_format_time(time, text);
	validation_fault(v, code, place, NULL, code != FAULT_BIRTH_DATE_FUTURE ? text : NULL, NULL);
	return true;
}

/* A period of something that was billed: ordered, and not in the future; one fault is enough when both ends are. */
static void check_billed(struct validation *v, const struct zf_period *period, const struct place *place)
{
	check_period(v, period, place);
	if (!is_claim(v)) return; /* a preauthorisation asks about what is to come */
	if (validation_future(v, &period->start, FAULT_DATE_FUTURE, place)) return;
	(void)validation_future(v, &period->end, FAULT_DATE_FUTURE, place);
}

static void check_lists(struct validation *v)
{
	const struct zf_claim *claim = v->claim;
	for (uint32_t i = 0; i < claim->procedure_count; i++)
		if (is_claim(v))
			(void)validation_future(
				v, &claim->procedures[i]->date, FAULT_DATE_FUTURE, AT_LIST("procedure", i, "date"));
	for (uint32_t i = 0; i < claim->supporting_info_count; i++)
		check_period(v, &claim->supporting_info[i]->timing, AT_LIST("supportingInfo", i, "timing"));
	for (uint32_t i = 0; i < claim->insurance_count; i++)
		if (claim->insurance[i]->coverage != NULL)
			check_period(v, &claim->insurance[i]->coverage->period,
				AT_LIST("insurance", i, "coverage.resolve().period"));
	(void)validation_future(v, &claim->accident_date, FAULT_DATE_FUTURE, AT("accident.date"));
}

static int64_t earliest_line_day(const struct validation *v)
{
	int64_t earliest = VALIDATE_NO_DAY;
	for (uint32_t i = 0; i < v->claim->line_count; i++) {
		const struct zf_time *start = &v->claim->lines[i]->serviced.start;
		if (start->precision == ZF_NO_TIME) continue;
		int64_t day = first_day(v, start);
		if (earliest == VALIDATE_NO_DAY || day < earliest) earliest = day;
	}
	return earliest;
}

int64_t validation_days(struct validation *v)
{
	const struct zf_claim *claim = v->claim;
	const struct zf_encounter *stay = claim->encounter;
	check_billed(v, &claim->billable_period, AT("billablePeriod"));
	(void)validation_future(v, &claim->created, FAULT_DATE_FUTURE, AT("created"));
	v->bill_start = first_day(v, &claim->billable_period.start);
	v->bill_end = last_day(v, &claim->billable_period.end);
	v->birth = VALIDATE_NO_DAY;
	if (claim->patient != NULL) {
		v->birth = first_day(v, &claim->patient->birth_date);
		(void)validation_future(
			v, &claim->patient->birth_date, FAULT_BIRTH_DATE_FUTURE, AT("patient.resolve().birthDate"));
	}
	v->admission = v->discharge = VALIDATE_NO_DAY;
	if (stay != NULL) {
		v->admission = first_day(v, &stay->period.start);
		v->discharge = last_day(v, &stay->period.end);
		check_period(v, &stay->period, AT("item.encounter.resolve().period"));
		if (is_claim(v))
			(void)validation_future(
				v, &stay->period.start, FAULT_DATE_FUTURE, AT("item.encounter.resolve().period.start"));
	}
	check_lists(v);

	int64_t lines = earliest_line_day(v);
	int64_t first = v->bill_start != VALIDATE_NO_DAY ? v->bill_start : lines;
	if (first == VALIDATE_NO_DAY) first = v->admission;
	if (first == VALIDATE_NO_DAY) {
		validation_fault(v, FAULT_SERVICE_DAY_MISSING, AT(NULL), NULL, NULL, NULL);
		first = first_day(v, &claim->created);
	} else if (v->birth != VALIDATE_NO_DAY && first < v->birth) {
		validation_fault(v, FAULT_SERVICE_BEFORE_BIRTH, AT(v->bill_start == first ? "billablePeriod" : "item"),
			NULL, NULL, NULL);
	}
	return first != VALIDATE_NO_DAY ? first : v->today;
}

static void warn(struct validation *v, enum fault_code code, const struct line_at *at, int64_t service, int64_t limit)
{
	struct zf_time times[2] = {{.utc_ms = service * ZONE_DAY_MS, .precision = ZF_DAY},
		{.utc_ms = limit * ZONE_DAY_MS, .precision = ZF_DAY}};
	char texts[2][DATE_TEXT_SIZE];
	date_format_time(&times[0], texts[0]);
	date_format_time(&times[1], texts[1]);
	validation_fault(v, code, AT_LINE(at, "serviced"), NULL, texts[0], texts[1]);
}

/* The stay of a line: its own first encounter that has a period, else the claim's. */
static void stay_of(const struct validation *v, const struct zf_claim_line *line, int64_t *ret_from, int64_t *ret_to)
{
	*ret_from = v->admission;
	*ret_to = v->discharge;
	for (uint32_t i = 0; i < line->encounter_count; i++) {
		const struct zf_encounter *own = line->encounters[i];
		if (own == v->claim->encounter) return;
		if (own->period.start.precision == ZF_NO_TIME) continue;
		*ret_from = first_day(v, &own->period.start);
		*ret_to = last_day(v, &own->period.end);
		return;
	}
}

void validation_line_days(struct validation *v, const struct zf_claim_line *line, const struct line_at *at)
{
	int64_t from, to;
	if (line->serviced.start.precision == ZF_NO_TIME && line->serviced.end.precision == ZF_NO_TIME) return;
	check_billed(v, &line->serviced, AT_LINE(at, "serviced"));
	int64_t first = first_day(v, &line->serviced.start);
	int64_t last = last_day(v, &line->serviced.end);
	/* What is compared is what is sure: a month may lie within the stay in spite of its first day. */
	int64_t last_of_start = last_day(v, &line->serviced.start);
	int64_t first_of_end = first_day(v, &line->serviced.end);
	stay_of(v, line, &from, &to);
	if (first != VALIDATE_NO_DAY && from != VALIDATE_NO_DAY && last_of_start < from)
		warn(v, FAULT_SERVICE_BEFORE_ADMISSION, at, first, from);
	if (last != VALIDATE_NO_DAY && to != VALIDATE_NO_DAY && first_of_end > to)
		warn(v, FAULT_SERVICE_AFTER_DISCHARGE, at, first_of_end, to);
	bool early = first != VALIDATE_NO_DAY && v->bill_start != VALIDATE_NO_DAY && last_of_start < v->bill_start;
	bool late = last != VALIDATE_NO_DAY && v->bill_end != VALIDATE_NO_DAY && first_of_end > v->bill_end;
	if (early || late)
		warn(v, FAULT_SERVICE_OUTSIDE_BILL, at, early ? first : first_of_end,
			early ? v->bill_start : v->bill_end);
}

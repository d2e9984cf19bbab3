/* Single values. */
#include "eclaimlink/wire.h"

#include <stdio.h>
#include <string.h>

#include "lib/date.h"
#include "lib/money.h"

#define REF_LEN 16

void eclaim_date_format_ms(const struct eclaim_profile *profile, int64_t ms, char ret[ECLAIM_DATE_SIZE])
{
	struct date date;
	ret[0] = '\0';
	if (date_from_ms(ms, profile->offset_minutes, &date) != 0) return;
	(void)snprintf(ret, ECLAIM_DATE_SIZE, "%02u/%02u/%04u %02u:%02u", (unsigned)date.day % 100,
		(unsigned)date.month % 100, (unsigned)date.year % 10000, (unsigned)date.hour % 100,
		(unsigned)date.minute % 100);
}

bool eclaim_date_format(const struct eclaim_profile *profile, const struct zf_time *time, char ret[ECLAIM_DATE_SIZE])
{
	ret[0] = '\0';
	if (time->precision == ZF_NO_TIME) return false;
	int64_t ms = time->utc_ms;
	/* A bare day is that day wherever it is read. */
	if (time->precision <= ZF_DAY) ms += (time->offset_minutes - profile->offset_minutes) * INT64_C(60000);
	eclaim_date_format_ms(profile, ms, ret);
	return ret[0] != '\0';
}

static bool digits(const char *at, size_t len, unsigned *ret)
{
	unsigned value = 0;
	for (size_t i = 0; i < len; i++) {
		if (at[i] < '0' || at[i] > '9') return false;
		value = value * 10 + (unsigned)(at[i] - '0');
	}
	*ret = value;
	return len > 0;
}

int eclaim_date_parse(const struct eclaim_profile *profile, struct text_span text, struct zf_time *ret)
{
	unsigned day, month, year, hour = 0, minute = 0;
	const char *p = text.ptr;
	if (text.len < 10 || p[2] != '/' || p[5] != '/') return LIB_INVALID;
	if (!digits(p, 2, &day) || !digits(p + 3, 2, &month) || !digits(p + 6, 4, &year)) return LIB_INVALID;
	if (!date_is_civil((int)year, month, day)) return LIB_INVALID;
	int64_t ms = date_days_from_civil((int)year, month, day) * INT64_C(86400000);
	if (text.len == 10) {
		*ret = (struct zf_time){.utc_ms = ms, .precision = ZF_DAY};
		return 0;
	}
	/* The schema lets hour and minute have one digit. */
	const char *colon = memchr(p, ':', text.len);
	if (p[10] != ' ' || colon == NULL || colon - p > 13 || text.len - (size_t)(colon - p) > 3) return LIB_INVALID;
	if (!digits(p + 11, (size_t)(colon - p) - 11, &hour) ||
		!digits(colon + 1, text.len - (size_t)(colon + 1 - p), &minute) || hour > 23 || minute > 59) {
		return LIB_INVALID;
	}
	ms += (hour * INT64_C(60) + minute - profile->offset_minutes) * 60000;
	*ret = (struct zf_time){
		.utc_ms = ms, .offset_minutes = (int16_t)profile->offset_minutes, .precision = ZF_SECOND};
	return 0;
}

struct zf_money eclaim_money(const struct eclaim_profile *profile, int64_t minor)
{
	struct zf_money money = {0};
	return money_make(minor, text_of(profile->currency), &money) == 0 ? money : (struct zf_money){0};
}

void eclaim_amount_write(struct xml_writer *writer, const char *name, struct zf_money amount)
{
	char text[MONEY_TEXT_SIZE] = "";
	(void)money_format(amount, text);
	xml_write_element(writer, name, text);
}

void eclaim_fault_at(struct fault_list *faults, struct zf_arena *arena, enum fault_code code,
	const struct xml_element *element, const char *name, const char *what)
{
	char line[16];
	const char *path = element == NULL ? "" : xml_path(arena, element);
	(void)snprintf(line, sizeof(line), "%u", element == NULL ? 0 : element->line);
	if (path == NULL) path = "";
	if (name == NULL) {
		fault_add(faults, code, path, line, what);
	} else {
		fault_addf(faults, code, line, what, "%s/%s", path, name);
	}
}

void eclaim_amount_read(const struct eclaim_profile *profile, const struct xml_element *parent, const char *name,
	bool required, struct zf_arena *arena, struct fault_list *faults, struct zf_money *ret)
{
	struct text_span text = xml_child_text(parent, name);
	struct zf_decimal decimal;
	const struct xml_element *at = xml_child(parent, name);
	if (text.ptr == NULL) {
		if (required) eclaim_fault_at(faults, arena, FAULT_WIRE_ANSWER, parent, name, "it is missing");
		return;
	}
	if (decimal_parse(text, &decimal) != 0) {
		eclaim_fault_at(faults, arena, FAULT_WIRE_ANSWER, at, NULL, "it is not a decimal number");
	} else if (money_from_decimal(decimal, text_of(profile->currency), ret) != 0) {
		eclaim_fault_at(faults, arena, FAULT_WIRE_ANSWER, at, NULL, "it has more decimals than its currency");
	}
}

const char *eclaim_activity_id(struct zf_arena *arena, const char *ref, int32_t sequence)
{
	return text_printf(arena, "%s-%d", ref, (int)sequence);
}

bool eclaim_activity_read(struct text_span id, char ret_ref[20], int32_t *ret_sequence)
{
	int64_t number;
	if (id.len < REF_LEN + 2 || id.ptr[REF_LEN] != '-') return false;
	for (size_t i = 0; i < REF_LEN; i++) {
		char c = id.ptr[i];
		if ((c < '0' || c > '9') && (c < 'A' || c > 'Z')) return false;
	}
	if (text_to_int64((struct text_span){id.ptr + REF_LEN + 1, id.len - REF_LEN - 1}, &number) != 0) return false;
	if (number > INT32_MAX) return false;
	memcpy(ret_ref, id.ptr, REF_LEN);
	ret_ref[REF_LEN] = '\0';
	*ret_sequence = (int32_t)number;
	return true;
}

const char *eclaim_keep(struct zf_arena *arena, struct text_span text, bool *ok)
{
	const char *copy = text.len == 0 ? NULL : zf_strndup(arena, text.ptr, text.len);
	if (text.len > 0 && copy == NULL) *ok = false;
	return copy;
}

/* Civil days as banks, exchanges and spreadsheets write them, by a form that a profile states. */
#include "lib/date.h"

/* The letters of a form, and where their numbers go. */
struct form_part {
	const char *letters;
	uint8_t part; /* 0 year, 1 month, 2 day */
	uint8_t digits_min, digits_max;
};

/* The longer ones first. */
static const struct form_part parts[] = {
	{"YYYY", 0, 4, 4},
	{"YY", 0, 2, 2},
	{"MM", 1, 2, 2},
	{"DD", 2, 2, 2},
	{"M", 1, 1, 2},
	{"D", 2, 1, 2},
};

static const struct form_part *part_at(const char *form)
{
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (strncmp(form, parts[i].letters, strlen(parts[i].letters)) == 0) return &parts[i];
	}
	return NULL;
}

/* The digits at the start of *text, as many as the part takes; false when there are too few. */
static bool take_part(struct text_span *text, const struct form_part *part, unsigned *ret)
{
	unsigned value = 0;
	size_t n = 0;
	while (n < part->digits_max && n < text->len && text->ptr[n] >= '0' && text->ptr[n] <= '9') {
		value = value * 10 + (unsigned)(text->ptr[n++] - '0');
	}
	*text = (struct text_span){text->ptr + n, text->len - n};
	*ret = value;
	return n >= part->digits_min;
}

int date_parse_form(struct text_span text, const char *form, int64_t *ret_day)
{
	const char *whole = form;
	unsigned number[3] = {0}, seen = 0;
	while (*form != '\0') {
		const struct form_part *part = part_at(form);
		if (part == NULL) {
			if (text.len == 0 || text.ptr[0] != *form) return LIB_INVALID;
			text = (struct text_span){text.ptr + 1, text.len - 1};
			form++;
			continue;
		}
		if ((seen & 1u << part->part) != 0 || !take_part(&text, part, &number[part->part])) return LIB_INVALID;
		seen |= 1u << part->part;
		form += strlen(part->letters);
	}
	if (strstr(whole, "YYYY") == NULL) number[0] += 2000;
	if (seen != 7 || text.len > 0 || !date_is_civil((int)number[0], number[1], number[2])) return LIB_INVALID;
	*ret_day = date_days_from_civil((int)number[0], number[1], number[2]);
	return 0;
}

/* Sequence numbers: positive, unique in their list, and those that lines refer to exist. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/arena.h"
#include "model/validate_internal.h"

static int32_t sequence_of(const void *item, size_t offset)
{
	int32_t sequence;
	memcpy(&sequence, (const char *)item + offset, sizeof(sequence));
	return sequence;
}

static int compare(const void *a, const void *b)
{
	int32_t x, y;
	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return x < y ? -1 : x > y;
}

static void report(struct validation *v, enum fault_code code, const struct line_at *line, const char *list, uint32_t i,
	int32_t number)
{
	char text[12];
	snprintf(text, sizeof(text), "%d", (int)number);
	struct place place = {.line = line, .list = list, .index = i, .element = "sequence"};
	validation_fault(v, code, &place, NULL, text, NULL);
}

static const int32_t *find(const int32_t *sorted, uint32_t count, int32_t number)
{
	return bsearch(&number, sorted, count, sizeof(*sorted), compare);
}

/* The rare list that is not in ascending order: which ones repeat an earlier one? */
static void report_repeats(struct validation *v, const struct line_at *line, const char *list, const void *const *items,
	uint32_t count, size_t offset, const int32_t *sorted, uint8_t *seen)
{
	for (uint32_t i = 0; i < count; i++) {
		int32_t number = sequence_of(items[i], offset);
		if (number <= 0) continue;
		const int32_t *at = find(sorted, count, number);
		while (at > sorted && at[-1] == number) at--; /* the same place for all equal ones */
		size_t place = (size_t)(at - sorted);
		if (seen[place]) report(v, FAULT_SEQUENCE_DUPLICATE, line, list, i, number);
		seen[place] = 1;
	}
}

int validation_sequences(struct validation *v, const struct line_at *line, const char *list, const void *const *items,
	uint32_t count, size_t offset, struct sequence_set *ret_set)
{
	bool plain = true, ascending = true;
	int32_t last = 0;
	*ret_set = (struct sequence_set){list, NULL, 0};
	for (uint32_t i = 0; i < count; i++) {
		int32_t number = sequence_of(items[i], offset);
		if (number <= 0) report(v, FAULT_SEQUENCE_INVALID, line, list, i, number);
		if ((uint32_t)number != i + 1) plain = false;
		if (number <= last) ascending = false;
		last = number;
	}
	ret_set->count = count;
	if (plain) return 0;
	int32_t *sorted = zf_alloc_array(v->faults->arena, count, sizeof(*sorted));
	uint8_t *seen = zf_alloc(v->faults->arena, count);
	if (sorted == NULL || seen == NULL) return ERR_NOMEM;
	for (uint32_t i = 0; i < count; i++) sorted[i] = sequence_of(items[i], offset);
	if (!ascending) {
		qsort(sorted, count, sizeof(*sorted), compare);
		report_repeats(v, line, list, items, count, offset, sorted, seen);
	}
	ret_set->sorted = sorted;
	return 0;
}

void validation_references(struct validation *v, const struct sequence_set *set, const int32_t *numbers, uint32_t count,
	const struct line_at *line, const char *name)
{
	for (uint32_t i = 0; i < count; i++) {
		bool known = set->sorted == NULL ? numbers[i] >= 1 && (uint32_t)numbers[i] <= set->count
						 : find(set->sorted, set->count, numbers[i]) != NULL;
		if (known) continue;
		char text[12];
		snprintf(text, sizeof(text), "%d", (int)numbers[i]);
		struct place place = {.line = line, .list = name, .index = i};
		validation_fault(v, FAULT_SEQUENCE_DANGLING, &place, NULL, text, set->list);
	}
}

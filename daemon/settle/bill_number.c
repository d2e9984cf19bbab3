/* Readings, and hashes of them. */
#include "settle/bill_number.h"

#include <string.h>

#include "lib/text.h"
#include "model/directory.h"

struct readings {
	const char **items;
	uint32_t count;
	struct zf_arena *arena;
};

char bill_number_char(char c, char before, bool *ret_slip)
{
	if (text_is_small(c)) c = (char)(c - 'a' + 'A');
	if (!text_is_digit(before) || (c != 'O' && c != 'I' && c != 'L')) return c;
	*ret_slip = true;
	return c == 'O' ? '0' : '1';
}

static int reading_add(struct readings *readings, const char *at, size_t len)
{
	if (len == 0) return 0;
	for (uint32_t i = 0; i < readings->count; i++)
		if (strlen(readings->items[i]) == len && memcmp(readings->items[i], at, len) == 0) return 0;
	assert(readings->count < BILL_READINGS_MAX);
	readings->items[readings->count] = zf_strndup(readings->arena, at, len);
	return readings->items[readings->count++] == NULL ? ERR_NOMEM : 0;
}

/* In capitals. joined: its letters and digits alone; else all but blanks. slips: those are put right. */
static int made_add(struct readings *readings, struct text_span text, bool joined, bool slips)
{
	char made[BILL_BYTES_MAX];
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i], before = len > 0 ? made[len - 1] : '\0';
		bool slip = false;

		if (c == ' ' || (joined && !text_is_letter(c) && !text_is_digit(c))) continue;
		made[len++] = bill_number_char(c, slips ? before : '\0', &slip);
	}
	return reading_add(readings, made, len);
}

int bill_number_readings(
	const char *said, struct zf_arena *arena, const char *ret_readings[BILL_READINGS_MAX], uint32_t *ret_count)
{
	struct readings readings = {ret_readings, 0, arena};
	struct text_span text = text_trim(text_of(said));
	int r = text.len > BILL_BYTES_MAX ? 0 : reading_add(&readings, text.ptr, text.len);

	while (text.len > 0 && !text_is_letter(text.ptr[0]) && !text_is_digit(text.ptr[0])) text.ptr++, text.len--;
	while (text.len > 0 && !text_is_letter(text.ptr[text.len - 1]) && !text_is_digit(text.ptr[text.len - 1]))
		text.len--;
	if (text.len <= BILL_BYTES_MAX) {
		if (r == 0) r = reading_add(&readings, text.ptr, text.len);
		for (int way = 0; r == 0 && way < 4; way++) r = made_add(&readings, text, way % 2 == 1, way >= 2);
	}
	*ret_count = readings.count;
	return r;
}

int bill_number_hash(const struct keyring *keyring, uint16_t version, const struct hospital *hospital, uint32_t system,
	const char *number, uint8_t ret[LOOKUP_HASH_BYTES])
{
	const char *name = hospital->bill_systems[system];
	const struct bytes parts[2] = {
		{(const uint8_t *)name, strlen(name)}, {(const uint8_t *)number, strlen(number)}};

	return lookup_hash(keyring, version, &hospital->id, LOOKUP_CLAIM_IDENT, parts, 2, ret);
}

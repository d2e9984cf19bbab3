/* Reads a statement from memory and keeps what the reader told as text (tests/golden/bank/tell.h), to be looked at. */
#ifndef UNIT_BANK_LAB_H
#define UNIT_BANK_LAB_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../golden/bank/tell.h"
#include "lib_arena.h"

struct bank_lab {
	int rc;
	char *told; /* owned */
	size_t told_len;
};

/* chunk 0: all at once. The bytes are copied, so that a read past their end is seen. */
static inline struct bank_lab bank_read(const char *bytes, size_t len, const struct bank_profile *profile,
	const struct bank_limits *limits, size_t chunk)
{
	struct bank_lab lab = {0};
	struct bank_reader *reader = NULL;
	struct fault_list faults;
	LIB_ARENA(arena);
	FILE *out = open_memstream(&lab.told, &lab.told_len);
	fault_list_init(&faults, &arena.zf, 0);
	lab.rc = bank_reader_open(BANK_FORMAT_DETECT, profile, limits, &tell_events, out, &arena.zf, &faults, &reader);
	if (lab.rc == 0) {
		for (size_t at = 0; at < len && lab.rc == 0;) {
			size_t n = chunk == 0 || chunk > len - at ? len - at : chunk;
			uint8_t *exact = malloc(n);
			memcpy(exact, bytes + at, n);
			lab.rc = bank_reader_feed(reader, exact, n);
			free(exact);
			at += n;
		}
		lab.rc = bank_reader_finish(reader);
		bank_reader_close(reader);
	}
	tell_faults(out, &arena.zf, &faults);
	fclose(out);
	return lab;
}

/* Is it read, cut at every byte, as it is read in one? */
static inline void bank_cut_everywhere(const char *bytes, size_t len, const struct bank_profile *profile)
{
	struct bank_lab whole = bank_read(bytes, len, profile, NULL, 0);
	static const size_t chunks[] = {1, 2, 3, 5, 7, 64};
	for (size_t i = 0; i < sizeof(chunks) / sizeof(chunks[0]); i++) {
		struct bank_lab cut = bank_read(bytes, len, profile, NULL, chunks[i]);
		assert_int_equal(cut.rc, whole.rc);
		assert_string_equal(cut.told, whole.told);
		free(cut.told);
	}
	free(whole.told);
}

static inline void bank_has(const struct bank_lab *lab, const char *text)
{
	if (strstr(lab->told, text) == NULL) fail_msg("not told: %s\nbut:\n%s", text, lab->told);
}

static inline void bank_has_not(const struct bank_lab *lab, const char *text)
{
	if (strstr(lab->told, text) != NULL) fail_msg("told: %s\nin:\n%s", text, lab->told);
}

/* How often. */
static inline unsigned bank_count(const struct bank_lab *lab, const char *text)
{
	unsigned n = 0;
	for (const char *p = lab->told; (p = strstr(p, text)) != NULL; p++) n++;
	return n;
}

/* The n-th entry's identity and occurrence, as told. */
static inline void bank_identity(const struct bank_lab *lab, unsigned n, char ret[65])
{
	const char *p = lab->told;
	for (unsigned i = 0; i < n && p != NULL; i++) p = strstr(p + 1, "\"identity\": \"");
	assert_non_null(p);
	memcpy(ret, p + strlen("\"identity\": \""), 64);
	ret[64] = '\0';
}

/* Reads text, wants rc and all of the further arguments (up to NULL) told. */
static inline void bank_expect(const char *text, size_t len, const struct bank_profile *profile, int rc, ...)
{
	struct bank_lab lab = bank_read(text, len, profile, NULL, 0);
	va_list args;
	va_start(args, rc);
	for (const char *want; (want = va_arg(args, const char *)) != NULL;) bank_has(&lab, want);
	va_end(args);
	if (lab.rc != rc) fail_msg("rc %d, not %d:\n%s", lab.rc, rc, lab.told);
	free(lab.told);
}

#endif

/* What the fuzz targets of bank statements share: reads the input in one and cut by its own bytes, and holds what was
 * told to what the header promises. */
#ifndef TESTS_FUZZ_BANK_H
#define TESTS_FUZZ_BANK_H

#include <assert.h>
#include <string.h>

#include "bank/statement.h"
#include "base/mem.h"

struct bank_fuzz {
	uint64_t told; /* a digest of what was told */
	uint32_t fault_count;
	__int128 sum;  /* of the booked entries of this statement */
	uint32_t part; /* wanted of the next call */
	uint32_t details;
};

static inline void bank_fuzz_add(struct bank_fuzz *fuzz, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;
	for (size_t i = 0; i < len; i++) fuzz->told = (fuzz->told ^ p[i]) * UINT64_C(1099511628211);
}

/* Text is UTF-8 and never empty where the header says NULL for none. */
static inline void bank_fuzz_text(struct bank_fuzz *fuzz, const char *text)
{
	if (text == NULL) return;
	assert(text_utf8_valid(text, strlen(text)));
	bank_fuzz_add(fuzz, text, strlen(text) + 1);
}

static inline int bank_fuzz_statement(void *ctx, const struct bank_statement *statement)
{
	struct bank_fuzz *fuzz = ctx;
	fuzz->sum = 0;
	fuzz->part = 0;
	bank_fuzz_text(fuzz, statement->id);
	bank_fuzz_text(fuzz, statement->account.id);
	assert(statement->version != NULL && statement->kind >= BANK_KIND_STATEMENT);
	return 0;
}

static inline int bank_fuzz_entry(void *ctx, const struct bank_statement *statement, const struct bank_entry *entry)
{
	struct bank_fuzz *fuzz = ctx;
	(void)statement;
	assert(entry->amount.present && entry->part == fuzz->part && entry->occurrence > 0);
	assert(entry->detail_count <= BANK_PART_DETAILS && entry->status >= BANK_STATUS_BOOKED);
	if (entry->part == 0 && entry->status == BANK_STATUS_BOOKED) fuzz->sum += entry->amount.minor;
	if (entry->part == 0) fuzz->details = 0;
	for (uint32_t i = 0; i < entry->detail_count; i++) {
		const struct bank_detail *detail = &entry->details[i];
		assert(detail->number == ++fuzz->details);
		assert(detail->counterparty == NULL || detail->counterparty == &detail->debtor ||
			detail->counterparty == &detail->creditor);
		assert(detail->occurrence > 0);
		bank_fuzz_add(fuzz, detail->identity, sizeof(detail->identity));
		bank_fuzz_text(fuzz, detail->text);
		bank_fuzz_text(fuzz, detail->end_to_end_id);
		bank_fuzz_text(fuzz, detail->debtor.name);
		bank_fuzz_text(fuzz, detail->creditor.account);
		bank_fuzz_add(fuzz, &detail->account_amount.minor, sizeof(int64_t));
	}
	fuzz->part = entry->last ? 0 : entry->part + 1;
	bank_fuzz_text(fuzz, entry->servicer_reference);
	bank_fuzz_text(fuzz, entry->bank_code);
	bank_fuzz_add(fuzz, &entry->amount.minor, sizeof(int64_t));
	bank_fuzz_add(fuzz, entry->identity, sizeof(entry->identity));
	return 0;
}

static inline int bank_fuzz_end(void *ctx, const struct bank_end *end)
{
	struct bank_fuzz *fuzz = ctx;
	if (end->proved) {
		assert(end->opening.amount.minor + fuzz->sum == end->closing.amount.minor);
		assert(strcmp(end->opening.amount.currency, end->closing.amount.currency) == 0);
	}
	bank_fuzz_add(fuzz, &end->refused, sizeof(end->refused));
	bank_fuzz_add(fuzz, &end->entry_count, sizeof(end->entry_count));
	return 0;
}

/* Returns the reader's result; pieces come from the bytes themselves when cut. */
static inline int bank_fuzz_read(const uint8_t *data, size_t size, enum bank_format format,
	const struct bank_profile *profile, bool cut, struct bank_fuzz *fuzz)
{
	struct arena arena CLEANUP(arena_free);
	struct bank_events events = {bank_fuzz_statement, bank_fuzz_entry, bank_fuzz_end};
	struct bank_limits limits = {.text_max = 4096, .memory_max = 1 << 20};
	struct bank_reader *reader;
	struct fault_list faults;
	arena_init(&arena, 64u << 20);
	fault_list_init(&faults, &arena.zf, 0);
	*fuzz = (struct bank_fuzz){0};
	int rc = bank_reader_open(format, profile, &limits, &events, fuzz, &arena.zf, &faults, &reader);
	assert(rc == 0);
	for (size_t at = 0; at < size && rc == 0;) {
		size_t n = cut ? 1 + data[at] % 7u : size;
		if (n > size - at) n = size - at;
		rc = bank_reader_feed(reader, data + at, n);
		at += n;
	}
	rc = bank_reader_finish(reader);
	assert(rc == 0 || rc == LIB_INVALID || rc == LIB_LIMIT);
	assert((rc == 0) == !fault_refuses(&faults));
	for (uint32_t i = 0; i < faults.count; i++) assert(fault_text_zh(&arena.zf, &faults.items[i]) != NULL);
	fuzz->fault_count = faults.count;
	bank_reader_close(reader);
	return rc;
}

/* Both ways are the same. */
static inline void bank_fuzz_both(
	const uint8_t *data, size_t size, enum bank_format format, const struct bank_profile *profile)
{
	struct bank_fuzz whole, cut;
	int rc = bank_fuzz_read(data, size, format, profile, false, &whole);
	int rc_cut = bank_fuzz_read(data, size, format, profile, true, &cut);
	assert(rc == rc_cut && whole.told == cut.told && whole.fault_count == cut.fault_count);
}

#endif

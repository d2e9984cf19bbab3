/* Credits that came before: so that the bank's taking one back is recognised, and none is posted for what another of
 * the same amount may have paid. */
#include "settle/match_index.h"

#include "base/mem.h"

#define PLACES_FIRST 64 /* of a list that grows */

static uint64_t hash_more(uint64_t hash, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) hash = (hash ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
	return hash;
}

struct match_key match_credit_key(const struct match_line *line, struct match_credit *ret)
{
	const uint64_t start = UINT64_C(0xcbf29ce484222325);
	char name[MATCH_NAME_SIZE];
	struct match_text text = {.len = 0};
	match_name_fold(line->payer_name, name);
	match_text_add(&text, line->end_to_end);
	uint64_t end_to_end = text.len == 0 ? 0 : hash_more(start, text.folded, text.len);
	for (uint32_t i = 0; i < line->structured_count; i++) match_text_add(&text, line->structured[i]);
	match_text_add(&text, line->text);
	*ret = (struct match_credit){
		.references = text.len == 0 ? 0 : hash_more(start, text.folded, text.len), .end_to_end = end_to_end};
	uint64_t hash = hash_more(start, line->amount.currency, strlen(line->amount.currency));
	int64_t minor = line->amount.minor;
	return (struct match_key){hash_more(hash, name, strlen(name)), decimal_magnitude(minor)};
}

/* The record of this line; NULL: there is none. */
static struct match_credit *credit_of(struct match_index *index, uint32_t id)
{
	uint32_t place = id < index->place_count ? index->places[id] : 0;
	return place == 0 ? NULL : &index->credits[place - 1];
}

/* Enters a record of a line that has none. */
static int credit_add(struct match_index *index, const struct match_credit *made, struct match_credit **ret)
{
	while (made->id >= index->place_count) {
		uint32_t count = index->place_count == 0 ? PLACES_FIRST : 2 * index->place_count;
		uint32_t *grown = count > UINT32_MAX / 2 ? NULL : mem_realloc(index->places, count * sizeof(*grown));
		if (grown == NULL) return ERR_NOMEM;
		memset(grown + index->place_count, 0, (count - index->place_count) * sizeof(*grown));
		index->places = grown;
		index->place_count = count;
	}
	int err =
		match_grow((void **)&index->credits, index->credit_count, &index->credit_cap, sizeof(*index->credits));
	if (err == 0) err = match_order_add(&index->taken, made->key, index->credit_count, 0);
	if (err != 0) return err;
	*ret = &index->credits[index->credit_count++];
	**ret = *made;
	index->places[made->id] = index->credit_count;
	return 0;
}

/* Enters what it paid, or may have paid: only where it is for one claim, since an equal amount for several is no
 * coincidence that happens. */
static int seen_add(
	struct match_index *index, const struct match_line *line, const struct match_result *result, uint32_t credit)
{
	for (uint32_t i = 0; i < result->count; i++) {
		const struct match_candidate *candidate = &result->candidates[i];
		if (candidate->kind != MATCH_PAYMENT || candidate->part_count != 1) continue;
		struct match_key key = match_seen_key(candidate->parts[0].claim, line->amount);
		if (match_order_add(&index->seen, key, credit, 0) != 0) return ERR_NOMEM;
		if (candidate->posts) break;
	}
	return 0;
}

int match_index_credit(struct match_index *index, const struct match_line *line, const struct match_result *result)
{
	CHECK_MAGIC(index, MATCH_INDEX_MAGIC);
	struct match_credit made;
	int err = match_index_settle(index);
	if (err != 0) return err;
	made.key = match_credit_key(line, &made);
	made.id = line->id;
	struct match_credit *credit = credit_of(index, line->id);
	if (credit != NULL && match_key_compare(credit->key, made.key) != 0) {
		match_index_credit_forget(index, line->id);
		credit = NULL;
	}
	if (credit == NULL && (err = credit_add(index, &made, &credit)) != 0) return err;
	credit->waits = result != NULL && result->wait != MATCH_POSTS;
	return result == NULL ? 0 : seen_add(index, line, result, (uint32_t)(credit - index->credits));
}

void match_index_credit_forget(struct match_index *index, uint32_t id)
{
	CHECK_MAGIC(index, MATCH_INDEX_MAGIC);
	struct match_credit *credit = credit_of(index, id);
	if (credit == NULL) return;
	credit->forgotten = true;
	index->places[id] = 0;
}

int match_index_credit_again(
	struct match_index *index, const struct match_line *line, const struct match_result *result)
{
	CHECK_MAGIC(index, MATCH_INDEX_MAGIC);
	struct match_credit *credit = credit_of(index, line->id);
	if (credit == NULL || credit->key.lo != decimal_magnitude(line->amount.minor)) return ERR_NOTFOUND;
	struct match_credit made = *credit;
	match_index_credit_forget(index, line->id);
	int err = credit_add(index, &made, &credit);
	if (err != 0) return err;
	credit->reversed = false;
	credit->waits = result->wait != MATCH_POSTS;
	return seen_add(index, line, result, (uint32_t)(credit - index->credits));
}

int match_index_reversed(struct match_index *index, const struct match_line *line)
{
	CHECK_MAGIC(index, MATCH_INDEX_MAGIC);
	struct match_credit *credit = credit_of(index, line->id);
	if (credit == NULL) return ERR_NOTFOUND;
	credit->reversed = true;
	return 0;
}

bool match_credit_twin(const struct match_index *index, const struct match_line *line, uint32_t claim, bool posted)
{
	const struct match_entry *entry;
	struct match_key key = match_seen_key(claim, line->amount);
	struct match_walk walk = match_order_range(&index->seen, key, key);
	while ((entry = match_walk_next(&walk)) != NULL) {
		const struct match_credit *credit = &index->credits[entry->value];
		if (credit->id != line->id && !credit->reversed && !credit->forgotten && (credit->waits || posted))
			return true;
	}
	return false;
}

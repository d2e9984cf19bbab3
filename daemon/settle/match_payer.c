/* Who paid: by what earlier payments taught. */
#include <string.h>

#include "settle/match_find.h"

bool match_find_is_payer(const struct match_find *find, uint32_t payer)
{
	for (uint32_t i = 0; i < find->payer_count; i++) {
		if (find->payers[i] == payer) return true;
	}
	return false;
}

static void payer_add(struct match_find *find, uint32_t payer, uint8_t code)
{
	if (match_find_is_payer(find, payer) || find->payer_count == MATCH_PAYERS_MAX) return;
	find->payers[find->payer_count++] = payer;
	find->payer_code = code;
}

/* Those that may have this name, which may be cut. */
static void find_named(struct match_find *find, const char *written, uint8_t code)
{
	const struct match_index *index = find->index;
	char folded[MATCH_NAME_SIZE];
	if (match_name_fold(written, folded) < MATCH_NAME_WEIGHT) return;
	size_t len = strlen(folded);
	for (uint32_t i = 0; i < index->name_count; i++) {
		const struct match_name *name = &index->names[i];
		if (name->folded[0] != folded[0]) continue;
		size_t both = len < name->len ? len : name->len;
		if (memcmp(name->folded, folded, both) == 0) payer_add(find, name->payer, code);
	}
}

void match_find_payers(struct match_find *find)
{
	const struct match_index *index = find->index;
	char folded[MATCH_NAME_SIZE];
	if (match_name_fold(find->line->payer_account, folded) > 0) {
		for (uint32_t i = 0; i < index->account_count; i++) {
			if (strcmp(index->accounts[i].folded, folded) == 0) {
				payer_add(find, index->accounts[i].payer, MATCH_BY_ACCOUNT);
			}
		}
	}
	if (find->payer_count == 0) find_named(find, find->line->payer_name, MATCH_BY_NAME);
	if (find->payer_count == 0) find_named(find, find->line->ultimate_name, MATCH_BY_ULTIMATE);
}

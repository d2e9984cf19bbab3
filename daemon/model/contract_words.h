/* A contract in the words of those who sign and book it: what is owed and paid, by which rate, when and with what off.
 */
#ifndef MODEL_CONTRACT_WORDS_H
#define MODEL_CONTRACT_WORDS_H

#include "model/contract.h"

/* One sentence or several about what is owed: "alpha owes USD, fixed at the central parity of the invoice's day; ...".
 * carrier: its name, or its code. Made in the arena; NULL on no memory. */
const char *contract_owed_words(
	const struct contract *contract, const char *carrier, bool chinese, struct zf_arena *arena);

/* One term of it: what it is called and what it says. Borrowed from the arena. */
struct contract_term {
	const char *key; /* as in the document, for programs: "payment.term_days" */
	const char *label;
	const char *text;
};
#define CONTRACT_TERMS_MAX (22 + 3 * CONTRACT_LIST_MAX)
/* All terms but those of contract_owed_words, in the order in which people ask for them. Returns how many; 0 on no
 * memory. */
size_t contract_terms(const struct contract *contract, bool chinese, struct zf_arena *arena,
	struct contract_term ret[CONTRACT_TERMS_MAX]);

#endif

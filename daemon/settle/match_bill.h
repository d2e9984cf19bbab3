/* The hospital's own numbers of bills in what banks pass on. Claims are known by a keyed hash of them, with the system
 * that they are of: words of a line are hashed as numbers of the systems that the hospital's file names, and looked up
 * together. */
#ifndef SETTLE_MATCH_BILL_H
#define SETTLE_MATCH_BILL_H

#include "settle/bill_number.h"
#include "settle/match_know.h"

struct db_params;
struct pg_result;

#define BILL_WORDS_MAX 96  /* readings of a line's words that are looked up */
#define BILL_LEN_MIN 5     /* letters and digits of a number; a shorter one is in too many texts by chance */
#define BILL_DIGITS_MIN 2  /* that tell it from a word */
#define BILLS_MAX 16       /* claims that a line may name so */
#define BILL_SLIPS_MAX 512 /* numbers that are looked up for what a line's words may have been meant for */

/* A word of a line as a number of one of the systems. */
struct bill_word {
	uint8_t hash[LOOKUP_HASH_BYTES];
	const char *number;
	uint32_t line;
};

/* Zeroed it is empty. All of it is in the arena. */
struct bill_search {
	struct bill_word *words;
	uint32_t count, cap;
	bool slips; /* these are not words, but what they may have been meant for */
};

/* What may be a number in all fields of a line, each once, but our own refs: as it stands there, in capitals, put
 * together where it stands in groups ("MZ26-0800 0129"), and with letters that were taken for digits. In their order.
 * ret_many: there are more. Pure. ERR_NOMEM. */
int bill_words(const struct match_line *line, struct zf_arena *arena, const char *ret_words[BILL_WORDS_MAX],
	uint32_t *ret_count, bool *ret_many) MUSTUSE;
/* Adds the words of a line, which the caller knows by a number, and tells the line where there are more. ERR_NOMEM. */
int bill_search_add(struct bill_search *search, const struct match_know *know, struct match_line *line, uint32_t number,
	struct zf_arena *arena) MUSTUSE;
/* The parameters of SETTLE_MATCH_BILLS. */
void bill_search_put(const struct bill_search *search, const struct match_know *know, struct db_params *params);
/* Takes its rows: to the lines, by their numbers, what they name, or may have meant; what is found tells the form of
 * such numbers. ERR_NOMEM. */
int bill_search_take(const struct bill_search *search, struct match_know *know, const struct pg_result *rows,
	struct match_line *lines, struct zf_arena *arena) MUSTUSE;
/* After that, a search for what was meant: of lines that name no claim so, the words that have the form of the
 * hospital's numbers, as the numbers that are one slip away. ERR_NOMEM. */
int bill_search_slips(const struct bill_search *search, const struct match_know *know, const struct match_line *lines,
	struct zf_arena *arena, struct bill_search *ret) MUSTUSE;

#endif

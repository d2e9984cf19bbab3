/* Numbers in what banks pass on: folded so that case, blanks, marks, O for 0 and I for 1 don't matter, packed into keys
 * that sort like text, and the readings that one slip of the keyboard leaves open. */
#ifndef SETTLE_MATCH_TEXT_H
#define SETTLE_MATCH_TEXT_H

#include "settle/match_order.h"

#define MATCH_TEXT_MAX 1024  /* letters and digits of a line that are looked at */
#define MATCH_KEY_CHARS 20   /* of a number that are in its key */
#define MATCH_NUMBER_MAX 80  /* of the number of an advice that are compared; of one of a claim those of its key */
#define MATCH_NAME_SIZE 160  /* bytes of a folded name, with NUL; the rest is not compared */
#define MATCH_NAME_WEIGHT 10 /* a name must be so long to say who it is: 10 letters, or 5 of Chinese */

/* What is known about a letter. */
enum match_mark {
	MATCH_BEGIN = 1,     /* something else stands before it */
	MATCH_END = 2,       /* something else stands behind it */
	MATCH_FIELD_END = 4, /* nothing stands behind it in its field: it may be cut off there */
	MATCH_DIGIT = 8,     /* it was a digit before it was folded */
	MATCH_USED = 16,     /* it belongs to a number that was recognised */
};

/* The letters and digits of all fields of a line, one behind the other. Zeroed it is empty. */
struct match_text {
	char folded[MATCH_TEXT_MAX]; /* [0-9A-Z] without O and I */
	uint8_t marks[MATCH_TEXT_MAX];
	size_t len;
};

/* Adds a field; NULL and "" add nothing, nor does what banks write for nothing (NOTPROVIDED, NONREF). */
void match_text_add(struct match_text *text, const char *field);

/* The key of the first MATCH_KEY_CHARS of folded characters. */
struct match_key match_key_of(const char *folded, size_t len);
/* The last of the keys that begin so (len at most MATCH_KEY_CHARS). */
struct match_key match_key_last(const char *folded, size_t len);
/* Folds at most max characters of a number, such as one of a claim; returns how many, 0 for NULL or nothing. */
size_t match_key_fold(const char *number, char *ret, size_t max);
/* Its character `at`, below MATCH_KEY_CHARS; NUL: it has none there. */
char match_key_char(struct match_key key, size_t at);
/* Does the key begin with these? */
bool match_key_begins(struct match_key key, const char *folded, size_t len);
static inline bool match_key_none(struct match_key key)
{
	return key.hi == 0;
}

/* Every key that is one slip away: a character dropped, added, another, or two neighbours swapped; and its length. Only
 * slips in the first `first` characters, where the rest is not worth looking at. */
typedef void match_slip_fn(void *context, struct match_key key, size_t len);
void match_slips(const char *folded, size_t len, size_t first, match_slip_fn *tell, void *context);

/* Folds a name of a payer: ASCII letters and digits in upper case, letters of other scripts as they are.
 * NUL-terminated. Returns its weight, see MATCH_NAME_WEIGHT. */
size_t match_name_fold(const char *name, char ret[MATCH_NAME_SIZE]);

#endif

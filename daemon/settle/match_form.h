/* The forms of the hospital's own numbers of bills, which are known by hashes alone: how long they are, where their
 * digits are, and the few letters that they begin with. They are learned from those that were found in lines, so that
 * one that was not, since it has a slip in it, is known for what it is. Nothing else of a number is kept. */
#ifndef SETTLE_MATCH_FORM_H
#define SETTLE_MATCH_FORM_H

#include "base/core.h"

#define MATCH_FORMS_MAX 16      /* of a hospital; what is of none of these is taken for no number */
#define MATCH_FORM_CHARS_MIN 9  /* letters and digits; by chance a shorter one is met too often, as a day is */
#define MATCH_FORM_CHARS_MAX 24 /* nobody types a longer one */
#define MATCH_FORM_DIGITS_MIN 4
#define MATCH_FORMS_TEXT_MAX (MATCH_FORMS_MAX * (MATCH_FORM_CHARS_MAX + 1))

/* Zeroed there is none. */
struct match_forms {
	/* Folded as match_text.h says: the letters of the begin as they are, # a digit, @ any other letter. */
	char items[MATCH_FORMS_MAX][MATCH_FORM_CHARS_MAX + 1];
	uint32_t count;
	bool more; /* than are kept in the database */
};

/* As they are kept: with a blank between two. What is no form is left out. */
void match_forms_read(struct match_forms *forms, const char *text);
void match_forms_write(const struct match_forms *forms, char ret[MATCH_FORMS_TEXT_MAX]);
/* From a number of the hospital, as it stands in a line. */
void match_forms_learn(struct match_forms *forms, const char *number);
/* Are these folded characters one of the hospital's numbers, or one slip of the keyboard away? grouped: they don't
 * stand together; then figures alone, such as a day and an amount, are none. */
bool match_forms_like(const struct match_forms *forms, const char *folded, size_t len, bool grouped);
/* All numbers of the forms that are one slip away from what was written, in capitals and with its marks. False from
 * tell ends it. */
typedef bool match_form_fn(void *context, const char *number);
void match_forms_meant(const struct match_forms *forms, const char *written, match_form_fn *tell, void *context);

#endif

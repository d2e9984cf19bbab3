/* ISO 3166-1: which country codes exist. */
#ifndef ADAPTERS_LIB_COUNTRY_H
#define ADAPTERS_LIB_COUNTRY_H

#include "lib/text.h"

struct country {
	char alpha2[3];
	char alpha3[4];
};

/* By exactly two or three upper-case letters; NULL when ISO 3166-1 has no such officially assigned code. */
const struct country *country_find(struct text_span code);
static inline bool country_is_alpha2(struct text_span code)
{
	return code.len == 2 && country_find(code) != NULL;
}
/* The table, sorted by alpha-2. */
const struct country *country_table(size_t *ret_n);

#endif

/* Words of a person that are written once and known again: sealed, nobody sees in them that they are the same. */
#ifndef MODEL_WORDS_H
#define MODEL_WORDS_H

#include "base/id.h"
#include "base/key.h"
#include "base/mem.h"

/* What operator_write() of schema/050_operator.sql takes: what is sealed, in hex, and behind a colon the keyed hash of
 * the words about `id`. */
int words_known(const struct keyring *ring, const struct uuid *hospital, const struct uuid *id, const char *words,
	const char *sealed, struct arena *arena, const char **ret_text) MUSTUSE;

#endif

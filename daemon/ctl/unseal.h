/* Opening what is sealed, for the few commands that must: hospital keys by a master key, patient keys by those. */
#ifndef CTL_UNSEAL_H
#define CTL_UNSEAL_H

#include "base/key_set.h"
#include "base/mem.h"
#include "ctl/ctl.h"

#define WORDS_ARENA_BYTES (1u << 20) /* for words that are sealed or opened */

/* A hospital's keys, wiped by key_set_wipe. */
int unseal_keys_load(struct ctl *ctl, const struct uuid *hospital, struct key_set *ret_keys) MUSTUSE;
/* The key that a message's content is sealed under: its patient's, or the hospital's where it belongs to no claim; and
 * the content. Inside a transaction of its hospital. ERR_NOTFOUND, ERR_DENIED. */
int unseal_message(struct ctl *ctl, const struct uuid *hospital, const struct uuid *message, struct sealer *sealer,
	struct arena *arena, struct key *ret_key, struct bytes *ret_plain) MUSTUSE;

/* Words that a person wrote, sealed for a row's id (SEAL_FACT) under the hospital's newest key; NULL: nothing is
 * sealed. In the arena. */
int unseal_words_seal(struct ctl *ctl, const struct uuid *hospital, const struct uuid *id, const char *words,
	struct arena *arena, struct bytes *ret_sealed) MUSTUSE;
/* The same, as hex; NULL stays NULL. */
int unseal_words_hex(struct ctl *ctl, const struct uuid *hospital, const struct uuid *id, const char *words,
	struct arena *arena, const char **ret_hex) MUSTUSE;
/* The same, and the hash by which they are known again: words_known(). */
int unseal_words_known(struct ctl *ctl, const struct uuid *hospital, const struct uuid *id, const char *words,
	struct arena *arena, const char **ret_text) MUSTUSE;
/* Opens them again. ERR_DENIED. */
int unseal_words(struct ctl *ctl, const struct uuid *hospital, const struct uuid *id, struct bytes sealed,
	struct arena *arena, const char **ret_words) MUSTUSE;

/* What a person does to one thing of which only the id is known: the statement takes hospital, id, who and why, sealed
 * for the id in hex, and says whether the hospital has it. All that have a key are asked, and the house. ERR_NOTFOUND
 * without text: none has it. */
int unseal_act(struct ctl *ctl, const char *sql, const struct uuid *id, const char *why) MUSTUSE;

#endif

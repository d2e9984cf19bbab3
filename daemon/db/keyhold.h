/* The hospitals' keys of one process: registered and fetched from the database at start and on reload, unwrapped under
 * the master key, and handed out to seal and open with. A room's pool must include keyhold_table.
 *
 * What is sealed under which key, so that every room finds it again:
 *   rows of a claim (claim, its messages, facts, identity)    the key of the claim's patient
 *   messages without a claim (polls, insurers' calls), state  the hospital's newest key; keyhold_open tries all
 * versions A hospital's key is wrapped with the hospital's id as owner, a patient's key with its patient_key_id. */
#ifndef DB_KEYHOLD_H
#define DB_KEYHOLD_H

#include "base/key_set.h"
#include "db/statement.h"

struct db_pool;
struct keyhold;

extern const struct db_table keyhold_table;

struct keyhold_hospital {
	struct uuid id;
	const char *code, *name, *zone, *book_currency;
	bool accepts_take_backs;
};

/* Returns owned: keyhold_free, before the pool. ERR_NOMEM. */
int keyhold_new(struct db_pool *pool, struct keyhold **ret_hold) MUSTUSE;
void keyhold_free(struct keyhold *hold); /* wipes; NULL allowed */
/* Begins to register these hospitals (a new one gets a new key) and to fetch all versions of their keys; goes on by
 * itself until the database has answered. Keys already held stay in use meanwhile; those of hospitals that are not
 * named any more go when it is done. ring: borrowed until done or the next call; hospitals: copied. ERR_NOMEM. */
int keyhold_load(struct keyhold *hold, const struct keyring *ring, const struct keyhold_hospital *hospitals,
	size_t count) MUSTUSE;
/* Every hospital of the last keyhold_load has its newest key, be it from an earlier load. */
bool keyhold_ready(const struct keyhold *hold);
/* The first load is under way: nothing is held yet, of any hospital. */
bool keyhold_awaited(const struct keyhold *hold);
/* Called from the loop each time a load is done. */
void keyhold_on_ready(struct keyhold *hold, void (*ready)(void *ctx), void *ctx);

/* The key that seals what is new; NULL: not (yet) held. Borrowed until the loop turns. */
const struct key *keyhold_newest(const struct keyhold *hold, const struct uuid *hospital, int *ret_version);
/* A given version; NULL: not held. */
const struct key *keyhold_version(const struct keyhold *hold, const struct uuid *hospital, int version);
/* All versions, for who works off the loop; how many. */
size_t keyhold_set(const struct keyhold *hold, const struct uuid *hospital, struct key_set *ret_set);
/* seal_open under whichever version of the hospital's key fits. ERR_NOTFOUND: no key held; else as seal_open. */
int keyhold_open(const struct keyhold *hold, struct sealer *sealer, const struct uuid *hospital, const struct uuid *id,
	enum seal_kind kind, struct bytes sealed, size_t plain_bytes_max, struct arena *arena,
	struct bytes *ret_plain) MUSTUSE;

/* A patient's key as stored in patient_key (about a microsecond: nothing is cached, so that no person's key stays in
 * memory longer than its use). ERR_NOTFOUND: that version is not held; ERR_DENIED: does not fit. */
int keyhold_patient(const struct keyhold *hold, const struct uuid *hospital, const struct uuid *patient_key_id,
	int version, struct bytes wrapped, struct key *ret_key) MUSTUSE;

#endif

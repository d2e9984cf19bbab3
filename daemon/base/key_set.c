/* Which of them fits is not stored with what they sealed: they are tried, the newest first. */
#include "base/key_set.h"

void key_set_wipe(struct key_set *set)
{
	for (size_t i = 0; i < set->count; i++) key_wipe(&set->items[i]);
	set->count = 0;
}

int key_set_unwrap(const struct key_set *set, const struct uuid *owner, struct bytes wrapped, struct key *ret_key)
{
	if (wrapped.ptr == NULL) return err_set(ERR_DENIED, "the patient's key was erased");
	for (size_t i = 0; i < set->count; i++)
		if (key_unwrap(&set->items[i], owner, wrapped.ptr, wrapped.len, ret_key) == 0) return 0;
	return err_set(ERR_DENIED, "none of the hospital's keys opens the patient's key");
}

int key_set_open(const struct key_set *set, struct sealer *sealer, const struct uuid *id, enum seal_kind kind,
	struct bytes sealed, size_t plain_bytes_max, struct arena *arena, struct bytes *ret_plain)
{
	int r = ERR_DENIED;

	for (size_t i = 0; r < 0 && i < set->count; i++)
		r = seal_open(sealer, &set->items[i], id, kind, sealed, plain_bytes_max, arena, ret_plain);
	return r;
}

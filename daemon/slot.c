/* Shared pages between workers, supervisor and monitor: single writer, any number of readers, no locks. */
#include "slot.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "base/clock.h"

#define SLOT_READ_TRIES 8

struct slot *slots_map(size_t n)
{
	void *map;

	assert(n > 0 && n <= SLOTS_MAX);
	map = mmap(NULL, n * sizeof(struct slot), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED) {
		(void)err_set(ERR_SYS, "could not map %zu bytes to share with the workers: %s", n * sizeof(struct slot),
			strerror(errno));
		return NULL;
	}
	return map;
}

void slot_begin(struct slot *slot, const char *role, int number)
{
	slot->number = number;
	(void)snprintf(slot->role, sizeof(slot->role), "%s", role);
	(void)snprintf(slot->why, sizeof(slot->why), "starting");
	/* A writer that was killed in the middle left an odd version, which nobody would ever read again. */
	atomic_fetch_or(&slot->version, 1);
	slot->text_len = 0;
	atomic_fetch_add(&slot->version, 1);
	atomic_store(&slot->ready, 0);
	atomic_store(&slot->heartbeat_ms, clock_mono_ms());
	atomic_fetch_add(&slot->starts, 1);
	atomic_store(&slot->used, 1);
}

void slot_end(struct slot *slot, const char *why)
{
	atomic_store(&slot->ready, 0);
	(void)snprintf(slot->why, sizeof(slot->why), "%s", why);
}

void slot_beat(struct slot *slot, bool ready, const char *why)
{
	if (!ready && why != NULL) {
		size_t len = strlen(why);

		if (len >= SLOT_WHY_LEN) len = SLOT_WHY_LEN - 1;
		memcpy(slot->why, why, len);
		slot->why[len] = '\0';
	}
	atomic_store(&slot->ready, ready ? 1 : 0);
	atomic_store(&slot->heartbeat_ms, clock_mono_ms());
}

void slot_publish(struct slot *slot, const char *text, size_t len)
{
	if (len > SLOT_TEXT_BYTES_MAX) {
		len = SLOT_TEXT_BYTES_MAX;
		while (len > 0 && text[len - 1] != '\n') len--;
	}
	atomic_fetch_add(&slot->version, 1);
	memcpy(slot->text, text, len);
	slot->text_len = (uint32_t)len;
	atomic_fetch_add(&slot->version, 1);
}

bool slot_read(const struct slot *slot, struct buf *ret_text)
{
	size_t start = ret_text->len;

	for (int i = 0; i < SLOT_READ_TRIES; i++) {
		uint32_t before = atomic_load(&slot->version);
		uint32_t len = slot->text_len;

		if (before % 2 != 0 || len > SLOT_TEXT_BYTES_MAX) continue;
		if (buf_append(ret_text, slot->text, len) < 0) return false;
		if (atomic_load(&slot->version) == before) return true;
		ret_text->len = start;
	}
	return false;
}

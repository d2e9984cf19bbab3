/* The pages that workers share with the supervisor and the monitor: what is read is always whole, also after a writer
 * was killed in the middle. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "slot.h"

static struct slot *slot_new(void)
{
	struct slot *slot = slots_map(1);

	assert_non_null(slot);
	slot_begin(slot, "intake", 3);
	return slot;
}

static void assert_reads(const struct slot *slot, const char *expected)
{
	struct buf text = BUF_INIT(SLOT_TEXT_BYTES_MAX);

	assert_true(slot_read(slot, &text));
	assert_int_equal(text.len, strlen(expected));
	assert_memory_equal(text.len == 0 ? "" : (const char *)text.ptr, expected, text.len);
	buf_free(&text);
}

static void begins_as_starting(void **state)
{
	struct slot *slot = slot_new();

	(void)state;
	assert_int_equal(atomic_load(&slot->used), 1);
	assert_int_equal(atomic_load(&slot->ready), 0);
	assert_string_equal(slot->role, "intake");
	assert_int_equal(slot->number, 3);
	assert_string_equal(slot->why, "starting");
	assert_true(clock_mono_ms() - atomic_load(&slot->heartbeat_ms) < 1000);
	assert_reads(slot, "");
}

static void tells_why_not(void **state)
{
	struct slot *slot = slot_new();
	char longer[SLOT_WHY_LEN * 2];

	(void)state;
	slot_beat(slot, true, NULL);
	assert_int_equal(atomic_load(&slot->ready), 1);
	slot_beat(slot, false, "no database");
	assert_int_equal(atomic_load(&slot->ready), 0);
	assert_string_equal(slot->why, "no database");
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	slot_beat(slot, false, longer);
	assert_int_equal(strlen(slot->why), SLOT_WHY_LEN - 1);
	slot_beat(slot, true, NULL);
	slot_end(slot, "ended");
	assert_int_equal(atomic_load(&slot->ready), 0);
	assert_string_equal(slot->why, "ended");
}

static void publishes_whole_lines(void **state)
{
	struct slot *slot = slot_new();
	size_t len = SLOT_TEXT_BYTES_MAX + 100;
	char *text = malloc(len);
	struct buf got = BUF_INIT(SLOT_TEXT_BYTES_MAX);

	(void)state;
	slot_publish(slot, "a 1\n", 4);
	assert_reads(slot, "a 1\n");
	slot_publish(slot, "", 0);
	assert_reads(slot, "");
	assert_non_null(text);
	memset(text, 'y', len);
	for (size_t i = 99; i < len; i += 100) text[i] = '\n';
	slot_publish(slot, text, len);
	assert_true(slot_read(slot, &got));
	assert_int_equal(got.len, SLOT_TEXT_BYTES_MAX / 100 * 100);
	assert_int_equal(got.ptr[got.len - 1], '\n');
	buf_free(&got);
	/* one endless line has no whole part */
	memset(text, 'y', len);
	slot_publish(slot, text, len);
	assert_reads(slot, "");
	free(text);
}

static void appends_to_what_is_there(void **state)
{
	struct slot *slot = slot_new();
	struct buf got = BUF_INIT(64);

	(void)state;
	slot_publish(slot, "a 1\n", 4);
	assert_int_equal(buf_append(&got, "x\n", 2), 0);
	assert_true(slot_read(slot, &got));
	assert_int_equal(got.len, 6);
	assert_memory_equal(got.ptr, "x\na 1\n", 6);
	buf_free(&got);
}

/* A worker that was killed while it wrote: nobody reads its text, and its successor's is read again. */
static void survives_a_killed_writer(void **state)
{
	struct slot *slot = slot_new();
	struct buf got = BUF_INIT(64);

	(void)state;
	slot_publish(slot, "a 1\n", 4);
	atomic_fetch_add(&slot->version, 1); /* as slot_publish begins */
	memcpy(slot->text, "torn", 4);
	assert_false(slot_read(slot, &got));
	assert_int_equal(got.len, 0);
	slot_begin(slot, "intake", 3);
	assert_reads(slot, "");
	slot_publish(slot, "b 2\n", 4);
	assert_reads(slot, "b 2\n");
	buf_free(&got);
}

/* A writer that is killed again and again at random moments never shows a torn text. */
static void never_shows_a_torn_text(void **state)
{
	struct slot *slot = slot_new();
	size_t read_count = 0;

	(void)state;
	for (int round = 0; round < 20; round++) {
		pid_t pid;
		int64_t until;

		slot_begin(slot, "intake", 3);
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			static char page[8192];

			for (unsigned n = 0;; n++) {
				memset(page, 'a' + (int)(n % 26), sizeof(page));
				slot_publish(slot, page, sizeof(page) / 2 + n % 4096);
			}
		}
		until = clock_mono_ms() + 10;
		while (clock_mono_ms() < until) {
			struct buf got = BUF_INIT(SLOT_TEXT_BYTES_MAX);

			if (slot_read(slot, &got) && got.len > 0) {
				for (size_t i = 1; i < got.len; i++) assert_int_equal(got.ptr[i], got.ptr[0]);
				read_count++;
			}
			buf_free(&got);
		}
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
	}
	slot_begin(slot, "intake", 3);
	slot_publish(slot, "end 1\n", 6);
	assert_reads(slot, "end 1\n");
	assert_true(read_count > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(begins_as_starting),
		cmocka_unit_test(tells_why_not),
		cmocka_unit_test(publishes_whole_lines),
		cmocka_unit_test(appends_to_what_is_there),
		cmocka_unit_test(survives_a_killed_writer),
		cmocka_unit_test(never_shows_a_torn_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* A request to the role while its allocations fail, the n-th alone or with all behind it. */
#ifndef TESTS_UNIT_INTAKE_MEMORY_H
#define TESTS_UNIT_INTAKE_MEMORY_H

#include "intake_lab.h"

#define NO_MEMORY_MS 40

/* The next allocation to fail: each of the first `each`, then a sample by `stride`; each of all with ZHIFU_TEST_ALL. */
static inline long memory_next(long n, long each, long stride)
{
	static unsigned seed = 1;
	if (n < each || getenv("ZHIFU_TEST_ALL") != NULL) return n + 1;
	return n + 1 + rand_r(&seed) % stride;
}

/* One answer, head and body; 0: the connection was closed instead, or in the middle of it. */
static inline int memory_answer(struct caller *his, char *answer, size_t cap)
{
	size_t len = 0, whole = cap;
	while (len < whole) {
		int got = SSL_read(his->ssl, answer + len, (int)(cap - 1 - len));
		if (got <= 0) return 0;
		len += (size_t)got;
		answer[len] = '\0';
		const char *end = strstr(answer, "\r\n\r\n"), *field = strcasestr(answer, "content-length:");
		if (end != NULL)
			whole = (size_t)(end + 4 - answer) + (field == NULL ? 0 : strtoul(field + 15, NULL, 10));
	}
	return atoi(answer + 9);
}

/* Whether an answer or the connection's end came within so long. What TLS says for itself, such as tickets, is neither.
 */
static inline bool memory_waits(struct caller *his, int ms)
{
	int64_t end_ms = clock_mono_ms() + ms, left_ms;
	bool came = false;
	char first;
	assert_int_equal(fcntl(his->fd, F_SETFL, fcntl(his->fd, F_GETFL) | O_NONBLOCK), 0);
	while (!came && (left_ms = end_ms - clock_mono_ms()) > 0) {
		if (poll(&(struct pollfd){his->fd, POLLIN, 0}, 1, (int)left_ms) != 1) continue;
		int got = SSL_peek(his->ssl, &first, 1);
		came = got > 0 || SSL_get_error(his->ssl, got) != SSL_ERROR_WANT_READ;
	}
	assert_int_equal(fcntl(his->fd, F_SETFL, fcntl(his->fd, F_GETFL) & ~O_NONBLOCK), 0);
	return came;
}

/* Sends a request over his connection, which is a new one when it comes to its end. How many allocations failed; -1:
 * there was memory again before it came to that. *ret_status: 0 when the connection ended instead. */
static inline long memory_ask(
	struct caller *his, const char *text, size_t len, long n, bool once, char *answer, size_t cap, int *ret_status)
{
	/* The connection is there; what fails is what the request needs. */
	lab_fail_memory(n, once);
	bool written = SSL_write(his->ssl, text, (int)len) == (int)len;
	/* Without any memory there may be no answer before there is some again. */
	bool answered = memory_waits(his, once ? LAB_TIMEOUT_MS : NO_MEMORY_MS);
	lab_fail_memory(-1, false);
	*ret_status = written ? memory_answer(his, answer, cap) : 0;
	if (*ret_status == 0 || strcasestr(answer, "\r\nConnection: close") != NULL) {
		caller_close(his);
		*his = caller_open("client");
	}
	long failures = atomic_load(&lab.memory->failures);
	return failures == 0 && !answered ? -1 : failures;
}

#endif

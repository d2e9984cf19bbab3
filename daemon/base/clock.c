/* Time as the daemon sees it: one clock for deadlines, one for records. */
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

static int64_t read_us(clockid_t id)
{
	struct timespec now;
	int rc = clock_gettime(id, &now);

	assert(rc == 0);
	(void)rc;
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_mono_ms(void)
{
	return read_us(CLOCK_MONOTONIC) / 1000;
}

int64_t clock_mono_us(void)
{
	return read_us(CLOCK_MONOTONIC);
}

int64_t clock_wall_ms(void)
{
	return read_us(CLOCK_REALTIME) / 1000;
}

int64_t clock_cpu_us(void)
{
	return read_us(CLOCK_PROCESS_CPUTIME_ID);
}

void clock_format(int64_t wall_ms, char text[CLOCK_TEXT_LEN])
{
	int64_t ms = wall_ms % 1000;
	time_t seconds;
	struct tm tm;
	size_t len;

	if (ms < 0) ms += 1000; /* before 1970 the remainder still counts forward */
	seconds = (time_t)((wall_ms - ms) / 1000);
	text[0] = '\0';
	if (gmtime_r(&seconds, &tm) == NULL) return;
	len = strftime(text, CLOCK_TEXT_LEN - 5, "%Y-%m-%dT%H:%M:%S", &tm);
	if (len == 0) {
		text[0] = '\0';
		return;
	}
	text[len++] = '.';
	text[len++] = (char)('0' + ms / 100);
	text[len++] = (char)('0' + ms / 10 % 10);
	text[len++] = (char)('0' + ms % 10);
	text[len++] = 'Z';
	text[len] = '\0';
}

/* What the benchmark programs share: the clock, a latency histogram, and giving up with a text. */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static inline int64_t bench_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

__attribute__((noreturn, format(printf, 1, 2))) static inline void bench_fail(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	(void)vfprintf(stderr, format, list);
	va_end(list);
	(void)fputc('\n', stderr);
	exit(1);
}

/* A whole number of an option from low to high. */
static inline long bench_number(const char *name, const char *text, long low, long high)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (*text == '\0' || *end != '\0' || value < low || value > high)
		bench_fail("%s \"%s\" is no number from %ld to %ld", name, text, low, high);
	return value;
}

/* Latencies by the microsecond up to two seconds; what took longer counts as that. */
#define BENCH_SPREAD_US 2000000
struct bench_spread {
	uint32_t count[BENCH_SPREAD_US + 1];
	uint64_t total;
};

static inline void bench_spread_add(struct bench_spread *spread, int64_t us)
{
	spread->count[us < 0 ? 0 : us > BENCH_SPREAD_US ? BENCH_SPREAD_US : us]++;
	spread->total++;
}

/* The latency that per_mille of a thousand don't exceed; 0 when there is none. */
static inline int64_t bench_spread_at(const struct bench_spread *spread, unsigned per_mille)
{
	uint64_t wanted = (spread->total * per_mille + 999) / 1000, seen = 0;

	for (int64_t us = 0; us <= BENCH_SPREAD_US; us++) {
		seen += spread->count[us];
		if (seen >= wanted) return spread->total == 0 ? 0 : us;
	}
	return BENCH_SPREAD_US;
}

#endif

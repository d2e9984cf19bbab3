/* Time: a monotonic clock for deadlines, the wall clock for records. Leases and business deadlines use the database's.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "base/core.h"

int64_t clock_mono_ms(void); /* milliseconds, never goes back */
int64_t clock_mono_us(void);
int64_t clock_wall_ms(void); /* milliseconds since 1970-01-01 UTC */
int64_t clock_cpu_us(void);  /* what this process has used of the processors */
/* "2026-11-21T20:53:27.123Z"; text holds at least CLOCK_TEXT_LEN. */
#define CLOCK_TEXT_LEN 32
void clock_format(int64_t wall_ms, char text[CLOCK_TEXT_LEN]);

#endif

/* Named points at which a test kills, stops or delays this process: what a crash at the worst moment does is tried, not
 * hoped. Only builds for tests have them (CMake defines ZHIFU_POINTS for Debug and the sanitizers); elsewhere a point
 * is nothing and nothing can arm it. */
#ifndef BASE_POINT_H
#define BASE_POINT_H

#include "base/core.h"

#ifdef ZHIFU_POINTS

/* A row of the file that the environment's ZHIFU_POINTS names. All processes of a daemon and the test share it: the
 * test arms rows while the daemon runs, and reads how often each point was passed. tests/crash/points.py knows this
 * layout.
 */
struct point {
	char name[40];
	uint32_t action;   /* enum point_action; none again when it has been done */
	uint32_t delay_ms; /* of POINT_DELAY */
	int32_t pid;       /* only this process; 0: whichever comes */
	int32_t left;      /* passes until the action, that one included */
	int32_t fired_pid; /* whom it hit last */
	uint32_t fired;    /* how often it hit */
	uint64_t passed;   /* how often any process came by */
};

enum point_action { POINT_NONE, POINT_KILL, POINT_STOP, POINT_DELAY };

/* Maps the rows; before processes are forked. Without the file no point does anything. */
void points_open(void);
/* Passes a point: counts, and does what its row says. */
void point_pass(const char *name);

#define POINTS_OPEN() points_open()
#define POINT(name) point_pass(name)

#else

#define POINTS_OPEN() ((void)0)
#define POINT(name) ((void)0)

#endif

#endif

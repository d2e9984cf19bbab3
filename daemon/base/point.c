/* Rows of points in a file that is shared with the test. A process behind a system call filter can read it too: it is
 * mapped before. */
#include "base/point.h"

#ifdef ZHIFU_POINTS

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* The one exception from "no global variables": a point may stand anywhere, and release has none. */
static struct point *points;
static size_t point_count;

void points_open(void)
{
	const char *path = getenv("ZHIFU_POINTS");
	int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
	struct stat info;

	if (fd < 0) return;
	if (fstat(fd, &info) == 0 && info.st_size > 0) {
		void *rows = mmap(NULL, (size_t)info.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

		if (rows != MAP_FAILED) {
			points = rows;
			point_count = (size_t)info.st_size / sizeof(*points);
		}
	}
	close(fd);
}

static void point_hit(struct point *point)
{
	uint32_t action = __atomic_exchange_n(&point->action, POINT_NONE, __ATOMIC_SEQ_CST);
	struct timespec delay = {point->delay_ms / 1000, (long)(point->delay_ms % 1000) * 1000000};

	point->fired_pid = getpid();
	__atomic_add_fetch(&point->fired, 1, __ATOMIC_SEQ_CST);
	if (action == POINT_KILL) (void)raise(SIGKILL);
	if (action == POINT_STOP) (void)raise(SIGSTOP);
	if (action == POINT_DELAY) (void)nanosleep(&delay, NULL);
}

void point_pass(const char *name)
{
	for (size_t i = 0; i < point_count; i++) {
		struct point *point = &points[i];

		if (strncmp(point->name, name, sizeof(point->name)) != 0) continue;
		__atomic_add_fetch(&point->passed, 1, __ATOMIC_SEQ_CST);
		if (__atomic_load_n(&point->action, __ATOMIC_SEQ_CST) == POINT_NONE) return;
		if (point->pid != 0 && point->pid != getpid()) return;
		if (__atomic_sub_fetch(&point->left, 1, __ATOMIC_SEQ_CST) == 0) point_hit(point);
		return;
	}
}

#endif

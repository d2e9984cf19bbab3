/* A private PostgreSQL for unit tests: starts one with pg_cluster.sh and skips the test where none is installed. */
#ifndef UNIT_PG_CLUSTER_H
#define UNIT_PG_CLUSTER_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* Runs the script beside this header: command start, halt, run or stop. Returns its exit status; 77: no PostgreSQL. */
static inline int pg_cluster(const char *command, const char *dir, const char *argument)
{
	char line[1024], script[512];
	/* Tests run in the project's root, or with ZHIFU_ROOT naming it. */
	const char *root = getenv("ZHIFU_ROOT");
	snprintf(script, sizeof(script), "%s/tests/unit/pg_cluster.sh", root != NULL ? root : ".");
	snprintf(line, sizeof(line), "'%s' %s '%s' %s", script, command, dir, argument);
	int status = system(line);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

/* Starts a cluster named after the test and this process; conninfo for it in `conninfo`. 0, 77 or a failure. It is
 * removed when the process ends, however it ends. */
static inline int pg_cluster_start(const char *name, char dir[64], char conninfo[160])
{
	char pid[24];
	snprintf(dir, 64, "/tmp/zf-%.20s-%d", name, (int)getpid());
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	snprintf(conninfo, 160, "host=%s user=postgres dbname=postgres", dir);
	return pg_cluster("start", dir, pid);
}

#endif

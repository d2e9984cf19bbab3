/* A private PostgreSQL for unit tests: starts one with conf/cluster and skips the test where none is installed. */
#ifndef UNIT_PG_CLUSTER_H
#define UNIT_PG_CLUSTER_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PG_CLUSTER_MISSING 77 /* no PostgreSQL is installed */

/* A verb of conf/cluster for the cluster whose sockets are in `host`: stop, kill, start or destroy. Returns its exit
 * status. */
static inline int pg_cluster(const char *verb, const char *host, const char *options)
{
	char line[1024];
	/* Tests run in the project's root, or with ZHIFU_ROOT naming it. */
	const char *root = getenv("ZHIFU_ROOT");
	const char *end = strrchr(host, '/');
	snprintf(line, sizeof(line), "'%s/conf/cluster' %s '%.*s' %s", root != NULL ? root : ".", verb,
		(int)(end - host), host, options);
	int status = system(line);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

/* Starts a cluster named after the test and this process; where to connect to in `host` and `conninfo`. 0,
 * PG_CLUSTER_MISSING or a failure. It is removed when the process ends, however it ends. */
static inline int pg_cluster_start(const char *name, char host[64], char conninfo[160])
{
	const char *bin = getenv("ZHIFU_PG_BIN");
	char text[256];
	snprintf(text, sizeof(text), "%s/initdb", bin != NULL ? bin : "/usr/lib/postgresql/15/bin");
	if (access(text, X_OK) != 0) return PG_CLUSTER_MISSING;
	snprintf(host, 64, "/tmp/zf-%.20s-%d/socket", name, (int)getpid());
	snprintf(conninfo, 160, "host=%s user=postgres dbname=postgres", host);
	int status = pg_cluster(
		"create", host, "--fast --set autovacuum=off --set shared_buffers=64MB --set max_connections=60");
	snprintf(text, sizeof(text), "%d", (int)getpid());
	return status != 0 ? status : pg_cluster("watch", host, text);
}

#endif

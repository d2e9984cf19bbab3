/* The hosts of a conninfo and what libpq is told to connect to one of them. libpq's own host list is not used: with
 * PQconnectPoll it stays on its first host for ever when that does not answer. */
#ifndef DB_HOST_H
#define DB_HOST_H

#include "base/core.h"
#include "db/pool.h"

struct db_host {
	char *name;    /* host, or the directory of a unix socket; NULL: libpq's default socket */
	char *address; /* numeric; NULL: unix socket, or a name that has to be resolved first */
	char *port;    /* NULL: default */
};

struct db_hosts {
	struct db_host list[DB_POOL_HOSTS_MAX];
	size_t count;
	struct _PQconninfoOption *options; /* everything of the conninfo that is not about hosts */
	char application_name[64];
};

/* What is told of a server where zhifu.cluster_is_own() is false. */
#define DB_CLUSTER_OTHER                                                                                               \
	"the database was brought from another cluster, as by a dump that was restored: run \"zhifuctl migrate\" first"

/* Splits a conninfo. ERR_INVALID with text, ERR_NOMEM. On success db_hosts_free. */
int db_hosts_parse(const char *conninfo, const char *role, struct db_hosts *ret_hosts) MUSTUSE;
void db_hosts_free(struct db_hosts *hosts);
/* True when the host is a name that libpq would look up, which blocks. */
bool db_host_is_name(const struct db_host *host);
/* Starts a non-blocking connection to one host; address: numeric, for a name (else NULL). Returns owned, NULL on no
 * memory; look at PQstatus. */
struct pg_conn *db_host_connect(const struct db_hosts *hosts, const struct db_host *host, const char *address);

#endif

/* Splitting a conninfo into hosts and connecting to one of them. */
#include "db/host.h"

#include <arpa/inet.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#define KEYWORDS_MAX 80
#define HOST_LIST_LEN 1024

/* Dropped from the conninfo: we choose the host, judge the session and keep the time ourselves. */
static const char *const dropped[] = {"host", "hostaddr", "port", "target_session_attrs", "connect_timeout",
	"application_name", "load_balance_hosts", "client_encoding"};

static const char *option_value(const PQconninfoOption *options, const char *keyword)
{
	for (const PQconninfoOption *option = options; option->keyword != NULL; option++)
		if (strcmp(option->keyword, keyword) == 0)
			return option->val != NULL && option->val[0] != '\0' ? option->val : NULL;
	return NULL;
}

/* How many comma-separated entries; 0 for NULL. */
static size_t entries(const char *text)
{
	size_t n = text != NULL;
	for (; text != NULL && *text != '\0'; text++) n += *text == ',';
	return n;
}

/* A copy of entry i; NULL when empty. */
static int entry_copy(const char *text, size_t i, char **ret_copy)
{
	char piece[HOST_LIST_LEN];
	while (i-- > 0) text = strchr(text, ',') + 1;
	size_t len = strcspn(text, ",");
	if (len == 0) return 0;
	if (len >= sizeof(piece)) return err_set(ERR_INVALID, "a database host or port is too long");
	memcpy(piece, text, len);
	piece[len] = '\0';
	*ret_copy = mem_strdup(piece);
	return *ret_copy == NULL ? err_set(ERR_NOMEM, "no memory") : 0;
}

static bool numeric(const char *text)
{
	struct in6_addr address;
	return text != NULL && (inet_pton(AF_INET, text, &address) == 1 || inet_pton(AF_INET6, text, &address) == 1);
}

static int hosts_split(struct db_hosts *hosts, const char *names, const char *addresses, const char *ports)
{
	size_t count = addresses != NULL ? entries(addresses) : names != NULL ? entries(names) : 1;
	if (count > DB_POOL_HOSTS_MAX) return err_set(ERR_INVALID, "more than %d database hosts", DB_POOL_HOSTS_MAX);
	if (addresses != NULL && names != NULL && entries(names) != count)
		return err_set(ERR_INVALID, "as many host as hostaddr entries are needed in the database's conninfo");
	if (entries(ports) > 1 && entries(ports) != count)
		return err_set(ERR_INVALID, "one port or one per host is needed in the database's conninfo");
	hosts->count = count;
	for (size_t i = 0; i < count; i++) {
		struct db_host *host = &hosts->list[i];
		int r = 0;
		if (names != NULL) r = entry_copy(names, i, &host->name);
		if (r == 0 && addresses != NULL) r = entry_copy(addresses, i, &host->address);
		if (r == 0 && ports != NULL) r = entry_copy(ports, entries(ports) > 1 ? i : 0, &host->port);
		if (r == 0 && host->address == NULL && numeric(host->name)) {
			host->address = mem_strdup(host->name);
			if (host->address == NULL) r = err_set(ERR_NOMEM, "no memory");
		}
		if (r < 0) return r;
		if (host->address != NULL && !numeric(host->address))
			return err_set(ERR_INVALID, "hostaddr \"%s\" is not numeric", host->address);
	}
	return 0;
}

int db_hosts_parse(const char *conninfo, const char *role, struct db_hosts *ret_hosts)
{
	char *problem = NULL;
	PQconninfoOption *options = PQconninfoParse(conninfo, &problem);
	if (options == NULL) {
		/* libpq's text may quote the conninfo and with it a password: only say that it is wrong. */
		PQfreemem(problem);
		return err_set(ERR_INVALID, "the database's conninfo cannot be parsed");
	}
	struct db_hosts hosts = {.options = options};
	snprintf(hosts.application_name, sizeof(hosts.application_name), "zhifu-%s", role);
	int r = hosts_split(&hosts, option_value(options, "host"), option_value(options, "hostaddr"),
		option_value(options, "port"));
	if (r < 0) {
		db_hosts_free(&hosts);
		return r;
	}
	*ret_hosts = hosts;
	return 0;
}

void db_hosts_free(struct db_hosts *hosts)
{
	for (size_t i = 0; i < DB_POOL_HOSTS_MAX; i++) {
		mem_free(hosts->list[i].name);
		mem_free(hosts->list[i].address);
		mem_free(hosts->list[i].port);
	}
	if (hosts->options != NULL) PQconninfoFree(hosts->options);
	memset(hosts, 0, sizeof(*hosts));
}

bool db_host_is_name(const struct db_host *host)
{
	return host->address == NULL && host->name != NULL && host->name[0] != '/' && host->name[0] != '@';
}

struct keywords {
	const char *names[KEYWORDS_MAX];
	const char *values[KEYWORDS_MAX];
	size_t count;
};

static void keyword_add(struct keywords *keywords, const char *name, const char *value)
{
	if (value == NULL) return;
	assert(keywords->count < KEYWORDS_MAX - 1);
	keywords->names[keywords->count] = name;
	keywords->values[keywords->count++] = value;
}

struct pg_conn *db_host_connect(const struct db_hosts *hosts, const struct db_host *host, const char *address)
{
	struct keywords keywords = {.count = 0};
	/* Ours first: libpq lets a later entry win, so the conninfo can override what is only a default here. */
	keyword_add(&keywords, "keepalives_idle", "10");
	keyword_add(&keywords, "keepalives_interval", "3");
	keyword_add(&keywords, "keepalives_count", "3");
	keyword_add(&keywords, "tcp_user_timeout", "8000");
	/* GSS would look for a ticket cache and a realm, which can block. */
	keyword_add(&keywords, "gssencmode", "disable");
	const PQconninfoOption *option = hosts->options;
	for (; option->keyword != NULL; option++) {
		bool drop = false;
		for (size_t i = 0; i < ARRAY_LEN(dropped); i++) drop |= strcmp(option->keyword, dropped[i]) == 0;
		if (!drop) keyword_add(&keywords, option->keyword, option->val);
	}
	keyword_add(&keywords, "host", host->name);
	keyword_add(&keywords, "hostaddr", host->address != NULL ? host->address : address);
	keyword_add(&keywords, "port", host->port);
	keyword_add(&keywords, "application_name", hosts->application_name);
	keyword_add(&keywords, "client_encoding", "UTF8");
	return PQconnectStartParams(keywords.names, keywords.values, 0);
}

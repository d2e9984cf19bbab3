/* Names to addresses through evdns, with a small cache; look-ups of one name share one query. */
#include "net/outbound_resolve.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <event2/dns.h>
#include <event2/event.h>

#include "base/clock.h"
#include "base/list.h"
#include "base/mem.h"

#define RESOLVER_MAGIC 0x7265736fu
/* Once one family has an address the other is waited for this long (RFC 8305 section 3 says 50 ms). */
#define RESOLVE_OTHER_FAMILY_MS 50

/* One evdns query. It outlives its entry when it is cancelled: evdns hands it back through the loop. */
struct query {
	struct entry *entry; /* NULL: nobody wants the result any more */
	struct evdns_request *request;
	bool is_v6;
};

struct resolve_waiter {
	struct list node;
	struct resolver *resolver;
	resolve_callback *callback;
	void *arg;
};

struct entry {
	struct list node; /* in resolver->entries, longest unused first */
	struct resolver *resolver;
	char host[RESOLVE_HOST_BYTES_MAX + 1];
	struct resolve_addresses v4, v6;
	int code4, code6; /* of the finished queries */
	int64_t ttl_ms;   /* the smaller one */
	int64_t expires_ms;
	struct query *query4, *query6; /* under way */
	struct list waiters;
	struct event *timer;
	bool busy;       /* a look-up is under way */
	bool delivering; /* its callbacks run right now: not to be evicted by what they do */
};

struct hosts_name {
	char *name;
	struct resolve_addresses addresses;
};

struct resolver {
	uint32_t magic;
	struct event_base *base;
	struct evdns_base *evdns;
	int64_t lookup_ms_max, ttl_ms_max;
	struct list entries;
	size_t entry_count, waiter_count;
	struct hosts_name hosts[RESOLVE_HOSTS_MAX];
	size_t hosts_count;
};

static void addresses_add(struct resolve_addresses *addresses, const char *text)
{
	size_t size = strlen(text) + 1;
	if (addresses->count >= RESOLVE_ADDRESSES_MAX || size > sizeof(addresses->list[0].text)) return;
	memcpy(addresses->list[addresses->count++].text, text, size);
}

static bool text_is_numeric(const char *text)
{
	uint8_t raw[16];
	return inet_pton(AF_INET, text, raw) == 1 || inet_pton(AF_INET6, text, raw) == 1;
}

/* ---- the hosts file ---- */

static void hosts_name_add(struct resolver *resolver, const char *name, const char *address)
{
	struct hosts_name *row = NULL;
	for (size_t i = 0; i < resolver->hosts_count && row == NULL; i++)
		if (strcasecmp(resolver->hosts[i].name, name) == 0) row = &resolver->hosts[i];
	if (row == NULL && resolver->hosts_count < RESOLVE_HOSTS_MAX) {
		char *copy = mem_strdup(name);
		if (copy == NULL) return;
		row = &resolver->hosts[resolver->hosts_count++];
		row->name = copy;
	}
	if (row != NULL) addresses_add(&row->addresses, address);
}

static void hosts_line(struct resolver *resolver, char *line)
{
	char *comment = strchr(line, '#');
	if (comment != NULL) *comment = '\0';
	char *rest = NULL;
	char *address = strtok_r(line, " \t\r", &rest);
	if (address == NULL || !text_is_numeric(address)) return;
	char *name;
	while ((name = strtok_r(NULL, " \t\r", &rest)) != NULL) hosts_name_add(resolver, name, address);
}

/* A missing file is no error, as for the C library; one that is too long is read up to the limit. */
static int hosts_load(struct resolver *resolver, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT) return 0;
	if (fd < 0) return err_set(ERR_SYS, "could not read \"%s\": %s", path, strerror(errno));
	char *text = mem_alloc(RESOLVE_HOSTS_BYTES_MAX + 1);
	if (text == NULL) {
		close(fd);
		return err_set(ERR_NOMEM, "no memory for \"%s\"", path);
	}
	size_t len = 0;
	ssize_t got;
	while (len < RESOLVE_HOSTS_BYTES_MAX && (got = read(fd, text + len, RESOLVE_HOSTS_BYTES_MAX - len)) > 0)
		len += (size_t)got;
	close(fd);
	text[len] = '\0';
	char *rest = NULL;
	for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
		hosts_line(resolver, line);
	mem_free(text);
	return 0;
}

/* ---- entries ---- */

static void entry_cancel_queries(struct entry *entry)
{
	struct query **both[] = {&entry->query4, &entry->query6};
	for (size_t i = 0; i < ARRAY_LEN(both); i++) {
		struct query *query = *both[i];
		if (query == NULL) continue;
		*both[i] = NULL;
		query->entry = NULL; /* its callback still comes, and frees it */
		evdns_cancel_request(entry->resolver->evdns, query->request);
	}
}

static void entry_free(struct entry *entry)
{
	struct resolver *resolver = entry->resolver;
	entry_cancel_queries(entry);
	LIST_EACH(&entry->waiters, node)
	{
		list_remove(node);
		mem_free(CONTAINER_OF(node, struct resolve_waiter, node));
		resolver->waiter_count--;
	}
	list_remove(&entry->node);
	resolver->entry_count--;
	if (entry->timer != NULL) event_free(entry->timer);
	mem_free(entry);
}

static void entry_touch(struct entry *entry)
{
	list_remove(&entry->node);
	list_append(&entry->resolver->entries, &entry->node);
}

static struct entry *entry_find(struct resolver *resolver, const char *host)
{
	LIST_EACH(&resolver->entries, node)
	{
		struct entry *entry = CONTAINER_OF(node, struct entry, node);
		if (strcasecmp(entry->host, host) == 0) return entry;
	}
	return NULL;
}

/* Both families, IPv4 first: insurers' allow-lists are written in IPv4, and libcurl tries the other family 200 ms
 * later. */
static void entry_addresses(const struct entry *entry, struct resolve_addresses *ret_addresses)
{
	ret_addresses->count = 0;
	for (size_t i = 0; i < entry->v4.count; i++) {
		/* Keeps a place for IPv6 where there is one. */
		if (ret_addresses->count == RESOLVE_ADDRESSES_MAX - 1 && entry->v6.count > 0) break;
		addresses_add(ret_addresses, entry->v4.list[i].text);
	}
	for (size_t i = 0; i < entry->v6.count; i++) addresses_add(ret_addresses, entry->v6.list[i].text);
}

static int code_worse(int a, int b)
{
	if (a == ERR_TIMEOUT || b == ERR_TIMEOUT) return ERR_TIMEOUT;
	if (a == ERR_CLOSED || b == ERR_CLOSED) return ERR_CLOSED;
	return ERR_NOTFOUND;
}

/* The look-up is over, with what there is. */
static void entry_finish(struct entry *entry, bool timed_out)
{
	entry_cancel_queries(entry);
	event_del(entry->timer);
	entry->busy = false;
	struct resolve_addresses addresses = {.count = 0};
	entry_addresses(entry, &addresses);
	int code = 0;
	if (addresses.count == 0) code = timed_out ? ERR_TIMEOUT : code_worse(entry->code4, entry->code6);
	int64_t ttl_ms = entry->ttl_ms < entry->resolver->ttl_ms_max ? entry->ttl_ms : entry->resolver->ttl_ms_max;
	if (ttl_ms < RESOLVE_TTL_MS_MIN) ttl_ms = RESOLVE_TTL_MS_MIN;
	/* Failures are not kept: the breaker is what protects the resolver from a dead name. */
	entry->expires_ms = code == 0 ? clock_mono_ms() + ttl_ms : 0;

	/* A callback may look up the same name again, and cancel waiters of this very list. */
	struct list waiters;
	list_init(&waiters);
	LIST_EACH(&entry->waiters, node)
	{
		list_remove(node);
		list_append(&waiters, node);
	}
	entry->delivering = true;
	struct list *node;
	while ((node = list_first(&waiters)) != NULL) {
		struct resolve_waiter *waiter = CONTAINER_OF(node, struct resolve_waiter, node);
		list_remove(node);
		waiter->resolver->waiter_count--;
		waiter->callback(waiter->arg, code, &addresses);
		mem_free(waiter);
	}
	entry->delivering = false;
}

static void on_entry_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	struct entry *entry = arg;
	if (entry->busy) entry_finish(entry, entry->query4 != NULL || entry->query6 != NULL);
}

static void timer_start(struct event *timer, int64_t delay_ms)
{
	struct timeval delay = {.tv_sec = delay_ms / 1000, .tv_usec = (delay_ms % 1000) * 1000};
	event_add(timer, &delay);
}

static void query_take(struct entry *entry, bool is_v6, int result, int count, int ttl, const void *data)
{
	struct resolve_addresses *list = is_v6 ? &entry->v6 : &entry->v4;
	int *code = is_v6 ? &entry->code6 : &entry->code4;
	*code = 0;
	for (int i = 0; result == DNS_ERR_NONE && i < count; i++) {
		char text[INET6_ADDRSTRLEN];
		const uint8_t *raw = (const uint8_t *)data + (size_t)i * (is_v6 ? 16 : 4);
		if (inet_ntop(is_v6 ? AF_INET6 : AF_INET, raw, text, sizeof(text)) != NULL) addresses_add(list, text);
	}
	if (list->count > 0 && ttl >= 0 && (int64_t)ttl * 1000 < entry->ttl_ms) entry->ttl_ms = (int64_t)ttl * 1000;
	if (list->count > 0) return;
	if (result == DNS_ERR_TIMEOUT)
		*code = ERR_TIMEOUT;
	else if (result == DNS_ERR_NONE || result == DNS_ERR_NOTEXIST || result == DNS_ERR_NODATA)
		*code = ERR_NOTFOUND;
	else
		*code = ERR_CLOSED;
}

static void on_query(int result, char type, int count, int ttl, void *data, void *arg)
{
	(void)type;
	struct query *query = arg;
	struct entry *entry = query->entry;
	bool is_v6 = query->is_v6;
	mem_free(query);
	if (entry == NULL) return;
	if (is_v6)
		entry->query6 = NULL;
	else
		entry->query4 = NULL;
	query_take(entry, is_v6, result, count, ttl, data);
	if (entry->query4 == NULL && entry->query6 == NULL)
		entry_finish(entry, false);
	else if (entry->v4.count + entry->v6.count > 0)
		timer_start(entry->timer, RESOLVE_OTHER_FAMILY_MS);
}

static struct query *query_start(struct entry *entry, bool is_v6)
{
	struct query *query = mem_alloc(sizeof(*query));
	if (query == NULL) return NULL;
	query->entry = entry;
	query->is_v6 = is_v6;
	struct evdns_base *evdns = entry->resolver->evdns;
	query->request = is_v6 ? evdns_base_resolve_ipv6(evdns, entry->host, DNS_QUERY_NO_SEARCH, on_query, query)
			       : evdns_base_resolve_ipv4(evdns, entry->host, DNS_QUERY_NO_SEARCH, on_query, query);
	if (query->request != NULL) return query;
	mem_free(query);
	return NULL;
}

static void entry_start(struct entry *entry)
{
	entry->v4.count = entry->v6.count = 0;
	entry->code4 = entry->code6 = ERR_CLOSED;
	entry->ttl_ms = INT64_MAX;
	entry->busy = true;
	entry->query4 = query_start(entry, false);
	entry->query6 = query_start(entry, true);
	bool started = entry->query4 != NULL || entry->query6 != NULL;
	timer_start(entry->timer, started ? entry->resolver->lookup_ms_max : 0);
}

static struct entry *entry_new(struct resolver *resolver, const char *host)
{
	if (resolver->entry_count >= RESOLVE_CACHE_MAX) {
		struct entry *oldest = NULL;
		LIST_EACH(&resolver->entries, node)
		{
			struct entry *candidate = CONTAINER_OF(node, struct entry, node);
			if (oldest == NULL && !candidate->busy && !candidate->delivering) oldest = candidate;
		}
		if (oldest == NULL) return NULL;
		entry_free(oldest);
	}
	struct entry *entry = mem_alloc(sizeof(*entry));
	if (entry == NULL) return NULL;
	entry->timer = event_new(resolver->base, -1, 0, on_entry_timer, entry);
	if (entry->timer == NULL) {
		mem_free(entry);
		return NULL;
	}
	entry->resolver = resolver;
	for (size_t i = 0; host[i] != '\0'; i++) entry->host[i] = (char)tolower((unsigned char)host[i]);
	list_init(&entry->waiters);
	list_append(&resolver->entries, &entry->node);
	resolver->entry_count++;
	return entry;
}

/* ---- public ---- */

int resolver_new(struct event_base *base, struct evdns_base *evdns, const struct resolver_limits *limits,
	struct resolver **ret_resolver)
{
	assert(limits->lookup_ms_max > 0 && limits->ttl_ms_max > 0);
	struct resolver *resolver = mem_alloc(sizeof(*resolver));
	if (resolver == NULL) return err_set(ERR_NOMEM, "no memory for the resolver");
	resolver->magic = RESOLVER_MAGIC;
	resolver->base = base;
	resolver->evdns = evdns;
	resolver->lookup_ms_max = limits->lookup_ms_max;
	resolver->ttl_ms_max = limits->ttl_ms_max;
	list_init(&resolver->entries);
	const char *path = limits->hosts_file == NULL ? "/etc/hosts" : limits->hosts_file;
	int rc = *path == '\0' ? 0 : hosts_load(resolver, path);
	if (rc != 0) {
		resolver_free(resolver);
		return rc;
	}
	*ret_resolver = resolver;
	return 0;
}

void resolver_free(struct resolver *resolver)
{
	if (resolver == NULL) return;
	CHECK_MAGIC(resolver, RESOLVER_MAGIC);
	LIST_EACH(&resolver->entries, node) entry_free(CONTAINER_OF(node, struct entry, node));
	for (size_t i = 0; i < resolver->hosts_count; i++) mem_free(resolver->hosts[i].name);
	resolver->magic = 0;
	mem_free(resolver);
}

static bool host_is_localhost(const char *host)
{
	static const char suffix[] = ".localhost";
	size_t len = strlen(host);
	if (strcasecmp(host, "localhost") == 0) return true;
	return len > strlen(suffix) && strcasecmp(host + len - strlen(suffix), suffix) == 0; /* RFC 6761 */
}

bool resolver_known(
	struct resolver *resolver, const char *host, int64_t now_ms, struct resolve_addresses *ret_addresses)
{
	CHECK_MAGIC(resolver, RESOLVER_MAGIC);
	struct resolve_addresses found = {.count = 0};
	if (text_is_numeric(host)) {
		addresses_add(&found, host);
	} else if (host_is_localhost(host)) {
		addresses_add(&found, "127.0.0.1");
		addresses_add(&found, "::1");
	}
	for (size_t i = 0; i < resolver->hosts_count && found.count == 0; i++)
		if (strcasecmp(resolver->hosts[i].name, host) == 0) found = resolver->hosts[i].addresses;
	if (found.count == 0) {
		struct entry *entry = entry_find(resolver, host);
		if (entry != NULL && !entry->busy && now_ms < entry->expires_ms) {
			entry_touch(entry);
			entry_addresses(entry, &found);
		}
	}
	if (found.count == 0) return false;
	*ret_addresses = found;
	return true;
}

int resolver_lookup(struct resolver *resolver, const char *host, resolve_callback *callback, void *arg,
	struct resolve_waiter **ret_waiter)
{
	CHECK_MAGIC(resolver, RESOLVER_MAGIC);
	assert(strlen(host) <= RESOLVE_HOST_BYTES_MAX);
	if (resolver->evdns == NULL) return err_set(ERR_NOTFOUND, "no name server is configured");
	if (resolver->waiter_count >= RESOLVE_WAITERS_MAX) return err_set(ERR_LIMIT, "too many name look-ups");
	struct entry *entry = entry_find(resolver, host);
	if (entry == NULL) entry = entry_new(resolver, host);
	if (entry == NULL) return err_set(ERR_LIMIT, "too many names are being looked up");
	struct resolve_waiter *waiter = mem_alloc(sizeof(*waiter));
	if (waiter == NULL) return err_set(ERR_NOMEM, "no memory for a name look-up");
	waiter->resolver = resolver;
	waiter->callback = callback;
	waiter->arg = arg;
	resolver->waiter_count++;
	list_append(&entry->waiters, &waiter->node);
	entry_touch(entry);
	if (!entry->busy) entry_start(entry);
	*ret_waiter = waiter;
	return 0;
}

void resolver_cancel(struct resolver *resolver, struct resolve_waiter *waiter)
{
	CHECK_MAGIC(resolver, RESOLVER_MAGIC);
	assert(waiter->resolver == resolver);
	list_remove(&waiter->node);
	resolver->waiter_count--;
	mem_free(waiter);
}

/* One HTTP request as libcurl options, and its answer as it comes in. What is set here is the policy: HTTP/1.1, https
 * only, certificates always verified, no proxy, no cookies, no .netrc, nothing followed, nothing sent twice. */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/point.h"
#include "net/http_parse.h"
#include "net/outbound_call.h"

#define STATUS_REDIRECT_OTHER 303
#define UPLOAD_BUFFER_BYTES 16384L

static const char *const method_names[] = {
	[OUTBOUND_GET] = "GET",
	[OUTBOUND_HEAD] = "HEAD",
	[OUTBOUND_POST] = "POST",
	[OUTBOUND_PUT] = "PUT",
	[OUTBOUND_PATCH] = "PATCH",
	[OUTBOUND_DELETE] = "DELETE",
};

const char *outbound_method_name(enum outbound_method method)
{
	return (size_t)method < ARRAY_LEN(method_names) ? method_names[method] : NULL;
}

/* Names that libcurl or we write; "proxy-" is a prefix. */
static const char *const headers_reserved[] = {"host", "content-length", "connection", "transfer-encoding", "te",
	"trailer", "upgrade", "expect", "accept-encoding", "cookie", "keep-alive", "proxy-connection",
	"proxy-authorization"};

static bool method_has_body(enum outbound_method method)
{
	return method == OUTBOUND_POST || method == OUTBOUND_PUT || method == OUTBOUND_PATCH;
}

static struct outbound_call *call_of(void *arg)
{
	return arg;
}

/* ---- the request ---- */

static bool text_is_field_value(const char *text)
{
	for (; *text != '\0'; text++)
		if (((unsigned char)*text < 0x20 && *text != '\t') || *text == 0x7f) return false;
	return true;
}

static int list_add(struct curl_slist **list, const char *text)
{
	struct curl_slist *longer = curl_slist_append(*list, text);
	if (longer == NULL) return err_set(ERR_NOMEM, "no memory for a request header");
	*list = longer;
	return 0;
}

static void buf_cleanup(struct buf *buf)
{
	buf_free(buf);
}

static int header_add(struct outbound_call *call, const struct outbound_header *header)
{
	if (!http_is_token((const uint8_t *)header->name, strlen(header->name)))
		return err_set(ERR_INVALID, "header name \"%s\" is not a token", header->name);
	if (!text_is_field_value(header->value))
		return err_set(ERR_INVALID, "value of header \"%s\" has a control character", header->name);
	for (size_t i = 0; i < ARRAY_LEN(headers_reserved); i++)
		if (strcasecmp(header->name, headers_reserved[i]) == 0)
			return err_set(ERR_INVALID, "header \"%s\" belongs to the transport", header->name);
	struct buf line CLEANUP(buf_cleanup) = BUF_INIT(1u << 20);
	/* libcurl's way to write a header without a value is a semicolon. */
	int rc = *header->value == '\0' ? buf_printf(&line, "%s;", header->name)
					: buf_printf(&line, "%s: %s", header->name, header->value);
	if (rc == 0) rc = buf_append(&line, "", 1);
	return rc != 0 ? rc : list_add(&call->headers, (const char *)line.ptr);
}

static int headers_prepare(struct outbound_call *call, const struct outbound_request *request)
{
	if (request->header_count > OUTBOUND_HEADERS_MAX)
		return err_set(ERR_INVALID, "more than %d request headers", OUTBOUND_HEADERS_MAX);
	bool has_type = false;
	int rc = 0;
	for (size_t i = 0; i < request->header_count && rc == 0; i++) {
		has_type = has_type || strcasecmp(request->headers[i].name, "content-type") == 0;
		rc = header_add(call, &request->headers[i]);
	}
	/* Against libcurl's own: a pause for 100-continue, and a form's content type. */
	if (rc == 0) rc = list_add(&call->headers, "Expect:");
	if (rc == 0 && !has_type) rc = list_add(&call->headers, "Content-Type:");
	return rc;
}

/* A part of the URL, owned by the caller (curl_free); NULL when absent. */
static char *url_part(CURLU *url, CURLUPart part, unsigned flags)
{
	char *text = NULL;
	return curl_url_get(url, part, &text, flags) == CURLUE_OK ? text : NULL;
}

static void curl_text_cleanup(char **text)
{
	curl_free(*text);
}

static bool host_valid(const char *host)
{
	size_t len = strlen(host);
	if (len == 0 || len > RESOLVE_HOST_BYTES_MAX || host[len - 1] == '.') return false;
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)host[i]) && strchr("-._:", host[i]) == NULL) return false;
	return true;
}

/* Scheme, host and port from call->url, which must be set. */
static int origin_prepare(struct outbound_call *call, const struct outbound_request *request)
{
	char *scheme CLEANUP(curl_text_cleanup) = url_part(call->url, CURLUPART_SCHEME, 0);
	char *host CLEANUP(curl_text_cleanup) = url_part(call->url, CURLUPART_HOST, 0);
	char *port CLEANUP(curl_text_cleanup) = url_part(call->url, CURLUPART_PORT, CURLU_DEFAULT_PORT);
	char *fragment CLEANUP(curl_text_cleanup) = url_part(call->url, CURLUPART_FRAGMENT, 0);
	if (scheme == NULL || host == NULL || port == NULL || fragment != NULL)
		return err_set(ERR_INVALID, "the URL is not of the form https://host[:port]/path");
	bool secure = strcmp(scheme, "https") == 0;
	if (!secure && !(request->allow_plain && strcmp(scheme, "http") == 0))
		return err_set(ERR_INVALID, "scheme \"%s\" is not allowed", scheme);
	if (secure && request->tls == NULL) return err_set(ERR_INVALID, "https needs a TLS identity");
	size_t len = strlen(host);
	bool bracketed = len > 2 && host[0] == '[' && host[len - 1] == ']';
	call->host = mem_strdup(bracketed ? host + 1 : host);
	if (call->host == NULL) return err_set(ERR_NOMEM, "no memory for a request");
	if (bracketed) call->host[len - 2] = '\0';
	for (char *c = call->host; *c != '\0'; c++) *c = (char)tolower((unsigned char)*c);
	if (!host_valid(call->host)) return err_set(ERR_INVALID, "the URL's host is not a host name or address");
	call->port = (unsigned)strtoul(port, NULL, 10);
	return 0;
}

static int url_prepare(struct outbound_call *call, const struct outbound_request *request)
{
	size_t len = strnlen(request->url, OUTBOUND_URL_BYTES_MAX + 1);
	if (len > OUTBOUND_URL_BYTES_MAX)
		return err_set(ERR_INVALID, "the URL is longer than %d bytes", OUTBOUND_URL_BYTES_MAX);
	for (size_t i = 0; i < len; i++)
		if (request->url[i] <= ' ' || request->url[i] >= 0x7f)
			return err_set(ERR_INVALID, "the URL has a space, control or non-ASCII character");
	call->url = curl_url();
	if (call->url == NULL) return err_set(ERR_NOMEM, "no memory for a request");
	CURLUcode code =
		curl_url_set(call->url, CURLUPART_URL, request->url, CURLU_DISALLOW_USER | CURLU_NON_SUPPORT_SCHEME);
	if (code == CURLUE_OUT_OF_MEMORY) return err_set(ERR_NOMEM, "no memory for a request");
	if (code != CURLUE_OK) return err_set(ERR_INVALID, "the URL is not of the form https://host[:port]/path");
	return origin_prepare(call, request);
}

/* ---- callbacks of libcurl ---- */

void outbound_http_turned(struct list *handing)
{
	LIST_EACH(handing, node)
	{
		struct outbound_call *call = CONTAINER_OF(node, struct outbound_call, handed);
		curl_off_t left = 0;
		curl_easy_getinfo(call->easy, CURLINFO_SIZE_UPLOAD_T, &left);
		if ((size_t)left < call->body_at) continue; /* the socket is full: it goes on later */
		int64_t window_us = clock_mono_us() - call->asked_us;
		if (window_us > call->window_us) call->window_us = window_us;
		call->late = call->late || call->before_body(call->arg) != 0;
		list_remove(&call->handed);
		if (call->body_at == call->body.len) POINT("dispatch.sent");
	}
}

static bool piece_allowed(struct outbound_call *call)
{
	if (call->before_body == NULL) return true;
	/* Those of other calls have left by now: libcurl turns one after the other. */
	outbound_http_turned(call->handing);
	POINT("dispatch.look");
	if (call->before_body(call->arg) != 0) {
		call->hook_refused = true;
		return false;
	}
	if (!list_empty(&call->handed)) return true;
	call->asked_us = clock_mono_us();
	list_append(call->handing, &call->handed);
	return true;
}

static size_t on_body_wanted(char *to, size_t size, size_t count, void *arg)
{
	struct outbound_call *call = call_of(arg);
	size_t room = size * count;
	size_t left = call->body.len - call->body_at;
	size_t len = left < room ? left : room;
	if (len > 0 && !piece_allowed(call)) return CURL_READFUNC_ABORT;
	POINT("dispatch.window");
	if (len > 0) memcpy(to, call->body.ptr + call->body_at, len);
	call->body_at += len;
	call->body_taken = call->body_taken || len > 0;
	return len;
}

/* libcurl rewinds the body only to send it again, which it does by itself when a kept connection closes unanswered.
 * That must never happen to a claim: the failing seek turns it into CURLE_SEND_FAIL_REWIND. */
static int on_rewind(void *arg, curl_off_t offset, int origin)
{
	(void)arg;
	(void)offset;
	(void)origin;
	return CURL_SEEKFUNC_FAIL;
}

/* ---- sockets ---- */

static void link_free(struct outbound_link *link)
{
	list_remove(&link->node);
	mem_free(link);
}

/* Normally one; older ones are of sockets that libcurl closed without telling us. */
static void links_forget(struct list *links, int fd)
{
	LIST_EACH(links, node)
	{
		struct outbound_link *link = CONTAINER_OF(node, struct outbound_link, node);
		if (link->fd == fd) link_free(link);
	}
}

void outbound_http_links_free(struct list *links)
{
	LIST_EACH(links, node) link_free(CONTAINER_OF(node, struct outbound_link, node));
}

static curl_socket_t on_socket_wanted(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	(void)purpose;
	struct outbound_call *call = call_of(arg);
	struct outbound_link *link = mem_alloc(sizeof(*link));
	if (link == NULL) {
		call->socket_errno = ENOMEM;
		return CURL_SOCKET_BAD;
	}
	int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
	if (fd < 0) {
		call->socket_errno = errno;
		mem_free(link);
		return CURL_SOCKET_BAD;
	}
	links_forget(call->links, fd);
	link->fd = fd;
	link->call = call;
	list_append(call->links, &link->node);
	call->socket_opened = true;
	return fd;
}

static bool fd_is_connected(int fd)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);
	return getpeername(fd, (struct sockaddr *)&address, &len) == 0;
}

static int on_socket_close(void *arg, curl_socket_t fd)
{
	struct list *links = arg;
	LIST_EACH(links, node)
	{
		struct outbound_link *link = CONTAINER_OF(node, struct outbound_link, node);
		if (link->fd == fd && link->call != NULL && fd_is_connected(fd)) link->call->connected = true;
	}
	links_forget(links, fd);
	return close(fd);
}

bool outbound_http_connected(const struct outbound_call *call)
{
	bool connected = call->connected;
	LIST_EACH(call->links, node)
	{
		struct outbound_link *link = CONTAINER_OF(node, struct outbound_link, node);
		connected = connected || (link->call == call && fd_is_connected(link->fd));
	}
	return connected;
}

/* Names the link that has just become ready, and frees it from its call. */
static void link_ready(struct outbound_call *call, const char *local_ip, int local_port)
{
	LIST_EACH(call->links, node)
	{
		struct outbound_link *link = CONTAINER_OF(node, struct outbound_link, node);
		struct sockaddr_storage address = {0};
		socklen_t len = sizeof(address);
		if (link->call != call || getsockname(link->fd, (struct sockaddr *)&address, &len) != 0) continue;
		uint16_t port = 0; /* sin_port and sin6_port lie at the same place */
		memcpy(&port, (const char *)&address + offsetof(struct sockaddr_in, sin_port), sizeof(port));
		if (ntohs(port) != local_port) continue;
		link->call = NULL;
		link->local_port = local_port;
		strncpy(link->local_ip, local_ip, sizeof(link->local_ip) - 1);
	}
}

/* A kept connection on which there is something to read, or its end, is over: nobody has asked the peer anything. */
static bool link_is_dead(const struct outbound_call *call, const char *local_ip, int local_port)
{
	LIST_EACH(call->links, node)
	{
		const struct outbound_link *link = CONTAINER_OF(node, struct outbound_link, node);
		if (link->local_port != local_port || strcmp(link->local_ip, local_ip) != 0) continue;
		char byte;
		ssize_t got = recv(link->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
		return got >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
	}
	return false;
}

/* The connection is ready and the request comes next. A second time within one hop means that libcurl is about to
 * repeat a request on another connection: it may not, whatever the method; the caller decides about repeating. */
static int on_ready(void *arg, char *peer_ip, char *local_ip, int peer_port, int local_port)
{
	(void)peer_ip;
	(void)peer_port;
	struct outbound_call *call = call_of(arg);
	link_ready(call, local_ip, local_port);
	long connects = 0;
	curl_easy_getinfo(call->easy, CURLINFO_NUM_CONNECTS, &connects);
	if (call->begun || (connects == 0 && link_is_dead(call, local_ip, local_port))) {
		call->resend_refused = true;
		return CURL_PREREQFUNC_ABORT;
	}
	POINT("dispatch.look");
	if (call->before_first_byte != NULL && call->before_first_byte(call->arg) != 0) {
		call->hook_refused = true;
		return CURL_PREREQFUNC_ABORT;
	}
	call->begun = true;
	return CURL_PREREQFUNC_OK;
}

/* ---- the answer ---- */

/* Ends the transfer with CURLE_WRITE_ERROR; the reason is in the call. */
static size_t refuse_big(struct outbound_call *call)
{
	call->too_big = true;
	return 0;
}

static size_t refuse_malformed(struct outbound_call *call)
{
	call->malformed = true;
	return 0;
}

static size_t on_answer_body(char *data, size_t size, size_t count, void *arg)
{
	struct outbound_call *call = call_of(arg);
	size_t len = size * count;
	if (len == 0) return 0;
	POINT("dispatch.in_body");
	if (len > call->body_bytes_max - call->answer_body.len) return refuse_big(call);
	return buf_append(&call->answer_body, data, len) == 0 ? len : 0;
}

static void answer_reset(struct outbound_call *call)
{
	answer_head_reset(&call->head);
	buf_reset(&call->answer_body);
	call->head_complete = false;
}

static size_t on_answer_head(char *line, size_t size, size_t count, void *arg)
{
	struct outbound_call *call = call_of(arg);
	size_t len = size * count;
	/* Counted over all interim answers and trailers: a peer could send them for ever. */
	if (len > call->head_bytes_max - call->head_bytes) return refuse_big(call);
	call->head_bytes += len;
	POINT("dispatch.in_head");
	if (call->head_complete) return len; /* trailers carry nothing that we read */
	if (len >= 5 && memcmp(line, "HTTP/", 5) == 0) {
		answer_reset(call);
		return len;
	}
	bool blank = len == 0 || line[0] == '\r' || line[0] == '\n';
	if (!blank) {
		int rc = answer_head_line(&call->head, line, len);
		if (rc == ERR_LIMIT) return refuse_big(call);
		if (rc == ERR_INVALID) return refuse_malformed(call);
		return rc == 0 ? len : 0;
	}
	long status = 0;
	curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
	call->head_complete = status >= 200;
	return len;
}

/* ---- preparation ---- */

/* Collects the first failing option, so that none goes by unseen. */
#define SET(option, value) (rc = rc == CURLE_OK ? curl_easy_setopt(easy, option, value) : rc)

static CURLcode options_method(struct outbound_call *call)
{
	CURL *easy = call->easy;
	CURLcode rc = CURLE_OK;
	/* Undo what an earlier hop has set. */
	SET(CURLOPT_CUSTOMREQUEST, NULL);
	SET(CURLOPT_HTTPGET, 1L);
	if (call->method == OUTBOUND_HEAD) SET(CURLOPT_NOBODY, 1L);
	if (call->method == OUTBOUND_DELETE) SET(CURLOPT_CUSTOMREQUEST, method_names[call->method]);
	if (!method_has_body(call->method)) return rc;
	SET(CURLOPT_POST, 1L);
	SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body.len);
	if (call->method != OUTBOUND_POST) SET(CURLOPT_CUSTOMREQUEST, method_names[call->method]);
	return rc;
}

static CURLcode options_tls(CURL *easy, const struct outbound_tls *tls)
{
	CURLcode rc = CURLE_OK;
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_SSL_SESSIONID_CACHE, 0L);
	/* Debian's libcurl trusts /etc/ssl/certs on top of what is configured unless it is told not to. */
	SET(CURLOPT_CAPATH, NULL);
	SET(CURLOPT_CAINFO, NULL);
	if (tls == NULL) return rc;
	struct curl_blob ca = {.data = tls->ca.ptr, .len = tls->ca.len, .flags = CURL_BLOB_NOCOPY};
	SET(CURLOPT_CAINFO_BLOB, &ca);
	if (tls->pins.len > 0) SET(CURLOPT_PINNEDPUBLICKEY, (const char *)tls->pins.ptr);
	if (tls->cert.len == 0) return rc;
	struct curl_blob cert = {.data = tls->cert.ptr, .len = tls->cert.len, .flags = CURL_BLOB_NOCOPY};
	struct curl_blob key = {.data = tls->key.ptr, .len = tls->key.len, .flags = CURL_BLOB_NOCOPY};
	SET(CURLOPT_SSLCERT_BLOB, &cert);
	SET(CURLOPT_SSLKEY_BLOB, &key);
	return rc;
}

static CURLcode options_policy(struct outbound_call *call, const struct outbound_request *request)
{
	CURL *easy = call->easy;
	CURLcode rc = CURLE_OK;
	SET(CURLOPT_PROTOCOLS_STR, request->allow_plain ? "https,http" : "https");
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_FOLLOWLOCATION, 0L); /* outbound_http_redirect follows, where the rules are ours */
	SET(CURLOPT_PROXY, "");          /* also against https_proxy and its kin in the environment */
	SET(CURLOPT_NOPROXY, "*");
	SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_TCP_NODELAY, 1L);
	SET(CURLOPT_TCP_KEEPALIVE, 1L);
	SET(CURLOPT_QUICK_EXIT, 1L);
	/* One TLS record takes no more. The 64 KiB that libcurl would take, and give back, for each request made the
	 * heap shrink and grow. */
	SET(CURLOPT_UPLOAD_BUFFERSIZE, UPLOAD_BUFFER_BYTES);
	SET(CURLOPT_USERAGENT, "zhifud/" ZHIFU_VERSION);
	SET(CURLOPT_ACCEPT_ENCODING, request->accept_compressed ? "gzip, deflate" : NULL);
	SET(CURLOPT_HTTP_CONTENT_DECODING, request->accept_compressed ? 1L : 0L);
	/* A length that is announced over the limit need not be read; compressed lengths say nothing. */
	if (!request->accept_compressed && request->method != OUTBOUND_HEAD)
		SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)request->body_bytes_max);
	return rc;
}

static CURLcode options_callbacks(struct outbound_call *call)
{
	CURL *easy = call->easy;
	CURLcode rc = CURLE_OK;
	SET(CURLOPT_PRIVATE, call);
	SET(CURLOPT_ERRORBUFFER, call->text);
	SET(CURLOPT_READFUNCTION, on_body_wanted);
	SET(CURLOPT_READDATA, call);
	SET(CURLOPT_SEEKFUNCTION, on_rewind);
	SET(CURLOPT_SEEKDATA, call);
	SET(CURLOPT_PREREQFUNCTION, on_ready);
	SET(CURLOPT_PREREQDATA, call);
	SET(CURLOPT_OPENSOCKETFUNCTION, on_socket_wanted);
	SET(CURLOPT_OPENSOCKETDATA, call);
	SET(CURLOPT_CLOSESOCKETFUNCTION, on_socket_close);
	SET(CURLOPT_CLOSESOCKETDATA, call->links);
	SET(CURLOPT_WRITEFUNCTION, on_answer_body);
	SET(CURLOPT_WRITEDATA, call);
	SET(CURLOPT_HEADERFUNCTION, on_answer_head);
	SET(CURLOPT_HEADERDATA, call);
	SET(CURLOPT_HTTPHEADER, call->headers);
	SET(CURLOPT_CURLU, call->url);
	return rc;
}

int outbound_http_prepare(struct outbound_call *call, const struct outbound_request *request)
{
	if ((size_t)request->method >= ARRAY_LEN(method_names)) return err_set(ERR_INVALID, "unknown request method");
	if (request->body.len > 0 && !method_has_body(request->method))
		return err_set(ERR_INVALID, "a %s request has no body", method_names[request->method]);
	if (request->redirects_max > OUTBOUND_REDIRECTS_MAX)
		return err_set(ERR_INVALID, "more than %d redirects", OUTBOUND_REDIRECTS_MAX);
	if (request->head_bytes_max == 0 || request->head_bytes_max > UINT32_MAX / 4)
		return err_set(ERR_INVALID, "the limit for answer headers is out of range");
	if (request->body_bytes_max > SIZE_MAX / 4)
		return err_set(ERR_INVALID, "the limit for answers is out of range");
	call->method = request->method;
	call->body = request->body;
	call->head_bytes_max = request->head_bytes_max;
	call->redirects_max = request->redirects_max;
	call->accept_unframed = request->accept_unframed;
	call->before_first_byte = request->before_first_byte;
	call->before_body = request->before_body;
	/* Twice: each header costs two NULs where the wire has colon, space and line end. */
	answer_head_init(&call->head, 2 * request->head_bytes_max);
	/* One more for the NUL. */
	call->answer_body = BUF_INIT(request->body_bytes_max + 1);
	call->body_bytes_max = request->body_bytes_max;
	int rc = url_prepare(call, request);
	if (rc == 0) rc = headers_prepare(call, request);
	if (rc != 0) return rc;
	if (request->tls != NULL) call->tls = outbound_tls_ref(request->tls);
	CURLcode code = options_policy(call, request);
	if (code == CURLE_OK) code = options_tls(call->easy, call->tls);
	if (code == CURLE_OK) code = options_callbacks(call);
	if (code == CURLE_OK) code = options_method(call);
	if (code == CURLE_OUT_OF_MEMORY) return err_set(ERR_NOMEM, "no memory for a request");
	return code == CURLE_OK ? 0 : err_set(ERR_INVALID, "could not set up a request: %s", curl_easy_strerror(code));
}

int outbound_http_address(struct outbound_call *call, const struct resolve_addresses *addresses)
{
	struct buf line CLEANUP(buf_cleanup) = BUF_INIT(2048);
	/* Without the leading '+' libcurl keeps the entry until the next call replaces it. With it, an entry could run
	 * out while the call waits for a free connection, and libcurl would look the name up itself. */
	int rc = buf_printf(&line, "%s:%u:", call->host, call->port);
	for (size_t i = 0; i < addresses->count && rc == 0; i++) {
		const char *text = addresses->list[i].text;
		bool is_v6 = strchr(text, ':') != NULL;
		rc = buf_printf(&line, "%s%s%s%s", i == 0 ? "" : ",", is_v6 ? "[" : "", text, is_v6 ? "]" : "");
	}
	if (rc == 0) rc = buf_append(&line, "", 1);
	if (rc != 0) return rc;
	uint8_t raw[16];
	if (inet_pton(AF_INET, call->host, raw) == 1 || inet_pton(AF_INET6, call->host, raw) == 1) return 0;
	curl_slist_free_all(call->resolve);
	call->resolve = NULL;
	rc = list_add(&call->resolve, (const char *)line.ptr);
	if (rc != 0) return rc;
	if (curl_easy_setopt(call->easy, CURLOPT_RESOLVE, call->resolve) != CURLE_OK)
		return err_set(ERR_NOMEM, "no memory for a request");
	return 0;
}

/* ---- redirects ---- */

/* The method of the next hop, or false when this status is not followed with this method. */
static bool redirect_method(long status, enum outbound_method method, enum outbound_method *ret_method)
{
	bool safe = method == OUTBOUND_GET || method == OUTBOUND_HEAD;
	if (status == 307 || status == 308 || ((status == 301 || status == 302) && safe)) {
		*ret_method = method;
		return true;
	}
	if (status != STATUS_REDIRECT_OTHER) return false;
	*ret_method = safe ? method : OUTBOUND_GET;
	return true;
}

/* True when both URLs name the same scheme, host and port. */
static bool origin_same(CURLU *a, CURLU *b)
{
	static const CURLUPart parts[] = {CURLUPART_SCHEME, CURLUPART_HOST, CURLUPART_PORT};
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		char *left CLEANUP(curl_text_cleanup) = url_part(a, parts[i], CURLU_DEFAULT_PORT);
		char *right CLEANUP(curl_text_cleanup) = url_part(b, parts[i], CURLU_DEFAULT_PORT);
		if (left == NULL || right == NULL || strcasecmp(left, right) != 0) return false;
	}
	return true;
}

int outbound_http_redirect(struct outbound_call *call)
{
	long status = 0;
	curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
	const char *location = answer_head_find(&call->head, "location");
	enum outbound_method method;
	if (call->redirects_max == 0 || location == NULL || strlen(location) > OUTBOUND_URL_BYTES_MAX ||
		!redirect_method(status, call->method, &method))
		return ERR_NOTFOUND;
	CURLU *target = curl_url_dup(call->url);
	if (target == NULL) return err_set(ERR_NOMEM, "no memory for a redirect");
	bool ok = curl_url_set(target, CURLUPART_URL, location, CURLU_DISALLOW_USER) == CURLUE_OK &&
		  origin_same(call->url, target);
	if (!ok || call->redirects >= call->redirects_max) {
		curl_url_cleanup(target);
		return ok ? err_set(ERR_LIMIT, "more than %zu redirects", call->redirects_max) : ERR_NOTFOUND;
	}
	curl_url_set(target, CURLUPART_FRAGMENT, NULL, 0);
	curl_url_cleanup(call->url);
	call->url = target;
	call->method = method;
	if (!method_has_body(method)) call->body = (struct bytes){NULL, 0};
	call->redirects++;
	call->sent_before = true;
	call->body_at = 0;
	call->body_taken = call->begun = call->socket_opened = call->connected = false;
	answer_reset(call);
	bool set =
		curl_easy_setopt(call->easy, CURLOPT_CURLU, call->url) == CURLE_OK && options_method(call) == CURLE_OK;
	return set ? 0 : err_set(ERR_NOMEM, "no memory for a redirect");
}

int outbound_http_refresh(struct outbound_call *call)
{
	if (!call->resend_refused || call->fresh_only || outbound_http_sent(call)) return ERR_NOTFOUND;
	call->fresh_only = true;
	call->resend_refused = call->begun = call->socket_opened = call->connected = false;
	bool set = curl_easy_setopt(call->easy, CURLOPT_FRESH_CONNECT, 1L) == CURLE_OK;
	return set ? 0 : err_set(ERR_NOMEM, "no memory for a request");
}

bool outbound_http_sent(const struct outbound_call *call)
{
	return call->sent_before || (call->begun && (call->body.len == 0 || call->body_taken)) || call->head_bytes > 0;
}

bool outbound_http_unframed(const struct outbound_call *call)
{
	long status = 0;
	curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
	bool bodiless = call->method == OUTBOUND_HEAD || status == 204 || status == 304;
	return !bodiless && !call->head.chunked && call->head.content_length < 0;
}

void outbound_http_free(struct outbound_call *call)
{
	/* libcurl 7.88 closes a socket whose connect timed out without telling us. */
	LIST_EACH(call->links, node)
	{
		struct outbound_link *link = CONTAINER_OF(node, struct outbound_link, node);
		if (link->call == call) link_free(link);
	}
	curl_slist_free_all(call->headers);
	curl_slist_free_all(call->resolve);
	curl_url_cleanup(call->url);
	mem_free(call->host);
	answer_head_free(&call->head);
	buf_free(&call->answer_body);
	outbound_tls_unref(call->tls);
}

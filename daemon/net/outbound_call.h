/* The inside of one outbound call and of a TLS identity. Private to net/outbound*.c. */
#ifndef NET_OUTBOUND_CALL_H
#define NET_OUTBOUND_CALL_H

#include <curl/curl.h>

#include "base/list.h"
#include "base/mem.h"
#include "net/answer_head.h"
#include "net/outbound.h"
#include "net/outbound_outcome.h"
#include "net/outbound_resolve.h"
#include "net/outbound_tls.h"

struct event;

struct outbound_tls {
	uint32_t magic;
	unsigned refs;
	struct buf ca, cert, key; /* PEM; cert and key empty: no client certificate */
	struct buf pins;          /* libcurl's form, with NUL; empty: none */
};

/* The state says which list of struct outbound holds the call; call_move() in outbound.c is the only one to change it.
 */
enum outbound_call_state {
	OUTBOUND_CALL_RESOLVING,
	OUTBOUND_CALL_RUNNING, /* libcurl has it */
	OUTBOUND_CALL_ENDED,   /* the result is recorded, the callback is due */
	OUTBOUND_CALL_DEAD,    /* in the graveyard */
	OUTBOUND_CALL_STATES,
};

/* An open socket. libcurl does not tell which one a call got, and cannot see that a kept TLS connection was closed: the
 * peer's last alert waits in it and makes it look alive. */
struct outbound_link {
	struct list node; /* in struct outbound.links */
	int fd;
	struct outbound_call *call; /* that it was opened for, until the connection is ready; then NULL */
	char local_ip[46];          /* "" until the connection is ready */
	int local_port;
};

struct outbound_call {
	uint32_t magic;
	enum outbound_call_state state;
	struct list node;
	struct outbound *out;
	outbound_callback *callback;
	void *arg;
	struct event *timer; /* the deadline */
	int64_t deadline_ms, begin_ms, resolved_ms;

	/* the request */
	enum outbound_method method; /* of the current hop */
	CURL *easy;
	CURLU *url;
	char *host; /* lower case, without brackets */
	unsigned port;
	struct curl_slist *headers, *resolve;
	struct outbound_tls *tls;
	struct bytes body;
	size_t head_bytes_max, body_bytes_max;
	size_t redirects_max;
	bool accept_unframed;
	int (*before_first_byte)(void *arg), (*before_body)(void *arg);
	struct resolve_waiter *waiter;
	struct list *links;   /* of struct outbound: outlives the calls */
	struct list *handing; /* of struct outbound: calls with bytes that libcurl has and the kernel may not */

	/* how far the current hop is */
	size_t body_at;  /* bytes of the body that libcurl has taken */
	bool body_taken; /* at least one */
	bool begun;      /* the connection was ready and the hook agreed */
	bool socket_opened, connected;
	bool fresh_only; /* a kept connection was dead: this is on a new one */
	int socket_errno;
	struct list handed; /* in `handing` */
	int64_t asked_us;   /* when the hook agreed to the oldest of these bytes */
	int64_t window_us;  /* the longest time that such bytes took, over all hops */
	bool late;          /* the hook would not have agreed any more when they left */
	bool sent_before;   /* by an earlier hop */
	unsigned redirects; /* followed */

	/* the answer of the current hop */
	struct answer_head head;
	bool head_complete;
	size_t head_bytes; /* over all hops and interim answers */
	struct buf answer_body;

	/* for the verdict */
	bool hook_refused, resend_refused, too_big, malformed;
	struct outbound_verdict verdict;
	bool sent;
	char text[CURL_ERROR_SIZE];
};

/* outbound_http.c: the request as options of call->easy. Errors ERR_INVALID, ERR_NOMEM. */
int outbound_http_prepare(struct outbound_call *call, const struct outbound_request *request) MUSTUSE;
/* Gives the addresses to libcurl. ERR_NOMEM. */
int outbound_http_address(struct outbound_call *call, const struct resolve_addresses *addresses) MUSTUSE;
/* Turns the call to where the answer points: 0 and it is ready for another hop, ERR_NOTFOUND when the answer is final,
 * ERR_LIMIT over redirects_max, ERR_NOMEM. */
int outbound_http_redirect(struct outbound_call *call) MUSTUSE;
/* Prepares another try on a new connection after a kept one was found dead and nothing had been sent that the peer
 * could act on: not a repetition, since there was no first time. ERR_NOTFOUND when that is not the case. */
int outbound_http_refresh(struct outbound_call *call) MUSTUSE;
/* The TCP connection of a call that ended before it was ready had been there. */
bool outbound_http_connected(const struct outbound_call *call);
/* What the peer could act on has left: with a body its first byte (its length was announced, so that without it there
 * is nothing to act on), without one the first byte. */
bool outbound_http_sent(const struct outbound_call *call);
/* To be called when libcurl has had its turn: notes when what it had been given has left. */
void outbound_http_turned(struct list *handing);
/* The final answer has a body whose end is only marked by closing. */
bool outbound_http_unframed(const struct outbound_call *call);
/* Everything but the handle, which must be without options by then. */
void outbound_http_free(struct outbound_call *call);
/* After libcurl has closed all connections. */
void outbound_http_links_free(struct list *links);

#endif

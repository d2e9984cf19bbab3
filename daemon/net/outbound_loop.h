/* libcurl's multi handle on a libevent loop: sockets and its one timer. Knows nothing of what the transfers are.
 * Private to net/outbound*.c. */
#ifndef NET_OUTBOUND_LOOP_H
#define NET_OUTBOUND_LOOP_H

#include <curl/curl.h>

#include "base/core.h"
#include "base/list.h"

struct event;
struct event_base;

/* A transfer came to its end by itself. From the loop and outside libcurl, so adding and removing handles is allowed.
 */
typedef void outbound_loop_done(void *arg, CURL *easy, CURLcode code);

/* libcurl has done what it could, transfers have moved. The same freedom. */
typedef void outbound_loop_turned(void *arg);

struct outbound_loop {
	struct event_base *base;
	CURLM *multi;
	struct event *timer;   /* libcurl's own */
	struct event *sweep;   /* empties the graveyard */
	struct list sockets;   /* struct loop_socket with a pending event */
	struct list graveyard; /* struct loop_socket, to be freed outside of their callbacks */
	struct list spare;     /* for when there is no memory for one */
	size_t spare_count;
	outbound_loop_done *done;
	outbound_loop_turned *turned;
	void *arg;
};

/* The struct's memory is the caller's. Errors ERR_NOMEM. After an error nothing is left to free. */
int outbound_loop_init(struct outbound_loop *loop, struct event_base *base, outbound_loop_done *done,
	outbound_loop_turned *turned, void *arg) MUSTUSE;
/* All easy handles must have been removed. Closes the kept connections. */
void outbound_loop_free(struct outbound_loop *loop);

#endif

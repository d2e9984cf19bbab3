/* libcurl's multi handle on a libevent loop, as its socket interface wants it: one event per socket, one timer. */
#include "net/outbound_loop.h"

#include <event2/event.h>

#include "base/mem.h"

#define SOCKETS_SPARE 32 /* what calls under way may want between two times that memory is there */

struct loop_socket {
	struct list node; /* in sockets, graveyard or spare */
	struct outbound_loop *loop;
	struct event *event; /* NULL: libcurl knows the socket but waits for nothing */
};

static void loop_act(struct outbound_loop *loop, curl_socket_t fd, int mask)
{
	int running = 0;
	CURLMcode rc = curl_multi_socket_action(loop->multi, fd, mask, &running);
	assert(rc == CURLM_OK || rc == CURLM_OUT_OF_MEMORY);
	loop->turned(loop->arg);
	int left = 0;
	CURLMsg *message;
	while ((message = curl_multi_info_read(loop->multi, &left)) != NULL) {
		/* The message dies when its handle is removed. */
		CURL *easy = message->easy_handle;
		CURLcode code = message->data.result;
		if (message->msg == CURLMSG_DONE) loop->done(loop->arg, easy, code);
	}
}

static void on_socket(evutil_socket_t fd, short what, void *arg)
{
	struct loop_socket *sock = arg;
	int mask = ((what & EV_READ) ? CURL_CSELECT_IN : 0) | ((what & EV_WRITE) ? CURL_CSELECT_OUT : 0);
	loop_act(sock->loop, fd, mask);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	loop_act(arg, CURL_SOCKET_TIMEOUT, 0);
}

static void spare_add(struct outbound_loop *loop, struct loop_socket *sock)
{
	*sock = (struct loop_socket){.loop = loop};
	list_append(&loop->spare, &sock->node);
	loop->spare_count++;
}

static struct loop_socket *spare_take(struct outbound_loop *loop)
{
	struct loop_socket *sock;
	if (list_empty(&loop->spare)) return NULL;
	sock = CONTAINER_OF(list_first(&loop->spare), struct loop_socket, node);
	list_remove(&sock->node);
	loop->spare_count--;
	return sock;
}

static bool spare_fill(struct outbound_loop *loop)
{
	while (loop->spare_count < SOCKETS_SPARE) {
		struct loop_socket *sock = mem_alloc(sizeof(*sock));
		if (sock == NULL) return false;
		spare_add(loop, sock);
	}
	return true;
}

static void spare_drop(struct outbound_loop *loop)
{
	struct loop_socket *sock;
	while ((sock = spare_take(loop)) != NULL) mem_free(sock);
}

static void graveyard_empty(struct outbound_loop *loop)
{
	LIST_EACH(&loop->graveyard, node)
	{
		struct loop_socket *sock = CONTAINER_OF(node, struct loop_socket, node);
		list_remove(node);
		if (sock->event != NULL) event_free(sock->event);
		if (loop->spare_count < SOCKETS_SPARE)
			spare_add(loop, sock);
		else
			mem_free(sock);
	}
}

static void on_sweep(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	graveyard_empty(arg);
}

/* Its event may be the one whose callback runs right now: it is only silenced here and freed by the sweep. */
static void socket_retire(struct loop_socket *sock)
{
	struct outbound_loop *loop = sock->loop;
	if (sock->event != NULL) event_del(sock->event);
	list_remove(&sock->node);
	list_append(&loop->graveyard, &sock->node);
	event_add(loop->sweep, &(struct timeval){0, 0});
}

/* CURLMOPT_SOCKETFUNCTION. A failure here would leave the multi handle dead for good, so no memory and none to spare
 * means abort, as for all of the loop's own structures. */
static int socket_watch(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
	(void)easy;
	struct outbound_loop *loop = arg;
	struct loop_socket *sock = socket_arg;
	if (sock != NULL) socket_retire(sock);
	if (what == CURL_POLL_REMOVE) {
		curl_multi_assign(loop->multi, fd, NULL);
		return 0;
	}
	sock = mem_alloc(sizeof(*sock));
	if (sock == NULL) sock = spare_take(loop);
	assert(sock != NULL);
	sock->loop = loop;
	list_append(&loop->sockets, &sock->node);
	curl_multi_assign(loop->multi, fd, sock);
	short wanted = (short)(((what & CURL_POLL_IN) ? EV_READ : 0) | ((what & CURL_POLL_OUT) ? EV_WRITE : 0));
	if (wanted == 0) return 0;
	sock->event = event_new(loop->base, fd, (short)(wanted | EV_PERSIST), on_socket, sock);
	int added = sock->event != NULL ? event_add(sock->event, NULL) : -1;
	assert(added == 0);
	return 0;
}

static int timer_set(CURLM *multi, long timeout_ms, void *arg)
{
	(void)multi;
	struct outbound_loop *loop = arg;
	if (timeout_ms < 0) return event_del(loop->timer);
	struct timeval delay = {.tv_sec = timeout_ms / 1000, .tv_usec = (timeout_ms % 1000) * 1000};
	return event_add(loop->timer, &delay);
}

int outbound_loop_init(struct outbound_loop *loop, struct event_base *base, outbound_loop_done *done,
	outbound_loop_turned *turned, void *arg)
{
	*loop = (struct outbound_loop){.base = base, .done = done, .turned = turned, .arg = arg};
	list_init(&loop->sockets);
	list_init(&loop->graveyard);
	list_init(&loop->spare);
	loop->timer = event_new(base, -1, 0, on_timer, loop);
	loop->sweep = event_new(base, -1, 0, on_sweep, loop);
	loop->multi = curl_multi_init();
	if (loop->timer == NULL || loop->sweep == NULL || loop->multi == NULL || !spare_fill(loop)) {
		spare_drop(loop);
		if (loop->timer != NULL) event_free(loop->timer);
		if (loop->sweep != NULL) event_free(loop->sweep);
		if (loop->multi != NULL) curl_multi_cleanup(loop->multi);
		*loop = (struct outbound_loop){0};
		return err_set(ERR_NOMEM, "no memory for the outbound loop");
	}
	curl_multi_setopt(loop->multi, CURLMOPT_SOCKETFUNCTION, socket_watch);
	curl_multi_setopt(loop->multi, CURLMOPT_SOCKETDATA, loop);
	curl_multi_setopt(loop->multi, CURLMOPT_TIMERFUNCTION, timer_set);
	curl_multi_setopt(loop->multi, CURLMOPT_TIMERDATA, loop);
	curl_multi_setopt(loop->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
	return 0;
}

void outbound_loop_free(struct outbound_loop *loop)
{
	curl_multi_cleanup(loop->multi);
	LIST_EACH(&loop->sockets, node) socket_retire(CONTAINER_OF(node, struct loop_socket, node));
	graveyard_empty(loop);
	spare_drop(loop);
	event_free(loop->timer);
	event_free(loop->sweep);
	*loop = (struct outbound_loop){0};
}

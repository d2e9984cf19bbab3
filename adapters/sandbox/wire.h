/* The sandbox's own small HTTP/1.1 responder. The daemon's server is strict and cannot misbehave; this one reads
 * requests with the same parsers and then answers late, twice, byte by byte, in part or not at all, as it is told. */
#ifndef SANDBOX_WIRE_H
#define SANDBOX_WIRE_H

#include <event2/event.h>
#include <openssl/ssl.h>

#include "base/conf.h"
#include "base/list.h"
#include "base/mem.h"
#include "net/http_parse.h"
#include "sandbox/misbehave.h"

#define WIRE_BODY_BYTES_MAX (16u * 1024 * 1024)
#define WIRE_CONNS_MAX 4096
#define WIRE_LISTENERS_MAX 8

struct wire_request {
	const struct http_head *head;
	struct bytes body;
	struct zf_arena *arena; /* lives until the answer has been sent */
	bool is_control;        /* came over a control listener */
};

/* Zeroed beforehand. body is borrowed until the handler's return, content_type is a constant. */
struct wire_reply {
	int status;
	const char *content_type;
	struct bytes body;
	const struct misbehave_fault *fault; /* how the answer is delivered; NULL: as it should be */
	int64_t retry_after_s;               /* 0: no such header */
};

typedef void wire_handle_fn(void *ctx, const struct wire_request *req, struct wire_reply *reply);
/* Shall this new connection be reset at once? */
typedef bool wire_refuse_fn(void *ctx);

struct wire;

struct wire_conf {
	struct event_base *base;
	wire_handle_fn *handle;
	wire_refuse_fn *refuse; /* NULL: never; control connections are not asked about */
	void *ctx;
};

int wire_new(const struct wire_conf *conf, struct wire **ret_wire) MUSTUSE;
/* Names an address to listen on; nothing is bound before wire_open. ERR_LIMIT, ERR_INVALID (a host that is no address).
 */
int wire_add(struct wire *wire, const struct conf_host *host, bool is_control) MUSTUSE;
/* Binds all addresses, or the control addresses only. Those bound already stay. ERR_SYS. */
int wire_open(struct wire *wire, bool control_only) MUSTUSE;
/* Closes all but the control listeners and cuts the connections made over them: the insurer is down. */
void wire_close(struct wire *wire);
bool wire_is_open(const struct wire *wire);
/* For new connections; NULL: plain. Takes a reference. */
void wire_tls(struct wire *wire, SSL_CTX *tls);
void wire_free(struct wire *wire);

#endif

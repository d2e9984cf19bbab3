/* One inbound connection, and the server's inside as its connections see it. Private to the server. */
#ifndef NET_HTTP_CONN_H
#define NET_HTTP_CONN_H

#include <event2/buffer.h>
#include <event2/bufferevent.h>

#include "net/http_address.h"
#include "net/http_meter.h"
#include "net/http_server.h"

#define HTTP_CONN_MAGIC 0x636f6e6eu
#define HTTP_SERVER_MAGIC 0x73727672u
#define HTTP_REQUEST_MAGIC 0x72657175u

/* A connection's state says which list of the server holds it and which deadline runs. */
enum http_conn_state {
	HTTP_CONN_HANDSHAKE, /* TLS is being set up */
	HTTP_CONN_IDLE,      /* no byte of a request */
	HTTP_CONN_HEAD,      /* part of a head */
	HTTP_CONN_BODY,      /* head accepted (or its refusal decided), body being read */
	HTTP_CONN_HANDLE,    /* with the handler */
	HTTP_CONN_WRITE,     /* answered, bytes not yet with the kernel */
	HTTP_CONN_LINGER,    /* our side is shut; waiting for the peer's end so that it can read our answer */
	HTTP_CONN_DEAD,      /* in the graveyard: closed, freed by the next housekeeping */
	HTTP_CONN_STATES,
};

struct http_conn {
	unsigned magic;
	enum http_conn_state state;
	struct list node; /* of server->conns[state] */
	struct http_server *server;
	struct http_address *address;
	int fd;
	SSL *ssl;                /* NULL when plain or lingering */
	struct bufferevent *bev; /* NULL when lingering or dead */
	struct event *timer;     /* fires at timer_ms and looks whether deadline_ms has come */
	struct event *linger;    /* reads away what the peer still sends */
	int64_t deadline_ms;
	int64_t timer_ms;         /* 0: not pending */
	struct http_request *req; /* HEAD to HANDLE */
	struct http_head_parser parser;
	struct http_chunked chunked;
	uint64_t body_left_bytes;
	unsigned request_count;
	bool is_over;     /* over a cap: gets a 503 and nothing else */
	bool close_after; /* the present answer is the last */
	bool half_closed; /* the peer sends no more */
	bool is_paused;   /* a sink takes no more of the body for now */
	struct tls_peer *peer;
	char address_text[HTTP_ADDRESS_TEXT_LEN];
};

struct http_server {
	unsigned magic;
	struct http_server_conf conf;
	struct list conns[HTTP_CONN_STATES];
	struct list handling;  /* requests with handlers */
	struct list cancelled; /* requests whose handlers have to be told */
	struct list orphans;   /* told; gone with http_respond */
	struct list spares;    /* request structs for reuse */
	unsigned spare_count;
	unsigned over_count;
	size_t body_bytes; /* of all requests */
	struct http_addresses addresses;
	struct http_meter meter;
	struct buf head; /* scratch for the head of an answer */
	struct event *housekeeper;
	struct event *listeners[HTTP_LISTENERS_MAX];
	size_t listener_count;
	struct event *resume; /* listens again after the machine ran out of descriptors */
	struct event *drain_timer;
	bool is_draining;
	void (*drained)(void *ctx);
	void *drained_ctx;
};

/* A new connection; takes fd, also on failure. */
void http_conn_accept(struct http_server *server, int fd, const struct sockaddr *sockaddr);
/* Moves the connection between lists and starts the new state's deadline. */
void http_conn_state_set(struct http_conn *conn, enum http_conn_state state);
/* Cuts it: to the graveyard; a request with a handler is cancelled. */
void http_conn_close(struct http_conn *conn);
/* Ends it after a complete answer, so that the peer can still read that. */
void http_conn_finish(struct http_conn *conn);
/* Wakes the housekeeper. */
void http_server_wake(struct http_server *server);
/* Frees the dead. Only from the housekeeper. */
void http_conn_bury(struct http_conn *conn);

/* The exchange (http_exchange.c): reads as many requests as it can, one at a time. */
void http_exchange_run(struct http_conn *conn);
/* An error without or before a handler; ends conn->req. */
void http_exchange_refuse(struct http_conn *conn, int status, const char *text);
/* The connection is gone or its handler's time is over: the handler will be told. */
void http_exchange_cancel(struct http_conn *conn);
/* Gives a request's memory back. */
void http_request_end(struct http_request *req);

#endif

/* From what libcurl reports to what the caller must know: can the peer have acted or not, and whose fault is it.
 * Pure. Private to net/outbound*.c and its test. */
#ifndef NET_OUTBOUND_OUTCOME_H
#define NET_OUTBOUND_OUTCOME_H

#include <curl/curl.h>

#include "net/outbound.h"

/* How far the connection had come. */
enum outbound_stage {
	OUTBOUND_STAGE_RESOLVE, /* no address yet */
	OUTBOUND_STAGE_WAIT,    /* for a free connection */
	OUTBOUND_STAGE_CONNECT, /* TCP */
	OUTBOUND_STAGE_TLS,
	OUTBOUND_STAGE_READY, /* the request began */
};

/* What is known at the end of a call. */
struct outbound_facts {
	CURLcode code;             /* CURLE_OPERATION_TIMEDOUT also for our own deadline */
	enum outbound_stage stage; /* of the last hop */
	int os_errno;              /* of the failed connect or socket; 0: none */
	int tls_alert;             /* number of the TLS alert that the peer sent; -1: none */
	bool sent;                 /* the peer may have got a request it can act on */
	bool reused;               /* over a kept connection */
	bool answer_began;         /* at least one byte of an answer was read */
	bool head_complete;        /* a final status line and all headers were read */
	bool hook_refused;         /* before_first_byte said no */
	bool resend_refused;       /* libcurl was about to send the request a second time */
	bool too_big;              /* one of our limits for the answer */
	bool malformed;            /* a header of the answer breaks the rules */
	bool unframed;             /* the answer's length is not known and the caller does not accept that */
};

struct outbound_verdict {
	enum outbound_outcome outcome;
	enum outbound_fault fault;
};
struct outbound_verdict outbound_judge(const struct outbound_facts *facts);

/* The alert number in libcurl's error text ("... error:0A000415:..."), or -1. */
int outbound_alert_parse(const char *text);

#endif

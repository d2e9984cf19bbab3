/* The plain content of a message (the form is in model/work.h): read before sending, written from an answer. Pure. */
#ifndef DISPATCH_LETTER_H
#define DISPATCH_LETTER_H

#include "base/conf.h"
#include "base/mem.h"
#include "model/taken.h"
#include "net/outbound.h"

/* All of it borrowed from the arena or the bytes it was read from. */
struct letter {
	enum outbound_method method;
	const char *endpoint;                                 /* its name in the insurer's profile */
	const char *path;                                     /* to be put behind the endpoint's URL; "" for none */
	struct outbound_header headers[OUTBOUND_HEADERS_MAX]; /* values with placeholders until letter_fill */
	size_t header_count;
	struct bytes body;  /* likewise where body_secrets */
	bool body_secrets;  /* it is XML with placeholders */
	struct taken taken; /* the answer that says no more than that it was taken */
};

/* ERR_INVALID with what is wrong (no content in the text), ERR_NOMEM. */
int letter_read(struct bytes plain, struct arena *arena, struct letter *ret_letter) MUSTUSE;
/* Puts the secrets in place of ${secret:NAME} in the headers' values and, if it may hold some, the body. secrets may be
 * NULL. ERR_NOTFOUND names the
 * missing one; ERR_NOMEM. */
int letter_fill(struct letter *letter, const struct conf_map *secrets, struct arena *arena) MUSTUSE;
/* What came back, verbatim: status, headers, body. ERR_NOMEM. */
int letter_write_answer(const struct outbound_result *result, struct arena *arena, struct bytes *ret_plain) MUSTUSE;

#endif

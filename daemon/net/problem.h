/* Errors of /v1 as RFC 9457 wants them: all faults of a request at once, each with a pointer to what is meant, in
 * English and Chinese. */
#ifndef NET_PROBLEM_H
#define NET_PROBLEM_H

#include "base/mem.h"
#include "lib/fault.h"
#include "lib/text.h"
#include "net/http_server.h"

#define PROBLEM_TYPE "application/problem+json"
#define PROBLEM_ITEMS_MAX 200

/* What is wrong, in words. "$1" in the texts is the argument. */
struct problem_word {
	const char *code; /* stable, kebab case */
	const char *english, *chinese;
};

/* The problem as a whole. */
struct problem {
	int status;
	struct problem_word word;
};

struct problem_item {
	struct problem_item *next;
	const char *pointer; /* RFC 6901 into the request's body; NULL: place says where */
	const char *place;   /* "query: from", "line 12: BookgDt" */
	const char *code, *english, *chinese, *severity;
};

/* All that is wrong with a request. Zeroed but for its arena it is empty. */
struct problem_list {
	struct arena *arena; /* borrowed; owns the items */
	struct problem_item *first, *last;
	uint32_t count;
	bool no_memory;
};

/* Adds one; pointer and arg are copied. arg: no person's data; NULL where the word has no "$1". */
void problem_add(struct problem_list *list, const struct problem_word *word, const char *pointer, const char *arg);
/* The same of what is no part of a JSON body. */
void problem_add_place(struct problem_list *list, const struct problem_word *word, const char *place, const char *arg);
/* Faults of the catalogue. prefix: of the JSON value that they are of, whose paths such as "[1].owed.kind" become
 * pointers behind it; NULL: their paths are places. */
void problem_add_faults(struct problem_list *list, const char *prefix, const struct fault_list *faults);

/* Answers with the problem and its items (NULL: none); req is gone afterwards. */
void problem_respond(struct http_request *req, const struct problem *problem, const struct problem_list *list);
/* The body alone. ERR_NOMEM. */
int problem_text(const struct problem *problem, const struct problem_list *list, struct arena *arena,
	struct text_span *ret_text) MUSTUSE;

#endif

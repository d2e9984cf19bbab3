/* The finance API under /v1: what the hospital's finance office does, for programs. The desk is a guest of the role
 * intake: its routes are served by that role's server, with that role's clients and keys. */
#ifndef DESK_DESK_H
#define DESK_DESK_H

#include "base/list.h"
#include "base/mem.h"
#include "base/worker.h"
#include "lib/text.h"

struct cpu_pool;
struct desk_asks;
struct http_route;
struct importer;
struct intake;

struct desk {
	unsigned magic;
	struct intake *intake; /* borrowed */
	struct http_route *routes;
	struct desk_asks *asks;    /* its own connections (ask.h) */
	struct arena arena;        /* of the document */
	struct text_span document; /* OpenAPI */
	/* files that come in; see upload.h */
	struct cpu_pool *writer;   /* one thread that writes to the disk */
	struct importer *importer; /* threads that read files into the database */
	struct importer *clerk;    /* threads that close months and write journals (clerk.h) */
	struct importer *advices;  /* threads that take advices in, likewise */
	struct importer *readings; /* threads that open what advices say, likewise */
	struct list uploads;
	unsigned upload_count;
};

#define DESK_MAGIC 0x4445534bu

/* The role intake with the desk in it. */
extern const struct role desk_role;

#endif

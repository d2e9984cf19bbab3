/* A price list's file into the database: all of its prices, or none of them. */
#ifndef SETTLE_PRICE_IMPORT_H
#define SETTLE_PRICE_IMPORT_H

#include "base/id.h"
#include "base/mem.h"
#include "lib/charset.h"
#include "model/price_list.h"

struct db_sync;

/* As price_list_put() has it. */
enum price_outcome {
	PRICE_LATEST_OTHER = -2, /* nothing is stored: the latest version is `version`, not `after` */
	PRICE_EARLIER = -1,      /* nothing is stored: `version` has it, and a later one took its place */
	PRICE_KNOWN = 0,         /* the latest version has the same prices for the same days */
	PRICE_STORED = 1
};

#define PRICE_IMPORT_BYTES_MAX ((size_t)256 << 20)

struct price_import {
	const struct uuid *hospital;
	const char *name;      /* of the list: price_list_named has said yes */
	int32_t from, to;      /* first and last day; to: PRICE_OPEN: no end */
	int32_t after;         /* the latest version, which it is to follow, also as an earlier one was; 0: not said */
	const char *who, *why; /* for the record */
	bool check;            /* nothing is stored */
	enum charset_kind charset;
	/* results */
	struct fault_list faults;
	struct price_list list;
	struct uuid id; /* of the list */
	int32_t version;
	enum price_outcome outcome;
};
#define PRICE_OPEN INT32_MAX

/* Reads a file. ERR_INVALID with faults, ERR_NOMEM, ERR_SYS. */
int price_import_read(struct price_import *import, struct bytes bytes, struct arena *arena) MUSTUSE;
/* Stores what was read, in a transaction of its own, as the hospital's. The database's errors;
 * ERR_UNKNOWN: perhaps it is stored, and the same again tells; ERR_NOMEM. */
int price_import_store(struct price_import *import, struct db_sync *db, struct arena *arena) MUSTUSE;

#endif

/* Exchange rates of a file, all of them or none; and the rates that are known, beside which new ones are looked at. */
#ifndef SETTLE_RATE_IMPORT_H
#define SETTLE_RATE_IMPORT_H

#include "base/mem.h"
#include "lib/charset.h"
#include "lib/fault.h"
#include "lib/text.h"
#include "model/rate_batch.h"
#include "settle/rate_rows.h"

struct db_sync;
struct hospital;
struct pg_result;
struct rate_csv_profile;
struct zone;

#define RATE_IMPORT_BYTES_MAX ((size_t)1 << 30) /* the ECB's whole history as a tree, and all of it that is known */

/* The rates that the database has. Members are read freely. */
struct rate_known {
	struct pg_result *rows; /* of rate_around() */
	struct stored_rates rates;
	const char *const *notes; /* of each: "li, 2026-11-22 10:35 +08:00" */
};

/* Those of these days, and of each series the last before and the first after; bank: whose own prices too, or NULL;
 * zone: of times in notes, NULL: UTC. What it makes is the arena's; end it by rate_known_free. ERR_NOMEM; else the
 * database's. */
int rate_known_read(struct db_sync *db, const char *bank, int32_t from, int32_t to, const struct zone *zone,
	struct arena *arena, struct rate_known *ret_known) MUSTUSE;
void rate_known_free(struct rate_known *known); /* usable with CLEANUP */

struct rate_import {
	struct db_sync *db; /* borrowed */
	const struct uuid
		*hospital;       /* whose client brings it: its persons are named to nobody else; NULL: the house's */
	const char *who, *why;   /* for the record; why: NULL: not said */
	const char *from;        /* "cfets", "ecb", "board:BANK", "profile:NAME": rate_import_source has read it */
	const char *bank;        /* NULL, or whose board it is */
	enum rate_source source; /* RATE_BANK_BUY stands for both of a board */
	const struct rate_csv_profile *csv; /* NULL: it is the ECB's XML */
	enum charset_kind charset;          /* the profile's, or UTF-8 */
	struct text_span text;              /* the file, in UTF-8 */
	const struct zone *zone;            /* as rate_known_read has it */
	struct rate_reading reading;        /* today, far_allowed */
	/* results */
	struct fault_list faults;
	struct rate_table table;     /* what is in it */
	int32_t first_day, last_day; /* of it */
	int64_t made;                /* rates that are new */
	uint32_t superseded;         /* values that were corrected, which the file goes on saying */
};

/* Begins; only `why` stays as it is. The faults are the arena's. today: of whoever imports. */
void rate_import_begin(struct rate_import *import, struct arena *arena, int32_t today);
/* The file's text, turned into UTF-8; borrowed where it is that. ERR_INVALID with the line of what is no character;
 * ERR_NOMEM, ERR_SYS. */
int rate_import_text(
	struct rate_import *import, enum charset_kind kind, struct bytes bytes, struct arena *arena) MUSTUSE;
/* Whose rates they are and how they are written, of a word like those above. hospital: whose profiles are meant;
 * borrowed as long as the import runs. ERR_INVALID: none of them; ERR_NOTFOUND: it has no such profile. */
int rate_import_source(struct rate_import *import, const char *from, const struct hospital *hospital) MUSTUSE;
/* How many were known already, with the value that counts. */
int64_t rate_import_known(const struct rate_import *import);
/* Reads it beside what is known and stores it, in one transaction; blocking. ERR_INVALID: refused, see faults;
 * ERR_NOMEM; else the database's. */
int rate_import_run(struct rate_import *import, struct arena *arena) MUSTUSE;

#endif

/* What the commands on matching share: which item is meant, its candidates, and deciding one. */
#ifndef CTL_MATCH_DESK_H
#define CTL_MATCH_DESK_H

#include "ctl/unseal.h"
#include "lib/rate_convert.h"
#include "settle/match_choice.h"

#define MATCH_DESK_BYTES (64u << 20)
#define MATCH_NAME_SIZE 16

/* A decision by hand, and the rates that it took; see match_allocate.h. */
struct match_made {
	struct match_choice choice;
	struct rate_path rate; /* of the last part that took one; count 0: none did */
};

/* One item of money in suspense. Made by match_desk_open, freed by match_desk_close. */
struct match_desk {
	struct ctl *ctl;
	const struct hospital *hospital;
	struct uuid line;
	int32_t part;
	struct key_set keys;
	struct sealer *sealer;
	struct arena arena;
	/* of the item, by match_desk_item */
	int32_t version;
	int64_t amount, open; /* open 0: it has found its home */
	struct zf_money zero; /* of its currency */
	int32_t booked_day;
	int64_t whole, book; /* the line's amount, and what that is carried at */
	bool valued;         /* is that known? */
	struct match_made made;
};

/* "LINE" or "LINE:PART". 0, or 2 after it has said what is wrong. Both are freed by match_desk_close in any case. */
int match_desk_open(struct match_desk *desk, struct ctl *ctl, const char *code, const char *line) MUSTUSE;
void match_desk_close(struct match_desk *desk);
/* Reads the item, inside a transaction of its hospital. ERR_NOTFOUND. */
int match_desk_item(struct match_desk *desk) MUSTUSE;
/* An amount of the item's currency; one without a sign has the item's. ERR_INVALID with text. */
int match_desk_amount(const struct match_desk *desk, const char *text, int64_t *ret) MUSTUSE;
/* Opens something sealed that belongs to the line. */
int match_desk_unseal(struct match_desk *desk, struct bytes sealed, struct bytes *ret_plain) MUSTUSE;
int match_desk_seal(
	struct match_desk *desk, const struct uuid *id, struct bytes plain, struct bytes *ret_sealed) MUSTUSE;
/* What a part of an allocation is, in words: enum match_part_kind. */
struct cell match_part_cell(const struct ctl *ctl, int64_t kind);
/* How a candidate is told and named: its number, and eight digits of what it would post. */
void match_desk_name(int64_t no, const struct match_choice *choice, char ret[MATCH_NAME_SIZE]);
/* The candidate of a name, inside a transaction. ERR_NOTFOUND; ERR_AGAIN: it is not what it was; else 2 after it has
 * said what is wrong. */
int match_desk_candidate(struct match_desk *desk, const char *name, int32_t *ret_no, struct match_choice *ret) MUSTUSE;
/* Posts a decision and learns who paid, in a transaction of its own. Returns its id. ERR_AGAIN with text: it is not
 * posted, and why. */
int match_desk_post(struct match_desk *desk, const struct match_choice *choice, const char *why,
	struct uuid *ret_allocation) MUSTUSE;
/* Learns that a name (kind 1) or an account (2) is a payer's; text NULL: nothing. Needs no item. allocation: by which
 * it was accepted, and whose undoing takes it back; NULL: a person says so. */
int match_desk_learn(struct match_desk *desk, const char *remitter, uint8_t kind, const char *text,
	const struct uuid *allocation) MUSTUSE;
/* Forgets that it is. ERR_NOTFOUND with text: nobody knew. */
int match_desk_forget(
	struct match_desk *desk, const char *remitter, uint8_t kind, const char *text, const char *why) MUSTUSE;
/* Tells settle that there is something to look at. */
void match_desk_wake(struct ctl *ctl);

#endif

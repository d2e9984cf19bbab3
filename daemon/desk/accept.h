/* Posting a decision of a person on money in suspense, be it a candidate or said by hand. */
#ifndef DESK_ACCEPT_H
#define DESK_ACCEPT_H

#include "desk/call.h"
#include "settle/match_choice.h"

struct decided {
	int32_t part, version; /* of the item */
	const char *why;
	const struct match_line *line; /* whose name and account are learned; NULL: none are */
};

/* The bank line's currency. */
struct part_unit {
	const char *currency;
	int exponent;
};
/* As the shape CandidatePart has it. */
void match_part_write(struct json_writer *writer, const struct match_allot *part, const struct part_unit *unit);

#define CANDIDATE_PRINT_LEN (2 * MATCH_PRINT_BYTES + 1)
/* What a candidate is known by: of what would be posted, to the last amount. */
void candidate_print(const struct match_choice *choice, char ret[CANDIDATE_PRINT_LEN]);
/* What the bank told of the money, of two sealed columns of the first row; the second one may be null. */
int decided_line_read(
	struct desk_call *call, const struct pg_result *rows, int line, int detail, struct match_line *ret) MUSTUSE;
/* The next four parameters: kinds, hashes, ids and sealed contents of the payer's name and account on the money; line
 * NULL: nothing is learned. ERR_NOMEM, else a key is missing. */
int learned_bind(struct desk_call *call, const struct match_line *line, struct db_params *params) MUSTUSE;
/* Posts it by the operation's statement, and answers. With nothing decided: only what this very request did before. */
void decided_post(struct desk_call *call, const struct decided *decided, const struct match_choice *choice);

#endif

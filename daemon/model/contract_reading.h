/* What reading a contract's document shares: the text, the faults, and where we are. Private to contract.c and
 * contract_check.c. */
#ifndef MODEL_CONTRACT_READING_H
#define MODEL_CONTRACT_READING_H

#include "lib/fault_json.h"
#include "model/contract_keys.h"

#define CONTRACT_PATH_BYTES_MAX 128 /* the longest there is, and room */

struct contract_reading {
	struct json_reader json;
	struct zf_arena *arena;
	struct fault_list *faults;
	const char *book; /* the currency of the books */
	char path[CONTRACT_PATH_BYTES_MAX];
	size_t path_len;
	bool no_memory;
};

/* Goes in by a piece of path, such as a key or an entry; returns where contract_path_out comes back to. */
size_t contract_path_in(struct contract_reading *reader, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* By a key of the table, with the point before it where there has to be one. */
size_t contract_path_key(struct contract_reading *reader, const char *name);
void contract_path_out(struct contract_reading *reader, size_t was);
/* A fault where we are, or one key further in. */
void contract_tell(struct contract_reading *reader, enum fault_code code, const char *arg1, const char *arg2);
void contract_tell_key(
	struct contract_reading *reader, const char *name, enum fault_code code, const char *arg1, const char *arg2);

/* What must hold between the values of a contract, and what follows from them: who pays and guarantees, the currencies,
 * the lists. ERR_NOMEM. */
int contract_check(struct contract_reading *reader, struct contract_draft *draft) MUSTUSE;

#endif

/* What a bank says of a line or a transaction in words and numbers of others: the texts that name persons. It is one
 * JSON object, which is sealed before it is stored (bank_line.content, bank_detail.content in schema/046_bank.sql).
 * Members have the names of struct bank_entry and struct bank_detail (adapters/bank/statement.h); what is not given is
 * not there. Pure. */
#ifndef SETTLE_BANK_CONTENT_H
#define SETTLE_BANK_CONTENT_H

#include "bank/statement.h"
#include "base/core.h"

#define BANK_CONTENT_BYTES_MAX (1u << 20)

/* A line: its references, codes and words, and with `single` (NULL: none) its only transaction as member "detail".
 * Owned by the arena. ERR_NOMEM, ERR_LIMIT. */
int bank_line_content(const struct bank_entry *entry, const struct bank_detail *single, struct zf_arena *arena,
	struct text_span *ret_json) MUSTUSE;
/* Does it say who pays whom, or what for? Many banks have no more than amounts and numbers of their own. */
bool bank_detail_names(const struct bank_detail *detail);
/* A transaction of a line that has several, or whose only one a notification told. */
int bank_detail_content(const struct bank_detail *detail, struct zf_arena *arena, struct text_span *ret_json) MUSTUSE;

#endif

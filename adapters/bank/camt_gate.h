/* The gate before the XML parser, for a stream: sees every byte first and stops at what is dangerous or costly to parse
 * (lib/xml_gate.c does it for documents that are there as a whole). */
#ifndef ADAPTERS_BANK_CAMT_GATE_H
#define ADAPTERS_BANK_CAMT_GATE_H

#include "lib/fault.h"
#include "lib/text.h"

/* Caller-owned; zeroed with the limits set it is at the begin of a document. */
struct camt_gate {
	uint32_t attributes_max; /* of one element */
	uint32_t text_max;       /* bytes of one tag, comment, section or instruction */
	uint8_t state;
	uint8_t quote;
	char tail[8]; /* the last bytes, or those of the mark that "<!" begins */
	uint32_t len; /* bytes of the tag, comment, ... so far */
	uint32_t attributes;
	uint64_t bytes;  /* seen */
	uint8_t utf8[4]; /* a character that is cut by the end of what came */
	uint32_t utf8_len;
};

/* How many of the bytes may go to the parser. Fewer than len: *ret_code and *ret_what say why. */
size_t camt_gate_pass(
	struct camt_gate *gate, const char *bytes, size_t len, enum fault_code *ret_code, const char **ret_what);
/* Is it outside of tags, comments and the like, and at the end of a character? */
bool camt_gate_is_between(const struct camt_gate *gate);

#endif

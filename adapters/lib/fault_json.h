/* From what the JSON reader refused to a fault of the catalogue. */
#ifndef ADAPTERS_LIB_FAULT_JSON_H
#define ADAPTERS_LIB_FAULT_JSON_H

#include "lib/fault.h"
#include "lib/json.h"

/* A reader's error in the catalogue's words. */
struct fault_json {
	enum fault_code code;
	char arg1[FAULT_ARG_BYTES_MAX]; /* "": none */
	const char *arg2;               /* or NULL; borrowed from the error */
};

/* error: any but LIB_NOMEM. */
void fault_json(const struct json_error *error, struct fault_json *ret);

#endif

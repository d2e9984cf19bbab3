/* From what the JSON reader refused to a fault of the catalogue. */
#include "lib/fault_json.h"

#include <stdio.h>

void fault_json(const struct json_error *error, struct fault_json *ret)
{
	*ret = (struct fault_json){.code = FAULT_JSON_INVALID};
	if (strncmp(error->text, "duplicate key", 13) == 0) {
		ret->code = FAULT_JSON_DUPLICATE_KEY;
		if (sscanf(error->text, "duplicate key \"%127[^\"]\"", ret->arg1) != 1) ret->arg1[0] = '\0';
	} else if (error->code == LIB_LIMIT) {
		bool deep = strncmp(error->text, "nested", 6) == 0;
		ret->code = deep ? FAULT_JSON_TOO_DEEP : FAULT_TOO_LARGE;
		if (sscanf(error->text, deep ? "nested deeper than %20[0-9]" : "longer than %20[0-9]", ret->arg1) != 1)
			ret->arg1[0] = '\0';
	} else {
		snprintf(ret->arg1, sizeof(ret->arg1), "%zu", error->offset);
		if (strncmp(error->text, "not UTF-8", 9) == 0)
			ret->code = FAULT_JSON_UTF8;
		else
			ret->arg2 = error->text;
	}
}

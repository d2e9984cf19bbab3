/* The neutral reasons of adjustments and the groups that bear them, by name: what every module's code maps lead to. */
#ifndef ADAPTERS_LIB_REASON_H
#define ADAPTERS_LIB_REASON_H

#include "zhifu_model.h"

/* "deductible", "contract-price", ...; "other" for what it does not know. */
const char *reason_name(uint16_t reason);
/* The reason of such a name; ZF_REASON_NONE when there is none. */
uint16_t reason_from_name(const char *name);
/* Who bears an adjustment of that reason when the insurer does not say. */
uint8_t reason_group(uint16_t reason);
/* "CO", "PR", "OA", "PI"; NULL for ZF_GROUP_NONE. */
const char *reason_group_name(uint8_t group);
/* The group that the first two characters name, when nothing, '-' or ':' follows; *ret_rest is what stands behind it.
 * ZF_GROUP_NONE when they name none, and *ret_rest is the text. */
uint8_t reason_group_prefix(const char *text, const char **ret_rest);

#endif

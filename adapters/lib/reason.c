/* Names and usual bearers of the neutral reasons. */
#include "lib/reason.h"

#include <stddef.h>
#include <string.h>

static const struct {
	uint16_t reason;
	uint8_t group; /* when the insurer does not say who bears it */
	const char *name;
} reasons[] = {
	{ZF_REASON_DEDUCTIBLE, ZF_GROUP_PR, "deductible"},
	{ZF_REASON_COINSURANCE, ZF_GROUP_PR, "coinsurance"},
	{ZF_REASON_COPAY, ZF_GROUP_PR, "copay"},
	{ZF_REASON_CONTRACT_PRICE, ZF_GROUP_CO, "contract-price"},
	{ZF_REASON_BENEFIT_LIMIT, ZF_GROUP_PR, "benefit-limit"},
	{ZF_REASON_NOT_COVERED, ZF_GROUP_PR, "not-covered"},
	{ZF_REASON_NOT_ELIGIBLE, ZF_GROUP_PR, "not-eligible"},
	{ZF_REASON_NO_AUTHORIZATION, ZF_GROUP_PI, "no-authorization"},
	{ZF_REASON_NOT_NECESSARY, ZF_GROUP_PI, "not-necessary"},
	{ZF_REASON_DUPLICATE, ZF_GROUP_OA, "duplicate"},
	{ZF_REASON_CODING, ZF_GROUP_PI, "coding"},
	{ZF_REASON_LATE, ZF_GROUP_CO, "late"},
	{ZF_REASON_PRE_EXISTING, ZF_GROUP_PR, "pre-existing"},
	{ZF_REASON_OTHER_PAYER, ZF_GROUP_OA, "other-payer"},
	{ZF_REASON_MORE_INFORMATION, ZF_GROUP_PI, "more-information"},
	{ZF_REASON_TAKE_BACK, ZF_GROUP_OA, "take-back"},
	{ZF_REASON_TAX, ZF_GROUP_OA, "tax"},
	{ZF_REASON_OTHER, ZF_GROUP_PI, "other"},
};

const char *reason_name(uint16_t reason)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (reasons[i].reason == reason) return reasons[i].name;
	}
	return "other";
}

uint16_t reason_from_name(const char *name)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (strcmp(reasons[i].name, name) == 0) return reasons[i].reason;
	}
	return ZF_REASON_NONE;
}

uint8_t reason_group(uint16_t reason)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (reasons[i].reason == reason) return reasons[i].group;
	}
	return ZF_GROUP_PI;
}

const char *reason_group_name(uint8_t group)
{
	switch (group) {
	case ZF_GROUP_CO:
		return "CO";
	case ZF_GROUP_PR:
		return "PR";
	case ZF_GROUP_OA:
		return "OA";
	case ZF_GROUP_PI:
		return "PI";
	default:
		return NULL;
	}
}

uint8_t reason_group_prefix(const char *text, const char **ret_rest)
{
	static const uint8_t groups[] = {ZF_GROUP_CO, ZF_GROUP_PR, ZF_GROUP_OA, ZF_GROUP_PI};
	for (size_t i = 0; i < sizeof(groups); i++) {
		uint8_t group = groups[i];
		if (strncmp(text, reason_group_name(group), 2) != 0) continue;
		if (text[2] == '\0') {
			*ret_rest = text + 2;
			return group;
		}
		if (text[2] == '-' || text[2] == ':') {
			*ret_rest = text + 3;
			return group;
		}
	}
	*ret_rest = text;
	return ZF_GROUP_NONE;
}

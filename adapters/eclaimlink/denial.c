/* The families of denial codes. The longest prefix that fits counts. */
#include "eclaimlink/denial.h"

#include <string.h>

#include "lib/reason.h"

static const struct {
	const char *prefix;
	uint16_t reason;
	uint8_t group; /* ZF_GROUP_NONE: as the reason usually is */
} families[] = {
	{"AUTH-", ZF_REASON_NO_AUTHORIZATION, ZF_GROUP_NONE}, {"ELIG-", ZF_REASON_NOT_ELIGIBLE, ZF_GROUP_NONE},
	{"MNEC-", ZF_REASON_NOT_NECESSARY, ZF_GROUP_NONE}, {"NCOV-", ZF_REASON_NOT_COVERED, ZF_GROUP_NONE},
	{"DUPL-", ZF_REASON_DUPLICATE, ZF_GROUP_NONE},
	{"CLAI-", ZF_REASON_MORE_INFORMATION, ZF_GROUP_NONE}, /* of CLAI-012 only the comment tells more */
	{"CLAI-017", ZF_REASON_NOT_COVERED, ZF_GROUP_PR},     /* not available on direct billing */
	{"CODE-", ZF_REASON_CODING, ZF_GROUP_NONE}, {"COPY-", ZF_REASON_COPAY, ZF_GROUP_PR},
	{"BENX-", ZF_REASON_BENEFIT_LIMIT, ZF_GROUP_NONE}, {"PRCE-", ZF_REASON_CONTRACT_PRICE, ZF_GROUP_NONE},
	{"TIME-", ZF_REASON_LATE, ZF_GROUP_NONE}, {"TKBK-", ZF_REASON_TAKE_BACK, ZF_GROUP_NONE},
	{"PYBK-", ZF_REASON_TAKE_BACK, ZF_GROUP_NONE}, /* [M] */
};

static const struct {
	uint16_t reason;
	const char *code;
} codes[] = {
	{ZF_REASON_NO_AUTHORIZATION, "AUTH-001"},
	{ZF_REASON_NOT_ELIGIBLE, "ELIG-001"},
	{ZF_REASON_NOT_NECESSARY, "MNEC-003"},
	{ZF_REASON_NOT_COVERED, "NCOV-003"},
	{ZF_REASON_PRE_EXISTING, "NCOV-001"},
	{ZF_REASON_DUPLICATE, "DUPL-001"},
	{ZF_REASON_CODING, "CODE-010"},
	{ZF_REASON_COPAY, "COPY-001"},
	{ZF_REASON_BENEFIT_LIMIT, "BENX-005"},
	{ZF_REASON_CONTRACT_PRICE, "PRCE-001"},
	{ZF_REASON_LATE, "TIME-001"},
	{ZF_REASON_TAKE_BACK, "TKBK-001"},
};

/* "PR:not-covered", "not-covered", "PI": the right side of the map. */
static bool read_mapped(const char *text, struct eclaim_denial *denial)
{
	const char *rest;
	uint8_t group = reason_group_prefix(text, &rest);
	uint16_t reason = rest[0] == '\0' ? ZF_REASON_NONE : reason_from_name(rest);
	if (reason == ZF_REASON_NONE && (group == ZF_GROUP_NONE || rest[0] != '\0')) return false;
	if (reason != ZF_REASON_NONE) *denial = (struct eclaim_denial){reason, ZF_GROUP_NONE};
	if (group != ZF_GROUP_NONE) denial->group = group;
	return true;
}

struct eclaim_denial eclaim_denial_read(const struct eclaim_profile *profile, const char *code)
{
	struct eclaim_denial denial = {ZF_REASON_OTHER, ZF_GROUP_NONE};
	struct zf_coding coding = {.code = code};
	size_t longest = 0;
	for (size_t i = 0; code != NULL && i < sizeof(families) / sizeof(families[0]); i++) {
		size_t len = strlen(families[i].prefix);
		if (len <= longest || strncmp(families[i].prefix, code, len) != 0) continue;
		denial = (struct eclaim_denial){families[i].reason, families[i].group};
		longest = len;
	}
	const char *mapped = code == NULL ? NULL : eclaim_profile_map(profile, "denial", NULL, &coding);
	if (mapped != NULL) (void)read_mapped(mapped, &denial);
	if (denial.group == ZF_GROUP_NONE) denial.group = reason_group(denial.reason);
	return denial;
}

const char *eclaim_denial_code(uint16_t reason)
{
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (codes[i].reason == reason) return codes[i].code;
	}
	return "CLAI-012";
}

/* A golden case of an adapter: a profile, claims, events and what each must yield, in one JSON file. The form, members
 * in brackets are optional:
 *
 *   {"note": "who told us",
 *    "profile": {["insurer": "alpha",] ["keys": {"NAME": "value"},] ["maps": {"MAP": {"FROM": "TO"}},]
 *                ["hospital": {"code": "AB1", "name": "...", "identifiers": {"SYSTEM": "value"}}]},
 *    ["now_ms": 1790000000000,] ["state": "text",]
 *    ["claims": ["claim.json", ...],]         FHIR Bundles in files beside this one, with the refs AB1000000000001, ...
 *    ["origin_ref": "AB1...",]                the first claim that those in `claims` correct
 *    "events": [{"kind": "start_claim"},
 *               {"kind": "reply", "token": 1, "status": 200, ["headers": {"Name": "value"},]
 *                "body": "text" | "body_file": "answer.json"},
 *               {"kind": "timer"}, {"kind": "failure", "token": 1, "failure": "unknown"},
 *               {"kind": "file", "body_file": "advice.xml"}, ...],
 *    "expect": [{"verdict": "ok", "actions": [...], "faults": [...]}, ...]}      one per event; --update writes it
 *
 * Amounts stand in files or in body texts only, so that no decimal passes through a floating point number. */
#ifndef TRANSLATE_CHECK_CASE_H
#define TRANSLATE_CHECK_CASE_H

#include <jansson.h>

#include "base/mem.h"
#include "translate/call.h"

#define CASE_EVENTS_MAX 32
#define CASE_CLAIMS_MAX 16

struct check_case {
	const char *path, *name; /* of the file */
	json_t *json;            /* owned */
	struct arena arena;
	struct insurer insurer;
	const struct insurer *insurers[1];
	struct hospital hospital;
	const struct hospital *hospitals[1];
	struct directory directory;
	int64_t now_ms;
	struct zf_event events[CASE_EVENTS_MAX];
	const char *kinds[CASE_EVENTS_MAX];
	size_t event_count;
	const struct zf_claim *claims[CASE_CLAIMS_MAX];
	uint32_t claim_count;
};

/* Reads one. ERR_INVALID with text, ERR_SYS, ERR_NOMEM. On success case_free. */
int check_case_load(const char *folder, const char *name, struct check_case *ret_case) MUSTUSE;
void check_case_free(struct check_case *check);

/* What a step yielded as JSON, times as seconds from now_ms. Returns owned; NULL on no memory. */
json_t *check_render(int32_t verdict, const struct zf_result *result, int64_t now_ms);
/* "ok", "reject", ... */
const char *check_verdict_name(int32_t verdict);

#endif

/* The script of a played insurer: who it is, what it covers, how it pays and how it misbehaves. One table describes the
 * file; every mistake in it is reported at once with its line. */
#ifndef SANDBOX_SCRIPT_H
#define SANDBOX_SCRIPT_H

#include "base/conf.h"
#include "sandbox/misbehave.h"
#include "sandbox/rule.h"

/* A stretch during which nothing listens. */
struct script_down {
	int64_t from_ms, to_ms; /* since the script was loaded */
};

/* What it speaks. */
enum script_format { SCRIPT_FHIR, SCRIPT_ECLAIMLINK };

struct script {
	/* who and where */
	const char *name;
	int64_t seed;
	struct conf_hosts listen;
	struct conf_hosts control_listen; /* plain HTTP, for /_sandbox only; never misbehaves */
	const char *base_path;
	const char *tls_certificate, *tls_key, *tls_client_ca;
	struct conf_secret bearer_token;
	int format;                   /* enum script_format */
	const char *login, *password; /* of the post office; NULL: nothing is asked for */
	/* names on the wire */
	const char *claim_system, *number_system, *license_system, *license, *event_system, *task_system;
	const char *code_system, *fee_extension, *base_url;
	/* cover, as written */
	const char *plan_currency;
	struct conf_map rates_text;
	const char *deductible_text, *deductible_used_text, *coinsurance_text, *coinsurance_cap_text;
	struct conf_groups prices_raw, limits_raw, denials_raw, rejects_raw, queries_raw, faults_raw, down_raw;
	int duplicates; /* 0: the first answer again; 1: rejected */
	/* when */
	int64_t pend_ms, pend_polls;
	const char *pend_code;
	int64_t clock_offset_ms;
	/* pay */
	int64_t pay_every, pay_after_ms;
	const char *pay_currency, *fee_percent_text;
	/* made from the above */
	struct rules rules;
	struct zf_decimal fee_percent;
	const struct misbehave_fault *faults;
	size_t fault_count;
	const struct script_down *down;
	size_t down_count;
};

extern const struct conf_table script_table;

/* Reads a script; the struct's memory is the arena's. ERR_SYS, ERR_INVALID, ERR_NOMEM as conf_load; faults as there. */
int script_load(
	const char *path, struct arena *arena, struct script *ret_script, struct conf_faults *ret_faults) MUSTUSE;
/* The same from memory. */
int script_parse(const char *text, size_t len, struct arena *arena, struct script *ret_script,
	struct conf_faults *ret_faults) MUSTUSE;

#endif

/* What a claim's content must satisfy, whatever format it came in: sums, sequences, dates, codes, one focal insurance.
 * All faults are found at once and added to those that the decoder found. Pure: no clock, no file, no network.
 *
 * The form of a FHIR document (types, cardinalities, value sets, references) is the decoder's; where it already
 * reported a fault at the same path, nothing is said twice. */
#ifndef MODEL_VALIDATE_H
#define MODEL_VALIDATE_H

#include "base/core.h"
#include "base/zone.h"
#include "lib/fault.h"
#include "zhifu_model.h"

/* A code system and what its codes look like. */
struct validate_system {
	const char *system;  /* its URI; one that ends with '*' means all that begin so */
	const char *pattern; /* lib/text.h text_match; NULL: any code */
};

/* Absurd: beyond any bill in any currency of the world, in its main unit (a hundred thousand million). It is there for
 * slips of the keyboard and for the arithmetic behind it, so it is no option: what is much money in one currency is
 * little in another. */
#define VALIDATE_AMOUNT_MAX INT64_C(100000000000)
#define VALIDATE_QUANTITY_MAX 1000000000
#define VALIDATE_FACTOR_MAX 1000000
#define VALIDATE_SKEW_MS (5 * 60 * 1000)

struct validate_options {
	int64_t now_ms;          /* wall clock */
	int64_t skew_ms;         /* how far the hospital's clock may be ahead; 0 means VALIDATE_SKEW_MS */
	const struct zone *zone; /* the hospital's; NULL means UTC */
	/* From the configuration, asked one after the other and before the built-in ones. */
	const struct validate_system *systems, *more_systems;
	size_t system_count, more_system_count;
	uint8_t unknown_codes;    /* enum fault_severity of unknown systems and patterns; 0 means FAULT_WARNING */
	bool has_idempotency_key; /* the request carries one, so a claim without identifier is no warning */
};

/* What follows from the claim besides faults. */
struct validate_result {
	struct zf_money total; /* as sent, or derived from the lines; absent when neither is possible (a fault then) */
	int64_t service_day;   /* the civil day of the hospital, days since 1970-01-01: of billablePeriod.start, else of
				* the   earliest line, else of the stay, else of `created`, else today */
};

/* Validates a claim. path: where it stands, "Claim" or "Bundle.entry[4].resource". Adds to `faults`; look at
 * fault_refuses(faults) afterwards. ret_result is always filled. ERR_NOMEM when the arena of `faults` is exhausted. */
int validate_claim(const struct zf_claim *claim, const char *path, const struct validate_options *options,
	struct fault_list *faults, struct validate_result *ret_result) MUSTUSE;

/* A Task: only `cancel` is acted on. code may be NULL. path: "Task" or the entry's. */
void validate_task(const char *code, const char *path, struct fault_list *faults);

/* A Consent: whose it is must be known and, when it permits to disclose, to whom and what for; nor is it dated in
 * the future then; what does not permit only gets a warning. path likewise. */
void validate_consent(const struct zf_consent *consent, const char *path, const struct validate_options *options,
	struct fault_list *faults);

#endif

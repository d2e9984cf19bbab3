/* The eClaimLink readers: a file of the insurer's, an error report, an upload. Nothing crashes; what has a fault
 * concludes nothing; no fault's sentence is longer than it may be; what is read is told in full. */
#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "eclaimlink/exchange.h"
#include "eclaimlink/insurer.h"
#include "eclaimlink/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *value(const struct zf_profile *profile, const char *key)
{
	(void)profile;
	if (strcmp(key, "disposition") == 0) return "TEST";
	return strcmp(key, "sender_id") == 0 || strcmp(key, "receiver_id") == 0 || strcmp(key, "payer_id") == 0 ? "X"
														: NULL;
}

static void read_file(const struct eclaim_profile *profile, struct text_span file, struct zf_arena *arena)
{
	struct eclaim_exchange exchange = {.kind = ECLAIM_POLL};
	struct eclaim_step step = {
		.profile = profile, .arena = arena, .exchange = &exchange, .actions = {.arena = arena}};
	fault_list_init(&step.faults, arena, 0);
	int rc = eclaim_file_read(&step, file);
	assert(rc == 0 || rc == LIB_INVALID || rc == LIB_NOMEM);
	assert(rc == 0 ? !fault_refuses(&step.faults) : step.actions.count == 0);
	assert(rc != LIB_INVALID || step.faults.count > 0);
	for (uint32_t i = 0; i < step.actions.count; i++) {
		const struct zf_fact *fact = step.actions.actions[i]->fact;
		assert(step.actions.actions[i]->kind == ZF_ACTION_FACT && fact != NULL);
		if (fact->kind == ZF_FACT_REMITTED) {
			int64_t sum = 0;
			for (uint32_t k = 0; k < fact->remittance->detail_count; k++) {
				sum += fact->remittance->details[k]->amount.minor;
			}
			assert(sum == fact->remittance->amount.minor && fact->remittance->identifier != NULL);
			continue;
		}
		/* Each line balances. */
		for (uint32_t k = 0; k < fact->adjudication->line_count; k++) {
			const struct zf_line_result *line = fact->adjudication->lines[k];
			__int128 sum = line->benefit.minor;
			for (uint32_t n = 0; n < line->adjustment_count; n++) sum += line->adjustments[n]->amount.minor;
			assert(sum == line->submitted.minor);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena CLEANUP(arena_free);
	struct text_span text = {(const char *)data, size};
	struct zf_profile given = {.size = sizeof(given), .get = value};
	struct zf_open open = {.size = sizeof(open), .profile = &given};
	const struct eclaim_profile *profile = NULL;
	const char *error;
	struct fault_list faults;
	struct eclaim_submission submission;
	const struct zf_fault *const *told;
	uint32_t count;

	arena_init(&arena, 256u << 20);
	open.arena = &arena.zf;
	int32_t verdict = eclaim_profile_open(&open, &profile, &error);
	assert(verdict == ZF_OK);
	read_file(profile, text, &arena.zf);
	fault_list_init(&faults, &arena.zf, 0);
	(void)!eclaim_report_read(profile, text, &arena.zf, &faults);
	int rc = eclaim_submission_read(profile, data, size, &arena.zf, &faults, &submission);
	assert(rc == 0 || faults.count > 0 || rc == LIB_NOMEM);
	rc = faults_export(&faults, true, &arena.zf, &told, &count);
	assert(rc == 0 && count == faults.count);
	return 0;
}

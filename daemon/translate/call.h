/* One call into a module: the services it may use meanwhile, its limit of processor time, and the check of what comes
 * back. A call that runs over its limit ends the process: the crash counter of its work item remembers it. */
#ifndef TRANSLATE_CALL_H
#define TRANSLATE_CALL_H

#include "base/mem.h"
#include "translate/context.h"

#define CALL_SERIES_MAX 64 /* series of control numbers, of all routes */
#define CALL_SERIES_LEN 64
#define CALL_NUMBERS_BLOCK 100 /* control numbers taken at once */
#define CALL_SIGNATURE_BYTES 1024

/* Control numbers of one series of one insurer, taken from the database in blocks. */
struct series {
	char insurer[40];
	char name[CALL_SERIES_LEN];
	int64_t next, end; /* numbers left: [next, end) */
	bool wanted;       /* a call found none: take a block */
	bool asked;        /* it is being taken */
};

struct numbers {
	struct series items[CALL_SERIES_MAX];
	size_t count;
};

/* The handle that a module passes back to the services. */
struct call {
	const struct context *context;
	struct numbers *numbers; /* NULL: none (adapter check) */
	int64_t now_ms;          /* the same during one step */
	int64_t cpu_s;           /* limit; 0: none */
	/* For repeatable runs (adapter check): ids and control numbers are counted up from here; 0: as always. */
	uint64_t fixed_ids;
};

/* One step. On ZF_OK, ZF_REJECT and ZF_MALFORMED ret_result is complete: counts within limits and every pointer that is
 * needed there; a result that is not is ZF_BUG, with the reason in err_text. */
int32_t call_step(struct call *call, struct bytes state, const struct zf_event *event, struct zf_arena *arena,
	struct zf_result *ret_result);

/* Whether it may be constant (zf_result): one claim was taken, the exchange is over, and there is nothing else to it.
 */
bool call_says_taken(const struct zf_result *result);

/* A view of an action or fact as this ABI has it: what its maker did not know is zero. */
struct zf_action call_action(const struct zf_action *action);
struct zf_fact call_fact(const struct zf_fact *fact);
struct zf_adjudication call_adjudication(const struct zf_adjudication *adjudication);
struct zf_remittance call_remittance(const struct zf_remittance *remittance);

/* Codes and paths of faults, "code@path code@path ...", for a fact's text: arena memory, at most 1,000 bytes;
 * with_text: what each says too (only where the module speaks, of what it cannot say or read: an insurer's text may
 * name a person). NULL on no memory or none. */
const char *call_faults_text(
	const struct zf_fault *const *faults, uint32_t count, bool with_text, struct zf_arena *arena);

#endif

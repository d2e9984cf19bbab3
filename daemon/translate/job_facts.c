/* Facts to rows: each finds its claim or becomes an orphan with the reason; decisions are added up. */
#include <openssl/evp.h>
#include <string.h>

#include "base/clock.h"
#include "fhir/encode.h"
#include "lib/money.h"
#include "translate/job.h"

#define TEXT_BYTES_MAX 200 /* of an insurer's number or code in a column of its own */

/* Why a fact is nobody's; NULL: it has a claim. */
static const char *orphan_why(const struct job *job, const struct job_fact *fact)
{
	if (uuid_is_nil(&fact->claim.id)) {
		if (fact->ref != NULL && ref_valid(fact->ref) &&
			strncmp(fact->ref, job->hospital->code, HOSPITAL_CODE_LEN) != 0)
			return "it names a claim of another hospital";
		return fact->ref == NULL && fact->wire == NULL ? "it names no claim"
							       : "it names a claim that is not here";
	}
	if (fact->claim.insurer == NULL || strcmp(fact->claim.insurer, job->insurer->code) != 0)
		return "it names a claim of another insurer";
	return NULL;
}

const char *job_short_text(struct job *job, const char *text)
{
	size_t len;

	if (text == NULL) return NULL;
	len = strlen(text);
	if (len > TEXT_BYTES_MAX) len = text_cut_bytes(text, len, TEXT_BYTES_MAX);
	text = zf_strndup(&job->arena.zf, text, len);
	if (text == NULL) job->harvest.err = err_set(ERR_NOMEM, "no memory for a fact");
	return text;
}

int job_content_seal(const struct room *room, struct job *job, const struct key *key, const struct uuid *id,
	struct text_span json, struct bytes *ret_sealed)
{
	return seal(room->sealer, key, id, SEAL_FACT, (struct bytes){(const uint8_t *)json.ptr, json.len}, &job->arena,
		ret_sealed);
}

int job_encoded(int r)
{
	if (r == 0) return 0;
	return r == LIB_NOMEM ? err_set(ERR_NOMEM, "no memory to write an answer")
			      : err_set(ERR_INVALID, "an answer that cannot be written as FHIR");
}

/* ---- decisions ---- */

static int answer_encode(
	struct job *job, const struct job_fact *fact, const struct uuid *id, struct text_span *ret_json)
{
	struct zf_claim claim = {.size = sizeof(claim), .use = (uint8_t)fact->claim.use};
	char id_text[UUID_TEXT_LEN], claim_text[UUID_TEXT_LEN], now[CLOCK_TEXT_LEN];
	struct fhir_answer_options options = {.id = id_text, .last_updated = now};

	uuid_format(id, id_text);
	uuid_format(&fact->claim.id, claim_text);
	clock_format(clock_wall_ms(), now);
	memcpy(claim.id, claim_text, sizeof(claim_text));
	if (fact->claim.ref != NULL) memcpy(claim.ref, fact->claim.ref, strlen(fact->claim.ref) + 1);
	options.request_reference = arena_printf(&job->arena, "Claim/%s", claim_text);
	return job_encoded(fhir_encode_claim_response(&claim, &fact->adjudication, &options, &job->arena.zf, ret_json));
}

/* Returns how many. */
static int adjustments_add(struct job *job, const struct zf_adjudication *adjudication)
{
	int count = 0;

	for (uint32_t i = 0; i < adjudication->line_count; i++) {
		const struct zf_line_result *line = adjudication->lines[i];

		for (uint32_t k = 0; k < line->adjustment_count; k++) {
			const struct zf_adjustment *adjustment = line->adjustments[k];
			struct harvest_adjustment *row;

			if (!adjustment->amount.present) continue;
			row = harvest_add(&job->harvest, &job->harvest.adjustments, sizeof(*row));
			count++;
			row->line = line->sequence;
			row->group = adjustment->group;
			row->reason = adjustment->reason;
			row->amount = adjustment->amount.minor;
			row->currency = adjustment->amount.currency;
			row->exponent = adjustment->amount.exponent;
			row->system = job_short_text(job, adjustment->original_system);
			row->code = job_short_text(job, adjustment->original_code);
		}
	}
	return count;
}

/* The insurer's number leads later remittances to the claim. */
static void number_add(struct job *job, const struct job_fact *fact)
{
	const char *number = fact->adjudication.insurer_claim_no;
	struct harvest_ref *ref;
	unsigned len;

	if (number == NULL) return;
	ref = harvest_add(&job->harvest, &job->harvest.refs, sizeof(*ref));
	ref->kind = "insurer-claim-no";
	ref->claim_id = fact->claim.id;
	if (EVP_Digest(number, strlen(number), ref->hash, &len, EVP_sha256(), NULL) != 1)
		job->harvest.err = err_set(ERR_NOMEM, "no memory for a wire reference");
}

/* A rejection that came as an answer keeps its text; it decides nothing, so its sums are nothing. */
static int sums_for(const struct job_fact *fact, struct sums *ret_sums)
{
	if (fact->fact.kind == ZF_FACT_ADJUDICATED) return sums_of(&fact->adjudication, &fact->claim.total, ret_sums);
	*ret_sums = (struct sums){.exponent = fact->claim.total.exponent};
	memcpy(ret_sums->currency, fact->claim.total.currency, sizeof(ret_sums->currency));
	return 0;
}

static int adjudication_add(
	const struct room *room, struct job *job, const struct job_fact *fact, struct harvest_fact *row)
{
	const struct zf_adjudication *said = &fact->adjudication;
	struct harvest_adjudication *adjudication;
	struct text_span json;
	struct bytes sealed = {NULL, 0};
	struct sums sums;
	struct uuid id = uuid_new();
	int r = sums_for(fact, &sums);

	if (r == 0 && !fact->claim.has_key)
		r = err_set(ERR_INVALID, "the patient's key is erased: the answer cannot be kept");
	if (r == 0) r = answer_encode(job, fact, &id, &json);
	if (r == 0) r = job_content_seal(room, job, &fact->claim.key, &id, json, &sealed);
	if (r < 0) return r;
	row->adjudication_id = id;
	if (sums.wrong != SUMS_RIGHT) {
		row->why = sums_text(&sums, &job->arena.zf);
		if (row->why == NULL) return err_set(ERR_NOMEM, "no memory for a decision");
	}
	adjudication = harvest_add(&job->harvest, &job->harvest.adjudications, sizeof(*adjudication));
	adjudication->id = id;
	adjudication->fact_id = row->id;
	adjudication->outcome = fact->fact.kind == ZF_FACT_REJECTED ? ZF_OUTCOME_ERROR : said->outcome;
	adjudication->number = job_short_text(job, said->insurer_claim_no);
	adjudication->preauth = job_short_text(job, said->preauth_ref);
	adjudication->currency = zf_strdup(&job->arena.zf, sums.currency);
	if (adjudication->currency == NULL) return err_set(ERR_NOMEM, "no memory for a decision");
	adjudication->exponent = sums.exponent;
	adjudication->submitted = sums.submitted;
	adjudication->benefit = sums.benefit;
	adjudication->patient = sums.patient;
	adjudication->contract = sums.contract;
	adjudication->open = sums.open;
	adjudication->has_payment = said->payment.present != 0;
	adjudication->payment = said->payment.minor;
	adjudication->payment_currency = said->payment.currency;
	adjudication->payment_exponent = said->payment.exponent;
	adjudication->content = sealed;
	if (fact->fact.kind == ZF_FACT_ADJUDICATED) adjudication->adjusted = adjustments_add(job, said);
	number_add(job, fact);
	return job->harvest.err;
}

/* ---- remittances ---- */

static const struct uuid nobody = {{0}};

/* What is of the whole transfer is of no claim, and nobody has to settle it. */
static void whole_fact(struct harvest_fact *row)
{
	row->status = FACT_APPLIED;
	row->why = NULL;
}

/* One that does not balance is one fact: the money of all of it waits for a person (schema/051_remittance.sql). What
 * its insurer decided of the claims does not: a decision is said of a claim by itself, and no other claim's row makes
 * it wrong. */
static void parked_fact(struct job *job, const struct job_fact *fact, struct harvest_remittance *remittance)
{
	struct harvest_fact *row;

	if (fact->detail_no > 1) return;
	row = harvest_fact(&job->harvest, (int)fact->fact.kind, &nobody, job_remittance_parked(job, remittance));
	row->status = FACT_APPLIED;
	row->exchange_id = job->exchange_id;
	row->message_id = job->item.kind == WORK_REPLY ? job->item.message_id : nobody;
	row->remittance_id = remittance->id;
	remittance->fact_id = row->id;
	if (row->why == NULL) job->harvest.err = err_set(ERR_NOMEM, "no memory for a remittance");
}

/* The remittance's row comes with its first detail. */
static int remittance_of(
	const struct room *room, struct job *job, const struct job_fact *fact, struct harvest_remittance **ret)
{
	int r = fact->detail_no <= 1 ? job_remittance_add(room, job, fact->remittance) : 0;

	if (r == 0) *ret = (struct harvest_remittance *)(void *)job->harvest.remittances.last;
	return r;
}

static void detail_add(
	struct job *job, const struct job_fact *fact, struct harvest_remittance *remittance, struct harvest_fact *row)
{
	if (fact->detail_no <= 1) remittance->fact_id = row->id;
	row->remittance_id = remittance->id;
	row->detail = (int)fact->detail_no;
	if (job_detail_whole(fact->detail)) whole_fact(row);
	if (fact->detail != NULL) job_detail_add(job, fact, row);
}

/* ---- all of them ---- */

static bool shows_arrival(uint32_t kind)
{
	switch ((enum zf_fact_kind)kind) {
	case ZF_FACT_ACKNOWLEDGED:
	case ZF_FACT_ADJUDICATED:
	case ZF_FACT_PENDED:
	case ZF_FACT_QUERIED:
	case ZF_FACT_REMITTED:
	case ZF_FACT_CANCELLED:
		return true;
	case ZF_FACT_REJECTED:
	case ZF_FACT_NOT_FOUND:
		return false;
	}
	return false;
}

static bool stepped(const struct job *job, const struct uuid *claim_id)
{
	HARVEST_EACH(harvest_step, step, job->harvest.steps)
	if (uuid_equal(&step->claim_id, claim_id)) return true;
	return false;
}

/* The insurer speaks of a claim that was in doubt: so it has it. */
static void arrival(struct job *job, const struct job_fact *fact)
{
	if (fact->claim.transport != TRANSPORT_UNKNOWN || !shows_arrival(fact->fact.kind) ||
		stepped(job, &fact->claim.id))
		return;
	harvest_step(&job->harvest, &fact->claim.id, TRANSPORT_UNKNOWN,
		job->exchange_kind == EXCHANGE_STATUS ? EVENT_PROVE_PRESENT : EVENT_DELIVER, "the insurer has it");
	if (!uuid_is_nil(&fact->claim.doubt_message))
		harvest_update(&job->harvest, &fact->claim.doubt_message, MESSAGE_ANSWERED, "the insurer has it");
}

/* Its module found its amounts wrong: nothing of it is booked before somebody knows more. */
static bool is_disputed(const struct job_fact *fact)
{
	return (fact->fact.kind == ZF_FACT_ADJUDICATED || fact->fact.kind == ZF_FACT_REMITTED) &&
	       fact->fact.fault_count > 0;
}

static int dispute(struct job *job, const struct job_fact *fact, struct harvest_fact *row)
{
	const char *why = call_faults_text(fact->fact.faults, fact->fact.fault_count, true, &job->arena.zf);
	const struct zf_remittance *said = fact->remittance;
	char amount[MONEY_TEXT_SIZE];

	if (why != NULL && said != NULL) {
		const char *reference = said->payment_reference == NULL ? "-" : said->payment_reference;

		(void)money_format(said->amount, amount);
		why = text_printf(&job->arena.zf,
			"The remittance of %s %s, reference %s, is not booked. 付款通知 %s %s,参考号 %s,未入账。 %s",
			amount, said->amount.currency, reference, amount, said->amount.currency, reference, why);
	}
	row->status = FACT_REFUSED;
	row->why = why;
	row->text = NULL;
	return why == NULL ? err_set(ERR_NOMEM, "no memory for a fact") : 0;
}

/* A rejection without a document of its own, as after HTTP 422 or in an error report: its reasons are kept like those
 * of one that came as an answer, so that the hospital is told them. */
static bool rejection_of(const struct job_fact *fact, struct job_fact *ret_told)
{
	if (fact->fact.kind != ZF_FACT_REJECTED || fact->has_adjudication || fact->fact.fault_count == 0 ||
		!fact->claim.has_key)
		return false;
	*ret_told = *fact;
	ret_told->has_adjudication = true;
	ret_told->adjudication = (struct zf_adjudication){.size = sizeof(struct zf_adjudication),
		.outcome = ZF_OUTCOME_ERROR,
		.use = (uint8_t)fact->claim.use,
		.errors = fact->fact.faults,
		.error_count = fact->fact.fault_count};
	return true;
}

static int fact_add(const struct room *room, struct job *job, const struct job_fact *fact, bool *orphaned)
{
	bool whole = job_detail_whole(fact->detail) || (is_disputed(fact) && fact->remittance != NULL);
	const char *why = whole ? NULL : orphan_why(job, fact);
	struct harvest_remittance *remittance = NULL;
	struct harvest_fact *row;
	struct job_fact told;
	int r = 0;

	if (why == NULL && rejection_of(fact, &told)) fact = &told;
	if (why == NULL) arrival(job, fact);
	if (fact->remittance != NULL && !is_disputed(fact)) r = remittance_of(room, job, fact, &remittance);
	if (r < 0) return r;
	if (remittance != NULL && remittance->sum != remittance->amount) {
		parked_fact(job, fact, remittance);
		return job->harvest.err;
	}
	row = harvest_fact(&job->harvest, (int)fact->fact.kind, why == NULL ? &fact->claim.id : &nobody, why);
	row->exchange_id = job->exchange_id;
	row->message_id = job->item.kind == WORK_REPLY ? job->item.message_id : nobody;
	row->text = call_faults_text(fact->fact.faults, fact->fact.fault_count, false, &job->arena.zf);
	if (why != NULL) *orphaned = true;
	if (why == NULL && fact->refused != NULL) {
		row->status = FACT_REFUSED;
		row->why = fact->refused;
	}
	if (why == NULL && is_disputed(fact))
		r = dispute(job, fact, row);
	else if (remittance != NULL)
		detail_add(job, fact, remittance, row);
	else if (why == NULL && fact->has_adjudication &&
		 (fact->fact.kind == ZF_FACT_ADJUDICATED || fact->fact.kind == ZF_FACT_REJECTED))
		r = adjudication_add(room, job, fact, row);
	return r == 0 ? job->harvest.err : r;
}

int job_facts_harvest(const struct room *room, struct job *job)
{
	bool orphaned = false;
	int r = 0;

	for (struct job_fact *fact = job->facts; r == 0 && fact != NULL; fact = fact->next)
		r = fact_add(room, job, fact, &orphaned);
	if (r < 0 || !orphaned || job->item.kind != WORK_REPLY) return r;
	HARVEST_EACH(harvest_update, update, job->harvest.updates)
	{
		if (!uuid_equal(&update->id, &job->item.message_id) || update->status != MESSAGE_READ) continue;
		update->status = MESSAGE_ORPHAN;
		update->why = "something in it belongs to no claim that is known here";
	}
	return 0;
}

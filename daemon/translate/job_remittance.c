/* Remittances to rows: their arithmetic, their details, and of one that does not balance the document by which a person
 * decides what becomes of it. */
#include <ctype.h>
#include <openssl/evp.h>
#include <string.h>

#include "advice/advice.h"
#include "fhir/encode.h"
#include "lib/money.h"
#include "translate/job.h"

static int no_memory(void)
{
	return err_set(ERR_NOMEM, "no memory for a remittance");
}

bool job_detail_whole(const struct zf_remittance_detail *detail)
{
	return detail != NULL && detail->kind >= ZF_DETAIL_FEE;
}

/* ---- what it comes to ---- */

/* Why a detail can't be taken at its word; NULL: it can. */
static const char *detail_fault(const struct zf_remittance_detail *detail, const char *currency)
{
	int64_t both;

	if (!detail->amount.present) return "a remittance with a detail without amount";
	if (detail->kind > ZF_DETAIL_NETTING) return "a remittance with a detail of no kind";
	if (detail->kind == ZF_DETAIL_TAKE_BACK && detail->amount.minor > 0)
		return "a remittance that takes back an amount above zero";
	if (strcmp(detail->amount.currency, currency) != 0 ||
		(detail->fee.present && strcmp(detail->fee.currency, currency) != 0))
		return "a remittance in two currencies";
	if (detail->fee.present && __builtin_add_overflow(detail->amount.minor, detail->fee.minor, &both))
		return "a remittance with too large an amount";
	return NULL;
}

const char *job_remittance_fault(const struct zf_remittance *remittance, int64_t *ret_sum)
{
	int64_t sum = 0;

	if (remittance->identifier == NULL || remittance->identifier[0] == '\0' || !remittance->amount.present)
		return "a remittance without identifier or amount";
	for (uint32_t i = 0; i < remittance->detail_count; i++) {
		const struct zf_remittance_detail *detail = remittance->details[i];
		const char *fault = detail_fault(detail, remittance->amount.currency);

		if (fault != NULL) return fault;
		if (__builtin_add_overflow(sum, detail->amount.minor, &sum) ||
			(detail->fee.present && __builtin_add_overflow(sum, detail->fee.minor, &sum)))
			return "a remittance with too large an amount";
	}
	*ret_sum = sum;
	return NULL;
}

const char *job_remittance_parked(struct job *job, const struct harvest_remittance *remittance)
{
	struct zf_money parts = {.minor = remittance->sum, .exponent = (uint8_t)remittance->exponent, .present = 1};
	struct zf_money total = parts;
	char a[MONEY_TEXT_SIZE], b[MONEY_TEXT_SIZE];

	total.minor = remittance->amount;
	(void)money_format(parts, a);
	(void)money_format(total, b);
	return text_printf(&job->arena.zf,
		"The payments and fees of a remittance come to %s, its total says %s %s: it is parked. "
		"付款通知的各笔付款与费用合计 %s,其总额为 %s %s:已搁置。",
		a, b, remittance->currency, a, b, remittance->currency);
}

/* ---- the document ---- */

/* A text as a document has it: one line. NULL: nothing is left. */
static const char *line_text(struct job *job, const char *said)
{
	const char *text = job_short_text(job, said);
	struct text_span line;
	char *copy;

	if (text == NULL) return NULL;
	copy = zf_strdup(&job->arena.zf, text);
	if (copy == NULL) {
		job->harvest.err = no_memory();
		return NULL;
	}
	for (char *p = copy; *p != '\0'; p++)
		if (iscntrl((unsigned char)*p)) *p = ' ';
	line = text_trim(text_of(copy));
	return line.len == 0 ? NULL : zf_strndup(&job->arena.zf, line.ptr, line.len);
}

/* A number without a digit is none. */
static const char *number_text(struct job *job, const char *said)
{
	const char *text = line_text(job, said);

	return text != NULL && advice_is_number(text_of(text)) ? text : NULL;
}

static void document_detail(
	struct job *job, const struct zf_remittance_detail *said, uint32_t no, struct advice_detail *ret)
{
	*ret = (struct advice_detail){.kind = ADVICE_OF_CLAIM, .amount = said->amount};
	if (job_detail_whole(said)) {
		ret->kind = said->kind; /* the numbers are the same */
		if (said->fee.present) ret->amount.minor += said->fee.minor;
		ret->remark = line_text(job, said->type);
		return;
	}
	ret->claim = number_text(job, said->claim_ref);
	ret->insurer_claim = number_text(job, said->insurer_claim_no);
	if (ret->claim == NULL && ret->insurer_claim == NULL) /* known by its place */
		ret->insurer_claim = arena_printf(&job->arena, "#%u", no);
	ret->carrier = job->insurer->code;
	if (said->fee.present) ret->fee = said->fee;
}

/* As a person would have typed it in: zhifu_remittance(5). LIB_*. */
static int document_make(
	struct job *job, const struct zf_remittance *said, const struct harvest_remittance *row, struct text_span *ret)
{
	struct advice advice = {.remitter = job->insurer->code,
		.identifier = line_text(job, said->identifier),
		.amount = said->amount,
		.payment_day = row->has_day ? row->day : ADVICE_NO_DAY,
		.payment_reference = line_text(job, said->payment_reference),
		.detail_count = said->detail_count};

	advice.details = zf_alloc_array(&job->arena.zf, (size_t)advice.detail_count + 1, sizeof(*advice.details));
	if (advice.details == NULL) return LIB_NOMEM;
	for (uint32_t i = 0; i < said->detail_count; i++)
		document_detail(job, said->details[i], i + 1, &advice.details[i]);
	if (advice.detail_count == 0) { /* a document has one at least */
		advice.details[advice.detail_count++] = (struct advice_detail){
			.kind = ADVICE_ADJUSTMENT, .amount = said->amount, .remark = "it lists nothing 未列明细"};
		advice.details[0].amount.minor = 0;
	}
	return advice_write_document(&advice, &job->arena.zf, ret);
}

/* By its hash the same advice is known again; one that does not balance is kept, as long as it can be read. */
static int document_add(
	const struct room *room, struct job *job, const struct zf_remittance *said, struct harvest_remittance *row)
{
	struct text_span document = {NULL, 0};
	const struct key *key = NULL;
	struct fault_list faults;
	struct advice back;
	int lib = document_make(job, said, row, &document), r;

	if (lib == LIB_NOMEM) return no_memory();
	if (lib != 0 && row->sum == row->amount) return 0; /* longer than any that a person could decide of */
	fault_list_init(&faults, &job->arena.zf, 0);
	if (lib != 0 ||
		(row->sum != row->amount && advice_read_document(document, &job->arena.zf, &faults, &back) != 0))
		return err_set(ERR_INVALID, "a remittance that does not balance, and can't be kept");
	row->hash = zf_alloc(&job->arena.zf, HARVEST_HASH_BYTES);
	if (row->hash == NULL || EVP_Digest(document.ptr, document.len, row->hash, NULL, EVP_sha256(), NULL) != 1)
		return no_memory();
	if (row->sum == row->amount) return 0;
	r = job_hospital_key(room, job, &key);
	return r < 0 ? r : job_content_seal(room, job, key, &row->id, document, &row->document);
}

/* ---- rows ---- */

static int32_t day_of(const struct zf_time *time)
{
	int64_t local_ms = time->utc_ms + (int64_t)time->offset_minutes * 60000;
	int64_t day = local_ms / 86400000;

	return (int32_t)(local_ms % 86400000 < 0 ? day - 1 : day);
}

int job_remittance_add(const struct room *room, struct job *job, const struct zf_remittance *said)
{
	struct harvest_remittance *remittance;
	const struct key *key = NULL;
	char id_text[UUID_TEXT_LEN];
	struct fhir_answer_options options = {.id = id_text};
	struct text_span json;
	struct bytes sealed = {NULL, 0};
	struct uuid id = uuid_new();
	int64_t sum = 0;
	const char *fault = job_remittance_fault(said, &sum);
	int r = fault == NULL ? 0 : err_set(ERR_INVALID, "%s", fault);

	uuid_format(&id, id_text);
	if (r == 0) r = job_encoded(fhir_encode_remittance(said, &options, NULL, &job->arena.zf, &json));
	if (r == 0) r = job_hospital_key(room, job, &key);
	if (r == 0) r = job_content_seal(room, job, key, &id, json, &sealed);
	if (r < 0) return r;
	remittance = harvest_add(&job->harvest, &job->harvest.remittances, sizeof(*remittance));
	remittance->id = id;
	remittance->identifier = job_short_text(job, said->identifier);
	remittance->amount = said->amount.minor;
	remittance->sum = sum;
	remittance->currency = said->amount.currency;
	remittance->exponent = said->amount.exponent;
	remittance->detail_count = (int)said->detail_count;
	remittance->has_day = said->payment_date.precision != ZF_NO_TIME;
	if (remittance->has_day) remittance->day = day_of(&said->payment_date);
	remittance->reference = job_short_text(job, said->payment_reference);
	remittance->content = sealed;
	r = document_add(room, job, said, remittance);
	return r < 0 ? r : job->harvest.err;
}

void job_detail_add(struct job *job, const struct job_fact *fact, struct harvest_fact *row)
{
	const struct zf_remittance_detail *said = fact->detail;
	struct harvest_detail *detail = harvest_add(&job->harvest, &job->harvest.details, sizeof(*detail));
	bool whole = job_detail_whole(said);

	detail->id = row->remittance_id;
	detail->no = (int)fact->detail_no;
	detail->kind = whole ? said->kind : ADVICE_OF_CLAIM;
	detail->claim_id = row->claim_id;
	detail->amount = said->amount.minor;
	detail->fee = said->fee.present ? said->fee.minor : 0;
	detail->currency = said->amount.currency;
	detail->exponent = said->amount.exponent;
	if (!whole) {
		detail->ref = job_short_text(job, said->claim_ref);
		detail->number = job_short_text(job, said->insurer_claim_no);
		return;
	}
	detail->amount += detail->fee;
	detail->fee = 0;
}

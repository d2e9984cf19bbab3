/* What we send: UploadTransaction of claims, requests and persons, and the question whether it arrived.
 *
 * Result codes: zero or more, it was taken (with warnings above zero); -4, not now; any other below zero, it was
 * refused, and the error report says why. An answer that is none of these leaves open whether the file was taken: we
 * wait, and search for it by its name among what we sent. When it is not there, the daemon decides what is done. */
#include <stdio.h>
#include <string.h>

#include "eclaimlink/claim_write.h"
#include "eclaimlink/exchange.h"
#include "eclaimlink/report.h"
#include "lib/base64.h"

#define UPLOAD "UploadTransaction"
#define SEARCH "SearchTransactions"
#define RESULT_NOT_NOW (-4)

static struct eclaim_writing writing_of(struct eclaim_step *step)
{
	return (struct eclaim_writing){
		.profile = step->profile,
		.now_ms = step->profile->host->now_ms(step->call),
		.arena = step->arena,
		.faults = &step->faults,
		.event = step->event,
	};
}

static int upload(struct eclaim_step *step, struct text_span xml, const char *suffix, struct zf_action **ret_action)
{
	char *content = zf_alloc(step->arena, BASE64_TEXT_SIZE(xml.len));
	const char *name = text_printf(step->arena, "%s%s.xml", step->exchange->items[0].text, suffix);
	if (content == NULL || name == NULL) return LIB_NOMEM;
	struct eclaim_parameter parameters[] = {
		{"fileContent", content, base64_encode(xml.ptr, xml.len, content)}, {"fileName", name, 0}};
	return eclaim_request(step, UPLOAD, parameters, 2, ret_action);
}

/* On LIB_INVALID the faults are of our claim. */
static int32_t refused_or(int rc)
{
	return rc == LIB_INVALID || rc == LIB_LIMIT ? ZF_REJECT : verdict_read(rc);
}

static int32_t upload_claims(struct eclaim_step *step)
{
	struct eclaim_writing writing = writing_of(step);
	struct zf_action *action = NULL;
	struct text_span xml;
	int rc = eclaim_claims_write(&writing, step->event->claims, step->event->claim_count, &xml);
	if (rc == LIB_LIMIT) fault_add(&step->faults, FAULT_WIRE_TEXT, "Claim", "Claim.Submission", "20 MiB");
	if (rc == 0) rc = upload(step, xml, "", &action);
	if (rc != 0) return refused_or(rc);
	action->submission = 1;
	step->exchange->phase = ECLAIM_UPLOAD;
	return ZF_OK;
}

static int32_t upload_person(struct eclaim_step *step)
{
	struct eclaim_writing writing = writing_of(step);
	struct text_span xml;
	int rc = eclaim_person_write(&writing, step->event->claims[0], &xml);
	if (rc == 0) rc = upload(step, xml, "-P", NULL);
	step->exchange->phase = ECLAIM_PERSON;
	return refused_or(rc);
}

/* Claims and requests have a transactionID each. */
static int ask(struct eclaim_step *step)
{
	const struct eclaim_profile *profile = step->profile;
	bool request = step->exchange->items[0].phase == 'r';
	char status[32];
	const char *name = text_printf(step->arena, "%s.xml", step->exchange->items[0].text);
	if (name == NULL) return LIB_NOMEM;
	(void)eclaim_word(profile->sent_statuses, step->exchange->source, status);
	step->exchange->phase = ECLAIM_ASK;
	return eclaim_mailbox_search(
		step, "1", request ? profile->request_transaction : profile->claim_transaction, status, name);
}

static int32_t ask_first(struct eclaim_step *step)
{
	step->exchange->source = 0;
	return verdict_read(ask(step));
}

static int32_t start_cancel(struct eclaim_step *step)
{
	struct eclaim_writing writing = writing_of(step);
	struct text_span xml;
	if (eclaim_is_claim(step->event->claims[0])) {
		/* The format takes back requests, not claims. */
		struct zf_fact *fact = eclaim_fact(step, ZF_FACT_REJECTED, step->event->claims[0]->ref);
		return fact == NULL ? ZF_NOMEM : verdict_read(eclaim_done(step));
	}
	int rc = eclaim_cancel_write(&writing, step->event->claims[0], &xml);
	if (rc == 0) rc = upload(step, xml, "-C", NULL);
	step->exchange->phase = ECLAIM_UPLOAD;
	return refused_or(rc);
}

int32_t eclaim_upload_start(struct eclaim_step *step)
{
	const struct zf_event *event = step->event;
	struct eclaim_exchange *exchange = step->exchange;
	if (event->claim_count == 0 || event->claim_count > ECLAIM_ITEMS_MAX || event->claims == NULL) return ZF_BUG;
	for (uint32_t i = 0; i < event->claim_count; i++) {
		struct eclaim_item *item = &exchange->items[exchange->count++];
		if (event->claims[i]->ref[0] == '\0') return ZF_BUG;
		(void)snprintf(item->text, sizeof(item->text), "%s", event->claims[i]->ref);
		item->phase = eclaim_is_claim(event->claims[i]) ? 'f' : 'r';
	}
	switch (event->kind) {
	case ZF_EVENT_START_CLAIM:
		exchange->kind = ECLAIM_SUBMIT;
		return step->profile->person_register ? upload_person(step) : upload_claims(step);
	case ZF_EVENT_START_STATUS:
		exchange->kind = ECLAIM_STATUS;
		return ask_first(step);
	default:
		exchange->kind = ECLAIM_CANCEL;
		return start_cancel(step);
	}
}

/* ---- replies ---- */

static int later(struct eclaim_step *step, char phase)
{
	step->exchange->phase = phase;
	if (eclaim_is_tired(step)) return LIB_INVALID;
	return eclaim_wait(step, step->profile->retry_seconds);
}

/* One fact for each claim of the file, with the faults that the report has. */
static int tell_all(struct eclaim_step *step, uint32_t kind)
{
	const struct zf_fault *const *faults = NULL;
	uint32_t count = 0;
	int rc = faults_export(&step->faults, true, step->arena, &faults, &count);
	for (uint32_t i = 0; i < step->exchange->count && rc == 0; i++) {
		struct zf_fact *fact = eclaim_fact(step, kind, step->exchange->items[i].text);
		if (fact == NULL) return LIB_NOMEM;
		fact->faults = faults;
		fact->fault_count = count;
	}
	step->faults.count = 0; /* they are the insurer's, of the claim; the message is in order */
	step->faults.worst = FAULT_NONE;
	if (step->unread != 0) eclaim_report_unread(step->unread, &step->faults); /* but for this */
	return rc == 0 ? eclaim_done(step) : rc;
}

static int read_findings(struct eclaim_step *step, const struct eclaim_reply *reply)
{
	char number[24];
	if (reply->result < 0) {
		(void)snprintf(number, sizeof(number), "%lld", (long long)reply->result);
		fault_add(&step->faults, FAULT_WIRE_RESULT, "Claim", number, UPLOAD);
	}
	int rc = eclaim_report_read(
		step->profile, eclaim_reply_content(reply, "errorReport"), step->arena, &step->faults);
	if (rc == LIB_NOMEM) return rc;
	step->unread = rc;
	return 0;
}

static int uploaded(struct eclaim_step *step)
{
	struct eclaim_reply reply;
	bool cancel = step->exchange->kind == ECLAIM_CANCEL;
	int rc = eclaim_reply_of(step, UPLOAD, &reply);
	if (rc < 0) return rc;
	if (rc == 0) return cancel ? LIB_INVALID : later(step, ECLAIM_UNKNOWN);
	if (reply.result == RESULT_NOT_NOW && !cancel) return later(step, ECLAIM_BUSY);
	rc = read_findings(step, &reply);
	if (rc != 0) return rc;
	if (reply.result < 0) return tell_all(step, ZF_FACT_REJECTED);
	/* Taken, without a word or warning: there is nothing of this claim in it. */
	step->constant = reply.result == 0 && reply.message.len == 0 &&
			 eclaim_reply_content(&reply, "errorReport").len == 0 && !cancel;
	return tell_all(step, cancel ? ZF_FACT_CANCELLED : ZF_FACT_ACKNOWLEDGED);
}

/* The person is registered (or was before): now the claim, which the timer brings along. */
static int registered(struct eclaim_step *step)
{
	struct eclaim_reply reply;
	int rc = eclaim_reply_of(step, UPLOAD, &reply);
	if (rc < 0) return rc;
	if (rc == 0 || reply.result == RESULT_NOT_NOW) return later(step, ECLAIM_PERSON);
	if (reply.result < 0) {
		rc = read_findings(step, &reply);
		return rc != 0 ? rc : tell_all(step, ZF_FACT_REJECTED);
	}
	step->exchange->phase = ECLAIM_BUSY;
	return eclaim_wait(step, 0);
}

/* An answer that nobody can read goes to a person, and leaves open whether the file was taken. */
static int unreadable(struct eclaim_step *step, int rc)
{
	bool person = step->exchange->phase == ECLAIM_PERSON;
	if (rc != LIB_INVALID || step->goes_on || step->exchange->kind == ECLAIM_CANCEL || !step->profile->ask)
		return rc;
	if (step->exchange->asks >= step->profile->asks_max) return rc;
	step->goes_on = true;
	rc = later(step, person ? ECLAIM_PERSON : ECLAIM_UNKNOWN);
	return rc == 0 ? LIB_INVALID : rc;
}

static bool names_file(const struct xml_element *list, const char *name)
{
	for (const struct xml_element *file = list == NULL ? NULL : list->first; file != NULL; file = file->next) {
		const char *given = xml_attribute(file, NULL, "FileName");
		if (given != NULL && strcmp(given, name) == 0) return true;
	}
	return false;
}

static int asked(struct eclaim_step *step)
{
	struct eclaim_exchange *exchange = step->exchange;
	const struct xml_element *list = NULL;
	struct eclaim_reply reply;
	char status[32];
	int rc = eclaim_reply_of(step, SEARCH, &reply);
	if (rc == 0 || (rc == 1 && reply.result < 0)) return later(step, ECLAIM_UNKNOWN);
	if (rc == 1) rc = eclaim_mailbox_list(step, &reply, &list);
	if (rc != 0) return rc;
	const char *name = text_printf(step->arena, "%s.xml", exchange->items[0].text);
	if (name == NULL) return LIB_NOMEM;
	if (names_file(list, name)) return tell_all(step, ZF_FACT_ACKNOWLEDGED);
	exchange->source++;
	if (eclaim_word(step->profile->sent_statuses, exchange->source, status)) return ask(step);
	return tell_all(step, ZF_FACT_NOT_FOUND);
}

int32_t eclaim_upload_reply(struct eclaim_step *step)
{
	if (step->event->token != step->exchange->token) return ZF_BUG;
	switch (step->exchange->phase) {
	case ECLAIM_PERSON:
		return verdict_read(unreadable(step, registered(step)));
	case ECLAIM_UPLOAD:
		return verdict_read(unreadable(step, uploaded(step)));
	case ECLAIM_ASK:
		return verdict_read(unreadable(step, asked(step)));
	default:
		return ZF_OK; /* the answer to a request that we gave up */
	}
}

/* The claims are at hand where the daemon may show them to us. */
static int32_t upload_again(struct eclaim_step *step, bool person)
{
	const struct eclaim_exchange *exchange = step->exchange;
	const struct zf_event *event = step->event;
	bool same = event->claim_count == exchange->count;
	for (uint32_t i = 0; same && i < exchange->count; i++) {
		same = strcmp(event->claims[i]->ref, exchange->items[i].text) == 0;
	}
	if (same) return person ? upload_person(step) : upload_claims(step);
	fault_add(&step->faults, FAULT_WIRE_RESULT, "", "-", "consent");
	return ZF_MALFORMED;
}

int32_t eclaim_upload_timer(struct eclaim_step *step)
{
	switch (step->exchange->phase) {
	case ECLAIM_PERSON:
		return upload_again(step, true);
	case ECLAIM_BUSY:
		return upload_again(step, false);
	case ECLAIM_UNKNOWN:
		return ask_first(step);
	default:
		return ZF_OK;
	}
}

/* Of a submission the daemon sees to it: it asks, or holds. */
int32_t eclaim_upload_failure(struct eclaim_step *step)
{
	if (step->event->token != step->exchange->token) return ZF_BUG;
	switch (step->exchange->phase) {
	case ECLAIM_PERSON:
		return verdict_read(later(step, ECLAIM_PERSON));
	case ECLAIM_ASK:
		if (step->exchange->kind == ECLAIM_STATUS)
			return verdict_read(eclaim_done(step)); /* the clock asks again */
		return verdict_read(later(step, ECLAIM_UNKNOWN));
	case ECLAIM_UPLOAD:
		if (step->exchange->kind == ECLAIM_CANCEL) return verdict_read(eclaim_done(step));
		if (step->event->failure == ZF_FAILURE_NOT_SENT) return verdict_read(later(step, ECLAIM_BUSY));
		step->exchange->phase = ECLAIM_UNKNOWN;
		return ZF_OK;
	default:
		return ZF_OK;
	}
}

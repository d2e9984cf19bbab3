/* Makes one consent ready for the commit. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "intake/stamp.h"
#include "intake/submission.h"
#include "lib/date.h"
#include "model/validate_document.h"

#define RECIPIENTS_BYTES_MAX 8192

static struct bytes bytes_of(const char *text)
{
	return (struct bytes){(const uint8_t *)text, text == NULL ? 0 : strlen(text)};
}

/* The insurer that an organization is, by the same rules by which claims are routed. */
static const struct insurer *insurer_of(const struct submission *submission, const struct zf_organization *organization)
{
	const struct zf_claim question = {.size = sizeof(question), .insurer = organization};
	const char *why = NULL;
	return directory_route(submission->intake->worker->directory, &question, &why);
}

/* Looked up now and not again: who made a slip, or came before the insurer, hears of it now. */
static void remark_strangers(struct consent_item *item, const struct zf_consent *consent, uint32_t strangers)
{
	char numbers[2][12];
	const char *path = strangers == 0 ? NULL : submission_path(item->submission, item->entry);
	if (path == NULL) return;
	snprintf(numbers[0], sizeof(numbers[0]), "%u", strangers);
	snprintf(numbers[1], sizeof(numbers[1]), "%u", consent->recipient_count);
	fault_addf(&item->faults, FAULT_CONSENT_STRANGER, numbers[0], numbers[1], "%s.provision.actor", path);
}

/* The codes of the recipients that are known here. One that is not known permits nothing, and the others stay. */
static int find_recipients(struct consent_item *item, const struct zf_consent *consent)
{
	struct submission *submission = item->submission;
	struct buf codes CLEANUP(buf_free) = BUF_INIT(RECIPIENTS_BYTES_MAX);
	uint32_t strangers = 0;
	int r = 0;
	if (consent->recipient_count == 0) return 0;
	for (uint32_t i = 0; r == 0 && i < consent->recipient_count; i++) {
		const struct insurer *insurer = insurer_of(submission, consent->recipients[i]);
		strangers += insurer == NULL;
		/* Names of codes only, so a blank separates. "-" is no insurer's code: the list must not be empty. */
		r = buf_printf(&codes, "%s%s", codes.len > 0 ? " " : "", insurer == NULL ? "-" : insurer->code);
	}
	if (r < 0) return r;
	remark_strangers(item, consent, strangers);
	item->recipients = zf_strndup(&submission->req->arena.zf, (const char *)codes.ptr, codes.len);
	return item->recipients == NULL ? ERR_NOMEM : 0;
}

static int join_purposes(struct consent_item *item, const struct zf_consent *consent)
{
	struct buf codes CLEANUP(buf_free) = BUF_INIT(RECIPIENTS_BYTES_MAX);
	/* What permits other things than to disclose says nothing to the gate: for no purpose it neither opens nor
	 * closes. A refusal refuses, whatever actions it names. */
	bool concerns_us = consent->discloses || !consent->permit;
	int r = 0;
	if (concerns_us && consent->purpose_count == 0) return 0;
	for (uint32_t i = 0; r == 0 && concerns_us && i < consent->purpose_count; i++)
		if (consent->purposes[i] != NULL && strchr(consent->purposes[i], ' ') == NULL)
			r = buf_printf(&codes, "%s%s", codes.len > 0 ? " " : "", consent->purposes[i]);
	if (r < 0) return r;
	item->purposes =
		zf_strndup(&item->submission->req->arena.zf, codes.len == 0 ? "" : (const char *)codes.ptr, codes.len);
	return item->purposes == NULL ? ERR_NOMEM : 0;
}

/* A bare date means the hospital's day. end: the instant just after what it names. */
static int64_t bound_ms(const struct submission *submission, const struct zf_time *time, bool end)
{
	if (time->precision == ZF_NO_TIME) return end ? INT64_MAX : INT64_MIN;
	if (time->precision >= ZF_SECOND) return time->utc_ms + (end ? 1000 : 0);
	int64_t day = date_day_of_ms(time->utc_ms, 0);
	if (end) {
		int year;
		unsigned month, d;
		date_civil_from_days(day, &year, &month, &d);
		day += time->precision == ZF_YEAR    ? (int64_t)(date_is_civil(year, 2, 29) ? 366 : 365)
		       : time->precision == ZF_MONTH ? (int64_t)date_month_days(year, month)
						     : 1;
	}
	const struct hospital *hospital = submission->hospital;
	return hospital == NULL ? day * ZONE_DAY_MS : zone_day_start_ms(hospital->zone, day);
}

static int hash_identifier(struct consent_item *item, const struct zf_consent *consent)
{
	const struct submission *submission = item->submission;
	const struct keyring *ring = submission->intake->worker->keyring;
	uint16_t versions[SUBMISSION_VERSIONS_MAX];
	size_t version_count = keyring_versions(ring, KEY_LOOKUP, versions, SUBMISSION_VERSIONS_MAX);
	uint32_t at = 0;
	while (at < consent->identifier_count && consent->identifiers[at]->value == NULL) at++;
	if (at == consent->identifier_count) return 0;
	const struct zf_identifier *identifier = consent->identifiers[at];
	struct bytes parts[3] = {bytes_of("consent"), bytes_of(identifier->system == NULL ? "" : identifier->system),
		bytes_of(identifier->value)};
	item->has_identifier = true;
	item->past = zf_alloc_array(&submission->req->arena.zf, version_count, sizeof(*item->past));
	if (item->past == NULL) return ERR_NOMEM;
	int r = 0;
	for (size_t v = 0; r == 0 && v < version_count; v++) {
		struct hash *hash = v == 0 ? &item->identifier : &item->past[item->past_count++];
		r = lookup_hash(
			ring, versions[v], &submission->principal->hospital_id, LOOKUP_CLAIM_IDENT, parts, 3, hash->b);
	}
	return r;
}

/* What is said, without the hospital's own id and meta, and of whom: the resource itself may name its patient by a
 * reference that means somebody else in another Bundle. */
static int hash_said(struct consent_item *item, const struct zf_consent *consent)
{
	const struct submission *submission = item->submission;
	const struct keyring *ring = submission->intake->worker->keyring;
	struct zf_arena *arena = &submission->req->arena.zf;
	struct text_span raw = submission->document.entries[item->entry].raw;
	struct fingerprint_identity identities[FINGERPRINT_IDENTITIES_MAX];
	struct bytes parts[2 + 2 * FINGERPRINT_IDENTITIES_MAX], document;
	uint16_t versions[SUBMISSION_VERSIONS_MAX];
	uint8_t body[FINGERPRINT_HASH_BYTES];
	size_t count = 0;
	size_t version_count = keyring_versions(ring, KEY_LOOKUP, versions, SUBMISSION_VERSIONS_MAX);
	size_t identity_count = fingerprint_identities(consent->patient, identities);
	int r = stamp_strip(raw, arena, &document);
	if (r == 0) r = fingerprint_body(&document, 1, arena, body);
	if (r < 0) return r;
	parts[count++] = bytes_of("consent-said");
	parts[count++] = (struct bytes){body, sizeof(body)};
	for (size_t i = 0; i < identity_count; i++) {
		parts[count++] = bytes_of(identities[i].system);
		parts[count++] = bytes_of(identities[i].value);
	}
	item->same = zf_alloc_array(arena, version_count, sizeof(*item->same));
	if (item->same == NULL) return ERR_NOMEM;
	for (size_t v = 0; r == 0 && v < version_count; v++) {
		struct hash *hash = v == 0 ? &item->said : &item->same[item->same_count++];
		r = lookup_hash(ring, versions[v], &submission->principal->hospital_id, LOOKUP_CLAIM_IDENT, parts,
			count, hash->b);
	}
	return r;
}

static int complete(struct consent_item *item, const struct zf_consent *consent)
{
	struct submission *submission = item->submission;
	struct text_span raw = submission->document.entries[item->entry].raw;
	item->id = uuid_new();
	item->in_force = consent->permit && consent->discloses && consent->status != NULL &&
			 strcmp(consent->status, "active") == 0;
	item->from_ms = bound_ms(submission, &consent->period.start, false);
	item->until_ms = bound_ms(submission, &consent->period.end, true);
	item->stated_ms = bound_ms(submission, &consent->date, false);
	/* Said now, whatever day is written on it: or a permission that is given again would be the older one until
	 * then. */
	if (!item->in_force && item->stated_ms > submission->now_ms) item->stated_ms = submission->now_ms;
	item->stated_end_ms = bound_ms(submission, &consent->date, true);
	int r = submission_person(submission, consent->patient, &item->person);
	if (r == 0) r = find_recipients(item, consent);
	if (r == 0) r = join_purposes(item, consent);
	if (r == 0) r = hash_identifier(item, consent);
	if (r == 0) r = hash_said(item, consent);
	if (r == 0)
		r = seal(submission->intake->sealer, &item->person->key, &item->id, SEAL_CONSENT,
			(struct bytes){(const uint8_t *)raw.ptr, raw.len}, &submission->req->arena, &item->content);
	return r;
}

void consent_item_prepare(struct consent_item *item)
{
	struct submission *submission = item->submission;
	const struct zf_consent *consent = submission->document.entries[item->entry].consent;
	const char *path = submission_path(submission, item->entry);
	uint32_t *entries = NULL;
	size_t count = 0;
	fault_list_init(&item->faults, &submission->req->arena.zf, 0);
	int r = path == NULL ? ERR_NOMEM : submission_closure(submission, item->entry, &entries, &count);
	if (r == 0) {
		item->shared_faults = submission_faults(submission, entries, count, &item->faults);
		validate_request(&submission->document, item->entry, &item->faults);
		struct validate_options options = {.now_ms = submission->now_ms,
			.zone = submission->hospital == NULL ? NULL : submission->hospital->zone};
		validate_consent(consent, path, &options, &item->faults);
		item->state = ITEM_FAULTY;
		if (item->faults.no_memory) r = ERR_NOMEM;
		if (r == 0 && fault_refuses(&item->faults)) return;
	}
	if (r == 0) r = complete(item, consent);
	item->state = ITEM_READY;
	if (r == ERR_NOTFOUND) {
		fault_addf(&item->faults, FAULT_CONSENT_PATIENT, NULL, NULL, "%s.patient", path);
		item->state = ITEM_FAULTY;
	} else if (r < 0) {
		if (r != ERR_NOMEM) log_fields(LOG_ERROR, "could not make a consent ready", "why", err_text(), NULL);
		item->state = ITEM_LATER;
	}
}

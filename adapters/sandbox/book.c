/* The book: every claim that was ever sent, what was decided about it, and what each member has used up. */
#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>
#include <zstd.h>

#include "base/clock.h"
#include "base/id.h"
#include "lib/date.h"
#include "lib/json_write.h"
#include "model/fingerprint.h"
#include "sandbox/payer.h"

#define PACK_LEVEL (-3) /* fast: it only has to keep a long run in memory */
#define BENT_BYTES_MAX (64u << 20)

const char *book_state_name(enum entry_state state)
{
	static const char *const names[ENTRY_STATES] = {
		"approved", "partial", "denied", "rejected", "pended", "queried", "cancelled", "refused"};
	assert(state < ENTRY_STATES);
	return names[state];
}

void book_id(const struct payer *payer, const char *kind, const char *name, uint64_t number, char ret[40])
{
	uint64_t a = misbehave_number(payer->script.seed, kind, number),
		 b = misbehave_number((int64_t)(a >> 1), name, number);
	(void)snprintf(ret, 40, "%08x-%04x-8%03x-%04x-%012llx", (unsigned)(a >> 32), (unsigned)(a >> 16) & 0xffff,
		(unsigned)a & 0xfff, ((unsigned)(b >> 48) & 0x3fff) | 0x8000, (unsigned long long)b & 0xffffffffffff);
}

/* ---- who ---- */

static char *must_dup(const char *text)
{
	char *copy = mem_strdup(text);
	assert(copy != NULL);
	return copy;
}

struct sender *book_sender(struct payer *payer, const char *license)
{
	struct sender *sender = table_get(&payer->senders, license);
	if (sender != NULL) return sender;
	sender = mem_alloc(sizeof(*sender));
	assert(sender != NULL);
	sender->license = must_dup(license);
	sender->queue_end = &sender->queue;
	sender->next = payer->sender_list;
	payer->sender_list = sender;
	table_put(&payer->senders, sender->license, sender);
	return sender;
}

struct entry *book_find(const struct payer *payer, const char *ref_or_id)
{
	struct entry *entry = table_get(&payer->by_ref, ref_or_id);
	if (entry != NULL) return entry;
	const char *slash = strrchr(ref_or_id, '/');
	const char *id = slash != NULL ? slash + 1 : ref_or_id;
	if (strncmp(id, "urn:uuid:", 9) == 0) id += 9;
	return table_get(&payer->by_claim_id, id);
}

/* Whose deductible and limits: the number on the card, else another number of the coverage or person. */
static const char *member_of(const struct zf_claim *claim)
{
	for (uint32_t i = 0; i < claim->insurance_count; i++) {
		const struct zf_coverage *coverage = claim->insurance[i]->coverage;
		if (coverage == NULL) continue;
		if (coverage->subscriber_id != NULL) return coverage->subscriber_id;
		if (coverage->identifier_count > 0 && coverage->identifiers[0]->value != NULL) {
			return coverage->identifiers[0]->value;
		}
	}
	const struct zf_patient *patient = claim->patient;
	if (patient != NULL && patient->identifier_count > 0 && patient->identifiers[0]->value != NULL) {
		return patient->identifiers[0]->value;
	}
	return patient != NULL && patient->reference != NULL ? patient->reference : "nobody";
}

static struct rule_member *member_find(struct payer *payer, const struct zf_claim *claim, struct zf_arena *arena)
{
	struct zf_time day = claim->billable_period.start;
	if (day.precision == ZF_NO_TIME && claim->line_count > 0) day = claim->lines[0]->serviced.start;
	if (day.precision == ZF_NO_TIME) day = claim->created;
	char text[DATE_TEXT_SIZE] = "";
	(void)date_format_time(&day, text);
	text[4] = '\0';
	const char *key = text_printf(arena, "%s %s", text, member_of(claim));
	if (key == NULL) return NULL;
	struct rule_member *member = table_get(&payer->members, key);
	if (member != NULL) return member;
	/* Key and member in one piece, so that forgetting frees both. */
	member = mem_alloc(sizeof(*member) + strlen(key) + 1);
	assert(member != NULL);
	memcpy(member + 1, key, strlen(key) + 1);
	table_put(&payer->members, (const char *)(member + 1), member);
	if (payer->member_count == payer->member_cap) {
		payer->member_cap = payer->member_cap == 0 ? 64 : payer->member_cap * 2;
		payer->member_list = mem_realloc(payer->member_list, payer->member_cap * sizeof(struct rule_member *));
		assert(payer->member_list != NULL);
	}
	payer->member_list[payer->member_count++] = member;
	return member;
}

/* Over what is claimed and for whom, not over the bytes: a claim that is sent again may be written with other entry ids
 * and times. */
static int hash_claim(const struct zf_claim *claim, struct zf_arena *arena, uint8_t ret_hash[32])
{
	struct bytes content;
	int64_t day = claim->billable_period.start.utc_ms / 86400000;
	int err = fingerprint_claim(claim, day, &claim->total, arena, &content);
	if (err != 0) return err;
	struct text_span who = text_of(member_of(claim));
	uint8_t *whole = zf_alloc(arena, content.len + who.len);
	if (whole == NULL) return LIB_NOMEM;
	memcpy(whole, content.ptr, content.len);
	memcpy(whole + content.len, who.ptr, who.len);
	(void)SHA256(whole, content.len + who.len, ret_hash);
	return 0;
}

static const char *ref_of(const struct payer *payer, const struct fhir_document_entry *entry)
{
	const struct zf_claim *claim = entry->claim;
	for (uint32_t i = 0; i < claim->identifier_count; i++) {
		const struct zf_identifier *identifier = claim->identifiers[i];
		if (identifier->value != NULL && identifier->system != NULL &&
			strcmp(identifier->system, payer->script.claim_system) == 0) {
			return identifier->value;
		}
	}
	if (claim->identifier_count > 0 && claim->identifiers[0]->value != NULL) return claim->identifiers[0]->value;
	return entry->id != NULL ? entry->id : "no-number";
}

/* ---- answers ---- */

static int encode(struct payer *payer, const struct zf_claim *claim, const struct entry *entry,
	struct zf_adjudication *adjudication, struct zf_arena *arena, struct text_span *ret)
{
	char instant[DATE_TEXT_SIZE];
	struct date now;
	int64_t now_ms = payer_now_ms(payer);
	(void)date_format_ms(now_ms, 0, instant);
	if (date_from_ms(now_ms, 0, &now) == 0) adjudication->created = date_to_time(&now);
	struct fhir_answer_options options = {.id = entry->id,
		.last_updated = instant,
		.claim_system = payer->script.claim_system,
		.number_system = payer->script.number_system};
	if (adjudication->outcome == ZF_OUTCOME_QUEUED) {
		options.tag = "queued-messages";
		options.tag_system = "http://nphies.sa/terminology/CodeSystem/meta-tags";
	}
	return fhir_encode_claim_response(claim, adjudication, &options, arena, ret);
}

static void pack(struct payer *payer, struct entry *entry, struct text_span answer, struct zf_arena *arena)
{
	size_t room = ZSTD_compressBound(answer.len);
	void *packed = zf_alloc(arena, room);
	assert(packed != NULL && payer->compressor != NULL);
	size_t len = ZSTD_compressCCtx(payer->compressor, packed, room, answer.ptr, answer.len, PACK_LEVEL);
	assert(!ZSTD_isError(len));
	entry->answer = mem_alloc(len);
	assert(entry->answer != NULL);
	memcpy(entry->answer, packed, len);
	entry->answer_len = len;
	entry->answer_size = answer.len;
}

int book_unpack(const struct payer *payer, const struct entry *entry, struct zf_arena *arena, struct text_span *ret)
{
	char *text = zf_alloc(arena, entry->answer_size);
	if (text == NULL) return LIB_NOMEM;
	size_t len =
		ZSTD_decompressDCtx(payer->decompressor, text, entry->answer_size, entry->answer, entry->answer_len);
	assert(len == entry->answer_size);
	*ret = (struct text_span){text, len};
	return 0;
}

static bool is_open(const struct entry *entry)
{
	return entry->state == ENTRY_PENDED || entry->state == ENTRY_QUERIED;
}

int book_present(struct payer *payer, const struct entry *entry, struct zf_arena *arena, struct text_span *ret)
{
	if (!is_open(entry) && entry->state != ENTRY_CANCELLED && entry->answer != NULL) {
		return book_unpack(payer, entry, arena, ret);
	}
	struct zf_claim claim = {.size = sizeof(claim), .use = entry->use};
	struct zf_adjudication adjudication = {.size = sizeof(adjudication),
		.outcome = ZF_OUTCOME_QUEUED,
		.use = entry->use,
		.claim_ref = entry->ref,
		.insurer_claim_no = entry->number};
	if (entry->state == ENTRY_CANCELLED) {
		adjudication.outcome = ZF_OUTCOME_COMPLETE;
		adjudication.disposition = "cancelled";
	}
	return encode(payer, &claim, entry, &adjudication, arena, ret);
}

static int encode_decision(const struct payer *payer, const struct taken *taken, struct zf_adjudication *adjudication,
	struct zf_arena *arena, struct text_span *ret)
{
	const struct eclaim_profile *profile = payer->profile;
	if (taken->request == NULL)
		return encode((struct payer *)(uintptr_t)payer, &taken->claim, taken->entry, adjudication, arena, ret);
	if (taken->claim.use != ZF_USE_PREAUTHORIZATION)
		return eclaim_advice_claim_write(profile, taken->request, adjudication, arena, ret);
	return eclaim_authorization_write(
		profile, taken->entry->sender, payer_now_ms(payer), taken->request, adjudication, arena, ret);
}

/* In a file of the post office nothing but its activities has amounts. */
static void bend_line(struct zf_adjudication *adjudication, struct zf_arena *arena)
{
	struct zf_line_result *first = zf_alloc(arena, sizeof(*first));
	const struct zf_line_result **lines = zf_alloc_array(arena, adjudication->line_count, sizeof(void *));
	assert(first != NULL && lines != NULL && adjudication->line_count > 0);
	memcpy(lines, adjudication->lines, adjudication->line_count * sizeof(void *));
	*first = *lines[0];
	first->benefit.minor += 1;
	lines[0] = first;
	adjudication->lines = lines;
}

/* The same text about another claim. */
static int bend_refs(struct text_span *text, const char *from, const char *to, struct zf_arena *arena)
{
	struct buf out = BUF_INIT(BENT_BYTES_MAX);
	size_t len = strlen(from);
	int err = 0;
	struct text_span rest = *text;
	for (const char *at; err == 0 && (at = memmem(rest.ptr, rest.len, from, len)) != NULL;) {
		size_t before = (size_t)(at - rest.ptr);
		err = buf_append(&out, rest.ptr, before);
		if (err == 0) err = buf_append(&out, to, strlen(to));
		rest = (struct text_span){at + len, rest.len - before - len};
	}
	if (err == 0) err = buf_append(&out, rest.ptr, rest.len);
	char *copy = err == 0 ? zf_strndup(arena, (const char *)out.ptr, out.len) : NULL;
	*text = (struct text_span){copy, out.len};
	buf_free(&out);
	return copy == NULL ? LIB_NOMEM : 0;
}

/* A ref as another hospital's are, or one that nobody gave out: its check character never fits, whatever the number. */
static void bend_ref(enum fault_kind kind, uint64_t number, char ref[REF_TEXT_LEN])
{
	char *check = &ref[REF_LEN - 1];
	ref_from_number(kind == MISBEHAVE_OTHER ? "OTH" : "WRO", number, ref);
	if (kind != MISBEHAVE_OTHER) *check = *check == '0' ? '1' : '0';
}

/* The answer as a liar gives it: decided again on what nobody has used, then bent. */
static int bent_answer(struct payer *payer, const struct taken *taken, struct zf_arena *arena, struct text_span *ret)
{
	struct taken bent = *taken;
	struct rule_member member = {0};
	struct zf_adjudication *adjudication;
	enum rule_verdict verdict;
	struct entry entry = *taken->entry;
	enum fault_kind kind = taken->fault->kind;
	int err = rule_adjudicate(&payer->script.rules, &member, &bent.claim, arena, &adjudication, &verdict);
	if (err != 0) return err;
	bent.entry = &entry;
	adjudication->insurer_claim_no = entry.number;
	if (kind == MISBEHAVE_AMOUNT) {
		adjudication->benefit.minor += 1;
		if (taken->request != NULL) bend_line(adjudication, arena);
	} else {
		bend_ref(kind, misbehave_number(payer->script.seed, entry.ref, 7), bent.claim.ref);
		bent.claim.identifier_count = 0;
		book_id(payer, "wrong", entry.ref, 0, entry.id);
		(void)snprintf(entry.number, sizeof(entry.number), "%s-WRONG", payer->script.name);
	}
	err = encode_decision(payer, &bent, adjudication, arena, ret);
	if (err == 0 && taken->request != NULL) err = bend_refs(ret, taken->claim.ref, bent.claim.ref, arena);
	return err;
}

static int duplicate_answer(
	struct payer *payer, const struct taken *taken, struct zf_arena *arena, struct text_span *ret)
{
	struct zf_fault fault = {.path = "Claim.identifier",
		.code = "BV-00163",
		.text = taken->differs ? "a claim with this identifier and other content was received before"
				       : "a claim with this identifier was received before"};
	const struct zf_fault *list[] = {&fault};
	struct zf_adjudication adjudication = {.size = sizeof(adjudication),
		.outcome = ZF_OUTCOME_ERROR,
		.use = taken->claim.use,
		.claim_ref = taken->entry->ref,
		.disposition = "duplicate",
		.errors = list,
		.error_count = 1};
	return encode(payer, &taken->claim, taken->entry, &adjudication, arena, ret);
}

int book_answer(struct payer *payer, const struct taken *taken, struct zf_arena *arena, struct text_span *ret)
{
	enum fault_kind kind = taken->fault == NULL ? MISBEHAVE_NONE : taken->fault->kind;
	if (kind == MISBEHAVE_CORRELATION || kind == MISBEHAVE_AMOUNT || kind == MISBEHAVE_OTHER) {
		return bent_answer(payer, taken, arena, ret);
	}
	if (!taken->is_new && (taken->differs || payer->script.duplicates == 1)) {
		return duplicate_answer(payer, taken, arena, ret);
	}
	if (taken->decided.ptr != NULL) {
		*ret = taken->decided;
		return 0;
	}
	return book_present(payer, taken->entry, arena, ret);
}

/* ---- deciding ---- */

static bool pends(const struct payer *payer, const struct zf_claim *claim)
{
	const struct script *script = &payer->script;
	if (script->pend_ms == 0 && script->pend_polls == 0) return false;
	if (script->pend_code == NULL) return true;
	for (uint32_t i = 0; i < claim->line_count; i++) {
		const struct zf_concept *concept = claim->lines[i]->product_or_service;
		for (uint32_t k = 0; concept != NULL && k < concept->coding_count; k++) {
			const char *code = concept->codings[k]->code;
			if (code != NULL && text_match(script->pend_code, text_of(code)) == 1) return true;
		}
	}
	return false;
}

static void settle_state(struct payer *payer, struct entry *entry)
{
	entry->state = entry->decision;
	/* An advice says of a denial too. */
	bool pays = entry->state == ENTRY_APPROVED || entry->state == ENTRY_PARTIAL ||
		    (payer->profile != NULL && entry->state == ENTRY_DENIED);
	if (pays && entry->use != ZF_USE_PREAUTHORIZATION && entry->use != ZF_USE_PREDETERMINATION)
		pay_add(payer, entry);
}

bool book_ripen(struct payer *payer, struct entry *entry, bool is_poll)
{
	if (!is_open(entry)) return true;
	if (is_poll && entry->polls_left > 0 && --entry->polls_left == 0 && entry->due_ms == 0) {
		settle_state(payer, entry);
		return true;
	}
	if (entry->due_ms != 0 && clock_wall_ms() >= entry->due_ms && entry->polls_left == 0) {
		settle_state(payer, entry);
		return true;
	}
	return false;
}

static int decide(struct payer *payer, struct taken *taken, struct zf_arena *arena)
{
	struct entry *entry = taken->entry;
	struct rule_member *member = member_find(payer, &taken->claim, arena), scratch;
	struct zf_adjudication *adjudication;
	enum rule_verdict verdict;
	if (member == NULL) return LIB_NOMEM;
	bool claims = entry->use != ZF_USE_PREAUTHORIZATION && entry->use != ZF_USE_PREDETERMINATION;
	scratch = *member;
	int err = rule_adjudicate(&payer->script.rules, &scratch, &taken->claim, arena, &adjudication, &verdict);
	if (err != 0) return err;
	adjudication->claim_ref = entry->ref;
	adjudication->insurer_claim_no = entry->number;
	if (entry->use == ZF_USE_PREAUTHORIZATION && verdict < RULE_DENIED) adjudication->preauth_ref = entry->number;
	struct text_span answer;
	err = encode_decision(payer, taken, adjudication, arena, &answer);
	if (err != 0) return err;
	if (claims) *member = scratch;
	pack(payer, entry, answer, arena);
	entry->submitted = adjudication->submitted;
	entry->benefit = adjudication->benefit;
	entry->decision = (enum entry_state)verdict;
	entry->query = rule_query(&payer->script.rules, &taken->claim);
	bool later = pends(payer, &taken->claim);
	if (later) {
		entry->due_ms = payer->script.pend_ms > 0 ? clock_wall_ms() + payer->script.pend_ms : 0;
		entry->polls_left = payer->script.pend_polls;
	}
	if (entry->query != NULL || later) {
		entry->state = entry->query != NULL ? ENTRY_QUERIED : ENTRY_PENDED;
	} else {
		settle_state(payer, entry);
		taken->decided = answer;
	}
	return 0;
}

static struct entry *add_entry(struct payer *payer, const char *ref, const char *claim_id, const char *sender)
{
	struct entry *entry = mem_alloc(sizeof(*entry));
	assert(entry != NULL);
	entry->ref = must_dup(ref);
	entry->sender = book_sender(payer, sender)->license;
	entry->state = entry->decision = ENTRY_REFUSED;
	book_id(payer, "response", ref, 0, entry->id);
	(void)snprintf(entry->number, sizeof(entry->number), "%.20s-%010llX", payer->script.name,
		(unsigned long long)misbehave_number(payer->script.seed, ref, 1) & 0xffffffffff);
	*payer->entries_end = entry;
	payer->entries_end = &entry->next;
	table_put(&payer->by_ref, entry->ref, entry);
	if (claim_id != NULL) {
		entry->claim_id = must_dup(claim_id);
		table_put(&payer->by_claim_id, entry->claim_id, entry);
	}
	return entry;
}

/* One line for each time a claim came. */
static void write_record(struct payer *payer, const struct taken *taken, const uint8_t hash[32], struct zf_arena *arena)
{
	if (payer->record == NULL) return;
	char time[CLOCK_TEXT_LEN], hex[65];
	clock_format(clock_wall_ms(), time);
	text_hex_encode(hash, 32, hex);
	const struct entry *entry = taken->entry;
	struct json_writer writer;
	struct text_span line;
	json_write_init(&writer, arena, 1 << 20);
	json_write_object_begin(&writer);
	json_write_member(&writer, "time", time);
	json_write_member(&writer, "ref", entry->ref);
	json_write_member(&writer, "hash", hex);
	json_write_member_int64(&writer, "times", entry->came);
	json_write_member_int64(&writer, "taken", entry->taken);
	json_write_member(&writer, "verdict", book_state_name(entry->state));
	if (taken->fault != NULL) json_write_member(&writer, "fault", misbehave_names[taken->fault->kind - 1]);
	json_write_object_end(&writer);
	if (json_write_finish(&writer, &line) != 0) return;
	/* Flushed each time: a test that kills us reads what was there. */
	(void)fwrite(line.ptr, 1, line.len, payer->record);
	(void)fputc('\n', payer->record);
	(void)fflush(payer->record);
}

int book_take(struct payer *payer, const struct fhir_document *document, uint32_t claim_index, const char *sender,
	const char *message_id, struct zf_arena *arena, struct taken *ret)
{
	const struct fhir_document_entry *from = &document->entries[document->claim_entries[claim_index]];
	struct brought brought = {.claim = from->claim,
		.ref = ref_of(payer, from),
		.claim_id = from->id,
		.sender = sender,
		.message_id = message_id};
	return book_take_brought(payer, &brought, arena, ret);
}

int book_take_brought(struct payer *payer, const struct brought *brought, struct zf_arena *arena, struct taken *ret)
{
	const char *ref = brought->ref;
	uint8_t hash[32];
	if (hash_claim(brought->claim, arena, hash) != 0) return LIB_NOMEM;
	struct entry *entry = table_get(&payer->by_ref, ref);
	if (entry == NULL) {
		entry = add_entry(payer, ref, brought->claim_id, brought->sender);
		memcpy(entry->hash, hash, 32);
		entry->use = brought->claim->use;
	}
	*ret = (struct taken){.claim = *brought->claim, .entry = entry, .request = brought->request};
	/* Refs of ours fit; a longer number of somebody else's stays among the identifiers. */
	if (strlen(ref) < sizeof(ret->claim.ref)) memcpy(ret->claim.ref, ref, strlen(ref) + 1);
	entry->came++;
	payer->received++;
	ret->differs = memcmp(entry->hash, hash, 32) != 0;
	if (ret->differs) entry->differed++;
	const char *key = text_printf(arena, "%s#%u", ref, entry->came);
	if (key == NULL) return LIB_NOMEM;
	ret->fault = misbehave_request(&payer->misbehave, MISBEHAVE_SUBMIT, key, payer_age_ms(payer));
	int err = 0;
	if (ret->fault == NULL || ret->fault->taken) {
		ret->is_new = entry->taken++ == 0;
		if (ret->is_new) {
			memcpy(entry->hash, hash, 32);
			ret->differs = false;
			if (brought->message_id != NULL) entry->message_id = must_dup(brought->message_id);
			err = decide(payer, ret, arena);
		}
	}
	write_record(payer, ret, hash, arena);
	return err;
}

/* What waits for us: searched for, fetched, read, and confirmed, in this order.
 *
 * The daemon keeps the bytes of each file before it lets us read them, and sends the confirmation that we ask for only
 * after what the file said has been committed: both are actions of one step. A file that was read and not confirmed,
 * for whatever crash came between, waits there still, is fetched again and says the same again. A file that cannot be
 * read goes to a person, by itself: the others go on. */
#include <stdio.h>
#include <string.h>

#include "eclaimlink/exchange.h"

#define SEARCH "SearchTransactions"
#define NEW "GetNewTransactions"
#define NEW_AUTHORIZATIONS "GetNewPriorAuthorizationTransactions"
#define DOWNLOAD "DownloadTransactionFile"
#define CONFIRM "SetTransactionDownloaded"
#define RESULT_NOT_NOW (-4)
#define PATIENCE_SECONDS 3600 /* longer than any request of a round may take */

static bool sends(const struct eclaim_step *step)
{
	for (uint32_t i = 0; i < step->actions.count; i++) {
		if (step->actions.actions[i]->kind == ZF_ACTION_HTTP) return true;
	}
	return false;
}

/* A poll that neither sends nor waits has ended: with other files under way it waits. */
static int go_on(struct eclaim_step *step)
{
	return sends(step) ? 0 : eclaim_wait(step, PATIENCE_SECONDS);
}

bool eclaim_word(const char *words, uint32_t n, char ret[32])
{
	ret[0] = '\0';
	for (;;) {
		words += strspn(words, " ");
		size_t len = strcspn(words, " ");
		if (len == 0) return false;
		if (n-- == 0) {
			(void)snprintf(ret, 32, "%.*s", (int)(len < 31 ? len : 31), words);
			return true;
		}
		words += len;
	}
}

int eclaim_mailbox_search(struct eclaim_step *step, const char *direction, const char *transaction, const char *status,
	const char *file_name)
{
	const struct eclaim_profile *profile = step->profile;
	int64_t now_ms = profile->host->now_ms(step->call);
	char from[ECLAIM_DATE_SIZE], to[ECLAIM_DATE_SIZE], most[24];
	eclaim_date_format_ms(profile, now_ms - profile->search_days * INT64_C(86400000), from);
	eclaim_date_format_ms(profile, now_ms + INT64_C(86400000), to);
	(void)snprintf(most, sizeof(most), "%lld", (long long)profile->records_max);
	struct eclaim_parameter parameters[] = {
		{"direction", direction, 0},
		{"callerLicense", profile->caller_licence, 0},
		{"ePartner", profile->receiver_id, 0},
		{"transactionID", transaction, 0},
		{"transactionStatus", status, 0},
		{"transactionFileName", file_name, 0},
		{"transactionFromDate", from, 0},
		{"transactionToDate", to, 0},
		{"minRecordCount", "1", 0},
		{"maxRecordCount", most, 0},
	};
	return eclaim_request(step, SEARCH, parameters, sizeof(parameters) / sizeof(parameters[0]), NULL);
}

static const char *operation_of(const char *source)
{
	if (strcmp(source, "new") == 0) return NEW;
	return strcmp(source, "new-authorizations") == 0 ? NEW_AUTHORIZATIONS : SEARCH;
}

/* Lists the poll's present source; done when there is none left. Its items are those of all rounds. */
static int list_source(struct eclaim_step *step)
{
	char source[32];
	step->exchange->confirmed = 0;
	if (!eclaim_word(step->profile->poll, step->exchange->source, source)) return eclaim_done(step);
	step->exchange->phase = ECLAIM_LIST;
	const char *operation = operation_of(source);
	if (strcmp(operation, SEARCH) != 0) return eclaim_request(step, operation, NULL, 0, NULL);
	return eclaim_mailbox_search(step, "2", source, step->profile->new_status, "");
}

static int next_source(struct eclaim_step *step)
{
	step->exchange->source++;
	step->exchange->count = 0;
	step->exchange->asks = 0;
	return list_source(step);
}

int32_t eclaim_mailbox_start(struct eclaim_step *step)
{
	step->exchange->kind = ECLAIM_POLL;
	return verdict_read(list_source(step));
}

/* ---- the list ---- */

int eclaim_mailbox_list(struct eclaim_step *step, const struct eclaim_reply *reply, const struct xml_element **ret_list)
{
	struct text_span text = eclaim_reply_content(reply, NULL);
	*ret_list = NULL;
	if (text.len == 0) return 0;
	struct xml_limits limits = {.elements_max = 200000};
	return xml_read(text.ptr, text.len, &limits, step->arena, &step->faults, ret_list);
}

static bool is_number(const char *text)
{
	if (text == NULL || text[0] == '\0' || strlen(text) >= ECLAIM_ITEM_SIZE) return false;
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text <= ' ' || (unsigned char)*text >= 0x7f) return false;
	}
	return true;
}

static int fetch(struct eclaim_step *step, struct eclaim_item *item)
{
	struct eclaim_parameter parameter = {"fileId", item->text, 0};
	int rc = eclaim_request(step, DOWNLOAD, &parameter, 1, NULL);
	item->token = step->exchange->next_token;
	item->phase = 'f';
	return rc;
}

static bool is_among(const struct eclaim_item *items, uint32_t count, const char *number)
{
	for (uint32_t i = 0; i < count; i++) {
		if (strcmp(items[i].text, number) == 0) return true;
	}
	return false;
}

/* A place for one more file; the oldest is forgotten when there is none. */
static struct eclaim_item *item_new(struct eclaim_exchange *exchange, const char *number)
{
	if (exchange->count == ECLAIM_ITEMS_MAX)
		memmove(exchange->items, exchange->items + 1, --exchange->count * sizeof(exchange->items[0]));
	struct eclaim_item *item = &exchange->items[exchange->count++];
	(void)snprintf(item->text, sizeof(item->text), "%s", number);
	return item;
}

/* Fetches what is listed; what this poll has had already is left to the next one. */
static int fetch_files(struct eclaim_step *step, const struct xml_element *list)
{
	struct eclaim_exchange *exchange = step->exchange;
	int64_t fetched = 0;
	exchange->phase = ECLAIM_FILES;
	for (const struct xml_element *file = list == NULL ? NULL : list->first; file != NULL; file = file->next) {
		const char *number = xml_attribute(file, NULL, "FileID");
		if (fetched >= step->profile->files_max) break;
		if (!is_number(number)) {
			eclaim_fault_at(
				&step->faults, step->arena, FAULT_WIRE_ANSWER, file, NULL, "it has no proper FileID");
			return LIB_INVALID;
		}
		if (is_among(exchange->items, exchange->count, number)) continue;
		int rc = fetch(step, item_new(exchange, number));
		if (rc != 0) return rc;
		fetched++;
	}
	return fetched == 0 ? next_source(step) : 0;
}

/* A refusal is for a person to see: a login that is wrong does not get right by itself. */
static int refusal(struct eclaim_step *step, const char *operation, int64_t result)
{
	char number[24];
	(void)snprintf(number, sizeof(number), "%lld", (long long)result);
	fault_add(&step->faults, FAULT_WIRE_RESULT, "", number, operation);
	return LIB_INVALID;
}

static int listed(struct eclaim_step *step)
{
	const struct xml_element *list = NULL;
	struct eclaim_reply reply;
	char source[32];
	if (step->event->token != step->exchange->token) return go_on(step);
	if (!eclaim_word(step->profile->poll, step->exchange->source, source)) return eclaim_done(step);
	const char *operation = operation_of(source);
	int rc = eclaim_reply_of(step, operation, &reply);
	if (rc < 0) return rc;
	/* Not now: the next poll comes by itself. */
	if (rc == 0 || reply.result == RESULT_NOT_NOW) return eclaim_done(step);
	if (reply.result < 0) return refusal(step, operation, reply.result);
	rc = eclaim_mailbox_list(step, &reply, &list);
	return rc == 0 ? fetch_files(step, list) : rc;
}

/* ---- files ---- */

/* When all of this round are done: once more if any could be confirmed, for what came meanwhile or was beyond the list,
 * else the next source. */
static int conclude(struct eclaim_step *step)
{
	const struct eclaim_exchange *exchange = step->exchange;
	for (uint32_t i = 0; i < exchange->count; i++) {
		if (exchange->items[i].phase != 'd') return go_on(step);
	}
	bool more = exchange->confirmed > 0 && step->exchange->asks++ < step->profile->asks_max;
	return more ? list_source(step) : next_source(step);
}

static int confirm(struct eclaim_step *step, struct eclaim_item *item)
{
	struct eclaim_parameter parameter = {"fileId", item->text, 0};
	int rc = eclaim_request(step, CONFIRM, &parameter, 1, NULL);
	item->token = step->exchange->next_token;
	item->phase = 'c';
	return rc;
}

/* The file out of its envelope. */
static int unpack(struct eclaim_step *step, const struct eclaim_reply *reply, struct text_span *ret_file)
{
	struct text_span text = eclaim_reply_content(reply, "file");
	int rc = text.len == 0 ? LIB_INVALID : eclaim_base64_read(text, step->arena, ret_file);
	if (rc == LIB_INVALID) {
		eclaim_fault_at(&step->faults, step->arena, FAULT_WIRE_ANSWER, reply->response, "file",
			text.len == 0 ? "it is missing" : "it is not base64");
	}
	return rc;
}

/* The message goes to a person; the mailbox goes on, with this file confirmed or left as the profile has it. One that
 * never came is never confirmed. */
static int unreadable(struct eclaim_step *step, struct eclaim_item *item, bool came)
{
	step->goes_on = true;
	if (came && step->profile->confirm_unreadable) {
		int rc = confirm(step, item);
		return rc == 0 ? LIB_INVALID : rc;
	}
	item->phase = 'd';
	int rc = conclude(step);
	return rc == 0 ? LIB_INVALID : rc;
}

static int fetched(struct eclaim_step *step, struct eclaim_item *item)
{
	struct eclaim_reply reply;
	struct text_span file = {NULL, 0};
	int rc = eclaim_reply_of(step, DOWNLOAD, &reply);
	if (rc == LIB_NOMEM) return rc;
	if (rc == 0 || (rc == 1 && reply.result < 0)) {
		item->phase = 'd'; /* it waits there for the next poll */
		return conclude(step);
	}
	if (rc == 1) rc = unpack(step, &reply, &file);
	bool came = rc == 0;
	if (came) rc = eclaim_file_read(step, file);
	if (rc == LIB_NOMEM) return rc;
	return rc == 0 ? confirm(step, item) : unreadable(step, item, came);
}

static int confirmed(struct eclaim_step *step, struct eclaim_item *item)
{
	struct eclaim_reply reply;
	int rc = eclaim_reply_of(step, CONFIRM, &reply);
	if (rc == LIB_NOMEM) return rc;
	if (rc == 1 && reply.result >= 0) step->exchange->confirmed++;
	item->phase = 'd'; /* not confirmed, it comes again and is no news */
	if (rc < 0) step->goes_on = true;
	int ended = conclude(step);
	return rc < 0 && ended == 0 ? LIB_INVALID : ended;
}

static struct eclaim_item *item_of(struct eclaim_step *step)
{
	for (uint32_t i = 0; i < step->exchange->count; i++) {
		if (step->exchange->items[i].token == step->event->token) return &step->exchange->items[i];
	}
	return NULL;
}

int32_t eclaim_mailbox_reply(struct eclaim_step *step)
{
	if (step->exchange->phase == ECLAIM_LIST) return verdict_read(listed(step));
	struct eclaim_item *item = item_of(step);
	if (item == NULL || item->phase == 'd') return verdict_read(go_on(step));
	return verdict_read(item->phase == 'f' ? fetched(step, item) : confirmed(step, item));
}

int32_t eclaim_mailbox_failure(struct eclaim_step *step)
{
	if (step->exchange->phase == ECLAIM_LIST) return verdict_read(eclaim_done(step));
	struct eclaim_item *item = item_of(step);
	if (item == NULL) return verdict_read(go_on(step));
	item->phase = 'd';
	return verdict_read(conclude(step));
}

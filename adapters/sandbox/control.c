/* /_sandbox: what the tests ask the insurer and tell it. Integers and refs only. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "lib/json_write.h"
#include "sandbox/payer.h"

/* Sums of one currency. */
struct sum {
	char currency[4];
	int64_t submitted, benefit, paid;
};
#define SUMS_MAX 32

static struct sum *sum_of(struct sum *sums, const char *currency)
{
	for (unsigned i = 0; i < SUMS_MAX; i++) {
		if (sums[i].currency[0] == '\0') memcpy(sums[i].currency, currency, 4);
		if (strcmp(sums[i].currency, currency) == 0) return &sums[i];
	}
	return &sums[SUMS_MAX - 1];
}

static void finish(struct wire_reply *reply, struct json_writer *writer)
{
	struct text_span body;
	json_write_object_end(writer);
	reply->status = 500;
	if (json_write_finish(writer, &body) != 0) return;
	reply->status = 200;
	reply->content_type = "application/json";
	reply->body = (struct bytes){(const uint8_t *)body.ptr, body.len};
}

static void begin(struct json_writer *writer, const struct wire_request *req)
{
	json_write_init(writer, req->arena, 64u * 1024 * 1024);
	json_write_object_begin(writer);
}

static void put_entry(struct json_writer *writer, const struct entry *entry)
{
	json_write_member(writer, "ref", entry->ref);
	json_write_member_int64(writer, "came", entry->came);
	json_write_member_int64(writer, "taken", entry->taken);
	json_write_member_int64(writer, "differed", entry->differed);
	json_write_member(writer, "verdict", book_state_name(entry->state));
	json_write_member(writer, "number", entry->number);
	json_write_member(writer, "sender", entry->sender);
	char hex[65];
	text_hex_encode(entry->hash, 32, hex);
	json_write_member(writer, "hash", hex);
	if (entry->submitted.present) {
		json_write_member(writer, "currency", entry->submitted.currency);
		json_write_member_int64(writer, "submitted", entry->submitted.minor);
		json_write_member_int64(writer, "benefit", entry->benefit.minor);
	}
	if (entry->paid.present) {
		json_write_member(writer, "paid_currency", entry->paid.currency);
		json_write_member_int64(writer, "paid", entry->paid.minor);
	}
}

struct tally {
	uint64_t states[ENTRY_STATES];
	uint64_t distinct, taken_twice, differed;
	struct sum sums[SUMS_MAX];
};

static void count(const struct payer *payer, struct tally *tally)
{
	for (const struct entry *entry = payer->entries; entry != NULL; entry = entry->next) {
		tally->distinct++;
		tally->states[entry->state]++;
		if (entry->taken > 1) tally->taken_twice++;
		if (entry->differed > 0) tally->differed++;
		if (entry->submitted.present) {
			struct sum *sum = sum_of(tally->sums, entry->submitted.currency);
			sum->submitted += entry->submitted.minor;
			sum->benefit += entry->benefit.minor;
		}
		if (entry->paid.present) sum_of(tally->sums, entry->paid.currency)->paid += entry->paid.minor;
	}
}

static void put_sums(struct json_writer *writer, const struct tally *tally)
{
	json_write_key(writer, "sums");
	json_write_object_begin(writer);
	for (unsigned i = 0; i < SUMS_MAX && tally->sums[i].currency[0] != '\0'; i++) {
		const struct sum *sum = &tally->sums[i];
		json_write_key(writer, sum->currency);
		json_write_object_begin(writer);
		json_write_member_int64(writer, "submitted", sum->submitted);
		json_write_member_int64(writer, "benefit", sum->benefit);
		json_write_member_int64(writer, "paid", sum->paid);
		json_write_object_end(writer);
	}
	json_write_object_end(writer);
}

static void show_claims(const struct payer *payer, const struct wire_request *req, struct wire_reply *reply)
{
	struct tally tally = {0};
	struct json_writer writer;
	count(payer, &tally);
	begin(&writer, req);
	json_write_member_int64(&writer, "received", (int64_t)payer->received);
	json_write_member_int64(&writer, "distinct", (int64_t)tally.distinct);
	json_write_member_int64(&writer, "duplicates", (int64_t)(payer->received - tally.distinct));
	json_write_member_int64(&writer, "taken_twice", (int64_t)tally.taken_twice);
	json_write_member_int64(&writer, "differed", (int64_t)tally.differed);
	json_write_member_int64(&writer, "polls", (int64_t)payer->polls);
	json_write_key(&writer, "verdicts");
	json_write_object_begin(&writer);
	for (unsigned i = 0; i < ENTRY_STATES; i++) {
		json_write_member_int64(&writer, book_state_name((enum entry_state)i), (int64_t)tally.states[i]);
	}
	json_write_object_end(&writer);
	put_sums(&writer, &tally);
	finish(reply, &writer);
}

static void show_list(const struct payer *payer, const struct wire_request *req, struct wire_reply *reply)
{
	struct json_writer writer;
	begin(&writer, req);
	json_write_key(&writer, "claims");
	json_write_array_begin(&writer);
	for (const struct entry *entry = payer->entries; entry != NULL; entry = entry->next) {
		json_write_object_begin(&writer);
		put_entry(&writer, entry);
		json_write_object_end(&writer);
	}
	json_write_array_end(&writer);
	finish(reply, &writer);
}

static void show_payments(const struct payer *payer, const struct wire_request *req, struct wire_reply *reply)
{
	struct json_writer writer;
	begin(&writer, req);
	json_write_key(&writer, "remittances");
	json_write_array_begin(&writer);
	for (const struct remittance *each = payer->remittances; each != NULL; each = each->next) {
		json_write_object_begin(&writer);
		json_write_member(&writer, "identifier", each->identifier);
		json_write_member(&writer, "sender", each->sender->license);
		json_write_member(&writer, "currency", each->amount.currency);
		json_write_member_int64(&writer, "amount", each->amount.minor);
		json_write_member_int64(&writer, "claims", each->detail_count);
		json_write_member_bool(&writer, "delivered", each->delivered_ms != 0);
		json_write_object_end(&writer);
	}
	json_write_array_end(&writer);
	finish(reply, &writer);
}

static void say(const struct wire_request *req, struct wire_reply *reply, const char *key, int64_t number)
{
	struct json_writer writer;
	begin(&writer, req);
	json_write_member_int64(&writer, key, number);
	finish(reply, &writer);
}

static void load_script(struct payer *payer, const struct wire_request *req, struct wire_reply *reply)
{
	struct arena arena CLEANUP(arena_free);
	struct conf_faults faults = {0};
	struct json_writer writer;
	arena_init(&arena, 4u * 1024 * 1024);
	int err = payer_script(payer, (const char *)req->body.ptr, req->body.len, &arena, &faults);
	begin(&writer, req);
	json_write_member_bool(&writer, "loaded", err == 0);
	if (err != 0) {
		json_write_key(&writer, "faults");
		json_write_array_begin(&writer);
		for (size_t i = 0; i < faults.count; i++) json_write_string(&writer, faults.items[i]);
		if (faults.count == 0) json_write_string(&writer, err_text());
		json_write_array_end(&writer);
	}
	finish(reply, &writer);
	if (err != 0 && reply->status == 200) reply->status = 422;
}

static void take_back(struct payer *payer, const struct wire_request *req, const char *ref, struct wire_reply *reply)
{
	struct entry *entry = book_find(payer, ref);
	if (entry == NULL || pay_take_back(payer, entry) != 0) {
		answer_problem(req, reply, 404, "not-found", "nothing was paid for it");
		return;
	}
	say(req, reply, "waiting", 1);
}

/* Files of the post office: how many wait, and how often all were fetched. */
static void show_files(struct payer *payer, const struct wire_request *req, struct wire_reply *reply)
{
	struct json_writer writer;
	int64_t waiting = 0, confirmed = 0, fetches = 0;
	for (const struct post_file *file = payer->files; file != NULL; file = file->next) {
		if (file->is_fetched) {
			confirmed++;
		} else {
			waiting++;
		}
		fetches += file->fetches;
	}
	begin(&writer, req);
	json_write_member_int64(&writer, "waiting", waiting);
	json_write_member_int64(&writer, "confirmed", confirmed);
	json_write_member_int64(&writer, "fetches", fetches);
	finish(reply, &writer);
}

static void get(struct payer *payer, const struct wire_request *req, const char *path, struct wire_reply *reply)
{
	if (strcmp(path, "/claims") == 0) {
		show_claims(payer, req, reply);
	} else if (strcmp(path, "/list") == 0) {
		show_list(payer, req, reply);
	} else if (strcmp(path, "/payments") == 0) {
		show_payments(payer, req, reply);
	} else if (strcmp(path, "/files") == 0) {
		show_files(payer, req, reply);
	} else if (strncmp(path, "/claims/", 8) == 0 && book_find(payer, path + 8) != NULL) {
		struct json_writer writer;
		begin(&writer, req);
		put_entry(&writer, book_find(payer, path + 8));
		finish(reply, &writer);
	} else {
		answer_problem(req, reply, 404, "not-found", "no such page or claim");
	}
}

void control_handle(struct payer *payer, const struct wire_request *req, const char *path, struct wire_reply *reply)
{
	if (req->head->method == HTTP_GET) {
		get(payer, req, path, reply);
	} else if (req->head->method != HTTP_POST) {
		answer_problem(req, reply, 400, "not-supported", "GET or POST");
	} else if (strcmp(path, "/script") == 0) {
		load_script(payer, req, reply);
	} else if (strcmp(path, "/pay") == 0) {
		say(req, reply, "remittances", pay_run(payer, true));
	} else if (strcmp(path, "/forget") == 0) {
		payer_forget(payer);
		say(req, reply, "forgotten", 1);
	} else if (strcmp(path, "/unconfirm") == 0) {
		for (struct post_file *file = payer->files; file != NULL; file = file->next) file->is_fetched = false;
		say(req, reply, "unconfirmed", 1);
	} else if (strcmp(path, "/up") == 0) {
		payer->down_by_hand = false;
		say(req, reply, "up", 1);
	} else if (strncmp(path, "/down/", 6) == 0) {
		/* Done by the next tick: this very connection may be among those to be cut. */
		payer->down_by_hand = true;
		payer->down_until_ms = clock_mono_ms() + strtoll(path + 6, NULL, 10);
		say(req, reply, "down", 1);
	} else if (strncmp(path, "/take-back/", 11) == 0) {
		take_back(payer, req, path + 11, reply);
	} else {
		answer_problem(req, reply, 404, "not-found", "no such command");
	}
}

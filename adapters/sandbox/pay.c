/* Remittances: what was approved is collected by sender and paid in the insurer's own currency. Each claim's amount is
 * converted at the fixture rate, half away from zero; the total, what is transferred, is the sum of what was so
 * rounded, less the fees, never converted itself, so that a remittance always balances. */
#include <string.h>

#include "base/clock.h"
#include "lib/date.h"
#include "lib/money.h"
#include "sandbox/payer.h"

#define DETAILS_MAX 1000

static void add_unpaid(struct sender *sender, struct entry *entry)
{
	if (sender->unpaid_count == sender->unpaid_cap) {
		sender->unpaid_cap = sender->unpaid_cap == 0 ? 64 : sender->unpaid_cap * 2;
		sender->unpaid = mem_realloc(sender->unpaid, sender->unpaid_cap * sizeof(struct entry *));
		assert(sender->unpaid != NULL);
	}
	if (sender->unpaid_count == 0) sender->unpaid_since_ms = clock_mono_ms();
	sender->unpaid[sender->unpaid_count++] = entry;
}

void pay_add(struct payer *payer, struct entry *entry)
{
	bool told = entry->benefit.minor > 0 || payer->profile != NULL;
	if (entry->is_waiting_pay || entry->is_paid || !told) return;
	struct sender *sender = book_sender(payer, entry->sender);
	entry->is_waiting_pay = true;
	add_unpaid(sender, entry);
}

int pay_take_back(struct payer *payer, struct entry *entry)
{
	if (!entry->is_paid || entry->is_waiting_pay) return err_set(ERR_NOTFOUND, "nothing was paid for it");
	entry->is_waiting_pay = true;
	add_unpaid(book_sender(payer, entry->sender), entry);
	return 0;
}

static int64_t fee_of(const struct payer *payer, struct zf_money amount)
{
	struct zf_decimal percent = payer->script.fee_percent;
	int64_t scale = 100;
	struct zf_money fee = {0};
	for (uint8_t i = 0; i < percent.scale; i++) scale *= 10;
	int err = money_share(amount, percent.unscaled, scale, DECIMAL_HALF_AWAY, &fee);
	return err == 0 ? -fee.minor : 0;
}

/* What the entry gets (or gives back) in this remittance. */
static struct zf_remittance_detail make_detail(struct payer *payer, struct entry *entry, struct zf_time day)
{
	struct zf_remittance_detail detail = {
		.claim_ref = entry->ref, .insurer_claim_no = entry->number, .type = "payment", .date = day};
	if (entry->is_paid) {
		detail.amount = entry->paid;
		detail.amount.minor = -entry->paid.minor;
		detail.type = "adjustment";
		entry->is_paid = false;
		entry->paid.minor = 0;
	} else {
		int err =
			rule_convert(&payer->script.rules, entry->benefit, payer->script.pay_currency, &detail.amount);
		assert(err == 0); /* a claim without a rate was rejected */
		entry->paid = detail.amount;
		entry->is_paid = true;
		if (payer->script.fee_percent.present) {
			detail.fee = detail.amount;
			detail.fee.minor = fee_of(payer, detail.amount);
		}
	}
	entry->is_waiting_pay = false;
	return detail;
}

static void append(struct payer *payer, struct sender *sender, const struct zf_remittance *made, const char *id,
	struct text_span json)
{
	struct remittance *remittance = mem_alloc(sizeof(*remittance));
	assert(remittance != NULL);
	remittance->sender = sender;
	remittance->amount = made->amount;
	remittance->detail_count = made->detail_count;
	(void)snprintf(remittance->identifier, sizeof(remittance->identifier), "%s", made->identifier);
	(void)snprintf(remittance->id, sizeof(remittance->id), "%s", id);
	if (json.len > 0) {
		remittance->json = mem_alloc(json.len);
		assert(remittance->json != NULL);
		memcpy(remittance->json, json.ptr, json.len);
		remittance->json_len = json.len;
	}
	*payer->remittances_end = remittance;
	payer->remittances_end = &remittance->next;
	if (sender->by_message) {
		message_queue(sender, (struct queue_item){.event = "payment-reconciliation", .remittance = remittance});
	}
}

/* One remittance for the first `count` of what waits. */
static void pay_sender(struct payer *payer, struct sender *sender, size_t count)
{
	struct arena arena CLEANUP(arena_free);
	arena_init(&arena, 64u * 1024 * 1024);
	int64_t now_ms = payer_now_ms(payer);
	struct date now = {0}, today = {0};
	int err = date_from_ms(now_ms, 0, &now);
	if (err == 0) err = date_from_day(date_day_of_ms(now_ms, 0), &today);
	assert(err == 0);
	const struct zf_remittance_detail **list =
		zf_alloc_array(&arena.zf, count, sizeof(struct zf_remittance_detail *));
	struct zf_remittance_detail *details = zf_alloc_array(&arena.zf, count, sizeof(*details));
	assert(list != NULL && details != NULL);
	struct zf_remittance made = {.size = sizeof(made),
		.status = "active",
		.created = date_to_time(&now),
		.payment_date = date_to_time(&today),
		.details = list};
	uint64_t mark = 0;
	for (size_t i = 0; i < count; i++) {
		struct entry *entry = sender->unpaid[i];
		details[i] = make_detail(payer, entry, made.payment_date);
		list[i] = &details[i];
		mark = misbehave_number((int64_t)(mark >> 1), entry->ref, (uint64_t)details[i].amount.minor);
		made.amount = i == 0 ? details[i].amount : made.amount;
		if (i > 0) err = money_add(made.amount, details[i].amount, &made.amount);
		if (err == 0 && details[i].fee.present) err = money_add(made.amount, details[i].fee, &made.amount);
		assert(err == 0);
	}
	made.detail_count = (uint32_t)count;
	/* From what is paid, not from a counter: an insurer that starts anew must not use a number again for other
	 * money. */
	char identifier[64], id[40];
	mark = misbehave_number(payer->script.seed, sender->license, mark);
	(void)snprintf(identifier, sizeof(identifier), "%.30s-R%014llX", payer->script.name,
		(unsigned long long)mark & 0xffffffffffffff);
	book_id(payer, "remittance", identifier, 0, id);
	made.identifier = identifier;
	made.payment_reference = identifier;
	struct fhir_answer_options options = {
		.id = id, .claim_system = payer->script.claim_system, .number_system = payer->script.number_system};
	struct text_span json = {NULL, 0};
	/* A post office is asked for files. */
	if (payer->profile == NULL)
		err = fhir_encode_remittance(&made, &options, payer->script.fee_extension, &arena.zf, &json);
	assert(err == 0);
	append(payer, sender, &made, id, json);
	if (payer->profile != NULL) post_advice(payer, sender, sender->unpaid, details, count, identifier);
	sender->unpaid_count -= count;
	memmove(sender->unpaid, sender->unpaid + count, sender->unpaid_count * sizeof(struct entry *));
	sender->unpaid_since_ms = clock_mono_ms();
}

unsigned pay_run(struct payer *payer, bool force)
{
	unsigned made = 0;
	const struct script *script = &payer->script;
	size_t every = script->pay_every > 0 ? (size_t)script->pay_every : DETAILS_MAX;
	for (struct sender *sender = payer->sender_list; sender != NULL; sender = sender->next) {
		bool late =
			script->pay_after_ms > 0 && clock_mono_ms() - sender->unpaid_since_ms >= script->pay_after_ms;
		while (sender->unpaid_count > 0) {
			bool full = script->pay_every > 0 && sender->unpaid_count >= every;
			if (!force && !late && !full) break;
			pay_sender(payer, sender, sender->unpaid_count < every ? sender->unpaid_count : every);
			made++;
		}
	}
	return made;
}

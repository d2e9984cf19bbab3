/* The sealed part of bank lines as JSON. */
#include "settle/bank_content.h"

#include <string.h>

#include "lib/json_write.h"
#include "lib/money.h"

/* "12.34 USD"; nothing where there is no amount. */
static void money_member(struct json_writer *json, const char *key, struct zf_money money)
{
	char text[MONEY_TEXT_SIZE + sizeof(money.currency)];
	size_t len;

	if (!money.present) return;
	len = money_format(money, text);
	text[len] = ' ';
	memcpy(text + len + 1, money.currency, sizeof(money.currency));
	json_write_member(json, key, text);
}

static void party_member(struct json_writer *json, const char *key, const struct bank_party *party)
{
	if (party->name == NULL && party->account == NULL && party->agent == NULL && party->identifier == NULL) return;
	json_write_key(json, key);
	json_write_object_begin(json);
	json_write_member(json, "name", party->name);
	json_write_member(json, "account", party->account);
	json_write_member(json, "agent", party->agent);
	json_write_member(json, "agent_name", party->agent_name);
	json_write_member(json, "country", party->country);
	json_write_member(json, "address", party->address);
	json_write_member(json, "identifier", party->identifier);
	json_write_object_end(json);
}

static void charges_member(struct json_writer *json, const struct bank_charge *charges, uint32_t count)
{
	if (count == 0) return;
	json_write_key(json, "charges");
	json_write_array_begin(json);
	for (uint32_t i = 0; i < count; i++) {
		json_write_object_begin(json);
		money_member(json, "amount", charges[i].amount);
		if (charges[i].included >= 0) json_write_member_bool(json, "included", charges[i].included == 1);
		json_write_member(json, "code", charges[i].code);
		json_write_member(json, "bearer", charges[i].bearer);
		json_write_object_end(json);
	}
	json_write_array_end(json);
}

/* The rate is told with what it was found to mean; one that was not proved on the amounts is a text and no more. */
static void amounts_member(struct json_writer *json, const struct bank_amounts *amounts)
{
	static const char *const fits[] = {
		NULL, "target-per-source", "source-per-target", "both", "neither", "unproved"};
	const struct bank_exchange *exchange = &amounts->exchange;

	money_member(json, "instructed", amounts->instructed);
	money_member(json, "transaction", amounts->transaction);
	money_member(json, "counter_value", amounts->counter_value);
	if (!exchange->rate.present) return;
	json_write_key(json, "exchange");
	json_write_object_begin(json);
	json_write_member(json, "source", exchange->source);
	json_write_member(json, "target", exchange->target);
	json_write_member_int64(json, "rate", exchange->rate.unscaled);
	json_write_member_int64(json, "decimals", exchange->rate.scale);
	json_write_member(json, "fit", fits[exchange->fit]);
	json_write_object_end(json);
}

static void references_member(struct json_writer *json, const struct bank_detail *detail)
{
	if (detail->reference_count == 0) return;
	json_write_key(json, "references");
	json_write_array_begin(json);
	for (uint32_t i = 0; i < detail->reference_count; i++) {
		const struct bank_reference *reference = &detail->references[i];

		json_write_object_begin(json);
		json_write_member(json, "kind", reference->kind);
		json_write_member(json, "value", reference->value);
		json_write_member_bool(json, "document", reference->document);
		money_member(json, "amount", reference->amount);
		json_write_object_end(json);
	}
	json_write_array_end(json);
}

/* line: the line's own servicer reference, which a single transaction repeats; or NULL. */
static void detail_members(struct json_writer *json, const struct bank_detail *detail, const char *line)
{
	bool repeated =
		line != NULL && detail->servicer_reference != NULL && strcmp(line, detail->servicer_reference) == 0;

	money_member(json, "amount", detail->amount);
	amounts_member(json, &detail->amounts);
	charges_member(json, detail->charges, detail->charge_count);
	references_member(json, detail);
	json_write_member(json, "message_id", detail->message_id);
	if (!repeated) json_write_member(json, "servicer_reference", detail->servicer_reference);
	json_write_member(json, "payment_id", detail->payment_id);
	json_write_member(json, "instruction_id", detail->instruction_id);
	json_write_member(json, "end_to_end_id", detail->end_to_end_id);
	json_write_member(json, "uetr", detail->uetr);
	json_write_member(json, "transaction_id", detail->transaction_id);
	json_write_member(json, "mandate_id", detail->mandate_id);
	json_write_member(json, "cheque_number", detail->cheque_number);
	json_write_member(json, "clearing_reference", detail->clearing_reference);
	json_write_member(json, "other_reference", detail->other_reference);
	json_write_member(json, "creditor_id", detail->creditor_id);
	json_write_member(json, "accepted_at", detail->accepted_at);
	json_write_member(json, "code", detail->code);
	party_member(json, "debtor", &detail->debtor);
	party_member(json, "creditor", &detail->creditor);
	party_member(json, "ultimate_debtor", &detail->ultimate_debtor);
	party_member(json, "ultimate_creditor", &detail->ultimate_creditor);
	json_write_member(json, "text", detail->text);
	json_write_member(json, "additional", detail->additional);
	json_write_member(json, "purpose", detail->purpose);
	json_write_member(json, "return_reason", detail->return_reason);
}

static bool party_named(const struct bank_party *party)
{
	return party->name != NULL || party->account != NULL || party->identifier != NULL;
}

bool bank_detail_names(const struct bank_detail *detail)
{
	return detail->reference_count > 0 || detail->end_to_end_id != NULL || detail->text != NULL ||
	       party_named(&detail->debtor) || party_named(&detail->creditor) ||
	       party_named(&detail->ultimate_debtor) || party_named(&detail->ultimate_creditor);
}

int bank_line_content(const struct bank_entry *entry, const struct bank_detail *single, struct zf_arena *arena,
	struct text_span *ret_json)
{
	struct json_writer json;

	json_write_init(&json, arena, BANK_CONTENT_BYTES_MAX);
	json_write_object_begin(&json);
	json_write_member(&json, "entry_reference", entry->entry_reference);
	json_write_member(&json, "servicer_reference", entry->servicer_reference);
	json_write_member(&json, "customer_reference", entry->customer_reference);
	json_write_member(&json, "code", entry->code);
	json_write_member(&json, "bank_code", entry->bank_code);
	json_write_member(&json, "supplementary", entry->supplementary);
	json_write_member(&json, "posting", entry->posting);
	json_write_member(&json, "additional", entry->additional);
	json_write_member(&json, "batch_message_id", entry->batch_message_id);
	json_write_member(&json, "batch_payment_id", entry->batch_payment_id);
	if (entry->batch_count > 0) json_write_member_int64(&json, "batch_count", entry->batch_count);
	amounts_member(&json, &entry->amounts);
	charges_member(&json, entry->charges, entry->charge_count);
	if (single != NULL) {
		json_write_key(&json, "detail");
		json_write_object_begin(&json);
		detail_members(&json, single, entry->servicer_reference);
		json_write_object_end(&json);
	}
	json_write_object_end(&json);
	return json_write_finish(&json, ret_json);
}

int bank_detail_content(const struct bank_detail *detail, struct zf_arena *arena, struct text_span *ret_json)
{
	struct json_writer json;

	json_write_init(&json, arena, BANK_CONTENT_BYTES_MAX);
	json_write_object_begin(&json);
	detail_members(&json, detail, NULL);
	json_write_object_end(&json);
	return json_write_finish(&json, ret_json);
}

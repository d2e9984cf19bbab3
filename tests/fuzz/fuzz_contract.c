/* Contracts as documents: nothing crashes, what is refused is told in both languages, and what is taken keeps its
 * rules, can be said in words, and is the same when its own part of the document is read again. */
#include <assert.h>

#include "base/mem.h"
#include "model/contract_words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void in_words(const struct contract *contract, bool chinese, struct zf_arena *arena)
{
	struct contract_term terms[CONTRACT_TERMS_MAX];
	size_t count = contract_terms(contract, chinese, arena, terms);

	assert(contract_owed_words(contract, contract->carrier, chinese, arena) != NULL && count > 0);
	for (size_t i = 0; i < count; i++) assert(terms[i].label != NULL && terms[i].text != NULL);
}

static void taken(const struct contract *contract, const char *book, struct zf_arena *arena)
{
	struct fault_list faults;
	struct contract_list again;

	assert(contract->from <= contract->to && contract->name[0] != '\0');
	assert(contract->carrier != NULL && contract->remitter != NULL && contract->guarantor != NULL);
	assert(currency_is_money(text_of(contract->owed)) && currency_is_money(text_of(contract->paid)));
	assert((contract->kind == CONTRACT_C) == (strcmp(contract->owed, book) != 0));
	assert(contract->bill_rate.given == (contract->kind == CONTRACT_C));
	assert(contract->payment_rate.given == (strcmp(contract->owed, contract->paid) != 0));
	for (uint32_t i = 0; i < contract->tolerance_count; i++) {
		const struct contract_tolerance *tolerance = &contract->tolerances[i];
		assert(tolerance->residual.minor >= 0);
		assert(money_compare(tolerance->residual, tolerance->hard_max) <= 0);
		assert(contract_tolerance(contract, tolerance->residual.currency) == tolerance);
	}
	for (uint32_t i = 0; i < contract->discount_count; i++)
		assert(contract_discount(contract, contract->discounts[i].category) == &contract->discounts[i]);
	in_words(contract, false, arena);
	in_words(contract, true, arena);
	fault_list_init(&faults, arena, 0);
	int err = contract_read(contract->document, book, arena, &faults, &again);
	assert(err == 0 && again.count == 1);
	assert(strcmp(again.items[0].name, contract->name) == 0 && again.items[0].from == contract->from);
	assert(again.items[0].document.len == contract->document.len);
}

static void read_by(const char *book, struct text_span text)
{
	struct arena arena;
	struct fault_list faults;
	struct contract_list list = {0};

	arena_init(&arena, 256u << 20);
	fault_list_init(&faults, &arena.zf, 0);
	int err = contract_read(text, book, &arena.zf, &faults, &list);
	assert(err != ERR_NOMEM && (err != 0) == fault_refuses(&faults) && (err != 0) == (list.count == 0));
	for (uint32_t i = 0; i < faults.count; i++) {
		assert(fault_text_en(&arena.zf, &faults.items[i]) != NULL);
		assert(fault_text_zh(&arena.zf, &faults.items[i]) != NULL);
	}
	for (uint32_t i = 0; i < list.count; i++) taken(&list.items[i], book, &arena.zf);
	arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text_span text = {(const char *)data, size};

	read_by("CNY", text);
	read_by("AED", text);
	return 0;
}

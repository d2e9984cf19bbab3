/* <Envelope><Cube><Cube time="2026-11-20"><Cube currency="USD" rate="1.0950"/>... */
#include "model/rate_ecb.h"

#include <stdio.h>
#include <string.h>

#include "lib/xml_read.h"

#define SPACE_ENVELOPE "http://www.gesmes.org/xml/2002-08-01"
#define SPACE_CUBE "http://www.ecb.int/vocabulary/2002-08-01/eurofxref"

/* What the ECB's history has and ISO 4217 has no more: predecessors of the euro, and money that lost its zeros. */
static const char *const withdrawn[] = {"CYP", "EEK", "HRK", "LTL", "LVL", "MTL", "ROL", "SIT", "SKK", "TRL"};

struct reader {
	struct rate_batch batch;
	uint32_t left_out[ARRAY_LEN(withdrawn)];
};

static void tell(struct reader *reader, const struct xml_element *element, enum fault_code code, const char *arg)
{
	fault_addf(reader->batch.faults, code, arg, NULL, "%u:%s", element->line, element->name);
}

/* Its place in the list above; -1: it is not there. */
static int withdrawn_at(const char *currency)
{
	for (size_t i = 0; i < ARRAY_LEN(withdrawn); i++) {
		if (strcmp(currency, withdrawn[i]) == 0) return (int)i;
	}
	return -1;
}

static void take_rate(struct reader *reader, const struct xml_element *element, bool dated, int32_t day)
{
	const char *currency = xml_attribute(element, NULL, "currency"), *text = xml_attribute(element, NULL, "rate");
	struct rate rate = {.base = "EUR", .per = 1, .source = RATE_ECB, .day = day};
	if (!xml_is(element, SPACE_CUBE, "Cube")) return tell(reader, element, FAULT_RATE_ECB, "Cube");
	if (currency == NULL) return tell(reader, element, FAULT_RATE_ECB, "Cube/@currency");
	if (text == NULL) return tell(reader, element, FAULT_RATE_ECB, "Cube/@rate");
	int old = withdrawn_at(currency);
	if (old >= 0) {
		reader->left_out[old]++;
		return;
	}
	if (!currency_is_money(text_of(currency))) return tell(reader, element, FAULT_CURRENCY_UNKNOWN, currency);
	if (strcmp(currency, rate.base) == 0) return tell(reader, element, FAULT_RATE_PAIR, currency);
	memcpy(rate.quote, currency, sizeof(rate.quote));
	(void)rate_batch_add(
		&reader->batch, &rate, dated, text_of(text), RATE_ECB_DECIMALS_MAX, element->line, currency);
}

static void take_day(struct reader *reader, const struct xml_element *element)
{
	const char *time = xml_attribute(element, NULL, "time");
	int32_t day = 0;
	bool dated = false;
	if (!xml_is(element, SPACE_CUBE, "Cube")) return tell(reader, element, FAULT_RATE_ECB, "Cube");
	if (time == NULL) {
		tell(reader, element, FAULT_RATE_ECB, "Cube/@time");
	} else {
		dated = rate_batch_day(&reader->batch, text_of(time), "YYYY-MM-DD", element->line, "Cube", &day);
	}
	if (element->first == NULL) tell(reader, element, FAULT_RATE_ECB, "Cube/@currency");
	for (const struct xml_element *e = element->first; e != NULL; e = e->next) take_rate(reader, e, dated, day);
}

static void take_file(struct reader *reader, const struct xml_element *root)
{
	uint32_t cubes = 0;
	if (!xml_is(root, SPACE_ENVELOPE, "Envelope")) return tell(reader, root, FAULT_RATE_ECB, "Envelope");
	for (const struct xml_element *e = root->first; e != NULL; e = e->next) {
		if (!xml_is(e, SPACE_CUBE, "Cube")) continue; /* subject and Sender */
		cubes++;
		for (const struct xml_element *day = e->first; day != NULL; day = day->next) take_day(reader, day);
	}
	if (cubes == 0) tell(reader, root, FAULT_RATE_ECB, "Cube");
}

static void tell_withdrawn(struct reader *reader)
{
	char count[16];
	for (size_t i = 0; i < ARRAY_LEN(withdrawn); i++) {
		if (reader->left_out[i] == 0) continue;
		(void)snprintf(count, sizeof(count), "%u", reader->left_out[i]);
		fault_add(reader->batch.faults, FAULT_RATE_WITHDRAWN, "", withdrawn[i], count);
	}
}

int rate_ecb_read(struct text_span text, const struct rate_reading *reading, struct zf_arena *arena,
	struct fault_list *faults, struct rate_table *ret_table)
{
	struct reader reader = {.left_out = {0}};
	const struct xml_element *root;
	int err = rate_batch_init(&reader.batch, reading, text.len, arena, faults);
	if (err == 0) err = xml_read(text.ptr, text.len, NULL, arena, faults, &root);
	if (err != 0) return err;
	take_file(&reader, root);
	tell_withdrawn(&reader);
	return rate_batch_finish(&reader.batch, ret_table);
}

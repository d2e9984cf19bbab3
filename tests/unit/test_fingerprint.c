/* What makes persons, claims and bodies the same, and what must not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "model/fingerprint.h"

/* ---- persons ---- */

static const struct zf_coding mr_coding = {.code = "MR"}, ppn_coding = {.code = "PPN"}, dl_coding = {.code = "DL"};
static const struct zf_coding *const mr_codings[] = {&mr_coding}, *const ppn_codings[] = {&ppn_coding},
				     *const dl_codings[] = {&dl_coding};
static const struct zf_concept mr = {.codings = mr_codings, .coding_count = 1};
static const struct zf_concept ppn = {.codings = ppn_codings, .coding_count = 1};
static const struct zf_concept dl = {.codings = dl_codings, .coding_count = 1};

static const struct zf_identifier passport = {.system = "urn:pass", .value = "P1", .type = &ppn};
static const struct zf_identifier record = {.system = "urn:mrn", .value = "R1", .type = &mr};
static const struct zf_identifier licence = {.system = "urn:dl", .value = "D1", .type = &dl};
static const struct zf_identifier plain_b = {.system = "urn:b", .value = "1"};
static const struct zf_identifier plain_a = {.system = "urn:a", .value = "1"};
static const struct zf_identifier bare = {.value = "7"};
static const struct zf_identifier old = {.system = "urn:mrn", .value = "R0", .type = &mr, .use = "old"};

static void expect(const struct zf_patient *patient, const char *want)
{
	struct fingerprint_identity identities[FINGERPRINT_IDENTITIES_MAX];
	char got[256] = "";
	size_t count = fingerprint_identities(patient, identities);
	assert_true(count <= FINGERPRINT_IDENTITIES_MAX);
	for (size_t i = 0; i < count; i++) {
		strcat(got, i == 0 ? "" : " ");
		strcat(got, identities[i].system);
		strcat(got, "|");
		strcat(got, identities[i].value);
	}
	assert_string_equal(got, want);
}

static void identities_are_ordered_by_strength(void **state)
{
	(void)state;
	const struct zf_identifier *all[] = {&bare, &licence, &plain_b, &old, &passport, &plain_a, &record, &passport};
	struct zf_patient patient = {.identifiers = all, .identifier_count = ARRAY_LEN(all)};
	expect(&patient, "urn:mrn|R1 urn:pass|P1 urn:dl|D1 urn:a|1");
	patient.reference = "urn:uuid:1"; /* keeps the last place for itself */
	expect(&patient, "urn:mrn|R1 urn:pass|P1 urn:dl|D1 |urn:uuid:1");
	patient.reference = "#p";
	patient.identifier_count = 3;
	expect(&patient, "urn:dl|D1 urn:b|1 |7");
	patient.identifier_count = 0;
	expect(&patient, "");
	patient.reference = "Patient/1"; /* another server's number without its name is nobody's */
	expect(&patient, "");
	patient.reference = "https://h.example/Patient/1";
	expect(&patient, "|https://h.example/Patient/1");
	expect(NULL, "");
}

/* Every order of the same identifiers gives the same identities. */
static void order_does_not_matter(void **state)
{
	(void)state;
	const struct zf_identifier *all[] = {&bare, &licence, &plain_b, &plain_a, &record};
	struct zf_patient patient = {.identifiers = all, .identifier_count = ARRAY_LEN(all), .reference = "urn:uuid:1"};
	for (unsigned turn = 0; turn < 120; turn++) {
		size_t a = turn % 5, b = (turn / 5) % 5;
		const struct zf_identifier *kept = all[a];
		all[a] = all[b];
		all[b] = kept;
		expect(&patient, "urn:mrn|R1 urn:dl|D1 urn:a|1 |urn:uuid:1");
	}
}

/* ---- claims ---- */

struct sample {
	struct zf_coding codings[2];
	const struct zf_coding *coding_list[2];
	struct zf_concept concepts[2];
	struct zf_claim_line lines[2], detail;
	const struct zf_claim_line *line_list[2], *detail_list[1];
	struct zf_encounter stay;
	struct zf_identifier number;
	struct zf_related_claim related;
	struct zf_coding relation_coding;
	const struct zf_coding *relation_codings[1];
	struct zf_concept relation;
	const struct zf_related_claim *related_list[1];
	struct zf_claim claim;
	struct zf_money total;
	int64_t day;
};

static void sample_init(struct sample *s)
{
	*s = (struct sample){.day = 20000};
	for (int i = 0; i < 2; i++) {
		s->codings[i] = (struct zf_coding){.system = "urn:t", .code = i == 0 ? "A" : "B", .display = "shown"};
		s->coding_list[i] = &s->codings[i];
		s->concepts[i] = (struct zf_concept){.codings = &s->coding_list[i], .coding_count = 1};
		s->lines[i] = (struct zf_claim_line){.sequence = i + 1,
			.product_or_service = &s->concepts[i],
			.net = {.minor = 100, .currency = "CNY", .exponent = 2, .present = 1}};
		s->line_list[i] = &s->lines[i];
	}
	s->detail = s->lines[0];
	s->detail_list[0] = &s->detail;
	s->total = (struct zf_money){.minor = 200, .currency = "CNY", .exponent = 2, .present = 1};
	s->stay = (struct zf_encounter){.reference = "urn:uuid:stay"};
	s->relation_coding = (struct zf_coding){.code = "prior"};
	s->relation_codings[0] = &s->relation_coding;
	s->relation = (struct zf_concept){.codings = s->relation_codings, .coding_count = 1};
	s->number = (struct zf_identifier){.value = "77"};
	s->related = (struct zf_related_claim){.identifier = &s->number, .relationship = &s->relation};
	s->related_list[0] = &s->related;
	s->claim = (struct zf_claim){.use = ZF_USE_CLAIM,
		.lines = s->line_list,
		.line_count = 2,
		.encounter = &s->stay,
		.related = s->related_list};
}

static struct bytes content(struct sample *s, struct arena *arena)
{
	struct bytes bytes;
	assert_int_equal(fingerprint_claim(&s->claim, s->day, &s->total, &arena->zf, &bytes), 0);
	return bytes;
}

static bool same(struct bytes a, struct bytes b)
{
	return a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0;
}

static void claims_differ_by_what_is_billed(void **state)
{
	(void)state;
	struct sample a, b;
	struct arena arena;
	arena_init(&arena, 1 << 20);
	sample_init(&a);
	struct bytes first = content(&a, &arena);
	sample_init(&b);
	b.codings[0].display = "shown in another way";
	b.claim.status = "active";
	b.lines[0].sequence = 9;
	b.stay.reference = "urn:uuid:other";
	assert_true(same(first, content(&b, &arena)));
#define DIFFERS(change)                                                                                                \
	do {                                                                                                           \
		sample_init(&b);                                                                                       \
		change;                                                                                                \
		assert_false(same(first, content(&b, &arena)));                                                        \
	} while (0)
	DIFFERS(b.day++);
	DIFFERS(b.claim.use = ZF_USE_PREAUTHORIZATION);
	DIFFERS(b.total.minor++);
	DIFFERS(memcpy(b.total.currency, "USD", 4));
	DIFFERS(b.codings[0].code = "C");
	DIFFERS(b.codings[0].system = "urn:u");
	DIFFERS(b.codings[0].system = NULL);
	DIFFERS(b.lines[1].net.minor = 101);
	DIFFERS(b.lines[1].net = (struct zf_money){0});
	DIFFERS(b.claim.line_count = 1);
	DIFFERS((b.line_list[0] = &b.lines[1], b.line_list[1] = &b.lines[0]));
	DIFFERS((b.lines[0].details = b.detail_list, b.lines[0].detail_count = 1));
	DIFFERS(b.claim.bill_sequence = 1);
	DIFFERS(b.claim.related_count = 1);
	/* texts run together must not be mistaken for one another */
	DIFFERS((b.codings[0].system = "urn:tA", b.codings[0].code = ""));
	arena_free(&arena);
}

static void interim_bills_and_corrections(void **state)
{
	(void)state;
	struct sample a, b;
	struct arena arena;
	arena_init(&arena, 1 << 20);
	sample_init(&a);
	sample_init(&b);
	a.claim.bill_sequence = 1;
	b.claim.bill_sequence = 1;
	assert_true(same(content(&a, &arena), content(&b, &arena)));
	b.stay.reference = "urn:uuid:other";
	assert_false(same(content(&a, &arena), content(&b, &arena)));
	sample_init(&a);
	sample_init(&b);
	a.claim.related_count = 1;
	a.relation_coding.code = "associated"; /* says nothing about being a correction */
	assert_true(same(content(&a, &arena), content(&b, &arena)));
	arena_free(&arena);
}

static void no_memory_is_an_error(void **state)
{
	(void)state;
	struct sample a;
	struct arena arena;
	struct bytes bytes;
	sample_init(&a);
	arena_init(&arena, 1);
	assert_int_equal(fingerprint_claim(&a.claim, 1, &a.total, &arena.zf, &bytes), ERR_NOMEM);
	arena_free(&arena);
}

/* ---- bodies ---- */

static void hash(const char *one, const char *two, uint8_t ret[FINGERPRINT_HASH_BYTES])
{
	struct arena arena;
	arena_init(&arena, 1 << 20);
	struct bytes documents[2] = {{(const uint8_t *)one, strlen(one)}, {NULL, 0}};
	if (two != NULL) documents[1] = (struct bytes){(const uint8_t *)two, strlen(two)};
	assert_int_equal(fingerprint_body(documents, two == NULL ? 1 : 2, &arena.zf, ret), 0);
	arena_free(&arena);
}

static void bodies_differ_by_their_content_only(void **state)
{
	(void)state;
	uint8_t a[FINGERPRINT_HASH_BYTES], b[FINGERPRINT_HASH_BYTES];
	hash("{\"a\":1.0,\"b\":[true,\"\\u00e9\"]}", NULL, a);
	hash(" { \"b\" : [ true , \"\xc3\xa9\" ] ,\n \"a\" : 1.0 } ", NULL, b);
	assert_memory_equal(a, b, sizeof(a));
	/* A client that keeps numbers as doubles sends them in its own spelling. */
	hash("{\"a\":1,\"b\":[true,\"\\u00e9\"]}", NULL, b);
	assert_memory_equal(a, b, sizeof(a));
	hash("{\"a\":1.01,\"b\":[true,\"\\u00e9\"]}", NULL, b);
	assert_memory_not_equal(a, b, sizeof(a));
	hash("1", "23", a);
	hash("12", "3", b);
	assert_memory_not_equal(a, b, sizeof(a));

	struct arena arena;
	arena_init(&arena, 1 << 20);
	struct bytes broken = {(const uint8_t *)"{\"a\":}", 6};
	assert_int_equal(fingerprint_body(&broken, 1, &arena.zf, a), ERR_INVALID);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(identities_are_ordered_by_strength),
		cmocka_unit_test(order_does_not_matter),
		cmocka_unit_test(claims_differ_by_what_is_billed),
		cmocka_unit_test(interim_bills_and_corrections),
		cmocka_unit_test(no_memory_is_an_error),
		cmocka_unit_test(bodies_differ_by_their_content_only),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

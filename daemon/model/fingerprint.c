/* Identities of persons, and claims and bodies as bytes to be hashed. */
#include "model/fingerprint.h"

#include <openssl/evp.h>
#include <string.h>

#include "lib/json.h"
#include "lib/json_write.h"

/* ---- identities ---- */

/* Kinds of identifiers (v2-0203) from strong to weak; a number's place is its rank. */
static const char *const kinds[] = {
	"MR", "PI", "PPN", "NI", "NNCHN", "SS", "PRC", "RRI", "TRL", "JHN", "HC", "MA", "MC", "MB", "NH", "SB", "DL"};
#define RANK_OTHER_KIND 100 /* has a system but no kind that we know */
#define RANK_NO_SYSTEM 200

static int rank_of(const struct zf_identifier *identifier)
{
	if (identifier->system == NULL) return RANK_NO_SYSTEM;
	const struct zf_concept *type = identifier->type;
	for (uint32_t i = 0; type != NULL && i < type->coding_count; i++) {
		const char *code = type->codings[i]->code;
		for (size_t k = 0; code != NULL && k < ARRAY_LEN(kinds); k++)
			if (strcmp(code, kinds[k]) == 0) return (int)k;
	}
	return RANK_OTHER_KIND;
}

struct ranked {
	int rank;
	struct fingerprint_identity identity;
};

static int compare_identity(const struct fingerprint_identity *a, const struct fingerprint_identity *b)
{
	int order = strcmp(a->system, b->system);
	return order != 0 ? order : strcmp(a->value, b->value);
}

/* Keeps the best `max` in order; returns the new count. An identity that is there already is not taken twice. */
static size_t take(struct ranked *best, size_t count, size_t max, struct ranked candidate)
{
	size_t at = 0;
	for (size_t i = 0; i < count; i++)
		if (compare_identity(&best[i].identity, &candidate.identity) == 0) {
			if (best[i].rank <= candidate.rank) return count;
			memmove(&best[i], &best[i + 1], (count - i - 1) * sizeof(*best));
			count--;
			break;
		}
	while (at < count && (best[at].rank < candidate.rank ||
				     (best[at].rank == candidate.rank &&
					     compare_identity(&best[at].identity, &candidate.identity) < 0)))
		at++;
	if (at == max) return count;
	if (count == max) count--;
	memmove(&best[at + 1], &best[at], (count - at) * sizeof(*best));
	best[at] = candidate;
	return count + 1;
}

size_t fingerprint_identities(
	const struct zf_patient *patient, struct fingerprint_identity ret_identities[FINGERPRINT_IDENTITIES_MAX])
{
	struct ranked best[FINGERPRINT_IDENTITIES_MAX];
	size_t count = 0;
	if (patient == NULL) return 0;
	bool absolute =
		patient->reference != NULL && patient->reference[0] != '#' && strchr(patient->reference, ':') != NULL;
	size_t max = FINGERPRINT_IDENTITIES_MAX - (absolute ? 1 : 0);
	for (uint32_t i = 0; i < patient->identifier_count; i++) {
		const struct zf_identifier *identifier = patient->identifiers[i];
		if (identifier->value == NULL) continue;
		if (identifier->use != NULL &&
			(strcmp(identifier->use, "temp") == 0 || strcmp(identifier->use, "old") == 0))
			continue;
		const char *system = identifier->system == NULL ? "" : identifier->system;
		count = take(best, count, max, (struct ranked){rank_of(identifier), {system, identifier->value}});
	}
	for (size_t i = 0; i < count; i++) ret_identities[i] = best[i].identity;
	if (absolute) ret_identities[count++] = (struct fingerprint_identity){"", patient->reference};
	return count;
}

/* ---- the business content of a claim ---- */

/* Written twice: once to measure, once into the memory. Each text is preceded by its length, so that no two contents
 * have the same bytes. */
struct writer {
	uint8_t *at; /* NULL while measuring */
	size_t len;
};

static void put(struct writer *writer, const void *bytes, size_t len)
{
	if (writer->at != NULL && len > 0) memcpy(writer->at + writer->len, bytes, len);
	writer->len += len;
}

static void put_number(struct writer *writer, int64_t number)
{
	uint8_t bytes[8];
	uint64_t value = (uint64_t)number;
	for (int i = 7; i >= 0; i--, value >>= 8) bytes[i] = (uint8_t)value;
	put(writer, bytes, sizeof(bytes));
}

static void put_text(struct writer *writer, const char *text)
{
	if (text == NULL) {
		put_number(writer, -1);
		return;
	}
	size_t len = strlen(text);
	put_number(writer, (int64_t)len);
	put(writer, text, len);
}

static void put_money(struct writer *writer, const struct zf_money *money)
{
	put_number(writer, money->present);
	if (!money->present) return;
	put_number(writer, money->minor);
	put(writer, money->currency, 3);
}

static void put_concept(struct writer *writer, const struct zf_concept *concept)
{
	uint32_t count = concept == NULL ? 0 : concept->coding_count;
	put_number(writer, count);
	for (uint32_t i = 0; i < count; i++) {
		put_text(writer, concept->codings[i]->system);
		put_text(writer, concept->codings[i]->code);
	}
	if (count == 0) put_text(writer, concept == NULL ? NULL : concept->text);
}

/* FHIR nests lines three deep and no decoder goes further. */
static void put_lines(struct writer *writer, const struct zf_claim_line *const *lines, uint32_t count, int level)
{
	put_number(writer, count);
	for (uint32_t i = 0; i < count; i++) {
		put_concept(writer, lines[i]->product_or_service);
		put_money(writer, &lines[i]->net);
		if (level < 3) put_lines(writer, lines[i]->details, lines[i]->detail_count, level + 1);
	}
}

static void put_stay(struct writer *writer, const struct zf_claim *claim)
{
	const struct zf_encounter *stay = claim->encounter;
	put_number(writer, claim->bill_sequence);
	if (claim->bill_sequence == 0 || stay == NULL) return;
	if (stay->identifier_count > 0) {
		put_text(writer, stay->identifiers[0]->system);
		put_text(writer, stay->identifiers[0]->value);
	} else {
		put_text(writer, stay->reference);
	}
}

static bool is_associated(const struct zf_concept *relationship)
{
	for (uint32_t i = 0; relationship != NULL && i < relationship->coding_count; i++)
		if (relationship->codings[i]->code != NULL && strcmp(relationship->codings[i]->code, "associated") == 0)
			return true;
	return false;
}

static void put_claim(
	struct writer *writer, const struct zf_claim *claim, int64_t service_day, const struct zf_money *total)
{
	put(writer, "F1", 2);
	put_number(writer, claim->use);
	put_number(writer, service_day);
	put_lines(writer, claim->lines, claim->line_count, 1);
	put_money(writer, total);
	put_stay(writer, claim);
	for (uint32_t i = 0; i < claim->related_count; i++) {
		const struct zf_related_claim *related = claim->related[i];
		if (is_associated(related->relationship)) continue;
		put_text(writer, related->identifier == NULL ? NULL : related->identifier->system);
		put_text(writer, related->identifier == NULL ? NULL : related->identifier->value);
		put_text(writer, related->reference);
	}
}

int fingerprint_claim(const struct zf_claim *claim, int64_t service_day, const struct zf_money *total,
	struct zf_arena *arena, struct bytes *ret_content)
{
	struct writer writer = {0};
	put_claim(&writer, claim, service_day, total);
	size_t len = writer.len;
	writer = (struct writer){.at = zf_alloc(arena, len)};
	if (writer.at == NULL) return err_set(ERR_NOMEM, "no memory for a claim's fingerprint");
	put_claim(&writer, claim, service_day, total);
	assert(writer.len == len);
	*ret_content = (struct bytes){writer.at, len};
	return 0;
}

/* ---- the content of a body ---- */

static int digest_sink(void *ctx, const char *bytes, size_t len)
{
	return EVP_DigestUpdate(ctx, bytes, len) == 1 ? 0 : ERR_NOMEM;
}

static void digest_free(EVP_MD_CTX **digest)
{
	EVP_MD_CTX_free(*digest);
}

int fingerprint_body(
	const struct bytes *documents, size_t count, struct zf_arena *arena, uint8_t ret_hash[FINGERPRINT_HASH_BYTES])
{
	CLEANUP(digest_free) EVP_MD_CTX *digest = EVP_MD_CTX_new();
	uint8_t hash[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	if (digest == NULL || EVP_DigestInit_ex(digest, EVP_sha256(), NULL) != 1)
		return err_set(ERR_NOMEM, "no memory for a digest");
	for (size_t i = 0; i < count; i++) {
		int rc = json_canonical((const char *)documents[i].ptr, documents[i].len, arena, JSON_DEPTH_DEFAULT,
			documents[i].len, digest_sink, digest, NULL);
		if (rc != 0) return err_set(rc, "a body has no canonical form");
		if (EVP_DigestUpdate(digest, "\n", 1) != 1) return err_set(ERR_NOMEM, "no memory for a digest");
	}
	if (EVP_DigestFinal_ex(digest, hash, &len) != 1 || len != FINGERPRINT_HASH_BYTES)
		return err_set(ERR_NOMEM, "no memory for a digest");
	memcpy(ret_hash, hash, FINGERPRINT_HASH_BYTES);
	return 0;
}

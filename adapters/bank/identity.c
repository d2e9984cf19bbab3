/* How a line is known again; the recipe is in statement.h. */
#include <assert.h>
#include <openssl/evp.h>

#include "lib/decimal.h"
#include "reader.h"

#define SLOTS_MIN 256u

int bank_identity_open(struct bank_reader *reader)
{
	reader->digest = EVP_MD_CTX_new();
	return reader->digest != NULL && EVP_DigestInit_ex(reader->digest, EVP_sha256(), NULL) == 1 ? 0 : LIB_NOMEM;
}

void bank_identity_close(struct bank_reader *reader)
{
	EVP_MD_CTX_free(reader->digest);
}

/* With the algorithm and the memory that it has these do not fail. */
static void hash_begin(EVP_MD_CTX *hash)
{
	int done = EVP_DigestInit_ex(hash, NULL, NULL);
	assert(done == 1);
	(void)done;
}

static void hash_put(EVP_MD_CTX *hash, const void *bytes, size_t len)
{
	int done = EVP_DigestUpdate(hash, bytes, len);
	assert(done == 1);
	(void)done;
}

static void hash_end(EVP_MD_CTX *hash, uint8_t ret[BANK_IDENTITY_BYTES])
{
	int done = EVP_DigestFinal_ex(hash, ret, NULL);
	assert(done == 1);
	(void)done;
}

static void put(EVP_MD_CTX *hash, struct text_span text)
{
	hash_put(hash, text.ptr == NULL ? "" : text.ptr, text.len);
	hash_put(hash, "\x1f", 1);
}

/* White space runs as one space, none at the ends. */
static void put_words(EVP_MD_CTX *hash, const char *text)
{
	struct text_span rest = text_trim(text_of(text));
	size_t begin = 0, i = 0;
	while (i < rest.len) {
		if (strchr(" \t\r\n", rest.ptr[i]) == NULL) {
			i++;
			continue;
		}
		hash_put(hash, rest.ptr + begin, i - begin);
		hash_put(hash, " ", 1);
		while (i < rest.len && strchr(" \t\r\n", rest.ptr[i]) != NULL) i++;
		begin = i;
	}
	if (rest.len > begin) hash_put(hash, rest.ptr + begin, rest.len - begin);
	hash_put(hash, "\x1f", 1);
}

static void put_number(EVP_MD_CTX *hash, int64_t value)
{
	char text[24];
	size_t sign = value < 0 ? 1 : 0;
	text[0] = '-';
	size_t len = sign + text_digits_put(decimal_magnitude(value), 1, text + sign);
	put(hash, (struct text_span){text, len});
}

/* Some banks fill the field with zeros. */
static bool is_name(const char *reference)
{
	return reference != NULL && reference[strspn(reference, "0 .,:;/+-_*#")] != '\0';
}

/* The recipe: detail is the transaction that it is of, or the first of an entry. True: by the bank's own reference. */
static bool identify(const struct bank_reader *reader, const struct bank_detail *detail, int64_t minor,
	const char *reference, const char *customer_reference, uint8_t ret[BANK_IDENTITY_BYTES])
{
	const struct bank_entry *entry = &reader->entry;
	char day[DATE_TEXT_SIZE];
	EVP_MD_CTX *hash = reader->digest;
	bank_day_text(entry->booking_day == BANK_NO_DAY ? entry->value_day : entry->booking_day, day);
	hash_begin(hash);
	put(hash, TEXT("1"));
	put(hash, text_of(entry->amount.currency));
	put(hash, text_of(day));
	put_number(hash, minor);
	bool named = is_name(reference);
	if (named) {
		put(hash, TEXT("R"));
		put_words(hash, reference);
	} else {
		bank_day_text(entry->value_day, day);
		put(hash, TEXT("F"));
		put(hash, text_of(day));
		put_words(hash, customer_reference);
		put_words(hash, detail == NULL ? NULL : detail->end_to_end_id);
		put_words(hash, detail == NULL ? NULL : detail->transaction_id);
		put_words(hash, detail == NULL || detail->counterparty == NULL ? NULL : detail->counterparty->account);
		put_words(hash, detail == NULL ? NULL : detail->text);
	}
	hash_end(hash, ret);
	return named;
}

void bank_identify(struct bank_reader *reader)
{
	struct bank_entry *entry = &reader->entry;
	entry->referenced = identify(reader, reader->details.items, entry->amount.minor, entry->servicer_reference,
		entry->customer_reference, entry->identity);
}

void bank_detail_identify(const struct bank_reader *reader, struct bank_detail *detail)
{
	EVP_MD_CTX *hash = reader->digest;
	if (detail->account_amount.present) {
		(void)identify(reader, detail, detail->account_amount.minor, detail->servicer_reference, NULL,
			detail->identity);
		return;
	}
	hash_begin(hash);
	put(hash, TEXT("D"));
	hash_put(hash, reader->entry.identity, sizeof(reader->entry.identity));
	put_number(hash, detail->number);
	hash_end(hash, detail->identity);
}

/* ---- how often it came ---- */

static struct bank_seen_slot *slot_of(const struct bank_seen *seen, uint64_t key)
{
	uint32_t mask = seen->capacity - 1;
	uint32_t at = (uint32_t)key & mask;
	while (seen->slots[at].key != 0 && seen->slots[at].key != key) at = (at + 1) & mask;
	return &seen->slots[at];
}

static bool grow(struct bank_seen *seen, struct zf_arena *arena)
{
	struct bank_seen larger = {
		.capacity = seen->capacity == 0 ? SLOTS_MIN : seen->capacity * 2, .used = seen->used};
	larger.slots = zf_alloc_array(arena, larger.capacity, sizeof(*larger.slots));
	if (larger.slots == NULL) return false;
	for (uint32_t i = 0; i < seen->capacity; i++) {
		if (seen->slots[i].key != 0) *slot_of(&larger, seen->slots[i].key) = seen->slots[i];
	}
	*seen = larger;
	return true;
}

bool bank_seen_count(struct bank_reader *reader, const uint8_t identity[BANK_IDENTITY_BYTES], uint32_t *ret_occurrence)
{
	struct bank_seen *seen = &reader->seen;
	uint64_t key;
	memcpy(&key, identity, sizeof(key));
	if (key == 0) key = 1;
	if (seen->used >= seen->capacity / 2 && !grow(seen, reader->arena)) return false;
	struct bank_seen_slot *slot = slot_of(seen, key);
	if (slot->key == 0) {
		slot->key = key;
		seen->used++;
	}
	*ret_occurrence = ++slot->count;
	return true;
}

void bank_seen_reset(struct bank_seen *seen)
{
	if (seen->used == 0) return;
	memset(seen->slots, 0, (size_t)seen->capacity * sizeof(*seen->slots));
	seen->used = 0;
}

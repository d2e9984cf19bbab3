/* Words, hashes, and what comes of them. */
#include "settle/match_bill.h"

#include <string.h>

#include "db/params.h"
#include "db/rows.h"
#include "lib/text.h"
#include "model/directory.h"
#include "settle/match_index.h"

#define WORDS_FIRST 256      /* of a round */
#define PIECES_MAX 5         /* of a number written in groups */
#define FIELD_PIECES_MAX 64  /* that stand together; what goes beyond is not joined */
#define PREFIX_LETTERS_MAX 4 /* before its digits */
#define JOINED_LEN_MIN 8     /* letters and digits of one that was put together: less comes together by chance */
#define JOINED_LEN_MAX 24
#define PIECE_LEN_MAX 15 /* shorter than our own refs */

/* Nothing of a number: blanks, what encloses or lists, and all of other scripts. */
static bool is_between(char c)
{
	return (unsigned char)c <= ' ' || (unsigned char)c > '~' || strchr(",;:()[]{}<>\"'`=#*|!?&%$@^~", c) != NULL;
}

/* The words so far. */
struct words {
	const char **items;
	uint32_t count;
	bool many; /* there are more than fit */
	struct zf_arena *arena;
	int err;
};

static void word_keep(struct words *words, const char *at, size_t len, bool capitals)
{
	char *copy;

	if (words->err != 0 || words->many) return;
	copy = zf_strndup(words->arena, at, len);
	if (copy == NULL) {
		words->err = ERR_NOMEM;
		return;
	}
	for (size_t i = 0; capitals && i < len; i++)
		if (text_is_small(copy[i])) copy[i] = (char)(copy[i] - 'a' + 'A');
	for (uint32_t i = 0; i < words->count; i++)
		if (strcmp(words->items[i], copy) == 0) return;
	if (ref_valid(copy)) return; /* our own is looked for elsewhere */
	words->many = words->count == BILL_WORDS_MAX;
	if (!words->many) words->items[words->count++] = copy;
}

/* One that may be a number, without the marks around it. */
static void word_add(struct words *words, const char *at, size_t len)
{
	size_t letters = 0, digits = 0;
	bool small = false;

	while (len > 0 && !text_is_letter(at[0]) && !text_is_digit(at[0])) at++, len--;
	while (len > 0 && !text_is_letter(at[len - 1]) && !text_is_digit(at[len - 1])) len--;
	for (size_t i = 0; i < len; i++) {
		letters += text_is_letter(at[i]);
		digits += text_is_digit(at[i]);
		small = small || text_is_small(at[i]);
	}
	if (letters + digits < BILL_LEN_MIN || digits < BILL_DIGITS_MIN || len > BILL_BYTES_MAX) return;
	word_keep(words, at, len, false);
	if (small) word_keep(words, at, len, true);
}

/* Banks and payers set strokes, dots and plus signs between numbers, and hospitals in them: both readings count. */
static void words_split(struct words *words, const char *at, size_t len)
{
	size_t first = 0;

	word_add(words, at, len);
	for (size_t i = 0; i <= len; i++) {
		if (i < len && strchr("/.+", at[i]) == NULL) continue;
		if (i - first < len) word_add(words, at + first, i - first);
		first = i + 1;
	}
}

/* ---- numbers in groups ---- */

/* A part of a number that was written in groups: some digits, or the few letters before them. */
struct piece {
	const char *at;
	size_t len;
};

static bool is_piece(const struct piece *piece)
{
	for (size_t i = 0; i < piece->len; i++)
		if (text_is_digit(piece->at[i])) return piece->len <= PIECE_LEN_MAX;
	return piece->len > 0 && piece->len <= PREFIX_LETTERS_MAX;
}

/* Each run of pieces as one number. With what is written for a digit by mistake as that digit. */
static void pieces_join(struct words *words, const struct piece *pieces, size_t count)
{
	char text[JOINED_LEN_MAX];
	size_t len = 0;

	for (size_t n = 0; n < count && n < PIECES_MAX; n++) {
		bool slip = false;

		for (size_t i = 0; i < pieces[n].len; i++) {
			char before = len > 0 ? text[len - 1] : '\0';

			if (len == sizeof(text)) return;
			text[len++] = bill_number_char(pieces[n].at[i], before, &slip);
		}
		if ((n > 0 || slip) && len >= JOINED_LEN_MIN) word_add(words, text, len);
	}
}

/* Groups are parted by blanks, dashes, dots and strokes; any other mark, and a word, ends them. */
static void field_join(struct words *words, const char *field)
{
	struct piece pieces[FIELD_PIECES_MAX];
	size_t count = 0;

	for (const char *at = field;;) {
		struct piece piece = {at, 0};

		while (text_is_letter(at[piece.len]) || text_is_digit(at[piece.len])) piece.len++;
		at += piece.len;
		if (is_piece(&piece) && count < FIELD_PIECES_MAX) pieces[count++] = piece;
		if ((piece.len > 0 && !is_piece(&piece)) || *at == '\0' || strchr(" -./", *at) == NULL) {
			for (size_t i = 0; i < count; i++) pieces_join(words, &pieces[i], count - i);
			count = 0;
		}
		if (*at == '\0') return;
		at++;
	}
}

/* ---- all of a line ---- */

static void field_add(struct words *words, const char *field)
{
	const char *first = field;

	if (field == NULL) return;
	for (const char *at = field;; at++) {
		if (!is_between(*at)) continue; /* the end is */
		if (at > first) words_split(words, first, (size_t)(at - first));
		first = at + 1;
		if (*at == '\0') break;
	}
	field_join(words, field);
}

int bill_words(const struct match_line *line, struct zf_arena *arena, const char *ret_words[BILL_WORDS_MAX],
	uint32_t *ret_count, bool *ret_many)
{
	struct words words = {ret_words, 0, false, arena, 0};

	field_add(&words, line->letter);
	for (uint32_t i = 0; i < line->structured_count; i++) field_add(&words, line->structured[i]);
	field_add(&words, line->text);
	field_add(&words, line->end_to_end);
	for (size_t i = 0; i < ARRAY_LEN(line->words); i++) field_add(&words, line->words[i]);
	for (size_t i = 0; i < ARRAY_LEN(line->ids); i++) field_add(&words, line->ids[i]);
	*ret_count = words.count;
	*ret_many = words.many;
	return words.err;
}

static int words_grow(struct bill_search *search, struct zf_arena *arena)
{
	uint32_t cap = search->cap == 0 ? WORDS_FIRST : 2 * search->cap;
	struct bill_word *grown = zf_alloc_array(arena, cap, sizeof(*grown));

	if (grown == NULL) return ERR_NOMEM;
	if (search->count > 0) memcpy(grown, search->words, search->count * sizeof(*grown));
	search->words = grown;
	search->cap = cap;
	return 0;
}

/* A number as one of each of the systems, under each version of the look-up key. */
static int number_add(struct bill_search *search, const struct match_know *know, const char *number, uint32_t line,
	struct zf_arena *arena)
{
	const struct hospital *hospital = know->hospital;
	uint16_t versions[64];
	size_t count = keyring_versions(know->keyring, KEY_LOOKUP, versions, ARRAY_LEN(versions));
	int r = 0;

	for (uint32_t i = 0; i < hospital->bill_system_count; i++) {
		for (size_t v = 0; r == 0 && v < count; v++) {
			if (search->count == search->cap) r = words_grow(search, arena);
			if (r != 0) return r;
			search->words[search->count].number = number;
			search->words[search->count].line = line;
			r = bill_number_hash(
				know->keyring, versions[v], hospital, i, number, search->words[search->count].hash);
			if (r == 0) search->count++;
		}
	}
	return r;
}

int bill_search_add(struct bill_search *search, const struct match_know *know, struct match_line *line, uint32_t number,
	struct zf_arena *arena)
{
	const char *words[BILL_WORDS_MAX];
	uint32_t count = 0;

	if (know->hospital->bill_system_count == 0) return 0;
	int r = bill_words(line, arena, words, &count, &line->bills_many);

	for (uint32_t i = 0; r == 0 && i < count; i++) r = number_add(search, know, words[i], number, arena);
	return r;
}

void bill_search_put(const struct bill_search *search, const struct match_know *know, struct db_params *params)
{
	struct db_array *hashes;

	db_params_uuid(params, &know->hospital->id);
	hashes = db_params_array(params, DB_BYTEA, search->count, LOOKUP_HASH_BYTES * search->count);
	for (uint32_t i = 0; i < search->count; i++)
		db_array_bytes(hashes, (struct bytes){search->words[i].hash, LOOKUP_HASH_BYTES});
}

/* Adds a claim to a list of a line, once. ERR_NOMEM. */
static int bill_add(
	struct match_bill **list, uint32_t *count, bool *many, struct match_bill bill, struct zf_arena *arena)
{
	if (*list == NULL) *list = zf_alloc_array(arena, BILLS_MAX, sizeof(**list));
	if (*list == NULL) return ERR_NOMEM;
	for (uint32_t i = 0; i < *count; i++)
		if ((*list)[i].claim == bill.claim && strcmp((*list)[i].number, bill.number) == 0) return 0;
	if (*count < BILLS_MAX)
		(*list)[(*count)++] = bill;
	else
		*many = true;
	return 0;
}

int bill_search_take(const struct bill_search *search, struct match_know *know, const struct pg_result *rows,
	struct match_line *lines, struct zf_arena *arena)
{
	int r = 0;

	for (int row = 0; r == 0 && row < db_rows_count(rows); row++) {
		const struct bill_word *word = &search->words[db_rows_int(rows, row, 0) - 1];
		struct match_line *line = &lines[word->line];
		struct uuid id = db_rows_uuid(rows, row, 1);
		struct match_bill bill = {word->number, match_know_claim(know, &id)};

		if (!search->slips) match_forms_learn(&know->forms, word->number);
		if (bill.claim == MATCH_NONE) continue; /* nothing is owed for it, or not any more for long */
		if (search->slips)
			r = bill_add(&line->slips, &line->slip_count, &line->bills_many, bill, arena);
		else
			r = bill_add(&line->bills, &line->bill_count, &line->bills_many, bill, arena);
	}
	return r;
}

/* What the words of one line may have been meant for. */
struct slips {
	struct bill_search *search;
	const struct match_know *know;
	struct zf_arena *arena;
	uint32_t line, count;
	int err;
};

static bool slip_add(void *context, const char *number)
{
	struct slips *slips = context;
	const char *copy = zf_strdup(slips->arena, number);

	slips->err = copy == NULL ? ERR_NOMEM : number_add(slips->search, slips->know, copy, slips->line, slips->arena);
	return slips->err == 0 && ++slips->count < BILL_SLIPS_MAX;
}

static bool has_small(const char *word)
{
	while (*word != '\0' && !text_is_small(*word)) word++;
	return *word != '\0';
}

int bill_search_slips(const struct bill_search *search, const struct match_know *know, const struct match_line *lines,
	struct zf_arena *arena, struct bill_search *ret)
{
	struct slips slips = {.search = ret, .know = know, .arena = arena, .line = UINT32_MAX};
	const char *last = NULL;

	*ret = (struct bill_search){.slips = true};
	for (uint32_t i = 0; slips.err == 0 && i < search->count && know->forms.count > 0; i++) {
		const struct bill_word *word = &search->words[i];
		bool again = word->number == last; /* of another system, or under another key */

		last = word->number;
		if (word->line != slips.line) slips.count = 0;
		slips.line = word->line;
		/* one in small letters is there in capitals, too */
		if (again || lines[word->line].bill_count > 0 || slips.count >= BILL_SLIPS_MAX ||
			has_small(word->number))
			continue;
		match_forms_meant(&know->forms, word->number, slip_add, &slips);
	}
	return slips.err;
}

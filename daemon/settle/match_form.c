/* Forms of numbers: learning them, and knowing a number again by its form. */
#include "settle/match_form.h"

#include <string.h>

#include "lib/text.h"
#include "settle/match_text.h"

#define MATCH_WRITTEN_MAX 40 /* bytes of a number with its marks */
#define LETTERS_MAX 4        /* that a form begins with, as they are */
#define DIGIT '#'
#define LETTER '@'

static bool is_letter(char form)
{
	return form != DIGIT && form != LETTER;
}

static bool fits(char form, char c)
{
	/* O and I are folded to digits */
	if (form == LETTER) return !text_is_digit(c) || c == '0' || c == '1';
	return form == DIGIT ? text_is_digit(c) : form == c;
}

static void form_add(struct match_forms *forms, const char *form)
{
	size_t digits = 0, len = strlen(form);

	for (size_t i = 0; i < len; i++) digits += form[i] == DIGIT;
	if (len < MATCH_FORM_CHARS_MIN || digits < MATCH_FORM_DIGITS_MIN) return;
	for (uint32_t i = 0; i < forms->count; i++)
		if (strcmp(forms->items[i], form) == 0) return;
	if (forms->count == MATCH_FORMS_MAX) return;
	memcpy(forms->items[forms->count++], form, len + 1);
	forms->more = true;
}

void match_forms_read(struct match_forms *forms, const char *text)
{
	*forms = (struct match_forms){.count = 0};
	for (const char *at = text; *at != '\0';) {
		char form[MATCH_FORM_CHARS_MAX + 1];
		size_t len = strcspn(at, " ");

		if (len <= MATCH_FORM_CHARS_MAX) {
			memcpy(form, at, len);
			form[len] = '\0';
			form_add(forms, form);
		}
		at += len + (at[len] == ' ');
	}
	forms->more = false;
}

void match_forms_write(const struct match_forms *forms, char ret[MATCH_FORMS_TEXT_MAX])
{
	size_t len = 0;

	for (uint32_t i = 0; i < forms->count; i++) {
		size_t more = strlen(forms->items[i]);

		if (i > 0) ret[len++] = ' ';
		memcpy(ret + len, forms->items[i], more);
		len += more;
	}
	ret[len] = '\0';
}

void match_forms_learn(struct match_forms *forms, const char *number)
{
	char form[MATCH_FORM_CHARS_MAX + 2];
	size_t len = match_key_fold(number, form, sizeof(form) - 1), at = 0, letters = 0;

	if (len > MATCH_FORM_CHARS_MAX) return;
	form[len] = '\0';
	while (text_is_letter(number[letters])) letters++;
	if (letters > LETTERS_MAX) letters = 0;
	for (const char *c = number; *c != '\0' && at < len; c++) {
		if (!text_is_letter(*c) && !text_is_digit(*c)) continue;
		if (at >= letters) form[at] = text_is_digit(*c) ? DIGIT : LETTER;
		at++;
	}
	if (at == len) form_add(forms, form);
}

/* Is it of the form, or one slip away: a character dropped, added, another, or two neighbours swapped? */
static bool one_slip(const char *form, size_t form_len, const char *folded, size_t len)
{
	size_t head = 0, tail = 0, least = len < form_len ? len : form_len;

	if (len + 1 < form_len || len > form_len + 1) return false;
	while (head < least && fits(form[head], folded[head])) head++;
	while (tail < least && fits(form[form_len - 1 - tail], folded[len - 1 - tail])) tail++;
	if (len != form_len) return head + tail >= least;
	if (head + tail + 1 >= len) return true;
	return head + tail + 2 == len && fits(form[head], folded[head + 1]) && fits(form[head + 1], folded[head]);
}

bool match_forms_like(const struct match_forms *forms, const char *folded, size_t len, bool grouped)
{
	if (forms == NULL || len + 1 < MATCH_FORM_CHARS_MIN) return false;
	for (uint32_t i = 0; i < forms->count; i++) {
		const char *form = forms->items[i];
		size_t form_len = strlen(form);

		if (grouped && !is_letter(form[0])) continue;
		/* without its first letter anybody's figures would do */
		if (is_letter(form[0]) && form[0] != folded[0] && text_is_digit(folded[0])) continue;
		if (one_slip(form, form_len, folded, len)) return true;
	}
	return false;
}

/* ---- what was meant ---- */

/* What was written, and one form that it may be of. */
struct meaning {
	const char *form, *written;
	size_t len; /* bytes of what was written */
	match_form_fn *tell;
	void *context;
	bool ended;
};

/* Tells a reading that is of the form. */
static void meant(struct meaning *meaning, const char *number)
{
	char folded[MATCH_FORM_CHARS_MAX + 2];
	size_t len = match_key_fold(number, folded, sizeof(folded));

	if (meaning->ended || len != strlen(meaning->form)) return;
	for (size_t i = 0; i < len; i++)
		if (!fits(meaning->form[i], folded[i])) return;
	meaning->ended = !meaning->tell(meaning->context, number);
}

/* What was written, but for `drop` bytes at a place, where all stands that the form has there. */
static void meant_at(struct meaning *meaning, size_t at, size_t drop, size_t place)
{
	static const char digits[] = "0123456789", letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	char form = meaning->form[place];
	/* the letters of its begin are folded */
	const char only[2] = {(char)(form == '0' ? 'O' : form == '1' ? 'I' : form), '\0'};
	char number[MATCH_WRITTEN_MAX + 2];

	memcpy(number, meaning->written, at);
	memcpy(number + at + 1, meaning->written + at + drop, meaning->len - at - drop + 1);
	for (const char *c = form == DIGIT ? digits : form == LETTER ? letters : only; *c != '\0'; c++) {
		if (drop > 0 && *c == meaning->written[at]) continue;
		if (drop == 0 && at > 0 && *c == meaning->written[at - 1]) continue; /* the same as one place before */
		number[at] = *c;
		meant(meaning, number);
	}
}

static bool is_character(char c)
{
	return text_is_letter(c) || text_is_digit(c);
}

static void meant_all(struct meaning *meaning, size_t characters)
{
	const char *written = meaning->written;
	size_t form_len = strlen(meaning->form), place = 0;
	char number[MATCH_WRITTEN_MAX + 2];

	for (size_t i = 0; i <= meaning->len && !meaning->ended; i++) {
		bool here = is_character(written[i]);

		if (characters + 1 == form_len) meant_at(meaning, i, 0, place);
		if (here && characters == form_len) meant_at(meaning, i, 1, place);
		memcpy(number, written, meaning->len + 1);
		if (here && characters == form_len && is_character(written[i + 1]) && written[i] != written[i + 1]) {
			number[i] = written[i + 1];
			number[i + 1] = written[i];
			meant(meaning, number);
		}
		if (here && characters == form_len + 1 && (i == 0 || written[i] != written[i - 1])) {
			memcpy(number + i, written + i + 1, meaning->len - i);
			meant(meaning, number);
		}
		place += here;
	}
}

void match_forms_meant(const struct match_forms *forms, const char *written, match_form_fn *tell, void *context)
{
	char folded[MATCH_FORM_CHARS_MAX + 2];
	struct meaning meaning = {.written = written, .len = strlen(written), .tell = tell, .context = context};
	size_t characters = match_key_fold(written, folded, sizeof(folded));

	if (meaning.len > MATCH_WRITTEN_MAX || !match_forms_like(forms, folded, characters, false)) return;
	for (uint32_t i = 0; i < forms->count && !meaning.ended; i++) {
		meaning.form = forms->items[i];
		if (one_slip(meaning.form, strlen(meaning.form), folded, characters)) meant_all(&meaning, characters);
	}
}

/* Lines that are for no claim, as a charge of the bank: by how the bank names them. */
#include <ctype.h>
#include <string.h>

#include "settle/match_find.h"

/* Does all of the code fit the pattern? */
static bool code_fits(const char *pattern, const char *code)
{
	const char *star = NULL, *from = NULL;
	while (*code != '\0') {
		if (*pattern == '*') {
			star = ++pattern;
			from = code;
		} else if (*pattern == '?' || toupper((unsigned char)*pattern) == toupper((unsigned char)*code)) {
			pattern++;
			code++;
		} else if (star != NULL) { /* the last star takes one letter more */
			pattern = star;
			code = ++from;
		} else {
			return false;
		}
	}
	while (*pattern == '*') pattern++;
	return *pattern == '\0';
}

static bool codes_fit(const struct match_own *own, const struct match_line *line)
{
	for (uint32_t i = 0; i < own->code_count; i++) {
		for (int k = 0; k < MATCH_LINE_CODES; k++) {
			if (line->codes[k] != NULL && code_fits(own->codes[i], line->codes[k])) return true;
		}
	}
	return false;
}

/* What a payer wrote says nothing of what the bank did; of money that goes out nobody else has written. */
static bool words_fit(const struct match_own *own, const struct match_line *line)
{
	for (uint32_t i = 0; i < own->text_count; i++) {
		for (int k = 0; k < MATCH_LINE_TEXTS; k++) {
			if (line->words[k] != NULL && strcasestr(line->words[k], own->texts[i]) != NULL) return true;
		}
		if (line->amount.minor < 0 && line->text != NULL && strcasestr(line->text, own->texts[i]) != NULL)
			return true;
	}
	return false;
}

void match_find_own(struct match_find *find)
{
	const struct match_setting *setting = &find->index->setting;
	const struct match_line *line = find->line;
	for (int words = 0; words < 2 && find->answer_count == 0; words++) {
		for (uint32_t i = 0; i < setting->own_count; i++) {
			const struct match_own *own = &setting->owns[i];
			if (!(line->amount.minor < 0 ? own->out : own->in)) continue;
			if (!(words ? words_fit(own, line) : codes_fit(own, line))) continue;
			match_answer_add(find, &(struct match_answer){.kind = MATCH_OWN,
						       .things = {i},
						       .count = 1,
						       .level = words ? MATCH_LEVEL_WORDS : MATCH_LEVEL_NAMED,
						       .fit = {.fits = true, .near = true}});
		}
	}
}

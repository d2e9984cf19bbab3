/* iconv over a whole text. */
#include "ctl/charset.h"

#include <iconv.h>
#include <stdlib.h>
#include <string.h>

#define GROWTH_MAX 3 /* bytes in UTF-8 for one of another set */

static int refuse(struct fault_list *faults, const char *charset, struct text_span text, const char *at)
{
	unsigned line = 1;

	for (const char *p = text.ptr; p < at; p++) line += *p == '\n';
	fault_addf(faults, FAULT_CSV_CHARSET, charset, NULL, "%u", line);
	return ERR_INVALID;
}

/* iconv_open takes "GBK//IGNORE", which leaves out what it cannot read. */
static bool is_name(const char *charset)
{
	return *charset != '\0' &&
	       strspn(charset, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:") == strlen(charset);
}

int charset_to_utf8(const char *charset, struct text_span text, struct arena *arena, struct fault_list *faults,
	struct text_span *ret_text)
{
	size_t room = text.len * GROWTH_MAX + 16;
	size_t left = text.len;
	/* iconv does not write through it */
	char *in = (char *)(uintptr_t)text.ptr;
	char *start;
	char *out;
	iconv_t change;
	size_t done;

	if (text_equal_nocase(text_of(charset), TEXT("utf-8"))) {
		*ret_text = text;
		return 0;
	}
	change = is_name(charset) ? iconv_open("UTF-8", charset) : (iconv_t)-1;
	if (change == (iconv_t)-1) return err_set(ERR_NOTFOUND, "there is no character set \"%s\"", charset);
	start = out = zf_alloc(&arena->zf, room);
	done = out == NULL ? (size_t)-1 : iconv(change, &in, &left, &out, &room);
	if (done != (size_t)-1) done = iconv(change, NULL, NULL, &out, &room);
	(void)iconv_close(change);
	if (start == NULL) return err_set(ERR_NOMEM, "no memory for the text");
	if (done == (size_t)-1 || left > 0) return refuse(faults, charset, text, in);
	*ret_text = (struct text_span){start, (size_t)(out - start)};
	return 0;
}

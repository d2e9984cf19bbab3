/* Nothing is left out or guessed. */
#include "settle/file_text.h"

#include <string.h>

#define GROWTH_MAX 3 /* bytes in UTF-8 for one of another character set */

int file_text(enum charset_kind kind, struct bytes bytes, struct arena *arena, struct fault_list *faults,
	struct text_span *ret_text)
{
	const char *start = (const char *)bytes.ptr;
	const char *at = start;
	size_t left = bytes.len;
	struct charset charset;
	struct text_span text;
	unsigned line = 1;
	char *out;
	int r;

	*ret_text = (struct text_span){start, bytes.len};
	if (kind == CHARSET_UTF8) return 0;
	out = zf_alloc(&arena->zf, GROWTH_MAX * bytes.len + 1);
	if (out == NULL) return err_set(ERR_NOMEM, "no memory for the text");
	if (charset_open(&charset, kind) != 0)
		return err_set(ERR_SYS, "this system does not know %s", charset_name(kind));
	text = (struct text_span){out, 0};
	do {
		struct text_span piece;

		r = charset_next(&charset, &at, &left, &piece);
		memcpy(out + text.len, piece.ptr, piece.len);
		text.len += piece.len;
	} while (r == 0 && left > 0);
	if (charset_is_cut(&charset)) r = ERR_INVALID;
	charset_close(&charset);
	*ret_text = text;
	if (r == 0) return 0;
	for (const char *p = start; p < at; p++) line += *p == '\n';
	fault_addf(faults, FAULT_CSV_CHARSET, charset_name(kind), NULL, "%u", line);
	return ERR_INVALID;
}

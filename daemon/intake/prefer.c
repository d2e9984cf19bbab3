/* Preferences are separated by commas; parameters behind a semicolon are not used here but by clients that write one
 * for the other, so both separate. */
#include "intake/prefer.h"

#include <string.h>
#include <strings.h>

#include "lib/text.h"

static uint32_t seconds_of(struct text_span text)
{
	int64_t value;
	if (text_to_int64(text, &value) != 0) return 0;
	return value > PREFER_WAIT_MAX_S ? PREFER_WAIT_MAX_S : (uint32_t)value;
}

static bool is_value(struct text_span text, const char *word)
{
	return text_equal_nocase(text, text_of(word));
}

static void take(struct prefer *prefer, struct text_span part)
{
	const char *equals = memchr(part.ptr, '=', part.len);
	struct text_span name = part, value = {NULL, 0};
	if (equals != NULL) {
		name = text_trim((struct text_span){part.ptr, (size_t)(equals - part.ptr)});
		value = text_trim((struct text_span){equals + 1, (size_t)(part.ptr + part.len - equals - 1)});
		if (value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"')
			value = (struct text_span){value.ptr + 1, value.len - 2};
	}
	if (is_value(name, "respond-async")) prefer->async = true;
	if (is_value(name, "wait")) prefer->wait_s = seconds_of(value);
	if (!is_value(name, "return")) return;
	if (is_value(value, "minimal")) prefer->what = PREFER_MINIMAL;
	if (is_value(value, "representation")) prefer->what = PREFER_REPRESENTATION;
	if (is_value(value, "OperationOutcome")) prefer->what = PREFER_OUTCOME;
}

struct prefer prefer_parse(const char *value)
{
	struct prefer prefer = {.what = PREFER_DEFAULT};
	while (value != NULL && *value != '\0') {
		size_t len = strcspn(value, ",;");
		struct text_span part = text_trim((struct text_span){value, len});
		if (part.len > 0) take(&prefer, part);
		value += len;
		if (*value != '\0') value++;
	}
	return prefer;
}

/* Lines of CSV. */
#include "ctl/report_csv.h"

#include <inttypes.h>
#include <string.h>

#include "lib/csv.h"
#include "lib/text.h"

static void report_csv_text(FILE *out, const char *text)
{
	bool guarded = csv_formula(text);
	size_t len = strlen(text);
	bool quoted =
		guarded || strpbrk(text, ",\"\r\n") != NULL || (len > 0 && (text[0] == ' ' || text[len - 1] == ' '));

	if (quoted) (void)fputc('"', out);
	if (guarded) (void)fputc('\'', out);
	for (const char *p = text; *p != '\0'; p++) {
		if (*p == '"') (void)fputc('"', out);
		/* what a terminal would obey has no business in a list */
		(void)fputc((unsigned char)*p < 0x20 && *p != '\n' && *p != '\t' ? '?' : *p, out);
	}
	if (quoted) (void)fputc('"', out);
}

void report_csv_title(FILE *out, const char *key, bool money, bool first)
{
	(void)fprintf(out, "%s%s", first ? "" : ",", key);
	if (money) (void)fprintf(out, ",%s_currency", key);
}

void report_csv_value(FILE *out, const json_t *value, bool money, bool first)
{
	if (!first) (void)fputc(',', out);
	if (json_is_object(value)) {
		const char *amount = json_string_value(json_object_get(value, "amount"));
		const char *currency = json_string_value(json_object_get(value, "currency"));

		(void)fprintf(out, "%s,%s", amount != NULL ? amount : "", currency != NULL ? currency : "");
		return;
	}
	if (json_is_string(value))
		report_csv_text(out, json_string_value(value));
	else if (json_is_integer(value))
		(void)fprintf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	else if (json_is_boolean(value))
		(void)fputs(json_is_true(value) ? "true" : "false", out);
	if (money) (void)fputc(',', out);
}

void report_csv_end(FILE *out)
{
	(void)fputs("\r\n", out);
}

void report_csv_object(FILE *out, const json_t *object)
{
	const char *key;
	json_t *value;

	(void)fputs("field,value,currency", out);
	report_csv_end(out);
	json_object_foreach((json_t *)object, key, value)
	{
		if (json_is_array(value) || (json_is_object(value) && json_object_get(value, "currency") == NULL))
			continue;
		report_csv_text(out, key);
		report_csv_value(out, value, true, false);
		report_csv_end(out);
	}
}

/* Prints a table for people: as a commented sample file and as the option list of a manual page. */
#include <string.h>

#include "base/conf.h"

#define SAMPLE_COLUMNS 100
#define MAN_COLUMNS 78

/* Help text as comment lines, broken between words. */
static void comment_print(FILE *file, const char *indent, const char *text)
{
	size_t column = 0;

	while (*text != '\0') {
		size_t word = strcspn(text, " ");
		if (column > 0 && column + 1 + word > SAMPLE_COLUMNS) {
			fputc('\n', file);
			column = 0;
		}
		column += (size_t)fprintf(file, column == 0 ? "%s## " : "%s ", column == 0 ? indent : "");
		column += (size_t)fprintf(file, "%.*s", (int)word, text);
		text += word;
		text += strspn(text, " ");
	}
	fputc('\n', file);
}

static const char *type_name(const struct conf_option *option)
{
	switch (option->type) {
	case CONF_HEADING:
		break;
	case CONF_BOOL:
		return "true or false";
	case CONF_INT:
		return "number";
	case CONF_STRING:
		return "string";
	case CONF_PATH:
		return "path";
	case CONF_SECRET:
		return "secret";
	case CONF_STRINGS:
		return "list of strings";
	case CONF_HOSTS:
		return "list of \"HOST:PORT\"";
	case CONF_ENUM:
		return "word";
	case CONF_GROUP:
		return "group";
	case CONF_GROUPS:
		return "list of groups";
	case CONF_MAP:
		return "map";
	}
	return "";
}

/* "From 1 to 64; required; taken over on reload." and so on; the same words in both forms. */
static void facts_format(const struct conf_option *option, char *text, size_t size)
{
	size_t len = 0;
	bool ranged = option->type == CONF_INT && (option->min != 0 || option->max != 0);

	text[0] = '\0';
	if (ranged) {
		len += (size_t)snprintf(
			text + len, size - len, "From %lld to %lld; ", (long long)option->min, (long long)option->max);
	}
	if (option->type == CONF_ENUM) {
		len += (size_t)snprintf(text + len, size - len, "One of");
		for (int i = 0; option->names[i] != NULL && len < size; i++) {
			len += (size_t)snprintf(text + len, size - len, "%s %s", i == 0 ? "" : ",", option->names[i]);
		}
		if (len < size) len += (size_t)snprintf(text + len, size - len, "; ");
	}
	if (len >= size) return;
	len += (size_t)snprintf(
		text + len, size - len, "%s", (option->flags & CONF_REQUIRED) != 0 ? "must be set; " : "");
	snprintf(text + len, size - len, "%s.",
		(option->flags & CONF_RELOADABLE) != 0 ? "taken over on reload" : "a change needs a restart");
	if (text[0] >= 'a' && text[0] <= 'z') text[0] = (char)(text[0] - 'a' + 'A');
}

static void table_print_sample(FILE *file, const struct conf_table *table, const char *indent, bool commented)
{
	char facts[512];
	char deeper[16];

	snprintf(deeper, sizeof(deeper), "%s    ", indent);
	for (size_t i = 0; i < table->option_count; i++) {
		const struct conf_option *option = &table->options[i];
		bool set = (option->flags & CONF_REQUIRED) != 0 && !commented;
		const char *value = option->fallback != NULL ? option->fallback : option->sample;
		if (i > 0) fputc('\n', file);
		if (option->type == CONF_HEADING) {
			fprintf(file, "%s## ---- %s ----\n", indent, option->help);
			continue;
		}
		facts_format(option, facts, sizeof(facts));
		comment_print(file, indent, option->help);
		fprintf(file, "%s## (%s) %s%s\n", indent, type_name(option), facts,
			option->fallback == NULL && (option->flags & CONF_REQUIRED) == 0 ? " No default." : "");
		fprintf(file, "%s%s%s = %s;\n", indent, set ? "" : "# ", option->name, value == NULL ? "..." : value);
		if (option->group == NULL || option->group == table || strlen(indent) >= 8) continue;
		fprintf(file, "%s## Inside %s:\n", indent, option->name);
		table_print_sample(file, option->group, deeper, true);
	}
}

void conf_print_sample(FILE *file, const struct conf_table *table)
{
	table_print_sample(file, table, "", false);
}

/* One word for mdoc: a backslash is its escape, a double quote would group the arguments of a macro, and a line must
 * not begin with a dot or an apostrophe. Returns the columns it took. */
static size_t man_word(FILE *file, const char *word, size_t len, bool line_start)
{
	size_t columns = len;

	if (line_start && (*word == '.' || *word == '\'')) columns += (size_t)fprintf(file, "\\&");
	for (size_t i = 0; i < len; i++) {
		if (word[i] == '\\') {
			fputs("\\e", file);
		} else if (word[i] == '"') {
			fputs("\\(dq", file);
		} else {
			fputc(word[i], file);
		}
	}
	return columns;
}

/* Arguments of a macro that stands on the line already. */
static void man_arguments(FILE *file, const char *text)
{
	man_word(file, text, strlen(text), false);
	fputc('\n', file);
}

/* A sentence ends a line, so that troff spaces it. */
void conf_man_text(FILE *file, const char *text)
{
	size_t column = 0;

	while (*text != '\0') {
		size_t word = strcspn(text, " ");
		if (column > 0 && column + 1 + word > MAN_COLUMNS) {
			fputc('\n', file);
			column = 0;
		}
		if (column > 0) column += (size_t)fprintf(file, " ");
		column += man_word(file, text, word, column == 0);
		if (word > 0 && (text[word - 1] == '.' || text[word - 1] == '?') && text[word] == ' ') {
			fputc('\n', file);
			column = 0;
		}
		text += word;
		text += strspn(text, " ");
	}
	fputc('\n', file);
}

static void table_print_man(FILE *file, const struct conf_table *table, int depth)
{
	char facts[512];

	fprintf(file, ".Bl -tag -width Ds\n");
	for (size_t i = 0; i < table->option_count; i++) {
		const struct conf_option *option = &table->options[i];
		if (option->type == CONF_HEADING) {
			fprintf(file, ".El\n.%s %s\n.Bl -tag -width Ds\n", depth == 0 ? "Ss" : "Pp\n.Em", option->help);
			continue;
		}
		fprintf(file, ".It Ic %s No = Ar ", option->name);
		man_arguments(file, type_name(option));
		conf_man_text(file, option->help);
		facts_format(option, facts, sizeof(facts));
		conf_man_text(file, facts);
		if (option->fallback != NULL) {
			fprintf(file, "Default:\n.Li ");
			man_arguments(file, option->fallback);
		} else if ((option->flags & CONF_REQUIRED) == 0) {
			fprintf(file, "No default.\n");
		}
		if (option->group != NULL && option->group != table && depth < 2)
			table_print_man(file, option->group, depth + 1);
	}
	fprintf(file, ".El\n");
}

void conf_print_man(FILE *file, const struct conf_table *table)
{
	/* An empty list is an error in mdoc; a table that begins with a heading would make one. */
	const struct conf_option *first = &table->options[0];
	struct conf_table rest = *table;

	if (table->option_count > 0 && first->type == CONF_HEADING) {
		fprintf(file, ".Ss %s\n", first->help);
		rest.options++;
		rest.option_count--;
	}
	table_print_man(file, &rest, 0);
}

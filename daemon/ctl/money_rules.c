/* zhifuctl money rules: the table of posting rules for finance to read, and the ledger held to it. */
#include <string.h>

#include "ctl/books.h"
#include "ctl/report.h"
#include "db/sync.h"
#include "settle/posting_rule.h"

/* "SUSP or CONV". */
static struct cell cell_template(const struct ctl *ctl, const char *template, const char *others)
{
	char text[160];
	size_t n = (size_t)snprintf(text, sizeof(text), "%s", template);

	while (others != NULL && *others != '\0' && n < sizeof(text)) {
		size_t len = strcspn(others, " ");

		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%.*s", say(ctl, " or ", " 或 "), (int)len, others);
		others += len + strspn(others + len, " ");
	}
	return cell_text(text);
}

static int rules_list(struct ctl *ctl, int argc, char **argv)
{
	const struct column columns[] = {{"rule", say(ctl, "rule", "规则")}, {"debit", say(ctl, "debit", "借方")},
		{"credit", say(ctl, "credit", "贷方")}, {"either", say(ctl, "or back", "可反向")},
		{"why", say(ctl, "why", "说明")}};
	const char *words[CTL_WORDS_MAX];
	struct report report;
	struct table table;
	size_t count;
	const struct posting_rule *rules = posting_rules(&count);
	int r = ctl_arguments(argc, argv, NULL, 0, 0, words);

	if (r != 0) return r;
	report_begin(&report, ctl);
	table_begin(&table, columns, ARRAY_LEN(columns));
	for (size_t i = 0; i < count; i++) {
		table_add(&table, cell_text(rules[i].name));
		table_add(&table, cell_template(ctl, rules[i].debit, rules[i].debit_or));
		table_add(&table, cell_template(ctl, rules[i].credit, rules[i].credit_or));
		table_add(&table, cell_bool(!rules[i].one_way));
		table_add(&table, cell_text(ctl->chinese ? rules[i].why_zh : rules[i].why));
	}
	table_end(&table, &report, "rules", NULL, NULL);
	return report_end(&report, 0);
}

/* ---- check ---- */

static int rules_check(struct ctl *ctl, int argc, char **argv)
{
	const struct column columns[] = {{"hospital", say(ctl, "hospital", "医院")}, {"rule", say(ctl, "rule", "规则")},
		{"debit", say(ctl, "debit", "借方")}, {"credit", say(ctl, "credit", "贷方")},
		{"postings", say(ctl, "postings", "分录数")}, {"entry", say(ctl, "such as", "例")}};
	const char *code = NULL;
	const struct ctl_option options[] = {{"--hospital", &code, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	struct books books CLEANUP(books_close) = {0};
	struct report report;
	struct table table;
	int64_t strange = 0;
	int r = ctl_arguments(argc, argv, options, 0, 0, words);

	if (r == 0) r = books_open(ctl, code, &books);
	if (r != 0) return r;
	report_begin(&report, ctl);
	table_begin(&table, columns, ARRAY_LEN(columns));
	for (uint32_t i = 0; r == 0 && i < books.count; i++) {
		struct pg_result *rows = NULL;

		r = ctl_begin(ctl, &books.hospitals[i].id, false);
		if (r == 0) r = ctl_query(ctl, &rows, POSTING_RULES_SQL, "u", &books.hospitals[i].id);
		if (r == 0) r = ctl_commit(ctl);
		for (int row = 0; r == 0 && row < db_rows_count(rows); row++) {
			struct uuid entry = db_rows_uuid(rows, row, 4);

			if (posting_known(
				    db_rows_text(rows, row, 0), db_rows_text(rows, row, 1), db_rows_text(rows, row, 2)))
				continue;
			strange++;
			table_add(&table, cell_text(books.hospitals[i].code));
			for (int k = 0; k < 3; k++) table_add(&table, cell_text(db_rows_text(rows, row, k)));
			table_add(&table, cell_int(db_rows_int(rows, row, 3)));
			table_add(&table, cell_uuid(&entry));
		}
		db_sync_rows_free(rows);
	}
	table_end(&table, &report, "strange", NULL,
		say(ctl, "every posting is as the table says", "所有分录均符合记账规则"));
	if (r < 0) {
		json_decref(report.root);
		return ctl_fail("could not read the ledger");
	}
	report_field(&report, "fits", NULL, cell_bool(strange == 0));
	return report_end(&report, strange == 0 ? 0 : 1);
}

const struct ctl_command money_rules_commands[] = {
	{"money rules list", "", "the posting rules: what each event moves between which accounts, and why", 0,
		rules_list},
	{"money rules check", "[--hospital CODE]", "every posting of the ledger held to that table",
		CTL_CONFIG | CTL_DB, rules_check},
	{NULL, NULL, NULL, 0, NULL},
};

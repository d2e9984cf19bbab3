/* zhifuctl: what its commands share. A command reads its own arguments, talks to the database and prints a table for
 * people or, with --json, one JSON value for programs. */
#ifndef CTL_CTL_H
#define CTL_CTL_H

#include <stdio.h>

#include "base/core.h"
#include "base/id.h"
#include "base/mem.h"

struct options;
struct keyring;
struct directory;
struct hospital;
struct db_sync;
struct pg_result;
struct zf_money;

struct ctl {
	const char *config_path;
	bool json;         /* for programs; also where the form is CSV */
	bool csv;          /* lists as CSV: report_csv.h */
	bool chinese;      /* --zh: states, actions and headings in Chinese */
	const char *login; /* the person of the operating system's login; NULL: unknown */
	const char *who;   /* the person who acts, for the record: --who, else login, else $USER; NULL: unknown */
	const char
		*pass; /* an inspector's, --inspector: only reports are read, with no other rights; NULL: an operator */
	const char *asked; /* the command as it was given, for the record of an inspector's looks */
	/* filled as far as the command's needs say */
	struct config *config;
	const struct options *options;
	const struct keyring *keyring;
	const struct directory *directory;
	struct db_sync *db; /* as zhifu_operator, but for migrate; as zhifu_inspector with a pass */
};

enum ctl_need {
	CTL_CONFIG = 1, /* configuration, keys, directory */
	CTL_DB = 2,     /* a database connection as zhifu_operator */
	CTL_OWNER = 4,  /* a database connection as whoever owns the schema */
	CTL_REPORT = 8, /* an inspector may run it */
};

/* One command: one to three words ("migrate", "claim show", "money rate set"). run gets the words after it and returns
 * the exit status: 0 done, 1 failed or not found, 2 wrong usage. */
struct ctl_command {
	const char *name;
	const char *arguments; /* for the usage: "REF" */
	const char *help;
	unsigned needs;
	int (*run)(struct ctl *ctl, int argc, char **argv);
};

/* Each ends with name == NULL. One table per file of commands. */
extern const struct ctl_command migrate_commands[];
extern const struct ctl_command claim_commands[];
extern const struct ctl_command claim_act_commands[];
extern const struct ctl_command message_commands[];
extern const struct ctl_command queue_commands[];
extern const struct ctl_command insurer_commands[];
extern const struct ctl_command ledger_commands[];
extern const struct ctl_command money_rate_commands[];
extern const struct ctl_command money_contract_commands[];
extern const struct ctl_command money_price_commands[];
extern const struct ctl_command money_receivable_commands[];
extern const struct ctl_command export_commands[];
extern const struct ctl_command money_bank_commands[];
extern const struct ctl_command money_report_commands[];
extern const struct ctl_command money_work_commands[];
extern const struct ctl_command inspector_commands[];
extern const struct ctl_command money_close_commands[];
extern const struct ctl_command money_proof_commands[];
extern const struct ctl_command money_limitation_commands[];
extern const struct ctl_command money_undo_commands[];
extern const struct ctl_command money_books_commands[];
extern const struct ctl_command money_concession_commands[];
extern const struct ctl_command money_dispute_commands[];
extern const struct ctl_command money_said_commands[];
extern const struct ctl_command money_remittance_commands[];
extern const struct ctl_command money_export_commands[];
extern const struct ctl_command money_declaration_commands[];
extern const struct ctl_command money_match_commands[];
extern const struct ctl_command money_classify_commands[];
extern const struct ctl_command money_payer_commands[];
extern const struct ctl_command money_patient_commands[];
extern const struct ctl_command money_acquirer_commands[];
extern const struct ctl_command money_coordination_commands[];
extern const struct ctl_command money_rules_commands[];
extern const struct ctl_command key_commands[];
extern const struct ctl_command check_commands[];
extern const struct ctl_command status_commands[];
extern const struct ctl_command adapter_commands[];

/* The last error as one line on standard error; returns 1. */
int ctl_fail(const char *what);
/* The same of a change that may be given again as it is: an ending that is not known (ERR_UNKNOWN) is told as such. */
int ctl_fail_act(const struct ctl *ctl, int code, const char *what);
#define CTL_EXIT_UNKNOWN 3
#define CTL_LOGIN_SIZE 65
/* A wrong use of a command as one line on standard error; returns 2. */
int ctl_usage(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* Are notes for people to go to standard error? Where the output is JSON it says all of it itself. */
static inline bool ctl_notes(const struct ctl *ctl)
{
	return !ctl->json || ctl->csv;
}

static inline const char *say(const struct ctl *ctl, const char *english, const char *chinese)
{
	return ctl->chinese ? chinese : english;
}

/* ---- arguments ---- */

/* An option of a command: with a value ("--why TEXT") or without. */
struct ctl_option {
	const char *name;
	const char **value; /* set to the word that follows; or */
	bool *flag;         /* set to true */
};

#define CTL_WORDS_MAX 40

/* Sorts the words into options (ended by name == NULL; NULL: none) and others, of which there must be min to max (at
 * most CTL_WORDS_MAX); those missing are NULL. Returns 0, or 2 after it has said what is wrong. */
int ctl_arguments(int argc, char **argv, const struct ctl_option *options, int min, int max,
	const char *ret_words[CTL_WORDS_MAX]) MUSTUSE;
/* A number of at least 1 and at most max; NULL leaves it untouched. Returns 0, or 2 after it has said what is wrong. */
int ctl_number(const char *option, const char *text, int64_t max, int64_t *ret_number) MUSTUSE;
/* A day ("2026-11-21") as days since 1970; NULL gives `otherwise`. Returns 0, or 2 after it has said what is wrong. */
int ctl_day(const char *option, const char *text, int32_t otherwise, int32_t *ret_day) MUSTUSE;
/* An amount of a currency, not negative. Returns 0, or 2 after it has said what is wrong. */
int ctl_amount(const char *text, const char *currency, struct zf_money *ret) MUSTUSE;
/* "6", "6.5" of a hundred as hundredths of a per cent; NULL gives 0. Returns 0, or 2 after it has said what is wrong.
 */
int ctl_percent(const char *option, const char *text, int *ret_points) MUSTUSE;
/* A whole file, or standard input for "-". ERR_SYS, ERR_NOMEM; ERR_LIMIT: it has more than bytes_max. */
int ctl_file_read(const char *path, size_t bytes_max, struct arena *arena, struct bytes *ret_bytes) MUSTUSE;
/* Whoever changes something must be known. Returns 0, or 2 after it has said what is missing. */
int ctl_known(const struct ctl *ctl) MUSTUSE;
/* And say why. Returns 0, or 2 after it has said what is missing. */
int ctl_accountable(const struct ctl *ctl, const char *why) MUSTUSE;

/* And is who the system says, unless the configuration lets --who say it: for acts with a limit, and those that need a
 * second person. Returns 0, or 2 after it has said what is wrong. */
int ctl_himself(const struct ctl *ctl) MUSTUSE;
/* The login's user: as the kernel has it of the session, which no sudo changes; else of root the one who called sudo;
 * else the process's. NULL: it has no name. */
const char *ctl_login(char ret_name[CTL_LOGIN_SIZE]);

/* ---- the database ---- */

/* One statement. types has a letter for each value that follows: u const struct uuid * (NULL allowed), t const char *
 * (NULL allowed), i int64_t as bigint, n int as integer, s int as smallint, b int as boolean, y struct bytes as bytea,
 * d int32_t days as date, m int64_t wall milliseconds as timestamptz. Returns owned rows: db_sync_rows_free. */
int ctl_query(struct ctl *ctl, struct pg_result **ret_rows, const char *sql, const char *types, ...) MUSTUSE;
/* Begins a transaction that sees the rows of one hospital; only reading ones see one state of the database. */
int ctl_begin(struct ctl *ctl, const struct uuid *hospital, bool writes) MUSTUSE;
/* ERR_UNKNOWN: the connection was lost in it. */
int ctl_commit(struct ctl *ctl) MUSTUSE;
void ctl_rollback(struct ctl *ctl);

/* The hospital of a code; with NULL and just one configured, that one. NULL after it has said what is wrong. */
const struct hospital *ctl_hospital(const struct ctl *ctl, const char *code);
/* The hospital in front of a claim's ref. NULL after it has said what is wrong. */
const struct hospital *ctl_hospital_of_ref(const struct ctl *ctl, const char *ref);
/* Loops over hospitals: the one of `code`, or all for NULL. index begins at 0; NULL at the end. */
const struct hospital *ctl_hospital_next(const struct ctl *ctl, const char *code, uint32_t *index);
/* Its day now. */
int32_t ctl_today(const struct hospital *hospital);

/* ---- an act on one thing ---- */

/* How it begins: ID [WORD...] [--hospital CODE] [--why TEXT]. */
struct ctl_opening {
	const struct hospital *hospital;
	struct uuid id;                   /* the first word */
	const char *words[CTL_WORDS_MAX]; /* all of them */
	const char *why;
};

enum ctl_why { CTL_WHY_NEEDED, CTL_WHY_OPTIONAL, CTL_WHY_NONE };

/* What it needs. */
struct ctl_opens {
	const char *id; /* whose the first word is, and who tells it: "order's id: money order list shows them" */
	int min, max;   /* words, the id with them */
	enum ctl_why why;
	const struct ctl_option *more; /* options besides, ended by name == NULL; NULL: none */
};

/* Returns 0, or 2 after it has said what is wrong. */
int ctl_opening(struct ctl *ctl, int argc, char **argv, const struct ctl_opens *opens, struct ctl_opening *ret) MUSTUSE;

#endif

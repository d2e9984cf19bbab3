/* zhifuctl: the command line of operators and finance. main() finds the command, gives it what it needs, and runs it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/log.h"
#include "base/options.h"
#include "base/point.h"
#include "ctl/ctl.h"
#include "db/sync.h"
#include "model/config.h"
#include "model/directory.h"

#define CONFIG_DEFAULT "/etc/zhifu/zhifud.conf"
#define FAULTS_BYTES_MAX (16u << 20)
#define LINE_BYTES 1024 /* of a pass, and of what was asked */

static const struct ctl_command *const tables[] = {status_commands, claim_commands, claim_act_commands,
	message_commands, queue_commands, insurer_commands, ledger_commands, export_commands, money_bank_commands,
	money_remittance_commands, money_rate_commands, money_contract_commands, money_price_commands,
	money_receivable_commands, money_match_commands, money_classify_commands, money_payer_commands,
	money_patient_commands, money_acquirer_commands, money_coordination_commands, money_close_commands,
	money_proof_commands, money_limitation_commands, money_undo_commands, money_books_commands,
	money_concession_commands, money_dispute_commands, money_said_commands, money_rules_commands,
	money_report_commands, money_work_commands, inspector_commands, key_commands, money_export_commands,
	money_declaration_commands, check_commands, adapter_commands, migrate_commands};

static void usage(FILE *out)
{
	(void)fprintf(out,
		"usage: zhifuctl [--config FILE] COMMAND [ARGUMENT...] [--json|--csv] [--zh] [--who NAME] [--inspector FILE]\n\n");
	for (size_t t = 0; t < ARRAY_LEN(tables); t++)
		for (const struct ctl_command *command = tables[t]; command->name != NULL; command++)
			(void)fprintf(
				out, "  zhifuctl %s %s\n      %s\n", command->name, command->arguments, command->help);
}

/* The command whose words argv begins with; the longest name wins. Returns how many words it took, 0 for none. */
static int command_find(int argc, char **argv, const struct ctl_command **ret_command)
{
	int best = 0;

	for (size_t t = 0; t < ARRAY_LEN(tables); t++) {
		for (const struct ctl_command *command = tables[t]; command->name != NULL; command++) {
			const char *rest = command->name;
			int words = 0;

			while (*rest != '\0' && words < argc) {
				size_t len = strcspn(rest, " ");

				if (strlen(argv[words]) != len || memcmp(argv[words], rest, len) != 0) break;
				words++;
				rest += len;
				if (*rest == ' ') rest++;
			}
			if (*rest == '\0' && words > best) {
				best = words;
				*ret_command = command;
			}
		}
	}
	return best;
}

/* A broken hospital or insurer keeps the daemon's old configuration in force, and must not take the tools away from
 * whoever is to see what runs: it is told and left out. */
static int config_read(struct ctl *ctl)
{
	struct arena arena CLEANUP(arena_free);
	struct conf_faults faults = {.arena = &arena};
	bool goes_on;
	int r;

	arena_init(&arena, FAULTS_BYTES_MAX);
	r = config_try(ctl->config_path, &faults, &ctl->config);
	goes_on = r == ERR_INVALID && ctl->config->directory != NULL && faults.count < CONF_FAULTS_MAX &&
		  directory_sound_only(ctl->config->directory, &faults) == faults.count;
	for (size_t i = 0; i < faults.count; i++)
		(void)fprintf(
			stderr, goes_on ? "zhifuctl: warning: %s; this file is left out\n" : "%s\n", faults.items[i]);
	return goes_on ? 0 : r;
}

static int needs_fill(struct ctl *ctl, unsigned needs)
{
	int r;

	if (needs == 0) return 0;
	r = config_read(ctl);
	if (r < 0) return r;
	ctl->options = ctl->config->options;
	ctl->keyring = ctl->config->keyring;
	ctl->directory = ctl->config->directory;
	if ((needs & (CTL_DB | CTL_OWNER)) == 0) return 0;
	r = db_sync_open(ctl->options->database_ctl.text, "ctl", &ctl->db);
	/* Everything but migrating has only an operator's or an inspector's rights, whoever logged in. */
	if (r == 0 && (needs & CTL_OWNER) == 0)
		r = db_sync_script(ctl->db, ctl->pass != NULL
						    ? "SET ROLE zhifu_inspector; SET search_path = zhifu, pg_temp"
						    : "SET ROLE zhifu_operator; SET search_path = zhifu, pg_temp");
	if (r == 0 && (needs & CTL_OWNER) == 0) r = db_sync_own(ctl->db);
	return r;
}

/* What every command takes. The rest goes to words; returns how many. */
static int options_take(int argc, char **argv, struct ctl *ctl, const char **ret_inspector, char **words)
{
	int count = 0;

	ctl->config_path = getenv("ZHIFU_CONFIG");
	if (ctl->config_path == NULL) ctl->config_path = CONFIG_DEFAULT;
	ctl->who = ctl->login;
	if (ctl->who == NULL) ctl->who = getenv("USER");
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--config") == 0 && i + 1 < argc)
			ctl->config_path = argv[++i];
		else if (strcmp(argv[i], "--json") == 0)
			ctl->json = true;
		else if (strcmp(argv[i], "--csv") == 0)
			ctl->json = ctl->csv = true;
		else if (strcmp(argv[i], "--zh") == 0)
			ctl->chinese = true;
		else if (strcmp(argv[i], "--who") == 0 && i + 1 < argc)
			ctl->who = argv[++i];
		else if (strcmp(argv[i], "--inspector") == 0 && i + 1 < argc)
			*ret_inspector = argv[++i];
		else
			words[count++] = argv[i];
	}
	return count;
}

/* An inspector's pass is the first line of a file, and what was asked goes on record. Returns 0, or 2 after it has said
 * what is wrong. */
static int inspector_take(const struct ctl_command *command, const char *path, int count, char **words,
	char pass[LINE_BYTES], char asked[LINE_BYTES])
{
	FILE *file;
	size_t len = 0;

	if ((command->needs & CTL_REPORT) == 0)
		return ctl_usage("an inspector reads reports: zhifuctl money report ...");
	file = fopen(path, "re");
	if (file == NULL || fgets(pass, LINE_BYTES, file) == NULL) pass[0] = '\0';
	if (file != NULL) (void)fclose(file);
	pass[strcspn(pass, "\r\n")] = '\0';
	if (pass[0] == '\0') return ctl_usage("there is no pass in the first line of \"%s\"", path);
	asked[0] = '\0';
	for (int i = 0; i < count && len < LINE_BYTES; i++)
		len += (size_t)snprintf(asked + len, LINE_BYTES - len, "%s%s", i > 0 ? " " : "", words[i]);
	return 0;
}

int main(int argc, char **argv)
{
	char login[CTL_LOGIN_SIZE];
	struct ctl ctl = {.login = ctl_login(login)};
	const struct ctl_command *command = NULL;
	char **words = calloc((size_t)argc + 1, sizeof(*words));
	const char *inspector = NULL;
	char pass[LINE_BYTES];
	char asked[LINE_BYTES];
	int count;
	int taken;
	int status;

	POINTS_OPEN();
	log_init(STDERR_FILENO, "ctl", LOG_WARN);
	if (words == NULL) return 1;
	count = options_take(argc, argv, &ctl, &inspector, words);
	if (count == 0 || strcmp(words[0], "help") == 0 || strcmp(words[0], "--help") == 0) {
		usage(count == 0 ? stderr : stdout);
		free(words);
		return count == 0 ? 2 : 0;
	}
	taken = command_find(count, words, &command);
	if (taken == 0) {
		(void)fprintf(stderr, "zhifuctl: no command \"%s\"; zhifuctl help lists them\n", words[0]);
		free(words);
		return 2;
	}
	if (inspector != NULL) {
		if (inspector_take(command, inspector, count, words, pass, asked) != 0) {
			free(words);
			return 2;
		}
		ctl.pass = pass;
		ctl.asked = asked;
	}
	status = needs_fill(&ctl, command->needs) < 0 ? ctl_fail("could not start")
						      : command->run(&ctl, count - taken, words + taken);
	db_sync_close(ctl.db);
	config_free(ctl.config);
	free(words);
	return status;
}

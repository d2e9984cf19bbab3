/* What the commands share: arguments, statements, hospitals. */
#include "ctl/ctl.h"

#include <errno.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/options.h"
#include "base/point.h"
#include "db/sync.h"
#include "lib/date.h"
#include "lib/money.h"
#include "lib/text.h"
#include "model/directory.h"

#define PARAMS_BYTES_MAX (64u << 20)
#define OPENING_OPTIONS_MAX 6

int ctl_fail(const char *what)
{
	(void)fprintf(stderr, "zhifuctl: %s: %s\n", what, err_text());
	return 1;
}

int ctl_fail_act(const struct ctl *ctl, int code, const char *what)
{
	if (code != ERR_UNKNOWN) return ctl_fail(what);
	(void)fprintf(stderr, "zhifuctl: %s: %s\n",
		say(ctl, "unknown whether it was done; repeat the same command: it is safe",
			"是否已完成未知;请原样重复该命令,不会重复入账"),
		err_text());
	return CTL_EXIT_UNKNOWN;
}

int ctl_usage(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)fputs("zhifuctl: ", stderr);
	(void)vfprintf(stderr, fmt, args);
	(void)fputc('\n', stderr);
	va_end(args);
	return 2;
}

int ctl_arguments(
	int argc, char **argv, const struct ctl_option *options, int min, int max, const char *ret_words[CTL_WORDS_MAX])
{
	int count = 0;

	assert(min >= 0 && max <= CTL_WORDS_MAX);
	for (int i = 0; i < CTL_WORDS_MAX; i++) ret_words[i] = NULL;
	for (int i = 0; i < argc; i++) {
		const struct ctl_option *option = options;

		if (strncmp(argv[i], "--", 2) != 0) {
			if (count == max) return ctl_usage("\"%s\" is one argument too many", argv[i]);
			ret_words[count++] = argv[i];
			continue;
		}
		while (option != NULL && option->name != NULL && strcmp(option->name, argv[i]) != 0) option++;
		if (option == NULL || option->name == NULL) return ctl_usage("there is no option \"%s\" here", argv[i]);
		if (option->flag != NULL) {
			*option->flag = true;
		} else {
			if (i + 1 == argc) return ctl_usage("%s needs a value", argv[i]);
			*option->value = argv[++i];
		}
	}
	if (count < min) return ctl_usage("an argument is missing; zhifuctl help shows which");
	return 0;
}

int ctl_number(const char *option, const char *text, int64_t max, int64_t *ret_number)
{
	int64_t number;

	if (text == NULL) return 0;
	if (text_to_int64(text_of(text), &number) != 0 || number < 1 || number > max)
		return ctl_usage("%s takes a number from 1 to %lld, not \"%s\"", option, (long long)max, text);
	*ret_number = number;
	return 0;
}

int ctl_day(const char *option, const char *text, int32_t otherwise, int32_t *ret_day)
{
	struct date date;

	*ret_day = otherwise;
	if (text == NULL) return 0;
	if (date_parse(text_of(text), DATE_KIND_DATE, &date) != 0 || date.precision != DATE_DAY)
		return ctl_usage("%s takes a day like 2026-11-21, not \"%s\"", option, text);
	*ret_day = (int32_t)date_days_from_civil(date.year, date.month, date.day);
	return 0;
}

int ctl_amount(const char *text, const char *currency, struct zf_money *ret)
{
	struct zf_decimal value;

	if (text != NULL && decimal_parse(text_of(text), &value) == 0 &&
		money_from_decimal(value, text_of(currency), ret) == 0 && ret->minor >= 0)
		return 0;
	return ctl_usage("\"%s\" is no amount of %s", text == NULL ? "" : text, currency);
}

int ctl_percent(const char *option, const char *text, int *ret_points)
{
	struct zf_decimal value, points;

	*ret_points = 0;
	if (text == NULL) return 0;
	if (decimal_parse(text_of(text), &value) != 0 || value.scale > 2 ||
		decimal_round(value, 2, DECIMAL_DOWN, &points) != 0 || points.unscaled < 0 || points.unscaled > 10000)
		return ctl_usage("%s: \"%s\" is no percentage, as 6 or 6.5", option, text);
	*ret_points = (int)points.unscaled;
	return 0;
}

int ctl_file_read(const char *path, size_t bytes_max, struct arena *arena, struct bytes *ret_bytes)
{
	bool standard = strcmp(path, "-") == 0;
	FILE *file = standard ? stdin : fopen(path, "re");
	uint8_t *ptr = NULL;
	size_t len = 0;
	int r = 0;

	if (file == NULL) return err_set(ERR_SYS, "could not open \"%s\": %s", path, strerror(errno));
	ptr = zf_alloc(&arena->zf, bytes_max + 1);
	if (ptr == NULL)
		r = err_set(ERR_NOMEM, "no memory for \"%s\"", path);
	else
		len = fread(ptr, 1, bytes_max + 1, file);
	if (r == 0 && ferror(file)) r = err_set(ERR_SYS, "could not read \"%s\"", path);
	if (r == 0 && len > bytes_max)
		r = err_set(ERR_LIMIT, "\"%s\" is longer than the %zu bytes that are read", path, bytes_max);
	if (!standard) (void)fclose(file);
	if (r == 0) *ret_bytes = (struct bytes){ptr, len};
	return r;
}

int ctl_known(const struct ctl *ctl)
{
	if (ctl->who == NULL || text_trim(text_of(ctl->who)).len == 0)
		return ctl_usage("this is recorded: say who you are with --who NAME");
	return 0;
}

int ctl_accountable(const struct ctl *ctl, const char *why)
{
	if (why == NULL || text_trim(text_of(why)).len == 0)
		return ctl_usage("this is recorded: say why with --why TEXT (no patient's name or number in it)");
	return ctl_known(ctl);
}

int ctl_himself(const struct ctl *ctl)
{
	int r = ctl_known(ctl);

	if (r != 0 || ctl->options->who_is_stated) return r;
	if (ctl->login == NULL)
		return ctl_usage("this has a limit or needs a second person, and the system does not know your login: "
				 "who_is_stated in the configuration lets --who say it");
	if (strcmp(ctl->who, ctl->login) != 0)
		return ctl_usage(
			"this has a limit or needs a second person: it is done as \"%s\", who is logged in, and not "
			"as \"%s\"; who_is_stated in the configuration lets --who say it",
			ctl->login, ctl->who);
	return 0;
}

/* The kernel's word for who logged in; false: it has none, as in a container. */
static bool session_uid(uid_t *ret_uid)
{
	FILE *file = fopen("/proc/self/loginuid", "re");
	char text[24] = "";
	int64_t uid;

	if (file == NULL) return false;
	if (fgets(text, sizeof(text), file) == NULL) text[0] = '\0';
	(void)fclose(file);
	if (text_to_int64(text_trim(text_of(text)), &uid) != 0 || uid < 0 || uid >= UINT32_MAX) return false;
	*ret_uid = (uid_t)uid;
	return true;
}

const char *ctl_login(char ret_name[CTL_LOGIN_SIZE])
{
	const char *sudo = getenv("SUDO_USER");
	uid_t uid = getuid();
	struct passwd entry;
	struct passwd *found = NULL;
	char text[4096];

	/* Only root's sudo is believed: anybody else may have set the variable himself. */
	if (!session_uid(&uid) && uid == 0 && sudo != NULL) {
		(void)snprintf(ret_name, CTL_LOGIN_SIZE, "%s", sudo);
		return ret_name;
	}
	if (getpwuid_r(uid, &entry, text, sizeof(text), &found) != 0 || found == NULL) return NULL;
	(void)snprintf(ret_name, CTL_LOGIN_SIZE, "%s", found->pw_name);
	return ret_name;
}

static void param_add(struct db_params *params, char type, va_list *args)
{
	switch (type) {
	case 'u':
		db_params_uuid(params, va_arg(*args, const struct uuid *));
		break;
	case 't':
		db_params_text(params, va_arg(*args, const char *));
		break;
	case 'i':
		db_params_int8(params, va_arg(*args, int64_t));
		break;
	case 'n':
		db_params_int4(params, va_arg(*args, int));
		break;
	case 's':
		db_params_int2(params, (int16_t)va_arg(*args, int));
		break;
	case 'b':
		db_params_bool(params, va_arg(*args, int) != 0);
		break;
	case 'y':
		db_params_bytes(params, va_arg(*args, struct bytes));
		break;
	case 'd':
		db_params_date(params, va_arg(*args, int32_t));
		break;
	case 'm':
		db_params_time_ms(params, va_arg(*args, int64_t));
		break;
	default:
		assert(!"no such type of parameter");
	}
}

int ctl_query(struct ctl *ctl, struct pg_result **ret_rows, const char *sql, const char *types, ...)
{
	struct arena arena CLEANUP(arena_free);
	struct db_params params;
	va_list args;

	arena_init(&arena, PARAMS_BYTES_MAX);
	db_params_init(&params, &arena);
	va_start(args, types);
	for (const char *type = types; *type != '\0'; type++) param_add(&params, *type, &args);
	va_end(args);
	int r = db_sync_query(ctl->db, sql, &params, ret_rows);
	if (r == 0) POINT("ctl.asked");
	return r;
}

int ctl_begin(struct ctl *ctl, const struct uuid *hospital, bool writes)
{
	int r = db_sync_script(ctl->db, writes ? "BEGIN" : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");

	return r < 0 ? r : db_sync_tenant(ctl->db, hospital);
}

int ctl_commit(struct ctl *ctl)
{
	int r = db_sync_script(ctl->db, "COMMIT");

	if (r == 0) POINT("ctl.after_commit");
	return r == ERR_CLOSED ? err_set(ERR_UNKNOWN, "the connection was lost in COMMIT") : r;
}

void ctl_rollback(struct ctl *ctl)
{
	(void)!db_sync_script(ctl->db, "ROLLBACK");
}

const struct hospital *ctl_hospital(const struct ctl *ctl, const char *code)
{
	const struct hospital *hospital;

	if (code == NULL && ctl->directory->hospital_count == 1) return ctl->directory->hospitals[0];
	if (code == NULL) {
		(void)ctl_usage("say which hospital with --hospital CODE");
		return NULL;
	}
	hospital = directory_hospital_code(ctl->directory, code);
	if (hospital == NULL) (void)ctl_usage("no hospital with code \"%s\" is configured", code);
	return hospital;
}

const struct hospital *ctl_hospital_of_ref(const struct ctl *ctl, const char *ref)
{
	char code[HOSPITAL_CODE_LEN + 1] = "";

	if (!ref_valid(ref)) {
		(void)ctl_usage(
			"\"%s\" is no claim's ref: 16 of 0-9 and A-Z, of which the last checks the others", ref);
		return NULL;
	}
	memcpy(code, ref, HOSPITAL_CODE_LEN);
	return ctl_hospital(ctl, code);
}

const struct hospital *ctl_hospital_next(const struct ctl *ctl, const char *code, uint32_t *index)
{
	while (*index < ctl->directory->hospital_count) {
		const struct hospital *hospital = ctl->directory->hospitals[(*index)++];

		if (code == NULL || strcmp(hospital->code, code) == 0) return hospital;
	}
	return NULL;
}

int32_t ctl_today(const struct hospital *hospital)
{
	return (int32_t)zone_day(hospital->zone, clock_wall_ms());
}

int ctl_opening(struct ctl *ctl, int argc, char **argv, const struct ctl_opens *opens, struct ctl_opening *ret)
{
	const char *code = NULL;
	struct ctl_opening opening = {.why = NULL};
	struct ctl_option options[OPENING_OPTIONS_MAX + 1] = {{"--hospital", &code, NULL}};
	size_t count = 1;
	int r;

	if (opens->why != CTL_WHY_NONE) options[count++] = (struct ctl_option){"--why", &opening.why, NULL};
	for (const struct ctl_option *o = opens->more; o != NULL && o->name != NULL; o++) {
		assert(count < OPENING_OPTIONS_MAX);
		options[count++] = *o;
	}
	r = ctl_arguments(argc, argv, options, opens->min, opens->max, opening.words);
	if (r != 0) return r;
	if (uuid_parse(opening.words[0], &opening.id) < 0)
		return ctl_usage("\"%s\" is no %s", opening.words[0], opens->id);
	opening.hospital = ctl_hospital(ctl, code);
	if (opening.hospital == NULL) return 2;
	r = opens->why == CTL_WHY_NEEDED ? ctl_accountable(ctl, opening.why) : ctl_known(ctl);
	if (r == 0) *ret = opening;
	return r;
}

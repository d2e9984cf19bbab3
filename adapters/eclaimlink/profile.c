/* Reading a profile. */
#include "eclaimlink/profile.h"

#include <stdio.h>
#include <string.h>

#include "lib/currency.h"
#include "lib/text.h"

#define KEY_BYTES_MAX 512
#define DIGITS_(number) #number
#define DIGITS(number) DIGITS_(number)

const struct zf_key eclaim_profile_keys[] = {
#define KEY(name_, type_, required_, fallback_, help_) {#name_, ZF_KEY_##type_, required_, fallback_, help_},
	ECLAIM_TEXT_KEYS(KEY) ECLAIM_BOOL_KEYS(KEY)
#undef KEY
#define KEY(name_, fallback_, least_, most_, help_) {#name_, ZF_KEY_INT, 0, DIGITS(fallback_), help_},
		ECLAIM_INT_KEYS(KEY)
#undef KEY
			{NULL, 0, 0, NULL, NULL},
};

/* What opening goes along with. Each mistake becomes a line of the error. */
struct opening {
	const struct zf_open *open;
	const char *error; /* NULL: no mistake yet */
	bool no_memory;
};

static void reject(struct opening *opening, const char *key, const char *why)
{
	const char *before = opening->error == NULL ? "" : opening->error;
	const char *text =
		text_printf(opening->open->arena, "%s%smodule.%s: %s", before, before[0] == '\0' ? "" : "\n", key, why);
	opening->no_memory = opening->no_memory || text == NULL;
	if (text != NULL) opening->error = text;
}

static const char *value_of(const struct opening *opening, const char *name)
{
	const struct zf_profile *profile = opening->open->profile;
	const char *value = profile == NULL || profile->get == NULL ? NULL : profile->get(profile, name);
	if (value != NULL) return value;
	for (const struct zf_key *key = eclaim_profile_keys; key->name != NULL; key++) {
		if (strcmp(key->name, name) == 0) return key->fallback;
	}
	return NULL;
}

static const char *text_read(struct opening *opening, const char *name)
{
	const char *value = value_of(opening, name);
	const char *copy = zf_strdup(opening->open->arena, value == NULL ? "" : value);
	opening->no_memory = opening->no_memory || copy == NULL;
	return copy == NULL ? "" : copy;
}

static bool bool_read(struct opening *opening, const char *name)
{
	const char *value = value_of(opening, name);
	if (value != NULL && strcmp(value, "true") != 0 && strcmp(value, "false") != 0) {
		reject(opening, name, "must be true or false");
	}
	return value != NULL && strcmp(value, "true") == 0;
}

static int64_t int_read(struct opening *opening, const char *name, int64_t least, int64_t most)
{
	const char *value = value_of(opening, name);
	int64_t number = 0;
	if (value == NULL || text_to_int64(text_of(value), &number) != 0 || number < least || number > most) {
		reject(opening, name, "must be a number within its bounds");
	}
	return number;
}

/* "+04:00" */
static int offset_read(struct opening *opening, const char *text)
{
	int64_t hours = 0, minutes = 0;
	bool good = strlen(text) == 6 && (text[0] == '+' || text[0] == '-') && text[3] == ':' &&
		    text_to_int64((struct text_span){text + 1, 2}, &hours) == 0 &&
		    text_to_int64((struct text_span){text + 4, 2}, &minutes) == 0 && hours <= 14 && minutes < 60;
	if (!good) reject(opening, "utc_offset", "must be like +04:00");
	return (int)(hours * 60 + minutes) * (text[0] == '-' ? -1 : 1);
}

/* "login-*" becomes "${secret:login-HZ1}". */
static const char *secret_read(struct opening *opening, const char *key, const char *name)
{
	const char *star = strchr(name, '*');
	const char *code = star == NULL ? "" : value_of(opening, "hospital.code");
	const char *text = text_printf(opening->open->arena, "${secret:%.*s%s%s}", (int)strcspn(name, "*"), name,
		code == NULL ? "" : code, star == NULL ? "" : star + 1);
	if (name[0] == '\0' || strpbrk(name, "{}$") != NULL) reject(opening, key, "must be the name of a secret");
	opening->no_memory = opening->no_memory || text == NULL;
	return text == NULL ? "" : text;
}

static bool is_licence(const char *text)
{
	return text[0] != '\0' && strpbrk(text, " \t\r\n") == NULL;
}

static void check(struct opening *opening, const struct eclaim_profile *profile)
{
	if (!is_licence(profile->sender_id)) reject(opening, "sender_id", "must be set, without blanks");
	if (!is_licence(profile->receiver_id)) reject(opening, "receiver_id", "must be set, without blanks");
	if (!is_licence(profile->payer_id)) reject(opening, "payer_id", "must be set, without blanks");
	if (strcmp(profile->disposition, "PRODUCTION") != 0 && strcmp(profile->disposition, "TEST") != 0) {
		reject(opening, "disposition", "must be PRODUCTION or TEST");
	}
	if (!currency_is_money(text_of(profile->currency))) reject(opening, "currency", "must be an ISO 4217 code");
	if (strcmp(profile->error_report, "auto") != 0 && strcmp(profile->error_report, "zip") != 0 &&
		strcmp(profile->error_report, "plain") != 0) {
		reject(opening, "error_report", "must be auto, zip or plain");
	}
}

int32_t eclaim_profile_open(
	const struct zf_open *open, const struct eclaim_profile **ret_profile, const char **ret_error)
{
	struct opening opening = {.open = open};
	struct eclaim_profile *profile = zf_alloc(open->arena, sizeof(*profile));
	if (profile == NULL) return ZF_NOMEM;
	*profile = (struct eclaim_profile){.profile = open->profile, .host = open->host, .side = open->side};
#define READ(name_, ...) profile->name_ = text_read(&opening, #name_);
	ECLAIM_TEXT_KEYS(READ)
#undef READ
#define READ(name_, ...) profile->name_ = bool_read(&opening, #name_);
	ECLAIM_BOOL_KEYS(READ)
#undef READ
#define READ(name_, fallback_, least_, most_, help_) profile->name_ = int_read(&opening, #name_, least_, most_);
	ECLAIM_INT_KEYS(READ)
#undef READ
	if (profile->provider_id[0] == '\0') profile->provider_id = profile->sender_id;
	if (profile->facility_id[0] == '\0') profile->facility_id = profile->sender_id;
	if (profile->caller_licence[0] == '\0') profile->caller_licence = profile->sender_id;
	profile->offset_minutes = offset_read(&opening, profile->utc_offset);
	profile->login = secret_read(&opening, "login", profile->login);
	profile->password = secret_read(&opening, "password", profile->password);
	check(&opening, profile);
	if (opening.no_memory) return ZF_NOMEM;
	if (opening.error != NULL) {
		*ret_error = opening.error;
		return ZF_REJECT;
	}
	*ret_profile = profile;
	return ZF_OK;
}

static const char *map_get(const struct eclaim_profile *profile, const char *map, const char *from)
{
	const struct zf_profile *given = profile->profile;
	return given == NULL || given->map == NULL || from == NULL ? NULL : given->map(given, map, from);
}

const char *eclaim_profile_map(const struct eclaim_profile *profile, const char *map, const struct eclaim_code *table,
	const struct zf_coding *coding)
{
	const char *to = NULL;
	if (coding == NULL) return NULL;
	if (coding->system != NULL && coding->code != NULL) {
		char key[KEY_BYTES_MAX];
		int len = snprintf(key, sizeof(key), "%s|%s", coding->system, coding->code);
		if (len < (int)sizeof(key)) to = map_get(profile, map, key);
	}
	if (to == NULL) to = map_get(profile, map, coding->system);
	if (to == NULL) to = map_get(profile, map, coding->code);
	for (; to == NULL && table != NULL && table->from != NULL; table++) {
		bool by_system = coding->system != NULL && strcmp(table->from, coding->system) == 0;
		if (by_system || (coding->code != NULL && strcmp(table->from, coding->code) == 0)) to = table->to;
	}
	return to;
}

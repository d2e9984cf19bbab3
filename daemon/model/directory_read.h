/* From one file of the directory to its entry. */
#ifndef MODEL_DIRECTORY_READ_H
#define MODEL_DIRECTORY_READ_H

#include "model/directory.h"

#define DIRECTORY_ZONES_MAX 1024
#define DIRECTORY_SHARED_MAX 256

/* What reading shares: memory, faults, and the zones that were loaded. */
struct reading {
	struct arena *arena;
	struct conf_faults *faults;
	struct zone *zones[DIRECTORY_ZONES_MAX];
	size_t zone_count;
	/* Charts and calendars by their paths (NULL: built in): hospitals share them, and their faults are told once.
	 */
	struct shared_chart {
		const char *path;
		const struct chart *chart;
	} charts[DIRECTORY_SHARED_MAX];
	struct shared_calendar {
		const char *path;
		const struct calendar *calendar;
	} calendars[DIRECTORY_SHARED_MAX];
	size_t chart_count, calendar_count;
};

/* code: the file's name without ".conf". ERR_INVALID: faults were added; there is an entry nevertheless, of what could
 * be read, with empty texts elsewhere. Other errors: no entry. */
int hospital_read(struct reading *reading, const char *path, const char *code, const void **ret_entry) MUSTUSE;
int insurer_read(struct reading *reading, const char *path, const char *code, const void **ret_entry) MUSTUSE;
struct conf_groups;
struct hospital_account;
/* The profile of a bank account's CSV (directory_statement.c); setting: which says its name, for faults. ERR_NOMEM. */
int statement_profile_read(struct reading *reading, const struct conf_groups *profiles, const char *path,
	const char *setting, struct hospital_account *account, const char *name) MUSTUSE;
/* A hospital's profiles of remittance advices (directory_advice.c). ERR_NOMEM. */
int advice_profiles_read(struct reading *reading, const struct conf_groups *groups, struct hospital *hospital) MUSTUSE;
/* Its profiles of rate files (directory_rate.c). ERR_NOMEM. */
int rate_profiles_read(struct reading *reading, const struct conf_groups *groups, struct hospital *hospital) MUSTUSE;

#endif

/* Hospital and insurer files to entries: forms that a table cannot express, and the files that they name. */
#include "model/directory_read.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/money.h"
#include "model/calendar.h"
#include "model/chart.h"
#include "model/directory_file.h"
#include "model/directory_form.h"
#include "model/erp_profile.h"
#include "model/validate.h"

#define SMALL_FILE_BYTES_MAX 65536

/* A whole small text file in the arena, without its last line end; a fault at the setting that names it and NULL when
 * it cannot be read. */
static char *file_text(
	struct reading *reading, const char *conf_path, const char *setting, const char *path, bool is_secret)
{
	struct stat st;
	char *text = NULL;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) != 0) {
		const char *why = strerror(errno);

		conf_fault_add(reading->faults, conf_path, conf_setting_line(conf_path, "%s", setting),
			"could not read \"%s\": %s", path, why);
	} else if (!S_ISREG(st.st_mode) || st.st_size > SMALL_FILE_BYTES_MAX) {
		conf_fault_add(reading->faults, conf_path, conf_setting_line(conf_path, "%s", setting),
			"\"%s\" is not a file of at most %d bytes", path, SMALL_FILE_BYTES_MAX);
	} else if (is_secret && (st.st_mode & 077) != 0) {
		conf_fault_add(reading->faults, conf_path, conf_setting_line(conf_path, "%s", setting),
			"\"%s\" may be read by others: chmod 600", path);
	} else {
		text = zf_alloc(&reading->arena->zf, (size_t)st.st_size + 1);
		if (text != NULL) {
			ssize_t n = read(fd, text, (size_t)st.st_size);

			if (n < 0) n = 0;
			while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r')) n--;
			text[n] = '\0';
		}
	}
	if (fd >= 0) close(fd);
	return text;
}

/* What could not be read is empty, so that the checks after it need no more care. */
static const char *or_empty(const char *text)
{
	return text == NULL ? "" : text;
}

/* "file" beside the configuration file that names it, unless it is absolute. */
static const char *path_beside(struct reading *reading, const char *conf_path, const char *name)
{
	const char *slash = strrchr(conf_path, '/');

	if (name == NULL || name[0] == '/' || slash == NULL) return name;
	return arena_printf(reading->arena, "%.*s/%s", (int)(slash - conf_path), conf_path, name);
}

static int identifiers_read(struct reading *reading, const struct conf_groups *groups,
	const struct zf_identifier *const **ret_list, uint32_t *ret_count)
{
	const struct zf_identifier **list = zf_alloc_array(&reading->arena->zf, groups->count + 1, sizeof(*list));

	if (list == NULL) return ERR_NOMEM;
	for (size_t i = 0; i < groups->count; i++) {
		const struct identifier_file *file = groups->items[i];
		struct zf_identifier *identifier = zf_alloc(&reading->arena->zf, sizeof(*identifier));

		if (identifier == NULL) return ERR_NOMEM;
		identifier->system = or_empty(file->system);
		identifier->value = or_empty(file->value);
		list[i] = identifier;
	}
	*ret_list = list;
	*ret_count = (uint32_t)groups->count;
	return 0;
}

static int code_systems_read(struct reading *reading, const struct conf_groups *groups,
	const struct validate_system **ret_list, uint32_t *ret_count)
{
	struct validate_system *list = zf_alloc_array(&reading->arena->zf, groups->count + 1, sizeof(*list));

	if (list == NULL) return ERR_NOMEM;
	for (size_t i = 0; i < groups->count; i++) list[i] = *(const struct validate_system *)groups->items[i];
	*ret_list = list;
	*ret_count = (uint32_t)groups->count;
	return 0;
}

/* ---- hospitals ---- */

static const struct zone *zone_for(struct reading *reading, const char *path, const char *name)
{
	struct zone *zone = NULL;
	int r;

	if (name == NULL) return NULL;
	for (size_t i = 0; i < reading->zone_count; i++)
		if (strcmp(zone_name(reading->zones[i]), name) == 0) return reading->zones[i];
	r = reading->zone_count == DIRECTORY_ZONES_MAX ? ERR_LIMIT : zone_load(name, &zone);
	if (r == ERR_NOMEM) {
		reading->faults->nomem = true;
		return NULL;
	}
	if (r < 0) {
		conf_fault_add(reading->faults, path, conf_setting_line(path, "zone"),
			"zone = \"%s\" is not a time zone of this machine", name);
		return NULL;
	}
	reading->zones[reading->zone_count++] = zone;
	return zone;
}

static const char *fingerprint_lower(struct reading *reading, const char *text)
{
	char *copy = zf_strdup(&reading->arena->zf, text);

	for (char *c = copy; c != NULL && *c != '\0'; c++) *c = (char)tolower((unsigned char)*c);
	return copy;
}

static int client_read(struct reading *reading, const struct hospital *hospital, size_t number,
	const struct client_file *file, const struct client **ret_client)
{
	struct client *client = zf_alloc(&reading->arena->zf, sizeof(*client));
	const char **certificates =
		zf_alloc_array(&reading->arena->zf, file->certificates.count + 1, sizeof(*certificates));

	if (client == NULL || certificates == NULL) return ERR_NOMEM;
	for (size_t i = 0; i < file->certificates.count; i++) {
		certificates[i] = fingerprint_lower(reading, file->certificates.items[i]);
		if (certificates[i] == NULL) return ERR_NOMEM;
	}
	client->id = or_empty(file->id);
	client->hospital = hospital;
	client->certificates = certificates;
	client->certificate_count = (uint32_t)file->certificates.count;
	for (size_t i = 0; i < file->scopes.count; i++) client->scope |= scope_of(file->scopes.items[i]);
	client->jwks_path = path_beside(reading, hospital->file, file->jwks_file);
	if (client->jwks_path != NULL) {
		char setting[64];

		(void)snprintf(setting, sizeof(setting), "clients.[%zu].jwks_file", number);
		client->jwks_json = file_text(reading, hospital->file, setting, client->jwks_path, false);
	}
	*ret_client = client;
	return 0;
}

static int accounts_read(struct reading *reading, const struct hospital_file *from, struct hospital *hospital)
{
	const struct conf_groups *groups = &from->bank_accounts;
	struct hospital_account *list = zf_alloc_array(&reading->arena->zf, groups->count + 1, sizeof(*list));
	int r = list == NULL ? ERR_NOMEM : 0;

	for (size_t i = 0; r == 0 && i < groups->count; i++) {
		const struct bank_account_file *file = groups->items[i];

		list[i].code = or_empty(file->code);
		list[i].number = or_empty(file->number);
		if (file->currency != NULL) memcpy(list[i].currency, file->currency, 3);
		list[i].charset = or_empty(file->charset);
		list[i].reversal_negates = file->reversal_negates;
		list[i].unproved_accepted = file->unproved_accepted;
		list[i].owner = file->owner != NULL ? file->owner : or_empty(from->suspense_owner);
		if (file->profile != NULL) {
			char setting[64];

			(void)snprintf(setting, sizeof(setting), "bank_accounts.[%zu].profile", i);
			r = statement_profile_read(
				reading, &from->statement_profiles, hospital->file, setting, &list[i], file->profile);
		}
	}
	hospital->accounts = list;
	hospital->account_count = (uint32_t)groups->count;
	return r;
}

/* What closes of months go by. */
static int close_read(
	struct reading *reading, const char *path, const struct hospital_file *file, struct hospital *hospital)
{
	struct provision_band *bands =
		zf_alloc_array(&reading->arena->zf, file->provision_bands.count + 1, sizeof(*bands));
	struct write_off_role *roles =
		zf_alloc_array(&reading->arena->zf, file->write_off_roles.count + 1, sizeof(*roles));

	if (bands == NULL || roles == NULL) return ERR_NOMEM;
	for (size_t i = 0; i < file->revaluation_reverts.count; i++)
		hospital->revaluation_reverts |= revalued_of(file->revaluation_reverts.items[i]);
	for (size_t i = 0; i < file->provision_bands.count; i++) {
		if (!band_of(file->provision_bands.items[i], &bands[i])) break; /* said already */
		if (i > 0 && bands[i].days <= bands[i - 1].days)
			conf_fault_add(reading->faults, path, conf_setting_line(path, "provision_bands"),
				"provision_bands: \"%s\" is not behind the one before it",
				file->provision_bands.items[i]);
		hospital->provision_band_count++;
	}
	for (size_t i = 0; i < file->write_off_roles.count; i++) {
		const struct write_off_role_file *from = file->write_off_roles.items[i];
		struct zf_decimal limit = {.present = 0};

		roles[i].role = or_empty(from->role);
		roles[i].people = from->people.items;
		roles[i].person_count = (uint32_t)from->people.count;
		(void)!decimal_parse(text_of(or_empty(from->limit)), &limit);
		if (money_from_decimal(limit, text_of(hospital->book_currency), &roles[i].limit) != 0 && limit.present)
			conf_fault_add(reading->faults, path, conf_setting_line(path, "write_off_roles.[%zu].limit", i),
				"limit = \"%s\" is no amount of %s", from->limit, hospital->book_currency);
	}
	hospital->limitation_years = (uint32_t)file->limitation_years;
	hospital->limitation_alert_days = (uint32_t)file->limitation_alert_days;
	for (size_t i = 0; i < file->limitation_interrupts.count; i++)
		hospital->limitation_interrupts |= interruption_of(file->limitation_interrupts.items[i]);
	hospital->accepts_take_backs = strcmp(or_empty(file->take_backs), "accepted") == 0;
	hospital->provision_bands = bands;
	hospital->write_off_roles = roles;
	hospital->write_off_role_count = (uint32_t)file->write_off_roles.count;
	return 0;
}

static bool path_same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static int chart_read(struct reading *reading, const char *path, const struct chart **ret_chart)
{
	int r;

	for (size_t i = 0; i < reading->chart_count; i++) {
		if (!path_same(reading->charts[i].path, path)) continue;
		*ret_chart = reading->charts[i].chart;
		return 0;
	}
	r = chart_load(path, reading->arena, reading->faults, ret_chart);
	if (r != ERR_NOMEM && reading->chart_count < DIRECTORY_SHARED_MAX)
		reading->charts[reading->chart_count++] = (struct shared_chart){path, *ret_chart};
	return r == ERR_NOMEM ? r : 0;
}

static int calendar_read(struct reading *reading, const char *path, const struct calendar **ret_calendar)
{
	int r;

	for (size_t i = 0; i < reading->calendar_count; i++) {
		if (!path_same(reading->calendars[i].path, path)) continue;
		*ret_calendar = reading->calendars[i].calendar;
		return 0;
	}
	r = calendar_load(path, reading->arena, reading->faults, ret_calendar);
	if (r != ERR_NOMEM && reading->calendar_count < DIRECTORY_SHARED_MAX)
		reading->calendars[reading->calendar_count++] = (struct shared_calendar){path, *ret_calendar};
	return r == ERR_NOMEM ? r : 0;
}

static int profiles_read(struct reading *reading, const struct conf_groups *groups, struct hospital *hospital)
{
	struct erp_profile *list = zf_alloc_array(&reading->arena->zf, groups->count + 1, sizeof(*list));
	int r = list == NULL ? ERR_NOMEM : 0;

	for (size_t i = 0; r == 0 && i < groups->count; i++)
		r = erp_profile_make(groups->items[i], reading->arena, &list[i]);
	hospital->erp_profiles = list;
	hospital->erp_profile_count = (uint32_t)groups->count;
	return r;
}

/* What the books need besides: chart, calendar, exports, declarations. */
static int books_read(struct reading *reading, const struct hospital_file *file, struct hospital *hospital)
{
	int r = profiles_read(reading, &file->erp_profiles, hospital);

	hospital->chart_file = path_beside(reading, hospital->file, file->chart);
	hospital->calendar_file = path_beside(reading, hospital->file, file->calendar);
	if (r == 0) r = chart_read(reading, hospital->chart_file, &hospital->chart);
	if (r == 0) r = calendar_read(reading, hospital->calendar_file, &hospital->calendar);
	if (file->declaration_code != NULL && file->declaration_code[0] != '\0' &&
		strcmp(hospital->book_currency, "CNY") == 0)
		hospital->declaration_code = file->declaration_code;
	hospital->declaration_days = (uint16_t)file->declaration_days;
	return r;
}

int hospital_read(struct reading *reading, const char *path, const char *code, const void **ret_entry)
{
	struct hospital *hospital = zf_alloc(&reading->arena->zf, sizeof(*hospital));
	struct hospital_file file;
	const struct client **clients;
	size_t before = reading->faults->count;
	int r;

	(void)code;
	if (hospital == NULL) return ERR_NOMEM;
	r = conf_load_partial(&hospital_file_table, path, reading->arena, &file, reading->faults);
	if (r < 0 && r != ERR_INVALID) return r;
	if (file.id != NULL) (void)!uuid_parse(file.id, &hospital->id);
	if (file.code != NULL) memcpy(hospital->code, file.code, HOSPITAL_CODE_LEN);
	if (file.book_currency != NULL) memcpy(hospital->book_currency, file.book_currency, 3);
	for (size_t i = 0; i < file.rate_sources.count && i < ARRAY_LEN(hospital->rate_sources); i++)
		hospital->rate_sources[hospital->rate_source_count++] =
			(uint8_t)rate_source_find(text_of(file.rate_sources.items[i]));
	hospital->rate_reach_days = (uint16_t)file.rate_reach_days;
	hospital->match_certain = (uint16_t)file.match_certain;
	hospital->bill_systems = file.bill_systems.items;
	hospital->bill_system_count = (uint32_t)file.bill_systems.count;
	hospital->file = path;
	hospital->name = or_empty(file.name);
	hospital->zone_name = or_empty(file.zone);
	hospital->zone = zone_for(reading, path, file.zone);
	r = identifiers_read(reading, &file.identifiers, &hospital->identifiers, &hospital->identifier_count);
	if (r == 0)
		r = code_systems_read(
			reading, &file.code_systems, &hospital->code_systems, &hospital->code_system_count);
	if (r == 0) r = accounts_read(reading, &file, hospital);
	if (r == 0) r = close_read(reading, path, &file, hospital);
	if (r == 0) r = advice_profiles_read(reading, &file.advice_profiles, hospital);
	if (r == 0) r = rate_profiles_read(reading, &file.rate_profiles, hospital);
	if (r == 0) r = books_read(reading, &file, hospital);
	clients = zf_alloc_array(&reading->arena->zf, file.clients.count + 1, sizeof(*clients));
	if (clients == NULL) r = ERR_NOMEM;
	for (size_t i = 0; r == 0 && i < file.clients.count; i++)
		r = client_read(reading, hospital, i, file.clients.items[i], &clients[i]);
	if (r < 0) return r;
	hospital->clients = clients;
	hospital->client_count = (uint32_t)file.clients.count;
	*ret_entry = hospital;
	return reading->faults->count > before ? ERR_INVALID : 0;
}

/* ---- insurers ---- */

static int endpoints_read(
	struct reading *reading, const char *path, const struct conf_groups *groups, struct insurer *insurer)
{
	const struct endpoint **list = zf_alloc_array(&reading->arena->zf, groups->count + 1, sizeof(*list));

	if (list == NULL) return ERR_NOMEM;
	for (size_t i = 0; i < groups->count; i++) {
		const struct endpoint_file *file = groups->items[i];
		struct endpoint *endpoint = zf_alloc(&reading->arena->zf, sizeof(*endpoint));

		if (endpoint == NULL) return ERR_NOMEM;
		endpoint->name = or_empty(file->name);
		endpoint->url = or_empty(file->url);
		endpoint->channel = or_empty(file->channel);
		endpoint->ca_file = path_beside(reading, path, file->ca_file);
		endpoint->certificate = path_beside(reading, path, file->certificate);
		endpoint->private_key = path_beside(reading, path, file->private_key);
		endpoint->pins = file->pins.items;
		endpoint->pin_count = (uint32_t)file->pins.count;
		endpoint->redirects_max = (uint32_t)file->redirects_max;
		endpoint->deadline_ms = file->deadline_ms;
		endpoint->allow_plain = file->allow_plain;
		list[i] = endpoint;
	}
	insurer->endpoints = list;
	insurer->endpoint_count = (uint32_t)groups->count;
	return 0;
}

static int ranges_read(struct reading *reading, const struct conf_groups *groups, struct insurer *insurer)
{
	const struct insurer_range **list = zf_alloc_array(&reading->arena->zf, groups->count + 1, sizeof(*list));

	if (list == NULL) return ERR_NOMEM;
	for (size_t i = 0; i < groups->count; i++) {
		const struct range_file *file = groups->items[i];
		struct insurer_range *range = zf_alloc(&reading->arena->zf, sizeof(*range));

		if (range == NULL) return ERR_NOMEM;
		range->from = or_empty(file->prefix != NULL ? file->prefix : file->from);
		range->to = file->to;
		list[i] = range;
	}
	insurer->ranges = list;
	insurer->range_count = (uint32_t)groups->count;
	return 0;
}

/* The maps of all names as one: "MAP/FROM" -> "TO". */
static const struct conf_map *maps_read(struct reading *reading, const struct conf_groups *groups)
{
	struct conf_map *map = zf_alloc(&reading->arena->zf, sizeof(*map));
	struct conf_pair *pairs;
	size_t n = 0;

	for (size_t i = 0; i < groups->count; i++) n += ((const struct map_file *)groups->items[i])->entries.count;
	pairs = zf_alloc_array(&reading->arena->zf, n + 1, sizeof(*pairs));
	if (map == NULL || pairs == NULL) return NULL;
	for (size_t i = 0; i < groups->count; i++) {
		const struct map_file *file = groups->items[i];

		for (size_t k = 0; k < file->entries.count; k++) {
			char *name = arena_printf(
				reading->arena, "%s/%s", or_empty(file->name), file->entries.items[k].name);

			if (name == NULL) return NULL;
			pairs[map->count++] = (struct conf_pair){name, file->entries.items[k].value};
		}
	}
	map->items = pairs;
	return map;
}

static const struct conf_map *secrets_read(struct reading *reading, const char *path, const struct conf_map *files)
{
	struct conf_map *map = zf_alloc(&reading->arena->zf, sizeof(*map));
	struct conf_pair *pairs = zf_alloc_array(&reading->arena->zf, files->count + 1, sizeof(*pairs));

	if (map == NULL || pairs == NULL) return NULL;
	for (size_t i = 0; i < files->count; i++) {
		const char *file = path_beside(reading, path, files->items[i].value);
		const char *setting = arena_printf(reading->arena, "secrets.%s", files->items[i].name);
		const char *text =
			file == NULL || setting == NULL ? NULL : file_text(reading, path, setting, file, true);

		if (text != NULL) pairs[map->count++] = (struct conf_pair){files->items[i].name, text};
	}
	map->items = pairs;
	return map;
}

static const struct conf_map *map_copy(struct reading *reading, const struct conf_map *from)
{
	struct conf_map *map = zf_alloc(&reading->arena->zf, sizeof(*map));

	if (map != NULL) *map = *from;
	return map;
}

static void insurer_fill(struct insurer *insurer, const struct insurer_file *file)
{
	insurer->name = or_empty(file->name);
	insurer->module = or_empty(file->module);
	insurer->window_max = (uint32_t)file->window_max;
	insurer->poll_interval_s = (uint32_t)file->poll_interval_s;
	insurer->wait_max_s = (uint32_t)file->wait_max_s;
	insurer->idempotent = file->idempotent;
	insurer->unknown_codes_fault = file->unknown_codes_fault;
	insurer->names = file->names.items;
	insurer->name_count = (uint32_t)file->names.count;
	if (file->allowed_fields.count > 0 && strcmp(file->allowed_fields.items[0], "*") != 0) {
		insurer->allowed_fields = file->allowed_fields.items;
		insurer->allowed_field_count = (uint32_t)file->allowed_fields.count;
	}
	insurer->allowed_fields_version = file->allowed_fields_version;
	insurer->purposes = file->purposes.items;
	insurer->purpose_count = (uint32_t)file->purposes.count;
}

/* Is AR-CODE an account of the ledger that is no insurer's? */
static bool code_taken(const char *code)
{
	static const char *const codes[] = {"inpt", "pt", "si", "si-account"};

	for (size_t i = 0; i < ARRAY_LEN(codes); i++)
		if (strcmp(code, codes[i]) == 0) return true;
	return false;
}

int insurer_read(struct reading *reading, const char *path, const char *code, const void **ret_entry)
{
	struct insurer *insurer = zf_alloc(&reading->arena->zf, sizeof(*insurer));
	struct insurer_file file;
	size_t before = reading->faults->count;
	int r;

	if (insurer == NULL) return ERR_NOMEM;
	if (code[strspn(code, "abcdefghijklmnopqrstuvwxyz0123456789-")] != '\0' || strlen(code) > 32 || code[0] == '-')
		conf_fault_add(reading->faults, path, 1,
			"the file's name is the insurer's code: lower case letters, digits and hyphens");
	if (code_taken(code))
		conf_fault_add(reading->faults, path, 1,
			"the ledger has an account \"ar-%s\" that is no insurer's: give the file, and so the insurer, another name",
			code);
	r = conf_load_partial(&insurer_file_table, path, reading->arena, &file, reading->faults);
	if (r < 0 && r != ERR_INVALID) return r;
	insurer->code = code;
	insurer->file = path;
	insurer_fill(insurer, &file);
	r = endpoints_read(reading, path, &file.endpoints, insurer);
	if (r == 0) r = ranges_read(reading, &file.ranges, insurer);
	if (r == 0)
		r = identifiers_read(reading, &file.payer_identifiers, &insurer->payer_identifiers,
			&insurer->payer_identifier_count);
	if (r == 0)
		r = code_systems_read(reading, &file.code_systems, &insurer->code_systems, &insurer->code_system_count);
	insurer->module_keys = map_copy(reading, &file.keys);
	insurer->maps = maps_read(reading, &file.maps);
	insurer->secrets = secrets_read(reading, path, &file.secrets);
	if (insurer->module_keys == NULL || insurer->maps == NULL || insurer->secrets == NULL) r = ERR_NOMEM;
	if (r < 0) return r;
	*ret_entry = insurer;
	return reading->faults->count > before ? ERR_INVALID : 0;
}

/* One run names every mistake, so that nobody mends a configuration one error at a time. */
#include "translate/config_check.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/options.h"
#include "db/host.h"
#include "model/directory.h"
#include "net/jwt.h"
#include "net/outbound_tls.h"
#include "net/tls.h"
#include "translate/adapter.h"

#define CHECK_BYTES_MAX (16u << 20)

int config_certificate_check(const struct options *options)
{
	struct tls_server_conf conf = {.cert_file = options->tls_certificate,
		.key_file = options->tls_key,
		.client_ca_file = options->tls_client_ca};
	SSL_CTX *ctx = NULL;
	int r = tls_server_new(&conf, &ctx);

	SSL_CTX_free(ctx);
	return r;
}

static void databases_check(const char *path, const struct options *options, struct conf_faults *faults)
{
	const struct {
		const char *name;
		const struct conf_secret *conninfo;
	} databases[] = {{"intake", &options->database_intake}, {"translate", &options->database_translate},
		{"dispatch", &options->database_dispatch}, {"settle", &options->database_settle},
		{"ctl", &options->database_ctl}};

	for (size_t i = 0; i < ARRAY_LEN(databases); i++) {
		struct db_hosts hosts;

		if (databases[i].conninfo->text == NULL) continue; /* that is said already */
		if (db_hosts_parse(databases[i].conninfo->text, databases[i].name, &hosts) < 0)
			conf_fault_add(faults, path, conf_setting_line(path, "database_%s", databases[i].name),
				"database_%s: %s", databases[i].name, err_text());
		else
			db_hosts_free(&hosts);
	}
}

/* Which of the settings a text of err_set speaks of: it names the file. */
struct file_setting {
	const char *name;
	const char *file; /* or NULL */
};

static const char *setting_named(const char *text, const struct file_setting *settings, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (settings[i].file != NULL && strstr(text, settings[i].file) != NULL) return settings[i].name;
	return settings[0].name;
}

static void server_check(const char *path, const struct options *options, struct conf_faults *faults)
{
	const struct file_setting settings[] = {{"tls_certificate", options->tls_certificate},
		{"tls_key", options->tls_key}, {"tls_client_ca", options->tls_client_ca}};
	char why[512];

	if (options->tls_certificate == NULL || options->tls_key == NULL || config_certificate_check(options) == 0)
		return;
	(void)snprintf(why, sizeof(why), "%s", err_text());
	conf_fault_add(faults, path, conf_setting_line(path, "%s", setting_named(why, settings, ARRAY_LEN(settings))),
		"%s", why);
}

/* Whether a route could read these files; the same function as when it does. */
static void files_check(const struct insurer *insurer, uint32_t number, const struct outbound_tls_files *files,
	struct conf_faults *faults)
{
	const struct endpoint *endpoint = insurer->endpoints[number];
	const struct file_setting settings[] = {{"certificate", endpoint->certificate},
		{"private_key", endpoint->private_key}, {"ca_file", endpoint->ca_file}};
	struct outbound_tls *tls = NULL;
	char why[512];

	if (outbound_tls_load(files, &tls) < 0) {
		(void)snprintf(why, sizeof(why), "%s", err_text());
		conf_fault_add(faults, insurer->file,
			conf_setting_line(insurer->file, "endpoints.[%u].%s", number,
				setting_named(why, settings, ARRAY_LEN(settings))),
			"endpoint \"%s\": %s", endpoint->name, why);
	}
	outbound_tls_unref(tls);
}

/* The certificates that we show to insurers, and the authorities that we hold theirs to. */
static void endpoints_check(const struct insurer *insurer, struct conf_faults *faults)
{
	for (uint32_t i = 0; i < insurer->endpoint_count; i++) {
		const struct endpoint *endpoint = insurer->endpoints[i];
		struct outbound_tls_files files = {.ca_file = endpoint->ca_file};

		if (files.ca_file != NULL) files_check(insurer, i, &files, faults);
		if (endpoint->certificate == NULL || endpoint->private_key == NULL) continue;
		/* looked at apart, so that bad authorities do not hide a bad certificate; some file must stand for them
		 */
		files.ca_file = files.cert_file = endpoint->certificate;
		files.key_file = endpoint->private_key;
		files_check(insurer, i, &files, faults);
	}
}

static void clients_check(const struct hospital *hospital, struct conf_faults *faults)
{
	for (uint32_t i = 0; i < hospital->client_count; i++) {
		const struct client *client = hospital->clients[i];
		struct jwt_keys keys;

		if (client->jwks_json == NULL) continue;
		if (jwt_keys_parse(client->jwks_json, strlen(client->jwks_json), &keys) < 0)
			conf_fault_add(faults, hospital->file,
				conf_setting_line(hospital->file, "clients.[%u].jwks_file", i),
				"keys of client \"%s\": %s", client->id, err_text());
		else
			jwt_keys_free(&keys);
	}
}

static void all_check(const struct config *config, struct conf_faults *faults)
{
	const struct options *options = config->options;
	const struct directory *directory = config->directory;

	databases_check(config->path, options, faults);
	server_check(config->path, options, faults);
	if (directory == NULL) return;
	for (uint32_t i = 0; i < directory->hospital_count; i++) clients_check(directory->hospitals[i], faults);
	for (uint32_t i = 0; i < directory->insurer_count; i++) endpoints_check(directory->insurers[i], faults);
	if (options->adapters_dir != NULL) (void)!adapter_directory_check(options->adapters_dir, directory, faults);
}

static void tell(const char *text, bool print)
{
	if (print)
		(void)fprintf(stderr, "%s\n", text);
	else
		log_fields(LOG_ERROR, "configuration", "fault", text, NULL);
}

int config_check(const char *path, bool print, struct config **ret_config)
{
	struct arena arena CLEANUP(arena_free);
	struct conf_faults faults = {.arena = &arena};
	struct config *config = NULL;
	int r;

	arena_init(&arena, CHECK_BYTES_MAX);
	r = config_try(path, &faults, &config);
	if (config != NULL) all_check(config, &faults);
	if (faults.count == 0 && r < 0) conf_fault_add(&faults, path, 0, "%s", err_text());
	for (size_t i = 0; i < faults.count; i++) tell(faults.items[i], print);
	if (faults.count == CONF_FAULTS_MAX) tell("more mistakes were not looked for", print);
	if (r == 0 && faults.count > 0) r = err_set(ERR_INVALID, "%s", faults.items[0]);
	if (r < 0)
		config_free(config);
	else
		*ret_config = config;
	return r;
}

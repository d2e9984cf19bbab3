/* zhifud --check: one run names every mistake, so that nobody mends a configuration one error at a time. */
#include "check.h"

#include <stdio.h>
#include <string.h>

#include "base/options.h"
#include "db/host.h"
#include "model/directory.h"
#include "net/jwt.h"
#include "net/tls.h"
#include "translate/adapter.h"

#define CHECK_BYTES_MAX (16u << 20)

int check_certificate(const struct options *options)
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
		const struct conf_secrets *list;
	} databases[] = {{"intake", &options->database_intake}, {"translate", &options->database_translate},
		{"dispatch", &options->database_dispatch}, {"settle", &options->database_settle},
		{"ctl", &options->database_ctl}};

	for (size_t i = 0; i < ARRAY_LEN(databases); i++) {
		for (size_t k = 0; k < databases[i].list->count; k++) {
			struct db_hosts hosts;

			if (db_hosts_parse(databases[i].list->items[k].text, databases[i].name, &hosts) < 0)
				conf_fault_add(faults, path, 0, "database_%s: %s", databases[i].name, err_text());
			else
				db_hosts_free(&hosts);
		}
	}
}

/* The certificates that we show to insurers, and the authorities that we hold theirs to. */
static void endpoints_check(const struct insurer *insurer, struct conf_faults *faults)
{
	for (uint32_t i = 0; i < insurer->endpoint_count; i++) {
		const struct endpoint *endpoint = insurer->endpoints[i];
		struct tls_client_conf conf = {.ca_file = endpoint->ca_file,
			.cert_file = endpoint->certificate,
			.key_file = endpoint->private_key};
		SSL_CTX *ctx = NULL;

		if (tls_client_new(&conf, &ctx) < 0)
			conf_fault_add(faults, insurer->file, conf_setting_line(insurer->file, "endpoints"),
				"endpoint \"%s\": %s", endpoint->name, err_text());
		SSL_CTX_free(ctx);
	}
}

static void clients_check(const struct hospital *hospital, struct conf_faults *faults)
{
	for (uint32_t i = 0; i < hospital->client_count; i++) {
		const struct client *client = hospital->clients[i];
		struct jwt_keys keys;

		if (client->jwks_json == NULL) continue;
		if (jwt_keys_parse(client->jwks_json, strlen(client->jwks_json), &keys) < 0)
			conf_fault_add(
				faults, client->jwks_path, 0, "keys of client \"%s\": %s", client->id, err_text());
		else
			jwt_keys_free(&keys);
	}
}

static void all_check(const struct config *config, struct conf_faults *faults)
{
	const struct options *options = config->options;
	const struct directory *directory = config->directory;

	databases_check(config->path, options, faults);
	if (options->tls_certificate != NULL && options->tls_key != NULL && check_certificate(options) < 0)
		conf_fault_add(faults, config->path, 0, "%s", err_text());
	if (directory == NULL) return;
	for (uint32_t i = 0; i < directory->hospital_count; i++) clients_check(directory->hospitals[i], faults);
	for (uint32_t i = 0; i < directory->insurer_count; i++) endpoints_check(directory->insurers[i], faults);
	if (options->adapters_dir != NULL) (void)!adapter_directory_check(options->adapters_dir, directory, faults);
}

int check_run(const char *config_path)
{
	struct arena arena CLEANUP(arena_free);
	struct conf_faults faults = {.arena = &arena};
	struct config *config = NULL;
	int r;

	arena_init(&arena, CHECK_BYTES_MAX);
	r = config_try(config_path, &faults, &config);
	if (config != NULL) all_check(config, &faults);
	config_free(config);
	for (size_t i = 0; i < faults.count; i++) (void)fprintf(stderr, "%s\n", faults.items[i]);
	if (faults.count == CONF_FAULTS_MAX) (void)fprintf(stderr, "more mistakes were not looked for\n");
	if (faults.count == 0 && r < 0) (void)fprintf(stderr, "%s: %s\n", config_path, err_text());
	if (faults.count > 0 || r < 0) return 1;
	(void)printf("%s: no mistakes\n", config_path);
	return 0;
}

/* A reload while memory fails, allocation by allocation, alone and with all behind it: a configuration is read whole or
 * not at all, and says why; a worker takes it over whole, or goes on with the old one and takes it over later. */
#include "intake_memory.h"

#include "intake/client_keys.h"
#include "model/config.h"

#define MOST 5000
#define EACH 5 /* so many one by one, */
#define STRIDE_LOAD 20
#define STRIDE 9 /* then a sample; each of all with ZHIFU_TEST_ALL */
#define FAIL_MS 60

/* ---- reading ---- */

/* All that was read, in words. The caller frees them. */
static char *told(const struct config *config)
{
	const struct directory *directory = config->directory;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	fprintf(out, "%s %s %s %d\n", config->options->base_url, config->options->hospitals_dir,
		config->options->database_settle.text, config->keyring != NULL);
	for (uint32_t i = 0; i < directory->hospital_count; i++) {
		const struct hospital *hospital = directory->hospitals[i];
		fprintf(out, "%s %s %s %u\n", hospital->code, hospital->name, hospital->zone_name,
			hospital->identifier_count);
		for (uint32_t k = 0; k < hospital->client_count; k++) {
			const struct client *client = hospital->clients[k];
			fprintf(out, " %s %u %s %s\n", client->id, client->scope, client->certificates[0],
				client->jwks_json == NULL ? "-" : client->jwks_json);
		}
	}
	for (uint32_t i = 0; i < directory->insurer_count; i++) {
		const struct insurer *insurer = directory->insurers[i];
		fprintf(out, "%s %s %s %u %s %s\n", insurer->code, insurer->names[0], insurer->module,
			insurer->payer_identifier_count, insurer->endpoints[0]->url, insurer->endpoints[0]->ca_file);
	}
	(void)fclose(out);
	return text;
}

static void each_load(bool once)
{
	struct config *config = NULL;
	long failures = 1, n = 0, tries = 0, read = 0;
	assert_int_equal(config_load(lab_path("zhifud.conf"), &config), 0);
	char *wanted = told(config);
	config_free(config);
	for (; failures != 0 && n < MOST; n = failures != 0 ? memory_next(n, EACH, STRIDE_LOAD) : n) {
		config = NULL;
		mem_fail_at(n, once);
		int r = config_load(lab_path("zhifud.conf"), &config);
		failures = mem_failures();
		mem_fail_after(-1);
		tries++;
		if (r == 0) {
			char *is = told(config);
			if (strcmp(is, wanted) != 0) fail_msg("allocation %ld%s: %s", n, once ? " alone" : "", is);
			free(is);
			config_free(config);
			read++;
			continue;
		}
		assert_null(config);
		if (r != ERR_NOMEM || strstr(err_text(), "no memory") == NULL)
			fail_msg("allocation %ld%s: %d %s", n, once ? " alone" : "", r, err_text());
	}
	print_message(
		"%ld allocations of a configuration, %ld failed, %ld read all the same\n", n, tries - 1, read - 1);
	assert_in_range(n, 100, MOST - 1);
	free(wanted);
}

static void test_read(void **state)
{
	(void)state;
	LAB_NEEDED();
	log_level_set(LOG_ERROR);
	each_load(true);
	each_load(false);
}

static void test_client_keys(void **state)
{
	(void)state;
	LAB_NEEDED();
	struct config *config = NULL;
	long failures = 1;
	assert_int_equal(config_load(lab_path("zhifud.conf"), &config), 0);
	for (long n = 0; failures != 0; n++) {
		struct client_keys *keys = NULL;
		mem_fail_at(n, true);
		int r = client_keys_new(config->directory, &keys);
		failures = mem_failures();
		mem_fail_after(-1);
		if (r == 0)
			assert_non_null(client_keys_find(keys, "his"));
		else
			assert_int_equal(r, ERR_NOMEM);
		client_keys_drop(keys);
	}
	config_free(config);
}

/* ---- a worker ---- */

/* A third hospital comes and goes. */
static void third_write(bool is_there)
{
	char hex[65];
	(void)unlink(lab_path("hospitals.d/three.conf"));
	if (!is_there) return;
	lab_fingerprint("client3.pem", hex);
	lab_write("hospitals.d/three.conf",
		"id = \"019ab2c4-5a00-7000-8000-000000000003\"; code = \"HZ3\"; name = \"Three\"; zone = \"UTC\"; book_currency = \"EUR\";\n"
		"identifiers = ( { system = \"urn:h\"; value = \"3\"; } );\nclients = ( { id = \"three\"; certificates = [ \"%s\" ]; scopes = [ "
		"\"submit\" ]; } );\n",
		hex);
}

static int status_of(const char *client, const char *number)
{
	struct caller his = caller_open(client);
	struct reply reply = claim_send(&his, "/fhir/Claim", NULL, CLAIM(.number = number, .person = number));
	int status = reply.status;
	reply_free(&reply);
	caller_close(&his);
	return status;
}

/* The new configuration holds within a while, for all hospitals. */
static void expect_in_force(bool third, long n)
{
	static int calls;
	int64_t end_ms = clock_mono_ms() + 10000;
	int of_third = 0, of_first = 0;
	char number[32];
	do {
		(void)snprintf(number, sizeof(number), "L%d", calls++);
		of_third = status_of("client3", number);
		of_first = status_of("client", number);
		if (of_first == 201 && (of_third == 201) == third) return;
		(void)poll(NULL, 0, 20);
	} while (clock_mono_ms() < end_ms);
	fail_msg("allocation %ld: the third is answered %d, the first %d", n, of_third, of_first);
}

/* How many allocations failed. The worker goes on, whatever it could not take over. */
static long reload_once(long n, bool once, bool reading)
{
	int before = atomic_load(&lab.memory->reloads);
	char number[32];
	atomic_store(&lab.memory->at, n);
	atomic_store(&lab.memory->once, once);
	atomic_store(&lab.memory->reading, reading);
	atomic_store(&lab.memory->reload, true);
	assert_int_equal(kill(lab.pid, SIGHUP), 0);
	while (atomic_load(&lab.memory->reloads) == before) {
		if (waitpid(lab.pid, NULL, WNOHANG) != 0)
			fail_msg("allocation %ld: the worker ended\n%s", n, lab_read(lab_path("log")));
		(void)poll(NULL, 0, 1);
	}
	(void)snprintf(number, sizeof(number), "%s%d-%ld", reading ? "R" : once ? "O" : "A", before, n);
	/* It serves with the old configuration as it does with the new one. */
	if (once && atomic_load(&lab.memory->failures) > 0) assert_int_equal(status_of("client", number), 201);
	/* What goes on behind the reload, such as the hospitals' keys, meets the failure too. */
	(void)poll(NULL, 0, FAIL_MS);
	lab_fail_memory(-1, false);
	return atomic_load(&lab.memory->failures);
}

static void each_reload(bool once)
{
	long failures = 1, n = 0, tries = 0;
	bool third = false;
	for (; failures != 0 && n < MOST; n = failures != 0 ? memory_next(n, EACH, STRIDE) : n) {
		third = !third;
		third_write(third);
		failures = reload_once(n, once, false);
		expect_in_force(third, n);
		tries++;
	}
	print_message("%ld allocations of a worker's reload, %ld failed\n", n, tries - 1);
	assert_in_range(n, 10, MOST - 1);
	third_write(false);
}

/* The same worker takes it over when there is memory again. */
static void test_worker(void **state)
{
	(void)state;
	LAB_NEEDED();
	pid_t pid = lab.pid;
	each_reload(true);
	each_reload(false);
	static const long reading[] = {0, 1, 40, 150};
	for (size_t i = 0; i < 2 * ARRAY_LEN(reading); i++) {
		third_write(i % 2 == 0);
		assert_int_not_equal(reload_once(reading[i / 2], i % 2 == 0, true), 0);
		expect_in_force(i % 2 == 0, reading[i / 2]);
	}
	third_write(false);
	assert_int_equal(lab.pid, pid);
	assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
}

/* ---- a retry ---- */

static int no_memory(void *state)
{
	(void)state;
	return err_set(ERR_NOMEM, "no memory");
}

static int taken(void *state)
{
	(void)state;
	return 0;
}

/* A worker that was told of the files as they are, had no memory, and whose next try is due; it will have some. */
static void behind(struct reload *reload, struct worker *worker, struct role *role)
{
	struct config *config = NULL;
	assert_int_equal(config_load(lab_path("zhifud.conf"), &config), 0);
	role->reload = no_memory;
	reload_open(reload, worker, role, config);
	(void)poll(NULL, 0, 20); /* the clock of files is coarse */
	assert_true(reload_begin(reload));
	assert_int_not_equal(reload->again_ms, 0);
	reload->again_ms = 1;
	role->reload = taken;
	(void)poll(NULL, 0, 20);
}

/* It takes over what it was told of, or leaves it to a successor, which has what the supervisor has: neither for good
 * the old one, nor what nobody has released yet. */
static void test_retry(void **state)
{
	(void)state;
	LAB_NEEDED();
	struct worker worker = {.options = NULL};
	struct role role = {.name = "intake"};
	struct reload reload;
	behind(&reload, &worker, &role);
	struct config *before = reload.config;
	assert_true(reload_tick(&reload));
	assert_int_equal(reload.again_ms, 0);
	assert_ptr_not_equal(reload.config, before);
	reload_close(&reload);

	behind(&reload, &worker, &role);
	before = reload.config;
	lab_write("hospitals.d/three.conf", "%s", "half a file");
	assert_false(reload_tick(&reload));
	assert_non_null(strstr(err_text(), "three.conf"));
	assert_ptr_equal(reload.config, before);
	assert_true(reload_tick(&reload));
	reload_close(&reload);

	third_write(false);
	behind(&reload, &worker, &role);
	before = reload.config;
	third_write(true);
	assert_false(reload_tick(&reload));
	assert_non_null(strstr(err_text(), "changed"));
	assert_ptr_equal(reload.config, before);
	reload_close(&reload);
	third_write(false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_client_keys),
		cmocka_unit_test(test_worker),
		cmocka_unit_test(test_retry),
	};
	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, lab_start, lab_stop);
}

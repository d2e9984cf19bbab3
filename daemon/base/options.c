/* The table of zhifud.conf. An option is one row here and one member in options.h; then print sample and manual anew
 * (tests/unit/test_conf.c says how when it finds them out of step). */
#include "base/options.h"

#include <string.h>

#define MEMBER(member) .name = #member, .offset = offsetof(struct options, member)
#define HEADING(text)                                                                                                  \
	{                                                                                                              \
		.type = CONF_HEADING, .help = text                                                                     \
	}
#define NUMBER(member, fallback_text, low, high, flag, text)                                                           \
	{                                                                                                              \
		MEMBER(member), .type = CONF_INT, .fallback = fallback_text, .min = low, .max = high, .flags = flag,   \
				.help = text                                                                           \
	}
#define DATABASE(role, text)                                                                                           \
	{                                                                                                              \
		MEMBER(database_##role), .type = CONF_SECRET, .help = text,                                            \
					 .fallback = "\"host=/run/postgresql dbname=zhifu user=zhifu_" #role "\""      \
	}
#define FOLDER(member, path, text)                                                                                     \
	{                                                                                                              \
		MEMBER(member), .type = CONF_PATH, .fallback = "\"" path "\"", .flags = CONF_RELOADABLE, .help = text  \
	}

static const char *const level_names[] = {
	[LOG_ERROR] = "error", [LOG_WARN] = "warn", [LOG_INFO] = "info", [LOG_DEBUG] = "debug", NULL};

static const char *base_url_form(const char *text)
{
	return strncmp(text, "https://", 8) == 0 && text[8] != '\0' && text[strlen(text) - 1] != '/'
		       ? NULL
		       : "does not begin with https:// or ends with a slash";
}

static const struct conf_option rows[] = {
	HEADING("Network"),
	{MEMBER(listen), .type = CONF_HOSTS, .fallback = "[\"127.0.0.1:8443\"]", .min = 1, .max = 16,
		.help = "Addresses on which hospitals, insurers and people are served, with TLS always. "
			"\"*:8443\" is every address of the machine."},
	{MEMBER(metrics_listen), .type = CONF_HOSTS, .fallback = "[\"127.0.0.1:9464\"]", .min = 0, .max = 16,
		.help = "Addresses for Prometheus metrics and health, in plain HTTP and without authentication: "
			"keep them inside."},
	{MEMBER(base_url), .type = CONF_STRING, .fallback = "\"https://localhost:8443\"", .min = 8, .max = 512,
		.flags = CONF_RELOADABLE, .form = base_url_form,
		.help = "How clients reach us: the beginning of every Location and the audience of signed tokens. "
			"Without a slash at the end."},
	{MEMBER(tls_certificate), .type = CONF_PATH, .sample = "\"/etc/zhifu/tls/server.pem\"",
		.flags = CONF_REQUIRED | CONF_RELOADABLE,
		.help = "Certificate chain of the server in PEM, its own certificate first. One that has expired is refused at "
			"the start and on reload; one that expires meanwhile goes on being served, with an error in the log "
			"each time a process is started again."},
	{MEMBER(tls_key), .type = CONF_PATH, .sample = "\"/etc/zhifu/tls/server.key\"",
		.flags = CONF_REQUIRED | CONF_RELOADABLE,
		.help = "Private key of tls_certificate in PEM. ECDSA P-256 makes handshakes cheapest."},
	{MEMBER(tls_client_ca), .type = CONF_PATH, .sample = "\"/etc/zhifu/tls/clients.pem\"", .flags = CONF_RELOADABLE,
		.help = "Certificates of the authorities whose client certificates are accepted, in PEM. "
			"Without it clients sign in with signed tokens only."},

	HEADING("Process"),
	{MEMBER(user), .type = CONF_STRING, .sample = "\"zhifu\"", .min = 1, .max = 32,
		.help = "Account to run as when started by root, after the sockets are bound and the keys are read."},
	{MEMBER(pid_file), .type = CONF_PATH, .sample = "\"/run/zhifu/zhifud.pid\"",
		.help = "File that holds the process number of the supervisor while it runs."},
	{MEMBER(log_level), .type = CONF_ENUM, .fallback = "\"info\"", .names = level_names, .flags = CONF_RELOADABLE,
		.help = "Least level of the lines that are logged."},
	NUMBER(workers_intake, "2", 1, 64, 0,
		"Processes that serve HTTP. Each commits what its own connections sent together: two go on when one "
		"is busy or dies, but on two cores one alone stores a fifth more."),
	NUMBER(workers_translate, "2", 1, 64, 0, "Processes that run adapters."),
	NUMBER(workers_dispatch, "1", 1, 64, 0, "Processes that talk to insurers."),
	NUMBER(workers_settle, "1", 1, 64, 0, "Processes that turn answers into states and postings."),
	NUMBER(cpu_threads, "2", 1, 64, 0, "Threads of each process for signatures and other work off its loop."),
	NUMBER(drain_deadline_s, "30", 1, 3600, CONF_RELOADABLE,
		"Seconds that open requests get to end after SIGTERM."),
	{MEMBER(sample_ok), .type = CONF_BOOL, .fallback = "false",
		.help = "Accept sample keys and passwords. For conf/quickstart and tests: never where there are "
			"patients."},
	{MEMBER(who_is_stated), .type = CONF_BOOL, .flags = CONF_RELOADABLE, .fallback = "false",
		.help = "Whether zhifuctl believes --who also where an act has a limit or needs a second person: write-offs, and rates "
			"that are typed in and approved. By default who acts there is the user of the login, also behind sudo."},

	HEADING("Database"),
	DATABASE(intake,
		"PostgreSQL of the role intake as one conninfo string; it may name several hosts, tried in turn until "
		"one is writable. Its value is treated as a secret."),
	DATABASE(translate, "The same for the role translate, with a login of its own."),
	DATABASE(dispatch, "The same for the role dispatch."),
	DATABASE(settle, "The same for the role settle."),
	DATABASE(ctl, "The same for zhifuctl, which also owns the migrations."),
	NUMBER(db_connections_per_worker, "4", 1, 32, 0, "Connections that a process holds open to the database."),
	NUMBER(desk_connections, "3", 1, 32, 0,
		"Connections that an intake process holds open besides for what finance asks under /v1: so many reports and "
		"lists run at once, one less of the same hospital. 64 more wait up to 10 seconds, 16 of a hospital; one "
		"more is answered 503 with Retry-After. Advices of payers have turns of their own: three are worked on at "
		"once in a process, one of a hospital, 16 more wait, 8 of a hospital, and one more is answered 503. One is "
		"read before a connection is opened for it, and takes 64 MB of memory and 8 times its size at most, a file "
		"192 MB; what takes more is refused with advice-large. Who reads what an advice says has turns of its own "
		"besides: two are worked on at once in a process, one of a hospital, 16 more wait, 8 of a hospital, and "
		"one more is answered 503. Months and journals wait for nothing but months and journals of their "
		"hospital."),
	NUMBER(batch_claims_max, "64", 1, 256, CONF_RELOADABLE, "Most claims in one transaction of intake."),
	NUMBER(batches_in_flight_max, "2", 1, 8, CONF_RELOADABLE,
		"Transactions that an intake process sends before the first has answered, when there are "
		"claims enough to fill them."),

	HEADING("Keys and folders"),
	{MEMBER(key_file), .type = CONF_PATH, .sample = "\"/etc/zhifu/keys\"", .flags = CONF_REQUIRED | CONF_RELOADABLE,
		.help = "Master and look-up keys; zhifuctl makes and rotates it. Its mode must be 0600."},
	FOLDER(insurers_dir, "/etc/zhifu/insurers.d", "One NAME.conf for each insurer."),
	FOLDER(hospitals_dir, "/etc/zhifu/hospitals.d", "One NAME.conf for each hospital."),
	{MEMBER(adapters_dir), .type = CONF_PATH, .fallback = "\"/usr/lib/zhifu/adapters\"",
		.help = "Adapter modules, NAME.so each."},

	HEADING("Limits of the HTTP server"),
	NUMBER(connections_max, "4096", 1, 65536, CONF_RELOADABLE,
		"Open connections of one intake process. Those above it, up to 64, are answered 503 and closed; any more are "
		"closed at once."),
	NUMBER(connections_per_address_max, "256", 1, 65536, CONF_RELOADABLE,
		"Open connections from one address to one intake process."),
	NUMBER(head_bytes_max, "16384", 1024, 262144, CONF_RELOADABLE, "Most bytes of a request's line and headers."),
	NUMBER(headers_max, "64", 8, 1024, CONF_RELOADABLE, "Most headers of a request."),
	NUMBER(uri_bytes_max, "4096", 128, 65536, CONF_RELOADABLE, "Most bytes of a request's target."),
	NUMBER(body_bytes_max, "33554432", 1024, 67108864, CONF_RELOADABLE, "Most bytes of a request's body."),
	NUMBER(request_queue_max, "1024", 1, 65536, CONF_RELOADABLE,
		"Requests that wait for the database in one intake process; above it the answer is 503 with "
		"Retry-After."),
	NUMBER(bundle_entries_max, "5000", 1, 100000, CONF_RELOADABLE, "Most entries of a Bundle."),
	NUMBER(handshake_deadline_ms, "10000", 100, 600000, CONF_RELOADABLE,
		"Milliseconds from the connection to the end of the TLS handshake."),
	NUMBER(head_deadline_ms, "10000", 100, 600000, CONF_RELOADABLE,
		"Milliseconds from the first byte of a request to the end of its headers."),
	NUMBER(body_deadline_ms, "60000", 100, 3600000, CONF_RELOADABLE,
		"Milliseconds from the end of the headers to the end of the body."),
	NUMBER(response_deadline_ms, "60000", 100, 3600000, CONF_RELOADABLE,
		"Milliseconds in which a client must have taken our answer."),
	NUMBER(idle_deadline_ms, "120000", 100, 3600000, CONF_RELOADABLE,
		"Milliseconds that a connection may stay open between requests."),
	NUMBER(wait_max_s, "30", 0, 300, CONF_RELOADABLE,
		"Most seconds that a request waits for an insurer's answer when it asks to (Prefer: wait)."),
	NUMBER(statement_bytes_max, "536870912", 1024, 4294967296, CONF_RELOADABLE,
		"Most bytes of a bank's file at /v1/bank-statements, which is read as it comes and needs no memory of its "
		"length. A process receives and imports 16 of them at a time, of which 4 may be one hospital's: one more is "
		"answered 429 (over the 16: 503) with Retry-After."),
	NUMBER(statement_deadline_s, "600", 1, 86400, CONF_RELOADABLE,
		"Seconds in which such a file must have come, and again in which it must have been imported."),
	{MEMBER(spool_dir), .type = CONF_PATH, .fallback = "\"/var/tmp\"", .flags = CONF_RELOADABLE,
		.help = "Folder in which such a file is kept until it is imported: without a name, and encrypted under a key "
			"that is in memory only."},

	HEADING("Signing in"),
	NUMBER(jwt_clock_skew_s, "60", 0, 600, CONF_RELOADABLE,
		"Seconds by which a client's clock may differ from ours."),
	NUMBER(jwt_lifetime_max_s, "300", 10, 3600, CONF_RELOADABLE,
		"Longest life, in seconds, of a signed assertion; its jti is remembered that long."),
	NUMBER(token_lifetime_s, "900", 10, 86400, CONF_RELOADABLE, "Life in seconds of an access token that we give."),

	HEADING("Work"),
	NUMBER(poll_ms, "250", 10, 60000, CONF_RELOADABLE,
		"Milliseconds between two looks for work that no notification announced."),
	NUMBER(lease_s, "60", 5, 3600, CONF_RELOADABLE,
		"Seconds after which the work of a process that died is taken by another."),
	NUMBER(translate_cpu_s, "10", 1, 600, CONF_RELOADABLE,
		"Seconds of processor time for one call of an adapter; then its process is ended."),
	NUMBER(translate_crashes_max, "3", 1, 10, CONF_RELOADABLE,
		"Crashes on one message after which it is quarantined."),
	NUMBER(outbound_deadline_ms, "60000", 100, 3600000, CONF_RELOADABLE,
		"Milliseconds for one request to an insurer, unless its profile says otherwise."),
	NUMBER(outbound_body_bytes_max, "67108864", 1024, 67108864, CONF_RELOADABLE,
		"Most bytes of one answer or file from an insurer."),

	HEADING("Export ledger"),
	NUMBER(person_warn_count, "8000", 1, 100000000, CONF_RELOADABLE,
		"Distinct persons in a calendar year whose data went abroad, from which on operators are warned."),
	NUMBER(person_stop_count, "10000", 1, 100000000, CONF_RELOADABLE,
		"The same, from which on nothing leaves without a person's decision."),
};

/* That one number is not above another; 0 is one that could not be read. */
static void order_check(int64_t less, const char *less_name, int64_t more, const char *more_name, const char *file,
	struct conf_faults *faults)
{
	unsigned line;

	if (less <= more || more == 0) return;
	line = conf_checked_line(faults, "%s", more_name);
	if (line == 0) line = conf_checked_line(faults, "%s", less_name);
	conf_fault_add(faults, file, line, "%s is above %s", less_name, more_name);
}

static void options_check(const void *value, const char *file, unsigned line, struct conf_faults *faults)
{
	const struct options *options = value;

	(void)line;
	order_check(options->person_warn_count, "person_warn_count", options->person_stop_count, "person_stop_count",
		file, faults);
	order_check(options->uri_bytes_max, "uri_bytes_max", options->head_bytes_max, "head_bytes_max", file, faults);
}

const struct conf_table options_table = {
	.name = "zhifud.conf",
	.options = rows,
	.option_count = ARRAY_LEN(rows),
	.struct_bytes = sizeof(struct options),
	.check = options_check,
};

int options_load(const char *path, struct arena *arena, struct options *ret_options, struct conf_faults *ret_faults)
{
	return conf_load(&options_table, path, arena, ret_options, ret_faults);
}

void options_print_sample(FILE *file)
{
	fprintf(file, "## zhifud.conf: every option of zhifud, see zhifud.conf(5).\n"
		      "## A line `# name = value;` shows the default; lines without # are what you must set.\n"
		      "## Check your changes with `zhifud --check`; SIGHUP takes over what can be taken over.\n\n");
	conf_print_sample(file, &options_table);
}

void options_print_man(FILE *file)
{
	conf_print_man(file, &options_table);
}

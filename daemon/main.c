/* zhifud: the daemon. main() is its checklist; the supervisor does the rest. */
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <libpq-fe.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "base/options.h"
#include "base/point.h"
#include "desk/desk.h"
#include "dispatch/dispatch.h"
#include "settle/settle.h"
#include "supervisor.h"
#include "translate/config_check.h"
#include "translate/translate.h"

#define CONFIG_DEFAULT "/etc/zhifu/zhifud.conf"

static const struct role *const all_roles[] = {&desk_role, &translate_role, &dispatch_role, &settle_role};

struct arguments {
	const char *config_path;
	const char *roles; /* comma-separated names; NULL: all */
	bool check;
};

static void usage(FILE *out)
{
	(void)fprintf(out, "usage: zhifud [--config FILE] [--role NAME[,NAME...]] [--check]\n"
			   "       zhifud --print-config | --version | --help\n"
			   "\n"
			   "  --config FILE   the configuration, default " CONFIG_DEFAULT "\n"
			   "  --role NAME     runs only these roles here: intake, translate, dispatch, settle\n"
			   "  --check         reads everything, names every mistake with file and line, and ends\n"
			   "  --print-config  prints a complete commented configuration\n");
}

/* Returns -1 to go on, else the exit status. */
static int arguments_read(int argc, char **argv, struct arguments *ret)
{
	static const struct option longs[] = {{"config", required_argument, NULL, 'c'},
		{"role", required_argument, NULL, 'r'}, {"check", no_argument, NULL, 'k'},
		{"print-config", no_argument, NULL, 'p'}, {"version", no_argument, NULL, 'v'},
		{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	int c;

	*ret = (struct arguments){.config_path = CONFIG_DEFAULT};
	while ((c = getopt_long(argc, argv, "c:r:h", longs, NULL)) != -1) {
		switch (c) {
		case 'c':
			ret->config_path = optarg;
			break;
		case 'r':
			ret->roles = optarg;
			break;
		case 'k':
			ret->check = true;
			break;
		case 'p':
			options_print_sample(stdout);
			return 0;
		case 'v':
			(void)printf("zhifud " ZHIFU_VERSION "\n");
			return 0;
		case 'h':
			usage(stdout);
			return 0;
		default:
			usage(stderr);
			return 2;
		}
	}
	if (optind < argc) {
		usage(stderr);
		return 2;
	}
	return -1;
}

/* The roles named, or all. */
static int roles_choose(const char *names, const struct role **ret_roles, size_t *ret_count)
{
	size_t n = 0;

	if (names == NULL) {
		memcpy(ret_roles, all_roles, sizeof(all_roles));
		*ret_count = ARRAY_LEN(all_roles);
		return 0;
	}
	while (*names != '\0') {
		size_t len = strcspn(names, ",");
		const struct role *found = NULL;

		for (size_t i = 0; i < ARRAY_LEN(all_roles); i++)
			if (strlen(all_roles[i]->name) == len && memcmp(all_roles[i]->name, names, len) == 0)
				found = all_roles[i];
		if (found == NULL)
			return err_set(ERR_INVALID, "\"%.*s\" is no role: intake, translate, dispatch, settle",
				(int)len, names);
		for (size_t i = 0; i < n; i++)
			if (ret_roles[i] == found)
				return err_set(ERR_INVALID, "role \"%s\" is named twice", found->name);
		ret_roles[n++] = found;
		names += len;
		if (*names == ',') names++;
	}
	if (n == 0) return err_set(ERR_INVALID, "--role names no role");
	*ret_count = n;
	return 0;
}

static int privileges_drop(const char *name)
{
	const struct passwd *user;

	if (name == NULL || getuid() != 0) return 0;
	user = getpwnam(name);
	if (user == NULL) return err_set(ERR_INVALID, "there is no user \"%s\"", name);
	if (initgroups(user->pw_name, user->pw_gid) != 0 || setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0)
		return err_set(ERR_SYS, "could not become user \"%s\": %s", name, strerror(errno));
	return 0;
}

/* As many descriptors as the configuration may need, as far as the system allows. */
static void descriptors_raise(const struct options *options)
{
	struct rlimit limit;
	rlim_t wanted = (rlim_t)options->connections_max * 2 + 1024;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return;
	limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < wanted)
		log_line(LOG_WARN, "only %llu file descriptors are allowed, connections_max asks for %llu",
			(unsigned long long)limit.rlim_cur, (unsigned long long)wanted);
}

static int pid_file_write(const char *path)
{
	FILE *file;

	if (path[0] == '\0') return 0;
	file = fopen(path, "we");
	if (file == NULL) return err_set(ERR_SYS, "could not write \"%s\": %s", path, strerror(errno));
	(void)fprintf(file, "%d\n", (int)getpid());
	if (fclose(file) != 0) return err_set(ERR_SYS, "could not write \"%s\": %s", path, strerror(errno));
	return 0;
}

/* The last error as one line; the exit status. */
static int fail(const char *what, struct config *config)
{
	log_line(LOG_ERROR, "%s: %s", what, err_text());
	config_free(config);
	return 1;
}

/* --check: the exit status. */
static int check(const char *path)
{
	struct config *config = NULL;

	if (config_check(path, true, &config) < 0) return 1;
	(void)printf("%s: no mistakes\n", path);
	config_free(config);
	return 0;
}

int main(int argc, char **argv)
{
	struct arguments arguments;
	struct supervisor supervisor = {0};
	const struct role *roles[ARRAY_LEN(all_roles)];
	char pid_file[PATH_MAX] = ""; /* a reload may name another one */
	int status = arguments_read(argc, argv, &arguments);

	if (status >= 0) return status;
	log_init(STDERR_FILENO, "supervisor", LOG_INFO);
	/* which roles run here */
	if (roles_choose(arguments.roles, roles, &supervisor.role_count) < 0)
		return fail("could not start", supervisor.config);
	supervisor.roles = roles;
	if (arguments.check) return check(arguments.config_path);
	/* the configuration, all of its mistakes at once */
	if (config_load(arguments.config_path, &supervisor.config) < 0)
		return fail("could not read the configuration", NULL);
	/* the server's certificate and key */
	if (config_certificate_check(supervisor.config->options) < 0) return fail("certificate", supervisor.config);
	log_level_set((enum log_level)supervisor.config->options->log_level);
	/* descriptors, sockets, pid file: while we may still be root */
	/* libcurl would write TLS secrets where this points */
	(void)unsetenv("SSLKEYLOGFILE");
	descriptors_raise(supervisor.config->options);
	if (supervisor_bind(&supervisor) < 0) return fail("could not start", supervisor.config);
	if (supervisor.config->options->pid_file != NULL)
		(void)snprintf(pid_file, sizeof(pid_file), "%s", supervisor.config->options->pid_file);
	if (pid_file_write(pid_file) < 0) return fail("could not start", supervisor.config);
	/* who we are from here on */
	if (privileges_drop(supervisor.config->options->user) < 0) return fail("could not start", supervisor.config);
	log_line(LOG_INFO, "started zhifud %s, libevent %s, libpq %d, %s", ZHIFU_VERSION, event_get_version(),
		PQlibVersion(), OpenSSL_version(OPENSSL_VERSION));
	POINTS_OPEN();
	/* processes, until SIGTERM */
	status = supervisor_run(&supervisor);
	if (pid_file[0] != '\0') (void)unlink(pid_file);
	config_free(supervisor.config);
	return status;
}

/* Modules that crash, loop or reach for what is not theirs: the role in a process of its own, in its jail. */
#include "translate_world.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "translate/jail.h"

static int suite_start(void **state)
{
	int r = world_start(state);
	if (r == 0 && !fix.absent) {
		consent_give();
		world.options.lease_s = 1;
	}
	return r;
}

/* Starts the role again whenever it dies, as the supervisor does, until the query gives what is wanted. Returns how
 * often it died, -1: not in time. */
static int role_until(int64_t wanted, const char *query, int *ret_signal)
{
	int64_t end_ms = clock_mono_ms() + 60000;
	int deaths = 0;
	pid_t pid = role_fork();
	while (clock_mono_ms() < end_ms) {
		int status;
		if (waitpid(pid, &status, WNOHANG) == pid) {
			deaths++;
			if (WIFSIGNALED(status)) *ret_signal = WTERMSIG(status);
			pid = role_fork();
		}
		if (admin_int(query) == wanted) {
			kill(pid, SIGKILL);
			waitpid(pid, &status, 0);
			return deaths;
		}
		usleep(20000);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return -1;
}

/* The guilty one is found and held; those that were in its round are not condemned with it. */
static void test_crash(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	struct test_claim claims[12];
	char query[256];
	int died_of = 0;
	for (size_t i = 0; i < 12; i++) claims[i] = claim_add(i == 5 ? "crash" : "ok");
	snprintf(query, sizeof(query), "SELECT count(*) FROM zhifu.outbox WHERE role = 1");
	int deaths = role_until(0, query, &died_of);
	/* Once with the others, then alone until the limit. */
	assert_int_equal(deaths, 3);
	assert_int_equal(died_of, SIGABRT);
	for (size_t i = 0; i < 12; i++)
		assert_int_equal(transport(&claims[i]), i == 5 ? TRANSPORT_HELD : TRANSPORT_QUEUED);
	assert_int_equal(
		number("SELECT count(*) FROM zhifu.claim_event WHERE claim_id = '%s' AND event = 'hold' AND why LIKE '%%crashed 3 times%%'",
			claims[5].id_text),
		1);
	/* Nobody's message was made twice. */
	assert_int_equal(number("SELECT count(*) FROM zhifu.message WHERE submission"), 11);
}

static void test_crash_on_answer(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	struct test_claim claim = claim_add("ok");
	char query[256];
	int died_of = 0;
	snprintf(query, sizeof(query), "SELECT transport::int8 FROM zhifu.claim_state WHERE claim_id = '%s'",
		claim.id_text);
	assert_int_equal(role_until(TRANSPORT_QUEUED, query, &died_of), 0);
	transport_step(&claim, TRANSPORT_QUEUED, TRANSPORT_SENDING, "send");
	transport_step(&claim, TRANSPORT_SENDING, TRANSPORT_SENT, "deliver");
	answer_add(&claim, "crash");
	assert_int_equal(role_until(0, "SELECT count(*) FROM zhifu.outbox WHERE role = 1", &died_of), 3);
	assert_int_equal(
		number("SELECT count(*) FROM zhifu.message WHERE claim_id = '%s' AND status = %d AND why LIKE '%%crashed%%'",
			claim.id_text, MESSAGE_QUARANTINED),
		1);
	assert_int_equal(number("SELECT status::int4 FROM zhifu.exchange WHERE claim_id = '%s'", claim.id_text),
		EXCHANGE_QUARANTINED);
}

/* A module that does not come back is ended by the limit of processor time. */
static void test_loop(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	int died_of = 0;
	world.options.translate_cpu_s = 1;
	world.options.translate_crashes_max = 1;
	struct test_claim claim = claim_add("loop");
	assert_int_equal(role_until(0, "SELECT count(*) FROM zhifu.outbox WHERE role = 1", &died_of), 1);
	assert_int_equal(died_of, SIGPROF);
	assert_int_equal(transport(&claim), TRANSPORT_HELD);
	world.options.translate_cpu_s = 5;
	world.options.translate_crashes_max = 3;
}

/* The module's attempt to write a file fails, and the claim goes on; a lost database is found again from the jail. */
static void test_jailed(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	char query[256];
	int died_of = 0;
	unlink("/tmp/zf-probe-was-here");
	struct test_claim claim = claim_add("open");
	snprintf(query, sizeof(query), "SELECT transport::int8 FROM zhifu.claim_state WHERE claim_id = '%s'",
		claim.id_text);
	assert_int_equal(role_until(TRANSPORT_QUEUED, query, &died_of), 0);
	assert_int_not_equal(access("/tmp/zf-probe-was-here", F_OK), 0);
	pid_t pid = role_fork();
	assert_true(query_until(
		1, 5000, "SELECT least(count(*), 1) FROM pg_stat_activity WHERE usename = 'zhifu_translate'"));
	usleep(200000);
	admin("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'zhifu_translate'");
	struct test_claim later = claim_add("ok");
	snprintf(query, sizeof(query), "SELECT transport::int8 FROM zhifu.claim_state WHERE claim_id = '%s'",
		later.id_text);
	assert_true(query_until(TRANSPORT_QUEUED, 10000, query));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* Runs `attempt` in a jailed child; returns its exit status, or minus the signal that ended it. */
static int jailed(unsigned network, int (*attempt)(void))
{
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		if (jail_enter(network) < 0) _exit(99);
		_exit(attempt());
	}
	waitpid(pid, &status, 0);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static int try_write(void)
{
	return open("/tmp/zf-probe-was-here", O_CREAT | O_WRONLY, 0600) >= 0 ? 0 : errno;
}

static int try_read(void)
{
	return open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0 ? 0 : errno;
}

static int try_unix(void)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0 ? 0 : errno;
}

static int try_inet(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) >= 0 ? 0 : errno;
}

static int try_raw(void)
{
	return socket(AF_INET, SOCK_RAW, IPPROTO_ICMP) >= 0 ? 0 : errno;
}

static int try_listen(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	return listen(fd, 1) == 0 ? 0 : errno;
}

static int try_unlink(void)
{
	return unlink("/tmp/zf-nothing-there") == 0 ? 0 : errno;
}

static int try_exec(void)
{
	char *const argv[] = {(char *)(uintptr_t) "/bin/true", NULL};
	execv("/bin/true", argv);
	return errno;
}

static int try_heap(void)
{
	void *volatile big = malloc(64u << 20);
	if (big == NULL) return 1;
	memset(big, 1, 64u << 20);
	free(big);
	return 0;
}

static void test_jail(void **state)
{
	(void)state;
	assert_int_equal(jailed(JAIL_UNIX, try_heap), 0);
	assert_int_equal(jailed(JAIL_UNIX, try_read), 0);
	assert_int_equal(jailed(JAIL_UNIX, try_write), EPERM);
	assert_int_equal(jailed(JAIL_UNIX, try_unlink), EPERM);
	assert_int_equal(jailed(JAIL_UNIX, try_unix), 0);
	assert_int_equal(jailed(JAIL_UNIX, try_inet), EPERM);
	assert_int_equal(jailed(JAIL_TCP, try_inet), 0);
	assert_int_equal(jailed(JAIL_TCP, try_unix), EPERM);
	assert_int_equal(jailed(JAIL_TCP, try_raw), EPERM);
	assert_int_equal(jailed(JAIL_TCP, try_listen), EPERM);
	assert_int_equal(jailed(JAIL_UNIX, try_exec), -SIGSYS);
}

static void test_network(void **state)
{
	(void)state;
	unsigned network;
	assert_int_equal(jail_network("host=/tmp dbname=x", &network), 0);
	assert_int_equal(network, JAIL_UNIX);
	assert_int_equal(jail_network("host=127.0.0.1,::1 dbname=x", &network), 0);
	assert_int_equal(network, JAIL_TCP);
	assert_int_equal(jail_network("host=db.example,/tmp dbname=x", &network), 0);
	assert_int_equal(network, JAIL_TCP | JAIL_NAMES | JAIL_UNIX);
	assert_true(jail_network("what=this", &network) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_jail),
		cmocka_unit_test(test_network),
		cmocka_unit_test(test_crash),
		cmocka_unit_test(test_crash_on_answer),
		cmocka_unit_test(test_loop),
		cmocka_unit_test(test_jailed),
	};
	return cmocka_run_group_tests(tests, suite_start, world_stop);
}

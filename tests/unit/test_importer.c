/* Files on threads: what the importer tells whom, also when it ends or has no memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <event2/event.h>
#include <semaphore.h>

#include "base/mem.h"
#include "desk/importer.h"

#define NOT_TOLD 1

struct file {
	struct import_job job;
	sem_t begun, may_end;
	int told; /* as done had it */
};

struct lab {
	struct event_base *base;
	struct importer *importer;
	struct file files[5];
};

static void work(void *ctx)
{
	struct file *file = ctx;
	(void)sem_post(&file->begun);
	(void)sem_wait(&file->may_end);
}

static void done(void *ctx, int r)
{
	struct file *file = ctx;
	assert_int_equal(file->told, NOT_TOLD);
	file->told = r;
}

static void lab_open(struct lab *lab)
{
	*lab = (struct lab){.base = event_base_new()};
	assert_int_equal(importer_new(lab->base, &(struct importer_limits){4, 32, 8}, &lab->importer), 0);
	for (size_t i = 0; i < ARRAY_LEN(lab->files); i++) {
		struct file *file = &lab->files[i];
		file->job = (struct import_job){.work = work, .done = done, .ctx = file};
		file->told = NOT_TOLD;
		(void)sem_init(&file->begun, 0, 0);
		(void)sem_init(&file->may_end, 0, 0);
	}
}

static int run(struct lab *lab, size_t n, char hospital)
{
	const struct uuid id = {{(uint8_t)hospital}};
	return importer_run(lab->importer, &lab->files[n].job, &id);
}

static void file_end(struct lab *lab, size_t n)
{
	(void)sem_post(&lab->files[n].may_end);
	while (lab->files[n].told == NOT_TOLD) (void)event_base_loop(lab->base, EVLOOP_ONCE);
}

/* Nobody is forgotten: what a job holds is its own to free. */
static void test_end_tells_all(void **state)
{
	struct lab lab;
	(void)state;
	lab_open(&lab);
	for (size_t i = 0; i < 3; i++) assert_int_equal(run(&lab, i, 'A'), 0);
	assert_int_equal(run(&lab, 3, 'B'), 0);
	(void)sem_wait(&lab.files[0].begun);
	(void)sem_wait(&lab.files[3].begun);
	(void)sem_post(&lab.files[0].may_end);
	(void)sem_post(&lab.files[3].may_end);
	importer_free(lab.importer);
	assert_int_equal(lab.files[0].told, 0);
	assert_int_equal(lab.files[3].told, 0);
	assert_int_equal(lab.files[1].told, ERR_CLOSED);
	assert_int_equal(lab.files[2].told, ERR_CLOSED);
	event_base_free(lab.base);
}

/* One that cannot be begun hears of it, and those behind it have their turn all the same. */
static void test_no_memory(void **state)
{
	struct lab lab;
	(void)state;
	lab_open(&lab);
	for (size_t i = 0; i < 4; i++) assert_int_equal(run(&lab, i, 'A'), 0);
	(void)sem_wait(&lab.files[0].begun);
	mem_fail_at(0, true);
	file_end(&lab, 0);
	mem_fail_after(-1);
	assert_int_equal(lab.files[0].told, 0);
	assert_int_equal(lab.files[1].told, ERR_NOMEM);
	(void)sem_wait(&lab.files[2].begun);
	file_end(&lab, 2);
	file_end(&lab, 3);
	mem_fail_at(0, true);
	assert_int_equal(run(&lab, 4, 'A'), ERR_NOMEM);
	mem_fail_after(-1);
	assert_int_equal(lab.files[4].told, NOT_TOLD);
	assert_int_equal(run(&lab, 4, 'A'), 0);
	file_end(&lab, 4);
	importer_free(lab.importer);
	event_base_free(lab.base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_end_tells_all),
		cmocka_unit_test(test_no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Lanes in front of a pool of threads. */
#include "desk/importer.h"

#include <stdio.h>

#include "base/cpu_pool.h"
#include "base/mem.h"
#include "db/sync.h"

struct importer {
	struct cpu_pool *threads;
	struct lanes lanes;
};

int importer_new(struct event_base *base, const struct importer_limits *limits, struct importer **ret_importer)
{
	struct importer *importer = mem_alloc(sizeof(*importer));
	if (importer == NULL) return err_set(ERR_NOMEM, "no memory for the importer");
	importer->lanes = (struct lanes){.running_max = limits->running_max,
		.hospital_running_max = 1,
		.waiting_max = limits->waiting_max,
		.hospital_waiting_max = limits->hospital_waiting_max};
	lanes_init(&importer->lanes);
	int r = cpu_pool_new(base, limits->running_max, limits->running_max, &importer->threads);
	if (r < 0) {
		mem_free(importer);
		return r;
	}
	*ret_importer = importer;
	return 0;
}

/* Without the threads. */
static void all_end(struct list *turns)
{
	for (struct list *node; (node = list_first(turns)) != NULL;) {
		struct import_job *job = CONTAINER_OF(node, struct import_job, turn.node);
		list_remove(node);
		job->done(job->ctx, job->has_worked ? 0 : err_set(ERR_CLOSED, "the process ends"));
	}
}

void importer_free(struct importer *importer)
{
	if (importer == NULL) return;
	cpu_pool_free(importer->threads);
	all_end(&importer->lanes.running);
	all_end(&importer->lanes.waiting);
	mem_free(importer);
}

static void on_work(void *ctx)
{
	struct import_job *job = ctx;
	job->work(job->ctx);
	job->has_worked = true;
}

static void on_done(void *ctx);

/* Whose turn has come; and those behind it while one can't be begun. */
static void begin(struct importer *importer, struct lane_turn *turn)
{
	while (turn != NULL) {
		struct import_job *job = CONTAINER_OF(turn, struct import_job, turn);
		int r = cpu_pool_run(importer->threads, on_work, on_done, job);
		if (r == 0) return;
		turn = lanes_leave(&importer->lanes, turn);
		job->done(job->ctx, r);
	}
}

static void on_done(void *ctx)
{
	struct import_job *job = ctx;
	struct importer *importer = job->importer;
	struct lane_turn *turn = lanes_leave(&importer->lanes, &job->turn);
	job->done(job->ctx, 0);
	begin(importer, turn);
}

int importer_run(struct importer *importer, struct import_job *job, const struct uuid *hospital_id)
{
	bool now;
	job->importer = importer;
	int r = lanes_enter(&importer->lanes, &job->turn, hospital_id, &now);
	if (r < 0 || !now) return r;
	r = cpu_pool_run(importer->threads, on_work, on_done, job);
	if (r < 0) begin(importer, lanes_leave(&importer->lanes, &job->turn));
	return r;
}

int importer_connect(const char *conninfo, struct db_sync **ret_db)
{
	char limits[96];
	struct db_sync *db;
	int r = db_sync_open(conninfo, "intake", &db);
	if (r < 0) return r;
	(void)snprintf(limits, sizeof(limits), "set statement_timeout to %d; set lock_timeout to %d",
		IMPORT_STATEMENT_MS, IMPORT_LOCK_MS);
	r = db_sync_script(db, limits);
	if (r == 0) r = db_sync_own(db);
	if (r < 0) {
		db_sync_close(db);
		return r;
	}
	*ret_db = db;
	return 0;
}

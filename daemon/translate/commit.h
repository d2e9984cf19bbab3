/* A round's harvest as the parameters of translate_commit and translate_answer. */
#ifndef TRANSLATE_COMMIT_H
#define TRANSLATE_COMMIT_H

#include "db/batch.h"
#include "translate/job.h"

/* Adds the statements for these jobs to an empty batch. Everything is copied. At most one job may step or change a
 * claim or an exchange: the caller sees to it. */
void commit_add(struct db_batch *batch, const struct job *const *jobs, size_t n);
/* What came of it: how much work for others to be woken for. */
size_t commit_messages(const struct job *const *jobs, size_t n);
size_t commit_facts(const struct job *const *jobs, size_t n);

#endif

/* A module's poll, begun and never gone on with. */
#include "ctl/question.h"

#include <string.h>

#include "base/clock.h"
#include "base/options.h"
#include "model/directory.h"
#include "translate/envelope.h"

#define FAULTS_BYTES_MAX (1u << 20)

void questions_open(struct questions *questions, const struct ctl *ctl)
{
	struct arena arena CLEANUP(arena_free);
	struct conf_faults faults = {.arena = &arena};

	*questions = (struct questions){0};
	arena_init(&arena, FAULTS_BYTES_MAX);
	if (ctl->options->adapters_dir == NULL) return;
	/* What is wrong with another insurer's keys does not matter here. */
	(void)!adapter_set_load(ctl->options->adapters_dir, ctl->directory, &faults, &questions->set);
	if (contexts_new(&questions->set, ctl->directory, &questions->contexts) < 0) questions->contexts = NULL;
}

void questions_close(struct questions *questions)
{
	contexts_free(questions->contexts);
	adapter_set_free(&questions->set);
}

/* The first request that the step makes, as it goes out. */
static int letter_make(const struct insurer *insurer, const char *endpoint, struct question *question)
{
	struct bytes plain;

	for (uint32_t i = 0; i < question->asked.action_count; i++) {
		struct zf_action action = call_action(question->asked.actions[i]);
		int r;

		if (action.kind != ZF_ACTION_HTTP || action.endpoint == NULL || strcmp(action.endpoint, endpoint) != 0)
			continue;
		question->token = action.token;
		r = envelope_write(&action, NULL, &question->arena.zf, &plain);
		if (r == 0) r = letter_read(plain, &question->arena, &question->letter);
		if (r == 0) r = letter_fill(&question->letter, insurer->secrets, &question->arena);
		/* Not found means something else to our caller. */
		return r == ERR_NOTFOUND ? ERR_INVALID : r;
	}
	return ERR_NOTFOUND;
}

int question_make(const struct questions *questions, const struct hospital *hospital, const struct insurer *insurer,
	const char *endpoint, struct question *ret_question)
{
	struct question *question = ret_question;
	struct zf_event event = {.size = sizeof(event), .kind = ZF_EVENT_START_POLL};
	struct call call = {.now_ms = clock_wall_ms()};
	int32_t verdict;
	int r;

	*question = (struct question){0};
	arena_init(&question->arena, CONTEXT_ARENA_BYTES * 64);
	if (questions->contexts == NULL) return ERR_NOTFOUND;
	r = contexts_get(questions->contexts, hospital, insurer, &question->context);
	if (r < 0) return r;
	if ((question->context->capabilities & ZF_CAP_TRIAL) == 0) return ERR_NOTFOUND;
	call.context = question->context;
	verdict = call_step(&call, (struct bytes){NULL, 0}, &event, &question->arena.zf, &question->asked);
	if (verdict != ZF_OK) return err_set(ERR_INVALID, "the module has no question to ask");
	return letter_make(insurer, endpoint, question);
}

void question_free(struct question *question)
{
	arena_free(&question->arena);
}

const char *question_judge(struct question *question, long status, struct bytes body)
{
	struct zf_event event = {.size = sizeof(event),
		.kind = ZF_EVENT_REPLY,
		.token = question->token,
		.http_status = (int32_t)status,
		.body = body.ptr,
		.body_len = body.len};
	struct call call = {.context = question->context, .now_ms = clock_wall_ms()};
	struct zf_result said = {0};
	struct bytes state = {question->asked.state, question->asked.state_len};
	const char *why;
	int32_t verdict;

	verdict = call_step(&call, state, &event, &question->arena.zf, &said);
	if (verdict == ZF_OK) return NULL;
	why = verdict == ZF_MALFORMED || verdict == ZF_REJECT
		      ? call_faults_text(said.faults, said.fault_count, true, &question->arena.zf)
		      : NULL;
	return why == NULL ? "the module cannot read the answer" : why;
}

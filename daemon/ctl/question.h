/* The harmless question of an insurer's own module: what its poll asks first, where that changes nothing at the insurer
 * (ZF_CAP_TRIAL). Made and judged by the module as the daemon would; sent by whoever has it. */
#ifndef CTL_QUESTION_H
#define CTL_QUESTION_H

#include "ctl/ctl.h"
#include "dispatch/letter.h"
#include "translate/call.h"

/* The modules of a configuration. Zeroed it is empty. */
struct questions {
	struct adapter_set set;
	struct contexts *contexts; /* NULL: there are none */
};

/* Loads what can be loaded: of a module that cannot there is no question. */
void questions_open(struct questions *questions, const struct ctl *ctl);
void questions_close(struct questions *questions);

/* One question, with the hospital's login in it. */
struct question {
	struct arena arena; /* owns all of it */
	const struct context *context;
	struct zf_result asked; /* the module's state and actions */
	struct letter letter;   /* what is to be sent, secrets filled in */
	uint32_t token;
};

/* Returns owned: question_free, whatever is returned. ERR_NOTFOUND: the module has none for that endpoint; else with
 * text: the profile is refused, a secret is missing, no memory. */
int question_make(const struct questions *questions, const struct hospital *hospital, const struct insurer *insurer,
	const char *endpoint, struct question *ret_question) MUSTUSE;
void question_free(struct question *question);
/* What the module makes of the answer: NULL when it understands it and was not refused, else its reason (the arena's,
 * or a constant). */
const char *question_judge(struct question *question, long status, struct bytes body);

#endif

/* A claim found by its ref, for the commands that show it or take a step with it. */
#ifndef CTL_CLAIM_H
#define CTL_CLAIM_H

#include "ctl/ctl.h"
#include "ctl/report.h"
#include "model/directory.h"
#include "model/lifecycle.h"

struct claim_row {
	const struct hospital *hospital;
	struct uuid id;
	char insurer[64]; /* "" when it has no route */
	uint8_t states[LIFECYCLE_AXES + 1];
	uint8_t vouched; /* enum vouched */
};

/* Inside a transaction of its hospital. ERR_NOTFOUND with text. */
int claim_find(struct ctl *ctl, const struct hospital *hospital, const char *ref, struct claim_row *ret_claim) MUSTUSE;
/* The state in words of the language asked for, and by its name in JSON. */
struct cell cell_state(const struct ctl *ctl, enum lifecycle_axis axis, uint8_t state);
/* "transport", "传输". */
const char *claim_axis_title(const struct ctl *ctl, enum lifecycle_axis axis);

#endif

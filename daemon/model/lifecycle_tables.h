/* The tables behind lifecycle.h; for lifecycle.c and its dumps only. */
#ifndef MODEL_LIFECYCLE_TABLES_H
#define MODEL_LIFECYCLE_TABLES_H

#include "model/lifecycle.h"

struct lifecycle_state {
	const char *name;
	uint8_t kind; /* enum lifecycle_kind */
	const char *english, *chinese;
};

struct lifecycle_axis_row {
	const char *name;
	const struct lifecycle_state *states;
	uint8_t state_count;
};

extern const struct lifecycle_axis_row lifecycle_axis_table[LIFECYCLE_AXES + 1]; /* indexed by enum lifecycle_axis */
extern const struct lifecycle_step lifecycle_step_table[];
extern const size_t lifecycle_step_table_len;
extern const struct lifecycle_action lifecycle_action_table[]; /* rows of one state stand together */
extern const size_t lifecycle_action_table_len;

#endif

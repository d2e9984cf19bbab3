/* What the table of treasury_operations.c cannot say. */
#ifndef DESK_TREASURY_H
#define DESK_TREASURY_H

struct desk_call;

void coordination_try_run(struct desk_call *call);
void coordination_post_run(struct desk_call *call);
void coordination_undo_run(struct desk_call *call);
void coordination_pay_run(struct desk_call *call);

#endif

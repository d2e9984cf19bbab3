/* The commands claim list and claim events. */
#ifndef CTL_CLAIM_LIST_H
#define CTL_CLAIM_LIST_H

#include "ctl/ctl.h"

int claim_list(struct ctl *ctl, int argc, char **argv);
int claim_events(struct ctl *ctl, int argc, char **argv);

/* The names of daemon/model/work.h's numbers, as people read them. */
const char *work_role_name(int role);
const char *work_kind_name(int role, int kind);
const char *message_status_name(int status);

#endif

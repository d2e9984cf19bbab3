/* The bank accounts of a hospital's file, told to the database before it is asked which of them lack something. */
#ifndef CTL_ACCOUNTS_H
#define CTL_ACCOUNTS_H

#include "base/core.h"

struct ctl;
struct hospital;

/* In a transaction of its own. */
int ctl_accounts_keep(struct ctl *ctl, const struct hospital *hospital) MUSTUSE;

#endif

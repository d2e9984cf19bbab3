/* Which bank accounts a hospital has, by its file, for the database: of which statements are due when a month is
 * closed, and who looks after what waits there. */
#ifndef SETTLE_BANK_ACCOUNTS_H
#define SETTLE_BANK_ACCOUNTS_H

#include "base/core.h"

struct db_params;
struct db_sync;
struct hospital;

/* The parameters of accounts_configure() and bank_accounts_keep() of schema/046_bank.sql. */
void bank_accounts_params(struct db_params *params, const struct hospital *hospital);
/* Tells it the database, in a session of this hospital. */
int bank_accounts_keep(struct db_sync *db, const struct hospital *hospital) MUSTUSE;

#endif

/* One short transaction: what reads afterwards may be a transaction that only reads. */
#include "ctl/accounts.h"

#include "ctl/ctl.h"
#include "model/directory.h"
#include "settle/bank_accounts.h"

int ctl_accounts_keep(struct ctl *ctl, const struct hospital *hospital)
{
	int r = ctl_begin(ctl, &hospital->id, true);

	if (r == 0) r = bank_accounts_keep(ctl->db, hospital);
	if (r == 0) return ctl_commit(ctl);
	ctl_rollback(ctl);
	return r;
}

/* The error report of an upload: a table of rules that found something, as text or in a ZIP archive. */
#ifndef ECLAIMLINK_REPORT_H
#define ECLAIMLINK_REPORT_H

#include "eclaimlink/soap.h"

/* Each row becomes a fault at the place in our claim that it is about, as far as it can be told; values are left out,
 * they may be a person's. `refs`: the claims of the file. LIB_INVALID: the report cannot be read (with a fault that
 * says so, a warning: the result stands without it); LIB_LIMIT: it is a bomb, said likewise; LIB_NOMEM. */
int eclaim_report_read(const struct eclaim_profile *profile, struct text_span text, struct zf_arena *arena,
	struct fault_list *faults) LIB_MUSTUSE;
/* That warning, for another list; rc: LIB_INVALID or LIB_LIMIT. */
void eclaim_report_unread(int rc, struct fault_list *faults);

#endif

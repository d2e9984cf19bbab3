/* The role dispatch: moves bytes to and from insurers and understands none of them. It owns routes by fenced leases,
 * writes down the intent before bytes leave, sends, and writes down how it ended. */
#ifndef DISPATCH_DISPATCH_H
#define DISPATCH_DISPATCH_H

#include "base/worker.h"

extern const struct role dispatch_role;

#endif

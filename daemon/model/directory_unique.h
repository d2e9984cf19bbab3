/* What must not be there twice over all files of the directory: ids, codes, clients, certificates of hospitals; what
 * claims find an insurer by. */
#ifndef MODEL_DIRECTORY_UNIQUE_H
#define MODEL_DIRECTORY_UNIQUE_H

#include "base/core.h"

struct conf_faults;
struct directory;

/* Adds a fault for each that is, with file and line of both. ERR_NOMEM. */
int directory_unique_check(const struct directory *directory, struct conf_faults *faults) MUSTUSE;

#endif

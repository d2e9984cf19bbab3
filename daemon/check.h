/* What can be wrong beyond the text of the configuration: certificates, databases' addresses, modules, clients' keys.
 */
#ifndef CHECK_H
#define CHECK_H

#include "base/conf.h"
#include "model/config.h"

/* That the server's certificate fits its key and is not expired. Also before a start and a reload. ERR_* of tls.h. */
int check_certificate(const struct options *options) MUSTUSE;
/* For `zhifud --check`: reads everything, goes on after each mistake, prints them all with file and line. Returns the
 * exit status. */
int check_run(const char *config_path);

#endif

/* What can be wrong beyond the text of the configuration: certificates, databases' addresses, modules, clients' keys.
 * In this room because nobody else knows modules; zhifud --check and zhifuctl conf check are this. */
#ifndef TRANSLATE_CONFIG_CHECK_H
#define TRANSLATE_CONFIG_CHECK_H

#include "base/conf.h"
#include "model/config.h"

struct options;

/* That the server's certificate fits its key and is not expired. Also before a start and a reload. ERR_* of tls.h. */
int config_certificate_check(const struct options *options) MUSTUSE;
/* Reads everything, goes on after each mistake, and names them all with file and line, on standard error (print) or in
 * the log. Opens modules: a daemon that goes on does it in a process of its own. Returns owned (config_free) where
 * there was no mistake; ERR_INVALID and the errors of config_try. */
int config_check(const char *path, bool print, struct config **ret_config) MUSTUSE;

#endif

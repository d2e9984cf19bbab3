/* Structured log lines: one JSON object a line on standard error (or the journal), with time, level, role, pid, the
 * message and named fields. A field is a claim's ref, a route, a count; never a person's data, a payload or a secret.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/core.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* Once at start, before threads: fd is borrowed; role is a string constant ("supervisor", "intake", ...). */
void log_init(int fd, const char *role, enum log_level level);
void log_level_set(enum log_level level);
bool log_enabled(enum log_level level);
/* A line with printf text (lower case, no full stop). */
void log_line(enum log_level level, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* The same with fields: name, value, ..., NULL, all const char *, values escaped as JSON; message is a constant.
 * Example: log_fields(LOG_INFO, "claim accepted", "claim", ref, "insurer", code, NULL); */
void log_fields(enum log_level level, const char *message, ...) __attribute__((sentinel));

#endif

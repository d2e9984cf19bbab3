/* Result codes of the shared helpers. The numbers are those of the daemon's base/err.h, so that the daemon passes them
 * on unchanged; LIB_INEXACT has no twin there. */
#ifndef ADAPTERS_LIB_RESULT_H
#define ADAPTERS_LIB_RESULT_H

#define LIB_MUSTUSE __attribute__((warn_unused_result))

enum lib_result {
	LIB_OK = 0,
	LIB_NOMEM = -1,    /* the arena gave no memory */
	LIB_INVALID = -3,  /* the input breaks its rules, or a value that must be present is absent */
	LIB_LIMIT = -4,    /* larger than a named limit, or the result does not fit its type */
	LIB_NOTFOUND = -5, /* what was looked for is not there */
	LIB_INEXACT = -20, /* the result would need rounding and the caller did not allow it */
};

#endif

/* The probe of the unit tests as a module that zhifud loads: a claim whose number begins with "crash" or "loop" makes
 * it do so. */
#include "unit/translate_probe.h"

const struct zf_adapter *zf_adapter(void)
{
	return &probe_adapter;
}

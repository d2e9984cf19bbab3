/* Piecewise reading of small texts. */
#include "fhir/scan.h"

#include <string.h>

bool fhir_scan_literal(const char **at, const char *literal)
{
	size_t len = strlen(literal);
	if (strncmp(*at, literal, len) != 0) return false;
	*at += len;
	return true;
}

bool fhir_scan_number(const char **at, uint32_t max, uint32_t *ret)
{
	const char *p = *at;
	uint64_t value = 0;
	while (*p >= '0' && *p <= '9' && value <= max) value = value * 10 + (uint64_t)(*p++ - '0');
	if (p == *at || value > max) return false;
	*at = p;
	*ret = (uint32_t)value;
	return true;
}

bool fhir_scan_word(const char **at, char *ret, size_t size)
{
	size_t len = strcspn(*at, " ");
	if (len == 0 || len >= size) return false;
	memcpy(ret, *at, len);
	ret[len] = '\0';
	*at += len;
	return true;
}

/* Reads small texts of our own making piece by piece: the exchange state, paths. Each function moves *at on and returns
 * true, or leaves it and returns false. Internal to the FHIR module. */
#ifndef FHIR_SCAN_H
#define FHIR_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Exactly this text. */
bool fhir_scan_literal(const char **at, const char *literal);
/* Digits, up to `max`. */
bool fhir_scan_number(const char **at, uint32_t max, uint32_t *ret);
/* 1 to size - 1 bytes up to a blank or the end. */
bool fhir_scan_word(const char **at, char *ret, size_t size);

#endif

/* The dictionary that sealing compresses short texts with; see seal.h. Compiled in from the file seal_dictionary_1. */
#ifndef BASE_SEAL_DICTIONARY_H
#define BASE_SEAL_DICTIONARY_H

#include <stddef.h>

extern const unsigned char seal_dictionary_1[];
extern const size_t seal_dictionary_1_len;

#endif

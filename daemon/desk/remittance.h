/* What advices under /v1 share: their words, and why a file takes the place of what is there. */
#ifndef DESK_REMITTANCE_H
#define DESK_REMITTANCE_H

/* Said by a word, for a file's parameters stand in a URL, which is no place for what a person writes. */
enum advice_reason { ADVICE_REASON_NONE, ADVICE_CORRECTED, ADVICE_REREAD, ADVICE_ANOTHER };

extern const char *const shape_detail_kinds[], *const shape_differences[];

#endif

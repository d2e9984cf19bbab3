/* How single values look on the wire: dates, amounts, activity ids; and faults as both sides of the ABI have them. */
#ifndef ECLAIMLINK_WIRE_H
#define ECLAIMLINK_WIRE_H

#include "eclaimlink/profile.h"
#include "lib/fault.h"
#include "lib/result.h"
#include "lib/text.h"
#include "lib/xml_read.h"
#include "lib/xml_write.h"

#define ECLAIM_DATE_SIZE 20
#define ECLAIM_FILE_BYTES_MAX (20u << 20) /* of an XML file in an envelope */

/* "22/11/2026 04:15" in the profile's zone; a bare day is at 00:00 of itself. False and "" when absent. */
bool eclaim_date_format(const struct eclaim_profile *profile, const struct zf_time *time, char ret[ECLAIM_DATE_SIZE]);
void eclaim_date_format_ms(const struct eclaim_profile *profile, int64_t ms, char ret[ECLAIM_DATE_SIZE]);
/* dd/MM/yyyy, with HH:mm or without. LIB_INVALID. */
int eclaim_date_parse(const struct eclaim_profile *profile, struct text_span text, struct zf_time *ret) LIB_MUSTUSE;

/* The child's amount in the profile's currency. Absent and not required: ret stays not present. A value that is none,
 * or has more decimals than the currency, becomes a fault. */
void eclaim_amount_read(const struct eclaim_profile *profile, const struct xml_element *parent, const char *name,
	bool required, struct zf_arena *arena, struct fault_list *faults, struct zf_money *ret);
void eclaim_amount_write(struct xml_writer *writer, const char *name, struct zf_money amount);
struct zf_money eclaim_money(const struct eclaim_profile *profile, int64_t minor);

/* "REF-3": the claim's own ref and the line, so that an answer leads back to both, and a correction's differ. */
const char *eclaim_activity_id(struct zf_arena *arena, const char *ref, int32_t sequence);
/* Back; false when it is not one of ours. */
bool eclaim_activity_read(struct text_span id, char ret_ref[20], int32_t *ret_sequence);

/* The fault's path is the element's, its line in the sentence. */
void eclaim_fault_at(struct fault_list *faults, struct zf_arena *arena, enum fault_code code,
	const struct xml_element *element, const char *name, const char *what);
/* A NUL-terminated copy; NULL for an empty span and on no memory (then *ok is false). */
const char *eclaim_keep(struct zf_arena *arena, struct text_span text, bool *ok);

#endif

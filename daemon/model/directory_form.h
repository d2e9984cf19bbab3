/* What single values of the directory's files must look like: NULL, or what is wrong, as a conf_option's `form` says
 * it. Pure. */
#ifndef MODEL_DIRECTORY_FORM_H
#define MODEL_DIRECTORY_FORM_H

#include "base/core.h"

const char *form_uuid(const char *text);
const char *form_hospital_code(const char *text);
const char *form_currency(const char *text);
const char *form_rate_source(const char *text);
const char *form_rate_file(const char *text); /* cfets, or board:BANK */
const char *form_account(const char *text);
const char *form_revalued(const char *text);
const char *form_take_backs(const char *text);
const char *form_interruption(const char *text);
const char *form_band(const char *text);  /* "91: 5": days and per cent */
const char *form_limit(const char *text); /* an amount that is not negative */
const char *form_charset(const char *text);
const char *form_sign(const char *text); /* one character of ASCII */
const char *form_insurer(const char *text);
const char *form_date_form(const char *text);        /* as lib/date.h date_parse_form takes it */
const char *form_declaration_code(const char *text); /* six digits, or none */
const char *form_client(const char *text);           /* a client's id */
const char *form_fingerprint(const char *text);      /* SHA-256 in hexadecimal digits */
const char *form_system(const char *text);           /* of identifiers: a URI */
const char *form_scope(const char *text);
const char *form_name(const char *text);    /* of an endpoint or a channel */
const char *form_url(const char *text);     /* https:// or http://, a host, nothing but a path behind */
const char *form_pin(const char *text);     /* sha256//BASE64 */
const char *form_purpose(const char *text); /* of HL7's value set v3-PurposeOfUse */
const char *form_field(const char *text);   /* a path that begins with a FHIR R4 resource type, or "*" */

/* The enum revaluation_kind of a name; 0: none. */
unsigned revalued_of(const char *name);
/* enum interruption_kind of a word that form_interruption likes; else 0. */
unsigned interruption_of(const char *name);
/* A band of provision that form_band likes. */
struct provision_band;
bool band_of(const char *text, struct provision_band *ret_band);
/* The enum client_scope of a name; 0: none. */
uint32_t scope_of(const char *name);
/* Whether a URL that form_url likes names this machine: localhost, 127.x.x.x or [::1]. */
bool form_url_is_loopback(const char *url);

#endif

/* The two kinds of file of the directory as configuration tables: conf/hospitals.d/NAME.conf,
 * conf/insurers.d/NAME.conf. */
#ifndef MODEL_DIRECTORY_FILE_H
#define MODEL_DIRECTORY_FILE_H

#include "advice/advice.h"
#include "base/conf.h"

struct identifier_file {
	const char *system, *value;
};

struct client_file {
	const char *id;
	struct conf_strings certificates;
	const char *jwks_file;
	struct conf_strings scopes;
};

struct bank_account_file {
	const char *code, *number, *currency, *charset, *profile, *owner;
	bool reversal_negates, unproved_accepted;
};

struct statement_file {
	const char *name, *separator, *decimal, *thousands, *date_form;
	struct conf_strings columns, optional_columns, credit_marks, debit_marks, opening_words, closing_words,
		footer_words;
	struct conf_map currencies;
	bool debit_negates, newest_first;
};

struct rate_profile_file {
	const char *name, *source, *charset, *separator, *decimal, *footer, *date_form, *day, *currency, *per, *price,
		*buying, *selling, *home;
	struct conf_strings ignored, quoted_inverse;
	struct conf_map currencies, quoted_per;
	int64_t skip;
	bool open_end;
};

struct write_off_role_file {
	const char *role, *limit;
	struct conf_strings people;
};

struct advice_columns_file {
	const char *headings[ADVICE_COLUMNS];
};

struct advice_labels_file {
	const char *labels[ADVICE_LABELS];
};

struct advice_file {
	const char *name, *remitter, *charset, *separator, *decimal, *thousands, *sheet, *date_form, *currency,
		*carrier;
	bool fee_unsigned;
	const void *columns; /* struct advice_columns_file */
	const void *labels;  /* struct advice_labels_file; NULL: none */
	struct conf_strings words[ADVICE_WORDS];
	struct conf_map carriers;
};

struct hospital_file {
	const char *id, *code, *name, *zone, *book_currency, *suspense_owner;
	struct conf_strings bill_systems, rate_sources, revaluation_reverts, provision_bands, limitation_interrupts;
	int64_t rate_reach_days, limitation_years, limitation_alert_days, match_certain;
	const char *take_backs, *chart, *calendar, *declaration_code;
	int64_t declaration_days;
	struct conf_groups identifiers, clients, code_systems, bank_accounts, statement_profiles, write_off_roles,
		advice_profiles, rate_profiles, erp_profiles;
};

struct range_file {
	const char *from, *to, *prefix;
};

struct endpoint_file {
	const char *name, *url, *channel, *ca_file, *certificate, *private_key;
	struct conf_strings pins;
	int64_t redirects_max, deadline_ms;
	bool allow_plain;
};

struct map_file {
	const char *name;
	struct conf_map entries;
};

struct insurer_file {
	const char *name, *module;
	int64_t window_max, poll_interval_s, wait_max_s;
	bool idempotent, unknown_codes_fault;
	struct conf_groups payer_identifiers, ranges, endpoints, maps, code_systems; /* those of validate_system */
	struct conf_strings names, allowed_fields, purposes;
	const char *allowed_fields_version;
	struct conf_map keys, secrets;
};

extern const struct conf_table advice_file_table;
extern const struct conf_table statement_file_table;
extern const struct conf_table rate_profile_table;
extern const struct conf_table hospital_file_table;
extern const struct conf_table insurer_file_table;

#endif

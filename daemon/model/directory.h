/* The directory: hospitals, their clients, and insurers with their routes, as configured in conf/hospitals.d and
 * conf/insurers.d. Read at start and on reload; const after; every worker has the same. */
#ifndef MODEL_DIRECTORY_H
#define MODEL_DIRECTORY_H

#include <openssl/evp.h>

#include "base/conf.h"
#include "base/core.h"
#include "base/id.h"
#include "base/mem.h"
#include "base/zone.h"
#include "lib/charset.h"
#include "lib/rate.h"
#include "model/revaluation.h"
#include "zhifu_model.h"

struct advice_profile;
struct bank_csv_profile;
struct calendar;
struct chart;
struct erp_profile;
struct hospital;
struct rate_csv_profile;
struct validate_system;

/* A system that submits for a hospital: by client certificate, by signed assertion, or both. */
struct client {
	const char *id; /* client_id; unique over all hospitals; [A-Za-z0-9._-]{1,64} */
	const struct hospital *hospital;
	const char *const *certificates; /* SHA-256 of the client certificate (DER), lower-case hex */
	uint32_t certificate_count;
	uint32_t scope;        /* enum client_scope, ORed */
	const char *jwks_path; /* JWK set file for private_key_jwt, or NULL */
	const char *jwks_json; /* its content as read at load (validated by net/jwt at start) */
};
enum client_scope {
	SCOPE_SUBMIT = 1,
	SCOPE_READ = 2,
	SCOPE_CONSENT = 4,
	SCOPE_CANCEL = 8,
	SCOPE_FINANCE_READ = 16,
	SCOPE_FINANCE_WRITE = 32,
	SCOPE_FINANCE_RATES = 64, /* rates count for all hospitals */
	SCOPE_INSPECTOR = 128,    /* reports alone, as long as a grant of its id stands, each look on record */
};

/* A bank account of a hospital, of which statements are read. Its account in the ledger is "BANK-" and its code. */
struct hospital_account {
	const char *code;   /* [A-Z0-9-]{1,24}; unique in the hospital */
	const char *number; /* as the bank writes it in its statements: IBAN or other; unique with the currency */
	char currency[4];
	const char *charset;                /* of MT940 and CSV: "utf-8", "iso-8859-1", "iso-8859-15", "gb18030" */
	bool reversal_negates;              /* camt: a reversal has the direction of what it takes back */
	bool unproved_accepted;             /* statements without balances are read */
	const char *owner;                  /* who looks after its money in suspense unless a person says who */
	const char *profile;                /* how its CSV is called that the next one reads; NULL: it has none */
	const struct bank_csv_profile *csv; /* adapters/bank/statement.h */
};

/* What begins the limitation of a claim anew. */
enum interruption_kind {
	INTERRUPTION_DEMAND = 1,          /* a demand was delivered */
	INTERRUPTION_ACKNOWLEDGEMENT = 2, /* the debtor said that it owes it */
	INTERRUPTION_PART_PAYMENT = 4,    /* it paid a part */
};

/* Who may write off how much at once. */
struct write_off_role {
	const char *role;
	const char *const *people;
	uint32_t person_count;
	struct zf_money limit; /* in the book currency */
};

/* How a file of rates is read. */
struct rate_profile {
	const char *name; /* unique in the hospital */
	const char *from; /* whose rates: "cfets" or "board:BANK" */
	enum charset_kind charset;
	const struct rate_csv_profile *csv; /* model/rate_csv.h */
};

struct hospital {
	struct uuid id;
	char code[HOSPITAL_CODE_LEN + 1];
	const char *name;
	const char *zone_name;
	const struct zone *zone;
	char book_currency[4];
	uint8_t rate_sources[RATE_SOURCE_COUNT]; /* enum rate_source: whose rates value what is posted, in this order */
	uint32_t rate_source_count;
	uint16_t match_certain;                         /* of 1000: from there on matching posts by itself */
	uint16_t rate_reach_days;                       /* how old a rate may be for a day that has none */
	const struct zf_identifier *const *identifiers; /* how insurers know it: goes out as the sender */
	uint32_t identifier_count;
	const char *const *bill_systems; /* identifier systems of claims whose numbers payers name */
	uint32_t bill_system_count;
	uint32_t client_count;
	const struct client *const *clients;
	uint32_t account_count;
	const struct hospital_account *accounts;
	uint32_t advice_profile_count;
	const struct advice_profile *advice_profiles; /* adapters/advice/advice.h */
	uint32_t rate_profile_count;
	const struct rate_profile *rate_profiles;
	unsigned revaluation_reverts;                 /* a set of enum revaluation_kind */
	const struct provision_band *provision_bands; /* by days */
	uint32_t provision_band_count;
	uint32_t limitation_years, limitation_alert_days;
	unsigned limitation_interrupts; /* a set of enum interruption_kind */
	bool accepts_take_backs;        /* at once; else they are disputed */
	const struct write_off_role *write_off_roles;
	uint32_t write_off_role_count;
	const struct chart *chart;              /* of accounts */
	const struct calendar *calendar;        /* of working days */
	const char *chart_file, *calendar_file; /* NULL: what is built in */
	const char *declaration_code;           /* of receipts from abroad; NULL: none are declared */
	uint16_t declaration_days;              /* within so many working days */
	uint32_t erp_profile_count;
	const struct erp_profile *erp_profiles;
	const struct validate_system *code_systems; /* its own: tariff, catalogues, diagnoses */
	uint32_t code_system_count;
	const char *file; /* its configuration file, for faults */
};

/* Where an insurer's messages go. */
struct endpoint {
	const char *name; /* the key adapters use in ZF_ACTION_HTTP */
	const char *url;
	const char *channel; /* default: "https"; route = insurer ":" channel */
	const char *ca_file, *certificate, *private_key;
	const char *const *pins; /* "sha256//BASE64" of the SPKI */
	uint32_t pin_count;
	uint32_t redirects_max; /* 0: none are followed */
	int64_t deadline_ms;    /* 0: outbound_deadline_ms */
	bool allow_plain;       /* http:// in quickstart and tests only */
};

struct insurer_range { /* coverage numbers [from, to] of one length, compared as text; or a prefix when to is NULL */
	const char *from, *to;
};

struct insurer {
	const char *code; /* [a-z0-9-]{1,32} */
	const char *name;
	const char *module; /* adapters_dir/MODULE.so */
	const struct endpoint *const *endpoints;
	uint32_t endpoint_count;
	uint32_t window_max;      /* concurrent requests per route */
	uint32_t poll_interval_s; /* 0: not polled */
	bool idempotent;          /* a repeated submission is recognised: may be resent after an unknown outcome */
	uint32_t wait_max_s;      /* the insurer's real-time limit */
	/* routing, tried in this order over all insurers: payer identifier, coverage number, name */
	const struct zf_identifier *const *payer_identifiers;
	uint32_t payer_identifier_count;
	const struct insurer_range *const *ranges;
	uint32_t range_count;
	const char *const *names; /* coverage display or payor name, compared without case */
	uint32_t name_count;
	/* privacy */
	const char *const *allowed_fields; /* FHIRPath prefixes that may leave, e.g. "Claim.item", "Patient.name"; none
					    * (["*"] in the file): all that the module maps, except what is never
					    * exported */
	uint32_t allowed_field_count;
	const char *allowed_fields_version;
	const char *const *purposes; /* consent purposes that permit, default HPAYMT */
	uint32_t purpose_count;
	const struct validate_system *code_systems; /* those it knows, besides the built-in ones */
	uint32_t code_system_count;
	bool unknown_codes_fault;           /* codes that it does not know are faults, not warnings */
	const struct conf_map *module_keys; /* group `module` */
	const struct conf_map *maps;        /* group `maps`: "MAP/FROM" -> "TO" */
	const char *file;                   /* its configuration file, for faults; NULL: none (tests) */
	const struct conf_map *secrets; /* NAME -> value, read from files named in the group `secrets`; never printed */
};

struct directory {
	const struct hospital *const *hospitals;
	uint32_t hospital_count;
	const struct insurer *const *insurers;
	uint32_t insurer_count;
};

/* Reads both folders and adds all mistakes to the faults, each with file and line. With ERR_INVALID, which says that
 * there were some, there is a directory nevertheless, for who goes on looking: what could not be read is empty in it.
 * ERR_NOMEM: none. Returns owned: directory_free. */
struct conf_faults;
int directory_load(const char *hospitals_dir, const char *insurers_dir, struct conf_faults *faults,
	struct directory **ret_directory) MUSTUSE;
/* Takes out the entries in whose files there are faults. Returns how many of the faults those files have. */
size_t directory_sound_only(struct directory *directory, const struct conf_faults *faults);
/* One more owner of a directory that directory_load made, for who needs it as it is beyond a reload. Returns owned:
 * directory_free. All owners are on one thread; others may read. */
struct directory *directory_hold(const struct directory *directory);
/* One owner less; with the last one it ends. NULL allowed. */
void directory_free(struct directory *directory);

const struct hospital *directory_hospital(const struct directory *directory, const struct uuid *id);
const struct hospital *directory_hospital_code(const struct directory *directory, const char *code);
/* Of the roles that a person, or client, has the one that may write off most; NULL: none. */
const struct write_off_role *hospital_write_off_role(const struct hospital *hospital, const char *who);
const struct insurer *directory_insurer(const struct directory *directory, const char *code);
const struct client *directory_client(const struct directory *directory, const char *client_id);
const struct client *directory_client_certificate(const struct directory *directory, const char *sha256_hex);

/* Which insurer a claim goes to: payer identifiers of the focal coverage's payors and of Claim.insurer, then the
 * coverage number, then names. Returns NULL when none fits; ret_why then says what was looked at (no person's data). */
const struct insurer *directory_route(
	const struct directory *directory, const struct zf_claim *claim, const char **ret_why);

#endif

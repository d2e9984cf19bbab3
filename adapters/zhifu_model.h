/* The canonical model: what a claim, an answer and a remittance are, independent of any format.
 *
 * The daemon works on these very structs and every adapter maps its format to and from them, so nothing is mapped
 * twice. Names follow FHIR R4 where it has a word (hl7.org/fhir/R4, resource and element given at each field), X12 and
 * ISO 20022 where it has not.
 *
 * Rules that hold for every struct:
 *  - `size` is sizeof the struct as its maker knew it. Fields are only ever appended: a reader copies
 *    min(size, its own sizeof) bytes and finds zeros behind.
 *  - Text is UTF-8, NUL-terminated, without NUL inside; NULL means absent (never "").
 *  - Lists are arrays of pointers with a count; a NULL array goes with count 0.
 *  - Everything lives in the arena of the call that made it.
 *  - Amounts are integers in the currency's minor unit (ISO 4217 exponent). No floating point anywhere.
 *  - Times are milliseconds since 1970-01-01T00:00Z together with the offset and precision they were written with. */
#ifndef ZHIFU_MODEL_H
#define ZHIFU_MODEL_H

#include <stdint.h>

/* ---- values ---- */

/* A decimal as written: unscaled / 10^scale, so 12.50 is {1250, 2} and keeps its zero. scale <= 18. */
struct zf_decimal {
	int64_t unscaled;
	uint8_t scale;
	uint8_t present; /* 0: absent, which is not zero */
};

/* An amount: minor / 10^exponent of `currency` (ISO 4217 alphabetic, upper case, NUL-terminated). */
struct zf_money {
	int64_t minor;
	char currency[4];
	uint8_t exponent;
	uint8_t present;
};

/* A date or time with the precision it was written with (FHIR date, dateTime, instant). */
enum zf_precision { ZF_NO_TIME = 0, ZF_YEAR = 1, ZF_MONTH = 2, ZF_DAY = 3, ZF_SECOND = 4, ZF_MILLISECOND = 5 };
struct zf_time {
	int64_t utc_ms;         /* the start of the interval it names; a bare date starts at 00:00 in its offset */
	int16_t offset_minutes; /* zone offset as written; 0 for bare dates */
	uint8_t precision;      /* enum zf_precision; ZF_NO_TIME means absent */
	uint8_t reserved;
};

struct zf_period {
	struct zf_time start; /* inclusive */
	struct zf_time end;   /* inclusive, as FHIR Period.end */
};

struct zf_coding {
	const char *system; /* URI of the code system */
	const char *version;
	const char *code;
	const char *display;
};

struct zf_concept {
	const struct zf_coding *const *codings;
	uint32_t coding_count;
	const char *text;
};

struct zf_identifier {
	const char *system; /* URI of the namespace; NULL when the sender gave none (never invented) */
	const char *value;
	const struct zf_concept *type; /* e.g. v2-0203 PPN passport, MR medical record number */
	const char *use;
};

/* Something we do not know but must hand on: a FHIRPath and the raw JSON found there. */
struct zf_extension {
	const char *path; /* e.g. "Claim.item[0].extension[0]" */
	const char *url;
	const char *json; /* raw JSON text of the extension element */
	uint32_t json_len;
};

struct zf_name {
	const char *use; /* official, usual, maiden, ... */
	const char *text;
	const char *family;
	const char *const *given;
	uint32_t given_count;
};

struct zf_address {
	const char *const *lines;
	uint32_t line_count;
	const char *city, *district, *state, *postal_code;
	const char *country; /* as sent: ISO 3166 alpha-2 or alpha-3, or a name */
	const char *text;
};

struct zf_telecom {
	const char *system; /* phone, email, ... */
	const char *value;
	const char *use;
};

/* ---- parties and persons ---- */

/* FHIR Organization: hospital, insurer, TPA, employer. */
struct zf_organization {
	uint32_t size;
	uint32_t identifier_count;
	const struct zf_identifier *const *identifiers;
	const char *name;
	const char *reference; /* how the sender referred to it (absolute URI, fullUrl or #id); NULL when none */
	const struct zf_address *address;
	const struct zf_concept *type;
};

struct zf_practitioner {
	uint32_t size;
	uint32_t identifier_count;
	const struct zf_identifier *const *identifiers;
	const struct zf_name *name;
	const char *reference;
	const struct zf_concept *qualification;
};

/* FHIR Patient. */
struct zf_patient {
	uint32_t size;
	uint32_t identifier_count;
	const struct zf_identifier *const *identifiers;
	const struct zf_name *const *names;
	uint32_t name_count;
	uint32_t telecom_count;
	const struct zf_telecom *const *telecoms;
	const struct zf_address *const *addresses;
	uint32_t address_count;
	uint8_t resolved; /* 1: the resource was there; 0: only a reference or identifier is known */
	uint8_t deceased;
	const char *gender; /* male | female | other | unknown */
	struct zf_time birth_date;
	const char *reference;   /* absolute URI (urn:uuid:..., https://...) the sender used, a further identity */
	const char *nationality; /* ISO 3166 code from the patient-nationality or -citizenship extension */
	const char *language;    /* BCP 47 */
};

/* FHIR Coverage. */
struct zf_coverage {
	uint32_t size;
	uint8_t resolved; /* 0: only `display`, `identifiers` or `reference` are known */
	uint8_t reserved[3];
	const struct zf_identifier *const *identifiers;
	uint32_t identifier_count;
	uint32_t payor_count;
	const struct zf_organization *const *payors;
	const char *status;
	const struct zf_concept *type;
	const char *subscriber_id; /* the number on the card: what coverage number ranges route on */
	const char *dependent;
	const struct zf_concept *relationship;
	struct zf_period period;
	const char *group;     /* Coverage.class of type group */
	const char *plan;      /* Coverage.class of type plan */
	const char *display;   /* Reference.display */
	const char *reference; /* as sent */
};

/* FHIR Encounter. */
struct zf_encounter {
	uint32_t size;
	uint8_t resolved;
	uint8_t reserved[3];
	const struct zf_identifier *const *identifiers;
	uint32_t identifier_count;
	uint32_t reserved2;
	const char *status;
	const struct zf_coding *klass; /* v3-ActCode AMB, IMP, EMER, ... */
	struct zf_period period;       /* admission and discharge */
	const char *reference;
};

/* ---- the claim ---- */

enum zf_use { ZF_USE_CLAIM = 1, ZF_USE_PREAUTHORIZATION = 2, ZF_USE_PREDETERMINATION = 3 };

struct zf_diagnosis {
	int32_t sequence;
	uint8_t resolved; /* 0: a reference that came without its resource */
	uint8_t reserved[3];
	const struct zf_concept *concept;      /* from diagnosisCodeableConcept or the Condition's code */
	const struct zf_concept *const *types; /* ex-diagnosistype: principal, admitting, ... */
	uint32_t type_count;
	uint32_t reserved2;
	const struct zf_concept *on_admission;
	const char *reference;
};

struct zf_procedure {
	int32_t sequence;
	uint8_t resolved;
	uint8_t reserved[3];
	const struct zf_concept *concept;
	struct zf_time date;
	const char *reference;
};

struct zf_care_team {
	int32_t sequence;
	uint8_t responsible;
	uint8_t reserved[3];
	const struct zf_practitioner *practitioner; /* or NULL */
	const struct zf_organization *organization; /* or NULL */
	const struct zf_concept *role;
	const struct zf_concept *qualification;
};

/* FHIR Claim.supportingInfo. Values of kinds we have no field for stay in `value_json`. */
struct zf_supporting_info {
	int32_t sequence;
	uint32_t value_json_len;
	const struct zf_concept *category;
	const struct zf_concept *code;
	struct zf_period timing;
	const char *value_text;
	struct zf_decimal value_quantity;
	const char *value_unit;
	const char *value_json; /* the raw value[x] element */
	const struct zf_concept *reason;
};

struct zf_insurance {
	int32_t sequence;
	uint8_t focal;
	uint8_t reserved[3];
	const struct zf_coverage *coverage;
	const char *const *preauth_refs;
	uint32_t preauth_ref_count;
	uint32_t reserved2;
	const struct zf_identifier *identifier;
};

/* FHIR Claim.item (level 1), detail (2) and subDetail (3). */
struct zf_claim_line {
	uint32_t size;
	int32_t sequence;
	uint8_t level;
	uint8_t reserved[7];
	const int32_t *care_team_sequences;
	const int32_t *diagnosis_sequences;
	const int32_t *procedure_sequences;
	const int32_t *information_sequences;
	uint32_t care_team_sequence_count, diagnosis_sequence_count, procedure_sequence_count,
		information_sequence_count;
	const struct zf_concept *revenue;
	const struct zf_concept *category;
	const struct zf_concept *product_or_service;
	const struct zf_concept *const *modifiers;
	uint32_t modifier_count;
	uint32_t encounter_count;
	const struct zf_encounter *const *encounters;
	struct zf_period serviced; /* servicedDate has start = end */
	struct zf_decimal quantity;
	const char *quantity_unit;
	struct zf_decimal unit_price; /* keeps its own decimals */
	char unit_price_currency[4];  /* "" when absent */
	char reserved3[4];
	struct zf_decimal factor;
	struct zf_money net;
	struct zf_money tax;           /* from the insurer's profile, e.g. the NPHIES tax extension */
	struct zf_money patient_share; /* likewise */
	const struct zf_concept *body_site;
	const struct zf_claim_line *const *details;
	uint32_t detail_count;
	uint32_t reserved4;
};

struct zf_related_claim {
	const struct zf_identifier *identifier; /* the predecessor's business identifier, or NULL */
	const char *reference;
	const struct zf_concept *relationship; /* prior, associated, replaces, ... */
};

struct zf_claim {
	uint32_t size;
	uint8_t use; /* enum zf_use */
	uint8_t reserved[3];
	char id[40];  /* Zhifu's UUID in text; "" before it has one */
	char ref[20]; /* Zhifu's 16-character ref: goes out as the claim identifier on every wire */
	const struct zf_identifier *const *identifiers; /* the hospital's own */
	uint32_t identifier_count;
	uint32_t line_count;
	const char *status;            /* active | cancelled | draft | entered-in-error */
	const struct zf_concept *type; /* institutional | oral | pharmacy | professional | vision */
	const struct zf_concept *sub_type;
	const struct zf_patient *patient;
	struct zf_period billable_period;
	struct zf_time created;
	const struct zf_organization *provider; /* NULL when a practitioner bills */
	const struct zf_practitioner *provider_practitioner;
	const struct zf_organization *insurer;
	const struct zf_concept *priority; /* stat | normal | deferred */
	const struct zf_concept *funds_reserve;
	const struct zf_related_claim *const *related;
	const struct zf_care_team *const *care_team;
	const struct zf_supporting_info *const *supporting_info;
	const struct zf_diagnosis *const *diagnoses;
	const struct zf_procedure *const *procedures;
	const struct zf_insurance *const *insurance;
	uint32_t related_count, care_team_count, supporting_info_count, diagnosis_count, procedure_count,
		insurance_count;
	const struct zf_concept *accident_type;
	struct zf_time accident_date;
	const struct zf_encounter *encounter; /* the stay: of the first line that names one, or NULL */
	const struct zf_claim_line *const *lines;
	struct zf_money total;
	int32_t bill_sequence; /* interim bills of one stay: 1, 2, ...; 0 when the claim has none. From the extension
				* urn:zhifu:bill-sequence (valuePositiveInt) */
	uint8_t emergency;     /* 1: encounter class EMER, priority stat, or an emergency mark of the profile */
	uint8_t reserved2[3];
	const struct zf_extension *const *extensions; /* everything we do not interpret */
	uint32_t extension_count;
	uint32_t reserved3;
	char origin_ref[20]; /* where `related` leads back to claims that this insurer was sent: the ref of the first of
			      * them, the number by which it knows the case; "" otherwise */
};

/* FHIR Consent: permission to disclose to named recipients for a purpose (PIPL art. 29, 39). */
struct zf_consent {
	uint32_t size;
	uint8_t permit;    /* provision.type: 1 permit, 0 deny */
	uint8_t discloses; /* 1: provision.action names no action at all, or "disclose" among others */
	uint8_t reserved[2];
	const struct zf_identifier *const *identifiers;
	uint32_t identifier_count;
	uint32_t recipient_count;
	const char *status; /* active is in force; rejected, inactive, entered-in-error withdraw it */
	const struct zf_patient *patient;
	struct zf_time date;
	struct zf_period period;
	const struct zf_organization *const
		*recipients;         /* provision.actor with role IRCP / PRCP; none: a refusal of all */
	const char *const *purposes; /* v3-ActReason codes; HPAYMT payment, CLMATTCH, COVAUTH, ... */
	uint32_t purpose_count;
	uint32_t reserved2;
};

/* ---- the answer ---- */

/* X12 claim adjustment group: who bears it. */
enum zf_group {
	ZF_GROUP_NONE = 0,
	ZF_GROUP_CO = 1, /* contractual: the hospital writes it off */
	ZF_GROUP_PR = 2, /* patient responsibility */
	ZF_GROUP_OA = 3, /* other adjustment */
	ZF_GROUP_PI = 4, /* payer initiated reduction: open between hospital and insurer */
};

/* One neutral reason for what many insurers say in many codes; the original is kept beside it. */
enum zf_reason {
	ZF_REASON_NONE = 0,
	ZF_REASON_DEDUCTIBLE = 1,
	ZF_REASON_COINSURANCE = 2,
	ZF_REASON_COPAY = 3,
	ZF_REASON_CONTRACT_PRICE = 4,
	ZF_REASON_BENEFIT_LIMIT = 5,
	ZF_REASON_NOT_COVERED = 6,
	ZF_REASON_NOT_ELIGIBLE = 7,
	ZF_REASON_NO_AUTHORIZATION = 8,
	ZF_REASON_NOT_NECESSARY = 9,
	ZF_REASON_DUPLICATE = 10,
	ZF_REASON_CODING = 11,
	ZF_REASON_LATE = 12,
	ZF_REASON_PRE_EXISTING = 13,
	ZF_REASON_OTHER_PAYER = 14,
	ZF_REASON_MORE_INFORMATION = 15,
	ZF_REASON_TAKE_BACK = 16,
	ZF_REASON_TAX = 17,
	ZF_REASON_OTHER = 99,
};

/* One adjustment: line x group x reason x amount. benefit amounts are not adjustments (see zf_line_result). */
struct zf_adjustment {
	uint8_t group; /* enum zf_group */
	uint8_t reserved[1];
	uint16_t reason; /* enum zf_reason */
	uint32_t reserved2;
	struct zf_money amount;      /* positive reduces what the insurer pays */
	const char *original_system; /* the insurer's code system and code, verbatim */
	const char *original_code;
	const char *original_text;
};

struct zf_line_result {
	int32_t sequence; /* the claim line's; 0: claim level */
	uint32_t adjustment_count;
	struct zf_money submitted;
	struct zf_money eligible;
	struct zf_money benefit; /* what the insurer pays for the line; absent when not said */
	const struct zf_adjustment *const *adjustments;
};

enum zf_outcome {
	ZF_OUTCOME_QUEUED = 1, /* taken, not decided */
	ZF_OUTCOME_COMPLETE = 2,
	ZF_OUTCOME_PARTIAL = 3,
	ZF_OUTCOME_ERROR = 4, /* not processed: a rejection, not a denial */
};

/* A fault the insurer or we found: where, what, who can fix it. */
struct zf_fault {
	const char *path; /* FHIRPath, or segment/element */
	const char *code; /* FHIR issue-type or the insurer's code */
	const char *text;
};

/* FHIR ClaimResponse in canonical form. */
struct zf_adjudication {
	uint32_t size;
	uint8_t outcome; /* enum zf_outcome */
	uint8_t use;
	uint8_t net_of_share; /* 1: what the lines say was submitted leaves out the share that the hospital had from the
			       * patient: what the claim's total has more is the patient's */
	uint8_t reserved[1];
	const char *claim_ref;        /* our ref as the insurer echoed it, or NULL */
	const char *claim_reference;  /* the reference or message id it answers, as echoed, or NULL */
	const char *insurer_claim_no; /* the insurer's own number (X12 REF*1K) */
	const char *preauth_ref;
	struct zf_period preauth_period;
	const char *disposition;
	struct zf_time created;
	struct zf_money submitted, eligible, benefit; /* totals as said by the insurer, absent when not said */
	struct zf_money payment;                      /* announced payment amount */
	struct zf_time payment_date;
	const struct zf_line_result *const *lines;
	const struct zf_fault *const *errors;
	const char *const *notes;
	uint32_t line_count, error_count, note_count;
	uint32_t reserved2;
};

enum zf_detail_kind {
	ZF_DETAIL_PAYMENT = 0,    /* of a claim; below zero: a payment that is taken back */
	ZF_DETAIL_TAKE_BACK = 1,  /* of a claim, said to be one: not above zero */
	ZF_DETAIL_FEE = 2,        /* of the whole transfer, as are the next two (X12 PLB): kept by the network */
	ZF_DETAIL_ADJUSTMENT = 3, /* a correction, an advance, interest */
	ZF_DETAIL_NETTING = 4,    /* set off against what the hospital owes */
};

/* One row of a remittance: of a claim (FHIR PaymentReconciliation.detail, X12 CLP), or of the whole transfer. */
struct zf_remittance_detail {
	const char *claim_ref;        /* our ref, or NULL */
	const char *insurer_claim_no; /* or NULL */
	struct zf_money amount;       /* as it moves the transfer */
	struct zf_money fee;          /* negative: kept by the network; not part of amount */
	const char *type;             /* in the insurer's own word, or NULL */
	struct zf_time date;
	uint8_t kind; /* enum zf_detail_kind */
	uint8_t reserved[7];
};

struct zf_remittance {
	uint32_t size;
	uint32_t detail_count;
	const char *identifier; /* the business identifier, unique per insurer (X12 TRN02) */
	const char *status;
	struct zf_time created, payment_date;
	struct zf_money amount;
	const char *payment_reference; /* what the bank line will carry */
	const struct zf_remittance_detail *const *details;
};

/* The insurer asks for more (FHIR CommunicationRequest). */
struct zf_query {
	const char *claim_ref;
	const char *identifier;
	const char *text;
	struct zf_time due;
};

#endif

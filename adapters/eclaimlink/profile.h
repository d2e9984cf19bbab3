/* One insurer's profile: the module's keys as data, and what is read from them. Dubai and Abu Dhabi differ by these
 * keys alone. Keys marked [M] are about facts that no text at hand confirms: look at the insurer's own documents. */
#ifndef ECLAIMLINK_PROFILE_H
#define ECLAIMLINK_PROFILE_H

#include <stdbool.h>

#include "zhifu_adapter.h"

/* X(member and key, type, required, default, help) */
#define ECLAIM_TEXT_KEYS(X)                                                                                            \
	X(endpoint, ENDPOINT, 0, "eclaimlink", "name of the endpoint of the post office's SOAP service")               \
	X(path, TEXT, 0, "", "put behind the endpoint's address")                                                      \
	X(soap_namespace, TEXT, 0, "http://www.eClaimLink.ae/", "namespace of the operations")                         \
	X(soap_action, TEXT, 0, "http://www.eClaimLink.ae/", "what SOAPAction has before the operation's name")        \
	X(login, TEXT, 0, "login", "the secret that is our login; a * stands for the hospital's code")                 \
	X(password, TEXT, 0, "password", "the secret that is our password; likewise")                                  \
	X(sender_id, TEXT, 1, NULL, "Header/SenderID: the hospital's licence")                                         \
	X(receiver_id, TEXT, 1, NULL, "Header/ReceiverID: the insurer, or the TPA that acts for it")                   \
	X(payer_id, TEXT, 1, NULL, "Claim/PayerID: the insurer")                                                       \
	X(provider_id, TEXT, 0, "", "Claim/ProviderID; empty: sender_id")                                              \
	X(facility_id, TEXT, 0, "", "Encounter/FacilityID; empty: sender_id")                                          \
	X(caller_licence, TEXT, 0, "", "callerLicense of a search; empty: sender_id")                                  \
	X(disposition, TEXT, 1, NULL, "Header/DispositionFlag: PRODUCTION or TEST")                                    \
	X(currency, TEXT, 0, "AED", "of all amounts; the format has no word for it, so other claims are refused")      \
	X(utc_offset, TEXT, 0, "+04:00", "in which times are written")                                                 \
	X(submission_schema, TEXT, 0, "http://www.eclaimlink.ae/DHD/ValidationSchema/ClaimSubmission.xsd",             \
		"xsi:noNamespaceSchemaLocation of Claim.Submission")                                                   \
	X(advice_schema, TEXT, 0, "http://www.eclaimlink.ae/DHD/ValidationSchema/RemittanceAdvice.xsd",                \
		"of Remittance.Advice, as the insurer")                                                                \
	X(request_schema, TEXT, 0, "http://www.eclaimlink.ae/DHD/ValidationSchema/PriorRequest.xsd",                   \
		"of Prior.Request [M]")                                                                                \
	X(authorization_schema, TEXT, 0, "http://www.eclaimlink.ae/DHD/ValidationSchema/PriorAuthorization.xsd",       \
		"of Prior.Authorization, as the insurer [M]")                                                          \
	X(person_schema, TEXT, 0, "http://www.eclaimlink.ae/DHD/ValidationSchema/PersonRegister.xsd",                  \
		"of Person.Register [M]")                                                                              \
	X(patient_id_system, TEXT, 0, "", "system of the patient's record number; empty: identifier type MR")          \
	X(emirates_id_system, TEXT, 0, "", "system of the patient's Emirates ID")                                      \
	X(emirates_id_default, TEXT, 0, "", "for patients without one, e.g. 999-9999-9999999-9; empty: refused")       \
	X(passport_system, TEXT, 0, "", "system of the passport number; empty: identifier type PPN")                   \
	X(clinician_system, TEXT, 0, "", "system of clinicians' licences; empty: their first identifier")              \
	X(clinician_default, TEXT, 0, "", "where a line names no clinician; empty: refused")                           \
	X(share_extension, TEXT, 0, "urn:zhifu:patient-share", "extension URL of a line's patient share")              \
	X(tax_extension, TEXT, 0, "urn:zhifu:tax", "extension URL of a line's tax")                                    \
	X(comment_category, TEXT, 0, "resubmission",                                                                   \
		"category of the supportingInfo that says why a claim is corrected")                                   \
	X(poll, TEXT, 0, "8", "what is collected: transactionID numbers to search for, new, new-authorizations")       \
	X(new_status, TEXT, 0, "1", "transactionStatus of what was not downloaded yet")                                \
	X(sent_statuses, TEXT, 0, "1 2", "transactionStatus of what we sent, each asked in turn [M]")                  \
	X(claim_transaction, TEXT, 0, "2", "transactionID of Claim.Submission")                                        \
	X(request_transaction, TEXT, 0, "16", "transactionID of Prior.Request [M]")                                    \
	X(error_report, TEXT, 0, "auto", "form of the error report [M]: zip, plain, or auto by its first bytes")

#define ECLAIM_BOOL_KEYS(X)                                                                                            \
	X(vat, BOOL, 0, "false", "write VAT and VATPercent (Abu Dhabi)")                                               \
	X(dx_info, BOOL, 0, "false", "write DxInfo, present on admission (Abu Dhabi)")                                 \
	X(ordering_clinician, BOOL, 0, "false", "write OrderingClinician (Abu Dhabi)")                                 \
	X(person_register, BOOL, 0, "false", "upload Person.Register before each claim")                               \
	X(own_claim_id, BOOL, 0, "false", "a correction keeps a Claim/ID of its own instead of its origin's")          \
	X(confirm_unreadable, BOOL, 0, "true", "confirm files that cannot be read too, once they are quarantined")     \
	X(cancel, BOOL, 0, "false", "cancel authorizations by Prior.Request of type Cancellation")                     \
	X(ask, BOOL, 0, "true", "search for what we sent when it is in doubt")

/* and X's least and most */
#define ECLAIM_INT_KEYS(X)                                                                                             \
	X(search_days, 100, 1, 3650, "how far back a search goes")                                                     \
	X(records_max, 500, 1, 100000, "maxRecordCount of a search")                                                   \
	X(files_max, 20, 1, 200, "files fetched at once")                                                              \
	X(retry_seconds, 60, 1, 86400, "until we try again after result -4 or a broken answer")                        \
	X(asks_max, 100, 1, 1000000, "tries of one exchange before a person has to look")

struct eclaim_profile {
	const struct zf_profile *profile;
	const struct zf_host *host;
	uint32_t side; /* enum zf_side */
	int offset_minutes;
#define ECLAIM_TEXT_MEMBER(name, ...) const char *name;
	ECLAIM_TEXT_KEYS(ECLAIM_TEXT_MEMBER)
#undef ECLAIM_TEXT_MEMBER
#define ECLAIM_BOOL_MEMBER(name, ...) bool name;
	ECLAIM_BOOL_KEYS(ECLAIM_BOOL_MEMBER)
#undef ECLAIM_BOOL_MEMBER
#define ECLAIM_INT_MEMBER(name, ...) int64_t name;
	ECLAIM_INT_KEYS(ECLAIM_INT_MEMBER)
#undef ECLAIM_INT_MEMBER
};

/* Ends with name == NULL. */
extern const struct zf_key eclaim_profile_keys[];

/* Reads the profile; texts that are not set are "". ZF_OK, ZF_REJECT with ret_error (arena memory), ZF_NOMEM. */
int32_t eclaim_profile_open(
	const struct zf_open *open, const struct eclaim_profile **ret_profile, const char **ret_error);

/* The profile's map, else the built-in table; NULL: neither knows the code. Tables end with from == NULL. */
struct eclaim_code {
	const char *from, *to;
};
const char *eclaim_profile_map(const struct eclaim_profile *profile, const char *map, const struct eclaim_code *table,
	const struct zf_coding *coding);

#endif

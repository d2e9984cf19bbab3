/* The module's configuration: its keys as data, and one profile read into a struct. */
#ifndef FHIR_CONFIG_H
#define FHIR_CONFIG_H

#include <stdbool.h>

#include "zhifu_adapter.h"

struct fhir_config {
	const struct zf_profile *profile;
	const struct zf_host *host;
	uint32_t side;    /* enum zf_side */
	bool message;     /* mode = "message": message Bundles; else plain REST */
	bool get_status;  /* status = "get" */
	bool task_status; /* status = "task" */
	bool cancel, idempotent, push;
	const char *endpoint;
	const char *submit_path, *message_path, *status_path, *claim_path, *task_path, *remittance_path;
	const char *base_url, *source_endpoint, *destination_endpoint;
	const char *claim_system, *number_system;
	const char *sender_system, *sender_id, *receiver_system, *receiver_id, *hub_system, *hub_id;
	const char *event_system, *event_claim, *event_preauth, *event_status, *event_cancel, *event_poll;
	const char *event_remittance;
	const char *task_system, *reason_system, *poll_include, *poll_exclude;
	const char *patient_share_extension, *tax_extension, *package_extension, *bill_sequence_extension;
	const char *fee_extensions;
	int64_t poll_count, wait_seconds, retry_seconds, asks_max;
};

/* Ends with name == NULL. */
extern const struct zf_key fhir_config_keys[];

/* Reads the profile. ZF_OK, ZF_REJECT with ret_error (arena memory), ZF_NOMEM. */
int32_t fhir_config_open(const struct zf_open *open, struct fhir_config **ret_config, const char **ret_error);

/* The map "profile" for a resource type; NULL when it names none. */
const char *fhir_config_profile(const struct fhir_config *config, const char *type);

#endif

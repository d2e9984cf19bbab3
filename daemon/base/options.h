/* The options of zhifud.conf: one struct, one table; conf/zhifud.conf and zhifud.conf(5) are printed from the table. */
#ifndef BASE_OPTIONS_H
#define BASE_OPTIONS_H

#include "base/conf.h"
#include "base/log.h"

/* What each member means, its unit and its limits stand in the table (options.c) and so in the manual page. Members are
 * named like their options. Strings are owned by the arena of the load. */
struct options {
	/* network */
	struct conf_hosts listen;
	struct conf_hosts metrics_listen;
	const char *base_url; /* without a slash at the end */
	const char *tls_certificate;
	const char *tls_key;
	const char *tls_client_ca; /* NULL: no client certificates */

	/* process */
	const char *user; /* NULL: stay who we are */
	const char *pid_file;
	int log_level; /* enum log_level */
	int64_t workers_intake;
	int64_t workers_translate;
	int64_t workers_dispatch;
	int64_t workers_settle;
	int64_t cpu_threads;
	int64_t drain_deadline_s;
	bool sample_ok;
	bool who_is_stated;

	/* database: one conninfo string each, with one host or several */
	struct conf_secret database_intake;
	struct conf_secret database_translate;
	struct conf_secret database_dispatch;
	struct conf_secret database_settle;
	struct conf_secret database_ctl;
	int64_t db_connections_per_worker;
	int64_t desk_connections;
	int64_t batch_claims_max;
	int64_t batches_in_flight_max;

	/* keys and folders */
	const char *key_file;
	const char *insurers_dir;
	const char *hospitals_dir;
	const char *adapters_dir;

	/* limits of the HTTP server */
	int64_t connections_max;
	int64_t connections_per_address_max;
	int64_t head_bytes_max;
	int64_t headers_max;
	int64_t uri_bytes_max;
	int64_t body_bytes_max;
	int64_t request_queue_max;
	int64_t bundle_entries_max;
	int64_t handshake_deadline_ms;
	int64_t head_deadline_ms;
	int64_t body_deadline_ms;
	int64_t response_deadline_ms;
	int64_t idle_deadline_ms;
	int64_t wait_max_s;
	int64_t statement_bytes_max;
	int64_t statement_deadline_s;
	const char *spool_dir;

	/* who may come in */
	int64_t jwt_clock_skew_s;
	int64_t jwt_lifetime_max_s;
	int64_t token_lifetime_s;

	/* work behind the door */
	int64_t poll_ms;
	int64_t lease_s;
	int64_t translate_cpu_s;
	int64_t translate_crashes_max;
	int64_t outbound_deadline_ms;
	int64_t outbound_body_bytes_max;

	/* export ledger */
	int64_t person_warn_count;
	int64_t person_stop_count;
};

extern const struct conf_table options_table;

/* conf_load with the table. */
int options_load(
	const char *path, struct arena *arena, struct options *ret_options, struct conf_faults *ret_faults) MUSTUSE;
/* The complete conf/zhifud.conf. */
void options_print_sample(FILE *file);
/* The part of zhifud.conf(5) between its two marker comments. */
void options_print_man(FILE *file);

#endif

-- The baseline that the daemon's ratios are held against: a claim's rows put straight into PostgreSQL, as fast as we know
-- how. Header of 20 columns with a payload of 3.1 kB, five lines, an outbox row and an event row; no more indexes than
-- keys and the queue need; no partitions, no row-level security, no foreign keys, no functions.
--
-- FROZEN, together with raw64.c: whoever changes either changes what every ratio means. The schema of the daemon may
-- grow, this one does not.
DROP SCHEMA IF EXISTS raw64 CASCADE;
CREATE SCHEMA raw64;
SET search_path = raw64;

CREATE TABLE claim (
	hospital_id    uuid NOT NULL,
	claim_id       uuid NOT NULL,
	ref            text NOT NULL,
	key_hash       bytea NOT NULL,
	use            smallint NOT NULL,
	insurer        text,
	patient_key_id uuid NOT NULL,
	client         text NOT NULL,
	received_at    timestamptz NOT NULL,
	service_day    date NOT NULL,
	total_minor    bigint NOT NULL,
	currency       text NOT NULL,
	exponent       smallint NOT NULL,
	line_count     integer NOT NULL,
	bill_sequence  integer NOT NULL,
	emergency      boolean NOT NULL,
	state          smallint NOT NULL,
	version        integer NOT NULL,
	warnings       integer NOT NULL,
	payload        bytea NOT NULL,
	PRIMARY KEY (hospital_id, claim_id)
);
CREATE TABLE line (
	hospital_id  uuid NOT NULL,
	claim_id     uuid NOT NULL,
	no           integer NOT NULL,
	code         text NOT NULL,
	service_day  date NOT NULL,
	quantity     bigint NOT NULL,
	net_minor    bigint NOT NULL,
	PRIMARY KEY (hospital_id, claim_id, no)
);
CREATE TABLE outbox (
	hospital_id uuid NOT NULL,
	work_id     uuid NOT NULL,
	kind        smallint NOT NULL,
	claim_id    uuid NOT NULL,
	due_at      timestamptz NOT NULL DEFAULT now(),
	done        boolean NOT NULL DEFAULT false,
	PRIMARY KEY (hospital_id, work_id)
);
CREATE INDEX outbox_due ON outbox (hospital_id, due_at) WHERE NOT done;
CREATE TABLE event (
	hospital_id uuid NOT NULL,
	claim_id    uuid NOT NULL,
	seq         integer NOT NULL,
	from_state  smallint NOT NULL,
	to_state    smallint NOT NULL,
	at          timestamptz NOT NULL DEFAULT now(),
	who         text NOT NULL,
	PRIMARY KEY (hospital_id, claim_id, seq)
);

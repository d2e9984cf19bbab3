-- The tables. Every tenant table's key starts with hospital_id and no constraint crosses hospitals, so that the schema
-- can be distributed by hospital_id. Ids are UUIDv7 made by the daemon. State numbers are daemon/model/lifecycle.h's.
-- Names, documents, diagnoses and payloads are in sealed bytea columns only (daemon/base/seal.h).
--
-- Secondary indexes begin with the id that they are for and leave hospital_id out: ids are unique by themselves, and where
-- both a key and such an index began with hospital_id, a plan made while the tables were empty chose either (measured: 164
-- ms for the lines of 64 answers instead of 3).
--
-- What changes with every claim stands in no index, not even in a predicate: such an update writes no index (HOT) where the
-- page has room, which is what the fillfactors are for. So a partial index asks for a generated column that seldom changes
-- ("problem"), and queries that mean the index must name it.
SET search_path = zhifu;

-- ---- reference tables ----

-- hospital_id nil is the house itself: it keeps what no hospital can be named for (orphans of insurer calls).
CREATE TABLE hospital (
	hospital_id uuid PRIMARY KEY,
	code        text NOT NULL UNIQUE CHECK (code ~ '^[0-9A-Z]{3}$'),
	name        text NOT NULL,
	zone        text NOT NULL,
	book_currency text NOT NULL CHECK (book_currency ~ '^[A-Z]{3}$'),
	book_exponent smallint NOT NULL DEFAULT 2,
	accepts_take_backs boolean NOT NULL DEFAULT false, -- at once; else they are disputed until a person accepts them
	created_at  timestamptz NOT NULL DEFAULT now()
);

-- The hospital's key, wrapped by a master key (base/key.h). The newest version wraps new patients' keys.
CREATE TABLE hospital_key (
	hospital_id uuid NOT NULL REFERENCES hospital,
	version     integer NOT NULL,
	wrapped     bytea NOT NULL,
	created_at  timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (hospital_id, version)
);

-- One process owns a route (insurer:channel) by a fenced lease: a larger fence wins, a write with a smaller one is refused.
CREATE TABLE route_lease (
	route      text PRIMARY KEY,
	owner      text NOT NULL,
	fence      bigint NOT NULL,
	until      timestamptz NOT NULL,
	stopped    boolean NOT NULL DEFAULT false, -- held by an operator
	stopped_by text,
	stopped_why text,
	stopped_at timestamptz, -- when that was said, or taken back
	breaker    text NOT NULL DEFAULT 'closed',
	breaker_since timestamptz,
	last_error text
);

-- Control numbers, taken in blocks: gaps are allowed, repeats never.
CREATE TABLE control_number (
	route  text NOT NULL,
	series text NOT NULL,
	next   bigint NOT NULL DEFAULT 1,
	PRIMARY KEY (route, series)
);

-- A client assertion's jti, kept until it has expired: used once (RFC 7523 section 3).
CREATE TABLE token_jti (
	client_id  text NOT NULL,
	jti_hash   bytea NOT NULL,
	expires_at timestamptz NOT NULL,
	PRIMARY KEY (client_id, jti_hash)
);
CREATE INDEX token_jti_expires ON token_jti (expires_at);

-- An insurer's or our own number on the wire -> the hospital's claim and message it belongs to. Not a tenant table:
-- it is how the hospital of an answer is found.
CREATE TABLE wire_ref (
	insurer     text NOT NULL,
	kind        text NOT NULL,
	value_hash  bytea NOT NULL,
	hospital_id uuid NOT NULL,
	claim_id    uuid,
	message_id  uuid,
	PRIMARY KEY (insurer, kind, value_hash, hospital_id)
);

-- ---- persons ----

-- One key of one patient. A patient may have several (two processes met the person at the same time); erasure
-- destroys all keys that share an identity hash by setting `wrapped` to NULL.
CREATE TABLE patient_key (
	hospital_id    uuid NOT NULL,
	patient_key_id uuid NOT NULL,
	wrapped        bytea,  -- by the hospital's key; NULL: erased
	hospital_key_version integer NOT NULL,
	identity       bytea,  -- sealed list of the identities, from which look-up hashes are made again after a rotation
	created_at     timestamptz NOT NULL DEFAULT now(),
	erased_at      timestamptz,
	PRIMARY KEY (hospital_id, patient_key_id)
);

-- Keyed hashes of a person's identities (passport, card, record number, reference).
CREATE TABLE patient_lookup (
	hospital_id    uuid NOT NULL,
	hash           bytea NOT NULL,
	patient_key_id uuid NOT NULL,
	key_version    smallint NOT NULL,
	PRIMARY KEY (hospital_id, hash, patient_key_id),
	FOREIGN KEY (hospital_id, patient_key_id) REFERENCES patient_key
);
CREATE INDEX patient_lookup_key ON patient_lookup (patient_key_id);

-- Permission to disclose (FHIR Consent), which names its recipients and purposes. A refusal or withdrawal may name neither
-- (NULL): it then refuses all of them.
CREATE TABLE consent (
	hospital_id    uuid NOT NULL,
	consent_id     uuid NOT NULL,
	patient_key_id uuid NOT NULL,
	in_force       boolean NOT NULL, -- status active and provision permits to disclose
	recipients     text[],           -- insurer codes
	purposes       text[],           -- codes of v3-ActReason
	valid_from     timestamptz NOT NULL DEFAULT '-infinity',
	valid_until    timestamptz NOT NULL DEFAULT 'infinity',
	identifier_hash bytea,           -- the hospital's consent identifier: a later one with it replaces this one
	content        bytea NOT NULL,   -- sealed, as submitted
	created_at     timestamptz NOT NULL DEFAULT now(),
	withdrawn_at   timestamptz,
	PRIMARY KEY (hospital_id, consent_id),
	CHECK (NOT in_force OR (cardinality(recipients) > 0 AND purposes IS NOT NULL) IS TRUE),
	FOREIGN KEY (hospital_id, patient_key_id) REFERENCES patient_key
);
CREATE INDEX consent_patient ON consent (patient_key_id);

-- ---- claims ----

-- Insert-only. What identifies a person or an illness is in `content` (SEAL_CLAIM: a FHIR collection Bundle whose first
-- entry is the Claim as submitted, followed by the resources that it refers to).
CREATE TABLE claim (
	hospital_id    uuid NOT NULL,
	claim_id       uuid NOT NULL,
	ref            text NOT NULL CHECK (length(ref) = 16),
	use            smallint NOT NULL, -- enum zf_use
	insurer        text,              -- NULL: no route
	patient_key_id uuid NOT NULL,
	client         text NOT NULL,     -- who submitted
	received_at    timestamptz NOT NULL,
	service_day    date NOT NULL,     -- the hospital's civil day
	total_minor    bigint NOT NULL CHECK (total_minor >= 0),
	currency       text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
	exponent       smallint NOT NULL CHECK (exponent BETWEEN 0 AND 4),
	line_count     integer NOT NULL,
	bill_sequence  integer NOT NULL DEFAULT 0,
	emergency      boolean NOT NULL DEFAULT false,
	duplicate_of   uuid,              -- the earlier claim with the same business fingerprint
	predecessor_id uuid,
	warnings       integer NOT NULL DEFAULT 0,
	content        bytea NOT NULL,
	stay           text,              -- what its stay may be known by: as charge.stay, under each look-up key, newest first, with commas
	PRIMARY KEY (hospital_id, claim_id)
) PARTITION BY RANGE (claim_id);
ALTER TABLE claim ALTER COLUMN content SET STORAGE EXTERNAL; -- sealed bytes do not compress

-- Where the claim stands, on five axes that are never merged. Compare-and-set on (state, seq).
CREATE TABLE claim_state (
	hospital_id  uuid NOT NULL,
	claim_id     uuid NOT NULL,
	ref          text NOT NULL,
	insurer      text,
	transport smallint NOT NULL DEFAULT 0, transport_seq integer NOT NULL DEFAULT 0,
	acknowledgement smallint NOT NULL DEFAULT 0, acknowledgement_seq integer NOT NULL DEFAULT 0,
	adjudication smallint NOT NULL DEFAULT 0, adjudication_seq integer NOT NULL DEFAULT 0,
	payment smallint NOT NULL DEFAULT 0, payment_seq integer NOT NULL DEFAULT 0,
	books smallint NOT NULL DEFAULT 0, books_seq integer NOT NULL DEFAULT 0,
	updated_at   timestamptz NOT NULL DEFAULT now(),
	attention    boolean NOT NULL GENERATED ALWAYS AS (transport IN (2, 3, 4, 7, 9)) STORED, -- stands where it does not go on by itself
	vouched      smallint NOT NULL DEFAULT 0, -- 1: sent by the word of a person, which no machine takes back; 2: its insurer denies it
	PRIMARY KEY (hospital_id, claim_id),
	UNIQUE (hospital_id, ref)
) WITH (fillfactor = 45);
CREATE INDEX claim_state_attention ON claim_state (hospital_id) WHERE attention;

-- Every step ever taken. (prev_seq, from_state) names the predecessor's (seq, to_state); the legal steps are the CHECK
-- of 003_lifecycle.sql, generated from the tables in C.
CREATE TABLE claim_event (
	hospital_id uuid NOT NULL,
	claim_id    uuid NOT NULL,
	axis        smallint NOT NULL,
	seq         integer NOT NULL,
	prev_seq    integer,
	from_state  smallint NOT NULL,
	to_state    smallint NOT NULL,
	event       text NOT NULL,
	at          timestamptz NOT NULL DEFAULT now(),
	who         text NOT NULL,
	why         text,
	CHECK (CASE WHEN prev_seq IS NULL THEN seq = 1 AND from_state = 0 ELSE seq > 1 AND prev_seq = seq - 1 END),
	PRIMARY KEY (hospital_id, claim_id, axis, seq, to_state)
) PARTITION BY RANGE (claim_id);
-- The reference to the predecessor stands on each partition, to itself: all events of a claim are in one. On the whole
-- table it looked through all partitions for each step (measured: 0.5 ms a step instead of 0.05).

-- Narrow, unpartitioned, never pruned: the same key and body get the first answer for ever. A key is the keyed hash of the
-- header Idempotency-Key or of the claim's first identifier (system and value), by which searches find it too.
CREATE TABLE idempotency (
	hospital_id uuid NOT NULL,
	key_hash    bytea NOT NULL,
	body_hash   bytea NOT NULL,
	claim_id    uuid NOT NULL,
	PRIMARY KEY (hospital_id, key_hash)
);

-- A claim's further identifiers, for searching (keyed hash of system and value).
CREATE TABLE claim_identifier (
	hospital_id uuid NOT NULL,
	hash        bytea NOT NULL,
	claim_id    uuid NOT NULL,
	PRIMARY KEY (hospital_id, hash, claim_id)
);

-- Business fingerprints, one per identity of the person: the first claim that had it. A hash begins with the day of service
-- (days since 1970, four bytes), so that the index grows where the days of today are.
CREATE TABLE claim_fingerprint (
	hospital_id uuid NOT NULL,
	hash        bytea NOT NULL,
	claim_id    uuid NOT NULL,
	PRIMARY KEY (hospital_id, hash)
);
-- Those of claims without a route, which are neither duplicates nor first ones until somebody names their insurer; then
-- of those that came out as duplicates, which claim.duplicate_of, written once, does not tell.
CREATE TABLE claim_print_waiting (
	hospital_id uuid NOT NULL,
	hash        bytea NOT NULL,
	claim_id    uuid NOT NULL,
	PRIMARY KEY (hospital_id, claim_id, hash)
);
CREATE INDEX claim_print_waiting_hash ON claim_print_waiting (hash);

-- A cancellation that the hospital asked for (FHIR Task).
CREATE TABLE task (
	hospital_id uuid NOT NULL,
	task_id     uuid NOT NULL,
	claim_id    uuid NOT NULL,
	status      text NOT NULL CHECK (status IN ('requested', 'accepted', 'in-progress', 'completed', 'rejected', 'failed')),
	reason      text,           -- a code
	outcome     text,
	content     bytea NOT NULL, -- sealed, as submitted
	created_at  timestamptz NOT NULL DEFAULT now(),
	updated_at  timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (hospital_id, task_id)
);
CREATE INDEX task_claim ON task (claim_id);

-- ---- work ----

-- What is to be done next; finished rows are deleted. A lease sets leased_until, which no index has, so that it writes none;
-- who looks for work steps over what others hold, and that is never more than the processes' rounds. attempt fences
-- completions.
CREATE TABLE outbox (
	hospital_id uuid NOT NULL,
	work_id     uuid NOT NULL,
	role        smallint NOT NULL, -- 1 translate, 2 dispatch, 3 settle
	kind        smallint NOT NULL, -- daemon/model/work.h
	route       text,              -- for dispatch: insurer:channel
	claim_id    uuid,
	exchange_id uuid,
	message_id  uuid,
	fact_id     uuid,
	due_at      timestamptz NOT NULL DEFAULT now(),
	leased_until timestamptz NOT NULL DEFAULT '-infinity', -- whoever gives work back or sets its due_at anew ends its lease
	attempt     integer NOT NULL DEFAULT 0, -- leases so far; a completion must name the one it holds
	lease_mark  integer NOT NULL DEFAULT 0, -- of the question that got the lease: by it one is found whose answer was lost
	crashes     smallint NOT NULL DEFAULT 0, -- translate: calls that may have begun and did not end
	held        boolean NOT NULL DEFAULT false, -- by a person; why is in held_why
	held_why    text,
	created_at  timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (hospital_id, work_id)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX outbox_due ON outbox (role, hospital_id, due_at) WHERE role <> 2 AND NOT held;
CREATE INDEX outbox_route ON outbox (route, hospital_id, due_at) WHERE role = 2 AND NOT held;
CREATE INDEX outbox_claim ON outbox (claim_id);
-- Ballast: rows of no hospital and no role that never fall due. The queue is often empty, and when autovacuum looks at it
-- just then, every plan reads the whole table once per row of a batch until it looks again (measured: 50 claims/s instead
-- of 380 after a quiet minute). With these it never looks small.
INSERT INTO outbox (hospital_id, work_id, role, kind, due_at)
	SELECT 'ffffffff-ffff-ffff-ffff-ffffffffffff', gen_random_uuid(), 0, 0, 'infinity' FROM generate_series(1, 2000);

-- One conversation with an insurer: the adapter's state between steps.
CREATE TABLE exchange (
	hospital_id uuid NOT NULL,
	exchange_id uuid NOT NULL,
	insurer     text NOT NULL,
	kind        smallint NOT NULL, -- daemon/model/work.h: claim, status, cancel, poll
	claim_id    uuid,
	status      smallint NOT NULL DEFAULT 1, -- 1 open, 2 done, 3 quarantined, 4 held
	step        integer NOT NULL DEFAULT 0,
	state       bytea, -- sealed under the hospital's key (SEAL_STATE)
	why         text,
	created_at  timestamptz NOT NULL DEFAULT now(),
	updated_at  timestamptz NOT NULL DEFAULT now(),
	poll_open   boolean NOT NULL GENERATED ALWAYS AS (status = 1 AND kind IN (4, 5)) STORED,
	PRIMARY KEY (hospital_id, exchange_id)
) WITH (fillfactor = 50);
CREATE INDEX exchange_claim ON exchange (claim_id);

-- Bytes that went out or came in, verbatim, sealed (SEAL_MESSAGE).
CREATE TABLE message (
	hospital_id uuid NOT NULL,
	message_id  uuid NOT NULL,
	exchange_id uuid,
	claim_id    uuid,
	insurer     text NOT NULL,
	direction   smallint NOT NULL, -- 1 out, 2 in
	token       integer NOT NULL DEFAULT 0,
	submission  boolean NOT NULL DEFAULT false, -- carries a claim: must never arrive twice
	personal    boolean NOT NULL DEFAULT true,  -- may carry a person's data; false: made without the claim
	answers     uuid,   -- the message this one answers
	replay_of   uuid,   -- lineage of a replay
	replay_who  text,
	status      smallint NOT NULL, -- out: 1 ready 2 sending 3 unknown 4 answered 5 failed 6 dropped; in: 11 received 12 read 13 quarantined 14 orphan 6 dropped: a person or a replay did away with it
	fence       bigint NOT NULL DEFAULT 0,
	http_status smallint,
	why         text,
	created_at  timestamptz NOT NULL DEFAULT now(),
	problem     boolean NOT NULL GENERATED ALWAYS AS (status IN (3, 13, 14)) STORED, -- one that a person should look at
	content     bytea NOT NULL, -- last: behind it, an update that fills a column moved what follows, and logged all of it anew
	PRIMARY KEY (hospital_id, message_id)
) PARTITION BY RANGE (message_id);
ALTER TABLE message ALTER COLUMN content SET STORAGE EXTERNAL;
CREATE INDEX message_claim ON message (claim_id);
CREATE INDEX message_problem ON message (hospital_id) WHERE problem;

-- Each try to send a message; written before the first byte leaves (status 1) and completed after.
CREATE TABLE attempt (
	hospital_id uuid NOT NULL,
	message_id  uuid NOT NULL,
	attempt     integer NOT NULL,
	route       text NOT NULL,
	started_at  timestamptz NOT NULL DEFAULT now(),
	ended_at    timestamptz,
	outcome     smallint NOT NULL DEFAULT 1, -- 1 begun, 2 answered, 3 not sent, 4 unknown
	http_status smallint,
	error       text,
	PRIMARY KEY (hospital_id, message_id, attempt)
) WITH (fillfactor = 60);

-- ---- what left the country, to whom and why ----

CREATE TABLE export_ledger (
	hospital_id uuid NOT NULL,
	message_id  uuid NOT NULL,
	claim_id    uuid,
	recipient   text NOT NULL,     -- insurer code
	basis       smallint NOT NULL, -- 1 consent, 2 emergency, 3 no person's data (poll, status by our own ref)
	consent_id  uuid,
	fields      text NOT NULL,     -- the allow-list in force, by name and version
	person_new  boolean NOT NULL,  -- counted as a new person of the year
	at          timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (hospital_id, message_id)
);

-- Hashes of persons whose data left in a calendar year (the hospital's year).
CREATE TABLE export_person (
	hospital_id uuid NOT NULL,
	year        smallint NOT NULL,
	hash        bytea NOT NULL,
	PRIMARY KEY (hospital_id, year, hash)
);

CREATE TABLE export_count (
	hospital_id uuid NOT NULL,
	year        smallint NOT NULL,
	persons     integer NOT NULL DEFAULT 0,
	warned_at   timestamptz,
	PRIMARY KEY (hospital_id, year)
);

-- Claims that wait for consent, looked at again from time to time: a consent may be stored in the very moment in which its
-- claim begins to wait, or begin to hold later.
CREATE TABLE consent_wait (
	hospital_id uuid NOT NULL,
	claim_id    uuid NOT NULL,
	PRIMARY KEY (hospital_id, claim_id)
);

-- An emergency that went out without consent: ask for it until due.
CREATE TABLE consent_clock (
	hospital_id uuid NOT NULL,
	claim_id    uuid NOT NULL,
	due_at      timestamptz NOT NULL,
	met_at      timestamptz,
	PRIMARY KEY (hospital_id, claim_id)
);

-- ---- answers and money ----

-- What an insurer said, one row a fact, before settle has applied it.
CREATE TABLE fact (
	hospital_id uuid NOT NULL,
	fact_id     uuid NOT NULL,
	claim_id    uuid,              -- NULL: orphan until routed
	insurer     text NOT NULL,
	exchange_id uuid,
	message_id  uuid,              -- the message it was read from
	kind        smallint NOT NULL, -- enum zf_fact_kind; 100 and up are ours (daemon/model/work.h)
	adjudication_id uuid,
	remittance_id uuid,
	detail      integer,           -- REMITTED: which detail of the remittance, one fact each
	text        text,              -- faults' codes and paths; no person's data
	status      smallint NOT NULL DEFAULT 1, -- 1 new, 2 applied, 3 refused, 4 orphan, 5 applied and doubted, 6 dropped: daemon/model/work.h
	why         text,
	at          timestamptz NOT NULL DEFAULT now(),
	problem     boolean NOT NULL GENERATED ALWAYS AS (status IN (3, 4, 5)) STORED, -- one that a person should look at
	PRIMARY KEY (hospital_id, fact_id)
) WITH (fillfactor = 45);
CREATE INDEX fact_claim ON fact (claim_id);
CREATE INDEX fact_problem ON fact (hospital_id) WHERE problem;

-- Why an amount of a line is not paid: line x group x reason, as X12 CAS has it.
CREATE TYPE adjustment AS (
	line            integer,  -- claim line sequence, 0 claim level
	grp             smallint, -- enum zf_group
	reason          smallint, -- enum zf_reason
	amount_minor    bigint,
	currency        text,
	exponent        smallint,
	original_system text,
	original_code   text
);

CREATE TABLE adjudication (
	hospital_id     uuid NOT NULL,
	adjudication_id uuid NOT NULL,
	claim_id        uuid NOT NULL,
	insurer         text NOT NULL,
	outcome         smallint NOT NULL, -- enum zf_outcome
	insurer_claim_no text,
	preauth_ref     text,
	currency        text NOT NULL,
	exponent        smallint NOT NULL,
	submitted_minor bigint NOT NULL,
	benefit_minor   bigint NOT NULL,
	patient_minor   bigint NOT NULL,   -- group PR
	contract_minor  bigint NOT NULL,   -- group CO
	open_minor      bigint NOT NULL,   -- OA, PI and what no one explained: submitted - benefit - PR - CO
	payment_minor   bigint, payment_currency text, payment_exponent smallint,
	adjustments     adjustment[] NOT NULL DEFAULT '{}', -- rows of their own would be a seventh of all that a claim's way inserts
	content         bytea NOT NULL,    -- sealed canonical FHIR ClaimResponse
	created_at      timestamptz NOT NULL DEFAULT now(),
	changed         bigint NOT NULL DEFAULT txid_current(), -- as in receivable
	PRIMARY KEY (hospital_id, adjudication_id)
);
CREATE INDEX adjudication_claim ON adjudication (claim_id);
CREATE INDEX adjudication_changed ON adjudication USING brin (changed) WITH (pages_per_range = 16, autosummarize = on);

-- Money announced. The same business identifier twice is the same remittance.
CREATE TABLE remittance (
	hospital_id   uuid NOT NULL,
	remittance_id uuid NOT NULL,
	insurer       text NOT NULL,
	identifier    text NOT NULL,
	amount_minor  bigint NOT NULL,
	currency      text NOT NULL,
	exponent      smallint NOT NULL,
	payment_date  date,
	payment_reference text,
	balanced      boolean NOT NULL, -- the details and fees add up to the amount
	content       bytea NOT NULL,   -- sealed canonical FHIR PaymentReconciliation
	created_at    timestamptz NOT NULL DEFAULT now(),
	changed       bigint NOT NULL DEFAULT txid_current(), -- as in receivable; with its details
	hash          bytea,            -- of a module's: SHA-256 of what it says, as in advice; NULL: longer than any that is kept
	withdrawn_at  timestamptz,      -- a person took it back (remittance_withdraw): it is as if it had not come
	withdrawn_by  text,
	withdrawn_why bytea,            -- as write_off.why, for remittance_id
	PRIMARY KEY (hospital_id, remittance_id)
);
CREATE UNIQUE INDEX remittance_identifier ON remittance (hospital_id, insurer, identifier) WHERE withdrawn_at IS NULL;

CREATE TABLE remittance_detail (
	hospital_id   uuid NOT NULL,
	remittance_id uuid NOT NULL,
	no            integer NOT NULL,
	claim_id      uuid,  -- NULL: not found, waits for a person
	claim_ref     text,
	insurer_claim_no text,
	amount_minor  bigint NOT NULL, -- negative: take-back
	fee_minor     bigint NOT NULL DEFAULT 0,
	currency      text NOT NULL,
	exponent      smallint NOT NULL,
	kind          smallint NOT NULL DEFAULT 1 CHECK (kind BETWEEN 1 AND 4), -- 1 of a claim; of the whole transfer: 2 a fee, 3 an adjustment, 4 netted
	-- From here on told by advices that people bring in (schema/051_remittance.sql).
	carrier       text,            -- who bears it: an insurer's code; NULL: the remittance's insurer, or all that it pays for
	billed_minor  bigint,          -- what the advice says was billed
	tax_minor     bigint NOT NULL DEFAULT 0, -- within the fee, signed as it is
	difference    smallint NOT NULL DEFAULT 0, -- why less is paid than billed: 0 not said, 1 patient's share, 2 contract, 3 denied, 4 disputed
	PRIMARY KEY (hospital_id, remittance_id, no)
);
CREATE INDEX remittance_detail_claim ON remittance_detail (claim_id);

-- What a hospital's own system charges for a stay, when care is given: revenue of that day, owed by who is in the house
-- (应收在院病人医疗款) until it is billed. The hospital's id of a charge makes it come once; a correction is a charge of its own.
CREATE TABLE charge (
	hospital_id  uuid NOT NULL,
	charge_id    uuid NOT NULL,
	identifier   text NOT NULL CHECK (identifier <> ''), -- the hospital's
	service_day  date NOT NULL,
	amount_minor bigint NOT NULL CHECK (amount_minor <> 0), -- negative: takes back of what it corrects
	currency     text NOT NULL,
	exponent     smallint NOT NULL,
	corrects     text,          -- the identifier of an earlier one, which is none itself
	stay         text,          -- keyed hash of the stay's number, behind the version of its key
	client       text NOT NULL, -- who sent it
	at           timestamptz NOT NULL DEFAULT now(),
	CHECK (amount_minor > 0 OR corrects IS NOT NULL),
	CHECK (corrects <> identifier),
	PRIMARY KEY (hospital_id, charge_id),
	UNIQUE (hospital_id, identifier)
);
CREATE INDEX charge_day ON charge (hospital_id, service_day, charge_id);
CREATE INDEX charge_corrects ON charge (hospital_id, corrects) WHERE corrects IS NOT NULL;
CREATE INDEX charge_stay ON charge (hospital_id, stay) WHERE stay IS NOT NULL;

-- What a stay came to, in the currency of the books. What is billed before it is charged is revenue with the bill, and what is
-- charged then is that no more: AR-INPT has what is charged and not billed, and revenue is the larger of the two.
CREATE TABLE stay (
	hospital_id   uuid NOT NULL,
	stay          text NOT NULL, -- as charge.stay
	charged_minor bigint NOT NULL DEFAULT 0,
	billed_minor  bigint NOT NULL DEFAULT 0,
	PRIMARY KEY (hospital_id, stay)
) WITH (fillfactor = 80);

-- By what a stay is known: its number under each look-up key that has been in force since it was first heard of. stay: the name
-- that counts everywhere else.
CREATE TABLE stay_name (
	hospital_id uuid NOT NULL,
	name        text NOT NULL,
	stay        text NOT NULL,
	PRIMARY KEY (hospital_id, name)
);

-- What of a stay is revenue with its bills alone, by the day of the books on which it is: in all what is billed beyond what is
-- charged. Below 0: bills that were taken back on another day than theirs.
CREATE TABLE stay_ahead (
	hospital_id uuid NOT NULL,
	stay        text NOT NULL,
	day         date NOT NULL,
	minor       bigint NOT NULL,
	PRIMARY KEY (hospital_id, stay, day)
);

-- What of billed_minor is a claim's; of hospitals that bring charges.
CREATE TABLE stay_bill (
	hospital_id  uuid NOT NULL,
	claim_id     uuid NOT NULL,
	stay         text NOT NULL,
	amount_minor bigint NOT NULL,
	PRIMARY KEY (hospital_id, claim_id)
);

-- Double entry, balanced by construction: one row moves one positive amount of one currency, and what it is worth in the
-- hospital's book currency, from the credited to the debited account. Rows of one entry belong together; where one has two
-- currencies, each passes through the account CONV, which is worth nothing when the entry ends. Never updated, never deleted.
CREATE TABLE posting (
	hospital_id  uuid NOT NULL,
	entry_id     uuid NOT NULL,     -- where one cause makes one entry, the cause's id: it posts once
	no           smallint NOT NULL,
	debit        text NOT NULL,
	credit       text NOT NULL,
	amount_minor bigint NOT NULL CHECK (amount_minor >= 0), -- 0: the book value alone changes
	currency     text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
	exponent     smallint NOT NULL,
	book_minor   bigint CHECK (book_minor >= 0), -- in the book currency; NULL: posting_unvalued, a later row brings it
	book_day     date NOT NULL,     -- the hospital's day
	rule         text NOT NULL,     -- which row of daemon/settle/posting_rule.c
	claim_id     uuid,
	source_id    uuid NOT NULL,     -- the fact it follows from, a bill: the claim
	at           timestamptz NOT NULL DEFAULT now(),
	posted       bigint NOT NULL DEFAULT txid_current(), -- the transaction: who has a snapshot knows whether it was there by then
	CHECK (debit <> credit),
	CHECK (amount_minor > 0 OR book_minor > 0 OR rule = 'value'),
	PRIMARY KEY (hospital_id, entry_id, no)
);
CREATE INDEX posting_claim ON posting (claim_id);
CREATE INDEX posting_day ON posting (hospital_id, book_day, entry_id, no); -- the journal's pages

-- Postings in a foreign currency for which no rate was known when they were made: each waits here for its value.
CREATE TABLE posting_unvalued (
	hospital_id uuid NOT NULL,
	entry_id    uuid NOT NULL,
	no          smallint NOT NULL,
	due_at      timestamptz NOT NULL DEFAULT now(), -- when to look for a rate
	PRIMARY KEY (hospital_id, entry_id, no)
);
CREATE INDEX posting_unvalued_due ON posting_unvalued (due_at);

-- Bills whose receivable is still to be made: at once, or when there is a rate or a price list (schema/048_receivable.sql).
CREATE TABLE receivable_wait (
	hospital_id uuid NOT NULL,
	claim_id    uuid NOT NULL,
	due_at      timestamptz NOT NULL DEFAULT now(), -- when to look
	lacks       text CHECK (lacks IN ('price-list', 'price-currency')), -- what a person has to bring; NULL: a rate, if anything
	PRIMARY KEY (hospital_id, claim_id)
);
CREATE INDEX receivable_wait_due ON receivable_wait (due_at);

-- ---- partitions: a month of arrival each, and one for what falls outside ----

CREATE TABLE claim_default PARTITION OF claim DEFAULT;
CREATE TABLE claim_event_default PARTITION OF claim_event DEFAULT;
ALTER TABLE claim_event_default ADD FOREIGN KEY (hospital_id, claim_id, axis, prev_seq, from_state)
	REFERENCES claim_event_default (hospital_id, claim_id, axis, seq, to_state);
CREATE TABLE message_default PARTITION OF message DEFAULT WITH (fillfactor = 45);

-- Makes the month partitions that are missing from the month of `at` on for `months` months; run by migrate and by settle.
CREATE FUNCTION partition_ensure(at timestamptz, months integer) RETURNS integer LANGUAGE plpgsql
SET search_path = zhifu, pg_temp AS $$
DECLARE
	made integer := 0;
	start timestamptz;
	parent text;
	child text;
BEGIN
	FOR n IN 0 .. months - 1 LOOP
		start := (date_trunc('month', at AT TIME ZONE 'UTC') + make_interval(months => n)) AT TIME ZONE 'UTC';
		FOREACH parent IN ARRAY ARRAY['claim', 'claim_event', 'message'] LOOP
			child := parent || '_' || to_char(start AT TIME ZONE 'UTC', 'YYYYMM');
			IF to_regclass('zhifu.' || child) IS NULL THEN
				EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)', child, parent,
					uuid_floor(start), uuid_floor((start AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC'));
				IF parent = 'message' THEN
					EXECUTE format('ALTER TABLE %I SET (fillfactor = 45)', child);
				ELSIF parent = 'claim_event' THEN
					EXECUTE format('ALTER TABLE %I ADD FOREIGN KEY (hospital_id, claim_id, axis, prev_seq, from_state)'
						' REFERENCES %I (hospital_id, claim_id, axis, seq, to_state)', child, child);
				END IF;
				made := made + 1;
			END IF;
		END LOOP;
	END LOOP;
	RETURN made;
END
$$;
SELECT partition_ensure(now(), 2);

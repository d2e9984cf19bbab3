-- What patients pay: the tables. The functions are in 059_patient.sql. Nothing here names a person: an account is of a stay, known by
-- a keyed hash, or of a claim; a payment by its acquirer's reference, or by the number of its receipt.
SET search_path = zhifu;

-- What a patient was told, owes and has paid for a stay or a claim, in the currency of the books.
CREATE TABLE patient_account (
	hospital_id   uuid NOT NULL,
	account_id    uuid NOT NULL,
	stay          text, -- as stay.stay
	claim_id      uuid,
	currency      text NOT NULL,
	exponent      smallint NOT NULL,
	receivable    text NOT NULL CHECK (receivable IN ('AR-INPT', 'AR-PT')), -- in which what is not paid stands; of a stay the first until it is said to be owed
	quoted_minor  bigint CHECK (quoted_minor >= 0), -- the share that was quoted; NULL: none
	medical_minor bigint NOT NULL DEFAULT 0 CHECK (medical_minor >= 0), -- billed of a stay; of a claim its decision says it
	other_minor   bigint NOT NULL DEFAULT 0 CHECK (other_minor >= 0),   -- billed besides: what is no care, its tax included
	vat_minor     bigint NOT NULL DEFAULT 0 CHECK (vat_minor BETWEEN 0 AND other_minor),
	paid_minor    bigint NOT NULL DEFAULT 0,                            -- of what is owed, by payments and deposits
	deposit_minor bigint NOT NULL DEFAULT 0 CHECK (deposit_minor >= 0), -- held and not used: DEP
	CHECK (num_nonnulls(stay, claim_id) = 1),
	CHECK (stay IS NOT NULL OR receivable = 'AR-PT' AND medical_minor = 0),
	PRIMARY KEY (hospital_id, account_id),
	UNIQUE (hospital_id, stay),
	UNIQUE (hospital_id, claim_id)
);

-- Quotes and bills, as they were told; the last of each counts. A bill's amounts are totals. Insert-only.
CREATE TABLE patient_bill (
	hospital_id   uuid NOT NULL,
	bill_id       uuid NOT NULL, -- also the entry of what it posts
	account_id    uuid NOT NULL,
	quote         boolean NOT NULL, -- true: medical_minor is the quoted share
	medical_minor bigint NOT NULL,
	other_minor   bigint NOT NULL,
	vat_minor     bigint NOT NULL,
	used_minor    bigint NOT NULL, -- of the deposit, by this bill
	who           text NOT NULL CHECK (who <> ''),
	made_at       timestamptz NOT NULL DEFAULT now(),
	why           bytea NOT NULL CHECK (length(why) > 0), -- sealed for bill_id (SEAL_FACT): a patient or an illness may be named in it
	PRIMARY KEY (hospital_id, bill_id)
);
CREATE INDEX patient_bill_account ON patient_bill (account_id);

-- What an acquirer of cards or wallets transferred for payments, less what it keeps; or cash that was brought to the bank. Insert-only
-- but for what takes it back.
CREATE TABLE acquirer_settlement (
	hospital_id   uuid NOT NULL,
	settlement_id uuid NOT NULL, -- also the entry
	acquirer      text NOT NULL CHECK (acquirer = lower(btrim(acquirer))), -- a payment is known by it, however it is written
	clearing      text NOT NULL, -- the account that it clears
	line_id       uuid NOT NULL,
	gross_minor   bigint NOT NULL, -- payments and deposits, less refunds and chargebacks
	fee_minor     bigint NOT NULL CHECK (fee_minor >= 0),
	currency      text NOT NULL,
	exponent      smallint NOT NULL,
	book_day      date NOT NULL,
	who           text NOT NULL CHECK (who <> ''),
	made_at       timestamptz NOT NULL DEFAULT now(),
	why           bytea, -- as in patient_bill, for settlement_id
	undone_entry  uuid, -- what took it back
	undone_day    date,
	undone_by     text,
	undone_at     timestamptz,
	undone_why    bytea, -- likewise, for undone_entry
	CHECK (num_nulls(undone_entry, undone_day, undone_by, undone_at, undone_why) IN (0, 5)),
	PRIMARY KEY (hospital_id, settlement_id)
);

-- The payments that a settlement brought which was taken back. Insert-only.
CREATE TABLE acquirer_unsettled (
	hospital_id   uuid NOT NULL,
	payment_id    uuid NOT NULL,
	settlement_id uuid NOT NULL,
	PRIMARY KEY (hospital_id, payment_id, settlement_id)
);

-- Money that moved between a patient and the hospital. Insert-only but for the settlement that brings it.
CREATE TABLE patient_payment (
	hospital_id   uuid NOT NULL,
	payment_id    uuid NOT NULL, -- also the entry
	account_id    uuid NOT NULL,
	kind          smallint NOT NULL CHECK (kind BETWEEN 1 AND 4), -- 1 payment, 2 deposit, 3 refund, 4 chargeback: the last two of an earlier one
	method        text NOT NULL CHECK (method IN ('cash', 'card', 'foreign-card', 'wallet', 'transfer')),
	amount_minor  bigint NOT NULL CHECK (amount_minor > 0),
	currency      text NOT NULL,
	exponent      smallint NOT NULL,
	book_day      date NOT NULL,
	acquirer      text CHECK (acquirer = lower(btrim(acquirer))), -- of cards and wallets; "cash" of cash
	reference     text NOT NULL CHECK (reference = btrim(reference) AND length(reference) BETWEEN 1 AND 64), -- the acquirer's, or the receipt's number
	line_id       uuid, -- the bank's line of a transfer
	of_payment    uuid, -- what is paid back
	settlement_id uuid, -- NULL: still in the clearing account
	who           text NOT NULL CHECK (who <> ''),
	made_at       timestamptz NOT NULL DEFAULT now(),
	why           bytea, -- likewise, for payment_id
	CHECK ((kind IN (3, 4)) = (of_payment IS NOT NULL)),
	CHECK ((method = 'transfer') = (acquirer IS NULL) AND (method = 'transfer') = (line_id IS NOT NULL)),
	PRIMARY KEY (hospital_id, payment_id)
);
-- Who gives the same again says the same number: of what came in, of refunds and of chargebacks there is one each.
CREATE UNIQUE INDEX patient_payment_once ON patient_payment (hospital_id, greatest(kind, 2::smallint), coalesce(acquirer, ''), reference);
CREATE INDEX patient_payment_day ON patient_payment (hospital_id, book_day, payment_id);
CREATE INDEX patient_payment_account ON patient_payment (account_id);
CREATE INDEX patient_payment_of ON patient_payment (of_payment) WHERE of_payment IS NOT NULL;
CREATE INDEX patient_payment_unsettled ON patient_payment (hospital_id, acquirer) WHERE settlement_id IS NULL AND acquirer IS NOT NULL;

-- What of the deposits of one account (a stay's) was used for another one (a claim's); below 0: it is a deposit again. Insert-only.
CREATE TABLE patient_used (
	hospital_id  uuid NOT NULL,
	entry_id     uuid NOT NULL, -- with the postings of it
	deposit_id   uuid NOT NULL, -- the account that held it
	account_id   uuid NOT NULL,
	amount_minor bigint NOT NULL CHECK (amount_minor <> 0),
	PRIMARY KEY (hospital_id, entry_id, deposit_id, account_id)
);
CREATE INDEX patient_used_deposit ON patient_used (deposit_id);

-- Who pays what of a stay for which a claim was billed to a policy that comes after others: the social insurance (医保) and a group
-- plan. Worked out by daemon/model/coordination.c; what must hold of it is said here. Insert-only but for what takes it back.
CREATE TABLE coordination (
	hospital_id     uuid NOT NULL,
	coordination_id uuid NOT NULL, -- also the entry
	claim_id        uuid NOT NULL,
	clause          text NOT NULL CHECK (clause IN ('whole', 'carve-out', 'percentage')), -- of the policy, on other insurance
	total_minor     bigint NOT NULL, -- of the bill
	fund_minor      bigint NOT NULL, -- the fund of 医保
	group_code      text CHECK (group_code ~ '^[a-z0-9][a-z0-9-]{0,31}$'),
	group_minor     bigint NOT NULL,
	benefit_minor   bigint NOT NULL, -- what the policy would pay alone
	plan_minor      bigint NOT NULL, -- and what it pays after them
	available_minor bigint NOT NULL, -- in the personal account
	account_minor   bigint NOT NULL, -- of the patient's share, what is paid from it
	cash_minor      bigint NOT NULL, -- and what is not
	currency        text NOT NULL,
	exponent        smallint NOT NULL,
	book_day        date NOT NULL,
	who             text NOT NULL CHECK (who <> ''),
	made_at         timestamptz NOT NULL DEFAULT now(),
	why             bytea NOT NULL CHECK (length(why) > 0), -- as patient_bill.why, for coordination_id
	undone_entry    uuid, -- what took it back
	undone_by       text,
	undone_at       timestamptz,
	undone_why      bytea, -- likewise, for undone_entry
	allowance_minor bigint NOT NULL DEFAULT 0 CHECK (allowance_minor >= 0), -- what the contract took off the bill, which undone is taken off again
	CHECK (num_nulls(undone_entry, undone_by, undone_at, undone_why) IN (0, 4)),
	CHECK (least(fund_minor, group_minor, benefit_minor, plan_minor, account_minor, cash_minor) >= 0),
	CHECK (fund_minor + group_minor + plan_minor + account_minor + cash_minor = total_minor),
	CHECK (group_code IS NOT NULL OR group_minor = 0),
	CHECK (benefit_minor <= total_minor AND account_minor <= available_minor),
	-- The personal account is the patient's money, and no payer before the policy.
	CHECK (CASE clause WHEN 'whole' THEN plan_minor = least(benefit_minor, total_minor - fund_minor - group_minor)
		WHEN 'carve-out' THEN plan_minor = greatest(benefit_minor - fund_minor - group_minor, 0)
		ELSE plan_minor <= least(benefit_minor, total_minor - fund_minor - group_minor) END),
	PRIMARY KEY (hospital_id, coordination_id)
);
CREATE UNIQUE INDEX coordination_standing ON coordination (hospital_id, claim_id) WHERE undone_entry IS NULL;

-- Money of payers that have no claims of their own, by their account in the ledger; below 0: it is in suspense again. Insert-only.
CREATE TABLE coordination_payment (
	hospital_id  uuid NOT NULL,
	payment_id   uuid NOT NULL, -- also the entry
	account      text NOT NULL,
	line_id      uuid NOT NULL, -- of the bank
	amount_minor bigint NOT NULL CHECK (amount_minor <> 0),
	currency     text NOT NULL,
	exponent     smallint NOT NULL,
	book_day     date NOT NULL,
	who          text NOT NULL CHECK (who <> ''),
	made_at      timestamptz NOT NULL DEFAULT now(),
	why          bytea, -- as patient_bill.why, for payment_id
	PRIMARY KEY (hospital_id, payment_id)
);

-- What of them the social insurance (医保) owes of the patients' accounts with it; its fund and a group plan have receivables.
CREATE VIEW coordination_owed WITH (security_invoker = true) AS
	SELECT o.hospital_id, o.account, o.currency, sum(o.minor)::bigint AS minor FROM (
		SELECT k.hospital_id, 'AR-SI-ACCOUNT' AS account, k.currency, k.account_minor AS minor FROM coordination k WHERE k.undone_entry IS NULL
		UNION ALL SELECT y.hospital_id, y.account, y.currency, -y.amount_minor FROM coordination_payment y
		WHERE y.account = 'AR-SI-ACCOUNT') o
	GROUP BY 1, 2, 3;
GRANT SELECT ON coordination_owed TO zhifu_writer, zhifu_operator;

CALL tenant_tables('patient_account', 'patient_bill', 'acquirer_settlement', 'acquirer_unsettled', 'patient_payment', 'patient_used', 'coordination', 'coordination_payment');
GRANT UPDATE ON patient_account TO zhifu_writer;
GRANT UPDATE (settlement_id) ON patient_payment TO zhifu_writer;
GRANT UPDATE (undone_entry, undone_day, undone_by, undone_at, undone_why) ON acquirer_settlement TO zhifu_writer;
GRANT UPDATE (undone_entry, undone_by, undone_at, undone_why, allowance_minor) ON coordination TO zhifu_writer;

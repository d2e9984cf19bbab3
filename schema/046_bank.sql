-- Bank statements: the files as they came, what stood in them, and the money that waits for its home.
SET search_path = zhifu;

-- A file as the bank made it, in sealed parts (SEAL_FILE, by a key of the hospital). The same bytes again are the same file.
CREATE TABLE bank_file (
	hospital_id uuid NOT NULL,
	file_id     uuid NOT NULL,
	hash        bytea NOT NULL CHECK (length(hash) = 32), -- SHA-256
	bytes       bigint NOT NULL,
	format      smallint NOT NULL, -- enum bank_format (adapters/bank/statement.h)
	taken_at    timestamptz NOT NULL DEFAULT now(),
	who         text NOT NULL CHECK (who <> ''),
	PRIMARY KEY (hospital_id, file_id),
	UNIQUE (hospital_id, hash)
);
CREATE TABLE bank_file_part (
	hospital_id uuid NOT NULL,
	file_id     uuid NOT NULL,
	no          integer NOT NULL,
	content     bytea NOT NULL,
	PRIMARY KEY (hospital_id, file_id, no)
);
ALTER TABLE bank_file_part ALTER COLUMN content SET STORAGE EXTERNAL; -- sealed bytes do not compress

-- A statement, report or notification of one account.
CREATE TABLE bank_statement (
	hospital_id  uuid NOT NULL,
	statement_id uuid NOT NULL,
	file_id      uuid NOT NULL,
	no           integer NOT NULL,  -- within the file
	account      text NOT NULL,     -- the account's code in the hospital's configuration
	kind         smallint NOT NULL, -- enum bank_kind: 1 statement, 2 report, 3 notification
	identifier   text,
	sequence     bigint, -- the bank's number of it; NULL: it has none
	page         bigint,
	currency     text NOT NULL,
	exponent     smallint NOT NULL,
	opening_minor bigint, opening_day date,
	closing_minor bigint, closing_day date,
	entry_count  integer NOT NULL,  -- booked lines, also those that another statement had brought before
	chain        smallint NOT NULL, -- how it goes on from those before: bank_chain()
	at           timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (hospital_id, statement_id)
);
-- Those that prove something: by their balances they stand in a row.
CREATE INDEX bank_statement_account ON bank_statement (hospital_id, account, closing_day, sequence)
	WHERE kind = 1 AND opening_minor IS NOT NULL AND closing_minor IS NOT NULL;
-- Those without balances, whose lines are in the books all the same.
CREATE INDEX bank_statement_loose ON bank_statement (hospital_id, account) WHERE chain = 8;
-- The accounts of the hospital's file, as whoever read that last knows them: those of which statements are due, and who looks after
-- money that waits there. One that is not there any more was closed at the bank.
CREATE TABLE bank_account (
	hospital_id uuid NOT NULL,
	code        text NOT NULL,
	currency    text NOT NULL,
	exponent    smallint NOT NULL,
	owner       text NOT NULL CHECK (btrim(owner) <> ''),
	PRIMARY KEY (hospital_id, code)
);
-- What a person saw at the bank for the end of a day up to which no statement reaches: many banks send none for days without movements.
CREATE TABLE bank_confirmation (
	hospital_id uuid NOT NULL,
	account     text NOT NULL,
	day         date NOT NULL,
	minor       bigint NOT NULL,
	who         text NOT NULL CHECK (who <> ''),
	why         text NOT NULL CHECK (btrim(why) <> ''),
	at          timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (hospital_id, account, day)
);
-- The entries of the ledger that say what was on an account before anything that is known of it: bank_opening_keep().
CREATE TABLE bank_opening (
	hospital_id uuid NOT NULL,
	account     text NOT NULL,
	entry_id    uuid NOT NULL,
	PRIMARY KEY (hospital_id, entry_id)
);
CALL tenant_tables('bank_account', 'bank_confirmation', 'bank_opening');
GRANT UPDATE, DELETE ON bank_account TO zhifu_writer;
GRANT UPDATE ON bank_confirmation TO zhifu_writer;
-- What the ledger says of a bank account, without looking at what claims post.
CREATE INDEX posting_bank ON posting (hospital_id) WHERE debit LIKE 'BANK-%' OR credit LIKE 'BANK-%';

-- A booked line of a statement. The same line comes once, whatever brings it: (identity, occurrence), see statement.h. What
-- names persons or was written by somebody is in `content` (SEAL_FACT, by a key of the hospital: JSON, settle/bank_content.h).
CREATE TABLE bank_line (
	hospital_id  uuid NOT NULL,
	line_id      uuid NOT NULL,
	statement_id uuid NOT NULL, -- that brought it first
	account      text NOT NULL,
	identity     bytea NOT NULL CHECK (length(identity) = 32),
	occurrence   integer NOT NULL,
	booked_day   date NOT NULL,
	value_day    date,
	amount_minor bigint NOT NULL, -- as it moved the account: positive came in
	currency     text NOT NULL,
	exponent     smallint NOT NULL,
	reversal     boolean NOT NULL,
	content      bytea NOT NULL,
	no           integer NOT NULL DEFAULT 0, -- its place in the statement; ids need not be in that order (bank_told)
	detailed     boolean NOT NULL DEFAULT false, -- the statement itself says of its only transaction who paid, or what for
	PRIMARY KEY (hospital_id, line_id),
	UNIQUE (hospital_id, account, identity, occurrence)
);
ALTER TABLE bank_line ALTER COLUMN content SET STORAGE EXTERNAL;
CREATE INDEX bank_line_day ON bank_line (hospital_id, account, booked_day);

-- What the bank says of the single transactions of a line: a batch has many, most lines have one.
CREATE TABLE bank_detail (
	hospital_id  uuid NOT NULL,
	line_id      uuid NOT NULL,
	no           integer NOT NULL,
	amount_minor bigint, -- its share of the line; NULL: the bank does not say
	content      bytea NOT NULL, -- as the line's
	PRIMARY KEY (hospital_id, line_id, no)
);
ALTER TABLE bank_detail ALTER COLUMN content SET STORAGE EXTERNAL;

-- A line whose transactions a notification told, all of a batch or its only one: the id that it has, or will have when a statement
-- brings it.
CREATE TABLE bank_told (
	hospital_id  uuid NOT NULL,
	account      text NOT NULL,
	identity     bytea NOT NULL CHECK (length(identity) = 32), -- with the bank's own reference in it
	occurrence   integer NOT NULL,
	line_id      uuid NOT NULL,
	statement_id uuid NOT NULL, -- the notification
	waits        boolean NOT NULL, -- for the line
	PRIMARY KEY (hospital_id, account, identity, occurrence)
);
CREATE INDEX bank_told_line ON bank_told (hospital_id, line_id);
CREATE INDEX bank_told_statement ON bank_told (hospital_id, statement_id);

-- What a statement or a report of a day has that the bank has not booked: it is in no books. Names of persons are in the file alone.
CREATE TABLE bank_pending (
	hospital_id  uuid NOT NULL,
	pending_id   uuid NOT NULL,
	statement_id uuid NOT NULL,
	account      text NOT NULL,
	identity     bytea NOT NULL CHECK (length(identity) = 32), -- as bank_line has it, once it is booked
	occurrence   integer NOT NULL,
	day          date NOT NULL, -- on which it is to be booked
	value_day    date,
	amount_minor bigint NOT NULL,
	currency     text NOT NULL,
	exponent     smallint NOT NULL,
	status       smallint NOT NULL CHECK (status BETWEEN 2 AND 5), -- enum bank_status (adapters/bank/statement.h)
	PRIMARY KEY (hospital_id, pending_id)
);
CREATE INDEX bank_pending_account ON bank_pending (hospital_id, account, identity, occurrence);
CREATE INDEX bank_statement_told ON bank_statement (hospital_id, account, at) WHERE kind IN (1, 2);
CALL tenant_tables('bank_pending');

-- What is pending now: not booked since, not told again, and of no day that a later statement or report reaches.
CREATE VIEW bank_pending_now WITH (security_invoker = true) AS
	SELECT p.*, s.at FROM bank_pending p JOIN bank_statement s ON s.hospital_id = p.hospital_id AND s.statement_id = p.statement_id
	WHERE NOT EXISTS (SELECT 1 FROM bank_line l WHERE l.hospital_id = p.hospital_id AND l.account = p.account
			AND l.identity = p.identity AND l.occurrence = p.occurrence)
		AND NOT EXISTS (SELECT 1 FROM bank_pending o JOIN bank_statement n ON n.hospital_id = o.hospital_id AND n.statement_id = o.statement_id
			WHERE o.hospital_id = p.hospital_id AND o.account = p.account AND o.identity = p.identity AND o.occurrence = p.occurrence
				AND (n.at, n.no) > (s.at, s.no))
		AND NOT EXISTS (SELECT 1 FROM bank_statement n WHERE n.hospital_id = p.hospital_id AND n.account = p.account AND n.kind IN (1, 2)
			AND n.at >= s.at AND (n.at, n.no) > (s.at, s.no) AND coalesce(n.closing_day, n.at::date) >= p.day);
GRANT SELECT ON bank_pending_now TO zhifu_writer, zhifu_operator;

-- Money without a home (待查收款), from the day it arrives until matching or a person finds it one. Its account in the ledger is
-- SUSP; a line that leaves the account waits here too, with a negative amount.
CREATE TABLE suspense (
	hospital_id uuid NOT NULL,
	line_id     uuid NOT NULL,
	open_minor  bigint NOT NULL CHECK (open_minor <> 0),
	currency    text NOT NULL,
	exponent    smallint NOT NULL,
	since       date NOT NULL,
	owner       text,           -- who looks after it, where a person said so; else suspense_owner() does
	reason      text NOT NULL,  -- why it is here, as a program says it
	reason_by   text,           -- the person who said why, which stands in operator_act, sealed; NULL: nobody
	version     integer NOT NULL DEFAULT 1,
	PRIMARY KEY (hospital_id, line_id)
);

CALL tenant_tables('bank_file', 'bank_file_part', 'bank_statement', 'bank_line', 'bank_detail', 'bank_told', 'suspense');
GRANT UPDATE, DELETE ON suspense TO zhifu_writer;
GRANT UPDATE ON bank_told TO zhifu_writer;

-- The accounts of the hospital's file are these. For processes, which know all hospitals.
CREATE FUNCTION accounts_configure(p_hospital uuid, p_code text[], p_currency text[], p_exponent smallint[], p_owner text[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
	DELETE FROM bank_account a WHERE a.hospital_id = p_hospital AND NOT a.code = ANY (p_code);
	INSERT INTO bank_account (hospital_id, code, currency, exponent, owner)
	SELECT p_hospital, t.c, t.u, t.x, t.o FROM unnest(p_code, p_currency, p_exponent, p_owner) AS t (c, u, x, o)
	WHERE NOT EXISTS (SELECT 1 FROM bank_account a WHERE a.hospital_id = p_hospital
		AND (a.code, a.currency, a.exponent, a.owner) = (t.c, t.u, t.x, t.o))
	ON CONFLICT (hospital_id, code) DO UPDATE SET currency = excluded.currency, exponent = excluded.exponent, owner = excluded.owner
$$;

-- The same for who acts for one.
CREATE FUNCTION bank_accounts_keep(p_hospital uuid, p_code text[], p_currency text[], p_exponent smallint[], p_owner text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
BEGIN
	PERFORM tenant_must(p_hospital);
	PERFORM accounts_configure(p_hospital, p_code, p_currency, p_exponent, p_owner);
END
$$;

-- Begins the import of a file: one at a time for a hospital, until the transaction ends. False: these bytes were taken before.
CREATE FUNCTION bank_file_take(p_hospital uuid, p_file uuid, p_hash bytea, p_bytes bigint, p_format smallint, p_who text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
BEGIN
	PERFORM tenant_must(p_hospital);
	PERFORM pg_advisory_xact_lock(hashtext('zhifu.bank'), hashtext(p_hospital::text));
	INSERT INTO bank_file (hospital_id, file_id, hash, bytes, format, who) VALUES (p_hospital, p_file, p_hash, p_bytes, p_format, p_who)
	ON CONFLICT (hospital_id, hash) DO NOTHING;
	RETURN FOUND;
END
$$;

CREATE FUNCTION bank_file_part_add(p_hospital uuid, p_file uuid, p_no integer, p_content bytea) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
BEGIN
	PERFORM tenant_must(p_hospital);
	INSERT INTO bank_file_part VALUES (p_hospital, p_file, p_no, p_content);
END
$$;

-- The statements of an account that have both balances, of one currency: only they say how others go on from them.
CREATE VIEW bank_proved AS SELECT * FROM bank_statement WHERE kind = 1 AND opening_minor IS NOT NULL AND closing_minor IS NOT NULL
	AND opening_day IS NOT NULL AND closing_day IS NOT NULL;
ALTER VIEW bank_proved OWNER TO zhifu_writer;

-- A gap before a statement of which a person says why nothing can fill it: what moved meanwhile is between the bank and the ledger
-- in the account's proof. Who said it last counts; all of it is on record (operator_act).
CREATE TABLE bank_gap (
	hospital_id  uuid NOT NULL,
	statement_id uuid NOT NULL,
	who          text NOT NULL CHECK (who <> ''),
	why          text NOT NULL CHECK (btrim(why) <> ''),
	at           timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (hospital_id, statement_id)
);
CALL tenant_tables('bank_gap');
GRANT UPDATE ON bank_gap TO zhifu_writer;

-- What lines of statements without balances come to: booked after a day (NULL: from the first on) and up to another. With the caller's
-- rights, like the next two.
CREATE FUNCTION bank_loose(p_hospital uuid, p_account text, p_after date, p_to date) RETURNS bigint LANGUAGE plpgsql STABLE
SET search_path = zhifu, pg_temp AS $$
BEGIN
	IF NOT EXISTS (SELECT 1 FROM bank_statement s WHERE s.hospital_id = p_hospital AND s.account = p_account AND s.chain = 8) THEN
		RETURN 0;
	END IF;
	RETURN (SELECT coalesce(sum(l.amount_minor), 0) FROM bank_line l
		JOIN bank_statement s ON s.hospital_id = l.hospital_id AND s.statement_id = l.statement_id AND s.chain = 8
		WHERE l.hospital_id = p_hospital AND l.account = p_account AND l.booked_day > coalesce(p_after, '-infinity') AND l.booked_day <= p_to);
END
$$;

-- What such lines come to that were booked before a statement opened. Some banks date the opening with the day that has ended, others
-- with the first of the statement's own: which it is, its sum tells, for such lines may be among its own too.
CREATE FUNCTION bank_loose_before(p_hospital uuid, p_account text, p_statement uuid) RETURNS bigint LANGUAGE plpgsql STABLE
SET search_path = zhifu, pg_temp AS $$
DECLARE
	own bank_statement;
	before bigint;
	through bigint;
	brought bigint;
BEGIN
	SELECT * INTO STRICT own FROM bank_statement s WHERE s.hospital_id = p_hospital AND s.statement_id = p_statement;
	before := bank_loose(p_hospital, p_account, NULL, own.opening_day - 1);
	through := bank_loose(p_hospital, p_account, NULL, own.opening_day);
	IF before = through THEN
		RETURN before;
	END IF;
	SELECT coalesce(sum(l.amount_minor), 0) INTO brought FROM bank_line l WHERE l.hospital_id = p_hospital AND l.account = p_account
		AND l.statement_id = p_statement AND l.booked_day BETWEEN own.opening_day AND own.closing_day;
	RETURN CASE WHEN own.closing_minor - own.opening_minor - brought = bank_loose(p_hospital, p_account, own.opening_day, own.closing_day)
		THEN through ELSE before END;
END
$$;

-- What was on an account before all lines of it, by the first balance that a person confirmed; NULL: nobody did up to that day.
CREATE FUNCTION bank_confirmed(p_hospital uuid, p_account text, p_to date) RETURNS bigint LANGUAGE sql STABLE
SET search_path = zhifu, pg_temp AS $$
	SELECT (f.minor - (SELECT coalesce(sum(l.amount_minor), 0) FROM bank_line l
		WHERE l.hospital_id = p_hospital AND l.account = p_account AND l.booked_day <= f.day))::bigint
	FROM bank_confirmation f WHERE f.hospital_id = p_hospital AND f.account = p_account AND f.day <= p_to ORDER BY f.day LIMIT 1
$$;

-- What is missing now, whatever was when a statement came. gap: it does not open as the one before it closed or, where it is the first, as
-- a person had confirmed, lines of statements without balances counted; by missing_minor, and explained, where a person did. confirmed:
-- it is held to what was confirmed. skipped: it does, and only the number before its own is not there, though there are older ones: banks
-- leave numbers out. Copies and overlapping statements ask for nobody.
CREATE VIEW bank_continuity WITH (security_invoker = true) AS
	SELECT a.*, coalesce(m.minor <> 0, false) AS gap,
		coalesce(m.minor = 0
			AND NOT EXISTS (SELECT 1 FROM bank_statement b WHERE b.hospital_id = a.hospital_id AND b.account = a.account AND b.kind = 1
				AND b.statement_id <> a.statement_id AND b.sequence BETWEEN a.sequence - 1 AND a.sequence
				AND date_part('year', b.closing_day) = date_part('year', a.closing_day))
			AND EXISTS (SELECT 1 FROM bank_statement b WHERE b.hospital_id = a.hospital_id AND b.account = a.account AND b.kind = 1
				AND b.sequence < a.sequence AND date_part('year', b.closing_day) = date_part('year', a.closing_day)), false) AS skipped,
		m.minor AS missing_minor, m.minor IS NOT NULL AND o.closing_day IS NULL AS confirmed,
		CASE WHEN m.minor <> 0 THEN g.who END AS explained_by, g.why AS explained_why, g.at AS explained_at
	FROM bank_statement a CROSS JOIN LATERAL (SELECT a.kind = 1 AND a.chain NOT IN (0, 3, 5, 8) AS asks) k
	-- Of several that closed before it opens, on its last days or that day, the one as whose closing it opens.
	LEFT JOIN LATERAL (SELECT b.closing_minor, b.closing_day FROM bank_statement b WHERE b.hospital_id = a.hospital_id AND b.account = a.account
			AND b.kind = 1 AND b.opening_minor IS NOT NULL AND b.closing_minor IS NOT NULL AND b.statement_id <> a.statement_id
			AND b.closing_day <= a.closing_day AND (b.closing_minor = a.opening_minor OR b.closing_day <= a.opening_day
				AND (b.opening_day, coalesce(b.sequence, 0), coalesce(b.page, 0)) < (a.opening_day, coalesce(a.sequence, 0), coalesce(a.page, 0)))
		ORDER BY b.closing_day DESC, b.closing_minor = a.opening_minor DESC, b.sequence DESC NULLS LAST, b.page DESC NULLS LAST LIMIT 1) o ON true
	CROSS JOIN LATERAL (SELECT CASE WHEN NOT k.asks THEN NULL
			WHEN o.closing_day >= a.opening_day THEN a.opening_minor - o.closing_minor
			WHEN o.closing_day IS NOT NULL THEN a.opening_minor - o.closing_minor - bank_loose_before(a.hospital_id, a.account, a.statement_id)
				+ bank_loose(a.hospital_id, a.account, NULL, o.closing_day)
			ELSE a.opening_minor - bank_confirmed(a.hospital_id, a.account, a.opening_day)
				- bank_loose_before(a.hospital_id, a.account, a.statement_id) END AS minor) m
	LEFT JOIN bank_gap g ON g.hospital_id = a.hospital_id AND g.statement_id = a.statement_id;
GRANT SELECT ON bank_continuity TO zhifu_writer, zhifu_operator;

-- Do two statements have no line in common? Their days may touch (one closes on the day on which the next opens) or be the
-- same (parts of one day), and not overlap; and they do not open alike on one day, nor close alike.
CREATE FUNCTION bank_disjoint(a_from date, a_to date, a_opening bigint, a_closing bigint, b_from date, b_to date, b_opening bigint,
	b_closing bigint) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
	SELECT NOT (b_from < a_to AND a_from < b_to AND (a_from, a_to) <> (b_from, b_to)) AND NOT (a_from = b_from AND a_opening = b_opening)
		AND NOT (a_to = b_to AND a_closing = b_closing)
$$;

-- How a statement of an account goes on from those that are there: 1 the first; 2 it follows (or, come late, stands directly before
-- the next one) without a gap; 3 the same number and balances were there already; 4 there is a gap beside it: numbers are
-- missing; 5 it overlaps another one; 6 it opens with another balance than the one before closed with; 7 the next page of the
-- one before; 8 it has no balances and proves nothing; 9 it follows, and only a number is left out. Reports and notifications: 0.
CREATE FUNCTION bank_chain(p_hospital uuid, p_account text, p_kind smallint, p_sequence bigint, p_page bigint, p_opening bigint,
	p_opening_day date, p_closing bigint, p_closing_day date) RETURNS smallint LANGUAGE plpgsql STABLE SET search_path = zhifu, pg_temp AS $$
DECLARE
	last record; -- the one before it
	next record;
	confirmed bigint;
	fits boolean;
BEGIN
	IF p_kind <> 1 THEN
		RETURN 0;
	END IF;
	IF p_opening IS NULL OR p_closing IS NULL OR p_opening_day IS NULL OR p_closing_day IS NULL THEN
		RETURN 8;
	END IF;
	IF EXISTS (SELECT 1 FROM bank_proved s WHERE s.hospital_id = p_hospital AND s.account = p_account
		AND s.closing_day = p_closing_day AND s.opening_day = p_opening_day AND s.sequence IS NOT DISTINCT FROM p_sequence
		AND s.page IS NOT DISTINCT FROM p_page AND s.opening_minor = p_opening AND s.closing_minor = p_closing) THEN
		RETURN 3;
	END IF;
	IF EXISTS (SELECT 1 FROM bank_proved s WHERE s.hospital_id = p_hospital AND s.account = p_account AND NOT bank_disjoint(
		p_opening_day, p_closing_day, p_opening, p_closing, s.opening_day, s.closing_day, s.opening_minor, s.closing_minor)) THEN
		RETURN 5;
	END IF;
	SELECT s.sequence, s.page, s.closing_minor, s.closing_day INTO last FROM bank_proved s
	WHERE s.hospital_id = p_hospital AND s.account = p_account AND (s.closing_day < p_closing_day
		OR s.closing_day = p_closing_day AND coalesce((s.sequence, coalesce(s.page, 0)) < (p_sequence, coalesce(p_page, 0)),
			s.closing_minor = p_opening))
	ORDER BY s.closing_day DESC, s.closing_minor = p_opening DESC, s.sequence DESC NULLS LAST, s.page DESC NULLS LAST LIMIT 1;
	IF NOT FOUND THEN
		SELECT s.opening_minor INTO next FROM bank_proved s WHERE s.hospital_id = p_hospital AND s.account = p_account
		ORDER BY s.opening_day, s.opening_minor = p_closing DESC, s.sequence, s.page LIMIT 1;
		IF FOUND THEN
			RETURN CASE WHEN next.opening_minor = p_closing THEN 2 ELSE 4 END;
		END IF;
		confirmed := bank_confirmed(p_hospital, p_account, p_opening_day);
		-- On the very day that was confirmed its own lines, which come later, have a say in it.
		RETURN CASE WHEN confirmed IS NULL OR bank_confirmed(p_hospital, p_account, p_opening_day - 1) IS NULL AND p_opening <> confirmed THEN 1
			WHEN p_opening - confirmed IN (bank_loose(p_hospital, p_account, NULL, p_opening_day - 1),
				bank_loose(p_hospital, p_account, NULL, p_opening_day)) THEN 2 ELSE 6 END;
	END IF;
	fits := p_opening = last.closing_minor + CASE WHEN last.closing_day >= p_opening_day THEN 0
		ELSE bank_loose(p_hospital, p_account, last.closing_day, p_opening_day) END;
	IF fits OR last.closing_minor = p_opening THEN
		-- Numbers begin anew with the year.
		RETURN CASE WHEN p_sequence = last.sequence AND p_page > last.page THEN 7
			WHEN p_sequence > last.sequence + 1 AND date_part('year', p_closing_day) = date_part('year', last.closing_day) THEN 9
			ELSE 2 END;
	END IF;
	RETURN CASE WHEN p_sequence > last.sequence + 1 THEN 4 ELSE 6 END;
END
$$;

-- A statement whose lines follow, and then bank_opening_keep(); returns its chain.
CREATE FUNCTION bank_statement_add(p_hospital uuid, p_statement uuid, p_file uuid, p_no integer, p_account text, p_kind smallint,
	p_identifier text, p_sequence bigint, p_page bigint, p_currency text, p_exponent smallint, p_opening bigint, p_opening_day date,
	p_closing bigint, p_closing_day date, p_entries integer) RETURNS smallint LANGUAGE plpgsql SECURITY DEFINER
SET search_path = zhifu, pg_temp AS $$
DECLARE
	how smallint;
BEGIN
	PERFORM tenant_must(p_hospital);
	how := bank_chain(p_hospital, p_account, p_kind, p_sequence, p_page, p_opening, p_opening_day, p_closing, p_closing_day);
	INSERT INTO bank_statement (hospital_id, statement_id, file_id, no, account, kind, identifier, sequence, page, currency, exponent,
		opening_minor, opening_day, closing_minor, closing_day, entry_count, chain)
	VALUES (p_hospital, p_statement, p_file, p_no, p_account, p_kind, p_identifier, p_sequence, p_page, p_currency, p_exponent, p_opening,
		p_opening_day, p_closing, p_closing_day, p_entries, how);
	RETURN how;
END
$$;

-- Posts movements of one account against another, each an entry of its own: what came in by one rule, what went out by the other.
-- What comes late has the first open day.
CREATE FUNCTION bank_post(p_hospital uuid, p_entry uuid[], p_amount bigint[], p_currency text, p_exponent smallint, p_day date[],
	p_bank text, p_against text, p_rule_in text, p_rule_out text) RETURNS void LANGUAGE sql SET search_path = zhifu, pg_temp AS $$
	WITH posted AS (
		INSERT INTO posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency, exponent, book_minor, book_day, rule, source_id)
		SELECT p_hospital, t.e, 1, CASE WHEN t.a > 0 THEN p_bank ELSE p_against END, CASE WHEN t.a > 0 THEN p_against ELSE p_bank END,
			abs(t.a), p_currency, p_exponent, CASE WHEN p_currency = h.book_currency THEN abs(t.a) END, greatest(t.d, o.first),
			CASE WHEN t.a > 0 THEN p_rule_in ELSE p_rule_out END, t.e
		FROM unnest(p_entry, p_amount, p_day) AS t (e, a, d) JOIN hospital h ON h.hospital_id = p_hospital
		CROSS JOIN books_day(p_hospital, '-infinity') AS o (first) WHERE t.a <> 0
		RETURNING hospital_id, entry_id, no, book_minor)
	INSERT INTO posting_unvalued SELECT p.hospital_id, p.entry_id, p.no FROM posted p WHERE p.book_minor IS NULL
$$;

-- Booked lines of a statement that was added. Those that are new are posted and wait in suspense. p_referenced: the bank's own
-- reference says which line it is. Without one, a line like another is another line if the two statements have none in
-- common; pages of one file are counted on by who read it. p_whole: nothing is told of its transactions apart from it, so it is
-- one item to be matched; of others match_items_make knows when their details are there. Returns the ordinals of the new ones.
CREATE FUNCTION bank_lines_add(p_hospital uuid, p_statement uuid, p_account text, p_line uuid[], p_identity bytea[],
	p_referenced boolean[], p_occurrence integer[], p_booked date[], p_value date[], p_amount bigint[], p_currency text,
	p_exponent smallint, p_reversal boolean[], p_no integer[], p_whole boolean[], p_detailed boolean[], p_content bytea[], p_bank text,
	p_suspense text, p_reason text) RETURNS SETOF integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
DECLARE
	own bank_statement;
	fresh uuid[];
BEGIN
	PERFORM tenant_must(p_hospital);
	SELECT * INTO STRICT own FROM bank_statement s WHERE s.hospital_id = p_hospital AND s.statement_id = p_statement;
	WITH i AS (
		INSERT INTO bank_line (hospital_id, line_id, statement_id, account, identity, occurrence, booked_day, value_day, amount_minor,
			currency, exponent, reversal, no, detailed, content)
		SELECT p_hospital, t.l, p_statement, p_account, t.i, t.o + CASE WHEN t.f THEN 0 ELSE (SELECT count(*) FROM bank_line b
				JOIN bank_proved s ON s.hospital_id = b.hospital_id AND s.statement_id = b.statement_id
				WHERE b.hospital_id = p_hospital AND b.account = p_account AND b.identity = t.i AND s.statement_id <> p_statement
					AND (s.file_id, s.sequence) IS DISTINCT FROM (own.file_id, own.sequence)
					AND bank_disjoint(own.opening_day, own.closing_day, own.opening_minor, own.closing_minor, s.opening_day, s.closing_day,
						s.opening_minor, s.closing_minor)) END,
			t.b, t.v, t.a, p_currency, p_exponent, t.r, t.n, t.e, t.c
		FROM unnest(p_line, p_identity, p_referenced, p_occurrence, p_booked, p_value, p_amount, p_reversal, p_no, p_detailed, p_content)
			AS t (l, i, f, o, b, v, a, r, n, e, c)
		ON CONFLICT DO NOTHING RETURNING line_id)
	SELECT coalesce(array_agg(i.line_id), '{}') INTO fresh FROM i;
	PERFORM bank_post(p_hospital, array_agg(t.l), array_agg(t.a), p_currency, p_exponent, array_agg(t.b), p_bank, p_suspense, 'bank_in', 'bank_out')
	FROM unnest(p_line, p_amount, p_booked) AS t (l, a, b) WHERE t.l = ANY (fresh);
	INSERT INTO suspense (hospital_id, line_id, open_minor, currency, exponent, since, reason, items_made)
	SELECT p_hospital, t.l, t.a, p_currency, p_exponent, t.b, p_reason, t.w FROM unnest(p_line, p_amount, p_booked, p_whole) AS t (l, a, b, w)
	WHERE t.l = ANY (fresh) AND t.a <> 0;
	INSERT INTO match_item (hospital_id, line_id, part, amount_minor, open_minor, booked_day)
	SELECT p_hospital, t.l, 0, t.a, t.a, t.b FROM unnest(p_line, p_amount, p_booked, p_whole) AS t (l, a, b, w)
	WHERE t.w AND t.l = ANY (fresh) AND t.a <> 0;
	IF false = ANY (p_whole) THEN
		UPDATE bank_told w SET waits = false WHERE w.hospital_id = p_hospital AND w.waits
			AND w.line_id = ANY (ARRAY(SELECT t.l FROM unnest(p_line, p_whole) AS t (l, w) WHERE NOT t.w AND t.l = ANY (fresh)));
	END IF;
	RETURN QUERY SELECT t.n::integer FROM unnest(p_line) WITH ORDINALITY AS t (l, n) WHERE t.l = ANY (fresh);
END
$$;

-- Posts what was on an account before all lines of it, or the difference to what was posted of it before: by its oldest statement with
-- balances or, where a person had confirmed one by the day on which that opens, by the first confirmation. So whatever comes first, and
-- however late what is older comes, there is one opening, and what is confirmed or opened with is what the ledger has then.
CREATE FUNCTION bank_opening_keep(p_hospital uuid, p_account text, p_currency text, p_exponent smallint) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
DECLARE
	first bank_statement;
	was bigint;
	day date;
	posted bigint;
	made uuid := gen_random_uuid();
BEGIN
	PERFORM tenant_must(p_hospital);
	-- Of its first day only: there may be thousands of others.
	SELECT s.* INTO first FROM bank_proved s WHERE s.hospital_id = p_hospital AND s.account = p_account
		AND s.opening_day = (SELECT min(o.opening_day) FROM bank_proved o WHERE o.hospital_id = p_hospital AND o.account = p_account)
	ORDER BY s.sequence NULLS FIRST, s.page NULLS FIRST, EXISTS (SELECT 1 FROM bank_proved n WHERE n.hospital_id = p_hospital
		AND n.account = p_account AND n.statement_id <> s.statement_id AND n.closing_day = s.opening_day AND n.closing_minor = s.opening_minor),
		s.statement_id LIMIT 1;
	was := bank_confirmed(p_hospital, p_account, coalesce(first.opening_day, 'infinity'));
	IF was IS NOT NULL THEN
		SELECT least(min(f.day), (SELECT min(l.booked_day) FROM bank_line l WHERE l.hospital_id = p_hospital AND l.account = p_account)) INTO day
		FROM bank_confirmation f WHERE f.hospital_id = p_hospital AND f.account = p_account;
	ELSIF first.statement_id IS NOT NULL THEN
		was := first.opening_minor - bank_loose_before(p_hospital, p_account, first.statement_id);
		SELECT least(first.opening_day, min(l.booked_day)) INTO day FROM bank_statement s
		JOIN bank_line l ON l.hospital_id = s.hospital_id AND l.account = s.account AND l.statement_id = s.statement_id
		WHERE s.hospital_id = p_hospital AND s.account = p_account AND s.chain = 8;
	END IF;
	SELECT coalesce(sum(CASE p.credit WHEN 'OPENING' THEN p.amount_minor ELSE -p.amount_minor END), 0) INTO posted FROM bank_opening o
	JOIN posting p ON p.hospital_id = o.hospital_id AND p.entry_id = o.entry_id AND p.no = 1
	WHERE o.hospital_id = p_hospital AND o.account = p_account;
	IF was <> posted THEN
		PERFORM bank_post(p_hospital, ARRAY[made], ARRAY[was - posted], p_currency, p_exponent, ARRAY[day], 'BANK-' || p_account, 'OPENING',
			'bank_open', 'bank_open');
		INSERT INTO bank_opening (hospital_id, account, entry_id) VALUES (p_hospital, p_account, made);
	END IF;
END
$$;

-- Entries of a statement or report that are not booked.
CREATE FUNCTION bank_pending_add(p_hospital uuid, p_statement uuid, p_account text, p_currency text, p_exponent smallint, p_id uuid[],
	p_identity bytea[], p_occurrence integer[], p_day date[], p_value date[], p_amount bigint[], p_status smallint[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
BEGIN
	PERFORM tenant_must(p_hospital);
	INSERT INTO bank_pending (hospital_id, pending_id, statement_id, account, identity, occurrence, day, value_day, amount_minor, currency,
		exponent, status)
	SELECT p_hospital, t.p, p_statement, p_account, t.i, t.o, t.d, t.v, t.a, p_currency, p_exponent, t.s
	FROM unnest(p_id, p_identity, p_occurrence, p_day, p_value, p_amount, p_status) AS t (p, i, o, d, v, a, s);
END
$$;

-- The statements of an account that have days in common with this one, or are a copy of it.
CREATE FUNCTION bank_overlapping(p_hospital uuid, p_account text, p_statement uuid) RETURNS uuid[] LANGUAGE sql STABLE
SET search_path = zhifu, pg_temp AS $$
	SELECT ARRAY(SELECT s.statement_id FROM bank_proved s WHERE s.hospital_id = p_hospital AND s.account = p_account
		AND s.statement_id <> p_statement AND (s.file_id, s.sequence) IS DISTINCT FROM (own.file_id, own.sequence)
		AND NOT bank_disjoint(own.opening_day, own.closing_day, own.opening_minor, own.closing_minor, s.opening_day, s.closing_day,
			s.opening_minor, s.closing_minor))
	FROM bank_statement own WHERE own.hospital_id = p_hospital AND own.statement_id = p_statement
$$;

-- How many lines of each day and amount those have.
CREATE FUNCTION bank_overlapped(p_hospital uuid, p_account text, p_statement uuid, p_day date[], p_amount bigint[])
RETURNS TABLE (no integer, lines bigint) LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
DECLARE
	others uuid[];
BEGIN
	PERFORM tenant_must(p_hospital);
	others := bank_overlapping(p_hospital, p_account, p_statement);
	RETURN QUERY SELECT t.n::integer, coalesce(l.k, 0) FROM unnest(p_day, p_amount) WITH ORDINALITY AS t (d, a, n)
	LEFT JOIN (SELECT b.booked_day, b.amount_minor, count(*) AS k FROM bank_line b WHERE b.hospital_id = p_hospital
			AND b.account = p_account AND b.booked_day BETWEEN (SELECT min(d) FROM unnest(p_day) AS d) AND (SELECT max(d) FROM unnest(p_day) AS d)
			AND b.statement_id = ANY (others) GROUP BY 1, 2) l ON l.booked_day = t.d AND l.amount_minor = t.a;
END
$$;

-- Which of these lines, which were there, none of those had brought, by their ordinals: p_referenced as bank_lines_add() has it.
CREATE FUNCTION bank_told_elsewhere(p_hospital uuid, p_account text, p_statement uuid, p_identity bytea[], p_occurrence integer[],
	p_referenced boolean[]) RETURNS SETOF integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
DECLARE
	others uuid[];
BEGIN
	PERFORM tenant_must(p_hospital);
	others := bank_overlapping(p_hospital, p_account, p_statement);
	RETURN QUERY SELECT t.n::integer FROM unnest(p_identity, p_occurrence, p_referenced) WITH ORDINALITY AS t (i, o, r, n)
	WHERE NOT EXISTS (SELECT 1 FROM bank_line b WHERE b.hospital_id = p_hospital AND b.account = p_account AND b.identity = t.i
		AND (b.occurrence = t.o OR NOT t.r) AND b.statement_id = ANY (others));
END
$$;

-- Who said of so many lines of a file whether they are the same as those that overlapping statements have in other words.
CREATE FUNCTION bank_repeats_said(p_hospital uuid, p_file uuid, p_lines integer, p_same boolean, p_who text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
BEGIN
	PERFORM tenant_must(p_hospital);
	INSERT INTO operator_act (hospital_id, who, act, subject, why) VALUES (p_hospital, p_who, 'statement.repeats', p_file::text,
		p_lines || CASE WHEN p_same THEN ' lines are the same as there, in other words' ELSE ' lines are others than there' END);
END
$$;

-- Which of these lines a notification told of, by their ordinals, and under which ids what it told waits for them.
CREATE FUNCTION bank_told_waiting(p_hospital uuid, p_account text, p_identity bytea[], p_occurrence integer[])
RETURNS TABLE (no integer, line_id uuid) LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp
SET enable_seqscan = off AS $$ -- each by itself: tens of thousands wait at some banks
BEGIN
	PERFORM tenant_must(p_hospital);
	RETURN QUERY SELECT f.n, f.id FROM (SELECT t.n::integer AS n, (SELECT w.line_id FROM bank_told w WHERE w.hospital_id = p_hospital
			AND w.account = p_account AND w.identity = t.i AND w.occurrence = t.o AND w.waits) AS id
		FROM unnest(p_identity, p_occurrence) WITH ORDINALITY AS t (i, o, n) OFFSET 0) f WHERE f.id IS NOT NULL;
END
$$;

-- The line whose transactions, or only one (p_single), a notification tells: one that came without them, or one that will have this id.
-- NULL: they are there, with the line or from another notification.
CREATE FUNCTION bank_told_add(p_hospital uuid, p_statement uuid, p_account text, p_identity bytea, p_occurrence integer, p_line uuid,
	p_single boolean) RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
DECLARE
	line uuid;
	itself boolean;
BEGIN
	PERFORM tenant_must(p_hospital);
	SELECT b.line_id, b.detailed INTO line, itself FROM bank_line b
	WHERE b.hospital_id = p_hospital AND b.account = p_account AND b.identity = p_identity AND b.occurrence = p_occurrence;
	IF FOUND AND (p_single AND itself OR EXISTS (SELECT 1 FROM bank_detail d WHERE d.hospital_id = p_hospital AND d.line_id = line)) THEN
		RETURN NULL;
	END IF;
	INSERT INTO bank_told (hospital_id, account, identity, occurrence, line_id, statement_id, waits)
	VALUES (p_hospital, p_account, p_identity, p_occurrence, coalesce(line, p_line), p_statement, line IS NULL)
	ON CONFLICT DO NOTHING RETURNING line_id INTO line;
	RETURN CASE WHEN FOUND THEN line END;
END
$$;

-- Details of lines that were added or told of before; those of lines that were known are left out.
CREATE FUNCTION bank_details_add(p_hospital uuid, p_line uuid[], p_no integer[], p_amount bigint[], p_content bytea[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
BEGIN
	PERFORM tenant_must(p_hospital);
	INSERT INTO bank_detail (hospital_id, line_id, no, amount_minor, content)
	SELECT p_hospital, t.l, t.n, t.a, t.c FROM unnest(p_line, p_no, p_amount, p_content) AS t (l, n, a, c)
	WHERE EXISTS (SELECT 1 FROM bank_line b WHERE b.hospital_id = p_hospital AND b.line_id = t.l)
		OR EXISTS (SELECT 1 FROM bank_told b WHERE b.hospital_id = p_hospital AND b.line_id = t.l)
	ON CONFLICT DO NOTHING;
END
$$;

-- Opens the lines whose transactions a file was the first to tell when they were there already. Returns how many.
CREATE FUNCTION bank_told_open(p_hospital uuid, p_file uuid) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
SET search_path = zhifu, pg_temp AS $$
BEGIN
	PERFORM tenant_must(p_hospital);
	RETURN match_open(p_hospital, ARRAY(SELECT t.line_id FROM bank_statement s
		JOIN bank_told t ON t.hospital_id = s.hospital_id AND t.statement_id = s.statement_id
		WHERE s.hospital_id = p_hospital AND s.file_id = p_file AND s.kind = 3));
END
$$;

-- And those for which it comes too late, because something was done with the line as one, with what was (NULL: no allocation; an order, a
-- sale, or a person parted it).
CREATE FUNCTION bank_told_late(p_hospital uuid, p_file uuid, p_limit integer)
RETURNS TABLE (line_id uuid, booked_day date, amount_minor bigint, currency text, allocation_id uuid) LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = zhifu, pg_temp AS $$
BEGIN
	PERFORM tenant_must(p_hospital);
	RETURN QUERY SELECT b.line_id, b.booked_day, b.amount_minor, b.currency, a.allocation_id FROM bank_statement s
	JOIN bank_told t ON t.hospital_id = s.hospital_id AND t.statement_id = s.statement_id
	JOIN bank_line b ON b.hospital_id = t.hospital_id AND b.line_id = t.line_id
	JOIN match_item i ON i.hospital_id = b.hospital_id AND i.line_id = b.line_id AND i.part = 0 AND i.amount_minor <> 0
	LEFT JOIN LATERAL (SELECT DISTINCT m.allocation_id FROM allocation m WHERE m.hospital_id = p_hospital AND m.line_id = b.line_id
		AND m.undoes IS NULL AND NOT EXISTS (SELECT 1 FROM allocation u WHERE u.hospital_id = p_hospital AND u.undoes = m.allocation_id)) a ON true
	WHERE s.hospital_id = p_hospital AND s.file_id = p_file AND s.kind = 3 AND EXISTS (SELECT 1 FROM match_told(p_hospital, b.line_id, b.amount_minor))
	ORDER BY b.booked_day, b.line_id, a.allocation_id LIMIT p_limit;
END
$$;

-- Why nothing can fill the gap before a statement. 1 done, 0 there is no such statement, -1 there is no gap before it.
CREATE FUNCTION bank_gap_explain(p_hospital uuid, p_statement uuid, p_who text, p_why text) RETURNS integer LANGUAGE plpgsql
SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
DECLARE
	open boolean;
BEGIN
	PERFORM tenant_must(p_hospital);
	IF coalesce(btrim(p_who), '') = '' OR coalesce(btrim(p_why), '') = '' THEN
		RAISE EXCEPTION 'a gap is explained by somebody, who says why';
	END IF;
	SELECT s.gap INTO open FROM bank_continuity s WHERE s.hospital_id = p_hospital AND s.statement_id = p_statement;
	IF open IS NOT TRUE THEN
		RETURN CASE WHEN NOT open THEN -1 ELSE 0 END;
	END IF;
	IF EXISTS (SELECT 1 FROM bank_gap g WHERE g.hospital_id = p_hospital AND g.statement_id = p_statement AND (g.who, g.why) = (p_who, p_why)) THEN
		RETURN 1;
	END IF;
	INSERT INTO bank_gap (hospital_id, statement_id, who, why) VALUES (p_hospital, p_statement, p_who, p_why)
	ON CONFLICT (hospital_id, statement_id) DO UPDATE SET who = excluded.who, why = excluded.why, at = now();
	INSERT INTO operator_act (hospital_id, who, act, subject, why) VALUES (p_hospital, p_who, 'gap.explain', p_statement::text, p_why);
	RETURN 1;
END
$$;

-- In which currency an account is kept: also one that the hospital's file does not name any more.
CREATE FUNCTION bank_kept_in(p_hospital uuid, p_account text, OUT currency text, OUT exponent smallint) LANGUAGE sql STABLE
SET search_path = zhifu, pg_temp AS $$
	SELECT k.currency, k.exponent FROM (
		SELECT 1, a.currency, a.exponent FROM bank_account a WHERE a.hospital_id = p_hospital AND a.code = p_account
		UNION ALL
		(SELECT 2, p.currency, p.exponent FROM posting p WHERE p.hospital_id = p_hospital AND (p.debit LIKE 'BANK-%' OR p.credit LIKE 'BANK-%')
			AND 'BANK-' || p_account IN (p.debit, p.credit) LIMIT 1)) AS k (turn, currency, exponent) ORDER BY k.turn LIMIT 1
$$;

-- What is on an account at the end of a day, as the bank shows it. The first of an account without an older statement is its opening
-- (bank_opening_keep), and can be set right at any time: what that moves is posted on an open day. 1 done; refused: 0 the hospital has no
-- such account, -1 the day is not over, -2 its month is closed, -3 statements reach up to that day, and say it.
CREATE FUNCTION bank_confirm(p_hospital uuid, p_account text, p_day date, p_minor bigint, p_who text, p_why text) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
DECLARE
	kept record;
	first date;
BEGIN
	PERFORM tenant_must(p_hospital);
	IF coalesce(btrim(p_who), '') = '' OR coalesce(btrim(p_why), '') = '' THEN
		RAISE EXCEPTION 'a balance is confirmed by somebody, who says why';
	END IF;
	PERFORM pg_advisory_xact_lock(hashtext('zhifu.bank'), hashtext(p_hospital::text)); -- as who imports a file
	PERFORM books_day(p_hospital, '-infinity'); -- nobody closes a month meanwhile
	SELECT * INTO kept FROM bank_kept_in(p_hospital, p_account);
	SELECT min(s.opening_day) INTO first FROM bank_proved s WHERE s.hospital_id = p_hospital AND s.account = p_account;
	IF kept.currency IS NULL THEN
		RETURN 0;
	ELSIF p_day >= (SELECT (now() AT TIME ZONE h.zone)::date FROM hospital h WHERE h.hospital_id = p_hospital) THEN
		RETURN -1;
	END IF;
	IF p_day IS DISTINCT FROM (SELECT min(f.day) FROM bank_confirmation f WHERE f.hospital_id = p_hospital AND f.account = p_account)
		OR p_day > first THEN
		IF EXISTS (SELECT 1 FROM period p WHERE p.hospital_id = p_hospital AND p.last_day >= p_day) THEN
			RETURN -2;
		ELSIF p_day >= first AND EXISTS (SELECT 1 FROM bank_proved s WHERE s.hospital_id = p_hospital AND s.account = p_account
			AND s.closing_day >= p_day) THEN
			RETURN -3;
		END IF;
	END IF;
	INSERT INTO bank_confirmation (hospital_id, account, day, minor, who, why) VALUES (p_hospital, p_account, p_day, p_minor, p_who, p_why)
	ON CONFLICT (hospital_id, account, day) DO UPDATE SET minor = excluded.minor, who = excluded.who, why = excluded.why, at = now();
	INSERT INTO operator_act (hospital_id, who, act, subject, why)
	VALUES (p_hospital, p_who, 'account.confirm', concat_ws(' ', p_account, p_day, p_minor), p_why);
	PERFORM bank_opening_keep(p_hospital, p_account, kept.currency, kept.exponent);
	RETURN 1;
END
$$;

-- Who looks after money of an account in suspense: who was told to, else whom the hospital's file names.
CREATE FUNCTION suspense_owner(p_hospital uuid, p_account text, p_owner text) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT coalesce(p_owner, (SELECT a.owner FROM zhifu.bank_account a WHERE a.hospital_id = p_hospital AND a.code = p_account), 'finance')
$$;

-- Who looks after money in suspense, and why it is there (p_reason: as operator_write() takes it). False: it has found its home meanwhile.
CREATE FUNCTION suspense_assign(p_hospital uuid, p_line uuid, p_owner text, p_reason text, p_who text) RETURNS boolean LANGUAGE plpgsql
SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
BEGIN
	PERFORM tenant_must(p_hospital);
	IF EXISTS (SELECT 1 FROM suspense s WHERE s.hospital_id = p_hospital AND s.line_id = p_line AND (s.owner, s.reason_by) = (p_owner, p_who)
		AND operator_wrote(p_hospital, p_who, 'suspense.assign', p_line, p_reason)) THEN
		RETURN true;
	END IF;
	UPDATE suspense SET owner = p_owner, reason = CASE WHEN p_reason IS NULL THEN reason ELSE p_who || ' said why' END, version = version + 1,
		reason_by = CASE WHEN p_reason IS NULL THEN reason_by ELSE p_who END
	WHERE hospital_id = p_hospital AND line_id = p_line;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	PERFORM operator_write(p_hospital, p_who, 'suspense.assign', p_line, p_owner, p_reason);
	RETURN true;
END
$$;

CALL writer_functions('bank\_%', 'accounts\_configure', 'suspense\_%');
GRANT EXECUTE ON FUNCTION bank_overlapped, bank_told_elsewhere, bank_repeats_said, bank_file_take, bank_file_part_add, bank_statement_add, bank_lines_add, bank_details_add, bank_told_waiting,
	bank_told_add, bank_told_open, bank_told_late, bank_opening_keep, bank_pending_add, bank_gap_explain, bank_accounts_keep, bank_confirm, bank_kept_in, bank_loose, bank_loose_before,
	bank_confirmed, suspense_assign, suspense_owner TO zhifu_operator;
GRANT EXECUTE ON FUNCTION accounts_configure TO zhifu_settle;

-- Matching: what money in suspense may be for, whose turn it is to look, and what the matcher reads. What is decided then is
-- 056_match_decide.sql's, what persons do 064_match_person.sql's, which also says who may call what.
SET search_path = zhifu;

-- ---- what is matched ----

-- A line of a statement, or a transaction of one that has several, as long as it has not found its home and after. What the
-- matcher last said of it stands here; its candidates are beside it. Of a line the items' open_minor add up to suspense.open_minor.
CREATE TABLE match_item (
	hospital_id  uuid NOT NULL,
	line_id      uuid NOT NULL,
	part         integer NOT NULL, -- 0: all of the line; else the bank_detail of this number, or from 1000000 on what a person split off
	amount_minor bigint NOT NULL,
	open_minor   bigint NOT NULL,
	booked_day   date NOT NULL,
	wait         smallint,         -- enum match_wait (daemon/settle/match.h) of the last look; NULL: not looked at yet, or done
	by_hand      boolean NOT NULL DEFAULT false, -- a person rejected, split or undid: never again posted by itself
	claims       uuid[],           -- which single claims it paid or may have paid: another line of the amount may be the same payment
	version      integer NOT NULL DEFAULT 1,
	due_at       timestamptz NOT NULL DEFAULT now(), -- when the matcher looks at it (again)
	changed      bigint NOT NULL DEFAULT txid_current(), -- as in receivable, by match_change
	-- Nearly each is updated once, when it is posted: there is room for that beside it, and for its other entry.
	PRIMARY KEY (hospital_id, line_id, part) WITH (fillfactor = 50)
) WITH (fillfactor = 50);
CREATE INDEX match_item_due ON match_item (hospital_id, due_at) WHERE open_minor <> 0;
-- All items in the order of their days, too: by their lines, which never change, so that what is posted writes none.
CREATE INDEX bank_line_items ON bank_line (hospital_id, booked_day, line_id);
CREATE INDEX match_item_open ON match_item (hospital_id, booked_day, line_id, part) WHERE open_minor <> 0; -- in the order they are looked at
CREATE INDEX match_item_changed ON match_item USING brin (changed) WITH (pages_per_range = 16, autosummarize = on);
-- Whatever updates it: it changed.
CREATE FUNCTION match_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.changed := txid_current();
	RETURN NEW;
END
$$;
CREATE TRIGGER match_item_change BEFORE UPDATE ON match_item FOR EACH ROW WHEN (NEW.changed <> txid_current()) EXECUTE FUNCTION match_change();

ALTER TABLE suspense
	ADD COLUMN wait smallint,  -- as of match_item; NULL: not looked at yet. A person's reason is shown in its place
	ADD COLUMN payer text,     -- who sent it, as far as the matcher knows: the remitter of a contract
	ADD COLUMN held smallint NOT NULL DEFAULT 0 CHECK (held BETWEEN 0 AND 2), -- 1 by compliance, 2 the payer is not the expected one
	ADD COLUMN items_made boolean NOT NULL DEFAULT false;
CREATE INDEX suspense_items ON suspense (hospital_id) WHERE NOT items_made;

-- What an item may be for, best first, as of the last look.
CREATE TABLE match_candidate (
	hospital_id uuid NOT NULL,
	line_id     uuid NOT NULL,
	part        integer NOT NULL,
	no          smallint NOT NULL, -- from 1
	kind        smallint NOT NULL, -- enum match_kind
	score       smallint NOT NULL, -- of 1000
	print       bytea NOT NULL,    -- of what it says is paid: the same answer again has the same
	content     bytea NOT NULL,    -- sealed (SEAL_FACT, the line's id, a key of the hospital): JSON of settle/match_content.h
	PRIMARY KEY (hospital_id, line_id, part, no)
);
ALTER TABLE match_candidate ALTER COLUMN content SET STORAGE EXTERNAL;

-- Answers that a person does not want to see again.
CREATE TABLE match_rejected (
	hospital_id uuid NOT NULL,
	line_id     uuid NOT NULL,
	part        integer NOT NULL,
	print       bytea NOT NULL,
	who         text NOT NULL CHECK (who <> ''),
	why         bytea CHECK (length(why) > 0), -- as write_off.why, for line_id
	at          timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (hospital_id, line_id, part, print)
);

-- What a person learned of an item from a letter or a call: the matcher reads it as if the bank had told it.
CREATE TABLE match_note (
	hospital_id uuid NOT NULL,
	note_id     uuid NOT NULL,
	line_id     uuid NOT NULL,
	part        integer NOT NULL,
	content     bytea NOT NULL, -- sealed as a candidate's
	who         text NOT NULL CHECK (who <> ''),
	at          timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (hospital_id, note_id)
);
CREATE INDEX match_note_line ON match_note (hospital_id, line_id);

-- Whose account and name stood on money that a person accepted: who pays is learned from it. Accounts and names are looked up by
-- a keyed hash; a name is kept sealed too, because banks cut names off.
CREATE TABLE match_payer (
	hospital_id uuid NOT NULL,
	remitter    text NOT NULL, -- as contracts name it
	kind        smallint NOT NULL CHECK (kind IN (1, 2)), -- 1 name, 2 account
	hash        bytea NOT NULL CHECK (length(hash) = 32), -- LOOKUP_PAYER: kind, folded text
	payer_id    uuid NOT NULL,
	content     bytea,         -- sealed (SEAL_FACT, payer_id): a name
	times       integer NOT NULL DEFAULT 1 CHECK (times > 0), -- how often accepted or said, and not undone
	who         text NOT NULL CHECK (who <> ''),
	at          timestamptz NOT NULL DEFAULT now(),
	CHECK ((kind = 1) = (content IS NOT NULL)),
	PRIMARY KEY (hospital_id, remitter, kind, hash)
);

-- Which allocations taught it: what only an undone one taught is forgotten.
CREATE TABLE match_lesson (
	hospital_id   uuid NOT NULL,
	allocation_id uuid NOT NULL,
	payer_id      uuid NOT NULL, -- of match_payer
	PRIMARY KEY (hospital_id, allocation_id, payer_id)
);
CREATE INDEX match_lesson_payer ON match_lesson (hospital_id, payer_id);

-- The numbers under which payers know a claim, besides our ref and what the insurer's answers and advices said (match_claims).
CREATE TABLE claim_number (
	hospital_id uuid NOT NULL,
	claim_id    uuid NOT NULL,
	kind        smallint NOT NULL CHECK (kind IN (1, 2)), -- enum match_number: 1 the hospital's, 2 the insurer's
	number      text NOT NULL CHECK (number <> ''),
	changed     bigint NOT NULL DEFAULT txid_current(), -- as in receivable, by match_change
	PRIMARY KEY (hospital_id, claim_id, kind)
);
CREATE INDEX claim_number_changed ON claim_number USING brin (changed) WITH (pages_per_range = 16, autosummarize = on);
CREATE TRIGGER claim_number_change BEFORE UPDATE ON claim_number FOR EACH ROW EXECUTE FUNCTION match_change();

-- Whose turn it is to match for a hospital, and since when what is new wakes what waits.
CREATE TABLE match_turn (
	hospital_id  uuid NOT NULL PRIMARY KEY,
	turn         integer NOT NULL DEFAULT 0, -- fences whoever lost the lease
	leased_until timestamptz NOT NULL DEFAULT '-infinity',
	begun_at     timestamptz NOT NULL DEFAULT '-infinity',
	looked_at    timestamptz NOT NULL DEFAULT '-infinity', -- what came later wakes
	begun_mark   bigint NOT NULL DEFAULT 0, -- what transactions before it did was seen
	looked_mark  bigint NOT NULL DEFAULT 0, -- what later ones changed of an advice wakes
	last_claim   uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000', -- the newest that was looked at
	forms        text NOT NULL DEFAULT '' -- of the hospital's own numbers of bills, as found in lines (daemon/settle/match_form.h)
);

-- ---- what was decided ----

-- Which part of which money was for what. Insert-only: what is undone has a row with the signs turned. The postings of an
-- allocation are the entry of its id.
CREATE TABLE allocation (
	hospital_id   uuid NOT NULL,
	allocation_id uuid NOT NULL,
	no            integer NOT NULL,
	line_id       uuid NOT NULL,
	part          integer NOT NULL, -- of match_item
	claim_id      uuid,
	remittance_id uuid,
	detail        integer,          -- of the remittance
	kind          smallint NOT NULL, -- enum match_part_kind
	line_kind     text,             -- of the kinds 8 and 9: what it is, by the chart (065_classify.sql)
	amount_minor  bigint NOT NULL,  -- of the line, in its currency; all of an allocation add up to what left suspense
	currency      text NOT NULL,
	exponent      smallint NOT NULL,
	cleared_minor bigint NOT NULL DEFAULT 0, -- of the receivable, in the currency that is owed
	-- of the difference, in the line's currency
	over_minor bigint NOT NULL DEFAULT 0, charge_minor bigint NOT NULL DEFAULT 0, discount_minor bigint NOT NULL DEFAULT 0,
	fee_minor bigint NOT NULL DEFAULT 0, unexplained_minor bigint NOT NULL DEFAULT 0,
	-- in the book currency
	book_minor bigint NOT NULL DEFAULT 0, -- what the amount was carried at
	cleared_book_minor bigint NOT NULL DEFAULT 0, fx_book_minor bigint NOT NULL DEFAULT 0, charge_book_minor bigint NOT NULL DEFAULT 0,
	discount_book_minor bigint NOT NULL DEFAULT 0, fee_book_minor bigint NOT NULL DEFAULT 0, over_book_minor bigint NOT NULL DEFAULT 0,
	unexplained_book_minor bigint NOT NULL DEFAULT 0,
	by_hand       boolean NOT NULL, -- a person decided it
	made_at       timestamptz NOT NULL DEFAULT now(),
	maker         text NOT NULL CHECK (maker <> ''),
	why           bytea CHECK (length(why) > 0), -- as write_off.why, for line_id or, of one that undoes, for that; NULL: no person's
	undoes        uuid,             -- the allocation that this takes back
	changed       bigint NOT NULL DEFAULT txid_current(), -- as in receivable
	PRIMARY KEY (hospital_id, allocation_id, no)
);
CREATE INDEX allocation_changed ON allocation USING brin (changed) WITH (pages_per_range = 16, autosummarize = on);
CREATE INDEX allocation_charge ON allocation (hospital_id, made_at) WHERE charge_minor > 0;
CREATE INDEX allocation_line ON allocation (line_id);
CREATE INDEX allocation_claim ON allocation (claim_id) WHERE claim_id IS NOT NULL;
CREATE UNIQUE INDEX allocation_undone ON allocation (hospital_id, undoes, no) WHERE undoes IS NOT NULL;

-- An advice whose money has come, as long as its allocation stands: at once, or by hand in several transfers, each for other details.
CREATE TABLE remittance_paid (
	hospital_id   uuid NOT NULL,
	remittance_id uuid NOT NULL,
	allocation_id uuid NOT NULL,
	PRIMARY KEY (hospital_id, remittance_id, allocation_id)
);
CREATE INDEX remittance_netting ON remittance_detail (hospital_id, remittance_id) WHERE kind = 4; -- what these name is asked anew each look
CREATE INDEX remittance_new ON remittance (hospital_id, created_at);
CREATE INDEX remittance_changed ON remittance (hospital_id, changed); -- each look asks for each hospital, also for those that have no news for long

CALL tenant_tables('match_item', 'match_candidate', 'match_rejected', 'match_note', 'match_payer', 'match_lesson',
	'claim_number', 'match_turn', 'allocation', 'remittance_paid');
GRANT UPDATE ON match_item, match_payer, claim_number, match_turn TO zhifu_writer;
GRANT DELETE ON match_candidate, match_payer, match_lesson, remittance_paid TO zhifu_writer;

-- One who decides for a hospital at a time, until the end of the transaction. p_machine: the matcher, whose turn it is, may write
-- several rounds at once: no two of them are about the same claim or item, and each locks its receivables and lines.
CREATE FUNCTION match_lock(p_hospital uuid, p_machine boolean DEFAULT false) RETURNS void LANGUAGE plpgsql SET search_path = zhifu, pg_temp AS $$
BEGIN
	IF p_machine THEN
		PERFORM pg_advisory_xact_lock_shared(hashtextextended('zhifu.match ' || p_hospital, 0));
	ELSE
		PERFORM pg_advisory_xact_lock(hashtextextended('zhifu.match ' || p_hospital, 0));
	END IF;
END
$$;

-- Whoever decides something of claims takes what he locks in one order, so that no two wait for each other: matching's lock of the hospital,
-- that of its advices (remittance_lock), the claims' states, what is owed for them, suspense; of each the rows in the order of their ids.
-- So does settle, which has the states by its steps before it moves receivables. The matcher's exact payments (match_exact) take them as
-- they write them, for a lock more a line would cost as much as the payment: in this order too, but lines in that of their claims, for
-- nobody who has no lock of matching waits for one line while he has another.
CREATE FUNCTION claim_hold(p_hospital uuid, p_claim uuid[]) RETURNS void LANGUAGE plpgsql SET search_path = zhifu, pg_temp AS $$
BEGIN
	PERFORM 1 FROM claim_state s WHERE s.hospital_id = p_hospital AND s.claim_id = ANY (p_claim) ORDER BY s.claim_id FOR UPDATE;
	PERFORM 1 FROM receivable r WHERE r.hospital_id = p_hospital AND r.claim_id = ANY (p_claim) ORDER BY r.claim_id FOR UPDATE;
END
$$;

-- A part's share of what the whole is worth, rounded half away from zero.
CREATE FUNCTION match_share(p_book bigint, p_part bigint, p_whole bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN p_part = p_whole THEN p_book WHEN p_part = 0 THEN 0
		-- A quotient of numerics is cut somewhere, and rounding that is not rounding the fraction.
		ELSE (sign(p_book::numeric) * sign(p_part::numeric) * sign(p_whole::numeric)
			* div(2 * abs(p_book::numeric * p_part) + abs(p_whole), 2 * abs(p_whole)::numeric))::bigint END
$$;

-- What lines are carried at in the books, from their own postings; book NULL: there is no rate for one yet.
CREATE FUNCTION match_line_book(p_hospital uuid, p_line uuid[]) RETURNS TABLE (line_id uuid, book bigint) LANGUAGE sql STABLE
SET search_path = zhifu, pg_temp AS $$
	SELECT p.entry_id, CASE WHEN bool_or(p.book_minor IS NOT NULL) THEN sum(p.book_minor)::bigint END
	FROM posting p WHERE p.hospital_id = p_hospital AND p.entry_id = ANY (p_line) AND p.no IN (1, 10001) GROUP BY p.entry_id
$$;

-- What so much of a line that waits in suspense is carried at, above zero. Part after part, so that what is carried comes out even when
-- all of it has left.
CREATE FUNCTION match_part_book(p_hospital uuid, p_line uuid, p_minor bigint) RETURNS bigint LANGUAGE sql STABLE
SET search_path = zhifu, pg_temp AS $$
	SELECT abs(match_share(k.book, s.open_minor, b.amount_minor) - match_share(k.book, s.open_minor - p_minor, b.amount_minor))
	FROM bank_line b JOIN suspense s ON s.hospital_id = b.hospital_id AND s.line_id = b.line_id
	CROSS JOIN match_line_book(p_hospital, ARRAY[p_line]) k WHERE b.hospital_id = p_hospital AND b.line_id = p_line
$$;

-- The entries that announced these advices: of their facts, and their own.
CREATE FUNCTION match_announced(p_hospital uuid, p_remittance uuid[]) RETURNS TABLE (remittance_id uuid, entry_id uuid) LANGUAGE sql STABLE
SET search_path = zhifu, pg_temp AS $$
	SELECT f.remittance_id, f.fact_id FROM fact f WHERE f.hospital_id = p_hospital AND f.remittance_id = ANY (p_remittance)
	UNION
	SELECT r, r FROM unnest(p_remittance) AS r WHERE r IS NOT NULL
$$;

-- ---- taking turns ----

-- Makes the items of lines that have come, wakes what waits for something that has come, and gives the turn of a hospital with
-- something to look at to the caller. No row: there is nothing to do. mark: what transactions before it did is seen from now on;
-- who keeps what he reads in this turn asks in a later one only for what changed since. p_beyond: what waits so, after it was
-- looked at and was to be looked at again p_again_s later, is woken only by an advice that has come since then; NULL: nothing waits so.
CREATE FUNCTION match_begin(p_lease_s integer, p_beyond smallint DEFAULT NULL, p_again_s integer DEFAULT NULL)
RETURNS TABLE (hospital_id uuid, turn integer, mark bigint) LANGUAGE plpgsql
SECURITY DEFINER SET search_path = zhifu, pg_temp SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
	h uuid;
BEGIN
	FOR h IN SELECT DISTINCT s.hospital_id FROM suspense s WHERE NOT s.items_made LOOP
		PERFORM match_items_make(h);
	END LOOP;
	INSERT INTO match_turn (hospital_id) SELECT o.hospital_id FROM hospital o WHERE NOT EXISTS (SELECT 1 FROM match_turn t
		WHERE t.hospital_id = o.hospital_id) AND EXISTS (SELECT 1 FROM match_item i WHERE i.hospital_id = o.hospital_id AND i.open_minor <> 0)
	ON CONFLICT DO NOTHING;
	-- What has come since the last turn: an advice, news of one (by what changed, as in match_claims; while a transaction lasts, those after
	-- it stay news, so not at once again), or (every ten minutes, for it may be all the time) a claim.
	FOR h IN SELECT t.hospital_id FROM match_turn t WHERE t.leased_until <= now()
		AND (EXISTS (SELECT 1 FROM remittance r WHERE r.hospital_id = t.hospital_id AND r.created_at > t.looked_at)
			OR (t.looked_at < now() - interval '20 seconds'
				AND EXISTS (SELECT 1 FROM remittance r WHERE r.hospital_id = t.hospital_id AND r.changed >= t.looked_mark))
			OR (t.looked_at < now() - interval '10 minutes'
				AND EXISTS (SELECT 1 FROM receivable r WHERE r.hospital_id = t.hospital_id AND r.claim_id > t.last_claim))) LOOP
		-- What takes off too much ends the turn that tries to post it, so not everything wakes it.
		UPDATE match_item i SET due_at = now() WHERE i.hospital_id = h AND i.open_minor <> 0 AND i.due_at > now() AND i.wait IS NOT NULL
			AND (i.wait IS DISTINCT FROM p_beyond OR EXISTS (SELECT 1 FROM remittance r WHERE r.hospital_id = h
				AND r.created_at > i.due_at - make_interval(secs => p_again_s)));
	END LOOP;
	RETURN QUERY UPDATE match_turn t SET turn = t.turn + 1, begun_at = now(), leased_until = now() + make_interval(secs => p_lease_s),
		begun_mark = txid_snapshot_xmin(txid_current_snapshot())
	FROM (SELECT m.hospital_id FROM match_turn m WHERE m.leased_until <= now()
			AND (SELECT true FROM match_item i -- the first will do; EXISTS is joined, which goes through all of them
				WHERE i.hospital_id = m.hospital_id AND i.due_at <= now() AND i.open_minor <> 0
					AND (SELECT s.held FROM suspense s WHERE s.hospital_id = i.hospital_id AND s.line_id = i.line_id) = 0 LIMIT 1)
		ORDER BY m.leased_until LIMIT 1 FOR UPDATE SKIP LOCKED) n
	WHERE t.hospital_id = n.hospital_id RETURNING t.hospital_id, t.turn, t.begun_mark;
END
$$;

-- The transactions of a line, where they are told with their amounts and come to it: each is an item. None: the line is one; so it is
-- where a notification tells of its only transaction what the statement has said itself. It is put into the query that asks.
CREATE FUNCTION match_told(p_hospital uuid, p_line uuid, p_amount bigint) RETURNS TABLE (no integer, amount_minor bigint) LANGUAGE sql STABLE AS $$
	SELECT d.no, d.amount_minor FROM zhifu.bank_detail d WHERE d.hospital_id = p_hospital AND d.line_id = p_line
		AND (SELECT (count(*) > 1 OR NOT EXISTS (SELECT 1 FROM zhifu.bank_line l WHERE l.hospital_id = p_hospital AND l.line_id = p_line
				AND l.detailed)) AND bool_and(sign(coalesce(e.amount_minor, 0)) = sign(p_amount)) AND sum(e.amount_minor) = p_amount
			FROM zhifu.bank_detail e WHERE e.hospital_id = p_hospital AND e.line_id = p_line)
$$;

-- A line whose transactions are told with their amounts is as many items; any other is one.
CREATE FUNCTION match_items_make(p_hospital uuid) RETURNS void LANGUAGE plpgsql SET search_path = zhifu, pg_temp SET enable_seqscan = off
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off AS $$
BEGIN
	PERFORM match_lock(p_hospital);
	WITH fresh AS (
		UPDATE suspense s SET items_made = true WHERE s.hospital_id = p_hospital AND NOT s.items_made RETURNING s.line_id)
	INSERT INTO match_item (hospital_id, line_id, part, amount_minor, open_minor, booked_day)
	SELECT p_hospital, f.line_id, coalesce(d.no, 0), coalesce(d.amount_minor, b.amount_minor), coalesce(d.amount_minor, b.amount_minor),
		b.booked_day
	FROM fresh f CROSS JOIN LATERAL (SELECT k.amount_minor, k.booked_day FROM bank_line k
		WHERE k.hospital_id = p_hospital AND k.line_id = f.line_id OFFSET 0) b
	LEFT JOIN LATERAL match_told(p_hospital, f.line_id, b.amount_minor) d ON true
	ON CONFLICT DO NOTHING;
END
$$;

-- Lines whose transactions were told when they were there already, each as one item, become as many items as if they had been told in
-- time, where nothing was done with them, or it was undone. Nothing is left of the one item; what a person decided about it (by_hand)
-- holds for its parts. Returns how many lines.
CREATE FUNCTION match_open(p_hospital uuid, p_line uuid[]) RETURNS integer LANGUAGE plpgsql SET search_path = zhifu, pg_temp AS $$
DECLARE
	opened uuid[];
BEGIN
	PERFORM match_lock(p_hospital);
	WITH parts AS (
		INSERT INTO match_item (hospital_id, line_id, part, amount_minor, open_minor, booked_day, by_hand)
		SELECT p_hospital, i.line_id, t.no, t.amount_minor, t.amount_minor, i.booked_day, i.by_hand
		FROM bank_line b JOIN suspense s ON s.hospital_id = b.hospital_id AND s.line_id = b.line_id AND s.open_minor = b.amount_minor
		JOIN match_item i ON i.hospital_id = b.hospital_id AND i.line_id = b.line_id AND i.part = 0
			AND i.amount_minor = b.amount_minor AND i.open_minor = b.amount_minor
		CROSS JOIN LATERAL match_told(p_hospital, b.line_id, b.amount_minor) t
		WHERE b.hospital_id = p_hospital AND b.line_id = ANY (p_line)
			AND NOT EXISTS (SELECT 1 FROM match_item o WHERE o.hospital_id = p_hospital AND o.line_id = b.line_id AND o.part > 0)
		RETURNING line_id)
	SELECT array_agg(DISTINCT p.line_id) INTO opened FROM parts p;
	UPDATE match_item i SET amount_minor = 0, open_minor = 0, version = i.version + 1, wait = NULL, due_at = 'infinity', claims = NULL
	WHERE i.hospital_id = p_hospital AND i.line_id = ANY (opened) AND i.part = 0;
	DELETE FROM match_candidate c WHERE c.hospital_id = p_hospital AND c.line_id = ANY (opened) AND c.part = 0;
	UPDATE suspense s SET version = s.version + 1 WHERE s.hospital_id = p_hospital AND s.line_id = ANY (opened);
	RETURN coalesce(cardinality(opened), 0);
END
$$;

-- Suspense as the items of these lines say. What returns begins far behind any version that it had: its items' own grow for ever.
CREATE FUNCTION match_suspense(p_hospital uuid, p_line uuid[]) RETURNS void LANGUAGE plpgsql SET search_path = zhifu, pg_temp AS $$
BEGIN
	WITH left_open AS (
		SELECT i.line_id, sum(i.open_minor)::bigint AS open, sum(i.version) % 32000 AS round FROM match_item i WHERE i.hospital_id = p_hospital AND i.line_id = ANY (p_line) GROUP BY 1
	), gone AS (
		DELETE FROM suspense s USING left_open o WHERE s.hospital_id = p_hospital AND s.line_id = o.line_id AND o.open = 0
	), kept AS (
		UPDATE suspense s SET open_minor = o.open, version = s.version + 1 FROM left_open o
		WHERE s.hospital_id = p_hospital AND s.line_id = o.line_id AND o.open NOT IN (0, s.open_minor))
	INSERT INTO suspense (hospital_id, line_id, open_minor, currency, exponent, since, reason, version, items_made)
	SELECT p_hospital, o.line_id, o.open, b.currency, b.exponent, b.booked_day, 'what was done with it was undone', o.round * 65536 + 1, true
	FROM left_open o JOIN bank_line b ON b.hospital_id = p_hospital AND b.line_id = o.line_id
	WHERE o.open <> 0 AND NOT EXISTS (SELECT 1 FROM suspense s WHERE s.hospital_id = p_hospital AND s.line_id = o.line_id);
END
$$;

-- Keeps the turn, or ends it (p_lease_s 0; p_done: everything that was due when it began was looked at, as far as p_last_claim).
-- p_forms: what match_forms() is from now on; NULL: as it was. As long as half of the lease is left nothing is written, so that a question
-- costs no flush. False: another has it.
CREATE FUNCTION match_keep(p_hospital uuid, p_turn integer, p_lease_s integer, p_done boolean, p_last_claim uuid,
	p_forms text DEFAULT NULL) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
BEGIN
	IF p_lease_s > 0 THEN
		PERFORM 1 FROM match_turn WHERE hospital_id = p_hospital AND turn = p_turn AND leased_until > now() + make_interval(secs => p_lease_s / 2.0);
		IF FOUND THEN
			RETURN true;
		END IF;
	END IF;
	-- Some seconds of overlap: what was being committed when it began was not seen.
	UPDATE match_turn SET leased_until = CASE WHEN p_lease_s > 0 THEN now() + make_interval(secs => p_lease_s) ELSE '-infinity' END,
		looked_at = CASE WHEN p_done THEN begun_at - interval '5 seconds' ELSE looked_at END,
		looked_mark = CASE WHEN p_done THEN begun_mark ELSE looked_mark END,
		last_claim = CASE WHEN p_done THEN p_last_claim ELSE last_claim END,
		forms = coalesce(p_forms, forms)
	WHERE hospital_id = p_hospital AND turn = p_turn;
	RETURN FOUND;
END
$$;

-- The forms of the hospital's own numbers, as far as they were learned.
CREATE FUNCTION match_forms(p_hospital uuid) RETURNS text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
	SELECT coalesce((SELECT t.forms FROM match_turn t WHERE t.hospital_id = p_hospital), '')
$$;

-- A new rate: what waits for one is looked at again, besides the postings that do.
CREATE FUNCTION match_rate_soon() RETURNS void LANGUAGE sql SET search_path = zhifu, pg_temp AS $$
	UPDATE match_item i SET due_at = now() FROM (SELECT * FROM match_item WHERE wait IN (7, 13) AND open_minor <> 0 AND due_at > now()
		ORDER BY hospital_id, line_id, part FOR UPDATE) l
	WHERE i.hospital_id = l.hospital_id AND i.line_id = l.line_id AND i.part = l.part
$$;

-- Lines that have got their value (settle_value) can be posted now.
CREATE FUNCTION match_valued(p_hospital uuid[], p_entry uuid[]) RETURNS void LANGUAGE sql SET search_path = zhifu, pg_temp AS $$
	UPDATE match_item i SET due_at = now() FROM unnest(p_hospital, p_entry) AS t (h, e)
	WHERE i.hospital_id = t.h AND i.line_id = t.e AND i.open_minor <> 0 AND i.wait = 13
$$;

-- ---- what the matcher reads ----

-- Claims that are open, or that were settled not long ago and may be paid again. p_since: only those of which something changed since
-- that mark, and p_again; but what the asker's own transactions (p_own) settled, he knows.
CREATE FUNCTION match_claims(p_hospital uuid, p_after uuid, p_limit integer, p_since bigint DEFAULT NULL,
	p_again uuid[] DEFAULT NULL, p_own bigint[] DEFAULT '{}')
RETURNS TABLE (claim_id uuid, version integer, ref text, number text, insurer_number text, carrier text, remitter text, contract_id uuid,
	contract_version integer, currency text, exponent smallint, owed bigint, open bigint, book bigint, billed_day date, due_day date,
	service_day date, of_plan boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = zhifu, pg_temp SET enable_seqscan = off SET enable_hashjoin = off
SET enable_mergejoin = off SET enable_material = off AS $$
#variable_conflict use_column
DECLARE
	chosen uuid[];
BEGIN
	IF p_since IS NULL THEN
		chosen := ARRAY(SELECT r.claim_id FROM receivable r WHERE r.hospital_id = p_hospital AND r.claim_id > p_after
			AND (r.open_minor > 0 OR r.billed_day > current_date - 500) ORDER BY r.claim_id LIMIT p_limit);
	ELSE -- by what changed, and not by the hospital, of which it would be all
		chosen := ARRAY(SELECT u.c FROM (
			SELECT r.c FROM (SELECT i.hospital_id AS h, i.claim_id AS c FROM receivable i WHERE i.changed >= p_since
				AND (i.open_minor <> 0 OR i.changed <> ALL (p_own)) OFFSET 0) r
			WHERE r.h = p_hospital
			UNION SELECT a.c FROM (SELECT i.hospital_id AS h, i.claim_id AS c FROM adjudication i
				WHERE i.changed >= p_since AND i.insurer_claim_no IS NOT NULL OFFSET 0) a WHERE a.h = p_hospital
			UNION SELECT n.c FROM (SELECT i.hospital_id AS h, i.claim_id AS c FROM claim_number i WHERE i.changed >= p_since OFFSET 0) n
			WHERE n.h = p_hospital
			UNION SELECT d.claim_id FROM remittance m JOIN remittance_detail d ON d.hospital_id = m.hospital_id AND d.remittance_id = m.remittance_id
				AND d.claim_id IS NOT NULL AND d.insurer_claim_no IS NOT NULL WHERE m.hospital_id = p_hospital AND m.changed >= p_since
			UNION SELECT unnest(p_again)) u WHERE u.c > p_after ORDER BY u.c LIMIT p_limit);
	END IF;
	RETURN QUERY SELECT r.claim_id, r.version, c.ref, n.number, coalesce(i.number,
			(SELECT a.insurer_claim_no FROM adjudication a WHERE a.claim_id = r.claim_id AND a.hospital_id = r.hospital_id
				AND a.insurer_claim_no IS NOT NULL ORDER BY a.adjudication_id DESC LIMIT 1),
			(SELECT max(d.insurer_claim_no) FROM remittance_detail d WHERE d.claim_id = r.claim_id AND d.hospital_id = r.hospital_id)),
		r.carrier, r.remitter, r.contract_id, r.contract_version, r.currency, r.exponent, r.owed_minor, r.open_minor, r.book_minor,
		r.billed_day, r.due_day,
		CASE WHEN r.kind = 'B' THEN (SELECT l.service_day FROM claim l WHERE l.hospital_id = r.hospital_id AND l.claim_id = r.claim_id) END,
		r.of_claim IS NOT NULL
	FROM unnest(chosen) WITH ORDINALITY AS t (id, n)
	JOIN receivable r ON r.hospital_id = p_hospital AND r.claim_id = t.id
	LEFT JOIN claim_state c ON c.hospital_id = r.hospital_id AND c.claim_id = coalesce(r.of_claim, r.claim_id)
	LEFT JOIN claim_number n ON n.hospital_id = r.hospital_id AND n.claim_id = r.claim_id AND n.kind = 1
	LEFT JOIN claim_number i ON i.hospital_id = r.hospital_id AND i.claim_id = r.claim_id AND i.kind = 2
	ORDER BY t.n;
END
$$;

-- Claims that the hospital knows by numbers: hashes of the system and the number, as intake keeps them. A claim's first identifier is
-- among the keys that it was submitted by.
CREATE FUNCTION match_bills(p_hospital uuid, p_hash bytea[]) RETURNS TABLE (no integer, claim_id uuid) LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = zhifu, pg_temp SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off AS $$
	SELECT t.n::integer, b.c FROM unnest(p_hash) WITH ORDINALITY AS t (h, n) CROSS JOIN LATERAL (
		SELECT k.claim_id FROM idempotency k WHERE k.hospital_id = p_hospital AND k.key_hash = t.h
		UNION (SELECT i.claim_id FROM claim_identifier i WHERE i.hospital_id = p_hospital AND i.hash = t.h ORDER BY i.claim_id LIMIT 16)) b (c)
	ORDER BY t.n, b.c
$$;

-- Of which claims an advice sets off what came too much, a row a detail: of the one that it names, while as much of that is owed back;
-- where it names none, of the oldest with enough. Each of its details has what those before it leave, those that name a claim first. Two
-- claims that are as old are told by nobody. ref NULL: there is none.
CREATE FUNCTION match_netted(p_hospital uuid, p_remittance uuid) RETURNS TABLE (no integer, ref text) LANGUAGE plpgsql STABLE
SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
DECLARE
	back record; -- claims of which something is owed back, the oldest first
	back_left bigint[];
	named jsonb; -- under what they may be named: their places
	first integer := 1; -- of those before it nothing is left
	detail record;
	at integer; second integer; -- the oldest with enough, and the next
BEGIN
	SELECT array_agg(b.claim_id ORDER BY b.since, b.claim_id) AS claims, array_agg(s.ref ORDER BY b.since, b.claim_id) AS refs,
		array_agg(b.since ORDER BY b.since, b.claim_id) AS since, array_agg(b.minor ORDER BY b.since, b.claim_id) AS minor INTO back
	FROM remittance m JOIN LATERAL (SELECT p.claim_id, CASE WHEN p.debit LIKE 'OVERPAID-%' THEN p.debit ELSE p.credit END AS account,
			min(p.book_day) AS since, sum(CASE WHEN p.credit LIKE 'OVERPAID-%' THEN p.amount_minor ELSE -p.amount_minor END)::bigint AS minor
		FROM posting p WHERE p.hospital_id = p_hospital AND (p.debit LIKE 'OVERPAID-%' OR p.credit LIKE 'OVERPAID-%')
			AND p.currency = m.currency AND p.rule NOT LIKE 'reval%' GROUP BY 1, 2) b ON b.minor > 0
	-- the claim's own or a plan's share of it, each by its index
	CROSS JOIN LATERAL (SELECT r.carrier, r.remitter FROM receivable r WHERE r.hospital_id = p_hospital AND r.claim_id = b.claim_id
		UNION ALL SELECT r.carrier, r.remitter FROM receivable r WHERE r.of_claim = b.claim_id AND r.hospital_id = p_hospital) r
	JOIN claim_state s ON s.hospital_id = p_hospital AND s.claim_id = b.claim_id
	WHERE m.hospital_id = p_hospital AND m.remittance_id = p_remittance AND b.account = 'OVERPAID-' || upper(r.carrier)
		AND m.insurer IN (r.remitter, r.carrier);
	back_left := back.minor;
	SELECT jsonb_object_agg(k.name, k.places) INTO named FROM (SELECT t.name, jsonb_agg(t.n) AS places FROM (
			SELECT 'claim ' || u.claim AS name, u.n FROM unnest(back.claims) WITH ORDINALITY AS u (claim, n)
			UNION SELECT 'name ' || u.ref, u.n FROM unnest(back.refs) WITH ORDINALITY AS u (ref, n)
			UNION SELECT 'name ' || k.number, u.n FROM unnest(back.claims) WITH ORDINALITY AS u (claim, n)
			JOIN claim_number k ON k.hospital_id = p_hospital AND k.claim_id = u.claim) t GROUP BY t.name) k;
	FOR detail IN SELECT d.no, d.claim_id, -d.amount_minor AS minor, coalesce(c.ref, d.claim_ref, d.insurer_claim_no) AS named
		FROM remittance_detail d LEFT JOIN claim_state c ON c.hospital_id = d.hospital_id AND c.claim_id = d.claim_id
		WHERE d.hospital_id = p_hospital AND d.remittance_id = p_remittance AND d.kind = 4 AND d.amount_minor < 0
		ORDER BY coalesce(c.ref, d.claim_ref, d.insurer_claim_no) IS NULL, d.no
	LOOP
		at := NULL;
		second := NULL;
		IF detail.named IS NOT NULL THEN
			SELECT t.places[1], t.places[2] INTO at, second FROM (SELECT array_agg(e.n ORDER BY e.n) AS places
				FROM (SELECT p::integer AS n FROM jsonb_array_elements_text(named -> coalesce('claim ' || detail.claim_id, 'name ' || detail.named)) AS p) e
				WHERE back_left[e.n] >= detail.minor) t;
		ELSE
			WHILE back_left[first] = 0 LOOP
				first := first + 1;
			END LOOP;
			FOR n IN first .. coalesce(cardinality(back_left), 0) LOOP
				IF back_left[n] >= detail.minor THEN
					second := CASE WHEN at IS NOT NULL THEN n END;
					at := coalesce(at, n);
					EXIT WHEN second IS NOT NULL;
				END IF;
			END LOOP;
		END IF;
		ref := CASE WHEN back.since[at] < coalesce(back.since[second], 'infinity') THEN coalesce(detail.named, back.refs[at]) END;
		IF ref IS NOT NULL THEN
			back_left[at] := back_left[at] - detail.minor;
		END IF;
		no := detail.no;
		RETURN NEXT;
	END LOOP;
END
$$;

-- Advices, a row a detail; those whose money came not long ago, or that were withdrawn since, without: what names them again is no other's. p_since: only those
-- that changed since that mark, or whose money came or was taken back.
CREATE FUNCTION match_advices(p_hospital uuid, p_after uuid, p_after_no integer, p_limit integer, p_since bigint)
RETURNS TABLE (remittance_id uuid, no integer, insurer text, identifier text, total bigint, currency text, exponent smallint,
	payment_date date, balanced boolean, arrived_day date, number text, amount bigint, fee bigint, kind smallint, paid boolean,
	payment_reference text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = zhifu, pg_temp SET enable_seqscan = off SET enable_hashjoin = off
SET enable_mergejoin = off SET enable_material = off AS $$
#variable_conflict use_column
DECLARE
	chosen uuid[];
BEGIN
	IF p_since IS NULL THEN
		chosen := ARRAY(SELECT r.remittance_id FROM remittance r WHERE r.hospital_id = p_hospital AND r.remittance_id >= p_after
			AND r.created_at > now() - interval '500 days' AND r.withdrawn_at IS NULL AND (r.created_at > now() - interval '150 days' OR NOT EXISTS (SELECT 1
				FROM remittance_paid p WHERE p.hospital_id = r.hospital_id AND p.remittance_id = r.remittance_id)));
	ELSE
		chosen := ARRAY(SELECT c.r FROM (
			SELECT i.hospital_id AS h, i.remittance_id AS r FROM remittance i WHERE i.hospital_id = p_hospital AND i.changed >= p_since
			UNION SELECT * FROM (SELECT i.hospital_id, i.remittance_id FROM allocation i WHERE i.changed >= p_since
				AND i.remittance_id IS NOT NULL OFFSET 0) b
			UNION SELECT d.hospital_id, d.remittance_id FROM remittance_detail d JOIN remittance i ON i.hospital_id = d.hospital_id
				AND i.remittance_id = d.remittance_id AND i.created_at > now() - interval '150 days'
			WHERE d.hospital_id = p_hospital AND d.kind = 4 AND NOT EXISTS (SELECT 1 FROM remittance_paid p
				WHERE p.hospital_id = d.hospital_id AND p.remittance_id = d.remittance_id)) c WHERE c.h = p_hospital AND c.r >= p_after);
	END IF;
	RETURN QUERY SELECT r.remittance_id, d.no, r.insurer, r.identifier, r.amount_minor, r.currency, r.exponent, r.payment_date, r.balanced,
		(r.created_at AT TIME ZONE h.zone)::date, CASE WHEN d.kind <> 4 OR d.amount_minor > 0 THEN coalesce(c.ref, d.claim_ref, d.insurer_claim_no)
			ELSE r.netted ->> d.no::text END,
		d.amount_minor, d.fee_minor, d.kind, r.paid,
		r.payment_reference
	FROM (SELECT a.*, k.paid, CASE WHEN NOT k.paid AND EXISTS (SELECT 1 FROM remittance_detail n WHERE n.hospital_id = p_hospital
				AND n.remittance_id = a.remittance_id AND n.kind = 4)
			THEN (SELECT jsonb_object_agg(e.no, e.ref) FROM match_netted(p_hospital, a.remittance_id) e) END AS netted
		FROM unnest(chosen) AS t (id) JOIN remittance a ON a.hospital_id = p_hospital AND a.remittance_id = t.id
		CROSS JOIN LATERAL (SELECT a.withdrawn_at IS NOT NULL OR EXISTS (SELECT 1 FROM remittance_paid p WHERE p.hospital_id = a.hospital_id
			AND p.remittance_id = a.remittance_id) AS paid) k
		OFFSET 0) r -- once of each, and not of each of its details
	JOIN hospital h ON h.hospital_id = r.hospital_id
	LEFT JOIN remittance_detail d ON d.hospital_id = r.hospital_id AND d.remittance_id = r.remittance_id AND NOT r.paid
	LEFT JOIN claim_state c ON c.hospital_id = d.hospital_id AND c.claim_id = d.claim_id
	WHERE (r.remittance_id, coalesce(d.no, 0)) > (p_after, p_after_no)
	ORDER BY r.remittance_id, d.no LIMIT p_limit;
END
$$;

-- Group plans that ever owed a share, with who pays for them.
CREATE FUNCTION match_plans(p_hospital uuid) RETURNS TABLE (carrier text) LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = zhifu, pg_temp AS $$
	WITH RECURSIVE next AS ( -- from one to the next, by the index, as match_advisers()
		(SELECT r.carrier FROM receivable r WHERE r.hospital_id = p_hospital AND r.of_claim IS NOT NULL ORDER BY r.carrier LIMIT 1)
		UNION ALL
		SELECT (SELECT r.carrier FROM receivable r WHERE r.hospital_id = p_hospital AND r.of_claim IS NOT NULL AND r.carrier > n.carrier
			ORDER BY r.carrier LIMIT 1) FROM next n WHERE n.carrier IS NOT NULL)
	SELECT n.carrier FROM next n WHERE n.carrier IS NOT NULL
$$;

-- What people accepted of payers.
CREATE FUNCTION match_payers(p_hospital uuid) RETURNS TABLE (remitter text, kind smallint, hash bytea, payer_id uuid, content bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
	SELECT p.remitter, p.kind, p.hash, p.payer_id, p.content FROM match_payer p WHERE p.hospital_id = p_hospital
	ORDER BY p.remitter, p.kind, p.hash LIMIT 20000
$$;

-- Who ever sent an advice.
CREATE FUNCTION match_advisers(p_hospital uuid) RETURNS TABLE (insurer text) LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = zhifu, pg_temp AS $$
	WITH RECURSIVE next AS ( -- from one to the next, by the index, and not through all advices
		(SELECT r.insurer FROM remittance r WHERE r.hospital_id = p_hospital ORDER BY r.insurer LIMIT 1)
		UNION ALL
		SELECT (SELECT r.insurer FROM remittance r WHERE r.hospital_id = p_hospital AND r.insurer > n.insurer ORDER BY r.insurer LIMIT 1)
		FROM next n WHERE n.insurer IS NOT NULL)
	SELECT n.insurer FROM next n WHERE n.insurer IS NOT NULL
$$;

-- What was kept on the way of what each carrier's payers sent, and how often.
CREATE FUNCTION match_charges(p_hospital uuid) RETURNS TABLE (carrier text, currency text, exponent smallint, charge bigint, times bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
	SELECT * FROM (SELECT r.carrier, a.currency, a.exponent, a.charge_minor, count(*) AS times FROM allocation a
		JOIN receivable r ON r.hospital_id = a.hospital_id AND r.claim_id = a.claim_id
		WHERE a.hospital_id = p_hospital AND a.charge_minor > 0 AND a.made_at > now() - interval '400 days'
			AND NOT EXISTS (SELECT 1 FROM allocation u WHERE u.hospital_id = a.hospital_id AND u.undoes = a.allocation_id)
		GROUP BY 1, 2, 3, 4) c WHERE c.times > 1 ORDER BY c.times DESC LIMIT 1000
$$;

-- Items in the order of their days. p_due: those to be looked at; else what came in the last months before them: what may be taken
-- back, or may be the same payment. p_since: of these only what changed since that mark (p_own: as in match_claims), and of those to
-- be looked at again that they are.
CREATE FUNCTION match_items(p_hospital uuid, p_due boolean, p_day date, p_line uuid, p_part integer, p_limit integer, p_since bigint,
	p_own bigint[] DEFAULT '{}')
RETURNS TABLE (line_id uuid, part integer, version integer, amount bigint, open bigint, currency text, exponent smallint, booked_day date,
	value_day date, book bigint, whole bigint, by_hand boolean, waits boolean, claims uuid[], content bytea, detail bytea,
	note bytea[], rejected bytea[], due boolean) LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = zhifu, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off SET enable_material = off
SET enable_sort = off AS $$
#variable_conflict use_column
DECLARE
	home text := (SELECT h.book_currency FROM hospital h WHERE h.hospital_id = p_hospital);
	chosen uuid[];
	chosen_part integer[];
BEGIN
	IF p_due THEN
		-- Suspense is asked and not joined: planned while it is empty, a join goes through all of it for each item.
		SELECT array_agg(t.line_id), array_agg(t.part) INTO chosen, chosen_part FROM (SELECT i.line_id, i.part FROM match_item i
			WHERE i.hospital_id = p_hospital AND i.due_at <= now() AND i.open_minor <> 0 AND (i.booked_day, i.line_id, i.part) > (p_day, p_line, p_part)
				AND (SELECT s.held FROM suspense s WHERE s.hospital_id = p_hospital AND s.line_id = i.line_id) = 0
			ORDER BY i.booked_day, i.line_id, i.part LIMIT p_limit) t;
	ELSIF p_since IS NOT NULL THEN
		SELECT array_agg(t.line_id), array_agg(t.part) INTO chosen, chosen_part FROM (SELECT u.line_id, u.part FROM (
				SELECT * FROM (SELECT i.hospital_id, i.line_id, i.part, i.booked_day FROM match_item i WHERE i.changed >= p_since
					AND (i.wait IS NOT NULL OR i.version > 1 OR i.open_minor = 0)
					AND (i.open_minor <> 0 OR i.changed <> ALL (p_own)) OFFSET 0) c
				UNION SELECT i.hospital_id, i.line_id, i.part, i.booked_day FROM match_item i
				WHERE i.hospital_id = p_hospital AND i.due_at <= now() AND i.open_minor <> 0 AND i.wait IS NOT NULL) u
			WHERE u.hospital_id = p_hospital AND (u.booked_day, u.line_id, u.part) > (p_day, p_line, p_part)
			ORDER BY u.booked_day, u.line_id, u.part LIMIT p_limit) t;
	ELSE
		SELECT array_agg(t.line_id), array_agg(t.part) INTO chosen, chosen_part FROM (SELECT i.line_id, i.part FROM bank_line b
			JOIN match_item i ON i.hospital_id = b.hospital_id AND i.line_id = b.line_id
				AND NOT (i.due_at <= now() AND i.open_minor <> 0) AND i.amount_minor > 0
			WHERE b.hospital_id = p_hospital AND (b.booked_day, b.line_id) >= (p_day, p_line)
				AND (b.booked_day, b.line_id, i.part) > (p_day, p_line, p_part)
			ORDER BY b.booked_day, b.line_id, i.part LIMIT p_limit) t;
	END IF;
	IF chosen IS NULL THEN
		RETURN;
	END IF;
	RETURN QUERY SELECT i.line_id, i.part, i.version, i.amount_minor, i.open_minor, b.currency, b.exponent, b.booked_day, b.value_day,
		-- Money in the books' own currency is carried at what it is.
		CASE WHEN b.currency = home THEN abs(b.amount_minor) ELSE (SELECT CASE WHEN bool_or(g.book_minor IS NOT NULL)
			THEN sum(g.book_minor)::bigint END FROM posting g
			WHERE g.hospital_id = i.hospital_id AND g.entry_id = i.line_id AND g.no IN (1, 10001)) END, b.amount_minor, i.by_hand, i.open_minor <> 0, i.claims, b.content, d.content,
		-- Who notes something makes another version of the item, who rejects takes it into his hand.
		CASE WHEN i.version > 1 THEN (SELECT array_agg(m.content ORDER BY m.at) FROM match_note m
			WHERE m.hospital_id = i.hospital_id AND m.line_id = i.line_id AND m.part = i.part) END,
		CASE WHEN i.by_hand THEN (SELECT array_agg(j.print) FROM match_rejected j
			WHERE j.hospital_id = i.hospital_id AND j.line_id = i.line_id AND j.part = i.part) END,
		i.due_at <= now() AND i.open_minor <> 0
	FROM unnest(chosen, chosen_part) WITH ORDINALITY AS t (l, p, n)
	JOIN match_item i ON i.hospital_id = p_hospital AND i.line_id = t.l AND i.part = t.p
	JOIN bank_line b ON b.hospital_id = i.hospital_id AND b.line_id = i.line_id
	LEFT JOIN LATERAL (SELECT e.content FROM bank_detail e
		WHERE i.part > 0 AND e.hospital_id = i.hospital_id AND e.line_id = i.line_id AND e.no = i.part OFFSET 0) d ON true
	ORDER BY t.n;
END
$$;

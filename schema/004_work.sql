-- What all roles share: steps of the life cycle, leases of work, hospitals and their keys.
SET search_path = zhifu;

GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA zhifu TO zhifu_writer;
-- History is written once: not even the functions may change it.
REVOKE UPDATE, DELETE ON claim, claim_event, idempotency, posting, adjudication, export_ledger, remittance, stay_name
	FROM zhifu_writer;
-- No history: which transaction did last, for who asks for news, and that it was withdrawn.
GRANT UPDATE (changed, withdrawn_at, withdrawn_by, withdrawn_why) ON remittance TO zhifu_writer;
REVOKE DELETE ON message, remittance_detail, exchange, claim_state, stay FROM zhifu_writer;
-- Rights are asked for at the table that is named: nobody needs any on a partition, which would be a way around the above.
-- Those that partition_ensure makes later get none to begin with.
DO $$
DECLARE
	t regclass;
BEGIN
	FOR t IN SELECT c.oid::regclass FROM pg_class c WHERE c.relnamespace = 'zhifu'::regnamespace AND c.relispartition AND c.relkind IN ('r', 'p') LOOP
		EXECUTE format('REVOKE ALL ON %s FROM zhifu_writer', t);
	END LOOP;
END
$$;

-- Row-level security on every tenant table. zhifu_writer's functions mix hospitals and see what they return; a session
-- that reads sees the hospital it named, and none when it named none.
DO $$
DECLARE
	t text;
BEGIN
	FOR t IN SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'hospital_id'
		WHERE c.relnamespace = 'zhifu'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
	LOOP
		EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
		EXECUTE format('CREATE POLICY writer ON %I TO zhifu_writer USING (true) WITH CHECK (true)', t);
		EXECUTE format('CREATE POLICY tenant ON %I FOR SELECT TO zhifu_intake, zhifu_operator USING (hospital_id = tenant())', t);
	END LOOP;
END
$$;
GRANT SELECT ON claim, claim_state, claim_event, idempotency, claim_identifier, patient_key, patient_lookup, consent, task,
	adjudication, remittance, remittance_detail, fact, export_ledger, export_count, posting, posting_unvalued, receivable_wait,
	exchange, message, attempt, outbox TO zhifu_intake, zhifu_operator;
GRANT SELECT ON hospital, route_lease TO zhifu_intake, zhifu_translate, zhifu_dispatch, zhifu_settle, zhifu_operator;

-- Registers a hospital (the first process that knows it brings a wrapped key) and returns all versions of its key,
-- newest first.
CREATE FUNCTION hospital_open(p_hospital uuid, p_code text, p_name text, p_zone text, p_book_currency text, p_wrapped bytea,
	p_book_exponent smallint DEFAULT 2, p_accepts_take_backs boolean DEFAULT false)
RETURNS TABLE (version integer, wrapped bytea) LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
BEGIN
	-- Without a target, so that two who meet a new hospital at the same time do not fail on its code.
	INSERT INTO hospital (hospital_id, code, name, zone, book_currency, book_exponent, accepts_take_backs)
	VALUES (p_hospital, p_code, p_name, p_zone, p_book_currency, p_book_exponent, p_accepts_take_backs) ON CONFLICT DO NOTHING;
	UPDATE hospital h SET name = p_name, zone = p_zone, accepts_take_backs = p_accepts_take_backs
	WHERE h.hospital_id = p_hospital AND (h.name, h.zone, h.accepts_take_backs) IS DISTINCT FROM (p_name, p_zone, p_accepts_take_backs);
	INSERT INTO hospital_key (hospital_id, version, wrapped) VALUES (p_hospital, 1, p_wrapped) ON CONFLICT DO NOTHING;
	RETURN QUERY SELECT k.version, k.wrapped FROM hospital_key k WHERE k.hospital_id = p_hospital ORDER BY k.version DESC;
END
$$;

-- The stay that one of these names, newest first, is of; the oldest one says it, which most have heard of. NULL: none.
CREATE FUNCTION stay_known(p_hospital uuid, p_names text) RETURNS text LANGUAGE sql STABLE SET search_path = zhifu, pg_temp AS $$
	SELECT s.stay FROM stay_name s WHERE s.hospital_id = p_hospital AND s.name = ANY (string_to_array(p_names, ','))
	ORDER BY array_position(string_to_array(p_names, ','), s.name) DESC LIMIT 1
$$;

-- The same, and from now on it has all of these names: a claim brings those of the keys when it came, and a key may go. The stay is
-- called by the oldest, so that two who meet it at once, one of them not knowing the newest key yet, say the same.
CREATE FUNCTION stay_of(p_hospital uuid, p_names text) RETURNS text LANGUAGE plpgsql SET search_path = zhifu, pg_temp AS $$
DECLARE
	names CONSTANT text[] := string_to_array(p_names, ',');
	known bigint;
	found text;
BEGIN
	SELECT count(*), (array_agg(s.stay ORDER BY array_position(names, s.name) DESC))[1] INTO known, found
	FROM stay_name s WHERE s.hospital_id = p_hospital AND s.name = ANY (names);
	IF known < cardinality(names) THEN
		INSERT INTO stay_name (hospital_id, name, stay)
		SELECT p_hospital, n, coalesce(found, names[cardinality(names)]) FROM unnest(names) AS n ORDER BY n ON CONFLICT DO NOTHING;
		found := stay_known(p_hospital, p_names);
	END IF;
	RETURN found;
END
$$;

-- Adds to what a stay was charged and billed. Returns by how much more, or less, of it is revenue with bills now.
CREATE FUNCTION stay_add(p_hospital uuid, p_stay text, p_charged bigint, p_billed bigint) RETURNS bigint LANGUAGE plpgsql
SET search_path = zhifu, pg_temp AS $$
DECLARE
	now_is stay;
BEGIN
	INSERT INTO stay AS s (hospital_id, stay, charged_minor, billed_minor) VALUES (p_hospital, p_stay, p_charged, p_billed)
	ON CONFLICT (hospital_id, stay) DO UPDATE SET charged_minor = s.charged_minor + p_charged, billed_minor = s.billed_minor + p_billed
	RETURNING * INTO now_is;
	RETURN greatest(now_is.billed_minor - now_is.charged_minor, 0)
		- greatest(now_is.billed_minor - p_billed - now_is.charged_minor + p_charged, 0);
END
$$;

-- So much is revenue with bills from now on, on a day of the books. Returns it.
CREATE FUNCTION stay_ahead_add(p_hospital uuid, p_stay text, p_day date, p_minor bigint) RETURNS bigint LANGUAGE plpgsql
SET search_path = zhifu, pg_temp AS $$
BEGIN
	IF p_minor <> 0 THEN
		INSERT INTO stay_ahead AS s (hospital_id, stay, day, minor) VALUES (p_hospital, p_stay, p_day, p_minor)
		ON CONFLICT (hospital_id, stay, day) DO UPDATE SET minor = s.minor + p_minor;
	END IF;
	RETURN p_minor;
END
$$;

-- Posts that, as a row more of an entry.
CREATE FUNCTION stay_post(p_hospital uuid, p_entry uuid, p_amount bigint, p_day date, p_currency text, p_exponent smallint, p_claim uuid,
	p_source uuid)
RETURNS void LANGUAGE sql SET search_path = zhifu, pg_temp AS $$
	INSERT INTO posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency, exponent, book_minor, book_day, rule, claim_id,
		source_id)
	-- 2 is the bill's that is taken back.
	SELECT p_hospital, p_entry, (SELECT greatest(max(g.no), 2) + 1 FROM posting g WHERE g.hospital_id = p_hospital AND g.entry_id = p_entry
			AND g.no < 10000), CASE WHEN p_amount > 0 THEN 'AR-INPT' ELSE 'REV-MED' END, CASE WHEN p_amount > 0 THEN 'REV-MED' ELSE 'AR-INPT' END,
		abs(p_amount), p_currency, p_exponent, abs(p_amount), p_day, 'bill_beyond', p_claim, p_source
	WHERE p_amount <> 0
$$;

-- A stay is charged more, or less, for care of p_day. What was revenue with a bill until then is taken back from the day that it is
-- on, so that neither month has what is the other's: from the first bill that may be for this care, then from those before it. What
-- is closed stays; the first open day has it then. What a bill is revenue for again is so on the day of the care.
CREATE FUNCTION stay_charge(p_hospital uuid, p_entry uuid, p_stay text, p_minor bigint, p_day date, p_open_from date, p_currency text,
	p_exponent smallint) RETURNS void LANGUAGE plpgsql SET search_path = zhifu, pg_temp AS $$
DECLARE
	rest bigint := stay_add(p_hospital, p_stay, p_minor, 0);
	book_day date := greatest(p_day, p_open_from);
	a record;
	part bigint;
BEGIN
	IF rest > 0 THEN
		PERFORM stay_post(p_hospital, p_entry, stay_ahead_add(p_hospital, p_stay, book_day, rest), book_day, p_currency, p_exponent, NULL, p_entry);
		RETURN;
	END IF;
	FOR a IN SELECT s.day, s.minor FROM stay_ahead s WHERE s.hospital_id = p_hospital AND s.stay = p_stay AND s.minor > 0
		ORDER BY s.day < p_day, abs(s.day - p_day)
	LOOP
		EXIT WHEN rest = 0;
		part := greatest(rest, -a.minor);
		PERFORM stay_post(p_hospital, p_entry, stay_ahead_add(p_hospital, p_stay, a.day, part), greatest(a.day, p_open_from), p_currency,
			p_exponent, NULL, p_entry);
		rest := rest - part;
	END LOOP;
	ASSERT rest = 0, 'a stay has less revenue with bills than it should';
END
$$;

-- Bills of stays, in hospitals that bring charges: what each of them is revenue by itself, NULL where that is all of it. The arrays
-- are claim_step's.
CREATE FUNCTION stay_bills(p_hospital uuid[], p_claim uuid[], p_amount bigint[], p_currency text[], p_stay text[], p_stepped uuid[])
RETURNS bigint[] LANGUAGE plpgsql SET search_path = zhifu, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
	beyond bigint[] := array_fill(NULL::bigint, ARRAY[cardinality(p_claim)]);
	b record;
	own bigint;
BEGIN
	-- In their order, so that two calls do not wait for each other: by their names, which may be new, and then as stays.
	FOR b IN SELECT q.n, q.h, q.c, q.a, q.day, stay_of(q.h, q.s) AS stay FROM (
			SELECT t.*, (now() AT TIME ZONE o.zone)::date AS day FROM unnest(p_hospital, p_claim, p_amount, p_currency, p_stay)
				WITH ORDINALITY AS t (h, c, a, u, s, n) JOIN hospital o ON o.hospital_id = t.h AND o.book_currency = t.u
			WHERE t.s IS NOT NULL AND t.a > 0 AND t.c = ANY (p_stepped) AND EXISTS (SELECT 1 FROM stay s WHERE s.hospital_id = t.h)
			ORDER BY t.h, t.s) q
		ORDER BY q.h, stay, q.n
	LOOP
		own := stay_ahead_add(b.h, b.stay, b.day, stay_add(b.h, b.stay, 0, b.a));
		INSERT INTO stay_bill VALUES (b.h, b.c, b.stay, b.a);
		IF own < b.a THEN
			beyond[b.n] := own;
		END IF;
	END LOOP;
	RETURN CASE WHEN array_remove(beyond, NULL) <> '{}' THEN beyond END;
END
$$;

-- Bills that the entries have taken back: their stays are billed less.
CREATE FUNCTION stay_unbill(p_hospital uuid[], p_claim uuid[], p_entry uuid[]) RETURNS void LANGUAGE plpgsql SET search_path = zhifu, pg_temp AS $$
DECLARE
	b record;
BEGIN
	FOR b IN WITH gone AS (
			DELETE FROM stay_bill s USING unnest(p_hospital, p_claim, p_entry) AS t (h, c, e) WHERE s.hospital_id = t.h AND s.claim_id = t.c
			RETURNING s.*, t.e
		)
		SELECT g.*, p.credit, p.currency, p.exponent, (now() AT TIME ZONE o.zone)::date AS day FROM gone g
		JOIN posting p ON p.hospital_id = g.hospital_id AND p.entry_id = g.claim_id AND p.no = 1
		JOIN hospital o ON o.hospital_id = g.hospital_id ORDER BY g.hospital_id, g.stay, g.claim_id
	LOOP
		-- The bill was revenue by itself, and has just been taken from that.
		PERFORM stay_post(b.hospital_id, b.e, stay_ahead_add(b.hospital_id, b.stay, b.day, stay_add(b.hospital_id, b.stay, 0, -b.amount_minor))
			+ CASE b.credit WHEN 'REV-MED' THEN b.amount_minor ELSE 0 END, b.day, b.currency, b.exponent, b.claim_id, b.e);
	END LOOP;
END
$$;

-- Takes steps; all steps of one claim happen or none. p_seq: the version the caller saw, NULL where it need not match. Several
-- steps of one axis of a claim are a chain: they come in their order, each from where the one before ends, and each with its
-- version in p_seq. Axes: 1 transport, 2 acknowledgement, 3 adjudication, 4 payment, 5 books. Returns the claims whose steps
-- happened; a missing one lost the compare-and-set, which looks at the first step of each axis. A claim
-- that arrives at its insurer is billed with the very step, whoever takes it, once in its life: rule "bill" of
-- daemon/settle/posting_rule.c, its source the claim; what was charged for its stay was revenue then, and is no more. One that is cancelled on its way to be sent once more, because its
-- insurer had lost it, takes its bill back.
CREATE FUNCTION claim_step(p_hospital uuid[], p_claim uuid[], p_axis smallint[], p_from smallint[], p_seq integer[],
	p_to smallint[], p_event text[], p_who text[], p_why text[])
RETURNS TABLE (hospital_id uuid, claim_id uuid) LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
DECLARE
	stepped_hospital uuid[]; stepped uuid[];
	bill_hospital uuid[]; bill uuid[]; bill_debit text[]; bill_amount bigint[]; bill_currency text[]; bill_exponent smallint[];
	bill_stay text[]; bill_beyond bigint[];
	bills integer;
	back_hospital uuid[]; back uuid[]; back_delta bigint[];
	backs integer;
BEGIN -- PL/pgSQL keeps the plan; a function in SQL is planned at every call, which costs milliseconds here
	IF 8 = ANY (p_to) THEN
		SELECT count(*), array_agg(c.hospital_id), array_agg(c.claim_id), array_agg('AR-' || upper(s.insurer)),
			array_agg(c.total_minor), array_agg(c.currency), array_agg(c.exponent), array_agg(c.stay)
		INTO bills, bill_hospital, bill, bill_debit, bill_amount, bill_currency, bill_exponent, bill_stay
		FROM unnest(p_hospital, p_claim, p_axis, p_to) AS t (h, c, x, s)
		JOIN claim_state s ON s.hospital_id = t.h AND s.claim_id = t.c AND s.books = 0
		JOIN claim c ON c.hospital_id = t.h AND c.claim_id = t.c AND c.use = 1
		WHERE t.x = 1 AND t.s = 8;
		IF bills > 0 THEN
			p_hospital := p_hospital || bill_hospital;
			p_claim := p_claim || bill;
			p_axis := p_axis || array_fill(5::smallint, ARRAY[bills]);
			p_from := p_from || array_fill(0::smallint, ARRAY[bills]);
			p_seq := p_seq || array_fill(NULL::integer, ARRAY[bills]);
			p_to := p_to || array_fill(1::smallint, ARRAY[bills]);
			p_event := p_event || array_fill('bill'::text, ARRAY[bills]);
			p_who := p_who || array_fill('zhifu'::text, ARRAY[bills]);
			p_why := p_why || array_fill(NULL::text, ARRAY[bills]);
		END IF;
	END IF;
	IF 10 = ANY (p_to) THEN
		SELECT count(*), array_agg(t.h), array_agg(t.c) INTO backs, back_hospital, back
		FROM unnest(p_hospital, p_claim, p_axis, p_to) AS t (h, c, x, s)
		JOIN claim_state s ON s.hospital_id = t.h AND s.claim_id = t.c AND s.books = 1
		WHERE t.x = 1 AND t.s = 10;
		IF backs > 0 THEN
			p_hospital := p_hospital || back_hospital;
			p_claim := p_claim || back;
			p_axis := p_axis || array_fill(5::smallint, ARRAY[backs]);
			p_from := p_from || array_fill(1::smallint, ARRAY[backs]);
			p_seq := p_seq || array_fill(NULL::integer, ARRAY[backs]);
			p_to := p_to || array_fill(5::smallint, ARRAY[backs]);
			p_event := p_event || array_fill('reverse'::text, ARRAY[backs]);
			p_who := p_who || array_fill('zhifu'::text, ARRAY[backs]);
			p_why := p_why || array_fill(NULL::text, ARRAY[backs]);
		END IF;
	END IF;
	-- A claim carries the places of its steps in the arrays: joining them to the claims again looks at each with each.
	WITH want AS (
		SELECT s.hospital_id, s.claim_id, array_agg(n) AS steps,
			min(n) FILTER (WHERE axis = 1) a1, max(n) FILTER (WHERE axis = 1) z1, (count(*) FILTER (WHERE axis = 1))::int k1,
			min(n) FILTER (WHERE axis = 2) a2, max(n) FILTER (WHERE axis = 2) z2, (count(*) FILTER (WHERE axis = 2))::int k2,
			min(n) FILTER (WHERE axis = 3) a3, max(n) FILTER (WHERE axis = 3) z3, (count(*) FILTER (WHERE axis = 3))::int k3,
			min(n) FILTER (WHERE axis = 4) a4, max(n) FILTER (WHERE axis = 4) z4, (count(*) FILTER (WHERE axis = 4))::int k4,
			min(n) FILTER (WHERE axis = 5) a5, max(n) FILTER (WHERE axis = 5) z5, (count(*) FILTER (WHERE axis = 5))::int k5
		FROM unnest(p_hospital, p_claim, p_axis) WITH ORDINALITY AS s (hospital_id, claim_id, axis, n)
		GROUP BY s.hospital_id, s.claim_id
	), done AS (
		UPDATE claim_state c SET
			transport = coalesce(p_to[z1], transport), transport_seq = transport_seq + k1,
			acknowledgement = coalesce(p_to[z2], acknowledgement), acknowledgement_seq = acknowledgement_seq + k2,
			adjudication = coalesce(p_to[z3], adjudication), adjudication_seq = adjudication_seq + k3,
			payment = coalesce(p_to[z4], payment), payment_seq = payment_seq + k4,
			books = coalesce(p_to[z5], books), books_seq = books_seq + k5,
			updated_at = now()
		FROM want w
		WHERE c.hospital_id = w.hospital_id AND c.claim_id = w.claim_id
			AND (a1 IS NULL OR transport = p_from[a1] AND transport_seq = coalesce(p_seq[a1], transport_seq))
			AND (a2 IS NULL OR acknowledgement = p_from[a2] AND acknowledgement_seq = coalesce(p_seq[a2], acknowledgement_seq))
			AND (a3 IS NULL OR adjudication = p_from[a3] AND adjudication_seq = coalesce(p_seq[a3], adjudication_seq))
			AND (a4 IS NULL OR payment = p_from[a4] AND payment_seq = coalesce(p_seq[a4], payment_seq))
			AND (a5 IS NULL OR books = p_from[a5] AND books_seq = coalesce(p_seq[a5], books_seq))
		RETURNING c.hospital_id, c.claim_id, w.steps, transport_seq, acknowledgement_seq, adjudication_seq, payment_seq, books_seq
	), history AS (
		INSERT INTO claim_event (hospital_id, claim_id, axis, seq, prev_seq, from_state, to_state, event, who, why)
		SELECT hospital_id, claim_id, axis, seq, nullif(seq - 1, 0), p_from[n], p_to[n], p_event[n], p_who[n], p_why[n] FROM (
			SELECT d.hospital_id, d.claim_id, n, p_axis[n] AS axis, coalesce(p_seq[n] + 1, CASE p_axis[n] WHEN 1 THEN transport_seq
				WHEN 2 THEN acknowledgement_seq WHEN 3 THEN adjudication_seq WHEN 4 THEN payment_seq ELSE books_seq END) AS seq
			FROM (SELECT done.*, unnest(done.steps) AS n FROM done) d) s
	)
	SELECT array_agg(d.hospital_id), array_agg(d.claim_id) INTO stepped_hospital, stepped FROM done d;
	IF bills > 0 THEN
		IF array_remove(bill_stay, NULL) <> '{}' THEN
			bill_beyond := stay_bills(bill_hospital, bill, bill_amount, bill_currency, bill_stay, stepped);
		END IF;
		WITH posted AS (
			INSERT INTO posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency, exponent, book_minor, book_day, rule,
				claim_id, source_id)
			-- The hospital is joined here and not above: plans went from it to all of its claims before the first statistics came.
			SELECT t.h, t.c, 1, t.d, CASE WHEN t.k IS NULL THEN 'REV-MED' ELSE 'AR-INPT' END, t.a, t.u, t.x,
				CASE WHEN t.u = o.book_currency THEN t.a END, (now() AT TIME ZONE o.zone)::date, 'bill', t.c, t.c
			FROM unnest(bill_hospital, bill, bill_debit, bill_amount, bill_currency, bill_exponent, bill_beyond) AS t (h, c, d, a, u, x, k)
			JOIN hospital o ON o.hospital_id = t.h
			WHERE t.c = ANY (stepped) AND t.a > 0 RETURNING posting.hospital_id, entry_id, no, book_minor
		), owed AS (
			INSERT INTO receivable_wait (hospital_id, claim_id) SELECT p.hospital_id, p.entry_id FROM posted p)
		INSERT INTO posting_unvalued SELECT p.hospital_id, p.entry_id, p.no FROM posted p WHERE p.book_minor IS NULL;
		IF bill_beyond IS NOT NULL THEN
			PERFORM stay_post(t.h, t.c, t.k, (now() AT TIME ZONE o.zone)::date, t.u, t.x, t.c, t.c)
			FROM unnest(bill_hospital, bill, bill_currency, bill_exponent, bill_beyond) AS t (h, c, u, x, k)
			JOIN hospital o ON o.hospital_id = t.h WHERE t.k > 0;
		END IF;
	END IF;
	IF backs > 0 THEN
		WITH posted AS (
			INSERT INTO posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency, exponent, book_minor, book_day, rule,
				claim_id, source_id)
			SELECT g.hospital_id, g.entry_id, 2, g.credit, g.debit, g.amount_minor, g.currency, g.exponent,
				CASE WHEN g.currency = o.book_currency THEN g.amount_minor END, (now() AT TIME ZONE o.zone)::date, g.rule, g.claim_id, g.source_id
			FROM unnest(back_hospital, back) AS t (h, c)
			JOIN posting g ON g.hospital_id = t.h AND g.entry_id = t.c AND g.no = 1 AND g.rule = 'bill'
			JOIN hospital o ON o.hospital_id = t.h
			WHERE t.c = ANY (stepped) RETURNING posting.hospital_id, entry_id, no, amount_minor, book_minor
		), unvalued AS (
			INSERT INTO posting_unvalued SELECT p.hospital_id, p.entry_id, p.no FROM posted p WHERE p.book_minor IS NULL)
		SELECT array_agg(p.hospital_id), array_agg(p.entry_id), array_agg(-p.amount_minor) INTO back_hospital, back, back_delta FROM posted p;
		-- It is owed no more: if a receivable is being made of it, this waits for it.
		DELETE FROM receivable_wait w USING unnest(back_hospital, back) AS t (h, c) WHERE w.hospital_id = t.h AND w.claim_id = t.c;
		PERFORM stay_unbill(back_hospital, back, back);
		PERFORM receivable_follow(back_hospital, back, back, back_delta);
	END IF;
	IF 3 = ANY (p_to) AND 1 = ANY (p_axis) THEN
		INSERT INTO consent_wait (hospital_id, claim_id)
		SELECT t.h, t.c FROM unnest(p_hospital, p_claim, p_axis, p_to) AS t (h, c, x, s) WHERE t.x = 1 AND t.s = 3
		ON CONFLICT DO NOTHING;
	END IF;
	RETURN QUERY SELECT t.h, t.c FROM unnest(stepped_hospital, stepped) AS t (h, c);
END
$$;

-- Hospitals that have work due for a role (and route), longest waiting first. One step of the index per hospital that has
-- any work, however much waits: a group over all rows cost 18 ms a question with 100,000 waiting.
CREATE FUNCTION work_hospitals(p_role smallint, p_route text, p_limit integer) RETURNS SETOF uuid LANGUAGE plpgsql
SECURITY DEFINER SET search_path = zhifu, pg_temp SET enable_seqscan = off SET enable_bitmapscan = off AS $$
DECLARE
	house constant uuid := '00000000-0000-0000-0000-000000000000';
	at uuid := house;
	first record;
	found uuid[] := '{}';
	due timestamptz[] := '{}';
BEGIN
	IF p_route IS NULL THEN
		SELECT array_agg(house), array_agg(o.due_at) INTO found, due FROM (
			SELECT w.due_at FROM outbox w WHERE w.role = p_role AND w.role <> 2 AND NOT w.held AND w.hospital_id = house
				AND w.due_at <= now() AND w.leased_until <= now()
			ORDER BY w.due_at LIMIT 1) o;
	END IF;
	LOOP
		-- The first row of the next hospital in the index that nobody holds is its longest waiting one.
		IF p_route IS NULL THEN
			SELECT o.hospital_id, o.due_at INTO first FROM outbox o WHERE o.role = p_role AND o.role <> 2 AND NOT o.held
				AND o.hospital_id > at AND o.leased_until <= now()
			ORDER BY o.hospital_id, o.due_at LIMIT 1;
		ELSE
			SELECT o.hospital_id, o.due_at INTO first FROM outbox o
			WHERE o.role = 2 AND NOT o.held AND o.route = p_route
				AND o.hospital_id > at AND o.leased_until <= now()
			ORDER BY o.hospital_id, o.due_at LIMIT 1;
		END IF;
		EXIT WHEN first.hospital_id IS NULL;
		IF first.due_at <= now() THEN
			found := found || first.hospital_id;
			due := due || first.due_at;
		END IF;
		at := first.hospital_id;
	END LOOP;
	RETURN QUERY SELECT t.h FROM unnest(found, due) AS t (h, d) ORDER BY t.d LIMIT p_limit;
END
$$;

-- Leases work of one hospital. Many of these calls go in one Sync. translate's first call of an item is counted here, before
-- it can crash, and the crashes that are returned are those before: an item that has any is run alone, and counted by
-- translate_begin. Two statements, so that each has its index: with one, the rows of a route that is down stand before those
-- of all others. MATERIALIZED: a plan that runs the inner SELECT once per row would lease other rows each time, and so more
-- than p_limit. p_mark: by it work_unlease finds them. p_own: also what belongs to no claim, which is another process's for its
-- first second. By ctid, which the lock keeps where it is; a row that moved before it was locked is left for the next call.
CREATE FUNCTION work_lease(p_role smallint, p_hospital uuid, p_route text, p_limit integer, p_lease_s integer, p_mark integer,
	p_own boolean DEFAULT true)
RETURNS TABLE (hospital_id uuid, work_id uuid, kind smallint, route text, claim_id uuid, exchange_id uuid, message_id uuid,
	fact_id uuid, attempt integer, crashes smallint) LANGUAGE plpgsql SECURITY DEFINER
SET search_path = zhifu, pg_temp SET enable_seqscan = off SET enable_bitmapscan = off AS $$
#variable_conflict use_column
BEGIN
	IF p_route IS NULL THEN
		RETURN QUERY WITH due AS MATERIALIZED (
			SELECT w.ctid AS t, w.crashes AS c FROM outbox w
			WHERE w.role = p_role AND w.role <> 2 AND w.hospital_id = p_hospital AND NOT w.held AND w.due_at <= now()
				AND w.leased_until <= now() AND (p_own OR w.claim_id IS NOT NULL OR w.due_at <= now() - interval '1 second')
			ORDER BY w.due_at LIMIT p_limit FOR UPDATE SKIP LOCKED
		)
		UPDATE outbox o SET leased_until = now() + make_interval(secs => p_lease_s), attempt = o.attempt + 1, lease_mark = p_mark,
			crashes = CASE WHEN p_role = 1 THEN greatest(o.crashes, 1) ELSE 0 END FROM due
		WHERE o.ctid = due.t
		RETURNING o.hospital_id, o.work_id, o.kind, o.route, o.claim_id, o.exchange_id, o.message_id, o.fact_id, o.attempt, due.c;
	ELSE
		RETURN QUERY WITH due AS MATERIALIZED (
			SELECT w.ctid AS t, w.crashes AS c FROM outbox w
			WHERE w.role = 2 AND w.route = p_route AND w.hospital_id = p_hospital AND NOT w.held AND w.due_at <= now()
				AND w.leased_until <= now()
			ORDER BY w.due_at LIMIT p_limit FOR UPDATE SKIP LOCKED
		)
		UPDATE outbox o SET leased_until = now() + make_interval(secs => p_lease_s), attempt = o.attempt + 1, lease_mark = p_mark FROM due
		WHERE o.ctid = due.t
		RETURNING o.hospital_id, o.work_id, o.kind, o.route, o.claim_id, o.exchange_id, o.message_id, o.fact_id, o.attempt, due.c;
	END IF;
END
$$;

-- Ends the leases that a question with this mark got and nobody knows of, because its answer was lost.
CREATE FUNCTION work_unlease(p_role smallint, p_hospital uuid, p_route text, p_mark integer) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = zhifu, pg_temp SET enable_seqscan = off SET enable_bitmapscan = off AS $$
BEGIN
	IF p_route IS NULL THEN
		UPDATE outbox w SET leased_until = '-infinity' WHERE w.role = p_role AND w.role <> 2 AND w.hospital_id = p_hospital
			AND NOT w.held AND w.due_at <= now() AND w.lease_mark = p_mark AND w.leased_until > now();
	ELSE
		UPDATE outbox w SET leased_until = '-infinity' WHERE w.role = 2 AND w.route = p_route AND w.hospital_id = p_hospital
			AND NOT w.held AND w.due_at <= now() AND w.lease_mark = p_mark AND w.leased_until > now();
	END IF;
END
$$;

-- Gives leases back or puts them off: due again in p_delay_ms, where that is not 0, with as many crashes as the lease had
-- found; fenced by attempt. Returns how many were still ours.
CREATE FUNCTION work_defer(p_hospital uuid[], p_work uuid[], p_attempt integer[], p_delay_ms bigint[], p_crashes smallint[])
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
	done bigint;
BEGIN
	UPDATE outbox o SET leased_until = '-infinity', crashes = d.crashes,
		due_at = CASE d.delay_ms WHEN 0 THEN o.due_at ELSE now() + d.delay_ms * interval '1 millisecond' END
	FROM unnest(p_hospital, p_work, p_attempt, p_delay_ms, p_crashes) AS d (hospital_id, work_id, attempt, delay_ms, crashes)
	WHERE o.hospital_id = d.hospital_id AND o.work_id = d.work_id AND o.attempt = d.attempt;
	GET DIAGNOSTICS done = ROW_COUNT;
	RETURN done;
END
$$;

-- Ends leases for good: what is still under way under them and has not begun comes too late. Waits for what has, in
-- the order in which dispatch_begin locks.
CREATE FUNCTION work_revoke(p_hospital uuid[], p_work uuid[], p_attempt integer[]) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = zhifu, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
	UPDATE outbox o SET leased_until = '-infinity', attempt = o.attempt + 1
	FROM (SELECT * FROM unnest(p_hospital, p_work, p_attempt) AS t (hospital_id, work_id, attempt) ORDER BY 1, 2) d
	WHERE o.hospital_id = d.hospital_id AND o.work_id = d.work_id AND o.attempt = d.attempt;
END
$$;

-- Uses a client assertion's jti; false when it was used before.
CREATE FUNCTION jti_use(p_client text, p_jti_hash bytea, p_expires timestamptz) RETURNS boolean LANGUAGE plpgsql
SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
BEGIN
	INSERT INTO token_jti VALUES (p_client, p_jti_hash, p_expires) ON CONFLICT DO NOTHING;
	RETURN FOUND;
END
$$;

-- Takes a block of control numbers: the first of p_count.
CREATE FUNCTION control_number_take(p_route text, p_series text, p_count integer) RETURNS bigint LANGUAGE sql
SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
	INSERT INTO control_number AS c (route, series, next) VALUES (p_route, p_series, 1 + p_count)
	ON CONFLICT (route, series) DO UPDATE SET next = c.next + p_count
	RETURNING next - p_count
$$;

DO $$
DECLARE
	f regprocedure;
BEGIN
	FOR f IN SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = 'zhifu'::regnamespace AND p.prosecdef LOOP
		EXECUTE format('ALTER FUNCTION %s OWNER TO zhifu_writer', f);
	END LOOP;
END
$$;
CALL writer_functions('stay\_%');
GRANT EXECUTE ON FUNCTION hospital_open, work_hospitals, work_lease, work_unlease, work_defer, work_revoke
	TO zhifu_intake, zhifu_translate, zhifu_dispatch, zhifu_settle, zhifu_operator;
GRANT EXECUTE ON FUNCTION claim_step TO zhifu_translate, zhifu_dispatch, zhifu_settle, zhifu_operator;
GRANT EXECUTE ON FUNCTION jti_use TO zhifu_intake;
GRANT EXECUTE ON FUNCTION control_number_take TO zhifu_translate;

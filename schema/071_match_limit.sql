-- What is not posted, for more is let go than anybody may.
SET search_path = zhifu;

-- Of a call's allocations those that match_beyond() finds: by hand of all of them, of the matcher's of those by an advice that a person
-- brought in, or let count. By that no more is taken off than he could by hand, for nobody else vouches for it; so the money waits for a
-- person. What the carrier's own system told is its word; what the bank says that it kept, it kept.
CREATE FUNCTION match_limit(p_hospital uuid, p_by_hand boolean, home text, l_line uuid[], a_line integer[], a_kind smallint[], a_claim uuid[],
	a_remittance uuid[], a_detail integer[], a_amount bigint[], a_cleared bigint[], a_over bigint[], a_charge bigint[], a_discount bigint[],
	a_fee bigint[], a_unexplained bigint[], a_kept_book bigint[]) RETURNS SETOF integer LANGUAGE sql STABLE
SET search_path = zhifu, pg_temp AS $$
	SELECT b.l FROM (
		SELECT array_agg(t.l ORDER BY t.n) AS l, array_agg(t.k ORDER BY t.n) AS k, array_agg(t.claim ORDER BY t.n) AS claim,
			array_agg(t.r ORDER BY t.n) AS r, array_agg(t.detail ORDER BY t.n) AS detail, array_agg(t.a ORDER BY t.n) AS a,
			array_agg(t.z ORDER BY t.n) AS z, array_agg(t.o ORDER BY t.n) AS o,
			array_agg(CASE WHEN p_by_hand THEN t.c ELSE 0 END ORDER BY t.n) AS c, array_agg(t.d ORDER BY t.n) AS d,
			array_agg(t.f ORDER BY t.n) AS f, array_agg(t.u ORDER BY t.n) AS u, array_agg(t.kept ORDER BY t.n) AS kept
		FROM unnest(a_line, a_kind, a_claim, a_remittance, a_detail, a_amount, a_cleared, a_over, a_charge, a_discount, a_fee, a_unexplained,
			a_kept_book) WITH ORDINALITY AS t (l, k, claim, r, detail, a, z, o, c, d, f, u, kept, n)
		WHERE p_by_hand OR t.l IN (SELECT i.l FROM unnest(a_line, a_remittance) AS i (l, r)
			JOIN advice v ON v.hospital_id = p_hospital AND v.advice_id = i.r)
	) p
	CROSS JOIN LATERAL match_beyond(p_hospital, home, l_line, p.l, p.k, p.claim, p.r, p.detail, p.a, p.z, p.o, p.c, p.d, p.f, p.u, p.kept) AS b (l)
	WHERE p.l IS NOT NULL
$$;

CALL writer_functions('match\_limit');

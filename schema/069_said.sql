-- What people wrote of what they did, in one place: of a claim, a bank line, an order, a sale. It is sealed, and whoever opens it is on
-- record.
SET search_path = zhifu;

-- about: the claim or whatever else it is about, by any of which it is found (an allocation: by its line, not by its claims); what: the
-- act. words: sealed (SEAL_FACT, sealed_for, a key of the hospital).
CREATE VIEW said WITH (security_invoker = true) AS
	-- A group plan's share is of its claim, too.
	WITH owed AS NOT MATERIALIZED (
		SELECT r.hospital_id, r.claim_id, r.claim_id AS about FROM receivable r
		UNION ALL
		SELECT r.hospital_id, r.claim_id, r.of_claim FROM receivable r WHERE r.of_claim IS NOT NULL
	)
	SELECT d.hospital_id, o.about, d.made_at AS at, CASE d.kind WHEN 1 THEN 'demand' ELSE 'acknowledgement' END AS what, d.who,
		d.claim_id AS sealed_for, d.why AS words FROM demand d JOIN owed o ON o.hospital_id = d.hospital_id AND o.claim_id = d.claim_id
	UNION ALL
	SELECT d.hospital_id, o.about, d.undone_at, 'undo', d.undone_by, d.demand_id, d.undone_why FROM demand d
	JOIN owed o ON o.hospital_id = d.hospital_id AND o.claim_id = d.claim_id WHERE d.undone_at IS NOT NULL
	UNION ALL
	SELECT w.hospital_id, o.about, w.made_at, 'writeoff', w.who, w.claim_id, w.why FROM write_off w
	JOIN owed o ON o.hospital_id = w.hospital_id AND o.claim_id = w.claim_id
	UNION ALL
	SELECT w.hospital_id, o.about, w.undone_at, 'undo', w.undone_by, w.write_off_id, w.undone_why FROM write_off w
	JOIN owed o ON o.hospital_id = w.hospital_id AND o.claim_id = w.claim_id WHERE w.undone_at IS NOT NULL
	UNION ALL
	SELECT c.hospital_id, o.about, c.made_at, CASE WHEN c.undoes IS NULL THEN 'concession' ELSE 'undo' END, c.who,
		coalesce(c.undoes, c.claim_id), c.why FROM concession c JOIN owed o ON o.hospital_id = c.hospital_id AND o.claim_id = c.claim_id
	UNION ALL
	SELECT o.hospital_id, a.about, o.made_at, 'order', o.maker, o.line_id, o.why FROM bank_order o
	CROSS JOIN LATERAL (VALUES (o.order_id), (o.line_id)) AS a (about)
	UNION ALL
	SELECT o.hospital_id, a.about, o.cancelled_at, 'cancel', o.canceller, o.order_id, o.cancel_why FROM bank_order o
	CROSS JOIN LATERAL (VALUES (o.order_id), (o.line_id)) AS a (about) WHERE o.cancel_id IS NOT NULL
	UNION ALL
	SELECT c.hospital_id, a.about, c.undone_at, 'undo', c.undone_by, c.order_id, c.undone_why FROM order_clearing c
	CROSS JOIN LATERAL (VALUES (c.order_id), (c.line_id)) AS a (about) WHERE c.undone_at IS NOT NULL
	UNION ALL
	SELECT s.hospital_id, a.about, s.made_at, 'sale', s.maker, s.out_line, s.why FROM currency_sale s
	CROSS JOIN LATERAL (VALUES (s.sale_id), (s.out_line), (s.in_line)) AS a (about)
	UNION ALL
	SELECT s.hospital_id, a.about, s.undone_at, 'undo', s.undone_by, s.sale_id, s.undone_why FROM currency_sale s
	CROSS JOIN LATERAL (VALUES (s.sale_id), (s.out_line), (s.in_line)) AS a (about) WHERE s.undone_at IS NOT NULL
	UNION ALL
	SELECT DISTINCT a.hospital_id, a.allocation_id, a.made_at, CASE WHEN a.undoes IS NULL THEN 'allocation' ELSE 'undo' END, a.maker,
		coalesce(a.undoes, a.line_id), a.why FROM allocation a WHERE a.why IS NOT NULL
	UNION ALL
	SELECT DISTINCT a.hospital_id, a.undoes, a.made_at, CASE WHEN a.undoes IS NULL THEN 'allocation' ELSE 'undo' END, a.maker,
		coalesce(a.undoes, a.line_id), a.why FROM allocation a WHERE a.why IS NOT NULL AND a.undoes IS NOT NULL
	UNION ALL
	SELECT DISTINCT a.hospital_id, a.line_id, a.made_at, CASE WHEN a.undoes IS NULL THEN 'allocation' ELSE 'undo' END, a.maker,
		coalesce(a.undoes, a.line_id), a.why FROM allocation a WHERE a.why IS NOT NULL
	UNION ALL
	SELECT r.hospital_id, r.line_id, r.at, 'match.reject', r.who, r.line_id, r.why FROM match_rejected r WHERE r.why IS NOT NULL
	UNION ALL
	SELECT a.hospital_id, a.advice_id, a.made_at, 'remittance', a.maker, a.advice_id, a.why FROM advice a WHERE a.why IS NOT NULL
	UNION ALL
	SELECT a.hospital_id, a.advice_id, a.decided_at, CASE a.standing WHEN 3 THEN 'remittance.refuse' ELSE 'remittance.withdraw' END, a.decided_by,
		a.advice_id, a.decided_why FROM advice a WHERE a.decided_why IS NOT NULL
	UNION ALL
	SELECT m.hospital_id, m.remittance_id, m.withdrawn_at, 'remittance.withdraw', m.withdrawn_by, m.remittance_id, m.withdrawn_why
	FROM remittance m WHERE m.withdrawn_why IS NOT NULL AND NOT EXISTS (SELECT 1 FROM advice a WHERE a.hospital_id = m.hospital_id
		AND a.advice_id = m.remittance_id)
	UNION ALL
	SELECT p.hospital_id, p.sealed_for, p.at, p.act, p.who, p.sealed_for, p.words FROM operator_act p WHERE p.words IS NOT NULL;
GRANT SELECT ON said TO zhifu_operator;

/* zhifuctl over a real database: what it shows, what it lets a person do and what it refuses, and the keys' rotation.
 */
#include "ctl_claims.h"

/* ---- claims ---- */

static void claim_is_shown(void **state)
{
	(void)state;
	struct made made = make_claim(4, "alpha");
	assert_ctl(&world, 0, "claim show %s --json", made.ref);
	json_t *claim = world_json(&world);
	assert_string_equal(json_string_value(json_object_get(claim, "ref")), made.ref);
	json_t *charged = json_object_get(claim, "charged");
	assert_string_equal(json_string_value(json_object_get(charged, "amount")), "1878.35");
	assert_string_equal(json_string_value(json_object_get(charged, "currency")), "CNY");
	assert_string_equal(json_string_value(json_object_get(claim, "received_at")), "2026-11-21T12:05:06.000+08:00");
	json_t *axis = json_array_get(json_object_get(claim, "axes"), 0);
	assert_string_equal(json_string_value(json_object_get(axis, "state")), "held");
	assert_int_equal(json_array_size(json_object_get(claim, "axes")), 5);
	json_t *next = json_array_get(json_object_get(claim, "next"), 0);
	assert_string_equal(json_string_value(json_object_get(next, "owner")), "insurance-desk");
	json_decref(claim);

	assert_ctl(&world, 0, "claim show %s", made.ref);
	assert_non_null(strstr(world.out, "1,878.35 CNY"));
	assert_non_null(strstr(world.out, "2026-11-21 12:05:06 +08:00"));
	assert_non_null(strstr(world.out, "Alpha 健康保险"));
	assert_ctl(&world, 0, "claim show %s --zh", made.ref);
	assert_non_null(strstr(world.out, "理赔单"));
	/* a ref with a wrong check character, and one that nobody has */
	char wrong[REF_TEXT_LEN];
	memcpy(wrong, made.ref, sizeof(wrong));
	wrong[15] = wrong[15] == '0' ? '1' : '0';
	assert_ctl(&world, 2, "claim show %s", wrong);
	ref_new("HZ1", wrong);
	assert_ctl(&world, 1, "claim show %s", wrong);
	ref_new("XX9", wrong);
	assert_ctl(&world, 2, "claim show %s", wrong);
}

static void claims_are_listed(void **state)
{
	(void)state;
	struct made a = make_claim(2, NULL);
	struct made b = make_claim(2, NULL);
	struct made c = make_claim(2, NULL);
	assert_ctl(&world, 0, "claim list --state transport=no_route --limit 2 --json");
	json_t *page = world_json(&world);
	json_t *claims = json_object_get(page, "claims");
	assert_int_equal(json_array_size(claims), 2);
	assert_string_equal(json_string_value(json_object_get(json_array_get(claims, 0), "ref")), c.ref);
	assert_string_equal(json_string_value(json_object_get(page, "next")), b.ref);
	json_decref(page);
	assert_ctl(&world, 0, "claim list --state transport=no_route --limit 2 --after %s --json", b.ref);
	page = world_json(&world);
	assert_int_equal(json_array_size(json_object_get(page, "claims")), 1);
	assert_true(json_is_null(json_object_get(page, "next")));
	json_decref(page);
	assert_non_null(strstr(world.out, a.ref));
	assert_ctl(&world, 0, "claim list --hospital RY2");
	assert_non_null(strstr(world.out, "no claims"));
	assert_ctl(&world, 0, "claim list --since 2099-01-01");
	assert_non_null(strstr(world.out, "no claims"));
	assert_ctl(&world, 2, "claim list --insurer nope");
	assert_non_null(strstr(world.err, "\"nope\""));
	assert_ctl(&world, 2, "claim list --state transport=lost");
	assert_non_null(strstr(world.err, "waiting_consent"));
	assert_ctl(&world, 2, "claim list --limit 0");
	assert_ctl(&world, 2, "claim list --since 2026-13-01");
}

/* What people wrote of it is told to who asks, and stands in no row. */
static void said(const char *what, const char *words)
{
	assert_ctl(&world, 0, "money said %s --who wang", what);
	assert_non_null(strstr(world.out, words));
	assert_int_equal(
		world_count(&world,
			"SELECT (SELECT count(*) FROM zhifu.claim_event t WHERE t::text LIKE '%%%s%%') + (SELECT count(*) FROM zhifu.operator_act t"
			" WHERE t::text LIKE '%%%s%%') + (SELECT count(*) FROM zhifu.message t WHERE t::text LIKE '%%%s%%')"
			" + (SELECT count(*) FROM zhifu.exchange t WHERE t::text LIKE '%%%s%%') + (SELECT count(*) FROM zhifu.fact t"
			" WHERE t::text LIKE '%%%s%%') + (SELECT count(*) FROM zhifu.outbox t WHERE t::text LIKE '%%%s%%')",
			words, words, words, words, words, words),
		0);
	assert_int_equal(
		world_count(&world,
			"SELECT count(*) FROM zhifu.operator_act WHERE act LIKE '%%.said' AND who = 'wang' AND subject = '%s'",
			what),
		1);
}

static void held_claim_is_released_or_dropped(void **state)
{
	(void)state;
	struct made made = make_claim(4, "alpha");
	assert_ctl(&world, 2, "claim release %s --who li", made.ref); /* no reason */
	assert_int_equal(transport_of(&made), 4);
	assert_ctl(
		&world, 0, "claim release %s --who li --why 'looked at the first one, it is another visit'", made.ref);
	assert_int_equal(transport_of(&made), 1);
	assert_int_equal(work_of(&made, 1, 1), 1);
	assert_int_equal(
		world_count(&world,
			"SELECT count(*) FROM zhifu.claim_event WHERE claim_id = '%s' AND event = 'release' AND who = 'li'"
			" AND why = 'li said why'",
			uuid_text(&made.claim)),
		1);
	assert_ctl(&world, 0, "claim events %s", made.ref);
	assert_non_null(strstr(world.out, "li said why"));
	said(made.ref, "it is another visit");
	/* hold it again: its work goes */
	assert_ctl(&world, 0, "claim hold %s --who li --why 'wait for the doctor'", made.ref);
	assert_int_equal(transport_of(&made), 4);
	assert_int_equal(work_of(&made, 1, 1), 0);
	assert_ctl(&world, 0, "claim drop %s --who li --why 'a duplicate'", made.ref);
	assert_int_equal(transport_of(&made), 10);
	/* nothing leads out of there, and the text says so */
	assert_ctl(&world, 1, "claim release %s --who li --why again", made.ref);
	assert_non_null(strstr(world.err, "cancelled"));
}

static void queued_claim_is_held(void **state)
{
	(void)state;
	struct made made = make_claim(5, "alpha");
	make_message(&made, 1, 1, true);
	world_sql(&world,
		"INSERT INTO zhifu.outbox (hospital_id, work_id, role, kind, route, claim_id, exchange_id, message_id)"
		" VALUES ('%s', gen_random_uuid(), 2, 1, 'alpha:https', '%s', '%s', '%s')",
		HOSPITAL_A, uuid_text(&made.claim), uuid_text(&made.exchange), uuid_text(&made.message));
	assert_ctl(&world, 0, "claim hold %s --who li --why wait", made.ref);
	assert_int_equal(work_of(&made, 2, 1), 0);
	assert_int_equal(world_count(&world, "SELECT status::int8 FROM zhifu.message WHERE message_id = '%s'",
				 uuid_text(&made.message)),
		6);
	assert_ctl(&world, 0, "claim release %s --who li --why go", made.ref);
	assert_int_equal(work_of(&made, 1, 1), 1);
	/* what arrived cannot be held any more */
	struct made sent = make_claim(8, "alpha");
	assert_ctl(&world, 1, "claim hold %s --who li --why late", sent.ref);
	assert_int_equal(transport_of(&sent), 8);
}

static void claim_without_route_is_routed(void **state)
{
	(void)state;
	struct made made = make_claim(2, NULL);
	assert_ctl(&world, 2, "claim route %s beta --who li --why 'card shows it'", made.ref);
	assert_ctl(&world, 0, "claim route %s alpha --who li --why 'card shows it'", made.ref);
	assert_int_equal(transport_of(&made), 1);
	assert_int_equal(work_of(&made, 1, 1), 1);
	assert_int_equal(world_count(&world,
				 "SELECT count(*) FROM zhifu.claim_state WHERE claim_id = '%s' AND insurer = 'alpha'",
				 uuid_text(&made.claim)),
		1);
	/* one that was found to be a duplicate at the door is held as such now */
	struct made twin = make_claim(2, NULL);
	world_sql(&world, "UPDATE zhifu.claim SET duplicate_of = '%s' WHERE claim_id = '%s'", uuid_text(&made.claim),
		uuid_text(&twin.claim));
	assert_ctl(&world, 0, "claim route %s alpha --who li --why 'card shows it'", twin.ref);
	assert_int_equal(transport_of(&twin), 4);
	assert_int_equal(work_of(&twin, 1, 1), 0);

	/* Two equal ones that came without a route: the first to be routed goes, the other one waits for a person. */
	struct made equal[2] = {make_claim(2, NULL), make_claim(2, NULL)};
	for (int i = 0; i < 2; i++)
		world_sql(&world,
			"INSERT INTO zhifu.claim_print_waiting SELECT hospital_id, h, claim_id FROM zhifu.claim,"
			" unnest(ARRAY['\\x01', '\\x0%d']::bytea[]) h WHERE claim_id = '%s'",
			2 + i, uuid_text(&equal[i].claim));
	assert_ctl(&world, 0, "claim route %s alpha --who li --why 'card shows it'", equal[1].ref);
	assert_int_equal(transport_of(&equal[1]), 1);
	assert_int_equal(work_of(&equal[1], 1, 1), 1);
	assert_ctl(&world, 0, "claim route %s alpha --who li --why 'card shows it'", equal[0].ref);
	assert_int_equal(transport_of(&equal[0]), 4);
	assert_int_equal(work_of(&equal[0], 1, 1), 0);
	assert_int_equal(
		world_count(&world,
			"SELECT count(*) FROM zhifu.claim_event WHERE claim_id = '%s' AND event = 'duplicate_suspected' AND why LIKE '%%%s'",
			uuid_text(&equal[0].claim), equal[1].ref),
		1);
	/* What is held counts on with its fingerprints; the one that went has the others. */
	assert_int_equal(world_count(&world, "SELECT count(*) FROM zhifu.claim_print_waiting"), 2);
	assert_int_equal(world_count(&world, "SELECT count(*) FROM zhifu.claim_print_waiting WHERE claim_id = '%s'",
				 uuid_text(&equal[0].claim)),
		2);
}

static void unknown_claim_is_sent_again_once(void **state)
{
	(void)state;
	struct made made = make_claim(7, "alpha");
	make_message(&made, 1, 3, true);
	assert_ctl(&world, 0, "queue unknown");
	assert_non_null(strstr(world.out, made.ref));
	assert_ctl(&world, 0, "claim resend %s --who li --why 'Ms. Chen of Alpha: not there'", made.ref);
	assert_int_equal(transport_of(&made), 5);
	assert_int_equal(work_of(&made, 2, 1), 1);
	assert_ctl(&world, 1, "claim resend %s --who li --why again", made.ref);
	assert_int_equal(work_of(&made, 2, 1), 1);

	struct made there = make_claim(7, "alpha");
	make_message(&there, 1, 3, true);
	assert_ctl(&world, 0, "claim arrived %s --who li --why 'Ms. Chen of Alpha: there'", there.ref);
	assert_int_equal(transport_of(&there), 8);
	assert_int_equal(
		world_count(&world,
			"SELECT count(*) FROM zhifu.posting p JOIN zhifu.claim_state s USING (hospital_id, claim_id)"
			" JOIN zhifu.claim c USING (hospital_id, claim_id) WHERE p.claim_id = '%s' AND p.rule = 'bill'"
			" AND p.amount_minor = c.total_minor AND s.books = 1",
			uuid_text(&there.claim)),
		1);
}

/* ---- messages ---- */

static void content_is_shown_only_when_recorded(void **state)
{
	(void)state;
	struct made made = make_claim(8, "alpha");
	make_message(&made, 1, 4, true);
	const char *id = uuid_text(&made.message);
	assert_ctl(&world, 0, "message show %s", id);
	assert_null(strstr(world.out, "王小明"));
	assert_non_null(strstr(world.out, "POST submit"));
	assert_null(strstr(world.out, "/Claim"));
	assert_ctl(&world, 2, "message show %s --raw --who li --why look", id);
	assert_ctl(&world, 2, "message show %s --raw --reveal-person --who li", id);
	assert_int_equal(
		world_count(&world, "SELECT count(*) FROM zhifu.operator_act WHERE act = 'message.reveal'"), 0);
	assert_ctl(&world, 0, "message show %s --raw --reveal-person --who li --why 'the insurer asks'", id);
	assert_non_null(strstr(world.out, "王小明"));
	assert_int_equal(
		world_count(&world,
			"SELECT count(*) FROM zhifu.operator_act WHERE act = 'message.reveal' AND who = 'li' AND subject = '%s'",
			id),
		1);
	/* it arrived: it does not go again */
	assert_ctl(&world, 1, "message replay %s --who li --why again", id);
	assert_non_null(strstr(world.err, "it has arrived"));
	assert_ctl(&world, 1, "message show 019ab000-0000-7000-8000-00000000ffff");
}

static void message_is_replayed(void **state)
{
	(void)state;
	struct made made = make_claim(7, "alpha");
	make_message(&made, 1, 3, true);
	const char *id = uuid_text(&made.message);
	world_file(&world, "edited", "POST submit /Claim\nContent-Type: application/fhir+json\n\n{\"edited\":1}", 0600);
	assert_ctl(&world, 0, "message replay %s --who li --why try --dry-run", id);
	assert_int_equal(transport_of(&made), 7);
	assert_int_equal(work_of(&made, 2, 1), 0);
	assert_ctl(&world, 0, "message replay %s --edit '%s/edited' --who li --why 'they have nothing' --json", id,
		world.folder);
	json_t *done = world_json(&world);
	struct uuid fresh = uuid_of(json_string_value(json_object_get(done, "id")));
	json_decref(done);
	assert_int_equal(transport_of(&made), 5);
	assert_int_equal(
		world_count(&world,
			"SELECT count(*) FROM zhifu.message m JOIN zhifu.outbox o USING (message_id) WHERE m.message_id = '%s'"
			" AND m.replay_of = '%s' AND m.replay_who = 'li' AND m.status = 1 AND o.route = 'alpha:https'",
			uuid_text(&fresh), id),
		1);
	assert_ctl(&world, 0, "message show %s --raw --reveal-person --who li --why look", uuid_text(&fresh));
	assert_non_null(strstr(world.out, "edited"));
	/* the old one is out of the race */
	assert_ctl(&world, 1, "message replay %s --who li --why again", id);

	struct made in = make_claim(8, "alpha");
	make_message(&in, 2, 13, false);
	assert_ctl(&world, 0, "queue quarantine");
	assert_non_null(strstr(world.out, in.ref));
	/* what is no content any more is refused, also when only tried: one that came in begins with a status */
	const char *bad[] = {
		"POST submit /Claim\n\n{}", "{\"resourceType\":\"Bundle\"}", "200\nno end of the head", ""};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		world_file(&world, "edited", bad[i], 0600);
		assert_ctl(&world, 1, "message replay %s --edit '%s/edited' --who li --why try --dry-run",
			uuid_text(&in.message), world.folder);
		assert_non_null(strstr(world.err, "edited\" is not as message show --raw prints"));
	}
	world_file(&world, "edited", "200\nContent-Type: text/plain\n\nok", 0600);
	assert_ctl(&world, 0, "message replay %s --edit '%s/edited' --who li --why try --dry-run",
		uuid_text(&in.message), world.folder);
	assert_ctl(&world, 0, "message replay %s --who li --why 'adapter repaired'", uuid_text(&in.message));
	assert_int_equal(work_of(&in, 1, 2), 1);
}

static void quarantine_counts_once_and_can_be_left(void **state)
{
	(void)state;
	world_sql(&world, "UPDATE zhifu.message SET status = 12 WHERE direction = 2 AND problem");
	struct made in = make_claim(8, "alpha");
	make_message(&in, 2, 13, false);
	const char *exchange = uuid_text(&in.exchange), *id = uuid_text(&in.message);
	world_sql(&world, "UPDATE zhifu.exchange SET status = 3, why = 'garbled' WHERE exchange_id = '%s'", exchange);
	assert_ctl(&world, 0, "queue list --json");
	assert_non_null(strstr(world.out, "\"quarantined\":1,"));
	assert_ctl(&world, 0, "queue quarantine");
	assert_non_null(strstr(world.out, id));
	assert_null(strstr(world.out, exchange));
	/* the exchange's id is told to be one, and where its messages are */
	assert_ctl(&world, 1, "message show %s", exchange);
	assert_non_null(strstr(world.err, "exchange with alpha"));
	assert_non_null(strstr(world.err, id));

	assert_ctl(&world, 2, "message drop %s --who li", id);
	assert_ctl(&world, 0, "message drop %s --who li --why 'they sent it anew'", id);
	assert_ctl(&world, 0, "queue quarantine");
	assert_non_null(strstr(world.out, "nothing is quarantined"));
	assert_ctl(&world, 0, "message show %s", id);
	assert_non_null(strstr(world.out, "dropped by li"));
	assert_int_equal(
		world_count(&world,
			"SELECT count(*) FROM zhifu.operator_act WHERE act = 'message.drop' AND who = 'li' AND subject = '%s'",
			id),
		1);
	said(id, "they sent it anew");
	assert_ctl(&world, 1, "message drop %s --who li --why again", id);
	/* one that has no message to blame */
	world_sql(&world, "UPDATE zhifu.exchange SET status = 3 WHERE exchange_id = '%s'", exchange);
	assert_ctl(&world, 0, "queue quarantine");
	assert_non_null(strstr(world.out, exchange));
	assert_ctl(&world, 0, "message drop %s --who li --why 'the module is repaired'", exchange);
	assert_ctl(&world, 0, "queue quarantine");
	assert_non_null(strstr(world.out, "nothing is quarantined"));
	/* what went out is no such thing */
	struct made out = make_claim(7, "alpha");
	make_message(&out, 1, 3, true);
	assert_ctl(&world, 1, "message drop %s --who li --why no", uuid_text(&out.message));
}

/* ---- queue, insurers ---- */

static void routes_are_stopped(void **state)
{
	(void)state;
	assert_ctl(&world, 2, "queue hold beta:https --who li --why x");
	assert_ctl(&world, 0, "queue hold alpha:https --who li --why 'they asked us to'");
	assert_int_equal(
		world_count(&world,
			"SELECT count(*) FROM zhifu.route_lease WHERE route = 'alpha:https' AND stopped AND stopped_by = 'li'"),
		1);
	assert_ctl(&world, 0, "insurer list");
	assert_non_null(strstr(world.out, "STOPPED"));
	assert_non_null(strstr(world.out, "they asked us to"));
	assert_ctl(&world, 0, "insurer list --json");
	json_t *listed = world_json(&world);
	json_t *stopped = json_array_get(json_object_get(listed, "routes"), 0);
	assert_string_not_equal(json_string_value(json_object_get(stopped, "breaker")), "STOPPED");
	assert_true(json_is_true(json_object_get(stopped, "stopped")));
	json_decref(listed);
	assert_ctl(&world, 0, "status");
	assert_non_null(strstr(world.out, "does not answer"));
	assert_non_null(strstr(world.out, "routes that a person stopped"));
	assert_non_null(strstr(world.out, "li: they asked us to"));
	assert_ctl(&world, 0, "queue release alpha:https --who li --why done");
	assert_ctl(&world, 1, "queue release alpha:https --who li --why done");
	assert_int_equal(world_count(&world, "SELECT count(*) FROM zhifu.route_lease WHERE stopped"), 0);
	assert_ctl(&world, 1, "insurer test alpha --json");
	json_t *tested = world_json(&world);
	json_t *endpoint = json_array_get(json_object_get(tested, "endpoints"), 0);
	assert_string_equal(json_string_value(json_object_get(endpoint, "ok")), "no");
	json_decref(tested);

	struct made made = make_claim(1, "alpha");
	world_sql(&world,
		"INSERT INTO zhifu.outbox (hospital_id, work_id, role, kind, claim_id, crashes)"
		" VALUES ('%s', '019ab000-0000-7000-8000-00000000aaaa', 1, 1, '%s', 3)",
		HOSPITAL_A, uuid_text(&made.claim));
	assert_ctl(&world, 0, "claim show %s", made.ref);
	assert_non_null(strstr(world.out, "019ab000-0000-7000-8000-00000000aaaa"));
	assert_ctl(&world, 0, "queue list --role translate --json");
	assert_ctl(&world, 0, "queue hold 019ab000-0000-7000-8000-00000000aaaa --who li --why look");
	assert_ctl(&world, 0, "queue held");
	assert_non_null(strstr(world.out, made.ref));
	assert_ctl(&world, 0, "queue release 019ab000-0000-7000-8000-00000000aaaa --who li --why go");
	assert_int_equal(world_count(&world, "SELECT count(*) FROM zhifu.outbox WHERE held OR crashes > 0"), 0);
	assert_ctl(&world, 1, "queue hold 019ab000-0000-7000-8000-00000000aaab --who li --why look");
	assert_ctl(&world, 2, "queue list --role nobody");
}

/* ---- ledger ---- */

static void ledger_balances_or_fails(void **state)
{
	(void)state;
	struct made made = make_claim(8, "alpha");
	world_sql(&world,
		"INSERT INTO zhifu.fact (hospital_id, fact_id, claim_id, insurer, kind, status)"
		" VALUES ('%s', '%s', '%s', 'alpha', 3, 2);"
		"INSERT INTO zhifu.posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency, exponent, book_minor, book_day, rule, claim_id, source_id)"
		" VALUES ('%s', '%s', 1, 'AR-PT', 'AR-ALPHA', 37835, 'CNY', 2, 37835, '2026-11-21', 'patient_share', '%s', '%s')",
		HOSPITAL_A, uuid_text(&made.exchange), uuid_text(&made.claim), HOSPITAL_A, uuid_text(&made.message),
		uuid_text(&made.claim), uuid_text(&made.exchange));
	assert_ctl(&world, 0, "ledger balance");
	assert_non_null(strstr(world.out, "\nbalanced\n"));
	assert_non_null(strstr(world.out, "378.35 CNY"));
	assert_ctl(&world, 0, "ledger show --claim %s", made.ref);
	assert_non_null(strstr(world.out, "patient_share"));
	assert_ctl(&world, 0, "ledger show --account AR-PT --from 2026-11-22 --json");
	assert_string_equal(world.out, "{\"postings\":[],\"cut\":false}\n");
	assert_ctl(&world, 0, "claim show %s", made.ref);
	assert_non_null(strstr(world.out, "open from the insurer"));
	assert_non_null(strstr(world.out, "1,500.00 CNY"));
	/* one that arrived and has no receivable is found, and a posting out of nowhere */
	world_sql(&world, "UPDATE zhifu.claim_state SET books = 0 WHERE claim_id = '%s'", uuid_text(&made.claim));
	assert_ctl(&world, 1, "ledger balance --hospital HZ1");
	assert_non_null(strstr(world.out, "claims that arrived and were not billed"));
	world_sql(&world, "UPDATE zhifu.claim_state SET books = 1 WHERE claim_id = '%s'", uuid_text(&made.claim));
	world_sql(&world,
		"INSERT INTO zhifu.posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency, exponent, book_minor, book_day, rule, source_id)"
		" VALUES ('%s', gen_random_uuid(), 1, 'AR-ALPHA', 'REV-MED', 1, 'CNY', 2, 1, '2026-11-21', 'bill', gen_random_uuid())",
		HOSPITAL_A);
	assert_ctl(&world, 1, "ledger balance --hospital HZ1");
	assert_non_null(strstr(world.out, "NOT BALANCED"));
	assert_ctl(&world, 0, "ledger balance --hospital RY2");
	world_sql(&world, "DELETE FROM zhifu.posting WHERE claim_id IS NULL");
}

static void exports_and_consents_are_shown(void **state)
{
	(void)state;
	struct made made = make_claim(3, "alpha");
	assert_ctl(&world, 0, "consent list %s", made.ref);
	assert_non_null(strstr(world.out, "no consent"));
	world_sql(&world,
		"INSERT INTO zhifu.consent (hospital_id, consent_id, patient_key_id, in_force, recipients, purposes, content)"
		" VALUES ('%s', gen_random_uuid(), '%s', true, ARRAY['alpha'], ARRAY['HPAYMT'], '');"
		"INSERT INTO zhifu.export_count VALUES ('%s', 2026, 7)",
		HOSPITAL_A, uuid_text(&patient), HOSPITAL_A);
	assert_ctl(&world, 0, "consent list %s", made.ref);
	assert_non_null(strstr(world.out, "HPAYMT"));
	assert_ctl(&world, 0, "claim show %s --json", made.ref);
	assert_non_null(strstr(world.out, "\"basis_now\":\"consent\""));
	assert_ctl(&world, 0, "consent list %s --json", made.ref);
	assert_non_null(strstr(world.out, "\"says\":\"permits\",\"in_force\":true"));
	/* a later refusal, whatever its identifier, is told as one, and what it overrules does not count */
	world_sql(&world,
		"INSERT INTO zhifu.consent (hospital_id, consent_id, patient_key_id, in_force, content, created_at)"
		" VALUES ('%s', '019ab000-0000-7000-8000-00000000dead', '%s', false, '', now() + interval '1 second')",
		HOSPITAL_A, uuid_text(&patient));
	assert_ctl(&world, 0, "consent list %s --json", made.ref);
	assert_non_null(strstr(world.out, "dead\",\"says\":\"refuses\",\"in_force\":true"));
	assert_non_null(strstr(world.out, "\"says\":\"permits\",\"in_force\":false"));
	assert_ctl(&world, 0, "claim show %s --json", made.ref);
	assert_non_null(strstr(world.out, "\"basis_now\":\"none\""));
	assert_ctl(&world, 0, "export show --hospital HZ1");
	assert_non_null(strstr(world.out, "2026"));
}

/* ---- keys ---- */

static void keys_rotate(void **state)
{
	(void)state;
	struct made made = make_claim(8, "alpha");
	make_message(&made, 1, 4, false);
	world_sql(&world, "INSERT INTO zhifu.export_person SELECT hospital_id, 2026, hash FROM zhifu.patient_lookup");
	assert_ctl(&world, 0, "key rotate master");
	assert_ctl(&world, 0, "key rotate lookup");
	assert_ctl(&world, 2, "key rotate patient");
	/* a third look-up key would hide patients that were not hashed anew: not without being told to */
	assert_ctl(&world, 2, "key rotate lookup");
	assert_ctl(&world, 0, "key rewrap --json");
	assert_string_equal(world.out, "{\"rewrapped\":1,\"keys\":1,\"master\":2}\n");
	assert_ctl(&world, 0, "key rewrap --json");
	assert_string_equal(world.out, "{\"rewrapped\":0,\"keys\":1,\"master\":2}\n");
	/* nothing to retire before the hashes are there */
	assert_ctl(&world, 1, "key rehash --retire 1 --who li");
	assert_ctl(&world, 0, "key rehash --json");
	assert_string_equal(world.out, "{\"version\":2,\"patients\":1,\"hashes\":2,\"unreadable\":0}\n");
	assert_ctl(&world, 0, "key rehash --json");
	assert_string_equal(world.out, "{\"version\":2,\"patients\":0,\"hashes\":0,\"unreadable\":0}\n");
	assert_int_equal(world_count(&world, "SELECT count(*) FROM zhifu.patient_lookup"), 4);
	/* the person counts once in the year, before and after */
	assert_int_equal(world_count(&world, "SELECT count(*) FROM zhifu.export_person"), 4);
	/* the hash is the one that a new submission of the same card would make */
	char path[256];
	struct keyring *both = NULL;
	uint8_t hash[LOOKUP_HASH_BYTES];
	const struct bytes parts[2] = {
		{(const uint8_t *)"urn:card", 8}, {(const uint8_t *)"护照 E123", strlen("护照 E123")}};
	snprintf(path, sizeof(path), "%s/keys", world.folder);
	assert_int_equal(keyring_load(path, false, &both), 0);
	assert_int_equal(lookup_hash(both, 2, &hospital, LOOKUP_PATIENT, parts, 2, hash), 0);
	assert_int_equal(
		world_count(&world, "SELECT count(*) FROM zhifu.patient_lookup WHERE key_version = 2 AND hash = %s",
			sql_bytes(hash, sizeof(hash))),
		1);
	keyring_free(both);
	assert_ctl(&world, 0, "key rehash --retire 1 --who li");
	assert_int_equal(world_count(&world, "SELECT count(*) FROM zhifu.patient_lookup WHERE key_version = 1"), 0);
	assert_int_equal(world_count(&world, "SELECT count(*) FROM zhifu.export_person"), 2);
	assert_ctl(&world, 2, "key rehash --retire 2 --who li");
	assert_ctl(&world, 0, "key status");
	/* content sealed before all this still opens */
	assert_ctl(&world, 0, "message show %s --raw --reveal-person --who li --why look", uuid_text(&made.message));
	assert_non_null(strstr(world.out, "王小明"));
	/* with the old master key gone from the file as well; without the new one nothing opens, and status says so */
	snprintf(path, sizeof(path), "sed -i '/version = 1;/d; s/},$/}/' '%s/keys'", world.folder);
	assert_int_equal(system(path), 0);
	assert_ctl(&world, 0, "message show %s --raw --reveal-person --who li --why look", uuid_text(&made.message));
	assert_ctl(&world, 0, "key status");
	snprintf(path, sizeof(path), "rm '%s/keys'", world.folder);
	assert_int_equal(system(path), 0);
	assert_ctl(&world, 0, "key init '%s/keys'", world.folder);
	assert_ctl(&world, 1, "key init '%s/keys'", world.folder);
	assert_ctl(&world, 1, "key status");
	assert_non_null(strstr(world.out, "MISSING"));
	assert_ctl(&world, 1, "key rewrap");
}

/* Each command that help names has its paragraph in the manual, and the other way round as many. */
static void manual_has_each_command(void **state)
{
	(void)state;
	static char page[1 << 17];
	const char *root = getenv("ZHIFU_ROOT");
	char path[512];
	snprintf(path, sizeof(path), "%s/daemon/zhifuctl.8", root != NULL ? root : ".");
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	page[fread(page, 1, sizeof(page) - 1, file)] = '\0';
	fclose(file);
	assert_ctl(&world, 0, "help");
	int commands = 0, paragraphs = 0;
	for (char *line = strtok(world.out, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		char item[128];
		size_t n = 0;
		if (strncmp(line, "  zhifuctl ", 11) != 0) continue;
		for (const char *c = line + 11; *c == ' ' || (*c >= 'a' && *c <= 'z'); c++)
			if (n + 1 < sizeof(item)) item[n++] = *c;
		while (n > 0 && item[n - 1] == ' ') n--;
		/* "key rotate master|lookup": the words of a choice are arguments */
		item[n] = '\0';
		if (strcmp(item, "key rotate master") == 0) item[10] = '\0';
		char want[160];
		snprintf(want, sizeof(want), "\n.It Cm %s", item);
		if (strstr(page, want) == NULL) fail_msg("%s lacks \"%s\"", path, item);
		commands++;
	}
	for (const char *p = page; (p = strstr(p, "\n.It Cm ")) != NULL; p++) paragraphs++;
	assert_true(commands > 30);
	assert_int_equal(commands, paragraphs);
}

static void usage_is_checked(void **state)
{
	(void)state;
	assert_ctl(&world, 0, "help");
	assert_non_null(strstr(world.out, "claim show"));
	assert_ctl(&world, 2, "claim");
	assert_ctl(&world, 2, "claim show");
	assert_ctl(&world, 2, "claim show A B");
	assert_ctl(&world, 2, "claim list --colour red");
	assert_ctl(&world, 2, "claim list --limit");
	assert_ctl(&world, 0, "lifecycle --table");
	assert_ctl(&world, 0, "lifecycle --sql");
	assert_ctl(&world, 0, "lifecycle --dot");
	assert_non_null(strstr(world.out, "digraph"));
	assert_ctl(&world, 2, "lifecycle --dot --sql");
	/* neither the certificates nor the module that the configuration names are there: one run says both */
	assert_ctl(&world, 1, "conf check");
	assert_non_null(strstr(world.err, "certificate"));
	assert_non_null(strstr(world.err, "alpha"));
}

/* Whoever is on duty must see what runs while a file is broken: it is named, once, and the rest goes on. */
static void broken_file_is_left_out(void **state)
{
	(void)state;
	struct made made = make_claim(4, "alpha");
	char path[256];
	world_file(&world, "insurers.d/beta.conf", "name = \"Beta\n", 0600);
	world_file(&world, "hospitals.d/c.conf", "id = 7;\n", 0600);
	assert_ctl(&world, 0, "status");
	assert_non_null(strstr(world.out, "does not answer"));
	const char *told = strstr(world.err, "insurers.d/beta.conf:1: ");
	assert_non_null(told);
	assert_null(strstr(strchr(told, ':'), "beta.conf"));
	assert_non_null(strstr(world.err, "warning: "));
	assert_non_null(strstr(world.err, "hospitals.d/c.conf:1: "));
	assert_ctl(&world, 0, "claim show %s", made.ref);
	assert_non_null(strstr(world.out, "Alpha"));
	assert_ctl(&world, 0, "queue hold alpha:https --who li --why test");
	assert_ctl(&world, 0, "queue release alpha:https --who li --why test");
	/* what is asked of the broken one is refused */
	assert_ctl(&world, 2, "queue hold beta:https --who li --why test");
	assert_non_null(strstr(world.err, "insurers.d/beta.conf:1: "));
	/* the checker goes on being strict */
	assert_ctl(&world, 1, "conf check");
	snprintf(path, sizeof(path), "%s/insurers.d/beta.conf", world.folder);
	assert_int_equal(unlink(path), 0);
	snprintf(path, sizeof(path), "%s/hospitals.d/c.conf", world.folder);
	assert_int_equal(unlink(path), 0);
	assert_ctl(&world, 0, "status");
	assert_string_equal(world.err, "");
	/* without the main file there is nothing to go on with */
	snprintf(path, sizeof(path), "echo 'nonsense = 1;' >> '%s/zhifud.conf'", world.folder);
	assert_int_equal(system(path), 0);
	assert_ctl(&world, 1, "status");
	assert_non_null(strstr(world.err, "zhifud.conf:"));
	snprintf(path, sizeof(path), "sed -i /nonsense/d '%s/zhifud.conf'", world.folder);
	assert_int_equal(system(path), 0);
}

int main(void)
{
	int r = world_start(&world, "ctl");
	if (r == 77) {
		print_message("skipped: no PostgreSQL 15 or no zhifuctl\n");
		return 0;
	}
	if (r != 0) return 1;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(claim_is_shown),
		cmocka_unit_test(claims_are_listed),
		cmocka_unit_test(held_claim_is_released_or_dropped),
		cmocka_unit_test(queued_claim_is_held),
		cmocka_unit_test(claim_without_route_is_routed),
		cmocka_unit_test(unknown_claim_is_sent_again_once),
		cmocka_unit_test(content_is_shown_only_when_recorded),
		cmocka_unit_test(message_is_replayed),
		cmocka_unit_test(quarantine_counts_once_and_can_be_left),
		cmocka_unit_test(routes_are_stopped),
		cmocka_unit_test(ledger_balances_or_fails),
		cmocka_unit_test(exports_and_consents_are_shown),
		cmocka_unit_test(usage_is_checked),
		cmocka_unit_test(broken_file_is_left_out),
		cmocka_unit_test(manual_has_each_command),
		cmocka_unit_test(keys_rotate),
	};
	r = cmocka_run_group_tests(tests, group_begin, NULL);
	sealer_free(sealer);
	keyring_free(ring);
	world_stop(&world);
	return r;
}

/* What zhifuctl shows of answers that cannot be taken at their word, and what a person does about them. */
#include "ctl_claims.h"

/* What an insurer said that does not add up: in the list of what needs a person, with its arithmetic, until one has
 * settled it. */
static void answers_that_do_not_add_up_are_listed(void **state)
{
	(void)state;
	static const int statuses[] = {5, 3}, after[] = {2, 6};
	for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
		struct made made = make_claim(8, "alpha");
		struct uuid fact = uuid_new();
		const char *id = uuid_text(&fact);
		world_sql(&world,
			"INSERT INTO zhifu.fact (hospital_id, fact_id, claim_id, insurer, kind, status, why) SELECT hospital_id, '%s',"
			" claim_id, 'alpha', 3, %d, 'pays 1.01 of 1.00 赔付' FROM zhifu.claim_state WHERE claim_id = '%s'",
			id, statuses[i], uuid_text(&made.claim));
		assert_ctl(&world, 0, "queue quarantine");
		assert_non_null(strstr(world.out, id));
		assert_non_null(strstr(world.out, made.ref));
		assert_non_null(strstr(world.out, "pays 1.01 of 1.00 赔付"));
		assert_ctl(&world, 0, "queue list --json");
		assert_non_null(strstr(world.out, "\"refused_facts\":1,"));
		assert_ctl(&world, 0, "status");
		assert_non_null(strstr(world.out, "answers that do not fit or do not add up"));
		assert_ctl(&world, 0, "claim show %s --zh", made.ref);
		assert_non_null(strstr(world.out, "pays 1.01 of 1.00 赔付"));
		assert_non_null(strstr(world.out, statuses[i] == 5 ? "已入账,待核实" : "未采信"));
		assert_ctl(&world, 2, "message drop %s --who li", id);
		assert_ctl(&world, 0, "message drop %s --who li --why 'they correct it'", id);
		assert_ctl(&world, 0, "queue quarantine");
		assert_non_null(strstr(world.out, "nothing is quarantined"));
		assert_int_equal(
			world_count(&world,
				"SELECT count(*) FROM zhifu.fact WHERE fact_id = '%s' AND status = %d AND why LIKE 'dropped by li%%' AND why NOT LIKE '%%correct%%'",
				id, after[i]),
			1);
		assert_ctl(&world, 1, "message drop %s --who li --why again", id);
	}
}

/* The insurer had answered for it and lost it: there is no message in doubt, so it is translated anew. */
static void a_lost_claim_is_said_anew(void **state)
{
	(void)state;
	struct made made = make_claim(7, "alpha");
	make_message(&made, 1, 4, true);
	assert_ctl(&world, 1, "message replay %s --who li --why try", uuid_text(&made.message));
	assert_non_null(strstr(world.err, "claim resend"));
	assert_ctl(&world, 0, "claim resend %s --who li --why 'Ms. Chen of Alpha: not there'", made.ref);
	assert_int_equal(transport_of(&made), 1);
	assert_int_equal(work_of(&made, 1, 1), 1);
	assert_int_equal(work_of(&made, 2, 1), 0);
	/* where a message is in doubt, it is that one which goes again */
	struct made doubt = make_claim(7, "alpha");
	make_message(&doubt, 1, 3, true);
	world_sql(&world,
		"INSERT INTO zhifu.outbox (hospital_id, work_id, role, kind, claim_id, message_id)"
		" SELECT hospital_id, gen_random_uuid(), 1, 3, claim_id, '%s' FROM zhifu.claim_state WHERE claim_id = '%s'",
		uuid_text(&doubt.message), uuid_text(&doubt.claim));
	assert_ctl(&world, 1, "claim release %s --who li --why try", doubt.ref);
	assert_non_null(strstr(world.err, "claim resend"));
	assert_int_equal(transport_of(&doubt), 7);
	assert_int_equal(work_of(&doubt, 1, 3), 1);
	/* and what was to follow from its failure does not: it would end the exchange in which it is answered */
	assert_ctl(&world, 0, "claim resend %s --who li --why 'not there'", doubt.ref);
	assert_int_equal(work_of(&doubt, 1, 3), 0);
}

/* Said to have arrived: who denies it is shown to a person, who may take the word back, and nobody else's. */
static void a_word_that_it_arrived_is_taken_back(void **state)
{
	(void)state;
	struct made made = make_claim(7, "alpha");
	make_message(&made, 1, 3, true);
	assert_ctl(&world, 1, "claim missing %s --who li --why try", made.ref);
	assert_non_null(strstr(world.err, "only a person's word that it arrived"));
	assert_ctl(&world, 0, "claim arrived %s --who li --why 'Ms. Chen of Alpha: there'", made.ref);
	assert_int_equal(work_of(&made, 1, 5), 1);
	assert_ctl(&world, 1, "claim hold %s --who li --why try", made.ref);
	assert_non_null(strstr(world.err, "possible here: claim missing"));
	assert_ctl(&world, 0, "claim show %s", made.ref);
	assert_null(strstr(world.out, "claim missing"));
	world_sql(&world, "UPDATE zhifu.claim_state SET vouched = 2 WHERE claim_id = '%s'", uuid_text(&made.claim));
	assert_ctl(&world, 0, "claim show %s", made.ref);
	assert_non_null(strstr(world.out, "the insurer says that it has not got it"));
	assert_ctl(&world, 0, "claim show %s --zh", made.ref);
	assert_non_null(strstr(world.out, "保险公司称未收到"));
	assert_ctl(&world, 0, "claim missing %s --who li --why 'Ms. Chen of Alpha: not there'", made.ref);
	assert_int_equal(transport_of(&made), 7);
	assert_int_equal(work_of(&made, 1, 5), 1);
	assert_ctl(&world, 0, "claim resend %s --who li --why 'not there'", made.ref);
	assert_int_equal(transport_of(&made), 1);
	/* What the insurer answered for itself is not a person's to take back. */
	struct made sent = make_claim(8, "alpha");
	assert_ctl(&world, 1, "claim missing %s --who li --why try", sent.ref);
	assert_non_null(strstr(world.err, "only a person's word that it arrived"));
	assert_ctl(&world, 1, "claim hold %s --who li --why try", sent.ref);
	assert_null(strstr(world.err, "claim missing"));
}

int main(void)
{
	int r = world_start(&world, "ctl-answers");
	if (r == 77) {
		print_message("skipped: no PostgreSQL 15 or no zhifuctl\n");
		return 0;
	}
	if (r != 0) return 1;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_that_do_not_add_up_are_listed),
		cmocka_unit_test(a_lost_claim_is_said_anew),
		cmocka_unit_test(a_word_that_it_arrived_is_taken_back),
	};
	r = cmocka_run_group_tests(tests, group_begin, NULL);
	sealer_free(sealer);
	keyring_free(ring);
	world_stop(&world);
	return r;
}

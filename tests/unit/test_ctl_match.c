/* What persons decide of money in suspense, through zhifuctl: by what payers are known and how that is forgotten, words
 * that stay, and books without a hole. Whole stories: tests/system/test_matching.py.
 */
#include "match_world.h"

#include "base/id.h"
#include "base/seal.h"
#include "ctl/match_desk.h"
#include "settle/match_round.h"

static int64_t known(void)
{
	return world_count(
		&world, "SELECT coalesce(sum(times), 0)::int8 FROM zhifu.match_payer WHERE remitter = 'Sunrise'");
}

static void an_undone_accept_teaches_nothing(void **state)
{
	char first[UUID_TEXT_LEN], second[UUID_TEXT_LEN];
	(void)state;
	owed(1, 50000);
	owed(2, 62000);
	snprintf(first, sizeof(first), "%s", allocate(line_of(2, "500,00", "SRA CLAIMS GMBH"), 1, "500.00"));
	assert_int_equal(known(), 1);
	snprintf(second, sizeof(second), "%s", allocate(line_of(3, "620,00", "SRA CLAIMS GMBH"), 2, "620.00"));
	assert_int_equal(known(), 2);
	/* What another one taught as well stays, until that is undone too. */
	undo(first);
	assert_int_equal(known(), 1);
	assert_ctl(&world, 0, "money payer list --hospital HZ1 --json");
	assert_non_null(strstr(world.out, second));
	undo(second);
	assert_int_equal(world_count(&world, "SELECT count(*) FROM zhifu.match_payer"), 0);
	/* What a person said, too. */
	assert_ctl(&world, 0, "money payer add Sunrise --name 'SRA Claims GmbH' --why letter --hospital HZ1 --who li");
	snprintf(first, sizeof(first), "%s", allocate(line_of(4, "500,00", "SRA CLAIMS GMBH"), 1, "500.00"));
	undo(first);
	assert_int_equal(known(), 1);
	assert_ctl(&world, 0, "ledger balance --hospital HZ1");
	assert_ctl(&world, 0, "money rules check --hospital HZ1");
}

static void a_person_forgets_a_payer(void **state)
{
	const char *line;
	(void)state;
	owed(1, 50000);
	line = line_of(2, "500,00", "SRA CLAIMS GMBH");
	(void)allocate(line, 1, "500.00");
	assert_ctl(&world, 0, "money payer add Sunrise --account 'DE12 3456' --why letter --hospital HZ1 --who li");
	line = line_of(3, "620,00", "SRA CLAIMS GMBH");
	world_sql(
		&world, "UPDATE zhifu.suspense SET payer = 'Sunrise'; UPDATE zhifu.match_item SET due_at = 'infinity'");
	assert_ctl(&world, 2, "money payer forget Sunrise --name 'SRA Claims GmbH' --hospital HZ1 --who li");
	assert_ctl(&world, 2, "money payer forget Sunrise --why x --hospital HZ1 --who li");
	/* Both or none; and whatever the look-up key was when it was learned. */
	assert_ctl(&world, 1,
		"money payer forget Sunrise --name 'SRA Claims GmbH' --account 77 --why x --hospital HZ1 --who li");
	assert_non_null(strstr(world.err, "not known by this account"));
	assert_int_equal(known(), 2);
	assert_ctl(&world, 0, "key rotate lookup");
	assert_ctl(&world, 0,
		"money payer forget Sunrise --name 'SRA Claims GmbH' --account 'DE123456' --why 'an agent of many' --hospital HZ1 --who li");
	assert_int_equal(known(), 0);
	assert_int_equal(
		world_count(&world, "SELECT count(*) FROM zhifu.operator_act WHERE act = 'payer.forget' AND who = 'li'"
				    " AND why = 'an agent of many'"),
		2);
	assert_int_equal(world_count(&world, "SELECT count(*) FROM zhifu.match_lesson"), 0);
	/* What waits as theirs is looked at again. */
	assert_string_equal(
		line, text("SELECT line_id::text FROM zhifu.match_item WHERE open_minor <> 0 AND due_at <= now()"));
	/* Neither without a person nor past the function. */
	assert_int_not_equal(db_sync_script(world.db, "SELECT zhifu.match_forget('" HOSPITAL_A
						      "', 'Sunrise', 1::int2, '{}', 'li', ' ')"),
		0);
	assert_int_not_equal(db_sync_script(world.db, "SET ROLE zhifu_operator; DELETE FROM zhifu.match_payer"), 0);
	world_sql(&world, "RESET ROLE");
}

/* What matching finds at its next look. */
static void looked(const char *line, const char *reason)
{
	world_sql(&world,
		"SELECT zhifu.match_store('" HOSPITAL_A
		"', '{%s}', '{0}', ARRAY(SELECT version FROM zhifu.match_item WHERE line_id = '%s'),"
		" '{1}', '{%s}', '{NULL}', '{60}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}')",
		line, line, reason);
}

/* As hex, sealed under the hospital's key as the line's. */
static void sealed_hex(const char *line, struct text_span plain, char *ret, size_t size)
{
	struct arena arena CLEANUP(arena_free);
	struct keyring *ring = NULL;
	struct sealer *sealer = NULL;
	struct pg_result *rows = NULL;
	struct uuid hospital, id;
	struct bytes wrapped, sealed;
	struct key key;
	char path[160];

	arena_init(&arena, 1u << 20);
	snprintf(path, sizeof(path), "%s/keys", world.folder);
	assert_int_equal(keyring_load(path, false, &ring), 0);
	assert_int_equal(sealer_new(&sealer), 0);
	assert_int_equal(uuid_parse(HOSPITAL_A, &hospital) + uuid_parse(line, &id), 0);
	assert_int_equal(
		db_sync_query(world.db, "SELECT wrapped FROM zhifu.hospital_key WHERE hospital_id = '" HOSPITAL_A "'",
			NULL, &rows),
		0);
	wrapped = db_rows_bytes(rows, 0, 0);
	assert_int_equal(key_unwrap_master(ring, &hospital, wrapped.ptr, wrapped.len, &key), 0);
	assert_int_equal(seal(sealer, &key, &id, SEAL_FACT, (struct bytes){(const uint8_t *)plain.ptr, plain.len},
				 &arena, &sealed),
		0);
	assert_true(2 * sealed.len < size);
	for (size_t i = 0; i < sealed.len; i++) sprintf(ret + 2 * i, "%02x", sealed.ptr[i]);
	db_sync_rows_free(rows);
	sealer_free(sealer);
	keyring_free(ring);
}

/* The answer that matching has found, in place of another: so much for that claim, and so much kept on the way. Returns
 * how it is named. */
static const char *candidate(const char *line, int claim, int amount, int charge)
{
	static char name[MATCH_NAME_SIZE];
	struct match_allot part = {.kind = MATCH_PART_PAYMENT,
		.has_claim = true,
		.owed = "CNY",
		.owed_exponent = 2,
		.version = 1,
		.amount = amount,
		.cleared = amount + charge,
		.charge = {charge, charge}};
	struct match_choice choice = {
		.kind = MATCH_PAYMENT, .score = 400, .sound = true, .part_count = 1, .parts = &part};
	struct arena arena CLEANUP(arena_free);
	struct text_span json;
	uint8_t print[MATCH_PRINT_BYTES];
	char id[UUID_TEXT_LEN], hex[2 * MATCH_PRINT_BYTES + 1], content[4096];

	arena_init(&arena, 1u << 20);
	snprintf(id, sizeof(id), ID_A "%04d", claim);
	assert_int_equal(uuid_parse(id, &part.claim), 0);
	memcpy(part.ref, refs[claim], sizeof(part.ref));
	assert_int_equal(match_choice_write(&choice, &arena.zf, &json), 0);
	sealed_hex(line, json, content, sizeof(content));
	match_choice_print(&choice, print);
	for (size_t i = 0; i < sizeof(print); i++) sprintf(hex + 2 * i, "%02x", print[i]);
	world_sql(&world,
		"DELETE FROM zhifu.match_candidate WHERE line_id = '%s';"
		"INSERT INTO zhifu.match_candidate (hospital_id, line_id, part, no, kind, score, print, content) VALUES ('" HOSPITAL_A
		"', '%s', 0, 1, 0, 400, '\\x%s', '\\x%s')",
		line, line, hex, content);
	match_desk_name(1, &choice, name);
	return name;
}

/* The same words of the same person are written once, any others again. */
static void said_again(const char *line)
{
	static const struct {
		const char *act, *rest;
		int written;
	} said[] = {{"assign", "wang --why 'Berlin says: ours'", 0}, {"hold", "--why asked", 1},
		{"hold", "--why 'asked again'", 1}, {"release", "--why asked", 1}};

	for (size_t i = 0; i < ARRAY_LEN(said); i++) {
		int64_t before = world_count(&world, "SELECT count(*) FROM zhifu.operator_act");

		for (int n = 0; n < 2; n++)
			assert_ctl(&world, 0, "money suspense %s %s %s --hospital HZ1 --who wang", said[i].act, line,
				said[i].rest);
		assert_int_equal(
			world_count(&world, "SELECT count(*) FROM zhifu.operator_act"), before + said[i].written);
	}
}

static void a_persons_words_stay(void **state)
{
	const char *line;
	(void)state;
	owed(1, 50000);
	line = line_of(2, "620,00", "SOMEBODY");
	looked(line, "nobody is known");
	assert_string_equal(text("SELECT reason FROM zhifu.suspense"), "nobody is known");
	assert_ctl(&world, 0,
		"money suspense assign %s wang --why 'rang Sunrise, they ask Berlin' --hospital HZ1 --who li", line);
	looked(line, "several are known");
	assert_string_equal(text("SELECT reason FROM zhifu.suspense WHERE owner = 'wang'"), "li said why");
	assert_ctl(&world, 0, "money suspense list --hospital HZ1 --zh");
	assert_non_null(strstr(world.out, "li said why"));
	assert_ctl(&world, 0, "money match list --hospital HZ1");
	assert_non_null(strstr(world.out, "li said why"));
	assert_ctl(&world, 0, "money match show %s --hospital HZ1", line);
	assert_non_null(strstr(world.out, "li said why"));
	/* Also when a part of it finds its home, and another person changes them. */
	(void)allocate(line, 1, "500.00");
	looked(line, "several are known");
	assert_string_equal(
		text("SELECT reason FROM zhifu.suspense WHERE open_minor = 12000 AND owner = 'wang'"), "li said why");
	assert_ctl(
		&world, 0, "money suspense assign %s wang --why 'Berlin says: ours' --hospital HZ1 --who wang", line);
	looked(line, "several are known");
	assert_string_equal(text("SELECT reason FROM zhifu.suspense"), "wang said why");
	/* The words are sealed, as those of the allocation are. */
	assert_int_equal(
		world_count(&world, "SELECT count(*) FROM zhifu.operator_act a WHERE a::text LIKE '%%Berlin%%'"), 0);
	assert_int_equal(
		world_count(&world, "SELECT count(*) FROM zhifu.claim_event e WHERE e.why LIKE '%%theirs%%'"), 0);
	assert_ctl(&world, 0, "money said %s --hospital HZ1 --who zhao", line);
	assert_non_null(strstr(world.out, "rang Sunrise, they ask Berlin"));
	assert_non_null(strstr(world.out, "Berlin says: ours"));
	assert_non_null(strstr(world.out, "theirs"));
	/* Said again in the same words nothing is written; in others it is. */
	said_again(line);
	/* What does not open is named, and the others are shown. */
	world_sql(&world,
		"INSERT INTO zhifu.operator_act (hospital_id, who, act, subject, words, sealed_for) VALUES ('" HOSPITAL_A
		"', 'li', 'match.split', '%s', '\\xc0', '%s')",
		line, line);
	assert_ctl(&world, 1, "money said %s --hospital HZ1 --who zhao", line);
	assert_non_null(strstr(world.out, "does not open"));
	assert_non_null(strstr(world.out, "rang Sunrise, they ask Berlin"));
	assert_non_null(strstr(world.err, "none of the hospital's keys opens what was written"));
	/* Gone and come back it is another story. */
	owed(2, 12000);
	undo(allocate(line, 2, "120.00"));
	looked(line, "several are known");
	assert_string_equal(text("SELECT reason FROM zhifu.suspense WHERE owner IS NULL"), "several are known");
}

static int64_t version_of(const char *line)
{
	return world_count(&world, "SELECT version FROM zhifu.suspense WHERE line_id = '%s'", line);
}

/* What is told of a line has another version when it is another, and only then. */
static void another_look_is_another_version(void **state)
{
	const char *line;
	(void)state;
	owed(1, 60000);
	line = line_of(2, "620,00", "SOMEBODY");
	looked(line, "nobody is known");
	int64_t version = version_of(line);
	looked(line, "nobody is known");
	assert_int_equal(version_of(line), version);
	looked(line, "several are known");
	assert_int_equal(version_of(line), version + 1);
	assert_ctl(&world, 0, "money match note %s 'a call' --hospital HZ1 --who li", line);
	assert_int_equal(version_of(line), version + 2);
	assert_ctl(&world, 0, "money match split %s 20.00 --why two --hospital HZ1 --who li", line);
	assert_int_equal(version_of(line), version + 3);
	assert_ctl(&world, 0, "money match reject %s %s --why no --hospital HZ1 --who li", line,
		candidate(line, 1, 60000, 0));
	assert_int_equal(version_of(line), version + 4);
}

/* What /v1 would do, as its client li; the outcome, from a transaction that goes back. */
static int64_t act(
	const char *name, const char *id, const char *version, const char *number, const char *text, int64_t *ret_locks)
{
	world_sql(&world, "BEGIN; SET LOCAL zhifu.hospital_id = '" HOSPITAL_A "'");
	int64_t outcome = world_count(&world,
		"SELECT outcome FROM zhifu.api_act('" HOSPITAL_A
		"', 'li', NULL, NULL, '%s', '%s', %s, NULL, %s, '{100}', '{CNY}', %s, 'c0')",
		name, id, version, number, text);
	if (ret_locks != NULL)
		*ret_locks = world_count(
			&world, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()");
	world_sql(&world, "ROLLBACK");
	return outcome;
}

/* Settle takes matching's lock and then rows: who takes a row first and then the lock blocks it for ever. */
static void acts_take_the_lock_of_matching_first(void **state)
{
	static const char *const names[] = {"match.undo", "match.reject", "match.note", "match.split", "suspense.hold"};
	char allocation[UUID_TEXT_LEN];
	const char *line;
	(void)state;
	owed(1, 50000);
	line = line_of(2, "620,00", "SOMEBODY");
	snprintf(allocation, sizeof(allocation), "%s", allocate(line, 1, "500.00"));
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		int64_t locks = 0;
		/* refused for its version, which is read of the row */
		assert_int_equal(act(names[i], i == 0 ? allocation : line, "99", "1", "'00'", &locks), -3);
		if (locks != 1) fail_msg("%s: %d locks", names[i], (int)locks);
	}
}

static void held_money_is_left_alone(void **state)
{
	static const char *const names[] = {"match.undo", "match.reject", "match.split"};
	char allocation[UUID_TEXT_LEN];
	const char *line, *name;
	(void)state;
	owed(1, 50000);
	line = line_of(2, "620,00", "SOMEBODY");
	snprintf(allocation, sizeof(allocation), "%s", allocate(line, 1, "500.00"));
	name = candidate(line, 1, 12000, 0);
	assert_ctl(&world, 0, "money suspense hold %s --why papers --hospital HZ1 --who li", line);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_int_equal(act(names[i], i == 0 ? allocation : line, "NULL", "1", "'0a'", NULL), -7);
	assert_ctl(&world, 1, "money match split %s 20.00 --why two --hospital HZ1 --who li", line);
	assert_non_null(strstr(world.err, "it is held"));
	assert_ctl(&world, 1, "money match reject %s %s --why no --hospital HZ1 --who li --zh", line, name);
	assert_non_null(strstr(world.err, "已冻结"));
	assert_ctl(&world, 1, "money match undo %s --why no --hospital HZ1 --who li", allocation);
	assert_non_null(strstr(world.err, "it is held"));
	/* What is learned meanwhile is written down. */
	assert_ctl(&world, 0, "money match note %s 'they sent papers' --hospital HZ1 --who li", line);
	assert_ctl(&world, 0, "money suspense release %s --why papers --hospital HZ1 --who li", line);
	assert_ctl(&world, 0, "money match reject %s %s --why no --hospital HZ1 --who li", line, name);
	assert_ctl(&world, 0, "money match split %s 20.00 --why two --hospital HZ1 --who li", line);
	int64_t version = version_of(line);
	undo(allocation);
	assert_int_equal(version_of(line), version + 1);
}

/* What is taken is what was seen: its claim and every amount. */
static void a_candidate_that_changed_is_not_taken(void **state)
{
	static const char *const verbs[] = {"accept", "reject"};
	char seen[MATCH_NAME_SIZE];
	const char *line;
	(void)state;
	owed(1, 50000);
	owed(2, 50000);
	line = line_of(2, "490,00", "SOMEBODY");
	snprintf(seen, sizeof(seen), "%s", candidate(line, 1, 49000, 0));
	assert_ctl(&world, 0, "money match show %s --hospital HZ1", line);
	if (strstr(world.out, seen) == NULL) fail_msg("no \"%s\" in %s", seen, world.out);
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		assert_ctl(&world, 2, "money match %s %s 1 --why x --hospital HZ1 --who li", verbs[i], line);
		assert_non_null(strstr(world.err, "as money match show tells it"));
		(void)candidate(line, 1, 49000, 1000);
		assert_ctl(&world, 1, "money match %s %s %s --why x --hospital HZ1 --who li", verbs[i], line, seen);
		assert_non_null(strstr(world.err, "not what you saw"));
		(void)candidate(line, 2, 49000, 0);
		assert_ctl(
			&world, 1, "money match %s %s %s --why x --hospital HZ1 --who li --zh", verbs[i], line, seen);
		assert_non_null(strstr(world.err, "与您所见不同"));
	}
	assert_int_equal(
		world_count(&world, "SELECT count(*) FROM zhifu.match_rejected WHERE line_id = '%s'", line), 0);
	/* Neither past zhifuctl. */
	assert_int_equal(
		world_count(&world,
			"SELECT zhifu.match_reject('" HOSPITAL_A "', '%s', 0, 1::int2, NULL, 'li', 'c0')::int8", line),
		-1);
	/* Found again, it is what it was. */
	(void)candidate(line, 1, 49000, 0);
	assert_ctl(&world, 0, "money match accept %s %s --why x --hospital HZ1 --who li", line, seen);
	assert_int_equal(
		world_count(&world, "SELECT open_minor FROM zhifu.receivable WHERE claim_id = '" ID_A "0001'"), 1000);
	assert_ctl(&world, 0, "ledger balance --hospital HZ1");
	assert_ctl(&world, 0, "money rules check --hospital HZ1");
}

/* Money that comes back waits as something new: no version that was told of it before fits. */
static void money_that_returns_has_another_version(void **state)
{
	char allocation[UUID_TEXT_LEN];
	const char *line;
	int64_t last = 0;
	(void)state;
	owed(1, 50000);
	line = line_of(2, "500,00", "SOMEBODY");
	for (int i = 0; i < 3; i++) {
		assert_true(version_of(line) > last);
		assert_ctl(&world, 0, "money match note %s 'a call' --hospital HZ1 --who li", line);
		last = version_of(line);
		snprintf(allocation, sizeof(allocation), "%s", allocate(line, 1, "500.00"));
		assert_int_equal(world_count(&world, "SELECT count(*) FROM zhifu.suspense"), 0);
		undo(allocation);
	}
	assert_true(version_of(line) > last);
}

static void notes_and_parts_have_an_end(void **state)
{
	const char *line;
	(void)state;
	line = line_of(2, "620,00", "SOMEBODY");
	world_sql(&world,
		"INSERT INTO zhifu.match_note (hospital_id, note_id, line_id, part, content, who)"
		" SELECT '" HOSPITAL_A "', gen_random_uuid(), '%s', 0, '', 'li' FROM generate_series(1, 49);"
		"INSERT INTO zhifu.match_item (hospital_id, line_id, part, amount_minor, open_minor, booked_day)"
		" SELECT '" HOSPITAL_A "', '%s', 1000000 + n, 0, 0, '2025-11-02' FROM generate_series(0, 998) AS n",
		line, line);
	assert_ctl(&world, 0, "money match note %s 'the last one' --hospital HZ1 --who li", line);
	assert_ctl(&world, 1, "money match note %s 'one more' --hospital HZ1 --who li", line);
	assert_non_null(strstr(world.err, "50 notes"));
	assert_ctl(&world, 1, "money match split %s 1.00 2.00 --why two --hospital HZ1 --who li", line);
	assert_non_null(strstr(world.err, "1000 parts"));
	assert_ctl(&world, 0, "money match split %s 1.00 --why two --hospital HZ1 --who li", line);
	assert_ctl(&world, 1, "money match split %s 1.00 --why two --hospital HZ1 --who li --zh", line);
	assert_non_null(strstr(world.err, "已达上限"));
	assert_int_equal(act("match.note", line, "NULL", "NULL", "'00'", NULL), -8);
	assert_int_equal(act("match.split", line, "NULL", "NULL", "NULL", NULL), -8);
}

/* The number of a candidate is another one's after another look: /v1 says which one it means. */
static void a_candidate_is_known_by_its_print(void **state)
{
	const char *line;
	(void)state;
	owed(1, 62000);
	line = line_of(2, "620,00", "SOMEBODY");
	(void)candidate(line, 1, 62000, 0);
	world_sql(&world, "UPDATE zhifu.match_candidate SET print = '\\x0a'");
	assert_int_equal(act("match.reject", line, "NULL", "1", "'0b'", NULL), -2);
	assert_int_equal(act("match.reject", line, "NULL", "2", "'0a'", NULL), -1);
	assert_int_equal(act("match.reject", line, "NULL", "1", "'0a'", NULL), 1);
}

static void a_move_that_vanished_leaves_no_hole(void **state)
{
	const char *line;
	(void)state;
	owed(1, 50000);
	line = line_of(2, "500,00", "SRA CLAIMS GMBH");
	/* Between the look at the claim and its move another one had it: its move comes back empty. */
	world_sql(&world,
		"CREATE TABLE public.kept AS SELECT pg_get_functiondef('zhifu.receivable_moves'::regproc) AS body;"
		"CREATE OR REPLACE FUNCTION zhifu.receivable_moves(p_hospital uuid, p_claim uuid[], p_version integer[], p_delta bigint[],"
		" p_standing smallint[], p_book bigint[]) RETURNS bigint[] LANGUAGE sql AS 'SELECT ARRAY[NULL::bigint]'");
	int r = ctl(&world, "money match allocate %s %s=500.00 --why theirs --hospital HZ1 --who li", line, refs[1]);
	world_sql(&world, "DO $$ BEGIN EXECUTE (SELECT body FROM public.kept); END $$; DROP TABLE public.kept");
	assert_int_equal(r, 1);
	assert_non_null(strstr(world.err, "moved on"));
	assert_int_equal(world_count(&world, "SELECT count(*) FROM zhifu.allocation"), 0);
	assert_int_equal(known(), 0);
	(void)allocate(line, 1, "500.00"); /* the next try */
	assert_int_equal(world_count(&world, "SELECT open_minor FROM zhifu.receivable"), 0);
	assert_ctl(&world, 0, "ledger balance --hospital HZ1");
	assert_ctl(&world, 0, "money rules check --hospital HZ1");
}

static void decided(int claim, int decision, const char *number)
{
	world_sql(&world,
		"INSERT INTO zhifu.adjudication (hospital_id, adjudication_id, claim_id, insurer, outcome, insurer_claim_no, currency, exponent,"
		" submitted_minor, benefit_minor, patient_minor, contract_minor, open_minor, content) VALUES ('" HOSPITAL_A
		"', '" ID_A "%04d', '" ID_A "%04d', 'alpha', 2, %s, 'CNY', 2, 0, 0, 0, 0, 0, '')",
		decision, claim, number);
}

static const char *number_of(int claim)
{
	return text("SELECT coalesce(insurer_number, '') FROM zhifu.match_claims('" HOSPITAL_A "', '" ID_A "0000', 100)"
		    " WHERE claim_id = '" ID_A "%04d'",
		claim);
}

/* By which numbers payers know a claim: what the insurer's answers said, else what its advices say. */
static void matching_knows_the_insurers_numbers(void **state)
{
	(void)state;
	owed(1, 50000);
	owed(2, 62000);
	assert_string_equal(number_of(1), "");
	world_sql(&world,
		"INSERT INTO zhifu.remittance (hospital_id, remittance_id, insurer, identifier, amount_minor, currency, exponent, balanced,"
		" content) VALUES ('" HOSPITAL_A "', '" ID_A "0100', 'alpha', 'R-1', 100, 'CNY', 2, true, '');"
		"INSERT INTO zhifu.remittance_detail (hospital_id, remittance_id, no, claim_id, insurer_claim_no, amount_minor, currency, exponent)"
		" VALUES ('" HOSPITAL_A "', '" ID_A "0100', 1, '" ID_A "0001', 'ADVICE-1', 100, 'CNY', 2),"
		" ('" HOSPITAL_A "', '" ID_A "0100', 2, '" ID_A "0002', NULL, 0, 'CNY', 2)");
	assert_string_equal(number_of(1), "ADVICE-1");
	assert_string_equal(number_of(2), "");
	decided(1, 201, "'ANSWER-1'");
	decided(1, 202, "NULL");
	assert_string_equal(number_of(1), "ANSWER-1");
	decided(1, 203, "'ANSWER-2'");
	assert_string_equal(number_of(1), "ANSWER-2");
}

static int64_t turns(void)
{
	return world_count(&world, "SELECT count(*) FROM zhifu.match_begin(1)");
}

static void an_advice_told_again_wakes(void **state)
{
	(void)state;
	world_sql(&world,
		"INSERT INTO zhifu.remittance (hospital_id, remittance_id, insurer, identifier, amount_minor, currency, exponent, balanced,"
		" content, created_at) VALUES ('" HOSPITAL_A "', '" ID_A
		"0100', 'alpha', 'R-1', 100, 'CNY', 2, true, '', now() - interval '1 day')");
	line_of(2, "620,00", "SOMEBODY"); /* begins a turn */
	/* It waits, and all was looked at. */
	world_sql(&world, "UPDATE zhifu.match_item SET wait = 1, due_at = now() + interval '6 hours'");
	world_sql(&world, "SELECT zhifu.match_keep(hospital_id, turn, 0, true, last_claim) FROM zhifu.match_turn");
	world_sql(&world, "UPDATE zhifu.match_turn SET looked_at = now() - interval '1 minute'");
	assert_int_equal(turns(), 0);
	/* As translate does when a detail's claim has become known. */
	world_sql(&world, "UPDATE zhifu.remittance SET changed = txid_current()");
	assert_int_equal(turns(), 1);
}

/* What takes off too much is looked at again when an advice has come since, and for nothing else. */
static void what_is_beyond_sleeps(void **state)
{
	(void)state;
	line_of(2, "620,00", "SOMEBODY");
	world_sql(&world, "SELECT zhifu.match_keep(hospital_id, turn, 0, true, last_claim) FROM zhifu.match_turn");
	for (int wait = MATCH_WAIT_BEYOND; wait <= MATCH_WAIT_NUMBERS; wait++) {
		for (int came_s = -1; came_s <= 1; came_s++) { /* before it was looked at, since then */
			if (came_s == 0) continue;
			/* An advice has come since the last turn, which was before that. */
			world_sql(&world,
				"DELETE FROM zhifu.remittance; UPDATE zhifu.match_turn SET looked_at = now() - interval '2 minutes',"
				" looked_mark = txid_current(), leased_until = now();"
				"UPDATE zhifu.match_item SET wait = %d, due_at = now() - interval '1 minute' + make_interval(secs => %d);"
				"INSERT INTO zhifu.remittance (hospital_id, remittance_id, insurer, identifier, amount_minor, currency, exponent,"
				" balanced, content, changed, created_at) VALUES ('" HOSPITAL_A "', '" ID_A
				"0100', 'alpha', 'R-1', 100, 'CNY', 2, true, '', 0, now() - interval '1 minute' + make_interval(secs => %d))",
				wait, ROUND_AGAIN_S, came_s);
			assert_int_equal(world_count(&world, "SELECT count(*) FROM zhifu.match_begin(1, %d::int2, %d)",
						 MATCH_WAIT_BEYOND, ROUND_AGAIN_S),
				wait != MATCH_WAIT_BEYOND || came_s > 0);
			world_sql(&world,
				"SELECT zhifu.match_keep(hospital_id, turn, 0, true, last_claim) FROM zhifu.match_turn");
		}
	}
}

/* Of a bank line's parts that are no claim's (a fee, a rest) there are many; only claims have turns. */
static void only_claims_move_in_turns(void **state)
{
	(void)state;
	owed(1, 50000);
	world_sql(&world,
		"SET LOCAL track_functions = 'all';"
		"DROP TABLE IF EXISTS public.counted;"
		"SELECT zhifu.receivable_moves('" HOSPITAL_A "', '{" ID_A
		"0001}'::uuid[] || array_fill(NULL::uuid, ARRAY[9]),"
		" '{1}' || array_fill(NULL::int, ARRAY[9]), '{-100}' || array_fill(-7::int8, ARRAY[9]),"
		" array_fill(NULL::int2, ARRAY[10]), array_fill(NULL::int8, ARRAY[10]));"
		"CREATE TABLE public.counted AS SELECT calls FROM pg_stat_xact_user_functions WHERE funcname = 'receivable_puts'");
	assert_int_equal(world_count(&world, "SELECT calls FROM public.counted"), 1);
	assert_int_equal(world_count(&world, "SELECT open_minor FROM zhifu.receivable"), 49900);
}

#define READ " FROM pg_stat_xact_all_tables WHERE relid = 'zhifu.remittance'::regclass;"
/* Who has had no news for long does not read that of others, each time anew. */
static void a_look_reads_no_others_advices(void **state)
{
	(void)state;
	world_sql(&world,
		"INSERT INTO zhifu.remittance (hospital_id, remittance_id, insurer, identifier, amount_minor, currency, exponent, balanced,"
		" content) SELECT gen_random_uuid(), gen_random_uuid(), 'alpha', 'R-' || n, 100, 'CNY', 2, true, ''"
		" FROM generate_series(1, 500) AS n;"
		"INSERT INTO zhifu.match_turn (hospital_id, looked_at) VALUES ('" HOSPITAL_A
		"', now() - interval '1 minute')");
	/* The session's figures may be of earlier transactions, too. */
	world_sql(&world, "DROP TABLE IF EXISTS public.counted; CREATE TABLE public.counted (rows int8);"
			  "INSERT INTO public.counted SELECT -idx_tup_fetch - seq_tup_read" READ
			  "SELECT * FROM zhifu.match_begin(1);"
			  "INSERT INTO public.counted SELECT idx_tup_fetch + seq_tup_read" READ);
	assert_int_equal(world_count(&world, "SELECT sum(rows)::int8 FROM public.counted"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(an_undone_accept_teaches_nothing, none_left),
		cmocka_unit_test_setup(a_person_forgets_a_payer, none_left),
		cmocka_unit_test_setup(a_persons_words_stay, none_left),
		cmocka_unit_test_setup(another_look_is_another_version, none_left),
		cmocka_unit_test_setup(acts_take_the_lock_of_matching_first, none_left),
		cmocka_unit_test_setup(held_money_is_left_alone, none_left),
		cmocka_unit_test_setup(a_candidate_that_changed_is_not_taken, none_left),
		cmocka_unit_test_setup(money_that_returns_has_another_version, none_left),
		cmocka_unit_test_setup(notes_and_parts_have_an_end, none_left),
		cmocka_unit_test_setup(a_candidate_is_known_by_its_print, none_left),
		cmocka_unit_test_setup(a_move_that_vanished_leaves_no_hole, none_left),
		cmocka_unit_test_setup(matching_knows_the_insurers_numbers, none_left),
		cmocka_unit_test_setup(an_advice_told_again_wakes, none_left),
		cmocka_unit_test_setup(what_is_beyond_sleeps, none_left),
		cmocka_unit_test_setup(only_claims_move_in_turns, none_left),
		cmocka_unit_test_setup(a_look_reads_no_others_advices, none_left),
	};
	return world_main(&world, "ctl_match", tests, ARRAY_LEN(tests), group_begin);
}

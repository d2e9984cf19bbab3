/* What persons decide of money in suspense, through zhifuctl: by what payers are known and how that is forgotten, words
 * that stay, and books without a hole. Whole stories: tests/system/test_matching.py.
 */
#include "ctl_world.h"

#include "base/id.h"
#include "base/seal.h"
#include "ctl/match_desk.h"

static struct ctl_world world;

#define ID_A "019ab000-0000-7000-8000-00000000"

/* Claims are known by a number; their refs are made once. */
static char refs[16][REF_TEXT_LEN];

/* What a query says, as text. */
static const char *text(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static const char *text(const char *fmt, ...)
{
	static char texts[4][128];
	static int next;
	char *out = texts[next++ % 4], sql[1024];
	struct pg_result *rows = NULL;
	va_list args;

	va_start(args, fmt);
	vsnprintf(sql, sizeof(sql), fmt, args);
	va_end(args);
	if (db_sync_query(world.db, sql, NULL, &rows) != 0) fail_msg("%s\n%s", err_text(), sql);
	snprintf(out, sizeof(texts[0]), "%s", db_rows_count(rows) > 0 ? db_rows_text(rows, 0, 0) : "");
	db_sync_rows_free(rows);
	return out;
}

/* A claim that was billed to alpha, for which Sunrise pays. */
static void owed(int claim, int minor)
{
	if (refs[claim][0] == '\0') ref_new("HZ1", refs[claim]);
	world_sql(&world,
		"INSERT INTO zhifu.claim_state (hospital_id, claim_id, ref, insurer, transport, books, books_seq)"
		" VALUES ('" HOSPITAL_A "', '" ID_A "%04d', '%s', 'alpha', 8, 2, 2);"
		"INSERT INTO zhifu.claim_event (hospital_id, claim_id, axis, seq, prev_seq, from_state, to_state, event, who) VALUES"
		" ('" HOSPITAL_A "', '" ID_A "%04d', 5, 1, NULL, 0, 1, 'bill', 'test'),"
		" ('" HOSPITAL_A "', '" ID_A "%04d', 5, 2, 1, 1, 2, 'post_adjudication', 'test');"
		"INSERT INTO zhifu.posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency, exponent, book_minor, book_day,"
		" rule, claim_id, source_id) VALUES ('" HOSPITAL_A "', '" ID_A
		"%04d', 1, 'AR-ALPHA', 'REV-MED', %d, 'CNY', 2, %d, '2025-11-01', 'bill', '" ID_A "%04d', '" ID_A
		"%04d');"
		"INSERT INTO zhifu.receivable (hospital_id, claim_id, carrier, remitter, kind, currency, exponent, owed_minor, open_minor,"
		" book_minor, billed_day) VALUES ('" HOSPITAL_A "', '" ID_A
		"%04d', 'alpha', 'Sunrise', 'A', 'CNY', 2, %d, %d, %d, '2025-11-01')",
		claim, refs[claim], claim, claim, claim, minor, minor, claim, claim, claim, minor, minor, minor);
}

/* The only line of a statement; its id, until the eighth one after it. */
static const char *line_of(int number, const char *amount, const char *name)
{
	static char ids[8][UUID_TEXT_LEN];
	char body[1024];

	snprintf(body, sizeof(body),
		":20:S%d\r\n:25:33010001 00000001\r\n:28C:%d/1\r\n:60F:C2511%02dCNY0,00\r\n"
		":61:2511%02d11%02dC%sNTRFNONREF//B%d\r\n:86:/ORDP//NAME/%s/REMI/THANKS\r\n:62F:C2511%02dCNY%s\r\n-\r\n",
		number, number, number, number, number, amount, number, name, number, amount);
	world_file(&world, "statement.sta", body, 0600);
	if (ctl(&world, "money statement import '%s/statement.sta' --hospital HZ1 --who li", world.folder) != 0)
		fail_msg("%s%s", world.err, world.out);
	world_sql(&world, "SELECT * FROM zhifu.match_begin(1)"); /* as settle does: items are made */
	snprintf(ids[number % 8], UUID_TEXT_LEN, "%s",
		text("SELECT line_id::text FROM zhifu.bank_line ORDER BY line_id DESC LIMIT 1"));
	return ids[number % 8];
}

/* Allocates all of the line to the claim; the allocation's id. */
static const char *allocate(const char *line, int claim, const char *amount)
{
	assert_ctl(&world, 0, "money match allocate %s %s=%s --why theirs --hospital HZ1 --who li", line, refs[claim],
		amount);
	return text(
		"SELECT allocation_id::text FROM zhifu.allocation WHERE undoes IS NULL ORDER BY allocation_id DESC LIMIT 1");
}

static void undo(const char *allocation)
{
	assert_ctl(&world, 0, "money match undo %s --why 'not theirs' --hospital HZ1 --who li", allocation);
}

static int64_t known(void)
{
	return world_count(
		&world, "SELECT coalesce(sum(times), 0)::int8 FROM zhifu.match_payer WHERE remitter = 'Sunrise'");
}

static int none_left(void **state)
{
	(void)state;
	world_sql(&world,
		"TRUNCATE zhifu.bank_file, zhifu.bank_file_part, zhifu.bank_statement, zhifu.bank_line, zhifu.bank_detail, zhifu.bank_told,"
		" zhifu.suspense,"
		" zhifu.match_item, zhifu.match_candidate, zhifu.match_turn, zhifu.match_payer, zhifu.match_lesson, zhifu.allocation, zhifu.posting,"
		" zhifu.posting_unvalued, zhifu.receivable, zhifu.claim_state, zhifu.claim_event, zhifu.adjudication, zhifu.remittance,"
		" zhifu.remittance_detail, zhifu.operator_act");
	return 0;
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

/* A contract that foresees a charge of 25.00, a discount, a fee, and 5.00 besides. */
static void agreed(void)
{
	world_sql(&world,
		"INSERT INTO zhifu.contract (hospital_id, contract_id, version, name, carrier, remitter, kind, valid_from, valid_to, document,"
		" maker, why) VALUES ('" HOSPITAL_A "', '" ID_A
		"0900', 1, 'Sunrise', 'alpha', 'Sunrise', 'A', '2025-01-01', 'infinity',"
		" '{\"tolerances\": [{\"currency\": \"CNY\", \"residual\": \"0.05\", \"hard_max\": \"5.00\"}],"
		" \"usual_charges\": [{\"currency\": \"CNY\", \"amount\": \"25.00\"}], \"payment\": {\"early_discount\": {\"percent\": \"3\","
		" \"days\": 10}, \"fee\": {\"percent\": \"5\", \"tax_percent\": \"6\", \"tax\": \"added\", \"deductible\": true}}}', 'li', 'test')");
}

/* What a person may let go of a claim's 1000.00 by its contract. */
static void nobody_lets_more_go_than_is_agreed(void **state)
{
	static const struct {
		const char *amount, *rest;
		int status;
	} cases[] = {{"1.00", "difference", 1}, {"1.00", "charge", 1}, {"1.00", "fee", 1}, {"1.00", "discount", 1},
		{"994.99", "difference", 1}, {"995.00", "difference", 0}, {"974.99", "charge", 1},
		{"975.00", "charge", 0}, {"964.98", "discount", 1}, {"965.00", "discount", 0}, /* 3 per cent and 5.00 */
		{"941.98", "fee", 1}, {"942.00", "fee", 0}, /* 5 per cent, 6 per cent tax on it, and 5.00 */
		{"1.00", "short", 0}};
	char line[UUID_TEXT_LEN];
	(void)state;
	agreed();
	for (int i = 0; i < (int)ARRAY_LEN(cases); i++) {
		if (cases[i].status == 1 && i > 0 && cases[i - 1].status == 1) {
			/* the same claim and money, still as they were */
		} else {
			none_left(NULL);
			owed(1, 100000);
			world_sql(&world,
				"UPDATE zhifu.receivable SET contract_id = '" ID_A "0900', contract_version = 1");
			snprintf(line, sizeof(line), "%s", line_of(2, "1000,00", "SRA CLAIMS GMBH"));
		}
		assert_ctl(&world, cases[i].status,
			"money match allocate %s %s=%s --rest %s --why theirs --hospital HZ1 --who li", line, refs[1],
			cases[i].amount, cases[i].rest);
		if (cases[i].status != 0) assert_non_null(strstr(world.err, "allows anybody"));
	}
	assert_int_equal(world_count(&world, "SELECT open_minor FROM zhifu.receivable"), 99900);
	assert_ctl(&world, 0, "ledger balance --hospital HZ1");
	/* Where nothing is agreed nothing is let go. */
	none_left(NULL);
	owed(1, 100000);
	snprintf(line, sizeof(line), "%s", line_of(2, "1000,00", "SRA CLAIMS GMBH"));
	assert_ctl(&world, 1,
		"money match allocate %s %s=999.99 --rest difference --why theirs --hospital HZ1 --who li --zh", line,
		refs[1]);
	assert_non_null(strstr(world.err, "核销"));
	world_sql(&world, "DELETE FROM zhifu.contract");
}

/* 25 for a bank and 100 short: what is missing of one claim is several things. */
static void a_claim_is_short_by_several_things(void **state)
{
	const char *line;
	(void)state;
	agreed();
	owed(1, 100000);
	owed(2, 30000);
	world_sql(&world, "UPDATE zhifu.receivable SET contract_id = '" ID_A "0900', contract_version = 1");
	line = line_of(2, "1175,00", "SRA CLAIMS GMBH");
	assert_ctl(&world, 1,
		"money match allocate %s %s=875.00,charge=25.00,short=99.00 --why x --hospital HZ1 --who li", line,
		refs[1]);
	assert_non_null(strstr(world.err, "is not what is left"));
	assert_ctl(&world, 1, "money match allocate %s %s=875.00,tip --why x --hospital HZ1 --who li", line, refs[1]);
	assert_non_null(strstr(world.err, "not \"tip\""));
	assert_int_equal(world_count(&world, "SELECT count(*) FROM zhifu.allocation"), 0);
	assert_ctl(&world, 0,
		"money match allocate %s %s=875.00,charge=25.00,short=100.00 %s=290.00,discount=4.00,fee --why theirs"
		" --hospital HZ1 --who li",
		line, refs[1], refs[2]);
	assert_non_null(strstr(world.out, "25.00 CNY"));
	assert_string_equal(
		text("SELECT string_agg(open_minor::text, ' ' ORDER BY claim_id) FROM zhifu.receivable"), "10000 0");
	assert_string_equal(
		text("SELECT string_agg(concat_ws(' ', cleared_minor, charge_minor, discount_minor, fee_minor), ', '"
		     " ORDER BY no) FROM zhifu.allocation"),
		"90000 2500 0 0, 30000 0 400 600");
	assert_string_equal(
		text("SELECT string_agg(concat_ws(' ', debit, credit, amount_minor, book_minor, rule), ', ' ORDER BY no)"
		     " FROM zhifu.posting WHERE 'FEE-TPA' IN (debit, credit)"),
		"FEE-TPA AR-ALPHA 600 600 match_fee, VAT-IN FEE-TPA 34 34 match_fee_tax");
	assert_int_equal(world_count(&world, "SELECT open_minor FROM zhifu.suspense"), 1000);
	assert_ctl(&world, 0, "ledger balance --hospital HZ1");
	world_sql(&world, "DELETE FROM zhifu.contract");
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
	assert_string_equal(
		text("SELECT reason FROM zhifu.suspense WHERE owner = 'wang'"), "rang Sunrise, they ask Berlin");
	assert_ctl(&world, 0, "money suspense list --hospital HZ1 --zh");
	assert_non_null(strstr(world.out, "they ask Berlin"));
	assert_ctl(&world, 0, "money match list --hospital HZ1");
	assert_non_null(strstr(world.out, "they ask Berlin"));
	assert_ctl(&world, 0, "money match show %s --hospital HZ1", line);
	assert_non_null(strstr(world.out, "they ask Berlin"));
	/* Also when a part of it finds its home, and another person changes them. */
	(void)allocate(line, 1, "500.00");
	looked(line, "several are known");
	assert_string_equal(text("SELECT reason FROM zhifu.suspense WHERE open_minor = 12000 AND owner = 'wang'"),
		"rang Sunrise, they ask Berlin");
	assert_ctl(
		&world, 0, "money suspense assign %s wang --why 'Berlin says: ours' --hospital HZ1 --who wang", line);
	looked(line, "several are known");
	assert_string_equal(text("SELECT reason FROM zhifu.suspense"), "Berlin says: ours");
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
		"', 'li', NULL, NULL, '%s', '%s', %s, NULL, %s, '{100}', '{CNY}', %s, 'why')",
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
			"SELECT zhifu.match_reject('" HOSPITAL_A "', '%s', 0, 1::int2, NULL, 'li', 'x')::int8", line),
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

/* A decision by hand on an advice's detail, as match_post() takes it. */
static int64_t post_detail(const char *line, int claim, int detail, int minor)
{
	return world_count(&world,
		"SELECT outcome::int8 FROM zhifu.match_post('" HOSPITAL_A
		"', 'li', 'in two transfers', true, ARRAY[gen_random_uuid()],"
		" ARRAY['%s']::uuid[], ARRAY[0], ARRAY[(SELECT version FROM zhifu.match_item WHERE line_id = '%s')], ARRAY[1], ARRAY[0]::int2[],"
		" ARRAY['" ID_A "%04d']::uuid[], ARRAY[(SELECT version FROM zhifu.receivable WHERE claim_id = '" ID_A
		"%04d')],"
		" ARRAY['" ID_A
		"0100']::uuid[], ARRAY[%d], ARRAY[%d]::int8[], ARRAY[%d]::int8[], ARRAY[0]::int8[], ARRAY[0]::int8[],"
		" ARRAY[0]::int8[], ARRAY[0]::int8[], ARRAY[0]::int8[], ARRAY[0]::int8[], ARRAY[0]::int8[], ARRAY[0]::int8[], ARRAY[0]::int8[])",
		line, line, claim, claim, detail, minor, minor);
}

static int64_t announced(void)
{
	return world_count(&world,
		"SELECT coalesce(sum(CASE WHEN debit = 'CLR-REM-ALPHA' THEN amount_minor WHEN credit = 'CLR-REM-ALPHA'"
		" THEN -amount_minor ELSE 0 END), 0)::int8 FROM zhifu.posting");
}

/* Each transfer pays other details, by hand; what was announced is cleared with them, and the fee with the last. */
static void an_advice_may_come_in_two_transfers(void **state)
{
	const char *first, *second;
	(void)state;
	owed(1, 50000);
	owed(2, 62000);
	world_sql(&world,
		"INSERT INTO zhifu.remittance (hospital_id, remittance_id, insurer, identifier, amount_minor, currency, exponent, balanced,"
		" content) VALUES ('" HOSPITAL_A "', '" ID_A "0100', 'alpha', 'R-2', 111000, 'CNY', 2, true, '');"
		"INSERT INTO zhifu.remittance_detail (hospital_id, remittance_id, no, claim_id, amount_minor, currency, exponent, kind)"
		" VALUES ('" HOSPITAL_A "', '" ID_A "0100', 1, '" ID_A "0001', 50000, 'CNY', 2, 1),"
		" ('" HOSPITAL_A "', '" ID_A "0100', 2, '" ID_A "0002', 62000, 'CNY', 2, 1),"
		" ('" HOSPITAL_A "', '" ID_A "0100', 3, NULL, -1000, 'CNY', 2, 2);"
		"INSERT INTO zhifu.fact (hospital_id, fact_id, claim_id, insurer, kind, remittance_id, detail, status) VALUES"
		" ('" HOSPITAL_A "', '" ID_A "0111', '" ID_A "0001', 'alpha', 6, '" ID_A "0100', 1, 2),"
		" ('" HOSPITAL_A "', '" ID_A "0112', '" ID_A "0002', 'alpha', 6, '" ID_A "0100', 2, 2);"
		"INSERT INTO zhifu.posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency, exponent, book_minor, book_day,"
		" rule, source_id) VALUES"
		" ('" HOSPITAL_A "', '" ID_A
		"0111', 1, 'CLR-REM-ALPHA', 'REM-ANN-ALPHA', 50000, 'CNY', 2, 50000, '2025-11-01', 'announce', '" ID_A
		"0111'),"
		" ('" HOSPITAL_A "', '" ID_A
		"0112', 1, 'CLR-REM-ALPHA', 'REM-ANN-ALPHA', 62000, 'CNY', 2, 62000, '2025-11-01', 'announce', '" ID_A
		"0112'),"
		" ('" HOSPITAL_A "', '" ID_A
		"0100', 1, 'REM-ANN-ALPHA', 'CLR-REM-ALPHA', 1000, 'CNY', 2, 1000, '2025-11-01', 'announce_fee', '" ID_A
		"0100')");
	assert_int_equal(announced(), 111000);
	first = line_of(2, "500,00", "SRA CLAIMS GMBH");
	second = line_of(3, "620,00", "SRA CLAIMS GMBH");
	assert_int_equal(post_detail(first, 1, 1, 50000), 1);
	assert_int_equal(announced(), 61000);
	/* What is paid is paid. */
	assert_int_equal(post_detail(second, 2, 1, 62000), -2);
	assert_int_equal(post_detail(second, 2, 2, 62000), 1);
	assert_int_equal(announced(), 0);
	assert_int_equal(world_count(&world, "SELECT count(*) FROM zhifu.remittance_paid"), 2);
	/* Undone in any order, it is announced again to the fen, and comes out once more. */
	undo(text("SELECT allocation_id::text FROM zhifu.allocation WHERE line_id = '%s'", first));
	assert_int_equal(announced(), 50000);
	assert_int_equal(post_detail(first, 1, 1, 50000), 1);
	assert_int_equal(announced(), 0);
	undo(text(
		"SELECT allocation_id::text FROM zhifu.allocation a WHERE line_id = '%s' AND undoes IS NULL", second));
	assert_int_equal(announced(), 62000 - 1000);
	assert_int_equal(post_detail(second, 2, 2, 62000), 1);
	assert_int_equal(announced(), 0);
	assert_ctl(&world, 0, "ledger balance --hospital HZ1");
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

static int group_begin(void **state)
{
	(void)state;
	assert_ctl(&world, 0, "migrate");
	world_hospital_open(&world, HOSPITAL_A, "HZ1", "Hangzhou", "Asia/Shanghai", "CNY");
	return 0;
}

int main(void)
{
	int r = world_start(&world, "ctl_match");
	if (r == 77) {
		print_message("skipped: no PostgreSQL 15 or no zhifuctl\n");
		return 0;
	}
	if (r != 0) return 1;
	world_file(&world, "hospitals.d/a.conf",
		"id = \"" HOSPITAL_A "\";\ncode = \"HZ1\";\nname = \"Hangzhou\";\nzone = \"Asia/Shanghai\";\n"
		"bank_accounts = ({code = \"CNY\"; number = \"33010001 00000001\"; currency = \"CNY\";});\n",
		0600);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(an_undone_accept_teaches_nothing, none_left),
		cmocka_unit_test_setup(nobody_lets_more_go_than_is_agreed, none_left),
		cmocka_unit_test_setup(a_claim_is_short_by_several_things, none_left),
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
		cmocka_unit_test_setup(an_advice_may_come_in_two_transfers, none_left),
		cmocka_unit_test_setup(an_advice_told_again_wakes, none_left),
		cmocka_unit_test_setup(only_claims_move_in_turns, none_left),
		cmocka_unit_test_setup(a_look_reads_no_others_advices, none_left),
	};
	r = cmocka_run_group_tests(tests, group_begin, NULL);
	world_stop(&world);
	return r;
}

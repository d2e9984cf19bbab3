/* Items of money in suspense in the hands of a person. */
#include "ctl/match_desk.h"

#include <stdlib.h>
#include <string.h>

#include "base/point.h"
#include "db/sync.h"
#include "lib/money.h"
#include "model/directory.h"
#include "settle/match_content.h"
#include "settle/match_know.h"

#define HASHES_MAX 64 /* of one text: as many as there are look-up keys */

int match_desk_open(struct match_desk *desk, struct ctl *ctl, const char *code, const char *line)
{
	char id[UUID_TEXT_LEN];
	const char *colon = strchr(line, ':');
	size_t len = colon != NULL ? (size_t)(colon - line) : strlen(line);
	int64_t part = 0;

	*desk = (struct match_desk){.ctl = ctl};
	arena_init(&desk->arena, MATCH_DESK_BYTES);
	if (len >= sizeof(id)) len = sizeof(id) - 1;
	memcpy(id, line, len);
	id[len] = '\0';
	if (uuid_parse(id, &desk->line) < 0)
		return ctl_usage("\"%s\" is no line's id: money match list shows them", line);
	if (colon != NULL && strcmp(colon, ":0") != 0) {
		int r = ctl_number("the part behind the colon", colon + 1, INT32_MAX, &part);

		if (r != 0) return r;
	}
	desk->part = (int32_t)part;
	desk->hospital = ctl_hospital(ctl, code);
	return desk->hospital == NULL ? 2 : 0;
}

void match_desk_close(struct match_desk *desk)
{
	key_set_wipe(&desk->keys);
	sealer_free(desk->sealer);
	arena_free(&desk->arena);
}

int match_desk_item(struct match_desk *desk)
{
	struct pg_result *rows = NULL;
	int r = ctl_query(desk->ctl, &rows,
		"SELECT i.version, i.amount_minor, i.open_minor, b.currency, i.booked_day, b.amount_minor,"
		" (SELECT CASE WHEN bool_or(p.book_minor IS NOT NULL) THEN sum(p.book_minor)::bigint END FROM posting p"
		"  WHERE p.hospital_id = b.hospital_id AND p.entry_id = b.line_id AND p.no IN (1, 10001))"
		" FROM match_item i JOIN bank_line b ON b.hospital_id = i.hospital_id AND b.line_id = i.line_id"
		" WHERE i.hospital_id = $1 AND i.line_id = $2 AND i.part = $3",
		"uun", &desk->hospital->id, &desk->line, (int)desk->part);

	if (r == 0 && db_rows_count(rows) == 0)
		r = err_set(ERR_NOTFOUND, "there is no such money: of one that is new, settle has to look first");
	if (r == 0) {
		desk->version = (int32_t)db_rows_int(rows, 0, 0);
		desk->amount = db_rows_int(rows, 0, 1);
		desk->open = db_rows_int(rows, 0, 2);
		r = money_make(0, text_of(db_rows_text(rows, 0, 3)), &desk->zero);
		desk->booked_day = db_rows_date(rows, 0, 4);
		desk->whole = db_rows_int(rows, 0, 5);
		desk->valued = !db_rows_null(rows, 0, 6);
		desk->book = desk->valued ? db_rows_int(rows, 0, 6) : 0;
	}
	db_sync_rows_free(rows);
	return r;
}

/* Keys are loaded when the first thing is opened. */
static int desk_keys(struct match_desk *desk)
{
	int r = 0;

	if (desk->sealer == NULL) r = sealer_new(&desk->sealer);
	if (r == 0 && desk->keys.count == 0) r = unseal_keys_load(desk->ctl, &desk->hospital->id, &desk->keys);
	return r;
}

int match_desk_unseal(struct match_desk *desk, struct bytes sealed, struct bytes *ret_plain)
{
	int r = desk_keys(desk);

	if (r < 0) return r;
	r = key_set_open(&desk->keys, desk->sealer, &desk->line, SEAL_FACT, sealed, MATCH_CHOICE_BYTES_MAX,
		&desk->arena, ret_plain);
	return r < 0 ? err_set(r, "none of the hospital's keys opens what is stored of it") : 0;
}

int match_desk_seal(struct match_desk *desk, const struct uuid *id, struct bytes plain, struct bytes *ret_sealed)
{
	int r = desk_keys(desk);

	return r < 0 ? r : seal(desk->sealer, &desk->keys.items[0], id, SEAL_FACT, plain, &desk->arena, ret_sealed);
}

void match_desk_name(int64_t no, const struct match_choice *choice, char ret[MATCH_NAME_SIZE])
{
	uint8_t digest[MATCH_PRINT_BYTES];

	match_choice_digest(choice, digest);
	(void)snprintf(
		ret, MATCH_NAME_SIZE, "%d-%02x%02x%02x%02x", (int)no, digest[0], digest[1], digest[2], digest[3]);
}

int match_desk_candidate(struct match_desk *desk, const char *name, int32_t *ret_no, struct match_choice *ret)
{
	struct pg_result *rows = NULL;
	struct bytes plain;
	char now[MATCH_NAME_SIZE];
	const char *dash = strchr(name, '-');
	int64_t no = 0;

	if (dash == NULL || strlen(dash + 1) != 8 ||
		text_to_int64((struct text_span){name, (size_t)(dash - name)}, &no) != 0 || no < 1 || no > INT16_MAX)
		return ctl_usage("a candidate is named as money match show tells it, like 1-4f3a9c2e, not \"%s\": its "
				 "number alone may be another one's by now",
			name);
	int r = ctl_query(desk->ctl, &rows,
		"SELECT content FROM match_candidate WHERE hospital_id = $1 AND line_id = $2 AND part = $3 AND no = $4",
		"uuns", &desk->hospital->id, &desk->line, (int)desk->part, (int)no);

	if (r == 0 && db_rows_count(rows) == 0)
		r = err_set(ERR_NOTFOUND, "%s",
			say(desk->ctl, "it has no such candidate (any more): money match show tells them",
				"没有(或已不再有)该候选:请用 money match show 查看"));
	if (r == 0) r = match_desk_unseal(desk, db_rows_bytes(rows, 0, 0), &plain);
	if (r == 0) r = match_choice_read((struct text_span){(const char *)plain.ptr, plain.len}, &desk->arena.zf, ret);
	db_sync_rows_free(rows);
	if (r < 0) return r;
	match_desk_name(no, ret, now);
	if (strcmp(now, name) != 0)
		return err_set(ERR_AGAIN, "%s",
			say(desk->ctl, "this candidate is not what you saw any more: look again with money match show",
				"该候选已与您所见不同:请用 money match show 重新查看"));
	*ret_no = (int32_t)no;
	return 0;
}

/* ---- learning ---- */

int match_desk_learn(
	struct match_desk *desk, const char *remitter, uint8_t kind, const char *text, const struct uuid *allocation)
{
	uint8_t hash[LOOKUP_HASH_BYTES];
	struct uuid id = uuid_new();
	struct bytes sealed = {NULL, 0};
	int r;

	if (text == NULL || match_payer_hash(desk->ctl->keyring, keyring_newest(desk->ctl->keyring, KEY_LOOKUP),
				    &desk->hospital->id, kind, text, hash) != 0)
		return 0;
	r = kind == 1 ? match_desk_seal(desk, &id, (struct bytes){(const uint8_t *)text, strlen(text)}, &sealed) : 0;
	return r == 0 ? ctl_query(desk->ctl, NULL, "SELECT match_learn($1, $2, $3, $4, $5, $6, $7, $8)", "utsyuyut",
				&desk->hospital->id, remitter, (int)kind, ((struct bytes){hash, sizeof(hash)}), &id,
				sealed, allocation, desk->ctl->who)
		      : r;
}

int match_desk_forget(struct match_desk *desk, const char *remitter, uint8_t kind, const char *text, const char *why)
{
	uint16_t versions[HASHES_MAX];
	uint8_t hash[LOOKUP_HASH_BYTES];
	size_t count = keyring_versions(desk->ctl->keyring, KEY_LOOKUP, versions, ARRAY_LEN(versions));
	struct pg_result *rows = NULL;
	struct db_params params;
	struct db_array *hashes;
	bool known = false;
	int r;

	if (text == NULL) return 0;
	db_params_init(&params, &desk->arena);
	db_params_uuid(&params, &desk->hospital->id);
	db_params_text(&params, remitter);
	db_params_int2(&params, kind);
	hashes = db_params_array(&params, DB_BYTEA, count, 0);
	for (size_t i = 0; i < count; i++)
		if (match_payer_hash(desk->ctl->keyring, versions[i], &desk->hospital->id, kind, text, hash) == 0)
			db_array_bytes(hashes, (struct bytes){hash, sizeof(hash)});
	db_params_text(&params, desk->ctl->who);
	db_params_text(&params, why);
	r = db_sync_query(desk->ctl->db, "SELECT match_forget($1, $2, $3, $4, $5, $6)", &params, &rows);
	if (r == 0) known = db_rows_bool(rows, 0, 0);
	db_sync_rows_free(rows);
	if (r == 0 && !known)
		r = err_set(ERR_NOTFOUND, "%s was not known by this %s: money payer list tells names", remitter,
			kind == 1 ? "name" : "account");
	return r;
}

/* Who remits for the claim: that is whose name and account stand on the money. */
static int learn(struct match_desk *desk, const struct uuid *claim, const struct uuid *allocation)
{
	struct pg_result *rows = NULL;
	struct match_line line = {.amount = desk->zero};
	struct bytes plain = {NULL, 0};
	struct bytes detail = {NULL, 0};
	int r = ctl_query(desk->ctl, &rows,
		"SELECT r.remitter, b.content, d.content FROM receivable r JOIN bank_line b ON b.hospital_id = r.hospital_id AND b.line_id = $3"
		" LEFT JOIN bank_detail d ON d.hospital_id = b.hospital_id AND d.line_id = b.line_id AND d.no = $4"
		" WHERE r.hospital_id = $1 AND r.claim_id = $2",
		"uuun", &desk->hospital->id, claim, &desk->line, (int)desk->part);

	if (r == 0 && db_rows_count(rows) > 0) {
		r = match_desk_unseal(desk, db_rows_bytes(rows, 0, 1), &plain);
		if (r == 0 && !db_rows_null(rows, 0, 2))
			r = match_desk_unseal(desk, db_rows_bytes(rows, 0, 2), &detail);
		if (r == 0) r = match_content_read(plain, detail, &desk->arena.zf, &line);
		if (r == 0) r = match_desk_learn(desk, db_rows_text(rows, 0, 0), 1, line.payer_name, allocation);
		if (r == 0) r = match_desk_learn(desk, db_rows_text(rows, 0, 0), 2, line.payer_account, allocation);
	}
	db_sync_rows_free(rows);
	return r;
}

/* ---- posting ---- */

/* match_post() and match_return() of schema/056_match_decide.sql, match_classify() of 065. */
static int outcome_check(const struct ctl *ctl, int64_t outcome)
{
	if (outcome == 1) return 0;
	if (outcome == -1)
		return err_set(ERR_AGAIN, "its value in the books, or what its advice announces, is not known yet");
	if (outcome == -2) return err_set(ERR_AGAIN, "the money of this advice has come with another line");
	if (outcome == -3) return err_set(ERR_AGAIN, "it is held: money suspense release lets it go");
	if (outcome == -4) return err_set(ERR_INVALID, "there is not as much open of it");
	if (outcome == -6)
		return err_set(ERR_AGAIN, "%s",
			say(ctl,
				"its advice sets off more than is owed back for that claim (any more): NO=REF,back of money match advice "
				"books that as taken back",
				"付款通知抵扣的金额超过该理赔单的应退金额:可用 money match advice 的 NO=REF,back 记为追回"));
	if (outcome == -5)
		return err_set(ERR_DENIED, "%s",
			say(ctl,
				"more would be let go than the claim's contract allows anybody (hard_max, usual charges, early "
				"discount, fee; of a rate 5 per cent): leave it short, and who may writes it off",
				"超出合同允许放弃的限额(hard_max、惯常扣费、提前付款折扣、服务费;汇兑差额不超过 5%):请保留为少付,"
				"由有权限的人员核销"));
	return err_set(ERR_AGAIN, "it, or one of its claims, has moved on since it was looked at: look again");
}

static int post_ask(struct match_desk *desk, const struct match_choice *choice, const char *why,
	const struct uuid *allocation, struct pg_result **ret_rows)
{
	const struct match_posting posting = {*allocation, desk->line, desk->part, desk->version, choice};
	struct db_params params;

	if (choice->kind == MATCH_REVERSAL)
		return ctl_query(desk->ctl, ret_rows,
			"SELECT 1, match_return($1, $2, $3, $4, $5, $6, $7, '{}', $8, $9, true)", "uuunnuntt",
			&desk->hospital->id, allocation, &desk->line, (int)desk->part, (int)desk->version,
			&choice->credit, (int)choice->credit_part, desk->ctl->who, why);
	db_params_init(&params, &desk->arena);
	if (choice->kind == MATCH_OWN) {
		match_classify_params(&params, &desk->hospital->id, desk->ctl->who, why, true, &posting, 1);
		return db_sync_query(desk->ctl->db, MATCH_CLASSIFY_SQL, &params, ret_rows);
	}
	match_post_params(&params, &desk->hospital->id, desk->ctl->who, why, true, &posting, 1);
	return db_sync_query(desk->ctl->db, MATCH_POST_SQL, &params, ret_rows);
}

int match_desk_post(
	struct match_desk *desk, const struct match_choice *choice, const char *why, struct uuid *ret_allocation)
{
	struct uuid allocation = uuid_new();
	struct pg_result *rows = NULL;
	const struct uuid *claim = NULL;
	int r = ctl_begin(desk->ctl, &desk->hospital->id, true);

	for (uint32_t i = 0; claim == NULL && i < choice->part_count; i++)
		if (choice->parts[i].has_claim) claim = &choice->parts[i].claim;
	if (r == 0) r = post_ask(desk, choice, why, &allocation, &rows);
	if (r < 0 && strcmp(db_sync_sqlstate(desk->ctl->db), "40001") == 0) r = outcome_check(desk->ctl, 0);
	if (r == 0) r = outcome_check(desk->ctl, db_rows_int(rows, 0, 1));
	db_sync_rows_free(rows);
	if (r == 0 && claim != NULL) r = learn(desk, claim, &allocation);
	POINT("match.desk");
	if (r == 0)
		r = ctl_commit(desk->ctl);
	else
		ctl_rollback(desk->ctl);
	if (r != 0) return r;
	match_desk_wake(desk->ctl);
	*ret_allocation = allocation;
	return 0;
}

int match_desk_amount(const struct match_desk *desk, const char *text, int64_t *ret)
{
	struct zf_decimal value;
	struct zf_money money;

	if (decimal_parse(text_of(text), &value) != 0 ||
		money_from_decimal(value, text_of(desk->zero.currency), &money) != 0 || money.minor <= 0)
		return err_set(ERR_INVALID, "\"%s\" is no amount of %s above zero", text, desk->zero.currency);
	*ret = desk->open < 0 ? -money.minor : money.minor;
	return 0;
}

void match_desk_wake(struct ctl *ctl)
{
	(void)!db_sync_script(ctl->db, "NOTIFY zhifu, 'match'"); /* a hint: settle looks by itself too */
}

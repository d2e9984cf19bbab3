/* One claim's receivable, by its ref, and what is conceded of it. */
#include "ctl/money_owed.h"

#include <stdio.h>
#include <string.h>

#include "base/id.h"
#include "db/sync.h"
#include "lib/money.h"
#include "model/directory.h"
#include "settle/match_hand.h"

int owed_read(struct ctl *ctl, const char *ref, struct owed *ret)
{
	struct pg_result *rows = NULL;
	size_t len = strcspn(ref, ":");
	char claim[REF_TEXT_LEN];
	int r;

	if (len < sizeof(claim)) snprintf(claim, sizeof(claim), "%.*s", (int)len, ref);
	ret->hospital = ctl_hospital_of_ref(ctl, len < sizeof(claim) ? claim : ref);
	if (ret->hospital == NULL) return 2;
	r = ctl_begin(ctl, &ret->hospital->id, false);
	if (r == 0)
		r = ctl_query(ctl, &rows,
			"SELECT r.claim_id, r.open_minor, r.currency FROM claim_state c JOIN receivable r"
			" ON r.hospital_id = c.hospital_id AND r.claim_id = " MATCH_HAND_RECEIVABLE(
				"$2") " WHERE c.hospital_id = $1 AND c.ref = split_part($2, ':', 1)",
			"ut", &ret->hospital->id, ref);
	if (r == 0) r = ctl_commit(ctl);
	if (r == 0 && db_rows_count(rows) == 0) r = err_set(ERR_NOTFOUND, "there is no receivable of \"%s\"", ref);
	if (r == 0) {
		ret->claim = db_rows_uuid(rows, 0, 0);
		r = money_make(db_rows_int(rows, 0, 1), text_of(db_rows_text(rows, 0, 2)), &ret->open);
	}
	db_sync_rows_free(rows);
	return r;
}

int owed_amount(const char *text, struct owed *owed)
{
	struct zf_decimal value;

	if (text == NULL || (decimal_parse(text_of(text), &value) == 0 &&
				    money_from_decimal(value, text_of(owed->open.currency), &owed->open) == 0))
		return 0;
	return ctl_usage("\"%s\" is no amount of %s", text, owed->open.currency);
}

struct conceded conceded_of(const struct pg_result *rows)
{
	return (struct conceded){(int)db_rows_int(rows, 0, 0), db_rows_int(rows, 0, 1), db_rows_int(rows, 0, 2),
		db_rows_int(rows, 0, 3), db_rows_int(rows, 0, 4), db_rows_int(rows, 0, 5)};
}

static const char *amount_text(const char *currency, int64_t minor, char text[MONEY_TEXT_SIZE])
{
	struct zf_money money;

	if (money_make(minor, text_of(currency), &money) == 0) money_format(money, text);
	return text;
}

int conceded_fault(const struct owed *owed, const struct conceded *made)
{
	const char *home = owed->hospital->book_currency;
	const char *currency = owed->open.currency;
	char one[MONEY_TEXT_SIZE] = "", two[MONEY_TEXT_SIZE] = "";

	switch (made->outcome) {
	case 0:
		return err_set(ERR_NOTFOUND, "nothing of it is open");
	case -1:
		return err_set(ERR_INVALID, "of %s %s at most %s can be: no more was taken back, or is open", currency,
			amount_text(currency, made->amount, one), amount_text(currency, made->most, two));
	case -2:
		return err_set(ERR_INVALID, "%s %s was billed for it, and of the claim's revenue %s is left", home,
			amount_text(home, made->value, one), amount_text(home, made->left, two));
	default:
		return err_set(ERR_AGAIN, "a value of it in the books is not known yet: a rate is missing");
	}
}

/* Splitting a payment. Sums are kept by subtraction; each part is rounded once. */
#include "model/settlement.h"

/* The amount, or zero of the currency of `like` where it is absent. */
static struct zf_money or_zero(struct zf_money amount, struct zf_money like)
{
	like.minor = 0;
	return amount.present ? amount : like;
}

/* *sum += or -= amount, unless there was an error before. */
static void add(int *err, struct zf_money *sum, struct zf_money amount)
{
	if (*err == 0) *err = money_add(*sum, amount, sum);
}

static void subtract(int *err, struct zf_money *sum, struct zf_money amount)
{
	if (*err == 0) *err = money_subtract(*sum, amount, sum);
}

/* The part with zeros for what is absent; ERR_INVALID: it breaks the rules. */
static int complete(const struct settlement_parts *parts, struct settlement_parts *ret)
{
	struct zf_money due = parts->due;
	if (!due.present || due.minor <= 0) return ERR_INVALID;
	*ret = (struct settlement_parts){
		.due = due,
		.received = or_zero(parts->received, due),
		.over = or_zero(parts->over, due),
		.charge = or_zero(parts->charge, due),
		.discount = or_zero(parts->discount, due),
		.fee = or_zero(parts->fee, due),
		.drift = or_zero(parts->drift, due),
		.unexplained = or_zero(parts->unexplained, due),
	};
	const struct zf_money *all[] = {
		&ret->received, &ret->over, &ret->charge, &ret->discount, &ret->fee, &ret->drift, &ret->unexplained};
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		bool signed_part = all[i] == &ret->drift || all[i] == &ret->unexplained;
		if (!money_same_currency(*all[i], due) || (all[i]->minor < 0 && !signed_part)) return ERR_INVALID;
	}
	return ret->over.minor > ret->received.minor ? ERR_INVALID : 0;
}

/* What is due less all that is there. */
static int shortfall(const struct settlement_parts *parts, struct zf_money *ret)
{
	struct zf_money rest = parts->due;
	int err = 0;
	subtract(&err, &rest, parts->received);
	add(&err, &rest, parts->over);
	subtract(&err, &rest, parts->charge);
	subtract(&err, &rest, parts->discount);
	subtract(&err, &rest, parts->fee);
	subtract(&err, &rest, parts->drift);
	subtract(&err, &rest, parts->unexplained);
	if (err == 0 && (rest.minor < 0 || rest.minor > parts->due.minor)) err = ERR_INVALID;
	if (err == 0) *ret = rest;
	return err;
}

/* The amount in the currency of the books. */
static int to_book(struct zf_money amount, const struct rate_path *path, enum decimal_rule rule, struct zf_money *ret)
{
	struct rate_conversion conversion;
	int err = rate_convert(amount, path, rule, &conversion);
	if (err == 0) *ret = conversion.to;
	return err;
}

/* What is too much is what arrived less what was for the receivable, so that nothing is lost between the two. */
static int over_to_book(const struct settlement_parts *parts, struct zf_money received_book,
	const struct rate_path *path, enum decimal_rule rule, struct zf_money *ret)
{
	struct zf_money kept = parts->received, book;
	int err = 0;
	if (parts->over.minor == 0) {
		*ret = or_zero((struct zf_money){0}, received_book);
		return 0;
	}
	subtract(&err, &kept, parts->over);
	if (err == 0) err = to_book(kept, path, rule, &book);
	if (err == 0) err = money_subtract(received_book, book, ret);
	return err;
}

/* What of the receivable is cleared and what is left. */
static int clear(const struct receivable *receivable, struct zf_money open, struct zf_money due, enum decimal_rule rule,
	struct settlement *split)
{
	struct zf_money before, after;
	int err = receivable_carried(receivable, open, rule, &before);
	if (err != 0) return err;
	err = money_share(open, split->short_by.minor, due.minor, rule, &split->left);
	if (err == 0) err = money_subtract(open, split->left, &split->cleared);
	if (err != 0) return err;
	err = receivable_carried(receivable, split->left, rule, &after);
	return err == 0 ? money_subtract(before, after, &split->cleared_book) : err;
}

int settlement_split(const struct receivable *receivable, struct zf_money open, const struct settlement_parts *parts,
	struct zf_money received_book, const struct rate_path *path, enum decimal_rule rule, struct settlement *ret)
{
	struct settlement_parts whole;
	struct settlement split = {.bank = received_book};
	if (!money_same_currency(receivable->book, received_book)) return ERR_INVALID;
	int err = complete(parts, &whole);
	if (err == 0) err = shortfall(&whole, &split.short_by);
	if (err == 0) err = clear(receivable, open, whole.due, rule, &split);
	if (err == 0) err = to_book(whole.charge, path, rule, &split.charge);
	if (err == 0) err = to_book(whole.discount, path, rule, &split.discount);
	if (err == 0) err = to_book(whole.fee, path, rule, &split.fee);
	if (err == 0) err = to_book(whole.unexplained, path, rule, &split.unexplained);
	if (err == 0) err = over_to_book(&whole, received_book, path, rule, &split.over);
	split.fx = split.cleared_book;
	add(&err, &split.fx, split.over);
	subtract(&err, &split.fx, split.bank);
	subtract(&err, &split.fx, split.charge);
	subtract(&err, &split.fx, split.discount);
	subtract(&err, &split.fx, split.fee);
	subtract(&err, &split.fx, split.unexplained);
	if (err == 0) *ret = split;
	return err;
}

int settlement_sell(struct zf_money balance, struct zf_money carried, struct zf_money sold, struct zf_money proceeds,
	enum decimal_rule rule, struct settlement_sale *ret)
{
	struct settlement_sale sale;
	if (!money_same_currency(balance, sold) || !money_same_currency(carried, proceeds)) return ERR_INVALID;
	if (sold.minor <= 0 || sold.minor > balance.minor) return ERR_INVALID;
	int err = money_share(carried, sold.minor, balance.minor, rule, &sale.carried);
	if (err == 0) err = money_subtract(sale.carried, proceeds, &sale.fx);
	if (err == 0) *ret = sale;
	return err;
}

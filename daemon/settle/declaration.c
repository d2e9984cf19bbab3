/* Which receipts are declared, and until when. */
#include "settle/declaration.h"

#include <string.h>

#include "lib/country.h"
#include "model/calendar.h"
#include "model/directory.h"

#define HOME "CN" /* where the books are kept in CNY, and only there something is declared */

int32_t declaration_due(const struct hospital *hospital, int32_t day, bool *ret_assumed)
{
	*ret_assumed = false;
	return calendar_after(hospital->calendar, day, hospital->declaration_days, ret_assumed);
}

/* Two letters at that place of a text that name a country. */
static bool country_at(const char *text, size_t at, char ret[3])
{
	if (text == NULL || strlen(text) < at + 2) return false;
	memcpy(ret, text + at, 2);
	ret[2] = '\0';
	return country_is_alpha2(text_of(ret));
}

/* An IBAN begins with its country and two digits; other numbers don't have letters there. */
static bool country_of_account(const char *account, char ret[3])
{
	return account != NULL && strlen(account) >= 15 && account[2] >= '0' && account[2] <= '9' &&
	       account[3] >= '0' && account[3] <= '9' && country_at(account, 0, ret);
}

/* The letters 5 and 6 of a BIC, of 8 or 11 characters. */
static bool country_of_bank(const char *agent, char ret[3])
{
	return agent != NULL && (strlen(agent) == 8 || strlen(agent) == 11) && country_at(agent, 4, ret);
}

/* The country of a payer; one that is abroad ends the search. */
static bool payer_abroad(const struct bank_party *payer, char ret[3])
{
	char found[3][3] = {"", "", ""};

	if (!country_at(payer->country, 0, found[0])) found[0][0] = '\0';
	if (!country_of_bank(payer->agent, found[1])) found[1][0] = '\0';
	if (!country_of_account(payer->account, found[2])) found[2][0] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(found); i++) {
		if (found[i][0] == '\0') continue;
		memcpy(ret, found[i], 3);
		if (strcmp(ret, HOME) != 0) return true;
	}
	return false;
}

bool declaration_of(
	const struct hospital *hospital, const struct bank_entry *entry, int32_t day, struct declaration *ret)
{
	struct declaration found = {0};
	bool abroad = false;

	/* What a reversal brings back was never received. */
	if (hospital->declaration_code == NULL || entry->amount.minor <= 0 || entry->reversal) return false;
	for (uint32_t i = 0; !abroad && i < entry->detail_count; i++)
		abroad = payer_abroad(&entry->details[i].debtor, found.country);
	if (strcmp(entry->amount.currency, hospital->book_currency) != 0)
		found.ground = DECLARATION_CURRENCY;
	else if (abroad)
		found.ground = DECLARATION_ABROAD;
	else
		return false;
	found.due_day = declaration_due(hospital, day, &found.due_assumed);
	*ret = found;
	return true;
}

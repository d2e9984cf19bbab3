/* Duplicates over the directory's files: all that must be unique goes into one list, which is sorted. */
#include "model/directory_unique.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/conf.h"
#include "base/mem.h"
#include "model/directory.h"

#define CLAIMED_BYTES_MAX (256u << 20)

/* Something that one setting takes for itself. */
struct claimed {
	const char *kind;
	const char *key;
	const char *second; /* and this, which may be empty */
	const char *file;
	const char *setting_fmt;
	size_t i, k; /* for setting_fmt */
	size_t order;
	bool is_insurer; /* may name a thing twice itself */
	bool any_case;
};

static int claim_add(struct buf *list, struct claimed claimed)
{
	if (claimed.key[0] == '\0') return 0; /* could not be read, which was said */
	claimed.order = list->len;
	return buf_append(list, &claimed, sizeof(claimed));
}

static int hospital_add(struct buf *list, const struct hospital *hospital, char id[UUID_TEXT_LEN])
{
	struct claimed claimed = {.second = "", .file = hospital->file};
	int r = 0;

	id[0] = '\0';
	if (!uuid_is_nil(&hospital->id)) uuid_format(&hospital->id, id);
	claimed.kind = claimed.setting_fmt = "id";
	claimed.key = id;
	r = claim_add(list, claimed);
	claimed.kind = claimed.setting_fmt = "code";
	claimed.key = hospital->code;
	if (r == 0) r = claim_add(list, claimed);
	for (uint32_t i = 0; r == 0 && i < hospital->client_count; i++) {
		const struct client *client = hospital->clients[i];

		claimed.i = i;
		claimed.kind = "client id";
		claimed.setting_fmt = "clients.[%zu].id";
		claimed.key = client->id;
		r = claim_add(list, claimed);
		claimed.kind = "certificate";
		claimed.setting_fmt = "clients.[%zu].certificates.[%zu]";
		for (uint32_t k = 0; r == 0 && k < client->certificate_count; k++) {
			claimed.k = k;
			claimed.key = client->certificates[k];
			r = claim_add(list, claimed);
		}
	}
	return r;
}

/* Accounts are the hospital's own: another one may have the same code. */
static int accounts_add(struct buf *list, const struct hospital *hospital)
{
	struct claimed claimed = {.file = hospital->file};
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < hospital->account_count; i++) {
		const struct hospital_account *account = &hospital->accounts[i];

		claimed.i = i;
		claimed.kind = "bank account";
		claimed.setting_fmt = "bank_accounts.[%zu].code";
		claimed.key = account->code;
		claimed.second = hospital->code;
		r = claim_add(list, claimed);
		claimed.kind = "account number";
		claimed.setting_fmt = "bank_accounts.[%zu].number";
		claimed.key = account->number;
		claimed.second = account->currency;
		if (r == 0) r = claim_add(list, claimed);
	}
	return r;
}

static int insurer_add(struct buf *list, const struct insurer *insurer)
{
	struct claimed claimed = {.second = "", .file = insurer->file, .is_insurer = true, .any_case = true};
	int r = 0;

	claimed.kind = "name";
	claimed.setting_fmt = "names.[%zu]";
	for (uint32_t i = 0; r == 0 && i < insurer->name_count; i++) {
		claimed.i = i;
		claimed.key = insurer->names[i];
		r = claim_add(list, claimed);
	}
	claimed.any_case = false;
	claimed.kind = "payer identifier";
	claimed.setting_fmt = "payer_identifiers.[%zu]";
	for (uint32_t i = 0; r == 0 && i < insurer->payer_identifier_count; i++) {
		claimed.i = i;
		claimed.key = insurer->payer_identifiers[i]->value;
		claimed.second = insurer->payer_identifiers[i]->system;
		r = claim_add(list, claimed);
	}
	return r;
}

static int what_compare(const struct claimed *a, const struct claimed *b)
{
	int r = strcmp(a->kind, b->kind);

	if (r == 0) r = a->any_case ? strcasecmp(a->key, b->key) : strcmp(a->key, b->key);
	return r != 0 ? r : strcmp(a->second, b->second);
}

static int claimed_compare(const void *a, const void *b)
{
	const struct claimed *x = a;
	const struct claimed *y = b;
	int r = what_compare(x, y);

	return r != 0 ? r : (x->order > y->order) - (x->order < y->order);
}

/* conf_setting_line with a format that is known to fit. */
static unsigned line_of(const struct claimed *claimed)
{
	char setting[96];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	(void)snprintf(setting, sizeof(setting), claimed->setting_fmt, claimed->i, claimed->k);
#pragma GCC diagnostic pop
	return conf_setting_line(claimed->file, "%s", setting);
}

static void twice_report(struct buf *list, struct conf_faults *faults)
{
	struct claimed *items = (struct claimed *)(void *)list->ptr;
	size_t count = list->len / sizeof(*items);
	size_t first = 0;

	if (count == 0) return;
	qsort(items, count, sizeof(*items), claimed_compare);
	for (size_t i = 1; i < count; i++) {
		if (what_compare(&items[i], &items[first]) != 0) {
			first = i;
			continue;
		}
		if (items[i].is_insurer && items[i].file == items[first].file) continue;
		conf_fault_add(faults, items[i].file, line_of(&items[i]), "%s \"%.80s\" is also that of %s:%u",
			items[i].kind, items[i].key, items[first].file, line_of(&items[first]));
	}
}

/* ---- coverage numbers ---- */

/* Whether there may be a number that both take; see in_ranges. */
static bool overlap(const struct insurer_range *a, const struct insurer_range *b)
{
	size_t a_len = strlen(a->from);
	size_t b_len = strlen(b->from);

	if (a_len == 0 || b_len == 0) return false; /* could not be read */
	if (a->to == NULL && b->to == NULL) return strncmp(a->from, b->from, a_len < b_len ? a_len : b_len) == 0;
	if (a->to == NULL)
		return a_len <= b_len && strncmp(b->from, a->from, a_len) <= 0 && strncmp(a->from, b->to, a_len) <= 0;
	if (b->to == NULL) return overlap(b, a);
	return a_len == b_len && strcmp(a->from, b->to) <= 0 && strcmp(b->from, a->to) <= 0;
}

static void ranges_report(const struct insurer *insurer, const struct insurer *other, struct conf_faults *faults)
{
	for (uint32_t i = 0; i < insurer->range_count; i++)
		for (uint32_t k = 0; k < other->range_count; k++)
			if (overlap(insurer->ranges[i], other->ranges[k]))
				conf_fault_add(faults, insurer->file,
					conf_setting_line(insurer->file, "ranges.[%u]", i),
					"coverage numbers from \"%.40s\" overlap those of %s:%u",
					insurer->ranges[i]->from, other->file,
					conf_setting_line(other->file, "ranges.[%u]", k));
}

int directory_unique_check(const struct directory *directory, struct conf_faults *faults)
{
	struct buf list CLEANUP(buf_free) = BUF_INIT(CLAIMED_BYTES_MAX);
	struct buf ids CLEANUP(buf_free) = BUF_INIT(CLAIMED_BYTES_MAX);
	int r = 0;

	for (uint32_t i = 0; i < directory->hospital_count; i++) {
		r = buf_append(&ids, (const char[UUID_TEXT_LEN]){0}, UUID_TEXT_LEN);
		if (r < 0) return ERR_NOMEM;
	}
	for (uint32_t i = 0; r == 0 && i < directory->hospital_count; i++)
		r = hospital_add(&list, directory->hospitals[i], (char *)ids.ptr + (size_t)i * UUID_TEXT_LEN);
	for (uint32_t i = 0; r == 0 && i < directory->hospital_count; i++)
		r = accounts_add(&list, directory->hospitals[i]);
	for (uint32_t i = 0; r == 0 && i < directory->insurer_count; i++)
		r = insurer_add(&list, directory->insurers[i]);
	if (r < 0) return ERR_NOMEM;
	twice_report(&list, faults);
	for (uint32_t i = 0; i < directory->insurer_count; i++)
		for (uint32_t k = 0; k < i; k++) ranges_report(directory->insurers[i], directory->insurers[k], faults);
	return 0;
}

/* The configuration's hospitals and the database's, each once. */
#include "ctl/books.h"

#include "base/mem.h"
#include "db/sync.h"

void books_close(struct books *books)
{
	mem_free(books->hospitals);
}

static void books_add(struct books *books, const struct hospital *hospital)
{
	for (uint32_t i = 0; i < books->count; i++)
		if (uuid_equal(&books->hospitals[i].id, &hospital->id)) return;
	books->hospitals[books->count++] = *hospital;
}

int books_open(struct ctl *ctl, const char *code, struct books *ret_books)
{
	const struct hospital *next;
	struct pg_result *rows = NULL;
	uint32_t index = 0;
	int r = ctl_query(ctl, &rows,
		"SELECT hospital_id, code, book_currency FROM operator_hospitals() WHERE code <> '000' AND ($1::text IS NULL OR code = $1)",
		"t", code);

	if (r < 0) return ctl_fail("could not read the hospitals");
	ret_books->hospitals = mem_alloc(
		((size_t)db_rows_count(rows) + ctl->directory->hospital_count + 1) * sizeof(*ret_books->hospitals));
	while (ret_books->hospitals != NULL && (next = ctl_hospital_next(ctl, code, &index)) != NULL)
		books_add(ret_books, next);
	for (int row = 0; ret_books->hospitals != NULL && row < db_rows_count(rows); row++) {
		struct hospital left = {.id = db_rows_uuid(rows, row, 0)};

		(void)snprintf(left.code, sizeof(left.code), "%s", db_rows_text(rows, row, 1));
		(void)snprintf(left.book_currency, sizeof(left.book_currency), "%s", db_rows_text(rows, row, 2));
		books_add(ret_books, &left);
	}
	db_sync_rows_free(rows);
	if (ret_books->hospitals == NULL) {
		(void)err_set(ERR_NOMEM, "no memory");
		return ctl_fail("could not read the hospitals");
	}
	if (ret_books->count == 0 && code != NULL)
		return ctl_usage("no hospital with code \"%s\" is configured or has books", code);
	return 0;
}

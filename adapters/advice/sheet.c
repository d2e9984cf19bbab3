/* Cells of CSV, and what both forms share. */
#include "advice/sheet.h"

#include <stdio.h>

#include "lib/charset.h"
#include "lib/csv.h"
#include "lib/text_buffer.h"
#include "lib/zip_read.h"

const struct sheet_cell *sheet_cell(const struct sheet_row *row, uint32_t column)
{
	static const struct sheet_cell none = {.kind = SHEET_EMPTY};
	return column < row->count ? &row->cells[column] : &none;
}

void sheet_place(const struct sheet *sheet, uint32_t row, uint32_t column, char ret[SHEET_PLACE_SIZE])
{
	if (!sheet->workbook) {
		(void)snprintf(ret, SHEET_PLACE_SIZE, "%u:%u", row, column + 1);
	} else if (column < 26) {
		(void)snprintf(ret, SHEET_PLACE_SIZE, "%c%u", (char)('A' + column), row);
	} else {
		(void)snprintf(
			ret, SHEET_PLACE_SIZE, "%c%c%u", (char)('A' + column / 26 - 1), (char)('A' + column % 26), row);
	}
}

/* The whole text as UTF-8. */
static int to_utf8(const uint8_t *bytes, size_t len, enum charset_kind kind, struct zf_arena *arena,
	struct fault_list *faults, struct text_span *ret)
{
	struct text_buffer out = {.arena = arena, .max = (size_t)4 * SHEET_BYTES_MAX};
	const char *at = (const char *)bytes;
	struct charset charset;
	uint32_t line = 1;
	int rc = charset_open(&charset, kind);
	if (rc != 0) return rc;
	while (rc == 0 && len > 0) {
		struct text_span piece = {NULL, 0};
		rc = charset_next(&charset, &at, &len, &piece);
		for (size_t i = 0; i < piece.len; i++) line += piece.ptr[i] == '\n';
		text_buffer_put(&out, piece.ptr, piece.len);
	}
	if (rc == 0 && charset_is_cut(&charset)) rc = LIB_INVALID;
	charset_close(&charset);
	if (rc == LIB_INVALID) fault_addf(faults, FAULT_CSV_CHARSET, charset_name(kind), NULL, "%u", line);
	return rc == 0 ? text_buffer_finish(&out, ret) : rc;
}

static int add_row(struct sheet *sheet, const struct csv_record *record, struct zf_arena *arena)
{
	struct sheet_row *row = &sheet->rows[sheet->row_count++];
	*row = (struct sheet_row){
		record->line, record->count, zf_alloc_array(arena, record->count, sizeof(*row->cells))};
	if (row->cells == NULL) return LIB_NOMEM;
	for (uint32_t i = 0; i < record->count; i++) {
		row->cells[i].text = text_trim(record->fields[i]);
		row->cells[i].kind = row->cells[i].text.len > 0 ? SHEET_TEXT : SHEET_EMPTY;
	}
	return 0;
}

static int refuse_limit(struct fault_list *faults, uint32_t line, const char *what, unsigned limit)
{
	char number[16];
	(void)snprintf(number, sizeof(number), "%u", limit);
	fault_addf(faults, FAULT_ADVICE_LIMIT, what, number, line > 0 ? "%u" : "", line);
	return LIB_LIMIT;
}

int sheet_read_csv(const uint8_t *bytes, size_t len, const struct sheet_form *form, struct zf_arena *arena,
	struct fault_list *faults, struct sheet *ret)
{
	struct sheet sheet = {.rows = NULL};
	struct text_span text = {NULL, 0};
	struct csv_reader reader;
	struct csv_record record;
	int rc = to_utf8(bytes, len, form->charset, arena, faults, &text);
	if (rc == 0)
		rc = csv_init(&reader, text, form->separator == '\0' ? ',' : form->separator, false, arena, faults);
	if (rc != 0) return rc;
	size_t lines = 1;
	for (size_t i = 0; i < text.len; i++) lines += text.ptr[i] == '\n';
	sheet.rows = zf_alloc_array(arena, lines < SHEET_ROWS_MAX ? lines : SHEET_ROWS_MAX, sizeof(*sheet.rows));
	if (sheet.rows == NULL) return LIB_NOMEM;
	while ((rc = csv_next(&reader, &record)) == 1) {
		if (sheet.row_count == SHEET_ROWS_MAX) return refuse_limit(faults, record.line, "rows", SHEET_ROWS_MAX);
		if (record.count > SHEET_COLUMNS_MAX) {
			return refuse_limit(faults, record.line, "columns", SHEET_COLUMNS_MAX);
		}
		rc = add_row(&sheet, &record, arena);
		if (rc != 0) return rc;
	}
	if (rc == 0) *ret = sheet;
	return rc;
}

int sheet_read(const uint8_t *bytes, size_t len, const struct sheet_form *form, struct zf_arena *arena,
	struct fault_list *faults, struct sheet *ret)
{
	static const char old_workbook[] = "\xd0\xcf\x11\xe0"; /* of Excel up to 2003, and of those with a password */
	if (len > SHEET_BYTES_MAX) return refuse_limit(faults, 0, "bytes", SHEET_BYTES_MAX);
	if (zip_is(bytes, len)) return sheet_read_xlsx(bytes, len, form, arena, faults, ret);
	if (len == 0 || (len >= 4 && memcmp(bytes, old_workbook, 4) == 0)) {
		fault_add(faults, FAULT_ADVICE_FORMAT, "", len == 0 ? "0 bytes" : "XLS", NULL);
		return LIB_INVALID;
	}
	return sheet_read_csv(bytes, len, form, arena, faults, ret);
}

/* One sheet of an XLSX workbook (ECMA-376): parts found by the relationships, texts shared or in place, results of
 * formulas as they were kept, days by the cells' formats. */
#include <stdio.h>
#include <stdlib.h>

#include "advice/sheet.h"
#include "lib/date.h"
#include "lib/xml_read.h"
#include "lib/zip_read.h"

#define PARTS_MAX 512 /* of the archive */
#define STRINGS_MAX 200000
#define STYLES_MAX 4096
#define FORMATS_MAX 500 /* of the workbook's own */

static const struct xml_limits limits = {
	.bytes_max = 32u << 20, .text_max = 1u << 16, .depth_max = 24, .attributes_max = 64, .elements_max = 2000000};

struct merge {
	uint32_t left, right, top, bottom; /* columns from 0, rows from 1 */
};

struct workbook {
	struct zf_arena *arena;
	struct fault_list *faults;
	const struct zip_entry *parts;
	uint32_t part_count;
	const struct xml_element *relations; /* of the workbook */
	bool from_1904;
	struct text_span *strings;
	uint32_t string_count;
	bool *days; /* by a cell's style: is its number a day? */
	uint32_t day_count;
	struct merge *merges;
	uint32_t merge_count;
	uint32_t row_number; /* of the row at hand */
	struct sheet sheet;
};

static int refuse(struct workbook *book, enum fault_code code, const char *arg1, const char *arg2)
{
	fault_add(book->faults, code, "", arg1, arg2);
	return code == FAULT_ADVICE_LIMIT ? LIB_LIMIT : LIB_INVALID;
}

static int refuse_limit(struct workbook *book, const char *what, unsigned limit)
{
	char number[16];
	(void)snprintf(number, sizeof(number), "%u", limit);
	return refuse(book, FAULT_ADVICE_LIMIT, what, number);
}

/* ---- parts ---- */

static const struct zip_entry *find_part(const struct workbook *book, const char *name)
{
	const struct zip_entry *found = NULL;
	for (uint32_t i = 0; i < book->part_count; i++) {
		if (strcmp(book->parts[i].name, name) != 0) continue;
		if (found != NULL) return NULL; /* two parts of one name have two meanings */
		found = &book->parts[i];
	}
	return found;
}

/* A small part, whole; NULL in ret when there is none. */
static int read_part(struct workbook *book, const char *name, const struct xml_element **ret)
{
	const struct zip_entry *part = name == NULL ? NULL : find_part(book, name);
	*ret = NULL;
	return part == NULL ? 0 : xml_read(part->bytes, part->len, &limits, book->arena, book->faults, ret);
}

/* text may be NULL. */
static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(end), all = text == NULL ? 0 : strlen(text);
	return text != NULL && all >= len && strcmp(text + all - len, end) == 0;
}

/* The name of the part that a relationship leads to, in the folder of the workbook; NULL: none, or outside of the file.
 */
static const char *target_of(struct workbook *book, const struct xml_element *relation)
{
	const char *target = xml_attribute(relation, NULL, "Target"),
		   *mode = xml_attribute(relation, NULL, "TargetMode");
	if (target == NULL || (mode != NULL && strcmp(mode, "Internal") != 0)) return NULL;
	return target[0] == '/' ? target + 1 : text_printf(book->arena, "xl/%s", target);
}

/* By its id or, where that is NULL, by the end of its type (else ""). */
static const char *related(struct workbook *book, const char *id, const char *type)
{
	const struct xml_element *relation = xml_child(book->relations, "Relationship");
	for (; relation != NULL; relation = xml_next(relation)) {
		const char *own = xml_attribute(relation, NULL, "Id");
		bool same = id != NULL ? own != NULL && strcmp(own, id) == 0
				       : ends_with(xml_attribute(relation, NULL, "Type"), type);
		if (same) return target_of(book, relation);
	}
	return NULL;
}

/* The attribute of that name in any namespace: transitional and strict files have different ones. */
static const char *attribute_in_space(const struct xml_element *element, const char *name)
{
	for (uint32_t i = 0; i < element->attribute_count; i++) {
		const struct xml_attribute *attribute = &element->attributes[i];
		if (attribute->space != NULL && strcmp(attribute->name, name) == 0) return attribute->value;
	}
	return NULL;
}

/* ---- texts and formats ---- */

/* The text of an <si> or <is>: one <t>, or the <t> of its runs; not the reading aids (rPh). */
static int text_join(struct workbook *book, const struct xml_element *item, struct text_span *ret)
{
	const struct xml_element *single = xml_child(item, "t"), *run = xml_child(item, "r");
	size_t len = single == NULL ? 0 : single->text_len;
	if (run == NULL) {
		*ret = single == NULL ? (struct text_span){NULL, 0}
				      : (struct text_span){single->text, single->text_len};
		return 0;
	}
	for (const struct xml_element *r = run; r != NULL; r = xml_next(r)) {
		const struct xml_element *t = xml_child(r, "t");
		len += t == NULL ? 0 : t->text_len;
	}
	char *text = zf_alloc(book->arena, len + 1);
	if (text == NULL) return LIB_NOMEM;
	len = 0;
	for (const struct xml_element *r = run; r != NULL; r = xml_next(r)) {
		const struct xml_element *t = xml_child(r, "t");
		if (t == NULL) continue;
		memcpy(text + len, t->text, t->text_len);
		len += t->text_len;
	}
	*ret = (struct text_span){text, len};
	return 0;
}

static int read_strings(struct workbook *book)
{
	const char *name = related(book, NULL, "/sharedStrings");
	const struct xml_element *root;
	int rc = read_part(book, name, &root);
	if (rc != 0 || root == NULL) return rc;
	uint32_t count = 0;
	for (const struct xml_element *item = xml_child(root, "si"); item != NULL; item = xml_next(item)) count++;
	if (count > STRINGS_MAX) return refuse_limit(book, "sharedStrings", STRINGS_MAX);
	book->strings = zf_alloc_array(book->arena, (size_t)count + 1, sizeof(*book->strings));
	if (book->strings == NULL) return LIB_NOMEM;
	for (const struct xml_element *item = xml_child(root, "si"); rc == 0 && item != NULL; item = xml_next(item)) {
		rc = text_join(book, item, &book->strings[book->string_count++]);
	}
	return rc;
}

static bool number_of(const char *text, uint32_t max, uint32_t *ret)
{
	int64_t value;
	if (text == NULL || text_to_int64(text_of(text), &value) != 0 || value > max) return false;
	*ret = (uint32_t)value;
	return true;
}

/* The workbook's own format of that id; NULL: none. */
static const char *format_code(const struct xml_element *formats, uint32_t id)
{
	for (const struct xml_element *f = xml_child(formats, "numFmt"); f != NULL; f = xml_next(f)) {
		uint32_t own;
		if (number_of(xml_attribute(f, NULL, "numFmtId"), UINT16_MAX, &own) && own == id) {
			return xml_attribute(f, NULL, "formatCode");
		}
	}
	return NULL;
}

static int read_styles(struct workbook *book)
{
	const struct xml_element *root;
	int rc = read_part(book, related(book, NULL, "/styles"), &root);
	if (rc != 0 || root == NULL) return rc;
	const struct xml_element *formats = xml_child(root, "numFmts"), *cells = xml_child(root, "cellXfs");
	uint32_t count = 0;
	for (const struct xml_element *f = xml_child(formats, "numFmt"); f != NULL; f = xml_next(f)) count++;
	if (count > FORMATS_MAX) return refuse_limit(book, "numFmts", FORMATS_MAX);
	book->days = zf_alloc_array(book->arena, STYLES_MAX, sizeof(*book->days));
	if (book->days == NULL) return LIB_NOMEM;
	for (const struct xml_element *xf = xml_child(cells, "xf"); xf != NULL; xf = xml_next(xf)) {
		uint32_t id = 0;
		if (book->day_count == STYLES_MAX) return refuse_limit(book, "cellXfs", STYLES_MAX);
		(void)number_of(xml_attribute(xf, NULL, "numFmtId"), UINT16_MAX, &id);
		book->days[book->day_count++] = sheet_format_is_day(id, format_code(formats, id));
	}
	return 0;
}

/* ---- cells ---- */

/* "C12" to column and row. */
static bool place_of(const char *text, uint32_t *ret_column, uint32_t *ret_row)
{
	uint32_t column = 0, row = 0;
	const char *p = text;
	for (; *p >= 'A' && *p <= 'Z' && column < 20000; p++) column = column * 26 + (uint32_t)(*p - 'A') + 1;
	if (column == 0 || *p < '1' || *p > '9') return false;
	for (; *p >= '0' && *p <= '9' && row < 10000000; p++) row = row * 10 + (uint32_t)(*p - '0');
	if (*p != '\0') return false;
	*ret_column = column - 1;
	*ret_row = row;
	return true;
}

static int take_number(
	struct workbook *book, const struct xml_element *c, struct text_span value, struct sheet_cell *cell)
{
	uint32_t style;
	bool day = number_of(xml_attribute(c, NULL, "s"), UINT16_MAX, &style) && style < book->day_count &&
		   book->days[style];
	cell->text = sheet_number(value, book->arena);
	cell->kind = cell->text.ptr == NULL ? SHEET_ERROR : SHEET_NUMBER;
	if (day && cell->kind == SHEET_NUMBER) {
		cell->kind = sheet_serial_day(cell->text, book->from_1904, &cell->day) == 0 ? SHEET_DAY : SHEET_ERROR;
	}
	return 0;
}

/* ISO 8601, as strict files may write days. */
static void take_iso_day(struct text_span value, struct sheet_cell *cell)
{
	int64_t day;
	if (value.len > 10) value.len = 10;
	if (date_parse_form(value, "YYYY-MM-DD", &day) != 0) {
		cell->kind = SHEET_ERROR;
		return;
	}
	cell->kind = SHEET_DAY;
	cell->text = value;
	cell->day = (int32_t)day;
}

static int take_value(struct workbook *book, const struct xml_element *c, struct sheet_cell *cell)
{
	const char *type = xml_attribute(c, NULL, "t");
	struct text_span value = xml_child_text(c, "v");
	uint32_t n;
	if (type == NULL) type = "n";
	if (strcmp(type, "inlineStr") == 0) {
		const struct xml_element *is = xml_child(c, "is");
		if (is != NULL && text_join(book, is, &cell->text) != 0) return LIB_NOMEM;
	} else if (value.ptr == NULL) {
		if (xml_child(c, "f") != NULL) cell->kind = SHEET_UNCOUNTED;
		return 0;
	} else if (strcmp(type, "n") == 0) {
		return take_number(book, c, value, cell);
	} else if (strcmp(type, "s") == 0) {
		if (!number_of(xml_child(c, "v")->text, STRINGS_MAX, &n) || n >= book->string_count) {
			char place[SHEET_PLACE_SIZE];
			sheet_place(&book->sheet, book->row_number, 0, place);
			fault_add(book->faults, FAULT_ADVICE_CUT, place, "sharedStrings", NULL);
			return LIB_INVALID;
		}
		cell->text = book->strings[n];
	} else if (strcmp(type, "d") == 0) {
		take_iso_day(value, cell);
		return 0;
	} else if (strcmp(type, "e") == 0) {
		cell->kind = SHEET_ERROR;
		return 0;
	} else {
		cell->text = value; /* str, b */
	}
	cell->text = text_trim(cell->text);
	cell->kind = cell->text.len > 0 ? SHEET_TEXT : SHEET_EMPTY;
	return 0;
}

/* The columns of the row's cells, and how many there are up to the last. */
static int cells_place(struct workbook *book, const struct xml_element *row, uint32_t *ret_count)
{
	uint32_t next = 0;
	for (const struct xml_element *c = xml_child(row, "c"); c != NULL; c = xml_next(c)) {
		const char *place = xml_attribute(c, NULL, "r");
		uint32_t column = next, number = book->row_number;
		bool ok = place == NULL || place_of(place, &column, &number);
		if (!ok || number != book->row_number || column < next) {
			return refuse(book, FAULT_ADVICE_CUT, place == NULL ? "c" : place, NULL);
		}
		if (column >= SHEET_COLUMNS_MAX) return refuse_limit(book, "columns", SHEET_COLUMNS_MAX);
		next = column + 1;
	}
	*ret_count = next;
	return 0;
}

static int take_row(struct workbook *book, const struct xml_element *element)
{
	uint32_t number = book->row_number + 1, count = 0, next = 0;
	const char *own = xml_attribute(element, NULL, "r");
	if (own != NULL && (!number_of(own, 10000000, &number) || number <= book->row_number)) {
		return refuse(book, FAULT_ADVICE_CUT, "row", NULL);
	}
	book->row_number = number;
	int rc = cells_place(book, element, &count);
	if (rc != 0 || count == 0) return rc;
	if (book->sheet.row_count == SHEET_ROWS_MAX) return refuse_limit(book, "rows", SHEET_ROWS_MAX);
	struct sheet_row *row = &book->sheet.rows[book->sheet.row_count++];
	*row = (struct sheet_row){number, count, zf_alloc_array(book->arena, count, sizeof(*row->cells))};
	if (row->cells == NULL) return LIB_NOMEM;
	for (const struct xml_element *c = xml_child(element, "c"); rc == 0 && c != NULL; c = xml_next(c)) {
		const char *place = xml_attribute(c, NULL, "r");
		uint32_t ignored;
		if (place != NULL) (void)place_of(place, &next, &ignored);
		rc = take_value(book, c, &row->cells[next++]);
	}
	return rc;
}

/* ---- merged cells ---- */

static int read_merges(struct workbook *book, const struct xml_element *element)
{
	book->merges = zf_alloc_array(book->arena, SHEET_MERGES_MAX, sizeof(*book->merges));
	if (book->merges == NULL) return LIB_NOMEM;
	for (const struct xml_element *m = xml_child(element, "mergeCell"); m != NULL; m = xml_next(m)) {
		const char *range = xml_attribute(m, NULL, "ref"), *colon = range == NULL ? NULL : strchr(range, ':');
		struct merge *merge = &book->merges[book->merge_count];
		char first[16];
		if (book->merge_count == SHEET_MERGES_MAX) return refuse_limit(book, "mergeCells", SHEET_MERGES_MAX);
		if (colon == NULL || colon - range >= (ptrdiff_t)sizeof(first)) {
			return refuse(book, FAULT_ADVICE_CUT, "mergeCell", NULL);
		}
		memcpy(first, range, (size_t)(colon - range));
		first[colon - range] = '\0';
		if (!place_of(first, &merge->left, &merge->top) ||
			!place_of(colon + 1, &merge->right, &merge->bottom) || merge->right < merge->left ||
			merge->bottom < merge->top) {
			return refuse(book, FAULT_ADVICE_CUT, "mergeCell", NULL);
		}
		book->merge_count++;
	}
	return 0;
}

static const struct sheet_row *row_of(const struct sheet *sheet, uint32_t number)
{
	uint32_t low = 0, high = sheet->row_count;
	while (low < high) {
		uint32_t middle = (low + high) / 2;
		if (sheet->rows[middle].number < number) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low < sheet->row_count && sheet->rows[low].number == number ? &sheet->rows[low] : NULL;
}

/* The value of a merged range, which stands in its first cell, into those of its cells that rows have. */
static void spread_merge(struct workbook *book, const struct merge *merge)
{
	const struct sheet_row *top = row_of(&book->sheet, merge->top);
	if (top == NULL || sheet_cell(top, merge->left)->kind == SHEET_EMPTY) return;
	struct sheet_cell value = *sheet_cell(top, merge->left);
	for (uint32_t i = (uint32_t)(top - book->sheet.rows); i < book->sheet.row_count; i++) {
		struct sheet_row *row = &book->sheet.rows[i];
		if (row->number > merge->bottom) break;
		for (uint32_t n = merge->left; n <= merge->right && n < row->count; n++) {
			if (row->cells[n].kind != SHEET_EMPTY) continue;
			row->cells[n] = value;
			row->cells[n].copied = n > merge->left ? SHEET_FROM_LEFT : SHEET_FROM_ABOVE;
		}
	}
}

/* ---- the whole ---- */

/* As they come: the rows stand before the merged ranges. */
static int read_sheet(struct workbook *book, const struct zip_entry *part)
{
	const struct xml_element *root, *child = NULL;
	struct xml_reader *reader;
	int rc = xml_read_open(part->bytes, part->len, &limits, book->arena, book->faults, &reader, &root);
	if (rc != 0) return rc;
	book->sheet.rows = zf_alloc_array(book->arena, SHEET_ROWS_MAX, sizeof(*book->sheet.rows));
	if (book->sheet.rows == NULL) rc = LIB_NOMEM;
	while (rc == 0 && (rc = xml_read_child(reader, &child)) == 0 && child != NULL) {
		if (strcmp(child->name, "sheetData") == 0) {
			for (const struct xml_element *row = xml_child(child, "row"); rc == 0 && row != NULL;
				row = xml_next(row)) {
				rc = take_row(book, row);
			}
		} else if (strcmp(child->name, "mergeCells") == 0 && book->merges == NULL) {
			rc = read_merges(book, child);
		}
	}
	xml_read_close(reader);
	for (uint32_t i = 0; rc == 0 && i < book->merge_count; i++) spread_merge(book, &book->merges[i]);
	return rc;
}

static int read_book(struct workbook *book, const char *wanted)
{
	const struct xml_element *root, *sheet;
	int rc = read_part(book, "xl/workbook.xml", &root);
	if (rc == 0 && root != NULL) rc = read_part(book, "xl/_rels/workbook.xml.rels", &book->relations);
	if (rc != 0) return rc;
	if (root == NULL || book->relations == NULL) return refuse(book, FAULT_ADVICE_FORMAT, "ZIP", NULL);
	const struct xml_element *properties = xml_child(root, "workbookPr");
	const char *from_1904 = properties == NULL ? NULL : xml_attribute(properties, NULL, "date1904");
	book->from_1904 = from_1904 != NULL && (strcmp(from_1904, "1") == 0 || strcmp(from_1904, "true") == 0);
	const struct xml_element *sheets = xml_child(root, "sheets");
	for (sheet = sheets == NULL ? NULL : xml_child(sheets, "sheet"); sheet != NULL; sheet = xml_next(sheet)) {
		const char *name = xml_attribute(sheet, NULL, "name");
		if (wanted == NULL || (name != NULL && strcmp(name, wanted) == 0)) break;
	}
	const char *id = sheet == NULL ? NULL : attribute_in_space(sheet, "id");
	const char *name = id == NULL ? NULL : related(book, id, "");
	const struct zip_entry *part = name == NULL ? NULL : find_part(book, name);
	if (part == NULL) return refuse(book, FAULT_ADVICE_SHEET, wanted == NULL ? "1" : wanted, NULL);
	rc = read_strings(book);
	if (rc == 0) rc = read_styles(book);
	return rc == 0 ? read_sheet(book, part) : rc;
}

int sheet_read_xlsx(const uint8_t *bytes, size_t len, const struct sheet_form *form, struct zf_arena *arena,
	struct fault_list *faults, struct sheet *ret)
{
	struct workbook book = {.arena = arena, .faults = faults, .sheet = {.workbook = true}};
	int rc = zip_read(bytes, len, PARTS_MAX, SHEET_UNPACKED_MAX, arena, &book.parts, &book.part_count);
	if (rc == LIB_INVALID) return refuse(&book, FAULT_ADVICE_CUT, "ZIP", NULL);
	if (rc == LIB_LIMIT) return refuse_limit(&book, "ZIP", SHEET_UNPACKED_MAX);
	if (rc == 0) rc = read_book(&book, form->name);
	if (rc == 0) *ret = book.sheet;
	return rc;
}

/* What the tests of remittance advices share: a writer of XLSX workbooks from plain rows, and the advice of scenario
 * S4. */
#ifndef UNIT_ADVICE_LAB_H
#define UNIT_ADVICE_LAB_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "advice/advice.h"

/* Bytes that grow. */
struct lab_bytes {
	uint8_t *ptr;
	size_t len;
};

static inline void lab_put(struct lab_bytes *bytes, const void *from, size_t len)
{
	bytes->ptr = realloc(bytes->ptr, bytes->len + len + 1);
	memcpy(bytes->ptr + bytes->len, from, len);
	bytes->len += len;
	bytes->ptr[bytes->len] = '\0';
}

static inline void lab_text(struct lab_bytes *bytes, const char *text)
{
	lab_put(bytes, text, strlen(text));
}

static inline void lab_number(struct lab_bytes *bytes, uint32_t value, unsigned size)
{
	for (unsigned i = 0; i < size; i++) {
		uint8_t byte = (uint8_t)(value >> 8 * i);
		lab_put(bytes, &byte, 1);
	}
}

struct lab_part {
	const char *name, *text;
};

/* An archive of stored entries. */
static inline struct lab_bytes lab_zip(const struct lab_part *parts, size_t count)
{
	struct lab_bytes zip = {NULL, 0}, central = {NULL, 0};
	for (size_t i = 0; i < count; i++) {
		uint32_t len = (uint32_t)strlen(parts[i].text), name_len = (uint32_t)strlen(parts[i].name);
		uint32_t crc = (uint32_t)crc32(0, (const Bytef *)parts[i].text, len), at = (uint32_t)zip.len;
		lab_put(&zip, "PK\3\4\x14\0\0\0\0\0\0\0\0\0", 14);
		lab_put(&central, "PK\1\2\x14\0\x14\0\0\0\0\0\0\0\0\0", 16);
		for (int k = 0; k < 2; k++) {
			struct lab_bytes *to = k == 0 ? &zip : &central;
			lab_number(to, crc, 4);
			lab_number(to, len, 4);
			lab_number(to, len, 4);
			lab_number(to, name_len, 2);
			lab_number(to, 0, 2);
		}
		lab_number(&central, 0, 4); /* comment, disk */
		lab_number(&central, 0, 2); /* attributes */
		lab_number(&central, 0, 4);
		lab_number(&central, at, 4);
		lab_text(&central, parts[i].name);
		lab_text(&zip, parts[i].name);
		lab_put(&zip, parts[i].text, len);
	}
	uint32_t at = (uint32_t)zip.len;
	if (central.len > 0) lab_put(&zip, central.ptr, central.len);
	lab_put(&zip, "PK\5\6\0\0\0\0", 8);
	lab_number(&zip, (uint32_t)count, 2);
	lab_number(&zip, (uint32_t)count, 2);
	lab_number(&zip, (uint32_t)central.len, 4);
	lab_number(&zip, at, 4);
	lab_number(&zip, 0, 2);
	free(central.ptr);
	return zip;
}

#define LAB_COLUMNS 10
/* Cells as CSV has them; in workbooks "=" in front makes a number, "'" a text in place, "#" a day's serial number, "!"
 * an error, "?" a formula without a result, "*" a formula with that result; else a shared text. NULL ends a row. */
typedef const char *lab_row[LAB_COLUMNS + 1];

static inline void lab_escape(struct lab_bytes *to, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '&') {
			lab_text(to, "&amp;");
		} else if (*text == '<') {
			lab_text(to, "&lt;");
		} else {
			lab_put(to, text, 1);
		}
	}
}

static inline void lab_cell(
	struct lab_bytes *sheet, struct lab_bytes *strings, unsigned *shared, const char *cell, const char *place)
{
	char text[256];
	const char *value = cell + 1;
	if (*cell == '=' || *cell == '#') {
		snprintf(text, sizeof(text), "<c r=\"%s\"%s><v>%s</v></c>", place, *cell == '#' ? " s=\"1\"" : "",
			value);
		lab_text(sheet, text);
	} else if (*cell == '*' || *cell == '?') {
		snprintf(text, sizeof(text), "<c r=\"%s\"><f>SUM(A1:A2)</f>%s%s%s</c>", place,
			*cell == '*' ? "<v>" : "", *cell == '*' ? value : "", *cell == '*' ? "</v>" : "");
		lab_text(sheet, text);
	} else if (*cell == '!') {
		snprintf(text, sizeof(text), "<c r=\"%s\" t=\"e\"><v>#DIV/0!</v></c>", place);
		lab_text(sheet, text);
	} else if (*cell == '\'') {
		snprintf(text, sizeof(text), "<c r=\"%s\" t=\"inlineStr\"><is><r><t>", place);
		lab_text(sheet, text);
		lab_escape(sheet, value);
		lab_text(sheet, "</t></r><r><t xml:space=\"preserve\"> </t></r></is></c>");
	} else {
		snprintf(text, sizeof(text), "<c r=\"%s\" t=\"s\"><v>%u</v></c>", place, (*shared)++);
		lab_text(sheet, text);
		lab_text(strings, "<si><t>");
		lab_escape(strings, cell);
		lab_text(strings, "</t></si>");
	}
}

struct lab_book {
	const char *sheet_name; /* NULL: "Advice" */
	bool from_1904;
	const char *merges;   /* "A1:A2 B1:C1" */
	const char *relation; /* further relationships; NULL: none */
	const char *extra;    /* in front of the sheet's root, such as a document type */
};

/* A workbook of one sheet with these rows, ended by one that begins with NULL. */
static inline struct lab_bytes lab_xlsx(const lab_row *rows, const struct lab_book *book)
{
	static const char head[] = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
	static const char space[] = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
	static const char types[] = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
	struct lab_bytes sheet = {NULL, 0}, strings = {NULL, 0}, workbook = {NULL, 0}, relations = {NULL, 0};
	unsigned shared = 0;
	char text[1024];
	lab_text(&sheet, head);
	if (book->extra != NULL) lab_text(&sheet, book->extra);
	snprintf(text, sizeof(text), "<worksheet xmlns=\"%s\"><sheetData>", space);
	lab_text(&sheet, text);
	snprintf(text, sizeof(text), "%s<sst xmlns=\"%s\">", head, space);
	lab_text(&strings, text);
	for (unsigned r = 0; rows[r][0] != NULL; r++) {
		snprintf(text, sizeof(text), "<row r=\"%u\">", r + 1);
		lab_text(&sheet, text);
		for (unsigned c = 0; rows[r][c] != NULL; c++) {
			char place[16];
			snprintf(place, sizeof(place), "%c%u", (char)('A' + c), r + 1);
			if (rows[r][c][0] != '\0') lab_cell(&sheet, &strings, &shared, rows[r][c], place);
		}
		lab_text(&sheet, "</row>");
	}
	lab_text(&strings, "</sst>");
	lab_text(&sheet, "</sheetData>");
	if (book->merges != NULL) {
		char list[512];
		lab_text(&sheet, "<mergeCells>");
		snprintf(list, sizeof(list), "%s", book->merges);
		for (char *m = strtok(list, " "); m != NULL; m = strtok(NULL, " ")) {
			snprintf(text, sizeof(text), "<mergeCell ref=\"%s\"/>", m);
			lab_text(&sheet, text);
		}
		lab_text(&sheet, "</mergeCells>");
	}
	lab_text(&sheet, "</worksheet>");
	snprintf(text, sizeof(text),
		"%s<workbook xmlns=\"%s\" xmlns:r=\"%s\"><workbookPr%s/><sheets><sheet name=\"%s\" sheetId=\"1\" r:id=\"rId1\"/></sheets>"
		"</workbook>",
		head, space, types, book->from_1904 ? " date1904=\"1\"" : "",
		book->sheet_name != NULL ? book->sheet_name : "Advice");
	lab_text(&workbook, text);
	snprintf(text, sizeof(text),
		"%s<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">%s"
		"<Relationship Id=\"rId1\" Type=\"%s/worksheet\" Target=\"worksheets/sheet1.xml\"/>"
		"<Relationship Id=\"rId2\" Type=\"%s/sharedStrings\" Target=\"sharedStrings.xml\"/>"
		"<Relationship Id=\"rId3\" Type=\"%s/styles\" Target=\"/xl/styles.xml\"/></Relationships>",
		head, book->relation != NULL ? book->relation : "", types, types, types);
	lab_text(&relations, text);
	const struct lab_part parts[] = {{"xl/workbook.xml", (const char *)workbook.ptr},
		{"xl/_rels/workbook.xml.rels", (const char *)relations.ptr},
		{"xl/sharedStrings.xml", (const char *)strings.ptr},
		{"xl/styles.xml",
			"<styleSheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><numFmts>"
			"<numFmt numFmtId=\"164\" formatCode=\"yyyy&quot;年&quot;m&quot;月&quot;d&quot;日&quot;\"/></numFmts>"
			"<cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"164\"/></cellXfs></styleSheet>"},
		{"xl/worksheets/sheet1.xml", (const char *)sheet.ptr}};
	struct lab_bytes zip = lab_zip(parts, sizeof(parts) / sizeof(parts[0]));
	free(sheet.ptr);
	free(strings.ptr);
	free(workbook.ptr);
	free(relations.ptr);
	return zip;
}

/* The rows as CSV: the marks of workbooks go. A day's serial number must not be in them. */
static inline struct lab_bytes lab_csv(const lab_row *rows)
{
	struct lab_bytes csv = {NULL, 0};
	for (unsigned r = 0; rows[r][0] != NULL; r++) {
		for (unsigned c = 0; rows[r][c] != NULL; c++) {
			const char *cell = rows[r][c];
			if (*cell != '\0' && strchr("='*", *cell) != NULL) cell++;
			if (c > 0) lab_text(&csv, ",");
			lab_text(&csv, "\"");
			lab_text(&csv, cell);
			lab_text(&csv, "\"");
		}
		lab_text(&csv, "\n");
	}
	return csv;
}

/* ---- scenario S4: the month of TPA Meridian for Alpha and Beta ---- */

static const lab_row lab_s4[] = {
	{"Meridian Health Care", NULL},
	{"Statement no.: MERIDIAN HC STMT 2026-10 #0417", NULL},
	{"Payment date", "2026-11-12", NULL},
	{"", NULL},
	{"Claim", "Carrier", "Billed", "Paid", "Remark", "Tax", NULL},
	{"C1", "Alpha", "=12480.00", "=12480.00", "", NULL},
	{"C2", "Alpha", "=8965.50", "=8068.95", "896.55 is the member's 10 %", NULL},
	{"'C3", "Beta", "=3200.00", "=3200.00", "", NULL},
	{"C4", "Beta", "=3200.00", "=0.00", "denied, pre-existing condition", NULL},
	{"C5", "Beta", "=21734.20", "=21734.20", "", NULL},
	{"C7", "Alpha", "=6010.75", "=6010.75", "", NULL},
	{"C6", "Alpha", "", "=-1450.00", "take-back, disputed", NULL},
	{"sum", "", "*55590.45", "*50043.90", "", NULL},
	{"network fee 3 % of 51,493.90", "", "", "=-1544.82", "VAT invoice 1,457.38 + 87.44", "=87.44", NULL},
	{"transfer", "", "", "=48499.08", NULL},
	{NULL},
};

static const struct advice_alias lab_carriers[] = {{"Alpha", "alpha"}, {"Beta", "beta"}};
static const char *const lab_sum[] = {"sum"}, *const lab_total[] = {"transfer"}, *const lab_fee[] = {"network fee"},
			 *const lab_patient[] = {"member's"}, *const lab_denied[] = {"denied"},
			 *const lab_disputed[] = {"disputed"}, *const lab_adjustment[] = {"adjustment"},
			 *const lab_netting[] = {"set off"};

static inline struct advice_profile lab_profile(void)
{
	struct advice_profile profile = {.name = "meridian",
		.remitter = "Meridian Health Care",
		.thousands = ',',
		.currency = "CNY",
		.carriers = lab_carriers,
		.carrier_count = 2};
	profile.columns[ADVICE_COLUMN_INSURER_CLAIM] = "Claim";
	profile.columns[ADVICE_COLUMN_CARRIER] = "Carrier";
	profile.columns[ADVICE_COLUMN_BILLED] = "Billed";
	profile.columns[ADVICE_COLUMN_PAID] = "Paid";
	profile.columns[ADVICE_COLUMN_REMARK] = "Remark";
	profile.columns[ADVICE_COLUMN_TAX] = "Tax";
	profile.labels[ADVICE_LABEL_IDENTIFIER] = "Statement no.";
	profile.labels[ADVICE_LABEL_PAYMENT_DAY] = "Payment date";
	profile.words[ADVICE_WORD_SUM] = (struct advice_words){lab_sum, 1};
	profile.words[ADVICE_WORD_TOTAL] = (struct advice_words){lab_total, 1};
	profile.words[ADVICE_WORD_FEE] = (struct advice_words){lab_fee, 1};
	profile.words[ADVICE_WORD_ADJUSTMENT] = (struct advice_words){lab_adjustment, 1};
	profile.words[ADVICE_WORD_NETTING] = (struct advice_words){lab_netting, 1};
	profile.words[ADVICE_WORD_PATIENT] = (struct advice_words){lab_patient, 1};
	profile.words[ADVICE_WORD_DENIED] = (struct advice_words){lab_denied, 1};
	profile.words[ADVICE_WORD_DISPUTED] = (struct advice_words){lab_disputed, 1};
	return profile;
}

/* The same, typed in. */
static const char lab_letter[] =
	"{\"remitter\": \"Meridian Health Care\", \"identifier\": \"MERIDIAN HC STMT 2026-10 #0417\",\n"
	" \"amount\": \"48499.08\", \"currency\": \"CNY\", \"payment_date\": \"2026-11-12\",\n"
	" \"other\": [{\"kind\": \"fee\", \"amount\": \"-1544.82\", \"tax\": \"-87.44\",\n"
	"  \"remark\": \"VAT invoice 1,457.38 + 87.44\"}],\n"
	" \"claims\": [\n"
	"  {\"insurer_claim\": \"C1\", \"carrier\": \"alpha\", \"billed\": \"12480\", \"paid\": \"12480.00\"},\n"
	"  {\"insurer_claim\": \"C2\", \"carrier\": \"alpha\", \"billed\": \"8965.50\", \"paid\": \"8068.95\",\n"
	"   \"difference\": \"patient\", \"remark\": \"896.55 is the member's 10 %\"},\n"
	"  {\"insurer_claim\": \"C3\", \"carrier\": \"beta\", \"billed\": \"3200.00\", \"paid\": \"3200.00\"},\n"
	"  {\"insurer_claim\": \"C4\", \"carrier\": \"beta\", \"billed\": \"3200.00\", \"paid\": \"0\", \"difference\": \"denied\",\n"
	"   \"remark\": \"denied, pre-existing condition\"},\n"
	"  {\"insurer_claim\": \"C5\", \"carrier\": \"beta\", \"billed\": \"21734.20\", \"paid\": \"21734.20\"},\n"
	"  {\"insurer_claim\": \"C7\", \"carrier\": \"alpha\", \"billed\": \"6010.75\", \"paid\": \"6010.75\"},\n"
	"  {\"insurer_claim\": \"C6\", \"carrier\": \"alpha\", \"paid\": \"-1450.00\", \"difference\": \"disputed\",\n"
	"   \"remark\": \"take-back, disputed\"}]}\n";

#endif

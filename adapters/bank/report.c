/* Faults of a statement: where they are said to be, and what of the file they may quote. */
#include <stdio.h>

#include "reader.h"

void bank_fault_as(struct bank_reader *reader, enum fault_code code, enum fault_severity severity, uint32_t line,
	const char *where, const char *arg1, const char *arg2)
{
	char element[BANK_WHERE_BYTES] = "", path[BANK_WHERE_BYTES + 24];
	if (where == NULL) where = reader->camt == NULL ? element : bank_camt_path(reader->camt, element);
	if (severity >= FAULT_FAULT) reader->fault_count++;
	if (line > 0) {
		(void)snprintf(path, sizeof(path), "line %u%s%s", line, where[0] == '\0' ? "" : ": ", where);
		where = path;
	}
	fault_add_as(reader->faults, code, severity, where, arg1, arg2);
}

void bank_fault(struct bank_reader *reader, enum fault_code code, uint32_t line, const char *where, const char *arg1,
	const char *arg2)
{
	enum fault_severity severity = (enum fault_severity)fault_lookup(code)->severity;
	bank_fault_as(reader, code, severity, line, where, arg1, arg2);
}

const char *bank_plain(struct text_span text, char buffer[40])
{
	text = text_trim(text);
	if (text.len == 0 || text.len > 32) return "?";
	size_t letters = 0;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		bool digit = (c >= '0' && c <= '9') || strchr("+-.,:/ ", c) != NULL;
		if (c == '\0' || (!digit && (c < 'A' || c > 'Z'))) return "?";
		if (!digit) letters++;
	}
	if (letters > 4) return "?";
	memcpy(buffer, text.ptr, text.len);
	buffer[text.len] = '\0';
	return buffer;
}

int bank_scratch_fault(struct bank_reader *reader, const struct scratch *scratch, uint32_t line)
{
	int rc = scratch_error(scratch);
	char number[16];
	(void)snprintf(number, sizeof(number), "%u", reader->limits.memory_max);
	if (rc == LIB_LIMIT) bank_fault(reader, FAULT_BANK_LIMIT, line, "", "memory_max", number);
	return rc;
}

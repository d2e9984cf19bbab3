/* From a contract's document to the contract: each value by the table of keys. */
#include <stdio.h>

#include "lib/date.h"
#include "lib/fault_json.h"
#include "model/contract_reading.h"

#define PERCENT_SCALE_MAX 6
#define WORDS_BYTES_MAX 96
#define DEPTH_MAX 8

static const char *copy(struct contract_reading *reader, struct text_span text)
{
	const char *ret = zf_strndup(reader->arena, text.ptr, text.len);
	if (ret == NULL) reader->no_memory = true;
	return ret;
}

/* ---- values ---- */

static bool text_is_line(struct text_span text)
{
	struct text_span inner = text_trim(text);
	if (inner.len != text.len) return false;
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] < 0x20 || text.ptr[i] == 0x7f) return false;
	return true;
}

static int read_text(struct contract_reading *reader, const struct contract_key *key, struct text_span text, void *at)
{
	const char *made;

	if (text.len > (size_t)key->high) {
		char limit[16];
		(void)snprintf(limit, sizeof(limit), "%d", key->high);
		contract_tell(reader, FAULT_VALUE_TOO_LONG, limit, NULL);
		return LIB_INVALID;
	}
	if (!text_is_line(text)) {
		contract_tell(reader, FAULT_CONTRACT_TEXT, NULL, NULL);
		return LIB_INVALID;
	}
	made = copy(reader, text);
	if (made == NULL) return LIB_NOMEM;
	if (key->form == FORM_CODE && text_match("[A-Za-z0-9_-]+", text) != 1) {
		contract_tell(reader, FAULT_CONTRACT_CODE, made, NULL);
		return LIB_INVALID;
	}
	if (key->form == FORM_INSURER && text_match("[a-z0-9][a-z0-9-]*", text) != 1) {
		contract_tell(reader, FAULT_CONTRACT_INSURER, made, NULL);
		return LIB_INVALID;
	}
	*(const char **)at = made;
	return 0;
}

static void read_currency(struct contract_reading *reader, const struct contract_key *key, const char *text, char at[4])
{
	if (key->form == FORM_PIVOT && strcmp(text, "none") == 0) {
		memcpy(at, "-", 2);
		return;
	}
	if (!currency_is_money(text_of(text))) {
		contract_tell(reader, FAULT_CURRENCY_UNKNOWN, text, NULL);
		text = "???"; /* it is given, so nobody shall say that it is missing */
	}
	memcpy(at, text, 4);
}

static void read_word(struct contract_reading *reader, const struct contract_key *key, const char *text, uint8_t *at)
{
	char all[WORDS_BYTES_MAX] = "";

	for (const struct contract_word *word = key->words; word->text != NULL; word++) {
		size_t len = strlen(all);
		if (strcmp(word->text, text) == 0) {
			*at = word->value;
			return;
		}
		(void)snprintf(all + len, sizeof(all) - len, "%s%s", len == 0 ? "" : ", ", word->text);
	}
	contract_tell(reader, FAULT_CONTRACT_WORD, text, all);
}

/* Plain digits with or without a point: no exponent, which people misread. */
static bool decimal_plain(const char *text, struct zf_decimal *ret)
{
	return strspn(text, "0123456789.") == strlen(text) && decimal_parse(text_of(text), ret) == 0;
}

static void read_percent(
	struct contract_reading *reader, const struct contract_key *key, const char *text, struct zf_decimal *at)
{
	struct zf_decimal value;
	char range[24];

	if (decimal_plain(text, &value) && value.scale <= PERCENT_SCALE_MAX &&
		decimal_compare(value, decimal_of(key->high, 0)) <= 0) {
		*at = value;
		return;
	}
	(void)snprintf(range, sizeof(range), "0 to %d", key->high);
	contract_tell(reader, FAULT_CONTRACT_PERCENT, text, range);
}

static void read_count(
	struct contract_reading *reader, const struct contract_key *key, struct text_span text, uint32_t *at)
{
	int64_t value = -1;
	char range[32];
	char shown[24];

	if (text_to_int64(text, &value) == 0 && value >= key->low && value <= key->high) {
		*at = (uint32_t)value;
		return;
	}
	(void)snprintf(range, sizeof(range), "%d to %d", key->low, key->high);
	contract_tell(reader, FAULT_CONTRACT_COUNT, text_copy_cut(text, shown, sizeof(shown)), range);
}

/* A value that is a string in the document. */
static void read_string(
	struct contract_reading *reader, const struct contract_key *key, struct text_span text, char *at)
{
	const char *made;
	int64_t day;

	if (text.len == 0) {
		contract_tell(reader, FAULT_ELEMENT_EMPTY, NULL, NULL);
		return;
	}
	if (key->form == FORM_TEXT || key->form == FORM_CODE || key->form == FORM_INSURER) {
		/* what is wrong with it still is one that is given */
		if (read_text(reader, key, text, at) == LIB_INVALID) *(const char **)(void *)at = "?";
		return;
	}
	made = copy(reader, text);
	if (made == NULL) return;
	switch (key->form) {
	case FORM_DAY:
		if (date_parse_form(text, "YYYY-MM-DD", &day) == 0)
			*(int32_t *)(void *)at = (int32_t)day;
		else
			contract_tell(reader, FAULT_CONTRACT_DAY, made, NULL);
		break;
	case FORM_PERCENT:
		read_percent(reader, key, made, (struct zf_decimal *)(void *)at);
		break;
	case FORM_AMOUNT:
		if (!decimal_plain(made, (struct zf_decimal *)(void *)at))
			contract_tell(reader, FAULT_CONTRACT_AMOUNT, made, NULL);
		break;
	case FORM_WORD:
		read_word(reader, key, made, (uint8_t *)at);
		break;
	default:
		read_currency(reader, key, made, at);
	}
}

/* The defaults, as if they had been written. */
static void section_default(struct contract_reading *reader, const struct contract_section *section, char *base)
{
	for (uint32_t i = 0; i < section->count; i++) {
		const struct contract_key *key = &section->keys[i];
		if (key->form == FORM_OBJECT)
			section_default(reader, key->section, base + key->offset);
		else if (key->fallback != NULL && key->form == FORM_COUNT)
			read_count(reader, key, text_of(key->fallback), (uint32_t *)(void *)(base + key->offset));
		else if (key->fallback != NULL && key->form != FORM_BOOL) /* which is false, as it is zeroed */
			read_string(reader, key, text_of(key->fallback), base + key->offset);
	}
}

/* ---- the walk ---- */

/* The reader's error, once. */
static int json_failed(struct contract_reading *reader)
{
	struct fault_json fault;

	if (reader->json.error.code == LIB_NOMEM) return ERR_NOMEM;
	fault_json(&reader->json.error, &fault);
	contract_tell(reader, fault.code, fault.arg1[0] == '\0' ? NULL : fault.arg1, fault.arg2);
	return ERR_INVALID;
}

static int skip(struct contract_reading *reader, const struct json_token *token)
{
	return json_skip_from(&reader->json, token, NULL) == JSON_ERROR ? json_failed(reader) : 0;
}

static int read_section(struct contract_reading *reader, const struct contract_section *section, char *base);

/* An entry of another type than it has to be is told and left out; ERR_* only where reading ends. */
static int read_rows(struct contract_reading *reader, const struct contract_key *key, struct contract_rows *rows)
{
	struct json_token token;
	uint32_t seen = 0;
	int err = 0;

	if (rows->items == NULL) rows->items = zf_alloc_array(reader->arena, CONTRACT_LIST_MAX, key->section->size);
	if (rows->items == NULL) return ERR_NOMEM;
	for (;;) {
		enum json_type type = json_next(&reader->json, &token);
		if (type == JSON_ERROR) return json_failed(reader);
		if (type == JSON_ARRAY_END) return 0;
		size_t was = contract_path_in(reader, "[%u]", seen++);
		if (type != JSON_OBJECT_BEGIN) {
			contract_tell(reader, FAULT_ELEMENT_TYPE, "object", NULL);
			err = skip(reader, &token);
		} else if (rows->count == CONTRACT_LIST_MAX) {
			char limit[16];
			(void)snprintf(limit, sizeof(limit), "%d", CONTRACT_LIST_MAX);
			if (seen == CONTRACT_LIST_MAX + 1) contract_tell(reader, FAULT_TOO_MANY, limit, NULL);
			err = skip(reader, &token);
		} else {
			char *row = rows->items + (size_t)rows->count++ * key->section->size;
			section_default(reader, key->section, row);
			err = read_section(reader, key->section, row);
		}
		contract_path_out(reader, was);
		if (err != 0) return err;
	}
}

static enum json_type wanted_type(enum contract_form form, const char **ret_name)
{
	switch (form) {
	case FORM_COUNT:
		*ret_name = "number";
		return JSON_NUMBER;
	case FORM_BOOL:
		*ret_name = "boolean";
		return JSON_TRUE_VALUE;
	case FORM_OBJECT:
		*ret_name = "object";
		return JSON_OBJECT_BEGIN;
	case FORM_LIST:
		*ret_name = "array";
		return JSON_ARRAY_BEGIN;
	default:
		*ret_name = "string";
		return JSON_STRING_VALUE;
	}
}

static int read_value(struct contract_reading *reader, const struct contract_key *key, char *base)
{
	struct json_token token;
	const char *name;
	enum json_type wanted = wanted_type(key->form, &name);
	enum json_type type = json_next(&reader->json, &token);
	char *at = base + key->offset;

	if (type == JSON_ERROR) return json_failed(reader);
	if (type == JSON_NULL_VALUE) {
		contract_tell(reader, FAULT_ELEMENT_NULL, NULL, NULL);
		return 0;
	}
	if (key->form == FORM_BOOL && (type == JSON_TRUE_VALUE || type == JSON_FALSE_VALUE)) {
		*(bool *)at = type == JSON_TRUE_VALUE;
		return 0;
	}
	if (key->form == FORM_OBJECT && key->marks) *(bool *)at = true;
	if (type != wanted || key->form == FORM_BOOL) {
		contract_tell(reader, FAULT_ELEMENT_TYPE, name, NULL);
		return skip(reader, &token);
	}
	if (key->form == FORM_OBJECT) return read_section(reader, key->section, at);
	if (key->form == FORM_LIST) return read_rows(reader, key, (struct contract_rows *)(void *)at);
	if (key->form == FORM_COUNT)
		read_count(reader, key, token.text, (uint32_t *)(void *)at);
	else
		read_string(reader, key, token.text, at);
	return reader->no_memory ? ERR_NOMEM : 0;
}

/* A key that there is not: its name goes into the fault, not into the path. */
static int read_unknown(struct contract_reading *reader, struct text_span name)
{
	char shown[FAULT_ARG_BYTES_MAX];

	contract_tell(reader, FAULT_CONTRACT_KEY, text_copy_cut(name, shown, sizeof(shown)), NULL);
	return json_skip(&reader->json, NULL) == JSON_ERROR ? json_failed(reader) : 0;
}

/* Behind the brace that opens it. */
static int read_section(struct contract_reading *reader, const struct contract_section *section, char *base)
{
	struct json_token token;
	enum json_type type;
	uint64_t seen = 0;

	while ((type = json_next(&reader->json, &token)) == JSON_KEY) {
		uint32_t i = 0;
		int err;
		while (i < section->count && !text_is(token.text, section->keys[i].name)) i++;
		if (i == section->count) {
			err = read_unknown(reader, token.text);
		} else {
			size_t was = contract_path_key(reader, section->keys[i].name);
			seen |= UINT64_C(1) << i;
			err = read_value(reader, &section->keys[i], base);
			contract_path_out(reader, was);
		}
		if (err != 0) return err;
	}
	if (type == JSON_ERROR) return json_failed(reader);
	for (uint32_t i = 0; i < section->count; i++)
		if (section->keys[i].needed && (seen >> i & 1) == 0)
			contract_tell(reader, FAULT_CONTRACT_MISSING, section->keys[i].name, NULL);
	return 0;
}

/* ---- the whole ---- */

/* One contract, behind its brace. */
static int read_contract(
	struct contract_reading *reader, const struct json_token *begin, struct text_span text, struct contract *ret)
{
	struct contract_draft draft = {.made = {.from = CONTRACT_DAY_UNKNOWN, .to = CONTRACT_OPEN}};

	section_default(reader, &contract_document, (char *)&draft);
	int err = read_section(reader, &contract_document, (char *)&draft);
	if (err == 0) err = contract_check(reader, &draft);
	if (err == 0 && reader->no_memory) err = ERR_NOMEM;
	if (err != 0) return err;
	draft.made.document =
		(struct text_span){text.ptr + begin->begin, (size_t)(reader->json.pos - text.ptr) - begin->begin};
	*ret = draft.made;
	return 0;
}

static int read_list(
	struct contract_reading *reader, struct text_span text, struct contract *items, uint32_t *ret_count)
{
	struct json_token token;
	uint32_t seen = 0;

	for (;;) {
		enum json_type type = json_next(&reader->json, &token);
		int err = 0;
		if (type == JSON_ERROR) return json_failed(reader);
		if (type == JSON_ARRAY_END) break;
		size_t was = contract_path_in(reader, "[%u]", seen++);
		if (type != JSON_OBJECT_BEGIN) {
			contract_tell(reader, FAULT_ELEMENT_TYPE, "object", NULL);
			err = skip(reader, &token);
		} else if (*ret_count == CONTRACTS_MAX) {
			err = skip(reader, &token);
		} else {
			err = read_contract(reader, &token, text, &items[(*ret_count)++]);
		}
		contract_path_out(reader, was);
		if (err != 0) return err;
	}
	if (seen == 0) contract_tell(reader, FAULT_ELEMENT_EMPTY, NULL, NULL);
	if (seen > CONTRACTS_MAX) {
		char limit[16];
		(void)snprintf(limit, sizeof(limit), "%d", CONTRACTS_MAX);
		contract_tell(reader, FAULT_TOO_MANY, limit, NULL);
	}
	return 0;
}

int contract_read(struct text_span text, const char *book, struct zf_arena *arena, struct fault_list *faults,
	struct contract_list *ret)
{
	struct contract_reading reader = {.arena = arena, .faults = faults, .book = book};
	struct contract *items = zf_alloc_array(arena, CONTRACTS_MAX, sizeof(*items));
	struct json_token token;
	uint32_t count = 0;
	int err = 0;

	if (items == NULL) return ERR_NOMEM;
	json_reader_init(&reader.json, text.ptr, text.len, arena, DEPTH_MAX, CONTRACT_BYTES_MAX);
	enum json_type type = json_next(&reader.json, &token);
	if (type == JSON_ERROR)
		err = json_failed(&reader);
	else if (type == JSON_ARRAY_BEGIN)
		err = read_list(&reader, text, items, &count);
	else if (type == JSON_OBJECT_BEGIN)
		err = read_contract(&reader, &token, text, &items[count++]);
	else
		contract_tell(&reader, FAULT_ELEMENT_TYPE, "object", NULL);
	if (err == 0 && json_next(&reader.json, &token) != JSON_END) err = json_failed(&reader);
	if (err == ERR_NOMEM || faults->no_memory) return ERR_NOMEM;
	if (err != 0 || fault_refuses(faults)) return ERR_INVALID;
	*ret = (struct contract_list){items, count};
	return 0;
}

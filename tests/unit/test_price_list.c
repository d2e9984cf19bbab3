/* Price lists as CSV: what is taken is what stands there, and all that is wrong is told at once with line and column.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib_arena.h"
#include "model/price_list.h"

static struct lib_arena memory = {.zf = {.alloc = lib_arena_alloc}, .fail_at = -1};
static struct fault_list faults;
static struct price_list list;

static int teardown(void **state)
{
	(void)state;
	lib_arena_free(&memory);
	return 0;
}

static int read(const char *text)
{
	fault_list_init(&faults, &memory.zf, 0);
	list = (struct price_list){NULL, 0, ""};
	return price_list_read(text_of(text), &memory.zf, &faults, &list);
}

static void assert_price(uint32_t n, const char *code, int64_t digits, uint8_t scale, const char *name)
{
	assert_true(n < list.count);
	assert_true(text_is(list.items[n].code, code));
	assert_true(text_is(list.items[n].name, name));
	assert_int_equal(list.items[n].value.unscaled, digits);
	assert_int_equal(list.items[n].value.scale, scale);
}

static void lists_are_taken(void **state)
{
	(void)state;
	assert_int_equal(read("\xef\xbb\xbfname,price,code,system,currency\r\n"
			      "\"Room, single\",1280.50,R-1,urn:h,CNY\r\n\r\n"
			      ",0.333333,B-9,urn:h,CNY\r\n"
			      "free,0,B-10, urn:h ,CNY\r\n"
			      "other,007.10,R-1,urn:g,CNY\r\n"),
		ERR_INVALID); /* a leading zero is no number */
	assert_int_equal(faults.count, 1);
	assert_string_equal(faults.items[0].path, "6:price");
	assert_int_equal(read("name,price,code,system,currency\r\n\"Room, single\",1280.50,R-1,urn:h,CNY\r\n\r\n"
			      ",0.333333,B-9,urn:h,CNY\r\nfree,0,B-10, urn:h ,CNY\r\nother,7.10,R-1,urn:g,CNY\r\n"),
		0);
	assert_int_equal(list.count, 4);
	assert_string_equal(list.currency, "CNY");
	/* by system and code */
	assert_price(0, "R-1", 710, 2, "other");
	assert_price(1, "B-10", 0, 0, "free");
	assert_price(2, "B-9", 333333, 6, "");
	assert_price(3, "R-1", 128050, 2, "Room, single");
	assert_int_equal(read("编码系统,编码,单价,币种,名称\nurn:h,A,12,JPY,床位费\n"), 0);
	assert_price(0, "A", 12, 0, "床位费");
	assert_string_equal(list.currency, "JPY");
	assert_int_equal(read("system,code,price,currency\nurn:h,A,92233720368547758.07,CNY\n"), 0);
	assert_price(0, "A", INT64_MAX, 2, "");
}

static void all_faults_are_told(void **state)
{
	static const struct {
		const char *path, *name, *part;
	} told[] = {
		{"2:price", "price-value", "\"-1\""},
		{"3:code", "price-missing", "Nothing stands here"},
		{"3:price", "price-value", "\"1,200.00\""},
		{"4:currency", "price-currency", "here it is USD, before it was CNY"},
		{"5:price", "price-decimals", "0.1234567"},
		{"5:currency", "currency-unknown", "\"RMB\""},
		{"6", "csv-fields", "The line has 3 fields, the heading has 4"},
		{"8:price", "price-decimals", "92233720368547758.08"},
		{"9:price", "price-value", "\"1e3\""},
		{"10:code", "price-duplicate", "\"A\" has a price in line 7"},
	};

	(void)state;
	assert_int_equal(
		read("system,code,price,currency\nurn:h,N,-1,CNY\nurn:h,,\"1,200.00\",CNY\nurn:h,B,1,USD\n"
		     "urn:h,C,0.1234567,RMB\nurn:h,D,1\nurn:h,A,1.5,CNY\nurn:h,E,92233720368547758.08,CNY\nurn:h,F,1e3,CNY\n"
		     "urn:h,A,1.5,CNY\n"),
		ERR_INVALID);
	assert_int_equal(list.count, 0);
	assert_int_equal(faults.count, ARRAY_LEN(told));
	for (size_t i = 0; i < ARRAY_LEN(told); i++) {
		assert_string_equal(faults.items[i].path, told[i].path);
		assert_string_equal(fault_lookup(faults.items[i].code)->name, told[i].name);
		assert_non_null(strstr(fault_text_en(&memory.zf, &faults.items[i]), told[i].part));
		assert_non_null(strstr(fault_text_zh(&memory.zf, &faults.items[i]), "。"));
	}
}

/* What nothing of can be told, and whose rows are looked at all the same. */
static void headings_are_held_to(void **state)
{
	static const struct {
		const char *text, *path, *name;
		uint32_t count;
	} cases[] = {
		{"", "", "price-none", 1},
		{"system,code,price,currency\n", "", "price-none", 1},
		{"system,code,currency\nurn:h,A,CNY\n", "1", "price-column", 1},
		{"system,code,price,currency,unit\nurn:h,A,-1,CNY,d\n", "1", "price-column-unknown", 2},
		{"system,code,price,单价,currency\nurn:h,A,1,1,CNY\n", "1", "price-column-duplicate", 1},
		{"system,code,price,currency\nurn:h,A,1,CNY", "2", "csv-cut", 1},
		{"system,code,price,currency\nurn:h,\"A,1,CNY\n", "2", "csv-quote-open", 1},
		{"system,code,price,currency\nurn:h,\"A\nB\",1,CNY\n", "2:code", "price-text", 1},
		{"system,code,price,currency\nurn:h,\xff,1,CNY\n", "2", "csv-encoding", 1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(read(cases[i].text), ERR_INVALID);
		assert_int_equal(faults.count, cases[i].count);
		assert_string_equal(faults.items[0].path, cases[i].path);
		assert_string_equal(fault_lookup(faults.items[0].code)->name, cases[i].name);
	}
}

static void names_are_lines(void **state)
{
	(void)state;
	assert_true(price_list_named("International ward 2026"));
	assert_true(price_list_named("国际医疗部价目表"));
	assert_false(price_list_named(""));
	assert_false(price_list_named(" x"));
	assert_false(price_list_named("x\ny"));
	assert_false(price_list_named("\xff"));
	assert_false(price_list_named("0123456789012345678901234567890123456789012345678901234567890123x"));
}

static void memory_may_end_anywhere(void **state)
{
	(void)state;
	for (int n = 0;; n++) {
		struct lib_arena failing = {.zf = {.alloc = lib_arena_alloc}, .fail_at = n};
		struct fault_list found;
		struct price_list got = {NULL, 0, ""};

		fault_list_init(&found, &failing.zf, 0);
		int r = price_list_read(text_of("system,code,price,currency\nurn:h,\"A\"\"\",-1,RMB\nurn:h,B,1,CNY\n"),
			&failing.zf, &found, &got);
		lib_arena_free(&failing);
		assert_int_equal(got.count, 0);
		if (r == ERR_INVALID) break;
		assert_int_equal(r, ERR_NOMEM);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_are_taken),
		cmocka_unit_test(all_faults_are_told),
		cmocka_unit_test(headings_are_held_to),
		cmocka_unit_test(names_are_lines),
		cmocka_unit_test(memory_may_end_anywhere),
	};
	return cmocka_run_group_tests(tests, NULL, teardown);
}

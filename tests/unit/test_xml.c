/* XML from strangers: what is read, what is refused and with which reason, what the writer escapes, and that all of it
 * works inside the jail of a translate process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/xml_read.h"
#include "lib/xml_write.h"
#include "translate/jail.h"

#include "lib_arena.h"

/* Reads, and gives the first fault as "code: line: what @path", or "". */
static int read_text(struct lib_arena *arena, const char *text, size_t len, const struct xml_limits *limits,
	const struct xml_element **ret_root, char fault[400])
{
	struct fault_list faults;
	uint8_t *exact = malloc(len == 0 ? 1 : len);
	memcpy(exact, text, len);
	fault_list_init(&faults, &arena->zf, 0);
	*ret_root = NULL;
	int rc = xml_read(exact, len, limits, &arena->zf, &faults, ret_root);
	fault[0] = '\0';
	if (faults.count > 0) {
		const struct fault *first = &faults.items[0];
		snprintf(fault, 400, "%s: %s: %s @%s", fault_lookup(first->code)->name, first->arg1, first->arg2,
			first->path);
	}
	assert_int_equal(rc != 0 && rc != LIB_NOMEM, faults.count > 0);
	free(exact);
	return rc;
}

static void refused(const char *text, size_t len, const struct xml_limits *limits, int rc, const char *fault)
{
	LIB_ARENA(arena);
	const struct xml_element *root;
	char got[400];
	assert_int_equal(read_text(&arena, text, len, limits, &root, got), rc);
	assert_string_equal(got, fault);
}
#define REFUSED(text, fault) refused(text, sizeof(text) - 1, NULL, LIB_INVALID, fault)

static void a_document_is_a_tree(void **state)
{
	(void)state;
	static const char text[] =
		"\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<!-- a -->\n"
		"<r xmlns:x='urn:x' x:a='1' b=\"&lt;2&#33;\">\n"
		" <c> one <![CDATA[<&>]]>\n</c>\n <c/>\n <x:d><e>&amp;\xe4\xbb\x98</e></x:d>\n</r>\n<!-- z -->";
	LIB_ARENA(arena);
	const struct xml_element *root;
	char fault[400];
	assert_int_equal(read_text(&arena, text, sizeof(text) - 1, NULL, &root, fault), 0);
	assert_string_equal(fault, "");
	assert_true(xml_is(root, NULL, "r"));
	assert_int_equal(root->attribute_count, 2);
	assert_string_equal(xml_attribute(root, "urn:x", "a"), "1");
	assert_string_equal(xml_attribute(root, NULL, "b"), "<2!");
	assert_null(xml_attribute(root, NULL, "a"));
	const struct xml_element *c = xml_child(root, "c");
	assert_true(text_is(xml_child_text(root, "c"), "one <&>"));
	assert_int_equal(c->line, 4);
	assert_string_equal(xml_next(c)->text, "");
	assert_null(xml_next(xml_next(c)));
	assert_null(xml_child(root, "d")); /* another namespace */
	const struct xml_element *d = root->first->next->next;
	assert_true(xml_is(d, "urn:x", "d"));
	assert_string_equal(xml_child(d, "e")->text, "&\xe4\xbb\x98");
	assert_string_equal(xml_path(&arena.zf, xml_next(c)), "/r/c[2]");
	assert_string_equal(xml_path(&arena.zf, xml_child(d, "e")), "/r/d[1]/e");
	assert_null(xml_child(NULL, "x"));
	assert_null(xml_child_text(root, "zz").ptr);
}

static void attacks_are_refused(void **state)
{
	(void)state;
	REFUSED("<!DOCTYPE a><a/>", "xml-forbidden: 1: <!DOCTYPE or <!ENTITY @");
	REFUSED("<?xml version=\"1.0\"?>\n<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>",
		"xml-forbidden: 2: <!DOCTYPE or <!ENTITY @");
	REFUSED("<!DOCTYPE a [<!ENTITY x \"1\"><!ENTITY y \"&x;&x;&x;\">]><a>&y;</a>",
		"xml-forbidden: 1: <!DOCTYPE or <!ENTITY @");
	REFUSED("<a>\n<b>&x;</b></a>", "xml-invalid: 2: Entity (26) @");
	REFUSED("<a>&#0;</a>", "xml-invalid: 1: xmlParseCharRef (9) @");
	REFUSED("\xff\xfe<\0a\0/\0>\0", "xml-encoding: 1: it is UTF-16 or UTF-32 @");
	REFUSED("<\0?\0x\0", "xml-encoding: 1: it is UTF-16 or UTF-32 @");
	REFUSED("<a>\0</a>", "xml-encoding: 1: there is a NUL in it @");
	REFUSED("<a>\xc3</a>", "xml-encoding: 1: its bytes are not UTF-8 @");
	REFUSED("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a/>",
		"xml-encoding: 1: the declaration names another encoding @");
	REFUSED("<?xml version='1.0' encoding='UTF-16'?><a/>",
		"xml-encoding: 1: the declaration names another encoding @");
}

static void what_is_not_well_formed_is_refused(void **state)
{
	(void)state;
	REFUSED("", "xml-invalid: 1: there is no element in it @");
	REFUSED("hello", "xml-invalid: 1: there is no element in it @");
	REFUSED("<a", "xml-invalid: 1: a tag is not closed @");
	REFUSED("<a b='", "xml-invalid: 1: a quote is not closed @");
	REFUSED("<!-- <a/>", "xml-invalid: 1: a comment is not closed @");
	REFUSED("<a><![CDATA[</a>", "xml-invalid: 1: a CDATA section is not closed @");
	REFUSED("<a>\n<b>\n</a>", "xml-invalid: 3: Opening and ending tag mismatch (76) @");
	REFUSED("<a><b/>text</a>", "xml-invalid: 1: text between elements @/a");
	REFUSED("<a><b>text<c/></b></a>", "xml-invalid: 1: text between elements @/a/b[1]");
	REFUSED("<a/><b/>", "xml-invalid: 1: Extra content at the end of the document (5) @");
	REFUSED("<a b='1' b='2'/>", "xml-invalid: 1: Attribute b redefined (42) @");
	REFUSED("<x:a/>", "xml-invalid: 1: Namespace prefix x on a is not defined (201) @");
}

static void limits_hold(void **state)
{
	(void)state;
	struct xml_limits limits = {.depth_max = 3};
	refused("<a><b><c/></b></a>", 18, &limits, 0, "");
	refused("<a><b><c><d/></c></b></a>", 25, &limits, LIB_LIMIT, "xml-limit: 1: depth @");
	limits = (struct xml_limits){.bytes_max = 3};
	refused("<a/>", 4, &limits, LIB_LIMIT, "xml-limit: 1: length of the document @");
	limits = (struct xml_limits){.attributes_max = 2};
	refused("<a b='=' c='2'/>", 16, &limits, 0, "");
	refused("<a\n b='1' c='2' d='3'/>", 23, &limits, LIB_LIMIT, "xml-limit: 1: attributes of one element @");
	limits = (struct xml_limits){.elements_max = 2};
	refused("<a><b/></a>", 11, &limits, 0, "");
	refused("<a><b/><b/></a>", 15, &limits, LIB_LIMIT, "xml-limit: 1: elements @");
	limits = (struct xml_limits){.text_max = 4};
	refused("<a><b>1234</b></a>", 18, &limits, 0, "");
	refused("<a><b>12345</b></a>", 19, &limits, LIB_LIMIT, "xml-limit: 1: length of a text @/a/b[1]");
	refused("<a b='12345'/>", 14, &limits, LIB_LIMIT, "xml-limit: 1: length of an attribute @");
}

/* A text of megabytes comes as one, and a million attributes cost nothing. */
static void large_and_hostile_is_quick(void **state)
{
	(void)state;
	size_t len = 6u << 20;
	char *text = malloc(len);
	memset(text, 'A', len);
	memcpy(text, "<a><b>", 6);
	memcpy(text + len - 8, "</b></a>", 8);
	LIB_ARENA(arena);
	const struct xml_element *root;
	char fault[400];
	assert_int_equal(read_text(&arena, text, len, NULL, &root, fault), 0);
	assert_int_equal(root->first->text_len, len - 14);
	memcpy(text, "<a ", 3);
	for (size_t i = 3; i + 6 < len; i += 6) memcpy(text + i, "b='1' ", 6);
	refused(text, len, NULL, LIB_LIMIT, "xml-limit: 1: attributes of one element @");
	free(text);
}

static void memory_may_fail_anywhere(void **state)
{
	(void)state;
	static const char text[] = "<a x='1'><b>one</b><c><d>two</d></c></a>";
	for (long n = 0;; n++) {
		LIB_ARENA(arena);
		struct fault_list faults;
		const struct xml_element *root = NULL;
		arena.fail_at = n;
		fault_list_init(&faults, &arena.zf, 0);
		int rc = xml_read(text, sizeof(text) - 1, NULL, &arena.zf, &faults, &root);
		if (rc == 0) {
			assert_true(n > 5);
			break;
		}
		assert_int_equal(rc, LIB_NOMEM);
	}
}

/* Children come one by one, and the end is looked at. */
static void children_come_one_by_one(void **state)
{
	(void)state;
	static const char text[] = "<a><h/><c><i>1</i></c><c><i>2</i></c></a> <!-- --> ";
	LIB_ARENA(arena);
	struct fault_list faults;
	struct xml_reader *reader;
	const struct xml_element *root, *child;
	fault_list_init(&faults, &arena.zf, 0);
	assert_int_equal(xml_read_open(text, sizeof(text) - 1, NULL, &arena.zf, &faults, &reader, &root), 0);
	assert_int_equal(xml_read_child(reader, &child), 0);
	assert_true(xml_is(child, NULL, "h"));
	assert_int_equal(xml_read_child(reader, &child), 0);
	assert_true(text_is(xml_child_text(child, "i"), "1"));
	assert_int_equal(xml_read_child(reader, &child), 0);
	assert_true(text_is(xml_child_text(child, "i"), "2"));
	assert_string_equal(xml_path(&arena.zf, child->first), "/a/c[2]/i");
	assert_int_equal(xml_read_child(reader, &child), 0);
	assert_null(child);
	xml_read_close(reader);
}

static void the_writer_escapes(void **state)
{
	(void)state;
	LIB_ARENA(arena);
	struct xml_writer writer;
	struct text_span text;
	xml_write_init(&writer, &arena.zf, 1 << 20, true);
	xml_write_begin(&writer, "a");
	xml_write_attribute(&writer, "b", "\"<\n");
	xml_write_element(&writer, "c", "1 & 2 > \r ${secret:x} $5 \xe4\xbb\x98$");
	xml_write_optional(&writer, "d", NULL);
	xml_write_optional(&writer, "d", "");
	xml_write_element(&writer, "e", NULL);
	xml_write_begin(&writer, "f");
	xml_write_raw(&writer, TEXT("${secret:x}"));
	xml_write_end(&writer);
	xml_write_end(&writer);
	assert_int_equal(xml_write_finish(&writer, &text), 0);
	assert_string_equal(text.ptr, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a b=\"&quot;&lt;&#10;\">"
				      "<c>1 &amp; 2 &gt; &#13; &#36;{secret:x} $5 \xe4\xbb\x98&#36;</c><e/>"
				      "<f>${secret:x}</f></a>");
	xml_write_init(&writer, &arena.zf, 1 << 20, false);
	xml_write_element(&writer, "a", "\x01");
	assert_int_equal(xml_write_finish(&writer, &text), LIB_INVALID);
	xml_write_init(&writer, &arena.zf, 10, false);
	xml_write_element(&writer, "a", "1234567890");
	assert_int_equal(xml_write_finish(&writer, &text), LIB_LIMIT);
	arena.fail_at = 0;
	xml_write_init(&writer, &arena.zf, 100, false);
	xml_write_element(&writer, "a", "1");
	assert_int_equal(xml_write_finish(&writer, &text), LIB_NOMEM);
}

/* What a translate process may do is enough to read XML, right or wrong. */
static void it_works_in_the_jail(void **state)
{
	(void)state;
	pid_t pid = fork();
	if (pid == 0) {
		LIB_ARENA(arena);
		const struct xml_element *root;
		char fault[400];
		if (jail_enter(0) != 0) _exit(3);
		if (read_text(&arena, "<a><b>1</b></a>", 15, NULL, &root, fault) != 0) _exit(4);
		if (read_text(&arena, "<a><b></a>", 10, NULL, &root, fault) == 0) _exit(5);
		_exit(0);
	}
	int status = 0;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_works_in_the_jail), /* first: nothing of libxml2 is set up yet */
		cmocka_unit_test(a_document_is_a_tree),
		cmocka_unit_test(attacks_are_refused),
		cmocka_unit_test(what_is_not_well_formed_is_refused),
		cmocka_unit_test(limits_hold),
		cmocka_unit_test(large_and_hostile_is_quick),
		cmocka_unit_test(memory_may_fail_anywhere),
		cmocka_unit_test(children_come_one_by_one),
		cmocka_unit_test(the_writer_escapes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

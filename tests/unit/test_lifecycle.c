/* The tables of the five axes hold together: unambiguous, connected, each open state with an owner, and the scenarios
 * that matter walk through them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/lifecycle.h"

static void steps_are_unambiguous(void **state)
{
	(void)state;
	size_t count;
	const struct lifecycle_step *steps = lifecycle_steps(&count);
	assert_true(count > 80);
	for (size_t i = 0; i < count; i++) {
		enum lifecycle_axis axis = (enum lifecycle_axis)steps[i].axis;
		assert_true(steps[i].from < lifecycle_state_count(axis) && steps[i].to < lifecycle_state_count(axis));
		/* nothing goes back to before the beginning, but for what was announced by mistake */
		assert_true(steps[i].to != 0 || (axis == AXIS_PAYMENT && steps[i].event == EVENT_WITHDRAW));
		assert_true(strlen(steps[i].why) > 10);
		assert_non_null(lifecycle_event_name((enum lifecycle_event)steps[i].event));
		for (size_t j = i + 1; j < count; j++)
			assert_false(steps[i].axis == steps[j].axis && steps[i].from == steps[j].from &&
				     steps[i].event == steps[j].event);
	}
}

static void every_state_is_reachable(void **state)
{
	(void)state;
	size_t count;
	const struct lifecycle_step *steps = lifecycle_steps(&count);
	for (int axis = 1; axis <= LIFECYCLE_AXES; axis++) {
		bool reached[16] = {true};
		for (size_t round = 0; round < 16; round++)
			for (size_t i = 0; i < count; i++)
				if (steps[i].axis == axis && reached[steps[i].from]) reached[steps[i].to] = true;
		for (uint8_t s = 0; s < lifecycle_state_count((enum lifecycle_axis)axis); s++)
			if (!reached[s])
				fail_msg("%s is never reached", lifecycle_state_name((enum lifecycle_axis)axis, s));
	}
}

static void kinds_tell_the_truth(void **state)
{
	(void)state;
	size_t count;
	const struct lifecycle_step *steps = lifecycle_steps(&count);
	for (int a = 1; a <= LIFECYCLE_AXES; a++)
		for (uint8_t s = 0; s < lifecycle_state_count((enum lifecycle_axis)a); s++) {
			enum lifecycle_axis axis = (enum lifecycle_axis)a;
			size_t out = 0, actions;
			for (size_t i = 0; i < count; i++)
				if (steps[i].axis == a && steps[i].from == s && steps[i].to != s) out++;
			(void)lifecycle_actions(axis, s, &actions);
			enum lifecycle_kind kind = lifecycle_kind(axis, s);
			if (kind == KIND_FINAL) assert_int_equal(out, 0);
			if (kind != KIND_FINAL) assert_true(out > 0);
			assert_int_equal(kind == KIND_OPEN, actions > 0);
		}
}

static void actions_are_legal_and_worded(void **state)
{
	(void)state;
	for (int a = 1; a <= LIFECYCLE_AXES; a++)
		for (uint8_t s = 0; s < lifecycle_state_count((enum lifecycle_axis)a); s++) {
			size_t count;
			const struct lifecycle_action *action = lifecycle_actions((enum lifecycle_axis)a, s, &count);
			for (size_t i = 0; i < count; i++, action++) {
				uint8_t to;
				uint32_t effects;
				assert_int_equal(action->axis, a);
				assert_int_equal(action->state, s);
				if (action->event != 0)
					assert_int_equal(lifecycle_step((enum lifecycle_axis)a, s,
								 (enum lifecycle_event)action->event, &to, &effects),
						0);
				assert_true(strlen(lifecycle_owner_english((enum lifecycle_owner)action->owner)) > 0);
				assert_true(action->english[strlen(action->english) - 1] == '.');
				assert_non_null(strstr(action->chinese, "。"));
			}
		}
}

static void names_lead_back_to_numbers(void **state)
{
	(void)state;
	for (int a = 1; a <= LIFECYCLE_AXES; a++) {
		enum lifecycle_axis axis = (enum lifecycle_axis)a;
		assert_int_equal(lifecycle_axis_from_name(lifecycle_axis_name(axis)), a);
		assert_string_equal(lifecycle_state_name(axis, 0), "none");
		for (uint8_t s = 0; s < lifecycle_state_count(axis); s++) {
			assert_int_equal(lifecycle_state_from_name(axis, lifecycle_state_name(axis, s)), s);
			assert_true(strlen(lifecycle_state_english(axis, s)) > 0 &&
				    strlen(lifecycle_state_chinese(axis, s)) > 0);
		}
	}
	for (int e = 1; e <= LIFECYCLE_EVENTS; e++)
		assert_int_equal(lifecycle_event_from_name(lifecycle_event_name((enum lifecycle_event)e)), e);
	assert_int_equal(lifecycle_axis_from_name("money"), -1);
	assert_int_equal(lifecycle_event_from_name(""), -1);
}

/* Numbers are in databases: these must never change. */
static void numbers_are_stable(void **state)
{
	(void)state;
	assert_int_equal(lifecycle_state_from_name(AXIS_TRANSPORT, "accepted"), 1);
	assert_int_equal(lifecycle_state_from_name(AXIS_TRANSPORT, "cancelled"), 10);
	assert_int_equal(lifecycle_state_from_name(AXIS_ACKNOWLEDGEMENT, "rejected"), 2);
	assert_int_equal(lifecycle_state_from_name(AXIS_ADJUDICATION, "denied"), 5);
	assert_int_equal(lifecycle_state_from_name(AXIS_PAYMENT, "taken_back"), 4);
	assert_int_equal(lifecycle_state_from_name(AXIS_BOOKS, "reversed"), 5);
}

/* Takes the named events in turn from "none"; returns the last state. */
static uint8_t walk(enum lifecycle_axis axis, const char *events)
{
	uint8_t at = 0;
	uint32_t effects;
	char *copy = strdup(events), *rest = copy;
	for (char *word; (word = strsep(&rest, " ")) != NULL;) {
		int event = lifecycle_event_from_name(word);
		assert_true(event > 0);
		assert_int_equal(lifecycle_step(axis, at, (enum lifecycle_event)event, &at, &effects), 0);
	}
	free(copy);
	return at;
}

static void the_scenarios_walk(void **state)
{
	(void)state;
	assert_int_equal(walk(AXIS_TRANSPORT, "accept enqueue send deliver"), TRANSPORT_SENT);
	assert_int_equal(walk(AXIS_TRANSPORT, "accept duplicate_suspected release enqueue send defer send deliver"),
		TRANSPORT_SENT);
	assert_int_equal(walk(AXIS_TRANSPORT, "accept duplicate_suspected drop"), TRANSPORT_CANCELLED);
	assert_int_equal(walk(AXIS_TRANSPORT, "accept route_missing route_found consent_missing consent_given enqueue"),
		TRANSPORT_QUEUED);
	assert_int_equal(
		walk(AXIS_TRANSPORT, "accept enqueue send lose prove_absent send lose prove_present"), TRANSPORT_SENT);
	assert_int_equal(walk(AXIS_TRANSPORT, "accept enqueue send fail release enqueue send deliver"), TRANSPORT_SENT);
	assert_int_equal(walk(AXIS_ACKNOWLEDGEMENT, "acknowledge reject accept"), ACKNOWLEDGEMENT_ACCEPTED);
	assert_int_equal(walk(AXIS_ADJUDICATION, "pend query answer deny appeal approve_part approve_part approve"),
		ADJUDICATION_APPROVED);
	assert_int_equal(walk(AXIS_ADJUDICATION, "approve cancel"), ADJUDICATION_CANCELLED);
	assert_int_equal(walk(AXIS_PAYMENT, "announce pay_short pay take_back announce pay"), PAYMENT_PAID);
	assert_int_equal(walk(AXIS_BOOKS, "bill post_adjudication post_announcement post_settlement post_take_back"),
		BOOKS_ADJUDICATED);
	assert_int_equal(walk(AXIS_BOOKS, "bill reverse"), BOOKS_REVERSED);
}

static void what_must_not_happen_does_not(void **state)
{
	(void)state;
	uint8_t to = 77;
	uint32_t effects = 77;
	/* what may have left is not cancelled, dropped or failed as if it had not */
	static const enum lifecycle_event ends[] = {EVENT_CANCEL, EVENT_DROP, EVENT_FAIL, EVENT_HOLD};
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		assert_int_equal(
			lifecycle_step(AXIS_TRANSPORT, TRANSPORT_UNKNOWN, ends[i], &to, &effects), ERR_INVALID);
		assert_int_equal(lifecycle_step(AXIS_TRANSPORT, TRANSPORT_SENT, ends[i], &to, &effects), ERR_INVALID);
	}
	/* nothing is sent from anywhere but the queue, and the intent is written first */
	for (uint8_t s = 0; s < lifecycle_state_count(AXIS_TRANSPORT); s++)
		if (s != TRANSPORT_QUEUED && s != TRANSPORT_SENDING)
			assert_int_equal(lifecycle_step(AXIS_TRANSPORT, s, EVENT_SEND, &to, &effects), ERR_INVALID);
	assert_int_equal(to, 77);
	assert_int_equal(effects, 77);
	assert_int_equal(lifecycle_step(AXIS_TRANSPORT, TRANSPORT_QUEUED, EVENT_SEND, &to, &effects), 0);
	assert_true((effects & EFFECT_INTENT) != 0);
	/* a repeated fact is told from an illegal one */
	assert_int_equal(lifecycle_step(AXIS_TRANSPORT, TRANSPORT_SENT, EVENT_DELIVER, &to, &effects), ERR_EXISTS);
	assert_int_equal(lifecycle_step(AXIS_ADJUDICATION, ADJUDICATION_DENIED, EVENT_DENY, &to, &effects), ERR_EXISTS);
	assert_int_equal(
		lifecycle_step(AXIS_ADJUDICATION, ADJUDICATION_CANCELLED, EVENT_APPROVE, &to, &effects), ERR_INVALID);
}

static void billing_arises_exactly_where_it_arrives(void **state)
{
	(void)state;
	size_t count;
	const struct lifecycle_step *steps = lifecycle_steps(&count);
	for (size_t i = 0; i < count; i++) {
		bool arrives = steps[i].axis == AXIS_TRANSPORT && steps[i].to == TRANSPORT_SENT &&
			       steps[i].from != TRANSPORT_SENT;
		assert_int_equal(arrives, (steps[i].effects & EFFECT_BILL) != 0);
		if (steps[i].axis == AXIS_ACKNOWLEDGEMENT) /* a rejection moves nothing */
			assert_int_equal(steps[i].effects & (EFFECT_BILL | EFFECT_POST | EFFECT_REVERSE), 0);
	}
}

static void the_main_axis_is_where_it_is_stuck(void **state)
{
	(void)state;
	static const struct {
		uint8_t states[LIFECYCLE_AXES + 1];
		enum lifecycle_axis want;
	} rows[] = {
		{{0, TRANSPORT_HELD, 0, 0, 0, 0}, AXIS_TRANSPORT},
		{{0, TRANSPORT_SENT, ACKNOWLEDGEMENT_REJECTED, 0, 0, BOOKS_BILLED}, AXIS_ACKNOWLEDGEMENT},
		{{0, TRANSPORT_SENT, ACKNOWLEDGEMENT_RECEIVED, 0, 0, BOOKS_BILLED}, AXIS_ACKNOWLEDGEMENT},
		{{0, TRANSPORT_SENT, ACKNOWLEDGEMENT_ACCEPTED, ADJUDICATION_QUERIED, 0, BOOKS_BILLED},
			AXIS_ADJUDICATION},
		{{0, TRANSPORT_SENT, 0, ADJUDICATION_DENIED, 0, BOOKS_ADJUDICATED}, AXIS_ADJUDICATION},
		{{0, TRANSPORT_SENT, 0, ADJUDICATION_APPROVED, PAYMENT_ANNOUNCED, BOOKS_ANNOUNCED}, AXIS_PAYMENT},
		{{0, TRANSPORT_SENT, 0, ADJUDICATION_PART_APPROVED, PAYMENT_SHORT_PAID, BOOKS_ANNOUNCED}, AXIS_PAYMENT},
		{{0, TRANSPORT_SENT, 0, ADJUDICATION_APPROVED, PAYMENT_PAID, BOOKS_SETTLED}, AXIS_BOOKS},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(lifecycle_main_axis(rows[i].states), rows[i].want);
}

static void dumps_hold_every_step(void **state)
{
	(void)state;
	char *sql = NULL, *dot = NULL, number[32];
	size_t len, count, dots = 0;
	FILE *out = open_memstream(&sql, &len);
	lifecycle_dump_sql(out);
	fclose(out);
	out = open_memstream(&dot, &len);
	lifecycle_dump_dot(out);
	fclose(out);
	const struct lifecycle_step *steps = lifecycle_steps(&count);
	for (size_t i = 0; i < count; i++) {
		snprintf(number, sizeof(number), "%d", steps[i].axis * 256 + steps[i].from * 16 + steps[i].to);
		assert_non_null(strstr(sql, number));
	}
	assert_non_null(strstr(sql, "ANY ('{257, "));
	assert_null(strstr(sql, "256, "));
	for (const char *p = dot; (p = strstr(p, "->")) != NULL; p += 2) dots++;
	assert_int_equal(dots, count);
	free(sql);
	free(dot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_are_unambiguous),
		cmocka_unit_test(every_state_is_reachable),
		cmocka_unit_test(kinds_tell_the_truth),
		cmocka_unit_test(actions_are_legal_and_worded),
		cmocka_unit_test(names_lead_back_to_numbers),
		cmocka_unit_test(numbers_are_stable),
		cmocka_unit_test(the_scenarios_walk),
		cmocka_unit_test(what_must_not_happen_does_not),
		cmocka_unit_test(billing_arises_exactly_where_it_arrives),
		cmocka_unit_test(the_main_axis_is_where_it_is_stuck),
		cmocka_unit_test(dumps_hold_every_step),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

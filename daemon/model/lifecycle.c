/* Looking up steps, names and next actions in the tables of the five axes. */
#include "model/lifecycle.h"

#include <string.h>

#include "model/lifecycle_tables.h"

static const char *const event_names[LIFECYCLE_EVENTS + 1] = {
	[EVENT_ACCEPT] = "accept",
	[EVENT_ROUTE_MISSING] = "route_missing",
	[EVENT_ROUTE_FOUND] = "route_found",
	[EVENT_CONSENT_MISSING] = "consent_missing",
	[EVENT_CONSENT_GIVEN] = "consent_given",
	[EVENT_DUPLICATE_SUSPECTED] = "duplicate_suspected",
	[EVENT_HOLD] = "hold",
	[EVENT_RELEASE] = "release",
	[EVENT_DROP] = "drop",
	[EVENT_ENQUEUE] = "enqueue",
	[EVENT_SEND] = "send",
	[EVENT_DEFER] = "defer",
	[EVENT_DELIVER] = "deliver",
	[EVENT_LOSE] = "lose",
	[EVENT_PROVE_ABSENT] = "prove_absent",
	[EVENT_PROVE_PRESENT] = "prove_present",
	[EVENT_RESEND] = "resend",
	[EVENT_FAIL] = "fail",
	[EVENT_CANCEL] = "cancel",
	[EVENT_ACKNOWLEDGE] = "acknowledge",
	[EVENT_REJECT] = "reject",
	[EVENT_PEND] = "pend",
	[EVENT_QUERY] = "query",
	[EVENT_ANSWER] = "answer",
	[EVENT_APPROVE] = "approve",
	[EVENT_APPROVE_PART] = "approve_part",
	[EVENT_DENY] = "deny",
	[EVENT_APPEAL] = "appeal",
	[EVENT_ANNOUNCE] = "announce",
	[EVENT_PAY] = "pay",
	[EVENT_PAY_SHORT] = "pay_short",
	[EVENT_TAKE_BACK] = "take_back",
	[EVENT_BILL] = "bill",
	[EVENT_POST_ADJUDICATION] = "post_adjudication",
	[EVENT_POST_ANNOUNCEMENT] = "post_announcement",
	[EVENT_POST_SETTLEMENT] = "post_settlement",
	[EVENT_POST_TAKE_BACK] = "post_take_back",
	[EVENT_REVERSE] = "reverse",
	[EVENT_CONTRADICT] = "contradict",
	[EVENT_DIVIDE] = "divide",
	[EVENT_ACCEPT_TAKE_BACK] = "accept_take_back",
	[EVENT_WITHDRAW] = "withdraw",
};

static const struct {
	const char *name, *english, *chinese;
} owner_table[] = {
	[OWNER_ZHIFU] = {"zhifu", "Zhifu", "直付系统"},
	[OWNER_INSURER] = {"insurer", "the insurer", "保险公司"},
	[OWNER_INSURANCE_DESK] = {"insurance-desk", "the insurance desk", "保险接待处"},
	[OWNER_CODER] = {"coder", "coding and billing", "编码与计费人员"},
	[OWNER_CASHIER] = {"cashier", "the cashier", "收费处"},
	[OWNER_FINANCE] = {"finance", "the finance office", "财务科"},
	[OWNER_IT] = {"it", "hospital IT", "信息科"},
};

static const struct lifecycle_axis_row *axis_row(enum lifecycle_axis axis)
{
	assert(axis >= AXIS_TRANSPORT && axis <= AXIS_BOOKS);
	return &lifecycle_axis_table[axis];
}

static const struct lifecycle_state *state_row(enum lifecycle_axis axis, uint8_t state)
{
	const struct lifecycle_axis_row *row = axis_row(axis);
	assert(state < row->state_count);
	return &row->states[state];
}

int lifecycle_step(
	enum lifecycle_axis axis, uint8_t from, enum lifecycle_event event, uint8_t *ret_to, uint32_t *ret_effects)
{
	bool leads_here = false;
	(void)state_row(axis, from);
	for (size_t i = 0; i < lifecycle_step_table_len; i++) {
		const struct lifecycle_step *step = &lifecycle_step_table[i];
		if (step->axis != axis || step->event != event) continue;
		if (step->from == from) {
			*ret_to = step->to;
			*ret_effects = step->effects;
			return 0;
		}
		if (step->to == from) leads_here = true;
	}
	if (leads_here) return ERR_EXISTS;
	return err_set(ERR_INVALID, "%s is not possible while %s is %s", lifecycle_event_name(event),
		lifecycle_axis_name(axis), lifecycle_state_name(axis, from));
}

const struct lifecycle_step *lifecycle_steps(size_t *ret_count)
{
	*ret_count = lifecycle_step_table_len;
	return lifecycle_step_table;
}

uint8_t lifecycle_state_count(enum lifecycle_axis axis)
{
	return axis_row(axis)->state_count;
}

enum lifecycle_kind lifecycle_kind(enum lifecycle_axis axis, uint8_t state)
{
	return (enum lifecycle_kind)state_row(axis, state)->kind;
}

const char *lifecycle_axis_name(enum lifecycle_axis axis)
{
	return axis_row(axis)->name;
}

const char *lifecycle_state_name(enum lifecycle_axis axis, uint8_t state)
{
	return state_row(axis, state)->name;
}

const char *lifecycle_event_name(enum lifecycle_event event)
{
	assert(event >= 1 && event <= LIFECYCLE_EVENTS);
	return event_names[event];
}

const char *lifecycle_state_english(enum lifecycle_axis axis, uint8_t state)
{
	return state_row(axis, state)->english;
}

const char *lifecycle_state_chinese(enum lifecycle_axis axis, uint8_t state)
{
	return state_row(axis, state)->chinese;
}

int lifecycle_axis_from_name(const char *name)
{
	for (int axis = 1; axis <= LIFECYCLE_AXES; axis++)
		if (strcmp(lifecycle_axis_table[axis].name, name) == 0) return axis;
	return -1;
}

int lifecycle_state_from_name(enum lifecycle_axis axis, const char *name)
{
	const struct lifecycle_axis_row *row = axis_row(axis);
	for (int state = 0; state < row->state_count; state++)
		if (strcmp(row->states[state].name, name) == 0) return state;
	return -1;
}

int lifecycle_event_from_name(const char *name)
{
	for (int event = 1; event <= LIFECYCLE_EVENTS; event++)
		if (strcmp(event_names[event], name) == 0) return event;
	return -1;
}

const struct lifecycle_action *lifecycle_actions(enum lifecycle_axis axis, uint8_t state, size_t *ret_count)
{
	const struct lifecycle_action *first = NULL;
	(void)state_row(axis, state);
	*ret_count = 0;
	for (size_t i = 0; i < lifecycle_action_table_len; i++) {
		const struct lifecycle_action *action = &lifecycle_action_table[i];
		if (action->axis != axis || action->state != state) continue;
		if (first == NULL) first = action;
		++*ret_count;
	}
	return first;
}

enum lifecycle_axis lifecycle_main_axis(const uint8_t states[LIFECYCLE_AXES + 1])
{
	uint8_t adjudication = states[AXIS_ADJUDICATION], payment = states[AXIS_PAYMENT];
	if (states[AXIS_TRANSPORT] != TRANSPORT_SENT) return AXIS_TRANSPORT;
	/* A decision without an acknowledgement counts as one: many insurers never send the latter. */
	if (states[AXIS_ACKNOWLEDGEMENT] == ACKNOWLEDGEMENT_REJECTED) return AXIS_ACKNOWLEDGEMENT;
	if (payment == PAYMENT_SHORT_PAID || payment == PAYMENT_TAKEN_BACK) return AXIS_PAYMENT;
	if (adjudication == ADJUDICATION_PART_APPROVED)
		return payment == PAYMENT_NONE || payment == PAYMENT_ANNOUNCED ? AXIS_ADJUDICATION : AXIS_BOOKS;
	if (lifecycle_kind(AXIS_ADJUDICATION, adjudication) == KIND_OPEN) {
		bool waits = adjudication == ADJUDICATION_NONE;
		if (waits && states[AXIS_ACKNOWLEDGEMENT] != ACKNOWLEDGEMENT_ACCEPTED) return AXIS_ACKNOWLEDGEMENT;
		return AXIS_ADJUDICATION;
	}
	if (adjudication == ADJUDICATION_APPROVED && payment != PAYMENT_PAID) return AXIS_PAYMENT;
	return AXIS_BOOKS;
}

const char *lifecycle_owner_name(enum lifecycle_owner owner)
{
	assert(owner >= OWNER_ZHIFU && owner <= OWNER_IT);
	return owner_table[owner].name;
}

const char *lifecycle_owner_english(enum lifecycle_owner owner)
{
	assert(owner >= OWNER_ZHIFU && owner <= OWNER_IT);
	return owner_table[owner].english;
}

const char *lifecycle_owner_chinese(enum lifecycle_owner owner)
{
	assert(owner >= OWNER_ZHIFU && owner <= OWNER_IT);
	return owner_table[owner].chinese;
}

/* A bit for each axis, from and to that some step has; states are below 16. */
static bool pair_is_legal(int axis, int from, int to)
{
	for (size_t i = 0; i < lifecycle_step_table_len; i++) {
		const struct lifecycle_step *step = &lifecycle_step_table[i];
		if (step->axis == axis && step->from == from && step->to == to) return true;
	}
	return false;
}

void lifecycle_dump_sql(FILE *out)
{
	const char *comma = "";
	fputs("axis * 256 + from_state * 16 + to_state = ANY ('{", out);
	for (int axis = 1; axis <= LIFECYCLE_AXES; axis++) {
		int count = lifecycle_axis_table[axis].state_count;
		for (int from = 0; from < count; from++)
			for (int to = 0; to < count; to++) {
				if (!pair_is_legal(axis, from, to)) continue;
				fprintf(out, "%s%d", comma, axis * 256 + from * 16 + to);
				comma = ", ";
			}
	}
	fputs("}'::smallint[])", out);
}

void lifecycle_dump_dot(FILE *out)
{
	static const char *const shapes[] = {
		[KIND_OPEN] = "box", [KIND_REST] = "box, style=rounded", [KIND_FINAL] = "box, peripheries=2"};
	fputs("digraph lifecycle {\n\trankdir=LR;\n\tnode [fontname=\"sans-serif\"];\n\tedge "
	      "[fontname=\"sans-serif\"];\n",
		out);
	for (int axis = 1; axis <= LIFECYCLE_AXES; axis++) {
		const struct lifecycle_axis_row *row = &lifecycle_axis_table[axis];
		fprintf(out, "\tsubgraph cluster_%s {\n\t\tlabel=\"%s\";\n", row->name, row->name);
		for (int state = 0; state < row->state_count; state++)
			fprintf(out, "\t\t%s_%s [label=\"%s\", shape=%s];\n", row->name, row->states[state].name,
				row->states[state].name, shapes[row->states[state].kind]);
		for (size_t i = 0; i < lifecycle_step_table_len; i++) {
			const struct lifecycle_step *step = &lifecycle_step_table[i];
			if (step->axis != axis) continue;
			fprintf(out, "\t\t%s_%s -> %s_%s [label=\"%s\"];\n", row->name, row->states[step->from].name,
				row->name, row->states[step->to].name, event_names[step->event]);
		}
		fputs("\t}\n", out);
	}
	fputs("}\n", out);
}

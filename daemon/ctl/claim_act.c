/* zhifuctl claim hold, release, drop, resend, arrived, missing, route: steps that a person takes, recorded with name
 * and reason. Which step is legal is the life cycle's table to say; the database takes it and puts the work in place.
 */
#include <string.h>

#include "ctl/claim.h"
#include "ctl/report.h"
#include "ctl/unseal.h"
#include "db/sync.h"
#include "model/work.h"

struct act {
	enum lifecycle_event event;
	const char *insurer; /* where it goes from now on; NULL: where it went */
};

static int act_refused(const struct claim_row *claim, enum lifecycle_event event, const char *ref)
{
	uint8_t state = claim->states[AXIS_TRANSPORT];
	const struct lifecycle_step *steps;
	char legal[256] = "";
	size_t count;

	/* What a person may do here instead. */
	steps = lifecycle_steps(&count);
	for (size_t i = 0; i < count; i++) {
		static const struct {
			uint8_t event;
			const char *verb;
		} verbs[] = {{EVENT_HOLD, "hold"}, {EVENT_RELEASE, "release"}, {EVENT_DROP, "drop"},
			{EVENT_RESEND, "resend"}, {EVENT_ROUTE_FOUND, "route"}, {EVENT_PROVE_PRESENT, "arrived"},
			{EVENT_PROVE_ABSENT, "missing"}};

		if (steps[i].axis != AXIS_TRANSPORT || steps[i].from != state) continue;
		for (size_t v = 0; v < ARRAY_LEN(verbs); v++) {
			size_t len = strlen(legal);

			if (steps[i].event != verbs[v].event) continue;
			if (verbs[v].event == EVENT_PROVE_ABSENT && claim->vouched == VOUCHED_NOT) continue;
			(void)snprintf(
				legal + len, sizeof(legal) - len, "%sclaim %s", len > 0 ? ", " : "", verbs[v].verb);
		}
	}
	return err_set(ERR_INVALID, "claim %s is %s: %s is not possible; %s%s", ref,
		lifecycle_state_name(AXIS_TRANSPORT, state), lifecycle_event_name(event),
		legal[0] != '\0' ? "possible here: " : "nothing is for a person to do on transport", legal);
}

static int act_take(struct ctl *ctl, const struct claim_row *claim, const struct act *act, const char *why,
	const char *ref, uint8_t *ret_to)
{
	struct arena arena CLEANUP(arena_free);
	struct uuid work = uuid_new();
	struct pg_result *rows = NULL;
	const char *sealed = NULL;
	uint32_t effects;
	uint8_t to;
	int r = lifecycle_step(AXIS_TRANSPORT, claim->states[AXIS_TRANSPORT], act->event, &to, &effects);

	arena_init(&arena, WORDS_ARENA_BYTES);
	if (r == ERR_EXISTS) return err_set(ERR_EXISTS, "claim %s is there already", ref);
	if (r < 0) return act_refused(claim, act->event, ref);
	r = unseal_words_hex(ctl, &claim->hospital->id, &claim->id, why, &arena, &sealed);
	if (r == 0)
		r = ctl_query(ctl, &rows, "SELECT operator_claim_step($1, $2, $3::int2, $4::int2, $5, $6, $7, $8, $9)",
			"uussttttu", &claim->hospital->id, &claim->id, (int)claim->states[AXIS_TRANSPORT], (int)to,
			lifecycle_event_name(act->event), ctl->who, sealed, act->insurer, &work);
	if (r < 0) return r;
	if (db_rows_null(rows, 0, 0))
		r = err_set(ERR_AGAIN, "claim %s moved on at this moment: look at it again", ref);
	else
		*ret_to = (uint8_t)db_rows_int(rows, 0, 0);
	db_sync_rows_free(rows);
	return r;
}

static int act_run(struct ctl *ctl, const struct act *act, const char *ref, const char *why)
{
	const struct hospital *hospital = ctl_hospital_of_ref(ctl, ref);
	struct claim_row claim = {0};
	struct report report;
	uint8_t to = 0;
	int r;

	if (hospital == NULL) return 2;
	r = ctl_accountable(ctl, why);
	if (r != 0) return r;
	r = ctl_begin(ctl, &hospital->id, true);
	if (r == 0) r = claim_find(ctl, hospital, ref, &claim);
	if (r == 0) r = act_take(ctl, &claim, act, why, ref, &to);
	if (r == 0) r = ctl_commit(ctl);
	if (r < 0) {
		ctl_rollback(ctl);
		return ctl_fail("not done");
	}
	report_begin(&report, ctl);
	report_field(&report, "ref", "claim", cell_text(ref));
	report_field(&report, "transport", "transport", cell_state(ctl, AXIS_TRANSPORT, to));
	report_field(&report, "who", "by", cell_text(ctl->who));
	report_field(&report, "why", "why", cell_text(why));
	return report_end(&report, 0);
}

static int act_simple(struct ctl *ctl, int argc, char **argv, enum lifecycle_event event)
{
	const char *why = NULL;
	const struct ctl_option options[] = {{"--why", &why, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	struct act act = {.event = event};
	int r = ctl_arguments(argc, argv, options, 1, 1, words);

	return r != 0 ? r : act_run(ctl, &act, words[0], why);
}

static int claim_hold(struct ctl *ctl, int argc, char **argv)
{
	return act_simple(ctl, argc, argv, EVENT_HOLD);
}

static int claim_release(struct ctl *ctl, int argc, char **argv)
{
	return act_simple(ctl, argc, argv, EVENT_RELEASE);
}

static int claim_drop(struct ctl *ctl, int argc, char **argv)
{
	return act_simple(ctl, argc, argv, EVENT_DROP);
}

static int claim_resend(struct ctl *ctl, int argc, char **argv)
{
	return act_simple(ctl, argc, argv, EVENT_RESEND);
}

static int claim_arrived(struct ctl *ctl, int argc, char **argv)
{
	return act_simple(ctl, argc, argv, EVENT_PROVE_PRESENT);
}

static int claim_missing(struct ctl *ctl, int argc, char **argv)
{
	return act_simple(ctl, argc, argv, EVENT_PROVE_ABSENT);
}

static int claim_route(struct ctl *ctl, int argc, char **argv)
{
	const char *why = NULL;
	const struct ctl_option options[] = {{"--why", &why, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	struct act act = {.event = EVENT_ROUTE_FOUND};
	int r = ctl_arguments(argc, argv, options, 2, 2, words);

	if (r != 0) return r;
	if (directory_insurer(ctl->directory, words[1]) == NULL)
		return ctl_usage(
			"no insurer with code \"%s\" is configured; zhifuctl insurer list shows them", words[1]);
	act.insurer = words[1];
	return act_run(ctl, &act, words[0], why);
}

const struct ctl_command claim_act_commands[] = {
	{"claim hold", "REF --why TEXT", "stops a claim that has not left yet", CTL_CONFIG | CTL_DB, claim_hold},
	{"claim release", "REF --why TEXT", "lets a held, suspected or failed claim go: it is translated anew",
		CTL_CONFIG | CTL_DB, claim_release},
	{"claim drop", "REF --why TEXT", "decides that a claim shall not go out", CTL_CONFIG | CTL_DB, claim_drop},
	{"claim resend", "REF --why TEXT",
		"sends a claim of unknown fate again: only when the insurer said that it has not got it",
		CTL_CONFIG | CTL_DB, claim_resend},
	{"claim arrived", "REF --why TEXT", "records that the insurer has a claim of unknown fate", CTL_CONFIG | CTL_DB,
		claim_arrived},
	{"claim missing", "REF --why TEXT", "takes back that the insurer has a claim: it is of unknown fate again",
		CTL_CONFIG | CTL_DB, claim_missing},
	{"claim route", "REF INSURER --why TEXT",
		"names the insurer of a claim that has no route, waits for consent or failed", CTL_CONFIG | CTL_DB,
		claim_route},
	{NULL, NULL, NULL, 0, NULL},
};

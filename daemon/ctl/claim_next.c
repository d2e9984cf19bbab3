/* What is due next on a claim and by whom, and, while it waits to be sent, the line to the insurer that keeps it. */
#include "ctl/claim_next.h"

#include <string.h>

#include "ctl/report.h"
#include "db/sync.h"
#include "model/work.h"

#define LINE_LEN 96
#define ACTION_LEN 320

enum line_state { LINE_OPEN, LINE_HELD, LINE_STOPPED, LINE_DOWN, LINE_IDLE };

/* The line that the claim's next message waits for. */
struct line {
	enum line_state state;
	char route[LINE_LEN]; /* insurer:channel */
	char work[UUID_TEXT_LEN];
};

static const char *const line_sql =
	"SELECT CASE WHEN o.held THEN 1 WHEN l.stopped THEN 2 WHEN l.breaker <> 'closed' THEN 3"
	" WHEN (l.until > now()) IS NOT TRUE THEN 4 ELSE 0 END AS state, coalesce(o.route, ''), o.work_id,"
	" CASE WHEN o.held THEN a.at WHEN l.stopped THEN l.stopped_at WHEN l.breaker <> 'closed' THEN l.breaker_since"
	"  ELSE nullif(l.until, '-infinity') END,"
	" CASE WHEN o.held THEN coalesce(a.who, 'zhifu') WHEN l.stopped THEN l.stopped_by END,"
	" CASE WHEN o.held THEN o.held_why WHEN l.stopped THEN l.stopped_why WHEN l.breaker <> 'closed' THEN l.last_error END"
	" FROM outbox o LEFT JOIN route_lease l ON l.route = o.route"
	" LEFT JOIN LATERAL (SELECT p.at, p.who FROM operator_act p WHERE p.hospital_id = o.hospital_id AND p.act = 'work.hold'"
	"  AND p.subject = o.work_id::text ORDER BY p.at DESC LIMIT 1) a ON o.held"
	" WHERE o.hospital_id = $1 AND o.claim_id = $2 AND o.role = 2 ORDER BY o.created_at LIMIT 1";

static int line_show(struct report *report, struct ctl *ctl, const struct claim_row *claim, struct line *ret_line)
{
	static const char *const names[] = {"open", "held", "stopped", "down", "no-owner"};
	static const char *const english[] = {"up", "HELD", "STOPPED by a person", "DOWN", "NO OWNER"};
	static const char *const chinese[] = {"正常", "已暂停", "已由人工停用", "中断", "无进程负责"};
	const struct column columns[] = {{"route", say(ctl, "line", "线路")}, {"state", say(ctl, "state", "状态")},
		{"since", say(ctl, "since", "自")}, {"who", say(ctl, "by", "操作者")},
		{"why", say(ctl, "why", "原因")}};
	struct pg_result *rows = NULL;
	struct table table;
	int r = ctl_query(ctl, &rows, line_sql, "uu", &claim->hospital->id, &claim->id);

	if (r < 0) return r;
	table_begin(&table, columns, ARRAY_LEN(columns));
	if (db_rows_count(rows) > 0 && db_rows_int(rows, 0, 0) != LINE_OPEN) {
		struct uuid work = db_rows_uuid(rows, 0, 2);

		ret_line->state = (enum line_state)db_rows_int(rows, 0, 0);
		(void)snprintf(ret_line->route, sizeof(ret_line->route), "%s", db_rows_text(rows, 0, 1));
		uuid_format(&work, ret_line->work);
		table_add(&table, cell_text(ret_line->route));
		table_add(&table, cell_word(say(ctl, english[ret_line->state], chinese[ret_line->state]),
					  names[ret_line->state]));
		table_add(&table, db_rows_null(rows, 0, 3)
					  ? cell_none()
					  : cell_time(claim->hospital->zone, db_rows_time_ms(rows, 0, 3)));
		table_add(&table, cell_text(db_rows_text(rows, 0, 4)));
		table_add(&table, cell_text(db_rows_text(rows, 0, 5)));
	}
	db_sync_rows_free(rows);
	table_end(&table, report, "line", say(ctl, "Its line is closed", "线路已关闭"), NULL);
	return 0;
}

/* What opens the line again. */
static void line_action(const struct ctl *ctl, const struct line *line, char action[ACTION_LEN])
{
	switch (line->state) {
	case LINE_HELD:
		(void)snprintf(action, ACTION_LEN,
			ctl->chinese ? "其发送已暂停,见上;zhifuctl queue release %s 可恢复发送。"
				     : "Its sending is held, see above; zhifuctl queue release %s lets it go on.",
			line->work);
		return;
	case LINE_STOPPED:
		(void)snprintf(action, ACTION_LEN,
			ctl->chinese ? "线路已由人工停用,见上;zhifuctl queue release %s 可恢复线路。"
				     : "A person stopped its line, see above; zhifuctl queue release %s opens it.",
			line->route);
		return;
	case LINE_DOWN:
		(void)snprintf(action, ACTION_LEN,
			ctl->chinese
				? "线路中断,见上;理赔单等待发送,不会丢失。请运行 zhifuctl insurer test %.*s"
				: "Its line is down, see above; it waits and loses nothing. zhifuctl insurer test %.*s",
			(int)strcspn(line->route, ":"), line->route);
		return;
	case LINE_IDLE:
		(void)snprintf(action, ACTION_LEN, "%s",
			ctl->chinese ? "没有进程负责该线路:带有 dispatch 角色的 zhifud 是否在运行?"
				     : "Nobody works its line: is a zhifud with the role dispatch running?");
		return;
	case LINE_OPEN:
		break;
	}
	action[0] = '\0';
}

static void action_add(struct table *table, const struct ctl *ctl, enum lifecycle_axis axis,
	const struct lifecycle_action *action, const struct line *line)
{
	enum lifecycle_owner owner = (enum lifecycle_owner)action->owner;
	char instead[ACTION_LEN] = "";

	if (axis == AXIS_TRANSPORT && action->event == EVENT_SEND && line->state != LINE_OPEN) {
		owner = OWNER_IT;
		line_action(ctl, line, instead);
	}
	table_add(table, cell_text(lifecycle_axis_name(axis)));
	table_add(table, cell_word(say(ctl, lifecycle_owner_english(owner), lifecycle_owner_chinese(owner)),
				 lifecycle_owner_name(owner)));
	table_add(table, action->event == 0 ? cell_none()
					    : cell_text(lifecycle_event_name((enum lifecycle_event)action->event)));
	table_add(table, cell_text(instead[0] != '\0' ? instead : say(ctl, action->english, action->chinese)));
}

/* The insurer denies what a person vouched for. Until it has decided the claim somebody has to find out who is right.
 */
static bool is_denied(const struct claim_row *claim)
{
	return claim->vouched == VOUCHED_DENIED && claim->states[AXIS_TRANSPORT] == TRANSPORT_SENT &&
	       claim->states[AXIS_ADJUDICATION] < ADJUDICATION_APPROVED;
}

static void denied_add(struct table *table, const struct ctl *ctl)
{
	table_add(table, cell_text(lifecycle_axis_name(AXIS_TRANSPORT)));
	table_add(table, cell_word(say(ctl, lifecycle_owner_english(OWNER_IT), lifecycle_owner_chinese(OWNER_IT)),
				 lifecycle_owner_name(OWNER_IT)));
	table_add(table, cell_none());
	table_add(table,
		cell_text(say(ctl,
			"A person recorded that it arrived, and the insurer says that it has not got it: ask "
			"the insurer. queue quarantine shows what it said: message drop it if it is wrong; "
			"claim missing if it is right. Until then Zhifu goes on asking it for its decision.",
			"已有人员登记送达,但保险公司称未收到:请与保险公司核实。其答复见 queue quarantine:有误"
			"则用 message drop 撤下,属实则用 claim missing 收回登记。在此之前,系统会继续向其查询结果。")));
}

int claim_next_show(struct report *report, struct ctl *ctl, const struct claim_row *claim)
{
	const struct column columns[] = {{"axis", NULL}, {"owner", say(ctl, "who", "责任方")}, {"event", NULL},
		{"action", say(ctl, "what", "事项")}};
	enum lifecycle_axis main_axis = lifecycle_main_axis(claim->states);
	struct line line = {.state = LINE_OPEN};
	struct table table;
	int r = line_show(report, ctl, claim, &line);

	if (r < 0) return r;
	table_begin(&table, columns, ARRAY_LEN(columns));
	if (is_denied(claim)) denied_add(&table, ctl);
	/* the axis on which it is stuck first, then the others with something open */
	for (int turn = 0; turn <= LIFECYCLE_AXES; turn++) {
		enum lifecycle_axis axis = turn == 0 ? main_axis : (enum lifecycle_axis)turn;
		const struct lifecycle_action *actions;
		size_t count;

		if (turn > 0 && axis == main_axis) continue;
		if (turn > 0 && claim->states[axis] == 0) continue;
		actions = lifecycle_actions(axis, claim->states[axis], &count);
		for (size_t i = 0; i < count; i++) action_add(&table, ctl, axis, &actions[i], &line);
	}
	table_end(&table, report, "next", say(ctl, "What is due next", "下一步"),
		say(ctl, "Nothing is due.", "无待办事项。"));
	return 0;
}

/* The journal under /v1: a page of it is written on a thread, into memory. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/sync.h"
#include "desk/clerk.h"
#include "desk/shapes.h"
#include "lib/date.h"
#include "settle/journal_export.h"

static const struct problem problem_profile = {
	404, {"profile-unknown", "The hospital has no such export profile: erp_profiles in its file, or plain.",
		     "本院没有该导出配置:见医院配置文件的 erp_profiles,或用 plain。"}};
static const struct problem problem_profiles = {400,
	{"profile-missing", "The hospital has several export profiles: say which.", "本院有多个导出配置:请指明其一。"}};
static const struct problem problem_parameters = {
	400, {"parameters-invalid", "A profile is for format csv, and the first day is not behind the last.",
		     "profile 仅用于 csv 格式,且起始日不得晚于截止日。"}};
static const struct problem problem_lacking = {409,
	{"journal-lacking", "Accounts without a row in the chart, or postings without a value: nothing is written.",
		"存在科目表中没有的科目,或尚未折算的分录:未导出。"}};
static const struct problem_word word_account = {
	"account-missing", "The account \"$1\" has no row in the chart of accounts.", "科目“$1”不在科目表中。"};
static const struct problem_word word_unvalued = {"rate-missing",
	"Postings wait for an exchange rate, the first of $1: /v1/ledger/waiting.",
	"自 $1 起有分录等待汇率:/v1/ledger/waiting。"};

/* What is written: text is malloc's. */
struct page {
	struct journal_export export;
	char *text;
	size_t len;
};

static int page_work(struct clerk_work *work)
{
	struct page *page = work->own;
	struct journal_export *export = &page->export;
	export->db = work->db;
	export->hospital = work->hospital;
	int r = export->format == &journal_csv ? journal_export_profile(export) : 0;
	if (r < 0) return r;
	export->out = open_memstream(&page->text, &page->len);
	if (export->out == NULL) return err_set(ERR_NOMEM, "no memory for the journal");
	r = journal_export_run(export);
	return fclose(export->out) == 0 || r < 0 ? r : err_set(ERR_NOMEM, "no memory for the journal");
}

static void lacking_add(struct desk_call *call, const struct journal_export *export)
{
	char day[DATE_TEXT_SIZE];
	for (uint32_t i = 0; i < export->missing_count; i++)
		problem_add_place(&call->problems, &word_account, export->missing[i], export->missing[i]);
	date_format_day(export->unvalued_day, day);
	if (export->unvalued > 0) problem_add_place(&call->problems, &word_unvalued, day, day);
}

static const char *type_of(const struct journal_export *export)
{
	if (export->format != &journal_csv) return "text/plain; charset=utf-8";
	return export->chosen.charset == ERP_GB18030 ? "text/csv; charset=gb18030" : "text/csv; charset=utf-8";
}

static void page_answer(struct clerk_work *work)
{
	struct desk_call *call = work->call;
	struct page *page = work->own, ended;
	const struct journal_export *export = &page->export;
	struct http_field fields[2] = {{"Content-Type", type_of(export)}};
	const struct problem *problem = NULL;
	size_t count = 1;
	if (work->error == ERR_NOTFOUND)
		problem = export->missing_count > 0 || export->unvalued > 0 ? &problem_lacking : &problem_profile;
	if (work->error == ERR_LIMIT) problem = &problem_profiles;
	if (problem == &problem_lacking) lacking_add(call, export);
	if (work->error == 0 && export->more) {
		const struct journal_place *place = &export->place;
		call->seen = export->seen;
		const char *link = desk_call_link(
			call, (int64_t)((uint64_t)(int64_t)place->day << 32) | (uint32_t)place->no, &place->entry);
		fields[1] = (struct http_field){
			"Link", link == NULL ? NULL : arena_printf(&call->req->arena, "<%s>; rel=\"next\"", link)};
		if (fields[1].value == NULL) problem = &desk_problem_memory;
		count = 2;
	}
	journal_export_end(&page->export);
	ended = *page; /* it is in the call's arena, which is gone with the answer */
	if (problem != NULL)
		desk_call_problem(call, problem);
	else if (work->error < 0)
		clerk_fail(work);
	else
		http_respond(call->req, 200, fields, count, (struct bytes){(const uint8_t *)ended.text, ended.len});
	free(ended.text);
}

void journal_run(struct desk_call *call)
{
	const struct shape *shape = &journal_query;
	const struct value *format = shape_value(shape, call->query, "format");
	const struct value *profile = shape_value(shape, call->query, "profile");
	const struct value *from = shape_value(shape, call->query, "from"), *to = shape_value(shape, call->query, "to");
	const struct hospital *hospital = desk_call_hospital(call);
	if (hospital == NULL) return;
	struct page *page = zf_alloc(&call->req->arena.zf, sizeof(*page));
	if (page == NULL) {
		desk_call_problem(call, &desk_problem_memory);
		return;
	}
	*page = (struct page){.export = {.format = journal_format_find(shape->fields[0].words[format->number]),
				      .profile = profile->given ? profile->text : NULL,
				      .from = from->given ? from->day : JOURNAL_DAY_FIRST,
				      .to = to->given ? to->day : JOURNAL_DAY_LAST,
				      .limit = call->limit,
				      .has_place = call->has_position,
				      .place = {.day = (int32_t)(call->position >> 32),
					      .entry = call->position_id,
					      .no = (int32_t)(call->position & UINT32_MAX)}}};
	(void)text_copy_cut(text_of(call->seen), page->export.seen, sizeof(page->export.seen));
	if (page->export.to < page->export.from ||
		(page->export.profile != NULL && page->export.format != &journal_csv) || hospital->chart == NULL)
		desk_call_problem(call, &problem_parameters);
	else
		(void)clerk_run(call, page, page_work, page_answer);
}

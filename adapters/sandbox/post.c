/* The post office of the eClaimLink format: files come up, claims in them are decided by the same rules as in the other
 * format, and advices wait to be searched for, fetched and confirmed. A file that was not confirmed waits for ever.
 *
 * An upload is answered by no more than its result, so what is wrong about a decision is wrong in a file: the lie comes
 * first, in a file of its own, and the truth follows with the payment. */
#include <string.h>

#include "eclaimlink/soap.h"
#include "lib/base64.h"
#include "sandbox/payer.h"

#define RESULT_WRONG (-1)   /* login, or a file that is not there */
#define RESULT_REFUSED (-2) /* the upload was refused: see the report */
#define ADVICE "8"
#define AUTHORIZATION "17"
#define ARENA_BYTES (256u << 20)

/* ---- who ---- */

/* The keys of the module that the sandbox stands for: the other hospital's side of it is not known, and not needed. */
static const char *profile_get(const struct zf_profile *profile, const char *key)
{
	const struct payer *payer = profile->impl;
	if (strcmp(key, "sender_id") == 0) return "HOSPITAL";
	if (strcmp(key, "receiver_id") == 0 || strcmp(key, "payer_id") == 0) return payer->script.license;
	if (strcmp(key, "currency") == 0) return payer->script.pay_currency;
	return strcmp(key, "disposition") == 0 ? "TEST" : NULL;
}

void post_profile(struct payer *payer)
{
	payer->profile = NULL;
	if (payer->script.format != SCRIPT_ECLAIMLINK) return;
	struct zf_profile *profile = zf_alloc(&payer->script_arena.zf, sizeof(*profile));
	assert(profile != NULL);
	*profile = (struct zf_profile){
		.size = sizeof(*profile), .insurer = payer->script.name, .impl = payer, .get = profile_get};
	struct zf_open open = {
		.size = sizeof(open), .side = ZF_SIDE_AS_INSURER, .profile = profile, .arena = &payer->script_arena.zf};
	const char *error = NULL;
	int32_t verdict = eclaim_profile_open(&open, &payer->profile, &error);
	assert(verdict == ZF_OK);
}

/* ---- files ---- */

static void forget(struct post_file *file)
{
	while (file != NULL) {
		struct post_file *next = file->next;
		mem_free(file->name);
		mem_free(file->license);
		mem_free(file->bytes);
		mem_free(file);
		file = next;
	}
}

void post_forget(struct payer *payer)
{
	forget(payer->files);
	forget(payer->uploads);
	payer->files = payer->uploads = NULL;
	payer->files_end = &payer->files;
	payer->uploads_end = &payer->uploads;
	payer->file_count = 0;
}

/* One that waits for a hospital. */
static bool is_for_hospital(const struct post_file *file)
{
	return file->kind == 'A' || file->kind == 'N';
}

static struct post_file *add_file(
	struct payer *payer, char kind, const char *name, const char *license, struct text_span bytes)
{
	struct post_file *file = mem_alloc(sizeof(*file));
	assert(file != NULL);
	file->kind = kind;
	file->at_ms = payer_now_ms(payer);
	(void)snprintf(file->id, sizeof(file->id), "F%llu", (unsigned long long)++payer->file_count);
	file->name = mem_strdup(name);
	file->license = mem_strdup(license);
	file->len = bytes.len;
	file->bytes = mem_alloc(bytes.len == 0 ? 1 : bytes.len);
	assert(file->name != NULL && file->license != NULL && file->bytes != NULL);
	if (bytes.len > 0) memcpy(file->bytes, bytes.ptr, bytes.len);
	struct post_file ***end = is_for_hospital(file) ? &payer->files_end : &payer->uploads_end;
	**end = file;
	*end = &file->next;
	return file;
}

void post_advice(struct payer *payer, struct sender *sender, struct entry *const *entries,
	const struct zf_remittance_detail *details, size_t count, const char *reference)
{
	struct arena arena CLEANUP(arena_free);
	arena_init(&arena, ARENA_BYTES);
	struct text_span *parts = zf_alloc_array(&arena.zf, count, sizeof(*parts)), xml;
	const char **references = zf_alloc_array(&arena.zf, count, sizeof(*references));
	assert(parts != NULL && references != NULL);
	for (size_t i = 0; i < count; i++) {
		int err = book_unpack(payer, entries[i], &arena.zf, &parts[i]);
		if (err == 0 && details[i].amount.minor < 0)
			err = eclaim_advice_claim_reverse(payer->profile, parts[i], &arena.zf, &parts[i]);
		assert(err == 0);
		references[i] = details[i].amount.minor == 0 ? NULL : reference;
	}
	int err = eclaim_advice_write(payer->profile, sender->license, payer_now_ms(payer), parts, references,
		(uint32_t)count, &arena.zf, &xml);
	const char *name = text_printf(&arena.zf, "%s.xml", reference);
	bool twice = false;
	assert(err == 0 && name != NULL);
	for (size_t i = 0; i < count; i++) {
		twice = twice || entries[i]->is_twice;
		entries[i]->is_twice = false;
	}
	(void)add_file(payer, 'A', name, sender->license, xml);
	if (twice) (void)add_file(payer, 'A', name, sender->license, xml);
}

/* ---- answers ---- */

struct exchange {
	struct payer *payer;
	const struct wire_request *req;
	struct wire_reply *reply;
	const struct xml_element *request; /* the operation's element */
	bool is_crossed;                   /* answered as if another operation had been asked for */
};

static void answer(const struct exchange *exchange, int64_t result, const char *message,
	const struct eclaim_parameter *parameters, uint32_t count)
{
	struct text_span body = {NULL, 0};
	const char *operation = exchange->is_crossed ? "UploadTransaction" : exchange->request->name;
	int err = eclaim_soap_answer(
		exchange->payer->profile, operation, result, message, parameters, count, exchange->req->arena, &body);
	answer_bytes(exchange->reply, err == 0 ? 200 : 500, ECLAIM_CONTENT_TYPE, body);
}

void post_problem(
	const struct wire_request *req, struct wire_reply *reply, int status, const char *code, const char *text)
{
	struct text_span body = {NULL, 0};
	int err = eclaim_soap_fault(code, text, req->arena, &body);
	answer_bytes(reply, err == 0 ? status : 500, ECLAIM_CONTENT_TYPE, body);
}

static struct eclaim_parameter base64_of(const char *name, const void *bytes, size_t len, struct zf_arena *arena)
{
	char *text = zf_alloc(arena, BASE64_TEXT_SIZE(len));
	assert(text != NULL);
	return (struct eclaim_parameter){name, text, base64_encode(bytes, len, text)};
}

static const char *text(const struct exchange *exchange, const char *name)
{
	struct text_span span = xml_child_text(exchange->request, name);
	const char *copy = zf_strndup(exchange->req->arena, span.ptr == NULL ? "" : span.ptr, span.len);
	assert(copy != NULL);
	return copy;
}

/* ---- upload ---- */

/* One row of a report; the caller's text begins with NULL. */
static const char *row(struct zf_arena *arena, const char *before, const char *rule, const char *ref)
{
	const char *made =
		text_printf(arena, "%sERROR,%s,Claim,Claim.ID,,%s\n", before == NULL ? "" : before, rule, ref);
	assert(made != NULL);
	return made;
}

/* The insurer decides about what it is to pay. */
static struct zf_claim decided_claim(const struct zf_claim *claim)
{
	struct zf_claim copy = *claim;
	copy.total = claim->line_count == 0 ? claim->total : (struct zf_money){0};
	for (uint32_t i = 0; i < claim->line_count; i++) {
		int64_t sum = copy.total.minor + claim->lines[i]->net.minor;
		copy.total = claim->lines[i]->net;
		copy.total.minor = sum;
	}
	return copy;
}

/* A file for the hospital about one claim that it sent: a whole Prior.Authorization, or the part of an advice. */
static int add_decision(struct payer *payer, const struct taken *taken, struct text_span decision, const char *suffix,
	const char *receiver, struct zf_arena *arena)
{
	const struct entry *entry = taken->entry;
	const char *name = text_printf(arena, "%s-%s.xml", entry->ref, suffix);
	const char *reference = text_printf(arena, "%.30s-%s", payer->script.name, entry->ref);
	struct text_span xml = decision;
	int err = name == NULL || reference == NULL ? LIB_NOMEM : 0;
	bool authorizes = entry->use == ZF_USE_PREAUTHORIZATION;
	if (err == 0 && !authorizes) {
		err = eclaim_advice_write(
			payer->profile, receiver, payer_now_ms(payer), &decision, &reference, 1, arena, &xml);
	}
	if (err == 0) (void)add_file(payer, authorizes ? 'N' : 'A', name, entry->sender, xml);
	return err;
}

/* Is it a fault of the files with the decision, and none of the answer to the upload? */
static bool is_filed(const struct misbehave_fault *fault)
{
	if (fault == NULL) return false;
	return fault->kind == MISBEHAVE_CORRELATION || fault->kind == MISBEHAVE_AMOUNT ||
	       fault->kind == MISBEHAVE_TWICE || fault->kind == MISBEHAVE_OTHER;
}

static int file_fault(struct payer *payer, const struct taken *taken, struct zf_arena *arena)
{
	struct text_span lie;
	if (taken->fault->kind == MISBEHAVE_TWICE) {
		taken->entry->is_twice = true;
		return 0;
	}
	int err = book_answer(payer, taken, arena, &lie);
	const char *receiver = taken->fault->kind == MISBEHAVE_OTHER ? "OTHER-LICENSE" : taken->entry->sender;
	return err != 0 ? err : add_decision(payer, taken, lie, "W", receiver, arena);
}

static int authorize(struct payer *payer, const struct taken *taken, struct zf_arena *arena)
{
	struct entry *entry = taken->entry;
	struct text_span decision;
	int err = book_unpack(payer, entry, arena, &decision);
	for (int i = 0; i < (entry->is_twice ? 2 : 1) && err == 0; i++) {
		err = add_decision(payer, taken, decision, "A", entry->sender, arena);
	}
	entry->is_twice = false;
	return err;
}

static int take_claim(struct exchange *exchange, const struct eclaim_submission *submission, uint32_t index,
	const struct misbehave_fault **fault, const char **report)
{
	struct payer *payer = exchange->payer;
	struct zf_claim claim = decided_claim(submission->claims[index]);
	struct zf_arena *arena = exchange->req->arena;
	struct brought brought = {.claim = &claim,
		.ref = claim.ref,
		.sender = submission->sender,
		.request = submission->elements[index]};
	struct taken taken;
	int err = book_take_brought(payer, &brought, arena, &taken);
	if (err != 0) return err;
	if (*fault == NULL && !is_filed(taken.fault)) *fault = taken.fault;
	if (taken.fault != NULL && !taken.fault->taken) return 0;
	bool again = !taken.is_new && (taken.differs || payer->script.duplicates == 1);
	/* A number that was used before needs a Resubmission. */
	struct text_span id = xml_child_text(brought.request, "ID");
	bool nameless = !text_is(id, claim.ref) && xml_child(brought.request, "Resubmission") == NULL;
	if (again || nameless) *report = row(arena, *report, "DUPL-001", claim.ref);
	if (taken.entry->state == ENTRY_REJECTED && !again) *report = row(arena, *report, "RULE-REJECT", claim.ref);
	if (taken.entry->state == ENTRY_REJECTED) return 0;
	if (is_filed(taken.fault)) err = file_fault(payer, &taken, arena);
	if (err != 0 || !taken.is_new || claim.use != ZF_USE_PREAUTHORIZATION) return err;
	return authorize(payer, &taken, arena);
}

static bool is_other_file(const struct xml_element *root)
{
	const struct xml_element *first = xml_child(root, "Authorization");
	return xml_is(root, NULL, "Person.Register") ||
	       (first != NULL && text_is(xml_child_text(first, "Type"), "Cancellation"));
}

static void upload(struct exchange *exchange)
{
	struct payer *payer = exchange->payer;
	struct zf_arena *arena = exchange->req->arena;
	struct eclaim_submission submission = {0};
	const struct misbehave_fault *fault = NULL;
	struct fault_list faults;
	const char *report = NULL, *name = text(exchange, "fileName");
	fault_list_init(&faults, arena, 0);
	struct text_span file;
	int err = eclaim_base64_read(xml_child_text(exchange->request, "fileContent"), arena, &file);
	if (err == 0) err = eclaim_submission_read(payer->profile, file.ptr, file.len, arena, &faults, &submission);
	if (submission.root != NULL && is_other_file(submission.root)) {
		(void)add_file(payer, 'P', name, "", (struct text_span){NULL, 0});
		answer(exchange, 0, NULL, NULL, 0);
		return;
	}
	if (err != 0) {
		report = row(arena, NULL, "SCHEMA", "");
	}
	for (uint32_t i = 0; i < submission.count && err == 0; i++) {
		if (take_claim(exchange, &submission, i, &fault, &report) != 0) {
			exchange->reply->status = 500;
			return;
		}
	}
	if (report != NULL) {
		struct eclaim_parameter parameters[] = {{"errorMessage", "the file was refused", 0},
			base64_of("errorReport", report, strlen(report), arena)};
		answer(exchange, RESULT_REFUSED, NULL, parameters, 2);
	} else if (fault == NULL || fault->taken) {
		(void)add_file(payer, submission.claims[0]->use == ZF_USE_PREAUTHORIZATION ? 'R' : 'C', name,
			submission.sender, (struct text_span){NULL, 0});
		answer(exchange, 0, NULL, NULL, 0);
	} else {
		answer(exchange, -4, "not now", NULL, 0);
	}
	(void)answer_spoil(payer, exchange->req, fault, exchange->reply);
}

/* ---- mailbox ---- */

static void put_file(const struct payer *payer, struct xml_writer *writer, const struct post_file *file)
{
	char at[ECLAIM_DATE_SIZE];
	eclaim_date_format_ms(payer->profile, file->at_ms, at);
	xml_write_begin(writer, "File");
	xml_write_attribute(writer, "FileID", file->id);
	xml_write_attribute(writer, "FileName", file->name);
	xml_write_attribute(writer, "SenderID", payer->script.license);
	xml_write_attribute(writer, "ReceiverID", file->license);
	xml_write_attribute(writer, "TransactionDate", at);
	xml_write_attribute(writer, "RecordCount", "1");
	xml_write_attribute(writer, "IsDownloaded", file->is_fetched ? "True" : "False");
	xml_write_end(writer);
}

/* Claims that wait to be decided come of age by being asked for. */
static void ripen(struct payer *payer)
{
	for (struct entry *entry = payer->entries; entry != NULL; entry = entry->next)
		(void)book_ripen(payer, entry, true);
	(void)pay_run(payer, false);
}

/* What a search is for; read once, for there are many files. */
struct search {
	const struct post_file *first; /* of those that may be meant */
	char kind, other_kind;         /* that are meant */
	const char *license, *name;    /* NULL: any */
};

static struct search search_of(const struct exchange *exchange)
{
	const struct payer *payer = exchange->payer;
	const char *operation = exchange->request->name, *transaction = text(exchange, "transactionID");
	struct search search = {.first = payer->files, .kind = 'A', .other_kind = 'A'};
	if (strcmp(operation, "GetNewTransactions") == 0) return search;
	if (strcmp(operation, "GetNewPriorAuthorizationTransactions") == 0 || strcmp(transaction, AUTHORIZATION) == 0) {
		search.kind = search.other_kind = 'N';
	}
	if (strcmp(operation, "SearchTransactions") != 0) return search;
	search.license = text(exchange, "callerLicense");
	search.name = text(exchange, "transactionFileName");
	if (search.name[0] == '\0') search.name = NULL;
	if (strcmp(text(exchange, "direction"), "1") == 0) {
		search.first = payer->uploads;
		search.kind = 'C';
		search.other_kind = 'R';
	} else if (search.kind == 'A' && strcmp(transaction, ADVICE) != 0) {
		search.first = NULL;
	}
	/* All that we were sent counts as not fetched by the insurer. */
	if (strcmp(text(exchange, "transactionStatus"), "1") != 0) search.first = NULL;
	return search;
}

static bool is_wanted(const struct search *search, const struct post_file *file)
{
	if ((file->kind != search->kind && file->kind != search->other_kind) || file->is_fetched) return false;
	if (search->name != NULL && strcmp(file->name, search->name) != 0) return false;
	return search->license == NULL || strcmp(file->license, search->license) == 0;
}

static void list(struct exchange *exchange)
{
	struct payer *payer = exchange->payer;
	const char *operation = exchange->request->name;
	struct xml_writer writer;
	struct text_span xml;
	ripen(payer);
	struct search search = search_of(exchange);
	xml_write_init(&writer, exchange->req->arena, 16u << 20, false);
	xml_write_begin(&writer, "Files");
	for (const struct post_file *file = search.first; file != NULL; file = file->next) {
		if (is_wanted(&search, file)) put_file(payer, &writer, file);
	}
	xml_write_end(&writer);
	if (xml_write_finish(&writer, &xml) != 0) {
		exchange->reply->status = 500;
		return;
	}
	struct eclaim_parameter parameter = {
		strcmp(operation, "SearchTransactions") == 0 ? "foundTransactions" : "xmlTransactions", xml.ptr, 0};
	answer(exchange, 0, NULL, &parameter, 1);
}

static struct post_file *find_file(const struct exchange *exchange)
{
	const char *id = text(exchange, "fileId");
	struct post_file *file = exchange->payer->files;
	while (file != NULL && strcmp(file->id, id) != 0) file = file->next;
	return file;
}

static void download(struct exchange *exchange)
{
	struct post_file *file = find_file(exchange);
	if (file == NULL) {
		answer(exchange, RESULT_WRONG, "there is no such file", NULL, 0);
		return;
	}
	file->fetches++;
	struct eclaim_parameter parameters[] = {
		{"fileName", file->name, 0}, base64_of("file", file->bytes, file->len, exchange->req->arena)};
	answer(exchange, 0, NULL, parameters, 2);
}

static void confirm(struct exchange *exchange)
{
	struct post_file *file = find_file(exchange);
	if (file != NULL) file->is_fetched = true;
	answer(exchange, file == NULL ? RESULT_WRONG : 0, file == NULL ? "there is no such file" : NULL, NULL, 0);
}

/* ---- operations ---- */

static const struct {
	const char *name;
	void (*run)(struct exchange *exchange);
} operations[] = {
	{"SearchTransactions", list},
	{"GetNewTransactions", list},
	{"GetNewPriorAuthorizationTransactions", list},
	{"DownloadTransactionFile", download},
	{"SetTransactionDownloaded", confirm},
};

static bool is_known(const struct exchange *exchange)
{
	const struct script *script = &exchange->payer->script;
	return (script->login == NULL || strcmp(script->login, text(exchange, "login")) == 0) &&
	       (script->password == NULL || strcmp(script->password, text(exchange, "pwd")) == 0);
}

static void ask(struct exchange *exchange)
{
	struct payer *payer = exchange->payer;
	const struct misbehave_fault *fault = payer_asked(payer, NULL);
	post_problem(exchange->req, exchange->reply, 500, "Client", "no such operation");
	exchange->is_crossed = fault != NULL && fault->kind == MISBEHAVE_CORRELATION;
	for (size_t i = 0; i < ARRAY_LEN(operations); i++) {
		bool is_it = strcmp(operations[i].name, exchange->request->name) == 0;
		if (is_it && (fault == NULL || fault->taken)) operations[i].run(exchange);
	}
	(void)answer_spoil(payer, exchange->req, fault, exchange->reply);
}

void post_handle(struct payer *payer, const struct wire_request *req, struct wire_reply *reply)
{
	struct exchange exchange = {.payer = payer, .req = req, .reply = reply};
	struct xml_limits limits = {.bytes_max = WIRE_BODY_BYTES_MAX};
	const struct xml_element *root;
	struct fault_list faults;
	fault_list_init(&faults, req->arena, 0);
	int err = req->head->method != HTTP_POST
			  ? LIB_INVALID
			  : xml_read(req->body.ptr, req->body.len, &limits, req->arena, &faults, &root);
	if (err == 0) exchange.request = eclaim_soap_request(root);
	if (exchange.request == NULL) {
		post_problem(req, reply, 500, "Client", "a SOAP envelope is wanted");
	} else if (!is_known(&exchange)) {
		answer(&exchange, RESULT_WRONG, "login or password is wrong", NULL, 0);
	} else if (strcmp(exchange.request->name, "UploadTransaction") == 0) {
		upload(&exchange);
	} else {
		ask(&exchange);
	}
}

/* The insurer as a whole: which request goes where, its clock, its times of absence, and its scripts. */
#include "sandbox/payer.h"

#include <string.h>

#include <openssl/crypto.h>
#include <zstd.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/tls.h"

int64_t payer_age_ms(const struct payer *payer)
{
	return clock_mono_ms() - payer->loaded_ms;
}

int64_t payer_now_ms(const struct payer *payer)
{
	return clock_wall_ms() + payer->script.clock_offset_ms;
}

static void apply_faults(struct payer *payer)
{
	payer->misbehave = (struct misbehave){
		.faults = payer->script.faults, .count = payer->script.fault_count, .seed = payer->script.seed};
	payer->loaded_ms = clock_mono_ms();
	post_profile(payer);
}

void payer_begin(struct payer *payer)
{
	payer->entries_end = &payer->entries;
	payer->remittances_end = &payer->remittances;
	payer->files_end = &payer->files;
	payer->uploads_end = &payer->uploads;
	payer->compressor = ZSTD_createCCtx();
	payer->decompressor = ZSTD_createDCtx();
	assert(payer->compressor != NULL && payer->decompressor != NULL);
	apply_faults(payer);
}

static void free_senders(struct payer *payer)
{
	while (payer->sender_list != NULL) {
		struct sender *sender = payer->sender_list;
		payer->sender_list = sender->next;
		while (sender->queue != NULL) {
			struct queue_item *item = sender->queue;
			sender->queue = item->next;
			mem_free(item);
		}
		mem_free(sender->unpaid);
		mem_free(sender->license);
		mem_free(sender);
	}
}

void payer_forget(struct payer *payer)
{
	while (payer->entries != NULL) {
		struct entry *entry = payer->entries;
		payer->entries = entry->next;
		mem_free(entry->ref);
		mem_free(entry->claim_id);
		mem_free(entry->message_id);
		mem_free(entry->answer);
		mem_free(entry);
	}
	while (payer->remittances != NULL) {
		struct remittance *remittance = payer->remittances;
		payer->remittances = remittance->next;
		mem_free(remittance->json);
		mem_free(remittance);
	}
	free_senders(payer);
	post_forget(payer);
	for (size_t i = 0; i < payer->member_count; i++) mem_free(payer->member_list[i]);
	mem_free(payer->member_list);
	payer->member_list = NULL;
	payer->member_count = payer->member_cap = 0;
	table_clear(&payer->by_ref);
	table_clear(&payer->by_claim_id);
	table_clear(&payer->members);
	table_clear(&payer->senders);
	payer->received = payer->polls = payer->asks = 0;
	payer->entries_end = &payer->entries;
	payer->remittances_end = &payer->remittances;
}

void payer_end(struct payer *payer)
{
	payer_forget(payer);
	(void)ZSTD_freeCCtx(payer->compressor);
	payer->compressor = NULL;
	(void)ZSTD_freeDCtx(payer->decompressor);
	payer->decompressor = NULL;
}

static int apply_tls(struct payer *payer, const struct script *script)
{
	if (script->tls_certificate == NULL) {
		wire_tls(payer->wire, NULL);
		return 0;
	}
	struct tls_server_conf conf = {.cert_file = script->tls_certificate,
		.key_file = script->tls_key,
		.client_ca_file = script->tls_client_ca,
		.client_cert_required = script->tls_client_ca != NULL,
		.expired_allowed = true};
	SSL_CTX *tls;
	int err = tls_server_new(&conf, &tls);
	if (err != 0) return err;
	wire_tls(payer->wire, tls);
	SSL_CTX_free(tls);
	return 0;
}

int payer_script(struct payer *payer, const char *text, size_t len, struct arena *arena, struct conf_faults *ret_faults)
{
	struct script script;
	/* Read twice: the first time into the caller's arena, so that the old script lives if the new one is wrong. */
	int err = script_parse(text, len, arena, &script, ret_faults);
	if (err == 0) err = apply_tls(payer, &script);
	if (err != 0) return err;
	/* Queries of known claims point into the old script; its memory stays until the end of the process. */
	err = script_parse(text, len, &payer->script_arena, &payer->script, ret_faults);
	if (err == 0) apply_faults(payer);
	return err;
}

bool payer_refuse(void *ctx)
{
	struct payer *payer = ctx;
	return misbehave_connection(&payer->misbehave, payer_age_ms(payer));
}

const struct misbehave_fault *payer_asked(struct payer *payer, char ret_key[32])
{
	char own[32], *key = ret_key != NULL ? ret_key : own;
	(void)snprintf(key, sizeof(own), "ask#%llu", (unsigned long long)++payer->asks);
	return misbehave_request(&payer->misbehave, MISBEHAVE_ASK, key, payer_age_ms(payer));
}

bool payer_is_down(struct payer *payer)
{
	if (payer->down_by_hand && clock_mono_ms() >= payer->down_until_ms) payer->down_by_hand = false;
	if (payer->down_by_hand) return true;
	int64_t age_ms = payer_age_ms(payer);
	for (size_t i = 0; i < payer->script.down_count; i++) {
		const struct script_down *down = &payer->script.down[i];
		if (age_ms >= down->from_ms && age_ms < down->to_ms) return true;
	}
	return false;
}

void payer_tick(struct payer *payer)
{
	bool down = payer_is_down(payer);
	if (down) {
		wire_close(payer->wire);
	} else if (!wire_is_open(payer->wire) && wire_open(payer->wire, false) != 0) {
		log_line(LOG_WARN, "still down: %s", err_text());
	}
	(void)pay_run(payer, false);
}

/* ---- requests ---- */

static bool is_authentic(const struct payer *payer, const struct wire_request *req)
{
	const struct conf_secret *token = &payer->script.bearer_token;
	if (token->text == NULL || req->is_control) return true;
	const char *value = http_head_get(req->head, "authorization");
	if (value == NULL || strncmp(value, "Bearer ", 7) != 0) return false;
	return strlen(value + 7) == token->len && CRYPTO_memcmp(value + 7, token->text, token->len) == 0;
}

static void route(struct payer *payer, const struct wire_request *req, const char *path, struct wire_reply *reply)
{
	enum http_method method = req->head->method;
	if (payer->profile != NULL) {
		post_handle(payer, req, reply);
	} else if (method == HTTP_POST && strcmp(path, "/Claim/$submit") == 0) {
		submit_handle(payer, req, reply);
	} else if (method == HTTP_POST && strcmp(path, "/$process-message") == 0) {
		message_handle(payer, req, reply);
	} else if (method == HTTP_POST && strcmp(path, "/Task") == 0) {
		task_handle(payer, req, reply);
	} else if (method == HTTP_GET && (strcmp(path, "/ClaimResponse") == 0 || strcmp(path, "/Claim") == 0 ||
						 strcmp(path, "/PaymentReconciliation") == 0)) {
		ask_handle(payer, req, path, reply);
	} else if (method == HTTP_GET && strcmp(path, "/metadata") == 0) {
		answer_metadata(reply);
	} else {
		answer_problem(req, reply, 404, "not-found", "no such operation");
	}
}

void payer_handle(void *ctx, const struct wire_request *req, struct wire_reply *reply)
{
	struct payer *payer = ctx;
	const char *path = req->head->path;
	size_t base_len = strlen(payer->script.base_path);
	if (!is_authentic(payer, req)) {
		answer_problem(req, reply, 401, "login", "the bearer token is missing or wrong");
	} else if (strncmp(path, "/_sandbox/", 10) == 0) {
		control_handle(payer, req, path + 9, reply);
	} else if (req->is_control || strncmp(path, payer->script.base_path, base_len) != 0) {
		answer_problem(req, reply, 404, "not-found", "nothing is here");
	} else {
		route(payer, req, path + base_len, reply);
	}
}

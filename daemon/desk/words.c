/* What a person wrote may name a patient: it leaves the process only sealed, by the newest of the hospital's keys. */
#include <string.h>

#include "db/keyhold.h"
#include "desk/call.h"
#include "model/words.h"

int desk_seal(struct desk_call *call, const struct uuid *id, const char *words, struct bytes *ret_sealed)
{
	const struct intake *intake = call->desk->intake;
	const struct bytes plain = {(const uint8_t *)words, strlen(words)};
	int version;
	const struct key *key = keyhold_newest(intake->keys, &call->principal->hospital_id, &version);
	if (key == NULL) return ERR_NOTFOUND;
	return seal(intake->sealer, key, id, SEAL_FACT, plain, &call->req->arena, ret_sealed);
}

bool desk_seal_or_refuse(struct desk_call *call, const struct uuid *id, const char *words, struct bytes *ret_sealed)
{
	int r = desk_seal(call, id, words, ret_sealed);
	if (r < 0) desk_call_problem(call, r == ERR_NOTFOUND ? &desk_problem_keys : &desk_problem_memory);
	return r == 0;
}

bool desk_words_seal(struct desk_call *call, const struct uuid *id, struct value *words)
{
	struct bytes sealed;
	if (!desk_seal_or_refuse(call, id, words->text, &sealed)) return false;
	char *hex = zf_alloc(&call->req->arena.zf, 2 * sealed.len + 1);
	if (hex == NULL) {
		desk_call_problem(call, &desk_problem_memory);
		return false;
	}
	text_hex_encode(sealed.ptr, sealed.len, hex);
	words->text = hex;
	return true;
}

/* False: answered. */
static bool named_seal(struct desk_call *call, const char *name, const struct uuid *id)
{
	const struct value *words = shape_value(call->operation->request, call->body, name);
	return desk_words_seal(call, id, &call->body[words - call->body]);
}

bool desk_why_seal(struct desk_call *call)
{
	return named_seal(call, "why", &call->id);
}

/* The same, of words that change nothing when they are said again. */
static void known_run(struct desk_call *call, const char *name)
{
	struct value *words = &call->body[shape_value(call->operation->request, call->body, name) - call->body];
	const char *plain = words->text;
	if (!desk_words_seal(call, &call->id, words)) return;
	if (words_known(call->desk->intake->worker->keyring, &call->principal->hospital_id, &call->id, plain,
		    words->text, &call->req->arena, &words->text) < 0)
		desk_call_problem(call, &desk_problem_memory);
	else
		desk_call_go(call);
}

void why_sealed_run(struct desk_call *call)
{
	if (desk_why_seal(call)) desk_call_go(call);
}

void line_why_sealed_run(struct desk_call *call)
{
	if (named_seal(call, "why", &call->body[0].id)) desk_call_go(call);
}

void why_known_run(struct desk_call *call)
{
	known_run(call, "why");
}

void reason_known_run(struct desk_call *call)
{
	known_run(call, "reason");
}

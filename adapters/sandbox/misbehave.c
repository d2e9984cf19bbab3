/* Chance by hashing: seed, the fault's place in the script and the request's key decide, never a clock or an order. */
#include "sandbox/misbehave.h"

const char *const misbehave_names[] = {"refuse", "hang", "drip", "reset", "close", "500", "503", "garbage", "truncated",
	"correlation", "amount", "twice", "late", "other", NULL};

static uint64_t mix(uint64_t x)
{
	/* The finisher of splitmix64. */
	x += 0x9e3779b97f4a7c15u;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

uint64_t misbehave_number(int64_t seed, const char *text, uint64_t more)
{
	uint64_t number = mix((uint64_t)seed);
	for (; *text != '\0'; text++) number = mix(number ^ (uint8_t)*text);
	return mix(number ^ more);
}

static bool in_window(const struct misbehave_fault *fault, int64_t now_ms)
{
	return now_ms >= fault->from_ms && (fault->to_ms == 0 || now_ms < fault->to_ms);
}

static bool is_due(
	const struct misbehave *misbehave, size_t at, uint64_t ordinal, const char *key, uint64_t more, int64_t now_ms)
{
	const struct misbehave_fault *fault = &misbehave->faults[at];
	if (!in_window(fault, now_ms)) return false;
	if (fault->times_max != 0 && misbehave->times[at] >= fault->times_max) return false;
	for (size_t i = 0; i < fault->ordinal_count; i++) {
		if ((uint64_t)fault->ordinals[i] == ordinal) return true;
	}
	if (fault->ordinal_count > 0) return false;
	if (fault->chance_ppm < 0) return true;
	return misbehave_number(misbehave->seed + (int64_t)at, key, more) % 1000000 < (uint64_t)fault->chance_ppm;
}

const struct misbehave_fault *misbehave_request(
	struct misbehave *misbehave, enum fault_scope scope, const char *key, int64_t now_ms)
{
	misbehave->requests[MISBEHAVE_ALL]++;
	if (scope != MISBEHAVE_ALL) misbehave->requests[scope]++;
	for (size_t i = 0; i < misbehave->count; i++) {
		const struct misbehave_fault *fault = &misbehave->faults[i];
		if (fault->kind == MISBEHAVE_REFUSE) continue;
		if (fault->scope != MISBEHAVE_ALL && fault->scope != scope) continue;
		if (!is_due(misbehave, i, misbehave->requests[fault->scope], key, 0, now_ms)) continue;
		misbehave->times[i]++;
		return fault;
	}
	return NULL;
}

bool misbehave_loses(const struct misbehave_fault *fault)
{
	if (fault == NULL) return false;
	return fault->kind != MISBEHAVE_LATE && fault->kind != MISBEHAVE_DRIP && fault->kind != MISBEHAVE_TWICE;
}

bool misbehave_connection(struct misbehave *misbehave, int64_t now_ms)
{
	misbehave->connections++;
	for (size_t i = 0; i < misbehave->count; i++) {
		if (misbehave->faults[i].kind != MISBEHAVE_REFUSE) continue;
		if (!is_due(misbehave, i, misbehave->connections, "connection", misbehave->connections, now_ms))
			continue;
		misbehave->times[i]++;
		return true;
	}
	return false;
}

/* Makes and reads identifiers. The state that keeps ids of one process increasing, and random bytes for the next ones,
 * live here, behind a mutex; a forked worker starts afresh, so that two workers never go on from the same point. */
#include "base/id.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"

#define REF_EPOCH_MS INT64_C(1735689600000) /* 2025-01-01T00:00:00Z */
#define REF_COUNTER_BITS 20
#define REF_NUMBER_MAX ((UINT64_C(1) << 62) - 1) /* 42 bits of time and the counter: what 12 digits hold */
#define REF_SCATTER UINT64_C(0x1e3779b97f4a7c15) /* odd, with bits all over */
#define REF_TRIES_MAX 1000
#define REF_TIME_CHARS 12
#define RADIX 36
#define UUID_COUNTER_MAX 0xfff
#define UUID_COUNTER_START_MASK 0x3ff /* a new millisecond starts in the lowest quarter: room to count */
#define UUIDS_AHEAD 64                /* the kernel is asked for the random bytes of so many at once */

static struct {
	pthread_mutex_t mutex;
	pthread_once_t watched; /* forks are */
	bool begun;             /* false: the rest has to be made first */
	int64_t uuid_ms;
	unsigned uuid_counter;
	uint32_t ref_counter;
	size_t random_left; /* of the entries of random; the first are used up last */
	uint8_t random[UUIDS_AHEAD][16];
} ids = {.mutex = PTHREAD_MUTEX_INITIALIZER, .watched = PTHREAD_ONCE_INIT};

void random_bytes(void *ptr, size_t len)
{
	uint8_t *at = ptr;

	while (len > 0) {
		ssize_t n = getrandom(at, len, 0);
		if (n < 0) {
			if (errno == EINTR) continue;
			abort();
		}
		at += n;
		len -= (size_t)n;
	}
}

static void on_fork(void)
{
	ids.begun = false;
}

static void forks_watch(void)
{
	if (pthread_atfork(NULL, NULL, on_fork) != 0) abort();
}

/* Call with the mutex held. */
static void ids_refresh(void)
{
	if (ids.begun) return;
	(void)pthread_once(&ids.watched, forks_watch);
	ids.begun = true;
	ids.uuid_ms = 0;
	ids.uuid_counter = 0;
	ids.random_left = 0;
	random_bytes(&ids.ref_counter, sizeof(ids.ref_counter));
}

/* Call with the mutex held. */
static void uuid_random(struct uuid *ret_uuid)
{
	if (ids.random_left == 0) {
		random_bytes(ids.random, sizeof(ids.random));
		ids.random_left = UUIDS_AHEAD;
	}
	memcpy(ret_uuid->b, ids.random[--ids.random_left], sizeof(ret_uuid->b));
}

struct uuid uuid_new(void)
{
	struct uuid uuid;
	int64_t ms = clock_wall_ms();
	uint16_t start;
	unsigned counter;

	pthread_mutex_lock(&ids.mutex);
	ids_refresh();
	uuid_random(&uuid);
	memcpy(&start, uuid.b, sizeof(start));
	if (ms > ids.uuid_ms) {
		ids.uuid_ms = ms;
		ids.uuid_counter = start & UUID_COUNTER_START_MASK;
	} else if (++ids.uuid_counter > UUID_COUNTER_MAX) {
		/* More than the counter holds in a millisecond, or the clock was set back: borrow from the future. */
		ids.uuid_ms++;
		ids.uuid_counter = start & UUID_COUNTER_START_MASK;
	}
	ms = ids.uuid_ms;
	counter = ids.uuid_counter;
	pthread_mutex_unlock(&ids.mutex);

	for (int i = 0; i < 6; i++) uuid.b[i] = (uint8_t)((uint64_t)ms >> (40 - 8 * i));
	uuid.b[6] = (uint8_t)(0x70 | counter >> 8);
	uuid.b[7] = (uint8_t)(counter & 0xff);
	uuid.b[8] = (uint8_t)(0x80 | (uuid.b[8] & 0x3f));
	return uuid;
}

void uuid_format(const struct uuid *uuid, char text[UUID_TEXT_LEN])
{
	static const char digits[] = "0123456789abcdef";
	char *at = text;

	for (int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10) *at++ = '-';
		*at++ = digits[uuid->b[i] >> 4];
		*at++ = digits[uuid->b[i] & 15];
	}
	*at = '\0';
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9') return c - '0';
	if (c >= 'a' && c <= 'f') return c - 'a' + 10;
	if (c >= 'A' && c <= 'F') return c - 'A' + 10;
	return -1;
}

int uuid_parse(const char *text, struct uuid *ret_uuid)
{
	struct uuid uuid;
	const char *at = text;

	for (int i = 0; i < 16; i++) {
		int high;
		int low;
		if ((i == 4 || i == 6 || i == 8 || i == 10) && *at++ != '-') return err_set(ERR_INVALID, "not a uuid");
		high = hex_value(at[0]);
		low = high < 0 ? -1 : hex_value(at[1]);
		if (low < 0) return err_set(ERR_INVALID, "not a uuid");
		uuid.b[i] = (uint8_t)(high << 4 | low);
		at += 2;
	}
	if (*at != '\0') return err_set(ERR_INVALID, "not a uuid");
	*ret_uuid = uuid;
	return 0;
}

bool uuid_equal(const struct uuid *a, const struct uuid *b)
{
	return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

bool uuid_is_nil(const struct uuid *uuid)
{
	static const struct uuid nil;

	return uuid_equal(uuid, &nil);
}

int64_t uuid_time_ms(const struct uuid *uuid)
{
	int64_t ms = 0;

	for (int i = 0; i < 6; i++) ms = ms << 8 | uuid->b[i];
	return ms;
}

static char radix_digit(unsigned value)
{
	return (char)(value < 10 ? '0' + value : 'A' + (value - 10));
}

static int radix_value(char c)
{
	if (c >= '0' && c <= '9') return c - '0';
	if (c >= 'A' && c <= 'Z') return c - 'A' + 10;
	return -1;
}

/* The state of ISO 7064 MOD 37,36 after len characters of text: 1 to 36, or -1 when one is outside [0-9A-Z]. */
static int check_state(const char *text, size_t len)
{
	int state = RADIX;

	for (size_t i = 0; i < len; i++) {
		int value = radix_value(text[i]);
		if (value < 0) return -1;
		state = (state + value) % RADIX;
		if (state == 0) state = RADIX;
		state = state * 2 % (RADIX + 1);
	}
	return state;
}

/* True when exchanging two neighbours at or after `from` gives another string that is valid as well. MOD 37,36 misses
 * the swap in one case of the 630 pairs of states; such refs are never given out. */
static bool swap_undetected(const char *ref, size_t from)
{
	char swapped[REF_TEXT_LEN];

	memcpy(swapped, ref, REF_TEXT_LEN);
	for (size_t i = from; i + 1 < REF_LEN; i++) {
		char c = swapped[i];
		if (c == swapped[i + 1]) continue;
		swapped[i] = swapped[i + 1];
		swapped[i + 1] = c;
		if (ref_valid(swapped)) return true;
		swapped[i + 1] = swapped[i];
		swapped[i] = c;
	}
	return false;
}

bool hospital_code_valid(const char *text)
{
	char swapped[HOSPITAL_CODE_LEN];
	int state;

	if (strlen(text) != HOSPITAL_CODE_LEN) return false;
	state = check_state(text, HOSPITAL_CODE_LEN);
	if (state < 0) return false;
	for (size_t i = 0; i + 1 < HOSPITAL_CODE_LEN; i++) {
		memcpy(swapped, text, HOSPITAL_CODE_LEN);
		swapped[i] = text[i + 1];
		swapped[i + 1] = text[i];
		if (text[i] != text[i + 1] && check_state(swapped, HOSPITAL_CODE_LEN) == state) return false;
	}
	return true;
}

/* The ref of one number, as it is. */
static void ref_write(const char *hospital_code, uint64_t number, char text[REF_TEXT_LEN])
{
	int state;

	memcpy(text, hospital_code, HOSPITAL_CODE_LEN);
	for (int i = HOSPITAL_CODE_LEN + REF_TIME_CHARS - 1; i >= HOSPITAL_CODE_LEN; i--) {
		text[i] = radix_digit((unsigned)(number % RADIX));
		number /= RADIX;
	}
	state = check_state(text, REF_LEN - 1);
	assert(state > 0); /* the hospital's code was checked when it was configured */
	text[REF_LEN - 1] = radix_digit((unsigned)((RADIX + 1 - state) % RADIX));
	text[REF_LEN] = '\0';
}

void ref_from_number(const char hospital_code[HOSPITAL_CODE_LEN + 1], uint64_t number, char ref[REF_TEXT_LEN])
{
	int tries = 1;

	number &= REF_NUMBER_MAX;
	ref_write(hospital_code, number, ref);
	/* Where the weak pair is among the digits of the time, all numbers of the coming seconds, hours or years have
	 * it, so another number is taken from anywhere: multiplying by an odd constant changes every digit and maps no
	 * two numbers to one. One in fifty is weak again. */
	while (swap_undetected(ref, HOSPITAL_CODE_LEN - 1)) {
		assert(tries < REF_TRIES_MAX);
		tries++;
		number = (number * REF_SCATTER + 1) & REF_NUMBER_MAX;
		ref_write(hospital_code, number, ref);
	}
}

void ref_new(const char hospital_code[HOSPITAL_CODE_LEN + 1], char ref[REF_TEXT_LEN])
{
	uint64_t ms = (uint64_t)(clock_wall_ms() - REF_EPOCH_MS);
	uint64_t counter;

	pthread_mutex_lock(&ids.mutex);
	ids_refresh();
	counter = ++ids.ref_counter & ((UINT32_C(1) << REF_COUNTER_BITS) - 1);
	pthread_mutex_unlock(&ids.mutex);
	ref_from_number(hospital_code, ms << REF_COUNTER_BITS | counter, ref);
}

bool ref_valid(const char *text)
{
	int state;

	if (text == NULL || strnlen(text, REF_LEN + 1) != REF_LEN) return false;
	state = check_state(text, REF_LEN - 1);
	if (state < 0 || radix_value(text[REF_LEN - 1]) < 0) return false;
	return (state + radix_value(text[REF_LEN - 1])) % RADIX == 1;
}

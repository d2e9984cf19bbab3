/* A route's window: additive growth, multiplicative shrinking, slow start after an outage. */
#include "dispatch/window.h"

#define MILLI 1000u

static uint64_t size_bounded(const struct window *window, uint64_t size_milli)
{
	uint64_t max_milli = (uint64_t)window->rules.max * MILLI;
	if (size_milli < MILLI) return MILLI;
	return size_milli > max_milli ? max_milli : size_milli;
}

static void rules_check(const struct window_rules *rules)
{
	assert(rules->max >= 1 && rules->max <= WINDOW_MAX);
	assert(rules->start >= 1 && rules->start <= rules->max);
	assert(rules->shrink_percent >= 1 && rules->shrink_percent <= 99);
}

void window_init(struct window *window, const struct window_rules *rules)
{
	rules_check(rules);
	*window = (struct window){.rules = *rules, .size_milli = (uint64_t)rules->start * MILLI};
	window->slow_milli = MILLI; /* a new route grows carefully */
}

void window_rules_set(struct window *window, const struct window_rules *rules)
{
	rules_check(rules);
	window->rules = *rules;
	window->size_milli = size_bounded(window, window->size_milli);
	window->slow_milli = size_bounded(window, window->slow_milli);
}

uint32_t window_size(const struct window *window)
{
	return (uint32_t)(window->size_milli / MILLI);
}

uint32_t window_room(const struct window *window)
{
	uint32_t size = window_size(window);
	return window->in_flight < size ? size - window->in_flight : 0;
}

bool window_take(struct window *window, struct window_ticket *ret_ticket)
{
	if (window_room(window) == 0) return false;
	window->in_flight++;
	ret_ticket->number = window->ticket_next++;
	if (window_room(window) == 0) window->ticket_full = window->ticket_next;
	return true;
}

static void window_grow(struct window *window)
{
	/* Slow start: each answer adds one, which doubles the window in a round trip. Then: a whole window's worth of
	 * answers adds one. */
	uint64_t step = window->size_milli < window->slow_milli ? MILLI : (uint64_t)MILLI * MILLI / window->size_milli;
	window->size_milli = size_bounded(window, window->size_milli + (step > 0 ? step : 1));
}

static void window_shrink(struct window *window)
{
	window->size_milli = size_bounded(window, window->size_milli * window->rules.shrink_percent / 100);
	window->slow_milli = window->size_milli;
	window->ticket_shrunk = window->ticket_next;
}

void window_give(struct window *window, struct window_ticket ticket, enum window_result result)
{
	assert(window->in_flight > 0 && ticket.number < window->ticket_next);
	/* Was the window what held the route back while this message was under way? */
	bool limits = ticket.number < window->ticket_full;
	window->in_flight--;
	if (result == WINDOW_ANSWERED && limits) window_grow(window);
	if (result == WINDOW_FAILED && ticket.number >= window->ticket_shrunk) window_shrink(window);
}

void window_outage(struct window *window)
{
	window->slow_milli = size_bounded(window, window->size_milli / 2);
	window->size_milli = MILLI;
	window->ticket_shrunk = window->ticket_next;
}

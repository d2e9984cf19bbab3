/* Outcomes of transport and statuses of HTTP (RFC 9110 section 15) as verdicts. */
#include "dispatch/verdict.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What only a machine that speaks the insurer's format would send; a proxy's HTML page is none. */
static bool has_document(const struct outbound_result *result)
{
	const char *type = outbound_result_header(result, "content-type");

	if (result->body.len == 0 || type == NULL) return false;
	return strcasestr(type, "json") != NULL ||
	       (strcasestr(type, "xml") != NULL && strcasestr(type, "xhtml") == NULL);
}

static int64_t retry_after_ms(const struct outbound_result *result, int64_t now_wall_s)
{
	const char *text = outbound_result_header(result, "retry-after");
	int64_t wait_s = VERDICT_RETRY_AFTER_S;
	char *end;

	if (text != NULL && text[0] >= '0' && text[0] <= '9') {
		long long value = strtoll(text, &end, 10);

		if (*end == '\0') wait_s = value;
	} else if (text != NULL) {
		time_t at = curl_getdate(text, NULL);

		if (at != (time_t)-1) wait_s = (int64_t)at - now_wall_s;
	}
	if (wait_s < 0) wait_s = 0;
	if (wait_s > VERDICT_RETRY_AFTER_S_MAX) wait_s = VERDICT_RETRY_AFTER_S_MAX;
	return wait_s * 1000;
}

static const struct verdict answered = {VERDICT_ANSWERED, BREAKER_SUCCESS, WINDOW_ANSWERED, 0, false, false, ""};

static struct verdict route_wrong(const char *why)
{
	return (struct verdict){
		VERDICT_NOT_SENT, BREAKER_FAILURE, WINDOW_FAILED, VERDICT_RETRY_AFTER_S * 1000, false, false, why};
}

static struct verdict judge_client_error(const struct outbound_result *result)
{
	switch (result->status) {
	case 401:
	case 407:
		return route_wrong("the insurer refuses our login");
	case 403:
	case 404:
	case 405:
	case 410:
		return has_document(result) ? answered
					    : route_wrong("the insurer's address or our rights there are wrong");
	case 408: /* it did not get the whole request (section 15.5.9) */
	case 425: /* it is not willing to take the risk of processing it */
		return (struct verdict){VERDICT_NOT_SENT, BREAKER_NEUTRAL, WINDOW_FAILED, VERDICT_RETRY_AFTER_S * 1000,
			false, false, "the insurer did not take it in time"};
	default:
		if (has_document(result)) return answered;
		return (struct verdict){VERDICT_FAILED, BREAKER_NEUTRAL, WINDOW_ANSWERED, 0, true, false,
			"the insurer refuses it without saying why"};
	}
}

/* A submission is surely not taken only where the same request is wanted elsewhere (301, 307, 308). 303 says that it
 * was processed and where to look (RFC 9110 section 15.4.4), and 302 is widely used so. */
static bool may_be_taken(int status)
{
	return status >= 300 && status < 400 && status != 301 && status != 307 && status != 308;
}

static struct verdict judge_status(const struct outbound_result *result, bool submission, int64_t now_wall_s)
{
	int status = result->status;

	if (submission && may_be_taken(status))
		return (struct verdict){VERDICT_UNKNOWN, BREAKER_FAILURE, WINDOW_FAILED, 0, true, false,
			"the insurer answered with a redirection: it may have taken the claim"};
	if (status == 429)
		return (struct verdict){VERDICT_NOT_SENT, BREAKER_NEUTRAL, WINDOW_FAILED,
			retry_after_ms(result, now_wall_s), false, false, "the insurer asks for fewer requests"};
	if (status == 503)
		return (struct verdict){VERDICT_NOT_SENT, BREAKER_FAILURE, WINDOW_FAILED,
			retry_after_ms(result, now_wall_s), false, false, "the insurer is not available"};
	if (status >= 200 && status < 300) return answered;
	if (status >= 300 && status < 400) return route_wrong("the insurer's address has changed");
	/* Whoever asked something decides what a refusal means; only claims are a person's matter. */
	if (!submission && status >= 400 && status < 500 && status != 401 && status != 407 && status != 408 &&
		status != 425)
		return answered;
	if (status >= 400 && status < 500) return judge_client_error(result);
	if (status == 501 || status == 505) return route_wrong("the insurer's server does not know the request");
	return (struct verdict){VERDICT_UNKNOWN, BREAKER_FAILURE, WINDOW_FAILED, 0, true, false,
		"the insurer's server failed while it had it"};
}

struct verdict verdict_judge(const struct outbound_result *result, bool submission, int64_t now_wall_s)
{
	struct verdict verdict = {.why = result->text};
	bool route = outbound_fault_is_route(result->fault);

	if (result->outcome == OUTBOUND_ANSWERED) {
		verdict = judge_status(result, submission, now_wall_s);
		/* After a followed 303 this is the status of another request; the first one was taken. */
		if (submission && result->redirects > 0 && verdict.outcome == VERDICT_NOT_SENT) {
			verdict.outcome = VERDICT_UNKNOWN;
			verdict.keep = true;
		}
		return verdict;
	}
	verdict.breaker = route ? BREAKER_FAILURE : BREAKER_NEUTRAL;
	verdict.window = route ? WINDOW_FAILED : WINDOW_NEUTRAL;
	verdict.outcome = result->outcome == OUTBOUND_NOT_SENT || !result->sent ? VERDICT_NOT_SENT : VERDICT_UNKNOWN;
	if (result->outcome == OUTBOUND_UNKNOWN) verdict.outcome = VERDICT_UNKNOWN;
	/* A truncated, oversized or garbled answer: what there is of it is evidence. */
	verdict.keep = verdict.broken = verdict.outcome == VERDICT_UNKNOWN && result->status != 0;
	return verdict;
}

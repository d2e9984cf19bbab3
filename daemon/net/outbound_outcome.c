/* From what libcurl reports to an outcome: the one place that decides between NOT_SENT and UNKNOWN. */
#include "net/outbound_outcome.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

/* Reasons of received alerts are numbered from here in OpenSSL's error codes. */
#define ALERT_REASON_OFFSET SSL_AD_REASON_OFFSET

static const char *const outcome_names[] = {
	[OUTBOUND_ANSWERED] = "answered",
	[OUTBOUND_NOT_SENT] = "not_sent",
	[OUTBOUND_UNKNOWN] = "unknown",
	[OUTBOUND_CANCELLED] = "cancelled",
};

static const struct fault_row {
	const char *name;
	bool route;
} fault_rows[] = {
	[OUTBOUND_FAULT_NONE] = {"none", false},
	[OUTBOUND_FAULT_DNS] = {"dns", true},
	[OUTBOUND_FAULT_CONNECT] = {"connect", true},
	[OUTBOUND_FAULT_REFUSED] = {"refused", true},
	[OUTBOUND_FAULT_TLS] = {"tls", true},
	[OUTBOUND_FAULT_PIN] = {"pin", true},
	[OUTBOUND_FAULT_CLIENT_CERT] = {"client_cert", true},
	[OUTBOUND_FAULT_STALE] = {"stale", false},
	[OUTBOUND_FAULT_QUEUE] = {"queue", false},
	[OUTBOUND_FAULT_HOOK] = {"hook", false},
	[OUTBOUND_FAULT_LOCAL] = {"local", false},
	[OUTBOUND_FAULT_RESET] = {"reset", true},
	[OUTBOUND_FAULT_TIMEOUT] = {"timeout", true},
	[OUTBOUND_FAULT_TRUNCATED] = {"truncated", false},
	[OUTBOUND_FAULT_TOO_BIG] = {"too_big", false},
	[OUTBOUND_FAULT_PROTOCOL] = {"protocol", false},
	[OUTBOUND_FAULT_REDIRECT] = {"redirect", false},
};

const char *outbound_outcome_name(enum outbound_outcome outcome)
{
	assert((size_t)outcome < ARRAY_LEN(outcome_names));
	return outcome_names[outcome];
}

const char *outbound_fault_name(enum outbound_fault fault)
{
	assert((size_t)fault < ARRAY_LEN(fault_rows));
	return fault_rows[fault].name;
}

bool outbound_fault_is_route(enum outbound_fault fault)
{
	assert((size_t)fault < ARRAY_LEN(fault_rows));
	return fault_rows[fault].route;
}

int outbound_alert_parse(const char *text)
{
	const char *at = strstr(text, "error:");
	if (at == NULL) return -1;
	at += strlen("error:");
	if (strspn(at, "0123456789abcdefABCDEF") != 8) return -1;
	unsigned long code = strtoul(at, NULL, 16);
	int reason = ERR_GET_REASON(code);
	if (ERR_GET_LIB(code) != ERR_LIB_SSL || reason < ALERT_REASON_OFFSET || reason > ALERT_REASON_OFFSET + 255)
		return -1;
	return reason - ALERT_REASON_OFFSET;
}

/* Alerts by which a TLS 1.3 server turns our certificate down. It sends them after our side of the handshake is over
 * and the request may be on the wire, but the server's handshake failed: it cannot have decrypted a request for its
 * application. So they mean NOT_SENT although bytes left. */
static bool alert_is_client_cert(int alert)
{
	switch (alert) {
	case SSL_AD_BAD_CERTIFICATE:
	case SSL_AD_UNSUPPORTED_CERTIFICATE:
	case SSL_AD_CERTIFICATE_REVOKED:
	case SSL_AD_CERTIFICATE_EXPIRED:
	case SSL_AD_CERTIFICATE_UNKNOWN:
	case SSL_AD_UNKNOWN_CA:
	case SSL_AD_CERTIFICATE_REQUIRED:
		return true;
	default:
		return false;
	}
}

static bool errno_is_local(int os_errno)
{
	return os_errno == EMFILE || os_errno == ENFILE || os_errno == ENOBUFS || os_errno == ENOMEM ||
	       os_errno == EADDRNOTAVAIL || os_errno == EAFNOSUPPORT;
}

static bool code_is_local(CURLcode code)
{
	return code == CURLE_OUT_OF_MEMORY || code == CURLE_FAILED_INIT || code == CURLE_SSL_CERTPROBLEM ||
	       code == CURLE_SSL_CACERT_BADFILE || code == CURLE_SSL_CIPHER || code == CURLE_SSL_ENGINE_NOTFOUND ||
	       code == CURLE_URL_MALFORMAT || code == CURLE_BAD_FUNCTION_ARGUMENT ||
	       code == CURLE_NO_CONNECTION_AVAILABLE;
}

/* Nothing that the peer could act on has left. */
static enum outbound_fault fault_before(const struct outbound_facts *facts)
{
	if (facts->hook_refused) return OUTBOUND_FAULT_HOOK;
	if (facts->resend_refused) return OUTBOUND_FAULT_STALE;
	if (code_is_local(facts->code)) return OUTBOUND_FAULT_LOCAL;
	if (facts->code == CURLE_SSL_PINNEDPUBKEYNOTMATCH) return OUTBOUND_FAULT_PIN;
	switch (facts->stage) {
	case OUTBOUND_STAGE_RESOLVE:
		return OUTBOUND_FAULT_DNS;
	case OUTBOUND_STAGE_WAIT:
		if (errno_is_local(facts->os_errno)) return OUTBOUND_FAULT_LOCAL;
		return facts->code == CURLE_OPERATION_TIMEDOUT ? OUTBOUND_FAULT_QUEUE : OUTBOUND_FAULT_CONNECT;
	case OUTBOUND_STAGE_CONNECT:
		if (errno_is_local(facts->os_errno)) return OUTBOUND_FAULT_LOCAL;
		return facts->os_errno == ECONNREFUSED ? OUTBOUND_FAULT_REFUSED : OUTBOUND_FAULT_CONNECT;
	case OUTBOUND_STAGE_TLS:
		return alert_is_client_cert(facts->tls_alert) || facts->code == CURLE_SSL_CLIENTCERT
			       ? OUTBOUND_FAULT_CLIENT_CERT
			       : OUTBOUND_FAULT_TLS;
	case OUTBOUND_STAGE_READY:
		break;
	}
	if (facts->code == CURLE_OPERATION_TIMEDOUT) return OUTBOUND_FAULT_TIMEOUT;
	return facts->reused ? OUTBOUND_FAULT_STALE : OUTBOUND_FAULT_RESET;
}

static enum outbound_fault fault_after(const struct outbound_facts *facts)
{
	if (facts->too_big) return OUTBOUND_FAULT_TOO_BIG;
	if (facts->malformed) return OUTBOUND_FAULT_PROTOCOL;
	if (facts->hook_refused) return OUTBOUND_FAULT_HOOK; /* on a later hop: an earlier one was sent */
	switch (facts->code) {
	case CURLE_OPERATION_TIMEDOUT:
		return OUTBOUND_FAULT_TIMEOUT;
	case CURLE_FILESIZE_EXCEEDED:
		return OUTBOUND_FAULT_TOO_BIG;
	case CURLE_PARTIAL_FILE:
		return OUTBOUND_FAULT_TRUNCATED;
	case CURLE_TOO_MANY_REDIRECTS:
		return OUTBOUND_FAULT_REDIRECT;
	case CURLE_OUT_OF_MEMORY:
		return OUTBOUND_FAULT_LOCAL;
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_BAD_CONTENT_ENCODING:
	case CURLE_HTTP_RETURNED_ERROR:
	case CURLE_WRITE_ERROR:
		return OUTBOUND_FAULT_PROTOCOL;
	default:
		return facts->head_complete ? OUTBOUND_FAULT_TRUNCATED : OUTBOUND_FAULT_RESET;
	}
}

struct outbound_verdict outbound_judge(const struct outbound_facts *facts)
{
	bool failed = facts->code != CURLE_OK || facts->too_big || facts->malformed || facts->hook_refused ||
		      facts->resend_refused;
	if (!failed && facts->unframed) return (struct outbound_verdict){OUTBOUND_UNKNOWN, OUTBOUND_FAULT_TRUNCATED};
	if (!failed) return (struct outbound_verdict){OUTBOUND_ANSWERED, OUTBOUND_FAULT_NONE};
	bool turned_down = (alert_is_client_cert(facts->tls_alert) || facts->code == CURLE_SSL_CLIENTCERT) &&
			   !facts->reused && !facts->answer_began;
	if (turned_down) return (struct outbound_verdict){OUTBOUND_NOT_SENT, OUTBOUND_FAULT_CLIENT_CERT};
	if (!facts->sent) return (struct outbound_verdict){OUTBOUND_NOT_SENT, fault_before(facts)};
	return (struct outbound_verdict){OUTBOUND_UNKNOWN, fault_after(facts)};
}

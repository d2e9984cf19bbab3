/* Log lines as JSON objects, one write(2) each, so that lines of several processes on one pipe never mix. */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

/* At most PIPE_BUF, below which a write to a pipe is atomic. */
#define LINE_BYTES_MAX 4096
#define MESSAGE_BYTES_MAX 2048
#define VALUE_BYTES_MAX 1024
#define TAIL_BYTES 32 /* room kept for the marker of a cut line and its closing brace */

static struct {
	int fd;
	const char *role;
	atomic_int level;
} log_to = {.fd = STDERR_FILENO, .role = "-", .level = LOG_INFO};

struct line {
	char text[LINE_BYTES_MAX];
	size_t len;
	bool cut;
};

void log_init(int fd, const char *role, enum log_level level)
{
	log_to.fd = fd;
	log_to.role = role;
	atomic_store(&log_to.level, (int)level);
}

void log_level_set(enum log_level level)
{
	atomic_store(&log_to.level, (int)level);
}

bool log_enabled(enum log_level level)
{
	return (int)level <= atomic_load_explicit(&log_to.level, memory_order_relaxed);
}

static const char *level_name(enum log_level level)
{
	switch (level) {
	case LOG_ERROR:
		return "error";
	case LOG_WARN:
		return "warn";
	case LOG_INFO:
		return "info";
	case LOG_DEBUG:
		return "debug";
	}
	return "error";
}

/* Appends raw text, or nothing and marks the line as cut. */
static bool line_put(struct line *line, const char *text, size_t len)
{
	if (line->cut || len > sizeof(line->text) - TAIL_BYTES - line->len) {
		line->cut = true;
		return false;
	}
	memcpy(line->text + line->len, text, len);
	line->len += len;
	return true;
}

/* The length of the valid UTF-8 sequence at text, 0 when there is none (RFC 3629: no overlong forms, no surrogates). */
static size_t utf8_len(const unsigned char *text, size_t len)
{
	unsigned char lead = text[0];
	size_t need = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;

	if (lead < 0x80) return 1;
	if (lead < 0xc2 || lead > 0xf4 || len < need) return 0;
	for (size_t i = 1; i < need; i++) {
		if ((text[i] & 0xc0) != 0x80) return 0;
	}
	if (lead == 0xe0 && text[1] < 0xa0) return 0;
	if (lead == 0xed && text[1] > 0x9f) return 0;
	if (lead == 0xf0 && text[1] < 0x90) return 0;
	if (lead == 0xf4 && text[1] > 0x8f) return 0;
	return need;
}

/* Appends at most max bytes of value as a JSON string with its quotes; bytes that are no UTF-8 become U+FFFD. */
static void line_string(struct line *line, const char *value, size_t max)
{
	size_t len = strnlen(value, max + 1);
	bool shortened = len > max;
	size_t at = 0;

	if (shortened) len = max;
	line_put(line, "\"", 1);
	while (at < len && !line->cut) {
		const unsigned char *here = (const unsigned char *)value + at;
		char escape[8];
		size_t n;
		if (*here == '"' || *here == '\\') {
			escape[0] = '\\';
			escape[1] = (char)*here;
			line_put(line, escape, 2);
			at++;
			continue;
		}
		if (*here < 0x20 || *here == 0x7f) {
			n = (size_t)snprintf(escape, sizeof(escape), "\\u%04x", *here);
			line_put(line, escape, n);
			at++;
			continue;
		}
		n = utf8_len(here, len - at);
		if (n == 0) {
			line_put(line, "\xef\xbf\xbd", 3);
			at++;
			continue;
		}
		line_put(line, (const char *)here, n);
		at += n;
	}
	if (shortened) line_put(line, "...", 3);
	/* The tail has room for this quote even when the line was cut inside the string. */
	line->text[line->len++] = '"';
}

static void line_begin(struct line *line, enum log_level level, const char *message)
{
	char time[CLOCK_TEXT_LEN];
	char head[160];
	int n;

	line->len = 0;
	line->cut = false;
	clock_format(clock_wall_ms(), time);
	n = snprintf(head, sizeof(head),
		"{\"time\":\"%s\",\"level\":\"%s\",\"role\":\"%.40s\",\"pid\":%ld,\"message\":", time,
		level_name(level), log_to.role, (long)getpid());
	line_put(line, head, (size_t)n);
	line_string(line, message, MESSAGE_BYTES_MAX);
}

static void line_field(struct line *line, const char *name, const char *value)
{
	/* A field that does not fit is left out whole, so that the line stays a JSON object. */
	size_t before = line->len;

	line_put(line, ",\"", 2);
	line_put(line, name, strlen(name));
	line_put(line, "\":", 2);
	if (!line->cut) line_string(line, value, VALUE_BYTES_MAX);
	if (line->cut) line->len = before;
}

static void line_write(struct line *line)
{
	static const char cut_mark[] = ",\"cut\":true";
	int saved = errno;
	size_t at = 0;

	if (line->cut) {
		memcpy(line->text + line->len, cut_mark, sizeof(cut_mark) - 1);
		line->len += sizeof(cut_mark) - 1;
	}
	line->text[line->len++] = '}';
	line->text[line->len++] = '\n';
	while (at < line->len) {
		ssize_t n = write(log_to.fd, line->text + at, line->len - at);
		if (n > 0) {
			at += (size_t)n;
		} else if (n < 0 && errno == EINTR) {
			continue;
		} else {
			break; /* a full or broken log must not stop the daemon */
		}
	}
	errno = saved;
}

void log_line(enum log_level level, const char *fmt, ...)
{
	char message[MESSAGE_BYTES_MAX];
	struct line line;
	va_list args;

	if (!log_enabled(level)) return;
	va_start(args, fmt);
	if (vsnprintf(message, sizeof(message), fmt, args) < 0) message[0] = '\0';
	va_end(args);
	line_begin(&line, level, message);
	line_write(&line);
}

void log_fields(enum log_level level, const char *message, ...)
{
	struct line line;
	const char *name;
	va_list args;

	if (!log_enabled(level)) return;
	line_begin(&line, level, message);
	va_start(args, message);
	while ((name = va_arg(args, const char *)) != NULL) {
		const char *value = va_arg(args, const char *);
		if (value == NULL) value = "";
		line_field(&line, name, value);
	}
	va_end(args);
	line_write(&line);
}

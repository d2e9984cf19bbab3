/* Measures the reader of bank statements against libxml2's bare pass over the same bytes: makes a camt.053 in memory,
 * reads it in turn with xmlTextReader, which only walks over the nodes, and with the bank reader, which tells every
 * entry and proves the sum. Prints what each round gave, and as a last line of JSON the medians.
 *
 *   bench_bank [megabytes 50] [rounds 5] */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <libxml/xmlreader.h>

#include "bank/statement.h"
#include "base/mem.h"

#define SLICE ((size_t)1 << 20)
#define ROUNDS_MAX 99

struct text {
	char *bytes;
	size_t len, room;
};

/* Of this process alone, so that what else runs on the machine counts on neither side. */
static double now(void)
{
	struct timespec time;
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

__attribute__((format(printf, 2, 3))) static void put(struct text *text, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	int n = vsnprintf(text->bytes + text->len, text->room - text->len, fmt, args);
	va_end(args);
	if (n < 0 || (size_t)n >= text->room - text->len) exit(2);
	text->len += (size_t)n;
}

/* What a bank writes for one payment from abroad. */
static void put_entry(struct text *text, unsigned n)
{
	unsigned fen = 100 + n % 90000;
	put(text,
		"   <Ntry>\n    <NtryRef>%u</NtryRef>\n    <Amt Ccy=\"CNY\">%u.%02u</Amt>\n    <CdtDbtInd>CRDT</CdtDbtInd>\n"
		"    <Sts><Cd>BOOK</Cd></Sts>\n    <BookgDt><Dt>2026-10-%02u</Dt></BookgDt>\n"
		"    <ValDt><Dt>2026-10-%02u</Dt></ValDt>\n    <AcctSvcrRef>BK%012u</AcctSvcrRef>\n"
		"    <BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>XBCT</SubFmlyCd></Fmly></Domn></BkTxCd>\n",
		n, fen / 100, fen % 100, 1 + n % 28, 1 + n % 28, n);
	put(text,
		"    <NtryDtls><TxDtls>\n     <Refs><EndToEndId>E2E-%010u</EndToEndId>"
		"<UETR>255ae394-9965-4438-ac86-%012u</UETR></Refs>\n     <Amt Ccy=\"CNY\">%u.%02u</Amt>\n"
		"     <CdtDbtInd>CRDT</CdtDbtInd>\n     <AmtDtls><InstdAmt><Amt Ccy=\"CNY\">%u.%02u</Amt></InstdAmt></AmtDtls>\n"
		"     <RltdPties><Dbtr><Pty><Nm>ALLIED HEALTH %u LTD</Nm><PstlAdr><Ctry>GB</Ctry></PstlAdr></Pty></Dbtr>\n"
		"      <DbtrAcct><Id><Othr><Id>%012u</Id></Othr></Id></DbtrAcct></RltdPties>\n"
		"     <RmtInf><Ustrd>STMT 2026-10 CLAIM ZF%010u \xe4\xbb\x98\xe6\xac\xbe</Ustrd></RmtInf>\n"
		"    </TxDtls></NtryDtls>\n   </Ntry>\n",
		n, n, fen / 100, fen % 100, fen / 100, fen % 100, n % 50, n % 1000, n);
}

static unsigned make(struct text *text)
{
	unsigned n = 0;
	unsigned long long sum = 0;
	size_t end = text->room - 8192;
	struct text entries = {malloc(text->room), 0, text->room};
	if (entries.bytes == NULL) exit(2);
	while (entries.len < end) {
		put_entry(&entries, n);
		sum += 100 + n++ % 90000;
	}
	put(text, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		  "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\">\n <BkToCstmrStmt>\n"
		  "  <GrpHdr><MsgId>BENCH</MsgId><CreDtTm>2026-11-01T00:00:00+08:00</CreDtTm></GrpHdr>\n"
		  "  <Stmt>\n   <Id>1</Id><ElctrncSeqNb>1</ElctrncSeqNb>\n"
		  "   <Acct><Id><Othr><Id>1234567890</Id></Othr></Id><Ccy>CNY</Ccy></Acct>\n");
	for (int closing = 0; closing < 2; closing++) {
		unsigned long long amount = closing ? sum : 0;
		put(text,
			"   <Bal><Tp><CdOrPrtry><Cd>%s</Cd></CdOrPrtry></Tp><Amt Ccy=\"CNY\">%llu.%02llu</Amt>"
			"<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-10-31</Dt></Dt></Bal>\n",
			closing ? "CLBD" : "OPBD", amount / 100, amount % 100);
	}
	memcpy(text->bytes + text->len, entries.bytes, entries.len);
	text->len += entries.len;
	free(entries.bytes);
	put(text, "  </Stmt>\n </BkToCstmrStmt>\n</Document>\n");
	return n;
}

static double walk(const struct text *text)
{
	double begin = now();
	int rc;
	xmlTextReaderPtr reader = xmlReaderForMemory(text->bytes, (int)text->len, NULL, NULL, XML_PARSE_NONET);
	if (reader == NULL) exit(2);
	do rc = xmlTextReaderRead(reader);
	while (rc == 1);
	xmlFreeTextReader(reader);
	if (rc != 0) exit(2);
	return (double)text->len / (now() - begin) / 1e6;
}

static int on_entry(void *ctx, const struct bank_statement *statement, const struct bank_entry *entry)
{
	(void)statement;
	*(unsigned *)ctx += entry->detail_count;
	return 0;
}

static double read_all(const struct text *text, unsigned entries)
{
	struct bank_events events = {.entry = on_entry};
	struct fault_list faults;
	struct bank_reader *reader;
	struct arena arena;
	unsigned seen = 0;
	double begin = now();
	arena_init(&arena, (size_t)256 << 20);
	fault_list_init(&faults, &arena.zf, 0);
	int rc = bank_reader_open(BANK_FORMAT_DETECT, NULL, NULL, &events, &seen, &arena.zf, &faults, &reader);
	for (size_t at = 0; rc == 0 && at < text->len; at += SLICE) {
		rc = bank_reader_feed(reader, text->bytes + at, text->len - at < SLICE ? text->len - at : SLICE);
	}
	if (rc == 0) rc = bank_reader_finish(reader);
	if (rc != 0 || seen != entries || faults.count > 0) {
		fprintf(stderr, "bench_bank: not read: %d, %u of %u\n", rc, seen, entries);
		exit(1);
	}
	bank_reader_close(reader);
	arena_free(&arena);
	return (double)text->len / (now() - begin) / 1e6;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double median(double *values, int count)
{
	qsort(values, (size_t)count, sizeof(values[0]), by_size);
	return values[count / 2];
}

int main(int argc, char **argv)
{
	size_t megabytes = argc > 1 ? strtoul(argv[1], NULL, 10) : 50;
	int rounds = argc > 2 ? atoi(argv[2]) : 5;
	double bare[ROUNDS_MAX], ours[ROUNDS_MAX], ratios[ROUNDS_MAX];
	if (megabytes < 1 || megabytes > 2000 || rounds < 1 || rounds > ROUNDS_MAX) return 2;
	struct text text = {malloc(megabytes * 1000000), 0, megabytes * 1000000};
	if (text.bytes == NULL) return 2;
	unsigned entries = make(&text);
	for (int i = 0; i < rounds; i++) {
		bare[i] = walk(&text);
		ours[i] = read_all(&text, entries);
		ratios[i] = ours[i] / bare[i];
		printf("reader %.1f MB/s xmlreader %.1f MB/s ratio %.3f\n", ours[i], bare[i], ratios[i]);
	}
	printf("{\"ratio\": %.3f, \"reader\": %.1f, \"xmlreader\": %.1f, \"entries\": %u, \"megabytes\": %.1f}\n",
		median(ratios, rounds), median(ours, rounds), median(bare, rounds), entries, (double)text.len / 1e6);
	free(text.bytes);
	return 0;
}

/* RAW64, the baseline of the ratios: claims' rows put straight into PostgreSQL through libpq. Batches of 64 as one
 * transaction each, one unnest statement per table, binary arrays, one connection in pipeline mode with two batches in
 * flight, synchronous_commit on. With --batch 1 --flight 1 it is the bare commit of one claim's rows.
 *
 *   bench_raw64 --database CONNINFO [--batch N] [--flight N] [--milliseconds N]
 *
 * Prints one JSON line. The tables are raw64.sql's. FROZEN together with it: see there. */
#include <arpa/inet.h>
#include <endian.h>
#include <getopt.h>
#include <libpq-fe.h>
#include <openssl/rand.h>
#include <poll.h>

#include "bench.h"
#include "claim.h"

#define BATCH_MAX 256
#define FLIGHT_MAX 8
#define PAYLOADS 256
#define UUID_BYTES 16
#define COLUMNS_MAX 20
#define STATEMENTS 4

/* OIDs of PostgreSQL's src/include/catalog/pg_type.dat. */
enum {
	OID_BOOL = 16,
	OID_BYTEA = 17,
	OID_INT8 = 20,
	OID_INT2 = 21,
	OID_INT4 = 23,
	OID_TEXT = 25,
	OID_DATE = 1082,
	OID_TIMESTAMPTZ = 1184,
	OID_UUID = 2950
};

/* A one-dimensional array in binary, grown as it is filled. */
struct array {
	char *bytes;
	size_t len, size;
};

struct table {
	const char *name, *sql;
	int column_count;
	uint32_t types[COLUMNS_MAX];
	unsigned rows_per_claim;
	struct array columns[COLUMNS_MAX];
};

static struct table tables[STATEMENTS] = {
	{.name = "claim",
		.column_count = 20,
		.rows_per_claim = 1,
		.sql = "INSERT INTO raw64.claim SELECT * FROM unnest($1::uuid[],$2::uuid[],$3::text[],$4::bytea[],"
		       "$5::int2[],$6::text[],$7::uuid[],$8::text[],$9::timestamptz[],$10::date[],$11::int8[],"
		       "$12::text[],$13::int2[],$14::int4[],$15::int4[],$16::bool[],$17::int2[],$18::int4[],"
		       "$19::int4[],$20::bytea[])",
		.types = {OID_UUID, OID_UUID, OID_TEXT, OID_BYTEA, OID_INT2, OID_TEXT, OID_UUID, OID_TEXT,
			OID_TIMESTAMPTZ, OID_DATE, OID_INT8, OID_TEXT, OID_INT2, OID_INT4, OID_INT4, OID_BOOL, OID_INT2,
			OID_INT4, OID_INT4, OID_BYTEA}},
	{.name = "line",
		.column_count = 7,
		.rows_per_claim = CLAIM_LINES,
		.sql = "INSERT INTO raw64.line SELECT * FROM unnest($1::uuid[],$2::uuid[],$3::int4[],$4::text[],"
		       "$5::date[],$6::int8[],$7::int8[])",
		.types = {OID_UUID, OID_UUID, OID_INT4, OID_TEXT, OID_DATE, OID_INT8, OID_INT8}},
	{.name = "outbox",
		.column_count = 4,
		.rows_per_claim = 1,
		.sql = "INSERT INTO raw64.outbox SELECT * FROM unnest($1::uuid[],$2::uuid[],$3::int2[],$4::uuid[])",
		.types = {OID_UUID, OID_UUID, OID_INT2, OID_UUID}},
	{.name = "event",
		.column_count = 6,
		.rows_per_claim = 1,
		.sql = "INSERT INTO raw64.event (hospital_id, claim_id, seq, from_state, to_state, who)"
		       " SELECT * FROM unnest($1::uuid[],$2::uuid[],$3::int4[],$4::int2[],$5::int2[],$6::text[])",
		.types = {OID_UUID, OID_UUID, OID_INT4, OID_INT2, OID_INT2, OID_TEXT}},
};

static struct claim_text payloads[PAYLOADS];
static struct bench_spread spread;
static uint64_t claims_made;
static const unsigned char hospital[UUID_BYTES] = {1, 0x9a, 0xb0, [6] = 0x70, [8] = 0x80, [15] = 1};

static void array_add(struct array *array, const void *value, size_t len)
{
	uint32_t wire = htonl((uint32_t)len);

	if (array->len + len + 4 > array->size) {
		array->size = (array->len + len + 4) * 2;
		array->bytes = realloc(array->bytes, array->size);
		if (array->bytes == NULL) bench_fail("out of memory");
	}
	memcpy(array->bytes + array->len, &wire, 4);
	memcpy(array->bytes + array->len + 4, value, len);
	array->len += len + 4;
}

/* dimensions, has-nulls flag, element type, length, lower bound: PostgreSQL's array_recv. */
static void array_begin(struct array *array, uint32_t type, unsigned rows)
{
	const uint32_t head[] = {htonl(1), 0, htonl(type), htonl(rows), htonl(1)};

	if (array->bytes == NULL) {
		array->size = 4096;
		array->bytes = malloc(array->size);
		if (array->bytes == NULL) bench_fail("out of memory");
	}
	memcpy(array->bytes, head, sizeof(head));
	array->len = sizeof(head);
}

static void add_text(struct table *table, int column, const char *text)
{
	array_add(&table->columns[column], text, strlen(text));
}

static void add_int2(struct table *table, int column, int16_t value)
{
	uint16_t wire = htons((uint16_t)value);

	array_add(&table->columns[column], &wire, sizeof(wire));
}

static void add_int4(struct table *table, int column, int32_t value)
{
	uint32_t wire = htonl((uint32_t)value);

	array_add(&table->columns[column], &wire, sizeof(wire));
}

static void add_int8(struct table *table, int column, int64_t value)
{
	uint64_t wire = htobe64((uint64_t)value);

	array_add(&table->columns[column], &wire, sizeof(wire));
}

/* UUIDv7 with a counter behind its milliseconds. */
static void id_make(unsigned char id[UUID_BYTES], unsigned char kind)
{
	struct timespec now;
	uint64_t ms, wire;

	clock_gettime(CLOCK_REALTIME, &now);
	ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
	wire = htobe64(ms << 16 | 0x7000 | kind);
	memcpy(id, &wire, 8);
	wire = htobe64(UINT64_C(0x8000000000000000) | (claims_made & UINT64_C(0x3fffffff)) << 32);
	memcpy(id + 8, &wire, 8);
	(void)RAND_bytes(id + 12, 4);
}

static void claim_add(struct table *claim, const unsigned char id[UUID_BYTES], const struct claim_text *payload)
{
	struct timespec now;
	unsigned char hash[32];
	char ref[17];

	clock_gettime(CLOCK_REALTIME, &now);
	(void)RAND_bytes(hash, sizeof(hash));
	(void)snprintf(ref, sizeof(ref), "BEN%013llu", (unsigned long long)claims_made);
	array_add(&claim->columns[0], hospital, UUID_BYTES);
	array_add(&claim->columns[1], id, UUID_BYTES);
	add_text(claim, 2, ref);
	array_add(&claim->columns[3], hash, sizeof(hash));
	add_int2(claim, 4, 1);
	add_text(claim, 5, "alpha");
	array_add(&claim->columns[6], hash, UUID_BYTES);
	add_text(claim, 7, "his");
	add_int8(claim, 8, ((int64_t)now.tv_sec - 946684800) * 1000000 + now.tv_nsec / 1000);
	add_int4(claim, 9, 9208);
	add_int8(claim, 10, 262429);
	add_text(claim, 11, "CNY");
	add_int2(claim, 12, 2);
	add_int4(claim, 13, CLAIM_LINES);
	add_int4(claim, 14, 0);
	array_add(&claim->columns[15], "", 1);
	add_int2(claim, 16, 1);
	add_int4(claim, 17, 1);
	add_int4(claim, 18, 0);
	array_add(&claim->columns[19], payload->text, payload->len);
}

static void lines_add(struct table *line, const unsigned char id[UUID_BYTES])
{
	static const int64_t nets[CLAIM_LINES] = {80000, 126000, 48650, 2594, 5185};
	static const char *const codes[CLAIM_LINES] = {"T-0000000000", "220310", "250400", "TCM-0021", "TCM-0107"};

	for (int i = 0; i < CLAIM_LINES; i++) {
		array_add(&line->columns[0], hospital, UUID_BYTES);
		array_add(&line->columns[1], id, UUID_BYTES);
		add_int4(line, 2, i + 1);
		add_text(line, 3, codes[i]);
		add_int4(line, 4, 9208);
		add_int8(line, 5, 1);
		add_int8(line, 6, nets[i]);
	}
}

static void batch_fill(unsigned batch)
{
	struct table *outbox = &tables[2], *event = &tables[3];

	for (int i = 0; i < STATEMENTS; i++)
		for (int k = 0; k < tables[i].column_count; k++)
			array_begin(&tables[i].columns[k], tables[i].types[k], batch * tables[i].rows_per_claim);
	for (unsigned i = 0; i < batch; i++, claims_made++) {
		struct claim_text *payload = &payloads[claims_made % PAYLOADS];
		unsigned char id[UUID_BYTES], work[UUID_BYTES];

		id_make(id, 1);
		id_make(work, 2);
		claim_counter_set(payload->text + payload->number_at, claims_made);
		claim_counter_set(payload->text + payload->code_at, claims_made);
		claim_add(&tables[0], id, payload);
		lines_add(&tables[1], id);
		array_add(&outbox->columns[0], hospital, UUID_BYTES);
		array_add(&outbox->columns[1], work, UUID_BYTES);
		add_int2(outbox, 2, 1);
		array_add(&outbox->columns[3], id, UUID_BYTES);
		array_add(&event->columns[0], hospital, UUID_BYTES);
		array_add(&event->columns[1], id, UUID_BYTES);
		add_int4(event, 2, 1);
		add_int2(event, 3, 0);
		add_int2(event, 4, 1);
		add_text(event, 5, "his");
	}
}

static void batch_send(PGconn *conn)
{
	for (int i = 0; i < STATEMENTS; i++) {
		const char *values[COLUMNS_MAX];
		int lengths[COLUMNS_MAX], formats[COLUMNS_MAX];

		for (int k = 0; k < tables[i].column_count; k++) {
			values[k] = tables[i].columns[k].bytes;
			lengths[k] = (int)tables[i].columns[k].len;
			formats[k] = 1;
		}
		if (!PQsendQueryPrepared(conn, tables[i].name, tables[i].column_count, values, lengths, formats, 1))
			bench_fail("could not send: %s", PQerrorMessage(conn));
	}
	if (!PQpipelineSync(conn)) bench_fail("could not send: %s", PQerrorMessage(conn));
}

/* Waits until a result can be taken, sending what is still unsent. */
static void results_wait(PGconn *conn)
{
	struct pollfd poller = {.fd = PQsocket(conn)};

	for (;;) {
		int unsent = PQflush(conn);

		if (unsent < 0) bench_fail("connection lost: %s", PQerrorMessage(conn));
		if (!PQisBusy(conn)) return;
		poller.events = (short)(POLLIN | (unsent ? POLLOUT : 0));
		if (poll(&poller, 1, 30000) <= 0) bench_fail("no answer from PostgreSQL in 30 s");
		if ((poller.revents & POLLIN) != 0 && !PQconsumeInput(conn))
			bench_fail("connection lost: %s", PQerrorMessage(conn));
	}
}

/* Takes the results of the oldest batch up to its Sync: only that says that it is durable. */
static void batch_end(PGconn *conn)
{
	for (;;) {
		PGresult *result;
		ExecStatusType status;

		results_wait(conn);
		result = PQgetResult(conn);
		if (result == NULL) continue;
		status = PQresultStatus(result);
		PQclear(result);
		if (status == PGRES_PIPELINE_SYNC) return;
		if (status != PGRES_COMMAND_OK) bench_fail("refused: %s", PQerrorMessage(conn));
	}
}

static PGconn *database_open(const char *conninfo)
{
	PGconn *conn = PQconnectdb(conninfo);

	if (PQstatus(conn) != CONNECTION_OK) bench_fail("%s", PQerrorMessage(conn));
	for (int i = 0; i < STATEMENTS; i++) {
		PGresult *result = PQprepare(conn, tables[i].name, tables[i].sql, 0, NULL);

		if (PQresultStatus(result) != PGRES_COMMAND_OK) bench_fail("%s", PQerrorMessage(conn));
		PQclear(result);
	}
	if (!PQenterPipelineMode(conn) || PQsetnonblocking(conn, 1) != 0) bench_fail("no pipeline mode");
	return conn;
}

static void run(PGconn *conn, unsigned batch, unsigned flight, int64_t duration_us)
{
	int64_t sent_us[FLIGHT_MAX], started_us = bench_now_us(), ended_us = started_us;
	uint64_t sent = 0, ended = 0;

	while (ended < sent || bench_now_us() - started_us < duration_us) {
		while (sent - ended < flight && bench_now_us() - started_us < duration_us) {
			batch_fill(batch);
			sent_us[sent++ % FLIGHT_MAX] = bench_now_us();
			batch_send(conn);
			if (PQflush(conn) < 0) bench_fail("connection lost: %s", PQerrorMessage(conn));
		}
		if (ended == sent) break;
		batch_end(conn);
		ended_us = bench_now_us();
		bench_spread_add(&spread, ended_us - sent_us[ended++ % FLIGHT_MAX]);
	}
	(void)printf("{\"claims\": %llu, \"seconds\": %.6f, \"rate\": %.1f, \"p50_us\": %lld, \"p99_us\": %lld}\n",
		(unsigned long long)(ended * batch), (double)(ended_us - started_us) / 1e6,
		ended_us == started_us ? 0.0 : (double)(ended * batch) * 1e6 / (double)(ended_us - started_us),
		(long long)bench_spread_at(&spread, 500), (long long)bench_spread_at(&spread, 990));
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {{"database", required_argument, NULL, 'd'},
		{"batch", required_argument, NULL, 'b'}, {"flight", required_argument, NULL, 'f'},
		{"milliseconds", required_argument, NULL, 'm'}, {NULL, 0, NULL, 0}};
	const char *database = NULL;
	unsigned batch = 64, flight = 2;
	long ms = 1000;
	PGconn *conn;
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == 'd')
			database = optarg;
		else if (c == 'b')
			batch = (unsigned)bench_number("--batch", optarg, 1, BATCH_MAX);
		else if (c == 'f')
			flight = (unsigned)bench_number("--flight", optarg, 1, FLIGHT_MAX);
		else if (c == 'm')
			ms = bench_number("--milliseconds", optarg, 1, 600000);
		else
			return 2;
	}
	if (database == NULL) bench_fail("--database is missing");
	for (unsigned i = 0; i < PAYLOADS; i++) claim_write(&payloads[i], i);
	conn = database_open(database);
	run(conn, batch, flight, ms * 1000);
	PQfinish(conn);
	return 0;
}

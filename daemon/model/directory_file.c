/* The tables of the directory's files. */
#include "model/directory_file.h"

#include <string.h>

#include "lib/text.h"
#include "model/directory_form.h"
#include "model/erp_profile.h"
#include "model/validate.h"

#define MEMBER(type_name, member) .name = #member, .offset = offsetof(struct type_name, member)

static const struct conf_option identifier_options[] = {
	{MEMBER(identifier_file, system), .type = CONF_STRING, .flags = CONF_REQUIRED | CONF_RELOADABLE,
		.sample = "\"urn:example:licence\"", .help = "The URI of the namespace."},
	{MEMBER(identifier_file, value), .type = CONF_STRING, .flags = CONF_REQUIRED | CONF_RELOADABLE,
		.sample = "\"H-001\"", .help = "The identifier in that namespace."},
};
static const struct conf_table identifier_table = {
	"identifier", identifier_options, ARRAY_LEN(identifier_options), sizeof(struct identifier_file), NULL};

static const struct conf_option client_options[] = {
	{MEMBER(client_file, id), .type = CONF_STRING, .flags = CONF_REQUIRED | CONF_RELOADABLE, .min = 1, .max = 64,
		.sample = "\"his\"", .form = form_client,
		.help = "The client's name: client_id of a signed assertion, and who submitted in every record."},
	{MEMBER(client_file, certificates), .type = CONF_STRINGS, .flags = CONF_RELOADABLE, .fallback = "[]",
		.form = form_fingerprint,
		.help = "SHA-256 fingerprints of the client certificates it may come with, 64 hexadecimal digits each."},
	{MEMBER(client_file, jwks_file), .type = CONF_PATH, .flags = CONF_RELOADABLE,
		.help = "The client's public keys as a JWK set, for private_key_jwt."},
	{MEMBER(client_file, scopes), .type = CONF_STRINGS, .flags = CONF_RELOADABLE,
		.fallback = "[\"submit\", \"read\", \"consent\", \"cancel\"]", .form = form_scope,
		.help = "What it may do: submit, read, consent, cancel; finance.read and finance.write, the hospital's money "
			"by way of /v1; finance.rates, exchange rates, which count for every hospital: for the house's own "
			"systems; inspector, alone, reports under /v1 as long as a grant of the client's id stands (zhifuctl "
			"inspector grant), each look on record. Who acts is on record by the client's id, so two persons who decide on "
			"one thing need two clients."},
};

static void client_check(const void *value, const char *file, unsigned line, struct conf_faults *faults)
{
	const struct client_file *client = value;

	if (client->certificates.count == 0 && client->jwks_file == NULL && !faults->group_faulty)
		conf_fault_add(faults, file, line,
			"client \"%s\" has neither a certificate nor a key set to come in with", client->id);
	for (size_t i = 0; client->scopes.count > 1 && i < client->scopes.count; i++)
		if (strcmp(client->scopes.items[i], "inspector") == 0)
			conf_fault_add(faults, file, line, "client \"%s\" is an inspector, who has no other scope",
				client->id);
}

static const struct conf_table client_table = {
	"client", client_options, ARRAY_LEN(client_options), sizeof(struct client_file), client_check};

static const struct conf_option code_system_options[] = {
	{MEMBER(validate_system, system), .type = CONF_STRING, .flags = CONF_REQUIRED | CONF_RELOADABLE, .min = 1,
		.max = 1024, .sample = "\"https://hospital.example/tariff\"",
		.help = "Its URI; one that ends with * stands for all that begin so."},
	{MEMBER(validate_system, pattern), .type = CONF_STRING, .flags = CONF_RELOADABLE, .min = 1, .max = 256,
		.help = "What its codes look like: characters, classes such as [0-9A-Z], a dot for any one; behind each of them ?, *, "
			"+, {n} or {n,m}. None: any code."},
};

static void code_system_check(const void *value, const char *file, unsigned line, struct conf_faults *faults)
{
	const struct validate_system *system = value;

	(void)line;
	if (system->pattern != NULL && text_match(system->pattern, text_of("")) < 0)
		conf_fault_add(faults, file, conf_checked_line(faults, "pattern"),
			"pattern = \"%s\" is not well formed", system->pattern);
}

static const struct conf_table code_system_table = {"code_system", code_system_options, ARRAY_LEN(code_system_options),
	sizeof(struct validate_system), code_system_check};

static const struct conf_option bank_account_options[] = {
	{MEMBER(bank_account_file, code), .type = CONF_STRING, .flags = CONF_REQUIRED | CONF_RELOADABLE, .min = 1,
		.max = 24, .sample = "\"USD\"", .form = form_account,
		.help = "Its short name, of A-Z, 0-9 and -, never changed: its account in the ledger is BANK- and this."},
	{MEMBER(bank_account_file, number), .type = CONF_STRING, .flags = CONF_REQUIRED | CONF_RELOADABLE, .min = 1,
		.max = 64, .sample = "\"6222 0000 0000 0000\"",
		.help = "Its IBAN or number, as the bank writes it in its statements; blanks do not matter."},
	{MEMBER(bank_account_file, currency), .type = CONF_STRING, .flags = CONF_REQUIRED | CONF_RELOADABLE, .min = 3,
		.max = 3, .sample = "\"USD\"", .form = form_currency, .help = "ISO 4217 code of what is on it."},
	{MEMBER(bank_account_file, charset), .type = CONF_STRING, .flags = CONF_RELOADABLE, .fallback = "\"utf-8\"",
		.form = form_charset,
		.help = "What its statements are written in, where they are not XML: utf-8, iso-8859-1, iso-8859-15, gb18030."},
	{MEMBER(bank_account_file, reversal_negates), .type = CONF_BOOL, .flags = CONF_RELOADABLE, .fallback = "false",
		.help = "The bank marks a reversal (RvslInd) with the direction of what it takes back, and not with its own. A refused "
			"statement says when this would make its sum right."},
	{MEMBER(bank_account_file, unproved_accepted), .type = CONF_BOOL, .flags = CONF_RELOADABLE, .fallback = "false",
		.help = "Statements without an opening and a closing balance are read, though nothing proves that they are whole."},
	{MEMBER(bank_account_file, profile), .type = CONF_STRING, .flags = CONF_RELOADABLE, .min = 1, .max = 64,
		.help = "By which of statement_profiles its statements are read that come as CSV. Without it none is."},
	{MEMBER(bank_account_file, owner), .type = CONF_STRING, .flags = CONF_RELOADABLE, .min = 1, .max = 64,
		.help = "Who looks after money that came to it and waits in suspense, until a person says who. Without it whom "
			"suspense_owner names."},
};

static const struct conf_table bank_account_table = {
	"bank_account", bank_account_options, ARRAY_LEN(bank_account_options), sizeof(struct bank_account_file), NULL};

static const struct conf_option write_off_role_options[] = {
	{MEMBER(write_off_role_file, role), .type = CONF_STRING, .flags = CONF_REQUIRED | CONF_RELOADABLE, .min = 1,
		.max = 64, .sample = "\"head of finance\"", .help = "What the role is called."},
	{MEMBER(write_off_role_file, people), .type = CONF_STRINGS, .flags = CONF_RELOADABLE, .fallback = "[]",
		.help = "The logins of those who have it, and ids of clients that may under /v1."},
	{MEMBER(write_off_role_file, limit), .type = CONF_STRING, .flags = CONF_REQUIRED | CONF_RELOADABLE, .min = 1,
		.max = 20, .sample = "\"5000.00\"", .form = form_limit,
		.help = "The most that one of them may write off of a claim, in the book currency."},
};

static const struct conf_table write_off_role_table = {"write_off_role", write_off_role_options,
	ARRAY_LEN(write_off_role_options), sizeof(struct write_off_role_file), NULL};

static const struct conf_option hospital_options[] = {
	{MEMBER(hospital_file, id), .type = CONF_STRING, .flags = CONF_REQUIRED | CONF_RELOADABLE, .min = 36, .max = 36,
		.sample = "\"019ab000-0000-7000-8000-000000000001\"", .form = form_uuid,
		.help = "A UUID, chosen once and never changed: every row of the hospital carries it."},
	{MEMBER(hospital_file, code), .type = CONF_STRING, .flags = CONF_REQUIRED | CONF_RELOADABLE, .min = 3, .max = 3,
		.sample = "\"HZ1\"", .form = form_hospital_code,
		.help = "Three of 0-9 and A-Z, unique, never changed: the first part of every claim's ref. A few in which the ref's "
			"check character cannot see two neighbours swapped, such as IJA, are refused."},
	{MEMBER(hospital_file, name), .type = CONF_STRING, .flags = CONF_REQUIRED | CONF_RELOADABLE,
		.sample = "\"Hangzhou Example Hospital\"", .help = "The name that letters and reports show."},
	{MEMBER(hospital_file, zone), .type = CONF_STRING, .flags = CONF_RELOADABLE, .fallback = "\"Asia/Shanghai\"",
		.help = "The IANA time zone whose days are the hospital's days."},
	{MEMBER(hospital_file, book_currency), .type = CONF_STRING, .flags = CONF_RELOADABLE, .fallback = "\"CNY\"",
		.min = 3, .max = 3, .form = form_currency,
		.help = "ISO 4217 code of the currency the books are kept in."},
	{MEMBER(hospital_file, rate_sources), .type = CONF_STRINGS, .flags = CONF_RELOADABLE,
		.fallback = "[ \"cfets\", \"manual\" ]", .min = 1, .max = 3, .form = form_rate_source,
		.help = "Whose exchange rates say what a posting in another currency is worth in the books: cfets (the central "
			"parity of the People's Bank of China), ecb, manual (typed in by one person, approved by another). The "
			"first that has a rate for the day counts."},
	{MEMBER(hospital_file, rate_reach_days), .type = CONF_INT, .flags = CONF_RELOADABLE, .fallback = "10", .min = 0,
		.max = 31,
		.help = "How many days back the last rate may be for a day that has none. National Day and Spring "
			"Festival take more than 7."},
	{MEMBER(hospital_file, revaluation_reverts), .type = CONF_STRINGS, .flags = CONF_RELOADABLE,
		.fallback = "[ \"receivable\", \"suspense\" ]", .max = 3, .form = form_revalued,
		.help = "What the close of a month revalues and the first of the next month takes back: receivable, suspense, bank. "
			"The others stay at the closing rate."},
	{MEMBER(hospital_file, provision_bands), .type = CONF_STRINGS, .flags = CONF_RELOADABLE,
		.fallback = "[ \"91: 5\", \"366: 20\", \"731: 50\", \"1096: 100\" ]", .max = 16, .form = form_band,
		.help = "What receivables are provided for by age: from how many days after the bill on, how many per cent, by rising "
			"days. Younger ones are not."},
	{MEMBER(hospital_file, limitation_years), .type = CONF_INT, .flags = CONF_RELOADABLE, .fallback = "3", .min = 1,
		.max = 30,
		.help = "After how many years a claim can no longer be enforced, from the day on which it was due or was "
			"last interrupted."},
	{MEMBER(hospital_file, limitation_alert_days), .type = CONF_INT, .flags = CONF_RELOADABLE, .fallback = "90",
		.min = 0, .max = 3650, .help = "How many days before that it is told."},
	{MEMBER(hospital_file, limitation_interrupts), .type = CONF_STRINGS, .flags = CONF_RELOADABLE,
		.fallback = "[ \"demand\", \"acknowledgement\" ]", .max = 3, .form = form_interruption,
		.help = "What begins that period anew while it runs: demand (one that was delivered), acknowledgement (the insurer said "
			"that it owes it), part-payment (it paid a part, on the day of the bank line)."},
	{MEMBER(hospital_file, take_backs), .type = CONF_STRING, .flags = CONF_RELOADABLE, .fallback = "\"disputed\"",
		.form = form_take_backs,
		.help = "What becomes of money that an insurer takes back: disputed (it is owed again until a person accepts that it is "
			"not) or accepted (the revenue is reversed at once, unless the advice says that it is in dispute or it is more "
			"than the claim)."},
	{MEMBER(hospital_file, write_off_roles), .type = CONF_GROUPS, .flags = CONF_RELOADABLE,
		.group = &write_off_role_table, .fallback = "()",
		.help = "Who may write off receivables as uncollectable, and up to how much. Nobody else may."},
	{MEMBER(hospital_file, match_certain), .type = CONF_INT, .flags = CONF_RELOADABLE, .fallback = "900",
		.min = 500, .max = 1001,
		.help = "How certain, of 1000, an answer must be for money to be posted by itself. 1001: never."},
	{MEMBER(hospital_file, identifiers), .type = CONF_GROUPS, .flags = CONF_RELOADABLE, .group = &identifier_table,
		.fallback = "()", .help = "How insurers know the hospital."},
	{MEMBER(hospital_file, bill_systems), .type = CONF_STRINGS, .flags = CONF_RELOADABLE, .fallback = "[]",
		.max = 8, .form = form_system,
		.help = "The systems, as in Claim.identifier.system, of the hospital's own numbers of bills that payers name on "
			"transfers. A word of a bank line that is the number of a claim in one of them names the claim, as it was "
			"submitted or in capitals, also where it stands in groups; with at least 5 letters and digits, 2 of them "
			"digits. Of a line 96 readings are looked up, and 16 claims kept; a line that has more is not posted by "
			"itself by what it names so, or by its amount: it waits for a person. Of the numbers that were found the form is "
			"learned: their length, where their digits are, and up to 4 letters that they begin with, of at least 9 letters "
			"and digits, and 16 forms at most; nothing else of them is kept. What has such a form and is no claim's number is "
			"looked up as the numbers that are one slip of the keyboard away; where that leaves no claim whose amount fits, "
			"the line is not posted by its amount alone: it waits for a person. Advices name claims by them, too, in a column "
			"or key of its own. Without any none is looked for."},
	{MEMBER(hospital_file, clients), .type = CONF_GROUPS, .flags = CONF_RELOADABLE, .group = &client_table,
		.fallback = "()", .help = "The systems that may come in for this hospital."},
	{MEMBER(hospital_file, bank_accounts), .type = CONF_GROUPS, .flags = CONF_RELOADABLE,
		.group = &bank_account_table, .fallback = "()",
		.help = "The bank accounts on which insurers' money arrives, and patients'."},
	{MEMBER(hospital_file, suspense_owner), .type = CONF_STRING, .flags = CONF_RELOADABLE,
		.fallback = "\"finance\"", .min = 1, .max = 64,
		.help = "Who looks after money in suspense of an account that names nobody, until a person says who."},
	{MEMBER(hospital_file, statement_profiles), .type = CONF_GROUPS, .flags = CONF_RELOADABLE,
		.group = &statement_file_table, .fallback = "()",
		.help = "How bank statements are to be read that come as CSV, because the bank offers no better."},
	{MEMBER(hospital_file, advice_profiles), .type = CONF_GROUPS, .flags = CONF_RELOADABLE,
		.group = &advice_file_table, .fallback = "()",
		.help = "How the remittance advices are to be read that come as CSV or XLSX: zhifuctl money remittance import."},
	{MEMBER(hospital_file, rate_profiles), .type = CONF_GROUPS, .flags = CONF_RELOADABLE,
		.group = &rate_profile_table, .fallback = "()",
		.help = "How files of exchange rates are to be read that come as CSV in another form than the central parity's or a bank's "
			"board: zhifuctl money rate import --source profile:NAME."},
	{MEMBER(hospital_file, chart), .type = CONF_PATH, .flags = CONF_RELOADABLE,
		.help = "The chart of accounts: which account of the hospital's own bookkeeping each of the ledger's is. Without it "
			"that for public hospitals which conf/charts/public.conf shows; conf/charts/private.conf is another."},
	{MEMBER(hospital_file, erp_profiles), .type = CONF_GROUPS, .flags = CONF_RELOADABLE,
		.group = &erp_profile_table, .fallback = "()",
		.help = "How the hospital's bookkeeping program wants the journal as CSV."},
	{MEMBER(hospital_file, calendar), .type = CONF_PATH, .flags = CONF_RELOADABLE,
		.help = "The calendar of working days. Without it that of China which conf/calendars/china.conf shows."},
	{MEMBER(hospital_file, declaration_code), .type = CONF_STRING, .flags = CONF_RELOADABLE,
		.fallback = "\"223021\"", .form = form_declaration_code,
		.help = "The balance-of-payments code that receipts from abroad are declared under unless a person says another "
			"one; \"\": nothing is declared. Where the books are not kept in CNY nothing is declared either."},
	{MEMBER(hospital_file, declaration_days), .type = CONF_INT, .flags = CONF_RELOADABLE, .fallback = "5", .min = 1,
		.max = 60, .help = "Within how many working days after the credit it is to be declared."},
	{MEMBER(hospital_file, code_systems), .type = CONF_GROUPS, .flags = CONF_RELOADABLE,
		.group = &code_system_table, .fallback = "()",
		.help = "The hospital's own code systems: tariff, drugs, diagnoses. Codes of any other draw a warning, unless "
			"the system is built in (ICD-10, SNOMED CT, LOINC and the like) or the insurer knows it."},
};
const struct conf_table hospital_file_table = {
	"hospital", hospital_options, ARRAY_LEN(hospital_options), sizeof(struct hospital_file), NULL};

static const struct conf_option range_options[] = {
	{MEMBER(range_file, from), .type = CONF_STRING, .flags = CONF_RELOADABLE,
		.help = "The first coverage number, compared as text of one length."},
	{MEMBER(range_file, to), .type = CONF_STRING, .flags = CONF_RELOADABLE,
		.help = "The last one, of the same length."},
	{MEMBER(range_file, prefix), .type = CONF_STRING, .flags = CONF_RELOADABLE,
		.help = "Or what all of its numbers begin with."},
};

static void range_check(const void *value, const char *file, unsigned line, struct conf_faults *faults)
{
	const struct range_file *range = value;
	bool is_prefix = range->prefix != NULL;
	bool is_range = range->from != NULL && range->to != NULL;

	if (faults->group_faulty) return;
	if (is_prefix == is_range || (is_prefix && (range->from != NULL || range->to != NULL)))
		conf_fault_add(faults, file, line, "a coverage range needs either prefix, or from and to");
	else if (is_range && strlen(range->from) != strlen(range->to))
		conf_fault_add(faults, file, line, "from and to of a coverage range must have the same length");
	else if (is_range && strcmp(range->from, range->to) > 0)
		conf_fault_add(faults, file, line, "from is above to in a coverage range");
}

static const struct conf_table range_table = {
	"range", range_options, ARRAY_LEN(range_options), sizeof(struct range_file), range_check};

static const struct conf_option endpoint_options[] = {
	{MEMBER(endpoint_file, name), .type = CONF_STRING, .flags = CONF_REQUIRED | CONF_RELOADABLE,
		.sample = "\"submit\"", .form = form_name, .help = "The name the adapter module uses for it."},
	{MEMBER(endpoint_file, url), .type = CONF_STRING, .flags = CONF_REQUIRED | CONF_RELOADABLE,
		.sample = "\"https://claims.insurer.example/fhir\"", .form = form_url,
		.help = "Its address; the module appends paths."},
	{MEMBER(endpoint_file, channel), .type = CONF_STRING, .flags = CONF_RELOADABLE, .fallback = "\"https\"",
		.max = 32, .form = form_name,
		.help = "The channel; insurer and channel make the route that one process owns at a time."},
	{MEMBER(endpoint_file, ca_file), .type = CONF_PATH, .flags = CONF_RELOADABLE,
		.help = "The certificate authorities that may vouch for it; must be set where the address begins with https."},
	{MEMBER(endpoint_file, certificate), .type = CONF_PATH, .flags = CONF_RELOADABLE,
		.help = "Our client certificate, when it asks for one."},
	{MEMBER(endpoint_file, private_key), .type = CONF_PATH, .flags = CONF_RELOADABLE,
		.help = "The key of that certificate."},
	{MEMBER(endpoint_file, pins), .type = CONF_STRINGS, .flags = CONF_RELOADABLE, .fallback = "[]", .max = 8,
		.form = form_pin, .help = "sha256//BASE64 of the public keys it may show; none: any that verifies."},
	{MEMBER(endpoint_file, redirects_max), .type = CONF_INT, .flags = CONF_RELOADABLE, .fallback = "0", .min = 0,
		.max = 5, .help = "How many redirects to the same host are followed."},
	{MEMBER(endpoint_file, deadline_ms), .type = CONF_INT, .flags = CONF_RELOADABLE, .min = 100, .max = 600000,
		.help = "From the start of a request to its last byte; after that the outcome is unknown. Without it "
			"outbound_deadline_ms counts."},
	{MEMBER(endpoint_file, allow_plain), .type = CONF_BOOL, .flags = CONF_RELOADABLE, .fallback = "false",
		.help = "Allows http:// without TLS. For tests on the loopback interface only."},
};

static void endpoint_check(const void *value, const char *file, unsigned line, struct conf_faults *faults)
{
	const struct endpoint_file *endpoint = value;
	bool is_plain = endpoint->url != NULL && strncmp(endpoint->url, "http://", 7) == 0;
	unsigned url_line = conf_checked_line(faults, "url");

	if (is_plain && !endpoint->allow_plain)
		conf_fault_add(faults, file, url_line, "the url of an endpoint must begin with https://");
	else if (is_plain && !form_url_is_loopback(endpoint->url))
		conf_fault_add(faults, file, url_line, "allow_plain is for addresses of this machine only");
	if (!is_plain && endpoint->ca_file == NULL && conf_checked_line(faults, "ca_file") == 0)
		conf_fault_add(faults, file, line, "ca_file is missing");
	if ((conf_checked_line(faults, "certificate") == 0) != (conf_checked_line(faults, "private_key") == 0))
		conf_fault_add(faults, file, line, "certificate and private_key go together");
}

static const struct conf_table endpoint_table = {
	"endpoint", endpoint_options, ARRAY_LEN(endpoint_options), sizeof(struct endpoint_file), endpoint_check};

static const struct conf_option map_options[] = {
	{MEMBER(map_file, name), .type = CONF_STRING, .flags = CONF_REQUIRED | CONF_RELOADABLE, .sample = "\"reason\"",
		.help = "The name the adapter module asks for."},
	{MEMBER(map_file, entries), .type = CONF_MAP, .flags = CONF_RELOADABLE, .fallback = "{ }",
		.help = "From one code to the other."},
};
static const struct conf_table map_table = {"map", map_options, ARRAY_LEN(map_options), sizeof(struct map_file), NULL};

static const struct conf_option insurer_options[] = {
	{MEMBER(insurer_file, name), .type = CONF_STRING, .flags = CONF_REQUIRED | CONF_RELOADABLE,
		.sample = "\"Alpha Health\"", .help = "The insurer's name."},
	{MEMBER(insurer_file, module), .type = CONF_STRING, .flags = CONF_REQUIRED | CONF_RELOADABLE,
		.sample = "\"fhir\"", .help = "The adapter module: NAME.so in adapters_dir."},
	{NULL, .type = CONF_HEADING, .help = "Routing: tried in this order over all insurers."},
	{MEMBER(insurer_file, payer_identifiers), .type = CONF_GROUPS, .flags = CONF_RELOADABLE,
		.group = &identifier_table, .fallback = "()", .help = "Identifiers by which claims name it."},
	{MEMBER(insurer_file, ranges), .type = CONF_GROUPS, .flags = CONF_RELOADABLE, .group = &range_table,
		.fallback = "()", .help = "The coverage numbers on its cards."},
	{MEMBER(insurer_file, names), .type = CONF_STRINGS, .flags = CONF_RELOADABLE, .fallback = "[]",
		.help = "Names of coverage or payer as hospitals write them; case does not matter."},
	{NULL, .type = CONF_HEADING, .help = "Channel"},
	{MEMBER(insurer_file, endpoints), .type = CONF_GROUPS, .flags = CONF_REQUIRED | CONF_RELOADABLE,
		.group = &endpoint_table, .min = 1, .help = "Where its messages go."},
	{MEMBER(insurer_file, window_max), .type = CONF_INT, .flags = CONF_RELOADABLE, .fallback = "16", .min = 1,
		.max = 512,
		.help = "Requests at the insurer at once on a route; what is being prepared for it is not counted."},
	{MEMBER(insurer_file, poll_interval_s), .type = CONF_INT, .flags = CONF_RELOADABLE, .fallback = "0", .min = 0,
		.max = 86400, .help = "How often waiting answers are collected; 0: never."},
	{MEMBER(insurer_file, idempotent), .type = CONF_BOOL, .flags = CONF_RELOADABLE, .fallback = "false",
		.help = "It recognises a repeated submission, so one whose outcome is unknown may be sent again."},
	{MEMBER(insurer_file, wait_max_s), .type = CONF_INT, .flags = CONF_RELOADABLE, .fallback = "15", .min = 0,
		.max = 60,
		.help = "The longest that a hospital may wait for its answer (Prefer: wait); 0: it never decides during the call."},
	{NULL, .type = CONF_HEADING, .help = "Privacy"},
	{MEMBER(insurer_file, purposes), .type = CONF_STRINGS, .flags = CONF_RELOADABLE, .fallback = "[\"HPAYMT\"]",
		.min = 1, .form = form_purpose,
		.help = "A consent must name one of these purposes (HL7 v3-PurposeOfUse)."},
	{MEMBER(insurer_file, allowed_fields), .type = CONF_STRINGS, .flags = CONF_REQUIRED | CONF_RELOADABLE, .min = 1,
		.max = 512, .form = form_field,
		.help = "The fields that may leave, as FHIRPath prefixes: \"Coverage\", \"Patient.name\"; [\"*\"]: all that the module "
			"sends."},
	{MEMBER(insurer_file, allowed_fields_version), .type = CONF_STRING, .flags = CONF_RELOADABLE,
		.fallback = "\"1\"", .max = 32, .help = "The version of that list, written into the export ledger."},
	{NULL, .type = CONF_HEADING, .help = "Codes"},
	{MEMBER(insurer_file, code_systems), .type = CONF_GROUPS, .flags = CONF_RELOADABLE, .group = &code_system_table,
		.fallback = "()", .help = "The code systems that it knows besides the built-in ones."},
	{MEMBER(insurer_file, unknown_codes_fault), .type = CONF_BOOL, .flags = CONF_RELOADABLE, .fallback = "false",
		.help = "A code that it does not know is a fault and the claim is refused, instead of a warning. The "
			"hospital's own systems then count only where code_systems above has them."},
	{NULL, .type = CONF_HEADING, .help = "For the module"},
	{MEMBER(insurer_file, keys), .type = CONF_MAP, .flags = CONF_RELOADABLE, .fallback = "{ }",
		.help = "The module's own keys; zhifuctl adapter check lists them."},
	{MEMBER(insurer_file, maps), .type = CONF_GROUPS, .flags = CONF_RELOADABLE, .group = &map_table,
		.fallback = "()", .help = "Code maps, by the names the module asks for."},
	{MEMBER(insurer_file, secrets), .type = CONF_MAP, .flags = CONF_RELOADABLE, .fallback = "{ }",
		.help = "Secrets by name: the file that holds each. They are filled in while sending and stored nowhere."},
};

static void insurer_check(const void *value, const char *file, unsigned line, struct conf_faults *faults)
{
	const struct insurer_file *insurer = value;

	(void)line;
	for (size_t i = 0; i < insurer->endpoints.count; i++) {
		const struct endpoint_file *endpoint = insurer->endpoints.items[i];
		bool again = false;

		for (size_t k = 0; k < i && endpoint->name != NULL && !again; k++) {
			const struct endpoint_file *other = insurer->endpoints.items[k];

			again = other->name != NULL && strcmp(other->name, endpoint->name) == 0;
			if (again)
				conf_fault_add(faults, file, conf_checked_line(faults, "endpoints.[%zu].name", i),
					"name \"%s\" is also that of the endpoint on line %u", endpoint->name,
					conf_checked_line(faults, "endpoints.[%zu].name", k));
		}
	}
	for (size_t i = 0; i < insurer->allowed_fields.count; i++)
		if (strcmp(insurer->allowed_fields.items[i], "*") == 0 && insurer->allowed_fields.count > 1)
			conf_fault_add(faults, file, conf_checked_line(faults, "allowed_fields.[%zu]", i),
				"allowed_fields: \"*\" allows everything and stands alone");
}

const struct conf_table insurer_file_table = {
	"insurer", insurer_options, ARRAY_LEN(insurer_options), sizeof(struct insurer_file), insurer_check};

/* Loading modules. */
#include "translate/adapter.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/text.h"
#include "translate/context.h"

/* The least that a module of this ABI has: everything up to and including step. */
#define TABLE_BYTES_MIN offsetof(struct zf_adapter, decode_claims)

int adapter_accept(const struct zf_adapter *table, struct adapter *ret_adapter)
{
	struct adapter adapter = {0};
	size_t n;

	if (table == NULL) return err_set(ERR_INVALID, "the module has no table");
	if (table->abi_major != ZF_ABI_MAJOR || (ZF_ABI_MAJOR == 0 && table->abi_minor != ZF_ABI_MINOR) ||
		table->abi_minor > ZF_ABI_MINOR)
		return err_set(ERR_INVALID, "the module speaks ABI %u.%u, this is %u.%u", table->abi_major,
			table->abi_minor, ZF_ABI_MAJOR, ZF_ABI_MINOR);
	if (table->size < TABLE_BYTES_MIN)
		return err_set(ERR_INVALID, "the module's table has %u bytes, at least %zu are needed", table->size,
			TABLE_BYTES_MIN);
	n = table->size < sizeof(adapter.table) ? table->size : sizeof(adapter.table);
	memcpy(&adapter.table, table, n);
	if (adapter.table.name == NULL || adapter.table.version == NULL || adapter.table.keys == NULL ||
		adapter.table.open == NULL || adapter.table.capabilities == NULL || adapter.table.step == NULL)
		return err_set(ERR_INVALID, "the module lacks its name, version, keys, open, capabilities or step");
	if (strlen(adapter.table.name) >= sizeof(adapter.name) || adapter.table.name[0] == '\0')
		return err_set(ERR_INVALID, "the module's name is empty or too long");
	(void)snprintf(adapter.name, sizeof(adapter.name), "%s", adapter.table.name);
	for (n = 0; adapter.table.keys[n].name != NULL; n++) {
		uint32_t type = adapter.table.keys[n].type;

		if (n == ADAPTER_KEYS_MAX) return err_set(ERR_INVALID, "the module declares too many keys");
		if (type < ZF_KEY_TEXT || type > ZF_KEY_ENDPOINT)
			return err_set(
				ERR_INVALID, "the module's key \"%s\" is of no known type", adapter.table.keys[n].name);
	}
	*ret_adapter = adapter;
	return 0;
}

int adapter_load(const char *path, struct adapter *ret_adapter)
{
	union {
		void *symbol;
		zf_adapter_fn function;
	} entry;
	void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	if (object == NULL) return err_set(ERR_NOTFOUND, "could not open the module: %s", dlerror());
	/* From here on it stays, also when it is refused: its constructors may have left pointers behind. */
	entry.symbol = dlsym(object, ZF_ADAPTER_SYMBOL);
	if (entry.symbol == NULL) return err_set(ERR_INVALID, "the module does not export " ZF_ADAPTER_SYMBOL);
	return adapter_accept(entry.function(), ret_adapter);
}

/* ---- keys ---- */

static bool is_int(const char *text)
{
	int64_t value;

	return text_to_int64(text_of(text[0] == '-' ? text + 1 : text), &value) == 0;
}

static const char *key_fault(const struct zf_key *key, const char *value)
{
	switch ((enum zf_key_type)key->type) {
	case ZF_KEY_INT:
		return is_int(value) ? NULL : "a whole number";
	case ZF_KEY_BOOL:
		return strcmp(value, "true") == 0 || strcmp(value, "false") == 0 ? NULL : "true or false";
	case ZF_KEY_URL:
		return strncmp(value, "https://", 8) == 0 || strncmp(value, "http://", 7) == 0 ||
				       strncmp(value, "urn:", 4) == 0
			       ? NULL
			       : "a URL";
	case ZF_KEY_MAP:
		return "a group of maps, not of keys";
	case ZF_KEY_TEXT:
	case ZF_KEY_ENDPOINT: /* endpoints_check */
		return NULL;
	}
	return "of a known type";
}

static bool has_map(const struct insurer *insurer, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; insurer->maps != NULL && i < insurer->maps->count; i++)
		if (strncmp(insurer->maps->items[i].name, name, len) == 0 && insurer->maps->items[i].name[len] == '/')
			return true;
	return false;
}

static const struct zf_key *key_find(const struct adapter *adapter, const char *name)
{
	assert(adapter->table.keys != NULL); /* adapter_accept saw to it */
	for (const struct zf_key *key = adapter->table.keys; key->name != NULL; key++)
		if (strcmp(key->name, name) == 0) return key;
	return NULL;
}

/* Adds a fault at this setting of the insurer's file. */
static void fault_add(struct conf_faults *faults, const struct insurer *insurer, const char *setting, const char *fmt,
	...) PRINTF_LIKE(4, 5);
static void fault_add(
	struct conf_faults *faults, const struct insurer *insurer, const char *setting, const char *fmt, ...)
{
	bool has_file = insurer->file != NULL; /* tests make insurers without */
	char text[1024];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	conf_fault_add(faults, has_file ? insurer->file : insurer->code,
		has_file ? conf_setting_line(insurer->file, "%s", setting) : 0, "%s", text);
}

/* The value of a key as the module will get it, or NULL. */
static const char *key_value(const struct zf_key *key, const struct insurer *insurer)
{
	const char *value = insurer->module_keys == NULL ? NULL : conf_map_get(insurer->module_keys, key->name);

	return value != NULL ? value : key->fallback;
}

static bool is_asked_for(const struct adapter *adapter, const struct insurer *insurer, const char *endpoint)
{
	for (const struct zf_key *key = adapter->table.keys; key->name != NULL; key++) {
		const char *value = key->type == ZF_KEY_ENDPOINT ? key_value(key, insurer) : NULL;

		if (value != NULL && strcmp(value, endpoint) == 0) return true;
	}
	return false;
}

/* That the endpoints are those that the module asks for, where it says which. */
static void endpoints_check(const struct adapter *adapter, const struct insurer *insurer, struct conf_faults *faults)
{
	bool says_which = false;

	for (const struct zf_key *key = adapter->table.keys; key->name != NULL; key++) {
		const char *value = key_value(key, insurer);
		bool found = false;

		if (key->type != ZF_KEY_ENDPOINT || value == NULL) continue;
		says_which = true;
		for (uint32_t i = 0; i < insurer->endpoint_count; i++)
			found = found || strcmp(insurer->endpoints[i]->name, value) == 0;
		if (found || insurer->endpoint_count == 0) continue;
		char setting[128];

		(void)snprintf(setting, sizeof(setting), "keys.%.64s", key->name);
		fault_add(faults, insurer, setting, "module \"%s\" asks for the endpoint \"%s\", which is not there",
			adapter->name, value);
	}
	for (uint32_t i = 0; says_which && i < insurer->endpoint_count; i++) {
		const char *name = insurer->endpoints[i]->name;
		char setting[64];

		if (name[0] == '\0' || is_asked_for(adapter, insurer, name)) continue;
		(void)snprintf(setting, sizeof(setting), "endpoints.[%u].name", i);
		fault_add(faults, insurer, setting, "module \"%s\" does not ask for the endpoint \"%s\"", adapter->name,
			name);
	}
}

void adapter_keys_check(const struct adapter *adapter, const struct insurer *insurer, struct conf_faults *faults)
{
	const struct conf_map *given = insurer->module_keys;

	assert(adapter != NULL && adapter->table.keys != NULL);
	for (size_t i = 0; given != NULL && i < given->count; i++) {
		const struct zf_key *key = key_find(adapter, given->items[i].name);
		const char *wanted = key == NULL ? NULL : key_fault(key, given->items[i].value);
		char setting[256];

		if (key != NULL && wanted == NULL) continue;
		(void)snprintf(setting, sizeof(setting), "keys.%s", given->items[i].name);
		if (key == NULL)
			fault_add(faults, insurer, setting, "module \"%s\" has no key \"%s\"", adapter->name,
				given->items[i].name);
		else
			fault_add(faults, insurer, setting, "key \"%s\" of module \"%s\" must be %s", key->name,
				adapter->name, wanted);
	}
	for (const struct zf_key *key = adapter->table.keys; key->name != NULL; key++) {
		if (!key->required) continue;
		if (key->type == ZF_KEY_MAP ? has_map(insurer, key->name)
					    : given != NULL && conf_map_get(given, key->name) != NULL)
			continue;
		fault_add(faults, insurer, "keys", "module \"%s\" needs the %s \"%s\"", adapter->name,
			key->type == ZF_KEY_MAP ? "map" : "key", key->name);
	}
	endpoints_check(adapter, insurer, faults);
}

/* ---- the set ---- */

const struct adapter *adapter_set_find(const struct adapter_set *set, const char *name)
{
	for (size_t i = 0; i < set->count; i++)
		if (strcmp(set->items[i]->name, name) == 0) return set->items[i];
	return NULL;
}

static int set_append(struct adapter_set *set, const struct adapter *adapter)
{
	struct adapter *copy;

	if (set->count == ADAPTER_MODULES_MAX) return err_set(ERR_LIMIT, "more than %d modules", ADAPTER_MODULES_MAX);
	copy = mem_alloc(sizeof(*copy));
	if (copy == NULL) return err_set(ERR_NOMEM, "no memory for a module");
	*copy = *adapter;
	set->items[set->count++] = copy;
	return 0;
}

int adapter_set_add(struct adapter_set *set, const struct zf_adapter *table)
{
	struct adapter adapter;
	int r = adapter_accept(table, &adapter);

	return r < 0 ? r : set_append(set, &adapter);
}

static int set_load(struct adapter_set *set, const char *adapters_dir, const char *name)
{
	struct adapter adapter;
	char path[4096];
	int r;

	if (strchr(name, '/') != NULL ||
		(size_t)snprintf(path, sizeof(path), "%s/%s.so", adapters_dir, name) >= sizeof(path))
		return err_set(ERR_INVALID, "the module's name is no file name");
	r = adapter_load(path, &adapter);
	if (r < 0) return r;
	if (strcmp(adapter.name, name) != 0)
		return err_set(ERR_INVALID, "the module in \"%s.so\" calls itself \"%s\"", name, adapter.name);
	return set_append(set, &adapter);
}

int adapter_set_load(const char *adapters_dir, const struct directory *directory, struct conf_faults *faults,
	struct adapter_set *ret_set)
{
	struct adapter_set set = {0};
	size_t before = faults->count;

	for (uint32_t i = 0; i < directory->insurer_count; i++) {
		const struct insurer *insurer = directory->insurers[i];
		const struct adapter *adapter = adapter_set_find(&set, insurer->module);

		if (adapter == NULL) {
			if (insurer->module[0] == '\0') continue; /* could not be read, which was said */
			if (set_load(&set, adapters_dir, insurer->module) < 0) {
				fault_add(faults, insurer, "module", "module \"%s\": %s", insurer->module, err_text());
				continue;
			}
			adapter = set.items[set.count - 1];
		}
		adapter_keys_check(adapter, insurer, faults);
	}
	*ret_set = set;
	return faults->count > before ? err_set(ERR_INVALID, "%s", faults->items[before]) : 0;
}

void adapter_set_free(struct adapter_set *set)
{
	for (size_t i = 0; i < set->count; i++) mem_free(set->items[i]);
	set->count = 0;
}

/* Whether the keys' own check has named it already. */
static bool is_named(const struct adapter *adapter, const struct insurer *insurer, const char *name)
{
	const struct zf_key *key = key_find(adapter, name);
	const char *value = insurer->module_keys == NULL ? NULL : conf_map_get(insurer->module_keys, name);

	return key != NULL && value != NULL && key_fault(key, value) != NULL;
}

/* What a module says against a profile: a line for each mistake, which may name the key ("module.KEY: why"). */
static void refusal_add(
	const struct adapter *adapter, const struct insurer *insurer, const char *text, struct conf_faults *faults)
{
	const char *refusal = strstr(text, CONTEXT_REFUSES);

	refusal = refusal == NULL ? text : refusal + sizeof(CONTEXT_REFUSES) - 1;
	while (*refusal != '\0') {
		size_t len = strcspn(refusal, "\n");
		char setting[256] = "keys";
		char *name = setting + 5;

		if (strncmp(refusal, "module.", 7) == 0)
			(void)snprintf(
				setting, sizeof(setting), "keys.%.*s", (int)strcspn(refusal + 7, ":\n"), refusal + 7);
		if (setting[4] == '\0' || !is_named(adapter, insurer, name))
			fault_add(faults, insurer, setting, "module \"%s\" refuses %.*s", adapter->name, (int)len,
				refusal);
		refusal += len + (refusal[len] == '\n');
	}
}

int adapter_directory_check(const char *adapters_dir, const struct directory *directory, struct conf_faults *faults)
{
	struct adapter_set set;
	struct contexts *contexts = NULL;
	size_t before = faults->count;
	int r = adapter_set_load(adapters_dir, directory, faults, &set);

	if (r == 0 || r == ERR_INVALID) r = contexts_new(&set, directory, &contexts);
	for (uint32_t i = 0; r == 0 && directory->hospital_count > 0 && i < directory->insurer_count; i++) {
		const struct insurer *insurer = directory->insurers[i];
		const struct adapter *adapter = adapter_set_find(&set, insurer->module);
		const struct context *context;
		char why[1024];

		if (adapter == NULL || contexts_get(contexts, directory->hospitals[0], insurer, &context) == 0)
			continue;
		(void)snprintf(why, sizeof(why), "%s", err_text()); /* looking for lines may change it */
		refusal_add(adapter, insurer, why, faults);
	}
	contexts_free(contexts);
	adapter_set_free(&set);
	if (r == 0 && faults->count > before) r = err_set(ERR_INVALID, "%s", faults->items[before]);
	return r;
}

/* Loading modules. */
#include "translate/adapter.h"

#include <dlfcn.h>
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
		if (type < ZF_KEY_TEXT || type > ZF_KEY_MAP)
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

/* Where a fault of this setting is: the insurer's file and, when it can be found, the line. */
static const char *fault_at(const struct insurer *insurer, const char *group, const char *name, unsigned *ret_line)
{
	char setting[256];

	*ret_line = 0;
	if (insurer->file == NULL) return insurer->code;
	(void)snprintf(setting, sizeof(setting), "%s%s%s", group, name[0] == '\0' ? "" : ".", name);
	*ret_line = conf_setting_line(insurer->file, setting);
	return insurer->file;
}

void adapter_keys_check(const struct adapter *adapter, const struct insurer *insurer, struct conf_faults *faults)
{
	const struct conf_map *given = insurer->module_keys;
	const char *file;
	unsigned line;

	assert(adapter != NULL && adapter->table.keys != NULL);
	for (size_t i = 0; given != NULL && i < given->count; i++) {
		const struct zf_key *key = key_find(adapter, given->items[i].name);
		const char *wanted = key == NULL ? NULL : key_fault(key, given->items[i].value);

		if (key != NULL && wanted == NULL) continue;
		file = fault_at(insurer, "keys", given->items[i].name, &line);
		if (key == NULL)
			conf_fault_add(faults, file, line, "module \"%s\" has no key \"%s\"", adapter->name,
				given->items[i].name);
		else
			conf_fault_add(faults, file, line, "key \"%s\" of module \"%s\" must be %s", key->name,
				adapter->name, wanted);
	}
	for (const struct zf_key *key = adapter->table.keys; key->name != NULL; key++) {
		if (!key->required) continue;
		if (key->type == ZF_KEY_MAP ? has_map(insurer, key->name)
					    : given != NULL && conf_map_get(given, key->name) != NULL)
			continue;
		file = fault_at(insurer, "keys", "", &line);
		conf_fault_add(faults, file, line, "module \"%s\" needs the %s \"%s\"", adapter->name,
			key->type == ZF_KEY_MAP ? "map" : "key", key->name);
	}
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
			if (set_load(&set, adapters_dir, insurer->module) < 0) {
				unsigned line;
				const char *file = fault_at(insurer, "module", "", &line);

				/* reading the file does not touch err_text unless it fails */
				conf_fault_add(faults, file, line, "module \"%s\": %s", insurer->module, err_text());
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

int adapter_directory_check(const char *adapters_dir, const struct directory *directory, struct conf_faults *faults)
{
	struct adapter_set set;
	struct contexts *contexts = NULL;
	int r = adapter_set_load(adapters_dir, directory, faults, &set);

	if (r == 0) r = contexts_new(&set, directory, &contexts);
	for (uint32_t i = 0; r == 0 && directory->hospital_count > 0 && i < directory->insurer_count; i++) {
		const struct context *context;

		if (contexts_get(contexts, directory->hospitals[0], directory->insurers[i], &context) < 0)
			conf_fault_add(faults,
				directory->insurers[i]->file != NULL ? directory->insurers[i]->file
								     : directory->insurers[i]->code,
				0, "%s", err_text());
	}
	contexts_free(contexts);
	adapter_set_free(&set);
	if (r == 0 && faults->count > 0) r = err_set(ERR_INVALID, "%s", faults->items[0]);
	return r;
}

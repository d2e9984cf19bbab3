/* Adapter modules: loading a shared object and holding it to the ABI, and the insurers' keys against what a module
 * declares. A module is never unloaded. */
#ifndef TRANSLATE_ADAPTER_H
#define TRANSLATE_ADAPTER_H

#include "base/conf.h"
#include "model/directory.h"
#include "zhifu_adapter.h"

#define ADAPTER_MODULES_MAX 64
#define ADAPTER_NAME_LEN 64
#define ADAPTER_KEYS_MAX 256

/* A loaded module: our copy of its table, zeros behind what it knew. */
struct adapter {
	char name[ADAPTER_NAME_LEN];
	struct zf_adapter table;
};

/* Opens the file (RTLD_NOW, RTLD_LOCAL) and accepts its table. ERR_NOTFOUND: cannot be opened; ERR_INVALID: not a
 * module of this ABI, with the reason. The table is copied; the object stays loaded for good. */
int adapter_load(const char *path, struct adapter *ret_adapter) MUSTUSE;
/* The checks of adapter_load on a table that is there already: version, size, required functions and texts. */
int adapter_accept(const struct zf_adapter *table, struct adapter *ret_adapter) MUSTUSE;

/* The modules that the insurers of a directory name, each once. */
struct adapter_set {
	struct adapter *items[ADAPTER_MODULES_MAX];
	size_t count;
};
/* Loads adapters_dir/MODULE.so for every insurer and checks the insurers' module keys. Every mistake goes to faults
 * (file: the insurer's code); ERR_INVALID when there was one, ERR_NOMEM. What could be loaded is in the set, to be
 * freed by adapter_set_free. Modules that an earlier set had are loaded again at no cost. */
int adapter_set_load(const char *adapters_dir, const struct directory *directory, struct conf_faults *faults,
	struct adapter_set *ret_set) MUSTUSE;
/* Frees the list; the shared objects stay. */
void adapter_set_free(struct adapter_set *set);
const struct adapter *adapter_set_find(const struct adapter_set *set, const char *name);
/* Puts a table that is linked in (tests) into the set. */
int adapter_set_add(struct adapter_set *set, const struct zf_adapter *table) MUSTUSE;

/* For `zhifud --check`: opens all modules, checks all keys, and opens each insurer's context once. Mistakes as above.
 */
int adapter_directory_check(
	const char *adapters_dir, const struct directory *directory, struct conf_faults *faults) MUSTUSE;

/* Checks the keys of one insurer: unknown, missing, of the wrong type. */
void adapter_keys_check(const struct adapter *adapter, const struct insurer *insurer, struct conf_faults *faults);

#endif

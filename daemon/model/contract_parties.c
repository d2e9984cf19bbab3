/* The parties of a contract beside the insurers that are configured. */
#include <stdio.h>
#include <string.h>

#include "model/contract.h"
#include "model/directory.h"

static void party_check(const struct contract *contract, const char *who, const char *path,
	enum fault_severity severity, const struct directory *directory, struct fault_list *faults)
{
	if (who == NULL || text_match("[a-z0-9-]+", text_of(who)) != 1) return;
	if (severity == FAULT_WARNING && text_equal(text_of(who), text_of(contract->carrier))) return;
	/* the fund of the social insurance, which owes what it settled in the currency of the bill */
	if (contract->kind == CONTRACT_A && strcmp(contract->carrier, "si") == 0 && strcmp(who, "si") == 0) return;
	if (directory_insurer(directory, who) == NULL)
		fault_add_as(faults, FAULT_CONTRACT_STRANGER, severity, path, who, NULL);
}

void contract_parties_check(
	const struct contract_list *list, const struct directory *directory, struct fault_list *faults)
{
	for (uint32_t i = 0; i < list->count; i++) {
		const struct contract *contract = &list->items[i];
		const struct {
			const char *name, *who;
			enum fault_severity severity;
		} parties[] = {{"carrier", contract->carrier, FAULT_FAULT}, {"tpa", contract->tpa, FAULT_WARNING},
			{"remitter", contract->remitter, FAULT_WARNING},
			{"guarantee_issuer", contract->guarantor, FAULT_WARNING}};

		for (size_t k = 0; k < ARRAY_LEN(parties); k++) {
			char path[64];

			if (list->count == 1)
				(void)snprintf(path, sizeof(path), "parties.%s", parties[k].name);
			else
				(void)snprintf(path, sizeof(path), "[%u].parties.%s", i, parties[k].name);
			party_check(contract, parties[k].who, path, parties[k].severity, directory, faults);
		}
	}
}

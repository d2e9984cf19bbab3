/* Reads a bank statement and prints what the reader tells, one JSON object a line, for the tests that compare it with
 * what others say of the same file: bank_dump [--unproved] [--chunk N] [--charset latin1|latin9|gb18030|cp852] FILE */
#include <stdlib.h>

#include "base/mem.h"

#include "tell.h"

int main(int argc, char **argv)
{
	static const char *const charsets[] = {"utf8", "latin1", "latin9", "gb18030", "cp852"};
	struct bank_profile profile = {0};
	struct bank_reader *reader = NULL;
	struct fault_list faults;
	struct arena arena;
	static char buffer[1 << 20];
	size_t chunk = sizeof(buffer), n;
	const char *path = NULL;
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--unproved") == 0) {
			profile.accept_unproved = true;
		} else if (strcmp(argv[i], "--chunk") == 0 && i + 1 < argc) {
			chunk = strtoul(argv[++i], NULL, 10);
		} else if (strcmp(argv[i], "--charset") == 0 && i + 1 < argc) {
			i++;
			for (int k = 0; k < 5; k++) {
				if (strcmp(argv[i], charsets[k]) == 0) profile.charset = (enum charset_kind)k;
			}
		} else {
			path = argv[i];
		}
	}
	FILE *file = path == NULL || chunk == 0 || chunk > sizeof(buffer) ? NULL : fopen(path, "rb");
	if (file == NULL) return 2;
	arena_init(&arena, (size_t)1 << 30);
	fault_list_init(&faults, &arena.zf, 0);
	int rc =
		bank_reader_open(BANK_FORMAT_DETECT, &profile, NULL, &tell_events, stdout, &arena.zf, &faults, &reader);
	if (rc != 0) return 2;
	while (rc == 0 && (n = fread(buffer, 1, chunk, file)) > 0) rc = bank_reader_feed(reader, buffer, n);
	rc = bank_reader_finish(reader);
	bank_reader_close(reader);
	(void)fclose(file);
	tell_faults(stdout, &arena.zf, &faults);
	printf("{\"is\": \"result\", \"rc\": %d}\n", rc);
	arena_free(&arena);
	return 0;
}

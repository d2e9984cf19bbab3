/* The key file: a broken one is refused with a reason and opens nothing. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/keyring.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[64];
	int fd = memfd_create("keys", MFD_CLOEXEC);
	if (fd < 0 || fchmod(fd, 0600) != 0 || write(fd, data, size) != (ssize_t)size) abort();
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	struct keyring *ring = NULL;
	if (keyring_load(path, false, &ring) == 0)
		keyring_free(ring);
	else if (ring != NULL || err_text()[0] == '\0')
		abort();
	close(fd);
	return 0;
}

/* Runs a fuzz target over files and folders without libFuzzer, so that every corpus is part of the ordinary tests:
 * fuzz_NAME PATH... */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_BYTES_MAX (16L * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Returns 1 when the file was run. The bytes stand in a block of exactly their length, so that the address sanitizer
 * sees a read past the end. */
static long replay_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	if (file == NULL) {
		perror(path);
		exit(2);
	}
	fseek(file, 0, SEEK_END);
	long size = ftell(file);
	rewind(file);
	if (size < 0 || size > FILE_BYTES_MAX) {
		fprintf(stderr, "%s: too large for a corpus\n", path);
		exit(2);
	}
	uint8_t *data = malloc(size == 0 ? 1 : (size_t)size);
	if (data == NULL || fread(data, 1, (size_t)size, file) != (size_t)size) {
		fprintf(stderr, "%s: could not be read\n", path);
		exit(2);
	}
	fclose(file);
	LLVMFuzzerTestOneInput(data, (size_t)size);
	free(data);
	return 1;
}

static long replay_path(const char *path)
{
	struct stat info;
	if (stat(path, &info) != 0) {
		perror(path);
		exit(2);
	}
	if (!S_ISDIR(info.st_mode)) return replay_file(path);
	struct dirent **names;
	int n = scandir(path, &names, NULL, alphasort);
	long done = 0;
	for (int i = 0; i < n; i++) {
		char child[4096];
		if (names[i]->d_name[0] != '.') {
			int len = snprintf(child, sizeof(child), "%s/%s", path, names[i]->d_name);
			if (len > 0 && (size_t)len < sizeof(child)) done += replay_path(child);
		}
		free(names[i]);
	}
	if (n >= 0) free(names);
	return done;
}

int main(int argc, char **argv)
{
	long done = 0;
	for (int i = 1; i < argc; i++) done += replay_path(argv[i]);
	printf("%ld inputs\n", done);
	return done > 0 ? 0 : 1;
}

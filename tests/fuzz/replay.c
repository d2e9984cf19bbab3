/* Runs a fuzz target over files and folders without libFuzzer, so that every corpus is part of the ordinary tests, and
 * over mutants of each file, the same ones in every run: fuzz_NAME [-m MUTANTS] PATH... */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_BYTES_MAX (16L * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static long mutants;
static uint64_t dice;

/* xorshift64*; the same numbers in every run. */
static size_t roll(size_t below)
{
	dice ^= dice >> 12;
	dice ^= dice << 25;
	dice ^= dice >> 27;
	return below == 0 ? 0 : (size_t)((dice * UINT64_C(0x2545f4914f6cdd1d)) >> 16) % below;
}

/* The bytes stand in a block of exactly their length, so that the address sanitizer sees a read past the end. */
static void run(const uint8_t *data, size_t size)
{
	uint8_t *block = malloc(size == 0 ? 1 : size);
	if (block == NULL) exit(2);
	memcpy(block, data, size);
	LLVMFuzzerTestOneInput(block, size);
	free(block);
}

/* What parsers stumble over: bytes that mean something to some format, a piece that is missing, one that comes twice,
 * an end that comes early. data has room for twice size. Returns the new size. */
static size_t mutate(uint8_t *data, size_t size)
{
	static const char odd[] = "\0\n\r\"\\{}[]:,;<>&%=/?#+-.09eE \t\x7f\x80\xc0\xed\xf4\xff";
	size_t at = roll(size), len = roll(size - at + 1);
	switch (roll(6)) {
	case 0:
		if (size > 0) data[at] ^= (uint8_t)(1u << roll(8));
		return size;
	case 1:
		if (size > 0) data[at] = (uint8_t)odd[roll(sizeof(odd) - 1)];
		return size;
	case 2:
		return at;
	case 3:
		memmove(data + at, data + at + len, size - at - len);
		return size - len;
	case 4:
		memmove(data + at + len, data + at, size - at);
		return size + len;
	default:
		if (size > 0) memset(data + at, data[roll(size)], len);
		return size;
	}
}

static void replay_mutants(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(2 * size + 1);
	if (copy == NULL) exit(2);
	for (long i = 0; i < mutants; i++) {
		memcpy(copy, data, size);
		size_t len = mutate(copy, size);
		/* Several at once find what one alone does not reach. */
		for (size_t more = roll(4); more > 0 && len <= size; more--) len = mutate(copy, len);
		run(copy, len);
	}
	free(copy);
}

/* Returns how many inputs were run. */
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
	run(data, (size_t)size);
	dice = UINT64_C(0x9e3779b97f4a7c15) + (uint64_t)size;
	replay_mutants(data, (size_t)size);
	free(data);
	return 1 + mutants;
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
	int first = 1;
	if (argc > 2 && strcmp(argv[1], "-m") == 0) {
		mutants = strtol(argv[2], NULL, 10);
		first = 3;
	}
	for (int i = first; i < argc; i++) done += replay_path(argv[i]);
	printf("%ld inputs\n", done);
	return done > 0 ? 0 : 1;
}

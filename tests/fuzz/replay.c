// SPDX-License-Identifier: MIT
//
// replay.c - runs a fuzz target without a fuzzer: over its corpus, and over some thousand inputs made of that by small
// changes, the same ones each time. So what a fuzzer has once found is a test of every build from then on.
//
//     PROGRAM CORPUS-FOLDER

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX 65536
#define CHANGES 300 // of each input
#define ROOM 64     // what changes may add

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t drawn = UINT64_C(0x9e3779b97f4a7c15);

static uint64_t draw(uint64_t below)
{
    drawn ^= drawn << 13;
    drawn ^= drawn >> 7;
    drawn ^= drawn << 17;
    return drawn % below;
}

// run gives the target its own copy of exactly that size, so that a sanitizer sees a read beyond it.
static void run(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);
    if (copy == NULL)
        abort();
    memcpy(copy, data, size);
    (void)LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static size_t change(uint8_t *data, size_t size)
{
    size_t at = size > 0 ? draw(size) : 0;
    switch (size > 0 ? draw(5) : 0) {
    case 0: // insert
        memmove(data + at + 1, data + at, size - at);
        data[at] = (uint8_t)draw(256);
        return size + 1;
    case 1: // take out
        memmove(data + at, data + at + 1, size - at - 1);
        return size - 1;
    case 2: // cut
        return at;
    case 3:
        data[at] ^= (uint8_t)(1u << draw(8));
        return size;
    default:
        data[at] = (uint8_t)"\x00\x01\x7f\x80\xff\xc1\xdd\xc6"[draw(8)];
        return size;
    }
}

static void run_around(const uint8_t *data, size_t size)
{
    static uint8_t changed[INPUT_MAX + ROOM];
    run(data, size);
    for (int i = 0; i < CHANGES; i++) {
        memcpy(changed, data, size);
        size_t n = size;
        for (uint64_t left = 1 + draw(8); left > 0; left--)
            n = change(changed, n);
        run(changed, n);
    }
}

// run_file gives 1 when it could be read.
static int run_file(const char *folder, const char *name)
{
    static uint8_t data[INPUT_MAX];
    char path[4096];
    if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path))
        return 0;
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return 0;
    size_t size = fread(data, 1, sizeof(data), file);
    fclose(file);
    run_around(data, size);
    return 1;
}

int main(int argc, char **argv)
{
    DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
    if (folder == NULL) {
        fprintf(stderr, "usage: %s CORPUS-FOLDER\n", argv[0]);
        return 64;
    }
    int count = 0;
    run_around((const uint8_t *)"", 0);
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;)
        if (entry->d_name[0] != '.')
            count += run_file(argv[1], entry->d_name);
    closedir(folder);
    printf("%d inputs of the corpus, and %d made of each\n", count, CHANGES);
    return count > 0 ? 0 : 1;
}

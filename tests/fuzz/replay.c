/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a fuzz target on every file of a corpus: replay FOLDER. */
#include "fuzz.h"

#include <dirent.h>
#include <string.h>

static void run_file(const char *path)
{
    FILE *f = fopen(path, "rb");

    FUZZ_MUST(f && fseek(f, 0, SEEK_END) == 0);
    size_t size = (size_t)ftell(f);
    uint8_t *data = malloc(size);
    rewind(f);
    FUZZ_MUST((data || size == 0) && fread(data, 1, size, f) == size);
    fclose(f);
    (void)LLVMFuzzerTestOneInput(data, size);
    free(data);
}

int main(int argc, char **argv)
{
    char path[4096];
    unsigned n = 0;
    DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;

    FUZZ_MUST(folder);
    for (const struct dirent *x; (x = readdir(folder)) != NULL;) {
        if (x->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", argv[1], x->d_name);
        run_file(path);
        n++;
    }
    closedir(folder);
    printf("%u inputs\n", n);
    return n == 0;
}

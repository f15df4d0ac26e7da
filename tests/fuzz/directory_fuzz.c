/* SPDX-License-Identifier: Apache-2.0 */
/* A whole directory: several files, each with a byte for what it is, one for its number, two for
 * how many bytes of the input it is made of, as image.h says. */
#include "fuzz.h"
#include "image.h"
#include "survey.h"

#include <stdio.h>

enum kind { CONTROL, SEGMENT, PREPARED, DIRECTORY, RAW, KINDS };
enum { FILES_MAX = 8 };

static uint8_t bytes[IMAGE_MAX];

static void put(struct simdisk *d, const char *path, const void *what, size_t size)
{
    (void)simdisk_put(d, path, what, size); /* a second one of a name is left out */
}

static void put_file(struct simdisk *d, struct feed *f, unsigned what, unsigned number,
                     struct image_end *end)
{
    char path[64];
    unsigned how = what / KINDS;
    bool prepared = what % KINDS == PREPARED;

    snprintf(path, sizeof path, SURVEY_DIR "/%s%020u%s", prepared ? "tmp-" : "", number,
             prepared ? "" : ".wal");
    switch (what % KINDS) {
    case CONTROL:
        image_control(f, how, bytes);
        put(d, SURVEY_DIR "/control", bytes, CONTROL_BYTES);
        break;
    case DIRECTORY:
        (void)simdisk_make_dir(d, path);
        break;
    case RAW:
        put(d, path, f->at, f->left);
        break;
    default:
        put(d, path, bytes, image_segment(f, how, number, bytes, end));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct feed f = {data, size};
    struct image_end end = {0};
    struct simdisk *d = survey_disk();

    for (int k = 0; k < FILES_MAX && f.left; k++) {
        unsigned what = feed_byte(&f), number = feed_byte(&f);
        size_t n = feed_byte(&f) + 256 * (size_t)feed_byte(&f);
        struct feed own = {f.at, n < f.left ? n : f.left};
        f.at += own.left;
        f.left -= own.left;
        put_file(d, &own, what, number, &end);
    }
    survey(d);
    simdisk_free(d);
    return 0;
}

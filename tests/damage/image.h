/* SPDX-License-Identifier: Apache-2.0 */
/* A log's directory as bytes in memory, and a directory that is made equal to it again and again:
 * each case of damage begins with the whole log, and damage is done to the bytes in memory.
 * Failures of the fixture itself abort. */
#ifndef WAL_TESTS_IMAGE_H
#define WAL_TESTS_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/name.h"

enum { IMAGE_FILES_MAX = 16 };

struct image_file {
    char name[NAME_BYTES];
    uint8_t *bytes; /* `room` of them; behind `size` they are no part of the file */
    size_t size, room;
};

struct image {
    struct image_file files[IMAGE_FILES_MAX];
    unsigned n;
};

/* The regular files of a directory. */
void image_load(struct image *ret, const char *path);
void image_copy(struct image *ret, const struct image *from);
void image_free(struct image *i);

/* NULL: no such file. */
struct image_file *image_find(const struct image *i, const char *name);
struct image_file *image_segment(const struct image *i, uint64_t number);
/* An empty file, or the one that is there. */
struct image_file *image_add(struct image *i, const char *name);
void image_remove(struct image *i, const char *name);
/* What is new is zeros. */
void image_resize(struct image_file *f, size_t size);
void image_fill(struct image_file *f, const void *bytes, size_t size);
bool image_same_file(const struct image_file *a, const struct image_file *b);

/* A directory of the test's own, in memory where the system has such a file system. */
struct stand {
    char path[64];
    int fd;
};

/* Whether the system has such a file system. */
bool stand_in_memory(void);
void stand_make(struct stand *s);
void stand_remove(struct stand *s);
/* Afterwards the directory holds exactly the image's files. */
void stand_put(struct stand *s, const struct image *i);
/* Whether it still does. */
bool stand_holds(struct stand *s, const struct image *i);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* A JSON object as it comes: keys with strings, whole numbers, true, false and null; no arrays and
 * no objects inside. */
#ifndef WALCTL_OBJECT_H
#define WALCTL_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct object_value {
    enum { OBJECT_STRING, OBJECT_NUMBER, OBJECT_BOOL, OBJECT_NULL } kind;
    uint8_t *text; /* string: `size` bytes, its escapes resolved */
    size_t size;
    uint64_t number;
    bool is_number; /* number: it is a whole one that fits */
    bool is_true;
};

/* Gets each member in turn. NULL: go on; else what is wrong with it. */
typedef const char *(*object_fn)(void *ctx, const char *key, const struct object_value *value);

/* Reads one object that takes up all of the text, which it changes. NULL, or what is wrong. */
const char *object_read(uint8_t *text, size_t size, object_fn fn, void *ctx);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The demo's input: real files cut into pieces, texts into lines, anything else into blocks of 1 to
 * 16 KiB. Errors end the program. */
#ifndef WAL_DEMO_PIECES_H
#define WAL_DEMO_PIECES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct file {
    const char *path;
    uint8_t *data;
    size_t size;
    bool text;
};

struct piece {
    const uint8_t *data;
    uint32_t size;
    uint16_t file;
};

struct input {
    struct file *files;
    size_t n_files;
    struct piece *pieces;
    size_t n_pieces;
    uint64_t bytes;
};

void input_load(struct input *in, char **paths, size_t n);
void input_free(struct input *in);

#endif

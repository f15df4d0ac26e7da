/* SPDX-License-Identifier: Apache-2.0 */
#include "pieces.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOOK_BYTES = 4096, MAX_LINE = 64 * 1024 };

static void *need(void *p, const char *what)
{
    if (p == NULL) {
        perror(what);
        exit(2);
    }
    return p;
}

static void read_file(struct file *f, const char *path)
{
    FILE *from = need(fopen(path, "rb"), path);
    size_t room = 0, got = 1;

    *f = (struct file){.path = path};
    while (got > 0) {
        if (f->size == room) {
            room = room > 0 ? 2 * room : 1 << 20;
            f->data = need(realloc(f->data, room), path);
        }
        got = fread(f->data + f->size, 1, room - f->size, from);
        f->size += got;
    }
    if (ferror(from) || f->size == 0) {
        fprintf(stderr, "%s can't be read, or is empty\n", path);
        exit(2);
    }
    fclose(from);
    f->text = memchr(f->data, 0, f->size < LOOK_BYTES ? f->size : LOOK_BYTES) == NULL;
}

/* The size of the piece that begins at `at`. */
static size_t piece_size(const struct file *f, size_t at)
{
    size_t left = f->size - at, size = 1024 * (1 + (at / 1024 * 7) % 16);

    if (f->text) {
        size_t most = left < MAX_LINE ? left : MAX_LINE;
        const uint8_t *end = memchr(f->data + at, '\n', most);
        return end != NULL ? (size_t)(end - (f->data + at)) + 1 : most;
    }
    return size < left ? size : left;
}

static void cut(struct input *in, uint16_t number, size_t *room)
{
    const struct file *f = &in->files[number];

    for (size_t at = 0; at < f->size;) {
        size_t size = piece_size(f, at);
        if (in->n_pieces == *room) {
            *room = *room > 0 ? 2 * *room : 4096;
            in->pieces = need(realloc(in->pieces, *room * sizeof *in->pieces), "pieces");
        }
        in->pieces[in->n_pieces++] =
            (struct piece){.data = f->data + at, .size = (uint32_t)size, .file = number};
        at += size;
    }
}

void input_load(struct input *in, char **paths, size_t n)
{
    size_t room = 0;

    *in = (struct input){.n_files = n};
    in->files = need(calloc(n, sizeof *in->files), "files");
    for (size_t k = 0; k < n; k++) {
        read_file(&in->files[k], paths[k]);
        cut(in, (uint16_t)k, &room);
        in->bytes += in->files[k].size;
    }
}

void input_free(struct input *in)
{
    for (size_t k = 0; k < in->n_files; k++)
        free(in->files[k].data);
    free(in->files);
    free(in->pieces);
}

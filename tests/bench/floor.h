/* SPDX-License-Identifier: Apache-2.0 */
/* The floor: the best that plain write and sync calls can do, as a measure for logs. Nothing is
 * checked, found again or recovered. */
#ifndef WAL_BENCH_FLOOR_H
#define WAL_BENCH_FLOOR_H

#include <stddef.h>
#include <stdint.h>

enum { RECORD_FRONT_BYTES = 16 }; /* in front of each payload: its size and its number */

struct floor_file {
    int fd;
    uint64_t wrap_at; /* beyond it, durable writes begin again at 0; 0: the file grows */
    uint64_t at;      /* where the next one goes */
};

/* Writes behind what was written before; and syncs. */
void floor_write(const struct floor_file *f, const void *data, size_t size, uint64_t at);
void floor_commit(struct floor_file *f, const void *data, size_t size);
/* Returns how many bytes it has put to `to`. */
size_t floor_encode(uint8_t *to, uint64_t number, const void *data, size_t size);

/* Group commit as good as it gets: records gather in one buffer while one of the threads writes and
 * syncs the other. */
struct floor_group;
struct floor_group *floor_group_new(struct floor_file *f);
void floor_group_append(struct floor_group *g, const void *data, size_t size);
void floor_group_free(struct floor_group *g);

#endif

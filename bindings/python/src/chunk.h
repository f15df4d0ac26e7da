/* SPDX-License-Identifier: Apache-2.0 */
/* A reader of the library, and the memory of what it read last. Whoever shows that memory to
 * others (a View) holds the chunk, and a Reader whose chunk is held goes on with a new one. */
#ifndef LIBWAL_PYTHON_CHUNK_H
#define LIBWAL_PYTHON_CHUNK_H

#include "binding.h"

struct chunk {
    wal_reader_t *reader;
    Py_ssize_t holders;
};

/* Takes the reader, also when there is no memory. */
struct chunk *chunk_new(wal_reader_t *reader);
struct chunk *chunk_hold(struct chunk *c);
void chunk_drop(struct chunk *c); /* NULL is allowed */

#endif

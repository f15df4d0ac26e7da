/* SPDX-License-Identifier: Apache-2.0 */
#include "chunk.h"

/* It takes locks of the log, so it is not for a thread with the GIL. */
static void close_reader(wal_reader_t *reader)
{
    PyThreadState *thread = PyEval_SaveThread();
    wal_reader_close(reader);
    PyEval_RestoreThread(thread);
}

struct chunk *chunk_new(wal_reader_t *reader)
{
    struct chunk *c = PyMem_Malloc(sizeof *c);

    if (!c) {
        close_reader(reader);
        PyErr_NoMemory();
        return NULL;
    }
    *c = (struct chunk){.reader = reader, .holders = 1};
    return c;
}

struct chunk *chunk_hold(struct chunk *c)
{
    c->holders++;
    return c;
}

void chunk_drop(struct chunk *c)
{
    if (!c || --c->holders > 0)
        return;
    close_reader(c->reader);
    PyMem_Free(c);
}

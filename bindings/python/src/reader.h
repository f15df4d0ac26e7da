/* SPDX-License-Identifier: Apache-2.0 */
/* Reader: a place in the log, walking. */
#ifndef LIBWAL_PYTHON_READER_H
#define LIBWAL_PYTHON_READER_H

#include "chunk.h"
#include "log.h"

enum form { FORM_RECORD, FORM_BYTES, FORM_VIEW };

/* How a reader is to walk. */
struct walk {
    uint64_t start, stop; /* stop 0: none; a bound that is not reached */
    uint32_t flags;       /* WAL_READ_... */
    enum form form;
    bool tail;          /* waits for what comes */
    int64_t timeout_ms; /* of that */
};

/* Records are fetched many at a time; what was fetched and not given yet is `at` .. `have`. The
 * library's reader is then ahead of this one. */
struct reader {
    PyObject_HEAD struct state *state;
    struct log *log;
    struct chunk *chunk; /* NULL: closed */
    struct walk walk;
    wal_record_t *records;
    size_t room, have, at;
    uint64_t place;              /* the LSN that is next, when stale, trimmed or fetching */
    uint64_t shown;              /* the one that was next when the call began, when busy */
    Py_ssize_t exports;          /* buffers of views that came from here */
    struct reader *next, **link; /* among the log's */
    bool stale;                  /* the library's reader is to be set to `place` first */
    bool trimmed;                /* `place` was cut away */
    bool fetching;               /* a call for more records is under way, from `place` */
    bool busy;                   /* another thread is in a call on it */
    bool interrupted;            /* the present or next wait is to end */
};

PyObject *reader_new(struct log *log, const struct walk *walk);
/* Records below first and above last left the log by a call that is just over: what of them was
 * fetched must not be given. */
void readers_cut(struct log *log, uint64_t first, uint64_t last);
extern PyType_Spec reader_spec;

#endif

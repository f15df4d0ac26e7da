/* SPDX-License-Identifier: Apache-2.0 */
/* An open log: the object Log. */
#ifndef LIBWAL_PYTHON_LOG_H
#define LIBWAL_PYTHON_LOG_H

#include "call.h"

struct reader;
struct machine;
struct lock;

struct log {
    PyObject_HEAD struct state *state;
    wal_t *w;                /* NULL: closed */
    PyObject *path;          /* str */
    PyObject *lock;          /* a Lock that was lent, or NULL */
    struct machine *machine; /* NULL: none */
    struct reader *readers;  /* all of this log, see reader.h */
    Py_ssize_t users;        /* calls under way */
    Py_ssize_t calling;      /* those among them that may run callbacks */
    Py_ssize_t exports;      /* buffers of views */
    long process;            /* that opened it */
    unsigned cutting;        /* truncations of the end under way */
    uint64_t cuts;           /* truncations that were done */
    bool closing, read_only;
};

/* Whether this is the child of a fork: threads that were inside a call aren't here. */
bool log_is_inherited(const struct log *log);
/* The four numbers in one look: first, last, next, durable. */
bool log_range(struct log *log, uint64_t range[4]);
/* Around a call that takes records away at the end, whose LSNs may come again. When it is done,
 * those below first and above last are gone, also for readers that had fetched them. */
void log_cut_begin(struct log *log);
void log_cut_end(struct log *log, bool done, uint64_t first, uint64_t last);

PyObject *libwal_open(PyObject *module, PyObject *args, PyObject *kwargs);
extern const char libwal_open_doc[];
extern PyType_Spec log_spec;

/* The class's parts, in the files log.c and log_*.c; log_table.c puts them together. */
void log_finalize(PyObject *o);
int log_traverse(PyObject *o, visitproc visit, void *arg);
int log_clear(PyObject *o);
void log_dealloc(PyObject *o);
PyObject *log_get_item(PyObject *o, PyObject *lsn);
Py_ssize_t log_length(PyObject *o);
int log_contains(PyObject *o, PyObject *lsn);
PyObject *log_iter(PyObject *o);
PyObject *log_repr(PyObject *o);
PyObject *log_enter(PyObject *o, PyObject *unused);
PyObject *log_exit(PyObject *o, PyObject *args);
extern PyGetSetDef log_getset[];

typedef PyObject *plain_method(PyObject *o, PyObject *unused);
plain_method log_close, log_flush, log_batch, log_rotate, log_last_checkpoint, log_last_tag,
    log_get_range, log_info, log_segments, log_stats;
fast_method log_append, log_append_many, log_replace_after, log_sync, log_wait, log_get, log_record,
    log_read, log_tail, log_replay, log_truncate_before, log_truncate_after, log_reset, log_drain,
    log_checkpoint, log_segment_checkpoint, log_histogram, log_events, log_copy;

#endif

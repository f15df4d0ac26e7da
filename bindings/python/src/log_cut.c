/* SPDX-License-Identifier: Apache-2.0 */
/* Cutting the log at either end, and rotation. */
#include "args.h"
#include "callback.h"
#include "errors.h"
#include "log.h"
#include "reader.h"
#include "results.h"

void log_cut_begin(struct log *log)
{
    log->cutting++; /* readers fetch one record at a time meanwhile, and don't go back */
}

void log_cut_end(struct log *log, bool done, uint64_t first, uint64_t last)
{
    log->cutting--;
    if (done)
        readers_cut(log, first, last);
}

typedef int cut_fn(wal_t *w, uint64_t lsn);

/* The one argument of these functions, an LSN. */
static bool cut_argument(struct log *log, const char *function, const char *name,
                         PyObject *const *args, Py_ssize_t n, PyObject *kwnames, uint64_t *ret)
{
    const struct signature signature = {function, 1, 1, {name}};
    PyObject *slots[MAX_ARGS];

    return args_bind(&signature, args, n, kwnames, slots) &&
           arg_lsn(log->state, log->path, slots[0], ret);
}

static PyObject *cut_end(struct log *log, cut_fn *fn, uint64_t lsn, uint64_t first, uint64_t last)
{
    struct call c;
    int e = -1;

    log_cut_begin(log);
    if (call_begin(&c, log))
        e = call_end(&c, fn(c.w, lsn));
    log_cut_end(log, e >= 0, first, last);
    return e < 0 ? NULL : Py_NewRef(Py_None);
}

PyObject *log_truncate_before(PyObject *o, PyObject *const *args, Py_ssize_t n, PyObject *kwnames)
{
    struct log *log = (struct log *)o;
    struct call c;
    uint64_t lsn = 0;

    if (!cut_argument(log, "truncate_before", "lsn", args, n, kwnames, &lsn) ||
        !call_begin(&c, log) || call_end(&c, wal_truncate_before(c.w, lsn)) < 0)
        return NULL;
    readers_cut(log, lsn, UINT64_MAX);
    return Py_NewRef(Py_None);
}

PyObject *log_truncate_after(PyObject *o, PyObject *const *args, Py_ssize_t n, PyObject *kwnames)
{
    struct log *log = (struct log *)o;
    uint64_t lsn = 0;

    if (!cut_argument(log, "truncate_after", "lsn", args, n, kwnames, &lsn))
        return NULL;
    return cut_end(log, wal_truncate_after, lsn, 0, lsn);
}

PyObject *log_reset(PyObject *o, PyObject *const *args, Py_ssize_t n, PyObject *kwnames)
{
    struct log *log = (struct log *)o;
    uint64_t next = 0;

    if (!cut_argument(log, "reset", "next_lsn", args, n, kwnames, &next))
        return NULL;
    return cut_end(log, wal_reset, next, UINT64_MAX, UINT64_MAX);
}

PyObject *log_rotate(PyObject *o, PyObject *unused)
{
    struct call c;

    (void)unused;
    if (!call_begin(&c, (struct log *)o))
        return NULL;
    return call_end(&c, wal_rotate(c.w)) < 0 ? NULL : Py_NewRef(Py_None);
}

static int drain_fn(void *ctx, const wal_segment_t *segment)
{
    struct callback *b = ctx;
    callback_enter(b);
    return callback_leave(b, callback_call(b, result_segment(b->state, segment)));
}

PyObject *log_drain(PyObject *o, PyObject *const *args, Py_ssize_t n, PyObject *kwnames)
{
    static const struct signature signature = {"drain", 1, 1, {"function"}};
    struct log *log = (struct log *)o;
    PyObject *slots[MAX_ARGS];
    struct call c;
    size_t count = 0;
    uint64_t first = 0;

    struct callback b = {.state = log->state, .caller = &c.caller};
    if (!args_bind(&signature, args, n, kwnames, slots) ||
        !arg_callable("function", slots[0], &b.function) || !callback_needed(&b, "function") ||
        !call_begin_calling(&c, log))
        return NULL;
    int e = wal_drain(c.w, drain_fn, &b, &count);
    if (e >= 0)
        first = wal_first_lsn(c.w);
    if (call_end(&c, e) < 0)
        return NULL;
    readers_cut(log, first, UINT64_MAX);
    return PyLong_FromSize_t(count);
}

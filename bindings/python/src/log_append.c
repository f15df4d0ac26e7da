/* SPDX-License-Identifier: Apache-2.0 */
/* Records in, and when they are durable. */
#include "args.h"
#include "errors.h"
#include "log.h"
#include "wait.h"

PyObject *log_append(PyObject *o, PyObject *const *args, Py_ssize_t n, PyObject *kwnames)
{
    static const struct signature signature = {
        "append", 2, 1, {"data", "type", "sync", "submit", "nowait"}};
    struct log *log = (struct log *)o;
    PyObject *slots[MAX_ARGS];
    struct payload p;
    struct call c;
    uint32_t type = 0, flags;
    uint64_t lsn;

    if (!args_bind(&signature, args, n, kwnames, slots) ||
        !arg_append_flags(slots[2], slots[3], slots[4], &flags) ||
        !arg_type(log->state, log->path, slots[1], &type) || !payload_get(slots[0], &p))
        return NULL;
    int e = -1;
    if (call_begin(&c, log)) {
        e = wal_append_typed(c.w, type, p.data, (size_t)p.size, flags, &lsn);
        e = call_end(&c, e);
    }
    payload_release(&p);
    return e < 0 ? NULL : PyLong_FromUnsignedLongLong(lsn);
}

PyObject *log_append_many(PyObject *o, PyObject *const *args, Py_ssize_t n, PyObject *kwnames)
{
    static const struct signature signature = {
        "append_many", 2, 1, {"payloads", "types", "sync", "submit", "nowait"}};
    struct log *log = (struct log *)o;
    PyObject *slots[MAX_ARGS];
    struct payloads p;
    struct call c;
    uint32_t flags;
    uint64_t first;

    if (!args_bind(&signature, args, n, kwnames, slots) ||
        !arg_append_flags(slots[2], slots[3], slots[4], &flags) ||
        !payloads_get(log->state, log->path, slots[0], slots[1], &p))
        return NULL;
    int e = -1;
    if (call_begin(&c, log)) {
        e = wal_append_many(c.w, p.records, p.n, flags, &first);
        e = call_end(&c, e);
    }
    payloads_release(&p);
    return e < 0 ? NULL : PyLong_FromUnsignedLongLong(first);
}

PyObject *log_replace_after(PyObject *o, PyObject *const *args, Py_ssize_t n, PyObject *kwnames)
{
    static const struct signature signature = {
        "replace_after", 3, 2, {"lsn", "payloads", "types", "sync", "submit", "nowait"}};
    struct log *log = (struct log *)o;
    PyObject *slots[MAX_ARGS];
    struct payloads p;
    struct call c;
    uint32_t flags;
    uint64_t lsn = 0, first = 0;

    if (!args_bind(&signature, args, n, kwnames, slots) ||
        !arg_lsn(log->state, log->path, slots[0], &lsn) ||
        !arg_append_flags(slots[3], slots[4], slots[5], &flags) ||
        !payloads_get(log->state, log->path, slots[1], slots[2], &p))
        return NULL;
    int e = -1;
    log_cut_begin(log);
    if (call_begin(&c, log)) {
        e = wal_replace_after(c.w, lsn, p.records, p.n, flags, &first);
        e = call_end(&c, e);
    }
    log_cut_end(log, e >= 0, 0, lsn);
    payloads_release(&p);
    return e < 0 ? NULL : PyLong_FromUnsignedLongLong(first);
}

PyObject *log_flush(PyObject *o, PyObject *unused)
{
    struct call c;

    (void)unused;
    if (!call_begin(&c, (struct log *)o))
        return NULL;
    return call_end(&c, wal_flush(c.w)) < 0 ? NULL : Py_NewRef(Py_None);
}

PyObject *log_sync(PyObject *o, PyObject *const *args, Py_ssize_t n, PyObject *kwnames)
{
    static const struct signature signature = {"sync", 1, 0, {"lsn"}};
    struct log *log = (struct log *)o;
    PyObject *slots[MAX_ARGS];
    struct call c;
    uint64_t lsn = 0;

    if (!args_bind(&signature, args, n, kwnames, slots) ||
        !arg_lsn(log->state, log->path, slots[0], &lsn) || !call_begin(&c, log))
        return NULL;
    return call_end(&c, wal_sync(c.w, lsn)) < 0 ? NULL : Py_NewRef(Py_None);
}

struct durable_wait {
    struct log *log;
    uint64_t lsn;
};

static int durable_step(void *object, int ms)
{
    struct durable_wait *wait = object;
    struct call c;

    if (!call_begin(&c, wait->log))
        return -1;
    int e = call_end_but(&c, wal_wait(c.w, wait->lsn, ms), WAL_E_TIMEOUT);
    return e == WAL_E_TIMEOUT ? 0 : e < 0 ? -1 : 1;
}

PyObject *log_wait(PyObject *o, PyObject *const *args, Py_ssize_t n, PyObject *kwnames)
{
    static const struct signature signature = {"wait", 2, 1, {"lsn", "timeout"}};
    struct log *log = (struct log *)o;
    struct durable_wait wait = {.log = log};
    PyObject *slots[MAX_ARGS];
    int64_t ms = -1;

    if (!args_bind(&signature, args, n, kwnames, slots) ||
        !arg_lsn(log->state, log->path, slots[0], &wait.lsn) ||
        !arg_timeout(log->state, slots[1], &ms))
        return NULL;
    int is = wait_in_slices(durable_step, &wait, ms);
    if (is == 0)
        error_raise_text(log->state, WAL_E_TIMEOUT, log->path,
                         "LSN %llu was not durable in the time given",
                         (unsigned long long)wait.lsn);
    return is <= 0 ? NULL : Py_NewRef(Py_None);
}

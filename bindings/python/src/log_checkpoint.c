/* SPDX-License-Identifier: Apache-2.0 */
/* Checkpoints and tags. */
#include "args.h"
#include "errors.h"
#include "fill.h"
#include "log.h"
#include "results.h"

PyObject *log_checkpoint(PyObject *o, PyObject *const *args, Py_ssize_t n, PyObject *kwnames)
{
    static const struct signature signature = {"checkpoint", 2, 1, {"lsn", "state"}};
    struct log *log = (struct log *)o;
    PyObject *slots[MAX_ARGS];
    struct payload p = {.data = NULL};
    struct call c;
    uint64_t lsn = 0;
    int e = -1;

    if (!args_bind(&signature, args, n, kwnames, slots) ||
        !arg_lsn(log->state, log->path, slots[0], &lsn) || (slots[1] && !payload_get(slots[1], &p)))
        return NULL;
    if (call_begin(&c, log))
        e = call_end(&c, wal_checkpoint(c.w, lsn, p.data, (size_t)p.size));
    payload_release(&p);
    return e < 0 ? NULL : Py_NewRef(Py_None);
}

struct checkpoint_place {
    uint64_t segment; /* 0: the newest one of the log */
    uint64_t lsn;
};

static int checkpoint_fn(wal_t *w, void *ctx, void *buf, size_t cap, size_t *ret_size)
{
    struct checkpoint_place *at = ctx;
    return at->segment ? wal_segment_checkpoint(w, at->segment, buf, cap, &at->lsn, ret_size)
                       : wal_checkpoint_get(w, buf, cap, &at->lsn, ret_size);
}

static PyObject *read_checkpoint(struct log *log, struct checkpoint_place at)
{
    bool absent = false;
    PyObject *state = fill_bytes(log, checkpoint_fn, &at, WAL_E_NOTFOUND, &absent);

    if (state)
        return result_checkpoint(log->state, at.lsn, state);
    return absent ? Py_NewRef(Py_None) : NULL;
}

PyObject *log_last_checkpoint(PyObject *o, PyObject *unused)
{
    (void)unused;
    return read_checkpoint((struct log *)o, (struct checkpoint_place){0, 0});
}

PyObject *log_segment_checkpoint(PyObject *o, PyObject *const *args, Py_ssize_t n,
                                 PyObject *kwnames)
{
    static const struct signature signature = {"segment_checkpoint", 1, 1, {"segment"}};
    struct log *log = (struct log *)o;
    PyObject *slots[MAX_ARGS];
    struct checkpoint_place at = {0, 0};

    if (!args_bind(&signature, args, n, kwnames, slots) ||
        !arg_u64(log->state, "segment", slots[0], &at.segment))
        return NULL;
    return at.segment ? read_checkpoint(log, at) : Py_NewRef(Py_None);
}

static int tag_fn(wal_t *w, void *ctx, void *buf, size_t cap, size_t *ret_size)
{
    (void)ctx;
    return wal_last_tag(w, buf, cap, ret_size);
}

PyObject *log_last_tag(PyObject *o, PyObject *unused)
{
    bool absent;
    PyObject *tag = fill_bytes((struct log *)o, tag_fn, NULL, 0, &absent);

    (void)unused;
    if (!tag || PyBytes_Size(tag) > 0)
        return tag;
    Py_DECREF(tag);
    return Py_NewRef(Py_None);
}

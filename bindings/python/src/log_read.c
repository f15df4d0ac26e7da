/* SPDX-License-Identifier: Apache-2.0 */
/* Records out: by number, by readers, by replay. */
#include "args.h"
#include "callback.h"
#include "errors.h"
#include "fill.h"
#include "log.h"
#include "reader.h"
#include "record.h"

/* ---- one record ---- */

static int get_fn(wal_t *w, void *ctx, void *buf, size_t cap, size_t *ret_size)
{
    wal_record_t *r = ctx;
    uint64_t lsn = r->lsn;

    *r = (wal_record_t){.size = sizeof *r};
    int e = wal_get(w, lsn, buf, cap, r);
    *ret_size = (size_t)r->data_size;
    r->lsn = lsn;
    return e;
}

PyObject *log_get_item(PyObject *o, PyObject *lsn)
{
    struct log *log = (struct log *)o;
    wal_record_t r = {0};
    bool absent;

    if (PySlice_Check(lsn)) {
        PyErr_SetString(PyExc_TypeError, "a log has no slices: read(start, stop) walks");
        return NULL;
    }
    return arg_lsn(log->state, log->path, lsn, &r.lsn) ? fill_bytes(log, get_fn, &r, 0, &absent)
                                                       : NULL;
}

PyObject *log_get(PyObject *o, PyObject *const *args, Py_ssize_t n, PyObject *kwnames)
{
    static const struct signature signature = {"get", 2, 1, {"lsn", "default"}};
    struct log *log = (struct log *)o;
    PyObject *slots[MAX_ARGS];
    wal_record_t r = {0};
    bool absent = false;

    if (!args_bind(&signature, args, n, kwnames, slots) ||
        !arg_lsn(log->state, log->path, slots[0], &r.lsn))
        return NULL;
    PyObject *made = fill_bytes(log, get_fn, &r, WAL_E_RANGE, &absent);
    if (!made && absent)
        made = Py_NewRef(slots[1] ? slots[1] : Py_None);
    return made;
}

PyObject *log_record(PyObject *o, PyObject *const *args, Py_ssize_t n, PyObject *kwnames)
{
    static const struct signature signature = {"record", 1, 1, {"lsn"}};
    struct log *log = (struct log *)o;
    PyObject *slots[MAX_ARGS];
    wal_record_t r = {0};
    bool absent;

    if (!args_bind(&signature, args, n, kwnames, slots) ||
        !arg_lsn(log->state, log->path, slots[0], &r.lsn))
        return NULL;
    PyObject *data = fill_bytes(log, get_fn, &r, 0, &absent);
    return data ? record_take(log->state, &r, data) : NULL;
}

/* ---- readers ---- */

static bool read_flag(PyObject *is, uint32_t flag, uint32_t *flags)
{
    bool set = false;
    if (!arg_bool(is, &set))
        return false;
    *flags |= set ? flag : 0;
    return true;
}

static bool read_form(struct state *s, PyObject *name, enum form *ret)
{
    static const char *const forms[] = {"record", "bytes", "view", NULL};
    int form = FORM_RECORD;

    if (!arg_word(s, "form", name, forms, &form))
        return false;
    *ret = (enum form)form;
    return true;
}

static bool arg_bound(const struct log *log, PyObject *o, uint64_t *ret)
{
    return !o || o == Py_None || arg_lsn(log->state, log->path, o, ret);
}

PyObject *log_read(PyObject *o, PyObject *const *args, Py_ssize_t n, PyObject *kwnames)
{
    static const struct signature signature = {
        "read", 2, 0, {"start", "stop", "reverse", "written", "pin", "form"}};
    struct log *log = (struct log *)o;
    struct walk walk = {0};
    PyObject *slots[MAX_ARGS];

    if (!args_bind(&signature, args, n, kwnames, slots) || !arg_bound(log, slots[0], &walk.start) ||
        !arg_bound(log, slots[1], &walk.stop) ||
        !read_flag(slots[2], WAL_READ_REVERSE, &walk.flags) ||
        !read_flag(slots[3], WAL_READ_WRITTEN, &walk.flags) ||
        !read_flag(slots[4], WAL_READ_PIN, &walk.flags) ||
        !read_form(log->state, slots[5], &walk.form))
        return NULL;
    if (slots[1] && slots[1] != Py_None && walk.stop == 0)
        walk.stop = walk.flags & WAL_READ_REVERSE ? 0 : 1; /* as far as there is, or nothing */
    return reader_new(log, &walk);
}

PyObject *log_tail(PyObject *o, PyObject *const *args, Py_ssize_t n, PyObject *kwnames)
{
    static const struct signature signature = {
        "tail", 2, 0, {"start", "timeout", "written", "pin", "form"}};
    struct log *log = (struct log *)o;
    struct walk walk = {.tail = true, .timeout_ms = -1};
    PyObject *slots[MAX_ARGS];
    uint64_t range[4];

    if (!args_bind(&signature, args, n, kwnames, slots) || !arg_bound(log, slots[0], &walk.start) ||
        !arg_timeout(log->state, slots[1], &walk.timeout_ms) ||
        !read_flag(slots[2], WAL_READ_WRITTEN, &walk.flags) ||
        !read_flag(slots[3], WAL_READ_PIN, &walk.flags) ||
        !read_form(log->state, slots[4], &walk.form))
        return NULL;
    if (!slots[0] || slots[0] == Py_None) {
        if (!log_range(log, range))
            return NULL;
        walk.start = range[2];
    }
    return reader_new(log, &walk);
}

PyObject *log_iter(PyObject *o)
{
    struct walk walk = {0};
    return reader_new((struct log *)o, &walk);
}

/* ---- replay ---- */

static int replay_fn(void *ctx, const wal_record_t *r)
{
    struct callback *b = ctx;
    callback_enter(b);
    return callback_leave(b, callback_call(b, record_new(b->state, r)));
}

PyObject *log_replay(PyObject *o, PyObject *const *args, Py_ssize_t n, PyObject *kwnames)
{
    static const struct signature signature = {"replay", 2, 1, {"function", "start"}};
    struct log *log = (struct log *)o;
    PyObject *slots[MAX_ARGS];
    struct call c;
    uint64_t from = 0, last = 0;

    if (!args_bind(&signature, args, n, kwnames, slots) ||
        !arg_lsn(log->state, log->path, slots[1], &from))
        return NULL;
    struct callback b = {.state = log->state, .caller = &c.caller};
    if (!arg_callable("function", slots[0], &b.function) || !callback_needed(&b, "function") ||
        !call_begin_calling(&c, log))
        return NULL;
    int e = wal_replay(c.w, from, replay_fn, &b, &last);
    return call_end(&c, e) < 0 ? NULL : PyLong_FromUnsignedLongLong(last);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "batch.h"

#include "args.h"
#include "errors.h"

struct batch {
    PyObject_HEAD struct log *log;
    wal_batch_t *b;       /* NULL: closed */
    uint64_t first, last; /* of the last commit */
    bool busy;            /* another thread is in a call on it */
};

/* ---- life ---- */

PyObject *log_batch(PyObject *o, PyObject *unused)
{
    struct log *log = (struct log *)o;
    wal_batch_t *b;
    struct call c;

    (void)unused;
    if (!call_begin(&c, log) || call_end(&c, wal_batch_new(c.w, &b)) < 0)
        return NULL;
    struct batch *self = PyObject_GC_New(struct batch, type_of(log->state, TYPE_BATCH));
    if (!self) {
        wal_batch_free(b);
        return NULL;
    }
    *self = (struct batch){.ob_base = self->ob_base, .b = b};
    self->log = (struct log *)Py_NewRef(o);
    PyObject_GC_Track(self);
    return (PyObject *)self;
}

/* Spilled batches have a file to close. */
static void shut(struct batch *self)
{
    wal_batch_t *b = self->b;

    self->b = NULL;
    if (!b)
        return;
    Py_BEGIN_ALLOW_THREADS
        wal_batch_free(b);
    Py_END_ALLOW_THREADS
}

static int batch_traverse(PyObject *o, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(o));
    Py_VISIT(((struct batch *)o)->log);
    return 0;
}

static void batch_dealloc(PyObject *o)
{
    struct batch *self = (struct batch *)o;
    PyTypeObject *type = Py_TYPE(o);

    PyObject_GC_UnTrack(o);
    shut(self);
    Py_DECREF((PyObject *)self->log);
    PyObject_GC_Del(o);
    Py_DECREF(type);
}

/* ---- calls ---- */

static bool is_busy(const struct batch *self)
{
    return self->busy && !log_is_inherited(self->log);
}

/* A call on an open batch that nobody else uses. */
static bool begin(struct batch *self, struct call *c)
{
    struct state *s = self->log->state;

    if (!self->b)
        error_raise_text(s, WAL_E_CLOSED, self->log->path, "the batch is closed");
    else if (is_busy(self))
        error_raise_text(s, WAL_E_BUSY, self->log->path, "another thread is using the batch");
    else {
        self->busy = true; /* before others get the GIL */
        if (call_begin(c, self->log))
            return true;
        self->busy = false;
    }
    return false;
}

/* What can't be found can only be a metadata key that is to be removed. */
static int end(struct batch *self, struct call *c, int e)
{
    e = call_end_but(c, e, WAL_E_NOTFOUND);
    self->busy = false;
    if (e == WAL_E_NOTFOUND)
        error_raise_missing_key(self->log->state, self->log->path);
    return e;
}

static PyObject *none_unless(int e)
{
    return e < 0 ? NULL : Py_NewRef(Py_None);
}

static PyObject *batch_append(PyObject *o, PyObject *const *args, Py_ssize_t n, PyObject *kwnames)
{
    static const struct signature signature = {"append", 2, 1, {"data", "type"}};
    struct batch *self = (struct batch *)o;
    PyObject *slots[MAX_ARGS];
    struct payload p;
    struct call c;
    uint32_t type = 0;
    int e = -1;

    if (!args_bind(&signature, args, n, kwnames, slots) ||
        !arg_type(self->log->state, self->log->path, slots[1], &type) || !payload_get(slots[0], &p))
        return NULL;
    if (begin(self, &c))
        e = end(self, &c, wal_batch_append(self->b, type, p.data, (size_t)p.size));
    payload_release(&p);
    return none_unless(e);
}

/* The library's form for many is one buffer: it is made here, so that all of them go in or none. */
static int append_packed(struct batch *self, const struct payloads *p)
{
    size_t bytes = 0;
    for (size_t i = 0; i < p->n; i++) {
        if (p->records[i].data_size > UINT32_MAX || p->records[i].type > UINT16_MAX)
            return wal_batch_append(self->b, p->records[i].type, p->records[i].data,
                                    p->records[i].data_size); /* which refuses it */
        bytes += p->records[i].data_size;
    }
    char *payload = malloc(bytes + p->n * (sizeof(uint32_t) + sizeof(uint16_t)) + 1);
    if (!payload)
        return wal_error_set(&(wal_error_t){
            .size = sizeof(wal_error_t), .code = WAL_E_NOMEM, .message = "no memory"});
    uint32_t *sizes = (uint32_t *)(void *)payload;
    uint16_t *types = (uint16_t *)(sizes + p->n);
    char *to = (char *)(types + p->n);
    for (size_t i = 0; i < p->n; to += p->records[i++].data_size) {
        sizes[i] = (uint32_t)p->records[i].data_size;
        types[i] = (uint16_t)p->records[i].type;
        if (sizes[i])
            memcpy(to, p->records[i].data, sizes[i]);
    }
    int e = wal_batch_append_packed(self->b, (char *)(types + p->n), sizes, types, p->n);
    free(payload);
    return e;
}

static PyObject *batch_append_many(PyObject *o, PyObject *const *args, Py_ssize_t n,
                                   PyObject *kwnames)
{
    static const struct signature signature = {"append_many", 2, 1, {"payloads", "types"}};
    struct batch *self = (struct batch *)o;
    PyObject *slots[MAX_ARGS];
    struct payloads p;
    struct call c;
    int e = -1;

    if (!args_bind(&signature, args, n, kwnames, slots) ||
        !payloads_get(self->log->state, self->log->path, slots[0], slots[1], &p))
        return NULL;
    if (begin(self, &c))
        e = end(self, &c, append_packed(self, &p));
    payloads_release(&p);
    return none_unless(e);
}

static PyObject *batch_set_tag(PyObject *o, PyObject *tag)
{
    struct batch *self = (struct batch *)o;
    struct payload p = {.data = NULL};
    struct call c;
    int e = -1;

    if (tag != Py_None && !payload_get(tag, &p))
        return NULL;
    if (begin(self, &c))
        e = end(self, &c, wal_batch_set_tag(self->b, p.data, (size_t)p.size));
    payload_release(&p);
    return none_unless(e);
}

static int set_meta(struct batch *self, const struct key *k, PyObject *value)
{
    struct payload p = {.data = NULL};
    struct call c;
    int e = -1;

    if (value != Py_None && !payload_get(value, &p))
        return -1;
    const void *data = value == Py_None ? NULL : p.size ? p.data : ""; /* NULL removes */
    if (begin(self, &c))
        e = end(
            self, &c,
            wal_batch_meta(self->b, k->bytes.data, (size_t)k->bytes.size, data, (size_t)p.size));
    payload_release(&p);
    return e;
}

static PyObject *batch_set_meta(PyObject *o, PyObject *const *args, Py_ssize_t n, PyObject *kwnames)
{
    static const struct signature signature = {"set_meta", 2, 2, {"key", "value"}};
    PyObject *slots[MAX_ARGS];
    struct key k;

    if (!args_bind(&signature, args, n, kwnames, slots) || !key_get(slots[0], &k))
        return NULL;
    int e = set_meta((struct batch *)o, &k, slots[1]);
    key_release(&k);
    return none_unless(e);
}

static PyObject *committed(struct batch *self, int e, uint64_t first, uint64_t last)
{
    if (e < 0)
        return NULL;
    self->first = first;
    self->last = last;
    return Py_BuildValue("KK", (unsigned long long)first, (unsigned long long)last);
}

static PyObject *commit(struct batch *self, uint32_t flags)
{
    uint64_t first = 0, last = 0;
    struct call c;

    if (!begin(self, &c))
        return NULL;
    int e = end(self, &c, wal_batch_commit(self->b, flags, &first, &last));
    return committed(self, e, first, last);
}

static PyObject *batch_commit(PyObject *o, PyObject *const *args, Py_ssize_t n, PyObject *kwnames)
{
    static const struct signature signature = {"commit", 0, 0, {"sync", "submit", "nowait"}};
    PyObject *slots[MAX_ARGS];
    uint32_t flags;

    if (!args_bind(&signature, args, n, kwnames, slots) ||
        !arg_append_flags(slots[0], slots[1], slots[2], &flags))
        return NULL;
    return commit((struct batch *)o, flags);
}

static PyObject *batch_replace_after(PyObject *o, PyObject *const *args, Py_ssize_t n,
                                     PyObject *kwnames)
{
    static const struct signature signature = {
        "replace_after", 1, 1, {"lsn", "sync", "submit", "nowait"}};
    struct batch *self = (struct batch *)o;
    PyObject *slots[MAX_ARGS];
    uint64_t lsn = 0, first = 0, last = 0;
    uint32_t flags;
    struct call c;
    int e = -1;

    if (!args_bind(&signature, args, n, kwnames, slots) ||
        !arg_lsn(self->log->state, self->log->path, slots[0], &lsn) ||
        !arg_append_flags(slots[1], slots[2], slots[3], &flags))
        return NULL;
    log_cut_begin(self->log);
    if (begin(self, &c))
        e = end(self, &c, wal_batch_replace_after(self->b, lsn, flags, &first, &last));
    log_cut_end(self->log, e >= 0, 0, lsn);
    return committed(self, e, first, last);
}

static PyObject *batch_abort(PyObject *o, PyObject *unused)
{
    struct batch *self = (struct batch *)o;
    struct call c;

    (void)unused;
    if (!begin(self, &c))
        return NULL;
    return none_unless(end(self, &c, wal_batch_abort(self->b)));
}

static PyObject *batch_close(PyObject *o, PyObject *unused)
{
    struct batch *self = (struct batch *)o;

    (void)unused;
    if (is_busy(self)) {
        error_raise_text(self->log->state, WAL_E_BUSY, self->log->path,
                         "another thread is using the batch");
        return NULL;
    }
    shut(self);
    return Py_NewRef(Py_None);
}

static PyObject *batch_enter(PyObject *o, PyObject *unused)
{
    struct batch *self = (struct batch *)o;
    struct call c;

    (void)unused;
    if (!begin(self, &c))
        return NULL;
    (void)end(self, &c, 0);
    return Py_NewRef(o);
}

/* Without an exception: commits, as the log's mode says. Closed in any case. */
static PyObject *batch_exit(PyObject *o, PyObject *args)
{
    struct batch *self = (struct batch *)o;
    bool fine = PyTuple_Size(args) > 0 && PyTuple_GetItem(args, 0) == Py_None;
    PyObject *done = fine && self->b ? commit(self, 0) : Py_NewRef(Py_None);

    if (!self->busy)
        shut(self);
    if (!done)
        return NULL;
    Py_DECREF(done);
    return Py_NewRef(Py_None);
}

static Py_ssize_t batch_length(PyObject *o)
{
    struct batch *self = (struct batch *)o;
    struct call c;

    if (!begin(self, &c))
        return -1;
    uint64_t n = wal_batch_count(self->b);
    (void)end(self, &c, 0);
    return (Py_ssize_t)n;
}

static PyObject *batch_repr(PyObject *o)
{
    struct batch *self = (struct batch *)o;

    if (!self->b)
        return PyUnicode_FromFormat("<libwal.Batch of %R, closed>", self->log->path);
    return PyUnicode_FromFormat("<libwal.Batch of %R, %llu records, %llu bytes>", self->log->path,
                                (unsigned long long)wal_batch_count(self->b),
                                (unsigned long long)wal_batch_bytes(self->b));
}

static PyObject *number_or_none(uint64_t lsn)
{
    return lsn ? PyLong_FromUnsignedLongLong(lsn) : Py_NewRef(Py_None);
}

static PyObject *get_first(PyObject *o, void *unused)
{
    (void)unused;
    return number_or_none(((struct batch *)o)->first);
}

static PyObject *get_last(PyObject *o, void *unused)
{
    (void)unused;
    return number_or_none(((struct batch *)o)->last);
}

static PyObject *get_bytes(PyObject *o, void *unused)
{
    struct batch *self = (struct batch *)o;
    struct call c;

    (void)unused;
    if (!begin(self, &c))
        return NULL;
    uint64_t bytes = wal_batch_bytes(self->b);
    (void)end(self, &c, 0);
    return PyLong_FromUnsignedLongLong(bytes);
}

static PyGetSetDef batch_getset[] = {
    {"first_lsn", get_first, NULL, "The first LSN of the last commit; None: there was none.", NULL},
    {"last_lsn", get_last, NULL, "The last LSN of the last commit; None: there was none.", NULL},
    {"payload_bytes", get_bytes, NULL, "Bytes of the payloads in it.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMethodDef batch_methods[] = {
    METHOD("append", batch_append,
           "append($self, data, type=0)\n--\n\n"
           "Adds a copy of one record. After TooBigError, InvalidError, NoSpaceError or\n"
           "WalOSError the batch is as it was."),
    METHOD("append_many", batch_append_many,
           "append_many($self, payloads, types=0)\n--\n\n"
           "Adds each item of an iterable: all of them or, after an error, none. types: one for\n"
           "all, or an iterable with one for each."),
    {"set_tag", batch_set_tag, METH_O,
     "set_tag($self, tag, /)\n--\n\n"
     "Gives the batch a tag of up to 64 bytes, which readers show with each of its records and\n"
     "Log.last_tag() tells. None, or an empty one: takes it off."},
    METHOD("set_meta", batch_set_meta,
           "set_meta($self, key, value, /)\n--\n\n"
           "Sets a metadata key together with the records, or removes it (value None): after a\n"
           "crash both are there, or neither."),
    METHOD(
        "commit", batch_commit,
        "commit($self, *, sync=None, submit=False, nowait=False)\n--\n\n"
        "Appends all of it: after a crash all records are there, or none. Returns the first\n"
        "and last LSN, 0 and 0 for an empty batch, and empties it. After an error it keeps what\n"
        "it has: commit again or abort; after InDoubtError or FailedError only abort. Flags as\n"
        "in Log.append()."),
    METHOD("replace_after", batch_replace_after,
           "replace_after($self, lsn, *, sync=None, submit=False, nowait=False)\n--\n\n"
           "Log.truncate_after(lsn) and commit() in one atomic step."),
    METHOD_NOARGS("abort", batch_abort,
                  "abort($self, /)\n--\n\nThrows away what is in it; it can be filled again."),
    METHOD_NOARGS("close", batch_close, "close($self, /)\n--\n\nThrows it away."),
    METHOD_ENTER(batch_enter),
    METHOD_NO_PICKLE,
    {"__exit__", batch_exit, METH_VARARGS,
     "__exit__($self, /, *exc)\n--\n\n"
     "Commits, or after an exception throws the batch away."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot batch_slots[] = {
    {Py_tp_doc, "Records that go in together or not at all, from Log.batch(): nothing of it is in\n"
                "the log before commit(), and what doesn't fit in memory goes to a file. As a\n"
                "context manager it commits at the end, unless there was an exception. One thread\n"
                "at a time uses it (BusyError). len(batch) is the number of records."},
    {Py_tp_dealloc, batch_dealloc},
    {Py_tp_traverse, batch_traverse},
    {Py_tp_repr, batch_repr},
    {Py_tp_methods, batch_methods},
    {Py_tp_getset, batch_getset},
    {Py_mp_length, batch_length},
    {0, NULL},
};
PyType_Spec batch_spec = {
    .name = "libwal.Batch",
    .basicsize = sizeof(struct batch),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = batch_slots,
};

/* SPDX-License-Identifier: Apache-2.0 */
#include "reader.h"

#include "args.h"
#include "errors.h"
#include "fetch.h"
#include "record.h"
#include "view.h"

enum { FETCH = 256, FETCH_BYTES = 256 * 1024, MOST = 65536 };

static void link_in(struct reader *r)
{
    r->link = &r->log->readers;
    r->next = *r->link;
    if (r->next)
        r->next->link = &r->next;
    *r->link = r;
}

static void link_out(struct reader *r)
{
    if (!r->link)
        return;
    *r->link = r->next;
    if (r->next)
        r->next->link = r->link;
    r->link = NULL;
}

/* ---- giving ---- */

static PyObject *shape(struct reader *r, const wal_record_t *record)
{
    switch (r->walk.form) {
    case FORM_BYTES:
        return PyBytes_FromStringAndSize(record->data, (Py_ssize_t)record->data_size);
    case FORM_VIEW:
        return view_new(r, record);
    default:
        return record_new(r->state, record);
    }
}

/* The next one of those that were fetched. It is given up first: to make an object may collect
 * garbage, which may run what uses the reader, too. */
static PyObject *give(struct reader *r)
{
    const wal_record_t record = r->records[r->at++];
    PyObject *made = shape(r, &record);

    if (!made)
        reader_set_back(r, record.lsn);
    return made;
}

static int more(struct reader *r)
{
    int is = reader_fetch(r, FETCH, FETCH_BYTES);
    while (is == 0 && r->walk.tail) {
        is = reader_wait_for_more(r, r->walk.timeout_ms);
        if (is <= 0)
            return is;
        is = reader_fetch(r, FETCH, FETCH_BYTES);
    }
    return is;
}

static PyObject *reader_next(PyObject *o)
{
    struct reader *r = (struct reader *)o;

    if (r->at == r->have || r->busy) {
        if (!reader_begin(r))
            return NULL;
        int is = more(r);
        r->busy = false;
        if (is <= 0)
            return NULL;
    }
    return give(r);
}

/* How many of those that were fetched: at least one, then as long as they fit. */
static size_t how_many(const struct reader *r, size_t most, size_t bytes)
{
    uint64_t sum = 0;
    size_t n = 0;

    while (n < most && r->at + n < r->have) {
        sum += r->records[r->at + n].data_size;
        if (n > 0 && sum > bytes)
            break;
        n++;
    }
    return n;
}

static PyObject *give_many(struct reader *r, size_t most, size_t bytes)
{
    PyObject *list = PyList_New(0);
    size_t n = list ? how_many(r, most, bytes) : 0;
    uint64_t first = n ? r->records[r->at].lsn : 0;

    for (; n > 0 && r->at < r->have; n--) {
        PyObject *made = give(r);
        int e = made ? PyList_Append(list, made) : -1;
        Py_XDECREF(made);
        if (e < 0) {
            Py_DECREF(list);
            reader_set_back(r, first);
            return NULL;
        }
    }
    return list;
}

static PyObject *reader_read_many(PyObject *o, PyObject *const *args, Py_ssize_t n,
                                  PyObject *kwnames)
{
    static const struct signature signature = {"read_many", 2, 0, {"max", "max_bytes"}};
    struct reader *r = (struct reader *)o;
    PyObject *slots[MAX_ARGS];
    size_t most = 1024, bytes = 1024 * 1024;

    if (!args_bind(&signature, args, n, kwnames, slots) ||
        !arg_size(r->state, "max", slots[0], &most) ||
        !arg_size(r->state, "max_bytes", slots[1], &bytes) || !reader_begin(r))
        return NULL;
    if (most > MOST)
        most = MOST;
    int is = r->at < r->have ? 1 : reader_fetch(r, most, bytes);
    r->busy = false;
    if (is < 0)
        return NULL;
    return give_many(r, most, bytes);
}

static PyObject *reader_seek(PyObject *o, PyObject *lsn)
{
    struct reader *r = (struct reader *)o;
    uint64_t to = 0;

    if (!arg_lsn(r->state, r->log->path, lsn, &to) || !reader_begin(r))
        return NULL;
    int e = reader_move(r, to, 0);
    if (e == 0)
        r->trimmed = false;
    r->busy = false;
    return e < 0 ? NULL : Py_NewRef(Py_None);
}

static PyObject *reader_wait(PyObject *o, PyObject *const *args, Py_ssize_t n, PyObject *kwnames)
{
    static const struct signature signature = {"wait", 1, 0, {"timeout"}};
    struct reader *r = (struct reader *)o;
    PyObject *slots[MAX_ARGS];
    int64_t ms = -1;

    if (!args_bind(&signature, args, n, kwnames, slots) || !arg_timeout(r->state, slots[0], &ms) ||
        !reader_begin(r))
        return NULL;
    int is = reader_wait_for_more(r, ms);
    r->busy = false;
    return is < 0 ? NULL : PyBool_FromLong(is);
}

static PyObject *reader_interrupt(PyObject *o, PyObject *unused)
{
    struct reader *r = (struct reader *)o;

    (void)unused;
    r->interrupted = true;
    if (r->chunk)
        wal_reader_interrupt(r->chunk->reader); /* waits for nobody */
    return Py_NewRef(Py_None);
}

/* ---- life ---- */

PyObject *reader_new(struct log *log, const struct walk *walk)
{
    struct call c;
    wal_reader_t *opened;

    if (!call_begin(&c, log))
        return NULL;
    int e = wal_reader_open(c.w, walk->start, walk->flags, &opened);
    if (call_end(&c, e) < 0)
        return NULL;
    struct chunk *chunk = chunk_new(opened);
    struct reader *r =
        chunk ? PyObject_GC_New(struct reader, type_of(log->state, TYPE_READER)) : NULL;
    if (!r) {
        chunk_drop(chunk);
        return NULL;
    }
    memset((char *)r + sizeof(PyObject), 0, sizeof *r - sizeof(PyObject));
    r->state = log->state;
    r->log = (struct log *)Py_NewRef((PyObject *)log);
    r->chunk = chunk;
    r->walk = *walk;
    link_in(r);
    PyObject_GC_Track(r);
    return (PyObject *)r;
}

static void shut(struct reader *r)
{
    struct chunk *chunk = r->chunk;

    r->chunk = NULL;
    r->at = r->have = 0;
    link_out(r);
    chunk_drop(chunk);
}

static PyObject *reader_close(PyObject *o, PyObject *unused)
{
    struct reader *r = (struct reader *)o;

    (void)unused;
    if (!r->chunk)
        return Py_NewRef(Py_None);
    if (r->exports) {
        PyErr_SetString(PyExc_BufferError, "a buffer of one of the reader's views is in use");
        return NULL;
    }
    if (reader_is_busy(r)) {
        error_raise_text(r->state, WAL_E_BUSY, r->log->path, "another thread is using the reader");
        return NULL;
    }
    shut(r);
    return Py_NewRef(Py_None);
}

static PyObject *reader_enter(PyObject *o, PyObject *unused)
{
    (void)unused;
    return reader_is_open((struct reader *)o) ? Py_NewRef(o) : NULL;
}

static PyObject *reader_exit(PyObject *o, PyObject *args)
{
    (void)args;
    return reader_close(o, NULL);
}

static int reader_traverse(PyObject *o, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(o));
    Py_VISIT(((struct reader *)o)->log);
    return 0;
}

static void reader_dealloc(PyObject *o)
{
    struct reader *r = (struct reader *)o;
    PyTypeObject *type = Py_TYPE(o);

    PyObject_GC_UnTrack(o);
    shut(r);
    PyMem_Free(r->records);
    Py_DECREF((PyObject *)r->log);
    PyObject_GC_Del(o);
    Py_DECREF(type);
}

/* While another thread is in a call: where it was before that. */
static uint64_t shown_place(const struct reader *r)
{
    return r->busy ? r->shown : reader_place(r);
}

static PyObject *reader_repr(PyObject *o)
{
    struct reader *r = (struct reader *)o;

    if (!r->chunk)
        return PyUnicode_FromFormat("<libwal.Reader of %R, closed>", r->log->path);
    return PyUnicode_FromFormat("<libwal.Reader of %R, next LSN %llu%s>", r->log->path,
                                (unsigned long long)shown_place(r),
                                reader_is_reverse(r) ? ", reverse" : "");
}

static PyObject *get_position(PyObject *o, void *unused)
{
    struct reader *r = (struct reader *)o;

    (void)unused;
    return reader_is_open(r) ? PyLong_FromUnsignedLongLong(shown_place(r)) : NULL;
}

static PyObject *get_closed(PyObject *o, void *unused)
{
    (void)unused;
    return PyBool_FromLong(((struct reader *)o)->chunk == NULL);
}

static PyGetSetDef reader_getset[] = {
    {"position", get_position, NULL,
     "The LSN that comes next; 0: none, a reverse walk is at the beginning.", NULL},
    {"closed", get_closed, NULL, "Whether the reader was closed.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMethodDef reader_methods[] = {
    METHOD("read_many", reader_read_many,
           "read_many($self, max=1024, max_bytes=1048576)\n--\n\n"
           "A list of the next records, at most `max` with at most `max_bytes` of payload; a\n"
           "larger one comes alone. It may have fewer than there are; an empty list says that\n"
           "there is no more (yet). Never waits."),
    {"seek", reader_seek, METH_O,
     "seek($self, lsn, /)\n--\n\nMakes lsn the next record, 0: the first, in reverse the\nlast "
     "one. RangeError outside of the log."},
    METHOD("wait", reader_wait,
           "wait($self, timeout=None)\n--\n\n"
           "Waits until there is a record (True), for at most `timeout` seconds or until\n"
           "interrupt() (False). ClosedError when the log is closed meanwhile."),
    METHOD_NOARGS("interrupt", reader_interrupt,
                  "interrupt($self, /)\n--\n\n"
                  "From any thread: the present or, if there is none, the next wait ends."),
    METHOD_NOARGS("close", reader_close,
                  "close($self, /)\n--\n\n"
                  "Frees the reader. BufferError while a buffer of one of its views is in use."),
    {"__class_getitem__", Py_GenericAlias, METH_O | METH_CLASS,
     "__class_getitem__($cls, item, /)\n--\n\nFor type hints: Reader[Record]."},
    METHOD_ENTER(reader_enter),
    METHOD_NO_PICKLE,
    METHOD_EXIT(reader_exit),
    {NULL, NULL, 0, NULL},
};

static PyType_Slot reader_slots[] = {
    {Py_tp_doc,
     "A place in the log, walking: an iterator over records, bytes or views, from\n"
     "Log.read() and Log.tail(). Every byte is checked on its way. One thread at a time\n"
     "uses it (BusyError), beside anything else on the log.\n\n"
     "TrimmedError: a truncation, retention or reset took its place away; seek() goes\n"
     "on. CorruptError: damage; its place stays. At the end it can be asked again."},
    {Py_tp_dealloc, reader_dealloc},
    {Py_tp_traverse, reader_traverse},
    {Py_tp_repr, reader_repr},
    {Py_tp_iter, PyObject_SelfIter},
    {Py_tp_iternext, reader_next},
    {Py_tp_methods, reader_methods},
    {Py_tp_getset, reader_getset},
    {0, NULL},
};
PyType_Spec reader_spec = {
    .name = "libwal.Reader",
    .basicsize = sizeof(struct reader),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = reader_slots,
};

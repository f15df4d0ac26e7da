#include "reader.h"

#include "args.h"
#include "errors.h"
#include "record.h"
#include "view.h"
#include "wait.h"

enum { FETCH = 256, FETCH_BYTES = 256 * 1024, MOST = 65536 };

/* ---- its place ---- */

static bool is_reverse(const struct reader *r)
{
    return (r->walk.flags & WAL_READ_REVERSE) != 0;
}

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

/* Nothing fetched is left: the library's reader says where this one is. */
static uint64_t place(const struct reader *r)
{
    if (r->at < r->have)
        return r->records[r->at].lsn;
    return r->stale || r->trimmed ? r->place : wal_reader_position(r->chunk->reader);
}

/* Gives up what was fetched. */
static void set_back(struct reader *r, uint64_t to)
{
    r->place = to;
    r->stale = true;
    r->at = r->have = 0;
}

static bool is_behind(const struct reader *r, uint64_t lsn)
{
    uint64_t stop = r->walk.stop;
    return is_reverse(r) ? lsn <= stop : stop && lsn >= stop;
}

static bool is_shown(const struct reader *r)
{
    return r->chunk->holders > 1;
}

/* Of what only this reader knows. Otherwise the library's reader says what became of its place. */
static void cut_one(struct reader *r, uint64_t first, uint64_t last)
{
    if (r->at < r->have || (is_shown(r) && !r->stale))
        set_back(r, place(r));
    if (!(r->stale || r->fetching) || is_behind(r, r->place))
        return;
    uint64_t to = r->place;
    if (to < first || (is_reverse(r) ? to > last : to > last && to - last > 1))
        r->trimmed = true;
}

void readers_cut(struct log *log, uint64_t first, uint64_t last)
{
    log->cuts++;
    for (struct reader *r = log->readers; r; r = r->next)
        cut_one(r, first, last);
}

/* ---- calls ---- */

static bool is_open(struct reader *r)
{
    if (!r->chunk || !r->log->w) {
        error_raise_text(r->state, WAL_E_CLOSED, r->log->path, "the %s is closed",
                         r->chunk ? "log" : "reader");
        return false;
    }
    return true;
}

static bool is_busy(const struct reader *r)
{
    return r->busy && !log_is_inherited(r->log);
}

static bool enter(struct reader *r)
{
    if (!is_open(r))
        return false;
    if (is_busy(r)) {
        error_raise_text(r->state, WAL_E_BUSY, r->log->path, "another thread is using the reader");
        return false;
    }
    r->shown = place(r);
    r->busy = true;
    return true;
}

static int raise_trimmed(const struct reader *r)
{
    error_raise_text(r->state, WAL_E_TRIMMED, r->log->path,
                     "the reader's place, LSN %llu, was cut away", (unsigned long long)r->place);
    return -1;
}

/* The library's reader is to walk from lsn on: the old one where nobody shows its memory. 0, or -1;
 * the code `but` is left to the caller. After an error the reader is where it was. */
static int move(struct reader *r, uint64_t lsn, int but)
{
    struct call c;
    wal_reader_t *fresh = NULL;
    struct chunk *old = r->chunk;
    bool held = is_shown(r);

    if (r->at < r->have) /* the call may take their memory away */
        set_back(r, place(r));
    if (!call_begin(&c, r->log))
        return -1;
    int e =
        held ? wal_reader_open(c.w, lsn, r->walk.flags, &fresh) : wal_reader_seek(old->reader, lsn);
    e = call_end_but(&c, e, but);
    if (e < 0)
        return e == but ? but : -1;
    if (held) {
        struct chunk *chunk = chunk_new(fresh);
        if (!chunk)
            return -1;
        r->chunk = chunk; /* first: interrupt() may come while the old one is closed */
        chunk_drop(old);
    }
    r->stale = false;
    return 0;
}

/* To the place where it was set back to. A truncation that is at its end there would hide that it
 * took the place away, if new records have the same LSNs: that one comes to its end first. */
static int resume(struct reader *r)
{
    while (r->log->cutting && !caller_of(r->log))
        wait_a_moment();
    int e = r->trimmed ? 0 : move(r, r->place, WAL_E_RANGE);
    if (e == WAL_E_RANGE)
        r->trimmed = true; /* it was in the log, and isn't any more */
    return r->trimmed ? raise_trimmed(r) : e;
}

/* Before the library's reader is used: it has to be in its place, and its memory its own. */
static int ready(struct reader *r)
{
    if (r->trimmed)
        return raise_trimmed(r);
    if (is_shown(r) && !r->stale)
        set_back(r, place(r));
    return r->stale ? resume(r) : 0;
}

static bool make_room(struct reader *r, size_t n)
{
    if (n <= r->room)
        return true;
    wal_record_t *larger = PyMem_Realloc(r->records, n * sizeof *larger);
    if (!larger) {
        PyErr_NoMemory();
        return false;
    }
    r->records = larger;
    r->room = n;
    return true;
}

/* Drops what lies at or behind the bound. */
static void stop_at(struct reader *r)
{
    while (r->have > 0 && is_behind(r, r->records[r->have - 1].lsn)) {
        r->place = r->records[--r->have].lsn;
        r->stale = true;
    }
}

/* Fetches up to n records: 1 there are some, 0 there are none, -1. A truncation that went on
 * meanwhile may have taken some of them away again: then once more. */
static int fetch_once(struct reader *r, size_t n, size_t bytes, bool *ret_again)
{
    struct call c;
    size_t got = 0;

    *ret_again = false;
    if (!r->trimmed && is_behind(r, place(r)))
        return 0;
    if (ready(r) < 0 || !make_room(r, n))
        return -1;
    uint64_t cuts = r->log->cuts;
    r->place = place(r);
    r->records[0].size = sizeof r->records[0];
    r->fetching = true;
    int e = -1;
    if (call_begin(&c, r->log))
        e = call_end(&c, wal_reader_next_many(r->chunk->reader, r->records, n, bytes, &got));
    r->fetching = false;
    if (e > 0 && cuts != r->log->cuts) {
        set_back(r, r->place);
        *ret_again = true;
        return 0;
    }
    r->trimmed = false; /* what came of a truncation, the library's reader knows */
    if (e < 0)
        return -1;
    r->at = 0;
    r->have = got;
    stop_at(r);
    return r->have > 0;
}

static int fetch(struct reader *r, size_t n, size_t bytes)
{
    bool again;
    int is;

    do {
        is = fetch_once(r, r->log->cutting ? 1 : n, bytes, &again);
    } while (again);
    return is;
}

/* ---- waiting ---- */

static int wait_step_once(void *object, int ms)
{
    struct reader *r = object;
    struct call c;

    if (r->interrupted) {
        r->interrupted = false;
        return 2;
    }
    if (!is_open(r))
        return -1;
    if (!r->trimmed && is_behind(r, place(r)))
        return 2; /* nothing comes any more */
    if (ready(r) < 0 || !call_begin(&c, r->log))
        return -1;
    int e = wal_reader_wait(r->chunk->reader, ms);
    return call_end(&c, e) < 0 ? -1 : e;
}

/* 1: there is something; 0: timeout or interrupt; -1. */
static int wait_for_more(struct reader *r, int64_t ms)
{
    if (r->at < r->have)
        return 1;
    int is = wait_in_slices(wait_step_once, r, ms);
    return is == 2 ? 0 : is;
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
        set_back(r, record.lsn);
    return made;
}

static int more(struct reader *r)
{
    int is = fetch(r, FETCH, FETCH_BYTES);
    while (is == 0 && r->walk.tail) {
        is = wait_for_more(r, r->walk.timeout_ms);
        if (is <= 0)
            return is;
        is = fetch(r, FETCH, FETCH_BYTES);
    }
    return is;
}

static PyObject *reader_next(PyObject *o)
{
    struct reader *r = (struct reader *)o;

    if (r->at == r->have || r->busy) {
        if (!enter(r))
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
            set_back(r, first);
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
        !arg_size(r->state, "max_bytes", slots[1], &bytes) || !enter(r))
        return NULL;
    if (most > MOST)
        most = MOST;
    int is = r->at < r->have ? 1 : fetch(r, most, bytes);
    r->busy = false;
    if (is < 0)
        return NULL;
    return give_many(r, most, bytes);
}

static PyObject *reader_seek(PyObject *o, PyObject *lsn)
{
    struct reader *r = (struct reader *)o;
    uint64_t to = 0;

    if (!arg_lsn(r->state, r->log->path, lsn, &to) || !enter(r))
        return NULL;
    int e = move(r, to, 0);
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
        !enter(r))
        return NULL;
    int is = wait_for_more(r, ms);
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
    if (is_busy(r)) {
        error_raise_text(r->state, WAL_E_BUSY, r->log->path, "another thread is using the reader");
        return NULL;
    }
    shut(r);
    return Py_NewRef(Py_None);
}

static PyObject *reader_enter(PyObject *o, PyObject *unused)
{
    (void)unused;
    return is_open((struct reader *)o) ? Py_NewRef(o) : NULL;
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
    return r->busy ? r->shown : place(r);
}

static PyObject *reader_repr(PyObject *o)
{
    struct reader *r = (struct reader *)o;

    if (!r->chunk)
        return PyUnicode_FromFormat("<libwal.Reader of %R, closed>", r->log->path);
    return PyUnicode_FromFormat("<libwal.Reader of %R, next LSN %llu%s>", r->log->path,
                                (unsigned long long)shown_place(r),
                                is_reverse(r) ? ", reverse" : "");
}

static PyObject *get_position(PyObject *o, void *unused)
{
    struct reader *r = (struct reader *)o;

    (void)unused;
    return is_open(r) ? PyLong_FromUnsignedLongLong(shown_place(r)) : NULL;
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
     "seek($self, lsn, /)\n--\n\nMakes lsn the next record. RangeError outside of the log."},
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

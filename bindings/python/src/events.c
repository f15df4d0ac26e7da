/* SPDX-License-Identifier: Apache-2.0 */
#include "events.h"

#include <poll.h>

#include "args.h"
#include "errors.h"
#include "results.h"
#include "wait.h"

struct events {
    PyObject_HEAD struct log *log;
    wal_subscription_t *s; /* NULL: closed */
    bool busy;             /* another thread is in a call on it */
};

/* ---- life ---- */

static bool add_kind(struct state *s, PyObject *name, uint32_t *mask)
{
    int bit = 0;
    if (!arg_word(s, "a kind of event", name, event_kinds, &bit))
        return false;
    *mask |= 1u << bit;
    return true;
}

static uint32_t all_but_opened(void)
{
    uint32_t mask = 0;
    for (int i = 1; event_kinds[i]; i++)
        mask |= 1u << i;
    return mask;
}

PyObject *log_events(PyObject *o, PyObject *const *args, Py_ssize_t n, PyObject *kwnames)
{
    struct log *log = (struct log *)o;
    wal_subscription_t *s;
    uint32_t mask = n ? 0 : all_but_opened();
    struct call c;

    if (kwnames && PyTuple_Size(kwnames) > 0) {
        PyErr_SetString(PyExc_TypeError, "events() takes no keyword arguments");
        return NULL;
    }
    for (Py_ssize_t i = 0; i < n; i++)
        if (!add_kind(log->state, args[i], &mask))
            return NULL;
    if (!call_begin(&c, log) || call_end(&c, wal_subscribe(c.w, mask, &s)) < 0)
        return NULL;
    struct events *self = PyObject_GC_New(struct events, type_of(log->state, TYPE_EVENTS));
    if (!self) {
        wal_unsubscribe(s);
        return NULL;
    }
    *self = (struct events){.ob_base = self->ob_base, .s = s};
    self->log = (struct log *)Py_NewRef(o);
    PyObject_GC_Track(self);
    return (PyObject *)self;
}

static void shut(struct events *self)
{
    wal_subscription_t *s = self->s;

    self->s = NULL;
    if (!s)
        return;
    Py_BEGIN_ALLOW_THREADS
        wal_unsubscribe(s);
    Py_END_ALLOW_THREADS
}

static int events_traverse(PyObject *o, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(o));
    Py_VISIT(((struct events *)o)->log);
    return 0;
}

static void events_dealloc(PyObject *o)
{
    struct events *self = (struct events *)o;
    PyTypeObject *type = Py_TYPE(o);

    PyObject_GC_UnTrack(o);
    shut(self);
    Py_DECREF((PyObject *)self->log);
    PyObject_GC_Del(o);
    Py_DECREF(type);
}

/* ---- calls: also on a log that was closed, for what is queued ---- */

static bool is_busy(const struct events *self)
{
    return self->busy && !log_is_inherited(self->log);
}

static bool begin(struct events *self)
{
    struct state *s = self->log->state;

    if (!self->s)
        error_raise_text(s, WAL_E_CLOSED, self->log->path, "the events are closed");
    else if (is_busy(self))
        error_raise_text(s, WAL_E_BUSY, self->log->path, "another thread is using the events");
    else
        return self->busy = true;
    return false;
}

static PyObject *events_next(PyObject *o)
{
    struct events *self = (struct events *)o;
    wal_event_t event = {.size = sizeof event};
    int e;

    if (!begin(self))
        return NULL;
    Py_BEGIN_ALLOW_THREADS
        e = wal_subscription_next(self->s, &event);
    Py_END_ALLOW_THREADS
    self->busy = false;
    if (e < 0)
        error_raise(self->log->state, e, self->log->path);
    return e > 0 ? result_event(self->log->state, &event) : NULL;
}

/* -1: an exception; in the child of a fork there is none. */
static int descriptor(struct events *self)
{
    int fd = wal_subscription_fd(self->s);

    if (fd >= 0)
        return fd;
    error_raise(self->log->state, fd, self->log->path);
    return -1;
}

static int wait_step_once(void *object, int ms)
{
    struct events *self = object;
    struct pollfd p = {.fd = descriptor(self), .events = POLLIN};
    int n;

    if (p.fd < 0)
        return -1;
    Py_BEGIN_ALLOW_THREADS
        n = poll(&p, 1, ms);
    Py_END_ALLOW_THREADS
    return n > 0;
}

static PyObject *events_wait(PyObject *o, PyObject *const *args, Py_ssize_t n, PyObject *kwnames)
{
    static const struct signature signature = {"wait", 1, 0, {"timeout"}};
    struct events *self = (struct events *)o;
    PyObject *slots[MAX_ARGS];
    int64_t ms = -1;

    if (!args_bind(&signature, args, n, kwnames, slots) ||
        !arg_timeout(self->log->state, slots[0], &ms) || !begin(self))
        return NULL;
    int is = wait_in_slices(wait_step_once, self, ms);
    self->busy = false;
    return is < 0 ? NULL : PyBool_FromLong(is);
}

static PyObject *events_fileno(PyObject *o, PyObject *unused)
{
    struct events *self = (struct events *)o;

    (void)unused;
    if (!begin(self))
        return NULL;
    self->busy = false;
    int fd = descriptor(self);
    return fd < 0 ? NULL : PyLong_FromLong(fd);
}

static PyObject *events_close(PyObject *o, PyObject *unused)
{
    struct events *self = (struct events *)o;

    (void)unused;
    if (is_busy(self)) {
        error_raise_text(self->log->state, WAL_E_BUSY, self->log->path,
                         "another thread is using the events");
        return NULL;
    }
    shut(self);
    return Py_NewRef(Py_None);
}

static PyObject *events_enter(PyObject *o, PyObject *unused)
{
    struct events *self = (struct events *)o;

    (void)unused;
    if (!begin(self))
        return NULL;
    self->busy = false;
    return Py_NewRef(o);
}

static PyObject *events_exit(PyObject *o, PyObject *args)
{
    (void)args;
    return events_close(o, NULL);
}

static PyObject *events_repr(PyObject *o)
{
    struct events *self = (struct events *)o;
    return PyUnicode_FromFormat("<libwal.Events of %R%s>", self->log->path,
                                self->s ? "" : ", closed");
}

static PyMethodDef events_methods[] = {
    METHOD_NOARGS("fileno", events_fileno,
                  "fileno($self, /)\n--\n\n"
                  "A descriptor for select, poll or an event loop, readable while something is\n"
                  "queued: from when it came until the iteration has ended. It belongs to this\n"
                  "object."),
    METHOD("wait", events_wait,
           "wait($self, timeout=None)\n--\n\n"
           "Waits until something is queued, or the log was closed (True), for at most `timeout`\n"
           "seconds (False)."),
    METHOD_NOARGS("close", events_close, "close($self, /)\n--\n\nFrees the queue."),
    METHOD_ENTER(events_enter),
    METHOD_NO_PICKLE,
    METHOD_EXIT(events_exit),
    {NULL, NULL, 0, NULL},
};

static PyType_Slot events_slots[] = {
    {Py_tp_doc, "A queue of events from Log.events(). Iterating gives what is queued and ends; it\n"
                "can be iterated again. Full (option event_ring), it loses the oldest; the next\n"
                "Event says how many in `dropped`. After the log's close it gives what is queued,\n"
                "then ClosedError. One thread at a time uses it (BusyError)."},
    {Py_tp_dealloc, events_dealloc},
    {Py_tp_traverse, events_traverse},
    {Py_tp_repr, events_repr},
    {Py_tp_iter, PyObject_SelfIter},
    {Py_tp_iternext, events_next},
    {Py_tp_methods, events_methods},
    {0, NULL},
};
PyType_Spec events_spec = {
    .name = "libwal.Events",
    .basicsize = sizeof(struct events),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = events_slots,
};

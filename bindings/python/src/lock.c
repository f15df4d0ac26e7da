/* SPDX-License-Identifier: Apache-2.0 */
#include "lock.h"

#include "args.h"
#include "errors.h"

struct lock {
    PyObject_HEAD struct state *state;
    wal_lock_t *lock;   /* NULL: released */
    PyObject *path;     /* str */
    Py_ssize_t lent_to; /* open logs */
};

bool lock_lend(struct state *s, PyObject *o, wal_options_t *options)
{
    struct lock *self = (struct lock *)o;

    if (!o || o == Py_None)
        return true;
    if (Py_TYPE(o) != type_of(s, TYPE_LOCK)) {
        PyErr_Format(PyExc_TypeError, "lock must be a libwal.Lock, not %R", Py_TYPE(o));
        return false;
    }
    if (!self->lock) {
        error_raise_text(s, WAL_E_CLOSED, self->path, "the lock was released");
        return false;
    }
    int e = wal_options_set_lock(options, self->lock);
    if (e < 0)
        error_raise(s, e, self->path);
    else
        self->lent_to++;
    return e >= 0;
}

void lock_return(PyObject *o)
{
    if (o && o != Py_None)
        ((struct lock *)o)->lent_to--;
}

/* Takes text, a str. */
static struct lock *make(struct state *s, PyTypeObject *type, const char *path, PyObject *text)
{
    struct lock *self = text ? PyObject_New(struct lock, type) : NULL;
    int e;

    if (!self) {
        Py_XDECREF(text);
        return NULL;
    }
    *self = (struct lock){.ob_base = self->ob_base, .state = s, .path = text};
    Py_BEGIN_ALLOW_THREADS
        e = wal_lock_acquire(path, &self->lock);
    Py_END_ALLOW_THREADS
    if (e < 0) {
        error_raise(s, e, text);
        Py_CLEAR(self);
    }
    return self;
}

static PyObject *lock_create(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static const struct signature signature = {"Lock", 1, 1, {"path"}};
    PyObject *slots[MAX_ARGS];

    if (!args_bind_dict(&signature, args, kwargs, slots, NULL))
        return NULL;
    PyObject *bytes = arg_path(slots[0]);
    if (!bytes)
        return NULL;
    const char *path = PyBytes_AsString(bytes);
    struct lock *self =
        make(PyType_GetModuleState(type), type, path, PyUnicode_DecodeFSDefault(path));
    Py_DECREF(bytes);
    return (PyObject *)self;
}

static void release(struct lock *self)
{
    wal_lock_t *lock = self->lock;

    self->lock = NULL;
    Py_BEGIN_ALLOW_THREADS
        wal_lock_release(lock);
    Py_END_ALLOW_THREADS
}

static void lock_dealloc(PyObject *o)
{
    struct lock *self = (struct lock *)o;
    PyTypeObject *type = Py_TYPE(o);

    release(self);
    Py_DECREF(self->path);
    PyObject_Free(o);
    Py_DECREF(type);
}

static PyObject *lock_release(PyObject *o, PyObject *unused)
{
    struct lock *self = (struct lock *)o;

    (void)unused;
    if (self->lent_to > 0) {
        error_raise_text(self->state, WAL_E_BUSY, self->path, "a log that is open uses the lock");
        return NULL;
    }
    release(self);
    return Py_NewRef(Py_None);
}

static PyObject *lock_enter(PyObject *o, PyObject *unused)
{
    struct lock *self = (struct lock *)o;

    (void)unused;
    if (self->lock)
        return Py_NewRef(o);
    error_raise_text(self->state, WAL_E_CLOSED, self->path, "the lock was released");
    return NULL;
}

static PyObject *lock_exit(PyObject *o, PyObject *args)
{
    (void)args;
    return lock_release(o, NULL);
}

static PyObject *lock_repr(PyObject *o)
{
    const struct lock *self = (const struct lock *)o;
    return PyUnicode_FromFormat("<libwal.Lock of %R, %s>", self->path,
                                self->lock ? "held" : "released");
}

static PyObject *get_path(PyObject *o, void *unused)
{
    (void)unused;
    return Py_NewRef(((struct lock *)o)->path);
}

PyObject *libwal_lock_holder(PyObject *module, PyObject *path)
{
    struct state *s = state_of(module);
    PyObject *bytes = arg_path(path);
    uint32_t pid = 0;
    int e;

    if (!bytes)
        return NULL;
    const char *dir = PyBytes_AsString(bytes);
    Py_BEGIN_ALLOW_THREADS
        e = wal_lock_holder(dir, &pid);
    Py_END_ALLOW_THREADS
    PyObject *text = e < 0 ? PyUnicode_DecodeFSDefault(dir) : NULL;
    if (e < 0)
        error_raise(s, e, text);
    Py_XDECREF(text);
    Py_DECREF(bytes);
    return e < 0 ? NULL : e == 0 ? Py_NewRef(Py_None) : PyLong_FromUnsignedLong(pid);
}

static PyGetSetDef lock_getset[] = {
    {"path", get_path, NULL, "The directory.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMethodDef lock_methods[] = {
    METHOD_NOARGS("release", lock_release,
                  "release($self, /)\n--\n\n"
                  "Gives the lock back. BusyError while a log that was opened with it is open."),
    METHOD_ENTER(lock_enter),
    METHOD_NO_PICKLE,
    METHOD_EXIT(lock_exit),
    {NULL, NULL, 0, NULL},
};

static PyType_Slot lock_slots[] = {
    {Py_tp_doc, "Lock(path)\n--\n\n"
                "Takes the exclusive lock of a log's directory without opening the log, for\n"
                "open(path, lock=...): what is done between two opens is done alone. LockedError:\n"
                "somebody has it."},
    {Py_tp_new, lock_create},
    {Py_tp_dealloc, lock_dealloc},
    {Py_tp_repr, lock_repr},
    {Py_tp_methods, lock_methods},
    {Py_tp_getset, lock_getset},
    {0, NULL},
};
PyType_Spec lock_spec = {
    .name = "libwal.Lock",
    .basicsize = sizeof(struct lock),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = lock_slots,
};

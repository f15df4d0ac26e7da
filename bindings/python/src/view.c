/* SPDX-License-Identifier: Apache-2.0 */
#include "view.h"

#include "errors.h"

struct view {
    PyObject_HEAD struct reader *reader; /* where it came from; NULL: closed */
    struct chunk *chunk;                 /* that has its bytes */
    wal_record_t record;
    Py_ssize_t exports;
};

PyObject *view_new(struct reader *reader, const wal_record_t *r)
{
    /* First: to make it may collect garbage, which may run what closes the reader or goes on. */
    struct chunk *chunk = chunk_hold(reader->chunk);
    struct view *self = PyObject_GC_New(struct view, type_of(reader->state, TYPE_VIEW));

    if (!self) {
        chunk_drop(chunk);
        return NULL;
    }
    self->reader = (struct reader *)Py_NewRef((PyObject *)reader);
    self->chunk = chunk;
    self->record = *r;
    self->exports = 0;
    PyObject_GC_Track(self);
    return (PyObject *)self;
}

static void shut(struct view *self)
{
    struct chunk *chunk = self->chunk;
    struct reader *reader = self->reader;

    self->chunk = NULL;
    self->reader = NULL;
    chunk_drop(chunk);
    Py_XDECREF((PyObject *)reader);
}

static int view_traverse(PyObject *o, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(o));
    Py_VISIT(((struct view *)o)->reader);
    return 0;
}

static void view_dealloc(PyObject *o)
{
    PyTypeObject *type = Py_TYPE(o);

    PyObject_GC_UnTrack(o);
    shut((struct view *)o);
    PyObject_GC_Del(o);
    Py_DECREF(type);
}

static PyObject *view_close(PyObject *o, PyObject *unused)
{
    struct view *self = (struct view *)o;

    (void)unused;
    if (self->exports) {
        PyErr_SetString(PyExc_BufferError, "a buffer of the view is in use");
        return NULL;
    }
    if (self->reader)
        shut(self);
    return Py_NewRef(Py_None);
}

static bool is_open(struct view *self)
{
    if (self->reader)
        return true;
    struct state *s = PyType_GetModuleState(Py_TYPE((PyObject *)self));
    error_raise_text(s, WAL_E_CLOSED, NULL, "the view is closed");
    return false;
}

static int view_getbuffer(PyObject *o, Py_buffer *buffer, int flags)
{
    struct view *self = (struct view *)o;
    const wal_record_t *r = &self->record;

    buffer->obj = NULL;
    if (!is_open(self))
        return -1;
    void *data = (void *)(uintptr_t)(r->data ? r->data : "");
    if (PyBuffer_FillInfo(buffer, o, data, (Py_ssize_t)r->data_size, 1, flags) < 0)
        return -1;
    self->exports++;
    self->reader->exports++;
    self->reader->log->exports++;
    return 0;
}

static void view_releasebuffer(PyObject *o, Py_buffer *buffer)
{
    struct view *self = (struct view *)o;

    (void)buffer;
    self->exports--;
    self->reader->exports--;
    self->reader->log->exports--;
}

static PyObject *view_enter(PyObject *o, PyObject *unused)
{
    (void)unused;
    return is_open((struct view *)o) ? Py_NewRef(o) : NULL;
}

static PyObject *view_exit(PyObject *o, PyObject *args)
{
    (void)args;
    return view_close(o, NULL);
}

static Py_ssize_t view_length(PyObject *o)
{
    struct view *self = (struct view *)o;
    return is_open(self) ? (Py_ssize_t)self->record.data_size : -1;
}

static PyObject *view_repr(PyObject *o)
{
    const wal_record_t *r = &((struct view *)o)->record;
    return PyUnicode_FromFormat("<libwal.View lsn=%llu type=%u, %llu bytes>",
                                (unsigned long long)r->lsn, r->type,
                                (unsigned long long)r->data_size);
}

static PyObject *get_lsn(PyObject *o, void *unused)
{
    (void)unused;
    return PyLong_FromUnsignedLongLong(((struct view *)o)->record.lsn);
}

static PyObject *get_type(PyObject *o, void *unused)
{
    (void)unused;
    return PyLong_FromUnsignedLong(((struct view *)o)->record.type);
}

static PyObject *get_tag(PyObject *o, void *unused)
{
    struct view *self = (struct view *)o;
    const wal_record_t *r = &self->record;

    (void)unused;
    if (!is_open(self))
        return NULL;
    return r->tag ? PyBytes_FromStringAndSize(r->tag, (Py_ssize_t)r->tag_size) : Py_NewRef(Py_None);
}

static PyObject *get_flag(PyObject *o, void *flag)
{
    return PyBool_FromLong((((struct view *)o)->record.flags & (uint32_t)(uintptr_t)flag) != 0);
}

static PyGetSetDef view_getset[] = {
    {"lsn", get_lsn, NULL, "The record's number, from 1.", NULL},
    {"type", get_type, NULL, "The user's type, 0 .. 65535.", NULL},
    {"tag", get_tag, NULL, "The tag of its batch, or None.", NULL},
    {"durable", get_flag, NULL, "Whether it was durable when it was read.",
     (void *)(uintptr_t)WAL_RECORD_DURABLE},
    {"batch_last", get_flag, NULL, "Whether it is the last of its batch, or one by itself.",
     (void *)(uintptr_t)WAL_RECORD_BATCH_LAST},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMethodDef view_methods[] = {
    METHOD_NOARGS("close", view_close,
                  "close($self, /)\n--\n\nLets the memory go. BufferError while a buffer of it is "
                  "in use."),
    METHOD_ENTER(view_enter),
    METHOD_NO_PICKLE,
    METHOD_EXIT(view_exit),
    {NULL, NULL, 0, NULL},
};

static PyType_Slot view_slots[] = {
    {Py_tp_doc, "A record that shows its bytes by the buffer protocol, read-only, in the memory\n"
                "that they were read into, and keeps that memory alive: memoryview(view),\n"
                "bytes(view), file.write(view). From read(form=\"view\") and tail(form=\"view\")."},
    {Py_tp_dealloc, view_dealloc},
    {Py_tp_traverse, view_traverse},
    {Py_tp_repr, view_repr},
    {Py_tp_methods, view_methods},
    {Py_tp_getset, view_getset},
    {Py_mp_length, view_length},
    {Py_bf_getbuffer, view_getbuffer},
    {Py_bf_releasebuffer, view_releasebuffer},
    {0, NULL},
};
PyType_Spec view_spec = {
    .name = "libwal.View",
    .basicsize = sizeof(struct view),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = view_slots,
};

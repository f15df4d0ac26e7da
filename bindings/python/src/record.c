/* SPDX-License-Identifier: Apache-2.0 */
#include "record.h"

#include "args.h"
#include "errors.h"

enum { SHOWN = 48 }; /* bytes of a payload that repr shows */

struct record {
    PyObject_HEAD uint64_t lsn;
    PyObject *data, *tag; /* bytes; tag NULL: none */
    uint32_t type, flags;
};

/* Takes data and tag. NULL data: an exception is set. */
static PyObject *make(PyTypeObject *type, uint64_t lsn, uint32_t record_type, uint32_t flags,
                      PyObject *data, PyObject *tag)
{
    struct record *self = data ? PyObject_New(struct record, type) : NULL;

    if (!self) {
        Py_XDECREF(data);
        Py_XDECREF(tag);
        return NULL;
    }
    self->lsn = lsn;
    self->type = record_type;
    self->flags = flags;
    self->data = data;
    self->tag = tag;
    return (PyObject *)self;
}

PyObject *record_new(struct state *s, const wal_record_t *r)
{
    PyObject *tag = NULL;

    if (r->tag && !(tag = PyBytes_FromStringAndSize(r->tag, (Py_ssize_t)r->tag_size)))
        return NULL;
    PyObject *data = PyBytes_FromStringAndSize(r->data, (Py_ssize_t)r->data_size);
    return make(type_of(s, TYPE_RECORD), r->lsn, r->type, r->flags, data, tag);
}

PyObject *record_take(struct state *s, const wal_record_t *r, PyObject *data)
{
    return make(type_of(s, TYPE_RECORD), r->lsn, r->type, r->flags, data, NULL);
}

static void record_dealloc(PyObject *o)
{
    struct record *self = (struct record *)o;
    PyTypeObject *type = Py_TYPE(o);

    Py_DECREF(self->data);
    Py_XDECREF(self->tag);
    PyObject_Free(o);
    Py_DECREF(type);
}

static PyObject *record_create(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static const struct signature signature = {
        "Record", 6, 2, {"lsn", "data", "type", "tag", "durable", "batch_last"}};
    struct state *s = PyType_GetModuleState(type);
    PyObject *slots[MAX_ARGS];
    uint64_t lsn = 0;
    uint32_t record_type = 0;
    bool durable = true, last = true;

    if (!args_bind_dict(&signature, args, kwargs, slots, NULL) ||
        !arg_lsn(s, NULL, slots[0], &lsn) || !arg_type(s, NULL, slots[2], &record_type) ||
        !arg_bool(slots[4], &durable) || !arg_bool(slots[5], &last))
        return NULL;
    PyObject *tag = NULL;
    if (slots[3] && slots[3] != Py_None && !(tag = payload_bytes(slots[3])))
        return NULL;
    uint32_t flags = (durable ? WAL_RECORD_DURABLE : 0u) | (last ? WAL_RECORD_BATCH_LAST : 0u);
    return make(type, lsn, record_type, flags, payload_bytes(slots[1]), tag);
}

static PyObject *record_repr(PyObject *o)
{
    const struct record *self = (const struct record *)o;
    Py_ssize_t size = PyBytes_Size(self->data);
    PyObject *head =
        size > SHOWN ? PySequence_GetSlice(self->data, 0, SHOWN) : Py_NewRef(self->data);
    if (!head)
        return NULL;
    PyObject *more =
        size > SHOWN ? PyUnicode_FromFormat("... %zd bytes", size) : PyUnicode_FromString("");
    PyObject *tag =
        more && self->tag ? PyUnicode_FromFormat(", tag=%R", self->tag) : PyUnicode_FromString("");
    PyObject *text = NULL;
    if (more && tag)
        text = PyUnicode_FromFormat("Record(lsn=%llu, data=%R%U, type=%u%U)",
                                    (unsigned long long)self->lsn, head, more, self->type, tag);
    Py_DECREF(head);
    Py_XDECREF(more);
    Py_XDECREF(tag);
    return text;
}

static PyObject *tag_of(const struct record *r)
{
    return r->tag ? r->tag : Py_None;
}

/* What a record is: number, type, bytes, tag. How it was found (durable or not) is no part. */
static PyObject *record_compare(PyObject *a, PyObject *b, int op)
{
    const struct record *x = (const struct record *)a, *y = (const struct record *)b;

    if (Py_TYPE(a) != Py_TYPE(b) || (op != Py_EQ && op != Py_NE))
        return Py_NewRef(Py_NotImplemented);
    int same = x->lsn == y->lsn && x->type == y->type;
    if (same)
        same = PyObject_RichCompareBool(x->data, y->data, Py_EQ);
    if (same == 1)
        same = PyObject_RichCompareBool(tag_of(x), tag_of(y), Py_EQ);
    return same < 0 ? NULL : PyBool_FromLong(same == (op == Py_EQ));
}

static Py_hash_t record_hash(PyObject *o)
{
    const struct record *self = (const struct record *)o;
    Py_hash_t hash = PyObject_Hash(self->data);

    if (hash != -1)
        hash ^= (Py_hash_t)(self->lsn * 1000003u + self->type);
    return hash == -1 ? -2 : hash;
}

static PyObject *flag_of(const struct record *r, uint32_t flag)
{
    return PyBool_FromLong((r->flags & flag) != 0);
}

static PyObject *record_reduce(PyObject *o, PyObject *unused)
{
    const struct record *self = (const struct record *)o;
    (void)unused;
    return Py_BuildValue("O(KOIONN)", (PyObject *)Py_TYPE(o), (unsigned long long)self->lsn,
                         self->data, self->type, tag_of(self), flag_of(self, WAL_RECORD_DURABLE),
                         flag_of(self, WAL_RECORD_BATCH_LAST));
}

static PyObject *get_lsn(PyObject *o, void *unused)
{
    (void)unused;
    return PyLong_FromUnsignedLongLong(((struct record *)o)->lsn);
}

static PyObject *get_data(PyObject *o, void *unused)
{
    (void)unused;
    return Py_NewRef(((struct record *)o)->data);
}

static PyObject *get_type(PyObject *o, void *unused)
{
    (void)unused;
    return PyLong_FromUnsignedLong(((struct record *)o)->type);
}

static PyObject *get_tag(PyObject *o, void *unused)
{
    (void)unused;
    return Py_NewRef(tag_of((struct record *)o));
}

static PyObject *get_flag(PyObject *o, void *flag)
{
    return flag_of((struct record *)o, (uint32_t)(uintptr_t)flag);
}

static PyGetSetDef record_getset[] = {
    {"lsn", get_lsn, NULL, "Its number, from 1.", NULL},
    {"data", get_data, NULL, "Its bytes.", NULL},
    {"type", get_type, NULL, "The user's type, 0 .. 65535.", NULL},
    {"tag", get_tag, NULL, "The tag of its batch, or None.", NULL},
    {"durable", get_flag, NULL, "Whether it was durable when it was read.",
     (void *)(uintptr_t)WAL_RECORD_DURABLE},
    {"batch_last", get_flag, NULL, "Whether it is the last of its batch, or one by itself.",
     (void *)(uintptr_t)WAL_RECORD_BATCH_LAST},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMethodDef record_methods[] = {
    METHOD_NOARGS("__reduce__", record_reduce, "__reduce__($self, /)\n--\n\nFor pickle and copy."),
    {NULL, NULL, 0, NULL},
};

static PyType_Slot record_slots[] = {
    {Py_tp_doc, "Record(lsn, data, type=0, tag=None, durable=True, batch_last=True)\n--\n\n"
                "A record that was read, as readers and Log.record() give it. It has its own copy\n"
                "of the bytes, and can be compared, hashed and pickled."},
    {Py_tp_new, record_create},
    {Py_tp_dealloc, record_dealloc},
    {Py_tp_repr, record_repr},
    {Py_tp_richcompare, record_compare},
    {Py_tp_hash, record_hash},
    {Py_tp_methods, record_methods},
    {Py_tp_getset, record_getset},
    {0, NULL},
};
PyType_Spec record_spec = {
    .name = "libwal.Record",
    .basicsize = sizeof(struct record),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = record_slots,
};

int record_init(PyObject *module)
{
    PyObject *names = Py_BuildValue("(sss)", "lsn", "data", "type");
    int e = names
                ? PyObject_SetAttrString(state_of(module)->of[TYPE_RECORD], "__match_args__", names)
                : -1;
    Py_XDECREF(names);
    return e;
}

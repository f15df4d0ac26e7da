/* SPDX-License-Identifier: Apache-2.0 */
#include "meta.h"

#include "args.h"
#include "callback.h"
#include "errors.h"
#include "fill.h"

struct meta {
    PyObject_HEAD struct log *log;
};

PyObject *meta_new(struct log *log)
{
    struct meta *self = PyObject_GC_New(struct meta, type_of(log->state, TYPE_META));

    if (!self)
        return NULL;
    self->log = (struct log *)Py_NewRef((PyObject *)log);
    PyObject_GC_Track(self);
    return (PyObject *)self;
}

static int meta_traverse(PyObject *o, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(o));
    Py_VISIT(((struct meta *)o)->log);
    return 0;
}

static void meta_dealloc(PyObject *o)
{
    PyTypeObject *type = Py_TYPE(o);

    PyObject_GC_UnTrack(o);
    Py_DECREF((PyObject *)((struct meta *)o)->log);
    PyObject_GC_Del(o);
    Py_DECREF(type);
}

/* ---- one key ---- */

static void raise_missing(struct meta *self, PyObject *key)
{
    struct state *s = self->log->state;
    wal_error_t error = {.size = sizeof error, .code = WAL_E_NOTFOUND};
    PyObject *text = PyUnicode_FromFormat("%U: there is no metadata key %R", self->log->path, key);
    PyObject *made =
        text ? PyObject_CallFunctionObjArgs(s->of[ERROR_MISSING_KEY], text, NULL) : NULL;

    if (made && error_fill(made, &error, self->log->path) == 0)
        PyErr_SetObject((PyObject *)Py_TYPE(made), made);
    Py_XDECREF(text);
    Py_XDECREF(made);
}

static int get_fn(wal_t *w, void *ctx, void *buf, size_t cap, size_t *ret_size)
{
    const struct key *k = ctx;
    return wal_meta_get(w, k->bytes.data, (size_t)k->bytes.size, buf, cap, ret_size);
}

/* The value, or NULL: an exception, or *ret_absent. */
static PyObject *look_up(struct meta *self, PyObject *key, bool *ret_absent)
{
    struct key k;

    *ret_absent = false;
    if (!key_get(key, &k))
        return NULL;
    PyObject *value = fill_bytes(self->log, get_fn, &k, WAL_E_NOTFOUND, ret_absent);
    key_release(&k);
    return value;
}

static PyObject *meta_get_item(PyObject *o, PyObject *key)
{
    bool absent;
    PyObject *value = look_up((struct meta *)o, key, &absent);

    if (absent)
        raise_missing((struct meta *)o, key);
    return value;
}

static int meta_contains(PyObject *o, PyObject *key)
{
    bool absent;
    PyObject *value = look_up((struct meta *)o, key, &absent);
    int is = value ? 1 : absent ? 0 : -1;

    Py_XDECREF(value);
    if (is < 0 && (PyErr_ExceptionMatches(PyExc_TypeError) || /* can't be a key */
                   PyErr_ExceptionMatches(PyExc_UnicodeEncodeError) ||
                   PyErr_ExceptionMatches(((struct meta *)o)->log->state->of[ERROR_INVALID]) ||
                   PyErr_ExceptionMatches(((struct meta *)o)->log->state->of[ERROR_TOO_BIG]))) {
        PyErr_Clear();
        return 0;
    }
    return is;
}

static int set_item(struct meta *self, const struct key *k, PyObject *value)
{
    struct payload p;
    struct call c;
    int e = -1;

    if (!payload_get(value, &p))
        return -1;
    if (call_begin(&c, self->log))
        e = call_end(
            &c, wal_meta_set(c.w, k->bytes.data, (size_t)k->bytes.size, p.data, (size_t)p.size));
    payload_release(&p);
    return e;
}

static int delete_item(struct meta *self, const struct key *k, PyObject *key)
{
    struct call c;

    if (!call_begin(&c, self->log))
        return -1;
    int e = wal_meta_delete(c.w, k->bytes.data, (size_t)k->bytes.size);
    e = call_end_but(&c, e, WAL_E_NOTFOUND);
    if (e == WAL_E_NOTFOUND)
        raise_missing(self, key);
    return e;
}

static int meta_set_item(PyObject *o, PyObject *key, PyObject *value)
{
    struct key k;

    if (!key_get(key, &k))
        return -1;
    int e = value ? set_item((struct meta *)o, &k, value) : delete_item((struct meta *)o, &k, key);
    key_release(&k);
    return e < 0 ? -1 : 0;
}

/* ---- all of them ---- */

/* A callback whose list is a dict in truth. */
static int put_fn(void *ctx, const void *key, size_t klen, const void *value, size_t vlen)
{
    struct callback *b = ctx;

    callback_enter(b);
    PyObject *k = PyUnicode_DecodeUTF8(key, (Py_ssize_t)klen, "surrogateescape");
    PyObject *v = PyBytes_FromStringAndSize(value, (Py_ssize_t)vlen);
    int e = k && v ? PyDict_SetItem(b->list, k, v) : -1;
    Py_XDECREF(k);
    Py_XDECREF(v);
    return callback_leave(b, e);
}

static PyObject *meta_copy(PyObject *o, PyObject *unused)
{
    struct log *log = ((struct meta *)o)->log;
    PyObject *dict = PyDict_New();
    struct call c;
    int e = -1;

    (void)unused;
    if (!dict)
        return NULL;
    struct callback b = {.state = log->state, .list = dict, .caller = &c.caller};
    if (call_begin_calling(&c, log))
        e = call_end(&c, wal_meta_each(c.w, put_fn, &b));
    if (e < 0)
        Py_CLEAR(dict);
    return dict;
}

static Py_ssize_t meta_length(PyObject *o)
{
    PyObject *dict = meta_copy(o, NULL);
    Py_ssize_t n = dict ? PyDict_Size(dict) : -1;

    Py_XDECREF(dict);
    return n;
}

static PyObject *meta_iter(PyObject *o)
{
    PyObject *dict = meta_copy(o, NULL);
    PyObject *iter = dict ? PyObject_GetIter(dict) : NULL;

    Py_XDECREF(dict);
    return iter;
}

static PyObject *meta_repr(PyObject *o)
{
    struct log *log = ((struct meta *)o)->log;

    if (!log->w || log->closing)
        return PyUnicode_FromFormat("<libwal.Meta of %R, closed>", log->path);
    PyObject *dict = meta_copy(o, NULL);
    PyObject *text = dict ? PyUnicode_FromFormat("<libwal.Meta of %R, %R>", log->path, dict) : NULL;
    Py_XDECREF(dict);
    return text;
}

static PyMethodDef meta_methods[] = {
    METHOD_NO_PICKLE,
    METHOD_NOARGS("copy", meta_copy,
                  "copy($self, /)\n--\n\nAll keys and values as of one moment, a new dict."),
    {NULL, NULL, 0, NULL},
};

static PyType_Slot meta_slots[] = {
    {Py_tp_doc,
     "The log's metadata, a mapping from Log.meta: up to 64 keys of 1 to 64 bytes, with\n"
     "values of up to 1024 bytes. Keys are str, or bytes that are taken as UTF-8 (with\n"
     "surrogate escapes for what is none, as os.environ does it). A change is durable\n"
     "when it returns. MissingKeyError is a KeyError, too."},
    {Py_tp_dealloc, meta_dealloc},
    {Py_tp_traverse, meta_traverse},
    {Py_tp_repr, meta_repr},
    {Py_tp_iter, meta_iter},
    {Py_tp_hash, PyObject_HashNotImplemented}, /* like all that can change */
    {Py_tp_methods, meta_methods},
    {Py_mp_length, meta_length},
    {Py_mp_subscript, meta_get_item},
    {Py_mp_ass_subscript, meta_set_item},
    {Py_sq_contains, meta_contains},
    {0, NULL},
};
PyType_Spec meta_spec = {
    .name = "libwal.Meta",
    .basicsize = sizeof(struct meta),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = meta_slots,
};

static int lend(PyObject *to, PyObject *from, const char *name)
{
    PyObject *method = PyObject_GetAttrString(from, name);
    int e = method ? PyObject_SetAttrString(to, name, method) : -1;
    Py_XDECREF(method);
    return e;
}

int meta_init(PyObject *module)
{
    static const char *const names[] = {"get",   "keys",    "values", "items",      "pop",
                                        "clear", "popitem", "update", "setdefault", "__eq__"};
    PyObject *type = state_of(module)->of[TYPE_META];
    PyObject *abc = PyImport_ImportModule("collections.abc");
    PyObject *mapping = abc ? PyObject_GetAttrString(abc, "MutableMapping") : NULL;
    PyObject *registered = mapping ? PyObject_CallMethod(mapping, "register", "O", type) : NULL;
    int e = registered ? 0 : -1;

    if (e == 0) /* what pop() tells an argument that was not given by */
        e = lend(type, mapping, "_MutableMapping__marker");
    if (e == 0) /* it is equal to what changes */
        e = PyObject_SetAttrString(type, "__hash__", Py_None);
    for (size_t i = 0; e == 0 && i < sizeof names / sizeof names[0]; i++)
        e = lend(type, mapping, names[i]);
    Py_XDECREF(registered);
    Py_XDECREF(mapping);
    Py_XDECREF(abc);
    return e;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of the caller's, held for the length of a call. */
#include "args.h"
#include "errors.h"

bool payload_get(PyObject *o, struct payload *ret)
{
    ret->buffer.obj = NULL;
    if (PyBytes_Check(o)) { /* can't change or move, and needs no buffer */
        char *data;
        if (PyBytes_AsStringAndSize(o, &data, &ret->size) < 0)
            return false;
        ret->data = data;
        return true;
    }
    if (PyObject_GetBuffer(o, &ret->buffer, PyBUF_SIMPLE) < 0) {
        ret->buffer.obj = NULL;
        return false;
    }
    ret->data = ret->buffer.buf;
    ret->size = ret->buffer.len;
    return true;
}

void payload_release(struct payload *p)
{
    if (p->buffer.obj)
        PyBuffer_Release(&p->buffer);
}

PyObject *payload_bytes(PyObject *o)
{
    struct payload p;

    if (PyBytes_CheckExact(o))
        return Py_NewRef(o);
    if (!payload_get(o, &p))
        return NULL;
    PyObject *made = PyBytes_FromStringAndSize(p.data, p.size);
    payload_release(&p);
    return made;
}

bool key_get(PyObject *o, struct key *ret)
{
    ret->encoded = NULL;
    if (PyUnicode_Check(o)) {
        ret->encoded = PyUnicode_AsEncodedString(o, "utf-8", "surrogateescape");
        if (!ret->encoded)
            return false;
        o = ret->encoded;
    }
    if (payload_get(o, &ret->bytes))
        return true;
    Py_CLEAR(ret->encoded);
    return false;
}

void key_release(struct key *k)
{
    payload_release(&k->bytes);
    Py_CLEAR(k->encoded);
}

static bool hold_items(struct payloads *p)
{
    for (size_t i = 0, n = (size_t)PyTuple_Size(p->items); i < n; i++) {
        if (!payload_get(PyTuple_GetItem(p->items, (Py_ssize_t)i), &p->held[i]))
            return false;
        p->records[i].size = sizeof p->records[i];
        p->records[i].data = p->held[i].data;
        p->records[i].data_size = (uint64_t)p->held[i].size;
        p->n = i + 1;
    }
    return true;
}

static bool one_type(struct state *s, PyObject *path, struct payloads *p, PyObject *type)
{
    uint32_t number = 0;
    if (!arg_type(s, path, type, &number))
        return false;
    for (size_t i = 0; i < p->n; i++)
        p->records[i].type = number;
    return true;
}

static bool many_types(struct state *s, PyObject *path, struct payloads *p, PyObject *types)
{
    PyObject *numbers = PySequence_Tuple(types);
    if (!numbers)
        return false;
    size_t n = (size_t)PyTuple_Size(numbers);
    bool fits = n == p->n;
    if (!fits)
        error_raise_text(s, WAL_E_INVAL, path, "%zu types for %zu payloads", n, p->n);
    for (size_t i = 0; fits && i < n; i++)
        fits = arg_type(s, path, PyTuple_GetItem(numbers, (Py_ssize_t)i), &p->records[i].type);
    Py_DECREF(numbers);
    return fits;
}

bool payloads_get(struct state *s, PyObject *path, PyObject *items, PyObject *types,
                  struct payloads *ret)
{
    *ret = (struct payloads){.items = PySequence_Tuple(items)};
    if (!ret->items)
        return false;
    size_t n = (size_t)PyTuple_Size(ret->items);
    ret->records = PyMem_Calloc(n, sizeof *ret->records);
    ret->held = PyMem_Calloc(n, sizeof *ret->held);
    bool ok = ret->records && ret->held;
    if (!ok)
        PyErr_NoMemory();
    ok = ok && hold_items(ret);
    if (ok && types)
        ok = PyIndex_Check(types) ? one_type(s, path, ret, types) : many_types(s, path, ret, types);
    if (!ok)
        payloads_release(ret);
    return ok;
}

void payloads_release(struct payloads *p)
{
    for (size_t i = 0; i < p->n; i++)
        payload_release(&p->held[i]);
    PyMem_Free(p->held);
    PyMem_Free(p->records);
    Py_CLEAR(p->items);
}

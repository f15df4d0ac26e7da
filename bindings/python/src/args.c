/* SPDX-License-Identifier: Apache-2.0 */
#include "args.h"

#include <math.h>

#include "errors.h"

static int find_name(const struct signature *g, PyObject *name)
{
    for (int i = 0; g->names[i]; i++)
        if (PyUnicode_CompareWithASCIIString(name, g->names[i]) == 0)
            return i;
    return -1;
}

static bool put_named(const struct signature *g, int at, PyObject *value, PyObject **slots)
{
    if (slots[at]) {
        PyErr_Format(PyExc_TypeError, "%s() got multiple values for argument '%s'", g->function,
                     g->names[at]);
        return false;
    }
    slots[at] = value;
    return true;
}

static bool refuse_name(const struct signature *g, PyObject *name)
{
    PyErr_Format(PyExc_TypeError, "%s() got an unexpected keyword argument '%U'", g->function,
                 name);
    return false;
}

static bool bind_positional(const struct signature *g, Py_ssize_t n)
{
    if (n <= g->positional)
        return true;
    PyErr_Format(PyExc_TypeError, "%s() takes at most %d positional arguments, %zd were given",
                 g->function, g->positional, n);
    return false;
}

static bool bind_required(const struct signature *g, PyObject **slots)
{
    for (int i = 0; i < g->required; i++)
        if (!slots[i]) {
            PyErr_Format(PyExc_TypeError, "%s() misses the argument '%s'", g->function,
                         g->names[i]);
            return false;
        }
    return true;
}

bool args_bind(const struct signature *g, PyObject *const *args, Py_ssize_t n, PyObject *kwnames,
               PyObject **slots)
{
    if (!bind_positional(g, n))
        return false;
    for (int i = 0; g->names[i]; i++)
        slots[i] = i < n ? args[i] : NULL;
    Py_ssize_t named = kwnames ? PyTuple_Size(kwnames) : 0;
    for (Py_ssize_t i = 0; i < named; i++) {
        PyObject *name = PyTuple_GetItem(kwnames, i);
        int at = find_name(g, name);
        if (at < 0)
            return refuse_name(g, name);
        if (!put_named(g, at, args[n + i], slots))
            return false;
    }
    return bind_required(g, slots);
}

static bool bind_dict(const struct signature *g, PyObject *kwargs, PyObject **slots,
                      PyObject *extra)
{
    PyObject *name, *value;
    Py_ssize_t at = 0;

    while (kwargs && PyDict_Next(kwargs, &at, &name, &value)) {
        int slot = find_name(g, name);
        if (slot >= 0 ? !put_named(g, slot, value, slots) : !extra && !refuse_name(g, name))
            return false;
        if (slot < 0 && PyDict_SetItem(extra, name, value) < 0)
            return false;
    }
    return bind_required(g, slots);
}

bool args_bind_dict(const struct signature *g, PyObject *args, PyObject *kwargs, PyObject **slots,
                    PyObject **ret_extra)
{
    Py_ssize_t n = PyTuple_Size(args);
    PyObject *extra = NULL;

    if (!bind_positional(g, n))
        return false;
    for (int i = 0; g->names[i]; i++)
        slots[i] = i < n ? PyTuple_GetItem(args, i) : NULL;
    if (ret_extra && !(extra = PyDict_New()))
        return false;
    if (!bind_dict(g, kwargs, slots, extra)) {
        Py_XDECREF(extra);
        return false;
    }
    if (ret_extra)
        *ret_extra = extra;
    return true;
}

/* An int, or what gives one by __index__. A number outside of 64 bits: *ret_outside. */
static bool whole_number(const char *name, PyObject *o, uint64_t *ret, bool *ret_outside)
{
    *ret_outside = false;
    if (PyLong_Check(o)) {
        *ret = PyLong_AsUnsignedLongLong(o);
    } else {
        if (!PyIndex_Check(o)) {
            PyErr_Format(PyExc_TypeError, "%s must be an int, not %R", name, Py_TYPE(o));
            return false;
        }
        PyObject *number = PyNumber_Index(o);
        if (!number)
            return false;
        *ret = PyLong_AsUnsignedLongLong(number);
        Py_DECREF(number);
    }
    if (*ret != UINT64_MAX || !PyErr_Occurred())
        return true;
    *ret_outside = PyErr_ExceptionMatches(PyExc_OverflowError);
    if (*ret_outside)
        PyErr_Clear();
    return *ret_outside;
}

static bool number_below(struct state *s, int code, PyObject *path, const char *name, PyObject *o,
                         uint64_t most, uint64_t *ret)
{
    uint64_t value = 0;
    bool outside;

    if (!o)
        return true;
    if (!whole_number(name, o, &value, &outside))
        return false;
    if (outside || value > most) {
        error_raise_text(s, code, path, "%s is outside of 0 .. %llu", name,
                         (unsigned long long)most);
        return false;
    }
    *ret = value;
    return true;
}

bool arg_u64(struct state *s, const char *name, PyObject *o, uint64_t *ret)
{
    return number_below(s, WAL_E_INVAL, NULL, name, o, UINT64_MAX, ret);
}

bool arg_lsn(struct state *s, PyObject *path, PyObject *o, uint64_t *ret)
{
    return number_below(s, WAL_E_RANGE, path, "an LSN", o, UINT64_MAX, ret);
}

bool arg_type(struct state *s, PyObject *path, PyObject *o, uint32_t *ret)
{
    uint64_t value = *ret;
    if (!number_below(s, WAL_E_INVAL, path, "a type", o, UINT16_MAX, &value))
        return false;
    *ret = (uint32_t)value;
    return true;
}

bool arg_u32(struct state *s, const char *name, PyObject *o, uint32_t *ret)
{
    uint64_t value = *ret;
    if (!number_below(s, WAL_E_INVAL, NULL, name, o, UINT32_MAX, &value))
        return false;
    *ret = (uint32_t)value;
    return true;
}

bool arg_size(struct state *s, const char *name, PyObject *o, size_t *ret)
{
    uint64_t value = *ret;
    if (!arg_u64(s, name, o, &value))
        return false;
    if (value == 0) {
        error_raise_text(s, WAL_E_INVAL, NULL, "%s is 0", name);
        return false;
    }
    *ret = (size_t)value;
    return true;
}

bool arg_bool(PyObject *o, bool *ret)
{
    if (!o)
        return true;
    int is = PyObject_IsTrue(o);
    if (is < 0)
        return false;
    *ret = is;
    return true;
}

bool arg_timeout(struct state *s, PyObject *o, int64_t *ret_ms)
{
    const double longest = 1e15; /* ms: as good as for ever, and an int64_t */

    if (!o)
        return true;
    if (o == Py_None) {
        *ret_ms = -1;
        return true;
    }
    double seconds = PyFloat_AsDouble(o);
    if (seconds == -1.0 && PyErr_Occurred())
        return false;
    if (isnan(seconds)) {
        error_raise_text(s, WAL_E_INVAL, NULL, "a timeout that is no number");
        return false;
    }
    double ms = ceil(seconds * 1000);
    *ret_ms = ms <= 0 ? 0 : ms > longest ? (int64_t)longest : (int64_t)ms;
    return true;
}

bool arg_word(struct state *s, const char *name, PyObject *o, const char *const *words, int *ret)
{
    if (!o)
        return true;
    if (!PyUnicode_Check(o)) {
        PyErr_Format(PyExc_TypeError, "%s must be a str, not %R", name, Py_TYPE(o));
        return false;
    }
    for (int i = 0; words[i]; i++)
        if (PyUnicode_CompareWithASCIIString(o, words[i]) == 0) {
            *ret = i;
            return true;
        }
    PyObject *text = PyUnicode_FromFormat("%.100A", o);
    const char *shown = text ? PyUnicode_AsUTF8AndSize(text, NULL) : NULL;
    if (shown)
        error_raise_text(s, WAL_E_INVAL, NULL, "%s: there is no %s", name, shown);
    Py_XDECREF(text);
    return false;
}

bool arg_callable(const char *name, PyObject *o, PyObject **ret)
{
    if (!o || o == Py_None)
        return true;
    if (!PyCallable_Check(o)) {
        PyErr_Format(PyExc_TypeError, "%s must be callable, not %R", name, Py_TYPE(o));
        return false;
    }
    *ret = o;
    return true;
}

PyObject *arg_path(PyObject *o)
{
    PyObject *path;
    return PyUnicode_FSConverter(o, &path) ? path : NULL;
}

bool arg_append_flags(PyObject *sync, PyObject *submit, PyObject *nowait, uint32_t *ret)
{
    bool now = false, given = false, impatient = false;

    bool says = sync && sync != Py_None;
    if ((says && !arg_bool(sync, &now)) || !arg_bool(submit, &given) ||
        !arg_bool(nowait, &impatient))
        return false;
    *ret = (says ? now ? WAL_APPEND_SYNC : WAL_APPEND_ASYNC : 0u) |
           (given ? WAL_APPEND_SUBMIT : 0u) | (impatient ? WAL_APPEND_NOWAIT : 0u);
    return true;
}

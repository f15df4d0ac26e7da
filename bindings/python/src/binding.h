/* SPDX-License-Identifier: Apache-2.0 */
/* What every file of the extension needs: Python's limited interface, libwal's public one, and the
 * state of one import of the module. There is no other state, but for each thread's list of the
 * calls that it is in (call.h): interpreters share nothing.
 *
 * All functions here are called with the GIL held, unless they say otherwise, and report a failure
 * as Python's own functions do: an exception is set, and NULL, -1 or false comes back. */
#ifndef LIBWAL_PYTHON_BINDING_H
#define LIBWAL_PYTHON_BINDING_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <libwal/wal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Classes that the module makes for itself. */
enum {
    TYPE_LOG,
    TYPE_BATCH,
    TYPE_READER,
    TYPE_RECORD,
    TYPE_VIEW,
    TYPE_META,
    TYPE_EVENTS,
    TYPE_LOCK,
    TYPE_RANGE,
    TYPE_CHECKPOINT,
    TYPE_RECOVERY,
    TYPE_SEGMENT,
    TYPE_INFO,
    TYPE_EVENT,
    TYPE_VERIFICATION,
    TYPE_SALVAGE,
    ERROR_FIRST, /* the exceptions, in the order of the table in errors.c; some by name: */
    ERROR_BASE = ERROR_FIRST,
    ERROR_INVALID = ERROR_FIRST + 1,
    ERROR_MISSING_KEY = ERROR_FIRST + 5,
    ERROR_TOO_BIG = ERROR_FIRST + 11,
    ERROR_END = ERROR_FIRST + 32,
    STATE_END = ERROR_END
};

/* What one import of the module owns. An object's pointer to it is good as long as the object: its
 * type holds the module. */
struct state {
    PyObject *of[STATE_END];
};

static inline PyTypeObject *type_of(const struct state *s, int which)
{
    return (PyTypeObject *)s->of[which];
}

struct state *state_of(PyObject *module);

/* Makes a class from its spec, as attribute of the module. */
int add_type(PyObject *module, int which, PyType_Spec *spec);

/* A method table is made of functions of this shape (METH_FASTCALL | METH_KEYWORDS). */
typedef PyObject *fast_method(PyObject *self, PyObject *const *args, Py_ssize_t n,
                              PyObject *kwnames);
#define METHOD(name, function, doc)                                                                \
    {                                                                                              \
        name, (PyCFunction)(void (*)(void))function, METH_FASTCALL | METH_KEYWORDS, doc            \
    }
#define METHOD_NOARGS(name, function, doc)                                                         \
    {                                                                                              \
        name, (PyCFunction)function, METH_NOARGS, doc                                              \
    }
#define METHOD_EXIT(function)                                                                      \
    {                                                                                              \
        "__exit__", (PyCFunction)function, METH_VARARGS,                                           \
            "__exit__($self, /, *exc)\n--\n\nEnd of a with block."                                 \
    }
#define METHOD_ENTER(function)                                                                     \
    {                                                                                              \
        "__enter__", (PyCFunction)function, METH_NOARGS,                                           \
            "__enter__($self, /)\n--\n\nGives the object itself; ClosedError when it is closed."   \
    }
/* A handle is nothing that could be sent elsewhere. */
#define METHOD_NO_PICKLE                                                                           \
    {                                                                                              \
        "__reduce__", (PyCFunction)refuse_to_reduce, METH_NOARGS,                                  \
            "__reduce__($self, /)\n--\n\nTypeError: it can't be pickled or copied."                \
    }
PyObject *refuse_to_reduce(PyObject *self, PyObject *unused);

#endif

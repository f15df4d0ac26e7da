/* SPDX-License-Identifier: Apache-2.0 */
#include "callback.h"

bool callback_needed(const struct callback *b, const char *name)
{
    if (!b->function)
        PyErr_Format(PyExc_TypeError, "%s must be callable, not None", name);
    return b->function != NULL;
}

void callback_enter(struct callback *b)
{
    caller_enter_python(b->caller);
}

static int truth(PyObject *result)
{
    int is = result ? PyObject_IsTrue(result) : -1;
    Py_XDECREF(result);
    return is;
}

static int put_into_list(struct callback *b, PyObject *item)
{
    return b->list ? PyList_Append(b->list, item) : 0;
}

int callback_call(struct callback *b, PyObject *argument)
{
    if (!argument)
        return -1;
    int is = b->function ? truth(PyObject_CallFunctionObjArgs(b->function, argument, NULL))
                         : put_into_list(b, argument);
    Py_DECREF(argument);
    return is;
}

int callback_call_tuple(struct callback *b, PyObject *arguments)
{
    if (!arguments)
        return -1;
    int is = b->function ? truth(PyObject_CallObject(b->function, arguments))
                         : put_into_list(b, arguments);
    Py_DECREF(arguments);
    return is;
}

int callback_leave(struct callback *b, int result)
{
    if (result < 0)
        caller_keep_error(b->caller);
    caller_leave_python(b->caller);
    return result;
}

int callback_progress(void *ctx, uint64_t done, uint64_t total)
{
    struct callback *b = ctx;

    callback_enter(b);
    PyObject *arguments =
        Py_BuildValue("(KK)", (unsigned long long)done, (unsigned long long)total);
    int is = callback_call_tuple(b, arguments);
    if (is >= 0 && PyErr_CheckSignals() < 0)
        is = -1;
    return callback_leave(b, is);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "wait.h"

#include <time.h>

enum { SLICE_MS = 50 }; /* so long a signal or a close may go unseen */

static int64_t now_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int wait_in_slices(wait_step *step, void *object, int64_t ms)
{
    int64_t end = ms < 0 ? INT64_MAX : now_ms() + ms;

    for (;;) {
        int64_t left = ms < 0 ? SLICE_MS : end - now_ms();
        int slice = left < 0 ? 0 : left < SLICE_MS ? (int)left : SLICE_MS;
        int is = step(object, slice);
        if (is != 0)
            return is;
        if (PyErr_CheckSignals() < 0)
            return -1;
        if (now_ms() >= end)
            return 0;
    }
}

void wait_a_moment(void)
{
    const struct timespec brief = {.tv_nsec = 1000000};

    Py_BEGIN_ALLOW_THREADS
        nanosleep(&brief, NULL);
    Py_END_ALLOW_THREADS
}

/* Also with an exception set. */
bool python_ends(void)
{
    PyObject *type, *value, *traceback;
    PyObject *function = PySys_GetObject("is_finalizing"); /* borrowed */

    if (!function)
        return true; /* at the very end */
    PyErr_Fetch(&type, &value, &traceback);
    PyObject *is = PyObject_CallNoArgs(function);
    bool ends = is == Py_True;
    Py_XDECREF(is);
    PyErr_Restore(type, value, traceback);
    return ends;
}

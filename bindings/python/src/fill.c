/* SPDX-License-Identifier: Apache-2.0 */
#include "fill.h"

#include "log.h"

enum { USUAL_BYTES = 4096 };

/* 1: *ret is made; 0: more room is needed, as *size says; -1: an exception, or `but`. */
static int try_to_fill(struct log *log, fill_fn *fn, void *ctx, int but, size_t *size,
                       PyObject **ret, bool *ret_absent)
{
    char usual[USUAL_BYTES], *buf = usual;
    size_t room = sizeof usual;
    struct call c;

    *ret = NULL;
    if (*size > room) {
        room = *size;
        *ret = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)room);
        if (!*ret)
            return -1;
        buf = PyBytes_AsString(*ret);
    }
    int e = -1;
    if (call_begin(&c, log)) {
        e = fn(c.w, ctx, buf, room, size);
        bool small = e == WAL_E_TOOBIG && *size > room;
        e = call_end_but(&c, small ? 1 : e, but);
    }
    *ret_absent = e == but;
    if (e == 0 && *ret && *size == room)
        return 1;
    PyObject *made = e == 0 ? PyBytes_FromStringAndSize(buf, (Py_ssize_t)*size) : NULL;
    Py_XDECREF(*ret);
    *ret = made;
    return e == 1 ? 0 : made ? 1 : -1;
}

PyObject *fill_bytes(struct log *log, fill_fn *fn, void *ctx, int but, bool *ret_absent)
{
    PyObject *made;
    size_t size = 0;
    int is;

    do {
        is = try_to_fill(log, fn, ctx, but, &size, &made, ret_absent);
    } while (is == 0);
    return is < 0 ? NULL : made;
}

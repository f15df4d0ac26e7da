/* SPDX-License-Identifier: Apache-2.0 */
/* Batches as bytes, to send elsewhere. */
#include "args.h"
#include "callback.h"
#include "errors.h"
#include "offline.h"
#include "record.h"

static PyObject *encode(struct state *s, const struct payloads *p)
{
    size_t size = 0;
    int e = wal_encode(p->records, p->n, NULL, 0, &size);

    if (e != WAL_E_TOOBIG || size == 0) {
        error_raise(s, e, NULL);
        return NULL;
    }
    PyObject *form = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)size);
    if (!form)
        return NULL;
    char *to = PyBytes_AsString(form);
    Py_BEGIN_ALLOW_THREADS
        e = wal_encode(p->records, p->n, to, size, &size);
    Py_END_ALLOW_THREADS
    if (e < 0) {
        error_raise(s, e, NULL);
        Py_CLEAR(form);
    }
    return form;
}

PyObject *libwal_encode(PyObject *module, PyObject *const *args, Py_ssize_t n, PyObject *kwnames)
{
    static const struct signature signature = {"encode", 2, 1, {"payloads", "types"}};
    struct state *s = state_of(module);
    PyObject *slots[MAX_ARGS];
    struct payloads p;

    if (!args_bind(&signature, args, n, kwnames, slots) ||
        !payloads_get(s, NULL, slots[0], slots[1], &p))
        return NULL;
    PyObject *form = encode(s, &p);
    payloads_release(&p);
    return form;
}

static int decode_fn(void *ctx, const wal_record_t *r)
{
    struct callback *b = ctx;
    callback_enter(b);
    return callback_leave(b, callback_call(b, record_new(b->state, r)));
}

PyObject *libwal_decode(PyObject *module, PyObject *form)
{
    struct state *s = state_of(module);
    struct caller caller = {0};
    struct callback b = {.state = s, .list = PyList_New(0), .caller = &caller};
    PyObject *own = payload_bytes(form); /* sizes in it must stay as they were checked */

    if (!b.list || !own) {
        Py_XDECREF(b.list);
        Py_XDECREF(own);
        return NULL;
    }
    const char *data = PyBytes_AsString(own);
    size_t size = (size_t)PyBytes_Size(own);
    caller_leave_python(&caller);
    int e = wal_decode(data, size, decode_fn, &b);
    caller_enter_python(&caller);
    Py_DECREF(own);
    if (e < 0 && !caller_raise(&caller))
        error_raise(s, e, NULL);
    if (e < 0)
        Py_CLEAR(b.list);
    return b.list;
}

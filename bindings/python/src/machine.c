/* SPDX-License-Identifier: Apache-2.0 */
#include "machine.h"

#include "args.h"
#include "errors.h"
#include "record.h"

enum { APPLY, SNAPSHOT, RESTORE, FUNCTIONS };
static const char *const names[FUNCTIONS] = {"apply", "snapshot", "restore"};

struct machine {
    struct state *state;
    PyObject *functions[FUNCTIONS];
    struct log *log;   /* borrowed: it has this machine */
    PyObject *failure; /* what a callback has raised last, for the other threads */
    PyObject *image;   /* a snapshot that did not fit, for the call that brings more room */
};

/* An attribute that raises something of its own is heard. */
static PyObject *method_of(PyObject *object, const char *name)
{
    PyObject *method = PyObject_GetAttrString(object, name);

    if (method ? PyCallable_Check(method) : !PyErr_ExceptionMatches(PyExc_AttributeError))
        return method;
    PyErr_Format(PyExc_TypeError, "a machine needs a method %s()", name);
    Py_XDECREF(method);
    return NULL;
}

struct machine *machine_new(struct state *s, PyObject *object)
{
    struct machine *m = PyMem_Calloc(1, sizeof *m);

    if (!m) {
        PyErr_NoMemory();
        return NULL;
    }
    m->state = s;
    for (int i = 0; i < FUNCTIONS; i++)
        if (!(m->functions[i] = method_of(object, names[i]))) {
            machine_free(m);
            return NULL;
        }
    return m;
}

void machine_free(struct machine *m)
{
    if (!m)
        return;
    for (int i = 0; i < FUNCTIONS; i++)
        Py_XDECREF(m->functions[i]);
    Py_XDECREF(m->failure);
    Py_XDECREF(m->image);
    PyMem_Free(m);
}

int machine_traverse(struct machine *m, visitproc visit, void *arg)
{
    if (!m)
        return 0;
    for (int i = 0; i < FUNCTIONS; i++)
        Py_VISIT(m->functions[i]);
    Py_VISIT(m->failure);
    Py_VISIT(m->image);
    return 0;
}

void machine_bind(struct machine *m, struct log *log)
{
    if (m)
        m->log = log;
}

void machine_add_cause(struct machine *m)
{
    PyObject *type, *value, *traceback;

    if (!m || !m->failure)
        return;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    if (value) {
        Py_INCREF(m->failure);
        PyException_SetCause(value, m->failure);
    }
    PyErr_Restore(type, value, traceback);
}

/* In a callback, with the GIL: what it raised goes to the caller, and is kept for the others. */
static int failed(struct machine *m, struct caller *c)
{
    caller_keep_error(c);
    PyErr_NormalizeException(&c->error[0], &c->error[1], &c->error[2]);
    Py_XDECREF(m->failure);
    m->failure = Py_XNewRef(c->error[1]);
    return -1;
}

/* Drops the call's result. */
static int ended(struct machine *m, struct caller *c, PyObject *result)
{
    int e = result ? 0 : failed(m, c);
    Py_XDECREF(result);
    caller_leave_python(c);
    return e;
}

static struct caller *enter(struct machine *m)
{
    struct caller *c = caller_of(m->log);
    caller_enter_python(c);
    return c;
}

static int apply(void *ctx, const wal_record_t *record)
{
    struct machine *m = ctx;
    struct caller *c = enter(m);
    PyObject *given = record_new(m->state, record), *result = NULL;

    Py_CLEAR(m->image); /* it is of the state before */
    if (given)
        result = PyObject_CallFunctionObjArgs(m->functions[APPLY], given, NULL);
    Py_XDECREF(given);
    return ended(m, c, result);
}

static int copy_image(PyObject *image, void *buf, size_t cap, size_t *ret_size)
{
    struct payload p;

    if (!payload_get(image, &p))
        return -1;
    *ret_size = (size_t)p.size;
    bool fits = *ret_size <= cap;
    if (fits && p.size)
        memcpy(buf, p.data, *ret_size);
    payload_release(&p);
    return fits ? 0 : WAL_E_TOOBIG;
}

/* The log asks for the size first, as a rule: the image is made once for both calls. */
static int snapshot(void *ctx, void *buf, size_t cap, size_t *ret_size)
{
    struct machine *m = ctx;
    struct caller *c = enter(m);
    PyObject *image = m->image;

    m->image = NULL;
    if (!image || cap == 0) {
        Py_XDECREF(image);
        image = PyObject_CallObject(m->functions[SNAPSHOT], NULL);
    }
    int e = image ? copy_image(image, buf, cap, ret_size) : -1;
    if (e == WAL_E_TOOBIG) {
        m->image = image;
        image = NULL;
    } else if (e < 0) {
        e = failed(m, c);
    }
    Py_XDECREF(image);
    caller_leave_python(c);
    return e;
}

static int restore(void *ctx, uint64_t lsn, const void *state, size_t size)
{
    struct machine *m = ctx;
    struct caller *c = enter(m);
    PyObject *result = PyObject_CallFunction(m->functions[RESTORE], "Ky#", (unsigned long long)lsn,
                                             size ? state : "", (Py_ssize_t)size);
    return ended(m, c, result);
}

int machine_set(struct machine *m, wal_options_t *o)
{
    wal_machine_t table = {
        .size = sizeof table, .ctx = m, .apply = apply, .snapshot = snapshot, .restore = restore};
    return wal_options_set_machine(o, &table);
}

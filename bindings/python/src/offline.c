/* SPDX-License-Identifier: Apache-2.0 */
#include "offline.h"

#include "args.h"
#include "callback.h"
#include "errors.h"
#include "lock.h"
#include "options.h"
#include "record.h"
#include "results.h"

/* One call on a directory: without an open log there is nothing to count. */
struct offline {
    struct state *state;
    PyObject *dir;  /* bytes */
    PyObject *path; /* the same as str */
    wal_options_t *options;
    struct caller caller;
};

static void offline_end(struct offline *f)
{
    wal_options_free(f->options);
    Py_XDECREF(f->dir);
    Py_XDECREF(f->path);
}

static bool offline_begin(struct offline *f, PyObject *module, PyObject *path,
                          const struct keys *keys)
{
    *f = (struct offline){.state = state_of(module)};
    f->dir = arg_path(path);
    f->path = f->dir ? PyUnicode_DecodeFSDefault(PyBytes_AsString(f->dir)) : NULL;
    f->options = f->path ? options_begin(f->state) : NULL;
    if (f->options && (!keys || options_keys(f->state, f->options, keys)))
        return true;
    if (f->path)
        error_add_path(f->state, f->path);
    offline_end(f);
    return false;
}

/* Raises a negative result, but leaves `but` to the caller. */
static int offline_result(struct offline *f, int e, int but)
{
    bool raised = caller_raise(&f->caller);
    if (raised)
        return -1;
    if (e < 0 && e != but)
        error_raise(f->state, e, f->path);
    return e;
}

/* ---- verify and repair ---- */

/* What the error that is set says is in the report, too: it gets that as an attribute. */
static void attach_report(struct offline *f, const wal_verify_t *report)
{
    PyObject *type, *value, *traceback;

    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    PyObject *made = result_verification(f->state, report);
    if (made && value && PyObject_SetAttrString(value, "report", made) < 0)
        PyErr_Clear();
    Py_XDECREF(made);
    PyErr_Restore(type, value, traceback);
}

static PyObject *report_or_raise(struct offline *f, int e, const wal_verify_t *report)
{
    e = offline_result(f, e, 0);
    if (e == WAL_E_CORRUPT || e == WAL_E_TORN)
        attach_report(f, report);
    return e < 0 ? NULL : result_verification(f->state, report);
}

PyObject *libwal_verify(PyObject *module, PyObject *const *args, Py_ssize_t n, PyObject *kwnames)
{
    static const struct signature signature = {
        "verify", 2, 1, {"path", "progress", "key", "key_id", "aead", "keys", "read_threads"}};
    PyObject *slots[MAX_ARGS], *made = NULL;
    wal_verify_t report = {.size = sizeof report};
    struct callback b = {.caller = NULL};
    struct offline f;
    uint64_t threads = 1;

    if (!args_bind(&signature, args, n, kwnames, slots) ||
        !arg_callable("progress", slots[1], &b.function) ||
        !arg_u64(state_of(module), "read_threads", slots[6], &threads) ||
        !offline_begin(&f, module, slots[0],
                       &(struct keys){slots[2], slots[3], slots[4], slots[5]}))
        return NULL;
    if (options_number(f.state, f.options, WAL_OPT_READ_THREADS, threads)) {
        b.caller = &f.caller;
        caller_leave_python(&f.caller);
        int e = wal_verify(PyBytes_AsString(f.dir), f.options, callback_progress, &b, &report,
                           sizeof report);
        caller_enter_python(&f.caller);
        made = report_or_raise(&f, e, &report);
    }
    offline_end(&f);
    return made;
}

static bool repair_flag(PyObject *is, uint32_t flag, uint32_t *flags)
{
    bool set = false;
    if (!arg_bool(is, &set))
        return false;
    *flags |= set ? flag : 0;
    return true;
}

PyObject *libwal_repair(PyObject *module, PyObject *const *args, Py_ssize_t n, PyObject *kwnames)
{
    static const struct signature signature = {"repair",
                                               1,
                                               1,
                                               {"path", "cut_at_damage", "rebuild_control",
                                                "dry_run", "key", "key_id", "aead", "keys",
                                                "lock"}};
    PyObject *slots[MAX_ARGS], *made = NULL;
    wal_verify_t report = {.size = sizeof report};
    struct offline f;
    uint32_t flags = 0;

    if (!args_bind(&signature, args, n, kwnames, slots) ||
        !repair_flag(slots[1], WAL_REPAIR_CUT_AT_DAMAGE, &flags) ||
        !repair_flag(slots[2], WAL_REPAIR_REBUILD_CONTROL, &flags) ||
        !repair_flag(slots[3], WAL_REPAIR_DRY_RUN, &flags) ||
        !offline_begin(&f, module, slots[0],
                       &(struct keys){slots[4], slots[5], slots[6], slots[7]}))
        return NULL;
    PyObject *lock = slots[8] == Py_None ? NULL : slots[8];
    if (lock_lend(f.state, lock, f.options)) {
        caller_leave_python(&f.caller);
        int e = wal_repair(PyBytes_AsString(f.dir), f.options, flags, &report, sizeof report);
        caller_enter_python(&f.caller);
        made = report_or_raise(&f, e, &report);
        lock_return(lock);
    }
    offline_end(&f);
    return made;
}

/* ---- salvage ---- */

struct salvage {
    struct callback record, gap;
};

static int salvage_record(void *ctx, const wal_record_t *r)
{
    struct callback *b = &((struct salvage *)ctx)->record;
    callback_enter(b);
    return callback_leave(b, callback_call(b, record_new(b->state, r)));
}

static int salvage_gap(void *ctx, uint64_t first, uint64_t last)
{
    struct callback *b = &((struct salvage *)ctx)->gap;
    callback_enter(b);
    PyObject *pair = Py_BuildValue("(KK)", (unsigned long long)first, (unsigned long long)last);
    return callback_leave(b, callback_call_tuple(b, pair));
}

/* Fills the lists, where there is no function. 0, or -1. */
static int run_salvage(struct offline *f, struct salvage *v)
{
    v->record.state = v->gap.state = f->state;
    v->record.caller = v->gap.caller = &f->caller;
    caller_leave_python(&f->caller);
    int e = wal_salvage(PyBytes_AsString(f->dir), f->options, salvage_record, salvage_gap, v);
    caller_enter_python(&f->caller);
    e = offline_result(f, e, WAL_E_CORRUPT); /* that there were gaps is told already */
    return e < 0 && e != WAL_E_CORRUPT ? -1 : 0;
}

PyObject *libwal_salvage(PyObject *module, PyObject *const *args, Py_ssize_t n, PyObject *kwnames)
{
    static const struct signature signature = {
        "salvage", 3, 1, {"path", "record", "gap", "key", "key_id", "aead", "keys"}};
    struct salvage v = {.record = {.function = NULL}, .gap = {.function = NULL}};
    PyObject *slots[MAX_ARGS];
    struct offline f;

    if (!args_bind(&signature, args, n, kwnames, slots) ||
        !arg_callable("record", slots[1], &v.record.function) ||
        !arg_callable("gap", slots[2], &v.gap.function) ||
        !offline_begin(&f, module, slots[0],
                       &(struct keys){slots[3], slots[4], slots[5], slots[6]}))
        return NULL;
    v.record.list = PyList_New(0);
    v.gap.list = PyList_New(0);
    int e = v.record.list && v.gap.list ? run_salvage(&f, &v) : -1;
    offline_end(&f);
    if (e == 0)
        return result_salvage(f.state, v.record.list, v.gap.list);
    Py_XDECREF(v.record.list);
    Py_XDECREF(v.gap.list);
    return NULL;
}

PyObject *libwal_destroy(PyObject *module, PyObject *path)
{
    struct offline f;

    if (!offline_begin(&f, module, path, NULL))
        return NULL;
    caller_leave_python(&f.caller);
    int e = wal_destroy(PyBytes_AsString(f.dir));
    caller_enter_python(&f.caller);
    e = offline_result(&f, e, 0);
    offline_end(&f);
    return e < 0 ? NULL : Py_NewRef(Py_None);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Looking inside: where the log stands, its segments, statistics; and copying it. */
#include "args.h"
#include "callback.h"
#include "errors.h"
#include "log.h"
#include "meta.h"
#include "results.h"

bool log_range(struct log *log, uint64_t range[4])
{
    struct call c;

    if (!call_begin(&c, log))
        return false;
    return call_end(&c, wal_range(c.w, &range[0], &range[1], &range[2], &range[3])) >= 0;
}

PyObject *log_get_range(PyObject *o, PyObject *unused)
{
    struct log *log = (struct log *)o;
    uint64_t range[4];

    (void)unused;
    return log_range(log, range) ? result_range(log->state, range) : NULL;
}

static uint64_t count(const uint64_t range[4])
{
    return range[1] ? range[1] - range[0] + 1 : 0;
}

Py_ssize_t log_length(PyObject *o)
{
    uint64_t range[4];

    if (!log_range((struct log *)o, range))
        return -1;
    if (count(range) > (uint64_t)PY_SSIZE_T_MAX) {
        PyErr_SetString(PyExc_OverflowError, "the log has more records than len() can say");
        return -1;
    }
    return (Py_ssize_t)count(range);
}

int log_contains(PyObject *o, PyObject *lsn)
{
    uint64_t range[4], number;

    if (!log_range((struct log *)o, range))
        return -1;
    if (!PyLong_Check(lsn))
        return 0;
    number = PyLong_AsUnsignedLongLong(lsn);
    if (number == UINT64_MAX && PyErr_Occurred())
        PyErr_Clear(); /* below 0, or too large for any LSN */
    return number >= range[0] && number <= range[1];
}

PyObject *log_repr(PyObject *o)
{
    struct log *log = (struct log *)o;
    const char *mode = log->read_only ? ", read-only" : "";
    uint64_t r[4];

    if (!log->w || log->closing)
        return PyUnicode_FromFormat("<libwal.Log %R, closed>", log->path);
    if (log_is_inherited(log))
        return PyUnicode_FromFormat("<libwal.Log %R, of the parent process>", log->path);
    if (!log_range(log, r))
        return NULL;
    if (r[1] == 0)
        return PyUnicode_FromFormat("<libwal.Log %R%s, empty, next LSN %llu>", log->path, mode,
                                    (unsigned long long)r[2]);
    return PyUnicode_FromFormat(
        "<libwal.Log %R%s, %llu records, LSN %llu to %llu, durable to %llu>", log->path, mode,
        (unsigned long long)count(r), (unsigned long long)r[0], (unsigned long long)r[1],
        (unsigned long long)r[3]);
}

PyObject *log_info(PyObject *o, PyObject *unused)
{
    struct log *log = (struct log *)o;
    wal_info_t info = {.size = sizeof info};
    struct call c;

    (void)unused;
    if (!call_begin(&c, log) || call_end(&c, wal_info(c.w, &info, sizeof info)) < 0)
        return NULL;
    return result_info(log->state, &info);
}

/* All segments in an array to be freed. NULL: an exception. */
static wal_segment_t *all_segments(struct log *log, size_t *ret_n)
{
    wal_segment_t *array = NULL;
    size_t room = 0, n = 16;

    while (n > room) { /* there may be more of them by the time that there is room */
        struct call c;
        wal_segment_t *larger = PyMem_Realloc(array, n * sizeof *larger);
        if (!larger)
            PyErr_NoMemory();
        array = larger ? larger : array;
        room = n;
        if (!larger || !call_begin(&c, log) ||
            call_end(&c, wal_segments(c.w, array, sizeof *array, &n)) < 0) {
            PyMem_Free(array);
            return NULL;
        }
    }
    *ret_n = n;
    return array;
}

PyObject *log_segments(PyObject *o, PyObject *unused)
{
    struct log *log = (struct log *)o;
    size_t n = 0;
    wal_segment_t *array = all_segments(log, &n);
    PyObject *list = array ? PyList_New((Py_ssize_t)n) : NULL;

    (void)unused;
    for (size_t i = 0; list && i < n; i++) {
        PyObject *made = result_segment(log->state, &array[i]);
        if (!made || PyList_SetItem(list, (Py_ssize_t)i, made) < 0)
            Py_CLEAR(list);
    }
    PyMem_Free(array);
    return list;
}

enum { STATS = 64 };

static bool put_stat(PyObject *dict, uint32_t i, uint64_t value)
{
    PyObject *number = PyLong_FromUnsignedLongLong(value);
    bool is = number && PyDict_SetItemString(dict, wal_stat_name(i), number) == 0;
    Py_XDECREF(number);
    return is;
}

PyObject *log_stats(PyObject *o, PyObject *unused)
{
    uint64_t values[STATS];
    uint32_t n = wal_stat_count() < STATS ? wal_stat_count() : STATS;
    struct call c;

    (void)unused;
    if (!call_begin(&c, (struct log *)o) || call_end(&c, wal_stats(c.w, values, n)) < 0)
        return NULL;
    PyObject *dict = PyDict_New();
    for (uint32_t i = 0; dict && i < n; i++)
        if (!put_stat(dict, i, values[i]))
            Py_CLEAR(dict);
    return dict;
}

PyObject *log_histogram(PyObject *o, PyObject *const *args, Py_ssize_t n, PyObject *kwnames)
{
    static const struct signature signature = {"histogram", 1, 1, {"which"}};
    static const char *const names[] = {"append_ns",   "sync_ns", "group_records",
                                        "group_bytes", "read_ns", NULL};
    enum { BUCKETS = 64 };
    struct log *log = (struct log *)o;
    PyObject *slots[MAX_ARGS];
    uint64_t buckets[BUCKETS];
    struct call c;
    int which = 0;

    if (!args_bind(&signature, args, n, kwnames, slots) ||
        !arg_word(log->state, "which", slots[0], names, &which) || !call_begin(&c, log) ||
        call_end(&c, wal_histogram(c.w, (uint32_t)which, buckets)) < 0)
        return NULL;
    PyObject *list = PyList_New(BUCKETS);
    for (Py_ssize_t i = 0; list && i < BUCKETS; i++) {
        PyObject *number = PyLong_FromUnsignedLongLong(buckets[i]);
        if (!number || PyList_SetItem(list, i, number) < 0)
            Py_CLEAR(list);
    }
    return list;
}

PyObject *log_copy(PyObject *o, PyObject *const *args, Py_ssize_t n, PyObject *kwnames)
{
    static const struct signature signature = {"copy", 2, 1, {"dest", "progress"}};
    struct log *log = (struct log *)o;
    PyObject *slots[MAX_ARGS], *dest;
    struct call c;
    int e = -1;

    struct callback b = {.state = log->state, .caller = &c.caller};
    if (!args_bind(&signature, args, n, kwnames, slots) ||
        !arg_callable("progress", slots[1], &b.function) || !(dest = arg_path(slots[0])))
        return NULL;
    if (call_begin_calling(&c, log)) {
        e = wal_copy(c.w, PyBytes_AsString(dest), callback_progress, &b);
        e = call_end(&c, e);
    }
    Py_DECREF(dest);
    return e < 0 ? NULL : Py_NewRef(Py_None);
}

/* ---- attributes ---- */

enum { FIRST, LAST, NEXT, DURABLE }; /* places in a range */

static PyObject *get_number(PyObject *o, void *which)
{
    uint64_t range[4];
    return log_range((struct log *)o, range) ? PyLong_FromUnsignedLongLong(range[(uintptr_t)which])
                                             : NULL;
}

static PyObject *get_path(PyObject *o, void *unused)
{
    (void)unused;
    return Py_NewRef(((struct log *)o)->path);
}

static PyObject *get_closed(PyObject *o, void *unused)
{
    struct log *log = (struct log *)o;
    (void)unused;
    return PyBool_FromLong(!log->w || log->closing);
}

static PyObject *get_read_only(PyObject *o, void *unused)
{
    (void)unused;
    return PyBool_FromLong(((struct log *)o)->read_only);
}

static PyObject *get_recovery(PyObject *o, void *unused)
{
    struct log *log = (struct log *)o;
    wal_recovery_t r = {.size = sizeof r};
    struct call c;

    (void)unused;
    if (!call_begin(&c, log) || call_end(&c, wal_recovery(c.w, &r, sizeof r)) < 0)
        return NULL;
    return result_recovery(log->state, &r);
}

static PyObject *get_failure(PyObject *o, void *unused)
{
    struct log *log = (struct log *)o;
    wal_error_t error = {.size = sizeof error};
    struct call c;

    (void)unused;
    if (!call_begin(&c, log) || call_end(&c, wal_failure_error(c.w, &error, sizeof error)) < 0)
        return NULL;
    return error.code ? error_new(log->state, &error, log->path) : Py_NewRef(Py_None);
}

static PyObject *get_disk_bytes(PyObject *o, void *unused)
{
    struct call c;

    (void)unused;
    if (!call_begin(&c, (struct log *)o))
        return NULL;
    uint64_t bytes = wal_disk_bytes(c.w);
    (void)call_end(&c, 0);
    return PyLong_FromUnsignedLongLong(bytes);
}

static PyObject *get_meta(PyObject *o, void *unused)
{
    (void)unused;
    return meta_new((struct log *)o);
}

PyGetSetDef log_getset[] = {
    {"path", get_path, NULL, "The log's directory.", NULL},
    {"closed", get_closed, NULL, "Whether the log was closed.", NULL},
    {"read_only", get_read_only, NULL, "Whether it was opened with mode 'r'.", NULL},
    {"first_lsn", get_number, NULL, "The smallest LSN that is there; next_lsn in an empty log.",
     (void *)FIRST},
    {"last_lsn", get_number, NULL, "The largest LSN that is there, 0 in an empty log.",
     (void *)LAST},
    {"next_lsn", get_number, NULL, "The LSN that the next record will get.", (void *)NEXT},
    {"durable_lsn", get_number, NULL,
     "Every record up to here has survived a sync. 0: none yet. It never overstates.",
     (void *)DURABLE},
    {"recovery", get_recovery, NULL, "What open found and did: a Recovery.", NULL},
    {"failure", get_failure, NULL,
     "The error that made the log fail, None while it is healthy. A failed log can be read and\n"
     "closed, nothing else; the next open decides by what is on the disk.",
     NULL},
    {"disk_bytes", get_disk_bytes, NULL, "What the log's files take on the disk, in bytes.", NULL},
    {"meta", get_meta, NULL,
     "Up to 64 small keys beside the records, as a mapping: durable when set, they survive\n"
     "truncation and reset.",
     NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a log: open and close. */
#include "log.h"

#include <unistd.h>

#include "args.h"
#include "errors.h"
#include "lock.h"
#include "machine.h"
#include "options.h"
#include "wait.h"

enum {
    OPEN_PATH,
    OPEN_MODE,
    OPEN_CREATE,
    OPEN_SYNC,
    OPEN_PRESET,
    OPEN_LABEL,
    OPEN_KEY,
    OPEN_KEY_ID,
    OPEN_AEAD,
    OPEN_KEYS,
    OPEN_MACHINE,
    OPEN_LOCK
};
static const struct signature open_signature = {"open",
                                                4,
                                                1,
                                                {"path", "mode", "create", "sync", "preset",
                                                 "label", "key", "key_id", "aead", "keys",
                                                 "machine", "lock"}};

/* ---- open ---- */

static bool set_mode(struct state *s, wal_options_t *o, PyObject *const *slots)
{
    static const char *const modes[] = {"a", "r", "x", NULL};
    int mode = 0;
    bool create = true;

    if (!arg_word(s, "mode", slots[OPEN_MODE], modes, &mode) ||
        !arg_bool(slots[OPEN_CREATE], &create))
        return false;
    return options_number(s, o, WAL_OPT_CREATE, create) &&
           (mode != 1 || options_number(s, o, WAL_OPT_READ_ONLY, 1)) &&
           (mode != 2 || options_number(s, o, WAL_OPT_EXCLUSIVE, 1));
}

static bool set_sync(struct state *s, wal_options_t *o, PyObject *sync)
{
    static const char *const modes[] = {"none", "interval", "data", "full", "dsync", NULL};
    int mode = 0;

    if (!sync || sync == Py_None)
        return true;
    return arg_word(s, "sync", sync, modes, &mode) &&
           options_number(s, o, WAL_OPT_SYNC, (uint64_t)mode);
}

/* Without a thread of the library: it must never run Python. */
static bool set_machine(struct state *s, wal_options_t *o, PyObject *object, struct machine **ret)
{
    if (!object || object == Py_None)
        return true;
    *ret = machine_new(s, object);
    if (!*ret || !options_number(s, o, WAL_OPT_BACKGROUND, 0))
        return false;
    int e = machine_set(*ret, o);
    if (e < 0)
        error_raise(s, e, NULL);
    return e >= 0;
}

static bool set_options(struct state *s, wal_options_t *o, PyObject *const *slots, PyObject *named,
                        struct machine **ret_machine)
{
    struct keys keys = {slots[OPEN_KEY], slots[OPEN_KEY_ID], slots[OPEN_AEAD], slots[OPEN_KEYS]};

    return options_preset(s, o, slots[OPEN_PRESET]) && set_mode(s, o, slots) &&
           set_sync(s, o, slots[OPEN_SYNC]) && options_label(s, o, slots[OPEN_LABEL]) &&
           options_keys(s, o, &keys) && options_named(s, o, named) &&
           set_machine(s, o, slots[OPEN_MACHINE], ret_machine);
}

/* Of open and close: 0 or -1. */
static int raise_result(struct log *log, struct caller *caller, int e)
{
    bool raised = caller_raise(caller);
    if (!raised && e < 0)
        error_raise(log->state, e, log->path);
    return raised || e < 0 ? -1 : 0;
}

/* The handle; a machine's callbacks run meanwhile. 0 or -1. */
static int open_handle(struct log *log, const char *dir, const wal_options_t *o)
{
    struct caller caller = {0};

    caller_in(&caller, log);
    caller_leave_python(&caller);
    int e = wal_open(dir, o, &log->w);
    caller_enter_python(&caller);
    caller_out(&caller);
    return raise_result(log, &caller, e);
}

/* Takes machine; the lock was lent already. */
static struct log *make(struct state *s, const char *dir, PyObject *lock, struct machine *machine)
{
    PyObject *path = PyUnicode_DecodeFSDefault(dir);
    struct log *log = path ? PyObject_GC_New(struct log, type_of(s, TYPE_LOG)) : NULL;

    if (!log) {
        Py_XDECREF(path);
        lock_return(lock);
        machine_free(machine);
        return NULL;
    }
    memset((char *)log + sizeof(PyObject), 0, sizeof *log - sizeof(PyObject));
    log->state = s;
    log->path = path;
    log->lock = lock && lock != Py_None ? Py_NewRef(lock) : NULL;
    log->machine = machine;
    machine_bind(machine, log);
    log->process = getpid();
    PyObject_GC_Track(log);
    return log;
}

static PyObject *open_with(struct state *s, const char *dir, PyObject *lock, wal_options_t *o,
                           struct machine *machine)
{
    uint64_t read_only = 0;
    struct log *log = make(s, dir, lock, machine);

    if (!log)
        return NULL;
    (void)wal_options_get(o, WAL_OPT_READ_ONLY, &read_only);
    log->read_only = read_only != 0;
    if (open_handle(log, dir, o) < 0)
        Py_CLEAR(log);
    return (PyObject *)log;
}

/* To what the options had to say. */
static void add_path(struct state *s, PyObject *dir)
{
    PyObject *type, *value, *traceback;

    PyErr_Fetch(&type, &value, &traceback);
    PyObject *path = PyUnicode_DecodeFSDefault(PyBytes_AsString(dir));
    PyErr_Restore(type, value, traceback);
    if (path)
        error_add_path(s, path);
    Py_XDECREF(path);
}

PyObject *libwal_open(PyObject *module, PyObject *args, PyObject *kwargs)
{
    struct state *s = state_of(module);
    PyObject *slots[MAX_ARGS], *named, *made = NULL;
    struct machine *machine = NULL;

    if (!args_bind_dict(&open_signature, args, kwargs, slots, &named))
        return NULL;
    PyObject *dir = arg_path(slots[OPEN_PATH]);
    wal_options_t *o = dir ? options_begin(s) : NULL;
    bool is = o && set_options(s, o, slots, named, &machine) && lock_lend(s, slots[OPEN_LOCK], o);
    if (is)
        made = open_with(s, PyBytes_AsString(dir), slots[OPEN_LOCK], o, machine);
    else
        machine_free(machine);
    if (!made && dir)
        add_path(s, dir);
    wal_options_free(o);
    Py_XDECREF(dir);
    Py_DECREF(named);
    return made;
}

const char libwal_open_doc[] =
    "open(path, mode='a', create=True, sync=None, *, preset=None, label=None, key=None, key_id=0, "
    "aead='aes-256-gcm', keys=None, machine=None, lock=None, **options)\n--\n\n"
    "Opens the log in directory `path` and repairs what a crash left at its end.\n\n"
    "mode      'a' write and read; 'r' read only, beside a writer in this or another process;\n"
    "          'x' make a log, ExistsError where there is one\n"
    "create    make the log where there is none, its directory too, not the parent\n"
    "sync      when an append returns: 'data' (the default), 'full', 'dsync': durable;\n"
    "          'interval': buffered, synced from time to time; 'none': buffered\n"
    "preset    'low_latency', 'high_throughput' or 'durable'; options given beside it win\n"
    "label     up to 64 bytes for people and tools, see Log.info()\n"
    "key       16 to 1024 random bytes: encrypt; key_id names it in the log's files\n"
    "keys      older keys that the log may still need, by their ids\n"
    "machine   an object with apply(record), snapshot() -> bytes and restore(lsn, state), which\n"
    "          the log restores and keeps up to date; called only on threads inside a call of\n"
    "          this log. Such a log has no background thread\n"
    "lock      a Lock of the directory, used in place of one of the log's own\n"
    "options   any option of the library by its name: segment_bytes='64M', codec='zlib' ...\n"
    "          libwal.options() lists them with their defaults\n\n"
    "LockedError: somebody writes the log. NotFoundError, ExistsError, CorruptError, TornError\n"
    "(option strict), VersionError, CryptoError, PermError, NoSpaceError, WalOSError,\n"
    "InvalidError: options contradict each other, or the path is a file.";

/* ---- close ---- */

bool log_is_inherited(const struct log *log)
{
    return log->process != getpid();
}

/* Calls that are inside come out by themselves, but for those of threads that a fork left behind,
 * and of daemon threads where the interpreter ends: these leave the library, yet never get the GIL
 * again. *ret_stuck: some of them may be in a callback, so they don't even leave the library. -1: a
 * signal's exception. */
static int wait_for_users(const struct log *log, bool *ret_stuck)
{
    *ret_stuck = false;
    while (log->users > 0 && !log_is_inherited(log)) {
        if (PyErr_CheckSignals() < 0)
            return -1;
        wait_a_moment();
        if (python_ends()) {
            *ret_stuck = log->calling > 0;
            return 0;
        }
    }
    return 0;
}

static void give_lock_back(struct log *log)
{
    lock_return(log->lock);
    Py_CLEAR(log->lock);
}

/* Frees the handle. What close has to say is raised: 0 or -1. */
static int shut(struct log *log)
{
    struct caller caller = {0};
    bool stuck;

    log->closing = true;
    caller_in(&caller, log); /* also for what a signal's handler calls meanwhile */
    if (wait_for_users(log, &stuck) < 0) {
        caller_out(&caller);
        log->closing = false;
        return -1;
    }
    wal_t *w = log->w;
    log->w = NULL;
    caller_leave_python(&caller);
    int e = stuck ? 0 : wal_close(w);
    caller_enter_python(&caller);
    caller_out(&caller);
    log->closing = false;
    if (!stuck)
        give_lock_back(log);
    return raise_result(log, &caller, e);
}

static bool another_closes(const struct log *log)
{
    return log->closing && !log_is_inherited(log) && !python_ends();
}

PyObject *log_close(PyObject *o, PyObject *unused)
{
    struct log *log = (struct log *)o;

    (void)unused;
    if (caller_of(log)) { /* first: who is closing it waits for this thread, or is it */
        error_raise_text(log->state, WAL_E_BUSY, log->path, "close() inside a callback of the log");
        return NULL;
    }
    while (another_closes(log)) {
        if (PyErr_CheckSignals() < 0)
            return NULL;
        wait_a_moment();
    }
    if (!log->w)
        return Py_NewRef(Py_None);
    if (log->exports) {
        PyErr_SetString(PyExc_BufferError, "a buffer of a view of the log is in use");
        return NULL;
    }
    return shut(log) < 0 ? NULL : Py_NewRef(Py_None);
}

PyObject *log_enter(PyObject *o, PyObject *unused)
{
    struct log *log = (struct log *)o;

    (void)unused;
    if (log->w && !log->closing)
        return Py_NewRef(o);
    error_raise_text(log->state, WAL_E_CLOSED, log->path, "the log is closed");
    return NULL;
}

PyObject *log_exit(PyObject *o, PyObject *args)
{
    (void)args;
    return log_close(o, NULL);
}

/* A log that nobody closed: says so, and closes it. */
void log_finalize(PyObject *o)
{
    struct log *log = (struct log *)o;
    PyObject *type, *value, *traceback;

    if (!log->w || log->closing)
        return;
    PyErr_Fetch(&type, &value, &traceback);
    if (!log_is_inherited(log) &&
        PyErr_WarnFormat(PyExc_ResourceWarning, 1, "unclosed log %R", log->path) < 0)
        PyErr_WriteUnraisable(log->path);
    if (shut(log) < 0)
        PyErr_WriteUnraisable(log->path);
    PyErr_Restore(type, value, traceback);
}

int log_traverse(PyObject *o, visitproc visit, void *arg)
{
    struct log *log = (struct log *)o;

    Py_VISIT(Py_TYPE(o));
    Py_VISIT(log->lock);
    return machine_traverse(log->machine, visit, arg);
}

int log_clear(PyObject *o)
{
    struct log *log = (struct log *)o;
    struct machine *machine = log->machine;

    log_finalize(o);
    log->machine = NULL;
    machine_free(machine);
    return 0;
}

void log_dealloc(PyObject *o)
{
    struct log *log = (struct log *)o;
    PyTypeObject *type = Py_TYPE(o);

    PyObject_GC_UnTrack(o);
    (void)log_clear(o);
    give_lock_back(log); /* of an open that failed */
    Py_DECREF(log->path);
    PyObject_GC_Del(o);
    Py_DECREF(type);
}

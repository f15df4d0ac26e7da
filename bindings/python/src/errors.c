/* SPDX-License-Identifier: Apache-2.0 */
#include "errors.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

/* One exception class. Its bases: WalError or the class named, and a class of Python's. */
struct error_class {
    int code; /* WAL_E_..., 0: none of its own */
    const char *name, *base, *doc;
    int sys_errno; /* what Python's own class stands for, where the system said nothing */
};

enum { NAME_AT = sizeof "libwal." - 1 };

/* In this order they are made; bases come first. */
static const struct error_class classes[] = {
    [ERROR_BASE - ERROR_FIRST] = {0, "libwal.WalError", NULL,
                                  "Base of all errors of libwal: code, name, lsn, path, errno.", 0},
    [ERROR_INVALID - ERROR_FIRST] = {WAL_E_INVAL, "libwal.InvalidError", NULL,
                                     "An argument or option that makes no sense.", 0},
    {WAL_E_CORRUPT, "libwal.CorruptError", NULL,
     "Damage: the text says where. From verify() and repair(), report says what was found.", 0},
    {WAL_E_TORN, "libwal.TornError", "CorruptError",
     "The log's end was cut short by a crash; the next ordinary open gives it up.", 0},
    {WAL_E_NOTFOUND, "libwal.NotFoundError", NULL, "No log here, or no parent directory.", 0},
    [ERROR_MISSING_KEY -
        ERROR_FIRST] = {0, "libwal.MissingKeyError", "NotFoundError", "No such metadata key.", 0},
    {WAL_E_LOCKED, "libwal.LockedError", NULL, "Another handle or process writes the log.", 0},
    {WAL_E_CLOSED, "libwal.ClosedError", NULL, "The object, or its log, is closed.", 0},
    {WAL_E_READONLY, "libwal.ReadOnlyError", NULL, "A write on a read-only log.", 0},
    {WAL_E_FAILED, "libwal.FailedError", NULL,
     "The log has failed earlier, nothing was done; Log.failure has the cause.", 0},
    {WAL_E_INDOUBT, "libwal.InDoubtError", NULL,
     "The sync failed: record lsn is there after the next open, or not.", 0},
    [ERROR_TOO_BIG - ERROR_FIRST] = {WAL_E_TOOBIG, "libwal.TooBigError", NULL, "Above a limit.", 0},
    {WAL_E_RANGE, "libwal.RangeError", NULL, "An LSN outside the log.", 0},
    {WAL_E_TRIMMED, "libwal.TrimmedError", NULL,
     "The reader's place was cut away; seek() goes on elsewhere.", 0},
    {WAL_E_CRYPTO, "libwal.CryptoError", NULL, "No key or a wrong one; or encryption failed.", 0},
    {WAL_E_VERSION, "libwal.VersionError", NULL, "Written by a newer version of the format.", 0},
    {WAL_E_EXISTS, "libwal.ExistsError", NULL, "A log is there already; a key of that id.", EEXIST},
    {WAL_E_BUSY, "libwal.BusyError", NULL,
     "Not from inside a callback, or while another thread uses the object; nowait would wait.", 0},
    {WAL_E_TIMEOUT, "libwal.WalTimeoutError", NULL, "Not within the time given.", ETIMEDOUT},
    {WAL_E_FORK, "libwal.ForkError", NULL, "The log belongs to the parent process.", 0},
    {WAL_E_UNSUPPORTED, "libwal.UnsupportedError", NULL, "This build or log can't do it.", 0},
    {WAL_E_FULL, "libwal.FullError", NULL, "No LSNs left, or no room for another key.", 0},
    {WAL_E_IO, "libwal.WalOSError", NULL, "An error of the system; errno says which.", 0},
    {WAL_E_NOSPC, "libwal.NoSpaceError", "WalOSError", "No space, quota or file size left.",
     ENOSPC},
    {WAL_E_PERM, "libwal.PermError", "WalOSError", "No rights, or an unsafe directory or file.",
     EACCES},
};
enum { CLASSES = sizeof classes / sizeof classes[0] };
_Static_assert(CLASSES <= ERROR_END - ERROR_FIRST, "make room in struct state");

/* The second base: what Python has for such a thing, so that programs need not know ours. */
static PyObject *python_base(const char *name)
{
    const struct {
        const char *name;
        PyObject *base;
    } bases[] = {
        {"InvalidError", PyExc_ValueError},     {"NotFoundError", PyExc_LookupError},
        {"MissingKeyError", PyExc_KeyError},    {"ClosedError", PyExc_ValueError},
        {"TooBigError", PyExc_ValueError},      {"RangeError", PyExc_IndexError},
        {"ExistsError", PyExc_FileExistsError}, {"WalTimeoutError", PyExc_TimeoutError},
        {"WalOSError", PyExc_OSError},          {"PermError", PyExc_PermissionError},
    };
    for (size_t i = 0; i < sizeof bases / sizeof bases[0]; i++)
        if (strcmp(name, bases[i].name) == 0)
            return bases[i].base;
    return NULL;
}

static PyObject *class_named(const struct state *s, const char *name)
{
    for (int i = 0; i < CLASSES; i++)
        if (strcmp(classes[i].name + NAME_AT, name) == 0)
            return s->of[ERROR_FIRST + i];
    return NULL;
}

static PyObject *class_of_code(const struct state *s, int code)
{
    for (int i = 1; i < CLASSES; i++)
        if (classes[i].code == code)
            return s->of[ERROR_FIRST + i];
    return s->of[ERROR_FIRST];
}

static int errno_of_code(int code)
{
    for (int i = 1; i < CLASSES; i++)
        if (classes[i].code == code)
            return classes[i].sys_errno;
    return 0;
}

/* The attributes that every error has, on the class: so one that a program makes has them too, and
 * errno is an attribute like the others also where OSError is a base, and is pickled. __str__:
 * KeyError's would put quotes around the text. */
static PyObject *base_attributes(void)
{
    PyObject *text = PyObject_GetAttrString(PyExc_Exception, "__str__");
    if (!text)
        return NULL;
    return Py_BuildValue("{s:i,s:s,s:O,s:O,s:O,s:O,s:O,s:N}", "code", 0, "name", "WAL_OK", "lsn",
                         Py_None, "path", Py_None, "errno", Py_None, "segment", Py_None, "offset",
                         Py_None, "__str__", text);
}

static PyObject *class_attributes(const struct error_class *c)
{
    if (!c->base && c->code == 0)
        return base_attributes();
    int code = c->code ? c->code : WAL_E_NOTFOUND;
    PyObject *dict = Py_BuildValue("{s:i,s:s}", "code", code, "name", wal_error_name(code));
    if (dict && code == WAL_E_CORRUPT && PyDict_SetItemString(dict, "report", Py_None) < 0)
        Py_CLEAR(dict);
    return dict;
}

static PyObject *make_class(const struct state *s, const struct error_class *c)
{
    PyObject *first = c->base ? class_named(s, c->base) : s->of[ERROR_FIRST];
    PyObject *second = python_base(c->name + NAME_AT);
    PyObject *bases = !first   ? PyTuple_Pack(1, PyExc_Exception)
                      : second ? PyTuple_Pack(2, first, second)
                               : PyTuple_Pack(1, first);
    PyObject *dict = class_attributes(c), *made = NULL;
    if (bases && dict)
        made = PyErr_NewExceptionWithDoc(c->name, c->doc, bases, dict);
    Py_XDECREF(bases);
    Py_XDECREF(dict);
    return made;
}

int errors_init(PyObject *module)
{
    struct state *s = state_of(module);

    for (int i = 0; i < CLASSES; i++) {
        PyObject *made = make_class(s, &classes[i]);
        s->of[ERROR_FIRST + i] = made;
        if (!made || PyModule_AddObjectRef(module, classes[i].name + NAME_AT, made) < 0)
            return -1;
    }
    return 0;
}

/* Takes the value's reference. */
static int put(PyObject *error, const char *name, PyObject *value)
{
    int e = value ? PyObject_SetAttrString(error, name, value) : -1;
    Py_XDECREF(value);
    return e;
}

static int put_unless_0(PyObject *error, const char *name, uint64_t value)
{
    return value ? put(error, name, PyLong_FromUnsignedLongLong(value)) : 0;
}

int error_fill(PyObject *error, const wal_error_t *what, PyObject *path)
{
    int number = what->sys_errno ? what->sys_errno : errno_of_code(what->code);

    if (put(error, "code", PyLong_FromLong(what->code)) < 0 ||
        put(error, "name", PyUnicode_FromString(wal_error_name(what->code))) < 0 ||
        put_unless_0(error, "lsn", what->lsn) < 0 ||
        put_unless_0(error, "segment", what->segment) < 0)
        return -1;
    if (what->segment && put(error, "offset", PyLong_FromUnsignedLongLong(what->offset)) < 0)
        return -1;
    if (number && put(error, "errno", PyLong_FromLong(number)) < 0)
        return -1;
    return path ? PyObject_SetAttrString(error, "path", path) : 0;
}

static PyObject *make_error(PyObject *class, const wal_error_t *error, PyObject *path)
{
    PyObject *text = PyUnicode_DecodeFSDefault(error->message), *made = NULL;

    if (text)
        made = PyObject_CallFunctionObjArgs(class, text, NULL);
    Py_XDECREF(text);
    if (made && error_fill(made, error, path) < 0)
        Py_CLEAR(made);
    return made;
}

PyObject *error_new(struct state *s, const wal_error_t *error, PyObject *path)
{
    return make_error(class_of_code(s, error->code), error, path);
}

static void raise_as(PyObject *class, const wal_error_t *error, PyObject *path)
{
    PyObject *made = make_error(class, error, path);

    if (made)
        PyErr_SetObject((PyObject *)Py_TYPE(made), made);
    Py_XDECREF(made);
}

static void raise_it(struct state *s, const wal_error_t *error, PyObject *path)
{
    if (error->code == WAL_E_NOMEM)
        PyErr_NoMemory();
    else
        raise_as(class_of_code(s, error->code), error, path);
}

/* What the library's last call on this thread had to say. */
static wal_error_t last_error(int code)
{
    wal_error_t error = {.size = sizeof error};

    if (wal_last_error(&error, sizeof error) < 0 || error.code != code) {
        memset(&error, 0, sizeof error);
        error.code = code;
        (void)snprintf(error.message, sizeof error.message, "%s", wal_strerror(code));
    }
    return error;
}

void error_raise(struct state *s, int code, PyObject *path)
{
    wal_error_t error = last_error(code);
    raise_it(s, &error, path);
}

void error_raise_missing_key(struct state *s, PyObject *path)
{
    wal_error_t error = last_error(WAL_E_NOTFOUND);
    raise_as(s->of[ERROR_MISSING_KEY], &error, path);
}

void error_add_path(struct state *s, PyObject *path)
{
    PyObject *type, *value, *traceback;

    if (!PyErr_Occurred() || !PyErr_ExceptionMatches(s->of[ERROR_BASE]))
        return;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    PyObject *known = value ? PyObject_GetAttrString(value, "path") : NULL;
    if (known == Py_None && PyObject_SetAttrString(value, "path", path) < 0)
        PyErr_Clear();
    Py_XDECREF(known);
    PyErr_Restore(type, value, traceback);
}

void error_raise_text(struct state *s, int code, PyObject *path, const char *format, ...)
{
    wal_error_t error = {.size = sizeof error, .code = code};
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(error.message, sizeof error.message, format, arguments);
    va_end(arguments);
    raise_it(s, &error, path);
}

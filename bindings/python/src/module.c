/* SPDX-License-Identifier: Apache-2.0 */
/* The module _libwal: its classes, exceptions and functions. */
#include "batch.h"
#include "errors.h"
#include "events.h"
#include "lock.h"
#include "log.h"
#include "meta.h"
#include "offline.h"
#include "options.h"
#include "reader.h"
#include "record.h"
#include "results.h"
#include "view.h"

struct state *state_of(PyObject *module)
{
    return PyModule_GetState(module);
}

int add_type(PyObject *module, int which, PyType_Spec *spec)
{
    struct state *s = state_of(module);

    s->of[which] = PyType_FromModuleAndSpec(module, spec, NULL);
    return s->of[which] ? PyModule_AddType(module, type_of(s, which)) : -1;
}

PyObject *refuse_to_reduce(PyObject *self, PyObject *unused)
{
    (void)unused;
    PyErr_Format(PyExc_TypeError, "%R can't be pickled or copied", self);
    return NULL;
}

static PyObject *libwal_version(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    return PyUnicode_FromString(wal_version());
}

#define KEYS_TEXT "key, key_id, aead and keys are as in open()."

static PyMethodDef functions[] = {
    {"open", (PyCFunction)(void (*)(void))libwal_open, METH_VARARGS | METH_KEYWORDS,
     libwal_open_doc},
    METHOD("verify", libwal_verify,
           "verify(path, progress=None, *, key=None, key_id=0, aead='aes-256-gcm', keys=None, "
           "read_threads=1)\n--\n\n"
           "Reads all of a log with all of its checksums, changing nothing, and returns a\n"
           "Verification. CorruptError: something is damaged; TornError: its end is torn, as a\n"
           "crash leaves it; both have the Verification in `report`. progress(done, total) is\n"
           "told of bytes; a true result, or an exception, stops it. A log that is in use is\n"
           "verified up to what is durable. " KEYS_TEXT),
    METHOD(
        "repair", libwal_repair,
        "repair(path, *, cut_at_damage=False, rebuild_control=False, dry_run=False, key=None, "
        "key_id=0, aead='aes-256-gcm', keys=None, lock=None)\n--\n\n"
        "Makes a damaged log one that opens again; at least one of the three is to be said.\n"
        "What is given up or replaced is first copied into the directory `quarantine`.\n\n"
        "cut_at_damage    the log ends before its first damage\n"
        "rebuild_control  control is made anew from the segments' headers\n"
        "dry_run          nothing is done, as verify()\n\n"
        "CorruptError: refused, or still damaged. LockedError: somebody has it open. " KEYS_TEXT),
    METHOD("salvage", libwal_salvage,
           "salvage(path, record=None, gap=None, *, key=None, key_id=0, aead='aes-256-gcm', "
           "keys=None)\n--\n\n"
           "Gets out every record that can still be read, and the ranges of LSNs that can't:\n"
           "a Salvage of two lists. With record(Record) or gap(first, last) these are told in\n"
           "place of the lists; a true result stops it. Changes nothing. " KEYS_TEXT),
    {"destroy", libwal_destroy, METH_O,
     "destroy(path, /)\n--\n\n"
     "Removes a log: its own files only, then the directory if it is empty. LockedError: it is\n"
     "open for writing somewhere."},
    {"lock_holder", libwal_lock_holder, METH_O,
     "lock_holder(path, /)\n--\n\n"
     "Who has the log open for writing: None nobody, else the process id, 0 where the log\n"
     "doesn't tell it."},
    METHOD("encode", libwal_encode,
           "encode(payloads, types=0)\n--\n\n"
           "Records as bytes, checksummed, to send elsewhere and append there: see decode()."),
    {"decode", libwal_decode, METH_O,
     "decode(form, /)\n--\n\n"
     "The records of encode() again, with lsn 0. CorruptError: something is wrong in it. The\n"
     "checksum finds accidents, not forgers."},
    METHOD_NOARGS("options", libwal_options,
                  "options()\n--\n\nThe names of all options of open(), with their defaults."),
    METHOD_NOARGS("version", libwal_version,
                  "version()\n--\n\nThe version of the library that runs."),
    {NULL, NULL, 0, NULL},
};

static int execute(PyObject *module)
{
    struct {
        int which;
        PyType_Spec *spec;
    } types[] = {
        {TYPE_LOG, &log_spec},       {TYPE_BATCH, &batch_spec}, {TYPE_READER, &reader_spec},
        {TYPE_RECORD, &record_spec}, {TYPE_VIEW, &view_spec},   {TYPE_META, &meta_spec},
        {TYPE_EVENTS, &events_spec}, {TYPE_LOCK, &lock_spec},
    };

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (add_type(module, types[i].which, types[i].spec) < 0)
            return -1;
    if (errors_init(module) < 0 || results_init(module) < 0 || meta_init(module) < 0 ||
        record_init(module) < 0)
        return -1;
    int e = wal_version_check(WAL_VERSION_MAJOR, WAL_VERSION_MINOR);
    if (e < 0)
        error_raise(state_of(module), e, NULL);
    return e;
}

static int traverse(PyObject *module, visitproc visit, void *arg)
{
    struct state *s = state_of(module);
    for (int i = 0; s && i < STATE_END; i++)
        Py_VISIT(s->of[i]);
    return 0;
}

static int clear(PyObject *module)
{
    struct state *s = state_of(module);
    for (int i = 0; s && i < STATE_END; i++)
        Py_CLEAR(s->of[i]);
    return 0;
}

static void release(void *module)
{
    (void)clear(module);
}

/* What CPython 3.12 has added: a module says that it may be loaded into interpreters that have a
 * GIL of their own. The headers of 3.11 don't know the slot, and 3.11 refuses it. */
#define SLOT_MULTIPLE_INTERPRETERS 3
#define PER_INTERPRETER_GIL        ((void *)2)
enum { VERSION_3_12 = 0x030C0000 };

static PyModuleDef_Slot slots_3_11[] = {{Py_mod_exec, execute}, {0, NULL}};
static PyModuleDef_Slot slots_3_12[] = {
    {Py_mod_exec, execute}, {SLOT_MULTIPLE_INTERPRETERS, PER_INTERPRETER_GIL}, {0, NULL}};

#define DEFINITION(slots)                                                                          \
    {                                                                                              \
        PyModuleDef_HEAD_INIT, .m_name = "_libwal", .m_doc = "The extension module of libwal.",    \
                               .m_size = sizeof(struct state), .m_methods = functions,             \
                               .m_slots = slots, .m_traverse = traverse, .m_clear = clear,         \
                               .m_free = release                                                   \
    }
static PyModuleDef module_3_11 = DEFINITION(slots_3_11), module_3_12 = DEFINITION(slots_3_12);

PyMODINIT_FUNC PyInit__libwal(void);
PyMODINIT_FUNC PyInit__libwal(void)
{
    return PyModuleDef_Init(Py_Version < VERSION_3_12 ? &module_3_11 : &module_3_12);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "results.h"

#define FIELD(name)                                                                                \
    {                                                                                              \
        name, NULL                                                                                 \
    }
#define END                                                                                        \
    {                                                                                              \
        NULL, NULL                                                                                 \
    }
#define DESC(type, text, fields)                                                                   \
    {                                                                                              \
        "libwal." type, text, fields, (int)(sizeof fields / sizeof fields[0]) - 1                  \
    }

const char *const event_kinds[] = {"opened",    "rotated",   "synced",      "persisted",
                                   "removed",   "truncated", "failed",      "corrupt",
                                   "slow_sync", "durable",   "write_error", NULL};
static const char *const verdicts[] = {"new", "clean", "torn", "ambiguous", "damaged"};
static const char *const ciphers[] = {"none", "aes-256-gcm", "chacha20-poly1305"};
static const char *const codecs[] = {"none", "zlib"};

static PyStructSequence_Field range_fields[] = {
    {"first_lsn", "the smallest LSN that is there; the next one in an empty log"},
    {"last_lsn", "the largest LSN that is there, 0 in an empty log"},
    {"next_lsn", "the LSN of the next record"},
    {"durable_lsn", "every record up to here has survived a sync"},
    END};
static PyStructSequence_Field checkpoint_fields[] = {
    {"lsn", "the record up to which the state is"}, {"state", "its bytes"}, END};
static PyStructSequence_Field recovery_fields[] = {
    {"verdict", "new, clean, torn or ambiguous"},
    FIELD("first_lsn"),
    FIELD("last_lsn"),
    FIELD("next_lsn"),
    FIELD("durable_lsn"),
    {"checkpoint_lsn", "of the newest checkpoint, 0: none"},
    {"discarded_bytes", "not zero, and given up"},
    {"carried_records", "written again: nothing vouched for their being on the disk"},
    {"segments", "how many were found"},
    {"duration_ns", "of the whole open"},
    {"cut_segment", "number of the segment that was cut, 0: none"},
    {"cut_offset", "bytes from its start"},
    {"header_repairs", "segment headers of which one of two copies was damaged"},
    END};
static PyStructSequence_Field segment_fields[] = {
    {"number", "its file is this number in 20 digits and .wal"},
    {"sealed", "nothing is written to it any more"},
    {"first_lsn", "of its records that count"},
    {"last_lsn", "first_lsn - 1 when it has none"},
    {"bytes", "used"},
    {"records", "that count"},
    {"created_ns", "since 1970"},
    {"checkpoint_lsn", "of the newest checkpoint that lies in it, 0: none"},
    END};
static PyStructSequence_Field info_fields[] = {
    {"uuid", "of the log, made with it"},
    {"label", "the user's, b'' without one"},
    {"major", "of the format"},
    {"minor", "of the format"},
    {"codec", "none or zlib"},
    {"cipher", "none, aes-256-gcm, chacha20-poly1305, or the number of another one"},
    {"key_id", "for the cipher"},
    {"strays", "names in the directory that mean nothing to the log"},
    {"epoch", "how many opens have written to the log"},
    {"direct", "groups go past the page cache"},
    {"dsync", "it is written through O_DSYNC"},
    {"read_only", "this handle is read-only"},
    {"clean", "open found it as a close had left it"},
    END};
static PyStructSequence_Field event_fields[] = {
    {"kind", "what happened"},
    {"lsn", "the record concerned, 0: none"},
    {"segment", "its number, 0: none"},
    FIELD("bytes"),
    FIELD("duration_ns"),
    {"time_ns", "when it happened, since 1970"},
    {"code", "of the error, 0: none"},
    {"dropped", "so many events were lost before this one"},
    END};
static PyStructSequence_Field verification_fields[] = {
    {"verdict", "clean, torn, ambiguous or damaged"},
    {"segments", "that make up the log"},
    {"records", "that are there and right"},
    {"bytes", "of their payloads"},
    {"first_lsn", "of them, 0: there are none"},
    {"last_lsn", "the same"},
    {"damaged_segment", "the first one with damage; 0: none, or it is control that is damaged"},
    {"damaged_offset", "bytes from the segment's start"},
    {"damaged_lsn", "the first record that the damage may concern, 0: unknown"},
    {"gaps", "ranges of LSNs that can't be read"},
    FIELD("duration_ns"),
    END};
static PyStructSequence_Field salvage_fields[] = {
    {"records", "what could be read, in the order of LSNs"},
    {"gaps", "pairs of LSNs, first and last of what is lost"},
    END};

static PyStructSequence_Desc descriptions[] = {
    DESC("Range", "Where a log stands, in one consistent look.", range_fields),
    DESC("Checkpoint", "A checkpoint: the program's state up to a record.", checkpoint_fields),
    DESC("Recovery", "What open found, and what it did.", recovery_fields),
    DESC("Segment", "One file of the log.", segment_fields),
    DESC("Info", "The log as a whole; what depends on the segment is of the newest.", info_fields),
    DESC("Event", "Something that a log did, or that happened to it.", event_fields),
    DESC("Verification", "What was found in a log.", verification_fields),
    DESC("Salvage", "What could be saved from a damaged log.", salvage_fields),
};
enum { FIRST = TYPE_RANGE, COUNT = sizeof descriptions / sizeof descriptions[0] };
_Static_assert(FIRST + COUNT == ERROR_FIRST, "as in the list of types");

int results_init(PyObject *module)
{
    struct state *s = state_of(module);

    for (int i = 0; i < COUNT; i++) {
        const char *name = descriptions[i].name + sizeof "libwal." - 1;
        PyTypeObject *type = PyStructSequence_NewType(&descriptions[i]);
        s->of[FIRST + i] = (PyObject *)type;
        if (!type || PyModule_AddObjectRef(module, name, (PyObject *)type) < 0)
            return -1;
    }
    return 0;
}

/* Takes the values; one that is NULL, with its exception, makes all of it fail. */
static PyObject *fill(struct state *s, int which, PyObject *const *values, int n)
{
    PyObject *made = PyStructSequence_New(type_of(s, which));
    bool whole = made != NULL;

    for (int i = 0; i < n; i++) {
        if (!values[i])
            whole = false;
        if (made)
            PyStructSequence_SetItem(made, i, values[i]);
        else
            Py_XDECREF(values[i]);
    }
    if (!whole)
        Py_CLEAR(made);
    return made;
}
#define FILL(s, which, values) fill(s, which, values, (int)(sizeof(values) / sizeof(values)[0]))

static PyObject *number(uint64_t value)
{
    return PyLong_FromUnsignedLongLong(value);
}

static PyObject *word(const char *const *words, size_t n, uint64_t at)
{
    return at < n ? PyUnicode_InternFromString(words[at])
                  : PyUnicode_FromFormat("%llu", (unsigned long long)at);
}
#define WORD(words, at) word(words, sizeof(words) / sizeof(words)[0], at)

PyObject *result_range(struct state *s, const uint64_t range[4])
{
    PyObject *values[] = {number(range[0]), number(range[1]), number(range[2]), number(range[3])};
    return FILL(s, TYPE_RANGE, values);
}

PyObject *result_checkpoint(struct state *s, uint64_t lsn, PyObject *state)
{
    PyObject *values[] = {number(lsn), state};
    return FILL(s, TYPE_CHECKPOINT, values);
}

PyObject *result_recovery(struct state *s, const wal_recovery_t *r)
{
    PyObject *values[] = {
        WORD(verdicts, r->verdict), number(r->first_lsn),       number(r->last_lsn),
        number(r->next_lsn),        number(r->durable_lsn),     number(r->checkpoint_lsn),
        number(r->discarded_bytes), number(r->carried_records), number(r->segments),
        number(r->duration_ns),     number(r->cut_segment),     number(r->cut_offset),
        number(r->header_repairs),
    };
    return FILL(s, TYPE_RECOVERY, values);
}

PyObject *result_segment(struct state *s, const wal_segment_t *r)
{
    PyObject *values[] = {
        number(r->number),     PyBool_FromLong((r->flags & WAL_SEGMENT_SEALED) != 0),
        number(r->first_lsn),  number(r->last_lsn),
        number(r->bytes),      number(r->records),
        number(r->created_ns), number(r->checkpoint_lsn),
    };
    return FILL(s, TYPE_SEGMENT, values);
}

static PyObject *uuid_text(const uint8_t *u)
{
    char text[37], *at = text;
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *at++ = '-';
        *at++ = "0123456789abcdef"[u[i] >> 4];
        *at++ = "0123456789abcdef"[u[i] & 15];
    }
    return PyUnicode_FromStringAndSize(text, at - text);
}

static PyObject *flag(const wal_info_t *r, uint32_t bit)
{
    return PyBool_FromLong((r->flags & bit) != 0);
}

/* It may have zeros in it; those behind it are padding. */
static PyObject *label(const wal_info_t *r)
{
    Py_ssize_t n = sizeof r->label;
    while (n > 0 && r->label[n - 1] == 0)
        n--;
    return PyBytes_FromStringAndSize(r->label, n);
}

PyObject *result_info(struct state *s, const wal_info_t *r)
{
    PyObject *values[] = {
        uuid_text(r->uuid),      label(r),
        number(r->major),        number(r->minor),
        WORD(codecs, r->codec),  WORD(ciphers, r->cipher),
        number(r->key_id),       number(r->strays),
        number(r->epoch),        flag(r, WAL_INFO_DIRECT),
        flag(r, WAL_INFO_DSYNC), flag(r, WAL_INFO_READ_ONLY),
        flag(r, WAL_INFO_CLEAN),
    };
    return FILL(s, TYPE_INFO, values);
}

PyObject *result_event(struct state *s, const wal_event_t *r)
{
    uint64_t bit = 0;
    while (bit < 31 && r->kind >> bit != 1)
        bit++;
    PyObject *values[] = {
        word(event_kinds, sizeof event_kinds / sizeof event_kinds[0] - 1, bit),
        number(r->lsn),
        number(r->segment),
        number(r->bytes),
        number(r->duration_ns),
        number(r->time_ns),
        PyLong_FromLong(r->code),
        number(r->dropped),
    };
    return FILL(s, TYPE_EVENT, values);
}

PyObject *result_verification(struct state *s, const wal_verify_t *r)
{
    PyObject *values[] = {
        WORD(verdicts, r->verdict), number(r->segments),
        number(r->records),         number(r->bytes),
        number(r->first_lsn),       number(r->last_lsn),
        number(r->damaged_segment), number(r->damaged_offset),
        number(r->damaged_lsn),     number(r->gaps),
        number(r->duration_ns),
    };
    return FILL(s, TYPE_VERIFICATION, values);
}

PyObject *result_salvage(struct state *s, PyObject *records, PyObject *gaps)
{
    PyObject *values[] = {records, gaps};
    return FILL(s, TYPE_SALVAGE, values);
}

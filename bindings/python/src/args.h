/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments: from Python's objects to what the library takes. */
#ifndef LIBWAL_PYTHON_ARGS_H
#define LIBWAL_PYTHON_ARGS_H

#include "binding.h"

enum { MAX_ARGS = 12 };

/* What a function takes: names in order, the first `positional` of them may come without a name,
 * the first `required` have to come. */
struct signature {
    const char *function;
    int positional, required;
    const char *names[MAX_ARGS + 1];
};

/* Sorts arguments into slots, one per name: borrowed, NULL where none was given. */
bool args_bind(const struct signature *g, PyObject *const *args, Py_ssize_t n, PyObject *kwnames,
               PyObject **slots);
/* The same for a tuple and a dict. Names that the signature doesn't have go into *ret_extra, a new
 * dict; with ret_extra NULL they are refused. */
bool args_bind_dict(const struct signature *g, PyObject *args, PyObject *kwargs, PyObject **slots,
                    PyObject **ret_extra);

/* Each leaves *ret as it is for NULL, an argument that wasn't given. */
bool arg_u64(struct state *s, const char *name, PyObject *o, uint64_t *ret); /* InvalidError */
bool arg_lsn(struct state *s, PyObject *path, PyObject *o, uint64_t *ret);   /* RangeError */
bool arg_type(struct state *s, PyObject *path, PyObject *o, uint32_t *ret);  /* of a record */
bool arg_u32(struct state *s, const char *name, PyObject *o, uint32_t *ret); /* InvalidError */
bool arg_size(struct state *s, const char *name, PyObject *o, size_t *ret);  /* at least 1 */
bool arg_bool(PyObject *o, bool *ret);
/* Seconds as a number, or None for ever, to milliseconds, rounded up; -1 for ever. */
bool arg_timeout(struct state *s, PyObject *o, int64_t *ret_ms);
/* One of the words, by its place in the list, which ends with NULL. */
bool arg_word(struct state *s, const char *name, PyObject *o, const char *const *words, int *ret);
bool arg_callable(const char *name, PyObject *o, PyObject **ret); /* None is NULL */
/* A path as the system's bytes: a new bytes object. NULL: an exception. */
PyObject *arg_path(PyObject *o);

/* WAL_APPEND_... of the keywords sync (None, True, False), submit and nowait. */
bool arg_append_flags(PyObject *sync, PyObject *submit, PyObject *nowait, uint32_t *ret);

/* Bytes of an argument that stay where they are until they are given back. */
struct payload {
    const void *data;
    Py_ssize_t size;
    Py_buffer buffer; /* obj NULL: the argument is bytes, which its owner holds */
};
bool payload_get(PyObject *o, struct payload *ret);
void payload_release(struct payload *p);
/* Bytes of an argument that nobody can change any more: itself, or a copy. */
PyObject *payload_bytes(PyObject *o);
/* The same for a key: str is taken as UTF-8 with surrogate escapes. */
struct key {
    struct payload bytes;
    PyObject *encoded; /* owned; NULL: none was made */
};
bool key_get(PyObject *o, struct key *ret);
void key_release(struct key *k);

/* Records to append: any iterable of bytes-likes, and a type or an iterable of as many types. */
struct payloads {
    PyObject *items; /* a tuple, so nobody can take an item out */
    wal_record_t *records;
    struct payload *held; /* one per record */
    size_t n;
};
bool payloads_get(struct state *s, PyObject *path, PyObject *items, PyObject *types,
                  struct payloads *ret);
void payloads_release(struct payloads *p);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#ifdef WAL_PYTHON_CRYPTO
#include <libwal/crypto.h>
#endif

#include "args.h"
#include "errors.h"

static bool done(struct state *s, int e)
{
    if (e < 0)
        error_raise(s, e, NULL);
    return e >= 0;
}

wal_options_t *options_begin(struct state *s)
{
    wal_options_t *o;
    return done(s, wal_options_new(&o)) ? o : NULL;
}

bool options_number(struct state *s, wal_options_t *o, uint32_t option, uint64_t value)
{
    return done(s, wal_options_set(o, option, value));
}

bool options_text(struct state *s, wal_options_t *o, const char *name, PyObject *text)
{
    Py_ssize_t size;
    const char *value = PyUnicode_AsUTF8AndSize(text, &size);

    if (value && strlen(value) != (size_t)size) {
        error_raise_text(s, WAL_E_INVAL, NULL, "%s: there is a NUL in the value", name);
        return false;
    }
    return value && done(s, wal_options_set_string(o, name, value));
}

bool options_preset(struct state *s, wal_options_t *o, PyObject *name)
{
    static const char *const presets[] = {"", "low_latency", "high_throughput", "durable", NULL};
    int preset = 0;

    if (!name || name == Py_None)
        return true;
    return arg_word(s, "preset", name, presets, &preset) &&
           done(s, wal_options_preset(o, (uint32_t)preset));
}

bool options_label(struct state *s, wal_options_t *o, PyObject *label)
{
    struct key k;

    if (!label || label == Py_None)
        return true;
    if (!key_get(label, &k))
        return false;
    bool is = done(s, wal_options_set_label(o, k.bytes.data, (size_t)k.bytes.size));
    key_release(&k);
    return is;
}

#ifdef WAL_PYTHON_CRYPTO
static bool add_key(struct state *s, wal_options_t *o, uint32_t aead, PyObject *id, PyObject *key)
{
    struct payload p;
    uint32_t number = 0;

    if (!arg_u32(s, "key_id", id, &number) || !payload_get(key, &p))
        return false;
    int e = wal_options_set_aead(o, aead, number, p.data, (size_t)p.size);
    payload_release(&p);
    return done(s, e);
}

/* A mapping of a program's own may give anything. */
static bool is_pair(PyObject *o)
{
    if (PyTuple_Check(o) && PyTuple_Size(o) == 2)
        return true;
    PyErr_SetString(PyExc_TypeError, "keys: its items must be pairs of an id and a key");
    return false;
}

static bool add_keys(struct state *s, wal_options_t *o, uint32_t aead, PyObject *keys)
{
    PyObject *items = PyMapping_Items(keys);
    bool is = items != NULL;

    for (Py_ssize_t i = 0; is && i < PyList_Size(items); i++) {
        PyObject *pair = PyList_GetItem(items, i);
        is = is_pair(pair) &&
             add_key(s, o, aead, PyTuple_GetItem(pair, 0), PyTuple_GetItem(pair, 1));
    }
    Py_XDECREF(items);
    return is;
}

/* The key that writes goes in last. */
static bool put_keys(struct state *s, wal_options_t *o, uint32_t aead, const struct keys *k)
{
    if (k->keys && k->keys != Py_None && !add_keys(s, o, aead, k->keys))
        return false;
    return !k->key || k->key == Py_None || add_key(s, o, aead, k->key_id, k->key);
}
#else
static bool put_keys(struct state *s, wal_options_t *o, uint32_t aead, const struct keys *k)
{
    (void)o;
    (void)aead;
    if ((!k->key || k->key == Py_None) && (!k->keys || k->keys == Py_None))
        return true;
    error_raise_text(s, WAL_E_UNSUPPORTED, NULL, "this libwal was built without OpenSSL");
    return false;
}
#endif

bool options_keys(struct state *s, wal_options_t *o, const struct keys *k)
{
    static const char *const algorithms[] = {"aes-256-gcm", "chacha20-poly1305", NULL};
    int algorithm = 0; /* from 1 on in <libwal/crypto.h> */

    return arg_word(s, "aead", k->aead, algorithms, &algorithm) &&
           put_keys(s, o, (uint32_t)algorithm + 1, k);
}

static bool put_option(struct state *s, wal_options_t *o, PyObject *name, PyObject *value)
{
    const char *text = PyUnicode_AsUTF8AndSize(name, NULL);
    uint32_t option = text ? wal_option_by_name(text) : 0;
    uint64_t number = 0;

    if (!text)
        return false;
    if (option == 0) {
        PyErr_Format(PyExc_TypeError,
                     "open() got an unexpected keyword argument '%U': "
                     "libwal has no such option",
                     name);
        return false;
    }
    if (PyUnicode_Check(value))
        return options_text(s, o, text, value);
    return arg_u64(s, text, value, &number) && options_number(s, o, option, number);
}

bool options_named(struct state *s, wal_options_t *o, PyObject *dict)
{
    PyObject *name, *value;
    Py_ssize_t at = 0;

    while (PyDict_Next(dict, &at, &name, &value))
        if (!put_option(s, o, name, value))
            return false;
    return true;
}

static bool put_default(wal_options_t *o, uint32_t option, PyObject *dict)
{
    uint64_t value = 0;

    if (wal_options_get(o, option, &value) < 0)
        return true;
    PyObject *number = PyLong_FromUnsignedLongLong(value);
    bool is = number && PyDict_SetItemString(dict, wal_option_name(option), number) == 0;
    Py_XDECREF(number);
    return is;
}

PyObject *libwal_options(PyObject *module, PyObject *unused)
{
    struct state *s = state_of(module);
    wal_options_t *o = options_begin(s);
    PyObject *dict = o ? PyDict_New() : NULL;

    (void)unused;
    for (uint32_t i = 1; dict && wal_option_name(i); i++)
        if (!put_default(o, i, dict))
            Py_CLEAR(dict);
    wal_options_free(o);
    return dict;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* From keywords to wal_options_t. */
#ifndef LIBWAL_PYTHON_OPTIONS_H
#define LIBWAL_PYTHON_OPTIONS_H

#include "binding.h"

/* The keys of an encrypted log, as they were given; NULL: not at all. */
struct keys {
    PyObject *key, *key_id, *aead, *keys;
};

/* Each returns NULL or false with an exception. Options are freed by wal_options_free. */
wal_options_t *options_begin(struct state *s);
bool options_keys(struct state *s, wal_options_t *o, const struct keys *k);
bool options_number(struct state *s, wal_options_t *o, uint32_t option, uint64_t value);
bool options_text(struct state *s, wal_options_t *o, const char *name, PyObject *text);
bool options_preset(struct state *s, wal_options_t *o, PyObject *name);
bool options_label(struct state *s, wal_options_t *o, PyObject *label);
/* Every entry of a dict, by its name; what is no option is a TypeError of open(). */
bool options_named(struct state *s, wal_options_t *o, PyObject *dict);

/* All names with their defaults, as a dict: the function libwal.options(). */
PyObject *libwal_options(PyObject *module, PyObject *unused);

#endif

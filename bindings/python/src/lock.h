/* SPDX-License-Identifier: Apache-2.0 */
/* Lock: the lock of a log's directory, held apart from a log. */
#ifndef LIBWAL_PYTHON_LOCK_H
#define LIBWAL_PYTHON_LOCK_H

#include "binding.h"

/* Lends it to an open that uses these options; NULL or None: nothing to do. The log that comes of
 * it holds the object, and gives it back by lock_return, which takes NULL and None, too. */
bool lock_lend(struct state *s, PyObject *lock, wal_options_t *o);
void lock_return(PyObject *lock);

extern PyType_Spec lock_spec;
PyObject *libwal_lock_holder(PyObject *module, PyObject *path);

#endif

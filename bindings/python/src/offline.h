/* SPDX-License-Identifier: Apache-2.0 */
/* Functions for a log that nobody needs to have open, and for batches as bytes. */
#ifndef LIBWAL_PYTHON_OFFLINE_H
#define LIBWAL_PYTHON_OFFLINE_H

#include "binding.h"

PyObject *libwal_verify(PyObject *module, PyObject *const *args, Py_ssize_t n, PyObject *kwnames);
PyObject *libwal_repair(PyObject *module, PyObject *const *args, Py_ssize_t n, PyObject *kwnames);
PyObject *libwal_salvage(PyObject *module, PyObject *const *args, Py_ssize_t n, PyObject *kwnames);
PyObject *libwal_destroy(PyObject *module, PyObject *path);

/* portable.c */
PyObject *libwal_encode(PyObject *module, PyObject *const *args, Py_ssize_t n, PyObject *kwnames);
PyObject *libwal_decode(PyObject *module, PyObject *form);

#endif

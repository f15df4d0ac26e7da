/* SPDX-License-Identifier: Apache-2.0 */
/* Exceptions: one class per error code of libwal, all under WalError. */
#ifndef LIBWAL_PYTHON_ERRORS_H
#define LIBWAL_PYTHON_ERRORS_H

#include "binding.h"

int errors_init(PyObject *module);

/* Sets the attributes of an exception. */
int error_fill(PyObject *exception, const wal_error_t *error, PyObject *path);

/* A new exception for what the error says; path (str or NULL) is the log's directory. */
PyObject *error_new(struct state *s, const wal_error_t *error, PyObject *path);
/* Raises what the calling thread's last call of the library had to say with this code. Nothing may
 * have called the library on this thread since. */
void error_raise(struct state *s, int code, PyObject *path);
/* The same for WAL_E_NOTFOUND, as the error that is a KeyError, too. */
void error_raise_missing_key(struct state *s, PyObject *path);
/* The exception that is set gets a path, where it is one of ours without. */
void error_add_path(struct state *s, PyObject *path);
/* Raises the class of a code with a text of the binding's own. */
void error_raise_text(struct state *s, int code, PyObject *path, const char *format, ...);

#endif

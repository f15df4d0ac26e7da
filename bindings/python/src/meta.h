/* SPDX-License-Identifier: Apache-2.0 */
/* Meta: the log's metadata as a mapping. */
#ifndef LIBWAL_PYTHON_META_H
#define LIBWAL_PYTHON_META_H

#include "log.h"

PyObject *meta_new(struct log *log);
/* Gives the class the rest of a mapping's methods, from collections.abc. */
int meta_init(PyObject *module);
extern PyType_Spec meta_spec;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Record: what readers give. It owns its bytes. */
#ifndef LIBWAL_PYTHON_RECORD_H
#define LIBWAL_PYTHON_RECORD_H

#include "binding.h"

PyObject *record_new(struct state *s, const wal_record_t *r);
/* With bytes that are there already, which it takes, and no tag. */
PyObject *record_take(struct state *s, const wal_record_t *r, PyObject *data);
extern PyType_Spec record_spec;
int record_init(PyObject *module); /* __match_args__ */

#endif

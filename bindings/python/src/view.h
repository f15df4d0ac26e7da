/* SPDX-License-Identifier: Apache-2.0 */
/* View: a record whose bytes are shown, not copied. */
#ifndef LIBWAL_PYTHON_VIEW_H
#define LIBWAL_PYTHON_VIEW_H

#include "reader.h"

PyObject *view_new(struct reader *reader, const wal_record_t *r);
extern PyType_Spec view_spec;

#endif

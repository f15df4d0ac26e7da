/* SPDX-License-Identifier: Apache-2.0 */
/* What the library reports, as named tuples of Python's own kind (struct sequences). */
#ifndef LIBWAL_PYTHON_RESULTS_H
#define LIBWAL_PYTHON_RESULTS_H

#include "binding.h"

int results_init(PyObject *module);

PyObject *result_range(struct state *s, const uint64_t range[4]);
PyObject *result_checkpoint(struct state *s, uint64_t lsn, PyObject *state); /* takes state */
PyObject *result_recovery(struct state *s, const wal_recovery_t *r);
PyObject *result_segment(struct state *s, const wal_segment_t *r);
PyObject *result_info(struct state *s, const wal_info_t *r);
PyObject *result_event(struct state *s, const wal_event_t *r);
PyObject *result_verification(struct state *s, const wal_verify_t *r);
PyObject *result_salvage(struct state *s, PyObject *records, PyObject *gaps); /* takes both */

/* Kinds of events by name, in the order of their bits; ends with NULL. */
extern const char *const event_kinds[];

#endif

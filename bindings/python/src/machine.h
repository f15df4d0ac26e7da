/* SPDX-License-Identifier: Apache-2.0 */
/* A state machine in Python behind wal_machine_t.
 *
 * The log applies records on the thread that made them durable. With option background off, which
 * open() sees to, that is always a thread inside a call of this log, so the callbacks find the
 * caller's way back to Python by caller_of(), and no thread of the library ever runs Python. */
#ifndef LIBWAL_PYTHON_MACHINE_H
#define LIBWAL_PYTHON_MACHINE_H

#include "call.h"

struct machine;

/* The object has apply(), snapshot() and restore(), else TypeError. */
struct machine *machine_new(struct state *s, PyObject *object);
void machine_free(struct machine *m); /* NULL is allowed */
int machine_traverse(struct machine *m, visitproc visit, void *arg);
/* Hands it to the options; m outlives the log. */
int machine_set(struct machine *m, wal_options_t *o);
/* Says whose it is, before the log is opened. NULL machine: nothing to do. */
void machine_bind(struct machine *m, struct log *log);
/* The exception that is set is due to what a callback raised in another thread's call: that
 * becomes its cause. */
void machine_add_cause(struct machine *m);

#endif

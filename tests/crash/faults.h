/* SPDX-License-Identifier: Apache-2.0 */
/* One fault at one I/O call of a scenario; the scenario then goes on as a user would, what the log
 * answers is held against its promises, and the power is cut. A scenario is written SETUP:OPS. */
#ifndef WAL_TESTS_FAULTS_H
#define WAL_TESTS_FAULTS_H

#include "crash/explore.h"

/* At each call each kind of fault that fits it, or only one kind. -1: a violation, in x->report;
 * nothing goes on after it. Adds to *trials. */
int faults_at_every_call(struct explorer *x, const char *scenario, const char *kind,
                         uint64_t *trials);
int faults_one(struct explorer *x, const char *scenario, uint64_t call, const char *kind);

#endif

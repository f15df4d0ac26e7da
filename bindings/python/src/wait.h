/* SPDX-License-Identifier: Apache-2.0 */
/* Waits: in slices, between which signals are looked at and a close from another thread is seen. */
#ifndef LIBWAL_PYTHON_WAIT_H
#define LIBWAL_PYTHON_WAIT_H

#include "binding.h"

/* One slice of at most ms milliseconds, with its own begin and end of a call. 1: done, 0: nothing
 * yet, -1: an exception is set. */
typedef int wait_step(void *object, int ms);

/* Until a step says so, or the time is over: 1, 0 or -1. ms < 0: for ever; 0: looks once. */
int wait_in_slices(wait_step *step, void *object, int64_t ms);

/* About a millisecond, without the GIL. */
void wait_a_moment(void);
/* Whether the interpreter is at its end: other threads don't get the GIL any more. */
bool python_ends(void);

#endif

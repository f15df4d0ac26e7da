/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of the library: without the GIL, counted by the log, and with a way back into Python for
 * the callbacks that they run.
 *
 * The library allows nothing on a log once its close has returned. So a call counts as inside from
 * when it has looked at the handle to when it has the GIL again, and Log.close() waits for all
 * that are inside. Nothing stays inside for long, unless its callbacks do: what may wait for others
 * does so in slices (see wait.h). */
#ifndef LIBWAL_PYTHON_CALL_H
#define LIBWAL_PYTHON_CALL_H

#include "binding.h"

struct log;

/* A thread inside a call that may run callbacks: how they come back to Python, and what they
 * raised. It lies on the caller's stack. */
struct caller {
    PyThreadState *thread; /* while the GIL is given away; NULL: this thread has it */
    PyObject *error[3];    /* type, value, traceback of what a callback raised first */
    struct log *log;       /* that the call is on; for caller_of */
    struct caller *outer;  /* the thread's next one: the call in whose callback this one was made */
};

/* Gives the GIL away, and takes it again. */
void caller_leave_python(struct caller *c);
void caller_enter_python(struct caller *c);
/* The thread is in a call on the log, whose callbacks come back by c, until it is out again. */
void caller_in(struct caller *c, struct log *log);
void caller_out(struct caller *c);
/* This thread's innermost call on the log that may run callbacks. NULL: it is in none. */
struct caller *caller_of(const struct log *log);
/* In a callback with the GIL: keeps the exception that is set, for after the call. */
void caller_keep_error(struct caller *c);
/* After the call: raises what a callback raised. Whether there was something. */
bool caller_raise(struct caller *c);

/* One call on a log. */
struct call {
    struct log *log;
    wal_t *w;     /* what the call is made on */
    bool calling; /* it may run callbacks on this thread */
    struct caller caller;
};

/* Without an open log: ClosedError and false; but while another thread is closing it, a callback
 * may still ask. After true the GIL is not held. */
bool call_begin(struct call *c, struct log *log);
/* The same for a call that itself runs callbacks on this thread. */
bool call_begin_calling(struct call *c, struct log *log);
/* Takes the GIL again. A negative result is raised: as the exception of the callback that caused
 * it, else as what the library had to say. Gives the result back. */
int call_end(struct call *c, int result);
/* The same, but leaves one code to the caller, who knows better: nothing is raised for it. */
int call_end_but(struct call *c, int result, int but);

#endif

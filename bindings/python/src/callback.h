/* SPDX-License-Identifier: Apache-2.0 */
/* Callables of Python that the library calls through its function pointers, on the thread that
 * made the call. */
#ifndef LIBWAL_PYTHON_CALLBACK_H
#define LIBWAL_PYTHON_CALLBACK_H

#include "call.h"

struct callback {
    struct state *state;
    PyObject *function;    /* borrowed for the length of the call; NULL: none */
    PyObject *list;        /* where there is none: what gets the arguments; or NULL */
    struct caller *caller; /* of the call that runs it */
};

/* TypeError where there is none. */
bool callback_needed(const struct callback *b, const char *name);
/* In the library's callback: takes the GIL. */
void callback_enter(struct callback *b);
/* Calls the function with one argument, which it takes (NULL: its making failed), or appends that
 * to the list. 1 for a true result, 0, or -1 with an exception. */
int callback_call(struct callback *b, PyObject *argument);
/* The same with a tuple of arguments; in the list it is a tuple. */
int callback_call_tuple(struct callback *b, PyObject *arguments);
/* Gives the GIL away again; the result for the library, an exception is kept for after the call. */
int callback_leave(struct callback *b, int result);
/* A wal_progress_fn whose context is a struct callback. Also without a function: signals are looked
 * at in any case. */
int callback_progress(void *ctx, uint64_t done, uint64_t total);

#endif

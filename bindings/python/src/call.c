/* SPDX-License-Identifier: Apache-2.0 */
#include "call.h"

#include "errors.h"
#include "log.h"
#include "machine.h"

void caller_leave_python(struct caller *c)
{
    c->thread = PyEval_SaveThread();
}

void caller_enter_python(struct caller *c)
{
    PyEval_RestoreThread(c->thread);
    c->thread = NULL;
}

/* Of this thread: so nobody else's stack is looked at, in the child of a fork neither. */
static _Thread_local struct caller *innermost;

void caller_in(struct caller *c, struct log *log)
{
    c->log = log;
    c->outer = innermost;
    innermost = c;
}

/* It need not be the innermost: greenlets change their stacks within callbacks. */
void caller_out(struct caller *c)
{
    struct caller **at = &innermost;

    while (*at != c)
        at = &(*at)->outer;
    *at = c->outer;
}

struct caller *caller_of(const struct log *log)
{
    struct caller *c = innermost;

    while (c && c->log != log)
        c = c->outer;
    return c;
}

void caller_keep_error(struct caller *c)
{
    if (c->error[0])
        PyErr_Clear();
    else
        PyErr_Fetch(&c->error[0], &c->error[1], &c->error[2]);
}

bool caller_raise(struct caller *c)
{
    if (!c->error[0])
        return false;
    PyErr_Restore(c->error[0], c->error[1], c->error[2]);
    c->error[0] = NULL;
    return true;
}

static bool is_open(const struct log *log)
{
    return log->w && (!log->closing || caller_of(log));
}

static bool begin(struct call *c, struct log *log, bool calling)
{
    if (!is_open(log)) {
        error_raise_text(log->state, WAL_E_CLOSED, log->path, "the log is closed");
        return false;
    }
    *c = (struct call){.log = log, .w = log->w, .calling = calling};
    Py_INCREF((PyObject *)log);
    log->users++;
    if (calling) {
        log->calling++;
        caller_in(&c->caller, log);
    }
    caller_leave_python(&c->caller);
    return true;
}

bool call_begin(struct call *c, struct log *log)
{
    return begin(c, log, log->machine != NULL);
}

bool call_begin_calling(struct call *c, struct log *log)
{
    return begin(c, log, true);
}

static void leave(struct call *c)
{
    caller_enter_python(&c->caller);
    c->log->users--;
    if (c->calling) {
        c->log->calling--;
        caller_out(&c->caller);
    }
}

/* A machine is handed other threads' records, too. What it raises about these, their own calls
 * raise, while this one is well. But what is no Exception, such as KeyboardInterrupt, must be heard
 * where it came. */
static void drop_others_error(struct caller *c)
{
    if (!c->error[0] || !PyErr_GivenExceptionMatches(c->error[0], PyExc_Exception))
        return;
    for (int i = 0; i < 3; i++)
        Py_CLEAR(c->error[i]);
}

int call_end_but(struct call *c, int result, int but)
{
    struct log *log = c->log;

    leave(c);
    if (result >= 0)
        drop_others_error(&c->caller);
    bool raised = caller_raise(&c->caller);
    if (raised)
        result = WAL_E_CALLBACK;
    else if (result < 0 && result != but) {
        error_raise(log->state, result, log->path);
        if (result == WAL_E_CALLBACK)
            machine_add_cause(log->machine);
    }
    Py_DECREF((PyObject *)log);
    return result;
}

int call_end(struct call *c, int result)
{
    return call_end_but(c, result, 0);
}

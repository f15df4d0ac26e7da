#include "call.h"

#include <pthread.h>

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

void caller_keep_error(struct caller *c)
{
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

static bool begin(struct call *c, struct log *log, bool listed)
{
    if (!log->w || log->closing) {
        error_raise_text(log->state, WAL_E_CLOSED, log->path, "the log is closed");
        return false;
    }
    *c = (struct call){.log = log, .w = log->w, .listed = listed};
    Py_INCREF((PyObject *)log);
    log->users++;
    if (listed) {
        c->caller.id = (unsigned long)pthread_self();
        c->caller.next = log->callers;
        log->callers = &c->caller;
        machine_caller_in(log->machine, &c->caller);
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

static void unlist(struct call *c)
{
    struct caller **at = &c->log->callers;

    while (*at != &c->caller)
        at = &(*at)->next;
    *at = c->caller.next;
    machine_caller_out(c->log->machine, &c->caller);
}

int call_end_but(struct call *c, int result, int but)
{
    struct log *log = c->log;

    caller_enter_python(&c->caller);
    log->users--;
    if (c->listed)
        unlist(c);
    bool raised = caller_raise(&c->caller);
    if (raised && result >= 0)
        result = WAL_E_CALLBACK;
    if (result < 0 && result != but && !raised) {
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

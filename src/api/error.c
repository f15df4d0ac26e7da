/* SPDX-License-Identifier: Apache-2.0 */
#include "api/error.h"

#include <string.h>

#include "api/sized.h"
#include "base/attr.h"
#include "base/fault.h"

_Static_assert(sizeof(((wal_error_t *)0)->message) == FAULT_TEXT, "a fault's text fits whole");

static const struct {
    const char *name, *text;
} codes[] = {
    [-WAL_OK] = {"WAL_OK", "success"},
    [-WAL_E_INVAL] = {"WAL_E_INVAL", "invalid argument"},
    [-WAL_E_NOMEM] = {"WAL_E_NOMEM", "out of memory"},
    [-WAL_E_IO] = {"WAL_E_IO", "input/output error"},
    [-WAL_E_NOSPC] = {"WAL_E_NOSPC", "no space left"},
    [-WAL_E_NOTFOUND] = {"WAL_E_NOTFOUND", "not found"},
    [-WAL_E_EXISTS] = {"WAL_E_EXISTS", "the log exists already"},
    [-WAL_E_LOCKED] = {"WAL_E_LOCKED", "the log is locked by another writer"},
    [-WAL_E_CORRUPT] = {"WAL_E_CORRUPT", "the log is damaged"},
    [-WAL_E_TORN] = {"WAL_E_TORN", "the end of the log is torn"},
    [-WAL_E_VERSION] = {"WAL_E_VERSION", "the log's format is newer than this library"},
    [-WAL_E_READONLY] = {"WAL_E_READONLY", "the log is open for reading only"},
    [-WAL_E_CLOSED] = {"WAL_E_CLOSED", "the log is closed"},
    [-WAL_E_FAILED] = {"WAL_E_FAILED", "the log has failed"},
    [-WAL_E_INDOUBT] = {"WAL_E_INDOUBT", "the outcome is in doubt until the log is opened again"},
    [-WAL_E_TOOBIG] = {"WAL_E_TOOBIG", "too big"},
    [-WAL_E_RANGE] = {"WAL_E_RANGE", "LSN outside the log"},
    [-WAL_E_TRIMMED] = {"WAL_E_TRIMMED", "the reader's place was cut away"},
    [-WAL_E_TIMEOUT] = {"WAL_E_TIMEOUT", "timed out"},
    [-WAL_E_CRYPTO] = {"WAL_E_CRYPTO", "encryption or its key failed"},
    [-WAL_E_BUSY] = {"WAL_E_BUSY", "busy"},
    [-WAL_E_FORK] = {"WAL_E_FORK", "the handle belongs to the parent process"},
    [-WAL_E_UNSUPPORTED] = {"WAL_E_UNSUPPORTED", "not supported"},
    [-WAL_E_CALLBACK] = {"WAL_E_CALLBACK", "stopped by a callback"},
    [-WAL_E_PERM] = {"WAL_E_PERM", "not permitted or not safe"},
    [-WAL_E_FULL] = {"WAL_E_FULL", "full"},
};

static int is_code(int code)
{
    return code <= 0 && code > -(int)COUNT_OF(codes);
}

const char *wal_strerror(int code)
{
    return is_code(code) ? codes[-code].text : "unknown error";
}

const char *wal_error_name(int code)
{
    return is_code(code) ? codes[-code].name : "WAL_E_UNKNOWN";
}

bool error_fill(const struct fault *f, wal_error_t *ret, uint32_t size)
{
    wal_error_t e = {
        .code = f->code,
        .sys_errno = f->sys_errno,
        .lsn = f->lsn,
        .segment = f->segment,
        .offset = f->offset,
    };

    memcpy(e.message, f->text, sizeof(e.message));
    return sized_fill(ret, size, &e, sizeof(e), SIZE_UP_TO(wal_error_t, message));
}

int wal_last_error(wal_error_t *ret, uint32_t size)
{
    return error_fill(fault_last(), ret, size) ? 0 : WAL_E_INVAL;
}

int wal_error_set(const wal_error_t *error)
{
    struct fault f;

    if (!sized_right(error, SIZE_UP_TO(wal_error_t, message)) || error->code > 0)
        return fault(WAL_E_INVAL, "error is NULL, its size too small or its code above 0");
    fault_at(error->code, error->lsn, error->segment, error->offset, "%.*s",
             (int)sizeof(error->message) - 1, error->message);
    f = *fault_last();
    f.sys_errno = error->sys_errno;
    return fault_put(&f);
}

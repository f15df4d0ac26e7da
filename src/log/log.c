/* SPDX-License-Identifier: Apache-2.0 */
#include "log/log.h"

#include <assert.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/codes.h"
#include "base/plant.h"
#include "log/follow.h"
#include "segment/cipher.h"

static_assert(_Alignof(struct wal) <= _Alignof(max_align_t), "any allocator's block will do");

bool wal_disown(struct wal *w)
{
    if (atomic_load(&w->inside) > 0 || w->background.thread)
        return false;
    catalog_disown(&w->catalog);
    follow_disown(w);
    w->prepared.fd = -1;
    w->writer.has_direct = false;
    return true;
}

void wal_ref(struct wal *w)
{
    atomic_fetch_add(&w->refs, 1);
}

void wal_unref(struct wal *w)
{
    if (atomic_fetch_sub(&w->refs, 1) != 1)
        return;
    struct alloc a = *w->alloc;
    follow_free(w);
    machine_free(w);
    writer_end_direct(&w->writer);
    stage_free(&w->stage, &a);
    encoder_free(&w->encoder);
    catalog_free(&w->catalog);
    meta_map_free(&w->meta, &a);
    names_free(&w->leftovers, &a);
    mem_free(&a, w->removals.files.v);
    durable_calls_free(&w->notify.calls, &a);
    events_free(w);
    cipher_unref(w->config.cipher);
    pthread_mutex_destroy(&w->readers_mu);
    pthread_mutex_destroy(&w->mu);
    mem_free(&a, w->path);
    mem_free(&a, w);
}

static void cause_text(const struct wal *w, struct fault *ret, int code, const char *what)
{
    const struct fault *c = &w->cause;
    fault(code, "%s: %s", what, c->text);
    *ret = *fault_last();
    ret->sys_errno = c->sys_errno;
    ret->lsn = c->lsn;
    ret->segment = c->segment;
    ret->offset = c->offset;
}

int wal_failed_fault(const struct wal *w)
{
    struct fault f;
    cause_text(w, &f, WAL_E_FAILED, "the log has failed");
    return fault_put(&f);
}

int wal_indoubt_fault(const struct wal *w, uint64_t lsn)
{
    struct fault f = w->cause;
    if (f.code != WAL_E_CALLBACK) {
        cause_text(w, &f, WAL_E_INDOUBT, "the record may be in the log or not");
        f.lsn = lsn;
    }
    return fault_put(&f);
}

int wal_timeout_fault(uint64_t lsn)
{
    return fault_at(WAL_E_TIMEOUT, lsn, 0, 0, "record %llu is not durable yet",
                    (unsigned long long)lsn);
}

/* A cause that names no record is that of the first one in doubt. */
void wal_fail(struct wal *w)
{
    struct fault f = {0};

    if (w->failure)
        return;
    w->cause = *fault_last();
    if (w->cause.code == WAL_E_CALLBACK)
        machine_failed(w, &w->cause);
    uint64_t durable = atomic_load(&w->durable_lsn);
    w->failure = w->cause.code;
    w->indoubt_lsn = max_u64(w->handed_lsn, w->next_lsn - 1);
    if (w->cause.lsn == 0 && w->indoubt_lsn > durable)
        w->cause.lsn = durable + 1;
    if (!PLANTED(11))
        cause_text(w, &f, WAL_E_INDOUBT, "the record may be in the log or not");
    waiters_answer(w, durable + 1, UINT64_MAX, &f);
    notify_failed(w);
    event_tell(w, &(wal_event_t){.kind = WAL_EVENT_FAILED,
                                 .lsn = w->cause.lsn,
                                 .segment = w->cause.segment,
                                 .code = w->cause.code});
    fault_put(&w->cause);
}

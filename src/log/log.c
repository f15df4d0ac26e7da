#include "log/log.h"

#include "base/bytes.h"
#include "base/codes.h"
#include "base/plant.h"
#include "log/follow.h"

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
    stage_free(&w->stage, &a);
    catalog_free(&w->catalog);
    meta_map_free(&w->meta, &a);
    names_free(&w->leftovers, &a);
    pthread_mutex_destroy(&w->readers_mu);
    pthread_rwlock_destroy(&w->shape);
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
    struct fault f;
    cause_text(w, &f, WAL_E_INDOUBT, "the record may be in the log or not");
    f.lsn = lsn;
    return fault_put(&f);
}

void wal_fail(struct wal *w)
{
    struct fault f;
    uint64_t durable = atomic_load(&w->durable_lsn);

    if (w->failure)
        return;
    w->cause = *fault_last();
    w->failure = w->cause.code;
    w->indoubt_lsn = w->handed_lsn;
    if (PLANTED(11)) {
        waiters_answer(w, durable + 1, w->indoubt_lsn, &(struct fault){0});
    } else {
        cause_text(w, &f, WAL_E_INDOUBT, "the record may be in the log or not");
        waiters_answer(w, durable + 1, w->indoubt_lsn, &f);
    }
    cause_text(w, &f, WAL_E_FAILED, "the log has failed");
    waiters_answer(w, w->indoubt_lsn + 1, UINT64_MAX, &f);
    fault_put(&w->cause);
}

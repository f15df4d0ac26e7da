#include "log/removal.h"

#include <string.h>

#include "base/fault.h"
#include "log/background.h"

enum { AT_ONCE = 16 }; /* between two looks for other work */

void removal_unlink(const struct wal *w, const char *name)
{
    struct fault before = *fault_last();
    if (folder_unlink(&w->folder, name) < 0)
        fault_put(&before);
}

static void remove_files(struct wal *w, const uint64_t *numbers, size_t n)
{
    char name[NAME_BYTES];

    for (size_t k = 0; k < n; k++) {
        name_segment(name, numbers[k]);
        removal_unlink(w, name);
        event_tell(w, &(wal_event_t){.kind = WAL_EVENT_REMOVED, .segment = numbers[k]});
    }
    stat_add(&w->stats, WAL_STAT_REMOVED_SEGMENTS, n);
}

void removal_now(struct wal *w, struct numbers *numbers)
{
    remove_files(w, numbers->v, numbers->n);
    mem_free(w->alloc, numbers->v);
    *numbers = (struct numbers){0};
}

/* Without memory for the list its files are left to the next handle. */
void removal_later(struct wal *w, struct numbers *numbers)
{
    struct numbers *r = &w->removals;

    if (numbers->n > 0) {
        uint64_t *p = mem_resize(w->alloc, r->v, (r->n + numbers->n) * sizeof *p);
        if (p) {
            memcpy(p + r->n, numbers->v, numbers->n * sizeof *p);
            r->v = p;
            r->n += numbers->n;
        }
        if (w->config.background)
            background_kick(w);
    }
    mem_free(w->alloc, numbers->v);
    *numbers = (struct numbers){0};
}

static struct numbers take_all(struct wal *w)
{
    struct numbers all = w->removals;
    w->removals = (struct numbers){0};
    return all;
}

bool removal_work(struct wal *w)
{
    struct numbers *r = &w->removals;
    uint64_t some[AT_ONCE];
    size_t n = r->n < AT_ONCE ? r->n : AT_ONCE;

    if (n == 0)
        return false;
    memcpy(some, r->v, n * sizeof *some);
    memmove(r->v, r->v + n, (r->n - n) * sizeof *r->v);
    r->n -= n;
    pthread_mutex_unlock(&w->mu);
    remove_files(w, some, n);
    pthread_mutex_lock(&w->mu);
    return true;
}

void removal_without_thread(struct wal *w)
{
    if (w->removals.n == 0 || w->background.thread)
        return;
    struct numbers all = take_all(w);
    pthread_mutex_unlock(&w->mu);
    removal_now(w, &all);
    pthread_mutex_lock(&w->mu);
}

void removal_rest(struct wal *w)
{
    pthread_mutex_lock(&w->mu);
    struct numbers all = take_all(w);
    pthread_mutex_unlock(&w->mu);
    removal_now(w, &all);
}

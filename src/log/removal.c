/* SPDX-License-Identifier: Apache-2.0 */
#include "log/removal.h"

#include <string.h>

#include "base/fault.h"
#include "log/background.h"

void remove_quietly(const struct wal *w, const char *name)
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
        remove_quietly(w, name);
        event_tell(w, &(wal_event_t){.kind = WAL_EVENT_REMOVED, .segment = numbers[k]});
    }
    stat_add(&w->stats, WAL_STAT_REMOVED_SEGMENTS, n);
}

void remove_segments(struct wal *w, struct numbers *numbers)
{
    remove_files(w, numbers->v, numbers->n);
    mem_free(w->alloc, numbers->v);
    *numbers = (struct numbers){0};
}

/* Without memory for the list its files are left to the next handle. */
void removal_later(struct wal *w, struct numbers *numbers)
{
    struct numbers *r = &w->removals.files;
    size_t n = r->n + numbers->n;
    uint64_t *p = numbers->n ? mem_resize(w->alloc, r->v, n * sizeof *p) : NULL;

    if (p) {
        memcpy(p + r->n, numbers->v, numbers->n * sizeof *p);
        *r = (struct numbers){.v = p, .n = n};
    }
    mem_free(w->alloc, numbers->v);
    *numbers = (struct numbers){0};
}

static struct numbers take_all(struct wal *w)
{
    struct numbers all = w->removals.files;
    w->removals.files = (struct numbers){0};
    return all;
}

void removal_begin(struct wal *w)
{
    struct removals *r = &w->removals;

    if (r->files.n == 0 || r->begun)
        return;
    if (w->config.background)
        background_kick(w);
    r->begun = w->background.thread != NULL;
    if (r->begun)
        return;
    struct numbers all = take_all(w);
    pthread_mutex_unlock(&w->mu);
    remove_segments(w, &all);
    pthread_mutex_lock(&w->mu);
}

bool removal_work(struct wal *w)
{
    struct numbers *r = &w->removals.files;

    w->removals.begun = r->n > 0;
    if (r->n == 0)
        return false;
    uint64_t number = r->v[0];
    memmove(r->v, r->v + 1, --r->n * sizeof *r->v);
    pthread_mutex_unlock(&w->mu);
    remove_files(w, &number, 1);
    pthread_mutex_lock(&w->mu);
    return true;
}

void removal_rest(struct wal *w)
{
    pthread_mutex_lock(&w->mu);
    struct numbers all = take_all(w);
    pthread_mutex_unlock(&w->mu);
    remove_segments(w, &all);
}

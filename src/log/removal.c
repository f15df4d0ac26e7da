#include "log/removal.h"

void remove_quietly(const struct wal *w, const char *name)
{
    struct fault before = *fault_last();
    if (folder_unlink(&w->folder, name) < 0)
        fault_put(&before);
}

void remove_segments(struct wal *w, struct numbers *numbers)
{
    char name[NAME_BYTES];
    for (size_t k = 0; k < numbers->n; k++) {
        name_segment(name, numbers->v[k]);
        remove_quietly(w, name);
        event_tell(w, &(wal_event_t){.kind = WAL_EVENT_REMOVED, .segment = numbers->v[k]});
    }
    stat_add(&w->stats, WAL_STAT_REMOVED_SEGMENTS, numbers->n);
    mem_free(w->alloc, numbers->v);
    *numbers = (struct numbers){0};
}

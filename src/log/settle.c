/* SPDX-License-Identifier: Apache-2.0 */
#include "log/settle.h"

static int remove_leftovers(struct wal *w)
{
    char name[NAME_BYTES];
    int e = 0;

    for (size_t k = 0; e == 0 && k < w->leftovers.n; k++) {
        name_segment(name, w->leftovers.segments[k]);
        e = folder_unlink(&w->folder, name);
    }
    for (size_t k = 0; e == 0 && k < w->leftovers.n_temps; k++)
        e = folder_unlink(&w->folder, w->leftovers.temps[k]);
    if (e == 0 && (w->leftovers.n || w->leftovers.n_temps))
        e = folder_sync(&w->folder);
    if (e == 0)
        names_free(&w->leftovers, w->alloc);
    return e;
}

int settle_once(struct wal *w)
{
    if (w->settled)
        return 0;
    int e = folder_sync(&w->folder);
    if (e == 0)
        e = control_settle(&w->control);
    if (e == 0)
        e = remove_leftovers(w);
    w->settled = e == 0;
    return e;
}

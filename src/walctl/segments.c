/* SPDX-License-Identifier: Apache-2.0 */
#include "walctl/segments.h"

#include <stdlib.h>

#include "walctl/message.h"

/* A log in use may get more of them between two looks. */
int segments_list(wal_t *log, wal_segment_t **ret, size_t *ret_n)
{
    size_t room = 0, n = 0;
    wal_segment_t *list = NULL;

    for (;;) {
        int e = wal_segments(log, list, sizeof *list, &n);
        if (e < 0 || n <= room) {
            *ret = list;
            *ret_n = n;
            return e < 0 ? failure() : CODE_FINE;
        }
        room = n;
        wal_segment_t *more = realloc(list, room * sizeof *list);
        if (!more) {
            message("out of memory");
            *ret = list;
            return CODE_FAILED;
        }
        list = more;
        list[0].size = sizeof *list;
    }
}

bool segments_active(const wal_segment_t *s)
{
    return s->flags & WAL_SEGMENT_ACTIVE;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "segment/orphan.h"

#include "segment/search.h"

static void note(void *ctx, const uint8_t *unit, uint64_t offset, const struct group_header *header)
{
    int *lived = ctx;
    (void)unit;
    (void)offset;
    if (header && !(header->flags & GROUP_BIRTH))
        *lived = 1;
}

int orphan_lived(const struct segment *s, const struct alloc *a, int *ret)
{
    struct os_stat st;
    int lived = 0;

    int e = file_stat(&s->file, &st);
    if (e == 0)
        e = search_units(s, a, SEGMENT_HEADER_BLOCK, st.size, note, &lived);
    if (e == 0)
        *ret = lived;
    return e;
}

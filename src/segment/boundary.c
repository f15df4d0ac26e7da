/* SPDX-License-Identifier: Apache-2.0 */
#include "segment/boundary.h"

#include <stdbool.h>

#include "base/bytes.h"

/* One without FIRST and LAST outside of a run is whole by itself. What a forged one holds is for
 * those who read it to say. */
static void pass_checkpoint(struct boundary *b, const struct group_header *h, const uint8_t *body)
{
    if (h->raw_bytes < CHECKPOINT_HEADER_BYTES)
        return;
    bool begins = b->run_offset == 0;
    bool ends = (h->flags & GROUP_LAST) || (begins && !(h->flags & GROUP_FIRST));

    if (begins)
        b->run_offset = b->offset;
    if (!ends)
        return;
    b->checkpoint_offset = b->run_offset;
    b->checkpoint_lsn = load64(body);
    b->run_offset = 0;
}

void boundary_pass(struct boundary *b, const struct group_header *h, const uint8_t *body,
                   uint64_t end)
{
    if (h->type == GROUP_META)
        b->meta_offset = b->offset;
    if (h->tag_bytes)
        b->tag_offset = b->offset;
    if (h->type == GROUP_CHECKPOINT && body)
        pass_checkpoint(b, h, body);
    b->offset = end;
    b->next_lsn += h->records;
    b->link = h->crc;
}

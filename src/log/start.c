/* SPDX-License-Identifier: Apache-2.0 */
#include "log/start.h"

#include "log/checkpoint.h"
#include "log/fresh.h"
#include "log/settle.h"
#include "log/tag.h"

int start_segment(struct wal *w, uint64_t salt, bool *ret_fatal)
{
    const struct inherited *in = &w->inherited;
    struct member *last = NULL, *kept = NULL;
    struct checkpoint_state state;

    *ret_fatal = false;
    int e = settle_once(w);
    if (e < 0) {
        *ret_fatal = true;
        return e;
    }
    e = catalog_newest(&w->catalog, &last);
    if (e < 0)
        return e;
    const struct segment *s = &last->segment;
    struct fresh f = {
        .salt = salt,
        .births = {.meta = &w->meta,
                   .from = s,
                   .end = in->end,
                   .alloc = w->alloc,
                   .group_bytes = w->config.group_bytes},
        .advance = {.oldest = w->control.now.oldest},
        .first_lsn = w->control.now.first_lsn,
        .checkpoint = w->checkpoint,
    };
    if (in->small) {
        segment_start(s, &f.births.begin);
        f.follow = s->header.follow;
        f.flags = s->header.flags;
        f.base_lsn = s->header.base_lsn;
        f.advance.drop_from = s->header.number;
        f.advance.oldest = f.advance.oldest == s->header.number ? 0 : f.advance.oldest;
    } else {
        f.births.begin = in->vouched;
        segment_follow(s, &in->vouched, &f.follow);
        f.base_lsn = in->vouched.next_lsn;
        f.advance.ends = true;
        f.advance.end = in->vouched;
        e = tag_read(s, w->alloc, in->vouched.tag_offset, &f.births.tag);
    }
    if (e == 0)
        e = checkpoint_carry(w, last->number, f.births.begin.offset, &f.births, &kept);
    if (e == 0)
        e = fresh_head(w, &f, &state, ret_fatal);
    if (e == 0)
        e = in->small ? fresh_make(w, &f, ret_fatal)
                      : fresh_make_trimmed(w, &f, &in->vouched, ret_fatal);
    catalog_release(&w->catalog, kept);
    catalog_release(&w->catalog, last);
    return e;
}

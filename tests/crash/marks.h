/* SPDX-License-Identifier: Apache-2.0 */
/* Which checkpoint a log has: the newest one, and those before it that a reader may be shown where
 * nothing on the disk vouches for the newest yet. Part of the oracle. */
#ifndef WAL_TESTS_MARKS_H
#define WAL_TESTS_MARKS_H

#include <stdbool.h>
#include <stdint.h>

struct mark {
    uint64_t lsn, id; /* id: of the state, MARK_BARE: it has none; 0, 0: no checkpoint */
};
#define MARK_BARE UINT64_MAX

enum { MARKS_MAX = 16 };
struct marks {
    uint32_t n;                  /* at least 1 */
    struct mark list[MARKS_MAX]; /* oldest first; the first one may be none */
};

void marks_init(struct marks *m);
bool mark_same(const struct mark *a, const struct mark *b);
const struct mark *marks_newest(const struct marks *m);
bool marks_have(const struct marks *m, const struct mark *one);
/* A newer one; of too many the oldest are forgotten. */
void marks_add(struct marks *m, const struct mark *one);
/* No older one can be shown any more. */
void marks_settle(struct marks *m);
/* What is above the LSN is cut off: a newest one above it goes, and none comes in its place. */
void marks_cut(struct marks *m, uint64_t lsn);

#endif

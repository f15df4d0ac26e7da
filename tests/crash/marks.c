/* SPDX-License-Identifier: Apache-2.0 */
#include "crash/marks.h"

#include <string.h>

void marks_init(struct marks *m)
{
    *m = (struct marks){.n = 1};
}

bool mark_same(const struct mark *a, const struct mark *b)
{
    return a->lsn == b->lsn && a->id == b->id;
}

const struct mark *marks_newest(const struct marks *m)
{
    return &m->list[m->n - 1];
}

bool marks_have(const struct marks *m, const struct mark *one)
{
    uint32_t k = 0;
    while (k < m->n && !mark_same(&m->list[k], one))
        k++;
    return k < m->n;
}

void marks_add(struct marks *m, const struct mark *one)
{
    if (m->n == MARKS_MAX) {
        memmove(m->list, m->list + 1, sizeof m->list - sizeof m->list[0]);
        m->n--;
    }
    m->list[m->n++] = *one;
}

void marks_settle(struct marks *m)
{
    m->list[0] = *marks_newest(m);
    m->n = 1;
}

void marks_cut(struct marks *m, uint64_t lsn)
{
    marks_settle(m);
    if (m->list[0].lsn > lsn)
        marks_init(m);
}

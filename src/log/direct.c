/* SPDX-License-Identifier: Apache-2.0 */
#include "log/direct.h"

#include "base/bytes.h"

static bool open_direct(struct wal *w, const char *name, struct file *ret)
{
    struct fault before = *fault_last();
    bool is = file_open(ret, &w->folder, name, OS_READ | OS_WRITE | OS_DIRECT, 0) == 0;
    fault_put(&before);
    return is;
}

void direct_try(struct wal *w)
{
    struct file f;

    if (!w->config.direct_io || !open_direct(w, NAME_CONTROL, &f))
        return;
    int align = w->os->direct_align(w->os->ctx, f.fd);
    file_close(&f);
    if (align <= 0 || align > GROUP_ALIGN_MAX)
        return;
    uint32_t sector = align <= 512 ? 512 : GROUP_ALIGN_MAX;
    if (sector > w->config.group_align)
        w->config.group_align = w->limits.group_align = sector;
    w->direct = true;
}

void direct_begin(struct wal *w, struct writer *n)
{
    if (!w->direct)
        return;
    n->has_direct = open_direct(w, n->segment.file.name, &n->direct);
    w->direct = n->has_direct;
}

void direct_look(struct wal *w)
{
    if (w->direct && !w->writer.has_direct)
        w->direct = false;
}

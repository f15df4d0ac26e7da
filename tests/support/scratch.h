/* SPDX-License-Identifier: Apache-2.0 */
/* A directory of a test's own on the real file system, gone with everything in it afterwards. */
#ifndef WAL_TESTS_SCRATCH_H
#define WAL_TESTS_SCRATCH_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/attr.h"

struct scratch {
    char path[256];
};

/* 0, or -1 with errno. */
MUST_USE static inline int scratch_make(struct scratch *s)
{
    const char *base = getenv("TMPDIR");
    snprintf(s->path, sizeof s->path, "%s/libwal-XXXXXX", base != NULL ? base : "/tmp");
    return mkdtemp(s->path) != NULL ? 0 : -1;
}

static inline int scratch_remove_one(const char *path, const struct stat *st, int type,
                                     struct FTW *walk)
{
    (void)st;
    (void)type;
    (void)walk;
    return remove(path);
}

static inline void scratch_remove(struct scratch *s)
{
    nftw(s->path, scratch_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

#endif

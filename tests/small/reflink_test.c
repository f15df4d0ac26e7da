/* SPDX-License-Identifier: Apache-2.0 */
/* wal_copy on an XFS that shares blocks: what the copy takes, that it is a log like any other, and
 * that neither sees what becomes of the other. Where XFS can't be mounted it says so and returns
 * 77. */
#include <fcntl.h>
#include <libwal/wal.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <unistd.h>

#include "small/mounting.h"

enum { RECORD = 200000, RECORDS = 40, SMALL = 1000, EXTENTS = 512 };

static wal_options_t *options(void)
{
    wal_options_t *o;
    MUST(wal_options_new(&o) == 0);
    MUST(wal_options_set(o, WAL_OPT_SEGMENT_BYTES, 1 << 20) == 0);
    return o;
}

static wal_t *open_log(const char *name)
{
    wal_options_t *o = options();
    wal_t *w;
    MUST(wal_open(path(name), o, &w) == 0);
    wal_options_free(o);
    return w;
}

/* Every fourth record is small. */
static size_t make(uint8_t out[RECORD], uint64_t lsn)
{
    for (size_t k = 0; k < RECORD; k++)
        out[k] = (uint8_t)(lsn * 31 + k * k / 7);
    return lsn % 4 ? RECORD : SMALL;
}

static void append(wal_t *w, uint64_t n)
{
    static uint8_t record[RECORD];
    for (uint64_t k = 0; k < n; k++) {
        size_t size = make(record, wal_next_lsn(w));
        MUST(wal_append(w, record, size, NULL) == 0);
    }
}

static void expect_all(wal_t *w, uint64_t first, uint64_t last)
{
    static uint8_t want[RECORD], got[RECORD];
    wal_record_t r = {.size = sizeof r};
    MUST(wal_first_lsn(w) == first && wal_last_lsn(w) == last);
    for (uint64_t lsn = first; lsn <= last; lsn++) {
        size_t size = make(want, lsn);
        MUST(wal_get(w, lsn, got, sizeof got, &r) == 0);
        MUST(r.data_size == size && memcmp(want, got, size) == 0);
    }
}

static void expect_verified(const char *name, uint64_t records)
{
    wal_verify_t v;
    MUST(wal_verify(path(name), NULL, NULL, NULL, &v, sizeof v) == 0);
    MUST(v.records == records);
}

/* Bytes of a file, and how many of them lie in blocks that it shares. */
static void extents(const char *name, uint64_t *all, uint64_t *shared)
{
    static union {
        struct fiemap map;
        char room[sizeof(struct fiemap) + EXTENTS * sizeof(struct fiemap_extent)];
    } u;
    int fd = open(path(name), O_RDONLY);
    MUST(fd >= 0);
    memset(&u, 0, sizeof u);
    u.map.fm_length = FIEMAP_MAX_OFFSET;
    u.map.fm_flags = FIEMAP_FLAG_SYNC;
    u.map.fm_extent_count = EXTENTS;
    MUST(ioctl(fd, FS_IOC_FIEMAP, &u.map) == 0 && u.map.fm_mapped_extents < EXTENTS);
    for (uint32_t k = 0; k < u.map.fm_mapped_extents; k++) {
        const struct fiemap_extent *e = &u.map.fm_extents[k];
        *all += e->fe_length;
        *shared += e->fe_flags & FIEMAP_EXTENT_SHARED ? e->fe_length : 0;
    }
    close(fd);
}

/* Of the sealed segments of the copy; the last one is written. */
static uint64_t sealed(const wal_t *w, uint64_t *shared)
{
    wal_segment_t s[64] = {{.size = sizeof *s}};
    size_t n = 64;
    uint64_t all = 0;
    char name[64];

    MUST(wal_segments((wal_t *)(uintptr_t)w, s, sizeof *s, &n) == 0 && n > 4);
    for (size_t k = 0; k + 1 < n; k++) {
        snprintf(name, sizeof name, "mnt/copy/%020llu.wal", (unsigned long long)s[k].number);
        extents(name, &all, shared);
    }
    return all;
}

static void try_it(void)
{
    wal_t *w = open_log("mnt/log"), *v;
    uint64_t shared = 0;

    append(w, RECORDS);
    MUST(wal_copy(w, path("mnt/copy"), NULL, NULL) == 0);
    uint64_t all = sealed(w, &shared);
    printf("note: %llu of %llu KiB are shared\n", (unsigned long long)(shared >> 10),
           (unsigned long long)(all >> 10));
    MUST(shared > all / 10 * 8);
    MUST(wal_close(w) == 0);
    mounting_cut_power();
    expect_verified("mnt/copy", RECORDS);
    w = open_log("mnt/log");
    v = open_log("mnt/copy");
    append(v, 3);
    append(w, 5);
    MUST(wal_truncate_before(w, 11) == 0);
    expect_all(v, 1, RECORDS + 3);
    MUST(wal_close(v) == 0);
    MUST(wal_destroy(path("mnt/copy")) == 0);
    expect_all(w, 11, RECORDS + 5);
    MUST(wal_close(w) == 0);
    expect_verified("mnt/log", RECORDS + 5 - 10);
}

int main(void)
{
    if (!mounting_begin("xfs"))
        return mounting_skip("only root can mount one");
    if (mounting_make("320M", "mkfs.xfs -q -m reflink=1") != 0 || mounting_mount() != 0) {
        mounting_end();
        return mounting_skip("it can't be made or mounted here");
    }
    try_it();
    MUST(umount(path("mnt")) == 0);
    mounting_end();
    return 0;
}

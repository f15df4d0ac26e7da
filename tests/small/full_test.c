/* SPDX-License-Identifier: Apache-2.0 */
/* A log on a small file system that is full: full, freed, going on, in every mode, on tmpfs and on
 * ext4, whose power is cut at the end. Mounts them in a mount namespace of its own, for which it
 * has to be root; else it says so and returns 77, which ctest shows as skipped.
 *
 * The log is written by a child that tells its parent what was acknowledged, in memory they share,
 * and ends without closing it. */
#include <fcntl.h>
#include <libwal/wal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "small/mounting.h"

enum { RECORD = 8000, BALLAST = 512 * 1024, EXTRA = 10 };

/* What the child has been told. */
struct told {
    uint64_t acked;     /* every record up to it is durable */
    uint64_t handed;    /* the last LSN that was given out */
    uint64_t refused;   /* appends without space */
    uint64_t withdrawn; /* LSN of the last one that was refused, and what its bytes were */
    int done;
};

static struct told *told;
static const char *kind; /* of the file system */

/* A record is its LSN and which try it was, over and over. */
static void make(uint64_t out[RECORD / 8], uint64_t lsn, uint64_t attempt)
{
    for (int k = 0; k < RECORD / 8; k++)
        out[k] = k % 2 ? attempt : lsn;
}

static void write_ballast(const char *name)
{
    static char zeros[4096];
    int fd = open(path(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    MUST(fd >= 0);
    for (int k = 0; k < BALLAST / 4096; k++)
        MUST(write(fd, zeros, sizeof zeros) == sizeof zeros);
    MUST(fsync(fd) == 0 && close(fd) == 0);
}

/* ext4 gives blocks to others once their freeing is committed. */
static void settle(void)
{
    int fd = open(path("mnt"), O_RDONLY);
    MUST(fd >= 0 && syncfs(fd) == 0);
    close(fd);
}

static void free_ballast(const char *name)
{
    MUST(unlink(path(name)) == 0);
    settle();
}

static int open_log(uint64_t mode, uint64_t reserve, uint64_t read_only, wal_t **ret)
{
    wal_options_t *o;
    MUST(wal_options_new(&o) == 0);
    MUST(wal_options_set(o, WAL_OPT_READ_ONLY, read_only) == 0);
    MUST(wal_options_set(o, WAL_OPT_SYNC, mode) == 0);
    MUST(wal_options_set(o, WAL_OPT_RESERVE_BYTES, reserve) == 0);
    MUST(wal_options_set(o, WAL_OPT_SEGMENT_BYTES, 256 * 1024) == 0);
    MUST(wal_options_set(o, WAL_OPT_MAX_RECORD_BYTES, 64 * 1024) == 0);
    MUST(wal_options_set(o, WAL_OPT_PENDING_BYTES, 64 * 1024) == 0);
    MUST(wal_options_set(o, WAL_OPT_ZERO_AHEAD_BYTES, 64 * 1024) == 0);
    MUST(wal_options_set(o, WAL_OPT_INTERVAL_MS, 1) == 0);
    int e = wal_open(path("mnt/log"), o, ret);
    wal_options_free(o);
    return e;
}

static int append(wal_t *w, uint64_t mode)
{
    uint64_t record[RECORD / 8], lsn = wal_next_lsn(w), got = 0;
    make(record, lsn, told->refused);
    int e = wal_append(w, record, sizeof record, &got);
    if (e == 0) {
        MUST(got == lsn);
        told->handed = lsn;
        told->acked = mode >= WAL_SYNC_DATA ? lsn : wal_durable_lsn(w);
        return 0;
    }
    MUST(e == WAL_E_NOSPC);
    MUST(wal_failure(w) == 0);
    told->refused++;
    told->withdrawn = lsn;
    return e;
}

static void expect_all(wal_t *w, uint64_t to)
{
    uint64_t record[RECORD / 8];
    wal_record_t r = {.size = sizeof r};
    for (uint64_t lsn = wal_first_lsn(w); lsn <= to; lsn++) {
        MUST(wal_get(w, lsn, record, sizeof record, &r) == 0);
        MUST(r.data_size == sizeof record && record[0] == lsn);
    }
}

/* Full, twice: the second time the log has made room by itself. */
static void live(uint64_t mode, uint64_t reserve)
{
    wal_t *w;
    MUST(open_log(mode, reserve, 0, &w) == 0);
    while (append(w, mode) == 0)
        ;
    expect_all(w, told->handed);        /* reading goes on */
    for (int refused = 0; refused < 3;) /* and it stays so, once ext4 has found its last blocks */
        refused = append(w, mode) == WAL_E_NOSPC ? refused + 1 : 0;
    free_ballast("mnt/ballast1");
    for (int k = 0; k < EXTRA; k++)
        MUST(append(w, mode) == 0);
    MUST(wal_sync(w, 0) == 0);
    told->acked = told->handed;
    while (append(w, mode) == 0)
        ;
    MUST(wal_truncate_before(w, told->acked / 2) == 0); /* needs no block */
    settle();
    for (int k = 0; k < EXTRA; k++)
        MUST(append(w, mode) == 0);
    expect_all(w, told->handed);
    MUST(wal_sync(w, 0) == 0);
    told->acked = told->handed;
    while (append(w, mode) == 0) /* the last thing that it says is no */
        ;
    told->done = 1;
    _exit(0); /* nothing is closed */
}

static void expect_right(wal_t *w, uint64_t least)
{
    MUST(wal_last_lsn(w) >= least);
    MUST(wal_last_lsn(w) <= told->handed);
    expect_all(w, wal_last_lsn(w));
}

/* Everything acknowledged is there, nothing that was refused. Where no segment fits, reading still
 * goes: it shows what something behind it vouches for, which of the last sync nothing may. */
static void verify(uint64_t mode)
{
    wal_t *w;
    MUST(open_log(mode, 0, 1, &w) == 0);
    expect_right(w, 0);
    MUST(wal_close(w) == 0);
    int e = open_log(mode, 0, 0, &w);
    free_ballast("mnt/ballast2");
    if (e == WAL_E_NOSPC)
        e = open_log(mode, 0, 0, &w);
    MUST(e == 0);
    expect_right(w, told->acked);
    MUST(wal_append(w, "goes on", 7, NULL) == 0);
    MUST(wal_close(w) == 0);
}

static int mount_it(void)
{
    if (strcmp(kind, "tmpfs") == 0)
        return mount("none", path("mnt"), "tmpfs", 0, "size=3m");
    return mounting_mount();
}

static int make_file_system(void)
{
    if (strcmp(kind, "ext4") == 0 && mounting_make("8M", "mkfs.ext4 -q -F -m 0") != 0)
        return -1;
    return mount_it();
}

/* What was not synced is lost; tmpfs loses nothing. */
static void cut_power(void)
{
    if (strcmp(kind, "ext4") == 0)
        mounting_cut_power();
}

static void try_one(uint64_t mode, uint64_t reserve)
{
    int status;

    memset(told, 0, sizeof *told);
    MUST(make_file_system() == 0);
    write_ballast("mnt/ballast1");
    write_ballast("mnt/ballast2");
    fflush(NULL);
    pid_t pid = fork();
    MUST(pid >= 0);
    if (pid == 0)
        live(mode, reserve);
    MUST(waitpid(pid, &status, 0) == pid && status == 0 && told->done);
    cut_power();
    verify(mode);
    MUST(umount(path("mnt")) == 0);
    printf("note: %s, mode %d, reserve %d KiB: %d records, refused %d times\n", kind, (int)mode,
           (int)(reserve / 1024), (int)told->handed, (int)told->refused);
}

int main(int argc, char **argv)
{
    kind = argc > 1 ? argv[1] : "tmpfs";
    if (!mounting_begin(kind))
        return mounting_skip("only root can mount one");
    told = mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    MUST(told != MAP_FAILED);
    if (make_file_system() != 0) {
        mounting_end();
        return mounting_skip("it can't be made or mounted here");
    }
    MUST(umount(path("mnt")) == 0);
    for (uint64_t mode = WAL_SYNC_NONE; mode <= WAL_SYNC_DSYNC; mode++)
        for (uint64_t reserve = 0; reserve <= 256 * 1024; reserve += 256 * 1024)
            try_one(mode, reserve);
    mounting_end();
    return 0;
}

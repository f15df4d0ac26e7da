/* SPDX-License-Identifier: Apache-2.0 */
#include "small/mounting.h"

#include <errno.h>
#include <fcntl.h>
#include <libwal/wal.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define FS_SHUTDOWN _IOR('X', 125, uint32_t) /* the same number on ext4 and XFS */
enum { SKIPPED = 77, SHUTDOWN_NOLOGFLUSH = 2 };

static char root[] = "/tmp/libwal-small-XXXXXX";
static const char *of_kind;

void stop(const char *file, const char *what, int line)
{
    wal_error_t e = {.size = sizeof e};
    int err = errno;
    wal_last_error(&e, sizeof e);
    fprintf(stderr, "%s, %s:%d: %s (%s; errno %d)\n", of_kind, file, line, what, e.message, err);
    exit(1);
}

const char *path(const char *name)
{
    static char paths[4][512];
    static int next;
    char *p = paths[next++ % 4];
    snprintf(p, sizeof paths[0], "%s/%s", root, name);
    return p;
}

int mounting_begin(const char *kind)
{
    of_kind = kind;
    if (geteuid() != 0 || unshare(CLONE_NEWNS) != 0 ||
        mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
        return 0;
    MUST(mkdtemp(root) && mkdir(path("mnt"), 0700) == 0);
    return 1;
}

int mounting_make(const char *size, const char *make)
{
    char command[1200];
    snprintf(command, sizeof command, "truncate -s %s %s && %s %s", size, path("image"), make,
             path("image"));
    return system(command);
}

int mounting_mount(void)
{
    char command[1200];
    snprintf(command, sizeof command, "mount -o loop %s %s", path("image"), path("mnt"));
    return system(command);
}

void mounting_cut_power(void)
{
    uint32_t how = SHUTDOWN_NOLOGFLUSH;
    int fd = open(path("mnt"), O_RDONLY);
    MUST(fd >= 0 && ioctl(fd, FS_SHUTDOWN, &how) == 0);
    close(fd);
    MUST(umount(path("mnt")) == 0);
    MUST(mounting_mount() == 0);
}

void mounting_end(void)
{
    unlink(path("image"));
    MUST(rmdir(path("mnt")) == 0 && rmdir(root) == 0);
}

int mounting_skip(const char *why)
{
    printf("note: %s was skipped: %s\n", of_kind, why);
    return SKIPPED;
}

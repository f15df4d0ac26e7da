/* SPDX-License-Identifier: Apache-2.0 */
#include "walctl/floor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "walctl/message.h"
#include "walctl/progress.h"
#include "walctl/signals.h"

/* Without a name, or where the file system can't do that, with one for a moment. */
static int open_nameless(const char *dir)
{
    char path[4096];

    int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT))
        return fd;
    if ((size_t)snprintf(path, sizeof path, "%s/walctl-XXXXXX", dir) >= sizeof path)
        return -1;
    fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        unlink(path);
    return fd;
}

static int put(int fd, const uint8_t *data, size_t size, uint64_t k)
{
    ssize_t n = pwrite(fd, data, size, (off_t)(k * size));
    return n == (ssize_t)size ? 0 : -1;
}

static int fill(int fd, uint64_t n, const uint8_t *data, size_t size)
{
    for (uint64_t k = 0; k < n; k++)
        if (put(fd, data, size, k) < 0)
            return -1;
    return fsync(fd);
}

static int measure(int fd, uint64_t n, uint64_t limit_ns, const struct bytes *data,
                   struct samples *ret)
{
    uint64_t begin = samples_now_ns(), now = begin;

    progress_begin("sync", n);
    for (uint64_t k = 0; k < n && (limit_ns == 0 || now - begin < limit_ns); k++) {
        if (signals_caught())
            break;
        uint64_t start = samples_now_ns();
        if (put(fd, data->data, data->size, k) < 0 || fdatasync(fd) < 0)
            return -1;
        now = samples_now_ns();
        samples_add(ret, now - start);
        progress_at(k + 1);
    }
    return 0;
}

int floor_measure(const char *dir, uint64_t n, uint64_t limit_ns, size_t size, struct samples *ret)
{
    struct bytes data = {0};
    int fd = open_nameless(dir);

    memset(bytes_reserve(&data, size), 0x5a, size);
    data.size = size;
    int e = fd < 0 ? -1 : fill(fd, n, data.data, size);
    if (e == 0)
        e = measure(fd, n, limit_ns, &data, ret);
    int error = errno;
    progress_end();
    bytes_free(&data);
    if (fd >= 0)
        close(fd);
    if (e == 0)
        return CODE_FINE;
    message("a file in %s can't be written: %s", dir, strerror(error));
    return CODE_FAILED;
}

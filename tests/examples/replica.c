/* SPDX-License-Identifier: Apache-2.0 */
/* A leader and a follower, each a process with a log of its own. Batches go over a socket in the
 * portable form; the follower appends them and answers with its last LSN. When it comes up it says
 * what it has, and the leader goes on from there: so it may die at any time.
 *
 *     replica DIR */
#include <libwal/wal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RECORDS = 200, AT_ONCE = 10, LIVES = 3, PATH = 4096, FORM_MAX = 4096 };

static int failed(const char *who)
{
    wal_error_t error = {.size = sizeof error};
    wal_last_error(&error, sizeof error);
    fprintf(stderr, "%s: %s\n", who, error.message);
    return 1;
}

static int send_all(int fd, const void *data, size_t size)
{
    for (const char *p = data; size > 0;) {
        ssize_t n = send(fd, p, size, MSG_NOSIGNAL);
        if (n <= 0)
            return -1;
        p += n;
        size -= (size_t)n;
    }
    return 0;
}

static int receive(int fd, void *data, size_t size)
{
    return recv(fd, data, size, MSG_WAITALL) == (ssize_t)size ? 0 : -1;
}

/* The follower */

static int add_to_batch(void *ctx, const wal_record_t *record)
{
    return wal_batch_append(ctx, record->type, record->data, record->data_size);
}

/* One form is one batch: all of it is durable before the answer goes out. */
static int take_form(wal_t *log, wal_batch_t *batch, int fd)
{
    static char form[FORM_MAX];
    uint32_t size;

    if (receive(fd, &size, sizeof size) < 0)
        return 0;
    if (size > sizeof form || receive(fd, form, size) < 0)
        return -1;
    if (wal_decode(form, size, add_to_batch, batch) < 0) /* it says what is wrong with it */
        return -1;
    if (wal_batch_commit(batch, 0, NULL, NULL) < 0)
        return -1;
    uint64_t last = wal_last_lsn(log);
    return send_all(fd, &last, sizeof last) < 0 ? -1 : 1;
}

/* Lives for so many forms. */
static int follow(const char *dir, int fd, int forms)
{
    wal_batch_t *batch;
    wal_t *log;
    int e = 1;

    if (wal_open(dir, NULL, &log) < 0 || wal_batch_new(log, &batch) < 0)
        return failed("follower");
    uint64_t last = wal_last_lsn(log);
    if (send_all(fd, &last, sizeof last) < 0)
        e = -1;
    while (e == 1 && forms-- > 0)
        e = take_form(log, batch, fd);
    if (e < 0)
        return failed("follower");
    if (forms < 0)
        _exit(0); /* as a crash: nothing is closed */
    wal_batch_free(batch);
    return wal_close(log) < 0 ? failed("follower") : 0;
}

/* The leader */

static int write_records(wal_t *log)
{
    char text[32];
    for (int k = 1; k <= RECORDS; k++) {
        int size = snprintf(text, sizeof text, "record %d", k);
        if (wal_append_typed(log, (uint32_t)k % 7, text, (size_t)size, WAL_APPEND_ASYNC, NULL) < 0)
            return -1;
    }
    return wal_sync(log, 0); /* what is sent is durable here first */
}

static int send_from(wal_reader_t *reader, int fd)
{
    static char form[FORM_MAX];
    wal_record_t records[AT_ONCE] = {{.size = sizeof records[0]}};
    size_t n = 0, bytes;

    if (wal_reader_next_many(reader, records, AT_ONCE, FORM_MAX / 2, &n) < 0)
        return -1;
    if (n == 0)
        return 0;
    if (wal_encode(records, n, form, sizeof form, &bytes) < 0)
        return -1;
    uint32_t size = (uint32_t)bytes;
    return send_all(fd, &size, sizeof size) < 0 || send_all(fd, form, bytes) < 0 ? -1 : 1;
}

/* Until the follower has everything, or is gone. Returns its last LSN as far as it is known. */
static uint64_t lead(wal_t *log, int fd)
{
    wal_reader_t *reader;
    uint64_t last = 0;

    if (receive(fd, &last, sizeof last) < 0 || wal_reader_open(log, last + 1, 0, &reader) < 0)
        return 0;
    while (send_from(reader, fd) == 1 && receive(fd, &last, sizeof last) == 0)
        ;
    wal_reader_close(reader);
    return last;
}

/* The follower is a child that has nothing of the leader's log. */
static pid_t start(const char *dir, int forms, int *ret_fd)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0)
        return -1;
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        _exit(follow(dir, ends[1], forms));
    }
    close(ends[1]);
    *ret_fd = ends[0];
    return pid;
}

static int replicate(wal_t *log, const char *dir)
{
    uint64_t last = 0;
    int fd, status;

    for (int life = 1; last < RECORDS && life <= LIVES; life++) {
        pid_t pid = start(dir, life < LIVES ? 5 : RECORDS, &fd);
        if (pid < 0)
            return 1;
        last = lead(log, fd);
        close(fd);
        waitpid(pid, &status, 0);
        printf("life %d: the follower has %d records\n", life, (int)last);
        fflush(stdout);
        if (status != 0)
            return 1;
    }
    return last != RECORDS;
}

int main(int argc, char **argv)
{
    char leader[PATH], follower[PATH];
    wal_t *log;

    if (argc < 2)
        return 2;
    mkdir(argv[1], 0700);
    snprintf(leader, sizeof leader, "%s/leader", argv[1]);
    snprintf(follower, sizeof follower, "%s/follower", argv[1]);
    if (wal_open(leader, NULL, &log) < 0 || write_records(log) < 0)
        return failed("leader");
    int status = replicate(log, follower);
    return wal_close(log) < 0 ? failed("leader") : status;
}

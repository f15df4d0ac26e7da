/* SPDX-License-Identifier: Apache-2.0 */
#include "walctl/decoder.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "walctl/message.h"
#include "walctl/raft.h"
#include "walctl/signals.h"

static const char *command;
static uint64_t failures;
static struct bytes output;

const struct arg decoder_args[] = {
    {"decoder", 0, "COMMAND",
     "pipe each payload through this shell command, or\n"
     "'raft': show entries of a Raft log ('walctl help\ndecoder' says how)",
     take_text, &command},
    {0}};

extern char **environ;

/* The command under way. Descriptors are -1 when closed. */
struct run {
    pid_t pid;
    int to, from;
    const uint8_t *data; /* what it hasn't taken yet */
    size_t left;
};

bool decoder_given(void)
{
    return command != NULL;
}

uint64_t decoder_failures(void)
{
    return failures;
}

static void shut(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void tell_number(const char *name, uint64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, value);
    setenv(name, text, 1);
}

/* 0 or an errno. */
static int spawn(int in, int out, pid_t *ret)
{
    char *argv[] = {(char *)"sh", (char *)"-c", (char *)command, NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t how;
    sigset_t usual;

    int e = posix_spawn_file_actions_init(&files);
    if (e)
        return e;
    e = posix_spawnattr_init(&how);
    if (e == 0) {
        sigemptyset(&usual);
        sigaddset(&usual, SIGPIPE); /* which this process ignores */
        posix_spawnattr_setsigdefault(&how, &usual);
        posix_spawnattr_setsigmask(&how, signals_usual_mask());
        posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
        e = posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
        if (e == 0)
            e = posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
        if (e == 0)
            e = posix_spawn(ret, "/bin/sh", &files, &how, argv, environ);
        posix_spawnattr_destroy(&how);
    }
    posix_spawn_file_actions_destroy(&files);
    return e;
}

/* 0 or an errno. */
static int start(struct run *r, const wal_record_t *record)
{
    int in[2] = {-1, -1}, out[2] = {-1, -1}, e = 0;

    *r = (struct run){.to = -1, .from = -1, .data = record->data, .left = record->data_size};
    tell_number("WALCTL_LSN", record->lsn);
    tell_number("WALCTL_TYPE", record->type);
    if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0 ||
        fcntl(in[1], F_SETFL, O_NONBLOCK) < 0)
        e = errno;
    if (e == 0)
        e = spawn(in[0], out[1], &r->pid);
    if (e == 0) {
        r->to = in[1];
        r->from = out[0];
    } else {
        shut(&in[1]);
        shut(&out[0]);
    }
    shut(&in[0]);
    shut(&out[1]);
    return e;
}

static void give(struct run *r)
{
    ssize_t n = write(r->to, r->data, r->left);

    if (n >= 0) {
        r->data += n;
        r->left -= (size_t)n;
    } else if (errno != EAGAIN && errno != EINTR) {
        r->left = 0; /* it doesn't want the rest */
    }
    if (r->left == 0)
        shut(&r->to);
}

static void take(struct run *r)
{
    ssize_t n = read(r->from, bytes_reserve(&output, 4096), 4096);

    if (n > 0)
        output.size += (size_t)n;
    else if (n == 0 || errno != EINTR)
        shut(&r->from);
}

/* Both directions at once: it may print before it has read everything, or not read at all. */
static void pump(struct run *r)
{
    if (r->left == 0)
        shut(&r->to);
    while (r->from >= 0) {
        struct pollfd p[] = {{.fd = r->from, .events = POLLIN}, {.fd = r->to, .events = POLLOUT}};
        if (poll(p, 2, -1) < 0)
            continue;
        if (p[0].revents)
            take(r);
        if (p[1].revents)
            give(r);
    }
    shut(&r->to);
}

static void say_how_it_ended(uint64_t lsn, int status)
{
    if (WIFSIGNALED(status))
        message("LSN %" PRIu64 ": the decoder was ended by signal %d", lsn, WTERMSIG(status));
    else
        message("LSN %" PRIu64 ": the decoder ended with status %d", lsn, WEXITSTATUS(status));
}

static bool run_raft(const wal_record_t *record)
{
    if (raft_decode(record, &output))
        return true;
    message("LSN %" PRIu64 ": it is no entry of a Raft log", record->lsn);
    return false;
}

static bool run_command(const wal_record_t *record)
{
    struct run r;
    int status = 0;

    int e = start(&r, record);
    if (e) {
        message("LSN %" PRIu64 ": the decoder can't be run: %s", record->lsn, strerror(e));
        return false;
    }
    pump(&r);
    while (waitpid(r.pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (status != 0)
        say_how_it_ended(record->lsn, status);
    return status == 0;
}

const struct bytes *decoder_run(const wal_record_t *record)
{
    output.size = 0;
    if (strcmp(command, "raft") == 0 ? run_raft(record) : run_command(record))
        return &output;
    failures++;
    return NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "walctl/out.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "walctl/message.h"

static char buffer[64 * 1024];
static int first_error; /* errno of the first write that failed */

/* A missing descriptor becomes one that can't be used the way it is meant. */
static void open_missing(int fd)
{
    if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
        open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
        _exit(CODE_FAILED);
}

void out_prepare(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        open_missing(fd);
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
}

int out_into(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

    out_flush();
    if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0) {
        message("%s can't be written: %s", path, strerror(errno));
        return CODE_FAILED;
    }
    close(fd);
    return CODE_FINE;
}

bool out_is_terminal(void)
{
    return isatty(STDOUT_FILENO);
}

bool out_is_file(void)
{
    struct stat st;
    return fstat(STDOUT_FILENO, &st) == 0 && S_ISREG(st.st_mode);
}

bool out_failed(void)
{
    if (ferror(stdout) && !first_error)
        first_error = errno;
    return first_error != 0;
}

void out_flush(void)
{
    if (fflush(stdout) != 0 && !first_error)
        first_error = errno;
}

bool out_reader_gone(void)
{
    struct pollfd p = {.fd = STDOUT_FILENO};

    if (poll(&p, 1, 0) == 1 && (p.revents & (POLLERR | POLLHUP)) && !first_error)
        first_error = EPIPE;
    return first_error == EPIPE;
}

int out_close(int code)
{
    if (!out_failed())
        out_flush();
    if (close(STDOUT_FILENO) < 0 && !first_error) /* stdio's own end comes too late to say so */
        first_error = errno;
    if (!first_error)
        return code;
    if (first_error == EPIPE) {
        signal(SIGPIPE, SIG_DFL);
        raise(SIGPIPE);
    }
    message("write error: %s", strerror(first_error));
    return code == CODE_FINE ? CODE_FAILED : code;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "walctl/signals.h"

#include <poll.h>
#include <stddef.h>

static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
enum { N = sizeof numbers / sizeof *numbers };

static bool holding;
static sigset_t usual_mask;
static volatile sig_atomic_t noted;

/* Runs inside of signals_wait_readable only. */
static void note(int number)
{
    noted = number;
}

void signals_hold(void)
{
    sigset_t held;

    sigemptyset(&held);
    for (int k = 0; k < N; k++) {
        struct sigaction old, new = {.sa_handler = note};
        if (sigaction(numbers[k], NULL, &old) < 0 || old.sa_handler == SIG_IGN) /* nohup */
            continue;
        sigaddset(&held, numbers[k]);
        sigaction(numbers[k], &new, NULL);
    }
    sigprocmask(SIG_BLOCK, &held, &usual_mask);
    holding = true;
}

/* The one that has come, 0: none. */
static int arrived(void)
{
    sigset_t pending;

    if (noted || !holding || sigpending(&pending) < 0)
        return noted;
    for (int k = 0; k < N; k++)
        if (sigismember(&pending, numbers[k]) == 1)
            return numbers[k];
    return 0;
}

bool signals_caught(void)
{
    return arrived() != 0;
}

bool signals_wait_readable(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    if (!signals_caught())
        ppoll(&p, 1, NULL, holding ? &usual_mask : NULL);
    return !signals_caught();
}

const sigset_t *signals_usual_mask(void)
{
    if (!holding)
        sigprocmask(SIG_BLOCK, NULL, &usual_mask);
    return &usual_mask;
}

void signals_die(void)
{
    int number = arrived();

    if (number == 0)
        return;
    signal(number, SIG_DFL);
    sigprocmask(SIG_SETMASK, &usual_mask, NULL);
    raise(number);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* SIGINT, SIGTERM and SIGHUP for commands that must come to an orderly end: they are held back, so
 * that no call of the library is interrupted by one, and looked for where it suits. */
#ifndef WALCTL_SIGNALS_H
#define WALCTL_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

void signals_hold(void);
/* Whether one has come since. */
bool signals_caught(void);
/* Waits until there is something to read from the descriptor. False: a signal came first. */
bool signals_wait_readable(int fd);
/* The mask from before signals_hold, for child processes. */
const sigset_t *signals_usual_mask(void);
/* At the very end: dies of the signal that has come, if one has. */
void signals_die(void);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* A progress bar on stderr, where that is a terminal; else nothing at all. One at a time. */
#ifndef WALCTL_PROGRESS_H
#define WALCTL_PROGRESS_H

#include <stdint.h>

/* `total` units of work, in whatever unit; 0: unknown, no bar. */
void progress_begin(const char *what, uint64_t total);
/* How many are done. Cheap: it draws ten times a second at most. */
void progress_at(uint64_t done);
/* Takes the bar away, so that something else can be printed; the next progress_at draws it again.
 */
void progress_hide(void);
void progress_end(void);
/* As the library's functions report their progress: begins a bar with the name `what`, too. They
 * are to stop where a signal has come. */
int progress_follow(void *what, uint64_t done, uint64_t total);

#endif

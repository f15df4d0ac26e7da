/* SPDX-License-Identifier: Apache-2.0 */
/* The LSNs that a command walks over: what the command line wants of what is there. */
#ifndef WALCTL_SPAN_H
#define WALCTL_SPAN_H

#include <libwal/wal.h>

struct span {
    uint64_t low, high; /* low > high: none */
    uint64_t newest;    /* where a reverse reader starts to see all of them; 0: at the last one */
};

/* For a command with select_args: checks that its options fit together, and opens the log
 * read-only. CODE_FINE, or the exit code after a message. */
int span_open(const char *dir, wal_t **ret);
/* By `selection`, as of now. With --written nobody knows what is last: high may lie far ahead.
 * Code as above: --from may lie outside the log. */
int span_find(wal_t *log, struct span *ret);
/* A reader whose next record is `start`; with --reverse it begins at the span's end. Code as above.
 */
int span_reader(wal_t *log, const struct span *s, uint64_t start, wal_reader_t **ret);

#endif

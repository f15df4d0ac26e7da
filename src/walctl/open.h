/* SPDX-License-Identifier: Apache-2.0 */
/* Opening the log that a command works on. */
#ifndef WALCTL_OPEN_H
#define WALCTL_OPEN_H

#include <libwal/wal.h>

#include "walctl/args.h"
#include "walctl/key.h"

extern const struct arg open_args[]; /* -O */
/* Lists of options for commands that open a log: -O and keys. */
#define OPEN_ARGS open_args, key_args

/* Sets an option of the log as -O does. CODE_FINE or, after a message, CODE_USAGE. */
int open_set(const char *name, const char *value);
/* The label that new segments get. As open_set. */
int open_set_label(const char *label);
/* The value that the log is going to be opened with. */
uint64_t open_get(uint32_t option);

/* After the command line is read: gives the options their keys. CODE_FINE, or the exit code after a
 * message. */
int open_ready(void);
/* All that was set so far, for functions that take options; they stay what they are. */
const wal_options_t *open_options(void);

/* Never writes or locks. The library's result, and no message. */
int open_try(const char *dir, wal_t **ret);
/* Each returns CODE_FINE, or the exit code after a message. As open_try: */
int open_read_only(const char *dir, wal_t **ret);
/* Says on stderr what recovery had to give up. `create`: makes the log where there is none. */
int open_for_writing(const char *dir, bool create, wal_t **ret);
/* Closes; the exit code is `code`, or where that is CODE_FINE and the close fails, after a message,
 * the close's. */
int open_close(wal_t *log, int code);

#endif

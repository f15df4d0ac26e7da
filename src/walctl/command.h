/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of walctl. Each is one file cmd_NAME.c that defines command_NAME, and one line in
 * COMMANDS below. */
#ifndef WALCTL_COMMAND_H
#define WALCTL_COMMAND_H

#include "walctl/args.h"

struct command {
    const char *name;
    const char *alias;                  /* another name, NULL: none */
    const char *summary;                /* one line without a full stop */
    const char *operands;               /* as in its usage line */
    int least, most;                    /* how many operands it takes */
    const struct arg *const *args;      /* lists of its options, NULL behind the last one */
    const char *about, *examples;       /* for its help: whole lines */
    int (*run)(char **operands, int n); /* the exit code; it has said what went wrong */
};

/* In the order of the help. */
#define COMMANDS(X)                                                                                \
    X(info)                                                                                        \
    X(ls)                                                                                          \
    X(cat)                                                                                         \
    X(get)                                                                                         \
    X(tail)                                                                                        \
    X(append)                                                                                      \
    X(export)                                                                                      \
    X(import)                                                                                      \
    X(stats)                                                                                       \
    X(report)                                                                                      \
    X(verify)                                                                                      \
    X(repair)                                                                                      \
    X(salvage)                                                                                     \
    X(copy)                                                                                        \
    X(bench)                                                                                       \
    X(truncate)                                                                                    \
    X(reset)                                                                                       \
    X(completion)                                                                                  \
    X(help)

#define COMMAND_DECLARE(name) extern const struct command command_##name;
COMMANDS(COMMAND_DECLARE)

/* All of them, NULL behind the last one. */
extern const struct command *const commands[];
/* By name or alias; NULL: there is none. */
const struct command *command_find(const char *name);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Which records are wanted: a range of LSNs, types, an order, a number. */
#ifndef WALCTL_SELECT_H
#define WALCTL_SELECT_H

#include <libwal/wal.h>

#include "walctl/args.h"

struct selection {
    struct given from, to; /* the lowest and the highest LSN */
    struct given count;    /* -n */
    bool reverse, written;
    bool by_type;
    uint8_t types[65536 / 8]; /* by_type: a bit for each that is wanted */
};

extern struct selection selection; /* what the command line said */

extern const struct arg select_args[]; /* --from, --to, -n, --type, --written */
extern const struct arg select_reverse_args[];

/* Whether the options fit together: CODE_FINE or, after a message, CODE_USAGE. */
int select_check(void);
bool select_type(uint32_t type);
/* Flags for wal_reader_open. */
uint32_t select_flags(void);

#endif

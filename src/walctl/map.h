/* SPDX-License-Identifier: Apache-2.0 */
/* The log drawn on a terminal: a cell or more for each segment. */
#ifndef WALCTL_MAP_H
#define WALCTL_MAP_H

#include <libwal/wal.h>

#include "walctl/args.h"

extern const struct arg map_args[]; /* --map, --no-map */

/* Whether it is to be drawn: as the command line says, else on a terminal. */
bool map_wanted(void);
/* On stdout. `checkpoint_lsn`: of the newest checkpoint, `damaged`: the number of a segment with
 * damage; 0: none. */
void map_print(const wal_segment_t *list, size_t n, uint64_t checkpoint_lsn, uint64_t damaged);

#endif

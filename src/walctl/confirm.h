/* SPDX-License-Identifier: Apache-2.0 */
/* Before something is removed. */
#ifndef WALCTL_CONFIRM_H
#define WALCTL_CONFIRM_H

#include "walctl/args.h"

extern const struct arg confirm_args[]; /* --yes, --dry-run */

bool confirm_dry_run(void);
/* Before the log is opened: without --yes somebody must be there to be asked. CODE_FINE or, after a
 * message, CODE_USAGE. */
int confirm_check(void);
/* `what` is going to be removed, which has been said. Asks on a terminal, unless --yes was given.
 */
bool confirm(void);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The help of the tool as a whole. */
#ifndef WALCTL_OVERVIEW_H
#define WALCTL_OVERVIEW_H

/* Commands, exit codes, topics; on stdout. */
void overview_print(void);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Bugs that the test-suite must catch (docs/testing.md lists them). A build with WAL_PLANTED_BUGS
 * has them all, switched on one at a time by `planted_bug`; every other build has none, and the
 * compiler drops the branches. Release builds refuse the option. */
#ifndef WAL_BASE_PLANT_H
#define WAL_BASE_PLANT_H

#ifdef WAL_PLANTED_BUGS
/* Number of the bug that is switched on; 0: none. Set before the log is opened. */
extern int planted_bug;
#define PLANTED(number) (planted_bug == (number))
#else
#define PLANTED(number) 0
#endif

#endif

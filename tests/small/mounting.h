/* SPDX-License-Identifier: Apache-2.0 */
/* Small file systems for one test, in a mount namespace of its own; for that it has to be root. */
#ifndef WAL_TESTS_MOUNTING_H
#define WAL_TESTS_MOUNTING_H

/* A place for one of this kind, under /tmp; false: this process can't mount. */
int mounting_begin(const char *kind);
/* A file system in a file: its size as truncate has it, and the command that makes it there. */
int mounting_make(const char *size, const char *make);
int mounting_mount(void);      /* it, at path("mnt") */
void mounting_cut_power(void); /* what was not synced is lost; it is mounted again */
void mounting_end(void);       /* nothing is mounted any more */
/* Says why, and returns what ctest shows as skipped. */
int mounting_skip(const char *why);

const char *path(const char *name); /* at that place; good for three more calls */
_Noreturn void stop(const char *file, const char *what, int line);
#define MUST(condition) ((condition) ? (void)0 : stop(__FILE__, #condition, __LINE__))

#endif

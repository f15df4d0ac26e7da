/* SPDX-License-Identifier: Apache-2.0 */
/* What is said to people: lines on stderr, and the exit code that goes with them. Control bytes in
 * them are escaped. */
#ifndef WALCTL_MESSAGE_H
#define WALCTL_MESSAGE_H

#include <stdint.h>

#ifdef __GNUC__
#define PRINTF_LIKE(fmt, first) __attribute__((format(printf, fmt, first)))
#else
#define PRINTF_LIKE(fmt, first)
#endif

enum {
    CODE_FINE,
    CODE_FAILED,  /* the operation failed */
    CODE_USAGE,   /* the command line makes no sense */
    CODE_CORRUPT, /* the log is damaged */
    CODE_TORN,    /* its end is torn, nothing else is wrong */
    CODE_LOCKED   /* somebody else writes it */
};

/* The command that the hint behind a usage error names; none yet: the tool as a whole. */
void message_command(const char *name);
/* "walctl: " and the text, which has no newline. */
void message(const char *format, ...) PRINTF_LIKE(1, 2);
/* The same, and where to find help. Return CODE_USAGE. */
int usage_error(const char *format, ...) PRINTF_LIKE(1, 2);
int usage_hint(void);
/* Says what the library's last error was; returns the exit code that it stands for. */
int failure(void);
/* What a noun ends with behind this number. */
const char *plural(uint64_t n);
/* The exit code for a WAL_E_... */
int code_of(int error);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Standard output: buffered, its errors found. Data are written by stdio to stdout; this says when
 * they go out and whether they did. */
#ifndef WALCTL_OUT_H
#define WALCTL_OUT_H

#include <stdbool.h>

/* First of all: descriptors 0 to 2 are open from here on (else files of a log could get their
 * numbers), and a reader that goes away makes an error instead of ending the process. */
void out_prepare(void);
/* What is printed from here on goes to this file, which is made or emptied. CODE_FINE, or
 * CODE_FAILED after a message. */
int out_into(const char *path);
bool out_is_terminal(void);
bool out_is_file(void);
/* Whether writing has failed: nothing more needs to be printed. */
bool out_failed(void);
/* Hands on what is buffered. */
void out_flush(void);
/* Looks whether the reader of a pipe has gone away, which is then a write that failed. */
bool out_reader_gone(void);
/* At the end. The exit code: `code`, or CODE_FAILED with a message when something printed was lost.
 * Where the reader has gone away the process ends by SIGPIPE, as other tools do. */
int out_close(int code);

#endif

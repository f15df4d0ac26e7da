/* SPDX-License-Identifier: Apache-2.0 */
/* Which callbacks of the user are under way on this thread, and what their log's functions may do
 * inside. Any thread, without locks: each knows its own only. */
#ifndef WAL_LOG_CALLBACK_H
#define WAL_LOG_CALLBACK_H

#include <stdbool.h>

struct wal;

enum callback_kind {
    CALLBACK_NONE,
    CALLBACK_NOTICE, /* on_durable and events: the log has done its work, and takes buffered appends
                      */
    CALLBACK_STEP    /* in the middle of a call: replay, meta_each */
};

/* Around a callback, on the stack. */
struct in_callback {
    const struct wal *log;
    enum callback_kind kind;
    const struct in_callback *outer;
};
void callback_begin(struct in_callback *in, const struct wal *w); /* a STEP */
void callback_begin_notice(struct in_callback *in, const struct wal *w);
void callback_end(const struct in_callback *in);

/* The strictest kind among this log's callbacks that the thread is inside of. */
enum callback_kind callback_inside(const struct wal *w);
/* Whether the thread is inside of any log's. */
bool callback_any(void);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "log/callback.h"

#include <stddef.h>

static _Thread_local const struct in_callback *innermost;

static void begin(struct in_callback *in, const struct wal *w, enum callback_kind kind)
{
    *in = (struct in_callback){.log = w, .kind = kind, .outer = innermost};
    innermost = in;
}

void callback_begin(struct in_callback *in, const struct wal *w)
{
    begin(in, w, CALLBACK_STEP);
}

void callback_begin_notice(struct in_callback *in, const struct wal *w)
{
    begin(in, w, CALLBACK_NOTICE);
}

void callback_end(const struct in_callback *in)
{
    innermost = in->outer;
}

enum callback_kind callback_inside(const struct wal *w)
{
    enum callback_kind strictest = CALLBACK_NONE;
    for (const struct in_callback *in = innermost; in; in = in->outer)
        if (in->log == w && in->kind > strictest)
            strictest = in->kind;
    return strictest;
}

bool callback_any(void)
{
    return innermost != NULL;
}

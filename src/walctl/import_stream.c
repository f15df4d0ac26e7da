/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "walctl/import.h"
#include "walctl/message.h"
#include "walctl/stream.h"

/* Where it went wrong: batches are counted from 1, bytes from 0. */
static int wrong(const struct import *i, const char *what)
{
    message("batch %" PRIu64 " of the input, at byte %" PRIu64 ": %s", i->batches + 1,
            input_offset(&i->in), what);
    return CODE_FAILED;
}

/* Until so many bytes are in the buffer, or there are no more. */
static int fill_up_to(struct import *i, uint64_t size)
{
    while (input_left(&i->in) < size && !i->in.end)
        if (input_fill(&i->in) < 0)
            return CODE_FAILED;
    return CODE_FINE;
}

static int add(void *ctx, const wal_record_t *r)
{
    const struct import *i = ctx;

    if (wal_batch_append(i->batch, r->type, r->data, r->data_size) == 0)
        return 0;
    failure();
    return -1;
}

static const char *decode_error(void)
{
    static wal_error_t e = {.size = sizeof e};

    wal_last_error(&e, sizeof e);
    return e.message;
}

/* A frame whose size is read. What can't be a batch isn't waited for. */
static int take_frame(struct import *i, uint64_t size)
{
    int code = fill_up_to(i, STREAM_SIZE_BYTES + 24);

    if (code != CODE_FINE)
        return code;
    size_t left = input_left(&i->in) - STREAM_SIZE_BYTES;
    if (!stream_may_begin(input_data(&i->in) + STREAM_SIZE_BYTES, left, size))
        return wrong(i, "no batch begins here");
    code = fill_up_to(i, STREAM_SIZE_BYTES + size);
    if (code != CODE_FINE)
        return code;
    if (input_left(&i->in) - STREAM_SIZE_BYTES < size)
        return wrong(i, "the input ends inside of it");
    int e = wal_decode(input_data(&i->in) + STREAM_SIZE_BYTES, size, add, i);
    if (e < 0)
        return wrong(i, e == WAL_E_CALLBACK ? "it can't be taken" : decode_error());
    i->in.at += STREAM_SIZE_BYTES + size;
    return import_commit(i);
}

/* *ended: whether what came last was an end mark. */
static int step(struct import *i, bool *ended)
{
    if (input_left(&i->in) < STREAM_SIZE_BYTES)
        return wrong(i, "the input ends here, without an end mark: it was cut short");
    uint64_t size = stream_size(input_data(&i->in));
    *ended = size == 0;
    if (size > 0)
        return take_frame(i, size);
    i->in.at += STREAM_SIZE_BYTES;
    return CODE_FINE;
}

int import_stream(struct import *i)
{
    bool ended = false;
    int code = CODE_FINE;

    while (code == CODE_FINE) {
        code = fill_up_to(i, STREAM_SIZE_BYTES);
        if (code == CODE_FINE && ended && input_left(&i->in) == 0)
            break;
        if (code == CODE_FINE)
            code = step(i, &ended);
    }
    return code;
}

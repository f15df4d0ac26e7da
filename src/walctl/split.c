/* SPDX-License-Identifier: Apache-2.0 */
#include "walctl/split.h"

#include <inttypes.h>
#include <string.h>

#include "walctl/message.h"

static int too_long(const struct split *s, const char *how, uint64_t size)
{
    message("record %" PRIu64 " of the input has %s%" PRIu64 " bytes, max_record_bytes is %" PRIu64,
            s->records + 1, how, size, s->most);
    return -1;
}

static int hand_out(struct split *s, size_t size, size_t behind, const void **ret_data,
                    size_t *ret_size)
{
    if (size > s->most)
        return too_long(s, "", size);
    *ret_data = input_data(&s->in);
    *ret_size = size;
    s->in.at += size + behind;
    s->looked = 0;
    s->records++;
    return 1;
}

static int next_delimited(struct split *s, const void **ret_data, size_t *ret_size)
{
    int mark = s->frame == FRAME_NUL ? '\0' : '\n';
    size_t left = input_left(&s->in);
    const uint8_t *data = input_data(&s->in), *found = NULL;

    if (left > s->looked)
        found = memchr(data + s->looked, mark, left - s->looked);
    if (found)
        return hand_out(s, (size_t)(found - data), 1, ret_data, ret_size);
    s->looked = left;
    if (left > s->most)
        return too_long(s, "at least ", left);
    return s->in.end && left > 0 ? hand_out(s, left, 0, ret_data, ret_size) : 0;
}

static int next_prefixed(struct split *s, const void **ret_data, size_t *ret_size)
{
    size_t left = input_left(&s->in), size = 0;
    const uint8_t *p = input_data(&s->in);

    if (left >= FRAME_LENGTH_BYTES) {
        for (int k = 0; k < FRAME_LENGTH_BYTES; k++)
            size |= (size_t)p[k] << (8 * k);
        if (size > s->most)
            return too_long(s, "", size);
        if (left - FRAME_LENGTH_BYTES >= size) {
            s->in.at += FRAME_LENGTH_BYTES;
            return hand_out(s, size, 0, ret_data, ret_size);
        }
    }
    if (!s->in.end || left == 0)
        return 0;
    message("the input ends inside of record %" PRIu64, s->records + 1);
    return -1;
}

int split_next(struct split *s, const void **ret_data, size_t *ret_size)
{
    return s->frame == FRAME_LENGTH ? next_prefixed(s, ret_data, ret_size)
                                    : next_delimited(s, ret_data, ret_size);
}

#include "walctl/split.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "walctl/message.h"
#include "walctl/signals.h"

enum { READ_BYTES = 64 * 1024 };

static void forget_what_was_handed_out(struct split *s)
{
    if (s->at == 0)
        return;
    memmove(s->b.data, s->b.data + s->at, s->b.size - s->at);
    s->b.size -= s->at;
    s->looked -= s->at;
    s->at = 0;
}

int split_fill(struct split *s)
{
    forget_what_was_handed_out(s);
    if (!signals_wait_readable(s->fd))
        return -1;
    ssize_t n = read(s->fd, bytes_reserve(&s->b, READ_BYTES), READ_BYTES);
    if (n < 0) {
        message("the input can't be read: %s", strerror(errno));
        return -1;
    }
    s->b.size += (size_t)n;
    s->bytes += (uint64_t)n;
    s->end = n == 0;
    return n > 0;
}

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
    *ret_data = s->b.data + s->at;
    *ret_size = size;
    s->at += size + behind;
    s->looked = s->at;
    s->records++;
    return 1;
}

static int next_delimited(struct split *s, const void **ret_data, size_t *ret_size)
{
    int mark = s->frame == FRAME_NUL ? '\0' : '\n';
    size_t left = s->b.size - s->at;
    const uint8_t *found = NULL;

    if (s->b.size > s->looked)
        found = memchr(s->b.data + s->looked, mark, s->b.size - s->looked);
    if (found)
        return hand_out(s, (size_t)(found - s->b.data) - s->at, 1, ret_data, ret_size);
    s->looked = s->b.size;
    if (left > s->most)
        return too_long(s, "at least ", left);
    return s->end && left > 0 ? hand_out(s, left, 0, ret_data, ret_size) : 0;
}

static int next_prefixed(struct split *s, const void **ret_data, size_t *ret_size)
{
    size_t left = s->b.size - s->at, size = 0;
    const uint8_t *p = s->b.data + s->at;

    if (left >= FRAME_LENGTH_BYTES) {
        for (int k = 0; k < FRAME_LENGTH_BYTES; k++)
            size |= (size_t)p[k] << (8 * k);
        if (size > s->most)
            return too_long(s, "", size);
        if (left - FRAME_LENGTH_BYTES >= size) {
            s->at += FRAME_LENGTH_BYTES;
            return hand_out(s, size, 0, ret_data, ret_size);
        }
    }
    if (!s->end || left == 0)
        return 0;
    message("the input ends inside of record %" PRIu64, s->records + 1);
    return -1;
}

int split_next(struct split *s, const void **ret_data, size_t *ret_size)
{
    return s->frame == FRAME_LENGTH ? next_prefixed(s, ret_data, ret_size)
                                    : next_delimited(s, ret_data, ret_size);
}

void split_free(struct split *s)
{
    bytes_free(&s->b);
}

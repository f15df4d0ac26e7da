/* SPDX-License-Identifier: Apache-2.0 */
#include "walctl/input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "walctl/message.h"
#include "walctl/signals.h"

enum { READ_BYTES = 64 * 1024 };

int input_open(struct input *in, const char *name)
{
    in->fd = name ? open(name, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
    if (in->fd >= 0)
        return CODE_FINE;
    message("%s can't be opened: %s", name, strerror(errno));
    return CODE_FAILED;
}

static void forget_what_was_used(struct input *in)
{
    if (in->at == 0)
        return;
    memmove(in->b.data, in->b.data + in->at, in->b.size - in->at);
    in->b.size -= in->at;
    in->at = 0;
}

int input_fill(struct input *in)
{
    forget_what_was_used(in);
    if (!signals_wait_readable(in->fd))
        return -1;
    ssize_t n = read(in->fd, bytes_reserve(&in->b, READ_BYTES), READ_BYTES);
    if (n < 0) {
        message("the input can't be read: %s", strerror(errno));
        return -1;
    }
    in->b.size += (size_t)n;
    in->bytes += (uint64_t)n;
    in->end = n == 0;
    return n > 0;
}

const uint8_t *input_data(const struct input *in)
{
    return in->b.data + in->at;
}

size_t input_left(const struct input *in)
{
    return in->b.size - in->at;
}

uint64_t input_offset(const struct input *in)
{
    return in->bytes - input_left(in);
}

void input_free(struct input *in)
{
    bytes_free(&in->b);
}

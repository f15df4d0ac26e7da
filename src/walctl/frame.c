/* SPDX-License-Identifier: Apache-2.0 */
#include "walctl/frame.h"

#include <stdio.h>

#include "walctl/message.h"

static enum frame chosen;

/* The list is in the order of the enum. */
static int take_frame(const struct arg *a, const char *value)
{
    (void)value;
    chosen = (enum frame)(FRAME_LINES + (a - frame_args));
    return CODE_FINE;
}

const struct arg frame_args[] = {
    {"lines", 0, NULL, "each record ends with a newline", take_frame, NULL},
    {"null", '0', NULL, "each record ends with a byte 0", take_frame, NULL},
    {"length-prefixed", 0, NULL, "before each record stands its length, as 32 bits,\nlittle-endian",
     take_frame, NULL},
    {0}};

enum frame frame_chosen(void)
{
    return chosen;
}

void frame_print(const void *data, size_t size)
{
    if (chosen == FRAME_LENGTH)
        for (int k = 0; k < FRAME_LENGTH_BYTES; k++)
            putchar((int)(size >> (8 * k) & 0xff));
    fwrite(data, 1, size, stdout);
    if (chosen == FRAME_LINES)
        putchar('\n');
    else if (chosen == FRAME_NUL)
        putchar('\0');
}

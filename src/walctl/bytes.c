/* SPDX-License-Identifier: Apache-2.0 */
#include "walctl/bytes.h"

#include <stdlib.h>

#include "walctl/message.h"

uint8_t *bytes_reserve(struct bytes *b, size_t more)
{
    size_t room = b->room > 0 ? b->room : 4096;

    while (room - b->size < more && room <= SIZE_MAX / 2)
        room *= 2;
    if (room > b->room) {
        uint8_t *data = room - b->size < more ? NULL : realloc(b->data, room);
        if (!data) {
            message("out of memory");
            exit(CODE_FAILED);
        }
        b->data = data;
        b->room = room;
    }
    return b->data + b->size;
}

void bytes_free(struct bytes *b)
{
    free(b->data);
    *b = (struct bytes){0};
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "crash/payload.h"

#include <string.h>

#include "base/bytes.h"

uint64_t payload_id(uint64_t number, size_t size)
{
    return (uint64_t)size << 32 | number;
}

size_t payload_size(uint64_t id)
{
    return (size_t)(id >> 32);
}

uint32_t payload_type(uint64_t id)
{
    return (uint32_t)(id * 40503) & 0xffff;
}

static uint64_t word(uint64_t id, size_t k)
{
    return k % 16 ? PAYLOAD_CLEAR : (id + k) * UINT64_C(0x9e3779b97f4a7c15);
}

void payload_fill(uint64_t id, void *buf)
{
    size_t size = payload_size(id);
    for (size_t at = 0; at < size; at += 8) {
        uint64_t w = word(id, at);
        memcpy((uint8_t *)buf + at, &w, min_u64(8, size - at));
    }
}

/* By words as long as there are any: most of an exploration's time would go here. */
bool payload_is(uint64_t id, const void *data, size_t size)
{
    const uint8_t *bytes = data;
    size_t at = 0;
    uint64_t got, differ = 0;

    if (size != payload_size(id))
        return false;
    for (; size - at >= 8; at += 8) {
        memcpy(&got, bytes + at, 8);
        differ |= got ^ word(id, at);
    }
    uint64_t w = word(id, at);
    return differ == 0 && (at == size || memcmp(bytes + at, &w, size - at) == 0);
}

size_t tag_fill(uint64_t number, uint8_t out[TAG_BYTES_MAX])
{
    size_t size = sizeof number + number * 5 % (TAG_BYTES_MAX - sizeof number + 1);
    if (number == 0)
        return 0;
    for (size_t k = 0; k < size; k++)
        out[k] = (uint8_t)(number + k);
    memcpy(out, &number, sizeof number);
    if (size >= 2 * sizeof number)
        memcpy(out + sizeof number, &(uint64_t){PAYLOAD_CLEAR}, sizeof number);
    return size;
}

bool tag_is(uint64_t number, const void *data, size_t size)
{
    uint8_t right[TAG_BYTES_MAX];
    size_t expected = tag_fill(number, right);
    return size == expected && (size == 0 ? data == NULL : memcmp(data, right, size) == 0);
}

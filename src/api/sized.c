/* SPDX-License-Identifier: Apache-2.0 */
#include "api/sized.h"

#include <string.h>

#include "base/bytes.h"

bool sized_fill(void *ret, uint32_t size, const void *from, size_t from_size, size_t least)
{
    size_t known = (size_t)min_u64(size, from_size);

    if (ret == NULL || size < least)
        return false;
    memcpy(ret, from, known);
    memset((char *)ret + known, 0, size - known);
    memcpy(ret, &size, sizeof(size));
    return true;
}

bool sized_right(const void *given, size_t least)
{
    uint32_t size;

    if (given == NULL)
        return false;
    memcpy(&size, given, sizeof(size));
    return size >= least;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "format/name.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { DIGITS = 20 };

#define SUFFIX ".wal"
#define TEMP   "tmp-"

void name_segment(char out[NAME_BYTES], uint64_t number)
{
    snprintf(out, NAME_BYTES, "%020" PRIu64 SUFFIX, number);
}

void name_temp(char out[NAME_BYTES], uint64_t number)
{
    snprintf(out, NAME_BYTES, TEMP "%020" PRIu64, number);
}

bool name_is_segment(const char *name, uint64_t *ret_number)
{
    uint64_t number = 0;

    for (int i = 0; i < DIGITS; i++) {
        if (name[i] < '0' || name[i] > '9')
            return false;
        if (__builtin_mul_overflow(number, UINT64_C(10), &number) ||
            __builtin_add_overflow(number, (uint64_t)(name[i] - '0'), &number))
            return false;
    }
    if (strcmp(name + DIGITS, SUFFIX) != 0 || number == 0)
        return false;
    *ret_number = number;
    return true;
}

bool name_is_temp(const char *name)
{
    const char *digits = name + strlen(TEMP);
    return strncmp(name, TEMP, strlen(TEMP)) == 0 && strlen(digits) == DIGITS &&
           strspn(digits, "0123456789") == DIGITS;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "walctl/select.h"

#include <inttypes.h>
#include <stddef.h>

#include "walctl/message.h"

struct selection selection;

static int take_another_type(const struct arg *a, const char *value)
{
    struct given type;
    struct arg into = *a;

    into.to = &type;
    int code = take_type(&into, value);
    if (code != CODE_FINE)
        return code;
    selection.by_type = true;
    selection.types[type.value / 8] |= (uint8_t)(1u << type.value % 8);
    return CODE_FINE;
}

const struct arg select_args[] = {
    {"from", 0, "LSN", "no records below this one", take_lsn, &selection.from},
    {"to", 0, "LSN", "no records above this one", take_lsn, &selection.to},
    {"count", 'n', "N", "N records at most", take_number, &selection.count},
    {"type", 0, "TYPE", "only records of this type; may be repeated", take_another_type, NULL},
    {"written", 0, NULL, "also records that are written but not yet durable", take_flag,
     &selection.written},
    {0}};
const struct arg select_reverse_args[] = {
    {"reverse", 0, NULL, "the newest record first", take_flag, &selection.reverse}, {0}};

int select_check(void)
{
    if (selection.from.is && selection.to.is && selection.from.value > selection.to.value)
        return usage_error("--from %" PRIu64 " is above --to %" PRIu64, selection.from.value,
                           selection.to.value);
    return CODE_FINE;
}

bool select_type(uint32_t type)
{
    return !selection.by_type || (selection.types[type / 8] >> type % 8 & 1);
}

uint32_t select_flags(void)
{
    return (selection.reverse ? WAL_READ_REVERSE : 0u) |
           (selection.written ? WAL_READ_WRITTEN : 0u);
}

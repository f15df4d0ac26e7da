/* SPDX-License-Identifier: Apache-2.0 */
#include <libwal/wal.h>

#include <stddef.h>

#include "base/attr.h"
#include "base/fault.h"

struct setting {
    uint32_t option;
    uint64_t value;
};

enum { SETTINGS_MAX = 4, PAGE = 4096 };

#define MIB (UINT64_C(1) << 20)

/* Why each: options.h. */
static const struct setting presets[][SETTINGS_MAX] = {
    [WAL_PRESET_LOW_LATENCY] = {{WAL_OPT_GROUP_WAIT_US, 0},
                                {WAL_OPT_ZERO_AHEAD_BYTES, MIB},
                                {WAL_OPT_BACKGROUND, 1}},
    [WAL_PRESET_HIGH_THROUGHPUT] = {{WAL_OPT_GROUP_WAIT_US, 200},
                                    {WAL_OPT_GROUP_BYTES, 4 * MIB},
                                    {WAL_OPT_PENDING_BYTES, 256 * MIB},
                                    {WAL_OPT_SEGMENT_BYTES, 256 * MIB}},
    [WAL_PRESET_DURABLE] = {{WAL_OPT_SYNC, WAL_SYNC_FULL}, {WAL_OPT_GROUP_ALIGN, PAGE}},
};

int wal_options_preset(wal_options_t *o, uint32_t preset)
{
    int e = 0;

    if (o == NULL)
        return fault(WAL_E_INVAL, "options are NULL");
    if (preset == 0 || preset >= COUNT_OF(presets))
        return fault(WAL_E_INVAL, "no preset has the number %u", preset);
    const struct setting *s = presets[preset];
    for (size_t k = 0; e == 0 && k < SETTINGS_MAX && s[k].option != 0; k++)
        e = wal_options_set(o, s[k].option, s[k].value);
    return e;
}

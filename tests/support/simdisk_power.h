/* SPDX-License-Identifier: Apache-2.0 */
/* Units of a power cut, shared by simdisk_unit.c (what there is to choose, and what a choice makes
 * of a file) and simdisk_power.c (which choices are made). */
#ifndef WAL_TESTS_SIMDISK_POWER_H
#define WAL_TESTS_SIMDISK_POWER_H

#include "support/simdisk_inner.h"

/* One unsynced fact of a file: its size, a page, or adjoining pages of zeros that were holes.
 * Option 0 is the durable state. Pages belong to the disk. */
struct sim_unit {
    uint32_t ino;
    bool is_size;
    uint32_t slot, slots;
    uint32_t options, newest;
    bool tears; /* the last option is a torn state, another one each time */
    union {
        uint64_t sizes[SIM_STATES + 1];
        struct sim_page *pages[SIM_STATES + 1];
    };
};
struct sim_units {
    struct sim_unit *list; /* a file's units adjoin; its size comes first */
    uint32_t count, room;
};

void sim_units_add(struct sim_units *units, const struct sim_node *n, uint32_t ino,
                   enum simdisk_tear tear);
/* Whether a choice other than 0 shows: not for a page behind the size chosen. `units` and `choice`
 * are the file's, `at` is one of them. */
bool sim_unit_shows(const struct sim_node *n, const struct sim_unit *units, const uint8_t *choice,
                    uint32_t at);
/* The file as a power cut leaves it with these choices; a new reference. */
struct sim_node *sim_units_make(struct sim_node *n, const struct sim_unit *units, uint32_t count,
                                const uint8_t *choice, enum simdisk_tear tear, uint64_t *random);

#endif

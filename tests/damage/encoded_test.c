/* SPDX-License-Identifier: Apache-2.0 */
/* Damage to logs that are compressed, encrypted, or both: bits, bytes, sectors, lengths, whole
 * files, and groups that change their places. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "layout.h"
#include "trial.h"

enum { SECTOR = 512, BYTE_STEP = 97, LENGTH_STEP = 211 };

static struct trial trial;
static struct made made;
static struct image damaged;

static void bits_and_bytes(struct image_file *f)
{
    size_t step = BYTE_STEP * (1 + trial_stride());

    trial_kind(&trial, "bits and bytes");
    for (size_t at = trial.cases % step; at < f->size; at += step) {
        uint8_t before = f->bytes[at];
        f->bytes[at] ^= (uint8_t)(1u << at % 8);
        trial_case(&trial, &damaged, "%s, bit of byte %zu", f->name, at);
        f->bytes[at] = (uint8_t)(before + 1 + at % 255);
        trial_case(&trial, &damaged, "%s, byte %zu", f->name, at);
        f->bytes[at] = before;
    }
}

/* 0: zeros, 1: garbage, 2: what was there some appends earlier. */
static void spoil(struct image_file *f, size_t at, size_t size, int how)
{
    const struct image_file *old = image_find(&made.before, f->name);

    for (size_t k = 0; k < size; k++)
        f->bytes[at + k] = (uint8_t)(how == 1 ? (at + k) * 7919 >> 4 : 0);
    if (how == 2 && old && at < old->size)
        memcpy(f->bytes + at, old->bytes + at, old->size - at < size ? old->size - at : size);
}

static void sectors(struct image_file *f)
{
    uint8_t before[SECTOR];

    trial_kind(&trial, "sectors");
    for (size_t at = 0; at + SECTOR <= f->size; at += SECTOR * (1 + trial_stride() / 8)) {
        memcpy(before, f->bytes + at, SECTOR);
        int how = (int)(trial.cases % 3);
        spoil(f, at, SECTOR, how);
        trial_case(&trial, &damaged, "%s, sector at %zu, way %d", f->name, at, how);
        memcpy(f->bytes + at, before, SECTOR);
    }
}

static void lengths(struct image_file *f)
{
    size_t whole = f->size;

    trial_kind(&trial, "lengths");
    for (size_t size = 0; size < whole; size += LENGTH_STEP * (1 + trial_stride())) {
        f->size = size;
        trial_case(&trial, &damaged, "%s cut to %zu", f->name, size);
        f->size = whole;
    }
    image_resize(f, whole + 4096);
    trial_case(&trial, &damaged, "%s longer", f->name);
    f->size = whole;
}

/* Two neighbours in each other's place. */
static void groups_swapped(struct image_file *f)
{
    static struct layout l;
    struct image_file before = {0};

    trial_kind(&trial, "groups swapped");
    layout_of(&l, f, UINT64_MAX);
    for (unsigned k = 0; k + 1 < l.n; k++) {
        const struct spot *a = &l.spots[k], *b = a + 1;
        size_t first = (size_t)(a->end - a->offset), second = (size_t)(b->end - b->offset);
        image_fill(&before, f->bytes, f->size);
        memcpy(f->bytes + a->offset, before.bytes + b->offset, second);
        memcpy(f->bytes + a->offset + second, before.bytes + a->offset, first);
        trial_case(&trial, &damaged, "%s, group %u and the next", f->name, k);
        memcpy(f->bytes, before.bytes, f->size);
        before.size = 0;
    }
    free(before.bytes);
}

static void whole_files(void)
{
    struct image i;

    trial_kind(&trial, "files");
    for (unsigned k = 0; k < made.now.n; k++) {
        image_copy(&i, &made.now);
        image_remove(&i, made.now.files[k].name);
        trial_case(&trial, &i, "%s lost", made.now.files[k].name);
        image_free(&i);
        for (unsigned n = 0; n < made.now.n; n++) {
            image_copy(&i, &made.now);
            i.files[k].size = 0;
            image_fill(&i.files[k], made.now.files[n].bytes, made.now.files[n].size);
            trial_case(&trial, &i, "%s in the place of %s", made.now.files[n].name,
                       i.files[k].name);
            image_free(&i);
        }
    }
}

static void damage(enum made_encoding encoding, enum made_kind kind)
{
    made_encode(encoding);
    made_make(&made, kind);
    trial_begin(&trial, &made);
    image_copy(&damaged, &made.now);
    for (unsigned k = 0; k < damaged.n; k++) {
        bits_and_bytes(&damaged.files[k]);
        sectors(&damaged.files[k]);
        lengths(&damaged.files[k]);
        if (strcmp(damaged.files[k].name, NAME_CONTROL) != 0)
            groups_swapped(&damaged.files[k]);
    }
    whole_files();
    unsigned long violations = trial_end(&trial);
    image_free(&damaged);
    made_free(&made);
    made_encode(MADE_PLAIN);
    assert_int_equal(violations, 0);
}

static void test_compressed(void **state)
{
    (void)state;
    damage(MADE_ZLIB, MADE_CLOSED);
    damage(MADE_ZLIB, MADE_OLD_WITNESS);
}

static void test_encrypted(void **state)
{
    (void)state;
    damage(MADE_SEALED, MADE_KILLED);
    damage(MADE_SEALED, MADE_CUT);
}

static void test_both(void **state)
{
    (void)state;
    damage(MADE_BOTH, MADE_CLOSED);
    damage(MADE_BOTH, MADE_TORN);
    damage(MADE_BOTH, MADE_META_LAST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compressed),
        cmocka_unit_test(test_encrypted),
        cmocka_unit_test(test_both),
    };
    return cmocka_run_group_tests_name("encoded", tests, NULL, NULL);
}

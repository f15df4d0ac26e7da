/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files: lost, swapped, set back, doubled under another number, from another log; more than
 * one at a time where it makes sense. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "layout.h"
#include "trial.h"

static struct trial trial;
static struct made made, other;
static uint64_t oldest, newest;

static const char *name_of(uint64_t number)
{
    static char name[NAME_BYTES];
    name_segment(name, number);
    return name;
}

static void try_and_free(struct image *damaged, const char *what, uint64_t number)
{
    trial_case(&trial, damaged, "%s, segment %llu", what, (unsigned long long)number);
    image_free(damaged);
}

static void lost(void)
{
    struct image damaged;
    trial_kind(&trial, "files lost");
    for (uint64_t n = oldest; n <= newest; n++) {
        image_copy(&damaged, &made.now);
        image_remove(&damaged, name_of(n));
        try_and_free(&damaged, "lost", n);
    }
    image_copy(&damaged, &made.now);
    image_remove(&damaged, NAME_CONTROL);
    try_and_free(&damaged, "control lost", 0);
    image_copy(&damaged, &made.now);
    image_resize(image_find(&damaged, NAME_CONTROL), 0);
    try_and_free(&damaged, "control empty", 0);
}

static void replace(struct image *damaged, const char *name, const struct image_file *by)
{
    struct image_file *f = image_add(damaged, name);
    f->size = 0;
    image_fill(f, by->bytes, by->size);
}

static void swapped(void)
{
    struct image damaged;
    trial_kind(&trial, "segments swapped");
    for (uint64_t n = oldest; n <= newest; n++)
        for (uint64_t m = oldest; m <= newest; m++) {
            image_copy(&damaged, &made.now);
            replace(&damaged, name_of(n), image_segment(&made.now, m));
            try_and_free(&damaged, "another one's bytes", n);
            image_copy(&damaged, &made.now);
            replace(&damaged, name_of(n), image_segment(&made.now, m));
            replace(&damaged, name_of(m), image_segment(&made.now, n));
            try_and_free(&damaged, "swapped", n);
        }
}

static void doubled(void)
{
    static const uint64_t more[] = {1, 2, 1000, UINT64_MAX - 100};
    struct image damaged;
    trial_kind(&trial, "segments doubled");
    for (uint64_t n = oldest; n <= newest; n++)
        for (size_t k = 0; k < sizeof more / sizeof more[0]; k++) {
            image_copy(&damaged, &made.now);
            replace(&damaged, name_of(newest + more[k]), image_segment(&made.now, n));
            try_and_free(&damaged, "again under a higher number", n);
        }
}

static void foreign(void)
{
    struct image damaged;
    trial_kind(&trial, "files of another log");
    for (uint64_t n = oldest; n <= newest; n++) {
        if (!image_segment(&other.now, n))
            continue;
        image_copy(&damaged, &made.now);
        replace(&damaged, name_of(n), image_segment(&other.now, n));
        try_and_free(&damaged, "foreign", n);
        image_copy(&damaged, &made.now);
        replace(&damaged, name_of(newest + 1), image_segment(&other.now, n));
        try_and_free(&damaged, "foreign, above the newest", n);
    }
    image_copy(&damaged, &made.now);
    replace(&damaged, NAME_CONTROL, image_find(&other.now, NAME_CONTROL));
    try_and_free(&damaged, "foreign control", 0);
}

/* One slot, or both; with the witness of that time, or today's. */
static void set_back(void)
{
    struct image damaged;
    trial_kind(&trial, "files set back");
    for (unsigned what = 1; what < 8; what++) {
        const struct image_file *old = image_find(&made.before, NAME_CONTROL);
        image_copy(&damaged, &made.now);
        struct image_file *f = image_find(&damaged, NAME_CONTROL);
        if (what & 1)
            memcpy(f->bytes + CONTROL_SLOT_A, old->bytes + CONTROL_SLOT_A, CONTROL_SLOT_BYTES);
        if (what & 2)
            memcpy(f->bytes + CONTROL_SLOT_B, old->bytes + CONTROL_SLOT_B, CONTROL_SLOT_BYTES);
        if (what & 4)
            memcpy(f->bytes + WITNESS_OFFSET, old->bytes + WITNESS_OFFSET, WITNESS_BYTES);
        try_and_free(&damaged, "control set back", what);
    }
    for (uint64_t n = oldest; n <= newest; n++) {
        if (!image_segment(&made.before, n))
            continue;
        image_copy(&damaged, &made.now);
        replace(&damaged, name_of(n), image_segment(&made.before, n));
        try_and_free(&damaged, "set back", n);
    }
}

/* Both parts of what has two. */
static void twice(void)
{
    static const size_t at[][2] = {{CONTROL_SLOT_A, CONTROL_SLOT_B}, {0, SEGMENT_HEADER_COPY}};
    struct image damaged;
    trial_kind(&trial, "both copies damaged");
    for (uint64_t n = oldest - 1; n <= newest; n++)
        for (size_t bit = 0; bit < 2048; bit += 101) {
            image_copy(&damaged, &made.now);
            struct image_file *f =
                n < oldest ? image_find(&damaged, NAME_CONTROL) : image_segment(&damaged, n);
            for (int k = 0; k < 2; k++)
                f->bytes[at[n >= oldest][k] + bit / 8] ^= (uint8_t)(1u << bit % 8);
            try_and_free(&damaged, "both copies", n);
        }
}

static void try_files(void **state)
{
    struct control c;

    made_make(&made, *(const enum made_kind *)*state);
    made_make(&other, *(const enum made_kind *)*state);
    layout_control(&made.now, &c);
    oldest = c.oldest;
    newest = c.newest;
    trial_begin(&trial, &made);
    lost();
    swapped();
    doubled();
    foreign();
    set_back();
    twice();
    unsigned long violations = trial_end(&trial);
    made_free(&made);
    made_free(&other);
    assert_int_equal(violations, 0);
}

int main(void)
{
    static enum made_kind kinds[MADE_KINDS];
    struct CMUnitTest tests[MADE_KINDS];
    for (int k = 0; k < MADE_KINDS; k++) {
        kinds[k] = (enum made_kind)k;
        tests[k] = (struct CMUnitTest){
            .name = made_names[k], .test_func = try_files, .initial_state = &kinds[k]};
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}

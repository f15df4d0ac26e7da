/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/options.h"
#include "crash/ops.h"
#include "direct.h"
#include "format/group.h"
#include "format/header.h"

enum { GROUP = 128 /* of one small record */, FIRST_GROUP = 4096, MEMORY_MAX = 16 << 20 };
static const char newest[] = "/log/00000000000000000001.wal";

struct fixture {
    struct session s;
    struct oracle oracle;
};

static void need(bool so, const char *what)
{
    if (so)
        return;
    fprintf(stderr, "planted: %s\n", what);
    abort();
}

/* A log after these operations, whose process was killed. */
static void begin(struct fixture *f, const char *letters, bool killed)
{
    struct simdisk *d = simdisk_new(1);
    oracle_init(&f->oracle, 1);
    session_init(&f->s, setup_by_name("plain"), d, &f->oracle);
    need(session_open(&f->s) == TRIED_OK, f->s.why);
    for (; *letters != 0; letters++)
        need(op_run(&f->s, *letters) == TRIED_OK, f->s.why);
    if (!killed)
        return;
    f->s.disk = simdisk_kill_image(d);
    session_drop(&f->s);
    simdisk_free(d);
    simdisk_settle(f->s.disk);
    struct simdisk *image = f->s.disk;
    session_init(&f->s, setup_by_name("plain"), image, &f->oracle);
}

static void end(struct fixture *f)
{
    session_drop(&f->s);
    simdisk_free(f->s.disk);
}

/* Opens what was acknowledged and then damaged: only CORRUPT, or everything, is right. */
static bool silent(struct fixture *f)
{
    enum tried t = session_open(&f->s);
    bool bad = t != TRIED_OK && f->s.code != WAL_E_CORRUPT;
    end(f);
    return bad;
}

static void flip_in(struct fixture *f, const char *path, uint64_t offset)
{
    uint8_t byte;
    need(simdisk_read(f->s.disk, path, offset, &byte, 1) == 1, "read");
    byte ^= 4;
    need(simdisk_patch(f->s.disk, path, offset, &byte, 1) == 0, "patch");
}

static void flip(struct fixture *f, uint64_t offset)
{
    flip_in(f, newest, offset);
}

static size_t largest;

static void *count_alloc(void *ctx, size_t size)
{
    (void)ctx;
    largest = size > largest ? size : largest;
    return size > MEMORY_MAX ? NULL : malloc(size);
}

static void *count_resize(void *ctx, void *p, size_t size)
{
    (void)ctx;
    largest = size > largest ? size : largest;
    return size > MEMORY_MAX ? NULL : realloc(p, size);
}

static void count_release(void *ctx, void *p)
{
    (void)ctx;
    free(p);
}

/* The last group says that it is 2 GiB long, under a right checksum. */
static void lie_about_length(struct fixture *f, uint64_t offset)
{
    uint8_t block[4096], bytes[GROUP_HEADER_BYTES];
    struct segment_header segment;
    struct group_header group;

    need(simdisk_read(f->s.disk, newest, 0, block, sizeof block) == sizeof block, "read");
    need(segment_header_decode(&segment, block) == DECODED_RIGHT, "segment header");
    need(simdisk_read(f->s.disk, newest, offset, bytes, sizeof bytes) == sizeof bytes, "read");
    need(group_header_decode(&group, bytes, segment.salt, (uint32_t)segment.epoch,
                             (uint32_t)(offset / PLACE_UNIT)) == GROUP_RIGHT,
         "group header");
    group.stored_bytes = group.raw_bytes = 0x7ffffff8;
    group_header_encode(bytes, &group, segment.salt);
    need(simdisk_patch(f->s.disk, newest, offset, bytes, sizeof bytes) == 0, "patch");
}

bool hostile_length_asks_for_memory(void)
{
    const wal_allocator_t counting = {.size = sizeof counting,
                                      .alloc = count_alloc,
                                      .resize = count_resize,
                                      .release = count_release};
    struct fixture f;
    wal_options_t *o;
    wal_t *w = NULL;

    begin(&f, "sss", true);
    lie_about_length(&f, FIRST_GROUP + 2 * GROUP);
    need(wal_options_new(&o) == 0 && wal_options_set_allocator(o, &counting) == 0, "options");
    options_set_os(o, simdisk_os(f.s.disk));
    largest = 0;
    (void)wal_open("/log", o, &w);
    wal_close(w);
    wal_options_free(o);
    end(&f);
    return largest > MEMORY_MAX;
}

bool zeroed_end_passes_for_the_end(void)
{
    static const uint8_t zeros[GROUP];
    struct fixture f;
    begin(&f, "sss", true);
    need(simdisk_patch(f.s.disk, newest, FIRST_GROUP + 2 * GROUP, zeros, GROUP) == 0, "patch");
    return silent(&f);
}

bool one_bit_cuts_the_rest(void)
{
    struct fixture f;
    begin(&f, "sssss", true);
    flip(&f, FIRST_GROUP + GROUP + 100);
    return silent(&f);
}

bool missing_segment_goes_unnoticed(void)
{
    struct fixture f;
    begin(&f, "srsrs", true);
    need(simdisk_remove(f.s.disk, "/log/00000000000000000003.wal") == 0, "remove");
    (void)session_open(&f.s);
    bool bad = f.s.log != NULL; /* open itself has to name the file */
    end(&f);
    return bad;
}

/* What lies behind the damage, and what doesn't, is there afterwards, in the log or beside it. */
bool repair_loses_segments(void)
{
    static uint8_t before[1 << 16], behind[1 << 16];
    struct fixture f;
    wal_verify_t v;
    wal_options_t *o;

    begin(&f, "srsrs", true);
    need(wal_options_new(&o) == 0, "options");
    options_set_os(o, simdisk_os(f.s.disk));
    flip_in(&f, "/log/00000000000000000002.wal", FIRST_GROUP + 64 + 17);
    int64_t size =
        simdisk_read(f.s.disk, "/log/00000000000000000003.wal", 0, before, sizeof before);
    need(wal_repair("log", o, WAL_REPAIR_CUT_AT_DAMAGE, &v, sizeof v) == 0, "repair");
    wal_options_free(o);
    bool kept = size > 0 &&
                simdisk_read(f.s.disk, "/log/quarantine/00000000000000000003.wal", 0, behind,
                             sizeof behind) == size &&
                memcmp(before, behind, (size_t)size) == 0;
    bool bad = !kept || simdisk_size(f.s.disk, newest) <= 0 || v.records == 0;
    end(&f);
    return bad;
}

bool damage_looks_like_the_end(void)
{
    struct fixture f;
    wal_reader_t *reader;
    wal_record_t r = {.size = sizeof r};
    int got;

    begin(&f, "sssss", false);
    flip(&f, FIRST_GROUP + 2 * GROUP + 100);
    need(wal_reader_open(f.s.log, 0, 0, &reader) == 0, "reader");
    while ((got = wal_reader_next(reader, &r)) == 1)
        r.size = sizeof r;
    wal_reader_close(reader);
    end(&f);
    return got != WAL_E_CORRUPT;
}

/* The background thread has records for which there is no space. The simulated disk ends the
 * program when a thread never wants to sleep. */
bool full_disk_keeps_a_thread_busy(void)
{
    static const char bytes[6000];
    struct fixture f;

    begin(&f, "", false);
    session_drop(&f.s);
    f.s.setup = *setup_by_name("data");
    need(session_open(&f.s) == TRIED_OK, f.s.why);
    for (int k = 0; k < 4; k++)
        need(wal_append(f.s.log, bytes, 1500, NULL) == 0, "append");
    simdisk_set_full(f.s.disk, 1, ENOSPC);
    need(wal_append_typed(f.s.log, 0, bytes, sizeof bytes, WAL_APPEND_SUBMIT, NULL) == 0, "submit");
    uint64_t calls = simdisk_calls(f.s.disk, SIMDISK_ANY);
    simdisk_run_background(f.s.disk);
    bool bad = simdisk_calls(f.s.disk, SIMDISK_ANY) - calls > 50;
    end(&f);
    return bad;
}

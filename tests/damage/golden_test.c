/* SPDX-License-Identifier: Apache-2.0 */
/* Logs that earlier libraries have written, checked in with what is in them (tests/golden): every
 * later library reads them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "log_made.h"

#ifdef GOLDEN_CRYPTO
#include "golden/keys.h"
#endif

#ifndef SOURCE_DIR
#define SOURCE_DIR "." /* built by hand: to be run in the project's root */
#endif

enum { RECORDS_MAX = 256, KEYS_MAX = 16, TEXT_MAX = 64, TAG_TEXT = 65, PAYLOAD_MAX = 8192 };
enum { STATE_MAX = 100000 };

struct expected_record {
    unsigned type, size, last, crc;
};

/* One log of expected.txt. */
static struct {
    char name[TEXT_MAX], verdict[TEXT_MAX];
    unsigned long long first, last, next;
    struct expected_record records[RECORDS_MAX]; /* by LSN */
    char tags[RECORDS_MAX][TAG_TEXT];
    char last_tag[TAG_TEXT];
    char meta[KEYS_MAX][2][TEXT_MAX];
    unsigned n_meta;
    unsigned long long checkpoint_lsn; /* 0: none */
    unsigned state_size, state_crc;
} golden;

static struct stand stand;
static bool encrypted; /* the logs that are tried */
static unsigned met;   /* keys */

static void check_tag(const void *tag, size_t size, const char *expected)
{
    assert_int_equal(size, strlen(expected));
    if (size)
        assert_memory_equal(tag, expected, size);
}

/* with_tag: not what one gets by its LSN. */
static void check_record(const wal_record_t *r, uint64_t lsn, bool with_tag)
{
    const struct expected_record *e = &golden.records[lsn];
    assert_true(r->lsn == lsn);
    assert_int_equal(r->type, e->type);
    assert_int_equal(r->data_size, e->size);
    assert_int_equal(!(r->flags & WAL_RECORD_BATCH_LAST), !e->last);
    assert_int_equal(crc32(0, r->data, (uInt)r->data_size), e->crc);
    check_tag(r->tag, r->tag_size, with_tag ? golden.tags[lsn] : "");
}

static int check_in_turn(void *ctx, const wal_record_t *r)
{
    uint64_t *lsn = ctx;
    check_record(r, (*lsn)++, true);
    return 0;
}

static int check_meta(void *ctx, const void *key, size_t klen, const void *value, size_t vlen)
{
    const char(*m)[TEXT_MAX] = golden.meta[met++];
    (void)ctx;
    assert_true(met <= golden.n_meta);
    assert_int_equal(klen, strlen(m[0]));
    assert_memory_equal(key, m[0], klen);
    assert_int_equal(vlen, strlen(m[1]));
    assert_memory_equal(value, m[1], vlen);
    return 0;
}

static void check_checkpoint(wal_t *w)
{
    static uint8_t state[STATE_MAX];
    uint64_t lsn;
    size_t size;
    int e = wal_checkpoint_get(w, state, sizeof state, &lsn, &size);

    assert_int_equal(e, golden.checkpoint_lsn ? 0 : WAL_E_NOTFOUND);
    if (e < 0)
        return;
    assert_true(lsn == golden.checkpoint_lsn);
    assert_int_equal(size, golden.state_size);
    assert_int_equal(crc32(0, state, (uInt)size), golden.state_crc);
}

static void read_everything(wal_t *w)
{
    static uint8_t buffer[PAYLOAD_MAX];
    wal_record_t r = {.size = sizeof r};
    wal_reader_t *reader;
    uint64_t lsn = golden.first;
    size_t size;

    assert_int_equal(wal_replay(w, golden.first, check_in_turn, &lsn, NULL), 0);
    assert_true(lsn == golden.next);
    assert_int_equal(wal_reader_open(w, 0, WAL_READ_REVERSE, &reader), 0);
    while (wal_reader_next(reader, &r) == 1)
        check_record(&r, --lsn, true);
    assert_true(lsn == golden.first);
    wal_reader_close(reader);
    for (; lsn < golden.next; lsn++) {
        assert_int_equal(wal_get(w, lsn, buffer, sizeof buffer, &r), 0);
        check_record(&r, lsn, false);
    }
    met = 0;
    assert_int_equal(wal_meta_each(w, check_meta, NULL), 0);
    assert_int_equal(met, golden.n_meta);
    assert_int_equal(wal_last_tag(w, buffer, sizeof buffer, &size), 0);
    check_tag(buffer, size, golden.last_tag);
    check_checkpoint(w);
}

static void add_keys(wal_options_t *o)
{
#ifdef GOLDEN_CRYPTO
    for (uint32_t id = 1; id <= 2; id++)
        assert_int_equal(golden_add_key(o, id), 0);
#else
    (void)o;
#endif
}

static void open_and_compare(bool read_only, const char *verdict)
{
    static const char *const verdicts[] = {"new", "clean", "torn", "ambiguous"};
    wal_options_t *o = made_options(read_only);
    wal_recovery_t report;
    uint64_t first, last, next, durable;
    wal_t *w;

    assert_int_equal(wal_options_set(o, WAL_OPT_MAX_RECORD_BYTES, PAYLOAD_MAX), 0);
    if (encrypted)
        add_keys(o);
    assert_int_equal(wal_open(stand.path, o, &w), 0);
    wal_options_free(o);
    assert_int_equal(wal_recovery(w, &report, sizeof report), 0);
    assert_string_equal(verdicts[report.verdict], verdict);
    assert_int_equal(report.header_repairs, 0);
    assert_int_equal(wal_range(w, &first, &last, &next, &durable), 0);
    assert_true(first == golden.first && last == golden.last && next == golden.next);
    assert_true(durable == next - 1);
    read_everything(w);
    assert_int_equal(wal_close(w), 0);
}

/* Read-only, twice for writing, and read-only what that has left. */
static void try_log(const char *directory)
{
    char path[512];
    struct image i;

    snprintf(path, sizeof path, "%s/%s", directory, golden.name);
    image_load(&i, path);
    stand_put(&stand, &i);
    open_and_compare(true, golden.verdict);
    assert_true(stand_holds(&stand, &i));
    open_and_compare(false, golden.verdict);
    open_and_compare(false, "clean");
    open_and_compare(true, "clean");
    printf("  %s: LSN %llu .. %llu, %u keys\n", path, golden.first, golden.next - 1, golden.n_meta);
    image_free(&i);
}

static void take_line(const char *line)
{
    unsigned long long lsn;
    struct expected_record r;
    char tag[TAG_TEXT];

    if (sscanf(line, "tag %llu %64s", &lsn, tag) == 2) {
        assert_true(lsn < RECORDS_MAX);
        strcpy(golden.tags[lsn], tag);
        return;
    }
    if (sscanf(line, "last_tag %64s", golden.last_tag) == 1)
        return;
    if (sscanf(line, "checkpoint %llu %u %x", &golden.checkpoint_lsn, &golden.state_size,
               &golden.state_crc) == 3)
        return;
    if (sscanf(line, "record %llu %u %u %u %x", &lsn, &r.type, &r.size, &r.last, &r.crc) == 5) {
        assert_true(lsn < RECORDS_MAX);
        golden.records[lsn] = r;
        return;
    }
    assert_true(golden.n_meta < KEYS_MAX);
    assert_int_equal(sscanf(line, "meta %63s %63s", golden.meta[golden.n_meta][0],
                            golden.meta[golden.n_meta][1]),
                     2);
    golden.n_meta++;
}

static void try_version(const char *directory, unsigned logs)
{
    char path[512], line[256];
    unsigned n = 0;

    snprintf(path, sizeof path, "%s/expected.txt", directory);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    while (fgets(line, sizeof line, f)) {
        if (strncmp(line, "log ", 4) != 0) {
            take_line(line);
            continue;
        }
        if (n++)
            try_log(directory);
        memset(&golden, 0, sizeof golden);
        assert_int_equal(sscanf(line, "log %63s %63s %llu %llu %llu", golden.name, golden.verdict,
                                &golden.first, &golden.last, &golden.next),
                         5);
    }
    fclose(f);
    try_log(directory);
    assert_int_equal(n, logs);
}

static void version_1_0(void **state)
{
    (void)state;
    stand_make(&stand);
    try_version(SOURCE_DIR "/tests/golden/1.0", 5);
    stand_remove(&stand);
}

static void version_1_0_with_tags(void **state)
{
    (void)state;
    stand_make(&stand);
    try_version(SOURCE_DIR "/tests/golden/1.0-tags", 3);
    stand_remove(&stand);
}

static void version_1_0_with_checkpoints(void **state)
{
    (void)state;
    stand_make(&stand);
    try_version(SOURCE_DIR "/tests/golden/1.0-checkpoint", 5);
    stand_remove(&stand);
}

static void version_1_0_compressed(void **state)
{
    (void)state;
    stand_make(&stand);
    try_version(SOURCE_DIR "/tests/golden/1.0-zlib", 4);
    stand_remove(&stand);
}

#ifdef GOLDEN_CRYPTO
static void version_1_0_encrypted(void **state)
{
    (void)state;
    encrypted = true;
    stand_make(&stand);
    try_version(SOURCE_DIR "/tests/golden/1.0-aead", 4);
    stand_remove(&stand);
    encrypted = false;
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(version_1_0), cmocka_unit_test(version_1_0_with_tags),
        cmocka_unit_test(version_1_0_with_checkpoints), cmocka_unit_test(version_1_0_compressed),
#ifdef GOLDEN_CRYPTO
        cmocka_unit_test(version_1_0_encrypted)
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
